//! Reads a body under limits: bytes on the wire, time until it is complete, bytes after decompression, and what all
//! requests together hold ([`super::flight`]).
//!
//! Nothing is inflated before its limit is known to hold: decompression is streamed and stops at the first
//! byte too many, so that a small body never becomes a large allocation. A body that breaks off is refused whole:
//! its sender is still there to send it again.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::Problem;
use super::flight::{Flight, Permit};
use super::stream::{self, Packing};
use crate::config::Limits;

/// The encodings that [`read`] takes.
const ACCEPTED: &str = "gzip, zstd, identity";
/// Largest window of a zstd frame, as a power of two: the 8 MiB of RFC 9659.
const ZSTD_WINDOW_LOG: u32 = 23;
/// Bytes inflated at a time, and bytes of a body that may have come before it is read.
const CHUNK: usize = 64 << 10;
/// How often the pace of a body is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A body, and what it takes of the budget while it is kept.
#[derive(Debug)]
pub struct Body {
    /// Its bytes, inflated.
    pub bytes: Vec<u8>,
    /// What it holds of the budget: its bytes, and what was taken for work on them.
    pub permit: Permit,
}

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
/// `arriving` is the budget of bodies that arrive; `work` tells how many bytes of the whole budget the caller needs for
/// a body of so many, inflated. They are taken before it is inflated.
///
/// # Errors
/// `unsupported_encoding`, `body_too_large` (either limit), `body_timeout`, `busy` where the budget has no room, or
/// `unparseable` if the connection or the compressed stream ends early, or the body is not text.
pub async fn read(
    payload: web::Payload,
    req: &HttpRequest,
    limits: &Limits,
    arriving: &Arc<Flight>,
    work: impl Fn(usize) -> usize,
) -> Result<Body, Problem> {
    let encoding = Encoding::of(req.headers())?;
    let Body { mut bytes, mut permit } = collect(payload, req, limits, arriving.permit()).await?;
    let limit = limits.inflated_bytes;
    let is_packed = encoding != Encoding::Identity || Packing::of(&bytes) != Packing::Plain;
    if !is_packed {
        if bytes.len() > limit {
            return Err(too_large_inflated(limit));
        }
        let mark = stream::mark(&bytes).map_err(unreadable)?;
        bytes.drain(..mark);
        permit.work(work(bytes.len())).await?;
        return Ok(Body { bytes, permit });
    }
    let size = inflated_size(&bytes).min(limit);
    permit.work(size + work(size)).await?;
    let mut body = web::block(move || inflate(&bytes, encoding, limit, permit, size)).await??;
    // Who works already does not wait in line, where others wait for what it holds.
    let needed = body.bytes.capacity() + work(body.bytes.len());
    body.permit.shrink_to(needed);
    body.permit.grow(needed - body.permit.held())?;
    Ok(body)
}

/// Bytes that a packed body probably has, inflated: what it states itself, else eight times as many.
fn inflated_size(packed: &[u8]) -> usize {
    let stated = match Packing::of(packed) {
        Packing::Gzip => packed.last_chunk().map(|size| u64::from(u32::from_le_bytes(*size))),
        Packing::Zstd => zstd::zstd_safe::get_frame_content_size(packed).ok().flatten(),
        Packing::Plain => None,
    };
    let stated = stated.and_then(|size| usize::try_from(size).ok());
    stated.unwrap_or(packed.len().saturating_mul(8))
}

/// Reads the bytes as they came, for a signature that covers them; a compressed body is refused.
///
/// # Errors
/// As [`read`].
pub async fn read_raw(
    payload: web::Payload,
    req: &HttpRequest,
    limits: &Limits,
    flight: &Arc<Flight>,
) -> Result<Body, Problem> {
    if Encoding::of(req.headers())? != Encoding::Identity {
        return Err(Problem::unsupported_encoding("identity"));
    }
    collect(payload, req, limits, flight.permit()).await
}

