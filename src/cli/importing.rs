//! `import`: files of lines, standard input, and exports.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::data::{fold_all, open};
use super::say::{say, tell};
use crate::config::Config;
use crate::ingest::exported;
use crate::ingest::import::{self, Cause, ImportError, Summary};
use crate::ingest::privacy::Privacy;
use crate::model::Clock;
use crate::store::{Accept, BulkLoad, IgnoredCount, Store};

/// Exit code where some lines were rejected or in conflict.
const SOME_REFUSED: u8 = 1;
/// Exit code where an input could not be read to its end.
const BROKEN_OFF: u8 = 2;
/// Ignored fields of a file that are listed by name.
const IGNORED: usize = 20;

/// What a name on the command line stands for.
enum Input {
    Standard,
    Lines(PathBuf),
    Export(Vec<PathBuf>),
}

impl Input {
    fn of(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Input::Standard);
        }
        if let Some(files) = exported::files(path)? {
            return Ok(Input::Export(files));
        }
        // What is no text is told before anything is made of it; what is read of a pipe here would be lost.
        if path.is_file() {
            import::text(File::open(path)?)?;
        }
        Ok(Input::Lines(path.to_owned()))
    }
}

/// Imports files and folds them.
pub fn import(config: &Config, paths: &[PathBuf], accept_loss: bool, clock: Clock) -> anyhow::Result<ExitCode> {
    // A name that is none makes no folder and leaves nothing half done.
    let inputs = paths.iter().map(|path| {
        let input = Input::of(path).with_context(|| format!("cannot read {}", path.display()));
        input.map(|input| (path, input))
    });
    let inputs = inputs.collect::<anyhow::Result<Vec<_>>>()?;
    let accept = Accept {
        loss: accept_loss,
        ..Accept::default()
    };
    let store = open(config, accept, clock.clone())?;
    let importer = Importer {
        privacy: Privacy::open(config, &store)?,
        // However many files and commits, it is one load: what it brings changes nothing that it brought itself.
        load: store.bulk_load(),
        event_bytes: config.limits.event_bytes,
        store,
        clock,
    };
    let mut code = 0;
    for (path, input) in &inputs {
        let started = Instant::now();
        let summary = match importer.import(input) {
            Ok(summary) => summary,
            Err(ImportError {
                stored,
                cause: Cause::Input(error),
            }) => {
                say!(
                    "botledger: {}: {error}; {} events of the lines before are stored",
                    path.display(),
                    stored.accepted
                );
                code = BROKEN_OFF;
                *stored
            }
            Err(error) => return Err(error).with_context(|| format!("importing {}", path.display())),
        };
        report(path, &summary, started.elapsed().as_secs_f64());
        if summary.rejected + summary.conflicts > 0 {
            code = code.max(SOME_REFUSED);
        }
    }
    fold_all(&importer.store)?;
    importer.store.finish()?;
    Ok(ExitCode::from(code))
}

struct Importer {
    store: Store,
    privacy: Privacy,
    load: BulkLoad,
    event_bytes: usize,
    clock: Clock,
}

impl Importer {
    fn import(&self, input: &Input) -> Result<Summary, ImportError> {
        match input {
            Input::Standard => {
                let bar = bar(None, "{bytes} of events durable, {bytes_per_sec}");
                self.lines(io::stdin(), &mut |bytes, _| bar.inc(bytes))
            }
            Input::Lines(path) => {
                let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
                let (length, file) = opened.map_err(ImportError::from)?;
                // The bar follows the bytes of the file, which are what has a known end.
                let bar = bar(Some(length), "{wide_bar} {percent}% {msg}");
                let told = bar.clone();
                let done = self.lines(bar.wrap_read(file), &mut |_, summary| {
                    told.set_message(format!("{} accepted", summary.accepted));
                });
                bar.finish_and_clear();
                done
            }
            Input::Export(files) => {
                let bar = bar(None, "{human_pos} events read back, {per_sec}");
                let progress = &mut |events, _: &Summary| bar.inc(events);
                exported::import(&self.store, self.load, files, &self.privacy, progress)
            }
        }
    }

    fn lines(
        &self,
        input: impl io::Read + Send,
        progress: &mut dyn FnMut(u64, &Summary),
    ) -> Result<Summary, ImportError> {
        import::import(
            &self.store,
            self.load,
            input,
            &self.clock,
            &self.privacy,
            self.event_bytes,
            progress,
        )
    }
}

/// A progress bar, which shows in a terminal only.
fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report(path: &Path, summary: &Summary, seconds: f64) {
    let all = summary.accepted + summary.duplicates + summary.conflicts + summary.rejected;
    tell!(
        "{}: {} accepted, {} duplicates, {} conflicts, {} rejected in {seconds:.2} s ({:.0} events/s)",
        path.display(),
        summary.accepted,
        summary.duplicates,
        summary.conflicts,
        summary.rejected,
        all as f64 / seconds.max(1e-9),
    );
    for (reason, count) in &summary.reasons {
        tell!("  rejected {count}: {reason}");
    }
    for (line, rejection) in &summary.listed {
        let field = rejection
            .field
            .as_deref()
            .map(|field| format!(" {field}"))
            .unwrap_or_default();
        tell!(
            "  line {line}: {}{field}: {}",
            rejection.code.as_str(),
            rejection.message
        );
    }
    let (ignored, others) = summary.ignored.top(IGNORED);
    for IgnoredCount { field, meant, times } in ignored {
        let hint = meant.map(|meant| format!("; did you mean {meant}?"));
        tell!("  ignored {times}: {field}{}", hint.unwrap_or_default());
    }
    if others > 0 {
        tell!("  ignored {others}: others");
    }
}
