//! What becomes of a template: reviews, pauses, quality, categories, and what webhooks tell of it.
//!
//! Not here: what may be created ([`declared`]) and what may be sent (`graph::send::template`).

pub(crate) mod declared;

use serde_json::{Value, json};

use crate::clock::{DAY_MS, SECOND_MS};
use crate::outbox::update::Update;
use crate::platform::Platform;
use crate::platform::agenda::{self, What};
use crate::platform::model::{Quality, Template};
use crate::platform::world::World;
use crate::wire::TemplateDecision;

const HOUR_MS: i64 = 3600 * SECOND_MS;

/// What a template can be told to have become, in Meta's words.
pub(crate) const EVENTS: [&str; 14] = [
    "APPROVED",
    "REJECTED",
    "PENDING",
    "PAUSED",
    "DISABLED",
    "FLAGGED",
    "REINSTATED",
    "IN_APPEAL",
    "LIMIT_EXCEEDED",
    "LOCKED",
    "ARCHIVED",
    "UNARCHIVED",
    "PENDING_DELETION",
    "DELETED",
];

/// Why templates are rejected.
pub(crate) const REASONS: [&str; 8] = [
    "NONE",
    "INVALID_FORMAT",
    "ABUSIVE_CONTENT",
    "INCORRECT_CATEGORY",
    "PROMOTIONAL",
    "SCAM",
    "TAG_CONTENT_MISMATCH",
    "CATEGORY_NOT_AVAILABLE",
];

/// Puts a template into review: it is pending, and decided when the time has come.
pub(crate) fn submit(platform: &Platform, world: &mut World, template_id: &str) {
    let Some(template) = world.templates.get_mut(template_id) else {
        return;
    };
    template.status = "PENDING".to_owned();
    template.review += 1;
    let review = template.review;
    if let Some(delay_ms) = platform.settings().template_review_ms {
        let at_ms = platform.clock.now_ms().saturating_add_unsigned(delay_ms);
        let template_id = template_id.to_owned();
        let what = What::TemplateReview {
            template_id,
            review,
        };
        agenda::schedule(platform, world, at_ms, what);
    }
}

/// The review that comes by itself approves.
pub(crate) fn reviewed_in_time(
    world: &mut World,
    template_id: &str,
    review: u32,
    at_ms: i64,
) -> Vec<Update> {
    let Some(template) = world.templates.get_mut(template_id) else {
        return Vec::new();
    };
    if template.status != "PENDING" || template.review != review {
        return Vec::new();
    }
    approve(template);
    vec![status_update(
        template,
        "APPROVED",
        &TemplateDecision::default(),
        at_ms,
    )]
}

fn approve(template: &mut Template) {
    template.status = "APPROVED".to_owned();
    template.rejected_reason = None;
}

/// A pause that lasted long enough ends.
pub(crate) fn pause_is_over(
    world: &mut World,
    template_id: &str,
    pauses: u32,
    at_ms: i64,
) -> Vec<Update> {
    let template = world.templates.get_mut(template_id);
    let Some(template) = template.filter(|t| t.status == "PAUSED" && t.pauses == pauses) else {
        return Vec::new();
    };
    template.status = "APPROVED".to_owned();
    let decision = TemplateDecision {
        title: Some("UNPAUSE".to_owned()),
        ..TemplateDecision::default()
    };
    vec![status_update(template, "APPROVED", &decision, at_ms)]
}

/// Does to a template what Meta decided; gives what its apps are told.
pub(crate) fn decide(
    platform: &Platform,
    world: &mut World,
    template_id: &str,
    decision: &TemplateDecision,
) -> Option<Update> {
    let now_ms = platform.clock.now_ms();
    let template = world.templates.get_mut(template_id)?;
    let mut decision = decision.clone();
    let mut unpause_ms = None;
    match decision.event.as_str() {
        "APPROVED" | "REINSTATED" | "UNARCHIVED" => approve(template),
        "REJECTED" => {
            let reason = decision
                .reason
                .get_or_insert_with(|| "INVALID_FORMAT".to_owned());
            template.status = "REJECTED".to_owned();
            template.rejected_reason = Some(reason.clone());
        }
        "PAUSED" => {
            template.pauses += 1;
            // Three hours, six hours, and then it is over.
            let (title, hours) = match template.pauses {
                1 => ("FIRST_PAUSE", 3),
                2 => ("SECOND_PAUSE", 6),
                _ => ("DISABLED", 0),
            };
            decision.title.get_or_insert_with(|| title.to_owned());
            if hours == 0 {
                template.status = "DISABLED".to_owned();
                decision.event = "DISABLED".to_owned();
            } else {
                template.status = "PAUSED".to_owned();
                unpause_ms = Some((now_ms + hours * HOUR_MS, template.pauses));
            }
        }
        // It can still be sent.
        "FLAGGED" => {}
        "DELETED" => {
            let update = status_update(template, "DELETED", &decision, now_ms);
            world.templates.remove(template_id);
            return Some(update);
        }
        other => template.status = other.to_owned(),
    }
    let event = decision.event.clone();
    let update = status_update(template, &event, &decision, now_ms);
    if let Some((at_ms, pauses)) = unpause_ms {
        let template_id = template_id.to_owned();
        let what = What::TemplateUnpause {
            template_id,
            pauses,
        };
        agenda::schedule(platform, world, at_ms, what);
    }
    Some(update)
}

