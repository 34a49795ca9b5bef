//! A bot's request to Meta: taken apart, judged by the table of `offers`, and put together again.
//!
//! A token may reach more than one project has: an operator's token reaches every number. So a
//! request must begin with an id of the project: its number, its account, what the operator granted,
//! and objects that were made or listed through the gateway. Any other id can be read only, and only
//! as media of the project's own number, which Meta looks at itself. Templates and Flows of an account have one owner
//! (`crate::accounts`): lists have the project's own, and other names and ids are as if they were not there.
//!
//! Nothing goes on as it came. Path, query and body are written anew from what was understood here,
//! so that Meta cannot read something else in them.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, Method, header};
use serde_json::Value;

use super::body::{Body, Parameter, in_pairs};
use super::bounds;
use super::fields;
use super::flows::{self, NamedFlow};
use super::media;
use super::offers::{self, Gives, Node, Offer, Rule, Verb};
use super::refused::{MOST_MESSAGE_BYTES, Refused, shown};
use super::token::is_credential;
use crate::accounts::Kind;
use crate::whatsapp::client::{GraphRequest, GraphResponse, is_version};
use crate::whatsapp::outbox::{form, pairs};

/// How the name of an upload's session begins. Meta makes it, and nobody can guess it.
const SESSION: &str = "upload:";

/// Where in a file a piece of an upload belongs.
const FILE_OFFSET: HeaderName = HeaderName::from_static("file_offset");

/// Parameters of a receipt: what marks a message as read sends none.
const RECEIPT: [&str; 4] = [
    "message_id",
    "messaging_product",
    "status",
    "typing_indicator",
];

/// More ids in one parameter would be a list of guesses.
const MOST_IDS: usize = 100;
/// Longer ones Meta does not make.
const MOST_ID_DIGITS: usize = 32;
const MOST_SESSION_CHARS: usize = 512;

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    verb: Verb,
    version: Option<String>,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    body: Body,
    /// Of the body, as it came.
    bytes: usize,
    headers: HeaderMap,
}

/// A request that the table has, if its ids are the project's.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) gives: Gives,
    /// Ids in parameters that are still to be looked up.
    pub(super) ids: Vec<Named>,
    /// Likewise names of templates.
    pub(super) names: Vec<TemplateName>,
    /// Likewise Flows.
    pub(super) flows: Vec<NamedFlow>,
    /// Likewise media of a message.
    pub(super) media: Vec<String>,
}

/// An id in a parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: String,
    /// Meta can say of a template whose it is, by its name.
    pub(super) is_template: bool,
}

/// The name of a template in a parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TemplateName {
    pub(super) name: String,
    /// It becomes the project's, if it is free.
    pub(super) is_new: bool,
}

/// Whether a text has the form of an id of Meta's. Zeros in front would make another spelling of one.
pub(super) fn is_id(text: &str) -> bool {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    (1..=MOST_ID_DIGITS).contains(&text.len()) && is_number && !text.starts_with('0')
}

/// Whether a first segment names the session of an upload.
pub(super) fn is_session(text: &str) -> bool {
    text.starts_with(SESSION) && text.len() <= MOST_SESSION_CHARS && text.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:=".contains(&byte)
}

