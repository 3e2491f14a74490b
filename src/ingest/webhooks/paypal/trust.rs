//! Whose certificates may vouch for a delivery, and those that are at hand.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring};

use super::super::Refusal;
use crate::config::SettingError;

/// Names of the certificates that sign deliveries, live and of the sandbox.
const SUBJECTS: [&str; 2] = [
    "messageverificationcerts.paypal.com",
    "messageverificationcerts.sandbox.paypal.com",
];

/// The only authority of the public web that PayPal's certificates come from.
const AUTHORITY: &[u8] = b"DigiCert";

/// Bytes of a PEM file.
const BYTES: u64 = 256 << 10;
/// Certificates of one PEM file, and files in a folder.
const COUNT: usize = 100;

/// What authorities may sign certificates with.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 5] = [
    ring::RSA_PKCS1_2048_8192_SHA256,
    ring::RSA_PKCS1_2048_8192_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA512,
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P384_SHA384,
];

/// The authorities that PayPal's certificates must lead to.
#[derive(Debug)]
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
}

impl Trust {
    /// The authorities of a PEM file, roots or not; without one the roots of PayPal's authority.
    ///
    /// # Errors
    /// Names the setting where the file cannot be read or holds none.
    pub fn open(ca_file: &Path) -> Result<Self, SettingError> {
        if ca_file.as_os_str().is_empty() {
            return Ok(Self::built_in());
        }
        let refused = |message| SettingError::new("ca_file", message);
        let pem = read(ca_file).map_err(refused)?;
        let trusted = certificates(&pem).map_err(refused)?;
        let anchors = trusted.iter().map(|certificate| {
            let anchor = anchor_from_trusted_cert(certificate);
            anchor.map(|anchor| anchor.to_owned())
        });
        let anchors = anchors.collect::<Result<_, _>>();
        let anchors =
            anchors.map_err(|error| refused(format!("contains no certificate of a certificate authority: {error}")))?;
        Ok(Trust { anchors })
    }

    fn built_in() -> Self {
        let named = |anchor: &&TrustAnchor<'_>| {
            let mut parts = anchor.subject.windows(AUTHORITY.len());
            parts.any(|part| part == AUTHORITY)
        };
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().filter(named);
        Trust {
            anchors: roots.cloned().collect(),
        }
    }

    /// The first of the certificates, where it is PayPal's and, at a time, led to a trusted authority.
    ///
    /// # Errors
    /// [`Refusal::Certificate`] says why not.
    pub fn leaf<'a>(
        &self,
        chain: &'a [CertificateDer<'static>],
        at: DateTime<Utc>,
    ) -> Result<EndEntityCert<'a>, Refusal> {
        let refused = |reason: String| Refusal::Certificate(reason);
        let (first, intermediates) = chain
            .split_first()
            .ok_or_else(|| refused("there is no certificate".into()))?;
        let leaf = EndEntityCert::try_from(first).map_err(|error| refused(error.to_string()))?;
        let is_paypals = SUBJECTS.iter().any(|name| {
            let name = ServerName::try_from(*name);
            name.is_ok_and(|name| leaf.verify_is_valid_for_subject_name(&name).is_ok())
        });
        if !is_paypals {
            return Err(refused("it is not one of PayPal's webhooks".into()));
        }
        let seconds = u64::try_from(at.timestamp()).map_err(|error| refused(error.to_string()))?;
        leaf.verify_for_usage(
            &ALGORITHMS,
            &self.anchors,
            intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map_err(|error| refused(error.to_string()))?;
        Ok(leaf)
    }
}

/// Certificates that need not be fetched, as PEM, by name.
#[derive(Debug, Default)]
pub(super) struct Certificates(HashMap<String, Vec<u8>>);

impl Certificates {
    /// Reads a folder; without one there are none.
    ///
    /// # Errors
    /// Names the setting if it cannot be read or a file in it is not a certificate.
    pub fn open(folder: &Path) -> Result<Self, SettingError> {
        if folder.as_os_str().is_empty() {
            return Ok(Self::default());
        }
        let refused = |message| SettingError::new("certificate_dir", message);
        let entries = std::fs::read_dir(folder).map_err(|error| refused(unreadable(folder, &error)))?;
        let mut found = HashMap::new();
        for entry in entries {
            let path = entry.map_err(|error| refused(unreadable(folder, &error)))?.path();
            // `CERT-…` as in the address, or `CERT-….pem`.
            let name = path.file_stem().and_then(|name| name.to_str());
            let Some(name) = name.filter(|name| path.is_file() && !name.starts_with('.')) else {
                continue;
            };
            let pem = read(&path).map_err(refused)?;
            certificates(&pem).map_err(|error| refused(format!("{}: {error}", path.display())))?;
            found.insert(name.to_owned(), pem);
            if found.len() > COUNT {
                return Err(refused(format!("contains more than {COUNT} files")));
            }
        }
        Ok(Certificates(found))
    }

    /// The certificate of a name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// The certificates of a PEM text, of which there is at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(COUNT).collect();
    match read {
        Err(error) => Err(format!("it cannot be read: {error}")),
        Ok(none) if none.is_empty() => Err("it contains no certificate".into()),
        Ok(certificates) => Ok(certificates),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error| unreadable(path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES {
        return Err(format!("{} has more than {BYTES} bytes", path.display()));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("cannot be read: {}: {error}", path.display())
}
