//! By which ids a payment of PayPal's goes: its order, its authorization, its capture.
//!
//! The older interface calls an order a payment and a capture a sale.

use serde_json::Value;

use super::super::delivery::text;
use super::{Reason, Uncounted, Verdict};
use crate::model::Event;

/// The ids that a notice knows of a payment.
#[derive(Debug, Default, Clone)]
pub(super) struct Names {
    pub order: Option<String>,
    pub authorization: Option<String>,
    pub capture: Option<String>,
}

impl Names {
    /// Of a resource: the ids that it relates to, else those in the addresses of its links.
    pub fn of(resource: &Value) -> Self {
        let related = &resource["supplementary_data"]["related_ids"];
        let linked = |kinds: &[&str]| linked(resource, kinds);
        Names {
            order: text(&related["order_id"])
                .or_else(|| text(&resource["parent_payment"]))
                .or_else(|| linked(&["orders", "payment"])),
            authorization: text(&related["authorization_id"]).or_else(|| linked(&["authorizations", "authorization"])),
            capture: text(&related["capture_id"])
                .or_else(|| text(&resource["capture_id"]))
                .or_else(|| text(&resource["sale_id"]))
                .or_else(|| linked(&["captures", "capture", "sale"])),
        }
    }

    /// The widest of them is the payment's own.
    pub fn payment(&self) -> Verdict<String> {
        let own = self.widest_first().next();
        own.cloned().ok_or(Uncounted::Quarantined(Reason::NoPaymentId))
    }

    /// The others lead to it.
    pub fn state_aliases(&self, event: &mut Event) {
        let own = event.payment_id.clone();
        let others = self.widest_first().filter(|id| own.as_ref() != Some(*id));
        event.aliases = others.cloned().collect();
    }

    fn widest_first(&self) -> impl Iterator<Item = &String> {
        [&self.order, &self.authorization, &self.capture].into_iter().flatten()
    }
}

/// The id behind the first link whose path names one of the kinds: `…/captures/{id}/refund`.
fn linked(resource: &Value, kinds: &[&str]) -> Option<String> {
    let links = resource["links"].as_array()?;
    links.iter().find_map(|link| {
        let path = link["href"].as_str()?.split(['?', '#']).next()?;
        let mut parts = path.split('/').skip_while(|part| !kinds.contains(part));
        let id = parts.nth(1)?;
        (!id.is_empty()).then(|| id.to_owned())
    })
}
