//! Answers to POSTs with an `Idempotency-Key`, kept for a day.
//!
//! Who comes first claims the key and works. Who comes while it works is told so; who comes later
//! gets the answer again. A claim whose host died runs out. Answers are sealed, because a new
//! token is in one of them. Keys are hashed: clients make them of what they are about, and what is about somebody can
//! be erased.

mod store;

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::TokenId;
use crate::projects::{Place, ProjectId};

/// How long a claim lasts unless it is renewed.
pub const HELD_FOR: Duration = Duration::from_secs(30);

/// A key that this request works on.
#[derive(Clone, Debug)]
pub struct Claim {
    owner: Uuid,
    /// The client's key, hashed, as hexadecimal digits.
    key: String,
    claim: Uuid,
}

/// An answer that was given.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Of the request that got it.
    pub request_hash: [u8; 32],
    pub status: u16,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// Nobody came before.
    Ours(Claim),
    /// Another request works on it now.
    Busy,
    /// It was answered.
    Answered(Answer),
}

impl Claim {
    fn new(owner: Option<TokenId>, key: &str) -> Self {
        Self {
            owner: owner.map_or(Uuid::nil(), |token| token.0),
            key: hex::encode(Sha256::digest(key)),
            claim: Uuid::new_v4(),
        }
    }

    fn place(&self) -> Place<'_> {
        Place {
            table: "idempotency",
            column: "body_sealed",
            // Not a project's, but its owner's: an answer does not open for another token.
            project_id: ProjectId(self.owner),
            row: &self.key,
        }
    }
}
