//! Whatever is asked, and whatever an older ledger holds, no question breaks the server.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use botledger::metrics::{self, Metric};
use botledger::model::{
    CheckoutPath, Credential, Currency, Direction, DisputeStage, Event, EventType, FailureKind, Money,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::small;
use crate::support::app::{TestApp, config, instant};
use crate::support::client::Reply;
use crate::support::{number, shared_folder};

/// Times that today's ways in refuse, and one they take.
const MOMENTS: [&str; 4] = [
    "0001-01-01T00:00:00Z",
    "1899-12-31T23:59:59Z",
    "2016-09-12T10:00:00Z",
    "9999-12-31T23:59:59Z",
];

/// Everything that can happen, at one moment.
fn everything(number: usize, at: &str) -> Vec<Event> {
    let event = |kind: EventType| {
        let mut event = Event::new("/old", format!("{} {number}", kind.as_str()), kind, instant(at));
        event.platform = Some("web".into());
        event.bot_id = Some(format!("bot {number}"));
        event
    };
    let talk = |kind: EventType| Event {
        conversation_id: Some(format!("talk {number}")),
        user_id: Some(format!("user {number}")),
        ..event(kind)
    };
    let pay = |kind: EventType, payment: &str| Event {
        provider: Some("stripe".into()),
        payment_id: Some(format!("{payment} {number}")),
        amount: Some(Money {
            minor: 100,
            currency: Currency::parse("EUR").unwrap(),
        }),
        ..talk(kind)
    };
    vec![
        event(EventType::BotRegistered),
        talk(EventType::ConversationStarted),
        Event {
            direction: Some(Direction::In),
            ..talk(EventType::ConversationMessage)
        },
        Event {
            path: Some(CheckoutPath::InThread),
            credential: Some(Credential::New),
            ..talk(EventType::CheckoutStarted)
        },
        pay(EventType::TransactionCaptured, "paid"),
        Event {
            refund_id: Some("r".into()),
            ..pay(EventType::TransactionRefunded, "paid")
        },
        Event {
            dispute_id: Some("d".into()),
            stage: Some(DisputeStage::Chargeback),
            ..pay(EventType::TransactionDisputed, "paid")
        },
        Event {
            failure_kind: Some(FailureKind::Issuer),
            ..pay(EventType::TransactionFailed, "failed")
        },
    ]
}

/// The small sample in a ledger that an older version also gave impossible times.
fn old_ledger() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| {
        let mut config = config(&shared_folder("old_ledger"));
        // What takes long because much runs beside it is no fault.
        config.limits.query_seconds = 600;
        let app = TestApp::on(config);
        app.client.post_events(&small::sample());
        let events = MOMENTS
            .iter()
            .enumerate()
            .flat_map(|(number, at)| everything(number, at));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(app.store().append(events.collect())).unwrap();
        app.wait_folded();
        app
    })
}

#[test]
fn impossible_times_of_an_older_ledger_break_no_answer() {
    let client = &old_ledger().client;
    let ranges = [
        "",
        "?from=1900-01-01&to=2201-01-01",
        "?from=1900-01-01&to=2201-01-01&interval=year",
        "?from=1900-01-01&to=1900-01-02&interval=hour&tz=America/New_York",
        "?from=2016-07-01&to=2016-10-01&interval=month&tz=Pacific/Apia",
        "?from=1950-01-01&to=2050-01-01&interval=year&group_by=platform&format=csv",
    ];
    for metric in metrics::ALL {
        for range in ranges {
            client
                .get(&format!("/v1/metrics/{}{range}", metric.name))
                .expect_status(200);
            if !range.contains("format") {
                client
                    .get(&format!("/v1/charts/{}.svg{range}", metric.name))
                    .expect_status(200);
            }
        }
    }
    for range in [
        "",
        "?from=1900-01-01&to=2016-10-01",
        "?from=2016-09-01&to=2200-12-31&interval=year",
        "?tz=Asia/Tokyo",
    ] {
        client.get(&format!("/{range}")).expect_status(200);
    }
    client.get("/v1/sources").expect_status(200);
}

#[test]
fn all_data_are_those_of_the_years_that_can_be_asked_about() {
    let span = old_ledger().store().data_range().unwrap().unwrap();
    let sample = small::loaded().store().data_range().unwrap().unwrap();
    assert_eq!(span.0, sample.0.min(instant(MOMENTS[2])));
    assert_eq!(span.1, sample.1.max(instant(MOMENTS[2])));
    let only_impossible = TestApp::start();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let append = only_impossible.store().append(everything(0, MOMENTS[0]));
    runtime.block_on(append).unwrap();
    assert_eq!(only_impossible.store().data_range().unwrap(), None);
    only_impossible.client.get("/").expect_status(200);
}

