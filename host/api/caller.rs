//! Who asks, and for which project.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::{HeaderMap, Method, header, request::Parts};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Api;
use super::error::{bad_request, forbidden, not_found, unauthorized};
use crate::access::{Identified, Identity, Scope};
use crate::http::ApiError;
use crate::projects::{Project, ProjectId, ProjectName};

/// In the place of what a bot said.
const BOTS_WORDS: &str = "why is shown to a token with `people` only: it may have words of the bot, which may quote a customer";

/// Who asks. A handler that needs more than the scope of its method says so with
/// [`Caller::require`]; what it changed goes into the audit log with [`Caller::note`].
#[derive(Clone, Debug)]
pub struct Caller {
    identity: Arc<Identity>,
    note: Arc<Mutex<Note>>,
}

/// What a request is about, for the audit log.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub(super) project: Option<(ProjectId, String)>,
    pub(super) changed: Option<Value>,
}

/// The project that the path names, by name or id, if the caller may see it. One that is being
/// deleted can be restored, exported and deleted, and not read or changed.
#[derive(Clone, Debug)]
pub struct ProjectPath(pub Project);

impl Caller {
    /// Who that is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The only project that this caller may see, if it is bound to one.
    pub fn bound_to(&self) -> Option<ProjectId> {
        self.identity.project_id
    }

    /// Refuses who has a lesser scope.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.identity.scope >= scope {
            return Ok(());
        }
        Err(forbidden(
            "scope-too-small",
            format!(
                "this needs a token with the scope `{}`; `{}` has `{}`",
                scope.word(),
                self.identity.name,
                self.identity.scope.word()
            ),
        ))
    }

    /// Whether this caller may see what people wrote.
    pub fn sees_people(&self) -> bool {
        self.identity.people
    }

    /// A text that a bot may have said, as this caller may see it.
    pub fn shown(&self, text: String) -> String {
        match self.sees_people() {
            true => text,
            false => BOTS_WORDS.to_owned(),
        }
    }

    /// Refuses who may not see what people wrote. `what` needs it.
    pub fn require_people(&self, what: &str) -> Result<(), ApiError> {
        match self.sees_people() {
            true => Ok(()),
            false => Err(forbidden(
                "people-not-shown",
                format!(
                    "{what} shows what people wrote or who they are, which the token `{}` may not see; \
                     one with `people` may",
                    self.identity.name
                ),
            )),
        }
    }

    /// Refuses who is bound to one project.
    pub fn require_unbound(&self) -> Result<(), ApiError> {
        match self.bound_to() {
            None => Ok(()),
            Some(_) => Err(forbidden(
                "token-of-one-project",
                format!(
                    "the token `{}` is for one project; this needs one for all projects",
                    self.identity.name
                ),
            )),
        }
    }

    /// Says in the audit log which project the change was about. [`ProjectPath`] does it.
    pub fn concerns(&self, project: &Project) {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        note.project = Some((project.project_id, project.name.to_string()));
    }

    /// Says in the audit log what was changed. Never a secret, never a message.
    pub fn note(&self, changed: Value) {
        let mut note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        note.changed = Some(changed);
    }

    pub(super) fn noted(&self) -> Note {
        let note = self.note.lock().unwrap_or_else(PoisonError::into_inner);
        note.clone()
    }
}

/// Lets nobody pass whose token is not known, or may not do what the method says: `read` for GET,
/// `write` for all others.
pub(super) async fn authenticate(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer(request.headers())?;
    let identity = match api.access.identify(token).await? {
        Identified::Known(identity) => identity,
        Identified::Expired => {
            return Err(unauthorized(
                "token-expired",
                "the token has expired; make a new one",
            ));
        }
        Identified::Unknown => {
            return Err(unauthorized(
                "token-unknown",
                "the token is not known here; it may have been removed, or be another host's",
            ));
        }
    };
    let caller = Caller {
        identity: Arc::new(identity),
        note: Arc::default(),
    };
    caller.require(match *request.method() {
        Method::GET | Method::HEAD => Scope::Read,
        _ => Scope::Write,
    })?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| {
        let (kind, token) = value.split_once(' ')?;
        kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(token),
        _ => Err(unauthorized(
            "token-missing",
            "a token is needed: send it as `Authorization: Bearer roost_…`",
        )),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::Internal(anyhow::anyhow!("a route without authentication")))
    }
}

impl FromRequestParts<Api> for ProjectPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let params = RawPathParams::from_request_parts(parts, api)
            .await
            .map_err(|error| bad_request("bad-path", error))?;
        let named = params.iter().find(|(name, _)| *name == "project");
        let (_, text) = named
            .ok_or_else(|| ApiError::Internal(anyhow::anyhow!("no `{{project}}` in a path")))?;
        let project = find_visible(api, &caller, text).await?;
        caller.concerns(&project);
        let is_read_or_changed = matches!(parts.method, Method::GET | Method::HEAD | Method::PATCH);
        match project.delete_after {
            Some(at) if is_read_or_changed => Err(deleted(&project, at)),
            _ => Ok(Self(project)),
        }
    }
}

/// What was deleted is not found any more, though it could be restored.
fn deleted(project: &Project, at: DateTime<Utc>) -> ApiError {
    let (name, at) = (&project.name, at.format("%Y-%m-%d %H:%M:%SZ"));
    not_found(
        "project-deleted",
        format!(
            "project `{name}` is deleted, and everything of it goes at {at}; until then \
             `roost projects restore {name}` undoes that"
        ),
    )
}

/// The project that a text names, if the caller may see it.
pub(super) async fn find_visible(
    api: &Api,
    caller: &Caller,
    text: &str,
) -> Result<Project, ApiError> {
    let project = find(api, text).await?;
    let is_visible = |project: &Project| {
        let own = caller.bound_to();
        own.is_none_or(|own| own == project.project_id)
    };
    project.filter(is_visible).ok_or_else(|| {
        let text: String = text.chars().take(60).collect();
        not_found(
            "project-not-found",
            format!("there is no project `{text}`, or the token is for another one"),
        )
    })
}

/// By id, then by name: a name may look like an id, but is then still found.
async fn find(api: &Api, text: &str) -> Result<Option<Project>, ApiError> {
    let projects = api.host.projects();
    if let Some(id) = uuid(text) {
        match projects.by_id(ProjectId(id)).await {
            Ok(project) => return Ok(Some(project)),
            Err(crate::projects::ProjectError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match text.parse::<ProjectName>() {
        Ok(name) => Ok(projects.by_name(&name).await?),
        Err(_) => Ok(None),
    }
}

/// An id in its usual form; the others that the parser takes are not ids here.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}
