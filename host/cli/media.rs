//! `roost media`: what customers sent, and uploads.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::client::with_query;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, time};
use crate::media::{Kind, State, in_words};
use crate::views::media::{
    MediaDeleted, MediaPage, MediaUsage, MediumView, SampleView, UploadedView,
};
use crate::words::typed;

/// Lists, reads, uploads and deletes media.
#[derive(Args)]
pub struct MediaArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<MediaWord>,
    #[command(flatten)]
    which: Which,
}

#[derive(Args, Clone)]
struct Which {
    /// Only in this state: fetching, kept or not-kept.
    #[arg(long, value_parser = typed::<State>)]
    state: Option<State>,
    /// Only of this kind: image, video, audio, document or sticker.
    #[arg(long, value_parser = typed::<Kind>)]
    kind: Option<Kind>,
    /// How many to show.
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

#[derive(Subcommand)]
enum MediaWord {
    /// Lists what customers sent, the newest first (what `roost media` does by itself).
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Shows a medium, and why the host does not have it.
    Show {
        /// Meta's id of it, as in `roost conversations history`.
        id: String,
    },
    /// Writes the bytes of a medium into a file.
    Get {
        /// Meta's id of it: of what customers sent, or of an upload.
        id: String,
        /// The file; `-` is standard output. Without it, it is called as Meta or its sender does.
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Has the host fetch a medium again that it does not have.
    Fetch {
        /// Meta's id of it.
        id: String,
    },
    /// Uploads a file to Meta, and prints its id for messages.
    Upload(Given),
    /// Uploads a sample for a template's header, and prints Meta's handle of it.
    Sample(Given),
    /// Deletes a medium here and at Meta.
    Delete {
        /// Meta's id of it.
        id: String,
    },
}

/// A file.
#[derive(Args, Clone)]
struct Given {
    /// A file, an https address that the host fetches, or `-` for standard input.
    file: String,
    /// Its type, as `image/jpeg`; without it, it is known by its first bytes and its name.
    #[arg(long = "type", value_name = "TYPE")]
    mime_type: Option<String>,
    /// What it is to be in a message: image, video, audio, document or sticker.
    #[arg(long, value_parser = typed::<Kind>)]
    kind: Option<Kind>,
    /// Another name than the file's own.
    #[arg(long)]
    name: Option<String>,
}

impl MediaArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?.to_owned();
        let output = &session.output;
        let path = |id| ["projects", &project, "media", id];
        let word = self.word.unwrap_or(MediaWord::List { which: self.which });
        match word {
            MediaWord::List { which } => list(session, &project, &which).await,
            MediaWord::Show { id } => {
                let medium: Answer<MediumView> = session.client.get(&path(&id), &[]).await?;
                if output.is_json() {
                    return output.json(medium.json());
                }
                show(session, &medium.read()?)
            }
            MediaWord::Get { id, output } => get(session, &project, &id, output.as_deref()).await,
            MediaWord::Fetch { id } => {
                let path = ["projects", &project, "media", &id, "fetch"];
                let medium: Answer<MediumView> = session.client.post(&path, &json!({})).await?;
                output.answer(&medium, |medium| {
                    format!("{} is here: {}", medium.id, size(&medium))
                })
            }
            MediaWord::Upload(given) => {
                let places = ["media", "media-from-url"];
                let made: Answer<UploadedView> = given.send(session, &project, places).await?;
                output.answer(&made, |made| {
                    let there = if made.was_there {
                        ", which Meta had already"
                    } else {
                        ""
                    };
                    format!(
                        "{}  ({}, {}{there}; Meta keeps it until {})",
                        made.id,
                        made.mime_type,
                        in_words(usize::try_from(made.size).unwrap_or_default()),
                        time(made.expires_at)
                    )
                })
            }
            MediaWord::Sample(given) => {
                let places = ["media-samples", "media-samples-from-url"];
                let made: Answer<SampleView> = given.send(session, &project, places).await?;
                output.answer(&made, |made| made.handle)
            }
            MediaWord::Delete { id } => {
                let gone: Answer<MediaDeleted> = session.client.delete(&path(&id)).await?;
                output.answer(&gone, |_| format!("{id} is deleted"))
            }
        }
    }
}

