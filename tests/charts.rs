//! Charts over HTTP: real pictures of the asked answer, in both formats and themes.

use std::collections::{BTreeMap, BTreeSet};

use botledger::serve::metric_names;

use crate::small;
use crate::support::app::TestApp;
use crate::support::events::{bot_registered, captured, lines};
use crate::support::golden::assert_golden;

/// Metrics with a picture of their own.
const PICTURED: [&str; 13] = [
    "bot-growth",
    "milestones",
    "bot-activity",
    "bot-activation",
    "bot-retention",
    "conversion",
    "path-effect",
    "provider-share",
    "payments",
    "declines",
    "change",
    "coverage",
    "forecast",
];
const RANGE: &str = "from=2016-07-01&to=2016-10-01&interval=month";

#[test]
fn every_metric_has_an_svg_and_a_png_of_the_asked_size() {
    let app = small::loaded();
    for metric in metric_names() {
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
fn every_picture_is_drawn_as_it_is_kept() {
    let client = &small::loaded().client;
    let mut pictures = BTreeMap::new();
    for metric in PICTURED {
        for (form, question) in [
            ("one-bucket", "from=2016-07-01&to=2016-10-01"),
            // The range cuts the last month.
            ("months", "from=2016-07-01&to=2016-09-20&interval=month"),
            (
                "months-compared",
                "from=2016-08-01&to=2016-10-01&interval=month&compare=previous_period",
            ),
            (
                "weeks-by-platform",
                "from=2016-07-04&to=2016-08-01&interval=week&group_by=platform",
            ),
        ] {
            let as_of = small::RECEIVED;
            let address = format!("/v1/charts/{metric}.svg?{question}&width=560&height=300&as_of={as_of}");
            let picture = client.get(&address).expect_status(200).text();
            pictures.insert(format!("{metric}-{form}.svg"), picture);
        }
    }
    assert_golden("charts", &pictures);
}

#[test]
fn every_picture_is_drawn_at_every_size_and_for_any_number_of_buckets() {
    let app = TestApp::with(|config| config.limits.query_seconds = 90);
    app.client.post_events(&small::sample());
    app.wait_folded();
    for metric in metric_names() {
        for range in [
            "from=2016-07-01&to=2016-10-01",
            "from=2016-07-01&to=2016-10-01&interval=day",
            "from=2016-07-01&to=2016-07-04&interval=hour",
        ] {
            for size in ["width=320&height=200", "width=2000&height=1200"] {
                // Pixels are made from the SVG, which must be one.
                let png = app.client.get(&format!("/v1/charts/{metric}.png?{range}&{size}"));
                assert!(png.expect_status(200).body.len() > 1_000, "{metric} {range} {size}");
            }
        }
    }
}

/// What a picture tells to ears.
fn described(svg: &str) -> &str {
    let (_, rest) = svg.split_once("<desc>").unwrap();
    rest.split("</desc>").next().unwrap()
}

#[test]
fn a_picture_over_time_tells_the_numbers_of_the_whole_range() {
    let app = small::loaded();
    for (metric, column) in [
        ("bot-activity", "active"),
        ("bot-growth", "closing"),
        ("payments", "gross"),
        ("payments", "net"),
        ("coverage", "attributed"),
        ("conversion", "reached"),
    ] {
        let range = "from=2016-07-01&to=2016-10-01";
        let answer = app.client.get_json(&format!("/v1/metrics/{metric}?{range}"));
        let months = format!("/v1/charts/{metric}.svg?{range}&interval=month");
        let months = app.client.get(&months).expect_status(200).text();
        for row in answer["rows"].as_array().unwrap() {
            let told = row[column]
                .as_str()
                .map_or_else(|| row[column].to_string(), str::to_owned);
            assert!(
                described(&months).contains(&told),
                "{metric} {column} {told}: {}",
                described(&months)
            );
        }
    }
}

/// The class of the dot before the name of a line's end.
fn color_before<'a>(svg: &'a str, name: &str) -> &'a str {
    let (before, _) = svg
        .split_once(&format!(">{name} "))
        .unwrap_or_else(|| panic!("no {name} in {svg}"));
    let (_, class) = before.rsplit_once("<circle class=\"").unwrap();
    class.split('"').next().unwrap()
}

#[test]
fn a_value_keeps_its_colour_when_another_grows_past_it() {
    let app = TestApp::start();
    let paid = |(number, (provider, month)): (usize, (&str, u32))| {
        captured(&format!("p{number}"), "10.00", "USD")
            .with("provider", provider)
            .at(&format!("2016-{month:02}-04T10:00:00Z"))
    };
    let july = [("paypal", 7), ("stripe", 7), ("stripe", 7)];
    let september = [("paypal", 9), ("paypal", 9), ("stripe", 9)];
    let events: Vec<_> = july.into_iter().chain(september).enumerate().map(paid).collect();
    app.client.post_events(&lines(&events));
    app.wait_folded();
    let draw = |range: &str| {
        let picture = format!("/v1/charts/provider-share.svg?{range}&interval=week");
        app.client.get(&picture).expect_status(200).text()
    };
    let (first, second) = (
        draw("from=2016-07-01&to=2016-08-01"),
        draw("from=2016-09-01&to=2016-10-01"),
    );
    assert!(first.contains(">paypal 33.3%<") && second.contains(">paypal 66.7%<"));
    assert_eq!(color_before(&first, "paypal"), color_before(&second, "paypal"));
    assert_ne!(color_before(&first, "paypal"), color_before(&first, "stripe"));
}

#[test]
fn a_class_of_a_picture_on_the_page_has_a_rule_and_each_colour_one_for_each_theme() {
    let page = small::loaded()
        .client
        .get("/?from=2016-07-01&to=2016-09-30&interval=month");
    let page = page.expect_status(200).text();
    let (style, body) = page.split_once("</style>").unwrap();
    let pictures: String = body
        .split("<svg")
        .skip(1)
        .filter_map(|rest| rest.split("</svg>").next())
        .collect();
    assert!(!pictures.contains("<style>") && !pictures.contains("<metadata>") && !pictures.contains("\"#"));
    let classes: BTreeSet<&str> = pictures
        .split("class=\"")
        .skip(1)
        .flat_map(|rest| rest.split('"').next().unwrap().split(' '))
        .collect();
    assert!(classes.len() > 20);
    for class in classes {
        let (_, rule) = style
            .split_once(&format!("svg .{class}{{"))
            .unwrap_or_else(|| panic!("no rule for {class}"));
        if let Some((_, variable)) = rule.split('}').next().unwrap().split_once("var(") {
            let variable = variable.trim_end_matches(')');
            assert_eq!(style.matches(&format!("{variable}:#")).count(), 2, "{variable}");
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
    for metric in metric_names() {
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
