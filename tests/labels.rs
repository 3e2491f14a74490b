//! Names in pictures: of any script, of any length, and never two alike.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::events::{Draft, bot_registered, captured, lines};
use crate::support::{project, read};

const RANGE: &str = "from=2016-07-01&to=2016-08-01";

/// What stands in the texts of a picture.
fn texts(svg: &str) -> Vec<&str> {
    let parts = svg.split("<text").skip(1);
    parts
        .filter_map(|part| part.split_once('>')?.1.split_once('<').map(|(text, _)| text))
        .collect()
}

/// A ledger with a bot of each category.
fn with_categories(names: &[&str]) -> TestApp {
    let app = TestApp::start();
    let bot = |(index, name): (usize, &&str)| {
        let bot = bot_registered(&format!("b{index}")).with("category", *name);
        bot.at("2016-07-01T12:00:00Z")
    };
    app.client
        .post_events(&lines(&names.iter().enumerate().map(bot).collect::<Vec<Draft>>()));
    app.wait_folded();
    app
}

#[test]
fn names_of_any_script_are_different_pictures() {
    let names = [
        "书店",
        "茶店",
        "本屋",
        "パン屋",
        "빵집",
        "꽃집",
        "مخبز",
        "مكتبة",
        "מאפייה",
        "ספרייה",
        "दुकान",
        "बाज़ार",
        "ร้าน",
        "ตลาด",
        "বাজার",
        "கடை",
        "🍕",
        "🍔",
        "🇩🇪",
        "🇯🇵",
        "👍🏻",
        "👍🏿",
        "𒀀",
        "𒀁",
        "\u{e000}",
        "\u{e001}",
    ];
    // Backwards they are as many letters: as boxes they would look the same.
    let backwards = names.map(|name| name.chars().rev().collect::<String>());
    let all: BTreeSet<&str> = names.into_iter().chain(backwards.iter().map(String::as_str)).collect();
    let app = with_categories(&all.iter().copied().collect::<Vec<_>>());
    let mut pictures = BTreeSet::new();
    for name in all {
        // The only thing that tells these pictures apart is the name of the category above them.
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let address = |kind| format!("/v1/charts/bot-growth.{kind}?{RANGE}&category={encoded}");
        let svg = app.client.get(&address("svg")).expect_status(200).text();
        assert!(texts(&svg).iter().any(|text| text.contains(name)), "{name}");
        let png = app.client.get(&address("png")).expect_status(200).body;
        assert!(pictures.insert(png), "{name} looks like another");
    }
}

#[test]
fn a_character_without_a_glyph_is_told_by_its_number_and_the_svg_keeps_it() {
    let app = with_categories(&["shop 𒀀", "shop 𒀁"]);
    let question = format!("{RANGE}&interval=week&group_by=category");
    let svg = app
        .client
        .get(&format!("/v1/charts/bot-growth.svg?{question}"))
        .expect_status(200)
        .text();
    assert!(svg.contains("shop 𒀀") && svg.contains("shop 𒀁") && !svg.contains("U+12000"));
    app.client
        .get(&format!("/v1/charts/bot-growth.png?{question}"))
        .expect_status(200);
}

#[test]
fn cut_names_of_groups_are_still_different() {
    let app = TestApp::start();
    let bot =
        |shop: usize| format!("the-international-shop-of-everything-in-branch-{shop}-of-the-north-western-region");
    let payment = |shop: usize| {
        captured(&format!("p{shop}"), "10.00", "USD")
            .at("2016-07-04T10:00:00Z")
            .with("bot_id", bot(shop))
            .with("platform", "web")
    };
    let declined = |shop: usize| {
        let data = json!({"provider": "stripe", "payment_id": format!("d{shop}"), "platform": "web", "bot_id": bot(shop),
            "failure_kind": "issuer", "decline_code": format!("the_processor_answered_in_detail_that_{shop}_is_its_reason_to_decline")});
        Draft::new("transaction.failed", data).at("2016-07-04T10:00:00Z")
    };
    let events: Vec<Draft> = (10..16).flat_map(|shop| [payment(shop), declined(shop)]).collect();
    app.client.post_events(&lines(&events));
    app.wait_folded();
    for (question, wanted) in [
        ("payments.svg?group_by=bot", 6),
        ("payments.svg?group_by=bot&interval=week", 6),
        ("provider-share.svg?group_by=bot", 6),
        ("declines.svg?interval=week", 6),
        ("declines.svg?group_by=bot", 6),
    ] {
        let svg = app
            .client
            .get(&format!("/v1/charts/{question}&{RANGE}&width=1200&height=1100"))
            .expect_status(200)
            .text();
        let cut: Vec<&str> = texts(&svg)
            .into_iter()
            .filter(|text| text.contains('\u{2026}') || text.contains("branch-") || text.contains("processor"))
            .collect();
        let apart: BTreeSet<&&str> = cut.iter().collect();
        assert_eq!((apart.len(), cut.len()), (wanted, wanted), "{question}: {cut:?}");
    }
}

#[test]
fn names_that_differ_in_nothing_that_is_seen_are_numbered() {
    let app = with_categories(&["shop", "shop\u{200b}", "shop\u{2060}"]);
    let svg = app
        .client
        .get(&format!(
            "/v1/charts/bot-growth.svg?{RANGE}&interval=week&group_by=category"
        ))
        .expect_status(200)
        .text();
    let names: Vec<&str> = texts(&svg)
        .into_iter()
        .filter(|text| text.starts_with("shop"))
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[0].starts_with("shop 1"), "{names:?}");
    assert!(names[1].contains("(2)") && names[2].contains("(3)"), "{names:?}");
}

#[test]
fn every_font_has_its_licence_beside_it() {
    let folder = project("src/serve/charts/fonts");
    let told = read("src/serve/charts/fonts/README.md");
    let names = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut fonts = 0;
    for name in names.filter(|name| name.ends_with(".ttf") || name.ends_with(".otf")) {
        let listed =
            told.contains(&format!("`{name}`")) || name.starts_with("NotoSans") && told.contains("`NotoSans*.ttf`");
        assert!(listed, "{name}");
        fonts += 1;
    }
    assert!(fonts > 10);
    for licence in ["Apache-2.0", "OFL-1.1"] {
        assert!(
            told.contains(licence) && folder.join(format!("{licence}.txt")).exists(),
            "{licence}"
        );
    }
}