impl Given {
    /// Sends it to the first place, or the second when it is an address.
    async fn send<T>(
        &self,
        session: &Session,
        project: &str,
        [bytes, address]: [&str; 2],
    ) -> Result<Answer<T>, CliError> {
        let named = [
            ("filename", self.name()),
            ("kind", self.kind.map(|kind| kind.word().to_owned())),
        ];
        if self.is_address() {
            let mut body = json!({ "url": self.file });
            for (key, value) in named {
                if let Some(value) = value {
                    body[key] = value.into();
                }
            }
            if let Some(mime_type) = &self.mime_type {
                body["mime_type"] = mime_type.as_str().into();
            }
            return session
                .client
                .post(&["projects", project, address], &body)
                .await;
        }
        let file = read(&self.file)?;
        upload(
            session,
            &["projects", project, bytes],
            file,
            self.mime_type.as_deref(),
            &named,
        )
        .await
    }

    fn is_address(&self) -> bool {
        self.file.starts_with("https://") || self.file.starts_with("http://")
    }

    fn name(&self) -> Option<String> {
        let of_file = || {
            let name = Path::new(&self.file).file_name()?.to_str()?;
            (name != "-" && !self.is_address()).then(|| name.to_owned())
        };
        self.name.clone().or_else(of_file)
    }
}

/// Uploads a file as a body.
async fn upload<T>(
    session: &Session,
    path: &[&str],
    file: Vec<u8>,
    mime_type: Option<&str>,
    named: &[(&str, Option<String>)],
) -> Result<Answer<T>, CliError> {
    let request = session.client.request(Method::POST, path)?;
    let query: Vec<(&str, &str)> = named
        .iter()
        .filter_map(|(key, value)| Some((*key, value.as_deref()?)))
        .collect();
    let request = with_query(request, &query)?;
    let kind = mime_type.unwrap_or("application/octet-stream");
    let request = request.header(header::CONTENT_TYPE, kind).body(file);
    session.client.answer(request).await
}

/// Uploads a sample of a template in a folder, and gives Meta's handle of it.
pub(super) async fn sample_of(
    session: &Session,
    project: &str,
    file: &Path,
) -> Result<String, CliError> {
    let bytes = std::fs::read(file).map_err(|error| {
        CliError::File(format!(
            "the sample `{}` cannot be read: {error}",
            file.display()
        ))
    })?;
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned);
    let path = ["projects", project, "media-samples"];
    let made: Answer<SampleView> =
        upload(session, &path, bytes, None, &[("filename", name)]).await?;
    Ok(made.read()?.handle)
}

/// The same of one at an address, which the host fetches.
pub(super) async fn sample_at(
    session: &Session,
    project: &str,
    url: &str,
) -> Result<String, CliError> {
    let path = ["projects", project, "media-samples-from-url"];
    let made: Answer<SampleView> = session.client.post(&path, &json!({ "url": url })).await?;
    Ok(made.read()?.handle)
}

fn read(file: &str) -> Result<Vec<u8>, CliError> {
    let read = match file {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
        file => std::fs::read(file),
    };
    read.map_err(|error| CliError::File(format!("`{file}` cannot be read: {error}")))
}

