//! PayPal: one notice, one canonical event or a few.
//!
//! Captures and sales are the money. Orders add states, links and other names; where they tell of a
//! capture, they share its id, so that it counts once.

mod amounts;
mod capture;
mod dispute;
mod failure;
mod instrument;
mod names;
mod order;
mod signature;
mod subscription;
mod trust;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use self::signature::{CertificateAddress, TRANSMISSION_ID, Transmission};
use self::trust::{Certificates, Trust};
use super::delivery::{Delivery, Stamp, id_of_body, list, text};
use super::links::{complete, link_text};
use super::signature::signed;
use super::{Endpoint, Lookup, Provider, Refusal, Request};
use crate::config::{SettingError, Source};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{Event, EventType};

/// PayPal's webhooks.
pub const PROVIDER: Provider = Provider { name: "paypal", open };

/// The webhook id of everything that PayPal's simulator signs, for whoever asks it to.
const SIMULATOR: &str = "WEBHOOK_ID";

/// Where sandbox objects live.
const SANDBOX: &str = ".sandbox.paypal.com/";

/// The settings of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Ids that PayPal gave the webhook; several while one is being replaced.
    webhook_ids: Vec<String>,
    /// PEM file of the authorities to trust, intermediate ones too; empty takes what is built in.
    #[serde(default)]
    ca_file: PathBuf,
    /// Folder of PayPal's certificates, each under the last part of its address; what is in it is not fetched.
    #[serde(default)]
    certificate_dir: PathBuf,
    /// How old a delivery may be: PayPal tries again for three days.
    #[serde(default = "default_max_age")]
    max_age_seconds: u32,
}

fn default_max_age() -> u32 {
    4 * 24 * 3600
}

fn open(source: &Source) -> Result<Box<dyn Endpoint>, SettingError> {
    let settings: Settings = source.settings()?;
    let is_id = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if settings.webhook_ids.is_empty() || !settings.webhook_ids.iter().all(is_id) {
        let message = "must contain at least one id, made of letters and digits";
        return Err(SettingError::new("webhook_ids", message));
    }
    if settings.webhook_ids.iter().any(|id| id == SIMULATOR) && !source.is_test() {
        let message = "contains the simulator's WEBHOOK_ID, for which anybody can sign: this requires mode = \"test\"";
        return Err(SettingError::new("webhook_ids", message));
    }
    Ok(Box::new(PayPal {
        webhook_ids: settings.webhook_ids,
        trust: Trust::open(&settings.ca_file)?,
        certificates: Certificates::open(&settings.certificate_dir)?,
        max_age_seconds: settings.max_age_seconds,
    }))
}

/// One configured webhook.
#[derive(Debug)]
struct PayPal {
    webhook_ids: Vec<String>,
    trust: Trust,
    certificates: Certificates,
    max_age_seconds: u32,
}

impl Endpoint for PayPal {
    fn announced(&self, headers: &Lookup<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
        Transmission::read(headers)?.check_age(self.max_age_seconds, now)
    }

    fn evidence(&self, headers: &Lookup<'_>) -> Result<Option<String>, Refusal> {
        let sent = Transmission::read(headers)?;
        let at_hand = self.certificates.get(sent.certificate.name()).is_some();
        Ok((!at_hand).then(|| sent.certificate.address()))
    }

    fn vouches(&self, address: &str, document: &[u8], at: DateTime<Utc>) -> bool {
        let is_paypals = CertificateAddress::parse(address).is_some_and(|parsed| parsed.address() == address);
        let chain = trust::certificates(document).ok().filter(|_| is_paypals);
        chain.is_some_and(|chain| self.trust.leaf(&chain, at).is_ok())
    }

    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let sent = Transmission::read(request.headers)?;
        sent.check_age(self.max_age_seconds, request.now)?;
        let at_hand = self.certificates.get(sent.certificate.name());
        let pem = at_hand.or(request.evidence);
        let pem = pem.ok_or_else(|| Refusal::Unavailable("the certificate is not available".into()))?;
        let chain = trust::certificates(pem).map_err(Refusal::Certificate)?;
        let leaf = self.trust.leaf(&chain, sent.time)?;
        signed(sent.is_signed(&leaf, &self.webhook_ids, request.raw_body))
    }

    fn transmission(&self, headers: &Lookup<'_>) -> Option<String> {
        headers(TRANSMISSION_ID)
    }

    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event> {
        delivery.read(raw_body, |body| Notice::new(delivery, body).events())
    }
}

