//! Meta's refusals about numbers and accounts, in words: what was asked, why not, and what to do.
//!
//! Meta's own text comes along, because it is what a search finds.

use std::time::Duration;

use super::Trouble;
use crate::whatsapp::error::GraphError;

/// What Meta was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Read,
    ListNumbers,
    Subscribe,
    ReadSubscriptions,
    Unsubscribe,
    Register,
    Deregister,
    SetPin,
    Rename,
    ReadProfile,
    ChangeProfile,
}

/// What it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct About {
    kind: Kind,
    id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Account,
}

impl About {
    /// A number, by Meta's id of it.
    pub(super) fn number(id: &str) -> Self {
        Self {
            kind: Kind::Number,
            id: id.to_owned(),
        }
    }

    /// A business account.
    pub(super) fn account(id: &str) -> Self {
        Self {
            kind: Kind::Account,
            id: id.to_owned(),
        }
    }

    fn words(&self) -> String {
        match self.kind {
            Kind::Number => format!("number {}", self.id),
            Kind::Account => format!("account {}", self.id),
        }
    }
}

impl Asked {
    fn words(self, about: &About) -> String {
        let about = about.words();
        match self {
            Self::Read => format!("to show {about}"),
            Self::ListNumbers => format!("to list the numbers of {about}"),
            Self::Subscribe => format!("to subscribe the app to {about}"),
            Self::ReadSubscriptions => format!("to say which apps are subscribed to {about}"),
            Self::Unsubscribe => format!("to end the app's subscription to {about}"),
            Self::Register => format!("to register {about}"),
            Self::Deregister => format!("to deregister {about}"),
            Self::SetPin => format!("to set the PIN of {about}"),
            Self::Rename => format!("to give {about} another display name"),
            Self::ReadProfile => format!("to show the profile of {about}"),
            Self::ChangeProfile => format!("to change the profile of {about}"),
        }
    }
}

/// How to mend a token, whatever is wrong with it.
const NEW_TOKEN: &str = "make a token of a system user in Business settings (System users, Generate \
    token, no expiry) and connect the number again with it";

/// How long Meta wants to be left alone; `None` when waiting does not help.
#[expect(
    clippy::option_option,
    reason = "the inner one is Meta's own word for how long"
)]
pub(super) fn wait(error: &GraphError) -> Option<Option<Duration>> {
    let minutes = |n: u64| Some(Some(Duration::from_secs(60 * n)));
    match error.code {
        4 | 80007 | 130429 => minutes(5),
        // Deleted less than five minutes ago.
        133015 => minutes(5),
        1 | 2 | 131000 | 131016 | 131057 | 133000 | 133004 => Some(None),
        _ if error.is_transient || error.status >= 500 => Some(None),
        _ => None,
    }
}

/// What Meta said, for people and for a search.
pub(super) fn quoted(error: &GraphError) -> String {
    let subcode = error.subcode.map(|code| format!(", subcode {code}"));
    let details = error.details.as_deref().filter(|text| !text.is_empty());
    let text = match details {
        Some(details) if !error.message.contains(details) => {
            format!("{}: {details}", error.message)
        }
        _ => error.message.clone(),
    };
    format!(
        "Meta said “{}” (code {}{})",
        text.trim_end_matches('.'),
        error.code,
        subcode.unwrap_or_default()
    )
}

/// A refusal, with what to do about it.
pub(super) fn explain(asked: Asked, about: &About, error: &GraphError) -> Trouble {
    let (why, advice) = reason(asked, about, error);
    let sentence = format!(
        "Meta refused {}: {why}. {}",
        asked.words(about),
        quoted(error)
    );
    Trouble::Refused(format!("{sentence}. What to do: {advice}."))
}

/// Meta does not take a token: why, and what to do.
pub fn token_refusal(error: &GraphError) -> String {
    let about = About::number("");
    let (why, advice) = reason(Asked::Read, &about, error);
    format!("{why}. {}. What to do: {advice}.", quoted(error))
}

/// The token is good, but of another app than the one whose webhooks come here.
pub(super) fn foreign_app(about: &About, error: &GraphError) -> Trouble {
    Trouble::Refused(format!(
        "the token belongs to another Meta app than this host ({}), so the webhooks of {} would be \
         signed with a secret that the host does not know. What to do: make the token in the app whose \
         secret is in ROOST_APP_SECRETS, or add that app's secret there.",
        quoted(error),
        about.words()
    ))
}

