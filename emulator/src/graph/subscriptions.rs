//! Who gets webhooks, and where: apps' callbacks, accounts' subscriptions, overrides.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::platform::model::{Callback, Subscription};
use crate::webhooks::handshake::{self, HandshakeError};

/// `POST /{WABA_ID}/subscribed_apps`: with an override or, without one, clearing it.
pub(crate) async fn subscribe(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let url = call.request.text("override_callback_uri");
    let token = call.request.text("verify_token");
    let override_callback = match url {
        Some(url) if !url.is_empty() => Some(verified(call, url, token).await?),
        _ => None,
    };
    call.platform.edit(|world| {
        if let Some(waba) = world.wabas.get_mut(waba_id) {
            let subscription = Subscription { override_callback };
            waba.subscriptions
                .insert(call.caller.app_id.clone(), subscription);
        }
    });
    Ok(json!({"success": true}))
}

/// `GET /{WABA_ID}/subscribed_apps`.
pub(crate) fn list(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let subscriptions = world.wabas.get(waba_id).map(|waba| &waba.subscriptions);
    let data: Vec<Value> = subscriptions
        .into_iter()
        .flatten()
        .map(|(app_id, subscription)| {
            let name = world.apps.get(app_id).map_or("", |app| &app.name);
            let mut item = json!({"whatsapp_business_api_data": {
                "id": app_id,
                "name": name,
                "link": format!("https://www.facebook.com/games/?app_id={app_id}"),
            }});
            if let Some(callback) = &subscription.override_callback {
                item["override_callback_uri"] = callback.url.as_str().into();
            }
            item
        })
        .collect();
    Ok(json!({"data": data}))
}

/// `DELETE /{WABA_ID}/subscribed_apps`.
pub(crate) fn unsubscribe(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    call.platform.edit(|world| {
        if let Some(waba) = world.wabas.get_mut(waba_id) {
            waba.subscriptions.remove(&call.caller.app_id);
        }
    });
    Ok(json!({"success": true}))
}

/// `POST /{PHONE_NUMBER_ID}` with `webhook_configuration`.
pub(crate) async fn override_number(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let Some(configuration) = call.request.structured("webhook_configuration") else {
        return Err(GraphError::parameter(
            "The parameter webhook_configuration is required.",
        ));
    };
    let text = |key: &str| configuration[key].as_str().map(str::to_owned);
    let callback = match text("override_callback_uri") {
        Some(url) if !url.is_empty() => Some(verified(call, url, text("verify_token")).await?),
        Some(_) => None,
        None => {
            return Err(GraphError::parameter(
                "The parameter webhook_configuration['override_callback_uri'] is required.",
            ));
        }
    };
    let app_id = call.caller.app_id.clone();
    call.platform.edit(|world| {
        if let Some(number) = world.numbers.get_mut(id) {
            match callback {
                Some(callback) => number.override_callbacks.insert(app_id, callback),
                None => number.override_callbacks.remove(&app_id),
            };
        }
    });
    Ok(json!({"success": true}))
}

/// `POST /{APP_ID}/subscriptions`, which takes the app's own token.
pub(crate) async fn set_app_callback(call: &Call<'_>, app_id: &str) -> Result<Value, GraphError> {
    require_app(call)?;
    require_object(call)?;
    let Some(url) = call.request.text("callback_url") else {
        return Err(GraphError::parameter(
            "The parameter callback_url is required.",
        ));
    };
    let callback = verified(call, url, call.request.text("verify_token")).await?;
    let fields: Option<Vec<String>> = match call.request.params.get("fields") {
        Some(Value::String(list)) => Some(
            list.split(',')
                .map(|field| field.trim().to_owned())
                .collect(),
        ),
        Some(Value::Array(list)) => Some(
            list.iter()
                .filter_map(|f| f.as_str().map(str::to_owned))
                .collect(),
        ),
        _ => None,
    };
    call.platform.edit(|world| {
        if let Some(app) = world.apps.get_mut(app_id) {
            app.callback = Some(callback);
            if let Some(fields) = fields {
                app.fields = fields.into_iter().collect();
            }
        }
    });
    Ok(json!({"success": true}))
}

/// `GET /{APP_ID}/subscriptions`.
pub(crate) fn app_callback(call: &Call<'_>, app_id: &str) -> Result<Value, GraphError> {
    require_app(call)?;
    let world = call.platform.world();
    let app = world.apps.get(app_id);
    let data: Vec<Value> = app
        .and_then(|app| Some((app, app.callback.as_ref()?)))
        .map(|(app, callback)| {
            let fields: Vec<Value> = app
                .fields
                .iter()
                .map(|name| json!({"name": name, "version": "v26.0"}))
                .collect();
            json!({
                "object": "whatsapp_business_account",
                "callback_url": callback.url,
                "active": true,
                "fields": fields,
            })
        })
        .into_iter()
        .collect();
    Ok(json!({"data": data}))
}

/// `DELETE /{APP_ID}/subscriptions`.
pub(crate) fn remove_app_callback(call: &Call<'_>, app_id: &str) -> Result<Value, GraphError> {
    require_app(call)?;
    call.platform.edit(|world| {
        if let Some(app) = world.apps.get_mut(app_id) {
            app.callback = None;
        }
    });
    Ok(json!({"success": true}))
}

fn require_app(call: &Call<'_>) -> Result<(), GraphError> {
    if call.caller.is_app {
        return Ok(());
    }
    Err(GraphError::generic(
        StatusCode::BAD_REQUEST,
        15,
        "(#15) This method must be called with an app access_token.".to_owned(),
    ))
}

fn require_object(call: &Call<'_>) -> Result<(), GraphError> {
    match call.request.text("object").as_deref() {
        Some("whatsapp_business_account") => Ok(()),
        Some(_) => Err(GraphError::parameter(
            "Param object must be one of {whatsapp_business_account}",
        )),
        None => Err(GraphError::parameter("The parameter object is required.")),
    }
}

/// A callback that passed the handshake.
async fn verified(
    call: &Call<'_>,
    url: String,
    verify_token: Option<String>,
) -> Result<Callback, GraphError> {
    let callback = Callback { url, verify_token };
    match handshake::verify(call.platform, &callback).await {
        Ok(()) => Ok(callback),
        Err(error) => Err(refused(&error)),
    }
}

fn refused(error: &HandshakeError) -> GraphError {
    let reason = match error {
        HandshakeError::BadUrl(_) => "Callback URL is not a valid URL".to_owned(),
        HandshakeError::BadStatus { status } => format!(
            "HTTP Status Code = {}; HTTP Message = {}",
            status.as_u16(),
            status.canonical_reason().unwrap_or_default(),
        ),
        HandshakeError::BadAnswer => "Challenge does not match".to_owned(),
        HandshakeError::Unreachable(_) => "Could not reach the callback URL".to_owned(),
    };
    GraphError::generic(
        StatusCode::BAD_REQUEST,
        2200,
        format!(
            "(#2200) Callback verification failed with the following errors: {reason}; \
             curl_errno = 0; curl_error = None"
        ),
    )
}
