//! Meta's envelope, taken apart: one piece for each thing that may wake a bot.
//!
//! A POST can carry up to a thousand updates of many numbers. Each message, each status and each
//! other change becomes a [`Piece`] whose payload is the envelope that Meta would have sent for it
//! alone. Values are copied as written, so that escapes and unknown members survive; a POST with
//! one piece is delivered byte for byte.
//!
//! Nothing is refused for its shape: what is not understood becomes a piece of kind
//! [`EventKind::Other`], or one that no project gets. Since each piece repeats what is around it, a
//! body of 3 MB could grow to its square; what weighs more than anything of Meta's is refused.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod people;
pub(super) mod preferences;
mod raw;
#[cfg(test)]
mod tests;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use sqlx::types::chrono::{DateTime, Utc};

use self::people::Contacts;
use self::raw::RawObject;
use super::model::EventKind;
use crate::accounts::{Kind, WEBHOOKS};
use crate::conversations::{Party, Person, StatusUpdate};

/// What the pieces of a body may weigh. A thousand updates in 3 MB, which is the most that Meta sends
/// at once, weigh less than half of it.
const MOST: usize = 16 << 20;
/// What a piece weighs beside its payload: it becomes rows, with keys and ids.
const EACH: usize = 1 << 10;

/// Fields of what all numbers of an account share: how much they may send.
const SHARED: [&str; 2] = ["business_capability_update", "phone_number_quality_update"];

/// A thing that may wake a bot.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub route: Route,
    /// Tells it from all other events of a project, and is the same when Meta repeats it.
    pub dedupe_key: String,
    /// What the bot gets.
    pub payload: String,
    pub content: Content,
    /// The span that stores it; absent while tracing is off.
    pub traceparent: Option<String>,
}

/// Whose piece it is, as far as the envelope tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub phone_number_id: Option<String>,
    /// The id of the entry: nearly always that of the WhatsApp Business Account.
    pub account_id: Option<String>,
    /// In administrative changes that are about one number.
    pub display_phone_number: Option<String>,
    /// Which thing of the account it is about; absent for what all in the account share.
    pub subject: Option<Subject>,
}

/// A thing of an account, which has one owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    pub kind: Kind,
    pub id: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Message(InboundMessage),
    Status(StatusUpdate),
    Other { field: String },
}

impl Subject {
    /// The account itself.
    fn account() -> Self {
        Self {
            kind: Kind::Webhooks,
            id: WEBHOOKS.to_owned(),
        }
    }
}

/// A message that somebody wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundMessage {
    pub from: Party,
    pub wamid: Option<String>,
    pub message_type: String,
    /// Absent when the envelope does not tell.
    pub sent_at: Option<DateTime<Utc>>,
    /// JSON: the message alone.
    pub body: String,
}

/// Why a body is not taken apart.
#[derive(Debug, thiserror::Error)]
pub enum NotSplit {
    #[error("the body is not JSON: it fails at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    /// Nothing that Meta sends.
    #[error(
        "the body's updates, each with what is around it, are more than {} MiB",
        MOST >> 20
    )]
    TooMuch,
}

/// The pieces so far, and what they weigh.
#[derive(Default)]
struct Pieces {
    all: Vec<Piece>,
    weight: usize,
}

/// One change, and what is around it.
struct Around<'a> {
    root: &'a RawObject<'a>,
    entry: &'a RawObject<'a>,
    change: RawObject<'a>,
    value: RawObject<'a>,
    field: String,
}

impl Pieces {
    /// Takes one more, in which so many members are around an item: they were gone through for it.
    fn push(&mut self, piece: Piece, members: usize) -> Result<(), NotSplit> {
        self.weight += piece.payload.len() + EACH + members;
        if self.weight > MOST {
            return Err(NotSplit::TooMuch);
        }
        self.all.push(piece);
        Ok(())
    }
}

impl Content {
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Message(_) => EventKind::Message,
            Self::Status(_) => EventKind::Status,
            Self::Other { .. } => EventKind::Other,
        }
    }
}

/// Takes a body apart, in order.
pub fn split(body: &str) -> Result<Vec<Piece>, NotSplit> {
    let whole: &RawValue = serde_json::from_str(body).map_err(|e| NotSplit::NotJson {
        line: e.line(),
        column: e.column(),
    })?;
    let root = RawObject::parse(whole).unwrap_or_default();
    let mut pieces = Pieces::default();
    for entry in root.array("entry").unwrap_or_default() {
        split_entry(&root, entry, &mut pieces)?;
    }
    let mut pieces = pieces.all;
    if pieces.is_empty() {
        pieces.push(not_understood(whole.get().to_owned(), None));
    }
    if let [only] = pieces.as_mut_slice() {
        only.payload = body.to_owned();
    }
    Ok(pieces)
}

