//! Reads the settings of `roost serve`, and tells every mistake at once.
//!
//! clap stops at the first value that it cannot read. So each setting is taken as text first, from
//! its flag, its variable or the file that its variable with `_FILE` names, and read on its own;
//! what is wrong is collected, and only when nothing is does clap get to see the whole.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as _, Command, FromArgMatches as _};

use super::{ServeArgs, production};
use crate::near::near;

/// Variables that the project's chores and tests set.
const NOT_OURS: [&str; 2] = ["ROOST_DEV_STARTED", "ROOST_TEST_PG_BIN"];

/// Something that is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Flag and variable.
    pub setting: String,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Everything that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

/// Settings as text, by the name of their flag.
pub(super) type Texts = BTreeMap<String, String>;

/// Reads flags and variables. `known` are the variables of all words of the command line.
///
/// A flag that is not known, and `--help`, are clap's own to tell.
pub fn serve_args(
    flags: impl IntoIterator<Item = OsString>,
    known: &[String],
) -> Result<Result<ServeArgs, Mistakes>, clap::Error> {
    let command = ServeArgs::augment_args(Command::new("roost serve"))
        .about("Runs a host.")
        .no_binary_name(true);
    let matches = as_text(&command).try_get_matches_from(flags)?;
    let mut mistakes = unknown_variables(known, &command);
    let mut texts = Texts::new();
    for setting in command.get_arguments() {
        match text_of(setting, &matches) {
            Ok(Some(text)) => {
                mistakes.extend(read_alone(setting, &text));
                texts.insert(flag(setting), text);
            }
            Ok(None) if setting.is_required_set() => mistakes.push(Mistake {
                setting: names(setting),
                what: format!("is missing: {}", help(setting)),
            }),
            Ok(None) => {
                let default = setting.get_default_values().first();
                if let Some(default) = default {
                    texts.insert(flag(setting), default.to_string_lossy().into_owned());
                }
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let named = |name: &str| {
        let mut all = command.get_arguments();
        all.find(|setting| flag(setting) == name)
            .map_or_else(|| name.to_owned(), names)
    };
    mistakes.extend(too_short(&texts, named));
    mistakes.extend(production::mistakes(&texts, named));
    if !mistakes.is_empty() {
        return Ok(Err(Mistakes(mistakes)));
    }
    let whole = texts.iter().map(|(name, text)| format!("--{name}={text}"));
    let matches = without_variables(command).try_get_matches_from(whole)?;
    ServeArgs::from_arg_matches(&matches).map(Ok)
}

/// A send that counted as lost while Meta may still answer could go out twice.
fn too_short(texts: &Texts, named: impl Fn(&str) -> String) -> Option<Mistake> {
    let seconds = |name: &str| texts.get(name)?.parse::<u64>().ok();
    let (settle, graph) = (seconds("settle-seconds")?, seconds("graph-seconds")?);
    (settle <= graph).then(|| Mistake {
        setting: named("settle-seconds"),
        what: format!(
            "is `{settle}`: it must be longer than {}, which is `{graph}`",
            named("graph-seconds")
        ),
    })
}

/// The variables of all words of a command line.
pub fn variables(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(Arg::get_env);
    let own = own.map(|name| name.to_string_lossy().into_owned());
    let others = command.get_subcommands().flat_map(variables);
    own.chain(others).collect()
}

/// The same settings, with any text as a value, none required, none with a default.
fn as_text(command: &Command) -> Command {
    command.clone().mut_args(|setting| {
        setting
            .required(false)
            .value_parser(clap::value_parser!(OsString))
            .value_delimiter(Resettable::Reset)
            .default_value(Resettable::Reset)
    })
}

fn without_variables(command: Command) -> Command {
    command.mut_args(|setting| setting.env(Resettable::Reset))
}

/// What is given for a setting, if anything is. An empty variable is none.
fn text_of(setting: &Arg, matches: &ArgMatches) -> Result<Option<String>, Mistake> {
    let mistake = |what: String| Mistake {
        setting: names(setting),
        what,
    };
    let id = setting.get_id().as_str();
    let is_flag = matches.value_source(id) == Some(ValueSource::CommandLine);
    let values = matches.get_many::<OsString>(id).into_iter().flatten();
    let values: Result<Vec<String>, OsString> =
        values.cloned().map(OsString::into_string).collect();
    let values = values.map_err(|_| mistake("is not UTF-8 text".to_owned()))?;
    let given = Some(values.join(",")).filter(|text| !text.is_empty());
    if is_flag {
        return Ok(given.or_else(|| Some(String::new())));
    }
    let Some((variable, file)) = file_of(setting) else {
        return Ok(given);
    };
    if given.is_some() {
        return Err(mistake(format!(
            "is set, and so is {variable}: keep one of the two"
        )));
    }
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(error) => Err(mistake(format!(
            "{variable} names the file `{}`, which cannot be read: {error}",
            file.to_string_lossy()
        ))),
    }
}

/// The variable that names a file with the setting's value, if it is one of the secret settings and
/// the variable is set.
fn file_of(setting: &Arg) -> Option<(String, OsString)> {
    let variable = file_variable(setting)?;
    let file = std::env::var_os(&variable)?;
    (!file.is_empty()).then_some((variable, file))
}

fn file_variable(setting: &Arg) -> Option<String> {
    let variable = setting.get_env()?.to_string_lossy();
    let is_secret = setting.is_hide_env_values_set();
    is_secret.then(|| format!("{variable}_FILE"))
}

/// What is wrong with a value, looked at alone.
fn read_alone(setting: &Arg, text: &str) -> Option<Mistake> {
    let alone = setting.clone().required(false).env(Resettable::Reset);
    let command = Command::new("roost serve").no_binary_name(true).arg(alone);
    let error = command
        .try_get_matches_from([format!("--{}={text}", flag(setting))])
        .err()?;
    let reason = match error.source() {
        Some(source) => source.to_string(),
        None => allowed(&error).unwrap_or_else(|| "cannot be read".to_owned()),
    };
    let what = match setting.is_hide_env_values_set() {
        true => reason,
        false => {
            let text: String = text.chars().take(100).collect();
            format!("is `{text}`: {reason}")
        }
    };
    Some(Mistake {
        setting: names(setting),
        what,
    })
}

/// The words that a setting takes, when it takes only some.
fn allowed(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::ValidValue)? {
        ContextValue::Strings(words) if !words.is_empty() => {
            Some(format!("use one of `{}`", words.join("`, `")))
        }
        _ => None,
    }
}

/// `ROOST_…` that no word knows: most likely a slip, and the setting would silently be its default.
fn unknown_variables(known: &[String], command: &Command) -> Vec<Mistake> {
    let files: Vec<String> = command.get_arguments().filter_map(file_variable).collect();
    let is_known = |name: &str| {
        let mut all = known.iter().chain(&files);
        NOT_OURS.contains(&name) || all.any(|known| known == name)
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<String> = names
        .filter(|name| name.starts_with("ROOST_") && !is_known(name))
        .collect();
    unknown.sort();
    let mistake = |name: String| {
        let what = match near(&name, known.iter().map(String::as_str)).first() {
            Some(near) => format!("there is no such setting; did you mean {near}?"),
            None => "there is no such setting; remove it, or see `roost serve --help`".to_owned(),
        };
        Mistake {
            setting: name,
            what,
        }
    };
    unknown.into_iter().map(mistake).collect()
}

fn flag(setting: &Arg) -> String {
    setting.get_long().unwrap_or_default().to_owned()
}

fn names(setting: &Arg) -> String {
    match setting.get_env() {
        Some(variable) => format!("--{} ({})", flag(setting), variable.to_string_lossy()),
        None => format!("--{}", flag(setting)),
    }
}

fn help(setting: &Arg) -> String {
    let help = setting.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let mut letters = help.chars();
    let first = letters.next().map(|first| first.to_lowercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`roost serve` does not start with these settings:")?;
        for Mistake { setting, what } in &self.0 {
            write!(f, "\n  {setting} {what}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