/// Something has this id, but it is no number.
pub(super) fn not_a_number(asked: Asked, about: &About) -> Trouble {
    Trouble::Refused(format!(
        "Meta was asked {}, and what has this id is no phone number. What to do: take the phone \
         number id from WhatsApp Manager (Phone numbers) or the app's page API Setup; it is neither \
         the phone number nor the account's id.",
        asked.words(about)
    ))
}

fn reason(asked: Asked, about: &About, error: &GraphError) -> (String, String) {
    let own = |why: &str, advice: &str| (why.to_owned(), advice.to_owned());
    match (error.code, error.subcode) {
        (190, Some(463)) => own("the token has expired", NEW_TOKEN),
        (190, Some(460)) => own(
            "the token was made invalid, by a new password or for security",
            NEW_TOKEN,
        ),
        (190, Some(458)) => own("the app was removed from the token's account", NEW_TOKEN),
        (190 | 0 | 102 | 104, _) => own(
            "the token is not valid",
            "check that it was copied whole; else make a token of a system user in Business settings \
             and connect the number again with it",
        ),
        (3 | 10 | 200..=299 | 131005, _) => own(
            "the token does not permit it",
            "give its system user the account, with full control, and make the token with the \
             permissions whatsapp_business_management and whatsapp_business_messaging",
        ),
        (33, _) => own(
            "the number was deleted",
            "choose a number that WhatsApp Manager still lists",
        ),
        (100, Some(33)) => unknown_object(about),
        (368, _) => own(
            "the account is blocked for breaking WhatsApp's policies",
            "see Account quality in Business settings, and ask there for a review",
        ),
        (131031, _) => own(
            "the account is locked",
            "see Account quality in Business settings, and ask there for a review",
        ),
        (131042, _) => own(
            "something is wrong with the account's payment method",
            "mend it in WhatsApp Manager, Payment settings",
        ),
        (131045, _) => own(
            "the number's certificate is not right",
            "have the number's display name approved in WhatsApp Manager, then connect it again",
        ),
        (133005, _) => own(
            "two-step verification is on for this number, with another PIN",
            "connect the number again with its PIN; if nobody knows it, set a new one in WhatsApp \
             Manager (the number, Two-step verification)",
        ),
        (133006, _) => own(
            "the number was not verified by a code yet",
            "have a code sent to it and enter it in WhatsApp Manager (Phone numbers, Verify), then \
             connect it again",
        ),
        (133008 | 133009, _) => own(
            "a wrong PIN was given too often",
            "wait as long as Meta says, then connect the number again with the right PIN",
        ),
        (133010, _) => own(
            "the number is not registered",
            "connect the number again with `pin`, so that it is registered",
        ),
        (133016, _) => own(
            "the number was registered and deregistered more than 10 times in 72 hours",
            "wait until 72 hours have passed, then connect it again",
        ),
        (1_752_041, _) => own(
            "the same request is being worked on",
            "wait a few minutes, then connect the number again",
        ),
        (100 | 131008 | 131009, _) if asked == Asked::Register => own(
            "it does not take these values",
            "check that the PIN has six digits",
        ),
        (100 | 131008 | 131009, _) if asked == Asked::SetPin => {
            own("it does not take this PIN", "give six digits")
        }
        (100 | 131008 | 131009, _) if asked == Asked::Rename => own(
            "it does not take this name",
            "choose another one by Meta's guidelines for display names",
        ),
        (100 | 131008 | 131009, _) if asked == Asked::ChangeProfile => own(
            "it does not take a part of it",
            "see what Meta said, and mend that part",
        ),
        _ if asked == Asked::Deregister => own(
            "it does not let this number go",
            "a number that is also used in the WhatsApp Business app is disconnected there",
        ),
        _ => own(
            "of a reason that this host has no words for",
            "look the code up in Meta's list of error codes for the Cloud API",
        ),
    }
}

fn unknown_object(about: &About) -> (String, String) {
    match about.kind {
        Kind::Number => (
            format!("the token can see no number with the id {}", about.id),
            "check the phone number id (WhatsApp Manager shows it; it is not the phone number \
             itself), and that the token's system user was given the number's account"
                .to_owned(),
        ),
        Kind::Account => (
            format!("the token can see no account with the id {}", about.id),
            "check the id of the WhatsApp Business account, and that the token's system user was \
             given that account"
                .to_owned(),
        ),
    }
}
