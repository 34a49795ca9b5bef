//! Projects from their making to their end, and their numbers at Meta.

mod api;
mod export;
mod numbers;
mod pausing;
mod provisioning;
mod removal;

use futures::StreamExt as _;
use roost::lifecycle::{News, Standing, Step, StepChange, StepName, StepState};
use roost::projects::{NewProject, Project, ProjectId, Secret, WishedNumber};
use roost_emulator::control::wire::{NewNumber, NewToken, NewWaba};

use super::support::{DEADLINE, TestHost, TestProject};

const PIN: &str = "123456";

/// A business at the emulator that no project has: nobody is subscribed to its account.
struct Business {
    waba_id: String,
    number_id: String,
    token: String,
}

impl Business {
    async fn new(host: &TestHost) -> Self {
        Self::with(host, |_| {}).await
    }

    async fn with(host: &TestHost, change: impl FnOnce(&mut NewNumber)) -> Self {
        let emulator = host.emulator();
        let waba = emulator.create_waba(&NewWaba::default()).await.unwrap();
        let mut number = NewNumber::new(&waba.id, "+1 555 078 4711");
        change(&mut number);
        let number = emulator.create_number(&number).await.unwrap();
        let token = NewToken {
            app_id: emulator.apps().await.unwrap()[0].id.clone(),
            waba_ids: Some([waba.id.clone()].into()),
            ..NewToken::default()
        };
        let token = emulator.create_token(&token).await.unwrap().token;
        Self {
            waba_id: waba.id,
            number_id: number.id,
            token,
        }
    }

    fn wish(&self) -> WishedNumber {
        WishedNumber {
            phone_number_id: self.number_id.clone(),
            waba_id: self.waba_id.clone(),
            token: Secret::new(&self.token),
            pin: None,
        }
    }

    /// The apps that get its account's webhooks.
    async fn subscriptions(&self, host: &TestHost) -> usize {
        let wabas = host.emulator().wabas().await.unwrap();
        let own = wabas.into_iter().find(|waba| waba.id == self.waba_id);
        own.unwrap().subscriptions.len()
    }

    async fn is_registered(&self, host: &TestHost) -> bool {
        let numbers = host.emulator().numbers().await.unwrap();
        let own = numbers
            .into_iter()
            .find(|number| number.id == self.number_id);
        own.unwrap().is_registered
    }
}

fn new_project(name: &str) -> NewProject {
    NewProject {
        name: name.parse().unwrap(),
        number: None,
        secrets: Vec::new(),
        wants_deploy: false,
    }
}

impl TestHost {
    /// A project whose provisioning is over, however it ended.
    async fn provisioned(&self, new: &NewProject) -> (Project, Standing) {
        let project = self.app().lifecycle().create(new).await.unwrap();
        let (_, standing) = self.followed(project.project_id).await;
        (project, standing.unwrap())
    }

    /// Every change until nothing more happens by itself, and how it stands then.
    async fn followed(&self, project: ProjectId) -> (Vec<StepChange>, Option<Standing>) {
        let follow = async {
            let news = self.app().lifecycle().follow(project, 0).await.unwrap();
            let mut news = Box::pin(news);
            let mut changes = Vec::new();
            loop {
                match news.next().await.unwrap().unwrap() {
                    News::Changed(change) => changes.push(change),
                    News::Ended(standing) => {
                        assert!(news.next().await.is_none());
                        return (changes, standing.map(|standing| *standing));
                    }
                }
            }
        };
        let followed = tokio::time::timeout(DEADLINE, follow).await;
        followed.expect("it goes on after the deadline")
    }

    /// Connects a number and waits until nothing more happens; fails with the step and its words.
    async fn connects(
        &self,
        project: ProjectId,
        wish: &WishedNumber,
    ) -> Result<(), (StepName, String)> {
        let lifecycle = self.app().lifecycle();
        lifecycle.connect_number(project, wish).await.unwrap();
        let standing = lifecycle.number_settles(project, DEADLINE).await.unwrap();
        let mut failed = standing
            .steps
            .into_iter()
            .filter(|s| s.state == StepState::Failed);
        match failed.next() {
            Some(step) => Err((step.step, step.error.unwrap())),
            None => Ok(()),
        }
    }
}

fn step(standing: &Standing, name: StepName) -> &Step {
    let mut steps = standing.steps.iter();
    steps.find(|step| step.step == name).unwrap()
}

/// The project as the other tests know one.
fn test_project(host: &TestHost, project: &Project, business: &Business) -> TestProject {
    TestProject::of(
        host,
        project.project_id,
        &business.number_id,
        &business.token,
    )
}

async fn waits_until_gone(host: &TestHost, project: ProjectId) {
    let (_, standing) = host.followed(project).await;
    assert!(standing.is_none(), "{standing:?}");
}
