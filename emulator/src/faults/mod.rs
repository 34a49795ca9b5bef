//! What goes wrong on request: counted, or with a probability drawn from the seeded generator.

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// One way in which the platform fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A send is answered 429 with code 130429.
    RateLimited {
        /// The `Retry-After` header, when given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
    },
    /// A send is answered 500 with code 131000.
    ServerError,
    /// A send is answered 401 with code 190, subcode 463.
    TokenExpired,
    /// A send waits before it is processed.
    Slow { delay_ms: u64 },
    /// The connection closes before the send is processed: nothing is sent.
    CutBefore,
    /// The connection closes after the send was processed: the message goes out unanswered.
    CutAfter,
    /// A send is accepted, then a `failed` status carries this code.
    FailedStatus { code: u32 },
    /// A call about a number or an account is answered with this code.
    Refused {
        call: AssetCall,
        code: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subcode: Option<u32>,
    },
    /// Any call of the Graph API is answered with this code.
    GraphError {
        /// Only of this method.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// Only of this edge, for example `message_templates`; empty for a node itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edge: Option<String>,
        code: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subcode: Option<u32>,
    },
    /// A webhook is delivered twice.
    WebhookDuplicate,
    /// A webhook changes places with the next one of its conversation.
    WebhookReorder,
    /// A status is never delivered.
    StatusDropped {
        /// Only this status: `sent`, `delivered`, `read` or `failed`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    },
}

/// A call about a number or an account that can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetCall {
    ReadNumber,
    Register,
    Deregister,
    ListNumbers,
    Subscribe,
    ListSubscriptions,
    Unsubscribe,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Often {
    /// The next so many times, then no more.
    Next(u32),
    /// Each time with this probability, from 0 to 1.
    Probability(f64),
}

/// A fault that is armed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmedFault {
    #[serde(flatten)]
    pub fault: Fault,
    #[serde(flatten)]
    pub often: Often,
}

/// The faults that are armed, in the order in which they were.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<ArmedFault>,
}

impl Faults {
    pub(crate) fn arm(&mut self, fault: ArmedFault) {
        self.armed.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn armed(&self) -> &[ArmedFault] {
        &self.armed
    }

    /// The first armed fault that applies and strikes now; counted ones are used up by it.
    pub(crate) fn strike(
        &mut self,
        rng: &mut StdRng,
        applies: impl Fn(&Fault) -> bool,
    ) -> Option<Fault> {
        let struck = self.armed.iter_mut().find_map(|armed| {
            if !applies(&armed.fault) {
                return None;
            }
            let strikes = match &mut armed.often {
                Often::Next(0) => false,
                Often::Next(left) => {
                    *left -= 1;
                    true
                }
                Often::Probability(p) => rng.random_bool(p.clamp(0.0, 1.0)),
            };
            strikes.then(|| armed.fault.clone())
        });
        self.armed.retain(|armed| armed.often != Often::Next(0));
        struck
    }
}

impl Fault {
    /// Whether it befalls the request of a send.
    pub(crate) fn is_about_sends(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::ServerError
            | Self::TokenExpired
            | Self::Slow { .. }
            | Self::CutBefore
            | Self::CutAfter
            | Self::FailedStatus { .. } => true,
            Self::Refused { .. }
            | Self::GraphError { .. }
            | Self::WebhookDuplicate
            | Self::WebhookReorder
            | Self::StatusDropped { .. } => false,
        }
    }
}
