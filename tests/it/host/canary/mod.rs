//! A secret in one project's memory, and every byte that another project's instance can read, over all ends of an event,
//! for instances that are fresh and for those that stay.

mod memory;
mod snoops;

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use roost::capabilities::Grants;
use roost::projects::SettingsChange;
use roost::runs::ResidentSettings;
use roost::sandbox::{Bot, Budget, Instance, Purpose, RunError, Sandbox, SandboxSettings};
use roost::words::Lifetime;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

use super::support::{Contact, Setup, TestHost, TestProject, eventually, fixture};
use super::versions;
use memory::Places;
use snoops::{FILLS, SITS, SNOOPS, STAYS};

const ANA: &str = "16505551234";

/// Places for instances that only deploys have.
const FOR_DEPLOYS: usize = 4;

/// What a customer says to the victim, and how that event ends.
const ENDINGS: [(&str, &str); 7] = [
    ("answers", "done"),
    ("throws", "bot-threw"),
    ("loops", "timeout"),
    ("traps", "trap"),
    ("fills", "out-of-memory"),
    ("waits", "timeout"),
    ("answers", "done"),
];

/// In how many pages the secret stands at least, when an event has put it everywhere.
const FILLED: usize = 500;

/// A host with so many places for events.
fn with_places(instances: u32) -> Setup {
    Setup {
        budget: Budget {
            wall: Duration::from_secs(12),
            cpu: Duration::from_secs(2),
            ..Budget::default()
        },
        max_attempts: 1,
        instances,
        ..Setup::default()
    }
}

/// A project whose bot fills its memory with a secret, and ends as a customer names.
struct Victim {
    project: TestProject,
    ana: Contact,
    canary: String,
    /// How many messages Ana wrote.
    said: usize,
}

impl Victim {
    async fn of(host: &mut TestHost, life: Lifetime) -> Self {
        let project = host.project("victim").await;
        let canary = format!("canary-{}", uuid::Uuid::new_v4());
        let secret = format!("CANARY={canary}");
        let projects = host.app().projects();
        let set = projects.import_secrets(project.id, &secret, false).await;
        assert_eq!(set.unwrap().set, ["CANARY"]);
        let lives = SettingsChange {
            instance: Some(Some(life)),
            ..SettingsChange::default()
        };
        let changed = host.app().change_project(project.id, None, &lives);
        changed.await.unwrap();
        host.deploys(&project, &fixture("keeps_secrets"))
            .await
            .unwrap();
        Self {
            ana: project.customer(ANA).await,
            project,
            canary,
            said: 0,
        }
    }

    async fn hears(&mut self, word: &str) {
        self.ana.says(word).await;
        self.said += 1;
    }

