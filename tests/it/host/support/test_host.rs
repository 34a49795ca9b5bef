//! The host in this process, and what is around it.

use crate::support::sdk;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::StatusCode;
use roost::app::{App, AppConfig};
use roost::deploys::{BundlingSettings, NewDeploy};
use roost::egress::EgressPolicy;
use roost::inbox::{DispatcherSettings, InboxLimits, RetryPolicy};
use roost::observing::Observing;
use roost::postgres::{Endpoint, Server, TenantAuth};
use roost::projects::{NewProject, ProjectId, Secret, Version, VersionState, WishedNumber};
use roost::runs::ResidentSettings;
use roost::sandbox::{Budget, Compiler, SandboxSettings};
use roost::web::WebSettings;
use roost::whatsapp::GraphEndpoint;
use roost_emulator::config::{DelayRange, Settings};
use roost_emulator::control::wire;
use roost_emulator::control::wire::{Cursor, NewApp, NewToken, NewWaba};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use super::project::{self, StoredEvent, TestProject};
use super::{Contact, DEADLINE, GraphProxy, RoostProcess, logs};
use crate::postgres_support::Folder;

const VERIFY_TOKEN: &str = "a-word-for-tests";
/// May do everything over the admin API.
pub(super) const ADMIN_TOKEN: &str = "roost_the-root-token-of-the-tests";
const MASTER_KEY: [u8; 32] = [7; 32];
pub(in crate::host) const APP_ID: &str = "1201202301204";
const VERSION: &str = "v25.0";
/// Longer than a call to Meta may take, which is what the outbox insists on.
const SETTLE_AFTER: Duration = Duration::from_secs(31);

/// What is different in this test.
pub(in crate::host) struct Setup {
    pub(in crate::host) budget: Budget,
    /// Runs that may fail before an event is dead.
    pub(in crate::host) max_attempts: u32,
    /// Half of the first back-off; the longest is five times the first.
    pub(in crate::host) retry_base: Duration,
    /// How many instances may live at once.
    pub(in crate::host) instances: u32,
    /// Signs what the emulator, or the test, posts.
    pub(in crate::host) app_secret: &'static str,
    /// A server of its own, instead of the one that tests share.
    pub(in crate::host) database_at: Option<Endpoint>,
    /// What it keeps lies here, instead of in a folder of its own.
    pub(in crate::host) data_at: Option<PathBuf>,
    /// Stands where Meta is, instead of the emulator.
    pub(in crate::host) graph: Option<String>,
    /// Whether a [`GraphProxy`] stands before the emulator.
    pub(in crate::host) is_proxied: bool,
    /// How long a send of unknown outcome waits for a status.
    pub(in crate::host) settle_after: Duration,
    /// What bots reach besides public addresses.
    pub(in crate::host) egress: EgressPolicy,
    /// How bots' own routes are served.
    pub(in crate::host) web: WebSettings,
    /// When resident instances end.
    pub(in crate::host) residents: ResidentSettings,
    /// How long a deleted project can be restored.
    pub(in crate::host) delete_grace: Duration,
    pub(in crate::host) observing: Observing,
    /// How many versions of a project are kept.
    pub(in crate::host) keep_versions: u32,
    /// How uploads are bundled.
    pub(in crate::host) bundling: BundlingSettings,
}

/// A host, an emulator, and what both keep.
pub(in crate::host) struct TestHost {
    /// Absent while it is stopped.
    app: Option<App>,
    address: SocketAddr,
    emulator: Running,
    control: ControlClient,
    proxy: Option<GraphProxy>,
    setup: Setup,
    database_url: String,
    data: Folder,
    projects: u32,
}

impl Default for Setup {
    fn default() -> Self {
        let budget = Budget {
            wall: Duration::from_secs(20),
            cpu: Duration::from_secs(5),
            ..Budget::default()
        };
        let app_secret = "meta's secret";
        Self {
            budget,
            max_attempts: 3,
            retry_base: Duration::from_millis(5),
            instances: 32,
            app_secret,
            database_at: None,
            data_at: None,
            graph: None,
            is_proxied: false,
            settle_after: SETTLE_AFTER,
            egress: EgressPolicy::default(),
            web: WebSettings {
                domain: Some("bots.test".parse().unwrap()),
                ..WebSettings::default()
            },
            residents: ResidentSettings::default(),
            delete_grace: roost::lifecycle::DELETE_GRACE,
            observing: Observing::default(),
            keep_versions: 20,
            bundling: BundlingSettings::of_this_program(None, EgressPolicy::default()),
        }
    }
}

