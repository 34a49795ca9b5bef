//! Asks a host's admin API.

use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use uuid::Uuid;

use super::{ApiArgs, CliError};
use crate::http::Problem;
use crate::views::Page;

/// A host that does not even take the connection in that time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most that a page may have.
const PAGE: usize = 200;

/// Where hosts listen unless they are told otherwise.
const USUAL_URL: &str = "http://127.0.0.1:4001";

/// How a `roost dev` is reached from the folder that it keeps its data in.
#[derive(Deserialize, Serialize)]
pub struct LocalHost {
    pub url: String,
    pub token: String,
    /// The project of the bot that is worked on.
    #[serde(default)]
    pub project: Option<String>,
}

impl LocalHost {
    /// Beside the data of local bots; of mode 0600, and gone when `roost dev` ends.
    pub const FILE: &str = "host.json";

    /// That of the folder, if one runs.
    fn here() -> Option<Self> {
        let data = std::env::var_os("ROOST_DATA").unwrap_or_else(|| ".roost".into());
        let text = std::fs::read_to_string(Path::new(&data).join(Self::FILE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The project that words are about which name neither a host nor a project.
    pub(super) fn project_here() -> Option<&'static str> {
        static PROJECT: OnceLock<Option<String>> = OnceLock::new();
        let found = PROJECT.get_or_init(|| {
            let is_elsewhere = ["ROOST_URL", "ROOST_TOKEN"]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
            let mut flags = std::env::args();
            let is_named =
                flags.any(|flag| flag.starts_with("--url") || flag.starts_with("--token"));
            match is_elsewhere || is_named {
                true => None,
                false => Self::here()?.project,
            }
        });
        found.as_deref()
    }
}

/// What a host answered.
pub struct Answer<T> {
    json: Value,
    means: PhantomData<fn() -> T>,
}

impl<T> Answer<T> {
    pub fn of(json: Value) -> Self {
        Self {
            json,
            means: PhantomData,
        }
    }

    /// As it came: for programs, which may know more of it than this one.
    pub fn json(&self) -> &Value {
        &self.json
    }

    pub fn into_json(self) -> Value {
        self.json
    }
}

impl<T: DeserializeOwned> Answer<T> {
    /// What it means.
    pub fn read(&self) -> Result<T, CliError> {
        T::deserialize(&self.json).map_err(CliError::unreadable)
    }
}

/// A host's admin API.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: String,
}

impl Client {
    /// Checks the address and the token's presence; asks nothing yet.
    pub fn new(args: &ApiArgs) -> Result<Self, CliError> {
        let own = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let (url, token) = match (own(&args.url), own(&args.token)) {
            (None, None) => LocalHost::here().map(|here| (Some(here.url), Some(here.token))),
            named => Some(named),
        }
        .unwrap_or_default();
        let url = url.unwrap_or_else(|| USUAL_URL.to_owned());
        let bad = |why: String| CliError::Usage(format!("ROOST_URL is `{url}`: {why}"));
        let base = Url::parse(&url).map_err(|error| bad(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(bad(
                "use an address such as http://127.0.0.1:4001".to_owned()
            ));
        }
        let token = token.ok_or(CliError::NoToken)?.trim().to_owned();
        // The process may have one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("roost/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build().map_err(|error| bad(error.to_string()))?,
            base,
            token,
        })
    }

    /// Where it asks.
    pub fn url(&self) -> &Url {
        &self.base
    }

