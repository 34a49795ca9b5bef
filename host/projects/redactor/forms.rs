//! The forms in which a value may be written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A text that stands for a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) text: Vec<u8>,
    /// Its first and last characters may hold bits of what is beside the value, and of the value.
    pub(super) is_base64: bool,
}

/// The shortest line of a value of several lines that is looked for by itself.
const LINE_CHARS: usize = 16;

/// How much of a value is looked for in forms that make it longer. As it is and as JSON it is looked for whole.
const ENCODED: usize = 8 << 10;

/// How many lines of a value are.
const LINES: usize = 64;

/// What leaves a component of a URL as it is, beside letters and digits: of `encodeURIComponent`, of
/// `encodeURI`, of HTML's forms, and of RFC 3986.
const UNESCAPED: [&[u8]; 4] = [b"-_.!~*'()", b"-_.!~*'();/?:@&=+$,#", b"-_.*", b"-_.~"];

/// All of them, each once.
pub(super) fn forms_of(value: &str) -> Vec<Form> {
    let mut texts: Vec<String> = vec![value.to_owned()];
    let beginning = value.get(..value.floor_char_boundary(ENCODED));
    let beginning = beginning.unwrap_or_default();
    let escaped = escape(value, false);
    texts.push(escape(&escape(beginning, false), true));
    texts.push(escape(&escape(beginning, true), true));
    texts.push(escape(value, true));
    texts.push(escaped);
    for kept in UNESCAPED {
        let encoded = percent(beginning, kept);
        texts.push(lower_hex(&encoded));
        if kept == UNESCAPED[2] {
            texts.push(encoded.replace("%20", "+"));
            texts.push(lower_hex(&encoded).replace("%20", "+"));
        }
        texts.push(encoded);
    }
    let digits = hex::encode(beginning);
    texts.push(digits.to_uppercase());
    texts.push(digits);
    // Keys are in variables with their line ends written out, which bots undo.
    let lines = value.replace("\\n", "\n");
    if lines.contains('\n') {
        let long = lines
            .lines()
            .map(str::trim)
            .filter(|line| line.chars().count() >= LINE_CHARS && !line.starts_with("-----"));
        texts.extend(long.take(LINES).map(str::to_owned));
        texts.push(lines);
    }
    let mut forms: Vec<Form> = texts
        .into_iter()
        .map(|text| Form {
            text: text.into_bytes(),
            is_base64: false,
        })
        .collect();
    for shift in 0..3 {
        let text = base64(beginning.as_bytes(), shift);
        let of_urls = text.replace('+', "-").replace('/', "_");
        forms.extend([text, of_urls].map(|text| Form {
            text: text.into_bytes(),
            is_base64: true,
        }));
    }
    forms.sort();
    forms.dedup();
    forms
}

/// As JSON has it, and with `quotes: false` as Node shows a text between single quotes.
fn escape(text: &str, quotes: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' if quotes => out.push_str("\\\""),
            c if c.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn percent(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// `%2F` as `%2f`.
fn lower_hex(text: &str) -> String {
    let mut left = 0;
    text.chars()
        .map(|c| {
            left = match c {
                '%' => 2,
                _ if left > 0 => left - 1,
                _ => return c,
            };
            c.to_ascii_lowercase()
        })
        .collect()
}

/// The characters of Base64 that depend on the value alone when `shift` bytes, but for multiples of
/// three, are before it.
fn base64(value: &[u8], shift: usize) -> String {
    let padded = [&[0; 3][..shift], value].concat();
    let whole = padded.len() * 8 / 6;
    let text = STANDARD_NO_PAD.encode(padded);
    let first = (shift * 8).div_ceil(6);
    text.get(first..whole).unwrap_or_default().to_owned()
}
