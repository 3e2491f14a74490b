//! What customers pay with: a method, a network and perhaps a brand or a wallet.

use super::dice::Dice;
use super::draft::Data;
use super::purchase::Purchase;

/// What one attempt is made with. The four never stand for each other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instrument {
    method: &'static str,
    network: &'static str,
    brand: Option<&'static str>,
    wallet: Option<&'static str>,
}

impl Instrument {
    /// What the customer takes out, given who processes the payment.
    pub fn choose(dice: &mut Dice, purchase: &Purchase) -> Self {
        let habits = purchase.habits;
        let without_network = |method| Instrument {
            method,
            network: "none",
            ..Instrument::default()
        };
        match purchase.provider {
            "telegram" => return without_network("stars"),
            "paypal" if dice.chance(7800) => return without_network("paypal"),
            "braintree" if dice.chance(2200) => return without_network("paypal"),
            "stripe" if dice.chance(habits.bank) => return without_network("bank"),
            _ => {}
        }
        // A provider that does not say what was paid with: `unknown` in every list.
        if dice.chance(100) {
            return Instrument::default();
        }
        let network = dice.word(habits.networks);
        let wallet = dice
            .chance(habits.wallet)
            .then(|| dice.word(&[("apple_pay", 65), ("google_pay", 35)]));
        let cobranded = purchase.country == Some("FR") && network != "amex" && dice.chance(6000);
        Instrument {
            method: "card",
            network,
            brand: cobranded.then_some("cartes_bancaires"),
            wallet,
        }
    }

    /// Adds what is known of it to a fact.
    pub fn describe(&self, data: Data) -> Data {
        let known = |word: &'static str| (!word.is_empty()).then_some(word);
        let data = data
            .maybe("method", known(self.method))
            .maybe("network", known(self.network));
        data.maybe("brand", self.brand).maybe("wallet", self.wallet)
    }

    /// How often a first attempt by a new customer is approved, in parts of ten thousand.
    pub fn approval(&self) -> u32 {
        match (self.method, self.network) {
            ("card", "visa") => 9050,
            ("card", "mastercard") => 8900,
            ("card", "amex") => 8750,
            ("card", _) => 8500,
            _ => 9550,
        }
    }

    /// Whether its issuer may ask who the customer is.
    pub fn is_card(&self) -> bool {
        self.method == "card"
    }
}
