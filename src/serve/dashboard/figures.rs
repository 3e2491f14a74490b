//! The key figures of the period: each with its change, what it counts and what it lacks.

use maud::{Markup, html};

use super::figure::{Figure, Pair, between, card, count, money, share, whole};
use super::{Answer, Answers, format, readings};
use crate::model::Value;

/// Currencies that get figures of their own; the table has all of them.
const CURRENCIES: usize = 4;

/// Renders every key figure.
pub fn render(answers: &Answers) -> Markup {
    let mut groups = [
        ("Bots", bots(answers)),
        ("Conversion", conversations(answers)),
        ("Money", payments(answers)),
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
            @for (name, figures) in &groups {
                h3.group { (name) }
                div.figures { @for figure in figures { (card(figure)) } }
            }
        }
    }
}

/// What the changes are measured against, and why there may be none.
fn comparison(answers: &Answers) -> String {
    let before = format::period(&answers.previous, answers.tz);
    if !answers.period.complete {
        return "This period is not over yet, so it is not compared with the one before.".into();
    }
    if answers.before_known() {
        let hint = if answers.previous.covered {
            ""
        } else {
            "; the data begins within it"
        };
        return format!("Changes against the period of the same length before, {before}{hint}.");
    }
    format!("No data from the period before, {before}, to compare with.")
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
        Figure {
            caveat: caveat.clone(),
            ..share(key, label, &answers.pair(now, before, row, "rate"), basis)
        }
    };
    vec![
        whole(
            "conversations",
            "Conversations",
            "",
            &answers.pair(now, before, 0, "entered"),
            "started in the period".into(),
        ),
        rate(1, "checkout_rate", "Checkout rate", "set out to pay"),
        rate(2, "paid_rate", "Paid rate", "paid"),
        success(answers),
    ]
}

fn payments(answers: &Answers) -> Vec<Figure> {
    let (now, before) = (&answers.current.payments, &answers.before.payments);
    let payers = count(now.table.cell(0, "payers").as_i64());
    let mut figures = Vec::new();
    for row in 0..now.table.rows.len().clamp(1, CURRENCIES) {
        let currency = now.table.cell(row, "currency").as_str().unwrap_or("");
        // Currencies are rows of their own: the earlier figure is that of the same one.
        let earlier = (0..before.table.rows.len())
            .find(|&at| before.table.cell(at, "currency").as_str().unwrap_or("") == currency)
            .unwrap_or(usize::MAX);
        let pair = |column: &str| Pair {
            now: now.table.cell(row, column),
            before: answers.before_known().then(|| before.table.cell(earlier, column)),
        };
        if row == 0 {
            figures.push(whole(
                "payments",
                "Payments",
                "",
                &pair("payments"),
                format!("with money captured, by {payers} payers"),
            ));
        }
        figures.push(whole(
            "gross",
            "Gross",
            currency,
            &pair("gross"),
            "captured, each at its first capture".into(),
        ));
        let taken = |column: &str| now.table.cell(row, column);
        let basis = format!(
            "gross − {} refunded − {} lost in disputes − {} reversed; before provider fees",
            money(taken("refunded")),
            money(taken("disputed_lost")),
            money(taken("reversed")),
        );
        figures.push(whole("net", "Net", currency, &pair("net"), basis));
    }
    if let Some(unconverted) = now.table.cell(0, "unconverted").as_i64().filter(|n| *n > 0) {
        let note = format!(
            "{} payments have no exchange rate and are left out of the sums.",
            format::integer(unconverted)
        );
        figures
            .iter_mut()
            .filter(|f| f.key != "payments")
            .for_each(|f| f.caveat = Some(note.clone()));
    }
    figures.push(largest(answers));
    figures
}

fn success(answers: &Answers) -> Figure {
    let (now, before) = (&answers.current.payments, &answers.before.payments);
    let basis = format!(
        "captured ÷ n = {} payments with a decided attempt{}",
        count(now.table.cell(0, "payment_success_n").as_i64()),
        between(now, 0, "payment_success_ci_low", "payment_success_ci_high"),
    );
    let pending = now.table.cell(0, "pending").as_i64().filter(|n| *n > 0);
    Figure {
        caveat: pending.map(|n| format!("{} more are pending: in no rate yet.", format::integer(n))),
        ..share(
            "payment_success",
            "Payment success",
            &answers.pair(now, before, 0, "payment_success"),
            basis,
        )
    }
}

fn largest(answers: &Answers) -> Figure {
    let now = &answers.current.providers;
    let Some((name, row)) = top(now) else {
        return share(
            "top1",
            "Largest provider",
            &Pair {
                now: &Value::Null,
                before: None,
            },
            "no payment in the period".into(),
        );
    };
    let earlier = (0..answers.before.providers.table.rows.len())
        .find(|&at| {
            let then = &answers.before.providers.table;
            let same = |column| then.cell(at, column) == now.table.cell(row, column);
            same("value") && same("currency")
        })
        .unwrap_or(usize::MAX);
    let pair = Pair {
        now: now.table.cell(row, "share_by_count"),
        before: answers
            .before_known()
            .then(|| answers.before.providers.table.cell(earlier, "share_by_count")),
    };
    let concentration = match (now.table.cell(row, "hhi"), now.table.cell(row, "effective_number")) {
        (Value::Number(hhi), Value::Number(like)) => {
            format!(
                "; HHI {} of 10,000, like {} equal providers",
                format::number(hhi.round()),
                format::number((like * 10.0).round() / 10.0)
            )
        }
        _ => String::new(),
    };
    let basis = format!(
        "share of all payments{} by count, {} of them{concentration}",
        within(now, row),
        count(now.table.cell(row, "payments").as_i64())
    );
    Figure {
        label: format!("Largest provider: {}", readings::name(name)),
        ..share("top1", "", &pair, basis)
    }
}

/// The named value with the most payments, and its row. Where currencies have rows of their own it is that of one.
pub fn top(answer: &Answer) -> Option<(&str, usize)> {
    let table = &answer.table;
    let payments = |row| table.cell(row, "payments").as_i64().unwrap_or(0);
    let named = |row| match table.cell(row, "value").as_str()? {
        "none" | "unknown" => None,
        name => Some((name, row)),
    };
    let rows = (0..table.rows.len()).filter(|&row| payments(row) > 0);
    rows.filter_map(named)
        .max_by_key(|&(_, row)| (payments(row), std::cmp::Reverse(row)))
}

/// The currency of a row, in words, where the table has rows of several.
pub fn within(answer: &Answer, row: usize) -> String {
    let currency = |row| answer.table.cell(row, "currency").as_str();
    let several = (0..answer.table.rows.len()).any(|other| currency(other) != currency(row));
    currency(row)
        .filter(|_| several)
        .map_or(String::new(), |code| format!(" in {code}"))
}
