//! Bytes to and from a server: framing, and the check of a message's size before it is held.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use fallible_iterator::FallibleIterator;
use futures::FutureExt as _;
use postgres_protocol::message::backend::{DataRowBody, ErrorFields, Header, Message};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::address::Endpoint;
use super::error::SqlError;

/// What a connection runs over. A TLS stream would be a third implementation, made in [`open`].
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Io for T {}

pub(super) async fn open(endpoint: &Endpoint) -> io::Result<Box<dyn Io>> {
    Ok(match endpoint {
        Endpoint::Unix { folder, port } => {
            Box::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?)
        }
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Requests are written whole; waiting for more would only delay them.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// Why a message could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    /// The message alone is larger than what is left of the budget. It is still on its way.
    TooLarge,
}

impl From<io::Error> for ReadError {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

/// What an answer may still take, in bytes.
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.0 = self.0.checked_sub(bytes).ok_or(ReadError::TooLarge)?;
        Ok(())
    }
}

pub(super) struct Wire {
    stream: Box<dyn Io>,
    incoming: BytesMut,
    pub(super) outgoing: BytesMut,
}

impl Wire {
    /// How much room is made at once for a message that is longer than what has arrived.
    const CHUNK: usize = 64 << 10;

    pub(super) fn new(stream: Box<dyn Io>) -> Self {
        Self {
            stream,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
        }
    }

    /// Sends what `outgoing` holds.
    pub(super) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.outgoing).await?;
        self.stream.flush().await
    }

    /// Sends what `outgoing` holds, and that nothing will follow.
    pub(super) async fn send_last(&mut self) -> io::Result<()> {
        self.send().await?;
        self.stream.shutdown().await
    }

    /// The next message, taken from `budget`.
    pub(super) async fn receive(&mut self, budget: &mut Budget) -> Result<Message, ReadError> {
        let mut is_paid = false;
        loop {
            if !is_paid && let Some(header) = Header::parse(&self.incoming)? {
                // `parse` has refused lengths below 4.
                budget.spend(usize::try_from(header.len()).unwrap_or(usize::MAX))?;
                is_paid = true;
            }
            if is_paid && let Some(message) = Message::parse(&mut self.incoming)? {
                return Ok(message);
            }
            self.incoming
                .reserve(Self::CHUNK.min(self.missing().max(4 << 10)));
            if self.stream.read_buf(&mut self.incoming).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    fn missing(&self) -> usize {
        let whole = match Header::parse(&self.incoming) {
            Ok(Some(header)) => usize::try_from(header.len()).unwrap_or(0) + 1,
            Ok(None) | Err(_) => 0,
        };
        whole.saturating_sub(self.incoming.len())
    }

    /// Whether nothing has arrived that nobody asked for, the end of the stream included.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.incoming.is_empty()
            && self
                .stream
                .read_buf(&mut self.incoming)
                .now_or_never()
                .is_none()
    }

    /// Reads and forgets until the server closes.
    pub(super) async fn drain(&mut self) {
        loop {
            self.incoming.clear();
            self.incoming.reserve(Self::CHUNK);
            match self.stream.read_buf(&mut self.incoming).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// The values of a row, sharing the message's buffer.
pub(super) fn row_values(body: &DataRowBody) -> io::Result<Vec<Option<Bytes>>> {
    let whole = body.buffer_bytes();
    body.ranges()
        .map(|range| Ok(range.map(|range| whole.slice(range))))
        .collect()
}

/// How many values a row has, known before they are split.
pub(super) fn row_width(body: &DataRowBody) -> usize {
    body.ranges().size_hint().0
}

pub(super) fn sql_error(mut fields: ErrorFields<'_>) -> io::Result<SqlError> {
    let mut error = SqlError::default();
    while let Some(field) = fields.next()? {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'S' if error.severity.is_empty() => error.severity = text,
            // Never translated, unlike `S`.
            b'V' => error.severity = text,
            b'C' => error.code = text,
            b'M' => error.message = text,
            b'D' => error.detail = Some(text),
            b'H' => error.hint = Some(text),
            b'P' => error.position = text.parse().ok(),
            b'W' => error.context = Some(text),
            b's' => error.schema = Some(text),
            b't' => error.table = Some(text),
            b'c' => error.column = Some(text),
            b'd' => error.data_type = Some(text),
            b'n' => error.constraint = Some(text),
            // File, line and routine of the server's source; internal statements.
            _ => {}
        }
    }
    Ok(error)
}

/// Splits a command tag: `INSERT 0 5` is `INSERT` and 5.
pub(super) fn command_tag(tag: &str) -> (String, u64) {
    let words: Vec<&str> = tag.split(' ').collect();
    let name = words
        .iter()
        .take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    let command = name.copied().collect::<Vec<_>>().join(" ");
    let affected = words.last().and_then(|word| word.parse().ok()).unwrap_or(0);
    (command, affected)
}

/// Sends a request that stands alone on a connection of its own, and waits until the server closes.
pub(super) async fn send_alone(endpoint: &Endpoint, mut request: BytesMut) -> io::Result<()> {
    let mut wire = Wire::new(open(endpoint).await?);
    while request.has_remaining() {
        wire.stream.write_all_buf(&mut request).await?;
    }
    wire.drain().await;
    Ok(())
}
