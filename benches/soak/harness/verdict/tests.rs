//! The accounts find what they are there to find.

#![allow(dead_code, reason = "the bench compiles this too, and runs no tests")]

use roost::projects::ProjectId;

use super::*;

const LANE: Lane = Lane {
    project: 0,
    person: 0,
};

/// The accounts of one customer who wrote two messages, both done.
fn account(bot: Bot, went_out: &[&str]) -> Verdict {
    account_of(bot, went_out, false)
}

fn account_of(bot: Bot, went_out: &[&str], stood_aside: bool) -> Verdict {
    let project = Project {
        id: ProjectId(Uuid::nil()),
        bot,
        number_id: String::new(),
        waba_id: String::new(),
    };
    let went_out: Vec<String> = went_out.iter().map(|text| full(text)).collect();
    let done = EventRow {
        project_id: Uuid::nil(),
        dedupe_key: String::new(),
        state: "done".to_owned(),
        last_error: None,
        stood_aside,
    };
    let mut verdict = Verdict::default();
    let mut account = LaneAccount {
        verdict: &mut verdict,
        project: &project,
        went_out: &went_out,
    };
    account.check(7, LANE, &[0, 1], |id| (!id.ends_with('9')).then_some(&done));
    verdict
}

/// `0|a` as the bot sends it.
fn full(text: &str) -> String {
    let (n, content) = text.split_once('|').unwrap();
    format!("{}|{content}", wamid(7, LANE, n.parse().unwrap()))
}

fn counts(verdict: &Verdict) -> [usize; 4] {
    [
        verdict.lost.len(),
        verdict.twice.len(),
        verdict.disordered.len(),
        verdict.unexplained.len(),
    ]
}

#[test]
fn each_kind_of_violation_is_found() {
    let steady = |went_out: &[&str]| counts(&account(Bot::Steady("plain"), went_out));
    assert_eq!(steady(&["0|0", "0|1", "1|0", "1|1"]), [0; 4]);
    assert_eq!(steady(&["0|0", "0|1", "1|0"]), [1, 0, 0, 0]);
    assert_eq!(steady(&["0|0", "0|1", "1|0", "1|1", "1|1"]), [0, 1, 0, 0]);
    assert_eq!(steady(&["0|0", "1|0", "0|1", "1|1"]), [0, 0, 1, 0]);
    assert_eq!(steady(&["0|1", "0|0", "1|0", "1|1"]), [0, 0, 1, 0]);
    assert_eq!(steady(&["0|0", "0|1", "1|0", "1|1", "5|0"]), [0, 0, 0, 1]);
}

#[test]
fn who_stood_aside_was_passed_and_kept_its_own_order() {
    let aside = |went_out: &[&str]| counts(&account_of(Bot::Steady("flaky"), went_out, true));
    assert_eq!(aside(&["0|0", "1|0", "1|1", "0|1"]), [0; 4]);
    assert_eq!(aside(&["1|0", "1|1", "0|1", "0|0"]), [0, 0, 1, 0]);
}

#[test]
fn of_a_bot_that_decides_by_chance_each_content_goes_out_once_at_most() {
    let random = |went_out: &[&str]| counts(&account(Bot::Random, went_out));
    let both = ["0|b", "0|a", "0|r1", "1|a", "1|b", "1|r0", "1|r3"];
    assert_eq!(random(&both), [0; 4]);
    assert_eq!(random(&[&both[..], &["1|r3"]].concat()), [0, 1, 0, 0]);
    assert_eq!(random(&both[..5]), [1, 0, 0, 0]);
    assert_eq!(
        random(&[&both[..3], &["1|a", "0|r2", "1|b", "1|r0"]].concat()),
        [0, 0, 1, 0]
    );
}
