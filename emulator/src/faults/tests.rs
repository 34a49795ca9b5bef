//! When faults strike.

use rand::SeedableRng as _;

use super::*;

fn generator() -> StdRng {
    StdRng::seed_from_u64(7)
}

#[test]
fn a_counted_fault_strikes_so_many_times_and_is_gone() {
    let mut faults = Faults::default();
    faults.arm(ArmedFault {
        fault: Fault::ServerError,
        often: Often::Next(2),
    });
    let mut rng = generator();

    let struck = (0..4)
        .filter_map(|_| faults.strike(&mut rng, Fault::is_about_sends))
        .count();

    assert_eq!(struck, 2);
    assert!(faults.armed().is_empty());
}

#[test]
fn a_probable_fault_strikes_the_same_times_for_the_same_seed() {
    let run = || {
        let mut faults = Faults::default();
        faults.arm(ArmedFault {
            fault: Fault::CutAfter,
            often: Often::Probability(0.5),
        });
        let mut rng = generator();
        (0..64)
            .map(|_| faults.strike(&mut rng, Fault::is_about_sends).is_some())
            .collect::<Vec<_>>()
    };

    let first = run();

    assert_eq!(first, run());
    assert!(first.contains(&true) && first.contains(&false));
}

#[test]
fn a_fault_of_webhooks_leaves_sends_alone() {
    let mut faults = Faults::default();
    faults.arm(ArmedFault {
        fault: Fault::WebhookDuplicate,
        often: Often::Next(1),
    });

    assert_eq!(faults.strike(&mut generator(), Fault::is_about_sends), None);
    assert_eq!(faults.armed().len(), 1);
}
