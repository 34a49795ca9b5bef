//! Bots' logs: kept, capped, found, and followed.

use std::time::Duration;

use roost::inbox::EventId;
use roost::logs::{LogFilter, LogLimits, LogLine, LogStore, LogWriter, Origin};
use roost::projects::ProjectId;
use roost::telemetry::{Metrics, Sample};
use roost::words::LogLevel;
use uuid::Uuid;

use crate::support::bench::{Bench, deploy};
use crate::support::bot::DEADLINE;

struct Logs {
    bench: Bench,
    store: LogStore,
    writer: LogWriter,
    metrics: Metrics,
}

impl Logs {
    async fn start(limits: LogLimits) -> Self {
        let bench = Bench::start().await;
        let (store, metrics) = (LogStore::new(bench.pool.clone()), Metrics::default());
        let clock = bench.clock.clock();
        let writer = LogWriter::start(&store, limits, clock, metrics.clone());
        Self {
            bench,
            store,
            writer,
            metrics,
        }
    }

    fn says(&self, event: i64, level: LogLevel, message: &str) {
        let origin = of(self.bench.project, Some(event));
        self.writer.write(origin, level, message);
    }

    async fn finds(&self, filter: LogFilter) -> Vec<String> {
        self.writer.flush().await;
        let found = self
            .store
            .list(self.bench.project, &filter, None, 100)
            .await;
        texts(&found.unwrap())
    }
}

fn of(project_id: ProjectId, event: Option<i64>) -> Origin {
    Origin {
        project_id,
        event_id: event.map(EventId),
        run_id: None,
        version_id: None,
    }
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| line.message.clone()).collect()
}

#[tokio::test]
async fn lines_are_kept_in_order_and_found_by_each_filter() {
    let logs = Logs::start(LogLimits::default()).await;
    logs.says(1, LogLevel::Info, "hello");
    logs.bench.clock.advance(Duration::from_secs(60));
    logs.says(2, LogLevel::Debug, "a nul: \0.");
    logs.says(2, LogLevel::Error, "Error: no SOUP");
    logs.writer
        .write(of(logs.bench.project, None), LogLevel::Warn, "booted");

    let all = LogFilter::default;
    let newest_first = ["booted", "Error: no SOUP", "a nul: .", "hello"];
    assert_eq!(logs.finds(all()).await, newest_first);
    let level = Some(LogLevel::Warn);
    assert_eq!(
        logs.finds(LogFilter { level, ..all() }).await,
        newest_first[..2]
    );
    let event_id = Some(EventId(2));
    assert_eq!(
        logs.finds(LogFilter { event_id, ..all() }).await,
        newest_first[1..3]
    );
    let text = Some("soup".to_owned());
    assert_eq!(
        logs.finds(LogFilter { text, ..all() }).await,
        newest_first[1..2]
    );
    let since = Some(logs.bench.clock.now());
    assert_eq!(
        logs.finds(LogFilter { since, ..all() }).await,
        newest_first[..3]
    );
    let until = since;
    assert_eq!(logs.finds(LogFilter { until, ..all() }).await, ["hello"]);
}

#[tokio::test]
async fn a_project_that_is_gone_takes_no_others_lines_with_it() {
    let logs = Logs::start(LogLimits::default()).await;
    let nobody = of(ProjectId(Uuid::now_v7()), None);
    logs.writer.write(nobody, LogLevel::Info, "from beyond");
    logs.says(1, LogLevel::Info, "hello");
    assert_eq!(logs.finds(LogFilter::default()).await, ["hello"]);
}

#[tokio::test]
async fn a_full_hour_is_told_once_and_leaves_others_alone() {
    let limits = LogLimits {
        lines_per_hour: 2,
        ..LogLimits::default()
    };
    let logs = Logs::start(limits).await;
    for n in 0..5 {
        logs.says(1, LogLevel::Info, &format!("line {n}"));
    }
    let found = logs.finds(LogFilter::default()).await;
    assert_eq!(found[1..], ["line 1", "line 0"]);
    assert!(
        found[0].starts_with("the project has logged 2 lines or "),
        "{}",
        found[0]
    );
    assert!(found[0].ends_with(":00 UTC"), "{}", found[0]);
    let text = logs.metrics.render(&Sample::default()).unwrap();
    let dropped = "roost_bot_log_lines_dropped_total{reason=\"hour-full\"} 3";
    assert!(text.contains(dropped), "{text}");

    logs.bench.clock.advance(Duration::from_secs(3600));
    logs.says(1, LogLevel::Info, "a new hour");
    assert_eq!(logs.finds(LogFilter::default()).await[0], "a new hour");
}

#[tokio::test]
async fn a_full_queue_drops_and_says_how_many() {
    let limits = LogLimits {
        queue_lines: 2,
        ..LogLimits::default()
    };
    // On this runtime nothing is stored before the test waits.
    let logs = Logs::start(limits).await;
    for n in 0..5 {
        logs.says(1, LogLevel::Info, &format!("line {n}"));
    }
    assert_eq!(logs.finds(LogFilter::default()).await, ["line 1", "line 0"]);
    logs.says(1, LogLevel::Info, "later");
    let found = logs.finds(LogFilter::default()).await;
    assert_eq!(found[0], "later");
    assert!(
        found[1].starts_with("3 lines are missing here"),
        "{}",
        found[1]
    );
}

#[tokio::test]
async fn a_log_is_followed_across_hosts_and_each_line_comes_once() {
    let logs = Logs::start(LogLimits::default()).await;
    logs.says(1, LogLevel::Info, "before");
    logs.writer.flush().await;
    let project = logs.bench.project;
    // Another host has another store, which hears nothing of this one's writer.
    let other = LogStore::new(logs.bench.pool.clone());
    let filter = LogFilter {
        level: Some(LogLevel::Info),
        ..LogFilter::default()
    };
    let mut tails = [
        logs.store
            .follow(project, filter.clone(), None)
            .await
            .unwrap(),
        other.follow(project, filter, None).await.unwrap(),
    ];
    let stranger = deploy(&logs.bench.projects, "other", "777").await;
    logs.writer
        .write(of(stranger, None), LogLevel::Info, "not yours");
    logs.says(1, LogLevel::Debug, "not loud enough");
    let expected = ["one", "two", "three"];
    logs.says(1, LogLevel::Info, "one");
    logs.writer.flush().await;
    for line in &expected[1..] {
        logs.says(1, LogLevel::Warn, line);
    }
    for tail in &mut tails {
        let mut heard = Vec::new();
        while heard.len() < expected.len() {
            let lines = tokio::time::timeout(DEADLINE, tail.next()).await;
            heard.extend(texts(&lines.expect("no line within the deadline").unwrap()));
        }
        assert_eq!(heard, expected);
    }
    let first = logs
        .store
        .list(project, &LogFilter::default(), None, 100)
        .await
        .unwrap();
    let one = first
        .iter()
        .find(|line| line.message == "one")
        .unwrap()
        .log_id;
    let mut again = other
        .follow(project, LogFilter::default(), Some(one))
        .await
        .unwrap();
    assert_eq!(texts(&again.next().await.unwrap()), ["two", "three"]);
}
