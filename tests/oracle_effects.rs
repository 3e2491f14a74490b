//! A second opinion on path effect, declines and change: SQL over the raw events, statistics and all.

use serde_json::Value;

use crate::oracle::{ATTEMPTS, PAYMENTS, RANGE, told};

/// Rates must agree to this.
const EXACT: f64 = 1e-12;

fn rows(sql: &str) -> Vec<Vec<String>> {
    told().ledger.lock().unwrap().rows(sql)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Compares rows by their leading columns, whole numbers and words exactly, others to [`EXACT`]; tells the cells.
fn assert_same(answer: &Value, columns: &[&str], counted: &[Vec<String>], what: &str) -> usize {
    let told = answer["rows"].as_array().unwrap();
    assert!(!counted.is_empty(), "{what}: the SQL gives nothing");
    assert_eq!(told.len(), counted.len(), "{what}: rows");
    let mut told: Vec<Vec<String>> = told
        .iter()
        .map(|row| columns.iter().map(|column| text(&row[*column])).collect())
        .collect();
    told.sort();
    let mut counted = counted.to_vec();
    counted.sort();
    for (told, counted) in told.iter().zip(&counted) {
        for ((column, one), two) in columns.iter().zip(told).zip(counted) {
            let same = match (one.parse::<f64>(), two.parse::<f64>()) {
                (Ok(one), Ok(two)) => (one - two).abs() <= EXACT,
                _ => one == two,
            };
            assert!(same, "{what}: {column} is {one}, counted {two}\n{told:?}\n{counted:?}");
        }
    }
    told.len() * columns.len()
}

/// Checkouts with their arm, their stratum and whether they were paid within a window.
fn arms(hours: i64) -> String {
    format!(
        "{PAYMENTS},
        places as (
            select platform, conversation_id, first(country order by time, source, id) as country
            from events where conversation_id is not null and country is not null group by all
        ),
        homes as (
            select platform, bot_id, arg_max(country, (time, source, id)) as country
            from events where kind like 'bot.%' and country is not null group by all
        ),
        begun as (
            select
                platform, conversation_id, coalesce(checkout_id, source || ' ' || id) as checkout,
                min(time) as begun_at,
                first(path order by time, source, id) as path,
                first(credential order by time, source, id) as credential,
                first(bot_id order by time, source, id) as bot_id
            from events where kind = 'checkout.started' and mode = 'live' group by 1, 2, 3
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
            where paid_at >= begun_at and paid_at <= begun_at + interval {hours} hours
        ),
        units as (
            select
                b.path, b.credential, b.platform, coalesce(c.country, h.country, '?') as country,
                date_trunc('month', b.begun_at) as month, (paid.checkout is not null)::int as paid
            from begun b
            left join paid using (platform, conversation_id, checkout)
            left join places c using (platform, conversation_id)
            left join homes h on h.platform = b.platform and h.bot_id = b.bot_id
        ),
        compared as (
            select 'path' as dimension, 'in_thread' as level, 'redirect' as baseline, path as value, * from units
            union all select 'path', 'in_thread', 'webview', path, * from units
            union all select 'credential', 'saved', 'new', credential, * from units
        ),
        strata as (
            select
                dimension, level, baseline, platform, country, month,
                sum(case when value = level then paid else 0 end) as x1, count(*) filter (value = level) as n1,
                sum(case when value = baseline then paid else 0 end) as x2, count(*) filter (value = baseline) as n2
            from compared where value in (level, baseline) group by 1, 2, 3, 4, 5, 6
        )"
    )
}

/// Newcombe's interval of all strata together, and the stratified one of those with both arms.
const STATISTICS: &str = "
    crude as (
        select
            dimension, level, baseline, sum(x1) / sum(n1) as p1, sum(x2) / sum(n2) as p2, sum(n1)::bigint as n1,
            sum(n2)::bigint as n2, sum(x1) as x1, sum(x2) as x2
        from strata group by 1, 2, 3
    ),
    limits as (
        select
            *, 1.959964 as z,
            (2 * n1 * p1 + z * z - z * sqrt(z * z + 4 * n1 * p1 * (1 - p1))) / (2 * (n1 + z * z)) as l1,
            (2 * n1 * p1 + z * z + z * sqrt(z * z + 4 * n1 * p1 * (1 - p1))) / (2 * (n1 + z * z)) as u1,
            (2 * n2 * p2 + z * z - z * sqrt(z * z + 4 * n2 * p2 * (1 - p2))) / (2 * (n2 + z * z)) as l2,
            (2 * n2 * p2 + z * z + z * sqrt(z * z + 4 * n2 * p2 * (1 - p2))) / (2 * (n2 + z * z)) as u2
        from crude
    ),
    shared as (
        select
            *, x1 / n1 as p1, x2 / n2 as p2, (n1 + n2) / sum(n1 + n2) over arms as w,
            max(x1 > 0 and x1 < n1) over arms as varies1, max(x2 > 0 and x2 < n2) over arms as varies2
        from strata where n1 > 0 and n2 > 0 window arms as (partition by dimension, level, baseline)
    ),
    scattered as (
        select
            *, case when varies1 then p1 * (1 - p1) else 1 end / n1 as v1,
            case when varies2 then p2 * (1 - p2) else 1 end / n2 as v2
        from shared
    ),
    quantiles as (
        select
            *, 1.959964 * sqrt(sum(w * w * v1) over arms) / sum(w * sqrt(v1)) over arms as z1,
            1.959964 * sqrt(sum(w * w * v2) over arms) / sum(w * sqrt(v2)) over arms as z2
        from scattered window arms as (partition by dimension, level, baseline)
    ),
    pooled as (
        select
            dimension, level, baseline, sum(w * (p1 - p2)) as d, sum(w * w / n1) as s1, sum(w * w / n2) as s2,
            sum(n1 + n2)::bigint as kept,
            sum(w * (2 * x1 + z1 * z1 - z1 * sqrt(z1 * z1 + 4 * x1 * (1 - p1))) / (2 * (n1 + z1 * z1))) as l1,
            sum(w * (2 * x1 + z1 * z1 + z1 * sqrt(z1 * z1 + 4 * x1 * (1 - p1))) / (2 * (n1 + z1 * z1))) as u1,
            sum(w * (2 * x2 + z2 * z2 - z2 * sqrt(z2 * z2 + 4 * x2 * (1 - p2))) / (2 * (n2 + z2 * z2))) as l2,
            sum(w * (2 * x2 + z2 * z2 + z2 * sqrt(z2 * z2 + 4 * x2 * (1 - p2))) / (2 * (n2 + z2 * z2))) as u2
        from quantiles group by 1, 2, 3
    )
    select
        c.dimension, c.level, c.baseline, c.n1, c.p1, c.n2, c.p2, c.p1 - c.p2,
        c.p1 - c.p2 - sqrt((c.p1 - c.l1) ** 2 + (c.u2 - c.p2) ** 2),
        c.p1 - c.p2 + sqrt((c.u1 - c.p1) ** 2 + (c.p2 - c.l2) ** 2),
        a.d, a.d - c.z * sqrt(a.s1 * a.l1 * (1 - a.l1) + a.s2 * a.u2 * (1 - a.u2)),
        a.d + c.z * sqrt(a.s1 * a.u1 * (1 - a.u1) + a.s2 * a.l2 * (1 - a.l2)),
        coalesce(a.kept, 0) / (c.n1 + c.n2)
    from limits c left join pooled a using (dimension, level, baseline)";

const EFFECT: [&str; 14] = [
    "dimension",
    "level",
    "baseline",
    "n",
    "rate",
    "baseline_n",
    "baseline_rate",
    "difference",
    "ci_low",
    "ci_high",
    "adjusted_difference",
    "adjusted_ci_low",
    "adjusted_ci_high",
    "adjusted_coverage",
];

#[test]
fn the_path_effect_agrees() {
    for (answer, hours) in [(&told().path_effect, 24), (&told().path_effect_within_an_hour, 1)] {
        let counted = rows(&format!("with {}, {STATISTICS}", arms(hours)));
        assert_same(answer, &EFFECT, &counted, "path effect");
    }
}

/// Every decided attempt: when, by whom, how it ended, why it failed and whether it counts as decided.
const DECIDED: &str = "
    reasons as (
        select
            provider, payment_id,
            case when attempt_id is not null then 'id ' || attempt_id else 'event ' || source || ' ' || id end as attempt,
            coalesce(first(failure_kind order by time, source, id), 'issuer') as kind,
            first(decline_code order by time, source, id) as code
        from facts where kind = 'transaction.failed' group by 1, 2, 3
    ),
    moments as (select provider, payment_id, attempt, min(time) as time from tries group by 1, 2, 3),
    decided as (
        select a.provider, a.payment_id, a.attempt, a.approved, a.approved or a.declines as counted, m.time, r.kind, r.code
        from attempts a join moments m using (provider, payment_id, attempt)
        left join reasons r using (provider, payment_id, attempt)
    )";

#[test]
fn declines_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS}, {ATTEMPTS}, {DECIDED}
        select
            provider, code, kind, count(*), count(*) / sum(count(*)) over (partition by provider)
        from decided where not approved group by provider, code, kind"
    ));
    let columns = ["provider", "decline_code", "failure_kind", "attempts", "share"];
    let cells = assert_same(&told().declines, &columns, &counted, "declines");
    assert!(cells > 50, "{RANGE}: {cells} cells");
}

#[test]
fn the_change_of_approval_and_its_parts_agree() {
    let counted = rows(&format!(
        "with {PAYMENTS}, {ATTEMPTS}, {DECIDED},
        parts as (
            select
                provider, count(*) filter (time >= '2025-03-01') as n, count(*) filter (time < '2025-03-01') as m,
                count(*) filter (time >= '2025-03-01' and approved) as x,
                count(*) filter (time < '2025-03-01' and approved) as y
            from decided where counted and time >= '2025-02-01' and time < '2025-04-01' group by provider
        ),
        rates as (
            select
                *, n / sum(n) over () as w, m / sum(m) over () as v, x / nullif(n, 0) as r, y / nullif(m, 0) as q,
                (sum(x) over () / sum(n) over () + sum(y) over () / sum(m) over ()) / 2 as mean
            from parts
        )
        select
            provider, w, v, r, q, (w - v) * ((coalesce(r, q) + coalesce(q, r)) / 2 - mean),
            (w + v) / 2 * (coalesce(r, q) - coalesce(q, r))
        from rates"
    ));
    let columns = [
        "value",
        "weight",
        "weight_previous",
        "rate",
        "rate_previous",
        "mix",
        "within",
    ];
    assert_same(&told().change, &columns, &counted, "change");
}
