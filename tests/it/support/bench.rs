//! A host without bots: projects, conversations and the inbox over a database of the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use roost::conversations::{ConversationStore, StatusUpdate};
use roost::events::{EventFilter, EventReport, EventState, Events, StoredRun};
use roost::inbox::envelope::{Piece, split};
use roost::inbox::{
    ClaimLimits, ClaimedEvent, Clock, EventId, Inbox, LeaseLost, RetryPolicy, RunOutcome,
    RunReport, Settled, StatusSink,
};
use roost::logs::LogStore;
use roost::projects::{
    AppliedNumber, BuildJob, Built, NewBuild, NewProject, ProjectError, ProjectId, ProjectStore,
    Secret, Switched, Vault, VersionKind, WishedNumber,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

use super::bot::DEADLINE;
use super::{conversations, db};

/// The number of the payload files.
pub const NUMBER: &str = "106540352242922";
/// Its account.
pub const WABA: &str = "102290129340398";

/// How long the leases of a bench are.
pub const LEASE: Duration = Duration::from_secs(30);

pub struct Bench {
    pub pool: PgPool,
    pub projects: ProjectStore,
    pub conversations: ConversationStore,
    pub inbox: Inbox,
    pub clock: TestClock,
    pub sink: Arc<Sink>,
    /// A project with [`NUMBER`] and a version that serves.
    pub project: ProjectId,
}

/// A clock that moves when told to.
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<DateTime<Utc>>>);

/// Answers as an outbox would that sent everything, and remembers what it was asked.
#[derive(Default)]
pub struct Sink(pub Mutex<Vec<StatusUpdate>>);

impl Bench {
    pub async fn start() -> Self {
        Self::over(db::fresh().await).await
    }

    /// A second host over the same database.
    pub async fn over(pool: PgPool) -> Self {
        let clock = TestClock::start();
        let sink = Arc::new(Sink::default());
        let inbox = Inbox::new(pool.clone(), clock.clock(), sink.clone());
        let projects = ProjectStore::new(pool.clone(), Arc::new(Vault::new(&[7; 32])));
        let project = deploy(&projects, "bot", NUMBER).await;
        let conversations = ConversationStore::new(pool.clone());
        Self {
            pool,
            projects,
            conversations,
            inbox,
            clock,
            sink,
            project,
        }
    }

    /// Puts a text message to [`NUMBER`].
    pub async fn says(&self, wa_id: &str, id: &str) {
        self.put(&text(NUMBER, wa_id, id)).await;
    }

    pub async fn put(&self, body: &Value) {
        let pieces: Vec<Piece> = split(&body.to_string()).unwrap();
        self.inbox.put(&pieces).await.unwrap();
    }

    /// Takes up to so many events.
    pub async fn claim(&self, owner: &str, events: u32) -> Vec<ClaimedEvent> {
        self.claim_after(owner, (events, 99), None).await.0
    }

    /// Takes events, of each project up to its share.
    pub async fn claim_after(
        &self,
        owner: &str,
        (events, running_per_project): (u32, u32),
        after: Option<ProjectId>,
    ) -> (Vec<ClaimedEvent>, Option<ProjectId>) {
        let limits = ClaimLimits {
            owner,
            events,
            bulk_first: 0,
            visits: 256,
            running_per_project,
            only_idle: false,
            lease: LEASE,
            after,
        };
        let claims = self.inbox.claim(&limits).await.unwrap();
        (claims.events, claims.next)
    }

    /// Settles an event as done.
    pub async fn finish(&self, event: &ClaimedEvent) -> Result<(), LeaseLost> {
        let outcome = RunOutcome::Done(RunReport::default());
        let verdict = RetryPolicy::default().judge(event, outcome);
        self.inbox.settle(event, &verdict).await.unwrap()
    }

    /// Waits until the project has nothing left to do.
    pub async fn idle(&self) {
        let idle = tokio::time::timeout(DEADLINE, self.inbox.idle(self.project));
        idle.await
            .expect("the project is not idle within the deadline")
            .unwrap();
    }

    /// Events as operators see them.
    pub fn events(&self) -> Events {
        let logs = LogStore::new(self.pool.clone());
        Events::new(self.pool.clone(), self.inbox.clone(), logs)
    }

    /// The dead events of the project, oldest first.
    pub async fn dead(&self) -> Vec<EventReport> {
        let filter = EventFilter {
            state: Some(EventState::Dead),
            ..EventFilter::default()
        };
        let found = self.events().list(self.project, &filter, None, 100).await;
        let mut dead = found.unwrap();
        dead.reverse();
        dead
    }

    /// The attempts at an event, in order.
    pub async fn runs(&self, event_id: EventId) -> Vec<StoredRun> {
        let found = self.events().find(self.project, event_id).await;
        found.unwrap().runs
    }

