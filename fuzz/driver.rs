//! The loop: an input, what it reached, and which ones are worth keeping.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use roost::fuzzing::coverage::{self, Map};
use roost::fuzzing::mutator::{Random, changed};
use roost::fuzzing::{TARGETS, Target};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest as _, Sha256};

/// The longest that one input may take of a processor, however busy the machine is.
const SLOW: Duration = Duration::from_secs(5);
/// What the process has used of processors.
fn processor_millis() -> u64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(used.tv_sec).unwrap_or_default() * 1000
        + u64::try_from(used.tv_nsec).unwrap_or_default() / 1_000_000
}

/// What any input may take of memory.
const MEMORY: usize = 1 << 20;
/// How much of each target is kept in the repository.
const KEPT_BYTES: usize = 96 << 10;

/// Counts what is held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(place, layout) }
    }
}

struct Arguments {
    target: &'static Target,
    seconds: u64,
    seed: u64,
    keeps: bool,
    files: Vec<PathBuf>,
}

fn arguments() -> Result<Arguments> {
    let mut all = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let names = TARGETS.map(|target| target.name).join(", ");
    let name = all
        .next()
        .with_context(|| format!("name a target: {names}"))?;
    let target = TARGETS.iter().find(|target| target.name == name);
    let mut arguments = Arguments {
        target: target.with_context(|| format!("there is no target `{name}`: {names}"))?,
        seconds: 60,
        seed: std::process::id().into(),
        keeps: false,
        files: Vec::new(),
    };
    while let Some(argument) = all.next() {
        let mut number = || -> Result<u64> {
            let number = all.next().context("a number is missing")?;
            Ok(number.parse()?)
        };
        match argument.as_str() {
            "--seconds" => arguments.seconds = number()?,
            "--seed" => arguments.seed = number()?,
            "--keep" => arguments.keeps = true,
            file => arguments.files.push(file.into()),
        }
    }
    Ok(arguments)
}

/// The processor time at which the input under way began, and 0 between inputs.
static UNDER_WAY: AtomicU64 = AtomicU64::new(0);

struct Fuzzer {
    target: &'static Target,
    began: Instant,
    map: Map,
    inputs: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    random: Random,
    runs: u64,
    last: File,
    work: PathBuf,
}

pub(crate) fn run() -> Result<()> {
    let arguments = arguments()?;
    let target = arguments.target;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = root.join("target/fuzz").join(target.name);
    std::fs::create_dir_all(&work)?;
    let mut fuzzer = Fuzzer {
        target,
        began: Instant::now(),
        map: Map::default(),
        inputs: Vec::new(),
        words: target
            .words
            .iter()
            .map(|word| word.as_bytes().to_vec())
            .collect(),
        random: Random::new(arguments.seed),
        runs: 0,
        last: File::create(work.with_extension("last"))?,
        work,
    };
    fuzzer.watch();
    if !arguments.files.is_empty() {
        for file in &arguments.files {
            fuzzer.try_one(&std::fs::read(file)?)?;
        }
        println!("{} inputs hold", arguments.files.len());
        return Ok(());
    }
    let kept = root.join("fuzz/corpus").join(target.name);
    let mut known = read_all(&kept)?;
    known.extend(read_all(&fuzzer.work)?);
    known.sort_by_key(|input| (input.len(), input.clone()));
    known.dedup();
    if known.is_empty() {
        known.push(Vec::new());
    }
    for input in known {
        if fuzzer.try_one(&input)? > 0 || fuzzer.inputs.is_empty() {
            fuzzer.inputs.push(input);
        }
    }
    fuzzer.report("read");
    if arguments.keeps {
        return fuzzer.keep(&kept);
    }
    fuzzer.go_on(Duration::from_secs(arguments.seconds))
}

fn read_all(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    entries
        .map(|entry| Ok(std::fs::read(entry?.path())?))
        .collect()
}

fn name_of(input: &[u8]) -> String {
    hex::encode(&Sha256::digest(input)[..8])
}

impl Fuzzer {
    fn go_on(&mut self, time: Duration) -> Result<()> {
        let (mut said, mut looked) = (Instant::now(), Instant::now());
        let own = self.words.len();
        while self.began.elapsed() < time {
            for _ in 0..256 {
                // The newest reach what was not reached before.
                let count = self.inputs.len();
                let newest = count.div_ceil(4);
                let at = match self.random.below(2) {
                    0 => self.random.below(count),
                    _ => count - 1 - self.random.below(newest),
                };
                let other = self.random.below(count);
                let input = changed(
                    &self.inputs[at],
                    &self.inputs[other],
                    &self.words,
                    self.target.most,
                    &mut self.random,
                );
                if self.try_one(&input)? > 0 {
                    std::fs::write(self.work.join(name_of(&input)), &input)?;
                    self.inputs.push(input);
                }
            }
            if looked.elapsed() > Duration::from_secs(1) {
                looked = Instant::now();
                self.words.truncate(own);
                let constants = coverage::constants().into_iter();
                self.words.extend(constants.take(own.max(16)));
            }
            if said.elapsed() > Duration::from_secs(30) {
                said = Instant::now();
                self.report("runs");
            }
        }
        self.report("holds");
        Ok(())
    }

    /// Runs one input, and says how much it reached that none did before.
    fn try_one(&mut self, input: &[u8]) -> Result<usize> {
        self.last
            .write_all_at(&(input.len() as u64).to_le_bytes(), 0)?;
        self.last.write_all_at(input, 8)?;
        coverage::reset();
        let before = HELD.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let since = processor_millis();
        UNDER_WAY.store(since.max(1), Ordering::Relaxed);
        let ended = catch_unwind(AssertUnwindSafe(|| (self.target.run)(input)));
        UNDER_WAY.store(0, Ordering::Relaxed);
        self.runs += 1;
        let peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
        if ended.is_err() {
            self.found(input, "panics")?;
        }
        if peak > MEMORY + self.target.memory.saturating_mul(input.len()) {
            self.found(input, &format!("takes {peak} bytes"))?;
        }
        Ok(self.map.add())
    }

    fn found(&self, input: &[u8], what: &str) -> Result<()> {
        let file = self.work.with_extension("found");
        std::fs::write(&file, input)?;
        self.report("found");
        bail!(
            "an input of {} bytes {what}: {}",
            input.len(),
            file.display()
        )
    }

    /// Ends the process when an input does not end.
    fn watch(&self) {
        let last = self.work.with_extension("last");
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                let since = UNDER_WAY.load(Ordering::Relaxed);
                if since > 0 && u128::from(processor_millis() - since) > SLOW.as_millis() {
                    eprintln!("an input does not end: {}", last.display());
                    std::process::abort();
                }
            }
        });
    }

    fn report(&self, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        println!(
            "{} {what}: {:.0} s, {} runs ({:.0} a second), {} inputs, {} features of {} edges",
            self.target.name,
            seconds,
            self.runs,
            self.runs as f64 / seconds,
            self.inputs.len(),
            self.map.features,
            coverage::edges(),
        );
    }

    /// Writes the inputs, which are in the order of their length, to where they are kept.
    fn keep(&self, folder: &Path) -> Result<()> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let (mut bytes, mut count) = (0, 0);
        for input in &self.inputs {
            bytes += input.len();
            if bytes > KEPT_BYTES {
                break;
            }
            std::fs::write(folder.join(name_of(input)), input)?;
            count += 1;
        }
        println!(
            "{count} of {} inputs are in {}",
            self.inputs.len(),
            folder.display()
        );
        Ok(())
    }
}
