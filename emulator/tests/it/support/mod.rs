//! A scene: an emulator, a business with a number and a token, and a receiver of its webhooks.

pub(crate) mod endpoint;
pub(crate) mod receiver;

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::wire::{Cursor, NewApp, NewCustomer, NewNumber, NewToken, NewWaba};
use roost_emulator::control::{
    App, CustomerClient, DelayRange, Fault, SentItem, SentKind, SentMessage,
};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use serde_json::{Value, json};

use receiver::Receiver;

/// How long anything may take before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// The business number's digits.
pub(crate) const BUSINESS: &str = "15550783881";
/// The customer's phone.
pub(crate) const SHEENA: &str = "16505551234";

/// What a test plays in.
pub(crate) struct Scene {
    pub(crate) emulator: Running,
    pub(crate) control: ControlClient,
    pub(crate) receiver: Receiver,
    pub(crate) app: App,
    pub(crate) waba_id: String,
    pub(crate) number_id: String,
    pub(crate) token: String,
    pub(crate) http: reqwest::Client,
}

/// An answer of the Graph API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn message_id(&self) -> String {
        let id = self.body["messages"][0]["id"].as_str();
        id.unwrap_or_else(|| panic!("no message id in {self:?}"))
            .to_owned()
    }

    pub(crate) fn code(&self) -> (u16, u64) {
        (
            self.status,
            self.body["error"]["code"].as_u64().unwrap_or(0),
        )
    }

    pub(crate) fn details(&self) -> &str {
        self.body["error"]["error_data"]["details"]
            .as_str()
            .unwrap_or_default()
    }
}

/// A configuration whose statuses and retries take no time.
pub(crate) fn quick() -> Config {
    let mut config = Config::default();
    config.settings.status_delay_ms = DelayRange { min: 0, max: 0 };
    config.settings.webhook_retry_ms = vec![0, 5, 10];
    config
}

impl Scene {
    pub(crate) async fn start() -> Self {
        Self::with(quick()).await
    }

    /// A scene in which Sheena has just written, so that her window is open.
    pub(crate) async fn open() -> Self {
        let scene = Self::start().await;
        scene.sheena().says("hello").await.unwrap();
        scene.receiver.next().await;
        scene
    }

    pub(crate) async fn with(config: Config) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let control = emulator.control().unwrap();
        let receiver = Receiver::start().await;
        let app = control
            .create_app(&NewApp {
                callback_url: Some(receiver.url()),
                ..NewApp::default()
            })
            .await
            .unwrap();
        let waba = control
            .create_waba(&NewWaba {
                app_ids: [app.id.clone()].into(),
                ..NewWaba::default()
            })
            .await
            .unwrap();
        let number = control
            .create_number(&NewNumber::new(&waba.id, "+1 555-078-3881"))
            .await
            .unwrap();
        let token = control
            .create_token(&NewToken {
                app_id: app.id.clone(),
                ..NewToken::default()
            })
            .await
            .unwrap();
        control
            .create_customer(&NewCustomer {
                phone: SHEENA.to_owned(),
                name: Some("Sheena Nelson".to_owned()),
                ..NewCustomer::default()
            })
            .await
            .unwrap();
        Self {
            emulator,
            control,
            receiver,
            app,
            waba_id: waba.id,
            number_id: number.id,
            token: token.token,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub(crate) fn sheena(&self) -> CustomerClient {
        self.control.customer(&self.number_id, SHEENA)
    }

    pub(crate) fn messages_path(&self) -> String {
        format!("v25.0/{}/messages", self.number_id)
    }

    /// Calls the Graph API with the business's token.
    pub(crate) async fn graph(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.graph_as(Some(&self.token), method, path, body).await
    }

    pub(crate) async fn graph_as(
        &self,
        token: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let url = format!("{}/{path}", self.emulator.graph_url());
        let mut request = self.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.graph(Method::GET, path, None).await
    }

    /// Sends to Sheena: `message` has the type and its object.
    pub(crate) async fn send(&self, message: Value) -> Answer {
        let path = self.messages_path();
        self.graph(Method::POST, &path, Some(to_sheena(message)))
            .await
    }

    pub(crate) async fn send_text(&self, text: &str) -> Answer {
        self.send(json!({"type": "text", "text": {"body": text}}))
            .await
    }

    /// Waits until no status and no webhook is outstanding.
    pub(crate) async fn settle(&self) {
        let idle = self.control.idle(DEADLINE).await.unwrap();
        assert!(idle.is_idle, "still outstanding: {idle:?}");
    }

    pub(crate) async fn fail_next(&self, count: u32, fault: Fault) {
        self.control.fail_next(count, fault).await.unwrap();
    }

    /// Everything that the business did to Sheena.
    pub(crate) async fn sent(&self) -> Vec<SentItem> {
        self.sheena().sent(0, Duration::ZERO).await.unwrap().items
    }

    /// The messages among them.
    pub(crate) async fn messages(&self) -> Vec<SentMessage> {
        let items = self.sent().await.into_iter();
        items
            .filter_map(|item| match item.kind {
                SentKind::Message(message) => Some(*message),
                SentKind::Read { .. } | SentKind::Typing { .. } => None,
            })
            .collect()
    }

    /// The statuses that arrived, as (status, message id), once everything has settled.
    pub(crate) async fn statuses(&self) -> Vec<(String, String)> {
        self.settle().await;
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.receiver
            .bodies()
            .iter()
            .flat_map(statuses_in)
            .map(|status| (word(&status["status"]), word(&status["id"])))
            .collect()
    }
}

/// A send to Sheena.
pub(crate) fn to_sheena(message: Value) -> Value {
    let mut body = json!({"messaging_product": "whatsapp", "to": SHEENA});
    for (key, value) in message.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// All deliveries after a cursor.
pub(crate) fn after(after: u64) -> Cursor {
    Cursor {
        after,
        wait_ms: DEADLINE.as_millis() as u64,
        ..Cursor::default()
    }
}

pub(crate) async fn read(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

/// The `value` of a webhook's only change.
pub(crate) fn value_of(body: &Value) -> &Value {
    &body["entry"][0]["changes"][0]["value"]
}

/// All statuses of a webhook.
pub(crate) fn statuses_in(body: &Value) -> Vec<Value> {
    everything_in(body, "statuses")
}

/// All items under a key, over all entries and changes of a webhook.
pub(crate) fn everything_in(body: &Value, key: &str) -> Vec<Value> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    list(body, "entry")
        .iter()
        .flat_map(|entry| list(entry, "changes"))
        .flat_map(|change| list(&change["value"], key))
        .collect()
}
