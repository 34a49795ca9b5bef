//! What is not over yet, and what was given up.

use super::{Story, after};
use crate::events::explain::Answer;
use crate::inbox::{EventKind, PERSON, RowState};
use crate::whatsapp::SendState;

#[test]
fn a_run_that_goes_on_names_its_host() {
    let running = Story::of("pending").runs_until(after(30));
    running.told(
        Answer::Running,
        "Running now on host one since 12:00:00 UTC.",
    );
    let again = Story::of("pending")
        .ran("trap", Some("the bot crashed"))
        .runs_until(after(30));
    again.told(
        Answer::Running,
        "Running now on host one since 12:00:01 UTC, as run 2 of it.",
    );
    let lost = Story::of("pending").runs_until(after(9));
    lost.told(
        Answer::Waiting,
        "Not answered yet: host one stopped answering while it ran this; it is run again as soon as \
         a host is free.",
    );
}

#[test]
fn what_keeps_an_event_waiting_is_named() {
    let waiting = || Story::of("pending").next_try(after(0));
    waiting().told(
        Answer::Waiting,
        "Waiting for its turn since 12:00:00 UTC: no host has taken it yet.",
    );
    waiting().next_try(after(40)).told(
        Answer::Waiting,
        "Waiting since 12:00:00 UTC; it may run at 12:00:40 UTC.",
    );
    waiting().but(|story| story.project.is_active = false).told(
        Answer::Waiting,
        "Waiting: the project is paused; it is run when the project is resumed.",
    );
    waiting()
        .but(|story| story.project.has_version = false)
        .told(
            Answer::Waiting,
            "Waiting: the project has no version to run it with; it is run when one is deployed.",
        );
    waiting().behind(None, true).told(
        Answer::Waiting,
        "Waiting for an earlier message of the conversation, event 12, which runs now.",
    );
    waiting().behind(None, false).told(
        Answer::Waiting,
        "Waiting for an earlier message of the conversation, event 12, which waits for its turn.",
    );
    let retried = waiting()
        .behind(Some("Error: no soup"), false)
        .next_try(after(24));
    retried.told(
        Answer::Waiting,
        "Waiting for an earlier message of the conversation, event 12, which failed and is tried \
         again at 12:00:24 UTC: Error: no soup.",
    );
    waiting().ran("released", None).told(
        Answer::Waiting,
        "Waiting for its turn again: host one was stopped and gave it back; it is run as soon as a \
         host is free.",
    );
    let replayed = waiting().ran("trap", Some("the bot crashed"));
    replayed.but(|story| story.event.attempts = 0).told(
        Answer::Waiting,
        "Waiting to be replayed: it is run as soon as a host is free.",
    );
}

#[test]
fn each_way_to_fail_has_its_words() {
    let threw = "Error: the soup is cold (at app.js:9:5)";
    let cases: [(&str, Option<&str>, &str); 8] = [
        (
            "bot-threw",
            Some(threw),
            "the bot threw: Error: the soup is cold (at app.js:9:5)",
        ),
        (
            "bad-status",
            Some("the bot answered with status 500"),
            "the bot answered with status 500",
        ),
        (
            "timeout",
            Some("the bot's work took longer than 20s."),
            "it ran out of time: the bot's work took longer than 20s",
        ),
        ("out-of-memory", None, "it ran out of memory"),
        (
            "trap",
            Some("the bot crashed: unreachable"),
            "the bot crashed: unreachable",
        ),
        (
            "host-unavailable",
            Some("no space"),
            "the host could not run it: no space",
        ),
        ("lost", None, "host one stopped while it ran this"),
        ("not-deployed", None, "there was no version to run it with"),
    ];
    for (outcome, error, words) in cases {
        let retried = Story::of("pending").ran(outcome, error).next_try(after(14));
        retried.told(
            Answer::Waiting,
            &format!("Not answered yet: {words}; next try at 12:00:14 UTC."),
        );
    }
}

