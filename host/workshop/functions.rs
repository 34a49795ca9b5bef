//! Where the functions of a stranger's file are, found by a process that may end.
//!
//! No bound on a text keeps the parser's stack from running over that honest files would not meet, too. So it runs
//! in `roost read-functions`: that ends, and the bot is told its bundle's own text.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use oxc_span::Span;

use crate::build::texts::{Find, Spans, functions};
use crate::confinement::{Limits, Rules, confine};
use crate::sandbox::Compiler;

/// How long a file may take on the clock; most take some milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same on a processor.
const PROCESSOR_SECONDS: u64 = 5;

/// A longer file is not read.
const MOST_BYTES: u64 = 16 << 20;

/// What reading one may take, with the stack.
const MEMORY_BYTES: u64 = 1 << 30;

/// Enough for tens of thousands of expressions in one another.
const STACK_BYTES: usize = 256 << 20;

/// Where a text begins, and its span.
const RECORD_BYTES: usize = 12;

/// All that a file of the longest kind can have: a function takes some letters.
const MOST_ANSWERED: u64 = 64 << 20;

/// One process at a time: what waits for it is no more than a text.
static TURN: Mutex<()> = Mutex::new(());

/// Finds functions by the program; without one in this process, which is for the author's own code.
pub(super) fn find(program: Option<Compiler>) -> Find {
    Box::new(move |source| {
        if source.len() as u64 > MOST_BYTES {
            return None;
        }
        match &program {
            Some(program) => find_by(program, source),
            None => on_a_large_stack(source).ok(),
        }
    })
}

fn find_by(program: &Compiler, source: &str) -> Option<Spans> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let words = ["read-functions"];
    let answered = program.ask(&words, source.as_bytes(), PATIENCE, MOST_ANSWERED);
    let answered = answered.ok().filter(|answered| answered.status.success())?;
    decode(&answered.made)
}

fn on_a_large_stack(source: &str) -> std::io::Result<Spans> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let parsing = thread.spawn_scoped(scope, || functions(source))?;
        Ok(parsing.join().unwrap_or_default())
    })
}

fn encode(spans: &Spans) -> Vec<u8> {
    let numbers = |(at, span): (&u32, &Span)| [*at, span.start, span.end];
    let numbers = spans.iter().flat_map(numbers);
    numbers.flat_map(u32::to_le_bytes).collect()
}

fn decode(records: &[u8]) -> Option<Spans> {
    if !records.len().is_multiple_of(RECORD_BYTES) {
        return None;
    }
    let number = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?));
    let mut spans = HashMap::new();
    for record in records.chunks_exact(RECORD_BYTES) {
        let (start, end) = (number(&record[4..8])?, number(&record[8..])?);
        spans.insert(number(&record[..4])?, Span::new(start, end));
    }
    Some(spans)
}

/// `roost read-functions`: started by a host, for what strangers made.
#[derive(Args, Debug)]
pub struct ReadFunctionsArgs {}

impl ReadFunctionsArgs {
    /// Reads a file from standard input, and writes where its functions are.
    pub fn run(&self) -> anyhow::Result<()> {
        let rules = Rules {
            limits: Limits {
                memory_bytes: MEMORY_BYTES,
                file_bytes: 0,
                processor_seconds: PROCESSOR_SECONDS,
                ..Limits::default()
            },
            ..Rules::default()
        };
        // A machine that cannot confine still has a process that may end.
        let _ = confine(&rules);
        let mut source = String::new();
        std::io::stdin()
            .take(MOST_BYTES)
            .read_to_string(&mut source)
            .context("the file did not come")?;
        let found = on_a_large_stack(&source).context("there is no room for a stack")?;
        std::io::stdout()
            .write_all(&encode(&found))
            .context("nobody takes what was found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_comes_over_as_it_is() {
        let found = functions("const a = () => 1\nclass B { c() {} }");
        assert!(found.len() > 2);
        assert_eq!(decode(&encode(&found)), Some(found));
        assert_eq!(decode(&[1, 2, 3]), None);
    }

    #[test]
    fn a_program_that_ends_early_or_says_something_else_finds_nothing() {
        for program in ["/bin/false", "/bin/echo", "/no/such/program"] {
            let find = find(Some(Compiler::new(program)));
            assert_eq!(find("function a() {}"), None, "{program}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let long = " ".repeat(usize::try_from(MOST_BYTES).unwrap() + 1);
        assert_eq!(find(None)(&long), None);
    }
}
