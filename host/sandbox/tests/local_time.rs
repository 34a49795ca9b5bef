//! Dates go by a zone, in the engine and over the host's time zones.

use super::{Bench, body};

/// What `report` gives for an instant, or for fields of local time.
const REPORT: &str = "const report = (...given) => { const d = new Date(...given); return [d.toISOString(), String(d), d.getTimezoneOffset()].join(' | ') }\n";

async fn said(before: &str, expression: &str) -> String {
    let script = format!(
        "{REPORT}{before}; globalThis.serve = async (r) => r.answer(200, String({expression}))"
    );
    let bench = Bench::boot(&script).await;
    let answer = bench.post("").await.unwrap();
    body(&answer).to_owned()
}

#[tokio::test]
async fn dates_are_in_utc_until_there_is_a_zone() {
    let utc = "2024-07-03T09:46:40.000Z | Wed Jul 03 2024 09:46:40 GMT+0000 (Coordinated Universal Time) | 0";
    assert_eq!(said("", "report(1.72e12)").await, utc);
    let back = said(
        "engine.timeZone('Asia/Tokyo'); engine.timeZone('')",
        "report(1.72e12)",
    );
    assert_eq!(back.await, utc);
    let unknown = said(
        "engine.timeZone('Nowhere/Never')",
        "new Date(1.72e12).getHours()",
    );
    assert_eq!(unknown.await, "9");
}

#[tokio::test]
async fn dates_are_in_a_zone_that_was_set_before_or_during_an_event() {
    let berlin = "2024-07-03T09:46:40.000Z | Wed Jul 03 2024 11:46:40 GMT+0200 (Central European Summer Time) | -120";
    assert_eq!(
        said(
            "engine.timeZone('Europe/Berlin'); report(0)",
            "report(1.72e12)"
        )
        .await,
        berlin
    );
    assert_eq!(
        said("", "(engine.timeZone('Europe/Berlin'), report(1.72e12))").await,
        berlin
    );
    let offset = said("engine.timeZone('-03:30')", "report(1.72e12)").await;
    assert_eq!(
        offset,
        "2024-07-03T09:46:40.000Z | Wed Jul 03 2024 06:16:40 GMT-0330 (GMT-03:30) | 210"
    );
}

#[tokio::test]
async fn what_clocks_skip_and_what_they_show_twice_go_by_the_offset_from_before() {
    let zone = "engine.timeZone('America/New_York')";
    for (fields, instant) in [
        // Skipped: 2 to 3 in the morning.
        ("2024, 2, 10, 2, 30", "2024-03-10T07:30:00.000Z"),
        ("2024, 2, 10, 3, 0", "2024-03-10T07:00:00.000Z"),
        // Twice: 1 to 2.
        ("2024, 10, 3, 1, 30", "2024-11-03T05:30:00.000Z"),
        ("2024, 10, 3, 2, 0", "2024-11-03T07:00:00.000Z"),
        // Beyond every table, by the rule of now.
        ("9999, 6, 1", "9999-07-01T04:00:00.000Z"),
        // Before there were zones: by the sun.
        ("1850, 0, 1", "1850-01-01T04:56:02.000Z"),
    ] {
        let iso = said(zone, &format!("new Date({fields}).toISOString()")).await;
        assert_eq!(iso, instant, "{fields}");
    }
    let parsed = said(
        zone,
        "[Date.parse('2024-03-10T02:30'), Date.parse('Nov 3, 2024 01:30')]",
    )
    .await;
    assert_eq!(parsed, "1710055800000,1730611800000");
}
