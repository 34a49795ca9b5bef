//! The components of a screen: their properties, what they look up, and what they do.

use std::collections::BTreeMap;

use super::check::{Flow, Problems, below};
use super::expressions::{self, Reference, Root, Said, said};
use super::model::{Fields, Type};
use super::routing::Way;
use super::screens::Screen;
use super::table::{
    self, Component, END, IN_SWITCH, Kind, LIST_ITEM, MAIN_CONTENT, MOST_COMPONENTS,
    MOST_ON_SCREEN, OPTION, PICTURE, Property, START,
};
use super::tree::{Node, Place, Value};
use super::version::Version;

/// How deep an `If` may lie in others.
const DEEPEST_IF: usize = 3;

/// A walk through one screen.
pub(super) struct Walk<'a> {
    flow: &'a Flow,
    screens: &'a [Screen<'a>],
    screen: &'a Screen<'a>,
    problems: &'a mut Problems,
    counts: BTreeMap<&'static str, usize>,
    components: usize,
    /// Names of inputs, and where the first one was.
    names: BTreeMap<String, usize>,
    forms: usize,
    ways: Vec<Way>,
}

/// Where in a screen the walk is.
#[derive(Clone, Copy, Default)]
struct Within {
    form: bool,
    switch: bool,
    /// How many `If` are around.
    ifs: usize,
}

