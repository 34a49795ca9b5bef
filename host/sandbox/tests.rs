//! The sandbox and the engine alone, with a runtime of a few lines in place of the Node layer.

mod local_time;
mod permits;

use super::*;
use crate::capabilities::{Grants, Level, Locales, LogSink};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Enough of a runtime to give a script the engine, and to let it serve.
const RUNTIME: &str = r#"
const engine = globalThis.__engine
const host = (name) => engine.functions.indexOf('roost:bot/' + name)
const log = (message) => engine.call(host('log.write'), ['info', String(message)])
engine.onturn = () => engine.runJobs()
engine.onevent = () => {}
engine.onrejection = () => {}
engine.onuncaught = (error) => engine.call(host('event.fail'), [String(error)])
engine.oncompile = () => ['(async function (engine, host, log, env) {', '\n})', 'bot.js', false]
engine.onbroken = (error) => JSON.stringify({ message: String(error) })
engine.onboot = async (files, options) => {
  const { env } = JSON.parse(options)
  await engine.evalBundle()(engine, host, log, env)
  return JSON.stringify({ ok: true, listening: globalThis.listening })
}
const text = async (stream) => {
  let all = ''
  for (;;) {
    const part = await engine.read(stream, 65536)
    if (part === null) return all
    all += engine.utf8Decode(part, false)
  }
}
const answer = async (id, status, body) => {
  const out = engine.respond(id, status, ['content-type', 'text/plain'], true)
  await engine.write(out, engine.utf8Encode(body))
  engine.close(out)
}
engine.onrequest = async (id, method, scheme, authority, path, headers, body) => {
  await globalThis.serve({ id, method, path, headers, text: () => text(body), answer: (status, body) => answer(id, status, body) })
}
"#;

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn write(&self, _level: Level, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

struct Bench {
    bot: Bot,
    log: Arc<Lines>,
    budget: Budget,
}

fn parts(code: &str) -> BundleParts<'_> {
    BundleParts {
        code,
        ..BundleParts::default()
    }
}

fn engine() -> Vec<u8> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/engine/engine.wasm");
    std::fs::read(file).expect("`cargo xtask engine` makes the engine that these tests run")
}

fn sandbox(instances: u32) -> Sandbox {
    sandbox_with(instances, None)
}

fn sandbox_with(instances: u32, compiler: Option<Compiler>) -> Sandbox {
    let cache = concat!(env!("CARGO_MANIFEST_DIR"), "/target/sandbox-cache");
    let sandbox = Sandbox::new(SandboxSettings {
        cache: Some(cache.into()),
        instances,
        compiler,
        ..SandboxSettings::default()
    })
    .unwrap();
    let locales = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/sdk/locales.bin");
    let data = crate::intl::Data::open(locales.as_ref()).unwrap();
    sandbox.set_locales(Arc::new(Locales::of(Arc::new(data))));
    sandbox
}

async fn maker(instances: u32) -> ImageMaker {
    ImageMaker::new(&sandbox(instances), &engine(), RUNTIME)
        .await
        .unwrap()
}

impl Bench {
    async fn boot(script: &str) -> Self {
        Self::boot_with(script, &[]).await
    }

    async fn boot_with(script: &str, env: &[(&str, &str)]) -> Self {
        let sandbox = sandbox(20);
        let maker = ImageMaker::new(&sandbox, &engine(), RUNTIME).await.unwrap();
        let env = env
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let options = BootOptions {
            env,
            ..BootOptions::default()
        };
        let boot = maker
            .boot(&parts(script), &options, Grants::none, Budget::default())
            .await
            .unwrap();
        assert_eq!(boot.report.error, None);
        let bot = Bot::load_image(&sandbox, &boot.component).unwrap();
        Self {
            bot,
            log: Arc::default(),
            budget: Budget::default(),
        }
    }

    fn grants(&self) -> Grants {
        Grants::none().with_log(self.log.clone())
    }

