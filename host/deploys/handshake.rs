//! Finds the path that takes webhooks, by making Meta's handshake with the bot.

use crate::capabilities::Grants;
use crate::sandbox::{
    Answer, BOT_HOST, BootReport, Bot, Budget, DEFAULT_MEMORY_BYTES, Instance, META_USER_AGENT,
    Purpose, Route, Share,
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
         `hub.mode=subscribe`, `hub.challenge` and the bot's verify token (`roost secrets show \
         VERIFY_TOKEN --project {project}` prints it)\n  = {}",
        choice(posts, project)
    )]
    NotFound {
        /// What was tried.
        tried: String,
        /// The routes that take POSTs.
        posts: Vec<String>,
        /// Whose bot.
        project: String,
    },
    /// The chosen path is no path.
    #[error("`{0}` is not a path: a webhook's path begins with `/`")]
    NotAPath(String),
}

/// The command that chooses, for what was found.
fn choice(posts: &[String], project: &str) -> String {
    let commands = |path: &str| {
        format!(
            "`roost projects set {project} webhook_path={path}`, or in package.json: \
             \"roost\": {{ \"webhook\": \"{path}\" }}"
        )
    };
    match posts {
        [] => format!(
            "no POST route was found either: take webhooks at one, as in `app.post('/webhook', …)`; a \
             server without listed routes names its path: {}",
            commands("/webhook")
        ),
        [path, ..] => format!(
            "its POST routes are {}: say which of them takes Meta's webhooks with {}",
            posts.join(", "),
            commands(path)
        ),
    }
}

/// What the search knows of a bot besides its code.
pub(crate) struct Known<'a> {
    /// What its code may compare with `hub.verify_token`.
    pub(crate) verify_tokens: Vec<String>,
    /// The path that was set.
    pub(crate) wanted: Option<&'a str>,
    /// What its project is called.
    pub(crate) project: &'a str,
    /// What its instances may use.
    pub(crate) memory_bytes: usize,
    /// Makes what the bot may do meanwhile.
    pub(crate) grants: &'a (dyn Fn() -> Grants + Sync),
}

/// Finds the path: the wanted one, else the first that answers the handshake, else the one that is
/// plainly meant.
pub(crate) async fn find(
    bot: &Bot,
    report: &BootReport,
    known: &Known<'_>,
) -> Result<Found, HandshakeError> {
    let wanted = known.wanted;
    let meta = Asking { bot, known };
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
    let posts = posts(&routes);
    likely(&posts, &routes).ok_or_else(|| HandshakeError::NotFound {
        tried: tried.join(", "),
        posts: posts.into_iter().map(str::to_owned).collect(),
        project: known.project.to_owned(),
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
        if is_plain(path) && !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
    }
    // A route that says it is the webhook is asked first.
    paths.sort_by_key(|path| !path.contains("webhook"));
    paths
}

/// Whether a path can be asked for as it is.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && !path.contains([':', '*', '{', '('])
}

/// The paths that take POSTs, each once: routers are listed for every `listen`.
fn posts<'a>(routes: &[&'a Route]) -> Vec<&'a str> {
    let mut posts: Vec<&str> = Vec::new();
    for route in routes {
        let takes = ["POST", "ALL"].contains(&route.method.as_str()) && is_plain(&route.path);
        if takes && !posts.contains(&route.path.as_str()) {
            posts.push(&route.path);
        }
    }
    posts
}

/// Words of a path by which a webhook is Meta's.
const OF_META: [&str; 8] = [
    "whatsapp", "meta", "wa", "wsp", "waba", "fb", "facebook", "cloud",
];
/// Words by which it is somebody else's.
const OF_OTHERS: [&str; 22] = [
    "stripe",
    "paypal",
    "razorpay",
    "mercadopago",
    "payment",
    "payments",
    "pago",
    "pagos",
    "shopify",
    "woocommerce",
    "twilio",
    "telegram",
    "instagram",
    "messenger",
    "slack",
    "discord",
    "github",
    "calendly",
    "hubspot",
    "dialogflow",
    "flow",
    "flows",
];

/// How plainly a POST route takes Meta's webhooks.
fn plainness(path: &str, has_get: bool) -> i32 {
    let path = path.to_ascii_lowercase();
    let has = |of: &[&str]| {
        path.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| of.contains(&word))
    };
    8 * i32::from(path.contains("webhook"))
        + 4 * i32::from(has(&OF_META) || path.contains("whatsapp"))
        + 2 * i32::from(has_get)
        - 16 * i32::from(has(&OF_OTHERS))
}

