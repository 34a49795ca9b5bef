//! Meta, as far as a bench plays it: numbers and customers at the emulator, and webhooks.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use roost::projects::Secret;
use roost_emulator::ControlClient;
use roost_emulator::control::wire::{NewCustomer, NewNumber, NewToken, NewWaba};
use serde_json::{Value, json};

use super::serve::APP_SECRET;

/// A business number.
#[derive(Clone)]
pub struct Number {
    pub id: String,
    /// Its account, in which it is alone.
    pub waba_id: String,
    /// What sends from it.
    pub token: String,
}

impl Number {
    /// Makes one, of which the app hears.
    pub async fn create(control: &ControlClient, app_id: &str, display: &str) -> Result<Self> {
        let account = NewWaba {
            app_ids: [app_id.to_owned()].into(),
            ..NewWaba::default()
        };
        let waba_id = control.create_waba(&account).await?.id;
        let number = NewNumber::new(&waba_id, display);
        let number = control.create_number(&number).await?;
        let token = NewToken {
            app_id: app_id.to_owned(),
            ..NewToken::default()
        };
        Ok(Self {
            id: number.id,
            waba_id,
            token: control.create_token(&token).await?.token,
        })
    }
}

/// Makes customers who read nothing by themselves: no status tells of it.
pub async fn create_customers(
    control: &ControlClient,
    phones: impl Iterator<Item = String>,
) -> Result<()> {
    for phone in phones {
        let customer = NewCustomer {
            phone,
            reads_automatically: Some(false),
            ..NewCustomer::default()
        };
        control.create_customer(&customer).await?;
    }
    Ok(())
}

/// What Meta POSTs when a customer wrote to a number. Of each text it has Meta's id and the words.
pub fn written(
    number_id: &str,
    waba_id: &str,
    from: &str,
    texts: impl IntoIterator<Item = (String, String)>,
) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs().to_string();
    let message = |(id, words): (String, String)| {
        json!({
            "from": from, "id": id, "timestamp": now, "type": "text", "text": { "body": words },
        })
    };
    let messages: Vec<Value> = texts.into_iter().map(message).collect();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": number_id },
        "contacts": [{ "profile": { "name": "A customer" }, "wa_id": from }],
        "messages": messages,
    });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": waba_id, "changes": [{ "field": "messages", "value": value }] }],
    })
    .to_string()
}

/// A POST of Meta's.
pub fn signed(client: &reqwest::Client, url: &str, body: String) -> reqwest::RequestBuilder {
    let signature = roost::http::sign(&Secret::new(APP_SECRET), body.as_bytes());
    client
        .post(url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .body(body)
}

/// Where a host takes webhooks.
pub fn webhook_url(host: SocketAddr) -> String {
    format!("http://{host}/webhooks/whatsapp")
}
