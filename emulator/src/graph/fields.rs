//! The `fields` parameter: which fields of a node are answered.

use serde_json::{Map, Value};

use crate::graph::error::GraphError;

/// A type of node.
#[derive(Debug)]
pub(crate) struct NodeType {
    /// As errors name it.
    pub(crate) name: &'static str,
    /// The fields that are answered when none are asked for.
    pub(crate) defaults: &'static [&'static str],
    /// Fields that such nodes have, but that nothing here sets.
    pub(crate) unset: &'static [&'static str],
}

/// Keeps the asked-for fields of a node, and its id; its default fields when none are asked for.
///
/// Understands `a,b{c,d},e.modifier(x)`; modifiers are dropped. A field that is not set (null) is
/// left out. Fails on fields that the node does not have.
pub(crate) fn project(
    node: &Value,
    node_type: &NodeType,
    asked: Option<&str>,
) -> Result<Value, GraphError> {
    let names: Vec<String> = match asked {
        Some(asked) if !asked.trim().is_empty() => split(asked),
        _ => node_type
            .defaults
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
    };
    let mut kept = Map::new();
    for field in names {
        let (name, inner) = parse(&field);
        if name == "id" || node_type.unset.contains(&name) {
            continue;
        }
        let Some(value) = node.get(name) else {
            return Err(GraphError::parameter(format!(
                "Tried accessing nonexisting field ({name}) on node type ({})",
                node_type.name,
            )));
        };
        let value = match inner {
            Some(inner) if value.is_object() => keep(value, &split(inner)),
            _ => value.clone(),
        };
        if !value.is_null() {
            kept.insert(name.to_owned(), value);
        }
    }
    kept.insert("id".to_owned(), node["id"].clone());
    Ok(Value::Object(kept))
}

fn keep(object: &Value, names: &[String]) -> Value {
    let pairs = names.iter().filter_map(|field| {
        let (name, _) = parse(field);
        Some((name.to_owned(), object.get(name)?.clone()))
    });
    Value::Object(pairs.collect())
}

/// Splits at the commas outside braces and parentheses.
fn split(list: &str) -> Vec<String> {
    let mut depth = 0_i32;
    list.split(|character| {
        match character {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    })
    .map(|field| field.trim().to_owned())
    .filter(|field| !field.is_empty())
    .collect()
}

/// The name of a field, and what is between its braces.
fn parse(field: &str) -> (&str, Option<&str>) {
    let end = field.find(['{', '.', '(']).unwrap_or(field.len());
    let inner = field
        .split_once('{')
        .and_then(|(_, rest)| rest.strip_suffix('}'));
    (field[..end].trim(), inner)
}
