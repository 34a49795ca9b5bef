//! Settings that are fine on somebody's desk and not where customers write.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use clap::ValueEnum;

use super::given::{Mistake, Texts};

/// The host of Meta's own Graph API.
const META: &str = "graph.facebook.com";

/// Meta's app secrets have 32 hexadecimal digits.
const SHORTEST_APP_SECRET: usize = 32;
const SHORTEST_VERIFY_TOKEN: usize = 16;
const SHORTEST_ADMIN_TOKEN: usize = 32;

/// A random key of 32 bytes has some 30 different ones.
const FEWEST_BYTES: usize = 16;
const FEWEST_CHARACTERS: usize = 8;

/// What is unsafe, by the name that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Unsafe {
    /// A master key that somebody typed.
    WeakMasterKey,
    /// A verify token that can be guessed.
    WeakVerifyToken,
    /// An app secret that cannot be Meta's.
    WeakAppSecret,
    /// An admin token that can be guessed.
    WeakAdminToken,
    /// One text in the place of two secrets.
    SharedSecret,
    /// Meta's tokens over a connection that anybody can read.
    PlainGraph,
    /// An admin API that others can reach: it speaks plain HTTP.
    PublicAdmin,
    /// Addresses that are not public, for every bot.
    PrivateEgress,
    /// Addresses that stand for names on the Internet, for every bot.
    ResolvedEgress,
    /// Authorities that can stand for any site, for every bot.
    EgressCa,
}

/// What is unsafe of the settings, unless it is allowed or this is not production. `named` gives
/// flag and variable of a setting.
pub(super) fn mistakes(texts: &Texts, named: impl Fn(&str) -> String) -> Vec<Mistake> {
    let Some(because) = production(texts) else {
        return Vec::new();
    };
    let allowed = texts.get("allow-unsafe").map_or("", String::as_str);
    let mut mistakes = Vec::new();
    for (kind, setting, what) in found(texts) {
        let kind = kind.to_possible_value();
        let kind = kind.as_ref().map_or("", |value| value.get_name());
        if !allowed.split(',').any(|name| name == kind) {
            mistakes.push(Mistake {
                setting: named(setting),
                what: format!(
                    "{what}. Refused because {because}; if it is meant, allow it with --allow-unsafe={kind}"
                ),
            });
        }
    }
    mistakes
}

/// Why this is production, if it is.
fn production(texts: &Texts) -> Option<&'static str> {
    let text = |name: &str| texts.get(name).map_or("", String::as_str);
    if text("production") == "true" {
        Some("--production is set")
    } else if host(text("graph-url")) == META {
        Some("Meta is the real one")
    } else if !is_own(text("listen")) {
        Some("webhooks come in by an address that others can reach")
    } else {
        None
    }
}

fn found(texts: &Texts) -> Vec<(Unsafe, &'static str, String)> {
    let text = |name: &str| texts.get(name).map(String::as_str);
    let mut found = Vec::new();
    if text("master-key").is_some_and(is_weak_key) {
        let what = "has a pattern: make one with `openssl rand -hex 32`".to_owned();
        found.push((Unsafe::WeakMasterKey, "master-key", what));
    }
    if text("verify-token").is_some_and(|token| is_weak(token, SHORTEST_VERIFY_TOKEN)) {
        let what =
            format!("can be guessed: use at least {SHORTEST_VERIFY_TOKEN} random characters");
        found.push((Unsafe::WeakVerifyToken, "verify-token", what));
    }
    let secrets = text("app-secrets").unwrap_or_default();
    let secrets = || secrets.split(',').filter(|secret| !secret.is_empty());
    if secrets().any(|secret| is_weak(secret, SHORTEST_APP_SECRET)) {
        let what = format!(
            "cannot be a secret of Meta's, which have {SHORTEST_APP_SECRET} characters: copy it from the app's dashboard"
        );
        found.push((Unsafe::WeakAppSecret, "app-secrets", what));
    }
    let admin = text("admin-token");
    if admin.is_some_and(|token| is_weak(token, SHORTEST_ADMIN_TOKEN)) {
        let what = format!(
            "can be guessed: use at least {SHORTEST_ADMIN_TOKEN} random characters, as of `openssl rand -hex 32`"
        );
        found.push((Unsafe::WeakAdminToken, "admin-token", what));
    }
    for name in ["master-key", "verify-token"] {
        let own = text(name).unwrap_or_default();
        let is_shared = secrets().any(|secret| secret == own)
            || (!own.is_empty() && admin == Some(own))
            || (name == "verify-token" && !own.is_empty() && text("master-key") == Some(own));
        if is_shared {
            let what = "is the same as another secret: each needs a text of its own".to_owned();
            found.push((Unsafe::SharedSecret, name, what));
        }
    }
    if text("graph-url").is_some_and(|url| !url.starts_with("https://")) {
        let what = "is not https: Meta's tokens would go out in the clear".to_owned();
        found.push((Unsafe::PlainGraph, "graph-url", what));
    }
    if text("admin-listen").is_some_and(|address| !is_own(address)) {
        let what =
            "can be reached by others, and is plain HTTP: listen on 127.0.0.1 and put a proxy \
                    with TLS before it"
                .to_owned();
        found.push((Unsafe::PublicAdmin, "admin-listen", what));
    }
    let openings = [
        (
            Unsafe::PrivateEgress,
            "egress-allow",
            "lets every bot reach addresses that are not public",
        ),
        (
            Unsafe::ResolvedEgress,
            "egress-resolve",
            "sends what every bot says to a name to another address",
        ),
        (
            Unsafe::EgressCa,
            "egress-ca",
            "lets its authorities stand for any site that bots call",
        ),
    ];
    let is_given = |name: &str| text(name).is_some_and(|text| !text.is_empty());
    for (kind, name, what) in openings {
        if is_given(name) {
            found.push((kind, name, what.to_owned()));
        }
    }
    found
}

