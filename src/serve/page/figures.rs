//! The key figures of the period: each with its change, what it counts and what it lacks.

use maud::{Markup, html};

use super::figure::{Figure, Pair, between, card, count, share, whole};
use super::{Answer, Answers, format, missing, takings};
use crate::model::Value;

/// Renders every key figure.
pub fn render(answers: &Answers) -> Markup {
    let mut groups = [
        ("Bots", bots(answers)),
        ("Conversion", conversations(answers)),
        ("Money", takings::money_figures(answers)),
    ];
    groups
        .iter_mut()
        .flat_map(|group| &mut group.1)
        .for_each(|figure| figure.so_far = !answers.period.complete);
    html! {
        section id="figures" aria-labelledby="figures-title" {
            div.section-head {
                h2 id="figures-title" { "Key figures" }
                p.note { (comparison(answers)) }
            }
            @if let Some(why) = lacking(answers) { (missing::note("Not all figures can be shown: ", why)) }
            @for (name, figures) in &groups {
                h3.group { (name) }
                div.figures { @for figure in figures { (card(figure)) } }
            }
        }
    }
}

/// Why some of the figures cannot be had.
fn lacking(answers: &Answers) -> Option<&str> {
    let all = [&answers.current, &answers.before].into_iter();
    let mut all = all.flat_map(|of| [&of.growth, &of.activity, &of.conversion, &of.providers, &of.payments]);
    all.find_map(|answer| answer.lacking.as_deref())
}

/// What the changes are measured against, and why there may be none.
fn comparison(answers: &Answers) -> String {
    match answers.incomparable() {
        None => format!(
            "Changes against the period before, {}.",
            format::period(&answers.previous, answers.tz)
        ),
        Some(why) => format!("No changes are shown: {why}."),
    }
}

fn bots(answers: &Answers) -> Vec<Figure> {
    let (growth, activity) = (&answers.current.growth, &answers.current.activity);
    let int = |answer: &Answer, column: &str| answer.table.cell(0, column).as_i64();
    let told = |answer: &Answer, column: &str| count(int(answer, column));
    let net = |answer: &Answer| Some(int(answer, "closing")? - int(answer, "opening")?);
    let closing = answers.pair(growth, &answers.before.growth, 0, "closing");
    let active = answers.pair(activity, &answers.before.activity, 0, "active");
    let new = answers.pair(activity, &answers.before.activity, 0, "new");
    let churned = answers.pair(activity, &answers.before.activity, 0, "churned");
    let net_now = net(growth).map_or(Value::Null, Value::Int);
    let net_before = net(&answers.before.growth).map_or(Value::Null, Value::Int);
    let net_pair = Pair {
        now: &net_now,
        before: closing.before.map(|_| &net_before),
    };
    let rate = match growth.table.cell(0, "growth_rate") {
        Value::Number(rate) => format!(
            "{} of the {} at the start",
            format::signed_percent(*rate),
            told(growth, "opening")
        ),
        _ => "from no bots at the start".into(),
    };
    vec![
        whole(
            "closing",
            "Bots at the end",
            "",
            &closing,
            format!("registered and not retired; {} at the start", told(growth, "opening")),
        ),
        Figure {
            shown: net(growth).map_or(format::NOTHING.into(), format::signed_integer),
            ..whole(
                "net_growth",
                "Net growth",
                "",
                &net_pair,
                format!(
                    "{} registered + {} reinstated − {} retired; {rate}",
                    told(growth, "registered"),
                    told(growth, "reinstated"),
                    told(growth, "retired"),
                ),
            )
        },
        whole(
            "active",
            "Active bots",
            "",
            &active,
            format!(
                "of {} at the end; with a conversation, checkout or payment",
                told(growth, "closing")
            ),
        ),
        Figure {
            second: Some(Box::new(whole("churned", "", "churned", &churned, String::new()))),
            ..whole(
                "new",
                "New against churned",
                "new",
                &new,
                format!(
                    "active for the first time ever; active in the period before, silent now{}",
                    quick_ratio(activity)
                ),
            )
        },
    ]
}

fn quick_ratio(activity: &Answer) -> String {
    match activity.table.cell(0, "quick_ratio") {
        Value::Number(ratio) => format!(
            "; quick ratio {}: (new + resurrected) ÷ churned",
            format::number(*ratio)
        ),
        _ => String::new(),
    }
}

fn conversations(answers: &Answers) -> Vec<Figure> {
    let (now, before) = (&answers.current.conversion, &answers.before.conversion);
    let int = |row, column| now.table.cell(row, column).as_i64();
    let open = int(0, "open").unwrap_or(0);
    let caveat = (open > 0).then(|| {
        format!(
            "{} conversations are still inside their 24 hours: entered, but in no rate yet.",
            format::integer(open)
        )
    });
    let rate = |row: usize, key, label: &str, verb: &str| {
        let basis = match (int(row, "reached"), int(row, "dropped")) {
            (Some(reached), Some(dropped)) => format!(
                "{} {verb} within 24 h ÷ n = {} conversations{}",
                format::integer(reached),
                format::integer(reached + dropped),
                between(now, row, "ci_low", "ci_high"),
            ),
            _ => "of all conversations, within 24 h".into(),
        };
        share(key, label, &answers.pair(now, before, row, "rate"), basis)
    };
    vec![
        // Said once, where the conversations are counted, for both rates beside it.
        Figure {
            caveat,
            ..whole(
                "conversations",
                "Conversations",
                "",
                &answers.pair(now, before, 0, "entered"),
                "started in the period".into(),
            )
        },
        rate(1, "checkout_rate", "Checkout rate", "set out to pay"),
        rate(2, "paid_rate", "Paid rate", "paid"),
        takings::success(answers),
    ]
}
