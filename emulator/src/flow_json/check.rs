//! What Meta finds wrong with Flow JSON, with the places.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::components::{Component, Shape, Version, component};
use super::expression::{self, Reference};
use super::routes::{self, Routes};
use super::source::{self, Kind, Node, Span};
use super::{FROZEN, PUBLISHABLE, version_of};

const MOST_SCREENS: usize = 100;
const MOST_CHILDREN: usize = 50;
const DEEPEST_CONDITION: usize = 3;
/// Errors after which no more are looked for.
const MOST_ERRORS: usize = 100;
/// Errors of the schema; the others are of Flow JSON itself.
const OF_SCHEMA: [&str; 6] = [
    "INVALID_PROPERTY_KEY",
    "INVALID_PROPERTY_TYPE",
    "MISSING_REQUIRED_PROPERTY",
    "INVALID_ENUM_VALUE",
    "MIN_ITEMS_REQUIRED",
    "PATTERN_MISMATCH",
];

/// A place in the JSON and how it is called.
#[derive(Clone, Debug)]
struct Place {
    span: Span,
    path: String,
}

impl Place {
    fn of(node: &Node, path: impl Into<String>) -> Self {
        Self {
            span: node.span,
            path: path.into(),
        }
    }
}

/// What is known of a screen before its components are looked at.
#[derive(Debug, Default)]
struct Screen {
    id: String,
    /// The types of its data, by name.
    data: BTreeMap<String, &'static str>,
    /// The types of its inputs' values, by name.
    inputs: BTreeMap<String, &'static str>,
    pickers: BTreeSet<String>,
    is_terminal: bool,
    is_success: bool,
    has_form: bool,
}

/// Checks Flow JSON.
pub(super) fn check(text: &str) -> Vec<Value> {
    let mut checker = Checker {
        version: (0, 0),
        has_endpoint: false,
        screens: Vec::new(),
        errors: Vec::new(),
        navigations: Vec::new(),
    };
    match source::read(text) {
        Ok(root) => checker.flow(&root),
        Err((span, why)) => {
            let place = Place {
                span,
                path: String::new(),
            };
            checker.add(
                "INVALID_FLOW_JSON",
                format!("Flow JSON is not valid: {why}."),
                &place,
            );
        }
    }
    checker.errors
}

struct Checker {
    version: Version,
    has_endpoint: bool,
    screens: Vec<Screen>,
    errors: Vec<Value>,
    /// Where screens lead: from, to, and where that is said.
    navigations: Vec<(String, String, Place)>,
}

impl Checker {
    fn add(&mut self, error: &str, message: impl Into<String>, place: &Place) {
        if self.errors.len() >= MOST_ERRORS {
            return;
        }
        let kind = if OF_SCHEMA.contains(&error) {
            "JSON_SCHEMA_ERROR"
        } else {
            "FLOW_JSON_ERROR"
        };
        let span = place.span;
        let lines = json!({
            "line_start": span.line_start,
            "line_end": span.line_end,
            "column_start": span.column_start,
            "column_end": span.column_end,
        });
        let mut found = json!({
            "error": error,
            "error_type": kind,
            "message": message.into(),
        });
        let mut pointer = lines.clone();
        pointer["path"] = place.path.as_str().into();
        for (key, value) in lines.as_object().into_iter().flatten() {
            found[key] = value.clone();
        }
        found["pointers"] = json!([pointer]);
        self.errors.push(found);
    }

    fn missing(&mut self, name: &str, place: &Place) {
        let message = format!("Required property '{name}' is missing.");
        self.add("MISSING_REQUIRED_PROPERTY", message, place);
    }

    fn wrong_type(&mut self, node: &Node, path: &str, expected: &str) {
        let message = format!(
            "Expected property '{path}' to be of type '{expected}', but found '{}'.",
            node.type_name()
        );
        self.add("INVALID_PROPERTY_TYPE", message, &Place::of(node, path));
    }

    fn flow(&mut self, root: &Node) {
        let top = Place::of(root, "");
        if !matches!(root.kind, Kind::Object(_)) {
            self.wrong_type(root, "", "object");
            return;
        }
        if !self.top_level(root, &top) {
            return;
        }
        let Some(screens) = root.get("screens") else {
            self.missing("screens", &top);
            return;
        };
        if !matches!(screens.kind, Kind::Array(_)) {
            self.wrong_type(screens, "screens", "array");
            return;
        }
        let place = Place::of(screens, "screens");
        match screens.items().len() {
            0 => self.add(
                "MIN_ITEMS_REQUIRED",
                "Property 'screens' must have at least 1 item.",
                &place,
            ),
            count if count > MOST_SCREENS => {
                let message = format!(
                    "Maximum number of screens allowed is ({MOST_SCREENS}) but found ({count})."
                );
                self.add("MAX_SCREENS_NUMBER", message, &place);
            }
            _ => {}
        }
        for (index, screen) in screens.items().iter().enumerate() {
            let known = self.survey(screen, &format!("screens[{index}]"));
            self.screens.push(known);
        }
        for (index, screen) in screens.items().iter().enumerate() {
            self.screen(index, screen, &format!("screens[{index}]"));
        }
        if !self.screens.is_empty() && !self.screens.iter().any(|screen| screen.is_terminal) {
            self.add(
                "MISSING_TERMINAL_SCREEN",
                "Flow JSON must have at least one terminal screen.",
                &place,
            );
        }
        let terminal: Vec<&Screen> = self.screens.iter().filter(|s| s.is_terminal).collect();
        if !terminal.is_empty() && !terminal.iter().any(|screen| screen.is_success) {
            self.add(
                "INVALID_PROPERTY_VALUE",
                "At least one terminal screen must have property 'success' set to true.",
                &place,
            );
        }
        self.routing(root, &place);
    }

