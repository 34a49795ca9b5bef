//! The chat in the terminal, against a real emulator and a small bot. Transcripts are whole.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use roost::dev::chat::{Chat, ChatEnd, ChatError, Settled, Style, Verbosity};
use roost_emulator::control::wire::NewNumber;
use roost_emulator::{Config, ControlClient, Emulator};
use serde_json::{Value, from_value, json};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

const DEADLINE: Duration = Duration::from_secs(10);
const SHEENA: &str = "16505551234";

const MENU: &str = r#"{"type": "interactive", "interactive": {"type": "button",
    "body": {"text": "Hello!\nWhat next?"}, "footer": {"text": "Open 9-18"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "book", "title": "Book"}},
        {"type": "reply", "reply": {"id": "details", "title": "My details"}}]}}}"#;
const LIST: &str = r#"{"type": "interactive", "interactive": {"type": "list",
    "body": {"text": "What about?"}, "action": {"button": "Choose", "sections": [
        {"title": "Topics", "rows": [
            {"id": "demo", "title": "Demo", "description": "See it work"},
            {"id": "talk", "title": "Talk"}]}]}}}"#;

/// A bot that answers each webhook after having accepted it, as the host does.
struct Bot {
    messages_url: String,
    token: String,
    secret: String,
    http: reqwest::Client,
    /// Events that are pending or running.
    events: watch::Sender<usize>,
}

impl Bot {
    async fn hear(State(bot): State<Arc<Self>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let mut mac = Hmac::<Sha256>::new_from_slice(bot.secret.as_bytes()).unwrap();
        mac.update(&body);
        let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        if headers["x-hub-signature-256"] != expected.as_str() {
            return StatusCode::UNAUTHORIZED;
        }
        let body: Value = serde_json::from_slice(&body).unwrap();
        let value = body["entry"][0]["changes"][0]["value"].clone();
        bot.events.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let customer = value["contacts"][0]["wa_id"].as_str().unwrap_or_default();
            for message in replies(&value) {
                bot.send(customer, message).await;
            }
            if value["messages"][0]["text"]["body"] == "hang" {
                std::future::pending::<()>().await;
            }
            bot.events.send_modify(|count| *count -= 1);
        });
        StatusCode::OK
    }

    async fn say(&self, to: &str, words: &str) {
        self.send(to, text(words)).await;
    }

    async fn send(&self, to: &str, message: Value) {
        let mut body = json!({"messaging_product": "whatsapp", "to": to});
        for (key, value) in message.as_object().unwrap() {
            body[key] = value.clone();
        }
        let request = self.http.post(&self.messages_url).bearer_auth(&self.token);
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": {"body": words}})
}

/// What the bot sends when it gets this.
fn replies(value: &Value) -> Vec<Value> {
    let status = &value["statuses"][0];
    if status["status"] == "read" && status["biz_opaque_callback_data"] == "c" {
        return vec![text("you read it")];
    }
    let message = &value["messages"][0];
    let reply = &message["interactive"];
    match message["type"].as_str() {
        None => Vec::new(),
        Some("text") => replies_to_text(message["text"]["body"].as_str().unwrap(), &message["id"]),
        Some("interactive") if reply["nfm_reply"].is_object() => {
            let form = reply["nfm_reply"]["response_json"].as_str().unwrap();
            let form: Value = serde_json::from_str(form).unwrap();
            let said = ["name", "size", "news"].map(|key| form[key].to_string());
            vec![text(&said.join(", "))]
        }
        Some("interactive") => {
            let choice = reply.get("button_reply").or(reply.get("list_reply"));
            vec![text(&format!("you chose {}", choice.unwrap()["id"]))]
        }
        Some("image") => vec![text(message["image"]["mime_type"].as_str().unwrap())],
        Some(kind) => vec![text(&format!("{kind} {}", message[kind]))],
    }
}

fn replies_to_text(body: &str, id: &Value) -> Vec<Value> {
    let mark = || json!({"status": "read", "message_id": id, "typing_indicator": {"type": "text"}});
    vec![match body {
        "hang" => return Vec::new(),
        "menu" => serde_json::from_str(MENU).unwrap(),
        "list" => serde_json::from_str(LIST).unwrap(),
        "like" => json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}}),
        "look" => return vec![mark(), text("seen")],
        "all" => return every_type(),
        "card" => return vec![template()],
        "form" => return vec![form()],
        "chain" => json!({"type": "text", "text": {"body": "1"}, "biz_opaque_callback_data": "c"}),
        long if long.len() > 1000 => text(&format!("{} characters", long.chars().count())),
        other => text(&format!("you said: {other}")),
    }]
}

