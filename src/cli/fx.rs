//! `fx import`: files of exchange rates, into the folder or through the server that holds it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use serde::Deserialize;

use super::data;
use super::say::tell;
use super::socket::{Reply, Server};
use crate::config::Config;
use crate::ingest::{fx, import};
use crate::model::Clock;
use crate::store::{RatesAdded, Store};

/// What `fx` can do.
#[derive(Subcommand)]
pub enum FxCommand {
    /// Imports exchange rates: the ECB's history or daily CSV, or `date,base,quote,rate,source`.
    Import {
        /// The files, plain, gzip or zstd; `-` is standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Runs a command about exchange rates.
pub fn run(config: &Config, command: &FxCommand, clock: Clock) -> anyhow::Result<ExitCode> {
    let FxCommand::Import { files } = command;
    // All are read before the first is stored: a mistake in one leaves nothing of any.
    let mut read = Vec::with_capacity(files.len());
    for file in files {
        let bytes = contents(file, config.limits.inflated_bytes)?;
        let rates = fx::parse(&bytes).with_context(|| file.display().to_string())?;
        read.push((file, bytes, rates));
    }
    let (mut store, mut said): (Option<Store>, bool) = (None, false);
    for (file, bytes, parsed) in read {
        let added = match Server::of(&config.data_dir)? {
            Some(server) if store.is_none() => {
                if !said {
                    data::say_folder(config, "a server is using it and imports the files");
                    said = true;
                }
                told(&server.send("POST", "/v1/fx", "text/csv", &bytes)?)?
            }
            _ => {
                let store = match &mut store {
                    Some(store) => store,
                    none => none.insert(data::open_existing(config, clock.clone())?),
                };
                store.add_rates_queued(parsed.rates)?
            }
        };
        report(file, &added, &parsed.left_out);
    }
    if let Some(store) = &store {
        data::fold_all(store)?;
        store.finish()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A whole file, inflated.
fn contents(file: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let input: Box<dyn Read + Send> = match file.to_str() {
            Some("-") => Box::new(std::io::stdin()),
            _ => Box::new(File::open(file)?),
        };
        import::text(input)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(bytes.len() <= limit, "{}: has more than {limit} bytes", file.display());
    Ok(bytes)
}

/// What the server says that it did.
fn told(reply: &Reply) -> anyhow::Result<RatesAdded> {
    #[derive(Deserialize)]
    struct Answer {
        new: usize,
        replaced: usize,
        unchanged: usize,
    }
    reply.refusal()?;
    let answer: Answer = serde_json::from_slice(&reply.body).context("the server's answer cannot be read")?;
    Ok(RatesAdded {
        new: answer.new,
        replaced: answer.replaced,
        unchanged: answer.unchanged,
        received_at: None,
    })
}

fn report(file: &Path, added: &RatesAdded, left_out: &[String]) {
    tell!(
        "{}: {} new, {} replaced, {} unchanged",
        file.display(),
        added.new,
        added.replaced,
        added.unchanged
    );
    if !left_out.is_empty() {
        tell!("  unknown currencies that were left out: {}", left_out.join(", "));
    }
}
