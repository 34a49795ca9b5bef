//! Templates over the Graph API: creating, listing, reading, editing, deleting.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::{DAY_MS, SECOND_MS};
use crate::codes::subcodes;
use crate::error::GraphError;
use crate::graph::fields::{Ask, NodeType, project};
use crate::graph::paging::{List, page};
use crate::graph::{Call, health};
use crate::ids;
use crate::platform::model::Template;
use crate::platform::thread::{MessageStatus, SentKind};
use crate::platform::world::{DeletedTemplate, World};
use crate::templates::declared::{self, CATEGORIES, Wish};
use crate::templates::{components_update, number_of, status_update, submit};
use crate::webhooks::post_all;
use crate::wire::TemplateDecision;

const TEMPLATE: NodeType = NodeType {
    name: "WhatsAppMessageTemplate",
    defaults: &[
        "name",
        "parameter_format",
        "components",
        "language",
        "status",
        "category",
        "previous_category",
        "sub_category",
    ],
    unset: &[
        "bid_spec",
        "degrees_of_freedom_spec",
        "optimization_spec",
        "sub_category",
    ],
};

/// How long the name of a deleted template that was approved cannot be used again.
const BLOCKED_NAME_MS: i64 = 30 * DAY_MS;
/// Templates that may be created in an hour.
const MOST_CREATIONS: usize = 100;
/// Edits of an approved template in 30 days.
const MOST_EDITS: usize = 10;

/// `POST /{WABA_ID}/message_templates`.
pub(crate) fn create(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    if request.params.contains_key("library_template_name") {
        return Err(GraphError::not_known_here("Meta's library of templates"));
    }
    let name = request
        .text("name")
        .ok_or_else(|| GraphError::required("name"))?;
    let language = match request.params.get("language") {
        Some(Value::Object(language)) => language
            .get("code")
            .and_then(Value::as_str)
            .map(str::to_owned),
        _ => request.text("language"),
    };
    let language = language.ok_or_else(|| GraphError::required("language"))?;
    let category = category_of(
        &request
            .text("category")
            .ok_or_else(|| GraphError::required("category"))?,
    )?;
    let made = make(call, waba_id, &name, &language, &category)?;
    Ok(json!({"id": made.id, "status": made.status, "category": made.category}))
}

fn category_of(word: &str) -> Result<String, GraphError> {
    let category = word.to_uppercase();
    if CATEGORIES.contains(&category.as_str()) {
        return Ok(category);
    }
    Err(GraphError::parameter(format_args!(
        "Param category must be one of {{{}}} - got \"{word}\".",
        CATEGORIES.join(", ")
    )))
}

/// Creates a template of the request's components.
fn make(
    call: &Call<'_>,
    waba_id: &str,
    name: &str,
    language: &str,
    category: &str,
) -> Result<Template, GraphError> {
    let (platform, request) = (call.platform, call.request);
    declared::check_name(name)?;
    declared::check_language(language)?;
    let components = request.structured("components");
    let components = components.ok_or_else(|| GraphError::required("components"))?;
    let format = request
        .text("parameter_format")
        .map(|word| word.to_uppercase());
    let format = format.unwrap_or_else(|| "POSITIONAL".to_owned());
    if !["POSITIONAL", "NAMED"].contains(&format.as_str()) {
        return Err(GraphError::parameter(format_args!(
            "Param parameter_format must be one of {{POSITIONAL, NAMED}} - got \"{format}\"."
        )));
    }
    let ttl = ttl_of(call, category)?;
    let now_ms = platform.clock.now_ms();
    platform.edit(|world| {
        let wish = Wish {
            category,
            parameter_format: &format,
            waba_id,
        };
        let components = declared::check(world, &wish, &components)?;
        check_room(call, world, waba_id, name, language, now_ms)?;
        let template = Template {
            id: ids::object_id(),
            waba_id: waba_id.to_owned(),
            name: name.to_owned(),
            language: language.to_owned(),
            category: category.to_owned(),
            status: "PENDING".to_owned(),
            parameter_format: format.clone(),
            components,
            previous_category: None,
            correct_category: None,
            rejected_reason: None,
            quality: Default::default(),
            message_send_ttl_seconds: ttl,
            cta_url_link_tracking_opted_out: request.truth("cta_url_link_tracking_opted_out"),
            library_template_name: None,
            created_at_ms: now_ms,
            edits_ms: Vec::new(),
            pauses: 0,
            review: 0,
        };
        world
            .templates
            .insert(template.id.clone(), template.clone());
        submit(platform, world, &template.id);
        Ok(template)
    })
}

