//! A second opinion on funnels: a chain of joins over the raw events, written from the definitions alone.

use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size};
use serde_json::Value;

use crate::support::app::{TestApp, config};
use crate::support::ledger::Ledger;
use crate::support::shared_folder;

const RANGE: &str = "from=2024-12-30&to=2025-04-28&interval=week&group_by=platform";

/// What each live event says of its conversation and person. Of a payment, every fact goes where its earliest
/// fact that names something says; an event without a person goes to the person of its conversation.
const HAPPENED: &str = "
    talks as (
        select platform, conversation_id,
            first(platform || '/' || bot_id || '/' || user_id order by time, source, id)
                filter (where user_id is not null) as person
        from events where conversation_id is not null group by platform, conversation_id
    ),
    facts as (from events where payment_id is not null and mode = 'live'),
    payments as (
        select provider, payment_id,
            first(platform || '/' || conversation_id order by time, source, id)
                filter (where conversation_id is not null) as talk,
            first(platform || '/' || bot_id || '/' || user_id order by time, source, id)
                filter (where user_id is not null) as person,
            min(time) filter (where kind in ('transaction.authorized', 'transaction.captured')) as paid_at
        from facts group by provider, payment_id
    ),
    named as (
        select platform || '/' || conversation_id as talk, kind, time, source, id,
            platform || '/' || bot_id || '/' || user_id as person
        from events where mode = 'live' and conversation_id is not null and kind not like 'transaction.%'
        union all
        select p.talk, f.kind, f.time, f.source, f.id, p.person
        from facts f join payments p using (provider, payment_id)
        union all
        select talk, 'paid', paid_at, provider, payment_id, person from payments where paid_at is not null
    ),
    happened as (
        select n.talk, coalesce(n.person, t.person) as person, kind, time, source, id
        from named n left join talks t on t.platform || '/' || t.conversation_id = n.talk
    )";

/// A funnel that is checked.
struct Funnel {
    asked: &'static str,
    kinds: &'static [&'static str],
    by_user: bool,
    window: &'static str,
    /// From UTC to the calendar of the weeks.
    ahead: &'static str,
}

const FUNNELS: [Funnel; 6] = [
    Funnel {
        asked: "",
        kinds: &["conversation.started", "checkout.started", "paid"],
        by_user: false,
        window: "24 hours",
        ahead: "0 minutes",
    },
    Funnel {
        asked: "unit=user&tz=Asia/Kathmandu",
        kinds: &["conversation.started", "checkout.started", "paid"],
        by_user: true,
        window: "24 hours",
        ahead: "345 minutes",
    },
    Funnel {
        asked: "steps=started,product.viewed,cart.updated,checkout,paid&tz=Asia/Kathmandu",
        kinds: &[
            "conversation.started",
            "product.viewed",
            "cart.updated",
            "checkout.started",
            "paid",
        ],
        by_user: false,
        window: "24 hours",
        ahead: "345 minutes",
    },
    Funnel {
        asked: "steps=product.viewed,product.viewed,conversation.message,conversation.message,conversation.ended\
                &window=15m",
        kinds: &[
            "product.viewed",
            "product.viewed",
            "conversation.message",
            "conversation.message",
            "conversation.ended",
        ],
        by_user: false,
        window: "15 minutes",
        ahead: "0 minutes",
    },
    Funnel {
        asked: "steps=started,transaction.failed,transaction.captured&window=7d&unit=user",
        kinds: &["conversation.started", "transaction.failed", "transaction.captured"],
        by_user: true,
        window: "7 days",
        ahead: "0 minutes",
    },
    Funnel {
        asked: "steps=checkout,paid,transaction.refunded,transaction.refunded&window=60d",
        kinds: &[
            "checkout.started",
            "paid",
            "transaction.refunded",
            "transaction.refunded",
        ],
        by_user: false,
        window: "60 days",
        ahead: "0 minutes",
    },
];

/// One relation for each step: who arrived, with the events that count as `m1` to the step's own.
fn sql(funnel: &Funnel) -> String {
    let unit = if funnel.by_user { "person" } else { "talk" };
    let (first, window, ahead) = (funnel.kinds[0], funnel.window, funnel.ahead);
    let inside = |time: &str| {
        format!("{time} + interval '{ahead}' >= '2024-12-30' and {time} + interval '{ahead}' < '2025-04-28'")
    };
    let week = |time: &str| format!("date_trunc('week', {time} + interval '{ahead}')");
    let begins = format!("min((time, source, id)) as m1 from happened where kind = '{first}' and {unit} is not null");
    let mut parts = vec![HAPPENED.to_owned()];
    // A conversation's first event of all decides whether it enters; a user's first one of each week of the range.
    parts.push(if funnel.by_user {
        let (week, inside) = (week("time"), inside("time"));
        format!("w1 as (select person as unit, {week} as week, {begins} and {inside} group by 1, 2)")
    } else {
        let (week, inside) = (week("m1[1]"), inside("m1[1]"));
        format!(
            "w1 as (select unit, {week} as week, m1 from (select talk as unit, {begins} group by 1) where {inside})"
        )
    });
    for (before, kind) in (1..).zip(&funnel.kinds[1..]) {
        let list = |each: fn(usize) -> String, between: &str| (1..=before).map(each).collect::<Vec<_>>().join(between);
        parts.push(format!(
            "w{step} as (
                select w.unit, w.week, {kept}, min((e.time, e.source, e.id)) as m{step}
                from w{before} w join happened e on e.{unit} = w.unit
                where e.kind = '{kind}' and e.time >= w.m{before}[1] and e.time <= w.m1[1] + interval '{window}'
                    and {unused}
                group by w.unit, w.week
            )",
            step = before + 1,
            kept = list(|step| format!("any_value(w.m{step}) as m{step}"), ", "),
            unused = list(|step| format!("(e.time, e.source, e.id) <> w.m{step}"), " and "),
        ));
    }
    let seconds = |from: usize, to: usize| format!("date_diff('microsecond', m{from}[1], m{to}[1]) / 1e6");
    let count = |step: usize| {
        let (all, before) = (seconds(1, step), seconds((step - 1).max(1), step));
        format!(
            "select strftime(week, '%Y-%m-%d') as week, split_part(unit, '/', 1) as platform, {step} as step,
                count(*) as reached, quantile_cont({all}, 0.5) as median, quantile_cont({all}, 0.9) as p90,
                quantile_cont({before}, 0.5) as previous
            from w{step} group by 1, 2"
        )
    };
    format!(
        "with {parts},
        counted as ({counts}),
        rates as (
            select e.week, e.platform, s.step, e.reached as n, coalesce(c.reached, 0) as k, c.median, c.p90, c.previous
            from counted e cross join (select unnest(range(1, {steps} + 1)) as step) s
            left join counted c on c.week = e.week and c.platform = e.platform and c.step = s.step
            where e.step = 1
        ),
        wilson as (
            select *, 1.959964 * 1.959964 as zz, (k + zz / 2) / (n + zz) as centre,
                1.959964 / (n + zz) * sqrt(k * (n - k) / n + zz / 4) as half
            from rates
        )
        select week, platform, step, n, k, n - k, median, p90, case when step > 1 then previous end, k / n,
            greatest(0, centre - half), least(1, centre + half),
            k / nullif(lag(k) over (partition by week, platform order by step), 0)
        from wilson order by week, platform, step",
        parts = parts.join(", "),
        counts = (1..=funnel.kinds.len())
            .map(count)
            .collect::<Vec<_>>()
            .join(" union all "),
        steps = funnel.kinds.len(),
    )
}

