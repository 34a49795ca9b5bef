//! Acceptance: a checked draft meets the number, the recipient, the limits and the window.

use serde_json::{Value, json};

use crate::clock::SECOND_MS;
use crate::config::ClosedWindow;
use crate::error::GraphError;
use crate::flow_json;
use crate::graph::Call;
use crate::graph::params::invalid;
use crate::graph::send::content::MediaRef;
use crate::graph::send::draft::Draft;
use crate::graph::send::interactive::FlowWish;
use crate::graph::send::template;
use crate::ids::{self, Direction};
use crate::platform::kinds::MessageType;
use crate::platform::limits::Exceeded;
use crate::platform::model::FlowStatus;
use crate::platform::model::{Number, digits_of};
use crate::platform::thread::{
    AddressedBy, Choice, MessageStatus, OfferedFlow, Rendered, SentItem, SentKind, SentMessage,
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

/// What a message costs, and what can be done with it.
#[derive(Debug)]
struct Terms {
    category: String,
    is_billable: bool,
    is_entry_point: bool,
    choices: Vec<Choice>,
    rendered: Option<Rendered>,
    flow: Option<OfferedFlow>,
}

/// Messages with a throttled Flow that may be sent in an hour.
const THROTTLED_SENDS: usize = 10;

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
        let number = &world.numbers.get(number_id).ok_or_else(unknown)?.clone();
        if !number.is_registered {
            return Err(GraphError::cloud(133010));
        }
        if number.standing() == "BANNED" {
            return Err(GraphError::cloud(131031));
        }
        let recipient = recipient_of(world, number, draft)?;
        check_recipient(number, &recipient)?;
        check_media(world, number, &draft.media, draft.message_type, now_ms)?;
        let thread = world.thread(number_id, &recipient.phone);
        let is_open = thread.is_some_and(|thread| thread.is_window_open(now_ms));
        let closed = (!is_open).then_some(settings.closed_window);
        let mut terms = terms_of(world, number, draft, is_open, now_ms)?;
        if thread.is_some_and(|thread| thread.is_entry_point(now_ms)) {
            terms.is_entry_point = true;
            terms.is_billable = false;
        }
        let fate = match forced_failure {
            Some(code) => Fate::Fails { code },
            None => fate_of(world, number, &recipient, draft, &terms, closed)?,
        };
        if let Some(flow) = &terms.flow {
            count_flow(world, &flow.flow_id, now_ms)?;
        }
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
    if number.blocked.contains(&recipient.phone) {
        return Err(GraphError::cloud(130403));
    }
    match &number.allowed_recipients {
        Some(allowed) if !allowed.contains(&recipient.phone) => Err(GraphError::cloud(131030)),
        _ => Ok(()),
    }
}

/// Media that is sent by id must belong to the number's account and not have expired.
fn check_media(
    world: &World,
    number: &Number,
    media: &[MediaRef<'_>],
    message_type: MessageType,
    now_ms: i64,
) -> Result<(), GraphError> {
    let is_known = |sent: &MediaRef<'_>| {
        let media = world.media.get(sent.id);
        let media = media.filter(|media| now_ms < media.expires_at_ms);
        let owner = media.and_then(|media| world.numbers.get(&media.number_id));
        owner.is_some_and(|owner| owner.waba_id == number.waba_id)
    };
    if media.iter().all(is_known) {
        return Ok(());
    }
    Err(GraphError::parameter(format!(
        "Param {message_type}['id'] is not a valid whatsapp business account media attachment ID",
    )))
}

fn terms_of(
    world: &World,
    number: &Number,
    draft: &Draft<'_>,
    is_open: bool,
    now_ms: i64,
) -> Result<Terms, GraphError> {
    let Some(sent) = &draft.template else {
        let flow = draft.flow.as_ref().map(|wish| offered(world, number, wish));
        return Ok(Terms {
            category: "service".to_owned(),
            is_billable: false,
            is_entry_point: false,
            choices: draft.choices.clone(),
            rendered: None,
            flow: flow.transpose()?,
        });
    };
    let template = template::find(world, &number.waba_id, sent)?;
    let checked = template::check(template, sent)?;
    check_media(world, number, &checked.media, MessageType::Template, now_ms)?;
    if let Some(flow) = &checked.flow {
        check_flow_state(world, &flow.flow_id)?;
    }
    // Utility templates cost nothing within the window.
    let is_billable = !(is_open && template.category == "UTILITY");
    Ok(Terms {
        category: template.category.to_lowercase(),
        is_billable,
        is_entry_point: false,
        choices: checked.choices,
        rendered: Some(checked.rendered),
        flow: checked.flow,
    })
}

