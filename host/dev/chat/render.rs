//! What the bot sent, as lines for people.
//!
//! A template is shown as its text with the parameters in it. Media are shown by the path of their file, where the chat
//! keeps files, else by their link or id.

use roost_emulator::control::{Choice, Rendered, SentItem, SentKind, SentMessage};
use serde_json::Value;

/// Under `bot> ` and `you> `.
const INDENT: &str = "     ";
/// Between buttons that are side by side.
const GAP: &str = "   ";

/// The lines of something that the bot did, `reader` being the customer whose chat it is. None for
/// what people do not see in a chat.
pub(super) fn item(item: &SentItem, reader: &str) -> Vec<String> {
    let bot = if item.customer == reader {
        "bot".to_owned()
    } else {
        format!("bot to {}", item.customer)
    };
    match &item.kind {
        SentKind::Message(sent) => message(sent, &bot),
        SentKind::Read { .. } | SentKind::Typing { .. } => Vec::new(),
    }
}

/// The line of what people see only as ticks and dots.
pub(super) fn sign(item: &SentItem) -> Option<&'static str> {
    match &item.kind {
        SentKind::Message(_) => None,
        SentKind::Read { .. } => Some("the bot read your message"),
        SentKind::Typing { .. } => Some("the bot is typing"),
    }
}

fn message(sent: &SentMessage, bot: &str) -> Vec<String> {
    let mut lines = if sent.message_type == "reaction" {
        vec![reaction(&sent.body, bot)]
    } else {
        labelled(&format!("{bot}> "), &content(sent))
    };
    if let Some(code) = sent.error_code {
        lines.push(format!(
            "{INDENT}! not delivered: (#{code}) {}",
            reason(code)
        ));
    }
    lines
}

/// A text of one or more lines after a label, the further ones indented.
pub(super) fn labelled(label: &str, text: &str) -> Vec<String> {
    // Carriage returns are ends of lines to a person, and would overwrite the line in a terminal.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.split('\n').enumerate();
    lines
        .map(|(index, line)| {
            let before = if index == 0 { label } else { INDENT };
            format!("{before}{}", printable(line)).trim_end().to_owned()
        })
        .collect()
}

