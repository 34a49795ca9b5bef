//! Which addresses bots may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use reqwest::Url;

use super::error::EgressError;
use super::lists::Lists;
use super::own::OwnAddresses;
use super::settings::{Allowed, Authorities, Resolved};

/// What is refused and what is excepted. Addresses that are not public are always refused.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    /// Exceptions: services of the operator's that bots may reach, and a test's own servers.
    pub allow: Vec<Allowed>,
    /// Addresses that stand for names, and may be reached by them.
    pub resolve: Vec<Resolved>,
    /// Authorities that are believed besides the system's.
    pub authorities: Authorities,
    /// This machine's, which its firewall may trust: refused but for exceptions.
    pub own: OwnAddresses,
    /// What is refused and what alone is reached, also among exceptions. Every list has its say.
    pub lists: Vec<Lists>,
    /// Ports on which nothing is sent. HTTP can be made to look like a conversation with a mail
    /// server, hence SMTP's by default.
    pub denied_ports: Vec<u16>,
    /// Whether the proxies of the host's environment are used. Never for bots: a proxy reaches what they may not.
    pub goes_by_proxy: bool,
}

/// Networks that are not the public Internet, from IANA's registries of special addresses, as
/// (network, length of prefix).
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // shared between carrier and customer
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's metadata, on a public address
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, with most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // relays of 6to4
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];

/// Of IPv6, only 2000::/3 is public, and not these parts of it. Forms that carry an IPv4 address
/// (mapped, NAT64) are outside of it; Teredo and 6to4 are here.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocols: Teredo, ORCHID, benchmarks
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

impl Default for EgressPolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            resolve: Vec::new(),
            authorities: Authorities::default(),
            own: OwnAddresses::default(),
            lists: Vec::new(),
            denied_ports: vec![25, 465, 587],
            goes_by_proxy: false,
        }
    }
}

impl EgressPolicy {
    /// Checks what can be checked before a name is resolved, and gives the address in the one form
    /// that is used from here on: `http://0x7f.1` is `http://127.0.0.1`.
    pub(super) fn check(&self, uri: &Uri) -> Result<Url, EgressError> {
        let url = Url::parse(&uri.to_string()).map_err(|_| EgressError::InvalidUri)?;
        let has_login = !url.username().is_empty() || url.password().is_some();
        let (Some(host), Some(port), false) =
            (url.host_str(), url.port_or_known_default(), has_login)
        else {
            return Err(EgressError::InvalidUri);
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EgressError::Scheme(url.scheme().to_owned()));
        }
        let literal = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        if let Ok(address) = literal {
            self.judge(host, address, port)?;
        } else if !self.lists.iter().all(|lists| lists.may_pass(host, port)) {
            return Err(EgressError::NotListed(host.to_owned()));
        }
        let is_excepted = self.allow.iter().any(|allowed| allowed.port == Some(port));
        if self.denied_ports.contains(&port) && !is_excepted {
            return Err(EgressError::PortDenied(port));
        }
        Ok(url)
    }

    /// Whether a connection may go to a port of an address that a name led to.
    pub(super) fn judge(&self, name: &str, address: IpAddr, port: u16) -> Result<(), EgressError> {
        let is_excepted = |allowed: &Allowed| {
            allowed.holds(address) && allowed.port.is_none_or(|only| only == port)
        };
        let is_others = || is_public(address) && !self.own.hold(address);
        if !self.allow.iter().any(is_excepted) && !is_others() {
            return Err(EgressError::AddressDenied(name.to_owned()));
        }
        self.is_listed(name, address, port)
    }

    /// Whether the lists let a connection pass.
    pub(super) fn is_listed(
        &self,
        name: &str,
        address: IpAddr,
        port: u16,
    ) -> Result<(), EgressError> {
        let mut lists = self.lists.iter();
        match lists.all(|lists| lists.pass(name, address, port)) {
            true => Ok(()),
            false => Err(EgressError::NotListed(name.to_owned())),
        }
    }
}

/// Whether an address is one of the public Internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|&(network, length)| {
            let shift = 32 - length;
            u32::from(address) >> shift == u32::from(network) >> shift
        }),
        IpAddr::V6(address) => {
            let is_in = |(network, length): (Ipv6Addr, u32)| {
                let shift = 128 - length;
                u128::from(address) >> shift == u128::from(network) >> shift
            };
            is_in(PUBLIC_V6) && !SPECIAL_V6.iter().copied().any(is_in)
        }
    }
}
