//! `generate`, `rebuild` and `export`, and how a command opens the ledger.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use indicatif::ProgressBar;

use super::say::{say, tell};
use crate::app::store_options;
use crate::config::Config;
use crate::generate::{self, Plan, Size};
use crate::jobs::FOLD_EVENTS;
use crate::model::Clock;
use crate::store::{Accept, Store, StoreOptions};

/// The note on a folder that was just made.
pub const NEW: &str = "new";

/// Opens the store of a configuration for a command that may create it, and reports its folder.
pub fn open(config: &Config, accept: Accept, clock: Clock) -> anyhow::Result<Store> {
    let new = !Store::exists(&config.data_dir);
    let store = open_at(config, accept, clock)?;
    say_folder(config, if new { NEW } else { "" });
    Ok(store)
}

/// Opens the store of a configuration for a command that does not create one.
pub fn open_existing(config: &Config, clock: Clock) -> anyhow::Result<Store> {
    must_exist(config)?;
    let store = open_at(config, Accept::default(), clock)?;
    say_folder(config, "");
    Ok(store)
}

/// Makes sure that there is a ledger.
pub fn must_exist(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        Store::exists(&config.data_dir),
        "there is no ledger in the folder {}; name its folder with --data-dir or in the configuration (only serve, \
         demo and import make one)",
        absolute(&config.data_dir)
    );
    Ok(())
}

fn open_at(config: &Config, accept: Accept, clock: Clock) -> anyhow::Result<Store> {
    let options = StoreOptions {
        accept,
        ..store_options(config)
    };
    Store::open(&options, clock).with_context(|| format!("cannot open the data folder {}", absolute(&config.data_dir)))
}

/// Reports the folder that a command works on, with a note, on standard error.
pub fn say_folder(config: &Config, note: &str) {
    let folder = absolute(&config.data_dir);
    if note.is_empty() {
        say!("data folder: {folder}");
    } else {
        say!("data folder: {folder} ({note})");
    }
}

/// A path from the root on, for people.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
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
        say!("folded in {:.1} s", started.elapsed().as_secs_f64());
    }
    Ok(())
}

/// What `generate` takes.
#[derive(clap::Args)]
pub struct Generate {
    /// Where to write; `.zst` compresses, `-` is standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Writes the sample story of 2016 instead.
    #[arg(long, conflicts_with_all = ["events", "bots", "seed", "from", "to"])]
    story: bool,
    /// Seed of the generator.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of events, including repeats.
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
    say!(
        "{} events, {} bytes, SHA-256 {}",
        written.lines,
        written.bytes,
        written.sha256
    );
    Ok(ExitCode::SUCCESS)
}

/// Deletes facts and folds all events again.
pub fn rebuild(config: &Config, clock: Clock) -> anyhow::Result<ExitCode> {
    let store = open_existing(config, clock)?;
    store.reset_facts()?;
    fold_all(&store)?;
    store.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Exports events to Parquet.
pub fn export(config: &Config, folder: &Path, clock: Clock) -> anyhow::Result<ExitCode> {
    let store = open_existing(config, clock)?;
    make_empty(folder)?;
    let events = store.export_parquet(folder)?;
    store.finish()?;
    tell!("{events} events written to {}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Makes a folder, or makes sure that it is empty.
fn make_empty(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot export into {}", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let full = std::fs::read_dir(folder).with_context(cannot)?.next().is_some();
    anyhow::ensure!(
        !full,
        "{}: the folder is not empty; name a new or an empty one",
        cannot()
    );
    Ok(())
}
