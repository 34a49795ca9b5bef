//! Calls to Meta's Graph API with a project's token.
//!
//! A call ends in one of three ways, because a send must know which: Meta answered, Meta certainly
//! did not get the request, or nobody knows. Redirects are never followed, no proxy is taken from
//! the environment, and nothing is retried here: `outbox` decides that.
//!
//! So many calls of a project are under way at once, and so many of all; what is above waits its turn, within the time
//! of the call. Calls of the host's own are not counted: it makes them one after the other.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use reqwest::Url;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::time::Instant;
use uuid::Uuid;

use super::inflight::{Full, Held, Room};
use super::media::{MediaBody, MediaError};
use super::watch::{self, TokenWatch};
use crate::rooms::{Place, Places, open_files};

/// Headers of a bot's request that travel to Meta.
const REQUEST_HEADERS: [HeaderName; 3] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    HeaderName::from_static("file_offset"),
];

/// Headers of Meta's answer that travel to the bot.
const RESPONSE_HEADERS: [HeaderName; 13] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_TYPE,
    header::DATE,
    header::LOCATION,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    HeaderName::from_static("facebook-api-version"),
    HeaderName::from_static("x-app-usage"),
    HeaderName::from_static("x-business-use-case-usage"),
    HeaderName::from_static("x-fb-request-id"),
    HeaderName::from_static("x-fb-rev"),
    HeaderName::from_static("x-fb-trace-id"),
];

/// The longest wait that is honoured: a day, after which the message would be news to nobody.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Calls may have one of so many files that the process may open.
const PART_OF_FILES: usize = 16;

/// Connections to one of Meta's hosts that are kept for the next call, and of how many files one may be such.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_PART: usize = 128;

/// Below these domains Meta serves files that answers name.
const FILE_HOSTS: [&str; 4] = ["facebook.com", "fbcdn.net", "fbsbx.com", "whatsapp.net"];

/// Where Meta serves media that messages carry.
const META_MEDIA: &str = "https://lookaside.fbsbx.com";
pub(super) const MEDIA_PATH: &str = "/whatsapp_business/attachments";

/// A token of the Graph API, which no log and no error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(Arc<str>);

/// Where the Graph API is: Meta's address, or that of the emulator that stands for it.
#[derive(Debug, Clone)]
pub struct GraphEndpoint {
    base_url: Url,
    version: String,
}

/// An address or version of the Graph API that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEndpoint {
    /// The address does not parse, or is neither http nor https.
    #[error("`{0}` is not an http(s) address of a Graph API (try `https://graph.facebook.com`)")]
    BaseUrl(String),
    /// The version is not of the form `v25.0`.
    #[error("`{0}` is not a version of the Graph API (try `v25.0`)")]
    Version(String),
}

/// How long a call may take and how much it may bring back.
#[derive(Debug, Clone)]
pub struct GraphLimits {
    /// Name, connection and TLS. Passing it means that Meta got nothing.
    pub connect: Duration,
    /// The whole call. Passing it leaves the outcome unknown.
    pub answer: Duration,
    /// The longest answer that is held as a whole.
    pub max_answer_bytes: usize,
    /// The longest medium; it goes by in pieces.
    pub max_media_bytes: usize,
    /// Between two pieces of a medium.
    pub between_bytes: Duration,
    /// Calls of a project that are under way at once. It is lowered to a sixteenth of those of all, but not below 16.
    pub calls_of_project: usize,
    /// Calls of all that are under way at once. It is lowered to a sixteenth of the files that the process may open.
    pub calls_in_all: usize,
    /// How long one waits for the end of others; no longer than half of what the whole call may take.
    pub patience: Duration,
}

/// A request to the Graph API, without the token.
#[derive(Debug, Clone)]
pub struct GraphRequest {
    /// `GET`, `POST` or `DELETE`.
    pub method: Method,
    /// `v23.0`; the endpoint's own version when absent.
    pub version: Option<String>,
    /// What follows the version, without a leading slash, with its query.
    pub path: String,
    /// Of these, only the content type, `Accept` and `file_offset` are sent.
    pub headers: HeaderMap,
    /// The body, as it goes out.
    pub body: Bytes,
}

