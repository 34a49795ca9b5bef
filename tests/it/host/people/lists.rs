//! Lists, searches, histories, and what people say of a conversation.

use http::Method;
use serde_json::{Value, json};

use super::{ANA, BEA, history, items, of};
use crate::host::support::{Operator, TestHost, TestProject, answered, guest};

/// A bot that both have written to, Ana last.
async fn soup() -> (TestHost, TestProject, Operator) {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &guest("echo")).await;
    for (who, text) in [(BEA, "is it hot?"), (ANA, "is there soup?")] {
        let mut customer = bot.customer(who).await;
        customer.says(text).await;
        customer.hears().await;
        host.settles(&bot).await;
    }
    let operator = host.operator();
    (host, bot, operator)
}

fn numbers(page: &Value) -> Vec<String> {
    let number = |it: &Value| {
        let contact = if it["contact"].is_object() {
            &it["contact"]
        } else {
            it
        };
        contact["wa_id"].as_str().unwrap().to_owned()
    };
    items(page).iter().map(number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_are_listed_found_and_shown() {
    let (_host, _bot, operator) = soup().await;
    let list = operator.get(&of("soup", "contacts")).await.ok();
    assert_eq!(numbers(&list), [ANA, BEA]);
    let first = operator.get(&of("soup", "contacts?limit=1")).await.ok();
    assert_eq!(numbers(&first), [ANA]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = of("soup", &format!("contacts?limit=1&cursor={cursor}"));
    let second = operator.get(&second).await.ok();
    assert_eq!(
        (numbers(&second), &second["next_cursor"]),
        (vec![BEA.to_owned()], &Value::Null)
    );
    for (text, found) in [
        ("16505551", vec![ANA]),
        ("%2B1%20650-555", vec![ANA, BEA]),
        ("an", vec![ANA, BEA]),
        ("na", vec![]),
        ("%25", vec![]),
    ] {
        let list = operator
            .get(&of("soup", &format!("contacts?text={text}")))
            .await
            .ok();
        assert_eq!(numbers(&list), found, "{text}");
    }

    let ana = operator
        .get(&of("soup", &format!("contacts/{ANA}")))
        .await
        .ok();
    assert_eq!(ana["name"], "Ana");
    assert_eq!(ana["consent"], Value::Null);
    for name in ["id", "user_id"] {
        let path = of("soup", &format!("contacts/{}", ana[name].as_str().unwrap()));
        assert_eq!(operator.get(&path).await.ok(), ana, "{name}");
    }
    let path = of("soup", &format!("contacts/{BEA}/opt-in"));
    let bea = operator
        .post(&path, &json!({ "source": "checkout" }))
        .await
        .ok();
    assert_eq!(bea["consent"]["word"], "opted-in");
    assert_eq!(bea["consent"]["source"], "checkout");
    let path = of("soup", &format!("contacts/{ANA}/opt-out"));
    operator
        .post(&path, &json!({ "source": "by phone" }))
        .await
        .ok();
    for (consent, found) in [("opted-in", BEA), ("opted-out", ANA)] {
        let list = of("soup", &format!("contacts?consent={consent}"));
        assert_eq!(numbers(&operator.get(&list).await.ok()), [found]);
    }
    let refused = operator.post(&path, &json!({ "source": "  " })).await;
    assert_eq!(refused.refusal(), (422, "bad-text".to_owned()));
    let refused = operator.get(&of("soup", "contacts/4711")).await;
    assert_eq!(refused.refusal(), (404, "contact-not-found".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations_are_narrowed_by_all_that_is_said_of_them() {
    let (host, bot, operator) = soup().await;
    let list = async |query: &str| {
        let path = of("soup", &format!("conversations?{query}"));
        numbers(&operator.get(&path).await.ok())
    };
    assert_eq!(list("").await, [ANA, BEA], "who wrote last comes first");
    let ana = of("soup", &format!("conversations/{ANA}"));
    let seen = operator.get(&ana).await.ok();
    assert_eq!(
        (&seen["session"], &seen["unread"]),
        (&json!("open"), &json!(0))
    );
    assert_eq!(seen["is_window_open"], true);
    assert_eq!(seen["taken"], Value::Null);

    let bea = of("soup", &format!("conversations/{BEA}"));
    let change = json!({ "state": "asked", "assignee": "carl" });
    let changed = operator.patch(&bea, &change).await.ok();
    assert_eq!(
        (&changed["state"], &changed["assignee"]),
        (&json!("asked"), &json!("carl"))
    );
    operator
        .put(&format!("{bea}/labels/vip"), &json!({}))
        .await
        .ok();
    let labelled = operator
        .put(&format!("{bea}/labels/cold%20soup"), &json!({}))
        .await
        .ok();
    assert_eq!(labelled["labels"], json!(["cold soup", "vip"]));
    assert_eq!(list("").await, [BEA, ANA], "what is changed comes first");
    for (query, found) in [
        ("state=asked", vec![BEA]),
        ("assignee=carl", vec![BEA]),
        ("label=vip", vec![BEA]),
        ("label=vi", vec![]),
        ("session=OPEN", vec![BEA, ANA]),
        ("session=resolved", vec![]),
        ("text=165055512", vec![ANA]),
        ("text=ANA&label=vip", vec![BEA]),
        ("taken=true", vec![]),
        ("unread=true", vec![]),
    ] {
        assert_eq!(list(query).await, found, "{query}");
    }
    let labels = operator.get(&of("soup", "labels")).await.ok();
    let one = |label: &str| json!({ "label": label, "conversations": 1 });
    assert_eq!(items(&labels), [one("cold soup"), one("vip")]);
    operator.delete(&format!("{bea}/labels/vip")).await.ok();
    let refused = operator.delete(&format!("{bea}/labels/vip")).await;
    assert_eq!(refused.refusal(), (404, "label-not-found".to_owned()));
    let cleared = json!({ "state": null });
    let cleared = operator.patch(&bea, &cleared).await.ok();
    assert_eq!(
        (&cleared["state"], &cleared["assignee"]),
        (&Value::Null, &json!("carl"))
    );

    // Nobody answers while the project is paused.
    operator
        .post("/v1/projects/soup/pause", &Value::Null)
        .await
        .ok();
    let customer = bot.customer(ANA).await;
    for text in ["hello?", "hello!"] {
        customer.says(text).await;
    }
    host.emulator()
        .idle(crate::host::support::DEADLINE)
        .await
        .unwrap();
    let waiting = operator.get(&ana).await.ok();
    assert_eq!(waiting["unread"], 2);
    assert_eq!(list("unread=true").await, [ANA]);
    let read = operator
        .post(&format!("{ana}/read"), &Value::Null)
        .await
        .ok();
    assert_eq!(read["unread"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_open_again_at_its_time_and_with_the_next_message() {
    let (host, bot, operator) = soup().await;
    let path = of("soup", &format!("conversations/{ANA}"));
    let resolved = operator
        .post(&format!("{path}/resolve"), &Value::Null)
        .await
        .ok();
    assert_eq!(resolved["session"], "resolved");
    let ana = bot.customer(ANA).await;
    ana.says("one more thing").await;
    host.settles(&bot).await;
    assert_eq!(operator.get(&path).await.ok()["session"], "open");

    let snooze = format!("{path}/snooze");
    for wrong in ["tomorrow", "2020-01-31T09:30:00Z"] {
        let refused = operator.post(&snooze, &json!({ "until": wrong })).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.text);
    }
    let until = "2099-01-31T09:30:00.000000Z";
    let snoozed = operator
        .post(&snooze, &json!({ "until": until }))
        .await
        .ok();
    assert_eq!(
        (&snoozed["session"], &snoozed["snoozed_until"]),
        (&json!("snoozed"), &json!(until))
    );
    let of_session = async |session: &str| {
        let path = of("soup", &format!("conversations?session={session}"));
        numbers(&operator.get(&path).await.ok())
    };
    assert_eq!(of_session("snoozed").await, [ANA]);
    assert_eq!(of_session("open").await, [BEA]);
    sqlx::query("update conversation set snoozed_until = now() where session = 'snoozed'")
        .execute(&mut host.control_database().await)
        .await
        .unwrap();
    let open = operator.get(&path).await.ok();
    assert_eq!(
        (&open["session"], &open["snoozed_until"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(of_session("snoozed").await, Vec::<String>::new());
    assert!(of_session("open").await.contains(&ANA.to_owned()));
    operator
        .post(&snooze, &json!({ "until": until }))
        .await
        .ok();
    let open = operator
        .post(&format!("{path}/open"), &Value::Null)
        .await
        .ok();
    assert_eq!(open["session"], "open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_has_every_message_with_its_media_and_what_meta_reported() {
    let (host, bot, operator) = soup().await;
    let ana = bot.customer(ANA).await;
    ana.shows("image/png", b"\x89PNG\r\n\x1a\n picture").await;
    host.settles(&bot).await;
    let path = of("soup", &format!("conversations/{ANA}/messages"));
    let page = operator.get(&path).await.ok();
    let [image, answer, question] = &items(&page)[..] else {
        panic!("{page}");
    };
    assert_eq!(
        (&image["type"], &image["direction"]),
        (&json!("image"), &json!("in"))
    );
    assert_eq!(image["media"]["mime_type"], "image/png");
    assert!(image["media"]["id"].is_string(), "{image}");
    assert_eq!(question["text"], "is there soup?");
    assert_eq!(
        (&question["written_by"], &question["status"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&answer["direction"], &answer["text"]),
        (&json!("out"), &json!("You said: is there soup?"))
    );
    assert_eq!(answer["status"], "read");
    assert_eq!(answer["body"]["to"], ANA);
    assert_eq!(answer["event_id"], question["event_id"]);
    let said = history(&operator, "soup", ANA).await;
    assert_eq!(said.len(), 3);
    let first = operator.get(&format!("{path}?limit=2")).await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = operator
        .get(&format!("{path}?limit=2&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(items(&rest), std::slice::from_ref(question));
    let found = operator
        .get(&format!("{path}?text=THERE%20soup&limit=1"))
        .await
        .ok();
    assert_eq!(items(&found), std::slice::from_ref(answer));
    let cursor = found["next_cursor"].as_str().unwrap();
    let next = operator
        .get(&format!("{path}?text=there%20soup&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(items(&next), std::slice::from_ref(question));
    assert_eq!(next["next_cursor"], Value::Null);
    let none = operator.get(&format!("{path}?text=stew")).await.ok();
    assert_eq!(items(&none), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_are_for_people_and_every_change_is_in_the_audit_log() {
    let (host, bot, operator) = soup().await;
    let path = of("soup", &format!("conversations/{ANA}"));
    let new = json!({ "text": "calls back\non Monday", "by": "bea" });
    let note = operator.post(&format!("{path}/notes"), &new).await.ok();
    assert_eq!(
        (&note["author"], &note["text"]),
        (&json!("bea"), &json!("calls back\non Monday"))
    );
    let second = json!({ "text": "has called" });
    let second = operator.post(&format!("{path}/notes"), &second).await.ok();
    assert_eq!(second["author"], "root");
    let notes = operator.get(&format!("{path}/notes")).await.ok();
    assert_eq!(items(&notes), [note.clone(), second.clone()]);
    let id = note["id"].as_str().unwrap();
    // Beside another conversation it is not there.
    let elsewhere = of("soup", &format!("conversations/{BEA}/notes/{id}"));
    let refused = operator.delete(&elsewhere).await;
    assert_eq!(refused.refusal(), (404, "note-not-found".to_owned()));
    assert_eq!(
        operator.delete(&format!("{path}/notes/{id}")).await.status,
        204
    );
    let notes = operator.get(&format!("{path}/notes")).await.ok();
    assert_eq!(items(&notes), [second]);
    let long = json!({ "text": "x".repeat(4_001) });
    let refused = operator.post(&format!("{path}/notes"), &long).await;
    assert_eq!(refused.refusal(), (422, "bad-text".to_owned()));
    host.settles(&bot).await;
    assert!(
        bot.customer(ANA)
            .await
            .unheard()
            .await
            .iter()
            .all(|text| !text.contains("Monday"))
    );

    let audit = operator.get("/v1/audit?project=soup").await;
    assert!(!audit.text.contains(ANA), "{}", audit.text);
    let audit = audit.ok();
    let actions: Vec<&str> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions[..4],
        ["add_note", "remove_note", "remove_note", "add_note"]
    );
    let conversation = operator.get(&path).await.ok()["id"].clone();
    assert_eq!(audit["items"][1]["changed"]["conversation"], conversation);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_see_people_sees_none_and_changes_none() {
    let (_host, _bot, operator) = soup().await;
    let wanted = json!({ "name": "keeper", "scope": "admin" });
    let made = operator.post("/v1/tokens", &wanted).await.ok();
    let keeper = operator.with_token(made["token"].as_str().unwrap());
    let wanted = json!({ "name": "reader", "scope": "read", "people": true });
    let made = operator.post("/v1/tokens", &wanted).await.ok();
    let reader = operator.with_token(made["token"].as_str().unwrap());
    let document = roost::api::openapi();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0] != "people" {
                continue;
            }
            asked += 1;
            let concrete = path
                .replace("{project}", "soup")
                .replace("{contact}", ANA)
                .replace("{conversation}", ANA)
                .replace("{label}", "vip")
                .replace("{note}", "01980000-0000-7000-8000-000000000000");
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = body_for(path);
            let request = keeper.request(method.clone(), &concrete).json(&body);
            let refused = answered(request).await;
            let what = format!("{method} {path}: {}", refused.text);
            assert_eq!(
                refused.refusal(),
                (403, "people-not-shown".to_owned()),
                "{what}"
            );
            if method != Method::GET {
                let request = reader.request(method, &concrete).json(&body);
                let refused = answered(request).await;
                assert_eq!(
                    refused.refusal(),
                    (403, "scope-too-small".to_owned()),
                    "{what}"
                );
            }
        }
    }
    assert!(asked >= 20, "{asked}");
    reader.get(&of("soup", "conversations")).await.ok();
}

/// What an address takes, or nothing that it looks at.
fn body_for(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "opt-in" | "opt-out" => json!({ "source": "x" }),
        "snooze" => json!({ "until": "2099-01-31T09:30:00Z" }),
        "notes" => json!({ "text": "x" }),
        "messages" => json!({ "text": { "body": "x" } }),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_projects_see_nothing_of_each_others_people() {
    let mut host = TestHost::start().await;
    let operator = host.operator();
    let mut tokens = Vec::new();
    for name in ["soup", "stew"] {
        let bot = host.bot(name, &guest("echo")).await;
        let mut ana = bot.customer(ANA).await;
        ana.says(&format!("hello {name}")).await;
        ana.hears().await;
        host.settles(&bot).await;
        let wanted = json!({ "name": name, "scope": "write", "project": name, "people": true });
        let made = operator.post("/v1/tokens", &wanted).await.ok();
        tokens.push(operator.with_token(made["token"].as_str().unwrap()));
    }
    let [soup, stew] = &tokens[..] else { panic!() };
    let theirs = stew
        .get(&of("stew", &format!("conversations/{ANA}")))
        .await
        .ok();
    let note = json!({ "text": "secret" });
    let note = stew
        .post(&of("stew", &format!("conversations/{ANA}/notes")), &note)
        .await
        .ok();
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let (conversation, contact, note) = (
        id(&theirs["id"]),
        id(&theirs["contact"]["id"]),
        id(&note["id"]),
    );
    let answer = stew
        .get(&of("stew", &format!("conversations/{ANA}/messages")))
        .await
        .ok();
    let quoted = id(&items(&answer)[0]["id"]);

    // By their own address the token knows no such project; below its own there is no such thing.
    for path in ["contacts", "conversations", "labels"] {
        let refused = soup.get(&of("stew", path)).await;
        assert_eq!(
            refused.refusal(),
            (404, "project-not-found".to_owned()),
            "{path}"
        );
    }
    for path in [
        format!("contacts/{contact}"),
        format!("conversations/{conversation}"),
        format!("conversations/{conversation}/messages"),
        format!("conversations/{conversation}/notes"),
    ] {
        let refused = soup.get(&of("soup", &path)).await;
        assert_eq!(refused.status, 404, "{path}: {}", refused.text);
    }
    for word in ["take", "release", "resolve", "open", "read"] {
        let path = of("soup", &format!("conversations/{conversation}/{word}"));
        let refused = soup.post(&path, &json!({})).await;
        assert_eq!(
            refused.refusal(),
            (404, "conversation-not-found".to_owned()),
            "{word}"
        );
    }
    let refused = soup
        .delete(&of("soup", &format!("contacts/{contact}")))
        .await;
    assert_eq!(refused.refusal(), (404, "contact-not-found".to_owned()));
    let refused = soup
        .delete(&of("soup", &format!("conversations/{ANA}/notes/{note}")))
        .await;
    assert_eq!(refused.refusal(), (404, "note-not-found".to_owned()));
    let said = history(soup, "soup", ANA).await;
    assert_eq!(said[0], ("contact".to_owned(), "hello soup".to_owned()));
    assert!(
        said.iter().all(|(_, text)| !text.contains("stew")),
        "{said:?}"
    );

    // The same person, erased in one project, is there in the other.
    soup.post(
        &of("soup", &format!("contacts/{ANA}/opt-out")),
        &json!({ "source": "x" }),
    )
    .await
    .ok();
    soup.delete(&of("soup", &format!("contacts/{ANA}")))
        .await
        .ok();
    let after = stew
        .get(&of("stew", &format!("conversations/{ANA}")))
        .await
        .ok();
    assert_eq!(after["contact"], theirs["contact"]);
    let messages = stew
        .get(&of("stew", &format!("conversations/{ANA}/messages")))
        .await
        .ok();
    assert_eq!(id(&items(&messages)[0]["id"]), quoted);
}
