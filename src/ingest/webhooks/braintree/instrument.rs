//! What a transaction was paid with: method, network, brand and wallet.

use super::super::super::methods;
use super::super::instrument::Instrument;
use super::xml::Element;

/// The method of cards.
const CARD: &str = "card";

/// Cards in a wallet: the transaction's type, the element that holds the card, and the wallet.
const WALLETS: [(&str, &str, &str); 9] = [
    (
        "amex_express_checkout_card",
        "amex-express-checkout-card",
        "amex_express_checkout",
    ),
    ("android_pay_card", "android-pay-card", "google_pay"),
    ("apple_pay_card", "apple-pay", "apple_pay"),
    ("google_pay_card", "google-pay-card", "google_pay"),
    ("masterpass_card", "masterpass-card", "masterpass"),
    ("meta_checkout_card", "meta-checkout-card", "meta_checkout"),
    ("meta_checkout_token", "meta-checkout-token", "meta_checkout"),
    ("samsung_pay_card", "samsung-pay-card", "samsung_pay"),
    ("visa_checkout_card", "visa-checkout-card", "visa_checkout"),
];

/// Of a transaction; `local` where it is the transaction of a local payment.
pub(super) fn of(transaction: Element<'_>, local: bool) -> Instrument {
    let stated = transaction.text("payment-instrument-type");
    let card = transaction.child("credit-card");
    let kind = match stated {
        Some(kind) => kind,
        None if local => "local_payment",
        // The oldest transactions have a card and no word for it.
        None if card.is_some_and(|card| card.text("card-type").is_some()) => "credit_card",
        None => return Instrument::default(),
    };
    if let Some((_, element, wallet)) = WALLETS.iter().find(|(known, _, _)| *known == kind) {
        return of_card(transaction, transaction.child(element)).in_wallet(wallet);
    }
    match kind {
        "credit_card" => of_card(transaction, card),
        "local_payment" => {
            let local = transaction.child("local-payment");
            let source = local.and_then(|local| local.text("funding-source"));
            Instrument::without_network(source.unwrap_or(kind))
        }
        kind => Instrument::without_network(kind),
    }
}

/// Of the one word that a dispute has for it.
pub(super) fn of_subtype(word: &str) -> Instrument {
    match methods::named(word) {
        Some(known) if known != CARD => Instrument::without_network(known),
        _ => Instrument::card(None, Some(network(word))),
    }
}

fn of_card(transaction: Element<'_>, card: Option<Element<'_>>) -> Instrument {
    // Wallets replace the number by another of the same network.
    let names = ["source-card-type", "card-type", "virtual-card-type"];
    let brand = card.and_then(|card| names.iter().find_map(|name| card.text(name)));
    // A debit card may be routed over a network of its own.
    let routed = transaction.text("debit-network");
    Instrument::card(brand.map(network), routed.map(network))
}

/// The display name of a network; of Apple's cards it is behind Apple's own.
fn network(word: &str) -> &str {
    word.strip_prefix("Apple Pay - ").unwrap_or(word)
}
