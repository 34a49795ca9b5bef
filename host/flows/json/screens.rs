//! What screens are, before anything in them is looked at: who they are, what they know, what is entered in them.

use std::collections::BTreeMap;

use super::check::{Flow, Problems, below};
use super::model::{Fields, Type, example_differs};
use super::table;
use super::tree::{Node, Place};
use super::version::Version;

/// A screen.
pub(super) struct Screen<'a> {
    pub(super) id: &'a str,
    pub(super) node: &'a Node,
    /// `screens[3]`.
    pub(super) path: String,
    pub(super) is_terminal: bool,
    /// Its data model; `None` when it has none.
    pub(super) data: Option<Fields>,
    /// What is entered in it, by name.
    pub(super) form: Fields,
    /// The names of those that take files.
    pub(super) pickers: Vec<&'a str>,
    /// What the Flow says of the screens that may follow, if it does.
    pub(super) routes: Option<&'a Node>,
    /// The place of all screens.
    pub(super) all: Place,
}

const RESERVED: &str = "SUCCESS";

/// The screens that can be walked through.
pub(super) fn collect<'a>(root: &'a Node, flow: &Flow, problems: &mut Problems) -> Vec<Screen<'a>> {
    let Some(list) = root.get("screens") else {
        return Vec::new();
    };
    let mut found: Vec<Screen<'a>> = Vec::new();
    for (n, node) in list.list().unwrap_or_default().iter().enumerate() {
        let path = format!("screens[{n}]");
        if node.members().is_none() {
            problems.kind(node, &path, "a screen, which is an object");
            continue;
        }
        properties(node, &path, flow, problems);
        let Some(id) = id(node, &path, &found, problems) else {
            continue;
        };
        let mut inputs = Inputs::default();
        if let Some(layout) = node.get("layout") {
            inputs.collect(layout);
        }
        found.push(Screen {
            id,
            node,
            is_terminal: node.get("terminal").and_then(Node::bool) == Some(true),
            data: data(node, &path, problems),
            form: inputs.fields,
            pickers: inputs.pickers,
            routes: root.get("routing_model"),
            path,
            all: list.place,
        });
    }
    found
}

fn properties(node: &Node, path: &str, flow: &Flow, problems: &mut Problems) {
    let known = [
        "id",
        "title",
        "terminal",
        "success",
        "data",
        "layout",
        "refresh_on_back",
        "sensitive",
    ];
    problems.keys(node, path, &|name| {
        known.contains(&name) || name.starts_with('_')
    });
    for name in ["terminal", "success", "refresh_on_back"] {
        if let Some(value) = node.get(name)
            && value.bool().is_none()
        {
            problems.kind(value, &below(path, name), "true or false");
        }
    }
    if let Some(title) = node.get("title")
        && title.text().is_none()
    {
        problems.kind(title, &below(path, "title"), "a text");
    }
    let is_terminal = node.get("terminal").and_then(Node::bool) == Some(true);
    if let Some(success) = node.member("success")
        && !is_terminal
    {
        let message = "`success` is for screens with `\"terminal\": true`";
        let error = "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED";
        problems.add(error, &below(path, "success"), success.at, message);
    }
    if let Some(refresh) = node.member("refresh_on_back")
        && !flow.has_endpoint
    {
        let message = "`refresh_on_back` asks a data endpoint, and this Flow has none: add `data_api_version`";
        let error = "INVALID_PROPERTY_VALUE";
        problems.add(error, &below(path, "refresh_on_back"), refresh.at, message);
    }
    if let Some(sensitive) = node.member("sensitive") {
        let path = below(path, "sensitive");
        if flow.version < Version(5, 1) {
            let message = "`sensitive` came with version 5.1";
            problems.add("INVALID_PROPERTY_KEY", &path, sensitive.at, message);
        }
        let names = sensitive.node.list();
        if !names.is_some_and(|names| names.iter().all(|name| name.text().is_some())) {
            problems.kind(&sensitive.node, &path, "an array of names");
        }
    }
}

fn id<'a>(
    node: &'a Node,
    path: &str,
    before: &[Screen<'_>],
    problems: &mut Problems,
) -> Option<&'a str> {
    if !problems.needs(node, path, "id") {
        return None;
    }
    let value = node.get("id")?;
    let path = below(path, "id");
    let Some(id) = value.text() else {
        problems.kind(value, &path, "a text");
        return None;
    };
    let is_name = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if !is_name {
        let message = format!("`{id}` cannot name a screen: use letters and underscores only");
        problems.add("PATTERN_MISMATCH", &path, value.place, message);
    }
    if id == RESERVED {
        let message = "`SUCCESS` is what an endpoint ends a Flow with: call the screen otherwise";
        problems.add("SCREEN_ID_IS_RESERVED_KEYWORD", &path, value.place, message);
    }
    if before.iter().any(|other| other.id == id) {
        let message = format!("there is a screen `{id}` already");
        problems.add("DUPLICATE_SCREEN_IDS", &path, value.place, message);
        return None;
    }
    Some(id)
}

