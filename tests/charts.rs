//! Charts over HTTP: real pictures of the asked answer, in both formats and themes.

use crate::questions::METRICS;
use crate::small;
use crate::support::app::TestApp;
use crate::support::events::{bot_registered, captured, lines};

const RANGE: &str = "from=2016-07-01&to=2016-10-01&interval=month";

#[test]
fn every_metric_has_an_svg_and_a_png_of_the_asked_size() {
    let app = small::loaded();
    for metric in METRICS {
        for theme in ["light", "dark"] {
            let query = format!("{RANGE}&width=900&height=500&theme={theme}");
            let svg = app
                .client
                .get(&format!("/v1/charts/{metric}.svg?{query}"))
                .expect_status(200);
            assert!(svg.header("content-type").starts_with("image/svg+xml"));
            let text = svg.text();
            assert!(text.starts_with("<svg") || text.starts_with("<?xml"), "{metric}");
            assert!(
                text.contains("width=\"900\"") && text.contains("</svg>") && text.contains("<text"),
                "{metric}"
            );
            assert!(!text.contains("<script") && !text.contains("NaN"), "{metric}");
            let png = app
                .client
                .get(&format!("/v1/charts/{metric}.png?{query}"))
                .expect_status(200);
            assert_eq!(png.header("content-type"), "image/png");
            assert_eq!(&png.body[..8], b"\x89PNG\r\n\x1a\n");
            let side = |at: usize| u32::from_be_bytes(png.body[at..at + 4].try_into().unwrap());
            assert_eq!((side(16), side(20)), (900, 500), "{metric}");
        }
    }
}

#[test]
fn themes_differ_and_the_same_question_gives_the_same_picture() {
    let app = small::loaded();
    let ask = |theme: &str| {
        app.client
            .get(&format!(
                "/v1/charts/bot-growth.svg?{RANGE}&theme={theme}&as_of={}",
                small::RECEIVED
            ))
            .body
    };
    assert!(ask("light") == ask("light"));
    assert!(ask("light") != ask("dark"));
}

#[test]
fn a_range_without_data_is_a_picture_that_says_so() {
    let app = TestApp::start();
    for metric in METRICS {
        let svg = app
            .client
            .get(&format!("/v1/charts/{metric}.svg?{RANGE}"))
            .expect_status(200)
            .text();
        assert!(svg.contains(">No data</text>"), "{metric}: {svg}");
    }
}

#[test]
fn a_chart_that_cannot_be_drawn_is_refused_by_name() {
    let app = TestApp::start();
    app.client
        .get("/v1/charts/bot-grwth.svg")
        .problem(404, "unknown_metric");
    let field = |query: &str, code: &str| {
        app.client
            .get(&format!("/v1/charts/bot-growth.svg?{query}"))
            .problem(400, code)
    };
    assert_eq!(field("width=wide", "invalid_parameter"), "width");
    assert_eq!(field("width=1000000", "invalid_parameter"), "width");
    assert_eq!(field("height=-1", "invalid_parameter"), "height");
    assert_eq!(field("theme=pink", "invalid_parameter"), "theme");
    assert_eq!(field("colour=red", "unknown_parameter"), "colour");
    app.client.get("/v1/charts/bot-growth.gif").expect_status(404);
}

/// Eight weeks of payments in dollars and yen, and a bot that gets them.
fn in_two_currencies() -> TestApp {
    let app = TestApp::start();
    let monday = |week: i64| chrono::NaiveDate::from_ymd_opt(2016, 7, 4).unwrap() + chrono::TimeDelta::weeks(week);
    let paid = |week: i64, currency: &str, value: &str| {
        captured(&format!("{currency}{week}"), value, currency)
            .at(&format!("{}T10:00:00Z", monday(week)))
            .with("bot_id", "shop")
            .with("platform", "web")
    };
    let events = (0..8).flat_map(|week| [paid(week, "USD", "10.50"), paid(week, "JPY", "90000")]);
    app.client.post_events(&lines(&events.collect::<Vec<_>>()));
    app.wait_folded();
    app
}

