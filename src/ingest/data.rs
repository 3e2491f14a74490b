//! The `data` of an event: which fields each type has and needs, and what their values may be.

use super::content::{Texts, quoted};
use super::json::{self, Members};
use super::mend;
use super::methods;
use super::misspelt;
use super::privacy::{Keeper, Kind, Privacy};
use super::rejection::{Code, Rejection};
use super::values::{self, amount, check_word, count, country, flag, listed, text};
use crate::model::event::is_no_id;
use crate::model::{Event, EventType};

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
        TransactionInitiated | TransactionRequiresAction | TransactionFailed | TransactionCancelled => {
            (PAYMENT, PAYMENT_DETAILS)
        }
        // Its own id tells one reversal from another.
        TransactionReversed => (PAYMENT, PAYMENT_DETAILS | Field::RefundId.bit()),
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

/// The names of all fields of the contract.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    Field::ALL.iter().map(|field| field.name())
}

/// Puts what is kept of checked data into an event, with the digest of that.
///
/// A null is an absent field. A field that the type does not have is reported as ignored; little of it is in `extra`.
///
/// # Errors
/// The first fault, in order of the fields' names; then a missing field.
pub fn apply(event: &mut Event, members: &Members<'_>, privacy: &Privacy) -> Result<(), Rejection> {
    let rule = rule(event.kind);
    let platform = members.get("platform").and_then(|raw| text(raw.get()).ok());
    let mut keeper = privacy.keeper(platform.as_deref());
    let mut texts = Texts::default();
    let mut seen = 0;
    for (name, value) in members.iter().filter(|(_, value)| value.get() != "null") {
        let raw = value.get();
        if mend::is_unreadable_name(name) {
            return Err(Rejection::new(Code::Malformed, "the name of a member cannot be read").at("data"));
        }
        let Some(field) = Field::parse(name).filter(|field| rule.known & field.bit() != 0) else {
            let meant = resembled(event.kind, name).map(|field| format!("data.{field}"));
            event.ignored.add(misspelt::ignored("data.", name, meant));
            texts.outside(name, raw, privacy)?;
            continue;
        };
        seen |= field.bit();
        // Whatever a text that cannot be read stands for, the field is not what it says.
        if field == Field::UserId && is_no_id(raw.trim_matches('"')) {
            event.no_ids.push("data.user_id");
        }
        let put = json::string(raw).and_then(|_| match slot(event, field) {
            Some((slot, kind)) => kept(kind, raw, &mut keeper).map(|text| {
                let named = Some(&text).filter(|_| field == Field::Method);
                match named.and_then(|text| methods::named(text)) {
                    Some(method) => {
                        texts.spelled(name, &quoted(method), &quoted(&text));
                        *slot = Some(method.to_owned());
                    }
                    None => {
                        texts.member(name, |out| json::write_string(out, &text));
                        *slot = Some(text);
                    }
                }
            }),
            None => assign(event, field, raw).and_then(|()| {
                let (mut value, mut sent) = (String::new(), String::new());
                write_value(&mut value, event, field, raw)?;
                json::write_as_sent(&mut sent, raw, 0)?;
                texts.spelled(name, &value, &sent);
                Ok(())
            }),
        });
        put.map_err(|fault| fault.under(field.name()).under("data"))?;
        if field == Field::Amount {
            beside_amount(event, raw);
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
        return Err(lacks(event, field.name()));
    }
    texts.put(event);
    privacy.bots().settle(event);
    Ok(())
}

/// Appends the JSON text of a field that has been read: the same for every spelling of the same value.
fn write_value(out: &mut String, event: &Event, field: Field, raw: &str) -> Result<(), Rejection> {
    match (field, event.amount) {
        (Field::Amount, Some(money)) => values::write_amount(out, raw, money),
        _ => json::write_canonical(out, raw, 0),
    }
}

/// The field of a type of event that a name resembles; none where the name is one of another type.
fn resembled(kind: EventType, name: &str) -> Option<&'static str> {
    let of_none = Field::parse(name).is_none();
    misspelt::nearest(name, names(kind).filter(|_| of_none))
}

/// Reports members of an amount other than its value and currency.
fn beside_amount(event: &mut Event, raw: &str) {
    let Ok(members) = Members::parse(raw) else { return };
    for (name, _) in members
        .iter()
        .filter(|(name, _)| !matches!(*name, "value" | "currency"))
    {
        event.ignored.add(misspelt::ignored("data.amount.", name, None));
    }
}

/// A field is missing, perhaps because it was sent under another name.
fn lacks(event: &Event, field: &'static str) -> Rejection {
    let path = format!("data.{field}");
    let mut told = event.ignored.fields.iter();
    let misspelt = told.find(|ignored| ignored.meant.as_ref() == Some(&path));
    let hint = misspelt.map(|ignored| format!("; you sent `{}`, which is not read", ignored.field));
    let message = format!("{} needs `{field}`{}", event.kind.as_str(), hint.unwrap_or_default());
    Rejection::new(Code::MissingField, message).at(path)
}

/// What is kept of a checked text.
fn kept(kind: Kind, raw: &str, keeper: &mut Keeper<'_>) -> Result<String, Rejection> {
    let text = text(raw)?;
    if kind == Kind::Word {
        check_word(&text)?;
    }
    Ok(keeper.kept(kind, &text)?.into_owned())
}

/// Where the text of a field goes, and how it is treated; none for a field that is not free text.
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
