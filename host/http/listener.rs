//! The listeners: connections are taken, held to limits, and closed.
//!
//! Whoever opens connections and sends nothing, or half a request, must not keep others out. So a
//! connection that waits for a request is closed after a time; when there are as many connections as there
//! may be, the one that has waited longest makes room for the new one. One address outside of the operator's
//! networks has a share only: a proxy is inside of them and may have all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use crate::rooms::open_files;

/// How many connections there may be, and how long one may wait.
#[derive(Clone, Copy, Debug)]
pub struct ListenerLimits {
    /// Of all clients. It is lowered to half of the files that the process may open.
    pub connections: usize,
    /// Of one public address.
    pub per_address: usize,
    /// From a connection's begin, or the end of an answer, to the end of the next request's headers. Proxies keep
    /// connections for a minute: they should close them first.
    pub headers: Duration,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            connections: 8192,
            per_address: 128,
            headers: Duration::from_secs(75),
        }
    }
}

/// Whether all connections may be of this address: a proxy's.
pub type MayHaveAll = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Serves until `closing`; then connections end after the request that they are at.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ListenerLimits,
    may_have_all: MayHaveAll,
    closing: CancellationToken,
) {
    let room = Room::new(limits, may_have_all);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = room.enter(peer.ip().to_canonical()) {
                    let serving = connection(stream, peer, router.clone(), place, closing.clone());
                    connections.spawn(serving);
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // No files are left, mostly: whoever waits longest gives one back.
                tracing::warn!(%error, "a connection cannot be taken");
                room.make_room();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: Place,
    closing: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let (unwanted, limit) = (place.unwanted.clone(), place.room.limits.headers);
    let place = Arc::new(place);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        let busy = place.clone().busy();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answering = router.clone().call(request.map(Body::new));
        async move {
            let answer = answering.await?;
            // It waits again when the answer's body is out.
            Ok::<_, Infallible>(answer.map(|body| {
                body.map_frame(move |frame| {
                    let _at_work = &busy;
                    frame
                })
            }))
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = unwanted.cancelled() => return,
        () = closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// The connections that there are.
#[derive(Clone)]
struct Room {
    limits: ListenerLimits,
    may_have_all: MayHaveAll,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    places: HashMap<u64, Held>,
    by_address: HashMap<IpAddr, usize>,
    /// When it was last said that there is no room.
    told: Option<Instant>,
}

struct Held {
    address: IpAddr,
    /// Since when it waits for a request; none while one is answered.
    waits: Option<Instant>,
    unwanted: CancellationToken,
}

/// A connection's place.
struct Place {
    room: Room,
    id: u64,
    /// Says that another takes the place.
    unwanted: CancellationToken,
}

impl Room {
    fn new(limits: ListenerLimits, may_have_all: MayHaveAll) -> Self {
        let connections = limits.connections.min(open_files() / 2).max(1);
        let limits = ListenerLimits {
            connections,
            ..limits
        };
        Self {
            limits,
            may_have_all,
            taken: Arc::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; another that only waits gives its own, if there is none. None if all are at work.
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let has_share = !(self.may_have_all)(address);
        let mut taken = self.taken();
        let own = taken.by_address.get(&address).copied().unwrap_or_default();
        let is_free = if has_share && own >= self.limits.per_address {
            taken.close_oldest(|held| held.address == address)
        } else if taken.places.len() >= self.limits.connections {
            taken.close_oldest(|_| true)
        } else {
            true
        };
        if !is_free {
            taken.tell(address);
            return None;
        }
        taken.last += 1;
        let (id, unwanted) = (taken.last, CancellationToken::new());
        *taken.by_address.entry(address).or_default() += 1;
        let held = Held {
            address,
            waits: Some(Instant::now()),
            unwanted: unwanted.clone(),
        };
        taken.places.insert(id, held);
        drop(taken);
        let room = self.clone();
        Some(Place { room, id, unwanted })
    }

    fn make_room(&self) {
        self.taken().close_oldest(|_| true);
    }
}

impl Taken {
    /// Closes the connection that waits longest of those.
    fn close_oldest(&mut self, which: impl Fn(&Held) -> bool) -> bool {
        let waiting = self.places.iter().filter(|(_, held)| which(held));
        let waiting = waiting.filter_map(|(&id, held)| Some((held.waits?, id)));
        let Some((_, id)) = waiting.min() else {
            return false;
        };
        if let Some(held) = self.places.get(&id) {
            held.unwanted.cancel();
        }
        self.leave(id);
        true
    }

    fn leave(&mut self, id: u64) {
        let Some(held) = self.places.remove(&id) else {
            return;
        };
        if let Some(count) = self.by_address.get_mut(&held.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&held.address);
            }
        }
    }

    /// Once a minute at most: who fills the room would fill the log too.
    fn tell(&mut self, address: IpAddr) {
        let is_new = self
            .told
            .is_none_or(|told| told.elapsed() > Duration::from_secs(60));
        if is_new {
            self.told = Some(Instant::now());
            tracing::warn!(%address, connections = self.places.len(), "connections are refused: all places are at work");
        }
    }
}

impl Place {
    /// Until it is dropped a request is at work.
    fn busy(self: Arc<Self>) -> Busy {
        self.is_waiting(None);
        Busy(self)
    }

    fn is_waiting(&self, since: Option<Instant>) {
        if let Some(held) = self.room.taken().places.get_mut(&self.id) {
            held.waits = since;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken().leave(self.id);
    }
}

struct Busy(Arc<Place>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.is_waiting(Some(Instant::now()));
    }
}
