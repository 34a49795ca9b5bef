//! The same bot on Node, so that what it does there is known and not guessed.
//!
//! A bot is started by `node`, unchanged, with a preload that leads Meta's hosts to a recording
//! server. Signed webhooks go in one by one; what goes out to Meta is kept in order. The same
//! webhooks then go to a bot on Roost, and the two records are compared.
//!
//! Not here: how the bot runs on Roost. Whoever compares brings that record along.

mod compare;
pub(crate) mod dialogues;
mod graph;
mod node;
mod webhook;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

pub(crate) use compare::compare;
pub(crate) use graph::Graph;
pub(crate) use webhook::{APP_SECRET, PHONE_NUMBER_ID, Webhook};

/// One request that a bot made to Meta.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphCall {
    pub(crate) method: String,
    /// With its query, without host.
    pub(crate) path: String,
    /// The parsed body; a text where it is not JSON, null where there is none.
    pub(crate) body: Value,
}

/// How a bot answered a webhook.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What a bot did with a list of webhooks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) calls: Vec<GraphCall>,
    pub(crate) answers: Vec<Answer>,
}

/// How a bot is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) folder: &'a Path,
    /// The file that Node starts, relative to the folder.
    pub(crate) entry: &'a str,
    pub(crate) webhook_path: &'a str,
    /// `DATABASE_URL` or `PGHOST` and so on, and whatever else this bot reads.
    pub(crate) environment: &'a [(&'a str, &'a str)],
    /// A webhook is over when it is answered and nothing was sent to Meta for this long.
    pub(crate) quiet: Duration,
}

impl<'a> Run<'a> {
    pub(crate) fn new(folder: &'a Path, entry: &'a str) -> Self {
        Self {
            folder,
            entry,
            webhook_path: "/webhook",
            environment: &[],
            quiet: Duration::from_millis(200),
        }
    }
}

/// Runs a bot on Node and gives it the webhooks, one after the other.
pub(crate) async fn on_node(run: &Run<'_>, webhooks: &[Webhook]) -> Record {
    let graph = Graph::start().await;
    let bot = node::Bot::start(run, &graph).await;
    let mut answers = Vec::new();
    for webhook in webhooks {
        answers.push(bot.deliver(run.webhook_path, webhook).await);
        graph.wait_until_quiet(run.quiet).await;
    }
    let calls = graph.calls();
    Record { calls, answers }
}

#[cfg(test)]
mod tests;
