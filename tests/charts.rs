//! Charts over HTTP: real pictures of the asked answer, in both formats and themes.

use crate::questions::METRICS;
use crate::small;
use crate::support::app::TestApp;

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
        let words = svg.to_lowercase();
        assert!(words.contains("no ") && words.contains("<text"), "{metric}: {svg}");
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
