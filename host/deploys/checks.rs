//! What a version has to show before it may serve.

use super::making::{Code, Owner};
use super::needs::{Advice, Needs, meaning};
use super::{DeployError, Deploys, Found, Say, Voices, handshake};
use crate::capabilities::Grants;
use crate::projects::{Environment, HostValue, Project, ProjectError, ProjectId, SettingsChange};
use crate::sandbox::{BootReport, Bot};
use crate::words::LogLevel;
use crate::workshop::{Difference, Interfaces, Positions, Standing};
use std::sync::Arc;

/// A version that passed.
pub(super) struct Checked {
    pub(super) bot: Bot,
    /// Absent for a component of another tool: it is its own image.
    pub(super) image: Option<Vec<u8>>,
    pub(super) webhook: Found,
    pub(super) report: BootReport,
    /// Whether a second boot led to the same image; `None`: nobody looked.
    pub(super) same_twice: Option<bool>,
}

/// How closely to look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// On the author's own machine, at each save of a file.
    Quick,
    /// Boots twice.
    Thorough,
}

impl Checked {
    /// What is kept beside the version.
    pub(super) fn notes(&self, code: &Code) -> serde_json::Value {
        serde_json::json!({
            "webhook": self.webhook.because,
            "parked": self.report.parked,
            "same_twice": self.same_twice,
            "warnings": code.warnings(),
        })
    }
}

impl Deploys {
    /// Boots the code with an environment, and has it answer Meta's handshake. Nothing secret is in
    /// what is said of it.
    pub(super) async fn check(
        &self,
        owner: &Owner<'_>,
        code: &Code,
        environment: &Environment,
        care: Care,
        voices: &Voices,
    ) -> Result<Checked, DeployError> {
        let redactor = environment.redactor([]);
        let redacted = |say: &Say| -> Say {
            let (say, redactor) = (say.clone(), redactor.clone());
            Arc::new(move |level, text: &str| say(level, &redactor.redact(text)))
        };
        let voices = Voices {
            host: redacted(&voices.host),
            bot: redacted(&voices.bot),
        };
        let checked = self.look(owner, code, environment, care, &voices).await;
        checked.map_err(|error| error.without_secrets(&redactor))
    }

    async fn look(
        &self,
        owner: &Owner<'_>,
        code: &Code,
        environment: &Environment,
        care: Care,
        voices: &Voices,
    ) -> Result<Checked, DeployError> {
        let tell = |level, text: &str| (voices.host)(level, text);
        let needs = self.needs(owner.project.project_id, code).await?;
        let project = owner.project.name.as_str();
        let complaints = [
            needs.offer(project),
            needs.complaint(&self.advice(project), false),
        ];
        for complaint in complaints.into_iter().flatten() {
            tell(LogLevel::Warn, &complaint);
        }
        let started = std::time::Instant::now();
        let (bot, image, report, same_twice) = match code {
            Code::Component(bytes) => {
                tell(
                    LogLevel::Info,
                    "the component carries no bundle: it runs as it is, and finds its environment in `roost:bot/secrets` and WASI's",
                );
                for line in empty_imports(bytes) {
                    tell(LogLevel::Info, &line);
                }
                let bot = self.load(bytes).await?;
                if bot.shared_code().is_none() {
                    tell(
                        LogLevel::Info,
                        &format!(
                            "its code is its own: compiled in {} ms, and not shared with other bots",
                            started.elapsed().as_millis()
                        ),
                    );
                }
                (bot, None, BootReport::default(), None)
            }
            Code::Bundle(artifact) => {
                let booted = self.boot(owner, artifact, environment, Some(&voices.bot));
                let booted = booted.await;
                let image = booted.map_err(|error| self.lacking(error, &needs, owner))?;
                tell(
                    LogLevel::Info,
                    &format!("booted in {} ms", started.elapsed().as_millis()),
                );
                if image.report.parked > 0 {
                    tell(
                        LogLevel::Warn,
                        &format!(
                            "{} calls of the top level could not end: each instance makes them again",
                            image.report.parked
                        ),
                    );
                }
                let same = match care {
                    Care::Quick => None,
                    Care::Thorough => {
                        let again = self.boot(owner, artifact, environment, None).await?;
                        let difference = Difference::between(&image.component, &again.component);
                        match &difference {
                            None => tell(LogLevel::Info, "booted twice to the same image"),
                            // No warning: most often it is a package's doing, and does no harm.
                            Some(difference) => tell(LogLevel::Info, &difference.to_string()),
                        }
                        Some(difference.is_none())
                    }
                };
                let bot = self.load_image(&image.component).await?;
                (bot, Some(image.component), image.report, same)
            }
        };
        let keys = self.projects.keys(owner.project.project_id).await?;
        let wanted = owner.project.webhook_path.as_deref();
        let wanted = wanted.or(code.webhook_path());
        let grants = || self.grants_of_handshake(owner, code, environment, &voices.bot);
        let known = handshake::Known {
            verify_tokens: verify_tokens(code, environment, keys.verify_token.expose()),
            wanted,
            project,
            memory_bytes: self.memory_of(owner.project),
            grants: &grants,
        };
        let found = handshake::find(&bot, &report, &known).await;
        if found.is_err() {
            bot.forget();
        }
        let webhook = found.map_err(|error| self.lacking(error.into(), &needs, owner))?;
        tell(
            LogLevel::Info,
            &format!("webhook {} ({})", webhook.path, webhook.because),
        );
        Ok(Checked {
            bot,
            image,
            webhook,
            report,
            same_twice,
        })
    }

