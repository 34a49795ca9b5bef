//! What takes minutes: memory over many deploys, and compiling an engine anew.

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
    // The first ones fill what is kept for the next.
    let (filled, last) = (after[3], after[after.len() - 1]);
    assert!(last * 10 <= filled * 11, "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiled_code_that_is_damaged_is_made_again() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer("16505551234").await;
    host.stops().await;
    // The one that tests share is nobody's to damage.
    let cache = host.data().join("cache");
    std::fs::remove_file(&cache).unwrap();
    host.starts_again().await;
    ana.says("compiled").await;
    assert_eq!(ana.hears().await, "You said: compiled");

    let damages: [fn(&str, &mut Vec<u8>); 2] = [
        |_, bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..].fill(0);
        },
        // The marks of all others are made with it.
        |name, bytes| bytes.truncate(if name == "key" { 5 } else { usize::MAX }),
    ];
    for (n, damage) in damages.iter().enumerate() {
        host.stops().await;
        let mut files = 0;
        for entry in std::fs::read_dir(&cache).unwrap() {
            let file = entry.unwrap().path();
            if !file.is_file() {
                continue;
            }
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let mut bytes = std::fs::read(&file).unwrap();
            damage(&name, &mut bytes);
            std::fs::write(&file, bytes).unwrap();
            files += 1;
        }
        assert!(files > 3, "{files} files");
        host.starts_again().await;
        ana.says(&n.to_string()).await;
        assert_eq!(ana.hears().await, format!("You said: {n}"));
        let ready = reqwest::get(format!("http://{}/readyz", host.address())).await;
        assert_eq!(ready.unwrap().status(), http::StatusCode::OK);
    }
    host.settles(&bot).await;
    assert!(ana.unheard().await.is_empty());
    let is_told = |line: &str| {
        line.contains("/cache/") && line.contains("the file is damaged, and is made again")
    };
    assert!(host.log().lines().any(is_told), "nobody is told");
}
