//! Who may ask: holders of a configured key, or, while no key is configured, this machine alone.
//!
//! Without a key the server listens on loopback only. That does not protect against web pages: a browser on this
//! machine can be led here under a foreign name (DNS rebinding) and a local proxy can pass strangers on, so
//! the peer, the Host header and the absence of forwarding headers are checked as well. With a key or without, a page
//! of another site sends nothing unless its origin is configured.

use std::net::IpAddr;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::socket::Owner;
use super::{Problem, base64, forwarding};
use crate::config::Key;

/// The cookie that a browser may send instead of a header.
pub const COOKIE: &str = "botledger_key";
/// Longer keys are not even hashed.
const MAX_KEY_BYTES: usize = 1024;

/// The configured keys, ready to compare, and the origins whose pages may send.
#[derive(Debug, Clone)]
pub struct Guard {
    keys: Vec<HashedKey>,
    origins: Vec<String>,
}

#[derive(Debug, Clone)]
struct HashedKey {
    name: String,
    hash: Vec<u8>,
}

/// The name of the key that a request came with; in the request's extensions.
#[derive(Debug, Clone)]
pub struct Caller(pub String);

impl Guard {
    /// Takes the keys of a checked configuration; a hash that is none matches nothing.
    pub fn new(keys: &[Key]) -> Self {
        let hashed = |key: &Key| HashedKey {
            name: key.name.clone(),
            hash: hex::decode(&key.sha256).unwrap_or_default(),
        };
        Guard {
            keys: keys.iter().map(hashed).collect(),
            origins: Vec::new(),
        }
    }

    /// Lets pages of these origins send, too.
    pub fn trusting(mut self, origins: &[String]) -> Self {
        self.origins = origins.to_vec();
        self
    }

    /// Whether a request states one of the origins that are configured.
    pub fn trusts(&self, headers: &HeaderMap) -> bool {
        let stated = headers.get(header::ORIGIN);
        stated.is_some_and(|stated| self.origins.iter().any(|origin| origin.as_bytes() == stated.as_bytes()))
    }

    /// Decides on one request: the name of its key where it has a known one. The socket in the data folder
    /// needs none.
    ///
    /// # Errors
    /// `unauthorized` without a known key; `forbidden` where a page of another site sends, or a keyless server is asked
    /// from elsewhere.
    pub fn check(&self, request: &ServiceRequest) -> Result<Option<Caller>, Problem> {
        if request.conn_data::<Owner>().is_some() {
            return Ok(Some(Caller("the folder's owner".to_owned())));
        }
        if !self.trusts(request.headers()) {
            refuse_foreign_writes(request)?;
        }
        if self.keys.is_empty() {
            return loopback_only(request).map(|()| None);
        }
        let caller = candidates(request.headers())
            .iter()
            .find_map(|candidate| self.holder(candidate));
        match caller {
            None if is_open(request) => Ok(None),
            None if is_page(request) => Err(Problem::unauthorized_page()),
            None => Err(Problem::unauthorized()),
            found => Ok(found),
        }
    }

    /// The holder of a key. Every stored hash is compared whole, so that time tells nothing.
    fn holder(&self, candidate: &[u8]) -> Option<Caller> {
        if candidate.is_empty() || candidate.len() > MAX_KEY_BYTES {
            return None;
        }
        let hash = Sha256::digest(candidate);
        let mut found = None;
        for key in &self.keys {
            let same: Choice = key.hash.as_slice().ct_eq(&hash[..]);
            if bool::from(same) {
                found = Some(Caller(key.name.clone()));
            }
        }
        found
    }
}

/// The middleware; it needs the [`Guard`] as application data and refuses everything without it.
///
/// # Errors
/// Only those of the services behind it; a refusal is an answer.
pub async fn guard<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let verdict = match request.app_data::<web::Data<Guard>>() {
        Some(guard) => guard.check(&request),
        None => Err(Problem::internal("the guard is not configured")),
    };
    match verdict {
        Ok(caller) => {
            if let Some(caller) = caller {
                tracing::Span::current().record("caller", caller.0.as_str());
                request.extensions_mut().insert(caller);
            }
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_right_body()),
    }
}

/// What needs no key: health for supervisors, webhooks, which are signed, and which methods an address takes.
fn is_open(request: &ServiceRequest) -> bool {
    let path = request.path();
    request.method() == Method::OPTIONS || matches!(path, "/healthz" | "/readyz") || path.starts_with("/v1/webhooks/")
}

/// Where a browser should ask its person for the key.
fn is_page(request: &ServiceRequest) -> bool {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    request.method() == Method::GET && (!request.path().starts_with("/v1/") || accept.contains("text/html"))
}

/// Browsers say when a page of another site makes them send something; unless it is configured, nobody has a reason to.
///
/// Older ones state only the page's `Origin`. Programs state neither.
fn refuse_foreign_writes(request: &ServiceRequest) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let headers = request.headers();
    let foreign = match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"same-origin" | b"none") => false,
        Some(b"cross-site") => true,
        _ => headers
            .get_all(header::ORIGIN)
            .any(|origin| !is_own(origin, headers.get(header::HOST))),
    };
    if foreign {
        return Err(Problem::forbidden(
            "another website may send requests here only if its origin is listed in `[cors] origins`",
        ));
    }
    Ok(())
}

/// Whether an origin is the address that is asked, whatever its scheme: a proxy may have taken the TLS off.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_ascii_lowercase);
    let (Some(origin), Some(host)) = (text(origin), host.and_then(text)) else {
        return false;
    };
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = if scheme == "https" { ":443" } else { ":80" };
    authority == host.strip_suffix(port).unwrap_or(&host)
}

fn loopback_only(request: &ServiceRequest) -> Result<(), Problem> {
    let peer_is_near = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    if !peer_is_near {
        return Err(Problem::forbidden(
            "without a configured key, only this machine may send requests",
        ));
    }
    if let Some(name) = forwarding::named(request.headers()) {
        return Err(Problem::forbidden(format!(
            "the header `{name}` shows that a proxy forwarded this request: configure a key before you use a proxy"
        )));
    }
    let stated = request
        .headers()
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let in_target = request.uri().authority().map(|authority| authority.as_str());
    let hosts = [stated, in_target];
    if hosts.iter().all(Option::is_none) || !hosts.iter().flatten().all(|host| names_loopback(host)) {
        return Err(Problem::forbidden(
            "without a configured key, the Host must be localhost or a loopback address",
        ));
    }
    Ok(())
}

/// True for `localhost`, names under it and loopback addresses, each with or without a port.
fn names_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let name = name.to_ascii_lowercase();
    let is_address = name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    is_address || name == "localhost" || name.ends_with(".localhost")
}

/// Everything in the headers that may be a key: a bearer token, either half of Basic credentials, the cookie.
fn candidates(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if let Some((scheme, rest)) = authorization.split_once(' ') {
        if scheme.eq_ignore_ascii_case("bearer") {
            found.push(rest.trim().as_bytes().to_vec());
        } else if scheme.eq_ignore_ascii_case("basic") {
            let pair = base64::decode(rest.trim()).unwrap_or_default();
            let (user, password) = pair.split_at(pair.iter().position(|&b| b == b':').unwrap_or(pair.len()));
            found.push(password.get(1..).unwrap_or_default().to_vec());
            found.push(user.to_vec());
        }
    }
    let cookies = headers
        .get_all(header::COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(';'));
    for (name, value) in cookies.filter_map(|cookie| cookie.trim().split_once('=')).take(64) {
        if name == COOKIE {
            found.push(value.trim_matches('"').as_bytes().to_vec());
        }
    }
    found
}
