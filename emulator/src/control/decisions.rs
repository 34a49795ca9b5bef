//! Routes by which Meta decides: about templates, names, numbers, Flows, and any webhook.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::control::Body;
use crate::control::assets::{Answer, page};
use crate::control::error::ControlError;
use crate::flow_endpoint::{self, watch::status_change};
use crate::naming::{self, Decision};
use crate::outbox::update::Update;
use crate::platform::Platform;
use crate::platform::model::{Flow, FlowStatus, Number, Template};
use crate::platform::world::World;
use crate::templates::declared::CATEGORIES;
use crate::templates::{self, EVENTS, REASONS};
use crate::webhooks::{post, post_all};
use crate::wire::{
    Count, FlowChange, NameDecision, NewWebhook, NumberChange, Page, Pinged, TemplateCategory,
    TemplateDecision, TemplateGrade,
};

const SCORES: [&str; 4] = ["GREEN", "YELLOW", "RED", "UNKNOWN"];

fn missing(kind: &'static str, id: &str) -> ControlError {
    let id = id.to_owned();
    ControlError::NotFound { kind, id }
}

fn check(what: &str, word: &str, known: &[&str]) -> Result<(), ControlError> {
    if known.contains(&word) {
        return Ok(());
    }
    Err(ControlError::Invalid(format!(
        "`{word}` is no {what}: it is one of {}",
        known.join(", ")
    )))
}

pub(crate) async fn templates(State(platform): State<Arc<Platform>>) -> Json<Page<Template>> {
    page(&platform.world().templates)
}

/// Decides about a template.
pub(crate) async fn decide_template(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(decision): Body<TemplateDecision>,
) -> Answer<Template> {
    check("event", &decision.event, &EVENTS)?;
    if let Some(reason) = &decision.reason {
        check("reason", reason, &REASONS)?;
    }
    let (before, update) = platform.edit(|world| {
        let before = world.templates.get(&id).cloned();
        (before, templates::decide(&platform, world, &id, &decision))
    });
    let update = update.ok_or_else(|| missing("template", &id))?;
    post(&platform, update);
    template(&platform, &id, before)
}

/// A template as it is now or, when it was deleted, as it was.
fn template(platform: &Platform, id: &str, before: Option<Template>) -> Answer<Template> {
    let now = platform.world().templates.get(id).cloned();
    now.or(before)
        .map(Json)
        .ok_or_else(|| missing("template", id))
}

pub(crate) async fn grade_template(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(grade): Body<TemplateGrade>,
) -> Answer<Template> {
    check("score", &grade.score, &SCORES)?;
    let now_ms = platform.clock.now_ms();
    let update = platform.edit(|world| templates::grade(world, &id, &grade.score, now_ms));
    post_all(&platform, update.into_iter().collect());
    template(&platform, &id, None)
}

pub(crate) async fn recategorize_template(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(change): Body<TemplateCategory>,
) -> Answer<Template> {
    check("category", &change.category, &CATEGORIES)?;
    let now_ms = platform.clock.now_ms();
    let updates = platform.edit(|world| match change.is_announced {
        true => templates::announce_category(&platform, world, &id, &change.category)
            .into_iter()
            .collect(),
        false => templates::recategorize(&platform, world, &id, &change.category, now_ms),
    });
    post_all(&platform, updates);
    template(&platform, &id, None)
}

/// Decides about the display name that a number waits for.
pub(crate) async fn decide_name(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(decision): Body<NameDecision>,
) -> Answer<Number> {
    check(
        "decision",
        &decision.decision,
        &["APPROVED", "REJECTED", "DEFERRED"],
    )?;
    let now_ms = platform.clock.now_ms();
    let decision = Decision {
        word: decision.decision,
        reason: decision.reason,
    };
    let update = platform.edit(|world| {
        if !world.numbers.contains_key(&id) {
            return Err(missing("number", &id));
        }
        naming::decide(world, &id, &decision, now_ms).ok_or_else(|| {
            ControlError::Invalid("the number waits for no decision about a name".to_owned())
        })
    })?;
    post(&platform, update);
    number(&platform, &id)
}

fn number(platform: &Platform, id: &str) -> Answer<Number> {
    let number = platform.world().numbers.get(id).cloned();
    number.map(Json).ok_or_else(|| missing("number", id))
}

