//! Two contacts turn out to be one person: what the list of events says of what came before, meanwhile
//! and afterwards.

use std::sync::Arc;

use roost::conversations::{NewOutbound, Party, record_outbound};
use roost::events::{Answer, EventFilter, EventReport, Events};
use roost::inbox::{
    ClaimedEvent, Clock, ConversationQueues, EventId, FailureKind, Inbox, NoSink, RetryPolicy,
    RunOutcome, RunReport,
};
use roost::logs::LogStore;
use roost::projects::ProjectId;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::support::bench::{Bench, NUMBER, envelope};
use crate::support::bot::{DEADLINE, message_id};
use crate::support::db;

const NUMBER_OF_ANA: &str = "34600";
const USER_ID: &str = "ES.1";

fn by_number() -> Value {
    json!({"from": NUMBER_OF_ANA})
}

fn by_user_id() -> Value {
    json!({"from_user_id": USER_ID})
}

fn by_both() -> Value {
    json!({"from": NUMBER_OF_ANA, "from_user_id": USER_ID})
}

impl Bench {
    /// Ana writes, who is known by these ids.
    async fn writes(&self, ids: &Value, id: &str) {
        let mut message = json!({"id": id, "timestamp": "1749416383", "type": "text",
                                 "text": {"body": id}});
        for (key, value) in ids.as_object().unwrap() {
            message[key] = value.clone();
        }
        self.put(&envelope(NUMBER, &json!({"messages": [message]})))
            .await;
    }

    /// Meta reports of a message to Ana, who is known by her number.
    async fn is_told_of(&self, wamid: &str) {
        let status = json!({"id": wamid, "status": "delivered", "timestamp": "1749416383",
                            "recipient_id": NUMBER_OF_ANA});
        self.put(&envelope(NUMBER, &json!({"statuses": [status]})))
            .await;
    }

    /// The run of an event has sent a message to Ana's number.
    async fn has_answered(&self, event: &ClaimedEvent, wamid: &str) {
        sqlx::query(
            "insert into send (project_id, event_id, request_hash, occurrence, sequence, attempt,
                               phone_number_id, state, response_status, wamid)
             values ($1, $2, decode(repeat('00', 32), 'hex'), 0, 0, 1, $3, 'sent', 200, $4)",
        )
        .bind(self.project)
        .bind(event.event_id)
        .bind(NUMBER)
        .bind(wamid)
        .execute(&self.pool)
        .await
        .unwrap();
        let message = NewOutbound {
            project_id: self.project,
            phone_number_id: NUMBER.to_owned(),
            to: Party::addressed(Some(NUMBER_OF_ANA), Some(NUMBER_OF_ANA)),
            wamid: wamid.to_owned(),
            message_type: "text".to_owned(),
            body: "{}".to_owned(),
            event_id: Some(event.event_id.0),
            written_by: None,
            at: self.clock.now(),
        };
        let mut tx = self.pool.begin().await.unwrap();
        let recorded = record_outbound(&mut tx, &ConversationQueues, &message).await;
        recorded.unwrap();
        tx.commit().await.unwrap();
    }

    /// Nothing can come of another run.
    async fn gives_up(&self, event: &ClaimedEvent) {
        let outcome = RunOutcome::Failed {
            reason: "no".to_owned(),
            kind: FailureKind::Rejected,
            report: RunReport::default(),
        };
        let verdict = RetryPolicy::default().judge(event, outcome);
        self.inbox.settle(event, &verdict).await.unwrap().unwrap();
    }
}

/// The events of a contact, newest first.
async fn events_of(pool: &PgPool, inbox: Inbox, project: ProjectId, who: &str) -> Vec<EventReport> {
    let events = Events::new(pool.clone(), inbox, LogStore::new(pool.clone()));
    let filter = EventFilter {
        contact: Some(who.to_owned()),
        ..EventFilter::default()
    };
    events.list(project, &filter, None, 100).await.unwrap()
}

async fn listed(bench: &Bench, who: &str) -> Vec<EventReport> {
    events_of(&bench.pool, bench.inbox.clone(), bench.project, who).await
}

/// What the events brought: the ids of messages.
fn ids(reports: &[EventReport]) -> Vec<&str> {
    let keys = reports.iter().map(|report| &report.event.dedupe_key);
    keys.map(|key| key.split(':').nth(1).unwrap()).collect()
}

