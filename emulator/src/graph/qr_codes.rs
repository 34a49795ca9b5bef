//! QR codes and short links that open a conversation.

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::fields::{Field, NodeType, project_with};
use crate::graph::paging::{List, page};
use crate::platform::model::QrCode;

const QR_CODE: NodeType = NodeType {
    name: "WhatsAppBusinessMessageQRCode",
    defaults: &["code", "prefilled_message", "deep_link_url"],
    unset: &[],
};
/// Characters of the text.
const LONGEST_MESSAGE: usize = 140;
const MOST_CODES: usize = 2000;

/// `GET /{PHONE_NUMBER_ID}/message_qrdls`.
pub(crate) fn list(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    if let Some(code) = call.request.text("code") {
        return describe(call, id, &code);
    }
    let codes = {
        let world = call.platform.world();
        let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
        let mut codes: Vec<QrCode> = number.qr_codes.values().cloned().collect();
        codes.sort_by_key(|code| (code.created_at_ms, code.code.clone()));
        codes
    };
    let mut items = Vec::new();
    for code in codes {
        let shown = shown(call, &code)?;
        items.push((code.code, shown));
    }
    let list = List {
        node: id,
        edge: "message_qrdls",
    };
    page(call, list, &call.ask()?, &items)
}

/// `GET /{PHONE_NUMBER_ID}/message_qrdls/{CODE}`.
pub(crate) fn describe(call: &Call<'_>, id: &str, code: &str) -> Result<Value, GraphError> {
    let found = {
        let world = call.platform.world();
        let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
        number.qr_codes.get(code).cloned()
    };
    let found = found.ok_or_else(unknown)?;
    Ok(json!({"data": [shown(call, &found)?]}))
}

/// `POST /{PHONE_NUMBER_ID}/message_qrdls`: makes one or, with `code` as a parameter or behind the path, changes its text.
pub(crate) fn write(call: &Call<'_>, id: &str, code: Option<String>) -> Result<Value, GraphError> {
    let request = call.request;
    let message = request.text("prefilled_message");
    let message = message.ok_or_else(|| GraphError::required("prefilled_message"))?;
    let length = message.chars().count();
    if !(1..=LONGEST_MESSAGE).contains(&length) {
        return Err(GraphError::parameter(format_args!(
            "Param prefilled_message must be between 1 and {LONGEST_MESSAGE} characters long."
        )));
    }
    let format = request.word("generate_qr_image");
    if let Some(format) = &format
        && !["SVG", "PNG"].contains(&format.as_str())
    {
        return Err(GraphError::parameter(format_args!(
            "Param generate_qr_image must be one of {{SVG, PNG}} - got \"{format}\"."
        )));
    }
    let platform = call.platform;
    let code = platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if let Some(code) = &code {
            let known = number.qr_codes.get_mut(code).ok_or_else(unknown)?;
            known.prefilled_message = message;
            return Ok(known.clone());
        }
        if number.qr_codes.len() >= MOST_CODES {
            return Err(GraphError::managed(
                100,
                None,
                "Limit reached",
                "The phone number has the most QR codes that it may have.",
            ));
        }
        let code = QrCode {
            code: new_code(),
            prefilled_message: message,
            created_at_ms: platform.clock.now_ms(),
        };
        number.qr_codes.insert(code.code.clone(), code.clone());
        Ok(code)
    })?;
    let mut answer = base(&code);
    if let Some(format) = format {
        answer["qr_image_url"] = image_url(call, &code, &format).into();
    }
    Ok(answer)
}

/// `DELETE /{PHONE_NUMBER_ID}/message_qrdls/{CODE}`.
pub(crate) fn delete(call: &Call<'_>, id: &str, code: &str) -> Result<Value, GraphError> {
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let removed = number.qr_codes.remove(code);
        removed
            .map(|_| json!({"success": true}))
            .ok_or_else(unknown)
    })
}

fn unknown() -> GraphError {
    GraphError::managed(
        100,
        None,
        "QR code not found",
        "The phone number has no QR code or short link with this code.",
    )
}

fn base(code: &QrCode) -> Value {
    json!({
        "code": code.code,
        "prefilled_message": code.prefilled_message,
        "deep_link_url": format!("https://wa.me/message/{}", code.code),
    })
}

fn shown(call: &Call<'_>, code: &QrCode) -> Result<Value, GraphError> {
    let mut node = base(code);
    node["creation_time"] = code.created_at_ms.div_euclid(SECOND_MS).into();
    let image = |field: &Field| {
        // Without a format there is no image.
        let format = field.modifier("format")?;
        Some(Ok(image_url(call, code, format).into()))
    };
    project_with(&node, &QR_CODE, &call.ask()?, |field| {
        match field.name.as_str() {
            "qr_image_url" => Some(image(field).unwrap_or(Ok(Value::Null))),
            _ => None,
        }
    })
}

fn image_url(call: &Call<'_>, code: &QrCode, format: &str) -> String {
    let format = format.to_lowercase();
    format!("{}/qr/{}.{format}", call.platform.graph_url, code.code)
}

fn new_code() -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut rng = rand::rng();
    let characters = (0..14).map(|_| ALPHABET[rng.random_range(0..ALPHABET.len())] as char);
    characters.collect()
}
