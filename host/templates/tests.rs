//! Limits of templates, and what messages give for their variables.

use serde_json::{Value, json};

use super::changes::{Change, What};
use super::check::{check, is_language, is_name};
use super::model::Draft;
use super::parameters::{self, ButtonValue, Filling, Given};
use super::{Stored, compare};
use crate::words::tests::assert_allowed;

/// What is wrong with a template, in sentences.
fn faults(json: &Value) -> Vec<String> {
    let (draft, mut faults) = Draft::read(json);
    faults.extend(check(&draft));
    faults.iter().map(ToString::to_string).collect()
}

fn template(components: Value) -> Value {
    json!({ "name": "order_ready", "language": "en_US", "category": "utility", "components": components })
}

fn marketing(components: Value) -> Value {
    json!({ "name": "offer", "language": "pt_BR", "category": "MARKETING", "components": components })
}

fn code(components: Value) -> Value {
    json!({ "name": "code", "language": "en", "category": "AUTHENTICATION", "components": components })
}

fn body() -> Value {
    json!({ "type": "BODY", "text": "Hello {{1}}, it is {{2}}.", "example": { "body_text": [["Ana", "ready"]] } })
}

fn picture() -> Value {
    json!({ "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::aW"] } })
}

fn card(text: &str) -> Value {
    json!({ "components": [
        picture(),
        { "type": "BODY", "text": text },
        { "type": "BUTTONS", "buttons": [{ "type": "QUICK_REPLY", "text": "More" }] },
    ] })
}

/// An offer with its code, from its button on.
fn offer(buttons: Value) -> Value {
    marketing(json!([
        picture(),
        { "type": "LIMITED_TIME_OFFER", "limited_time_offer": { "text": "Ends soon", "has_expiration": true } },
        { "type": "BODY", "text": "Take it" },
        { "type": "BUTTONS", "buttons": buttons },
    ]))
}

#[test]
fn templates_of_every_kind_pass() {
    let all = [
        template(json!([
            { "type": "HEADER", "format": "text", "text": "Order {{1}}", "example": { "header_text": ["17"] } },
            body(),
            { "type": "FOOTER", "text": "Pizza Ana" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Thanks" },
                { "type": "QUICK_REPLY", "text": "Stop" },
                { "type": "URL", "text": "Track", "url": "https://a.example/{{1}}", "example": ["https://a.example/17"] },
                { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550783881" },
            ] },
        ])),
        json!({ "name": "a", "language": "fil", "category": "MARKETING", "parameter_format": "named", "components": [
            { "type": "BODY", "text": "Hi {{first_name}}!", "example": {
                "body_text_named_params": [{ "param_name": "first_name", "example": "Ana" }] } },
        ] }),
        template(json!([{ "type": "HEADER", "format": "LOCATION" }, body()])),
        template(json!([body(), { "type": "BUTTONS", "buttons": [
            { "type": "FLOW", "text": "Book", "flow_id": "17", "flow_action": "navigate", "navigate_screen": "A" },
        ] }])),
        template(json!([body(), { "type": "CALL_PERMISSION_REQUEST" }])),
        marketing(
            json!([body(), { "type": "BUTTONS", "buttons": [{ "type": "CATALOG", "text": "View" }] }]),
        ),
        code(json!([
            { "type": "BODY", "add_security_recommendation": true },
            { "type": "FOOTER", "code_expiration_minutes": 10 },
            { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "copy_code", "text": "Copy" }] },
        ])),
        code(
            json!([{ "type": "BODY" }, { "type": "BUTTONS", "buttons": [{
            "type": "OTP", "otp_type": "ZERO_TAP", "zero_tap_terms_accepted": true,
            "supported_apps": [{ "package_name": "com.a.b", "signature_hash": "K8a/AINcGX7" }],
        }] }]),
        ),
        offer(json!([
            { "type": "COPY_CODE", "example": "SAVE" },
            { "type": "URL", "text": "Shop", "url": "https://a.example" },
        ])),
        marketing(json!([body(), { "type": "CAROUSEL", "cards": [card("One"), card("Two")] }])),
        json!({ "name": "from_library", "language": "en", "category": "UTILITY", "library_template_name": "x" }),
    ];
    for json in all {
        assert_eq!(faults(&json), Vec::<String>::new(), "{json}");
    }
}

