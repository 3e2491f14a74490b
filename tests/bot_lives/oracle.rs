//! A second opinion on activation, retention and milestones: SQL over generated raw events.

use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::app::{TestApp, config};
use crate::support::ledger::Ledger;
use crate::support::shared_folder;

/// Weeks of Kathmandu, which is 5 hours and 45 minutes ahead.
const WEEKS: &str = "from=2024-12-30&to=2025-04-28&interval=week&tz=Asia/Kathmandu";
/// The same edges as instants of UTC, for the SQL.
const LOCAL: &str = "interval '5 hours 45 minutes'";

/// Conversations, checkouts and payments from the raw events, each with the bot and the user that its earliest
/// event names.
const STEPS: &str = "
    life as (from events where mode = 'live' or kind like 'bot.%'),
    registered as (
        select platform, bot_id,
            coalesce(min(time) filter (where kind = 'bot.registered'), min(time)) as registered_at
        from events where bot_id is not null group by platform, bot_id
    ),
    talks as (
        select platform, conversation_id,
            first(bot_id order by time, source, id) filter (where bot_id is not null) as bot_id,
            first(user_id order by time, source, id) filter (where user_id is not null) as user_id,
            min(time) filter (where kind = 'conversation.started') as time
        from events where conversation_id is not null group by platform, conversation_id
    ),
    sales as (
        select platform, conversation_id, first(bot_id order by time, source, id) as bot_id, min(time) as time
        from life where kind = 'checkout.started'
        group by platform, conversation_id, coalesce(checkout_id, source || ' ' || id)
    ),
    payments as (
        select
            first(platform order by time, source, id) filter (where bot_id is not null) as platform,
            first(bot_id order by time, source, id) filter (where bot_id is not null) as bot_id,
            first(user_id order by time, source, id) filter (where user_id is not null) as user_id,
            min(time) filter (where kind in ('transaction.authorized', 'transaction.captured')) as paid_at,
            min(time) filter (where kind = 'transaction.captured') as captured_at
        from life where payment_id is not null group by provider, payment_id
    )";

/// The answers, and the ledger that they were computed from.
pub struct Told {
    pub activation: Value,
    pub short: Value,
    pub days: Value,
    pub unfiltered: [Value; 3],
    pub filtered: [Value; 3],
    pub growth: Value,
    pub bots: Value,
    pub users: Value,
    pub activity: Value,
    pub milestones: Value,
    pub by_platform: Value,
    pub populations: Vec<(i64, i64, i64)>,
    ledger: std::sync::Mutex<Ledger>,
}

pub fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut app = TestApp::on(config(&shared_folder("bot-lives")));
        send(&app);
        app.wait_folded();
        let ask = |question: &str| app.client.get_json(&format!("/v1/metrics/{question}"));
        let three = |more: &str| {
            [
                ask(&format!("bot-activation?{WEEKS}{more}")),
                ask(&format!("bot-retention?{WEEKS}{more}")),
                ask(&format!("milestones?{WEEKS}{more}")),
            ]
        };
        let milestones = ask("milestones?to=2025-06-01&at=1,2,5,10,20,40,60,1000");
        Told {
            activation: ask(&format!("bot-activation?{WEEKS}&group_by=platform")),
            short: ask(&format!("bot-activation?{WEEKS}&window=36h")),
            days: ask(&format!("bot-activation?{}", WEEKS.replace("week", "day"))),
            unfiltered: three(""),
            filtered: three("&platform!=nothing&developer!=nobody"),
            growth: ask(&format!("bot-growth?{WEEKS}")),
            bots: ask(&format!("bot-retention?{WEEKS}")),
            users: ask(&format!("bot-retention?{WEEKS}&unit=user")),
            activity: ask(&format!("bot-activity?{WEEKS}")),
            by_platform: ask(&format!("bot-retention?{WEEKS}&unit=user&group_by=platform")),
            populations: populations(&app, &milestones),
            milestones,
            ledger: {
                app.stop();
                std::sync::Mutex::new(Ledger::open(&app.config.data_dir))
            },
        }
    })
}

/// Of each milestone that was reached its number, and the population that bot-growth counts just before and
/// just after it.
fn populations(app: &TestApp, milestones: &Value) -> Vec<(i64, i64, i64)> {
    let rows = milestones["rows"].as_array().unwrap().iter();
    let reached = rows.filter_map(|row| Some((row["population"].as_i64()?, row["reached_at"].as_str()?)));
    let population = |number: i64, reached: &str| {
        let moment: DateTime<Utc> = reached.parse().unwrap();
        let after = moment + TimeDelta::microseconds(1);
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let path = format!("/v1/metrics/bot-growth?from={}&to={}", text(moment), text(after));
        let row = app.client.get_json(&path)["rows"][0].clone();
        (
            number,
            row["opening"].as_i64().unwrap(),
            row["closing"].as_i64().unwrap(),
        )
    };
    reached.map(|(number, reached)| population(number, reached)).collect()
}