/// The Flow that a message wants to open, if it can be opened.
fn offered(world: &World, number: &Number, wish: &FlowWish<'_>) -> Result<OfferedFlow, GraphError> {
    let flow = match (wish.id, wish.name) {
        (Some(id), _) => world
            .flows
            .get(id)
            .filter(|flow| flow.waba_id == number.waba_id),
        (None, name) => world.flow_by_name(&number.waba_id, name.unwrap_or_default()),
    };
    let flow = flow.ok_or_else(|| {
        let asked = wish.id.or(wish.name).unwrap_or_default();
        invalid(format!(
            "The Flow {asked} does not exist, or is not of this account."
        ))
    })?;
    let text = match (wish.is_draft, flow.status) {
        (true, FlowStatus::Deprecated) | (false, FlowStatus::Deprecated) => {
            return Err(invalid("The Flow is deprecated and cannot be sent."));
        }
        (true, _) => flow.json.as_deref(),
        (false, _) => {
            if flow.published_json.is_none() {
                return Err(invalid(
                    "The Flow is in the DRAFT state: publish it, or send it with the mode draft.",
                ));
            }
            check_flow_state(world, &flow.id)?;
            flow.published_json.as_deref()
        }
    };
    let screens = flow_json::screen_ids(text.unwrap_or_default());
    if let Some(screen) = wish.screen
        && !screens.iter().any(|known| known == screen)
    {
        return Err(invalid(format!("The Flow has no screen {screen}.")));
    }
    Ok(OfferedFlow {
        flow_id: flow.id.clone(),
        flow_token: wish.token.to_owned(),
        is_draft: wish.is_draft,
        asks_endpoint: wish.asks_endpoint,
        screen: wish.screen.map(str::to_owned),
        data: wish.data.clone(),
    })
}

fn check_flow_state(world: &World, flow_id: &str) -> Result<(), GraphError> {
    match world.flows.get(flow_id).map(|flow| flow.status) {
        Some(FlowStatus::Blocked) => Err(GraphError::cloud(132068)),
        _ => Ok(()),
    }
}

/// A throttled Flow goes out ten times in an hour.
fn count_flow(world: &mut World, flow_id: &str, now_ms: i64) -> Result<(), GraphError> {
    let Some(flow) = world.flows.get_mut(flow_id) else {
        return Ok(());
    };
    if flow.status != FlowStatus::Throttled {
        return Ok(());
    }
    flow.sends_ms
        .retain(|at_ms| now_ms - at_ms < 3600 * SECOND_MS);
    if flow.sends_ms.len() >= THROTTLED_SENDS {
        return Err(GraphError::cloud(132069));
    }
    flow.sends_ms.push(now_ms);
    Ok(())
}

/// What will come of it, given what a closed window does, if it is closed. An error when that is
/// to refuse the send at once.
fn fate_of(
    world: &World,
    number: &Number,
    recipient: &Recipient,
    draft: &Draft<'_>,
    terms: &Terms,
    closed: Option<ClosedWindow>,
) -> Result<Fate, GraphError> {
    let Some(customer) = world.customers.get(&recipient.phone) else {
        return Ok(Fate::Fails { code: 131026 });
    };
    match closed.filter(|_| draft.template.is_none()) {
        Some(ClosedWindow::FailsLater) => return Ok(Fate::Fails { code: 131047 }),
        Some(ClosedWindow::Refused) => return Err(GraphError::cloud(131047)),
        Some(ClosedWindow::Ignored) | None => {}
    }
    if terms.category == "marketing" && customer.stopped_marketing.contains(&number.id) {
        return Ok(Fate::Fails { code: 131050 });
    }
    if closed.is_some() && number.standing() == "RESTRICTED" {
        return Ok(Fate::Fails { code: 131048 });
    }
    // Media of another type is found out when it is fetched for the customer.
    let mismatched = draft.media.iter().any(|sent| {
        let media = world.media.get(sent.id);
        media.is_some_and(|media| !sent.kind.takes(&media.mime_type))
    });
    if mismatched {
        return Ok(Fate::Fails { code: 131053 });
    }
    let thread = world.thread(&number.id, &recipient.phone);
    let is_known = |id: &str| thread.is_some_and(|thread| thread.has_message(id));
    match draft.reaction_to {
        Some(id) if !is_known(id) => Ok(Fate::Fails { code: 131009 }),
        _ => Ok(Fate::Arrives),
    }
}

fn message_of(draft: &Draft<'_>, recipient: &Recipient, terms: Terms, fate: &Fate) -> SentMessage {
    SentMessage {
        id: ids::wamid(&recipient.phone, Direction::Outbound),
        message_type: draft.message_type,
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
        is_entry_point: terms.is_entry_point,
        flow: terms.flow,
        rendered: terms.rendered,
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
