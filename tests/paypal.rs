//! PayPal: what it signs is taken once and under its own body only, and what it tells becomes money exactly.

mod deliveries;
mod documents;
mod fixtures;
mod mapping;
mod signature;

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::config::Source;
use serde_json::Value;
use tempfile::TempDir;

use crate::sdks;
use crate::support::app::source_with;

/// A test authority, certificates and deliveries that the script signed at the present of the tests.
struct Signed {
    folder: TempDir,
    webhook_id: String,
    deliveries: Value,
}

fn signed() -> &'static Signed {
    static SIGNED: OnceLock<Signed> = OnceLock::new();
    SIGNED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let told = sdks::run("paypal_webhook.py", &[folder.path().to_str().unwrap()]);
        let deliveries = std::fs::read_to_string(folder.path().join("deliveries.json")).unwrap();
        Signed {
            webhook_id: told["webhook_id"].as_str().unwrap().into(),
            deliveries: serde_json::from_str(&deliveries).unwrap(),
            folder,
        }
    })
}

impl Signed {
    /// Settings that trust the test authority and need no fetch, with more of them.
    fn source(&self, more: &str) -> Source {
        self.source_trusting("root.pem", more)
    }

    fn source_trusting(&self, authority: &str, more: &str) -> Source {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let settings = format!(
            "webhook_ids = [\"REPLACED\", {:?}]\nca_file = {:?}\ncertificate_dir = {:?}\n{more}",
            self.webhook_id,
            path(authority),
            path("certificates"),
        );
        source_with("paypal", &settings)
    }

    fn delivery(&self, name: &str) -> Delivery {
        let told = &self.deliveries[name];
        let headers = told["headers"]
            .as_object()
            .unwrap_or_else(|| panic!("no delivery {name}"));
        Delivery {
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().into()))
                .collect(),
            body: STANDARD.decode(told["body"].as_str().unwrap()).unwrap(),
        }
    }
}

/// One request as it is posted.
#[derive(Clone)]
struct Delivery {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Delivery {
    fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// A source for what needs no signature.
fn unsigned() -> Source {
    source_with("paypal", "webhook_ids = [\"8PT597110X687430LKGECATA\"]")
}
