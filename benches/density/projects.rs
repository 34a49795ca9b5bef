//! The projects: code of its own for each, and how they are made.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt as _, TryStreamExt as _};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tar::{Builder, Header};

use super::admin::Admin;
use super::express;
use crate::common::meta::Number;

/// Projects that are made at once: more than a host builds at once, so that it never waits for uploads.
const AT_ONCE: usize = 6;

/// What a project's own file has.
const DISHES: usize = 60;
const PRICES: usize = 20;

/// After how many projects it is said how far it is.
const PROGRESS: usize = 50;

const WORDS: [&str; 16] = [
    "basil", "cheese", "chili", "clam", "corn", "garlic", "ham", "leek", "lemon", "mint", "olive",
    "onion", "pepper", "rice", "sage", "tomato",
];

/// What all projects have.
pub struct Common {
    bot: Vec<u8>,
    package: Vec<u8>,
    express: express::Files,
}

/// A project that serves.
pub struct Project {
    pub name: String,
    pub number: Number,
    /// What no other project's bot says.
    pub word: String,
}

impl Common {
    /// Reads the bot, and the packages that it needs.
    pub fn read() -> Result<Self> {
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
        let read = |name: &str| {
            let file = guests.join("bench/density").join(name);
            std::fs::read(&file).with_context(|| format!("`{}` cannot be read", file.display()))
        };
        Ok(Self {
            bot: read("bot.js")?,
            package: read("package.json")?,
            express: express::files(&guests.join("node_modules"))?,
        })
    }

    /// The upload of the n-th project.
    fn upload(&self, n: usize) -> Result<Vec<u8>> {
        let own = own_file(n);
        let files: [(&str, &[u8]); 3] = [
            ("bot.js", self.bot.as_slice()),
            ("package.json", self.package.as_slice()),
            ("project.js", own.as_bytes()),
        ];
        let packages = self.express.iter();
        let packages = packages.map(|(name, content)| (name.as_str(), content.as_slice()));
        let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, content) in files.into_iter().chain(packages) {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(0);
            archive.append_data(&mut header, name, content)?;
        }
        Ok(archive.into_inner()?.finish()?)
    }
}

/// What the n-th project's bot says, and no other's.
fn word(n: usize) -> String {
    format!("density-{n}")
}

/// A file with texts, constants and functions that no other project has.
fn own_file(n: usize) -> String {
    let mut random = StdRng::seed_from_u64(n as u64);
    let mut code = format!(
        "// What the bot of project {n} says and costs.\nexports.word = '{}'\nexports.menu = [\n",
        word(n)
    );
    for dish in 0..DISHES {
        let [first, second, third] =
            std::array::from_fn(|_| WORDS[random.random_range(0..WORDS.len())]);
        let cents = random.random_range(300..3_000);
        // Writing to a text does not fail.
        let _ = writeln!(
            code,
            "  {{ id: '{n}-{dish}', name: '{first} with {second} and {third}', cents: {cents} }},"
        );
    }
    code.push_str("]\nexports.prices = {\n");
    for price in 0..PRICES {
        let (each, more) = (random.random_range(100..9_999), random.random_range(1..99));
        let _ = writeln!(
            code,
            "  price{price}(count) {{ return count > {more} ? count * {each} - {more} : count * {each} + {n} }},"
        );
    }
    code.push_str("}\n");
    code
}

/// Makes a project for each number by the admin API, several at a time, and says how far it is. Gives how long it took.
pub async fn make(
    admin: &Admin,
    common: &Common,
    numbers: &[Number],
) -> Result<(Vec<Project>, Duration)> {
    let began = Instant::now();
    let each = numbers.iter().enumerate();
    let made = futures::stream::iter(each.map(|(n, number)| one(admin, common, n, number)))
        .buffered(AT_ONCE);
    let made = made.enumerate().map(|(n, project)| {
        let done = n + 1;
        if done % PROGRESS == 0 && done < numbers.len() {
            let seconds = began.elapsed().as_secs_f64();
            println!("  {done} projects after {seconds:.0} s");
        }
        project
    });
    let projects: Vec<Project> = made.try_collect().await?;
    Ok((projects, began.elapsed()))
}

async fn one(admin: &Admin, common: &Common, n: usize, number: &Number) -> Result<Project> {
    let name = word(n);
    let made = async {
        admin.create(&name, number).await?;
        admin.deploy(&name, common.upload(n)?).await
    };
    made.await.with_context(|| format!("project `{name}`"))?;
    Ok(Project {
        name,
        number: number.clone(),
        word: word(n),
    })
}
