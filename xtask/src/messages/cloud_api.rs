//! The table "what the Cloud API has" of `docs/whatsapp.md`: made of `wit/cloud-api.json`, and held to what is registered:
//! the emulator's routes, the table of what bots may ask of Meta, WIT, the admin API and the command line.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{read, text};

/// Which rows there are.
pub(super) const SOURCE: &str = "wit/cloud-api.json";

const EMULATOR: &str = "emulator/src/graph/routes.rs";
const OFFERS: &str = "host/whatsapp/gateway/offers.rs";

/// The table.
pub(super) fn table(root: &Path) -> Result<String> {
    let declared: Value =
        serde_json::from_str(&read(root, SOURCE)?).with_context(|| format!("`{SOURCE}`"))?;
    let emulated = emulated(&read(root, EMULATOR)?)?;
    let offered = offered(&read(root, OFFERS)?)?;
    let registered = Registered::of(root)?;
    let rows = declared["rows"].as_array().context("no rows")?;
    let mut seen = BTreeSet::new();
    let mut out = String::from(
        "| what the Cloud API has | calls | bot | CLI, `roost` | admin API | emulator |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let what = text(row, "what");
        let calls = list(row, "calls");
        for call in &calls {
            if !seen.insert((*call).to_owned()) {
                bail!("{SOURCE}: `{call}` is in two rows");
            }
        }
        let mut bot = code(&registered.functions(&list(row, "bot"))?);
        if calls.iter().any(|call| offered.contains(*call)) {
            bot.push("HTTP".to_owned());
        }
        let cli = code(&registered.words(&list(row, "cli"))?);
        let api = code(&registered.paths(&list(row, "api"))?);
        let known: Vec<&&str> = calls
            .iter()
            .filter(|call| emulated.contains(**call))
            .collect();
        let all = match known.len() {
            0 => Vec::new(),
            some if some == calls.len() => vec!["all".to_owned()],
            _ => known.iter().map(|call| format!("`{call}`")).collect(),
        };
        let mut line = format!("| {what} | {}", code(&calls).join(", "));
        for (column, cell) in [("bot", bot), ("cli", cli), ("api", api), ("emulator", all)] {
            let why = text(&row["why"], column);
            let cell = match (cell.is_empty(), why.is_empty()) {
                (false, true) => cell.join(", "),
                (true, false) => format!("— {why}"),
                (true, true) => {
                    bail!("{SOURCE}: `{what}` has nothing for {column}, and no reason why")
                }
                (false, false) => {
                    bail!("{SOURCE}: `{what}` has a reason for {column}, where there is something")
                }
            };
            let _ = write!(line, " | {cell}");
        }
        let _ = writeln!(out, "{line} |");
    }
    for (calls, place) in [(&emulated, EMULATOR), (&offered, OFFERS)] {
        let missing: Vec<&String> = calls.difference(&seen).collect();
        if !missing.is_empty() {
            bail!("{SOURCE} has no row for {missing:?} of {place}");
        }
    }
    Ok(out)
}

fn list<'v>(row: &'v Value, key: &str) -> Vec<&'v str> {
    let items = row[key].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

/// Names as code. Methods are in capitals, as everywhere.
fn code(items: &[&str]) -> Vec<String> {
    let plain = |item: &&str| match item.split_once(" /") {
        Some((method, path)) => format!("`{} /{path}`", method.to_uppercase()),
        None => format!("`{}`", item.replace('%', "")),
    };
    items.iter().map(plain).collect()
}

/// How a kind of node is written in paths.
fn placeholder(kind: &str) -> Result<&'static str> {
    Ok(match kind {
        "App" => "/{APP_ID}",
        "Waba" | "Account" => "/{WABA_ID}",
        "Number" => "/{PHONE_NUMBER_ID}",
        "Media" => "/{MEDIA_ID}",
        "Template" => "/{TEMPLATE_ID}",
        "Flow" => "/{FLOW_ID}",
        "Upload" => "/{UPLOAD_ID}",
        "Business" => "/{BUSINESS_ID}",
        "Granted" => "/{GRANTED_ID}",
        "Library" => "/message_template_library",
        other => bail!("a kind of node that the table does not know: {other}"),
    })
}

fn call(kind: &str, method: &str, edge: &str, star: &str) -> Result<String> {
    let node = placeholder(kind)?;
    let edge = edge.replace('*', star);
    let slash = if edge.is_empty() { "" } else { "/" };
    Ok(format!("{} {node}{slash}{edge}", method.to_uppercase()))
}

