//! Who wrote a message, or got one: the item's own ids and the entry in `contacts` that goes with
//! it.

use serde_json::value::RawValue;

use super::raw::RawObject;
use crate::conversations::{Person, PersonIds};

/// The `contacts` of a change.
pub(super) struct Contacts<'a> {
    all: Vec<Contact<'a>>,
    /// How many messages and statuses share them.
    items: usize,
}

struct Contact<'a> {
    raw: &'a RawValue,
    person: Person,
}

impl<'a> Contacts<'a> {
    pub(super) fn parse(value: &RawObject<'a>, items: usize) -> Self {
        let all = value.array("contacts").unwrap_or_default();
        Self {
            all: all.into_iter().map(Contact::parse).collect(),
            items,
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Who wrote a message.
    pub(super) fn sender(&self, message: &RawObject<'_>) -> (Person, Option<&'a RawValue>) {
        if let Some(changed) = changed_ids(message) {
            return (
                changed,
                self.of(&PersonIds::default()).map(|contact| contact.raw),
            );
        }
        let ids = PersonIds {
            wa_id: message.id("from"),
            user_id: message.id("from_user_id"),
        };
        self.complete(ids)
    }

    /// Who got what a status is about; nobody in particular for a group.
    pub(super) fn recipient(
        &self,
        status: &RawObject<'_>,
        is_group: bool,
    ) -> (Person, Option<&'a RawValue>) {
        if is_group {
            let raw = self.of(&PersonIds::default()).map(|contact| contact.raw);
            return (Person::default(), raw);
        }
        let ids = PersonIds {
            wa_id: status.id("recipient_id"),
            user_id: status.id("recipient_user_id"),
        };
        self.complete(ids)
    }

    /// What the item tells of a person goes before what its contact tells.
    fn complete(&self, ids: PersonIds) -> (Person, Option<&'a RawValue>) {
        let Some(contact) = self.of(&ids) else {
            return (
                Person {
                    ids,
                    ..Person::default()
                },
                None,
            );
        };
        let mut person = contact.person.clone();
        person.ids = PersonIds {
            wa_id: ids.wa_id.or(person.ids.wa_id),
            user_id: ids.user_id.or(person.ids.user_id),
        };
        (person, Some(contact.raw))
    }

    /// The contact that shares an id; or the only one, when there is nothing else it could belong
    /// to.
    fn of(&self, ids: &PersonIds) -> Option<&Contact<'a>> {
        let shares = |contact: &&Contact<'a>| {
            let theirs = &contact.person.ids;
            (ids.user_id.is_some() && theirs.user_id == ids.user_id)
                || (ids.wa_id.is_some() && theirs.wa_id == ids.wa_id)
        };
        self.all.iter().find(shares).or(match self.all.as_slice() {
            [only] if self.items == 1 => Some(only),
            _ => None,
        })
    }
}

impl<'a> Contact<'a> {
    fn parse(raw: &'a RawValue) -> Self {
        let contact = RawObject::parse(raw).unwrap_or_default();
        let profile = contact.object("profile").unwrap_or_default();
        let person = Person {
            ids: PersonIds {
                wa_id: contact.id("wa_id"),
                user_id: contact.id("user_id"),
            },
            name: profile.text("name"),
            username: profile.text("username"),
            becomes: None,
        };
        Self { raw, person }
    }
}

/// The old and the new ids in the system message that tells of a change.
fn changed_ids(message: &RawObject<'_>) -> Option<Person> {
    let system = message.object("system")?;
    let kind = system.text("type")?;
    if !matches!(
        kind.as_str(),
        "user_changed_number" | "user_changed_user_id"
    ) {
        return None;
    }
    let becomes = PersonIds {
        wa_id: system.id("wa_id"),
        user_id: system.id("user_id"),
    };
    let told_old = message
        .id("from_user_id")
        .filter(|id| Some(id) != becomes.user_id.as_ref());
    let ids = PersonIds {
        wa_id: message.id("from"),
        user_id: system.id("previous_user_id").or(told_old),
    };
    Some(Person {
        ids,
        becomes: Some(becomes),
        ..Person::default()
    })
}
