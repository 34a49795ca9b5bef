//! Display names: asked for, reviewed, and told.

use serde_json::{Value, json};

use crate::agenda::{self, What};
use crate::graph::Call;
use crate::graph::error::GraphError;
use crate::outbox::update::Update;
use crate::platform::model::NameRequest;
use crate::platform::world::World;

/// What was decided about a name, and why it was rejected.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// `APPROVED`, `REJECTED` or `DEFERRED`.
    pub(crate) word: String,
    pub(crate) reason: Option<String>,
}

/// `POST /{PHONE_NUMBER_ID}` with `new_display_name`.
pub(crate) fn request(call: &Call<'_>, id: &str, name: String) -> Result<Value, GraphError> {
    if !(3..=75).contains(&name.trim().chars().count()) {
        return Err(GraphError::managed(
            100,
            None,
            "Invalid display name",
            "A display name has between 3 and 75 characters.",
        ));
    }
    let platform = call.platform;
    let delay_ms = platform.settings().name_review_ms;
    let now_ms = platform.clock.now_ms();
    platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if number.allowed_recipients.is_some() {
            return Err(GraphError::managed(
                100,
                None,
                "Display name cannot be changed",
                "The display name of a test number cannot be changed.",
            ));
        }
        number.new_name = Some(NameRequest {
            name: name.clone(),
            status: "PENDING_REVIEW".to_owned(),
        });
        if let Some(delay_ms) = delay_ms {
            let number_id = id.to_owned();
            let at_ms = now_ms.saturating_add_unsigned(delay_ms);
            agenda::schedule(platform, world, at_ms, What::NameReview { number_id, name });
        }
        Ok(json!({"success": true}))
    })
}

/// The review that comes by itself approves.
pub(crate) fn reviewed_in_time(
    world: &mut World,
    number_id: &str,
    name: &str,
    at_ms: i64,
) -> Vec<Update> {
    let is_same =
        |request: &NameRequest| request.name == name && request.status == "PENDING_REVIEW";
    let number = world.numbers.get(number_id);
    let waits = number
        .and_then(|number| number.new_name.as_ref())
        .is_some_and(is_same);
    if !waits {
        return Vec::new();
    }
    let approved = Decision {
        word: "APPROVED".to_owned(),
        reason: None,
    };
    decide(world, number_id, &approved, at_ms)
        .into_iter()
        .collect()
}

/// Decides about the name that waits; nothing when none does.
pub(crate) fn decide(
    world: &mut World,
    number_id: &str,
    decision: &Decision,
    at_ms: i64,
) -> Option<Update> {
    let number = world.numbers.get_mut(number_id)?;
    let is_first = number.new_name.is_none() && number.name_status != "APPROVED";
    let name = match &number.new_name {
        Some(request) => request.name.clone(),
        // The name that the number was added with.
        None if is_first => number.verified_name.clone(),
        None => return None,
    };
    match (decision.word.as_str(), is_first) {
        ("APPROVED", _) => {
            number.verified_name = name.clone();
            number.name_status = "APPROVED".to_owned();
            number.new_name = None;
        }
        ("REJECTED", true) => number.name_status = "DECLINED".to_owned(),
        ("REJECTED", false) => {
            number.new_name = Some(NameRequest {
                name: name.clone(),
                status: "DECLINED".to_owned(),
            });
        }
        // Deferred: it goes on waiting.
        _ => {}
    }
    let value = json!({
        "display_phone_number": number.digits(),
        "decision": decision.word,
        "requested_verified_name": name,
        "rejection_reason": decision.reason,
    });
    Some(Update::change(
        &number.waba_id,
        "phone_number_name_update",
        value,
        at_ms,
    ))
}
