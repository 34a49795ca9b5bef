//! The SQL of putting events into the inbox.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use crate::conversations::{
    ConversationId, Enrolled, Enrolment, NewInbound, Party, Preference, StatusUpdate, enrol,
    keep_inbound, keep_preferences, keep_statuses,
};
use crate::inbox::envelope::preferences::{self, preferences};
use crate::inbox::envelope::{Content, Piece};
use crate::inbox::model::{EventId, Lane, Priority};
use crate::inbox::queues::status_queue;
use crate::inbox::store::{Inbox, InboxError, InboxLimits};
use crate::media::{self, Expected};
use crate::projects::NumberRoute;

/// The longest payload that is kept for a number that no project has.
const MAX_UNROUTED_BYTES: usize = 64 * 1024;

/// A piece with the queue that it runs in.
struct Placed<'a> {
    piece: &'a Piece,
    conversation: Option<Enrolled>,
    lane: Lane,
    queue: String,
}

/// A number that pieces may be for.
#[derive(sqlx::FromRow)]
pub(super) struct Addressed {
    #[sqlx(flatten)]
    pub(super) number: NumberRoute,
    pub(super) now: DateTime<Utc>,
    /// Keys of pieces that its project has already.
    pub(super) known: Vec<String>,
}

impl Inbox {
    /// The numbers that pieces may be for, and what is known of the pieces there: most often Meta
    /// repeats a whole POST. Asked for each time: a stale answer would hand a person's messages to
    /// another project.
    pub(super) async fn addresses_of(
        &self,
        pieces: &[Piece],
    ) -> Result<Vec<Addressed>, InboxError> {
        let numbers: HashSet<&str> = pieces
            .iter()
            .filter_map(|p| p.route.phone_number_id.as_deref())
            .collect();
        let accounts: HashSet<&str> = pieces
            .iter()
            .filter(|piece| piece.route.phone_number_id.is_none())
            .filter_map(|piece| piece.route.account_id.as_deref())
            .collect();
        let keys: Vec<&str> = pieces.iter().map(|p| p.dedupe_key.as_str()).collect();
        let addressed = sqlx::query_as(
            "select n.project_id, n.phone_number_id, n.waba_id, n.display_phone_number,
                    coalesce($4, statement_timestamp()) as now,
                    array(select e.dedupe_key from event e
                          where e.project_id = n.project_id and e.dedupe_key = any($3)) as known
             from number n
             where n.phone_number_id = any($1) or n.waba_id = any($2)",
        )
        .bind(Vec::from_iter(numbers))
        .bind(Vec::from_iter(accounts))
        .bind(keys)
        .bind(self.clock.told())
        .fetch_all(&self.pool)
        .await?;
        Ok(addressed)
    }

    /// Stores pieces of a project in one transaction, and returns how many were new after all. `None`:
    /// nothing is stored, because conversations were merged meanwhile.
    pub(super) async fn store_news(
        &self,
        at: &Enrolment<'_>,
        news: &[Cow<'_, Piece>],
    ) -> Result<Option<usize>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let placed = place(&mut tx, at, news).await?;
        let Some(stored) = insert_events(&mut tx, at, &self.limits, &placed).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        let fresh = |placed: &&Placed<'_>| stored.contains_key(&placed.piece.dedupe_key);
        let fresh: Vec<&Placed<'_>> = placed.iter().filter(fresh).collect();
        let messages: Vec<NewInbound<'_>> = fresh
            .iter()
            .filter_map(|placed| new_message(placed, &stored))
            .collect();
        if !messages.is_empty() {
            keep_inbound(&mut tx, at.project_id, &messages, at.now).await?;
        }
        let with_media = self.expect_media(&mut tx, at, &messages).await?;
        let statuses: Vec<&StatusUpdate> = fresh
            .iter()
            .filter_map(|placed| match &placed.piece.content {
                Content::Status(update) => Some(update),
                Content::Message(_) | Content::Other { .. } => None,
            })
            .collect();
        if !statuses.is_empty() {
            keep_statuses(&mut tx, at.project_id, &statuses, at.now).await?;
        }
        let said = fresh
            .iter()
            .filter_map(|placed| match &placed.piece.content {
                Content::Other { field } if field == preferences::FIELD => {
                    Some(preferences(&placed.piece.payload))
                }
                Content::Message(_) | Content::Status(_) | Content::Other { .. } => None,
            });
        let said: Vec<Preference> = said.flatten().collect();
        if !said.is_empty() {
            keep_preferences(&mut tx, at.project_id, &said, at.now).await?;
        }
        tx.commit().await?;
        if let Some(doorbell) = self.media.as_ref().filter(|_| with_media > 0) {
            doorbell.ring();
        }
        Ok(Some(stored.len()))
    }

