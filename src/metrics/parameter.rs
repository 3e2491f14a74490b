//! Parameters of a metric's own: declared once, and read once into the type that the metric works with.

use std::any::Any;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::model::time::parse_duration;

/// A parameter of one metric.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name in the query string.
    pub name: &'static str,
    /// The value if the question has none.
    pub default: &'static str,
    /// What it takes, for people.
    pub help: &'static str,
    /// What it takes, for the program.
    pub takes: Takes,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A duration between two others, each as questions write it, such as these.
    Duration {
        /// The shortest.
        least: &'static str,
        /// The longest.
        most: &'static str,
        /// Examples.
        such_as: &'static str,
    },
    /// A value of the metric's own type, or what would be taken.
    Own(fn(&str) -> Result<Arc<dyn Any + Send + Sync>, &'static str>),
}

/// A parameter's value in a question.
#[derive(Debug, Clone)]
pub struct Argument {
    /// As it was written.
    pub written: String,
    pub(super) value: Typed,
}

#[derive(Debug, Clone)]
pub(super) enum Typed {
    Word(&'static str),
    Duration(TimeDelta),
    Own(Arc<dyn Any + Send + Sync>),
}

impl Parameter {
    /// Reads a value.
    ///
    /// # Errors
    /// Says what would be taken.
    pub fn read(&self, text: &str) -> Result<Argument, String> {
        let value = match self.takes {
            Takes::OneOf(words) => {
                let known = words.iter().find(|word| **word == text);
                Typed::Word(known.ok_or_else(|| format!("takes {}", alternatives(words)))?)
            }
            Takes::Duration { least, most, such_as } => {
                let bound = |text| parse_duration(text).unwrap_or_default();
                let fits = |length: &TimeDelta| (bound(least)..=bound(most)).contains(length);
                let length = parse_duration(text).filter(fits);
                let refused = || format!("takes a duration from {least} to {most}, such as {such_as}");
                Typed::Duration(length.ok_or_else(refused)?)
            }
            Takes::Own(read) => Typed::Own(read(text)?),
        };
        Ok(Argument {
            written: text.to_owned(),
            value,
        })
    }
}

/// Words as a sentence lists them: `a, b or c`.
pub fn alternatives(words: &[&str]) -> String {
    match words {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        words => words.concat(),
    }
}