const COLUMNS: [&str; 13] = [
    "bucket_start",
    "platform",
    "step_index",
    "entered",
    "reached",
    "dropped",
    "median_seconds",
    "p90_seconds",
    "seconds_from_previous",
    "rate",
    "ci_low",
    "ci_high",
    "rate_from_previous",
];

/// Columns that name a row or count; the others are real numbers.
const EXACT: usize = 6;

/// The answers, and what the SQL gives.
fn told() -> &'static Vec<(Value, Vec<Vec<String>>)> {
    static TOLD: OnceLock<Vec<(Value, Vec<Vec<String>>)>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut app = TestApp::on(config(&shared_folder("funnels-oracle")));
        let plan = Plan {
            seed: 31,
            bots: 60,
            size: Size::Conversations(2_500),
            late_share: 600,
            out_of_order_share: 600,
            duplicate_share: 300,
            conflict_share: 60,
            unattributed_share: 500,
            ..Plan::default()
        };
        let lines: Vec<String> = generate::generate(plan).unwrap().collect();
        for part in lines.chunks(4_000) {
            app.client.post_events(&(part.join("\n") + "\n"));
        }
        app.wait_folded();
        let ask = |funnel: &Funnel| {
            app.client
                .get_json(&format!("/v1/metrics/conversion?{RANGE}&{}", funnel.asked))
        };
        let answers: Vec<Value> = FUNNELS.iter().map(ask).collect();
        app.stop();
        let ledger = Ledger::open(&app.config.data_dir);
        let counted = FUNNELS.iter().map(|funnel| ledger.rows(&sql(funnel)));
        answers.into_iter().zip(counted).collect()
    })
}

fn text(row: &Value, column: &str) -> String {
    match &row[column] {
        Value::Null => String::new(),
        Value::String(text) if column == "bucket_start" => text[..10].to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn every_cell_of_every_funnel_agrees() {
    let mut cells = 0;
    for ((answer, counted), funnel) in told().iter().zip(&FUNNELS) {
        let rows = answer["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 17 * 3 * funnel.kinds.len(), "17 weeks, 3 platforms");
        // The SQL has no rows of weeks in which nothing entered.
        let filled = rows.iter().filter(|row| row["entered"] != 0);
        let mut answered: Vec<Vec<String>> = filled
            .map(|row| COLUMNS.iter().map(|column| text(row, column)).collect())
            .collect();
        answered.sort_by(|one, two| one[..3].cmp(&two[..3]));
        assert!(counted.len() > 20 * funnel.kinds.len(), "{}", counted.len());
        assert_eq!(answered.len(), counted.len(), "{}", funnel.asked);
        for (told, counted) in answered.iter().zip(counted) {
            assert_eq!(told[..EXACT], counted[..EXACT], "{}", funnel.asked);
            for (at, (told, counted)) in told.iter().zip(counted).enumerate().skip(EXACT) {
                let same = match (told.parse::<f64>(), counted.parse::<f64>()) {
                    (Ok(told), Ok(counted)) => (told - counted).abs() <= 1e-12 * told.abs().max(1.0),
                    _ => told == counted,
                };
                assert!(same, "{} {}: {told} against {counted}", funnel.asked, COLUMNS[at]);
            }
            cells += COLUMNS.len();
        }
    }
    assert!(cells > 10_000, "{cells}");
}

/// A check of nothing would agree too.
#[test]
fn every_step_of_the_checked_funnels_is_reached_by_somebody() {
    for ((answer, _), funnel) in told().iter().zip(&FUNNELS) {
        for step in 1..=funnel.kinds.len() as i64 {
            let rows = answer["rows"].as_array().unwrap().iter();
            let there = rows.filter(|row| row["step_index"] == step);
            let reached: i64 = there.map(|row| row["reached"].as_i64().unwrap()).sum();
            assert!(reached > 0, "{} step {step}", funnel.asked);
        }
    }
}
