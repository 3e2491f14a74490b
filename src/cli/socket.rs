//! Talks to the server that holds a data folder, over its socket: one request a connection, plain HTTP/1.1.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;

use crate::app::socket_path;

/// Bytes that an answer may have.
const ANSWER_BYTES: u64 = 4 << 20;
/// How long a server may take to answer, or to read more of a request.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer: its status and its body.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// The server of a data folder.
pub struct Server(UnixStream);

impl Reply {
    /// Turns a refusal into an error.
    ///
    /// # Errors
    /// The server's message, if the status is not 200.
    pub fn refusal(&self) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Refusal {
            detail: String,
        }
        if self.status == 200 {
            return Ok(());
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&self.body).ok();
        let detail = refusal.map_or(String::new(), |refusal| format!(": {}", refusal.detail));
        anyhow::bail!("the server refused with {}{detail}", self.status)
    }
}

impl Server {
    /// Connects to the server of a folder; `None` where none is running.
    ///
    /// # Errors
    /// If there is one and the connection fails.
    pub fn of(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = socket_path(data_dir);
        match UnixStream::connect(&path) {
            Ok(stream) => Ok(Some(Server(stream))),
            // A killed server leaves its socket behind; a path too long for a socket has none.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot connect to {}", path.display())),
        }
    }

    /// Asks, with a body or an empty one.
    ///
    /// # Errors
    /// If the connection is lost or the answer is not HTTP.
    pub fn send(mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> anyhow::Result<Reply> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.0.set_write_timeout(Some(PATIENCE))?;
        self.0.set_read_timeout(Some(PATIENCE))?;
        self.0.write_all(head.as_bytes())?;
        // A server that refuses early stops reading, and its answer is still there to read.
        let sent = self.0.write_all(body);
        let mut answer = Vec::new();
        let read = self.0.take(ANSWER_BYTES).read_to_end(&mut answer);
        match parse(&answer) {
            Some(reply) => Ok(reply),
            None => {
                sent.and(read).context("the connection to the server was lost")?;
                anyhow::bail!("the server's answer is not HTTP")
            }
        }
    }
}

/// Reads an answer that ends with its connection.
fn parse(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Reply {
        status,
        body: answer[end + 4..].to_vec(),
    })
}
