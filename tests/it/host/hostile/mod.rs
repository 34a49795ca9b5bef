//! What a hostile bot can do, a test for each behaviour: how its event ends, what is seen of what stopped it, and that
//! host and neighbour go on.
//!
//! A host costs more than most behaviours do, so all tests of a run share one: `stage` is the process that has it.
//! `attack` is a test's part: it has the hostile bot do one thing, and looks after the neighbour and at what the host lets
//! out. `behaviours` are what a bot does with an event, the functions of `guests/fixtures/hostile`; `visits` what it and
//! its visitors do to web routes; `components` what was never JavaScript.

mod attack;
mod behaviours;
mod components;
mod stage;
mod visits;

use std::collections::BTreeSet;

use crate::support::source::{files, text};

/// Each line of a table makes a test. That there are so many, and that each behaviour of the bot is in one, is looked at here.
#[test]
fn there_are_hundreds_of_hostile_behaviours_each_with_a_test_of_its_own() {
    let behaviours: Vec<_> = behaviours::all().collect();
    let (visits, components) = (visits::ALL.len(), components::ALL.len());
    let count = behaviours.len() + visits + components;
    assert!(count >= 250, "{count}");

    let said = behaviours.iter().flat_map(|one| one.says.split(" then "));
    let said = said.map(|says| says.split(' ').next().unwrap());
    let pages = visits::ALL.iter().filter_map(|one| {
        let (_, rest) = one.asks.split_once("/web/")?;
        rest.split(' ').next()
    });
    let played: BTreeSet<&str> = said.chain(pages).collect();
    let folder = "guests/fixtures/hostile";
    let idle: Vec<String> = files(folder)
        .iter()
        .flat_map(|file| deeds(&text(file)))
        .filter(|deed| !played.contains(deed.as_str()))
        .collect();
    assert!(idle.is_empty(), "no test plays {idle:?}");
}

/// The names of what a file of the bot exports: they stand two spaces from the left.
fn deeds(file: &str) -> Vec<String> {
    let Some((_, exported)) = file.split_once("module.exports = {") else {
        return Vec::new();
    };
    let lines = exported.lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter_map(|line| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let end = line.find(|c: char| !(c.is_ascii_lowercase() || c == '_'))?;
        let is_name = end > 0 && line[end..].starts_with([':', '(']);
        // What a page says is no behaviour.
        (is_name && &line[..end] != "page").then(|| line[..end].to_owned())
    });
    names.collect()
}
