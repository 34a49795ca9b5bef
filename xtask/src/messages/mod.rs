//! `messages`: writes what follows from `wit/messages.json`, the one declaration of every type of message.
//!
//! | written | what it is |
//! |---|---|
//! | `wit/whatsapp.wit`, a part | the records and functions by which components send |
//! | `wit/webhooks.wit` | the records in which components read what came in |
//! | `host/capabilities/whatsapp.rs`, a part | the host's functions |
//! | `sdk/roost/declared.js` | the declaration as the npm package reads it |
//! | `sdk/roost/api/messages.d.ts` | its types, with examples |
//! | `docs/whatsapp.md`, a part | tables for people |
//!
//! Another table of `docs/whatsapp.md` says what the Cloud API has and by what one gets at it: `cloud_api` makes it of
//! `wit/cloud-api.json` and of what is registered.
//!
//! A type is a `record` of fields, a `variant` or an `enum`. A field's `type` is one of WIT's, another type of the
//! declaration, `json-object` (an object of JSON, in WIT a string), or, of what comes in, `json-text` and `json-value`.
//! What else a field says:
//!
//! - `chars`, `count`, `range`: least and most, of characters, of entries, of the number;
//! - `url`, `pattern`, `lines`, `filled`: an http(s) address; a `date` or an `emoji`; so many lines; an object that is not empty;
//! - `unique`: no two such fields of a message say the same;
//! - `absent`: what goes out in place of nothing; `empty`: an empty list goes out; `as: "text"`: a number goes out as text;
//! - `js`: how JavaScript calls it; `flat`: JavaScript writes the variant's case beside the other fields; `instead`: a
//!   field of JavaScript's that stands for a list of one entry.
//!
//! `json` is Meta's JSON: `"$name"` is a field, `"$"` the case of a variant, `"$0"` a part of a tuple, `"$#"` the place
//! in the list, a key `"..."` puts an object's members in its place, and `"[]"` joins lists. What is absent, false or
//! an empty list is left out, and with it an object that names fields of which none is there.
//!
//! `rules` are about several fields: `total` counts over all sections, `several` needs a field when there is more than one
//! entry, `forbids` and `needs` go by what another field is, `needs-field` wants another one beside it, `one-of` wants one of them,
//! `alike` wants cards of one form.
//!
//! `text` says what a plain text of JavaScript's stands for: fields of a record, or the case of a variant.
//!
//! Of what comes in, `at` is the path in Meta's JSON, from the message on (`contact:` from its contact, `metadata:` from
//! the number), `a>b` goes into JSON within a text, `first` is the first path that has something, and `when` tells the types apart.

mod cloud_api;
mod docs;
mod npm;
mod wit;

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// The declaration.
const SOURCE: &str = "wit/messages.json";

/// Comments between which a part of a file is made.
const BEGIN: &str = "Made by `cargo xtask messages`";
const END: &str = "End of what is made.";

/// Writes all that follows from the declaration.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (name, text) in made(root)? {
        let path = root.join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write `{name}`"))?;
        println!("{name}");
    }
    Ok(())
}

/// Each file with the text that it has to have.
fn made(root: &Path) -> Result<Vec<(String, String)>> {
    let text = read(root, SOURCE)?;
    let declared: Value = serde_json::from_str(&text).with_context(|| format!("`{SOURCE}`"))?;
    let declared = Declaration(declared);
    Ok(vec![
        part(
            root,
            "wit/whatsapp.wit",
            &[&wit::types(&declared), &wit::functions(&declared)],
        )?,
        ("wit/webhooks.wit".to_owned(), wit::webhooks(&declared)),
        part(
            root,
            "host/capabilities/whatsapp.rs",
            &[&wit::host(&declared)],
        )?,
        ("sdk/roost/declared.js".to_owned(), npm::table(&declared)),
        (
            "sdk/roost/api/messages.d.ts".to_owned(),
            npm::types(&declared),
        ),
        part(
            root,
            "docs/whatsapp.md",
            &[
                &docs::outbound(&declared),
                &docs::inbound(&declared),
                &cloud_api::table(root)?,
            ],
        )?,
    ])
}

fn read(root: &Path, name: &str) -> Result<String> {
    std::fs::read_to_string(root.join(name)).with_context(|| format!("cannot read `{name}`"))
}

