//! The `botledger` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    botledger::cli::main()
}
