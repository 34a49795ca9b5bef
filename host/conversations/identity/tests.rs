//! Which contact some ids belong to.

use super::book::{Book, Entry, Fate};
use crate::conversations::model::ContactId;
use crate::conversations::party::{Person, PersonIds};
use uuid::Uuid;

fn ids(wa_id: &str, user_id: &str) -> PersonIds {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    PersonIds {
        wa_id: some(wa_id),
        user_id: some(user_id),
    }
}

fn person(wa_id: &str, user_id: &str) -> Person {
    Person {
        ids: ids(wa_id, user_id),
        ..Person::default()
    }
}

fn known(number: u128, wa_id: &str, user_id: &str) -> Entry {
    let PersonIds { wa_id, user_id } = ids(wa_id, user_id);
    let contact_id = ContactId(Uuid::from_u128(number));
    Entry {
        contact_id,
        wa_id,
        user_id,
        name: None,
        username: None,
    }
}

fn contact(number: u128) -> Option<ContactId> {
    Some(ContactId(Uuid::from_u128(number)))
}

/// What a contact is after the batch: its ids and what is written of it.
fn after(book: &Book, number: u128) -> (Option<&str>, Option<&str>, Fate) {
    let found = book
        .entries()
        .iter()
        .find(|(e, _)| Some(e.contact_id) == contact(number));
    let (entry, fate) = found.unwrap();
    (entry.wa_id.as_deref(), entry.user_id.as_deref(), *fate)
}

#[test]
fn either_id_finds_the_contact_that_has_both() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1")]);
    for (wa_id, user_id) in [("34600", "ES.1"), ("34600", ""), ("", "ES.1")] {
        assert_eq!(book.place(&person(wa_id, user_id)), contact(1));
    }
    assert!(book.ids_are_kept());
}

#[test]
fn a_contact_learns_the_id_it_lacked() {
    let mut book = Book::new(vec![known(1, "34600", ""), known(2, "", "ES.2")]);
    assert_eq!(book.place(&person("34600", "ES.1")), contact(1));
    assert_eq!(book.place(&person("34602", "ES.2")), contact(2));
    assert_eq!(
        after(&book, 1),
        (Some("34600"), Some("ES.1"), Fate::Changed)
    );
    assert_eq!(
        after(&book, 2),
        (Some("34602"), Some("ES.2"), Fate::Changed)
    );
}

#[test]
fn people_of_one_batch_who_are_new_are_told_apart_and_found_again() {
    let mut book = Book::default();
    let first = book.place(&person("34600", "ES.1"));
    let second = book.place(&person("", "ES.2"));
    assert_ne!(first, second);
    assert_eq!(book.place(&person("", "ES.1")), first);
    assert_eq!(book.place(&person("34602", "ES.2")), second);
    assert_eq!(book.entries().len(), 2);
}

#[test]
fn two_contacts_that_turn_out_to_be_one_person_are_merged() {
    let mut book = Book::new(vec![known(1, "34600", ""), known(2, "", "ES.1")]);
    assert_eq!(book.place(&person("34600", "ES.1")), contact(2));
    assert_eq!(
        after(&book, 1),
        (None, None, Fate::MergedInto(contact(2).unwrap()))
    );
    assert_eq!(
        after(&book, 2),
        (Some("34600"), Some("ES.1"), Fate::Changed)
    );
    assert_eq!(book.place(&person("34600", "")), contact(2));
}

#[test]
fn a_number_that_went_to_somebody_else_is_another_contact() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1")]);
    let newcomer = book.place(&person("34600", "ES.9"));
    assert_ne!(newcomer, contact(1));
    assert_eq!(after(&book, 1), (None, Some("ES.1"), Fate::Changed));
    assert_eq!(book.place(&person("34600", "")), newcomer);
    assert_eq!(book.place(&person("", "ES.1")), contact(1));
}

#[test]
fn a_number_known_to_two_user_ids_stays_with_the_one_that_wrote_last() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1"), known(2, "", "ES.2")]);
    assert_eq!(book.place(&person("34600", "ES.2")), contact(2));
    assert_eq!(after(&book, 1), (None, Some("ES.1"), Fate::Changed));
    assert_eq!(
        after(&book, 2),
        (Some("34600"), Some("ES.2"), Fate::Changed)
    );
}

#[test]
fn a_changed_number_keeps_the_contact() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1")]);
    let moved = Person {
        becomes: Some(ids("34777", "ES.7")),
        ..person("34600", "ES.1")
    };
    assert_eq!(book.place(&moved), contact(1));
    assert_eq!(
        after(&book, 1),
        (Some("34777"), Some("ES.7"), Fate::Changed)
    );
}

#[test]
fn a_changed_number_takes_in_who_wrote_from_the_new_one_already() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1"), known(2, "34777", "ES.7")]);
    let moved = Person {
        becomes: Some(ids("34777", "ES.7")),
        ..person("34600", "ES.1")
    };
    assert_eq!(book.place(&moved), contact(1));
    assert_eq!(
        after(&book, 2),
        (None, None, Fate::MergedInto(contact(1).unwrap()))
    );
    assert_eq!(
        after(&book, 1),
        (Some("34777"), Some("ES.7"), Fate::Changed)
    );
}

#[test]
fn a_change_that_was_applied_already_changes_nothing() {
    let mut book = Book::new(vec![known(1, "34777", "ES.7")]);
    let moved = Person {
        becomes: Some(ids("34777", "ES.7")),
        ..person("34600", "ES.1")
    };
    assert_eq!(book.place(&moved), contact(1));
    assert!(book.ids_are_kept());
}

#[test]
fn a_new_name_is_kept_without_touching_the_ids() {
    let mut book = Book::new(vec![known(1, "34600", "ES.1")]);
    let named = Person {
        name: Some("Ana".into()),
        ..person("34600", "")
    };
    book.place(&named);
    assert_eq!(book.entries()[0].0.name.as_deref(), Some("Ana"));
    assert_eq!(after(&book, 1).2, Fate::Renamed);
}

#[test]
fn nobody_has_no_contact() {
    let mut book = Book::default();
    assert_eq!(book.place(&Person::default()), None);
    assert!(book.entries().is_empty());
}
