//! Sessions in the pages: console blocks whose commands are run, and must print what the page says.
//!
//! In what a command prints, `…` stands for anything in a line, and a line with nothing else for
//! any lines; a time stands for any time.

/// A command, and what the page says that it prints.
pub struct Step {
    pub command: String,
    printed: Vec<String>,
}

/// The first console block below a heading.
pub fn steps(page: &str, heading: &str) -> Vec<Step> {
    let section = page.split(heading).nth(1).expect("the heading is there");
    let block = section
        .split("```console\n")
        .nth(1)
        .expect("a console block");
    let block = block.split("```").next().unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        let begins = line.strip_prefix("$ ");
        let begins = begins.or_else(|| line.starts_with("# ").then_some(line));
        match (begins, steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                printed: Vec::new(),
            }),
            // A long command goes on in the next line.
            (None, Some(step)) if step.command.ends_with('\\') => {
                step.command.pop();
                step.command.push_str(line.trim_start());
            }
            (None, Some(step)) => step.printed.push(at_any_time(line)),
            (None, None) => panic!("`{line}` is before the first command"),
        }
    }
    steps
}

impl Step {
    /// Fails unless the command printed what the page says, and ended well; one whose page shows an
    /// error must end with it.
    #[track_caller]
    pub fn went_as_said(&self, done: bool, printed: &str) {
        let lines: Vec<&str> = printed.lines().collect();
        let is_error = self.printed.iter().any(|line| line.starts_with("error: "));
        assert!(
            is_as_said(&self.printed, &lines) && done != is_error,
            "`{}` printed\n{printed}\nand the page says\n{}",
            self.command,
            self.printed.join("\n")
        );
    }
}

/// A line with `…` in the place of each time.
fn at_any_time(line: &str) -> String {
    const TIME: &str = "2026-01-31 09:30:00Z";
    let is_time = |text: &str| {
        let mut pairs = text.chars().zip(TIME.chars());
        pairs.all(|(c, like)| c == like || (c.is_ascii_digit() && like.is_ascii_digit()))
    };
    let mut rest = line;
    let mut said = String::new();
    while let Some(c) = rest.chars().next() {
        match rest.get(..TIME.len()).is_some_and(is_time) {
            true => {
                said.push('…');
                rest = &rest[TIME.len()..];
            }
            false => {
                said.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    said
}

/// Whether lines are as the page says.
fn is_as_said(said: &[String], printed: &[&str]) -> bool {
    match (said.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if any.trim() == "…" => {
            (0..=printed.len()).any(|skipped| is_as_said(rest, &printed[skipped..]))
        }
        (Some((line, rest)), Some((first, others))) => {
            is_line_as_said(line.trim_end(), first.trim_end()) && is_as_said(rest, others)
        }
        _ => false,
    }
}

fn is_line_as_said(said: &str, printed: &str) -> bool {
    let mut parts = said.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    let mut ends_open = false;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        ends_open = part.is_empty();
    }
    rest.is_empty() || ends_open
}

#[test]
fn what_is_printed_is_compared_with_what_is_said() {
    let said = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| (*line).to_owned())
            .collect::<Vec<_>>()
    };
    assert!(is_as_said(&said(&["a … b …"]), &["a 1 b 2"]));
    assert!(is_as_said(&said(&["a", "…", "z"]), &["a", "b", "c", "z"]));
    assert!(is_as_said(&said(&["…"]), &[]));
    assert!(!is_as_said(&said(&["a … b"]), &["a 1 b 2"]));
    assert!(!is_as_said(&said(&["a"]), &["a", "b"]));
    assert!(!is_as_said(&said(&["a", "b"]), &["a"]));
    assert_eq!(at_any_time("é 2031-12-01 23:59:59Z 2"), "é … 2");
    assert_eq!(at_any_time("2031-12-01 23:59"), "2031-12-01 23:59");
}
