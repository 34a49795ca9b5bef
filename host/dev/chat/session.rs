//! A chat from its first line to its end.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use roost_emulator::ControlClient;
use roost_emulator::control::wire::Act;
use roost_emulator::control::{ClientError, SentItem};
use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::choices::{OpenChoices, Picked};
use super::command::{Actor, picture};
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
    /// Whether something was done that the bot may answer.
    has_acted: bool,
}

impl<W: AsyncWrite + Unpin> Session<W> {
    fn new(chat: Chat, output: W) -> Self {
        Self {
            screen: Screen::new(output, chat.style),
            chat,
            open: OpenChoices::default(),
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
            Some(refusal) => self.screen.notice(&refusal).await,
            None => Ok(()),
        }
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