    async fn post(&self, body: &str) -> Result<Answer, RunError> {
        let mut instance = Instance::start(&self.bot, self.budget, self.grants()).await?;
        instance.handle(request(body)).await
    }

    fn lines(&self) -> Vec<String> {
        self.log.0.lock().unwrap().clone()
    }
}

fn request(body: &str) -> http::Request<Bytes> {
    http::Request::post("http://bot.local/webhook?a=1")
        .header("content-type", "text/plain")
        .header("x-tag", "one")
        .header("x-tag", "two")
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap()
}

fn body(answer: &Answer) -> &str {
    std::str::from_utf8(answer.response.body()).unwrap()
}

#[tokio::test]
async fn a_request_reaches_the_script_whole_and_its_answer_comes_back() {
    let bench = Bench::boot(
        "globalThis.serve = async (r) => r.answer(201, `${r.method} ${r.path} ${r.headers.filter((h, i) => r.headers[i - 1] === 'x-tag')} ${await r.text()}`)",
    )
    .await;
    let long = "é".repeat(100_000);
    let answer = bench.post(&long).await.unwrap();
    assert_eq!(answer.response.status(), 201);
    assert_eq!(answer.response.headers()["content-type"], "text/plain");
    assert_eq!(body(&answer), format!("POST /webhook?a=1 one,two {long}"));
}

#[tokio::test]
async fn work_after_the_answer_is_done_before_the_event_ends() {
    let bench = Bench::boot(
        "const later = (ms) => new Promise((ring) => { engine.onturn = () => { ring(); engine.runJobs() }; engine.alarm(ms, true) })
         globalThis.serve = async (r) => { await r.answer(200, 'ok'); await later(1); await later(1); log('sent') }",
    )
    .await;
    let answer = bench.post("").await.unwrap();
    assert_eq!(body(&answer), "ok");
    assert_eq!(bench.lines(), ["sent"]);
}

#[tokio::test]
async fn a_fresh_instance_forgets_and_a_resident_one_remembers() {
    let bench =
        Bench::boot("let n = 0; globalThis.serve = async (r) => r.answer(200, String(++n))").await;
    assert_eq!(body(&bench.post("").await.unwrap()), "1");
    assert_eq!(body(&bench.post("").await.unwrap()), "1");
    let mut resident = Instance::start(&bench.bot, bench.budget, bench.grants())
        .await
        .unwrap();
    for n in 1..=3 {
        let answer = resident.handle(request("")).await.unwrap();
        assert_eq!(body(&answer), n.to_string());
    }
}

#[tokio::test]
async fn entropy_and_clocks_are_not_part_of_the_image() {
    let bench = Bench::boot(
        "Math.random(); Date.now()
         globalThis.serve = async (r) => { const b = new Uint8Array(8); engine.random(b); await r.answer(200, [Math.random(), b, Date.now()].join(' ')) }",
    )
    .await;
    let one = body(&bench.post("").await.unwrap()).to_owned();
    let two = body(&bench.post("").await.unwrap()).to_owned();
    let (one, two): (Vec<_>, Vec<_>) = (one.split(' ').collect(), two.split(' ').collect());
    assert_ne!(one[0], two[0], "Math.random");
    assert_ne!(one[1], two[1], "engine.random");
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis() as f64;
    let said: f64 = two[2].parse().unwrap();
    assert!((now - said).abs() < 60_000.0, "{now} {said}");
}

