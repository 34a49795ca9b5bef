//! Routes about customers: adding and changing them, and acting as one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use crate::control::error::ControlError;
use crate::control::{Body, Query, assets};
use crate::flow_player;
use crate::ids;
use crate::inbound::{self, Actor};
use crate::platform::Platform;
use crate::platform::model::{Customer, digits_of};
use crate::statuses;
use crate::wire::{
    ActRequest, Acted, Count, CustomerChange, FlowOpening, FlowStep, FlowView, NewCustomer, Page,
    PlayRequest, PreferenceRequest, ReadRequest,
};

type Answer<T> = Result<Json<T>, ControlError>;

pub(crate) async fn put(
    State(platform): State<Arc<Platform>>,
    Body(new): Body<NewCustomer>,
) -> Answer<Customer> {
    let phone = digits_of(&new.phone);
    if !(5..=15).contains(&phone.len()) {
        return Err(ControlError::Invalid(format!(
            "`{}` is not a phone number with its country's calling code",
            new.phone
        )));
    }
    let country = new.country.map(|country| country.to_uppercase());
    let customer = Customer {
        name: new.name.unwrap_or_else(|| phone.clone()),
        username: new.username,
        country: country.unwrap_or_else(|| ids::country_of(&phone).to_owned()),
        hides_phone: new.hides_phone,
        is_reachable: new.is_reachable.unwrap_or(true),
        reads_automatically: new.reads_automatically.unwrap_or(true),
        stopped_marketing: Default::default(),
        phone,
    };
    platform.edit(|world| {
        world
            .customers
            .insert(customer.phone.clone(), customer.clone())
    });
    Ok(Json(customer))
}

pub(crate) async fn list(State(platform): State<Arc<Platform>>) -> Json<Page<Customer>> {
    assets::page(&platform.world().customers)
}

pub(crate) async fn show(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
) -> Answer<Customer> {
    let world = platform.world();
    let customer = world.customers.get(&digits_of(&phone)).cloned();
    customer.map(Json).ok_or_else(|| not_found(phone))
}

pub(crate) async fn change(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(change): Body<CustomerChange>,
) -> Answer<Customer> {
    let is_back = change.is_reachable == Some(true);
    let customer = platform.edit(|world| {
        let customer = world.customers.get_mut(&digits_of(&phone))?;
        if let Some(name) = change.name {
            customer.name = name;
        }
        if let Some(username) = change.username {
            customer.username = Some(username);
        }
        let switches = [
            (change.hides_phone, &mut customer.hides_phone),
            (change.is_reachable, &mut customer.is_reachable),
            (
                change.reads_automatically,
                &mut customer.reads_automatically,
            ),
        ];
        for (wanted, switch) in switches {
            *switch = wanted.unwrap_or(*switch);
        }
        Some(customer.clone())
    });
    let customer = customer.ok_or_else(|| not_found(phone))?;
    if is_back {
        statuses::deliver_waiting(&platform, &customer.phone);
    }
    Ok(Json(customer))
}

pub(crate) async fn act(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<ActRequest>,
) -> Answer<Acted> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    let message_id = inbound::perform(&platform, actor, request.act, &request.circumstances)?;
    Ok(Json(Acted { message_id }))
}

pub(crate) async fn read(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<ReadRequest>,
) -> Answer<Count> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    inbound::check_actor(&platform.world(), actor)?;
    let count = statuses::read_all(&platform, &request.number_id, &phone);
    Ok(Json(Count { count }))
}

/// The customer listens to a voice message.
pub(crate) async fn play(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<PlayRequest>,
) -> Answer<Count> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    let is_voice = {
        let world = platform.world();
        inbound::check_actor(&world, actor)?;
        let thread = world.thread(actor.number_id, actor.phone);
        let mut messages = thread.into_iter().flat_map(|thread| thread.messages());
        messages.any(|message| message.id == request.message_id && message.body["voice"] == true)
    };
    if !is_voice {
        let error = "the message is no voice message of the business".to_owned();
        return Err(ControlError::Invalid(error));
    }
    statuses::play(&platform, &request.number_id, &phone, &request.message_id);
    Ok(Json(Count { count: 1 }))
}

/// The customer stops a number's marketing messages, or wants them again.
pub(crate) async fn prefer(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<PreferenceRequest>,
) -> Answer<Customer> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    let customer = inbound::prefer(&platform, actor, request.wants_marketing)?;
    Ok(Json(customer))
}

/// The customer opens the Flow of a message.
pub(crate) async fn open_flow(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<FlowOpening>,
) -> Answer<FlowView> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    let view = flow_player::open(&platform, actor, request.message_id).await?;
    Ok(Json(view))
}

/// The customer does something in the Flow that is open.
pub(crate) async fn step_flow(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Body(request): Body<FlowStep>,
) -> Answer<FlowView> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    let view = flow_player::act(&platform, actor, request.act).await?;
    Ok(Json(view))
}

/// What the customer sees of the Flow that is open.
pub(crate) async fn show_flow(
    State(platform): State<Arc<Platform>>,
    Path(phone): Path<String>,
    Query(request): Query<ReadRequest>,
) -> Answer<FlowView> {
    let phone = digits_of(&phone);
    let actor = Actor {
        number_id: &request.number_id,
        phone: &phone,
    };
    Ok(Json(flow_player::view(&platform, actor)?))
}

fn not_found(phone: String) -> ControlError {
    ControlError::NotFound {
        kind: "customer",
        id: phone,
    }
}
