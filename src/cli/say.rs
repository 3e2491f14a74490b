//! Lines for people: none of them can end the program, whatever becomes of standard error and output.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

/// Prints a line to standard error, between the lines of the log.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::app::logs::say(format_args!($($text)*))
    };
}

/// Prints a line to standard output.
macro_rules! tell {
    ($($text:tt)*) => {
        $crate::cli::say::print(format_args!($($text)*))
    };
}

pub(super) use {say, tell};

/// Prints a line to standard output. A failure to print is reported on standard error, unless the reader has gone.
pub fn print(text: Arguments<'_>) {
    if let Err(error) = writeln!(io::stdout(), "{text}")
        && error.kind() != ErrorKind::BrokenPipe
    {
        say!("botledger: cannot write to standard output: {error}");
    }
}