/// Collects a body from the wire under its limit and deadline.
async fn collect(
    mut payload: web::Payload,
    req: &HttpRequest,
    limits: &Limits,
    mut permit: Permit,
) -> Result<Body, Problem> {
    let limit = limits.body_bytes;
    let declared = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large_on_wire(limit));
    }
    let declared = declared.and_then(|length| usize::try_from(length).ok());
    // What cannot fit is refused unread. Otherwise memory grows with what has come, not with what was promised.
    permit.check_room(declared.unwrap_or(0))?;
    let first = declared.unwrap_or(CHUNK).min(CHUNK);
    permit.grow(first)?;
    let mut body = Body {
        bytes: Vec::with_capacity(first),
        permit,
    };
    let pace = Pace::of(limits);
    let all = async {
        loop {
            let next = match tokio::time::timeout(LOOK, payload.next()).await {
                Ok(None) => return Ok(body),
                Ok(Some(chunk)) => Some(chunk),
                Err(_) => None,
            };
            if let Some(chunk) = next {
                let chunk = chunk.map_err(|error| Problem::unparseable(format!("the body ends early: {error}")))?;
                if chunk.len() > limit - body.bytes.len() {
                    return Err(too_large_on_wire(limit));
                }
                body.push(&chunk, declared.unwrap_or(limit))?;
            }
            if body.permit.flight().is_crowded() && pace.is_behind(body.bytes.len()) {
                return Err(Problem::busy());
            }
        }
    };
    match tokio::time::timeout(Duration::from_secs(limits.body_seconds), all).await {
        Ok(result) => result,
        Err(_) => Err(Problem::body_timeout(limits.body_seconds)),
    }
}

impl Body {
    /// Appends bytes, of at most `limit` in all, and takes from the budget what is allocated for them.
    fn push(&mut self, chunk: &[u8], limit: usize) -> Result<(), Problem> {
        let needed = self.bytes.len() + chunk.len();
        if self.bytes.capacity() < needed {
            // Doubling, but never past the limit.
            let capacity = (self.bytes.capacity() * 2).clamp(needed, limit.max(needed));
            self.permit.grow(capacity - self.bytes.capacity())?;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

/// The pace at which the largest body would just arrive in time.
///
/// While more than half of the budget is taken, whoever keeps more than a little of it has to keep up with that, so
/// that slow senders cannot hold it.
struct Pace {
    begun: Instant,
    per_second: usize,
}

impl Pace {
    fn of(limits: &Limits) -> Self {
        let seconds = usize::try_from(limits.body_seconds.max(1)).unwrap_or(usize::MAX);
        Pace {
            begun: Instant::now(),
            per_second: limits.body_bytes / seconds,
        }
    }

    fn is_behind(&self, bytes: usize) -> bool {
        let seconds = usize::try_from(self.begun.elapsed().as_secs()).unwrap_or(usize::MAX);
        bytes > CHUNK && bytes < self.per_second.saturating_mul(seconds)
    }
}

/// Inflates `wire` to at most `limit` bytes; blocking. `permit` holds `size` bytes for the output already; what it takes
/// beyond them is taken from the budget.
///
/// # Errors
/// `body_too_large` at the first byte beyond the limit, `unparseable` for a broken stream, `busy` where the budget has
/// no room.
pub fn inflate(wire: &[u8], encoding: Encoding, limit: usize, permit: Permit, size: usize) -> Result<Body, Problem> {
    let mut out = Body {
        bytes: Vec::with_capacity(size),
        permit,
    };
    drain(text(wire, encoding)?, &mut out, limit)?;
    Ok(out)
}

fn text(wire: &[u8], encoding: Encoding) -> Result<Box<dyn Read + Send + '_>, Problem> {
    let packing = match encoding {
        Encoding::Identity => None,
        Encoding::Gzip => Some(Packing::Gzip),
        Encoding::Zstd => Some(Packing::Zstd),
    };
    stream::text(wire, packing, ZSTD_WINDOW_LOG).map_err(unreadable)
}

fn drain(mut from: impl Read, out: &mut Body, limit: usize) -> Result<(), Problem> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if count > limit - out.bytes.len() {
            return Err(too_large_inflated(limit));
        }
        out.push(&chunk[..count], limit)?;
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
