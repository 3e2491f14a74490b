//! Log lines: a thread writes them to standard error, which may be gone, full or stalled: nothing waits for it.
//!
//! Lines wait in memory, up to a bound in bytes. What does not fit, and what standard error refuses, is lost and
//! counted; once lines flow again, one of them says so.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::colours;

/// Bytes of the lines that may wait.
const WAITING: usize = 4 << 20;
/// What a line takes beside its own bytes, at least: so lines that fit into [`WAITING`] fit into the channel.
const LINE: usize = 64;
/// How long the end of the program, and whoever else wants lines written, waits for them.
const LAST_LINES: Duration = Duration::from_secs(2);
/// How long a standard error that is not ready is left alone.
const PAUSE: Duration = Duration::from_millis(10);

/// Where log lines go.
#[derive(Clone)]
struct Lines {
    thread: NonBlocking,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Bytes that wait, with [`LINE`] for each line.
    waiting: AtomicUsize,
    /// Lines that were lost.
    lost: AtomicUsize,
}

/// Has the last lines written when it is dropped: keep it until the program ends.
#[must_use]
pub struct LastLines(Arc<Counts>);

/// Starts logging; the filter is as in `--log`. From then on a panic is a line of the log too.
pub fn start(filter: &str, json: bool) -> LastLines {
    let counts = Arc::new(Counts::default());
    let out = Out {
        to: io::stderr(),
        counts: counts.clone(),
        torn: false,
        told: 0,
    };
    let (thread, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(WAITING / LINE)
        .thread_name("log-lines")
        .finish(out);
    // Dropped, it would print to standard output where the thread is stalled. `LastLines` stands in for it.
    std::mem::forget(guard);
    let lines = Lines {
        thread,
        counts: counts.clone(),
    };
    let parsed = EnvFilter::try_new(filter);
    let wrong = parsed.is_err();
    let logs = tracing_subscriber::fmt()
        .with_env_filter(parsed.unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(lines)
        .with_ansi(io::stderr().is_terminal() && colours());
    if json {
        logs.json().init()
    } else {
        logs.init()
    }
    std::panic::set_hook(Box::new(log_panic));
    if wrong {
        // Not what it says: a secret may stand in its place.
        tracing::warn!("the value of --log or BOTLEDGER_LOG is not a valid log filter; `info` is used");
    }
    LastLines(counts)
}

/// Says a line to people, on standard error among those of the log.
pub fn say(text: Arguments<'_>) {
    let line = format!("{text}\n");
    let sent =
        tracing::dispatcher::get_default(|log| log.downcast_ref::<Lines>().map(|lines| lines.send(line.as_bytes())));
    if sent.is_none() {
        // Nobody logs. A line that cannot be written either has nowhere to be told.
        drop(io::stderr().write_all(line.as_bytes()));
    }
}

/// Waits until the lines so far are written or lost, but only for a limited time.
pub fn settle() {
    tracing::dispatcher::get_default(|log| log.downcast_ref::<Lines>().map(|lines| lines.counts.settle()));
}

/// Lines of the log that were lost since the start; 0 where nothing is logged.
pub fn lost() -> usize {
    let lost = |log: &tracing::Dispatch| log.downcast_ref::<Lines>().map(Lines::lost);
    tracing::dispatcher::get_default(lost).unwrap_or(0)
}

/// The standard hook writes to standard error itself and waits for it.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(
        thread = thread.name(),
        at = panic.location().map(ToString::to_string),
        backtrace,
        "panicked: {}",
        panic.payload_as_str().unwrap_or("no message")
    );
}

impl Counts {
    fn settle(&self) {
        let end = Instant::now() + LAST_LINES;
        while self.waiting.load(Ordering::Acquire) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Lines {
    fn send(&self, line: &[u8]) {
        let bytes = line.len() + LINE;
        let before = self.counts.waiting.fetch_add(bytes, Ordering::AcqRel);
        if before + bytes > WAITING {
            self.counts.waiting.fetch_sub(bytes, Ordering::AcqRel);
            self.counts.lost.fetch_add(1, Ordering::AcqRel);
        } else {
            // It counts what it drops, and tells of no error.
            drop(self.thread.clone().write_all(line));
        }
    }

    fn lost(&self) -> usize {
        self.counts.lost.load(Ordering::Acquire) + self.thread.error_counter().dropped_lines()
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.send(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.settle();
    }
}

/// The end of the way, on the thread of its own.
struct Out<W> {
    to: W,
    counts: Arc<Counts>,
    /// The last line broke off in its middle.
    torn: bool,
    /// Lost lines that were told.
    told: usize,
}

impl<W: Write> Out<W> {
    /// Writes a line, however long that takes; false where it is refused.
    fn put(&mut self, mut line: &[u8]) -> bool {
        while !line.is_empty() {
            match self.to.write(line) {
                Ok(0) => return false,
                Ok(written) => {
                    self.torn = true;
                    line = &line[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
                Err(_) => return false,
            }
        }
        self.torn = false;
        true
    }

    /// Says once that lines were lost, when there is room to say it.
    fn tell_lost(&mut self) {
        let lost = self.counts.lost.load(Ordering::Acquire);
        if lost > self.told && self.counts.waiting.load(Ordering::Acquire) < WAITING / 2 {
            let since = std::mem::replace(&mut self.told, lost);
            tracing::warn!(lines = lost - since, total = lost, "lines of the log were lost");
        }
    }
}

impl<W: Write> Write for Out<W> {
    /// Takes a line, and always the whole of it: an error would make the thread forget others.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = (!self.torn || self.put(b"\n")) && self.put(line);
        if !written {
            self.counts.lost.fetch_add(1, Ordering::AcqRel);
        }
        self.counts.waiting.fetch_sub(line.len() + LINE, Ordering::AcqRel);
        if written {
            self.tell_lost();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::atomic::Ordering;

    use super::{Counts, LINE, Out};

    /// Accepts a number of bytes, then is full.
    struct Disk {
        holds: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.room);
            self.room -= taken;
            self.holds.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_loses_whole_lines_which_are_counted_and_the_next_one_begins_anew() {
        let counts = std::sync::Arc::new(Counts::default());
        let mut out = Out {
            to: Disk {
                holds: Vec::new(),
                room: 8,
            },
            counts: counts.clone(),
            torn: false,
            told: 0,
        };
        counts.waiting.store(5 * (6 + LINE), Ordering::SeqCst);
        for line in ["first\n", "other\n", "third\n"] {
            out.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(counts.lost.load(Ordering::SeqCst), 2);
        out.to.room = 100;
        out.write_all(b"again\n").unwrap();
        out.write_all(b"fifth\n").unwrap();
        assert_eq!(out.to.holds, b"first\not\nagain\nfifth\n");
        assert_eq!(
            (out.told, counts.waiting.load(Ordering::SeqCst)),
            (2, 0),
            "what was lost is told once"
        );
    }
}