/// How long a message waits for its customer's phone.
fn ttl_of(call: &Call<'_>, category: &str) -> Result<Option<i64>, GraphError> {
    let Some(text) = call.request.text("message_send_ttl_seconds") else {
        return Ok(None);
    };
    let (min, max) = match category {
        "AUTHENTICATION" => (30, 900),
        "UTILITY" => (30, 43_200),
        _ => (43_200, 2_592_000),
    };
    let ttl = text.parse::<i64>().ok();
    let ttl = ttl.filter(|ttl| *ttl == -1 || (min..=max).contains(ttl));
    ttl.map(Some).ok_or_else(|| {
        GraphError::parameter(format_args!(
            "Param message_send_ttl_seconds must be -1 or between {min} and {max} for the \
             category {category}."
        ))
    })
}

/// A name, a place, and not too many at once.
fn check_room(
    call: &Call<'_>,
    world: &World,
    waba_id: &str,
    name: &str,
    language: &str,
    now_ms: i64,
) -> Result<(), GraphError> {
    if world.template(waba_id, name, language).is_some() {
        return Err(GraphError::managed(
            100,
            Some(subcodes::LANGUAGE_EXISTS),
            "Content in this language already exists",
            format!(
                "There is already {language} content for this template. You can create a new \
                 template and try again."
            ),
        ));
    }
    let mut deleted = world.deleted_templates.iter();
    if deleted.any(|old| {
        old.waba_id == waba_id
            && old.name == name
            && old.language == language
            && now_ms - old.at_ms < BLOCKED_NAME_MS
    }) {
        return Err(GraphError::managed(
            100,
            Some(subcodes::LANGUAGE_IS_DELETED),
            "Message template language is being deleted",
            format!(
                "New {language} content can't be added while the existing {language} content is \
                 being deleted. Try again in 4 weeks or create a new message template."
            ),
        ));
    }
    let own: Vec<&Template> = of_account(world, waba_id);
    let waba = world
        .wabas
        .get(waba_id)
        .ok_or_else(|| call.unknown(waba_id))?;
    if own.len() >= waba.template_limit {
        return Err(GraphError::managed(
            100,
            Some(subcodes::TOO_MANY_TEMPLATES),
            "Message template limit exceeded",
            format!(
                "The account has the {} templates that it may have.",
                waba.template_limit
            ),
        ));
    }
    let lately = own
        .iter()
        .filter(|template| now_ms - template.created_at_ms < 3600 * SECOND_MS);
    if lately.count() >= MOST_CREATIONS {
        return Err(GraphError::cloud(80008));
    }
    Ok(())
}

/// The templates of an account, the newest first.
fn of_account<'w>(world: &'w World, waba_id: &str) -> Vec<&'w Template> {
    let mut own: Vec<&Template> = world
        .templates
        .values()
        .filter(|template| template.waba_id == waba_id)
        .collect();
    own.sort_by(|a, b| (b.created_at_ms, &b.id).cmp(&(a.created_at_ms, &a.id)));
    own
}

