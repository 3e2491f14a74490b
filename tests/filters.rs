//! Filters: every value can be asked for, also none, and what finds nothing is told.

use std::sync::OnceLock;

use botledger::metrics;
use serde_json::{Value, json};

use crate::small;
use crate::support::app::{TestApp, config};
use crate::support::events::{Draft, bot_registered, captured, checkout, conversation, lines};
use crate::support::shared_folder;

const RANGE: &str = "from=2016-07-01&to=2016-10-01";

/// Bots of awkward categories and one of none, of awkward countries and one of none.
fn app() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| {
        let app = TestApp::on(config(&shared_folder("filters")));
        let category = |bot: &str, category: &str| bot_registered(bot).with("category", category);
        let events = [
            category("b1", "Food, Drink").with("country", "US"),
            category("b2", "Food").with("country", "DE"),
            category("b3", "Drink"),
            category("b4", " padded "),
            category("b5", "(none)"),
            category("b6", "C:\\shop"),
            bot_registered("b7"),
            conversation("b1", "c1").with("acquisition", "ad"),
            conversation("b1", "c2"),
            conversation("b3", "c3").with("country", "FR"),
            checkout("b1", "c1", "k1"),
            captured("p1", "1.00", "USD")
                .with("platform", "messenger")
                .with("bot_id", "b1"),
            captured("p2", "2.00", "USD"),
        ];
        app.client.post_events(&lines(&events));
        app.wait_folded();
        app
    })
}

fn ask(question: &str) -> Value {
    let question = question.replace(' ', "%20").replace('\\', "%5C");
    app().client.get_json(&format!("/v1/metrics/{question}&{RANGE}"))
}

/// The first row's figure in a column.
fn figure(question: &str, column: &str) -> i64 {
    ask(question)["rows"][0][column].as_i64().unwrap()
}

fn registered(filter: &str) -> i64 {
    figure(&format!("bot-growth?{filter}"), "registered")
}

#[test]
fn a_value_with_a_comma_or_blanks_can_be_asked_for() {
    assert_eq!(registered("category=Food\\, Drink"), 1);
    assert_eq!(registered("category=Food, Drink"), 2);
    assert_eq!(registered("category=Food\\, Drink,Food&category=Drink"), 3);
    assert_eq!(registered("category!=Food\\, Drink"), 6);
    assert_eq!(
        (registered("category=\\ padded\\ "), registered("category=padded")),
        (1, 0)
    );
    assert_eq!(registered("category=C:\\\\shop"), 1);
    let told = ask("bot-growth?category=Food\\, Drink,Food");
    assert_eq!(told["query"]["filters"], json!({"category": ["Food", "Food, Drink"]}));
}

#[test]
fn rows_without_a_value_can_be_asked_for_and_left_out() {
    assert_eq!((registered("category=(none)"), registered("category!=(none)")), (1, 6));
    assert_eq!(registered("category=(none),Food"), 2);
    assert_eq!(registered("category!=(none),Food"), 5);
    assert_eq!((registered("category=\\(none)"), registered("category!=Food")), (1, 6));
    assert_eq!(
        (
            registered("country=(none)"),
            registered("country=(none)&category=(none)")
        ),
        (5, 1)
    );
    let told = ask("bot-growth?category=(none),\\(none)");
    assert_eq!(told["query"]["filters"], json!({"category": ["(none)", "\\(none)"]}));
    // A country is the conversation's, else the bot's.
    let entered = |filter: &str| figure(&format!("conversion?{filter}"), "entered");
    assert_eq!((entered("country=(none)"), entered("country!=(none)")), (0, 3));
    assert_eq!((entered("acquisition=(none)"), entered("acquisition!=(none)")), (2, 1));
    // What belongs to no bot.
    let payments = |filter: &str| figure(&format!("payments?{filter}"), "payments");
    assert_eq!(
        (payments("bot=(none)"), payments("bot!=(none)"), payments("bot!=b1")),
        (1, 1, 1)
    );
}

#[test]
fn a_funnel_keeps_those_without_a_checkout_where_they_are_asked_for() {
    let steps = |filter: &str| -> Vec<Value> {
        let rows = ask(&format!("conversion?{filter}"))["rows"].clone();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["entered"].clone())
            .collect()
    };
    assert_eq!(steps("path=(none)"), [json!(3), json!(2), json!(2)]);
    assert_eq!(steps("path=(none),in_thread"), [json!(3), json!(3), json!(3)]);
    assert_eq!(steps("path!=in_thread"), [json!(3), json!(2), json!(2)]);
    assert_eq!(steps("path!=(none)"), [Value::Null, json!(1), json!(1)]);
    // The same by a walk over the events.
    assert_eq!(
        steps("path=(none)&window=23h&unit=user"),
        [json!(0), json!(0), json!(0)]
    );
    assert_eq!(
        steps("path!=(none)&steps=started,catalog,checkout"),
        [Value::Null, Value::Null, json!(1)]
    );
    assert_eq!(
        steps("path=(none)&steps=started,catalog,checkout"),
        [json!(3), json!(3), json!(2)]
    );
}

