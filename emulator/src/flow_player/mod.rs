//! A customer in a Flow: what the screens show, what is done on them, what becomes of it.
//!
//! The phone's side of Flows: it fills in what is bound, asks the endpoint, judges its answers as
//! WhatsApp does, and in the end sends the answer as a message.

mod screen;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::flow_endpoint::{self, EndpointError, Exchange};
use crate::flow_json::expression::{self, Reference};
use crate::inbound::{self, ActError, Actor, nfm_reply};
use crate::platform::Platform;
use crate::platform::kinds::MediaKind;
use crate::platform::model::FlowStatus;
use crate::platform::thread::{OfferedFlow, OpenFlow};
use crate::wire::{Circumstances, FlowAct, FlowView};

/// The id that ends a Flow.
const SUCCESS: &str = "SUCCESS";

/// What an act comes to.
enum Outcome {
    Stays,
    /// The customer is told something.
    Told(EndpointError),
    Complete(Value),
    Closed,
}

/// Opens the Flow of a message.
pub(crate) async fn open(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    message_id: Option<String>,
) -> Result<FlowView, ActError> {
    let (message_id, offered, text) = offer(platform, actor, message_id)?;
    let json: Value = serde_json::from_str(&text)
        .map_err(|_| ActError::Invalid("the Flow's JSON cannot be read".to_owned()))?;
    let mut flow = OpenFlow {
        screen: String::new(),
        data: BTreeMap::new(),
        forms: BTreeMap::new(),
        history: Vec::new(),
        flow_id: offered.flow_id.clone(),
        flow_token: offered.flow_token.clone(),
        message_id,
        json,
    };
    if !offered.asks_endpoint {
        let first = offered.screen.clone().or_else(|| flow.entry());
        let first = first.ok_or_else(|| ActError::Invalid("the Flow has no screen".to_owned()))?;
        flow.show(&first, offered.data.unwrap_or_else(|| json!({})));
        return Ok(finish(platform, actor, flow, Outcome::Stays));
    }
    let asked = flow.exchange(actor, "INIT", None, json!({}));
    let outcome = flow.ask(platform, asked).await;
    if let Outcome::Complete(response) = outcome {
        return complete(platform, actor, flow, response);
    }
    if flow.screen.is_empty() {
        // Nothing was opened.
        let mut view = view_of(&flow);
        view.screen = None;
        if let Outcome::Told(error) = outcome {
            tell(&mut view, &error);
        }
        return Ok(view);
    }
    Ok(finish(platform, actor, flow, outcome))
}

/// Does something on the screen that is open.
pub(crate) async fn act(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    act: FlowAct,
) -> Result<FlowView, ActError> {
    let mut flow = open_flow(platform, actor)?;
    let outcome = match act {
        FlowAct::Submit { values } => {
            flow.enter(platform, actor, values)?;
            let action = screen::footer_action(&flow)?;
            flow.check_inputs()?;
            flow.perform(platform, actor, &action).await?
        }
        FlowAct::Tap { component, values } => {
            flow.enter(platform, actor, values)?;
            let action = screen::tapped_action(&flow, &component)?;
            flow.perform(platform, actor, &action).await?
        }
        FlowAct::Select { values } => {
            let actions = screen::select_actions(&flow, &values);
            flow.enter(platform, actor, values)?;
            let mut outcome = Outcome::Stays;
            for action in actions {
                outcome = flow.perform(platform, actor, &action).await?;
            }
            outcome
        }
        FlowAct::Back => flow.back(platform, actor).await,
        FlowAct::Close => Outcome::Closed,
    };
    if let Outcome::Complete(response) = outcome {
        return complete(platform, actor, flow, response);
    }
    Ok(finish(platform, actor, flow, outcome))
}

/// What the customer sees now.
pub(crate) fn view(platform: &Platform, actor: Actor<'_>) -> Result<FlowView, ActError> {
    Ok(view_of(&open_flow(platform, actor)?))
}

fn open_flow(platform: &Platform, actor: Actor<'_>) -> Result<OpenFlow, ActError> {
    let world = platform.world();
    inbound::check_actor(&world, actor)?;
    let thread = world.thread(actor.number_id, actor.phone);
    let open = thread.and_then(|thread| thread.open_flow.clone());
    open.ok_or(ActError::NoOpenFlow)
}

