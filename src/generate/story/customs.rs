//! How people pay: by country and by day, before and after payments in the thread began.

use super::super::dice::Dice;
use super::super::talk::Habits;
use super::{IN_THREAD_DAY, LAST_DAY};
use crate::model::money::Currency;
use crate::model::{CheckoutPath, Credential};

/// The currency people of a country pay in.
pub fn currency(country: &str) -> Option<Currency> {
    Currency::parse(match country {
        "GB" => "GBP",
        "DE" | "FR" | "ES" | "IT" | "NL" => "EUR",
        "JP" => "JPY",
        _ => "USD",
    })
}

/// Where the customer pays. In the thread never before its day, and mostly in the United States,
/// so that a plain comparison of paths is confounded by country.
pub fn path(dice: &mut Dice, country: &str, day: usize) -> CheckoutPath {
    if let Some(since) = day.checked_sub(IN_THREAD_DAY) {
        let reach = match country {
            "US" => 5600,
            "GB" | "CA" | "AU" => 3000,
            _ => 900,
        };
        // It takes three weeks until most bots offer it.
        let adopted = reach * (4 + since.min(21) as u32) / 25;
        if dice.chance(adopted) {
            return CheckoutPath::InThread;
        }
    }
    if dice.chance(2600) {
        CheckoutPath::Webview
    } else {
        CheckoutPath::Redirect
    }
}

/// Whether a stored credential pays.
pub fn credential(dice: &mut Dice, returning: bool, path: CheckoutPath) -> Credential {
    let base = if returning { 5200 } else { 1200 };
    let stored = if path == CheckoutPath::InThread { 2000 } else { 0 };
    if dice.chance(base + stored) {
        Credential::Saved
    } else {
        Credential::New
    }
}

/// Who processes the money.
pub fn provider(dice: &mut Dice, path: CheckoutPath, day: usize) -> &'static str {
    // PayPal gains a little from autumn on.
    let autumn = if day > IN_THREAD_DAY { 6 } else { 0 };
    match path {
        CheckoutPath::InThread => dice.word(&[("stripe", 66), ("paypal", 27), ("braintree", 7)]),
        _ => dice.word(&[("stripe", 60 - autumn), ("paypal", 22 + autumn), ("braintree", 18)]),
    }
}

/// How customers of a country behave.
pub fn habits(country: &str, path: CheckoutPath, credential: Credential, day: usize) -> Habits {
    let base = match country {
        "US" => 6000,
        "GB" | "CA" | "AU" | "NL" | "JP" => 5700,
        "DE" | "FR" => 5200,
        "ES" | "IT" => 4800,
        _ => 4100,
    };
    let way = match path {
        CheckoutPath::InThread => 900,
        CheckoutPath::Webview => 300,
        CheckoutPath::Redirect => 0,
    };
    let known = if credential == Credential::Saved { 700 } else { 0 };
    Habits {
        rounds: 2,
        browse: 5600,
        // Shops learn to sell: carts become more frequent over the months.
        cart: 3600 + (1800 * day / LAST_DAY) as u32,
        checkout: 6600,
        ends: 5500,
        pays: base + way + known,
        unattributed: 250,
        test: 80,
        wallet: 500,
        bank: 0,
        networks: &[("visa", 56), ("mastercard", 30), ("amex", 14)],
    }
}
