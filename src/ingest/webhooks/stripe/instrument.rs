//! What a Stripe charge was paid with, in every shape that the API has had.

use serde_json::Value;

use super::super::delivery::text;
use super::super::instrument::Instrument;

/// The type and the object of cards.
const CARD: &str = "card";

/// Of a charge: `payment_method_details`, or in old versions `source` or `card`.
pub(super) fn of_charge(charge: &Value) -> Instrument {
    let details = &charge["payment_method_details"];
    if details.is_object() {
        return of_details(details);
    }
    let mut sources = [&charge["source"], &charge["card"]].into_iter();
    sources
        .find(|value| value.is_object())
        .map(of_source)
        .unwrap_or_default()
}

/// Of a payment method, or of the details that a charge or dispute has of it.
pub(super) fn of_details(details: &Value) -> Instrument {
    match details["type"].as_str() {
        None => Instrument::default(),
        // A card at a terminal has the same networks under another name.
        Some(kind @ (CARD | "card_present" | "interac_present")) => of_card(&details[kind]),
        Some(kind) => Instrument::without_network(kind),
    }
}

/// Of a source: a card itself, or something that holds one.
fn of_source(source: &Value) -> Instrument {
    if source["object"] == CARD || source["brand"].is_string() {
        return of_card(source);
    }
    if source[CARD].is_object() {
        return of_card(&source[CARD]);
    }
    let kind = source["type"].as_str().or_else(|| source["object"].as_str());
    kind.map(Instrument::without_network).unwrap_or_default()
}

fn of_card(card: &Value) -> Instrument {
    let brand = text(&card["brand"]).or_else(|| text(&card["type"]));
    let instrument = Instrument::card(brand.as_deref(), text(&card["network"]).as_deref());
    let wallet = text(&card["wallet"]["type"]).or_else(|| text(&card["tokenization_method"]));
    match wallet {
        Some(wallet) => instrument.in_wallet(&wallet),
        None => instrument,
    }
}
