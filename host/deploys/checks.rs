//! What a version has to show before it may serve.

use super::making::{Code, Owner};
use super::{DeployError, Deploys, Found, Say, handshake};
use crate::projects::{Environment, LogLevel};
use crate::sandbox::{BootReport, Bot};
use crate::workshop::Difference;

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
                    "the component carries no bundle: it runs as it is, and reads its environment by `roost:bot/secrets`",
                );
                let bot = self.load(bytes).await?;
                if bot.shared_code().is_none() {
                    tell(
                        LogLevel::Info,
                        "its code is its own: it does not share the memory of an engine with other bots",
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
        let webhook = handshake::find(&bot, &report, verify_token, wanted, memory).await?;
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
}