/// The Flow that a message offers, and its Flow JSON.
fn offer(
    platform: &Platform,
    actor: Actor<'_>,
    wanted: Option<String>,
) -> Result<(String, OfferedFlow, String), ActError> {
    let world = platform.world();
    inbound::check_actor(&world, actor)?;
    let thread = world.thread(actor.number_id, actor.phone);
    let mut messages = thread.into_iter().flat_map(|thread| thread.messages());
    let message = messages.find(|message| {
        let is_wanted = wanted.as_ref().is_none_or(|id| *id == message.id);
        is_wanted && message.flow.is_some() && message.error_code.is_none()
    });
    let (id, offered) = message
        .and_then(|message| Some((message.id.clone(), message.flow.clone()?)))
        .ok_or(ActError::NoFlow)?;
    let flow = world.flows.get(&offered.flow_id).ok_or(ActError::NoFlow)?;
    if matches!(flow.status, FlowStatus::Blocked | FlowStatus::Deprecated) {
        return Err(ActError::Invalid(format!(
            "the Flow is {}: it cannot be opened",
            flow.status.as_str()
        )));
    }
    let text = match offered.is_draft {
        true => flow.json.clone(),
        false => flow.published_json.clone(),
    };
    let text = text.ok_or_else(|| ActError::Invalid("the Flow has no Flow JSON".to_owned()))?;
    Ok((id, offered, text))
}

/// Remembers where the Flow is, and shows it.
fn finish(platform: &Platform, actor: Actor<'_>, flow: OpenFlow, outcome: Outcome) -> FlowView {
    let mut view = view_of(&flow);
    let is_over = matches!(outcome, Outcome::Closed);
    if is_over {
        view.screen = None;
    }
    if let Outcome::Told(error) = &outcome {
        tell(&mut view, error);
    }
    platform.edit(|world| {
        let thread = world.thread_mut(actor.number_id, actor.phone);
        thread.open_flow = (!is_over).then_some(flow);
    });
    view
}

/// Sends the answer.
fn complete(
    platform: &Arc<Platform>,
    actor: Actor<'_>,
    flow: OpenFlow,
    response: Value,
) -> Result<FlowView, ActError> {
    let mut view = view_of(&flow);
    view.screen = None;
    let context = Some(flow.message_id.clone());
    platform.edit(|world| world.thread_mut(actor.number_id, actor.phone).open_flow = None);
    let circumstances = Circumstances::default();
    let id = inbound::say(platform, actor, &circumstances, |_| {
        Ok(nfm_reply("flow", "Sent", &response, context))
    })?;
    view.message_id = Some(id);
    Ok(view)
}

fn view_of(flow: &OpenFlow) -> FlowView {
    FlowView {
        flow_id: flow.flow_id.clone(),
        flow_token: flow.flow_token.clone(),
        screen: screen::shown(flow),
        message_id: None,
        error: None,
        error_type: None,
    }
}

fn tell(view: &mut FlowView, error: &EndpointError) {
    view.error = Some(error.shown.clone());
    view.error_type = Some(error.kind.to_owned()).filter(|kind| !kind.is_empty());
}

impl OpenFlow {
    /// The declaration of a screen.
    fn declared(&self, id: &str) -> Option<&Value> {
        let mut screens = self.json["screens"].as_array().into_iter().flatten();
        screens.find(|screen| screen["id"] == id)
    }

