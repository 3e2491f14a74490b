//! The real program as a child process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use super::client::Client;

const PROGRAM: &str = env!("CARGO_BIN_EXE_botledger");

/// The program with its arguments, free of settings from outside.
pub fn botledger(arguments: &[&str]) -> Command {
    free(Command::new(PROGRAM), arguments)
}

/// The program started by a shell that does something before, such as `umask 000` or `ulimit -n 128`.
pub fn botledger_after(before: &str, arguments: &[&str]) -> Command {
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), PROGRAM]);
    free(shell, arguments)
}

fn free(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments).env("BOTLEDGER_LOG", "error");
    for name in [
        "CONFIG",
        "DATA_DIR",
        "LISTEN",
        "CURRENCY",
        "MEMORY_MIB",
        "THREADS",
        "LOG_JSON",
    ] {
        command.env_remove(format!("BOTLEDGER_{name}"));
    }
    command
}

/// Runs a command of the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    botledger(arguments).output().unwrap()
}

/// Runs a command on a data folder and expects success; gives its standard output.
pub fn run_on(data_dir: &Path, arguments: &[&str]) -> String {
    let folder = data_dir.to_str().unwrap();
    let output = run(&[&["--data-dir", folder], arguments].concat());
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A started `botledger serve`; it is killed when dropped.
pub struct Served {
    pub client: Client,
    /// The address that it prints, without the host.
    pub path: String,
    child: Child,
    // Kept open: the program may print more.
    _output: BufReader<ChildStdout>,
}

impl Served {
    pub fn start(data_dir: &Path) -> Self {
        let folder = data_dir.to_str().unwrap();
        Self::spawn(botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir", folder]))
    }

    /// Starts a command that serves, and waits for the address it prints.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("dashboard: ")
            .unwrap_or_else(|| panic!("no address in {line:?}"));
        let base = address.split('?').next().unwrap().trim_end_matches('/').to_owned();
        let path = address.strip_prefix(&base).unwrap_or_default().to_owned();
        Served {
            client: Client::new(base),
            path,
            child,
            _output: output,
        }
    }

    /// Its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, then the exit status.
    pub fn terminate(self) -> ExitStatus {
        self.signal("-TERM");
        self.ended()
    }

    /// Sends a signal to its process.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits until it has ended: the exit status.
    pub fn ended(mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the program does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
