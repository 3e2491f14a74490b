//! Files of exchange rates: the history and the daily file of the European Central Bank, and a plain list.
//!
//! Both are CSV and are distinguished by their header. A file is imported completely or not at all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use csv::{ReaderBuilder, StringRecord, Trim};

use crate::model::{Currency, Decimal, Rate};

/// Rates that one file may hold; the history of the European Central Bank has about 220,000.
const MAX_RATES: usize = 2_000_000;
/// Bytes of the name of a source.
const MAX_SOURCE_BYTES: usize = 64;
/// The header of the plain list.
const PLAIN: [&str; 5] = ["date", "base", "quote", "rate", "source"];
/// What the European Central Bank publishes: units of a currency for one euro.
const ECB: (&str, &str) = ("EUR", "ECB");
/// Where it has no rate.
const NOT_AVAILABLE: &str = "N/A";

/// The rates of a file.
#[derive(Debug, Default)]
pub struct RateFile {
    /// The rates, each day, base and quote once.
    pub rates: Vec<Rate>,
    /// Columns of currencies that the ledger does not know and that are left out.
    pub left_out: Vec<String>,
}

/// Bytes that the rates of a file of a given size take at most: a rate and its comma have five bytes or more.
pub fn most_bytes(file: usize) -> usize {
    // Growing, a list doubles.
    (file / 5 + 1).min(MAX_RATES) * 2 * size_of::<Rate>()
}

/// Where a file is wrong; nothing of it counts then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{field}` {message}")]
pub struct RateError {
    /// The line, from 1.
    pub line: u64,
    /// The column.
    pub field: String,
    /// What is wrong with its value.
    pub message: String,
}

fn wrong<T>(line: u64, field: &str, message: impl Into<String>) -> Result<T, RateError> {
    Err(RateError {
        line,
        field: field.to_owned(),
        message: message.into(),
    })
}

/// Reads a file of rates.
///
/// # Errors
/// Names the first line and field that is wrong.
pub fn parse(bytes: &[u8]) -> Result<RateFile, RateError> {
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(bytes);
    let mut records = reader.into_records().map(read).filter(|record| {
        // A line of blanks is no line.
        record
            .as_ref()
            .map_or(true, |(_, record)| record.iter().any(|cell| !cell.is_empty()))
    });
    let Some((line, header)) = records.next().transpose()? else {
        return wrong(1, PLAIN[0], "is missing: the file is empty");
    };
    let mut list = List::default();
    if header.iter().map(str::to_ascii_lowercase).eq(PLAIN) {
        records.try_for_each(|record| list.add_plain(record?))?;
        return Ok(list.file);
    }
    let columns = Columns::of(line, &header, &mut list.file.left_out)?;
    records.try_for_each(|record| list.add_day(&columns, record?))?;
    Ok(list.file)
}

type Line = (u64, StringRecord);

fn read(record: Result<StringRecord, csv::Error>) -> Result<Line, RateError> {
    match record {
        Ok(record) => Ok((record.position().map_or(0, csv::Position::line), record)),
        Err(error) => wrong(
            error.position().map_or(0, csv::Position::line),
            PLAIN[0],
            "is in a line that is not CSV in UTF-8",
        ),
    }
}

/// The columns of a file of the European Central Bank.
struct Columns {
    /// Name and, where it is known here, currency; the first is the date.
    cells: Vec<(String, Option<Currency>)>,
    /// Whether every line ends in a comma.
    comma: bool,
    base: Currency,
    source: Arc<str>,
}

impl Columns {
    fn of(line: u64, header: &StringRecord, left_out: &mut Vec<String>) -> Result<Self, RateError> {
        let comma = header.len() > 1 && header.iter().next_back() == Some("");
        let names: Vec<&str> = header.iter().take(header.len() - usize::from(comma)).collect();
        let is_code = |name: &&str| name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase());
        let first = names.first().copied().unwrap_or_default();
        let known = "the header must be `date,base,quote,rate,source`, or `Date` and currencies as the European Central Bank writes it";
        if !first.eq_ignore_ascii_case(PLAIN[0]) || names.len() < 2 {
            return wrong(line, first, format!("is not expected here: {known}"));
        }
        let mut cells = vec![(first.to_owned(), None)];
        let mut seen = HashSet::new();
        for name in names.iter().skip(1) {
            if !is_code(name) || *name == ECB.0 {
                return wrong(
                    line,
                    name,
                    format!("is not a currency with a rate for the euro: {known}"),
                );
            }
            if !seen.insert(*name) {
                return wrong(line, name, "appears twice in the header");
            }
            let currency = Currency::parse(name);
            if currency.is_none() {
                left_out.push((*name).to_owned());
            }
            cells.push(((*name).to_owned(), currency));
        }
        let Some(base) = Currency::parse(ECB.0) else {
            return wrong(line, ECB.0, "is not a known currency");
        };
        Ok(Columns {
            cells,
            comma,
            base,
            source: ECB.1.into(),
        })
    }
}

