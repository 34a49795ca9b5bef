//! Routes that create and list apps, accounts, numbers, tokens and templates.
//!
//! Creating something whose id exists replaces it, so that a script can be run again.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::clock::SECOND_MS;
use crate::config::NEWEST_VERSION;
use crate::control::Body;
use crate::control::error::ControlError;
use crate::graph::auth::{MANAGEMENT, MESSAGING};
use crate::ids;
use crate::platform::Platform;
use crate::platform::model::{
    App, Callback, Number, Subscription, Template, Token, Waba, digits_of,
};
use crate::webhooks::handshake;
use crate::wire::{NewApp, NewNumber, NewTemplate, NewToken, NewWaba, Page};

pub(crate) type Answer<T> = Result<Json<T>, ControlError>;

pub(crate) async fn put_app(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewApp>,
) -> Answer<App> {
    let callback = match new.callback_url {
        Some(url) => {
            handshake::check_url(&url)?;
            let verify_token = new.verify_token;
            let callback = Callback { url, verify_token };
            if callback.verify_token.is_some() {
                handshake::verify(&platform, &callback).await?;
            }
            Some(callback)
        }
        None => None,
    };
    let app = App {
        id: new.id.unwrap_or_else(ids::object_id),
        secret: new.secret.unwrap_or_else(ids::app_secret),
        name: new.name.unwrap_or_else(|| "App".to_owned()),
        callback,
        fields: new.fields.unwrap_or_else(|| ["messages".to_owned()].into()),
        requires_proof: new.requires_proof,
        webhook_version: new.webhook_version.unwrap_or(NEWEST_VERSION),
    };
    platform.edit(|world| world.apps.insert(app.id.clone(), app.clone()));
    Ok(Json(app))
}

pub(crate) async fn list_apps(State(platform): State<Arc<Platform>>) -> Json<Page<App>> {
    page(&platform.world().apps)
}

pub(crate) async fn put_waba(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewWaba>,
) -> Answer<Waba> {
    platform
        .edit(|world| {
            for app_id in &new.app_ids {
                require(&world.apps, "app", app_id)?;
            }
            let id = new.id.unwrap_or_else(ids::object_id);
            let known = world.wabas.remove(&id);
            let is_new = known.is_none();
            let mut waba =
                known.unwrap_or_else(|| Waba::new(id, "Business".to_owned(), ids::object_id()));
            // What is not named is made up for a new account, and for a known one again.
            if is_new || new.name.is_some() {
                waba.name = new.name.unwrap_or_else(|| "Business".to_owned());
            }
            waba.business_id = new.business_id.unwrap_or(waba.business_id);
            waba.template_limit = new.template_limit.unwrap_or(waba.template_limit);
            waba.subscriptions = new
                .app_ids
                .into_iter()
                .map(|app_id| (app_id, Subscription::default()))
                .collect();
            world.wabas.insert(waba.id.clone(), waba.clone());
            Ok(waba)
        })
        .map(Json)
}

pub(crate) async fn list_wabas(State(platform): State<Arc<Platform>>) -> Json<Page<Waba>> {
    page(&platform.world().wabas)
}

