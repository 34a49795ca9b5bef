//! Who asked, and what the bot is told of it: `X-Forwarded-*` of this host's making.
//!
//! A client can write what it likes into these headers, so they are believed only of a peer that is
//! a proxy of the operator's, and taken off in any case. The bot then finds one value in each.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::net::IpAddr;
use std::str::FromStr;

/// Peers whose `X-Forwarded-*` are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Net>);

/// Why a text names no proxies.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no proxies: write addresses or networks such as 10.0.0.0/8, `loopback` or \
     `private`, with commas between, or `none`"
)]
pub struct ProxiesError(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Net {
    address: IpAddr,
    bits: u8,
}

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Belongs to one connection, or is the host's to say.
const NOT_PASSED_ON: [HeaderName; 11] = [
    header::CONNECTION,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) address: IpAddr,
    pub(super) is_https: bool,
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self(LOOPBACK.iter().filter_map(|net| Net::parse(net)).collect())
    }
}

impl FromStr for TrustedProxies {
    type Err = ProxiesError;

    fn from_str(text: &str) -> Result<Self, ProxiesError> {
        let mut nets = Vec::new();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match word {
                "none" => {}
                "loopback" => nets.extend(LOOPBACK.iter().filter_map(|net| Net::parse(net))),
                "private" => nets.extend(PRIVATE.iter().filter_map(|net| Net::parse(net))),
                _ => nets.push(Net::parse(word).ok_or_else(|| ProxiesError(word.to_owned()))?),
            }
        }
        Ok(Self(nets))
    }
}

impl Net {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Self { address, bits })
    }

    fn holds(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(net), IpAddr::V4(other)) => {
                let differ = u32::from(net) ^ u32::from(other);
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(other)) => {
                let differ = u128::from(net) ^ u128::from(other);
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl TrustedProxies {
    /// Whether it is one of theirs.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.holds(address))
    }

    /// Who asked: the peer, or whom the operator's proxies name.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client {
                address: peer,
                is_https: false,
            };
        }
        let hops = headers.get_all("x-forwarded-for").iter();
        let hops: Vec<&str> = hops
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let mut address = peer;
        // Each proxy writes at the end whom it was asked by.
        for hop in hops.into_iter().rev() {
            let Some(named) = address_of(hop) else { break };
            address = named;
            if !self.trusts(named) {
                break;
            }
        }
        let proto = headers
            .get("x-forwarded-proto")
            .and_then(|value| value.to_str().ok());
        let proto = proto
            .and_then(|value| value.split(',').next())
            .map(str::trim);
        Client {
            address,
            is_https: proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https")),
        }
    }
}

/// An address, with or without a port.
fn address_of(text: &str) -> Option<IpAddr> {
    let plain = text.trim_start_matches('[');
    let address = text
        .parse()
        .ok()
        .or_else(|| {
            plain
                .split_once(']')
                .and_then(|(address, _)| address.parse().ok())
        })
        .or_else(|| {
            text.rsplit_once(':')
                .and_then(|(address, _)| address.parse().ok())
        });
    address.map(|address: IpAddr| address.to_canonical())
}

/// Takes off what belongs to one connection.
pub(super) fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&NOT_PASSED_ON) {
        headers.remove(name);
    }
}

/// Replaces what the client, or a proxy, says of itself by what the host knows.
pub(super) fn forward(headers: &mut HeaderMap, client: Client, host: &str, prefix: Option<&str>) {
    let is_claim = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || matches!(name, "forwarded" | "x-real-ip")
    };
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_claim(name))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
    let proto = if client.is_https { "https" } else { "http" };
    let address = client.address.to_string();
    let told = [
        ("x-forwarded-for", Some(address.as_str())),
        ("x-forwarded-proto", Some(proto)),
        ("x-forwarded-host", Some(host)),
        ("x-forwarded-prefix", prefix),
    ];
    for (name, value) in told {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn client(proxies: &str, peer: &str, pairs: &[(&'static str, &str)]) -> (String, bool) {
        let proxies: TrustedProxies = proxies.parse().unwrap();
        let client = proxies.client(peer.parse().unwrap(), &headers(pairs));
        (client.address.to_string(), client.is_https)
    }

    #[test]
    fn only_the_operators_proxies_are_believed() {
        let said = [
            ("x-forwarded-for", "6.6.6.6, 203.0.113.9"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(
            client("loopback", "127.0.0.1", &said),
            ("203.0.113.9".to_owned(), true)
        );
        assert_eq!(
            client("loopback", "::ffff:127.0.0.1", &said),
            ("203.0.113.9".to_owned(), true)
        );
        assert_eq!(
            client("loopback", "198.51.100.1", &said),
            ("198.51.100.1".to_owned(), false)
        );
        assert_eq!(
            client("none", "127.0.0.1", &said),
            ("127.0.0.1".to_owned(), false)
        );
        let chain = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-for", "10.1.2.3:555"),
        ];
        assert_eq!(
            client("private", "10.0.0.1", &chain),
            ("203.0.113.9".to_owned(), false)
        );
        assert_eq!(
            client("10.0.0.1/32", "10.0.0.1", &chain),
            ("10.1.2.3".to_owned(), false)
        );
        let garbage = [("x-forwarded-for", "203.0.113.9, nonsense")];
        assert_eq!(
            client("loopback", "127.0.0.1", &garbage),
            ("127.0.0.1".to_owned(), false)
        );
        assert_eq!(
            client("0.0.0.0/0", "9.9.9.9", &garbage),
            ("9.9.9.9".to_owned(), false)
        );
        assert!("10.0.0.0/33".parse::<TrustedProxies>().is_err());
        assert!("proxy.example".parse::<TrustedProxies>().is_err());
    }

    #[test]
    fn what_clients_claim_is_replaced() {
        let mut all = headers(&[
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-user", "admin"),
            ("forwarded", "for=6.6.6.6"),
            ("x-real-ip", "6.6.6.6"),
            ("connection", "close, x-secret"),
            ("x-secret", "1"),
            ("transfer-encoding", "chunked"),
            ("cookie", "a=b"),
        ]);
        let client = Client {
            address: "203.0.113.9".parse().unwrap(),
            is_https: true,
        };
        end_to_end(&mut all);
        forward(&mut all, client, "shop.bots.example", Some("/p/shop"));
        let mut left: Vec<_> = all
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "cookie: a=b",
                "x-forwarded-for: 203.0.113.9",
                "x-forwarded-host: shop.bots.example",
                "x-forwarded-prefix: /p/shop",
                "x-forwarded-proto: https",
            ]
        );
    }
}