/// Most notices are one event.
type Mapped = Verdict<Vec<Event>>;

/// One notice of PayPal's.
struct Notice<'a> {
    delivery: Delivery<'a>,
    body: &'a Value,
    resource: &'a Value,
    id: String,
    stamp: Stamp,
}

impl<'a> Notice<'a> {
    fn new(delivery: &Delivery<'a>, body: &'a Value) -> Self {
        let type_name = body["event_type"].as_str().unwrap_or_default();
        // PayPal's simulator gives notices of several types one id.
        let id = match text(&body["id"]) {
            Some(id) => format!("{id}:{type_name}"),
            None => id_of_body(body),
        };
        Notice {
            delivery: delivery.in_test(is_of_sandbox(body)),
            body,
            resource: &body["resource"],
            id,
            stamp: delivery.stamp_text(body["create_time"].as_str()),
        }
    }

    fn type_name(&self) -> &str {
        self.body["event_type"].as_str().unwrap_or("unnamed")
    }

    fn events(&self) -> Vec<Event> {
        let kept = |uncounted| {
            self.delivery
                .uncounted(&self.id, self.type_name(), uncounted, self.stamp)
        };
        self.map().unwrap_or_else(|uncounted| vec![kept(uncounted)])
    }

    fn map(&self) -> Mapped {
        match self.type_name() {
            "CHECKOUT.ORDER.APPROVED" => order::approved(self),
            "CHECKOUT.ORDER.COMPLETED" => order::completed(self),
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED" => order::given_up(self),
            "PAYMENTS.PAYMENT.CREATED" => order::payment_created(self),
            "PAYMENT.AUTHORIZATION.CREATED" => capture::authorization(self),
            "PAYMENT.AUTHORIZATION.VOIDED" => capture::voided(self),
            "PAYMENT.CAPTURE.PENDING" | "PAYMENT.SALE.PENDING" => capture::pending(self),
            "PAYMENT.CAPTURE.COMPLETED" | "PAYMENT.SALE.COMPLETED" => capture::completed(self),
            "PAYMENT.CAPTURE.DECLINED" | "PAYMENT.CAPTURE.DENIED" | "PAYMENT.SALE.DENIED" => capture::denied(self),
            "PAYMENT.CAPTURE.REFUNDED"
            | "PAYMENT.SALE.REFUNDED"
            | "PAYMENT.REFUND.COMPLETED"
            | "PAYMENT.REFUND.PENDING"
            | "PAYMENT.REFUND.FAILED"
            | "PAYMENT.REFUND.CANCELLED" => capture::refunded(self),
            "PAYMENT.CAPTURE.REVERSED" | "PAYMENT.SALE.REVERSED" => capture::reversed(self),
            "CUSTOMER.DISPUTE.CREATED" | "CUSTOMER.DISPUTE.UPDATED" | "CUSTOMER.DISPUTE.RESOLVED" => {
                dispute::dispute(self)
            }
            "BILLING.SUBSCRIPTION.PAYMENT.FAILED" => subscription::payment_failed(self),
            _ => Err(Uncounted::Ignored),
        }
    }

    /// An event of this notice about a payment, with the links that any of the texts carries.
    fn event(&self, kind: EventType, payment_id: String, texts: &[&Value]) -> Event {
        let mut event = self.delivery.payment(&self.id, kind, self.stamp, payment_id);
        for written in texts.iter().filter_map(|written| text(written)) {
            link_text(&mut event, &written, &self.delivery);
        }
        complete(&mut event, &self.delivery);
        event
    }
}

/// Whether the notice or what it is about lives in the sandbox.
fn is_of_sandbox(body: &Value) -> bool {
    let mut links = [body, &body["resource"]]
        .into_iter()
        .flat_map(|about| list(&about["links"]));
    links.any(|link| link["href"].as_str().is_some_and(|href| href.contains(SANDBOX)))
}
