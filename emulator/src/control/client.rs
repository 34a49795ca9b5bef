//! A typed client of the control API, for tests and for tools.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::config::Settings;
use crate::faults::{ArmedFault, Fault, Often};
use crate::outbox::log::Attempt;
use crate::platform::model::{App, Customer, Flow, Number, Template, Token, Waba};
use crate::platform::thread::SentItem;
use crate::wire::{
    Act, ActRequest, Acted, Circumstances, ClockChange, ClockState, Count, Cursor, CustomerChange,
    FlowAct, FlowChange, FlowOpening, FlowStep, FlowView, Idle, MediaAct, MediaFile, NameDecision,
    NewApp, NewCustomer, NewNumber, NewTemplate, NewToken, NewWaba, NewWebhook, NumberChange, Page,
    Pinged, PlayRequest, PreferenceRequest, Problem, ReadRequest, Release, Reset, TemplateCategory,
    TemplateDecision, TemplateGrade, Wait,
};

/// How much longer than a long poll's own wait the client waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much longer an endpoint may take: two requests and a notice, each with its timeout.
const SLOW_MS: u64 = 60_000;

/// Why a control call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The emulator refused it.
    #[error("{} ({}): {}", .0.code, .0.status, .0.detail)]
    Refused(Problem),
    #[error("the emulator's control API did not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("`{0}` is not the URL of a control API")]
    BadUrl(String),
}

impl ClientError {
    /// The stable word of a refusal, for example `no-such-choice`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            Self::Unreachable(_) | Self::BadUrl(_) => None,
        }
    }
}

/// A client of one emulator.
#[derive(Clone, Debug)]
pub struct ControlClient {
    http: reqwest::Client,
    base: Url,
    token: String,
}

type Answer<T> = Result<T, ClientError>;

impl ControlClient {
    /// A client of the control API at `control_url`.
    pub fn new(control_url: &str, control_token: impl Into<String>) -> Answer<Self> {
        crate::crypto::install();
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(ClientError::Unreachable)?;
        Ok(Self {
            http,
            base: Url::parse(control_url)
                .map_err(|_| ClientError::BadUrl(control_url.to_owned()))?,
            token: control_token.into(),
        })
    }

    pub async fn create_app(&self, new: &NewApp) -> Answer<App> {
        self.post("apps", new).await
    }

    pub async fn create_waba(&self, new: &NewWaba) -> Answer<Waba> {
        self.post("wabas", new).await
    }

    pub async fn create_number(&self, new: &NewNumber) -> Answer<Number> {
        self.post("numbers", new).await
    }

    pub async fn create_token(&self, new: &NewToken) -> Answer<Token> {
        self.post("tokens", new).await
    }

    pub async fn declare_template(&self, new: &NewTemplate) -> Answer<Template> {
        self.post("templates", new).await
    }

    pub async fn create_customer(&self, new: &NewCustomer) -> Answer<Customer> {
        self.post("customers", new).await
    }

    pub async fn apps(&self) -> Answer<Vec<App>> {
        Ok(self.list("apps").await?.items)
    }

    pub async fn wabas(&self) -> Answer<Vec<Waba>> {
        Ok(self.list("wabas").await?.items)
    }

    pub async fn numbers(&self) -> Answer<Vec<Number>> {
        Ok(self.list("numbers").await?.items)
    }

    pub async fn tokens(&self) -> Answer<Vec<Token>> {
        Ok(self.list("tokens").await?.items)
    }

    pub async fn customers(&self) -> Answer<Vec<Customer>> {
        Ok(self.list("customers").await?.items)
    }

    pub async fn number(&self, id: &str) -> Answer<Number> {
        self.call(Method::GET, self.url(&format!("numbers/{id}")), None, 0)
            .await
    }

    /// Changes what Meta thinks of a number.
    pub async fn change_number(&self, id: &str, change: &NumberChange) -> Answer<Number> {
        let url = self.url(&format!("numbers/{id}"));
        self.call(Method::PATCH, url, Some(json!(change)), 0).await
    }

    /// Decides about the display name that a number waits for.
    pub async fn decide_name(&self, number_id: &str, decision: &NameDecision) -> Answer<Number> {
        self.post(&format!("numbers/{number_id}/name"), decision)
            .await
    }

