//! Who calls: access tokens, app tokens, `appsecret_proof`, and what they reach.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::error::GraphError;
use crate::graph::request::GraphRequest;
use crate::platform::Platform;
use crate::platform::model::Token;
use crate::platform::world::World;
use crate::webhooks::signature::hex_hmac;

/// The scope of messages and media.
pub(crate) const MESSAGING: &str = "whatsapp_business_messaging";
/// The scope of everything else.
pub(crate) const MANAGEMENT: &str = "whatsapp_business_management";

/// Whom a token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) app_id: String,
    /// All accounts when absent.
    waba_ids: Option<BTreeSet<String>>,
    scopes: BTreeSet<String>,
    /// Whether it is the app itself, by `APP_ID|APP_SECRET`.
    pub(crate) is_app: bool,
}

impl Caller {
    pub(crate) fn reaches(&self, waba_id: &str) -> bool {
        self.waba_ids
            .as_ref()
            .is_none_or(|ids| ids.contains(waba_id))
    }

    /// Fails when the token lacks a scope.
    pub(crate) fn require(&self, scope: &str) -> Result<(), GraphError> {
        if self.scopes.contains(scope) {
            Ok(())
        } else {
            Err(GraphError::generic(
                StatusCode::FORBIDDEN,
                10,
                "(#10) Application does not have permission for this action".to_owned(),
            ))
        }
    }
}

/// Finds out who calls.
pub(crate) fn authenticate(
    platform: &Platform,
    request: &GraphRequest,
) -> Result<Caller, GraphError> {
    let Some(token) = request.token.as_deref().filter(|token| !token.is_empty()) else {
        return Err(GraphError::token(
            None,
            "An access token is required to request this resource.",
        ));
    };
    let world = platform.world();
    let caller = caller_of(&world, token, platform.clock.now_ms())?;
    check_proof(&world, request, token, &caller)?;
    Ok(caller)
}

fn caller_of(world: &World, token: &str, now_ms: i64) -> Result<Caller, GraphError> {
    if let Some(app_id) = app_of_token(world, token) {
        return Ok(Caller {
            app_id,
            waba_ids: None,
            scopes: [MESSAGING, MANAGEMENT].map(str::to_owned).into(),
            is_app: true,
        });
    }
    let known = world.tokens.get(token).ok_or_else(|| {
        GraphError::token(
            None,
            "Invalid OAuth access token - Cannot parse access token",
        )
    })?;
    check_validity(known, now_ms)?;
    Ok(Caller {
        app_id: known.app_id.clone(),
        waba_ids: known.waba_ids.clone(),
        scopes: known.scopes.clone(),
        is_app: false,
    })
}

/// The app whose own token this is.
fn app_of_token(world: &World, token: &str) -> Option<String> {
    let (app_id, secret) = token.split_once('|')?;
    let app = world.apps.get(app_id)?;
    (app.secret == secret).then(|| app.id.clone())
}

fn check_validity(token: &Token, now_ms: i64) -> Result<(), GraphError> {
    if token.is_revoked {
        return Err(GraphError::token(
            Some(460),
            "Error validating access token: The session has been invalidated because the user \
             changed their password or Facebook has changed the session for security reasons.",
        ));
    }
    match token.expires_at_ms {
        Some(expires_at_ms) if now_ms >= expires_at_ms => Err(expired()),
        _ => Ok(()),
    }
}

/// Code 190, subcode 463.
pub(crate) fn expired() -> GraphError {
    GraphError::token(
        Some(463),
        "Error validating access token: Session has expired.",
    )
}

fn check_proof(
    world: &World,
    request: &GraphRequest,
    token: &str,
    caller: &Caller,
) -> Result<(), GraphError> {
    let app = world.apps.get(&caller.app_id);
    let Some(proof) = request.text("appsecret_proof") else {
        // The app's own token shows its secret already.
        if caller.is_app || !app.is_some_and(|app| app.requires_proof) {
            return Ok(());
        }
        return Err(GraphError::generic(
            StatusCode::BAD_REQUEST,
            100,
            "API calls from the server require an appsecret_proof argument".to_owned(),
        )
        .of_kind("GraphMethodException"));
    };
    let secret = app.map_or("", |app| &app.secret);
    if proof == hex_hmac(secret, token.as_bytes()) {
        Ok(())
    } else {
        Err(GraphError::generic(
            StatusCode::BAD_REQUEST,
            100,
            "Invalid appsecret_proof provided in the API argument".to_owned(),
        )
        .of_kind("GraphMethodException"))
    }
}

