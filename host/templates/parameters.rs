//! What a message gives for a template's variables: put together of plain values, and compared with the template
//! before anything goes out.

use serde_json::{Map, Value, json};

use super::check::kind_of;
use super::model::{
    Action, Body, Button, Card, Component, Draft, Fault, Format, Header, Text, Variable, shown,
};

/// The longest body, filled in.
const BODY: usize = 1024;
/// A one-time password.
const CODE: usize = 15;
/// More spaces in a row Meta takes in no parameter.
const SPACES: &str = "     ";

/// What a bot gives, without saying of which type each button is: the template knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filling {
    /// A parameter, as Meta's JSON.
    pub header: Option<Value>,
    pub body: Vec<Given>,
    pub buttons: Vec<(u32, ButtonValue)>,
    /// When a limited-time offer ends, in milliseconds since 1970.
    pub expires_at: Option<u64>,
    pub cards: Vec<Filling>,
}

/// A text for a variable: the next one, or the one with the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub name: Option<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ButtonValue {
    /// What comes after an address, a payload, a code or a Flow's token, as the button wants it.
    Text(String),
    /// A parameter, as Meta's JSON.
    Json(Value),
}

/// Meta's `components` for these values. What does not fit is left for [`check`] to say.
pub fn fill(draft: &Draft, filling: &Filling) -> Vec<Value> {
    let mut components = Vec::new();
    parts(&mut components, filling, draft.buttons());
    if let Some(at) = filling.expires_at {
        components.push(json!({
            "type": "limited_time_offer",
            "parameters": [{
                "type": "limited_time_offer",
                "limited_time_offer": { "expiration_time_ms": at },
            }],
        }));
    }
    if !filling.cards.is_empty() {
        let cards = filling.cards.iter().enumerate().map(|(n, filling)| {
            let card = draft.cards().and_then(|cards| cards.get(n));
            let mut components = Vec::new();
            parts(
                &mut components,
                filling,
                card.map_or(&[], |card| card.buttons.as_slice()),
            );
            json!({ "card_index": n, "components": components })
        });
        let cards: Vec<Value> = cards.collect();
        components.push(json!({ "type": "carousel", "cards": cards }));
    }
    // The code of a one-time password is said twice to Meta.
    let is_code = |button: &Button| matches!(button.action, Action::Otp(_));
    if let [given] = filling.body.as_slice()
        && filling.buttons.is_empty()
        && draft
            .buttons()
            .first()
            .is_some_and(|button| is_code(button) || is_read_back(button))
    {
        components.push(json!({
            "type": "button", "sub_type": "url", "index": "0",
            "parameters": [{ "type": "text", "text": given.text }],
        }));
    }
    components
}

