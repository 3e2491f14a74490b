//! `key`: a new API key, shown once.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use sha2::{Digest, Sha256};

/// Makes a key of 256 random bits and prints it with the hash that the configuration holds.
pub fn make(name: &str) -> anyhow::Result<ExitCode> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    let key = format!("bl_{}", hex::encode(random));
    let hash = hex::encode(Sha256::digest(&key));
    let text = format!(
        "key (shown once): {key}\n\nfor the configuration:\n\n[[keys]]\nname = {name:?}\nsha256 = \"{hash}\"\n"
    );
    // A key that nobody has seen opens nothing.
    std::io::stdout()
        .write_all(text.as_bytes())
        .context("the key cannot be shown")?;
    Ok(ExitCode::SUCCESS)
}
