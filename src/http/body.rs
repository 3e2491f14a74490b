//! Reads a body under limits: bytes on the wire, time until it is complete, bytes after decompression.
//!
//! Nothing is inflated before its limit is known to hold: decompression is streamed and stops at the first
//! byte too many, so that a small body never becomes a large allocation. A body that breaks off is refused whole:
//! its sender is still there to send it again.

use std::io::Read;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::Problem;
use super::stream::{self, Packing};
use crate::config::Limits;

/// The encodings that [`read`] takes.
const ACCEPTED: &str = "gzip, zstd, identity";
/// Largest window of a zstd frame, as a power of two: the 8 MiB of RFC 9659.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Bytes inflated at a time.
const CHUNK: usize = 64 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Identity,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Encoding {
    /// Reads Content-Encoding; absent means not compressed.
    ///
    /// # Errors
    /// `unsupported_encoding` for anything but one known word.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(header::CONTENT_ENCODING);
        let Some(value) = values.next() else {
            return Ok(Encoding::Identity);
        };
        let word = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        match (word.as_str(), values.next()) {
            ("identity" | "", None) => Ok(Encoding::Identity),
            ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
            ("zstd", None) => Ok(Encoding::Zstd),
            _ => Err(Problem::unsupported_encoding(ACCEPTED)),
        }
    }
}

/// Reads and inflates a body; without its byte order mark. A packed body without Content-Encoding is told by its
/// first bytes, as a file is.
///
/// # Errors
/// `unsupported_encoding`, `body_too_large` (either limit), `body_timeout`, or `unparseable` where the connection
/// or the compressed stream breaks off, or the body is no text.
pub async fn read(payload: web::Payload, req: &HttpRequest, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let encoding = Encoding::of(req.headers())?;
    let mut wire = collect(payload, req, limits).await?;
    let limit = limits.inflated_bytes;
    if encoding != Encoding::Identity || Packing::of(&wire) != Packing::Plain {
        return web::block(move || inflate(&wire, encoding, limit)).await?;
    }
    if wire.len() > limit {
        return Err(too_large_inflated(limit));
    }
    let mark = stream::mark(&wire).map_err(unreadable)?;
    wire.drain(..mark);
    Ok(wire)
}

/// Reads the bytes as they came, for a signature that covers them; a compressed body is refused.
///
/// # Errors
/// As [`read`].
pub async fn read_raw(payload: web::Payload, req: &HttpRequest, limits: &Limits) -> Result<Vec<u8>, Problem> {
    if Encoding::of(req.headers())? != Encoding::Identity {
        return Err(Problem::unsupported_encoding("identity"));
    }
    collect(payload, req, limits).await
}

/// Collects a body from the wire under its limit and deadline.
async fn collect(payload: web::Payload, req: &HttpRequest, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let limit = limits.body_bytes;
    let declared = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large_on_wire(limit));
    }
    // A declared length is only a hint: memory grows with what has come, not with what was promised.
    let hint = declared
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(0)
        .min(CHUNK);
    let all = async {
        let mut payload = payload;
        let mut bytes = Vec::with_capacity(hint);
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::unparseable(format!("the body breaks off: {error}")))?;
            if chunk.len() > limit - bytes.len() {
                return Err(too_large_on_wire(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    match tokio::time::timeout(Duration::from_secs(limits.body_seconds), all).await {
        Ok(result) => result,
        Err(_) => Err(Problem::body_timeout(limits.body_seconds)),
    }
}

/// Inflates `wire` to at most `limit` bytes; blocking. Never holds more than `limit` bytes of output.
///
/// # Errors
/// `body_too_large` at the first byte beyond the limit, `unparseable` for a broken stream.
pub fn inflate(wire: &[u8], encoding: Encoding, limit: usize) -> Result<Vec<u8>, Problem> {
    let packing = match encoding {
        Encoding::Identity => None,
        Encoding::Gzip => Some(Packing::Gzip),
        Encoding::Zstd => Some(Packing::Zstd),
    };
    drain(stream::text(wire, packing, ZSTD_WINDOW_LOG).map_err(unreadable)?, limit)
}

fn drain(mut from: impl Read, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return Ok(out),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if count > limit - out.len() {
            return Err(too_large_inflated(limit));
        }
        if out.capacity() - out.len() < count {
            // Doubling, but never past the limit.
            let room = (out.capacity() * 2).clamp(out.len() + count, limit.max(out.len() + count));
            out.reserve_exact(room - out.len());
        }
        out.extend_from_slice(&chunk[..count]);
    }
}

fn unreadable(why: impl std::fmt::Display) -> Problem {
    Problem::unparseable(format!("the body cannot be read: {why}"))
}

fn too_large_on_wire(limit: usize) -> Problem {
    Problem::body_too_large(limit, "on the wire")
}

fn too_large_inflated(limit: usize) -> Problem {
    Problem::body_too_large(limit, "after decompression")
}