    /// The screen that no other one leads to.
    fn entry(&self) -> Option<String> {
        let screens = self.json["screens"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let ids: Vec<&str> = screens
            .iter()
            .filter_map(|screen| screen["id"].as_str())
            .collect();
        let targets: Vec<&str> = match &self.json["routing_model"] {
            Value::Object(model) => {
                let lists = model.values().filter_map(Value::as_array).flatten();
                lists.filter_map(Value::as_str).collect()
            }
            _ => {
                let mut targets = Vec::new();
                self.json["screens"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .for_each(|screen| {
                        screen::navigations(screen, &mut targets);
                    });
                targets
            }
        };
        let entry = ids
            .iter()
            .find(|id| !targets.contains(id))
            .or_else(|| ids.first());
        entry.map(|id| (*id).to_owned())
    }

    /// Goes to a screen.
    fn show(&mut self, id: &str, data: Value) {
        if !self.screen.is_empty() && self.screen != id {
            self.history.push(std::mem::take(&mut self.screen));
        }
        self.screen = id.to_owned();
        self.data.insert(id.to_owned(), data);
        let initial = screen::initial_values(self);
        let form = self.forms.entry(id.to_owned()).or_default();
        for (name, value) in initial {
            form.entry(name).or_insert(value);
        }
    }

    /// What a reference stands for on this screen.
    fn resolve(&self, reference: &Reference) -> Value {
        let screen = reference.screen.as_deref().unwrap_or(&self.screen);
        let (name, rest) = match reference.path.split_first() {
            Some(parts) => parts,
            None => return Value::Null,
        };
        let found = match reference.source.as_str() {
            "data" => self.data.get(screen).map(|data| data[name].clone()),
            _ => self
                .forms
                .get(screen)
                .and_then(|form| form.get(name).cloned()),
        };
        let mut value = found.unwrap_or(Value::Null);
        for key in rest {
            value = match (&value, key.parse::<usize>()) {
                (Value::Array(items), Ok(index)) => items.get(index).cloned().unwrap_or_default(),
                (other, _) => other[key].clone(),
            };
        }
        value
    }

    /// A value with all that is bound in it filled in.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => expression::evaluate(text, &|reference| self.resolve(reference)),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(members) => {
                let pairs = members
                    .iter()
                    .map(|(key, value)| (key.clone(), self.filled(value)));
                Value::Object(pairs.collect())
            }
            plain => plain.clone(),
        }
    }

    /// Enters values into the screen's inputs. Files come as `mime_type`, `data` in base64 and
    /// `file_name`.
    fn enter(
        &mut self,
        platform: &Platform,
        actor: Actor<'_>,
        values: Map<String, Value>,
    ) -> Result<(), ActError> {
        let inputs = screen::inputs(self);
        for (name, value) in values {
            let Some(input) = inputs.iter().find(|input| input["name"] == name.as_str()) else {
                let known: Vec<&str> = inputs
                    .iter()
                    .filter_map(|input| input["name"].as_str())
                    .collect();
                return Err(ActError::Invalid(format!(
                    "the screen `{}` has no input `{name}`; it has {}",
                    self.screen,
                    known.join(", ")
                )));
            };
            let value = match input["type"].as_str() {
                Some("PhotoPicker" | "DocumentPicker") => {
                    screen::files(platform, actor.number_id, &value)?
                }
                _ => value,
            };
            screen::check_value(input, &name, &value)?;
            self.forms
                .entry(self.screen.clone())
                .or_default()
                .insert(name, value);
        }
        Ok(())
    }

    /// Fails when something required is empty.
    fn check_inputs(&self) -> Result<(), ActError> {
        let form = self.forms.get(&self.screen);
        for input in screen::inputs(self) {
            let name = input["name"].as_str().unwrap_or_default();
            let is_empty = match form.and_then(|form| form.get(name)) {
                None | Some(Value::Null | Value::Bool(false)) => true,
                Some(Value::String(text)) => text.is_empty(),
                Some(Value::Array(items)) => items.is_empty(),
                Some(_) => false,
            };
            if input["required"] == true && is_empty {
                return Err(ActError::Invalid(format!(
                    "the input `{name}` of the screen `{}` is required",
                    self.screen
                )));
            }
        }
        Ok(())
    }

    async fn perform(
        &mut self,
        platform: &Arc<Platform>,
        actor: Actor<'_>,
        action: &Value,
    ) -> Result<Outcome, ActError> {
        let payload = match &action["payload"] {
            Value::Null => json!({}),
            payload => self.filled(payload),
        };
        Ok(match action["name"].as_str().unwrap_or_default() {
            "navigate" => {
                let next = action["next"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                if self.declared(&next).is_none() {
                    return Err(ActError::Invalid(format!(
                        "the Flow has no screen `{next}`"
                    )));
                }
                self.show(&next, payload);
                Outcome::Stays
            }
            "complete" => {
                let mut response = json!({"flow_token": self.flow_token});
                for (key, value) in payload.as_object().into_iter().flatten() {
                    response[key] = screen::without_secrets(value);
                }
                Outcome::Complete(response)
            }
            "data_exchange" => {
                let screen = Some(self.screen.clone());
                let payload = screen::sealed_files(platform, &payload);
                let asked = self.exchange(actor, "data_exchange", screen, payload);
                self.ask(platform, asked).await
            }
            "update_data" => {
                let data = self
                    .data
                    .entry(self.screen.clone())
                    .or_insert_with(|| json!({}));
                for (key, value) in payload.as_object().into_iter().flatten() {
                    data[key] = value.clone();
                }
                Outcome::Stays
            }
            // A page opens beside the Flow.
            "open_url" => Outcome::Stays,
            other => {
                return Err(ActError::Invalid(format!(
                    "the action `{other}` is not known"
                )));
            }
        })
    }

    fn exchange(
        &self,
        actor: Actor<'_>,
        action: &'static str,
        screen: Option<String>,
        data: Value,
    ) -> Exchange {
        Exchange {
            flow_id: self.flow_id.clone(),
            number_id: actor.number_id.to_owned(),
            action,
            screen,
            data,
            flow_token: Some(self.flow_token.clone()),
        }
    }

    /// Asks the endpoint, and does what it says.
    async fn ask(&mut self, platform: &Arc<Platform>, asked: Exchange) -> Outcome {
        let answered = flow_endpoint::exchange(platform, &asked).await;
        let judged = answered.and_then(|answer| self.judge(&asked, answer));
        match judged {
            Ok(outcome) => outcome,
            Err(error) => {
                // The endpoint is told of what was wrong with its answer.
                if ["invalid-screen-transition", "payload-schema-error"].contains(&error.kind) {
                    let _ = flow_endpoint::notify(platform, &asked, &error).await;
                }
                Outcome::Told(error)
            }
        }
    }

    /// What an answer says: an end, the same screen with other data, or the next one.
    fn judge(&mut self, asked: &Exchange, answer: Value) -> Result<Outcome, EndpointError> {
        let schema = |message: String| EndpointError::new("payload-schema-error", message);
        let next = answer["screen"].as_str();
        let next = next
            .ok_or_else(|| schema("the answer has no `screen`".to_owned()))?
            .to_owned();
        let data = match &answer["data"] {
            Value::Null => json!({}),
            data @ Value::Object(_) => data.clone(),
            _ => return Err(schema("`data` of the answer is no object".to_owned())),
        };
        if next == SUCCESS {
            let params = &data["extension_message_response"]["params"];
            if !params.is_object() {
                return Err(schema(
                    "the answer SUCCESS has no data.extension_message_response.params".to_owned(),
                ));
            }
            return Ok(Outcome::Complete(params.clone()));
        }
        let Some(declared) = self.declared(&next) else {
            return Err(EndpointError::new(
                "invalid-screen-transition",
                format!("the Flow has no screen {next}"),
            ));
        };
        let goes_on = asked.action == "data_exchange" && next != self.screen;
        let targets = &self.json["routing_model"][&self.screen];
        let is_legal = targets
            .as_array()
            .is_some_and(|targets| targets.contains(&json!(next)));
        if goes_on && !is_legal {
            return Err(EndpointError::new(
                "invalid-screen-transition",
                format!(
                    "the routing model has no route from {} to {next}",
                    self.screen
                ),
            ));
        }
        screen::check_data(declared, &data).map_err(schema)?;
        let told = data["error_message"].as_str().map(str::to_owned);
        if asked.action == "BACK" {
            self.history.pop();
            self.screen = String::new();
        }
        self.show(&next, data);
        Ok(match told {
            None => Outcome::Stays,
            Some(text) => Outcome::Told(EndpointError {
                kind: "",
                message: text.clone(),
                shown: text,
            }),
        })
    }

    async fn back(&mut self, platform: &Arc<Platform>, actor: Actor<'_>) -> Outcome {
        let Some(previous) = self.history.last().cloned() else {
            return Outcome::Closed;
        };
        let refreshes = self
            .declared(&self.screen)
            .is_some_and(|screen| screen["refresh_on_back"] == true);
        if refreshes {
            let asked = self.exchange(actor, "BACK", Some(self.screen.clone()), json!({}));
            return self.ask(platform, asked).await;
        }
        self.history.pop();
        self.screen = previous;
        Outcome::Stays
    }
}

/// The kind of media that a file in a Flow is.
fn media_kind(mime_type: &str) -> MediaKind {
    match mime_type.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}