/// `GET /oauth/access_token` with the app's credentials.
pub(crate) fn app_token(platform: &Platform, request: &GraphRequest) -> Result<Value, GraphError> {
    if request.text("grant_type").as_deref() != Some("client_credentials") {
        return Err(GraphError::not_known_here(
            "`GET /oauth/access_token` with a `grant_type` other than client_credentials",
        ));
    }
    let oauth =
        |message: &str| GraphError::generic(StatusCode::BAD_REQUEST, 101, message.to_owned());
    let Some(app_id) = request.text("client_id") else {
        return Err(oauth("Missing client_id parameter."));
    };
    let world = platform.world();
    let app = world.apps.get(&app_id);
    let app = app.ok_or_else(|| {
        oauth("Error validating application. Cannot get application info due to a system error.")
    })?;
    if request.text("client_secret").as_deref() != Some(&app.secret) {
        return Err(GraphError::generic(
            StatusCode::BAD_REQUEST,
            1,
            "Error validating client secret.".to_owned(),
        ));
    }
    let token = format!("{}|{}", app.id, app.secret);
    Ok(json!({"access_token": token, "token_type": "bearer"}))
}

/// `GET /debug_token`.
pub(crate) fn debug(platform: &Platform, request: &GraphRequest) -> Result<Value, GraphError> {
    let caller = authenticate(platform, request)?;
    let Some(input) = request.text("input_token") else {
        return Err(GraphError::parameter(
            "The parameter input_token is required.",
        ));
    };
    let now_ms = platform.clock.now_ms();
    let world = platform.world();
    let known = world
        .tokens
        .get(&input)
        .filter(|t| t.app_id == caller.app_id);
    if let Some(app_id) = app_of_token(&world, &input) {
        let name = world.apps.get(&app_id).map_or("", |app| &app.name);
        return Ok(json!({"data": {
            "app_id": app_id,
            "type": "APP",
            "application": name,
            "is_valid": true,
            "scopes": [],
        }}));
    }
    let Some(token) = known else {
        return Ok(json!({"data": {
            "is_valid": false,
            "error": {"code": 190, "message": "Invalid OAuth access token."},
            "scopes": [],
        }}));
    };
    // Of a token that was good once, Meta tells whose it was and why it is not any more.
    let refused = check_validity(token, now_ms).err();
    let all_wabas = || world.wabas.keys().cloned().collect();
    let targets = token.waba_ids.clone().unwrap_or_else(all_wabas);
    let granular: Vec<Value> = token
        .scopes
        .iter()
        .map(|scope| json!({"scope": scope, "target_ids": targets}))
        .collect();
    let app_name = world.apps.get(&token.app_id).map_or("", |app| &app.name);
    let mut data = json!({
        "app_id": token.app_id,
        "type": "SYSTEM_USER",
        "application": app_name,
        "is_valid": refused.is_none(),
        "issued_at": token.issued_at_ms.div_euclid(SECOND_MS),
        "expires_at": token.expires_at_ms.map_or(0, |at_ms| at_ms.div_euclid(SECOND_MS)),
        "data_access_expires_at": 0,
        "scopes": token.scopes,
        "granular_scopes": granular,
        "user_id": user_id(&token.app_id),
    });
    if let Some(error) = refused {
        let error = error.to_json();
        data["error"] = json!({
            "code": error["error"]["code"],
            "message": error["error"]["message"],
            "subcode": error["error"]["error_subcode"],
        });
    }
    Ok(json!({"data": data}))
}

/// The system user that an app's tokens are of.
fn user_id(app_id: &str) -> String {
    let digits: String = app_id.chars().rev().collect();
    format!("122{digits}").chars().take(15).collect()
}
