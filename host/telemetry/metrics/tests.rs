//! What a scrape reads.

use std::collections::BTreeSet;

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

/// What operators read of numbers, and make their alerts of.
const PAGE: &str = include_str!("../../../docs/observing.md");

#[test]
fn the_page_of_metrics_lists_those_of_the_host() {
    let metrics = Metrics::new(1);
    count_everything(&metrics);
    let text = metrics.render(&Sample::default()).unwrap();
    let (there, listed) = (families(&text), listed());
    let named = |names: BTreeSet<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(
        (
            named(there.difference(&listed).collect()),
            named(listed.difference(&there).collect())
        ),
        (Vec::new(), Vec::new()),
        "metrics that docs/observing.md does not list, and those that it lists and the host does not have"
    );
}

/// A family that counted nothing is not shown. Each is named here: a new one does not compile until it is, too.
fn count_everything(metrics: &Metrics) {
    let Numbers {
        webhooks,
        webhook_seconds: _,
        pieces,
        runs,
        runs_of_project,
        run_seconds: _,
        cpu_seconds: _,
        reply_seconds: _,
        sends,
        refusals,
        templates,
        media,
        deploys,
        log_lines: _,
        log_dropped,
        events,
        oldest: _,
        instances: _,
        instances_max: _,
        connections,
        waits,
        exhausted,
        held,
        refused_tokens: _,
        projects: _,
        max_projects: _,
    } = &*metrics.numbers;
    for results in [webhooks, pieces, sends, deploys] {
        results.get_or_create(&Of { result: "a" }).inc();
    }
    runs.get_or_create(&Outcome { outcome: "a" }).inc();
    let (project, outcome) = ("a".to_owned(), "a");
    let of_project = OutcomeOfProject { project, outcome };
    runs_of_project.get_or_create(&of_project).inc();
    refusals.get_or_create(&Coded { code: 1 }).inc();
    for kinds in [templates, media] {
        kinds.get_or_create(&OfKind { what: "a" }).inc();
    }
    log_dropped.get_or_create(&Because { reason: "a" }).inc();
    events.get_or_create(&In { state: "a" }).inc();
    let (pool, state) = ("a", "a");
    connections.get_or_create(&PoolState { pool, state }).inc();
    for pools in [waits, exhausted] {
        pools.get_or_create(&PoolName { pool }).inc();
    }
    held.get_or_create(&Because { reason: "a" }).inc();
}

/// The metrics of a scrape as the page writes them, such as `runs_total{outcome}`.
fn families(scrape: &str) -> BTreeSet<String> {
    let names = scrape
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE roost_")?.split(' ').next());
    names
        .map(|name| {
            let labels = scrape.lines().find_map(|line| {
                let rest = line.strip_prefix("roost_")?.strip_prefix(name)?;
                let (labels, _) = rest.strip_prefix('{')?.split_once('}')?;
                let labels = labels
                    .split(',')
                    .filter_map(|label| label.split('=').next());
                Some(labels.collect::<Vec<_>>().join(","))
            });
            labels.map_or(name.to_owned(), |labels| format!("{name}{{{labels}}}"))
        })
        .collect()
}

/// The metrics that the page names: in the first column of its table, and with labels below it.
fn listed() -> BTreeSet<String> {
    let section = PAGE.split("\n## Metrics\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let code = |text: &str| -> Vec<String> {
        let spans = text.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect()
    };
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let of_rows = rows.flat_map(|row| code(row.split('|').nth(1).unwrap()));
    let below = section.lines().filter(|line| !line.starts_with('|'));
    let below = below.flat_map(code).filter(|name| name.contains('{'));
    of_rows.chain(below).collect()
}