/// `message_template_status_update`.
pub(crate) fn status_update(
    template: &Template,
    event: &str,
    decision: &TemplateDecision,
    at_ms: i64,
) -> Update {
    let reason = match (&decision.reason, event) {
        (Some(reason), _) => json!(reason),
        (None, "PENDING_DELETION") => Value::Null,
        (None, _) => json!("NONE"),
    };
    let mut value = json!({
        "event": event,
        "message_template_id": number_of(&template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": reason,
        "message_template_category": template.category,
    });
    if event == "DISABLED" {
        value["disable_info"] = json!({"disable_date": at_ms.div_euclid(SECOND_MS).to_string()});
    }
    if let Some(title) = &decision.title {
        let described = match title.as_str() {
            "UNPAUSE" => "Your message template has been unpaused.",
            "DISABLED" => "Your message template was disabled because of recurring low quality.",
            _ => "Your message template has been paused because of low quality.",
        };
        let description = decision.description.as_deref().unwrap_or(described);
        value["other_info"] = json!({"title": title, "description": description});
    }
    if event == "REJECTED" && reason == "INVALID_FORMAT" {
        let recommendation = decision.recommendation.as_deref();
        value["rejection_info"] = json!({
            "reason": decision.description.as_deref().unwrap_or(
                "The template is not in the format that is expected."
            ),
            "recommendation": recommendation.unwrap_or(
                "Check the variables, their samples and the text, and submit the template again."
            ),
        });
    }
    Update::change(
        &template.waba_id,
        "message_template_status_update",
        value,
        at_ms,
    )
}

/// `message_template_components_update`, after an edit.
pub(crate) fn components_update(template: &Template, at_ms: i64) -> Update {
    let text = |kind: &str| {
        let mut components = template.components_of(kind);
        components.find_map(|component| component["text"].as_str().map(str::to_owned))
    };
    let mut value = json!({
        "message_template_id": number_of(&template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_element": text("BODY").unwrap_or_default(),
    });
    if let Some(title) = text("HEADER") {
        value["message_template_title"] = title.into();
    }
    if let Some(footer) = text("FOOTER") {
        value["message_template_footer"] = footer.into();
    }
    let buttons = template.buttons();
    if !buttons.is_empty() {
        let shown = buttons.iter().map(|button| {
            let mut shown = json!({
                "message_template_button_type": button["type"],
                "message_template_button_text": button["text"],
            });
            for key in ["url", "phone_number"] {
                if let Some(value) = button[key].as_str() {
                    shown[format!("message_template_button_{key}")] = value.into();
                }
            }
            shown
        });
        value["message_template_buttons"] = shown.collect();
    }
    Update::change(
        &template.waba_id,
        "message_template_components_update",
        value,
        at_ms,
    )
}

/// Changes what customers think of a template; nothing when they think so already.
pub(crate) fn grade(world: &mut World, id: &str, score: &str, at_ms: i64) -> Option<Update> {
    let template = world.templates.get_mut(id)?;
    let previous = std::mem::replace(
        &mut template.quality,
        Quality {
            score: score.to_owned(),
            at_ms,
        },
    );
    let value = json!({
        "previous_quality_score": previous.score,
        "new_quality_score": score,
        "message_template_id": number_of(&template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    });
    let waba_id = template.waba_id.clone();
    (previous.score != score)
        .then(|| Update::change(&waba_id, "message_template_quality_update", value, at_ms))
}

/// Says that a template's category will be another one in 24 hours.
pub(crate) fn announce_category(
    platform: &Platform,
    world: &mut World,
    id: &str,
    category: &str,
) -> Option<Update> {
    let now_ms = platform.clock.now_ms();
    let at_ms = now_ms + DAY_MS;
    let template = world.templates.get_mut(id)?;
    template.correct_category = Some(category.to_owned());
    let value = json!({
        "message_template_id": number_of(&template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "correct_category": category,
        "new_category": template.category,
        "category_update_timestamp": at_ms.div_euclid(SECOND_MS),
    });
    let update = Update::change(&template.waba_id, "template_category_update", value, now_ms);
    let what = What::TemplateCategory {
        template_id: id.to_owned(),
        category: category.to_owned(),
    };
    agenda::schedule(platform, world, at_ms, what);
    Some(update)
}

/// Changes a template's category.
pub(crate) fn recategorize(
    _platform: &Platform,
    world: &mut World,
    id: &str,
    category: &str,
    at_ms: i64,
) -> Vec<Update> {
    let Some(template) = world.templates.get_mut(id) else {
        return Vec::new();
    };
    if template.category == category {
        return Vec::new();
    }
    let previous = std::mem::replace(&mut template.category, category.to_owned());
    template.correct_category = None;
    template.previous_category = Some(previous.clone());
    let value = json!({
        "message_template_id": number_of(&template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "previous_category": previous,
        "new_category": category,
    });
    vec![Update::change(
        &template.waba_id,
        "template_category_update",
        value,
        at_ms,
    )]
}

/// Ids of templates are numbers in webhooks.
pub(crate) fn number_of(id: &str) -> Value {
    id.parse::<u64>()
        .map_or_else(|_| json!(id), |number| json!(number))
}
