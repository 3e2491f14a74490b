//! A second opinion: SQL over the raw events, written from the definitions alone, on generated data.

use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size, Summary};
use serde_json::Value;

use crate::support::app::{TestApp, config};
use crate::support::client::Counts;
use crate::support::ledger::Ledger;
use crate::support::shared_folder;

/// Everything generated, with all that follows from it.
pub const RANGE: &str = "from=2024-12-20&to=2025-12-20";

/// What each payment is, from the earliest of its facts that names it; test payments are left out.
pub const PAYMENTS: &str = "
    facts as (from events where payment_id is not null and mode = 'live'),
    payments as (
        select
            provider, payment_id,
            first(platform order by time, source, id) filter (where bot_id is not null) as platform,
            first(bot_id order by time, source, id) filter (where bot_id is not null) as bot_id,
            first(conversation_id order by time, source, id) filter (where conversation_id is not null) as conversation_id,
            first(platform order by time, source, id) filter (where conversation_id is not null) as conversation_platform,
            first(checkout_id order by time, source, id) filter (where checkout_id is not null) as checkout_id,
            first(user_id order by time, source, id) filter (where user_id is not null) as user_id,
            min(time) filter (where kind in ('transaction.authorized', 'transaction.captured')) as paid_at,
            min(time) filter (where kind = 'transaction.captured') as captured_at,
            first(network order by time, source, id) filter (where kind = 'transaction.captured') as network,
            first(method order by time, source, id) filter (where kind = 'transaction.captured') as method,
            first(currency order by time, source, id) filter (where kind = 'transaction.captured') as currency
        from facts group by provider, payment_id
    )";

/// The answers that are checked, and the ledger that they were computed from.
pub struct Told {
    population: Value,
    activity: Value,
    conversion: Value,
    payments: Value,
    checkouts: Value,
    money: Value,
    networks: Value,
    pub path_effect: Value,
    pub path_effect_within_an_hour: Value,
    pub declines: Value,
    pub change: Value,
    sent: Counts,
    promised: Summary,
    pub ledger: std::sync::Mutex<Ledger>,
}

pub fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut app = TestApp::on(config(&shared_folder("oracle")));
        let (sent, promised) = send(&app);
        app.wait_folded();
        let ask = |question: &str| app.client.get_json(&format!("/v1/metrics/{question}"));
        let population = ask("bot-growth?from=2025-01-01&to=2025-05-01&interval=day");
        let activity = ask("bot-activity?from=2025-01-01&to=2025-04-15&interval=day");
        let conversion = ask(&format!("conversion?{RANGE}&group_by=platform"));
        let payments = ask(&format!("payments?{RANGE}&group_by=provider&currency=USD"));
        let checkouts = ask(&format!("payments?{RANGE}&group_by=platform&currency=USD"));
        let money = ask(&format!("payments?{RANGE}&group_by=provider&currency=original"));
        let networks = ask(&format!("provider-share?{RANGE}&dimension=network&currency=USD"));
        let path_effect = ask(&format!("path-effect?{RANGE}"));
        let path_effect_within_an_hour = ask(&format!("path-effect?{RANGE}&window=1h"));
        let declines = ask(&format!("declines?{RANGE}&group_by=provider"));
        let change = ask("change?from=2025-03-01&to=2025-04-01&interval=month");
        app.stop();
        let ledger = std::sync::Mutex::new(Ledger::open(&app.config.data_dir));
        Told {
            population,
            activity,
            conversion,
            payments,
            checkouts,
            money,
            networks,
            path_effect,
            path_effect_within_an_hour,
            declines,
            change,
            sent,
            promised,
            ledger,
        }
    })
}

