//! Whose exchange rates stand behind the amounts, in a sentence.

use crate::metrics::RateUse;

/// Says into what was converted from what, by whose rates of which days; `None` where nothing was.
pub fn sentence(rates: &[RateUse]) -> Option<String> {
    let to = rates.first()?.to;
    let from: Vec<&str> = rates.iter().map(|used| used.from.code()).collect();
    let mut sources: Vec<&str> = rates.iter().flat_map(|used| &used.sources).map(AsRef::as_ref).collect();
    sources.sort_unstable();
    sources.dedup();
    let days = || rates.iter().flat_map(|used| &used.days);
    let (first, last) = (days().min()?, days().max()?);
    let published = if first == last {
        first.format("%-d %b %Y").to_string()
    } else {
        format!("{} to {}", first.format("%-d %b %Y"), last.format("%-d %b %Y"))
    };
    Some(format!(
        "{} converted to {} at rates of {}, {published}.",
        from.join(", "),
        to.code(),
        sources.join(", "),
    ))
}
