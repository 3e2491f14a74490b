//! What PayPal signs: transmission id, time, webhook id and a checksum of the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use webpki::EndEntityCert;
use webpki::ring::RSA_PKCS1_2048_8192_SHA256;

use super::super::signature::required;
use super::super::{Lookup, Refusal};

/// The header with the id of the transmission.
pub(super) const TRANSMISSION_ID: &str = "paypal-transmission-id";
const TRANSMISSION_TIME: &str = "paypal-transmission-time";
const TRANSMISSION_SIG: &str = "paypal-transmission-sig";
const CERT_URL: &str = "paypal-cert-url";
const AUTH_ALGO: &str = "paypal-auth-algo";

/// The only algorithm that is taken; the one with SHA-1 that old code knows is not.
const ALGORITHM: &str = "SHA256withRSA";

/// How far ahead of the clock a transmission may be.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The path of every certificate.
const PATH: &str = "v1/notifications/certs/";

/// The longest id of a transmission or name of a certificate.
const LONGEST: usize = 100;

/// What the headers of a delivery say.
pub(super) struct Transmission {
    id: String,
    /// The time as it was signed.
    stated_time: String,
    /// When it was sent.
    pub time: DateTime<Utc>,
    signature: Vec<u8>,
    /// Whose key signed it.
    pub certificate: CertificateAddress,
}

impl Transmission {
    /// Reads the headers.
    ///
    /// # Errors
    /// Names the first one that is missing or cannot be, before anything is fetched for it.
    pub fn read(headers: &Lookup<'_>) -> Result<Self, Refusal> {
        let header = |name| required(headers, name);
        let (id, stated_time) = (header(TRANSMISSION_ID)?, header(TRANSMISSION_TIME)?);
        let (signature, algorithm) = (header(TRANSMISSION_SIG)?, header(AUTH_ALGO)?);
        let address = header(CERT_URL)?;
        // Nothing that the signed text uses to part its fields may stand inside one.
        if !is_name(&id) {
            return Err(Refusal::Malformed(TRANSMISSION_ID));
        }
        if !algorithm.eq_ignore_ascii_case(ALGORITHM) {
            return Err(Refusal::Malformed(AUTH_ALGO));
        }
        let time = DateTime::parse_from_rfc3339(&stated_time).map_err(|_| Refusal::Malformed(TRANSMISSION_TIME))?;
        let signature = STANDARD.decode(signature);
        Ok(Transmission {
            id,
            time: time.with_timezone(&Utc),
            stated_time,
            signature: signature.map_err(|_| Refusal::Malformed(TRANSMISSION_SIG))?,
            certificate: CertificateAddress::parse(&address).ok_or(Refusal::ForeignAddress(CERT_URL))?,
        })
    }

    /// Refuses what was sent too long ago, or will only be.
    pub fn check_age(&self, max_age_seconds: u32, now: DateTime<Utc>) -> Result<(), Refusal> {
        let oldest = now - TimeDelta::seconds(i64::from(max_age_seconds));
        if (oldest..=now + AHEAD).contains(&self.time) {
            Ok(())
        } else {
            Err(Refusal::OutsideTolerance)
        }
    }

    /// Whether the certificate's key signed this body for one of the webhooks.
    pub fn is_signed(&self, leaf: &EndEntityCert<'_>, webhook_ids: &[String], raw_body: &[u8]) -> bool {
        let checksum = crc32fast::hash(raw_body);
        webhook_ids.iter().any(|webhook_id| {
            let signed = format!("{}|{}|{webhook_id}|{checksum}", self.id, self.stated_time);
            leaf.verify_signature(RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &self.signature)
                .is_ok()
        })
    }
}

/// The address of a certificate of PayPal. The sender of a request chooses it, so it is parsed and put together again.
pub(super) struct CertificateAddress {
    host: String,
    name: String,
}

impl CertificateAddress {
    /// Reads an address on a host of PayPal's, under the path of its certificates.
    pub fn parse(address: &str) -> Option<Self> {
        let (host, path) = address.strip_prefix("https://")?.split_once('/')?;
        let host = host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let is_paypal = host == "paypal.com" || host.ends_with(".paypal.com");
        let name = path.strip_prefix(PATH)?;
        (is_paypal && host.bytes().all(plain) && is_name(name)).then(|| CertificateAddress {
            host,
            name: name.into(),
        })
    }

    /// Its last part, which is the certificate's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole address.
    pub fn address(&self) -> String {
        format!("https://{}/{PATH}{}", self.host, self.name)
    }
}

/// Letters, digits and hyphens.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain)
}