#[test]
fn with_and_without_a_value_are_all_rows_in_every_dimension_of_every_metric() {
    let app = small::loaded();
    for metric in metrics::ALL {
        let column = match metric.name {
            "bot-growth" => "closing",
            "bot-activity" => "active",
            "bot-activation" => "registered",
            "bot-retention" => "cohort_size",
            "conversion" => "entered",
            "payments" | "provider-share" | "coverage" => "payments",
            "declines" => "attempts",
            _ => continue,
        };
        let sum = |filter: &str| -> i64 {
            let answer = app
                .client
                .get_json(&format!("/v1/metrics/{}?{RANGE}{filter}", metric.name));
            let rows = answer["rows"].as_array().unwrap();
            // Of a funnel the last step: before a dimension is known there is nobody with a value of it.
            let last = |row: &&Value| metric.name != "conversion" || row["step_index"] == 3;
            rows.iter().filter(last).filter_map(|row| row[column].as_i64()).sum()
        };
        let all = sum("");
        assert!(all > 0, "{}", metric.name);
        for dimension in metric.dimensions {
            let name = dimension.0;
            let (without, with) = (sum(&format!("&{name}=(none)")), sum(&format!("&{name}!=(none)")));
            assert_eq!(without + with, all, "{name} of {}", metric.name);
        }
    }
}

#[test]
fn an_empty_value_is_an_error_and_not_everything() {
    for query in [
        "platform=",
        "platform=,",
        "platform=web,",
        "platform=%20",
        "country!=",
        "group_by=",
        "mode=",
        "at=",
    ] {
        let reply = app().client.get(&format!("/v1/metrics/milestones?{query}&{RANGE}"));
        let name = query.split('=').next().unwrap();
        assert_eq!(reply.problem(400, "invalid_parameter"), name, "{query}");
    }
    for query in ["theme=", "width=", "platform="] {
        let reply = app().client.get(&format!("/v1/charts/payments.svg?{query}"));
        assert_eq!(format!("{}=", reply.problem(400, "invalid_parameter")), query);
    }
    // A form sends its empty fields: there they are the first choice of a list.
    app()
        .client
        .get("/?platform=&mode=&from=2016-07-01&to=2016-10-01")
        .expect_status(200);
}

#[test]
fn a_word_outside_a_closed_vocabulary_is_refused_with_the_words() {
    let refused = |query: &str| {
        let reply = app().client.get(&format!("/v1/metrics/conversion?{query}"));
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        (reply.problem(400, "invalid_parameter"), detail)
    };
    let (field, detail) = refused("path=in-thread");
    assert_eq!(field, "path");
    let told = "`path` takes in_thread, webview, redirect or (none), not `in-thread`; did you mean `in_thread`?";
    assert_eq!(detail, told);
    let (field, detail) = refused("credential!=old,(none)");
    assert_eq!(
        (field.as_str(), detail.as_str()),
        ("credential!", "`credential!` takes saved, new or (none), not `old`")
    );
    let (_, detail) = refused("acquisition=seo");
    assert!(detail.contains("ad, search, link, code, organic"), "{detail}");
}

#[test]
fn a_value_that_no_row_ever_had_gets_a_warning() {
    let warnings = |question: &str| ask(question)["meta"]["warnings"].clone();
    assert_eq!(
        warnings("bot-growth?platform=messenger,telegarm&country!=XX&category=(none)"),
        json!([
            "`platform=telegarm` finds nothing: no row has ever had this platform",
            "`country!=XX` leaves nothing out: no row has ever had this country",
        ])
    );
    // Also where nothing of it lies in the range, and of every kind of row.
    assert_eq!(
        warnings("conversion?country=FR,US&path=in_thread&credential=saved&acquisition=ad"),
        json!([])
    );
    assert_eq!(
        warnings("payments?provider=stripe&network=visa,none&method!=card&wallet=unknown"),
        json!([])
    );
    assert_eq!(
        warnings("payments?compare=previous_year&wallet=(none)&bot=nobody"),
        json!([
            "`wallet=(none)` finds nothing: a payment without a wallet has `none` or `unknown` there",
            "`bot=nobody` finds nothing: no row has ever had this bot",
        ])
    );
}