/// `GET /{WABA_ID}/message_templates`.
pub(crate) fn list(call: &Call<'_>, waba_id: &str, ask: &Ask) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let waba = world
        .wabas
        .get(waba_id)
        .ok_or_else(|| call.unknown(waba_id))?;
    let wanted = |key: &str| ask.text(key).map(|text| text.to_lowercase());
    let is_in = |wanted: Option<String>, value: &str| {
        wanted.is_none_or(|list| {
            let mut words = list
                .split(',')
                .map(|word| word.trim_matches(['[', ']', '"', '\'', ' ']));
            words.any(|word| word.eq_ignore_ascii_case(value))
        })
    };
    let has = |wanted: Option<String>, text: &str| {
        wanted.is_none_or(|wanted| text.to_lowercase().contains(&wanted))
    };
    let own = of_account(&world, waba_id);
    let count = own.len();
    let mut items = Vec::new();
    for template in own {
        let content = Value::from(template.components.clone()).to_string();
        let fits = has(wanted("name"), &template.name)
            && is_in(wanted("status"), &template.status)
            && is_in(wanted("category"), &template.category)
            && is_in(wanted("language"), &template.language)
            && is_in(wanted("quality_score"), &template.quality.score)
            && has(wanted("content"), &content)
            && has(
                wanted("name_or_content"),
                &format!("{} {content}", template.name),
            );
        if fits {
            let node = node(&world, template, &call.caller.app_id);
            items.push((template.id.clone(), project(&node, &TEMPLATE, ask)?));
        }
    }
    let list = List {
        node: waba_id,
        edge: "message_templates",
    };
    let mut answer = page(call, list, ask, &items)?;
    if ask.text("summary").is_some() {
        answer["summary"] = json!({
            "total_count": items.len(),
            "message_template_count": count,
            "message_template_limit": waba.template_limit,
            "are_translations_complete": false,
        });
    }
    Ok(answer)
}

/// `GET /{TEMPLATE_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let template = world.templates.get(id).ok_or_else(|| call.unknown(id))?;
    let node = node(&world, template, &call.caller.app_id);
    project(&node, &TEMPLATE, &call.ask()?)
}

fn node(world: &World, template: &Template, app_id: &str) -> Value {
    json!({
        "id": template.id,
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": template.components,
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "previous_category": template.previous_category,
        "correct_category": template.correct_category,
        "rejected_reason": template.rejected_reason.as_deref().unwrap_or("NONE"),
        "quality_score": {
            "score": template.quality.score,
            "date": template.quality.at_ms.div_euclid(SECOND_MS),
        },
        "message_send_ttl_seconds": template.message_send_ttl_seconds,
        "cta_url_link_tracking_opted_out": template.cta_url_link_tracking_opted_out,
        "library_template_name": template.library_template_name,
        "is_primary_device_delivery_only": false,
        "health_status": health::of_template(world, template, app_id),
    })
}

/// `POST /{TEMPLATE_ID}`.
pub(crate) fn edit(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let (platform, request) = (call.platform, call.request);
    let now_ms = platform.clock.now_ms();
    let category = request
        .text("category")
        .map(|word| category_of(&word))
        .transpose()?;
    let (template, updates) = platform.edit(|world| {
        let template = world
            .templates
            .get(id)
            .ok_or_else(|| call.unknown(id))?
            .clone();
        check_edit(&template, category.as_deref(), now_ms)?;
        let category = category.unwrap_or_else(|| template.category.clone());
        let ttl = ttl_of(call, &category)?;
        let wish = Wish {
            category: &category,
            parameter_format: &template.parameter_format,
            waba_id: &template.waba_id,
        };
        let components = match request.structured("components") {
            Some(components) => Some(declared::check(world, &wish, &components)?),
            None => None,
        };
        let was_approved = template.status == "APPROVED";
        let known = world
            .templates
            .get_mut(id)
            .ok_or_else(|| call.unknown(id))?;
        known.category = category;
        known.message_send_ttl_seconds = ttl.or(known.message_send_ttl_seconds);
        let mut updates = Vec::new();
        if let Some(components) = components {
            known.components = components;
            if was_approved {
                known.edits_ms.push(now_ms);
            }
            updates.push(components_update(known, now_ms));
            submit(platform, world, id);
        }
        let template = world.templates.get(id).cloned();
        Ok::<_, GraphError>((template.ok_or_else(|| call.unknown(id))?, updates))
    })?;
    post_all(platform, updates);
    Ok(json!({
        "success": true,
        "id": template.id,
        "name": template.name,
        "category": template.category,
    }))
}

