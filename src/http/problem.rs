//! Errors as RFC 9457 problem+json. No other place chooses the status of an error.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::Value;

use crate::store::StoreError;

/// Seconds after which a refused sender may try again.
const RETRY_AFTER: &str = "1";

/// An error answer: a status, a stable code and a sentence for the person who reads it.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    field: Option<String>,
    /// The refused events, as answers to batches list them.
    rejected: Option<Box<Value>>,
    /// Boxed, so that results stay small.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// The body of the answer, in the order of RFC 9457.
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a Value>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Problem {
            status,
            code,
            title,
            detail: detail.into(),
            field: None,
            rejected: None,
            header: None,
        }
    }

    fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        // Values come from this file, except for method lists that routes write down as literals.
        self.header = HeaderValue::from_str(value).ok().map(|value| Box::new((name, value)));
        self
    }

    fn retry(self) -> Self {
        self.header(header::RETRY_AFTER, RETRY_AFTER)
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, in words that are always the same for a code.
    pub fn title(&self) -> &'static str {
        self.title
    }

    /// The parameter, header or field at fault, if there is one.
    pub fn at_fault(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// 404: there is nothing at this address.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            "nothing is served at this address",
        )
    }

    /// 405: the address exists, with the methods in `allow` (such as `"GET, POST"`).
    pub fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("this address accepts {allow}");
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
            detail,
        )
        .header(header::ALLOW, allow)
    }

    /// 401 for programs: there is no key, or an unknown one.
    pub fn unauthorized() -> Self {
        let detail = "send a configured key as `Authorization: Bearer <key>`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A key is required", detail)
            .header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// 401 that makes a browser ask for the key.
    pub fn unauthorized_page() -> Self {
        let detail = "give a configured key as the password; the user name may be anything";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A key is required", detail)
            .header(header::WWW_AUTHENTICATE, "Basic realm=\"botledger\", charset=\"UTF-8\"")
    }

    /// 401: a signature is missing, wrong or too old.
    pub fn forged(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "forged",
            "The signature does not match",
            detail,
        )
    }

    /// 503: something that verifying a webhook needs is not available now.
    pub fn unverifiable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unverifiable",
            "Cannot be verified now",
            detail,
        )
        .retry()
    }

    /// 403: this server does not answer this client.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Refused", detail)
    }

    /// 404: no webhook source of this provider and name is configured.
    pub fn unknown_source(provider: &str, name: &str) -> Self {
        let detail = format!("no source `{name}` of the provider `{provider}` is configured");
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_source",
            "Unknown webhook source",
            detail,
        )
    }

    /// 400: the body is not what its Content-Type says.
    pub fn unparseable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unparseable",
            "The body cannot be read",
            detail,
        )
    }

    /// 400: an invalid file of exchange rates; `detail` names the line.
    pub fn invalid_rates(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_rates",
            "The rates cannot be read",
            detail,
        )
        .field(field)
    }

    /// 400: an invalid annotation.
    pub fn invalid_annotation(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_annotation",
            "The annotation is invalid",
            detail,
        )
        .field(field)
    }

    /// 404: no annotation with this id was ever sent.
    pub fn unknown_annotation() -> Self {
        let detail = "there is no annotation with this id; GET /v1/annotations lists them";
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown_annotation",
            "Unknown annotation",
            detail,
        )
    }

    /// 404: nothing is set aside under this id.
    pub fn not_set_aside() -> Self {
        let detail = "nothing is set aside under this id; GET /v1/quarantine lists what is";
        Self::new(StatusCode::NOT_FOUND, "not_set_aside", "Not set aside", detail)
    }

    /// 415: a Content-Type that this address does not take.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Unsupported Content-Type",
            detail,
        )
        .field("Content-Type")
    }

    /// 415: a Content-Encoding that this address does not take; `accepted` lists those it does.
    pub fn unsupported_encoding(accepted: &'static str) -> Self {
        let detail = format!("the Content-Encoding must be one of: {accepted}");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "Unsupported Content-Encoding",
            detail,
        )
        .field("Content-Encoding")
        .header(header::ACCEPT_ENCODING, accepted)
    }

    /// 413: more bytes than `limit`, on the wire or after decompression as `stage` says.
    pub fn body_too_large(limit: usize, stage: &str) -> Self {
        let detail = format!("the body may have at most {limit} bytes {stage}");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            detail,
        )
    }

    /// 408: the body did not arrive in time.
    pub fn body_timeout(seconds: u64) -> Self {
        let detail = format!("the body must arrive within {seconds} seconds");
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "The body arrived too slowly",
            detail,
        )
    }

    /// 503: reading the events of one request took longer than allowed.
    pub fn parse_timeout(seconds: u64) -> Self {
        let detail = format!(
            "reading the events took more than {seconds} seconds and was stopped; nothing of this request was stored: \
             send it again in smaller parts"
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "parse_timeout",
            "Reading took too long",
            detail,
        )
        .retry()
    }

    /// 413: more events than `limit` in one batch.
    pub fn batch_too_large(limit: usize) -> Self {
        let detail = format!("a batch may contain at most {limit} events");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "batch_too_large",
            "Too many events in one batch",
            detail,
        )
    }

    /// 400: a parameter with an invalid value.
    pub fn invalid_parameter(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_parameter",
            "Invalid parameter",
            detail,
        )
        .field(field)
    }

    /// 400: a parameter that does not exist here.
    pub fn unknown_parameter(field: impl Into<String>) -> Self {
        let field = field.into();
        let detail = format!("there is no parameter `{field}` here");
        Self::unknown_parameter_of(field, detail)
    }

    /// 400: the same, with what might have been meant in `detail`.
    pub fn unknown_parameter_of(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "unknown_parameter",
            "Unknown parameter",
            detail,
        )
        .field(field)
    }

    /// 404: no metric of this name.
    pub fn unknown_metric(name: &str) -> Self {
        let detail = format!("there is no metric `{name}`; GET /v1/metrics lists them");
        Self::new(StatusCode::NOT_FOUND, "unknown_metric", "Unknown metric", detail)
    }

    /// 406: none of the formats that the client accepts.
    pub fn not_acceptable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "No acceptable format",
            detail,
        )
        .field("Accept")
    }

    /// 422: the only event of a request is rejected; `rejected` says why, as in answers to batches.
    pub fn rejected(field: Option<&str>, detail: impl Into<String>, rejected: Value) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "rejected",
            "The event is rejected",
            detail,
        );
        problem.field = field.map(str::to_owned);
        problem.rejected = Some(Box::new(rejected));
        problem
    }

    /// 406: none of the encodings that the client accepts.
    pub fn not_encodable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not_acceptable",
            "No acceptable encoding",
            detail,
        )
        .field("Accept-Encoding")
    }

    /// 422: the answer would have more rows than `limit`.
    pub fn too_many_rows(limit: usize) -> Self {
        let detail = format!(
            "the answer would have more than {limit} rows; take a shorter range, a longer interval or fewer groups"
        );
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_many_rows",
            "The answer is too large",
            detail,
        )
    }

    /// 503: the writer is behind; nothing of the request was stored.
    pub fn busy() -> Self {
        let detail = "too much is waiting; nothing of this request was stored: send it again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", detail).retry()
    }

    /// 503: the server cannot do its work; `reasons` says why.
    pub fn not_ready(reasons: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "Not ready", reasons).retry()
    }

    /// 503: the data folder cannot be written; nothing of the request was stored.
    pub fn no_room(reason: &str) -> Self {
        let detail = format!("{reason}; nothing of this request was stored: send it again later");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_room",
            "Nothing can be stored",
            detail,
        )
        .retry()
    }

    /// 503: the server is shutting down.
    pub fn stopping() -> Self {
        let detail = "the server is shutting down; nothing of this request was stored";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "Shutting down", detail).retry()
    }

    /// 503: the answer took longer than allowed.
    pub fn timeout() -> Self {
        let detail = "the answer took too long and was stopped; ask for a shorter range or fewer groups";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "The answer took too long",
            detail,
        )
        .retry()
    }

    /// 500: a fault of the server. The cause is logged once and never sent to the client.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        let detail = "an unexpected error; the log has the details under the X-Request-Id of this answer";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = Body {
            r#type: format!("urn:botledger:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            field: self.field.as_deref(),
            rejected: self.rejected.as_deref(),
        };
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some((name, value)) = self.header.as_deref() {
            response.insert_header((name.clone(), value.clone()));
        }
        // Strings and a number always serialise.
        response.body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Problem::busy(),
            StoreError::Stopped => Problem::stopping(),
            StoreError::NoRoom(reason) => Problem::no_room(&reason),
            StoreError::Timeout => Problem::timeout(),
            StoreError::TooManyRows(limit) => Problem::too_many_rows(limit),
            other => Problem::internal(other),
        }
    }
}

impl From<actix_web::error::BlockingError> for Problem {
    fn from(error: actix_web::error::BlockingError) -> Self {
        // The pool of blocking threads gives up tasks only when it goes down, or when one panics.
        Problem::internal(error)
    }
}
