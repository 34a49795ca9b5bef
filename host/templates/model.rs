//! What a template is: the three categories and every component, read of Meta's JSON.
//!
//! Reading never fails. What has another shape than Meta documents is a [`Fault`], with its place in words, and
//! what is not known is kept by its name. `check` looks at what was read for Meta's limits.

use std::fmt;

use serde_json::{Map, Value};

use crate::words::words;

words! {
    /// What a template is for, which decides what Meta takes for it.
    pub enum Category: "category of a template" {
        Utility = "UTILITY",
        Marketing = "MARKETING",
        Authentication = "AUTHENTICATION",
    }
}

words! {
    /// How the variables of a template are named.
    pub enum Format: "parameter format" {
        /// `{{1}}`, `{{2}}`.
        Positional = "POSITIONAL",
        /// `{{first_name}}`.
        Named = "NAMED",
    }
}

words! {
    /// A file above a text.
    pub enum Media: "kind of media" {
        Image = "IMAGE",
        Video = "VIDEO",
        Document = "DOCUMENT",
        Gif = "GIF",
    }
}

words! {
    /// How a one-time password reaches the app.
    pub enum Otp: "kind of one-time password" {
        CopyCode = "COPY_CODE",
        OneTap = "ONE_TAP",
        ZeroTap = "ZERO_TAP",
    }
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In words: `the body`, `card 2: button 1`.
    pub place: String,
    pub why: String,
}

