//! Bots: their attributes and the spans of their lives, folded from lifecycle events.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::{first, instants, kind_in};

/// What the events of some bots fold to.
pub struct BotFacts {
    /// One row per bot.
    pub bots: DataFrame,
    /// Spans of membership, suspension and ability to take payments.
    pub spans: DataFrame,
}

/// Folds rows of `bot_log` (all of each bot) and the bots' first live captures
/// (`bot_key`, `first_capture_at`, `last_received`, in microseconds).
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame, captures: &DataFrame) -> PolarsResult<BotFacts> {
    let events = log
        .clone()
        .lazy()
        .sort(["bot_key", "time", "source", "id"], Default::default())
        .collect()?;
    let bots = attributes(events.clone().lazy(), captures.clone().lazy()).collect()?;
    let spans = spans(&events, &bots, captures)?;
    let bots = bots
        .lazy()
        .with_columns(instants(&["registered_at", "first_received", "last_received"]))
        .sort(["registered_at", "bot_key"], Default::default())
        .collect()?;
    Ok(BotFacts { bots, spans })
}

/// The latest attributes, and when the bot was registered.
fn attributes(events: LazyFrame, captures: LazyFrame) -> LazyFrame {
    let registered = || kind_in(&["bot.registered"]);
    let latest = |name: &str| col(name).drop_nulls().last().alias(name);
    let stamps = captures.select([col("bot_key"), col("last_received").alias("capture_last")]);
    events
        .group_by_stable([col("bot_key")])
        .agg([
            first("platform").alias("platform"),
            first("bot_id").alias("bot_id"),
            col("time").filter(registered()).min().alias("stated_at"),
            col("time").min().alias("seen_at"),
            latest("name"),
            latest("category"),
            latest("country"),
            latest("developer_id"),
            latest("payments_enabled"),
            col("received_at").min().alias("own_first"),
            col("received_at").max().alias("own_last"),
        ])
        .join(
            stamps,
            [col("bot_key")],
            [col("bot_key")],
            JoinArgs::new(JoinType::Left),
        )
        .select([
            col("bot_key"),
            col("platform"),
            col("bot_id"),
            coalesce(&[col("stated_at"), col("seen_at")]).alias("registered_at"),
            col("stated_at").is_null().alias("inferred"),
            col("name"),
            col("category"),
            col("country"),
            col("developer_id"),
            col("payments_enabled"),
            col("own_first").alias("first_received"),
            when(col("capture_last").gt(col("own_last")))
                .then(col("capture_last"))
                .otherwise(col("own_last"))
                .alias("last_received"),
        ])
}

/// What happens to a bot at one instant, all its events taken together.
///
/// Entries and suspensions carry their place among the events of the instant, since the later of them holds.
#[derive(Default, Clone, Copy)]
struct Turn {
    registers: Option<usize>,
    reinstates: Option<usize>,
    suspends: Option<usize>,
    leaves: bool,
    enabled: Option<bool>,
    captured: bool,
}

/// A bot's condition between two instants.
#[derive(Default, Clone, Copy)]
struct Condition {
    member: bool,
    suspended: bool,
    enabled: bool,
    captured: bool,
}

impl Condition {
    fn after(mut self, turn: &Turn) -> Self {
        // Who registers again while a member does not enter, and so stays suspended.
        let registers = turn.registers.filter(|_| !self.member);
        let lifted = registers.max(turn.reinstates);
        self.suspended = match lifted {
            Some(_) => turn.suspends > lifted,
            None => self.suspended || turn.suspends.is_some(),
        };
        self.member |= lifted.is_some();
        // Leaving wins a tie.
        if turn.leaves {
            self.member = false;
            self.suspended = false;
        }
        self.enabled = turn.enabled.unwrap_or(self.enabled);
        self.captured |= turn.captured;
        self
    }

    fn holds(&self, kind: usize) -> bool {
        match kind {
            0 => self.member,
            1 => self.member && self.suspended,
            _ => self.member && (self.enabled || self.captured),
        }
    }
}

