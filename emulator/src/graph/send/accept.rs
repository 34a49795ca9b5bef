//! Acceptance: a checked draft meets the number, the recipient, the limits and the window.

use serde_json::{Value, json};

use crate::config::ClosedWindow;
use crate::graph::Call;
use crate::graph::error::GraphError;
use crate::graph::send::draft::Draft;
use crate::graph::send::object::invalid;
use crate::graph::send::template;
use crate::ids::{self, Direction};
use crate::platform::limits::Exceeded;
use crate::platform::model::{Number, digits_of};
use crate::platform::thread::{
    AddressedBy, Choice, MessageStatus, SentItem, SentKind, SentMessage,
};
use crate::platform::world::World;
use crate::statuses::{Fate, Tracked};

/// A message that was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) answer: Value,
    pub(super) tracked: Tracked,
    pub(super) fate: Fate,
}

/// Whom a message goes to.
#[derive(Debug)]
struct Recipient {
    phone: String,
    addressed_by: AddressedBy,
    /// As the answer's `contacts` shows them.
    contact: Value,
}

/// What a message costs, and what can be tapped in it.
#[derive(Debug)]
struct Terms {
    category: String,
    is_billable: bool,
    choices: Vec<Choice>,
}

/// Accepts a draft, or says why not.
pub(super) fn accept(
    call: &Call<'_>,
    number_id: &str,
    draft: &Draft<'_>,
    forced_failure: Option<u32>,
) -> Result<Accepted, GraphError> {
    let platform = call.platform;
    let settings = platform.settings();
    let now_ms = platform.clock.now_ms();
    platform.edit(|world| {
        let unknown = || GraphError::unknown_object("POST", number_id);
        let number = world.numbers.get(number_id).ok_or_else(unknown)?;
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        let recipient = recipient_of(world, number, draft)?;
        check_recipient(number, &recipient)?;
        check_media(world, number, draft)?;
        let is_open = world
            .thread(number_id, &recipient.phone)
            .is_some_and(|thread| thread.is_window_open(now_ms));
        let closed = (!is_open).then_some(settings.closed_window);
        let terms = terms_of(world, number, draft, is_open)?;
        let fate = match forced_failure {
            Some(code) => Fate::Fails { code },
            None => fate_of(world, number_id, &recipient, draft, closed)?,
        };
        platform
            .limits()
            .admit(&settings, number_id, &recipient.phone, now_ms)
            .map_err(|exceeded| match exceeded {
                Exceeded::Throughput => GraphError::cloud(130429),
                Exceeded::PairRate => GraphError::cloud(131056),
            })?;
        let message = message_of(draft, &recipient, terms, &fate);
        let answer = answer_to(draft, &recipient, &message);
        let tracked = Tracked {
            message_id: message.id.clone(),
            number_id: number_id.to_owned(),
            phone: recipient.phone.clone(),
        };
        let item = SentItem {
            seq: 0,
            at_ms: now_ms,
            number_id: number_id.to_owned(),
            customer: recipient.phone,
            kind: SentKind::Message(Box::new(message)),
        };
        world.push_sent(item, platform.history);
        Ok(Accepted {
            answer,
            tracked,
            fate,
        })
    })
}

fn recipient_of(
    world: &World,
    number: &Number,
    draft: &Draft<'_>,
) -> Result<Recipient, GraphError> {
    if let Some(to) = draft.to {
        let phone = parse_phone(to)?;
        let mut contact = json!({"input": to, "wa_id": phone});
        if let Some(user_id) = draft.recipient {
            contact["user_id"] = user_id.into();
        }
        return Ok(Recipient {
            phone,
            addressed_by: AddressedBy::Phone,
            contact,
        });
    }
    let user_id = draft.recipient.unwrap_or_default();
    let customer = world
        .customer_by_user_id(&number.waba_id, user_id)
        .ok_or_else(|| invalid("Param recipient is not a user of this business portfolio."))?;
    Ok(Recipient {
        phone: customer.phone.clone(),
        addressed_by: AddressedBy::UserId,
        contact: json!({"input": user_id, "user_id": user_id}),
    })
}

