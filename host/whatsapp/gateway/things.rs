//! Templates and Flows of an account, which projects may share: each bot sees and names its project's own.

use bytes::Bytes;
use http::{Method, header};
use serde_json::Value;

use super::access::{Named, TemplateName};
use super::offers::Node;
use super::refused::{Refused, shown};
use super::{Gateway, GatewayError, Scope, settled};
use crate::accounts::{Kind, Owner};
use crate::projects::ProjectId;
use crate::whatsapp::client::{GraphRequest, GraphResponse};
use crate::whatsapp::outbox::SendContext;

/// A name that a request made the project's: what was not made gives it back.
pub(super) struct Claimed {
    account: String,
    name: String,
}

impl Gateway {
    /// Looks whether an id that is a template's or a Flow's is the project's.
    pub(super) async fn thing(
        &self,
        context: &SendContext,
        id: &str,
    ) -> Result<Node, GatewayError> {
        let project = ProjectId(context.attempt().project_id);
        for (account, name) in self.store.templates_of(id).await? {
            let owner = self.accounts.owner_of(&account, Kind::Template, &name);
            // The only project of another account owns nothing here.
            if owner.await?.is(project) && self.accounts.of(project).await? == Some(account) {
                return Ok(Node::Object);
            }
        }
        match self.store.has_flow(project.0, id).await? {
            true => Ok(Node::Object),
            false => Err(Refused::NotYours(shown(id)).into()),
        }
    }

    /// Looks at the id of a template in a parameter. Of one that nobody knows Meta says what it is called.
    pub(super) async fn template_id(
        &self,
        context: &SendContext,
        scope: &Scope,
        named: &Named,
    ) -> Result<(), GatewayError> {
        let denied = || GatewayError::from(Refused::NotYours(named.id.clone()));
        let Some(account) = self.account(context, scope).await? else {
            return Err(denied());
        };
        let request = GraphRequest {
            method: Method::GET,
            version: None,
            path: format!("{}?fields=id,name,language", named.id),
            headers: Default::default(),
            body: Bytes::new(),
        };
        let project = context.attempt().project_id;
        let call = self
            .client
            .call_of(Some(project), context.token(), &request);
        let answer = settled(call.await)?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let name = json["name"]
            .as_str()
            .filter(|_| json["language"].is_string());
        let Some(name) = name.filter(|_| answer.status.is_success()) else {
            return Err(denied());
        };
        let owner = self
            .accounts
            .owner_of(&account, Kind::Template, name)
            .await?;
        match owner.is(ProjectId(project)) {
            true => Ok(self
                .store
                .remember(project, std::slice::from_ref(&named.id))
                .await?),
            false => Err(denied()),
        }
    }

    /// Looks at the name of a template; a new one becomes the project's, if it is free.
    pub(super) async fn template_name(
        &self,
        context: &SendContext,
        scope: &Scope,
        named: &TemplateName,
    ) -> Result<Option<Claimed>, GatewayError> {
        let project = ProjectId(context.attempt().project_id);
        let denied = || GatewayError::from(Refused::Template(shown(&named.name)));
        let Some(account) = self.account(context, scope).await? else {
            // Nothing is known of an account: Meta knows the number's.
            return Ok(None);
        };
        let kind = Kind::Template;
        let owner = self.accounts.owner_of(&account, kind, &named.name).await?;
        if owner.is(project) && !named.is_new {
            return Ok(None);
        }
        if !named.is_new || matches!(owner, Owner::Project(other) if other != project) {
            return Err(denied());
        }
        if owner == Owner::Operator && self.has_template(context, &account, &named.name).await? {
            return Err(denied());
        }
        let names = [named.name.clone()];
        let own = self.accounts.claim(&account, kind, &names, project).await?;
        match (own.is_empty(), owner) {
            (true, _) => Err(denied()),
            (false, Owner::Project(_)) => Ok(None),
            (false, Owner::Operator) => Ok(Some(Claimed {
                account,
                name: named.name.clone(),
            })),
        }
    }

