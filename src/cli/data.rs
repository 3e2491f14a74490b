//! `import`, `generate`, `rebuild` and `export`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::store_options;
use crate::config::Config;
use crate::generate::{self, Plan, Size};
use crate::ingest::import::{self, Summary};
use crate::ingest::privacy::Privacy;
use crate::jobs::FOLD_EVENTS;
use crate::model::Clock;
use crate::store::{Delivery, IgnoredCount, Store};

/// Exit code where some lines were rejected or in conflict.
const SOME_REFUSED: u8 = 1;

/// Ignored fields of a file that are listed by name.
const IGNORED: usize = 20;

/// Opens the store of a configuration for a command.
pub fn open(config: &Config, clock: Clock) -> anyhow::Result<Store> {
    Store::open(&store_options(config), clock).with_context(|| {
        format!(
            "cannot open the data folder {} (is a server running on it?)",
            config.data_dir.display()
        )
    })
}

/// Folds everything that waits, with a progress bar.
pub fn fold_all(store: &Store) -> anyhow::Result<()> {
    let bar = ProgressBar::new_spinner().with_message("folding events into facts");
    let started = Instant::now();
    let mut windows = 0;
    while store.fold(FOLD_EVENTS)?.is_some() {
        windows += 1;
        bar.tick();
    }
    bar.finish_and_clear();
    if windows > 0 {
        eprintln!("folded in {:.1} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Imports files and folds them.
pub fn import(config: &Config, files: &[PathBuf], clock: Clock) -> anyhow::Result<ExitCode> {
    let store = open(config, clock.clone())?;
    let privacy = Privacy::open(config, &store)?;
    let mut refused = false;
    // However many files and commits, it is one delivery: what it brings changes nothing that it brought itself.
    let delivery = store.delivery();
    for file in files {
        let started = Instant::now();
        let summary = import_file(&store, delivery, file, &clock, &privacy, config.limits.event_bytes)
            .with_context(|| format!("importing {}", file.display()))?;
        report(file, &summary, started.elapsed().as_secs_f64());
        refused |= summary.rejected + summary.conflicts > 0;
    }
    fold_all(&store)?;
    Ok(if refused {
        ExitCode::from(SOME_REFUSED)
    } else {
        ExitCode::SUCCESS
    })
}

fn import_file(
    store: &Store,
    delivery: Delivery,
    file: &Path,
    clock: &Clock,
    privacy: &Privacy,
    event_bytes: usize,
) -> anyhow::Result<Summary> {
    let style = "{bytes} of events durable, {bytes_per_sec}";
    if file == Path::new("-") {
        let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template(style)?);
        return Ok(import::import(
            store,
            delivery,
            io::stdin(),
            clock,
            privacy,
            event_bytes,
            &mut |bytes, _| bar.inc(bytes),
        )?);
    }
    let input = File::open(file)?;
    // The bar follows the bytes of the file, which are what has a known end.
    let bar = ProgressBar::new(input.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{wide_bar} {percent}% {msg}")?);
    let counted = bar.wrap_read(input);
    let summary = import::import(
        store,
        delivery,
        counted,
        clock,
        privacy,
        event_bytes,
        &mut |_, summary| {
            bar.set_message(format!("{} accepted", summary.accepted));
        },
    )?;
    bar.finish_and_clear();
    Ok(summary)
}

fn report(file: &Path, summary: &Summary, seconds: f64) {
    let all = summary.accepted + summary.duplicates + summary.conflicts + summary.rejected;
    println!(
        "{}: {} accepted, {} duplicates, {} conflicts, {} rejected in {seconds:.2} s ({:.0} events/s)",
        file.display(),
        summary.accepted,
        summary.duplicates,
        summary.conflicts,
        summary.rejected,
        all as f64 / seconds.max(1e-9),
    );
    for (reason, count) in &summary.reasons {
        println!("  rejected {count}: {reason}");
    }
    for (line, rejection) in &summary.listed {
        let field = rejection
            .field
            .as_deref()
            .map(|field| format!(" {field}"))
            .unwrap_or_default();
        println!(
            "  line {line}: {}{field}: {}",
            rejection.code.as_str(),
            rejection.message
        );
    }
    let (ignored, others) = summary.ignored.top(IGNORED);
    for IgnoredCount { field, meant, times } in ignored {
        let hint = meant.map(|meant| format!("; did you mean {meant}?"));
        println!("  ignored {times}: {field}{}", hint.unwrap_or_default());
    }
    if others > 0 {
        println!("  ignored {others}: others");
    }
}

/// What `generate` takes.
#[derive(clap::Args)]
pub struct Generate {
    /// Where to write; `.zst` compresses, `-` is standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Writes the story of 2016 instead.
    #[arg(long, conflicts_with_all = ["events", "bots", "seed", "from", "to"])]
    story: bool,
    /// Seed of the generator.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of events, repeats included.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Number of bots.
    #[arg(long, default_value_t = 500)]
    bots: u64,
    /// First day.
    #[arg(long, default_value = "2025-01-01")]
    from: NaiveDate,
    /// First day after the period.
    #[arg(long, default_value = "2025-04-01")]
    to: NaiveDate,
}

/// Writes synthetic events.
pub fn generate(arguments: Generate) -> anyhow::Result<ExitCode> {
    let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
    let lines = if arguments.story {
        generate::story()
    } else {
        generate::generate(Plan {
            seed: arguments.seed,
            bots: arguments.bots,
            size: Size::Events(arguments.events),
            from: midnight(arguments.from),
            to: midnight(arguments.to),
            ..Plan::default()
        })?
    };
    let written = if arguments.file == Path::new("-") {
        generate::write_lines(lines, io::stdout().lock())?
    } else {
        generate::write_file(lines, &arguments.file)?
    };
    eprintln!(
        "{} events, {} bytes, SHA-256 {}",
        written.lines, written.bytes, written.sha256
    );
    Ok(ExitCode::SUCCESS)
}

/// Throws facts away and folds all events again.
pub fn rebuild(config: &Config, clock: Clock) -> anyhow::Result<ExitCode> {
    let store = open(config, clock)?;
    store.reset_facts()?;
    fold_all(&store)?;
    Ok(ExitCode::SUCCESS)
}

/// Exports events to Parquet.
pub fn export(config: &Config, folder: &Path, clock: Clock) -> anyhow::Result<ExitCode> {
    let store = open(config, clock)?;
    let events = store.export_parquet(folder)?;
    println!("{events} events written to {}", folder.display());
    Ok(ExitCode::SUCCESS)
}
