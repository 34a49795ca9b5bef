//! Lists of what bots reach and of what they do not: an operator's for all bots of a host, and one for a
//! project beside it.
//!
//! They only take away: what is not public is reached by an exception of the operator's and by nothing
//! else ([`EgressPolicy::allow`](super::EgressPolicy)). What one list refuses no other gives back.

use std::net::IpAddr;
use std::str::FromStr;

use super::settings::Allowed;

/// The longest name, as DNS has it.
const LONGEST_NAME: usize = 253;

/// What a list names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Addresses, at one port or at all.
    Network(Allowed),
    /// A name as bots write it, or all names below it.
    Name {
        /// In lower case.
        name: String,
        /// Whether it stands for what is below it.
        is_below: bool,
        /// The only port.
        port: Option<u16>,
    },
}

/// Why a text is no rule.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{}` names nothing that can be reached: write a name, all names below one, an address or a network, with or \
     without a port, as in `api.example.com`, `*.example.com:443`, `8.8.8.8`, `8.8.0.0/16`, `[2606:4700::]/32`",
    .0.chars().take(60).collect::<String>()
)]
pub struct NoRule(String);

/// What is refused, and what alone is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Refused.
    pub deny: Vec<Rule>,
    /// Reached, and nothing else; empty: everything is.
    pub only: Vec<Rule>,
}

impl Lists {
    /// Of texts.
    pub fn parse(deny: &[String], only: &[String]) -> Result<Self, NoRule> {
        let rules = |texts: &[String]| -> Result<Vec<Rule>, NoRule> {
            texts.iter().map(|text| text.parse()).collect()
        };
        Ok(Self {
            deny: rules(deny)?,
            only: rules(only)?,
        })
    }

    /// Lets nothing pass.
    pub fn closed() -> Self {
        let nowhere = Rule::Name {
            name: String::new(),
            is_below: false,
            port: None,
        };
        Self {
            deny: Vec::new(),
            only: vec![nowhere],
        }
    }

    /// Whether a connection to a port of an address that the name led to may be made.
    pub(super) fn pass(&self, name: &str, address: IpAddr, port: u16) -> bool {
        let holds = |rule: &Rule| rule.is_for_name(name, port) || rule.is_for(address, port);
        !self.deny.iter().any(holds) && (self.only.is_empty() || self.only.iter().any(holds))
    }

    /// Whether it may, as far as the name tells.
    pub(super) fn may_pass(&self, name: &str, port: u16) -> bool {
        let holds = |rule: &Rule| rule.is_for_name(name, port);
        let is_by_address = |rule: &Rule| matches!(rule, Rule::Network(_));
        let is_listed = |rule: &Rule| holds(rule) || is_by_address(rule);
        !self.deny.iter().any(holds) && (self.only.is_empty() || self.only.iter().any(is_listed))
    }
}

impl Rule {
    fn is_for(&self, address: IpAddr, at: u16) -> bool {
        match self {
            Self::Network(network) => {
                network.holds(address) && network.port.is_none_or(|port| port == at)
            }
            Self::Name { .. } => false,
        }
    }

    fn is_for_name(&self, asked: &str, at: u16) -> bool {
        let Self::Name {
            name,
            is_below,
            port,
        } = self
        else {
            return false;
        };
        let asked = asked.trim_end_matches('.').to_ascii_lowercase();
        let is_it = match is_below {
            true => asked
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.')),
            false => asked == *name,
        };
        is_it && !name.is_empty() && port.is_none_or(|port| port == at)
    }
}

impl FromStr for Rule {
    type Err = NoRule;

    fn from_str(text: &str) -> Result<Self, NoRule> {
        let no_rule = || NoRule(text.to_owned());
        let text = text.trim();
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| no_rule())?)),
            None => (text, None),
        };
        let (name, is_below) = match name.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            (1..=63).contains(&label.len()) && label.chars().all(allowed)
        };
        // A last label of digits is a broken address.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_name = name.len() <= LONGEST_NAME
            && name.split('.').all(is_label)
            && !last.chars().all(|c| c.is_ascii_digit());
        match is_name {
            true => Ok(Self::Name {
                name,
                is_below,
                port,
            }),
            false => Err(no_rule()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(deny: &[&str], only: &[&str]) -> Lists {
        let owned = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        };
        Lists::parse(&owned(deny), &owned(only)).unwrap()
    }

    #[track_caller]
    fn passes(lists: &Lists, name: &str, address: &str, port: u16, expected: bool) {
        let address = address.parse().unwrap();
        assert_eq!(
            lists.pass(name, address, port),
            expected,
            "{name} {address} {port}"
        );
        // What passes in the end passes the first look.
        assert!(!expected || lists.may_pass(name, port), "{name}");
    }

    #[test]
    fn names_are_refused_in_every_way_they_are_written() {
        let it = lists(
            &["Evil.example.com", "*.tracker.test", "mail.test:8080"],
            &[],
        );
        for (name, port, expected) in [
            ("evil.example.com", 443, false),
            ("EVIL.example.com.", 443, false),
            ("not.evil.example.com", 443, true),
            ("notevil.example.com", 443, true),
            ("a.tracker.test", 80, false),
            ("a.b.tracker.test", 80, false),
            ("tracker.test", 80, true),
            ("xtracker.test", 80, true),
            ("mail.test", 8080, false),
            ("mail.test", 443, true),
        ] {
            passes(&it, name, "8.8.8.8", port, expected);
            assert_eq!(it.may_pass(name, port), expected, "{name}");
        }
    }

    #[test]
    fn only_what_is_listed_is_reached_by_name_or_by_address() {
        let it = lists(
            &["api.example.com:8080"],
            &["*.example.com", "8.8.0.0/16:443"],
        );
        for (name, address, port, expected) in [
            ("api.example.com", "1.1.1.1", 443, true),
            ("api.example.com", "1.1.1.1", 8080, false),
            ("other.test", "8.8.4.4", 443, true),
            ("other.test", "8.8.4.4", 80, false),
            ("other.test", "8.9.4.4", 443, false),
            ("8.8.8.8", "8.8.8.8", 443, true),
        ] {
            passes(&it, name, address, port, expected);
        }
        assert!(it.may_pass("other.test", 443), "its address may be listed");
        let names = lists(&[], &["api.example.com"]);
        assert!(!names.may_pass("other.test", 443));
        passes(&Lists::closed(), "", "8.8.8.8", 443, false);
        assert!(!Lists::closed().may_pass("api.example.com", 443));
    }

    #[test]
    fn what_names_nothing_says_how_it_is_written() {
        for wrong in [
            "",
            "*",
            "*.",
            "a b",
            "http://x.test",
            "x.test:http",
            "x..test",
            "1.2.3",
            "8.8.8.8/33",
            "x.test/24",
        ] {
            let error = wrong.parse::<Rule>().unwrap_err().to_string();
            assert!(error.contains("`*.example.com:443`"), "{wrong}: {error}");
        }
        for right in [
            "localhost",
            "x.test.",
            "*.x.test",
            "[::1]:80",
            "10.0.0.0/8",
            "xn--bcher-kva.example",
        ] {
            assert!(right.parse::<Rule>().is_ok(), "{right}");
        }
    }
}
