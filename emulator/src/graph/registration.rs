//! A number's way onto the Cloud API: added, proved by a code, registered with a PIN.

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::codes::subcodes;
use crate::error::GraphError;
use crate::graph::Call;
use crate::ids;
use crate::outbox::update::Update;
use crate::platform::model::{Number, digits_of};
use crate::webhooks::post;

/// Wrong PINs after which no more are taken.
const MOST_WRONG_PINS: u32 = 5;
/// Numbers of an account.
const MOST_NUMBERS: usize = 20;
/// Where data of a number can be kept.
const REGIONS: [&str; 13] = [
    "AU", "ID", "IN", "JP", "SG", "KR", "DE", "CH", "GB", "BR", "BH", "ZA", "AE",
];

/// `POST /{WABA_ID}/phone_numbers`.
pub(crate) fn add(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    let part = |key: &str| request.text(key).ok_or_else(|| GraphError::required(key));
    let (cc, phone, name) = (part("cc")?, part("phone_number")?, part("verified_name")?);
    let digits = format!("{}{}", digits_of(&cc), digits_of(&phone));
    if !(5..=15).contains(&digits.len()) {
        return Err(GraphError::managed(
            100,
            None,
            "Invalid phone number",
            "The phone number is not valid. Check the country code and the number.",
        ));
    }
    if !(2..=75).contains(&name.chars().count()) {
        return Err(GraphError::parameter(
            "Param verified_name must be between 2 and 75 characters long.",
        ));
    }
    call.platform.edit(|world| {
        if world.numbers.values().any(|known| known.digits() == digits) {
            return Err(GraphError::managed(
                100,
                Some(subcodes::NUMBER_EXISTS),
                "Phone number already exists",
                "This phone number is already registered with a WhatsApp Business Account.",
            ));
        }
        let own = world
            .numbers
            .values()
            .filter(|known| known.waba_id == waba_id);
        if own.count() >= MOST_NUMBERS {
            return Err(GraphError::managed(
                100,
                None,
                "Phone number limit reached",
                "The account has reached the most phone numbers that it may have.",
            ));
        }
        let display = format!("+{} {}", digits_of(&cc), phone.trim());
        let mut number = Number::new(ids::object_id(), waba_id.to_owned(), display);
        number.verified_name = name;
        number.is_registered = false;
        number.code_verification_status = "NOT_VERIFIED".to_owned();
        number.name_status = "PENDING_REVIEW".to_owned();
        number.quality_rating = "UNKNOWN".to_owned();
        let id = number.id.clone();
        world.numbers.insert(id.clone(), number);
        Ok(json!({"id": id}))
    })
}

/// `POST /{PHONE_NUMBER_ID}/request_code`: the control API tells the code.
pub(crate) fn request_code(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let method = call.request.word("code_method");
    let method = method.ok_or_else(|| GraphError::required("code_method"))?;
    if !["SMS", "VOICE"].contains(&method.as_str()) {
        return Err(GraphError::parameter(format_args!(
            "Param code_method must be one of {{SMS, VOICE}} - got \"{method}\"."
        )));
    }
    if call.request.text("language").is_none() {
        return Err(GraphError::required("language"));
    }
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if number.code_verification_status == "VERIFIED" {
            return Err(GraphError::managed(
                136_024,
                None,
                "Phone number already verified",
                "The phone number is verified already: register it.",
            ));
        }
        let code = call.platform.rng().random_range(100_000..1_000_000_u32);
        number.pending_code = Some(code.to_string());
        Ok(json!({"success": true}))
    })
}

/// `POST /{PHONE_NUMBER_ID}/verify_code`.
pub(crate) fn verify_code(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let code = call.request.text("code");
    let code = digits_of(&code.ok_or_else(|| GraphError::required("code"))?);
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if number.pending_code.as_deref() != Some(code.as_str()) {
            return Err(GraphError::managed(
                136_025,
                None,
                "Invalid code",
                "The code is wrong or has expired. Ask for a new one.",
            ));
        }
        number.pending_code = None;
        number.code_verification_status = "VERIFIED".to_owned();
        Ok(json!({"success": true, "id": id}))
    })
}

/// `POST /{PHONE_NUMBER_ID}/register`.
pub(crate) fn register(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    if request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let pin = pin_of(call)?;
    if let Some(region) = request.word("data_localization_region")
        && !REGIONS.contains(&region.as_str())
    {
        return Err(GraphError::parameter(format_args!(
            "Param data_localization_region must be one of {{{}}} - got \"{region}\".",
            REGIONS.join(", ")
        )));
    }
    let now_ms = call.platform.clock.now_ms();
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if number.code_verification_status != "VERIFIED" {
            return Err(GraphError::cloud(133006));
        }
        count_registration(number, now_ms)?;
        if number.pin.as_ref().is_some_and(|set| *set != pin) {
            number.wrong_pins += 1;
            let code = if number.wrong_pins > MOST_WRONG_PINS {
                133008
            } else {
                133005
            };
            return Err(GraphError::cloud(code));
        }
        number.wrong_pins = 0;
        number.pin = Some(pin);
        // Registering again does away with the key that customers' phones encrypt with.
        if !number.is_registered {
            number.encryption = None;
        }
        number.is_registered = true;
        number.last_onboarded_ms = Some(now_ms);
        Ok(json!({"success": true}))
    })
}

/// `POST /{PHONE_NUMBER_ID}/deregister`. The PIN stays.
pub(crate) fn deregister(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        count_registration(number, now_ms)?;
        number.is_registered = false;
        Ok(json!({"success": true}))
    })
}

/// `POST /{PHONE_NUMBER_ID}` with `pin`.
pub(crate) fn set_pin(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let pin = pin_of(call)?;
    let now_ms = call.platform.clock.now_ms();
    let update = call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        number.pin = Some(pin);
        let value = json!({
            "display_phone_number": number.digits(),
            "event": "PIN_CHANGED",
            "requester": "0",
        });
        Ok(Update::change(&number.waba_id, "security", value, now_ms))
    })?;
    post(call.platform, update);
    Ok(json!({"success": true}))
}

fn pin_of(call: &Call<'_>) -> Result<String, GraphError> {
    let pin = call.request.text("pin");
    let pin = pin.ok_or_else(|| GraphError::required("pin"))?;
    if pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(pin)
    } else {
        Err(GraphError::parameter(
            "Param pin must be a string of 6 digits",
        ))
    }
}

/// Ten registrations and deregistrations in 72 hours.
fn count_registration(number: &mut Number, now_ms: i64) -> Result<(), GraphError> {
    let since_ms = now_ms - 72 * 60 * 60 * SECOND_MS;
    number.registrations_ms.retain(|at_ms| *at_ms > since_ms);
    if number.registrations_ms.len() >= 10 {
        return Err(GraphError::cloud(133016));
    }
    number.registrations_ms.push(now_ms);
    Ok(())
}
