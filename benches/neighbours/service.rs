//! A service that takes its time, and that attackers call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

/// How long it takes for each request.
const PAUSE: Duration = Duration::from_secs(2);

/// How much it answers.
const BODY_BYTES: usize = 64 << 10;

pub struct Service {
    pub port: u16,
    under_way: Arc<AtomicUsize>,
    _serving: AbortOnDropHandle<()>,
}

impl Service {
    /// With so many connections at once; more of them wait. Each takes a file, and the emulator needs some too.
    pub async fn start(connections: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let under_way = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(serve(listener, connections, under_way.clone()));
        Ok(Self {
            port,
            under_way,
            _serving: AbortOnDropHandle::new(serving),
        })
    }

    /// Requests that wait for their answers.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, connections: usize, under_way: Arc<AtomicUsize>) {
    let room = Arc::new(Semaphore::new(connections));
    while let Ok(place) = room.clone().acquire_owned().await {
        let Ok((connection, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let under_way = under_way.clone();
        tokio::spawn(async move {
            // Who called may be gone.
            let _ = answer(connection, &under_way).await;
            drop(place);
        });
    }
}

/// One request without a body, which comes in one piece.
async fn answer(mut connection: TcpStream, under_way: &AtomicUsize) -> std::io::Result<()> {
    let mut request = [0; 4096];
    if connection.read(&mut request).await? == 0 {
        return Ok(());
    }
    under_way.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(PAUSE).await;
    under_way.fetch_sub(1, Ordering::Relaxed);
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
    )
    .into_bytes();
    answer.resize(answer.len() + BODY_BYTES, b'x');
    connection.write_all(&answer).await?;
    connection.shutdown().await
}
