//! Positions and stacks, led back.

use crate::build::Format;
use crate::build::place::answer_markers;
use crate::build::sourcemap::{Original, SourceMap, SourceMapError};

/// Line 1 is added; line 2: columns 1-9 are `a.js` 1:1, from 10 on `lib/b.js` 3:5; line 3 goes on.
const MAP: &str =
    r#"{"version":3,"sources":["a.js","lib/b.js"],"names":[],"mappings":";AAAA,SCEI;;CACC"}"#;

fn map() -> SourceMap {
    SourceMap::parse(MAP.as_bytes()).unwrap()
}

fn original(file: &str, line: usize, column: usize) -> Option<Original> {
    let file = file.to_owned();
    Some(Original { file, line, column })
}

#[test]
fn a_position_is_that_of_the_last_segment_before_it() {
    let map = map();
    assert_eq!(map.lookup(2, 1), original("a.js", 1, 1));
    assert_eq!(map.lookup(2, 9), original("a.js", 1, 1));
    assert_eq!(map.lookup(2, 10), original("lib/b.js", 3, 5));
    assert_eq!(map.lookup(2, 900), original("lib/b.js", 3, 5));
    assert_eq!(map.lookup(3, 5), original("lib/b.js", 3, 5));
    assert_eq!(map.lookup(4, 2), original("lib/b.js", 4, 6));
}

#[test]
fn what_the_bundler_added_has_no_original() {
    let map = map();
    assert_eq!(map.lookup(1, 1), None);
    assert_eq!(map.lookup(0, 0), None);
    assert_eq!(map.lookup(99, 1), None);
}

#[test]
fn a_stack_names_the_author_s_files_and_hides_the_runtime() {
    let stack = "TypeError: not a function in /app/app.js:2:10
    at greet (/app/app.js:2:10)
    at async Promise.all (/app/app.js:2:1)
    at <anonymous> (file:///app/app.js:4:2)
    at /app/app.js:2
    at __require (/app/app.js:1:99)
    at call (native)
    at emit (node:events:1:2)
    at new Function (<input>:1:1)
caused by: /app/app.json is missing";
    assert_eq!(
        map().rewrite("/app/app.js", stack),
        "TypeError: not a function in lib/b.js:3:5
    at greet (lib/b.js:3:5)
    at async Promise.all (a.js:1:1)
    at <anonymous> (lib/b.js:4:6)
    at a.js:1:1
    at new Function (<input>:1:1)
caused by: /app/app.json is missing"
    );
}

#[test]
fn maps_that_cannot_be_read_say_why() {
    let parse = |json: &str| SourceMap::parse(json.as_bytes()).unwrap_err();
    assert!(matches!(parse("{}"), SourceMapError::Json(_)));
    let version = r#"{"version":2,"sources":[],"mappings":""}"#;
    assert!(matches!(parse(version), SourceMapError::Version(2)));
    for mappings in ["AA!A", "g", "AAAg", "ggggggggggggA"] {
        let json = format!(r#"{{"version":3,"sources":[],"mappings":"{mappings}"}}"#);
        assert!(
            matches!(parse(&json), SourceMapError::Mappings(_)),
            "{mappings}"
        );
    }
}

#[test]
fn modules_are_told_where_they_are() {
    // Columns: `a.js` until 30, `lib/b.js` from there on.
    let code = "f(__roost_dir_0000__,         g(__roost_dir_0000__,__roost_url_0000__))\n";
    let map = r#"{"version":3,"sources":["a.js","lib/b.js"],"names":[],"mappings":"AAAA,8BCAA"}"#;
    let placed = answer_markers(code, map, "a.js", Format::CommonJs).unwrap();
    let lines: Vec<_> = placed.code.lines().collect();
    assert_eq!(
        lines,
        [
            r#"var __roost_dir_0001__="/app";var __roost_dir_0002__="/app/lib";var __roost_url_0003__="file:///app/lib/b.js";"#,
            "f(__roost_dir_0001__,         g(__roost_dir_0002__,__roost_url_0003__))",
        ]
    );
    let map = SourceMap::parse(placed.map.as_bytes()).unwrap();
    assert_eq!(map.lookup(2, 31), original("lib/b.js", 1, 1));
    assert_eq!(
        placed.asked.into_iter().collect::<Vec<_>>(),
        ["a.js", "lib/b.js"]
    );
}

#[test]
fn only_the_entry_is_the_main_module() {
    let code = "if(__roost_mod_0000__===module2)a();if(__roost_mod_0000__===module3)b();\n";
    let map =
        r#"{"version":3,"sources":["bin/www","lib/b.js"],"names":[],"mappings":"AAAA,oCCAA"}"#;
    let placed = answer_markers(code, map, "bin/www", Format::CommonJs).unwrap();
    let main = "module2           ";
    let other = "undefined         ";
    assert_eq!(
        placed.code,
        format!("\nif({main}===module2)a();if({other}===module3)b();\n")
    );
}

#[test]
fn a_hash_bang_becomes_a_comment() {
    let map = r#"{"version":3,"sources":["bin/www"],"names":[],"mappings":";AAAA"}"#;
    let placed = answer_markers(
        "#!/usr/bin/env node\nrun();\n",
        map,
        "bin/www",
        Format::CommonJs,
    )
    .unwrap();
    assert_eq!(placed.code, "\n///usr/bin/env node\nrun();\n");
}
