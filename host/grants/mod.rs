//! What stands behind the traits of `capabilities` for a project's bot: its log, its conversations, its messages, its
//! templates, its media, its HTTP.
//!
//! `deploys` gives a bot that starts what it needs of these, and `runs` one that runs; so neither has to know the other
//! for it. Not here: who gets what.

mod complaint;
mod conversations;
mod flows;
mod log;
mod media;
mod messenger;
mod outbound;
mod templates;

pub(crate) use complaint::LastComplaint;
pub(crate) use conversations::ProjectConversations;
pub(crate) use flows::ProjectFlows;
pub(crate) use log::{BotLog, LogOf, Say};
pub(crate) use media::ProjectMedia;
pub(crate) use messenger::ProjectMessenger;
pub use outbound::BootClient;
pub(crate) use outbound::RunClient;
pub(crate) use templates::ProjectTemplates;