/// Generates a quarter of a year with every misbehaviour, and posts it in parts.
fn send(app: &TestApp) -> (Counts, Summary) {
    let plan = Plan {
        seed: 5,
        bots: 80,
        size: Size::Conversations(3_000),
        late_share: 600,
        out_of_order_share: 600,
        duplicate_share: 300,
        conflict_share: 60,
        invalid_share: 40,
        ..Plan::default()
    };
    let mut lines = generate::generate(plan).unwrap();
    let mut sent = Counts::default();
    loop {
        let part: Vec<String> = lines.by_ref().take(4_000).collect();
        if part.is_empty() {
            return (sent, lines.summary().clone());
        }
        let counts = app.client.post_events(&part.join("\n"));
        sent.accepted += counts.accepted;
        sent.duplicates += counts.duplicates;
        sent.conflicts += counts.conflicts;
        sent.rejected += counts.rejected;
    }
}

fn rows(sql: &str) -> Vec<Vec<String>> {
    told().ledger.lock().unwrap().rows(sql)
}

/// The named columns of an answer as text, amounts as minor units, sorted.
fn cells(answer: &Value, columns: &[&str], keep: impl Fn(&Value) -> bool) -> Vec<Vec<String>> {
    let text = |row: &Value, column: &str| match &row[column] {
        Value::Null => String::new(),
        Value::String(text) if column.starts_with("bucket_") => text[..10].to_owned(),
        Value::String(text) if text.chars().all(|c| c.is_ascii_digit() || c == '.') => minor(text),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let rows = answer["rows"].as_array().unwrap().iter().filter(|row| keep(row));
    let mut all: Vec<Vec<String>> = rows
        .map(|row| columns.iter().map(|column| text(row, column)).collect())
        .collect();
    all.sort();
    all
}

/// `12.30` as 1230.
fn minor(amount: &str) -> String {
    amount.replace('.', "").parse::<i64>().unwrap().to_string()
}

fn assert_same(told: &[Vec<String>], counted: &[Vec<String>], what: &str) {
    assert!(!counted.is_empty(), "{what}: the SQL gives nothing");
    let (only_told, only_counted): (Vec<_>, Vec<_>) = (
        told.iter().filter(|row| !counted.contains(row)).collect(),
        counted.iter().filter(|row| !told.contains(row)).collect(),
    );
    assert!(
        told == counted,
        "{what}\nonly answered: {only_told:?}\nonly counted: {only_counted:?}"
    );
}

#[test]
fn the_ledger_took_what_the_generator_promised() {
    let Told { sent, promised, .. } = told();
    let expected = Counts {
        accepted: promised.accepted,
        duplicates: promised.duplicates,
        conflicts: promised.conflicts,
        rejected: promised.rejected,
    };
    assert_eq!(*sent, expected);
    assert!(
        sent.accepted > 20_000 && sent.duplicates > 100 && sent.conflicts > 20 && sent.rejected > 20,
        "{sent:?}"
    );
    let stored = rows("select kind, count(*) from events group by kind order by kind");
    let mut wanted: Vec<Vec<String>> = promised
        .by_type
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| vec![kind.as_str().to_owned(), count.to_string()])
        .collect();
    wanted.sort();
    assert_eq!(stored, wanted);
}

#[test]
fn the_population_at_every_edge_and_the_flows_between_them_agree() {
    let counted = rows(
        "with life as (
            select platform, bot_id, time, kind = 'bot.retired' as leaves from events
            where kind in ('bot.registered', 'bot.reinstated', 'bot.retired')
            union all
            select platform, bot_id, min(time), false from events
            where bot_id is not null group by platform, bot_id
            having count(*) filter (where kind = 'bot.registered') = 0
        ),
        moments as (
            select platform, bot_id, time, bool_or(leaves) as leaves from life group by platform, bot_id, time
        ),
        turns as (
            select *, lag(leaves) over (partition by platform, bot_id order by time) as before from moments
        ),
        changes as (
            select
                platform, bot_id, time, leaves,
                row_number() over (partition by platform, bot_id, leaves order by time) as nth
            from turns where coalesce(before, true) <> leaves
        ),
        days as (
            select unnest(generate_series(timestamp '2025-01-01', timestamp '2025-04-30', interval 1 day)) as day
        ),
        flows as (
            select
                date_trunc('day', time) as day,
                count(*) filter (where not leaves and nth = 1) as registered,
                count(*) filter (where not leaves and nth > 1) as reinstated,
                count(*) filter (where leaves) as retired
            from changes group by 1
        ),
        stock as (
            select day, sum(case when leaves then -1 else 1 end) as closing
            from days join changes on time < day + interval 1 day group by day
        )
        select
            strftime(d.day, '%Y-%m-%d'), coalesce(registered, 0), coalesce(reinstated, 0), coalesce(retired, 0),
            coalesce(closing, 0)::bigint
        from days d left join flows using (day) left join stock using (day) order by 1",
    );
    let columns = ["bucket_start", "registered", "reinstated", "retired", "closing"];
    assert_same(&cells(&told().population, &columns, |_| true), &counted, "population");
    assert!(
        told().population["rows"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["residual"] == 0)
    );
}

