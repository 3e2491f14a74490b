//! Files of the data folder that were lost, cut, damaged or exchanged, and a clock that was wrong: the start tells.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Duration, SecondsFormat, Utc};

use crate::support::app::TestClock;
use crate::support::events::{Draft, bot_registered, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger, run};

/// One bot of a time before the others' clocks; the same name is the same event.
fn bot(name: &str) -> Draft {
    bot_registered(name).at("2016-07-05T10:00:00Z").id(name)
}

/// A data folder, and what may be done to it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn database(&self) -> PathBuf {
        self.file("botledger.duckdb")
    }

    fn log(&self) -> PathBuf {
        self.file("botledger.duckdb.wal")
    }

    /// Serves, posts one bot a request under each of these names, and ends.
    fn filled(self, names: &[&str], end: impl FnOnce(Served)) -> Self {
        let served = Served::start(self.path());
        for name in names {
            assert_eq!(served.client.post_events(&lines(&[bot(name)])).accepted, 1);
        }
        end(served);
        self
    }

    /// A start that is refused: what it says. Nothing is made or changed by it.
    fn refused(&self) -> String {
        let data = self.path().to_str().unwrap();
        let before = self.sizes();
        let output = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert_eq!(self.sizes(), before, "a refused start leaves everything as it was");
        told
    }

    fn sizes(&self) -> Vec<(PathBuf, u64)> {
        let entries = fs::read_dir(self.path()).unwrap().flatten();
        let mut sizes: Vec<_> = entries
            .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
            .collect();
        sizes.sort();
        sizes
    }

    /// Starts with an option that accepts what was refused.
    fn accepted(&self, option: &str) -> Served {
        let data = self.path().to_str().unwrap();
        Served::spawn(botledger(&[
            "serve",
            option,
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data,
        ]))
    }

    /// Goes on after a loss: the next start needs no option, and of the lost events each is taken once more.
    fn goes_on(&self, kept: &[&str], lost: &[&str]) {
        stop(self.accepted("--accept-loss"));
        let served = Served::start(self.path());
        for (names, accepted) in [(kept, 0), (lost, 1)] {
            for name in names {
                let counts = served.client.post_events(&lines(&[bot(name)]));
                assert_eq!(counts.accepted, accepted, "{name}");
            }
        }
        assert!(served.terminate().success());
    }
}

/// Ends in good order, once it serves.
fn stop(served: Served) {
    served.client.get("/readyz").expect_status(200);
    assert!(served.terminate().success());
}

fn holds(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
}

#[test]
fn a_deleted_log_is_told_and_its_loss_can_be_accepted() {
    let folder = Folder::new().filled(&["a"], stop).filled(&["b", "c"], Served::kill);
    let kept = fs::read(folder.log()).unwrap();
    fs::remove_file(folder.log()).unwrap();
    holds(
        &folder.refused(),
        &["2 of 3 commits are missing", "--accept-loss", "backup"],
    );
    // Put back, it opens as if nothing had been.
    fs::write(folder.log(), kept).unwrap();
    let folder = folder.filled(&[], Served::kill);
    fs::remove_file(folder.log()).unwrap();
    folder.goes_on(&["a"], &["b", "c"]);
}

#[test]
fn a_database_that_has_lost_all_its_commits_is_told_as_one() {
    let folder = Folder::new().filled(&[], stop).filled(&["a", "b"], Served::kill);
    fs::remove_file(folder.log()).unwrap();
    let told = folder.refused();
    holds(&told, &["2 of 2 commits are missing: the database holds none"]);
    assert!(!told.contains("1970"), "{told}");
}

#[test]
fn a_cut_log_is_told() {
    let folder = Folder::new().filled(&["a", "b"], Served::kill);
    let log = fs::read(folder.log()).unwrap();
    fs::write(folder.log(), &log[..log.len() / 3]).unwrap();
    let told = folder.refused();
    holds(&told, &["--accept-loss"]);
    assert!(
        told.contains("commits are missing") || told.contains("left after its log was cut"),
        "{told}"
    );
    stop(folder.accepted("--accept-loss"));
    stop(Served::start(folder.path()));
}

