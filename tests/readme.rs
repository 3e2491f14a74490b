//! What the README claims, held against the program: tables, examples, names and addresses.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use botledger::config::Config;
use botledger::ingest::webhooks::{PROVIDERS, Webhook};
use botledger::metrics;
use botledger::serve::answer::question;
use botledger::serve::charts;
use serde_json::{Value, json};

use crate::support::program::run;
use crate::support::{project, read};
use crate::{small, story};

fn readme() -> &'static str {
    static README: OnceLock<String> = OnceLock::new();
    README.get_or_init(|| read("README.md"))
}

/// The cells of the table below a header line.
fn table_in(text: &str, header: &str) -> Vec<Vec<String>> {
    let mut lines = text.lines().skip_while(|line| *line != header);
    assert!(lines.next().is_some(), "no table {header}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split(" | ")
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    rows.map(cells).collect()
}

fn table(header: &str) -> Vec<Vec<String>> {
    table_in(readme(), header)
}

/// What stands between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The fenced block of a language that holds a text.
fn block(language: &str, holds: &str) -> &'static str {
    // Every second part stands between fences and begins with the name of its language.
    let mut blocks = readme()
        .split("\n```")
        .skip(1)
        .step_by(2)
        .filter_map(|block| block.split_once('\n'));
    let found = blocks.find(|(name, block)| *name == language && block.contains(holds));
    found.unwrap_or_else(|| panic!("no {language} block with {holds}")).1
}

/// The text under a heading, up to the next one.
fn section(heading: &str) -> &'static str {
    let at = readme()
        .find(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("no {heading}"));
    let text = &readme()[at + heading.len() + 2..];
    &text[..text.find("\n#").unwrap_or(text.len())]
}

/// The texts between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split(after).next())
        .collect()
}

/// The leading word of a text.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    assert!(!readme().contains("@@"), "a placeholder is left");
}

/// Every code of a problem that the documentation lists.
pub fn problem_codes() -> BTreeSet<String> {
    let rows = table("| status | code | when |");
    rows.iter().map(|row| row[1].trim_matches('`').to_owned()).collect()
}

#[test]
fn the_problem_codes_are_those_of_the_source() {
    let source = read("src/http/problem.rs");
    let status = |name: &str| {
        let named = |code: &u16| {
            let reason = ureq::http::StatusCode::from_u16(*code).unwrap().canonical_reason();
            reason.is_some_and(|reason| reason.to_uppercase().replace(' ', "_") == name)
        };
        (400..600).find(named).unwrap_or_else(|| panic!("{name} is no status"))
    };
    let made = source.split("Self::new(").skip(1).filter_map(|call| {
        let name = word(call.split("StatusCode::").nth(1)?);
        Some((status(name).to_string(), format!("`{}`", call.split('"').nth(1)?)))
    });
    let told = table("| status | code | when |")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()));
    assert_eq!(told.collect::<BTreeSet<_>>(), made.collect::<BTreeSet<_>>());
}

/// The public fields of a struct of the configuration.
fn settings(name: &str) -> BTreeSet<String> {
    let source = read("src/config.rs") + &read("src/config/source.rs");
    let body = between(&source, &format!("pub struct {name} {{"), "\n}")[0];
    body.lines()
        .filter_map(|line| line.trim().strip_prefix("pub "))
        .map(|field| word(field).to_owned())
        .collect()
}

/// The secrets of the sample configuration and where each stands.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "keys[0].sha256",
    ),
    ("the app secret", "sources[0].secrets[0]"),
    ("a token of your choice", "sources[0].verify_token"),
    ("whsec_…", "sources[2].secrets[0]"),
    ("the public key", "sources[3].key_pairs[0].public_key"),
    ("the private key", "sources[3].key_pairs[0].private_key"),
    ("the secret_token of setWebhook", "sources[4].secrets[0]"),
];

