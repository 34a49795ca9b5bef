//! Conversational components: ice breakers, commands, the welcome message.

use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::platform::model::{Command, Number};

const MOST_PROMPTS: usize = 4;
const LONGEST_PROMPT: usize = 80;
const MOST_COMMANDS: usize = 30;
const LONGEST_NAME: usize = 32;
const LONGEST_DESCRIPTION: usize = 256;

/// `POST /{PHONE_NUMBER_ID}/conversational_automation`: what is given replaces what there was.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    let welcome = request.truth("enable_welcome_message");
    let prompts = request.texts("prompts");
    if let Some(prompts) = &prompts {
        check_count("prompts", prompts.len(), MOST_PROMPTS)?;
        for prompt in prompts {
            check_length("prompts", prompt, LONGEST_PROMPT)?;
        }
    }
    let commands = request.structured("commands").map(|value| {
        serde_json::from_value::<Vec<Command>>(value)
            .map_err(|_| GraphError::parameter("Param commands must be an array of commands."))
    });
    let commands = commands.transpose()?;
    if let Some(commands) = &commands {
        check_count("commands", commands.len(), MOST_COMMANDS)?;
        for command in commands {
            if command.command_name.is_empty() {
                return Err(GraphError::required("commands['command_name']"));
            }
            check_length("command_name", &command.command_name, LONGEST_NAME)?;
            check_length(
                "command_description",
                &command.command_description,
                LONGEST_DESCRIPTION,
            )?;
        }
    }
    call.platform.edit(|world| {
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let automation = &mut number.automation;
        automation.enable_welcome_message = welcome.unwrap_or(automation.enable_welcome_message);
        if let Some(prompts) = prompts {
            automation.prompts = prompts;
        }
        if let Some(commands) = commands {
            automation.commands = commands;
        }
        Ok(json!({"success": true}))
    })
}

/// The field `conversational_automation` of a number; null while nothing is set.
pub(crate) fn shown(number: &Number) -> Value {
    let automation = &number.automation;
    if *automation == Default::default() {
        return Value::Null;
    }
    json!({
        "id": number.id,
        "enable_welcome_message": automation.enable_welcome_message,
        "prompts": automation.prompts,
        "commands": automation.commands,
    })
}

fn check_count(what: &str, count: usize, most: usize) -> Result<(), GraphError> {
    if count <= most {
        return Ok(());
    }
    Err(GraphError::parameter(format_args!(
        "Param {what} must have at most {most} elements."
    )))
}

fn check_length(what: &str, text: &str, most: usize) -> Result<(), GraphError> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(GraphError::parameter(format_args!(
        "Param {what} must be at most {most} characters long."
    )))
}
