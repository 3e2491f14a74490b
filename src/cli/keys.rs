//! `key`: a new API key, shown once.

use std::process::ExitCode;

use sha2::{Digest, Sha256};

/// Makes a key of 256 random bits and prints it with the hash that the configuration holds.
pub fn make(name: &str) -> anyhow::Result<ExitCode> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let key = format!("bl_{}", hex::encode(random));
    println!("key (shown once): {key}");
    println!("\nfor the configuration:\n\n[[keys]]");
    println!("name = {name:?}");
    println!("sha256 = \"{}\"", hex::encode(Sha256::digest(&key)));
    Ok(ExitCode::SUCCESS)
}
