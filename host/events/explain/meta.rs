//! Meta's refusals in words that somebody can act on.

use serde_json::Value;

/// The longest of Meta's own words that is shown.
const MAX_CHARS: usize = 300;

/// Why Meta refused a message, or could not deliver it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaError {
    pub code: i64,
    /// In Meta's words, which change.
    pub message: Option<String>,
    pub details: Option<String>,
}

impl MetaError {
    /// Of the answer to a request.
    pub(in crate::events) fn of_answer(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        Self::read(body.get("error")?)
    }

    /// Of the `errors` of a status.
    pub(in crate::events) fn of_status(errors: &str) -> Option<Self> {
        let errors: Value = serde_json::from_str(errors).ok()?;
        Self::read(errors.get(0)?)
    }

    fn read(error: &Value) -> Option<Self> {
        let text = |value: Option<&Value>| {
            let text = value?.as_str()?.trim();
            (!text.is_empty()).then(|| text.chars().take(MAX_CHARS).collect::<String>())
        };
        let data = error.get("error_data");
        let details = data.and_then(|data| data.get("details").or(Some(data)));
        Some(Self {
            code: error.get("code")?.as_i64()?,
            message: text(error.get("title"))
                .or_else(|| text(error.get("message")))
                .map(without_number),
            details: text(details).or_else(|| text(error.get("error_user_msg"))),
        })
    }

    /// What it means, with Meta's code.
    pub fn meaning(&self) -> String {
        let code = self.code;
        if let Some(words) = words(code) {
            return format!("{words} (Meta's code {code})");
        }
        match self.details.as_ref().or(self.message.as_ref()) {
            Some(text) => format!("Meta says \"{}\" (code {code})", text.trim_end_matches('.')),
            None => format!("Meta gives no reason (code {code})"),
        }
    }
}

/// Meta begins some messages with `(#131047) `.
fn without_number(text: String) -> String {
    match text
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once(") "))
    {
        Some((number, rest)) if number.chars().all(|c| c.is_ascii_digit()) => rest.to_owned(),
        _ => text,
    }
}

fn words(code: i64) -> Option<&'static str> {
    Some(match code {
        131_026 => {
            "the customer cannot get it: their number is not on WhatsApp, their app is too old, or they have not accepted WhatsApp's terms"
        }
        131_047 => {
            "more than 24 hours have passed since the customer last wrote, so that only a template may go to them"
        }
        131_056 => "too many messages went to this one customer in a short time",
        130_429 => "the number sent more messages in a second than Meta lets it",
        131_048 => "too many people blocked the number or reported it as spam, and Meta limits it",
        131_049 => "Meta held it back, because the customer got enough marketing messages of late",
        130_472 => "the customer is part of an experiment of Meta's and gets no such messages",
        131_050 => "the customer does not want marketing messages of this business",
        80_007 | 4 => "the account made more requests than Meta lets it",
        131_000 | 131_016 | 2 => "Meta's service failed",
        131_057 => "the account is under maintenance at Meta",
        131_008 => "a parameter that Meta needs is missing in the bot's request",
        131_009 | 100 => "a parameter of the bot's request is not valid",
        131_021 => "the number would have written to itself",
        131_030 => "the number is a test number, and the customer is not on its list of recipients",
        131_051 => "Meta does not know that type of message",
        131_052 => "Meta could not read the customer's file",
        131_053 => "Meta could not fetch or use the file that the bot sent",
        131_031 | 368 => "Meta has locked the account, for a breach of its rules or a wrong PIN",
        131_042 => "the account's payment at Meta is not in order",
        131_037 => "the number's display name is not approved",
        131_045 | 133_010 | 133_006 => "the number is not registered at Meta",
        132_000 => "the template has another number of parameters than the bot gave",
        132_001 => "there is no such template in that language, or it is not approved",
        132_005 => "the template's text is too long with the bot's parameters",
        132_007 => "the template's text breaks Meta's rules",
        132_012 => "a parameter has another format than the template says",
        132_015 => "Meta has paused the template, because customers rated it badly",
        132_016 => "Meta has disabled the template for good, because customers rated it badly",
        132_068 | 132_069 => "the Flow is blocked or throttled by Meta",
        190 => "the access token is not valid any more: connect the number again",
        0 | 3 | 10 | 200..=299 => {
            "the access token may not do that: connect the number with all permissions"
        }
        33 => "Meta does not know the number any more",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_is_read_in_all_its_shapes() {
        let of = |text: &str| MetaError::of_answer(text.as_bytes()).unwrap();
        let graph = of(
            r#"{"error":{"message":"(#131047) Re-engagement message","code":131047,
                "error_data":{"messaging_product":"whatsapp","details":"Too late"}}}"#,
        );
        assert_eq!(graph.message.as_deref(), Some("Re-engagement message"));
        assert_eq!(graph.details.as_deref(), Some("Too late"));
        let flat = of(r#"{"error":{"message":"No","code":7,"error_data":"because"}}"#);
        assert_eq!(flat.meaning(), "Meta says \"because\" (code 7)");
        let bare = of(r#"{"error":{"code":7}}"#);
        assert_eq!(bare.meaning(), "Meta gives no reason (code 7)");
        let status = MetaError::of_status(r#"[{"code":131026,"title":"Message undeliverable"}]"#);
        let meaning = status.unwrap().meaning();
        assert!(meaning.contains("not on WhatsApp"), "{meaning}");
        for nothing in ["", "{}", "[]", "[7]", r#"{"error":{}}"#] {
            assert_eq!(MetaError::of_answer(nothing.as_bytes()), None);
            assert_eq!(MetaError::of_status(nothing), None);
        }
    }
}
