//! A Graph API on loopback that answers as it is told, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

/// What it does with one request.
pub enum Act {
    /// Takes the message, as `wamid.1`, `wamid.2` and so on in the order of requests.
    Accept,
    /// Answers with a status, further header lines and a body.
    Answer(u16, &'static str, String),
    /// Reads the request, which counts as taken, and closes the connection.
    Cut,
    /// Closes the connection without having read anything.
    Refuse,
    /// Reads the request and answers it when `release` is called.
    Hold,
    /// Reads the request, which counts as taken, and closes the connection when `release` is called.
    HoldAndCut,
    /// Answers with bytes for as long as somebody takes them.
    Endless,
}

#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub head: String,
    pub body: String,
}

#[derive(Clone)]
pub struct Graph {
    pub address: SocketAddr,
    pub state: Arc<State>,
}

pub struct State {
    /// A number that is there and all right, for whoever looks: such requests are no part of the script.
    number: Option<&'static str>,
    script: Mutex<VecDeque<Act>>,
    seen: Mutex<Vec<Seen>>,
    arrived: Notify,
    released: Semaphore,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub fn error(code: i32) -> String {
    json!({ "error": { "message": format!("(#{code}) no"), "code": code } }).to_string()
}

impl Graph {
    pub async fn start(script: Vec<Act>) -> Self {
        Self::start_as(None, script).await
    }

    /// One that has this number, which can be connected.
    pub async fn with_number(number: &'static str, script: Vec<Act>) -> Self {
        Self::start_as(Some(number), script).await
    }

    async fn start_as(number: Option<&'static str>, script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            number,
            script: Mutex::new(script.into()),
            seen: Mutex::default(),
            arrived: Notify::new(),
            released: Semaphore::new(0),
        });
        let server = Self { address, state };
        let running = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(running.clone().serve(stream));
            }
        });
        server
    }

    pub fn then(&self, act: Act) {
        self.state.script.lock().unwrap().push_back(act);
    }

    /// Drops what it was told to do and nobody asked for.
    pub fn forget(&self) {
        self.state.script.lock().unwrap().clear();
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.seen().len()
    }

    pub fn release(&self) {
        self.state.released.add_permits(1);
    }

    /// Returns when it has read that many requests.
    pub async fn has_seen(&self, count: usize) {
        loop {
            let arrived = self.state.arrived.notified();
            if self.count() >= count {
                return;
            }
            arrived.await;
        }
    }

    async fn is_released(&self) {
        self.state.released.acquire().await.unwrap().forget();
    }

    async fn serve(self, mut stream: TcpStream) {
        let refuses = matches!(self.state.script.lock().unwrap().front(), Some(Act::Refuse));
        if refuses {
            self.state.script.lock().unwrap().pop_front();
            return;
        }
        let Some(seen) = read(&mut stream).await else {
            return;
        };
        if let Some(number) = self.state.number
            && seen.line.starts_with("GET ")
        {
            return answers(&mut stream, 200, "", &what_is_there(number)).await;
        }
        let number = {
            let mut all = self.state.seen.lock().unwrap();
            all.push(seen);
            all.len()
        };
        let act = self
            .state
            .script
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Act::Accept);
        self.state.arrived.notify_waiters();
        let accepted = json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "16505550100", "wa_id": "16505550100" }],
            "messages": [{ "id": format!("wamid.{number}") }],
        });
        let (status, headers, body) = match act {
            Act::Accept => (200, "", accepted.to_string()),
            Act::Answer(status, headers, body) => (status, headers, body),
            Act::Cut | Act::Refuse => return,
            Act::Endless => return endless(stream).await,
            Act::HoldAndCut => return self.is_released().await,
            Act::Hold => {
                self.is_released().await;
                (200, "", accepted.to_string())
            }
        };
        answers(&mut stream, status, headers, &body).await;
    }
}

async fn answers(stream: &mut TcpStream, status: u16, headers: &str, body: &str) {
    let content_type = match headers.contains("content-type") {
        true => "",
        false => "content-type: application/json\r\n",
    };
    let answer = format!(
        "HTTP/1.1 {status} x\r\n{content_type}connection: close\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    // Whoever asked may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// A number that is registered, alone in its account, of which one app hears: all at once, whatever was
/// asked for.
fn what_is_there(number: &str) -> String {
    json!({
        "success": true,
        "id": "1201202301204",
        "display_phone_number": "+1 555 078 3881",
        "platform_type": "CLOUD_API",
        "status": "CONNECTED",
        "data": [{ "id": number, "whatsapp_business_api_data": { "id": "1201202301204" } }],
    })
    .to_string()
}

async fn endless(mut stream: TcpStream) {
    let head = "HTTP/1.1 200 x\r\ncontent-type: image/png\r\nconnection: close\r\n\r\n";
    let mut piece = head.as_bytes().to_vec();
    while stream.write_all(&piece).await.is_ok() {
        piece = vec![b'x'; 16 * 1024];
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                let line = text.lines().next().unwrap_or_default().to_owned();
                let head = text.split_once("\r\n\r\n").unwrap().0.to_owned();
                return Some(Seen {
                    line,
                    head,
                    body: body.to_owned(),
                });
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