fn check_edit(template: &Template, category: Option<&str>, now_ms: i64) -> Result<(), GraphError> {
    let refused =
        |subcode, title: &str, message: &str| GraphError::managed(100, subcode, title, message);
    match template.status.as_str() {
        "APPROVED" | "REJECTED" | "PAUSED" => {}
        _ => {
            return Err(refused(
                Some(subcodes::STATUS_CANNOT_CHANGE),
                "Message template cannot be edited",
                "Only templates that are approved, rejected or paused can be edited.",
            ));
        }
    }
    if template.status != "APPROVED" {
        return Ok(());
    }
    if category.is_some_and(|category| category != template.category) {
        return Err(refused(
            None,
            "Category cannot be changed",
            "The category of an approved template can't be changed.",
        ));
    }
    let within = |ms: i64| {
        template
            .edits_ms
            .iter()
            .filter(|at_ms| now_ms - **at_ms < ms)
            .count()
    };
    if within(DAY_MS) >= 1 || within(30 * DAY_MS) >= MOST_EDITS {
        return Err(refused(
            None,
            "Message template cannot be edited",
            "An approved template can be edited once in 24 hours, and 10 times in 30 days.",
        ));
    }
    Ok(())
}

/// `DELETE /{WABA_ID}/message_templates`: a name in all its languages, or single templates.
pub(crate) fn delete(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    let name = request.text("name");
    let ids = match (request.text("hsm_id"), request.texts("hsm_ids")) {
        (Some(id), _) => Some(vec![id]),
        (None, ids) => ids,
    };
    if name.is_none() && ids.is_none() {
        return Err(GraphError::required("name"));
    }
    let now_ms = call.platform.clock.now_ms();
    let updates = call.platform.edit(|world| {
        let is_meant = |template: &Template| {
            let has_name = name.as_ref().is_none_or(|name| *name == template.name);
            let has_id = ids.as_ref().is_none_or(|ids| ids.contains(&template.id));
            template.waba_id == waba_id && has_name && has_id
        };
        let templates = world.templates.values();
        let meant: Vec<Template> = templates.filter(|t| is_meant(t)).cloned().collect();
        if meant.is_empty() {
            return Err(GraphError::managed(
                100,
                None,
                "Message template not found",
                "The account has no message template of this name or id.",
            ));
        }
        if meant.iter().any(|template| template.status == "DISABLED") {
            return Err(GraphError::managed(
                100,
                None,
                "Message template cannot be deleted",
                "A template that is disabled can't be deleted.",
            ));
        }
        let mut updates = Vec::new();
        for template in meant {
            let none = TemplateDecision::default();
            updates.push(status_update(&template, "DELETED", &none, now_ms));
            world.templates.remove(&template.id);
            if template.status == "APPROVED" {
                world.deleted_templates.push(DeletedTemplate {
                    waba_id: template.waba_id,
                    name: template.name,
                    language: template.language,
                    at_ms: now_ms,
                });
            }
        }
        Ok(updates)
    })?;
    post_all(call.platform, updates);
    Ok(json!({"success": true}))
}

/// `POST /{WABA_ID}/message_templates/archive` and `/unarchive`.
pub(crate) fn archive(call: &Call<'_>, waba_id: &str, archives: bool) -> Result<Value, GraphError> {
    let ids = call
        .request
        .texts("hsm_ids")
        .or_else(|| call.request.texts("template_ids"));
    let ids = ids.ok_or_else(|| GraphError::required("hsm_ids"))?;
    let now_ms = call.platform.clock.now_ms();
    let (from, to, event) = match archives {
        true => ("APPROVED", "ARCHIVED", "ARCHIVED"),
        false => ("ARCHIVED", "APPROVED", "UNARCHIVED"),
    };
    let (done, failed, updates) = call.platform.edit(|world| {
        let (mut done, mut failed, mut updates) = (Vec::new(), BTreeMap::new(), Vec::new());
        for id in ids {
            let template = world.templates.get_mut(&id);
            let template = template.filter(|t| t.waba_id == waba_id && t.status == from);
            let Some(template) = template else {
                failed.insert(id, format!("The template is not {from}."));
                continue;
            };
            template.status = to.to_owned();
            updates.push(status_update(
                template,
                event,
                &TemplateDecision::default(),
                now_ms,
            ));
            done.push(id);
        }
        (done, failed, updates)
    });
    post_all(call.platform, updates);
    let key = if archives {
        "archived_templates"
    } else {
        "unarchived_templates"
    };
    Ok(json!({key: done, "failed_templates": failed}))
}