/// The data model, and what is wrong with it.
fn data(node: &Node, path: &str, problems: &mut Problems) -> Option<Fields> {
    let data = node.get("data")?;
    let path = below(path, "data");
    let Some(members) = data.members() else {
        problems.kind(data, &path, "an object: a schema for each name");
        return None;
    };
    problems.keys(data, &path, &|_| true);
    let mut fields = Fields::new();
    for member in members {
        let path = below(&path, &member.name);
        schema(&member.node, &path, true, problems);
        fields.insert(member.name.clone(), Type::of_schema(&member.node));
    }
    Some(fields)
}

fn schema(node: &Node, path: &str, is_top: bool, problems: &mut Problems) {
    const ERROR: &str = "INVALID_SCREEN_DATA";
    if node.members().is_none() {
        problems.kind(
            node,
            path,
            "a schema, as `{ \"type\": \"string\", \"__example__\": \"…\" }`",
        );
        return;
    }
    match node.get("type") {
        None => {
            let message = "`type` is missing: string, number, boolean, array or object";
            problems.add(ERROR, path, node.place, message);
        }
        Some(kind) => {
            let known = ["string", "number", "integer", "boolean", "array", "object"];
            if !kind.text().is_some_and(|word| known.contains(&word)) {
                let message = "a type is one of string, number, boolean, array and object";
                problems.add(ERROR, &below(path, "type"), kind.place, message);
            }
        }
    }
    match (node.get("__example__"), is_top) {
        (None, true) => {
            let message = "`__example__` is missing: a value for the preview";
            problems.add(ERROR, path, node.place, message);
        }
        (Some(example), true) => {
            if let Some((given, wanted)) = example_differs(example, node) {
                let message =
                    format!("`__example__` should be {wanted}, as `type` says, and is {given}");
                problems.add(ERROR, &below(path, "__example__"), example.place, message);
            }
        }
        (Some(example), false) => {
            let message = "`__example__` belongs to the top of a schema, and not inside of it";
            problems.add(ERROR, &below(path, "__example__"), example.place, message);
        }
        (None, false) => {}
    }
    match node.get("type").and_then(Node::text) {
        Some("array") => match node.get("items") {
            None => {
                let message = "`items` is missing: the schema of what is in the array";
                problems.add(ERROR, path, node.place, message);
            }
            Some(items) => schema(items, &below(path, "items"), false, problems),
        },
        Some("object") => {
            let path = below(path, "properties");
            for member in node
                .get("properties")
                .and_then(Node::members)
                .unwrap_or_default()
            {
                schema(&member.node, &below(&path, &member.name), false, problems);
            }
        }
        _ => {}
    }
}

/// What is entered in a screen.
#[derive(Default)]
struct Inputs<'a> {
    fields: Fields,
    pickers: Vec<&'a str>,
}

impl<'a> Inputs<'a> {
    fn collect(&mut self, node: &'a Node) {
        for child in ["children", "then", "else"] {
            for node in node.get(child).and_then(Node::list).unwrap_or_default() {
                self.collect(node);
            }
        }
        for case in node
            .get("cases")
            .and_then(Node::members)
            .unwrap_or_default()
        {
            for node in case.node.list().unwrap_or_default() {
                self.collect(node);
            }
        }
        let kind = node.get("type").and_then(Node::text).unwrap_or_default();
        let name = node.get("name").and_then(Node::text);
        let Some(name) = name.filter(|_| table::find(kind).is_some_and(|found| found.is_input))
        else {
            return;
        };
        if matches!(kind, "PhotoPicker" | "DocumentPicker") {
            self.pickers.push(name);
        }
        self.fields.insert(name.to_owned(), entered(kind, node));
    }
}

/// What kind of value comes of an input.
fn entered(kind: &str, node: &Node) -> Type {
    match kind {
        "CheckboxGroup" | "ChipsSelector" => Type::List(Box::new(Type::Text)),
        "PhotoPicker" | "DocumentPicker" => Type::List(Box::new(Type::Unknown)),
        "OptIn" => Type::Flag,
        "TextInput" if node.get("input-type").and_then(Node::text) == Some("number") => {
            Type::Unknown
        }
        "CalendarPicker" => match node.get("mode").and_then(Node::text) {
            Some("range") => Type::Object(BTreeMap::new()),
            Some(mode) if mode.starts_with("${") => Type::Unknown,
            _ => Type::Text,
        },
        _ => Type::Text,
    }
}

/// A Flow ends somewhere.
pub(super) fn terminals(screens: &[Screen<'_>], problems: &mut Problems) {
    let Some(first) = screens.first() else {
        return;
    };
    let terminals: Vec<_> = screens.iter().filter(|screen| screen.is_terminal).collect();
    if terminals.is_empty() {
        let message = "no screen ends the Flow: one has `\"terminal\": true`";
        problems.add("MISSING_TERMINAL_SCREEN", "screens", first.all, message);
        return;
    }
    let ends_well =
        |screen: &&Screen<'_>| screen.node.get("success").and_then(Node::bool) != Some(false);
    if !terminals.iter().any(ends_well) {
        let message = "at least one terminal screen ends the Flow with success";
        problems.add("INVALID_PROPERTY_VALUE", "screens", first.all, message);
    }
}
