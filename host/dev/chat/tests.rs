//! What lines mean, and what messages look like. No emulator is asked.

use std::path::PathBuf;
use std::time::Duration;

use roost_emulator::control::SentItem;
use roost_emulator::control::wire::Act;
use serde_json::{Value, json};

use super::choices::{OpenChoices, Picked};
use super::files::{file, picture};
use super::line::{Command, LONGEST_TEXT, Line, Lines, pieces};
use super::render;
use super::screen::{Screen, Style};

const SHEENA: &str = "16505551234";

fn sent(message: Value) -> SentItem {
    let mut item = json!({
        "seq": 1, "at_ms": 0, "number_id": "1", "customer": SHEENA, "kind": "message",
        "id": "wamid.1", "status": "sent", "category": "service", "is_billable": false,
        "addressed_by": "phone",
    });
    for (key, value) in message.as_object().unwrap() {
        item[key] = value.clone();
    }
    serde_json::from_value(item).unwrap()
}

fn message(kind: &str, body: Value) -> Value {
    json!({"type": kind, "body": body})
}

fn buttons(titles: &[&str]) -> Value {
    let choices = titles
        .iter()
        .map(|title| json!({"kind": "button", "id": title.to_lowercase(), "title": title}));
    let choices: Vec<Value> = choices.collect();
    let body = json!({"type": "button", "body": {"text": "Well?"}});
    json!({"type": "interactive", "body": body, "choices": choices})
}

#[track_caller]
fn looks(message: Value, expected: &[&str]) {
    assert_eq!(render::item(&sent(message), SHEENA), expected);
}

#[track_caller]
fn means(line: &str, expected: Line) {
    assert_eq!(Line::parse(line), expected, "{line:?}");
}

#[track_caller]
fn is_mistake(line: &str, part: &str) {
    match Line::parse(line) {
        Line::Mistake(why) => assert!(why.contains(part), "{line:?}: {why}"),
        other => panic!("{line:?} means {other:?}"),
    }
}

#[test]
fn a_line_is_a_text_a_number_or_a_command() {
    let text = |text: &str| Line::Text(text.to_owned());
    means("", Line::Empty);
    means(" \t", Line::Empty);
    means("hello ", text("hello "));
    means("1 or 2", text("1 or 2"));
    means(" 12 ", Line::Number("12".to_owned()));
    means("-1", text("-1"));
    means("//help", text("/help"));
    means("/say 3", text("3"));
    means("/help", Line::Command(Command::Help));
    means("/sent", Line::Command(Command::Sent));
    means("/quit ", Line::Command(Command::Quit));
    means("/image", Line::Command(Command::Image(None)));
    let path = PathBuf::from("my cat.png");
    means(
        "/image my cat.png",
        Line::Command(Command::Image(Some(path))),
    );
    let ana = Command::As {
        phone: "34600000002".to_owned(),
        name: Some("Ana Sol".to_owned()),
    };
    means("/as +34-600000002 Ana Sol", Line::Command(ana));
    let madrid = Command::Location {
        latitude: 40.5,
        longitude: -3.7,
    };
    means("/location 40.5, -3.7", Line::Command(madrid));
    let by = Duration::from_secs(5400);
    means("/forward 1.5", Line::Command(Command::Forward(by)));
}

#[test]
fn a_line_that_means_nothing_says_what_to_write() {
    is_mistake("/hello there", "no command /hello: /help lists them");
    is_mistake("/as Ana", "`Ana` is not a phone number");
    is_mistake("/location", "/location 40.4168 -3.7038");
    is_mistake("/location 91 0", "`91 0` is not a latitude");
    is_mistake("/location 1 2 3", "`1 2 3` is not a latitude");
    is_mistake("/forward", "/forward 25");
    is_mistake("/forward -1", "`-1` is not a number of hours");
    is_mistake("/forward NaN", "`NaN` is not a number of hours");
    is_mistake("/say", "/say needs a text");
}

