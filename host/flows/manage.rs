//! What operators and authors do with a project's Flows: each is done at Meta, and then written down.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::meta::{Meta, MetaFlow, MetricQuery, Preview};
use super::model::{Endpoint, EndpointWish, Flow, FlowName, KeyCard, Wanted};
use super::store::Row;
use super::{FlowError, Flows, json, owners};
use crate::projects::{Number, Project, ProjectId};
use crate::whatsapp::AccessToken;

/// Where a Flow belongs that says nothing else.
const USUAL_CATEGORY: &str = "OTHER";
const MOST_CATEGORIES: usize = 9;

/// What became of a push.
#[derive(Debug)]
pub struct Pushed {
    pub flow: Flow,
    /// Whether Meta had none before.
    pub is_new: bool,
    /// What the local check has to say, and no error.
    pub warnings: Vec<json::Problem>,
}

/// What a comparison with Meta brought.
#[derive(Debug, Default)]
pub struct Synced {
    /// Those that Meta has and the project had not.
    pub found: Vec<FlowName>,
    /// Those that Meta has no more.
    pub gone: Vec<FlowName>,
    /// Those that are what they were, and those that are not.
    pub seen: usize,
}

impl Flows {
    /// Makes a Flow at Meta, or changes it: a draft, until it is published.
    ///
    /// Fails with [`FlowError::NotValid`] before anything goes out. What Meta has against the JSON is in the Flow.
    pub async fn push(
        &self,
        project: &Project,
        name: &FlowName,
        wanted: &Wanted,
    ) -> Result<Pushed, FlowError> {
        let report = json::check(&wanted.json);
        if !report.is_good() {
            return Err(FlowError::NotValid(report));
        }
        let before = self.0.store.find(project.project_id, name.as_str()).await?;
        let categories = categories(wanted, before.as_ref())?;
        let route = route(wanted, before.as_ref())?;
        let number = self.number(project).await?;
        let meta = self.meta(&number);
        let before = before.filter(|flow| flow.waba_id == number.waba_id);
        let (endpoint, uri) = self.endpoint(project, name, wanted, &report, before.as_ref())?;
        if endpoint == Endpoint::Host {
            let (keys, id) = (&self.0.keys, &number.phone_number_id);
            keys.ensure(project.project_id, &meta, id).await?;
        }
        let is_new = before.is_none();
        let (flow_id, meta_name) = match &before {
            Some(flow) => {
                if flow.categories != categories || flow.endpoint_uri != uri {
                    meta.change(&flow.flow_id, &categories, uri.as_deref())
                        .await?;
                }
                (flow.flow_id.clone(), flow.meta_name.clone())
            }
            None => {
                let made = self
                    .create(project, name, &categories, uri.as_deref(), &meta)
                    .await?;
                if !owners::claim(&self.0.accounts, meta.account, &made.0, project.project_id)
                    .await?
                {
                    return Err(FlowError::Later(
                        "Meta's answer names a Flow of another project".to_owned(),
                    ));
                }
                // From here on it is the project's, whatever becomes of the upload.
                let row = Row {
                    name,
                    waba_id: meta.account,
                    flow_id: &made.0,
                    meta_name: &made.1,
                    status: "DRAFT",
                    categories: &categories,
                    json_version: None,
                    data_api_version: None,
                    endpoint,
                    endpoint_uri: uri.as_deref(),
                    route: route.as_deref(),
                    json: None,
                    validation_errors: &[],
                };
                self.save(project.project_id, &row).await?;
                made
            }
        };
        let problems = meta.upload(&flow_id, &wanted.json).await?;
        let now = meta.flow(&flow_id).await?;
        let digest = digest(&wanted.json);
        let row = Row {
            name,
            waba_id: meta.account,
            flow_id: &flow_id,
            meta_name: &meta_name,
            status: &now.status,
            categories: &categories,
            json_version: report.version.as_deref(),
            data_api_version: report.data_api_version.as_deref(),
            endpoint,
            endpoint_uri: uri.as_deref(),
            route: route.as_deref(),
            json: Some((&wanted.json, &digest)),
            validation_errors: &problems,
        };
        let flow = self.save(project.project_id, &row).await?;
        Ok(Pushed {
            flow,
            is_new,
            warnings: report.problems,
        })
    }

    /// A draft at Meta, by a name that is not taken there. Gives its id and name.
    async fn create(
        &self,
        project: &Project,
        name: &FlowName,
        categories: &[String],
        uri: Option<&str>,
        meta: &Meta<'_>,
    ) -> Result<(String, String), FlowError> {
        let own = name.to_string();
        match meta.create(&own, categories, uri).await {
            Ok(id) => Ok((id, own)),
            // Another project of the account may call one of its own so.
            Err(FlowError::NameTaken(_)) => {
                let other = format!("{own} ({})", project.name);
                let id = meta.create(&other, categories, uri).await?;
                Ok((id, other))
            }
            Err(error) => Err(error),
        }
    }

