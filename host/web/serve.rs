//! One request, from its checks to its answer.

use super::address::{Target, leads_to};
use super::bodies::{self, Ahead, Outgoing, Stopped};
use super::cookies;
use super::forged::{self, Watch};
use super::forwarded::{end_to_end, forward};
use super::places::Place;
use super::refusal::{Asked, Refusal};
use super::{Web, WebSettings, flows};
use crate::capabilities::OutboundBody;
use crate::deploys::Serving;
use crate::flows::Addresses;
use crate::projects::{ProjectId, ProjectName, ProjectStatus, Redactor, Secret};
use crate::runs::{WebRun, WebRunEnd};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Meta's webhooks have no more.
const WEBHOOK_BYTES: usize = 3 << 20;

/// A body of so many bytes is read before the bot begins, and a longer one while it runs.
const SHORT_BYTES: usize = 64 << 10;

/// Where Meta's signature is.
pub(super) const SIGNATURE: &str = "x-hub-signature-256";
const SIGNATURE_BEFORE: &str = "x-hub-signature";

/// A request on its way to its bot.
pub(super) struct Visit {
    pub(super) project: ProjectName,
    pub(super) prefix: Option<String>,
    pub(super) authority: String,
    pub(super) asked: Asked,
    pub(super) started: Instant,
}

/// What of a run stays between the bot and whoever asked.
pub(super) struct Privacy {
    /// Hides what is secret in what the bot says.
    pub(super) redactor: Redactor,
    /// Whether the host's log says nothing of what went wrong but that something did.
    pub(super) hides_failures: bool,
}

impl Web {
    pub(super) async fn answer(
        &self,
        target: Target,
        authority: Option<String>,
        peer: IpAddr,
        request: Request,
    ) -> Response {
        let asked = Asked::of(request.headers());
        let shows_reasons = self.0.settings.is_dev;
        let (project, prefix) = match target {
            Target::Slash(to) => {
                let query = request.uri().query();
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                return Redirect::permanent(&format!("{to}{query}")).into_response();
            }
            Target::Project(project, prefix) => (project, prefix),
            // What is the host's own never comes here.
            Target::Nobody | Target::Host => {
                return Refusal::NoSuchProject.respond(&asked, shows_reasons);
            }
        };
        let visit = Visit {
            project,
            prefix,
            authority: authority.unwrap_or_default(),
            asked,
            started: Instant::now(),
        };
        let method = request.method().clone();
        let mut response = match self.visit(&visit, peer, request).await {
            Ok(response) => response,
            Err(refusal) => {
                refused(&visit, &method, &refusal);
                refusal.respond(&visit.asked, shows_reasons)
            }
        };
        if let Ok(value) = HeaderValue::from_str(&visit.asked.request_id) {
            response
                .headers_mut()
                .entry("x-request-id")
                .or_insert(value);
        }
        response
    }

    async fn visit(
        &self,
        visit: &Visit,
        peer: IpAddr,
        request: Request,
    ) -> Result<Response, Refusal> {
        let settings = &self.0.settings;
        let project = self.0.projects.by_name(&visit.project).await?;
        let project = project.ok_or(Refusal::NoSuchProject)?;
        let path = bare_path(request.uri(), visit.prefix.as_deref());
        if let Some(flow) = Addresses::flow_in(&path) {
            let flow = flow.to_owned();
            return Ok(self.flow(visit, &project, peer, &flow, request).await);
        }
        if project.status != ProjectStatus::Active {
            return Err(Refusal::Paused);
        }
        let version = project.active_version.ok_or(Refusal::NoVersion)?;
        is_possible(settings, &request)?;
        let (mut parts, body) = request.into_parts();
        let mut body = Ahead::of(body);
        let serving = self.0.deploys.serving(project.project_id, version).await?;
        let stopped = Stopped::default();
        self.is_for_anybody(project.project_id, &parts.method, &path)
            .await?;
        flows::forget_marks(&mut parts.headers);
        let is_webhook = is_webhook(&parts.method, &path, &serving);
        let client = settings.trusted_proxies.client(peer, &parts.headers);
        // Who sends slowly holds nobody up: what is read first is read before there is a place.
        let (place, body) = match is_webhook || is_signed_whole(&parts.headers) {
            true => {
                let body = body.whole(WEBHOOK_BYTES, settings.patience).await?;
                let secrets = settings.app_secrets.now();
                signed(&body, &mut parts.headers, &secrets, &serving, is_webhook)?;
                let place = self.place(project.project_id, client.address).await?;
                (place, bodies::whole(body))
            }
            false => {
                let watch = Watch::of(&parts.headers)?;
                let is_first = serving.is_resident() || is_short(&parts.headers);
                if is_first {
                    let most = settings.body_bytes.saturating_add(1);
                    body.read(most, settings.patience).await?;
                }
                let place = self.place(project.project_id, client.address).await?;
                let clock = place.clock(settings.patience / 4);
                let most = settings.body_bytes;
                let body = bodies::incoming(body, watch, clock, most, stopped.clone());
                (place, body)
            }
        };
        end_to_end(&mut parts.headers);
        forward(
            &mut parts.headers,
            client,
            &visit.authority,
            visit.prefix.as_deref(),
        );
        let scheme = if client.is_https { "https" } else { "http" };
        let is_head = parts.method == Method::HEAD;
        let mut request = http::Request::builder()
            .method(parts.method)
            .uri(format!("{scheme}://{}{path}", visit.authority))
            .body(body)
            .map_err(|error| Refusal::Malformed(error.to_string()))?;
        *request.headers_mut() = parts.headers;
        let privacy = Privacy {
            redactor: serving.redactor.clone(),
            hides_failures: false,
        };
        self.run(
            visit,
            project.project_id,
            (serving, privacy),
            request,
            (is_head, stopped),
            place,
        )
        .await
    }

