//! What goes wrong between a terminal and a host, in words that say what to do.

use std::io::Write as _;
use std::process::ExitCode;

use crate::http::Problem;

/// Why a word was not done. Scripts tell by the exit code.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(
        "no token is set: set ROOST_TOKEN to a token of the host. `roost serve` takes the first one as \
         ROOST_ADMIN_TOKEN, `roost dev` says its own when it starts, and `roost tokens create` makes others"
    )]
    NoToken,
    #[error(
        "no host answers at {url} ({reason}): is `roost serve` running there? \
         ROOST_URL says where its admin API is; the host prints it as `admin on …` when it starts"
    )]
    Unreachable { url: String, reason: String },
    #[error(
        "what answers at {url} is not the admin API of a host (status {status}): check ROOST_URL; \
         the admin API has another port than webhooks"
    )]
    NotRoost { url: String, status: u16 },
    #[error("{}{}", .problem.detail, hint_of(.problem, .hint.as_deref()))]
    Refused {
        problem: Box<Problem>,
        /// What this command line knows besides.
        hint: Option<String>,
    },
    #[error("{0}")]
    File(String),
    /// The host did what it was asked, and something else failed: a build, a bot's start.
    #[error("{0}")]
    Failed(String),
    #[error(
        "the host's answer cannot be read ({0}): the host may be of another version than this `roost`; \
         with `--json` the answer is printed as it came"
    )]
    Unreadable(String),
    #[error("the output cannot be written")]
    Output(#[source] std::io::Error),
}

impl CliError {
    /// An answer that is not what this command line expects.
    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }

    /// 1: the host refused or failed. 2: the words are wrong. 3: no host answers. 4: the token is
    /// missing, unknown, or may not do it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Unreachable { .. } | Self::NotRoost { .. } => 3,
            Self::NoToken => 4,
            Self::Refused { problem, .. } if matches!(problem.status, 401 | 403) => 4,
            Self::Refused { .. }
            | Self::File(_)
            | Self::Failed(_)
            | Self::Unreadable(_)
            | Self::Output(_) => 1,
        }
    }

    /// Says it on standard error: with `json`, as the problem that the API answered.
    pub fn tell(&self, json: bool) -> ExitCode {
        let mut stderr = std::io::stderr();
        let said = match self {
            Self::Refused { problem, .. } if json => {
                let text = serde_json::to_string(problem).unwrap_or_default();
                writeln!(stderr, "{text}")
            }
            // Who reads the output has seen enough.
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            Self::Output(error) => writeln!(stderr, "error: {self}: {error}"),
            _ => writeln!(stderr, "error: {self}"),
        };
        // Nobody can be told that nobody can be told.
        let _ = said;
        ExitCode::from(self.exit_code())
    }
}

fn hint_of(problem: &Problem, hint: Option<&str>) -> String {
    let known = match problem.code.as_str() {
        "token-unknown" | "token-missing" => {
            "\nhint: ROOST_TOKEN must be a token of this very host; `roost tokens create` makes one"
        }
        "token-expired" => "\nhint: `roost tokens create` makes a new one",
        "scope-too-small" => {
            "\nhint: `roost tokens create NAME --scope …` makes a token that may, with one that has the scope `admin`"
        }
        "internal" => "\nhint: the host's log says why, under the request id",
        _ => "",
    };
    let id = match (problem.status, &problem.request_id) {
        (500.., Some(id)) => format!(" (request {id})"),
        _ => String::new(),
    };
    let hint = hint
        .map(|hint| format!("\nhint: {hint}"))
        .unwrap_or_default();
    format!("{id}{known}{hint}")
}
