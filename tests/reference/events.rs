//! Events: formats, attributes, types, fields, words, methods and rejection codes.

use std::collections::{BTreeMap, BTreeSet};

use botledger::ingest::{Code, cloudevents, content, data, json, methods, values};
use botledger::model::vocabulary as words;
use serde_json::{Map, Value, json};

use super::{STRUCTURED, first_codes, known_types, page, set};
use crate::support::app::TestApp;
use crate::support::client::Counts;
use crate::support::ledger::Ledger;
use crate::support::markdown::{between, code};
use crate::support::read;

#[test]
fn the_rejection_codes_are_those_of_the_contract() {
    let told: Vec<Vec<String>> = page("events").table("| code | when |");
    let known = Code::ALL
        .iter()
        .map(|code| vec![format!("`{code}`"), code.meaning().to_owned()]);
    assert_eq!(told, known.collect::<Vec<_>>());
}

#[test]
fn the_first_batch_is_answered_as_told() {
    let page = page("events");
    let example = page.block("sh", "/v1/events");
    let content_type = between(&example, "Content-Type: ", "'")[0];
    let body = example.split_once("-d '").unwrap().1.trim_end().trim_end_matches('\'');
    let app = TestApp::start();
    let reply = app
        .client
        .post("/v1/events", &[("content-type", content_type)], body.as_bytes());
    let mut answer = reply.expect_status(200).json();
    let mut told: Value = serde_json::from_str(&page.block("json", "\"conflicting\"")).unwrap();
    let members = first_codes(&page, "| member | meaning |");
    let mut known = set(answer.as_object().unwrap().keys().map(String::as_str));
    known.insert("ignored_others".into());
    assert_eq!(members, known);
    for answer in [&mut answer, &mut told] {
        let stamp = answer.as_object_mut().unwrap().remove("received_at").unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(stamp.as_str().unwrap()).is_ok());
    }
    assert_eq!(told, answer);
}

#[test]
fn every_format_of_the_table_is_taken() {
    let app = TestApp::start();
    let data = json!({"platform": "web", "bot_id": "b1"});
    let mut taken = 0;
    for row in page("events").table("| `Content-Type` | body |") {
        let (names, body) = (code(&row[0]), row[1].as_str());
        let binary: Vec<&str> = names.iter().filter(|name| name.starts_with("ce-")).copied().collect();
        for media in names.iter().filter(|name| name.starts_with("application/")) {
            let event = |form: &str| {
                json!({"specversion": "1.0", "id": format!("{media} {form}"), "source": "/s",
                    "type": "bot.registered", "data": data})
            };
            let mut bodies = Vec::new();
            if !binary.is_empty() {
                assert_eq!(binary, ["ce-specversion", "ce-id", "ce-source", "ce-type"]);
                bodies.push(data.to_string());
            } else {
                if body.contains("array") {
                    bodies.push(json!([event("array")]).to_string());
                }
                if body.to_lowercase().contains("one event") {
                    bodies.push(event("one").to_string());
                }
            }
            assert!(!bodies.is_empty(), "{body}");
            for body in bodies {
                let id = format!("{media} binary");
                let values = ["1.0", &id, "/s", "bot.registered"];
                let mut headers = vec![("content-type", *media)];
                headers.extend(binary.iter().copied().zip(values));
                let answer = app.client.post("/v1/events", &headers, body.as_bytes());
                assert_eq!(answer.expect_status(200).json()["accepted"], 1, "{media}: {body}");
                taken += 1;
            }
        }
    }
    assert_eq!(taken, 8);
}

#[test]
fn the_attributes_are_those_that_are_read_and_needed() {
    let page = page("events");
    let rows = page.table("| attribute | required | meaning |");
    let told: BTreeSet<String> = rows.iter().map(|row| code(&row[0])[0].to_owned()).collect();
    assert_eq!(told, set(cloudevents::ATTRIBUTES));
    let app = TestApp::start();
    let whole = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "bot.registered", "subject": "b1",
        "time": "2016-09-12T09:00:00Z", "datacontenttype": "application/json",
        "data": {"platform": "web", "bot_id": "b1"}});
    for (at, row) in rows.iter().enumerate() {
        let name = code(&row[0])[0];
        let mut event = whole.clone();
        event["id"] = at.to_string().into();
        event.as_object_mut().unwrap().remove(name);
        let answer = app.client.post_lines(&format!("{event}\n")).expect_status(200).json();
        match row[1].as_str() {
            "no" => assert_eq!(answer["accepted"], 1, "without {name}: {answer}"),
            _ => {
                assert_eq!(
                    answer["rejected"][0]["code"], "missing_field",
                    "without {name}: {answer}"
                );
                assert_eq!(answer["rejected"][0]["field"], name);
            }
        }
    }
}

