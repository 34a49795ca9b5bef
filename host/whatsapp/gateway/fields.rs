//! The value of `fields`: names, and of some what they are asked with.
//!
//! ```text
//! list  = item { "," item }
//! item  = name { "." call "(" value ")" } [ "{" list "}" ]
//! ```
//!
//! Meta's own grammar can do more: rename a field (`name.as(id)`), which would make an answer look
//! like another, and walk from an object to its neighbours (`owner_business{…}`). So a field is
//! called with what `CALLS` has for it, and opened when it is in `OPEN`, where nothing leads on.

use super::refused::{Refused, shown};

/// The longest list.
const MOST_BYTES: usize = 4096;

/// Fields whose value is a part of the object itself.
const OPEN: [&str; 4] = [
    "conversational_automation",
    "health_status",
    "quality_score",
    "throughput",
];

/// What fields may be asked with.
const CALLS: [(&str, &str); 9] = [
    ("analytics", ANALYTICS),
    ("call_analytics", ANALYTICS),
    ("conversation_analytics", ANALYTICS),
    ("health_status", "phone_number"),
    ("metric", "name granularity since until"),
    ("preview", "invalidate"),
    ("pricing_analytics", ANALYTICS),
    ("qr_image_url", "format"),
    ("template_analytics", ANALYTICS),
];

const ANALYTICS: &str = "start end granularity phone_numbers country_codes product_types \
    conversation_types conversation_categories conversation_directions dimensions metric_types \
    pricing_types pricing_categories template_ids tiers directions";

/// Edges that Meta also gives as fields: all of an account's, whoever owns them.
const EDGES: [&str; 3] = [
    "flows",
    "message_templates",
    "owned_whatsapp_business_accounts",
];

/// Looks at a list of fields; `number` is the id of the project's own. Gives the ids of templates that it names.
///
/// Fails with what is not available in it.
pub(super) fn check(text: &str, number: &str) -> Result<Vec<String>, Refused> {
    if text.len() > MOST_BYTES {
        let most = format!("`fields` is longer than {MOST_BYTES} bytes: ask for fewer");
        return Err(Refused::Fields(most));
    }
    let mut reader = Reader {
        rest: text,
        number,
        templates: Vec::new(),
    };
    reader.list(true)?;
    match reader.rest.is_empty() {
        true => Ok(reader.templates),
        false => Err(reader.stuck()),
    }
}

/// Whether a list of so many bytes is not too long.
pub(super) fn fits(bytes: usize) -> bool {
    bytes <= MOST_BYTES
}

struct Reader<'a> {
    rest: &'a str,
    number: &'a str,
    /// Ids.
    templates: Vec<String>,
}

impl<'a> Reader<'a> {
    /// `opens`: whether an item may have a list of its own.
    fn list(&mut self, opens: bool) -> Result<(), Refused> {
        loop {
            self.skip_spaces();
            if !self.rest.is_empty() && !self.rest.starts_with([',', '}']) {
                self.item(opens)?;
            }
            self.skip_spaces();
            if !self.eat(',') {
                return Ok(());
            }
        }
    }

    fn item(&mut self, opens: bool) -> Result<(), Refused> {
        let name = self.name()?;
        if EDGES.contains(&name) {
            let text = format!("`{name}` is not available in `fields`: ask for it as `…/{name}`");
            return Err(Refused::Fields(text));
        }
        while self.eat('.') {
            let call = self.name()?;
            let known = CALLS.iter().find(|(field, _)| *field == name);
            if !known.is_some_and(|(_, calls)| calls.split_ascii_whitespace().any(|c| c == call)) {
                let text = format!(
                    "`{}.{}` is not available in `fields`: ask for `{0}` as it is",
                    shown(name),
                    shown(call)
                );
                return Err(Refused::Fields(text));
            }
            self.value(call)?;
        }
        if self.rest.starts_with('{') && !(opens && OPEN.contains(&name)) {
            let nested = "nested `fields` are not available; read each object by its id";
            return Err(Refused::Fields(nested.to_owned()));
        }
        if self.eat('{') {
            self.list(false)?;
            if !self.eat('}') {
                return Err(self.stuck());
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<&'a str, Refused> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        match end {
            1..=64 => Ok(self.take(end)),
            _ => Err(self.stuck()),
        }
    }

    /// What a field is asked with: dates, numbers, words and lists of them.
    fn value(&mut self, call: &str) -> Result<(), Refused> {
        if !self.eat('(') {
            return Err(self.stuck());
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+:,.'\"[] /".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let value = self.take(end);
        if call == "phone_number" && value.trim() != self.number {
            return Err(Refused::NotYours(shown(value)));
        }
        if call == "template_ids" {
            let ids = value.split(|c: char| !c.is_ascii_digit());
            let ids = ids.filter(|id| !id.is_empty()).map(str::to_owned);
            self.templates.extend(ids);
        }
        match self.eat(')') {
            true => Ok(()),
            false => Err(self.stuck()),
        }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn eat(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn stuck(&self) -> Refused {
        let rest: String = self.rest.chars().take(20).collect();
        Refused::Fields(format!(
            "`fields` cannot be read from `{}` on: it is a list of names with commas in between",
            shown(&rest)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn lists_of_fields_pass() {
        for text in [
            "",
            "id",
            "id,name, status ,category,",
            "preview.invalidate(false)",
            "metric.name(ENDPOINT_REQUEST_COUNT).granularity(DAY).since(2024-01-01).until(2024-02-01)",
            "qr_image_url.format(SVG),code",
            "health_status.phone_number(106),id",
            "throughput{level},quality_score{score, date}",
            r#"analytics.start(1680503760).end(1680564980).granularity(DAY).phone_numbers([]).country_codes(["US", "BR"])"#,
            "conversation_analytics.start(1).end(2).granularity(DAILY).dimensions(['PHONE','COUNTRY'])",
        ] {
            assert_eq!(check(text, "106"), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn ids_of_templates_are_named() {
        let text = "template_analytics.start(1).template_ids([\"12\", 34]).end(2)";
        assert_eq!(
            check(text, "106"),
            Ok(vec!["12".to_owned(), "34".to_owned()])
        );
    }

    #[test]
    fn whatever_renames_or_leads_on_is_refused() {
        for text in [
            "name.as(id)",
            "name.as(id).limit(1)",
            "a.fields(b)",
            "preview.as(id)",
            "preview.invalidate(false).as(id)",
            "preview.invalidate(false.as(id))",
            "preview .invalidate(false)",
            "preview.",
            "preview.invalidate",
            "preview.invalidate(",
            "preview.invalidate(false",
            "metric.name(x){id}",
            "owner_business{id}",
            "throughput{level{x}}",
            "throughput{owner_business{id}}",
            "throughput{level.as(id)}",
            "throughput{level",
            "throughput}",
            "health_status.phone_number(107)",
            "health_status.phone_number(106,107)",
            "name as id",
            "name:id",
            "Name",
            "na%6De",
            "name\u{0}",
            "name;id",
            "name|id",
            "name(id)",
            "{id}",
            "ｎame",
            "message_templates.limit(3)",
            "message_templates",
            "id,message_templates",
            "flows",
        ] {
            assert!(check(text, "106").is_err(), "{text}");
        }
        assert!(check(&"a,".repeat(3000), "106").is_err());
        assert!(check(&"a".repeat(65), "106").is_err());
    }
}