pub(crate) async fn show_number(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Answer<Number> {
    number(&platform, &id)
}

/// Changes what Meta thinks of a number, and tells its apps as Meta does.
pub(crate) async fn change_number(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(change): Body<NumberChange>,
) -> Answer<Number> {
    if let Some(score) = &change.quality_rating {
        check("quality", score, &SCORES)?;
    }
    let now_ms = platform.clock.now_ms();
    let updates = platform.edit(|world| {
        let number = world
            .numbers
            .get_mut(&id)
            .ok_or_else(|| missing("number", &id))?;
        let mut updates = Vec::new();
        let digits = number.digits();
        let waba_id = number.waba_id.clone();
        let mut tell = |field, value| {
            updates.push(Update::change(&waba_id, field, value, now_ms));
        };
        if let Some(score) = change.quality_rating {
            let before = std::mem::replace(&mut number.quality_rating, score.clone());
            // Webhooks tell only the two ends of it.
            let event = match (before == "RED", score == "RED") {
                (false, true) => Some("FLAGGED"),
                (true, false) => Some("UNFLAGGED"),
                _ => None,
            };
            if let Some(event) = event {
                let limit = &number.messaging_limit;
                tell(
                    "phone_number_quality_update",
                    quality(&digits, event, limit, None),
                );
            }
        }
        if let Some(limit) = change.messaging_limit {
            let old = std::mem::replace(&mut number.messaging_limit, limit.clone());
            if old != limit {
                let event = if rank(&limit) > rank(&old) {
                    "UPGRADE"
                } else {
                    "DOWNGRADE"
                };
                tell(
                    "phone_number_quality_update",
                    quality(&digits, event, &limit, Some(&old)),
                );
                let capability = json!({"max_daily_conversations_per_business": limit});
                tell("business_capability_update", capability);
            }
        }
        if let Some(throughput) = change.throughput {
            let old = std::mem::replace(&mut number.throughput, throughput.clone());
            if old != throughput && throughput == "HIGH" {
                let limit = &number.messaging_limit;
                let value = quality(&digits, "THROUGHPUT_UPGRADE", limit, None);
                tell("phone_number_quality_update", value);
            }
        }
        if let Some(status) = change.status {
            number.status = Some(status.clone()).filter(|s| !s.is_empty() && s != "CONNECTED");
            let value = match status.as_str() {
                "RESTRICTED" => Some(json!({
                    "event": "ACCOUNT_RESTRICTION",
                    "phone_number": digits,
                    "restriction_info": [{
                        "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
                        "expiration": now_ms / 1000 + 3 * 24 * 3600,
                    }],
                })),
                "BANNED" => Some(json!({
                    "event": "DISABLED_UPDATE",
                    "phone_number": digits,
                    "ban_info": {
                        "waba_ban_state": "DISABLE",
                        "waba_ban_date": crate::clock::datetime(now_ms),
                    },
                })),
                _ => None,
            };
            if let Some(value) = value {
                tell("account_update", value);
            }
        }
        let official = change.is_official_business_account;
        number.is_official_business_account =
            official.unwrap_or(number.is_official_business_account);
        if let Some(status) = change.name_status {
            number.name_status = status;
        }
        Ok::<_, ControlError>(updates)
    })?;
    post_all(&platform, updates);
    number(&platform, &id)
}

fn quality(digits: &str, event: &str, limit: &str, old: Option<&str>) -> Value {
    let mut value = json!({
        "display_phone_number": digits,
        "event": event,
        "current_limit": limit,
    });
    if let Some(old) = old {
        value["old_limit"] = old.into();
    }
    value["max_daily_conversations_per_business"] = limit.into();
    value
}

fn rank(limit: &str) -> usize {
    let tiers = [
        "TIER_50",
        "TIER_250",
        "TIER_1K",
        "TIER_2K",
        "TIER_10K",
        "TIER_100K",
    ];
    tiers
        .iter()
        .position(|tier| *tier == limit)
        .unwrap_or(tiers.len())
}

pub(crate) async fn flows(State(platform): State<Arc<Platform>>) -> Json<Page<Flow>> {
    page(&platform.world().flows)
}

/// Throttles, blocks or restores a Flow.
pub(crate) async fn change_flow(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
    Body(change): Body<FlowChange>,
) -> Answer<Flow> {
    let status: FlowStatus =
        serde_json::from_value(json!(change.status.to_uppercase())).map_err(|_| {
            ControlError::Invalid(format!("`{}` is no status of a Flow", change.status))
        })?;
    let now_ms = platform.clock.now_ms();
    let (flow, update) = platform.edit(|world: &mut World| {
        let flow = world
            .flows
            .get_mut(&id)
            .ok_or_else(|| missing("Flow", &id))?;
        let old = std::mem::replace(&mut flow.status, status);
        if status == FlowStatus::Published && flow.published_json.is_none() {
            flow.published_json.clone_from(&flow.json);
        }
        let update = status_change(flow, Some(old.as_str()), now_ms);
        Ok::<_, ControlError>((flow.clone(), update))
    })?;
    post(&platform, update);
    Ok(Json(flow))
}

/// Asks a Flow's endpoint whether it is there, as Meta does now and then.
pub(crate) async fn ping_flow(
    State(platform): State<Arc<Platform>>,
    Path(id): Path<String>,
) -> Answer<Pinged> {
    let number_id = {
        let world = platform.world();
        let flow = world.flows.get(&id).ok_or_else(|| missing("Flow", &id))?;
        let mut numbers = world.numbers.values();
        let number = numbers.find(|n| n.waba_id == flow.waba_id && n.encryption.is_some());
        number.map_or_else(String::new, |number| number.id.clone())
    };
    let error = flow_endpoint::ping(&platform, &id, &number_id).await.err();
    Ok(Json(Pinged {
        is_active: error.is_none(),
        error_type: error.as_ref().map(|error| error.kind.to_owned()),
        error: error.map(|error| error.message),
    }))
}

/// Tells the apps of an account anything at all.
pub(crate) async fn tell(
    State(platform): State<Arc<Platform>>,
    Body(webhook): Body<NewWebhook>,
) -> Answer<Count> {
    if !platform.world().wabas.contains_key(&webhook.waba_id) {
        return Err(missing("account", &webhook.waba_id));
    }
    let now_ms = platform.clock.now_ms();
    let update = Update::any_change(&webhook.waba_id, webhook.field, webhook.value, now_ms);
    let count = platform.world().listeners(&update).len();
    post(&platform, update);
    Ok(Json(Count { count }))
}
