//! Whether a number works: what Meta says of its token, its subscription, its callback, its registration, its name and
//! its health, each in a sentence with what to do.

use http::Method;
use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};

use super::details::{Health, NumberDetails};
use super::{Onboarding, Trouble, token_refusal};
use crate::whatsapp::client::AccessToken;
use crate::whatsapp::watch::is_about_token;
use crate::words::words;

/// What a token has to permit.
const SCOPES: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];

words! {
    /// What is looked at.
    pub enum Check: "what is looked at of a number" {
        /// Whether Meta takes the token, and what it permits.
        Token = "token",
        /// Whether it is of this host's Meta app.
        App = "app",
        /// Whether the number is one of the account.
        Account = "account",
        /// Whether the app hears of the account.
        Subscription = "subscription",
        /// Where webhooks go.
        Callback = "callback",
        /// Whether the number is registered for the Cloud API.
        Registration = "registration",
        /// Whether two-step verification is on.
        Pin = "pin",
        /// Whether its display name is approved.
        Name = "name",
        /// How people rate its messages, and how many may go out.
        Quality = "quality",
        /// Whether Meta lets messages out.
        Health = "health",
    }
}

words! {
    /// How something is.
    pub enum Verdict: "verdict on a number" {
        Good = "good",
        /// It works, and not as well as it could.
        Doubtful = "doubtful",
        /// It does not work.
        Bad = "bad",
        /// It could not be asked.
        Unknown = "unknown",
    }
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: Check,
    pub verdict: Verdict,
    /// A sentence.
    pub told: String,
    /// What to do.
    pub advice: Option<String>,
}

impl Finding {
    fn good(check: Check, told: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Good,
            told: told.into(),
            advice: None,
        }
    }

    fn wrong(
        check: Check,
        verdict: Verdict,
        told: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            check,
            verdict,
            told: told.into(),
            advice: Some(advice.into()),
        }
    }

    /// Of a call that brought nothing. What is to be done is in Meta's refusal.
    fn of(check: Check, trouble: Trouble) -> Self {
        let (verdict, text) = match trouble {
            Trouble::Refused(text) => (Verdict::Bad, text),
            Trouble::Later(text, _) => (Verdict::Unknown, text),
        };
        let (told, advice) = match text.split_once(" What to do: ") {
            Some((told, advice)) => (told.to_owned(), Some(advice.to_owned())),
            None => (text, None),
        };
        Self {
            check,
            verdict,
            told: told.trim_end_matches('.').to_owned(),
            advice: advice.map(|advice| advice.trim_end_matches('.').to_owned()),
        }
    }
}

impl Onboarding {
    /// Looks at a number. `callback_path` is how addresses end that are a host's webhook.
    pub async fn examine(
        &self,
        token: &AccessToken,
        (id, waba_id): (&str, &str),
        callback_path: &str,
    ) -> (Vec<Finding>, Option<NumberDetails>) {
        let mut found = vec![self.token(token, waba_id).await];
        let is_refused = |found: &[Finding]| found[0].verdict == Verdict::Bad;
        if is_refused(&found) && found[0].advice.is_some() && !found[0].told.starts_with("it lacks")
        {
            let rest = Check::ALL
                .into_iter()
                .filter(|check| *check != Check::Token);
            found.extend(rest.map(|check| Finding {
                check,
                verdict: Verdict::Unknown,
                told: "not asked, because Meta refuses the token".to_owned(),
                advice: None,
            }));
            return (found, None);
        }
        found.push(match self.number(token, id).await {
            Ok(_) => Finding::good(
                Check::App,
                "the token is of the Meta app whose secret this host has",
            ),
            Err(trouble) => Finding::of(Check::App, trouble),
        });
        found.push(match self.is_of_account(token, waba_id, id).await {
            Ok(true) => Finding::good(Check::Account, format!("the number is one of account {waba_id}")),
            Ok(false) => Finding::wrong(
                Check::Account,
                Verdict::Bad,
                format!("the number is not one of account {waba_id}"),
                "take both ids from the same page of WhatsApp Manager, and connect the number again",
            ),
            Err(trouble) => Finding::of(Check::Account, trouble),
        });
        found.push(match self.is_subscribed(token, waba_id).await {
            Ok(true) => Finding::good(
                Check::Subscription,
                format!("the app is subscribed to account {waba_id}"),
            ),
            Ok(false) => Finding::wrong(
                Check::Subscription,
                Verdict::Bad,
                format!("the app is not subscribed to account {waba_id}, so no message comes"),
                "connect the number again, which subscribes it",
            ),
            Err(trouble) => Finding::of(Check::Subscription, trouble),
        });
        match self.details(token, id).await {
            Ok(details) => {
                found.extend(of_details(&details, callback_path));
                (found, Some(details))
            }
            Err(trouble) => {
                for check in [
                    Check::Callback,
                    Check::Registration,
                    Check::Pin,
                    Check::Name,
                    Check::Quality,
                    Check::Health,
                ] {
                    found.push(Finding::of(check, trouble.clone()));
                }
                (found, None)
            }
        }
    }

