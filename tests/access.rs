//! Who may ask: this machine alone while there is no key, then the holders of one.

use botledger::app::Application;

use crate::support::app::{PRESENT, TestApp, TestClock, config, key};
use crate::support::events::{bot_registered, lines};
use crate::support::program;

const SECRET: &str = "bl_test";

#[test]
fn without_a_key_only_a_loopback_address_is_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = config(folder.path());
    open.listen = "0.0.0.0:0".parse().unwrap();
    let error = Application::build(open.clone(), TestClock::at(PRESENT).clock())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("listen") && error.contains("loopback"), "{error}");
    let data = folder.path().to_str().unwrap();
    let output = program::run(&["serve", "--listen", "0.0.0.0:0", "--data-dir", data]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
}

#[test]
fn with_a_key_it_may_listen_everywhere() {
    let app = TestApp::with(|config| {
        config.listen = "0.0.0.0:0".parse().unwrap();
        config.keys = vec![key(SECRET)];
    });
    app.client.with_key(SECRET).get("/v1/metrics").expect_status(200);
}

#[test]
fn a_key_guards_sending_reading_and_the_page() {
    let app = TestApp::with(|config| config.keys = vec![key("another"), key(SECRET)]);
    let event = lines(&[bot_registered("b1")]);
    let paths = [
        "/",
        "/v1/metrics",
        "/v1/metrics/bot-growth",
        "/v1/charts/bot-growth.svg",
        "/v1/jobs",
        "/nowhere",
    ];
    for client in [
        app.client.clone(),
        app.client.with_key("wrong"),
        app.client.with_key(""),
    ] {
        client.post_lines(&event).problem(401, "unauthorized");
        for path in paths {
            let reply = client.get(path);
            assert!(!reply.header("www-authenticate").is_empty(), "{path}");
            reply.problem(401, "unauthorized");
        }
    }
    let holder = app.client.with_key(SECRET);
    assert_eq!(holder.post_events(&event).accepted, 1);
    for path in &paths[..5] {
        holder.get(path).expect_status(200);
    }
    holder.get("/nowhere").problem(404, "not_found");
}

#[test]
fn health_needs_no_key_and_tells_nothing() {
    let app = TestApp::with(|config| config.keys = vec![key(SECRET)]);
    assert_eq!(app.client.get_json("/healthz")["status"], "alive");
    assert_eq!(app.client.get_json("/readyz")["status"], "ready");
}

#[test]
fn a_browser_may_give_the_key_as_its_password() {
    let app = TestApp::with(|config| config.keys = vec![key(SECRET)]);
    let credentials = botledger_basic(SECRET);
    let reply = app
        .client
        .get_with("/", &[("accept", "text/html"), ("authorization", &credentials)]);
    reply.expect_status(200);
    let refused = app.client.get_with("/", &[("accept", "text/html")]);
    assert!(refused.header("www-authenticate").starts_with("Basic"));
}

/// Basic credentials with the key as the password; base64 of its own, so that the product's is not its judge.
fn botledger_basic(secret: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let pair = format!("me:{secret}");
    let mut text = String::from("Basic ");
    for chunk in pair.as_bytes().chunks(3) {
        let bytes = [
            chunk[0],
            chunk.get(1).copied().unwrap_or(0),
            chunk.get(2).copied().unwrap_or(0),
        ];
        let bits = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63] as char;
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[test]
fn a_page_of_another_site_cannot_ask_in_this_machines_name() {
    let app = TestApp::start();
    app.client
        .get_with("/v1/metrics", &[("host", "evil.example")])
        .problem(403, "forbidden");
    app.client
        .get_with("/v1/metrics", &[("x-forwarded-for", "203.0.113.9")])
        .problem(403, "forbidden");
    let headers = [
        ("content-type", "application/x-ndjson"),
        ("sec-fetch-site", "cross-site"),
    ];
    app.client
        .post("/v1/events", &headers, lines(&[bot_registered("b")]).as_bytes())
        .problem(403, "forbidden");
}

#[test]
fn a_made_key_opens_and_is_stored_as_its_hash_only() {
    let output = program::run(&["key", "the bot"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let secret = text
        .lines()
        .find_map(|line| line.strip_prefix("key (shown once): "))
        .unwrap()
        .to_owned();
    let settings = text.split("for the configuration:").nth(1).unwrap().to_owned();
    assert!(!settings.contains(&secret));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("botledger.toml");
    std::fs::write(
        &file,
        format!("listen = \"127.0.0.1:0\"\ndata_dir = {:?}\n{settings}", folder.path()),
    )
    .unwrap();
    let served = program::Served::spawn(program::botledger(&["serve", "--config", file.to_str().unwrap()]));
    served.client.get("/v1/metrics").problem(401, "unauthorized");
    served.client.with_key(&secret).get("/v1/metrics").expect_status(200);
}