/// The payload of one status, with other callback data in it.
pub fn with_callback_data(payload: &str, data: Option<&str>) -> String {
    const LISTS: [&str; 3] = ["entry", "changes", "statuses"];
    fn rewritten(raw: &RawValue, lists: &[&str], data: Option<&str>) -> Option<String> {
        let object = RawObject::parse(raw)?;
        let Some((list, rest)) = lists.split_first() else {
            return Some(object.rewrite(&[("biz_opaque_callback_data", data)]));
        };
        // `statuses` is one level deeper than the other lists.
        let value = object.get("value").filter(|_| *list == "statuses");
        if let Some(value) = value {
            let value = rewritten(value, lists, data)?;
            return Some(object.rewrite(&[("value", Some(&value))]));
        }
        let items = object.array(list)?;
        let item = rewritten(items.first()?, rest, data)?;
        Some(object.rewrite(&[(list, Some(&format!("[{item}]")))]))
    }
    let data = data.map(|text| serde_json::Value::from(text).to_string());
    let whole: Option<&RawValue> = serde_json::from_str(payload).ok();
    whole
        .and_then(|raw| rewritten(raw, &LISTS, data.as_deref()))
        .unwrap_or_else(|| payload.to_owned())
}

fn split_entry(root: &RawObject<'_>, raw: &RawValue, pieces: &mut Pieces) -> Result<(), NotSplit> {
    let entry = RawObject::parse(raw).unwrap_or_default();
    let changes = entry.array("changes").unwrap_or_default();
    if changes.is_empty() {
        let payload = root.rewrite(&[("entry", Some(&format!("[{}]", raw.get())))]);
        pieces.push(not_understood(payload, entry.id("id")), root.members())?;
    }
    for raw in changes {
        let change = RawObject::parse(raw).unwrap_or_default();
        let value = change.object("value").unwrap_or_default();
        let field = change.id("field").unwrap_or_default();
        split_change(
            &Around {
                root,
                entry: &entry,
                change,
                value,
                field,
            },
            raw,
            pieces,
        )?;
    }
    Ok(())
}

fn split_change(around: &Around<'_>, raw: &RawValue, pieces: &mut Pieces) -> Result<(), NotSplit> {
    let list = |key| match around.field.as_str() {
        "messages" => around.value.array(key).unwrap_or_default(),
        _ => Vec::new(),
    };
    let (messages, statuses) = (list("messages"), list("statuses"));
    if messages.is_empty() && statuses.is_empty() {
        return pieces.push(around.other(raw), around.members());
    }
    let contacts = Contacts::parse(&around.value, messages.len() + statuses.len());
    let members = around.members() + contacts.count();
    for message in messages {
        pieces.push(around.message(message, &contacts), members)?;
    }
    for status in statuses {
        pieces.push(around.status(status, &contacts), members)?;
    }
    Ok(())
}

fn not_understood(payload: String, account_id: Option<String>) -> Piece {
    Piece {
        route: Route {
            account_id,
            subject: Some(Subject::account()),
            ..Route::default()
        },
        dedupe_key: format!("o:{}", hash(&payload)),
        payload,
        content: Content::Other {
            field: String::new(),
        },
        traceparent: None,
    }
}