#[test]
fn what_was_not_known_yet_had_no_row() {
    let app = TestApp::start();
    let post = |draft: Draft| {
        app.client.post_lines(&lines(&[draft])).json()["received_at"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = post(bot_registered("b1").with("country", "US"));
    post(bot_registered("b2").with("country", "DE"));
    app.wait_folded();
    let warned = |as_of: &str| {
        let path = format!("/v1/metrics/bot-growth?{RANGE}&country=DE{as_of}");
        app.client.get_json(&path)["meta"]["warnings"].as_array().unwrap().len()
    };
    assert_eq!((warned(&format!("&as_of={first}")), warned("")), (1, 0));
}

#[test]
fn an_end_just_before_midnight_is_told_to_cut_the_last_bucket() {
    let warnings = |range: &str| {
        let answer = app()
            .client
            .get_json(&format!("/v1/metrics/bot-growth?from=2016-07-01&{range}"));
        let all = answer["meta"]["warnings"].as_array().unwrap().clone();
        all.iter()
            .map(|one| one.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (to, end) in [
        ("2016-10-31T23:59:59Z", "2016-11-01T00:00:00Z"),
        ("2016-10-31T23:59:59.999Z", "2016-11-01T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-10-31T23:59:59-05:00", "2016-11-01T00:00:00-05:00"),
        ("2016-10-31T23:59", "2016-11-01"),
        ("2016-10-31T23:59:59.999999", "2016-11-01"),
    ] {
        for more in ["", "&interval=day", "&interval=month&tz=Europe/Berlin"] {
            let told = warnings(&format!("to={to}{more}"));
            let wanted = format!("`to` is exclusive: `{to}` cuts the last bucket short; `{end}` takes all of that day");
            assert_eq!(told, [wanted], "{to}{more}");
        }
    }
    let told = warnings("to=2016-07-02T12:59:59Z&interval=hour");
    assert!(
        told[0].ends_with("`2016-07-02T13:00:00Z` takes all of that hour"),
        "{told:?}"
    );
    for to in [
        "2016-11-01",
        "2016-11-01T00:00:00Z",
        "2016-10-31T12:59:59Z",
        "2016-10-31T23:00",
    ] {
        assert!(warnings(&format!("to={to}&interval=day")).is_empty(), "{to}");
    }
}

#[test]
fn a_misspelt_parameter_is_told_its_near_one() {
    let detail = |path: &str| app().client.get(path).json()["detail"].as_str().unwrap().to_owned();
    let told = [
        (
            "/v1/metrics/bot-growth?platfrom=web",
            "`platfrom` is no parameter of bot-growth; did you mean `platform`?",
        ),
        (
            "/v1/metrics/bot-growth?From=2016-07-01",
            "`From` is no parameter of bot-growth; did you mean `from`?",
        ),
        (
            "/v1/charts/payments.png?provder!=x",
            "`provder!` is no parameter of payments; did you mean `provider`?",
        ),
        (
            "/v1/metrics/bot-growth?colour=red",
            "`colour` is no parameter of bot-growth",
        ),
        (
            "/v1/metrics/bot-growth?group_by=contry",
            "`group_by` must list dimensions of bot-growth (platform, bot, category, country, developer), not `contry`; \
             did you mean `country`?",
        ),
    ];
    for (path, wanted) in told {
        assert_eq!(detail(path), wanted);
    }
    let zone = detail("/v1/metrics/bot-growth?tz=europe/berlin");
    assert!(
        zone.ends_with("not `europe/berlin`; did you mean `Europe/Berlin`?"),
        "{zone}"
    );
}

#[test]
fn the_parameter_named_is_the_one_at_fault() {
    for (query, field) in [
        ("from=1899-06-01&to=2016-10-01", "from"),
        ("from=2016-07-01&to=2300-01-01", "to"),
        ("from=0001-01-01&to=9999-12-31", "from"),
        ("from=2016-08-01&to=2016-08-01", "to"),
        ("from=2030-01-01", "from"),
        ("as_of=0001-01-01T00:00:00Z", "as_of"),
        ("from=2016-07-01&as_of=2016-01-01T00:00:00Z", "from"),
        ("from=1990-01-01&to=2016-07-01&interval=hour", "interval"),
        ("from=%2B262142-12-31T23:59&tz=America/New_York", "from"),
        ("from=-262143-01-01", "from"),
        ("to=-262143-01-01T00:00", "to"),
    ] {
        let reply = app().client.get(&format!("/v1/metrics/bot-growth?{query}"));
        assert_eq!(reply.problem(400, "invalid_parameter"), field, "{query}");
        if query.contains("26214") {
            app().client.get(&format!("/?{query}")).expect_status(400);
        }
    }
}