    /// What is for a Flow's data alone, nobody else may send to the bot.
    async fn is_for_anybody(
        &self,
        project: ProjectId,
        method: &Method,
        path: &str,
    ) -> Result<(), Refusal> {
        if is_safe(method) {
            return Ok(());
        }
        let path = path.split('?').next().unwrap_or_default();
        let routes = self.0.flows.routes(project).await?;
        match routes.iter().any(|route| leads_to(path, route)) {
            true => Err(Refusal::FlowRoute),
            false => Ok(()),
        }
    }

    /// Starts the run in a task of its own, and waits for the beginning of its answer.
    pub(super) async fn run(
        &self,
        visit: &Visit,
        project_id: ProjectId,
        (serving, privacy): (Arc<Serving>, Privacy),
        request: http::Request<OutboundBody>,
        (is_head, stopped): (bool, Stopped),
        place: Place,
    ) -> Result<Response, Refusal> {
        let settings = &self.0.settings;
        let gone = CancellationToken::new();
        let guard = gone.clone().drop_guard();
        let clock = place.clock(settings.patience / 4);
        let cut = gone.clone();
        let cut_off = Arc::new(AtomicBool::new(false));
        let (answered, answer) = oneshot::channel();
        let line = Line {
            hides_failures: privacy.hides_failures,
            ..Line::of(visit, request.method())
        };
        let redactor = privacy.redactor.clone();
        let run = WebRun {
            project_id,
            serving,
            request,
            redactor: privacy.redactor,
            patience: settings.patience,
            first_byte: settings.first_byte,
            gone,
            cut_off: cut_off.clone(),
        };
        let (runner, abandon) = (self.0.runner.clone(), self.0.abandon.clone());
        self.0.runs.spawn(async move {
            tokio::select! {
                end = runner.run_web(run, answered) => line.write(&end),
                () = abandon.cancelled() => tracing::warn!(
                    request.id = line.request_id, project = line.project,
                    "a web request was ended: the host stops"
                ),
            }
            drop(place);
        });
        let answer = tokio::select! {
            biased;
            why = stopped.why() => return Err(why),
            answer = answer => answer,
        };
        // The task is gone without a word only when it panicked or the host stops.
        let without_a_word =
            |_| Refusal::Unavailable(anyhow::anyhow!("the run ended without a word"));
        let response = answer.map_err(without_a_word)?;
        let response = response.map_err(|error| Refusal::from(error).without_secrets(&redactor))?;
        let (mut parts, body) = response.into_parts();
        if parts.status.is_informational() {
            let reason = format!("its answer has status {}, which is no end", parts.status);
            return Err(Refusal::Failed(reason));
        }
        end_to_end(&mut parts.headers);
        cookies::keep_to(&visit.authority, &mut parts.headers);
        if let Some(prefix) = &visit.prefix {
            stay_below(prefix, &mut parts.headers);
        }
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        let has_body = !is_head && !bodiless.contains(&parts.status);
        let body = bodies::relayed(body, settings.reader, clock, cut);
        let body = Outgoing::new(body, has_body, settings.answer_bytes, cut_off, guard);
        Ok(Response::from_parts(parts, Body::new(body)))
    }

    /// The right to run.
    pub(super) async fn place(&self, project: ProjectId, client: IpAddr) -> Result<Place, Refusal> {
        let taking = self.0.places.take(project, client);
        match tokio::time::timeout(self.0.settings.patience, taking).await {
            Ok(Ok(place)) => Ok(place),
            // Nobody closes them.
            Ok(Err(error)) => Err(Refusal::Unavailable(error.into())),
            Err(_) => Err(Refusal::Busy),
        }
    }
}

/// What no bot can answer, and what is too much before it is read.
fn is_possible(settings: &WebSettings, request: &Request) -> Result<(), Refusal> {
    let method = request.method();
    if *method == Method::CONNECT || *method == Method::TRACE {
        return Err(Refusal::Method(method.clone()));
    }
    let headers = request.headers();
    let upgrade = headers
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok());
    if upgrade.is_some_and(|upgrade| upgrade.to_ascii_lowercase().contains("websocket")) {
        return Err(Refusal::WebSocket);
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > settings.body_bytes as u64) {
        return Err(Refusal::TooLarge(settings.body_bytes));
    }
    Ok(())
}