#[test]
fn a_misspelt_event_is_told_and_corrected_as_in_the_example() {
    let (app, page) = (TestApp::start(), page("events"));
    let post = |holds: &str| {
        let event = page.block("json", holds);
        let reply = app.client.post("/v1/events", &[STRUCTURED], event.as_bytes());
        reply.expect_status(200).json()
    };
    let coverage = |app: &TestApp| {
        app.wait_folded();
        let address = "/v1/metrics/coverage?from=2016-09-12&to=2016-09-13";
        let row = app.client.get_json(address)["rows"][0].clone();
        ["payments", "unattributed", "with_conversation"].map(|name| row[name].as_i64().unwrap())
    };
    let answer = post("\"platfrom\"");
    let told: Value = serde_json::from_str(&page.block("json", "\"did_you_mean\"")).unwrap();
    assert_eq!((&answer["accepted"], &answer["ignored"]), (&json!(1), &told));
    assert_eq!(coverage(&app), [1, 1, 0]);
    let answer = post("\"pay-2-links\"");
    assert_eq!((&answer["accepted"], &answer["ignored"]), (&json!(1), &json!([])));
    assert_eq!(coverage(&app), [1, 0, 1]);
    let payments = app
        .client
        .get_json("/v1/metrics/payments?from=2016-09-12&to=2016-09-13");
    assert_eq!(payments["rows"][0]["gross"], "29.62", "it moves no money");
}

fn vocabularies() -> BTreeMap<&'static str, Vec<&'static str>> {
    macro_rules! list {
        ($($field:literal: $name:ident),+) => {
            [$(($field, words::$name::ALL.iter().map(|word| word.as_str()).collect())),+].into()
        };
    }
    list!(
        "acquisition": Acquisition, "direction": Direction, "path": CheckoutPath, "credential": Credential,
        "failure_kind": FailureKind, "stage": DisputeStage, "outcome": DisputeOutcome, "mode": Mode
    )
}

#[test]
fn the_words_are_those_of_the_vocabularies() {
    let rows = page("events").table("| field | words |");
    let told: BTreeMap<&str, Vec<&str>> = rows.iter().map(|row| (code(&row[0])[0], code(&row[1]))).collect();
    assert_eq!(told, vocabularies());
}

/// Every field of the table with its kind.
fn fields() -> BTreeMap<String, String> {
    let rows = page("events").table("| field | type | meaning |");
    rows.iter()
        .map(|row| (code(&row[0])[0].to_owned(), row[1].clone()))
        .collect()
}

/// A value that every field of the contract takes.
fn samples() -> BTreeMap<String, Value> {
    let vocabularies = vocabularies();
    let sample = |(name, kind): (String, String)| {
        let value = match kind.as_str() {
            "word" => json!(vocabularies[name.as_str()][0]),
            "number" => json!(2),
            "true or false" => json!(true),
            "amount" => json!({"value": "29.62", "currency": "USD"}),
            _ if name == "country" => json!("US"),
            _ => json!("some"),
        };
        (name, value)
    };
    fields().into_iter().map(sample).collect()
}

/// A type of event with the fields that it needs, and those that it may have besides.
type Rule = (String, BTreeSet<String>, BTreeSet<String>);

fn types() -> Vec<Rule> {
    let page = page("events");
    let list = page.text.split_once("The payment fields are").unwrap().1;
    let payment = set(code(list.split("\n\n").next().unwrap()));
    let mut types = Vec::new();
    for row in page.table("| type | required | optional |") {
        let (needs, mut may) = (set(code(&row[1])), set(code(&row[2])));
        if row[2].contains("payment fields") {
            may.extend(payment.clone());
        }
        may.extend(set(["bot_id", "platform", "mode"]));
        let names = code(&row[0]).into_iter();
        types.extend(names.map(|name| (name.to_owned(), needs.clone(), &may - &needs)));
    }
    types
}

