//! What hosts tell each other, as text.

use super::{Change, Told, read, written};
use crate::projects::ProjectId;
use uuid::Uuid;

#[test]
fn another_host_reads_what_was_told_and_the_own_is_left_out() {
    let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let project_id = ProjectId(Uuid::from_u128(3));
    for change in Change::ALL {
        let call = written(there, (project_id, change));
        let told = Told {
            project_id,
            change,
            is_here: false,
        };
        assert_eq!(read(here, &call), Some(told), "{call}");
        assert_eq!(read(there, &call), None, "{call}");
    }
}

#[test]
fn what_nobody_wrote_says_nothing() {
    let here = Uuid::from_u128(1);
    let of_a_later_release = format!("{} {} colour", Uuid::from_u128(2), Uuid::from_u128(3));
    for call in ["", "a b c", "number", &of_a_later_release] {
        assert_eq!(read(here, call), None, "{call}");
    }
}