/// Where an action stands.
struct Trigger<'a> {
    component: &'a str,
    property: &'a str,
    allowed: &'static [&'static str],
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        flow: &'a Flow,
        screens: &'a [Screen<'a>],
        screen: &'a Screen<'a>,
        problems: &'a mut Problems,
    ) -> Self {
        Self {
            flow,
            screens,
            screen,
            problems,
            counts: BTreeMap::new(),
            components: 0,
            names: BTreeMap::new(),
            forms: 0,
            ways: Vec::new(),
        }
    }

    pub(super) fn count_of(&self, component: &str) -> usize {
        self.counts.get(component).copied().unwrap_or_default()
    }

    pub(super) fn into_ways(self) -> Vec<Way> {
        self.ways
    }

    pub(super) fn screen(&mut self) {
        let (node, path) = (self.screen.node, self.screen.path.clone());
        if !self.problems.needs(node, &path, "layout") {
            return;
        }
        let Some(layout) = node.get("layout") else {
            return;
        };
        let path = below(&path, "layout");
        if layout.members().is_none() {
            return self
                .problems
                .kind(layout, &path, "a layout, which is an object");
        }
        self.problems
            .keys(layout, &path, &|name| matches!(name, "type" | "children"));
        if self.problems.needs(layout, &path, "type")
            && let Some(kind) = layout.get("type")
            && kind.text() != Some("SingleColumnLayout")
        {
            let message = "the only layout is `SingleColumnLayout`";
            self.problems.add(
                "INVALID_ENUM_VALUE",
                &below(&path, "type"),
                kind.place,
                message,
            );
        }
        if !self.problems.needs(layout, &path, "children") {
            return;
        }
        let Some(children) = layout.get("children") else {
            return;
        };
        let path = below(&path, "children");
        let footers = self.children(children, &path, Within::default());
        self.counts_fit(children, &path);
        if self.screen.is_terminal && footers == 0 && self.count_of("Footer") == 0 {
            let message = format!("`{}` ends the Flow, so it needs a Footer", self.screen.id);
            self.problems.add(
                "MISSING_FOOTER_ON_TERMINAL_SCREEN",
                &path,
                children.place,
                message,
            );
        }
    }

    fn counts_fit(&mut self, children: &Node, path: &str) {
        if self.components > MOST_COMPONENTS {
            let message = format!(
                "a screen has {MOST_COMPONENTS} components at most, and this one {}",
                self.components
            );
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, children.place, message);
        }
        for (name, most, error) in MOST_ON_SCREEN {
            let count = self.count_of(name);
            if count > most {
                let message =
                    format!("a screen has {most} of {name} at most, and this one {count}");
                self.problems.add(error, path, children.place, message);
            }
        }
        let lists = self.count_of("NavigationList");
        if lists > 0 && self.components > lists {
            let message = "beside a NavigationList nothing else is on a screen";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, children.place, message);
        }
        if lists > 0 && self.screen.is_terminal {
            let message = "a NavigationList leads on, so it is not on a terminal screen";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, children.place, message);
        }
        if self.count_of("PhotoPicker") > 0 && self.count_of("DocumentPicker") > 0 {
            let message = "a screen has a PhotoPicker or a DocumentPicker, not both";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, children.place, message);
        }
    }

    /// Says how many footers were among them: of branches, those of one.
    fn children(&mut self, list: &'a Node, path: &str, within: Within) -> usize {
        let Some(children) = list.list() else {
            self.problems.kind(list, path, "an array of components");
            return 0;
        };
        let footers = children
            .iter()
            .enumerate()
            .map(|(n, child)| self.component(child, &format!("{path}[{n}]"), within));
        footers.sum()
    }

    fn component(&mut self, node: &'a Node, path: &str, within: Within) -> usize {
        if node.members().is_none() {
            self.problems
                .kind(node, path, "a component, which is an object");
            return 0;
        }
        if !self.problems.needs(node, path, "type") {
            return 0;
        }
        let kind = node.get("type").and_then(Node::text).unwrap_or_default();
        let Some(component) = table::find(kind) else {
            let place = node.get("type").map_or(node.place, |kind| kind.place);
            let names: Vec<_> = table::names().collect();
            let message = format!(
                "there is no component `{kind}`; there are {}",
                names.join(", ")
            );
            self.problems.add(
                "INVALID_PROPERTY_VALUE",
                &below(path, "type"),
                place,
                message,
            );
            return 0;
        };
        self.components += 1;
        if component.since > self.flow.version {
            let place = node.get("type").map_or(node.place, |kind| kind.place);
            let message = format!(
                "{kind} came with version {}, and this Flow is of {}",
                component.since, self.flow.version
            );
            self.problems.add(
                "INVALID_PROPERTY_VALUE",
                &below(path, "type"),
                place,
                message,
            );
        }
        self.place_of(component, node, path, within);
        self.properties(node, path, component, within);
        self.of_its_own(component, node, path, within)
    }

    /// Whether it may be where it is.
    fn place_of(&mut self, component: &Component, node: &Node, path: &str, within: Within) {
        let name = component.name;
        if within.switch && !IN_SWITCH.contains(&name) {
            let message = format!("a {name} cannot be inside of a Switch");
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
        }
        if within.form && name == "Form" {
            let message = "a Form cannot be inside of a Form";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
        }
        if component.is_input && !within.form && self.flow.version < Version(4, 0) {
            let message = format!("before version 4.0 a {name} is inside of a Form");
            self.problems
                .add("COMPONENTS_OUTSIDE_FORM", path, node.place, message);
        }
        if within.form && component.is_input {
            for property in ["init-value", "error-message"] {
                if let Some(member) = node.member(property)
                    && name != "CalendarPicker"
                {
                    let message = format!(
                        "inside of a Form the Form itself has `{property}s`, by the names of its inputs"
                    );
                    let path = below(path, property);
                    self.problems
                        .add("INVALID_PROPERTY_KEY", &path, member.at, message);
                }
            }
        }
        if component.is_input
            && let Some(own) = node.get("name").and_then(Node::text)
        {
            let line = node.place.line_start;
            match self.names.get(own) {
                // Also in branches of which only one is shown.
                Some(before) => {
                    let message = format!("there is an input `{own}` already, in line {before}");
                    let path = below(path, "name");
                    let place = node.get("name").map_or(node.place, |name| name.place);
                    self.problems
                        .add("DUPLICATE_FORM_COMPONENT_NAMES", &path, place, message);
                }
                None => {
                    self.names.insert(own.to_owned(), line);
                }
            }
        }
    }

    fn properties(
        &mut self,
        node: &'a Node,
        path: &str,
        component: &'static Component,
        within: Within,
    ) {
        self.problems.keys(node, path, &|name| {
            name == "type" || component.property(name).is_some() || name.starts_with('_')
        });
        for property in component.properties() {
            if let Some(since) = property.needed
                && since <= self.flow.version
            {
                self.problems.needs(node, path, property.name);
            }
            if let Some(member) = node.member(property.name) {
                self.is_known(member.at, &below(path, property.name), property);
                let path = below(path, property.name);
                self.value(&member.node, &path, property, component.name, within);
            }
        }
    }

    fn is_known(&mut self, at: Place, path: &str, property: &Property) {
        if property.since > self.flow.version {
            let message = format!(
                "`{}` came with version {}, and this Flow is of {}",
                property.name, property.since, self.flow.version
            );
            self.problems.add("INVALID_PROPERTY_KEY", path, at, message);
        }
    }

    fn value(
        &mut self,
        node: &'a Node,
        path: &str,
        property: &'static Property,
        component: &'a str,
        within: Within,
    ) {
        match property.kind {
            Kind::Text(most) => self.text(node, path, most, property.needed.is_some()),
            Kind::Texts(most) => match node.list() {
                Some(lines) if self.flow.version >= Version(5, 1) => {
                    for (n, line) in lines.iter().enumerate() {
                        self.text(line, &format!("{path}[{n}]"), most, false);
                    }
                }
                Some(_) => {
                    let message = "a list of texts came with version 5.1";
                    self.problems
                        .add("INVALID_PROPERTY_TYPE", path, node.place, message);
                }
                None => self.text(node, path, most, true),
            },
            Kind::Name => match node.text() {
                Some(name) if name.trim().is_empty() => {
                    let message = "a name cannot be blank";
                    self.problems
                        .add("PATTERN_MISMATCH", path, node.place, message);
                }
                Some(name) if name.contains("${") => {
                    let message = "a name is written out: nothing is looked up for it";
                    self.problems
                        .add("PATTERN_MISMATCH", path, node.place, message);
                }
                Some(_) => {}
                None => self.problems.kind(node, path, "a text"),
            },
            Kind::Flag => {
                if node.bool().is_none() && !self.looked_up(node, path, &Type::Flag) {
                    self.problems.kind(
                        node,
                        path,
                        "true, false or a reference such as `${data.x}`",
                    );
                }
            }
            Kind::Count => {
                let is_count = node
                    .number()
                    .is_some_and(|number| number >= 0.0 && number.fract() == 0.0);
                if !is_count && !self.looked_up(node, path, &Type::Number) {
                    self.problems.kind(
                        node,
                        path,
                        "a whole number, not below zero, or a reference",
                    );
                }
            }
            Kind::Word(words) => self.word(node, path, words),
            Kind::Words(words) => match node.list() {
                Some(list) => {
                    for (n, word) in list.iter().enumerate() {
                        self.word(word, &format!("{path}[{n}]"), words);
                    }
                }
                None if self.looked_up(node, path, &Type::List(Box::new(Type::Text))) => {}
                None => self.problems.kind(node, path, "an array"),
            },
            Kind::Date => self.date(node, path),
            Kind::Dates => match node.list() {
                Some(days) => {
                    for (n, day) in days.iter().enumerate() {
                        self.date(day, &format!("{path}[{n}]"));
                    }
                }
                None if self.looked_up(node, path, &Type::List(Box::new(Type::Text))) => {}
                None => self.problems.kind(node, path, "an array of days"),
            },
            Kind::Options(least, most) => self.options(node, path, (least, most), component),
            Kind::Action(allowed) => {
                let trigger = Trigger {
                    component,
                    property: property.name,
                    allowed,
                };
                self.action(node, path, &trigger);
            }
            Kind::Anything => self.anything(node, path),
            Kind::Children => {
                // `If` counts its own.
                if component == "Form" {
                    self.children_of_form(node, path, within);
                }
            }
            Kind::Own => {}
        }
    }

    fn children_of_form(&mut self, node: &'a Node, path: &str, within: Within) {
        self.forms += 1;
        if self.forms > 1 {
            let message = "a screen has one Form at most";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
        }
        self.children(
            node,
            path,
            Within {
                form: true,
                ..within
            },
        );
    }

    fn text(&mut self, node: &Node, path: &str, most: usize, is_needed: bool) {
        let Some(text) = node.text() else {
            return self.problems.kind(node, path, "a text");
        };
        if self.looked_up(node, path, &Type::Text) {
            return;
        }
        if is_needed && text.trim().is_empty() {
            let message = "the text is empty";
            self.problems
                .add("MIN_CHARS_REQUIRED", path, node.place, message);
        }
        let count = text.chars().count();
        if count > most {
            let message = format!("the text has {count} characters, and may have {most}");
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
        }
    }

    fn word(&mut self, node: &Node, path: &str, words: &[&str]) {
        let is_one = node.text().is_some_and(|word| words.contains(&word));
        if !is_one && !self.looked_up(node, path, &Type::Text) {
            let message = format!("this is one of {}", words.join(", "));
            self.problems
                .add("INVALID_ENUM_VALUE", path, node.place, message);
        }
    }

    fn date(&mut self, node: &Node, path: &str) {
        let Some(text) = node.text() else {
            if node.members().is_none() {
                self.problems.kind(node, path, "a text");
            }
            return;
        };
        if self.looked_up(node, path, &Type::Text) {
            return;
        }
        let is_day = match self.flow.version >= Version(5, 0) {
            true => is_day(text),
            false => text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty(),
        };
        if !is_day {
            let wanted = match self.flow.version >= Version(5, 0) {
                true => "a day as \"2026-12-31\"",
                false => "a moment in milliseconds since 1970, as a text",
            };
            let message = format!("this should be {wanted}");
            self.problems
                .add("INVALID_PROPERTY_VALUE_FORMAT", path, node.place, message);
        }
    }

    /// Whether a text looks something up; what is wrong with it is told.
    fn looked_up(&mut self, node: &Node, path: &str, wanted: &Type) -> bool {
        let Some(text) = node.text() else {
            return false;
        };
        match said(text) {
            Said::Plain => false,
            Said::Inline => {
                let message = "`${…}` within a text is shown as it is: write the whole in back-ticks, as in \
                     \"`'Hello ' ${data.name}`\" (version 6.0)";
                self.problems
                    .warn("INVALID_PROPERTY_VALUE", path, node.place, message);
                false
            }
            Said::Malformed(why) => {
                self.problems
                    .add("INVALID_PROPERTY_VALUE", path, node.place, why);
                true
            }
            Said::Expression(references) => {
                if self.flow.version < Version(6, 0) {
                    let message = "expressions in back-ticks came with version 6.0";
                    self.problems
                        .add("INVALID_PROPERTY_VALUE", path, node.place, message);
                }
                for reference in &references {
                    self.resolve(reference, path, node.place);
                }
                true
            }
            Said::Reference(reference) => {
                if let Some(found) = self.resolve(&reference, path, node.place)
                    && !found.fits(wanted)
                    // Numbers are shown as texts are.
                    && !(*wanted == Type::Text && found == Type::Number)
                {
                    let message = format!(
                        "{} is {}, and this takes {}",
                        reference.shown(),
                        found.word(),
                        wanted.word()
                    );
                    self.problems
                        .add("INVALID_SCREEN_DYNAMIC_DATA", path, node.place, message);
                }
                true
            }
        }
    }

    /// What kind of value a reference gives; nothing, and a problem, when there is none.
    fn resolve(&mut self, reference: &Reference, path: &str, place: Place) -> Option<Type> {
        let screen = match &reference.screen {
            None => self.screen,
            Some(id) => {
                if self.flow.version < Version(4, 0) {
                    let message = format!("{} needs version 4.0", reference.shown());
                    self.problems
                        .add("INVALID_PROPERTY_VALUE", path, place, message);
                    return None;
                }
                let mut screens = self.screens.iter();
                let Some(screen) = screens.find(|screen| screen.id == id) else {
                    let message = format!("{}: there is no screen `{id}`", reference.shown());
                    self.problems
                        .add("INVALID_SCREEN_DATA", path, place, message);
                    return None;
                };
                screen
            }
        };
        let nothing = Fields::new();
        let (fields, error, advice) = match reference.root {
            Root::Data => (
                screen.data.as_ref().unwrap_or(&nothing),
                "INVALID_SCREEN_DYNAMIC_DATA",
                "its `data` does not declare it",
            ),
            Root::Form => (
                &screen.form,
                "INVALID_ON_CLICK_ACTION_PAYLOAD",
                "no input of it has that name",
            ),
        };
        let (first, rest) = reference.path.split_first()?;
        match fields.get(first).and_then(|found| found.behind(rest)) {
            Some(found) => Some(found.clone()),
            None => {
                let message = format!(
                    "{} is not there: screen `{}` has no such value, {advice}",
                    reference.shown(),
                    screen.id
                );
                self.problems.add(error, path, place, message);
                None
            }
        }
    }

    /// A value of any kind, in which references may be.
    fn anything(&mut self, node: &Node, path: &str) {
        match &node.value {
            Value::Text(_) => {
                self.looked_up(node, path, &Type::Unknown);
            }
            Value::List(items) => {
                for (n, item) in items.iter().enumerate() {
                    self.anything(item, &format!("{path}[{n}]"));
                }
            }
            Value::Object(members) => {
                for member in members {
                    self.anything(&member.node, &below(path, &member.name));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// An object by a list of properties.
    fn object(
        &mut self,
        node: &'a Node,
        path: &str,
        properties: &'static [Property],
        component: &'a str,
    ) {
        if node.members().is_none() {
            return self.problems.kind(node, path, "an object");
        }
        let find = |name: &str| properties.iter().find(|property| property.name == name);
        self.problems.keys(node, path, &|name| find(name).is_some());
        for property in properties {
            if property.needed.is_some() {
                self.problems.needs(node, path, property.name);
            }
            if let Some(member) = node.member(property.name) {
                let path = below(path, property.name);
                self.is_known(member.at, &path, property);
                self.value(&member.node, &path, property, component, Within::default());
            }
        }
    }

    fn options(
        &mut self,
        node: &'a Node,
        path: &str,
        (least, most): (usize, usize),
        component: &'a str,
    ) {
        let Some(options) = node.list() else {
            let wanted = Type::List(Box::new(Type::Unknown));
            if !self.looked_up(node, path, &wanted) {
                self.problems.kind(
                    node,
                    path,
                    "an array of options, or a reference such as `${data.x}`",
                );
            }
            return;
        };
        if options.len() < least || options.len() > most {
            let message = format!(
                "{component} has {least} to {most} options, and this one {}",
                options.len()
            );
            self.problems
                .add("MIN_ITEMS_REQUIRED", path, node.place, message);
        }
        let mut ids: Vec<&str> = Vec::new();
        for (n, option) in options.iter().enumerate() {
            let path = format!("{path}[{n}]");
            self.object(option, &path, OPTION, component);
            let Some(id) = option.get("id") else { continue };
            let Some(text) = id.text() else { continue };
            if ids.contains(&text) {
                let message = format!("there is an option `{text}` already");
                self.problems.add(
                    "INVALID_PROPERTY_VALUE",
                    &below(&path, "id"),
                    id.place,
                    message,
                );
            }
            ids.push(text);
        }
    }

    /// What only this component has to be looked at for. Says how many footers there are.
    fn of_its_own(
        &mut self,
        component: &'static Component,
        node: &'a Node,
        path: &str,
        within: Within,
    ) -> usize {
        match component.name {
            "Footer" => {
                self.footer(node, path, within);
                return 1;
            }
            "If" => return self.branches(node, path, within),
            "Switch" => return self.cases(node, path, within),
            "Form" => self.form(node, path),
            "TextInput" => self.text_input(node, path),
            "CalendarPicker" => self.calendar(node, path),
            "ImageCarousel" => self.pictures(node, path),
            "NavigationList" => self.navigation(node, path),
            "CheckboxGroup" | "ChipsSelector" => {
                self.in_order(node, path, "min-selected-items", "max-selected-items");
            }
            "PhotoPicker" => {
                self.in_order(node, path, "min-uploaded-photos", "max-uploaded-photos")
            }
            "DocumentPicker" => {
                self.in_order(
                    node,
                    path,
                    "min-uploaded-documents",
                    "max-uploaded-documents",
                );
            }
            _ => {}
        }
        *self.counts.entry(component.name).or_default() += 1;
        0
    }

    fn in_order(&mut self, node: &Node, path: &str, least: &str, most: &str) {
        let number = |name| node.get(name).and_then(Node::number);
        if let (Some(min), Some(max)) = (number(least), number(most))
            && min > max
        {
            let place = node.get(least).map_or(node.place, |node| node.place);
            let message = format!("`{least}` is above `{most}`");
            self.problems.add(
                "MIN_VALUE_GREATER_THAN_MAX",
                &below(path, least),
                place,
                message,
            );
        }
    }

    fn footer(&mut self, node: &Node, path: &str, within: Within) {
        if within.ifs == 0 && !within.switch {
            *self.counts.entry("Footer").or_default() += 1;
        }
        if within.ifs > 1 {
            let message = "a Footer is in the outermost If only";
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
        }
        let member = |name| node.member(name);
        let (left, right) = (member("left-caption"), member("right-caption"));
        if let (Some(_), Some(center)) = (left.or(right), member("center-caption")) {
            let message = "a Footer has a caption in its centre, or those at its sides";
            let error = "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED";
            self.problems
                .add(error, &below(path, "center-caption"), center.at, message);
        }
        if let (None, Some(right)) = (left, right) {
            let message = "`left-caption` is missing beside `right-caption`";
            self.problems.add(
                "INVALID_DEPENDENCIES",
                &below(path, "right-caption"),
                right.at,
                message,
            );
        }
    }

    fn branches(&mut self, node: &'a Node, path: &str, within: Within) -> usize {
        if within.ifs >= DEEPEST_IF {
            let message = format!("an If lies in {DEEPEST_IF} others at most");
            self.problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, message);
            return 0;
        }
        if let Some(condition) = node.get("condition") {
            self.condition(condition, &below(path, "condition"));
        }
        let within = Within {
            ifs: within.ifs + 1,
            ..within
        };
        let mut footers = [0, 0];
        for (footers, name) in footers.iter_mut().zip(["then", "else"]) {
            let Some(branch) = node.get(name) else {
                continue;
            };
            let path = below(path, name);
            if name == "then" && branch.list().is_some_and(<[Node]>::is_empty) {
                let message = "`then` is empty";
                self.problems
                    .add("INVALID_PROPERTY_VALUE", &path, branch.place, message);
            }
            *footers = self.children(branch, &path, within);
        }
        let [then, other] = footers;
        if (then == 0) != (other == 0) {
            let message = "a Footer is in both branches of an If, or in none";
            let error = "MISSING_FOOTER_IN_IF_ELSE_BRANCHES";
            self.problems.add(error, path, node.place, message);
        }
        self.one_footer(then.max(other), within.ifs == 1 && !within.switch)
    }

    /// Branches of which one is shown count as one.
    fn one_footer(&mut self, footers: usize, is_outermost: bool) -> usize {
        if footers > 0 && is_outermost {
            *self.counts.entry("Footer").or_default() += footers;
        }
        footers
    }

    fn condition(&mut self, node: &Node, path: &str) {
        let Some(text) = node.text() else {
            return self
                .problems
                .kind(node, path, "a text, such as \"${data.x} == 'a'\"");
        };
        match expressions::expression(text.trim_matches('`')) {
            Err(why) => self
                .problems
                .add("INVALID_PROPERTY_VALUE", path, node.place, why),
            Ok(references) if references.is_empty() => {
                let message = "a condition looks something up, as in \"${data.x} == 'a'\"";
                self.problems
                    .add("INVALID_PROPERTY_VALUE", path, node.place, message);
            }
            Ok(references) => {
                let is_alone = matches!(said(text), Said::Reference(_));
                for reference in &references {
                    let found = self.resolve(reference, path, node.place);
                    if let Some(found) = found
                        && is_alone
                        && !found.fits(&Type::Flag)
                    {
                        let message = format!(
                            "{} is {}: compare it with something",
                            reference.shown(),
                            found.word()
                        );
                        self.problems
                            .add("INVALID_PROPERTY_VALUE", path, node.place, message);
                    }
                }
            }
        }
    }

    fn cases(&mut self, node: &'a Node, path: &str, within: Within) -> usize {
        if let Some(value) = node.get("value") {
            let path = below(path, "value");
            if !self.looked_up(value, &path, &Type::Unknown) {
                let message = "a Switch looks something up, as in \"${data.x}\"";
                self.problems
                    .add("INVALID_PROPERTY_VALUE", &path, value.place, message);
            }
        }
        let Some(cases) = node.get("cases") else {
            return 0;
        };
        let path = below(path, "cases");
        let Some(members) = cases.members() else {
            self.problems
                .kind(cases, &path, "an object: components for each value");
            return 0;
        };
        if members.is_empty() {
            let message = "a Switch has at least one case";
            self.problems
                .add("MIN_ITEMS_REQUIRED", &path, cases.place, message);
        }
        self.problems.keys(cases, &path, &|_| true);
        let within = Within {
            switch: true,
            ..within
        };
        let mut footers = Vec::new();
        for member in members {
            let path = below(&path, &member.name);
            footers.push(self.children(&member.node, &path, within));
        }
        let most = footers.iter().copied().max().unwrap_or_default();
        if most > 0 && footers.contains(&0) {
            let message = "a Footer is in all cases of a Switch, or in none";
            let error = "MISSING_FOOTER_IN_SWITCH_BRANCHES";
            self.problems.add(error, &path, cases.place, message);
        }
        self.one_footer(most, within.ifs == 0)
    }

    fn form(&mut self, node: &Node, path: &str) {
        for (name, error) in [
            ("init-values", "NATIVE_COMPONENT_IN_FORM_INIT_VALUES"),
            ("error-messages", "INVALID_PROPERTY_KEY"),
        ] {
            let Some(values) = node.get(name) else {
                continue;
            };
            let path = below(path, name);
            let Some(members) = values.members() else {
                let wanted = Type::Object(BTreeMap::new());
                if !self.looked_up(values, &path, &wanted) {
                    self.problems
                        .kind(values, &path, "an object: a value for each input");
                }
                continue;
            };
            for member in members {
                let path = below(&path, &member.name);
                if !self.screen.form.contains_key(&member.name) {
                    let message = format!("no input of this screen is called `{}`", member.name);
                    self.problems
                        .add("INVALID_PROPERTY_KEY", &path, member.at, message);
                } else if name == "init-values"
                    && self.screen.pickers.contains(&member.name.as_str())
                {
                    let message = "what takes files begins with none";
                    self.problems.add(error, &path, member.at, message);
                }
                self.anything(&member.node, &path);
            }
        }
    }

    fn text_input(&mut self, node: &Node, path: &str) {
        if let Some(pattern) = node.member("pattern") {
            let path = below(path, "pattern");
            let kind = node
                .get("input-type")
                .and_then(Node::text)
                .unwrap_or("text");
            if !matches!(kind, "text" | "number" | "password" | "passcode") && !kind.contains("${")
            {
                let message = format!("an input of the type {kind} takes no `pattern`");
                self.problems
                    .add("INVALID_PROPERTY_KEY", &path, pattern.at, message);
            }
            if node.get("helper-text").is_none() {
                let message =
                    "beside a `pattern` there is a `helper-text`, which tells people of it";
                self.problems
                    .add("INVALID_DEPENDENCIES", &path, pattern.at, message);
            }
        }
        for name in ["min-chars", "max-chars"] {
            if let Some(value) = node.get(name)
                && value.number().is_none()
                && value.text().is_none()
            {
                self.problems.kind(value, &below(path, name), "a number");
            }
        }
        self.in_order(node, path, "min-chars", "max-chars");
    }

    fn calendar(&mut self, node: &Node, path: &str) {
        let mode = node.get("mode").and_then(Node::text).unwrap_or("single");
        let Some(label) = node.get("label") else {
            return;
        };
        let path_of_label = below(path, "label");
        match (mode, &label.value) {
            (_, Value::Text(_)) => self.text(label, &path_of_label, 40, true),
            ("single", _) => self.problems.kind(label, &path_of_label, "a text"),
            (_, Value::Object(_)) => {
                for end in ["start-date", "end-date"] {
                    self.problems.needs(label, &path_of_label, end);
                    if let Some(text) = label.get(end) {
                        self.text(text, &below(&path_of_label, end), 40, true);
                    }
                }
            }
            _ => self.problems.kind(
                label,
                &path_of_label,
                "a text, or `start-date` and `end-date`",
            ),
        }
        if mode == "single" {
            for name in ["title", "description", "min-days", "max-days"] {
                if let Some(member) = node.member(name) {
                    let message = format!("`{name}` is for the mode `range`");
                    self.problems.add(
                        "INVALID_PROPERTY_KEY",
                        &below(path, name),
                        member.at,
                        message,
                    );
                }
            }
        }
        self.in_order(node, path, "min-days", "max-days");
    }

    fn pictures(&mut self, node: &'a Node, path: &str) {
        let Some(images) = node.get("images") else {
            return;
        };
        let path = below(path, "images");
        let Some(list) = images.list() else {
            let wanted = Type::List(Box::new(Type::Unknown));
            if !self.looked_up(images, &path, &wanted) {
                self.problems.kind(images, &path, "an array of pictures");
            }
            return;
        };
        if !(1..=3).contains(&list.len()) {
            let message = format!(
                "a carousel has 1 to 3 pictures, and this one {}",
                list.len()
            );
            self.problems
                .add("INVALID_PROPERTY_VALUE", &path, images.place, message);
        }
        for (n, picture) in list.iter().enumerate() {
            self.object(picture, &format!("{path}[{n}]"), PICTURE, "ImageCarousel");
        }
    }

    fn navigation(&mut self, node: &'a Node, path: &str) {
        let Some(items) = node.get("list-items") else {
            return;
        };
        let own = node.member("on-click-action");
        let path_of_items = below(path, "list-items");
        let Some(list) = items.list() else {
            let wanted = Type::List(Box::new(Type::Unknown));
            if !self.looked_up(items, &path_of_items, &wanted) {
                self.problems
                    .kind(items, &path_of_items, "an array of items");
            }
            return;
        };
        if !(1..=20).contains(&list.len()) {
            let message = format!("the list has 1 to 20 items, and this one {}", list.len());
            self.problems
                .add("MIN_ITEMS_REQUIRED", &path_of_items, items.place, message);
        }
        let mut badges = 0;
        for (n, item) in list.iter().enumerate() {
            let path = format!("{path_of_items}[{n}]");
            self.object(item, &path, LIST_ITEM, "NavigationList");
            for (name, properties) in [
                ("main-content", MAIN_CONTENT),
                ("start", START),
                ("end", END),
            ] {
                if let Some(part) = item.get(name) {
                    self.object(part, &below(&path, name), properties, "NavigationList");
                }
            }
            if let Some(tags) = item.get("tags") {
                let path = below(&path, "tags");
                match tags.list() {
                    Some(list) if list.len() <= 3 => {
                        for (n, tag) in list.iter().enumerate() {
                            self.text(tag, &format!("{path}[{n}]"), 15, true);
                        }
                    }
                    _ => self.problems.kind(tags, &path, "an array of up to 3 texts"),
                }
            }
            badges += usize::from(item.get("badge").is_some());
            match (item.member("on-click-action"), own) {
                (Some(member), Some(_)) => {
                    let message =
                        "the list has an `on-click-action` already: it is there or on each item";
                    let path = below(&path, "on-click-action");
                    self.problems
                        .add("INVALID_PROPERTY_KEY", &path, member.at, message);
                }
                (None, None) => {
                    let message = "`on-click-action` is missing, here or on the list";
                    self.problems
                        .add("MISSING_REQUIRED_PROPERTY", &path, item.place, message);
                }
                _ => {}
            }
        }
        if badges > 1 {
            let message = "one item of the list has a `badge` at most";
            self.problems.add(
                "INVALID_PROPERTY_VALUE",
                &path_of_items,
                items.place,
                message,
            );
        }
    }

    fn action(&mut self, node: &'a Node, path: &str, trigger: &Trigger<'_>) {
        if node.members().is_none() {
            return self
                .problems
                .kind(node, path, "an action, which is an object");
        }
        if !self.problems.needs(node, path, "name") {
            return;
        }
        let Some(name_node) = node.get("name") else {
            return;
        };
        let Some(name) = name_node.text() else {
            return self
                .problems
                .kind(name_node, &below(path, "name"), "a text");
        };
        let path_of_name = below(path, "name");
        let known = [
            "navigate",
            "complete",
            "data_exchange",
            "update_data",
            "open_url",
        ];
        if !known.contains(&name) {
            let message = format!(
                "there is no action `{name}`; there are {}",
                known.join(", ")
            );
            return self.problems.add(
                "INVALID_ENUM_VALUE",
                &path_of_name,
                name_node.place,
                message,
            );
        }
        if !trigger.allowed.contains(&name) {
            let message = format!(
                "`{}` of {} cannot `{name}`; it can {}",
                trigger.property,
                trigger.component,
                trigger.allowed.join(", ")
            );
            let error = match name {
                "complete" => "INVALID_COMPLETE_ACTION",
                _ => "INVALID_PROPERTY_VALUE",
            };
            self.problems
                .add(error, &path_of_name, name_node.place, message);
        }
        if matches!(name, "update_data" | "open_url") && self.flow.version < Version(6, 0) {
            let message = format!("`{name}` came with version 6.0");
            self.problems.add(
                "INVALID_PROPERTY_VALUE",
                &path_of_name,
                name_node.place,
                message,
            );
        }
        self.problems.keys(node, path, &|key| match name {
            "navigate" => matches!(key, "name" | "next" | "payload"),
            "open_url" => matches!(key, "name" | "url"),
            _ => matches!(key, "name" | "payload"),
        });
        match name {
            "navigate" => self.navigate(node, path),
            "complete" => {
                if !self.screen.is_terminal {
                    let message = format!(
                        "`complete` ends the Flow, and `{}` is not terminal: give it `\"terminal\": true`",
                        self.screen.id
                    );
                    self.problems.add(
                        "INVALID_COMPLETE_ACTION",
                        &path_of_name,
                        name_node.place,
                        message,
                    );
                }
                self.payload(node, path, true);
            }
            "data_exchange" => {
                if !self.flow.has_endpoint {
                    let message = "`data_exchange` asks a data endpoint: add `\"data_api_version\": \"3.0\"` and a `routing_model`";
                    self.problems.add(
                        "MISSING_REQUIRED_TYPE_PROPERTY",
                        &path_of_name,
                        name_node.place,
                        message,
                    );
                }
                self.payload(node, path, true);
            }
            "update_data" => self.update(node, path),
            _ => self.open_url(node, path),
        }
    }

    /// What goes along with an action.
    fn payload(&mut self, node: &'a Node, path: &str, takes_files: bool) -> Option<&'a Node> {
        let payload = node.get("payload")?;
        let path = below(path, "payload");
        let Some(members) = payload.members() else {
            if !self.looked_up(payload, &path, &Type::Unknown) {
                self.problems.kind(payload, &path, "an object");
            }
            return None;
        };
        self.problems.keys(payload, &path, &|_| true);
        for member in members {
            let path = below(&path, &member.name);
            self.anything(&member.node, &path);
            if let Some(text) = member.node.text()
                && let Said::Reference(reference) = said(text)
                && !takes_files
                && reference.root == Root::Form
                && self.is_picker(&reference)
            {
                let message =
                    "files go to the data endpoint or into the answer, not to another screen";
                self.problems.add(
                    "INVALID_ACTION_PAYLOAD_PROPERTY",
                    &path,
                    member.node.place,
                    message,
                );
            }
        }
        Some(payload)
    }

    fn is_picker(&self, reference: &Reference) -> bool {
        let screen = match &reference.screen {
            None => Some(self.screen),
            Some(id) => self.screens.iter().find(|screen| screen.id == id),
        };
        let first = reference
            .path
            .first()
            .map(String::as_str)
            .unwrap_or_default();
        screen.is_some_and(|screen| screen.pickers.contains(&first))
    }

    fn navigate(&mut self, node: &'a Node, path: &str) {
        let payload = self.payload(node, path, false);
        if !self.problems.needs(node, path, "next") {
            return;
        }
        let Some(next) = node.get("next") else { return };
        let path_of_next = below(path, "next");
        if next.members().is_none() {
            return self.problems.kind(
                next,
                &path_of_next,
                "`{ \"type\": \"screen\", \"name\": \"…\" }`",
            );
        }
        self.problems
            .keys(next, &path_of_next, &|name| matches!(name, "type" | "name"));
        if let Some(kind) = next.get("type")
            && !matches!(kind.text(), Some("screen" | "plugin"))
        {
            let message = "what comes next is a `screen`";
            self.problems.add(
                "INVALID_ENUM_VALUE",
                &below(&path_of_next, "type"),
                kind.place,
                message,
            );
        }
        if !self.problems.needs(next, &path_of_next, "name") {
            return;
        }
        let Some(name) = next.get("name") else { return };
        let path_of_name = below(&path_of_next, "name");
        let Some(id) = name.text() else {
            return self
                .problems
                .kind(name, &path_of_name, "the id of a screen");
        };
        const ERROR: &str = "INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME";
        if id == self.screen.id {
            let message = "this leads to the same screen: use `update_data` to change it";
            return self.problems.add(ERROR, &path_of_name, name.place, message);
        }
        let mut screens = self.screens.iter();
        let Some(target) = screens.find(|screen| screen.id == id) else {
            let ids: Vec<_> = self.screens.iter().map(|screen| screen.id).collect();
            let message = format!("there is no screen `{id}`; there are {}", ids.join(", "));
            return self.problems.add(ERROR, &path_of_name, name.place, message);
        };
        self.ways.push(Way {
            to: id.to_owned(),
            path: path_of_name,
            place: name.place,
        });
        let at = payload.map_or(node.place, |payload| payload.place);
        let path = below(path, "payload");
        self.handed_over(target, payload, &path, at);
    }

    /// What a screen is given is what its data model says.
    fn handed_over(
        &mut self,
        target: &'a Screen<'a>,
        payload: Option<&'a Node>,
        path: &str,
        at: Place,
    ) {
        const ERROR: &str = "INVALID_NAVIGATE_ACTION_PAYLOAD";
        let given = payload.and_then(Node::members).unwrap_or_default();
        let nothing = Fields::new();
        let wanted = target.data.as_ref().unwrap_or(&nothing);
        for member in given {
            let path = below(path, &member.name);
            let Some(wanted) = wanted.get(&member.name) else {
                let message = format!(
                    "screen `{}` declares no `{}` in its `data`",
                    target.id, member.name
                );
                self.problems.add(ERROR, &path, member.at, message);
                continue;
            };
            let kind = self.kind_of(&member.node);
            if !kind.fits(wanted) {
                let message = format!(
                    "screen `{}` takes {} as `{}`, and this is {}",
                    target.id,
                    wanted.word(),
                    member.name,
                    kind.word()
                );
                self.problems.add(ERROR, &path, member.node.place, message);
            }
        }
        let is_given = |name: &String| given.iter().any(|member| member.name == *name);
        for name in wanted.keys().filter(|name| !is_given(name)) {
            let message = format!(
                "screen `{}` wants `{name}`, which is not in the payload",
                target.id
            );
            self.problems.add(ERROR, path, at, message);
        }
    }

    /// What kind of value something gives; what cannot be looked up was told before.
    fn kind_of(&self, node: &Node) -> Type {
        let Some(text) = node.text() else {
            return Type::of_value(node);
        };
        match said(text) {
            Said::Plain | Said::Inline => Type::Text,
            Said::Expression(_) | Said::Malformed(_) => Type::Unknown,
            Said::Reference(reference) => {
                let screen = match &reference.screen {
                    None => Some(self.screen),
                    Some(id) => self.screens.iter().find(|screen| screen.id == id),
                };
                let fields = screen.and_then(|screen| match reference.root {
                    Root::Data => screen.data.as_ref(),
                    Root::Form => Some(&screen.form),
                });
                let found = reference.path.split_first();
                let found = found.and_then(|(first, rest)| fields?.get(first)?.behind(rest));
                found.cloned().unwrap_or(Type::Unknown)
            }
        }
    }

    fn update(&mut self, node: &'a Node, path: &str) {
        let Some(payload) = self.payload(node, path, true) else {
            return;
        };
        let path = below(path, "payload");
        for member in payload.members().unwrap_or_default() {
            let wanted = self.screen.data.as_ref();
            let Some(wanted) = wanted.and_then(|fields| fields.get(&member.name)) else {
                let message = format!(
                    "screen `{}` declares no `{}` in its `data`",
                    self.screen.id, member.name
                );
                let path = below(&path, &member.name);
                self.problems
                    .add("INVALID_ACTION_PAYLOAD_PROPERTY", &path, member.at, message);
                continue;
            };
            let kind = self.kind_of(&member.node);
            if !kind.fits(wanted) {
                let message = format!(
                    "`{}` is {}, and this {}",
                    member.name,
                    wanted.word(),
                    kind.word()
                );
                let path = below(&path, &member.name);
                self.problems.add(
                    "INVALID_ACTION_PAYLOAD_PROPERTY",
                    &path,
                    member.node.place,
                    message,
                );
            }
        }
    }

    fn open_url(&mut self, node: &Node, path: &str) {
        if !self.problems.needs(node, path, "url") {
            return;
        }
        let Some(url) = node.get("url") else { return };
        let path = below(path, "url");
        if self.looked_up(url, &path, &Type::Text) {
            return;
        }
        let is_address = url
            .text()
            .is_some_and(|text| text.starts_with("https://") || text.starts_with("http://"));
        if !is_address {
            let message = "this should be an address that begins with `https://`";
            self.problems
                .add("INVALID_PROPERTY_VALUE_FORMAT", &path, url.place, message);
        }
    }
}

/// Whether a text is a day as `2026-12-31`.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |part: &str, digits: usize| -> Option<u32> {
        let is_plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| part.parse().ok()).flatten()
    };
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}