/// `POST /{TEMPLATE_ID}/unpause`.
pub(crate) fn unpause(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    let update = call.platform.edit(|world| {
        let template = world
            .templates
            .get_mut(id)
            .ok_or_else(|| call.unknown(id))?;
        if template.status != "PAUSED" {
            return Ok(None);
        }
        template.status = "APPROVED".to_owned();
        let decision = TemplateDecision {
            title: Some("UNPAUSE".to_owned()),
            ..TemplateDecision::default()
        };
        Ok::<_, GraphError>(Some(status_update(template, "APPROVED", &decision, now_ms)))
    })?;
    match update {
        None => Ok(json!({"success": false, "reason": "The template is not paused."})),
        Some(update) => {
            post_all(call.platform, vec![update]);
            Ok(json!({"success": true}))
        }
    }
}

/// Sends of a template between two moments, and how many of them were delivered and read.
fn counts(world: &World, template: &Template, start_ms: i64, end_ms: i64) -> [usize; 3] {
    let numbers = world
        .numbers
        .values()
        .filter(|number| number.waba_id == template.waba_id);
    let mut counts = [0; 3];
    for number in numbers {
        let threads = world
            .threads
            .get(&number.id)
            .into_iter()
            .flat_map(|threads| threads.values());
        for item in threads.flat_map(|thread| &thread.sent) {
            let SentKind::Message(message) = &item.kind else {
                continue;
            };
            let is_own = message.message_type == "template"
                && message.body["name"] == template.name.as_str()
                && message.body["language"]["code"] == template.language.as_str();
            if !is_own || !(start_ms..end_ms).contains(&item.at_ms) {
                continue;
            }
            let status = message.status;
            let has = [
                MessageStatus::Sent,
                MessageStatus::Delivered,
                MessageStatus::Read,
            ];
            for (count, least) in counts.iter_mut().zip(has) {
                *count += usize::from(status != MessageStatus::Failed && status >= least);
            }
        }
    }
    counts
}

fn moment(call: &Call<'_>, key: &str) -> Result<i64, GraphError> {
    let text = call
        .request
        .text(key)
        .ok_or_else(|| GraphError::required(key))?;
    let seconds = text.parse::<i64>();
    seconds
        .map(|seconds| seconds * SECOND_MS)
        .map_err(|_| GraphError::parameter(format_args!("Param {key} must be a UNIX timestamp.")))
}

/// `GET /{TEMPLATE_ID}/compare`.
pub(crate) fn compare(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let others = call.request.texts("template_ids");
    let others = others.ok_or_else(|| GraphError::required("template_ids"))?;
    let (start_ms, end_ms) = (moment(call, "start")?, moment(call, "end")?);
    let world = call.platform.world();
    let own = world.templates.get(id).ok_or_else(|| call.unknown(id))?;
    let mut templates = vec![own];
    for other in &others {
        let other = world
            .templates
            .get(other)
            .filter(|t| t.waba_id == own.waba_id);
        templates.push(other.ok_or_else(|| call.unknown(id))?);
    }
    let ids: Vec<&str> = templates
        .iter()
        .map(|template| template.id.as_str())
        .collect();
    let sends: Vec<Value> = templates
        .iter()
        .map(|template| {
            let [sent, ..] = counts(&world, template, start_ms, end_ms);
            json!({"key": template.id, "value": sent})
        })
        .collect();
    let reasons: Vec<Value> = ids
        .iter()
        .map(|id| json!({"key": id, "value": "UNKNOWN_BLOCK_REASON"}))
        .collect();
    Ok(json!({"data": [
        {"metric": "BLOCK_RATE", "type": "RELATIVE", "order_by_relative_metric": ids},
        {"metric": "MESSAGE_SENDS", "type": "NUMBER_VALUES", "number_values": sends},
        {"metric": "TOP_BLOCK_REASON", "type": "STRING_VALUES", "string_values": reasons},
    ]}))
}

