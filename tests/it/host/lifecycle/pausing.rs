//! Pausing, resuming, renaming.

use roost::lifecycle::State;
use roost::projects::{ProjectError, SettingsChange};

use super::super::support::{TestHost, fixture, guest};
use super::new_project;

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_project_keeps_its_events_and_runs_them_in_order_when_it_resumes() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let lifecycle = host.app().lifecycle();
    let mut ana = bot.customer(ANA).await;
    lifecycle.pause(bot.id).await.unwrap();
    assert_eq!(
        lifecycle.standing(bot.id).await.unwrap().state,
        State::Paused
    );

    let words: Vec<String> = (1..=5).map(|n| format!("message {n}")).collect();
    for word in &words {
        ana.says(word).await;
    }
    host.emulator().idle(super::DEADLINE).await.unwrap();
    // What is deployed meanwhile is what runs them.
    host.deploys(&bot, &guest("echo")).await.unwrap();
    assert!(ana.unheard().await.is_empty());
    let events = host.events(&bot).await;
    assert_eq!(events.len(), 5);
    assert!(
        events
            .iter()
            .all(|event| event.state == "pending" && event.attempts == 0)
    );

    host.app().lifecycle().resume(bot.id).await.unwrap();
    for word in &words {
        assert_eq!(ana.hears().await, format!("You said: {word}"));
    }
    host.settles(&bot).await;
    let standing = host.app().lifecycle().standing(bot.id).await.unwrap();
    assert_eq!(standing.state, State::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_takes_another_name_unless_somebody_has_it() {
    let mut host = TestHost::start().await;
    let bot = host.bot("throws", &fixture("throws")).await;
    host.provisioned(&new_project("taken")).await;
    let rename = async |name: &str| {
        let settings = SettingsChange::default();
        host.app()
            .change_project(bot.id, Some(&name.parse().unwrap()), &settings)
            .await
    };
    let taken = rename("taken").await;
    assert!(matches!(taken, Err(ProjectError::NameTaken(name)) if name.as_str() == "taken"));
    rename("renamed").await.unwrap();
    let found = host
        .app()
        .projects()
        .by_name(&"renamed".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(found.unwrap().project_id, bot.id);
    assert!(
        host.app()
            .projects()
            .by_name(&"throws".parse().unwrap())
            .await
            .unwrap()
            .is_none()
    );
}
