//! A hostile bot and its neighbour on one host, and the service that the hostile one may reach.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use futures::stream;
use http_body_util::BodyExt as _;
use roost::egress::{EgressArgs, EgressPolicy};
use roost::sandbox::Budget;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::super::support::{
    Contact, DEADLINE, Operator, Setup, TestHost, TestProject, fixture, guest,
};

/// The value of a secret of the hostile bot's project.
pub(super) const SECRET: &str = "sk_live_of_the_hostile_bot";

/// The phone of the neighbour's customer.
const BEA: &str = "16505556789";

/// Processor time for what uses it up.
pub(super) const LITTLE: Duration = Duration::from_millis(500);

/// Processor time for what another bound ends: as much as the clock on the wall lets it have.
pub(super) const PLENTY: Duration = WALL;

/// What uses up its processor time must come to it on a busy machine too.
const WALL: Duration = Duration::from_secs(20);

/// A line of the table.
struct Row {
    says: String,
    outcome: String,
    shows: Vec<String>,
}

/// The lines of one part of the table, with what only this run knows in its places.
fn rows(part: &str, with: &[(&str, String)]) -> Vec<Row> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/host/hostile/rows.txt"
    );
    let mut table = std::fs::read_to_string(file).unwrap();
    for (name, value) in with {
        table = table.replace(name, value);
    }
    let heading = format!("## {part}");
    let lines = table.lines().skip_while(|line| *line != heading).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    let rows: Vec<Row> = lines
        .map(|line| {
            let columns: Vec<&str> = line.split(" | ").collect();
            let [says, outcome, shows] = columns[..] else {
                panic!("three columns: {line}");
            };
            // The bot names what it tells of.
            let is_told = shows
                .split(" / ")
                .all(|one| !format!("{says}: ").contains(one));
            assert!(is_told, "shows only that it was tried: {line}");
            Row {
                says: says.to_owned(),
                outcome: outcome.to_owned(),
                shows: shows.split(" / ").map(str::to_owned).collect(),
            }
        })
        .collect();
    assert!(!rows.is_empty(), "`{part}` has no rows");
    rows
}

/// The one service that the hostile bot may reach, as `http://peer.test`.
pub(super) struct Peer {
    pub(super) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let sees = seen.clone();
        let noted = move |request: Request| {
            sees.lock().unwrap().push(request.uri().to_string());
            std::future::ready("seen")
        };
        let router = Router::new()
            .route("/endless", get(endless))
            .route("/sink", any(sink))
            .route("/away", get(away))
            .fallback(noted);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, seen }
    }

    /// The addresses that it was asked for.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
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

#[derive(serde::Deserialize)]
struct Away {
    to: String,
}

async fn away(Query(away): Query<Away>) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, away.to)]).into_response()
}

pub(super) struct Stage {
    pub(super) host: TestHost,
    pub(super) hostile: TestProject,
    pub(super) echo: TestProject,
    pub(super) peer: Peer,
    operator: Operator,
    bea: Contact,
    /// How many were said to the hostile bot.
    said: u32,
}

impl Stage {
    /// With so much processor time for each event.
    pub(super) async fn start(cpu: Duration) -> Self {
        let peer = Peer::start().await;
        let setup = Setup {
            budget: Budget {
                wall: WALL,
                cpu,
                host_calls: 500,
                requests: 50,
                sends: 20,
                ..Budget::default()
            },
            max_attempts: 1,
            egress: EgressPolicy::from(EgressArgs {
                egress_resolve: vec![
                    format!("peer.test=127.0.0.1:{}", peer.port)
                        .parse()
                        .unwrap(),
                ],
                ..EgressArgs::default()
            }),
            ..Setup::default()
        };
        let mut host = TestHost::start_with(setup).await;
        let echo = host.bot("echo", &guest("echo")).await;
        let hostile = host.project("hostile").await;
        let secrets = format!("SOUP_KEY={SECRET}");
        let projects = host.app().projects();
        let set = projects.import_secrets(hostile.id, &secrets, false).await;
        assert_eq!(set.unwrap().set, ["SOUP_KEY"]);
        host.deploys(&hostile, &fixture("hostile")).await.unwrap();
        Self {
            operator: host.operator(),
            bea: echo.customer(BEA).await,
            host,
            hostile,
            echo,
            peer,
            said: 0,
        }
    }

