//! Lists of what bots reach: an operator's for all bots, and a project's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use roost::egress::{EgressPolicy, Lists, OwnAddresses};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::api::cli::{complains, prints};
use super::support::{Contact, Operator, Setup, TestHost, fixture};

const ANA: &str = "16505551234";
const REFUSED: &str = "Roost does not let this bot reach";

/// Stands for the world. It keeps its connections open, so that they are used again.
struct World {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl World {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = requests.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while stream
                        .read_buf(&mut seen)
                        .await
                        .is_ok_and(|count| count > 0)
                    {
                        if seen.ends_with(b"\r\n\r\n") {
                            seen.clear();
                            counted.fetch_add(1, Ordering::Relaxed);
                            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
                            stream.write_all(answer).await.unwrap();
                        }
                    }
                });
            }
        });
        Self { port, requests }
    }

    /// By these names bots get there.
    fn policy(&self, names: &[&str]) -> EgressPolicy {
        let resolved = names
            .iter()
            .map(|name| format!("{name}=127.0.0.1:{}", self.port));
        EgressPolicy {
            resolve: resolved.map(|text| text.parse().unwrap()).collect(),
            ..EgressPolicy::default()
        }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn lists(deny: &[&str], only: &[&str]) -> Lists {
    let owned =
        |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
    Lists::parse(&owned(deny), &owned(only)).unwrap()
}

async fn reaches(ana: &mut Contact, url: &str) -> bool {
    ana.says(url).await;
    let heard = ana.hears().await;
    let is_refused = heard.starts_with(REFUSED);
    assert!(is_refused || heard == "200 hi", "{url}: {heard}");
    !is_refused
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_operator_denies_and_the_machines_own_addresses_no_bot_reaches() {
    let world = World::start().await;
    let policy = world.policy(&["api.test", "ads.test", "a.tracker.test"]);
    let setup = Setup {
        egress: EgressPolicy {
            lists: vec![lists(&["ads.test", "*.tracker.test", "9.9.9.0/24"], &[])],
            own: OwnAddresses::fixed(["8.8.4.4".parse().unwrap()]),
            ..policy
        },
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("fetches", &fixture("fetches_private")).await;
    let mut ana = bot.customer(ANA).await;
    assert!(reaches(&mut ana, "http://api.test/").await);
    for url in [
        "http://ads.test/",
        "http://ADS.test./",
        "http://a.tracker.test/",
        "http://9.9.9.9/",
        "http://0x09090909/",
        // The machine's own.
        "http://8.8.4.4/",
        "http://134743044/",
    ] {
        assert!(!reaches(&mut ana, url).await, "{url}");
    }
    assert_eq!(world.requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_has_lists_of_its_own_which_only_administrators_change() {
    let world = World::start().await;
    let setup = Setup {
        egress: EgressPolicy {
            lists: vec![lists(&["ads.test"], &[])],
            ..world.policy(&["api.test", "other.test", "ads.test"])
        },
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let shop = host.bot("shop", &fixture("fetches_private")).await;
    let pizza = host.bot("pizza", &fixture("fetches_private")).await;
    let (mut ana, mut bea) = (
        shop.customer(ANA).await,
        pizza.customer("16505556789").await,
    );
    assert!(reaches(&mut ana, "http://api.test/").await);
    assert!(reaches(&mut bea, "http://other.test/").await);

    let root = host.operator();
    let writer = json!({ "name": "writer", "scope": "write" });
    let writer = root.post("/v1/tokens", &writer).await.ok();
    let writer = root.with_token(writer["token"].as_str().unwrap());
    let change = json!({ "settings": { "egress_only": ["api.test", "ads.test"] } });
    let refused = writer.patch("/v1/projects/shop", &change).await;
    assert_eq!(refused.refusal(), (403, "scope-too-small".to_owned()));
    let shown = set(&root, "egress_only=api.test, ads.test").await;
    assert!(shown.contains("api.test,ads.test"), "{shown}");

    assert!(reaches(&mut ana, "http://api.test/").await);
    // Open connections of the other bot lead nowhere else.
    assert!(!reaches(&mut ana, "http://other.test/").await);
    assert!(
        !reaches(&mut ana, "http://ads.test/").await,
        "a project gave back what the host denies"
    );
    assert!(
        reaches(&mut bea, "http://other.test/").await,
        "another project"
    );

    set(&root, "egress_only=").await;
    set(&root, "egress_deny=api.test:80").await;
    assert!(!reaches(&mut ana, "http://api.test/").await);
    assert!(reaches(&mut ana, "http://other.test/").await);
    set(&root, "egress_deny=").await;
    assert!(reaches(&mut ana, "http://api.test/").await);

    let words = ["projects", "set", "shop", "egress_deny=http://x.test"];
    let (code, said) = complains(&root, &words).await;
    assert_eq!(code, 1);
    assert!(said.contains("`*.example.com:443`"), "{said}");
}

async fn set(operator: &Operator, setting: &str) -> String {
    prints(operator, &["projects", "set", "shop", setting]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_of_a_host_are_settings_of_the_program() {
    let world = World::start().await;
    let mut host = TestHost::start_with(Setup {
        egress: world.policy(&["api.test"]),
        ..Setup::default()
    })
    .await;
    let bot = host.bot("fetches", &fixture("fetches_private")).await;
    let mut ana = bot.customer(ANA).await;
    assert!(reaches(&mut ana, "http://api.test/").await);
    host.stops().await;
    let names = ["api.test", "ads.test", "other.test"];
    let names = names.map(|name| format!("{name}=127.0.0.1:{}", world.port));
    let process = host
        .is_joined(&[
            ("ROOST_EGRESS_RESOLVE", names.join(",")),
            ("ROOST_EGRESS_ONLY", "*.test".to_owned()),
            ("ROOST_EGRESS_DENY", "ads.test,other.test:80".to_owned()),
        ])
        .await;
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    assert!(reaches(&mut ana, "http://api.test/").await);
    assert!(!reaches(&mut ana, "http://ads.test/").await);
    assert!(!reaches(&mut ana, "http://other.test/").await);
    assert!(!reaches(&mut ana, "http://8.8.8.8/").await);
}
