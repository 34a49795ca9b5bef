//! `cargo xtask test`: the tests of the host, the emulator and the SDK.
//!
//! nextest runs those in Rust, each in a process of its own: what a test reads of the host's log is its own then.
//!
//! What takes minutes is in Rust modules named `long`, and runs with `--all` only; that ends with
//! one line that sums everything up. A test that cannot run for want of a tool says so by
//! [`SKIPPED`], and `--all` repeats it.

use crate::commands::{Beside, environment, unoptimised};
use crate::tools::{Stamp, Tools, cargo, install_node_packages, pip_install, run};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The variable that names the file in which tests say that they were skipped, and why.
const SKIPPED: &str = "ROOST_TEST_SKIPPED";

/// The variable that says that every tool is there: then no test may be skipped.
const REQUIRED: (&str, &str) = ("ROOST_TEST_TOOLS", "required");

/// `test`: everything but what takes minutes; `test --all`: that too. Other arguments are the
/// test runner's.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let all = arguments.iter().any(|argument| argument == "--all");
    let nextest = Nextest::installed()?;
    let compiling = Beside::start(&mut compile_tests(&crate::tools::checkout()?, &nextest)?)?;
    let tools = crate::setup()?;
    install_node_packages(&tools, "guests/clients")?;
    crate::yardstick::install_node(&tools)?;
    crate::yardstick::install_fast_packages(&tools)?;
    let arguments: Vec<&String> = arguments.iter().filter(|a| *a != "--all").collect();
    if all {
        compiling.ends()?;
        return everything(&tools, &nextest, &arguments);
    }
    println!("testing the SDK");
    let sdk = run(&mut sdk_tests(&tools));
    compiling.ends()?;
    let report = tools.root.join("target/nextest/default/junit.xml");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let rust = run(&mut rust_tests(&tools, &nextest, false, &arguments)?);
    let failures = match std::fs::read_to_string(&report) {
        Ok(text) => failures(&text),
        Err(_) => Vec::new(),
    };
    if failures.is_empty() {
        return rust.and(sdk);
    }
    // What a log ends with is what is read of it.
    for failure in failures {
        println!("failed: {failure}");
    }
    if sdk.is_err() {
        println!("failed: tests of the SDK, above");
    }
    std::process::exit(1)
}

/// The tests that failed, by the report that nextest leaves: their names, and the beginning of what they said.
fn failures(report: &str) -> Vec<String> {
    let plain = |text: &str| {
        let mut text = text.replace("&#10;", "\n");
        for (entity, character) in [
            ("&quot;", "\""),
            ("&apos;", "'"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ] {
            text = text.replace(entity, character);
        }
        text
    };
    let between = |text: &str, before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        let (value, _) = rest.split_once(after)?;
        Some(plain(value))
    };
    let cases = report.split("<testcase ").skip(1);
    let failed = cases.filter_map(|case| {
        let (_, failure) = case
            .split_once("<failure ")
            .or_else(|| case.split_once("<error "))?;
        // The attribute has where it was, and the element what was said.
        let said = between(failure, ">", "<")
            .filter(|said| !said.trim().is_empty())
            .or_else(|| between(failure, "message=\"", "\""))
            .unwrap_or_default();
        let said = said.split("\nstack backtrace:").next().unwrap_or(&said);
        let said: String = said.trim().chars().take(2_000).collect();
        Some(format!("{}: {said}", between(case, "name=\"", "\"")?))
    });
    failed.collect()
}

/// The variable that names the npm tarball.
const PACKAGE: &str = "ROOST_TEST_PACKAGE";

