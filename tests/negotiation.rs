//! What a client asks for in its headers: formats, encodings, answers it has already, and pages of other origins.

use std::io::Read;

use crate::small;
use crate::support::app::{TestApp, key};
use crate::support::client::Reply;
use crate::support::events::{bot_registered, lines};

const QUESTION: &str = "/v1/metrics/payments?from=2016-07-01&to=2016-10-01&interval=week&group_by=provider,method";

fn unpacked(reply: &Reply) -> Vec<u8> {
    let mut text = Vec::new();
    let packed = reply.body.as_slice();
    match reply.header("content-encoding") {
        "" => text.extend_from_slice(packed),
        "gzip" => drop(flate2::read::GzDecoder::new(packed).read_to_end(&mut text).unwrap()),
        "zstd" => text = zstd::decode_all(packed).unwrap(),
        "br" => drop(brotli::Decompressor::new(packed, 4096).read_to_end(&mut text).unwrap()),
        other => panic!("{other}"),
    }
    text
}

#[test]
fn the_format_is_what_can_be_read_of_accept() {
    let app = small::loaded();
    let (json, csv) = ("application/json", "text/csv; charset=utf-8");
    for (accept, content_type) in [
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", json), // Java up to 18
        ("text/csv; q=.9, application/json; q=.1", csv),
        ("application/json;q=0.5;foo, text/csv;q=0.4", json),
        ("*", json),
        ("*;q=0.1", json),
        ("", json),
        ("garbage", json),
        ("garbage, text/csv", csv),
        ("text/csv;q=high, */*;q=0.1", json),
        ("TEXT/CSV", csv),
        ("text/*", csv),
        ("text/csv, */*", csv),
        ("application/json, text/plain, */*", json),
        ("application/json;q=0, */*", csv),
        ("text/csv;q=0.1, text/*;q=0.9, application/json;q=0.5", json),
        ("text/csv;charset=utf-8", csv),
        (",, text/csv ,", csv),
        ("text/html;level=\"1,text/csv\", application/json", json),
    ] {
        let reply = app.client.get_with(QUESTION, &[("accept", accept)]).expect_status(200);
        assert_eq!(reply.header("content-type"), content_type, "{accept:?}");
        assert_eq!(reply.header("vary"), "Accept, Accept-Encoding");
    }
    for accept in [
        "text/html",
        "image/*, text/plain",
        "application/json;q=0, text/csv;q=0",
        "*/*;q=0",
    ] {
        let refused = app.client.get_with(QUESTION, &[("accept", accept)]);
        assert_eq!(refused.problem(406, "not_acceptable"), "Accept", "{accept}");
    }
    let two = app
        .client
        .get_with(QUESTION, &[("accept", "text/html"), ("accept", "text/csv")]);
    assert_eq!(two.expect_status(200).header("content-type"), csv);
    // An address with one format gives it.
    for (path, content_type) in [("/v1/metrics", json), ("/v1/charts/payments.svg", "image/svg+xml")] {
        let reply = app.client.get_with(path, &[("accept", "text/html")]).expect_status(200);
        assert_eq!(reply.header("content-type"), content_type);
    }
}

