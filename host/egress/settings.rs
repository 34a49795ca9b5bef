//! What an operator excepts from the policy: flags of `serve` and `dev`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

use clap::Args;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::lists::{Lists, Rule};
use super::policy::EgressPolicy;

/// The door for services of the operator's own, and for tests that put a server of this machine in
/// the place of the world.
#[derive(Args, Clone, Debug, Default)]
pub struct EgressArgs {
    /// Addresses that bots may reach though they are not public: `10.0.0.5:8080`, `10.1.0.0/16`;
    /// several with commas.
    #[arg(
        long,
        env = "ROOST_EGRESS_ALLOW",
        value_name = "ADDR[:PORT]",
        value_delimiter = ','
    )]
    pub egress_allow: Vec<Allowed>,
    /// What bots do not reach: names, all names below one, addresses and networks, as in `ads.example.com`,
    /// `*.example.org`, `8.8.8.0/24:443`; several with commas.
    #[arg(
        long,
        env = "ROOST_EGRESS_DENY",
        value_name = "WHERE[:PORT]",
        value_delimiter = ','
    )]
    pub egress_deny: Vec<Rule>,
    /// What alone bots reach, beside Meta, written in the same way.
    #[arg(
        long,
        env = "ROOST_EGRESS_ONLY",
        value_name = "WHERE[:PORT]",
        value_delimiter = ','
    )]
    pub egress_only: Vec<Rule>,
    /// Addresses that stand for names, as bots see them, and may be reached by these names:
    /// `api.example.com=127.0.0.1:8443`; several with commas.
    #[arg(
        long,
        env = "ROOST_EGRESS_RESOLVE",
        value_name = "NAME=ADDR[:PORT]",
        value_delimiter = ','
    )]
    pub egress_resolve: Vec<Resolved>,
    /// Certificates of authorities that are believed besides the system's, in PEM.
    #[arg(long, env = "ROOST_EGRESS_CA", value_name = "FILE")]
    pub egress_ca: Option<Authorities>,
}

impl From<EgressArgs> for EgressPolicy {
    fn from(args: EgressArgs) -> Self {
        Self {
            allow: args.egress_allow,
            lists: vec![Lists {
                deny: args.egress_deny,
                only: args.egress_only,
            }],
            resolve: args.egress_resolve,
            authorities: args.egress_ca.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// A network, at one port or at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    network: IpAddr,
    bits: u8,
    pub(super) port: Option<u16>,
}

/// Why a text names no network.
#[derive(Debug, thiserror::Error)]
#[error(
    "write an address or a network, with or without a port: `10.0.0.5`, `10.0.0.5:8080`, `10.1.0.0/16`, `[fd00::]/8`"
)]
pub struct NotAllowed;

impl Allowed {
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let (network, address, most) = match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => (
                u128::from(u32::from(network)),
                u32::from(address).into(),
                32,
            ),
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (u128::from(network), u128::from(address), 128)
            }
            _ => return false,
        };
        let differ = network ^ address;
        differ.checked_shr(most - u32::from(self.bits)).unwrap_or(0) == 0
    }
}

impl From<SocketAddr> for Allowed {
    fn from(address: SocketAddr) -> Self {
        Self {
            network: address.ip(),
            bits: if address.is_ipv4() { 32 } else { 128 },
            port: Some(address.port()),
        }
    }
}

impl FromStr for Allowed {
    type Err = NotAllowed;

    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        let text = text.trim();
        if let Some((address, port)) = address_of(text) {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            return Ok(Self {
                network: address,
                bits,
                port,
            });
        }
        let (address, rest) = text.split_once('/').ok_or(NotAllowed)?;
        let (bits, port) = match rest.split_once(':') {
            Some((bits, port)) => (bits, Some(port.parse().map_err(|_| NotAllowed)?)),
            None => (rest, None),
        };
        let (network, None) = address_of(address).ok_or(NotAllowed)? else {
            return Err(NotAllowed);
        };
        let bits: u8 = bits.parse().map_err(|_| NotAllowed)?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        match bits <= most {
            true => Ok(Self {
                network,
                bits,
                port,
            }),
            false => Err(NotAllowed),
        }
    }
}

