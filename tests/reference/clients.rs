//! Other ways to send events: card sales of Braintree, activities of the Bot Framework, calls of Segment's libraries.

use botledger::ingest::segment;
use serde_json::{Value, json};

use super::{STRUCTURED, first_codes, page, set};
use crate::support::app::TestApp;
use crate::support::ledger::Ledger;
use crate::support::markdown::code;

#[test]
fn a_card_sale_of_braintree_and_an_activity_are_taken_as_in_the_examples() {
    let mut app = TestApp::start();
    for (name, holds) in [("braintree", "\"bt_1\""), ("botframework", "\"bot.activity\"")] {
        let event = page(name).block("json", holds);
        let reply = app.client.post("/v1/events", &[STRUCTURED], event.as_bytes());
        let answer = reply.expect_status(200).json();
        assert_eq!(
            (&answer["accepted"], &answer["ignored"]),
            (&json!(1), &json!([])),
            "{name}"
        );
    }
    // The script makes the same fields of the sale.
    let script = page("braintree").block("python", "transaction.captured");
    let example: Value = serde_json::from_str(&page("braintree").block("json", "\"bt_1\"")).unwrap();
    for field in example["data"].as_object().unwrap().keys() {
        assert!(script.contains(&format!("\"{field}\": ")), "{field}");
    }
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let rows = ledger.rows("select kind, bot_id, direction from events order by kind");
    assert_eq!(
        rows,
        [
            ["conversation.message", "shop", "in"],
            ["transaction.captured", "bot-1", ""]
        ]
    );
}

#[test]
fn every_activity_of_the_table_becomes_what_is_told() {
    let page = page("botframework");
    let mut app = TestApp::start();
    let example: Value = serde_json::from_str(&page.block("json", "bot.activity")).unwrap();
    let mut told = Vec::new();
    for row in page.table("| activity | becomes |") {
        for name in code(&row[0]) {
            let mut event = example.clone();
            event["id"] = name.into();
            event["data"]["type"] = name.into();
            event["data"]["membersAdded"] = json!([{"id": "42"}]);
            let counted = code(&row[1])[0].to_owned();
            told.push((name.to_owned(), counted));
            let reply = app
                .client
                .post("/v1/events", &[STRUCTURED], event.to_string().as_bytes());
            assert_eq!(reply.expect_status(200).json()["accepted"], 1, "{name}");
        }
    }
    app.stop();
    let rows = Ledger::open(&app.config.data_dir).rows("select id, kind from events order by id");
    told.sort();
    let kept: Vec<(String, String)> = rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(kept, told);
}

#[test]
fn segments_calls_are_taken_at_every_address_and_become_what_is_told() {
    let page = page("segment");
    assert_eq!(first_codes(&page, "| address | takes |"), set(segment::ADDRESSES));
    let mut app = TestApp::start();
    let batch: Value = serde_json::from_str(&page.block("json", "\"batch\"")).unwrap();
    let json = [("content-type", "application/json")];
    let mut told = vec![("m1".to_owned(), "transaction.captured".to_owned())];
    let mut calls = batch["batch"].as_array().unwrap().clone();
    let call = calls[0].clone();
    for row in page.table("| `event` of a track call | becomes |") {
        for name in code(&row[0]) {
            let kind = if row[0].starts_with("a type") {
                "checkout.started"
            } else {
                code(&row[1])[0]
            };
            let mut call = call.clone();
            (call["event"], call["messageId"]) = (name.into(), name.into());
            for (field, value) in [("path", "webview"), ("credential", "new"), ("refund_id", "re_1")] {
                call["properties"][field] = value.into();
            }
            calls.push(call);
            told.push((name.to_owned(), kind.to_owned()));
        }
    }
    let body = json!({"batch": calls}).to_string();
    let answer = app
        .client
        .post("/v1/batch", &json, body.as_bytes())
        .expect_status(200)
        .json();
    assert_eq!(
        (&answer["success"], &answer["other"]),
        (&json!(true), &json!(0)),
        "{answer}"
    );
    assert_eq!(answer["accepted"], told.len(), "{answer}");
    for (at, address) in segment::ADDRESSES.iter().enumerate() {
        let mut call = call.clone();
        call["messageId"] = format!("~{at}").into();
        let batch = ["/v1/batch", "/v1/import", "/v1/b"].contains(address);
        let body = if batch { json!({"batch": [call]}) } else { call };
        let answer = app
            .client
            .post(address, &json, body.to_string().as_bytes())
            .expect_status(200)
            .json();
        assert_eq!(answer["accepted"], 1, "{address}");
    }
    app.stop();
    let rows =
        Ledger::open(&app.config.data_dir).rows("select id, kind from events where id not like '~%' order by id");
    told.sort();
    let kept: Vec<(String, String)> = rows.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(kept, told);
}