    /// Notes the media of messages, where somebody fetches them. Returns how many there are.
    async fn expect_media(
        &self,
        tx: &mut PgConnection,
        at: &Enrolment<'_>,
        messages: &[NewInbound<'_>],
    ) -> Result<usize, sqlx::Error> {
        if self.media.is_none() {
            return Ok(0);
        }
        let expected: Vec<Expected<'_>> = messages
            .iter()
            .map(|message| Expected {
                wamid: message.wamid,
                message_type: message.message_type,
                body: message.body,
            })
            .collect();
        media::expect(tx, at.project_id, &expected, at.now).await
    }

    /// Keeps what no project gets, once each, and without what is too long.
    pub(super) async fn keep_unrouted(&self, pieces: &[&Piece]) -> Result<(), InboxError> {
        let column = |of: fn(&Piece) -> Option<&str>| -> Vec<Option<&str>> {
            pieces.iter().map(|piece| of(piece)).collect()
        };
        let bytes: Vec<i32> = pieces
            .iter()
            .map(|piece| i32::try_from(piece.payload.len()).unwrap_or(i32::MAX))
            .collect();
        sqlx::query(
            "insert into unrouted
               (received_at, phone_number_id, account_id, dedupe_key, payload, payload_bytes)
             select coalesce($1, statement_timestamp()), *
             from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::integer[])
             on conflict do nothing",
        )
        .bind(self.clock.told())
        .bind(column(|piece| piece.route.phone_number_id.as_deref()))
        .bind(column(|piece| piece.route.account_id.as_deref()))
        .bind(column(|piece| Some(&piece.dedupe_key)))
        .bind(column(|p| {
            Some(p.payload.as_str()).filter(|text| text.len() <= MAX_UNROUTED_BYTES)
        }))
        .bind(bytes)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Finds the conversation of each piece. What belongs to none is queued by its field, and statuses
/// have a lane of their own: one that the bot fails at must not hold up what the person writes.
async fn place<'a>(
    tx: &mut PgConnection,
    at: &Enrolment<'_>,
    pieces: &'a [Cow<'_, Piece>],
) -> Result<Vec<Placed<'a>>, sqlx::Error> {
    let nobody = Party::Person(Default::default());
    let parties: Vec<&Party> = pieces
        .iter()
        .map(|piece| match &piece.content {
            Content::Message(message) => &message.from,
            Content::Status(update) => &update.to,
            Content::Other { .. } => &nobody,
        })
        .collect();
    let enrolled = enrol(tx, at, &parties).await?;
    let placed = pieces.iter().zip(enrolled).map(|(piece, conversation)| {
        let (lane, queue) = match (&conversation, &piece.content) {
            (Some(with), Content::Status(_)) => (Lane::Statuses, status_queue(&with.queue)),
            (Some(with), _) => (Lane::Messages, with.queue.clone()),
            (None, Content::Other { field }) => (Lane::Changes, format!("field:{field}")),
            (None, Content::Message(_) | Content::Status(_)) => {
                (Lane::Changes, "field:messages".to_owned())
            }
        };
        Placed {
            piece,
            conversation,
            lane,
            queue,
        }
    });
    Ok(placed.collect())
}