#[test]
fn a_long_text_becomes_pieces_of_characters_that_lose_nothing() {
    assert_eq!(pieces("é"), ["é"]);
    let fits = "é".repeat(LONGEST_TEXT);
    assert_eq!(pieces(&fits), [fits.as_str()]);
    let long = format!("{fits}ñ");
    assert_eq!(pieces(&long), [fits.as_str(), "ñ"]);
}

#[tokio::test]
async fn lines_end_in_any_way_and_need_not_be_utf8() {
    let mut lines = Lines::new(&b"one\r\n\ntwo \xff\nlast"[..]);
    let mut read = Vec::new();
    while let Some(line) = lines.next().await.unwrap() {
        read.push(line);
    }
    assert_eq!(read, ["one", "", "two \u{fffd}", "last"]);
}

#[test]
fn texts_are_indented_under_their_first_line_and_cannot_steer_the_terminal() {
    looks(message("text", json!({"body": "hello"})), &["bot> hello"]);
    looks(
        message("text", json!({"body": "one\r\n\ntwo"})),
        &["bot> one", "", "     two"],
    );
    looks(
        message("text", json!({"body": "\u{1b}[2Jgone\u{7}"})),
        &[r"bot> \u{1b}[2Jgone\u{7}"],
    );
}

#[test]
fn buttons_are_numbered_on_one_line_under_header_and_footer() {
    let mut message = buttons(&["Book", "My details"]);
    message["body"]["header"] = json!({"type": "text", "text": "Menu"});
    message["body"]["footer"] = json!({"text": "Open 9-18"});
    looks(
        message.clone(),
        &[
            "bot> *Menu*",
            "     Well?",
            "     _Open 9-18_",
            "     1) Book   2) My details",
        ],
    );
    message["body"]["header"] = json!({"type": "image", "image": {"link": "https://a.example/b"}});
    let lines = render::item(&sent(message), SHEENA);
    assert_eq!(lines[0], "bot> [image] (https://a.example/b)");
}

#[test]
fn rows_are_numbered_through_all_sections() {
    let row = |id: &str, description: Option<&str>| {
        let kind = "row";
        json!({"kind": kind, "id": id, "title": id, "description": description})
    };
    let choices = json!([
        row("Demo", Some("See it")),
        row("Talk", None),
        row("Other", None)
    ]);
    let sections = json!([
        {"title": "Now", "rows": [{}, {}]},
        {"title": "Later", "rows": [{}]},
    ]);
    let action = json!({"button": "Choose", "sections": sections});
    let body = json!({"type": "list", "body": {"text": "What?"}, "action": action});
    looks(
        json!({"type": "interactive", "body": body, "choices": choices}),
        &[
            "bot> What?",
            "     [Choose]",
            "     Now",
            "     1) Demo - See it",
            "     2) Talk",
            "     Later",
            "     3) Other",
        ],
    );
}