/// One of each type that the chat shows in a way of its own.
fn every_type() -> Vec<Value> {
    let link = "https://example.com/a";
    let interactive =
        |interactive: Value| json!({"type": "interactive", "interactive": interactive});
    let card = |index: u32| {
        json!({"card_index": index, "type": "cta_url", "header": {"type": "image", "image": {"link": link}},
            "body": {"text": "Look"}, "action": {"name": "cta_url",
                "parameters": {"display_text": "Buy", "url": "https://example.com"}}})
    };
    vec![
        json!({"type": "video", "video": {"link": link, "caption": "see"}}),
        json!({"type": "audio", "audio": {"link": link}}),
        json!({"type": "document", "document": {"link": link, "filename": "a.pdf"}}),
        json!({"type": "sticker", "sticker": {"link": link}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Leo", "first_name": "Leo"}}]}),
        interactive(
            json!({"type": "product", "action": {"catalog_id": "7", "product_retailer_id": "plant"}}),
        ),
        interactive(
            json!({"type": "carousel", "body": {"text": "Cards"}, "action": {"cards": [card(0), card(1)]}}),
        ),
        interactive(
            json!({"type": "call_permission_request", "body": {"text": "May we?"},
            "action": {"name": "call_permission_request"}}),
        ),
        interactive(
            json!({"type": "address_message", "body": {"text": "Where to?"},
            "action": {"name": "address_message", "parameters": {"country": "IN"}}}),
        ),
    ]
}

fn template() -> Value {
    json!({"type": "template", "template": {"name": "ready", "language": {"code": "en_US"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]}})
}

fn form() -> Value {
    json!({"type": "interactive", "interactive": {"type": "flow", "body": {"text": "Book?"}, "action": {
        "name": "flow", "parameters": {"flow_message_version": "3", "flow_name": "Booking", "flow_cta": "Open",
            "flow_token": "t", "flow_action": "navigate", "flow_action_payload": {"screen": "WHO"}}}}})
}

/// Two screens: who, how many and when, then a yes.
fn booking() -> Value {
    let screen = |id: &str, title: &str, children: Value| json!({"id": id, "title": title, "data": {}, "layout": {"type": "SingleColumnLayout", "children": children}});
    let mut last = screen(
        "SURE",
        "Sure?",
        json!([
            {"type": "TextBody", "text": "Shall we?"},
            {"type": "OptIn", "name": "news", "label": "News?"},
            {"type": "Footer", "label": "Book", "on-click-action": {"name": "complete", "payload":
                {"name": "${screen.WHO.form.name}", "size": "${screen.WHO.form.size}", "news": "${form.news}"}}},
        ]),
    );
    last["terminal"] = true.into();
    let who = screen(
        "WHO",
        "Who?",
        json!([
            {"type": "TextHeading", "text": "A table"},
            {"type": "TextInput", "name": "name", "label": "Name", "required": true},
            {"type": "Dropdown", "name": "size", "label": "How many", "required": true,
                "data-source": [{"id": "2", "title": "Two"}, {"id": "4", "title": "Four"}]},
            {"type": "Footer", "label": "Next", "on-click-action":
                {"name": "navigate", "next": {"type": "screen", "name": "SURE"}, "payload": {}}},
        ]),
    );
    json!({"version": "7.1", "screens": [who, last]})
}

impl Settled for Bot {
    async fn settled(&self, deadline: Instant) -> bool {
        let mut events = self.events.subscribe();
        let settled = events.wait_for(|count| *count == 0);
        timeout_at(deadline, settled).await.is_ok()
    }
}

/// An emulator, and a bot behind one of its numbers.
struct Scene {
    control: ControlClient,
    number_id: String,
    bot: Arc<Bot>,
}

impl Scene {
    async fn start() -> Self {
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let control = emulator.control().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = from_value(json!({"callback_url": url})).unwrap();
        let app = control.create_app(&app).await.unwrap();
        let waba = from_value(json!({"app_ids": [app.id]})).unwrap();
        let waba = control.create_waba(&waba).await.unwrap();
        let number = NewNumber::new(&waba.id, "+1 555-078-3881");
        let number = control.create_number(&number).await.unwrap();
        let token = from_value(json!({"app_id": app.id})).unwrap();
        let bot = Arc::new(Bot {
            messages_url: format!("{}/v25.0/{}/messages", emulator.graph_url(), number.id),
            token: control.create_token(&token).await.unwrap().token,
            secret: app.secret,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            events: watch::Sender::new(0),
        });
        let routes = axum::Router::new().route("/", axum::routing::post(Bot::hear));
        let routes = routes.with_state(bot.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            control,
            number_id: number.id,
            bot,
        }
    }

    /// A call of the Graph API, as the bot.
    async fn graph(&self, path: &str, body: Value) -> Value {
        let root = self.bot.messages_url.split("/v25.0/").next().unwrap();
        let url = format!("{root}/v25.0/{path}");
        let request = self.bot.http.post(url).bearer_auth(&self.bot.token);
        let response = request.json(&body).send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn chat(&self) -> Chat {
        let chat = Chat::open(self.control.clone(), &self.number_id, SHEENA).await;
        chat.unwrap().with_style(Style::Scripted)
    }

    /// Plays the customer's lines of a transcript, and expects all of it.
    async fn plays(&self, expected: &str) -> ChatEnd {
        self.plays_in(self.chat().await, expected).await
    }

    async fn plays_in(&self, chat: Chat, expected: &str) -> ChatEnd {
        let lines = expected.lines();
        let script: Vec<&str> = lines.filter_map(|l| l.strip_prefix("you> ")).collect();
        let mut output = Vec::new();
        let stop = CancellationToken::new();
        let script = script.join("\n\n");
        let run = chat.run(script.as_bytes(), &mut output, &*self.bot, stop);
        let end = timeout(DEADLINE, run).await.expect("the chat should end");
        assert_eq!(String::from_utf8(output).unwrap(), expected);
        end.unwrap()
    }

    /// A chat that a test writes to and reads from while it runs.
    async fn live(&self, chat: Chat) -> Live {
        let (input, far_input) = tokio::io::duplex(1 << 16);
        let (output, far_output) = tokio::io::duplex(1 << 16);
        let stop = CancellationToken::new();
        let (bot, stopping) = (self.bot.clone(), stop.clone());
        let far_input = BufReader::new(far_input);
        let run = async move { chat.run(far_input, far_output, &*bot, stopping).await };
        Live {
            input,
            output: BufReader::new(output),
            stop,
            ended: tokio::spawn(run),
        }
    }
}

struct Live {
    input: DuplexStream,
    output: BufReader<DuplexStream>,
    stop: CancellationToken,
    ended: JoinHandle<Result<ChatEnd, ChatError>>,
}

impl Live {
    async fn writes(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// Expects the next line to begin like this.
    async fn reads(&mut self, expected: &str) {
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        timeout(DEADLINE, read).await.expect("a line").unwrap();
        assert!(line.starts_with(expected), "{line:?} is not {expected:?}");
    }

    /// Ends the input, and waits for the chat's end.
    async fn end(self) -> Result<ChatEnd, ChatError> {
        drop(self.input);
        let end = timeout(DEADLINE, self.ended).await;
        end.expect("the chat should end").unwrap()
    }
}

#[tokio::test]
async fn a_script_is_a_conversation_with_numbers_for_choices() {
    let expected = r#"you> hello
bot> you said: hello
you> menu
bot> Hello!
     What next?
     _Open 9-18_
     1) Book   2) My details
you> 3
* there are 2 choices; /say 3 sends the number as text
you> 2
bot> you chose "details"
you> Book
bot> you said: Book
you> 1
bot> you chose "book"
you> list
bot> What about?
     [Choose]
     Topics
     1) Demo - See it work
     2) Talk
you> 2
bot> you chose "talk"
you> /say 2
bot> you said: 2
you> like
bot reacts with 👍
"#;
    Scene::start().await.plays(expected).await;
}

