//! The tables of `docs/whatsapp.md`.

use std::fmt::Write;

use super::{Declaration, text};

/// What a bot sends.
pub(super) fn outbound(declared: &Declaration) -> String {
    let mut out = String::from(
        "| Meta's type | what it is | npm, `whatsapp.` | WIT, `roost:bot/whatsapp` | since |\n|---|---|---|---|---|\n",
    );
    for message in declared.messages() {
        let npm = &message["npm"];
        let presets = npm["presets"].as_array().into_iter().flatten();
        let names = [text(npm, "name"), text(npm, "via")].into_iter();
        let names = names.chain(presets.map(|preset| text(preset, "name")));
        let names: Vec<_> = names
            .filter(|name| !name.is_empty())
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | `{}` | {} |",
            text(message, "meta"),
            one_line(text(message, "doc")),
            names.join(", "),
            text(message, "send"),
            text(message, "since"),
        );
    }
    out
}

/// What comes in.
pub(super) fn inbound(declared: &Declaration) -> String {
    let mut out = String::from(
        "| Meta's JSON | what it is | npm, `message.type` | WIT, `content` |\n|---|---|---|---|\n",
    );
    for case in declared.list("/inbound/content") {
        let when = case["when"].as_object().into_iter().flatten();
        let when: Vec<_> = when.filter_map(|(_, word)| word.as_str()).collect();
        let name = text(case, "case");
        let _ = writeln!(
            out,
            "| {} | {} | `{}` | `{name}` |",
            when.join(": "),
            one_line(text(case, "doc")),
            name.replace('-', "_"),
        );
    }
    out.push_str("| anything else | What this version has no type for, as Meta's JSON. | `unknown` | `unknown` |\n");
    out
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
