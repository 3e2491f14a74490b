//! The documentation: every page is served and reachable, every link leads somewhere, and tables of what is declared in
//! the source are those of the source.
//!
//! After a change that is meant, `BOTLEDGER_GOLDEN=write cargo test --release --test suite pages` writes the tables anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use botledger::serve::answer::question;
use botledger::serve::docs::{PAGES, Page, address, headings, links};
use botledger::serve::formats;

use crate::page::loaded_in_chromium;
use crate::small;
use crate::support::app::TestApp;
use crate::support::{project, read};

fn page(slug: &str) -> &'static Page {
    PAGES.iter().find(|page| page.slug == slug).unwrap()
}

/// The ids of a page's elements.
fn ids(html: &str) -> BTreeSet<&str> {
    let parts = html.split(" id=\"").skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

/// The addresses that a page links to.
fn targets(html: &str) -> BTreeSet<&str> {
    let parts = html.split("href=\"").skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

/// The Markdown files below a folder.
fn files(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    let all = entries.flat_map(below);
    all.filter(|path| path.extension().is_some_and(|name| name == "md"))
        .collect()
}

#[test]
fn every_file_is_a_page_with_a_title_that_the_list_and_the_readme_lead_to() {
    let files = files(&project("src"));
    let of_fonts = |path: &&PathBuf| !path.ends_with("fonts/README.md");
    let mut written: BTreeSet<PathBuf> = files.iter().filter(of_fonts).cloned().collect();
    written.insert(project("README.md"));
    assert_eq!(written, PAGES.iter().map(|page| project(page.file)).collect());
    let app = TestApp::start();
    let list = app.client.get("/docs").expect_status(200).text();
    let from_readme = links(page("readme"));
    for page in PAGES {
        assert!(page.text.starts_with("# ") && page.title().len() > 2, "{}", page.file);
        let is_told = page.slug == "readme" || from_readme.contains(&page.file.to_owned());
        assert!(is_told, "the README does not link to {}", page.file);
        let address = format!("/docs/{}", page.slug);
        assert!(targets(&list).contains(address.as_str()), "{address}");
        let reply = app.client.get(&address).expect_status(200);
        assert!(reply.header("content-security-policy").contains("default-src 'none'"));
        let html = reply.text();
        assert!(html.contains(&format!("<h1>{}</h1>", page.title())), "{address}");
        assert!(
            html.contains(&format!("<title>{} – Botledger</title>", page.title())),
            "{address}"
        );
        assert!(!html.contains("<script") && !html.contains("generated:"), "{address}");
    }
    app.client.get("/docs/no-such-page").problem(404, "not_found");
    app.client.get("/docs?tz=UTC").problem(400, "unknown_parameter");
    app.client.get("/docs/api?tz=UTC").problem(400, "unknown_parameter");
}

#[test]
fn every_link_between_files_leads_to_a_file_and_a_heading() {
    for page in PAGES {
        let folder = project(page.file).parent().unwrap().to_owned();
        for link in links(page).iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = match path {
                "" => project(page.file),
                path => folder.join(path),
            };
            let file = file.canonicalize().unwrap_or_else(|_| panic!("{}: {link}", page.file));
            let is_that = |page: &&Page| project(page.file).canonicalize().unwrap() == file;
            let target = PAGES.iter().find(is_that);
            let target = target.unwrap_or_else(|| panic!("{}: {link} is no page", page.file));
            let known = headings(target).iter().any(|heading| heading.anchor == anchor);
            assert!(anchor.is_empty() || known, "{}: {link}", page.file);
        }
    }
}

#[test]
fn every_link_of_a_served_page_leads_to_a_page_and_a_place_in_it() {
    let app = small::loaded();
    for from in ["/docs", "/docs/metrics"]
        .map(str::to_owned)
        .into_iter()
        .chain(PAGES.iter().map(|page| format!("/docs/{}", page.slug)))
    {
        let html = app.client.get(&from).expect_status(200).text();
        for to in targets(&html)
            .into_iter()
            .filter(|to| !to.contains("://") && !to.starts_with("data:"))
        {
            let (path, anchor) = to.split_once('#').unwrap_or((to, ""));
            let path = if path.is_empty() { &from } else { path };
            let target = app.client.get(path).expect_status(200);
            assert!(
                anchor.is_empty() || ids(&target.text()).contains(anchor),
                "{from}: {to}"
            );
        }
    }
}

#[test]
fn links_between_files_become_links_between_pages() {
    let page = page("operations");
    assert_eq!(page.file, "src/store/operations.md");
    let leads = |link: &str| address(page.file, link);
    assert_eq!(leads("../serve/api.md#sources").as_deref(), Some("/docs/api#sources"));
    assert_eq!(leads("operations.md").as_deref(), Some("/docs/operations"));
    assert_eq!(
        leads("../../README.md#architecture").as_deref(),
        Some("/docs/readme#architecture")
    );
    assert_eq!(leads("#clock").as_deref(), Some("#clock"));
    assert_eq!(
        leads("https://cloudevents.io").as_deref(),
        Some("https://cloudevents.io")
    );
    assert_eq!(leads("mod.rs"), None);
}

#[test]
fn a_browser_shows_a_page_with_its_contents_and_tables() {
    let app = TestApp::start();
    let document = loaded_in_chromium(&app.client.url("/docs/api"));
    for part in [
        "<a href=\"#quarantine\">Quarantine</a>",
        "<h2 id=\"quarantine\">",
        "<td><code>unknown_parameter</code></td>",
        "href=\"/docs/operations#keys-and-access\"",
    ] {
        assert!(document.contains(part), "{part}");
    }
}

/// A Markdown table of a header and rows.
fn table(header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let columns = header.matches(" | ").count() + 1;
    let head = format!("{header}\n|{}\n", "---|".repeat(columns));
    rows.map(line).fold(head, |all, row| all + &row)
}

fn parameters() -> String {
    let rows = question::COMMON.iter();
    table(
        "| parameter | takes |",
        rows.map(|(name, takes)| vec![format!("`{name}`"), (*takes).to_owned()]),
    )
}

fn of_formats() -> String {
    let rows = formats::ALL.iter();
    table(
        "| format | `Content-Type` |",
        rows.map(|format| vec![format!("`{}`", format.name), format!("`{}`", format.content_type)]),
    )
}

/// Every generated table: its name in the comment before it, the file that has it and what it should be.
fn generated() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("parameters", "src/serve/api.md", parameters()),
        ("formats", "src/serve/api.md", of_formats()),
    ]
}

#[test]
fn generated_tables_are_those_of_the_source() {
    let writes = std::env::var("BOTLEDGER_GOLDEN").is_ok_and(|word| word == "write");
    let mut known = 0;
    for (name, file, table) in generated() {
        let (before, after) = (format!("<!-- generated: {name} -->\n\n"), "\n<!-- end -->");
        let text = read(file);
        let (head, rest) = text.split_once(&before).unwrap_or_else(|| panic!("{file}: no {name}"));
        let (told, tail) = rest.split_once(after).unwrap();
        if writes {
            std::fs::write(project(file), format!("{head}{before}{table}{after}{tail}")).unwrap();
        } else {
            assert_eq!(told, table, "{file}; BOTLEDGER_GOLDEN=write writes it anew");
        }
        known += 1;
    }
    let comments: usize = PAGES
        .iter()
        .map(|page| page.text.matches("<!-- generated: ").count())
        .sum();
    assert_eq!(comments, known, "a table that nothing generates");
}
