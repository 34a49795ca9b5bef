//! What the bot sends, as the emulator tells it.

use std::time::Duration;

use roost_emulator::ControlClient;
use roost_emulator::control::wire::Cursor;
use roost_emulator::control::{ClientError, SentItem};

/// How long a long poll waits for its first item.
pub(super) const POLL: Duration = Duration::from_secs(30);

/// What a number sent after `after`, to anybody, waiting for the first item.
pub(super) async fn sent(
    control: ControlClient,
    number_id: String,
    after: u64,
    wait: Duration,
) -> Result<Vec<SentItem>, ClientError> {
    let cursor = Cursor {
        number_id: Some(number_id),
        after,
        wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        ..Cursor::default()
    };
    Ok(control.sent(&cursor).await?.items)
}

/// Everything that a number has sent after `after`, to one customer or to anybody.
pub(super) async fn all_sent(
    control: &ControlClient,
    number_id: &str,
    customer: Option<&str>,
    after: u64,
) -> Result<Vec<SentItem>, ClientError> {
    let mut cursor = Cursor {
        number_id: Some(number_id.to_owned()),
        customer: customer.map(str::to_owned),
        after,
        ..Cursor::default()
    };
    let mut items = Vec::new();
    loop {
        let page = control.sent(&cursor).await?;
        if page.items.is_empty() {
            return Ok(items);
        }
        items.extend(page.items);
        cursor.after = page.next;
    }
}

/// The cursor after the newest attempt to deliver a webhook, given one from before.
pub(super) async fn newest_delivery(
    control: &ControlClient,
    after: u64,
) -> Result<u64, ClientError> {
    let mut cursor = Cursor {
        after,
        ..Cursor::default()
    };
    loop {
        let page = control.deliveries(&cursor).await?;
        if page.items.is_empty() {
            return Ok(cursor.after);
        }
        cursor.after = page.next;
    }
}
