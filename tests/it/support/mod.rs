//! What several test files use.

pub mod bench;
pub mod bot;
pub mod db;
pub mod skip;
pub mod transcript;
