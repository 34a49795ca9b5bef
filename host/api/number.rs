//! A project's WhatsApp number: connecting it at Meta, and letting it go.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{conflict, not_found};
use super::{Api, ApiJson, ApiQuery, Caller, ProjectPath};
use crate::access::Scope;
use crate::http::ApiError;
use crate::lifecycle::{NumberStanding, StepState};
use crate::projects::{NumberReport, Secret, WishedNumber};
use crate::views::Time;
use crate::views::number::{ConnectedView, NumberStateView, WantedView};
use crate::views::projects::StepView;

/// How long the answer waits for Meta. What takes longer goes on in the background.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show_number, connect_number, disconnect_number))
}

/// A number to connect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNumber {
    /// Meta's id of the number; not the phone number itself.
    #[schema(pattern = "^[0-9]{1,32}$", example = "106540352242922")]
    phone_number_id: String,
    /// The id of its WhatsApp Business account.
    #[schema(pattern = "^[0-9]{1,32}$", example = "102290129340398")]
    waba_id: String,
    /// A token of the Meta app, with the account: kept sealed, and never shown again.
    #[schema(pattern = "^[!-~]{1,4096}$", write_only)]
    token: String,
    /// Needed when the number is not registered yet: the PIN of its two-step verification, or a new
    /// one.
    #[schema(pattern = "^[0-9]{6}$", write_only)]
    pin: Option<String>,
}

impl From<NewNumber> for WishedNumber {
    fn from(new: NewNumber) -> Self {
        Self {
            phone_number_id: new.phone_number_id,
            waba_id: new.waba_id,
            token: Secret::new(new.token),
            pin: new.pin.map(Secret::new),
        }
    }
}

impl From<NumberReport> for ConnectedView {
    fn from(number: NumberReport) -> Self {
        Self {
            phone_number_id: number.phone_number_id,
            waba_id: number.waba_id,
            display_phone_number: number.display_phone_number,
            verified_name: number.verified_name,
            quality_rating: number.quality_rating,
            meta_status: number.meta_status,
            connected_at: number.connected_at.map(Time),
        }
    }
}

impl From<NumberStanding> for NumberStateView {
    fn from(standing: NumberStanding) -> Self {
        let number = standing.number.map(ConnectedView::from);
        let is_connected = number
            .as_ref()
            .is_some_and(|number| number.connected_at.is_some());
        Self {
            connected: is_connected && standing.wished.is_none(),
            number,
            wanted: standing.wished.map(|wished| WantedView {
                phone_number_id: wished.phone_number_id,
                waba_id: wished.waba_id,
            }),
            steps: standing.steps.into_iter().map(StepView::from).collect(),
        }
    }
}

/// The number of a project
#[utoipa::path(get, path = "/v1/projects/{project}/number", tag = "projects",
    responses(
        (status = 200, description = "The number", body = NumberStateView),
        (status = 404, description = "There is no such project, or it has no number"),
    ))]
async fn show_number(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<NumberStateView>, ApiError> {
    let standing = api.host.lifecycle().number(project.project_id).await?;
    if standing.number.is_none() && standing.wished.is_none() {
        return Err(not_found(
            "no-number",
            format!("project `{}` has no number; connect one", project.name),
        ));
    }
    Ok(Json(standing.into()))
}

/// Connects a number
///
/// The host reads the number with the token, subscribes the token's app to its account, registers
/// it if that is needed, and looks whether all is in place. The number before it stays until Meta
/// has shown the new one. Meta gets some seconds: what takes longer is answered with 202 and goes
/// on; follow it by the provisioning stream.
#[utoipa::path(put, path = "/v1/projects/{project}/number", tag = "projects", request_body = NewNumber,
    responses(
        (status = 200, description = "It is connected", body = NumberStateView),
        (status = 202, description = "It is being connected", body = NumberStateView),
        (status = 409, description = "Meta refused a step (`meta-refused`), or the project is being deleted"),
    ))]
async fn connect_number(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(new): ApiJson<NewNumber>,
) -> Result<(StatusCode, Json<NumberStateView>), ApiError> {
    caller.note(json!({ "phone_number_id": new.phone_number_id, "waba_id": new.waba_id }));
    let lifecycle = api.host.lifecycle();
    lifecycle
        .connect_number(project.project_id, &new.into())
        .await?;
    let settled = lifecycle
        .number_settles(project.project_id, PATIENCE)
        .await?;
    let failed = settled
        .steps
        .iter()
        .find(|step| step.state == StepState::Failed);
    if let Some(failed) = failed {
        let why = failed.error.as_deref().unwrap_or("it failed");
        let said = format!("step `{}`: {why}", failed.step);
        return Err(conflict("meta-refused", said));
    }
    let view = NumberStateView::from(settled);
    let status = match view.connected {
        true => StatusCode::OK,
        false => StatusCode::ACCEPTED,
    };
    Ok((status, Json(view)))
}

/// How to let a number go.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DisconnectQuery {
    /// Also ends the number's registration for the Cloud API, so that it can be used elsewhere.
    #[serde(default)]
    deregister: bool,
}

/// Disconnects a project's number
///
/// Its messages are the project's no longer, at once. Meta is told in the background: the app's
/// subscription to the account ends, unless another number of it is connected here.
#[utoipa::path(delete, path = "/v1/projects/{project}/number", tag = "projects", params(DisconnectQuery),
    responses(
        (status = 202, description = "It is the project's no longer", body = NumberStateView),
        (status = 409, description = "The project has no number, or is being deleted"),
    ))]
async fn disconnect_number(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiQuery(query): ApiQuery<DisconnectQuery>,
) -> Result<(StatusCode, Json<NumberStateView>), ApiError> {
    caller.require(Scope::Write)?;
    caller.note(json!({ "deregister": query.deregister }));
    let lifecycle = api.host.lifecycle();
    lifecycle
        .disconnect_number(project.project_id, query.deregister)
        .await?;
    let standing = lifecycle.number(project.project_id).await?;
    Ok((StatusCode::ACCEPTED, Json(standing.into())))
}