fn parts(components: &mut Vec<Value>, filling: &Filling, buttons: &[Button]) {
    if let Some(header) = &filling.header {
        components.push(json!({ "type": "header", "parameters": [header] }));
    }
    if !filling.body.is_empty() {
        let parameters = filling.body.iter().map(|given| match &given.name {
            Some(name) => json!({ "type": "text", "parameter_name": name, "text": given.text }),
            None => json!({ "type": "text", "text": given.text }),
        });
        let parameters: Vec<Value> = parameters.collect();
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    for (index, value) in &filling.buttons {
        let at = usize::try_from(*index).unwrap_or(usize::MAX);
        let action = buttons.get(at).map(|button| &button.action);
        let (sub_type, parameter) = match value {
            ButtonValue::Json(parameter) => (action.map_or("url", sub_type_of), parameter.clone()),
            ButtonValue::Text(text) => match action {
                Some(Action::QuickReply) => {
                    ("quick_reply", json!({ "type": "payload", "payload": text }))
                }
                Some(Action::CopyCode { .. }) => (
                    "copy_code",
                    json!({ "type": "coupon_code", "coupon_code": text }),
                ),
                Some(Action::Flow(_)) => (
                    "flow",
                    json!({ "type": "action", "action": { "flow_token": text } }),
                ),
                Some(Action::Catalog) => (
                    "catalog",
                    json!({ "type": "action", "action": { "thumbnail_product_retailer_id": text } }),
                ),
                other => (
                    other.map_or("url", sub_type_of),
                    json!({ "type": "text", "text": text }),
                ),
            },
        };
        components.push(json!({
            "type": "button", "sub_type": sub_type, "index": index.to_string(), "parameters": [parameter],
        }));
    }
}

/// Meta lists the button of a one-time password as one with an address.
fn is_read_back(button: &Button) -> bool {
    match &button.action {
        Action::Url(url) => url.text.contains("whatsapp.com/otp/") && !url.variables.is_empty(),
        _ => false,
    }
}

fn sub_type_of(action: &Action) -> &'static str {
    match action {
        Action::QuickReply => "quick_reply",
        Action::Url(_) | Action::Otp(_) | Action::PhoneNumber(_) | Action::Other(_) => "url",
        Action::CopyCode { .. } => "copy_code",
        Action::Flow(_) => "flow",
        Action::Catalog => "catalog",
        Action::Products => "mpm",
        Action::Product => "spm",
        Action::VoiceCall => "voice_call",
        Action::RequestContactInfo => "request_contact_info",
    }
}

/// Whether the `components` of a message fit the template; what does not, each with its place.
pub fn check(draft: &Draft, components: &[Value]) -> Vec<Fault> {
    let mut check = Check {
        faults: Vec::new(),
        format: draft.format,
    };
    let mut sent = Sent::read(components, &mut check.faults, "");
    let code = Text::of("{{1}}");
    for component in &draft.components {
        match component {
            Component::Header(header) => check.header("the header", header, sent.header.take()),
            Component::Body(body) => {
                let text = match body {
                    Body::Text(text) => text,
                    Body::Code => &code,
                };
                let is_code = matches!(body, Body::Code);
                check.body(
                    "the body",
                    text,
                    sent.body.take().unwrap_or_default(),
                    is_code,
                );
            }
            Component::Buttons(buttons) => check.buttons("", buttons, &mut sent),
            Component::LimitedTimeOffer { expires, .. } => {
                check.offer(*expires, sent.offer.take());
            }
            Component::Carousel(cards) => check.carousel(cards, sent.cards.take()),
            Component::Footer(_) | Component::CallPermissionRequest | Component::Other(_) => {}
        }
    }
    check.rest("", sent);
    check.faults
}

/// What a message has, by the part that it is for.
#[derive(Default)]
struct Sent<'a> {
    header: Option<Vec<&'a Value>>,
    body: Option<Vec<&'a Value>>,
    /// By place, from 0.
    buttons: Vec<(usize, String, Vec<&'a Value>)>,
    offer: Option<Vec<&'a Value>>,
    cards: Option<Vec<&'a Value>>,
}

impl<'a> Sent<'a> {
    fn read(components: &'a [Value], faults: &mut Vec<Fault>, before: &str) -> Self {
        let mut sent = Self::default();
        for component in components {
            let list = |key: &str| -> Vec<&Value> {
                component[key].as_array().into_iter().flatten().collect()
            };
            let lower = |key: &str| {
                let word = component[key].as_str().unwrap_or_default();
                word.to_ascii_lowercase()
            };
            match lower("type").as_str() {
                "header" => sent.header = Some(list("parameters")),
                "body" => sent.body = Some(list("parameters")),
                "button" => {
                    let index = &component["index"];
                    let text = index.as_str().and_then(|text| text.parse().ok());
                    let number = index.as_u64().and_then(|n| usize::try_from(n).ok());
                    match text.or(number) {
                        Some(at) => {
                            sent.buttons
                                .push((at, lower("sub_type"), list("parameters")));
                        }
                        None => faults.push(fault(
                            &format!("{before}a button"),
                            "`index` must be its place, from 0",
                        )),
                    }
                }
                "limited_time_offer" => sent.offer = Some(list("parameters")),
                "carousel" => sent.cards = Some(list("cards")),
                "footer" => {}
                other => faults.push(fault(
                    &format!("{before}component `{}`", shown(other)),
                    "it is not known; use header, body, button, limited_time_offer or carousel",
                )),
            }
        }
        sent
    }
}

