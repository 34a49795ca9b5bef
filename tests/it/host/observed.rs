//! What those who run bots see of them: why there was an answer or none, logs, numbers.

use roost::events::{Answer, EventFilter, EventReport, EventState, SendState};
use roost::inbox::{EventKind, Outcome};
use roost::logs::{LogFilter, LogLine};
use roost::words::{LogLevel, Told};
use roost_emulator::control::Fault;

use super::support::{Setup, TestHost, TestProject, eventually, fixture, guest};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";

/// The messages of customers, newest first.
async fn messages(host: &TestHost, project: &TestProject) -> Vec<EventReport> {
    let filter = EventFilter {
        kind: Some(EventKind::Message),
        ..EventFilter::default()
    };
    let events = host.app().events();
    events.list(project.id, &filter, None, 100).await.unwrap()
}

async fn message(host: &TestHost, project: &TestProject) -> EventReport {
    messages(host, project).await.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_message_is_told_with_its_run_and_its_send() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("a secret").await;
    ana.hears().await;
    host.settles(&bot).await;

    let report = message(&host, &bot).await;
    assert_eq!(
        report.explanation.sentence,
        "Answered: the customer has read the bot's message."
    );
    assert_eq!(
        (report.state, report.explanation.answer),
        (EventState::Done, Answer::Read)
    );
    let [run] = report.runs.as_slice() else {
        panic!("{:?}", report.runs)
    };
    assert_eq!(run.outcome, Some(Told::Known(Outcome::Done)));
    assert_eq!((run.response_status, run.sends), (Some(200), Some(1)));
    assert_eq!(run.owner, "test");
    assert!(
        run.wall_us > Some(0) && run.cpu_us > Some(0) && run.memory_bytes > Some(0),
        "{run:?}"
    );
    let [send] = report.sends.as_slice() else {
        panic!("{:?}", report.sends)
    };
    assert_eq!(
        (send.state, send.is_to_customer),
        (SendState::Sent, Some(true))
    );
    let statuses: Vec<&str> = send
        .statuses
        .iter()
        .map(|status| status.status.word())
        .collect();
    assert_eq!(statuses, ["sent", "delivered", "read"]);
    assert_eq!(report.event.masked_from().as_deref(), Some("…1234"));
    assert!(
        !format!("{report:?}").contains("a secret"),
        "words of the customer"
    );
    let payload = host
        .app()
        .events()
        .payload(bot.id, report.event.event_id)
        .await;
    assert!(payload.unwrap().contains("a secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_could_not_deliver_is_told_in_words() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let fault = Fault::FailedStatus { code: 131_026 };
    host.emulator().fail_next(1, fault).await.unwrap();
    bot.customer(ANA).await.says("hi").await;
    host.settles(&bot).await;
    let report = eventually("the status is stored", async || {
        let report = message(&host, &bot).await;
        (report.explanation.answer != Answer::Accepted).then_some(report)
    })
    .await;
    let told = report.explanation.sentence;
    assert!(
        told.starts_with("Not answered: Meta took the bot's message and could not deliver it: "),
        "{told}"
    );
    assert!(
        told.contains("not on WhatsApp") && told.contains("131026"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_wrote_to_somebody_else_did_not_answer() {
    let mut host = TestHost::start().await;
    let bot = host.bot("statuses", &fixture("keeps_statuses")).await;
    let ana = bot.customer(ANA).await;
    bot.customer(BEA).await;
    ana.says(&format!("{BEA} are you there?")).await;
    host.settles(&bot).await;
    let told = message(&host, &bot).await.explanation.sentence;
    assert!(
        told.starts_with("Not answered: the bot ended with status 200 after "),
        "{told}"
    );
    assert!(
        told.ends_with("sent one message, but not to this customer."),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_message_says_where_the_bot_threw_and_a_replay_sends_nothing_twice() {
    let setup = Setup {
        max_attempts: 2,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("soup", &fixture("sends_and_throws")).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    host.settles(&bot).await;
    let report = message(&host, &bot).await;
    assert_eq!(report.state, EventState::Dead);
    let told = &report.explanation.sentence;
    assert!(
        told.starts_with("Answered in part only: given up after 2 runs, because "),
        "{told}"
    );
    assert!(
        told.contains("Error: the soup is cold (at app.js:19:"),
        "{told}"
    );
    assert!(
        told.ends_with("; of what it sent before, 1 was read."),
        "{told}"
    );

    let events = host.app().events();
    assert_eq!(
        events
            .replay_all(bot.id, &EventFilter::default())
            .await
            .unwrap(),
        1
    );
    host.settles(&bot).await;
    let report = message(&host, &bot).await;
    assert_eq!(
        (report.state, report.runs.len(), report.sends.len()),
        (EventState::Dead, 4, 1)
    );
    assert_eq!(ana.unheard().await, ["3 soups for you"]);

    let log = host.app().logs();
    host.app().log_writer().flush().await;
    let warnings = LogFilter {
        level: Some(LogLevel::Warn),
        event_id: Some(report.event.event_id),
        ..LogFilter::default()
    };
    let lines = log.list(bot.id, &warnings, None, 100).await.unwrap();
    let last_run = report.runs.last().unwrap().run_id.0;
    let of_last: Vec<_> = lines
        .iter()
        .filter(|line| line.run_id == Some(last_run))
        .collect();
    let [error, warning] = of_last.as_slice() else {
        panic!("{of_last:?}")
    };
    assert_eq!(
        (warning.level, warning.message.as_str()),
        (LogLevel::Warn, "the soup gets cold")
    );
    assert_eq!(error.level, LogLevel::Error);
    assert!(error.message.contains("app.js:19:"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bot_logs_is_capped_and_says_so() {
    let mut host = TestHost::start().await;
    let bot = host.bot("floods", &fixture("floods_log")).await;
    bot.customer(ANA).await.says("hi").await;
    host.settles(&bot).await;
    host.app().log_writer().flush().await;
    let lines = host
        .app()
        .logs()
        .list(bot.id, &LogFilter::default(), None, 1_000)
        .await
        .unwrap();
    let bytes: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!((1_000..80_000).contains(&bytes), "{bytes} bytes are kept");
    let says_so = |line: &LogLine| line.message.contains("left out");
    assert!(lines[..2].iter().any(says_so), "{:?}", &lines[..2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scrape_tells_what_happened() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let text = host.app().scrape().render().await.unwrap();
    let value = |name: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no `{name}` in\n{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    // The message, and its three statuses.
    assert_eq!(value("roost_runs_total{outcome=\"done\"}"), 4.0);
    assert_eq!(value("roost_events_received_total{result=\"stored\"}"), 4.0);
    assert_eq!(value("roost_webhook_requests_total{result=\"ok\"}"), 4.0);
    assert_eq!(value("roost_sends_total{result=\"sent\"}"), 1.0);
    assert_eq!(value("roost_deploys_total{result=\"done\"}"), 1.0);
    assert_eq!(value("roost_reply_seconds_count"), 1.0);
    assert!(value("roost_reply_seconds_sum") > 0.0);
    assert_eq!(value("roost_queue_events{state=\"pending\"}"), 0.0);
    assert_eq!(value("roost_instances"), 0.0);
    assert_eq!(value("roost_instances_max"), 32.0);
    assert!(value("roost_webhook_seconds_count") >= 4.0);
    // It is only looked at: whoever looks again sees the same.
    let again = host.app().scrape().render().await.unwrap();
    let runs = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| line.starts_with("roost_runs_total"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(runs(&again), runs(&text));
}
