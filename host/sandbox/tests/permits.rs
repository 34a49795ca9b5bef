//! More instances are wanted than there are.

use super::{Bench, body, request};
use crate::sandbox::{Instance, Purpose};

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
        let permit = bench.bot.permit(Purpose::Deploy).await;
        let deploy = Instance::start_with(permit, &bench.bot, bench.budget, bench.grants()).await;
        assert!(deploy.is_ok());
        drop(taken.pop());
    });
    let answer = one_more.unwrap().handle(request("")).await.unwrap();
    assert_eq!(body(&answer), "ok");
    assert_eq!(*waiting.borrow(), 0);
}
