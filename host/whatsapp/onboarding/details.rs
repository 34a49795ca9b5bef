//! What Meta says of a number beside what connecting it needs: its limits, its name's review, its health.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::{About, Asked};
use super::{MetaNumber, NUMBER_FIELDS, Onboarding, Trouble};
use crate::whatsapp::client::AccessToken;

/// What is asked of a number besides.
const MORE_FIELDS: &str = "new_display_name,new_name_status,code_verification_status,is_pin_enabled,\
    account_mode,is_official_business_account,whatsapp_business_manager_messaging_limit,throughput,\
    username,health_status";

/// A number, as Meta describes it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NumberDetails {
    #[serde(flatten)]
    pub number: MetaNumber,
    /// A display name that was asked for.
    pub new_display_name: Option<String>,
    /// What became of it: `PENDING_REVIEW`, `DECLINED` and so on.
    pub new_name_status: Option<String>,
    pub code_verification_status: Option<String>,
    /// Whether two-step verification is on.
    pub is_pin_enabled: Option<bool>,
    /// `LIVE`, or `SANDBOX` of a test number.
    pub account_mode: Option<String>,
    pub is_official_business_account: Option<bool>,
    /// How many people a day may be written to first, for example `TIER_250`.
    #[serde(
        rename = "whatsapp_business_manager_messaging_limit",
        deserialize_with = "a_word"
    )]
    pub messaging_limit: Option<String>,
    /// Messages a second: `STANDARD` or `HIGH`.
    #[serde(deserialize_with = "a_level")]
    pub throughput: Option<String>,
    pub username: Option<String>,
    pub health_status: Option<Health>,
}

/// Whether messages can be sent, and by whom not.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Health {
    /// `AVAILABLE`, `LIMITED` or `BLOCKED`.
    pub can_send_message: String,
    pub entities: Vec<Entity>,
}

/// What takes part in sending: the number, its account, the business, the app.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Entity {
    pub entity_type: String,
    pub can_send_message: String,
    pub errors: Vec<EntityError>,
    pub additional_info: Vec<String>,
}

/// Why it cannot, and what Meta advises.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct EntityError {
    pub error_code: i64,
    pub error_description: String,
    pub possible_solution: String,
}

fn a_word<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
}

fn a_level<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Value>::deserialize(from)?.unwrap_or_default();
    Ok(value["level"].as_str().map(str::to_owned))
}

impl Onboarding {
    /// All that Meta says of a number.
    pub async fn details(&self, token: &AccessToken, id: &str) -> Result<NumberDetails, Trouble> {
        let about = About::number(id);
        let path = format!("{id}?fields={NUMBER_FIELDS},{MORE_FIELDS}");
        let answer = self
            .told(token, Method::GET, &path, None, Asked::Read, &about)
            .await?;
        serde_json::from_value(answer)
            .map_err(|_| Trouble::Later("Meta's answer cannot be read".to_owned(), None))
    }

    /// Sets the PIN of two-step verification, and turns that on.
    pub async fn set_pin(&self, token: &AccessToken, id: &str, pin: &str) -> Result<(), Trouble> {
        let body = json!({ "pin": pin });
        self.change(token, id, &body, Asked::SetPin).await
    }

    /// Asks for another display name, which Meta reviews.
    pub async fn rename(&self, token: &AccessToken, id: &str, name: &str) -> Result<(), Trouble> {
        let body = json!({ "new_display_name": name });
        self.change(token, id, &body, Asked::Rename).await
    }

    async fn change(
        &self,
        token: &AccessToken,
        id: &str,
        body: &Value,
        asked: Asked,
    ) -> Result<(), Trouble> {
        let about = About::number(id);
        self.told(token, Method::POST, id, Some(body), asked, &about)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_leaves_out_or_says_otherwise_is_no_failure() {
        let read = |json| serde_json::from_value::<NumberDetails>(json).unwrap();
        let full = read(json!({
            "display_phone_number": "+1 631-555-5555", "throughput": { "level": "HIGH" },
            "whatsapp_business_manager_messaging_limit": "TIER_2K", "is_pin_enabled": true,
            "health_status": { "can_send_message": "BLOCKED", "entities": [{ "entity_type": "WABA" }] },
        }));
        assert_eq!(full.number.digits(), "16315555555");
        assert_eq!(full.throughput.as_deref(), Some("HIGH"));
        assert_eq!(full.messaging_limit.as_deref(), Some("TIER_2K"));
        let odd = read(json!({
            "display_phone_number": "1", "throughput": null,
            "whatsapp_business_manager_messaging_limit": null,
        }));
        assert_eq!((odd.throughput, odd.messaging_limit), (None, None));
    }
}
