//! The walk through a Flow: its top level, then its screens, and how they follow each other.

use std::collections::BTreeMap;

use super::components::Walk;
use super::screens::{self, Screen};
use super::table::{MOST_CAROUSELS, MOST_SCREENS};
use super::tree::{self, Node, Place};
use super::version::{DATA_API, FROZEN, NEWEST, PUBLISHED, Version};
use super::{MOST_BYTES, MOST_PROBLEMS, Problem, Report, routing};

/// Problems as they are found.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(
        &mut self,
        error: &'static str,
        path: &str,
        place: Place,
        message: impl Into<String>,
    ) {
        self.0.push(Problem {
            error,
            message: message.into(),
            path: path.to_owned(),
            place,
            is_warning: false,
        });
    }

    pub(super) fn warn(
        &mut self,
        error: &'static str,
        path: &str,
        place: Place,
        message: impl Into<String>,
    ) {
        self.add(error, path, place, message);
        if let Some(last) = self.0.last_mut() {
            last.is_warning = true;
        }
    }

    /// A property that an object does not have. Says whether it has it.
    pub(super) fn needs(&mut self, node: &Node, path: &str, name: &str) -> bool {
        if node.get(name).is_some() {
            return true;
        }
        let message = format!("`{name}` is missing");
        self.add("MISSING_REQUIRED_PROPERTY", path, node.place, message);
        false
    }

    /// A value of another kind than is wanted.
    pub(super) fn kind(&mut self, node: &Node, path: &str, wanted: &str) {
        let message = format!("this should be {wanted}, and is {}", a(node.kind()));
        self.add("INVALID_PROPERTY_TYPE", path, node.place, message);
    }

    /// Keys that are there twice, which JSON allows and nobody means; and keys that are none of these.
    pub(super) fn keys(&mut self, node: &Node, path: &str, known: &dyn Fn(&str) -> bool) {
        let members = node.members().unwrap_or_default();
        for (n, member) in members.iter().enumerate() {
            let name = &member.name;
            let path = below(path, name);
            if members[..n].iter().any(|before| before.name == *name) {
                let message = format!("`{name}` is there twice: only the last one would count");
                self.add("INVALID_PROPERTY_KEY", &path, member.at, message);
            }
            if !known(name) {
                let message = format!("there is no property `{name}` here");
                self.add("INVALID_PROPERTY_KEY", &path, member.at, message);
            }
        }
    }

    fn in_order(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| {
            let place = problem.place;
            (place.line_start, place.column_start)
        });
        self.0.dedup();
        self.0.truncate(MOST_PROBLEMS);
        self.0
    }
}

/// A key below a path.
pub(super) fn below(path: &str, name: &str) -> String {
    match path.is_empty() {
        true => name.to_owned(),
        false => format!("{path}.{name}"),
    }
}

fn a(kind: &str) -> String {
    match kind {
        "array" | "object" => format!("an {kind}"),
        "null" => kind.to_owned(),
        _ => format!("a {kind}"),
    }
}

/// What all of a Flow has in common.
pub(super) struct Flow {
    pub(super) version: Version,
    /// Whether it has a data endpoint.
    pub(super) has_endpoint: bool,
}

pub(super) fn check(text: &str) -> Report {
    let mut problems = Problems::default();
    if text.len() > MOST_BYTES {
        let message = "it has more than 10 MB, which Meta does not take: keep pictures small";
        problems.add("INVALID_FLOW_JSON", "", Place::default(), message);
    }
    let root = match tree::read(text) {
        Ok(root) => root,
        Err(malformed) => {
            let message = format!("it is not JSON: {}", malformed.why);
            problems.add("INVALID_FLOW_JSON", "", malformed.place, message);
            return Report {
                problems: problems.in_order(),
                ..Report::default()
            };
        }
    };
    if root.members().is_none() {
        problems.kind(&root, "", "an object");
        return Report {
            problems: problems.in_order(),
            ..Report::default()
        };
    }
    let word = |name| root.get(name).and_then(Node::text).map(str::to_owned);
    let mut report = Report {
        version: word("version"),
        data_api_version: word("data_api_version"),
        ..Report::default()
    };
    let version = version(&root, &mut problems);
    let flow = Flow {
        version,
        has_endpoint: root.get("data_api_version").is_some()
            || (version < Version(3, 0) && root.get("data_channel_uri").is_some()),
    };
    top_level(&root, &flow, &mut problems);
    let found = screens::collect(&root, &flow, &mut problems);
    report.screens = found.iter().map(|screen| screen.id.to_owned()).collect();
    walk(&found, &flow, &mut problems);
    report.problems = problems.in_order();
    report
}

