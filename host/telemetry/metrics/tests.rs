//! What a scrape reads.

use super::*;

#[test]
fn a_scrape_reads_what_was_counted_and_what_was_sampled() {
    let metrics = Metrics::default();
    let ms = Duration::from_millis;
    metrics.webhook("ok", ms(3));
    metrics.run("p", "done", ms(20), ms(2));
    metrics.run("p", "timeout", ms(60_000), ms(2));
    metrics.send("sent");
    let sample = Sample {
        pending: 7,
        oldest: ms(1500),
        tenants: PoolSample {
            waits_total: 4,
            ..PoolSample::default()
        },
        ..Sample::default()
    };
    let text = metrics.render(&sample).unwrap();
    for line in [
        "roost_webhook_requests_total{result=\"ok\"} 1",
        "roost_runs_total{outcome=\"done\"} 1",
        "roost_runs_total{outcome=\"timeout\"} 1",
        "roost_run_seconds_bucket{le=\"0.025\"} 1",
        "roost_run_seconds_count 2",
        "roost_sends_total{result=\"sent\"} 1",
        "roost_queue_events{state=\"pending\"} 7",
        "roost_queue_oldest_seconds 1.5",
        "roost_pool_waits_total{pool=\"tenants\"} 4",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no `{line}` in\n{text}"
        );
    }
    assert!(
        !text.contains("project"),
        "projects are named unasked:\n{text}"
    );
}

#[test]
fn projects_above_the_limit_share_a_label() {
    let metrics = Metrics::new(2);
    for project in ["a", "b", "c", "d", "a"] {
        metrics.run(project, "done", Duration::ZERO, Duration::ZERO);
    }
    let text = metrics.render(&Sample::default()).unwrap();
    let mut found: Vec<&str> = text.lines().filter(|l| l.contains("project=")).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "roost_project_runs_total{project=\"a\",outcome=\"done\"} 2",
            "roost_project_runs_total{project=\"b\",outcome=\"done\"} 1",
            "roost_project_runs_total{project=\"other\",outcome=\"done\"} 2",
        ]
    );
}
