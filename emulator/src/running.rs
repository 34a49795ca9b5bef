//! Starting an emulator, and stopping it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::graph::listener::{Cut, CuttableListener};
use crate::platform::Platform;
use crate::platform::store::{self, StateError};
use crate::platform::world::World;
use crate::{agenda, control, graph};

/// How long requests that are under way may take when the emulator stops.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "the {side} address {addr} is in use: stop the program that listens on port {}, or start \
         the emulator with another `{flag}`",
        .addr.port()
    )]
    AddressInUse {
        side: &'static str,
        addr: SocketAddr,
        flag: &'static str,
    },
    #[error("the {side} address {addr} cannot be listened on")]
    Listen {
        side: &'static str,
        addr: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the control token is empty")]
    EmptyControlToken,
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the client that calls webhooks cannot be made")]
    Client(#[source] reqwest::Error),
}

/// The WhatsApp Cloud API on this machine.
#[derive(Debug)]
pub struct Emulator;

impl Emulator {
    /// Starts an emulator; it runs until [`Running::shutdown`].
    ///
    /// Fails when an address is taken, or the state file is there but cannot be used.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        crate::crypto::install();
        if config.control_token.is_empty() {
            return Err(StartError::EmptyControlToken);
        }
        let world = match &config.state_file {
            Some(path) => store::load(path)?,
            None => World::default(),
        };
        let graph_listener = listen("graph", config.graph_addr, "--graph-addr").await?;
        let control_listener = listen("control", config.control_addr, "--control-addr").await?;
        let graph_url = url_of(&graph_listener, config.graph_addr);
        let control_url = url_of(&control_listener, config.control_addr);
        let platform = Platform::new(&config, world, graph_url.clone());
        let platform = Arc::new(platform.map_err(StartError::Client)?);

        let graph_service =
            graph::router(platform.clone()).into_make_service_with_connect_info::<Cut>();
        let stopping = platform.stopping.clone();
        let graph_server = tokio::spawn(async move {
            axum::serve(CuttableListener(graph_listener), graph_service)
                .with_graceful_shutdown(stopping.cancelled_owned())
                .await
        });
        let control_service = control::router(platform.clone(), config.control_token.clone());
        let stopping = platform.stopping.clone();
        let control_server = tokio::spawn(async move {
            axum::serve(control_listener, control_service)
                .with_graceful_shutdown(stopping.cancelled_owned())
                .await
        });
        platform.tasks.spawn(agenda::keep(platform.clone()));
        if let Some(path) = &config.state_file {
            platform
                .tasks
                .spawn(store::keep_saved(platform.clone(), path.clone()));
        }
        Ok(Running {
            platform,
            graph_url,
            control_url,
            control_token: config.control_token,
            state_file: config.state_file,
            servers: [graph_server, control_server],
        })
    }
}

/// An emulator that runs. Dropping it leaves it running until the runtime ends.
#[derive(Debug)]
pub struct Running {
    platform: Arc<Platform>,
    graph_url: String,
    control_url: String,
    control_token: String,
    state_file: Option<PathBuf>,
    servers: [JoinHandle<std::io::Result<()>>; 2],
}

impl Running {
    /// Stands for `https://graph.facebook.com`, without a slash at its end.
    pub fn graph_url(&self) -> &str {
        &self.graph_url
    }

    /// The control API, without a slash at its end.
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// The bearer token of the control API.
    pub fn control_token(&self) -> &str {
        &self.control_token
    }

    /// A client of the control API.
    pub fn control(&self) -> Result<control::ControlClient, control::ClientError> {
        control::ControlClient::new(&self.control_url, self.control_token.clone())
    }

    /// Stops: requests under way are answered, webhooks and statuses that are outstanding are
    /// dropped, and the state is written.
    pub async fn shutdown(self) {
        self.platform.stopping.cancel();
        self.platform.tasks.close();
        for mut server in self.servers {
            if tokio::time::timeout(SHUTDOWN_PATIENCE, &mut server)
                .await
                .is_err()
            {
                server.abort();
            }
        }
        // What is left are tasks that end at their next await.
        let _ = tokio::time::timeout(SHUTDOWN_PATIENCE, self.platform.tasks.wait()).await;
        if let Some(path) = &self.state_file {
            store::save_now(&self.platform, path).await;
        }
    }
}

async fn listen(
    side: &'static str,
    addr: SocketAddr,
    flag: &'static str,
) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|source| {
        if source.kind() == std::io::ErrorKind::AddrInUse {
            StartError::AddressInUse { side, addr, flag }
        } else {
            StartError::Listen { side, addr, source }
        }
    })
}

/// The URL by which programs on this machine reach a listener.
fn url_of(listener: &TcpListener, asked: SocketAddr) -> String {
    let mut addr = listener.local_addr().unwrap_or(asked);
    if addr.ip().is_unspecified() {
        addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{addr}")
}