#[test]
fn other_interactive_messages_say_what_a_tap_would_do() {
    let check = |kind: &str, action: Value, expected: &str| {
        let body = json!({"type": kind, "body": {"text": "Here"}, "action": action});
        looks(message("interactive", body), &["bot> Here", expected]);
    };
    let link = json!({"display_text": "Shop", "url": "https://shop.example"});
    let link = json!({"name": "cta_url", "parameters": link});
    check("cta_url", link, "     [Shop] https://shop.example");
    let place = json!({"name": "send_location"});
    let expected = "     [Send location] answer with /location LAT LON";
    check("location_request_message", place, expected);
    let flow = json!({"parameters": {"flow_cta": "Book", "flow_id": "42"}});
    check("flow", flow, "     [Book] /flow opens the flow 42");
    let product = json!({"catalog_id": "7", "product_retailer_id": "plant"});
    check("product", product, "     [product] plant: /order plant");
    let catalog = json!({"parameters": {"thumbnail_product_retailer_id": "plant"}});
    check(
        "catalog_message",
        catalog,
        "     [View catalog] /order plant",
    );
    let address = json!({"parameters": {"country": "IN"}});
    let expected = "     [Send address] answer with /address name=…, city=… (IN)";
    check("address_message", address, expected);
    let expected = "     [Allow calls] answer with /allow, /allow always or /deny";
    check("call_permission_request", json!({}), expected);
    let call = json!({"parameters": {"display_text": "Ring us"}});
    check("voice_call", call, "     [Ring us] calls the business");
    let expected = "     [Share contact] answer with /contact PHONE NAME";
    check("request_contact_info", json!({}), expected);
    let other = json!({"catalog": 7});
    check("riddle", other, r#"     [riddle] {"catalog":7}"#);
}

#[test]
fn everything_else_is_named_with_what_it_carries() {
    let check = |kind: &str, body: Value, expected: &[&str]| looks(message(kind, body), expected);
    let image = json!({"link": "https://a.example/cat.png", "caption": "A cat"});
    check(
        "image",
        image,
        &["bot> [image] A cat (https://a.example/cat.png)"],
    );
    let document = json!({"id": "77", "filename": "bill.pdf"});
    check("document", document, &["bot> [document] bill.pdf (77)"]);
    let place = json!({"latitude": 40.5, "longitude": "-3.7", "name": "Office"});
    check("location", place, &["bot> [location] Office (40.5, -3.7)"]);
    let place = json!({"latitude": 1, "longitude": 2});
    check("location", place, &["bot> [location] 1, 2"]);
    let cards = json!([
        {"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+34 600"}]},
        {"name": {"formatted_name": "Bo"}},
    ]);
    check(
        "contacts",
        cards,
        &["bot> [contact] Ana, +34 600", "     [contact] Bo"],
    );
    check("reaction", json!({"emoji": "👍"}), &["bot reacts with 👍"]);
    check(
        "reaction",
        json!({"emoji": ""}),
        &["bot takes its reaction back"],
    );
    check("order", json!({"a": 1}), &[r#"bot> [order] {"a":1}"#]);
}

#[test]
fn a_template_shows_its_parameters_and_quick_replies() {
    let parameters = json!([{"type": "text", "text": "Ana"}, {"type": "text", "text": "42"}]);
    let components = json!([
        {"type": "body", "parameters": parameters},
        {"type": "button", "parameters": [{"type": "payload", "payload": "yes-42"}]},
    ]);
    let body = json!({"name": "ready", "language": {"code": "en"}, "components": components});
    let choices = json!([{"kind": "quick_reply", "id": "yes-42", "title": "Yes"}]);
    looks(
        json!({"type": "template", "body": body, "choices": choices}),
        &[
            "bot> [template] ready (en)",
            "     body: Ana, 42",
            "     1) Yes",
        ],
    );
}

#[test]
fn what_fails_says_why_and_offers_nothing() {
    let mut message = buttons(&["Book"]);
    message["error_code"] = json!(131026);
    looks(
        message.clone(),
        &[
            "bot> Well?",
            "     [Book]",
            "     ! not delivered: (#131026) the phone is not on WhatsApp: /as PHONE makes it a \
             customer",
        ],
    );
    let mut open = OpenChoices::default();
    open.note(&sent(message));
    assert_eq!(open.pick(SHEENA, "1"), Picked::NothingOpen);
}

#[test]
fn messages_to_somebody_else_say_to_whom() {
    let item = sent(message("text", json!({"body": "a new lead"})));
    let lines = render::item(&item, "34600000002");
    assert_eq!(lines, ["bot to 16505551234> a new lead"]);
}

#[test]
fn a_number_picks_from_the_latest_message_with_choices() {
    let mut open = OpenChoices::default();
    assert_eq!(open.pick(SHEENA, "1"), Picked::NothingOpen);
    open.note(&sent(buttons(&["Old", "Older", "Oldest"])));
    open.note(&sent(buttons(&["Yes", "No"])));
    open.note(&sent(message("text", json!({"body": "still there"}))));

    let tap = Act::Tap {
        button: "no".to_owned(),
        message_id: Some("wamid.1".to_owned()),
    };
    assert_eq!(open.pick(SHEENA, "2"), Picked::Choice(tap));
    for number in ["0", "3", "99999999999999999999999999"] {
        assert_eq!(open.pick(SHEENA, number), Picked::OutOfRange(2));
    }
    assert_eq!(open.pick("34600000002", "1"), Picked::NothingOpen);
}

#[tokio::test]
async fn a_prompt_moves_below_what_is_printed() {
    let mut shown = Vec::new();
    let mut screen = Screen::new(&mut shown, Style::Interactive);
    screen.prompt().await.unwrap();
    screen.prompt().await.unwrap();
    screen.print(&["bot> hi".to_owned()]).await.unwrap();
    screen.came_in("hello").await.unwrap();
    screen.print(&["bot> again".to_owned()]).await.unwrap();
    screen.prompt().await.unwrap();
    screen.leave_prompt().await.unwrap();

    let expected = "you> \r\x1b[Kbot> hi\nyou> bot> again\nyou> \n";
    assert_eq!(String::from_utf8(shown).unwrap(), expected);
}

#[test]
fn commands_for_every_type_say_what_they_need() {
    means(
        "/file a b.pdf",
        Line::Command(Command::File(PathBuf::from("a b.pdf"))),
    );
    let order = Command::Order {
        sku: "plant".to_owned(),
        count: 2,
    };
    means("/order plant 2", Line::Command(order));
    let address = vec![
        ("name".to_owned(), "Ana Sol".to_owned()),
        ("city".to_owned(), "Bern".to_owned()),
    ];
    means(
        "/address name=Ana Sol, city=Bern",
        Line::Command(Command::Address(address)),
    );
    let contact = Command::Contact {
        phone: "34600000003".to_owned(),
        name: "Leo".to_owned(),
    };
    means("/contact +34-600000003 Leo", Line::Command(contact));
    let rejected = Command::Reject {
        name: "sale".to_owned(),
        reason: Some("ABUSIVE_CONTENT".to_owned()),
    };
    means("/reject sale abusive_content", Line::Command(rejected));
    means(
        "/day",
        Line::Command(Command::Forward(Duration::from_secs(86_400))),
    );
    means("/react", Line::Command(Command::React(None)));
    is_mistake("/file", "/file menu.pdf");
    is_mistake("/order plant none", "/order plant-7 2");
    is_mistake("/address here", "/address name=Ana");
    is_mistake("/contact Leo", "/contact 34600000003 Leo");
    is_mistake("/marketing", "/marketing on or /marketing off");
    is_mistake("/approve", "/templates lists them");
}

#[tokio::test]
async fn a_file_is_sent_as_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let act = async |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, b"x").unwrap();
        file(&path).await
    };
    assert!(matches!(act("a.mp4").await, Ok(Act::Video(_))));
    assert!(matches!(act("a.webp").await, Ok(Act::Sticker(_))));
    assert!(matches!(act("a.mp3").await, Ok(Act::Audio(media)) if !media.voice));
    assert!(matches!(act("a.ogg").await, Ok(Act::Audio(media)) if media.voice));
    let Ok(Act::Document(document)) = act("menu.PDF").await else {
        panic!("a PDF is a document");
    };
    assert_eq!(document.filename.as_deref(), Some("menu.PDF"));
    let mistake = act("a.exe").await.unwrap_err();
    assert!(
        mistake.contains("has to end in one of png, jpg"),
        "{mistake}"
    );
}

#[tokio::test]
async fn a_picture_is_a_png_or_jpeg_that_can_be_read() {
    let mistake = async |path: &str| picture(Some(path.as_ref())).await.unwrap_err();
    assert!(
        mistake("cat.gif")
            .await
            .contains("name a .png or .jpg file")
    );
    assert!(mistake("no/such.png").await.contains("check the path"));
    let Act::Image(image) = picture(None).await.unwrap() else {
        panic!("a picture is an image");
    };
    assert_eq!(image.mime_type, "image/png");
}
