//! Which screens follow which: as the routing model says, or as the actions do where there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Flow, Problems, below};
use super::screens::Screen;
use super::table::MOST_BRANCHES;
use super::tree::{Node, Place};

const ERROR: &str = "INVALID_ROUTING_MODEL";

/// Where a `navigate` leads, and where it stands.
pub(super) struct Way {
    pub(super) to: String,
    pub(super) path: String,
    pub(super) place: Place,
}

/// The ways from each screen.
pub(super) type Ways<'a> = BTreeMap<&'a str, Vec<Way>>;

/// Whether it is a map of lists of names.
pub(super) fn shape(node: &Node, problems: &mut Problems) {
    let path = "routing_model";
    let Some(members) = node.members() else {
        problems.kind(
            node,
            path,
            "an object: for each screen those that may follow it",
        );
        return;
    };
    problems.keys(node, path, &|_| true);
    for member in members {
        let path = below(path, &member.name);
        let Some(next) = member.node.list() else {
            problems.kind(&member.node, &path, "an array of screens");
            continue;
        };
        for (n, next) in next.iter().enumerate() {
            if next.text().is_none() {
                problems.kind(next, &format!("{path}[{n}]"), "the id of a screen");
            }
        }
        if next.len() > MOST_BRANCHES {
            let message = format!("{MOST_BRANCHES} screens may follow one at most");
            problems.add(ERROR, &path, member.node.place, message);
        }
    }
}

pub(super) fn check(screens: &[Screen<'_>], flow: &Flow, ways: &Ways<'_>, problems: &mut Problems) {
    let model = screens.first().and_then(|screen| screen.routes);
    let edges = match model {
        Some(model) => told(screens, model, problems),
        None if flow.has_endpoint => return,
        None => derived(screens, ways),
    };
    if let Some(model) = model {
        are_told(ways, &edges, model, problems);
    }
    let at = |id: &str| -> (String, Place) {
        let key = model.and_then(|model| model.member(id));
        let screen = screens.iter().find(|screen| screen.id == id);
        match (key, screen) {
            (Some(key), _) => (below("routing_model", id), key.at),
            (None, Some(screen)) => (screen.path.clone(), screen.node.place),
            (None, None) => (String::new(), Place::default()),
        }
    };
    if circles(screens, &edges, &at, problems) {
        return;
    }
    let followed: BTreeSet<&str> = edges.values().flatten().map(String::as_str).collect();
    let entries: Vec<&str> = screens
        .iter()
        .map(|screen| screen.id)
        .filter(|id| !followed.contains(id))
        .collect();
    if let [entry, others @ ..] = entries.as_slice() {
        for other in others {
            let (path, place) = at(other);
            let message =
                format!("nothing leads to `{other}`, and the Flow begins with `{entry}` already");
            problems.add(ERROR, &path, place, message);
        }
    }
}

type Edges = BTreeMap<String, BTreeSet<String>>;

/// The edges that the model tells.
fn told(screens: &[Screen<'_>], model: &Node, problems: &mut Problems) -> Edges {
    let is_known = |id: &str| screens.iter().any(|screen| screen.id == id);
    let mut edges = Edges::new();
    for member in model.members().unwrap_or_default() {
        let path = below("routing_model", &member.name);
        if !is_known(&member.name) {
            let message = format!("there is no screen `{}`", member.name);
            problems.add(ERROR, &path, member.at, message);
        }
        let next = edges.entry(member.name.clone()).or_default();
        for (n, node) in member.node.list().unwrap_or_default().iter().enumerate() {
            let Some(id) = node.text() else { continue };
            let path = format!("{path}[{n}]");
            if id == member.name {
                let message = "a screen does not follow itself";
                problems.add(ERROR, &path, node.place, message);
            } else if !is_known(id) {
                let message = format!("there is no screen `{id}`");
                problems.add(ERROR, &path, node.place, message);
            } else {
                next.insert(id.to_owned());
            }
        }
    }
    // Of one screen nothing has to be said.
    let is_idle = screens.len() == 1 && edges.is_empty();
    for screen in screens {
        if !edges.contains_key(screen.id) && !is_idle {
            let message = format!(
                "screen `{}` is missing: give it a list, which may be empty",
                screen.id
            );
            problems.add(ERROR, "routing_model", model.place, message);
        }
    }
    edges
}

/// The edges that the actions make.
fn derived(screens: &[Screen<'_>], ways: &Ways<'_>) -> Edges {
    let is_known = |id: &str| screens.iter().any(|screen| screen.id == id);
    let of = |screen: &Screen<'_>| {
        let ways = ways.get(screen.id).map(Vec::as_slice).unwrap_or_default();
        let next = ways.iter().map(|way| way.to.clone());
        let next = next.filter(|to| is_known(to) && to != screen.id).collect();
        (screen.id.to_owned(), next)
    };
    screens.iter().map(of).collect()
}

/// Each way is one that the model has.
fn are_told(ways: &Ways<'_>, edges: &Edges, model: &Node, problems: &mut Problems) {
    for (from, ways) in ways {
        for way in ways {
            let is_told = edges.get(*from).is_some_and(|next| next.contains(&way.to));
            if !is_told && edges.contains_key(&way.to) && way.to != **from {
                let message = format!(
                    "`routing_model` (line {}) does not let `{}` follow `{from}`: add it there",
                    model.place.line_start, way.to
                );
                problems.add(ERROR, &way.path, way.place, message);
            }
        }
    }
}

/// Whether a screen leads back to itself.
fn circles(
    screens: &[Screen<'_>],
    edges: &Edges,
    at: &dyn Fn(&str) -> (String, Place),
    problems: &mut Problems,
) -> bool {
    let mut found = false;
    for screen in screens {
        let mut reached = BTreeSet::new();
        let mut next = vec![screen.id];
        while let Some(id) = next.pop() {
            for to in edges.get(id).into_iter().flatten() {
                if reached.insert(to.as_str()) {
                    next.push(to);
                }
            }
        }
        if reached.contains(screen.id) {
            found = true;
            let (path, place) = at(screen.id);
            let message = format!(
                "`{}` leads back to itself: screens only follow forwards",
                screen.id
            );
            problems.add(ERROR, &path, place, message);
        }
    }
    found
}
