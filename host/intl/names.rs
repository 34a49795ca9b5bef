//! What languages, regions, scripts, currencies, calendars and the fields of a date are called.

use super::numbers::options::Width;
use super::{Data, IntlError, Value};

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A language; as a dialect of its region, where it has a name.
    Language {
        /// Whether `en-GB` is British English rather than English (United Kingdom).
        dialect: bool,
    },
    /// A region.
    Region,
    /// A script.
    Script,
    /// A currency.
    Currency,
    /// A calendar.
    Calendar,
    /// A field of a date.
    DateTimeField,
}

impl Named {
    /// By its name in ECMA-402, and that of how languages are called.
    pub fn of(kind: &str, language: Option<&str>) -> Result<Self, IntlError> {
        Ok(match kind {
            "language" => Self::Language {
                dialect: match language {
                    Some("dialect") | None => true,
                    Some("standard") => false,
                    Some(other) => return Err(IntlError::option("languageDisplay", other)),
                },
            },
            "region" => Self::Region,
            "script" => Self::Script,
            "currency" => Self::Currency,
            "calendar" => Self::Calendar,
            "dateTimeField" => Self::DateTimeField,
            other => return Err(IntlError::option("type", other)),
        })
    }
}

/// The name of a code. None where the locale has no name for it.
pub fn name(
    data: &Data,
    locale: &str,
    kind: Named,
    width: Width,
    code: &str,
) -> Result<Option<String>, IntlError> {
    if code.len() > 100 || !code.is_ascii() {
        let shown: String = code.chars().take(40).collect();
        return Err(IntlError::Argument(format!("`{shown}` is no code")));
    }
    let short = width != Width::Long;
    Ok(match kind {
        Named::Language { dialect } => language(data, locale, dialect, short, code)?,
        Named::Region => region(&*data.section(locale, "regions")?, code, short),
        Named::Script => {
            let names = data.section(locale, "names")?;
            let scripts = names.get("scripts").unwrap_or(&Value::Null);
            alternative(scripts, code, short)
        }
        Named::Currency => {
            let currencies = data.section(locale, "currencies")?;
            // By its name whatever the width, as V8 has it.
            currencies.get(code).and_then(|of| text(of, "name"))
        }
        Named::Calendar => {
            let names = data.section(locale, "names")?;
            let key = match code {
                "gregory" => "gregorian",
                "ethioaa" => "ethiopic-amete-alem",
                other => other,
            };
            names.get("calendars").and_then(|all| text(all, key))
        }
        Named::DateTimeField => {
            let fields = data.section(locale, "fields")?;
            let field = fields.get(width.key()).and_then(|all| all.get(code));
            field.and_then(|field| text(field, "name"))
        }
    })
}

fn text(all: &Value, key: &str) -> Option<String> {
    Some(all.get(key)?.as_str()?.to_owned())
}

/// A name, or the shorter one where that is wanted and there is one.
fn alternative(all: &Value, code: &str, short: bool) -> Option<String> {
    let shorter = match short {
        true => text(all, &format!("{code}-alt-short")),
        false => None,
    };
    shorter.or_else(|| text(all, code))
}

/// Codes of regions that are no more, and those of today that ICU names in their place.
const FORMER_REGIONS: [(&str, &str); 16] = [
    ("AN", "CW"),
    ("BU", "MM"),
    ("CS", "RS"),
    ("DD", "DE"),
    ("DY", "BJ"),
    ("FX", "FR"),
    ("HV", "BF"),
    ("NH", "VU"),
    ("RH", "ZW"),
    ("SU", "RU"),
    ("TP", "TL"),
    ("UK", "GB"),
    ("VD", "VN"),
    ("YD", "YE"),
    ("YU", "RS"),
    ("ZR", "CD"),
];

/// The name of a region, or of the one that it became.
fn region(all: &Value, code: &str, short: bool) -> Option<String> {
    let today = || FORMER_REGIONS.iter().find(|(former, _)| *former == code);
    alternative(all, code, short).or_else(|| alternative(all, today()?.1, short))
}

/// The subtags of a language's code.
#[derive(Default)]
struct Subtags<'a> {
    language: &'a str,
    script: Option<&'a str>,
    region: Option<&'a str>,
    variants: Vec<&'a str>,
}

fn subtags(code: &str) -> Subtags<'_> {
    let mut parts = code.split('-').peekable();
    let mut found = Subtags {
        language: parts.next().unwrap_or_default(),
        ..Subtags::default()
    };
    let alphabetic = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    found.script = parts.next_if(|part| part.len() == 4 && alphabetic(part));
    found.region = parts.next_if(|part| {
        (part.len() == 2 && alphabetic(part))
            || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    found.variants = parts.collect();
    found
}

fn language(
    data: &Data,
    locale: &str,
    dialect: bool,
    short: bool,
    code: &str,
) -> Result<Option<String>, IntlError> {
    let languages = data.section(locale, "languages")?;
    let Subtags {
        language,
        mut script,
        mut region,
        variants,
    } = subtags(code);
    let of = |tag: &str| alternative(&languages, tag, short);
    let mut named = None;
    if dialect {
        named = match (script, region) {
            (Some(script), Some(region)) => of(&format!("{language}-{script}-{region}")),
            (Some(own), None) | (None, Some(own)) => of(&format!("{language}-{own}")),
            (None, None) => None,
        };
        if named.is_some() {
            (script, region) = (None, None);
        }
    }
    // ICU has no name for no language but that of its own root, and V8 takes it where something follows.
    let named = match language {
        "und" if script.is_none() && region.is_none() && variants.is_empty() => None,
        "und" => Some("root".to_owned()),
        _ => named.or_else(|| of(language)),
    };
    let Some(named) = named else {
        return Ok(None);
    };
    let names = data.section(locale, "names")?;
    let group = |what: &str| names.get(what).unwrap_or(&Value::Null);
    let mut more = Vec::new();
    if let Some(code) = script {
        more.push(alternative(group("scripts"), code, short));
    }
    if let Some(code) = region {
        more.push(self::region(
            &*data.section(locale, "regions")?,
            code,
            short,
        ));
    }
    for code in variants {
        more.push(text(group("variants"), &code.to_ascii_uppercase()));
    }
    if more.is_empty() {
        return Ok(Some(named));
    }
    let Some(more) = more.into_iter().collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let separator = group("separator").as_str().unwrap_or("{0}, {1}");
    let more = more
        .into_iter()
        .reduce(|all, next| fill(separator, &all, &next));
    let pattern = group("pattern").as_str().unwrap_or("{0} ({1})");
    let (open, close) = brackets(pattern);
    let more = more.unwrap_or_default();
    let more = more.replace(open.0, open.1).replace(close.0, close.1);
    Ok(Some(fill(pattern, &named, &more)))
}

/// Brackets within brackets are square.
fn brackets(pattern: &str) -> ((char, &'static str), (char, &'static str)) {
    match pattern.contains('\u{ff08}') {
        true => (('\u{ff08}', "\u{ff3b}"), ('\u{ff09}', "\u{ff3d}")),
        false => (('(', "["), (')', "]")),
    }
}

/// Puts two texts into a pattern, whatever they hold.
fn fill(pattern: &str, first: &str, second: &str) -> String {
    let (before, rest) = pattern.split_once("{0}").unwrap_or(("", pattern));
    let (between, after) = rest.split_once("{1}").unwrap_or((rest, ""));
    format!("{before}{first}{between}{second}{after}")
}
