//! Where Meta finds the data endpoints of a host's projects.

use std::net::SocketAddr;

use super::model::FlowName;
use crate::projects::ProjectName;

/// In front of a Flow's name, on whatever leads to the project.
pub const PATH: &str = "/.roost/flows/";

/// The addresses of a host's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// Bots have no names of their own.
    None,
    /// Each project has a name below this domain.
    Domain(String),
    /// Projects are paths of one listener: on the author's machine.
    Local(SocketAddr),
}

impl Addresses {
    /// The endpoint of a Flow.
    pub fn of(&self, project: &ProjectName, flow: &FlowName) -> Option<String> {
        match self {
            Self::None => None,
            Self::Domain(domain) => Some(format!("https://{project}.{domain}{PATH}{flow}")),
            Self::Local(address) => Some(format!(
                "http://127.0.0.1:{}/p/{project}{PATH}{flow}",
                address.port()
            )),
        }
    }

    /// The name of a Flow in the path of a request to a project.
    pub fn flow_in(path: &str) -> Option<&str> {
        let path = path.split('?').next().unwrap_or_default();
        path.strip_prefix(PATH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_have_an_address_where_bots_have_one() {
        let (project, flow) = ("shop".parse().unwrap(), "booking".parse().unwrap());
        let domain = Addresses::Domain("bots.example.com".to_owned());
        let uri = domain.of(&project, &flow).unwrap();
        assert_eq!(uri, "https://shop.bots.example.com/.roost/flows/booking");
        let local = Addresses::Local("0.0.0.0:4000".parse().unwrap());
        let uri = local.of(&project, &flow).unwrap();
        assert_eq!(uri, "http://127.0.0.1:4000/p/shop/.roost/flows/booking");
        assert_eq!(Addresses::None.of(&project, &flow), None);
        assert_eq!(
            Addresses::flow_in("/.roost/flows/booking?x"),
            Some("booking")
        );
        assert_eq!(Addresses::flow_in("/.roost/flow"), None);
    }
}