/// An address that stands for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    name: String,
    /// With port 0, the one that the bot's address has.
    pub(super) address: SocketAddr,
}

/// Why a text gives no name an address.
#[derive(Debug, thiserror::Error)]
#[error("write a name and the address that stands for it: `api.example.com=127.0.0.1:8443`")]
pub struct NotResolved;

impl Resolved {
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.trim_end_matches('.'))
    }
}

impl FromStr for Resolved {
    type Err = NotResolved;

    fn from_str(text: &str) -> Result<Self, NotResolved> {
        let (name, address) = text.trim().split_once('=').ok_or(NotResolved)?;
        let is_name = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let (ip, port) = address_of(address).ok_or(NotResolved)?;
        match is_name && !name.is_empty() && name.parse::<IpAddr>().is_err() {
            true => Ok(Self {
                name: name.trim_end_matches('.').to_owned(),
                address: SocketAddr::new(ip, port.unwrap_or(0)),
            }),
            false => Err(NotResolved),
        }
    }
}

/// `ADDR` or `ADDR:PORT`; an IPv6 address with a port stands in brackets.
fn address_of(text: &str) -> Option<(IpAddr, Option<u16>)> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip(), Some(address.port())));
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    Some((bare.unwrap_or(text).parse().ok()?, None))
}

/// Certificates of authorities.
#[derive(Clone, Default)]
pub struct Authorities(pub(super) Vec<CertificateDer<'static>>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} authorities", self.0.len())
    }
}

/// Why a file gives no authorities.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    /// It is not there, or not to be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It has none, or damaged ones.
    #[error("the file holds no certificates in PEM")]
    NotPem,
}

impl FromStr for Authorities {
    type Err = NoAuthorities;

    fn from_str(file: &str) -> Result<Self, NoAuthorities> {
        let text = std::fs::read(Path::new(file))?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match found.map_err(|_| NoAuthorities::NotPem)? {
            none if none.is_empty() => Err(NoAuthorities::NotPem),
            found => Ok(Self(found)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_with_and_without_a_port() {
        let holds = |text: &str, address: &str| {
            let allowed: Allowed = text.parse().unwrap();
            allowed.holds(address.parse().unwrap())
        };
        assert!(holds("10.0.0.5", "10.0.0.5"));
        assert!(!holds("10.0.0.5", "10.0.0.6"));
        assert!(holds("10.1.0.0/16:80", "10.1.255.255"));
        assert!(!holds("10.1.0.0/16:80", "10.2.0.0"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(holds("[fd00::]/8", "fd12::1"));
        assert!(holds("[::1]:80", "::1"));
        let ports = ["10.0.0.5", "10.0.0.5:8080", "10.1.0.0/16", "10.1.0.0/16:81"];
        let ports = ports.map(|text| text.parse::<Allowed>().unwrap().port);
        assert_eq!(ports, [None, Some(8080), None, Some(81)]);
        for wrong in [
            "",
            "localhost",
            "10.0.0.5:",
            "10.0.0.5:http",
            "10.0.0.0/33",
            "10.0.0.1:8/8",
        ] {
            assert!(wrong.parse::<Allowed>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_given_addresses_and_nothing_else() {
        let resolved: Resolved = "Api.example.com.=127.0.0.1:8443".parse().unwrap();
        assert!(resolved.is_for("api.EXAMPLE.com") && resolved.is_for("api.example.com."));
        assert!(!resolved.is_for("example.com") && !resolved.is_for("x.api.example.com"));
        assert_eq!(resolved.address, "127.0.0.1:8443".parse().unwrap());
        for wrong in [
            "",
            "x",
            "=127.0.0.1",
            "x=",
            "x=y",
            "1.2.3.4=127.0.0.1",
            "a b=127.0.0.1",
        ] {
            assert!(wrong.parse::<Resolved>().is_err(), "{wrong}");
        }
    }
}
