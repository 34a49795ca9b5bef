//! Who gets a place, and who waits.

use std::pin::pin;

use futures::poll;

use super::*;

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_project_that_has_all_of_its_own_waits_alone_and_in_order() {
    let places = Places::new(2, 10);
    let first = places.take(Some(ONE)).await;
    let second = places.take(Some(ONE)).await;
    let mut third = pin!(places.take(Some(ONE)));
    let mut fourth = pin!(places.take(Some(ONE)));
    assert!(poll!(third.as_mut()).is_pending());
    assert!(poll!(fourth.as_mut()).is_pending());
    let others = places.take(Some(OTHER)).await;
    assert_eq!(places.free(OTHER), (1, 7));
    drop(first);
    assert!(poll!(fourth.as_mut()).is_pending());
    let third = third.await;
    drop(second);
    let fourth = fourth.await;
    drop((third, fourth, others));
    assert_eq!(places.free(ONE), (2, 10));
}

#[tokio::test]
async fn of_all_places_who_came_first_gets_the_next() {
    let places = Places::new(2, 3);
    let mut held = vec![
        places.take(Some(ONE)).await,
        places.take(Some(ONE)).await,
        places.take(None).await,
    ];
    let mut others = pin!(places.take(Some(OTHER)));
    assert!(poll!(others.as_mut()).is_pending());
    // The project has places of its own left, and waits for those of all.
    assert_eq!(places.free(OTHER), (1, 0));
    held.remove(0);
    let mut again = pin!(places.take(Some(ONE)));
    assert!(poll!(again.as_mut()).is_pending(), "it passed another");
    held.push(others.await);
    held.remove(0);
    held.push(again.await);
    drop(held);
    assert_eq!(places.free(OTHER), (2, 3));
}

#[tokio::test]
async fn who_waited_and_is_gone_has_nothing() {
    let places = Places::new(1, 2);
    let held = places.take(Some(ONE)).await;
    {
        let mut own = pin!(places.take(Some(ONE)));
        assert!(poll!(own.as_mut()).is_pending());
        let _last = places.take(None).await;
        let mut of_all = pin!(places.take(Some(OTHER)));
        assert!(poll!(of_all.as_mut()).is_pending());
        assert_eq!(places.free(OTHER), (0, 0));
    }
    assert_eq!(places.free(OTHER), (1, 1));
    drop(held);
    assert_eq!(places.free(ONE), (1, 2));
}

#[test]
fn a_project_has_a_part_only_where_there_are_few() {
    for (each, all, own) in [(64, 320, 20), (10, 320, 10), (64, 32, 16)] {
        assert_eq!(Places::of_files(each, all, 1).free(ONE), (own, all));
    }
    assert_eq!(Places::of_files(0, 0, 1).free(ONE), (1, 1));
}

#[test]
fn who_takes_nothing_is_forgotten() {
    let rooms = Rooms::new(5);
    drop(rooms.of(OTHER));
    let room = rooms.of(ONE);
    let permit = room.clone().try_acquire_owned().unwrap();
    drop(room);
    // What is taken keeps it.
    assert_eq!(rooms.of(ONE).available_permits(), 4);
    assert_eq!(rooms.projects.lock().unwrap().len(), 1);
    drop(permit);
    assert_eq!(rooms.of(ONE).available_permits(), 5);
}
