//! Contacts and conversations, as people see them and look after them: over the admin API and the command line, beside
//! bots that run.

mod by_bot;
mod by_cli;
mod erasure;
mod lists;
mod replies;
mod stream;
mod takeover;

use serde_json::Value;

use super::support::{Operator, TestHost};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";

/// The address of a conversation or a contact of a project, and of what is below it.
fn of(project: &str, rest: &str) -> String {
    format!("/v1/projects/{project}/{rest}")
}

/// The items of a list.
#[track_caller]
fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

/// What a conversation's history says, oldest first: who wrote, and what.
async fn history(operator: &Operator, project: &str, who: &str) -> Vec<(String, String)> {
    let path = of(project, &format!("conversations/{who}/messages?limit=200"));
    let page = operator.get(&path).await.ok();
    let mut said: Vec<(String, String)> = items(&page)
        .iter()
        .map(|message| {
            let by = message["written_by"].as_str();
            let side = match message["direction"].as_str() {
                Some("in") => "contact",
                _ => "bot",
            };
            let text = message["text"].as_str().unwrap_or_default();
            (by.unwrap_or(side).to_owned(), text.to_owned())
        })
        .collect();
    said.reverse();
    said
}

/// Makes a conversation's last message of the contact as old as that.
async fn wrote_hours_ago(host: &TestHost, hours: i32) {
    sqlx::query(
        "update conversation set last_inbound_at = now() - make_interval(hours => $1)
         where last_inbound_at is not null",
    )
    .bind(hours)
    .execute(&mut host.control_database().await)
    .await
    .unwrap();
}
