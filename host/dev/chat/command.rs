//! What the customer does: texts, choices and the commands.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roost_emulator::ControlClient;
use roost_emulator::control::wire::{Act, CustomerChange, MediaAct, NewCustomer};
use roost_emulator::control::{ClientError, MessageStatus, SentKind};

use super::feed::all_sent;

/// The largest picture that WhatsApp takes.
const LARGEST_IMAGE_BYTES: usize = 5 * 1024 * 1024;

/// A PNG of one grey pixel, for when any picture will do.
const TINY_PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";

/// A customer in front of a business number.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) control: ControlClient,
    pub(super) number_id: String,
    /// Digits only.
    pub(super) phone: String,
}

impl Actor {
    /// Does it. Gives what to tell the person when WhatsApp refuses.
    pub(super) async fn does(&self, act: Act) -> Result<Option<String>, ClientError> {
        let customer = self.control.customer(&self.number_id, &self.phone);
        match customer.does(act).await {
            Ok(_) => Ok(None),
            Err(ClientError::Refused(problem)) => {
                Ok(Some(format!("that was not sent: {}", problem.detail)))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes sure that the customer exists, by this name if there is one; gives their name.
    pub(super) async fn introduce(&self, name: Option<&str>) -> Result<String, ClientError> {
        let customers = self.control.customers().await?;
        let known = customers.into_iter().find(|c| c.phone == self.phone);
        let customer = match (known, name) {
            (Some(known), Some(name)) if known.name != name => {
                let change = CustomerChange {
                    name: Some(name.to_owned()),
                    ..CustomerChange::default()
                };
                let customer = self.control.customer(&self.number_id, &self.phone);
                customer.changes(&change).await?
            }
            (Some(known), _) => known,
            (None, name) => {
                let new = NewCustomer {
                    phone: self.phone.clone(),
                    name: name.map(str::to_owned),
                    ..NewCustomer::default()
                };
                self.control.create_customer(&new).await?
            }
        };
        Ok(customer.name)
    }

    /// How far the bot's messages to this customer have come.
    pub(super) async fn tally(&self) -> Result<String, ClientError> {
        let items = all_sent(&self.control, &self.number_id, Some(&self.phone), 0).await?;
        let (mut sent, mut delivered, mut read, mut failed) = (0, 0, 0, 0);
        for item in items {
            let SentKind::Message(message) = item.kind else {
                continue;
            };
            let status = message.status;
            if status == MessageStatus::Failed {
                failed += 1;
                continue;
            }
            sent += usize::from(status >= MessageStatus::Sent);
            delivered += usize::from(status >= MessageStatus::Delivered);
            read += usize::from(status >= MessageStatus::Read);
        }
        let mut tally = format!("{sent} sent, {delivered} delivered, {read} read");
        if failed > 0 {
            tally.push_str(&format!(", {failed} failed"));
        }
        Ok(tally)
    }

    /// Moves WhatsApp's clock; says where it is now.
    pub(super) async fn forward(&self, by: Duration) -> Result<String, ClientError> {
        let clock = self.control.advance_clock(by).await?;
        Ok(format!(
            "WhatsApp's clock is {} ahead now",
            hours(clock.offset_ms)
        ))
    }
}

fn hours(ms: i64) -> String {
    let hours = ms as f64 / 3_600_000.0;
    let hours = (hours * 100.0).round() / 100.0;
    let unit = if hours == 1.0 { "hour" } else { "hours" };
    format!("{hours} {unit}")
}

/// A picture from a file, or a tiny one. Fails with what to tell the person.
pub(super) async fn picture(path: Option<&Path>) -> Result<Act, String> {
    let Some(path) = path else {
        return Ok(image("image/png", TINY_PNG.to_owned()));
    };
    let shown = path.display();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let mime_type = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => {
            return Err(format!(
                "`{shown}` is not a picture that WhatsApp takes: name a .png or .jpg file"
            ));
        }
    };
    let bytes = tokio::fs::read(path)
        .await
        .map_err(|error| format!("`{shown}` cannot be read ({error}): check the path"))?;
    if bytes.len() > LARGEST_IMAGE_BYTES {
        return Err(format!(
            "`{shown}` has {} bytes, and WhatsApp takes pictures of up to {LARGEST_IMAGE_BYTES}: \
             make it smaller",
            bytes.len()
        ));
    }
    Ok(image(mime_type, STANDARD.encode(bytes)))
}

fn image(mime_type: &str, data: String) -> Act {
    Act::Image(MediaAct {
        mime_type: mime_type.to_owned(),
        data,
        ..MediaAct::default()
    })
}
