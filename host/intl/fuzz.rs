//! What bots ask of `Intl`, line by line: a tag, a number, options as `name=value`, and a text.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::dates::{DateFormat, Dates};
use super::names::{self, Named};
use super::numbers::options::{
    CurrencyDisplay, Grouping, Notation, SignDisplay, Style, Width, currency_code,
};
use super::numbers::rounding::Digits;
use super::numbers::{self, Decimal, Options};
use super::relative::{self, RelativeOptions};
use super::text::{letters, order, pieces, served, tags};
use super::{Data, lists};

/// The data of the SDK, and what is made of them.
static KNOWN: LazyLock<(Arc<Data>, Dates)> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/sdk/locales.bin");
    let data = Data::open(Path::new(file)).expect("`cargo xtask setup` makes the data of locales");
    let data = Arc::new(data);
    (data.clone(), Dates::new(data))
});

/// Asks for everything: whatever it is, there is an answer or a refusal, and answers fit each other.
pub(crate) fn run(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (tag, number, options, text) = (line(), line(), line(), line());
    let locale = locale(tag);
    let given = Given(options);
    let number = Decimal::parse(number);
    if let Ok(number) = &number {
        is_written(&locale, number, &given);
    }
    is_dated(&locale, &given);
    is_ordered(&locale, text);
    for granularity in [
        pieces::Granularity::Grapheme,
        pieces::Granularity::Word,
        pieces::Granularity::Sentence,
    ] {
        is_cut(&locale, granularity, text);
    }
    let lower = letters::to_lower_case(&locale, text).expect("a short text has letters");
    letters::to_upper_case(&locale, &lower).expect("a short text has letters");
    let items: Vec<&str> = text.split(' ').collect();
    let listed = lists::format(&KNOWN.0, &locale, "conjunction", Width::Long, &items);
    let length: usize = listed.iter().flatten().map(|piece| piece.text.len()).sum();
    assert!(length >= items.iter().map(|item| item.len()).sum::<usize>());
    for kind in [Named::Language { dialect: true }, Named::Region] {
        let _ = names::name(&KNOWN.0, &locale, kind, Width::Short, text);
    }
}

/// A tag in its canonical form, which has none but itself; of what is no tag `en`.
fn locale(tag: &str) -> String {
    let Ok(canonical) = tags::canonicalize(tag) else {
        return "en".to_owned();
    };
    assert_eq!(tags::canonicalize(&canonical).as_ref(), Ok(&canonical));
    for other in [tags::maximize(&canonical), tags::minimize(&canonical)] {
        let other = other.expect("a tag has likely subtags or none");
        assert_eq!(tags::canonicalize(&other).as_ref(), Ok(&other));
    }
    let asked = [canonical.clone()];
    let found = served::serve(served::Service::NumberFormat, &asked).expect("it is a tag");
    if let Some(found) = found {
        assert!(canonical.starts_with(&found.locale), "{}", found.locale);
    }
    canonical
}

/// Options by their names.
struct Given<'a>(&'a str);

impl<'a> Given<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let mut all = self
            .0
            .split(' ')
            .filter_map(|option| option.split_once('='));
        all.find(|(its, _)| *its == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn digits(&self) -> Digits {
        let count = |name| self.get(name).and_then(|value| value.parse().ok());
        let least = count("least").unwrap_or(0);
        Digits {
            minimum_integer: count("integer").unwrap_or(1),
            fraction: Some((least, count("most").unwrap_or(least.max(3)))),
            significant: count("significant").map(|most| (1, most)),
            ..Digits::fraction(0, 3)
        }
    }

    fn style(&self) -> Style {
        let width = Width::named(self.get("width").unwrap_or("long"), "width");
        let display = CurrencyDisplay::named(self.get("display").unwrap_or("symbol"));
        match (self.get("currency"), self.get("unit"), width, display) {
            (Some(code), _, _, Ok(display)) => match currency_code(code) {
                Ok(code) => Style::Currency {
                    code,
                    display,
                    accounting: self.get("sign") == Some("accounting"),
                },
                Err(_) => Style::Percent,
            },
            (_, Some(unit), Ok(width), _) => Style::Unit {
                unit: unit.to_owned(),
                width,
            },
            _ => Style::Decimal,
        }
    }
}

