//! Bots' own web routes: `{project}.{domain}`, an origin for each, on the host's public listener.
//!
//! ```text
//!  request ─▶ address ─▶ forwarded ─▶ serve ─▶ runs::web ─▶ the bot
//!             whose,     who asked    limits    streams both ways
//!             by Host
//! ```
//!
//! A layer in front of the host's own routes: what is for a project never reaches them, so a bot may
//! have paths with the same names, and what is for the host goes on. In `roost dev` a project is
//! also at `/p/{project}/`, without DNS; elsewhere that would put all bots into one origin.
//!
//! Not here: what a run may use (`runs`), and the webhook of the host (`http`).

mod address;
mod bodies;
mod cookies;
mod flows;
mod forged;
mod forwarded;
mod places;
mod refusal;
mod serve;

use crate::deploys::Deploys;
use crate::flows::Flows;
use crate::projects::{Accepted, ProjectStore};
use crate::runs::Runner;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::{Domain, DomainError};
pub use forwarded::{ProxiesError, TrustedProxies};

use address::Target;
use places::Places;

/// How bots' routes are served.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Below which each project has a name; without one bots have no routes of their own.
    pub domain: Option<Domain>,
    /// Whether `/p/{project}/` leads to a project, and whether answers say why a bot failed:
    /// for the author's own machine.
    pub is_dev: bool,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: TrustedProxies,
    /// What a request's body may have.
    pub body_bytes: usize,
    /// What an answer's body may have.
    pub answer_bytes: u64,
    /// How long a bot may take to begin its answer.
    pub first_byte: Duration,
    /// How long a request waits for its turn, and what is read of its body before. A visitor who lets a bot
    /// wait for a quarter of it while others wait is cut off.
    pub patience: Duration,
    /// How long whoever reads an answer may take nothing of it.
    pub reader: Duration,
    /// Requests of one project at once.
    pub running_per_project: usize,
    /// Requests of all projects at once.
    pub running: usize,
    /// How long an answer to a Flow's data request may take; Meta waits for ten seconds.
    pub flow_answer: Duration,
    /// The Meta app's secrets: what Meta signs a request to a bot's own route with.
    pub app_secrets: Accepted,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            domain: None,
            is_dev: false,
            trusted_proxies: TrustedProxies::default(),
            body_bytes: 10 << 20,
            answer_bytes: 64 << 20,
            first_byte: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            reader: Duration::from_secs(10),
            running_per_project: 16,
            running: 256,
            flow_answer: Duration::from_secs(9),
            app_secrets: Accepted::default(),
        }
    }
}

/// Serves bots' routes. Clones share it.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    settings: WebSettings,
    projects: ProjectStore,
    deploys: Deploys,
    runner: Runner,
    flows: Flows,
    places: Places,
    runs: TaskTracker,
    /// Ends all runs.
    abandon: CancellationToken,
}

impl Web {
    /// From what it needs.
    pub fn new(
        settings: WebSettings,
        projects: ProjectStore,
        deploys: Deploys,
        runner: Runner,
        flows: Flows,
    ) -> Self {
        Self(Arc::new(Inner {
            places: Places::new(settings.running_per_project, settings.running),
            settings,
            projects,
            deploys,
            runner,
            flows,
            runs: TaskTracker::new(),
            abandon: CancellationToken::new(),
        }))
    }

    /// Waits for what runs, and ends what still runs after `patience`.
    pub async fn stop(&self, patience: Duration) {
        self.0.runs.close();
        if tokio::time::timeout(patience, self.0.runs.wait())
            .await
            .is_err()
        {
            self.0.abandon.cancel();
            self.0.runs.wait().await;
        }
    }
}

/// The layer: a project's requests go to its bot, the rest goes on.
pub async fn dispatch(State(web): State<Web>, request: Request, next: Next) -> Response {
    let settings = &web.0.settings;
    let authority = authority_of(&request);
    let target = address::target(
        settings.domain.as_ref(),
        settings.is_dev,
        authority.as_deref(),
        request.uri().path(),
    );
    match target {
        Target::Host => next.run(request).await,
        target => {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
            let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
            web.answer(target, authority, peer, request).await
        }
    }
}

/// Where the request wants to go. The request line wins over the header, as RFC 9112 says.
fn authority_of(request: &Request) -> Option<String> {
    let line = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let header = request.headers().get(http::header::HOST);
    let header = header.and_then(|host| host.to_str().ok());
    line.or(header).map(str::to_owned)
}
