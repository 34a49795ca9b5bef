//! What the host knows of locales. All bots share it.

use crate::intl::Data;
use crate::intl::dates::Dates;
use std::sync::Arc;

/// CLDR's data, and what is made of it. By default there is none, which the bots are told that ask for it.
#[derive(Default)]
pub struct Locales(Option<Known>);

struct Known {
    data: Arc<Data>,
    dates: Dates,
}

impl Locales {
    /// By the SDK's data.
    pub fn of(data: Arc<Data>) -> Self {
        let dates = Dates::new(data.clone());
        Self(Some(Known { data, dates }))
    }

    /// Makes what all locales need, so that no bot's call does. It takes some milliseconds.
    pub fn warm(&self) {
        let warmed = self.0.as_ref().map(|known| known.dates.warm());
        if let Some(Err(error)) = warmed {
            tracing::error!(%error, "bots have no Intl");
        }
    }

    pub(super) fn data(&self) -> Result<&Data, String> {
        Ok(&self.known()?.data)
    }

    pub(super) fn dates(&self) -> Result<&Dates, String> {
        Ok(&self.known()?.dates)
    }

    fn known(&self) -> Result<&Known, String> {
        let known = self.0.as_ref();
        known.ok_or_else(|| "this host has no data of locales".to_owned())
    }
}