fn fault(place: &str, why: impl Into<String>) -> Fault {
    Fault {
        place: place.to_owned(),
        why: why.into(),
    }
}

struct Check {
    faults: Vec<Fault>,
    format: Format,
}

impl Check {
    fn fault(&mut self, place: &str, why: impl Into<String>) {
        self.faults.push(fault(place, why));
    }

    fn header(&mut self, place: &str, header: &Header, given: Option<Vec<&Value>>) {
        let given = given.unwrap_or_default();
        let wanted = match header {
            Header::Text(text) => return self.texts(place, text, &given),
            Header::Media { kind, .. } => kind.word().to_ascii_lowercase(),
            Header::Location => "location".to_owned(),
            Header::Product => "product".to_owned(),
            Header::Other(_) => return,
        };
        let example = match wanted.as_str() {
            "location" => "{\"latitude\", \"longitude\", \"name\", \"address\"}",
            "product" => "{\"product_retailer_id\", \"catalog_id\"}",
            _ => "an `id` or a `link`",
        };
        match given.as_slice() {
            [one] => {
                let kind = one["type"]
                    .as_str()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                if kind != wanted {
                    let why = format!(
                        "the template has {} there, and `{}` is given",
                        article(&wanted),
                        shown(&kind)
                    );
                    return self.fault(place, why);
                }
                let media = one.get(wanted.as_str()).and_then(Value::as_object);
                let has = |key: &str| media.is_some_and(|media| media.contains_key(key));
                let is_there = match wanted.as_str() {
                    "location" => has("latitude") && has("longitude"),
                    "product" => has("product_retailer_id"),
                    _ => has("id") != has("link"),
                };
                if !is_there {
                    self.fault(place, format!("its `{wanted}` needs {example}"));
                }
            }
            [] => self.fault(
                place,
                format!(
                    "the template has {} there: give it, with {example}",
                    article(&wanted)
                ),
            ),
            more => self.fault(
                place,
                format!("it takes one parameter, and {} are given", more.len()),
            ),
        }
    }

    fn body(&mut self, place: &str, text: &Text, given: Vec<&Value>, is_code: bool) {
        self.texts(place, text, &given);
        let length = |value: &&Value| {
            value["text"]
                .as_str()
                .map_or(0, |text| text.chars().count())
        };
        if is_code {
            if given.iter().any(|value| length(value) > CODE) {
                self.fault(place, format!("a code has at most {CODE} characters"));
            }
            return;
        }
        let filled: usize = given.iter().map(length).sum();
        let names: usize = text
            .variables
            .iter()
            .map(|v| v.to_string().chars().count())
            .sum();
        let whole = text.text.chars().count().saturating_sub(names) + filled;
        if whole > BODY {
            self.fault(
                place,
                format!("it has {whole} characters with its parameters, and may have {BODY}"),
            );
        }
    }