/// A template as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub name: String,
    pub language: String,
    /// Absent when it is missing or none of Meta's.
    pub category: Option<Category>,
    pub format: Format,
    pub ttl_seconds: Option<i64>,
    pub components: Vec<Component>,
    /// What Meta gets.
    pub json: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Component {
    Header(Header),
    Body(Body),
    Footer(Footer),
    Buttons(Vec<Button>),
    LimitedTimeOffer {
        text: String,
        expires: bool,
    },
    Carousel(Vec<Card>),
    CallPermissionRequest,
    /// One that is not known here.
    Other(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Header {
    Text(Text),
    Media {
        kind: Media,
        samples: usize,
    },
    Location,
    /// Of a card of a carousel: what the catalog says.
    Product,
    Other(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Text(Text),
    /// Meta writes the text, of templates for authentication.
    Code,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Footer {
    Text(String),
    /// Meta writes it: when the code expires.
    Expiry {
        minutes: Option<i64>,
    },
}

/// A text with variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub text: String,
    /// In order; one that is there twice is here twice.
    pub variables: Vec<Variable>,
    /// What is in double braces and is no variable.
    pub odd: Vec<String>,
    pub samples: Samples,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    Position(u32),
    Name(String),
}

/// Examples of what stands for variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Samples {
    #[default]
    None,
    /// So many, in order.
    InOrder(usize),
    /// By name.
    Named(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Button {
    /// What people see; absent where Meta writes it.
    pub text: Option<String>,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    QuickReply,
    Url(Text),
    PhoneNumber(String),
    CopyCode {
        samples: usize,
    },
    Flow(FlowButton),
    Otp(OtpButton),
    Catalog,
    Products,
    Product,
    VoiceCall,
    RequestContactInfo,
    /// One that is not known here.
    Other(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowButton {
    /// How many of `flow_id`, `flow_name` and `flow_json` it names.
    pub flows: usize,
    pub flow_id: Option<String>,
    pub action: Option<String>,
    pub has_screen: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtpButton {
    pub kind: Option<Otp>,
    pub apps: Vec<App>,
    pub accepts_terms: bool,
}

/// An Android app that gets a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    pub package: String,
    pub signature: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    pub header: Option<Header>,
    pub body: Option<Text>,
    pub buttons: Vec<Button>,
}

/// What Meta takes beside name, language, category and components.
const FIELDS: [&str; 18] = [
    "name",
    "language",
    "category",
    "components",
    "parameter_format",
    "message_send_ttl_seconds",
    "sub_category",
    "display_format",
    "allow_category_change",
    "library_template_name",
    "library_template_body_inputs",
    "library_template_button_inputs",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "creative_sourcing_spec",
    "bid_spec",
    "optimization_spec",
    "is_primary_device_delivery_only",
];

/// What Meta's lists tell of a template that nobody can say: left out of what is sent to it.
pub(super) const TOLD: [&str; 8] = [
    "id",
    "status",
    "previous_category",
    "correct_category",
    "quality_score",
    "rejected_reason",
    "rejection_info",
    "library_template_id",
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(n) => write!(f, "{{{{{n}}}}}"),
            Self::Name(name) => write!(f, "{{{{{name}}}}}"),
        }
    }
}

impl Text {
    /// A text and the variables in it, without samples.
    pub fn of(text: &str) -> Self {
        let (mut variables, mut odd) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find("}}") else {
                odd.push("{{".to_owned());
                break;
            };
            let inner = &rest[..end];
            match variable(inner) {
                Some(variable) => variables.push(variable),
                None => odd.push(format!("{{{{{}}}}}", shown(inner))),
            }
            rest = &rest[end + 2..];
        }
        Self {
            text: text.to_owned(),
            variables,
            odd,
            samples: Samples::None,
        }
    }

    /// Each variable once, in the order of their first places.
    pub fn distinct(&self) -> Vec<&Variable> {
        let mut distinct: Vec<&Variable> = Vec::new();
        for variable in &self.variables {
            if !distinct.contains(&variable) {
                distinct.push(variable);
            }
        }
        distinct
    }
}

/// What double braces hold.
fn variable(inner: &str) -> Option<Variable> {
    let is_number = !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit());
    if is_number {
        let number: Option<u32> = inner.parse().ok();
        return number
            .filter(|n| *n > 0 && !inner.starts_with('0'))
            .map(Variable::Position);
    }
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let is_name = inner.starts_with(|c: char| c.is_ascii_lowercase())
        && inner.len() <= 64
        && inner.bytes().all(is_part);
    is_name.then(|| Variable::Name(inner.to_owned()))
}

impl Draft {
    /// Reads Meta's JSON, of a file, of a request or of a list, and says what of it has another shape.
    pub fn read(json: &Value) -> (Self, Vec<Fault>) {
        let mut reader = Reader::default();
        let empty = Map::new();
        let map = match json.as_object() {
            Some(map) => map,
            None => {
                reader.fault("the template", "it must be a JSON object");
                &empty
            }
        };
        for key in map.keys().map(String::as_str) {
            if !FIELDS.contains(&key) && !TOLD.contains(&key) {
                let why = format!("Meta has no such field; it has {}", FIELDS.join(", "));
                reader.fault(&format!("`{}`", shown(key)), &why);
            }
        }
        let word = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
        let category = word("category").to_ascii_uppercase();
        let format = word("parameter_format").to_ascii_uppercase();
        if !format.is_empty() && format.parse::<Format>().is_err() {
            reader.fault("the parameter format", "use POSITIONAL or NAMED");
        }
        let mut sent = map.clone();
        sent.retain(|key, _| !TOLD.contains(&key.as_str()));
        for (key, upper) in [("category", &category), ("parameter_format", &format)] {
            if sent.contains_key(key) {
                sent.insert(key.to_owned(), upper.as_str().into());
            }
        }
        let components = match map.get("components") {
            Some(Value::Array(components)) => components.as_slice(),
            None => &[],
            Some(_) => {
                reader.fault("the components", "they must be a list");
                &[]
            }
        };
        let draft = Self {
            name: word("name").to_owned(),
            language: word("language").to_owned(),
            category: category.parse().ok(),
            format: format.parse().unwrap_or(Format::Positional),
            ttl_seconds: map.get("message_send_ttl_seconds").and_then(Value::as_i64),
            components: components
                .iter()
                .enumerate()
                .map(|(n, json)| reader.component(n, json))
                .collect(),
            json: sent,
        };
        (draft, reader.faults)
    }

    /// The text of the body, where the author writes it.
    pub fn body(&self) -> Option<&Text> {
        self.components
            .iter()
            .find_map(|component| match component {
                Component::Body(Body::Text(text)) => Some(text),
                _ => None,
            })
    }

    pub fn header(&self) -> Option<&Header> {
        self.components
            .iter()
            .find_map(|component| match component {
                Component::Header(header) => Some(header),
                _ => None,
            })
    }

    pub fn buttons(&self) -> &[Button] {
        let mut all = self.components.iter();
        all.find_map(|component| match component {
            Component::Buttons(buttons) => Some(buttons.as_slice()),
            _ => None,
        })
        .unwrap_or_default()
    }

    pub fn cards(&self) -> Option<&[Card]> {
        self.components
            .iter()
            .find_map(|component| match component {
                Component::Carousel(cards) => Some(cards.as_slice()),
                _ => None,
            })
    }
}

#[derive(Default)]
struct Reader {
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, place: &str, why: &str) {
        self.faults.push(Fault {
            place: place.to_owned(),
            why: why.to_owned(),
        });
    }

    fn component(&mut self, n: usize, json: &Value) -> Component {
        let kind = upper(json, "type");
        match kind.as_str() {
            "HEADER" => Component::Header(self.header("the header", json)),
            "BODY" => match json.get("text") {
                None => Component::Body(Body::Code),
                Some(_) => Component::Body(Body::Text(self.body("the body", json))),
            },
            "FOOTER" => Component::Footer(match json.get("text") {
                Some(_) => Footer::Text(self.text("the footer", json, "text")),
                None => Footer::Expiry {
                    minutes: json.get("code_expiration_minutes").and_then(Value::as_i64),
                },
            }),
            "BUTTONS" => Component::Buttons(self.buttons("", json)),
            "LIMITED_TIME_OFFER" => {
                let offer = json.get("limited_time_offer").unwrap_or(&Value::Null);
                Component::LimitedTimeOffer {
                    text: self.text("the limited-time offer", offer, "text"),
                    expires: offer.get("has_expiration").and_then(Value::as_bool) == Some(true),
                }
            }
            "CAROUSEL" => {
                let cards = json.get("cards").and_then(Value::as_array);
                if cards.is_none() {
                    self.fault("the carousel", "it needs `cards`, a list");
                }
                let cards = cards.into_iter().flatten().enumerate();
                Component::Carousel(cards.map(|(n, card)| self.card(n + 1, card)).collect())
            }
            "CALL_PERMISSION_REQUEST" => Component::CallPermissionRequest,
            "" => {
                self.fault(
                    &format!("component {}", n + 1),
                    "it needs a `type`, as in {\"type\": \"BODY\", \"text\": \"Hello\"}",
                );
                Component::Other(String::new())
            }
            other => Component::Other(shown(other)),
        }
    }

    fn header(&mut self, place: &str, json: &Value) -> Header {
        match upper(json, "format").as_str() {
            "TEXT" => {
                let mut text = Text::of(&self.text(place, json, "text"));
                text.samples = samples(json, "header_text");
                Header::Text(text)
            }
            "LOCATION" => Header::Location,
            "PRODUCT" => Header::Product,
            other => match other.parse::<Media>() {
                Ok(kind) => Header::Media {
                    kind,
                    samples: json["example"]["header_handle"]
                        .as_array()
                        .map_or(0, Vec::len),
                },
                Err(_) => Header::Other(shown(other)),
            },
        }
    }

    fn body(&mut self, place: &str, json: &Value) -> Text {
        let mut text = Text::of(&self.text(place, json, "text"));
        text.samples = samples(json, "body_text");
        text
    }

    fn buttons(&mut self, before: &str, json: &Value) -> Vec<Button> {
        let Some(buttons) = json.get("buttons").and_then(Value::as_array) else {
            self.fault(
                &format!("{before}the buttons"),
                "they need `buttons`, a list",
            );
            return Vec::new();
        };
        let buttons = buttons.iter().enumerate();
        buttons
            .map(|(n, json)| self.button(&format!("{before}button {}", n + 1), json))
            .collect()
    }

    fn button(&mut self, place: &str, json: &Value) -> Button {
        let kind = upper(json, "type");
        let text = json.get("text").and_then(Value::as_str).map(str::to_owned);
        let action = match kind.as_str() {
            "QUICK_REPLY" => Action::QuickReply,
            "URL" => {
                let mut url = Text::of(&self.text(place, json, "url"));
                url.samples = match json.get("example") {
                    Some(Value::Array(all)) => Samples::InOrder(all.len()),
                    Some(Value::String(_)) => Samples::InOrder(1),
                    _ => Samples::None,
                };
                Action::Url(url)
            }
            "PHONE_NUMBER" => Action::PhoneNumber(self.text(place, json, "phone_number")),
            "COPY_CODE" => Action::CopyCode {
                samples: match json.get("example") {
                    Some(Value::Array(all)) => all.len(),
                    Some(Value::String(_)) => 1,
                    _ => 0,
                },
            },
            "FLOW" => {
                let named = ["flow_id", "flow_name", "flow_json"];
                let named = named.iter().filter(|key| json.get(**key).is_some());
                Action::Flow(FlowButton {
                    flows: named.count(),
                    flow_id: json.get("flow_id").map(id_of),
                    action: json
                        .get("flow_action")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                    has_screen: json.get("navigate_screen").is_some(),
                })
            }
            "OTP" => Action::Otp(self.otp(place, json)),
            "CATALOG" => Action::Catalog,
            "MPM" => Action::Products,
            "SPM" => Action::Product,
            "VOICE_CALL" => Action::VoiceCall,
            "REQUEST_CONTACT_INFO" => Action::RequestContactInfo,
            "" => {
                self.fault(place, "it needs a `type`, such as QUICK_REPLY or URL");
                Action::Other(String::new())
            }
            other => Action::Other(shown(other)),
        };
        Button { text, action }
    }

    fn otp(&mut self, place: &str, json: &Value) -> OtpButton {
        let kind = upper(json, "otp_type").parse().ok();
        if kind.is_none() {
            self.fault(place, "`otp_type` must be COPY_CODE, ONE_TAP or ZERO_TAP");
        }
        // Apps were named beside the button once, and still may be.
        let old = json.get("package_name").map(|_| std::slice::from_ref(json));
        let apps = json.get("supported_apps").and_then(Value::as_array);
        let apps = apps.map(Vec::as_slice).or(old).unwrap_or_default();
        let text = |app: &Value, key: &str| app[key].as_str().unwrap_or_default().to_owned();
        OtpButton {
            kind,
            apps: apps
                .iter()
                .map(|app| App {
                    package: text(app, "package_name"),
                    signature: text(app, "signature_hash"),
                })
                .collect(),
            accepts_terms: json.get("zero_tap_terms_accepted").and_then(Value::as_bool)
                == Some(true),
        }
    }

    fn card(&mut self, n: usize, json: &Value) -> Card {
        let mut card = Card::default();
        let place = format!("card {n}");
        let Some(components) = json.get("components").and_then(Value::as_array) else {
            self.fault(&place, "it needs `components`, a list");
            return card;
        };
        for json in components {
            match upper(json, "type").as_str() {
                "HEADER" => card.header = Some(self.header(&format!("{place}: the header"), json)),
                "BODY" => card.body = Some(self.body(&format!("{place}: the body"), json)),
                "BUTTONS" => card.buttons = self.buttons(&format!("{place}: "), json),
                other => {
                    let other = shown(other);
                    self.fault(
                        &place,
                        &format!(
                            "it has a component `{other}`; a card has HEADER, BODY and BUTTONS"
                        ),
                    );
                }
            }
        }
        card
    }

    /// A text that has to be there.
    fn text(&mut self, place: &str, json: &Value, key: &str) -> String {
        match json.get(key) {
            Some(Value::String(text)) => text.clone(),
            _ => {
                self.fault(place, &format!("it needs `{key}`, a text"));
                String::new()
            }
        }
    }
}

/// Examples, in order or by name.
fn samples(json: &Value, key: &str) -> Samples {
    let example = &json["example"];
    if let Some(named) = example[format!("{key}_named_params")].as_array() {
        let names = named
            .iter()
            .filter_map(|sample| sample["param_name"].as_str());
        return Samples::Named(names.map(str::to_owned).collect());
    }
    match example[key].as_array().map(Vec::as_slice) {
        // A body has a list of lists, of which the first counts.
        Some([Value::Array(first), ..]) => Samples::InOrder(first.len()),
        Some(all) => Samples::InOrder(all.len()),
        None => Samples::None,
    }
}

/// A word of Meta's, which takes any case.
fn upper(json: &Value, key: &str) -> String {
    let word = json.get(key).and_then(Value::as_str).unwrap_or_default();
    word.to_ascii_uppercase()
}

/// An id, which may be a number.
fn id_of(json: &Value) -> String {
    json.as_str()
        .map_or_else(|| json.to_string(), str::to_owned)
}

/// What somebody wrote, short and in visible characters.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.escape_debug().take(MOST).collect();
    if text.escape_debug().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
