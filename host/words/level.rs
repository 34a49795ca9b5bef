//! How much a line of a log matters: of a bot's log, or of a build's.

use super::words;

words! {
    /// How much a line matters.
    #[derive(Default, PartialOrd, Ord)]
    pub enum LogLevel: "level" {
        Trace = "trace",
        Debug = "debug",
        #[default]
        Info = "info",
        Warn = "warn",
        Error = "error",
    }
}

impl LogLevel {
    /// As bots' logs are stored, so that levels compare.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The level of a stored number.
    pub const fn of_number(number: i16) -> Self {
        match number {
            0 => Self::Trace,
            1 => Self::Debug,
            3 => Self::Warn,
            4 => Self::Error,
            _ => Self::Info,
        }
    }
}
