//! The quarantine for people: what was set aside is listed, shown, dropped and tried again, by the API and by the
//! commands, with a server and without one.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use botledger::store::{Deadline, Store, StoreError};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{TestApp, key};
use crate::support::events::{Draft, captured, checkout, conversation, lines};
use crate::support::program::{Served, botledger, run, run_on};

/// Payments of one id, more of them than one payment may have rows, and one of another.
fn poison() -> Vec<Draft> {
    let one = |n: usize| captured("undefined", "5.00", "USD").id(&format!("poison-{n}"));
    let mut events: Vec<Draft> = (0..12).map(one).collect();
    events.push(captured("pi_sound", "7.00", "USD"));
    events
}

/// A folder with those events and a limit, configured by a file.
struct Ledger {
    folder: TempDir,
}

impl Ledger {
    fn new() -> Self {
        let ledger = Ledger {
            folder: tempfile::tempdir().unwrap(),
        };
        ledger.limit(10);
        std::fs::write(ledger.path("events.ndjson"), lines(&poison())).unwrap();
        let file = ledger.path("events.ndjson");
        ledger.told(&["import", file.to_str().unwrap()]);
        ledger
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn limit(&self, entity_rows: usize) {
        let data = self.path("data");
        let text = format!("data_dir = {data:?}\nlisten = \"127.0.0.1:0\"\n[limits]\nentity_rows = {entity_rows}\n");
        std::fs::write(self.path("botledger.toml"), text).unwrap();
    }

    fn told(&self, arguments: &[&str]) -> String {
        run_on(
            &self.path("data"),
            &[&["--config", self.config().as_str()], arguments].concat(),
        )
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let config = self.config();
        let output = run(&[&["--config", config.as_str()], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn config(&self) -> String {
        self.path("botledger.toml").to_str().unwrap().to_owned()
    }

    fn serve(&self) -> Served {
        Served::spawn(botledger(&["serve", "--config", &self.config()]))
    }

    fn list(&self) -> String {
        self.told(&["quarantine", "list"])
    }
}

fn id_in(list: &str) -> String {
    list.split(' ').next().unwrap().to_owned()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_stopped_ledger_is_listed_shown_dropped_and_tried_again() {
    let ledger = Ledger::new();
    let list = ledger.list();
    let id = id_in(&list);
    assert!(
        id.starts_with("payment-") && id.len() == "payment-".len() + 16,
        "{list}"
    );
    assert_eq!(list.lines().count(), 1, "{list}");
    for part in ["set_aside", "12 rows of at most 10", "/v1/events"] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains("undefined"), "its own id is not shown");
    let shown = ledger.told(&["quarantine", "show", &id]);
    for part in [
        "12 events",
        "12 transaction.captured from /tests",
        "the first of them poison-0",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Tried again as it is, it is set aside again; with a higher limit it is a fact.
    assert!(ledger.told(&["quarantine", "retry", &id]).contains("set aside again"));
    assert_eq!(ledger.told(&["quarantine", "drop", &id]), format!("{id}: dropped\n"));
    assert!(ledger.list().contains("dropped"));
    ledger.limit(20);
    assert!(ledger.list().contains("dropped"), "what is dropped stays out");
    assert!(ledger.told(&["quarantine", "retry", &id]).contains("back in the facts"));
    assert_eq!(ledger.list(), "nothing is set aside\n");
    for command in ["show", "drop", "retry"] {
        let said = ledger.refused(&["quarantine", command, &id]);
        assert!(
            said.contains("nothing is set aside") && said.contains("quarantine list"),
            "{said}"
        );
    }
}

#[test]
fn a_running_server_says_the_same_through_its_socket() {
    let ledger = Ledger::new();
    let stopped = ledger.list();
    let id = id_in(&stopped);
    let shown = ledger.told(&["quarantine", "show", &id]);
    let served = ledger.serve();
    assert_eq!(ledger.list(), stopped);
    assert_eq!(ledger.told(&["quarantine", "show", &id]), shown);
    assert_eq!(ledger.told(&["quarantine", "drop", &id]), format!("{id}: dropped\n"));
    assert!(ledger.list().contains("dropped"));
    let said = ledger.told(&["quarantine", "retry", &id]);
    assert_eq!(said, format!("{id}: the next fold tries it again\n"));
    let unknown = ledger.refused(&["quarantine", "drop", "payment-0000000000000000"]);
    assert!(
        unknown.contains("404") && unknown.contains("nothing is set aside"),
        "{unknown}"
    );
    let odd = ledger.refused(&["quarantine", "show", "../sources HTTP/1.1"]);
    assert!(odd.contains("nothing is set aside"), "{odd}");
    assert!(served.terminate().success());
}

#[test]
fn the_api_lists_shows_drops_and_tries_again() {
    let app = TestApp::with(|config| {
        config.limits.entity_rows = 10;
        config.keys = vec![key("bl_test")];
    });
    let holder = app.client.with_key("bl_test");
    holder.post_events(&lines(&poison()));
    app.wait_folded();
    let list = holder.get_json("/v1/quarantine");
    let [entity] = list["quarantine"].as_array().unwrap().as_slice() else {
        panic!("{list}");
    };
    let told = |field: &str| entity[field].clone();
    assert_eq!(
        [
            told("kind"),
            told("state"),
            told("rows"),
            told("limit"),
            told("sources"),
            list["others"].clone()
        ],
        [
            "payment".into(),
            "set_aside".into(),
            12.into(),
            10.into(),
            Value::from(vec!["/v1/events"]),
            0.into()
        ]
    );
    let id = entity["id"].as_str().unwrap();
    assert_eq!(id, format!("payment-{}", entity["hash"].as_str().unwrap()));
    assert!(!entity["reason"].as_str().unwrap().is_empty() && !list.to_string().contains("undefined"));
    let detail = holder.get_json(&format!("/v1/quarantine/{id}"));
    assert_eq!((&detail["events"], &detail["id"]), (&12.into(), &entity["id"]));
    let part = &detail["parts"][0];
    assert_eq!(
        [&part["source"], &part["type"], &part["events"], &part["sample"]],
        [
            &Value::from("/tests"),
            &"transaction.captured".into(),
            &12.into(),
            &"poison-0".into()
        ]
    );
    // All others go on.
    let gross = |client: &crate::support::client::Client| {
        let path = "/v1/metrics/payments?from=2016-07-01&to=2016-08-01&currency=original";
        client.get_json(path)["rows"][0]["gross"].clone()
    };
    assert_eq!(gross(&holder), "7.00");

    let act = |what: &str, id: &str| holder.post(&format!("/v1/quarantine/{id}/{what}"), &[], b"");
    let dropped = act("drop", id).expect_status(200).json();
    assert_eq!((&dropped["id"], &dropped["state"]), (&id.into(), &"dropped".into()));
    assert_eq!(holder.get_json("/v1/quarantine")["quarantine"][0]["state"], "dropped");
    assert_eq!(act("retry", id).expect_status(200).json()["state"], "retry");
    holder.post_events(&lines(&[captured("pi_next", "1.00", "USD")]));
    app.wait_folded();
    eventually("it is tried and set aside again", || {
        holder.get_json("/v1/quarantine")["quarantine"][0]["state"] == "set_aside"
    });

    let nothing = "payment-0000000000000000";
    holder
        .get(&format!("/v1/quarantine/{nothing}"))
        .problem(404, "not_set_aside");
    act("drop", nothing).problem(404, "not_set_aside");
    act("retry", nothing).problem(404, "not_set_aside");
    act("forget", id).problem(404, "not_found");
    holder
        .get(&format!("/v1/quarantine/{id}/drop"))
        .problem(405, "method_not_allowed");
    holder
        .post("/v1/quarantine", &[], b"")
        .problem(405, "method_not_allowed");
    assert_eq!(
        holder.get("/v1/quarantine?all=1").problem(400, "unknown_parameter"),
        "all"
    );
    app.client.get("/v1/quarantine").problem(401, "unauthorized");
    let path = format!("/v1/quarantine/{id}/drop");
    app.client.post(&path, &[], b"").problem(401, "unauthorized");
    holder
        .post(&path, &[("origin", "https://evil.example")], b"")
        .problem(403, "forbidden");
}

#[test]
fn a_change_whose_time_is_over_when_the_fold_makes_way_is_none() {
    let app = TestApp::with(|config| config.limits.entity_rows = 10);
    app.client.post_events(&lines(&poison()));
    app.wait_folded();
    let listed = || app.client.get_json("/v1/quarantine")["quarantine"][0].clone();
    let id = listed()["id"].as_str().unwrap().to_owned();
    let late = app.store().within(Arc::new(Deadline::after(Duration::ZERO)));
    for change in [Store::drop_set_aside, Store::retry_set_aside] {
        assert!(matches!(change(&late, &id), Err(StoreError::Timeout)));
    }
    assert_eq!(listed()["state"], "set_aside");
}

#[test]
fn changes_wait_for_a_step_of_the_fold_in_a_short_line_and_leave_the_threads_to_others() {
    let app = TestApp::start();
    let talk = |n: usize| conversation(&format!("b{}", n % 50), &format!("c{n}"));
    app.client
        .post_events(&lines(&(0..20_000).map(talk).collect::<Vec<_>>()));
    app.wait_folded();
    let store = app.store().clone();
    store.reset_facts().unwrap();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        scope.spawn(|| store.fold(500_000).unwrap());
        std::thread::sleep(Duration::from_millis(30));
        let post = || {
            app.client
                .post("/v1/quarantine/payment-0000000000000000/drop", &[], b"")
                .status
        };
        let all: Vec<_> = (0..60).map(|_| scope.spawn(post)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // One at work and 16 that wait; the others are told at once.
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(refused >= 20, "{refused} of 60 were refused");
    assert!(
        statuses.iter().all(|status| [404, 503].contains(status)),
        "{statuses:?}"
    );
}

/// Payments that have too many rows, so many of them, and one such checkout.
fn many(payments: usize) -> Vec<Draft> {
    let payment = |n: usize| (0..2).map(move |of| captured(&format!("pi_{n}"), "5.00", "USD").id(&format!("{n}-{of}")));
    let mut events: Vec<Draft> = (0..payments).flat_map(payment).collect();
    events.extend((0..2).map(|n| checkout("b1", &format!("c{n}"), "undefined")));
    events
}

#[test]
fn more_than_one_list_holds_are_listed_in_turn_by_state_and_by_kind() {
    let app = TestApp::with(|config| config.limits.entity_rows = 1);
    app.client.post_events(&lines(&many(1_003)));
    app.wait_folded();
    let list = |query: &str| app.client.get_json(&format!("/v1/quarantine?{query}"));
    let ids = |list: &Value| -> Vec<String> {
        let all = list["quarantine"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = app.store().quarantined();
    let first = list("");
    assert_eq!(
        (ids(&first).len(), &first["others"]),
        (1_000, &(all.len() - 1_000).into())
    );
    let next = first["next"].as_str().unwrap();
    let second = list(&format!("after={next}"));
    assert_eq!((&second["others"], &second["next"]), (&0.into(), &Value::Null));
    let told = [ids(&first), ids(&second)].concat();
    assert!(
        told.iter().eq(all.iter().map(|entity| &entity.id)),
        "each of them once, in their order"
    );

    // What is dropped is out of the way of those that are to be looked at.
    let dropped = &told[..3];
    for id in dropped {
        app.client
            .post(&format!("/v1/quarantine/{id}/drop"), &[], b"")
            .expect_status(200);
    }
    assert_eq!(ids(&list("state=dropped")), dropped);
    let rest = list("state=set_aside&limit=7");
    assert_eq!(ids(&rest), told[3..10]);
    assert_eq!(rest["others"], all.len() - 10);
    // A place stays where it is when the entity there is gone.
    let next = rest["next"].as_str().unwrap();
    app.client
        .post(&format!("/v1/quarantine/{}/drop", told[9]), &[], b"")
        .expect_status(200);
    assert_eq!(
        ids(&list(&format!("state=set_aside&limit=2&after={next}"))),
        told[10..12]
    );
    let checkouts = ids(&list("kind=checkout"));
    assert!(
        checkouts.len() == 1 && checkouts[0].starts_with("checkout-"),
        "{checkouts:?}"
    );

    for (query, parameter) in [
        ("state=lost", "state"),
        ("kind=user", "kind"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=", "limit"),
        ("after=payment-0123456789abcdef", "after"),
        ("kind=bot&kind=bot", "kind"),
    ] {
        let reply = app.client.get(&format!("/v1/quarantine?{query}"));
        assert_eq!(reply.problem(400, "invalid_parameter"), parameter);
    }
}

#[test]
fn the_command_lists_in_turn_with_a_server_and_without_one() {
    let ledger = Ledger {
        folder: tempfile::tempdir().unwrap(),
    };
    ledger.limit(1);
    std::fs::write(ledger.path("events.ndjson"), lines(&many(5))).unwrap();
    let file = ledger.path("events.ndjson");
    ledger.told(&["import", file.to_str().unwrap()]);
    let first = ledger.told(&["quarantine", "list", "--kind", "payment", "--limit", "3"]);
    let (list, rest) = first.split_once("and 2 more; continue with --after ").unwrap();
    assert_eq!(list.lines().count(), 3, "{list}");
    let next = ["quarantine", "list", "--kind", "payment", "--after", rest.trim()];
    let second = ledger.told(&next);
    assert_eq!(second.lines().count(), 2, "{second}");
    let wrong = ["quarantine", "list", "--state", "lost"];
    let is_told = || {
        let said = ledger.refused(&wrong);
        assert!(said.contains("must be one of set_aside, dropped, retry"), "{said}");
    };
    is_told();
    let served = ledger.serve();
    assert_eq!(ledger.told(&next), second);
    is_told();
    assert!(served.terminate().success());
}

#[test]
fn a_folder_without_a_ledger_has_no_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("none");
    let data: &Path = &data;
    let output = run(&["--data-dir", data.to_str().unwrap(), "quarantine", "list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no ledger"));
}