/// Numbers: what is written as one text is what is written in parts.
fn is_written(locale: &str, number: &Decimal, given: &Given<'_>) {
    let data = &KNOWN.0;
    let Ok(digits) = given.digits().checked() else {
        return;
    };
    let notation = given.get("notation").unwrap_or("standard");
    let options = Options {
        style: given.style(),
        digits,
        notation: Notation::named(notation, Some("long")).unwrap_or(Notation::Standard),
        grouping: Grouping::Auto,
        sign: SignDisplay::Auto,
        system: given.text("numberingSystem").unwrap_or_default(),
    };
    if let Ok(text) = numbers::format(data, locale, &options, number) {
        let plain = text.plain();
        let parts: String = text.parts().into_iter().map(|part| part.text).collect();
        assert_eq!(plain, parts);
        let range = numbers::format_range(data, locale, &options, number, &Decimal::of(7));
        assert!(range.is_ok() || number.is_nan(), "{range:?}");
    }
    let options = RelativeOptions {
        system: options.system,
        width: Width::Short,
        words: true,
    };
    let _ = relative::format(
        data,
        locale,
        &options,
        number,
        given.get("of").unwrap_or("day"),
    );
}

/// Dates: likewise, for one and for two.
fn is_dated(locale: &str, given: &Given<'_>) {
    let dates = &KNOWN.1;
    let format = DateFormat {
        locale: locale.to_owned(),
        calendar: given
            .text("calendar")
            .unwrap_or_else(|| "gregory".to_owned()),
        numbering_system: given.text("numberingSystem").unwrap_or_default(),
        time_zone: given.text("timeZone").unwrap_or_else(|| "UTC".to_owned()),
        hour_cycle: given.text("hourCycle"),
        hour12: given.get("hour12").map(|value| value == "true"),
        weekday: given.text("weekday"),
        era: given.text("era"),
        year: given.text("year"),
        month: given.text("month"),
        day: given.text("day"),
        day_period: given.text("dayPeriod"),
        hour: given.text("hour"),
        minute: given.text("minute"),
        second: given.text("second"),
        fractional_second_digits: given.get("fraction").and_then(|value| value.parse().ok()),
        time_zone_name: given.text("timeZoneName"),
        date_style: given.text("dateStyle"),
        time_style: given.text("timeStyle"),
    };
    let instant = |name: &str| given.get(name).and_then(|value| value.parse().ok());
    let (at, to) = (instant("at").unwrap_or(0.0), instant("to").unwrap_or(1e12));
    let _ = dates.preferences(locale);
    let _ = dates.week(locale);
    let Ok(text) = dates.format(&format, at) else {
        return;
    };
    assert!(dates.resolve(&format).is_ok());
    let parts = dates.format_to_parts(&format, at).expect("it was written");
    let parts: String = parts.into_iter().map(|part| part.value).collect();
    assert_eq!(text, parts.replace('\u{202f}', " "));
    if let Ok(text) = dates.format_range(&format, at, to) {
        assert!(!text.is_empty() || parts.is_empty());
    }
    if let Ok(zone) = dates.zone(&format.time_zone) {
        assert!(zone.offset(0).abs() < 86_400_000);
        let again = dates.zone(&zone.name).expect("a zone's name is one");
        assert_eq!(again.name, zone.name);
    }
}

/// Order: keys are in the order of the texts.
fn is_ordered(locale: &str, text: &str) {
    let middle = (0..=text.len() / 2)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    let (a, b) = text.split_at(middle.unwrap_or(0));
    let order = order::Order {
        locale: locale.to_owned(),
        ..order::Order::default()
    };
    let Ok(compared) = order::compare(&order, a, b) else {
        return;
    };
    assert_eq!(order::compare(&order, b, a), Ok(compared.reverse()));
    assert_eq!(order::compare(&order, a, a), Ok(Ordering::Equal));
    let keys = order::sort_keys(&order, &[a.to_owned(), b.to_owned()]);
    let keys = keys.expect("they were compared");
    assert_eq!(keys[0].cmp(&keys[1]), compared);
}

/// Pieces: they follow each other and are the text.
fn is_cut(locale: &str, granularity: pieces::Granularity, text: &str) {
    let Ok(found) = pieces::pieces(locale, granularity, text) else {
        return;
    };
    let mut start = 0;
    for piece in &found {
        assert!(piece.end > start, "{found:?}");
        start = piece.end;
    }
    assert_eq!(start as usize, text.encode_utf16().count());
}
