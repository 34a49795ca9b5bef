//! Somebody with a token, who uses the admin API.

use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::test_host::ADMIN_TOKEN;
use super::{RoostProcess, TestHost};

/// A token, and where it is shown.
#[derive(Clone)]
pub(in crate::host) struct Operator {
    pub(in crate::host) base: String,
    pub(in crate::host) token: String,
    client: reqwest::Client,
}

/// What the API answered.
#[derive(Debug)]
pub(in crate::host) struct Answered {
    pub(in crate::host) status: StatusCode,
    pub(in crate::host) headers: HeaderMap,
    pub(in crate::host) text: String,
}

impl TestHost {
    /// The operator with the host's own token.
    pub(in crate::host) fn operator(&self) -> Operator {
        Operator::at(format!("http://{}", self.app().admin_address()))
    }
}

impl Operator {
    /// The operator with the own token of a host that is a process.
    pub(in crate::host) fn of(process: &RoostProcess) -> Self {
        Self::at(process.admin.clone())
    }

    /// The operator with the own token of a host whose admin API is there.
    pub(in crate::host) fn at(base: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            base,
            token: ADMIN_TOKEN.to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// Somebody else, who has this token.
    pub(in crate::host) fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// A project, once its provisioning is over.
    pub(in crate::host) async fn ready(&self, project: &str) -> Value {
        super::eventually("the project is provisioned", async || {
            let project = self.get(&format!("/v1/projects/{project}")).await.ok();
            (project["status"] != "provisioning").then_some(project)
        })
        .await
    }

    pub(in crate::host) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        let request = self.client.request(method, url);
        match self.token.as_str() {
            "" => request,
            token => request.bearer_auth(token),
        }
    }

    pub(in crate::host) async fn get(&self, path: &str) -> Answered {
        answered(self.request(Method::GET, path)).await
    }

    pub(in crate::host) async fn delete(&self, path: &str) -> Answered {
        answered(self.request(Method::DELETE, path)).await
    }

    pub(in crate::host) async fn post(&self, path: &str, body: &Value) -> Answered {
        answered(self.request(Method::POST, path).json(body)).await
    }

    pub(in crate::host) async fn patch(&self, path: &str, body: &Value) -> Answered {
        answered(self.request(Method::PATCH, path).json(body)).await
    }

    pub(in crate::host) async fn put(&self, path: &str, body: &Value) -> Answered {
        answered(self.request(Method::PUT, path).json(body)).await
    }
}

pub(in crate::host) async fn answered(request: reqwest::RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    Answered {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

impl Answered {
    /// The body, when all was well.
    #[track_caller]
    pub(in crate::host) fn ok(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        match self.text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap(),
        }
    }

    /// The status and the problem's code.
    #[track_caller]
    pub(in crate::host) fn refusal(&self) -> (u16, String) {
        let kind = &self.headers["content-type"];
        assert_eq!(kind, "application/problem+json", "{}", self.text);
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(
            problem["request_id"].as_str(),
            self.headers["x-request-id"].to_str().ok()
        );
        let code = problem["code"].as_str().unwrap().to_owned();
        (self.status.as_u16(), code)
    }

    /// What people read.
    #[track_caller]
    pub(in crate::host) fn detail(&self) -> String {
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        problem["detail"].as_str().unwrap().to_owned()
    }
}
