//! What a project may be called, and what sealing promises.

use super::model::{ProjectId, ProjectName, ProjectStatus, Secret};
use super::vault::{Place, Vault};
use super::versions::{VersionKind, VersionState};
use crate::words::Lifetime;
use crate::words::tests::assert_allowed;

fn place(project_id: ProjectId, row: &str) -> Place<'_> {
    Place {
        table: "secret",
        column: "value_sealed",
        project_id,
        row,
    }
}

#[test]
fn a_project_name_is_a_host_label() {
    for good in ["a", "pizza-bot", "b2", &"a".repeat(40)] {
        assert_eq!(good.parse::<ProjectName>().unwrap().as_str(), good);
    }
    for bad in [
        "",
        "2b",
        "-a",
        "a-",
        "Pizza",
        "a_b",
        "a.b",
        "é",
        &"a".repeat(41),
    ] {
        assert!(bad.parse::<ProjectName>().is_err(), "`{bad}` was taken");
    }
}

#[test]
fn what_was_sealed_opens_in_its_place_only() {
    let vault = Vault::new(&[7; 32]);
    let project = ProjectId::generate();
    let sealed = vault.seal(&place(project, "KEY"), b"hunter2").unwrap();

    assert_eq!(
        vault.open(&place(project, "KEY"), &sealed).unwrap(),
        b"hunter2"
    );
    assert!(vault.open(&place(project, "OTHER"), &sealed).is_err());
    assert!(
        vault
            .open(&place(ProjectId::generate(), "KEY"), &sealed)
            .is_err()
    );
    let column = Place {
        column: "token_sealed",
        ..place(project, "KEY")
    };
    assert!(vault.open(&column, &sealed).is_err());
    assert!(
        Vault::new(&[8; 32])
            .open(&place(project, "KEY"), &sealed)
            .is_err()
    );
}

#[test]
fn a_changed_or_cut_seal_does_not_open() {
    let vault = Vault::new(&[7; 32]);
    let project = ProjectId::generate();
    let sealed = vault.seal(&place(project, ""), b"hunter2").unwrap();

    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(
            vault.open(&place(project, ""), &changed).is_err(),
            "byte {at} may change"
        );
        assert!(
            vault.open(&place(project, ""), &sealed[..at]).is_err(),
            "{at} bytes open"
        );
    }
}

#[test]
fn a_text_sealed_twice_looks_different() {
    let vault = Vault::new(&[7; 32]);
    let project = ProjectId::generate();
    let seal = || vault.seal(&place(project, ""), b"hunter2").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn a_secret_is_not_shown() {
    assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(***)");
}

#[test]
fn the_database_takes_the_words_of_projects_and_versions() {
    assert_allowed::<ProjectStatus>("project_status_known", &[]);
    assert_allowed::<Lifetime>("project_instance_known", &[]);
    assert_allowed::<VersionKind>("version_kind_known", &[]);
    // Of hosts before there was a queue of builds.
    assert_allowed::<VersionState>("version_state_known", &["preparing"]);
}
