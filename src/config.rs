//! Every setting, documented, read once: file, then environment, then flags.

mod fault;
mod placeholder;
mod secret;
mod source;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use fault::{Fault, KEYS};
pub use secret::Secret;
pub use source::{Links, SettingError, Source};

use crate::model::{Currency, Mode};

/// Why the configuration is rejected.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
    /// The file is not TOML, or has a wrong or unknown key.
    #[error("the configuration file {path} is wrong: {fault}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where.
        fault: Fault,
    },
    /// A value is not valid.
    #[error("`{key}` {message}")]
    Invalid {
        /// The setting.
        key: String,
        /// What would be accepted.
        message: String,
    },
}

/// The settings of a server.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one. Without a key only loopback is allowed.
    pub listen: SocketAddr,
    /// Folder of the database.
    pub data_dir: PathBuf,
    /// Reporting currency of questions that do not name one.
    pub currency: String,
    /// Limits on requests, events and answers.
    pub limits: Limits,
    /// How ids of people are stored.
    pub privacy: Privacy,
    /// Pages of other websites that may send requests.
    pub cors: Cors,
    /// Whether the start is refused while no key is configured.
    pub require_key: bool,
    /// Keys for reading and sending; only hashes are stored.
    pub keys: Vec<Key>,
    /// Providers and platforms that post webhooks.
    pub sources: Vec<Source>,
    /// Memory that DuckDB may take, in MiB.
    pub memory_mib: u64,
    /// Threads of DuckDB; 0 takes one per core.
    pub threads: u64,
    /// Seconds from SIGTERM to the end: for open requests, for what was accepted, and for the checkpoint.
    pub shutdown_seconds: u64,
}

/// Bounds. Bytes and counts are inclusive.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a body as it is transferred.
    pub body_bytes: usize,
    /// Bytes of a body after decompression.
    pub inflated_bytes: usize,
    /// Bytes of a webhook's body.
    pub webhook_bytes: usize,
    /// Bytes that all requests together may hold of their bodies; beyond it, 503 with Retry-After before reading.
    pub flight_bytes: usize,
    /// Connections of the whole process; more wait until one is closed.
    pub connections: usize,
    /// Seconds until a body must have arrived.
    pub body_seconds: u64,
    /// Seconds of work on reading the events of one request; beyond it, 503 and nothing of it is stored.
    pub parse_seconds: u64,
    /// Events in one batch.
    pub batch_events: usize,
    /// Bytes of one event.
    pub event_bytes: usize,
    /// Events waiting for the writer; beyond it, 503 with Retry-After.
    pub queue_events: usize,
    /// Bytes of the events that wait for the writer; beyond it, 503 with Retry-After.
    pub queue_bytes: usize,
    /// Bytes that all large answers to questions together may hold until they are written; beyond it, 503 with
    /// Retry-After.
    pub answer_bytes: usize,
    /// Seconds after which a connection is closed that does not read its answer.
    pub answer_seconds: u64,
    /// Rows of one answer.
    pub answer_rows: usize,
    /// Rows of facts that one question may read.
    pub frame_rows: usize,
    /// Rows of events that one payment, conversation, checkout id or bot may have; one with more is set aside.
    pub entity_rows: usize,
    /// Seconds after which a question is stopped.
    pub query_seconds: u64,
    /// Seconds after which `/readyz` reports an event that is not folded yet.
    pub fold_seconds: u64,
    /// MiB of the disk that must stay free, at most a tenth of it; below it, new events are refused.
    pub free_mib: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 8 << 20,
            inflated_bytes: 32 << 20,
            webhook_bytes: 1 << 20,
            flight_bytes: 256 << 20,
            connections: 2048,
            body_seconds: 30,
            parse_seconds: 10,
            batch_events: 20_000,
            event_bytes: 64 << 10,
            queue_events: 200_000,
            queue_bytes: 64 << 20,
            answer_bytes: 256 << 20,
            answer_seconds: 30,
            answer_rows: 100_000,
            frame_rows: 20_000_000,
            entity_rows: 100_000,
            query_seconds: 20,
            fold_seconds: 60,
            free_mib: 512,
        }
    }
}

/// How ids of people are stored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// `hashed`: under pseudonyms; `plain`: under the ids that were sent.
    pub user_ids: UserIds,
    /// Ids of bots, so that no bot is taken for a person if a sender does not say which is which.
    pub bots: Vec<String>,
}

/// How ids of people are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserIds {
    /// As a keyed hash.
    #[default]
    Hashed,
    /// As they were sent.
    Plain,
}

/// Pages of other websites that may send requests from a browser (CORS).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Their origins, such as `https://app.example`.
    pub origins: Vec<String>,
}