#[tokio::test]
async fn commands_act_as_a_phone_does() {
    let expected = r#"you> 7
bot> you said: 7
you> /location 40.4168 -3.7038
bot> location {"latitude":40.4168,"longitude":-3.7038}
you> /image
bot> image/png
you> /image cat.gif
* `cat.gif` is not a picture that WhatsApp takes: name a .png or .jpg file
you> /as +34-600000002 Ana
* you are Ana (34600000002) now
you> //slash
bot> you said: /slash
you> /sent
* 1 sent, 1 delivered, 1 read
you> /as 16505551234
* you are 16505551234 (16505551234) now
you> /sent
* 3 sent, 3 delivered, 3 read
you> /hlep
* there is no command /hlep: /help lists them, and //hlep sends it as text
you> /quit
"#;
    let end = Scene::start().await.plays(expected).await;
    assert_eq!(end, ChatEnd::Quit);
}

#[tokio::test]
async fn a_line_waits_for_replies_to_the_statuses_of_replies() {
    let round = "you> chain\nbot> 1\nbot> you read it\nyou> a\nbot> you said: a\n";
    Scene::start().await.plays(&round.repeat(10)).await;
}

#[tokio::test]
async fn a_line_that_is_too_long_for_a_message_becomes_several() {
    let line = "é".repeat(5000);
    let notice =
        "that line has 5000 characters and a message at most 4096: sending it as 2 messages";
    let replies = "bot> 4096 characters\nbot> 904 characters";
    let expected = format!("you> {line}\n* {notice}\n{replies}\n");
    Scene::start().await.plays(&expected).await;
}

