//! From positions in a bundle back to the files that the author wrote.
//!
//! Reads version 3 source maps as the bundler writes them: one map, no sections. A decoder of
//! fifty lines, because the crate for it brings a dozen others and does not know stack traces.

use serde::Deserialize;

/// Why a source map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceMapError {
    #[error("the source map is not JSON of the right shape: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the source map's version is {0}; only 3 can be read")]
    Version(u32),
    #[error("the source map's mappings break off or hold `{0}`")]
    Mappings(char),
    #[error("the source map has more than {MOST_LINES} lines, or mappings of more than {} MiB", MOST_MAPPINGS >> 20)]
    TooLong,
}

/// Mappings take ten times their length of memory, and lines more. A bundle of a MiB has about one of them.
const MOST_MAPPINGS: usize = 16 << 20;
const MOST_LINES: usize = 1 << 20;

/// A place in the author's source. Line and column count from 1.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Original {
    /// Relative to the bot's folder, such as `routes/whatsapp_webhook.js`.
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// A place in the author's source, all of it counted from 0.
pub(super) struct Origin {
    pub(super) source: u32,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A source map, ready to be asked.
#[derive(Debug)]
pub struct SourceMap {
    sources: Vec<String>,
    /// Per line of the bundle, sorted by column.
    lines: Vec<Vec<Segment>>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    column: u32,
    /// Absent for what the bundler added.
    original: Option<(u32, u32, u32)>,
}

#[derive(Deserialize)]
struct Raw {
    version: u32,
    sources: Vec<String>,
    mappings: String,
}

/// What the author calls what the bundler renamed: byte positions in the bundle, in order.
///
/// Two modules may both have a `Session`; in one bundle the second is `Session2`. The map has the
/// author's name at each place of such a one. A bundle is ASCII, so a column is a byte.
pub fn author_names(json: &[u8], code: &str) -> Vec<(u32, String)> {
    #[derive(Deserialize)]
    struct Names {
        mappings: String,
        #[serde(default)]
        names: Vec<String>,
    }
    let Ok(map) = serde_json::from_slice::<Names>(json) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let (mut start, mut name) = (0_usize, 0);
    for (line, mappings) in code.split_inclusive('\n').zip(map.mappings.split(';')) {
        let mut column = 0;
        for segment in mappings.split(',').filter(|segment| !segment.is_empty()) {
            let Ok(fields) = numbers(segment) else {
                return found;
            };
            column += fields[0];
            let Some(step) = fields.get(4) else { continue };
            name += step;
            let known = usize::try_from(name)
                .ok()
                .and_then(|name| map.names.get(name));
            let at = usize::try_from(column).unwrap_or(usize::MAX);
            let position = start.checked_add(at);
            let position = position.and_then(|position| u32::try_from(position).ok());
            if let (Some(known), Some(position)) = (known, position)
                && line.get(at..).is_some_and(|rest| is_renamed(rest, known))
            {
                found.push((position, known.clone()));
            }
        }
        start += line.len();
    }
    found
}

/// Whether a text begins with another identifier than the name, which is one too.
fn is_renamed(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    end > 0 && text[..end] != *name && !name.is_empty() && name.chars().all(is_part)
}

/// How long what stands before a function's name is: `async function*`.
const PREFIX: u32 = 16;

impl SourceMap {
    pub fn parse(json: &[u8]) -> Result<Self, SourceMapError> {
        let raw: Raw = serde_json::from_slice(json)?;
        if raw.version != 3 {
            return Err(SourceMapError::Version(raw.version));
        }
        let lines = decode(&raw.mappings)?;
        Ok(Self {
            sources: raw.sources,
            lines,
        })
    }

    /// Finds where a position of the bundle comes from; both count from 1.
    ///
    /// `None` for what the bundler added, such as the wrappers around modules.
    pub fn lookup(&self, line: usize, column: usize) -> Option<Original> {
        let (source, original_line, original_column) = self.segment(line, column)?.original?;
        Some(Original {
            file: self.sources.get(source as usize)?.clone(),
            line: original_line as usize + 1,
            column: original_column as usize + 1,
        })
    }

    /// Where what begins at this line and from this column of the bundle on comes from, in order; both
    /// count from 0.
    pub(super) fn origins(&self, line: usize, column: usize) -> impl Iterator<Item = Origin> {
        let segments = self.lines.get(line).map(Vec::as_slice).unwrap_or_default();
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        let first = segments.partition_point(|segment| segment.column < column);
        segments[first..]
            .iter()
            // The start of a function may have none of its own: then its name or its parameter has.
            .take_while(move |segment| segment.column <= column.saturating_add(PREFIX))
            .filter_map(|segment| segment.original)
            .map(|(source, line, column)| Origin {
                source,
                line,
                column,
            })
    }

    /// A file's name, by its number.
    pub(super) fn source(&self, number: u32) -> Option<&str> {
        self.sources.get(number as usize).map(String::as_str)
    }

    /// The last segment at or before the column.
    ///
    /// A statement that goes on in the next line has its last segment in an earlier one.
    fn segment(&self, line: usize, column: usize) -> Option<Segment> {
        let column = u32::try_from(column.checked_sub(1)?).ok()?;
        let index = line.checked_sub(1)?;
        let segments = self.lines.get(index)?;
        match segments.partition_point(|segment| segment.column <= column) {
            0 => self.lines[..index]
                .iter()
                .rev()
                .find_map(|segments| segments.last())
                .copied(),
            after => Some(segments[after - 1]),
        }
    }