#[tokio::test]
async fn lengths_that_a_script_asks_for_are_not_taken_at_their_word() {
    // The host gives at most 64 MiB of random bytes at once; a list of 2^32 bytes has none in 32 bits.
    let mut bench = Bench::boot(
        "const said = (f) => { try { return f() } catch (error) { return error.name } }
         const query = (params) => engine.call(host('database.query'), ['select 1', params])
         globalThis.serve = async (r) => {
           const bytes = new Uint8Array(70 << 20)
           engine.random(bytes)
           engine.random(new Uint8Array(0))
           const parts = [0, 64 << 20, bytes.length - 64].map((at) => bytes.subarray(at, at + 64).some((byte) => byte !== 0))
           const lengths = [2 ** 27, 2 ** 28, 2 ** 29, 2 ** 31, 2 ** 32, 2 ** 53].map((length) => said(() => query({ length })))
           const found = [0, 1, 2 ** 32, 2 ** 53].map((from) => engine.indexOf(bytes.subarray(0, 4), bytes.subarray(0, 4), from))
           await r.answer(200, JSON.stringify([parts, lengths, found]))
         }",
    )
    .await;
    bench.budget.cpu = Duration::from_secs(60);
    let answer = bench.post("").await.unwrap();
    let range = r#""RangeError""#;
    let ranges = [range; 6].join(",");
    assert_eq!(
        body(&answer),
        format!("[[true,true,true],[{ranges}],[0,-1,-1,-1]]")
    );
}

#[tokio::test]
async fn a_loop_and_a_backtracking_regexp_end_with_their_budget() {
    for script in ["for (;;);", "/(x+x+)+y/.test('x'.repeat(40))"] {
        let mut bench =
            Bench::boot(&format!("globalThis.serve = async (r) => {{ {script} }}")).await;
        bench.budget.cpu = Duration::from_millis(50);
        let error = bench.post("").await.unwrap_err();
        assert!(matches!(error, RunError::Cpu(_)), "{error:?}");
    }
}

#[tokio::test]
async fn waiting_too_long_ends_with_the_budget() {
    let mut bench =
        Bench::boot("globalThis.serve = async (r) => { engine.alarm(1e9, true) }").await;
    bench.budget.wall = Duration::from_millis(50);
    let error = bench.post("").await.unwrap_err();
    assert!(matches!(error, RunError::Timeout(_)), "{error:?}");
}

#[tokio::test]
async fn running_out_of_memory_is_said_and_cannot_be_caught() {
    for hog in [
        "new Uint8Array(1 << 20).fill(1)",
        "{ a: [1] }",
        "'x'.repeat(1e6) + i",
    ] {
        let mut bench = Bench::boot(&format!(
            "globalThis.serve = async (r) => {{
               const all = []
               try {{ for (let i = 0; ; i++) all.push({hog}) }} catch {{ await r.answer(200, 'caught') }}
             }}"
        ))
        .await;
        bench.budget.cpu = Duration::from_secs(60);
        let error = bench.post("").await.unwrap_err();
        assert!(
            error.to_string().contains("out of memory"),
            "{hog}: {error}"
        );
    }
}

#[tokio::test]
async fn a_top_level_goes_on_after_an_alarm_that_rang_while_it_was_set() {
    let mut bench = Bench::boot(
        "await new Promise((resolve) => {
           let turns = 0
           const before = engine.onturn
           engine.onturn = () => {
             if (++turns === 3) { engine.onturn = before; resolve() }
             else engine.alarm(0, false)
             before?.()
           }
         })
         globalThis.serve = async (r) => r.answer(200, 'started')",
    )
    .await;
    bench.budget.cpu = Duration::from_secs(60);
    assert_eq!(body(&bench.post("").await.unwrap()), "started");
}

#[tokio::test]
async fn deep_recursion_is_an_exception_in_script_and_in_c() {
    let mut bench = Bench::boot(
        "const deep = (n) => n === 0 ? 0 : 1 + deep(n - 1)
         const tries = [() => deep(1e6), () => { let a = []; for (let i = 0; i < 5e4; i++) a = [a]; JSON.stringify(a) }, () => JSON.parse('['.repeat(5e4)), () => new Function('('.repeat(1e4))]
         globalThis.serve = async (r) => r.answer(200, tries.map((t) => { try { t(); return 'no' } catch (error) { return error.name } }).join(' '))",
    )
    .await;
    bench.budget.cpu = Duration::from_secs(60);
    let answer = bench.post("").await.unwrap();
    assert_eq!(body(&answer), "RangeError RangeError RangeError RangeError");
}