/// An answer of the Graph API.
#[derive(Debug, Clone)]
pub struct GraphResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers that bots may see.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// An answer whose body is still coming.
pub struct GraphStream {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers that bots may see.
    pub headers: HeaderMap,
    /// The body.
    pub body: MediaBody,
}

/// What is certain after a call.
#[derive(Debug)]
pub enum Outcome {
    /// Meta answered, whatever the status.
    Answered(GraphResponse),
    /// Meta got nothing: no connection was made. The text says why.
    NotSent(String),
    /// The request may have reached Meta, and no whole answer came back. The text says why.
    Unknown(String),
}

/// A connection pool to one endpoint. Clones share it.
#[derive(Clone)]
pub struct GraphClient {
    http: reqwest::Client,
    /// For media, apart from calls: an answer that nobody reads must not hold up another's.
    media: reqwest::Client,
    endpoint: GraphEndpoint,
    limits: GraphLimits,
    places: Places,
    watch: Option<Arc<dyn TokenWatch>>,
}

impl AccessToken {
    /// Wraps a token.
    pub fn new(token: impl Into<Arc<str>>) -> Self {
        Self(token.into())
    }

    /// The token itself, for a header or for a search that removes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(***)")
    }
}

impl Default for GraphEndpoint {
    fn default() -> Self {
        Self::new("https://graph.facebook.com", "v25.0").expect("the constants are valid")
    }
}

impl GraphEndpoint {
    /// An endpoint at an address, with the version that requests get which name none.
    pub fn new(base_url: &str, version: &str) -> Result<Self, InvalidEndpoint> {
        let url = Url::parse(base_url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| InvalidEndpoint::BaseUrl(base_url.to_owned()))?;
        if !is_version(version) {
            return Err(InvalidEndpoint::Version(version.to_owned()));
        }
        Ok(Self {
            base_url: url,
            version: version.to_owned(),
        })
    }

    /// The version that requests get which name none.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether this is Meta itself and not something that stands for it.
    pub fn is_meta(&self) -> bool {
        self.base_url.host_str() == Some("graph.facebook.com")
    }

    /// Puts Meta's media host where `text` names the endpoint's own address.
    ///
    /// Media addresses that an emulator hands out name the emulator, which bots cannot reach.
    /// They see `https://lookaside.fbsbx.com/…` instead, and the gateway maps it back. Slashes
    /// that JSON escapes are covered. Does nothing when the endpoint is Meta.
    pub fn conceal(&self, text: &str) -> String {
        if self.is_meta() {
            return text.to_owned();
        }
        let origin = self.base_url.origin().ascii_serialization();
        let escaped = |text: &str| text.replace('/', "\\/");
        text.replace(&origin, META_MEDIA)
            .replace(&escaped(&origin), &escaped(META_MEDIA))
    }

    fn url(&self, request: &GraphRequest) -> Option<Url> {
        let base = self.base_url.as_str().trim_end_matches('/');
        let version = request.version.as_deref().unwrap_or(&self.version);
        let root = format!("{base}/{version}/");
        let url = Url::parse(&format!("{root}{}", request.path.trim_start_matches('/'))).ok()?;
        // Dots in the path could climb out of the version.
        url.as_str().starts_with(&root).then_some(url)
    }

    fn media_url(&self, path_and_query: &str) -> Option<Url> {
        let origin = self.media_origin();
        Url::parse(&format!(
            "{origin}/{}",
            path_and_query.trim_start_matches('/')
        ))
        .ok()
    }

    fn serves_media(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.media_origin()
            && url.path().starts_with(MEDIA_PATH)
    }

    fn media_origin(&self) -> String {
        match self.is_meta() {
            true => META_MEDIA.to_owned(),
            false => self.base_url.origin().ascii_serialization(),
        }
    }
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            max_answer_bytes: 8 * 1024 * 1024,
            max_media_bytes: 32 * 1024 * 1024,
            between_bytes: Duration::from_secs(15),
            calls_of_project: 64,
            calls_in_all: 4096,
            patience: Duration::from_secs(10),
        }
    }
}

impl GraphRequest {
    /// A request with a JSON body.
    pub fn json(method: Method, path: impl Into<String>, body: &serde_json::Value) -> Self {
        let content_type = http::HeaderValue::from_static("application/json");
        Self {
            method,
            version: None,
            path: path.into(),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            body: Bytes::from(body.to_string()),
        }
    }