pub(crate) async fn put_number(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewNumber>,
) -> Answer<Number> {
    if digits_of(&new.display_phone_number).len() < 5 {
        return Err(ControlError::Invalid(format!(
            "`{}` is not a phone number",
            new.display_phone_number
        )));
    }
    let now_ms = platform.clock.now_ms();
    platform
        .edit(|world| {
            require(&world.wabas, "account", &new.waba_id)?;
            let id = new.id.unwrap_or_else(ids::object_id);
            // Profile, settings and the like outlive a start of the script.
            let known = world.numbers.remove(&id);
            let fresh = || Number::new(id, new.waba_id.clone(), String::new());
            let mut number = known.unwrap_or_else(fresh);
            number.waba_id = new.waba_id;
            number.display_phone_number = new.display_phone_number;
            number.verified_name = new.verified_name.unwrap_or_else(|| "Business".to_owned());
            number.is_registered = new.is_registered.unwrap_or(true);
            number.pin = new.pin;
            number.registrations_ms = Vec::new();
            number.override_callbacks = BTreeMap::new();
            number.allowed_recipients = new
                .allowed_recipients
                .map(|phones| phones.iter().map(|phone| digits_of(phone)).collect());
            if number.is_registered {
                number.last_onboarded_ms.get_or_insert(now_ms);
            }
            let verified = || "VERIFIED".to_owned();
            number.code_verification_status = new.code_verification_status.unwrap_or_else(verified);
            world.numbers.insert(number.id.clone(), number.clone());
            Ok(number)
        })
        .map(Json)
}

pub(crate) async fn list_numbers(State(platform): State<Arc<Platform>>) -> Json<Page<Number>> {
    page(&platform.world().numbers)
}

pub(crate) async fn put_token(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewToken>,
) -> Answer<Token> {
    let now_ms = platform.clock.now_ms();
    platform
        .edit(|world| {
            require(&world.apps, "app", &new.app_id)?;
            for waba_id in new.waba_ids.iter().flatten() {
                require(&world.wabas, "account", waba_id)?;
            }
            let all_scopes = || [MESSAGING, MANAGEMENT].map(str::to_owned).into();
            let token = Token {
                token: new.token.unwrap_or_else(ids::access_token),
                app_id: new.app_id,
                waba_ids: new.waba_ids,
                scopes: new.scopes.unwrap_or_else(all_scopes),
                issued_at_ms: now_ms,
                expires_at_ms: new
                    .expires_in_s
                    .map(|s| now_ms.saturating_add(s.saturating_mul(SECOND_MS))),
                is_revoked: new.is_revoked,
            };
            world.tokens.insert(token.token.clone(), token.clone());
            Ok(token)
        })
        .map(Json)
}

pub(crate) async fn list_tokens(State(platform): State<Arc<Platform>>) -> Json<Page<Token>> {
    page(&platform.world().tokens)
}

pub(crate) async fn put_template(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewTemplate>,
) -> Answer<Template> {
    let word = |text: Option<String>, default: &str| {
        text.map_or_else(|| default.to_owned(), |text| text.to_uppercase())
    };
    let now_ms = platform.clock.now_ms();
    platform
        .edit(|world| {
            require(&world.wabas, "account", &new.waba_id)?;
            let known = world.template(&new.waba_id, &new.name, &new.language);
            let id = known.map_or_else(ids::object_id, |known| known.id.clone());
            let template = Template {
                id,
                waba_id: new.waba_id,
                name: new.name,
                language: new.language,
                category: new.category.to_uppercase(),
                status: word(new.status, "APPROVED"),
                parameter_format: word(new.parameter_format, "POSITIONAL"),
                components: new.components,
                previous_category: None,
                correct_category: None,
                rejected_reason: None,
                quality: Default::default(),
                message_send_ttl_seconds: None,
                cta_url_link_tracking_opted_out: None,
                library_template_name: None,
                created_at_ms: now_ms,
                edits_ms: Vec::new(),
                pauses: 0,
                review: 0,
            };
            world
                .templates
                .insert(template.id.clone(), template.clone());
            Ok(template)
        })
        .map(Json)
}

/// All of a kind, as one page.
pub(crate) fn page<T: Clone>(all: &BTreeMap<String, T>) -> Json<Page<T>> {
    Json(Page {
        items: all.values().cloned().collect(),
        next: 0,
    })
}

fn require<T>(all: &BTreeMap<String, T>, kind: &'static str, id: &str) -> Result<(), ControlError> {
    if all.contains_key(id) {
        return Ok(());
    }
    let id = id.to_owned();
    Err(ControlError::NotFound { kind, id })
}
