//! The key figures of money: what came in, what stayed, how often it worked and who processed it.

use super::figure::{Figure, Pair, between, count, money, share, whole};
use super::{Answer, Answers, format, rates, readings};
use crate::model::Value;

/// Currencies that get figures of their own, and a place in a sentence; the table has all of them.
pub const CURRENCIES: usize = 4;

/// Payments, gross and net per currency, and the largest provider.
pub fn money_figures(answers: &Answers) -> Vec<Figure> {
    let now = &answers.current.payments;
    let mut figures = vec![captured(answers)];
    for row in with_money(now).into_iter().take(CURRENCIES) {
        let currency = text(now, row, "currency");
        let taken = |column: &str| money(now.table.cell(row, column));
        let net = format!(
            "gross − {} refunded − {} lost in disputes − {} reversed; before provider fees",
            taken("refunded"),
            taken("disputed_lost"),
            taken("reversed"),
        );
        let gross = match rates::sentence(&now.rates) {
            Some(rates) => format!("captured, each at its first capture; {rates}"),
            None => "captured, each at its first capture".to_owned(),
        };
        figures.push(whole("gross", "Gross", currency, &pair(answers, row, "gross"), gross));
        figures.push(whole("net", "Net", currency, &pair(answers, row, "net"), net));
    }
    let unconverted: i64 = sum(now, "unconverted").unwrap_or(0);
    if unconverted > 0 {
        let note = format!(
            "{} payments have no exchange rate and are left out of gross and net.",
            format::integer(unconverted)
        );
        let sums = figures.iter_mut().filter(|figure| figure.key == "gross");
        sums.for_each(|figure| figure.caveat = Some(note.clone()));
    }
    figures.push(largest(answers));
    figures
}

/// Counts add up over currencies; people do not, they may pay in several.
fn captured(answers: &Answers) -> Figure {
    let (now, before) = (&answers.current.payments, &answers.before.payments);
    let told = |answer| sum(answer, "payments").map_or(Value::Null, Value::Int);
    let (now_count, before_count) = (told(now), told(before));
    let pair = Pair {
        now: &now_count,
        before: answers.before_known().then_some(&before_count),
    };
    let basis = match with_money(now).len() {
        0 | 1 => format!(
            "with money captured, by {} payers",
            count(now.table.cell(0, "payers").as_i64())
        ),
        several if several <= CURRENCIES => format!("with money captured, in {several} currencies"),
        several => format!(
            "with money captured, in {several} currencies: here the {CURRENCIES} with the most payments, in the table all"
        ),
    };
    whole("payments", "Payments", "", &pair, basis)
}

/// How many of the payments tried came to a capture.
pub fn success(answers: &Answers) -> Figure {
    let now = &answers.current.payments;
    let row = by_size(now).first().copied().unwrap_or(0);
    let basis = format!(
        "captured ÷ n = {} payments{} with a decided attempt{}",
        count(now.table.cell(row, "payment_success_n").as_i64()),
        within(now, row),
        between(now, row, "payment_success_ci_low", "payment_success_ci_high"),
    );
    let pending = now.table.cell(row, "pending").as_i64().filter(|n| *n > 0);
    Figure {
        caveat: pending.map(|n| format!("{} more are pending: in no rate yet.", format::integer(n))),
        ..share(
            "payment_success",
            "Payment success",
            &pair(answers, row, "payment_success"),
            basis,
        )
    }
}

fn largest(answers: &Answers) -> Figure {
    let (now, before) = (&answers.current.providers, &answers.before.providers);
    let Some((name, row)) = top(now) else {
        let pair = Pair {
            now: &Value::Null,
            before: None,
        };
        return share("top1", "Largest provider", &pair, "no payment in the period".into());
    };
    let cell = |column| now.table.cell(row, column);
    let pair = Pair {
        now: cell("share_by_count"),
        before: answers
            .before_known()
            .then(|| counterpart(now, row, before, &["value", "currency"], "share_by_count")),
    };
    let concentration = match (cell("hhi"), cell("effective_number")) {
        (Value::Number(hhi), Value::Number(like)) => {
            format!(
                "; HHI {} of 10,000, like {like:.1} equal providers",
                format::number(hhi.round())
            )
        }
        _ => String::new(),
    };
    let basis = format!(
        "share of all payments{} by count, {} of them{concentration}",
        within(now, row),
        count(cell("payments").as_i64())
    );
    let figure = share("top1", "", &pair, basis);
    Figure {
        label: format!("Largest provider: {}", readings::name(name)),
        ..figure
    }
}

/// The named value with the most payments, and its row. Where currencies have rows of their own it is that of one.
pub fn top(answer: &Answer) -> Option<(&str, usize)> {
    let payments = |row| answer.table.cell(row, "payments").as_i64().unwrap_or(0);
    let named = |row| match answer.table.cell(row, "value").as_str()? {
        "none" | "unknown" => None,
        name if answer.tells_of_others(name) => None,
        name => Some((name, row)),
    };
    by_size(answer)
        .into_iter()
        .filter(|&row| payments(row) > 0)
        .find_map(named)
}

/// The currency of a row, in words, where the table has rows of several.
pub fn within(answer: &Answer, row: usize) -> String {
    let currency = |row| text(answer, row, "currency");
    let several = (0..answer.table.rows.len()).any(|other| currency(other) != currency(row));
    match currency(row) {
        _ if !several => String::new(),
        "" => " without a currency".to_owned(),
        code => format!(" in {code}"),
    }
}

/// The rows, most payments first.
fn by_size(answer: &Answer) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..answer.table.rows.len()).collect();
    rows.sort_by_key(|&row| std::cmp::Reverse(answer.table.cell(row, "payments").as_i64()));
    rows
}

/// The rows with a currency, most payments first, where there are several: what never had an amount has none.
pub fn with_money(answer: &Answer) -> Vec<usize> {
    let rows = by_size(answer);
    let has_currency = |row: &usize| !text(answer, *row, "currency").is_empty();
    match rows.len() {
        0 | 1 => rows,
        _ => rows.into_iter().filter(has_currency).collect(),
    }
}

/// A cell of the payments and the same currency's in the period before.
fn pair<'a>(answers: &'a Answers, row: usize, column: &str) -> Pair<'a> {
    let (now, before) = (&answers.current.payments, &answers.before.payments);
    Pair {
        now: now.table.cell(row, column),
        before: answers
            .before_known()
            .then(|| counterpart(now, row, before, &["currency"], column)),
    }
}

/// A cell of the row in `before` whose `names` are those of a row in `now`; null where there is none.
fn counterpart<'a>(now: &Answer, row: usize, before: &'a Answer, names: &[&str], column: &str) -> &'a Value {
    let same = |at: usize| {
        names
            .iter()
            .all(|name| before.table.cell(at, name) == now.table.cell(row, name))
    };
    let at = (0..before.table.rows.len()).find(|at| same(*at)).unwrap_or(usize::MAX);
    before.table.cell(at, column)
}

/// A count added up over all rows; null where there is no row.
fn sum(answer: &Answer, column: &str) -> Option<i64> {
    let rows = 0..answer.table.rows.len();
    rows.filter_map(|row| answer.table.cell(row, column).as_i64())
        .reduce(i64::saturating_add)
}

fn text<'a>(answer: &'a Answer, row: usize, column: &str) -> &'a str {
    answer.table.cell(row, column).as_str().unwrap_or("")
}
