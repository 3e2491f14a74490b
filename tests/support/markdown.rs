//! Pages of the documentation in Markdown, as tests read them.

use std::collections::BTreeSet;
use std::path::Path;

use super::read;

/// One page.
pub struct Page {
    pub path: &'static str,
    pub text: String,
}

impl Page {
    pub fn open(path: &'static str) -> Self {
        Page { path, text: read(path) }
    }

    /// The cells of the table below a header line.
    pub fn table(&self, header: &str) -> Vec<Vec<String>> {
        let mut lines = self.text.lines().skip_while(|line| *line != header);
        assert!(lines.next().is_some(), "{}: no table {header}", self.path);
        let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
        let cells = |line: &str| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        };
        rows.map(cells).collect()
    }

    /// The fenced block of a language that holds a text, without the indent of a list around it.
    pub fn block(&self, language: &str, holds: &str) -> String {
        let mut blocks: Vec<(String, String)> = Vec::new();
        let mut inside = false;
        for line in self.text.lines() {
            match (line.trim_start().strip_prefix("```"), inside) {
                (Some(_), true) => inside = false,
                (Some(name), false) => {
                    blocks.push((name.to_owned(), String::new()));
                    inside = true;
                }
                (None, true) => blocks.last_mut().unwrap().1 += &format!("{line}\n"),
                (None, false) => {}
            }
        }
        let mut blocks = blocks.into_iter();
        let found = blocks.find(|(name, block)| name == language && block.contains(holds));
        let found = found.unwrap_or_else(|| panic!("{}: no {language} block with {holds}", self.path));
        found.1
    }

    /// The text under a heading, up to the next heading.
    pub fn section(&self, heading: &str) -> &str {
        let at = self.text.find(&format!("\n{heading}\n"));
        let at = at.unwrap_or_else(|| panic!("{}: no {heading}", self.path));
        let text = &self.text[at + heading.len() + 2..];
        &text[..text.find("\n#").unwrap_or(text.len())]
    }

    /// The anchors of its headings, as source browsers make them.
    pub fn anchors(&self) -> BTreeSet<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().replace(' ', "-")
        };
        headings.map(anchor).collect()
    }

    /// Links to other pages and to its own headings: the path of a file in the project, and an anchor.
    pub fn links(&self) -> Vec<(String, Option<String>)> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let own = targets.filter(|target| !target.contains("://"));
        own.map(|target| {
            let (file, anchor) = target.split_once('#').map_or((target, None), |(f, a)| (f, Some(a)));
            let folder = Path::new(self.path).parent().unwrap();
            let path = if file.is_empty() {
                self.path.into()
            } else {
                normal(&folder.join(file))
            };
            (path, anchor.map(str::to_owned))
        })
        .collect()
    }
}

/// A path without the steps up and down again.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap().split('/') {
        if part == ".." {
            parts.pop().unwrap();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// What stands between backticks.
pub fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The texts between two marks.
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let rests = text.split(before).skip(1);
    rests.filter_map(|rest| rest.split(after).next()).collect()
}
