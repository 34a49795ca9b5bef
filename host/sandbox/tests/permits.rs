//! More instances are wanted than there are.

use super::{Bench, body, request};
use crate::sandbox::permits::Permits;
use crate::sandbox::{Instance, Purpose, SandboxSettings};

#[tokio::test]
async fn instances_are_let_in_by_what_their_budgets_come_to() {
    let bench = Bench::boot("globalThis.serve = async (r) => r.answer(200, 'ok')").await;
    let settings = SandboxSettings {
        instances: 10,
        total_memory_bytes: 300 << 20,
        ..bench.bot.sandbox.settings.clone()
    };
    let permits = Permits::new(settings.instances, settings.total_memory_bytes);
    let small = permits.get(Purpose::Event, 100 << 20).await;
    let large = permits.get(Purpose::Event, 200 << 20).await;
    let next = permits.get(Purpose::Event, 1 << 20);
    tokio::pin!(next);
    assert!(futures::poll!(&mut next).is_pending());
    // Whoever deploys does not wait for events.
    let _deploy = permits.get(Purpose::Deploy, 400 << 20).await;
    drop(small);
    drop(next.await);
    drop(large);
    // More than there is: all of it.
    drop(permits.get(Purpose::Event, 1 << 30).await);
}

#[tokio::test]
async fn another_budget_than_the_images_is_the_limit() {
    let mut bench = Bench::boot(
        "globalThis.serve = async (r) => { const all = []; for (let i = 0; i < 100; i++) all.push(new Uint8Array(1 << 20).fill(1)); await r.answer(200, 'ok') }",
    )
    .await;
    assert_eq!(body(&bench.post("").await.unwrap()), "ok");
    bench.budget.memory_bytes = 64 << 20;
    let error = bench.post("").await.unwrap_err();
    assert!(error.to_string().contains("out of memory"), "{error}");
    bench.budget.memory_bytes = 256 << 20;
    assert_eq!(body(&bench.post("").await.unwrap()), "ok");
}

#[tokio::test]
async fn who_finds_all_instances_taken_waits_and_a_deploy_does_not() {
    let bench = Bench::boot("globalThis.serve = async (r) => r.answer(200, 'ok')").await;
    let start = || Instance::start(&bench.bot, bench.budget, bench.grants());
    let sandbox = &bench.bot.sandbox;
    let mut taken = Vec::new();
    for _ in 0..sandbox.settings.instances {
        taken.push(start().await.unwrap());
    }
    let mut waiting = sandbox.waiting_for_instances();
    let (one_more, ()) = tokio::join!(start(), async {
        waiting.wait_for(|waiting| *waiting == 1).await.unwrap();
        // A handshake starts all the same.
        let permit = bench.bot.permit(Purpose::Deploy, 0).await;
        let deploy = Instance::start_with(permit, &bench.bot, bench.budget, bench.grants()).await;
        assert!(deploy.is_ok());
        drop(taken.pop());
    });
    let answer = one_more.unwrap().handle(request("")).await.unwrap();
    assert_eq!(body(&answer), "ok");
    assert_eq!(*waiting.borrow(), 0);
}
