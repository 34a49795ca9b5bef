//! Calls to Meta about Flows and about the key of their endpoints, with a project's token.

use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::FlowError;
use super::model::MetaProblem;
use crate::whatsapp::{AccessToken, GraphClient, GraphError, GraphRequest, GraphResponse, Outcome};

/// What Meta is asked of each Flow.
const FIELDS: &str =
    "id,name,status,categories,validation_errors,json_version,data_api_version,endpoint_uri";

/// Pages of a list that are read: more than any account has.
const MOST_PAGES: usize = 100;

/// An account, as one project's token reaches it.
pub(super) struct Meta<'a> {
    pub(super) client: &'a GraphClient,
    pub(super) account: &'a str,
    pub(super) token: AccessToken,
}

/// A Flow, as Meta describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct MetaFlow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) categories: Vec<String>,
    pub(super) json_version: Option<String>,
    pub(super) data_api_version: Option<String>,
    pub(super) endpoint_uri: Option<String>,
    pub(super) validation_errors: Vec<MetaProblem>,
}

/// Where a Flow can be looked at without WhatsApp.
#[derive(Clone, Debug, Deserialize)]
pub struct Preview {
    pub preview_url: String,
    /// As Meta writes it.
    pub expires_at: Option<String>,
}

/// The key that Meta has of a number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetaKey {
    pub(super) business_public_key: String,
    /// `VALID` or `MISMATCH`.
    pub(super) business_public_key_signature_status: Option<String>,
}

/// Which numbers of a Flow's endpoint are asked for.
#[derive(Clone, Debug)]
pub struct MetricQuery {
    /// Meta's word, as `ENDPOINT_REQUEST_COUNT`.
    pub metric: String,
    /// `DAY`, `HOUR` or `LIFETIME`.
    pub granularity: String,
    pub since: Option<String>,
    pub until: Option<String>,
}

