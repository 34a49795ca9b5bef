//! From positions in a bundle back to the files that the author wrote.
//!
//! Reads version 3 source maps as the bundler writes them: one map, no sections. A decoder of
//! fifty lines, because the crate for it brings a dozen others and does not know stack traces.

use serde::Deserialize;

use super::few::few;

/// Why a source map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceMapError {
    #[error("the source map is not JSON of the right shape: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the source map's version is {0}; only 3 can be read")]
    Version(u32),
    #[error("the source map's mappings break off or hold `{0}`")]
    Mappings(char),
    #[error("the source map has more than {MOST_LINES} lines, {MOST_SEGMENTS} places, or mappings of more than {} MiB", MOST_MAPPINGS >> 20)]
    TooLong,
    #[error("a source's name has more than {MOST_NAME} bytes")]
    Name,
}

/// A bundle of a MiB has about one of mappings.
const MOST_MAPPINGS: usize = 24 << 20;
pub(super) const MOST_LINES: usize = 1 << 20;
/// A place takes twenty bytes of memory, and six to eight of mappings.
const MOST_SEGMENTS: usize = 4 << 20;
/// Large bots have some thousands of modules.
pub(super) const MOST_SOURCES: usize = 100_000;
const MOST_NAMES: usize = 1 << 20;
/// How long a source's name may be: it stands in for a place in each line of a log.
const MOST_NAME: usize = 1 << 10;
/// The longest name of a variable that is led back.
const MOST_IDENTIFIER: usize = 256;
/// What all that is led back may come to: a name is told at each of its places.
const MOST_LED_BACK: usize = 32 << 20;
/// By how much a text may grow when its places are led back.
const MOST_GROWTH: usize = 256 << 10;
/// A segment's fields: column, source, line, column there, name.
const FIELDS: usize = 5;

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
    /// In order, and in each line of the bundle sorted by column.
    segments: Vec<Segment>,
    /// Where each line's begin.
    lines: Vec<u32>,
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
    #[serde(deserialize_with = "few::<_, _, MOST_SOURCES>")]
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
        #[serde(default, deserialize_with = "few::<_, _, MOST_NAMES>")]
        names: Vec<String>,
    }
    let map = match serde_json::from_slice::<Names>(json) {
        Ok(map) if map.mappings.len() <= MOST_MAPPINGS => map,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    let mut left = MOST_LED_BACK;
    let (mut start, mut name) = (0_usize, 0);
    for (line, mappings) in code.split_inclusive('\n').zip(map.mappings.split(';')) {
        let mut column = 0;
        for segment in mappings.split(',').filter(|segment| !segment.is_empty()) {
            let Ok(fields) = numbers(segment) else {
                return found;
            };
            column += fields.column();
            let Some(step) = fields.name() else { continue };
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
                // The list's own part of it is as large as a short name.
                let Some(less) = left.checked_sub(known.len() + size_of::<(u32, String)>()) else {
                    return found;
                };
                left = less;
                found.push((position, known.clone()));
            }
        }
        start += line.len();
    }
    found
}

/// Whether a text begins with another identifier than the name, which is one too.
fn is_renamed(text: &str, name: &str) -> bool {
    let is_part = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$');
    if name.is_empty() || name.len() > MOST_IDENTIFIER || !name.as_bytes().iter().all(is_part) {
        return false;
    }
    // What goes on after the longest name is another one.
    let most = &text.as_bytes()[..text.len().min(MOST_IDENTIFIER + 1)];
    let end = most.iter().take_while(|c| is_part(c)).count();
    end > 0 && most[..end] != *name.as_bytes()
}

/// How long what stands before a function's name is: `async function*`.
const PREFIX: u32 = 16;

