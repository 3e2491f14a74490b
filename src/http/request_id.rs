//! Gives every request an id, a log line at its end, and every answer the headers that keep browsers safe.

use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::{Instrument, Span, field};

/// The header that carries the id, both ways.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from outside.
const MAX_ID_BYTES: usize = 64;
/// A page is text, its own style and inline SVG; it loads, runs and frames nothing from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The middleware; the outermost, so that refusals of the others are logged and marked too.
///
/// # Errors
/// Only those of the services behind it.
pub async fn trace<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let id = request.headers().get(&HEADER).and_then(sane).unwrap_or_else(random);
    // The path without its query: challenges carry tokens there.
    let span = tracing::info_span!(
        "request",
        request_id = %id,
        method = %request.method(),
        path = %request.path(),
        caller = field::Empty,
    );
    let result = next.call(request).instrument(span.clone()).await;
    match result {
        Ok(mut response) => {
            mark(response.headers_mut(), &id);
            log(&span, started, response.status().as_u16());
            Ok(response)
        }
        Err(error) => {
            log(&span, started, error.as_response_error().status_code().as_u16());
            Err(error)
        }
    }
}

fn log(span: &Span, started: Instant, status: u16) {
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::info!(status, duration_ms, "answered"));
}

/// Adds the id and the security headers; a header that the route has set stays.
fn mark(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HEADER, id);
    }
    let defaults = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in defaults {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// An id from outside, if it is short and harmless in a log.
fn sane(value: &HeaderValue) -> Option<String> {
    let id = value.to_str().ok()?;
    let harmless = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let fits = (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(harmless);
    fits.then(|| id.to_owned())
}

fn random() -> String {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex::encode(bytes),
        // Without randomness the request is still served; only its log line is harder to find.
        Err(_) => "unknown".to_owned(),
    }
}
