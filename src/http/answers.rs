//! What large answers hold until they are written.
//!
//! An answer is whole before it is sent, and who has asked may take it slowly or not at all. So its bytes count in a
//! budget until the last of them is handed to the connection or the connection is closed. The system closes one that
//! takes nothing for a time: the web server itself would wait for ever.

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::Method;
use actix_web::web::Bytes;
use rustix::net::sockopt;

use super::Problem;
use super::flight::{Flight, Permit};
use crate::config::Limits;

/// Bytes that are handed to a connection at a time; an answer of no more is not counted.
const CHUNK: usize = 64 << 10;

/// The budgets of answers. Cheap to share.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Of answers to questions.
    questions: Arc<Flight>,
    /// Of bodies that were sent, in which the answers to them count.
    sent: Arc<Flight>,
}

impl Answers {
    /// The budgets of a configuration, beside that of the bodies.
    pub fn new(limits: &Limits, sent: Arc<Flight>) -> Self {
        Answers {
            questions: Flight::of_answers(limits),
            sent,
        }
    }

    /// Takes room for an answer of a size in bytes; a small one, of which each connection has one, needs none.
    ///
    /// # Errors
    /// `busy` where it answers a question and there is no room. What was sent is done by now, and its answer goes out in
    /// any case.
    pub fn hold(&self, method: &Method, bytes: usize) -> Result<Option<Permit>, Problem> {
        if bytes <= CHUNK {
            return Ok(None);
        }
        if !method.is_safe() {
            let mut permit = self.sent.permit();
            permit.grow_regardless(bytes);
            return Ok(Some(permit));
        }
        let mut permit = self.questions.permit();
        // One that is larger than all of it takes all of it.
        permit.grow(bytes.min(self.questions.limit()))?;
        Ok(Some(permit))
    }
}

/// The body of an answer that counts; it is handed over in parts, so that no second copy of it waits to be written.
pub struct Counted {
    rest: Bytes,
    _permit: Permit,
}

impl Counted {
    /// The body of these bytes.
    pub fn new(bytes: Bytes, permit: Permit) -> Self {
        Counted {
            rest: bytes,
            _permit: permit,
        }
    }
}

impl MessageBody for Counted {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let next = self.rest.len().min(CHUNK);
        Poll::Ready(Some(Ok(self.rest.split_to(next))))
    }
}

/// Has the system close connections of a listener that take nothing of what is sent to them for so long.
///
/// # Errors
/// When the system cannot.
pub fn close_stalled(listener: &TcpListener, after: Duration) -> io::Result<()> {
    // Zero would mean the patience of the system, which is a quarter of an hour, and it takes no more than this.
    let millis = after.as_millis().clamp(1, i32::MAX as u128);
    Ok(sockopt::set_tcp_user_timeout(listener, millis as u32)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        let limits = Limits {
            answer_bytes: 8 << 20,
            ..Limits::default()
        };
        Answers::new(&limits, Flight::of(&limits))
    }

    #[test]
    fn answers_to_questions_are_refused_where_there_is_no_room_and_small_ones_never() {
        let answers = answers();
        let hold = |bytes| answers.hold(&Method::GET, bytes);
        let first = hold(4 << 20).unwrap();
        assert_eq!(
            hold(4 << 20).unwrap_err().code(),
            "busy",
            "the last eighth is for the small"
        );
        let second = hold(3 << 20).unwrap();
        assert!(hold(CHUNK).unwrap().is_none());
        drop((first, second));
        let alone = hold(1 << 30).unwrap();
        assert_eq!(answers.questions.held(), 8 << 20, "it takes all there is");
        assert!(hold(1 << 20).is_err());
        drop(alone);
        assert_eq!(answers.questions.held(), 0);
    }

    #[test]
    fn what_was_sent_is_answered_in_any_case_and_its_answer_counts_with_what_is_sent() {
        let answers = answers();
        let full = answers.sent.limit();
        let held: Vec<_> = (0..2).map(|_| answers.hold(&Method::POST, full).unwrap()).collect();
        assert_eq!(answers.sent.held(), 2 * full);
        assert!(answers.sent.permit().grow(1).is_err(), "no body is read meanwhile");
        drop(held);
        assert_eq!(answers.sent.held(), 0);
    }
}
