//! Streams of chance, each from a seed that a failure tells: the output of a test is shown where it fails.

use proptest::test_runner::{Config, RngSeed};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::number;

/// A test's seed, or that of the environment, told.
pub fn seed(own: u64) -> u64 {
    let seed = number("BOTLEDGER_SEED", own);
    println!("BOTLEDGER_SEED={seed} draws the same again");
    seed
}

/// The stream of a test's seed.
pub fn stream(own: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed(own))
}

/// So many generated cases of a law, others in every run.
pub fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed(getrandom::u64().unwrap())),
        ..Config::default()
    }
}
