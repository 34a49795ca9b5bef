//! `roost conversations`.

use std::io::Read as _;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::output::time_or_dash;
use super::when::time_to_come;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, sse, time};
use crate::conversations::{Direction, Session as Standing};
use crate::media::State;
use crate::views::Page;
use crate::views::people::{
    ConversationView, LabelView, MediaView, MessageView, NoteView, TakenView,
};
use crate::words::{Told, typed};

/// Shows conversations, and looks after them in the bot's place.
#[derive(Args)]
pub struct ConversationsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<ConversationsWord>,
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Clone)]
struct Which {
    /// The bot's state.
    #[arg(long)]
    state: Option<String>,
    /// open, snoozed or resolved.
    #[arg(long, value_parser = typed::<Standing>)]
    session: Option<Standing>,
    /// Has this label.
    #[arg(long)]
    label: Option<String>,
    /// Is assigned to this person.
    #[arg(long)]
    assignee: Option<String>,
    /// With messages that nobody has answered or read.
    #[arg(long)]
    unread: bool,
    /// That a person has in the bot's place.
    #[arg(long)]
    taken: bool,
    /// How the contact's name or number begins.
    #[arg(long)]
    text: Option<String>,
    /// How many conversations to show.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Shows those that change from now on, whichever they are.
    #[arg(long, short)]
    follow: bool,
}

/// Which conversation.
#[derive(Args)]
struct One {
    /// Its id, or the number or user id of the contact.
    conversation: String,
}

