//! Nothing sensitive stays: deliveries of every provider full of a person and a card, and then a search of the disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use botledger::config::UserIds;
use botledger::model::{Event, EventType};
use duckdb::Connection;
use serde_json::{Value, json};

use crate::sdks::python;
use crate::support::app::{TestApp, instant, source};
use crate::support::client::Client;
use crate::support::events::{Draft, bot_registered, captured, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger, run, run_on};
use crate::support::project;

/// What must not stay: strings to look for anywhere, and security codes, which are words of their own.
pub struct Sensitive {
    pub strings: Vec<String>,
    pub codes: Vec<String>,
}

impl Sensitive {
    /// Of these strings, those in a file.
    pub fn in_file(&self, path: &Path) -> BTreeSet<String> {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).to_lowercase();
        let holds = |wanted: &&String| text.contains(&wanted.to_lowercase());
        self.strings.iter().filter(holds).cloned().collect()
    }

    /// Of these strings and codes, those in any text of any table, with where they are.
    pub fn in_tables(&self, data_dir: &Path) -> BTreeSet<(String, String)> {
        let ledger = Ledger::open(data_dir);
        let columns = ledger.rows(
            "select table_name, column_name from information_schema.columns \
             where table_schema = 'main' and data_type like '%VARCHAR%'",
        );
        assert!(columns.len() > 100, "of tables and views: {columns:?}");
        let mut found = BTreeSet::new();
        for [table, column] in columns.into_iter().map(|row| <[String; 2]>::try_from(row).unwrap()) {
            let texts = ledger.rows(&format!(
                "select distinct lower(\"{column}\"::varchar) from \"{table}\" where \"{column}\" is not null"
            ));
            for text in texts.into_iter().flatten() {
                let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
                let strings = self
                    .strings
                    .iter()
                    .filter(|wanted| text.contains(&wanted.to_lowercase()));
                let codes = self.codes.iter().filter(|code| words.contains(&code.as_str()));
                found.extend(
                    strings
                        .chain(codes)
                        .map(|what| (what.clone(), format!("{table}.{column}"))),
                );
            }
        }
        found
    }
}

/// Every file under a folder; sockets hold nothing.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let listed = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    listed.filter(|path| path.is_file()).collect()
}

/// Deliveries that the providers' own SDKs have signed; PayPal's certificates go into the folder.
fn deliveries(folder: &Path) -> (Sensitive, Vec<Value>) {
    let script = project("tests/python/private_deliveries.py");
    let output = Command::new(python()).arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let texts = |name: &str| serde_json::from_value(told[name].clone()).unwrap();
    let sensitive = Sensitive {
        strings: texts("sensitive"),
        codes: texts("codes"),
    };
    (sensitive, told["deliveries"].as_array().unwrap().clone())
}

/// A configuration with a source of every provider.
fn configuration(folder: &Path) -> String {
    format!(
        r#"
        [[sources]]
        provider = "messenger"
        name = "main"
        secrets = ["the app's secret"]
        [[sources]]
        provider = "telegram"
        name = "main"
        bot_id = "77"
        secrets = ["the token"]
        [[sources]]
        provider = "stripe"
        name = "main"
        secrets = ["whsec_new"]
        [[sources]]
        provider = "braintree"
        name = "main"
        key_pairs = [{{ public_key = "public", private_key = "private" }}]
        [sources.links]
        plain = "checkout_id"
        [[sources]]
        provider = "paypal"
        name = "main"
        webhook_ids = ["HOOK1"]
        ca_file = "{folder}/ca.pem"
        certificate_dir = "{folder}/certificates"
        [sources.links]
        plain = "conversation_id"
        "#,
        folder = folder.display()
    )
}