#[test]
fn active_bots_and_their_growth_accounting_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS},
        active as (
            select platform, bot_id, time::date as day from events
            where mode = 'live' and bot_id is not null and (
                kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
                or (kind = 'conversation.message' and direction = 'in'))
            union
            select p.platform, p.bot_id, f.time::date from facts f join payments p using (provider, payment_id)
            where p.bot_id is not null and f.kind in (
                'transaction.initiated', 'transaction.requires_action', 'transaction.authorized',
                'transaction.captured', 'transaction.failed')
        ),
        runs as (
            select day, lag(day) over bot as before, lead(day) over bot as after
            from active window bot as (partition by platform, bot_id order by day)
        ),
        days as (
            select unnest(generate_series(timestamp '2025-01-01', timestamp '2025-04-14', interval 1 day))::date as day
        ),
        now as (
            select
                day, count(*) as active, count(*) filter (where before is null) as fresh,
                count(*) filter (where before = day - 1) as retained,
                count(*) filter (where before < day - 1) as resurrected
            from runs group by day
        ),
        gone as (
            select day + 1 as day, count(*) as churned from runs where after is null or after > day + 1 group by 1
        )
        select
            strftime(day, '%Y-%m-%d'), coalesce(active, 0), coalesce(fresh, 0), coalesce(retained, 0),
            coalesce(resurrected, 0), coalesce(churned, 0)
        from days left join now using (day) left join gone using (day) order by 1"
    ));
    let columns = ["bucket_start", "active", "new", "retained", "resurrected", "churned"];
    assert_same(&cells(&told().activity, &columns, |_| true), &counted, "activity");
}

#[test]
fn the_funnel_agrees() {
    let counted = rows(&format!(
        "with {PAYMENTS},
        started as (
            select platform, conversation_id, min(time) as started_at from events
            where kind = 'conversation.started' and mode = 'live' group by platform, conversation_id
        ),
        checkout as (
            select s.platform, s.conversation_id, min(e.time) as checkout_at
            from started s join events e using (platform, conversation_id)
            where e.kind = 'checkout.started' and e.mode = 'live' and e.time >= s.started_at
            group by s.platform, s.conversation_id
        ),
        paid as (
            select c.platform, c.conversation_id, min(p.paid_at) as paid_at
            from checkout c join payments p
                on p.conversation_platform = c.platform and p.conversation_id = c.conversation_id
            where p.paid_at >= c.checkout_at group by c.platform, c.conversation_id
        ),
        units as (
            select
                platform,
                date_diff('microsecond', started_at, checkout_at) / 1e6 as to_checkout,
                date_diff('microsecond', started_at, paid_at) / 1e6 as to_paid
            from started left join checkout using (platform, conversation_id)
            left join paid using (platform, conversation_id)
        )
        select platform, '1', count(*), count(*), 0 from units group by platform
        union all
        select platform, '2', count(*), count(*) filter (where to_checkout <= 86400),
            round(quantile_cont(to_checkout, 0.5) filter (where to_checkout <= 86400))::bigint
        from units group by platform
        union all
        select platform, '3', count(*), count(*) filter (where to_paid <= 86400),
            round(quantile_cont(to_paid, 0.5) filter (where to_paid <= 86400))::bigint
        from units group by platform
        order by 1, 2"
    ));
    let answer = cells(
        &told().conversion,
        &["platform", "step_index", "entered", "reached", "median_seconds"],
        |_| true,
    );
    let counts = |rows: &[Vec<String>]| rows.iter().map(|row| row[..4].to_vec()).collect::<Vec<_>>();
    assert_same(&counts(&answer), &counts(&counted), "funnel");
    for (told, counted) in answer.iter().zip(&counted) {
        let median = |row: &[String]| row[4].parse::<f64>().unwrap();
        assert!(
            (median(told) - median(counted)).abs() <= 1.0,
            "median {told:?} against {counted:?}"
        );
    }
}