#[test]
fn what_meta_would_refuse_is_named_with_its_place() {
    let buttons =
        |buttons: Value| template(json!([body(), { "type": "BUTTONS", "buttons": buttons }]));
    let reply = json!({ "type": "QUICK_REPLY", "text": "Yes" });
    let url = json!({ "type": "URL", "text": "Go", "url": "https://a.example" });
    let text = |text: &str| template(json!([{ "type": "BODY", "text": text }]));
    let cases = [
        (
            json!({ "name": "Order Ready", "language": "english", "category": "OTHER" }),
            vec!["the name:", "the language:", "the category:"],
        ),
        (json!([]), vec!["the template: it must be a JSON object"]),
        (
            json!({ "colour": 1 }),
            vec!["`colour`: Meta has no such field"],
        ),
        (template(json!([])), vec!["the body: there is none"]),
        (
            template(json!([body(), body()])),
            vec!["the body: it is there twice"],
        ),
        (
            template(json!([body(), { "type": "SONG" }])),
            vec!["component `SONG`: it is not known"],
        ),
        (
            template(json!([body(), { "text": "x" }])),
            vec!["component 2: it needs a `type`"],
        ),
        (text(""), vec!["the body: it is empty"]),
        (
            text(&"x".repeat(1025)),
            vec!["the body: it has 1025 characters, and may have 1024"],
        ),
        (
            text("{{1}} is ready"),
            vec!["the body: a variable must not be at its beginning"],
        ),
        (
            text("ready: {{1}}{{2}} now"),
            vec!["the body: two variables must not follow each other"],
        ),
        (
            text("a {{1}} b {{3}} c"),
            vec!["the body: its variables are not numbered"],
        ),
        (
            text("a {{name}} b"),
            vec!["the body: `{{name}}` is a named variable"],
        ),
        (
            text("a {{First Name}} b"),
            vec!["the body: `{{First Name}}` is no variable"],
        ),
        (
            text("a {{1}} b"),
            vec!["the body: its 1 variables need samples"],
        ),
        (
            template(
                json!([{ "type": "BODY", "text": "a {{1}} b {{2}} c", "example": { "body_text": [["x"]] } }]),
            ),
            vec!["the body: it has 2 variables and 1 samples"],
        ),
        (
            template(
                json!([{ "type": "HEADER", "format": "TEXT", "text": "x".repeat(61) }, body()]),
            ),
            vec!["the header: it has 61 characters, and may have 60"],
        ),
        (
            template(json!([{ "type": "HEADER", "format": "IMAGE" }, body()])),
            vec!["the header: it needs a sample"],
        ),
        (
            template(json!([{ "type": "HEADER", "format": "SMELL" }, body()])),
            vec!["the header: its format is `SMELL`"],
        ),
        (
            template(json!([body(), { "type": "FOOTER", "text": "Hi {{1}}" }])),
            vec!["the footer: it takes no variables"],
        ),
        (buttons(json!([])), vec!["the buttons: there are 0"]),
        (
            buttons(json!(vec![reply.clone(); 11])),
            vec!["the buttons: there are 11"],
        ),
        (
            buttons(json!([url, url, url])),
            vec!["the buttons: 3 are of the type URL, and 2 may be"],
        ),
        (
            buttons(json!([reply, url, reply])),
            vec!["the buttons: quick replies must stand together"],
        ),
        (
            buttons(
                json!([reply, { "type": "URL", "text": "Go", "url": "https://a/{{1}}/b", "example": ["x"] }]),
            ),
            vec!["button 2: `url` has one variable at most, at its end"],
        ),
        (
            buttons(json!([{ "type": "URL", "text": "Go", "url": "https://a/{{1}}" }])),
            vec!["button 1: it needs `example`"],
        ),
        (
            buttons(json!([{ "type": "URL", "text": "Go", "url": "ftp://a" }])),
            vec!["button 1: `url` must begin with https://"],
        ),
        (
            buttons(json!([{ "type": "QUICK_REPLY", "text": "x".repeat(26) }])),
            vec!["button 1: it has 26 characters, and may have 25"],
        ),
        (
            buttons(json!([{ "type": "PHONE_NUMBER", "text": "Call", "phone_number": "call me" }])),
            vec!["button 1: `phone_number`"],
        ),
        (
            buttons(json!([{ "type": "COPY_CODE" }])),
            vec!["button 1: it needs `example`"],
        ),
        (
            buttons(json!([{ "type": "FLOW", "text": "Book" }])),
            vec!["button 1: it needs one of `flow_id`"],
        ),
        (
            buttons(json!([{ "type": "OTP", "otp_type": "COPY_CODE" }])),
            vec!["button 1: OTP is for templates of the category AUTHENTICATION"],
        ),
        (
            buttons(json!([{ "type": "BELL", "text": "x" }])),
            vec!["button 1: its type is `BELL`"],
        ),
        (
            code(json!([{ "type": "BODY", "text": "Your code" }])),
            vec![
                "the body: AUTHENTICATION has Meta's own text",
                "the buttons: there are none",
            ],
        ),
        (
            code(
                json!([{ "type": "BODY" }, { "type": "FOOTER", "code_expiration_minutes": 91 }, { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "ONE_TAP" }] }]),
            ),
            vec![
                "the footer: `code_expiration_minutes`",
                "button 1: ONE_TAP needs `supported_apps`",
            ],
        ),
        (
            code(
                json!([{ "type": "BODY" }, { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "ZERO_TAP", "supported_apps": [{ "package_name": "com.a", "signature_hash": "short" }] }] }]),
            ),
            vec![
                "button 1: app 1 needs",
                "button 1: ZERO_TAP needs `zero_tap_terms_accepted`",
            ],
        ),
        (
            offer(json!([{ "type": "URL", "text": "Shop", "url": "https://a" }])),
            vec!["the limited-time offer: with `has_expiration` it needs"],
        ),
        (
            offer(
                json!([{ "type": "URL", "text": "Shop", "url": "https://a" }, { "type": "COPY_CODE", "example": "S" }]),
            ),
            vec!["the buttons: with a limited-time offer, COPY_CODE comes first"],
        ),
        (
            marketing(json!([body(), { "type": "CAROUSEL", "cards": [card("One")] }])),
            vec!["the carousel: it has 1 cards"],
        ),
        (
            marketing(
                json!([body(), { "type": "CAROUSEL", "cards": [card("One"), { "components": [picture()] }] }]),
            ),
            vec![
                "card 2: the buttons: there are 0",
                "card 2: it differs from card 1",
            ],
        ),
        (
            marketing(
                json!([body(), { "type": "CAROUSEL", "cards": [card(&"x".repeat(161)), card("Two")] }]),
            ),
            vec!["card 1: the body: it has 161 characters, and may have 160"],
        ),
        (
            marketing(
                json!([picture(), body(), { "type": "CAROUSEL", "cards": [card("One"), card("Two")] }]),
            ),
            vec!["the header: a template with a carousel has none"],
        ),
        (
            json!({ "name": "a", "language": "en", "category": "AUTHENTICATION", "message_send_ttl_seconds": 901, "components": [{ "type": "BODY" }, { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE" }] }] }),
            vec!["message_send_ttl_seconds: it is 901"],
        ),
    ];
    for (json, expected) in cases {
        let found = faults(&json);
        for start in expected {
            assert!(
                found.iter().any(|fault| fault.starts_with(start)),
                "{start} not in {found:?}"
            );
        }
    }
}

#[test]
fn names_and_languages_have_one_spelling() {
    for name in ["a", "order_ready_2", &"x".repeat(512)] {
        assert!(is_name(name), "{name}");
    }
    for name in ["", "A", "a-b", "a b", "ä", "a\u{0}", &"x".repeat(513)] {
        assert!(!is_name(name), "{name}");
    }
    for language in ["en", "en_US", "pt_BR", "fil", "prs_AF", "zh_HK"] {
        assert!(is_language(language), "{language}");
    }
    for language in ["", "e", "EN", "en-US", "en_us", "english", "en_"] {
        assert!(!is_language(language), "{language}");
    }
}

/// What is wrong with a message that is made of a template.
fn unfit(template: &Value, components: Value) -> Vec<String> {
    let (draft, _) = Draft::read(template);
    let components = components.as_array().unwrap();
    let faults = parameters::check(&draft, components);
    faults.iter().map(ToString::to_string).collect()
}

fn texts(texts: &[&str]) -> Value {
    let texts = texts
        .iter()
        .map(|text| json!({ "type": "text", "text": text }));
    texts.collect()
}

#[test]
fn a_message_has_what_its_template_takes() {
    let plain = template(json!([body()]));
    let fits = |components| unfit(&plain, components);
    assert_eq!(
        fits(json!([{ "type": "BODY", "parameters": texts(&["Ana", "ready"]) }])),
        Vec::<String>::new()
    );
    assert_eq!(
        fits(json!([])),
        ["the body: it has 2 variables ({{1}}, {{2}}), and none are given"]
    );
    let one = fits(json!([{ "type": "body", "parameters": texts(&["Ana"]) }]));
    assert_eq!(
        one,
        ["the body: it has 2 variables ({{1}}, {{2}}), and 1 is given"]
    );
    let lines = fits(json!([{ "type": "body", "parameters": texts(&["Ana\nMaria", "ready"]) }]));
    assert!(
        lines[0].starts_with("the body: a parameter has a new line"),
        "{lines:?}"
    );
    let header = fits(json!([
        { "type": "body", "parameters": texts(&["Ana", "ready"]) },
        { "type": "header", "parameters": [{ "type": "image", "image": { "link": "https://a" } }] },
        { "type": "button", "sub_type": "url", "index": "0", "parameters": texts(&["x"]) },
    ]));
    assert_eq!(
        header,
        [
            "the header: the template has no header, and parameters for one are given",
            "button 1: the template has no such button; places are counted from 0",
        ]
    );
    let long = fits(json!([{ "type": "body", "parameters": texts(&["Ana", &"x".repeat(1020)]) }]));
    assert!(
        long[0].contains("with its parameters, and may have 1024"),
        "{long:?}"
    );
}

#[test]
fn each_part_says_what_it_wants() {
    let named = json!({ "name": "a", "language": "en", "category": "UTILITY", "parameter_format": "NAMED",
        "components": [{ "type": "BODY", "text": "Hi {{first_name}}, at {{time}}." }] });
    let wrong = unfit(
        &named,
        json!([{ "type": "body", "parameters": [
        { "type": "text", "parameter_name": "first_name", "text": "Ana" },
        { "type": "text", "parameter_name": "hour", "text": "3" },
    ] }]),
    );
    assert_eq!(
        wrong,
        [
            "the body: `time` is missing",
            "the body: it has no variable `hour`; it has first_name, time"
        ]
    );

    let rich = template(json!([
        picture(),
        { "type": "BODY", "text": "Hi" },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Yes" },
            { "type": "URL", "text": "Go", "url": "https://a/{{1}}" },
        ] },
    ]));
    assert_eq!(
        unfit(&rich, json!([])),
        [
            "the header: the template has an image there: give it, with an `id` or a `link`",
            "button 2: it needs a parameter: what comes after its address",
        ]
    );
    let wrong = unfit(
        &rich,
        json!([
            { "type": "header", "parameters": [{ "type": "video", "video": { "id": "7" } }] },
            { "type": "button", "sub_type": "quick_reply", "index": 1, "parameters": [{ "type": "payload", "payload": "x" }] },
        ]),
    );
    assert_eq!(
        wrong,
        [
            "the header: the template has an image there, and `video` is given",
            "button 2: it is of the type URL, and what is given is for `quick_reply`",
        ]
    );

    let timed = offer(
        json!([{ "type": "COPY_CODE", "example": "S" }, { "type": "URL", "text": "Shop", "url": "https://a" }]),
    );
    let wrong = unfit(
        &timed,
        json!([{ "type": "header", "parameters": [{ "type": "image", "image": { "id": "7" } }] }]),
    );
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].starts_with("the limited-time offer: it needs when the offer ends"),
        "{wrong:?}"
    );
    assert!(
        wrong[1].starts_with("button 1: it needs a parameter: the code to copy"),
        "{wrong:?}"
    );

    let carousel = marketing(
        json!([{ "type": "BODY", "text": "Look" }, { "type": "CAROUSEL", "cards": [card("One"), card("Two")] }]),
    );
    let wrong = unfit(
        &carousel,
        json!([{ "type": "carousel", "cards": [{ "card_index": 0, "components": [] }] }]),
    );
    assert_eq!(wrong, ["the carousel: it has 2 cards, and 1 is given"]);
}

