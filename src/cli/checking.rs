//! `check`: reads a stopped ledger whole and says what is wrong with it.

use std::process::ExitCode;

use anyhow::Context;

use super::data;
use super::say::tell;
use crate::app::store_options;
use crate::config::Config;
use crate::ingest::privacy::pseudonym::{Pseudonyms, key_in};
use crate::model::Clock;
use crate::store::check;

/// Exit code where something is wrong.
const WRONG: u8 = 1;

/// Checks the folder of a configuration.
pub fn run(config: &Config, clock: &Clock) -> anyhow::Result<ExitCode> {
    data::must_exist(config)?;
    data::say_folder(config, "");
    let mut checked = check::check(&store_options(config), clock())
        .with_context(|| format!("cannot check the data folder {}", data::absolute(&config.data_dir)))?;
    for (table, rows) in &checked.read {
        tell!("read: {table}, {rows} rows");
    }
    if let Some(known) = &checked.key {
        match key_in(&config.data_dir, false) {
            Ok(key) if Pseudonyms::new(&key).fingerprint() == *known => tell!("read: the key of pseudonyms"),
            Ok(_) => checked
                .wrong
                .push("the key of pseudonyms is not the one that the database was written with".to_owned()),
            Err(error) => checked.wrong.push(error.to_string()),
        }
    }
    for wrong in &checked.wrong {
        tell!("wrong: {wrong}");
    }
    if checked.wrong.is_empty() {
        tell!("nothing is wrong");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(WRONG))
}