/// A line without control characters: a message must not steer the terminal.
pub(super) fn printable(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() && c != '\t' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn content(sent: &SentMessage) -> String {
    let body = &sent.body;
    match sent.message_type.as_str() {
        "text" => text(&body["body"]),
        "interactive" => interactive(sent),
        "template" => template(sent),
        "location" => location(body),
        "contacts" => contacts(body),
        kind @ ("image" | "video" | "audio" | "document" | "sticker") => media(kind, body),
        other => format!("[{other}] {body}"),
    }
}

fn media(kind: &str, media: &Value) -> String {
    let mut shown = format!("[{kind}]");
    for key in ["filename", "caption"] {
        if let Some(text) = media[key].as_str().filter(|text| !text.is_empty()) {
            shown.push(' ');
            shown.push_str(text);
        }
    }
    let source = media["link"].as_str().or_else(|| media["id"].as_str());
    format!("{shown} ({})", source.unwrap_or("nothing"))
}

fn location(place: &Value) -> String {
    let names = ["name", "address"].iter().filter_map(|k| place[k].as_str());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let (latitude, longitude) = (text(&place["latitude"]), text(&place["longitude"]));
    if names.is_empty() {
        return format!("[location] {latitude}, {longitude}");
    }
    format!("[location] {} ({latitude}, {longitude})", names.join(", "))
}

fn contacts(cards: &Value) -> String {
    let cards = cards.as_array().map_or(&[][..], Vec::as_slice);
    let shown: Vec<String> = cards.iter().map(contact).collect();
    shown.join("\n")
}

fn contact(card: &Value) -> String {
    let mut shown = format!("[contact] {}", text(&card["name"]["formatted_name"]));
    for (list, key) in [("phones", "phone"), ("emails", "email"), ("urls", "url")] {
        for entry in card[list].as_array().into_iter().flatten() {
            if let Some(value) = entry[key].as_str() {
                shown.push_str(", ");
                shown.push_str(value);
            }
        }
    }
    shown
}

fn reaction(body: &Value, bot: &str) -> String {
    match body["emoji"].as_str() {
        Some(emoji) if !emoji.is_empty() => format!("{bot} reacts with {}", printable(emoji)),
        _ => format!("{bot} takes its reaction back"),
    }
}

fn template(sent: &SentMessage) -> String {
    let body = &sent.body;
    let name = text(&body["name"]);
    let mut lines = vec![format!(
        "[template] {name} ({})",
        text(&body["language"]["code"])
    )];
    if let Some(rendered) = &sent.rendered {
        lines.extend(template_text(sent, rendered));
        return lines.join("\n");
    }
    for component in body["components"].as_array().into_iter().flatten() {
        let kind = text(&component["type"]).to_lowercase();
        // The payload of a quick reply is its id, which nobody sees.
        if kind == "button" && !sent.choices.is_empty() {
            continue;
        }
        let parameters = component["parameters"].as_array().into_iter().flatten();
        let shown: Vec<String> = parameters.map(parameter).collect();
        if !shown.is_empty() {
            lines.push(format!("{kind}: {}", shown.join(", ")));
        }
    }
    lines.extend(buttons(sent));
    lines.join("\n")
}

/// A template as the customer sees it. Its quick replies have numbers; other buttons are only shown.
fn template_text(sent: &SentMessage, rendered: &Rendered) -> Vec<String> {
    let mut lines = Vec::new();
    let components = sent.body["components"].as_array().into_iter().flatten();
    let mut headers = components.filter(|c| text(&c["type"]).eq_ignore_ascii_case("header"));
    let given = headers.next().map(|header| &header["parameters"][0]);
    match (&rendered.header, given) {
        (_, Some(given)) if given["type"].is_string() && given["type"] != "text" => {
            lines.push(parameter(given));
        }
        (Some(header), _) => lines.push(format!("*{header}*")),
        (None, _) => {}
    }
    lines.push(rendered.body.clone());
    lines.extend(rendered.footer.as_ref().map(|footer| format!("_{footer}_")));
    let choices = &sent.choices;
    let is_choice = |button: &&String| choices.iter().any(|choice| choice.title == **button);
    let others = rendered.buttons.iter().filter(|button| !is_choice(button));
    lines.extend(others.map(|button| format!("[{button}]")));
    for (index, card) in rendered.cards.iter().enumerate() {
        lines.push(format!("card {}: {}", index + 1, card.body));
        let others = card.buttons.iter().filter(|button| !is_choice(button));
        lines.extend(others.map(|button| format!("[{button}]")));
    }
    if let Some(flow) = &sent.flow {
        lines.push(format!("/flow opens the flow {}", flow.flow_id));
    }
    lines.extend(buttons(sent));
    lines
}

fn parameter(parameter: &Value) -> String {
    let kind = text(&parameter["type"]);
    match kind.as_str() {
        "image" | "video" | "document" => media(&kind, &parameter[&kind]),
        "currency" | "date_time" => text(&parameter[&kind]["fallback_value"]),
        "location" => location(&parameter["location"]),
        _ => match &parameter[&kind] {
            Value::Null => parameter.to_string(),
            value => text(value),
        },
    }
}

fn interactive(sent: &SentMessage) -> String {
    let body = &sent.body;
    let mut lines = Vec::new();
    match body["header"]["type"].as_str() {
        Some("text") => lines.push(format!("*{}*", text(&body["header"]["text"]))),
        Some(kind) => lines.push(media(kind, &body["header"][kind])),
        None => {}
    }
    lines.push(text(&body["body"]["text"]));
    if let Some(footer) = body["footer"]["text"].as_str() {
        lines.push(format!("_{footer}_"));
    }
    let action = &body["action"];
    let parameters = &action["parameters"];
    match body["type"].as_str().unwrap_or_default() {
        "button" => lines.extend(buttons(sent)),
        "list" => list(sent, &mut lines),
        "cta_url" => lines.push(format!(
            "[{}] {}",
            text(&parameters["display_text"]),
            text(&parameters["url"])
        )),
        "location_request_message" => {
            lines.push("[Send location] answer with /location LAT LON".to_owned());
        }
        "flow" => {
            let flow = ["flow_name", "flow_id"].iter();
            let flow = flow.filter_map(|key| parameters[key].as_str()).next();
            let title = text(&parameters["flow_cta"]);
            let flow = flow.unwrap_or("?");
            lines.push(format!("[{title}] /flow opens the flow {flow}"));
        }
        "product" => lines.push(format!(
            "[product] {}: /order {}",
            text(&action["product_retailer_id"]),
            text(&action["product_retailer_id"])
        )),
        "product_list" => {
            for section in action["sections"].as_array().into_iter().flatten() {
                lines.extend(section["title"].as_str().map(str::to_owned));
                for item in section["product_items"].as_array().into_iter().flatten() {
                    let sku = text(&item["product_retailer_id"]);
                    lines.push(format!("[product] {sku}: /order {sku}"));
                }
            }
        }
        "catalog_message" => {
            let sku = parameters["thumbnail_product_retailer_id"].as_str();
            lines.push(format!("[View catalog] /order {}", sku.unwrap_or("SKU")));
        }
        "carousel" => cards(sent, &mut lines),
        "address_message" => lines.push(format!(
            "[Send address] answer with /address name=…, city=… ({})",
            text(&parameters["country"])
        )),
        "call_permission_request" => {
            lines.push("[Allow calls] answer with /allow, /allow always or /deny".to_owned());
        }
        "voice_call" => {
            let title = parameters["display_text"].as_str().unwrap_or("Call now");
            lines.push(format!("[{title}] calls the business"));
        }
        "request_contact_info" => {
            lines.push("[Share contact] answer with /contact PHONE NAME".to_owned());
        }
        other => lines.push(format!("[{other}] {action}")),
    }
    lines.join("\n")
}

/// The cards of a carousel, each with what is on it; what can be tapped has numbers over all of them.
fn cards(sent: &SentMessage, lines: &mut Vec<String>) {
    let cards = sent.body["action"]["cards"].as_array();
    for (index, card) in cards.into_iter().flatten().enumerate() {
        let kind = text(&card["header"]["type"]);
        let header = media(&kind, &card["header"][&kind]);
        let body = card["body"]["text"].as_str().unwrap_or_default();
        lines.push(
            format!("card {}: {header} {body}", index + 1)
                .trim_end()
                .to_owned(),
        );
        let link = &card["action"]["parameters"];
        if let Some(url) = link["url"].as_str() {
            lines.push(format!("[{}] {url}", text(&link["display_text"])));
        }
    }
    lines.extend(buttons(sent));
}

/// Choices side by side, if there are any.
fn buttons(sent: &SentMessage) -> Option<String> {
    let shown = sent.choices.iter().enumerate();
    let shown: Vec<String> = shown.map(|(i, choice)| numbered(sent, i, choice)).collect();
    (!shown.is_empty()).then(|| shown.join(GAP))
}

fn list(sent: &SentMessage, lines: &mut Vec<String>) {
    let action = &sent.body["action"];
    lines.push(format!("[{}]", text(&action["button"])));
    let mut rows = sent.choices.iter().enumerate();
    for section in action["sections"].as_array().into_iter().flatten() {
        lines.extend(section["title"].as_str().map(str::to_owned));
        let count = section["rows"].as_array().map_or(0, Vec::len);
        for (index, row) in rows.by_ref().take(count) {
            let description = row.description.as_deref();
            let description = description.map_or_else(String::new, |text| format!(" - {text}"));
            lines.push(format!("{}{description}", numbered(sent, index, row)));
        }
    }
}

/// `1) Title`; without a number when nobody can choose it.
fn numbered(sent: &SentMessage, index: usize, choice: &Choice) -> String {
    if sent.error_code.is_some() {
        return format!("[{}]", choice.title);
    }
    format!("{}) {}", index + 1, choice.title)
}

/// A string as it is, anything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What an error code means, and what to do about it.
fn reason(code: u32) -> &'static str {
    match code {
        131000 => "WhatsApp failed: send it again",
        131009 => "a value in it is wrong; a reaction must be to a message of this conversation",
        131026 => "the phone is not on WhatsApp: /as PHONE makes it a customer",
        131047 => {
            "more than 24 hours have passed since the customer's last message: send a template, \
             or write something first"
        }
        131048 => "too many of the number's messages were reported as spam",
        131049 => "WhatsApp held it back, as it does with marketing that people ignore",
        131050 => "the customer no longer wants marketing messages from this number",
        131053 => "its media could not be fetched: check the link and the type",
        131056 => "too many messages to this customer in a short time: wait and send it again",
        _ => "see Meta's list of error codes",
    }
}
