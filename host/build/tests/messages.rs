//! What esbuild prints, read.

use crate::build::diagnose::{self, Verdict};
use crate::build::error::ProblemKind;
use crate::build::messages::{Location, Message, parse};
use crate::build::package_json::PackageJson;

const PRINTED: &str = r#"▲ [WARNING] This call to "require" will not be bundled because the argument is not a string literal [unsupported-require-call]

    bin/www:5:0:
      5 │ require(process.argv[2])
        ╵ ~~~~~~~

✘ [ERROR] Could not resolve "axios"

    routes/a:b.js:3:22:
      3 │ const axios = require('axios')
        ╵                       ~~~~~~~

  You can mark the path "axios" as external to exclude it from the bundle.

✘ [ERROR] The symbol "x" has already been declared

    app.js:2:6:
      2 │ const x = 2
        ╵       ^

  The symbol "x" was originally declared here:

    app.js:1:6:
      1 │ const x = 1
        ╵       ^

✘ [ERROR] Expected ")" but found "}"

    app.js:8:0:
      8 │ })
        │ ^
        ╵ )

✘ [ERROR] Something without a place

1 warning and 4 errors
"#;

#[test]
fn errors_and_warnings_are_read_with_their_places() {
    let messages = parse(PRINTED);
    let texts: Vec<_> = messages
        .iter()
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "This call to \"require\" will not be bundled because the argument is not a string literal",
            "Could not resolve \"axios\"",
            "The symbol \"x\" has already been declared",
            "Expected \")\" but found \"}\"",
            "Something without a place",
        ]
    );
    assert_eq!(
        messages.iter().filter(|message| message.is_error).count(),
        4
    );
    assert_eq!(messages[0].place, at("bin/www", 5, 0, 7));
    assert_eq!(messages[1].place, at("routes/a:b.js", 3, 22, 7));
    assert_eq!(messages[2].place, at("app.js", 2, 6, 1));
    assert_eq!(
        messages[2].notes,
        ["The symbol \"x\" was originally declared here:"]
    );
    assert_eq!(messages[3].place, at("app.js", 8, 0, 1));
    assert_eq!(messages[4].place, None);
}

fn at(file: &str, line: usize, column: usize, length: usize) -> Option<Location> {
    let file = file.to_owned();
    Some(Location {
        file,
        line,
        column,
        length,
    })
}

#[test]
fn words_that_are_no_messages_give_none() {
    assert_eq!(
        parse("runtime: out of memory\n\ngoroutine 1:\n    main.go:1:2:\n"),
        []
    );
}

fn judged(errors: &[(&str, &str)]) -> Verdict {
    let message = |(file, text): &(&str, &str)| Message {
        is_error: true,
        text: (*text).to_owned(),
        place: at(file, 1, 0, 1),
        notes: Vec::new(),
    };
    let errors: Vec<_> = errors.iter().map(message).collect();
    let dir = tempfile::tempdir().unwrap();
    diagnose::judge(dir.path(), &PackageJson::default(), &errors)
}

#[test]
fn what_a_package_misses_is_left_out() {
    let verdict = judged(&[
        (
            "../node_modules/knex/lib/oracle.js",
            "Could not resolve \"oracledb2\"",
        ),
        ("node_modules/odd/lib/a.js", "Could not resolve \"./gone\""),
    ]);
    let Verdict::LeaveOut(names) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(names, ["oracledb2", "./node_modules/odd/lib/./gone"]);
}

#[test]
fn what_the_bot_misses_is_refused() {
    let verdict = judged(&[
        (
            "node_modules/knex/lib/oracle.js",
            "Could not resolve \"oracledb2\"",
        ),
        ("app.js", "Could not resolve \"@scope/name/file\""),
    ]);
    let Verdict::Refuse(problems) = verdict else {
        panic!("{verdict:?}");
    };
    let kinds: Vec<_> = problems.iter().map(|problem| &problem.kind).collect();
    assert_eq!(
        kinds,
        [&ProblemKind::MissingPackage("@scope/name".to_owned())]
    );
}

#[test]
fn a_package_that_looks_for_an_addon_is_native() {
    let text = "Could not resolve require(\"../build/Release/x-*.node\")";
    let verdict = judged(&[("node_modules/sharp/lib/sharp.js", text)]);
    let Verdict::Native(names) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(names, ["sharp"]);
}
