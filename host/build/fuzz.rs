//! Source maps, which come with uploads and say what they like.

use std::path::Path;

use super::place::{relative_sources, virtual_path};
use super::sourcemap::{SourceMap, author_names};
use super::texts::{FunctionTexts, functions};

/// A bundle that a map could be of.
const CODE: &str = "function handle2(a) {\n  return a\n}\nconst other = async (b) => { throw b }\n";
const STACK: &str = "Error: x\n    at handle2 (/app/a.js:1:10)\n    at /app/a.js:4:1\n    at file:///app/a.js:9:9 {\n";

/// Reads a map, and asks it for places that there are and for others.
pub(crate) fn run(input: &[u8]) {
    for (at, name) in author_names(input, CODE) {
        assert!((at as usize) < CODE.len(), "{name} is outside of the code");
    }
    let find = |source: &str| Some(functions(source));
    let texts = FunctionTexts::new(CODE.to_owned(), input, Box::new(find));
    for (start, end) in [(0, 36), (0, 0), (37, 75), (u32::MAX, 0), (3, u32::MAX)] {
        texts.text(start, end);
    }
    if let Ok(map) = SourceMap::parse(input) {
        for line in [0, 1, 2, 4, 5, usize::MAX] {
            for column in [0, 1, 10, usize::MAX] {
                map.lookup(line, column);
                map.origins(line, column).count();
            }
        }
        assert!(map.rewrite("/app/a.js", STACK).starts_with("Error: x"));
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(written) = relative_sources(text, Path::new("/app/.build"), Path::new("/app"), None) {
        // It is read as often as it is written.
        assert!(relative_sources(&written, Path::new("/"), Path::new("/"), None).is_ok());
    }
    assert!(virtual_path(text).starts_with('/'));
}
