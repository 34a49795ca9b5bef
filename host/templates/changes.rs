//! What becomes of a template, in words for its owner: found by comparing with Meta, or told by Meta's webhooks.

use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};

use super::Stored;
use super::check::is_name;
use super::model::shown;
use crate::words::words;

words! {
    /// What of a template changed.
    pub enum What: "kind of change of a template" {
        /// It is new here.
        Made = "made",
        /// Whether it can be sent.
        Status = "status",
        /// What Meta thinks of how people take it.
        Quality = "quality",
        /// Meta changed its category, or will.
        Category = "category",
        /// What it says.
        Components = "components",
        /// It is deleted.
        Gone = "gone",
    }
}

/// A change of one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub template_id: String,
    pub name: String,
    pub language: String,
    pub what: What,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Meta's word for why; of a category, the one that is to come.
    pub reason: Option<String>,
    /// A sentence for people.
    pub told: String,
}

impl Change {
    fn of(
        row: &Stored,
        what: What,
        before: Option<&str>,
        after: Option<&str>,
        told: String,
    ) -> Self {
        Self {
            template_id: row.template_id.clone(),
            name: row.name.clone(),
            language: row.language.clone(),
            what,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            reason: None,
            told,
        }
    }

    /// It is new.
    pub(super) fn made(row: &Stored) -> Self {
        let told = match row.status.as_str() {
            "PENDING" => format!("{} is at Meta, which reviews it", row.title()),
            status => format!(
                "{} is at Meta: {}",
                row.title(),
                status.to_ascii_lowercase()
            ),
        };
        Self::of(row, What::Made, None, Some(&row.status), told)
    }

    /// It is deleted.
    pub(super) fn gone(row: &Stored) -> Self {
        let told = format!("{} is deleted", row.title());
        Self::of(row, What::Gone, Some(&row.status), None, told)
    }

    /// What is different from what was known.
    pub(super) fn between(before: Option<&Stored>, now: &Stored) -> Vec<Self> {
        let Some(before) = before else {
            return vec![Self::made(now)];
        };
        let mut all = Vec::new();
        if before.status != now.status {
            let told = status_in_words(
                &now.title(),
                &now.status,
                now.rejected_reason.as_deref(),
                None,
            );
            all.push(Self::of(
                now,
                What::Status,
                Some(&before.status),
                Some(&now.status),
                told,
            ));
        }
        if before.quality != now.quality
            && let Some(quality) = now.quality.as_deref()
        {
            let told = quality_in_words(&now.title(), before.quality.as_deref(), quality);
            all.push(Self::of(
                now,
                What::Quality,
                before.quality.as_deref(),
                Some(quality),
                told,
            ));
        }
        if before.category != now.category {
            let told = category_in_words(&now.title(), Some(&before.category), &now.category);
            all.push(Self::of(
                now,
                What::Category,
                Some(&before.category),
                Some(&now.category),
                told,
            ));
        }
        if before.says_otherwise(now) {
            let told = format!("{} says something else", now.title());
            all.push(Self::of(now, What::Components, None, None, told));
        }
        all
    }

    /// What a webhook says; `None` when it is about no template, or not understood.
    pub(super) fn heard(field: &str, value: &Value) -> Option<Self> {
        let word = |key: &str| value[key].as_str().map(plain);
        let id = &value["message_template_id"];
        let template_id = id.as_str().map_or_else(
            || id.as_u64().map(|id| id.to_string()),
            |id| Some(plain(id)),
        )?;
        let name = value["message_template_name"].as_str()?;
        let name = is_name(name).then(|| name.to_owned())?;
        // Some of Meta's samples have `en-US`.
        let language = value["message_template_language"]
            .as_str()
            .unwrap_or_default();
        let language = plain(&language.replace('-', "_"));
        let title = title(&name, &language);
        let (what, before, after, reason, told) = match field {
            "message_template_status_update" => {
                let event = word("event")?.to_ascii_uppercase();
                let reason = word("reason").filter(|reason| reason != "NONE");
                let more = more_of(value);
                let told = status_in_words(&title, &event, reason.as_deref(), more.as_deref());
                match event.as_str() {
                    "DELETED" => (What::Gone, None, None, reason, told),
                    // It can still be sent.
                    "FLAGGED" => (What::Status, None, None, reason, told),
                    "REINSTATED" | "UNARCHIVED" => (
                        What::Status,
                        None,
                        Some("APPROVED".to_owned()),
                        reason,
                        told,
                    ),
                    _ => (What::Status, None, Some(event), reason, told),
                }
            }
            "message_template_quality_update" => {
                let before = word("previous_quality_score");
                let after = word("new_quality_score")?;
                let told = quality_in_words(&title, before.as_deref(), &after);
                (What::Quality, before, Some(after), None, told)
            }
            "message_template_components_update" => {
                let told = format!("{title} says something else");
                (What::Components, None, None, None, told)
            }
            "template_category_update" => {
                let now = word("new_category")?;
                match word("correct_category") {
                    // In a day; until then it is what it was.
                    Some(correct) => {
                        let at = value["category_update_timestamp"].as_i64();
                        let at = at.and_then(|at| DateTime::<Utc>::from_timestamp(at, 0));
                        let at = at.map(|at| format!(" at {}", at.format("%Y-%m-%d %H:%M UTC")));
                        let told = format!(
                            "Meta will change {title} from {} to {}{}: change what it says, or ask for a review in \
                             WhatsApp Manager, if it should stay what it is",
                            shown(&now),
                            shown(&correct),
                            at.unwrap_or_default()
                        );
                        (What::Category, None, Some(now), Some(correct), told)
                    }
                    None => {
                        let before = word("previous_category");
                        let told = category_in_words(&title, before.as_deref(), &now);
                        (What::Category, before, Some(now), None, told)
                    }
                }
            }
            _ => return None,
        };
        Some(Self {
            template_id,
            name,
            language,
            what,
            before,
            after,
            reason,
            told,
        })
    }
}