/// The POST route that is plainly meant, for bots that do not answer the handshake.
fn likely(posts: &[&str], routes: &[&Route]) -> Option<Found> {
    let has_get = |path: &str| {
        let mut at_path = routes.iter().filter(|route| route.path == path);
        at_path.any(|route| route.method == "GET")
    };
    let mut ranked: Vec<(i32, &str)> = posts
        .iter()
        .map(|path| (plainness(path, has_get(path)), *path))
        .collect();
    // Stable: among equals the first stays first.
    ranked.sort_by_key(|(plainness, _)| -plainness);
    let (path, because) = match ranked.as_slice() {
        [(_, path)] => (path, "it is the one POST route".to_owned()),
        [(best, path), (next, _), ..] if *best > 0 && best > next => {
            let because = match posts.iter().filter(|path| path.contains("webhook")).count() {
                1 if path.contains("webhook") => {
                    "it is the one POST route with `webhook` in its path".to_owned()
                }
                _ if has_get(path) && *best == 2 => {
                    "it is the one POST route with a GET route beside it".to_owned()
                }
                _ => format!("of {} POST routes it is most plainly Meta's", posts.len()),
            };
            (path, because)
        }
        _ => return None,
    };
    Some(Found {
        path: (*path).to_owned(),
        because: format!("{because}, though it does not answer Meta's handshake"),
    })
}

/// Meta's handshake with a bot.
struct Asking<'a> {
    bot: &'a Bot,
    known: &'a Known<'a>,
}

impl Asking<'_> {
    async fn is_answered_at(&self, path: &str) -> bool {
        for verify_token in &self.known.verify_tokens {
            if self.is_answered_with(verify_token, path).await {
                return true;
            }
        }
        false
    }

    async fn is_answered_with(&self, verify_token: &str, path: &str) -> bool {
        let query = format!(
            "hub.mode=subscribe&hub.challenge={CHALLENGE}&hub.verify_token={}",
            encode(verify_token)
        );
        let request = http::Request::get(format!("http://{BOT_HOST}{path}?{query}"))
            .header("host", BOT_HOST)
            .header("user-agent", META_USER_AGENT)
            .header("accept", "*/*")
            .body(Bytes::new());
        let budget = Budget {
            memory_bytes: self.known.memory_bytes,
            ..BUDGET
        };
        let permit = self.bot.permit(Purpose::Deploy, budget.memory_bytes).await;
        let grants = (self.known.grants)();
        let Ok(request) = request else {
            return false;
        };
        let bot = self.bot.clone();
        let answering = async move {
            let mut instance = Instance::start_with(permit, &bot, budget, grants).await?;
            instance.handle(request).await
        };
        match self.bot.on_its_threads(Share::default(), answering).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `POST /a` and so on.
    fn chosen(routes: &[&str]) -> Option<(String, String)> {
        let routes: Vec<Route> = routes
            .iter()
            .map(|route| {
                let (method, path) = route.split_once(' ').unwrap();
                serde_json::from_value(serde_json::json!({ "method": method, "path": path }))
                    .unwrap()
            })
            .collect();
        let routes: Vec<&Route> = routes.iter().collect();
        let found = likely(&posts(&routes), &routes)?;
        let (because, rest) = found.because.split_once(", though").unwrap();
        assert!(rest.contains("does not answer"));
        Some((found.path, because.to_owned()))
    }

    #[track_caller]
    fn is(routes: &[&str], path: &str, because: &str) {
        let (found, why) = chosen(routes).expect("one is plain");
        assert_eq!(
            (found.as_str(), why.contains(because)),
            (path, true),
            "{why}"
        );
    }

    #[test]
    fn one_that_is_plainly_meant_is_chosen() {
        is(
            &["POST /in", "GET /health", "POST /in"],
            "/in",
            "the one POST route",
        );
        is(
            &["POST /send", "POST /webhook"],
            "/webhook",
            "`webhook` in its path",
        );
        is(
            &["POST /api/send", "GET /bot", "POST /bot"],
            "/bot",
            "a GET route beside it",
        );
        is(
            &["POST /send", "ALL /whatsapp"],
            "/whatsapp",
            "most plainly Meta's",
        );
        let two = ["POST /webhook/stripe", "POST /webhook/whatsapp"];
        is(&two, "/webhook/whatsapp", "most plainly");
        is(
            &["POST /webhooks/stripe", "POST /webhooks/meta", "POST /flow"],
            "/webhooks/meta",
            "",
        );
    }

    #[test]
    fn what_is_not_plain_is_left_to_who_knows() {
        assert_eq!(chosen(&["POST /a", "POST /b"]), None);
        assert_eq!(chosen(&["POST /webhook/a", "POST /webhook/b"]), None);
        assert_eq!(chosen(&["POST /stripe", "POST /paypal"]), None);
        assert_eq!(chosen(&["GET /webhook", "POST /:id"]), None);
    }

    #[test]
    fn who_has_to_choose_gets_the_routes_and_the_command() {
        let error = |posts: &[&str]| {
            let not_found = HandshakeError::NotFound {
                tried: "/webhook".to_owned(),
                posts: posts.iter().map(|path| (*path).to_owned()).collect(),
                project: "pizza".to_owned(),
            };
            not_found.to_string()
        };
        let several = error(&["/a", "/b"]);
        assert!(
            several.contains("its POST routes are /a, /b")
                && several.contains("`roost projects set pizza webhook_path=/a`")
                && several.contains("\"roost\": { \"webhook\": \"/a\" }")
                && several.contains("`roost secrets show VERIFY_TOKEN --project pizza`"),
            "{several}"
        );
        assert!(error(&[]).contains("no POST route was found"));
    }
}
