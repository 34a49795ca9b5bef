//! The text of a bot's functions as their author wrote it, which the bundle's is not.
//!
//! The engine asks for a function by where it is in the bundle. The source map says where that came
//! from, and holds the file; the file's own syntax says where the function ends in it.
//!
//! The map is as foreign as the bundle, and the parser calls itself for all that a text nests: a stack that runs
//! over ends the process. So where strangers' bots run, whoever asks brings a process that may end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan, SourceType, Span};
use serde::Deserialize;

use super::few::few;
use super::sourcemap::{MOST_LINES, MOST_SOURCES, Origin, SourceMap};

/// What engines see of these is what a compiler makes of them: the bundle's text stands.
const COMPILED: [&str; 6] = ["ts", "tsx", "mts", "cts", "jsx", "json"];

/// After so many files of a bundle that could not be read, no other is tried.
const MOST_FAILURES: usize = 3;

/// The functions and classes of a file, by where their text, or what stands before it, begins.
pub type Spans = HashMap<u32, Span>;

/// Finds them; `None` for a file that cannot be read.
pub type Find = Box<dyn Fn(&str) -> Option<Spans> + Send + Sync>;

/// A bundle's functions. What is read of a file is kept.
pub struct FunctionTexts {
    code: String,
    /// Where each line of the bundle begins.
    lines: Vec<usize>,
    map: Option<SourceMap>,
    contents: Vec<Option<String>>,
    find: Find,
    files: Mutex<Files>,
}

/// What is known of a bundle's files, by their numbers.
#[derive(Default)]
struct Files {
    read: HashMap<u32, Spans>,
    failures: usize,
}

impl Files {
    fn of(&mut self, number: u32, find: impl FnOnce() -> Option<Spans>) -> Option<&Spans> {
        match self.read.entry(number) {
            Entry::Occupied(known) => Some(&*known.into_mut()),
            Entry::Vacant(_) if self.failures >= MOST_FAILURES => None,
            Entry::Vacant(place) => {
                let found = find();
                self.failures += usize::from(found.is_none());
                Some(&*place.insert(found.unwrap_or_default()))
            }
        }
    }
}

impl FunctionTexts {
    /// Of a bundle and its map. Without a map that can be read, the bundle's own text is all there is.
    pub fn new(code: String, source_map: &[u8], find: Find) -> Self {
        #[derive(Deserialize)]
        struct Contents {
            #[serde(
                default,
                rename = "sourcesContent",
                deserialize_with = "few::<_, _, MOST_SOURCES>"
            )]
            contents: Vec<Option<String>>,
        }
        let contents = serde_json::from_slice::<Contents>(source_map);
        let breaks = code.match_indices('\n').map(|(at, _)| at + 1);
        // A map knows no more lines than that.
        let breaks = breaks.take(MOST_LINES);
        Self {
            lines: std::iter::once(0).chain(breaks).collect(),
            map: SourceMap::parse(source_map).ok(),
            contents: contents.map(|map| map.contents).unwrap_or_default(),
            find,
            files: Mutex::default(),
            code,
        }
    }

    /// The text of the function that is at these bytes of the bundle.
    pub fn text(&self, start: u32, end: u32) -> Option<String> {
        let bundled = self.code.get(start as usize..end as usize)?;
        Some(self.written(start).unwrap_or(bundled).to_owned())
    }

    fn written(&self, start: u32) -> Option<&str> {
        let start = start as usize;
        let line = self.lines.partition_point(|begins| *begins <= start) - 1;
        let map = self.map.as_ref()?;
        map.origins(line, start - self.lines[line])
            .find_map(|origin| self.written_at(map, &origin))
    }

    fn written_at(&self, map: &SourceMap, origin: &Origin) -> Option<&str> {
        let extension = Path::new(map.source(origin.source)?).extension();
        let is_compiled =
            extension.is_some_and(|name| COMPILED.iter().any(|compiled| name == *compiled));
        let content = self.contents.get(origin.source as usize)?.as_deref()?;
        if is_compiled {
            return None;
        }
        let offset = offset_of(content, origin.line as usize, origin.column as usize)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let spans = files.of(origin.source, || (self.find)(content))?;
        let at = u32::try_from(offset).ok()?;
        let around = || {
            let inside = |span: &&Span| span.start <= at && at < span.end;
            let innermost = spans
                .values()
                .filter(inside)
                .max_by_key(|span| span.start)?;
            is_prefix(content.get(innermost.start as usize..offset)?).then_some(innermost)
        };
        let span = spans.get(&at).or_else(around)?;
        content.get(span.start as usize..span.end as usize)
    }
}

