//! `Intl`: how people of a locale write numbers, dates and lists, and order texts. Pure logic over CLDR's data.
//!
//! Nothing here knows of bots or of the host. What a function is given is the caller's, bounded
//! before any work; what it gives is as ICU gives it, to the byte.

pub mod text;
