//! A Flow in the chat: its screens as texts, its inputs as questions, one after the other.

use std::path::Path;

use roost_emulator::control::wire::{FlowAct, FlowScreen, FlowView};
use serde_json::{Map, Value, json};

use super::files;

/// What leaves an input empty.
const NOTHING: &str = "-";

/// A Flow that the customer has open.
#[derive(Debug)]
pub(super) struct Form {
    screen: FlowScreen,
    /// Inputs of the screen that were not asked for yet, the next one last.
    open: Vec<Value>,
    values: Map<String, Value>,
    /// What can be tapped once all is filled in: what is shown, and what to tap.
    actions: Vec<(String, Option<String>)>,
}

/// What follows from a line.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// The next question.
    Ask(String),
    /// Something that the emulator does.
    Act(FlowAct),
    /// Why the line means nothing here.
    Mistake(String),
}

impl Form {
    /// The screen that a view has; none when the Flow is over.
    pub(super) fn of(view: FlowView) -> Option<Self> {
        let screen = view.screen?;
        let mut open: Vec<Value> = screen.components.iter().filter(is_input).cloned().collect();
        open.reverse();
        let mut values = Map::new();
        for input in &open {
            if let (Some(name), false) = (input["name"].as_str(), input["value"].is_null()) {
                values.insert(name.to_owned(), input["value"].clone());
            }
        }
        let actions = actions(&screen);
        Some(Self {
            screen,
            open,
            values,
            actions,
        })
    }

    /// What stands on the screen, without its inputs.
    pub(super) fn texts(&self) -> Vec<String> {
        let title = self.screen.title.as_deref().unwrap_or(&self.screen.id);
        let mut lines = vec![format!("[flow] {title}")];
        lines.extend(self.screen.components.iter().filter_map(shown));
        lines
    }

    /// What the customer is asked now.
    pub(super) fn question(&self) -> String {
        let Some(input) = self.open.last() else {
            let actions = self.actions.iter().enumerate();
            let actions: Vec<String> = actions
                .map(|(index, (text, _))| format!("{}) {text}", index + 1))
                .collect();
            return match actions.is_empty() {
                true => "this screen has nothing to tap: /back or /close".to_owned(),
                false => actions.join("   "),
            };
        };
        let mut question = label(input);
        let options = options(input);
        if !options.is_empty() {
            for (index, option) in options.iter().enumerate() {
                let more = option["description"].as_str();
                let more = more.map_or_else(String::new, |text| format!(" - {text}"));
                let title = option["title"].as_str().unwrap_or_default();
                question.push_str(&format!("\n{}) {title}{more}", index + 1));
            }
        }
        if let Some(help) = hint(input) {
            question.push_str(&format!(" ({help})"));
        }
        if !is_required(input) {
            question.push_str(" (- for nothing)");
        }
        question
    }

    /// Takes a line as the answer to the present question.
    pub(super) async fn take(&mut self, line: &str) -> Next {
        let line = line.trim();
        let Some(input) = self.open.last().cloned() else {
            return self.tap(line);
        };
        let name = input["name"].as_str().unwrap_or_default().to_owned();
        let value = match line == NOTHING && !is_required(&input) {
            true => Value::Null,
            false => match value_of(&input, line).await {
                Ok(value) => value,
                Err(why) => return Next::Mistake(why),
            },
        };
        self.open.pop();
        match value {
            Value::Null => drop(self.values.remove(&name)),
            value => drop(self.values.insert(name.clone(), value.clone())),
        }
        if !input["on-select-action"].is_null()
            && let Some(value) = self.values.get(&name)
        {
            let values = [(name, value.clone())].into_iter().collect();
            return Next::Act(FlowAct::Select { values });
        }
        Next::Ask(self.question())
    }

    /// The same screen after something was chosen on it: what was answered stays so.
    pub(super) fn went_on(&mut self, view: FlowView) -> bool {
        let Some(screen) = view.screen.filter(|screen| screen.id == self.screen.id) else {
            return false;
        };
        let answered = std::mem::take(&mut self.values);
        let left: Vec<String> = self.open.iter().map(name_of).collect();
        let open = screen.components.iter().filter(is_input);
        self.open = open
            .filter(|input| left.contains(&name_of(input)))
            .cloned()
            .collect();
        self.open.reverse();
        self.actions = actions(&screen);
        self.screen = screen;
        self.values = answered;
        true
    }

    fn tap(&self, line: &str) -> Next {
        let index = line.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let action = index.and_then(|index| self.actions.get(index));
        let named = || self.actions.iter().find(|(text, _)| text == line);
        let values = self.values.clone();
        match action.or_else(named) {
            None => Next::Mistake(format!(
                "answer with the number of what to tap: {}",
                self.question()
            )),
            Some((_, None)) => Next::Act(FlowAct::Submit { values }),
            Some((_, Some(component))) => Next::Act(FlowAct::Tap {
                component: component.clone(),
                values,
            }),
        }
    }
}

