//! What the customer does: texts, choices and the commands.

use std::time::Duration;

use roost_emulator::ControlClient;
use roost_emulator::control::wire::{Act, CustomerChange, NewCustomer, TemplateDecision};
use roost_emulator::control::{ClientError, CustomerClient, MessageStatus, SentKind, Template};

use super::feed::all_sent;

/// A customer in front of a business number.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) control: ControlClient,
    pub(super) number_id: String,
    /// Digits only.
    pub(super) phone: String,
}

impl Actor {
    pub(super) fn customer(&self) -> CustomerClient {
        self.control.customer(&self.number_id, &self.phone)
    }

    /// Does it. Gives the message's id, or what to tell the person when WhatsApp refuses.
    pub(super) async fn does(&self, act: Act) -> Result<Result<String, String>, ClientError> {
        let done = refusable(self.customer().does(act).await)?;
        Ok(done.map_err(|why| format!("that was not sent: {why}")))
    }

    /// The templates of the number's account, by name.
    pub(super) async fn templates(&self) -> Result<Vec<Template>, ClientError> {
        let numbers = self.control.numbers().await?;
        let own = numbers
            .into_iter()
            .find(|number| number.id == self.number_id);
        let waba_id = own.map(|number| number.waba_id);
        let mut all = self.control.templates().await?;
        all.retain(|template| Some(&template.waba_id) == waba_id.as_ref());
        all.sort_by(|a, b| (&a.name, &a.language).cmp(&(&b.name, &b.language)));
        Ok(all)
    }

    /// Decides about all languages of a template. Gives what to tell the person.
    pub(super) async fn decides(
        &self,
        name: &str,
        decision: &TemplateDecision,
    ) -> Result<String, ClientError> {
        let templates = self.templates().await?;
        let mut told = Vec::new();
        for template in templates.iter().filter(|template| template.name == name) {
            let decided = self.control.decide_template(&template.id, decision).await;
            told.push(match refusable(decided)? {
                Ok(template) => format!(
                    "`{name}` ({}) is {} now",
                    template.language,
                    template.status.to_lowercase()
                ),
                Err(why) => why,
            });
        }
        Ok(match told.is_empty() {
            true => {
                format!("the account has no template `{name}`: /templates lists those that it has")
            }
            false => told.join("\n"),
        })
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
                self.customer().changes(&change).await?
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

/// What WhatsApp refuses is for the person; everything else ends the chat.
pub(super) fn refusable<T>(
    answer: Result<T, ClientError>,
) -> Result<Result<T, String>, ClientError> {
    match answer {
        Ok(done) => Ok(Ok(done)),
        Err(ClientError::Refused(problem)) => Ok(Err(problem.detail)),
        Err(error) => Err(error),
    }
}

fn hours(ms: i64) -> String {
    let hours = ms as f64 / 3_600_000.0;
    let hours = (hours * 100.0).round() / 100.0;
    let unit = if hours == 1.0 { "hour" } else { "hours" };
    format!("{hours} {unit}")
}
