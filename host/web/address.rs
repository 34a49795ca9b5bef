//! Whose request it is, by its `Host` header; with `/p/{project}` by its path.

use crate::projects::ProjectName;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use url::Url;

/// The domain below which each project has a host name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

/// Why a text is no domain.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a domain: write a name such as bots.example.com, without a scheme, a port or a \
     path, and in its ASCII form (xn--...)"
)]
pub struct DomainError(String);

/// Whose request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The host's own.
    Host,
    /// A project's. The prefix is what its path had in front, as `/p/shop`.
    Project(ProjectName, Option<String>),
    /// A project's main page without its last slash: it belongs here.
    Slash(String),
    /// Nobody's: no project can have that name.
    Nobody,
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let name = text.trim().to_ascii_lowercase();
        let name = name
            .strip_prefix("*.")
            .unwrap_or(&name)
            .trim_end_matches('.');
        let is_label = |label: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            (1..=63).contains(&label.len())
                && label.chars().all(plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A project's name of 40 characters and its dot must fit too.
        if name.len() > 212 || !name.split('.').all(is_label) || is_address(name) {
            return Err(DomainError(text.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Names below an address are no names.
fn is_address(name: &str) -> bool {
    name.parse::<std::net::Ipv4Addr>().is_ok()
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Domain {
    /// What stands before the domain; `None` for the domain itself and for other names.
    fn label<'a>(&self, host: &'a str) -> Option<&'a str> {
        host.strip_suffix(&self.0)?.strip_suffix('.')
    }
}

/// The request's host name, as it is compared: without port, in lower case.
pub(super) fn name_of(authority: &str) -> String {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => authority,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

pub(super) fn target(
    domain: Option<&Domain>,
    has_paths: bool,
    authority: Option<&str>,
    path: &str,
) -> Target {
    let host = authority.map(name_of).unwrap_or_default();
    if let Some(label) = domain.and_then(|domain| domain.label(&host)) {
        return match label.parse() {
            Ok(name) => Target::Project(name, None),
            Err(_) => Target::Nobody,
        };
    }
    let Some(rest) = path.strip_prefix("/p/").filter(|_| has_paths) else {
        return Target::Host;
    };
    let (name, is_whole) = match rest.split_once('/') {
        Some((name, _)) => (name, true),
        None => (rest, false),
    };
    match name.parse::<ProjectName>() {
        Err(_) => Target::Nobody,
        Ok(_) if !is_whole => Target::Slash(format!("/p/{name}/")),
        Ok(project) => Target::Project(project, Some(format!("/p/{name}"))),
    }
}

/// How often one reading of a path is read again.
const ROUNDS: usize = 4;
/// More readings than a path has that means no harm.
const MOST_READINGS: usize = 64;

/// Whether a request's path leads to the webhook, by any reading that a bot may have of it.
///
/// Routers forgive case, a last slash and percent signs; `new URL` takes out dots, turns backslashes and
/// takes what follows two slashes for a host; others end a path at a semicolon. One may be applied to what
/// another made. A path with more readings than anybody needs counts as the webhook's.
pub(super) fn leads_to(path: &str, webhook: &str) -> bool {
    let goal = plain(webhook);
    let mut readings = BTreeSet::from([path.to_owned()]);
    let mut fresh = vec![path.to_owned()];
    for _ in 0..ROUNDS {
        let mut next = Vec::new();
        for reading in &fresh {
            for again in read_again(reading) {
                if readings.insert(again.clone()) {
                    next.push(again);
                }
            }
            if readings.len() > MOST_READINGS {
                return true;
            }
        }
        fresh = next;
    }
    readings.iter().any(|reading| plain(reading) == goal)
}

fn plain(path: &str) -> String {
    let path = path.trim().to_lowercase();
    path.trim_end_matches('/').to_owned()
}

/// What somebody may make of a path.
fn read_again(path: &str) -> Vec<String> {
    let mut again = vec![decode(path), single_slashes(path)];
    if let Some(at) = path.find(['?', '#', ';']) {
        again.push(path[..at].to_owned());
    }
    // As `new URL(path, base)`, and as `new URL(base + path)`.
    let base = Url::parse("http://h/").ok();
    let joined = base.and_then(|base| base.join(path).ok());
    let appended = Url::parse(&format!("http://h{path}")).ok();
    again.extend(
        [joined, appended]
            .into_iter()
            .flatten()
            .map(|url| url.path().to_owned()),
    );
    again
}

fn single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !single.ends_with('/') {
            single.push(c);
        }
    }
    single
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [a, b, ..]) => std::str::from_utf8(&[*a, *b])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(name: &str) -> Target {
        Target::Project(name.parse().unwrap(), None)
    }

    #[test]
    fn a_project_is_named_by_what_stands_before_the_domain() {
        let domain: Domain = "Bots.Example.com.".parse().unwrap();
        let of = |host| target(Some(&domain), false, Some(host), "/");
        assert_eq!(of("shop.bots.example.com"), project("shop"));
        assert_eq!(of("SHOP.bots.EXAMPLE.com.:4000"), project("shop"));
        for ours in [
            "bots.example.com",
            "127.0.0.1:4000",
            "[::1]:4000",
            "example.com",
            "xbots.example.com",
        ] {
            assert_eq!(of(ours), Target::Host, "{ours}");
        }
        for nobodys in [
            "a.shop.bots.example.com",
            "-.bots.example.com",
            ".bots.example.com",
            "bücher.bots.example.com",
            "sh_op.bots.example.com",
        ] {
            assert_eq!(of(nobodys), Target::Nobody, "{nobodys}");
        }
        assert_eq!(
            target(None, false, Some("shop.bots.example.com"), "/p/shop/"),
            Target::Host
        );
        assert_eq!(target(None, false, None, "/"), Target::Host);
    }

    #[test]
    fn a_path_names_a_project_where_that_is_on() {
        let of = |path| target(None, true, Some("localhost"), path);
        let expected = Target::Project("shop".parse().unwrap(), Some("/p/shop".to_owned()));
        assert_eq!(of("/p/shop/"), expected);
        assert_eq!(of("/p/shop/a/b"), expected);
        assert_eq!(of("/p/shop"), Target::Slash("/p/shop/".to_owned()));
        assert_eq!(of("/p/Shop/"), Target::Nobody);
        assert_eq!(of("/p/"), Target::Nobody);
        assert_eq!(of("/webhooks/whatsapp"), Target::Host);
    }

    #[test]
    fn domains_are_names() {
        for bad in [
            "",
            ".",
            "https://a.b",
            "a.b:80",
            "a.b/c",
            "bücher.de",
            "-a.b",
            "a..b",
            "127.0.0.1",
            "[::1]",
        ] {
            assert!(bad.parse::<Domain>().is_err(), "{bad}");
        }
        assert_eq!(
            "*.bots.example.com".parse::<Domain>().unwrap().to_string(),
            "bots.example.com"
        );
        assert!("localhost".parse::<Domain>().is_ok());
    }

    #[test]
    fn a_webhook_is_found_however_it_is_written() {
        for path in [
            "/webhook",
            "/WebHook/",
            "/web%68ook",
            "/web%2568ook",
            "/webhook%2F",
            "//webhook",
            "/webhook;a=1",
            "/./webhook",
            "/%2e/webhook",
            "/x/../webhook",
            "/x/%2e%2E/webhook",
            "/x/%252e%252e/webhook",
            "/a%2fb/../web%68ook",
            "/x\\..\\webhook",
            "//h/webhook",
            "/\\h/webhook",
            "/%5Ch/webhook",
            "//h/x/..//webhook",
        ] {
            assert!(leads_to(path, "/webhook"), "{path}");
        }
        for path in [
            "/",
            "/webhook2",
            "/webhook/extra",
            "/%",
            "/%zz",
            "/webhook/x/.",
            "//h/",
            "/a;/b",
        ] {
            assert!(!leads_to(path, "/webhook"), "{path}");
        }
        assert!(leads_to("/", "/"));
    }
}
