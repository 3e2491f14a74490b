//! Compresses answers as `Accept-Encoding` allows: tables, pages and drawings shrink to a tenth and less.
//!
//! The one place where that happens. An answer is whole before it is compressed, so its length is known, and large
//! ones are compressed off the workers and counted until they are written. Nothing in an answer is secret from whoever may
//! read it.

use std::io::{self, Write};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Problem;
use super::answers::{Answers, Counted};
use super::flight::Permit;
use super::preferences::preferences;

/// Answers below this many bytes fit into one packet anyway.
const SMALL: u64 = 1 << 10;
/// From this size on, answers are not compressed on a worker thread of the web server.
const HEAVY: usize = 32 << 10;
const ZSTD_LEVEL: i32 = 3;
/// Higher ones take several times as long for little less.
const BROTLI_QUALITY: u32 = 3;
const BROTLI_WINDOW_LOG: u32 = 22;

/// How an answer is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Zstd,
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// Of codings wanted alike, the first is taken.
    const ALL: [Coding; 4] = [Coding::Zstd, Coding::Brotli, Coding::Gzip, Coding::Identity];

    fn name(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
            Coding::Identity => "identity",
        }
    }

    fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len() / 8);
        match self {
            Coding::Identity => out.extend_from_slice(bytes),
            Coding::Gzip => {
                let mut encoder = GzEncoder::new(&mut out, Compression::default());
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
            Coding::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(&mut out, ZSTD_LEVEL)?;
                encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
            Coding::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(&mut out, HEAVY, BROTLI_QUALITY, BROTLI_WINDOW_LOG);
                encoder.write_all(bytes)?;
                // Dropped, it writes the end.
            }
        }
        Ok(out)
    }
}

/// The codings that a client takes, the best first.
fn acceptable(headers: &HeaderMap) -> Vec<Coding> {
    let Some(wanted) = preferences(headers, header::ACCEPT_ENCODING) else {
        return vec![Coding::Identity];
    };
    let stated = |name: &str| {
        let named = wanted.iter().filter(|preference| preference.name == name);
        named.map(|preference| preference.weight).max()
    };
    let weight = |coding: Coding| match (stated(coding.name()), stated("*"), coding) {
        (Some(weight), _, _) => weight,
        // As it is, an answer is always welcome unless that is said; a coding that is named comes first.
        (None, Some(0), Coding::Identity) => 0,
        (None, _, Coding::Identity) => 1,
        (None, rest, _) => rest.unwrap_or(0),
    };
    let mut codings: Vec<(Coding, u16)> = Coding::ALL.map(|coding| (coding, weight(coding))).into();
    codings.retain(|(_, weight)| *weight > 0);
    // Stable: of equals the first stays first.
    codings.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    codings.into_iter().map(|(coding, _)| coding).collect()
}

/// The coding of an answer. What is small or packed in itself goes as it is, unless the client takes it only encoded.
fn chosen(acceptable: &[Coding], response: &ServiceResponse) -> Option<Coding> {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let packed = content_type.is_some_and(|value| value.as_bytes().starts_with(b"image/png"));
    let small = match response.response().body().size() {
        BodySize::Sized(bytes) => bytes < SMALL,
        // Nothing here is without a length.
        BodySize::None | BodySize::Stream => true,
    };
    let plain = (small || packed) && acceptable.contains(&Coding::Identity);
    if plain {
        Some(Coding::Identity)
    } else {
        acceptable.first().copied()
    }
}

/// The middleware.
///
/// # Errors
/// Only those of the services behind it.
pub async fn compress<B: MessageBody + 'static>(
    answers: web::Data<Answers>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let acceptable = acceptable(request.headers());
    let mut response = next.call(request).await?.map_into_boxed_body();
    add_vary(response.headers_mut());
    let bytes = match response.response().body().size() {
        BodySize::None | BodySize::Sized(0) => return Ok(response),
        BodySize::Sized(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
        // Nothing here is without a length.
        BodySize::Stream => 0,
    };
    let permit = match answers.hold(response.request().method(), bytes) {
        Ok(permit) => permit,
        Err(problem) => return Ok(response.into_response(problem.error_response())),
    };
    match chosen(&acceptable, &response) {
        Some(Coding::Identity) if permit.is_none() => Ok(response),
        Some(coding) => encoded(response, coding, permit).await,
        None if response.status().is_success() => {
            let problem =
                Problem::not_encodable("the answer can be sent uncompressed, or compressed with zstd, br or gzip");
            Ok(response.into_response(problem.error_response()))
        }
        // What went wrong is told in any case.
        None => Ok(response),
    }
}

async fn encoded(response: ServiceResponse, coding: Coding, permit: Option<Permit>) -> Result<ServiceResponse, Error> {
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let bytes = match body.try_into_bytes() {
        Ok(bytes) => bytes,
        Err(stream) => return Ok(ServiceResponse::new(request, response.set_body(stream))),
    };
    let bytes = if coding == Coding::Identity {
        bytes
    } else {
        let packed = if bytes.len() < HEAVY {
            coding.encode(&bytes)
        } else {
            web::block(move || coding.encode(&bytes)).await.map_err(Problem::from)?
        };
        let name = HeaderValue::from_static(coding.name());
        response.headers_mut().insert(header::CONTENT_ENCODING, name);
        packed.map_err(Problem::internal)?.into()
    };
    let body = match permit {
        Some(mut permit) => {
            permit.shrink_to(bytes.len());
            BoxBody::new(Counted::new(bytes, permit))
        }
        None => BoxBody::new(bytes),
    };
    Ok(ServiceResponse::new(request, response.set_body(body)))
}

/// Says that the answer depends on `Accept-Encoding`, beside what its route says.
fn add_vary(headers: &mut HeaderMap) {
    const NAME: &str = "Accept-Encoding";
    let before = headers.get(header::VARY).and_then(|value| value.to_str().ok());
    let all = before.map_or_else(|| NAME.to_owned(), |before| format!("{before}, {NAME}"));
    if let Ok(value) = HeaderValue::from_str(&all) {
        headers.insert(header::VARY, value);
    }
}
