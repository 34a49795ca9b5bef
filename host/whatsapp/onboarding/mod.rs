//! Connecting a number at Meta, and letting it go: each call by itself, and what a refusal means.
//!
//! Every call may be made again: Meta answers the same. What is between them (which comes first,
//! when it is tried again) is the caller's.

mod details;
mod examine;
mod profile;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::{AccessToken, GraphClient, GraphRequest, Outcome};
use super::error::GraphError;
use refusal::{About, Asked};

pub use details::{Entity, EntityError, Health, NumberDetails};
pub use examine::{Check, Finding, Verdict};
pub use profile::{Profile, ProfileChange, VERTICALS};
pub use refusal::token_refusal;

/// Pages of an account's numbers that are read before giving up.
const MAX_PAGES: usize = 50;

/// Calls about numbers and accounts, with whichever token.
#[derive(Clone)]
pub struct Onboarding {
    client: GraphClient,
    app_secrets: AppSecrets,
}

/// The secrets of the Meta app, as they are now.
pub type AppSecrets = Arc<dyn Fn() -> Vec<AccessToken> + Send + Sync>;

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Meta refused, or what it said cannot be: somebody has to change something. For people.
    Refused(String),
    /// A later try may succeed. For people, with what Meta asks to wait.
    Later(String, Option<Duration>),
}

/// A number, as Meta describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MetaNumber {
    /// As people write it.
    pub display_phone_number: String,
    /// What customers see, once it is approved.
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality_rating: Option<String>,
    /// `CONNECTED` once it is registered.
    pub status: Option<String>,
    /// `CLOUD_API` once it is registered here.
    pub platform_type: Option<String>,
    /// `APPROVED` and others.
    pub name_status: Option<String>,
    /// Where its webhooks go.
    pub webhook_configuration: Option<WebhookPlaces>,
}

/// Where a number's webhooks go: the first of these that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookPlaces {
    /// The number's own.
    pub phone_number: Option<String>,
    /// The account's.
    pub whatsapp_business_account: Option<String>,
    /// The app's.
    pub application: Option<String>,
}

impl MetaNumber {
    /// The digits, as webhooks carry them.
    pub fn digits(&self) -> String {
        let digits = self.display_phone_number.chars();
        digits.filter(char::is_ascii_digit).collect()
    }

    /// Whether it is registered for the Cloud API.
    pub fn is_registered(&self) -> bool {
        self.platform_type.as_deref() == Some("CLOUD_API")
            && !matches!(
                self.status.as_deref(),
                Some("PENDING" | "DISCONNECTED" | "UNVERIFIED" | "DELETED" | "MIGRATED")
            )
    }
}

impl WebhookPlaces {
    /// Where webhooks go now.
    pub fn used(&self) -> Option<&str> {
        let overrides = self.phone_number.as_deref();
        overrides
            .or(self.whatsapp_business_account.as_deref())
            .or(self.application.as_deref())
    }
}

impl Onboarding {
    /// With the secrets of the Meta app that this host is the webhook of.
    pub fn new(client: GraphClient, app_secrets: AppSecrets) -> Self {
        Self {
            client,
            app_secrets,
        }
    }

    /// Reads the number, which shows that the token is good and reaches it, and that it is a token of
    /// this host's app: only then are the webhooks signed with a secret that the host knows.
    pub async fn number(&self, token: &AccessToken, id: &str) -> Result<MetaNumber, Trouble> {
        let about = About::number(id);
        let mut last = None;
        for secret in (self.app_secrets)() {
            let path = format!(
                "{id}?fields={NUMBER_FIELDS}&appsecret_proof={}",
                proof(&secret, token)
            );
            match self.ask(token, Method::GET, &path, None).await? {
                Ok(answer) => return read(answer, Asked::Read, &about),
                Err(error) if is_about_proof(&error) => last = Some(error),
                Err(error) => return Err(refusal::explain(Asked::Read, &about, &error)),
            }
        }
        Err(match last {
            Some(error) => refusal::foreign_app(&about, &error),
            None => Trouble::Refused("this host knows no Meta app".to_owned()),
        })
    }

