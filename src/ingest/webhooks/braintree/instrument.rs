//! What a transaction was paid with: method, network, brand and wallet.

use super::super::super::methods;
use super::super::networks::{canonical, method};
use super::xml::Element;
use crate::model::Event;

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

/// All absent where the transaction tells nothing.
#[derive(Debug, Default)]
pub(super) struct Instrument {
    method: Option<String>,
    network: Option<String>,
    brand: Option<String>,
    wallet: Option<String>,
}

impl Instrument {
    /// Of a transaction; `local` where it is the transaction of a local payment.
    pub fn of(transaction: Element<'_>, local: bool) -> Self {
        let stated = transaction.text("payment-instrument-type");
        let card = transaction.child("credit-card");
        let kind = match stated {
            Some(kind) => kind,
            None if local => "local_payment",
            // The oldest transactions have a card and no word for it.
            None if card.is_some_and(|card| card.text("card-type").is_some()) => "credit_card",
            None => return Self::default(),
        };
        if let Some((_, element, wallet)) = WALLETS.iter().find(|(known, _, _)| *known == kind) {
            return Instrument {
                wallet: Some((*wallet).into()),
                ..Self::of_card(transaction, transaction.child(element))
            };
        }
        match kind {
            "credit_card" => Self::of_card(transaction, card),
            "local_payment" => {
                let source = transaction
                    .child("local-payment")
                    .and_then(|local| local.text("funding-source"));
                Self::without_network(source.unwrap_or(kind))
            }
            kind => Self::without_network(kind),
        }
    }

    /// Of the one word that a dispute has for it.
    pub fn of_subtype(word: &str) -> Self {
        match methods::named(word) {
            Some(known) if known != CARD => Self::without_network(known),
            _ => Instrument {
                method: Some(CARD.into()),
                network: Some(network(word)),
                ..Self::default()
            },
        }
    }

    fn of_card(transaction: Element<'_>, card: Option<Element<'_>>) -> Self {
        // Wallets replace the number by another of the same network.
        let names = ["source-card-type", "card-type", "virtual-card-type"];
        let stated = card.and_then(|card| names.iter().find_map(|name| card.text(name)));
        let brand = stated.map(network);
        // A debit card may be routed over a network of its own.
        let routed = transaction.text("debit-network").map(network);
        let network = routed.or_else(|| brand.clone());
        Instrument {
            method: Some(CARD.into()),
            brand: brand.filter(|brand| Some(brand) != network.as_ref()),
            network,
            wallet: None,
        }
    }

    fn without_network(kind: &str) -> Self {
        Instrument {
            method: Some(method(kind)),
            network: Some("none".into()),
            ..Self::default()
        }
    }

    /// Writes what is known into an event.
    pub fn apply(&self, event: &mut Event) {
        event.method = self.method.clone();
        event.network = self.network.clone();
        event.brand = self.brand.clone();
        event.wallet = self.wallet.clone();
    }
}

/// The network behind a display name; of Apple's cards it is behind Apple's own.
fn network(word: &str) -> String {
    canonical(word.strip_prefix("Apple Pay - ").unwrap_or(word))
}
