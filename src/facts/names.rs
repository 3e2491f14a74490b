//! Names: which entity each of its names leads to in the end.

use std::collections::HashMap;

use polars::prelude::*;

/// A name, what it is stated to be another name of, and the place of that statement among all, the earliest first.
#[derive(Debug, Clone, Copy)]
struct Lead {
    to: i64,
    place: i64,
}

/// Follows statements (`key`, `parent`, `place`; one row per key) to their end: `key` and `root`.
///
/// Where names lead in a circle, the latest statement of the circle says nothing: the name that it is about is the
/// root. So the result depends on no order of rows, and every name is looked at once.
///
/// # Errors
/// When a column is missing or of another type.
pub fn roots(stated: &DataFrame) -> PolarsResult<DataFrame> {
    let int = |name: &str| stated.column(name)?.i64();
    let (keys, parents, places) = (int("key")?, int("parent")?, int("place")?);
    let rows = keys.iter().zip(parents.iter()).zip(places.iter());
    let leads: HashMap<i64, Lead> = rows
        .filter_map(|((key, to), place)| Some((key?, Lead { to: to?, place: place? })))
        .collect();
    let mut found: HashMap<i64, i64> = HashMap::with_capacity(leads.len());
    for start in keys.iter().flatten() {
        let mut path = Vec::new();
        let mut on_path: HashMap<i64, usize> = HashMap::new();
        let mut at = start;
        let root = loop {
            if let Some(root) = found.get(&at) {
                break *root;
            }
            if let Some(first) = on_path.get(&at) {
                break of_circle(&path[*first..], &leads);
            }
            let Some(lead) = leads.get(&at) else { break at };
            on_path.insert(at, path.len());
            path.push(at);
            at = lead.to;
        };
        found.extend(path.into_iter().map(|name| (name, root)));
    }
    let roots: Vec<i64> = keys
        .iter()
        .map(|key| key.and_then(|key| found.get(&key).copied()).or(key).unwrap_or_default())
        .collect();
    df!("key" => keys.iter().map(Option::unwrap_or_default).collect::<Vec<i64>>(), "root" => roots)
}

/// The name that the latest statement of a circle is about.
fn of_circle(circle: &[i64], leads: &HashMap<i64, Lead>) -> i64 {
    let place = |name: &i64| leads.get(name).map(|lead| lead.place);
    circle.iter().copied().max_by_key(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stated: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let column = |get: fn(&(i64, i64)) -> i64| stated.iter().map(get).collect::<Vec<i64>>();
        let places: Vec<i64> = (1..).take(stated.len()).collect();
        let frame = df!("key" => column(|one| one.0), "parent" => column(|one| one.1), "place" => places).unwrap();
        let roots = roots(&frame).unwrap();
        let int = |name: &str| roots.column(name).unwrap().i64().unwrap().clone();
        int("key").iter().flatten().zip(int("root").iter().flatten()).collect()
    }

    #[test]
    fn a_chain_leads_to_its_end() {
        assert_eq!(of(&[(1, 2), (3, 4), (2, 3)]), [(1, 4), (3, 4), (2, 4)]);
        let long: Vec<(i64, i64)> = (0..100_000).map(|n| (n, n + 1)).collect();
        assert!(of(&long).iter().all(|(_, root)| *root == 100_000));
    }

    #[test]
    fn the_latest_statement_of_a_circle_says_nothing() {
        assert_eq!(of(&[(1, 2), (2, 1)]), [(1, 2), (2, 2)]);
        assert_eq!(of(&[(2, 1), (1, 2)]), [(2, 1), (1, 1)]);
        assert_eq!(of(&[(7, 1), (1, 2), (2, 3), (3, 1)]), [(7, 3), (1, 3), (2, 3), (3, 3)]);
        assert_eq!(of(&[(5, 5)]), [(5, 5)]);
    }
}
