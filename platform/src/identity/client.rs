//! From where somebody is asking.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// The network address of the client, as the router sees it: rate limits count by it. The router passes it on next
/// to the identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The networks of the reverse proxies that speak for their clients, written `10.0.0.0/8, 192.0.2.7`, or `none`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxies(Vec<IpNet>);

impl TryFrom<String> for TrustedProxies {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        TrustedProxies::parse(&text).ok_or_else(|| format!("{text:?} is not a list of networks"))
    }
}

impl TrustedProxies {
    /// Reads networks and single addresses with commas between them, or the word `none`.
    pub fn parse(text: &str) -> Option<TrustedProxies> {
        if text.trim() == "none" {
            return Some(TrustedProxies(Vec::new()));
        }
        let network = |item: &str| {
            let item = item.trim();
            let address = || item.parse().ok().map(IpAddr::into);
            item.parse().ok().or_else(address)
        };
        text.split(',')
            .map(network)
            .collect::<Option<_>>()
            .map(TrustedProxies)
    }

    /// The client behind a connection from `peer`. Of a proxy that is trusted, the last address in the last line
    /// `x-forwarded-for` counts: the one that the proxy itself has added. What stands before it, and what anybody else
    /// sends, could be made up.
    pub fn client(&self, peer: IpAddr, last_forwarded_for: Option<&str>) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.0.iter().any(|network| network.contains(&peer)) {
            return ClientAddress(peer);
        }
        let forwarded = last_forwarded_for
            .and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        ClientAddress(forwarded.map_or(peer, |client| client.to_canonical()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn client(proxies: &TrustedProxies, peer: &str, forwarded: Option<&str>) -> String {
        let client = proxies.client(peer.parse().unwrap(), forwarded);
        client.0.to_string()
    }

    #[test]
    fn by_default_only_proxies_nearby_speak_for_their_clients() {
        let proxies = Config::default().server.trusted_proxies;
        let forwarded = Some("198.51.100.1");
        assert_eq!(client(&proxies, "203.0.113.7", None), "203.0.113.7");
        assert_eq!(
            client(&proxies, "203.0.113.7", forwarded),
            "203.0.113.7",
            "made up"
        );
        assert_eq!(
            client(&proxies, "2001:db8::1", forwarded),
            "2001:db8::1",
            "made up"
        );
        for nearby in [
            "10.0.0.2",
            "172.20.0.2",
            "192.168.1.2",
            "127.0.0.1",
            "::1",
            "fd00::2",
        ] {
            assert_eq!(
                client(&proxies, nearby, forwarded),
                "198.51.100.1",
                "{nearby}"
            );
        }
        assert_eq!(
            client(&proxies, "10.0.0.2", Some("6.6.6.6, 198.51.100.1")),
            "198.51.100.1",
            "the proxy's own entry is the last"
        );
        assert_eq!(
            client(&proxies, "::ffff:127.0.0.1", Some("2001:db8::7")),
            "2001:db8::7"
        );
        assert_eq!(
            client(&proxies, "127.0.0.1", Some("not an address")),
            "127.0.0.1"
        );
    }

    #[test]
    fn proxies_can_be_named() {
        let proxies = TrustedProxies::parse("192.0.2.0/24,2001:db8::7").unwrap();
        let forwarded = Some("198.51.100.1");
        for trusted in ["192.0.2.9", "2001:db8::7"] {
            assert_eq!(client(&proxies, trusted, forwarded), "198.51.100.1");
        }
        for other in ["127.0.0.1", "10.0.0.2", "2001:db8::8"] {
            assert_eq!(client(&proxies, other, forwarded), other);
        }
        let nobody = TrustedProxies::parse("none").unwrap();
        assert_eq!(client(&nobody, "127.0.0.1", forwarded), "127.0.0.1");
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/8,", "proxy.example.com"] {
            assert_eq!(TrustedProxies::parse(wrong), None, "{wrong}");
        }
    }
}