#[tokio::test]
async fn a_bot_that_never_ends_does_not_hold_up_the_script() {
    let scene = Scene::start().await;
    let notice = "* the bot is not done after 500ms (it is still working on an event): going on \
                  without it, see its log";
    let expected = format!("you> hang\n{notice}\nyou> a\nbot> you said: a\n{notice}\n{notice}\n");
    let chat = scene.chat().await.with_patience(Duration::from_millis(500));
    scene.plays_in(chat, &expected).await;
}

#[tokio::test]
async fn read_marks_and_typing_are_shown_to_who_asks() {
    let scene = Scene::start().await;
    scene.plays("you> look\nbot> seen\n").await;

    let chat = scene.chat().await.with_verbosity(Verbosity::Everything);
    let marks = "* the bot read your message\n* the bot is typing\n";
    let expected = format!("you> look\n{marks}bot> seen\n");
    scene.plays_in(chat, &expected).await;
}

#[tokio::test]
async fn what_the_bot_sends_by_itself_is_printed_at_once() {
    let scene = Scene::start().await;
    let (tell, notices) = mpsc::unbounded_channel();
    let mut live = scene.live(scene.chat().await.with_notices(notices)).await;
    live.writes("hello").await;
    live.reads("you> hello").await;
    live.reads("bot> you said: hello").await;

    scene.bot.say(SHEENA, "one more thing").await;
    live.reads("bot> one more thing").await;
    tell.send("deployed in 42 ms".to_owned()).unwrap();
    live.reads("* deployed in 42 ms").await;
    scene.bot.say("34600000009", "a lead").await;
    live.reads("bot to 34600000009> a lead").await;
    live.reads("     ! not delivered: (#131026) ").await;
    live.writes("/forward 25").await;
    live.reads("you> /forward 25").await;
    live.reads("* WhatsApp's clock is 25 hours ahead now").await;
    scene.bot.say(SHEENA, "still there?").await;
    live.reads("bot> still there?").await;
    live.reads("     ! not delivered: (#131047) more than 24 h")
        .await;

    assert_eq!(live.end().await.unwrap(), ChatEnd::EndOfInput);
}

#[tokio::test]
async fn a_stop_ends_the_chat_at_once_after_what_was_sent() {
    let scene = Scene::start().await;
    let mut live = scene.live(scene.chat().await).await;
    live.writes("hang").await;
    live.reads("you> hang").await;

    scene.bot.say(SHEENA, "last words").await;
    live.stop.cancel();

    live.reads("bot> last words").await;
    assert_eq!(live.end().await.unwrap(), ChatEnd::Stopped);
}

#[tokio::test]
async fn a_person_has_a_prompt_and_need_not_wait() {
    let scene = Scene::start().await;
    let chat = scene.chat().await.with_style(Style::Interactive);
    let mut live = scene.live(chat).await;

    live.writes("hang").await;
    live.writes("/sent").await;

    // A terminal shows what is typed behind the first two prompts.
    live.reads("you> you> * 0 sent, 0 delivered, 0 read").await;
    live.stop.cancel();
    live.reads("you>").await;
    assert_eq!(live.end().await.unwrap(), ChatEnd::Stopped);
}

