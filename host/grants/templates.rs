//! A project's templates: listed, and sent by way of the outbox once they fit.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::ProjectMessenger;
use crate::capabilities::TemplateBook;
use crate::capabilities::wit_templates::{
    ButtonValue, Card, HeaderValue, Message, Refusal, Template, TextValue,
};
use crate::capabilities::wit_whatsapp::{MediaSource, Sent};
use crate::projects::ProjectId;
use crate::templates::{
    self, Filling, Filter, Given, NotSendable, Stored, TemplateError, Templates,
};

/// As many templates are listed for a bot.
const MOST: i64 = 1000;

/// The templates of one run.
pub(crate) struct ProjectTemplates {
    pub(crate) templates: Templates,
    pub(crate) project_id: ProjectId,
    pub(crate) messenger: Arc<ProjectMessenger>,
}

impl TemplateBook for ProjectTemplates {
    fn list(&self) -> BoxFuture<'_, Result<Vec<Template>, Refusal>> {
        Box::pin(async move {
            let all = self
                .templates
                .list(self.project_id, &Filter::default(), None, MOST)
                .await;
            let all = all.map_err(|error| match error {
                TemplateError::Database(error) => unavailable(&error),
                other => Refusal::Other(other.to_string()),
            })?;
            Ok(all.into_iter().map(shown).collect())
        })
    }

    fn send(&self, message: Message) -> BoxFuture<'_, Result<Sent, Refusal>> {
        Box::pin(async move {
            let Message {
                to,
                name,
                language,
                header,
                body,
                buttons,
                cards,
                expires_at,
            } = message;
            if to.is_empty() {
                return Err(Refusal::Unfit("`to` is empty".to_owned()));
            }
            let mut filling = filling(Card {
                header,
                body,
                buttons,
            })?;
            filling.expires_at = expires_at;
            for card in cards {
                filling.cards.push(self::filling(card)?);
            }
            let template = self
                .templates
                .message(self.project_id, &to, &name, language.as_deref(), &filling)
                .await;
            let template = template.map_err(|error| match error {
                NotSendable::Unfit(why) => Refusal::Unfit(why),
                NotSendable::Database(error) => unavailable(&error),
            })?;
            let message = json!({
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": to,
                "type": "template",
                "template": template,
            });
            let own = self.messenger.has_media(&message).await;
            own.map_err(Refusal::NotSent)?;
            let sent = self.messenger.send_fitted(message);
            sent.await.map_err(Refusal::NotSent)
        })
    }
}

fn unavailable(error: &sqlx::Error) -> Refusal {
    tracing::error!(%error, "templates could not be looked up");
    Refusal::Unavailable("the control database failed; try again".to_owned())
}

fn shown(row: Stored) -> Template {
    Template {
        told: row.told().filter(|_| row.status != "APPROVED"),
        id: row.template_id,
        name: row.name,
        language: row.language,
        category: row.category,
        status: row.status,
        components: row.components,
    }
}

fn filling(card: Card) -> Result<Filling, Refusal> {
    let buttons = card.buttons.into_iter().map(|button| {
        let value = match button.value {
            ButtonValue::Text(text) => templates::ButtonValue::Text(text),
            ButtonValue::Json(text) => templates::ButtonValue::Json(parsed(&text)?),
        };
        Ok((button.index, value))
    });
    Ok(Filling {
        header: card.header.map(header).transpose()?,
        body: card.body.into_iter().map(given).collect(),
        buttons: buttons.collect::<Result<_, Refusal>>()?,
        expires_at: None,
        cards: Vec::new(),
    })
}

fn given(value: TextValue) -> Given {
    Given {
        name: value.name,
        text: value.text,
    }
}

fn header(value: HeaderValue) -> Result<Value, Refusal> {
    Ok(match value {
        HeaderValue::Text(value) => match value.name {
            Some(name) => json!({ "type": "text", "parameter_name": name, "text": value.text }),
            None => json!({ "type": "text", "text": value.text }),
        },
        HeaderValue::Image(source) => json!({ "type": "image", "image": media(source) }),
        HeaderValue::Video(source) => json!({ "type": "video", "video": media(source) }),
        HeaderValue::Document(document) => {
            let mut media = media(document.source);
            if let Some(filename) = document.filename {
                media["filename"] = filename.into();
            }
            json!({ "type": "document", "document": media })
        }
        HeaderValue::Json(text) => parsed(&text)?,
    })
}

fn media(source: MediaSource) -> Value {
    match source {
        MediaSource::Id(id) => json!({ "id": id }),
        MediaSource::Link(link) => json!({ "link": link }),
    }
}

fn parsed(text: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text)
        .map_err(|error| Refusal::Unfit(format!("a parameter is not JSON: {error}")))
}
