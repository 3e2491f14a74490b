//! Every answer is a function of the set of accepted events: their order and repetition change nothing.

use rand::Rng;

use super::world::{accepted, app, receive, rows};
use super::{for_every_metric, only_silent_about};
use crate::support::app::TestApp;
use crate::support::chance::stream;

/// The accepted lines in any order, a third of them once more anywhere, in parts of unlike size.
fn shuffled() -> Vec<Vec<&'static str>> {
    let mut dice = stream(58);
    let mut below = |count: usize| dice.next_u64() as usize % count;
    let mut lines = accepted();
    let again: Vec<&str> = lines.iter().step_by(3).copied().collect();
    lines.extend(again);
    for last in (1..lines.len()).rev() {
        lines.swap(last, below(last + 1));
    }
    let mut parts = Vec::new();
    while !lines.is_empty() {
        let size = (200 + below(3_000)).min(lines.len());
        parts.push(lines.split_off(lines.len() - size));
    }
    parts
}

#[test]
fn no_order_and_no_repetition_changes_an_answer() {
    let other = TestApp::start();
    receive(&other, &shuffled());
    let compared = for_every_metric(6, 6, |asked| {
        // Of what had come by half of the time the two know different halves.
        let question = asked.question().replace(super::world::HALF, super::world::END);
        let (told, shuffled) = (rows(app(), &question), rows(&other, &question));
        assert_eq!(told, shuffled, "{question}");
        told.len()
    });
    only_silent_about(&compared, &[]);
}
