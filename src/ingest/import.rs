//! `import`: files of CloudEvents, one per line, plain, gzip or zstd.
//!
//! One thread reads and inflates, others parse, and blocks reach the writer in the order of the
//! file, so that of two conflicting lines the first is the one that stays. Where the input breaks
//! off, the whole lines before the break are stored.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::lines;
use super::privacy::Privacy;
use super::rejection::Rejection;
use crate::http::stream;
use crate::model::Clock;
use crate::store::{AppendOutcome, Appended, BulkLoad, IgnoredCounts, Prepared, Queued, Store, StoreError};

/// Bytes of one block of lines.
const BLOCK: usize = 4 << 20;
/// Blocks that a parser may be ahead.
const AHEAD: usize = 2;
/// Blocks handed to the writer and not yet durable.
const IN_FLIGHT: usize = 12;
/// Rejections that are listed; all are counted.
const LISTED: usize = 20;

/// What an import came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Events that are new and durable.
    pub accepted: u64,
    /// Events accepted before.
    pub duplicates: u64,
    /// Events whose identity was accepted before with other content.
    pub conflicts: u64,
    /// Lines that break the contract.
    pub rejected: u64,
    /// Rejections by code.
    pub reasons: BTreeMap<&'static str, u64>,
    /// The first rejections: line number and reason.
    pub listed: Vec<(u64, Rejection)>,
    /// Fields of the events that nothing reads.
    pub ignored: IgnoredCounts,
}

impl Summary {
    fn reject(&mut self, line: u64, rejection: Rejection) {
        self.rejected += 1;
        *self.reasons.entry(rejection.code.as_str()).or_default() += 1;
        if self.listed.len() < LISTED {
            self.listed.push((line, rejection));
        }
    }

    fn count(&mut self, appended: &Appended) {
        for outcome in &appended.outcomes {
            match outcome {
                AppendOutcome::Accepted => self.accepted += 1,
                AppendOutcome::Duplicate => self.duplicates += 1,
                AppendOutcome::Conflict => self.conflicts += 1,
            }
        }
    }
}

/// Why an import ends before its input does.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The input cannot be read, or is not text.
    #[error("{0}")]
    Input(#[from] io::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An import that ended before its input did.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct ImportError {
    /// What is durable of it.
    pub stored: Box<Summary>,
    /// Why it ended.
    pub cause: Cause,
}

impl From<io::Error> for ImportError {
    /// An input that could not even be opened.
    fn from(error: io::Error) -> Self {
        ImportError {
            stored: Box::default(),
            cause: Cause::Input(error),
        }
    }
}

/// The text of a file. Gzip and zstd are recognized by the first bytes and inflated.
///
/// # Errors
/// Names the format if it is not text.
pub fn text<'a>(input: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    stream::text(input, None, stream::FILE_WINDOW_LOG)
}

/// Whole lines, the first of them numbered.
struct Block {
    bytes: Vec<u8>,
    first_line: u64,
}

/// A parsed block.
struct Parsed {
    prepared: Prepared,
    rejected: Vec<(u64, Rejection)>,
    ignored: IgnoredCounts,
    bytes: u64,
}

/// Imports one stream of lines of at most `event_bytes` each; `progress` is called with
/// (inflated) bytes as they become durable.
///
/// Streams of the same `load` do not count as changing each other's figures.
///
/// # Errors
/// When the input or the store fails; it tells what is durable by then.
pub fn import(
    store: &Store,
    load: BulkLoad,
    input: impl Read + Send,
    clock: &Clock,
    privacy: &Privacy,
    event_bytes: usize,
    progress: &mut dyn FnMut(u64, &Summary),
) -> Result<Summary, ImportError> {
    let parsers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    std::thread::scope(|scope| {
        let mut lanes_in = Vec::new();
        let mut lanes_out = Vec::new();
        for _ in 0..parsers {
            let (send_block, blocks) = sync_channel::<Block>(AHEAD);
            let (send_parsed, parsed) = sync_channel::<Result<Parsed, StoreError>>(AHEAD);
            scope.spawn(move || parse_blocks(&blocks, &send_parsed, clock, privacy, event_bytes));
            lanes_in.push(send_block);
            lanes_out.push(parsed);
        }
        let reader = scope.spawn(move || read_blocks(input, &lanes_in));
        let mut flight = Flight::new(store, load, progress);
        let stored = append_in_order(&mut flight, &lanes_out).and_then(|()| flight.land());
        // Parsers and reader end when nobody takes what they make.
        drop(lanes_out);
        let read = reader
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the reading thread failed")));
        flight.outcome(stored.map_err(Cause::from).and_then(|()| Ok(read?)))
    })
}