#[test]
fn an_event_of_another_age_is_in_no_range_and_a_bot_of_it_was_always_there() {
    let rows = |metric: &str| {
        let path = format!("/v1/metrics/{metric}?from=1900-01-01&to=2201-01-01&platform=web");
        old_ledger().client.get_json(&path)["rows"][0].clone()
    };
    // Of the bots of four moments two were there before, one comes in 2016 and one in 9999.
    let growth = rows("bot-growth");
    let counts = ["opening", "registered", "closing"].map(|name| growth[name].as_i64().unwrap());
    let conversations = rows("conversion");
    assert_eq!((counts, &conversations["entered"]), ([2, 1, 3], &1.into()));
}

const TIMES: &[&str] = &[
    "2016-07-01",
    "2016-09-01",
    "2016-10-01",
    "2016-10-31T23:59:59Z",
    "2016-03-27T02:30",
    "2016-10-30T02:30",
    "2016-02-29",
    "2015-12-31T23:59:60Z",
    "1900-01-01",
    "2200-12-31",
    "2201-01-01",
    "2201-01-02T12:00",
    "1900-01-01T00:00:00%2B14:00",
    "2200-12-31T23:59:59.999999999-12:00",
    "2016-07-01T00:00:00%2B23:59",
    "0001-01-01",
    "0000-01-01T00:00:00%2B23:59",
    "9999-12-31T23:59:59-23:59",
    "-262143-01-01",
    "%2B262142-12-31T23:59",
    "-262143-01-01T00:00:00",
    "2016-02-30",
    "2016-07-01T24:00",
    "now",
    "1467331200",
];

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Africa/Monrovia",
    "Europe/Amsterdam",
    "Antarctica/Troll",
    "Etc/GMT%2B12",
    "Mars/Olympus",
];

const LENGTHS: &[&str] = &[
    "24h",
    "1m",
    "90d",
    "365d",
    "0d",
    "6w",
    "1",
    "7",
    "1100",
    "999999w",
    "999999d",
    "99999d",
    "999999999999d",
    "9223372036854775807s",
    "106751991167300d",
    "9223372036854775807",
    "2016-12-31",
    "9999-12-31",
    "%2B262142-12-31",
    "-5d",
    "soon",
];

const VALUES: &[&str] = &[
    "messenger",
    "web",
    "US",
    "stripe",
    "visa",
    "in_thread",
    "saved",
    "ad",
    "(none)",
    "none",
    "none,unknown,(none)",
    "Food%5C,%20Drink",
    "%5C",
    "%5C%5C",
    "a,,b",
    ",",
    "%00",
    "%FF%FE",
    "%F0%9F%A4%96",
    "'; drop table events; --",
    "%25s",
    "-1",
    "1e309",
    "NaN",
];

