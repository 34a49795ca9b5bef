//! News of projects between hosts of one database.

use roost::news::{Change, Heard, Listener, Newsroom, Told};
use roost::projects::ProjectId;

use crate::support::db;

/// The next news, whatever may have been missed before.
async fn told(listener: &mut Listener) -> Told {
    loop {
        if let Heard::Told(told) = listener.next().await {
            return told;
        }
    }
}

#[tokio::test]
async fn what_one_host_tells_all_hear_once() {
    let pool = db::empty().await;
    let (here, telling) = Newsroom::start(pool.clone());
    let (there, also_telling) = Newsroom::start(pool.clone());
    let (mut at_home, mut abroad) = (here.listen(), there.listen());
    // What was told before a host listens is missed, which it says itself.
    assert_eq!(at_home.next().await, Heard::Missed);
    assert_eq!(abroad.next().await, Heard::Missed);
    let project_id = ProjectId::generate();
    let news = |change, is_here| Told {
        project_id,
        change,
        is_here,
    };

    here.tell(project_id, Change::Number);
    assert_eq!(told(&mut at_home).await, news(Change::Number, true));
    assert_eq!(told(&mut abroad).await, news(Change::Number, false));
    there.tell(project_id, Change::Build);
    assert_eq!(told(&mut abroad).await, news(Change::Build, true));
    assert_eq!(told(&mut at_home).await, news(Change::Build, false));

    // The last news of a host that stops are told, too.
    here.tell(project_id, Change::Status);
    telling.stop().await;
    assert_eq!(told(&mut abroad).await, news(Change::Status, false));
    also_telling.stop().await;
    pool.close().await;
}

#[tokio::test]
async fn who_waits_for_a_project_is_not_woken_for_another() {
    let pool = db::empty().await;
    let (newsroom, telling) = Newsroom::start(pool.clone());
    let mut listener = newsroom.listen();
    assert_eq!(listener.next().await, Heard::Missed);
    let (own, other) = (ProjectId::generate(), ProjectId::generate());
    newsroom.tell(other, Change::Build);
    newsroom.tell(own, Change::Step);
    newsroom.tell(own, Change::Build);
    newsroom.tell(own, Change::Settings);

    assert!(listener.of(own, &[Change::Build]).await);
    let next = told(&mut listener).await;
    assert_eq!((next.project_id, next.change), (own, Change::Settings));
    telling.stop().await;
}
