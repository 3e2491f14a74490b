//! Lines into a file, plain or compressed, with their digest.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Level at which sample files are kept: slow to write, small for ever.
const LEVEL: i32 = 19;

/// What was written, before compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Number of lines.
    pub lines: u64,
    /// Bytes, line breaks included.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Writes one line per event.
pub fn write_lines(lines: impl Iterator<Item = String>, mut out: impl Write) -> io::Result<Written> {
    let mut digest = Sha256::new();
    let mut written = Written {
        lines: 0,
        bytes: 0,
        sha256: String::new(),
    };
    for mut line in lines {
        line.push('\n');
        digest.update(line.as_bytes());
        out.write_all(line.as_bytes())?;
        written.lines += 1;
        written.bytes += line.len() as u64;
    }
    out.flush()?;
    written.sha256 = hex::encode(digest.finalize());
    Ok(written)
}

/// Writes a file, compressed with zstd if its name ends in `.zst`. A file that stood there is
/// replaced only once the new one is whole.
pub fn write_file(lines: impl Iterator<Item = String>, path: &Path) -> io::Result<Written> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let file = BufWriter::new(File::create(&unfinished)?);
    let written = if path.extension().is_some_and(|extension| extension == "zst") {
        let mut encoder = zstd::Encoder::new(file, LEVEL)?;
        encoder.include_checksum(true)?;
        let written = write_lines(lines, &mut encoder)?;
        encoder
            .finish()?
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        written
    } else {
        let mut file = file;
        let written = write_lines(lines, &mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        written
    };
    fs::rename(&unfinished, path)?;
    Ok(written)
}