    fn endpoint(
        &self,
        project: &Project,
        name: &FlowName,
        wanted: &Wanted,
        report: &json::Report,
        before: Option<&Flow>,
    ) -> Result<(Endpoint, Option<String>), FlowError> {
        if report.data_api_version.is_none() {
            return match &wanted.endpoint {
                EndpointWish::Own(_) => Err(FlowError::Setting(
                    "the Flow has no `data_api_version`, so nobody would ask its endpoint"
                        .to_owned(),
                )),
                EndpointWish::Kept | EndpointWish::Host => Ok((Endpoint::None, None)),
            };
        }
        let own = match (&wanted.endpoint, before) {
            (EndpointWish::Own(uri), _) => Some(uri.clone()),
            (EndpointWish::Kept, Some(flow)) if flow.endpoint == Endpoint::Own => {
                flow.endpoint_uri.clone()
            }
            _ => None,
        };
        if let Some(uri) = own {
            let is_address = url::Url::parse(&uri)
                .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
            return match is_address {
                true => Ok((Endpoint::Own, Some(uri))),
                false => Err(FlowError::Setting(
                    "a Flow's endpoint is an address such as https://example.com/flow".to_owned(),
                )),
            };
        }
        let uri = self.0.addresses.of(&project.name, name);
        uri.map(|uri| (Endpoint::Host, Some(uri)))
            .ok_or(FlowError::NoAddress)
    }

