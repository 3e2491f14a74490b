//! What an answer is called: the tag by which an asker has it already, and the name of its file.

use actix_web::http::header::EntityTag;
use sha2::{Digest, Sha256};

use super::answer::question::Asked;
use crate::http::Problem;
use crate::metrics::Metric;
use crate::model::Mode;
use crate::store::Version;

/// Takes a parameter out of the pairs.
///
/// # Errors
/// When it is empty or given more than once.
pub fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Result<Option<String>, Problem> {
    let mut found = None;
    for (_, value) in pairs.extract_if(.., |(key, _)| key == name) {
        if value.is_empty() {
            let detail = format!("`{name}` is empty: give it a value or leave it out");
            return Err(Problem::invalid_parameter(name, detail));
        }
        if found.replace(value).is_some() {
            return Err(Problem::invalid_parameter(
                name,
                format!("`{name}` is given more than once"),
            ));
        }
    }
    Ok(found)
}

/// The tag of an answer: the same question on the same data has the same tag.
///
/// Where `as_of` stands for now, the tag is good for the current minute: time alone closes funnels
/// and completes buckets. It is weak, because such answers differ in the moment they state.
pub fn tag(address: &str, pairs: &[(String, String)], asked: &Asked, version: &Version) -> EntityTag {
    let currency = asked.question.currency;
    let currency = currency.as_ref().map_or("original", |currency| currency.code());
    let minute = if asked.as_of_given {
        0
    } else {
        asked.now.timestamp() / 60
    };
    let state = format!("{minute} {} {}", version.data_version, version.epoch);
    let fixed = [env!("CARGO_PKG_VERSION"), address, currency, &state];
    let given = pairs.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut hasher = Sha256::new();
    for part in fixed.into_iter().chain(given) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    EntityTag::new_weak(hex::encode(&hasher.finalize()[..16]))
}

/// The name of a file that holds an answer: the metric, its range, and how it is cut, in letters, digits, dashes,
/// dots and low lines. `payments_2016-07-01_2016-10-01_week_provider.csv`.
pub fn file_name(metric: &Metric, asked: &Asked, extension: &str) -> String {
    let question = &asked.question;
    let range = &question.range;
    let moment = |at| {
        let local = range.local(at);
        let midnight = local.time() == chrono::NaiveTime::MIN;
        local
            .format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H%M%S" })
            .to_string()
    };
    let mut parts = vec![metric.name.to_owned(), moment(range.from), moment(range.to)];
    parts.extend(range.interval.map(|interval| interval.as_str().to_owned()));
    if !question.group_by.is_empty() {
        parts.push(question.group_by.join("-"));
    }
    if question.mode == Mode::Test {
        parts.push(question.mode.as_str().to_owned());
    }
    format!("{}.{extension}", parts.join("_"))
}