#[tokio::test]
async fn a_reader_that_has_gone_is_an_error_that_can_be_told() {
    let scene = Scene::start().await;
    let mut live = scene.live(scene.chat().await).await;
    live.output = BufReader::new(tokio::io::duplex(1).0);

    live.writes("hello").await;

    let end = live.end().await;
    assert!(matches!(end, Err(ChatError::Output(e)) if e.kind() == ErrorKind::BrokenPipe));
}

#[tokio::test]
async fn every_type_is_shown_and_can_be_answered() {
    let expected = r#"you> all
bot> [video] see (https://example.com/a)
bot> [audio] (https://example.com/a)
bot> [document] a.pdf (https://example.com/a)
bot> [sticker] (https://example.com/a)
bot> [contact] Leo
bot>
     [product] plant: /order plant
bot> Cards
     card 1: [image] (https://example.com/a) Look
     [Buy] https://example.com
     card 2: [image] (https://example.com/a) Look
     [Buy] https://example.com
bot> May we?
     [Allow calls] answer with /allow, /allow always or /deny
bot> Where to?
     [Send address] answer with /address name=…, city=… (IN)
you> /contact 34600000003 Leo
bot> contacts [{"name":{"formatted_name":"Leo","first_name":"Leo"},"phones":[{"phone":"+34600000003","wa_id":"34600000003","type":"CELL"}]}]
you> /edit all of it
bot> edit {"original_message_id":"wamid","message":{"type":"text","text":{"body":"all of it"}}}
"#;
    let scene = Scene::start().await;
    let mut output = Vec::new();
    let lines = expected
        .lines()
        .filter_map(|line| line.strip_prefix("you> "));
    let script = lines.collect::<Vec<&str>>().join("\n");
    let stop = CancellationToken::new();
    let run = scene
        .chat()
        .await
        .run(script.as_bytes(), &mut output, &*scene.bot, stop);
    timeout(DEADLINE, run).await.expect("an end").unwrap();
    let said = String::from_utf8(output).unwrap();
    // Ids of messages are new each time.
    let said: Vec<String> = said
        .split("\"wamid.")
        .enumerate()
        .map(|(index, part)| match index {
            0 => part.to_owned(),
            _ => format!("\"wamid\"{}", part.split_once('"').unwrap().1),
        })
        .collect();
    assert_eq!(said.concat(), expected);
}

#[tokio::test]
async fn a_flow_is_a_form_in_the_chat() {
    let scene = Scene::start().await;
    let numbers = scene.control.numbers().await.unwrap();
    let flow = json!({"name": "Booking", "categories": ["OTHER"], "flow_json": booking().to_string(), "publish": true});
    scene
        .graph(&format!("{}/flows", numbers[0].waba_id), flow)
        .await;
    let expected = r#"you> form
bot> Book?
     [Open] /flow opens the flow Booking
you> /flow
* [flow] Who?
     *A table*
     Name
you> Ana Sol
* How many
     1) Two
     2) Four
you> 3
* answer with a number from 1 to 2
you> 2
* 1) Next
you> 1
* [flow] Sure?
     Shall we?
     News? (yes or no) (- for nothing)
you> yes
* 1) Book
you> Book
* the Flow is done: its answer is sent
bot> "Ana Sol", "4", true
you> /close
* no Flow is open: /flow opens the bot's last one
"#;
    scene.plays(expected).await;
}

#[tokio::test]
async fn a_template_is_approved_and_a_day_passes() {
    let scene = Scene::start().await;
    let numbers = scene.control.numbers().await.unwrap();
    let components = json!([{"type": "BODY", "text": "Hi {{1}}, it is ready now.", "example": {"body_text": [["Ann"]]}},
        {"type": "FOOTER", "text": "Bye"}, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Thanks"}]}]);
    let ready = json!({"name": "ready", "language": "en_US", "category": "UTILITY", "components": components});
    let path = format!("{}/message_templates", numbers[0].waba_id);
    scene.graph(&path, ready).await;
    let expected = r#"you> /templates
* ready (en_US): pending
you> /approve redy
* the account has no template `redy`: /templates lists those that it has
you> /reject ready
* `ready` (en_US) is rejected now
you> /approve ready
* `ready` (en_US) is approved now
you> /templates
* ready (en_US): approved
you> card
bot> [template] ready (en_US)
     Hi Ana, it is ready now.
     _Bye_
     1) Thanks
you> /day
* WhatsApp's clock is 24 hours ahead now
"#;
    scene.plays(expected).await;
}