/// The version whose rules count.
fn version(root: &Node, problems: &mut Problems) -> Version {
    let advice = format!("write `\"version\": \"{NEWEST}\"`");
    let Some(node) = root.get("version") else {
        let message = format!("`version` is missing: {advice}");
        problems.add("MISSING_FLOW_JSON_VERSION", "", root.place, message);
        return NEWEST;
    };
    let Some(version) = node.text().and_then(Version::read) else {
        let message = format!("this is no version of Flow JSON: {advice}");
        problems.add("INVALID_FLOW_JSON_VERSION", "version", node.place, message);
        return NEWEST;
    };
    if PUBLISHED.contains(&version) {
        return version;
    }
    if FROZEN.contains(&version) {
        let message = format!(
            "Meta does not publish version {version} any more: {advice}, and see its changes"
        );
        problems.add(
            "UNSUPPORTED_FLOW_JSON_VERSION",
            "version",
            node.place,
            message,
        );
        return version;
    }
    if version > NEWEST {
        let message = format!(
            "version {version} is later than those known here: the rules of {NEWEST} are gone by"
        );
        problems.warn(
            "UNAVAILABLE_FLOW_JSON_VERSION",
            "version",
            node.place,
            message,
        );
        return version;
    }
    let message = format!("Meta never had a version {version} of Flow JSON: {advice}");
    problems.add("INVALID_FLOW_JSON_VERSION", "version", node.place, message);
    NEWEST
}

fn top_level(root: &Node, flow: &Flow, problems: &mut Problems) {
    problems.keys(root, "", &|name| {
        matches!(name, "version" | "screens" | "data_api_version" | "routing_model")
            || (name == "data_channel_uri" && flow.version < Version(3, 0))
            // Builders of Flows write them, and Meta passes them over.
            || name.starts_with('_')
    });
    if let Some(node) = root.get("data_api_version") {
        match node.text() {
            Some(version) if DATA_API.contains(&version) => {}
            Some(_) => {
                let message = "the data API has the versions \"3.0\" and \"4.0\"";
                let error = "NO_SUPPORTED_DATA_API_VERSION";
                problems.add(error, "data_api_version", node.place, message);
            }
            None => problems.kind(node, "data_api_version", "a text, such as \"3.0\""),
        }
    }
    if flow.has_endpoint && root.get("routing_model").is_none() {
        let message = "`routing_model` is missing: a Flow with a data endpoint says which screens may follow which";
        problems.add("MISSING_REQUIRED_TYPE_PROPERTY", "", root.place, message);
    }
    match root.get("screens") {
        None => {
            problems.needs(root, "", "screens");
        }
        Some(node) => match node.list() {
            None => problems.kind(node, "screens", "an array of screens"),
            Some([]) => {
                let message = "a Flow has at least one screen";
                problems.add("MIN_ITEMS_REQUIRED", "screens", node.place, message);
            }
            Some(screens) if screens.len() > MOST_SCREENS => {
                let message = format!("a Flow has {MOST_SCREENS} screens at most");
                problems.add("MAX_SCREENS_NUMBER", "screens", node.place, message);
            }
            Some(_) => {}
        },
    }
    if let Some(node) = root.get("routing_model") {
        routing::shape(node, problems);
    }
}

/// Through the screens, and along the ways between them.
fn walk(screens: &[Screen<'_>], flow: &Flow, problems: &mut Problems) {
    let mut carousels = 0;
    let mut ways = BTreeMap::new();
    for screen in screens {
        let mut walk = Walk::new(flow, screens, screen, problems);
        walk.screen();
        carousels += walk.count_of("ImageCarousel");
        let found = walk.into_ways();
        ways.insert(screen.id, found);
    }
    let Some(first) = screens.first() else {
        return;
    };
    if carousels > MOST_CAROUSELS {
        let message =
            format!("a Flow has {MOST_CAROUSELS} carousels at most, and this one {carousels}");
        problems.add("INVALID_PROPERTY_VALUE", "screens", first.all, message);
    }
    screens::terminals(screens, problems);
    routing::check(screens, flow, &ways, problems);
}
