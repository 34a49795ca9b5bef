//! Media: what customers sent, uploads, and samples for templates.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{bad_gateway, conflict, database, not_found, other, unprocessable};
use super::{Api, ApiJson, ApiPath, ApiQuery, Bytes, Caller, ProjectPath, Window, typed_word};
use crate::http::ApiError;
use crate::media::{
    File, Filter, Kind, MOST_BYTES, MediaError, Medium, Named, Opened, State as Standing, Uploaded,
    Usage,
};
use crate::views::Time;
use crate::views::media::{
    MediaDeleted, MediaPage, MediaUsage, MediumView, SampleView, UploadedView,
};

/// An upload may come over a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(300);

/// What shows people.
const MEDIA: &str = "media";

pub(super) fn routes() -> OpenApiRouter<Api> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(list_media, upload_media))
        .routes(routes!(upload_sample))
        .layer(DefaultBodyLimit::max(MOST_BYTES));
    OpenApiRouter::new()
        .merge(uploads)
        .routes(routes!(upload_media_from))
        .routes(routes!(upload_sample_from))
        .routes(routes!(show_medium, delete_medium))
        .routes(routes!(read_medium))
        .routes(routes!(fetch_medium))
}

impl From<MediaError> for ApiError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NoNumber => conflict("no-number", error),
            MediaError::Unfit(_) => unprocessable("media-unfit", error),
            MediaError::NotFound(_) => not_found("media-not-found", error),
            MediaError::NotKept(_) => not_found("media-not-kept", error),
            MediaError::Address(_) => unprocessable("bad-address", error),
            MediaError::Full => other(StatusCode::TOO_MANY_REQUESTS, "too-many-uploads", error),
            MediaError::Token(_) | MediaError::Refused(_) => conflict("meta-refused", error),
            MediaError::Later(_) => bad_gateway("meta-unreachable", error),
            MediaError::Project(error) => error.into(),
            MediaError::Database(error) => database(error),
        }
    }
}

impl From<Medium> for MediumView {
    fn from(medium: Medium) -> Self {
        Self {
            id: medium.media_id,
            kind: medium.kind.into(),
            mime_type: medium.mime_type,
            filename: medium.filename,
            sha256: medium.sha256,
            size: medium.size,
            state: medium.state.into(),
            told: medium.told,
            message_id: medium.wamid,
            received_at: Time(medium.received_at),
            kept_at: medium.kept_at.map(Time),
        }
    }
}

impl From<Usage> for MediaUsage {
    fn from(usage: Usage) -> Self {
        Self {
            files: usage.files,
            bytes: usage.bytes,
            quota_bytes: usage.quota_bytes,
            retention_days: usage.days,
        }
    }
}

impl From<Uploaded> for UploadedView {
    fn from(uploaded: Uploaded) -> Self {
        Self {
            id: uploaded.media_id,
            kind: uploaded.kind.into(),
            mime_type: uploaded.mime_type,
            sha256: uploaded.sha256,
            size: uploaded.size,
            expires_at: Time(uploaded.expires_at),
            was_there: uploaded.was_there,
        }
    }
}

/// Which media.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MediaQuery {
    /// Only in this state.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    state: Option<Standing>,
    /// Only of this kind.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    kind: Option<Kind>,
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What customers sent, the newest first
///
/// With whether the host has it, and how much the project keeps. Needs a token with `people`.
#[utoipa::path(get, path = "/v1/projects/{project}/media", tag = "media", params(MediaQuery),
    responses((status = 200, description = "A page of media", body = MediaPage)))]
async fn list_media(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<MediaQuery>,
) -> Result<Json<MediaPage>, ApiError> {
    caller.require_people(MEDIA)?;
    let window = Window::<i64>::read("media", query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        state: query.state,
        kind: query.kind,
    };
    let media = api.host.media();
    let found = media
        .list(project.project_id, &filter, window.after, window.rows())
        .await?;
    let page = window.page(found, |medium| medium.position, MediumView::from);
    Ok(Json(MediaPage {
        items: page.items,
        next_cursor: page.next_cursor,
        usage: media.usage(project.project_id).await?.into(),
    }))
}

/// What is said of a file.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FileQuery {
    /// Its name, which tells its type where nothing else does.
    #[param(max_length = 240, pattern = r"^[^\u0000-\u001f]*$")]
    filename: Option<String>,
    /// What it is to be in a message: it is refused when Meta takes no such file there.
    #[serde(default, deserialize_with = "typed_word")]
    #[param(inline)]
    kind: Option<Kind>,
}