#[test]
fn what_was_given_up_says_after_how_many_runs_and_why() {
    let error = Some("Error: the soup is cold");
    let dead = || {
        Story::of("dead")
            .ran("trap", Some("the bot crashed"))
            .ran("bot-threw", error)
    };
    dead().told(
        Answer::GivenUp,
        "Not answered: given up after 2 runs, because the bot threw: Error: the soup is cold.",
    );
    dead().sent(SendState::Sent, &["delivered"]).told(
        Answer::GivenUp,
        "Answered in part only: given up after 2 runs, because the bot threw: Error: the soup is \
         cold; of what it sent before, 1 was delivered.",
    );
    Story::of("dead")
        .but(|story| story.event.attempts = 8)
        .told(
            Answer::GivenUp,
            "Not answered: given up after 8 runs, because no reason is recorded.",
        );
    let mut discarded = dead();
    discarded.event.state = RowState::Done;
    discarded.event.discarded_at = Some(after(-86_400));
    discarded.told(
        Answer::GivenUp,
        "Not answered: it was given up by hand at 2026-11-25 12:00:00 UTC, after it had failed: \
         Error: the soup is cold.",
    );
}

#[test]
fn what_is_no_message_is_owed_no_answer() {
    let status = |word: &str| {
        Story::done().but(|story| {
            story.event.kind = EventKind::Status;
            story.event.dedupe_key = format!("s:wamid.Y:{word}:");
        })
    };
    status("delivered").told(
        Answer::NotDue,
        "No answer is due: it told the bot that a message was delivered.",
    );
    status("failed").sent(SendState::Sent, &["read"]).told(
        Answer::NotDue,
        "No answer is due: it told the bot that a message could not be delivered; of what the bot \
         sent because of it, 1 was read.",
    );
    let change = Story::done().but(|story| {
        story.event.kind = EventKind::Other;
        story.event.dedupe_key = "o:1:2:account_update:abc".to_owned();
    });
    change.told(
        Answer::NotDue,
        "No answer is due: it told the bot of a change of `account_update`.",
    );
    let dead = Story::of("dead")
        .ran("trap", Some("the bot crashed"))
        .but(|story| {
            story.event.kind = EventKind::Status;
        });
    dead.told(
        Answer::GivenUp,
        "Not handled: given up after one run, because the bot crashed.",
    );
}

#[test]
fn long_errors_are_cut() {
    let long = "x".repeat(1_000);
    let story = Story::of("dead").ran("bot-threw", Some(&long));
    let told = format!(
        "Not answered: given up after one run, because the bot threw: {}….",
        "x".repeat(300)
    );
    story.told(Answer::GivenUp, &told);
}

#[test]
fn what_waited_too_long_was_not_run() {
    let expired = |kind| {
        Story::of("done")
            .ran("expired", Some("it waited past its deadline"))
            .but(|story| {
                story.event.kind = kind;
                story.event.finished_at = Some(after(5));
            })
    };
    expired(EventKind::Message).told(
        Answer::GivenUp,
        "Not answered: it waited from 12:00:00 UTC to 12:00:05 UTC, past its deadline, and was not \
         run.",
    );
    expired(EventKind::Status).told(
        Answer::NotDue,
        "No answer is due, and the bot heard nothing of it: it waited from 12:00:00 UTC to 12:00:05 \
         UTC, past its deadline, and was not run.",
    );
}

#[test]
fn what_came_while_a_person_had_the_conversation_was_not_the_bots() {
    let persons = |story: Story| story.but(|story| story.event.finished_at = Some(after(5)));
    let ended = |story: Story| story.ran("person", Some("a person had the conversation"));
    persons(ended(Story::of("done"))).told(
        Answer::Person,
        "Not for the bot: a person had the conversation at 12:00:05 UTC, so the bot did not get it.",
    );
    persons(ended(Story::of("done").ran("bot-threw", Some("no soup")))).told(
        Answer::Person,
        "Not for the bot: a person had the conversation at 12:00:05 UTC, so the bot got it once, and \
         did not get it again.",
    );
    // No version served then, so there is no run.
    let unserved = Story::of("done").but(|story| story.event.last_error = Some(PERSON.to_owned()));
    persons(unserved).told(
        Answer::Person,
        "Not for the bot: a person had the conversation at 12:00:05 UTC, so the bot did not get it.",
    );
}

#[test]
fn what_a_project_may_do_at_once_is_said_of_what_waits() {
    let waiting = Story::of("pending").next_try(after(0)).but(|story| {
        story.project.max_running = Some(2);
        story.project.events_per_minute = Some(60);
    });
    waiting.told(
        Answer::Waiting,
        "Waiting for its turn since 12:00:00 UTC: no host has taken it yet; the project may run 2 at \
         once, and begin 60 in a minute.",
    );
}
