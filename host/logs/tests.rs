//! How much a project may log in an hour.

use std::time::Duration;

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::hours::{Admission, Hours, LogLimits};
use crate::projects::ProjectId;

fn limits() -> LogLimits {
    LogLimits {
        lines_per_hour: 3,
        bytes_per_hour: 100,
        ..LogLimits::default()
    }
}

fn noon() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::from_secs(12 * 3600)
}

#[test]
fn a_project_that_logs_too_much_is_told_so_once_an_hour() {
    let (a, b) = (ProjectId(Uuid::from_u128(1)), ProjectId(Uuid::from_u128(2)));
    let mut hours = Hours::default();
    let mut admit = |project, bytes, now| hours.admit(project, bytes, now, &limits());
    let first: Vec<Admission> = (0..5).map(|_| admit(a, 10, noon())).collect();
    use Admission::{Drop, Full, Keep};
    assert_eq!(first, [Keep, Keep, Keep, Full, Drop]);
    assert_eq!(admit(b, 10, noon()), Keep, "another project pays for it");
    assert_eq!(admit(b, 91, noon()), Full, "bytes count too");
    let later = noon() + Duration::from_secs(3600);
    assert_eq!(admit(a, 10, later), Keep, "the next hour is another");
}

#[test]
fn what_found_no_room_is_told_with_the_next_line() {
    let a = ProjectId(Uuid::from_u128(1));
    let mut hours = Hours::default();
    hours.lost(a, 2);
    hours.lost(a, 1);
    let mut admit = || hours.admit(a, 10, noon(), &limits());
    assert_eq!(
        [admit(), admit()],
        [Admission::KeepAfter(3), Admission::Keep]
    );
}
