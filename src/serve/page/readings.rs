//! One sentence per section: what the period says, in words.

use super::{Answer, Answers, Section, Topic, failures, format, lives, outlook, paths, takings};
use crate::model::Value;

/// The sentence of a section, from the whole period as one bucket.
pub fn sentence(answers: &Answers, section: &Section) -> String {
    match section.topic {
        Topic::Paths => paths::sentence(&section.answer),
        Topic::Change => match answers.incomparable() {
            Some(why) => failures::alone(&section.answer, &why),
            None => failures::change(&section.answer),
        },
        Topic::Declines => failures::declines(&section.answer),
        Topic::Population => population(&answers.current.growth),
        Topic::Milestones => lives::milestones(section, answers.tz),
        Topic::Forecast | Topic::Outlook => outlook::sentence(section),
        Topic::Activity => activity(&answers.current.activity),
        Topic::Activation => lives::activation(section),
        Topic::Retention => lives::retention(section),
        Topic::Conversion => conversion(&answers.current.conversion),
        Topic::Providers => shares(&answers.current.providers, "processed", "providers"),
        Topic::Networks => shares(&answers.networks, "carried", "networks"),
        Topic::Joining => joining(&answers.coverage),
        Topic::Payments => payments(&answers.current.payments),
    }
}

/// Why a section has no sentence; `None` where it has one.
pub fn lacking<'a>(answers: &'a Answers, section: &'a Section) -> Option<&'a str> {
    let whole = match section.topic {
        Topic::Population => &answers.current.growth,
        Topic::Activity => &answers.current.activity,
        Topic::Conversion => &answers.current.conversion,
        Topic::Providers => &answers.current.providers,
        Topic::Networks => &answers.networks,
        Topic::Joining => &answers.coverage,
        Topic::Payments => &answers.current.payments,
        _ => &section.answer,
    };
    whole.lacking.as_deref().or(section.answer.lacking.as_deref())
}

/// The title of a section.
pub fn title(topic: Topic) -> &'static str {
    match topic {
        Topic::Paths => "Payment paths",
        Topic::Population => "Population",
        Topic::Milestones => "Milestones",
        Topic::Forecast => "Population forecast",
        Topic::Activity => "Activity",
        Topic::Activation => "Activation",
        Topic::Retention => "Retention",
        Topic::Conversion => "Conversion",
        Topic::Providers => "Providers",
        Topic::Networks => "Networks",
        Topic::Change => "Approval change",
        Topic::Declines => "Declines",
        Topic::Joining => "Attribution",
        Topic::Payments => "Payments",
        Topic::Outlook => "Payments forecast",
    }
}

