//! What a cold start costs: a fresh instance for each event against a resident one.
//!
//! Both kinds run in turn in one process, on the same image and the same
//! webhook, so that the machine's noise falls on both; read the ratio first.
//! `instantiate` makes an instance from the image, `event` is the webhook up to
//! the end of the work it started, `drop` gives the instance's memory back.
//! `pages` are the 4 KiB pages of private memory that an instance holds after
//! its event. `deploy` is everything from the folder to a bot that can run.
//!
//! Not here: the inbox, Postgres and the network.
//!
//! All bots take turns. `checked` is `express` that verifies the signature, checks a token and sends an ETag, by the
//! host's digests.
//!
//! Beside it the usual way to host a bot: a Node process of its own, with the same
//! code, from its start to its first answer over the loopback; and what it holds
//! in memory from then on.
//!
//! `cargo bench --bench cold_start`, and `-- --json` for one JSON object as the
//! last line. `cargo xtask setup` first; Node is the one in the `PATH`.

use anyhow::Context as _;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use roost::capabilities::Grants;
use roost::sandbox::{Bot, Budget, Instance, Sandbox, SandboxSettings};
use roost::sdk::Sdk;
use roost::workshop::Workshop;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "check";

/// Events of each kind that are counted, after as many that are not.
const ROUNDS: usize = 2_000;
/// Instances that are held at once to count their pages.
const HELD: usize = 200;
/// Node processes that are started for each bot.
const PROCESSES: usize = 9;

const WEBHOOK: &str = r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sheena Nelson"},"wa_id":"16505551234","user_id":"US.13491208655302741918"}],"messages":[{"from":"16505551234","from_user_id":"US.13491208655302741918","id":"wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=","timestamp":"1749416383","type":"text","text":{"body":"hello"}}]},"field":"messages"}]}]}"#;

struct Case {
    name: &'static str,
    instantiate: Duration,
    event: Duration,
    drop: Duration,
    pages: usize,
    resident: Duration,
    deploy: Duration,
    image_bytes: usize,
    node: NodeProcess,
}

/// The same bot as a process.
struct NodeProcess {
    first_answer: Duration,
    resident_kib: usize,
}

impl Case {
    fn ratio(&self) -> f64 {
        (self.instantiate + self.event).as_secs_f64() / self.resident.as_secs_f64()
    }

    /// How many fresh events take as long as a process does to its first answer.
    fn times_faster(&self) -> f64 {
        self.node.first_answer.as_secs_f64() / (self.instantiate + self.event).as_secs_f64()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let json = std::env::args().any(|argument| argument == "--json");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sandbox = Sandbox::new(SandboxSettings {
        instances: HELD as u32 + 10,
        cache: Some(root.join(".tools/cache")),
        ..SandboxSettings::default()
    })?;
    let workshop = Workshop::start(&sandbox, Sdk::open(&root.join(".tools/sdk"))?).await?;
    let mut deployed = Vec::new();
    for name in ["bare", "express", "checked"] {
        let folder = root.join("guests/bench").join(name);
        deployed.push(Deployed::make(&workshop, name, folder).await?);
    }
    for round in 0..ROUNDS * 2 {
        for bot in &mut deployed {
            bot.turn(round >= ROUNDS).await?;
        }
    }
    let mut cases = Vec::new();
    for bot in deployed {
        cases.push(bot.case().await?);
    }
    print_table(&cases);
    if json {
        print_json(&cases);
    }
    Ok(())
}

/// A bot, and what was measured of it so far.
struct Deployed {
    name: &'static str,
    folder: PathBuf,
    bot: Bot,
    component: Vec<u8>,
    resident: Instance,
    deploys: Vec<Duration>,
    instantiate: Vec<Duration>,
    event: Vec<Duration>,
    drops: Vec<Duration>,
    warm: Vec<Duration>,
}

impl Deployed {
    async fn make(
        workshop: &Workshop,
        name: &'static str,
        folder: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut deploys = Vec::new();
        let mut deployed = None;
        for _ in 0..5 {
            let started = Instant::now();
            let bundle = workshop.bundle(&folder, |_| {}).await?;
            let artifact = workshop.artifact(bundle);
            let image = workshop
                .boot(
                    &artifact,
                    environment(),
                    Grants::none,
                    false,
                    Budget::default().memory_bytes,
                )
                .await?;
            let bot = workshop.load(&image.component).await?;
            deploys.push(started.elapsed());
            deployed = Some((bot, image.component));
        }
        let (bot, component) = deployed.context("nothing was deployed")?;
        let resident = Instance::start(&bot, Budget::default(), Grants::none()).await?;
        Ok(Self {
            name,
            folder,
            bot,
            component,
            resident,
            deploys,
            instantiate: Vec::new(),
            event: Vec::new(),
            drops: Vec::new(),
            warm: Vec::new(),
        })
    }

