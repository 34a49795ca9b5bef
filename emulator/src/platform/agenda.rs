//! What will happen by itself, and when; the emulator's agenda lets it happen.

use serde::{Deserialize, Serialize};

use crate::platform::Platform;
use crate::platform::world::World;

/// Something that will happen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Due {
    pub(crate) at_ms: i64,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What will happen. Each says which state it was meant for: in another one nothing happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum What {
    TemplateReview {
        template_id: String,
        review: u32,
    },
    TemplateUnpause {
        template_id: String,
        pauses: u32,
    },
    TemplateCategory {
        template_id: String,
        category: String,
    },
    NameReview {
        number_id: String,
        name: String,
    },
}

/// Notes what will happen.
pub(crate) fn schedule(platform: &Platform, world: &mut World, at_ms: i64, what: What) {
    world.agenda.push(Due { at_ms, what });
    world.agenda.sort_by_key(|due| due.at_ms);
    platform.agenda.notify_one();
}