impl Around<'_> {
    fn message(&self, raw: &RawValue, contacts: &Contacts<'_>) -> Piece {
        let message = RawObject::parse(raw).unwrap_or_default();
        let (sender, contact) = contacts.sender(&message);
        let wamid = message.id("id");
        let dedupe_key = wamid
            .as_ref()
            .map_or_else(|| format!("m#{}", hash(raw.get())), |id| format!("m:{id}"));
        Piece {
            route: self.route(),
            dedupe_key,
            payload: self.envelope("messages", raw, contact),
            content: Content::Message(InboundMessage {
                from: party(message.id("group_id"), sender),
                wamid,
                message_type: message.id("type").unwrap_or_else(|| "unknown".to_owned()),
                sent_at: time(&message),
                body: raw.get().to_owned(),
            }),
            traceparent: None,
        }
    }

    fn status(&self, raw: &RawValue, contacts: &Contacts<'_>) -> Piece {
        let status = RawObject::parse(raw).unwrap_or_default();
        let is_group = status.text("recipient_type").as_deref() == Some("group");
        let (person, contact) = contacts.recipient(&status, is_group);
        let (Some(wamid), Some(word)) = (status.id("id"), status.id("status")) else {
            return Piece {
                payload: self.envelope("statuses", raw, contact),
                ..self.other(raw)
            };
        };
        let participant = is_group
            .then(|| {
                status
                    .id("recipient_participant_id")
                    .or(status.id("recipient_participant_user_id"))
            })
            .flatten()
            .unwrap_or_default();
        let group_id = status.id("recipient_id").filter(|_| is_group);
        Piece {
            route: self.route(),
            dedupe_key: bounded(format!("s:{wamid}:{word}:{participant}")),
            payload: self.envelope("statuses", raw, contact),
            content: Content::Status(StatusUpdate {
                to: group_id.map_or(Party::Person(person), |group_id| Party::Group {
                    group_id,
                    sender: None,
                }),
                wamid,
                status: word,
                participant,
                at: time(&status),
                errors: status.get("errors").map(|raw| raw.get().to_owned()),
                callback_data: status.text("biz_opaque_callback_data"),
            }),
            traceparent: None,
        }
    }

    /// A change that is kept whole.
    fn other(&self, raw: &RawValue) -> Piece {
        let Self {
            root, entry, field, ..
        } = self;
        let changes = format!("[{}]", raw.get());
        let entry_alone = entry.rewrite(&[("changes", Some(&changes))]);
        let account = entry.id("id").unwrap_or_default();
        let time = entry.get("time").map_or("", |raw| raw.get());
        Piece {
            route: self.route(),
            dedupe_key: bounded(format!("o:{account}:{time}:{field}:{}", hash(raw.get()))),
            payload: root.rewrite(&[("entry", Some(&format!("[{entry_alone}]")))]),
            content: Content::Other {
                field: field.clone(),
            },
            traceparent: None,
        }
    }

    /// How many members the objects around an item have.
    fn members(&self) -> usize {
        let around = [self.root, self.entry, &self.change, &self.value];
        around.iter().map(|object| object.members()).sum()
    }

    fn route(&self) -> Route {
        let metadata = self.value.object("metadata").unwrap_or_default();
        Route {
            phone_number_id: metadata.id("phone_number_id"),
            account_id: self.entry.id("id"),
            display_phone_number: self.value.id("display_phone_number"),
            subject: self.subject(),
        }
    }

    /// What of the account it is about.
    fn subject(&self) -> Option<Subject> {
        let named = |kind, id: Option<String>| {
            Some(id.map_or_else(Subject::account, |id| Subject { kind, id }))
        };
        match self.field.as_str() {
            field if field.starts_with("message_template_") || field.starts_with("template_") => {
                named(Kind::Template, self.value.id("message_template_name"))
            }
            "flows" => named(Kind::Flow, self.value.id("flow_id")),
            field if SHARED.contains(&field) => None,
            _ => Some(Subject::account()),
        }
    }

    /// The envelope with one item of `list`, and the contact that belongs to it.
    fn envelope(&self, list: &str, item: &RawValue, contact: Option<&RawValue>) -> String {
        let item = format!("[{}]", item.get());
        let contacts = contact.map(|contact| format!("[{}]", contact.get()));
        let only = |key| (key == list).then_some(item.as_str());
        let value = self.value.rewrite(&[
            ("messages", only("messages")),
            ("statuses", only("statuses")),
            ("contacts", contacts.as_deref()),
        ]);
        let change = format!("[{}]", self.change.rewrite(&[("value", Some(&value))]));
        let entry = format!("[{}]", self.entry.rewrite(&[("changes", Some(&change))]));
        self.root.rewrite(&[("entry", Some(&entry))])
    }
}

fn party(group_id: Option<String>, sender: Person) -> Party {
    match group_id {
        None => Party::Person(sender),
        Some(group_id) => {
            let sender = (!sender.ids.is_empty()).then_some(sender);
            Party::Group { group_id, sender }
        }
    }
}

fn time(object: &RawObject<'_>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(object.seconds("timestamp")?, 0)
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A key that fits an index, whatever it was made of.
fn bounded(key: String) -> String {
    if key.len() <= 400 {
        key
    } else {
        format!("{}#{}", &key[..1], hash(&key))
    }
}
