//! Calls to Meta about an account's templates, with a project's token.

use http::Method;
use serde_json::{Value, json};

use super::check::is_name;
use super::{Stored, TemplateError};
use crate::whatsapp::{AccessToken, GraphClient, GraphRequest, Outcome};

/// What Meta is asked of each template.
const FIELDS: &str = "id,name,language,status,category,sub_category,previous_category,correct_category,\
    components,parameter_format,quality_score,rejected_reason,message_send_ttl_seconds";

/// Pages of a list that are read: more than any account has.
const MOST_PAGES: usize = 100;
const PAGE: usize = 100;

/// An account, as one project's token reaches it.
pub(super) struct Meta<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) account: &'a str,
    pub(super) token: AccessToken,
}

/// What Meta answers to a template that it takes.
pub(super) struct Made {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) category: Option<String>,
}

impl Meta<'_> {
    /// All templates of the account, or those of one name.
    pub(super) async fn list(&self, name: Option<&str>) -> Result<Vec<Stored>, TemplateError> {
        // A name has no character that means something in a query.
        let filter = match name {
            Some(name) if is_name(name) => format!("&name={name}"),
            Some(_) => return Ok(Vec::new()),
            None => String::new(),
        };
        let mut found = Vec::new();
        let mut after = String::new();
        for _ in 0..MOST_PAGES {
            let path = format!(
                "{}/message_templates?fields={FIELDS}&limit={PAGE}{filter}{after}",
                self.account
            );
            let page = self.ask(Method::GET, &path, None).await?;
            let data = page["data"].as_array().into_iter().flatten();
            found.extend(data.filter_map(|json| Stored::listed(self.account, json)));
            let cursor = page["paging"]["cursors"]["after"].as_str();
            let next = page["paging"]["next"].as_str();
            let Some(cursor) = cursor.filter(|_| next.is_some()) else {
                break;
            };
            let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            after = format!("&after={cursor}");
        }
        // Meta's filter finds names that hold the one that is asked for.
        found.retain(|row| name.is_none_or(|name| row.name == name));
        Ok(found)
    }

    pub(super) async fn create(&self, json: &Value) -> Result<Made, TemplateError> {
        let path = format!("{}/message_templates", self.account);
        let made = self.ask(Method::POST, &path, Some(json)).await?;
        let word = |key: &str| made[key].as_str().map(str::to_owned);
        let Some(id) = word("id").or_else(|| made["id"].as_u64().map(|id| id.to_string())) else {
            return Err(TemplateError::Later(
                "Meta's answer names no template: `roost templates sync` shows whether it is there"
                    .to_owned(),
            ));
        };
        Ok(Made {
            id,
            status: word("status").unwrap_or_else(|| "PENDING".to_owned()),
            category: word("category"),
        })
    }

    pub(super) async fn edit(&self, id: &str, json: &Value) -> Result<(), TemplateError> {
        self.ask(Method::POST, id, Some(json)).await.map(drop)
    }

    /// One language of a name, or all of them.
    pub(super) async fn delete(&self, name: &str, id: Option<&str>) -> Result<(), TemplateError> {
        let one = id.map(|id| format!("&hsm_id={id}")).unwrap_or_default();
        let path = format!("{}/message_templates?name={name}{one}", self.account);
        self.ask(Method::DELETE, &path, None).await.map(drop)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, TemplateError> {
        let mut request = GraphRequest::json(method, path, body.unwrap_or(&Value::Null));
        if body.is_none() {
            request.body = Default::default();
            request.headers.clear();
        }
        let answer = match self.client.call(&self.token, &request).await {
            Outcome::Answered(answer) => answer,
            Outcome::NotSent(why) => {
                return Err(TemplateError::Later(format!(
                    "Meta cannot be reached: {why}"
                )));
            }
            Outcome::Unknown(why) => {
                return Err(TemplateError::Later(format!(
                    "Meta's answer was lost ({why}): `roost templates sync` shows what it did"
                )));
            }
        };
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let error = json.as_ref().and_then(|json| json.get("error"));
        match (json.as_ref(), error) {
            (_, Some(error)) => Err(refusal(error, answer.status.as_u16())),
            (Some(json), None) if answer.status.is_success() => Ok(json.clone()),
            _ => Err(TemplateError::Later(format!(
                "Meta answered with status {}",
                answer.status.as_u16()
            ))),
        }
    }
}

