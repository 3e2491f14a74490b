//! The `data` of an event: which fields each type has and needs, and what their values may be.

use super::json::{self, Members};
use super::rejection::{Code, Rejection};
use super::values::{amount, count, country, flag, listed, plain, word};
use crate::model::event::content_key;
use crate::model::{Event, EventType};

/// Longest canonical text of the fields outside the contract, in bytes.
pub const MAX_EXTRA_BYTES: usize = 16 << 10;

/// Declares the fields of the contract.
macro_rules! fields {
    ($($variant:ident = $word:literal,)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Field { $($variant,)+ }

        impl Field {
            const ALL: &'static [Field] = &[$(Field::$variant),+];

            fn name(self) -> &'static str {
                match self { $(Field::$variant => $word,)+ }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($word => Some(Field::$variant),)+ _ => None }
            }

            const fn bit(self) -> u64 {
                1 << self as u64
            }
        }
    };
}

fields! {
    Acquisition = "acquisition",
    Amount = "amount",
    AttemptId = "attempt_id",
    BotId = "bot_id",
    Brand = "brand",
    CaptureId = "capture_id",
    Category = "category",
    CheckoutId = "checkout_id",
    ConversationId = "conversation_id",
    Country = "country",
    Credential = "credential",
    DeclineCode = "decline_code",
    DeveloperId = "developer_id",
    Direction = "direction",
    DisputeId = "dispute_id",
    FailureKind = "failure_kind",
    ItemCount = "item_count",
    ItemId = "item_id",
    Method = "method",
    Mode = "mode",
    Name = "name",
    Network = "network",
    Outcome = "outcome",
    Path = "path",
    PaymentId = "payment_id",
    PaymentsEnabled = "payments_enabled",
    Platform = "platform",
    Provider = "provider",
    RefundId = "refund_id",
    Stage = "stage",
    UserId = "user_id",
    Wallet = "wallet",
}

/// The fields of one type of event, as sets of bits.
struct Rule {
    needed: u64,
    known: u64,
}

const fn set(fields: &[Field]) -> u64 {
    let (mut bits, mut index) = (0, 0);
    while index < fields.len() {
        bits |= fields[index].bit();
        index += 1;
    }
    bits
}

/// Every event may be a test, and names its bot where it can.
const ANY: u64 = set(&[Field::BotId, Field::Platform, Field::Mode]);
const BOT: u64 = set(&[Field::BotId, Field::Platform]);
const BOT_DETAILS: u64 = set(&[
    Field::Name,
    Field::Category,
    Field::Country,
    Field::DeveloperId,
    Field::PaymentsEnabled,
]);
const CONVERSATION: u64 = BOT | set(&[Field::ConversationId]);
const CONVERSATION_DETAILS: u64 = set(&[Field::UserId, Field::Country, Field::Acquisition]);
const ITEM_DETAILS: u64 = set(&[Field::ItemId, Field::ItemCount]);
const CHECKOUT: u64 = set(&[Field::Path, Field::Credential]);
const CHECKOUT_DETAILS: u64 = set(&[Field::CheckoutId, Field::Amount]);
const PAYMENT: u64 = set(&[Field::Provider, Field::PaymentId]);
const PAYMENT_DETAILS: u64 = CONVERSATION
    | CHECKOUT
    | CHECKOUT_DETAILS
    | set(&[
        Field::UserId,
        Field::AttemptId,
        Field::CaptureId,
        Field::Method,
        Field::Network,
        Field::Brand,
        Field::Wallet,
        Field::DeclineCode,
        Field::FailureKind,
    ]);
const DISPUTE: u64 = set(&[Field::DisputeId, Field::Stage]);

fn rule(kind: EventType) -> Rule {
    use EventType::*;
    let (needed, optional) = match kind {
        BotRegistered | BotUpdated | BotSuspended | BotReinstated | BotRetired => (BOT, BOT_DETAILS),
        ConversationStarted | ConversationEnded => (CONVERSATION, CONVERSATION_DETAILS),
        ConversationMessage => (CONVERSATION | Field::Direction.bit(), CONVERSATION_DETAILS),
        CatalogViewed | ProductViewed | CartUpdated => (CONVERSATION, CONVERSATION_DETAILS | ITEM_DETAILS),
        CheckoutStarted => (CONVERSATION | CHECKOUT, CONVERSATION_DETAILS | CHECKOUT_DETAILS),
        // Money that moves has an amount; the other steps may tell it.
        TransactionAuthorized | TransactionCaptured => (PAYMENT | Field::Amount.bit(), PAYMENT_DETAILS),
        TransactionRefunded => (PAYMENT | set(&[Field::Amount, Field::RefundId]), PAYMENT_DETAILS),
        TransactionDisputed => (
            PAYMENT | DISPUTE | Field::Amount.bit(),
            PAYMENT_DETAILS | Field::Outcome.bit(),
        ),
        // A dispute that closes without an amount is about that of its opening.
        TransactionDisputeClosed => (PAYMENT | DISPUTE, PAYMENT_DETAILS | Field::Outcome.bit()),
        TransactionInitiated
        | TransactionRequiresAction
        | TransactionFailed
        | TransactionCancelled
        | TransactionReversed => (PAYMENT, PAYMENT_DETAILS),
        Other => (0, 0),
    };
    Rule {
        needed,
        known: needed | optional | ANY,
    }
}