const KINDS: [&str; 3] = ["member", "suspended", "payment_enabled"];

/// Rows of `bot_spans` under construction.
#[derive(Default)]
struct Spans {
    bot: Vec<i64>,
    kind: Vec<&'static str>,
    entry: Vec<Option<&'static str>>,
    since: Vec<i64>,
    until: Vec<Option<i64>>,
}

impl Spans {
    /// Walks through one bot's turns and writes down each span.
    fn walk(&mut self, bot: i64, turns: &BTreeMap<i64, Turn>) {
        for kind in 0..KINDS.len() {
            let mut condition = Condition::default();
            let mut open = None;
            let mut entered = false;
            for (at, turn) in turns {
                condition = condition.after(turn);
                match (open, condition.holds(kind)) {
                    (None, true) => open = Some(*at),
                    (Some(since), false) => {
                        self.push(bot, kind, entered, since, Some(*at));
                        entered = true;
                        open = None;
                    }
                    _ => {}
                }
            }
            if let Some(since) = open {
                self.push(bot, kind, entered, since, None);
            }
        }
    }

    fn push(&mut self, bot: i64, kind: usize, entered: bool, since: i64, until: Option<i64>) {
        self.bot.push(bot);
        self.kind.push(KINDS[kind]);
        // The first entry of a bot registers it, any later one reinstates it.
        self.entry
            .push((kind == 0).then_some(if entered { "reinstated" } else { "registered" }));
        self.since.push(since);
        self.until.push(until);
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        df!(
            "bot_key" => self.bot,
            "kind" => self.kind,
            "entry" => self.entry,
            "since" => self.since,
            "until" => self.until,
        )?
        .lazy()
        .with_columns(instants(&["since", "until"]))
        .collect()
    }
}

/// Computes the spans of every bot; a state machine, so it goes through the sorted columns.
fn spans(events: &DataFrame, bots: &DataFrame, captures: &DataFrame) -> PolarsResult<DataFrame> {
    let mut turns: BTreeMap<i64, BTreeMap<i64, Turn>> = BTreeMap::new();
    let (bot, time) = (events.column("bot_key")?.i64()?, events.column("time")?.i64()?);
    let (kind, enabled) = (
        events.column("kind")?.str()?,
        events.column("payments_enabled")?.bool()?,
    );
    for row in 0..events.height() {
        let (Some(bot), Some(at), Some(kind)) = (bot.get(row), time.get(row), kind.get(row)) else {
            continue;
        };
        let turn = turns.entry(bot).or_default().entry(at).or_default();
        match kind {
            "bot.registered" => turn.registers = Some(row + 1),
            "bot.reinstated" => turn.reinstates = Some(row + 1),
            "bot.retired" => turn.leaves = true,
            "bot.suspended" => turn.suspends = Some(row + 1),
            _ => {}
        }
        turn.enabled = enabled.get(row).or(turn.enabled);
    }
    // A bot that nobody registered is a member from its first mention on.
    let (bot, at) = (bots.column("bot_key")?.i64()?, bots.column("registered_at")?.i64()?);
    let inferred = bots.column("inferred")?.bool()?;
    for row in 0..bots.height() {
        if let (Some(bot), Some(at), Some(true)) = (bot.get(row), at.get(row), inferred.get(row)) {
            // It enters before whatever its first mention says.
            turns.entry(bot).or_default().entry(at).or_default().registers = Some(0);
        }
    }
    let (bot, at) = (
        captures.column("bot_key")?.i64()?,
        captures.column("first_capture_at")?.i64()?,
    );
    for row in 0..captures.height() {
        if let (Some(bot), Some(at)) = (bot.get(row), at.get(row)) {
            turns.entry(bot).or_default().entry(at).or_default().captured = true;
        }
    }
    let mut spans = Spans::default();
    turns.iter().for_each(|(bot, turns)| spans.walk(*bot, turns));
    spans.frame()
}
