//! Positions and stacks, led back.

use crate::build::Format;
use crate::build::place::{Placed, Questions, answer_markers};
use crate::build::sourcemap::{Original, SourceMap, SourceMapError, author_names};

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
fn what_follows_a_stack_stays_when_its_last_frame_goes() {
    let shown = "[
  Error: one
      at greet (/app/app.js:2:10)
      at call (native),
  Error: two
      at greet (/app/app.js:2:10)
      at call (roost:runtime:1:1) {
    code: 'E'
  }
]";
    assert_eq!(
        map().rewrite("/app/app.js", shown),
        "[
  Error: one
      at greet (lib/b.js:3:5),
  Error: two
      at greet (lib/b.js:3:5) {
    code: 'E'
  }
]"
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

/// Places a bundle whose markers count these modules.
fn placed(code: &str, map: &str, modules: &[&str]) -> Placed {
    let modules: Vec<_> = modules.iter().map(|module| (*module).to_owned()).collect();
    let questions = Questions {
        entry: "bin/www",
        format: Format::CommonJs,
        modules: &modules,
        has_table: false,
        has_cache: false,
    };
    answer_markers(code, map, &questions).unwrap()
}

#[test]
fn modules_are_told_where_they_are() {
    // In the order in which they were read, which is another one each time.
    let code = "f($_d001___,$_r001_(x),         g($_d000___,$_u000_________,$_d0,$_d00z___))\n";
    let map = r#"{"version":3,"sources":["a.js","lib/b.js"],"names":[],"mappings":"AAAA,8BCAA"}"#;
    let placed = placed(code, map, &["lib/b.js", "a.js", "unused.js"]);
    let lines: Vec<_> = placed.code.lines().collect();
    let first = [
        r#"var $_x=require("roost/modules");"#,
        r#"var $_d000___="/app";var $_r000_=$_x.requireOf("/app/a.js");"#,
        r#"var $_d001___="/app/lib";var $_u001_________="file:///app/lib/b.js";"#,
    ];
    assert_eq!(
        lines,
        [
            first.concat().as_str(),
            "f($_d000___,$_r000_(x),         g($_d001___,$_u001_________,$_d0,$_d00z___))",
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
fn a_hash_bang_becomes_a_comment() {
    let map = r#"{"version":3,"sources":["bin/www"],"names":[],"mappings":";AAAA"}"#;
    let placed = placed("#!/usr/bin/env node\nrun();\n", map, &[]);
    assert_eq!(placed.code, "\n///usr/bin/env node\nrun();\n");
}

#[test]
fn what_has_no_name_is_found_nowhere() {
    let text = "    at greet (/app/app.js:2:10)";
    assert_eq!(map().rewrite("", text), text);
}

#[test]
fn maps_larger_than_builds_make_are_refused() {
    let parse = |sources: Vec<String>, mappings: &str| {
        let json = serde_json::json!({ "version": 3, "sources": sources, "mappings": mappings });
        SourceMap::parse(json.to_string().as_bytes()).err()
    };
    assert!(parse(vec!["a".repeat(1024)], "AAAA").is_none());
    let long = parse(vec!["a".repeat(1025)], "AAAA");
    assert!(matches!(long, Some(SourceMapError::Name)));
    let many = parse(vec![String::new(); 100_001], "AAAA");
    assert!(matches!(many, Some(SourceMapError::Json(_))));
    let places = parse(Vec::new(), &"A,".repeat((4 << 20) + 1));
    assert!(matches!(places, Some(SourceMapError::TooLong)));
    let lines = parse(Vec::new(), &";".repeat(1 << 20));
    assert!(matches!(lines, Some(SourceMapError::TooLong)));
    let fields = parse(Vec::new(), "AAAAAA");
    assert!(matches!(fields, Some(SourceMapError::Mappings('A'))));
}

#[test]
fn a_place_far_behind_the_last_segment_is_that_segments() {
    let lines = 1_000_000;
    let mappings = format!("AAAA{}", ";".repeat(lines));
    let json = serde_json::json!({ "version": 3, "sources": ["a.js"], "mappings": mappings });
    let map = SourceMap::parse(json.to_string().as_bytes()).unwrap();
    // Each of them would pass over a million lines: that takes minutes.
    for _ in 0..100_000 {
        assert_eq!(map.lookup(lines, 9), original("a.js", 1, 1));
    }
}

#[test]
fn a_text_grows_by_so_much_when_it_is_led_back() {
    let name = "a".repeat(1024);
    let json = serde_json::json!({ "version": 3, "sources": [name], "mappings": "AAAA" });
    let map = SourceMap::parse(json.to_string().as_bytes()).unwrap();
    let text = "/app/a.js:1:1 ".repeat(10_000);
    let led_back = map.rewrite("/app/a.js", &text);
    assert!(led_back.starts_with(&format!("{name}:1:1 ")));
    assert!(led_back.ends_with("/app/a.js:1:1 "));
    assert!(led_back.len() <= text.len() + (256 << 10));
}

#[test]
fn names_are_led_back_as_long_as_there_is_room() {
    let names = |name: String, places: usize| {
        let mappings = vec!["AAAAA"; places].join(",");
        let json = serde_json::json!({ "mappings": mappings, "names": [name] });
        author_names(json.to_string().as_bytes(), "handle2()")
    };
    let name = "h".repeat(256);
    assert_eq!(
        names(name.clone(), 2),
        [(0, name.clone()), (0, name.clone())]
    );
    assert!(names("h".repeat(257), 2).is_empty());
    let all = names(name, 500_000);
    assert!(all.len() > 100_000 && all.len() < 130_000, "{}", all.len());
    // An identifier that goes on and on is looked at no further than a name can be long.
    let mappings = vec!["AAAAA"; 100_000].join(",");
    let json = serde_json::json!({ "mappings": mappings, "names": ["h"] });
    let code = "h".repeat(10 << 20);
    assert_eq!(
        author_names(json.to_string().as_bytes(), &code).len(),
        100_000
    );
}