#[test]
fn an_answer_that_is_known_is_not_sent_again() {
    let app = small::loaded();
    let path = format!("{QUESTION}&as_of={}", small::RECEIVED);
    let tag = app.client.get(&path).expect_status(200).header("etag").to_owned();
    let strong = tag.strip_prefix("W/").unwrap();
    for known in [
        &tag,
        strong,
        "*",
        &format!("\"other\", {tag}"),
        &format!("W/\"a,b\" , {strong}"),
        &format!("unreadable, {tag}"),
    ] {
        let again = app.client.get_with(&path, &[("if-none-match", known)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("vary"), "Accept, Accept-Encoding");
    }
    for other in ["\"other\"", "", "garbage", strong.trim_matches('"')] {
        app.client
            .get_with(&path, &[("if-none-match", other)])
            .expect_status(200);
    }
    // Packed in any way it is the same answer.
    let packed = app
        .client
        .get_with(&path, &[("accept-encoding", "gzip"), ("if-none-match", &tag)]);
    assert_eq!(packed.status, 304);
}

#[test]
fn a_saved_answer_is_named_after_its_question() {
    let app = small::loaded();
    let named = |path: &str| {
        app.client
            .get(path)
            .expect_status(200)
            .header("content-disposition")
            .to_owned()
    };
    let csv = format!("{QUESTION}&format=csv");
    assert_eq!(
        named(&csv),
        "attachment; filename=\"payments_2016-07-01_2016-10-01_week_provider-method.csv\""
    );
    assert_eq!(
        named(&format!("{csv}&mode=test&tz=Asia/Kathmandu&platform=a%22b")),
        "attachment; filename=\"payments_2016-07-01_2016-10-01_week_provider-method_test.csv\""
    );
    assert_eq!(
        named("/v1/metrics/bot-growth?format=csv&from=2016-07-01T09:30:00Z&to=2016-10-01"),
        "attachment; filename=\"bot-growth_2016-07-01T093000_2016-10-01.csv\""
    );
    assert_eq!(
        named("/v1/charts/bot-growth.png?from=2016-07-01&to=2016-10-01&interval=month"),
        "inline; filename=\"bot-growth_2016-07-01_2016-10-01_month.png\""
    );
}

#[test]
fn a_spreadsheet_gets_its_byte_order_mark_when_it_is_asked_for() {
    let app = TestApp::start();
    app.client
        .post_events(&lines(&[bot_registered("b1").with("category", "Bäckerei")]));
    app.wait_folded();
    let path = "/v1/metrics/bot-growth?from=2016-07-01&to=2016-08-01&group_by=category";
    let plain = app.client.get(&format!("{path}&format=csv")).expect_status(200);
    let marked = app
        .client
        .get(&format!("{path}&format=csv&bom=true"))
        .expect_status(200);
    assert!(plain.text().starts_with("bucket_start,") && plain.text().contains("Bäckerei"));
    assert_eq!(marked.text(), format!("\u{feff}{}", plain.text()));
    assert_ne!(plain.header("etag"), marked.header("etag"));
    let unmarked = app
        .client
        .get(&format!("{path}&format=csv&bom=false"))
        .expect_status(200);
    assert_eq!(unmarked.body, plain.body);
    for wrong in ["&bom=true", "&format=csv&bom=yes", "&format=csv&bom=true&bom=true"] {
        let field = app
            .client
            .get(&format!("{path}{wrong}"))
            .problem(400, "invalid_parameter");
        assert_eq!(field, "bom", "{wrong}");
    }
}

#[test]
fn answers_pages_and_drawings_are_packed_as_the_client_takes_them() {
    let app = small::loaded();
    let question = format!("{QUESTION}&as_of={}", small::RECEIVED);
    let chart = "/v1/charts/payments.svg?from=2016-07-01&to=2016-10-01&interval=week";
    for path in [&question, "/docs/metrics", "/v1/metrics", chart] {
        let plain = app.client.get(path).expect_status(200);
        assert_eq!(plain.header("content-encoding"), "", "{path}");
        for (accepted, coding) in [
            ("gzip", "gzip"),
            ("x-gzip", "gzip"),
            ("GZIP;q=0.5", "gzip"),
            ("zstd", "zstd"),
            ("br", "br"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip;q=1.0, zstd;q=0.5, br;q=0.8", "gzip"),
            ("zstd;q=0, br;q=0, *;q=0.3", "gzip"),
            ("*", "zstd"),
            ("identity;q=0, *", "zstd"),
            ("identity;q=0.5, gzip;q=0.4", ""),
            ("gzip;q=0", ""),
            ("deflate", ""),
            ("", ""),
            ("garbage;;, gzip", "gzip"),
        ] {
            let reply = app
                .client
                .get_with(path, &[("accept-encoding", accepted)])
                .expect_status(200);
            assert_eq!(reply.header("content-encoding"), coding, "{path} {accepted:?}");
            assert!(unpacked(&reply) == plain.body, "{path} {accepted:?}");
            assert!(reply.header("vary").ends_with("Accept-Encoding"));
            assert_eq!(reply.header("etag"), plain.header("etag"));
            assert!(
                coding.is_empty() || reply.body.len() < plain.body.len() / 2,
                "{path} {accepted:?}"
            );
            let head = app
                .client
                .send("HEAD", path, &[("accept-encoding", accepted)], None)
                .unwrap();
            for name in [
                "content-encoding",
                "content-type",
                "content-length",
                "vary",
                "etag",
                "content-disposition",
            ] {
                assert_eq!(head.header(name), reply.header(name), "{path} {accepted:?} {name}");
            }
        }
        for none in ["identity;q=0", "*;q=0", "identity;q=0, gzip;q=0"] {
            let refused = app.client.get_with(path, &[("accept-encoding", none)]);
            assert_eq!(refused.problem(406, "not_acceptable"), "Accept-Encoding", "{none}");
        }
    }
}

#[test]
fn what_is_small_or_packed_in_itself_goes_as_it_is() {
    let app = small::loaded();
    let all = [("accept-encoding", "gzip, br, zstd")];
    for path in [
        "/healthz",
        "/v1/charts/payments.png?from=2016-07-01&to=2016-10-01",
        "/v1/metrics/nothing",
    ] {
        assert_eq!(app.client.get_with(path, &all).header("content-encoding"), "", "{path}");
    }
    // Unless that is what the client does not take; what went wrong it is told in any case.
    let packed_only = [("accept-encoding", "identity;q=0, gzip")];
    assert_eq!(
        app.client.get_with("/healthz", &packed_only).header("content-encoding"),
        "gzip"
    );
    let none = [("accept-encoding", "identity;q=0")];
    app.client
        .get_with("/v1/metrics/nothing", &none)
        .problem(404, "unknown_metric");
}

const PAGE: &str = "https://app.example";

fn asking<'a>(origin: &'a str, method: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", "authorization,content-type"),
        ("sec-fetch-site", "cross-site"),
    ]
}

