//! Answers to browsers: `OPTIONS`, and what pages of configured origins may do (CORS).
//!
//! A page of another site sends its key in `Authorization`, so nothing is allowed to carry cookies along.

use actix_cors::Cors;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::auth::Guard;

/// Seconds for which a browser need not ask again.
const MAX_AGE: usize = 3600;
/// Headers of answers that a page may read, besides those that every page may.
const EXPOSED: [&str; 6] = [
    "allow",
    "content-disposition",
    "etag",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// What the configured origins may do. The addresses themselves say which methods they accept.
pub fn rules(origins: &[String]) -> Cors {
    let any = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "DELETE"])
        .allow_any_header()
        .expose_headers(EXPOSED)
        .max_age(MAX_AGE);
    origins.iter().fold(any, |cors, origin| cors.allowed_origin(origin))
}

/// The middleware outside the rules: to a page of an origin that is not configured, nothing is promised.
///
/// # Errors
/// Only those of the services behind it.
pub async fn strangers<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let guard = request.app_data::<web::Data<Guard>>();
    let trusted = guard.is_some_and(|guard| guard.trusts(request.headers()));
    if request.method() == Method::OPTIONS && !trusted {
        // Without it, it is a plain question for the methods of an address.
        request.headers_mut().remove(header::ACCESS_CONTROL_REQUEST_METHOD);
    }
    next.call(request).await
}

/// The middleware that answers `OPTIONS` where an address would refuse it as any method that it does not take.
///
/// # Errors
/// Only those of the services behind it.
pub async fn options<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let asked = request.method() == Method::OPTIONS;
    let response = next.call(request).await?;
    let allow = response
        .headers()
        .get(header::ALLOW)
        .and_then(|value| value.to_str().ok());
    let methods = allow.filter(|_| asked && response.status() == StatusCode::METHOD_NOT_ALLOWED);
    let Some(value) = methods.and_then(|methods| HeaderValue::from_str(&format!("{methods}, OPTIONS")).ok()) else {
        return Ok(response.map_into_left_body());
    };
    let answer = HttpResponse::NoContent().insert_header((header::ALLOW, value)).finish();
    Ok(response.into_response(answer).map_into_right_body())
}