    fn texts(&mut self, place: &str, text: &Text, given: &[&Value]) {
        let wanted = text.distinct();
        for value in given {
            let kind = value["type"]
                .as_str()
                .unwrap_or("text")
                .to_ascii_lowercase();
            match kind.as_str() {
                "text" => self.one_text(place, value),
                "currency" | "date_time" => {}
                other => {
                    let why = format!("it takes texts, and `{}` is given", shown(other));
                    self.fault(place, why);
                }
            }
        }
        let name_of = |value: &Value| value["parameter_name"].as_str().map(str::to_owned);
        match self.format {
            Format::Positional if given.len() != wanted.len() => {
                let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
                let why = match wanted.len() {
                    0 => format!(
                        "it has no variables, and {} are given",
                        parameters(given.len())
                    ),
                    n => format!(
                        "it has {} ({}), and {} given",
                        variables(n),
                        names.join(", "),
                        are(given.len())
                    ),
                };
                self.fault(place, why);
            }
            Format::Positional => {}
            Format::Named => {
                let names: Vec<&str> = wanted
                    .iter()
                    .filter_map(|variable| match variable {
                        Variable::Name(name) => Some(name.as_str()),
                        Variable::Position(_) => None,
                    })
                    .collect();
                let given: Vec<Option<String>> = given.iter().map(|value| name_of(value)).collect();
                for name in &names {
                    if !given.iter().flatten().any(|given| given == name) {
                        self.fault(place, format!("`{name}` is missing"));
                    }
                }
                for given in given {
                    match given {
                        Some(name) if !names.contains(&name.as_str()) => {
                            let why = format!(
                                "it has no variable `{}`; it has {}",
                                shown(&name),
                                match names.as_slice() {
                                    [] => "none".to_owned(),
                                    names => names.join(", "),
                                }
                            );
                            self.fault(place, why);
                        }
                        Some(_) => {}
                        None => self.fault(
                            place,
                            format!(
                                "its variables have names: say for which of {} each text is",
                                names.join(", ")
                            ),
                        ),
                    }
                }
            }
        }
    }

    fn one_text(&mut self, place: &str, value: &Value) {
        match value["text"].as_str() {
            Some("") | None => self.fault(place, "a parameter is empty: Meta wants a text"),
            Some(text) if text.contains(['\n', '\r', '\t']) || text.contains(SPACES) => self.fault(
                place,
                "a parameter has a new line, a tab or more than four spaces in a row, which Meta takes in none",
            ),
            Some(_) => {}
        }
    }

    fn buttons(&mut self, before: &str, buttons: &[Button], sent: &mut Sent<'_>) {
        for (n, button) in buttons.iter().enumerate() {
            let place = format!("{before}button {}", n + 1);
            let at = sent.buttons.iter().position(|(at, ..)| *at == n);
            let given = at.map(|at| sent.buttons.swap_remove(at));
            self.button(&place, button, given);
        }
    }

    fn button(
        &mut self,
        place: &str,
        button: &Button,
        given: Option<(usize, String, Vec<&Value>)>,
    ) {
        let expected = sub_type_of(&button.action);
        let Some((_, sub_type, parameters)) = given else {
            let missing = match &button.action {
                Action::Url(url) if !url.variables.is_empty() => "what comes after its address",
                Action::Otp(_) => "the code, once more",
                Action::CopyCode { .. } => "the code to copy",
                Action::Products => "the products, as Meta's `action`",
                _ => return,
            };
            return self.fault(place, format!("it needs a parameter: {missing}"));
        };
        if sub_type != expected && !sub_type.is_empty() {
            let why = format!(
                "it is of the type {}, and what is given is for `{}`",
                kind_of(&button.action),
                shown(&sub_type)
            );
            return self.fault(place, why);
        }
        match &button.action {
            Action::Url(url) if url.variables.is_empty() && parameters.is_empty() => {}
            Action::Url(url) if url.variables.is_empty() => {
                self.fault(
                    place,
                    "its address has no variable, and a parameter is given",
                );
            }
            Action::Url(_) | Action::Otp(_) => match parameters.as_slice() {
                [one] => self.one_text(place, one),
                other => {
                    self.fault(
                        place,
                        format!("it takes one text, and {} given", are(other.len())),
                    );
                }
            },
            Action::CopyCode { .. } => {
                let code = parameters
                    .first()
                    .and_then(|one| one["coupon_code"].as_str());
                if code.is_none_or(str::is_empty) {
                    self.fault(place, "it needs `coupon_code`: the code to copy");
                }
            }
            Action::QuickReply => {
                let is_payload = |one: &&Value| one["payload"].is_string();
                if !parameters.iter().all(is_payload) {
                    self.fault(place, "it takes a `payload`, a text");
                }
            }
            Action::PhoneNumber(_) => {
                self.fault(place, "a button with a phone number takes no parameters")
            }
            _ => {}
        }
    }