/// Native events with the strings wherever a sender may put them, in every way in.
fn send_natively(client: &Client, sensitive: &Sensitive) {
    let strings = &sensitive.strings;
    let profile = json!({"email": strings[4], "phone": strings[5], "address": {"street": strings[6], "city": strings[7],
        "zip": strings[8]}, "first_name": strings[9], "lastName": strings[10], "card": {"number": strings[3], "cvv": 8317}});
    let mut events = Vec::new();
    for (index, text) in strings[..3].iter().enumerate() {
        let note = format!("paid by {} with {text}, cvc: 8317", strings[4]);
        let number: u64 = text.replace([' ', '-'], "").parse().unwrap();
        let more = captured(&format!("native{index}"), "1.00", "USD")
            .with("user_id", strings[11].as_str())
            .with("conversation_id", format!("page1:{}", strings[11]))
            .with("platform", "messenger")
            .with("decline_code", note.as_str())
            .with("brand", text.as_str())
            .with("email", strings[4].as_str())
            .with("traits", json!([profile, {"deep": [note, number, {text: text}]}]))
            .with("metadata", profile.to_string());
        let named = bot_registered("b1")
            .with("name", note.as_str())
            .with("category", text.as_str())
            .with("profile", profile.clone());
        let checkout = conversation("b1", &format!("c{index}")).with("checkout_id", strings[4].as_str());
        events.extend([more, named, checkout]);
    }
    let counts = client.post_events(&lines(&events));
    assert_eq!((counts.accepted, counts.rejected), (events.len() as u64, 0));
    for text in &strings[1..3] {
        let refused = [
            captured(text, "1.00", "USD"),
            conversation("b1", text),
            captured("p", "1.00", "USD").id(text),
        ];
        let reply = client.post_lines(&lines(&refused)).expect_status(200);
        assert!(!reply.text().contains(text), "{}", reply.text());
        let codes: Vec<Value> = reply.json()["rejected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].clone())
            .collect();
        assert_eq!(codes, ["card_number"; 3]);
        // What cannot be read is not repeated either.
        client.post_lines(&format!("{{\"{text}\": 1, \"{text}\"\n{{\"id\": {text}}}"));
        let json = [("content-type", "application/cloudevents+json")];
        client
            .post("/v1/events", &json, format!("[\"{text}\" {text}").as_bytes())
            .expect_status(400);
    }
    let call = json!({"batch": [{"type": "track", "event": format!("Card {}", strings[1]), "messageId": "m1",
        "userId": strings[4], "properties": profile, "context": {"traits": profile}},
        {"type": "track", "event": "Conversation Started", "messageId": "m2", "userId": strings[4],
        "properties": {"platform": "web", "bot_id": "b1", "conversation_id": "w1", "note": strings[2], "name": strings[9]}},
        {"type": "identify", "messageId": strings[2], "userId": strings[11], "traits": profile}]});
    client
        .post(
            "/v1/batch",
            &[("content-type", "application/json")],
            call.to_string().as_bytes(),
        )
        .expect_status(200);
    let activity = Draft::new(
        "bot.activity",
        json!({"type": "message", "channelId": "facebook", "text": strings[2],
        "from": {"id": strings[11], "name": strings[9]}, "recipient": {"id": "page1"}, "conversation": {"id": strings[11]}}),
    );
    assert_eq!(client.post_events(&lines(&[activity])).accepted, 1);
}

#[test]
fn of_people_and_cards_nothing_is_on_disk_or_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (sensitive, deliveries) = deliveries(folder.path());
    let (data, log, config) = (
        folder.path().join("data"),
        folder.path().join("log"),
        folder.path().join("botledger.toml"),
    );
    std::fs::write(&config, configuration(folder.path())).unwrap();
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--log", "debug"]);
    command.arg("--data-dir").arg(&data).arg("--config").arg(&config);
    command.stderr(Stdio::from(std::fs::File::create(&log).unwrap()));
    let server = Served::spawn(command);

    let sent: String = deliveries
        .iter()
        .map(|delivery| delivery["plain"].as_str().unwrap())
        .collect();
    for wanted in sensitive.strings.iter().chain(&sensitive.codes) {
        assert!(
            sent.contains(wanted),
            "no delivery holds {wanted}: the search would prove nothing"
        );
    }
    let mut events = 0;
    for delivery in &deliveries {
        let headers = delivery["headers"].as_object().unwrap();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let path = delivery["path"].as_str().unwrap();
        let body = delivery["body"].as_str().unwrap();
        let receipt = server
            .client
            .post(path, &headers, body.as_bytes())
            .expect_status(200)
            .json();
        assert!(receipt["accepted"].as_u64() >= Some(1), "{path}: {receipt} {body}");
        events += receipt["accepted"].as_u64().unwrap();
        // Forged: refused, logged, and not repeated.
        let forged: Vec<(&str, &str)> = headers
            .iter()
            .copied()
            .filter(|(name, _)| *name == "Content-Type")
            .collect();
        server
            .client
            .post(path, &forged, body.replace("bt_signature", "forged").as_bytes())
            .problem(401, "forged");
    }
    send_natively(&server.client, &sensitive);
    // An answer about now: everything is folded into facts, too.
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    server.client.get_json(&format!("/v1/metrics/payments?as_of={now}"));
    server.client.get("/v1/sources").expect_status(200);
    server.client.get("/logged-at-all").problem(404, "not_found");

    // Before any checkpoint: the write-ahead log holds the rows as they were written.
    let written = files(&data);
    assert!(
        written.iter().any(|path| path.ends_with("botledger.duckdb.wal")),
        "{written:?}"
    );
    for path in &written {
        assert_eq!(sensitive.in_file(path), BTreeSet::new(), "{}", path.display());
    }
    assert!(server.terminate().success());
    // Lines are written beside the requests; the last ones are there once the server has stopped.
    assert_eq!(sensitive.in_file(&log), BTreeSet::new(), "{}", log.display());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("/logged-at-all") && log.contains("webhook refused"),
        "the log is not seen"
    );
    // After it: a compressed file hides text from such a search, but not from SQL.
    assert_eq!(sensitive.in_tables(&data), BTreeSet::new());
    let ledger = Ledger::open(&data);
    assert!(ledger.number("select count(*) from events") > events as i64);
    let pages = "select count(*) from events where bot_id = '4242424242424242' and source like '/webhooks/messenger%'";
    assert!(
        ledger.number(pages) >= 5,
        "an id that only looks like a card is left alone"
    );
}

