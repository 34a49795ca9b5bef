//! Every target over what was kept, and over changes of it that are the same each time.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use super::mutator::{Random, changed};
use super::{TARGETS, Target};

const SEED: u64 = 7;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn kept(target: &Target) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(corpus().join(target.name)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let files = files.iter().map(|file| std::fs::read(file).unwrap());
    files.collect()
}

/// Runs what is kept for a target, then so many changes of it.
fn holds(name: &str, changes: usize) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let run = |input: &[u8]| {
        let ended = catch_unwind(|| (target.run)(input));
        assert!(ended.is_ok(), "of `{name}`: {}", input.escape_ascii());
    };
    let kept = kept(target);
    assert!(kept.len() >= 3, "`fuzz/corpus/{name}` is as good as empty");
    for input in &kept {
        run(input);
    }
    let words: Vec<Vec<u8>> = target
        .words
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect();
    let mut random = Random::new(SEED);
    for _ in 0..changes {
        let (input, other) = (random.below(kept.len()), random.below(kept.len()));
        run(&changed(
            &kept[input],
            &kept[other],
            &words,
            target.most,
            &mut random,
        ));
    }
}

#[test]
fn whatever_meta_posts_is_taken_apart() {
    holds("webhook", 3000);
}

#[test]
fn whatever_is_uploaded_as_a_component_is_looked_at() {
    holds("component", 3000);
}

#[test]
fn whatever_is_sent_as_sql_is_judged() {
    holds("sql", 5000);
}

#[test]
fn whatever_is_called_an_address_is_judged() {
    holds("egress", 5000);
}

#[test]
fn whatever_is_asked_of_meta_is_understood_or_refused() {
    holds("gateway", 3000);
}

#[test]
fn whatever_is_sent_or_comes_in_is_typed_or_refused() {
    holds("messages", 3000);
}

#[test]
fn whatever_is_uploaded_as_an_archive_stays_in_its_folder() {
    holds("archive", 500);
}

#[test]
fn whatever_is_called_a_source_map_is_read() {
    holds("source_map", 3000);
}

#[test]
fn whatever_the_admin_api_is_sent_is_read() {
    holds("admin", 3000);
}

#[test]
fn every_target_has_a_corpus_and_no_corpus_is_of_none() {
    let folders = std::fs::read_dir(corpus()).unwrap();
    let folders: BTreeSet<String> = folders
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let targets: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    assert_eq!(folders, targets);
}

#[test]
fn whatever_a_key_or_a_certificate_is_said_to_be_is_read() {
    holds("keys", 2500);
}

#[test]
fn whatever_is_asked_of_intl_is_answered_or_refused() {
    holds("intl", 600);
}
