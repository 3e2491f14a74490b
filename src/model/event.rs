//! One canonical event: what every way in (HTTP, webhook, file) turns into.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::money::Money;
use super::vocabulary::*;

/// Where an event's `time` comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeOrigin {
    /// The sender stated it.
    #[default]
    Given,
    /// The sender stated none: the time of receipt is used.
    Missing,
    /// A genuine webhook stated an impossible one: the time of receipt is used.
    Impossible,
}

impl TimeOrigin {
    /// Reads the word that is stored.
    pub fn parse(word: &str) -> Option<Self> {
        [TimeOrigin::Given, TimeOrigin::Missing, TimeOrigin::Impossible]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            TimeOrigin::Given => "given",
            TimeOrigin::Missing => "missing",
            TimeOrigin::Impossible => "impossible",
        }
    }
}

/// A field that was sent and that the contract does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredField {
    /// Its path, such as `data.conversationId`.
    pub field: String,
    /// The path of the field that was probably meant.
    pub meant: Option<String>,
}

/// The fields of one event that are not read, for the answer to the sender; they are not stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ignored {
    /// The first of them, likely misspellings before others.
    pub fields: Vec<IgnoredField>,
    /// How many more there were.
    pub others: u64,
}

impl Ignored {
    /// Fields of one event that are named.
    pub const MOST: usize = 10;

    /// Adds a field. Where there are too many, one that resembles no field of the contract gives way to one that does.
    pub fn add(&mut self, field: IgnoredField) {
        if self.fields.len() < Self::MOST {
            self.fields.push(field);
            return;
        }
        self.others += 1;
        if field.meant.is_some()
            && let Some(plain) = self.fields.iter_mut().rfind(|known| known.meant.is_none())
        {
            *plain = field;
        }
    }
}

/// A canonical event. Its identity is (`source`, `id`), permanently.
///
/// Fields that a type does not use are `None`; parsing has already checked those it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// CloudEvents `source`: the sender.
    pub source: String,
    /// CloudEvents `id`: unique within the source.
    pub id: String,
    /// What happened.
    pub kind: EventType,
    /// CloudEvents `subject`.
    pub subject: Option<String>,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// Whether the sender stated that time.
    pub time_origin: TimeOrigin,
    /// 64-bit digest of type, subject and data; tells a duplicate from a conflict.
    pub content: i64,
    /// That digest by the rules of earlier versions, if it differs: an event that they stored is still the same.
    pub former: Option<i64>,
    /// What was sent outside the contract.
    pub ignored: Ignored,
    /// Fields whose value is not an id, such as `data.checkout_id`, where what is kept does not show that.
    pub no_ids: Vec<&'static str>,
    /// Where the bot lives: `messenger`, `telegram`, `web` …
    pub platform: Option<String>,
    /// The bot, within its platform.
    pub bot_id: Option<String>,
    /// The conversation, within its platform.
    pub conversation_id: Option<String>,
    /// The person, within platform and bot.
    pub user_id: Option<String>,
    /// ISO 3166 alpha-2 country of the bot or the conversation.
    pub country: Option<String>,
    /// Display name of the bot.
    pub name: Option<String>,
    /// Category of the bot.
    pub category: Option<String>,
    /// Who built the bot.
    pub developer_id: Option<String>,
    /// Whether the bot may take payments.
    pub payments_enabled: Option<bool>,
    /// How the conversation came about.
    pub acquisition: Option<Acquisition>,
    /// Direction of a message.
    pub direction: Option<Direction>,
    /// Catalogue item.
    pub item_id: Option<String>,
    /// Number of items in the cart.
    pub item_count: Option<i64>,
    /// The checkout, within its platform.
    pub checkout_id: Option<String>,
    /// Where the customer pays.
    pub path: Option<CheckoutPath>,
    /// Whether a stored credential pays.
    pub credential: Option<Credential>,
    /// Who processes the money: `stripe`, `paypal`, `braintree` …
    pub provider: Option<String>,
    /// The payment, within its provider.
    pub payment_id: Option<String>,
    /// One try to pay.
    pub attempt_id: Option<String>,
    /// One capture of the payment.
    pub capture_id: Option<String>,
    /// One refund of the payment.
    pub refund_id: Option<String>,
    /// One dispute about the payment.
    pub dispute_id: Option<String>,
    /// `card`, `paypal`, `bank` …
    pub method: Option<String>,
    /// The card network that carries the payment: `visa`, `mastercard`, `amex` …; `none` for a method without one.
    pub network: Option<String>,
    /// The card's brand where it differs from the network.
    pub brand: Option<String>,
    /// `apple_pay`, `google_pay` …
    pub wallet: Option<String>,
    /// The money of this event.
    pub amount: Option<Money>,
    /// True where `amount` is the sum so far, as some providers state it: of refunds, or of what was captured.
    pub cumulative: bool,
    /// True of a refund that is begun and not done yet.
    pub pending: bool,
    /// How much of a hold was released when the rest of it was captured, where the provider tells that as a refund
    /// too. Minor units of `amount`, and not in it.
    pub released: Option<i64>,
    /// The provider's reason for a failure.
    pub decline_code: Option<String>,
    /// Whose failure it was.
    pub failure_kind: Option<FailureKind>,
    /// How far a dispute has gone.
    pub stage: Option<DisputeStage>,
    /// How a dispute ended.
    pub outcome: Option<DisputeOutcome>,
    /// Live money or a test.
    pub mode: Mode,
    /// JSON object of the data fields that have no column.
    pub extra: Option<String>,
    /// Of a notice that is not counted (`other`): its type, in its sender's words; none where it cannot be read.
    pub notice: Option<String>,
    /// Why a notice is not counted although its type is, in one word.
    pub reason: Option<String>,
    /// Other ids, within the provider, by which the same payment goes in other events: a charge of an
    /// intent, a capture of an order. Events under them belong to this event's payment. Of an event
    /// without a provider, other ids of its conversation, within the platform.
    pub aliases: Vec<String>,
}