fn is_input(component: &&Value) -> bool {
    let kind = component["type"].as_str().unwrap_or_default();
    let is_known = matches!(
        kind,
        "TextInput"
            | "TextArea"
            | "Dropdown"
            | "RadioButtonsGroup"
            | "CheckboxGroup"
            | "ChipsSelector"
            | "DatePicker"
            | "CalendarPicker"
            | "OptIn"
            | "PhotoPicker"
            | "DocumentPicker"
    );
    is_known && component["enabled"] != false
}

fn is_required(input: &Value) -> bool {
    match input["type"].as_str() {
        Some("PhotoPicker") => input["min-uploaded-photos"].as_u64() != Some(0),
        Some("DocumentPicker") => input["min-uploaded-documents"].as_u64() != Some(0),
        _ => input["required"] == true,
    }
}

fn name_of(input: &Value) -> String {
    input["name"].as_str().unwrap_or_default().to_owned()
}

fn label(input: &Value) -> String {
    let label = input["label"].as_str().map(str::to_owned);
    label.unwrap_or_else(|| name_of(input))
}

fn options(input: &Value) -> Vec<&Value> {
    let options = input["data-source"].as_array().into_iter().flatten();
    options
        .filter(|option| option["enabled"] != false)
        .collect()
}

/// How an input is answered, where that does not go without saying.
fn hint(input: &Value) -> Option<&'static str> {
    match input["type"].as_str()? {
        "CheckboxGroup" | "ChipsSelector" => Some("numbers, with commas"),
        "DatePicker" => Some("YYYY-MM-DD"),
        "CalendarPicker" if input["mode"] == "range" => Some("YYYY-MM-DD to YYYY-MM-DD"),
        "CalendarPicker" => Some("YYYY-MM-DD"),
        "OptIn" => Some("yes or no"),
        "PhotoPicker" | "DocumentPicker" => Some("paths of files, with commas"),
        _ => None,
    }
}

async fn value_of(input: &Value, line: &str) -> Result<Value, String> {
    match input["type"].as_str().unwrap_or_default() {
        "Dropdown" | "RadioButtonsGroup" => option(input, line),
        "CheckboxGroup" | "ChipsSelector" => {
            let chosen: Result<Vec<Value>, String> = line
                .split(',')
                .map(|part| option(input, part.trim()))
                .collect();
            Ok(Value::Array(chosen?))
        }
        "OptIn" => match line.to_lowercase().as_str() {
            "y" | "yes" | "1" => Ok(json!(true)),
            "n" | "no" | "0" => Ok(json!(false)),
            _ => Err("answer with yes or no".to_owned()),
        },
        "CalendarPicker" if input["mode"] == "range" => match line.split_once(" to ") {
            Some((start, end)) => Ok(json!({"start-date": start.trim(), "end-date": end.trim()})),
            None => Err("answer with two dates: 2026-05-01 to 2026-05-07".to_owned()),
        },
        "PhotoPicker" | "DocumentPicker" => {
            let mut all = Vec::new();
            for part in line.split(',') {
                let path = Path::new(part.trim());
                let (data, mime_type) = files::read(path).await?;
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                all.push(json!({"mime_type": mime_type, "data": data, "file_name": name}));
            }
            Ok(Value::Array(all))
        }
        _ => Ok(json!(line)),
    }
}

/// An option by its number, its id or its title.
fn option(input: &Value, word: &str) -> Result<Value, String> {
    let options = options(input);
    let index = word.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let by_number = index.and_then(|index| options.get(index));
    let is_named = |option: &&&Value| option["id"] == word || option["title"] == word;
    let chosen = by_number.or_else(|| options.iter().find(is_named));
    let id = chosen.map(|option| option["id"].clone());
    id.ok_or_else(|| format!("answer with a number from 1 to {}", options.len()))
}

/// What can be tapped on a screen. The footer has no name: it is what submits.
fn actions(screen: &FlowScreen) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    for component in &screen.components {
        let text = |key: &str| component[key].as_str().unwrap_or_default().to_owned();
        match component["type"].as_str().unwrap_or_default() {
            "Footer" => found.push((text("label"), None)),
            "EmbeddedLink" => found.push((text("text"), Some(text("text")))),
            "NavigationList" => {
                for item in component["list-items"].as_array().into_iter().flatten() {
                    let title = item["main-content"]["title"].as_str().unwrap_or_default();
                    let id = item["id"].as_str().map(str::to_owned);
                    found.push((title.to_owned(), id));
                }
            }
            _ => {}
        }
    }
    // What submits comes first.
    found.sort_by_key(|(_, component)| component.is_some());
    found
}

/// A component that is only read.
fn shown(component: &Value) -> Option<String> {
    let text = match &component["text"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts = parts.iter().filter_map(Value::as_str);
            parts.collect::<Vec<&str>>().join("\n")
        }
        _ => String::new(),
    };
    match component["type"].as_str()? {
        "TextHeading" | "TextSubheading" => Some(format!("*{text}*")),
        "TextCaption" => Some(format!("_{text}_")),
        "TextBody" | "RichText" => Some(text),
        "Image" => Some(format!(
            "[image] {}",
            component["alt-text"].as_str().unwrap_or("without a text")
        )),
        "ImageCarousel" => {
            let images = component["images"].as_array().map_or(0, Vec::len);
            Some(format!("[{images} images]"))
        }
        _ => None,
    }
}