#[tokio::test]
async fn a_bot_that_never_answers_is_told_so_at_once() {
    let bench = Bench::boot("globalThis.serve = async () => {}").await;
    let error = bench.post("").await.unwrap_err();
    assert!(error.to_string().contains("without answering"), "{error}");
}

#[tokio::test]
async fn an_exception_that_nobody_caught_fails_the_event() {
    let bench = Bench::boot(
        "engine.onturn = () => { engine.runJobs(); if (globalThis.broken) { globalThis.broken = false; throw new Error('broken') } }
         globalThis.serve = async (r) => { await r.answer(200, 'ok'); globalThis.broken = true }",
    )
    .await;
    let answer = bench.post("").await.unwrap();
    assert_eq!(answer.failure.as_deref(), Some("Error: broken"));
}

#[tokio::test]
async fn what_an_alarm_that_does_not_hold_waits_for_is_left_behind() {
    let bench = Bench::boot(
        "globalThis.serve = async (r) => { engine.alarm(3600e3, false); await r.answer(200, 'ok') }",
    )
    .await;
    assert_eq!(body(&bench.post("").await.unwrap()), "ok");
}

#[tokio::test]
async fn two_bots_share_their_engines_code_and_nothing_else() {
    let one = Bench::boot_with(
        "globalThis.serve = async (r) => r.answer(200, env.NAME)",
        &[("NAME", "one")],
    )
    .await;
    let two = Bench::boot_with(
        "const weight = 'x'.repeat(5e6); globalThis.serve = async (r) => r.answer(200, env.NAME + weight.length)",
        &[("NAME", "two")],
    )
    .await;
    assert!(one.bot.shared_code().is_some());
    assert_eq!(one.bot.shared_code(), two.bot.shared_code());
    assert_eq!(body(&one.post("").await.unwrap()), "one");
    assert_eq!(body(&two.post("").await.unwrap()), "two5000000");
}

#[tokio::test]
async fn the_memory_of_an_instance_comes_from_a_file_on_disk_that_has_no_name() {
    let bench = Bench::boot("globalThis.serve = async (r) => r.answer(200, 'awake')").await;
    let mut instance = Instance::start(&bench.bot, bench.budget, bench.grants())
        .await
        .unwrap();
    assert_eq!(body(&instance.handle(request("")).await.unwrap()), "awake");
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    // What is written to is an instance's memory: code is not.
    let on_disk = maps.lines().filter(|line| {
        let writable = line.contains(" rw-p ");
        writable && line.contains("/sandbox-cache/") && line.ends_with("(deleted)")
    });
    assert!(on_disk.count() > 0, "{maps}");
}

#[tokio::test]
async fn an_image_of_the_host_is_compiled_here_and_what_a_stranger_made_elsewhere() {
    let maker = maker(4).await;
    let options = BootOptions::default();
    let script = "globalThis.serve = async (r) => r.answer(200, 'made here')";
    let boot = maker
        .boot(&parts(script), &options, Grants::none, Budget::default())
        .await
        .unwrap();
    // The engine's code is known from here on.
    Bot::load_image(&sandbox(4), &boot.component).unwrap();
    let sandbox = sandbox_with(4, Some(Compiler::new("/nowhere/roost")));
    assert!(Bot::load_image(&sandbox, &boot.component).is_ok());
    // The same bytes, of which nobody knows who made them: a part of them may be a stranger's.
    let error = Bot::load(&sandbox, &boot.component).err().unwrap();
    assert!(format!("{error:#}").contains("No such file"), "{error:#}");
    let smallest = b"\0asm\x0d\0\x01\0";
    let error = Bot::load(&sandbox, smallest).err().unwrap();
    assert!(format!("{error:#}").contains("No such file"), "{error:#}");
}