/// Digits, with `+`, spaces, hyphens and parentheses tolerated.
fn parse_phone(to: &str) -> Result<String, GraphError> {
    let is_tolerated = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')');
    let digits = digits_of(to);
    if to.chars().all(is_tolerated) && (5..=15).contains(&digits.len()) {
        Ok(digits)
    } else {
        Err(invalid("Param to is not a valid phone number."))
    }
}

fn check_recipient(number: &Number, recipient: &Recipient) -> Result<(), GraphError> {
    if recipient.phone == number.digits() {
        return Err(GraphError::cloud(131021));
    }
    match &number.allowed_recipients {
        Some(allowed) if !allowed.contains(&recipient.phone) => Err(GraphError::cloud(131030)),
        _ => Ok(()),
    }
}

/// Media that is sent by id must belong to the number's account.
fn check_media(world: &World, number: &Number, draft: &Draft<'_>) -> Result<(), GraphError> {
    let is_known = |id: &&str| {
        let owner = world.media.get(*id).map(|media| &media.number_id);
        let owner = owner.and_then(|owner| world.numbers.get(owner));
        owner.is_some_and(|owner| owner.waba_id == number.waba_id)
    };
    if draft.media_ids.iter().all(is_known) {
        return Ok(());
    }
    Err(GraphError::parameter(format!(
        "Param {}['id'] is not a valid whatsapp business account media attachment ID",
        draft.message_type,
    )))
}

fn terms_of(
    world: &World,
    number: &Number,
    draft: &Draft<'_>,
    is_open: bool,
) -> Result<Terms, GraphError> {
    let Some(sent) = &draft.template else {
        return Ok(Terms {
            category: "service".to_owned(),
            is_billable: false,
            choices: draft.choices.clone(),
        });
    };
    let unknown = || GraphError::unknown_object("POST", &number.id);
    let waba = world.wabas.get(&number.waba_id).ok_or_else(unknown)?;
    let template = template::find(waba, sent)?;
    let choices = template::check(template, sent)?;
    // Utility templates cost nothing within the window.
    let is_billable = !(is_open && template.category == "UTILITY");
    Ok(Terms {
        category: template.category.to_lowercase(),
        is_billable,
        choices,
    })
}

/// What will come of it, given what a closed window does, if it is closed. An error when that is
/// to refuse the send at once.
fn fate_of(
    world: &World,
    number_id: &str,
    recipient: &Recipient,
    draft: &Draft<'_>,
    closed: Option<ClosedWindow>,
) -> Result<Fate, GraphError> {
    if !world.customers.contains_key(&recipient.phone) {
        return Ok(Fate::Fails { code: 131026 });
    }
    match closed.filter(|_| draft.template.is_none()) {
        Some(ClosedWindow::FailsLater) => return Ok(Fate::Fails { code: 131047 }),
        Some(ClosedWindow::Refused) => return Err(GraphError::cloud(131047)),
        Some(ClosedWindow::Ignored) | None => {}
    }
    let thread = world.thread(number_id, &recipient.phone);
    let is_known = |id: &str| thread.is_some_and(|thread| thread.has_message(id));
    match draft.reaction_to {
        Some(id) if !is_known(id) => Ok(Fate::Fails { code: 131009 }),
        _ => Ok(Fate::Arrives),
    }
}

fn message_of(draft: &Draft<'_>, recipient: &Recipient, terms: Terms, fate: &Fate) -> SentMessage {
    SentMessage {
        id: ids::wamid(&recipient.phone, Direction::Outbound),
        message_type: draft.message_type.to_owned(),
        body: draft.body.clone(),
        reply_to: draft.reply_to.map(str::to_owned),
        biz_opaque_callback_data: draft.biz_opaque_callback_data.map(str::to_owned),
        status: MessageStatus::Accepted,
        error_code: match fate {
            Fate::Fails { code } => Some(*code),
            Fate::Arrives => None,
        },
        choices: terms.choices,
        category: terms.category,
        is_billable: terms.is_billable,
        addressed_by: recipient.addressed_by,
    }
}

fn answer_to(draft: &Draft<'_>, recipient: &Recipient, message: &SentMessage) -> Value {
    let mut accepted = json!({"id": message.id});
    if draft.template.is_some() {
        accepted["message_status"] = "accepted".into();
    }
    json!({
        "messaging_product": "whatsapp",
        "contacts": [recipient.contact],
        "messages": [accepted],
    })
}
