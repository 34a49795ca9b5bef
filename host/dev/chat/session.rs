//! A chat from its first line to its end.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use roost_emulator::ControlClient;
use roost_emulator::control::wire::{Act, FlowAct, FlowView, TemplateDecision};
use roost_emulator::control::{ClientError, SentItem, SentKind, SentMessage};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::choices::{OpenChoices, Picked};
use super::command::{Actor, refusable};
use super::files::{Files, file, picture};
use super::forms::{Form, Next};
use super::line::{Command, HELP, LONGEST_TEXT, Line, Lines, pieces};
use super::quiet::{self, Waited};
use super::screen::{Screen, Style};
use super::{ChatEnd, ChatError, Settled, feed, render};

/// How long the replies to a line are waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a chat that is stopped looks for what was already sent.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Whether the chat shows what people see only as ticks and dots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Messages and reactions.
    #[default]
    Messages,
    /// Read marks and typing indicators too.
    Everything,
}

/// A customer's conversation with a bot, in a terminal or a pipe.
#[derive(Debug)]
pub struct Chat {
    actor: Actor,
    style: Style,
    verbosity: Verbosity,
    patience: Duration,
    notices: Option<mpsc::UnboundedReceiver<String>>,
    files: Files,
    /// The cursor after the last thing that was printed.
    seen: u64,
    /// A cursor of deliveries from before.
    deliveries: u64,
}

impl Chat {
    /// Opens the chat of a customer, who is added if the emulator does not know them. `customer`
    /// is their phone with the country's calling code.
    ///
    /// What the bot sends from now on will be printed; what it sent before is not.
    pub async fn open(
        control: ControlClient,
        number_id: impl Into<String>,
        customer: &str,
    ) -> Result<Self, ClientError> {
        let actor = Actor {
            control,
            number_id: number_id.into(),
            phone: customer.chars().filter(char::is_ascii_digit).collect(),
        };
        actor.introduce(None).await?;
        let before = feed::all_sent(&actor.control, &actor.number_id, None, 0).await?;
        let deliveries = feed::newest_delivery(&actor.control, 0).await?;
        Ok(Self {
            actor,
            style: Style::of_stdio(),
            verbosity: Verbosity::default(),
            patience: PATIENCE,
            notices: None,
            files: Files(None),
            seen: before.last().map_or(0, |item| item.seq),
            deliveries,
        })
    }

    /// Takes another style than the one that standard input and output call for.
    pub fn with_style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    pub fn with_verbosity(self, verbosity: Verbosity) -> Self {
        Self { verbosity, ..self }
    }

    /// Waits at most so long for the replies to a line; a minute unless told otherwise.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Prints these as they come, for example how long a deploy took.
    pub fn with_notices(self, notices: mpsc::UnboundedReceiver<String>) -> Self {
        Self {
            notices: Some(notices),
            ..self
        }
    }

    /// Keeps the files that the bot sends in a folder, and shows their paths.
    pub fn with_files(self, folder: PathBuf) -> Self {
        Self {
            files: Files(Some(folder)),
            ..self
        }
    }

    /// Runs the chat until its input ends, the customer quits, or `stop` is cancelled.
    ///
    /// At the end of the input and after `/quit` it waits for what is outstanding; when stopped it
    /// only prints what was already sent.
    pub async fn run(
        mut self,
        input: impl AsyncBufRead + Unpin,
        output: impl AsyncWrite + Unpin,
        settled: &impl Settled,
        stop: CancellationToken,
    ) -> Result<ChatEnd, ChatError> {
        let mut lines = Lines::new(input);
        let mut notices = self.notices.take();
        let mut session = Session::new(self, output);
        let mut poll = session.poll();
        let mut waiting = match session.chat.style {
            Style::Interactive => None,
            Style::Scripted => Some(session.quiet(settled)),
        };
        let mut end = None;
        loop {
            if waiting.is_none() {
                session.screen.prompt().await?;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return session.stop().await,
                items = &mut poll => {
                    session.show(&items?).await?;
                    poll = session.poll();
                }
                notice = next_notice(&mut notices) => session.screen.notice(&notice).await?,
                waited = poll_waiting(&mut waiting), if waiting.is_some() => {
                    waiting = None;
                    session.waited(waited?).await?;
                    if let Some(end) = end {
                        return Ok(end);
                    }
                }
                line = lines.next(), if waiting.is_none() => {
                    let line = line.map_err(ChatError::Input)?;
                    let Some(taken) = stop.run_until_cancelled(session.take(line)).await else {
                        return session.stop().await;
                    };
                    end = taken?;
                    if end.is_some() || session.must_wait() {
                        waiting = Some(session.quiet(settled));
                    }
                }
            }
        }
    }
}

