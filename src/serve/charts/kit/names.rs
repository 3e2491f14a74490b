//! Names of groups and values, told apart: also where they are cut, and where they differ in nothing that is seen.

use std::collections::HashSet;

use super::canvas::measure;
use super::unseen::seen;

/// The names, each unlike those before it: one that looks like another gets a number.
pub(crate) fn distinct(names: Vec<String>) -> Vec<String> {
    numbered(names, |name, number| format!("{name} ({number})"))
}

/// The names cut to a width and still told apart.
///
/// A name loses its middle: those of one kind begin alike.
pub(crate) fn fitted(names: &[String], size: f64, bold: bool, width: f64) -> Vec<String> {
    let cut = names.iter().map(|name| cut(name, size, bold, width)).collect();
    numbered(cut, |name, number| {
        let mark = format!(" ({number})");
        let room = width - measure(&mark, size, bold);
        self::cut(name, size, bold, room.max(0.0)) + &mark
    })
}

fn numbered(names: Vec<String>, mark: impl Fn(&str, usize) -> String) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::with_capacity(names.len());
    let unlike = |name: String| {
        if taken.insert(seen(&name)) {
            return name;
        }
        let mut marked = (2..).map(|number| mark(&name, number));
        marked.find(|marked| taken.insert(seen(marked))).unwrap_or(name)
    };
    names.into_iter().map(unlike).collect()
}

/// A name that fits a width, with an ellipsis for its middle where it is too long.
fn cut(name: &str, size: f64, bold: bool, width: f64) -> String {
    let letters: Vec<char> = name.chars().collect();
    let kept = |count: usize| -> String {
        let head = count - count * 2 / 5;
        let tail = letters.len() - (count - head);
        let (head, tail): (String, String) = (letters[..head].iter().collect(), letters[tail..].iter().collect());
        format!("{}\u{2026}{}", head.trim_end(), tail.trim_start())
    };
    // No label has room for more, and measuring a long text again and again is waste.
    const MOST: usize = 400;
    if letters.len() <= MOST && measure(name, size, bold) <= width {
        return name.to_owned();
    }
    let (mut fits, mut beyond) = (0, letters.len().min(MOST));
    while fits + 1 < beyond {
        let middle = fits.midpoint(beyond);
        if measure(&kept(middle), size, bold) <= width {
            fits = middle;
        } else {
            beyond = middle;
        }
    }
    kept(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_that_look_alike_are_numbered() {
        let names = texts(&["shop", "shop\u{200b}", "shop ", "shop (2)", "Shop"]);
        assert_eq!(
            distinct(names),
            ["shop", "shop\u{200b} (2)", "shop  (3)", "shop (2) (2)", "Shop"]
        );
    }

    #[test]
    fn a_name_is_cut_in_its_middle_so_that_its_end_tells_it_apart() {
        let names = texts(&[
            "the-very-long-name-of-a-shop-in-berlin",
            "the-very-long-name-of-a-shop-in-rome",
        ]);
        let cut = fitted(&names, 11.0, false, 120.0);
        assert!(cut[0].starts_with("the-") && cut[0].ends_with("berlin"), "{cut:?}");
        assert!(cut[1].ends_with("rome") && cut[0] != cut[1], "{cut:?}");
        assert!(cut.iter().all(|name| measure(name, 11.0, false) <= 120.0));
    }

    #[test]
    fn names_that_differ_only_in_their_middle_are_numbered_within_their_width() {
        let names: Vec<String> = (10..40)
            .map(|number| format!("{}{number}{}", "a".repeat(60), "b".repeat(60)))
            .collect();
        let cut = fitted(&names, 11.0, true, 100.0);
        let mut apart = cut.clone();
        apart.sort();
        apart.dedup();
        assert_eq!(apart.len(), names.len());
        assert!(cut.iter().all(|name| measure(name, 11.0, true) <= 100.0), "{cut:?}");
    }
}