    /// An event in a fresh instance, and one in the resident.
    async fn turn(&mut self, counts: bool) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut fresh = Instance::start(&self.bot, Budget::default(), Grants::none()).await?;
        let made = started.elapsed();
        let (request, started) = (webhook()?, Instant::now());
        check(fresh.handle(request).await?);
        let handled = started.elapsed();
        let started = Instant::now();
        drop(fresh);
        let dropped = started.elapsed();
        let (request, started) = (webhook()?, Instant::now());
        self.resident.rearm(Budget::default(), Grants::none());
        check(self.resident.handle(request).await?);
        let again = started.elapsed();
        if counts {
            self.instantiate.push(made);
            self.event.push(handled);
            self.drops.push(dropped);
            self.warm.push(again);
        }
        Ok(())
    }

    async fn case(self) -> anyhow::Result<Case> {
        Ok(Case {
            name: self.name,
            instantiate: median(self.instantiate),
            event: median(self.event),
            drop: median(self.drops),
            pages: pages_dirtied(&self.component).await?,
            resident: median(self.warm),
            deploy: median(self.deploys),
            image_bytes: self.component.len(),
            node: on_node(&self.folder)?,
        })
    }
}

/// Medians over some processes, one after another.
fn on_node(folder: &Path) -> anyhow::Result<NodeProcess> {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let started = Instant::now();
        let mut process = Command::new("node")
            .arg(".")
            .current_dir(folder)
            .envs(environment())
            .env("PORT", port.to_string())
            .env("NODE_ENV", "production")
            .spawn()?;
        let answered = first_answer(&mut process, port);
        times.push(started.elapsed());
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id()));
        process.kill()?;
        process.wait()?;
        answered?;
        let size = kib_of(&status?, "VmRSS:");
        sizes.push(size.ok_or_else(|| anyhow::anyhow!("the process had ended"))?);
    }
    sizes.sort_unstable();
    Ok(NodeProcess {
        first_answer: median(times),
        resident_kib: sizes[sizes.len() / 2],
    })
}

/// Posts the webhook as soon as the process listens.
fn first_answer(process: &mut Child, port: u16) -> anyhow::Result<()> {
    let mut connection = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(connection) => break connection,
            Err(_) => anyhow::ensure!(process.try_wait()?.is_none(), "Node ended"),
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    write!(
        connection,
        "POST /webhook HTTP/1.1\r\nhost: bot.local\r\nconnection: close\r\n\
         content-type: application/json\r\nx-token: {TOKEN}\r\nx-hub-signature-256: {}\r\n\
         content-length: {}\r\n\r\n{WEBHOOK}",
        signature()?,
        WEBHOOK.len()
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "Node answered {answer}");
    Ok(())
}

