//! Files of exchange rates: over HTTP, by the command, into a folder in use.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fx::{QUESTION, SAMPLE, ask, cell, import, pay, plain};
use crate::support::app::{TestApp, key};
use crate::support::client::gzip;
use crate::support::events::{captured, lines};
use crate::support::program::{Served, run, run_on};
use crate::support::{project, read};

#[test]
fn both_files_of_the_central_bank_are_read() {
    let app = TestApp::start();
    let history = "Date,USD,JPY,CYP,GBP,\n2026-10-30,1.1172,175.68,N/A,0.8338,\n\n2026-10-29,1.113,175.92,0.5,N/A,\n";
    let answer = app.client.post_rates(history).expect_status(200).json();
    assert_eq!(answer["new"], 5);
    assert_eq!(answer["left_out"], json!(["CYP"]));
    let daily = "\u{feff}Date, USD, JPY, GBP, \r\n30 October 2026, 1.1172, 175.68, 0.83380, \r\n";
    assert_eq!(import(&app, daily), [0, 0, 3]);
    let older_first = "Date,USD\n2026-10-28,1.1\n2026-10-29,1.113\n";
    assert_eq!(import(&app, older_first), [1, 0, 1]);
    assert_eq!(
        import(&app, "date,base,quote,rate,source\n2026-10-28,USD,XTR,50,someone\n"),
        [1, 0, 0]
    );
}

#[test]
fn a_wrong_file_is_named_by_line_and_field_and_leaves_nothing() {
    let app = TestApp::start();
    let cases = [
        ("", 1, "date"),
        ("day,base,quote,rate,source\n", 1, "day"),
        ("Date\n", 1, "Date"),
        ("Date,USD,dollar\n", 1, "dollar"),
        ("Date,USD,EUR\n", 1, "EUR"),
        ("Date,USD,USD\n", 1, "USD"),
        (
            "Date,USD,JPY,\n2016-09-12,1.1226,114.38,\n2016-09-13,1.1247,-,\n",
            3,
            "JPY",
        ),
        ("Date,USD,JPY,\n2016-09-12,1.1226,0,\n", 2, "JPY"),
        ("Date,USD,JPY,\n2016-09-12,1.1226,\n", 2, "Date"),
        ("Date,USD\n12/09/2016,1.1226\n", 2, "Date"),
        ("Date,USD\n2016-02-30,1.1226\n", 2, "Date"),
        ("Date,USD\n16-09-12,1.1226\n", 2, "Date"),
        ("Date,USD\n2016-09-12,1.1\n2016-09-12,1.2\n", 3, "USD"),
        (
            "date,base,quote,rate,source\n2016-09-12,EUR,USD,1.1226,a\n2016-09-12,EUR,JPY,1e2,a\n",
            3,
            "rate",
        ),
        ("date,base,quote,rate,source\n2016-09-12,EUR,QQQ,1.1226,a\n", 2, "quote"),
        ("date,base,quote,rate,source\n2016-09-12,eur,USD,1.1226,a\n", 2, "base"),
        ("date,base,quote,rate,source\n2016-09-12,EUR,EUR,1,a\n", 2, "quote"),
        ("date,base,quote,rate,source\n2016-09-12,EUR,USD,1.1226,\n", 2, "source"),
        ("date,base,quote,rate,source\n2016-09-12,EUR,USD,1.1226\n", 2, "date"),
        (
            "date,base,quote,rate,source\n\"2016-09-12,EUR,USD,1.1226,a\n",
            2,
            "date",
        ),
    ];
    for (file, line, field) in cases {
        let reply = app.client.post_rates(file);
        let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert_eq!(reply.problem(400, "invalid_rates"), field, "{file:?}: {detail}");
        assert!(
            detail.starts_with(&format!("line {line}: `{field}` ")),
            "{file:?}: {detail}"
        );
    }
    let cut = app.client.post(
        "/v1/fx",
        &[("content-type", "text/csv")],
        b"Date,USD\n2016-09-12,\xff\n",
    );
    cut.problem(400, "invalid_rates");
    // As the European Central Bank publishes it.
    app.client.post_rates("PK\u{3}\u{4}zip").problem(400, "unparseable");
    app.client
        .post("/v1/fx", &[("content-type", "application/json")], b"{}")
        .problem(415, "unsupported_media_type");
    app.client.get("/v1/fx").problem(405, "method_not_allowed");
    pay(&app, "p1", "10.00", "USD", "2016-09-12T10:00:00Z");
    let answer = ask(&app, "EUR");
    assert_eq!(
        (cell(&answer, "gross"), &answer["meta"]["data_version"]),
        (Value::Null, &1.into())
    );
}