/// A word of the data as people write it: `stripe` becomes `Stripe`.
pub fn name(word: &str) -> String {
    match word {
        "paypal" => "PayPal".into(),
        "amex" => "American Express".into(),
        "in_thread" => "In the thread".into(),
        "redirect" => "By redirect".into(),
        "webview" => "In a web view".into(),
        "saved" => "With a saved credential".into(),
        "new" => "With a new one".into(),
        "none" => "Without a network".into(),
        _ => {
            let mut letters = word.chars();
            letters
                .next()
                .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

fn population(growth: &Answer) -> String {
    let int = |column: &str| growth.table.cell(0, column).as_i64().unwrap_or(0);
    let (opening, closing) = (int("opening"), int("closing"));
    let flows = format!(
        "{} registered, {} came back, {} retired",
        format::integer(int("registered")),
        format::integer(int("reinstated")),
        format::integer(int("retired")),
    );
    let (from, to) = (format::integer(opening), format::integer(closing));
    match closing.cmp(&opening) {
        std::cmp::Ordering::Greater => {
            format!("The population grew from {from} to {to} bots{}: {flows}.", rate(growth))
        }
        std::cmp::Ordering::Less => format!("The population fell from {from} to {to} bots{}: {flows}.", rate(growth)),
        std::cmp::Ordering::Equal => format!("The population stayed at {to} bots: {flows}."),
    }
}

fn rate(growth: &Answer) -> String {
    match growth.table.cell(0, "growth_rate") {
        Value::Number(rate) => format!(" ({})", format::signed_percent(*rate)),
        _ => String::new(),
    }
}

fn activity(activity: &Answer) -> String {
    let int = |column: &str| format::integer(activity.table.cell(0, column).as_i64().unwrap_or(0));
    format!(
        "{} bots were active: {} for the first time, {} also in the period before, {} after a longer pause. {} that were \
         active in the period before fell silent.",
        int("active"),
        int("new"),
        int("retained"),
        int("resurrected"),
        int("churned"),
    )
}

fn conversion(funnel: &Answer) -> String {
    let entered = funnel.table.cell(0, "entered").as_i64().unwrap_or(0);
    let rate = |row| funnel.table.cell(row, "rate").as_f64().map(format::percent);
    match (rate(1), rate(2)) {
        (Some(checkout), Some(paid)) => format!(
            "Of {} conversations, {checkout} reached a checkout and {paid} paid within 24 hours.",
            format::integer(entered),
        ),
        _ if entered > 0 => format!(
            "{} conversations entered; none has had its 24 hours yet.",
            format::integer(entered)
        ),
        _ => "No conversation began in this period.".into(),
    }
}

fn shares(answer: &Answer, verb: &str, plural: &str) -> String {
    let Some((value, row)) = takings::top(answer) else {
        return "No payment was captured in this period.".into();
    };
    let share = answer.table.cell(row, "share_by_count").as_f64().unwrap_or(0.0);
    let within = takings::within(answer, row);
    let others = match within.is_empty() {
        true => "",
        false => " The table has the other currencies.",
    };
    let like = match answer.table.cell(row, "effective_number") {
        Value::Number(like) => format!("; the concentration is that of {like:.1} equal {plural}"),
        _ => String::new(),
    };
    format!(
        "{} {verb} {} of the payments{within}{like}.{others}",
        name(value),
        format::percent(share)
    )
}

fn payments(payments: &Answer) -> String {
    let count = payments.table.cell(0, "payments").as_i64().unwrap_or(0);
    let success = payments.table.cell(0, "payment_success").as_f64();
    let success = success.map_or(String::new(), |rate| {
        format!(" {} of the payments tried came to a capture.", format::percent(rate))
    });
    let rows = takings::with_money(payments);
    let sum = |row: &usize| match payments.table.cell(*row, "gross") {
        gross @ Value::Amount { .. } => {
            let currency = payments.table.cell(*row, "currency").as_str().unwrap_or("");
            let sum = format!("{} {currency}", format::decimal(&gross.to_text()));
            Some(sum.trim_end().to_owned())
        }
        _ => None,
    };
    let sums: Vec<String> = rows.iter().take(takings::CURRENCIES).filter_map(sum).collect();
    if rows.len() > 1 {
        // With one row per currency the first row's counts are not those of all payments.
        let more = match rows.len().saturating_sub(takings::CURRENCIES) {
            0 => String::new(),
            more => format!(", and {more} more in the table"),
        };
        return format!("Captured, each currency for itself: {}{more}.", sums.join(", "));
    }
    match sums.first() {
        Some(sum) if count > 0 => format!("{} payments brought {sum} gross.{success}", format::integer(count)),
        _ if count > 0 => format!("{} payments were captured.{success}", format::integer(count)),
        _ => format!("No payment was captured in this period.{success}"),
    }
}

fn joining(coverage: &Answer) -> String {
    let table = &coverage.table;
    let int = |row: usize, column: &str| table.cell(row, column).as_i64().unwrap_or(0);
    let all = |column: &str| (0..table.rows.len()).map(|row| int(row, column)).sum::<i64>();
    let (payments, attributed) = (all("payments"), all("attributed"));
    if payments == 0 {
        return "No payment was captured in this period.".into();
    }
    let mut rows: Vec<usize> = (0..table.rows.len())
        .filter(|row| int(*row, "unattributed") > 0)
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(int(*row, "unattributed")));
    let missing: Vec<String> = rows
        .iter()
        .take(3)
        .map(|&row| {
            let provider = name(table.cell(row, "provider").as_str().unwrap_or("unknown"));
            format!("{provider} {}", format::integer(int(row, "unattributed")))
        })
        .collect();
    let missing = match (missing.is_empty(), rows.len() > 3) {
        (true, _) => String::new(),
        (false, false) => format!(" Without a bot: {}.", missing.join(", ")),
        (false, true) => format!(" Without a bot: {} and others.", missing.join(", ")),
    };
    format!(
        "{} of {} payments belong to a bot.{missing}",
        format::percent(attributed as f64 / payments as f64),
        format::integer(payments)
    )
}
