//! E-mail addresses in a text, found in one pass from left to right.

use std::ops::Range;

/// An at-sign as it is escaped in the address of a page.
const ESCAPED: &str = "%40";

/// The addresses of a text, in order, each as where it stands.
///
/// No character is looked at more than twice: as one that may stand before an at-sign, and as one of a domain.
#[derive(Debug)]
pub struct Emails<'a> {
    text: &'a str,
    /// The text is read up to here.
    at: usize,
    /// Where the run of characters begins that ends at `at` and may stand before an at-sign.
    local: usize,
    steps: usize,
}

impl<'a> Emails<'a> {
    /// The addresses of a text.
    pub fn of(text: &'a str) -> Self {
        Emails {
            text,
            at: 0,
            local: 0,
            steps: 0,
        }
    }

    /// How many characters have been looked at so far.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Where the domain that begins here ends, without dots and hyphens behind it; none where it has no dot inside.
    fn domain_end(&mut self) -> Option<usize> {
        let (mut begun, mut has_dot, mut end) = (false, false, None);
        for (offset, c) in self.text[self.at..].char_indices() {
            self.steps += 1;
            match c {
                '.' => has_dot |= begun,
                c if !is_domain(c) => break,
                c => {
                    begun = true;
                    if c != '-' && has_dot {
                        end = Some(self.at + offset + c.len_utf8());
                    }
                }
            }
        }
        end
    }
}

impl Iterator for Emails<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        while let Some(c) = self.text[self.at..].chars().next() {
            self.steps += 1;
            let sign = self.at;
            let is_escaped = c == '%' && self.text[sign..].starts_with(ESCAPED);
            self.at += if is_escaped { ESCAPED.len() } else { c.len_utf8() };
            let start = self.local;
            if !is_local(c) {
                self.local = self.at;
            }
            if (c == '@' || is_escaped)
                && start < sign
                && let Some(end) = self.domain_end()
            {
                (self.at, self.local) = (end, end);
                return Some(start..end);
            }
        }
        None
    }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%' | '\'')
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}
