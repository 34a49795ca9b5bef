//! The npm package's table and its types.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::wit::wrapped;
use super::{Declaration, camel, doc_of, fields, opened, parts, pascal, text};

/// What people read and programs do not.
const FOR_PEOPLE: [&str; 7] = ["doc", "does", "example", "free", "meta", "since", "ts"];

/// The declaration as a module, without what is for people.
pub(super) fn table(declared: &Declaration) -> String {
    let mut types = declared.types().clone();
    let inbound = declared.map("/inbound/types").clone();
    let mut messages = Map::new();
    for message in declared.messages() {
        let mut slim = message.clone();
        // `to` is looked at apart.
        let fields = fields(message).into_iter().filter(|(name, _)| name != "to");
        slim["fields"] = Value::Object(fields.collect());
        messages.insert(text(message, "name").to_owned(), slim);
    }
    let mut reads = declared.0["inbound"].clone();
    reads["types"] = Value::Object(inbound);
    for table in types.values_mut() {
        strip(table);
    }
    let mut messages = Value::Object(messages);
    strip(&mut messages);
    strip(&mut reads);
    format!(
        "/** What `wit/messages.json` says of types of messages. Made by `cargo xtask messages`: change that. */\n\
         /* eslint-disable */\n\n\
         export const TYPES = {}\n\n\
         export const MESSAGES = {}\n\n\
         export const INBOUND = {}\n",
        lines(&Value::Object(types)),
        lines(&messages),
        lines(&reads),
    )
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for word in FOR_PEOPLE {
                // A field may be called like that; it is an object then.
                if map
                    .get(word)
                    .is_some_and(|said| !said.is_object() || word == "example")
                {
                    map.shift_remove(word);
                }
            }
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

/// An object with one line for each member.
fn lines(value: &Value) -> String {
    let Value::Object(map) = value else {
        return value.to_string();
    };
    let mut out = String::from("{\n");
    for (name, value) in map {
        let _ = writeln!(out, "  {}: {value},", json!(name));
    }
    out + "}"
}

/// The types of TypeScript.
pub(super) fn types(declared: &Declaration) -> String {
    let mut out = String::from(
        "/* Made by `cargo xtask messages` of wit/messages.json: change that. */\n\n\
         /** Something that went out. */\n\
         export interface Sent {\n  \
           /** Meta's id of the message (`wamid.…`); statuses carry it. */\n  \
           messageId: string\n  \
           /** The recipient's WhatsApp id, when Meta named it. */\n  \
           waId?: string\n\
         }\n\n\
         export interface ReplyOptions {\n  \
           /** The id of a message to quote. */\n  \
           replyTo?: string\n\
         }\n",
    );
    for (name, ty) in declared.types() {
        outbound_type(&mut out, declared, name, ty);
    }
    for message in declared.messages() {
        message_type(&mut out, declared, message);
    }
    sends(&mut out, declared);
    inbound(&mut out, declared);
    out
}

fn comment(out: &mut String, indent: &str, doc: &str) {
    let lines = wrapped(doc, 112);
    match lines.as_slice() {
        [line] => {
            let _ = writeln!(out, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(out, "{indent}/**");
            for line in lines {
                let _ = writeln!(out, "{indent} * {line}");
            }
            let _ = writeln!(out, "{indent} */");
        }
    }
}

fn outbound_type(out: &mut String, declared: &Declaration, name: &str, ty: &Value) {
    let (kind, parts) = parts(ty);
    out.push('\n');
    comment(out, "", text(ty, "doc"));
    let name = pascal(name);
    if let Value::String(own) = &ty["ts"] {
        let _ = writeln!(out, "export type {name} = {own}");
        return;
    }
    match kind {
        "enum" => {
            let words: Vec<_> = parts.keys().map(|word| format!("'{word}'")).collect();
            let _ = writeln!(out, "export type {name} = {}", words.join(" | "));
        }
        "variant" => {
            let cases = parts
                .iter()
                .map(|(case, part)| format!("{{ {}: {} }}", camel(case), ts(text(part, "type"))));
            let texts = ty["text"].is_array().then(|| "string".to_owned());
            let all: Vec<_> = texts.into_iter().chain(cases).collect();
            let _ = writeln!(out, "export type {name} = {}", all.join(" | "));
        }
        _ => {
            let is_short = ty["text"].is_array();
            let flat = flat(parts.iter());
            let (open, close) = match (is_short, flat.is_empty()) {
                (false, true) => (format!("export interface {name} {{"), "}".to_owned()),
                (true, _) => (format!("export type {name} = string | {{"), "}".to_owned()),
                (_, false) => (
                    format!("export type {name} = {{"),
                    format!("}} & {}", flat.join(" & ")),
                ),
            };
            let _ = writeln!(out, "{open}");
            members(out, declared, parts.iter());
            let _ = writeln!(out, "{close}");
        }
    }
}

/// The types whose cases are written beside the other fields.
fn flat<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>) -> Vec<String> {
    let flat = fields.filter(|(_, field)| field["flat"] == true);
    flat.map(|(_, field)| {
        let ty = ts(text(field, "type"));
        // A text has no fields to stand beside others.
        match ty.as_str() {
            "MediaSource" => "({ id: string } | { link: string })".to_owned(),
            _ => ty,
        }
    })
    .collect()
}

fn members<'a>(
    out: &mut String,
    declared: &Declaration,
    fields: impl Iterator<Item = (&'a String, &'a Value)>,
) {
    for (name, field) in fields {
        if field["flat"] == true {
            continue;
        }
        comment(out, "  ", &doc_of(field));
        let ty = text(field, "type");
        let instead = field["instead"].as_object().into_iter().flatten().next();
        let is_free = ty == "bool"
            || field["free"] == true
            || opened(ty).is_some_and(|(outer, _)| outer == "option")
            || (opened(ty).is_some_and(|(outer, _)| outer == "list")
                && field["count"].is_null()
                && field["empty"].is_null())
            || instead.is_some();
        let mark = if is_free { "?" } else { "" };
        let _ = writeln!(out, "  {}{mark}: {}", js_name(name, field), ts(ty));
        if let Some((own, of)) = instead {
            let entry = opened(ty).map_or(ty, |(_, inner)| inner);
            let of = &declared.types()[entry]["record"][of.as_str().unwrap_or_default()];
            let _ = writeln!(
                out,
                "  /** Instead of `{}`, when there is one without a title. */\n  {own}?: {}",
                js_name(name, field),
                ts(text(of, "type"))
            );
        }
    }
}

