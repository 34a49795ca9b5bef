//! What the host knows of locales. All bots share it.

use crate::intl::Data;
use crate::intl::dates::Dates;
use std::path::Path;
use std::sync::Arc;

/// CLDR's data, and what is made of it; or why there is none.
pub struct Locales(Result<Known, String>);

struct Known {
    data: Arc<Data>,
    dates: Dates,
}

impl Locales {
    /// Opens the SDK's data. What is wrong with it, the bots are told that ask for it.
    pub fn open(file: &Path) -> Self {
        let data = Data::open(file).map_err(|error| error.to_string());
        Self(data.map(|data| {
            let data = Arc::new(data);
            Known {
                dates: Dates::new(data.clone()),
                data,
            }
        }))
    }

    pub(super) fn data(&self) -> Result<&Data, String> {
        self.0
            .as_ref()
            .map(|known| known.data.as_ref())
            .map_err(String::clone)
    }

    pub(super) fn dates(&self) -> Result<&Dates, String> {
        self.0
            .as_ref()
            .map(|known| &known.dates)
            .map_err(String::clone)
    }
}

impl Default for Locales {
    fn default() -> Self {
        Self(Err("this host has no data of locales".to_owned()))
    }
}
