//! The `tar.gz` itself: written by a thread of its own, piece by piece into a channel.

use super::ExportError;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

/// How large a piece of the stream is, about.
const PIECE: usize = 64 * 1024;

type Pieces = mpsc::Sender<io::Result<Bytes>>;

/// An archive that is being written.
pub(super) struct Archive {
    entries: mpsc::Sender<Entry>,
    pieces: Pieces,
}

struct Entry {
    path: String,
    size: u64,
    content: Box<dyn Read + Send>,
}

/// A file without a name that grows, to find out its length.
pub(super) struct Spool {
    file: tokio::io::BufWriter<tokio::fs::File>,
}

impl Archive {
    pub(super) fn begin(pieces: Pieces) -> Self {
        let (entries, wanted) = mpsc::channel(1);
        let out = pieces.clone();
        tokio::task::spawn_blocking(move || write(wanted, out));
        Self { entries, pieces }
    }

    pub(super) async fn bytes(&self, path: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let entry = Entry {
            path: path.to_owned(),
            size: bytes.len() as u64,
            content: Box::new(io::Cursor::new(bytes.to_vec())),
        };
        self.send(entry).await
    }

    pub(super) async fn file(&self, path: &str, spool: Spool) -> Result<(), ExportError> {
        let (file, size) = spool.rewound().await?;
        let entry = Entry {
            path: path.to_owned(),
            size,
            content: Box::new(file),
        };
        self.send(entry).await
    }

    async fn send(&self, entry: Entry) -> Result<(), ExportError> {
        let sent = self.entries.send(entry).await;
        sent.map_err(|_| ExportError::NobodyReads)
    }

    /// The archive is whole: its end is written as soon as the entries are.
    pub(super) async fn end(self) {
        let end = Entry {
            path: String::new(),
            size: 0,
            content: Box::new(io::empty()),
        };
        let _ = self.entries.send(end).await;
    }

    /// The archive is not whole, and whoever reads it is to know.
    pub(super) async fn cut_off(self, error: io::Error) {
        let _ = self.pieces.send(Err(error)).await;
    }
}

/// Writes entries until one without a path, which ends the archive; without that one it has no end.
fn write(mut entries: mpsc::Receiver<Entry>, pieces: Pieces) {
    let channel = Channel {
        pieces: pieces.clone(),
        piece: Vec::with_capacity(PIECE),
    };
    let mut tar = tar::Builder::new(GzEncoder::new(channel, Compression::default()));
    while let Some(entry) = entries.blocking_recv() {
        let written = match entry.path.is_empty() {
            true => {
                let ended = tar.into_inner().and_then(GzEncoder::finish);
                let flushed = ended.and_then(|mut channel| channel.flush());
                if let Err(error) = flushed {
                    let _ = pieces.blocking_send(Err(error));
                }
                return;
            }
            false => append(&mut tar, entry),
        };
        if let Err(error) = written {
            let _ = pieces.blocking_send(Err(error));
            return;
        }
    }
}

fn append(tar: &mut tar::Builder<GzEncoder<Channel>>, mut entry: Entry) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(entry.size);
    header.set_mode(0o600);
    header.set_mtime(now());
    tar.append_data(&mut header, &entry.path, &mut entry.content)
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A writer whose bytes are somebody's stream.
struct Channel {
    pieces: Pieces,
    piece: Vec<u8>,
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        let sent = self.pieces.blocking_send(Ok(Bytes::from(piece)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Spool {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        crate::kept::private_folder(folder)?;
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self {
            file: tokio::io::BufWriter::with_capacity(PIECE, tokio::fs::File::from_std(file)),
        })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await
    }

    async fn rewound(mut self) -> io::Result<(File, u64)> {
        self.file.flush().await?;
        let mut file = self.file.into_inner().into_std().await;
        file.rewind()?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }
}