/// The sample configuration with secrets of one's own, but for one.
fn sample_but_for(left: &str) -> Config {
    let own = |text: String, (example, _): &(&str, &str)| {
        assert!(text.contains(example), "{example}");
        if *example == left {
            text
        } else {
            text.replace(&format!("\"{example}\""), &format!("\"{}\"", "5e".repeat(32)))
        }
    };
    let text = EXAMPLES.iter().fold(block("toml", "listen").to_owned(), own);
    toml::from_str(&text).unwrap()
}

#[test]
fn a_secret_that_everybody_can_read_here_is_refused_and_named() {
    for (example, key) in EXAMPLES {
        let error = sample_but_for(example).validate().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("`{key}` is the example of the README")),
            "{error}"
        );
    }
}

#[test]
fn the_sample_configuration_holds_every_key_and_the_defaults() {
    let text = block("toml", "listen");
    let mut told = sample_but_for("");
    told.validate().unwrap();
    // One source of each provider, and each of them opens.
    let providers: BTreeSet<&str> = told.sources.iter().map(|source| source.provider.as_str()).collect();
    assert_eq!(providers, PROVIDERS.iter().map(|provider| provider.name).collect());
    Webhook::open_all(&told.sources).unwrap();
    assert_eq!((told.keys.len(), told.sources.len()), (1, PROVIDERS.len()));
    (told.keys, told.sources) = Default::default();
    assert_eq!(format!("{told:#?}"), format!("{:#?}", Config::default()));

    let parsed: toml::Table = toml::from_str(text).unwrap();
    let keys = |table: &toml::Table| table.keys().cloned().collect::<BTreeSet<_>>();
    let entries = |name: &str| -> BTreeSet<String> {
        let list = parsed[name].as_array().unwrap();
        list.iter().flat_map(|entry| keys(entry.as_table().unwrap())).collect()
    };
    assert_eq!(keys(&parsed), settings("Config"));
    assert_eq!(keys(parsed["limits"].as_table().unwrap()), settings("Limits"));
    assert_eq!(keys(parsed["cors"].as_table().unwrap()), settings("Cors"));
    assert_eq!(entries("keys"), settings("Key"));
    // A source also has its provider's own settings, which its file declares.
    let common = settings("Source");
    let own: BTreeSet<String> = entries("sources").difference(&common).cloned().collect();
    let missing: Vec<_> = common
        .difference(&entries("sources"))
        .filter(|key| *key != "settings")
        .cloned()
        .collect();
    assert_eq!(missing, [""; 0], "common settings that the sample leaves out");
    let declared: BTreeSet<String> = PROVIDERS
        .iter()
        .flat_map(|provider| own_settings(provider.name))
        .collect();
    assert_eq!(own, declared);
}

/// The fields of the settings that a provider's file declares, in a struct that takes no unknown ones.
fn own_settings(provider: &str) -> Vec<String> {
    let source = read(&format!("src/ingest/webhooks/{provider}.rs"));
    let declared = source.split("#[serde(deny_unknown_fields)]").nth(1).unwrap();
    let body = declared.split('{').nth(1).unwrap().split('}').next().unwrap();
    let lines = body.lines().map(|line| line.trim().trim_start_matches("pub "));
    let fields = lines.filter(|line| !line.starts_with("//") && !line.starts_with('#') && line.contains(':'));
    fields.map(|line| word(line).to_owned()).collect()
}

#[test]
fn the_variables_of_the_environment_are_those_that_are_read() {
    let sources = read("src/config.rs") + &read("src/cli/mod.rs");
    let read_there: BTreeSet<&str> = between(&sources, "env = \"", "\"").into_iter().collect();
    let rows = table("| flag | environment |");
    let told: BTreeSet<&str> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
    assert_eq!(told, read_there);
    for row in &rows {
        let flag = row[1]
            .trim_matches('`')
            .trim_start_matches("BOTLEDGER")
            .replace('_', "-")
            .to_lowercase();
        assert_eq!(row[0], format!("`-{flag}`"));
    }
}

