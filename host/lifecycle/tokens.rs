//! Tokens that Meta refuses: noted in the number's row as soon as any call meets it, and taken back when one is taken again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::projects::{ProjectId, ProjectStore};
use crate::whatsapp::onboarding::token_refusal;
use crate::whatsapp::{AccessToken, RefusedToken, TokenWatch};

/// How often is looked what other hosts noted.
const EVERY: Duration = Duration::from_secs(60);

/// Of what Meta said that waits to be written. What is above it is said again by the next call.
const WAITING: usize = 256;

/// Hears of tokens.
pub struct Tokens {
    heard: mpsc::Sender<Heard>,
    /// Hashes of those that are known to be refused: most answers are about others.
    refused: Mutex<HashSet<[u8; 32]>>,
}

/// Writes down what was heard.
pub struct TokenClerk {
    tokens: Arc<Tokens>,
    heard: mpsc::Receiver<Heard>,
    projects: ProjectStore,
}

enum Heard {
    Refused(Box<RefusedToken>),
    Taken(AccessToken),
}

impl Tokens {
    /// Somebody who hears, and somebody who writes it down.
    pub fn new(projects: ProjectStore) -> (Arc<Self>, TokenClerk) {
        let (say, heard) = mpsc::channel(WAITING);
        let tokens = Arc::new(Self {
            heard: say,
            refused: Mutex::default(),
        });
        let clerk = TokenClerk {
            tokens: tokens.clone(),
            heard,
            projects,
        };
        (tokens, clerk)
    }

    fn knows(&self, token: &AccessToken) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        !refused.is_empty() && refused.contains(&hash(token.reveal()))
    }
}

impl TokenWatch for Tokens {
    fn refused(&self, refused: RefusedToken) {
        // Said by each call: once is enough.
        if !self.knows(&refused.token) {
            let _ = self.heard.try_send(Heard::Refused(Box::new(refused)));
        }
    }

    fn taken(&self, token: &AccessToken) {
        if self.knows(token) {
            let _ = self.heard.try_send(Heard::Taken(token.clone()));
        }
    }
}

impl TokenClerk {
    /// Writes until it is stopped.
    pub async fn write(mut self, stop: CancellationToken) {
        self.look().await;
        loop {
            let heard = tokio::select! {
                () = stop.cancelled() => return,
                heard = self.heard.recv() => heard,
                () = tokio::time::sleep(EVERY) => {
                    self.look().await;
                    continue;
                }
            };
            match heard {
                Some(Heard::Refused(refused)) => self.note(&refused).await,
                Some(Heard::Taken(token)) => self.forget(&token).await,
                None => return,
            }
        }
    }

    async fn note(&self, refused: &RefusedToken) {
        let told = token_refusal(&refused.error);
        let node = (refused.node.as_str(), refused.project_id.map(ProjectId));
        let token = refused.token.reveal();
        match self.projects.token_refused(node, token, &told).await {
            Ok(projects) if projects.is_empty() => {}
            Ok(projects) => {
                self.known().insert(hash(token));
                for project in projects {
                    tracing::warn!(project.id = %project, code = refused.error.code, "Meta refuses the token of a number");
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "that Meta refuses a token could not be noted"
                );
            }
        }
    }

    async fn forget(&self, token: &AccessToken) {
        match self.projects.token_taken(token.reveal()).await {
            Ok(projects) => {
                self.known().remove(&hash(token.reveal()));
                for project in projects {
                    tracing::info!(project.id = %project, "Meta takes the token of a number again");
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "that Meta takes a token again could not be noted"
                );
            }
        }
    }

    /// What this host noted before, and others did.
    async fn look(&self) {
        if let Ok(tokens) = self.projects.refused_tokens().await {
            let hashes = tokens.iter().map(|token| hash(token.expose()));
            *self.known() = hashes.collect();
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        let known = &self.tokens.refused;
        known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
