//! Two hosts as processes of their own, on one database: they share the work, one takes over from
//! the other, one takes the other's place, and neither's clock matters.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::support::{
    Balancer, Contact, RoostProcess, Setup, Skew, TestHost, TestProject, eventually, fixture, guest,
};

const ANA: &str = "16505551234";

/// A bot, two hosts that serve it, and what stands before them. The host of the test's own process
/// has stopped.
struct Pair {
    host: TestHost,
    bot: TestProject,
    balancer: Balancer,
}

impl Pair {
    async fn of(name: &str, folder: &std::path::Path) -> Self {
        let setup = Setup {
            max_attempts: 20,
            ..Setup::default()
        };
        let mut host = TestHost::start_with(setup).await;
        let bot = host.bot(name, folder).await;
        let balancer = Balancer::start().await;
        host.takes_webhooks_at(balancer.url()).await;
        host.stops().await;
        Self {
            host,
            bot,
            balancer,
        }
    }

    async fn one_more(&self, extra: &[(&'static str, String)]) -> RoostProcess {
        let process = self.host.is_joined(extra).await;
        self.balancer.serves(process.address());
        process
    }

    async fn customers(&self, count: usize) -> Vec<Contact> {
        let mut customers = Vec::new();
        for n in 0..count {
            customers.push(self.bot.customer(&format!("1650555{n:04}")).await);
        }
        customers
    }

    /// Who ran events, by the end of their name.
    async fn owners(&self) -> BTreeSet<String> {
        let owners: Vec<String> =
            sqlx::query_scalar("select distinct owner from run where outcome = 'done'")
                .fetch_all(&mut self.host.control_database().await)
                .await
                .unwrap();
        owners
            .iter()
            .filter_map(|owner| owner.rsplit_once(':'))
            .map(|(_, id)| format!(":{id}"))
            .collect()
    }

    /// Runs by outcome; `lost` ones are those of a host that died.
    async fn runs(&self, outcome: &str) -> i64 {
        sqlx::query_scalar("select count(*) from run where outcome = $1")
            .bind(outcome)
            .fetch_one(&mut self.host.control_database().await)
            .await
            .unwrap()
    }

    /// Waits until everything that came is done, whoever does it.
    async fn settles(&self) {
        eventually("all events are done", async || {
            self.host
                .emulator()
                .idle(Duration::from_secs(30))
                .await
                .unwrap();
            let open: i64 = sqlx::query_scalar("select count(*) from event where state <> 'done'")
                .fetch_one(&mut self.host.control_database().await)
                .await
                .unwrap();
            (open == 0).then_some(())
        })
        .await;
    }
}

/// Says so many things, and checks that the answers come once and in order.
async fn talks(mut customer: Contact, messages: usize) -> Contact {
    for n in 0..messages {
        customer.says(&format!("{n}")).await;
    }
    for n in 0..messages {
        assert_eq!(customer.hears().await, format!("You said: {n}"));
    }
    customer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hosts_share_the_events_and_one_takes_over_when_the_other_is_killed() {
    let pair = Pair::of("holds", &fixture("holds")).await;
    let (one, two) = (pair.one_more(&[]).await, pair.one_more(&[]).await);
    let talking: Vec<_> = pair
        .customers(6)
        .await
        .into_iter()
        .map(|c| tokio::spawn(talks(c, 8)))
        .collect();
    let mut customers = Vec::new();
    for talk in talking {
        customers.push(talk.await.unwrap());
    }
    let both = BTreeSet::from([one.owner_suffix(), two.owner_suffix()]);
    assert_eq!(pair.owners().await, both, "one host did it all");

    // Whoever runs this one dies in it, while others talk on.
    let mut ana = pair.bot.customer(ANA).await;
    ana.says("hold on").await;
    ana.says("and this").await;
    let mut schema = pair.host.schema_of(&pair.bot).await;
    let owner = eventually("the bot runs", async || holder(&pair, &mut schema).await).await;
    let talking: Vec<_> = customers
        .into_iter()
        .map(|c| tokio::spawn(talks(c, 8)))
        .collect();
    let (dying, living) = match owner.ends_with(&one.owner_suffix()) {
        true => (one, two),
        false => (two, one),
    };
    dying.die().await;
    // What it held is anybody's as soon as its lease of a second is over.
    let held_for: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from max(ready_at) - clock_timestamp())::double precision
         from conversation_queue where lease is not null",
    )
    .fetch_one(&mut pair.host.control_database().await)
    .await
    .unwrap();
    assert!(held_for.is_none_or(|s| s <= 1.0), "{held_for:?}");
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();

    assert_eq!(ana.hears().await, "You said: hold on");
    assert_eq!(ana.hears().await, "You said: and this");
    for talk in talking {
        assert!(talk.await.unwrap().unheard().await.is_empty());
    }
    pair.settles().await;
    assert!(ana.unheard().await.is_empty());
    assert!(pair.runs("lost").await >= 1);
    let told =
        "stopped answering while it ran an event, and its lease ran out: the event is run again";
    assert!(living.log().contains(told), "{}", living.log());
}

/// Who runs the event that holds.
async fn holder(pair: &Pair, schema: &mut PgConnection) -> Option<String> {
    sqlx::query("select from held")
        .fetch_optional(schema)
        .await
        .unwrap()?;
    sqlx::query_scalar(
        "select r.owner from run r join event e using (project_id, event_id)
         where r.ended_at is null and e.payload like '%hold on%'",
    )
    .fetch_optional(&mut pair.host.control_database().await)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_loses_nothing_and_runs_nothing_twice() {
    let pair = Pair::of("echo", &guest("echo")).await;
    let drain = ("ROOST_DRAIN_SECONDS", "1".to_owned());
    let mut hosts = vec![
        pair.one_more(std::slice::from_ref(&drain)).await,
        pair.one_more(std::slice::from_ref(&drain)).await,
    ];
    let over = CancellationToken::new();
    let talking: Vec<_> = pair
        .customers(4)
        .await
        .into_iter()
        .map(|customer| tokio::spawn(talks_until(customer, over.clone())))
        .collect();
    for _ in 0..2 {
        let next = pair.one_more(std::slice::from_ref(&drain)).await;
        let old = hosts.remove(0);
        old.is_told_to_stop();
        // It says that it is not ready while it still takes webhooks: balancers look now and then.
        let unready = eventually("it is not ready", async || {
            Some(old.readiness().await).filter(|said| *said != Some(StatusCode::OK))
        });
        assert_eq!(unready.await, Some(StatusCode::SERVICE_UNAVAILABLE));
        let address = old.address();
        old.stopped().await;
        pair.balancer.forgets(address);
        eventually("the new host runs events", async || {
            pair.owners()
                .await
                .contains(&next.owner_suffix())
                .then_some(())
        })
        .await;
        hosts.push(next);
    }
    over.cancel();
    let mut said = 0;
    for talk in talking {
        let (mut customer, count) = talk.await.unwrap();
        assert!(customer.unheard().await.is_empty(), "answered twice");
        said += count;
    }
    pair.settles().await;
    assert_eq!(pair.balancer.odd_answers(), Vec::<StatusCode>::new());
    let (events, runs): (i64, i64) = sqlx::query_as(
        "select (select count(*) from event where kind = 'message'),
                (select count(*) from run r join event e using (project_id, event_id)
                 where e.kind = 'message' and r.outcome <> 'released')",
    )
    .fetch_one(&mut pair.host.control_database().await)
    .await
    .unwrap();
    assert_eq!((events, runs), (said, said));
    assert!(said > 20, "there was hardly any load: {said}");
}

/// Goes on saying things and hearing the answers. Gives how many.
async fn talks_until(mut customer: Contact, over: CancellationToken) -> (Contact, i64) {
    let mut count = 0;
    while !over.is_cancelled() {
        customer.says(&format!("{count}")).await;
        customer.says(&format!("{}", count + 1)).await;
        for n in [count, count + 1] {
            assert_eq!(customer.hears().await, format!("You said: {n}"));
        }
        count += 2;
    }
    (customer, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_clocks_that_jump_steal_no_lease_and_hold_nothing_up() {
    let pair = Pair::of("holds", &fixture("holds")).await;
    let skew = Skew::new();
    skew.sets("fast", 600);
    skew.sets("slow", -600);
    let fast = pair.one_more(&skew.environment("fast")).await;
    let slow = pair.one_more(&skew.environment("slow")).await;
    let both = BTreeSet::from([fast.owner_suffix(), slow.owner_suffix()]);

    let mut ana = pair.bot.customer(ANA).await;
    ana.says("hold on").await;
    let mut schema = pair.host.schema_of(&pair.bot).await;
    eventually("the bot runs", async || holder(&pair, &mut schema).await).await;
    outlives(&pair, 2).await;
    // In the middle of the run they change places.
    skew.sets("fast", -600);
    skew.sets("slow", 600);
    outlives(&pair, 2).await;

    let talking: Vec<_> = pair
        .customers(6)
        .await
        .into_iter()
        .map(|c| tokio::spawn(talks(c, 4)))
        .collect();
    for talk in talking {
        talk.await.unwrap();
    }
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();
    assert_eq!(ana.hears().await, "You said: hold on");
    pair.settles().await;
    assert!(ana.unheard().await.is_empty());
    assert_eq!(pair.runs("lost").await, 0, "a lease was stolen");
    assert_eq!(pair.owners().await, both);
}

/// Waits until the running event has held its lease for so many times a lease's length.
async fn outlives(pair: &Pair, leases: i32) {
    let mut conn = pair.host.control_database().await;
    let now = "select extract(epoch from clock_timestamp())::double precision";
    let begin: f64 = sqlx::query_scalar(now).fetch_one(&mut conn).await.unwrap();
    eventually("the lease is extended", async || {
        let until: Option<f64> = sqlx::query_scalar(
            "select extract(epoch from max(ready_at))::double precision
             from conversation_queue where lease is not null and ready_at > clock_timestamp()",
        )
        .fetch_one(&mut conn)
        .await
        .unwrap();
        until
            .filter(|until| *until > begin + f64::from(leases) + 1.0)
            .map(|_| ())
    })
    .await;
}
