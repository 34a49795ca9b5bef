//! Tokens of Flows that are sent: each ties data requests and the answer to its Flow and to its contact.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::model::{FlowName, SentFlow};
use super::store::{NewToken, Store};
use crate::projects::ProjectId;

/// How a token of the host's own begins. Others are the bot's.
const PREFIX: &str = "rf1.";

/// How long a Flow can be answered, unless the bot says otherwise.
pub const USUAL_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The longest.
pub const MOST_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Makes tokens and knows them.
#[derive(Clone)]
pub struct FlowTokens {
    pub(super) store: Store,
    /// Of all hosts.
    pub(super) key: [u8; 32],
}

/// A Flow that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    pub project: ProjectId,
    /// What it is sent for: an event, or a web request.
    pub event: i64,
    /// Which of the same content it is, in that event.
    pub occurrence: u32,
    pub flow: &'a str,
    pub recipient: &'a str,
    /// What else is said: another content gets another token.
    pub content: &'a str,
    pub reference: Option<&'a str>,
    pub seconds: u32,
}

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the bot's own: the host knows nothing of it.
    Foreign,
    /// It is good.
    Good(SentFlow),
    /// It is over, was taken back, is of another Flow, or was never made.
    Over,
}

impl FlowTokens {
    /// The token of a Flow that is sent, which is the same when its event is run again. It is written down.
    pub async fn token(&self, sending: &Sending<'_>) -> Result<String, sqlx::Error> {
        let token = self.made(sending);
        let new = NewToken {
            flow: sending.flow,
            recipient: sending.recipient,
            reference: sending.reference,
            seconds: f64::from(sending.seconds.clamp(1, MOST_SECONDS)),
        };
        self.store.put_token(sending.project, &token, &new).await?;
        Ok(token)
    }

    fn made(&self, sending: &Sending<'_>) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(sending.project.0.as_bytes());
        mac.update(&sending.event.to_be_bytes());
        mac.update(&sending.occurrence.to_be_bytes());
        let reference = sending.reference.unwrap_or_default();
        for part in [sending.flow, sending.recipient, sending.content, reference] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let mac = mac.finalize().into_bytes();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(&mac[..24]))
    }

    /// Meta named the recipient.
    pub async fn reached(
        &self,
        project: ProjectId,
        token: &str,
        wa_id: &str,
    ) -> Result<(), sqlx::Error> {
        self.store.token_reached(project, token, wa_id).await
    }

    /// What a token is good for at the endpoint of a Flow.
    pub async fn at_endpoint(
        &self,
        project: ProjectId,
        flow: &FlowName,
        token: Option<&str>,
    ) -> Result<Standing, sqlx::Error> {
        let Some(token) = token.filter(|token| token.starts_with(PREFIX)) else {
            return Ok(Standing::Foreign);
        };
        let Some((sent, now)) = self.store.token(project, token).await? else {
            return Ok(Standing::Over);
        };
        let is_good =
            sent.flow == flow.as_str() && sent.withdrawn_at.is_none() && now < sent.expires_at;
        Ok(match is_good {
            true => Standing::Good(sent),
            false => Standing::Over,
        })
    }

    /// The Flow that an answer is of, whenever it comes.
    pub async fn sent(
        &self,
        project: ProjectId,
        token: &str,
    ) -> Result<Option<SentFlow>, sqlx::Error> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let found = self.store.token(project, token).await?;
        Ok(found.map(|(sent, _)| sent))
    }

    /// Its answer was read.
    pub async fn answered(&self, project: ProjectId, token: &str) -> Result<(), sqlx::Error> {
        self.store.answered(project, token).await
    }

    /// The bot wants no answer any more. Says whether there is such a token.
    pub async fn withdraw(&self, project: ProjectId, token: &str) -> Result<bool, sqlx::Error> {
        self.store.withdraw(project, token).await
    }

    /// Meta's id of a project's Flow, and whether it was published.
    pub async fn flow(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<super::Flow>, sqlx::Error> {
        self.store.find(project, name).await
    }
}
