//! What a version has to show before it may serve.

use super::making::{Code, Owner};
use super::{DeployError, Deploys, Found, Say, handshake};
use crate::capabilities::Grants;
use crate::projects::{Environment, LogLevel};
use crate::sandbox::{BootReport, Bot};
use crate::workshop::{Difference, Interfaces, Standing};

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
    /// At each save of a file.
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
    /// Boots the code with an environment, and has it answer Meta's handshake.
    pub(super) async fn check(
        &self,
        owner: &Owner<'_>,
        code: &Code,
        environment: &Environment,
        care: Care,
        say: Option<&Say>,
    ) -> Result<Checked, DeployError> {
        let tell = |level, text: &str| {
            if let Some(say) = say {
                say(level, text);
            }
        };
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
                let image = self.boot(owner, artifact, environment, say).await?;
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
                let bot = self.load(&image.component).await?;
                (bot, Some(image.component), image.report, same)
            }
        };
        let keys = self.projects.keys(owner.project.project_id).await?;
        let wanted = owner.project.webhook_path.as_deref();
        let wanted = wanted.or(code.webhook_path());
        let verify_token = keys.verify_token.expose();
        let memory = self.memory_of(owner.project);
        let grants = || self.grants_of_handshake(owner, code, environment, say);
        let webhook = handshake::find(&bot, &report, verify_token, wanted, memory, &grants).await?;
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
        say: Option<&Say>,
    ) -> Grants {
        match code {
            Code::Bundle(_) => Grants::none(),
            Code::Component(_) => Grants::none()
                .with_secrets(code.secrets(environment))
                .with_log(self.log_of_start(owner, code.positions(), say)),
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