    /// Rewrites every position of `bundle` in a text, and drops frames that are not the bot's.
    ///
    /// ```text
    /// TypeError: not a function                  TypeError: not a function
    ///     at handle (/app/app.js:1044:17)   ─▶       at handle (routes/whatsapp_webhook.js:31:9)
    ///     at next (node:internal:1:2)
    /// ```
    pub fn rewrite(&self, bundle: &str, text: &str) -> String {
        let mut kept: Vec<String> = Vec::new();
        for line in text.lines() {
            if let Some(line) = self.rewrite_line(bundle, line) {
                kept.push(line);
                continue;
            }
            // What an inspected error has besides its stack opens behind its last frame.
            let end = ENDS.into_iter().find(|end| line.ends_with(end));
            if let (Some(end), Some(last)) = (end, kept.last_mut()) {
                last.push_str(end);
            }
        }
        kept.join("\n")
    }

    fn rewrite_line(&self, bundle: &str, line: &str) -> Option<String> {
        let is_frame = line.trim_start().starts_with("at ");
        let mut rewritten = String::with_capacity(line.len());
        let mut rest = line;
        let mut found_any = false;
        while let Some(found) = rest.find(bundle) {
            let (before, after) = (&rest[..found], &rest[found + bundle.len()..]);
            let Some((line, column, length)) = position(after) else {
                rewritten.push_str(&rest[..found + bundle.len()]);
                rest = after;
                continue;
            };
            found_any = true;
            rewritten.push_str(before.strip_suffix("file://").unwrap_or(before));
            match self.lookup(line, column) {
                Some(Original { file, line, column }) => {
                    rewritten.push_str(&format!("{file}:{line}:{column}"));
                }
                // The bundler's own code around a module.
                None if is_frame => return None,
                None => rewritten.push_str(&rest[found..found + bundle.len() + length]),
            }
            rest = &after[length..];
        }
        rewritten.push_str(rest);
        (found_any || !is_frame || !is_internal(line)).then_some(rewritten)
    }
}

/// What may follow a stack on its last line.
const ENDS: [&str; 2] = [" {", ","];

/// What frames of the runtime and of the engine hold.
const INTERNAL: [&str; 5] = ["(native)", "(node:", "at node:", "(roost:", "at roost:"];

fn is_internal(frame: &str) -> bool {
    INTERNAL.iter().any(|mark| frame.contains(mark)) || frame.trim_end().ends_with(" native")
}

/// Reads `:12:5` or `:12` at the start of a text, and how long it is.
fn position(text: &str) -> Option<(usize, usize, usize)> {
    let number = |text: &str| {
        let digits = text.strip_prefix(':')?;
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        Some((digits[..end].parse::<usize>().ok()?, end + 1))
    };
    let (line, length) = number(text)?;
    match number(&text[length..]) {
        Some((column, more)) => Some((line, column, length + more)),
        None => Some((line, 1, length)),
    }
}

/// Decodes base64 VLQ: `;` ends a line, `,` a segment; all fields but the first run on.
fn decode(mappings: &str) -> Result<Vec<Vec<Segment>>, SourceMapError> {
    let is_long = mappings.len() > MOST_MAPPINGS;
    if is_long || mappings.matches(';').count() >= MOST_LINES {
        return Err(SourceMapError::TooLong);
    }
    let mut lines = Vec::new();
    // Source, line and column of the original.
    let mut last = [0_i64; 3];
    for line in mappings.split(';') {
        let mut segments = Vec::new();
        let mut column = 0;
        for segment in line.split(',').filter(|segment| !segment.is_empty()) {
            let fields = numbers(segment)?;
            column += fields[0];
            let original = (fields.len() >= 4).then(|| {
                for (sum, field) in last.iter_mut().zip(&fields[1..4]) {
                    *sum += field;
                }
                last.map(|sum| u32::try_from(sum).unwrap_or(0)).into()
            });
            let column = u32::try_from(column).unwrap_or(0);
            segments.push(Segment { column, original });
        }
        lines.push(segments);
    }
    Ok(lines)
}

fn numbers(segment: &str) -> Result<Vec<i64>, SourceMapError> {
    let mut numbers = Vec::with_capacity(5);
    let (mut value, mut shift) = (0_u64, 0_u32);
    for letter in segment.chars() {
        let digit = match letter {
            'A'..='Z' => letter as u64 - 'A' as u64,
            'a'..='z' => letter as u64 - 'a' as u64 + 26,
            '0'..='9' => letter as u64 - '0' as u64 + 52,
            '+' => 62,
            '/' => 63,
            other => return Err(SourceMapError::Mappings(other)),
        };
        // Five bits each, 32 in all: a longer number is not one of a source map.
        if shift > 30 {
            return Err(SourceMapError::Mappings(letter));
        }
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            let sign = if value & 1 == 1 { -1 } else { 1 };
            numbers.push(sign * (value >> 1) as i64);
            (value, shift) = (0, 0);
        }
    }
    match (shift, numbers.is_empty()) {
        (0, false) => Ok(numbers),
        _ => Err(SourceMapError::Mappings(
            segment.chars().last().unwrap_or(';'),
        )),
    }
}
