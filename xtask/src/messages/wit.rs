//! The interfaces of WIT, and the host's functions.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Declaration, doc_of, fields, opened, parts, pascal, text};

/// Words that WIT keeps for itself, of those that fields are called.
const KEYWORDS: [&str; 4] = ["from", "as", "type", "record"];

/// The patch version in which what comes in was typed.
const INBOUND_SINCE: &str = "0.1.2";

/// Types and records of what is sent.
pub(super) fn types(declared: &Declaration) -> String {
    let mut out = String::new();
    for (name, ty) in declared.types() {
        let (kind, parts) = parts(ty);
        item(&mut out, ty, kind, name, parts);
    }
    for message in declared.messages() {
        let fields: Map<_, _> = fields(message).into_iter().collect();
        item(&mut out, message, "record", text(message, "name"), &fields);
    }
    out
}

/// Functions that send.
pub(super) fn functions(declared: &Declaration) -> String {
    let mut out = String::new();
    for message in declared.messages() {
        out.push('\n');
        comment(&mut out, "  ", text(message, "does"));
        let _ = writeln!(
            out,
            "  @since(version = {})\n  {}: async func(message: {}) -> result<sent, error>;",
            text(message, "since"),
            text(message, "send"),
            text(message, "name"),
        );
    }
    out
}

/// The host's functions, in a macro's words.
pub(super) fn host(declared: &Declaration) -> String {
    let mut out = String::new();
    for message in declared.messages() {
        let _ = writeln!(
            out,
            "        {}({}) is \"{}\";",
            text(message, "send").replace('-', "_"),
            pascal(text(message, "name")),
            text(message, "name"),
        );
    }
    out
}

/// The interface by which components read webhooks.
pub(super) fn webhooks(declared: &Declaration) -> String {
    let mut out = String::from(
        "// Made by `cargo xtask messages` of wit/messages.json: change that.\n\n\
         /// What Meta's webhooks say, typed.\n\
         ///\n\
         /// Each event reaches a bot as the POST that Meta would make. These functions read its\n\
         /// body. They keep nothing and reach nothing.\n\
         @since(version = 0.1.2)\n\
         interface webhooks {",
    );
    for (name, ty) in declared.map("/inbound/types") {
        let (kind, parts) = parts(ty);
        item(&mut out, ty, kind, name, parts);
    }
    let cases = declared.list("/inbound/content").iter();
    let cases = cases.map(|case| {
        let mut part = serde_json::json!({ "doc": case["doc"] });
        if let Value::String(of) = &case["of"] {
            part["type"] = of.as_str().into();
        }
        (text(case, "case").to_owned(), part)
    });
    let mut cases: Map<_, _> = cases.collect();
    let unknown = serde_json::json!({ "type": "string", "doc": "What this version of the package has no type for, as Meta's JSON." });
    cases.insert("unknown".to_owned(), unknown);
    let content = serde_json::json!({ "doc": "What a message is." });
    item(&mut out, &content, "variant", "content", &cases);
    for (name, doc) in [
        ("message", "A message that came in."),
        ("status", "What became of a message that went out."),
    ] {
        let of = serde_json::json!({ "doc": doc });
        item(
            &mut out,
            &of,
            "record",
            name,
            declared.map(&format!("/inbound/{name}")),
        );
    }
    out.push_str(
        "\n  /// Why a body cannot be read.\n  \
           @since(version = 0.1.2)\n  \
           variant error {\n    \
             /// It is not JSON. The text says where.\n    \
             malformed(string),\n\n    \
             /// It is larger than anything of Meta's.\n    \
             too-large(string),\n\n    \
             /// Anything else. The text is for people: it may change at any time.\n    \
             other(string),\n  \
           }\n\n  \
           /// The messages in the body of a webhook, in order.\n  \
           ///\n  \
           /// None is left out: what has no type here is `content.unknown`.\n  \
           @since(version = 0.1.2)\n  \
           read-messages: func(body: string) -> result<list<message>, error>;\n\n  \
           /// The statuses in the body of a webhook, in order.\n  \
           @since(version = 0.1.2)\n  \
           read-statuses: func(body: string) -> result<list<status>, error>;\n\
         }\n",
    );
    out
}

fn item(out: &mut String, of: &Value, kind: &str, name: &str, parts: &Map<String, Value>) {
    let since = match text(of, "since") {
        "" => INBOUND_SINCE,
        since => since,
    };
    out.push('\n');
    comment(out, "  ", text(of, "doc"));
    let _ = writeln!(out, "  @since(version = {since})\n  {kind} {name} {{");
    for (n, (name, part)) in parts.iter().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        comment(out, "    ", &doc_of(part));
        let name = match KEYWORDS.contains(&name.as_str()) {
            true => format!("%{name}"),
            false => name.clone(),
        };
        let ty = text(part, "type");
        let _ = match (kind, ty) {
            ("record", ty) => writeln!(out, "    {name}: {},", wit(ty)),
            (_, "") => writeln!(out, "    {name},"),
            (_, ty) => writeln!(out, "    {name}({}),", wit(ty)),
        };
    }
    out.push_str("  }\n");
}

/// A type as WIT has it.
fn wit(ty: &str) -> String {
    match ty {
        "json-object" | "json-text" | "json-value" => "string".to_owned(),
        _ => match opened(ty) {
            Some((outer @ ("list" | "option"), inner)) => format!("{outer}<{}>", wit(inner)),
            _ => ty.to_owned(),
        },
    }
}

/// A documentation comment, in lines of readable length.
pub(super) fn comment(out: &mut String, indent: &str, doc: &str) {
    for line in wrapped(doc, 88 - indent.len()) {
        let _ = writeln!(out, "{indent}/// {line}");
    }
}

pub(super) fn wrapped(doc: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in doc.split_whitespace() {
        let last = lines.last_mut().expect("there is one");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    lines
}