/// What a parameter may be given, good and bad.
fn pool(name: &str) -> &'static [&'static str] {
    match name {
        "from" | "to" => TIMES,
        "as_of" => &[
            "2016-10-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ],
        "tz" => ZONES,
        "interval" => &["hour", "day", "week", "month", "quarter", "year", "fortnight"],
        "compare" => &["previous_period", "previous_year", "tomorrow"],
        "mode" => &["live", "test", "dry"],
        "currency" => &["USD", "EUR", "JPY", "KWD", "original", "XTR", "QQQ"],
        "window" | "horizon" => LENGTHS,
        "at" => &[
            "reached",
            "1",
            "3,1,2",
            "0",
            "1000000000",
            "9223372036854775807",
            "1,,2",
            "x",
        ],
        "of" => &["bots", "payments", "gross", "payment_success", "first_attempt_approval"],
        "dimension" => &["provider", "network", "method", "wallet", "colour"],
        "basis" => &["activity", "cohort"],
        "failures" => &["all", "declined"],
        "unit" => &["conversation", "user", "bot"],
        "steps" => &[
            "started,checkout,paid",
            "paid",
            "started,started,started",
            "product.viewed,other",
            ",",
        ],
        "group_by" => &[
            "platform",
            "country,platform",
            "bot",
            "provider,network",
            "path",
            "platform,platform",
        ],
        "width" | "height" => &["320", "480", "0", "-1", "99999999999"],
        "theme" => &["light", "dark", "pink"],
        "format" => &["json", "csv", "xml"],
        _ => VALUES,
    }
}

const COMMON: [&str; 9] = [
    "from", "to", "interval", "tz", "as_of", "compare", "mode", "currency", "group_by",
];

/// Chance with a seed.
pub struct Chance(pub ChaCha8Rng);

impl Chance {
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// A parameter of a metric, of the page or of nothing, and a value that may belong to another.
    fn pair(&mut self, metric: &Metric) -> String {
        let mut names: Vec<String> = COMMON.iter().map(|name| (*name).to_owned()).collect();
        names.extend(["from", "to", "interval", "format", "width", "theme"].map(str::to_owned));
        names.extend(metric.parameters.iter().map(|parameter| parameter.name.to_owned()));
        for dimension in metric.dimensions {
            names.extend([dimension.0.to_owned(), format!("{}!", dimension.0)]);
        }
        let name = match self.below(40) {
            0 => self.noise(),
            _ => names[self.below(names.len())].clone(),
        };
        let value = match self.below(20) {
            0 => self.noise(),
            1 => self.pick(VALUES).to_owned(),
            _ => self.pick(pool(name.trim_end_matches('!'))).to_owned(),
        };
        format!("{name}={}", value.replace(' ', "%20"))
    }

    /// A few bytes of anything, as they stand in an address.
    fn noise(&mut self) -> String {
        (0..self.below(6))
            .map(|_| format!("%{:02X}", self.below(256)))
            .collect()
    }

    pub fn address(&mut self) -> String {
        let metric = &metrics::ALL[self.below(metrics::ALL.len())];
        let name = metric.name;
        let path = match self.below(40) {
            0 => "/v1/metrics".to_owned(),
            1 => "/docs/metrics".to_owned(),
            2 => "/v1/annotations".to_owned(),
            3 => self
                .pick(&["/v1/sources", "/v1/jobs", "/healthz", "/readyz"])
                .to_owned(),
            4 => format!("/v1/metrics/{}", self.noise()),
            5 => format!("/v1/charts/{name}.{}", self.noise()),
            6 => "/v1/webhooks/messenger/main".to_owned(),
            7 => format!("/v1/charts/{name}.png"),
            8 => "/".to_owned(),
            9..=14 => format!("/v1/charts/{name}.svg"),
            _ => format!("/v1/metrics/{name}"),
        };
        // Half of them have a range that can be answered.
        let mut pairs = match self.below(2) {
            0 => Vec::new(),
            _ => vec!["from=2016-07-01".to_owned(), "to=2016-10-01".to_owned()],
        };
        pairs.extend((0..self.below(4)).map(|_| self.pair(metric)));
        // All answers of a page about the past fold again what has changed since: right, but slow.
        pairs.retain(|pair| path != "/" || !pair.starts_with("as_of="));
        format!("{path}?{}", pairs.join("&"))
    }
}

fn check(address: &str, reply: &Reply) {
    assert!(reply.status < 500, "{}: {address}: {}", reply.status, reply.text());
    if reply.status == 200 || address.starts_with("/?") {
        assert!(!reply.body.is_empty(), "{address}");
        return;
    }
    assert_eq!(reply.header("content-type"), "application/problem+json", "{address}");
    if reply.status == 400 {
        let problem = reply.json();
        assert!(problem["field"].is_string(), "{address}: {problem}");
    }
}

/// `BOTLEDGER_FUZZ` says how many, `BOTLEDGER_FUZZ_SEED` from which seed.
#[test]
fn any_address_is_answered_or_refused_by_the_name_of_a_parameter() {
    let (count, seed) = (number("BOTLEDGER_FUZZ", 1_000), number("BOTLEDGER_FUZZ_SEED", 35));
    println!("{count} addresses from the seed {seed}");
    let mut chance = Chance(ChaCha8Rng::seed_from_u64(seed));
    let addresses: Vec<String> = (0..count).map(|_| chance.address()).collect();
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let client = &old_ledger().client;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let reply = client.send("GET", address, &[], None);
                    let reply = reply.unwrap_or_else(|error| panic!("{address}: {error}"));
                    check(address, &reply);
                    answered.fetch_add(usize::from(reply.status == 200), Ordering::Relaxed);
                }
            });
        }
    });
    let answered = answered.into_inner() as u64;
    println!("{answered} were answered");
    assert!(answered * 10 > count, "{answered} of {count}");
}