type Pending<'s, T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send + 's>>;

/// A chat that runs.
struct Session<W> {
    chat: Chat,
    screen: Screen<W>,
    open: OpenChoices,
    /// The bot's newest message to each customer, by their phone.
    newest: HashMap<String, SentMessage>,
    /// Each customer's own newest message.
    own: HashMap<String, String>,
    /// The Flow that is open.
    form: Option<Form>,
    /// Whether something was done that the bot may answer.
    has_acted: bool,
}

impl<W: AsyncWrite + Unpin> Session<W> {
    fn new(chat: Chat, output: W) -> Self {
        Self {
            screen: Screen::new(output, chat.style),
            chat,
            open: OpenChoices::default(),
            newest: HashMap::new(),
            own: HashMap::new(),
            form: None,
            has_acted: false,
        }
    }

    /// Waits for the next thing that the bot sends.
    fn poll(&self) -> Pending<'static, Vec<SentItem>> {
        let Actor {
            control, number_id, ..
        } = self.chat.actor.clone();
        Box::pin(feed::sent(control, number_id, self.chat.seen, feed::POLL))
    }

    /// Waits until nothing is outstanding. Gives how that ended and the cursor of deliveries.
    fn quiet<'s>(&self, settled: &'s impl Settled) -> Pending<'s, Waited> {
        let deadline = Instant::now() + self.chat.patience;
        let control = self.chat.actor.control.clone();
        Box::pin(quiet::wait(
            control,
            settled,
            self.chat.deliveries,
            deadline,
        ))
    }

    /// Whether the next line has to wait for replies.
    fn must_wait(&mut self) -> bool {
        std::mem::take(&mut self.has_acted) && self.chat.style == Style::Scripted
    }

    /// Prints what the bot sent until nothing was outstanding, or says that it is not done.
    async fn waited(&mut self, waited: Waited) -> Result<(), ChatError> {
        self.catch_up().await?;
        let control = &self.chat.actor.control;
        self.chat.deliveries = feed::newest_delivery(control, self.chat.deliveries).await?;
        match waited.sentence(self.chat.patience) {
            Some(sentence) => self.screen.notice(&sentence).await,
            None => Ok(()),
        }
    }

    /// Prints what was already sent; an emulator that no longer answers has nothing to add.
    async fn stop(mut self) -> Result<ChatEnd, ChatError> {
        self.screen.leave_prompt().await?;
        match tokio::time::timeout(STOP_PATIENCE, self.catch_up()).await {
            Ok(Err(error @ (ChatError::Input(_) | ChatError::Output(_)))) => Err(error),
            Ok(Ok(()) | Err(ChatError::Emulator(_))) | Err(_) => Ok(ChatEnd::Stopped),
        }
    }

    async fn catch_up(&mut self) -> Result<(), ChatError> {
        let Actor {
            control, number_id, ..
        } = &self.chat.actor;
        let items = feed::all_sent(control, number_id, None, self.chat.seen).await?;
        self.show(&items).await
    }

    /// Prints what was not printed yet.
    async fn show(&mut self, items: &[SentItem]) -> Result<(), ChatError> {
        let mut lines = Vec::new();
        for item in items.iter().filter(|item| item.seq > self.chat.seen) {
            self.open.note(item);
            if let SentKind::Message(message) = &item.kind
                && message.message_type.as_str() != "reaction"
            {
                self.newest
                    .insert(item.customer.clone(), (**message).clone());
            }
            let item = &self.chat.files.kept(&self.chat.actor.control, item).await;
            lines.extend(render::item(item, &self.chat.actor.phone));
            let sign = render::sign(item).filter(|_| self.chat.verbosity == Verbosity::Everything);
            lines.extend(sign.map(|sign| format!("* {sign}")));
        }
        self.chat.seen = items.last().map_or(0, |item| item.seq).max(self.chat.seen);
        self.screen.print(&lines).await
    }

    /// Does what a line asks for. Gives the chat's end when this is it.
    async fn take(&mut self, line: Option<String>) -> Result<Option<ChatEnd>, ChatError> {
        let Some(line) = line else {
            self.screen.leave_prompt().await?;
            return Ok(Some(ChatEnd::EndOfInput));
        };
        let meaning = Line::parse(&line);
        if meaning != Line::Empty || self.chat.style == Style::Interactive {
            self.screen.came_in(&line).await?;
        }
        match meaning {
            Line::Empty => {}
            Line::Text(text) | Line::Number(text) if self.form.is_some() => {
                self.fill(&text).await?
            }
            Line::Text(text) => self.say(&text).await?,
            Line::Number(number) => self.answer(&number).await?,
            Line::Mistake(why) => self.screen.notice(&why).await?,
            Line::Command(Command::Quit) => return Ok(Some(ChatEnd::Quit)),
            Line::Command(command) => self.obey(command).await?,
        }
        Ok(None)
    }

    async fn say(&mut self, text: &str) -> Result<(), ChatError> {
        let pieces = pieces(text);
        if pieces.len() > 1 {
            let notice = format!(
                "that line has {} characters and a message at most {LONGEST_TEXT}: sending it as \
                 {} messages",
                text.chars().count(),
                pieces.len()
            );
            self.screen.notice(&notice).await?;
        }
        for body in pieces {
            let body = body.to_owned();
            let reply_to = None;
            self.act(Act::Text { body, reply_to }).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, number: &str) -> Result<(), ChatError> {
        match self.open.pick(&self.chat.actor.phone, number) {
            Picked::Choice(act) => self.act(act).await,
            Picked::NothingOpen => self.say(number).await,
            Picked::OutOfRange(count) => {
                let are = if count == 1 {
                    "is 1 choice"
                } else {
                    &format!("are {count} choices")
                };
                let notice = format!("there {are}; /say {number} sends the number as text");
                self.screen.notice(&notice).await
            }
        }
    }

    async fn act(&mut self, act: Act) -> Result<(), ChatError> {
        self.has_acted = true;
        match self.chat.actor.does(act).await? {
            Err(refusal) => self.screen.notice(&refusal).await,
            Ok(id) => {
                self.own.insert(self.chat.actor.phone.clone(), id);
                Ok(())
            }
        }
    }

    /// The bot's newest message to the customer, if there is one.
    fn last_of_bot(&self) -> Option<&SentMessage> {
        self.newest.get(&self.chat.actor.phone)
    }

    /// Opens the bot's newest Flow.
    async fn open_flow(&mut self) -> Result<(), ChatError> {
        match refusable(self.chat.actor.customer().opens_flow(None).await)? {
            Ok(view) => self.see(view, false).await,
            Err(why) => self.screen.notice(&why).await,
        }
    }

    /// Takes a line as an answer on the screen of the open Flow.
    async fn fill(&mut self, line: &str) -> Result<(), ChatError> {
        let Some(form) = &mut self.form else {
            return Ok(());
        };
        match form.take(line).await {
            Next::Ask(question) => self.screen.notice(&question).await,
            Next::Mistake(why) => self.screen.notice(&why).await,
            Next::Act(act) => self.in_flow(act).await,
        }
    }

    async fn in_flow(&mut self, act: FlowAct) -> Result<(), ChatError> {
        let selects = matches!(act, FlowAct::Select { .. });
        match refusable(self.chat.actor.customer().in_flow(act).await)? {
            Ok(view) => self.see(view, selects).await,
            Err(why) => {
                // The screen is asked for again, from the beginning.
                let notice = format!("the Flow does not go on: {why}");
                self.screen.notice(&notice).await?;
                match refusable(self.chat.actor.customer().sees_flow().await)? {
                    Ok(view) => self.see(view, false).await,
                    Err(_) => {
                        self.form = None;
                        Ok(())
                    }
                }
            }
        }
    }

    /// Shows what a Flow shows; `selects` when something was only chosen on its screen.
    async fn see(&mut self, view: FlowView, selects: bool) -> Result<(), ChatError> {
        // Its endpoint was asked, and its answer is a message.
        self.has_acted = true;
        if let Some(error) = &view.error {
            let notice = format!("the Flow shows an error: {error}");
            self.screen.notice(&notice).await?;
        }
        if selects
            && let Some(form) = &mut self.form
            && form.went_on(view.clone())
        {
            let question = form.question();
            return self.screen.notice(&question).await;
        }
        let is_done = view.message_id.is_some();
        if let Some(id) = &view.message_id {
            self.own.insert(self.chat.actor.phone.clone(), id.clone());
        }
        self.form = Form::of(view);
        let told = match &self.form {
            Some(form) => {
                let mut lines = form.texts();
                lines.push(form.question());
                lines.join("\n")
            }
            None if is_done => "the Flow is done: its answer is sent".to_owned(),
            None => "the Flow is closed".to_owned(),
        };
        self.screen.notice(&told).await
    }

    async fn obey(&mut self, command: Command) -> Result<(), ChatError> {
        let notice = match command {
            Command::Help | Command::Quit => HELP.join("\n"),
            Command::As { phone, name } => {
                self.chat.actor.phone = phone;
                let name = self.chat.actor.introduce(name.as_deref()).await?;
                format!("you are {name} ({}) now", self.chat.actor.phone)
            }
            Command::Image(path) => match picture(path.as_deref()).await {
                Ok(act) => return self.act(act).await,
                Err(why) => why,
            },
            Command::File(path) => match file(&path).await {
                Ok(act) => return self.act(act).await,
                Err(why) => why,
            },
            Command::Flow => return self.open_flow().await,
            Command::Back | Command::Close if self.form.is_none() => {
                "no Flow is open: /flow opens the bot's last one".to_owned()
            }
            Command::Back => return self.in_flow(FlowAct::Back).await,
            Command::Close => return self.in_flow(FlowAct::Close).await,
            Command::Templates => self.templates().await?,
            Command::Approve(name) => {
                let decision = TemplateDecision {
                    event: "APPROVED".to_owned(),
                    ..TemplateDecision::default()
                };
                self.has_acted = true;
                self.chat.actor.decides(&name, &decision).await?
            }
            Command::Reject { name, reason } => {
                let decision = TemplateDecision {
                    event: "REJECTED".to_owned(),
                    reason: Some(reason.unwrap_or_else(|| "INVALID_FORMAT".to_owned())),
                    ..TemplateDecision::default()
                };
                self.has_acted = true;
                self.chat.actor.decides(&name, &decision).await?
            }
            Command::Marketing(wants) => {
                self.has_acted = true;
                let customer = self.chat.actor.customer();
                match refusable(customer.wants_marketing(wants).await)? {
                    Ok(_) if wants => "you want marketing messages".to_owned(),
                    Ok(_) => "you do not want marketing messages".to_owned(),
                    Err(why) => why,
                }
            }
            Command::Contact { phone, name } => {
                let first = name.split(' ').next().unwrap_or_default();
                let card = json!({
                    "name": {"formatted_name": name, "first_name": first},
                    "phones": [{"phone": format!("+{phone}"), "wa_id": phone, "type": "CELL"}],
                });
                let act = Act::Contacts {
                    contacts: vec![card],
                    reply_to: None,
                };
                return self.act(act).await;
            }
            Command::React(_) | Command::Quote(_) if self.last_of_bot().is_none() => {
                "the bot has not sent you a message yet".to_owned()
            }
            Command::React(emoji) => {
                let message_id = self.last_of_bot().map(|message| message.id.clone());
                let message_id = message_id.unwrap_or_default();
                return self.act(Act::Reaction { message_id, emoji }).await;
            }
            Command::Quote(body) => {
                let reply_to = self.last_of_bot().map(|message| message.id.clone());
                return self.act(Act::Text { body, reply_to }).await;
            }
            Command::Edit(_) | Command::Revoke
                if !self.own.contains_key(&self.chat.actor.phone) =>
            {
                "you have not sent a message yet".to_owned()
            }
            Command::Edit(body) => {
                let message_id = self.own[&self.chat.actor.phone].clone();
                return self.alter(Act::Edit { message_id, body }).await;
            }
            Command::Revoke => {
                let message_id = self.own[&self.chat.actor.phone].clone();
                return self.alter(Act::Revoke { message_id }).await;
            }
            Command::Order { sku, count } => {
                let shown = self.last_of_bot();
                let catalog = shown.and_then(|shown| shown.body["action"]["catalog_id"].as_str());
                let item = json!({
                    "product_retailer_id": sku, "quantity": count, "item_price": 1, "currency": "USD",
                });
                let act = Act::Order {
                    catalog_id: catalog.unwrap_or("catalog").to_owned(),
                    product_items: vec![item],
                    text: None,
                    reply_to: None,
                };
                return self.act(act).await;
            }
            Command::Address(pairs) => {
                let values: Map<String, Value> = pairs
                    .into_iter()
                    .map(|(key, value)| (key, value.into()))
                    .collect();
                let act = Act::Address {
                    values: values.into(),
                    saved_address_id: None,
                    message_id: None,
                };
                return self.act(act).await;
            }
            Command::Permit {
                accepts,
                is_permanent,
            } => {
                let act = Act::CallPermission {
                    accepts,
                    is_permanent,
                    message_id: None,
                };
                return self.act(act).await;
            }
            Command::Location {
                latitude,
                longitude,
            } => {
                let act = Act::Location {
                    latitude,
                    longitude,
                    name: None,
                    address: None,
                    reply_to: None,
                };
                return self.act(act).await;
            }
            Command::Forward(by) => self.chat.actor.forward(by).await?,
            Command::Sent => self.chat.actor.tally().await?,
        };
        self.screen.notice(&notice).await
    }

    /// Changes a message that stays the customer's newest one.
    async fn alter(&mut self, act: Act) -> Result<(), ChatError> {
        let newest = self.own.get(&self.chat.actor.phone).cloned();
        self.act(act).await?;
        if let Some(newest) = newest {
            self.own.insert(self.chat.actor.phone.clone(), newest);
        }
        Ok(())
    }

    /// The account's templates, a line for each.
    async fn templates(&self) -> Result<String, ChatError> {
        let templates = self.chat.actor.templates().await?;
        let lines: Vec<String> = templates
            .iter()
            .map(|template| {
                format!(
                    "{} ({}): {}",
                    template.name,
                    template.language,
                    template.status.to_lowercase()
                )
            })
            .collect();
        Ok(match lines.is_empty() {
            true => "the account has no template: `roost templates create` makes one".to_owned(),
            false => lines.join("\n"),
        })
    }
}

/// The next notice; never, when nobody gives any.
async fn next_notice(notices: &mut Option<mpsc::UnboundedReceiver<String>>) -> String {
    if let Some(receiver) = notices {
        if let Some(notice) = receiver.recv().await {
            return notice;
        }
        *notices = None;
    }
    std::future::pending().await
}

/// The end of what is waited for; never, when nothing is.
async fn poll_waiting<T>(waiting: &mut Option<Pending<'_, T>>) -> Result<T, ClientError> {
    match waiting {
        Some(pending) => pending.await,
        None => std::future::pending().await,
    }
}
