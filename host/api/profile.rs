//! The business profile of a project's number, as Meta has it.

use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Api, ApiJson, Bytes, Caller, ProjectPath};
use crate::http::ApiError;
use crate::media::{File, Kind, Named};
use crate::views::profile::ProfileView;
use crate::whatsapp::onboarding::{Profile, ProfileChange};

/// The longest photo, as Meta takes images.
const LONGEST_PHOTO: usize = 5 << 20;
const PHOTO_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn routes() -> OpenApiRouter<Api> {
    let photo = OpenApiRouter::new()
        .routes(routes!(set_photo))
        .layer(DefaultBodyLimit::max(LONGEST_PHOTO));
    OpenApiRouter::new()
        .routes(routes!(show_profile, change_profile))
        .merge(photo)
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        Self {
            about: profile.about,
            address: profile.address,
            description: profile.description,
            email: profile.email,
            websites: profile.websites,
            vertical: profile.vertical,
            photo_url: profile.profile_picture_url,
        }
    }
}

/// The business profile of a project's number
#[utoipa::path(get, path = "/v1/projects/{project}/profile", tag = "projects",
    responses(
        (status = 200, description = "As Meta has it", body = ProfileView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached"),
    ))]
async fn show_profile(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<ProfileView>, ApiError> {
    let profile = api.host.lifecycle().profile(project.project_id).await?;
    Ok(Json(profile.into()))
}

/// What of a profile is to be different. What is left out stays; an empty text takes it away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProfile {
    /// 1 to 139 characters, below the name. Meta has no profile without it.
    #[schema(min_length = 1, max_length = 139, example = "Pizza since 1962")]
    about: Option<String>,
    #[schema(max_length = 256)]
    address: Option<String>,
    #[schema(max_length = 512)]
    description: Option<String>,
    #[schema(max_length = 128, example = "ana@example.com")]
    email: Option<String>,
    /// Two at most.
    #[schema(max_items = 2, example = json!(["https://example.com"]))]
    websites: Option<Vec<String>>,
    /// What the business is about, in Meta's words, in any case.
    #[schema(example = "RESTAURANT")]
    vertical: Option<String>,
}

/// Changes the business profile at Meta
///
/// What Meta would refuse is refused at once, with what to do.
#[utoipa::path(patch, path = "/v1/projects/{project}/profile", tag = "projects", request_body = NewProfile,
    responses(
        (status = 200, description = "As it is now", body = ProfileView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn change_profile(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(new): ApiJson<NewProfile>,
) -> Result<Json<ProfileView>, ApiError> {
    let change = ProfileChange {
        about: new.about,
        address: new.address,
        description: new.description,
        email: new.email,
        websites: new.websites,
        vertical: new.vertical,
        photo: None,
    };
    let names = [
        ("about", change.about.is_some()),
        ("address", change.address.is_some()),
        ("description", change.description.is_some()),
        ("email", change.email.is_some()),
        ("websites", change.websites.is_some()),
        ("vertical", change.vertical.is_some()),
    ];
    let names: Vec<&str> = names
        .into_iter()
        .filter_map(|(name, is_changed)| is_changed.then_some(name))
        .collect();
    caller.note(json!({ "changed": names }));
    let lifecycle = api.host.lifecycle();
    let profile = lifecycle
        .change_profile(project.project_id, &change)
        .await?;
    Ok(Json(profile.into()))
}

/// Gives the business profile another photo
///
/// The body is a JPEG or a PNG of up to 5 MB, best a square of 640 pixels.
#[utoipa::path(put, path = "/v1/projects/{project}/profile/photo", tag = "projects",
    request_body(description = "The photo", content((Bytes = "image/jpeg"), (Bytes = "image/png"))),
    responses(
        (status = 200, description = "As it is now", body = ProfileView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 429, description = "Too much is being uploaded now"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn set_photo(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    request: Request,
) -> Result<Json<ProfileView>, ApiError> {
    let media = api.host.media();
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
    let _room = media.room(project.project_id, LONGEST_PHOTO).await?;
    let file = File {
        bytes: super::bytes(request, PHOTO_TIMEOUT).await?,
        named: Named {
            mime_type: kind,
            filename: None,
            kind: Some(Kind::Image),
        },
    };
    caller.note(json!({ "bytes": file.bytes.len() }));
    let change = ProfileChange {
        photo: Some(media.upload_sample(project.project_id, &file).await?),
        ..ProfileChange::default()
    };
    let lifecycle = api.host.lifecycle();
    let profile = lifecycle
        .change_profile(project.project_id, &change)
        .await?;
    Ok(Json(profile.into()))
}