    /// A file of a number.
    pub async fn media(&self, id: &str) -> Answer<MediaFile> {
        let url = self.url(&format!("media/{id}"));
        self.call(Method::GET, url, None, 0).await
    }

    pub async fn templates(&self) -> Answer<Vec<Template>> {
        Ok(self.list("templates").await?.items)
    }

    /// Approves a template.
    pub async fn approve_template(&self, id: &str) -> Answer<Template> {
        let event = "APPROVED".to_owned();
        let decision = TemplateDecision {
            event,
            ..TemplateDecision::default()
        };
        self.decide_template(id, &decision).await
    }

    /// Rejects a template, for example for `ABUSIVE_CONTENT`.
    pub async fn reject_template(&self, id: &str, reason: &str) -> Answer<Template> {
        let decision = TemplateDecision {
            event: "REJECTED".to_owned(),
            reason: Some(reason.to_owned()),
            ..TemplateDecision::default()
        };
        self.decide_template(id, &decision).await
    }

    /// Decides about a template: approves, rejects, pauses, disables it and the like.
    pub async fn decide_template(&self, id: &str, decision: &TemplateDecision) -> Answer<Template> {
        self.post(&format!("templates/{id}/decisions"), decision)
            .await
    }

    /// Changes what customers think of a template.
    pub async fn grade_template(&self, id: &str, score: &str) -> Answer<Template> {
        let score = score.to_owned();
        self.post(&format!("templates/{id}/quality"), &TemplateGrade { score })
            .await
    }

    pub async fn recategorize_template(
        &self,
        id: &str,
        category: &TemplateCategory,
    ) -> Answer<Template> {
        self.post(&format!("templates/{id}/category"), category)
            .await
    }

    pub async fn flows(&self) -> Answer<Vec<Flow>> {
        Ok(self.list("flows").await?.items)
    }

    /// Throttles, blocks or restores a Flow.
    pub async fn set_flow_status(&self, id: &str, status: &str) -> Answer<Flow> {
        let status = status.to_owned();
        self.post(&format!("flows/{id}/status"), &FlowChange { status })
            .await
    }

    /// Asks a Flow's endpoint whether it is there.
    pub async fn ping_flow(&self, id: &str) -> Answer<Pinged> {
        self.post(&format!("flows/{id}/ping"), &Map::new()).await
    }

    /// Tells the apps of an account anything at all; gives how many are told.
    pub async fn tell(&self, webhook: &NewWebhook) -> Answer<usize> {
        let count: Count = self.post("webhooks", webhook).await?;
        Ok(count.count)
    }

    /// A customer in front of the conversation with a number.
    pub fn customer(&self, number_id: &str, phone: &str) -> CustomerClient {
        CustomerClient {
            client: self.clone(),
            number_id: number_id.to_owned(),
            phone: phone.to_owned(),
        }
    }

    /// What businesses did in conversations.
    pub async fn sent(&self, cursor: &Cursor) -> Answer<Page<SentItem>> {
        self.read("sent", cursor, cursor.wait_ms).await
    }

    /// The attempts to deliver webhooks.
    pub async fn deliveries(&self, cursor: &Cursor) -> Answer<Page<Attempt>> {
        self.read("deliveries", cursor, cursor.wait_ms).await
    }

