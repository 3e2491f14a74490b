//! What a PayPal payment was paid with. Most are paid from the wallet, of which nothing more is told.

use serde_json::Value;

use super::super::delivery::text;
use super::super::networks::{canonical, method};
use crate::model::Event;

/// Wallets that pass a card on.
const CARD_WALLETS: [&str; 2] = ["apple_pay", "google_pay"];

/// Method, network, brand and wallet.
#[derive(Debug, Default, Clone)]
pub(super) struct Instrument {
    method: Option<String>,
    network: Option<String>,
    brand: Option<String>,
    wallet: Option<String>,
}

impl Instrument {
    /// Of an order, authorization, capture or sale; where it names nothing else, it is the PayPal wallet.
    pub fn of(resource: &Value) -> Self {
        Self::stated(resource).unwrap_or_else(|| Self::without_network("paypal"))
    }

    /// What a resource names, if anything.
    pub fn stated(resource: &Value) -> Option<Self> {
        let carried_by = text(&resource["network_transaction_reference"]["network"]);
        let sources = resource["payment_source"].as_object();
        let source = sources.and_then(|sources| sources.iter().find(|(_, source)| source.is_object()));
        match source {
            Some((kind, card)) if kind == "card" => Some(Self::card(card, carried_by)),
            Some((kind, source)) if CARD_WALLETS.contains(&kind.as_str()) => Some(Instrument {
                wallet: Some(kind.clone()),
                ..Self::card(&source["card"], carried_by)
            }),
            Some((kind, _)) => Some(Self::without_network(kind)),
            // Only cards pass a network or get the answer of a processor.
            None if carried_by.is_some() || resource["processor_response"].is_object() => {
                Some(Self::card(&Value::Null, carried_by))
            }
            None => None,
        }
    }

    fn card(card: &Value, carried_by: Option<String>) -> Self {
        let spelled = |word: String| canonical(&word);
        let brand = text(&card["brand"]).map(spelled);
        // The network that carried the payment; where none is told, the card's brand.
        let network = carried_by.map(spelled).or_else(|| brand.clone());
        Instrument {
            method: Some("card".into()),
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
    pub fn apply(self, event: &mut Event) {
        event.method = self.method;
        event.network = self.network;
        event.brand = self.brand;
        event.wallet = self.wallet;
    }
}