/// Parses a file, on this thread's stack.
pub fn functions(source: &str) -> Spans {
    let mut found = HashMap::new();
    for kind in [SourceType::mjs(), SourceType::cjs()] {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, kind).parse();
        if parsed.panicked || !parsed.diagnostics.is_empty() {
            continue;
        }
        let built = SemanticBuilder::new()
            .with_build_nodes(true)
            .build(&parsed.program);
        for node in built.semantic.nodes() {
            let span = node.kind().span();
            match node.kind() {
                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) | AstKind::Class(_) => {
                    // A method's function begins at its parentheses: the method is not overwritten.
                    found.entry(span.start).or_insert(span);
                }
                AstKind::MethodDefinition(method) => {
                    let start = match method.r#static {
                        true => after_word(source, span.start, "static"),
                        false => span.start,
                    };
                    found.insert(span.start, Span::new(start, span.end));
                    found.insert(start, Span::new(start, span.end));
                }
                AstKind::ObjectProperty(property)
                    if property.method || property.kind != oxc_ast::ast::PropertyKind::Init =>
                {
                    found.insert(span.start, span);
                }
                _ => {}
            }
        }
        break;
    }
    found
}

/// Whether a text is what may stand before a function's name or its first parameter.
fn is_prefix(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "(*".contains(c));
    words.all(|word| matches!(word, "" | "async" | "function" | "get" | "set" | "class"))
}

/// Where the text goes on after a word and blanks.
fn after_word(source: &str, start: u32, word: &str) -> u32 {
    let rest = source[start as usize..].strip_prefix(word);
    let Some(rest) = rest.map(str::trim_start) else {
        return start;
    };
    u32::try_from(source.len() - rest.len()).unwrap_or(start)
}

/// The byte of a place, whose line and column, of UTF-16 units, count from 0.
fn offset_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let begins = match line {
        0 => 0,
        line => text.match_indices('\n').nth(line - 1)?.0 + 1,
    };
    let mut units = 0;
    for (at, letter) in text[begins..].char_indices() {
        if units >= column {
            return Some(begins + at);
        }
        units += letter.len_utf16();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_where_they_begin() {
        let source = "const a = (x, y) => x\nclass Tea { static async pour(cup) { return cup } get hot() { return 1 } }\nasync function* go () {}\nconst o = { say() {}, f: function () {} }";
        let found = functions(source);
        for text in [
            "(x, y) => x",
            "class Tea { static async pour(cup) { return cup } get hot() { return 1 } }",
            "async pour(cup) { return cup }",
            "get hot() { return 1 }",
            "async function* go () {}",
            "say() {}",
            "function () {}",
        ] {
            let at = u32::try_from(source.find(text).unwrap()).unwrap();
            let span = found.get(&at).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&source[span.start as usize..span.end as usize], text);
        }
        let at = u32::try_from(source.find("static").unwrap()).unwrap();
        let span = found.get(&at).unwrap();
        assert!(source[span.start as usize..].starts_with("async pour"));
    }

    fn texts(code: &str, map: &[u8]) -> FunctionTexts {
        let find: Find = Box::new(|source| Some(functions(source)));
        FunctionTexts::new(code.to_owned(), map, find)
    }

    #[test]
    fn files_that_cannot_be_read_leave_the_bundles_text_and_are_not_tried_for_ever() {
        let tried = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let code = "function a(){}\n".repeat(9);
        let sources: Vec<String> = (0..9).map(|n| format!("{n}.js")).collect();
        let contents = vec!["function a ( ) { }"; 9];
        let mappings = format!("AAAA{}", ";ACAA".repeat(8));
        let map = serde_json::json!({ "version": 3, "sources": sources, "sourcesContent": contents, "mappings": mappings });
        let count = tried.clone();
        let find: Find = Box::new(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            None
        });
        let texts = FunctionTexts::new(code, map.to_string().as_bytes(), find);
        for line in 0..9 {
            let start = line * 15;
            assert_eq!(texts.text(start, start + 14).unwrap(), "function a(){}");
        }
        assert_eq!(
            tried.load(std::sync::atomic::Ordering::Relaxed),
            MOST_FAILURES
        );
    }

    #[test]
    fn a_function_is_told_as_it_was_written() {
        // As esbuild maps `export async function go() {}`: by its name only.
        let map = br#"{"version":3,"sources":["a.mjs"],"sourcesContent":["export async function go ( ) { /* why */ }"],"names":[],"mappings":"eAAsB"}"#;
        let code = "async function go(){}";
        assert_eq!(
            texts(code, map).text(0, 21).unwrap(),
            "async function go ( ) { /* why */ }"
        );
        let compiled = String::from_utf8(map.to_vec()).unwrap();
        let compiled = compiled.replace("a.mjs", "a.ts");
        let compiled = texts(code, compiled.as_bytes());
        assert_eq!(compiled.text(0, 21).unwrap(), code);
    }

    #[test]
    fn places_count_units_of_utf16() {
        assert_eq!(offset_of("a\n\u{1f600}é b", 1, 4), Some(9));
        assert_eq!(offset_of("a", 3, 0), None);
    }
}
