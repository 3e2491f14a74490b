//! How a payment was paid, in the words that all providers share.

use super::networks::{canonical, method, slug};
use crate::model::Event;

/// The method of cards.
const CARD: &str = "card";

/// The method of debits and transfers between bank accounts.
const BANK: &str = "bank";

/// Method, network, brand and wallet; all absent where the provider tells nothing.
///
/// None of them says whether a stored credential paid: that comes with the links of a payment.
#[derive(Debug, Default, Clone)]
pub(super) struct Instrument {
    method: Option<String>,
    network: Option<String>,
    brand: Option<String>,
    wallet: Option<String>,
}

impl Instrument {
    /// A card of a brand. Where no network is known to have carried the payment, it is the brand's.
    pub fn card(brand: Option<&str>, carried_by: Option<&str>) -> Self {
        let brand = brand.map(canonical);
        let network = carried_by.map(canonical).or_else(|| brand.clone());
        Instrument {
            method: Some(CARD.into()),
            brand: brand.filter(|brand| Some(brand) != network.as_ref()),
            network,
            wallet: None,
        }
    }

    /// A card in a wallet.
    pub fn in_wallet(self, wallet: &str) -> Self {
        let wallet = if wallet == "android_pay" { "google_pay" } else { wallet };
        Instrument {
            wallet: Some(slug(wallet)),
            ..self
        }
    }

    /// A way to pay that no card network carries, by the provider's word for it.
    pub fn without_network(word: &str) -> Self {
        Instrument {
            method: Some(method(word)),
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
