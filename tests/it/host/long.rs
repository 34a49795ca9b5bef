//! What takes minutes: memory over many deploys.

use super::support::{TestHost, guest};

/// What this process has in memory by itself, in MiB: its heap, and the images that it shares out.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (kib("RssAnon:") + kib("RssShmem:")) >> 10
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_flat_over_deploys_and_saves() {
    roost::memory::set_up();
    let mut host = TestHost::start().await;
    let bot = host.bot("saved", &guest("echo")).await;
    let mut ana = bot.customer("16505551234").await;
    let mut after = Vec::new();
    for _ in 0..20 {
        for _ in 0..6 {
            host.deploys(&bot, &guest("echo")).await.unwrap();
        }
        ana.says("hi").await;
        assert_eq!(ana.hears().await, "You said: hi");
        after.push(resident_mib());
    }
    println!("MiB after each six of 120 deploys: {after:?}");
    let (first, last) = (after[0], after[after.len() - 1]);
    assert!(last * 10 <= first * 11, "{after:?}");
}
