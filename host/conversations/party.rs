//! Whom a number talks with: a person, or a group.

/// What tells a person from others. At least one is there, or nobody is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PersonIds {
    /// A phone number without `+`.
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    pub user_id: Option<String>,
}

/// A person as one webhook or one send knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    pub ids: PersonIds,
    pub name: Option<String>,
    pub username: Option<String>,
    /// What their ids are from now on, when the webhook says that they changed.
    pub becomes: Option<PersonIds>,
}

/// Whom a number talks with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    Person(Person),
    Group {
        group_id: String,
        sender: Option<Person>,
    },
}

impl PersonIds {
    pub fn is_empty(&self) -> bool {
        self.wa_id.is_none() && self.user_id.is_none()
    }
}

impl Party {
    /// Whom a send goes to: what it is addressed to, and the WhatsApp id that Meta found for it.
    pub fn addressed(recipient: Option<&str>, wa_id: Option<&str>) -> Self {
        let recipient = recipient.unwrap_or_default();
        let mut ids = PersonIds {
            wa_id: wa_id.map(str::to_owned),
            user_id: None,
        };
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
        if is_user_id(recipient) {
            ids.user_id = Some(recipient.to_owned());
        } else if recipient.chars().all(is_number) {
            let digits: String = recipient.chars().filter(char::is_ascii_digit).collect();
            ids.wa_id = ids.wa_id.or((!digits.is_empty()).then_some(digits));
        } else {
            return Self::Group {
                group_id: recipient.to_owned(),
                sender: None,
            };
        }
        Self::Person(Person {
            ids,
            ..Person::default()
        })
    }
}

/// A country, a dot, and letters and digits.
fn is_user_id(text: &str) -> bool {
    text.split_once('.').is_some_and(|(country, rest)| {
        country.len() == 2 && country.chars().all(|c| c.is_ascii_uppercase()) && !rest.is_empty()
    })
}