fn js_name(name: &str, field: &Value) -> String {
    match &field["js"] {
        Value::String(own) => own.clone(),
        _ => camel(name),
    }
}

fn ts(ty: &str) -> String {
    match ty {
        "string" => "string".to_owned(),
        "bool" => "boolean".to_owned(),
        "f64" | "u32" | "u64" | "s32" => "number".to_owned(),
        "json-object" | "json-text" => "Record<string, any>".to_owned(),
        "json-value" => "any".to_owned(),
        _ => match opened(ty) {
            Some(("list", inner)) => {
                let inner = ts(inner);
                match inner.contains(' ') {
                    true => format!("({inner})[]"),
                    false => format!("{inner}[]"),
                }
            }
            Some(("option", inner)) => ts(inner),
            Some(("tuple", _)) => "[string, string]".to_owned(),
            _ => pascal(ty),
        },
    }
}

fn positional(of: &Value) -> Vec<&str> {
    let names = of["positional"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// What a helper is given after the recipient and what stands by itself.
fn options_name(message: &Value) -> String {
    let name = pascal(text(message, "name"));
    match positional(&message["npm"]).is_empty() {
        true => name,
        false => format!("{}Options", name.trim_end_matches("Message")),
    }
}

fn message_type(out: &mut String, declared: &Declaration, message: &Value) {
    let Value::Object(fields) = &message["fields"] else {
        return;
    };
    if !text(&message["npm"], "via").is_empty() {
        return;
    }
    let positional = positional(&message["npm"]);
    let own = || {
        fields
            .iter()
            .filter(|(name, _)| !positional.contains(&name.as_str()))
    };
    let has_reply = message["reply"] != false;
    let name = options_name(message);
    if own().next().is_none() {
        return;
    }
    out.push('\n');
    comment(out, "", text(message, "doc"));
    let flat = flat(own());
    let reply = if has_reply { "ReplyOptions" } else { "" };
    let (open, close) = match (flat.is_empty(), has_reply) {
        (true, true) => (
            format!("export interface {name} extends {reply} {{"),
            "}".to_owned(),
        ),
        (true, false) => (format!("export interface {name} {{"), "}".to_owned()),
        (false, _) => (
            format!("export type {name} = {reply} & {} & {{", flat.join(" & ")),
            "}".to_owned(),
        ),
    };
    let _ = writeln!(out, "{open}");
    if text(message, "name") == "template-message" {
        out.push_str("  name: string\n  /** For instance `en_US`, or as Meta writes it. */\n  language: string | { code: string }\n");
        out.push_str("  /** The parts that take parameters. Parameters are texts, or as Meta's JSON has them. */\n  components?: TemplateComponent[]\n");
        out.push_str(
            "  /** The cards of a template that has a carousel. */\n  cards?: TemplateCard[]\n",
        );
    } else {
        members(out, declared, own());
    }
    let _ = writeln!(out, "{close}");
}

/// The functions that send.
fn sends(out: &mut String, declared: &Declaration) {
    out.push_str("\n/** A function for each type of message. `to` is a phone number with country code, a user id or a group's id. */\n");
    out.push_str("export interface Sends {\n");
    for message in declared.messages() {
        let npm = &message["npm"];
        if !text(npm, "via").is_empty() {
            continue;
        }
        let args = signature(message, &positional(npm), &options(message, npm));
        helper(
            out,
            text(npm, "name"),
            text(message, "does"),
            &args,
            &message["example"],
        );
        for preset in npm["presets"].as_array().into_iter().flatten() {
            let positional = match positional(preset) {
                own if own.is_empty() => vec!["source"],
                own => own,
            };
            let mut options: Vec<_> = preset["leaves"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|name| {
                    let field = &message["fields"][name];
                    format!("{}?: {}", camel(name), ts(text(field, "type")))
                })
                .collect();
            if message["reply"] != false {
                options.push("replyTo?: string".to_owned());
            }
            let options = match options.is_empty() {
                true => String::new(),
                false => format!("options?: {{ {} }}", options.join(", ")),
            };
            let args = signature(message, &positional, &options);
            helper(
                out,
                text(preset, "name"),
                text(preset, "does"),
                &args,
                &preset["example"],
            );
        }
    }
    out.push_str("}\n");
}

/// The last parameter of a helper.
fn options(message: &Value, npm: &Value) -> String {
    let positional = positional(npm);
    let left = message["fields"].as_object().into_iter().flatten();
    let left = left
        .filter(|(name, _)| !positional.contains(&name.as_str()))
        .count();
    match (positional.is_empty(), left > 0, message["reply"] != false) {
        (true, _, _) => format!("message: {}", pascal(text(message, "name"))),
        (false, true, _) => format!("options?: {}", options_name(message)),
        (false, false, true) => "options?: ReplyOptions".to_owned(),
        (false, false, false) => String::new(),
    }
}

fn signature(message: &Value, positional: &[&str], options: &str) -> String {
    let mut args = vec!["to: string".to_owned()];
    for name in positional {
        let ty = text(&message["fields"][name], "type");
        let mark = if ty.starts_with("option<") { "?" } else { "" };
        args.push(format!("{}{mark}: {}", camel(name), ts(ty)));
    }
    if !options.is_empty() {
        args.push(options.to_owned());
    }
    args.join(", ")
}

fn helper(out: &mut String, name: &str, does: &str, args: &str, example: &Value) {
    let shown = example["args"].as_array().into_iter().flatten();
    let shown: Vec<_> = shown.map(|value| call(value, shown_width(name))).collect();
    // As JavaScript calls types of what comes in.
    let does = does
        .replace("-reply`", "_reply`")
        .replace("call-permission", "call_permission");
    let _ = writeln!(
        out,
        "  /**\n   * {does}\n   * @example\n   * await whatsapp.{name}(to, {})\n   */\n  {name}({args}): Promise<Sent>",
        shown.join(", ")
    );
}

/// How much of a line is left for an example.
fn shown_width(name: &str) -> usize {
    90 - name.len()
}

/// A parameter of an example: an object that is long has a line for each member.
fn call(value: &Value, width: usize) -> String {
    let short = script(value);
    match value {
        Value::Object(map) if short.chars().count() > width => {
            let members = map.iter();
            let members =
                members.map(|(name, value)| format!("   *   {name}: {},\n", script(value)));
            format!("{{\n{}   * }}", members.collect::<String>())
        }
        _ => short,
    }
}

/// A value as people write it in JavaScript.
fn script(value: &Value) -> String {
    match value {
        Value::String(text) => match text.contains('\'') {
            true => value.to_string(),
            false => format!("'{text}'"),
        },
        Value::Array(list) => {
            format!(
                "[{}]",
                list.iter().map(script).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(map) => {
            let members = map
                .iter()
                .map(|(name, value)| format!("{name}: {}", script(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// What comes in.
fn inbound(out: &mut String, declared: &Declaration) {
    for (name, ty) in declared.map("/inbound/types") {
        out.push('\n');
        comment(out, "", text(ty, "doc"));
        let _ = writeln!(out, "export interface {} {{", inbound_name(name));
        let (_, parts) = parts(ty);
        inbound_members(out, parts);
        out.push_str("}\n");
    }
    out.push_str("\n/** What every message that came in has. */\nexport interface InboundBase {\n");
    let message = declared.map("/inbound/message");
    let base: Map<_, _> = message
        .iter()
        .filter(|(name, _)| *name != "content")
        .map(|(name, field)| (name.clone(), field.clone()))
        .collect();
    inbound_members(out, &base);
    out.push_str("}\n");
    let mut cases = Vec::new();
    for case in declared.list("/inbound/content") {
        let content = match text(case, "of") {
            "" => "undefined".to_owned(),
            of => inbound_name(of),
        };
        cases.push((
            text(case, "case").replace('-', "_"),
            content,
            text(case, "doc"),
        ));
    }
    cases.push((
        "unknown".to_owned(),
        "any".to_owned(),
        "What this version has no type for, as Meta's JSON.",
    ));
    out.push_str("\n/** A message that came in: `type` says what `content` is. */\nexport type InboundMessage = InboundBase & (\n");
    for (ty, content, doc) in &cases {
        let _ = writeln!(
            out,
            "  /** {doc} */\n  | {{ type: '{ty}', content: {content} }}"
        );
    }
    out.push_str(
        ")\n\n/** What became of a message that went out. */\nexport interface MessageStatus {\n",
    );
    inbound_members(out, declared.map("/inbound/status"));
    out.push_str("}\n");
}

/// The names of what comes in must not be those of what goes out.
fn inbound_name(name: &str) -> String {
    match name.starts_with("inbound-") {
        true => pascal(name),
        false => format!("Inbound{}", pascal(name)),
    }
}

fn inbound_members(out: &mut String, fields: &Map<String, Value>) {
    for (name, field) in fields {
        comment(out, "  ", text(field, "doc"));
        let ty = text(field, "type");
        let is_free = ty.starts_with("option<");
        let mark = if is_free { "?" } else { "" };
        let _ = writeln!(out, "  {}{mark}: {}", camel(name), inbound_ts(ty));
    }
}

fn inbound_ts(ty: &str) -> String {
    match opened(ty) {
        Some(("list", inner)) => format!("{}[]", inbound_ts(inner)),
        Some((_, inner)) => inbound_ts(inner),
        None => match ts(ty) {
            plain if plain == pascal(ty) => inbound_name(ty),
            plain => plain,
        },
    }
}
