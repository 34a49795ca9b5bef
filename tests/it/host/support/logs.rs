//! What the host and its bots log in this process.
//!
//! A process has one log, whoever writes it. So a test reads it only in a process of its own, as nextest gives each:
//! elsewhere what it looks for could be another test's, and what must not be there too.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: OnceLock<()> = OnceLock::new();

struct Capture;

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on.
pub(super) fn capture() {
    STARTED.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("info,roost=debug,sqlx=warn"))
            .with_ansi(false)
            .with_writer(|| Capture);
        subscriber.init();
    });
}

/// Everything so far of the one test in this process. Fails where others may be in it, too.
#[track_caller]
pub(in crate::host) fn text() -> String {
    let mode = std::env::var("NEXTEST_EXECUTION_MODE").ok();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    assert!(
        is_alone(mode.as_deref(), &arguments),
        "this test reads the host's log, which all tests of a process write: run it with `cargo xtask test`, which \
         gives each test a process, or alone with `cargo test --test it NAME -- --exact`"
    );
    shown()
}

/// Everything so far, for somebody who reads why a test failed: whoever wrote it.
pub(super) fn shown() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
}

/// Whether a process runs a single test: nextest says that it does, or somebody named one.
fn is_alone(nextest: Option<&str>, arguments: &[String]) -> bool {
    let is_exact = arguments.iter().any(|argument| argument == "--exact");
    let names = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'));
    nextest == Some("process-per-test") || (is_exact && names.count() == 1)
}

#[test]
fn a_log_is_read_by_a_test_that_has_a_process_of_its_own() {
    let arguments = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    assert!(is_alone(Some("process-per-test"), &[]));
    assert!(is_alone(None, &arguments(&["host::web::one", "--exact"])));
    assert!(!is_alone(None, &arguments(&["host::web"])));
    assert!(!is_alone(None, &arguments(&["--exact", "a", "b"])));
    assert!(!is_alone(None, &[]));
}