impl Call {
    /// Takes a request apart. Fails with the reason when nobody may make it.
    pub(super) fn read(request: GraphRequest) -> Result<Self, Refused> {
        let verb = Verb::of(&request.method)
            .ok_or_else(|| Refused::Method(shown(request.method.as_str())))?;
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if !path.bytes().all(|byte| is_plain(byte) || byte == b'/') {
            return Err(Refused::Path("the path holds characters that none has"));
        }
        let segments = path.trim_matches('/').split('/');
        let mut segments: Vec<String> = segments.map(str::to_owned).collect();
        let mut version = request.version.clone();
        if segments.len() > 1 && segments[0].len() <= 8 && is_version(&segments[0]) {
            version = Some(segments.remove(0));
        }
        let is_empty = |segment: &String| matches!(segment.as_str(), "" | "." | "..");
        if segments.iter().any(is_empty) {
            return Err(Refused::Path("the path is empty or has an empty segment"));
        }
        bounds::check_pairs(query)?;
        let mut query = pairs(query);
        query.retain(|(name, _)| !is_credential(name));
        let is_piece = is_session(&segments[0]) && !request.body.is_empty();
        let body = match verb {
            // Nothing to read there, and another place to hide parameters.
            Verb::Get => Body::Nothing,
            Verb::Post if is_piece => Body::Raw(request.body.clone()),
            Verb::Post | Verb::Delete => Body::read(&request)?,
        };
        let mut headers = HeaderMap::new();
        for name in [header::ACCEPT, FILE_OFFSET] {
            let value = request.headers.get(&name).cloned();
            let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
            if let Some(value) = value
                && (name != FILE_OFFSET || is_number(value.as_bytes()))
            {
                headers.insert(name, value);
            }
        }
        Ok(Self {
            method: request.method,
            verb,
            version,
            segments,
            query,
            body,
            bytes: request.body.len(),
            headers,
        })
    }

    /// What the path begins with.
    pub(super) fn id(&self) -> &str {
        &self.segments[0]
    }

    /// Looks the request up in the table, and leaves out what Meta would not read in a message.
    /// `number` is the id of the project's own.
    ///
    /// Fails with the reason when the project may not make the request.
    pub(super) fn judge(&mut self, node: Node, number: &str) -> Result<Judged, Refused> {
        let offer = offers::find(node, self.verb, &self.segments[1..]);
        let offer = offer.ok_or_else(|| self.not_offered(node))?;
        if offer.gives == Gives::Message && self.bytes > MOST_MESSAGE_BYTES {
            return Err(Refused::TooLong(self.bytes));
        }
        let mut named = Found::default();
        let mut idle = HashSet::new();
        let parameters = self.parameters();
        check_names(&parameters)?;
        for parameter in &parameters {
            match offer.rule(parameter.base) {
                Some(rule) => check_value(parameter, rule, number, &mut named)?,
                None => match not_taken(parameter, offer) {
                    Refused::Parameter { .. } if offer.gives == Gives::Message => {
                        // One of a kind that is not known must not go out without its content.
                        let is_kind =
                            |p: &Parameter<'_>| p.base == "type" && p.value == parameter.base;
                        if parameters.iter().any(is_kind) {
                            return Err(Refused::MessageType(shown(parameter.base)));
                        }
                        idle.insert(parameter.base.to_owned());
                    }
                    refused => return Err(refused),
                },
            }
        }
        if offer.gives == Gives::Message {
            named.names.extend(template_of(&parameters)?);
        }
        let flows = flows::named(&parameters)?;
        let media = match offer.gives {
            Gives::Message => media::named(&parameters)?,
            _ => Vec::new(),
        };
        drop(parameters);
        let is_idle = |name: &str| idle.contains(name.split('[').next().unwrap_or(name));
        self.query.retain(|(name, _)| !is_idle(name));
        self.body.retain(|name| !idle.contains(name));
        if node == Node::Anyone {
            // Meta then looks whether the number has it. All fields, to see that it is media.
            self.query = vec![("phone_number_id".to_owned(), number.to_owned())];
        }
        if node != Node::Upload {
            self.headers.remove(FILE_OFFSET);
        }
        if offer.gives == Gives::List(Kind::Template) {
            self.ask_for_names();
        }
        Ok(Judged {
            gives: offer.gives,
            ids: named.ids,
            names: named.names,
            flows,
            media,
        })
    }

    /// Has Meta say of each template what it is called: that says whose it is.
    fn ask_for_names(&mut self) {
        const ASKED: &str = ",id,name";
        for (name, value) in &mut self.query {
            let is_asked = value.ends_with(ASKED) || value.trim().is_empty();
            // What is not told of a template is as if it were another's.
            if name == "fields" && !is_asked && fields::fits(value.len() + ASKED.len()) {
                value.push_str(ASKED);
            }
        }
    }