#[test]
fn a_flipped_bit_anywhere_in_the_log_is_told() {
    let folder = Folder::new().filled(&["a", "b"], Served::kill);
    let log = fs::read(folder.log()).unwrap();
    for part in 1..6 {
        let mut flipped = log.clone();
        flipped[log.len() * part / 6] ^= 0x10;
        fs::write(folder.log(), flipped).unwrap();
        holds(&folder.refused(), &["--accept-loss", "botledger.duckdb.wal"]);
    }
    stop(folder.accepted("--accept-loss"));
    stop(Served::start(folder.path()));
}

#[test]
fn an_older_copy_of_the_database_is_told() {
    let folder = Folder::new().filled(&["a"], stop);
    let older = fs::read(folder.database()).unwrap();
    let folder = folder.filled(&["b"], stop);
    fs::write(folder.database(), older).unwrap();
    holds(
        &folder.refused(),
        &["1 of 2 commits are missing", "an older copy was put back"],
    );
    folder.goes_on(&["a"], &["b"]);
}

#[test]
fn another_database_is_told() {
    let folder = Folder::new().filled(&["a"], stop);
    let other = Folder::new();
    fs::copy(folder.file("pseudonym.key"), other.file("pseudonym.key")).unwrap();
    stop(other.accepted("--accept-loss"));
    let other = other.filled(&["b", "c"], stop);
    fs::copy(other.database(), folder.database()).unwrap();
    holds(
        &folder.refused(),
        &["the database is not the one that ledger.json describes"],
    );
    folder.goes_on(&["b", "c"], &["a"]);
}

#[test]
fn a_deleted_database_is_told_and_none_is_made_in_its_place() {
    let folder = Folder::new().filled(&["a"], stop);
    fs::remove_file(folder.database()).unwrap();
    holds(
        &folder.refused(),
        &["the database botledger.duckdb is missing", "it held 1 commits"],
    );
    folder.goes_on(&[], &["a"]);
}

#[test]
fn a_key_alone_is_what_a_lost_ledger_leaves_or_was_put_there_on_purpose() {
    let folder = Folder::new().filled(&["a"], stop);
    for name in ["botledger.duckdb", "ledger.json"] {
        fs::remove_file(folder.file(name)).unwrap();
    }
    holds(
        &folder.refused(),
        &[
            "botledger.duckdb and ledger.json are missing",
            "pseudonym.key",
            "--accept-loss",
        ],
    );
    let events = folder.file("events.ndjson");
    fs::write(&events, lines(&[bot("a")])).unwrap();
    let data = folder.path().to_str().unwrap();
    let import = ["import", events.to_str().unwrap(), "--data-dir", data];
    assert_eq!(run(&import).status.code(), Some(2));
    fs::remove_file(&events).unwrap();
    folder.goes_on(&[], &["a"]);
}

#[test]
fn a_damaged_mark_is_told() {
    let folder = Folder::new().filled(&["a"], stop);
    fs::write(folder.file("ledger.json"), "{").unwrap();
    holds(&folder.refused(), &["ledger.json is damaged"]);
    folder.goes_on(&["a"], &["b"]);
}

#[test]
fn a_copied_folder_opens_and_so_does_one_without_a_mark() {
    let folder = Folder::new().filled(&["a"], stop);
    let copy = Folder::new();
    for name in ["botledger.duckdb", "pseudonym.key", "ledger.json"] {
        fs::copy(folder.file(name), copy.file(name)).unwrap();
    }
    let copy = copy.filled(&["b"], stop);
    fs::remove_file(copy.file("ledger.json")).unwrap();
    let copy = copy.filled(&["c"], stop);
    let mark = fs::read_to_string(copy.file("ledger.json")).unwrap();
    holds(&mark, &["\"commits\":3"]);
    // A later copy of the same database has everything that the mark tells of.
    fs::copy(copy.database(), folder.database()).unwrap();
    folder.filled(&[], stop);
}

/// Puts all stamps after a moment so many days ahead, as a clock that was wrong then would have made them.
fn put_ahead(folder: &Folder, after: &str, days: i64) {
    let ledger = Ledger::open(folder.path());
    let ahead = |table: &str, column: &str| {
        let sql = format!("update {table} set {column} = {column} + interval {days} day where {column} > '{after}'");
        ledger.0.execute_batch(&sql).unwrap();
    };
    for table in ["events", "commits", "fx_rates", "annotations"] {
        ahead(table, "received_at");
    }
    ahead("commits", "shown_at");
    let folded = "update fold_state set folded_to = (select max(received_at) from commits)";
    ledger.0.execute_batch(folded).unwrap();
    // The mark knows the stamps as they are in the database.
    fs::remove_file(folder.file("ledger.json")).unwrap();
}

