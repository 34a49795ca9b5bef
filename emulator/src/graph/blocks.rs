//! Customers whose messages a number does not want.

use serde_json::{Value, json};

use crate::clock::DAY_MS;
use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::paging::{List, page};
use crate::platform::model::digits_of;

/// Users of one request.
const MOST_USERS: usize = 1000;

/// `GET /{PHONE_NUMBER_ID}/block_users`. Meta's reference shows no `input`; 360dialog's, which passes Meta's answers on,
/// does, and pywa reads it.
pub(crate) fn list(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let items: Vec<(String, Value)> = {
        let world = call.platform.world();
        let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
        let blocked = number.blocked.iter();
        blocked
            .map(|phone| {
                let user = json!({"messaging_product": "whatsapp", "input": phone, "wa_id": phone});
                (phone.clone(), user)
            })
            .collect()
    };
    let list = List {
        node: id,
        edge: "block_users",
    };
    page(call, list, &call.ask()?, &items)
}

/// `POST /{PHONE_NUMBER_ID}/block_users`: only people who wrote in the last 24 hours.
pub(crate) fn block(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let users = users(call)?;
    let now_ms = call.platform.clock.now_ms();
    let (added, failed) = call.platform.edit(|world| {
        let (mut added, mut failed) = (Vec::new(), Vec::new());
        for input in users {
            let phone = digits_of(&input);
            let thread = world.thread(id, &phone);
            let wrote = thread
                .and_then(|thread| thread.received.back())
                .is_some_and(|last| now_ms - last.at_ms < DAY_MS);
            if !wrote {
                failed.push(json!({
                    "input": input,
                    "wa_id": phone,
                    "errors": [{
                        "message": "Re-engagement message",
                        "code": 131_047,
                        "error_data": {
                            "details": "Message failed to send because more than 24 hours have \
                                        passed since the customer last replied to this number",
                        },
                    }],
                }));
                continue;
            }
            let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
            number.blocked.insert(phone.clone());
            added.push(json!({"input": input, "wa_id": phone}));
        }
        Ok::<_, GraphError>((added, failed))
    })?;
    answer(added, failed, "added_users")
}

/// `DELETE /{PHONE_NUMBER_ID}/block_users`.
pub(crate) fn unblock(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let users = users(call)?;
    let removed = call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let mut removed = Vec::new();
        for input in users {
            let phone = digits_of(&input);
            number.blocked.remove(&phone);
            removed.push(json!({"input": input, "wa_id": phone}));
        }
        Ok::<_, GraphError>(removed)
    })?;
    answer(removed, Vec::new(), "removed_users")
}

/// As soon as one user failed the answer is an error, which has what became of each of them beside it
/// (developers.facebook.com/documentation/business-messaging/whatsapp/block-users, "mixed success/failure").
fn answer(done: Vec<Value>, failed: Vec<Value>, key: &str) -> Result<Value, GraphError> {
    let mut users = json!({key: done});
    if failed.is_empty() {
        return Ok(json!({"messaging_product": "whatsapp", "block_users": users}));
    }
    users["failed_users"] = failed.into();
    let error = GraphError::detailed(
        139_100,
        "Failed to block some users, see the block_users response list for details",
    );
    Err(error.beside(json!({"messaging_product": "whatsapp", "block_users": users})))
}

/// The users of a request, as they were written.
fn users(call: &Call<'_>) -> Result<Vec<String>, GraphError> {
    if call.request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let users = match call.request.structured("block_users") {
        Some(Value::Array(users)) if !users.is_empty() && users.len() <= MOST_USERS => users,
        Some(_) => {
            return Err(GraphError::parameter(format_args!(
                "Param block_users must be an array of 1 to {MOST_USERS} users."
            )));
        }
        None => return Err(GraphError::required("block_users")),
    };
    users
        .iter()
        .map(|user| {
            let user = user["user"].as_str().or_else(|| user["user_id"].as_str());
            user.map(str::to_owned)
                .ok_or_else(|| GraphError::required("block_users[0]['user']"))
        })
        .collect()
}
