//! The same bytes are taken alike from a file, a pipe and over HTTP, and a break costs only what stands behind it.

use std::io::{Read, Write};
use std::process::Stdio;

use botledger::ingest::import::{self, Summary};
use botledger::ingest::privacy::Privacy;

use crate::support::app::TestApp;
use crate::support::client::{Client, Counts, gzip, zstd};
use crate::support::events::{Draft, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{botledger, run};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Gives one byte at a time, as a slow pipe does.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = out.len().min(1).min(self.0.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// Two conversations, as lines.
fn two() -> Vec<u8> {
    lines(&[conversation("b1", "c1"), conversation("b1", "c2")]).into_bytes()
}

/// The ways in which two lines may come.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let skippable = [0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'a', b'b', b'c'];
    let halves = || {
        let text = two();
        let end = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        (text[..end].to_vec(), text[end..].to_vec())
    };
    let [(a, b), (c, d), (e, f), (g, h)] = [halves(), halves(), halves(), halves()];
    let text = String::from_utf8(two()).unwrap();
    let crlf = String::from_utf8(two()).unwrap().replace('\n', "\r\n");
    let zeros = vec![0; 1000];
    vec![
        ("plain", two()),
        ("without a last line end", text.trim_end().into()),
        ("CRLF and empty lines", format!("\r\n{crlf}\r\n \n").into()),
        ("a mark", [MARK, &two()].concat()),
        ("a mark before each of two joined files", [MARK, &a, MARK, &b].concat()),
        ("gzip", gzip(&two())),
        ("gzip of a mark", gzip(&[MARK, &two()].concat())),
        ("two members", [gzip(&c), gzip(&d)].concat()),
        ("padded gzip", [gzip(&two()), zeros.clone()].concat()),
        ("padded members", [gzip(&e), zeros, gzip(&f)].concat()),
        ("zstd", zstd(&two())),
        ("zstd of a mark", zstd(&[MARK, &two()].concat())),
        ("a skippable frame first", [&skippable[..], &zstd(&two())].concat()),
        (
            "a skippable frame between two",
            [&zstd(&g)[..], &skippable, &zstd(&h)].concat(),
        ),
    ]
}

fn imported(app: &TestApp, input: impl Read + Send) -> Summary {
    let privacy = Privacy::open(&app.config, app.store()).unwrap();
    let (clock, load) = (app.clock.clock(), app.store().bulk_load());
    import::import(app.store(), load, input, &clock, &privacy, 65_536, &mut |_, _: &_| ()).unwrap()
}

fn posted(client: &Client, body: &[u8]) -> Counts {
    let reply = client.post("/v1/events", &[("content-type", "application/x-ndjson")], body);
    Counts::of(&reply.expect_status(200).json())
}

#[test]
fn a_file_a_pipe_and_a_body_hold_the_same_events() {
    let app = TestApp::start();
    for (name, bytes) in forms() {
        let whole = imported(&app, bytes.as_slice());
        assert_eq!((whole.accepted, whole.rejected), (2, 0), "{name}");
        let slow = imported(&app, Dribble(&bytes));
        assert_eq!((slow.duplicates, slow.rejected), (2, 0), "{name}, byte by byte");
        let over_http = posted(&app.client, &bytes);
        assert_eq!((over_http.duplicates, over_http.rejected), (2, 0), "{name}, over HTTP");
    }
}

#[test]
fn a_stated_encoding_is_read_by_the_same_rules() {
    let app = TestApp::start();
    for (name, bytes) in forms() {
        let encoding = match bytes[0] {
            0x1f => "gzip",
            0x28 | 0x5f => "zstd",
            _ => "identity",
        };
        let headers = [("content-type", "application/x-ndjson"), ("content-encoding", encoding)];
        let reply = app.client.post("/v1/events", &headers, &bytes).expect_status(200);
        assert_eq!(Counts::of(&reply.json()).accepted, 2, "{name}");
    }
}

#[test]
fn a_mark_stands_before_json_as_well() {
    let app = TestApp::start();
    let (one, two) = (conversation("b1", "c1").json(), conversation("b1", "c2").json());
    let bodies = [
        ("application/cloudevents+json", one.to_string()),
        ("application/cloudevents-batch+json", format!("[{two}]")),
    ];
    for (content_type, body) in bodies {
        let marked = [MARK, body.as_bytes()].concat();
        for body in [marked.clone(), gzip(&marked), zstd(&marked)] {
            let reply = app.client.post("/v1/events", &[("content-type", content_type)], &body);
            let counts = Counts::of(&reply.expect_status(200).json());
            assert_eq!((counts.accepted + counts.duplicates, counts.rejected), (1, 0));
        }
    }
}

#[test]
fn a_bad_byte_costs_its_own_line() {
    let app = TestApp::start();
    let made = |id: &str| Draft::new("bot.registered", serde_json::json!({"platform": "web", "bot_id": id})).json();
    let mut bytes = format!("{}\n{}\n{}\n", made("b1"), made("b?2"), made("b3")).into_bytes();
    let bad = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[bad] = 0xff;
    let reply = app
        .client
        .post("/v1/events", &[("content-type", "application/x-ndjson")], &bytes);
    let answer = reply.expect_status(200).json();
    assert_eq!(
        (&answer["accepted"], &answer["rejected"][0]["index"]),
        (&2.into(), &1.into())
    );
    assert_eq!(answer["rejected"][0]["code"], "malformed");
    let again = imported(&app, bytes.as_slice());
    assert_eq!((again.duplicates, again.rejected), (2, 1));
    assert_eq!((again.listed[0].0, again.listed[0].1.code.as_str()), (2, "malformed"));
}

#[test]
fn what_is_no_text_is_named() {
    let app = TestApp::start();
    let privacy = Privacy::open(&app.config, app.store()).unwrap();
    let (clock, load) = (app.clock.clock(), app.store().bulk_load());
    let utf16: Vec<u8> = "\u{feff}{\"id\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut tar = vec![b'a'; 512];
    tar[100..].fill(0);
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, named) in [
        (b"PK\x03\x04rest of it".to_vec(), "ZIP"),
        (b"\xfd7zXZ\0rest".to_vec(), "xz"),
        (b"BZh91AY&SY".to_vec(), "bzip2"),
        (b"7z\xbc\xaf\x27\x1c".to_vec(), "7z"),
        (b"PAR1rest".to_vec(), "Parquet"),
        (gzip(&tar), "tar"),
        (gzip(&gzip(b"{}")), "compressed twice"),
        (utf16.clone(), "UTF-16"),
        (zstd(&utf16[2..]), "UTF-16"),
        ([gzip(b"{}\n"), b"garbage".to_vec()].concat(), "other data"),
        (
            [zstd(b"{}\n"), b"garbage".to_vec()].concat(),
            "zstd data cannot be read",
        ),
    ] {
        let refused = import::import(
            app.store(),
            load,
            Dribble(&bytes),
            &clock,
            &privacy,
            65_536,
            &mut |_, _: &_| (),
        );
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(named), "{named}: {said}");
        let reply = app
            .client
            .post("/v1/events", &[("content-type", "application/x-ndjson")], &bytes);
        let said = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(said.contains(named), "{named}: {said}");
        reply.problem(400, "unparseable");
    }
}

