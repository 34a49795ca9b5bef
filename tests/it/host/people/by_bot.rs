//! What a bot does for the people who look after its conversations.

use roost::http::sign;
use roost::projects::Secret;
use serde_json::{Value, json};

use super::{ANA, history, items, of};
use crate::host::support::{TestHost, fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_hands_a_conversation_off_and_gets_it_back() {
    let mut host = TestHost::start().await;
    let bot = host.bot("helper", &fixture("hands_off")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("who").await;
    let before: Value = serde_json::from_str(&ana.hears().await).unwrap();
    assert_eq!(
        before,
        json!({ "session": "open", "labels": [], "isWindowOpen": true })
    );
    ana.says("help").await;
    assert_eq!(ana.hears().await, "A person will write to you");
    host.settles(&bot).await;
    let path = of("helper", &format!("conversations/{ANA}"));
    let seen = operator.get(&path).await.ok();
    assert_eq!(
        (&seen["taken"]["by"], &seen["taken"]["reason"]),
        (&Value::Null, &json!("wants help"))
    );
    assert_eq!(
        (&seen["assignee"], &seen["labels"]),
        (&json!("bea"), &json!(["needs help"]))
    );
    let notes = operator.get(&format!("{path}/notes")).await.ok();
    assert_eq!(items(&notes)[0]["author"], "the bot");

    ana.says("are you there?").await;
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    let taken = operator
        .post(&format!("{path}/take"), &json!({ "by": "bea" }))
        .await
        .ok();
    assert_eq!(taken["conversation"]["taken"]["reason"], "wants help");
    let reply = json!({ "text": { "body": "yes" }, "by": "bea" });
    operator
        .post(&format!("{path}/messages"), &reply)
        .await
        .ok();
    assert_eq!(ana.hears().await, "yes");
    operator
        .post(&format!("{path}/release"), &Value::Null)
        .await
        .ok();
    ana.says("who").await;
    let after: Value = serde_json::from_str(&ana.hears().await).unwrap();
    assert_eq!(
        (&after["taken"], &after["labels"]),
        (&Value::Null, &json!(["needs help"]))
    );
    host.settles(&bot).await;
    let who: Vec<String> = history(&operator, "helper", ANA)
        .await
        .into_iter()
        .map(|(who, _)| who)
        .collect();
    assert_eq!(
        who,
        [
            "contact", "bot", "contact", "bot", "contact", "bea", "contact", "bot"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_keeps_what_its_contacts_say_to_marketing() {
    let mut host = TestHost::start().await;
    let bot = host.bot("helper", &fixture("hands_off")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    let contact = of("helper", &format!("contacts/{ANA}"));
    for (word, consent) in [("START", "opted-in"), ("STOP", "opted-out")] {
        ana.says(word).await;
        ana.hears().await;
        host.settles(&bot).await;
        let seen = operator.get(&contact).await.ok();
        assert_eq!(seen["consent"]["word"], consent);
        assert_eq!(seen["consent"]["source"], format!("wrote {word}"));
    }
    // With the buttons of WhatsApp.
    for (value, consent) in [("resume", "opted-in"), ("stop", "opted-out")] {
        let said = json!({ "wa_id": ANA, "category": "marketing_messages", "value": value,
            "timestamp": 1_749_416_383 });
        let value = json!({ "messaging_product": "whatsapp", "user_preferences": [said],
            "metadata": { "phone_number_id": bot.number_id } });
        let change = json!({ "field": "user_preferences", "value": value });
        let body = json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [change] }] });
        let body = body.to_string();
        let signature = sign(&Secret::new("meta's secret"), body.as_bytes());
        assert_eq!(host.posted(body.as_bytes(), &signature).await, 200);
        let seen = operator.get(&contact).await.ok();
        assert_eq!(
            (&seen["consent"]["word"], &seen["consent"]["source"]),
            (&json!(consent), &json!("in WhatsApp"))
        );
    }
    ana.says("bye").await;
    ana.hears().await;
    host.settles(&bot).await;
    let listed = operator
        .get(&of("helper", "conversations?session=resolved"))
        .await
        .ok();
    assert_eq!(items(&listed)[0]["contact"]["consent"], "opted-out");
}
