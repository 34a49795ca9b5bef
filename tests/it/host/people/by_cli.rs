//! The words `roost contacts` and `roost conversations`.

use serde_json::Value;

use super::{ANA, BEA};
use crate::host::api::cli::{complains, prints};
use crate::host::support::{TestHost, guest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_looks_after_a_conversation_from_the_command_line() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("is there soup?").await;
    ana.hears().await;
    host.settles(&bot).await;
    let says = async |words: &[&str]| {
        let words = [&["conversations", "-p", "soup"], words].concat();
        prints(&operator, &words).await
    };
    let table = says(&[]).await;
    assert!(table.starts_with("CONTACT"), "{table}");
    assert!(table.contains(ANA) && table.contains("the bot"), "{table}");
    let taken = says(&["take", ANA, "--by", "bea", "--reason", "refund"]).await;
    assert!(taken.starts_with("bea has the conversation"), "{taken}");
    let words = ["conversations", "-p", "soup", "take", ANA, "--by", "carl"];
    let (code, said) = complains(&operator, &words).await;
    assert_eq!(code, 1);
    assert!(said.contains("`bea` has the conversation"), "{said}");
    let sent = says(&["reply", ANA, "yes, there is", "--by", "bea"]).await;
    assert!(sent.starts_with("sent as wamid."), "{sent}");
    assert_eq!(ana.hears().await, "yes, there is");
    host.settles(&bot).await;
    let history = says(&["history", ANA]).await;
    let who: Vec<&str> = history
        .lines()
        .map(|line| line.split_whitespace().nth(2).unwrap())
        .collect();
    assert_eq!(who, ["contact", "bot", "bea"], "{history}");
    says(&["assign", ANA, "bea"]).await;
    says(&["state", ANA, "asked"]).await;
    let labels = says(&["label", ANA, "vip", "cold soup"]).await;
    assert_eq!(labels.trim_end(), format!("{ANA}: cold soup, vip"));
    says(&["unlabel", ANA, "vip"]).await;
    assert!(says(&["labels"]).await.contains("cold soup"));
    let noted = says(&["note", ANA, "calls back", "--by", "bea"]).await;
    let note = noted.trim_end().strip_prefix("noted as ").unwrap();
    assert!(says(&["notes", ANA]).await.contains("calls back"));
    says(&["unnote", ANA, note]).await;
    assert_eq!(says(&["notes", ANA]).await, "nothing was noted\n");
    let shown = says(&["show", ANA]).await;
    for line in ["bea, since", ": refund", "asked", "cold soup", "open until"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(says(&["--session", "SNOOZED"]).await.contains("no such"));
    assert!(says(&["snooze", ANA, "2h"]).await.contains("snoozed until"));
    assert!(
        says(&["list", "--session", "snoozed", "--taken"])
            .await
            .contains(ANA)
    );
    says(&["open", ANA]).await;
    says(&["resolve", ANA]).await;
    says(&["read", ANA]).await;
    says(&["release", ANA]).await;
    let json = says(&["show", ANA, "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["taken"], &json["session"]),
        (&Value::Null, &Value::from("resolved"))
    );
    let words = [
        "conversations",
        "-p",
        "soup",
        "reply",
        ANA,
        "--template",
        "order",
    ];
    let (code, said) = complains(&operator, &words).await;
    assert_eq!(code, 1);
    assert!(
        said.contains("the project has no template `order`"),
        "{said}"
    );
    let (code, said) = complains(&operator, &["conversations", "-p", "soup", "show", "4711"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("no such conversation"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_shown_exported_and_erased_from_the_command_line() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    let operator = host.operator();
    for who in [ANA, BEA] {
        let mut customer = bot.customer(who).await;
        customer.says("hi").await;
        customer.hears().await;
    }
    host.settles(&bot).await;
    let says = async |words: &[&str]| {
        let words = [&["contacts", "-p", "soup"], words].concat();
        prints(&operator, &words).await
    };
    let table = says(&["--text", "165055512"]).await;
    assert!(table.contains(ANA) && !table.contains(BEA), "{table}");
    let said = says(&["opt-in", ANA, "--source", "checkout"]).await;
    assert_eq!(said, "Ana may get messages of marketing\n");
    says(&["opt-out", BEA]).await;
    let table = says(&["list", "--consent", "opted-out"]).await;
    assert!(table.contains(BEA) && !table.contains(ANA), "{table}");
    let shown = says(&["show", ANA]).await;
    assert!(
        shown.contains("opted-in at") && shown.contains("checkout"),
        "{shown}"
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ana.jsonl");
    let said = says(&["export", ANA, "-o", file.to_str().unwrap()]).await;
    assert!(said.contains("rows"), "{said}");
    let lines = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        says(&["export", ANA]).await.lines().count(),
        lines.lines().count()
    );
    let (code, said) = complains(&operator, &["contacts", "-p", "soup", "erase", ANA]).await;
    assert_eq!(code, 2);
    assert!(said.contains("`--yes`"), "{said}");
    let said = says(&["erase", ANA, "--yes"]).await;
    assert!(
        said.starts_with("erased: 1 conversations with 2 messages"),
        "{said}"
    );
    let table = says(&[]).await;
    assert!(table.contains(BEA) && !table.contains(ANA), "{table}");
}