/// Few different bytes, or each one more or less than the one before.
fn is_weak_key(text: &str) -> bool {
    let Ok(key) = hex::decode(text.trim()) else {
        // That it is no key at all is told already.
        return false;
    };
    let different: BTreeSet<u8> = key.iter().copied().collect();
    let step = |pair: &[u8]| pair[1].wrapping_sub(pair[0]);
    let mut steps = key.windows(2).map(step);
    let first = steps.next().unwrap_or_default();
    different.len() < FEWEST_BYTES || steps.all(|step| step == first)
}

fn is_weak(text: &str, shortest: usize) -> bool {
    let different: BTreeSet<char> = text.chars().collect();
    text.len() < shortest || different.len() < FEWEST_CHARACTERS
}

/// Whether only this machine can reach an address. One that cannot be read is told already.
fn is_own(address: &str) -> bool {
    address
        .parse::<SocketAddr>()
        .map_or(true, |address| address.ip().is_loopback())
}

/// The host of an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(given: &[(&str, &str)]) -> Texts {
        let all = given.iter();
        all.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    fn refused(given: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![("production", "true")];
        all.extend(given);
        let mistakes = mistakes(&texts(&all), str::to_owned);
        let names = mistakes.iter().map(|mistake| {
            let (_, name) = mistake.what.rsplit_once("--allow-unsafe=").unwrap();
            name.to_owned()
        });
        names.collect()
    }

    #[test]
    fn what_somebody_typed_is_weak() {
        let counted: String = (0..32).map(|n| format!("{n:02x}")).collect();
        for key in [
            "0".repeat(64),
            "ab".repeat(32),
            "deadbeef".repeat(8),
            counted,
        ] {
            assert_eq!(refused(&[("master-key", &key)]), ["weak-master-key"]);
        }
        let random = "6f1c0b9d5e2a7f8843c1d0e9b6a5f4c3e2d1b0a99f8e7d6c5b4a392817065f4e";
        assert!(refused(&[("master-key", random)]).is_empty());
        for token in ["verify", "aaaaaaaaaaaaaaaaaaaaaaaa", ""] {
            assert_eq!(refused(&[("verify-token", token)]), ["weak-verify-token"]);
        }
        assert_eq!(
            refused(&[("admin-token", "roost_admin")]),
            ["weak-admin-token"]
        );
        assert_eq!(refused(&[("app-secrets", "secret")]), ["weak-app-secret"]);
        let twice = [("verify-token", random), ("admin-token", random)];
        assert_eq!(refused(&twice), ["shared-secret"]);
    }

    #[test]
    fn addresses_that_others_read_or_reach_are_refused() {
        assert_eq!(
            refused(&[("graph-url", "http://graph.example")]),
            ["plain-graph"]
        );
        for address in ["0.0.0.0:4001", "[::]:4001", "10.0.0.1:4001"] {
            assert_eq!(refused(&[("admin-listen", address)]), ["public-admin"]);
        }
        for address in ["127.0.0.1:4001", "[::1]:4001", "nonsense"] {
            assert!(refused(&[("admin-listen", address)]).is_empty());
        }
        let allowed = [
            ("admin-listen", "0.0.0.0:4001"),
            ("allow-unsafe", "public-admin"),
        ];
        assert!(refused(&allowed).is_empty());
    }

    #[test]
    fn exceptions_for_requests_of_bots_are_refused_by_name() {
        let cases = [
            ("egress-allow", "10.0.0.5", "private-egress"),
            ("egress-resolve", "x.example=10.0.0.5", "resolved-egress"),
            ("egress-ca", "ca.pem", "egress-ca"),
        ];
        for (setting, text, name) in cases {
            assert_eq!(refused(&[(setting, text)]), [name]);
            assert!(refused(&[(setting, text), ("allow-unsafe", name)]).is_empty());
            assert!(refused(&[(setting, "")]).is_empty());
        }
    }

    #[test]
    fn production_is_told_by_what_is_real() {
        let is = |given: &[(&str, &str)]| production(&texts(given)).is_some();
        assert!(is(&[("graph-url", "https://graph.facebook.com")]));
        assert!(is(&[("graph-url", "https://graph.facebook.com:443/")]));
        assert!(is(&[("listen", "0.0.0.0:4000")]));
        assert!(is(&[("production", "true")]));
        let desk = [
            ("graph-url", "http://127.0.0.1:9000"),
            ("listen", "127.0.0.1:4000"),
        ];
        assert!(!is(&desk));
    }
}