    /// What Meta says of a token, by `debug_token`.
    async fn token(&self, token: &AccessToken, waba_id: &str) -> Finding {
        let input: String =
            url::form_urlencoded::byte_serialize(token.reveal().as_bytes()).collect();
        let path = format!("debug_token?input_token={input}");
        match self.ask(token, Method::GET, &path, None).await {
            Ok(Ok(answer)) => of_token(&answer["data"], waba_id, Utc::now()),
            Ok(Err(error)) if is_about_token(&error) => {
                Finding::of(Check::Token, Trouble::Refused(token_refusal(&error)))
            }
            Ok(Err(error)) => Finding {
                check: Check::Token,
                verdict: Verdict::Unknown,
                told: format!(
                    "Meta does not tell of this token what it permits: {}",
                    error.message
                ),
                advice: None,
            },
            Err(trouble) => Finding::of(Check::Token, trouble),
        }
    }
}

fn of_token(data: &Value, waba_id: &str, now: DateTime<Utc>) -> Finding {
    const RENEW: &str = "make a token of a system user in Business settings (System users, Generate token, no expiry) and \
        connect the number again with it";
    let check = Check::Token;
    if data["is_valid"] == false {
        let said = data["error"]["message"]
            .as_str()
            .unwrap_or("it is not valid");
        let said = said.trim_end_matches('.');
        return Finding::wrong(
            check,
            Verdict::Bad,
            format!("Meta refuses the token: {said}"),
            RENEW,
        );
    }
    let scopes: Vec<&str> = data["scopes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let missing: Vec<&str> = SCOPES
        .into_iter()
        .filter(|scope| !scopes.contains(scope))
        .collect();
    if !missing.is_empty() {
        return Finding::wrong(
            check,
            Verdict::Bad,
            format!("it lacks the permission {}", missing.join(" and ")),
            "make a token with both permissions of WhatsApp, and connect the number again with it",
        );
    }
    // Where a permission is for some accounts only, they are listed.
    let is_for_others = |scope: &&Value| {
        let targets = scope["target_ids"].as_array();
        SCOPES.contains(&scope["scope"].as_str().unwrap_or_default())
            && targets.is_some_and(|ids| !ids.is_empty() && !ids.iter().any(|id| id == waba_id))
    };
    let mut granular = data["granular_scopes"].as_array().into_iter().flatten();
    if let Some(scope) = granular.find(is_for_others) {
        return Finding::wrong(
            check,
            Verdict::Bad,
            format!(
                "it lacks {} for account {waba_id}",
                scope["scope"].as_str().unwrap_or_default()
            ),
            "give its system user the account, with full control, and make a new token",
        );
    }
    let expires = data["expires_at"].as_i64().filter(|at| *at > 0);
    let expires = expires.and_then(|at| DateTime::from_timestamp(at, 0));
    match expires {
        Some(at) => Finding::wrong(
            check,
            Verdict::Doubtful,
            format!(
                "it has both permissions, and expires at {} ({} days from now)",
                at.format("%Y-%m-%d %H:%MZ"),
                (at - now).num_days().max(0)
            ),
            RENEW,
        ),
        None => Finding::good(
            check,
            "Meta takes it, it has both permissions, and it does not expire",
        ),
    }
}

fn of_details(details: &NumberDetails, callback_path: &str) -> Vec<Finding> {
    vec![
        callback(details, callback_path),
        registration(details),
        pin(details),
        name(details),
        quality(details),
        health(details.health_status.as_ref()),
    ]
}

fn callback(details: &NumberDetails, path: &str) -> Finding {
    let places = details
        .number
        .webhook_configuration
        .clone()
        .unwrap_or_default();
    match places.used() {
        None => Finding::wrong(
            Check::Callback,
            Verdict::Bad,
            "the Meta app has no callback URL, so no message comes",
            format!(
                "set it to this host's public address and {path} in the app's WhatsApp settings"
            ),
        ),
        Some(url) if !url.split('?').next().unwrap_or(url).ends_with(path) => Finding::wrong(
            Check::Callback,
            Verdict::Doubtful,
            format!("its webhooks go to {url}, which does not look like this host's {path}"),
            "change the app's callback URL, or take the override away",
        ),
        Some(url) => Finding::good(Check::Callback, format!("its webhooks go to {url}")),
    }
}

fn registration(details: &NumberDetails) -> Finding {
    let number = &details.number;
    let status = number.status.as_deref().unwrap_or("unknown");
    match number.is_registered() {
        true => Finding::good(
            Check::Registration,
            format!("it is registered for the Cloud API, with the status {status}"),
        ),
        false => Finding::wrong(
            Check::Registration,
            Verdict::Bad,
            format!("it is not registered for the Cloud API; its status is {status}"),
            "connect the number again with `--pin`, which registers it",
        ),
    }
}

fn pin(details: &NumberDetails) -> Finding {
    match details.is_pin_enabled {
        Some(true) => Finding::good(Check::Pin, "two-step verification is on"),
        Some(false) => Finding::wrong(
            Check::Pin,
            Verdict::Doubtful,
            "two-step verification is off, so that somebody else could register the number",
            "set a PIN with `roost number pin`",
        ),
        None => Finding {
            check: Check::Pin,
            verdict: Verdict::Unknown,
            told: "Meta does not say whether two-step verification is on".to_owned(),
            advice: None,
        },
    }
}

fn name(details: &NumberDetails) -> Finding {
    let name = details.number.verified_name.as_deref().unwrap_or("unknown");
    let asked = details.new_display_name.as_deref();
    let asked = asked.zip(details.new_name_status.as_deref());
    let wait = "wait for Meta's review, which takes some days";
    let choose =
        "ask for another one with `roost number rename`, by Meta's guidelines for display names";
    match (asked, details.number.name_status.as_deref()) {
        (Some((new, "DECLINED")), _) => Finding::wrong(
            Check::Name,
            Verdict::Doubtful,
            format!("it is called “{name}”; Meta declined “{new}”"),
            choose,
        ),
        (Some((new, status)), _) => Finding::wrong(
            Check::Name,
            Verdict::Doubtful,
            format!("it is called “{name}”; “{new}” is {status}"),
            wait,
        ),
        (None, None | Some("APPROVED" | "AVAILABLE_WITHOUT_REVIEW")) => Finding::good(
            Check::Name,
            format!("it is called “{name}”, which Meta approved"),
        ),
        (None, Some("PENDING_REVIEW")) => Finding::wrong(
            Check::Name,
            Verdict::Doubtful,
            format!("its name “{name}” is PENDING_REVIEW"),
            wait,
        ),
        (None, Some(status)) => Finding::wrong(
            Check::Name,
            Verdict::Doubtful,
            format!("its name “{name}” is {status}"),
            choose,
        ),
    }
}

fn quality(details: &NumberDetails) -> Finding {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let told = format!(
        "quality {}, messaging limit {}, throughput {}",
        word(&details.number.quality_rating),
        word(&details.messaging_limit),
        word(&details.throughput)
    );
    match details.number.quality_rating.as_deref() {
        Some("RED") => Finding::wrong(
            Check::Quality,
            Verdict::Doubtful,
            told,
            "send only what people asked for: many have blocked or reported the number",
        ),
        Some("YELLOW") => Finding::wrong(
            Check::Quality,
            Verdict::Doubtful,
            told,
            "look at what went out in the last seven days: some have blocked or reported the number",
        ),
        _ => Finding::good(Check::Quality, told),
    }
}

fn health(health: Option<&Health>) -> Finding {
    let Some(health) = health else {
        return Finding {
            check: Check::Health,
            verdict: Verdict::Unknown,
            told: "Meta does not say whether messages can be sent".to_owned(),
            advice: None,
        };
    };
    let verdict = match health.can_send_message.as_str() {
        "AVAILABLE" => return Finding::good(Check::Health, "Meta lets its messages out"),
        "BLOCKED" => Verdict::Bad,
        _ => Verdict::Doubtful,
    };
    let (mut told, mut advice) = (Vec::new(), Vec::new());
    for entity in health
        .entities
        .iter()
        .filter(|entity| entity.can_send_message != "AVAILABLE")
    {
        let what = match entity.entity_type.as_str() {
            "PHONE_NUMBER" => "the number",
            "WABA" => "the account",
            "BUSINESS" => "the business",
            "APP" => "the app",
            other => other,
        };
        let plain = |text: &str| text.trim().trim_end_matches('.').to_owned();
        let said: Vec<String> = entity
            .errors
            .iter()
            .map(|error| {
                format!(
                    "{} (code {})",
                    plain(&error.error_description),
                    error.error_code
                )
            })
            .chain(entity.additional_info.iter().map(|info| plain(info)))
            .collect();
        told.push(format!(
            "{what} is {}: {}",
            entity.can_send_message,
            said.join("; ")
        ));
        let solutions = entity
            .errors
            .iter()
            .map(|error| plain(&error.possible_solution));
        advice.extend(solutions.filter(|solution| !solution.is_empty()));
    }
    Finding {
        check: Check::Health,
        verdict,
        told: match told.is_empty() {
            true => format!("Meta says {}", health.can_send_message),
            false => told.join("; "),
        },
        advice: (!advice.is_empty()).then(|| advice.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{MetaNumber, WebhookPlaces};
    use super::*;

    #[test]
    fn a_token_is_judged_by_what_it_permits_and_how_long() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let of = |data| {
            let found = of_token(&data, "7", now);
            (found.verdict, found.told)
        };
        let scopes = json!(SCOPES);
        let good = json!({ "is_valid": true, "scopes": scopes, "expires_at": 0 });
        assert_eq!(of(good).0, Verdict::Good);
        let (verdict, told) = of(json!({ "is_valid": true, "scopes": [SCOPES[0]] }));
        assert_eq!(
            (verdict, told.as_str()),
            (
                Verdict::Bad,
                "it lacks the permission whatsapp_business_messaging"
            )
        );
        let (verdict, told) = of(
            json!({ "is_valid": true, "scopes": scopes, "granular_scopes": [
            { "scope": SCOPES[1], "target_ids": ["8"] },
        ] }),
        );
        assert!(
            verdict == Verdict::Bad && told.contains("for account 7"),
            "{told}"
        );
        let (verdict, told) = of(
            json!({ "is_valid": true, "scopes": scopes, "expires_at": 1_767_225_600 + 3 * 86_400 }),
        );
        assert!(
            verdict == Verdict::Doubtful && told.contains("3 days from now"),
            "{told}"
        );
        let (verdict, told) =
            of(json!({ "is_valid": false, "error": { "message": "Session has expired." } }));
        assert!(
            verdict == Verdict::Bad && told.contains("Session has expired"),
            "{told}"
        );
    }

    #[test]
    fn each_part_of_a_number_says_what_to_do() {
        let details = NumberDetails {
            number: MetaNumber {
                verified_name: Some("Pizza".to_owned()),
                quality_rating: Some("RED".to_owned()),
                status: Some("PENDING".to_owned()),
                name_status: Some("APPROVED".to_owned()),
                webhook_configuration: Some(WebhookPlaces {
                    application: Some("https://other.test/hook".to_owned()),
                    ..WebhookPlaces::default()
                }),
                ..MetaNumber::default()
            },
            is_pin_enabled: Some(false),
            health_status: Some(Health {
                can_send_message: "BLOCKED".to_owned(),
                entities: serde_json::from_value(json!([
                    { "entity_type": "APP", "can_send_message": "AVAILABLE" },
                    { "entity_type": "WABA", "can_send_message": "BLOCKED", "errors": [
                        { "error_code": 141_010, "error_description": "Rejected.", "possible_solution": "Ask for a review." },
                    ] },
                ]))
                .unwrap(),
            }),
            ..NumberDetails::default()
        };
        let found = of_details(&details, "/webhooks/whatsapp");
        let verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
        let (bad, doubtful, good) = (Verdict::Bad, Verdict::Doubtful, Verdict::Good);
        assert_eq!(verdicts, [doubtful, bad, doubtful, good, doubtful, bad]);
        let last = found.last().unwrap();
        assert_eq!(last.told, "the account is BLOCKED: Rejected (code 141010)");
        assert_eq!(last.advice.as_deref(), Some("Ask for a review"));
    }
}