impl TestHost {
    pub(in crate::host) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    pub(in crate::host) async fn start_with(setup: Setup) -> Self {
        logs::capture();
        let emulator = Emulator::start(Config {
            settings: quick(),
            ..Config::default()
        })
        .await;
        let emulator = emulator.unwrap();
        let control = emulator.control().unwrap();
        let proxy = match setup.is_proxied {
            true => Some(GraphProxy::before(emulator.graph_url()).await),
            false => None,
        };
        let data = setup.data_at.clone().map(Folder);
        let data = data.unwrap_or_else(|| Folder::new("host"));
        share_cache(&data.0);
        let database = format!("test_{}", uuid::Uuid::new_v4().simple());
        let database_url = match &setup.database_at {
            Some(endpoint) => url_at(endpoint, &database),
            None => url_of(&database).await,
        };
        let mut host = Self {
            app: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            emulator,
            control,
            proxy,
            setup,
            database_url,
            data,
            projects: 0,
        };
        host.starts_again().await;
        host.takes_webhooks_at(&format!("http://{}", host.address))
            .await;
        host
    }

    /// Ends the host in order; emulator, database and data stay.
    pub(in crate::host) async fn stops(&mut self) {
        self.app.take().expect("the host runs").stop().await;
    }

    /// Starts the host where it was, on what it left.
    pub(in crate::host) async fn starts_again(&mut self) {
        let app = App::start(self.config())
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
        self.address = app.address();
        self.app = Some(app);
    }

    /// What it starts with.
    pub(in crate::host) fn config(&self) -> AppConfig {
        AppConfig {
            server: self.server(),
            quotas: roost::postgres::Quotas::default(),
            data: self.data.0.clone(),
            sdk: sdk(),
            master_key: MASTER_KEY,
            listen: self.address,
            admin_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_token: Some(Secret::new(ADMIN_TOKEN)),
            verify_token: Secret::new(VERIFY_TOKEN),
            app_secrets: vec![Secret::new(self.setup.app_secret)],
            graph: GraphEndpoint::new(&self.graph_url(), VERSION).unwrap(),
            graph_answer: Duration::from_secs(30),
            budget: self.setup.budget,
            instances: self.setup.instances,
            bot_memory_max: SandboxSettings::default().max_memory_bytes,
            bot_memory_total: SandboxSettings::default().total_memory_bytes,
            compiler: Compiler::new(env!("CARGO_BIN_EXE_roost")),
            inbox: InboxLimits::default(),
            dispatcher: dispatcher(&self.setup),
            drain: Duration::ZERO,
            settle_after: self.setup.settle_after,
            egress: self.setup.egress.clone(),
            web: self.setup.web.clone(),
            residents: self.setup.residents,
            delete_grace: self.setup.delete_grace,
            observing: self.setup.observing.clone(),
            keep_versions: self.setup.keep_versions,
            bundling: BundlingSettings {
                program: env!("CARGO_BIN_EXE_roost").into(),
                ..self.setup.bundling.clone()
            },
        }
    }

    /// The same host as a process of its own. The one in this process must be stopped.
    pub(in crate::host) async fn starts_as_process(&self) -> RoostProcess {
        assert!(self.app.is_none(), "two hosts cannot listen at one address");
        let listen = ("ROOST_LISTEN", self.address.to_string());
        RoostProcess::start(&[self.environment(), vec![listen]].concat()).await
    }

    /// The same, with its log in a file.
    pub(in crate::host) async fn starts_as_process_with_errors_to(
        &self,
        file: &str,
    ) -> RoostProcess {
        assert!(self.app.is_none(), "two hosts cannot listen at one address");
        let listen = ("ROOST_LISTEN", self.address.to_string());
        let environment = [self.environment(), vec![listen]].concat();
        RoostProcess::start_with_errors_to(file.as_ref(), &environment).await
    }

    /// The same; `prepare` has the last word on how it is started.
    pub(in crate::host) async fn starts_as_process_prepared(
        &self,
        errors: &Path,
        prepare: impl FnOnce(&mut tokio::process::Command),
    ) -> RoostProcess {
        assert!(self.app.is_none(), "two hosts cannot listen at one address");
        let listen = ("ROOST_LISTEN", self.address.to_string());
        let environment = [self.environment(), vec![listen]].concat();
        RoostProcess::start_prepared(errors, &environment, prepare).await
    }

