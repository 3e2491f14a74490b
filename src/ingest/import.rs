//! `import`: files of CloudEvents, one per line, plain, gzip or zstd.
//!
//! One thread reads and inflates, others parse, and blocks reach the writer in the order of the
//! file, so that of two conflicting lines the first is the one that stays.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::cloudevents;
use super::privacy::Privacy;
use super::rejection::{Code, Rejection};
use crate::model::Clock;
use crate::store::{AppendOutcome, Appended, Delivery, IgnoredCounts, Pending, Prepared, Store, StoreError};

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
pub enum ImportError {
    /// The input cannot be read or is no valid gzip or zstd.
    #[error("cannot read the input: {0}")]
    Input(#[from] io::Error),
    /// The store refused; what was counted before is durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Undoes gzip or zstd, told by the first bytes.
///
/// # Errors
/// When the input cannot be read.
pub fn inflated<'a>(input: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut input = BufReader::with_capacity(1 << 20, input);
    let head = input.fill_buf()?;
    Ok(match head {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(input)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(input)?),
        _ => Box::new(input),
    })
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

/// Imports one stream of lines of at most `event_bytes` each; `progress` is told of bytes (inflated) as they become durable.
///
/// Streams of the same `delivery` do not count as changing each other's figures.
///
/// # Errors
/// When the input or the store fails; everything counted by then is durable.
pub fn import(
    store: &Store,
    delivery: Delivery,
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
        let outcome = append_in_order(store, delivery, &lanes_out, progress);
        // Parsers and reader end when nobody takes what they make.
        drop(lanes_out);
        let read = reader
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the reading thread failed")));
        let summary = outcome?;
        read?;
        Ok(summary)
    })
}

fn append_in_order(
    store: &Store,
    delivery: Delivery,
    lanes: &[Receiver<Result<Parsed, StoreError>>],
    progress: &mut dyn FnMut(u64, &Summary),
) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    let mut flying: VecDeque<(Pending, u64)> = VecDeque::new();
    let mut settle = |flying: &mut VecDeque<(Pending, u64)>, summary: &mut Summary| -> Result<(), StoreError> {
        if let Some((pending, bytes)) = flying.pop_front() {
            summary.count(&pending.wait()?);
            progress(bytes, summary);
        }
        Ok(())
    };
    // Blocks were dealt out in turn, so taking them in turn keeps their order.
    for lane in lanes.iter().cycle() {
        let Ok(parsed) = lane.recv() else { break };
        let Parsed {
            prepared,
            rejected,
            ignored,
            bytes,
        } = parsed?;
        summary.ignored.extend(&ignored);
        rejected
            .into_iter()
            .for_each(|(line, rejection)| summary.reject(line, rejection));
        flying.push_back((store.append_queued(prepared, delivery)?, bytes));
        if flying.len() >= IN_FLIGHT {
            settle(&mut flying, &mut summary)?;
        }
    }
    while !flying.is_empty() {
        settle(&mut flying, &mut summary)?;
    }
    Ok(summary)
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
        for (offset, line) in block.bytes.split(|byte| *byte == b'\n').enumerate() {
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if line.len() > event_bytes {
                let rejection = Rejection::new(Code::EventTooLarge, "the line is longer than an event may be");
                rejected.push((block.first_line + offset as u64, rejection));
                continue;
            }
            match cloudevents::parse(line, now, privacy) {
                Ok(event) => {
                    ignored.add(&event.ignored);
                    events.push(event);
                }
                Err(rejection) => rejected.push((block.first_line + offset as u64, rejection)),
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
    let mut input = inflated(input)?;
    let mut first_line = 1;
    let mut rest: Vec<u8> = Vec::new();
    for lane in lanes.iter().cycle() {
        let mut bytes = std::mem::take(&mut rest);
        input.by_ref().take(BLOCK as u64).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
        // A block without any line end is one over-long line; cutting it bounds the memory it takes.
        if bytes.len() >= BLOCK
            && let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n')
        {
            rest = bytes.split_off(end + 1);
        }
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if lane.send(Block { bytes, first_line }).is_err() {
            return Ok(());
        }
        first_line += lines;
    }
    Ok(())
}
