//! Braintree's decimal texts as money. Several kinds of notification do not say in which currency.

use std::collections::BTreeMap;

use super::super::decimals::{NO_AMOUNT, UNKNOWN_CURRENCY, currency, from_text};
use super::xml::Element;
use crate::config::SettingError;
use crate::ingest::verdict::Verdict;
use crate::model::{Currency, Money};

/// Currencies of amounts that name none.
#[derive(Debug)]
pub(super) struct Prices {
    default: Option<Currency>,
    by_account: BTreeMap<String, Currency>,
}

impl Prices {
    /// Reads the settings.
    ///
    /// # Errors
    /// Names the setting that is not a currency.
    pub fn open(default: Option<&str>, by_account: &BTreeMap<String, String>) -> Result<Self, SettingError> {
        let known = |setting: String, code: &str| {
            Currency::parse(code).ok_or_else(|| SettingError::new(setting, "must be an ISO 4217 code such as USD"))
        };
        let accounts = by_account.iter().map(|(account, code)| {
            let currency = known(format!("currencies.{account}"), code)?;
            Ok((account.clone(), currency))
        });
        Ok(Prices {
            default: default.map(|code| known("currency".into(), code)).transpose()?,
            by_account: accounts.collect::<Result<_, SettingError>>()?,
        })
    }

    /// The money of `amount` in the currency of a transaction or dispute. The direction is in the transaction's type,
    /// never in a sign.
    pub fn money(&self, of: Element<'_>, amount: Option<&str>) -> Verdict<Money> {
        let amount = amount.ok_or(NO_AMOUNT)?;
        let configured = || {
            let account = of.text("merchant-account-id");
            let of_account = account.and_then(|account| self.by_account.get(account));
            of_account.copied().or(self.default).ok_or(UNKNOWN_CURRENCY)
        };
        from_text(amount, of.text("currency-iso-code").map_or_else(configured, currency)?)
    }
}
