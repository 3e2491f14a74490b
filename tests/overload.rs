//! Questions under overload: who goes first, who is refused, and what nobody waits for ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use botledger::serve::Gate;
use botledger::serve::answer::report::AnswerError;
use botledger::serve::gate::Class;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};

use crate::support::app::TestApp;
use crate::support::events::{captured, conversation, lines};
use crate::support::ledger::Ledger;

const LONG: Duration = Duration::from_secs(60);

fn run(test: impl Future<Output = ()>) {
    actix_web::rt::System::new().block_on(test);
}

/// A question that takes the only place of a gate until the returned end is dropped.
fn occupied(gate: &Gate) -> (LocalBoxFuture<'static, ()>, Sender<()>) {
    let (end, over) = channel::<()>();
    let gate = gate.clone();
    let mut question = async move {
        let work = move |_| {
            let _ = over.recv();
            Ok(())
        };
        gate.run(Class::List, work).await.unwrap();
    }
    .boxed_local();
    // Asked once, it has its place.
    assert!((&mut question).now_or_never().is_none());
    (question, end)
}

/// Asks all at once, in this order, while the only place is taken; gives the order in which they were worked on.
fn order(asked: &[(Class, &'static str)]) -> Vec<&'static str> {
    let done = Arc::new(Mutex::new(Vec::new()));
    run(async {
        let gate = Gate::new(1, 10, LONG);
        let (first, end) = occupied(&gate);
        let mut questions: Vec<LocalBoxFuture<()>> = vec![first];
        for (class, name) in asked.iter().copied() {
            let (gate, done) = (gate.clone(), done.clone());
            let ask = async move {
                let work = move |_| {
                    done.lock().unwrap().push(name);
                    Ok(())
                };
                gate.run(class, work).await.unwrap();
            };
            questions.push(ask.boxed_local());
        }
        let release = async move { drop(end) };
        questions.push(release.boxed_local());
        join_all(questions).await;
    });
    let done = done.lock().unwrap();
    done.clone()
}

#[test]
fn the_newest_that_waits_goes_first() {
    let asked = [
        (Class::Metric, "first"),
        (Class::Metric, "second"),
        (Class::Metric, "third"),
    ];
    assert_eq!(order(&asked), ["third", "second", "first"]);
}

#[test]
fn classes_take_turns_so_that_none_is_kept_out() {
    let asked = [
        (Class::Page, "page"),
        (Class::Chart, "chart"),
        (Class::Metric, "metric 1"),
        (Class::Metric, "metric 2"),
        (Class::Metric, "metric 3"),
    ];
    assert_eq!(order(&asked), ["metric 3", "chart", "page", "metric 2", "metric 1"]);
}

#[test]
fn where_too_many_wait_the_oldest_is_refused() {
    run(async {
        let gate = Gate::new(1, 2, LONG);
        let (first, end) = occupied(&gate);
        let ask = || gate.run(Class::Metric, |_| Ok(())).boxed_local();
        let release = async move {
            drop(end);
            Ok(())
        };
        let outcomes = join_all([ask(), ask(), ask(), release.boxed_local()]);
        let (outcomes, ()) = tokio::join!(outcomes, first);
        assert!(matches!(outcomes[0], Err(AnswerError::Busy)));
        assert!(outcomes[1].is_ok() && outcomes[2].is_ok());
    });
}

#[test]
fn a_question_that_nobody_waits_for_any_more_is_not_worked_on() {
    static WORKED: AtomicUsize = AtomicUsize::new(0);
    let count = |_| {
        WORKED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    run(async {
        let gate = Gate::new(1, 10, LONG);
        let (first, end) = occupied(&gate);
        for _ in 0..5 {
            // Asked, and gone away while it waits.
            assert!(gate.run(Class::Metric, count).now_or_never().is_none());
        }
        drop(end);
        first.await;
        gate.run(Class::Metric, count).await.unwrap();
    });
    assert_eq!(WORKED.load(Ordering::SeqCst), 1, "only the last still had an asker");
}

#[test]
fn work_is_told_when_its_asker_has_gone() {
    run(async {
        let gate = Gate::new(1, 10, LONG);
        let (told, end) = channel();
        let work = move |deadline: Arc<botledger::store::Deadline>| {
            while !deadline.has_passed() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = told.send(());
            Ok(())
        };
        assert!(gate.run(Class::Metric, work).now_or_never().is_none());
        end.recv_timeout(Duration::from_secs(20))
            .expect("the work goes on for nobody");
        gate.run(Class::Metric, |_| Ok(()))
            .await
            .expect("its place is free again");
    });
}

#[test]
fn a_question_that_panics_gives_its_place_back() {
    run(async {
        let gate = Gate::new(1, 10, LONG);
        let panics = |_| -> Result<(), AnswerError> { panic!("this question is to panic") };
        assert!(matches!(
            gate.run(Class::Metric, panics).await,
            Err(AnswerError::Broken)
        ));
        gate.run(Class::Metric, |_| Ok(()))
            .await
            .expect("its place is free again");
    });
}

#[test]
fn who_cannot_be_answered_in_time_is_refused_before_the_time_is_over() {
    run(async {
        let gate = Gate::new(1, 10, Duration::from_secs(2));
        // From now on a question is known to take at least half of a second.
        let half = Duration::from_millis(500);
        let work = move |_| {
            std::thread::sleep(half);
            Ok(())
        };
        gate.run(Class::Metric, work).await.unwrap();
        let (first, end) = occupied(&gate);
        let refused = async move {
            let outcome = gate.run(Class::Metric, |_| Ok(())).await;
            assert!(matches!(outcome, Err(AnswerError::Busy)), "{outcome:?}");
            drop(end);
        };
        tokio::join!(refused, async {
            // The limit passes for this one too, in the same time.
            drop(std::panic::AssertUnwindSafe(first).catch_unwind().await);
        });
    });
}

/// Asks from so many clients, each again as soon as it has its answer, for some time; gives the answers and the
/// questions that were worked on.
async fn answers(askers: usize) -> (usize, usize) {
    let gate = Gate::new(4, 64, Duration::from_millis(800));
    let (answered, worked) = (Rc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let end = Instant::now() + Duration::from_secs(2);
    let ask = || async {
        while Instant::now() < end {
            let worked = worked.clone();
            let work = move |_| {
                worked.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(100));
                Ok(())
            };
            if gate.run(Class::Metric, work).await.is_ok() {
                answered.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    join_all((0..askers).map(|_| ask())).await;
    (answered.load(Ordering::SeqCst), worked.load(Ordering::SeqCst))
}

#[test]
fn sixty_four_askers_get_no_fewer_answers_than_four() {
    run(async {
        let (few, _) = answers(4).await;
        let (many, worked) = answers(64).await;
        assert!(many * 10 >= few * 8, "{many} answers for 64 askers, {few} for 4");
        assert!(worked <= many + 8, "{worked} were worked on for {many} answers");
    });
}

/// An application in which one payment waits to be folded, for ever.
fn stuck() -> TestApp {
    let mut app = TestApp::start();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    ledger.0.execute_batch("drop table conversation_cells").unwrap();
    drop(ledger);
    app.restart();
    app.client.post_events(&lines(&[captured("p1", "10.00", "USD")]));
    app
}

/// Connections that each ask for one address, and the time until then another question is answered; between the two
/// the connections are closed where they are to be.
fn answered_beside(app: &TestApp, address: &str, close: bool) -> Duration {
    let host = app.client.url("").trim_start_matches("http://").to_owned();
    let mut waiting: Vec<TcpStream> = (0..32)
        .map(|_| {
            let mut connection = TcpStream::connect(&host).unwrap();
            let head = format!("GET {address} HTTP/1.1\r\nhost: {host}\r\n\r\n");
            connection.write_all(head.as_bytes()).unwrap();
            connection
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    if close {
        waiting.clear();
    }
    let asked = Instant::now();
    app.client
        .get("/v1/metrics/payments?from=2016-07-01&to=2016-08-01")
        .expect_status(200);
    asked.elapsed()
}

/// As of now: that takes the fold, for which a question waits five seconds.
const NOW: &str = "from=2016-07-01&to=2016-07-31&as_of=2026-01-01T01:00:00Z";

#[test]
fn a_client_that_closes_its_connection_gives_its_place_to_others() {
    let took = answered_beside(&stuck(), &format!("/?{NOW}"), true);
    assert!(took < Duration::from_secs(4), "{took:?}: they were waited for");
}

#[test]
fn questions_that_wait_for_the_fold_take_no_place_from_others() {
    let app = stuck();
    for address in ["/v1/metrics/payments", "/v1/charts/payments.svg", "/"] {
        let took = answered_beside(&app, &format!("{address}?{NOW}"), false);
        assert!(
            took < Duration::from_secs(4),
            "{address}: they were waited for {took:?}"
        );
    }
}

/// The answers that so many askers get in some time, each asking again as soon as it has one; who is refused waits a
/// little, as it is told.
fn answers_of(app: &TestApp, address: &str, askers: usize) -> usize {
    let end = Instant::now() + Duration::from_secs(3);
    let ask = || {
        let mut answers = 0;
        while Instant::now() < end {
            match app.client.get(address).status {
                200 => answers += usize::from(Instant::now() < end),
                503 => std::thread::sleep(Duration::from_millis(100)),
                other => panic!("{other}"),
            }
        }
        answers
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..askers).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).sum()
    })
}

#[test]
fn a_server_gives_sixty_four_askers_no_fewer_answers_than_four() {
    let app = TestApp::with(|config| config.limits.query_seconds = 1);
    let talk = |n: usize| {
        let time = format!("2016-07-{:02}T{:02}:00:00Z", 1 + n % 28, n % 24);
        conversation(&format!("b{}", n % 100), &format!("c{n}")).at(&time)
    };
    app.client
        .post_events(&lines(&(0..2_000).map(talk).collect::<Vec<_>>()));
    app.wait_folded();
    let address = "/v1/metrics/bot-activity?from=2016-07-01&to=2016-08-01&interval=day&group_by=bot";
    app.client.get(address).expect_status(200);
    // What else the machine does may fall into one of the two; a server that loses itself in a crowd does so each time.
    let mut tries = (0..4).map(|_| {
        let (few, many) = (answers_of(&app, address, 4), answers_of(&app, address, 64));
        println!("{few} answers for 4 askers, {many} for 64");
        many * 10 >= few * 8
    });
    assert!(tries.any(|enough| enough), "64 askers get fewer answers than 4");
}

/// An answer of some ten mebibytes.
const LARGE: &str = "/v1/metrics/payments?from=2016-01-01&to=2017-01-01&interval=hour&group_by=platform";

/// Asks on a connection of its own, until the answer has begun; then nothing more is read.
fn stalled(app: &TestApp) -> TcpStream {
    let host = app.client.url("").trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&host).unwrap();
    connection.set_read_timeout(Some(LONG)).unwrap();
    let head = format!("GET {LARGE} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    connection.write_all(head.as_bytes()).unwrap();
    connection.read_exact(&mut [0]).unwrap();
    connection
}

/// Reads on until the answer is whole or the connection is closed, and waits before each part: the bytes that came.
fn read_on(mut connection: TcpStream, length: usize, wait: Duration) -> usize {
    let (mut came, mut bytes) = (0, vec![0; 256 << 10]);
    while came < length {
        std::thread::sleep(wait);
        match connection.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => came += count,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("neither read nor closed: {error}"),
        }
    }
    came
}

#[test]
fn answers_that_nobody_reads_are_bounded_and_given_up() {
    let patience = Duration::from_secs(15);
    let app = TestApp::with(|config| {
        config.limits.answer_bytes = 28 << 20;
        config.limits.answer_seconds = patience.as_secs();
    });
    app.client.post_events(&lines(&[captured("p1", "10.00", "USD")]));
    app.wait_folded();
    let length = app.client.get(LARGE).expect_status(200).body.len();
    assert!(
        (8 << 20..12 << 20).contains(&length),
        "two fit into 24.5 MiB, and not three: {length}"
    );
    let connections: Vec<TcpStream> = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| stalled(&app)));
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let begun = Instant::now();
    // A third has no room; what is small goes.
    let refused = app.client.get(LARGE);
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(503, "busy");
    app.client.get("/readyz").expect_status(200);
    app.client
        .get("/v1/metrics/payments?from=2016-07-01&to=2016-07-02")
        .expect_status(200);
    // They are given up: their connections are closed, and others have their room.
    std::thread::sleep((patience + Duration::from_secs(5)).saturating_sub(begun.elapsed()));
    app.client.get(LARGE).expect_status(200);
    for connection in connections {
        let came = read_on(connection, length, Duration::ZERO);
        assert!(came < length, "{came} of {length} bytes came");
    }
}

#[test]
fn an_answer_that_is_read_slowly_comes_whole() {
    let app = TestApp::with(|config| config.limits.answer_seconds = 1);
    app.client.post_events(&lines(&[captured("p1", "10.00", "USD")]));
    app.wait_folded();
    let length = app.client.get(LARGE).expect_status(200).body.len();
    let begun = Instant::now();
    let came = read_on(stalled(&app), length, Duration::from_millis(100));
    assert!(
        came >= length && begun.elapsed() > Duration::from_secs(2),
        "{came} of {length} bytes came"
    );
}