fn help(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_and_flag_exists_and_every_command_is_told() {
    let main = help(&["--help"]);
    let list = between(&main, "Commands:\n", "\n\n")[0];
    let known: BTreeSet<&str> = list
        .lines()
        .map(|line| word(line.trim()))
        .filter(|name| *name != "help")
        .collect();
    let told: BTreeSet<&str> = readme()
        .split("botledger ")
        .skip(1)
        .map(word)
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(told, known);
    let mut helps = main.clone();
    for command in known {
        let own = help(&[command, "--help"]);
        let parts = between(&own, "Commands:\n", "\n\n");
        let parts = parts.iter().flat_map(|list| list.lines()).map(|line| word(line.trim()));
        for part in parts.filter(|name| *name != "help") {
            helps += &help(&[command, part, "--help"]);
        }
        helps += &own;
    }
    let of_cargo = ["--release", "--no-default-features", "--test"];
    for (at, _) in readme()
        .match_indices("--")
        .filter(|(at, _)| readme()[..*at].ends_with([' ', '`']))
    {
        let flag = word(&readme()[at..]);
        let known =
            of_cargo.contains(&flag) || helps.contains(&format!("{flag} ")) || helps.contains(&format!("{flag}\n"));
        assert!(flag == "--" || known, "{flag}");
    }
}

#[test]
fn the_first_question_is_answered_as_told() {
    let example = block("sh", "/v1/metrics/");
    let path = between(example, "http://127.0.0.1:8080", "'")[0];
    let answer = story::loaded().client.get_json(path);
    let told: Value = serde_json::from_str(block("json", "\"doubling_days\"")).unwrap();
    assert_eq!(answer["rows"], json!([told]));
    let members = code(&section("## Asking")[section("## Asking").find("on the sample data").unwrap()..])
        .into_iter()
        .take_while(|name| *name != "rows")
        .all(|name| !answer[name].is_null());
    assert!(members);
}

#[test]
fn every_address_answers() {
    let app = small::loaded();
    for row in table("| address | what it gives |") {
        for address in code(&row[0]) {
            let path = address.strip_prefix("GET ").unwrap_or_else(|| panic!("{address}"));
            for metric in metrics::ALL {
                app.client
                    .get(&path.replace("{metric}", metric.name))
                    .expect_status(200);
            }
        }
    }
}

#[test]
fn the_parameters_are_those_of_every_question() {
    let rows = table("| parameter | takes |");
    let told: Vec<&str> = rows.iter().map(|row| code(&row[0])[0]).collect();
    let known: Vec<&str> = question::COMMON.iter().map(|(name, _)| *name).collect();
    assert_eq!(told, known);
}

#[test]
fn the_metrics_have_the_dimensions_parameters_and_columns_that_are_told() {
    let metrics_part = readme()
        .split("\n## Metrics\n")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let told: Vec<&str> = metrics_part
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(told, metrics::ALL.iter().map(|metric| metric.name).collect::<Vec<_>>());
    for metric in metrics::ALL {
        let text = section(&format!("### {}", metric.name));
        let head = text.trim_start().split("\n\n").next().unwrap().replace('\n', " ");
        let (dimensions, parameters) = head.split_once("Parameters:").unwrap();
        let known: Vec<&str> = metric.dimensions.iter().map(|dimension| dimension.0).collect();
        assert_eq!(code(dimensions), known, "{}", metric.name);
        for parameter in metric.parameters {
            let named = format!("`{}` (default `{}`", parameter.name, parameter.default);
            assert!(parameters.contains(&named), "{}: {named}", metric.name);
        }
        assert_eq!(
            metric.parameters.is_empty(),
            parameters.trim() == "none.",
            "{}",
            metric.name
        );
        let address = format!("/v1/metrics/{}?from=2016-07-01&to=2016-10-01", metric.name);
        let answer = small::loaded().client.get_json(&address);
        let columns = answer["columns"].as_array().unwrap()[3..]
            .iter()
            .map(|column| column["name"].as_str().unwrap());
        let rows = table_in(text, "| column | meaning |");
        let mut told: Vec<&str> = rows.iter().flat_map(|row| code(&row[0])).collect();
        let mut known: Vec<&str> = columns.collect();
        told.sort_unstable();
        known.sort_unstable();
        assert_eq!(told, known, "{}", metric.name);
    }
}

#[test]
fn the_bounds_in_the_text_are_those_of_the_source() {
    let (widths, heights) = (charts::WIDTHS, charts::HEIGHTS);
    for claim in [
        format!("`width` ({} to {}", widths.start(), widths.end()),
        format!("`height` ({} to {}", heights.start(), heights.end()),
    ] {
        assert!(readme().replace('\n', " ").contains(&claim), "{claim}");
    }
}

/// Folders below another that hold Rust or SQL files, down to a depth.
fn folders(root: &Path, depth: usize) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap()) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        // A folder that is left empty behind by a move is no part of the project.
        if depth == 0 || !path.is_dir() || std::fs::read_dir(&path).unwrap().next().is_none() {
            continue;
        }
        found.extend(
            folders(&path, depth - 1)
                .into_iter()
                .map(|below| format!("{name}/{below}")),
        );
        found.insert(name);
    }
    found
}