/// Runs all there is to run, one after the other.
async fn run_all(bench: &Bench) -> Vec<String> {
    let mut order = Vec::new();
    while let [event] = bench.claim("host", 99).await.as_slice() {
        order.push(message_id(&event.payload));
        bench.finish(event).await.unwrap();
    }
    order
}

#[tokio::test]
async fn an_answered_message_stays_the_persons_and_stays_answered() {
    let bench = Bench::start().await;
    bench.writes(&by_number(), "by number").await;
    let event = bench.claim("host", 9).await.remove(0);
    bench.has_answered(&event, "wamid.answer").await;
    bench.finish(&event).await.unwrap();
    bench.is_told_of("wamid.answer").await;
    assert_eq!(run_all(&bench).await, ["wamid.answer"]);
    let before = listed(&bench, NUMBER_OF_ANA).await;
    assert_eq!(ids(&before), ["wamid.answer", "by number"]);
    assert_eq!(before[1].explanation.answer, Answer::Delivered);

    bench.writes(&by_user_id(), "by user id").await;
    assert_eq!(run_all(&bench).await, ["by user id"]);
    bench.writes(&by_both(), "by both").await;

    for who in [NUMBER_OF_ANA, USER_ID] {
        let after = listed(&bench, who).await;
        assert_eq!(
            ids(&after),
            ["by both", "by user id", "wamid.answer", "by number"]
        );
        let answered = &after[3];
        assert_eq!(answered.explanation, before[1].explanation);
        assert_eq!(answered.sends[0].is_to_customer, Some(true));
        assert_eq!(answered.event.from(), Some(NUMBER_OF_ANA));
    }
}

#[tokio::test]
async fn what_comes_while_one_of_them_runs_and_after_is_the_persons_too() {
    for (running, other) in [(by_number(), by_user_id()), (by_user_id(), by_number())] {
        let bench = Bench::start().await;
        bench.writes(&running, "runs").await;
        let event = bench.claim("host", 9).await.remove(0);
        bench.writes(&other, "waits").await;
        bench.writes(&by_both(), "merges").await;
        bench.is_told_of("status").await;
        bench.writes(&running, "later").await;

        let all = ["later", "status", "merges", "waits", "runs"];
        let told = listed(&bench, NUMBER_OF_ANA).await;
        assert_eq!(ids(&told), all);
        let conversation = told[0].event.conversation_id;
        assert!(conversation.is_some());
        assert!(
            told.iter()
                .all(|report| report.event.conversation_id == conversation)
        );

        assert_eq!(
            bench.claim("host", 9).await,
            [],
            "one runs, and the status waits"
        );
        bench.finish(&event).await.unwrap();
        let mut order = run_all(&bench).await;
        order.retain(|id| id != "status");
        assert_eq!(order, ["waits", "merges", "later"]);
        bench.writes(&other, "last").await;
        assert_eq!(
            ids(&listed(&bench, USER_ID).await),
            [&["last"][..], &all].concat()
        );
    }
}

#[tokio::test]
async fn a_dead_event_is_replayed_in_the_order_of_the_person() {
    for (dead, other) in [(by_number(), by_user_id()), (by_user_id(), by_number())] {
        let bench = Bench::start().await;
        bench.writes(&dead, "dead").await;
        let event = bench.claim("host", 9).await.remove(0);
        bench.gives_up(&event).await;
        bench.writes(&other, "runs").await;
        let running = bench.claim("host", 9).await.remove(0);
        bench.writes(&by_both(), "merges").await;

        let is_back = bench.inbox.replay(bench.project, event.event_id).await;
        assert!(is_back.unwrap());
        assert_eq!(bench.claim("host", 9).await, [], "one of hers runs");
        bench.finish(&running).await.unwrap();
        assert_eq!(run_all(&bench).await, ["dead", "merges"]);
    }
}

/// Waits until somebody waits for a lock in the test's database.
async fn somebody_waits(pool: &PgPool) {
    let waits = async {
        loop {
            let waits: bool = sqlx::query_scalar(
                "select exists (select from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock')",
            )
            .fetch_one(pool)
            .await
            .unwrap();
            if waits {
                return;
            }
        }
    };
    // Nobody does when nothing has to be waited for: what comes of that is told by the test.
    let _ = tokio::time::timeout(DEADLINE, waits).await;
}

