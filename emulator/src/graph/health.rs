//! `health_status`: whether messages can be sent, and by whom not.

use serde_json::{Value, json};

use crate::platform::model::{Flow, FlowStatus, Number, Template, Waba};
use crate::platform::world::World;

/// What is wrong with an entity.
struct Fault {
    blocks: bool,
    /// Where one is known: Meta documents none of them.
    code: Option<u32>,
    description: &'static str,
    solution: &'static str,
}

/// Of an account.
pub(crate) fn of_account(world: &World, waba: &Waba, app_id: &str) -> Value {
    status(vec![account(waba), business(world, waba), app(app_id)])
}

/// Of a number.
pub(crate) fn of_number(world: &World, number: &Number, app_id: &str) -> Value {
    let mut entities = vec![entity_of_number(number)];
    if let Some(waba) = world.wabas.get(&number.waba_id) {
        entities.extend([account(waba), business(world, waba)]);
    }
    entities.push(app(app_id));
    status(entities)
}

/// Of a template.
pub(crate) fn of_template(world: &World, template: &Template, app_id: &str) -> Value {
    let fault = match template.status.as_str() {
        "APPROVED" => None,
        _ => Some(Fault {
            blocks: true,
            // As answers of Meta's have it that are quoted in public repositories, and 141006 and 141010 of other entities.
            code: Some(141_002),
            description: "Message templates can only be sent out if they are approved.",
            solution: "Edit or appeal the message template review decision.",
        }),
    };
    let mut entities = vec![entity("MESSAGE_TEMPLATE", &template.id, fault)];
    if let Some(waba) = world.wabas.get(&template.waba_id) {
        entities.extend([account(waba), business(world, waba)]);
    }
    entities.push(app(app_id));
    status(entities)
}

/// Of a Flow, and of the number that is to send it, if one is named.
pub(crate) fn of_flow(world: &World, flow: &Flow, number_id: Option<&str>, app_id: &str) -> Value {
    let fault = match flow.status {
        FlowStatus::Published => None,
        FlowStatus::Draft => Some(Fault {
            blocks: true,
            code: None,
            description: "The Flow is not published.",
            solution: "Publish the Flow, or send it with the mode draft to test it.",
        }),
        FlowStatus::Throttled => Some(Fault {
            blocks: false,
            code: None,
            description: "The Flow is throttled: its endpoint answered too slowly or with errors.",
            solution: "Look at the metrics of the endpoint and make it answer.",
        }),
        FlowStatus::Blocked | FlowStatus::Deprecated => Some(Fault {
            blocks: true,
            code: None,
            description: "The Flow is blocked or deprecated.",
            solution: "Look at the metrics of the endpoint, or use another Flow.",
        }),
    };
    let endpoint_fault = || Fault {
        blocks: true,
        code: None,
        description: "The endpoint of the Flow is not set.",
        solution: "Set endpoint_uri of the Flow.",
    };
    let has_endpoint = flow
        .json
        .as_deref()
        .is_some_and(|json| json.contains("\"data_api_version\""));
    let fault =
        fault.or_else(|| (has_endpoint && flow.endpoint_uri.is_none()).then(endpoint_fault));
    let mut entities = vec![entity("FLOW", &flow.id, fault)];
    if let Some(waba) = world.wabas.get(&flow.waba_id) {
        entities.extend([account(waba), business(world, waba)]);
    }
    if let Some(number) = number_id.and_then(|id| world.numbers.get(id)) {
        entities.push(entity_of_number(number));
    }
    entities.push(app(app_id));
    status(entities)
}

fn entity_of_number(number: &Number) -> Value {
    let fault = match number.standing() {
        "CONNECTED" => None,
        "FLAGGED" | "RATE_LIMITED" => Some(Fault {
            blocks: false,
            code: None,
            description: "The quality of the phone number is low, or its limit is reached.",
            solution: "Send fewer messages, and only such that people asked for.",
        }),
        "RESTRICTED" => Some(Fault {
            blocks: true,
            code: None,
            description: "The phone number has reached its limit of messages and is restricted.",
            solution: "Wait until the restriction ends.",
        }),
        "BANNED" => Some(Fault {
            blocks: true,
            code: None,
            description: "The phone number has been banned.",
            solution: "Ask for a review in the WhatsApp Manager.",
        }),
        _ => Some(Fault {
            blocks: true,
            code: None,
            description: "The phone number is not registered.",
            solution: "Register the phone number with the register call and its PIN.",
        }),
    };
    let mut entity = entity("PHONE_NUMBER", &number.id, fault);
    if number.name_status != "APPROVED" && entity["can_send_message"] == "AVAILABLE" {
        entity["can_send_message"] = "LIMITED".into();
        entity["additional_info"] = json!([
            "Your display name has not been approved yet. Your message limit will increase after \
             the display name is approved."
        ]);
    }
    entity
}

fn account(waba: &Waba) -> Value {
    let fault = match waba.account_review_status.as_str() {
        "REJECTED" => Some(Fault {
            blocks: true,
            code: None,
            description: "The WhatsApp Business Account has been rejected.",
            solution: "Ask for a review in the WhatsApp Manager.",
        }),
        _ => None,
    };
    entity("WABA", &waba.id, fault)
}

fn business(_world: &World, waba: &Waba) -> Value {
    entity("BUSINESS", &waba.business_id, None)
}

fn app(app_id: &str) -> Value {
    entity("APP", app_id, None)
}

fn entity(kind: &str, id: &str, fault: Option<Fault>) -> Value {
    let Some(fault) = fault else {
        return json!({"entity_type": kind, "id": id, "can_send_message": "AVAILABLE"});
    };
    let mut error = json!({
        "error_description": fault.description,
        "possible_solution": fault.solution,
    });
    if let Some(code) = fault.code {
        error["error_code"] = code.into();
    }
    json!({
        "entity_type": kind,
        "id": id,
        "can_send_message": if fault.blocks { "BLOCKED" } else { "LIMITED" },
        "errors": [error],
    })
}

/// The worst of the entities decides.
fn status(entities: Vec<Value>) -> Value {
    let has = |word: &str| entities.iter().any(|e| e["can_send_message"] == word);
    let worst = ["BLOCKED", "LIMITED"].into_iter().find(|word| has(word));
    json!({"can_send_message": worst.unwrap_or("AVAILABLE"), "entities": entities})
}
