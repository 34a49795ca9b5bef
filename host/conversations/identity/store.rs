//! The SQL of contacts, and of finding or making their conversations.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::book::{Book, Entry, Fate};
use crate::conversations::merge::{Queues, merge_contact};
use crate::conversations::model::{ContactId, ConversationId};
use crate::conversations::party::{Party, Person};
use crate::projects::ProjectId;

/// Where and when the parties were met.
#[derive(Clone, Copy, Debug)]
pub struct Enrolment<'a> {
    pub project_id: ProjectId,
    pub phone_number_id: &'a str,
    pub now: DateTime<Utc>,
    /// Makes one queue of two when two people turn out to be one.
    pub queues: &'a dyn Queues,
}

/// The conversation with a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    pub conversation_id: ConversationId,
    /// The person, or the one who wrote in the group.
    pub contact_id: Option<ContactId>,
    /// The queue that its events run in.
    pub queue: String,
}

#[derive(sqlx::FromRow)]
struct ConversationRow {
    conversation_id: ConversationId,
    contact_id: Option<ContactId>,
    group_id: Option<String>,
    queue: String,
}

/// Finds the conversation with each party, and makes contacts and conversations that are new.
///
/// Returns as many as there are parties; `None` for a person without any id. Belongs in a
/// transaction: contacts that change are locked until its end.
pub async fn enrol(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    parties: &[&Party],
) -> Result<Vec<Option<Enrolled>>, sqlx::Error> {
    let people: Vec<Option<&Person>> = parties.iter().map(|party| party.person()).collect();
    let Placement { contacts, talks } = place_people(conn, at, &people).await?;
    let wanted: Vec<(Option<ContactId>, Option<&str>)> = parties
        .iter()
        .zip(&contacts)
        .map(|(party, contact)| party.partner(*contact))
        .collect();
    // Most often everybody wrote before.
    let is_known = |(contact, group): &(Option<ContactId>, Option<&str>)| {
        group.is_none() && (contact.is_none() || talks.iter().any(|t| t.contact_id == *contact))
    };
    let found = match wanted.iter().all(is_known) {
        true => talks,
        false => conversations_with(conn, at, &wanted).await?,
    };
    Ok(wanted
        .iter()
        .zip(contacts)
        .map(|((person, group), contact_id)| {
            let row = found
                .iter()
                .find(|row| row.contact_id == *person && row.group_id.as_deref() == *group)?;
            let ConversationRow {
                conversation_id,
                queue,
                ..
            } = row;
            Some(Enrolled {
                conversation_id: *conversation_id,
                contact_id,
                queue: queue.clone(),
            })
        })
        .collect())
}

/// The contacts that people are, and the conversations with them that are known by the way.
struct Placement {
    contacts: Vec<Option<ContactId>>,
    talks: Vec<ConversationRow>,
}

async fn place_people(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    people: &[Option<&Person>],
) -> Result<Placement, sqlx::Error> {
    let place_all = |book: &mut Book| -> Vec<Option<ContactId>> {
        people
            .iter()
            .map(|person| person.and_then(|p| book.place(p)))
            .collect()
    };
    let (entries, mut talks) = load(conn, at, people).await?;
    let mut book = Book::new(entries);
    let mut contacts = place_all(&mut book);
    if !book.ids_are_kept() {
        // Two webhooks may bring the same new person: what is decided under the lock holds.
        lock_contacts(conn, at.project_id).await?;
        book = Book::new(load(conn, at, people).await?.0);
        contacts = place_all(&mut book);
        // Contacts that become one have one conversation afterwards.
        talks.clear();
    }
    write(conn, at, book.entries()).await?;
    Ok(Placement { contacts, talks })
}

/// A contact, and the conversation of the number with it.
#[derive(sqlx::FromRow)]
struct Acquaintance {
    #[sqlx(flatten)]
    entry: Entry,
    conversation_id: Option<ConversationId>,
    queue: Option<String>,
}

