//! The doors: who is taken for this machine, what a browser is led to send, and what is never shown of the settings.

use std::fmt::Write as _;

use botledger::app::Application;
use botledger::config::{Config, KEYS};
use botledger::ingest::webhooks::Webhook;

use crate::support::app::{PRESENT, TestApp, TestClock, config, key, source};
use crate::support::events::{bot_registered, lines};
use crate::support::program;

const PAGE: &str = "https://shop.example";

#[test]
fn without_a_key_whatever_a_proxy_adds_is_refused_and_named() {
    let app = TestApp::start();
    for name in [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Forwarded-Client-Cert",
        "X-Forwarded",
        "Forwarded-For",
        "X-Real-IP",
        "X-Client-IP",
        "Client-IP",
        "X-Cluster-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "CF-Ray",
        "Cdn-Loop",
        "Fastly-Client-IP",
        "Fly-Client-IP",
        "X-Original-For",
        "X-Original-URL",
        "X-Original-Host",
        "X-Original-Forwarded-For",
        "X-Rewrite-URL",
        "X-Envoy-External-Address",
        "X-Envoy-Original-Path",
        "X-Amzn-Trace-Id",
        "X-Azure-ClientIP",
        "X-ARR-SSL",
        "X-AppEngine-User-IP",
        "X-ProxyUser-Ip",
        "WL-Proxy-Client-IP",
        "Tailscale-User-Login",
        "X-NginX-Proxy",
        "X-BlueCoat-Via",
        "X-IMForwards",
        "X-True-Client-IP",
        "X-Source-IP",
        "WL-Proxy-SSL",
        "Proxy-Client-IP",
        "X-Request-Start",
        "X-Iinfo",
        "CDN-RequestId",
        "X-B3-TraceId",
        "X-Amz-Cf-Id",
        "X-Originating-IP",
        "X-Remote-Addr",
        "Remote-Addr",
        "X-Sucuri-ClientIP",
        "X-Real-Port",
        "X-SSL-Client-Cert",
        "X-Heroku-Dynos-In-Use",
        "Early-Data",
        "X-Something-Forwarded-By",
    ] {
        let reply = app.client.get_with("/v1/metrics", &[(name, "203.0.113.9")]);
        assert!(reply.text().contains(&name.to_lowercase()), "{name}: {}", reply.text());
        reply.problem(403, "forbidden");
    }
    // What programs and browsers send on their own.
    for name in [
        "Accept-Language",
        "Access-Control-Request-Headers",
        "Baggage",
        "Cache-Control",
        "Client-Version",
        "Device-Memory",
        "DNT",
        "From",
        "Last-Event-ID",
        "Max-Forwards",
        "Priority",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Purpose",
        "Referer",
        "Save-Data",
        "Sec-CH-UA-Platform",
        "Sec-GPC",
        "Sec-Purpose",
        "Traceparent",
        "Tracestate",
        "Upgrade-Insecure-Requests",
        "User-Agent",
        "X-Api-Key",
        "X-Client-Data",
        "X-Client-Version",
        "X-Correlation-Id",
        "X-CSRF-Token",
        "X-Moz",
        "X-Request-Id",
        "X-Requested-With",
    ] {
        app.client
            .get_with("/v1/metrics", &[(name, "203.0.113.9")])
            .expect_status(200);
    }
}

#[test]
fn with_a_key_a_proxy_may_stand_in_front() {
    let app = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    let headers = [("x-forwarded-for", "203.0.113.9"), ("host", "ledger.example")];
    app.client
        .with_key("bl_test")
        .get_with("/v1/metrics", &headers)
        .expect_status(200);
}

#[test]
fn a_required_key_that_is_not_there_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut required = config(folder.path());
    required.require_key = true;
    let start = |config: Config| Application::build(config, TestClock::at(PRESENT).clock()).err();
    let error = start(required.clone()).unwrap().to_string();
    assert!(
        error.contains("`require_key`") && error.contains("botledger key NAME"),
        "{error}"
    );
    required.keys = vec![key("bl_test")];
    assert!(start(required).is_none());
}

