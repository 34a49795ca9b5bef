//! Who follows conversations hears of every change at once.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{ANA, of};
use crate::host::support::{DEADLINE, Operator, TestHost, guest};

/// A stream that is read event by event.
struct Following {
    response: reqwest::Response,
    read: String,
}

impl Following {
    async fn from(operator: &Operator, after: Option<&str>) -> Self {
        let mut request = operator.request(Method::GET, &of("soup", "conversations/stream"));
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self {
            response,
            read: String::new(),
        }
    }

    /// The next conversation that changed, and how far the stream is.
    async fn next(&mut self) -> (String, Value) {
        tokio::time::timeout(DEADLINE, async {
            loop {
                if let Some((event, rest)) = self.read.split_once("\n\n") {
                    let field = |name: &str| {
                        let mut lines = event.lines();
                        let line = lines.find_map(|line| line.strip_prefix(name));
                        line.map(|value| value.trim().to_owned())
                    };
                    let found = field("id:").zip(field("data:"));
                    self.read = rest.to_owned();
                    if let Some((id, data)) = found {
                        return (id, serde_json::from_str(&data).unwrap());
                    }
                    continue;
                }
                let piece = self.response.chunk().await.unwrap().unwrap();
                self.read.push_str(std::str::from_utf8(&piece).unwrap());
            }
        })
        .await
        .expect("the stream told nothing within the deadline")
    }

    /// Reads on until a conversation is as it is wanted.
    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> (String, Value) {
        loop {
            let (id, conversation) = self.next().await;
            if is_it(&conversation) {
                return (id, conversation);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_told_at_once_and_none_is_missed() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let path = of("soup", &format!("conversations/{ANA}"));
    let mut following = Following::from(&operator, None).await;
    operator
        .put(&format!("{path}/labels/vip"), &json!({}))
        .await
        .ok();
    let (_, seen) = following.until(|it| it["labels"] == json!(["vip"])).await;
    assert_eq!(seen["contact"]["wa_id"], ANA);
    operator
        .post(&format!("{path}/take"), &json!({ "by": "bea" }))
        .await
        .ok();
    following.until(|it| it["taken"]["by"] == "bea").await;
    ana.says("hello?").await;
    let (id, _) = following.until(|it| it["unread"] == 1).await;
    let reply = json!({ "text": { "body": "hello!" } });
    operator
        .post(&format!("{path}/messages"), &reply)
        .await
        .ok();
    following.until(|it| it["unread"] == 0).await;
    drop(following);

    // What happened while nobody followed is told to who comes back.
    operator
        .post(&format!("{path}/resolve"), &Value::Null)
        .await
        .ok();
    let mut again = Following::from(&operator, Some(&id)).await;
    again.until(|it| it["session"] == "resolved").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snoozed_conversation_is_told_when_its_time_has_come() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let mut following = Following::from(&operator, None).await;
    let soon = sqlx::types::chrono::Utc::now() + Duration::from_secs(2);
    let until = soon.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let path = of("soup", &format!("conversations/{ANA}/snooze"));
    operator.post(&path, &json!({ "until": until })).await.ok();
    following.until(|it| it["session"] == "snoozed").await;
    let (_, open) = following.until(|it| it["session"] == "open").await;
    assert_eq!(open["snoozed_until"], Value::Null);
}
