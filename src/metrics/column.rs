//! What a metric declares of each of its columns, once: the answer, its comparison, its maturity and its documentation
//! are made from that.

use chrono::TimeDelta;

use super::Question;
use crate::model::ColumnType;
pub use crate::model::Role;
use crate::model::time::parse_duration;

/// A column of a metric's answers, after those of the bucket and the asked dimensions.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, the same in every format.
    pub name: &'static str,
    /// What its cells are.
    pub role: Role,
    /// Of a rate and the ends of its 95 % Wilson interval: what they are computed from. Others are computed by the metric.
    pub ratio: Option<Ratio>,
    /// What is counted or measured; `None` of texts, moments and amounts.
    pub unit: Unit,
    /// What it tells, in a sentence for an analyst.
    pub meaning: &'static str,
    /// When its figures have settled for a bucket; `None` as soon as that is over.
    pub window: Option<Settling>,
    /// Of the ends of a 95 % interval: what that is of. Both ends are declared as one.
    pub interval: Option<Interval>,
}

/// A 95 % interval of a column that is declared before it.
#[derive(Debug, Clone, Copy)]
pub struct Interval {
    /// The column.
    pub of: &'static str,
    /// Who proposed it.
    pub method: &'static str,
    /// The name of its upper end.
    high: &'static str,
}

/// Two columns of a metric's frame whose quotient is a rate.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    /// The numerator.
    pub hits: &'static str,
    /// The denominator.
    pub n: &'static str,
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
    /// Whether figures are shown before, as they are by then; otherwise they are null, and counts 0.
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
            ratio: None,
            unit: Unit::None,
            meaning: "",
            window: None,
            interval: None,
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

    /// A number of things that several buckets may have in common.
    pub const fn stock(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Stock).of(unit)
    }

    /// A sum of money.
    pub const fn amount(name: &'static str) -> Self {
        Column::new(name, Role::Amount)
    }

    /// A computed number; without a unit an amount.
    pub const fn number(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Number).of(unit)
    }

    /// A length of time.
    pub const fn duration(name: &'static str, unit: &'static str) -> Self {
        Column::new(name, Role::Duration).of(unit)
    }

    /// A rate: `hits` / `n`.
    pub const fn rate(name: &'static str, hits: &'static str, n: &'static str) -> Self {
        Column::new(name, Role::Rate).from(hits, n)
    }

    /// Both ends of the 95 % Wilson interval of a rate, with its unit and window.
    pub const fn interval(low: &'static str, high: &'static str, of: &'static str) -> Self {
        let method = "Wilson";
        Column {
            interval: Some(Interval { of, method, high }),
            ..Column::new(low, Role::Low)
        }
    }

    /// The interval by another method; the metric computes its ends.
    pub const fn by(mut self, method: &'static str) -> Self {
        if let Some(interval) = &mut self.interval {
            interval.method = method;
        }
        self
    }

    const fn from(mut self, hits: &'static str, n: &'static str) -> Self {
        self.ratio = Some(Ratio { hits, n });
        self.of("ratio")
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

    /// The column, shown from the bucket's end on and settled some time later.
    pub const fn settling(mut self, after: After) -> Self {
        self.window = Some(Settling { after, told: true });
        self
    }

    /// The column, shown once it has settled.
    pub const fn settled(mut self, after: After) -> Self {
        self.window = Some(Settling { after, told: false });
        self
    }

    /// The columns with both ends of each interval.
    pub fn expanded(declared: &[Column]) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::with_capacity(declared.len());
        for column in declared {
            let Some(interval) = column.interval else {
                columns.push(*column);
                continue;
            };
            let Some(of) = declared.iter().find(|of| of.name == interval.of) else {
                continue;
            };
            columns.extend(
                [(column.name, Role::Low), (interval.high, Role::High)].map(|(name, role)| Column {
                    name,
                    role,
                    interval: column.interval,
                    ..*of
                }),
            );
        }
        columns
    }

    /// What it tells, in a sentence.
    pub fn sentence(&self) -> String {
        let end = match self.role {
            Role::High => "Upper",
            _ => "Lower",
        };
        match self.interval {
            Some(Interval { of, method, .. }) => format!("{end} end of the 95 % {method} interval of {of}."),
            None => self.meaning.to_owned(),
        }
    }

    /// The type of its cells in the answer to a question.
    pub fn kind(&self, question: &Question) -> ColumnType {
        match self.role {
            Role::Bucket | Role::Cohort | Role::Moment => ColumnType::Timestamp,
            Role::Group | Role::Key => ColumnType::Text,
            Role::Position | Role::Count | Role::Stock | Role::Distinct => ColumnType::Integer,
            Role::Amount => ColumnType::Amount,
            // What is in no unit is in a currency.
            Role::Number | Role::Low | Role::High if self.unit(question).is_none() => ColumnType::Amount,
            Role::Rate | Role::Number | Role::Low | Role::High | Role::Duration => ColumnType::Number,
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
