//! The house rules of the README, read off the source.

use std::collections::BTreeMap;

use crate::support::rust::{Source, sources};

/// Which layer may name which; everything else is forbidden. `query` is the macro that declares a query.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("facts", &["model", "query"]),
    ("metrics", &["facts", "model", "query"]),
    ("store", &["facts", "model", "query"]),
    ("generate", &["model"]),
    ("http", &["config", "store"]),
    ("ingest", &["config", "http", "model", "store"]),
    ("jobs", &["model", "store"]),
    ("serve", &["config", "http", "metrics", "model", "store"]),
    ("app", &["config", "http", "ingest", "jobs", "model", "serve", "store"]),
    (
        "cli",
        &["app", "config", "generate", "ingest", "jobs", "model", "store"],
    ),
    ("main", &[]),
    ("lib", &[]),
];

/// Which room of the store may name which. Each may name the store's errors, options and locks.
const ROOMS: &[(&str, &[&str])] = &[
    ("sql", &[]),
    ("folder", &["sql"]),
    ("observe", &["sql"]),
    ("fold", &["sql"]),
    ("write", &["folder", "observe", "sql"]),
    ("read", &["fold", "observe", "sql"]),
];

/// Which room of `serve` may name which. The files beside them (routes, numbers, dates) belong to all.
const ROOMS_OF_SERVE: &[(&str, &[&str])] = &[
    ("answer", &[]),
    ("formats", &["answer"]),
    ("charts", &["answer"]),
    ("views", &["answer", "charts"]),
    ("page", &["answer", "charts", "views"]),
    ("docs", &["answer", "page"]),
];

/// Files outside `http/` that may know the web server: the roots, the routes, and what stands between them.
const WEB: &[&str] = &[
    "app.rs",
    "cli/serving.rs",
    "ingest/annotations_route.rs",
    "ingest/fx_route.rs",
    "ingest/routes.rs",
    "ingest/webhooks/routes.rs",
    "serve/mod.rs",
    "serve/charts_route.rs",
    "serve/docs/routes.rs",
    "serve/page/routes.rs",
    "serve/gate.rs",
    "serve/health.rs",
    "serve/formats/mod.rs",
    "serve/negotiate.rs",
    "serve/quarantine_route.rs",
    "serve/routes.rs",
    "serve/sources_route.rs",
];

/// Files that break a rule, for the message of the assertion.
fn offenders(breaks: impl Fn(&Source) -> bool) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|source| breaks(source))
        .map(|source| source.path)
        .collect()
}

