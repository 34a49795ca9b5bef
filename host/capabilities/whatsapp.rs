//! `roost:bot/whatsapp`: the project's own number.
//!
//! Typed messages become Meta's JSON here, by what `wit/messages.json` says of each; from there on they are sends like
//! any other, by the same [`Messenger`] that a bot's plain HTTP to Meta reaches.

use super::bindings::roost::bot::whatsapp::{self, Error, GraphRequest, GraphResponse, Sent};
use crate::sandbox::RunState;
use crate::whatsapp::messages::{self, Receipt};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// As long as the JSON of a message of plain HTTP may be.
const MOST_MESSAGE_BYTES: usize = 1 << 20;

/// Sends from one project's number, for one event.
pub trait Messenger: Send + Sync {
    /// Sends a message, given as Meta's JSON.
    fn send(&self, message: Value) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Marks a received message as read.
    fn mark_read(&self, message_id: String, receipt: Receipt) -> BoxFuture<'_, Result<(), Error>>;
    /// Makes any other request.
    fn request(&self, request: GraphRequest) -> BoxFuture<'_, Result<GraphResponse, Error>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn Messenger>, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Error::Denied)?;
        grants.whatsapp.clone().ok_or_else(|| {
            Error::Denied(
                "nothing can be sent while a bot starts: send while an event is handled".to_owned(),
            )
        })
    })
}

/// Checks a message, makes Meta's JSON of it, and sends it. `name` is what `wit/messages.json` calls it.
async fn send<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    name: &str,
    message: impl Serialize,
) -> Result<Sent, Error> {
    let messenger = granted(accessor)?;
    let mut size = Size(0);
    if serde_json::to_writer(&mut size, &message).is_err() {
        return Err(Error::Invalid(format!(
            "the message is larger than {} KiB, and no message of Meta's is: say less, and send files as media",
            MOST_MESSAGE_BYTES >> 10
        )));
    }
    let load = accessor.with(|mut access| access.get().under_way.take(size.0));
    let _load = load.map_err(Error::Denied)?;
    let invalid = |error: &dyn ToString| Error::Invalid(error.to_string());
    let message = serde_json::to_value(message).map_err(|error| invalid(&error))?;
    let message = messages::compose(name, &message).map_err(|error| invalid(&error))?;
    messenger.send(message).await
}

/// How long the JSON of a message is. Writing to it fails when that is too long: values take many times the memory of
/// what a bot gave for them.
struct Size(usize);

impl Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        match self.0 > MOST_MESSAGE_BYTES {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A function for each type of message.
macro_rules! sends {
    ($($function:ident($record:ident) is $name:literal;)*) => {$(
        async fn $function(
            accessor: &Accessor<T, Self>,
            message: whatsapp::$record,
        ) -> Result<Sent, Error> {
            send(accessor, $name, message).await
        }
    )*};
}

impl<T: Send> whatsapp::HostWithStore<T> for HasSelf<RunState> {
    sends! {
        // Made by `cargo xtask messages` of wit/messages.json: change that.
        send_text(TextMessage) is "text-message";
        send_buttons(ButtonsMessage) is "buttons-message";
        send_list(ListMessage) is "list-message";
        send_media(MediaMessage) is "media-message";
        send_voice(VoiceMessage) is "voice-message";
        send_location(LocationMessage) is "location-message";
        send_contacts(ContactsMessage) is "contacts-message";
        send_reaction(ReactionMessage) is "reaction-message";
        send_cta_url(CtaUrlMessage) is "cta-url-message";
        send_flow(FlowMessage) is "flow-message";
        send_product(ProductMessage) is "product-message";
        send_products(ProductsMessage) is "products-message";
        send_catalog(CatalogMessage) is "catalog-message";
        send_carousel(CarouselMessage) is "carousel-message";
        send_location_request(LocationRequest) is "location-request";
        send_address_request(AddressRequest) is "address-request";
        send_contact_request(ContactRequest) is "contact-request";
        send_call_permission_request(CallPermissionRequest) is "call-permission-request";
        send_voice_call(VoiceCallMessage) is "voice-call-message";
        send_template(TemplateMessage) is "template-message";
        send_carousel_template(CarouselTemplate) is "carousel-template";
        send_pin(PinMessage) is "pin-message";
        // End of what is made.
    }

    async fn mark_read(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?
            .mark_read(message_id, Receipt::Read)
            .await
    }

    async fn show_typing(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?
            .mark_read(message_id, Receipt::Typing)
            .await
    }

    async fn request(
        accessor: &Accessor<T, Self>,
        request: GraphRequest,
    ) -> Result<GraphResponse, Error> {
        let messenger = granted(accessor)?;
        let bytes = request.path.len() + request.body.as_ref().map_or(0, String::len);
        let load = accessor.with(|mut access| access.get().under_way.take(bytes));
        let _load = load.map_err(Error::Denied)?;
        messenger.request(request).await
    }
}

impl whatsapp::Host for RunState {}
