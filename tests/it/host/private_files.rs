//! What a host writes is for its user alone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::api::cli::prints;
use super::support::{Operator, TestHost, guest, share_cache};
use crate::support::modes::open_to_others;

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_host_writes_is_open_to_others() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer(ANA).await;
    host.stops().await;
    let scene = tempfile::tempdir().unwrap();
    let data = scene.path().join("data");
    std::fs::create_dir(&data).unwrap();
    share_cache(&data);
    let process = host
        .is_joined(&[("ROOST_DATA", data.display().to_string())])
        .await;
    host.takes_webhooks_at(&format!("http://{}", process.address()))
        .await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");

    let export = scene.path().join("export.tar.gz");
    let words = ["projects", "export", "echo", "-o", export.to_str().unwrap()];
    prints(&Operator::of(&process), &words).await;
    let mode = std::fs::metadata(&export).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "an export holds what people wrote");

    let mut written = 0;
    for entry in std::fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            written += entries(&entry.path());
            let open = open_to_others(&entry.path(), &[]);
            assert!(open.is_empty(), "others may read: {open:#?}");
        }
    }
    assert!(written > 4, "{written} files");
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}