    /// Parts of the table, one row after the other; all that went otherwise is told together.
    pub(super) async fn plays(&mut self, parts: &[&str], with: &[(&str, String)]) {
        let mut problems = Vec::new();
        for row in parts.iter().flat_map(|part| rows(part, with)) {
            let (phone, ana) = self.says(&row.says).await;
            let answered = self.neighbour_is_answered(&row.says).await;
            let event = self.event("hostile", &phone, &row.says).await;
            is_not_held_up(&answered, &event, &row.says);
            problems.extend(self.problem(&row, &event, ana).await);
        }
        self.all_is_well(problems).await;
    }

    /// All at once: for what waits until its time is up.
    pub(super) async fn plays_at_once(&mut self, part: &str) {
        let (mut begun, mut problems) = (Vec::new(), Vec::new());
        for row in rows(part, &[]) {
            let (phone, ana) = self.says(&row.says).await;
            begun.push((row, phone, ana));
        }
        let answered = self.neighbour_is_answered("all at once").await;
        for (row, phone, ana) in begun {
            let event = self.event("hostile", &phone, &row.says).await;
            is_not_held_up(&answered, &event, &row.says);
            problems.extend(self.problem(&row, &event, ana).await);
        }
        self.all_is_well(problems).await;
    }

    /// Somebody new says something to the hostile bot.
    async fn says(&mut self, text: &str) -> (String, Contact) {
        self.said += 1;
        let phone = format!("1650557{:04}", self.said);
        let ana = self.hostile.customer(&phone).await;
        ana.says(text).await;
        (phone, ana)
    }

    /// The neighbour's event, which came after the hostile bot's.
    async fn neighbour_is_answered(&mut self, text: &str) -> Value {
        self.bea.says(text).await;
        assert_eq!(self.bea.hears().await, format!("You said: {text}"));
        self.event("echo", BEA, text).await
    }

    /// What went otherwise than the row says.
    async fn problem(&self, row: &Row, event: &Value, mut ana: Contact) -> Option<String> {
        let ended = event["runs"][0]["outcome"].as_str().unwrap_or("no run");
        let begin = Instant::now();
        let mut heard = ana.unheard().await;
        loop {
            let seen = format!("{event}\nheard: {heard:?}");
            let is_shown = row.shows.iter().any(|shows| seen.contains(shows));
            if row.outcome == ended && is_shown {
                return None;
            }
            if begin.elapsed() > Duration::from_secs(10) {
                let Row {
                    says,
                    outcome,
                    shows,
                } = row;
                let seen: String = seen.chars().take(2_000).collect();
                return Some(format!(
                    "`{says}` was to end as `{outcome}` and show {shows:?}, and ended as `{ended}`:\n{seen}\n"
                ));
            }
            heard.extend(ana.unheard().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The event of the last message of somebody, when it is over.
    async fn event(&self, project: &str, phone: &str, said: &str) -> Value {
        let begin = Instant::now();
        let list = format!("/v1/projects/{project}/events?kind=message&limit=1&contact={phone}");
        loop {
            let list = self.operator.get(&list).await.ok();
            let found = &list["items"][0];
            if found["state"] == "done" || found["state"] == "dead" {
                let id = found["id"].as_str().unwrap();
                let path = format!("/v1/projects/{project}/events/{id}");
                return self.operator.get(&path).await.ok();
            }
            assert!(begin.elapsed() < DEADLINE, "`{said}` never ends: {list}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn all_is_well(&self, problems: Vec<String>) {
        let text = problems.join("\n");
        assert!(problems.is_empty(), "\n{text}");
        self.host.settles(&self.echo).await;
        let others = self.host.events(&self.echo).await;
        assert!(
            others
                .iter()
                .all(|event| event.state == "done" && event.attempts == 1),
            "{others:?}"
        );
    }
}

/// Asserts that a neighbour did not wait until the time of the event beside it was over.
#[track_caller]
fn is_not_held_up(neighbours: &Value, beside: &Value, said: &str) {
    let finished = |event: &Value| event["event"]["finished_at"].as_str().unwrap().to_owned();
    let wall = beside["runs"][0]["wall_ms"].as_f64().unwrap_or_default();
    if wall >= WALL.as_secs_f64() * 1_000.0 {
        // Times of one length: they compare as texts do.
        assert!(
            finished(neighbours) < finished(beside),
            "the neighbour of `{said}` waited for its end"
        );
    }
}
