//! What a PayPal payment was paid with. Most are paid from the wallet, of which nothing more is told.

use serde_json::Value;

use super::super::delivery::text;
use super::super::instrument::Instrument;

/// Of an order, authorization, capture or sale; where it names nothing else, it is the PayPal wallet.
pub(super) fn of(resource: &Value) -> Instrument {
    stated(resource).unwrap_or_else(|| Instrument::without_network("paypal"))
}

/// What a resource names, if anything.
pub(super) fn stated(resource: &Value) -> Option<Instrument> {
    let carried_by = text(&resource["network_transaction_reference"]["network"]);
    let card = |card: &Value| Instrument::card(text(&card["brand"]).as_deref(), carried_by.as_deref());
    let sources = resource["payment_source"].as_object();
    let source = sources.and_then(|sources| sources.iter().find(|(_, source)| source.is_object()));
    match source {
        Some((kind, source)) => Some(match kind.as_str() {
            "card" => card(source),
            // Wallets that pass a card on.
            "apple_pay" | "google_pay" => card(&source["card"]).in_wallet(kind),
            _ => Instrument::without_network(kind),
        }),
        // Only cards pass a network or get the answer of a processor.
        None if carried_by.is_some() || resource["processor_response"].is_object() => Some(card(&Value::Null)),
        None => None,
    }
}
