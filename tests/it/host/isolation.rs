//! What one project can learn of another, of the host and of the network around it.

use std::time::Duration;

use tokio::net::TcpListener;

use super::support::{Setup, TestHost, TestProject, fixture, guest};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_cannot_read_or_guess_another_projects_tables() {
    let mut host = TestHost::start().await;
    let starter = host.bot("starter", &guest("starter")).await;
    let nosy = host.bot("nosy", &fixture("reads_other_schema")).await;
    let mut ana = starter.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    let schema = schema_name(&host, &starter).await;
    let mut bea = nosy.customer(BEA).await;

    for refused in [
        format!("select * from {schema}.contacts"),
        format!("insert into {schema}.contacts (phone) values ('1')"),
        format!("drop table {schema}.contacts"),
        format!("set role {schema}"),
        format!("set search_path to {schema}"),
        format!("create table {schema}.mine (a int)"),
        format!("grant usage on schema {schema} to public"),
        "select usename, query from pg_stat_activity".to_owned(),
        "select * from contacts".to_owned(),
    ] {
        bea.says(&refused).await;
        let heard = bea.hears().await;
        let is_refusal = !heard.starts_with('[') && !heard.contains(ANA);
        assert!(is_refusal, "{refused}: {heard}");
    }
    // Of the catalogs it sees its own part.
    for seen in [
        "select rolname from pg_roles",
        "select nspname from pg_namespace",
        "select relname from pg_class where relname not like 'pg%'",
        "select schema_name from information_schema.schemata",
        "select table_schema, table_name from information_schema.tables \
         where table_schema not in ('pg_catalog', 'information_schema')",
    ] {
        bea.says(seen).await;
        let heard = bea.hears().await;
        assert!(heard.starts_with('['), "{heard}");
        assert!(
            !heard.contains(&schema) && !heard.contains("contacts"),
            "{seen}: {heard}"
        );
    }
    // Its own it reads.
    bea.says("create table mine (a int)").await;
    bea.hears().await;
    bea.says("insert into mine values (7) returning a").await;
    assert_eq!(bea.hears().await, r#"[{"a":7}]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_cannot_send_from_another_projects_number() {
    let mut host = TestHost::start().await;
    let echo = host.bot("echo", &guest("echo")).await;
    let thief = host.bot("thief", &fixture("sends_as_other")).await;
    // The window to the other number is open: Meta would take the message.
    let mut with_echo = echo.customer(ANA).await;
    with_echo.says("hi").await;
    with_echo.hears().await;
    let mut with_thief = thief.customer(ANA).await;

    with_thief.says(&echo.number_id).await;

    assert_eq!(with_thief.hears().await, "403 10");
    host.settles(&thief).await;
    assert!(with_echo.unheard().await.is_empty());
    // From its own it does.
    with_thief.says(&thief.number_id).await;
    assert_eq!(with_thief.hears().await, "from another number");
    assert_eq!(with_thief.hears().await, "200 undefined");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_and_the_hosts_secrets_are_never_seen_by_a_bot() {
    let mut host = TestHost::start().await;
    let teller = host.bot("teller", &fixture("tells_environment")).await;
    let mut ana = teller.customer(ANA).await;

    ana.says("what do you know?").await;

    let known = ana.hears().await;
    assert!(known.contains("EAAroostPlaceholderToken"), "{known}");
    assert!(known.contains(&teller.number_id), "{known}");
    let secret = Setup::default().app_secret;
    let database = host.database();
    for hidden in [
        teller.token.as_str(),
        secret,
        "a-word-for-tests",
        "DATABASE_URL",
        &database,
    ] {
        assert!(!known.contains(hidden), "{hidden}: {known}");
    }
    assert!(!known.contains(&std::env::var("PATH").unwrap()), "{known}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_reaches_meta_with_the_token_in_place_of_the_placeholder() {
    let setup = Setup {
        is_proxied: true,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("fetches", &fixture("fetches_private")).await;
    let mut ana = bot.customer(ANA).await;

    let calls_of_the_host = host.proxy().authorizations().len();
    let url = format!(
        "https://graph.facebook.com/v25.0/{}?fields=reflection",
        bot.number_id
    );
    ana.says(&url).await;

    // Meta saw the token; what it says of it is hidden from the bot again.
    let heard = ana.hears().await;
    assert!(heard.starts_with("200 "), "{heard}");
    assert!(
        heard.contains(r#""authorization":"Bearer EAAroostPlaceholderToken""#),
        "{heard}"
    );
    let bearer = format!("Bearer {}", bot.token);
    let authorizations = host.proxy().authorizations();
    assert!(
        authorizations.iter().all(|seen| *seen == bearer),
        "{authorizations:?}"
    );
    assert_eq!(authorizations.len() - calls_of_the_host, 2);
    assert!(!host.log().contains(&bot.token), "the token is in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customers_picture_reaches_the_bot_and_no_token_in_it() {
    let mut host = TestHost::start().await;
    let bot = host.bot("shows", &fixture("shows_media")).await;
    let mut ana = bot.customer(ANA).await;
    let half = vec![b'x'; 300_000];
    let picture = [&half, bot.token.as_bytes(), &half].concat();
    ana.shows("image/png", &picture).await;
    assert_eq!(
        ana.hears().await,
        "image/png 600024 EAAroostPlaceholderToken"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_refused() {
    let mut host = TestHost::start().await;
    let bot = host.bot("fetches", &fixture("fetches_private")).await;
    let mut ana = bot.customer(ANA).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let neighbour = listener.local_addr().unwrap();

    for url in [
        format!("http://{neighbour}/"),
        format!("http://localhost:{}/", neighbour.port()),
        format!("http://{}/webhooks/whatsapp", host.app().address()),
        format!("http://0x7f.1:{}/", neighbour.port()),
        format!("http://[::1]:{}/", neighbour.port()),
        format!("http://[::ffff:127.0.0.1]:{}/", neighbour.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://192.168.1.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        ana.says(&url).await;
        let heard = ana.hears().await;
        // A bot's own loopback has nothing on it but the bot.
        let is_refused = heard.starts_with("Roost does not let this bot reach")
            || heard.starts_with("fetch failed");
        assert!(is_refused, "{url}: {heard}");
    }
    let visitor = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
    assert!(visitor.is_err(), "a bot reached the host's neighbour");
}

async fn schema_name(host: &TestHost, project: &TestProject) -> String {
    let project = host.app().projects().by_id(project.id).await.unwrap();
    project.placement.unwrap().schema
}