    /// Whether the number is one of the account's.
    pub async fn is_of_account(
        &self,
        token: &AccessToken,
        waba_id: &str,
        id: &str,
    ) -> Result<bool, Trouble> {
        let about = About::account(waba_id);
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let path = format!("{waba_id}/phone_numbers?fields=id&limit=100{after}");
            let answer = self
                .told(token, Method::GET, &path, None, Asked::ListNumbers, &about)
                .await?;
            let numbers = answer["data"].as_array();
            if numbers.is_some_and(|numbers| numbers.iter().any(|number| number["id"] == id)) {
                return Ok(true);
            }
            let cursor = answer["paging"]["cursors"]["after"].as_str();
            match cursor.filter(|_| answer["paging"]["next"].is_string()) {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return Ok(false),
            }
        }
        Ok(false)
    }

    /// The app that the token belongs to; `None` when Meta does not tell this token.
    pub async fn app_of(&self, token: &AccessToken) -> Result<Option<String>, Trouble> {
        match self.ask(token, Method::GET, "app?fields=id", None).await? {
            Ok(answer) => Ok(answer["id"].as_str().map(str::to_owned)),
            Err(_) => Ok(None),
        }
    }

    /// Subscribes the token's app to the account: from now on its webhooks come.
    pub async fn subscribe(&self, token: &AccessToken, waba_id: &str) -> Result<(), Trouble> {
        let (path, about) = (
            format!("{waba_id}/subscribed_apps"),
            About::account(waba_id),
        );
        // What overrides the app's callback stays: a POST without one would clear it.
        let listed = self
            .told(token, Method::GET, &path, None, Asked::Subscribe, &about)
            .await?;
        if let Some(app_id) = self.app_of(token).await?
            && has_app(&listed, &app_id)
        {
            return Ok(());
        }
        let body = json!({});
        let post = self.told(
            token,
            Method::POST,
            &path,
            Some(&body),
            Asked::Subscribe,
            &about,
        );
        post.await.map(drop)
    }

    /// Whether the token's app is subscribed to the account.
    pub async fn is_subscribed(&self, token: &AccessToken, waba_id: &str) -> Result<bool, Trouble> {
        let (path, about) = (
            format!("{waba_id}/subscribed_apps"),
            About::account(waba_id),
        );
        let listed = self
            .told(
                token,
                Method::GET,
                &path,
                None,
                Asked::ReadSubscriptions,
                &about,
            )
            .await?;
        Ok(match self.app_of(token).await? {
            Some(app_id) => has_app(&listed, &app_id),
            None => listed["data"]
                .as_array()
                .is_some_and(|apps| !apps.is_empty()),
        })
    }

    /// Ends the subscription of the token's app to the account.
    pub async fn unsubscribe(&self, token: &AccessToken, waba_id: &str) -> Result<(), Trouble> {
        let (path, about) = (
            format!("{waba_id}/subscribed_apps"),
            About::account(waba_id),
        );
        let delete = self.told(
            token,
            Method::DELETE,
            &path,
            None,
            Asked::Unsubscribe,
            &about,
        );
        delete.await.map(drop)
    }

    /// Registers the number for the Cloud API.
    pub async fn register(&self, token: &AccessToken, id: &str, pin: &str) -> Result<(), Trouble> {
        let (path, about) = (format!("{id}/register"), About::number(id));
        let body = json!({"messaging_product": "whatsapp", "pin": pin});
        let post = self.told(
            token,
            Method::POST,
            &path,
            Some(&body),
            Asked::Register,
            &about,
        );
        post.await.map(drop)
    }

    /// Ends the number's registration: it can be used elsewhere then.
    pub async fn deregister(&self, token: &AccessToken, id: &str) -> Result<(), Trouble> {
        let (path, about) = (format!("{id}/deregister"), About::number(id));
        let body = json!({});
        let post = self.told(
            token,
            Method::POST,
            &path,
            Some(&body),
            Asked::Deregister,
            &about,
        );
        post.await.map(drop)
    }

    /// The answer, with a refusal in words.
    async fn told(
        &self,
        token: &AccessToken,
        method: Method,
        path: &str,
        body: Option<&Value>,
        asked: Asked,
        about: &About,
    ) -> Result<Value, Trouble> {
        let answer = self.ask(token, method, path, body).await?;
        answer.map_err(|error| refusal::explain(asked, about, &error))
    }

    /// The answer, or Meta's refusal.
    async fn ask(
        &self,
        token: &AccessToken,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Value, GraphError>, Trouble> {
        let mut request = GraphRequest::json(method, path, body.unwrap_or(&Value::Null));
        if body.is_none() {
            request.body = Default::default();
            request.headers.clear();
        }
        let response = match self.client.call(token, &request).await {
            Outcome::Answered(response) => response,
            Outcome::NotSent(why) | Outcome::Unknown(why) => {
                return Err(Trouble::Later(
                    format!("Meta cannot be reached: {why}"),
                    None,
                ));
            }
        };
        if let Some(error) = GraphError::read(&response) {
            return match refusal::wait(&error) {
                Some(wait) => {
                    let wait = response.retry_after().or(wait);
                    Err(Trouble::Later(refusal::quoted(&error), wait))
                }
                None => Ok(Err(error)),
            };
        }
        if !response.status.is_success() {
            let error = GraphError::of(&response);
            return match response.status.is_server_error() || response.status.as_u16() == 429 {
                true => Err(Trouble::Later(
                    format!("Meta answered with status {}", error.status),
                    response.retry_after(),
                )),
                false => Ok(Err(error)),
            };
        }
        match serde_json::from_slice(&response.body) {
            Ok(value) => Ok(Ok(value)),
            Err(_) => Err(Trouble::Later(
                "Meta's answer cannot be read".to_owned(),
                None,
            )),
        }
    }
}

const NUMBER_FIELDS: &str = "display_phone_number,verified_name,quality_rating,status,\
    platform_type,name_status,webhook_configuration";

fn read(answer: Value, asked: Asked, about: &About) -> Result<MetaNumber, Trouble> {
    let number: MetaNumber = serde_json::from_value(answer).unwrap_or_default();
    match number.digits().is_empty() {
        // An account, an app or a page has an id as well.
        true => Err(refusal::not_a_number(asked, about)),
        false => Ok(number),
    }
}

fn has_app(listed: &Value, app_id: &str) -> bool {
    let apps = listed["data"].as_array();
    apps.is_some_and(|apps| {
        apps.iter()
            .any(|app| app["whatsapp_business_api_data"]["id"] == app_id)
    })
}

fn is_about_proof(error: &GraphError) -> bool {
    error.code == 100 && error.message.contains("appsecret_proof")
}

/// Shows Meta that who calls knows the app's secret; wrong for a token of another app.
fn proof(secret: &AccessToken, token: &AccessToken) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(token.reveal().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
