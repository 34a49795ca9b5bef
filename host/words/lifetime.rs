//! How long instances of a bot live: what its package.json says, or an operator.

use super::words;

words! {
    /// How long a project's instances live.
    pub enum Lifetime: "lifetime of instances" {
        /// A new one for each event.
        Fresh = "fresh",
        /// One that keeps its memory between events, which come one at a time.
        Resident = "resident",
    }
}
