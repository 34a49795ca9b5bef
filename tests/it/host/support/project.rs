//! A project of a host, with a number at the emulator.

use roost::projects::ProjectId;
use roost_emulator::ControlClient;
use roost_emulator::control::wire::NewCustomer;
use sqlx::PgConnection;

use super::{Contact, TestHost};

/// One bot's project.
pub(in crate::host) struct TestProject {
    pub(in crate::host) id: ProjectId,
    pub(in crate::host) number_id: String,
    /// The account of the number; empty when a test made the project by itself.
    pub(super) waba_id: String,
    /// Meta's, which only the host may know.
    pub(in crate::host) token: String,
    pub(super) control: ControlClient,
}

/// An event as the inbox has it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::host) struct StoredEvent {
    pub(in crate::host) kind: String,
    pub(in crate::host) state: String,
    pub(in crate::host) attempts: i32,
    pub(in crate::host) last_error: Option<String>,
}

impl TestProject {
    /// A project that a test made by itself.
    pub(in crate::host) fn of(
        host: &TestHost,
        id: ProjectId,
        number_id: &str,
        token: &str,
    ) -> Self {
        Self {
            id,
            number_id: number_id.to_owned(),
            waba_id: String::new(),
            token: token.to_owned(),
            control: host.emulator().clone(),
        }
    }

    /// A person called Ana who may write to this project.
    pub(in crate::host) async fn customer(&self, phone: &str) -> Contact {
        customer(&self.control, &self.number_id, phone).await
    }
}

/// A person called Ana who may write to a number.
pub(in crate::host) async fn customer(
    control: &ControlClient,
    number_id: &str,
    phone: &str,
) -> Contact {
    let new = NewCustomer {
        phone: phone.to_owned(),
        name: Some("Ana".to_owned()),
        ..NewCustomer::default()
    };
    let known = control.customers().await.unwrap();
    if !known.iter().any(|customer| customer.phone == phone) {
        control.create_customer(&new).await.unwrap();
    }
    Contact::new(control.customer(number_id, phone))
}

/// The events of a project, in order.
pub(super) async fn events(conn: &mut PgConnection, project: ProjectId) -> Vec<StoredEvent> {
    sqlx::query_as(
        "select kind, state, attempts, last_error from event where project_id = $1 order by event_id",
    )
    .bind(project)
    .fetch_all(conn)
    .await
    .unwrap()
}