    /// Has Meta publish what was uploaded last.
    pub async fn publish(&self, project: &Project, name: &str) -> Result<Flow, FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        let meta = self.meta(&number);
        if flow.endpoint == Endpoint::Host {
            let (keys, id) = (&self.0.keys, &number.phone_number_id);
            keys.ensure(project.project_id, &meta, id).await?;
        }
        meta.publish(&flow.flow_id).await?;
        self.0
            .store
            .published(project.project_id, &flow.name)
            .await?;
        self.look(project.project_id, &flow, &meta).await
    }

    /// Ends a published Flow: nobody can open it any more.
    pub async fn deprecate(&self, project: &Project, name: &str) -> Result<Flow, FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        let meta = self.meta(&number);
        meta.deprecate(&flow.flow_id).await?;
        self.look(project.project_id, &flow, &meta).await
    }

    /// Deletes a draft.
    pub async fn delete(&self, project: &Project, name: &str) -> Result<(), FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        self.meta(&number).delete(&flow.flow_id).await?;
        let (accounts, id) = (&self.0.accounts, project.project_id);
        owners::release(accounts, &flow.waba_id, &flow.flow_id, id).await?;
        Ok(self.0.store.forget(id, &flow.name).await?)
    }

    /// A Flow as Meta has it now.
    pub async fn refresh(&self, project: &Project, name: &str) -> Result<Flow, FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        self.look(project.project_id, &flow, &self.meta(&number))
            .await
    }

    /// A page on which a Flow can be tried.
    pub async fn preview(
        &self,
        project: &Project,
        name: &str,
        is_new: bool,
    ) -> Result<Preview, FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        self.meta(&number).preview(&flow.flow_id, is_new).await
    }

    /// Numbers of a Flow's endpoint.
    pub async fn metrics(
        &self,
        project: &Project,
        name: &str,
        query: &MetricQuery,
    ) -> Result<Value, FlowError> {
        let is_word = |text: &str| {
            (1..=60).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        };
        let is_day = |text: &String| {
            text.len() == 10
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'-')
        };
        let days = [&query.since, &query.until];
        if !is_word(&query.metric) || !is_word(&query.granularity) {
            return Err(FlowError::Setting(
                "metrics and their granularity are Meta's words, as ENDPOINT_REQUEST_COUNT and DAY"
                    .to_owned(),
            ));
        }
        if !days.into_iter().flatten().all(is_day) {
            return Err(FlowError::Setting(
                "a day is written as 2026-12-31".to_owned(),
            ));
        }
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        self.meta(&number).metrics(&flow.flow_id, query).await
    }

    /// A Flow's JSON as Meta has it.
    pub async fn json(&self, project: &Project, name: &str) -> Result<String, FlowError> {
        let flow = self.find(project.project_id, name).await?;
        let number = self.number(project).await?;
        match self.meta(&number).json(&flow.flow_id).await {
            Err(FlowError::Later(why)) => {
                let kept = self.0.store.json(project.project_id, &flow.name).await?;
                kept.ok_or(FlowError::Later(why))
            }
            other => other,
        }
    }

    /// Compares the project's Flows with Meta's. Only those are found that are the project's. Meta learns again where
    /// endpoints of this host are, and their key: a number may have been registered anew, or a project renamed.
    pub async fn sync(&self, project: &Project) -> Result<Synced, FlowError> {
        let id = project.project_id;
        let number = self.number(project).await?;
        let meta = self.meta(&number);
        let theirs = meta.list().await?;
        let ids: Vec<String> = theirs.iter().map(|flow| flow.id.clone()).collect();
        let own = owners::own(&self.0.accounts, meta.account, &ids, id).await?;
        let mut known = self.0.store.page(id, None, i64::MAX).await?;
        let mut names: BTreeSet<String> = known.iter().map(|flow| flow.name.to_string()).collect();
        let mut synced = Synced::default();
        let mut has_endpoint = false;
        for flow in theirs.iter().filter(|flow| own.contains(&flow.id)) {
            if let Some(at) = known.iter().position(|known| known.flow_id == flow.id) {
                let known = known.remove(at);
                let mut flow = flow.clone();
                if known.endpoint == Endpoint::Host {
                    has_endpoint = true;
                    let uri = self.0.addresses.of(&project.name, &known.name);
                    if uri.is_some() && uri != flow.endpoint_uri {
                        let (id, categories) = (&flow.id, &flow.categories);
                        meta.change(id, categories, uri.as_deref()).await?;
                        flow.endpoint_uri = uri;
                    }
                }
                self.told(id, &known, &flow).await?;
                synced.seen += 1;
                continue;
            }
            let name = named(&flow.name, &names)?;
            names.insert(name.to_string());
            owners::claim(&self.0.accounts, meta.account, &flow.id, id).await?;
            let uri = flow.endpoint_uri.as_deref();
            let is_host =
                uri.is_some() && uri == self.0.addresses.of(&project.name, &name).as_deref();
            let endpoint = match (uri, is_host) {
                (None, _) => Endpoint::None,
                (Some(_), true) => Endpoint::Host,
                (Some(_), false) => Endpoint::Own,
            };
            let row = Row {
                name: &name,
                waba_id: meta.account,
                flow_id: &flow.id,
                meta_name: &flow.name,
                status: &flow.status,
                categories: &flow.categories,
                json_version: flow.json_version.as_deref(),
                data_api_version: flow.data_api_version.as_deref(),
                endpoint,
                endpoint_uri: uri,
                route: None,
                json: None,
                validation_errors: &flow.validation_errors,
            };
            self.save(id, &row).await?;
            synced.found.push(name);
        }
        for flow in known {
            self.0.store.forget(id, &flow.name).await?;
            owners::release(&self.0.accounts, &flow.waba_id, &flow.flow_id, id).await?;
            synced.gone.push(flow.name);
        }
        if has_endpoint {
            let (keys, number) = (&self.0.keys, &number.phone_number_id);
            keys.ensure(id, &meta, number).await?;
        }
        Ok(synced)
    }

    /// The key of a project's endpoint, if it has one.
    pub async fn key(&self, project: ProjectId) -> Result<Option<KeyCard>, FlowError> {
        Ok(self.0.store.key_card(project).await?)
    }

    /// Makes a new key, and has Meta take it in the place of the one before, which opens nothing from then on.
    pub async fn rotate_key(&self, project: &Project) -> Result<KeyCard, FlowError> {
        let number = self.number(project).await?;
        let (keys, id) = (&self.0.keys, &number.phone_number_id);
        keys.rotate(project.project_id, &self.meta(&number), id)
            .await?;
        let card = self.0.store.key_card(project.project_id).await?;
        card.ok_or_else(|| FlowError::Later("the key is gone again".to_owned()))
    }

    async fn look(
        &self,
        project: ProjectId,
        flow: &Flow,
        meta: &Meta<'_>,
    ) -> Result<Flow, FlowError> {
        let now = meta.flow(&flow.flow_id).await?;
        self.told(project, flow, &now).await
    }

    /// Writes down what Meta says of a Flow that is known.
    async fn told(
        &self,
        project: ProjectId,
        flow: &Flow,
        now: &MetaFlow,
    ) -> Result<Flow, FlowError> {
        let of = |theirs: &Option<String>, ours: &Option<String>| theirs.clone().or(ours.clone());
        let (json_version, data_api_version) = (
            of(&now.json_version, &flow.json_version),
            of(&now.data_api_version, &flow.data_api_version),
        );
        let uri = of(&now.endpoint_uri, &flow.endpoint_uri);
        let row = Row {
            name: &flow.name,
            waba_id: &flow.waba_id,
            flow_id: &flow.flow_id,
            meta_name: if now.name.is_empty() {
                &flow.meta_name
            } else {
                &now.name
            },
            status: &now.status,
            categories: &now.categories,
            json_version: json_version.as_deref(),
            data_api_version: data_api_version.as_deref(),
            endpoint: flow.endpoint,
            endpoint_uri: uri.as_deref(),
            route: flow.route.as_deref(),
            json: None,
            validation_errors: &now.validation_errors,
        };
        self.save(project, &row).await
    }

    async fn save(&self, project: ProjectId, row: &Row<'_>) -> Result<Flow, FlowError> {
        let saved = self.0.store.save(project, row).await?;
        saved.ok_or_else(|| {
            FlowError::Refused("the Flow is another project's on this host".to_owned())
        })
    }

    async fn number(&self, project: &Project) -> Result<Number, FlowError> {
        let number = self.0.projects.number(project.project_id).await?;
        number.ok_or_else(|| FlowError::NoNumber(project.name.clone()))
    }

    fn meta<'a>(&'a self, number: &'a Number) -> Meta<'a> {
        Meta {
            client: &self.0.client,
            account: &number.waba_id,
            token: AccessToken::new(number.token.expose()),
        }
    }
}

