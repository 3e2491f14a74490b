//! A plain HTTP client that hands back every answer, good or bad.

use std::io::Write;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use ureq::http::{Method, Request};

/// One answer.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.status_and_body()))
    }

    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The answer if it has this status; else the test fails and shows it.
    pub fn expect_status(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", self.status_and_body());
        self
    }

    /// Asserts a problem+json of this status and code, and gives the field it names.
    pub fn problem(self, status: u16, code: &str) -> String {
        let reply = self.expect_status(status);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let body = reply.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        body["field"].as_str().unwrap_or_default().to_owned()
    }

    fn status_and_body(&self) -> String {
        format!("{}: {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Talks to one server; no connection outlives its request, so that a server can stop at once.
#[derive(Clone)]
pub struct Client {
    base: String,
    key: Option<String>,
    agent: ureq::Agent,
}

impl Client {
    pub fn new(base: impl Into<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(90)))
            .build();
        Client {
            base: base.into(),
            key: None,
            agent: ureq::Agent::new_with_config(config),
        }
    }

    pub fn with_key(&self, key: &str) -> Self {
        Client {
            key: Some(key.into()),
            ..self.clone()
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.get_with(path, &[])
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, None).unwrap()
    }

    /// The JSON of an answer with status 200.
    pub fn get_json(&self, path: &str) -> Value {
        self.get(path).expect_status(200).json()
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.try_post(path, headers, body).unwrap()
    }

    /// As [`Client::post`], for servers that may be gone.
    pub fn try_post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply, ureq::Error> {
        self.send("POST", path, headers, Some(body))
    }

    /// Posts lines of events.
    pub fn post_lines(&self, lines: &str) -> Reply {
        self.post(
            "/v1/events",
            &[("content-type", "application/x-ndjson")],
            lines.as_bytes(),
        )
    }

    /// Posts a file of exchange rates.
    pub fn post_rates(&self, csv: &str) -> Reply {
        self.post("/v1/fx", &[("content-type", "text/csv")], csv.as_bytes())
    }

    /// Posts lines of events and gives the counts of the answer.
    pub fn post_events(&self, lines: &str) -> Counts {
        Counts::of(&self.post_lines(lines).expect_status(200).json())
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, ureq::Error> {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = response.body_mut().with_config().limit(256 << 20).read_to_vec()?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}

/// What an answer to events counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub accepted: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub rejected: u64,
}

impl Counts {
    pub fn of(answer: &Value) -> Self {
        let count = |name: &str| answer[name].as_u64().unwrap_or_else(|| panic!("{name} in {answer}"));
        Counts {
            accepted: count("accepted"),
            duplicates: count("duplicates"),
            conflicts: count("conflicts"),
            rejected: answer["rejected"].as_array().map_or(0, Vec::len) as u64,
        }
    }
}

/// Whether two numbers are the same as far as reading them as JSON keeps them: within the last place.
pub fn same_number(one: f64, other: f64) -> bool {
    (one - other).abs() <= f64::EPSILON * one.abs().max(other.abs())
}

/// The HMAC-SHA256 of the parts, one after the other, in hexadecimal digits.
pub fn hmac(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    hex::encode(mac.finalize().into_bytes())
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}
