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

use super::error::{conflict, not_found, unprocessable};
use super::{Api, ApiJson, ApiQuery, Caller, ProjectPath};
use crate::access::Scope;
use crate::http::ApiError;
use crate::lifecycle::{NumberStanding, StepState};
use crate::projects::{NumberReport, Secret, WishedNumber};
use crate::views::Time;
use crate::views::number::{
    ConnectedView, DetailsView, FindingView, NumberCheck, NumberStateView, PinSet, WantedView,
};
use crate::views::projects::StepView;
use crate::whatsapp::onboarding::{Finding, NumberDetails, Verdict};

/// How long the answer waits for Meta. What takes longer goes on in the background.
const PATIENCE: Duration = Duration::from_secs(8);

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_number, connect_number, disconnect_number))
        .routes(routes!(show_number_details))
        .routes(routes!(check_number))
        .routes(routes!(rename_number))
        .routes(routes!(set_number_pin))
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
            token_refused_at: number.token_refused_at.map(Time),
            token_refused: number.token_refused,
            connected_at: number.connected_at.map(Time),
        }
    }
}

impl From<NumberDetails> for DetailsView {
    fn from(details: NumberDetails) -> Self {
        let number = details.number;
        Self {
            display_phone_number: number.display_phone_number,
            verified_name: number.verified_name,
            name_status: number.name_status,
            new_display_name: details.new_display_name,
            new_name_status: details.new_name_status.filter(|status| status != "NONE"),
            quality_rating: number.quality_rating,
            messaging_limit: details.messaging_limit,
            throughput: details.throughput,
            status: number.status,
            platform_type: number.platform_type,
            is_pin_enabled: details.is_pin_enabled,
            code_verification_status: details.code_verification_status,
            account_mode: details.account_mode,
            is_official_business_account: details.is_official_business_account,
            username: details.username,
            can_send_message: details.health_status.map(|health| health.can_send_message),
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self {
            check: finding.check.into(),
            verdict: finding.verdict.into(),
            told: finding.told,
            advice: finding.advice,
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

/// What Meta says of a project's number now
///
/// Its name with the review, quality, limits, throughput, status and two-step verification.
#[utoipa::path(get, path = "/v1/projects/{project}/number/details", tag = "projects",
    responses(
        (status = 200, description = "The number", body = DetailsView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached"),
    ))]
async fn show_number_details(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<DetailsView>, ApiError> {
    let lifecycle = api.host.lifecycle();
    let details = lifecycle.number_details(project.project_id).await?;
    Ok(Json(details.into()))
}

/// Looks whether a project's number works
///
/// Asks Meta for the token's permissions, the subscription, the callback, the registration, two-step verification, the
/// name's review, quality and health, and says of each how it is and what to do.
#[utoipa::path(post, path = "/v1/projects/{project}/number/check", tag = "projects",
    responses(
        (status = 200, description = "What was seen", body = NumberCheck),
        (status = 409, description = "The project has no number"),
    ))]
async fn check_number(
    State(api): State<Api>,
    ProjectPath(project): ProjectPath,
) -> Result<Json<NumberCheck>, ApiError> {
    let lifecycle = api.host.lifecycle();
    let found = lifecycle.examine_number(project.project_id).await?;
    let works = found.iter().all(|finding| finding.verdict != Verdict::Bad);
    Ok(Json(NumberCheck {
        items: found.into_iter().map(FindingView::from).collect(),
        works,
    }))
}

/// A display name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDisplayName {
    /// What customers are to see. Meta reviews it.
    #[schema(min_length = 2, max_length = 75, example = "Pizza Roma")]
    name: String,
}

/// Asks Meta for another display name
///
/// Meta reviews it; `number/details` says what became of it.
#[utoipa::path(put, path = "/v1/projects/{project}/number/display-name", tag = "projects", request_body = NewDisplayName,
    responses(
        (status = 200, description = "What Meta says of it now", body = DetailsView),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn rename_number(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(new): ApiJson<NewDisplayName>,
) -> Result<Json<DetailsView>, ApiError> {
    let name = new.name.trim();
    if !(2..=75).contains(&name.chars().count()) {
        return Err(unprocessable(
            "bad-name",
            "a display name has 2 to 75 characters",
        ));
    }
    caller.note(json!({ "name": name }));
    let lifecycle = api.host.lifecycle();
    let details = lifecycle.rename_number(project.project_id, name).await?;
    Ok(Json(details.into()))
}

/// A PIN.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPin {
    /// Six digits, which nobody can read again: keep them.
    #[schema(pattern = "^[0-9]{6}$", write_only)]
    pin: String,
}

/// Sets the PIN of a number's two-step verification
///
/// It turns that on, and is needed when the number is registered again.
#[utoipa::path(put, path = "/v1/projects/{project}/number/pin", tag = "projects", request_body = NewPin,
    responses(
        (status = 200, description = "It is set", body = PinSet),
        (status = 409, description = "The project has no number, or Meta refused it"),
        (status = 502, description = "Meta cannot be reached, or its answer was lost"),
    ))]
async fn set_number_pin(
    State(api): State<Api>,
    caller: Caller,
    ProjectPath(project): ProjectPath,
    ApiJson(new): ApiJson<NewPin>,
) -> Result<Json<PinSet>, ApiError> {
    caller.note(json!({ "pin": "set" }));
    let lifecycle = api.host.lifecycle();
    lifecycle.set_pin(project.project_id, &new.pin).await?;
    Ok(Json(PinSet {
        is_pin_enabled: true,
    }))
}