#[test]
fn the_search_finds_what_was_stored_without_being_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let (sensitive, _) = deliveries(folder.path());
    let mut app = TestApp::start();
    let all = sensitive
        .strings
        .iter()
        .chain(&sensitive.codes)
        .cloned()
        .collect::<Vec<_>>();
    let control = |(index, text): (usize, &String)| {
        let mut event = Event::new(
            "/control",
            format!("e{index}"),
            EventType::BotRegistered,
            instant("2016-07-01T00:00:00Z"),
        );
        (event.platform, event.bot_id) = (Some("web".into()), Some("b1".into()));
        event.name = Some(format!("of {text}."));
        event
    };
    let events = all.iter().enumerate().map(control).collect();
    let stored = actix_web::rt::System::new()
        .block_on(app.store().append(events))
        .unwrap();
    assert_eq!(stored.outcomes.len(), all.len());
    let found: BTreeSet<String> = files(&app.config.data_dir)
        .iter()
        .flat_map(|path| sensitive.in_file(path))
        .collect();
    assert_eq!(found, sensitive.strings.iter().cloned().collect());
    app.stop();
    let found = sensitive.in_tables(&app.config.data_dir);
    for text in all {
        assert!(
            found.contains(&(text.clone(), "events.name".into())),
            "{text} in {found:?}"
        );
    }
}

/// The same person in a webhook's message, in a payment's metadata and in a native event.
fn meet_one_person(app: &TestApp) {
    let (folder, now) = (tempfile::tempdir().unwrap(), chrono::Utc::now());
    app.clock.set(&now.to_rfc3339());
    let (_, deliveries) = deliveries(folder.path());
    for delivery in deliveries {
        let path = delivery["path"].as_str().unwrap();
        if !path.contains("messenger") && !path.contains("stripe") {
            continue;
        }
        let headers = delivery["headers"].as_object().unwrap().iter();
        let headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        app.client
            .post(path, &headers, delivery["body"].as_str().unwrap().as_bytes())
            .expect_status(200);
    }
    let native =
        conversation("4242424242424242", "4242424242424242:7345678901234567").with("user_id", "7345678901234567");
    assert_eq!(app.client.post_events(&lines(&[native])).accepted, 1);
    app.wait_folded();
}

fn with_sources(user_ids: UserIds) -> TestApp {
    TestApp::with(|config| {
        config.privacy.user_ids = user_ids;
        config.sources = vec![
            source("messenger", &["the app's secret"]),
            source("stripe", &["whsec_new"]),
        ];
    })
}

const PEOPLE: &str = "select distinct user_id, conversation_id from events \
                      where bot_id = '4242424242424242' and conversation_id is not null and user_id is not null";

#[test]
fn one_person_of_several_sources_is_one_user_in_one_conversation() {
    let mut app = with_sources(UserIds::Hashed);
    meet_one_person(&app);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let people = ledger.rows(PEOPLE);
    let [person, conversation] = &people[0][..] else {
        panic!("{people:?}")
    };
    assert_eq!(people.len(), 1, "{people:?}");
    assert!(person.starts_with("u_") && person.len() == 34, "{person}");
    assert_eq!(*conversation, format!("4242424242424242:{person}"));
    let sources = "select count(distinct split_part(source, '/', 3)) from events where user_id = (select user_id from \
                   events where source = '/tests')";
    assert_eq!(ledger.number(sources), 3, "Messenger, Stripe and the native sender");
    assert_eq!(ledger.number("select count(*) from payments where conversation_key is not null and user_key is not null and provider = 'stripe' and payment_id = 'ch_3'"), 1);
}

