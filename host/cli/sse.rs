//! Server-sent events, as the admin API streams them.

use super::{CliError, Session};
use reqwest::Method;
use std::time::Duration;

/// How long to wait before a stream that broke is asked for again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is asked for again without an event in between.
const TRIES: u32 = 30;

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ServerEvent {
    pub name: String,
    pub id: Option<String>,
    pub data: String,
}

/// Lines of a stream, as far as they make no event yet.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    event: ServerEvent,
    has_data: bool,
}

impl Parser {
    /// What a piece of the stream completes.
    fn feed(&mut self, bytes: &[u8]) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            events.extend(self.end_line(line.trim_end_matches('\r')));
        }
        events
    }

    fn end_line(&mut self, line: &str) -> Option<ServerEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // A comment: the host is alive.
            _ => {}
        }
        None
    }
}

/// Hands each event of a stream to `tell` until that says that it was the last. A stream that breaks
/// is taken up after the last event.
pub async fn follow(
    session: &Session,
    segments: &[&str],
    mut tell: impl FnMut(&ServerEvent) -> Result<bool, CliError>,
) -> Result<(), CliError> {
    let mut last: Option<String> = None;
    let mut tries = 0;
    loop {
        let mut request = session.client.request(Method::GET, segments)?;
        if let Some(last) = &last {
            request = request.header("last-event-id", last);
        }
        let sent = session.client.send(request).await;
        let mut response = match sent {
            Ok(response) => response,
            Err(CliError::Unreachable { .. }) if last.is_some() && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut parser = Parser::default();
        while let Ok(Some(piece)) = response.chunk().await {
            for event in parser.feed(&piece) {
                tries = 0;
                if event.id.is_some() {
                    last.clone_from(&event.id);
                }
                if tell(&event)? {
                    return Ok(());
                }
            }
        }
        tries += 1;
        if tries > TRIES {
            return Err(CliError::Usage(
                "the host ends the stream again and again: see its log".to_owned(),
            ));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_the_stream_is_cut() {
        let stream =
            ": hello\n\nevent: step\nid: 7\ndata: {\"a\":\ndata: 1}\n\r\nevent: end\ndata: é\n\n";
        for size in 1..stream.len() {
            let mut parser = Parser::default();
            let pieces = stream.as_bytes().chunks(size);
            let events: Vec<ServerEvent> = pieces.flat_map(|piece| parser.feed(piece)).collect();
            assert_eq!(events.len(), 2, "in pieces of {size}");
            assert_eq!(events[0].name, "step");
            assert_eq!(events[0].id.as_deref(), Some("7"));
            assert_eq!(events[0].data, "{\"a\":\n1}");
            assert_eq!(events[1].data, "é");
        }
    }
}
