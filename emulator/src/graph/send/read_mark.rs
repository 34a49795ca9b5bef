//! The mark that a customer's message was read, and that an answer is being typed.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::params::{Object, invalid};
use crate::platform::thread::{SentItem, SentKind};

/// Answers `{"status":"read","message_id":…}`, with or without `typing_indicator`.
pub(super) fn mark(
    call: &Call<'_>,
    number_id: &str,
    root: &Object<'_>,
) -> Result<Value, GraphError> {
    if root.text("status")? != "read" {
        return Err(GraphError::parameter("Param status must be one of {READ}."));
    }
    let message_id = root.text("message_id")?.to_owned();
    let typing = root.optional_object("typing_indicator")?;
    if let Some(typing) = &typing
        && typing.text("type")? != "text"
    {
        return Err(GraphError::parameter(
            "Param typing_indicator['type'] must be one of {TEXT}.",
        ));
    }
    let platform = call.platform;
    let at_ms = platform.clock.now_ms();
    platform.edit(|world| {
        let unknown = || invalid("Param message_id is not a message that this number received.");
        let (home_number, phone) = world.home_of(&message_id).ok_or_else(unknown)?;
        let thread = world.thread_mut(&home_number, &phone);
        if home_number != number_id || !thread.mark_read(&message_id) {
            return Err(unknown());
        }
        let mut push = |kind| {
            let item = SentItem {
                seq: 0,
                at_ms,
                number_id: home_number.clone(),
                customer: phone.clone(),
                kind,
            };
            world.push_sent(item, platform.history);
        };
        push(SentKind::Read {
            message_id: message_id.clone(),
        });
        if typing.is_some() {
            push(SentKind::Typing { message_id });
        }
        Ok(json!({"success": true}))
    })
}
