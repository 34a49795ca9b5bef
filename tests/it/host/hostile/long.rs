//! The parts of the table, each on a host of its own.

use std::time::Duration;

use tokio::net::TcpListener;

use super::stage::{LITTLE, PLENTY, SECRET, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_is_ended() {
    let mut stage = Stage::start(LITTLE).await;
    stage.plays(&["time"], &[]).await;
    stage.plays_at_once("waits").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_needs_more_memory_than_there_is_ends_alone() {
    let mut stage = Stage::start(PLENTY).await;
    stage.plays(&["depth", "memory"], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_and_endings_are_its_own_and_nothing_lasts() {
    let mut stage = Stage::start(PLENTY).await;
    stage.plays(&["answers", "endings", "lasting"], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_is_what_is_public_and_no_more() {
    let mut stage = Stage::start(PLENTY).await;
    let guarded = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = guarded.local_addr().unwrap().port().to_string();
    let host = stage.host.app().address().to_string();
    let admin = stage.host.app().admin_address().to_string();
    let with = [("{port}", port), ("{host}", host), ("{admin}", admin)];

    stage.plays(&["places", "network"], &with).await;

    let visitor = tokio::time::timeout(Duration::ZERO, guarded.accept()).await;
    assert!(visitor.is_err(), "the bot reached the host's neighbour");
    let seen = stage.peer.seen().join("\n");
    assert!(seen.contains("token=EAAroostPlaceholderToken"), "{seen}");
    assert!(!seen.contains(&stage.hostile.token), "{seen}");
    assert!(!seen.contains("GET /secret"), "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_programs_and_logs_are_its_own() {
    let mut stage = Stage::start(PLENTY).await;
    stage.plays(&["files", "programs", "logs"], &[]).await;
    let log = stage.host.log();
    let is_forged = |line: &str| line.starts_with("ERROR roost::inbox");
    assert!(!log.lines().any(is_forged), "a forged line");
    assert!(!log.contains('\u{1b}'), "a terminal's control");
    let others = stage.host.operator().get("/v1/projects/echo/logs").await;
    assert!(!others.text.contains(SECRET), "{}", others.text);
    let pages = reqwest::Client::new();
    let base = format!("http://{}", stage.host.address());
    for path in [
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/%00/etc/passwd",
    ] {
        let page = pages.get(format!("{base}{path}"));
        let page = page.header("host", "hostile.bots.test").send().await;
        let page = page.unwrap().text().await.unwrap();
        assert!(!page.contains("root:"), "{path}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_numbers_are_its_own() {
    let mut stage = Stage::start(PLENTY).await;
    let projects = stage.host.app().projects();
    let project = projects.by_id(stage.echo.id).await.unwrap();
    let schema = project.placement.unwrap().schema;
    let number = stage.echo.number_id.clone();
    let with = [("{schema}", schema), ("{number}", number)];

    stage.plays(&["tables", "sends"], &with).await;

    assert!(!stage.host.log().contains(&stage.hostile.token));
}