    /// Waits until what it heard last is over, and sees how.
    async fn ended_as(&self, host: &TestHost, outcome: &str) {
        eventually("the victim's event is over", async || {
            let events = host.events(&self.project).await;
            let messages = events.iter().filter(|event| event.kind == "message");
            let over = messages.filter(|event| event.state == "done" || event.state == "dead");
            (over.count() == self.said).then_some(())
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
        assert_eq!(found, outcome);
    }

    /// Where its secret stands, once an event has put it everywhere.
    async fn has_filled(&self, places: &Places) -> Vec<u64> {
        eventually("the victim's memory is full of its secret", async || {
            let pages = places.pages_with(&self.canary);
            (pages.len() >= FILLED).then_some(pages)
        })
        .await
    }

    /// A snoop in each place finds nothing, and the places where the secret stood are among them.
    async fn has_left_nothing(&self, snoop: &Bot, places: &Places, stood: &[u64], word: &str) {
        let mut snoops = everywhere(snoop, 1).await;
        assert_eq!(finders(&mut snoops).await, 0, "after `{word}`");
        let snooped = Places::snooped();
        assert_eq!(snooped.count(), snoops.len());
        assert!(snooped.hold(stood), "after `{word}` nobody looked there");
        assert!(places.pages_with(&self.canary).is_empty(), "`{word}`");
    }
}

/// So many instances.
async fn instances(bot: &Bot, for_events: usize, for_deploys: usize) -> Vec<Instance> {
    let purposes = [
        vec![Purpose::Event; for_events],
        vec![Purpose::Deploy; for_deploys],
    ];
    let mut found = Vec::new();
    for purpose in purposes.concat() {
        let budget = Budget::default();
        let permit = bot.permit(purpose, budget.memory_bytes).await;
        let started = Instance::start_with(permit, bot, budget, Grants::none()).await;
        found.push(started.unwrap());
    }
    found
}

async fn runs(instance: &mut Instance) -> RunError {
    let request = http::Request::post("http://bot.local/webhook").body(Bytes::new());
    instance.handle(request.unwrap()).await.unwrap_err()
}

/// How many of these find something.
async fn finders(snoops: &mut [Instance]) -> usize {
    let mut finders = 0;
    for snoop in snoops {
        match runs(snoop).await {
            RunError::NoAnswer(_) => {}
            RunError::Trap(_) => finders += 1,
            error => panic!("{error:?}"),
        }
    }
    finders
}

/// A snoop in each place of a host that has so many for events.
async fn everywhere(snoop: &Bot, for_events: usize) -> Vec<Instance> {
    let snoops = instances(snoop, for_events, FOR_DEPLOYS).await;
    for purpose in [Purpose::Event, Purpose::Deploy] {
        let another = snoop.permit(purpose, Budget::default().memory_bytes);
        assert!(another.now_or_never().is_none(), "nobody looks there");
    }
    snoops
}

/// The places that such a host has.
async fn places(snoop: &Bot, for_events: usize) -> Places {
    let mut snoops = everywhere(snoop, for_events).await;
    assert_eq!(finders(&mut snoops).await, 0);
    let places = Places::snooped();
    assert_eq!(places.count(), snoops.len());
    places
}

fn snoop(host: &TestHost) -> Bot {
    Bot::load(host.app().workshop().sandbox(), &SNOOPS.bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_one_project_is_left_for_another() {
    let mut host = TestHost::start_with(with_places(1)).await;
    let mut victim = Victim::of(&mut host, Lifetime::Fresh).await;
    let snoop = snoop(&host);
    let places = places(&snoop, 1).await;

    for (word, outcome) in ENDINGS {
        victim.hears(word).await;
        // The others are gone before anybody could look.
        let stood = match word {
            "waits" => victim.has_filled(&places).await,
            _ => Vec::new(),
        };
        victim.ended_as(&host, outcome).await;
        victim.has_left_nothing(&snoop, &places, &stood, word).await;
    }
    assert_eq!(victim.ana.hears().await, "401 kept");

    // They do find what is there: what they left themselves.
    let mut snoops = everywhere(&snoop, 1).await;
    assert_eq!(finders(&mut snoops).await, 0);
    for instance in &mut snoops {
        instance.rearm(Budget::default(), Grants::none());
    }
    assert_eq!(finders(&mut snoops).await, snoops.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_a_resident_bot_is_read_while_it_stays_or_after() {
    let mut host = TestHost::start_with(with_places(1)).await;
    let mut victim = Victim::of(&mut host, Lifetime::Resident).await;
    let snoop = snoop(&host);
    let places = places(&snoop, 1).await;

    for (word, outcome) in ENDINGS {
        victim.hears("answers").await;
        assert_eq!(victim.ana.hears().await, "401 kept");
        victim.ended_as(&host, "done").await;
        let stood = victim.has_filled(&places).await;
        let mut beside = instances(&snoop, 0, FOR_DEPLOYS).await;
        assert_eq!(finders(&mut beside).await, 0, "before `{word}`");
        drop(beside);
        victim.has_filled(&places).await;

        victim.hears(word).await;
        victim.ended_as(&host, outcome).await;
        if outcome == "done" {
            assert_eq!(victim.ana.hears().await, "802 kept");
        }
        // One that stays makes room for who waits for its place.
        victim.has_left_nothing(&snoop, &places, &stood, word).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_bot_reads_nothing_of_others_however_it_grows() {
    let setup = Setup {
        residents: ResidentSettings {
            memory_percent: 101,
            ..ResidentSettings::default()
        },
        ..with_places(3)
    };
    let mut host = TestHost::start_with(setup).await;
    let mut victim = Victim::of(&mut host, Lifetime::Resident).await;
    let stays = host.project("stays").await;
    let settings = SettingsChange {
        instance: Some(Some(Lifetime::Resident)),
        webhook_path: Some(Some("/webhook".to_owned())),
        ..SettingsChange::default()
    };
    let changed = host.app().change_project(stays.id, None, &settings);
    changed.await.unwrap();
    versions::deploy(&host, &stays, &STAYS.bytes()).await;
    let places = places(&snoop(&host), 3).await;
    let looks = async || {
        let url = format!("http://{}/", host.address());
        let client = reqwest::Client::new();
        let asked = client.get(url).header("host", "stays.bots.test").send();
        asked.await.unwrap().status().as_u16()
    };

    // There is one place: first for the one, and then for the other, which does not leave it.
    let sits = Bot::load(host.app().workshop().sandbox(), &SITS.bytes()).unwrap();
    let others = instances(&sits, 2, FOR_DEPLOYS).await;
    victim.hears("answers").await;
    victim.ended_as(&host, "done").await;
    let stood = victim.has_filled(&places).await;
    victim.hears("fills").await;
    victim.ended_as(&host, "out-of-memory").await;
    assert_eq!(looks().await, 211);
    drop(others);

    for (count, (word, outcome)) in (212..).zip(ENDINGS) {
        victim.hears(word).await;
        victim.ended_as(&host, outcome).await;
        assert_eq!(looks().await, count, "after `{word}`");
    }
    assert!(Places::snooped().hold(&stood), "it has another place");
}

/// Has the kernel do nothing when this thread, or one that it starts, gives memory back.
fn clears_nothing() {
    let advice = u64::from(libc::MADV_DONTNEED.unsigned_abs());
    let gives_back =
        SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, advice).unwrap();
    let rule = SeccompRule::new(vec![gives_back]).unwrap();
    let filter = SeccompFilter::new(
        [(libc::SYS_madvise, vec![rule])].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(0),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

/// How many snoops find something after another component has filled its memory.
async fn finders_after_another() -> usize {
    let settings = SandboxSettings {
        instances: 1,
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::new(settings).unwrap();
    let fills = Bot::load(&sandbox, &FILLS.bytes()).unwrap();
    let mut filled = instances(&fills, 1, 0).await;
    assert_eq!(finders(&mut filled).await, 0);
    drop(filled);
    let snoop = Bot::load(&sandbox, &SNOOPS.bytes()).unwrap();
    finders(&mut everywhere(&snoop, 1).await).await
}

/// The search finds what is left where nobody clears it: each time in the one place that was used.
#[test]
fn what_is_not_cleared_is_found() {
    let found = |prepares: fn()| {
        let thread = std::thread::spawn(move || {
            prepares();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(finders_after_another())
        });
        thread.join().unwrap()
    };
    assert_eq!(found(|| {}), 0);
    assert_eq!(found(clears_nothing), 1);
}
