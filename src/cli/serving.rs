//! `serve` and `demo`.

use std::io::Cursor;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;

use super::data;
use super::say::{say, tell};
use crate::app::{Application, logs};
use crate::config::Config;
use crate::ingest::privacy::Privacy;
use crate::ingest::{annotations, fx, import};
use crate::jobs;
use crate::model::Clock;
use crate::store::{Accept, Note, Store};

/// The story of 2016 (`sample-data/README.md`).
const STORY: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/sample-data/story-2016.ndjson.zst"
));
/// Bytes of the story, inflated: the length of the progress bar.
const STORY_BYTES: u64 = 95_178_133;
/// The reference rates of those months.
const RATES: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/sample-data/ecb-2016.csv"));
/// What happened in them.
const ANNOTATIONS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/sample-data/annotations-2016.ndjson"
));
/// The range of the page that the demo points to, its last day included: the story ends with 31 October. Days, since
/// both ends would cut a week.
const STORY_RANGE: &str = "from=2016-07-01&to=2016-10-31&interval=day";

/// What the temporary folders of demos are called; the process's number follows.
const DEMO: &str = "botledger-demo-";

/// The warning of a server that starts without a key.
const KEYLESS: &str = "no key is configured: every program on this machine may read and send, and so may \
                       strangers through a proxy that rewrites Host and adds no forwarding header; make a key with \
                       `botledger key NAME` before you put a proxy in front (require_key = true refuses to start \
                       without one)";

/// Faults of a data folder that `serve` accepts only on request.
#[derive(clap::Args)]
pub struct Accepted {
    /// If the start was refused because stamps of commits are ahead of the clock: moves them back to it.
    #[arg(long)]
    accept_clock: bool,
    /// If the start was refused because of a loss: continues with what is left.
    #[arg(long)]
    accept_loss: bool,
}

/// Serves until SIGTERM, SIGINT or SIGHUP.
pub fn serve(config: Config, accepted: Accepted, log_json: bool, clock: Clock) -> anyhow::Result<ExitCode> {
    let note = if Store::exists(&config.data_dir) { "" } else { data::NEW };
    let shown = config.clone();
    let accept = Accept {
        clock: accepted.accept_clock,
        loss: accepted.accept_loss,
    };
    run(config, accept, clock, "", || {
        // Where machines read standard error, every line is theirs.
        if log_json {
            tracing::info!(folder = %shown.data_dir.display(), new = !note.is_empty(), "data folder");
        } else {
            data::say_folder(&shown, note);
        }
        if shown.keys.is_empty() {
            say_keyless(log_json);
        }
    })
}

fn say_keyless(log_json: bool) {
    if log_json {
        tracing::warn!("{KEYLESS}");
    } else {
        say!("{KEYLESS}");
    }
}

/// Loads the sample data, then serves.
pub fn demo(mut config: Config, keeps: bool, log_json: bool, clock: Clock) -> anyhow::Result<ExitCode> {
    // The folder lives as long as this value, that is until the server has stopped.
    let folder = if keeps { None } else { Some(temporary()?) };
    if let Some(folder) = &folder {
        config.data_dir = folder.path().to_owned();
    }
    let store = data::open(&config, Accept::default(), clock.clone())?;
    let privacy = Privacy::open(&config, &store)?;
    load(&store, &clock, &privacy, config.limits.event_bytes)?;
    drop(store);
    let keyless = config.keys.is_empty();
    run(config, Accept::default(), clock, STORY_RANGE, || {
        if keyless {
            say_keyless(log_json);
        }
    })
}

/// A folder for one demo. Reports the folders that killed demos left: nothing else removes them.
fn temporary() -> anyhow::Result<TempDir> {
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let process = name.strip_prefix(DEMO).and_then(|rest| rest.split_once('-'));
        let gone = process
            .is_some_and(|(number, _)| number.parse::<u32>().is_ok() && !Path::new("/proc").join(number).exists());
        if gone {
            say!(
                "a demo that was killed has left its folder: {}; you may remove it",
                path.display()
            );
        }
    }
    let name = format!("{DEMO}{}-", std::process::id());
    let made = tempfile::Builder::new().prefix(&name).tempdir();
    made.context("cannot make a temporary folder")
}

fn load(store: &Store, clock: &Clock, privacy: &Privacy, event_bytes: usize) -> anyhow::Result<()> {
    let bar = ProgressBar::new(STORY_BYTES).with_message("loading the story of 2016");
    bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {percent}%")?);
    let summary = import::import(
        store,
        store.bulk_load(),
        Cursor::new(STORY),
        clock,
        privacy,
        event_bytes,
        &mut |bytes, _| bar.inc(bytes),
    )?;
    bar.finish_and_clear();
    say!(
        "{} events stored, {} repeats ignored",
        summary.accepted,
        summary.duplicates
    );
    store.add_rates_queued(fx::parse(RATES)?.rates)?;
    // None of the story's is about one metric.
    let read = |line: &str| annotations::parse(line.as_bytes(), privacy, |_| false).map(Note::Add);
    store.annotate_queued(ANNOTATIONS.lines().map(read).collect::<Result<_, _>>()?)?;
    data::fold_all(store)
}

/// Serves; `started` is called once the folder is open and the address bound.
fn run(config: Config, accept: Accept, clock: Clock, query: &str, started: impl FnOnce()) -> anyhow::Result<ExitCode> {
    actix_web::rt::System::new().block_on(async move {
        let application = Application::build_accepting(config, accept, clock)?;
        started();
        let mark = if query.is_empty() { "" } else { "?" };
        let line = format!("dashboard: http://{}/{mark}{query}", application.address());
        // Whoever reads the address can read what was said before it. A standard output that takes nothing holds up
        // nobody but this thread.
        std::thread::Builder::new().name("address".into()).spawn(move || {
            logs::settle();
            tell!("{line}");
        })?;
        tracing::info!(address = %application.address(), jobs = jobs::SCHEDULE.len(), "serving");
        application.run().await?;
        Ok(ExitCode::SUCCESS)
    })
}