fn everything(tools: &Tools, nextest: &Nextest, arguments: &[&String]) -> Result<()> {
    crate::yardstick::install_packages(tools)?;
    let started = Instant::now();
    let skipped = tools.root.join("target/skipped-tests.txt");
    let report = tools.root.join("target/nextest/all/junit.xml");
    for file in [&skipped, &report] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    let tarball = crate::package::tarball(tools)?;
    let mut tests = rust_tests(tools, nextest, true, arguments)?;
    tests.env(SKIPPED, &skipped).env(PACKAGE, tarball);
    match toolchains(tools) {
        Ok(folders) => tests.envs(folders).env(REQUIRED.0, REQUIRED.1),
        Err(error) if std::env::var_os("CI").is_some() => return Err(error),
        Err(error) => {
            println!("other toolchains cannot be had, so their tests are skipped: {error:#}");
            &mut tests
        }
    };
    let rust = run(&mut tests);
    let rust = Tally::of_rust(&report).and_then(|tally| tally.confirmed_by(rust));
    println!("testing the SDK");
    let sdk = Tally::of_sdk(sdk_tests(tools));
    let skipped = lines_of(&skipped)?;
    for line in &skipped {
        println!("skipped: {line}");
    }
    let (rust, sdk) = (rust?, sdk?);
    println!(
        "all tests: {} passed, {} failed, {} skipped ({} of host and emulator, {} of the SDK) in {} s",
        rust.passed + sdk.passed - skipped.len().min(rust.passed),
        rust.failed + sdk.failed,
        skipped.len(),
        rust.passed + rust.failed,
        sdk.passed + sdk.failed,
        started.elapsed().as_secs(),
    );
    match rust.failed + sdk.failed {
        0 => Ok(()),
        // The line above is the last: it says it all.
        _ => std::process::exit(1),
    }
}

/// Installs what makes the examples in `guests/components`, and says by which variables tests find it.
fn toolchains(tools: &Tools) -> Result<[(&'static str, PathBuf); 2]> {
    let requirements = tools.root.join("xtask/requirements-components.txt");
    let python = tools.home.join("componentize-py");
    let stamp = Stamp::of(&tools.home.join("componentize-py.stamp"), &[&requirements])?;
    if !stamp.holds() || !python.is_dir() {
        println!("installing componentize-py (once, 46 MB)");
        pip_install(tools, &requirements, &python)?;
        stamp.write()?;
    }
    install_node_packages(tools, "guests/components/jco")?;
    Ok([
        ("ROOST_TEST_COMPONENTIZE_PY", python),
        ("ROOST_TEST_JCO", tools.root.join("guests/components/jco")),
    ])
}

/// nextest, which gives each test a process and a limit.
struct Nextest {
    /// Where it is, when cargo does not find it by itself.
    folder: Option<PathBuf>,
}

impl Nextest {
    /// The one that is installed. Where there is none, a pinned one is put into `.tools`.
    fn installed() -> Result<Self> {
        let version = cargo().args(["nextest", "--version"]).output();
        if version.is_ok_and(|output| output.status.success()) {
            return Ok(Self { folder: None });
        }
        let tools = Tools::of_this_checkout()?;
        let requirements = tools.root.join("xtask/requirements-nextest.txt");
        let target = tools.home.join("nextest");
        let stamp = Stamp::of(&tools.home.join("nextest.stamp"), &[&requirements])?;
        if !stamp.holds() || !target.is_dir() {
            println!("installing cargo-nextest (once, 10 MB)");
            pip_install(&tools, &requirements, &target).context(
                "cargo-nextest cannot be had: `cargo install cargo-nextest --locked` builds it",
            )?;
            stamp.write()?;
        }
        Ok(Self {
            folder: Some(target.join("bin")),
        })
    }

    fn run(&self, root: &Path) -> Result<Command> {
        let mut command = cargo();
        if let Some(folder) = &self.folder {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder.clone()).chain(std::env::split_paths(&path));
            command.env("PATH", std::env::join_paths(folders)?);
        }
        command
            .args(["nextest", "run", "--release", "--locked", "--workspace"])
            .current_dir(root);
        unoptimised(root, &mut command);
        Ok(command)
    }
}

fn compile_tests(root: &Path, nextest: &Nextest) -> Result<Command> {
    let mut command = nextest.run(root)?;
    command.arg("--no-run");
    Ok(command)
}

fn rust_tests(
    tools: &Tools,
    nextest: &Nextest,
    all: bool,
    arguments: &[&String],
) -> Result<Command> {
    let mut command = nextest.run(&tools.root)?;
    command.arg("--no-fail-fast");
    if all {
        command.args(["--profile", "all"]);
    }
    command.args(arguments);
    environment(tools, &mut command);
    Ok(command)
}

