//! How errors look.

use super::folder;
use crate::build::error::{BuildError, Place, Problem, ProblemKind, Report};

#[test]
fn a_report_shows_the_line_and_underlines_what_is_meant() {
    let dir = folder(&[("routes/x.js", "// é\n\tconst a = require('axios') // é\n")]);
    let place = Place::of_import(dir.path(), "routes/x.js", "axios");
    let report = Report::new("`axios` is not installed")
        .with_place(place)
        .with_advice("install it\nor not");
    assert_eq!(
        report.to_string(),
        "`axios` is not installed
 --> routes/x.js:2:20
  |
2 |  const a = require('axios') // é
  |                    ^^^^^^^
  = install it
  = or not"
    );
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = format!("{}HERE{}", "x".repeat(1000), "y".repeat(1000));
    let place = Place {
        file: "min.js".to_owned(),
        line: 12,
        column: 1001,
        length: 4,
        text,
    };
    let shown = place.to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines[0], " --> min.js:12:1001");
    let start = lines[2].find("HERE").unwrap();
    assert_eq!(lines[3].find("^^^^"), Some(start));
    assert!(lines[2].len() < 140, "{}", lines[2]);
}

#[test]
fn all_problems_are_shown() {
    let problem = |text: &str| Problem {
        kind: ProblemKind::Syntax,
        report: Report::new(text),
    };
    let error = BuildError::Code(vec![problem("one"), problem("two")]);
    assert_eq!(error.to_string(), "one\n\ntwo");
}

#[test]
fn packages_that_nobody_installed_are_named_with_the_command() {
    let error = BuildError::NotInstalled {
        missing: vec!["axios".to_owned(), "zod".to_owned()],
        command: "npm ci".to_owned(),
    };
    assert_eq!(
        error.to_string(),
        "the packages of this bot are not installed: `axios`, `zod`\n  = run this in its folder: npm ci"
    );
}

#[test]
fn of_many_problems_of_one_kind_ten_are_shown() {
    let problem = |kind, message: String| Problem {
        kind,
        report: Report::new(message),
    };
    let mut problems: Vec<_> = (0..30)
        .map(|n| {
            problem(
                ProblemKind::Outside(n.to_string()),
                format!("`{n}` is outside"),
            )
        })
        .collect();
    problems.push(problem(ProblemKind::Syntax, "syntax error: x".to_owned()));
    let shown = BuildError::Code(problems).to_string();
    assert!(shown.starts_with("`0` is outside\n\n`1` is"), "{shown}");
    assert!(
        shown.ends_with("`9` is outside\n\nsyntax error: x\n\nand 20 more of the same kind"),
        "{shown}"
    );
}
