//! What a metric declares of each of its columns, once: the answer, its comparison, its maturity and its documentation
//! are made from that.

use chrono::TimeDelta;

use super::Question;
use crate::model::ColumnType;
use crate::model::time::parse_duration;

/// A column of a metric's answers, after those of the bucket and the asked dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, the same in every format.
    pub name: &'static str,
    /// What its cells are.
    pub role: Role,
    /// What is counted or measured; `None` of texts, moments and amounts.
    pub unit: Unit,
    /// What it tells, in a sentence for an analyst.
    pub meaning: &'static str,
    /// When its figures have settled for a bucket; `None` as soon as that is over.
    pub window: Option<Settling>,
}

/// What the cells of a column are, and so what may be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A text that says which row this is.
    Key,
    /// A whole number that says which row this is.
    Position,
    /// A moment that says which row this is.
    KeyMoment,
    /// A number of things of the bucket: adds up over buckets and groups.
    Count,
    /// A number of things at an edge of the bucket: adds up over groups, not over buckets.
    Stock,
    /// A number of different things: does not add up.
    Distinct,
    /// A sum of money: adds up within one currency.
    Amount,
    /// An amount that does not add up, such as an average.
    AmountEach,
    /// `hits` / `n`, columns of the same frame, of which `n` may be in the answer too.
    Rate {
        /// The numerator.
        hits: &'static str,
        /// The denominator.
        n: &'static str,
    },
    /// The lower end of the 95 % Wilson interval of such a rate.
    Low {
        /// The numerator.
        hits: &'static str,
        /// The denominator.
        n: &'static str,
    },
    /// The upper end.
    High {
        /// The numerator.
        hits: &'static str,
        /// The denominator.
        n: &'static str,
    },
    /// A computed number: it does not add up.
    Number,
    /// An end of an interval around a computed number.
    Bound,
    /// An amount where the column has no unit, else a computed number: whichever the metric was asked for.
    Estimate,
    /// An end of an interval around such an estimate.
    EstimateBound,
    /// A length of time.
    Duration,
    /// A moment that was found.
    Moment,
}

/// What a column counts or measures.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    /// Nothing.
    None,
    /// Always this.
    Of(&'static str),
    /// That which a parameter of the metric names, in the plural.
    Asked(fn(&Question) -> &'static str),
}

/// Some time after a bucket's end, when figures have settled.
#[derive(Debug, Clone, Copy)]
pub struct Settling {
    /// How long that takes.
    pub after: After,
    /// Whether figures are told before, as they are by then; else they are null, and counts 0.
    pub told: bool,
}

/// A length of time after a bucket's end.
#[derive(Debug, Clone, Copy)]
pub enum After {
    /// Always this, as questions write durations.
    Fixed(&'static str),
    /// The parameter of this name.
    Parameter(&'static str),
}

impl After {
    /// The length as questions write it.
    pub fn written<'a>(&'a self, question: &'a Question) -> &'a str {
        match self {
            After::Fixed(written) => written,
            After::Parameter(name) => question.parameter(name),
        }
    }

    /// The length; `None` where it is not written as a duration.
    pub fn length(&self, question: &Question) -> Option<TimeDelta> {
        parse_duration(self.written(question))
    }
}

impl Column {
    /// A column without a unit and a window.
    pub const fn new(name: &'static str, role: Role) -> Self {
        Column {
            name,
            role,
            unit: Unit::None,
            meaning: "",
            window: None,
        }
    }

    /// A text that says which row this is.
    pub const fn key(name: &'static str) -> Self {
        Column::new(name, Role::Key)
    }

    /// A number of things.
    pub const fn count(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Count).of(unit)
    }

    /// A number of different things.
    pub const fn distinct(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Distinct).of(unit)
    }

    /// A number of things at an edge of the bucket.
    pub const fn stock(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Stock).of(unit)
    }

    /// A sum of money.
    pub const fn amount(name: &'static str) -> Self {
        Column::new(name, Role::Amount)
    }

    /// A computed number.
    pub const fn number(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Number).of(unit)
    }

    /// A length of time.
    pub const fn duration(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Duration).of(unit)
    }

    /// A rate: `hits` / `n`.
    pub const fn rate(name: &'static str, hits: &'static str, n: &'static str) -> Self {
        Column::new(name, Role::Rate { hits, n }).of("ratio")
    }

    /// The lower end of a rate's interval.
    pub const fn low(name: &'static str, hits: &'static str, n: &'static str) -> Self {
        Column::new(name, Role::Low { hits, n }).of("ratio")
    }

    /// The upper end of a rate's interval.
    pub const fn high(name: &'static str, hits: &'static str, n: &'static str) -> Self {
        Column::new(name, Role::High { hits, n }).of("ratio")
    }

    /// The column with a unit.
    pub const fn of(mut self, unit: &'static str) -> Self {
        self.unit = Unit::Of(unit);
        self
    }

    /// The column with the unit that the question asks for.
    pub const fn of_asked(mut self, unit: fn(&Question) -> &'static str) -> Self {
        self.unit = Unit::Asked(unit);
        self
    }

    /// The column with what it tells.
    pub const fn means(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    /// The column, told from the bucket's end on and settled some time later.
    pub const fn settling(mut self, after: After) -> Self {
        self.window = Some(Settling { after, told: true });
        self
    }

    /// The column, told once it has settled.
    pub const fn settled(mut self, after: After) -> Self {
        self.window = Some(Settling { after, told: false });
        self
    }

    /// The type of its cells in the answer to a question.
    pub fn kind(&self, question: &Question) -> ColumnType {
        match self.role {
            Role::Key => ColumnType::Text,
            Role::Position | Role::Count | Role::Stock | Role::Distinct => ColumnType::Integer,
            Role::Amount | Role::AmountEach => ColumnType::Amount,
            Role::Estimate | Role::EstimateBound if self.unit(question).is_none() => ColumnType::Amount,
            Role::KeyMoment | Role::Moment => ColumnType::Timestamp,
            _ => ColumnType::Number,
        }
    }

    /// Its unit in the answer to a question.
    pub fn unit(&self, question: &Question) -> Option<&'static str> {
        let unit = match self.unit {
            Unit::None => "",
            Unit::Of(unit) => unit,
            Unit::Asked(unit) => unit(question),
        };
        (!unit.is_empty()).then_some(unit)
    }
}