async fn load(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    people: &[Option<&Person>],
) -> Result<(Vec<Entry>, Vec<ConversationRow>), sqlx::Error> {
    let ids = people
        .iter()
        .flatten()
        .flat_map(|p| [Some(&p.ids), p.becomes.as_ref()])
        .flatten();
    let (wa_ids, user_ids): (Vec<_>, Vec<_>) = ids
        .map(|ids| (ids.wa_id.as_deref(), ids.user_id.as_deref()))
        .unzip();
    let known: Vec<Acquaintance> = sqlx::query_as(
        // Each person by an index, whatever the planner knows of how many a project has.
        "select c.contact_id, c.wa_id, c.user_id, c.name, c.username, t.conversation_id, t.queue
         from (select by_wa_id.contact_id
               from unnest($2::text[]) as asked (wa_id)
               cross join lateral (select contact_id from contact
                                   where project_id = $1 and wa_id = asked.wa_id limit 1) by_wa_id
               union
               select by_user_id.contact_id
               from unnest($3::text[]) as asked (user_id)
               cross join lateral (select contact_id from contact
                                   where project_id = $1 and user_id = asked.user_id limit 1) by_user_id
              ) known
         cross join lateral (select contact_id, wa_id, user_id, name, username from contact
                             where project_id = $1 and contact_id = known.contact_id limit 1) c
         left join lateral (select conversation_id, queue from conversation
                            where project_id = $1 and contact_id = c.contact_id
                              and phone_number_id = $4 limit 1) t on true",
    )
    .bind(at.project_id)
    .bind(wa_ids)
    .bind(user_ids)
    .bind(at.phone_number_id)
    .fetch_all(conn)
    .await?;
    let talks = known.iter().filter_map(|one| {
        Some(ConversationRow {
            conversation_id: one.conversation_id?,
            contact_id: Some(one.entry.contact_id),
            group_id: None,
            queue: one.queue.clone()?,
        })
    });
    let talks = talks.collect();
    Ok((known.into_iter().map(|one| one.entry).collect(), talks))
}

async fn lock_contacts(conn: &mut PgConnection, project_id: ProjectId) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('contact/' || $1::text, 0))")
        .bind(project_id)
        .execute(conn)
        .await?;
    Ok(())
}

async fn write(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    entries: &[(Entry, Fate)],
) -> Result<(), sqlx::Error> {
    let with = |wanted: fn(Fate) -> bool| -> Vec<&Entry> {
        entries
            .iter()
            .filter(|(_, fate)| wanted(*fate))
            .map(|(entry, _)| entry)
            .collect()
    };
    let freed = with(|fate| matches!(fate, Fate::Changed | Fate::MergedInto(_)));
    let updated = with(|fate| matches!(fate, Fate::Changed | Fate::Renamed));
    let added = with(|fate| fate == Fate::New);

    // An id may pass from one contact to the other: none has it in between.
    if !freed.is_empty() {
        let ids: Vec<ContactId> = freed.iter().map(|entry| entry.contact_id).collect();
        sqlx::query(
            "update contact set wa_id = null, user_id = null
             where project_id = $1 and contact_id = any($2)",
        )
        .bind(at.project_id)
        .bind(ids)
        .execute(&mut *conn)
        .await?;
    }
    if !updated.is_empty() {
        update(conn, at.project_id, &updated).await?;
    }
    if !added.is_empty() {
        insert(conn, at, &added).await?;
    }
    for (entry, fate) in entries {
        if let Fate::MergedInto(into) = fate {
            merge_contact(conn, at.queues, at.project_id, entry.contact_id, *into).await?;
        }
    }
    Ok(())
}

