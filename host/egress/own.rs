//! The addresses of this machine. Its firewall may trust what comes from itself, and behind a public one
//! of them is the admin API or a neighbour's bot: bots do not get there.
//!
//! Read from `/proc`, which needs no socket and shows the network that the process is in. An address that
//! a router in front translates to is not among them: that is one for `--egress-deny`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what was read holds: interfaces come and go.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// Which addresses are this machine's.
#[derive(Clone)]
pub struct OwnAddresses(Kind);

#[derive(Clone)]
enum Kind {
    Read(Arc<Mutex<Reading>>),
    Fixed(Arc<[IpAddr]>),
}

#[derive(Default)]
struct Reading {
    at: Option<Instant>,
    addresses: Vec<IpAddr>,
}

impl OwnAddresses {
    /// These, whatever the machine has.
    pub fn fixed(addresses: impl Into<Arc<[IpAddr]>>) -> Self {
        Self(Kind::Fixed(addresses.into()))
    }

    pub(super) fn hold(&self, address: IpAddr) -> bool {
        match &self.0 {
            Kind::Fixed(addresses) => addresses.contains(&address),
            Kind::Read(reading) => {
                let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
                if reading.at.is_none_or(|at| at.elapsed() > KEPT_FOR) {
                    reading.at = Some(Instant::now());
                    match read() {
                        Ok(addresses) => reading.addresses = addresses,
                        Err(error) => tracing::warn!(
                            %error,
                            "this machine's addresses cannot be read: name public ones with --egress-deny"
                        ),
                    }
                }
                reading.addresses.contains(&address)
            }
        }
    }
}

impl Default for OwnAddresses {
    fn default() -> Self {
        Self(Kind::Read(Arc::default()))
    }
}

impl fmt::Debug for OwnAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Read(_) => f.write_str("those of the machine"),
            Kind::Fixed(addresses) => addresses.fmt(f),
        }
    }
}

fn read() -> std::io::Result<Vec<IpAddr>> {
    let mut addresses = local_v4(&std::fs::read_to_string("/proc/net/fib_trie")?);
    // Absent where there is no IPv6.
    let v6 = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    addresses.extend(local_v6(&v6));
    Ok(addresses)
}

/// Of the kernel's routes, those that end here: `|-- 127.0.0.1`, and below it `/32 host LOCAL`.
fn local_v4(routes: &str) -> Vec<IpAddr> {
    let (mut found, mut last) = (Vec::new(), None);
    for line in routes.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line.starts_with("/32 host LOCAL") {
            found.extend(last.map(IpAddr::V4));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// 32 digits begin each line.
fn local_v6(interfaces: &str) -> Vec<IpAddr> {
    let digits = interfaces.lines().filter_map(|line| line.get(..32));
    let bits = digits.filter_map(|digits| u128::from_str_radix(digits, 16).ok());
    bits.map(|bits| IpAddr::V6(Ipv6Addr::from(bits))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let routes = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
                      Local:\n     |-- 127.0.0.0\n        /8 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n\
                      \x20    |-- 8.8.8.8\n        /32 host LOCAL\n     |-- 8.8.8.255\n        /32 link BROADCAST\n\
                      \x20    |-- 8.8.8.8\n        /32 host LOCAL\n";
        let own: [IpAddr; 2] = ["8.8.8.8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        assert_eq!(local_v4(routes), own);
        let interfaces = "26064700000000000000000000001111 02 40 00 80     eth0\nbroken\n";
        let own: [IpAddr; 1] = ["2606:4700::1111".parse().unwrap()];
        assert_eq!(local_v6(interfaces), own);
    }

    #[test]
    fn this_machine_finds_its_loopback() {
        let own = OwnAddresses::default();
        assert!(own.hold("127.0.0.1".parse().unwrap()));
        assert!(!own.hold("8.8.8.8".parse().unwrap()));
    }
}