/// As much of a packed text as can be unpacked.
fn readable(mut packed: impl Read) -> Vec<u8> {
    let mut text = Vec::new();
    assert!(packed.read_to_end(&mut text).is_err(), "it does not break off");
    text
}

#[test]
fn whole_lines_before_a_break_are_stored_and_told_and_the_next_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plain, next) = (path("plain"), path("next"));
    assert!(
        run(&["generate", &plain, "--events", "30000", "--bots", "50", "--seed", "3"])
            .status
            .success()
    );
    std::fs::write(&next, two()).unwrap();
    let text = std::fs::read(&plain).unwrap();
    for (name, packed) in [("events.gz", gzip(&text)), ("events.zst", zstd(&text))] {
        let cut = &packed[..packed.len() * 9 / 10];
        let before = match name {
            "events.gz" => readable(flate2::read::GzDecoder::new(cut)),
            _ => readable(zstd::Decoder::new(cut).unwrap()),
        };
        let whole = before.iter().filter(|byte| **byte == b'\n').count();
        assert!((20_000..30_000).contains(&whole), "{whole} lines");
        let (file, data) = (path(name), path(&format!("data of {name}")));
        std::fs::write(&file, cut).unwrap();
        let output = run(&["--data-dir", &data, "import", &file, &next]);
        assert_eq!(output.status.code(), Some(2));
        let (said, warned) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert!(warned.contains("ends early"), "{warned}");
        assert!(said.contains(&format!("{next}: 2 accepted")), "{said}");
        let ledger = Ledger::open(data.as_ref());
        let stored = ledger.number("select count(*) from events") - 2;
        assert!(
            warned.contains(&format!("{stored} events of the lines before are stored")),
            "{stored}: {warned}"
        );
        let first = said.lines().next().unwrap();
        let counts: Vec<usize> = first
            .rsplit_once(':')
            .unwrap()
            .1
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        // Accepted, duplicates, conflicts and rejected are all lines before the break.
        assert_eq!(counts[..4].iter().sum::<usize>(), whole, "{first}");
        assert!(ledger.number("select count(*) from conversations") > 100, "and folded");
    }
}

#[test]
fn of_a_body_that_breaks_off_nothing_is_stored() {
    let app = TestApp::start();
    let packed = gzip(&two());
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let cut = &packed[..packed.len() - 12];
    app.client.post("/v1/events", &headers, cut).problem(400, "unparseable");
    app.client
        .post("/v1/events", &[headers[0]], cut)
        .problem(400, "unparseable");
    assert_eq!(app.client.get_json("/readyz")["data_version"], 0);
}

#[test]
fn nothing_on_standard_input_is_no_event() {
    let folder = tempfile::tempdir().unwrap();
    for (input, counts) in [(Vec::new(), "0 accepted"), (two(), "2 accepted")] {
        let mut child = botledger(&["import", "-", "--data-dir", folder.path().to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(counts));
    }
}
