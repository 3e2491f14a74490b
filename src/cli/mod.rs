//! The command line.

mod checking;
mod data;
mod fx;
mod importing;
mod keys;
mod quarantine;
mod say;
mod serving;
mod socket;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use rustix::fs::Mode;
use rustix::process::umask;

use self::say::say;
use crate::app::{AppError, logs};
use crate::config::Overrides;
use crate::model::Clock;

/// Self-hosted ledger for bot teams: growth of the bots, conversion of conversations, and who processes the money.
#[derive(Parser)]
#[command(name = "botledger", version, about)]
struct Arguments {
    #[command(flatten)]
    overrides: Overrides,
    /// Logs as JSON lines.
    #[arg(long, global = true, env = "BOTLEDGER_LOG_JSON")]
    log_json: bool,
    /// Filter of the log, for example `info` or `botledger=debug`.
    #[arg(
        long,
        global = true,
        env = "BOTLEDGER_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the API and the dashboard.
    Serve(serving::Accepted),
    /// Loads the sample data into a fresh temporary folder (or --data-dir) and serves it.
    Demo,
    /// Imports events from NDJSON files, plain, gzip or zstd (`-` is standard input), or from an export.
    Import {
        /// The files, or the folder of an export.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Continues with what is left if the folder has lost something, or if a key was put there on purpose.
        #[arg(long)]
        accept_loss: bool,
    },
    /// Imports exchange rates.
    Fx {
        #[command(subcommand)]
        command: fx::FxCommand,
    },
    /// Lists, drops and retries what is left out of the facts.
    Quarantine {
        #[command(subcommand)]
        command: quarantine::QuarantineCommand,
    },
    /// Writes synthetic events as NDJSON: the same seed gives the same lines.
    Generate(data::Generate),
    /// Deletes projections and facts, and folds all events again.
    Rebuild,
    /// Writes all events to Parquet files, one folder per UTC day.
    Export {
        /// A new or empty folder.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Reads everything in a stopped ledger and reports what is wrong.
    Check,
    /// Makes an API key and prints it once, with the lines for the configuration.
    Key {
        /// Name of the person or program that will use the key.
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// Runs the program.
pub fn main() -> ExitCode {
    // What the program writes is for the eyes of its owner.
    umask(Mode::RWXG | Mode::RWXO);
    let arguments = Arguments::try_parse().unwrap_or_else(|error| without_value(error).exit());
    let _last_lines = logs::start(&arguments.log, arguments.log_json);
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            say!("botledger: {error:#}");
            let code = error.downcast_ref::<AppError>().map_or(2, AppError::exit_code);
            ExitCode::from(code)
        }
    }
}

/// A refusal that does not show the refused value: it may be a secret in the wrong place.
fn without_value(mut error: clap::Error) -> clap::Error {
    // An empty one means that there is none.
    if error
        .get(ContextKind::InvalidValue)
        .is_some_and(|value| value.to_string() != "")
    {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
    error
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.overrides.resolve()?;
    // Microseconds are what the store keeps.
    let clock: Clock = Arc::new(|| Utc::now().trunc_subsecs(6));
    match arguments.command {
        Command::Serve(accepted) => serving::serve(config, accepted, arguments.log_json, clock),
        Command::Demo => serving::demo(
            config,
            arguments.overrides.data_dir.is_some(),
            arguments.log_json,
            clock,
        ),
        Command::Import { files, accept_loss } => importing::import(&config, &files, accept_loss, clock),
        Command::Fx { command } => fx::run(&config, &command, clock),
        Command::Quarantine { command } => quarantine::run(&config, &command, clock),
        Command::Generate(plan) => data::generate(plan),
        Command::Rebuild => data::rebuild(&config, clock),
        Command::Export { folder } => data::export(&config, &folder, clock),
        Command::Check => checking::run(&config, &clock),
        Command::Key { name } => keys::make(&name),
    }
}