impl Meta<'_> {
    pub(super) async fn list(&self) -> Result<Vec<MetaFlow>, FlowError> {
        let (mut found, mut after) = (Vec::new(), String::new());
        for _ in 0..MOST_PAGES {
            let path = format!("{}/flows?fields={FIELDS}&limit=100{after}", self.account);
            let page = self.get(&path).await?;
            let data = page["data"].as_array().into_iter().flatten();
            found.extend(data.map(MetaFlow::read));
            let cursor = page["paging"]["cursors"]["after"].as_str();
            let Some(cursor) = cursor.filter(|_| page["paging"]["next"].is_string()) else {
                break;
            };
            let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            after = format!("&after={cursor}");
        }
        Ok(found)
    }

    pub(super) async fn flow(&self, id: &str) -> Result<MetaFlow, FlowError> {
        let flow = self.get(&format!("{id}?fields={FIELDS}")).await?;
        Ok(MetaFlow::read(&flow))
    }

    /// Makes a draft without JSON: what is uploaded afterwards may be wrong, and the Flow is there.
    pub(super) async fn create(
        &self,
        name: &str,
        categories: &[String],
        endpoint_uri: Option<&str>,
    ) -> Result<String, FlowError> {
        let mut body = json!({ "name": name, "categories": categories });
        if let Some(uri) = endpoint_uri {
            body["endpoint_uri"] = uri.into();
        }
        let made = self.post(&format!("{}/flows", self.account), &body).await?;
        let id = made["id"].as_str().map(str::to_owned);
        id.or_else(|| made["id"].as_u64().map(|id| id.to_string()))
            .ok_or_else(|| FlowError::Later("Meta's answer names no Flow".to_owned()))
    }

    pub(super) async fn change(
        &self,
        id: &str,
        categories: &[String],
        endpoint_uri: Option<&str>,
    ) -> Result<(), FlowError> {
        let mut body = json!({ "categories": categories });
        if let Some(uri) = endpoint_uri {
            body["endpoint_uri"] = uri.into();
        }
        self.post(id, &body).await.map(drop)
    }

    /// Uploads Flow JSON, and says what Meta has against it.
    pub(super) async fn upload(&self, id: &str, json: &str) -> Result<Vec<MetaProblem>, FlowError> {
        let boundary = boundary(json);
        let mut body = String::new();
        for (name, value) in [("name", "flow.json"), ("asset_type", "FLOW_JSON")] {
            body.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"flow.json\"\r\n\
             Content-Type: application/json\r\n\r\n{json}\r\n--{boundary}--\r\n"
        ));
        let kind = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
        let kind = kind.map_err(|error| FlowError::Later(error.to_string()))?;
        let request = GraphRequest {
            method: Method::POST,
            version: None,
            path: format!("{id}/assets"),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]),
            body: body.into(),
        };
        let answer = self.ask(&request).await?;
        Ok(problems(&answer["validation_errors"]))
    }

    /// The JSON that Meta has of a Flow.
    pub(super) async fn json(&self, id: &str) -> Result<String, FlowError> {
        let assets = self.get(&format!("{id}/assets")).await?;
        let assets = assets["data"].as_array().into_iter().flatten();
        let mut urls = assets
            .filter(|asset| asset["asset_type"] == "FLOW_JSON")
            .filter_map(|asset| asset["download_url"].as_str());
        let Some(url) = urls.next() else {
            return Err(FlowError::Refused(
                "Meta has no JSON of this Flow yet: push one first".to_owned(),
            ));
        };
        match self.client.download(url).await {
            Outcome::Answered(answer) if answer.status.is_success() => {
                String::from_utf8(answer.body.to_vec()).map_err(|_| {
                    FlowError::Later("the JSON that Meta has of the Flow is not UTF-8".to_owned())
                })
            }
            Outcome::Answered(answer) => Err(FlowError::Later(format!(
                "Meta answered with status {} for the Flow's JSON",
                answer.status.as_u16()
            ))),
            Outcome::NotSent(why) | Outcome::Unknown(why) => Err(unreachable(&why)),
        }
    }

    pub(super) async fn publish(&self, id: &str) -> Result<(), FlowError> {
        let path = format!("{id}/publish");
        self.post(&path, &json!({})).await.map(drop)
    }

    pub(super) async fn deprecate(&self, id: &str) -> Result<(), FlowError> {
        let path = format!("{id}/deprecate");
        self.post(&path, &json!({})).await.map(drop)
    }

    pub(super) async fn delete(&self, id: &str) -> Result<(), FlowError> {
        let request = bare(Method::DELETE, id);
        self.ask(&request).await.map(drop)
    }

    pub(super) async fn preview(&self, id: &str, is_new: bool) -> Result<Preview, FlowError> {
        let path = format!("{id}?fields=preview.invalidate({is_new})");
        let answer = self.get(&path).await?;
        serde_json::from_value(answer["preview"].clone())
            .map_err(|_| FlowError::Later("Meta's answer has no preview".to_owned()))
    }

    /// The numbers of an endpoint, as Meta has them.
    pub(super) async fn metrics(&self, id: &str, query: &MetricQuery) -> Result<Value, FlowError> {
        let mut field = format!(
            "metric.name({}).granularity({})",
            query.metric, query.granularity
        );
        for (name, day) in [("since", &query.since), ("until", &query.until)] {
            if let Some(day) = day {
                field.push_str(&format!(".{name}({day})"));
            }
        }
        let answer = self.get(&format!("{id}?fields={field}")).await?;
        Ok(answer["metric"].clone())
    }

    /// The key that Meta has of a number, if it has one.
    pub(super) async fn key(&self, number: &str) -> Result<Option<MetaKey>, FlowError> {
        let answer = self
            .get(&format!("{number}/whatsapp_business_encryption"))
            .await?;
        // Some versions have it in a list.
        let key = match answer["data"].as_array() {
            Some(list) => list.first().cloned().unwrap_or(Value::Null),
            None => answer,
        };
        let key: MetaKey = serde_json::from_value(key).unwrap_or_default();
        Ok((!key.business_public_key.is_empty()).then_some(key))
    }

    pub(super) async fn set_key(&self, number: &str, public_key: &str) -> Result<(), FlowError> {
        let path = format!("{number}/whatsapp_business_encryption");
        let body = json!({ "business_public_key": public_key });
        self.post(&path, &body).await.map(drop)
    }

    async fn get(&self, path: &str) -> Result<Value, FlowError> {
        self.ask(&bare(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, FlowError> {
        self.ask(&GraphRequest::json(Method::POST, path, body))
            .await
    }

    async fn ask(&self, request: &GraphRequest) -> Result<Value, FlowError> {
        let answer = match self.client.call(&self.token, request).await {
            Outcome::Answered(answer) => answer,
            Outcome::NotSent(why) => return Err(unreachable(&why)),
            Outcome::Unknown(why) => {
                return Err(FlowError::Later(format!(
                    "Meta's answer was lost ({why}): `roost flows sync` shows what it did"
                )));
            }
        };
        if let Some(error) = GraphError::read(&answer) {
            return Err(refusal(&answer, &error));
        }
        let json = serde_json::from_slice(&answer.body).ok();
        json.filter(|_| answer.status.is_success()).ok_or_else(|| {
            FlowError::Later(format!(
                "Meta answered with status {}",
                answer.status.as_u16()
            ))
        })
    }
}

impl MetaFlow {
    fn read(json: &Value) -> Self {
        let word = |key: &str| json[key].as_str().map(str::to_owned);
        let categories = json["categories"].as_array().into_iter().flatten();
        Self {
            id: word("id").unwrap_or_default(),
            name: word("name").unwrap_or_default(),
            status: word("status").unwrap_or_else(|| "DRAFT".to_owned()),
            categories: categories
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            json_version: word("json_version"),
            data_api_version: word("data_api_version"),
            endpoint_uri: word("endpoint_uri").filter(|uri| !uri.is_empty()),
            validation_errors: problems(&json["validation_errors"]),
        }
    }
}

fn bare(method: Method, path: &str) -> GraphRequest {
    GraphRequest {
        method,
        version: None,
        path: path.to_owned(),
        headers: HeaderMap::new(),
        body: Default::default(),
    }
}

/// What Meta found wrong, each with the first of its places.
fn problems(list: &Value) -> Vec<MetaProblem> {
    let list = list.as_array().into_iter().flatten();
    let read = |json: &Value| {
        let mut problem: MetaProblem = serde_json::from_value(json.clone()).unwrap_or_default();
        let pointer = &json["pointers"][0];
        problem.path = pointer["path"].as_str().map(str::to_owned);
        problem
    };
    list.map(read).collect()
}

/// What does not come in a text.
fn boundary(text: &str) -> String {
    loop {
        let boundary = format!("roost{:032x}", rand::random::<u128>());
        if !text.contains(&boundary) {
            return boundary;
        }
    }
}

fn unreachable(why: &str) -> FlowError {
    FlowError::Later(format!("Meta cannot be reached: {why}"))
}

/// A refusal in words: what Meta said, and what to do.
fn refusal(answer: &GraphResponse, error: &GraphError) -> FlowError {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let title = json["error"]["error_user_title"].as_str();
    let said = [
        title,
        error.details.as_deref(),
        Some(error.message.as_str()),
    ];
    let said = said.into_iter().flatten().find(|text| !text.is_empty());
    let said = said.unwrap_or_default().trim_end_matches('.');
    let details = error
        .details
        .as_deref()
        .filter(|text| !text.is_empty() && *text != said);
    let details = details.map_or_else(String::new, |text| {
        format!(": {}", text.trim_end_matches('.'))
    });
    let is_later = error.is_transient
        || error.status >= 500
        || error.status == 429
        || matches!(error.code, 1 | 2 | 4 | 80_007 | 130_429 | 131_000 | 131_016);
    let advice = advice(error.code, said);
    let sentence = format!(
        "Meta said “{said}{details}” (code {}). {advice}",
        error.code
    );
    match is_later {
        true => FlowError::Later(sentence),
        false if error.code == 100 && is_name_taken(said, details.as_str()) => {
            FlowError::NameTaken(sentence)
        }
        false => FlowError::Refused(sentence),
    }
}

fn is_name_taken(title: &str, details: &str) -> bool {
    let said = format!("{title} {details}").to_lowercase();
    said.contains("name") && said.contains("unique")
}

fn advice(code: i32, said: &str) -> &'static str {
    let said = said.to_lowercase();
    match code {
        0 | 102 | 104 | 190 => {
            "What to do: make a token of a system user in Business settings, and connect the number again with it."
        }
        3 | 10 | 200..=299 | 131_005 => {
            "What to do: make the number's token with the permission whatsapp_business_management."
        }
        139_000 => {
            "What to do: see the account's quality in WhatsApp Manager, and ask there for a review."
        }
        139_001 => {
            "What to do: wait until Meta has worked on the Flow, or push it under another name."
        }
        139_002 if said.contains("endpoint") || said.contains("health") => {
            "What to do: see that Meta reaches the host's public address over https, and publish it again."
        }
        139_002 => {
            "What to do: mend what `roost flows show` lists, see that the number is connected, and publish it again."
        }
        139_003 => "Only a published Flow is deprecated.",
        139_004 => "Only a draft is deleted: `roost flows deprecate` ends a published Flow.",
        139_006 => "Meta tells numbers of a Flow that had 250 requests or more.",
        _ => "Meta's list of error codes for Flows says more.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &Value) -> GraphResponse {
        GraphResponse {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_string().into(),
        }
    }

    #[test]
    fn refusals_say_what_meta_said_and_what_to_do() {
        let body = json!({ "error": {
            "message": "Invalid parameter", "type": "OAuthException", "code": 139_004,
            "error_user_title": "Can't delete published Flow",
            "error_user_msg": "You can delete only Flows with draft status.",
        }});
        let answer = answer(400, &body);
        let error = GraphError::read(&answer).unwrap();
        let FlowError::Refused(said) = refusal(&answer, &error) else {
            panic!("not refused");
        };
        assert_eq!(
            said,
            "Meta said “Can't delete published Flow: You can delete only Flows with draft status” (code 139004). \
             Only a draft is deleted: `roost flows deprecate` ends a published Flow."
        );
    }

    #[test]
    fn a_name_that_is_taken_and_what_passes_are_told_apart() {
        let of = |status, body: Value| {
            let answer = answer(status, &body);
            let error = GraphError::read(&answer).unwrap();
            refusal(&answer, &error)
        };
        let taken = json!({ "error": { "code": 100, "message": "Invalid parameter",
            "error_user_title": "Flow name is not unique", "error_user_msg": "Choose another name." }});
        assert!(matches!(of(400, taken), FlowError::NameTaken(_)));
        let busy = json!({ "error": { "code": 4, "message": "Too many" }});
        assert!(matches!(of(400, busy), FlowError::Later(_)));
        let token = json!({ "error": { "code": 190, "message": "Invalid OAuth access token" }});
        assert!(
            matches!(of(401, token), FlowError::Refused(said) if said.contains("connect the number again"))
        );
    }

    #[test]
    fn metas_problems_have_their_place_and_path() {
        let found = problems(
            &json!([{ "error": "INVALID_PROPERTY_VALUE", "error_type": "FLOW_JSON_ERROR",
            "message": "Invalid value found for property 'type'", "line_start": 10, "line_end": 10,
            "column_start": 21, "column_end": 34,
            "pointers": [{ "line_start": 10, "path": "screens[0].layout.children[0].type" }] }]),
        );
        assert_eq!(found[0].line_start, Some(10));
        assert_eq!(
            found[0].path.as_deref(),
            Some("screens[0].layout.children[0].type")
        );
    }
}