fn send(app: &TestApp) {
    let plan = Plan {
        seed: 11,
        bots: 70,
        size: Size::Conversations(2_500),
        late_share: 600,
        out_of_order_share: 600,
        duplicate_share: 300,
        conflict_share: 60,
        ..Plan::default()
    };
    let lines: Vec<String> = generate::generate(plan).unwrap().collect();
    for part in lines.chunks(4_000) {
        app.client.post_events(&part.join("\n"));
    }
}

fn counted(sql: &str) -> Vec<Vec<String>> {
    let mut rows = told().ledger.lock().unwrap().rows(sql);
    rows.sort();
    assert!(!rows.is_empty(), "the SQL gives nothing");
    rows
}

/// The named columns of the rows that are kept, as text, sorted; moments by their date.
fn cells(answer: &Value, columns: &[&str], keep: impl Fn(&Value) -> bool) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) if text.contains("T00:00:00") => text[..10].to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = answer["rows"].as_array().unwrap().iter().filter(|row| keep(row));
    let mut rows: Vec<Vec<String>> = rows
        .map(|row| columns.iter().map(|name| text(&row[*name])).collect())
        .collect();
    rows.sort();
    rows
}

/// Equal rows; numbers to within 1e-12.
fn assert_same(answered: &[Vec<String>], counted: &[Vec<String>]) {
    let same = |one: &String, other: &String| match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= 1e-12 * one.abs().max(1.0),
        _ => one == other,
    };
    assert_eq!(answered.len(), counted.len(), "{answered:?}\nagainst\n{counted:?}");
    for (answered, counted) in answered.iter().zip(counted) {
        let equal = answered.iter().zip(counted).all(|(one, other)| same(one, other));
        assert!(
            equal && answered.len() == counted.len(),
            "{answered:?} answered, {counted:?} counted"
        );
    }
}

/// The activation of the bots that have one, counted anew for a window.
fn activation(window: &str, platform: &str) -> String {
    format!(
        "with {STEPS},
        steps as (
            select platform, bot_id, time, 1 as step from talks where time is not null
            union all select platform, bot_id, time, 2 from sales
            union all select platform, bot_id, captured_at, 3 from payments where captured_at is not null
        ),
        firsts as (
            select r.platform, r.bot_id, r.registered_at, step, min(s.time) as time
            from registered r join steps s on s.platform = r.platform and s.bot_id = r.bot_id
            where s.time between r.registered_at and r.registered_at + interval {window}
            group by r.platform, r.bot_id, r.registered_at, step
        ),
        bots as (
            select r.platform, r.bot_id, date_trunc('week', r.registered_at + {LOCAL}) as week,
                max(epoch_us(f.time) - epoch_us(r.registered_at)) filter (where step = 1) / 864e8 as talked,
                max(epoch_us(f.time) - epoch_us(r.registered_at)) filter (where step = 2) / 864e8 as sold,
                max(epoch_us(f.time) - epoch_us(r.registered_at)) filter (where step = 3) / 864e8 as paid
            from registered r left join firsts f using (platform, bot_id)
            group by r.platform, r.bot_id, r.registered_at
        )
        select strftime(week, '%Y-%m-%d'), {platform} count(*), count(talked), count(sold), count(paid),
            count(paid) / count(*), quantile_cont(talked, 0.5), quantile_cont(sold, 0.5), quantile_cont(paid, 0.5)
        from bots where week >= timestamp '2024-12-30' and week < timestamp '2025-04-28' group by all"
    )
}

const ACTIVATION: [&str; 9] = [
    "bucket_start",
    "registered",
    "with_conversation",
    "with_checkout",
    "with_payment",
    "rate",
    "median_days_to_conversation",
    "median_days_to_checkout",
    "median_days_to_payment",
];

#[test]
fn activation_agrees_with_the_raw_events() {
    let mut columns = ACTIVATION.to_vec();
    columns.insert(1, "platform");
    let some = |row: &Value| row["registered"] != 0;
    assert_same(
        &cells(&told().activation, &columns, some),
        &counted(&activation("30 days", "platform,")),
    );
    assert_same(
        &cells(&told().short, &ACTIVATION, some),
        &counted(&activation("36 hours", "")),
    );
}

