//! The page on a narrow screen: nothing is lost without a word, and it does not scroll sideways.

use std::path::Path;

use serde_json::Value;

use crate::page::loaded_in_chromium;
use crate::small;
use crate::support::app::{TestApp, source};
use crate::support::events::{Draft, captured, lines};

const WIDTHS: [u32; 4] = [360, 480, 768, 1100];

/// What a browser tells of a page in a frame of each width: how wide it becomes, and what is seen of it.
fn measured(folder: &Path, page: &str) -> Vec<Value> {
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let frames: String = WIDTHS
        .iter()
        .map(|width| format!("<iframe style=\"border:0;width:{width}px;height:900px\" srcdoc=\"{escaped}\"></iframe>"))
        .collect();
    let script =
        "onload = () => { document.title = JSON.stringify([...document.querySelectorAll('iframe')].map(frame => {
        const page = frame.contentDocument, shown = one => one.getClientRects().length > 0;
        const texts = [...page.querySelectorAll('svg text')].filter(shown).map(one => one.textContent);
        return { width: page.scrollingElement.scrollWidth, asked: frame.clientWidth, texts };
    })); }";
    let file = folder.join("frames.html");
    let document = format!("<!DOCTYPE html><meta charset=\"utf-8\"><body>{frames}<script>{script}</script></body>");
    std::fs::write(&file, document).unwrap();
    let seen = loaded_in_chromium(&format!("file://{}", file.display()));
    let (_, title) = seen.split_once("<title>").expect("the frames were not measured");
    let title = title.split("</title>").next().unwrap();
    let title = title
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    serde_json::from_str(&title).unwrap()
}

fn has(frame: &Value, text: &str) -> bool {
    let texts = frame["texts"].as_array().unwrap();
    texts.iter().any(|one| one.as_str().unwrap().contains(text))
}

#[test]
fn no_screen_is_too_narrow_for_the_page_and_its_pictures_keep_their_parts() {
    let folder = tempfile::tempdir().unwrap();
    let page = small::loaded()
        .client
        .get("/?from=2016-07-01&to=2016-09-30&interval=month")
        .expect_status(200)
        .text();
    for frame in measured(folder.path(), &page) {
        let (width, asked) = (frame["width"].as_u64().unwrap(), frame["asked"].as_u64().unwrap());
        assert!(width <= asked, "at {asked} pixels the page is {width} wide");
        for part in [
            "Success rates",
            "Failed attempts",
            "by code",
            "Active bots",
            "Entered",
            "Bots registered",
        ] {
            assert!(
                has(&frame, part),
                "{part} is missing at {asked} pixels: {}",
                frame["texts"]
            );
        }
        assert!(!has(&frame, "no room here"), "{asked}");
    }
}

#[test]
fn sources_with_warnings_and_long_names_do_not_widen_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with(|config| {
        config.sources.push(source("stripe", &["whsec_test"]));
        config.limits.query_seconds = 90;
    });
    for _ in 0..3 {
        app.client
            .post("/v1/webhooks/stripe/main", &[], b"{}")
            .expect_status(401);
    }
    let long = "a".repeat(200);
    let paid = |index: usize, currency: &str| -> Draft {
        captured(&format!("p{index}"), "1000000", currency)
            .at("2016-07-04T10:00:00Z")
            .with("bot_id", format!("{long}{index}"))
            .with("platform", "web")
    };
    let events: Vec<Draft> = ["USD", "JPY", "EUR", "GBP", "INR"]
        .iter()
        .enumerate()
        .map(|(index, currency)| paid(index, currency))
        .collect();
    app.client.post_events(&lines(&events));
    let mark = format!(
        "{{\"time\": \"2016-07-05T00:00:00Z\", \"text\": \"{}\"}}",
        "b".repeat(180)
    );
    let json = [("content-type", "application/json")];
    app.client
        .post("/v1/annotations", &json, mark.as_bytes())
        .expect_status(200);
    app.wait_folded();
    for address in [
        "/?from=2016-07-01&to=2016-07-31&currency=original",
        "/?tz=Mars/Olympus",
        "/?from=2016-01-01&to=2016-01-31",
        "/docs",
        "/docs/metrics",
        "/docs/api",
    ] {
        let page = app.client.get(address).text();
        assert!(page.starts_with("<!DOCTYPE html>"), "{address}: {page}");
        for frame in measured(folder.path(), &page) {
            let (width, asked) = (frame["width"].as_u64().unwrap(), frame["asked"].as_u64().unwrap());
            assert!(width <= asked, "{address}: at {asked} pixels the page is {width} wide");
        }
    }
}

#[test]
fn a_picture_without_room_for_a_part_says_so() {
    let app = small::loaded();
    for (metric, word) in [
        ("payments", "success rates in the table"),
        ("declines", "codes in the table"),
        ("bot-growth", "who entered and left in the table"),
        ("bot-activity", "active bots in the table"),
        ("bot-activation", "counts in the table"),
        ("conversion", "counts in the table"),
    ] {
        let ask = |size: &str| {
            app.client
                .get(&format!(
                    "/v1/charts/{metric}.svg?from=2016-07-01&to=2016-10-01&interval=month&{size}"
                ))
                .expect_status(200)
                .text()
        };
        assert!(ask("width=400&height=220").contains(word), "{metric}");
        assert!(!ask("width=900&height=600").contains("no room here"), "{metric}");
    }
}