#[tokio::test]
async fn what_is_stored_in_the_midst_of_a_merge_is_the_persons_too() {
    let bench = Bench::start().await;
    bench.writes(&by_number(), "by number").await;
    bench.writes(&by_user_id(), "by user id").await;
    let mut merge = bench.pool.begin().await.unwrap();
    let to_both = NewOutbound {
        project_id: bench.project,
        phone_number_id: NUMBER.to_owned(),
        to: Party::addressed(Some(USER_ID), Some(NUMBER_OF_ANA)),
        wamid: "wamid.merges".to_owned(),
        message_type: "text".to_owned(),
        body: "{}".to_owned(),
        event_id: None,
        written_by: None,
        at: bench.clock.now(),
    };
    let recorded = record_outbound(&mut merge, &ConversationQueues, &to_both).await;
    recorded.unwrap();

    let ends = async {
        somebody_waits(&bench.pool).await;
        merge.commit().await.unwrap();
    };
    tokio::join!(bench.is_told_of("status"), ends);
    bench.writes(&by_number(), "later").await;

    assert_eq!(
        ids(&listed(&bench, USER_ID).await),
        ["later", "status", "by user id", "by number"]
    );
    let mut order = run_all(&bench).await;
    order.retain(|id| id != "status");
    assert_eq!(order, ["by number", "by user id", "later"]);
}

/// The migrations before events knew their conversations.
fn before_conversations() -> Migrator {
    let old = db::MIGRATIONS.iter().filter(|one| one.version < 23);
    Migrator::with_migrations(old.cloned().collect())
}

#[tokio::test]
async fn events_from_before_get_the_conversations_that_they_belong_to() {
    let pool = db::empty().await;
    before_conversations().run(&pool).await.unwrap();
    // Contact `a` was merged into `b`, whose events run in the queue that `a` had.
    sqlx::raw_sql(
        "insert into project (project_id, name, verify_token_sealed, app_secret_sealed)
           values ('11111111-1111-1111-1111-111111111111', 'bot', '', '');
         insert into contact (project_id, contact_id, wa_id, created_at)
           select project_id, project_id, '34600', now() from project;
         insert into conversation
             (project_id, conversation_id, phone_number_id, contact_id, queue, created_at)
           select project_id, 'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb', '1', project_id,
                  'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', now() from project;
         insert into message
             (project_id, wamid, conversation_id, direction, type, body, sent_at, created_at)
           select project_id, wamid, 'bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb', way, 'text', '{}',
                  now(), now()
           from project cross join (values ('known', 'in'), ('sent', 'out')) m (wamid, way);
         insert into event (project_id, queue, kind, dedupe_key, payload, received_at)
           select project_id, queue, kind, key, '{}', now()
           from project cross join (values
             ('cccccccc-cccc-cccc-cccc-cccccccccccc', 'message', 'm:known'),
             ('cccccccc-cccc-cccc-cccc-cccccccccccc/status', 'status', 's:sent:read:'),
             ('bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb', 'message', 'm:forgotten'),
             ('aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa/status', 'status', 's:foreign:read:'),
             ('field:flows', 'other', 'o:change:2:flows:x')) e (queue, kind, key);
         insert into conversation_queue (project_id, queue, pending, ready_at)
           select project_id, queue, 1, now() from event where kind <> 'other'",
    )
    .execute(&pool)
    .await
    .unwrap();

    db::MIGRATIONS.run(&pool).await.unwrap();

    let inbox = Inbox::new(pool.clone(), Clock::database(), Arc::new(NoSink));
    let project: ProjectId = sqlx::query_scalar("select project_id from project")
        .fetch_one(&pool)
        .await
        .unwrap();
    let told = events_of(&pool, inbox, project, NUMBER_OF_ANA).await;
    assert_eq!(ids(&told), ["foreign", "forgotten", "sent", "known"]);

    // What a host of the version before stores meanwhile.
    let stored: EventId = sqlx::query_scalar(
        "insert into event (project_id, queue, kind, dedupe_key, payload, received_at)
         values ($1, 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'message', 'm:late', '{}', now())
         returning event_id",
    )
    .bind(project)
    .fetch_one(&pool)
    .await
    .unwrap();
    let inbox = Inbox::new(pool.clone(), Clock::database(), Arc::new(NoSink));
    let told = events_of(&pool, inbox, project, NUMBER_OF_ANA).await;
    assert_eq!(told[0].event.event_id, stored);
}
