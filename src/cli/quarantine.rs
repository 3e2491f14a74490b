//! `quarantine`: what is left out of the facts, in the folder or through the server that holds it.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::data;
use super::say::tell;
use super::socket::{Reply, Server};
use crate::app::quarantine::{Wanted, listed, shown};
use crate::config::Config;
use crate::model::Clock;
use crate::store::Store;

/// What `quarantine` can do.
#[derive(Subcommand)]
pub enum QuarantineCommand {
    /// Lists what is left out of the facts, the oldest first, and why.
    List(Listing),
    /// Shows one entity: which events it has, from where, and since when.
    Show {
        /// Its id, as `list` prints it.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Leaves entities out until they are retried.
    Drop {
        /// Their ids, as `list` prints them.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Tries entities again, after an upgrade or with a higher limit.
    Retry {
        /// Their ids, as `list` prints them.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// The filters of `list`.
#[derive(Args)]
pub struct Listing {
    /// Only those of this state: set_aside, dropped or retry.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Only those of this kind: payment, conversation, checkout or bot.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// At most this many; the maximum is 1000.
    #[arg(long, value_name = "N")]
    limit: Option<String>,
    /// Continues a list: the value to give is in its last line.
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
}

impl Listing {
    /// The same as parameters of the API.
    fn pairs(&self) -> Vec<(String, String)> {
        let Listing {
            state,
            kind,
            limit,
            after,
        } = self;
        [("state", state), ("kind", kind), ("limit", limit), ("after", after)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)))
            .collect()
    }
}

/// One entity, as the API tells it.
#[derive(Deserialize)]
struct Entity {
    id: String,
    state: String,
    reason: String,
    rows: u64,
    limit: Option<u64>,
    sources: Vec<String>,
    since: String,
    #[serde(default)]
    events: u64,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    source: String,
    r#type: String,
    events: u64,
    sample: String,
    first_received: String,
    last_received: String,
}

#[derive(Deserialize)]
struct List {
    quarantine: Vec<Entity>,
    others: u64,
    next: Option<String>,
}

/// Where the entities are: behind a server, or in the folder.
enum Ledger<'a> {
    Served(&'a Config),
    Open(Store),
}

/// Runs a command about the quarantine.
pub fn run(config: &Config, command: &QuarantineCommand, clock: Clock) -> anyhow::Result<ExitCode> {
    let ledger = match Server::of(&config.data_dir)? {
        Some(_) => {
            data::say_folder(config, "a server is using it and answers");
            Ledger::Served(config)
        }
        None => Ledger::Open(data::open_existing(config, clock)?),
    };
    match command {
        QuarantineCommand::List(listing) => print_list(&ledger.list(&listing.pairs())?),
        QuarantineCommand::Show { id } => print_entity(&ledger.show(id)?),
        QuarantineCommand::Drop { ids } => {
            for id in ids {
                ledger.mark(id, "drop", Store::drop_set_aside)?;
                tell!("{id}: dropped");
            }
        }
        QuarantineCommand::Retry { ids } => {
            for id in ids {
                ledger.mark(id, "retry", Store::retry_set_aside)?;
            }
            ledger.report_retried(ids)?;
        }
    }
    if let Ledger::Open(store) = &ledger {
        store.finish()?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Ledger<'_> {
    fn list(&self, pairs: &[(String, String)]) -> anyhow::Result<List> {
        // What is wrong is told alike, with a server and without one.
        let wanted = Wanted::read(pairs)?;
        match self {
            Ledger::Served(config) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(pairs)
                    .finish();
                told(&ask(config, "GET", &format!("/v1/quarantine?{query}"))?)
            }
            Ledger::Open(store) => read(listed(store, &wanted)),
        }
    }

    fn show(&self, id: &str) -> anyhow::Result<Entity> {
        match self {
            Ledger::Served(config) => told(&ask(config, "GET", &format!("/v1/quarantine/{}", plain(id)?))?),
            Ledger::Open(store) => read(shown(store, id)?.with_context(|| unknown(id))?),
        }
    }

    /// Drops or retries an entity.
    fn mark(
        &self,
        id: &str,
        what: &str,
        mark: fn(&Store, &str) -> Result<bool, crate::store::StoreError>,
    ) -> anyhow::Result<()> {
        match self {
            Ledger::Served(config) => {
                let path = format!("/v1/quarantine/{}/{what}", plain(id)?);
                told::<Json>(&ask(config, "POST", &path)?).map(drop)
            }
            Ledger::Open(store) => {
                anyhow::ensure!(mark(store, id)?, unknown(id));
                Ok(())
            }
        }
    }

    /// A server tries again by itself; a folder that nobody serves is folded here.
    fn report_retried(&self, ids: &[String]) -> anyhow::Result<()> {
        let Ledger::Open(store) = self else {
            ids.iter().for_each(|id| tell!("{id}: the next fold tries it again"));
            return Ok(());
        };
        data::fold_all(store)?;
        let left = store.quarantined();
        for id in ids {
            match left.iter().find(|entity| entity.id == *id) {
                Some(entity) => tell!("{id}: set aside again: {}", entity.reason),
                None => tell!("{id}: back in the facts"),
            }
        }
        Ok(())
    }
}

/// Asks the server; each request has a connection of its own.
fn ask(config: &Config, method: &str, path: &str) -> anyhow::Result<Reply> {
    let server = Server::of(&config.data_dir)?.context("the server has stopped; try again")?;
    server.send(method, path, "application/json", b"")
}

/// What the server says.
fn told<T: DeserializeOwned>(reply: &Reply) -> anyhow::Result<T> {
    reply.refusal()?;
    serde_json::from_slice(&reply.body).context("the server's answer cannot be read")
}

fn read<T: DeserializeOwned>(json: Json) -> anyhow::Result<T> {
    serde_json::from_value(json).context("cannot read what is set aside")
}

/// An id that can be part of an address.
fn plain(id: &str) -> anyhow::Result<&str> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    anyhow::ensure!(is_plain && !id.is_empty(), unknown(id));
    Ok(id)
}

fn unknown(id: &str) -> String {
    format!("nothing is set aside under the id {id}; `botledger quarantine list` lists what is")
}

fn print_list(list: &List) {
    if list.quarantine.is_empty() {
        tell!("nothing is set aside");
    }
    for entity in &list.quarantine {
        tell!("{}", line(entity));
    }
    if let Some(next) = &list.next {
        tell!("and {} more; continue with --after {next}", list.others);
    }
}

fn line(entity: &Entity) -> String {
    let limit = entity
        .limit
        .map_or(String::new(), |limit| format!(" of at most {limit}"));
    let Entity {
        id,
        state,
        reason,
        rows,
        since,
        ..
    } = entity;
    let sources = entity.sources.join(", ");
    format!("{id} {state}, {rows} rows{limit}, since {since}, from {sources}: {reason}")
}

fn print_entity(entity: &Entity) {
    tell!("{}", line(entity));
    tell!("  {} events:", entity.events);
    for part in &entity.parts {
        let Part {
            source,
            r#type,
            events,
            sample,
            first_received,
            last_received,
        } = part;
        tell!(
            "  {events} {type} from {source}, received {first_received} to {last_received}, the first of them {sample}"
        );
    }
}
