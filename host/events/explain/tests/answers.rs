//! What the bot sent, and what became of it.

use super::{Story, after, error};
use crate::events::explain::Answer;
use crate::whatsapp::SendState;

#[test]
fn an_answer_is_followed_to_the_phone() {
    use SendState::Sent;
    let answered = |statuses: &[&str]| Story::done().sent(Sent, statuses);
    answered(&["sent", "delivered", "read"]).told(
        Answer::Read,
        "Answered: the customer has read the bot's message.",
    );
    answered(&["sent", "delivered"]).told(
        Answer::Delivered,
        "Answered: the bot's message is on the customer's phone, and not read yet.",
    );
    for statuses in [&["sent"][..], &[]] {
        answered(statuses).told(
            Answer::Accepted,
            "Sent, and not delivered yet: Meta took the bot's message at 12:00:02 UTC and reported \
             no delivery so far, as when the phone is off.",
        );
    }
}

#[test]
fn what_meta_refuses_is_told_in_words() {
    Story::done().sent(SendState::Sent, &["sent", "failed"]).told(
        Answer::Failed,
        "Not answered: Meta took the bot's message and could not deliver it: the customer cannot \
         get it: their number is not on WhatsApp, their app is too old, or they have not accepted \
         WhatsApp's terms (Meta's code 131026).",
    );
    Story::done().sent(SendState::Rejected, &[]).told(
        Answer::Failed,
        "Not answered: Meta refused the bot's message: too many messages went to this one customer \
         in a short time (Meta's code 131056).",
    );
    let window = Story::done()
        .sent(SendState::Sent, &["failed"])
        .but(|story| {
            story.sends[0].statuses[0].error = Some(error(131_047));
        });
    window.told(
        Answer::Failed,
        "Not answered: Meta took the bot's message and could not deliver it: more than 24 hours \
         have passed since the customer last wrote, so that only a template may go to them (Meta's \
         code 131047).",
    );
}

#[test]
fn a_send_of_unknown_fate_is_told_with_its_end() {
    Story::done().sent(SendState::Unsettled, &[]).told(
        Answer::Unsettled,
        "Nobody knows yet whether the customer got an answer: Meta's answer to the bot's message \
         was lost; a status of Meta may still tell, and at 12:01:01 UTC it counts as not sent.",
    );
    let retried = Story::of("pending")
        .ran("bad-status", Some("the bot answered with status 500"))
        .sent(SendState::Unsettled, &[])
        .next_try(after(14));
    retried.told(
        Answer::Waiting,
        "Not answered yet: the bot answered with status 500; next try at 12:00:14 UTC; a status of \
         Meta may still tell, and at 12:01:01 UTC it counts as not sent.",
    );
}

#[test]
fn several_messages_are_counted() {
    use SendState::{Rejected, Released, Sent};
    let story = Story::done()
        .sent(Sent, &["read"])
        .sent(Sent, &["delivered"])
        .sent(Sent, &["delivered"])
        .sent(Rejected, &[]);
    story.told(
        Answer::Read,
        "Answered: of 4 messages 1 was read, 2 were delivered and 1 was refused by Meta (too many \
         messages went to this one customer in a short time (Meta's code 131056)).",
    );
    Story::done().sent(Released, &[]).sent(Released, &[]).told(
        Answer::Failed,
        "Not answered: of 2 messages 2 were not sent.",
    );
}

#[test]
fn a_bot_that_says_nothing_is_told_so() {
    Story::done().told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent nothing.",
    );
    let complained = Story::done().but(|story| {
        story.complaint = Some("TypeError: x is undefined\n    at app.js:9:5".to_owned());
    });
    complained.told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent nothing; it logged an \
         error: TypeError: x is undefined at app.js:9:5.",
    );
    Story::done().but(|story| story.project.has_number = false).told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent nothing; the project has \
         no number to send from.",
    );
    let refused = Story::done().but(|story| {
        story.project.token_refused_at = Some(after(0));
    });
    refused.told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent nothing; Meta refuses the \
         number's token since 12:00:00 UTC: connect the number with a new one.",
    );
    Story::done().elsewhere().told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent one message, but not to \
         this customer.",
    );
    Story::done().sent(SendState::Released, &[]).told(
        Answer::Failed,
        "Not answered: the bot's message did not go out, and the bot ended all the same.",
    );
}

#[test]
fn what_was_held_back_says_why() {
    let held_back = || Story::done().sent(SendState::Released, &[]);
    let refused = held_back().but(|story| story.sends[0].error = Some(error(190)));
    refused.told(
        Answer::Failed,
        "Not answered: the bot's message did not go out, because the access token is not valid any \
         more: connect the number again (Meta's code 190), and the bot ended all the same.",
    );
    let unreached = || held_back().but(|s| s.sends[0].setback = Some("no connection".to_owned()));
    unreached().told(
        Answer::Failed,
        "Not answered: the bot's message did not go out, because no connection, and the bot ended \
         all the same.",
    );
    unreached().sent(SendState::Sent, &["read"]).told(
        Answer::Read,
        "Answered: of 2 messages 1 was read and 1 was not sent (no connection).",
    );
    let strayed = Story::done().but(|story| {
        let refusal = "Roost refused the bot's request POST /1/messages to Meta: `1` is not yours";
        story.runs[0].refusal = Some(refusal.to_owned());
    });
    strayed.told(
        Answer::None,
        "Not answered: the bot ended with status 200 after 12 ms and sent nothing; Roost refused the \
         bot's request POST /1/messages to Meta: `1` is not yours.",
    );
}

#[test]
fn a_bot_that_declines_is_told_so() {
    let error = Some("the bot declined: status 422");
    let declined = || Story::of("done").ran("declined", error);
    let declined = declined().but(|story| story.runs[0].response_status = Some(422));
    declined.told(
        Answer::None,
        "Not answered: the bot declined it with status 422 after 12 ms and sent nothing.",
    );
}
