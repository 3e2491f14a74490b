//! The key figures of money: what came in, what stayed, how often it worked and who processed it.

use super::figure::{Figure, Pair, between, money, share, whole};
use super::{Answers, rates};
use crate::model::{Table, Value};
use crate::serve::numbers;
use crate::serve::views::largest;
use crate::serve::views::row::{CURRENCIES, by_payments, first, rows, sum, with_money, within};

const PAYMENTS: &str = "payments";

/// Payments, gross and net per currency, and the largest provider.
pub fn money_figures(answers: &Answers) -> Vec<Figure> {
    let now = answers.now(PAYMENTS);
    let rates = match answers.report(PAYMENTS) {
        Some(Ok(report)) => rates::sentence(&report.meta.rates),
        _ => None,
    };
    let gross = match rates {
        Some(rates) => format!("captured, each at its first capture; {rates}"),
        None => "captured, each at its first capture".to_owned(),
    };
    let unconverted = sum(rows(now), "unconverted");
    let caveat = (unconverted > 0).then(|| {
        format!(
            "{} payments have no exchange rate and are left out of gross and net.",
            numbers::integer(unconverted)
        )
    });
    let mut figures = vec![captured(answers)];
    for row in with_money(now).into_iter().take(CURRENCIES) {
        let currency = row.text("currency");
        let taken = |column: &str| money(row.cell(column));
        let pair = |column| answers.pair(PAYMENTS, row, &["currency"], column);
        let net = format!(
            "gross − {} refunded − {} lost in disputes − {} reversed; before provider fees",
            taken("refunded"),
            taken("disputed_lost"),
            taken("reversed"),
        );
        figures.push(Figure {
            unit: currency.into(),
            caveat: caveat.clone(),
            ..whole("gross", "Gross", &pair("gross"), gross.clone())
        });
        figures.push(Figure {
            unit: currency.into(),
            ..whole("net", "Net", &pair("net"), net)
        });
    }
    figures.push(top1(answers));
    figures
}

/// Counts add up over currencies; people do not, they may pay in several.
fn captured(answers: &Answers) -> Figure {
    let now = answers.now(PAYMENTS);
    let all = |table: &Table| match table.rows.len() {
        0 => Value::Null,
        _ => Value::Int(sum(rows(table), "payments")),
    };
    let (now_count, before_count) = (all(now), all(answers.before(PAYMENTS)));
    let pair = Pair {
        now: &now_count,
        before: answers.before_known().then_some(&before_count),
    };
    let basis = match with_money(now).len() {
        0 | 1 => format!("with money captured, by {} payers", money(first(now).cell("payers"))),
        several if several <= CURRENCIES => format!("with money captured, in {several} currencies"),
        several => format!(
            "with money captured, in {several} currencies: here the {CURRENCIES} with the most payments, in the table all"
        ),
    };
    whole("payments", "Payments", &pair, basis)
}

/// How many of the attempted payments were captured.
pub fn success(answers: &Answers) -> Figure {
    let now = answers.now(PAYMENTS);
    let row = by_payments(now).first().copied().unwrap_or(first(now));
    let basis = format!(
        "captured ÷ n = {} payments{} with a decided attempt{}",
        money(row.cell("payment_success_n")),
        within(row),
        between(row, "payment_success_ci_low", "payment_success_ci_high"),
    );
    let pair = answers.pair(PAYMENTS, row, &["currency"], "payment_success");
    let caveat =
        (row.int("pending") > 0).then(|| format!("{} more are pending: in no rate yet.", row.count("pending")));
    Figure {
        caveat,
        ..share("payment_success", "Payment success", &pair, basis)
    }
}

/// The provider with the most payments.
fn top1(answers: &Answers) -> Figure {
    let told = answers.report("provider-share").and_then(|told| told.as_ref().ok());
    let Some(row) = told.and_then(largest) else {
        let pair = Pair {
            now: &Value::Null,
            before: None,
        };
        return share("top1", "Largest provider", &pair, "no payment in the period".into());
    };
    let concentration = match (row.number("hhi"), row.number("effective_number")) {
        (Some(hhi), Some(like)) => {
            let hhi = numbers::number(hhi.round());
            format!("; HHI {hhi} of 10,000, like {like:.1} equal providers")
        }
        _ => String::new(),
    };
    let basis = format!(
        "share of all payments{} by count, {} of them{concentration}",
        within(row),
        row.count("payments")
    );
    let label = format!("Largest provider: {}", row.name("value"));
    let pair = answers.pair("provider-share", row, &["value", "currency"], "share_by_count");
    share("top1", &label, &pair, basis)
}
