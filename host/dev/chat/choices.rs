//! What a number answers with: the choices of each customer's latest message that offered any.

use std::collections::HashMap;

use roost_emulator::control::wire::Act;
use roost_emulator::control::{ChoiceKind, SentItem, SentKind, SentMessage};

/// The open choices, by the customer's phone.
#[derive(Debug, Default)]
pub(super) struct OpenChoices {
    by_customer: HashMap<String, SentMessage>,
}

/// What a number means for a customer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Picked {
    Choice(Act),
    /// There are so many choices, and the number is none of theirs.
    OutOfRange(usize),
    NothingOpen,
}

impl OpenChoices {
    /// Takes note of something that the bot sent. What does not arrive cannot be tapped.
    pub(super) fn note(&mut self, item: &SentItem) {
        if let SentKind::Message(message) = &item.kind
            && !message.choices.is_empty()
            && message.error_code.is_none()
        {
            self.by_customer
                .insert(item.customer.clone(), (**message).clone());
        }
    }

    pub(super) fn pick(&self, customer: &str, number: &str) -> Picked {
        let Some(message) = self.by_customer.get(customer) else {
            return Picked::NothingOpen;
        };
        let index = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let Some(choice) = index.and_then(|index| message.choices.get(index)) else {
            return Picked::OutOfRange(message.choices.len());
        };
        let message_id = Some(message.id.clone());
        Picked::Choice(match choice.kind {
            ChoiceKind::Button | ChoiceKind::QuickReply => Act::Tap {
                button: choice.id.clone(),
                message_id,
            },
            ChoiceKind::Row => Act::Choose {
                row: choice.id.clone(),
                message_id,
            },
        })
    }
}