/// Codes of what passes.
const LATER: [i64; 7] = [1, 2, 4, 80007, 80008, 131_000, 131_016];

/// What Meta said, with what people are told of it where Meta has that.
fn refusal(error: &Value, status: u16) -> TemplateError {
    let text = |value: &Value| {
        let text = value
            .as_str()
            .map(|text| text.trim().trim_end_matches('.').to_owned());
        text.filter(|text| !text.is_empty())
    };
    let code = error["code"].as_i64().unwrap_or_default();
    let subcode = error["error_subcode"].as_i64();
    let data = &error["error_data"];
    let details = text(&error["error_user_msg"])
        .or_else(|| text(&data["details"]))
        .or_else(|| text(data));
    let message = text(&error["message"]).unwrap_or_else(|| "nothing".to_owned());
    let said = match (text(&error["error_user_title"]), details) {
        (Some(title), Some(details)) => format!("{title}: {details}"),
        (None, Some(details)) if message != details => format!("{message}: {details}"),
        (Some(title), None) => format!("{title}: {message}"),
        _ => message,
    };
    let subcode_in_words = subcode.map(|subcode| format!(", subcode {subcode}"));
    let quoted = format!(
        "Meta said “{said}” (code {code}{})",
        subcode_in_words.unwrap_or_default()
    );
    let is_transient = error["is_transient"].as_bool() == Some(true);
    if LATER.contains(&code) || is_transient || status >= 500 {
        return TemplateError::Later(format!("{quoted}; try again later"));
    }
    let advice = match (code, subcode) {
        (190, _) => "connect the number again with a token that is valid",
        (10 | 200..=299, _) => "the token needs the permission whatsapp_business_management",
        (_, Some(2_388_019)) => "the account has as many templates as it may: delete some",
        (_, Some(2_388_023)) => "a deleted name is free again after 30 days: take another name",
        (_, Some(2_388_024)) => "it is there already: edit it, or `roost templates sync`",
        (_, Some(2_388_039)) => "it is in review: wait until that is over",
        _ => return TemplateError::Refused(quoted),
    };
    TemplateError::Refused(format!("{quoted}. What to do: {advice}"))
}

impl Stored {
    /// Of an item of Meta's list.
    pub(super) fn listed(account: &str, json: &Value) -> Option<Self> {
        let word = |key: &str| json[key].as_str().map(str::to_owned);
        let upper = |key: &str| word(key).map(|word| word.to_ascii_uppercase());
        let id = word("id").or_else(|| json["id"].as_u64().map(|id| id.to_string()))?;
        let quality = &json["quality_score"];
        let quality = quality["score"].as_str().or(quality.as_str());
        let reason = word("rejected_reason").filter(|reason| reason != "NONE");
        Some(Self {
            waba_id: account.to_owned(),
            template_id: id,
            name: word("name").filter(|name| is_name(name))?,
            language: word("language")?.replace('-', "_"),
            category: upper("category").unwrap_or_default(),
            status: upper("status").unwrap_or_default(),
            parameter_format: upper("parameter_format").unwrap_or_else(|| "POSITIONAL".to_owned()),
            components: match &json["components"] {
                Value::Array(components) => json!(components).to_string(),
                _ => "[]".to_owned(),
            },
            send_ttl_seconds: json["message_send_ttl_seconds"]
                .as_i64()
                .and_then(|seconds| i32::try_from(seconds).ok()),
            sub_category: word("sub_category"),
            previous_category: word("previous_category"),
            correct_category: word("correct_category"),
            quality: quality
                .filter(|score| *score != "UNKNOWN")
                .map(str::to_owned),
            rejected_reason: reason,
            said: None,
            status_at: None,
            seen_at: Default::default(),
        })
    }
}