#[derive(Subcommand)]
enum ConversationsWord {
    /// Lists conversations, those that changed last first (what `roost conversations` does by itself).
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Shows a conversation.
    Show(One),
    /// Shows what was written, oldest first.
    History {
        #[command(flatten)]
        one: One,
        /// What the messages say.
        #[arg(long)]
        text: Option<String>,
        /// How many messages to show: the last ones.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Writes to the contact by hand.
    Reply {
        #[command(flatten)]
        one: One,
        /// The text; `-` reads it from standard input.
        #[arg(required_unless_present_any = ["media", "template"])]
        text: Option<String>,
        /// Sends media instead: an https address, or Meta's id of it.
        #[arg(long, conflicts_with = "template")]
        media: Option<String>,
        /// What the media is: image, video, audio, document or sticker.
        #[arg(long, default_value = "image", requires = "media")]
        kind: String,
        /// Sends an approved template instead, as in `--template order_ready --language en_US`.
        #[arg(long)]
        template: Option<String>,
        /// The template's language; needed when it is there in several.
        #[arg(long, requires = "template")]
        language: Option<String>,
        /// What stands for a variable of the template, in order; or by name, as in `--value first_name=Ana`.
        #[arg(long = "value", requires = "template")]
        values: Vec<String>,
        /// What a button of the template takes, by its place from 0, as in `--button 0=17`.
        #[arg(long = "button", requires = "template")]
        buttons: Vec<String>,
        /// The id of a message to quote.
        #[arg(long)]
        quote: Option<String>,
        /// Who writes it; without it, the name of the token.
        #[arg(long)]
        by: Option<String>,
    },
    /// Takes a conversation: the bot gets none of its messages until it is released.
    Take {
        #[command(flatten)]
        one: One,
        /// Who has it; without it, the name of the token.
        #[arg(long)]
        by: Option<String>,
        /// Why, for those who look at it.
        #[arg(long)]
        reason: Option<String>,
        /// Also when another person has it.
        #[arg(long)]
        force: bool,
    },
    /// Gives a conversation back to the bot.
    Release(One),
    /// Assigns a conversation to somebody, or with nobody named to nobody.
    Assign {
        #[command(flatten)]
        one: One,
        /// Who looks after it.
        assignee: Option<String>,
    },
    /// Sets the bot's state of a conversation, or with none named clears it.
    State {
        #[command(flatten)]
        one: One,
        /// The state.
        state: Option<String>,
    },
    /// Gives a conversation labels.
    Label {
        #[command(flatten)]
        one: One,
        #[arg(required = true)]
        labels: Vec<String>,
    },
    /// Takes labels away.
    Unlabel {
        #[command(flatten)]
        one: One,
        #[arg(required = true)]
        labels: Vec<String>,
    },
    /// Lists the labels of all conversations.
    Labels,
    /// Adds a note, which the contact never sees.
    Note {
        #[command(flatten)]
        one: One,
        /// The text; `-` reads it from standard input.
        text: String,
        /// Who writes it; without it, the name of the token.
        #[arg(long)]
        by: Option<String>,
    },
    /// Shows the notes of a conversation.
    Notes(One),
    /// Removes a note.
    Unnote {
        #[command(flatten)]
        one: One,
        /// The note's id, as `notes` lists it.
        note: String,
    },
    /// Puts a conversation aside until a time: it opens again then, or with the contact's next message.
    Snooze {
        #[command(flatten)]
        one: One,
        /// `30m`, `2h`, `3d`, or a time as in 2030-01-31T09:30:00Z.
        until: String,
    },
    /// Says that nobody has to look after a conversation until the contact writes again.
    Resolve(One),
    /// Opens a conversation that was snoozed or resolved.
    Open(One),
    /// Says that somebody has read a conversation.
    Read(One),
}

impl ConversationsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        use ConversationsWord as Word;
        let project = self.project.required()?.to_owned();
        let desk = Desk {
            session,
            project: &project,
        };
        let word = self.word.unwrap_or(Word::List { which: self.which });
        match word {
            Word::List { which } if which.follow => desk.follow().await,
            Word::List { which } => desk.list(&which).await,
            Word::Show(one) => desk.show(&one).await,
            Word::History { one, text, limit } => desk.history(&one, text.as_deref(), limit).await,
            Word::Reply {
                one,
                text,
                media,
                kind,
                template,
                language,
                values,
                buttons,
                quote,
                by,
            } => {
                let message = match (text, media, template) {
                    (_, _, Some(name)) => {
                        template_of(&name, language.as_deref(), &values, &buttons)?
                    }
                    (caption, Some(source), None) => {
                        json!({ "media": media_of(&kind, &source, caption) })
                    }
                    (text, None, None) => {
                        json!({ "text": { "body": text_of(text.as_deref().unwrap_or_default())? } })
                    }
                };
                desk.reply(&one, message, quote, by).await
            }
            Word::Take {
                one,
                by,
                reason,
                force,
            } => desk.take(&one, by, reason, force).await,
            Word::Release(one) => {
                desk.post(&one, "release", &json!({}), "the bot has it again")
                    .await
            }
            Word::Assign { one, assignee } => {
                desk.change(&one, &json!({ "assignee": assignee })).await
            }
            Word::State { one, state } => desk.change(&one, &json!({ "state": state })).await,
            Word::Label { one, labels } => desk.label(&one, &labels, true).await,
            Word::Unlabel { one, labels } => desk.label(&one, &labels, false).await,
            Word::Labels => desk.labels().await,
            Word::Note { one, text, by } => desk.note(&one, &text_of(&text)?, by).await,
            Word::Notes(one) => desk.notes(&one).await,
            Word::Unnote { one, note } => desk.unnote(&one, &note).await,
            Word::Snooze { one, until } => {
                let until = time_to_come(&until)?;
                let said = format!("snoozed until {until}");
                desk.post(&one, "snooze", &json!({ "until": until }), &said)
                    .await
            }
            Word::Resolve(one) => desk.post(&one, "resolve", &json!({}), "resolved").await,
            Word::Open(one) => desk.post(&one, "open", &json!({}), "open").await,
            Word::Read(one) => desk.post(&one, "read", &json!({}), "read").await,
        }
    }
}

/// What is said, or what standard input has.
fn text_of(text: &str) -> Result<String, CliError> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut read = String::new();
    std::io::stdin()
        .read_to_string(&mut read)
        .map_err(CliError::Output)?;
    Ok(read.trim_end().to_owned())
}

fn media_of(kind: &str, source: &str, caption: Option<String>) -> Value {
    let is_link = source.starts_with("https://") || source.starts_with("http://");
    let mut media = Map::new();
    media.insert("kind".to_owned(), json!(kind));
    media.insert(
        if is_link { "link" } else { "id" }.to_owned(),
        json!(source),
    );
    media.extend(caption.map(|caption| ("caption".to_owned(), json!(caption))));
    Value::Object(media)
}

/// A template with its values. One that is `NAME=TEXT` is for a variable of that name.
fn template_of(
    name: &str,
    language: Option<&str>,
    values: &[String],
    buttons: &[String],
) -> Result<Value, CliError> {
    let is_name = |text: &str| {
        let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        !text.is_empty() && text.bytes().all(is_part)
    };
    let (mut body, mut named, mut places) = (Vec::new(), Map::new(), Map::new());
    for value in values {
        match value.split_once('=') {
            Some((name, text)) if is_name(name) => {
                named.insert(name.to_owned(), json!(text));
            }
            _ => body.push(value.as_str()),
        }
    }
    for button in buttons {
        let (place, text) = button.split_once('=').ok_or_else(|| {
            CliError::Usage(format!(
                "`--button {button}` has no place: write it as in `--button 0=17`"
            ))
        })?;
        places.insert(place.to_owned(), json!(text));
    }
    let mut template = json!({ "name": name, "body": body, "named": named, "buttons": places });
    if let Some(language) = language {
        template["language"] = language.into();
    }
    Ok(json!({ "template": template }))
}