#[test]
fn a_server_without_a_key_says_at_the_start_what_that_means() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = folder.path().join("stderr");
    let data = data.to_str().unwrap();
    let mut command = program::botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
    command.stderr(std::fs::File::create(&log).unwrap());
    program::Served::spawn(command).kill();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(
        said.contains("no key is configured") && said.contains("proxy"),
        "{said}"
    );
}

#[test]
fn a_refused_value_of_a_flag_or_the_environment_is_not_shown() {
    let secret = "whsec_0123456789";
    for (flag, variable) in [
        ("--listen", "BOTLEDGER_LISTEN"),
        ("--memory-mib", "BOTLEDGER_MEMORY_MIB"),
        ("--threads", "BOTLEDGER_THREADS"),
        ("--currency", "BOTLEDGER_CURRENCY"),
        ("--log-json", "BOTLEDGER_LOG_JSON"),
    ] {
        let mut by_variable = program::botledger(&["rebuild"]);
        by_variable.env(variable, secret);
        let by_flag = program::botledger(&["rebuild", &format!("{flag}={secret}")]);
        for mut command in [by_variable, by_flag] {
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            let name = flag.trim_start_matches('-');
            assert!(said.contains(name) && !said.contains(secret), "{said}");
        }
    }
    let mut command = program::botledger(&["key", "reader"]);
    let output = command
        .env("BOTLEDGER_LOG", format!("{secret}=={secret}"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("BOTLEDGER_LOG") && !said.contains(secret), "{said}");
}

/// A call of Segment's libraries.
fn call(id: &str) -> String {
    format!("{{\"type\":\"track\",\"event\":\"Coupon Entered\",\"messageId\":\"{id}\",\"userId\":\"u1\"}}")
}

#[test]
fn a_segment_call_that_any_page_could_make_a_browser_send_is_refused() {
    let app = TestApp::with(|config| config.cors.origins = vec![PAGE.into()]);
    let batch = format!("{{\"batch\":[{}]}}", call("m1"));
    for (address, body) in [("/v1/track", call("m2")), ("/v1/batch", batch)] {
        for kind in [
            "text/plain",
            "Text/Plain; charset=UTF-8",
            "text/plain;application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/octet-stream",
        ] {
            let field = app
                .client
                .post(address, &[("content-type", kind)], body.as_bytes())
                .problem(415, "unsupported_media_type");
            assert_eq!(field, "Content-Type", "{kind}");
        }
        // As the library for browsers sends it, from a page that is configured.
        let headers = [
            ("content-type", "text/plain"),
            ("origin", PAGE),
            ("sec-fetch-site", "cross-site"),
        ];
        let answer = app.client.post(address, &headers, body.as_bytes()).expect_status(200);
        assert_eq!(answer.json()["accepted"], 1);
    }
}

#[test]
fn a_page_of_another_origin_sends_nothing_to_any_address() {
    let app = TestApp::with(|config| {
        config.cors.origins = vec![PAGE.into()];
        config.sources = vec![source("messenger", &["secret"])];
    });
    let own = app.client.url("");
    let json = ("content-type", "application/json");
    let addresses = [
        "/v1/events",
        "/v1/batch",
        "/v1/track",
        "/v1/fx",
        "/v1/annotations",
        "/v1/webhooks/messenger/main",
    ];
    for address in addresses {
        for origin in [
            "https://evil.example",
            "https://shop.example.evil.example",
            "http://shop.example",
            "http://localhost:3000",
            "http://127.0.0.1",
            "null",
            "",
        ] {
            for more in [None, Some(json), Some(("sec-fetch-site", "same-site"))] {
                let headers: Vec<(&str, &str)> = [("origin", origin)].into_iter().chain(more).collect();
                app.client.post(address, &headers, b"{}").problem(403, "forbidden");
            }
        }
        for headers in [
            &[json][..],
            &[json, ("origin", PAGE)],
            &[json, ("origin", &own)],
            &[json, ("origin", "null"), ("sec-fetch-site", "same-origin")],
        ] {
            let status = app.client.post(address, headers, b"{}").status;
            assert_ne!(status, 403, "{address} {headers:?}");
        }
    }
    let event = lines(&[bot_registered("b1")]);
    let headers = [("content-type", "application/x-ndjson"), ("origin", PAGE)];
    app.client
        .post("/v1/events", &headers, event.as_bytes())
        .expect_status(200);
}

/// What stands for a secret, as text and as a number.
const SECRET: &str = "sk_live_8842711906";
const NUMBER: &str = "8842711906";

/// Settings in which a secret has another type than it should, or something beside it is wrong.
fn faults() -> Vec<String> {
    let mut faults = Vec::new();
    let wrong = [
        NUMBER.to_owned(),
        format!("{NUMBER}.5"),
        format!("\"{SECRET}\""),
        format!("[{NUMBER}]"),
        format!("[\"{SECRET}\", {NUMBER}]"),
        format!("[[\"{SECRET}\"]]"),
        format!("{{ first = \"{SECRET}\" }}"),
        format!("{{ \"{SECRET}\" = 1 }}"),
        format!("[{{ {SECRET} = 1 }}]"),
        SECRET.to_owned(),
        format!("\"{SECRET}"),
        format!("[\"{SECRET}]"),
        format!("[\"{SECRET}\" \"{SECRET}\"]"),
        format!("['{SECRET}\"]"),
        format!("\"\"\"\n{SECRET}=\nsecrets = {SECRET}\n"),
        format!("[\"{SECRET}\\q\"]"),
        format!("[\"{SECRET}\"] {SECRET}"),
        format!("[\"{SECRET}\"]\nsecrets = [\"{SECRET}\"]"),
        format!("[\"{SECRET}\"]\ncolour = \"{SECRET}\""),
        format!("[\"{SECRET}\"]\n\"{SECRET}\" = 1"),
        format!("[\"{SECRET}\"]\n{SECRET}"),
        format!("[\"{SECRET}\"]\n[{SECRET}]"),
        format!("[\"{SECRET}, expected a secret\"]\nplatform = [\"{SECRET}, expected {SECRET}\"]"),
        format!("[\"{SECRET}\"]\nlinks = \"{SECRET}\""),
        format!("[\"{SECRET}\"]\nlinks = {{ bot_id = {NUMBER} }}"),
        format!("[\"{SECRET}\"]\ndecimals = {{ UGX = \"{SECRET}\" }}"),
        format!("[\"{SECRET}\"]\nmode = \"{SECRET}\""),
        format!("[\"{SECRET}\"]\nplatform = \"{SECRET}!\""),
        format!("[\"{SECRET}...\"]"),
        format!("[\"<{SECRET}>\"]"),
    ];
    for provider in ["stripe", "messenger", "telegram"] {
        for wrong in &wrong {
            let mut text = format!("[[sources]]\nprovider = \"{provider}\"\nname = \"main\"\nsecrets = {wrong}\n");
            if provider == "messenger" {
                writeln!(text, "verify_token = \"{SECRET}\"").unwrap();
            }
            faults.push(text);
        }
    }
    let good = format!("[\"{SECRET}\"]");
    for wrong in [NUMBER, &good, "{ a = 1 }", SECRET] {
        faults.push(format!(
            "[[sources]]\nprovider = \"messenger\"\nname = \"main\"\nsecrets = {good}\nverify_token = {wrong}\n"
        ));
    }
    for pair in [
        format!("\"{SECRET}\""),
        format!("[\"{SECRET}\"]"),
        format!("[{{ public_key = \"a\", private_key = {NUMBER} }}]"),
        format!("[{{ public_key = \"a\", private_key = [\"{SECRET}\"] }}]"),
        format!("[{{ public_key = \"a\", private_key = \"{SECRET}\", colour = 1 }}]"),
        format!("[{{ public_key = \"a\", private_key = \"{SECRET}\", {SECRET} = 1 }}]"),
        format!("[{{ public_key = \"a\", private_key = \"{SECRET}\", private_key = \"{SECRET}\" }}]"),
        format!("[{{ public_key = \"a\", private_key = \"{SECRET} }}]"),
        format!("[{{ public_key = \"a|b\", private_key = \"{SECRET}\" }}]"),
    ] {
        faults.push(format!(
            "[[sources]]\nprovider = \"braintree\"\nname = \"main\"\nkey_pairs = {pair}\n"
        ));
    }
    for hash in [NUMBER.to_owned(), format!("\"{SECRET}\""), format!("[\"{SECRET}\"]")] {
        faults.push(format!("[[keys]]\nname = \"a\"\nsha256 = {hash}\n"));
    }
    for key in [
        "listen",
        "currency",
        "memory_mib",
        "keys",
        "sources",
        "privacy.user_ids",
        "limits",
    ] {
        faults.push(format!("{key} = \"{SECRET}\"\n"));
    }
    faults
}

#[test]
fn no_fault_in_the_settings_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("botledger.toml");
    for text in faults() {
        std::fs::write(&file, &text).unwrap();
        let refused = Config::from_file(&file).and_then(|config| {
            config.validate()?;
            Webhook::open_all(&config.sources).map(|_| config)
        });
        let error = refused.err().unwrap_or_else(|| panic!("taken: {text}"));
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(NUMBER) && !shown.contains("sk_live"), "{text}\n{shown}");
        }
    }
}