async fn update(
    conn: &mut PgConnection,
    project_id: ProjectId,
    entries: &[&Entry],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update contact c
         set wa_id = n.wa_id, user_id = n.user_id, name = n.name, username = n.username
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
              as n (contact_id, wa_id, user_id, name, username)
         where c.project_id = $1 and c.contact_id = n.contact_id",
    )
    .bind(project_id)
    .bind(column(entries, |e| e.contact_id))
    .bind(column(entries, |e| e.wa_id.as_deref()))
    .bind(column(entries, |e| e.user_id.as_deref()))
    .bind(column(entries, |e| e.name.as_deref()))
    .bind(column(entries, |e| e.username.as_deref()))
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    entries: &[&Entry],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into contact (project_id, created_at, contact_id, wa_id, user_id, name, username)
         select $1, $2, * from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])",
    )
    .bind(at.project_id)
    .bind(at.now)
    .bind(column(entries, |e| e.contact_id))
    .bind(column(entries, |e| e.wa_id.as_deref()))
    .bind(column(entries, |e| e.user_id.as_deref()))
    .bind(column(entries, |e| e.name.as_deref()))
    .bind(column(entries, |e| e.username.as_deref()))
    .execute(conn)
    .await?;
    Ok(())
}

fn column<'a, T>(entries: &[&'a Entry], of: impl Fn(&'a Entry) -> T) -> Vec<T> {
    entries.iter().map(|entry| of(entry)).collect()
}

/// The conversations with those contacts and groups, made where there is none.
async fn conversations_with(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    wanted: &[(Option<ContactId>, Option<&str>)],
) -> Result<Vec<ConversationRow>, sqlx::Error> {
    let (contacts, groups): (Vec<_>, Vec<_>) = wanted.iter().copied().unzip();
    let mut found = select_conversations(conn, at, &contacts, &groups).await?;
    let mut missing: Vec<(Option<ContactId>, Option<&str>)> = wanted
        .iter()
        .filter(|(contact, group)| contact.is_some() || group.is_some())
        .filter(|(contact, group)| {
            !found
                .iter()
                .any(|row| row.contact_id == *contact && row.group_id.as_deref() == *group)
        })
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(found);
    }
    missing.sort_unstable();
    missing.dedup();
    let ids: Vec<Uuid> = missing.iter().map(|_| Uuid::now_v7()).collect();
    let (contacts, groups): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    sqlx::query(
        "insert into conversation
           (project_id, phone_number_id, created_at, conversation_id, queue, contact_id, group_id)
         select $1, $2, $3, n.conversation_id, n.conversation_id::text, n.contact_id, n.group_id
         from unnest($4::uuid[], $5::uuid[], $6::text[]) as n (conversation_id, contact_id, group_id)
         on conflict do nothing",
    )
    .bind(at.project_id)
    .bind(at.phone_number_id)
    .bind(at.now)
    .bind(ids)
    .bind(&contacts)
    .bind(&groups)
    .execute(&mut *conn)
    .await?;
    found.extend(select_conversations(conn, at, &contacts, &groups).await?);
    Ok(found)
}

async fn select_conversations(
    conn: &mut PgConnection,
    at: &Enrolment<'_>,
    contacts: &[Option<ContactId>],
    groups: &[Option<&str>],
) -> Result<Vec<ConversationRow>, sqlx::Error> {
    sqlx::query_as(
        "select conversation_id, contact_id, group_id, queue from conversation
         where project_id = $1 and phone_number_id = $2
           and (contact_id = any($3) or group_id = any($4))",
    )
    .bind(at.project_id)
    .bind(at.phone_number_id)
    .bind(contacts)
    .bind(groups)
    .fetch_all(conn)
    .await
}

impl Party {
    fn person(&self) -> Option<&Person> {
        match self {
            Self::Person(person) => Some(person),
            Self::Group { sender, .. } => sender.as_ref(),
        }
    }

    /// Whom the conversation is with: the contact, or the group.
    fn partner(&self, contact: Option<ContactId>) -> (Option<ContactId>, Option<&str>) {
        match self {
            Self::Person(_) => (contact, None),
            Self::Group { group_id, .. } => (None, Some(group_id)),
        }
    }
}