    /// Whether it marks a message as read, and does nothing else.
    pub(super) fn is_receipt(&self) -> bool {
        let parameters = self.body.parameters();
        self.query.is_empty()
            && !matches!(self.body, Body::Parts(_))
            && parameters.iter().all(|p| RECEIPT.contains(&p.base))
            && parameters
                .iter()
                .any(|p| p.name == "status" && p.value == "read")
    }

    /// What goes to Meta.
    pub(super) fn into_request(self) -> GraphRequest {
        let mut path = self.segments.join("/");
        if !self.query.is_empty() {
            path = format!("{path}?{}", form(&self.query));
        }
        let mut headers = self.headers;
        let body = self.body.write(&mut headers);
        GraphRequest {
            method: self.method,
            version: self.version,
            path,
            headers,
            body,
        }
    }

    fn parameters(&self) -> Vec<Parameter<'_>> {
        let mut all: Vec<_> = in_pairs(&self.query).collect();
        all.extend(self.body.parameters());
        all
    }

    fn not_offered(&self, node: Node) -> Refused {
        let edge = self.segments.get(1).map(String::as_str).unwrap_or_default();
        match node {
            Node::Anyone => Refused::NotYours(shown(self.id())),
            _ if offers::is_operators(&edge.to_ascii_lowercase()) => Refused::Operator(shown(edge)),
            _ => Refused::NotOffered(shown(&format!(
                "{} /{}",
                self.method,
                self.segments.join("/")
            ))),
        }
    }
}