#[test]
fn a_fault_in_the_settings_is_told_by_line_column_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("botledger.toml");
    for (text, told) in [
        (
            "listen = \"127.0.0.1:0\"\n[[keys]]\nname = \"a\"\nsha256 = 12\n",
            "line 4, column 10, at or after `sha256`: a number is not a valid value here, expected a string",
        ),
        (
            "\ncolour = \"red\"\n",
            "line 2, column 1: unknown field `colour`, expected one of `listen`",
        ),
        (
            "currency = \"EUR\ndata_dir = \"x\"\n",
            "line 1, column 16, at or after `currency`: invalid basic string",
        ),
        (
            "threads = 1\nthreads = 2\n",
            "line 2, column 1, at or after `threads`: duplicate key",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = program::run(&["serve", "--config", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told), "{said}");
    }
    let stripe = source("stripe", &[]);
    let mut wrong = stripe.clone();
    wrong.settings.insert("secrets".into(), toml::Value::Integer(12));
    let error = Webhook::open_all(&[stripe, wrong]).err().unwrap().to_string();
    assert_eq!(
        error,
        "`sources[0].secrets` must contain at least one secret, and none may be empty"
    );
}

#[test]
fn settings_that_are_printed_hold_no_secret() {
    let sources = vec![
        source("stripe", &[SECRET]),
        source("messenger", &[SECRET]),
        crate::support::app::source_with(
            "braintree",
            &format!("key_pairs = [{{ public_key = \"a\", private_key = \"{SECRET}\" }}]"),
        ),
    ];
    let webhooks = Webhook::open_all(&sources).unwrap();
    let settings = Config {
        sources,
        ..Config::default()
    };
    for shown in [
        format!("{settings:?}"),
        format!("{settings:#?}"),
        format!("{webhooks:?}"),
    ] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    assert!(format!("{settings:?}").contains("secrets"), "names are shown");
}

#[test]
fn every_setting_may_be_named_where_a_fault_is() {
    let page = crate::support::read("src/config/configuration.md");
    let told = page.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let parsed: toml::Table = toml::from_str(told).unwrap();
    let mut tables = vec![&parsed];
    while let Some(table) = tables.pop() {
        for (name, value) in table
            .iter()
            .filter(|(name, _)| !["UGX", "shop_euro", "conversation_id"].contains(&name.as_str()))
        {
            assert!(KEYS.contains(&name.as_str()), "{name}");
            let lists = value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_table());
            tables.extend(lists.chain(value.as_table()));
        }
    }
}