    /// A request to `/v1/…`: each part of the path is one of `segments`, whatever is in it.
    pub fn request(&self, method: Method, segments: &[&str]) -> Result<RequestBuilder, CliError> {
        let mut url = self.base.clone();
        // These two mean something else in a path.
        if let Some(odd) = segments
            .iter()
            .find(|part| matches!(**part, "" | "." | ".."))
        {
            return Err(CliError::Usage(format!("`{odd}` names nothing")));
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        let request = self.http.request(method.clone(), url);
        let request = request.bearer_auth(&self.token);
        Ok(match method {
            Method::POST => request.header("idempotency-key", Uuid::new_v4().to_string()),
            _ => request,
        })
    }

    /// Sends it; an answer that is an error is one here.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, CliError> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            // Another listener of a host, or an older one.
            Ok(problem) if problem.code == "no-such-route" => Err(CliError::NotRoost {
                url: self.base.to_string(),
                status: problem.status,
            }),
            Ok(problem) => Err(CliError::Refused {
                problem: Box::new(problem),
                hint: None,
            }),
            Err(_) => Err(CliError::NotRoost {
                url: self.base.to_string(),
                status: status.as_u16(),
            }),
        }
    }

    /// Sends it, and takes the answer's JSON.
    pub async fn answer<T>(&self, request: RequestBuilder) -> Result<Answer<T>, CliError> {
        let response = self.send(request).await?;
        let text = response
            .text()
            .await
            .map_err(|error| self.unreachable(error))?;
        if text.is_empty() {
            return Ok(Answer::of(Value::Null));
        }
        let json = serde_json::from_str(&text).map_err(|_| CliError::NotRoost {
            url: self.base.to_string(),
            status: 200,
        })?;
        Ok(Answer::of(json))
    }

    /// GET.
    pub async fn get<T>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Answer<T>, CliError> {
        let request = self.request(Method::GET, segments)?;
        self.answer(with_query(request, query)?).await
    }

    /// POST, with a key that makes it safe to send again.
    pub async fn post<T>(&self, segments: &[&str], body: &Value) -> Result<Answer<T>, CliError> {
        let request = self.request(Method::POST, segments)?;
        self.answer(request.json(body)).await
    }

    /// PATCH.
    pub async fn patch<T>(&self, segments: &[&str], body: &Value) -> Result<Answer<T>, CliError> {
        let request = self.request(Method::PATCH, segments)?;
        self.answer(request.json(body)).await
    }

    /// PUT.
    pub async fn put<T>(&self, segments: &[&str], body: &Value) -> Result<Answer<T>, CliError> {
        let request = self.request(Method::PUT, segments)?;
        self.answer(request.json(body)).await
    }

    /// DELETE.
    pub async fn delete<T>(&self, segments: &[&str]) -> Result<Answer<T>, CliError> {
        self.answer(self.request(Method::DELETE, segments)?).await
    }

    /// A list, page after page, up to `limit` items; in the shape of one page.
    pub async fn list<T>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        limit: Option<usize>,
    ) -> Result<Answer<Page<T>>, CliError> {
        let mut items: Vec<Value> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let wanted = limit.map_or(PAGE, |limit| limit - items.len()).min(PAGE);
            if wanted == 0 {
                break;
            }
            let size = wanted.to_string();
            let mut query = query.to_vec();
            query.push(("limit", &size));
            if let Some(cursor) = &cursor {
                query.push(("cursor", cursor));
            }
            let page: Page<Value> = self.get(segments, &query).await?.read()?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let list = json!({ "items": items, "next_cursor": cursor });
        Ok(Answer::of(list))
    }

    fn unreachable(&self, error: reqwest::Error) -> CliError {
        CliError::Unreachable {
            url: self.base.to_string(),
            reason: innermost(&error.without_url()),
        }
    }
}

/// `query` in the address of a request.
pub fn with_query(
    request: RequestBuilder,
    query: &[(&str, &str)],
) -> Result<RequestBuilder, CliError> {
    let (client, request) = request.build_split();
    let mut request = request.map_err(|error| CliError::Usage(error.to_string()))?;
    if !query.is_empty() {
        request.url_mut().query_pairs_mut().extend_pairs(query);
    }
    Ok(RequestBuilder::from_parts(client, request))
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// What went wrong at the bottom: `connection refused` says more than `error sending request`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