/// What retention counts, from the activity of units by week.
const TRIANGLE: &str = "
    firsts as (select unit, min(week) as cohort from active group by unit),
    sizes as (select cohort, count(*) as size from firsts group by cohort),
    weeks as (
        select unnest(generate_series(timestamp '2024-12-30', timestamp '2025-04-21', interval 7 days)) as week
    ),
    cells as (
        select c.week as cohort, w.week from weeks c join weeks w on w.week >= c.week
    )
    select strftime(c.week, '%Y-%m-%d'), strftime(c.cohort, '%Y-%m-%d'),
        (date_diff('day', c.cohort, c.week) // 7), coalesce(any_value(size), 0), count(f.unit),
        count(f.unit) / any_value(size)
    from cells c
    left join sizes s on s.cohort = c.cohort
    left join active a on a.week = c.week
    left join firsts f on f.unit = a.unit and f.cohort = c.cohort
    group by c.cohort, c.week";

const RETENTION: [&str; 6] = [
    "bucket_start",
    "cohort_start",
    "period",
    "cohort_size",
    "active",
    "share",
];

#[test]
fn retention_of_bots_agrees_with_the_raw_events() {
    let sql = format!(
        "with {STEPS},
        names as (
            select provider, payment_id,
                first(platform order by time, source, id) filter (where bot_id is not null) as platform,
                first(bot_id order by time, source, id) filter (where bot_id is not null) as bot_id
            from life where payment_id is not null group by provider, payment_id
        ),
        active as (
            select distinct platform || ' ' || bot_id as unit, date_trunc('week', time + {LOCAL}) as week
            from (
                select platform, bot_id, time from life
                where bot_id is not null and (
                    kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated',
                             'checkout.started')
                    or (kind = 'conversation.message' and direction = 'in'))
                union all
                select n.platform, n.bot_id, l.time from life l join names n using (provider, payment_id)
                where n.bot_id is not null and l.kind in (
                    'transaction.initiated', 'transaction.requires_action', 'transaction.authorized',
                    'transaction.captured', 'transaction.failed')
            )
        ),
        {TRIANGLE}"
    );
    assert_same(&cells(&told().bots, &RETENTION, |_| true), &counted(&sql));
}

#[test]
fn retention_of_users_agrees_with_the_raw_events() {
    let sql = format!(
        "with {STEPS},
        names as (
            select provider, payment_id,
                first(platform order by time, source, id) filter (where bot_id is not null) as platform,
                first(bot_id order by time, source, id) filter (where bot_id is not null) as bot_id,
                first(user_id order by time, source, id) filter (where user_id is not null) as user_id
            from life where payment_id is not null group by provider, payment_id
        ),
        active as (
            select distinct platform || ' ' || bot_id || ' ' || user_id as unit,
                date_trunc('week', time + {LOCAL}) as week
            from (
                select l.platform, if(l.user_id is null, t.bot_id, l.bot_id) as bot_id,
                    coalesce(l.user_id, t.user_id) as user_id, l.time
                from life l join talks t using (platform, conversation_id)
                where l.payment_id is null and (
                    l.kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated',
                               'checkout.started')
                    or (l.kind = 'conversation.message' and l.direction = 'in'))
                union all
                select n.platform, n.bot_id, n.user_id, l.time from life l join names n using (provider, payment_id)
                where l.kind in (
                    'transaction.initiated', 'transaction.requires_action', 'transaction.authorized',
                    'transaction.captured', 'transaction.failed')
            ) where time is not null and user_id is not null and bot_id is not null
        ),
        {TRIANGLE}"
    );
    assert_same(&cells(&told().users, &RETENTION, |_| true), &counted(&sql));
}

#[test]
fn milestones_agree_with_the_raw_events() {
    let sql = "
        with turns as (
            select platform, bot_id, time, bool_or(kind = 'bot.retired') as leaves from events
            where kind in ('bot.registered', 'bot.reinstated', 'bot.retired') group by platform, bot_id, time
            union all
            select platform, bot_id, min(time), false from events
            where bot_id is not null group by platform, bot_id
            having count(*) filter (where kind = 'bot.registered') = 0
        ),
        changes as (
            select time, leaves, lag(leaves, 1, true) over (partition by platform, bot_id order by time) as away
            from turns
        ),
        levels as (
            select time, sum(sum(case when leaves then -1 else 1 end)) over (order by time) as population
            from changes where leaves <> away group by time
        )
        select mark, strftime(min(time), '%Y-%m-%dT%H:%M:%S.%f')
        from (values (1), (2), (5), (10), (20), (40), (60)) marks(mark) join levels on population >= mark
        group by mark";
    let utc = |text: &str| {
        text.parse::<DateTime<Utc>>()
            .unwrap()
            .format("%Y-%m-%dT%H:%M:%S%.6f")
            .to_string()
    };
    let rows = told().milestones["rows"].as_array().unwrap();
    let reached = rows
        .iter()
        .filter_map(|row| Some((row["population"].to_string(), utc(row["reached_at"].as_str()?))));
    let mut answered: Vec<Vec<String>> = reached.map(|(mark, moment)| vec![mark, moment]).collect();
    answered.sort();
    assert_eq!(answered, counted(sql));
    assert_eq!(
        (rows.len(), &rows[7]["reached_at"]),
        (8, &Value::Null),
        "1,000 bots there never were"
    );
}