/// Puts checked data into an event, with the digest of its content.
///
/// A null is an absent field. A field that the type does not have stays in `extra`, unchecked.
///
/// # Errors
/// The first fault, in order of the fields' names; then a missing field.
pub fn apply(event: &mut Event, members: &Members<'_>) -> Result<(), Rejection> {
    let rule = rule(event.kind);
    let mut canonical = String::with_capacity(384);
    let mut extra = String::new();
    let mut seen = 0;
    for (name, value) in members.iter() {
        let raw = value.get();
        if raw == "null" {
            continue;
        }
        let start = canonical.len();
        canonical.push(if start == 0 { '{' } else { ',' });
        json::write_string(&mut canonical, name);
        canonical.push(':');
        json::write_canonical(&mut canonical, raw, 0).map_err(|fault| fault.under("data"))?;
        match Field::parse(name).filter(|field| rule.known & field.bit() != 0) {
            Some(field) => {
                seen |= field.bit();
                assign(event, field, raw).map_err(|fault| fault.under(field.name()).under("data"))?;
            }
            None => {
                extra.push(if extra.is_empty() { '{' } else { ',' });
                extra.push_str(&canonical[start + 1..]);
            }
        }
        if extra.len() > MAX_EXTRA_BYTES {
            let message = format!("fields outside the contract may have {MAX_EXTRA_BYTES} bytes together");
            return Err(Rejection::new(Code::ExtraTooLarge, message).at("data"));
        }
    }
    // A bot and a conversation live on a platform; without it they would silently belong to nobody.
    let located = seen & (Field::BotId.bit() | Field::ConversationId.bit()) != 0;
    let needed = if located {
        rule.needed | Field::Platform.bit()
    } else {
        rule.needed
    };
    let missing = needed & !seen;
    if let Some(field) = Field::ALL.iter().find(|field| missing & field.bit() != 0) {
        let message = format!("{} needs `{}`", event.kind.as_str(), field.name());
        return Err(Rejection::new(Code::MissingField, message)
            .at(field.name())
            .under("data"));
    }
    if !extra.is_empty() {
        extra.push('}');
        event.extra = Some(extra);
    }
    canonical.push_str(if canonical.is_empty() { "{}" } else { "}" });
    event.content = content_key(event.kind.as_str(), event.subject.as_deref(), &canonical);
    Ok(())
}

fn assign(event: &mut Event, field: Field, raw: &str) -> Result<(), Rejection> {
    match field {
        Field::Acquisition => event.acquisition = Some(listed(raw)?),
        Field::Amount => event.amount = Some(amount(raw)?),
        Field::AttemptId => event.attempt_id = Some(plain(raw)?),
        Field::BotId => event.bot_id = Some(plain(raw)?),
        Field::Brand => event.brand = Some(plain(raw)?),
        Field::CaptureId => event.capture_id = Some(plain(raw)?),
        Field::Category => event.category = Some(plain(raw)?),
        Field::CheckoutId => event.checkout_id = Some(plain(raw)?),
        Field::ConversationId => event.conversation_id = Some(plain(raw)?),
        Field::Country => event.country = Some(country(raw)?),
        Field::Credential => event.credential = Some(listed(raw)?),
        Field::DeclineCode => event.decline_code = Some(plain(raw)?),
        Field::DeveloperId => event.developer_id = Some(plain(raw)?),
        Field::Direction => event.direction = Some(listed(raw)?),
        Field::DisputeId => event.dispute_id = Some(plain(raw)?),
        Field::FailureKind => event.failure_kind = Some(listed(raw)?),
        Field::ItemCount => event.item_count = Some(count(raw)?),
        Field::ItemId => event.item_id = Some(plain(raw)?),
        Field::Method => event.method = Some(word(raw)?),
        Field::Mode => event.mode = listed(raw)?,
        Field::Name => event.name = Some(plain(raw)?),
        Field::Network => event.network = Some(word(raw)?),
        Field::Outcome => event.outcome = Some(listed(raw)?),
        Field::Path => event.path = Some(listed(raw)?),
        Field::PaymentId => event.payment_id = Some(plain(raw)?),
        Field::PaymentsEnabled => event.payments_enabled = Some(flag(raw)?),
        Field::Platform => event.platform = Some(word(raw)?),
        Field::Provider => event.provider = Some(word(raw)?),
        Field::RefundId => event.refund_id = Some(plain(raw)?),
        Field::Stage => event.stage = Some(listed(raw)?),
        Field::UserId => event.user_id = Some(plain(raw)?),
        Field::Wallet => event.wallet = Some(word(raw)?),
    }
    Ok(())
}
