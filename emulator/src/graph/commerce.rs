//! Whether customers see a number's catalog, and a cart.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;

/// `GET /{PHONE_NUMBER_ID}/whatsapp_commerce_settings`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
    Ok(json!({"data": [{
        "id": number.id,
        "is_cart_enabled": number.catalog.is_cart_enabled,
        "is_catalog_visible": number.catalog.is_catalog_visible,
    }]}))
}

/// `POST /{PHONE_NUMBER_ID}/whatsapp_commerce_settings`.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let cart = call.request.truth("is_cart_enabled");
    let visible = call.request.truth("is_catalog_visible");
    if cart.is_none() && visible.is_none() {
        return Err(GraphError::required("is_cart_enabled"));
    }
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let catalog = &mut number.catalog;
        catalog.is_cart_enabled = cart.unwrap_or(catalog.is_cart_enabled);
        catalog.is_catalog_visible = visible.unwrap_or(catalog.is_catalog_visible);
        Ok(json!({"success": true}))
    })
}
