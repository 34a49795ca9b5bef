//! The routes between screens: from one entry, forwards only, each to an end.

use std::collections::{BTreeMap, BTreeSet};

/// Screens that one screen may lead to.
const MOST_BRANCHES: usize = 10;

/// Screens by their ids, and where each leads.
pub(super) type Routes = BTreeMap<String, Vec<String>>;

/// What is wrong with the routes; the terminal screens are those where a Flow can end.
pub(super) fn problems(
    routes: &Routes,
    screens: &[String],
    terminal: &BTreeSet<String>,
) -> Vec<String> {
    let mut problems = Vec::new();
    let missing: Vec<&String> = screens
        .iter()
        .filter(|id| !routes.contains_key(*id))
        .collect();
    if !missing.is_empty() {
        problems.push(format!(
            "Following screens are missing in the routing model: {missing:?}."
        ));
    }
    for (from, targets) in routes {
        if !screens.contains(from) {
            problems.push(format!(
                "Screen {from} in the routing model does not exist."
            ));
        }
        if targets.len() > MOST_BRANCHES {
            problems.push(format!(
                "Screen {from} has {} routes, and can have {MOST_BRANCHES}.",
                targets.len()
            ));
        }
        for target in targets {
            if target == from {
                problems.push(format!("Screen {from} has a route to itself."));
            } else if !screens.contains(target) {
                problems.push(format!(
                    "Screen {target} in the routing model does not exist."
                ));
            }
        }
    }
    if !problems.is_empty() {
        return problems;
    }
    let targets: BTreeSet<&String> = routes.values().flatten().collect();
    let entries: Vec<&String> = screens.iter().filter(|id| !targets.contains(id)).collect();
    if entries.is_empty() {
        problems
            .push("The routing model has no entry screen: every screen has a route to it.".into());
        return problems;
    }
    if let Some(from) = looping(routes) {
        problems.push(format!(
            "The routing model has a loop over the screen {from}: routes go forwards only."
        ));
        return problems;
    }
    let mut reached = BTreeSet::new();
    let mut open = vec![entries[0]];
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(routes.get(id).into_iter().flatten());
        }
    }
    let lost: Vec<&String> = screens.iter().filter(|id| !reached.contains(id)).collect();
    if !lost.is_empty() {
        problems.push(format!(
            "Following screens are not connected with the rest: {lost:?}."
        ));
    }
    for (from, targets) in routes {
        if targets.is_empty() && !terminal.contains(from) {
            problems.push(format!(
                "The route that ends at the screen {from} does not end at a terminal screen."
            ));
        }
    }
    problems
}

/// A screen from which a route leads back to it.
fn looping(routes: &Routes) -> Option<&String> {
    routes.keys().find(|start| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = routes[*start].iter().collect();
        while let Some(id) = open.pop() {
            if id == *start {
                return true;
            }
            if seen.insert(id) {
                open.extend(routes.get(id).into_iter().flatten());
            }
        }
        false
    })
}
