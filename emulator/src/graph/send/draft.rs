//! A message as it was asked for, checked as far as it can be by itself.

use serde_json::Value;

use crate::error::GraphError;
use crate::graph::params::{Object, invalid};
use crate::graph::send::content::MediaRef;
use crate::graph::send::interactive::FlowWish;
use crate::graph::send::{content, interactive};
use crate::platform::kinds::MessageType;
use crate::platform::thread::Choice;

/// Characters of `biz_opaque_callback_data`.
const LONGEST_OPAQUE_DATA: usize = 512;

/// A send request.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// `to`: a phone, as it was written.
    pub(super) to: Option<&'a str>,
    /// `recipient`: a user id. `to` wins over it.
    pub(super) recipient: Option<&'a str>,
    pub(super) message_type: MessageType,
    pub(super) body: &'a Value,
    pub(super) reply_to: Option<&'a str>,
    pub(super) biz_opaque_callback_data: Option<&'a str>,
    pub(super) choices: Vec<Choice>,
    /// Media that must exist.
    pub(super) media: Vec<MediaRef<'a>>,
    pub(super) flow: Option<FlowWish<'a>>,
    /// `template`, which is checked against the account's templates later.
    pub(super) template: Option<Object<'a>>,
    /// The message that a reaction is about.
    pub(super) reaction_to: Option<&'a str>,
}

impl<'a> Draft<'a> {
    /// Reads and checks the parameters.
    pub(super) fn read(root: &Object<'a>) -> Result<Self, GraphError> {
        let (to, recipient) = (root.optional_text("to")?, root.optional_text("recipient")?);
        if to.is_none() && recipient.is_none() {
            return Err(root.missing("to"));
        }
        match root.optional_text("recipient_type")? {
            None | Some("individual") => {}
            Some("group") => {
                return Err(GraphError::not_known_here("messages to groups"));
            }
            Some(other) => {
                return Err(GraphError::parameter(format!(
                    "Param recipient_type must be one of {{INDIVIDUAL}} - got \"{other}\"."
                )));
            }
        }
        let word = root.optional_text("type")?.unwrap_or("text");
        let known = MessageType::of(word).filter(|kind| kind.facts().business);
        let message_type = known.ok_or_else(|| {
            let details = format!("Message type \"{word}\" is currently not supported.");
            GraphError::detailed(131051, details)
        })?;
        let mut draft = Self {
            to,
            recipient,
            message_type,
            body: &Value::Null,
            reply_to: reply_to(root)?,
            biz_opaque_callback_data: root.optional_text("biz_opaque_callback_data")?,
            choices: Vec::new(),
            media: Vec::new(),
            flow: None,
            template: None,
            reaction_to: None,
        };
        if let Some(data) = draft.biz_opaque_callback_data {
            root.check_length("biz_opaque_callback_data", data, 0, LONGEST_OPAQUE_DATA)?;
        }
        draft.read_content(root)?;
        draft.body = root.get(message_type.as_str()).unwrap_or(&Value::Null);
        Ok(draft)
    }

    fn read_content(&mut self, root: &Object<'a>) -> Result<(), GraphError> {
        let own = || root.object(self.message_type.as_str());
        match self.message_type {
            MessageType::Text => content::check_text(&own()?)?,
            MessageType::Location => content::check_location(&own()?)?,
            MessageType::Contacts => content::check_contacts(root)?,
            MessageType::Reaction => self.reaction_to = Some(content::check_reaction(&own()?)?),
            MessageType::Interactive => {
                let checked = interactive::check(&own()?)?;
                self.choices = checked.choices;
                self.media = checked.media;
                self.flow = checked.flow;
            }
            MessageType::Template => self.template = Some(own()?),
            kind => {
                // Whatever else a business sends is media.
                if let Some(media) = kind.media() {
                    self.media.extend(content::check_media(media, &own()?)?);
                }
            }
        }
        Ok(())
    }
}

/// `context.message_id`.
fn reply_to<'a>(root: &Object<'a>) -> Result<Option<&'a str>, GraphError> {
    let Some(context) = root.optional_object("context")? else {
        return Ok(None);
    };
    let message_id = context.text("message_id")?;
    if message_id.starts_with("wamid.") {
        Ok(Some(message_id))
    } else {
        Err(invalid("Param context['message_id'] is not a message id."))
    }
}
