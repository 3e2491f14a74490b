//! The key figures of the period: each with its change, what it counts and what it lacks.

use maud::{Markup, html};

use super::figure::{Figure, Pair, between, card, money, share, whole};
use super::{Answers, Told, missing, takings};
use crate::model::Value;
use crate::serve::numbers;
use crate::serve::views::row::{Row, first};

/// What the key figures are told from.
pub const METRICS: [&str; 5] = ["bot-growth", "bot-activity", "conversion", "provider-share", "payments"];

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
    let now = METRICS.iter().filter_map(|metric| answers.report(metric));
    let mut all = now.chain(answers.before.iter().map(|(_, told)| told));
    all.find_map(|told: &Told| told.as_ref().err()).map(String::as_str)
}

/// What the changes are measured against, and why there may be none.
fn comparison(answers: &Answers) -> String {
    match answers.incomparable() {
        None => format!(
            "Changes against the period before, {}.",
            answers.previous.text(answers.tz)
        ),
        Some(why) => format!("No changes are shown: {why}."),
    }
}

fn bots(answers: &Answers) -> Vec<Figure> {
    let (growth, activity) = (first(answers.now("bot-growth")), first(answers.now("bot-activity")));
    let told = |column: &str| money(growth.cell(column));
    let net = |row: Row| Some(row.cell("closing").as_i64()? - row.cell("opening").as_i64()?);
    let closing = answers.pair("bot-growth", growth, &[], "closing");
    let active = |column| answers.pair("bot-activity", activity, &[], column);
    let net_now = net(growth).map_or(Value::Null, Value::Int);
    let net_before = net(first(answers.before("bot-growth"))).map_or(Value::Null, Value::Int);
    let net_pair = Pair {
        now: &net_now,
        before: closing.before.map(|_| &net_before),
    };
    let (start, end) = (told("opening"), told("closing"));
    let rate = match growth.number("growth_rate") {
        Some(rate) => format!("{} of the {start} at the start", numbers::signed_percent(rate)),
        None => "from no bots at the start".into(),
    };
    let flows = format!(
        "{} registered + {} reinstated − {} retired; {rate}",
        told("registered"),
        told("reinstated"),
        told("retired"),
    );
    let members = format!("registered and not retired; {start} at the start");
    let doing = format!("of {end} at the end; with a conversation, checkout or payment");
    let turnover = format!(
        "active for the first time ever; active in the period before, silent now{}",
        quick_ratio(activity)
    );
    let churned = whole("churned", "", &active("churned"), String::new());
    vec![
        whole("closing", "Bots at the end", &closing, members),
        Figure {
            shown: net(growth).map_or(numbers::NOTHING.into(), numbers::signed_integer),
            ..whole("net_growth", "Net growth", &net_pair, flows)
        },
        whole("active", "Active bots", &active("active"), doing),
        Figure {
            unit: "new".into(),
            second: Some(Box::new(Figure {
                unit: "churned".into(),
                ..churned
            })),
            ..whole("new", "New against churned", &active("new"), turnover)
        },
    ]
}

fn quick_ratio(activity: Row) -> String {
    activity.number("quick_ratio").map_or(String::new(), |ratio| {
        format!(
            "; quick ratio {}: (new + resurrected) ÷ churned",
            numbers::number(ratio)
        )
    })
}

fn conversations(answers: &Answers) -> Vec<Figure> {
    let table = answers.now("conversion");
    let step = |at| Row { table, at };
    let pair = |row, column| answers.pair("conversion", row, &["step_index"], column);
    let caveat = (step(0).int("open") > 0).then(|| {
        format!(
            "{} conversations are still inside their 24 hours: entered, but in no rate yet.",
            step(0).count("open")
        )
    });
    let rate = |at, key, label: &str, verb: &str| {
        let row = step(at);
        let basis = match (row.cell("reached").as_i64(), row.cell("dropped").as_i64()) {
            (Some(reached), Some(dropped)) => format!(
                "{} {verb} within 24 h ÷ n = {} conversations{}",
                numbers::integer(reached),
                numbers::integer(reached + dropped),
                between(row, "ci_low", "ci_high"),
            ),
            _ => "of all conversations, within 24 h".into(),
        };
        share(key, label, &pair(row, "rate"), basis)
    };
    let entered = pair(step(0), "entered");
    vec![
        // Said once, where the conversations are counted, for both rates beside it.
        Figure {
            caveat,
            ..whole(
                "conversations",
                "Conversations",
                &entered,
                "started in the period".into(),
            )
        },
        rate(1, "checkout_rate", "Checkout rate", "set out to pay"),
        rate(2, "paid_rate", "Paid rate", "paid"),
        takings::success(answers),
    ]
}
