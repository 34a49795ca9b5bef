//! `roost dev` as people start it: the binary, its own Postgres, the emulator and a chat over pipes.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use crate::support::modes::open_to_others;

/// Starting Postgres and the host takes seconds where other tests run beside.
const DEADLINE: Duration = Duration::from_secs(180);

/// Answers with two variables, and does not start without one of them.
const BOT: &str = "
if (!process.env.API_KEY) throw new Error('API_KEY is missing')
const { WHATSAPP_PHONE_NUMBER_ID, WA_TOKEN } = process.env
const fs = require('node:fs'), util = require('node:util')
require('node:http').createServer(async (req, res) => {
  if (req.method === 'GET') {
    const query = new URL(req.url, 'http://bot').searchParams
    const known = query.get('hub.verify_token') === process.env.META_VERIFY_TOKEN
    return res.writeHead(known ? 200 : 403).end(query.get('hub.challenge'))
  }
  let body = ''
  for await (const chunk of req) body += chunk
  const [message] = JSON.parse(body).entry[0].changes[0].value.messages ?? []
  const parsed = util.parseEnv(fs.readFileSync('.env', 'utf8'))
  if (message) {
    const answer = await fetch(`https://graph.facebook.com/v25.0/${WHATSAPP_PHONE_NUMBER_ID}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${WA_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messaging_product: 'whatsapp', to: message.from,
        text: { body: `${process.env.API_KEY} ${parsed.API_KEY} ${message.text.body}` } }),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }
  res.end()
}).listen(process.env.PORT)
";

/// A running `roost dev`; it is killed when it is dropped.
struct Dev {
    child: Child,
    input: Option<ChildStdin>,
    lines: mpsc::UnboundedReceiver<String>,
    said: Vec<String>,
}

impl Dev {
    fn start(bot: &Path, data: &Path) -> Self {
        let mut child = command(bot, data)
            .args(["dev", ".", "--port", "0", "--admin-port", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let other = sender.clone();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = out.next_line().await {
                let _ = sender.send(line);
            }
        });
        tokio::spawn(async move {
            while let Ok(Some(line)) = err.next_line().await {
                let _ = other.send(line);
            }
        });
        Self {
            input: child.stdin.take(),
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// The next line that has this in it.
    async fn says(&mut self, what: &str) -> String {
        let heard = async {
            while let Some(line) = self.lines.recv().await {
                self.said.push(line.clone());
                if line.contains(what) {
                    return Some(line);
                }
            }
            None
        };
        let heard = tokio::time::timeout(DEADLINE, heard).await;
        let heard = heard.ok().flatten();
        heard.unwrap_or_else(|| panic!("`{what}` was not said: {:#?}", self.said))
    }

    async fn types(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        input.flush().await.unwrap();
    }

    /// Ends its input, and waits for it to end.
    async fn ends(mut self) -> Option<i32> {
        drop(self.input.take());
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        ended.unwrap().unwrap().code()
    }
}

fn command(bot: &Path, data: &Path) -> Command {
    let sdk = std::env::var_os("ROOST_SDK").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/sdk"),
        PathBuf::from,
    );
    let postgres = std::env::var_os("ROOST_TEST_PG_BIN")
        .expect("ROOST_TEST_PG_BIN names the folder of PostgreSQL 18's programs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_roost"));
    command
        .current_dir(bot)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", bot)
        .env("ROOST_SDK", sdk)
        .env("ROOST_POSTGRES", postgres)
        .env("ROOST_DATA", data);
    command
}

/// A folder whose name names no project, and one for the data, with the engine that was compiled
/// for other tests.
fn scene(app: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let scene = tempfile::tempdir().unwrap();
    let bot = scene.path().join("09-bot");
    let data = scene.path().join("data");
    std::fs::create_dir_all(&bot).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(bot.join("app.js"), app).unwrap();
    share_cache(&data);
    (scene, bot, data)
}

fn share_cache(data: &Path) {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-cache");
    std::fs::create_dir_all(&cache).unwrap();
    std::os::unix::fs::symlink(cache, data.join("cache")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_lacks_a_variable_is_waited_for_and_reads_its_env_file() {
    let (_scene, bot, data) = scene(BOT);
    let mut dev = Dev::start(&bot, &data);
    dev.says("Error: API_KEY is missing").await;
    dev.says("the code reads API_KEY (app.js:2), and nobody set it")
        .await;
    dev.says("`roost secrets set API_KEY --project bot-09-bot`")
        .await;
    dev.says("waiting for a save").await;

    let env = "API_KEY=from-the-file\nWHATSAPP_PHONE_NUMBER_ID=106540352242922\n";
    std::fs::write(bot.join(".env"), env).unwrap();
    let taken = dev.says(".env: API_KEY").await;
    assert!(
        taken.contains("the emulated number's own in the place of its WHATSAPP_PHONE_NUMBER_ID")
            && !taken.contains("from-the-file"),
        "{taken}"
    );
    dev.says("webhook /webhook (it answers Meta's handshake)")
        .await;
    dev.types("hello").await;
    dev.says("bot> from-the-file from-the-file hello").await;
    let linked = dev.said.iter().find(|line| line.contains("by other names"));
    let linked = linked.expect("links are said");
    assert!(
        linked.contains("META_VERIFY_TOKEN=verify-token")
            && linked.contains("WA_TOKEN=access-token"),
        "{linked}"
    );

    std::fs::write(bot.join(".env.local"), "API_KEY=of-my-machine\n").unwrap();
    dev.says(".env.local: API_KEY").await;
    dev.says("redeployed in").await;
    dev.types("hello").await;
    dev.says("bot> of-my-machine of-my-machine hello").await;
    // Of root's, Postgres goes through as another user.
    let passable = match rustix::process::geteuid().is_root() {
        true => vec![data.clone(), data.join("postgres")],
        false => Vec::new(),
    };
    let passable: Vec<&Path> = passable.iter().map(PathBuf::as_path).collect();
    let open = open_to_others(&data, &passable);
    assert!(open.is_empty(), "others may read: {open:#?}");
    for private in [
        "keys.json",
        "host.json",
        "emulator.json",
        ".gitignore",
        "postgres",
    ] {
        assert!(data.join(private).exists(), "{private}");
    }

    // Other words find the host by the folder of its data, and a secret wins over the files.
    let words = [
        "secrets",
        "set",
        "API_KEY",
        "--value",
        "secret",
        "-p",
        "bot-09-bot",
    ];
    let set = command(&bot, &data).args(words).output().await.unwrap();
    assert!(
        set.status.success(),
        "{}",
        String::from_utf8_lossy(&set.stderr)
    );
    dev.types("hello").await;
    dev.says("bot> secret secret hello").await;
    let logs = command(&bot, &data).arg("events").output().await.unwrap();
    assert!(
        logs.status.success(),
        "the bot of this folder is meant: {}",
        String::from_utf8_lossy(&logs.stderr)
    );
    assert_eq!(dev.ends().await, Some(0));
    assert!(!data.join("host.json").exists());
    assert_eq!(
        std::fs::read_to_string(data.join(".gitignore")).unwrap(),
        "*\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_damaged_are_named_and_nothing_is_made_in_their_place() {
    let (_scene, bot, data) = scene("");
    let file = data.join("keys.json");
    for keys in [
        "",
        "{\"master_key\": \"5e",
        r#"{"master_key":"5e5e","verify_token":"a","app_secret":"a","access_token":"a","control_token":"a"}"#,
    ] {
        std::fs::write(&file, keys).unwrap();
        let mut dev = Dev::start(&bot, &data);
        let told = dev.says("are damaged: delete the folder").await;
        assert!(
            told.contains(&format!("the keys in `{}`", file.display())),
            "{told}"
        );
        assert_eq!(dev.ends().await, Some(1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), keys);
        assert!(!data.join("postgres").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_where_nobody_types_and_a_choice_of_the_webhook_is_waited_for() {
    let app = "const express = { }
const routes = [{ method: 'POST', path: '/a' }]
require('node:http').createServer((req, res) => res.end()).listen(3000)
void [express, routes]";
    let (_scene, bot, data) = scene(app);
    let mut dev = Dev::start(&bot, &data);
    dev.says("no route of the bot answers Meta's webhook handshake")
        .await;
    dev.says("waiting for a save").await;
    let words = ["projects", "set", "bot-09-bot", "webhook_path=/hook"];
    let set = command(&bot, &data).args(words).output().await.unwrap();
    assert!(
        set.status.success(),
        "{}",
        String::from_utf8_lossy(&set.stderr)
    );
    dev.says("webhook /hook (it is set").await;
    assert_eq!(dev.ends().await, Some(0));

    std::fs::write(bot.join("app.js"), "throw new Error('never')").unwrap();
    let mut dev = Dev::start(&bot, &data);
    drop(dev.input.take());
    dev.says("Error: never").await;
    assert_eq!(dev.ends().await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_bot_answers_in_both_languages() {
    let scene = tempfile::tempdir().unwrap();
    let data = scene.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    share_cache(&data);
    for (name, more) in [("pizza", None), ("Pizza TS", Some("--typescript"))] {
        let made = command(scene.path(), &data)
            .args(["new", name])
            .args(more)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&made.stdout).into_owned();
        assert!(
            made.status.success() && said.contains("npm install"),
            "{said}"
        );
        let bot = scene.path().join(name);
        let manifest = std::fs::read_to_string(bot.join("package.json")).unwrap();
        assert!(manifest.contains("\"name\": \"pizza"), "{manifest}");
        let ignored = std::fs::read_to_string(bot.join(".gitignore")).unwrap();
        assert!(ignored.contains(".roost/\n.env\n"), "{ignored}");
        // In the place of `npm install`.
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/node_modules");
        std::os::unix::fs::symlink(packages, bot.join("node_modules")).unwrap();

        let mut dev = Dev::start(&bot, &data);
        dev.says("webhook /webhook").await;
        dev.types("hello").await;
        dev.says("What can we do for you?").await;
        assert_eq!(dev.ends().await, Some(0));
    }
    let mut again = command(scene.path(), &data);
    let again = again.args(["new", "pizza"]).output().await.unwrap();
    assert!(!again.status.success());
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("`pizza` is there already"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_missing_and_what_to_do() {
    let scene = tempfile::tempdir().unwrap();
    let run = async |sdk: Option<&Path>| {
        let mut doctor = command(scene.path(), scene.path());
        doctor.args(["doctor", "--port", "0"]);
        if let Some(sdk) = sdk {
            doctor.env("ROOST_SDK", sdk);
        }
        let output = doctor.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), text)
    };
    let (code, said) = run(None).await;
    assert_eq!(code, Some(0), "{said}");
    for what in [
        "good  SDK: ",
        "good  PostgreSQL for `roost dev`: initdb (PostgreSQL) 18",
        "host: none is asked",
    ] {
        assert!(said.contains(what), "`{what}` is not in: {said}");
    }
    let (code, said) = run(Some(&scene.path().join("none"))).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("BAD   SDK: ") && said.contains("ROOST_SDK names"),
        "{said}"
    );
}

#[tokio::test]
async fn the_emulator_runs_alone() {
    let scene = tempfile::tempdir().unwrap();
    let mut emulator = command(scene.path(), scene.path());
    emulator
        .args(["emulator", "--graph-addr", "127.0.0.1:0"])
        .args(["--control-addr", "127.0.0.1:0", "--control-token", "secret"])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut emulator = emulator.spawn().unwrap();
    let mut lines = BufReader::new(emulator.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    for name in ["graph", "control", "token"] {
        let line = lines.next_line().await.unwrap().unwrap();
        let (key, value) = line.split_once(' ').unwrap();
        assert_eq!(key, name);
        said.push(value.trim().to_owned());
    }
    assert_eq!(said[2], "secret");
    let control = roost_emulator::ControlClient::new(&said[1], "secret").unwrap();
    let app = control.create_app(&Default::default()).await.unwrap();
    let graph = format!("{}/app?access_token={}%7C{}", said[0], app.id, app.secret);
    let read: serde_json::Value = reqwest::get(graph).await.unwrap().json().await.unwrap();
    assert_eq!(read["id"], app.id);
    let mut kept = std::fs::read_dir(scene.path()).unwrap();
    assert!(
        kept.next().is_none(),
        "it keeps nothing unless it is told where"
    );
}
