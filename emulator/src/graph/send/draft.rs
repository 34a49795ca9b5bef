//! A message as it was asked for, checked as far as it can be by itself.

use serde_json::Value;

use crate::graph::error::GraphError;
use crate::graph::send::object::{Object, invalid};
use crate::graph::send::{content, interactive};
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
    pub(super) message_type: &'a str,
    pub(super) body: &'a Value,
    pub(super) reply_to: Option<&'a str>,
    pub(super) biz_opaque_callback_data: Option<&'a str>,
    pub(super) choices: Vec<Choice>,
    /// Media that must exist.
    pub(super) media_ids: Vec<&'a str>,
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
            Some(other) => {
                return Err(GraphError::parameter(format!(
                    "Param recipient_type must be one of {{INDIVIDUAL}} - got \"{other}\"."
                )));
            }
        }
        let message_type = root.optional_text("type")?.unwrap_or("text");
        let mut draft = Self {
            to,
            recipient,
            message_type,
            body: &Value::Null,
            reply_to: reply_to(root)?,
            biz_opaque_callback_data: root.optional_text("biz_opaque_callback_data")?,
            choices: Vec::new(),
            media_ids: Vec::new(),
            template: None,
            reaction_to: None,
        };
        if let Some(data) = draft.biz_opaque_callback_data {
            root.check_length("biz_opaque_callback_data", data, 0, LONGEST_OPAQUE_DATA)?;
        }
        draft.read_content(root)?;
        draft.body = root.get(message_type).unwrap_or(&Value::Null);
        Ok(draft)
    }

    fn read_content(&mut self, root: &Object<'a>) -> Result<(), GraphError> {
        match self.message_type {
            "text" => content::check_text(&root.object("text")?),
            "image" | "video" | "audio" | "document" | "sticker" => {
                let media = root.object(self.message_type)?;
                let id = content::check_media(self.message_type, &media)?;
                self.media_ids.extend(id);
                Ok(())
            }
            "location" => content::check_location(&root.object("location")?),
            "contacts" => content::check_contacts(root),
            "reaction" => {
                let reaction = root.object("reaction")?;
                self.reaction_to = Some(content::check_reaction(&reaction)?);
                Ok(())
            }
            "interactive" => {
                let checked = interactive::check(&root.object("interactive")?)?;
                self.choices = checked.choices;
                self.media_ids = checked.media_ids;
                Ok(())
            }
            "template" => {
                self.template = Some(root.object("template")?);
                Ok(())
            }
            other => Err(GraphError::detailed(
                131051,
                format!("Message type \"{other}\" is currently not supported."),
            )),
        }
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
