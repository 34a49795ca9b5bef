//! What bots import: typed sends and the conversation's state of `roost`, and the database by `pg`.

use roost::conversations::ConversationStore;
use roost_emulator::control::SentKind;

use super::support::{TestHost, fixture};
use crate::support::conversations::messages;

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typed_sends_reach_the_customer_and_are_recorded() {
    let mut host = TestHost::start().await;
    let bot = host.bot("typed", &fixture("typed_sends")).await;
    let mut ana = bot.customer(ANA).await;

    let hi = ana.says("hi").await;
    assert_eq!(
        ana.notices().await,
        SentKind::Read {
            message_id: hi.clone()
        }
    );
    let greeting = ana.gets().await;
    assert_eq!(greeting.text(), Some("Hello Ana!"));
    assert_eq!(greeting.reply_to, Some(hi.clone()));
    host.settles(&bot).await;
    let conversations = ConversationStore::new(host.app().pool().clone());
    let found = conversations.find(bot.id, ANA).await.unwrap();
    assert_eq!(found.state.as_deref(), Some("greeted"));

    let next = ana.says("well?").await;
    let question = loop {
        match ana.notices().await {
            SentKind::Message(message) => break message,
            SentKind::Read { message_id } => assert_eq!(message_id, next),
            other @ SentKind::Typing { .. } => panic!("{other:?}"),
        }
    };
    assert_eq!(question.text(), Some("Shall we begin?"));
    let choices: Vec<_> = question
        .choices
        .iter()
        .map(|choice| choice.id.as_str())
        .collect();
    assert_eq!(choices, ["Yes", "later"]);
    // The next message is stored as soon as it comes, this one when Meta's answer is in.
    host.settles(&bot).await;
    ana.taps("Later").await;
    ana.hears().await;

    host.settles(&bot).await;
    let recorded = messages(&mut host.control_database().await, bot.id, ANA).await;
    let recorded: Vec<_> = recorded
        .iter()
        .map(|message| {
            (
                message.direction.as_str(),
                message.wamid.as_str(),
                message.message_type.as_str(),
            )
        })
        .collect();
    assert_eq!(recorded[0], ("in", hi.as_str(), "text"));
    assert_eq!(recorded[1], ("out", greeting.id.as_str(), "text"));
    assert_eq!(recorded[2], ("in", next.as_str(), "text"));
    assert_eq!(recorded[3], ("out", question.id.as_str(), "interactive"));
    assert_eq!(recorded.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_changes_the_state_that_a_bot_goes_by() {
    let mut host = TestHost::start().await;
    let bot = host.bot("typed", &fixture("typed_sends")).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "Hello Ana!");
    host.settles(&bot).await;

    let conversations = ConversationStore::new(host.app().pool().clone());
    conversations.set_state(bot.id, ANA, None).await.unwrap();
    ana.says("hi again").await;

    assert_eq!(ana.hears().await, "Hello Ana!");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_of_pg_commit_and_roll_back() {
    let mut host = TestHost::start().await;
    let bot = host.bot("ledger", &fixture("transactions")).await;
    let mut ana = bot.customer(ANA).await;

    ana.says("kept").await;

    assert_eq!(ana.hears().await, "1 kept true 1 23505");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_of_every_kind_take_their_events() {
    let mut host = TestHost::start().await;
    for name in ["esm_app", "ts_app", "top_level_await", "two_listens"] {
        let bot = host.bot(&name.replace('_', "-"), &fixture(name)).await;
        bot.customer(ANA).await.says("hi").await;
        host.settles(&bot).await;
        let events = host.events(&bot).await;
        assert!(
            events.iter().all(|event| event.state == "done"),
            "{name}: {events:?}"
        );
    }
}
