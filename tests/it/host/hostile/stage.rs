//! A host with a hostile bot, its neighbour, and the service that the hostile one may reach, for all tests of a run.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream;
use http_body_util::BodyExt as _;
use roost::egress::{EgressArgs, EgressPolicy};
use roost::sandbox::Budget;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;

use super::super::support::{Setup, TestHost, fixture, guest, log};
use super::components;
use crate::support::keeper::Keeper;

/// The value of a secret of the hostile bot's project.
pub(super) const SECRET: &str = "sk_live_of_the_hostile_bot";

/// Processor time of an event. What another bound ends needs less.
const CPU: Duration = Duration::from_secs(3);

/// What uses up its processor time must come to it on a busy machine, too.
pub(super) const WALL: Duration = Duration::from_secs(60);

/// MiB. It is used up soon, and is more than calls that have not ended may hold.
const MEMORY: i32 = 96;

/// 128 MiB of zeros, by Brotli.
const BOMB: &str = "z///f/gnAOKxQCD3/p/////wTwDEYQGA7v0/////4Z8AiMMiAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwWAOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/Pw==";

/// Where everything is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Places {
    pub(super) host: SocketAddr,
    pub(super) admin: SocketAddr,
    /// The emulator's control API, and its token.
    pub(super) control: (String, String),
    /// The hostile bot's number.
    pub(super) hostile: String,
    /// Meta's token for it.
    pub(super) token: String,
    /// The neighbour's number, and its schema.
    pub(super) echo: String,
    pub(super) schema: String,
    /// The one service that the hostile bot may reach, as `http://peer.test`.
    pub(super) peer: u16,
    /// One beside it, which it may not.
    pub(super) guarded: u16,
    /// Tells [`Sights`].
    pub(super) watch: SocketAddr,
}

/// What was seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sights {
    /// Connections to what is guarded, in all.
    pub(super) visitors: usize,
    /// What the peer was asked for since, with all headers.
    pub(super) asked: Vec<String>,
    pub(super) asked_in_all: usize,
    /// What host and bots logged since.
    pub(super) log: String,
    pub(super) logged_in_all: usize,
}

/// How much of it is known.
#[derive(Deserialize)]
struct Since {
    asked: usize,
    logged: usize,
}

/// Another program has a stage of its own.
fn keeper() -> Keeper {
    let program = std::env::current_exe().and_then(std::fs::metadata).unwrap();
    let built = program.modified().unwrap();
    let built = built.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let name = format!("stage-{}", built.as_nanos());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    Keeper {
        folder,
        test: "host::hostile::stage::keeps_the_stage",
        patience: Duration::from_secs(200),
    }
}

/// The stage, set up if it is not there.
pub(super) async fn places() -> Places {
    serde_json::from_str(&keeper().said().await).unwrap()
}

/// The stage itself. Does nothing in a run of the tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_stage() {
    let Some(kept) = keeper().is_here().await else {
        return;
    };
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let peer = serves(peer(asked.clone())).await;
    let (guarded, visitors) = guarded().await;
    let mut host = TestHost::start_with(setup(peer.port())).await;
    let echo = host.bot("echo", &guest("echo")).await;
    let hostile = host.project("hostile").await;
    let projects = host.app().projects();
    let secrets = format!("SOUP_KEY={SECRET}");
    let set = projects.import_secrets(hostile.id, &secrets, false).await;
    assert_eq!(set.unwrap().set, ["SOUP_KEY"]);
    let memory = json!({ "settings": { "memory": MEMORY } });
    host.operator()
        .patch("/v1/projects/hostile", &memory)
        .await
        .ok();
    host.deploys(&hostile, &fixture("hostile")).await.unwrap();
    for component in components::ALL {
        host.bare_project(&components::project(component)).await;
    }
    let placement = host.app().projects().by_id(echo.id).await.unwrap();
    let watch = Router::new().fallback(move |Query(since): Query<Since>| {
        let (log, asked) = (log(), asked.lock().unwrap());
        let sights = Sights {
            visitors: visitors.load(Ordering::Relaxed),
            asked: asked.iter().skip(since.asked).cloned().collect(),
            asked_in_all: asked.len(),
            log: log.get(since.logged..).unwrap_or_default().to_owned(),
            logged_in_all: log.len(),
        };
        std::future::ready(Json(sights))
    });
    let places = Places {
        host: host.address(),
        admin: host.app().admin_address(),
        control: host.control_address(),
        hostile: hostile.number_id.clone(),
        token: hostile.token.clone(),
        echo: echo.number_id.clone(),
        schema: placement.placement.unwrap().schema,
        peer: peer.port(),
        guarded,
        watch: serves(watch).await,
    };
    kept.serves(&serde_json::to_string(&places).unwrap()).await;
}

fn setup(peer: u16) -> Setup {
    let mut setup = Setup {
        budget: Budget {
            wall: WALL,
            cpu: CPU,
            host_calls: 500,
            requests: 50,
            sends: 20,
            ..Budget::default()
        },
        max_attempts: 1,
        egress: EgressPolicy::from(EgressArgs {
            egress_resolve: vec![format!("peer.test=127.0.0.1:{peer}").parse().unwrap()],
            ..EgressArgs::default()
        }),
        ..Setup::default()
    };
    setup.web.first_byte = Duration::from_secs(3);
    setup.web.body_bytes = 1 << 20;
    setup.web.answer_bytes = 1 << 20;
    setup
}

async fn serves(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The port of what nobody may reach, and how many did.
async fn guarded() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let visitors = Arc::new(AtomicUsize::new(0));
    let count = visitors.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (port, visitors)
}

fn peer(asked: Arc<Mutex<Vec<String>>>) -> Router {
    let noted = move |request: Request| {
        let asked = asked.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(|all| all.to_bytes());
            let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
            let line = format!("{} {} {:?} {body}", head.method, head.uri, head.headers);
            asked.lock().unwrap().push(line);
            "seen"
        }
    };
    Router::new()
        .route("/endless", get(endless))
        .route("/sink", any(sink))
        .route("/away", get(away))
        .route("/bomb", get(bomb))
        .fallback(noted)
}

async fn endless() -> Body {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    Body::from_stream(stream::repeat_with(move || {
        Ok::<_, Infallible>(piece.clone())
    }))
}

async fn sink(request: Request) -> &'static str {
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
    "all of it"
}

async fn bomb() -> Response {
    let packed = STANDARD.decode(BOMB).unwrap();
    ([(header::CONTENT_ENCODING, "br")], packed).into_response()
}

#[derive(Deserialize)]
struct Away {
    to: String,
}

async fn away(Query(away): Query<Away>) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, away.to)]).into_response()
}