fn none(offenders: Vec<String>, rule: &str) {
    assert!(offenders.is_empty(), "{rule}: {offenders:?}");
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let layer = source.layer().to_owned();
        let allowed = MAY_NAME.iter().find(|(name, _)| *name == layer);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{layer} has no place in the order of layers"));
        for name in source.crate_paths() {
            if name != layer && !name.is_empty() && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ways_in_work_and_ways_out_meet_in_tables_only() {
    let sides = ["ingest", "jobs", "serve", "generate"];
    let names_another = |source: &Source| {
        let layer = source.layer();
        sides.contains(&layer)
            && source
                .crate_paths()
                .iter()
                .any(|name| sides.contains(&name.as_str()) && name != layer)
    };
    none(offenders(names_another), "one side names another");
}

/// Those of a folder's files that name each other in circles, or follow from there.
fn circles(mut names: BTreeMap<String, Vec<String>>) -> Vec<String> {
    let free = |names: &BTreeMap<String, Vec<String>>| {
        let names_none = |named: &Vec<String>| !named.iter().any(|name| names.contains_key(name));
        let found = names.iter().find(|(_, named)| names_none(named));
        found.map(|(file, _)| file.clone())
    };
    while let Some(file) = free(&names) {
        names.remove(&file);
    }
    names.into_keys().collect()
}

#[test]
fn the_rooms_of_the_store_name_each_other_one_way() {
    let mut wrong = Vec::new();
    let mut files: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for source in sources() {
        let Some(path) = source.path.strip_prefix("store/") else {
            continue;
        };
        let (above, of_store) = (source.names_after("super::"), source.names_after("crate::store::"));
        let Some((room, file)) = path.split_once('/') else {
            // The open store stands on the rooms, and all else at the top below them.
            if !["mod.rs", "handle.rs"].contains(&path) && above.len() + of_store.len() > 0 {
                wrong.push(format!("{path} names {above:?} {of_store:?}"));
            }
            continue;
        };
        let allowed = ROOMS.iter().find(|(name, _)| *name == room);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{room} has no place in the order of rooms"));
        let is_door = ["mod.rs", "ledger.rs"].contains(&file);
        let beyond = |name: &&String| {
            let is_room = ROOMS.iter().any(|(room, _)| room == name);
            (is_room && *name != room && !allowed.contains(&name.as_str())) || (*name == "Store" && !is_door)
        };
        let outside = if file == "mod.rs" { &above } else { &of_store };
        let found = outside.iter().chain(&of_store).filter(beyond);
        wrong.extend(found.map(|name| format!("{path} names {name}")));
        if file != "mod.rs" {
            let name = file.trim_end_matches(".rs").to_owned();
            files.entry(room.to_owned()).or_default().insert(name, above);
        }
    }
    for (room, files) in files {
        let named = files.values().flatten();
        // Also `super::super::`: what a room's file needs of its room stands in another file of it.
        let strange = named.filter(|name| !files.contains_key(*name));
        wrong.extend(strange.map(|name| format!("a file of {room} names {name} above it")));
        let circles = circles(files.clone());
        wrong.extend(
            circles
                .into_iter()
                .map(|file| format!("{room}/{file}.rs is in a circle")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rooms_of_serve_name_each_other_one_way() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.strip_prefix("serve/").and_then(|path| path.split_once('/'));
        let Some((room, file)) = path else { continue };
        let allowed = ROOMS_OF_SERVE.iter().find(|(name, _)| *name == room);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{room} has no place in the order of rooms"));
        let mut named = source.names_after("crate::serve::");
        if file == "mod.rs" {
            named.extend(source.names_after("super::"));
        }
        let is_room = |name: &String| ROOMS_OF_SERVE.iter().any(|(room, _)| room == name);
        let beyond = named
            .into_iter()
            .filter(|name| is_room(name) && name != room && !allowed.contains(&name.as_str()));
        wrong.extend(beyond.map(|name| format!("{} names {name}", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_store_names_duckdb() {
    none(
        offenders(|source| source.names("duckdb") && source.layer() != "store"),
        "duckdb outside store",
    );
}

#[test]
fn only_charts_name_plotters() {
    let outside = |source: &Source| source.names("plotters") && !source.path.starts_with("serve/charts/");
    none(offenders(outside), "plotters outside serve/charts");
}

#[test]
fn only_routes_know_the_web_server() {
    let outside =
        |source: &Source| source.names("actix_web") && source.layer() != "http" && !WEB.contains(&source.path.as_str());
    none(offenders(outside), "actix_web outside its files");
    let known: Vec<String> = sources().into_iter().map(|source| source.path).collect();
    for file in WEB {
        assert!(known.iter().any(|path| path == file), "{file} is listed and gone");
    }
}

#[test]
fn metrics_facts_and_model_know_no_world() {
    let worlds = [
        "duckdb",
        "actix_web",
        "tokio",
        "futures_util",
        "Utc::now",
        "std::time",
        "std::fs",
        "std::env",
        "std::net",
        "std::thread",
        "std::io",
    ];
    let pure = |source: &Source| matches!(source.layer(), "metrics" | "facts" | "model");
    for world in worlds {
        none(offenders(|source| pure(source) && source.names(world)), world);
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let reads = |source: &Source| {
        ["env::var", "env::vars", "env::var_os"]
            .iter()
            .any(|name| source.names(name))
    };
    none(
        offenders(|source| reads(source) && source.layer() != "config"),
        "the environment outside config",
    );
}

#[test]
fn only_the_edge_reads_the_clock() {
    let reads = |source: &Source| {
        ["Utc::now", "Local::now", "SystemTime"]
            .iter()
            .any(|name| source.names(name))
    };
    none(
        offenders(|source| reads(source) && source.layer() != "cli"),
        "the clock away from the edge",
    );
}

#[test]
fn no_sql_stands_in_rust() {
    let statements = [
        "select ",
        "select\n",
        "insert into ",
        "delete from ",
        "create table ",
        "create temp ",
        "create view ",
        "alter table ",
        "drop table ",
        "drop view ",
        "copy (",
        "attach ",
        "pragma ",
        "checkpoint",
    ];
    let is_sql = |text: &str| {
        let text = text.trim_start().to_ascii_lowercase();
        let updates = text.starts_with("update ") && text.contains(" set ");
        updates || statements.iter().any(|statement| text.starts_with(statement))
    };
    let holds_sql = |source: &Source| {
        source
            .strings
            .iter()
            .any(|text| is_sql(text) && !text.starts_with("checkpoint_"))
    };
    none(offenders(holds_sql), "SQL in Rust; its home is queries/");
}

#[test]
fn nothing_is_left_to_panic_or_to_be_done() {
    let words = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!("];
    for word in words {
        none(offenders(|source| source.code.contains(word)), word);
    }
}

#[test]
fn nothing_prints_past_the_log() {
    // They panic where standard error or output is gone, and wait where it is stalled.
    for word in ["print!(", "println!("] {
        none(offenders(|source| source.code.contains(word)), word);
    }
}

#[test]
fn unsafe_code_stands_in_the_bridge_alone() {
    none(
        offenders(|source| source.names("unsafe") && source.path != "store/sql/bridge.rs"),
        "unsafe",
    );
}

/// Files that name money and floats, and why; money that has become a float is never added to money again.
const MONEY_BESIDE_FLOATS: &[(&str, &str)] = &[
    (
        "model/answer.rs",
        "a table's cell is an amount or a number; a chart draws both",
    ),
    ("metrics/rows.rs", "makes cells of either kind"),
    ("metrics/concentration.rs", "shares of sums"),
    ("metrics/payment_rates.rs", "shares of sums"),
    ("metrics/provider_share.rs", "shares of sums"),
    ("metrics/forecast/mod.rs", "a forecast is an estimate"),
    (
        "ingest/webhooks/delivery.rs",
        "ids and times that are written as numbers",
    ),
];

/// Whether a file handles money: amounts in minor units, their sums, currencies or the fractions that convert them.
fn names_money(source: &Source) -> bool {
    let words = [
        "Money",
        "minor",
        "amount",
        "Amount",
        "gross",
        "Converter",
        "Currency",
        "Decimal",
        "Fraction",
        "Sum",
        "Wide",
    ];
    words.iter().any(|word| source.names(word))
}

/// Whether a file takes numbers as floats; asking whether a number is one, to refuse it, does not.
fn takes_floats(source: &Source) -> bool {
    let code = source.code.replace(".is_f64()", "");
    ["f64", "f32", "Float64", "Float32"]
        .iter()
        .any(|word| code.contains(word))
}

#[test]
fn money_never_passes_through_a_float() {
    // What serves draws and writes finished answers.
    let sums = |source: &Source| source.layer() != "serve" && names_money(source);
    let handles = offenders(sums);
    for file in [
        "model/rate.rs",
        "ingest/segment.rs",
        "ingest/webhooks/decimals.rs",
        "metrics/wide.rs",
    ] {
        assert!(handles.iter().any(|path| path == file), "{file} handles money");
    }
    let beside = offenders(|source| sums(source) && takes_floats(source));
    let known: Vec<&str> = MONEY_BESIDE_FLOATS.iter().map(|(file, _)| *file).collect();
    let unknown = beside.iter().filter(|path| !known.contains(&path.as_str())).cloned();
    none(unknown.collect(), "a float beside money");
    for file in known {
        assert!(beside.iter().any(|path| path == file), "{file} needs no exception");
    }
}

#[test]
fn files_named_tests_are_compiled_for_tests_only() {
    none(
        offenders(|source| source.code.contains("mod tests;")),
        "a file of tests in the product",
    );
}

#[test]
fn every_file_begins_with_what_it_is() {
    let root = crate::support::project("src");
    let silent = |source: &Source| {
        !std::fs::read_to_string(root.join(&source.path))
            .unwrap()
            .starts_with("//! ")
    };
    none(offenders(silent), "no `//!` sentence");
}