    /// Gives a name back, because Meta refused what was to have it.
    pub(super) async fn give_back(
        &self,
        context: &SendContext,
        claimed: &Claimed,
    ) -> Result<(), sqlx::Error> {
        let project = ProjectId(context.attempt().project_id);
        let Claimed { account, name } = claimed;
        self.accounts
            .release(account, Kind::Template, name, project)
            .await
    }

    /// What was made is the project's.
    pub(super) async fn made(
        &self,
        context: &SendContext,
        account: &str,
        kind: Kind,
        ids: &[String],
    ) -> Result<(), sqlx::Error> {
        // A template is claimed by its name, before it is made.
        if kind == Kind::Flow {
            let project = ProjectId(context.attempt().project_id);
            self.accounts.claim(account, kind, ids, project).await?;
        }
        Ok(())
    }

    /// The part of a list that is the project's own.
    pub(super) async fn narrowed(
        &self,
        context: &SendContext,
        account: &str,
        kind: Kind,
        mut answer: GraphResponse,
    ) -> Result<GraphResponse, sqlx::Error> {
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let Some(Value::Object(mut json)) = json.filter(|_| answer.status.is_success()) else {
            if answer.status.is_success() {
                answer.body = Bytes::from_static(b"{\"data\":[]}");
            }
            return Ok(answer);
        };
        let key = match kind {
            Kind::Template => "name",
            Kind::Flow | Kind::Webhooks => "id",
        };
        let items = match json.remove("data") {
            Some(Value::Array(items)) => items,
            // There is no list in it.
            None => return Ok(answer),
            Some(_) => Vec::new(),
        };
        let keys: Vec<String> = items
            .iter()
            .filter_map(|item| item[key].as_str().map(str::to_owned))
            .collect();
        let owners = self.accounts.owners_of(account, kind, &keys).await?;
        let project = ProjectId(context.attempt().project_id);
        let is_own = |item: &Value| {
            let owner = item[key].as_str().and_then(|key| owners.get(key));
            owner.is_some_and(|owner| owner.is(project))
        };
        let count = items.len();
        let own: Vec<Value> = items.into_iter().filter(is_own).collect();
        // What is the only project's of the account stays its own when another one comes.
        let keys = own
            .iter()
            .filter_map(|item| item[key].as_str().map(str::to_owned));
        let keys: Vec<String> = keys.collect();
        if !keys.is_empty() {
            self.accounts.claim(account, kind, &keys, project).await?;
        }
        if own.len() == count && !json.contains_key("summary") {
            return Ok(answer);
        }
        json.remove("summary");
        json.insert("data".to_owned(), Value::Array(own));
        answer.body = Bytes::from(Value::Object(json).to_string());
        answer.headers.remove(header::CONTENT_LENGTH);
        Ok(answer)
    }

    /// The account of the project.
    async fn account(
        &self,
        context: &SendContext,
        scope: &Scope,
    ) -> Result<Option<String>, sqlx::Error> {
        match &scope.waba_id {
            Some(account) => Ok(Some(account.clone())),
            None => {
                let project = ProjectId(context.attempt().project_id);
                self.accounts.of(project).await
            }
        }
    }

    /// Whether the account has a template of this name, in any language.
    async fn has_template(
        &self,
        context: &SendContext,
        account: &str,
        name: &str,
    ) -> Result<bool, GatewayError> {
        let request = GraphRequest {
            method: Method::GET,
            version: None,
            path: format!("{account}/message_templates?fields=id,name&limit=100&name={name}"),
            headers: Default::default(),
            body: Bytes::new(),
        };
        let project = Some(context.attempt().project_id);
        let call = self.client.call_of(project, context.token(), &request);
        let answer = settled(call.await)?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let items = json["data"]
            .as_array()
            .filter(|_| answer.status.is_success());
        // Who cannot be told, or not all of it, may not take it.
        let is_all = json["paging"]["next"].is_null();
        Ok(!is_all || items.is_none_or(|items| items.iter().any(|item| item["name"] == name)))
    }
}