/// The type of a body, where it says one that means something.
fn type_of(request: &Request) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?;
    value.to_str().ok().map(str::to_owned)
}

fn length_of(request: &Request) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    length.unwrap_or(MOST_BYTES).min(MOST_BYTES)
}

/// Uploads a file to Meta, for messages of the project's number
///
/// The body is the file, and its `Content-Type` says what it is; `application/octet-stream` says nothing, and then the
/// file's first bytes and its name do. Type and size are compared with what Meta takes before anything goes out. The
/// same file is uploaded once in thirty days, as long as Meta keeps it.
#[utoipa::path(post, path = "/v1/projects/{project}/media", tag = "media", params(FileQuery),
    request_body(description = "The file", content((Bytes = "application/octet-stream"))),
    responses(
        (status = 201, description = "Meta has it", body = UploadedView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 429, description = "Too much is being uploaded now"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn upload_media(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<FileQuery>,
    request: Request,
) -> Result<(StatusCode, Json<UploadedView>), ApiError> {
    let media = api.host.media();
    let mime_type = type_of(&request);
    let _room = media.room(project.project_id, length_of(&request)).await?;
    let file = File {
        bytes: super::bytes(request, UPLOAD_TIMEOUT).await?,
        named: Named {
            mime_type: mime_type.as_deref(),
            filename: query.filename.as_deref(),
            kind: query.kind,
        },
    };
    let uploaded = media.upload(project.project_id, &file).await?;
    caller.note(json!({ "media": uploaded.media_id, "type": uploaded.mime_type }));
    Ok((StatusCode::CREATED, Json(uploaded.into())))
}

/// A file at an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileAt {
    /// A public https address. The host fetches it by its policy and the project's lists.
    #[schema(
        max_length = 2000,
        pattern = "^https?://",
        example = "https://example.com/menu.pdf"
    )]
    url: String,
    /// Its type, where its server says another one.
    #[schema(max_length = 200)]
    mime_type: Option<String>,
    /// Its name.
    #[schema(max_length = 240)]
    filename: Option<String>,
    /// What it is to be in a message.
    kind: Option<Kind>,
}

impl FileAt {
    fn named(&self) -> Named<'_> {
        Named {
            mime_type: self.mime_type.as_deref(),
            filename: self.filename.as_deref(),
            kind: self.kind,
        }
    }
}