#[test]
fn money_of_unlike_currencies_shares_no_axis() {
    let app = in_two_currencies();
    let ask = |question: &str| {
        app.client
            .get(&format!(
                "/v1/charts/{question}&from=2016-07-04&to=2016-08-29&interval=week&currency=original"
            ))
            .expect_status(200)
            .text()
    };
    for (question, caption) in [
        ("forecast.svg?of=gross&horizon=2", "Captured per week, "),
        ("payments.svg?", "Gross and net, "),
    ] {
        let svg = ask(question);
        for currency in ["JPY", "USD"] {
            assert!(
                svg.contains(&format!(">{caption}{currency}")),
                "{question} {currency}: {svg}"
            );
        }
        // An axis up to 90,000 yen has no tick for dollars, which have one of their own.
        assert!(svg.contains(">100,000<") && svg.contains(">10<"), "{question}");
    }
    let shares = ask("provider-share.svg?");
    assert!(shares.contains(">JPY</text>") && shares.contains(">USD</text>"));
}

#[test]
fn every_sentence_about_money_of_several_currencies_names_them() {
    let app = in_two_currencies();
    let page = app
        .client
        .get("/?from=2016-07-04&to=2016-08-28&interval=week&currency=original")
        .expect_status(200)
        .text();
    let reading = |anchor: &str| {
        let section = page.split(&format!("<section id=\"{anchor}\"")).nth(1).unwrap();
        let (_, reading) = section.split_once("class=\"reading\">").unwrap();
        reading.split("</p>").next().unwrap().to_owned()
    };
    // 8 times 10.50 dollars and 8 times 90,000 yen.
    let payments = reading("payments");
    assert!(
        payments.contains("84.00 USD") && payments.contains("720,000 JPY"),
        "{payments}"
    );
    let outlook = reading("payments-forecast");
    assert!(
        outlook.contains("USD") && outlook.contains("JPY") && outlook.contains("each currency for itself"),
        "{outlook}"
    );
    let providers = reading("providers");
    assert!(
        providers.contains("of the payments in JPY") || providers.contains("of the payments in USD"),
        "{providers}"
    );
}

#[test]
fn the_largest_groups_are_drawn_and_the_others_are_counted() {
    let app = TestApp::start();
    let payments = |bot: usize| {
        // The last in the alphabet has the most.
        (0..=bot).map(move |number| {
            captured(&format!("{bot}-{number}"), "1.00", "USD")
                .at("2016-07-04T10:00:00Z")
                .with("bot_id", format!("bot-{bot:02}"))
                .with("platform", "web")
        })
    };
    app.client
        .post_events(&lines(&(0..12).flat_map(payments).collect::<Vec<_>>()));
    app.wait_folded();
    let svg = app
        .client
        .get("/v1/charts/payments.svg?from=2016-07-01&to=2016-08-01&interval=week&group_by=bot&width=700&height=400")
        .expect_status(200)
        .text();
    assert!(
        svg.contains(">bot-11</text>") && !svg.contains(">bot-00</text>"),
        "{svg}"
    );
    // Four have a place: of 78 payments the eight others have 1 + 2 + … + 8.
    assert!(svg.contains("and 8 others with 36 payments in the table"), "{svg}");
}

#[test]
fn milestones_by_country_show_the_largest() {
    let app = TestApp::start();
    let bots = |(at, country): (usize, &str)| {
        let count = if country == "ZW" { 12 } else { 1 };
        (0..count)
            .map(move |number| {
                bot_registered(&format!("{at}-{number}"))
                    .at(&format!("2016-07-{:02}T10:00:00Z", number + 1))
                    .with("country", country)
            })
            .collect::<Vec<_>>()
    };
    let countries = ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "SE", "ZW"];
    app.client.post_events(&lines(
        &countries.into_iter().enumerate().flat_map(bots).collect::<Vec<_>>(),
    ));
    app.wait_folded();
    let svg = app
        .client
        .get("/v1/charts/milestones.svg?from=2016-07-01&to=2016-08-01&group_by=country")
        .expect_status(200)
        .text();
    assert!(
        svg.contains(">ZW</text>") && svg.contains("others in the table"),
        "{svg}"
    );
}