/// Groups on their way to the disk.
pub(super) struct Flight<'a> {
    store: &'a Store,
    load: BulkLoad,
    progress: &'a mut dyn FnMut(u64, &Summary),
    /// Each with what it was read from, in bytes.
    flying: VecDeque<(Queued, u64)>,
    pub(super) summary: Summary,
}

impl<'a> Flight<'a> {
    pub(super) fn new(store: &'a Store, load: BulkLoad, progress: &'a mut dyn FnMut(u64, &Summary)) -> Self {
        Flight {
            store,
            load,
            progress,
            flying: VecDeque::new(),
            summary: Summary::default(),
        }
    }

    /// Hands a group to the writer, and waits for the first where many are on their way.
    pub(super) fn send(&mut self, group: Prepared, bytes: u64) -> Result<(), StoreError> {
        let pending = self.store.append_queued(group, self.load)?;
        self.flying.push_back((pending, bytes));
        if self.flying.len() < IN_FLIGHT {
            return Ok(());
        }
        self.settle()
    }

    /// Waits until the first group is durable.
    fn settle(&mut self) -> Result<(), StoreError> {
        if let Some((pending, bytes)) = self.flying.pop_front() {
            self.summary.count(&pending.wait()?);
            (self.progress)(bytes, &self.summary);
        }
        Ok(())
    }

    /// Waits until all are durable.
    pub(super) fn land(&mut self) -> Result<(), StoreError> {
        while !self.flying.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    /// What it came to, or why it ended early.
    pub(super) fn outcome(self, ended: Result<(), Cause>) -> Result<Summary, ImportError> {
        match ended {
            Ok(()) => Ok(self.summary),
            Err(cause) => Err(ImportError {
                stored: Box::new(self.summary),
                cause,
            }),
        }
    }
}

fn append_in_order(flight: &mut Flight<'_>, lanes: &[Receiver<Result<Parsed, StoreError>>]) -> Result<(), StoreError> {
    // Blocks were dealt out in turn, so taking them in turn keeps their order.
    for lane in lanes.iter().cycle() {
        let Ok(parsed) = lane.recv() else { break };
        let Parsed {
            prepared,
            rejected,
            ignored,
            bytes,
        } = parsed?;
        flight.summary.ignored.extend(&ignored);
        for (line, rejection) in rejected {
            flight.summary.reject(line, rejection);
        }
        flight.send(prepared, bytes)?;
    }
    Ok(())
}

fn parse_blocks(
    blocks: &Receiver<Block>,
    parsed: &SyncSender<Result<Parsed, StoreError>>,
    clock: &Clock,
    privacy: &Privacy,
    event_bytes: usize,
) {
    for block in blocks {
        let now = clock();
        let mut events = Vec::new();
        let mut rejected = Vec::new();
        let mut ignored = IgnoredCounts::default();
        for (offset, line) in lines::of(&block.bytes) {
            match lines::judge(line, event_bytes, now, privacy) {
                Ok(event) => {
                    ignored.add(&event.ignored);
                    events.push(event);
                }
                Err(rejection) => rejected.push((block.first_line + offset, rejection)),
            }
        }
        let bytes = block.bytes.len() as u64;
        let made = Prepared::new(&events).map(|prepared| Parsed {
            prepared,
            rejected,
            ignored,
            bytes,
        });
        if parsed.send(made).is_err() {
            return;
        }
    }
}

/// Cuts the input into blocks at line ends and deals them out in turn.
fn read_blocks(input: impl Read + Send, lanes: &[SyncSender<Block>]) -> io::Result<()> {
    let mut input = text(input)?;
    let mut first_line = 1;
    let mut rest: Vec<u8> = Vec::new();
    for lane in lanes.iter().cycle() {
        let mut bytes = std::mem::take(&mut rest);
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut bytes);
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        match (&read, end) {
            // What stands behind the last line end is cut by the break.
            (Err(_), end) => bytes.truncate(end.unwrap_or(0)),
            (Ok(count), Some(end)) if *count == BLOCK => rest = bytes.split_off(end),
            // The end of the input, or one over-long line: cutting it bounds the memory it takes.
            (Ok(_), _) => {}
        }
        if bytes.is_empty() {
            return read.map(drop);
        }
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if lane.send(Block { bytes, first_line }).is_err() {
            return Ok(());
        }
        read?;
        first_line += lines;
    }
    Ok(())
}
