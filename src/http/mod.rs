//! What every route shares: bodies under limits, keys, request ids, log lines, what clients accept, and errors as problem+json.

pub mod answers;
pub mod auth;
pub mod base64;
pub mod body;
pub mod compress;
pub mod cors;
pub mod flight;
pub mod forwarding;
pub mod logs;
pub mod parse_time;
pub mod preferences;
pub mod problem;
pub mod request_id;
pub mod socket;
pub mod stream;

use actix_web::HttpResponse;

pub use problem::Problem;

/// The answer to an address that nobody serves; for `default_service`.
///
/// # Errors
/// Always: the problem `not_found`.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}
