//! Runs a target of `host/fuzzing` over inputs that nobody wrote, led by the coverage of those before.
//!
//! ```text
//! cargo xtask fuzz gateway --seconds 600     until it is over, or something does not hold
//! cargo xtask fuzz gateway FILE…             these inputs only
//! cargo xtask fuzz gateway --keep            puts the smallest inputs that reach all that is known into fuzz/corpus
//! ```
//!
//! What a run finds lies in `target/fuzz/<target>`, and the next one goes on from there. An input that
//! panics, takes longer than five seconds or more memory than its target says ends the run, and lies in
//! `target/fuzz/<target>-found`. One that ends the process (a full stack) is `target/fuzz/<target>-last`.

#[cfg(fuzzing)]
mod driver;

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this was built without coverage: run `cargo xtask fuzz`");
    std::process::exit(2);
}

#[cfg(fuzzing)]
fn main() -> anyhow::Result<()> {
    driver::run()
}