    /// The content type without its parameters, in lower case.
    pub fn content_type(&self) -> String {
        let value = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok());
        essence(value.unwrap_or_default())
    }
}

/// A content type without its parameters, in lower case.
pub(super) fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

impl GraphResponse {
    /// How long Meta asks to wait: seconds, or a date, which is compared with the date of the answer
    /// and not with a clock of this host. At most [`LONGEST_WAIT`].
    pub fn retry_after(&self) -> Option<Duration> {
        let text = |name| self.headers.get(name)?.to_str().ok().map(str::trim);
        let value = text(header::RETRY_AFTER)?;
        let wait = match value.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(value).ok()?;
                let now = text(header::DATE).and_then(|now| DateTime::parse_from_rfc2822(now).ok());
                let now = now.unwrap_or_else(|| Utc::now().into());
                (until - now).to_std().unwrap_or_default()
            }
        };
        Some(wait.min(LONGEST_WAIT))
    }
}

impl GraphStream {
    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, MediaError>> {
        poll_fn(|cx| self.body.poll_piece(cx)).await
    }

    /// The whole answer, when it is no longer than that.
    pub(super) async fn whole(mut self, most: usize) -> Result<GraphResponse, MediaError> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if body.len() + piece.len() > most {
                return Err(MediaError::TooLong(most));
            }
            body.extend_from_slice(&piece);
        }
        Ok(GraphResponse {
            status: self.status,
            headers: self.headers,
            body: body.freeze(),
        })
    }
}

