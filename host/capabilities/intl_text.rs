//! `roost:bot/intl-text`: locales and texts by ECMA-402, of `host/intl/text`.
//!
//! A call takes no more than 64 KiB, half of that for words and order: it lasts less than five milliseconds, between which the event's processor
//! time is looked at.

use super::bindings::roost::bot::intl_text::{
    self, CaseFirst, Collation, Error, Granularity, Segment, Sensitivity, Served, Service,
};
use crate::intl::text::{Refusal, letters, order, pieces, served, tags};
use crate::sandbox::RunState;
use std::cmp::Ordering;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Argument(why) => Self::Argument(why),
            Refusal::TooMuch(why) => Self::TooMuch(why),
        }
    }
}

fn service(service: Service) -> served::Service {
    match service {
        Service::Collator => served::Service::Collator,
        Service::DateTimeFormat => served::Service::DateTimeFormat,
        Service::DisplayNames => served::Service::DisplayNames,
        Service::DurationFormat => served::Service::DurationFormat,
        Service::ListFormat => served::Service::ListFormat,
        Service::NumberFormat => served::Service::NumberFormat,
        Service::PluralRules => served::Service::PluralRules,
        Service::RelativeTimeFormat => served::Service::RelativeTimeFormat,
        Service::Segmenter => served::Service::Segmenter,
    }
}

fn order(collation: Collation) -> order::Order {
    order::Order {
        locale: collation.locale,
        search: collation.search,
        kind: collation.type_,
        sensitivity: collation.sensitivity.map(|one| match one {
            Sensitivity::Base => order::Sensitivity::Base,
            Sensitivity::Accent => order::Sensitivity::Accent,
            Sensitivity::Case => order::Sensitivity::Case,
            Sensitivity::Variant => order::Sensitivity::Variant,
        }),
        numeric: collation.numeric,
        case_first: collation.case_first.map(|one| match one {
            CaseFirst::UpperFirst => order::CaseFirst::Upper,
            CaseFirst::LowerFirst => order::CaseFirst::Lower,
            CaseFirst::Off => order::CaseFirst::Off,
        }),
        ignore_punctuation: collation.ignore_punctuation,
    }
}

fn collation(order: order::Order) -> Collation {
    Collation {
        locale: order.locale,
        search: order.search,
        type_: order.kind,
        sensitivity: order.sensitivity.map(|one| match one {
            order::Sensitivity::Base => Sensitivity::Base,
            order::Sensitivity::Accent => Sensitivity::Accent,
            order::Sensitivity::Case => Sensitivity::Case,
            order::Sensitivity::Variant => Sensitivity::Variant,
        }),
        numeric: order.numeric,
        case_first: order.case_first.map(|one| match one {
            order::CaseFirst::Upper => CaseFirst::UpperFirst,
            order::CaseFirst::Lower => CaseFirst::LowerFirst,
            order::CaseFirst::Off => CaseFirst::Off,
        }),
        ignore_punctuation: order.ignore_punctuation,
    }
}

impl intl_text::Host for RunState {
    fn canonicalize(&mut self, tag: String) -> Result<String, Error> {
        Ok(tags::canonicalize(&tag)?)
    }

    fn canonicalize_all(&mut self, tags: Vec<String>) -> Result<Vec<String>, Error> {
        Ok(tags::canonicalize_all(&tags)?)
    }

    fn maximize(&mut self, tag: String) -> Result<String, Error> {
        Ok(tags::maximize(&tag)?)
    }

    fn minimize(&mut self, tag: String) -> Result<String, Error> {
        Ok(tags::minimize(&tag)?)
    }

    fn serve(&mut self, by: Service, requested: Vec<String>) -> Result<Option<Served>, Error> {
        let found = served::serve(service(by), &requested)?;
        Ok(found.map(|found| Served {
            locale: found.locale,
            keywords: found.keywords,
        }))
    }

    fn supported(&mut self, by: Service, requested: Vec<String>) -> Result<Vec<String>, Error> {
        Ok(served::supported(service(by), &requested)?)
    }

    fn is_right_to_left(&mut self, tag: String) -> Result<bool, Error> {
        Ok(tags::is_right_to_left(&tag)?)
    }

    fn collations(&mut self, tag: String) -> Result<Vec<String>, Error> {
        Ok(order::kinds(&tag)?)
    }

    fn all_collations(&mut self) -> Vec<String> {
        order::KINDS.map(str::to_owned).to_vec()
    }

    fn resolve_collation(&mut self, of: Collation) -> Result<Collation, Error> {
        Ok(collation(order::resolve(&order(of))?))
    }

    fn compare(&mut self, by: Collation, a: String, b: String) -> Result<i8, Error> {
        Ok(match order::compare(&order(by), &a, &b)? {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })
    }

    fn sort_keys(&mut self, by: Collation, texts: Vec<String>) -> Result<Vec<String>, Error> {
        Ok(order::sort_keys(&order(by), &texts)?)
    }

    fn segments(
        &mut self,
        tag: String,
        granularity: Granularity,
        text: String,
    ) -> Result<Vec<Segment>, Error> {
        let granularity = match granularity {
            Granularity::Grapheme => pieces::Granularity::Grapheme,
            Granularity::Word => pieces::Granularity::Word,
            Granularity::Sentence => pieces::Granularity::Sentence,
        };
        let pieces = pieces::pieces(&tag, granularity, &text)?;
        let segment = |piece: pieces::Piece| Segment {
            end: piece.end,
            word_like: piece.is_word,
        };
        Ok(pieces.into_iter().map(segment).collect())
    }

    fn to_lower_case(&mut self, tag: String, text: String) -> Result<String, Error> {
        Ok(letters::to_lower_case(&tag, &text)?)
    }

    fn to_upper_case(&mut self, tag: String, text: String) -> Result<String, Error> {
        Ok(letters::to_upper_case(&tag, &text)?)
    }
}