/// A file with its made parts replaced, in order. Each stands between two lines that say so.
fn part(root: &Path, name: &str, parts: &[&str]) -> Result<(String, String)> {
    let old = read(root, name)?;
    let mut new = String::new();
    let mut parts = parts.iter();
    let mut is_made = false;
    for line in old.lines() {
        is_made &= !line.contains(END);
        if !is_made {
            new.push_str(line);
            new.push('\n');
        }
        if line.contains(BEGIN) {
            is_made = true;
            new.push_str(
                parts
                    .next()
                    .with_context(|| format!("`{name}` has too many parts"))?,
            );
        }
    }
    if parts.next().is_some() || is_made {
        bail!("`{name}` lacks a line with `{BEGIN}` or `{END}`");
    }
    Ok((name.to_owned(), new))
}

/// `wit/messages.json`.
struct Declaration(Value);

impl Declaration {
    fn types(&self) -> &Map<String, Value> {
        self.map("/types")
    }

    fn messages(&self) -> &[Value] {
        self.list("/messages")
    }

    fn map(&self, at: &str) -> &Map<String, Value> {
        let found = self.0.pointer(at).and_then(Value::as_object);
        found.unwrap_or_else(|| panic!("{SOURCE} has no object at {at}"))
    }

    fn list(&self, at: &str) -> &[Value] {
        let found = self.0.pointer(at).and_then(Value::as_array);
        found.unwrap_or_else(|| panic!("{SOURCE} has no list at {at}"))
    }
}

/// A text of the declaration; empty when it says nothing.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What is said of a field, with its limits in words.
fn doc_of(field: &Value) -> String {
    let mut doc = text(field, "doc").to_owned();
    let (least, most) = match &field["chars"] {
        Value::Array(bounds) => (bounds[0].as_u64(), bounds[1].as_u64()),
        _ => (None, None),
    };
    // What only stops nonsense is not worth saying.
    if let (Some(least), Some(most)) = (least, most)
        && (least == most || most <= 256 || most == 1024 || most == 4096)
        && most != 64
    {
        doc.push_str(&match least == most {
            true => format!(" {most} characters."),
            false => format!(" At most {most} characters."),
        });
    }
    if let Value::Array(bounds) = &field["count"] {
        doc.push_str(&format!(" {} to {}.", bounds[0], bounds[1]));
    }
    if let Value::Array(bounds) = &field["range"] {
        doc.push_str(&format!(" {} to {}.", bounds[0], bounds[1]));
    }
    if let Some(lines) = field["lines"].as_u64() {
        doc.push_str(&format!(" At most {lines} lines."));
    }
    doc
}

/// What a type's parts are in: `record`, `variant` or `enum`.
fn parts(declared: &Value) -> (&'static str, &Map<String, Value>) {
    for kind in ["record", "variant", "enum"] {
        if let Value::Object(parts) = &declared[kind] {
            return (kind, parts);
        }
    }
    panic!("a type of {SOURCE} is no record, variant or enum: {declared}");
}

/// The fields of a message, with those that all have.
fn fields(message: &Value) -> Vec<(String, Value)> {
    let first = text(message, "name") == "text-message";
    let to = match first {
        true => {
            "A phone number with country code, a business-scoped user id (`US.1349…`), or a\n\
             group's id."
        }
        false => "As in `text-message.to`.",
    };
    let mut all = vec![(
        "to".to_owned(),
        serde_json::json!({ "type": "string", "doc": to }),
    )];
    let own = message["fields"].as_object().into_iter().flatten();
    all.extend(own.map(|(name, field)| (name.clone(), field.clone())));
    if message["reply"] != false {
        let reply = serde_json::json!({
            "type": "option<string>", "doc": "The id of a message to quote.", "chars": [1, 512],
        });
        all.push(("reply-to".to_owned(), reply));
    }
    all
}

/// `list<button>` taken apart: `Some(("list", "button"))`.
fn opened(ty: &str) -> Option<(&str, &str)> {
    let (outer, inner) = ty.strip_suffix('>')?.split_once('<')?;
    Some((outer, inner))
}

/// `reply-to` as JavaScript writes it: `replyTo`.
fn camel(kebab: &str) -> String {
    let pascal = pascal(kebab);
    let mut chars = pascal.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => pascal,
    }
}

/// `reply-to` as types are called: `ReplyTo`.
fn pascal(kebab: &str) -> String {
    kebab
        .split('-')
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{SOURCE, made};

    #[test]
    fn what_is_committed_is_what_comes_of_the_declaration() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        for (name, text) in made(root).unwrap() {
            let committed = std::fs::read_to_string(root.join(&name)).unwrap_or_default();
            assert!(
                committed == text,
                "`{name}` is not what {SOURCE} says: run `cargo xtask messages`, and commit what it writes"
            );
        }
    }
}