fn event<'a>(id: &str, kind: &str, fields: impl IntoIterator<Item = &'a String>) -> Value {
    let samples = samples();
    let data: Map<String, Value> = fields
        .into_iter()
        .map(|field| (field.clone(), samples[field].clone()))
        .collect();
    json!({"specversion": "1.0", "id": id, "source": "/reference", "type": kind, "data": data})
}

#[test]
fn every_type_needs_and_has_the_fields_that_are_told() {
    let types = types();
    assert_eq!(set(types.iter().map(|(name, ..)| name.as_str())), known_types());
    assert_eq!(first_codes(&page("events"), "| type | send it when |"), known_types());
    let mut app = TestApp::start();
    let all: BTreeSet<String> = fields().into_keys().collect();
    assert_eq!(all, set(data::all_names()));
    for (kind, needs, may) in &types {
        let lines = [
            event(&format!("{kind} least"), kind, needs),
            event(&format!("{kind} most"), kind, &(needs | may)),
            event(&format!("{kind} more"), kind, &all),
        ];
        let accepted = Counts {
            accepted: 3,
            ..Counts::default()
        };
        let lines = lines.map(|event| format!("{event}\n")).concat();
        assert_eq!(app.client.post_events(&lines), accepted, "{kind}");
        for field in needs {
            let without: BTreeSet<String> = needs.iter().filter(|name| *name != field).cloned().collect();
            let line = format!("{}\n", event("without", kind, &without));
            let answer = app.client.post_lines(&line).expect_status(200).json();
            let rejected = &answer["rejected"][0];
            assert_eq!(rejected["code"], "missing_field", "{kind} without {field}: {answer}");
            assert_eq!(rejected["field"], format!("data.{field}"), "{kind}");
        }
    }
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.number("select count(*) from events where id not like '% more' and extra is not null"),
        0
    );
    for (kind, needs, may) in &types {
        // What a type does not have is kept aside, under its own name.
        let rows = ledger.rows(&format!("select extra from events where id = '{kind} more'"));
        let extra: Map<String, Value> = serde_json::from_str(&rows[0][0]).unwrap();
        // Outside the contract a name or an id may be a person's and is not kept.
        let mut unknown = &all - &(needs | may);
        unknown.retain(|name| name != "name" && !name.ends_with("_id"));
        assert_eq!(extra.keys().cloned().collect::<BTreeSet<_>>(), unknown, "{kind}");
    }
}

#[test]
fn every_field_is_of_the_type_that_is_told() {
    let (app, types) = (TestApp::start(), types());
    for (field, kind) in fields() {
        let (wrong, refused) = match kind.as_str() {
            "text" => (json!("a\u{7}b"), "control_character"),
            "name" => (json!("No Name"), "invalid_word"),
            "word" => (json!("some"), "unknown_word"),
            "number" | "true or false" | "amount" => (json!("some"), "wrong_type"),
            other => panic!("{field} is a {other}"),
        };
        let having = types
            .iter()
            .find(|(_, needs, may)| needs.contains(&field) || may.contains(&field));
        let (name, needs, _) = having.unwrap_or_else(|| panic!("no type has {field}"));
        let mut event = event(&field, name, needs);
        event["data"][&field] = wrong;
        let answer = app.client.post_lines(&format!("{event}\n")).expect_status(200).json();
        let rejected = &answer["rejected"][0];
        assert_eq!(
            (&rejected["code"], &rejected["field"]),
            (&json!(refused), &json!(format!("data.{field}")))
        );
    }
}

#[test]
fn the_methods_are_those_that_have_a_name() {
    let page = page("events");
    let list = page
        .section("### Payment methods")
        .split_once("known methods are:\n\n")
        .unwrap()
        .1;
    let told = set(code(list.split("\n\n").next().unwrap()));
    let source = read("src/ingest/methods.rs");
    assert_eq!(told, set(between(&source, "=> \"", "\"")));
    for method in &told {
        assert_eq!(methods::named(method), Some(method.as_str()));
    }
    assert_eq!(methods::named("przelewy24"), Some("p24"));
    assert_eq!(methods::named("boletobancario"), Some("boleto"));
}

#[test]
fn the_bounds_in_the_text_are_those_of_the_source() {
    let text = page("events").text.replace('\n', " ");
    for claim in [
        format!("at most {} bytes", values::MAX_TEXT_BYTES),
        format!(
            "up to {} KiB together and {} levels",
            content::MAX_EXTRA_BYTES >> 10,
            json::MAX_DEPTH
        ),
    ] {
        assert!(text.contains(&claim), "{claim}");
    }
}