#[test]
fn plain_values_become_what_each_part_takes() {
    let given = |text: &str| Given {
        name: None,
        text: text.to_owned(),
    };
    let rich = template(json!([
        picture(),
        body(),
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Yes" },
            { "type": "URL", "text": "Go", "url": "https://a/{{1}}" },
            { "type": "COPY_CODE", "example": "S" },
        ] },
    ]));
    let (draft, _) = Draft::read(&rich);
    let filling = Filling {
        header: Some(json!({ "type": "image", "image": { "id": "7" } })),
        body: vec![given("Ana"), given("ready")],
        buttons: vec![
            (0, ButtonValue::Text("yes".to_owned())),
            (1, ButtonValue::Text("17".to_owned())),
            (2, ButtonValue::Text("SAVE".to_owned())),
        ],
        ..Filling::default()
    };
    let components = parameters::fill(&draft, &filling);
    assert_eq!(parameters::check(&draft, &components), []);
    assert_eq!(components[2]["parameters"][0]["payload"], "yes");
    assert_eq!(components[3]["parameters"][0]["text"], "17");
    assert_eq!(components[4]["parameters"][0]["coupon_code"], "SAVE");

    // The code of a one-time password is said once, and goes out twice.
    let (draft, _) = Draft::read(&code(
        json!([{ "type": "BODY" }, { "type": "BUTTONS", "buttons": [
        { "type": "OTP", "otp_type": "COPY_CODE" },
    ] }]),
    ));
    let filling = Filling {
        body: vec![given("123456")],
        ..Filling::default()
    };
    let components = parameters::fill(&draft, &filling);
    assert_eq!(parameters::check(&draft, &components), []);
    assert_eq!(components[1]["parameters"][0]["text"], "123456");
}