    /// What a bot may do while it answers a handshake. One that has a bundle has its environment in
    /// its image, and has logged at its start; a component has neither.
    fn grants_of_handshake(
        &self,
        owner: &Owner<'_>,
        code: &Code,
        environment: &Environment,
        say: &Say,
    ) -> Grants {
        match code {
            Code::Bundle(_) => Grants::none(),
            Code::Component(_) => Grants::none()
                .with_secrets(code.secrets(environment))
                .with_log(self.log_of_start(owner, Positions::none(), environment, Some(say))),
        }
    }

    /// What the code reads, beside what the project has.
    pub(super) async fn needs(
        &self,
        project_id: ProjectId,
        code: &Code,
    ) -> Result<Needs, DeployError> {
        let variables = self.variables(project_id).await?;
        let needs = Needs::of(code.variables(), |variable| variables.has(variable));
        let is_missing = |variable: &&crate::build::Variable| {
            let is_of_number = meaning(variable).is_some_and(HostValue::is_of_number);
            is_of_number && !variables.all.contains_key(&variable.name)
        };
        let of_number = code.variables().iter().filter(is_missing);
        Ok(Needs {
            of_number: of_number.cloned().collect(),
            ..needs
        })
    }

    /// What the code of the version that serves reads, beside what the project has.
    pub async fn needs_of(&self, project: &Project) -> Result<Needs, ProjectError> {
        let Some(version_id) = project.active_version else {
            return Ok(Needs::default());
        };
        let version = self
            .projects
            .version(project.project_id, version_id)
            .await?;
        let variables = self.variables(project.project_id).await?;
        let Some(version) = version else {
            return Ok(Needs::default());
        };
        // A version that cannot be read says so when it runs.
        let code = self.code_of(&version).await;
        Ok(code.map_or_else(
            |_| Needs::default(),
            |code| Needs::of(code.variables(), |variable| variables.has(variable)),
        ))
    }

    /// Links what the code reads by other names to what the host knows. Gives the links.
    pub(super) async fn take_offers(
        &self,
        project_id: ProjectId,
        code: &Code,
    ) -> Result<Vec<String>, DeployError> {
        let needs = self.needs(project_id, code).await?;
        if needs.offers.is_empty() {
            return Ok(Vec::new());
        }
        let links = needs.offers.iter();
        let links = links.map(|(variable, value)| (variable.name.clone(), Some(*value)));
        let change = SettingsChange {
            links: Some(Some(links.collect())),
            ..SettingsChange::default()
        };
        self.projects.change(project_id, None, &change).await?;
        Ok(needs.links())
    }

    /// How a variable is set where this host runs.
    fn advice<'a>(&self, project: &'a str) -> Advice<'a> {
        match self.settings.is_local {
            true => Advice::File { project },
            false => Advice::Secret { project },
        }
    }

    /// An error of a bot that lacks variables says so: most likely that is why.
    fn lacking(&self, error: DeployError, needs: &Needs, owner: &Owner<'_>) -> DeployError {
        let project = owner.project.name.as_str();
        let complaint = needs.complaint(&self.advice(project), true);
        let offer = needs.offer(project);
        let number = needs.waits_for_number(project);
        let said: Vec<String> = complaint.into_iter().chain(offer).chain(number).collect();
        if said.is_empty() || !error.is_authors() {
            return error;
        }
        DeployError::Lacking {
            fails: Box::new(error),
            complaint: said.join("\n"),
        }
    }
}

/// What a component imports and finds empty, for people who count on it.
fn empty_imports(component: &[u8]) -> Vec<String> {
    let Some(interfaces) = Interfaces::of(component) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for import in interfaces.imports {
        if let Standing::Empty(instead) = import.standing {
            let package = import.name.split('/').next().unwrap_or_default();
            let line = format!("it imports {package}: {instead}");
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

/// What a bot may compare with `hub.verify_token`: the project's own, and what it has under the
/// names that its code reads.
fn verify_tokens(code: &Code, environment: &Environment, own: &str) -> Vec<String> {
    let read = code.variables().iter();
    let read = read.filter(|variable| meaning(variable) == Some(HostValue::VerifyToken));
    let names = read.map(|variable| variable.name.as_str());
    let mut tokens = vec![own.to_owned()];
    for name in names.chain(["VERIFY_TOKEN"]) {
        if let Some(token) = environment.variables.get(name)
            && !tokens.contains(token)
        {
            tokens.insert(0, token.clone());
        }
    }
    tokens
}