#[test]
fn plain_ids_are_kept_where_the_configuration_says_so() {
    let mut app = with_sources(UserIds::Plain);
    meet_one_person(&app);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.rows(PEOPLE),
        [["7345678901234567", "4242424242424242:7345678901234567"]]
    );
}

fn person() -> Draft {
    conversation("b1", "b1:42")
        .with("user_id", "42")
        .with("note", "card 4111 1111 1111 1111")
        .with("ref", 7)
}

#[test]
fn the_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("events"));
    std::fs::write(&file, lines(&[person()])).unwrap();
    let import = || run_on(&data, &["import", file.to_str().unwrap()]);
    assert!(import().contains("1 accepted"));
    let key = data.join("pseudonym.key");
    let first = std::fs::read_to_string(&key).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!((first.trim().len(), mode & 0o777), (64, 0o600));
    assert!(
        import().contains("1 duplicates"),
        "the same person is the same after a restart"
    );
    assert_eq!(std::fs::read_to_string(&key).unwrap(), first);
    // The database holds a fingerprint, which is no key.
    let remembered = Ledger::open(&data).rows("select fingerprint from pseudonym_keys");
    assert!(remembered.len() == 1 && remembered[0][0] != first.trim());
}

#[test]
fn a_database_without_its_key_or_with_another_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("events"));
    std::fs::write(&file, lines(&[person()])).unwrap();
    let file = file.to_str().unwrap();
    run_on(&data, &["import", file]);
    let key = data.join("pseudonym.key");
    let first = std::fs::read(&key).unwrap();
    let refused = |command: &[&str]| {
        let output = run(&[&["--data-dir", data.to_str().unwrap()], command].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    std::fs::remove_file(&key).unwrap();
    assert!(refused(&["import", file]).contains("pseudonym.key is missing"));
    assert!(refused(&["serve", "--listen", "127.0.0.1:0"]).contains("pseudonym.key is missing"));
    assert!(!key.exists());
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    assert!(refused(&["import", file]).contains("not the one"));
    std::fs::write(&key, "no key").unwrap();
    assert!(refused(&["import", file]).contains("64 hexadecimal digits"));
    std::fs::write(&key, first).unwrap();
    let again = run_on(&data, &["import", file]);
    assert!(again.contains("0 accepted, 1 duplicates"), "{again}");
}

#[test]
fn what_was_exported_comes_back_as_what_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file, out) = (
        folder.path().join("data"),
        folder.path().join("events"),
        folder.path().join("out"),
    );
    let paid = captured("p1", "29.62", "USD")
        .with("user_id", "42")
        .with("platform", "messenger");
    let paid = paid
        .with("conversation_id", "b1:42")
        .with("email", "peter@anemail.com")
        .with("cart", "c-peter@anemail.com");
    std::fs::write(&file, lines(&[person(), paid])).unwrap();
    let sent = run_on(&data, &["import", file.to_str().unwrap()]);
    assert!(sent.contains("2 accepted"), "{sent}");
    run_on(&data, &["export", out.to_str().unwrap()]);
    let rows = Ledger(Connection::open_in_memory().unwrap()).rows(&format!(
        "select source, id, kind, strftime(time, '%Y-%m-%dT%H:%M:%SZ'), platform, bot_id, conversation_id, user_id, \
         provider, payment_id, method, network, minor, extra from read_parquet('{}/**/*.parquet') order by kind",
        out.display()
    ));
    let event = |row: &Vec<String>| {
        let names = [
            "platform",
            "bot_id",
            "conversation_id",
            "user_id",
            "provider",
            "payment_id",
            "method",
            "network",
        ];
        let mut data: Value = serde_json::from_str(if row[13].is_empty() { "{}" } else { &row[13] }).unwrap();
        for (name, value) in names.iter().zip(&row[4..12]).filter(|(_, value)| !value.is_empty()) {
            data[*name] = value.as_str().into();
        }
        if row[12] == "2962" {
            data["amount"] = json!({"value": "29.62", "currency": "USD"});
        }
        json!({"specversion": "1.0", "source": row[0], "id": row[1], "type": row[2], "time": row[3], "data": data})
    };
    let text: String = rows.iter().map(|row| format!("{}\n", event(row))).collect();
    assert!(text.contains("\"b1:u_") && !text.contains("peter"), "{text}");
    // With the digests of what was not kept, which the rows alone do not have.
    let output = run(&["--data-dir", data.to_str().unwrap(), "import", out.to_str().unwrap()]);
    let again = String::from_utf8(output.stdout).unwrap();
    assert!(
        again.contains("0 accepted, 2 duplicates, 0 conflicts, 0 rejected"),
        "{again}{text}"
    );
}
