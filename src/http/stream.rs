//! Text out of a stream of bytes, which may be packed: files, pipes and bodies are read by the same rules.
//!
//! gzip and zstd are undone, whatever number of members and frames there are. A byte order mark of UTF-8 is passed
//! over. What its first bytes show to be another format is refused by name.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// RFC 1952, any number of members.
    Gzip,
    /// RFC 8878, any number of frames, also skippable ones.
    Zstd,
}

/// Largest window of a zstd frame in a file, as a power of two: what the zstd program takes by default.
pub const FILE_WINDOW_LOG: u32 = 27;
/// Bytes that are taken from an input at a time.
const CHUNK: usize = 64 << 10;
/// How many first bytes identify every format here; the mark of a tar archive comes last.
const HEAD: usize = TAR.end;
/// Where the mark of a tar archive stands.
const TAR: std::ops::Range<usize> = 257..262;
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Formats other than text, by their first bytes, and what the sender can do.
const NO_TEXT: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "it is a ZIP archive; extract it first"),
    (b"PK\x05\x06", "it is an empty ZIP archive"),
    (
        b"PAR1",
        "it is a Parquet file; only `botledger import` reads the Parquet files of an export, by their path",
    ),
    (
        b"\xfd7zXZ\0",
        "it is compressed with xz; decompress it, or use gzip or zstd",
    ),
    (
        b"BZh",
        "it is compressed with bzip2; decompress it, or use gzip or zstd",
    ),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; extract it first"),
    (b"Rar!\x1a\x07", "it is a RAR archive; extract it first"),
    (
        b"\x04\x22\x4d\x18",
        "it is compressed with lz4; decompress it, or use gzip or zstd",
    ),
    (
        b"\x1f\x9d",
        "it is compressed with compress; decompress it, or use gzip or zstd",
    ),
    (b"\x1f\x8b", "it is compressed twice; compress it once"),
    (b"\x28\xb5\x2f\xfd", "it is compressed twice; compress it once"),
    (b"\xff\xfe", "it is UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "it is UTF-16; save it as UTF-8"),
];

impl Packing {
    /// Tells the packing by the first four bytes.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            // A frame, or a skippable one, with which parallel compressors begin.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
            _ => Packing::Plain,
        }
    }
}

/// The text of an input: unpacked, without its byte order mark. Where the packing is not stated, the first bytes
/// tell it. `window_log` bounds the window of a zstd frame.
///
/// # Errors
/// Names the format if it is not text. A stream that ends early fails in reading, after everything before its end.
pub fn text<'a>(
    input: impl Read + Send + 'a,
    packing: Option<Packing>,
    window_log: u32,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut input = Ahead::new(input);
    let packing = packing.unwrap_or_else(|| Packing::of(input.peek(4)));
    Ok(match packing {
        Packing::Plain => Box::new(unmarked(input)?),
        Packing::Gzip => Box::new(unmarked(Ahead::new(Named("gzip", Members::new(input))))?),
        Packing::Zstd => {
            let mut frames = zstd::stream::read::Decoder::with_buffer(input)?;
            frames.window_log_max(window_log)?;
            Box::new(unmarked(Ahead::new(Named("zstd", frames)))?)
        }
    })
}

/// Bytes of the byte order mark that a text begins with.
///
/// # Errors
/// Names the format if it is not text.
pub fn mark(head: &[u8]) -> Result<usize, &'static str> {
    if let Some((_, told)) = NO_TEXT.iter().find(|(bytes, _)| head.starts_with(bytes)) {
        return Err(told);
    }
    // Before its mark, a tar archive has names that are filled up with zeros.
    if head.get(TAR).is_some_and(|mark| mark == b"ustar") && head[..TAR.start].contains(&0) {
        return Err("it is a tar archive; extract the files first");
    }
    match head {
        // Every text here begins with an ASCII character.
        [0, 1..=255, ..] | [1..=255, 0, ..] => Err("it is UTF-16; save it as UTF-8"),
        _ if head.starts_with(MARK) => Ok(MARK.len()),
        _ => Ok(0),
    }
}

fn unmarked<R: Read>(mut text: Ahead<R>) -> io::Result<Ahead<R>> {
    let mark = mark(text.peek(HEAD)).map_err(|told| io::Error::new(ErrorKind::InvalidData, told))?;
    text.consume(mark);
    Ok(text)
}

/// An input whose first bytes can be looked at, however few come at a time.
struct Ahead<R> {
    input: R,
    buffer: Vec<u8>,
    /// The bytes of the buffer that are still to be read.
    unread: std::ops::Range<usize>,
    /// What went wrong behind them.
    failed: Option<io::Error>,
}

impl<R: Read> Ahead<R> {
    fn new(input: R) -> Self {
        Ahead {
            input,
            buffer: vec![0; CHUNK],
            unread: 0..0,
            failed: None,
        }
    }

    /// The next bytes: at least `count`, unless the input ends or fails before. Only for the beginning of an input.
    fn peek(&mut self, count: usize) -> &[u8] {
        while self.unread.len() < count.min(CHUNK - self.unread.start) && self.failed.is_none() {
            match self.input.read(&mut self.buffer[self.unread.end..]) {
                Ok(0) => break,
                Ok(read) => self.unread.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.failed = Some(error),
            }
        }
        &self.buffer[self.unread.clone()]
    }
}

impl<R: Read> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.unread.is_empty() {
            self.unread = 0..0;
            self.peek(1);
        }
        match self.failed.take_if(|_| self.unread.is_empty()) {
            Some(error) => Err(error),
            None => Ok(&self.buffer[self.unread.clone()]),
        }
    }

    fn consume(&mut self, count: usize) {
        self.unread.start = self.unread.end.min(self.unread.start + count);
    }
}

impl<R: Read> Read for Ahead<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() && self.failed.is_none() && out.len() >= CHUNK {
            return self.input.read(out);
        }
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

/// The members of a gzip stream. Zeros behind a member, with which tapes and block devices pad, are passed over.
struct Members<R> {
    /// `None` behind the last.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(input: R) -> Self {
        Members {
            member: Some(GzDecoder::new(input)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let count = member.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let input = member.get_mut();
            let next = loop {
                let bytes = input.fill_buf()?;
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                if zeros == 0 {
                    break bytes.first().copied();
                }
                input.consume(zeros);
            };
            match next {
                None => self.member = None,
                Some(0x1f) => self.member = self.member.take().map(|ended| GzDecoder::new(ended.into_inner())),
                Some(_) => {
                    return Err(io::Error::new(ErrorKind::InvalidData, "other data follows it"));
                }
            }
        }
    }
}

/// Says of packed data what is wrong with it.
struct Named<R>(&'static str, R);

impl<R: Read> Read for Named<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Named(name, packed) = self;
        packed.read(out).map_err(|error| match error.kind() {
            _ if error.raw_os_error().is_some() => error,
            ErrorKind::Interrupted => error,
            ErrorKind::UnexpectedEof => io::Error::new(error.kind(), format!("the {name} data ends early")),
            kind => io::Error::new(kind, format!("the {name} data cannot be read: {error}")),
        })
    }
}
