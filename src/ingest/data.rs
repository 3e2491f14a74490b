//! The `data` of an event: which fields each type has and needs, and what their values may be.

use super::json::{self, Members};
use super::methods;
use super::privacy::{Keeper, Kind, Privacy, fields};
use super::rejection::{Code, Rejection};
use super::values::{amount, check_word, count, country, flag, listed, text};
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

/// The names of the fields that a type of event has.
pub fn names(kind: EventType) -> impl Iterator<Item = &'static str> {
    let known = rule(kind).known;
    let all = Field::ALL.iter().filter(move |field| known & field.bit() != 0);
    all.map(|field| field.name())
}

/// Puts what is kept of checked data into an event, with the digest of that.
///
/// A null is an absent field. A field that the type does not have stays in `extra`, unchecked, unless its name
/// says that it is about a person or a card.
///
/// # Errors
/// The first fault, in order of the fields' names; then a missing field.
pub fn apply(event: &mut Event, members: &Members<'_>, privacy: &Privacy) -> Result<(), Rejection> {
    let rule = rule(event.kind);
    let platform = members.get("platform").and_then(|raw| text(raw.get()).ok());
    let mut keeper = privacy.keeper(platform.as_deref());
    let mut canonical = String::with_capacity(384);
    let mut extra = String::new();
    let mut seen = 0;
    for (name, value) in members.iter() {
        let raw = value.get();
        let field = Field::parse(name).filter(|field| rule.known & field.bit() != 0);
        if raw == "null" || field.is_none() && fields::is_private(name, raw) {
            continue;
        }
        let start = canonical.len();
        canonical.push(if start == 0 { '{' } else { ',' });
        json::write_string(&mut canonical, name);
        canonical.push(':');
        match field {
            Some(field) => {
                seen |= field.bit();
                let put = match slot(event, field) {
                    Some((slot, kind)) => kept(field, kind, raw, &mut keeper).map(|text| {
                        json::write_string(&mut canonical, &text);
                        *slot = Some(text);
                    }),
                    None => json::write_canonical(&mut canonical, raw, 0).and_then(|()| assign(event, field, raw)),
                };
                put.map_err(|fault| fault.under(field.name()).under("data"))?;
            }
            None => {
                json::write_canonical(&mut canonical, raw, 0).map_err(|fault| fault.under("data"))?;
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
    privacy.bots().settle(event);
    Ok(())
}

/// What is kept of a checked text.
fn kept(field: Field, kind: Kind, raw: &str, keeper: &mut Keeper<'_>) -> Result<String, Rejection> {
    let text = text(raw)?;
    if kind == Kind::Word {
        check_word(&text)?;
    }
    let kept = keeper.kept(kind, &text)?.into_owned();
    Ok(match field {
        Field::Method => methods::named(&kept).map_or(kept, str::to_owned),
        _ => kept,
    })
}

/// Where the text of a field goes, and how it is treated; none for a field that is no free text.
fn slot(event: &mut Event, field: Field) -> Option<(&mut Option<String>, Kind)> {
    Some(match field {
        Field::AttemptId => (&mut event.attempt_id, Kind::Id),
        Field::BotId => (&mut event.bot_id, Kind::Id),
        Field::Brand => (&mut event.brand, Kind::Text),
        Field::CaptureId => (&mut event.capture_id, Kind::Id),
        Field::Category => (&mut event.category, Kind::Text),
        Field::CheckoutId => (&mut event.checkout_id, Kind::Id),
        Field::ConversationId => (&mut event.conversation_id, Kind::Conversation),
        Field::DeclineCode => (&mut event.decline_code, Kind::Text),
        Field::DeveloperId => (&mut event.developer_id, Kind::Id),
        Field::DisputeId => (&mut event.dispute_id, Kind::Id),
        Field::ItemId => (&mut event.item_id, Kind::Id),
        Field::Method => (&mut event.method, Kind::Word),
        Field::Name => (&mut event.name, Kind::Text),
        Field::Network => (&mut event.network, Kind::Word),
        Field::PaymentId => (&mut event.payment_id, Kind::Id),
        Field::Platform => (&mut event.platform, Kind::Word),
        Field::Provider => (&mut event.provider, Kind::Word),
        Field::RefundId => (&mut event.refund_id, Kind::Id),
        Field::UserId => (&mut event.user_id, Kind::User),
        Field::Wallet => (&mut event.wallet, Kind::Word),
        Field::Acquisition
        | Field::Amount
        | Field::Country
        | Field::Credential
        | Field::Direction
        | Field::FailureKind
        | Field::ItemCount
        | Field::Mode
        | Field::Outcome
        | Field::Path
        | Field::PaymentsEnabled
        | Field::Stage => return None,
    })
}

fn assign(event: &mut Event, field: Field, raw: &str) -> Result<(), Rejection> {
    match field {
        Field::Acquisition => event.acquisition = Some(listed(raw)?),
        Field::Amount => event.amount = Some(amount(raw)?),
        Field::Country => event.country = Some(country(raw)?),
        Field::Credential => event.credential = Some(listed(raw)?),
        Field::Direction => event.direction = Some(listed(raw)?),
        Field::FailureKind => event.failure_kind = Some(listed(raw)?),
        Field::ItemCount => event.item_count = Some(count(raw)?),
        Field::Mode => event.mode = listed(raw)?,
        Field::Outcome => event.outcome = Some(listed(raw)?),
        Field::Path => event.path = Some(listed(raw)?),
        Field::PaymentsEnabled => event.payments_enabled = Some(flag(raw)?),
        Field::Stage => event.stage = Some(listed(raw)?),
        // Texts have their place in `slot`.
        _ => {}
    }
    Ok(())
}
