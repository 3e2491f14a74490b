//! What a Stripe charge was paid with, in every shape that the API has had.

use serde_json::Value;

use super::super::delivery::text;
use super::super::networks::{canonical, method, slug};
use crate::model::Event;

/// The method of cards.
const CARD: &str = "card";

/// The method of debits and transfers between bank accounts.
const BANK: &str = "bank";

/// Method, network, brand and wallet; all absent where the object tells nothing.
#[derive(Debug, Default)]
pub(super) struct Instrument {
    method: Option<String>,
    network: Option<String>,
    brand: Option<String>,
    wallet: Option<String>,
}

impl Instrument {
    /// Of a charge: `payment_method_details`, or in old versions `source` or `card`.
    pub fn of_charge(charge: &Value) -> Self {
        let details = &charge["payment_method_details"];
        if details.is_object() {
            return Self::of_details(details);
        }
        let source = [&charge["source"], &charge["card"]]
            .into_iter()
            .find(|value| value.is_object());
        source.map(Self::of_source).unwrap_or_default()
    }

    /// Of a payment method, or of the details that a charge or dispute has of it.
    pub fn of_details(details: &Value) -> Self {
        match details["type"].as_str() {
            None => Self::default(),
            // A card at a terminal has the same networks under another name.
            Some(kind @ (CARD | "card_present" | "interac_present")) => Self::of_card(&details[kind]),
            Some(kind) => Self::without_network(kind),
        }
    }

    /// Of a source: a card itself, or something that holds one.
    fn of_source(source: &Value) -> Self {
        if source["object"] == CARD || source["brand"].is_string() {
            return Self::of_card(source);
        }
        if source[CARD].is_object() {
            return Self::of_card(&source[CARD]);
        }
        let kind = source["type"].as_str().or_else(|| source["object"].as_str());
        kind.map(Self::without_network).unwrap_or_default()
    }

    fn of_card(card: &Value) -> Self {
        let brand = text(&card["brand"])
            .or_else(|| text(&card["type"]))
            .map(|word| canonical(&word));
        // The network that carried the charge; before one was chosen, the card's brand.
        let network = text(&card["network"])
            .map(|word| canonical(&word))
            .or_else(|| brand.clone());
        let brand = brand.filter(|brand| Some(brand) != network.as_ref());
        let wallet = text(&card["wallet"]["type"]).or_else(|| text(&card["tokenization_method"]));
        let wallet = wallet.map(|word| {
            if word == "android_pay" {
                "google_pay".into()
            } else {
                slug(&word)
            }
        });
        Instrument {
            method: Some(CARD.into()),
            network,
            brand,
            wallet,
        }
    }

    fn without_network(kind: &str) -> Self {
        Instrument {
            method: Some(method(kind)),
            network: Some("none".into()),
            ..Self::default()
        }
    }

    /// Whether the money comes from a bank account, where a failure follows days after the order.
    pub fn is_bank(&self) -> bool {
        self.method.as_deref() == Some(BANK)
    }

    /// Writes what is known into an event.
    pub fn apply(self, event: &mut Event) {
        event.method = self.method;
        event.network = self.network;
        event.brand = self.brand;
        event.wallet = self.wallet;
    }
}
