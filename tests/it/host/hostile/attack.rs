//! One test: something hostile is done on the stage, and the rest of it is looked at before and after.

use std::time::Duration;

use roost::inbox::Outcome;
use roost_emulator::ControlClient;
use serde_json::Value;
use tokio::time::Instant;

use super::super::support::{Contact, DEADLINE, Operator, customer};
use super::stage::{Places, SECRET, Sights, WALL, places};

/// What a customer has the hostile bot do, and what comes of it.
pub(super) struct Behaviour {
    pub(super) name: &'static str,
    /// What the customer says; after ` then ` what they say next.
    pub(super) says: &'static str,
    /// How the event of the last of it ends.
    pub(super) outcome: Outcome,
    /// What is seen of what stopped it, one of these: in the sentence about the event, its runs, its log, or what the bot
    /// tells the customer.
    pub(super) shows: &'static [&'static str],
}

/// The stage, as a test sees it.
pub(super) struct Stage {
    pub(super) places: Places,
    pub(super) operator: Operator,
    control: ControlClient,
    client: reqwest::Client,
    /// When it entered.
    before: Sights,
}

/// Runs a test's only task.
pub(super) fn runs<T>(task: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(task)
}

/// The test of one behaviour.
pub(super) fn plays(behaviour: &Behaviour) {
    runs(async {
        let stage = Stage::enter().await;
        let mut last = None;
        for says in behaviour.says.split(" then ") {
            last = Some(stage.plays(behaviour, &stage.filled(says)).await);
        }
        let (event, mut ana) = last.unwrap();
        let problem = stage.problem(behaviour, &event, &mut ana).await;
        stage.goes_on().await;
        assert_eq!(problem, None, "{}", problem.as_deref().unwrap_or_default());
    });
}

impl Stage {
    pub(super) async fn enter() -> Self {
        let places = places().await;
        let (control, token) = places.control.clone();
        let operator = Operator::at(format!("http://{}", places.admin));
        let client = reqwest::Client::new();
        Self {
            control: ControlClient::new(&control, token).unwrap(),
            before: sights(&client, &places, (usize::MAX, usize::MAX)).await,
            operator,
            client,
            places,
        }
    }

    /// What only this run knows, in its places.
    pub(super) fn filled(&self, text: &str) -> String {
        let places = &self.places;
        let mut text = text.to_owned();
        for (name, value) in [
            ("{host}", places.host.to_string()),
            ("{admin}", places.admin.to_string()),
            ("{guarded}", places.guarded.to_string()),
            ("{schema}", places.schema.clone()),
            ("{number}", places.echo.clone()),
        ] {
            text = text.replace(name, &value);
        }
        text
    }

    /// Somebody new says something to the hostile bot; the event, and who said it.
    async fn plays(&self, behaviour: &Behaviour, says: &str) -> (Value, Contact) {
        // The bot names what it tells of.
        let is_told = |shows: &&str| format!("{says}: ").contains(*shows);
        assert!(
            !behaviour.shows.iter().any(is_told),
            "shows only that it was tried"
        );
        let phone = phone();
        let ana = customer(&self.control, &self.places.hostile, &phone).await;
        ana.says(says).await;
        let neighbours = self.neighbour_is_answered().await;
        let event = self.event("hostile", &phone).await;
        is_not_held_up(&neighbours, &event);
        (event, ana)
    }

