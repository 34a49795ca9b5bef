//! A customer in front of the conversation with one number.

use std::collections::VecDeque;
use std::time::Duration;

use roost_emulator::control::{CustomerClient, SentItem, SentKind, SentMessage};

use super::DEADLINE;

/// A person with a phone, and how far they have read.
pub(in crate::host) struct Contact {
    client: CustomerClient,
    read_to: u64,
    unread: VecDeque<SentItem>,
}

impl Contact {
    pub(super) fn new(client: CustomerClient) -> Self {
        Self {
            client,
            read_to: 0,
            unread: VecDeque::new(),
        }
    }

    /// What else they do with their phone.
    pub(in crate::host) fn phone(&self) -> &CustomerClient {
        &self.client
    }

    /// Gives the id of the message.
    pub(in crate::host) async fn says(&self, text: &str) -> String {
        self.client.says(text).await.unwrap()
    }

    pub(in crate::host) async fn taps(&self, button: &str) -> String {
        self.client.taps(button).await.unwrap()
    }

    pub(in crate::host) async fn chooses(&self, row: &str) -> String {
        self.client.chooses(row).await.unwrap()
    }

    pub(in crate::host) async fn shows(&self, mime_type: &str, picture: &[u8]) -> String {
        self.client.sends_image(mime_type, picture).await.unwrap()
    }

    /// The text of the next message of the business.
    pub(in crate::host) async fn hears(&mut self) -> String {
        let message = self.gets().await;
        message
            .text()
            .unwrap_or_else(|| panic!("no text: {message:?}"))
            .to_owned()
    }

    /// The next message of the business.
    pub(in crate::host) async fn gets(&mut self) -> SentMessage {
        loop {
            if let SentKind::Message(message) = self.notices().await {
                return *message;
            }
        }
    }

    /// The next thing that the business does: a message, a read mark, a sign of typing.
    pub(in crate::host) async fn notices(&mut self) -> SentKind {
        if self.unread.is_empty() {
            self.look(DEADLINE).await;
        }
        self.unread
            .pop_front()
            .expect("the business did nothing within the deadline")
            .kind
    }

    /// What came since and was not asked for, as texts. Waits for nothing.
    pub(in crate::host) async fn unheard(&mut self) -> Vec<String> {
        self.look(Duration::ZERO).await;
        let messages = self.unread.drain(..).filter_map(|item| match item.kind {
            SentKind::Message(message) => Some(message.text().unwrap_or_default().to_owned()),
            SentKind::Read { .. } | SentKind::Typing { .. } => None,
        });
        messages.collect()
    }

    async fn look(&mut self, wait: Duration) {
        let page = self.client.sent(self.read_to, wait).await.unwrap();
        self.read_to = page.next;
        self.unread.extend(page.items);
    }
}
