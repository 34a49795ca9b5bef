//! The clock of a machine is set by hours, under the host and under its database.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use roost::postgres::{Embedded, EmbeddedConfig};

use super::faults::{all_is_done, meta_is_patient, over};
use super::support::{Contact, RoostProcess, Skew, TestHost, eventually, fixture};
use crate::postgres_embedded::config;
use crate::postgres_support::{Folder, bin_dir};

const HOUR: i64 = 3600;

/// Waits until the log says so.
async fn says(process: &RoostProcess, sentence: &str) {
    eventually(sentence, async || {
        process.log().contains(sentence).then_some(())
    })
    .await;
}

/// One more host, which lives by the machine's clock and gets all webhooks.
async fn next_host(host: &TestHost, skew: &Skew) -> RoostProcess {
    let process = host.is_joined(&skew.environment("machine")).await;
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    process
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_whose_clock_is_set_by_hours_loses_nothing_and_answers_once() {
    let skew = Skew::new();
    skew.sets("machine", 0);
    let folder = Folder::new("set");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let embedded = Embedded::start(EmbeddedConfig {
        bin_dir: skew.programs(&bin_dir(), "machine"),
        ..config(&folder)
    });
    let embedded = embedded.await.unwrap_or_else(|error| panic!("{error}"));
    let mut host = TestHost::start_with(over(&embedded)).await;
    let bot = host.bot("holds", &fixture("holds")).await;
    meta_is_patient(&host).await;
    host.stops().await;
    let one = next_host(&host, &skew).await;

    let mut customers: Vec<Contact> = Vec::new();
    for n in 0..6 {
        customers.push(bot.customer(&format!("1650555{n:04}")).await);
    }
    let write = async |customers: &[Contact], n: usize| {
        for (who, customer) in customers.iter().enumerate() {
            customer.says(&format!("hold {who} {n}")).await;
        }
    };
    // One of each customer runs, the others wait behind it.
    write(&customers, 0).await;
    write(&customers, 1).await;
    let mut schema = host.schema_of(&bot).await;
    eventually("six run", async || {
        let held: i64 = sqlx::query_scalar("select count(*) from held")
            .fetch_one(&mut schema)
            .await
            .unwrap();
        (held == 6).then_some(())
    })
    .await;
    skew.sets("machine", 3 * HOUR);
    says(
        &one,
        "minutes ahead: what waits keeps the time to its deadline",
    )
    .await;
    write(&customers, 2).await;
    eventually("all are stored", async || {
        let stored: i64 = sqlx::query_scalar("select count(*) from event where kind = 'message'")
            .fetch_one(&mut host.control_database().await)
            .await
            .unwrap();
        (stored == 18).then_some(())
    })
    .await;

    // Its leases are hours away from now on, and nobody extends them.
    one.die().await;
    skew.sets("machine", -3 * HOUR);
    let two = next_host(&host, &skew).await;
    says(&two, "minutes back: what waits is due within 1s").await;
    write(&customers, 3).await;
    for release in [
        "alter table held alter released set default true",
        "update held set released = true",
    ] {
        sqlx::query(release).execute(&mut schema).await.unwrap();
    }
    for (who, customer) in customers.iter_mut().enumerate() {
        // Each is a webhook of its own: Meta tries them again in no order.
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(customer.hears().await);
        }
        heard.sort();
        let expected: Vec<String> = (0..4)
            .map(|n| format!("You said: hold {who} {n}"))
            .collect();
        assert_eq!(heard, expected);
    }
    all_is_done(&host).await;
    for customer in &mut customers {
        assert!(customer.unheard().await.is_empty());
    }
    two.is_told_to_stop();
    two.stopped().await;
    drop(host);
    embedded.stop().await.unwrap();
}
