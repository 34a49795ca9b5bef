//! Calls of the host, requests and messages: an event has so many of each, and is told when they are used up.

use roost::sandbox::Budget;

use super::support::{Setup, TestHost, fixture};

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_overdoes_it_gets_an_error_that_says_which_limit_it_met() {
    let setup = Setup {
        budget: Budget {
            host_calls: 20,
            requests: 5,
            sends: 3,
            ..Setup::default().budget
        },
        max_attempts: 1,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("overdoes", &fixture("overdoes")).await;
    let mut ana = bot.customer(ANA).await;
    let deeds = [
        ("queries", "20 calls of the host"),
        ("reads", "20 calls of the host"),
        ("requests", "5 requests"),
        ("sends", "3 sends"),
        ("posts", "3 sends"),
    ];
    for (deed, told) in deeds {
        ana.says(deed).await;
        host.settles(&bot).await;
        let messages = host.events(&bot).await;
        let event = messages.iter().rfind(|event| event.kind == "message");
        let event = event.unwrap();
        assert_eq!(event.state, "dead", "{deed}");
        let error = event.last_error.clone().unwrap_or_default();
        assert!(error.contains(told), "{deed}: {error}");
        assert!(!error.contains("trap"), "{deed}: {error}");
    }
    // Three of each kind of send went out, and no more.
    assert_eq!(ana.unheard().await.len(), 6);
}
