//! The values of a filter, as they are written in a query string.

use super::refusal::hint;
use crate::model::{Acquisition, CheckoutPath, Credential};

/// What stands for rows without a value.
const NONE: &str = "(none)";

/// Reads a comma list of values; `(none)` is `None`.
///
/// Blanks around a value do not count. A backslash takes the next character as it is, so that a value may hold a
/// comma, begin or end with a blank, or be `(none)` itself.
///
/// # Errors
/// Says what is wrong with the list.
pub fn values(list: &str) -> Result<Vec<Option<String>>, &'static str> {
    let mut found = Vec::new();
    let mut value = Value::default();
    let mut rest = list.chars();
    loop {
        match rest.next() {
            None => break,
            Some(',') => found.push(std::mem::take(&mut value).read()?),
            Some('\\') => value.escaped(
                rest.next()
                    .ok_or("ends with a backslash, which takes the character after it")?,
            ),
            Some(plain) => value.plain(plain),
        }
    }
    found.push(value.read()?);
    Ok(found)
}

/// One value while it is read.
#[derive(Default)]
struct Value {
    text: String,
    /// Length without blanks at the end.
    length: usize,
    has_escapes: bool,
}

impl Value {
    fn plain(&mut self, c: char) {
        if !c.is_whitespace() {
            self.text.push(c);
            self.length = self.text.len();
        } else if !self.text.is_empty() {
            self.text.push(c);
        }
    }

    fn escaped(&mut self, c: char) {
        self.text.push(c);
        self.length = self.text.len();
        self.has_escapes = true;
    }

    fn read(mut self) -> Result<Option<String>, &'static str> {
        self.text.truncate(self.length);
        match self.text.as_str() {
            "" => {
                Err("has an empty value: leave it out to ask for everything, or take (none) for rows without a value")
            }
            NONE if !self.has_escapes => Ok(None),
            _ => Ok(Some(self.text)),
        }
    }
}

/// The values as answers tell them; a text that reads `(none)` is told as it would be asked for.
pub fn named(values: &[Option<String>]) -> Vec<String> {
    let name = |value: &Option<String>| match value.as_deref() {
        None => NONE.to_owned(),
        Some(NONE) => format!("\\{NONE}"),
        Some(text) => text.to_owned(),
    };
    values.iter().map(name).collect()
}

/// Accepts the values of a dimension whose words are not fixed, and the words of the others.
///
/// # Errors
/// Lists the words.
pub fn check_words(dimension: &str, values: &[Option<String>]) -> Result<(), String> {
    let words = match dimension {
        "path" => CheckoutPath::WORDS,
        "credential" => Credential::WORDS,
        "acquisition" => Acquisition::WORDS,
        _ => return Ok(()),
    };
    match values.iter().flatten().find(|value| !words.contains(&value.as_str())) {
        None => Ok(()),
        Some(other) => {
            let hint = hint(other, words.iter().copied());
            Err(format!("takes {} or {NONE}, not `{other}`{hint}", words.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Vec<String> {
        let found = values(list).unwrap();
        found.into_iter().map(|value| value.unwrap_or("NULL".into())).collect()
    }

    #[test]
    fn a_comma_separates_values_and_blanks_around_them_do_not_count() {
        assert_eq!(read("web, messenger ,a b"), ["web", "messenger", "a b"]);
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        assert_eq!(read(r"Food\, Drink,Drink"), ["Food, Drink", "Drink"]);
        assert_eq!(read(r" \ padded\  "), [" padded "]);
        assert_eq!(read(r"C:\\shop"), [r"C:\shop"]);
        assert_eq!(read(r"\ "), [" "]);
    }

    #[test]
    fn rows_without_a_value_have_a_name_which_a_text_may_have_too() {
        assert_eq!(read("(none),US"), ["NULL", "US"]);
        assert_eq!(read(r"\(none)"), ["(none)"]);
        assert_eq!(
            named(&values(r"(none),\(none),US").unwrap()),
            ["(none)", r"\(none)", "US"]
        );
    }

    #[test]
    fn an_empty_value_and_an_open_escape_are_refused() {
        for wrong in ["", " ", ",", "web,", ",web", "web,,kik", "web\\"] {
            assert!(values(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_word_outside_a_closed_vocabulary_is_told_the_words() {
        let refused = check_words("path", &values("redirect,in-thread").unwrap()).unwrap_err();
        let told = "takes in_thread, webview, redirect or (none), not `in-thread`; did you mean `in_thread`?";
        assert_eq!(refused, told);
        assert_eq!(check_words("credential", &values("(none),saved").unwrap()), Ok(()));
        assert_eq!(check_words("provider", &values("anybody").unwrap()), Ok(()));
    }
}
