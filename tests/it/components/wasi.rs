//! WASI 0.2 in the sandbox: what it gives, what it refuses, and how its handler is called.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use roost::capabilities::{Grants, Level, LogSink};
use roost::sandbox::{Answer, Bot, Budget, Instance, RunError, Sandbox, SandboxSettings};

#[derive(Default)]
struct Lines(Mutex<Vec<(Level, String)>>);

impl LogSink for Lines {
    fn write(&self, level: Level, message: &str) {
        self.0.lock().unwrap().push((level, message.to_owned()));
    }
}

impl Lines {
    fn take(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The fixture `probes_wasi`.
struct Probe {
    bot: Bot,
    log: Arc<Lines>,
}

impl Probe {
    fn new() -> Self {
        let settings = SandboxSettings {
            instances: 2,
            ..SandboxSettings::default()
        };
        let sandbox = Sandbox::new(settings).unwrap();
        Self {
            bot: Bot::load(&sandbox, &super::read("probes_wasi")).unwrap(),
            log: Arc::default(),
        }
    }

    fn grants(&self, log: &Arc<Lines>) -> Grants {
        let environment = [("PORT".to_owned(), "3000".to_owned())].into();
        Grants::none()
            .with_secrets(Arc::new(environment))
            .with_log(log.clone())
    }

    async fn asks(&self, path: &str) -> Result<Answer, RunError> {
        let grants = self.grants(&self.log);
        let mut instance = Instance::start(&self.bot, Budget::default(), grants).await?;
        instance.handle(post(path)).await
    }
}

fn post(path: &str) -> http::Request<Bytes> {
    let url = format!("http://bot.roost.local{path}");
    http::Request::post(url)
        .header("host", "bot.roost.local")
        .body(Bytes::new())
        .unwrap()
}

fn info(lines: &[(Level, String)]) -> Vec<&str> {
    let of_level = lines.iter().filter(|(level, _)| *level == Level::Info);
    of_level.map(|(_, line)| line.as_str()).collect()
}

#[tokio::test]
async fn wasi_gives_the_environment_and_the_log_and_no_files_sockets_or_addresses() {
    let probe = Probe::new();

    let answer = probe.asks("/webhook").await.unwrap();

    assert_eq!(answer.response.body(), "ok");
    let lines = probe.log.take();
    assert_eq!(
        info(&lines),
        [
            "file: No such file or directory",
            // `access-denied` of `wasi:sockets/network`.
            "tcp: error 1",
            "udp: error 1",
            "stdin: nothing",
            "home: none",
            "port: 3000",
            // `HTTP-request-denied` of `wasi:http/types`: these grants have no way out.
            "http: error 15",
            "a line that never ends",
        ]
    );
    let error = (Level::Error, "to standard error".to_owned());
    assert!(lines.contains(&error), "{lines:?}");
}

#[tokio::test]
async fn the_output_of_an_instance_that_lives_on_is_its_events() {
    let probe = Probe::new();
    let (first, second) = (Arc::<Lines>::default(), Arc::<Lines>::default());
    let budget = Budget::default();
    let mut instance = Instance::start(&probe.bot, budget, probe.grants(&first))
        .await
        .unwrap();
    instance.handle(post("/webhook")).await.unwrap();
    drop(instance.disarm());
    let ended = info(&first.take()).last().map(|line| (*line).to_owned());
    assert_eq!(ended.as_deref(), Some("a line that never ends"));

    instance.rearm(budget, probe.grants(&second));
    instance.handle(post("/webhook")).await.unwrap();
    drop(instance);

    assert!(first.take().is_empty());
    assert_eq!(info(&second.take()).len(), 8);
}

#[tokio::test]
async fn a_response_is_read_while_the_handler_writes_it() {
    let answer = Probe::new().asks("/long").await.unwrap();

    assert_eq!(answer.response.body().len(), 300 * 1024 - 1);
}

#[tokio::test]
async fn a_handler_that_does_not_answer_says_why() {
    let probe = Probe::new();
    for (path, why) in [
        ("/exit", "it ended itself with exit code 1"),
        ("/half", "its response broke off"),
        (
            "/nothing",
            "ended its work on the request without answering it",
        ),
    ] {
        let error = probe.asks(path).await.unwrap_err();

        assert!(matches!(error, RunError::NoAnswer(_)), "{path}: {error:?}");
        assert!(error.to_string().contains(why), "{path}: {error}");
    }
}

#[test]
fn a_component_has_one_memory() {
    use wasm_encoder::{Component, MemorySection, MemoryType, Module};
    let mut module = Module::new();
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut component = Component::new();
    let mut instances = wasm_encoder::InstanceSection::new();
    for n in 0..2 {
        component.section(&wasm_encoder::ModuleSection(&module));
        let none: [(&str, wasm_encoder::ModuleArg); 0] = [];
        instances.instantiate(n, none);
    }
    component.section(&instances);
    let sandbox = Sandbox::new(SandboxSettings {
        instances: 2,
        ..SandboxSettings::default()
    });

    let error = Bot::load(&sandbox.unwrap(), &component.finish())
        .err()
        .unwrap();

    let error = format!("{error:#}");
    assert!(error.contains("2 Wasm linear memories"), "{error}");
}