    /// How many changes are kept for numbers that no project has.
    pub async fn unrouted(&self) -> i64 {
        sqlx::query_scalar("select count(*) from unrouted")
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The ids of a contact's messages, in order.
    pub async fn messages(&self, contact: &str) -> Vec<String> {
        let messages = conversations::messages(&self.pool, self.project, contact).await;
        messages.into_iter().map(|message| message.wamid).collect()
    }

    /// The group of each conversation; none for one with a person.
    pub async fn groups(&self) -> Vec<Option<String>> {
        conversations::groups(&self.pool, self.project).await
    }
}

impl TestClock {
    fn start() -> Self {
        let start = DateTime::from_timestamp(1_750_000_000, 0).unwrap();
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn clock(&self) -> Clock {
        let now = self.0.clone();
        Clock::new(move || *now.lock().unwrap())
    }

    pub fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn goes_back(&self, by: Duration) {
        *self.0.lock().unwrap() -= by;
    }
}

impl StatusSink for Sink {
    fn settle<'a>(
        &'a self,
        _: ProjectId,
        update: &'a StatusUpdate,
    ) -> BoxFuture<'a, Result<Settled, sqlx::Error>> {
        self.0.lock().unwrap().push(update.clone());
        Box::pin(async {
            Ok(Settled::Ours {
                callback_data: Some("the bot's own".to_owned()),
                waiting: None,
            })
        })
    }

    fn is_any_settled<'a>(&'a self, _: &'a [i64]) -> BoxFuture<'a, Result<bool, sqlx::Error>> {
        Box::pin(async { Ok(true) })
    }
}

/// A project with a number and a version that serves.
pub async fn deploy(projects: &ProjectStore, name: &str, number: &str) -> ProjectId {
    let project_id = project(projects, name).await;
    connect(projects, project_id, number).await.unwrap();
    let job = claimed_build(projects, project_id, true).await;
    assert_eq!(finished(projects, &job).await, Switched::Serves);
    project_id
}

/// The project of that name, which is made when it is not there.
pub async fn project(projects: &ProjectStore, name: &str) -> ProjectId {
    let new = new_project(name);
    match projects.by_name(&new.name).await.unwrap() {
        Some(there) => there.project_id,
        None => {
            let made = projects.make(&new, async |_, _| Ok(())).await;
            made.unwrap().project_id
        }
    }
}

/// A project with nothing of its own.
pub fn new_project(name: &str) -> NewProject {
    NewProject {
        name: name.parse().unwrap(),
        number: None,
        secrets: Vec::new(),
        wants_deploy: false,
    }
}

/// Gives a project its number, as a step does once Meta has said what it is.
pub async fn connect(
    projects: &ProjectStore,
    project_id: ProjectId,
    number: &str,
) -> Result<(), ProjectError> {
    let wish = WishedNumber {
        phone_number_id: number.to_owned(),
        waba_id: WABA.to_owned(),
        token: Secret::new("a token"),
        pin: None,
    };
    let meta = AppliedNumber {
        display_phone_number: format!("+1 555 {number}"),
        verified_name: None,
        quality_rating: None,
        status: None,
    };
    let applied = projects.apply_number(project_id, &wish, &meta, async |_, _| Ok(()));
    applied.await
}

/// A build that a host is about.
pub async fn claimed_build(
    projects: &ProjectStore,
    project_id: ProjectId,
    serves_when_ready: bool,
) -> BuildJob {
    let build = NewBuild {
        kind: VersionKind::Component,
        created_by: "a test",
        message: None,
        upload: b"a component",
        source_sha256: "",
        source_files: None,
        serves_when_ready,
        takes_links: false,
    };
    let version = projects.enqueue_version(project_id, &build).await.unwrap();
    let claim = projects.claim_build("a test", LEASE).await.unwrap();
    let job = claim.job.unwrap();
    assert_eq!(job.version.version_id, version.version_id);
    job
}

/// Writes down that a build came to its good end.
pub async fn finished(projects: &ProjectStore, job: &BuildJob) -> Switched {
    let project_id = job.version.project_id;
    let seen = projects.environment_wanted(project_id).await.unwrap();
    let environment = projects.environment_of(project_id, BTreeMap::new(), BTreeMap::new(), seen);
    let built = Built {
        artifact: b"an artifact",
        artifact_sha256: &"0".repeat(64),
        entry: "index.js",
        webhook_path: "/webhook",
        notes: &json!(["a \u{0} note"]),
    };
    let finished = projects.finish_build(job, &built, &environment);
    finished.await.unwrap()
}

/// A text message, as Meta sends it.
pub fn text(number: &str, wa_id: &str, id: &str) -> Value {
    let message = json!({"from": wa_id, "id": id, "timestamp": "1749416383", "type": "text",
                         "text": {"body": id}});
    envelope(number, &json!({"messages": [message]}))
}

/// An envelope around what a number was sent.
pub fn envelope(number: &str, value: &Value) -> Value {
    let mut whole = json!({"messaging_product": "whatsapp", "metadata": {
        "display_phone_number": "15550783881", "phone_number_id": number}});
    for (key, item) in value.as_object().unwrap() {
        whole[key] = item.clone();
    }
    json!({"object": "whatsapp_business_account", "entry": [{"id": WABA,
           "changes": [{"field": "messages", "value": whole}]}]})
}