/// A body of those of these that are there.
fn body(fields: [(&str, Option<Value>); 3]) -> Value {
    let there = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect())
}

/// The conversations of one project.
struct Desk<'a> {
    session: &'a Session,
    project: &'a str,
}

impl<'a> Desk<'a> {
    fn path<'b>(&self, one: &'b One, rest: &[&'b str]) -> Vec<&'b str>
    where
        'a: 'b,
    {
        let mut path = vec!["projects", self.project, "conversations", &one.conversation];
        path.extend(rest);
        path
    }

    async fn list(&self, which: &Which) -> Result<(), CliError> {
        let yes = |is: bool| is.then_some("true");
        let pairs = [
            ("state", which.state.as_deref()),
            ("session", which.session.map(Standing::word)),
            ("label", which.label.as_deref()),
            ("assignee", which.assignee.as_deref()),
            ("unread", yes(which.unread)),
            ("taken", yes(which.taken)),
            ("text", which.text.as_deref()),
        ];
        let query: Vec<(&str, &str)> = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let path = ["projects", self.project, "conversations"];
        let list: Answer<Page<ConversationView>> = self
            .session
            .client
            .list(&path, &query, Some(which.limit))
            .await?;
        self.session.output.list(
            &list,
            &[
                "contact", "name", "state", "session", "has it", "assignee", "labels", "unread",
                "changed",
            ],
            row,
            "there are no such conversations",
        )
    }

    async fn follow(&self) -> Result<(), CliError> {
        let path = ["projects", self.project, "conversations", "stream"];
        let output = &self.session.output;
        sse::follow(self.session, &path, |event| {
            if event.name != "conversation" {
                return Ok(false);
            }
            let json: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let answer: Answer<ConversationView> = Answer::of(json);
            match output.is_json() {
                true => output.say(&answer.json().to_string())?,
                false => output.say(&row(&answer.read()?).join("  "))?,
            }
            Ok(false)
        })
        .await
    }

    async fn show(&self, one: &One) -> Result<(), CliError> {
        let path = self.path(one, &[]);
        let answer: Answer<ConversationView> = self.session.client.get(&path, &[]).await?;
        if self.session.output.is_json() {
            return self.session.output.json(answer.json());
        }
        let it = answer.read()?;
        let taken = it.taken.as_ref().map(|taken| {
            let by = taken.by.as_deref().unwrap_or("nobody yet");
            let reason = taken.reason.as_deref().map(|why| format!(": {why}"));
            format!(
                "{by}, since {}{}",
                time(taken.at),
                reason.unwrap_or_default()
            )
        });
        let window = match it.window_closes_at {
            None => "closed: the contact has never written".to_owned(),
            Some(at) if it.is_window_open => format!("open until {}", time(at)),
            Some(at) => format!("closed since {}", time(at)),
        };
        let contact = it.contact.as_ref();
        self.session.output.fields(&[
            ("id", it.id.clone()),
            ("with", with(&it)),
            (
                "name",
                or_dash(contact.and_then(|contact| contact.name.as_deref())),
            ),
            ("state", or_dash(it.state.as_deref())),
            ("session", standing(&it)),
            ("has it", taken.unwrap_or_else(|| "the bot".to_owned())),
            ("assignee", or_dash(it.assignee.as_deref())),
            ("labels", it.labels.join(", ")),
            ("unread", it.unread.to_string()),
            (
                "consent",
                or_dash(contact.and_then(|contact| contact.consent.as_ref())),
            ),
            ("24 hours", window),
            ("changed", time_or_dash(it.touched_at)),
        ])
    }

    async fn history(&self, one: &One, text: Option<&str>, limit: usize) -> Result<(), CliError> {
        let path = self.path(one, &["messages"]);
        let query: Vec<(&str, &str)> = text.map(|text| ("text", text)).into_iter().collect();
        let list: Answer<Page<MessageView>> =
            self.session.client.list(&path, &query, Some(limit)).await?;
        let output = &self.session.output;
        if output.is_json() {
            return output.json(list.json());
        }
        let messages = list.read()?.items;
        if messages.is_empty() {
            return output.say("there are no such messages");
        }
        for message in messages.iter().rev() {
            output.say(&line(message))?;
        }
        Ok(())
    }

    async fn reply(
        &self,
        one: &One,
        mut message: Value,
        quote: Option<String>,
        by: Option<String>,
    ) -> Result<(), CliError> {
        if let Some(quote) = quote {
            message["reply_to"] = json!(quote);
        }
        if let Some(by) = by {
            message["by"] = json!(by);
        }
        let path = self.path(one, &["messages"]);
        let answer: Answer<MessageView> = self.session.client.post(&path, &message).await?;
        self.session
            .output
            .answer(&answer, |message| format!("sent as {}", message.id))
    }

    async fn take(
        &self,
        one: &One,
        by: Option<String>,
        reason: Option<String>,
        force: bool,
    ) -> Result<(), CliError> {
        let wanted = body([
            ("by", by.map(Value::from)),
            ("reason", reason.map(Value::from)),
            ("force", force.then_some(Value::Bool(true))),
        ]);
        let path = self.path(one, &["take"]);
        let answer: Answer<TakenView> = self.session.client.post(&path, &wanted).await?;
        self.session.output.answer(&answer, |taken| {
            let by = taken.conversation.taken.and_then(|taken| taken.by);
            let mut said = format!(
                "{} has the conversation: the bot gets none of its messages until it is released",
                by.unwrap_or_else(|| "somebody".to_owned())
            );
            match taken.ended_events {
                0 => {}
                1 => said += "; one that waited does not reach it",
                n => said += &format!("; {n} that waited do not reach it"),
            }
            if let Some(event) = taken.running_event {
                said += &format!("; it works on event {event}, and may still answer that");
            }
            said
        })
    }

    async fn post(&self, one: &One, word: &str, body: &Value, said: &str) -> Result<(), CliError> {
        let path = self.path(one, &[word]);
        let answer: Answer<ConversationView> = self.session.client.post(&path, body).await?;
        self.session
            .output
            .answer(&answer, |it| format!("{}: {said}", with(&it)))
    }

    async fn change(&self, one: &One, body: &Value) -> Result<(), CliError> {
        let path = self.path(one, &[]);
        let answer: Answer<ConversationView> = self.session.client.patch(&path, body).await?;
        self.session.output.answer(&answer, |it| {
            let (state, assignee) = (it.state.as_deref(), it.assignee.as_deref());
            let (state, assignee) = (or_dash(state), or_dash(assignee));
            format!("{}: state {state}, assigned to {assignee}", with(&it))
        })
    }

    async fn label(&self, one: &One, labels: &[String], adds: bool) -> Result<(), CliError> {
        for (n, label) in labels.iter().enumerate() {
            let path = self.path(one, &["labels", label]);
            let answer: Answer<ConversationView> = match adds {
                true => self.session.client.put(&path, &json!({})).await?,
                false => self.session.client.delete(&path).await?,
            };
            if n + 1 == labels.len() {
                self.session.output.answer(&answer, |it| {
                    let labels = match it.labels.is_empty() {
                        true => "no labels".to_owned(),
                        false => it.labels.join(", "),
                    };
                    format!("{}: {labels}", with(&it))
                })?;
            }
        }
        Ok(())
    }

    async fn labels(&self) -> Result<(), CliError> {
        let path = ["projects", self.project, "labels"];
        let list: Answer<Page<LabelView>> = self.session.client.list(&path, &[], None).await?;
        self.session.output.list(
            &list,
            &["label", "conversations"],
            |label| vec![label.label.clone(), label.conversations.to_string()],
            "no conversation has a label",
        )
    }

    async fn note(&self, one: &One, text: &str, by: Option<String>) -> Result<(), CliError> {
        let new = body([
            ("text", Some(json!(text))),
            ("by", by.map(Value::from)),
            ("", None),
        ]);
        let path = self.path(one, &["notes"]);
        let answer: Answer<NoteView> = self.session.client.post(&path, &new).await?;
        self.session
            .output
            .answer(&answer, |note| format!("noted as {}", note.id))
    }

    async fn notes(&self, one: &One) -> Result<(), CliError> {
        let path = self.path(one, &["notes"]);
        let list: Answer<Page<NoteView>> = self.session.client.list(&path, &[], None).await?;
        self.session.output.list(
            &list,
            &["note", "at", "by", "text"],
            |note| {
                vec![
                    note.id.clone(),
                    time(note.created_at),
                    note.author.clone(),
                    note.text.clone(),
                ]
            },
            "nothing was noted",
        )
    }

    async fn unnote(&self, one: &One, note: &str) -> Result<(), CliError> {
        let path = self.path(one, &["notes", note]);
        let answer: Answer<Value> = self.session.client.delete(&path).await?;
        self.session
            .output
            .answer(&answer, |_| format!("note {note} is removed"))
    }
}

fn row(it: &ConversationView) -> Vec<String> {
    let has_it = match &it.taken {
        None => "the bot".to_owned(),
        Some(taken) => taken.by.clone().unwrap_or_else(|| "nobody yet".to_owned()),
    };
    let name = it
        .contact
        .as_ref()
        .and_then(|contact| contact.name.as_deref());
    vec![
        with(it),
        or_dash(name),
        or_dash(it.state.as_deref()),
        standing(it),
        has_it,
        or_dash(it.assignee.as_deref()),
        it.labels.join(", "),
        it.unread.to_string(),
        time_or_dash(it.touched_at),
    ]
}

/// Whom it is with.
fn with(it: &ConversationView) -> String {
    let contact = it.contact.as_ref();
    let id = contact.and_then(|contact| contact.wa_id.as_ref().or(contact.user_id.as_ref()));
    let group = it.group_id.as_ref().map(|group| format!("group {group}"));
    id.cloned().or(group).unwrap_or_else(|| it.id.clone())
}

fn standing(it: &ConversationView) -> String {
    match it.snoozed_until {
        Some(until) => format!("{} until {}", it.session, time(until)),
        None => it.session.to_string(),
    }
}

/// A message as people read it.
fn line(message: &MessageView) -> String {
    let who = match (&message.written_by, message.direction.is(Direction::In)) {
        (Some(person), _) => person.as_str(),
        (None, true) => "contact",
        (None, false) => "bot",
    };
    let media = message
        .media
        .as_ref()
        .map(|media| media_words(&message.r#type, media));
    let text = message.text.as_deref();
    let said = match (media, text) {
        (Some(media), Some(text)) => format!("{media} {text}"),
        (Some(media), None) => media,
        (None, Some(text)) => text.to_owned(),
        (None, None) => format!("({})", message.r#type),
    };
    // What follows a line of several is shown as a part of it, whatever it looks like.
    let said: String = said
        .replace('\n', "\n    ")
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    let status = message
        .status
        .as_ref()
        .map(|status| format!("  [{status}]"));
    let at = time(message.sent_at);
    format!("{at}  {who:8}  {said}{}", status.unwrap_or_default())
}

fn media_words(kind: &str, media: &MediaView) -> String {
    let of = media
        .filename
        .as_deref()
        .or(media.id.as_deref())
        .or(media.link.as_deref());
    let away = match media.state.as_ref().and_then(Told::known) {
        Some(State::Fetching) => ", being fetched",
        Some(State::NotKept) => ", not kept",
        Some(State::Kept) | None => "",
    };
    match of {
        Some(of) => format!("({kind} {of}{away})"),
        None => format!("({kind}{away})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line_with_who_wrote_it() {
        let message = |direction: &str, by: Option<&str>| -> MessageView {
            serde_json::from_value(json!({
                "id": "wamid.1", "direction": direction, "type": "image", "text": "us\nboth",
                "media": { "id": "7", "link": null, "mime_type": null, "sha256": null, "filename": null,
                    "state": "not-kept", "told": "no room", "size": null },
                "written_by": by, "event_id": null, "status": "read", "status_at": null, "errors": null,
                "sent_at": "2026-01-31T09:30:00.000000Z", "body": {},
            }))
            .unwrap()
        };
        assert_eq!(
            line(&message("in", None)),
            "2026-01-31 09:30:00Z  contact   (image 7, not kept) us\n    both  [read]"
        );
        assert!(line(&message("out", None)).contains("  bot  "));
        assert!(line(&message("out", Some("Bea"))).contains("  Bea  "));
    }

    #[test]
    fn media_goes_by_its_address_or_its_id() {
        let link = media_of("image", "https://a/b.png", Some("us".to_owned()));
        assert_eq!(
            link,
            json!({ "kind": "image", "link": "https://a/b.png", "caption": "us" })
        );
        assert_eq!(
            media_of("document", "7", None),
            json!({ "kind": "document", "id": "7" })
        );
    }
}