    /// Version and endpoint; false when the rest cannot be judged.
    fn top_level(&mut self, root: &Node, top: &Place) -> bool {
        let known = [
            "version",
            "screens",
            "data_api_version",
            "routing_model",
            "data_channel_uri",
        ];
        for member in root.members() {
            if !known.contains(&member.key.as_str()) {
                let message = format!("Property '{}' cannot be specified at ''.", member.key);
                let place = Place {
                    span: member.span,
                    path: member.key.clone(),
                };
                self.add("INVALID_PROPERTY_KEY", message, &place);
            }
        }
        let Some(version) = root.get("version") else {
            self.add(
                "MISSING_FLOW_JSON_VERSION",
                "Flow JSON version is missing.",
                top,
            );
            return false;
        };
        let place = Place::of(version, "version");
        match version.text().and_then(version_of) {
            Some(known) if PUBLISHABLE.contains(&known) || FROZEN.contains(&known) => {
                self.version = known;
            }
            Some(_) | None => {
                let shown = version.text().unwrap_or_default();
                let message = format!("Flow JSON version '{shown}' is not valid.");
                self.add("INVALID_FLOW_JSON_VERSION", message, &place);
                return false;
            }
        }
        if let Some(api) = root.get("data_api_version") {
            self.has_endpoint = true;
            if !matches!(api.text(), Some("3.0" | "4.0")) && self.version >= (3, 0) {
                self.add(
                    "INVALID_ENUM_VALUE",
                    "Value should be one of: [3.0, 4.0].",
                    &Place::of(api, "data_api_version"),
                );
            }
            if root.get("routing_model").is_none() {
                self.add(
                    "MISSING_REQUIRED_TYPE_PROPERTY",
                    "Property 'routing_model' is required when property 'data_api_version' is present.",
                    top,
                );
            }
        }
        if let Some(uri) = root.get("data_channel_uri")
            && self.version >= (3, 0)
        {
            self.add(
                "INVALID_PROPERTY_KEY",
                "Property 'data_channel_uri' cannot be specified at ''.",
                &Place::of(uri, "data_channel_uri"),
            );
        }
        true
    }

    /// What other screens have to know of a screen.
    fn survey(&mut self, screen: &Node, path: &str) -> Screen {
        let mut known = Screen {
            id: screen.text_of("id").unwrap_or_default().to_owned(),
            is_terminal: screen.get("terminal").is_some_and(Node::is_true),
            ..Screen::default()
        };
        let success = screen.get("success");
        known.is_success = known.is_terminal && success.is_none_or(Node::is_true);
        if let Some(data) = screen.get("data") {
            for member in data.members() {
                let path = format!("{path}.data.{}", member.key);
                let kind = self.data_type(&member.node, &path);
                known.data.insert(member.key.clone(), kind);
            }
        }
        if let Some(layout) = screen.get("layout") {
            survey_children(layout.get("children"), &mut known);
        }
        known
    }

