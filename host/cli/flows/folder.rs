//! The Flows of a bot's folder: `flows/NAME.json`, and what package.json says of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::CliError;
use crate::flows::json::{self as flow_json, Report};
use crate::flows::{EndpointWish, FlowName, Wanted};

/// A file of a folder.
pub(crate) struct FlowFile {
    pub(crate) name: FlowName,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) report: Report,
    options: FlowOptions,
}

/// What `roost.flows.NAME` of package.json says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FlowOptions {
    categories: Option<Vec<String>>,
    endpoint: Option<String>,
    route: Option<String>,
}

impl FlowFile {
    /// The digest of its text, as a host tells it of what was uploaded.
    pub(crate) fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// As the host takes it, with what package.json says.
    pub(crate) fn wanted(&self) -> Wanted {
        let options = self.options.clone();
        Wanted {
            json: self.text.clone(),
            categories: options.categories,
            endpoint: match options.endpoint.as_deref() {
                None => EndpointWish::Kept,
                Some("host") => EndpointWish::Host,
                Some(uri) => EndpointWish::Own(uri.to_owned()),
            },
            route: options.route,
        }
    }

    /// As the API takes it.
    pub(super) fn body(
        &self,
        categories: &[String],
        endpoint: Option<&str>,
        route: Option<&str>,
    ) -> Value {
        let mut body = json!({ "json": self.text });
        let categories = match categories.is_empty() {
            true => self.options.categories.as_deref(),
            false => Some(categories),
        };
        if let Some(categories) = categories {
            body["categories"] = json!(categories);
        }
        for (name, given, said) in [
            ("endpoint", endpoint, self.options.endpoint.as_deref()),
            ("route", route, self.options.route.as_deref()),
        ] {
            if let Some(value) = given.or(said) {
                body[name] = value.into();
            }
        }
        body
    }

    /// How the file is called, for people.
    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// All Flows of a folder, by name; those that are named only, when some are.
pub(crate) fn read(folder: &Path, names: &[String]) -> Result<Vec<FlowFile>, CliError> {
    let options = options(folder)?;
    let mut found = Vec::new();
    for path in paths(folder, names)? {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let name: FlowName = stem
            .parse()
            .map_err(|error| CliError::File(format!("`{}`: {error}", path.display())))?;
        let text = std::fs::read_to_string(&path).map_err(|error| {
            CliError::File(format!("`{}` cannot be read: {error}", path.display()))
        })?;
        found.push(FlowFile {
            report: flow_json::check(&text),
            options: options.get(name.as_str()).cloned().unwrap_or_default(),
            name,
            path,
            text,
        });
    }
    Ok(found)
}

/// All Flows of a folder, by name.
pub(crate) fn flow_files(folder: &Path) -> Result<Vec<FlowFile>, CliError> {
    read(folder, &[])
}

fn paths(folder: &Path, names: &[String]) -> Result<Vec<PathBuf>, CliError> {
    if !names.is_empty() {
        let path = |name: &String| match name.ends_with(".json") {
            true => PathBuf::from(name),
            false => file_of(folder, name),
        };
        return Ok(names.iter().map(path).collect());
    }
    let entries = match std::fs::read_dir(folder.join("flows")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CliError::File(format!("`flows` cannot be read: {error}"))),
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    Ok(paths)
}

/// Where a Flow of a folder is.
pub(super) fn file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join("flows").join(format!("{name}.json"))
}

fn options(folder: &Path) -> Result<BTreeMap<String, FlowOptions>, CliError> {
    let Ok(text) = std::fs::read_to_string(folder.join("package.json")) else {
        return Ok(BTreeMap::new());
    };
    let Ok(package) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
        // The build says what is wrong with it.
        return Ok(BTreeMap::new());
    };
    let flows = &package["roost"]["flows"];
    if flows.is_null() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_value(flows.clone()).map_err(|error| {
        CliError::File(format!(
            "`roost.flows` of package.json cannot be read ({error}): it has `categories`, `endpoint` and `route` for the \
             name of each Flow"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_its_flows_and_what_package_json_says_of_them() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path(), &[]).unwrap().is_empty());
        std::fs::create_dir(folder.path().join("flows")).unwrap();
        std::fs::write(folder.path().join("flows/booking.json"), "{}").unwrap();
        std::fs::write(folder.path().join("flows/notes.txt"), "").unwrap();
        let package = r#"{"roost":{"flows":{"booking":{"categories":["SURVEY"],"route":"/b"}}}}"#;
        std::fs::write(folder.path().join("package.json"), package).unwrap();
        let files = read(folder.path(), &[]).unwrap();
        assert_eq!(files.len(), 1);
        assert!(!files[0].report.is_good());
        let body = files[0].body(&[], None, None);
        assert_eq!(
            body,
            json!({ "json": "{}", "categories": ["SURVEY"], "route": "/b" })
        );
        let body = files[0].body(&["OTHER".to_owned()], Some("host"), Some("/c"));
        assert_eq!(
            body,
            json!({ "json": "{}", "categories": ["OTHER"], "endpoint": "host", "route": "/c" })
        );
        std::fs::write(
            folder.path().join("package.json"),
            r#"{"roost":{"flows":{"b":{"x":1}}}}"#,
        )
        .unwrap();
        let error = read(folder.path(), &[]).err().unwrap().to_string();
        assert!(
            error.contains("`categories`, `endpoint` and `route`"),
            "{error}"
        );
    }
}