/// Returns the ids of the events that are new, by key; `None` when a conversation is not what it was when
/// the events were placed. From here to the transaction's end none is merged with another.
async fn insert_events(
    tx: &mut PgConnection,
    at: &Enrolment<'_>,
    limits: &InboxLimits,
    placed: &[Placed<'_>],
) -> Result<Option<HashMap<String, EventId>>, sqlx::Error> {
    let column = |of: fn(&Placed<'_>) -> String| -> Vec<String> { placed.iter().map(of).collect() };
    let payloads: Vec<&str> = placed
        .iter()
        .map(|placed| placed.piece.payload.as_str())
        .collect();
    let traceparents: Vec<Option<&str>> = placed
        .iter()
        .map(|placed| placed.piece.traceparent.as_deref())
        .collect();
    let conversations: Vec<Option<ConversationId>> = placed
        .iter()
        .map(|placed| {
            placed
                .conversation
                .as_ref()
                .map(|with| with.conversation_id)
        })
        .collect();
    let mut talks: Vec<&Enrolled> = placed
        .iter()
        .filter_map(|placed| placed.conversation.as_ref())
        .collect();
    talks.sort_unstable_by_key(|with| with.conversation_id);
    talks.dedup_by_key(|with| with.conversation_id);
    let talk_ids: Vec<ConversationId> = talks.iter().map(|with| with.conversation_id).collect();
    let talk_queues: Vec<&str> = talks.iter().map(|with| with.queue.as_str()).collect();
    // A queue of statuses waits for its conversation's. A queue that waits for a back-off goes on
    // waiting, unless what waits there lets others pass. A message makes all that is before it as
    // urgent as itself.
    let stored: Vec<(String, EventId, i64)> = sqlx::query_as(
        "with talks as materialized (
           select c.conversation_id, c.queue
           from unnest($12::uuid[], $13::text[]) as t (conversation_id, queue)
           join conversation c on c.project_id = $1 and c.conversation_id = t.conversation_id
             and c.queue = t.queue
           for key share of c),
         fresh as (
           insert into event
             (project_id, received_at, queue, kind, dedupe_key, payload, traceparent,
              conversation_id, lane, expires_at)
           select $1, $2::timestamptz, n.queue, n.kind, n.dedupe_key, n.payload, n.traceparent,
                  n.conversation_id, n.lane,
                  $2::timestamptz + make_interval(secs => case n.kind when 'message' then $7::float8
                                                         when 'status' then $8::float8 end)
           from unnest($3::text[], $4::text[], $5::text[], $6::text[], $9::text[], $10::uuid[],
                       $11::text[])
                with ordinality as n (queue, kind, dedupe_key, payload, traceparent,
                                      conversation_id, lane, position)
           order by n.position
           on conflict on constraint event_is_new do nothing
           returning dedupe_key, event_id, queue, kind, conversation_id, lane),
         queued as (
           insert into conversation_queue as q
             (project_id, queue, pending, ready_at, priority, waits_for)
           select $1, n.queue, n.events, $2,
                  case when n.has_message then $14::smallint else $15::smallint end, t.queue
           from (select queue, count(*) as events, bool_or(kind = 'message') as has_message,
                        max(conversation_id::text) filter (where lane = 'statuses') as of_statuses
                 from fresh group by queue) n
           left join talks t on t.conversation_id = n.of_statuses::uuid
           order by n.queue
           on conflict (project_id, queue) do update
           set pending = q.pending + excluded.pending,
               priority = case when q.pending <= q.aside then excluded.priority
                               else least(q.priority, excluded.priority) end,
               ready_at = case when q.lease is null and q.pending <= q.aside
                               then excluded.ready_at else q.ready_at end)
         select dedupe_key, event_id, (select count(*) from talks) from fresh",
    )
    .bind(at.project_id)
    .bind(at.now)
    .bind(column(|placed| placed.queue.clone()))
    .bind(column(|placed| {
        placed.piece.content.kind().word().to_owned()
    }))
    .bind(column(|placed| placed.piece.dedupe_key.clone()))
    .bind(payloads)
    .bind(limits.message_deadline.map(|age| age.as_secs_f64()))
    .bind(limits.status_deadline.map(|age| age.as_secs_f64()))
    .bind(traceparents)
    .bind(conversations)
    .bind(column(|placed| placed.lane.word().to_owned()))
    .bind(talk_ids)
    .bind(talk_queues)
    .bind(Priority::Live)
    .bind(Priority::Bulk)
    .fetch_all(tx)
    .await?;
    let are_all_there = |(.., there): &(String, EventId, i64)| {
        usize::try_from(*there).is_ok_and(|there| there == talks.len())
    };
    if !stored.iter().all(are_all_there) {
        return Ok(None);
    }
    let stored = stored.into_iter().map(|(key, event_id, _)| (key, event_id));
    Ok(Some(stored.collect()))
}

/// A message to keep; nothing when it is none, has no conversation, or is known already.
fn new_message<'a>(
    placed: &'a Placed<'_>,
    stored: &HashMap<String, EventId>,
) -> Option<NewInbound<'a>> {
    let Content::Message(message) = &placed.piece.content else {
        return None;
    };
    Some(NewInbound {
        with: placed.conversation.as_ref()?,
        wamid: message.wamid.as_deref()?,
        message_type: &message.message_type,
        body: &message.body,
        event_id: stored.get(&placed.piece.dedupe_key)?.0,
        sent_at: message.sent_at,
    })
}
