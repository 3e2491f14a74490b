//! Reads Rust source as far as the house rules need: code without comments, and the texts of its strings.

use std::path::{Path, PathBuf};

use super::project;

/// One source file, taken apart. Items under `#[cfg(test)]` are left out, wherever they stand.
pub struct Source {
    /// Path under `src/`.
    pub path: String,
    /// The code with comments and the contents of strings blanked.
    pub code: String,
    /// The contents of its string literals.
    pub strings: Vec<String>,
}

impl Source {
    /// The layer: the first folder, or the file's name at the top.
    pub fn layer(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The names after every `crate::`, also inside braces.
    pub fn crate_paths(&self) -> Vec<String> {
        self.names_after("crate::")
    }

    /// The names after every path such as `super::`, also inside braces.
    pub fn names_after(&self, path: &str) -> Vec<String> {
        let mut names = Vec::new();
        for (at, _) in self.code.match_indices(path) {
            let before = self.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &self.code[at + path.len()..];
            match rest.strip_prefix('{') {
                Some(group) => names.extend(heads(group)),
                None => names.push(word(rest).to_owned()),
            }
        }
        names
    }

    /// Whether a path such as `duckdb` or `std::time` is named in code.
    pub fn names(&self, path: &str) -> bool {
        self.code.match_indices(path).any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + path.len()..].chars().next();
            let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !is_part(before) && !is_part(after)
        })
    }
}

/// The first names of a brace group: `{model::{A, B}, store}` gives model and store.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut expects) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects = true,
            c if expects && depth == 0 && (c.is_alphabetic() || c == '_') => {
                names.push(word(&group[at..]).to_owned());
                expects = false;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    &text[..end]
}

/// Every source file of the product, without the files named `tests.rs`; a rule holds that those are tests.
pub fn sources() -> Vec<Source> {
    let root = project("src");
    let mut files = Vec::new();
    collect(&root, "rs", &mut files);
    files.retain(|path| !path.ends_with("tests.rs"));
    let source = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let (code, strings) = without_tests(taken_apart(&text));
        let path = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        Source { path, code, strings }
    };
    files.iter().map(source).collect()
}

/// Files with an extension below a folder, sorted.
pub fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
}

/// Cuts every item under `#[cfg(test)]`, with the strings in it.
fn without_tests((mut code, mut strings): (String, Vec<String>)) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item_end(&code[start + MARK.len()..]);
        let count = |text: &str| text.matches("\"\"").count();
        let first = count(&code[..start]);
        strings.drain(first..first + count(&code[start..end]));
        code.replace_range(start..end, "");
    }
    (code, strings)
}

/// Where the item ends that a text begins with: after its `;`, its `}`, or, of a field, its `,`. More attributes
/// may stand before it.
fn item_end(text: &str) -> usize {
    let begins = text.trim_start();
    if begins.starts_with("#[") {
        let attribute = text.find(']').map_or(text.len(), |at| at + 1);
        return attribute + item_end(&text[attribute..]);
    }
    let words = [
        "fn", "impl", "mod", "struct", "enum", "trait", "use", "const", "static", "type", "pub", "async",
    ];
    let is_item = words.contains(&word(begins));
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' if depth == 0 => return at,
            '}' if depth == 1 && !text[at + 1..].trim_start().starts_with(';') => return at + 1,
            '}' | ')' | ']' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            ',' if depth == 0 && !is_item => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Separates code from comments and strings. Characters such as `'"'` are told from lifetimes.
fn taken_apart(text: &str) -> (String, Vec<String>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut strings) = (String::new(), Vec::new());
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        match chars[at] {
            '/' if next == '/' => at = find(&chars, at, "\n"),
            '/' if next == '*' => at = find(&chars, at + 2, "*/") + 2,
            '\'' if next == '\\' => at = find(&chars, at + 3, "'") + 1,
            '\'' if chars.get(at + 2) == Some(&'\'') => at += 3,
            'r' if raw_start(&chars, at).is_some() => {
                let hashes = raw_start(&chars, at).unwrap();
                let start = at + 2 + hashes;
                let end = find(&chars, start, &format!("\"{}", "#".repeat(hashes)));
                strings.push(chars[start..end].iter().collect());
                code.push_str("\"\"");
                at = end + 1 + hashes;
            }
            '"' => {
                let start = at + 1;
                let mut end = start;
                while chars[end] != '"' {
                    end += if chars[end] == '\\' { 2 } else { 1 };
                }
                strings.push(chars[start..end].iter().collect());
                code.push_str("\"\"");
                at = end + 1;
            }
            c => {
                code.push(c);
                at += 1;
            }
        }
    }
    (code, strings)
}

/// The number of `#` of a raw string that begins here.
fn raw_start(chars: &[char], at: usize) -> Option<usize> {
    let begins = at == 0 || !(chars[at - 1].is_alphanumeric() && chars[at - 1] != 'b');
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    (begins && chars.get(at + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn find(chars: &[char], from: usize, what: &str) -> usize {
    let what: Vec<char> = what.chars().collect();
    let found = chars[from.min(chars.len())..]
        .windows(what.len())
        .position(|window| window == what);
    found.map_or(chars.len(), |offset| from + offset)
}

#[test]
fn code_and_strings_are_told_apart() {
    let text = "let a = 'x'; // \"no\"\nlet b: &'static str = \"se\\\"lect\"; r#\"ra\"w\"#; '\"'; /* \"no\" */ use crate::{model::{A, B}, store};";
    let (code, strings) = taken_apart(text);
    assert_eq!(strings, ["se\\\"lect", "ra\"w"]);
    let source = Source {
        path: "serve/x.rs".into(),
        code,
        strings,
    };
    assert_eq!(source.crate_paths(), ["model", "store"]);
    assert!(source.names("crate::{model") && !source.names("no"));
}

#[test]
fn only_the_items_under_cfg_test_are_left_out() {
    let cut = |text: &str| without_tests(taken_apart(text));
    let (code, strings) =
        cut("let a = \"1\"; #[cfg(test)] mod tests { fn f() { \"2\" } } fn after() -> &str { \"3\" }");
    assert_eq!(strings, ["1", "3"]);
    assert_eq!(code, "let a = \"\";  fn after() -> &str { \"\" }");
    assert_eq!(cut("#[cfg(test)]\nmod tests;\nmod theme;").0, "\nmod theme;");
    assert_eq!(cut("#[cfg(test)] use a::{b, c}; use d;").0, " use d;");
    assert_eq!(cut("#[cfg(test)] #[allow(x)] fn f<A, B>(a: [A; 2]) -> B {} b").0, " b");
    assert_eq!(
        cut("S { #[cfg(test)] seen: Vec<(u8, u8)>, kept: u8 }").0,
        "S {  kept: u8 }"
    );
    assert_eq!(cut("S { kept: u8, #[cfg(test)] seen: u8 }").0, "S { kept: u8, }");
}