#[test]
fn a_page_of_a_configured_origin_asks_and_sends_with_its_key() {
    let app = TestApp::with(|config| {
        config.keys = vec![key("bl_test")];
        config.cors.origins = vec!["http://localhost:3000".into(), PAGE.into()];
    });
    for (path, method) in [
        ("/v1/metrics/payments", "GET"),
        ("/v1/events", "POST"),
        ("/v1/annotations/x", "DELETE"),
    ] {
        let preflight = app.client.send("OPTIONS", path, &asking(PAGE, method), None).unwrap();
        assert_eq!((preflight.status, preflight.body.len()), (200, 0), "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), PAGE);
        assert!(preflight.header("access-control-allow-methods").contains(method));
        assert!(
            preflight
                .header("access-control-allow-headers")
                .contains("authorization")
        );
        assert!(preflight.header("vary").contains("Origin"));
        assert_eq!(preflight.header("access-control-allow-credentials"), "");
    }
    let from = [("origin", PAGE), ("sec-fetch-site", "cross-site")];
    let keyless = app.client.get_with("/v1/metrics", &from);
    assert_eq!(keyless.header("access-control-allow-origin"), PAGE);
    keyless.problem(401, "unauthorized");
    let holder = app.client.with_key("bl_test");
    let answer = holder.get_with("/v1/metrics/payments", &from).expect_status(200);
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert!(answer.header("access-control-expose-headers").contains("etag"));
    assert_eq!(
        answer.header("vary"),
        "Accept, Accept-Encoding, Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    );
    let headers = [from[0], from[1], ("content-type", "application/x-ndjson")];
    let event = lines(&[bot_registered("b1")]);
    holder.post("/v1/events", &headers, event.as_bytes()).expect_status(200);

    let stranger = "https://other.example";
    let promised = app
        .client
        .send("OPTIONS", "/v1/events", &asking(stranger, "POST"), None)
        .unwrap();
    assert_eq!(
        (promised.status, promised.header("access-control-allow-origin")),
        (204, "")
    );
    let read = holder
        .get_with("/v1/metrics", &[("origin", stranger)])
        .expect_status(200);
    assert_eq!(read.header("access-control-allow-origin"), "");
    let headers = [("origin", stranger), from[1], headers[2]];
    holder
        .post("/v1/events", &headers, event.as_bytes())
        .problem(403, "forbidden");
}

#[test]
fn options_tells_the_methods_of_an_address_without_a_key() {
    let app = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    for (path, methods) in [
        ("/v1/events", "POST, OPTIONS"),
        ("/v1/metrics/payments", "GET, HEAD, OPTIONS"),
        ("/v1/annotations", "GET, HEAD, POST, OPTIONS"),
        ("/", "GET, HEAD, OPTIONS"),
    ] {
        for headers in [&[][..], &asking(PAGE, "GET")] {
            let told = app.client.send("OPTIONS", path, headers, None).unwrap();
            assert_eq!((told.status, told.header("allow")), (204, methods), "{path}");
            assert_eq!(
                told.header("access-control-allow-origin"),
                "",
                "no origin is configured"
            );
        }
    }
    let nowhere = app.client.send("OPTIONS", "/nowhere", &[], None).unwrap();
    nowhere.problem(404, "not_found");
}

#[test]
fn an_origin_is_written_as_browsers_state_it() {
    let with = |origin: &str| {
        let mut config = botledger::config::Config::default();
        config.cors.origins = vec![PAGE.into(), origin.into()];
        config.validate().map_err(|error| error.to_string())
    };
    for good in [
        "http://localhost:3000",
        "https://a-b.example:8443",
        "http://[::1]:3000",
        "http://127.0.0.1",
        "capacitor://localhost",
    ] {
        assert_eq!(with(good), Ok(()), "{good}");
    }
    for bad in [
        "*",
        "",
        "null",
        "app.example",
        "https://app.example/",
        "https://App.example",
        "https://app.example:443",
        "https://",
        "https://a b",
        "https://a:x",
    ] {
        assert!(
            with(bad)
                .unwrap_err()
                .starts_with("`cors.origins[1]` must be an origin"),
            "{bad}"
        );
    }
}