    fn offer(&mut self, expires: bool, given: Option<Vec<&Value>>) {
        let at = given.as_ref().and_then(|given| given.first());
        let at = at.map(|one| &one["limited_time_offer"]["expiration_time_ms"]);
        let is_time = at.is_some_and(|at| {
            at.is_u64() || at.as_str().is_some_and(|text| text.parse::<u64>().is_ok())
        });
        if expires && !is_time {
            let why =
                "it needs when the offer ends: `expiration_time_ms`, in milliseconds since 1970";
            self.fault("the limited-time offer", why);
        }
    }

    fn carousel(&mut self, cards: &[Card], given: Option<Vec<&Value>>) {
        let given = given.unwrap_or_default();
        if given.len() != cards.len() {
            let why = format!(
                "it has {} cards, and {} given",
                cards.len(),
                are(given.len())
            );
            return self.fault("the carousel", why);
        }
        for (n, card) in cards.iter().enumerate() {
            let before = format!("card {}: ", n + 1);
            let index = |value: &Value| {
                let text = value["card_index"]
                    .as_str()
                    .and_then(|text| text.parse().ok());
                value["card_index"].as_u64().or(text)
            };
            let found = given.iter().find(|one| index(one) == u64::try_from(n).ok());
            let Some(found) = found else {
                self.fault(
                    &format!("card {}", n + 1),
                    format!("no card has the `card_index` {n}"),
                );
                continue;
            };
            let components = found["components"].as_array().map(Vec::as_slice);
            let mut sent = Sent::read(components.unwrap_or_default(), &mut self.faults, &before);
            if let Some(header) = &card.header {
                self.header(&format!("{before}the header"), header, sent.header.take());
            }
            if let Some(body) = &card.body {
                let given = sent.body.take().unwrap_or_default();
                self.texts(&format!("{before}the body"), body, &given);
            }
            self.buttons(&before, &card.buttons, &mut sent);
            self.rest(&before, sent);
        }
    }

    /// What is given for parts that the template does not have.
    fn rest(&mut self, before: &str, sent: Sent<'_>) {
        let has = |list: &Option<Vec<&Value>>| list.as_ref().is_some_and(|list| !list.is_empty());
        for (part, is_given) in [
            ("header", has(&sent.header)),
            ("body", has(&sent.body)),
            ("limited-time offer", has(&sent.offer)),
            ("carousel", has(&sent.cards)),
        ] {
            if is_given {
                let why = format!("the template has no {part}, and parameters for one are given");
                self.fault(&format!("{before}the {part}"), why);
            }
        }
        for (at, ..) in sent.buttons {
            self.fault(
                &format!("{before}button {}", at + 1),
                "the template has no such button; places are counted from 0",
            );
        }
    }
}

fn article(kind: &str) -> String {
    match kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        true => format!("an {kind}"),
        false => format!("a {kind}"),
    }
}

fn variables(count: usize) -> String {
    match count {
        1 => "1 variable".to_owned(),
        n => format!("{n} variables"),
    }
}

fn parameters(count: usize) -> String {
    match count {
        1 => "1 parameter".to_owned(),
        n => format!("{n} parameters"),
    }
}

fn are(count: usize) -> String {
    match count {
        0 => "none are".to_owned(),
        1 => "1 is".to_owned(),
        n => format!("{n} are"),
    }
}

/// The `components` of a template as a message has it; text that holds JSON is read, as Meta does.
pub fn components_of(template: &Map<String, Value>) -> Vec<Value> {
    match template.get("components") {
        Some(Value::Array(components)) => components.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}