/// The digest of a Flow's JSON, by which folder and host compare what they have.
pub(super) fn digest(json: &str) -> String {
    hex::encode(Sha256::digest(json.as_bytes()))
}

fn categories(wanted: &Wanted, before: Option<&Flow>) -> Result<Vec<String>, FlowError> {
    let categories = match (&wanted.categories, before) {
        (Some(categories), _) => categories.clone(),
        (None, Some(flow)) => flow.categories.clone(),
        (None, None) => vec![USUAL_CATEGORY.to_owned()],
    };
    let is_word = |text: &String| {
        (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let fits = (1..=MOST_CATEGORIES).contains(&categories.len()) && categories.iter().all(is_word);
    fits.then_some(categories).ok_or_else(|| {
        FlowError::Setting(
            "a Flow has one or more of Meta's categories: SIGN_UP, SIGN_IN, APPOINTMENT_BOOKING, LEAD_GENERATION, \
             SHOPPING, CONTACT_US, CUSTOMER_SUPPORT, SURVEY, OTHER"
                .to_owned(),
        )
    })
}

fn route(wanted: &Wanted, before: Option<&Flow>) -> Result<Option<String>, FlowError> {
    let route = match &wanted.route {
        None => return Ok(before.and_then(|flow| flow.route.clone())),
        Some(route) if route.is_empty() => return Ok(None),
        Some(route) => route,
    };
    let is_path = route.starts_with('/')
        && route.len() <= 200
        && !route.starts_with(super::address::PATH)
        && route
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#');
    match is_path {
        true => Ok(Some(route.clone())),
        false => Err(FlowError::Setting(
            "a Flow's route is a path of the bot such as `/flows/booking`, of at most 200 visible ASCII characters"
                .to_owned(),
        )),
    }
}

/// A name of the project's for a Flow that was made elsewhere.
fn named(theirs: &str, taken: &BTreeSet<String>) -> Result<FlowName, FlowError> {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let name: String = theirs.chars().map(plain).take(50).collect();
    let name = name.trim_matches(['-', '_']);
    let name = if name.is_empty() { "flow" } else { name };
    let mut candidate = name.to_owned();
    let mut n = 2;
    while taken.contains(&candidate) {
        candidate = format!("{name}-{n}");
        n += 1;
    }
    Ok(candidate.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_of_elsewhere_get_a_name_that_is_not_taken() {
        let taken = BTreeSet::from(["Book-a-table".to_owned()]);
        assert_eq!(
            named("Book a table", &taken).unwrap().as_str(),
            "Book-a-table-2"
        );
        assert_eq!(named("…", &taken).unwrap().as_str(), "flow");
        assert_eq!(
            named("Größe_1", &BTreeSet::new()).unwrap().as_str(),
            "Gr--e_1"
        );
    }

    #[test]
    fn routes_are_paths_of_the_bot() {
        let of = |route: Option<&str>| {
            let wanted = Wanted {
                route: route.map(str::to_owned),
                ..Wanted::default()
            };
            super::route(&wanted, None)
        };
        assert_eq!(of(None).unwrap(), None);
        assert_eq!(of(Some("")).unwrap(), None);
        assert_eq!(of(Some("/a/b")).unwrap().as_deref(), Some("/a/b"));
        for bad in ["a", "/a?b", "/ü", "/.roost/flows/x"] {
            assert!(of(Some(bad)).is_err(), "{bad}");
        }
    }
}