impl SourceMap {
    pub fn parse(json: &[u8]) -> Result<Self, SourceMapError> {
        let raw: Raw = serde_json::from_slice(json)?;
        if raw.version != 3 {
            return Err(SourceMapError::Version(raw.version));
        }
        if raw.sources.iter().any(|name| name.len() > MOST_NAME) {
            return Err(SourceMapError::Name);
        }
        let (segments, lines) = decode(&raw.mappings)?;
        Ok(Self {
            sources: raw.sources,
            segments,
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
        let segments = self.line(line).map(|(_, line)| line).unwrap_or_default();
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

    /// A line's segments, and how many are before them.
    fn line(&self, index: usize) -> Option<(usize, &[Segment])> {
        let start = *self.lines.get(index)? as usize;
        let end = self.lines.get(index.checked_add(1)?);
        let end = end.map_or(self.segments.len(), |end| *end as usize);
        Some((start, self.segments.get(start..end)?))
    }

    /// The last segment at or before the column.
    ///
    /// A statement that goes on in the next line has its last segment in an earlier one.
    fn segment(&self, line: usize, column: usize) -> Option<Segment> {
        let column = u32::try_from(column.checked_sub(1)?).ok()?;
        let index = line.checked_sub(1)?;
        let (before, segments) = self.line(index)?;
        let after = before + segments.partition_point(|segment| segment.column <= column);
        self.segments.get(after.checked_sub(1)?).copied()
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
        let mut growth = MOST_GROWTH;
        for line in text.lines() {
            if let Some(line) = self.rewrite_line(bundle, line, &mut growth) {
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

    fn rewrite_line(&self, bundle: &str, line: &str, growth: &mut usize) -> Option<String> {
        // What has no name is nowhere.
        if bundle.is_empty() {
            return Some(line.to_owned());
        }
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
                    let place = format!("{file}:{line}:{column}");
                    let more = place.len().saturating_sub(bundle.len() + length);
                    match growth.checked_sub(more) {
                        Some(less) => {
                            *growth = less;
                            rewritten.push_str(&place);
                        }
                        None => rewritten.push_str(&rest[found..found + bundle.len() + length]),
                    }
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

/// Decodes base64 VLQ: `;` ends a line, `,` a segment; all fields but the first run on. Gives all
/// segments, and where each line's begin.
fn decode(mappings: &str) -> Result<(Vec<Segment>, Vec<u32>), SourceMapError> {
    let is_long = mappings.len() > MOST_MAPPINGS;
    if is_long || mappings.matches(';').count() >= MOST_LINES {
        return Err(SourceMapError::TooLong);
    }
    let (mut segments, mut lines) = (Vec::new(), Vec::new());
    // Source, line and column of the original.
    let mut last = [0_i64; 3];
    for line in mappings.split(';') {
        lines.push(u32::try_from(segments.len()).map_err(|_| SourceMapError::TooLong)?);
        let mut column = 0;
        for segment in line.split(',').filter(|segment| !segment.is_empty()) {
            let fields = numbers(segment)?;
            column += fields.column();
            let original = fields.original().map(|original| {
                for (sum, field) in last.iter_mut().zip(original) {
                    *sum += field;
                }
                last.map(|sum| u32::try_from(sum).unwrap_or(0)).into()
            });
            if segments.len() >= MOST_SEGMENTS {
                return Err(SourceMapError::TooLong);
            }
            let column = u32::try_from(column).unwrap_or(0);
            segments.push(Segment { column, original });
        }
    }
    segments.shrink_to_fit();
    Ok((segments, lines))
}

/// The numbers of a segment.
#[derive(Default)]
struct Fields {
    numbers: [i64; FIELDS],
    count: usize,
}

impl Fields {
    fn column(&self) -> i64 {
        self.numbers[0]
    }

    fn original(&self) -> Option<&[i64]> {
        (self.count >= 4).then(|| &self.numbers[1..4])
    }

    fn name(&self) -> Option<i64> {
        (self.count == FIELDS).then(|| self.numbers[FIELDS - 1])
    }

    /// Whether there was room for it.
    fn push(&mut self, number: i64) -> bool {
        let place = self.numbers.get_mut(self.count);
        let has_room = place.is_some();
        if let Some(place) = place {
            *place = number;
            self.count += 1;
        }
        has_room
    }
}

fn numbers(segment: &str) -> Result<Fields, SourceMapError> {
    let mut numbers = Fields::default();
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
            if !numbers.push(sign * (value >> 1) as i64) {
                return Err(SourceMapError::Mappings(letter));
            }
            (value, shift) = (0, 0);
        }
    }
    match (shift, numbers.count == 0) {
        (0, false) => Ok(numbers),
        _ => Err(SourceMapError::Mappings(
            segment.chars().last().unwrap_or(';'),
        )),
    }
}
