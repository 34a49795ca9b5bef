//! A secret in one project's memory, and every byte that another project's instance can read, over all ends of an event.

use std::time::Duration;

use bytes::Bytes;
use roost::capabilities::Grants;
use roost::sandbox::{Bot, Budget, Instance, Purpose, RunError};

use super::support::{Setup, TestHost, eventually, fixture};
use crate::components::wat::Wat;

const ANA: &str = "16505551234";

/// How many instances there are room for: one for events, and those of deploys.
const ROOM: usize = 5;

/// Looks through all memory and all tables that it may have, crashes at whatever it finds there that is not nothing, and
/// leaves something that the next one would find.
const SNOOPS: Wat<'static> = Wat {
    limits: "1",
    items: "(table 1 funcref) (func $left) (elem declare func $left)",
    handle: "
      (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 2047)))))
      (local.set $j (i32.mul (memory.size) (i32.const 65536)))
      (if (i32.ne (local.get $j) (i32.const 0x8000000)) (then unreachable))
      (loop $next
        (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $j))))
      (if (i32.eq (table.size) (i32.const 1)) (then (drop (table.grow (ref.null func) (i32.const 19999)))))
      (local.set $i (i32.const 0))
      (loop $entry
        (if (i32.eqz (ref.is_null (table.get (local.get $i)))) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $entry (i32.lt_u (local.get $i) (table.size))))
      (memory.fill (i32.const 0x7000000) (i32.const 90) (i32.const 0x1000000))
      (table.fill (i32.const 0) (ref.func $left) (table.size))",
    rest: "",
};

async fn snoops(instance: &mut Instance) -> RunError {
    let request = http::Request::post("http://bot.local/webhook").body(Bytes::new());
    instance.handle(request.unwrap()).await.unwrap_err()
}

/// An instance in each place that there is, and what it finds.
async fn all_places(bot: &Bot) -> Vec<Instance> {
    let mut places = Vec::new();
    for n in 0..ROOM {
        let purpose = if n == 0 {
            Purpose::Event
        } else {
            Purpose::Deploy
        };
        let budget = Budget::default();
        let permit = bot.permit(purpose, budget.memory_bytes).await;
        let started = Instance::start_with(permit, bot, budget, Grants::none()).await;
        places.push(started.unwrap());
    }
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_one_project_is_left_for_another() {
    let setup = Setup {
        budget: Budget {
            wall: Duration::from_secs(12),
            cpu: Duration::from_secs(2),
            ..Budget::default()
        },
        max_attempts: 1,
        instances: 1,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let victim = host.project("victim").await;
    let secret = format!("CANARY=canary-{}", uuid::Uuid::new_v4());
    let projects = host.app().projects();
    let set = projects.import_secrets(victim.id, &secret, false).await;
    assert_eq!(set.unwrap().set, ["CANARY"]);
    host.deploys(&victim, &fixture("keeps_secrets"))
        .await
        .unwrap();
    let mut ana = victim.customer(ANA).await;
    let snoop = Bot::load(host.app().workshop().sandbox(), &SNOOPS.bytes()).unwrap();

    for (n, (word, outcome)) in [
        ("answers", "done"),
        ("throws", "bot-threw"),
        ("loops", "timeout"),
        ("traps", "trap"),
        ("fills", "out-of-memory"),
        ("waits", "timeout"),
        ("answers", "done"),
    ]
    .into_iter()
    .enumerate()
    {
        ana.says(word).await;
        eventually("the victim's event is over", async || {
            let events = host.events(&victim).await;
            let messages = events.iter().filter(|event| event.kind == "message");
            let over = messages.filter(|event| event.state == "done" || event.state == "dead");
            (over.count() > n).then_some(())
        })
        .await;
        let mut conn = host.control_database().await;
        let found: String = sqlx::query_scalar(
            "select r.outcome from run r join event e using (project_id, event_id)
             where e.kind = 'message' order by event_id desc limit 1",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert_eq!(found, outcome, "{word}");

        for mut instance in all_places(&snoop).await {
            let found = snoops(&mut instance).await;
            assert!(
                matches!(found, RunError::NoAnswer(_)),
                "after `{word}` something was left: {found:?}"
            );
        }
    }
    assert_eq!(ana.hears().await, "401 kept");

    // It does find what is there: what it left itself.
    let mut places = all_places(&snoop).await;
    for instance in &mut places {
        assert!(matches!(snoops(instance).await, RunError::NoAnswer(_)));
        instance.rearm(Budget::default(), Grants::none());
        let found = snoops(instance).await;
        assert!(matches!(found, RunError::Trap(_)), "{found:?}");
    }
}