    /// The type of a screen's datum, and what is wrong with its declaration.
    fn data_type(&mut self, node: &Node, path: &str) -> &'static str {
        let place = Place::of(node, path);
        let wrong = "INVALID_SCREEN_DATA";
        let kind = match node.text_of("type") {
            Some("string") => "string",
            Some("number" | "integer") => "number",
            Some("boolean") => "boolean",
            Some("object") => "object",
            Some("array") => "array",
            Some(other) => {
                let message = format!(
                    "Type '{other}' of '{path}' is not one of [string, number, boolean, object, array]."
                );
                self.add(wrong, message, &place);
                return "any";
            }
            None => {
                self.add(
                    wrong,
                    format!("Property 'type' is missing for '{path}'."),
                    &place,
                );
                return "any";
            }
        };
        if kind == "array" && node.get("items").is_none() {
            self.add(
                wrong,
                format!("Property 'items' is missing for '{path}'."),
                &place,
            );
        }
        match node.get("__example__") {
            None => {
                self.add(
                    wrong,
                    format!("Property '__example__' is missing for '{path}'."),
                    &place,
                );
            }
            Some(example) if example.type_name() != kind => {
                let message = format!(
                    "Property '__example__' of '{path}' should be of type '{kind}', but found '{}'.",
                    example.type_name()
                );
                self.add(
                    wrong,
                    message,
                    &Place::of(example, format!("{path}.__example__")),
                );
            }
            Some(_) => {}
        }
        kind
    }

    fn screen(&mut self, index: usize, screen: &Node, path: &str) {
        let place = Place::of(screen, path);
        if !matches!(screen.kind, Kind::Object(_)) {
            self.wrong_type(screen, path, "object");
            return;
        }
        let known = [
            "id",
            "layout",
            "title",
            "terminal",
            "success",
            "data",
            "refresh_on_back",
            "sensitive",
        ];
        for member in screen.members() {
            if !known.contains(&member.key.as_str()) {
                let message = format!("Property '{}' cannot be specified at '{path}'.", member.key);
                let place = Place {
                    span: member.span,
                    path: format!("{path}.{}", member.key),
                };
                self.add("INVALID_PROPERTY_KEY", message, &place);
            }
        }
        self.screen_id(index, screen, &place);
        for (key, expected) in [
            ("title", "string"),
            ("terminal", "boolean"),
            ("success", "boolean"),
            ("data", "object"),
            ("refresh_on_back", "boolean"),
            ("sensitive", "array"),
        ] {
            if let Some(node) = screen.get(key)
                && node.type_name() != expected
            {
                self.wrong_type(node, &format!("{path}.{key}"), expected);
            }
        }
        if let Some(success) = screen.get("success")
            && !self.screens[index].is_terminal
        {
            self.add(
                "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
                "Property 'success' can only be specified on a terminal screen.",
                &Place::of(success, format!("{path}.success")),
            );
        }
        if let Some(refresh) = screen.get("refresh_on_back")
            && !self.has_endpoint
        {
            self.add(
                "INVALID_PROPERTY_VALUE",
                "Property 'refresh_on_back' can only be specified with property 'data_api_version'.",
                &Place::of(refresh, format!("{path}.refresh_on_back")),
            );
        }
        let Some(layout) = screen.get("layout") else {
            self.missing("layout", &place);
            return;
        };
        let layout_path = format!("{path}.layout");
        match layout.text_of("type") {
            Some("SingleColumnLayout") => {}
            _ => self.add(
                "INVALID_ENUM_VALUE",
                "Value should be one of: [SingleColumnLayout].",
                &Place::of(layout, format!("{layout_path}.type")),
            ),
        }
        let Some(children) = layout.get("children") else {
            self.missing("children", &Place::of(layout, &layout_path));
            return;
        };
        let mut scope = Scope {
            screen: index,
            counts: BTreeMap::new(),
            names: BTreeSet::new(),
            is_in_form: false,
            depth: 0,
        };
        let children_path = format!("{layout_path}.children");
        let has_footer = self.children(&mut scope, children, &children_path);
        let count: usize = scope.counts.values().sum();
        if count > MOST_CHILDREN {
            let message = format!(
                "Maximum number of components allowed per screen is ({MOST_CHILDREN}) but found ({count})."
            );
            self.add(
                "INVALID_PROPERTY_VALUE",
                message,
                &Place::of(children, &children_path),
            );
        }
        self.counts(&scope, &place);
        if self.screens[index].is_terminal && !has_footer {
            let id = &self.screens[index].id;
            let message = format!("Terminal screen '{id}' must have a Footer component.");
            self.add("MISSING_FOOTER_ON_TERMINAL_SCREEN", message, &place);
        }
    }

    fn screen_id(&mut self, index: usize, screen: &Node, place: &Place) {
        let Some(id_node) = screen.get("id") else {
            self.missing("id", place);
            return;
        };
        let at = Place::of(id_node, format!("{}.id", place.path));
        let Some(id) = id_node.text() else {
            self.wrong_type(id_node, &at.path, "string");
            return;
        };
        let is_name = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
        if !is_name {
            let message = "Property 'id' should only consist of alphabets and underscores.";
            self.add("PATTERN_MISMATCH", message, &at);
        }
        if id == "SUCCESS" {
            let message = "'SUCCESS' is a reserved keyword and cannot be used as a screen id.";
            self.add("SCREEN_ID_IS_RESERVED_KEYWORD", message, &at);
        }
        if self.screens[..index].iter().any(|other| other.id == id) {
            let message = format!("Duplicate screen ids found: [{id}].");
            self.add("DUPLICATE_SCREEN_IDS", message, &at);
        }
    }

    fn counts(&mut self, scope: &Scope, place: &Place) {
        for (name, count) in &scope.counts {
            let Some(most) = component(name).and_then(|component| component.most) else {
                continue;
            };
            if *count <= most {
                continue;
            }
            let message = format!(
                "Maximum number of {name} allowed per screen is ({most}) but found ({count})."
            );
            let key = match *name {
                "Footer" => "MAX_FOOTER_PER_SCREEN",
                "Image" => "MAX_IMAGE_PER_SCREEN",
                "OptIn" => "MAX_OPT_IN_PER_SCREEN",
                "EmbeddedLink" => "MAX_EMBEDDED_LINK_PER_SCREEN",
                _ => "INVALID_PROPERTY_VALUE",
            };
            self.add(key, message, place);
        }
        let has = |name: &str| scope.counts.contains_key(name);
        if has("PhotoPicker") && has("DocumentPicker") {
            let message = "PhotoPicker and DocumentPicker cannot be used on the same screen.";
            self.add("INVALID_PROPERTY_VALUE", message, place);
        }
        if has("NavigationList") && scope.counts.len() > 1 {
            let message = "NavigationList cannot be used with other components on the same screen.";
            self.add("INVALID_PROPERTY_VALUE", message, place);
        }
    }

    /// Checks a list of components; true when there is a Footer among them, in every branch.
    fn children(&mut self, scope: &mut Scope, children: &Node, path: &str) -> bool {
        if !matches!(children.kind, Kind::Array(_)) {
            self.wrong_type(children, path, "array");
            return false;
        }
        let mut has_footer = false;
        for (index, child) in children.items().iter().enumerate() {
            has_footer |= self.child(scope, child, &format!("{path}[{index}]"));
        }
        has_footer
    }

    fn child(&mut self, scope: &mut Scope, child: &Node, path: &str) -> bool {
        let place = Place::of(child, path);
        let Some(kind_node) = child.get("type") else {
            self.missing("type", &place);
            return false;
        };
        let kind = kind_node.text().unwrap_or_default();
        let known = component(kind).filter(|component| component.since <= self.version);
        let Some(known) = known else {
            let message = format!("Invalid value found for property 'type' at '{path}.type'.");
            self.add(
                "INVALID_PROPERTY_VALUE",
                message,
                &Place::of(kind_node, format!("{path}.type")),
            );
            return false;
        };
        // Branches exclude each other: their footers are one.
        if kind != "Footer" || scope.depth == 0 {
            *scope.counts.entry(known.name).or_default() += 1;
        }
        self.members(scope, child, known, path);
        self.place_of_input(scope, known, child, &place);
        match kind {
            "Footer" => {
                self.captions(child, &place);
                true
            }
            "Form" => {
                let was = std::mem::replace(&mut scope.is_in_form, true);
                let has_footer = match child.get("children") {
                    Some(children) => self.children(scope, children, &format!("{path}.children")),
                    None => false,
                };
                scope.is_in_form = was;
                has_footer
            }
            "If" => self.branches_of_if(scope, child, path),
            "Switch" => self.branches_of_switch(scope, child, path),
            _ => false,
        }
    }

    fn branches_of_if(&mut self, scope: &mut Scope, child: &Node, path: &str) -> bool {
        let place = Place::of(child, path);
        scope.depth += 1;
        if scope.depth > DEEPEST_CONDITION {
            let message = format!("If components can be nested {DEEPEST_CONDITION} deep.");
            self.add("INVALID_PROPERTY_VALUE", message, &place);
        }
        let mut branch = |checker: &mut Self, key: &str| {
            let children = child.get(key)?;
            Some(checker.children(scope, children, &format!("{path}.{key}")))
        };
        let (then, otherwise) = (branch(self, "then"), branch(self, "else"));
        scope.depth -= 1;
        if let Some(then) = child.get("then")
            && then.items().is_empty()
        {
            let message = "Property 'then' must have at least one component.";
            self.add(
                "INVALID_PROPERTY_VALUE",
                message,
                &Place::of(then, format!("{path}.then")),
            );
        }
        match (then.unwrap_or(false), otherwise.unwrap_or(false)) {
            (true, true) => {
                *scope.counts.entry("Footer").or_default() += 1;
                true
            }
            (false, false) => false,
            _ => {
                let message = "Footer must be in both branches of an If component, or in none.";
                self.add("MISSING_FOOTER_IN_IF_ELSE_BRANCHES", message, &place);
                true
            }
        }
    }

    fn branches_of_switch(&mut self, scope: &mut Scope, child: &Node, path: &str) -> bool {
        let place = Place::of(child, path);
        let Some(cases) = child.get("cases") else {
            return false;
        };
        if cases.members().is_empty() {
            let message = "Property 'cases' must have at least one case.";
            self.add(
                "INVALID_PROPERTY_VALUE",
                message,
                &Place::of(cases, format!("{path}.cases")),
            );
        }
        scope.depth += 1;
        let mut footers = 0;
        for case in cases.members() {
            let has = self.children(scope, &case.node, &format!("{path}.cases.{}", case.key));
            footers += usize::from(has);
        }
        scope.depth -= 1;
        if footers == 0 {
            return false;
        }
        if footers != cases.members().len() {
            let message = "Footer must be in all cases of a Switch component, or in none.";
            self.add("MISSING_FOOTER_IN_SWITCH_BRANCHES", message, &place);
        }
        *scope.counts.entry("Footer").or_default() += 1;
        true
    }

    /// Inputs stand in a form, or none does; their names are their own.
    fn place_of_input(
        &mut self,
        scope: &mut Scope,
        known: &'static Component,
        child: &Node,
        place: &Place,
    ) {
        if known.input.is_none() {
            return;
        }
        let must_be_in_form = self.version < (4, 0) || self.screens[scope.screen].has_form;
        let is_picker = matches!(known.name, "PhotoPicker" | "DocumentPicker");
        if must_be_in_form && !scope.is_in_form && !is_picker {
            let message = format!(
                "Component {} must be inside of a Form component.",
                known.name
            );
            self.add("COMPONENTS_OUTSIDE_FORM", message, place);
        }
        if let Some(name) = child.text_of("name")
            && !scope.names.insert(name.to_owned())
        {
            let message = format!("Duplicate component names found: [{name}].");
            self.add("DUPLICATE_FORM_COMPONENT_NAMES", message, place);
        }
    }

    fn captions(&mut self, footer: &Node, place: &Place) {
        let has = |key: &str| footer.get(key).is_some();
        let (left, center, right) = (
            has("left-caption"),
            has("center-caption"),
            has("right-caption"),
        );
        if center && (left || right) {
            self.add(
                "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
                "Footer cannot have property center-caption together with left-caption and right-caption.",
                place,
            );
        } else if left != right {
            let (needed, present) = match left {
                true => ("right-caption", "left-caption"),
                false => ("left-caption", "right-caption"),
            };
            let message =
                format!("Footer should have property {needed} when property {present} is present.");
            self.add("INVALID_DEPENDENCIES", message, place);
        }
    }

    fn members(&mut self, scope: &Scope, child: &Node, known: &'static Component, path: &str) {
        let properties: Vec<_> = known
            .all_properties()
            .filter(|property| property.since <= self.version)
            .collect();
        for member in child.members() {
            let at = format!("{path}.{}", member.key);
            // What is of the component itself stands before what all inputs have.
            let property = properties
                .iter()
                .rev()
                .find(|property| property.name == member.key);
            match property {
                Some(property) => self.value(scope, &member.node, property.shape, &at),
                None => {
                    let message =
                        format!("Property '{}' cannot be specified at '{path}'.", member.key);
                    let place = Place {
                        span: member.span,
                        path: at,
                    };
                    self.add("INVALID_PROPERTY_KEY", message, &place);
                }
            }
        }
        for property in properties {
            // A CheckboxGroup and its like need a label since 4.0.
            let is_label = property.name == "label" && known.input.is_some();
            let is_required = property.is_required || (is_label && self.version >= (4, 0));
            if is_required && child.get(property.name).is_none() {
                self.missing(property.name, &Place::of(child, path));
            }
        }
        if known.name == "TextInput"
            && child.get("pattern").is_some()
            && child.get("helper-text").is_none()
        {
            self.missing("helper-text", &Place::of(child, path));
        }
        for (low, high) in [
            ("min-selected-items", "max-selected-items"),
            ("min-chars", "max-chars"),
        ] {
            let number = |key: &str| match &child.get(key)?.kind {
                Kind::Plain(Value::Number(number)) => number.as_f64(),
                _ => None,
            };
            if let (Some(min), Some(max)) = (number(low), number(high))
                && min > max
            {
                let message = format!("Property '{low}' cannot be greater than '{high}'.");
                self.add(
                    "MIN_VALUE_GREATER_THAN_MAX",
                    message,
                    &Place::of(child, path),
                );
            }
        }
    }

    fn value(&mut self, scope: &Scope, node: &Node, shape: Shape, path: &str) {
        // Whatever is filled in has to be there, and to be of the type.
        if let Some(text) = node.text()
            && expression::is_dynamic(text)
        {
            let expected = match shape {
                Shape::Text(_) | Shape::Image => Some("string"),
                Shape::Truth | Shape::Condition => Some("boolean"),
                Shape::Number => Some("number"),
                Shape::Options(..) | Shape::TextList | Shape::Images | Shape::Items => {
                    Some("array")
                }
                Shape::Map => Some("object"),
                Shape::Texts(_) | Shape::Any => None,
                Shape::Name
                | Shape::Word(_)
                | Shape::Action(_)
                | Shape::Children
                | Shape::Cases => {
                    let message = format!(
                        "Invalid value found for property at '{path}': it cannot be dynamic."
                    );
                    self.add("INVALID_PROPERTY_VALUE", message, &Place::of(node, path));
                    return;
                }
            };
            self.dynamic(scope, node, text, expected, path);
            return;
        }
        match shape {
            Shape::Text(most) => self.text(node, most, path),
            Shape::Texts(most) => match &node.kind {
                Kind::Array(items) if self.version >= (5, 1) => {
                    for (index, item) in items.iter().enumerate() {
                        let at = format!("{path}[{index}]");
                        match item.text() {
                            Some(text) if expression::is_dynamic(text) => {
                                self.dynamic(scope, item, text, Some("string"), &at);
                            }
                            _ => self.text(item, most, &at),
                        }
                    }
                }
                _ => self.text(node, most, path),
            },
            Shape::Name => match node.text() {
                Some(text) if text.trim().is_empty() => {
                    let message = format!("Property at '{path}' must not be blank.");
                    self.add("PATTERN_MISMATCH", message, &Place::of(node, path));
                }
                Some(_) => {}
                None => self.wrong_type(node, path, "string"),
            },
            Shape::Truth if node.type_name() != "boolean" => self.wrong_type(node, path, "boolean"),
            Shape::Number if node.type_name() != "number" => self.wrong_type(node, path, "number"),
            Shape::Word(words) => {
                if !node.text().is_some_and(|word| words.contains(&word)) {
                    let message = format!("Value should be one of: [{}].", words.join(", "));
                    self.add("INVALID_ENUM_VALUE", message, &Place::of(node, path));
                }
            }
            Shape::Options(min, max) => self.options(scope, node, min, max, path),
            Shape::Action(names) => self.action(scope, node, names, path),
            Shape::TextList if node.type_name() != "array" => self.wrong_type(node, path, "array"),
            Shape::Map if node.type_name() != "object" => self.wrong_type(node, path, "object"),
            Shape::Map => {
                for member in node.members() {
                    if path.ends_with("init-values")
                        && self.screens[scope.screen].pickers.contains(&member.key)
                    {
                        let message =
                            format!("Component '{}' cannot have an initial value.", member.key);
                        let place = Place::of(&member.node, format!("{path}.{}", member.key));
                        self.add("NATIVE_COMPONENT_IN_FORM_INIT_VALUES", message, &place);
                    }
                    if let Some(text) = member.node.text()
                        && expression::is_dynamic(text)
                    {
                        let at = format!("{path}.{}", member.key);
                        self.dynamic(scope, &member.node, text, None, &at);
                    }
                }
            }
            Shape::Condition => self.condition(scope, node, path),
            Shape::Image => self.image(node, path),
            Shape::Images => self.images(node, path),
            Shape::Items => self.items(scope, node, path),
            Shape::Cases if node.type_name() != "object" => self.wrong_type(node, path, "object"),
            Shape::Truth
            | Shape::Number
            | Shape::TextList
            | Shape::Any
            | Shape::Children
            | Shape::Cases => {}
        }
    }

    fn text(&mut self, node: &Node, most: usize, path: &str) {
        let Some(text) = node.text() else {
            self.wrong_type(node, path, "string");
            return;
        };
        let length = text.chars().count();
        if length > most {
            let message =
                format!("Property at '{path}' has ({length}) characters, and can have ({most}).");
            self.add("INVALID_PROPERTY_VALUE", message, &Place::of(node, path));
        } else if length == 0 && most <= 120 {
            let message = format!("Property at '{path}' must have at least 1 character.");
            self.add("MIN_CHARS_REQUIRED", message, &Place::of(node, path));
        }
    }

    fn image(&mut self, node: &Node, path: &str) {
        let Some(text) = node.text() else {
            self.wrong_type(node, path, "string");
            return;
        };
        let data = text.split_once("base64,").map_or(text, |(_, data)| data);
        if data.is_empty() || STANDARD.decode(data).is_err() {
            let message = format!("Property '{path}' should be in 'base64' format.");
            self.add(
                "INVALID_PROPERTY_VALUE_FORMAT",
                message,
                &Place::of(node, path),
            );
        }
    }

    fn images(&mut self, node: &Node, path: &str) {
        let count = node.items().len();
        if !(1..=3).contains(&count) {
            let message = format!("Property '{path}' must have 1 to 3 items, but found ({count}).");
            self.add("MIN_ITEMS_REQUIRED", message, &Place::of(node, path));
        }
        for (index, item) in node.items().iter().enumerate() {
            let at = format!("{path}[{index}]");
            match item.get("src") {
                Some(src) if src.text().is_some_and(expression::is_dynamic) => {}
                Some(src) => self.image(src, &format!("{at}.src")),
                None => self.missing("src", &Place::of(item, &at)),
            }
            if item.get("alt-text").is_none() {
                self.missing("alt-text", &Place::of(item, &at));
            }
        }
    }

    fn options(&mut self, scope: &Scope, node: &Node, min: usize, max: usize, path: &str) {
        if !matches!(node.kind, Kind::Array(_)) {
            self.wrong_type(node, path, "array");
            return;
        }
        let count = node.items().len();
        if count < min || count > max {
            let message = format!(
                "Property '{path}' must have ({min}) to ({max}) items, but found ({count})."
            );
            self.add("MIN_ITEMS_REQUIRED", message, &Place::of(node, path));
        }
        let known: &[(&str, Version)] = &[
            ("id", (2, 1)),
            ("title", (2, 1)),
            ("description", (2, 1)),
            ("metadata", (2, 1)),
            ("enabled", (2, 1)),
            ("image", (5, 0)),
            ("alt-text", (5, 0)),
            ("color", (5, 0)),
            ("on-select-action", (6, 0)),
            ("on-unselect-action", (6, 0)),
        ];
        for (index, option) in node.items().iter().enumerate() {
            let at = format!("{path}[{index}]");
            if !matches!(option.kind, Kind::Object(_)) {
                self.wrong_type(option, &at, "object");
                continue;
            }
            for key in ["id", "title"] {
                match option.get(key) {
                    None => self.missing(key, &Place::of(option, &at)),
                    Some(value) if value.text().is_none() => {
                        self.wrong_type(value, &format!("{at}.{key}"), "string");
                    }
                    Some(_) => {}
                }
            }
            for (key, most) in [("title", 30), ("description", 300), ("metadata", 20)] {
                if let Some(value) = option.get(key)
                    && value
                        .text()
                        .is_some_and(|text| !expression::is_dynamic(text))
                {
                    self.text(value, most, &format!("{at}.{key}"));
                }
            }
            for member in option.members() {
                let since = known.iter().find(|(name, _)| *name == member.key);
                if since.is_none_or(|(_, since)| *since > self.version) {
                    let message =
                        format!("Property '{}' cannot be specified at '{at}'.", member.key);
                    let place = Place {
                        span: member.span,
                        path: format!("{at}.{}", member.key),
                    };
                    self.add("INVALID_PROPERTY_KEY", message, &place);
                } else if member.key.ends_with("-action") {
                    let at = format!("{at}.{}", member.key);
                    self.action(scope, &member.node, &["update_data"], &at);
                }
            }
        }
    }

    fn items(&mut self, scope: &Scope, node: &Node, path: &str) {
        let count = node.items().len();
        if !(1..=20).contains(&count) {
            let message =
                format!("Property '{path}' must have (1) to (20) items, but found ({count}).");
            self.add("MIN_ITEMS_REQUIRED", message, &Place::of(node, path));
        }
        for (index, item) in node.items().iter().enumerate() {
            let at = format!("{path}[{index}]");
            if item.get("id").is_none() {
                self.missing("id", &Place::of(item, &at));
            }
            let main = item.get("main-content");
            match main.and_then(|main| main.get("title")) {
                Some(title) => self.text(title, 30, &format!("{at}.main-content.title")),
                None => self.missing("main-content", &Place::of(item, &at)),
            }
            if let Some(action) = item.get("on-click-action") {
                let at = format!("{at}.on-click-action");
                self.action(scope, action, &["navigate", "data_exchange"], &at);
            }
        }
    }

    fn condition(&mut self, scope: &Scope, node: &Node, path: &str) {
        let place = Place::of(node, path);
        let Some(text) = node.text() else {
            self.wrong_type(node, path, "string");
            return;
        };
        let references = expression::references(text);
        if let Err(why) = expression::condition(text, &|_| Value::Null) {
            let message = format!("Invalid value found for property at '{path}': {why}.");
            self.add("INVALID_PROPERTY_VALUE", message, &place);
        } else if references.is_empty() {
            let message = format!("Property at '{path}' must have at least one dynamic value.");
            self.add("INVALID_PROPERTY_VALUE", message, &place);
        }
        for reference in references {
            self.known(scope, &reference, None, &place);
        }
    }

    /// A reference or an expression.
    fn dynamic(
        &mut self,
        scope: &Scope,
        node: &Node,
        text: &str,
        expected: Option<&'static str>,
        path: &str,
    ) {
        let place = Place::of(node, path);
        if let Some(reference) = expression::reference(text) {
            self.known(scope, &reference, expected, &place);
            return;
        }
        if self.version < (6, 0) {
            let message = format!(
                "Invalid value found for property at '{path}': nested expressions need version 6.0."
            );
            self.add("INVALID_PROPERTY_VALUE", message, &place);
            return;
        }
        let inner = text.trim().trim_matches('`');
        if let Err(why) = expression::condition(inner, &|_| Value::Null) {
            let message = format!("Invalid value found for property at '{path}': {why}.");
            self.add("INVALID_PROPERTY_VALUE", message, &place);
        }
        for reference in expression::references(inner) {
            self.known(scope, &reference, None, &place);
        }
    }

    /// Whether a reference names something; gives its type.
    fn known(
        &mut self,
        scope: &Scope,
        reference: &Reference,
        expected: Option<&'static str>,
        place: &Place,
    ) -> Option<&'static str> {
        let index = match &reference.screen {
            None => Some(scope.screen),
            Some(_) if self.version < (4, 0) => {
                let message = "References to other screens need version 4.0.";
                self.add("INVALID_PROPERTY_VALUE", message, place);
                return None;
            }
            Some(id) => self.screens.iter().position(|screen| screen.id == *id),
        };
        let name = &reference.path[0];
        let found = index.and_then(|index| {
            let screen = &self.screens[index];
            match reference.source.as_str() {
                "data" => screen.data.get(name),
                _ => screen.inputs.get(name),
            }
        });
        let Some(kind) = found.copied() else {
            let (source, at) = (&reference.source, &place.path);
            let message =
                format!("Missing '{source}.{name}', which is used at '{at}': it is not defined.");
            let key = match (reference.screen.is_some(), source.as_str()) {
                (true, _) => "INVALID_SCREEN_DATA",
                (false, "form") => "INVALID_ON_CLICK_ACTION_PAYLOAD",
                _ => "INVALID_SCREEN_DYNAMIC_DATA",
            };
            self.add(key, message, place);
            return None;
        };
        let is_whole = reference.path.len() == 1;
        if let Some(expected) = expected
            && is_whole
            && kind != "any"
            && kind != expected
        {
            let at = &place.path;
            let message = format!(
                "Expected '{at}' to be of type '{expected}', but '{name}' is of type '{kind}'."
            );
            self.add("INVALID_SCREEN_DYNAMIC_DATA", message, place);
        }
        Some(if is_whole { kind } else { "any" })
    }

    fn action(&mut self, scope: &Scope, node: &Node, allowed: &[&str], path: &str) {
        let place = Place::of(node, path);
        if !matches!(node.kind, Kind::Object(_)) {
            self.wrong_type(node, path, "object");
            return;
        }
        let Some(name) = node.text_of("name") else {
            self.missing("name", &place);
            return;
        };
        let since = match name {
            "update_data" | "open_url" => (6, 0),
            _ => (2, 1),
        };
        if !allowed.contains(&name) || since > self.version {
            let message = format!("Value should be one of: [{}].", allowed.join(", "));
            self.add(
                "INVALID_ENUM_VALUE",
                message,
                &Place::of(node, format!("{path}.name")),
            );
            return;
        }
        let payload = node.get("payload");
        match name {
            "navigate" => self.navigate(scope, node, path),
            "data_exchange" if !self.has_endpoint => {
                let message =
                    "Property 'data_api_version' is required for the action 'data_exchange'.";
                self.add("MISSING_REQUIRED_TYPE_PROPERTY", message, &place);
            }
            "complete" if !self.screens[scope.screen].is_terminal => {
                let message = "The action 'complete' can only be used on a terminal screen.";
                self.add("INVALID_COMPLETE_ACTION", message, &place);
            }
            "open_url" => {
                let url = node.text_of("url").unwrap_or_default();
                if !url.starts_with("https://")
                    && !url.starts_with("http://")
                    && !expression::is_dynamic(url)
                {
                    let message = format!("Property '{path}.url' should be in 'uri' format.");
                    self.add("INVALID_PROPERTY_VALUE_FORMAT", message, &place);
                }
            }
            _ => {}
        }
        if let Some(payload) = payload {
            self.payload(scope, payload, name, &format!("{path}.payload"));
        }
    }

    /// What a payload refers to has to be there.
    fn payload(&mut self, scope: &Scope, payload: &Node, action: &str, path: &str) {
        match &payload.kind {
            Kind::Object(members) => {
                for member in members {
                    self.payload(
                        scope,
                        &member.node,
                        action,
                        &format!("{path}.{}", member.key),
                    );
                }
            }
            Kind::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.payload(scope, item, action, &format!("{path}[{index}]"));
                }
            }
            Kind::Plain(_) => {
                let Some(text) = payload.text().filter(|text| expression::is_dynamic(text)) else {
                    return;
                };
                self.dynamic(scope, payload, text, None, path);
                let picked = expression::reference(text).filter(|reference| {
                    let pickers = &self.screens[scope.screen].pickers;
                    reference.source == "form" && pickers.contains(&reference.path[0])
                });
                if picked.is_some() && action == "navigate" {
                    let message = "Files of PhotoPicker and DocumentPicker cannot be in the payload of 'navigate'.";
                    self.add(
                        "INVALID_ACTION_PAYLOAD_PROPERTY",
                        message,
                        &Place::of(payload, path),
                    );
                }
            }
        }
    }

    fn navigate(&mut self, scope: &Scope, node: &Node, path: &str) {
        let place = Place::of(node, path);
        let Some(next) = node.get("next") else {
            self.missing("next", &place);
            return;
        };
        let name = next.text_of("name").unwrap_or_default();
        let at = Place::of(next, format!("{path}.next.name"));
        let own = self.screens[scope.screen].id.clone();
        if name == own {
            let message = "Navigation to the same screen is not allowed.";
            self.add("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", message, &at);
            return;
        }
        let Some(target) = self.screens.iter().position(|screen| screen.id == name) else {
            let message = format!("Unknown screen ids found: [{name}].");
            self.add("INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME", message, &at);
            return;
        };
        self.navigations.push((own, name.to_owned(), at));
        let wanted = self.screens[target].data.clone();
        let none = Vec::new();
        let given = match node.get("payload").map(|payload| &payload.kind) {
            Some(Kind::Object(members)) => members,
            _ => &none,
        };
        let wrong = "INVALID_NAVIGATE_ACTION_PAYLOAD";
        let missing: Vec<&String> = wanted
            .keys()
            .filter(|key| !given.iter().any(|member| member.key == **key))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "Following fields are expected in the payload for the screen {name} but missing: {missing:?}."
            );
            self.add(wrong, message, &place);
        }
        for member in given {
            let at = Place::of(&member.node, format!("{path}.payload.{}", member.key));
            let Some(expected) = wanted.get(&member.key) else {
                let message = format!(
                    "Field '{}' in the payload is not in the data of the screen {name}.",
                    member.key
                );
                self.add(wrong, message, &at);
                continue;
            };
            let found = match member.node.text() {
                Some(text) if expression::is_expression(text) => "any",
                Some(text) => match expression::reference(text) {
                    Some(reference) => {
                        let screen = &self.screens[scope.screen];
                        let types = if reference.source == "data" {
                            &screen.data
                        } else {
                            &screen.inputs
                        };
                        let is_own = reference.screen.is_none() && reference.path.len() == 1;
                        let kind = types.get(&reference.path[0]).copied();
                        kind.filter(|_| is_own).unwrap_or("any")
                    }
                    None => "string",
                },
                None => member.node.type_name(),
            };
            if found != "any" && *expected != "any" && found != *expected {
                let message = format!(
                    "Field '{}' should be of type '{expected}', but found '{found}'.",
                    member.key
                );
                self.add(wrong, message, &at);
            }
        }
    }

    fn routing(&mut self, root: &Node, screens: &Place) {
        let ids: Vec<String> = self
            .screens
            .iter()
            .map(|screen| screen.id.clone())
            .collect();
        let terminal: BTreeSet<String> = self
            .screens
            .iter()
            .filter(|screen| screen.is_terminal)
            .map(|screen| screen.id.clone())
            .collect();
        let mut routes: Routes = BTreeMap::new();
        let mut place = screens.clone();
        if let Some(model) = root.get("routing_model") {
            place = Place::of(model, "routing_model");
            if !matches!(model.kind, Kind::Object(_)) {
                self.wrong_type(model, "routing_model", "object");
                return;
            }
            for member in model.members() {
                let targets = member.node.items().iter();
                let targets = targets.filter_map(|target| target.text().map(str::to_owned));
                routes.insert(member.key.clone(), targets.collect());
            }
            for (from, to, at) in std::mem::take(&mut self.navigations) {
                let is_known = routes
                    .get(&from)
                    .is_some_and(|targets| targets.contains(&to));
                if !is_known {
                    let message =
                        format!("The route from {from} to {to} is missing in the routing model.");
                    self.add("INVALID_ROUTING_MODEL", message, &at);
                }
            }
        } else {
            if self.has_endpoint {
                return;
            }
            for id in &ids {
                routes.insert(id.clone(), Vec::new());
            }
            for (from, to, _) in &self.navigations {
                let targets = routes.entry(from.clone()).or_default();
                if !targets.contains(to) {
                    targets.push(to.clone());
                }
            }
        }
        for problem in routes::problems(&routes, &ids, &terminal) {
            self.add("INVALID_ROUTING_MODEL", problem, &place);
        }
    }
}

/// Where a component stands.
struct Scope {
    screen: usize,
    /// How many there are of each component.
    counts: BTreeMap<&'static str, usize>,
    names: BTreeSet<String>,
    is_in_form: bool,
    /// How deep in conditions.
    depth: usize,
}

/// The inputs among components, wherever they are.
fn survey_children(children: Option<&Node>, known: &mut Screen) {
    for child in children.into_iter().flat_map(|children| children.items()) {
        let kind = child.text_of("type").unwrap_or_default();
        if let (Some(value), Some(name)) = (
            component(kind).and_then(|component| component.input),
            child.text_of("name"),
        ) {
            let is_range = child.text_of("mode") == Some("range");
            let value = if is_range { "object" } else { value };
            known.inputs.insert(name.to_owned(), value);
            if kind == "PhotoPicker" || kind == "DocumentPicker" {
                known.pickers.insert(name.to_owned());
            }
        }
        if kind == "Form" {
            known.has_form = true;
        }
        for key in ["children", "then", "else"] {
            survey_children(child.get(key), known);
        }
        for case in child.get("cases").map(Node::members).into_iter().flatten() {
            survey_children(Some(&case.node), known);
        }
    }
}