/// Bot a, then b and c with rates and an annotation between them; gives the moment after a.
fn filled_in_turn(folder: &Folder) -> String {
    let served = Served::start(folder.path());
    let post = |name: &str| assert_eq!(served.client.post_events(&lines(&[bot(name)])).accepted, 1);
    post("a");
    let first = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    post("b");
    let rates = "Date, USD, JPY\n12 September 2016, 1.1226, 114.93\n";
    served.client.post_rates(rates).expect_status(200);
    let note = br#"{"time": "2016-09-12T00:00:00Z", "text": "payments in the thread"}"#;
    let json = [("Content-Type", "application/json")];
    served.client.post("/v1/annotations", &json, note).expect_status(200);
    post("c");
    stop(served);
    first
}

fn bots(served: &Served, as_of: &str) -> serde_json::Value {
    let question = format!("/v1/metrics/bot-growth?from=2016-07-01&to=2016-10-01&interval=month&as_of={as_of}");
    served.client.get_json(&question)["rows"].clone()
}

/// What was stamped, in the order of the stamps.
fn order(folder: &Folder) -> Vec<Vec<String>> {
    let sql = "select what from (select id as what, received_at from events union all select text, received_at from \
               annotations union all select distinct 'rates', received_at from fx_rates) order by received_at";
    Ledger::open(folder.path()).rows(sql)
}

/// The latest stamp of commits, in microseconds since 1970.
fn last_stamp(folder: &Folder) -> i64 {
    Ledger::open(folder.path()).number("select epoch_us(max(received_at)) from commits")
}

#[test]
fn stamps_ahead_of_the_clock_are_told_and_moved_back_in_their_order() {
    let folder = Folder::new();
    let first = filled_in_turn(&folder);
    let before = order(&folder);
    assert_eq!(before.concat(), ["a", "b", "rates", "payments in the thread", "c"]);
    let served = Served::start(folder.path());
    let answer = bots(&served, &first);
    assert_eq!(answer[2]["closing"], 1);
    stop(served);
    put_ahead(&folder, &first, 400);
    holds(
        &folder.refused(),
        &["399 d 23 h ahead of this machine's clock", "--accept-clock"],
    );
    let served = folder.accepted("--accept-clock");
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    assert_eq!(bots(&served, &now)[2]["closing"], 3);
    assert_eq!(bots(&served, &first), answer, "what was known before is as it was");
    stop(served);
    stop(Served::start(folder.path()));
    assert_eq!(order(&folder), before);
    assert!(last_stamp(&folder) <= Utc::now().timestamp_micros());
    let ledger = Ledger::open(folder.path());
    assert_eq!(ledger.number("select count(*) from moved_stamps"), 4);
    let shown = "select count(*) from commits where shown_at > received_at";
    assert_eq!(
        ledger.number(shown),
        0,
        "and so is what each commit had shown before it"
    );
}

#[test]
fn stamps_are_moved_once_more_where_the_clock_was_still_wrong() {
    let folder = Folder::new();
    let first = filled_in_turn(&folder);
    put_ahead(&folder, &first, 4_000);
    let options = botledger::app::store_options(&crate::support::app::config(folder.path()));
    let open = |days: i64, clock: bool| {
        let mut options = options.clone();
        options.accept.clock = clock;
        let at = TestClock::at(&(Utc::now() + Duration::days(days)).to_rfc3339());
        botledger::store::Store::open(&options, at.clock()).map(|store| store.close())
    };
    assert!(open(2_000, true).is_ok());
    assert!(open(0, false).is_err(), "the stamps are of a time to come");
    assert!(open(0, true).is_ok());
    assert!(open(0, false).is_ok());
    assert!(last_stamp(&folder) <= Utc::now().timestamp_micros());
    assert_eq!(
        order(&folder).concat(),
        ["a", "b", "rates", "payments in the thread", "c"]
    );
}

