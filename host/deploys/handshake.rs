//! Finds the path that takes webhooks, by making Meta's handshake with the bot.

use crate::capabilities::Grants;
use crate::sandbox::{
    Answer, BootReport, Bot, Budget, DEFAULT_MEMORY_BYTES, Instance, Purpose, Route,
};
use bytes::Bytes;
use std::time::Duration;

/// What a handshake may take, beside the project's memory.
const BUDGET: Budget = Budget {
    wall: Duration::from_secs(5),
    cpu: Duration::from_secs(2),
    memory_bytes: DEFAULT_MEMORY_BYTES,
    response_bytes: 64 << 10,
    host_calls: 1_000,
    requests: 10,
    sends: 0,
};

const CHALLENGE: &str = "1158201444";

/// Paths that bots use, for routers that list nothing.
const USUAL: [&str; 8] = [
    "/webhook",
    "/webhooks",
    "/webhook/whatsapp",
    "/whatsapp/webhook",
    "/webhooks/whatsapp",
    "/whatsapp",
    "/api/webhook",
    "/",
];

/// The path that takes webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// For instance `/webhook`.
    pub path: String,
    /// Why this one, in words for the author.
    pub because: String,
}

/// Why no path was found.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// Nothing answers, and no route looks like a webhook.
    #[error(
        "no route of the bot answers Meta's webhook handshake\n  = tried GET {tried} with \
         `hub.mode=subscribe`, `hub.challenge` and the VERIFY_TOKEN of the environment\n  = answer it \
         with the challenge, or name the route that takes webhooks in package.json: \
         \"roost\": {{ \"webhookPath\": \"/webhook\" }}, or by `roost projects set webhook_path=/webhook`"
    )]
    NotFound {
        /// What was tried.
        tried: String,
    },
    /// The chosen path is no path.
    #[error("`{0}` is not a path: a webhook's path begins with `/`")]
    NotAPath(String),
}

/// Finds the path: the wanted one, else the first that answers the handshake. `grants` makes what
/// the bot may do meanwhile.
pub(crate) async fn find(
    bot: &Bot,
    report: &BootReport,
    verify_token: &str,
    wanted: Option<&str>,
    memory_bytes: usize,
    grants: &(dyn Fn() -> Grants + Sync),
) -> Result<Found, HandshakeError> {
    let meta = Asking {
        bot,
        verify_token,
        grants,
        budget: Budget {
            memory_bytes,
            ..BUDGET
        },
    };
    if let Some(path) = wanted {
        if !path.starts_with('/') {
            return Err(HandshakeError::NotAPath(path.to_owned()));
        }
        let because = match meta.is_answered_at(path).await {
            true => "it is set, and answers Meta's handshake",
            false => "it is set, though it does not answer Meta's handshake",
        };
        return Ok(Found {
            path: path.to_owned(),
            because: because.to_owned(),
        });
    }
    // Requests go to the first server. An app that listens twice has its routes once.
    let mut routes: Vec<&Route> = Vec::new();
    for route in report
        .listening
        .iter()
        .take(1)
        .flat_map(|server| &server.routes)
    {
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    let tried = candidates(&routes);
    for path in &tried {
        if meta.is_answered_at(path).await {
            let because = "it answers Meta's handshake".to_owned();
            return Ok(Found {
                path: path.clone(),
                because,
            });
        }
    }
    likely(&routes).ok_or_else(|| HandshakeError::NotFound {
        tried: tried.join(", "),
    })
}

/// What the routers list for GET, then the usual paths.
fn candidates(routes: &[&Route]) -> Vec<String> {
    let gets = routes
        .iter()
        .filter(|route| ["GET", "ALL"].contains(&route.method.as_str()));
    let mut paths: Vec<String> = Vec::new();
    let listed = gets.map(|route| route.path.as_str());
    for path in listed.chain(USUAL) {
        let plain = path.starts_with('/') && !path.contains([':', '*', '{', '(']);
        if plain && !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    // A route that says it is the webhook is asked first.
    paths.sort_by_key(|path| !path.contains("webhook"));
    paths
}

/// A POST route that can be nothing else, for bots that do not know the handshake.
fn likely(routes: &[&Route]) -> Option<Found> {
    let posts: Vec<&str> = routes
        .iter()
        .filter(|route| ["POST", "ALL"].contains(&route.method.as_str()))
        .map(|route| route.path.as_str())
        .filter(|path| path.starts_with('/') && !path.contains([':', '*', '{', '(']))
        .collect();
    let named: Vec<&str> = posts
        .iter()
        .copied()
        .filter(|path| path.contains("webhook"))
        .collect();
    let (path, because) = match (named.as_slice(), posts.as_slice()) {
        ([path], _) => (path, "it is the one POST route with `webhook` in its path"),
        ([], [path]) => (path, "it is the one POST route"),
        _ => return None,
    };
    let because = format!("{because}, though it does not answer Meta's handshake");
    Some(Found {
        path: (*path).to_owned(),
        because,
    })
}

/// Meta's handshake with a bot.
struct Asking<'a> {
    bot: &'a Bot,
    verify_token: &'a str,
    grants: &'a (dyn Fn() -> Grants + Sync),
    budget: Budget,
}

impl Asking<'_> {
    async fn is_answered_at(&self, path: &str) -> bool {
        let query = format!(
            "hub.mode=subscribe&hub.challenge={CHALLENGE}&hub.verify_token={}",
            encode(self.verify_token)
        );
        let request = http::Request::get(format!("http://{}{path}?{query}", crate::runs::BOT_HOST))
            .header("host", crate::runs::BOT_HOST)
            .header("user-agent", "facebookexternalua")
            .header("accept", "*/*")
            .body(Bytes::new());
        let permit = self
            .bot
            .permit(Purpose::Deploy, self.budget.memory_bytes)
            .await;
        let started = Instance::start_with(permit, self.bot, self.budget, (self.grants)()).await;
        let (Ok(request), Ok(mut instance)) = (request, started) else {
            return false;
        };
        match instance.handle(request).await {
            Ok(Answer {
                response,
                failure: None,
            }) => {
                response.status().is_success()
                    && response.body().trim_ascii() == CHALLENGE.as_bytes()
            }
            _ => false,
        }
    }
}

/// Percent-encodes what is not plain in a query.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