#[test]
fn the_tree_is_that_of_the_project() {
    let tree = block("", "src/\n");
    let (mut above, mut paths): (Vec<String>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for line in tree.lines() {
        let depth = (line.len() - line.trim_start().len()) / 2;
        above.truncate(depth);
        let is_name = |token: &str| token.ends_with('/') || token.ends_with(".rs");
        let mut tokens = line.split_whitespace();
        let first = tokens.next().unwrap();
        for token in [first].into_iter().chain(tokens.take_while(|token| is_name(token))) {
            paths.insert(above.concat() + token);
        }
        above.push(first.to_owned());
    }
    for path in &paths {
        assert!(project(path).exists(), "{path}");
    }
    let told = |root: &str| -> BTreeSet<String> {
        let below = paths
            .iter()
            .filter_map(|path| path.strip_prefix(root)?.strip_suffix('/'));
        below.filter(|path| !path.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(told("src/"), folders(&project("src"), 2));
    assert_eq!(told("queries/"), folders(&project("queries"), 1));
}

#[test]
fn every_file_that_is_named_exists() {
    let folders = ["src/", "queries/", "tests/", "sample-data/"];
    let named = readme()
        .split(['`', ' ', '\n', '(', ')'])
        .filter(|text| folders.iter().any(|root| text.starts_with(root)));
    let paths: Vec<&str> = named.map(|text| text.trim_end_matches([',', '.', ';', ':'])).collect();
    assert!(paths.len() > 10);
    for path in paths {
        assert!(project(path).exists(), "{path}");
    }
    assert!(project("LICENSE").exists());
}

#[test]
fn the_import_rules_are_those_that_are_held() {
    let source = read("tests/architecture.rs");
    let rules = between(&source, "const MAY_NAME: &[(&str, &[&str])] = &[", "\n];")[0];
    // However it is formatted.
    let rules: String = rules.split_whitespace().collect();
    let mut held = Vec::new();
    for rule in rules.split("(\"").skip(1) {
        let names: Vec<&str> = rule.split('"').step_by(2).filter(|name| *name != "query").collect();
        held.push(names.into_iter().map(str::to_owned).collect::<Vec<_>>());
    }
    let told: Vec<Vec<String>> = table("| layer | may name |")
        .iter()
        .map(|row| row.iter().flat_map(|cell| code(cell)).map(str::to_owned).collect())
        .collect();
    assert_eq!(told, held);
}

#[test]
fn the_changelog_names_the_version_of_every_definition() {
    let told: BTreeSet<(String, u32)> = table("| metric | version | what its versions changed |")
        .into_iter()
        .map(|row| {
            let version = row[1].parse().unwrap();
            for change in 2..=version {
                assert!(
                    row[2].contains(&format!("**{change}**:")),
                    "{}: what {change} changed",
                    row[0]
                );
            }
            (row[0].trim_matches('`').to_owned(), version)
        })
        .collect();
    let defined = metrics::ALL
        .iter()
        .map(|metric| (metric.name.to_owned(), metric.definition.version));
    assert_eq!(told, defined.collect());
}