    /// One more host on the same database, at an address of its own.
    pub(in crate::host) async fn is_joined(
        &self,
        extra: &[(&'static str, String)],
    ) -> RoostProcess {
        let anywhere = vec![("ROOST_LISTEN", "127.0.0.1:0".to_owned())];
        RoostProcess::start(&[self.environment(), anywhere, extra.to_vec()].concat()).await
    }

    /// From now on the emulator posts its webhooks there.
    pub(in crate::host) async fn takes_webhooks_at(&self, url: &str) {
        let app = NewApp {
            id: Some(APP_ID.to_owned()),
            secret: Some(self.setup.app_secret.to_owned()),
            callback_url: Some(format!("{url}/webhooks/whatsapp")),
            verify_token: Some(VERIFY_TOKEN.to_owned()),
            // Without this one Meta publishes no Flow.
            fields: Some(["messages", "flows"].map(str::to_owned).into()),
            ..NewApp::default()
        };
        self.control.create_app(&app).await.unwrap();
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE_URL", self.database_url.clone()),
            ("ROOST_TENANT_AUTH", "peer".to_owned()),
            ("ROOST_DATA", self.data.0.display().to_string()),
            ("ROOST_SDK", sdk().display().to_string()),
            ("ROOST_MASTER_KEY", hex::encode(MASTER_KEY)),
            ("ROOST_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
            ("ROOST_ADMIN_TOKEN", ADMIN_TOKEN.to_owned()),
            ("ROOST_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
            ("ROOST_APP_SECRETS", self.setup.app_secret.to_owned()),
            ("ROOST_GRAPH_URL", self.graph_url()),
            (
                "ROOST_SETTLE_SECONDS",
                self.setup.settle_after.as_secs().to_string(),
            ),
            ("ROOST_LEASE_SECONDS", "1".to_owned()),
        ]
    }

    /// What it keeps.
    pub(in crate::host) fn data(&self) -> &Path {
        &self.data.0
    }

    /// Where webhooks and bots' own routes are.
    pub(in crate::host) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(in crate::host) fn app(&self) -> &App {
        self.app.as_ref().expect("the host runs")
    }

    pub(in crate::host) fn emulator(&self) -> &ControlClient {
        &self.control
    }

    /// Where the emulator's control API is, and its token.
    pub(in crate::host) fn control_address(&self) -> (String, String) {
        let running = &self.emulator;
        (
            running.control_url().to_owned(),
            running.control_token().to_owned(),
        )
    }

    /// A person called Ana who may write to a number.
    pub(in crate::host) async fn customer_of(&self, number_id: &str, phone: &str) -> Contact {
        project::customer(&self.control, number_id, phone).await
    }

    pub(in crate::host) fn proxy(&self) -> &GraphProxy {
        self.proxy.as_ref().expect("the setup says `is_proxied`")
    }

    /// The name of the control database.
    pub(in crate::host) fn database(&self) -> String {
        self.server().control_database().to_owned()
    }

    /// What host and bots logged so far; only for a test that has a process of its own.
    #[track_caller]
    pub(in crate::host) fn log(&self) -> String {
        logs::text()
    }

    /// A project with a number, and no bot yet.
    pub(in crate::host) async fn project(&mut self, name: &str) -> TestProject {
        let waba = NewWaba {
            app_ids: [APP_ID.to_owned()].into(),
            ..NewWaba::default()
        };
        let waba = self.control.create_waba(&waba).await.unwrap();
        self.project_in(name, &waba.id).await
    }

    /// A project whose number is in the account of another's, and no bot yet.
    pub(in crate::host) async fn beside(&mut self, name: &str, other: &TestProject) -> TestProject {
        self.project_in(name, &other.waba_id).await
    }

    async fn project_in(&mut self, name: &str, waba_id: &str) -> TestProject {
        self.projects += 1;
        let phone = format!("+1 555 078 38{:02}", self.projects);
        let number = wire::NewNumber::new(waba_id, &phone);
        let number = self.control.create_number(&number).await.unwrap();
        let token = NewToken {
            app_id: APP_ID.to_owned(),
            ..NewToken::default()
        };
        let token = self.control.create_token(&token).await.unwrap().token;
        self.connected(name, &number.id, waba_id, &token).await
    }

    /// A project whose number is in the account of another one's.
    pub(in crate::host) async fn shares(&mut self, name: &str, with: &TestProject) -> TestProject {
        self.projects += 1;
        let waba = self.account_of(with).await;
        let phone = format!("+1 555 078 38{:02}", self.projects);
        let number = wire::NewNumber::new(&waba, &phone);
        let number = self.control.create_number(&number).await.unwrap();
        let token = NewToken {
            app_id: APP_ID.to_owned(),
            ..NewToken::default()
        };
        let token = self.control.create_token(&token).await.unwrap().token;
        self.connected(name, &number.id, &waba, &token).await
    }

    /// The account of a project's number.
    pub(in crate::host) async fn account_of(&self, project: &TestProject) -> String {
        let numbers = self.control.numbers().await.unwrap();
        let mut numbers = numbers.into_iter();
        let number = numbers.find(|number| number.id == project.number_id);
        number.expect("the emulator has its number").waba_id
    }

    /// From now on the emulator tells these fields.
    pub(in crate::host) async fn hears_of(&self, fields: &[&str]) {
        let app = NewApp {
            id: Some(APP_ID.to_owned()),
            secret: Some(self.setup.app_secret.to_owned()),
            callback_url: Some(format!("http://{}/webhooks/whatsapp", self.address)),
            verify_token: Some(VERIFY_TOKEN.to_owned()),
            fields: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
            ..NewApp::default()
        };
        self.control.create_app(&app).await.unwrap();
    }

    /// A template of an account that was made elsewhere, and is approved.
    pub(in crate::host) async fn declares_template(&self, waba: &str, name: &str) {
        let template = wire::NewTemplate {
            waba_id: waba.to_owned(),
            name: name.to_owned(),
            language: "en_US".to_owned(),
            category: "UTILITY".to_owned(),
            status: None,
            parameter_format: None,
            components: vec![serde_json::json!({ "type": "BODY", "text": "Hello." })],
        };
        self.control.declare_template(&template).await.unwrap();
    }

    /// A project with a number that the emulator knows nothing of.
    pub(in crate::host) async fn project_with_number(
        &self,
        name: &str,
        number_id: &str,
    ) -> TestProject {
        self.connected(name, number_id, "102290129340398", "a-token")
            .await
    }

    async fn connected(&self, name: &str, number: &str, waba: &str, token: &str) -> TestProject {
        let number_of_it = WishedNumber {
            phone_number_id: number.to_owned(),
            waba_id: waba.to_owned(),
            token: Secret::new(token),
            pin: None,
        };
        TestProject {
            id: self.made(name, Some(number_of_it)).await,
            number_id: number.to_owned(),
            waba_id: waba.to_owned(),
            token: token.to_owned(),
            control: self.control.clone(),
        }
    }

    /// A project without a number, and without a bot.
    pub(in crate::host) async fn bare_project(&self, name: &str) -> ProjectId {
        self.made(name, None).await
    }

    /// Makes a project as the admin API does, and waits until it is provisioned.
    async fn made(&self, name: &str, number: Option<WishedNumber>) -> ProjectId {
        let new = NewProject {
            name: name.parse().unwrap(),
            number,
            secrets: Vec::new(),
            wants_deploy: false,
        };
        let lifecycle = self.app().lifecycle();
        let project = lifecycle.create(&new).await.unwrap().project_id;
        let standing = lifecycle.settles(project).await.unwrap();
        assert!(standing.failed().is_none(), "{:?}", standing.failed());
        project
    }

    /// A project with a number and a bot.
    pub(in crate::host) async fn bot(&mut self, name: &str, folder: &Path) -> TestProject {
        let project = self.project(name).await;
        self.deploys(&project, folder)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        project
    }

    /// Bundles a folder with the packages that lie there, and deploys that as any other upload. Fails
    /// with what the bot's author reads.
    pub(in crate::host) async fn deploys(
        &self,
        project: &TestProject,
        folder: &Path,
    ) -> Result<Version, String> {
        let bundle = self.app().workshop().bundle(folder, |_| {}).await;
        let bundle = bundle.map_err(|error| error.to_string())?;
        let upload = self.app().workshop().upload(bundle).await.unwrap();
        let deploys = self.app().deploys();
        let deploy = NewDeploy {
            upload: &upload,
            created_by: "a test",
            message: None,
            serves_when_ready: true,
            takes_links: false,
        };
        let version = deploys.submit(project.id, &deploy).await;
        let version = version.map_err(|error| error.to_string())?;
        let version = deploys.ended(&version).await.unwrap();
        match version.state {
            VersionState::Ready => Ok(version),
            _ => Err(version.error.unwrap_or_default()),
        }
    }

    /// A POST to the webhook, as it is.
    pub(in crate::host) async fn posted(&self, body: &[u8], signature: &str) -> StatusCode {
        let url = format!("http://{}/webhooks/whatsapp", self.address);
        let request = reqwest::Client::new()
            .post(url)
            .header("x-hub-signature-256", signature);
        let request = request.header("content-type", "application/json");
        request.body(body.to_vec()).send().await.unwrap().status()
    }

    /// Waits until nothing is on its way to a project, and nothing of it runs.
    pub(in crate::host) async fn settles(&self, project: &TestProject) {
        let settled = async {
            let mut before = None;
            loop {
                self.control.idle(DEADLINE).await.unwrap();
                self.app().idle(project.id).await.unwrap();
                let now = Some(self.happenings().await);
                if now == before {
                    return;
                }
                before = now;
            }
        };
        let settled = tokio::time::timeout(DEADLINE, settled).await;
        assert!(
            settled.is_ok(),
            "not settled within the deadline: {:?}",
            self.events(project).await
        );
    }

    /// How much was sent and delivered so far.
    async fn happenings(&self) -> (u64, u64) {
        let all = Cursor::default();
        let sent = self.control.sent(&all).await.unwrap();
        let deliveries = self.control.deliveries(&all).await.unwrap();
        (sent.next, deliveries.next)
    }

    /// The events of a project, in order.
    pub(in crate::host) async fn events(&self, project: &TestProject) -> Vec<StoredEvent> {
        project::events(&mut self.control_database().await, project.id).await
    }

    /// The control database, also while the host is stopped.
    pub(in crate::host) async fn control_database(&self) -> PgConnection {
        self.server().control_options().connect().await.unwrap()
    }

    /// How the control database is reached.
    pub(in crate::host) fn control_options(&self) -> sqlx::postgres::PgConnectOptions {
        self.server().control_options()
    }

    /// The cell of the host's projects, as an administrator sees it.
    pub(in crate::host) async fn cell_database(&self) -> PgConnection {
        let options = self.server().control_options().database("cell_1");
        options.connect().await.unwrap()
    }

    /// A project's own schema, as an administrator sees it.
    pub(in crate::host) async fn schema_of(&self, project: &TestProject) -> PgConnection {
        let mut control = self.control_database().await;
        let (database, schema): (String, String) =
            sqlx::query_as("select cell_database, cell_schema from project where project_id = $1")
                .bind(project.id)
                .fetch_one(&mut control)
                .await
                .unwrap();
        let options = self.server().control_options().database(&database);
        let mut conn = options.connect().await.unwrap();
        // Letters and digits.
        let path = AssertSqlSafe(format!("set search_path to {schema}"));
        sqlx::query(path).execute(&mut conn).await.unwrap();
        conn
    }

    fn server(&self) -> Server {
        Server::from_url(&self.database_url, TenantAuth::Peer).unwrap()
    }

    fn graph_url(&self) -> String {
        let proxy = self.proxy.as_ref().map(|proxy| proxy.address().to_owned());
        let graph = self.setup.graph.clone().or(proxy);
        graph.unwrap_or_else(|| self.emulator.graph_url().to_owned())
    }
}

/// Who reads why a test failed wants to know what the host said.
impl Drop for TestHost {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", logs::shown());
        }
    }
}

/// An emulator that makes nobody wait.
fn quick() -> Settings {
    Settings {
        status_delay_ms: DelayRange { min: 0, max: 5 },
        webhook_retry_ms: vec![0, 20, 50, 100, 200],
        ..Settings::default()
    }
}

fn dispatcher(setup: &Setup) -> DispatcherSettings {
    let ms = Duration::from_millis;
    DispatcherSettings {
        poll: ms(20),
        retry: RetryPolicy {
            base: setup.retry_base,
            ceiling: setup.retry_base * 10,
            max_attempts: setup.max_attempts,
            ..RetryPolicy::default()
        },
        ..DispatcherSettings::new("test")
    }
}

/// An empty database that no host uses.
pub(in crate::host) async fn scratch_database() -> Server {
    let name = format!("scratch_{}", uuid::Uuid::new_v4().simple());
    let server = Server::from_url(&url_of(&name).await, TenantAuth::Peer).unwrap();
    server.ensure().await.unwrap();
    server
}

/// A database of the run's server, by its socket.
async fn url_of(database: &str) -> String {
    url_at(crate::postgres_support::server().await.endpoint(), database)
}

fn url_at(endpoint: &Endpoint, database: &str) -> String {
    let Endpoint::Unix { folder, port } = endpoint else {
        panic!("the server of the tests listens on a socket");
    };
    let folder = folder.to_str().unwrap().replace('/', "%2F");
    format!("postgres://roost_admin@{folder}:{port}/{database}")
}

/// Compiled engines are kept for all tests: the first one of a machine compiles.
pub(in crate::host) fn share_cache(data: &Path) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-cache");
    std::fs::create_dir_all(&shared).unwrap();
    std::os::unix::fs::symlink(shared, data.join("cache")).unwrap();
}