/// A key's name and the SHA-256 of the key, as 64 hexadecimal digits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Who holds it; shown in logs.
    pub name: String,
    /// Hash of the key; the key itself is not stored.
    pub sha256: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("botledger-data"),
            currency: "USD".into(),
            limits: Limits::default(),
            privacy: Privacy::default(),
            cors: Cors::default(),
            require_key: false,
            keys: Vec::new(),
            sources: Vec::new(),
            memory_mib: 512,
            threads: 0,
            shutdown_seconds: 20,
        }
    }
}

impl Config {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, or has a wrong or unknown key.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.into(),
            error,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Malformed {
            path: path.into(),
            fault: Fault::of(&text, &error),
        })
    }

    /// Checks what types cannot: the currency, the keys, the origins, the sources, that no secret is an
    /// example from the documentation, and that an open address has a key.
    ///
    /// # Errors
    /// Names the first setting that is wrong and what would be accepted.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let invalid = |key: String, message: &str| {
            Err(ConfigError::Invalid {
                key,
                message: message.into(),
            })
        };
        if Currency::parse(&self.currency).is_none() {
            return invalid("currency".into(), "must be an ISO 4217 code such as USD");
        }
        for (index, key) in self.keys.iter().enumerate() {
            if key.sha256.len() != 64 || hex::decode(&key.sha256).is_err() {
                return invalid(format!("keys[{index}].sha256"), "must be 64 hexadecimal digits");
            }
        }
        if let Some((key, message)) = placeholder::find(self) {
            return invalid(key, &message);
        }
        for (index, origin) in self.cors.origins.iter().enumerate() {
            if !is_origin(origin) {
                return invalid(
                    format!("cors.origins[{index}]"),
                    "must be an origin as browsers state it, such as https://app.example or http://localhost:3000: in \
                     small letters, without a path and without the default port",
                );
            }
        }
        for (index, source) in self.sources.iter().enumerate() {
            if source.mode.as_deref().is_some_and(|mode| Mode::parse(mode).is_none()) {
                return invalid(format!("sources[{index}].mode"), "must be live or test");
            }
            let same = |other: &Source| other.provider == source.provider && other.name == source.name;
            if self.sources[..index].iter().any(same) {
                return invalid(
                    format!("sources[{index}]"),
                    "has the same provider and name as an earlier source",
                );
            }
        }
        if !self.listen.ip().is_loopback() && self.keys.is_empty() {
            return invalid("listen".into(), "must be a loopback address while no key is configured");
        }
        Ok(())
    }

    /// Checks what only a server needs: a key, if one is required.
    ///
    /// # Errors
    /// Names the setting.
    pub fn may_serve(&self) -> Result<(), ConfigError> {
        if self.require_key && self.keys.is_empty() {
            return Err(ConfigError::Invalid {
                key: "require_key".into(),
                message: "is true and no key is configured; make one with `botledger key NAME`".into(),
            });
        }
        Ok(())
    }

    /// The reporting currency.
    pub fn reporting_currency(&self) -> Option<Currency> {
        Currency::parse(&self.currency)
    }
}

/// Whether a text is an origin as browsers state it.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = match rest.rsplit_once(':') {
        // The colons within the brackets of an IPv6 address are no port's.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._[]:".contains(&byte);
    let default = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    let is_number = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with(['+', '0']);
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && !host.is_empty()
        && host.bytes().all(small)
        && port.is_none_or(is_number)
        && !default
}

/// Whether lines for people may be coloured: not if the variable `NO_COLOR` is set.
pub fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Settings given as flags or in the environment; they win over the file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Overrides {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "BOTLEDGER_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the database.
    #[arg(long, global = true, env = "BOTLEDGER_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, global = true, env = "BOTLEDGER_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Reporting currency of questions that do not name one.
    #[arg(long, global = true, env = "BOTLEDGER_CURRENCY", value_name = "CODE")]
    pub currency: Option<String>,
    /// Memory that DuckDB may take, in MiB.
    #[arg(long, global = true, env = "BOTLEDGER_MEMORY_MIB", value_name = "MIB")]
    pub memory_mib: Option<u64>,
    /// Threads of DuckDB; 0 takes one per core.
    #[arg(long, global = true, env = "BOTLEDGER_THREADS", value_name = "N")]
    pub threads: Option<u64>,
}

impl Overrides {
    /// Reads the file, if one is named, applies these settings and checks the result.
    ///
    /// # Errors
    /// As [`Config::from_file`] and [`Config::validate`].
    pub fn resolve(&self) -> Result<Config, ConfigError> {
        let mut config = match &self.config {
            Some(path) => Config::from_file(path)?,
            None => Config::default(),
        };
        let Overrides {
            config: _,
            data_dir,
            listen,
            currency,
            memory_mib,
            threads,
        } = self.clone();
        config.data_dir = data_dir.unwrap_or(config.data_dir);
        config.listen = listen.unwrap_or(config.listen);
        config.currency = currency.unwrap_or(config.currency);
        config.memory_mib = memory_mib.unwrap_or(config.memory_mib);
        config.threads = threads.unwrap_or(config.threads);
        config.validate()?;
        Ok(config)
    }
}