fn sdk_tests(tools: &Tools) -> Command {
    let mut command = Command::new("npm");
    command
        .args(["test", "--silent"])
        .current_dir(tools.root.join("sdk"));
    command
}

/// How many tests passed, and how many did not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Of the report that nextest leaves.
    fn of_rust(report: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(report)
            .with_context(|| format!("nextest left no report at `{}`", report.display()))?;
        Self::of_report(&text)
    }

    fn of_report(text: &str) -> Result<Self> {
        let head = text
            .lines()
            .find(|line| line.contains("<testsuites "))
            .context("nextest's report has no sums")?;
        let number = |name: &str| -> Result<usize> {
            let (_, rest) = head
                .split_once(&format!(" {name}=\""))
                .with_context(|| format!("nextest's report does not say how many {name}"))?;
            let digits = rest.split('"').next().unwrap_or_default();
            Ok(digits.parse()?)
        };
        let failed = number("failures")? + number("errors")?;
        Ok(Self {
            passed: number("tests")?.saturating_sub(failed),
            failed,
        })
    }

    /// A run that failed without a failed test, as when it was broken off, is no success.
    fn confirmed_by(self, ended: Result<()>) -> Result<Self> {
        match self.failed {
            0 => ended.map(|()| self),
            _ => Ok(self),
        }
    }

    /// Runs Node's own runner, shows what it prints, and reads its sums.
    fn of_sdk(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut tally = Self::default();
        let printed = child.stdout.take().context("npm has no output")?;
        for line in BufReader::new(printed).lines() {
            let line = line?;
            println!("{line}");
            tally.note(&line);
        }
        let status = child.wait()?;
        match status.success() || tally.failed > 0 {
            true => Ok(tally),
            false => bail!("the SDK's tests ended with {status}"),
        }
    }

    /// Node sums up in lines such as `ℹ pass 12` or `# pass 12`.
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["ℹ" | "#", what, count] = words[..] else {
            return;
        };
        let Ok(count) = count.parse() else { return };
        match what {
            "pass" => self.passed = count,
            "fail" => self.failed = count,
            _ => {}
        }
    }
}

fn lines_of(file: &PathBuf) -> Result<Vec<String>> {
    match file.exists() {
        true => Ok(std::fs::read_to_string(file)?
            .lines()
            .map(str::to_owned)
            .collect()),
        false => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, failures};

    #[test]
    fn sums_are_read_from_what_the_runners_leave() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="12" failures="2" errors="1" uuid="x" time="1.0">"#;
        let (passed, failed) = (9, 3);
        assert_eq!(Tally::of_report(report).unwrap(), Tally { passed, failed });
        assert!(Tally::of_report("<testsuite>").is_err());

        let mut tally = Tally::default();
        for line in [
            "ℹ tests 5",
            "ℹ pass 4",
            "# fail 1",
            "ok 1 - # pass 77 times",
        ] {
            tally.note(line);
        }
        let (passed, failed) = (4, 1);
        assert_eq!(tally, Tally { passed, failed });
    }

    #[test]
    fn failures_are_told_by_name_and_by_what_they_said() {
        let report = r#"<testsuite name="roost" tests="3">
        <testcase name="passes" classname="roost" time="1.0">
        </testcase>
        <testcase name="host::fails" classname="roost::it" time="1.0">
            <failure message="thread &apos;x&apos; panicked at it.rs:1" type="test failure">thread &apos;x&apos; panicked at it.rs:1:
a &lt; b
stack backtrace:
   0: __rustc::rust_begin_unwind</failure>
        </testcase>
        <testcase name="host::dies" classname="roost::it" time="1.0">
            <failure message="killed &amp; gone" type="test failure"></failure>
        </testcase>"#;
        let said = [
            "host::fails: thread 'x' panicked at it.rs:1:\na < b",
            "host::dies: killed & gone",
        ];
        assert_eq!(failures(report), said);
    }
}