#[test]
fn what_meta_adds_makes_no_difference() {
    let read = |json: &Value| Draft::read(json).0;
    let written = template(json!([
        { "type": "HEADER", "format": "image", "example": { "header_handle": ["4::aW"] } },
        body(),
        { "type": "BUTTONS", "buttons": [{ "type": "FLOW", "text": "Book", "flow_id": "17" }] },
    ]));
    let at_meta = template(json!([
        { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["https://scontent/x?oe=1"] } },
        { "type": "BODY", "text": "Hello {{1}}, it is {{2}}.", "example": { "body_text": [["Ana", "ready"]] } },
        { "type": "BUTTONS", "buttons": [{ "type": "FLOW", "text": "Book", "flow_id": 17, "flow_action": "NAVIGATE" }] },
    ]));
    assert_eq!(
        compare::differences(&read(&written), &read(&at_meta)),
        Vec::<String>::new()
    );
    let other =
        template(json!([{ "type": "BODY", "text": "Bye." }, { "type": "FOOTER", "text": "x" }]));
    assert_eq!(
        compare::differences(&read(&other), &read(&at_meta)),
        [
            "the header: only at Meta",
            "the body",
            "the footer: only here",
            "the buttons: only at Meta"
        ]
    );
}

#[test]
fn webhooks_are_told_in_sentences() {
    let heard = |field: &str, mut value: Value| {
        value["message_template_id"] = json!(594_425_479_261_596_u64);
        value["message_template_name"] = "order_ready".into();
        value["message_template_language"] = "en-US".into();
        Change::heard(field, &value).unwrap()
    };
    let rejected = heard(
        "message_template_status_update",
        json!({
            "event": "REJECTED", "reason": "INVALID_FORMAT",
            "rejection_info": { "reason": "A variable is at the end.", "recommendation": "Put words behind it." },
        }),
    );
    assert_eq!(rejected.after.as_deref(), Some("REJECTED"));
    assert_eq!(rejected.language, "en_US");
    assert!(
        rejected
            .told
            .starts_with("Meta rejected `order_ready` (en_US) as INVALID_FORMAT: "),
        "{}",
        rejected.told
    );
    assert!(
        rejected
            .told
            .ends_with("Meta said: A variable is at the end. Put words behind it"),
        "{}",
        rejected.told
    );

    let flagged = heard(
        "message_template_status_update",
        json!({ "event": "FLAGGED", "reason": null }),
    );
    assert_eq!((flagged.what, flagged.after), (What::Status, None));
    let paused = heard(
        "message_template_status_update",
        json!({ "event": "PAUSED", "other_info": { "title": "FIRST_PAUSE" } }),
    );
    assert!(
        paused.told.contains("three the first time"),
        "{}",
        paused.told
    );
    let quality = heard(
        "message_template_quality_update",
        json!({ "previous_quality_score": "GREEN", "new_quality_score": "RED" }),
    );
    assert!(
        quality.told.contains("fell from GREEN to RED"),
        "{}",
        quality.told
    );
    let soon = heard(
        "template_category_update",
        json!({ "new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1_746_169_200 }),
    );
    assert!(
        soon.told
            .contains("from UTILITY to MARKETING at 2025-05-02 07:00 UTC"),
        "{}",
        soon.told
    );
    assert_eq!(soon.reason.as_deref(), Some("MARKETING"));
    // Nothing that the database would refuse, and no name that is none.
    let odd = heard(
        "message_template_status_update",
        json!({ "event": "AP\u{0}PROVED" }),
    );
    assert_eq!(odd.after.as_deref(), Some("APPROVED"));
    assert_eq!(
        Change::heard(
            "message_template_status_update",
            &json!({ "event": "X", "message_template_id": 1, "message_template_name": "A\u{0}" })
        ),
        None
    );
}

#[test]
fn the_database_takes_what_changes() {
    assert_allowed::<What>("template_change_what_known", &[]);
}

#[test]
fn a_listed_template_is_written_as_a_file_has_it() {
    let listed = json!({
        "id": "17", "name": "code", "language": "en_US", "status": "APPROVED", "category": "AUTHENTICATION",
        "parameter_format": "POSITIONAL", "quality_score": { "score": "GREEN" }, "rejected_reason": "NONE",
        "components": [{ "type": "BODY", "text": "*{{1}}* is your code." }],
    });
    let stored = Stored::listed("5550001", &listed).unwrap();
    assert_eq!(
        (stored.quality.as_deref(), stored.rejected_reason.as_deref()),
        (Some("GREEN"), None)
    );
    assert_eq!(
        Value::Object(stored.json()),
        json!({
            "name": "code", "language": "en_US", "category": "AUTHENTICATION",
            "components": [{ "type": "BODY", "text": "*{{1}}* is your code." }],
        })
    );
    assert_eq!(stored.told(), None);
}