/// A word of Meta's, as the database holds it, whatever is in it.
fn plain(word: &str) -> String {
    const MOST: usize = 60;
    let is_part = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    word.chars().filter(is_part).take(MOST).collect()
}

/// A template as sentences name it.
pub(super) fn title(name: &str, language: &str) -> String {
    format!("`{}` ({})", shown(name), shown(language))
}

/// What Meta says besides the reason.
fn more_of(value: &Value) -> Option<String> {
    let text = |value: &Value| {
        let text = value.as_str().filter(|text| !text.trim().is_empty());
        text.map(|text| text.trim().trim_end_matches('.').to_owned())
    };
    let rejection = &value["rejection_info"];
    let other = &value["other_info"];
    let parts: Vec<String> = [
        text(&rejection["reason"]),
        text(&rejection["recommendation"]),
        text(&other["title"]),
        text(&other["description"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (
        parts.is_empty(),
        value["disable_info"]["disable_date"].as_str(),
    ) {
        (true, None) => None,
        (true, Some(date)) => Some(format!("from {date} on")),
        (false, _) => Some(parts.join(". ")),
    }
}

/// Whether it can be sent, and what to do when not.
pub(super) fn status_in_words(
    title: &str,
    status: &str,
    reason: Option<&str>,
    more: Option<&str>,
) -> String {
    let reason = reason.filter(|reason| *reason != "NONE" && !reason.is_empty());
    let what = match status {
        "APPROVED" => format!("{title} is approved: it can be sent"),
        "PENDING" => format!("Meta reviews {title}"),
        "REJECTED" => match reason {
            Some(reason) => format!(
                "Meta rejected {title} as {}: {}",
                shown(reason),
                why(reason)
            ),
            None => format!("Meta rejected {title}: change it, and submit it again"),
        },
        "PAUSED" => format!(
            "Meta paused {title}, because people took it badly: it cannot be sent for some hours (three the first time, \
             six the second), and is disabled the third time; change what it says, or to whom it goes"
        ),
        "DISABLED" => {
            format!("Meta disabled {title} for good: make another one that says it differently")
        }
        "FLAGGED" => {
            format!("Meta flagged {title}: it will be disabled if people go on taking it badly")
        }
        "IN_APPEAL" => format!("{title} is in appeal at Meta"),
        "REINSTATED" | "UNARCHIVED" => format!("{title} can be sent again"),
        "LIMIT_EXCEEDED" => {
            format!("the account has as many templates as it may, so {title} cannot be sent")
        }
        "LOCKED" => format!("Meta locked {title}: it cannot be changed or sent"),
        "ARCHIVED" => format!(
            "Meta archived {title}, because it was not sent for long: unarchive it in WhatsApp Manager before it is deleted"
        ),
        "DELETED" => format!("{title} is deleted"),
        "PENDING_DELETION" => format!("{title} is being deleted"),
        other => format!("{title} is {} now", shown(other)),
    };
    match more {
        Some(more) => format!("{what}. Meta said: {}", shown_long(more)),
        None => what,
    }
}

/// What Meta means by a reason, and what to do.
fn why(reason: &str) -> &'static str {
    match reason {
        "INVALID_FORMAT" => {
            "its variables, samples or language are not as Meta wants them; mend these, and submit it again"
        }
        "ABUSIVE_CONTENT" => "it threatens or asks for what must not be asked for; take that out",
        "INCORRECT_CATEGORY" | "TAG_CONTENT_MISMATCH" => {
            "what it says does not fit its category; choose another category, or say it differently"
        }
        "PROMOTIONAL" => "it advertises; make it one of the category MARKETING",
        "SCAM" => "it looks like a fraud; say who sends it and why",
        "CATEGORY_NOT_AVAILABLE" => {
            "this account cannot have templates of that category yet; verify the business first"
        }
        _ => "change it, and submit it again",
    }
}

fn quality_in_words(title: &str, before: Option<&str>, now: &str) -> String {
    let from = before.map(|before| format!(" from {}", shown(before)));
    let from = from.unwrap_or_default();
    match now {
        "RED" => format!(
            "the quality of {title} fell{from} to RED: Meta pauses it soon; change what it says, or to whom it goes"
        ),
        "YELLOW" => {
            format!("the quality of {title} went{from} to YELLOW: people block or report it")
        }
        other => format!("the quality of {title} went{from} to {}", shown(other)),
    }
}

fn category_in_words(title: &str, before: Option<&str>, now: &str) -> String {
    let from = before.map(|before| format!(" from {}", shown(before)));
    format!(
        "Meta changed the category of {title}{} to {}, by which it is priced now",
        from.unwrap_or_default(),
        shown(now)
    )
}

/// Meta's own sentences: longer than what is quoted elsewhere.
fn shown_long(text: &str) -> String {
    const MOST: usize = 500;
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST)
        .collect()
}
