//! Standard input for a chat that can end while nobody types.
//!
//! The runtime's own standard input keeps a program from ending until the next line. Here a thread
//! of its own reads, and is left behind when the program ends.

use std::io::{BufRead as _, ErrorKind};

use tokio::io::{AsyncBufRead, AsyncWriteExt as _, BufReader};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// How many bytes are read ahead of the chat.
const READ_AHEAD: usize = 64 * 1024;

/// The thread that reads standard input could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the thread that reads standard input cannot be started")]
pub struct StdinError(#[from] std::io::Error);

/// Reads standard input from now on, to its end, and cancels `ended` there: what was read may not
/// have been taken yet. Must be called on a runtime, and once.
pub fn read_stdin(
    ended: CancellationToken,
) -> Result<impl AsyncBufRead + Unpin + Send, StdinError> {
    let (reader, mut writer) = tokio::io::simplex(READ_AHEAD);
    let runtime = Handle::current();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut input = std::io::stdin().lock();
            loop {
                let bytes = match input.fill_buf() {
                    Ok(bytes) => bytes,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    // A terminal that has gone is the end of its input.
                    Err(_) => break,
                };
                if bytes.is_empty() || runtime.block_on(writer.write_all(bytes)).is_err() {
                    break;
                }
                let read = bytes.len();
                input.consume(read);
            }
            ended.cancel();
            let _ = runtime.block_on(writer.shutdown());
        })?;
    Ok(BufReader::new(reader))
}