/// Each name is plain and there once: no two readers may take different ones for the one that counts.
fn check_names(parameters: &[Parameter<'_>]) -> Result<(), Refused> {
    let (mut names, mut whole, mut parted) = (HashSet::new(), HashSet::new(), HashSet::new());
    for Parameter { name, base, .. } in parameters {
        if !is_identifier(base) || !has_plain_brackets(&name[base.len()..]) {
            return Err(Refused::Name(shown(name)));
        }
        let is_whole = name == base;
        let is_new = names.insert(*name) || name.ends_with("[]");
        match is_whole {
            true => whole.insert(*base),
            false => parted.insert(*base),
        };
        if !is_new || (whole.contains(base) && parted.contains(base)) {
            return Err(Refused::Twice(shown(base)));
        }
    }
    Ok(())
}

fn is_identifier(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=64).contains(&text.len())
        && text.bytes().all(is_part)
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// What follows a name: nothing, or `[0][type]`.
fn has_plain_brackets(text: &str) -> bool {
    let mut rest = text;
    while let Some((inner, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !inner.bytes().all(is_part) {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn not_taken(parameter: &Parameter<'_>, offer: &Offer) -> Refused {
    let (name, lower) = (shown(parameter.name), parameter.base.to_ascii_lowercase());
    match lower.as_str() {
        lower if offers::is_operators(lower) => Refused::Operator(name),
        lower if offers::is_command(lower) => Refused::Several(name),
        _ => Refused::Parameter {
            name,
            possible: offer.possible(),
        },
    }
}

/// What is to be looked up.
#[derive(Default)]
struct Found {
    ids: Vec<Named>,
    names: Vec<TemplateName>,
}

/// The name of the template that a message is made of, if it is of one: an object, a text that holds JSON, as Meta
/// takes it, or a part of a form for each member.
fn template_of(parameters: &[Parameter<'_>]) -> Result<Option<TemplateName>, Refused> {
    let of = |name: &str| TemplateName {
        name: name.to_owned(),
        is_new: false,
    };
    let mut parts = parameters
        .iter()
        .filter(|p| p.base == "template")
        .peekable();
    if parts.peek().is_none() {
        return Ok(None);
    }
    let mut found = None;
    for part in parts {
        if part.name == part.base {
            let template: Value = serde_json::from_str(&part.value).unwrap_or_default();
            found = template["name"].as_str().map(of);
        } else if part.name == "template[name]" {
            found = Some(of(&part.value));
        }
    }
    match found {
        Some(found) if is_template_name(&found.name) => Ok(Some(found)),
        _ => Err(Refused::Value {
            name: "template".to_owned(),
            why: "it needs `name`, of lower-case letters, digits and `_`",
        }),
    }
}

/// What names of templates look like, in the only spelling that they have.
fn is_template_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=512).contains(&text.len()) && text.bytes().all(is_part)
}

fn check_value(
    parameter: &Parameter<'_>,
    rule: Rule,
    number: &str,
    found: &mut Found,
) -> Result<(), Refused> {
    let value = parameter.value.as_ref();
    if parameter.is_file && rule != Rule::File {
        return Err(Refused::File(shown(parameter.name)));
    }
    match rule {
        Rule::Any | Rule::File => Ok(()),
        // `fields[]=a` would be a list of another kind.
        Rule::Fields if parameter.name != parameter.base => {
            Err(Refused::Name(shown(parameter.name)))
        }
        Rule::Fields => {
            let templates = fields::check(value, number)?;
            found.ids.extend(templates.into_iter().map(|id| Named {
                id,
                is_template: true,
            }));
            are_few(parameter, found)
        }
        Rule::Number if value == number => Ok(()),
        Rule::Number => Err(Refused::NotYours(shown(value))),
        Rule::Own | Rule::Templates => {
            let ids = listed_ids(value).ok_or_else(|| Refused::Value {
                name: shown(parameter.name),
                why: "it takes ids, at most 100",
            })?;
            let is_template = rule == Rule::Templates;
            found
                .ids
                .extend(ids.into_iter().map(|id| Named { id, is_template }));
            are_few(parameter, found)
        }
        Rule::Name | Rule::NewName => {
            // `name[]=a` would be a list.
            if parameter.name != parameter.base || !is_template_name(value) {
                return Err(Refused::Value {
                    name: shown(parameter.name),
                    why: "names of templates are lower-case letters, digits and `_`",
                });
            }
            found.names.push(TemplateName {
                name: value.to_owned(),
                is_new: rule == Rule::NewName,
            });
            Ok(())
        }
    }
}

fn are_few(parameter: &Parameter<'_>, found: &Found) -> Result<(), Refused> {
    match found.ids.len() {
        0..=MOST_IDS => Ok(()),
        _ => Err(Refused::Value {
            name: shown(parameter.name),
            why: "it takes ids, at most 100",
        }),
    }
}

/// The ids in `1`, `1,2`, `["1","2"]`.
fn listed_ids(value: &str) -> Option<Vec<String>> {
    let is_between = |c: char| "[]\"', ".contains(c);
    let words = value.split(is_between).filter(|word| !word.is_empty());
    words
        .map(|word| is_id(word).then(|| word.to_owned()))
        .collect()
}

/// Whether an answer describes the media with this id, or is no success.
pub(super) fn is_media_or_error(answer: &GraphResponse, id: &str) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let has = |key: &str| body.get(key).is_some();
    let is_it = body.get("id").and_then(Value::as_str) == Some(id);
    !answer.status.is_success() || (is_it && has("mime_type") && has("url"))
}

/// The ids in an answer that are now known to be the project's.
pub(super) fn learned(gives: Gives, answer: &GraphResponse) -> Vec<String> {
    if !answer.status.is_success() {
        return Vec::new();
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let of = |object: &Value| object.get("id")?.as_str().map(str::to_owned);
    let found: Vec<String> = match gives {
        // One, or a list of them; what else stands in an answer about one is not what was made.
        Gives::Made | Gives::Makes(_) => {
            let listed = body.get("data").and_then(Value::as_array);
            let listed = listed.into_iter().flatten().filter_map(of);
            let all: Vec<String> = match of(&body) {
                Some(id) => vec![id],
                None => listed.collect(),
            };
            all.into_iter().filter(|id| is_id(id)).collect()
        }
        Gives::Session => {
            let session = of(&body).and_then(|id| Some(id.split('?').next()?.to_owned()));
            session.filter(|id| is_session(id)).into_iter().collect()
        }
        Gives::List(_) => {
            let listed = body.get("data").and_then(Value::as_array);
            let ids = listed.into_iter().flatten().filter_map(of);
            ids.filter(|id| is_id(id)).collect()
        }
        Gives::Anything | Gives::Message | Gives::Media => Vec::new(),
    };
    found
}