/// Fetches a file by its address and uploads it to Meta
#[utoipa::path(post, path = "/v1/projects/{project}/media-from-url", tag = "media", request_body = FileAt,
    responses(
        (status = 201, description = "Meta has it", body = UploadedView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 429, description = "Too much is being uploaded now"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn upload_media_from(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(file): ApiJson<FileAt>,
) -> Result<(StatusCode, Json<UploadedView>), ApiError> {
    let uploaded = api
        .host
        .media()
        .upload_from(project.project_id, &file.url, &file.named())
        .await?;
    caller.note(json!({ "media": uploaded.media_id, "type": uploaded.mime_type }));
    Ok((StatusCode::CREATED, Json(uploaded.into())))
}

/// Uploads a sample for a template's header, or a photo for a profile
///
/// By Meta's resumable upload. The handle goes into `example.header_handle` of the template.
#[utoipa::path(post, path = "/v1/projects/{project}/media-samples", tag = "media", params(FileQuery),
    request_body(description = "The file", content((Bytes = "application/octet-stream"))),
    responses(
        (status = 201, description = "Meta has it", body = SampleView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 429, description = "Too much is being uploaded now"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn upload_sample(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<FileQuery>,
    request: Request,
) -> Result<(StatusCode, Json<SampleView>), ApiError> {
    let media = api.host.media();
    let mime_type = type_of(&request);
    let _room = media.room(project.project_id, length_of(&request)).await?;
    let file = File {
        bytes: super::bytes(request, UPLOAD_TIMEOUT).await?,
        named: Named {
            mime_type: mime_type.as_deref(),
            filename: query.filename.as_deref(),
            kind: query.kind,
        },
    };
    let handle = media.upload_sample(project.project_id, &file).await?;
    caller.note(json!({ "bytes": file.bytes.len() }));
    Ok((StatusCode::CREATED, Json(SampleView { handle })))
}

/// Fetches a file by its address and uploads it as a sample
#[utoipa::path(post, path = "/v1/projects/{project}/media-samples-from-url", tag = "media", request_body = FileAt,
    responses(
        (status = 201, description = "Meta has it", body = SampleView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 429, description = "Too much is being uploaded now"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn upload_sample_from(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(file): ApiJson<FileAt>,
) -> Result<(StatusCode, Json<SampleView>), ApiError> {
    let handle = api
        .host
        .media()
        .upload_sample_from(project.project_id, &file.url, &file.named())
        .await?;
    caller.note(json!({ "from": "url" }));
    Ok((StatusCode::CREATED, Json(SampleView { handle })))
}

/// Which medium.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct MediumPath {
    /// Meta's id of it.
    #[param(pattern = "^[1-9][0-9]{0,31}$")]
    medium: String,
}

/// What a customer sent
#[utoipa::path(get, path = "/v1/projects/{project}/media/{medium}", tag = "media", params(MediumPath),
    responses((status = 200, description = "The medium", body = MediumView)))]
async fn show_medium(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<MediumPath>,
) -> Result<Json<MediumView>, ApiError> {
    caller.require_people(MEDIA)?;
    let media = api.host.media();
    let medium = media.show(project.project_id, plain(&path)?).await?;
    Ok(Json(medium.into()))
}

/// The bytes of a medium
///
/// Of what the host keeps; else of what Meta has of the project's number, which is what customers sent in the last seven
/// days and what was uploaded in the last thirty. A body that breaks off is not the whole file.
#[utoipa::path(get, path = "/v1/projects/{project}/media/{medium}/content", tag = "media", params(MediumPath),
    responses(
        (status = 200, description = "The file, with its type", body = Bytes, content_type = "application/octet-stream"),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn read_medium(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<MediumPath>,
) -> Result<Response, ApiError> {
    caller.require_people(MEDIA)?;
    let media = api.host.media();
    let opened = media.open(project.project_id, plain(&path)?).await?;
    Ok(content(&path.medium, opened))
}

fn content(id: &str, opened: Opened) -> Response {
    let kind = HeaderValue::from_str(&opened.mime_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let name = opened.filename.clone();
    let name = name.unwrap_or_else(|| match crate::media::ending(&opened.mime_type) {
        Some(ending) => format!("{id}.{ending}"),
        None => id.to_owned(),
    });
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // A plus is a space in forms only.
    let name = name.replace('+', "%20");
    let place = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{name}"))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, place),
        // What a stranger sent is nothing that a browser may run.
        (
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let pieces = futures::stream::unfold(Some(opened), async |opened| {
        let mut opened = opened?;
        match opened.next().await? {
            Ok(piece) => Some((Ok(piece), Some(opened))),
            Err(error) => Some((Err(error), None)),
        }
    });
    (headers, Body::from_stream(pieces)).into_response()
}

/// Has the host fetch a medium again that it does not have
///
/// For instance because there was no room for it. Meta gives out what customers sent for seven days.
#[utoipa::path(post, path = "/v1/projects/{project}/media/{medium}/fetch", tag = "media", params(MediumPath),
    responses(
        (status = 200, description = "The host has it", body = MediumView),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn fetch_medium(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<MediumPath>,
) -> Result<Json<MediumView>, ApiError> {
    caller.require_people(MEDIA)?;
    caller.note(json!({ "media": path.medium }));
    let media = api.host.media();
    let medium = media.again(project.project_id, plain(&path)?).await?;
    Ok(Json(medium.into()))
}

/// Deletes a medium here and at Meta
#[utoipa::path(delete, path = "/v1/projects/{project}/media/{medium}", tag = "media", params(MediumPath),
    responses(
        (status = 200, description = "It is deleted", body = MediaDeleted),
        (status = 409, description = "Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn delete_medium(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiPath(path): ApiPath<MediumPath>,
) -> Result<Json<MediaDeleted>, ApiError> {
    caller.note(json!({ "media": path.medium }));
    let media = api.host.media();
    media.delete(project.project_id, plain(&path)?).await?;
    Ok(Json(MediaDeleted { deleted: true }))
}

/// An id that can be one, or nothing is there.
fn plain(path: &MediumPath) -> Result<&str, ApiError> {
    let id = path.medium.as_str();
    let is_id = id.len() <= 32 && id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0');
    match is_id {
        true => Ok(id),
        false => Err(not_found("media-not-found", "ids of media are digits")),
    }
}
