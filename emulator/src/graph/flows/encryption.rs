//! The public key of a number, by which customers' phones encrypt for Flow endpoints.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::flow_endpoint::crypto::PublicKey;
use crate::graph::Call;
use crate::platform::model::Encryption;

/// `POST /{PHONE_NUMBER_ID}/whatsapp_business_encryption`.
pub(crate) fn set(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let key = call.request.text("business_public_key");
    let key = key.ok_or_else(|| GraphError::required("business_public_key"))?;
    if PublicKey::read(&key).is_none() {
        return Err(GraphError::parameter(
            "Param business_public_key must be a valid 2048-bit RSA public key in PEM format.",
        ));
    }
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        number.encryption = Some(Encryption {
            business_public_key: key,
            signature_status: "VALID".to_owned(),
        });
        Ok(json!({"success": true}))
    })
}

/// `GET /{PHONE_NUMBER_ID}/whatsapp_business_encryption`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
    let data = number.encryption.as_ref().map(|key| {
        json!({
            "business_public_key": key.business_public_key,
            "business_public_key_signature_status": key.signature_status,
        })
    });
    Ok(json!({"data": data.into_iter().collect::<Vec<_>>()}))
}