/// The rates read so far.
#[derive(Default)]
struct List {
    file: RateFile,
    /// Position among the rates and line, by day, base and quote.
    seen: HashMap<(i32, Currency, Currency), (usize, u64)>,
    sources: HashMap<String, Arc<str>>,
}

impl List {
    /// Adds a line of the European Central Bank: a day and a rate for each currency that has one.
    fn add_day(&mut self, columns: &Columns, (line, record): Line) -> Result<(), RateError> {
        let expected = columns.cells.len() + usize::from(columns.comma);
        if record.len() != expected {
            return wrong(
                line,
                &columns.cells[0].0,
                format!(
                    "begins a line of {} values, but the header has {}",
                    record.len(),
                    expected
                ),
            );
        }
        let mut date = 0;
        for (at, (cell, (name, currency))) in record.iter().zip(&columns.cells).enumerate() {
            if at == 0 {
                date = day(line, name, cell)?;
                continue;
            }
            if cell.is_empty() || cell == NOT_AVAILABLE {
                continue;
            }
            let decimal = decimal(line, name, cell)?;
            let Some(quote) = *currency else { continue };
            let rate = Rate {
                day: date,
                base: columns.base,
                quote,
                decimal,
                source: columns.source.clone(),
            };
            self.add(line, name, rate)?;
        }
        Ok(())
    }

    /// Adds a line of the plain list.
    fn add_plain(&mut self, (line, record): Line) -> Result<(), RateError> {
        if record.len() != PLAIN.len() {
            return wrong(
                line,
                PLAIN[0],
                format!("is in a line of {} values instead of {}", record.len(), PLAIN.len()),
            );
        }
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let currency = |at: usize| match Currency::parse(cell(at)) {
            Some(currency) => Ok(currency),
            None => wrong(line, PLAIN[at], "must be an ISO 4217 code with a minor unit, or XTR"),
        };
        let (base, quote, source) = (currency(1)?, currency(2)?, cell(4));
        if base == quote {
            return wrong(line, PLAIN[2], "is the base itself");
        }
        if source.is_empty() || source.len() > MAX_SOURCE_BYTES || source.chars().any(char::is_control) {
            return wrong(
                line,
                PLAIN[4],
                format!("must name who published the rate, in at most {MAX_SOURCE_BYTES} bytes"),
            );
        }
        let source = self
            .sources
            .entry(source.to_owned())
            .or_insert_with(|| source.into())
            .clone();
        let rate = Rate {
            day: day(line, PLAIN[0], cell(0))?,
            base,
            quote,
            decimal: decimal(line, PLAIN[3], cell(3))?,
            source,
        };
        self.add(line, PLAIN[3], rate)
    }

    /// Adds a rate. The same rate again changes nothing; a different one for the same day is an error.
    fn add(&mut self, line: u64, field: &str, rate: Rate) -> Result<(), RateError> {
        let at = self.file.rates.len();
        let (first, before) = *self.seen.entry((rate.day, rate.base, rate.quote)).or_insert((at, line));
        if first < at {
            return if self.file.rates.get(first) == Some(&rate) {
                Ok(())
            } else {
                wrong(
                    line,
                    field,
                    format!("differs from the rate of the same day in line {before}"),
                )
            };
        }
        if at == MAX_RATES {
            return wrong(
                line,
                field,
                format!("is one too many: a file may contain at most {MAX_RATES} rates"),
            );
        }
        self.file.rates.push(rate);
        Ok(())
    }
}

/// A date as the history writes it, `2016-09-12`, or as the daily file does, `12 September 2016`.
fn day(line: u64, field: &str, text: &str) -> Result<i32, RateError> {
    let forms = ["%Y-%m-%d", "%d %B %Y"];
    // A year of two digits is taken for one of the first century.
    let date = forms
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
        .filter(|date| (1900..=9999).contains(&date.year()));
    let since_1970 = date.map(|date| (date - NaiveDate::default()).num_days());
    match since_1970.and_then(|days| i32::try_from(days).ok()) {
        Some(days) => Ok(days),
        None => wrong(line, field, "must be a date such as 2016-09-12"),
    }
}

fn decimal(line: u64, field: &str, text: &str) -> Result<Decimal, RateError> {
    Decimal::parse(text).or_else(|message| wrong(line, field, message))
}