    /// What went otherwise than the behaviour says.
    async fn problem(
        &self,
        behaviour: &Behaviour,
        event: &Value,
        ana: &mut Contact,
    ) -> Option<String> {
        let Behaviour {
            says,
            outcome,
            shows,
            ..
        } = behaviour;
        let ended = event["runs"][0]["outcome"].as_str().unwrap_or("no run");
        let begin = Instant::now();
        let mut heard = ana.unheard().await;
        loop {
            let seen = format!("{event}\nheard: {heard:?}");
            let is_shown = shows.iter().any(|one| seen.contains(one));
            if outcome.word() == ended && is_shown {
                return None;
            }
            let patience = match outcome.word() == ended {
                true => Duration::from_secs(10),
                false => Duration::ZERO,
            };
            if begin.elapsed() > patience {
                let seen: String = seen.chars().take(3_000).collect();
                return Some(format!(
                    "`{says}` was to end as `{}` and show {shows:?}, and ended as `{ended}`:\n{seen}",
                    outcome.word()
                ));
            }
            heard.extend(ana.unheard().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The host takes a webhook of a neighbour's customer, and its bot answers; its event.
    pub(super) async fn neighbour_is_answered(&self) -> Value {
        let phone = phone();
        let mut bea = customer(&self.control, &self.places.echo, &phone).await;
        bea.says("soup").await;
        assert_eq!(bea.hears().await, "You said: soup");
        let event = self.event("echo", &phone).await;
        assert_eq!(event["runs"].as_array().unwrap().len(), 1, "{event}");
        assert_eq!(event["runs"][0]["outcome"], "done", "{event}");
        event
    }

    /// The event of the last message of somebody, when it is over.
    async fn event(&self, project: &str, phone: &str) -> Value {
        let begin = Instant::now();
        let list = format!("/v1/projects/{project}/events?kind=message&limit=1&contact={phone}");
        loop {
            let list = self.operator.get(&list).await.ok();
            let found = &list["items"][0];
            if found["state"] == "done" || found["state"] == "dead" {
                let id = found["id"].as_str().unwrap();
                let path = format!("/v1/projects/{project}/events/{id}");
                return self.operator.get(&path).await.ok();
            }
            let patience = WALL + DEADLINE;
            assert!(begin.elapsed() < patience, "it never ends: {list}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Host and neighbour serve as before, and nothing came out that must not.
    pub(super) async fn goes_on(&self) {
        let ready = format!("http://{}/readyz", self.places.host);
        let ready = self.client.get(ready).send().await.unwrap();
        assert_eq!(ready.status(), 200);
        self.neighbour_is_answered().await;
        let before = &self.before;
        let from = (before.asked_in_all, before.logged_in_all);
        let after = sights(&self.client, &self.places, from).await;
        let came = after.visitors - before.visitors;
        assert_eq!(came, 0, "the bot reached what is beside the host");
        let asked = after.asked.join("\n");
        assert!(!asked.contains(&self.places.token), "{asked}");
        let is_led = |line: &String| line.starts_with("GET /secret");
        assert!(!after.asked.iter().any(is_led), "{asked}");
        let log = &after.log;
        assert!(!log.contains(&self.places.token), "Meta's token is logged");
        assert!(!log.contains(SECRET), "a secret is logged");
        let is_forged = |line: &str| line.starts_with("ERROR roost::inbox");
        assert!(!log.lines().any(is_forged), "a forged line is logged");
        assert!(!log.contains('\u{1b}'), "a terminal's control is logged");
    }
}

async fn sights(client: &reqwest::Client, places: &Places, from: (usize, usize)) -> Sights {
    let url = format!(
        "http://{}/?asked={}&logged={}",
        places.watch, from.0, from.1
    );
    client.get(url).send().await.unwrap().json().await.unwrap()
}

/// Nobody's so far.
fn phone() -> String {
    let n = uuid::Uuid::new_v4().as_u128() % 1_000_000_000;
    format!("165{n:09}")
}

/// Asserts that a neighbour did not wait until the time of the event beside it was over.
#[track_caller]
fn is_not_held_up(neighbours: &Value, beside: &Value) {
    let finished = |event: &Value| event["event"]["finished_at"].as_str().unwrap().to_owned();
    let wall = beside["runs"][0]["wall_ms"].as_f64().unwrap_or_default();
    if wall >= WALL.as_secs_f64() * 1_000.0 {
        // Times of one length: they compare as texts do.
        assert!(
            finished(neighbours) < finished(beside),
            "the neighbour waited for its end"
        );
    }
}
