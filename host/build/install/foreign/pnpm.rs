//! `pnpm-lock.yaml`, in its versions 5 to 9.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Graph, Locked, Need};
use crate::build::install::members::{Members, below};
use crate::build::install::spec::{Spec, is_package_name};

/// Reads it; also gives what package.json asks for otherwise.
pub(super) fn read(text: &str, members: &Members) -> Result<(Graph, Vec<String>), String> {
    let lock: Value = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let empty = Map::new();
    let map = |value: Option<&Value>| {
        value
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut graph = Graph::default();
    let snapshots = map(lock.get("snapshots"));
    for (key, package) in map(lock.get("packages")) {
        let package = package.as_object().unwrap_or(&empty).clone();
        let Some((name, version)) = name_and_version(&key) else {
            // Of repositories, files and addresses: npm is not given those.
            continue;
        };
        let resolution = map(package.get("resolution"));
        let text = |key: &str| {
            resolution
                .get(key)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let id = bare(&key);
        let locked = graph.packages.entry(id).or_insert_with(|| Locked {
            name,
            version,
            integrity: text("integrity"),
            resolved: text("tarball").filter(|address| address.starts_with("https://")),
            os: package.get("os").cloned(),
            cpu: package.get("cpu").cloned(),
            libc: package.get("libc").cloned(),
            ..Locked::default()
        });
        needs(&package, locked);
    }
    for (key, snapshot) in &snapshots {
        if let (Some(locked), Some(snapshot)) =
            (graph.packages.get_mut(&bare(key)), snapshot.as_object())
        {
            needs(snapshot, locked);
        }
    }
    let importers = match lock.get("importers") {
        Some(Value::Object(importers)) => importers.clone(),
        // A lock file of one package has what it needs at its top.
        _ => Map::from_iter([(".".to_owned(), lock.clone())]),
    };
    let mut stale = Vec::new();
    for (folder, manifest) in members.manifests() {
        let importer = match folder {
            "" => importers.get("."),
            folder => importers.get(folder),
        };
        let importer = importer.and_then(Value::as_object).unwrap_or(&empty);
        let mut found = BTreeMap::new();
        for kind in ["dependencies", "optionalDependencies"] {
            let locked = map(importer.get(kind));
            let specifiers = map(importer.get("specifiers"));
            for (name, asked) in map(manifest.get(kind)) {
                let is_asked = |locked: &Value| {
                    let specifier = locked.get("specifier").or_else(|| specifiers.get(&name));
                    specifier.is_none_or(|specifier| {
                        members.is_asked(folder, &name, specifier.as_str().unwrap_or_default())
                    })
                };
                let version = locked
                    .get(&name)
                    .filter(|locked| is_asked(locked))
                    .and_then(|locked| locked.get("version").unwrap_or(locked).as_str());
                let need =
                    version.and_then(|version| need(folder, &name, version, members, &graph));
                match (need, asked.as_str()) {
                    (Some(need), _) => {
                        found.insert(name, need);
                    }
                    (None, Some(asked)) if asked.starts_with("file:") => {}
                    _ => stale.push(name),
                }
            }
        }
        graph.members.insert(folder.to_owned(), found);
    }
    Ok((graph, stale))
}

fn needs(from: &Map<String, Value>, locked: &mut Locked) {
    let read = |kind: &str| -> BTreeMap<String, String> {
        let map = from
            .get(kind)
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        map.filter_map(|(name, version)| Some((name.clone(), id(name, version.as_str()?))))
            .collect()
    };
    locked.needs.extend(read("dependencies"));
    locked.may_need.extend(read("optionalDependencies"));
}

fn need(folder: &str, name: &str, version: &str, members: &Members, graph: &Graph) -> Option<Need> {
    if let Some(path) = version.strip_prefix("link:") {
        let target = below(folder, path)?;
        return members.has(&target).then_some(Need::Member(target));
    }
    let id = id(name, version);
    graph
        .packages
        .contains_key(&id)
        .then_some(Need::Package(id))
}

/// `1.0.0(react@18.0.0)` of `a` is `a@1.0.0`; one under another name says the whole.
fn id(name: &str, version: &str) -> String {
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        let end = version.find(['(', '_']).unwrap_or(version.len());
        return format!("{name}@{}", &version[..end]);
    }
    bare(version)
}

/// Without `/` before and without the peers behind it.
fn bare(key: &str) -> String {
    let key = key.trim_start_matches('/');
    let key = key.split('(').next().unwrap_or(key);
    match name_and_version(key) {
        Some((name, version)) => format!("{name}@{version}"),
        // Peers of old: `1.0.0_react@18.0.0`.
        None => key.split('_').next().unwrap_or(key).to_owned(),
    }
}

/// `@a/b@1.0.0`, and `/@a/b/1.0.0_peers` of old.
fn name_and_version(key: &str) -> Option<(String, String)> {
    let key = key.trim_start_matches('/').split('(').next()?;
    let at = key
        .char_indices()
        .skip(1)
        .find(|(_, c)| *c == '@')
        .map(|(at, _)| at);
    let slash = key.rfind('/');
    let split = match (at, slash) {
        (Some(at), Some(slash)) if slash > at && key[..at].contains('_') => slash,
        (Some(at), _) if is_package_name(&key[..at]) => at,
        (_, Some(slash)) => slash,
        _ => return None,
    };
    let (name, version) = (&key[..split], &key[split + 1..]);
    let version = version.split('_').next()?;
    let is_version =
        version.starts_with(|c: char| c.is_ascii_digit()) && Spec::of(version) == Spec::Registry;
    (is_package_name(name) && is_version).then(|| (name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_versions_are_understood() {
        for (key, name, version) in [
            ("ms@2.0.0", "ms", "2.0.0"),
            ("/ms@2.0.0", "ms", "2.0.0"),
            ("/ms/2.0.0", "ms", "2.0.0"),
            ("@a/b@1.0.0(c@2.0.0)(d@3.0.0)", "@a/b", "1.0.0"),
            ("/@a/b/1.0.0_c@2.0.0", "@a/b", "1.0.0"),
            ("/a/1.0.0-beta.1", "a", "1.0.0-beta.1"),
        ] {
            assert_eq!(
                name_and_version(key),
                Some((name.to_owned(), version.to_owned())),
                "{key}"
            );
        }
        for key in [
            "github.com/a/b/1234",
            "file:../x",
            "a@https://h/x.tgz",
            "link:../a",
            "1.0.0",
        ] {
            assert_eq!(name_and_version(key), None, "{key}");
        }
        assert_eq!(id("a", "1.0.0(c@2.0.0)"), "a@1.0.0");
        assert_eq!(id("a-cjs", "a@4.2.3"), "a@4.2.3");
        assert_eq!(id("a", "1.0.0_c@2.0.0"), "a@1.0.0");
    }
}
