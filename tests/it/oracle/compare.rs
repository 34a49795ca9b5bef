//! Two records of one bot: equal but for names that each run gives by itself?

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::GraphCall;

/// The first call in which two records differ.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) index: usize,
    pub(crate) node: Option<GraphCall>,
    pub(crate) roost: Option<GraphCall>,
}

impl Display for Difference {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "call {} differs", self.index + 1)?;
        for (name, call) in [("node", &self.node), ("roost", &self.roost)] {
            match call {
                Some(GraphCall { method, path, body }) => {
                    writeln!(out, "  {name}: {method} {path} {body}")?;
                }
                None => writeln!(out, "  {name}: no call")?,
            }
        }
        Ok(())
    }
}

/// Compares in order: method, path, body. The order of keys in a body does not matter.
///
/// Ids that a server made up (`wamid.…`, UUIDs) are numbered by their first appearance.
/// `biz_opaque_callback_data` is left out: the host adds it.
pub(crate) fn compare(node: &[GraphCall], roost: &[GraphCall]) -> Result<(), Box<Difference>> {
    let (node, roost) = (normalised(node), normalised(roost));
    for index in 0..node.len().max(roost.len()) {
        let (left, right) = (node.get(index), roost.get(index));
        if left != right {
            return Err(Box::new(Difference {
                index,
                node: left.cloned(),
                roost: right.cloned(),
            }));
        }
    }
    Ok(())
}

fn normalised(calls: &[GraphCall]) -> Vec<GraphCall> {
    let mut names = Names::default();
    let calls = calls.iter().map(|call| GraphCall {
        method: call.method.clone(),
        path: call
            .path
            .split('/')
            .map(|part| names.text(part))
            .collect::<Vec<_>>()
            .join("/"),
        body: names.value(&call.body),
    });
    calls.collect()
}

/// Ids seen so far, and the names they were given.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                // Sorted, so that ids are met in one order whoever printed the body.
                let mut fields: Vec<_> = fields
                    .iter()
                    .filter(|(key, _)| *key != "biz_opaque_callback_data")
                    .collect();
                fields.sort_by_key(|(key, _)| *key);
                fields
                    .into_iter()
                    .map(|(key, field)| (key.clone(), self.value(field)))
                    .collect()
            }
            other => other.clone(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-._=+/".contains(c);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let end = rest[start..]
                .find(|c| !is_part(c))
                .map_or(rest.len(), |end| start + end);
            out.push_str(&rest[..start]);
            out.push_str(&self.word(&rest[start..end]));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn word(&mut self, word: &str) -> String {
        let kind = match word {
            _ if word.starts_with("wamid.") => "wamid",
            _ if is_uuid(word) => "uuid",
            _ => return word.to_owned(),
        };
        let number = self.0.len() + 1;
        self.0
            .entry(word.to_owned())
            .or_insert_with(|| format!("<{kind} {number}>"))
            .clone()
    }
}

fn is_uuid(word: &str) -> bool {
    let lengths: Vec<_> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