/// The calls of the emulator's `routes!`, and those that are of no node.
fn emulated(source: &str) -> Result<BTreeSet<String>> {
    let mut calls = BTreeSet::new();
    for line in source.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [kind, method @ ("GET" | "POST" | "DELETE"), edge, _, "=>", _] => {
                calls.insert(call(kind, method, edge.trim_matches('"'), "{CODE}")?);
            }
            [method, path] if method.starts_with("(\"") && path.starts_with("\"/") => {
                let plain = |word: &str| word.trim_matches(['(', ')', ',', '"']).to_owned();
                calls.insert(format!("{} {}", plain(method), plain(path)));
            }
            _ => {}
        }
    }
    match calls.len() {
        0..50 => bail!("`{EMULATOR}` is not written as this reads it: {calls:?}"),
        _ => Ok(calls),
    }
}

/// The calls of the table of what bots may ask.
fn offered(source: &str) -> Result<BTreeSet<String>> {
    let mut calls = BTreeSet::new();
    let (_, table) = source.split_once("const OFFERS").context("no OFFERS")?;
    let (table, _) = table.split_once("];").context("OFFERS has no end")?;
    for offer in table.split("offer(").skip(1) {
        let mut parts = offer.splitn(4, ',').map(str::trim);
        let (Some(node), Some(verb), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            bail!("`{OFFERS}` is not written as this reads it: {offer}");
        };
        let path = path.trim_matches('"');
        let star = if path.starts_with("message_qrdls") {
            "{CODE}"
        } else {
            "{ID}"
        };
        match node {
            // What it is of is known by its id alone; what has an edge is a template's or a Flow's.
            "Object" => {
                let kinds: &[&str] = match (verb, path) {
                    ("Post", "") => &["Template", "Flow"],
                    ("Delete", "") => &["Media", "Flow"],
                    (_, "") => &["Media", "Template", "Flow"],
                    (_, "unpause" | "compare") => &["Template"],
                    _ => &["Flow"],
                };
                for kind in kinds {
                    calls.insert(call(kind, verb, path, star)?);
                }
            }
            "Anyone" => drop(calls.insert(call("Media", verb, path, star)?)),
            // The operator may grant the app itself.
            "Granted" if path == "uploads" => drop(calls.insert(call("App", verb, path, star)?)),
            node => drop(calls.insert(call(node, verb, path, star)?)),
        }
    }
    match calls.len() {
        0..30 => bail!("`{OFFERS}` is not written as this reads it: {calls:?}"),
        _ => Ok(calls),
    }
}

/// What can be named in a row.
struct Registered<'r> {
    root: &'r Path,
    /// The sources of the admin API.
    api: String,
}

impl<'r> Registered<'r> {
    fn of(root: &'r Path) -> Result<Self> {
        let mut api = String::new();
        for file in std::fs::read_dir(root.join("host/api"))? {
            let path = file?.path();
            if path.extension().is_some_and(|end| end == "rs") {
                api.push_str(&std::fs::read_to_string(path)?);
            }
        }
        Ok(Self { root, api })
    }

    /// Functions of WIT, as `interface.function`.
    fn functions<'n>(&self, names: &[&'n str]) -> Result<Vec<&'n str>> {
        for name in names {
            let (interface, function) = name.split_once('.').context("interface.function")?;
            let wit = read(self.root, &format!("wit/{interface}.wit"))?;
            if !wit.contains(&format!("{function}: async func"))
                && !wit.contains(&format!("{function}: func"))
            {
                bail!("{SOURCE}: wit/{interface}.wit has no function `{function}`");
            }
        }
        Ok(names.to_vec())
    }

    /// Words of the command line, as `noun verb`.
    fn words<'n>(&self, names: &[&'n str]) -> Result<Vec<&'n str>> {
        for name in names {
            let (noun, verb) = name.split_once(' ').context("noun verb")?;
            let source = read(self.root, &format!("host/cli/{noun}.rs"))
                .or_else(|_| read(self.root, &format!("host/cli/{noun}/mod.rs")))?;
            let variant = super::pascal(verb);
            let is_word = source.lines().any(|line| {
                let rest = line
                    .strip_prefix("    ")
                    .and_then(|line| line.strip_prefix(&variant));
                rest.is_some_and(|rest| rest.starts_with([' ', '(', ',']))
            });
            if !is_word {
                bail!("{SOURCE}: host/cli has no `{name}`");
            }
        }
        Ok(names.to_vec())
    }

    /// Paths of the admin API, as `method path`.
    fn paths<'n>(&self, names: &[&'n str]) -> Result<Vec<&'n str>> {
        for name in names {
            let (method, path) = name.split_once(' ').context("method path")?;
            if !self
                .api
                .contains(&format!("utoipa::path({method}, path = \"{path}\""))
            {
                bail!("{SOURCE}: host/api has no `{name}`");
            }
        }
        Ok(names.to_vec())
    }
}