#[test]
fn the_command_imports_into_a_folder_and_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, sample) = (folder.path().join("data"), project(SAMPLE));
    let sample = sample.to_str().unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    run_on(&data, &["import", empty.to_str().unwrap()]);
    let first = run_on(&data, &["fx", "import", sample]);
    // 217 days of 31 currencies.
    assert!(first.contains("6727 new, 0 replaced, 0 unchanged"), "{first}");
    assert!(first.contains("left out: CYP, EEK, LTL,"), "{first}");
    let packed = folder.path().join("ecb.csv.gz");
    std::fs::write(&packed, gzip(read(SAMPLE).as_bytes())).unwrap();
    let again = run_on(&data, &["fx", "import", packed.to_str().unwrap()]);
    assert!(again.contains("0 new, 0 replaced, 6727 unchanged"), "{again}");
    // Of two files, one of them wrong, neither is taken.
    let (good, bad) = (folder.path().join("good.csv"), folder.path().join("bad.csv"));
    std::fs::write(&good, plain(&["2016-09-12,USD,KWD,0.3"])).unwrap();
    std::fs::write(&bad, plain(&["2016-09-12,USD,KWD,0.3", "2016-09-13,USD,KWD,a"])).unwrap();
    let data = data.to_str().unwrap();
    let output = run(&[
        "--data-dir",
        data,
        "fx",
        "import",
        good.to_str().unwrap(),
        bad.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("bad.csv") && said.contains("line 3: `rate`"), "{said}");
    let output = run_on(
        folder.path().join("data").as_path(),
        &["fx", "import", good.to_str().unwrap()],
    );
    assert!(output.contains("1 new"), "{output}");
}

#[test]
fn the_command_reaches_a_running_server_through_the_folder_s_socket() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("rates.csv"));
    let socket = data.join("botledger.sock");
    std::fs::create_dir_all(&data).unwrap();
    // As a killed server leaves it: nobody listens any more.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    std::fs::write(&file, plain(&["2016-09-12,EUR,USD,2"])).unwrap();
    let import = || run_on(&data, &["fx", "import", file.to_str().unwrap()]);
    let served = Served::start(&data);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    served
        .client
        .post_events(&lines(&[captured("p1", "10.00", "USD").at("2016-09-12T10:00:00Z")]));
    assert!(import().contains("1 new, 0 replaced, 0 unchanged"));
    assert!(import().contains("0 new, 0 replaced, 1 unchanged"));
    // The default question follows the fold.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while cell(&served.client.get_json(&format!("{QUESTION}&currency=EUR")), "gross") != "5.00" {
        assert!(std::time::Instant::now() < deadline, "the rate does not count");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(served.terminate().success());
    assert!(!socket.exists(), "a stopped server takes its socket away");
    assert!(
        import().contains("0 new, 0 replaced, 1 unchanged"),
        "and the folder is free again"
    );
}

#[test]
fn a_key_guards_the_address_and_the_socket_needs_none() {
    let app = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    let file = plain(&["2016-09-12,EUR,USD,2"]);
    app.client.post_rates(&file).problem(401, "unauthorized");
    let data = app.config.data_dir.clone();
    let path = data.join("rates");
    std::fs::write(&path, &file).unwrap();
    assert!(run_on(&data, &["fx", "import", path.to_str().unwrap()]).contains("1 new"));
    let holder = app.client.with_key("bl_test");
    let answer = holder.post_rates(&file);
    assert_eq!(answer.expect_status(200).json()["unchanged"], 1);
}

#[test]
fn the_sample_s_rates_are_those_that_are_told() {
    let hash = hex::encode(Sha256::digest(read(SAMPLE)));
    assert!(read("sample-data/README.md").contains(&hash), "{hash}");
    assert_eq!(read(SAMPLE).lines().count(), 218);
}
