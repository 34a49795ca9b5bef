//! A message that opens a Flow.

use serde_json::{Value, json};

use super::json::{Parts, envelope, header};
use super::{Header, InvalidMessage, Message, limits};

/// A message that opens a Flow.
#[derive(Debug, Clone)]
pub struct FlowMessage {
    /// As in [`super::TextMessage::to`].
    pub to: String,
    /// Meta's id of the Flow.
    pub flow_id: String,
    /// Ties what comes back to this message.
    pub token: String,
    /// Above the text.
    pub header: Option<Header>,
    /// At most 1024 characters.
    pub body: String,
    /// Below the text, at most 60 characters.
    pub footer: Option<String>,
    /// The label that opens it, at most 30 characters.
    pub button: String,
    /// Whether the Flow's data endpoint says which screen opens first.
    pub asks_endpoint: bool,
    /// The screen that opens first, else.
    pub screen: Option<String>,
    /// What that screen's data are, as a JSON object.
    pub data: Option<String>,
    /// Whether the draft opens, and not what was published.
    pub draft: bool,
    /// The id of a message to quote.
    pub reply_to: Option<String>,
}

impl Message for FlowMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        limits::length("body", &self.body, 1..=limits::FLOW_BODY)?;
        limits::length("button", &self.button, 1..=limits::FLOW_BUTTON)?;
        limits::optional("footer", self.footer.as_deref(), limits::FOOTER)?;
        limits::optional("screen", self.screen.as_deref(), limits::ID)?;
        if self.data.is_some() && self.screen.is_none() {
            return Err(InvalidMessage::field(
                "data",
                "is for a `screen`, which is not named",
            ));
        }
        let header = self.header.as_ref().map(header).transpose()?;
        let mut parameters = json!({
            "flow_message_version": "3",
            "flow_id": self.flow_id,
            "flow_token": self.token,
            "flow_cta": self.button,
            "flow_action": if self.asks_endpoint { "data_exchange" } else { "navigate" },
        });
        if self.draft {
            parameters["mode"] = json!("draft");
        }
        if let (Some(screen), false) = (&self.screen, self.asks_endpoint) {
            let mut payload = json!({ "screen": screen });
            if let Some(data) = &self.data {
                payload["data"] = match serde_json::from_str(data) {
                    // Meta refuses an empty one.
                    Ok(Value::Object(data)) if !data.is_empty() => Value::Object(data),
                    Ok(_) | Err(_) => {
                        let problem = "is not a JSON object with at least one field";
                        return Err(InvalidMessage::field("data", problem));
                    }
                };
            }
            parameters["flow_action_payload"] = payload;
        }
        let parts = Parts {
            header,
            body: &self.body,
            footer: self.footer.as_deref(),
            action: json!({ "name": "flow", "parameters": parameters }),
        };
        let reply_to = self.reply_to.as_deref();
        envelope(&self.to, reply_to, "interactive", parts.json("flow"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> FlowMessage {
        FlowMessage {
            to: "16505551234".to_owned(),
            flow_id: "77".to_owned(),
            token: "rf1.x".to_owned(),
            header: Some(Header::Text("Hello".to_owned())),
            body: "Book a table".to_owned(),
            footer: None,
            button: "Book".to_owned(),
            asks_endpoint: false,
            screen: Some("DAY".to_owned()),
            data: Some(r#"{"day":"1"}"#.to_owned()),
            draft: true,
            reply_to: None,
        }
    }

    #[test]
    fn it_is_metas_json() {
        let json = message().to_json().unwrap();
        assert_eq!(json["interactive"]["type"], "flow");
        assert_eq!(
            json["interactive"]["action"],
            json!({ "name": "flow", "parameters": {
                "flow_message_version": "3", "flow_id": "77", "flow_token": "rf1.x", "flow_cta": "Book",
                "flow_action": "navigate", "mode": "draft",
                "flow_action_payload": { "screen": "DAY", "data": { "day": "1" } },
            }})
        );
        let asks = FlowMessage {
            asks_endpoint: true,
            screen: None,
            data: None,
            draft: false,
            ..message()
        };
        let parameters = asks.to_json().unwrap()["interactive"]["action"]["parameters"].clone();
        assert_eq!(parameters["flow_action"], "data_exchange");
        assert!(
            parameters.get("flow_action_payload").is_none() && parameters.get("mode").is_none()
        );
    }

    #[test]
    fn what_meta_would_refuse_names_its_field() {
        let long = FlowMessage {
            button: "x".repeat(31),
            ..message()
        };
        assert!(long.to_json().unwrap_err().to_string().contains("`button`"));
        for data in ["[]", "{}", "x"] {
            let odd = FlowMessage {
                data: Some(data.to_owned()),
                ..message()
            };
            assert!(
                odd.to_json().unwrap_err().to_string().contains("`data`"),
                "{data}"
            );
        }
        let nowhere = FlowMessage {
            screen: None,
            ..message()
        };
        assert!(
            nowhere
                .to_json()
                .unwrap_err()
                .to_string()
                .contains("`screen`")
        );
    }
}
