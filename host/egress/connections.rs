//! Connections: made for a request, or left by another request to the same host.
//!
//! A connection has the place of the request that it is at work for. The place is given back when the exchange is over
//! and the connection waits for the next request, or when it is closed. So there are never more sockets than places and
//! connections that wait, and how many wait is bounded, for each host and in all: what was left longest is closed.
//!
//! Not here: who gets a place (`rooms`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tower_service::Service;
use uuid::Uuid;

use super::EgressLimits;
use super::connect::Connector;
use super::error::EgressError;
use crate::rooms::{Place, open_files};

/// How long a connection waits for the next request.
const IDLE: Duration = Duration::from_secs(15);

/// Of so many files that the process may open one is a connection that waits, at most.
const IDLE_PART: usize = 32;

/// How long an exchange may take to come to its end when nobody reads the answer any more. A server that answers
/// before it has read the request, and never reads it, would keep the connection else.
const SETTLES: Duration = Duration::from_secs(1);

/// A request as it goes out.
pub(super) type Outgoing = Request<UnsyncBoxBody<Bytes, EgressError>>;

/// The connections of one way out. Clones share them.
#[derive(Clone)]
pub(super) struct Connections {
    way: u64,
    connector: Connector,
    kept: Arc<Kept>,
}

/// The connections that wait for a request, of all ways out: the one that was left last is last.
struct Kept {
    waiting: Mutex<VecDeque<Waiting>>,
    per_host: usize,
    in_all: usize,
}

struct Waiting {
    key: Key,
    open: Open,
    until: Instant,
}

/// What a connection is kept under: the way out that made it, and where it leads.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    way: u64,
    scheme: Scheme,
    authority: Authority,
}

/// An open connection. Dropped, it is closed.
struct Open {
    sender: SendRequest<UnsyncBoxBody<Bytes, EgressError>>,
    taken: Taken,
    _driver: AbortOnDropHandle<()>,
}

/// The place that a connection has. It goes with the last clone: one is with the socket.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Option<Place>>>);

/// A connection whose request was answered.
struct Line {
    key: Key,
    open: Open,
    kept: Arc<Kept>,
}

/// Somebody reads the answer, until this is dropped.
pub(super) struct Reading {
    /// Kept to be dropped.
    _reads: oneshot::Sender<Infallible>,
}

impl Connections {
    pub(super) fn new(connector: Connector, limits: &EgressLimits) -> Self {
        let kept = Kept {
            waiting: Mutex::default(),
            per_host: limits.idle_connections,
            in_all: limits.idle_in_all.min(open_files() / IDLE_PART),
        };
        Self {
            way: next_way(),
            connector,
            kept: Arc::new(kept),
        }
    }

    /// The same connections for one project.
    pub(super) fn of(&self, project_id: Uuid) -> Self {
        Self {
            connector: self.connector.of(project_id),
            ..self.clone()
        }
    }

    /// Those of another way out, which are bounded together with these.
    pub(super) fn with_connector(&self, connector: Connector) -> Self {
        Self {
            way: next_way(),
            connector,
            kept: self.kept.clone(),
        }
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Sends a request, and gives the answer when its headers are there.
    ///
    /// *Cancel safety*: dropping the call closes the connection.
    pub(super) async fn send(
        &self,
        mut request: Outgoing,
        place: Place,
    ) -> Result<(Response<Incoming>, Reading), EgressError> {
        let uri = request.uri().clone();
        let key = Key::of(self.way, &uri).ok_or(EgressError::InvalidUri)?;
        address(&mut request, &key.authority, &uri)?;
        let mut place = Some(place);
        loop {
            let found = self.kept.take(&key);
            let is_new = found.is_none();
            let mut open = match found {
                Some(open) => open,
                None => self.connect(uri.clone()).await?,
            };
            open.taken.swap(place.take());
            let mut error = match open.sender.try_send_request(request).await {
                Ok(answer) => {
                    let kept = self.kept.clone();
                    return Ok((answer, Line { key, open, kept }.read()));
                }
                Err(error) => error,
            };
            match error.take_message() {
                // The server closed it before anything of the request went out.
                Some(unsent) if !is_new => request = unsent,
                _ => return Err(EgressError::from_client(&error.into_error())),
            }
            place = open.taken.swap(None);
        }
    }

    async fn connect(&self, uri: Uri) -> Result<Open, EgressError> {
        let stream = self.connector.clone().call(uri).await;
        let stream = stream.map_err(|error| EgressError::from_connecting(&*error))?;
        let (sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| EgressError::from_client(&error))?;
        let taken = Taken::default();
        let with_the_socket = taken.clone();
        let driver = tokio::spawn(async move {
            // Whoever waits for an answer is told what failed.
            let _ = connection.await;
            drop(with_the_socket);
        });
        Ok(Open {
            sender,
            taken,
            _driver: AbortOnDropHandle::new(driver),
        })
    }
}

/// Ways out have connections of their own: what one permits another may not.
fn next_way() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

impl Key {
    fn of(way: u64, uri: &Uri) -> Option<Self> {
        Some(Self {
            way,
            scheme: uri.scheme()?.clone(),
            authority: uri.authority()?.clone(),
        })
    }
}

/// Writes the address as servers expect it: the host in its header, the rest in the first line.
fn address(request: &mut Outgoing, authority: &Authority, uri: &Uri) -> Result<(), EgressError> {
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| EgressError::InvalidUri)?;
    request.headers_mut().insert(HOST, host);
    let path = uri.path_and_query().cloned();
    *request.uri_mut() = path
        .unwrap_or_else(|| PathAndQuery::from_static("/"))
        .into();
    Ok(())
}

impl Kept {
    /// The one that was left last.
    fn take(&self, key: &Key) -> Option<Open> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut waiting);
        let found = waiting.iter().rposition(|one| one.key == *key)?;
        waiting.remove(found).map(|one| one.open)
    }

    fn put(&self, key: Key, open: Open) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut waiting);
        let same = waiting.iter().filter(|one| one.key == key).count();
        if same >= self.per_host || self.in_all == 0 {
            return;
        }
        if waiting.len() >= self.in_all {
            waiting.pop_front();
        }
        open.taken.swap(None);
        let until = Instant::now() + IDLE;
        waiting.push_back(Waiting { key, open, until });
    }
}

/// Those that waited long, and those that the server closed.
fn forget_old(waiting: &mut VecDeque<Waiting>) {
    let now = Instant::now();
    waiting.retain(|one| one.until > now && one.open.sender.is_ready());
}

impl Taken {
    fn swap(&self, place: Option<Place>) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *taken, place)
    }
}

impl Line {
    /// Waits in the background until the exchange is over; an answer that nobody reads is not waited for.
    fn read(self) -> Reading {
        let (reads, is_read) = oneshot::channel();
        tokio::spawn(self.stay(is_read));
        Reading { _reads: reads }
    }

    async fn stay(mut self, is_read: oneshot::Receiver<Infallible>) {
        let sender = &mut self.open.sender;
        let over = tokio::select! {
            over = sender.ready() => Some(over.is_ok()),
            _ = is_read => None,
        };
        let is_over = match over {
            Some(is_over) => is_over,
            None => {
                let over = tokio::time::timeout(SETTLES, self.open.sender.ready()).await;
                matches!(over, Ok(Ok(())))
            }
        };
        if is_over {
            self.kept.put(self.key, self.open);
        }
    }
}