#[test]
fn a_start_that_broke_off_after_stamps_were_moved_is_made_up_for() {
    let folder = Folder::new();
    let first = filled_in_turn(&folder);
    put_ahead(&folder, &first, 400);
    let ahead = TestClock::at(&(Utc::now() + Duration::days(401)).to_rfc3339());
    let options = botledger::app::store_options(&crate::support::app::config(folder.path()));
    botledger::store::Store::open(&options, ahead.clock()).unwrap().close();
    let mark = fs::read(folder.file("ledger.json")).unwrap();
    stop(folder.accepted("--accept-clock"));
    // The stamps were moved, and the mark was not written any more.
    fs::write(folder.file("ledger.json"), mark).unwrap();
    stop(Served::start(folder.path()));
}

#[test]
fn a_new_folder_whose_database_was_deleted_begins_anew() {
    let folder = Folder::new().filled(&[], stop);
    fs::remove_file(folder.database()).unwrap();
    folder.filled(&["a"], stop);
}

#[test]
fn a_clock_that_is_some_seconds_behind_is_believed() {
    let folder = Folder::new().filled(&["a"], stop);
    let behind = TestClock::at(&(Utc::now() - Duration::minutes(4)).to_rfc3339());
    let options = botledger::app::store_options(&crate::support::app::config(folder.path()));
    assert!(botledger::store::Store::open(&options, behind.clock()).is_ok());
    behind.advance(Duration::minutes(-2));
    assert!(botledger::store::Store::open(&options, behind.clock()).is_err());
}

/// What `check` says and its exit code.
fn checked(folder: &Folder) -> (Option<i32>, String) {
    let output = run(&["check", "--data-dir", folder.path().to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), told)
}

#[test]
fn a_check_reads_every_table_and_finds_nothing_in_a_whole_folder() {
    let folder = Folder::new().filled(&["a"], stop).filled(&["b", "c"], Served::kill);
    let before = folder.sizes();
    let (code, told) = checked(&folder);
    assert_eq!(code, Some(0), "{told}");
    holds(
        &told,
        &["read: events, 3 rows", "read: commits, 3 rows", "nothing is wrong"],
    );
    assert_eq!(folder.sizes(), before, "it changes nothing");
    let served = Served::start(folder.path());
    let (code, told) = checked(&folder);
    assert_eq!(code, Some(2), "{told}");
    holds(&told, &[&format!("the process {} is using it", served.process())]);
}

#[test]
fn a_check_tells_what_is_wrong() {
    let folder = Folder::new().filled(&["a", "b"], stop);
    let wrong = |parts: &[&str]| {
        let (code, told) = checked(&folder);
        assert_eq!(code, Some(1), "{told}");
        holds(&told, parts);
    };
    let whole = fs::read(folder.database()).unwrap();
    // Half of the identities, an event without a commit.
    let sql = "delete from event_keys_recent where identity_high = (select min(identity_high) from event_keys_recent); \
               update events set received_at = received_at - interval 1 microsecond where id = 'a'";
    Ledger::open(folder.path()).0.execute_batch(sql).unwrap();
    wrong(&[
        "the stored identities (1) are not those of the events (2)",
        "events with a stamp that no commit has: 1",
    ]);
    // A bit of every block: 12 KiB of headers are before them.
    let mut flipped = whole.clone();
    flipped[12_288..]
        .iter_mut()
        .step_by(1 << 18)
        .for_each(|byte| *byte ^= 1);
    fs::write(folder.database(), flipped).unwrap();
    wrong(&["wrong: "]);
    fs::write(folder.database(), "no database").unwrap();
    wrong(&["botledger.duckdb, is damaged"]);
    fs::remove_file(folder.database()).unwrap();
    wrong(&["the database botledger.duckdb is missing"]);
    fs::write(folder.database(), whole).unwrap();
    fs::remove_file(folder.file("pseudonym.key")).unwrap();
    wrong(&["pseudonym.key is missing"]);
}

