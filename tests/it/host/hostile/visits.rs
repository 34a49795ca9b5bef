//! What a bot does to who asks for its pages, and what visitors do to bots. Each line is a test: its name, the request as it
//! goes over the wire, what is seen of the answer, and what must not be in it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::attack::{Stage, runs};

/// One request.
pub(super) struct Visit {
    name: &'static str,
    /// Its head, and its body behind an empty line; lines end with a line feed only.
    pub(super) asks: &'static str,
    /// All of these are in the answer: its head, its body, and whether that broke off.
    shows: &'static [&'static str],
    /// None of these is.
    hides: &'static [&'static str],
}

/// The longest that anybody may take to answer, or to hang up.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is read of an answer.
const MOST: u64 = 8 << 20;

macro_rules! visits {
    ($($name:ident($asks:literal): $($shows:literal)&+ $(, without $($hides:literal)|+)?;)+) => {
        pub(super) const ALL: &[Visit] = &[$(Visit {
            name: stringify!($name),
            asks: $asks,
            shows: &[$($shows),+],
            hides: &[$($($hides),+)?],
        }),+];

        $(
            #[test]
            fn $name() {
                visits(ALL.iter().find(|one| one.name == stringify!($name)).unwrap());
            }
        )+
    };
}

visits! {
    sets_cookies_of_all("GET /web/sets_cookies_of_all HTTP/1.1\nhost: hostile.bots.test"):
        "set-cookie: a=1" & "set-cookie: d=4", without "omain";
    splits_its_headers("GET /web/splits_its_headers HTTP/1.1\nhost: hostile.bots.test"):
        "ERR_INVALID_CHAR", without "set-cookie";
    speaks_of_its_connection("GET /web/speaks_of_its_connection HTTP/1.1\nhost: hostile.bots.test"):
        "HTTP/1.1 200" & "soup", without "timeout=1e9" | "websocket";
    lies_about_its_length("GET /web/lies_about_its_length HTTP/1.1\nhost: hostile.bots.test"):
        "HTTP/1.1", without "second answer";
    writes_without_end("GET /web/writes_without_end HTTP/1.1\nhost: hostile.bots.test"): "[broken off]";
    never_answers("GET /web/never_answers HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1 504" & "bot-too-slow";
    loops("GET /web/loops HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1 50";
    loops_in_its_answer("GET /web/loops_in_its_answer HTTP/1.1\nhost: hostile.bots.test"):
        "half of it" & "[broken off]";
    breaks_off("GET /web/breaks_off HTTP/1.1\nhost: hostile.bots.test"): "half of it" & "[broken off]";
    throws("GET /web/throws HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1 502" & "bot-failed", without "the till";
    leads_to_the_host("GET /web/leads_to_the_host HTTP/1.1\nhost: hostile.bots.test"):
        "HTTP/1.1 307" & "location: /webhooks/whatsapp";

    climbs("GET /..%2f..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\nhost: hostile.bots.test"): "ENOENT", without "root:";
    climbs_by_dots("GET /%2e%2e/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\nhost: hostile.bots.test"):
        "HTTP/1.1", without "root:";
    climbs_as_it_is("GET /../../../etc/passwd HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1", without "root:";
    begins_twice("GET //etc/passwd HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1", without "root:";
    ends_early("GET /%00/etc/passwd HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1", without "root:";

    pretends_another_host("GET /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\nx-forwarded-host: echo.bots.test"):
        "\"x-forwarded-host\":\"hostile.bots.test\"", without "echo.bots.test";
    is_of_two_hosts("GET /web/says_who_asked HTTP/1.1\nhost: echo.bots.test\nhost: hostile.bots.test"):
        "HTTP/1.1 4", without "\"host\"";
    is_of_a_host_with_a_login("GET /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test@echo.bots.test"):
        "HTTP/1.1", without "\"host\"";
    is_of_a_host_below("GET /web/says_who_asked HTTP/1.1\nhost: a.hostile.bots.test"):
        "HTTP/1.1 404" & "no-such-bot";
    names_the_host_in_its_line("GET http://echo.bots.test/web/says_who_asked HTTP/1.1\nhost: hostile.bots.test"):
        "HTTP/1.1 404" & "Cannot GET", without "\"host\"";
    asks_for_a_bots_path_of_the_host("GET /p/hostile/web/says_who_asked HTTP/1.1\nhost: bots.test"):
        "HTTP/1.1 404" & "no-such-route";
    pretends_to_be_meta("POST /webhook HTTP/1.1\nhost: hostile.bots.test\ncontent-type: application/json\ncontent-length: 73\n\n{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[]}]} "):
        "HTTP/1.1 403" & "unsigned-webhook";
    pretends_to_be_meta_to_the_neighbour("POST /webhook HTTP/1.1\nhost: echo.bots.test\nx-hub-signature-256: sha256=00\ncontent-type: application/json\ncontent-length: 73\n\n{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[]}]} "):
        "HTTP/1.1 403" & "unsigned-webhook";
    pretends_to_be_meta_to_the_host("POST /webhooks/whatsapp HTTP/1.1\nhost: bots.test\nx-hub-signature-256: sha256=00\ncontent-type: application/json\ncontent-length: 73\n\n{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[]}]} "):
        "HTTP/1.1 401";

    is_two_requests("POST /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\ncontent-length: 4\ntransfer-encoding: chunked\n\n0\n\nGET /web/leads_to_the_host HTTP/1.1\nhost: echo.bots.test\n\n"):
        "HTTP/1.1", without "location:";
    is_of_two_lengths("POST /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\ncontent-length: 4\ncontent-length: 5\n\nsoup!"):
        "HTTP/1.1 400", without "\"host\"";
    is_coded_oddly("POST /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\ntransfer-encoding: chunked, gzip\n\n0\n\n"):
        "HTTP/1.1 400", without "\"host\"";
    has_a_chunk_of_all("POST /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\ntransfer-encoding: chunked\n\nFFFFFFFFFFFFFFFFF\n\n"):
        "connection: close";
    has_headers_without_end("GET /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\n{headers}"):
        "HTTP/1.1 431", without "\"host\"";
    has_a_long_path("GET /{path} HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1 4", without "ENOENT";
    has_a_large_body("POST /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\ncontent-length: 4000000000\n\nsoup"):
        "HTTP/1.1 413" & "body-too-large";
    asks_for_an_upgrade("GET /web/says_who_asked HTTP/1.1\nhost: hostile.bots.test\nconnection: upgrade, close\nupgrade: websocket"):
        "HTTP/1.1 501" & "no-websockets";
    asks_for_a_tunnel("CONNECT 127.0.0.1:{guarded} HTTP/1.1\nhost: hostile.bots.test"): "HTTP/1.1 4";
    asks_for_an_echo("TRACE / HTTP/1.1\nhost: hostile.bots.test\nx-secret: soup"): "HTTP/1.1 405", without "soup";
}

/// The test of one.
fn visits(visit: &Visit) {
    runs(async {
        let stage = Stage::enter().await;
        let answer = tokio::time::timeout(PATIENCE, answer(&stage, visit.asks));
        let answered = answer.await.expect("nobody answers or hangs up");
        let lacks: Vec<_> = visit
            .shows
            .iter()
            .filter(|one| !answered.contains(*one))
            .collect();
        let tells: Vec<_> = visit
            .hides
            .iter()
            .filter(|one| answered.contains(*one))
            .collect();
        stage.goes_on().await;
        let seen: String = answered.chars().take(2_000).collect();
        let is_right = lacks.is_empty() && tells.is_empty();
        assert!(is_right, "lacks {lacks:?}, tells {tells:?}:\n{seen}");
    });
}

/// What comes of a request, up to the end of the connection.
async fn answer(stage: &Stage, asks: &str) -> String {
    let asks = stage.filled(asks);
    let asks = asks.replace("{path}", &"soup/".repeat(20_000));
    let many: String = (0..200).map(|n| format!("x-soup-{n}: x\n")).collect();
    let asks = asks.replace("{headers}", &many);
    let (head, body) = asks.split_once("\n\n").unwrap_or((&asks, ""));
    // Who asks for an upgrade says so itself.
    let closes = match head.contains("\nconnection:") {
        true => "",
        false => "\nconnection: close",
    };
    let request = format!("{}{closes}\n\n{body}", head.trim_end());
    let mut stream = TcpStream::connect(stage.places.host).await.unwrap();
    let (mut reads, mut writes) = stream.split();
    let request = request.replace('\n', "\r\n");
    let mut answered = Vec::new();
    let mut reads = (&mut reads).take(MOST);
    // Who refuses early reads no more.
    let (_, read) = tokio::join!(
        writes.write_all(request.as_bytes()),
        reads.read_to_end(&mut answered)
    );
    let text = String::from_utf8_lossy(&answered).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let is_whole = match head.contains("transfer-encoding: chunked") {
        true => body.ends_with("0\r\n\r\n"),
        false => read.is_ok(),
    };
    match is_whole {
        true => text,
        false => format!("{text}[broken off]"),
    }
}
