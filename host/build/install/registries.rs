//! Which registries an upload's `.npmrc` may name.
//!
//! One that the operator did not allow could be a service inside of the operator's network, or one that never
//! answers and holds up the builds of others.

use serde_json::Value;

use crate::build::error::{BuildError, Place, Problem, ProblemKind, Report};
use crate::build::npmrc::Setting;

/// Fails with each line that names another registry than these; `None` allows all.
pub(super) fn check(settings: &[Setting], allowed: Option<&[String]>) -> Result<(), BuildError> {
    let Some(allowed) = allowed else {
        return Ok(());
    };
    let named = settings.iter().filter(|setting| setting.names_registry());
    let problems: Vec<_> = named
        .filter(|setting| {
            !allowed
                .iter()
                .any(|allowed| is_below(&setting.value, allowed))
        })
        .map(problem)
        .collect();
    match problems.is_empty() {
        true => Ok(()),
        false => Err(BuildError::Code(problems)),
    }
}

/// A lock file without addresses of other registries: npm finds such a package by its name and version, and
/// its integrity holds.
pub(super) fn only_allowed(mut lock: Value, allowed: Option<&[String]>) -> Value {
    let packages = lock.get_mut("packages").and_then(Value::as_object_mut);
    let (Some(allowed), Some(packages)) = (allowed, packages) else {
        return lock;
    };
    for package in packages.values_mut().filter_map(Value::as_object_mut) {
        let resolved = package.get("resolved").and_then(Value::as_str);
        let is_elsewhere = resolved.is_some_and(|resolved| {
            resolved.contains("://") && !allowed.iter().any(|allowed| is_below(resolved, allowed))
        });
        if is_elsewhere {
            package.remove("resolved");
        }
    }
    lock
}

fn problem(setting: &Setting) -> Problem {
    let Setting { line, key, value } = setting;
    let text = format!("{key}={value}");
    let place = Place {
        file: ".npmrc".to_owned(),
        line: *line,
        column: 0,
        length: text.len(),
        text,
    };
    let message = format!("`{value}` is not a registry that this host takes packages from");
    let advice = "its operator can allow it with ROOST_NPM_REGISTRIES; or build where it is reached, and deploy \
                  that: roost build DIR -o bot.wasm && roost deploy bot.wasm";
    Problem {
        kind: ProblemKind::Outside(".npmrc".to_owned()),
        report: Report::new(message)
            .with_place(Some(place))
            .with_advice(advice),
    }
}

/// Whether an address is an allowed one, or below it.
fn is_below(address: &str, allowed: &str) -> bool {
    let (address, allowed) = (plain(address), plain(allowed));
    let rest = address.strip_prefix(&allowed);
    let is_plain = !address.contains(['@', '\\', '%', '?', '#']) && !address.contains("/..");
    is_plain && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Without quotes and the last slash; the host in lower case.
fn plain(address: &str) -> String {
    let address = address
        .trim()
        .trim_matches(['"', '\''])
        .trim_end_matches('/');
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    format!(
        "{}://{}{path}",
        scheme.to_ascii_lowercase(),
        host.to_ascii_lowercase()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::npmrc::settings;

    #[test]
    fn only_allowed_registries_may_be_named() {
        let allowed = [
            "https://registry.npmjs.org".to_owned(),
            "https://npm.example:8443/own/".to_owned(),
        ];
        let passes = |line: &str| check(&settings(line.as_bytes()), Some(&allowed)).is_ok();
        for good in [
            "",
            "registry=https://registry.npmjs.org/",
            "registry = https://REGISTRY.npmjs.org",
            "@a:registry=\"https://npm.example:8443/own\"",
            "@a:registry=https://npm.example:8443/own/team/",
            "//elsewhere.example/:_authToken=abc",
        ] {
            assert!(passes(good), "{good}");
        }
        for bad in [
            "registry=http://registry.npmjs.org/",
            "registry=https://registry.npmjs.org.evil.example/",
            "registry=https://registry.npmjs.org:81/",
            "registry=https://registry.npmjs.org@127.0.0.1/",
            "registry=http://127.0.0.1:5330/",
            "registry=//169.254.169.254/",
            "registry=",
            "registry=\"http://127.0.0.1:5330/\"",
            "@a:registry=https://npm.example:8443/",
            "@a:registry=https://npm.example:8443/own/../admin",
            "@a:registry=https://npm.example:8443/own/%2e%2e/admin",
            "@a:registry=https://npm.example:8443/owner",
            "registry=file:///etc",
        ] {
            assert!(!passes(bad), "{bad}");
        }
        assert!(check(&settings(b"registry=http://127.0.0.1/"), None).is_ok());
    }

    #[test]
    fn packages_of_other_registries_are_found_by_their_names() {
        let allowed = ["https://registry.npmjs.org".to_owned()];
        let lock = serde_json::json!({ "packages": {
            "": { "name": "bot" },
            "node_modules/a": { "version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz" },
            "node_modules/b": { "version": "1.0.0", "resolved": "http://127.0.0.1:80/b-1.0.0.tgz", "integrity": "x" },
            "node_modules/c": { "resolved": "packages/c", "link": true },
        } });
        let kept = only_allowed(lock.clone(), Some(&allowed));
        let resolved =
            |name: &str| kept["packages"][format!("node_modules/{name}")]["resolved"].as_str();
        assert!(resolved("a").is_some() && resolved("c") == Some("packages/c"));
        assert_eq!(resolved("b"), None);
        assert_eq!(kept["packages"]["node_modules/b"]["integrity"], "x");
        assert_eq!(only_allowed(lock.clone(), None), lock);
    }
}