/// Attempts: by id; without ids each failure is one and all approvals of a payment together are one.
pub const ATTEMPTS: &str = "
    tries as (
        select
            provider, payment_id,
            case
                when attempt_id is not null then 'id ' || attempt_id
                when kind = 'transaction.failed' then 'event ' || source || ' ' || id
                else 'approved'
            end as attempt,
            kind, failure_kind, time
        from facts where kind in ('transaction.authorized', 'transaction.captured', 'transaction.failed')
    ),
    attempts as (
        select
            provider, payment_id, attempt, bool_or(kind <> 'transaction.failed') as approved,
            coalesce(first(failure_kind order by time) filter (where kind = 'transaction.failed'), 'issuer')
                in ('issuer', 'risk') as declines
        from tries group by provider, payment_id, attempt
    ),
    disputes as (
        select
            provider, payment_id, dispute_id, max(minor) as minor, max(outcome) as outcome
        from facts where kind in ('transaction.disputed', 'transaction.dispute_closed') and stage = 'chargeback'
        group by provider, payment_id, dispute_id
    )";

#[test]
fn payments_attempts_and_disputes_per_provider_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS}, {ATTEMPTS},
        taken as (
            select
                provider, count(*) as payments,
                count(distinct (platform, bot_id)) filter (where bot_id is not null) as bots,
                count(distinct (platform, bot_id, user_id)) filter (where user_id is not null) as payers
            from payments where captured_at is not null group by provider
        ),
        decided as (
            select
                provider, count(*) filter (where approved or declines) as n,
                count(distinct payment_id) filter (where approved or declines) as payments_decided
            from attempts group by provider
        ),
        fought as (
            select
                provider, count(*) as opened, count(*) filter (where outcome = 'won') as won,
                count(*) filter (where outcome = 'lost') as lost
            from disputes group by provider
        )
        select
            provider, payments, bots, payers, n, payments_decided, coalesce(opened, 0), coalesce(won, 0),
            coalesce(lost, 0)
        from taken join decided using (provider) left join fought using (provider) order by provider"
    ));
    let columns = [
        "provider",
        "payments",
        "bots",
        "payers",
        "attempt_approval_n",
        "payment_success_n",
        "chargebacks_opened",
        "chargebacks_won",
        "chargebacks_lost",
    ];
    assert_same(&cells(&told().payments, &columns, |_| true), &counted, "payments");
}

#[test]
fn attempt_approval_per_provider_agrees() {
    let counted = rows(&format!(
        "with {PAYMENTS}, {ATTEMPTS}
        select provider, count(*) filter (where approved), count(*) filter (where approved or declines)
        from attempts group by provider order by provider"
    ));
    let answered = cells(&told().payments, &["provider", "attempt_approval"], |_| true);
    assert_eq!(answered.len(), counted.len());
    for (told, counted) in answered.iter().zip(&counted) {
        let number = |text: &String| text.parse::<f64>().unwrap();
        assert_eq!(told[0], counted[0]);
        let rate = number(&counted[1]) / number(&counted[2]);
        assert!((number(&told[1]) - rate).abs() < 1e-12, "{told:?} against {rate}");
    }
}