/// A server that has stored a bot, and a file of its folder with which something is done then: what it says at its end.
fn ended_by(folder: &Folder, harm: impl FnOnce()) -> String {
    let log = folder.path().with_extension("stderr");
    let data = folder.path().to_str().unwrap();
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
    command.stderr(fs::File::create(&log).unwrap());
    let served = Served::spawn(command);
    assert_eq!(served.client.post_events(&lines(&[bot("under way")])).accepted, 1);
    // The log is seen once it is there.
    std::thread::sleep(std::time::Duration::from_millis(600));
    harm();
    let status = served.ended();
    let told = fs::read_to_string(&log).unwrap();
    fs::remove_file(log).unwrap();
    assert_eq!(status.code(), Some(3), "{told}");
    told
}

#[test]
fn a_database_deleted_under_a_running_server_ends_it_and_is_saved() {
    let folder = Folder::new().filled(&["a"], stop);
    let told = ended_by(&folder, || fs::remove_file(folder.database()).unwrap());
    holds(&told, &["botledger.duckdb was deleted", "botledger.duckdb.saved-1"]);
    assert!(folder.refused().contains("the database botledger.duckdb is missing"));
    fs::rename(folder.file("botledger.duckdb.saved-1"), folder.database()).unwrap();
    let served = Served::start(folder.path());
    for name in ["a", "under way"] {
        assert_eq!(served.client.post_events(&lines(&[bot(name)])).accepted, 0, "{name}");
    }
    assert!(served.terminate().success());
    assert_eq!(checked(&folder).0, Some(0));
}

#[test]
fn a_database_replaced_under_a_running_server_ends_it_and_is_saved() {
    let folder = Folder::new().filled(&["a"], stop);
    let copy = folder.file("copy");
    fs::copy(folder.database(), &copy).unwrap();
    let told = ended_by(&folder, || fs::rename(&copy, folder.database()).unwrap());
    holds(&told, &["botledger.duckdb.saved-1"]);
    assert!(folder.refused().contains("1 of 2 commits are missing"));
}

#[test]
fn a_database_moved_away_under_a_running_server_ends_it_and_keeps_everything() {
    let folder = Folder::new().filled(&["a"], stop);
    let moved = folder.file("moved");
    let told = ended_by(&folder, || fs::rename(folder.database(), &moved).unwrap());
    holds(&told, &[moved.to_str().unwrap()]);
    fs::rename(&moved, folder.database()).unwrap();
    let served = Served::start(folder.path());
    assert_eq!(served.client.post_events(&lines(&[bot("under way")])).accepted, 0);
    assert!(served.terminate().success());
}

#[test]
fn a_log_or_a_mark_deleted_under_a_running_server_ends_it_and_nothing_is_lost() {
    for (file, word) in [("botledger.duckdb.wal", "the log"), ("ledger.json", "the mark")] {
        let folder = Folder::new().filled(&["a"], stop);
        let told = ended_by(&folder, || fs::remove_file(folder.file(file)).unwrap());
        holds(
            &told,
            &[word, file, "was deleted", "nothing that was acknowledged is lost"],
        );
        let served = Served::start(folder.path());
        for name in ["a", "under way"] {
            assert_eq!(served.client.post_events(&lines(&[bot(name)])).accepted, 0, "{name}");
        }
        assert!(served.terminate().success());
        assert_eq!(checked(&folder).0, Some(0));
    }
}

#[test]
fn checkpoints_under_which_the_log_comes_and_goes_end_no_server() {
    let folder = Folder::new();
    let options = botledger::app::store_options(&crate::support::app::config(folder.path()));
    let store = botledger::store::Store::open(&options, TestClock::at("2026-01-01T00:00:00Z").clock()).unwrap();
    let looked = std::time::Duration::from_millis(500);
    std::thread::sleep(looked);
    assert_eq!(*store.alarm().borrow(), None);
    store.finish().unwrap();
    std::thread::sleep(looked);
    assert_eq!(*store.alarm().borrow(), None);
}

#[test]
fn a_database_deleted_just_before_the_stop_is_no_good_end() {
    let folder = Folder::new();
    let options = botledger::app::store_options(&crate::support::app::config(folder.path()));
    let store = botledger::store::Store::open(&options, TestClock::at("2026-01-01T00:00:00Z").clock()).unwrap();
    fs::remove_file(folder.database()).unwrap();
    let told = store.finish().unwrap_err().to_string();
    holds(&told, &["was deleted", "botledger.duckdb.saved-1"]);
}