    /// Waits until nothing is outstanding, for at most `wait`.
    pub async fn idle(&self, wait: Duration) -> Answer<Idle> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.read("idle", &Wait { wait_ms }, wait_ms).await
    }

    pub async fn settings(&self) -> Answer<Settings> {
        self.call(Method::GET, self.url("settings"), None, 0).await
    }

    /// Changes the settings that `change` names, for example
    /// `json!({"webhook_retry_ms": [0, 5]})`.
    pub async fn change_settings(&self, change: Value) -> Answer<Settings> {
        self.call(Method::PATCH, self.url("settings"), Some(change), 0)
            .await
    }

    pub async fn set_clock(&self, change: ClockChange) -> Answer<ClockState> {
        self.call(Method::PUT, self.url("clock"), Some(json!(change)), 0)
            .await
    }

    /// Moves the clock forward.
    pub async fn advance_clock(&self, by: Duration) -> Answer<ClockState> {
        let advance_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.set_clock(ClockChange {
            offset_ms: None,
            advance_ms,
        })
        .await
    }

    /// Makes the next so many sends or webhooks go wrong.
    pub async fn fail_next(&self, count: u32, fault: Fault) -> Answer<ArmedFault> {
        self.arm(fault, Often::Next(count)).await
    }

    /// Makes sends or webhooks go wrong.
    pub async fn arm(&self, fault: Fault, often: Often) -> Answer<ArmedFault> {
        self.post("faults", &ArmedFault { fault, often }).await
    }

    pub async fn clear_faults(&self) -> Answer<Count> {
        self.call(Method::DELETE, self.url("faults"), None, 0).await
    }

    /// Holds webhooks back until [`Self::release_webhooks`].
    pub async fn hold_webhooks(&self) -> Answer<Count> {
        self.post("webhooks/hold", &Map::new()).await
    }

    pub async fn release_webhooks(&self, release: Release) -> Answer<Count> {
        self.post("webhooks/release", &release).await
    }

    /// Ends the waits of deliveries between their attempts.
    pub async fn retry_webhooks(&self) -> Answer<Count> {
        self.post("webhooks/retry", &Map::new()).await
    }

    pub async fn reset(&self, reset: Reset) -> Answer<Count> {
        self.post("reset", &reset).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Answer<T> {
        self.call(Method::POST, self.url(path), Some(json!(body)), 0)
            .await
    }

    /// The same, where the emulator asks somebody else before it answers.
    async fn post_slowly<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Answer<T> {
        self.call(Method::POST, self.url(path), Some(json!(body)), SLOW_MS)
            .await
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Answer<Page<T>> {
        self.call(Method::GET, self.url(path), None, 0).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &impl Serialize,
        wait_ms: u64,
    ) -> Answer<T> {
        let mut url = self.url(path);
        if let Value::Object(query) = json!(query) {
            for (key, value) in query {
                match value {
                    Value::Null => {}
                    Value::String(text) => {
                        url.query_pairs_mut().append_pair(&key, &text);
                    }
                    other => {
                        url.query_pairs_mut().append_pair(&key, &other.to_string());
                    }
                }
            }
        }
        self.call(Method::GET, url, None, wait_ms).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
        wait_ms: u64,
    ) -> Answer<T> {
        let request = self
            .http
            .request(method, url)
            .bearer_auth(&self.token)
            .timeout(Duration::from_millis(wait_ms) + PATIENCE);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.map_err(ClientError::Unreachable)?;
        if response.status().is_success() {
            response.json().await.map_err(ClientError::Unreachable)
        } else {
            let problem = response.json().await.map_err(ClientError::Unreachable)?;
            Err(ClientError::Refused(problem))
        }
    }
}

/// A customer in front of a conversation: their methods are what that person can do. Each gives
/// the id of the message that it became.
#[derive(Clone, Debug)]
pub struct CustomerClient {
    client: ControlClient,
    number_id: String,
    phone: String,
}

impl CustomerClient {
    pub async fn says(&self, text: &str) -> Answer<String> {
        self.does(Act::Text {
            body: text.to_owned(),
            reply_to: None,
        })
        .await
    }

    /// Says something that quotes a message.
    pub async fn replies(&self, message_id: &str, text: &str) -> Answer<String> {
        self.does(Act::Text {
            body: text.to_owned(),
            reply_to: Some(message_id.to_owned()),
        })
        .await
    }

    /// Taps a button or a quick reply of a message that the business sent.
    pub async fn taps(&self, button: &str) -> Answer<String> {
        self.does(Act::Tap {
            button: button.to_owned(),
            message_id: None,
        })
        .await
    }

    /// Chooses a row of a list that the business sent.
    pub async fn chooses(&self, row: &str) -> Answer<String> {
        self.does(Act::Choose {
            row: row.to_owned(),
            message_id: None,
        })
        .await
    }

    pub async fn reacts(&self, message_id: &str, emoji: &str) -> Answer<String> {
        self.does(Act::Reaction {
            message_id: message_id.to_owned(),
            emoji: Some(emoji.to_owned()),
        })
        .await
    }

    pub async fn sends_location(&self, latitude: f64, longitude: f64) -> Answer<String> {
        self.does(Act::Location {
            latitude,
            longitude,
            name: None,
            address: None,
            reply_to: None,
        })
        .await
    }

    pub async fn sends_image(&self, mime_type: &str, bytes: &[u8]) -> Answer<String> {
        self.does(Act::Image(MediaAct {
            mime_type: mime_type.to_owned(),
            data: STANDARD.encode(bytes),
            ..MediaAct::default()
        }))
        .await
    }

    /// Completes a Flow with these values.
    pub async fn completes_flow(&self, response: Value) -> Answer<String> {
        self.does(Act::FlowReply {
            response,
            body: None,
            message_id: None,
        })
        .await
    }

    /// Does anything that a customer can do.
    pub async fn does(&self, act: Act) -> Answer<String> {
        self.does_so(act, Circumstances::default()).await
    }

    /// Does something that came about in a certain way: forwarded, or by an advertisement.
    pub async fn does_so(&self, act: Act, circumstances: Circumstances) -> Answer<String> {
        let request = ActRequest {
            number_id: self.number_id.clone(),
            act,
            circumstances,
        };
        let acted: Acted = self.client.post(&self.path("/acts"), &request).await?;
        Ok(acted.message_id)
    }

    /// Opens the conversation: everything in it is delivered and read. Gives how much that was.
    pub async fn reads(&self) -> Answer<usize> {
        let number_id = self.number_id.clone();
        let request = ReadRequest { number_id };
        let count: Count = self.client.post(&self.path("/read"), &request).await?;
        Ok(count.count)
    }

    /// Listens to a voice message.
    pub async fn plays(&self, message_id: &str) -> Answer<usize> {
        let request = PlayRequest {
            number_id: self.number_id.clone(),
            message_id: message_id.to_owned(),
        };
        let count: Count = self.client.post(&self.path("/play"), &request).await?;
        Ok(count.count)
    }

    /// Stops the number's marketing messages, or wants them again.
    pub async fn wants_marketing(&self, wants_marketing: bool) -> Answer<Customer> {
        let request = PreferenceRequest {
            number_id: self.number_id.clone(),
            wants_marketing,
        };
        self.client.post(&self.path("/preference"), &request).await
    }

    /// Opens the Flow of a message; of the newest that has one, when none is named.
    pub async fn opens_flow(&self, message_id: Option<&str>) -> Answer<FlowView> {
        let request = FlowOpening {
            number_id: self.number_id.clone(),
            message_id: message_id.map(str::to_owned),
        };
        self.client.post_slowly(&self.path("/flow"), &request).await
    }

    /// Does something on the screen of the Flow that is open.
    pub async fn in_flow(&self, act: FlowAct) -> Answer<FlowView> {
        let request = FlowStep {
            number_id: self.number_id.clone(),
            act,
        };
        let path = self.path("/flow/steps");
        self.client.post_slowly(&path, &request).await
    }

    /// Fills in what is named and goes on by the screen's footer.
    pub async fn submits(&self, values: Value) -> Answer<FlowView> {
        let values = values.as_object().cloned().unwrap_or_default();
        self.in_flow(FlowAct::Submit { values }).await
    }

    /// What is on the screen of the Flow that is open.
    pub async fn sees_flow(&self) -> Answer<FlowView> {
        let number_id = self.number_id.clone();
        let path = self.path("/flow");
        self.client.read(&path, &ReadRequest { number_id }, 0).await
    }

    pub async fn changes(&self, change: &CustomerChange) -> Answer<Customer> {
        let url = self.client.url(&self.path(""));
        self.client
            .call(Method::PATCH, url, Some(json!(change)), 0)
            .await
    }

    /// What the business did in this conversation after a cursor, waiting for the first item.
    pub async fn sent(&self, after: u64, wait: Duration) -> Answer<Page<SentItem>> {
        let cursor = Cursor {
            number_id: Some(self.number_id.clone()),
            customer: Some(self.phone.clone()),
            after,
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            limit: None,
        };
        self.client.sent(&cursor).await
    }

    fn path(&self, rest: &str) -> String {
        format!("customers/{}{rest}", self.phone)
    }
}
