//! All that a project has, as a stream: `tar.gz` of JSON, JSON lines, CSV and SQL.
//!
//! Nothing is held in memory but a piece of it: what has no length yet (a table, a list) goes through
//! a file that is gone when it is closed. No secret's value, token or key is in it. Last comes
//! `manifest.json`: an export without it is cut off. What fails on the way cuts it off.

mod archive;
mod store;

use super::{Lifecycle, LifecycleError};
use crate::causes::with_causes;
use crate::postgres::{CellError, LEFT_OUT, SchemaDump, TenantName};
use crate::projects::{Project, ProjectError, ProjectId};
use archive::{Archive, Spool};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use std::io;
use tokio::sync::mpsc;

/// Pieces of the stream that wait to be read.
const PIECES: usize = 16;

/// The layout, told in `project.json`.
const FORMAT: u32 = 1;

/// The lists, each a file with one JSON object a line.
const LISTS: [(&str, store::List); 9] = [
    ("contacts.jsonl", store::List::Contacts),
    ("conversations.jsonl", store::List::Conversations),
    ("conversation_labels.jsonl", store::List::Labels),
    ("conversation_notes.jsonl", store::List::Notes),
    ("messages.jsonl", store::List::Messages),
    ("media.jsonl", store::List::Media),
    ("message_statuses.jsonl", store::List::Statuses),
    ("events.jsonl", store::List::Events),
    ("versions.jsonl", store::List::Versions),
];

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
    #[error("the project's schema cannot be read")]
    Cell(#[from] CellError),
    #[error("a file cannot be read or written")]
    Io(#[from] io::Error),
    #[error("nobody reads the export any more")]
    NobodyReads,
}

impl Lifecycle {
    /// Begins an export. The stream ends with an error when it is cut off.
    pub async fn export(
        &self,
        project_id: ProjectId,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, LifecycleError> {
        let project = self.parts().projects.by_id(project_id).await?;
        let (pieces, mut read) = mpsc::channel(PIECES);
        let lifecycle = self.clone();
        tokio::spawn(async move {
            let archive = Archive::begin(pieces);
            match write(&lifecycle, &project, &archive).await {
                Ok(()) => archive.end().await,
                Err(ExportError::NobodyReads) => {}
                Err(error) => {
                    let error = with_causes(&error);
                    tracing::warn!(project.id = %project.project_id, %error, "an export was cut off");
                    archive.cut_off(io::Error::other(error)).await;
                }
            }
        });
        Ok(futures::stream::poll_fn(move |context| {
            read.poll_recv(context)
        }))
    }
}

async fn write(
    lifecycle: &Lifecycle,
    project: &Project,
    archive: &Archive,
) -> Result<(), ExportError> {
    let parts = lifecycle.parts();
    let spool = parts.data.join("exports");
    let mut contents = Vec::new();
    archive.bytes("README.txt", README.as_bytes()).await?;
    let mut snapshot = store::Snapshot::begin(&parts.pool, project.project_id).await?;
    let about = json!({
        "format": FORMAT,
        "exported_at": sqlx::types::chrono::Utc::now().to_rfc3339(),
        "roost": env!("CARGO_PKG_VERSION"),
        "project": snapshot.project().await?,
        "number": snapshot.number().await?,
        "secrets": snapshot.secret_names().await?,
    });
    archive.bytes("project.json", &pretty(&about)).await?;
    for (path, list) in LISTS {
        let mut file = Spool::new(&spool)?;
        let mut rows = snapshot.rows(list);
        let mut count = 0_u64;
        while let Some(row) = rows.try_next().await? {
            // Written anew, because text that came from outside may have line ends between values.
            let row: Value = serde_json::from_str(&row).map_err(io::Error::other)?;
            file.write(format!("{row}\n").as_bytes()).await?;
            count += 1;
        }
        drop(rows);
        contents.push(json!({ "path": path, "rows": count }));
        archive.file(path, file).await?;
    }
    for id in snapshot.media().await? {
        let path = format!("media/{id}");
        let mut file = Spool::new(&spool)?;
        let mut pieces = snapshot.pieces(id);
        while let Some(piece) = pieces.try_next().await? {
            file.write(&piece).await?;
        }
        drop(pieces);
        archive.file(&path, file).await?;
    }
    let artifacts = snapshot.artifacts().await?;
    snapshot.end().await?;
    for digest in artifacts {
        let path = format!("artifacts/{digest}");
        let found = parts.deploys.artifact(&digest).await;
        match found {
            Some(bytes) => archive.bytes(&path, &bytes).await?,
            None => contents.push(json!({ "path": path, "missing": true })),
        }
    }
    write_schema(lifecycle, project, archive, &mut contents).await?;
    let manifest = json!({ "format": FORMAT, "complete": true, "contents": contents });
    archive.bytes("manifest.json", &pretty(&manifest)).await
}

async fn write_schema(
    lifecycle: &Lifecycle,
    project: &Project,
    archive: &Archive,
    contents: &mut Vec<Value>,
) -> Result<(), ExportError> {
    let parts = lifecycle.parts();
    let Some(placement) = &project.placement else {
        return Ok(());
    };
    let schema = TenantName::parse(&placement.schema)?;
    let dump = SchemaDump::begin(&parts.server, &placement.database, schema).await?;
    let Some(mut dump) = dump else {
        return Ok(());
    };
    let definitions = dump.definitions().await?;
    archive
        .bytes("database/1-tables.sql", definitions.before.as_bytes())
        .await?;
    let spool = parts.data.join("exports");
    let mut loads = Vec::new();
    for (n, table) in dump.tables().await?.into_iter().enumerate() {
        let path = format!("database/rows/{:04}-{}.csv", n + 1, file_name(&table.name));
        let mut file = Spool::new(&spool)?;
        let mut rows = dump.rows(&table).await?;
        while let Some(piece) = rows.next().await {
            file.write(&piece?).await?;
        }
        drop(rows);
        contents.push(json!({ "path": path, "table": table.name, "columns": table.columns() }));
        archive.file(&path, file).await?;
        loads.push((table, path));
    }
    let load = SchemaDump::load_script(&loads);
    archive
        .bytes("database/2-load.sql", load.as_bytes())
        .await?;
    archive
        .bytes("database/3-constraints.sql", definitions.after.as_bytes())
        .await?;
    contents.push(json!({ "path": "database", "left_out": LEFT_OUT }));
    dump.end().await;
    Ok(())
}

/// A table's name as a part of a file's: the number before it tells two apart.
fn file_name(table: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    table.chars().map(plain).take(60).collect()
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut text = format!("{value:#}");
    text.push('\n');
    text.into_bytes()
}

const README: &str = "\
All that this project had on its host, except the values of its secrets and its tokens.

project.json            the project, its number, the names of its secrets
versions.jsonl          its versions; artifacts/ has the code of each, by SHA-256
contacts.jsonl          and conversations with their labels and notes, messages, message_statuses: one JSON
                        object a line
media.jsonl             what customers sent; media/ has the files that the host kept, by Meta's id
events.jsonl            events that were not done when this was written
database/               the project's own schema, as SQL and CSV
manifest.json           the last file: without it, this export was cut off

To load the schema into an empty database, in this folder:

    psql -X -v ON_ERROR_STOP=1 -f database/1-tables.sql -f database/2-load.sql -f database/3-constraints.sql

psql then runs nothing but that SQL, and writes no file: names and texts that would be commands of its own are escaped.

In the CSV files an empty field is NULL, and \"\" an empty text. What the SQL leaves out stands in
manifest.json.
";