/// Path and query as the bot is to see them.
fn bare_path(uri: &http::Uri, prefix: Option<&str>) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let bare = prefix
        .and_then(|prefix| path.strip_prefix(prefix))
        .unwrap_or(path);
    bare.to_owned()
}

/// Whether a request changes nothing.
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

/// Whether it is a delivery to the webhook. Meta's handshake and other readers change nothing.
fn is_webhook(method: &Method, path: &str, serving: &Serving) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    !is_safe(method) && leads_to(path, &serving.webhook_path)
}

/// Whether a request carries a signature like Meta's over a body that may be read first.
fn is_signed_whole(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    headers.contains_key(SIGNATURE) && length.is_some_and(|length| length <= WEBHOOK_BYTES)
}

/// Whether a body is said to be so short that it is read before the bot begins.
fn is_short(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length <= SHORT_BYTES)
}

/// Signs what Meta signed with what the bot checks: its copy of the app's secret is another.
///
/// Meta calls a bot's own routes with a Flow's data requests. To the webhook's path nobody else may
/// post, and Meta's webhooks to no other path either; those that Meta sends come by the host's, which keeps
/// them. What else somebody else signed goes to other routes as it is.
fn signed(
    body: &[u8],
    headers: &mut HeaderMap,
    app_secrets: &[Secret],
    serving: &Serving,
    is_webhook: bool,
) -> Result<(), Refusal> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let Some(signature) = signature else {
        return match is_webhook {
            true => Err(Refusal::UnsignedWebhook),
            false => forged::look_through(headers, body),
        };
    };
    let own = std::slice::from_ref(&serving.app_secret);
    if crate::http::is_signed(own, signature, body) {
        return Ok(());
    }
    if !crate::http::is_signed(app_secrets, signature, body) {
        return match is_webhook {
            true => Err(Refusal::UnsignedWebhook),
            false => forged::look_through(headers, body),
        };
    }
    if let Err(Refusal::UnsignedWebhook) = forged::look_through(headers, body) {
        return Err(Refusal::MisplacedWebhook);
    }
    let secret = &serving.app_secret;
    let signatures = [
        (SIGNATURE, crate::http::sign(secret, body)),
        (SIGNATURE_BEFORE, crate::http::sign_as_before(secret, body)),
    ];
    for (name, signature) in signatures {
        let signature = HeaderValue::try_from(signature);
        let signature = signature.map_err(|error| Refusal::Malformed(error.to_string()))?;
        headers.insert(name, signature);
    }
    Ok(())
}

/// Keeps redirects of a bot that knows nothing of its prefix below the prefix.
fn stay_below(prefix: &str, headers: &mut HeaderMap) {
    let location = headers
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok());
    if let Some(path) = location.filter(|to| to.starts_with('/') && !to.starts_with("//"))
        && let Ok(value) = HeaderValue::from_str(&format!("{prefix}{path}"))
    {
        headers.insert(header::LOCATION, value);
    }
}

/// What the log says of a request. Paths and queries are the visitors' own: they are not in it.
struct Line {
    request_id: String,
    project: String,
    method: Method,
    started: Instant,
    hides_failures: bool,
}

impl Line {
    fn of(visit: &Visit, method: &Method) -> Self {
        Self {
            request_id: visit.asked.request_id.clone(),
            project: visit.project.as_str().to_owned(),
            method: method.clone(),
            started: visit.started,
            hides_failures: false,
        }
    }

    fn write(&self, end: &WebRunEnd) {
        let report = &end.report;
        let status = report.response_status;
        let failure = end.failure.as_deref();
        let failure = failure.map(|failure| match self.hides_failures {
            true => "the bot failed; its own log says how",
            false => failure,
        });
        tracing::info!(
            request.id = self.request_id,
            project = self.project,
            method = %self.method,
            status,
            event = end.request_number,
            duration_ms = self.started.elapsed().as_millis() as u64,
            wall_ms = report.wall.as_millis() as u64,
            cpu_ms = report.cpu.as_millis() as u64,
            memory_bytes = report.memory_bytes,
            host_calls = report.host_calls,
            messages_sent = report.sends,
            failure,
            "web request: {} {}",
            self.method,
            status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
        );
    }
}

fn refused(visit: &Visit, method: &Method, refusal: &Refusal) {
    tracing::info!(
        request.id = visit.asked.request_id,
        project = visit.project.as_str(),
        %method,
        status = refusal.status().as_u16(),
        duration_ms = visit.started.elapsed().as_millis() as u64,
        error.code = refusal.code(),
        error.chain = refusal.reason(),
        "web request: {method} {}, {}",
        refusal.status().as_u16(),
        refusal.code()
    );
}
