//! Definitions served with the numbers: none is missing, and programs and people read the same.

use std::collections::BTreeSet;

use botledger::metrics;
use serde_json::Value;

use crate::small;
use crate::support::app::TestApp;

/// Columns that number things and so have no unit.
const ORDINALS: [&str; 2] = ["period", "step_index"];

fn catalogue(app: &TestApp) -> Vec<Value> {
    let list = app.client.get_json("/v1/metrics");
    list["metrics"].as_array().unwrap().clone()
}

/// The texts of a list's members under a name.
fn names<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one[member].as_str().unwrap()).collect()
}

#[test]
fn no_metric_lacks_any_part_of_its_definition() {
    let all = catalogue(&TestApp::start());
    assert_eq!(all.len(), metrics::ALL.len());
    for (metric, described) in metrics::ALL.iter().zip(&all) {
        let name = metric.name;
        assert_eq!(described["name"], name);
        assert!(
            described["title"].as_str().is_some_and(|title| !title.is_empty()),
            "{name}"
        );
        let definition = &described["definition"];
        assert!(
            definition["version"].as_u64().is_some_and(|version| version > 0),
            "{name}"
        );
        for part in ["text", "numerator", "denominator"] {
            let told = definition[part].as_str().unwrap_or_default();
            assert!(!told.trim().is_empty(), "{name} has no {part}");
        }
        assert!(definition["text"].as_str().unwrap().len() > 80, "{name}: {definition}");
        let excludes = definition["excludes"].as_array().unwrap();
        assert!(!excludes.is_empty(), "{name} does not say what it leaves out");
        assert!(
            excludes
                .iter()
                .all(|one| one.as_str().is_some_and(|one| !one.trim().is_empty())),
            "{name}"
        );
        let dimensions = described["dimensions"].as_array().unwrap();
        assert_eq!(dimensions.len(), metric.dimensions.len(), "{name}");
        assert!(!dimensions.is_empty(), "{name} has no dimension");
        for parameter in described["parameters"].as_array().unwrap() {
            assert!(
                parameter["help"].as_str().is_some_and(|help| !help.is_empty()),
                "{name}: {parameter}"
            );
        }
    }
}

#[test]
fn every_number_has_a_unit_and_every_column_is_that_of_the_answers() {
    let app = small::loaded();
    for described in catalogue(app) {
        let name = described["name"].as_str().unwrap();
        let answer = app
            .client
            .get_json(&format!("/v1/metrics/{name}?from=2016-07-01&to=2016-10-01"));
        let (columns, answered) = (&described["columns"], &answer["columns"]);
        assert_eq!(names(columns, "name"), names(answered, "name"), "{name}");
        assert_eq!(names(columns, "type"), names(answered, "type"), "{name}");
        let all: BTreeSet<&str> = names(columns, "name").into_iter().collect();
        assert_eq!(
            all.len(),
            columns.as_array().unwrap().len(),
            "{name} has a column twice"
        );
        for column in columns.as_array().unwrap() {
            let (kind, own) = (column["type"].as_str().unwrap(), column["name"].as_str().unwrap());
            let unit = column["unit"].as_str();
            match kind {
                "integer" | "number" if ORDINALS.contains(&own) => assert_eq!(unit, None, "{name}.{own}"),
                "integer" | "number" => assert!(unit.is_some_and(|unit| !unit.is_empty()), "{name}.{own} has no unit"),
                "amount" => assert!(unit == Some("currency") && all.contains("currency"), "{name}.{own}"),
                _ => assert_eq!(unit, None, "{name}.{own} is a {kind}"),
            }
        }
    }
}

/// What stands between the tags that bear an attribute, without the tags inside.
fn told(html: &str, attribute: &str) -> String {
    let (_, rest) = html.split_once(attribute).unwrap_or_else(|| panic!("no {attribute}"));
    let (_, rest) = rest.split_once('>').unwrap();
    let end = ["</p>", "</dd>", "</span>"]
        .iter()
        .filter_map(|tag| rest.find(tag))
        .min();
    let mut plain = String::new();
    for part in rest[..end.unwrap()].split('<') {
        plain.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[test]
fn the_page_says_to_a_person_what_the_list_says_to_a_program() {
    let app = small::loaded();
    let reply = app.client.get("/docs/metrics").expect_status(200);
    assert!(reply.header("content-type").starts_with("text/html"));
    assert!(reply.header("content-security-policy").contains("default-src 'none'"));
    let page = reply.text();
    let parts: Vec<&str> = page.split("<section ").skip(1).collect();
    // One for each metric, and one for the parameters that all share.
    assert_eq!(parts.len(), metrics::ALL.len() + 1);
    for (described, part) in catalogue(app).iter().zip(parts) {
        let name = described["name"].as_str().unwrap();
        assert!(part.contains(&format!("id=\"{name}\"")), "{name} has no anchor");
        assert!(page.contains(&format!("href=\"#{name}\"")), "nothing leads to {name}");
        let definition = &described["definition"];
        // What stands between backticks is set as code.
        let plain = |text: &Value| text.as_str().unwrap().replace('`', "");
        assert_eq!(told(part, "data-text"), plain(&definition["text"]), "{name}");
        assert_eq!(told(part, "data-numerator"), plain(&definition["numerator"]), "{name}");
        assert_eq!(
            told(part, "data-denominator"),
            plain(&definition["denominator"]),
            "{name}"
        );
        assert_eq!(told(part, "data-version"), definition["version"].to_string(), "{name}");
        let excludes = definition["excludes"].as_array().unwrap();
        let changes = definition["changes"].as_array().unwrap();
        assert_eq!(
            part.matches("<li>").count(),
            excludes.len() + changes.len() + metrics::find(name).unwrap().dimensions.len()
        );
        assert_eq!(definition["version"], 1 + changes.len(), "{name}");
        for at in 2..=changes.len() + 1 {
            assert!(
                part.contains(&format!("<li>Version {at}: ")),
                "{name} says what version {at} changed"
            );
        }
        for dimension in described["dimensions"].as_array().unwrap() {
            assert!(
                part.contains(&format!("<li><code>{}</code></li>", dimension.as_str().unwrap())),
                "{name}"
            );
        }
        for column in described["columns"].as_array().unwrap() {
            let unit = column["unit"].as_str().unwrap_or_default();
            let row = format!(
                "<code>{}</code></th><td>{}</td><td>{unit}</td>",
                column["name"].as_str().unwrap(),
                column["type"].as_str().unwrap()
            );
            assert!(part.contains(&row), "{name}: {row}");
        }
        for parameter in metrics::find(name).unwrap().parameters {
            assert!(
                part.contains(&format!("<code>{}</code>", parameter.name)),
                "{name}: {}",
                parameter.name
            );
        }
    }
    app.client.get("/docs/metrics?tz=UTC").problem(400, "unknown_parameter");
}

#[test]
fn the_dashboard_leads_to_each_definition() {
    let page = small::loaded()
        .client
        .get("/?from=2016-07-01&to=2016-09-30")
        .expect_status(200)
        .text();
    let sections: BTreeSet<&str> = page
        .split("data-metric=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(sections.len() > 5);
    for metric in sections {
        assert!(page.contains(&format!("href=\"/docs/metrics#{metric}\"")), "{metric}");
    }
    for address in ["/docs", "/docs/metrics"] {
        assert!(
            page.contains(&format!("href=\"{address}\"")),
            "the footer leads to {address}"
        );
    }
}
