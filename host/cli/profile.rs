//! `roost profile`: what customers see of a project's number.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::{Method, header};
use serde_json::{Map, Value};

use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash};
use crate::views::profile::ProfileView;

/// Shows and changes the business profile of a project's number.
#[derive(Args)]
pub struct ProfileArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<ProfileWord>,
}

#[derive(Subcommand)]
enum ProfileWord {
    /// Shows the profile (what `roost profile` does by itself).
    Show,
    /// Changes what is named; an empty text takes it away.
    Set(Changes),
    /// Gives it another photo: a JPEG or PNG, best a square of 640 pixels.
    Photo { file: PathBuf },
}

#[derive(Args)]
struct Changes {
    /// Below the name: 1 to 139 characters.
    #[arg(long)]
    about: Option<String>,
    #[arg(long)]
    address: Option<String>,
    /// Up to 512 characters.
    #[arg(long)]
    description: Option<String>,
    #[arg(long)]
    email: Option<String>,
    /// An http(s) address; give it twice for two.
    #[arg(long)]
    website: Vec<String>,
    /// What the business is about, in Meta's words: restaurant, retail, health and so on.
    #[arg(long)]
    vertical: Option<String>,
}

impl Changes {
    fn body(self) -> Result<Value, CliError> {
        let texts = [
            ("about", self.about),
            ("address", self.address),
            ("description", self.description),
            ("email", self.email),
            ("vertical", self.vertical),
        ];
        let mut body: Map<String, Value> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?.into())))
            .collect();
        if !self.website.is_empty() {
            let websites = self
                .website
                .into_iter()
                .filter(|website| !website.is_empty());
            body.insert("websites".to_owned(), websites.collect());
        }
        match body.is_empty() {
            true => Err(CliError::Usage(
                "what is to be changed? Name it, as in `--about \"Pizza since 1962\"`".to_owned(),
            )),
            false => Ok(Value::Object(body)),
        }
    }
}

impl ProfileArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?;
        let path = ["projects", project, "profile"];
        let client = &session.client;
        let profile: Answer<ProfileView> = match self.word.unwrap_or(ProfileWord::Show) {
            ProfileWord::Show => client.get(&path, &[]).await?,
            ProfileWord::Set(changes) => client.patch(&path, &changes.body()?).await?,
            ProfileWord::Photo { file } => {
                let photo = std::fs::read(&file).map_err(|error| {
                    CliError::File(format!("`{}` cannot be read: {error}", file.display()))
                })?;
                let path = ["projects", project, "profile", "photo"];
                let request = client.request(Method::PUT, &path)?;
                let kind = "application/octet-stream";
                let request = request.header(header::CONTENT_TYPE, kind).body(photo);
                client.answer(request).await?
            }
        };
        if session.output.is_json() {
            return session.output.json(profile.json());
        }
        let profile = profile.read()?;
        let websites = (!profile.websites.is_empty()).then(|| profile.websites.join(", "));
        session.output.fields(&[
            ("about", or_dash(profile.about)),
            ("description", or_dash(profile.description)),
            ("address", or_dash(profile.address)),
            ("email", or_dash(profile.email)),
            ("websites", or_dash(websites)),
            ("vertical", or_dash(profile.vertical)),
            ("photo", or_dash(profile.photo_url)),
        ])
    }
}