/// A line of a page of `/proc`, such as `VmRSS:  61234 kB`.
fn kib_of(page: &str, name: &str) -> Option<usize> {
    let line = page.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Private pages for each instance that lives after its event, on average.
///
/// In a sandbox of its own, whose slots no instance has been in.
async fn pages_dirtied(component: &[u8]) -> anyhow::Result<usize> {
    let sandbox = Sandbox::new(SandboxSettings {
        instances: HELD as u32 + 10,
        ..SandboxSettings::default()
    })?;
    let bot = &Bot::load(&sandbox, component)?;
    let mut held = Vec::new();
    // The first few pay for what the process has only once.
    for _ in 0..5 {
        held.push(handled(bot).await?);
    }
    let before = private_kib()?;
    for _ in 0..HELD {
        held.push(handled(bot).await?);
    }
    Ok((private_kib()?.saturating_sub(before)) / HELD / 4)
}

async fn handled(bot: &Bot) -> anyhow::Result<Instance> {
    let mut instance = Instance::start(bot, Budget::default(), Grants::none()).await?;
    check(instance.handle(webhook()?).await?);
    Ok(instance)
}

/// Private memory, counted page by page: `/proc/self/status` only estimates it.
fn private_kib() -> anyhow::Result<usize> {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    kib_of(&rollup, "Anonymous:")
        .ok_or_else(|| anyhow::anyhow!("the kernel does not tell what memory is private"))
}

fn environment() -> BTreeMap<String, String> {
    [
        ("PORT", "3000"),
        ("VERIFY_TOKEN", TOKEN),
        ("APP_SECRET", SECRET),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into()
}

fn webhook() -> anyhow::Result<http::Request<Bytes>> {
    Ok(http::Request::post("http://bot.local/webhook")
        .header("host", "bot.local")
        .header("content-type", "application/json")
        .header("content-length", WEBHOOK.len())
        .header("x-hub-signature-256", signature()?)
        .header("x-token", TOKEN)
        .header("user-agent", "facebookexternalua")
        .body(Bytes::from_static(WEBHOOK.as_bytes()))?)
}

/// What Meta signs with.
fn signature() -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(WEBHOOK.as_bytes());
    Ok(format!(
        "sha256={}",
        hex::encode(mac.finalize().into_bytes())
    ))
}

fn check(answer: roost::sandbox::Answer) {
    assert!(answer.response.status().is_success(), "{answer:?}");
    assert_eq!(answer.failure, None);
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e3
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn print_table(cases: &[Case]) {
    println!("medians of {ROUNDS} events; times in µs, deploy in ms\n");
    println!(
        "|         | fresh: instantiate | event | drop | pages | resident: event | fresh / resident | deploy | image KiB |"
    );
    println!(
        "|---------|-------------------:|------:|-----:|------:|----------------:|-----------------:|-------:|----------:|"
    );
    for case in cases {
        println!(
            "| {:<7} | {:>18.1} | {:>5.0} | {:>4.0} | {:>5} | {:>15.0} | {:>16.2} | {:>6.0} | {:>9} |",
            case.name,
            micros(case.instantiate),
            micros(case.event),
            micros(case.drop),
            case.pages,
            micros(case.resident),
            case.ratio(),
            case.deploy.as_secs_f64() * 1e3,
            case.image_bytes / 1024,
        );
    }
    println!("\nthe same bots, each a Node process: medians of {PROCESSES}\n");
    println!("|         | start to first answer, ms | resident, MiB | start / fresh event |");
    println!("|---------|--------------------------:|--------------:|--------------------:|");
    for case in cases {
        println!(
            "| {:<7} | {:>25.0} | {:>13.0} | {:>19.0} |",
            case.name,
            case.node.first_answer.as_secs_f64() * 1e3,
            case.node.resident_kib as f64 / 1024.0,
            case.times_faster(),
        );
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn print_json(cases: &[Case]) {
    let round = |value: f64| (value * 10.0).round() / 10.0;
    let cases: Vec<_> = cases
        .iter()
        .map(|case| {
            serde_json::json!({
                "name": case.name,
                "fresh": {
                    "instantiate_us": round(micros(case.instantiate)),
                    "event_us": round(micros(case.event)),
                    "drop_us": round(micros(case.drop)),
                    "pages_dirtied": case.pages,
                    "bytes_dirtied": case.pages * 4096,
                },
                "resident": { "event_us": round(micros(case.resident)) },
                "deploy_ms": round(case.deploy.as_secs_f64() * 1e3),
                "node": {
                    "first_answer_ms": round(case.node.first_answer.as_secs_f64() * 1e3),
                    "resident_kib": case.node.resident_kib,
                },
            })
        })
        .collect();
    println!("{}", serde_json::json!({ "cases": cases }));
}