#[tokio::test]
async fn nothing_is_kept_of_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(SandboxSettings {
        cache: Some(folder.path().into()),
        instances: 1,
        ..SandboxSettings::default()
    })
    .unwrap();
    // One that can be split, and one that cannot. Neither takes requests.
    let splits = r#"(component
      (core module $m (memory 1) (func (export "f")) (data (i32.const 0) "a"))
      (core instance (instantiate $m)))"#;
    let whole = "(component (core module $m) (core instance (instantiate $m)))";
    for text in [splits, whole] {
        let component = wat::parse_str(text).unwrap();
        assert_eq!(split(&component).is_some(), text == splits);
        assert!(Bot::load(&sandbox, &component).is_err());
    }
    assert_eq!(sandbox.codes.count(), 0);
    let left = std::fs::read_dir(folder.path().join("bots")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["key"]);
}

#[tokio::test]
async fn one_bundle_gives_one_image() {
    let maker = maker(4).await;
    let boot = async || {
        let options = BootOptions::default();
        let script = "globalThis.serve = async (r) => r.answer(200, '')";
        maker
            .boot(&parts(script), &options, Grants::none, Budget::default())
            .await
            .unwrap()
            .component
    };
    assert!(boot().await == boot().await, "the two images differ");
}

#[tokio::test]
async fn a_core_module_is_refused_with_a_reason() {
    let sandbox = Sandbox::new(SandboxSettings {
        instances: 1,
        ..Default::default()
    })
    .unwrap();
    let error = Bot::load(&sandbox, b"\0asm\x01\0\0\0").err().unwrap();
    assert!(format!("{error:#}").contains("component"), "{error:#}");
}

#[tokio::test]
async fn collecting_garbage_in_an_event_keeps_what_is_in_use() {
    let bench = Bench::boot(
        "const kept = { list: [] }
         globalThis.serve = async (r) => {
           for (let i = 0; i < 5; i++) {
             let cycle = { i }; cycle.self = cycle
             kept.list.push({ i, cycle })
             engine.gc()
           }
           await r.answer(200, kept.list.map((k) => k.cycle.self.i).join(' '))
         }",
    )
    .await;
    assert_eq!(body(&bench.post("").await.unwrap()), "0 1 2 3 4");
}

#[tokio::test]
async fn what_a_bot_does_at_its_first_request_is_done_before_its_image_is_made() {
    let bench = Bench::boot(
        "globalThis.listening = [{ port: 1 }]
         let asked = 0
         globalThis.serve = async (r) => { await r.text(); await r.answer(404, String(++asked)) }",
    )
    .await;
    // The two requests of the rehearsal came before.
    assert_eq!(body(&bench.post("").await.unwrap()), "3");
}

#[tokio::test]
async fn a_bot_that_acts_in_the_rehearsal_is_kept_as_its_top_level_left_it() {
    for act in [
        "await engine.call(host('database.query'), ['select 1', []]).catch(() => {})",
        "engine.call(host('event.fail'), ['no'])",
        "return r.answer(500, '')",
        "return",
    ] {
        let bench = Bench::boot(&format!(
            "globalThis.listening = [{{ port: 1 }}]
             let asked = 0
             globalThis.serve = async (r) => {{
               asked++
               if (r.path.includes('rehearsal')) {{ {act} }}
               await r.answer(200, String(asked))
             }}"
        ))
        .await;
        assert_eq!(body(&bench.post("").await.unwrap()), "1", "{act}");
    }
}

#[tokio::test]
async fn a_top_level_that_fills_its_memory_is_an_error_of_its_own() {
    let maker = maker(4).await;
    let script = "const all = []
         try { for (;;) all.push(new Uint8Array(1 << 16).fill(1)) } catch {}
         globalThis.serve = async () => {}";
    let options = BootOptions::default();
    let boot = maker
        .boot(&parts(script), &options, Grants::none, Budget::default())
        .await;
    let error = match boot {
        Err(error) => error.to_string(),
        Ok(boot) => format!("{:?}", boot.report.error),
    };
    assert!(error.contains("out of memory"), "{error}");
}