impl Event {
    /// An event with nothing but its envelope.
    pub fn new(source: impl Into<String>, id: impl Into<String>, kind: EventType, time: DateTime<Utc>) -> Self {
        Event {
            source: source.into(),
            id: id.into(),
            kind,
            subject: None,
            time,
            time_origin: TimeOrigin::Given,
            content: 0,
            former: None,
            ignored: Ignored::default(),
            no_ids: Vec::new(),
            platform: None,
            bot_id: None,
            conversation_id: None,
            user_id: None,
            country: None,
            name: None,
            category: None,
            developer_id: None,
            payments_enabled: None,
            acquisition: None,
            direction: None,
            item_id: None,
            item_count: None,
            checkout_id: None,
            path: None,
            credential: None,
            provider: None,
            payment_id: None,
            attempt_id: None,
            capture_id: None,
            refund_id: None,
            dispute_id: None,
            method: None,
            network: None,
            brand: None,
            wallet: None,
            amount: None,
            cumulative: false,
            pending: false,
            released: None,
            decline_code: None,
            failure_kind: None,
            stage: None,
            outcome: None,
            mode: Mode::Live,
            extra: None,
            notice: None,
            reason: None,
            aliases: Vec::new(),
        }
    }

    /// Fields whose value is not an id.
    pub fn without_ids(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            ("data.bot_id", &self.bot_id),
            ("data.conversation_id", &self.conversation_id),
            ("data.user_id", &self.user_id),
            ("data.checkout_id", &self.checkout_id),
            ("data.payment_id", &self.payment_id),
            ("data.attempt_id", &self.attempt_id),
            ("data.capture_id", &self.capture_id),
            ("data.refund_id", &self.refund_id),
            ("data.dispute_id", &self.dispute_id),
        ];
        let stated = fields.into_iter().filter(|(_, id)| id.as_deref().is_some_and(is_no_id));
        let mut found: Vec<&'static str> = stated
            .map(|(field, _)| field)
            .chain(self.no_ids.iter().copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter()
    }

    /// 128 bits of SHA-256 over (`source`, `id`), as two halves.
    pub fn identity(&self) -> (i64, i64) {
        identity(&self.source, &self.id)
    }
}

/// Texts that programs write where they have no id.
const NO_IDS: [&str; 14] = [
    "undefined",
    "null",
    "none",
    "nil",
    "nan",
    "unknown",
    "test",
    "n/a",
    "na",
    "[object object]",
    "(null)",
    "(none)",
    "false",
    "true",
];

/// Whether a text in the place of an id is not one: all who send it would share it.
pub fn is_no_id(text: &str) -> bool {
    let text = text.trim();
    text.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.')) || NO_IDS.iter().any(|no| text.eq_ignore_ascii_case(no))
}

/// The identity of an event of a source: 128 bits of SHA-256, as two halves.
pub fn identity(source: &str, id: &str) -> (i64, i64) {
    let digest = digest(&["event", source, id]);
    (half(&digest[..8]), half(&digest[8..16]))
}

/// 64-bit key of an entity: the first eight bytes of SHA-256 over its kind and parts.
pub fn entity_key(parts: &[&str]) -> i64 {
    half(&digest(parts)[..8])
}

/// 64-bit digest of an event's type, subject and canonical data.
pub fn content_key(kind: &str, subject: Option<&str>, data: &str) -> i64 {
    // The tag keeps an absent subject apart from an empty one.
    let tag = if subject.is_some() { "1" } else { "0" };
    entity_key(&[kind, tag, subject.unwrap_or(""), data])
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts share a text.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

fn half(bytes: &[u8]) -> i64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes);
    i64::from_be_bytes(eight)
}
