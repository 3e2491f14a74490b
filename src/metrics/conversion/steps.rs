//! The steps of a funnel: which event types they can be, and from which step on a dimension is known.

use crate::metrics::Question;
use crate::model::EventType;

/// The funnel of a question that names no steps.
pub(super) const DEFAULT: &str = "started,checkout,paid";
/// Steps that one funnel may have.
const MOST: usize = 16;

const SHORT: [(&str, EventType); 3] = [
    ("started", EventType::ConversationStarted),
    ("catalog", EventType::CatalogViewed),
    ("checkout", EventType::CheckoutStarted),
];

/// The step that is not a type of event: the first authorized or captured of a payment.
const PAID: &str = "paid";

/// Where the events of a step are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// In the log of conversations.
    Conversations,
    /// Among the events only: they decide nothing else about a conversation.
    Events,
    /// In the log of payments, whatever conversation they name themselves.
    Payments,
    /// As a fact of each payment.
    Paid,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// The short name where there is one.
    name: &'static str,
    /// The type of its events; `None` for [`PAID`].
    kind: Option<EventType>,
}

impl Step {
    fn parse(word: &str) -> Result<Self, &'static str> {
        if word == PAID {
            return Ok(Step { name: PAID, kind: None });
        }
        if let Some((_, refusal)) = UNOWNED.iter().find(|(kind, _)| *kind == word) {
            return Err(refusal);
        }
        let is = |(short, kind): &&(&str, EventType)| *short == word || kind.as_str() == word;
        if let Some((name, kind)) = SHORT.iter().find(is) {
            return Ok(Step {
                name,
                kind: Some(*kind),
            });
        }
        match EventType::parse(word) {
            Some(kind) => Ok(Step {
                name: kind.as_str(),
                kind: Some(kind),
            }),
            None => Err(
                "takes a comma list of event types such as product.viewed or transaction.refunded, \
                 and of the short names started, catalog, checkout and paid",
            ),
        }
    }

    /// The type of its events as queries name it.
    pub fn kind(&self) -> &'static str {
        self.kind.map_or(PAID, EventType::as_str)
    }

    /// Where its events are kept.
    pub fn kept(&self) -> Kept {
        match self.kind {
            None => Kept::Paid,
            Some(EventType::ConversationMessage | EventType::ConversationEnded) => Kept::Events,
            Some(kind) if kind.is_transaction() => Kept::Payments,
            Some(_) => Kept::Conversations,
        }
    }

    fn is_checkout(&self) -> bool {
        self.kind == Some(EventType::CheckoutStarted)
    }

    fn is_of_payment(&self) -> bool {
        matches!(self.kept(), Kept::Payments | Kept::Paid)
    }
}

/// Types that cannot be steps, each with what is wrong with it.
macro_rules! unowned {
    ($($kind:literal),+) => {
        &[$(($kind, concat!("cannot take `", $kind, "`: such an event names neither a conversation nor a user"))),+]
    };
}

const UNOWNED: &[(&str, &str)] = unowned!(
    "bot.registered",
    "bot.updated",
    "bot.suspended",
    "bot.reinstated",
    "bot.retired",
    "other"
);

/// An ordered list of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Steps(pub Vec<Step>);

impl Steps {
    /// Reads a comma list.
    ///
    /// # Errors
    /// Says what would be taken.
    pub fn parse(list: &str) -> Result<Self, &'static str> {
        let steps: Vec<Step> = list
            .split(',')
            .map(|word| Step::parse(word.trim()))
            .collect::<Result<_, _>>()?;
        if steps.len() > MOST {
            return Err("takes at most 16 steps");
        }
        Ok(Steps(steps))
    }

    /// The steps of a question.
    pub fn of(question: &Question) -> Self {
        question.own("steps").cloned().unwrap_or(Steps(Vec::new()))
    }

    /// The name of a step in answers, from 0: where a type stands again, with the number of the time.
    pub fn name(&self, index: usize) -> String {
        let step = &self.0[index];
        match self.0[..index].iter().filter(|other| *other == step).count() {
            0 => step.name.to_owned(),
            before => format!("{} {}", step.name, before + 1),
        }
    }

    /// Whether these are the default ones, under whichever names.
    pub fn is_default(&self) -> bool {
        Steps::parse(DEFAULT).as_ref() == Ok(self)
    }

    /// The types of the steps whose events are kept in one place.
    pub fn kept(&self, place: Kept) -> Vec<&'static str> {
        let there = self.0.iter().filter(|step| step.kept() == place);
        there.map(Step::kind).collect()
    }

    /// Types that are more than one step.
    pub fn repeated(&self) -> Vec<&'static str> {
        let count = |step: &Step| self.0.iter().filter(|other| *other == step).count();
        let mut kinds: Vec<&str> = self.0.iter().filter(|step| count(step) > 1).map(Step::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The first step, from 0, at which a unit has a value of the dimension; `None` where no step gives one.
    ///
    /// Path and credential are the checkout's. A transaction comes after it, also in a funnel that leaves the
    /// checkout out.
    pub fn known_from(&self, dimension: &str) -> Option<usize> {
        let first = |is: fn(&Step) -> bool| self.0.iter().position(is);
        match dimension {
            "path" | "credential" => first(Step::is_checkout).or_else(|| first(Step::is_of_payment)),
            "provider" => first(Step::is_of_payment),
            _ => Some(0),
        }
    }

    /// Whether a unit has a value of the dimension at a step.
    pub fn knows(&self, dimension: &str, step: usize) -> bool {
        self.known_from(dimension).is_some_and(|from| from <= step)
    }
}