/// `GET /{WABA_ID}/template_analytics`.
pub(crate) fn analytics(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let (start_ms, end_ms) = (moment(call, "start")?, moment(call, "end")?);
    if let Some(granularity) = call.request.text("granularity")
        && !granularity.eq_ignore_ascii_case("DAILY")
    {
        return Err(GraphError::parameter(
            "Param granularity must be one of {DAILY}.",
        ));
    }
    let ids = call.request.texts("template_ids");
    let ids = ids.ok_or_else(|| GraphError::required("template_ids"))?;
    let world = call.platform.world();
    let waba = world
        .wabas
        .get(waba_id)
        .ok_or_else(|| call.unknown(waba_id))?;
    if !waba.is_enabled_for_insights {
        return Err(GraphError::managed(
            200_005,
            None,
            "Template insights are not available",
            "Set is_enabled_for_insights of the account first.",
        ));
    }
    let mut points = Vec::new();
    let mut day_ms = start_ms - start_ms.rem_euclid(DAY_MS);
    while day_ms < end_ms {
        for id in &ids {
            let template = world.templates.get(id).filter(|t| t.waba_id == waba_id);
            let template = template.ok_or_else(|| call.unknown(id))?;
            let [sent, delivered, read] = counts(&world, template, day_ms, day_ms + DAY_MS);
            points.push(json!({
                "template_id": id,
                "start": day_ms / SECOND_MS,
                "end": (day_ms + DAY_MS) / SECOND_MS,
                "sent": sent,
                "delivered": delivered,
                "read": read,
            }));
        }
        day_ms += DAY_MS;
    }
    Ok(json!({
        "data": [{
            "granularity": "DAILY",
            "product_type": "CLOUD_API",
            "data_points": points,
        }],
        "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}},
    }))
}

/// `POST /{WABA_ID}/upsert_message_templates`: templates of one-time codes in several languages.
pub(crate) fn upsert(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    let name = request
        .text("name")
        .ok_or_else(|| GraphError::required("name"))?;
    let languages = request.texts("languages");
    let languages = languages.ok_or_else(|| GraphError::required("languages"))?;
    let category = request
        .text("category")
        .ok_or_else(|| GraphError::required("category"))?;
    if category_of(&category)? != "AUTHENTICATION" {
        return Err(GraphError::parameter(
            "Param category must be one of {AUTHENTICATION}.",
        ));
    }
    let mut made = Vec::new();
    for language in languages {
        let known = {
            let world = call.platform.world();
            world
                .template(waba_id, &name, &language)
                .map(|template| template.id.clone())
        };
        let template = match known {
            None => make(call, waba_id, &name, &language, "AUTHENTICATION")?,
            Some(id) => {
                let components = request.structured("components");
                let components = components.ok_or_else(|| GraphError::required("components"))?;
                call.platform.edit(|world| {
                    let wish = Wish {
                        category: "AUTHENTICATION",
                        parameter_format: "POSITIONAL",
                        waba_id,
                    };
                    let components = declared::check(world, &wish, &components)?;
                    let known = world
                        .templates
                        .get_mut(&id)
                        .ok_or_else(|| call.unknown(&id))?;
                    known.components = components;
                    Ok::<_, GraphError>(known.clone())
                })?
            }
        };
        made.push(json!({
            "id": template.id,
            "status": template.status,
            "language": template.language,
        }));
    }
    Ok(json!({"data": made}))
}

/// `POST /{WABA_ID}/migrate_message_templates`: approved templates of another account of the
/// same token.
pub(crate) fn migrate(call: &Call<'_>, waba_id: &str) -> Result<Value, GraphError> {
    let source = call.request.text("source_waba_id");
    let source = source.ok_or_else(|| GraphError::required("source_waba_id"))?;
    if !call.caller.reaches(&source) || !call.platform.world().wabas.contains_key(&source) {
        return Err(call.unknown(&source));
    }
    let now_ms = call.platform.clock.now_ms();
    call.platform.edit(|world| {
        let candidates: Vec<Template> = of_account(world, &source)
            .into_iter()
            .filter(|template| template.status == "APPROVED")
            .cloned()
            .collect();
        let (mut migrated, mut failed) = (Vec::new(), serde_json::Map::new());
        for mut template in candidates {
            if world
                .template(waba_id, &template.name, &template.language)
                .is_some()
            {
                failed.insert(
                    template.id,
                    "Content in this language already exists".into(),
                );
                continue;
            }
            migrated.push(number_of(&template.id));
            template.id = ids::object_id();
            template.waba_id = waba_id.to_owned();
            template.created_at_ms = now_ms;
            world.templates.insert(template.id.clone(), template);
        }
        Ok(json!({"migrated_templates": migrated, "failed_templates": failed}))
    })
}
