//! The versions of a project: recorded while they are built, activated when they are ready.

mod store;
