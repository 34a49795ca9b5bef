//! All that the host keeps of one contact, as a stream of lines: each is a JSON object with the table's name and its row.
//!
//! The first line says what it is, and the last one how many rows came: an export without that one was cut off.

use std::io;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};
use sqlx::types::chrono::Utc;
use tokio::sync::mpsc;

use super::People;
use crate::conversations::{ContactId, ExportList, begin_export, exported};
use crate::projects::ProjectId;

/// Lines that wait to be read.
const LINES: usize = 64;

/// The layout, told in the first line.
const FORMAT: u32 = 1;

/// The tables, in an order in which they can be loaded again.
const LISTS: [(&str, ExportList); 9] = [
    ("contact", ExportList::Contact),
    ("conversation", ExportList::Conversations),
    ("conversation_label", ExportList::Labels),
    ("conversation_note", ExportList::Notes),
    ("message", ExportList::Messages),
    ("media", ExportList::Media),
    // Their bytes are in base64.
    ("media_chunk", ExportList::MediaChunks),
    ("message_status", ExportList::Statuses),
    ("event", ExportList::Events),
];

type Lines = mpsc::Sender<io::Result<Bytes>>;

impl People {
    /// Begins an export. The stream ends with an error when it is cut off.
    pub fn export(
        &self,
        project_id: ProjectId,
        contact_id: ContactId,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let (lines, mut read) = mpsc::channel(LINES);
        let people = self.clone();
        tokio::spawn(async move {
            if let Err(error) = people.write(project_id, contact_id, &lines).await {
                tracing::warn!(project.id = %project_id, %error, "the export of a contact was cut off");
                // Nobody may be reading.
                let _ = lines.send(Err(io::Error::other(error))).await;
            }
        });
        futures::stream::poll_fn(move |context| read.poll_recv(context))
    }

    async fn write(
        &self,
        project_id: ProjectId,
        contact_id: ContactId,
        lines: &Lines,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        begin_export(&mut tx).await?;
        let head = json!({
            "export": "contact", "format": FORMAT, "roost": env!("CARGO_PKG_VERSION"),
            "project_id": project_id, "contact_id": contact_id,
            "exported_at": Utc::now().to_rfc3339(),
        });
        if !say(lines, &head).await {
            return Ok(());
        }
        let mut count = 0_u64;
        for (table, list) in LISTS {
            let mut rows = exported(&mut tx, project_id, contact_id, list);
            while let Some(row) = rows.next().await {
                // Written anew, because text that came from outside may have line ends between values.
                let row: Value = serde_json::from_str(&row?)
                    .map_err(|error| sqlx::Error::Decode(error.into()))?;
                if !say(lines, &json!({ "table": table, "row": row })).await {
                    return Ok(());
                }
                count += 1;
            }
        }
        say(lines, &json!({ "rows": count, "complete": true })).await;
        tx.rollback().await
    }
}

/// Whether somebody still reads.
async fn say(lines: &Lines, line: &Value) -> bool {
    lines
        .send(Ok(Bytes::from(format!("{line}\n"))))
        .await
        .is_ok()
}