#[test]
fn checkouts_and_how_many_were_paid_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS},
        begun as (
            select platform, conversation_id, coalesce(checkout_id, source || ' ' || id) as checkout, min(time) as begun_at
            from events where kind = 'checkout.started' and mode = 'live' group by all
        ),
        named as (
            select b.platform, b.conversation_id, b.checkout, b.begun_at, p.paid_at
            from begun b join payments p on p.checkout_id = b.checkout and p.conversation_platform = b.platform
        ),
        latest as (
            select
                p.conversation_platform as platform, p.conversation_id, arg_max(b.checkout, b.begun_at) as checkout,
                max(b.begun_at) as begun_at, any_value(p.paid_at) as paid_at
            from payments p join begun b
                on b.platform = p.conversation_platform and b.conversation_id = p.conversation_id
                and b.begun_at <= p.paid_at
            where p.checkout_id is null group by p.provider, p.payment_id, p.conversation_platform, p.conversation_id
        ),
        paid as (
            select distinct platform, conversation_id, checkout from (from named union all from latest)
            where paid_at >= begun_at and paid_at <= begun_at + interval 24 hours
        )
        select platform, count(*), count(paid.checkout)
        from begun left join paid using (platform, conversation_id, checkout) group by platform order by platform"
    ));
    let columns = ["platform", "checkout_conversion_n", "checkout_conversion"];
    let answered = cells(&told().checkouts, &columns, |row| row["checkout_conversion_n"] != 0);
    assert_eq!(answered.len(), counted.len());
    for (told, counted) in answered.iter().zip(&counted) {
        let number = |text: &String| text.parse::<f64>().unwrap();
        assert_eq!(told[..2], counted[..2]);
        let rate = number(&counted[2]) / number(&counted[1]);
        assert!((number(&told[2]) - rate).abs() < 1e-12, "{told:?} against {counted:?}");
    }
}

#[test]
fn money_per_provider_and_currency_agrees_to_the_minor_unit() {
    let counted = rows(&format!(
        "with {PAYMENTS}, {ATTEMPTS},
        captures as (
            select provider, payment_id, max(minor) as minor from facts where kind = 'transaction.captured'
            group by provider, payment_id, coalesce(capture_id, attempt_id, '')
        ),
        captured as (select provider, payment_id, sum(minor) as captured from captures group by provider, payment_id),
        refunds as (
            select provider, payment_id, max(minor) as minor from facts where kind = 'transaction.refunded'
            group by provider, payment_id, refund_id
        ),
        refunded as (select provider, payment_id, sum(minor) as refunded from refunds group by provider, payment_id),
        lost as (
            select provider, payment_id, sum(minor) as lost from disputes where outcome = 'lost'
            group by provider, payment_id
        ),
        back as (
            select provider, payment_id, max(minor) as back from facts where kind = 'transaction.reversed'
            group by provider, payment_id
        ),
        sums as (
            select
                provider, currency, captured, coalesce(refunded, 0) as refunded, coalesce(lost, 0) as lost,
                -- Of a reversal only what was not taken back already.
                greatest(0, least(coalesce(back, 0), captured - coalesce(refunded, 0) - coalesce(lost, 0))) as back
            from payments join captured using (provider, payment_id) left join refunded using (provider, payment_id)
            left join lost using (provider, payment_id) left join back using (provider, payment_id)
        )
        select
            provider, currency, count(*), sum(captured)::bigint, sum(refunded)::bigint, sum(lost)::bigint,
            sum(back)::bigint
        from sums group by provider, currency order by provider, currency"
    ));
    let columns = [
        "provider",
        "currency",
        "payments",
        "gross",
        "refunded",
        "disputed_lost",
        "reversed",
    ];
    // A provider and currency of failed attempts only is a row of zeros, which the SQL does not make.
    let answered = cells(&told().money, &columns, |row| row["payments"] != 0);
    assert_same(&answered, &counted, "money");
}

#[test]
fn payments_per_network_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS}
        select
            coalesce(network, case when method <> 'card' then 'none' else 'unknown' end) as value, count(*)
        from payments where captured_at is not null group by 1 order by 1"
    ));
    assert_same(
        &cells(&told().networks, &["value", "payments"], |row| row["payments"] != 0),
        &counted,
        "networks",
    );
}
