//! Every way in: what came of late and since ever, what was refused, and which payments found no bot.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::model::Mode;
use crate::store::{IgnoredCount, NATIVE_WAYS, RecentRefusal, SetAside, SourceCounters, Store, StoreError};

/// What stands as the provider of what clients send themselves.
pub const NATIVE: &str = "native";

/// What is known of one way in.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    /// Whose webhooks these are, or [`NATIVE`].
    pub provider: String,
    /// Its name in the configuration.
    pub name: String,
    /// Where to post to.
    pub address: String,
    /// False for a webhook that was configured once.
    pub configured: bool,
    /// Whether everything is a test, whatever its events say.
    pub test: bool,
    /// What it has delivered.
    pub counters: SourceCounters,
    /// Payments that it told of and that belong to no bot.
    pub unattributed: i64,
    /// Entities with events of it that are left out of the facts.
    pub set_aside: usize,
}

impl SourceStatus {
    /// What spoils the numbers of this source, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        let no_id = |(field, times): (&String, &u64)| {
            let times = match times {
                1 => "once".to_owned(),
                times => format!("{times} times"),
            };
            format!(
                "`{field}` held a text that is no id, such as `undefined`, `null`, `0` or `test`, {times}: all that \
                 share one count as one"
            )
        };
        let mut warnings: Vec<String> = self.counters.no_ids.iter().map(no_id).collect();
        if self.set_aside > 0 {
            let are = if self.set_aside == 1 { "is" } else { "are" };
            warnings.push(format!(
                "{} of its payments, conversations, checkouts and bots {are} set aside and in no answer; \
                 `GET /v1/quarantine` says why",
                self.set_aside
            ));
        }
        warnings
    }
}

/// Ignored fields of a source that are told by name.
pub const IGNORED: usize = 20;

/// All ways in at one moment.
#[derive(Debug, Clone)]
pub struct Sources {
    /// That moment.
    pub now: DateTime<Utc>,
    /// The configured webhooks, the native ways, then webhooks that are no longer configured.
    pub sources: Vec<SourceStatus>,
    /// What was refused of late, the latest first.
    pub refusals: Vec<RecentRefusal>,
    /// What was set aside, the oldest first, at most 100.
    pub set_aside: Vec<SetAside>,
}

/// Entities that are told one by one of those set aside.
const LEFT_OUT: usize = 100;

/// Gathers the ways in. Blocking.
///
/// # Errors
/// When the database fails.
pub fn gather(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<Sources, StoreError> {
    let board = store.sources();
    let unattributed = store.unattributed()?;
    let mut by_source = board.counters;
    let aside = store.quarantined();
    let set_aside = |source: &str| {
        aside
            .iter()
            .filter(|one| one.sources.iter().any(|own| own == source))
            .count()
    };
    let status = |provider: &str, name: &str, source: &str, counters: Option<SourceCounters>| SourceStatus {
        provider: provider.to_owned(),
        name: name.to_owned(),
        address: address(source),
        configured: true,
        test: false,
        counters: counters.unwrap_or_default(),
        unattributed: unattributed.get(source).copied().unwrap_or(0),
        set_aside: set_aside(source),
    };
    let mut sources = Vec::new();
    for configured in &config.sources {
        let source = configured.address();
        let counters = by_source.remove(&source);
        sources.push(SourceStatus {
            test: configured.is_test(),
            ..status(&configured.provider, &configured.name, &source, counters)
        });
    }
    for way in NATIVE_WAYS {
        let name = way.rsplit('/').next().unwrap_or(way);
        let counters = by_source.remove(*way);
        sources.push(status(NATIVE, name, way, counters));
    }
    for (source, counters) in by_source {
        let mut parts = source.rsplit('/');
        let (name, provider) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        sources.push(SourceStatus {
            configured: false,
            ..status(provider, name, &source, Some(counters))
        });
    }
    Ok(Sources {
        now,
        sources,
        refusals: board.refusals,
        set_aside: aside.into_iter().take(LEFT_OUT).collect(),
    })
}

/// Where a source is posted to: webhooks are counted under the `source` of their events.
pub fn address(source: &str) -> String {
    if source.starts_with("/webhooks/") {
        format!("/v1{source}")
    } else {
        source.to_owned()
    }
}

/// The ways in as JSON.
pub fn described(sources: &Sources) -> Json {
    let refusal = |refusal: &RecentRefusal| {
        json!({
            "address": address(&refusal.source),
            "code": refusal.code,
            "field": refusal.field,
            "message": refusal.message,
            "count": refusal.count,
            "first_at": refusal.first_at.to_rfc3339(),
            "last_at": refusal.last_at.to_rfc3339(),
        })
    };
    json!({
        "now": sources.now.to_rfc3339(),
        "sources": sources.sources.iter().map(status).collect::<Vec<_>>(),
        "set_aside": sources.set_aside.iter().map(left_out).collect::<Vec<_>>(),
        "recent_rejections": sources.refusals.iter().map(refusal).collect::<Vec<_>>(),
    })
}

fn status(source: &SourceStatus) -> Json {
    let SourceStatus { counters, .. } = source;
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339());
    let (ignored, others) = counters.ignored.top(IGNORED);
    let no_ids: Vec<Json> = counters
        .no_ids
        .iter()
        .map(|(field, times)| json!({ "field": field, "count": times }))
        .collect();
    json!({
        "provider": source.provider,
        "name": source.name,
        "address": source.address,
        "configured": source.configured,
        "mode": source.test.then_some(Mode::Test.as_str()),
        "last_delivery": time(counters.last_delivery),
        "last_accepted": time(counters.last_accepted),
        "lag_seconds": lag_seconds(counters),
        "deliveries": counters.deliveries,
        "accepted": counters.accepted,
        "duplicates": counters.duplicates,
        "conflicts": counters.conflicts,
        "rejected": counters.rejected,
        "forged": counters.forged,
        "unsupported": counters.unsupported,
        "unparseable": counters.unparseable,
        "unattributed": source.unattributed,
        "set_aside": source.set_aside,
        "no_ids": no_ids,
        "warnings": source.warnings(),
        "ignored": counters.ignored.total(),
        "ignored_fields": ignored.iter().map(field).collect::<Vec<_>>(),
        "ignored_others": others,
    })
}

fn left_out(one: &SetAside) -> Json {
    json!({
        "id": one.id,
        "kind": one.kind.as_str(),
        "hash": one.hash,
        "state": one.state.as_str(),
        "reason": one.reason,
        "since": one.since.to_rfc3339(),
    })
}

fn field(ignored: &IgnoredCount) -> Json {
    json!({ "field": ignored.field, "did_you_mean": ignored.meant, "count": ignored.times })
}

/// From the latest moment that the latest delivery states to its receipt.
pub fn lag_seconds(counters: &SourceCounters) -> Option<f64> {
    counters.lag.map(|lag| lag.as_seconds_f64())
}