async fn list(session: &Session, project: &str, which: &Which) -> Result<(), CliError> {
    let pairs = [
        ("state", which.state.map(State::word)),
        ("kind", which.kind.map(Kind::word)),
    ];
    let query: Vec<(&str, &str)> = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let (mut items, mut cursor, mut last) = (Vec::new(), None::<String>, Value::Null);
    while items.len() < which.limit {
        let limit = (which.limit - items.len()).min(200).to_string();
        let mut query = query.clone();
        query.push(("limit", &limit));
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let path = ["projects", project, "media"];
        let page: Answer<MediaPage> = session.client.get(&path, &query).await?;
        last = page.json().clone();
        items.extend(last["items"].as_array().cloned().unwrap_or_default());
        cursor = last["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    last["items"] = items.into();
    let page = Answer::<MediaPage>::of(last);
    if session.output.is_json() {
        return session.output.json(page.json());
    }
    let MediaPage {
        items,
        next_cursor,
        usage,
    } = page.read()?;
    match items.is_empty() {
        true => session.output.say("customers sent no such media")?,
        false => session.output.table(
            &["id", "kind", "type", "size", "state", "came"],
            items.iter().map(|medium| {
                vec![
                    medium.id.clone(),
                    medium.kind.to_string(),
                    or_dash(medium.mime_type.as_deref()),
                    size(medium),
                    medium.state.to_string(),
                    time(medium.received_at),
                ]
            }),
        )?,
    }
    if next_cursor.is_some() {
        session
            .output
            .say("there are more: `--limit` shows more of them")?;
    }
    session.output.say(&used(&usage))
}

fn used(usage: &MediaUsage) -> String {
    let words = |bytes: i64| in_words(usize::try_from(bytes).unwrap_or_default());
    format!(
        "kept: {} in {} files, of {}; each for {} days",
        words(usage.bytes),
        usage.files,
        words(usage.quota_bytes),
        usage.retention_days
    )
}

fn size(medium: &MediumView) -> String {
    let size = medium.size.and_then(|size| usize::try_from(size).ok());
    or_dash(size.map(in_words))
}

fn show(session: &Session, medium: &MediumView) -> Result<(), CliError> {
    session.output.fields(&[
        ("id", medium.id.clone()),
        ("kind", medium.kind.to_string()),
        ("type", or_dash(medium.mime_type.as_deref())),
        ("name", or_dash(medium.filename.as_deref())),
        ("size", size(medium)),
        ("sha256", or_dash(medium.sha256.as_deref())),
        ("state", medium.state.to_string()),
        ("why", or_dash(medium.told.as_deref())),
        ("message", medium.message_id.clone()),
        ("came", time(medium.received_at)),
    ])
}

async fn get(
    session: &Session,
    project: &str,
    id: &str,
    file: Option<&Path>,
) -> Result<(), CliError> {
    let path = ["projects", project, "media", id, "content"];
    let request = session.client.request(Method::GET, &path)?;
    let mut response = session.client.send(request).await?;
    let cut_off =
        |_| CliError::File("it was cut off, so nothing was kept: ask for it again".to_owned());
    if file == Some(Path::new("-")) {
        while let Some(piece) = response.chunk().await.map_err(cut_off)? {
            super::output::write(&piece)?;
        }
        return Ok(());
    }
    let file = match file {
        Some(file) => file.to_owned(),
        None => PathBuf::from(called(&response, id)),
    };
    let failed = |error: std::io::Error| {
        CliError::File(format!("`{}` cannot be written: {error}", file.display()))
    };
    let partial = file.with_added_extension("partial");
    // It is what people sent.
    let mut options = tokio::fs::File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options.open(&partial).await.map_err(failed)?;
    let mut bytes = 0;
    let written = async {
        while let Some(piece) = response.chunk().await.map_err(cut_off)? {
            bytes += piece.len();
            out.write_all(&piece).await.map_err(failed)?;
        }
        out.sync_all().await.map_err(failed)
    };
    if let Err(error) = written.await {
        let _ = tokio::fs::remove_file(&partial).await;
        return Err(error);
    }
    tokio::fs::rename(&partial, &file).await.map_err(failed)?;
    let file = file.display().to_string();
    match session.output.is_json() {
        true => session
            .output
            .json(&json!({ "file": file, "bytes": bytes })),
        false => session.output.say(&format!("{file}: {}", in_words(bytes))),
    }
}

/// As the answer calls it, without folders: a stranger chose the name.
fn called(response: &reqwest::Response, id: &str) -> String {
    let place = response.headers().get(header::CONTENT_DISPOSITION);
    let name = place
        .and_then(|place| place.to_str().ok()?.split_once("filename*=UTF-8''"))
        .map(|(_, name)| name);
    let form = format!("name={}", name.unwrap_or_default());
    let name = url::form_urlencoded::parse(form.as_bytes()).next();
    let name = name.map(|(_, name)| name.into_owned()).unwrap_or_default();
    let plain = |c: char| {
        if c.is_control() || "/\\:".contains(c) {
            '_'
        } else {
            c
        }
    };
    let name: String = name.chars().map(plain).take(120).collect();
    match name.trim_start_matches('.') {
        "" => id.to_owned(),
        name => name.to_owned(),
    }
}