impl GraphClient {
    /// A client for one endpoint. The process must have installed a rustls provider.
    ///
    /// Fails when the TLS configuration cannot be built.
    pub fn new(endpoint: GraphEndpoint, limits: GraphLimits) -> Result<Self, reqwest::Error> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("roost/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .referer(false)
                .connect_timeout(limits.connect)
                // A connection that Meta has closed meanwhile would make a send's outcome unknown.
                .pool_idle_timeout(Duration::from_secs(20))
                .pool_max_idle_per_host(IDLE_CONNECTIONS.min(open_files() / IDLE_PART))
        };
        let (each, all) = (limits.calls_of_project, limits.calls_in_all);
        Ok(Self {
            http: builder().build()?,
            media: builder().http1_only().build()?,
            endpoint,
            limits,
            places: Places::of_files(each, all, PART_OF_FILES),
            watch: None,
        })
    }

    /// With somebody who hears what becomes of tokens.
    pub fn with_watch(self, watch: Arc<dyn TokenWatch>) -> Self {
        Self {
            watch: Some(watch),
            ..self
        }
    }

    /// The endpoint that is called.
    pub fn endpoint(&self) -> &GraphEndpoint {
        &self.endpoint
    }

    /// The limits of a call.
    pub fn limits(&self) -> &GraphLimits {
        &self.limits
    }

    /// Makes one request of the host's own, once.
    ///
    /// *Cancel safety*: a dropped call may have reached Meta.
    pub async fn call(&self, token: &AccessToken, request: &GraphRequest) -> Outcome {
        self.call_of(None, token, request).await
    }

    /// The same for one that takes longer, such as an upload.
    ///
    /// *Cancel safety*: a dropped call may have reached Meta.
    pub async fn call_lasting(
        &self,
        token: &AccessToken,
        request: &GraphRequest,
        lasts: Duration,
    ) -> Outcome {
        let whole = async |response| Ok::<_, Full>(self.read(response).await);
        let outcome = self.exchange(None, token, request, lasts, whole).await;
        // Without a project there is no place to wait for.
        outcome.unwrap_or_else(|Full| Outcome::NotSent("the host is busy".to_owned()))
    }

    /// Makes one request of a project, or of the host's own without one, once.
    ///
    /// *Cancel safety*: a dropped call may have reached Meta.
    pub(super) async fn call_of(
        &self,
        project_id: Option<Uuid>,
        token: &AccessToken,
        request: &GraphRequest,
    ) -> Outcome {
        let whole = async |response| Ok::<_, Full>(self.read(response).await);
        let lasts = self.limits.answer;
        let outcome = self
            .exchange(project_id, token, request, lasts, whole)
            .await;
        // Reading never says so: it is the place that was missing, and nothing was sent.
        outcome.unwrap_or_else(|Full| {
            let reason =
                "the project has as many calls to Meta under way as it may, and none ended in time";
            Outcome::NotSent(reason.to_owned())
        })
    }

    /// Makes one request, once, and reads the answer when there is room for it, which is held as
    /// long as what comes with the outcome. Fails also when no place gets free, before anything was sent.
    ///
    /// *Cancel safety*: a dropped call may have reached Meta.
    pub(super) async fn call_within(
        &self,
        project_id: Uuid,
        token: &AccessToken,
        request: &GraphRequest,
        room: &Room,
    ) -> Result<(Outcome, Option<Held>), Full> {
        let mut held = None;
        let project_id = Some(project_id);
        let outcome = self.exchange(
            project_id,
            token,
            request,
            self.limits.answer,
            async |response: reqwest::Response| {
                let most = self.limits.max_answer_bytes;
                let length = response.content_length().map(|length| length as usize);
                let held = held.insert(room.take(length.unwrap_or(most).min(most)).await?);
                let outcome = self.read(response).await;
                if let Outcome::Answered(answer) = &outcome {
                    held.keep(answer.body.len());
                }
                Ok(outcome)
            },
        );
        let outcome = outcome.await?;
        Ok((outcome, held))
    }

    /// Waits until a project may have one more call under way.
    pub(super) async fn place(&self, project_id: Uuid) -> Result<Place, Full> {
        let patience = self.limits.patience.min(self.limits.answer / 2);
        let place = self.places.take(Some(project_id));
        tokio::time::timeout(patience, place)
            .await
            .map_err(|_| Full)
    }

    /// Fetches media that a message carried, by path and query at Meta's media host. Meta was not
    /// reached, or its answer was lost, when there is none.
    pub(super) async fn media(
        &self,
        token: &AccessToken,
        path_and_query: &str,
    ) -> Result<GraphStream, Outcome> {
        let Some(url) = self.endpoint.media_url(path_and_query) else {
            let reason = "the path is not one of Meta's media host";
            return Err(Outcome::NotSent(reason.to_owned()));
        };
        self.stream(token, url, self.limits.max_media_bytes).await
    }

    /// Fetches media by the address that Meta gave for it, of so many bytes at most. Nobody else is asked: the token
    /// goes along.
    pub async fn media_at(
        &self,
        token: &AccessToken,
        url: &str,
        most: usize,
    ) -> Result<GraphStream, Outcome> {
        let url = Url::parse(url)
            .ok()
            .filter(|url| self.endpoint.serves_media(url));
        let Some(url) = url else {
            let reason = "the address is not one of Meta's media host";
            return Err(Outcome::NotSent(reason.to_owned()));
        };
        self.stream(token, url, most).await
    }

    async fn stream(
        &self,
        token: &AccessToken,
        url: Url,
        most: usize,
    ) -> Result<GraphStream, Outcome> {
        let asked = self.begin(token, self.media.get(url));
        let response = match tokio::time::timeout(self.limits.answer, asked).await {
            Ok(response) => response?,
            Err(_) => return Err(self.is_late()),
        };
        let (status, headers) = (response.status(), seen(&response));
        let body = MediaBody::new(response.into(), most, self.limits.between_bytes);
        let body = body.map_err(|error| Outcome::Unknown(error.to_string()))?;
        Ok(GraphStream {
            status,
            headers,
            body,
        })
    }

    /// Fetches a file that an answer of Meta's named, without a token. Only Meta's own hosts are asked, or the
    /// endpoint's, when it stands for Meta.
    pub async fn download(&self, url: &str) -> Outcome {
        let Some(url) = Url::parse(url).ok().filter(|url| self.is_metas(url)) else {
            let reason = "the file is not at one of Meta's hosts";
            return Outcome::NotSent(reason.to_owned());
        };
        let download = async {
            let builder = self.http.get(url);
            let builder = builder.header(header::ACCEPT_ENCODING, "identity");
            match builder.send().await {
                Ok(response) => self.read(response).await,
                Err(error) => failure(error.without_url()),
            }
        };
        let downloaded = tokio::time::timeout(self.limits.answer, download).await;
        downloaded.unwrap_or_else(|_| self.is_late())
    }

    fn is_metas(&self, url: &Url) -> bool {
        if url.origin() == self.endpoint.base_url.origin() {
            return true;
        }
        let host = url.host_str().unwrap_or_default();
        let is_one = |domain: &&str| {
            let before = host.strip_suffix(*domain);
            before.is_some_and(|before| before.ends_with('.'))
        };
        url.scheme() == "https" && FILE_HOSTS.iter().any(is_one)
    }

    async fn exchange(
        &self,
        project_id: Option<Uuid>,
        token: &AccessToken,
        request: &GraphRequest,
        lasts: Duration,
        read: impl AsyncFnOnce(reqwest::Response) -> Result<Outcome, Full>,
    ) -> Result<Outcome, Full> {
        let Some(url) = self.endpoint.url(request) else {
            let reason = "the path is not one of the Graph API";
            return Ok(Outcome::NotSent(reason.to_owned()));
        };
        let ends_at = Instant::now() + lasts;
        let _place = match project_id {
            Some(project_id) => Some(self.place(project_id).await?),
            None => None,
        };
        let mut headers = HeaderMap::new();
        for name in REQUEST_HEADERS {
            if let Some(value) = request.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let builder = self
            .http
            .request(request.method.clone(), url)
            .headers(headers)
            .body(request.body.clone());
        let call = async {
            match self.begin(token, builder).await {
                Ok(response) => read(response).await,
                Err(outcome) => Ok(outcome),
            }
        };
        match tokio::time::timeout_at(ends_at, call).await {
            Ok(outcome) => {
                if let (Some(watch), Ok(Outcome::Answered(answer))) = (&self.watch, &outcome) {
                    let call = (project_id, request.path.as_str(), token);
                    watch::tell(watch.as_ref(), call, answer);
                }
                outcome
            }
            Err(_) => Ok(Outcome::Unknown(format!("no answer within {lasts:?}"))),
        }
    }

    /// Sends a request and waits for the beginning of the answer.
    async fn begin(
        &self,
        token: &AccessToken,
        builder: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Outcome> {
        // A compressed answer could not be searched for the token.
        let builder = builder.header(header::ACCEPT_ENCODING, "identity");
        let response = builder.bearer_auth(token.reveal()).send().await;
        let response = response.map_err(|error| failure(error.without_url()))?;
        match is_compressed(response.headers()) {
            true => Err(Outcome::Unknown(
                "the answer is compressed, which nobody asked for".to_owned(),
            )),
            false => Ok(response),
        }
    }

    fn is_late(&self) -> Outcome {
        Outcome::Unknown(format!("no answer within {:?}", self.limits.answer))
    }

    async fn read(&self, mut response: reqwest::Response) -> Outcome {
        let (status, headers) = (response.status(), seen(&response));
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.limits.max_answer_bytes => {
                    let limit = self.limits.max_answer_bytes;
                    return Outcome::Unknown(format!("the answer is longer than {limit} bytes"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return Outcome::Unknown("the answer was cut off".to_owned()),
            }
        }
        Outcome::Answered(GraphResponse {
            status,
            headers,
            body: body.freeze(),
        })
    }
}

/// The headers of an answer that bots may see.
fn seen(response: &reqwest::Response) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in RESPONSE_HEADERS {
        for value in response.headers().get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    headers
}

/// Whether a path segment is a version, such as `v25.0`.
pub(super) fn is_version(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).into_iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Only a connection that was never made is certain: a request whose writing failed may have been
/// read in part, and a kept connection may break after Meta has read all of it.
fn failure(error: reqwest::Error) -> Outcome {
    tracing::debug!(error = ?error, "a call to Meta failed");
    match () {
        () if error.is_builder() => Outcome::NotSent("the request is malformed".to_owned()),
        () if error.is_dns() => Outcome::NotSent("Meta's name does not resolve".to_owned()),
        () if error.is_connect() && error.is_timeout() => {
            Outcome::NotSent("connecting to Meta took too long".to_owned())
        }
        () if error.is_connect() => Outcome::NotSent("no connection to Meta".to_owned()),
        () => Outcome::Unknown("the connection to Meta was cut".to_owned()),
    }
}
