//! Whose `X-Request-ID` is believed: the networks of the proxies in front of the application.
//!
//! Asked on the workers' threads, once a request, of the address of the socket. Never of `Forwarded` or
//! `X-Forwarded-For`: a client writes there what it likes.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::error::Error;

const MAX_SHOWN_CHARACTERS: usize = 64;
/// How much of an IPv6 address says that it is an IPv4 address (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// The networks whose peers are trusted. By default there are none, and nobody is.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedPeers(
    /// IPv4 wherever it can be, as the peers that are compared with it.
    Arc<[IpNet]>,
);

impl TrustedPeers {
    /// Reads networks, each an address or in CIDR notation, with or without blanks around it.
    ///
    /// An IPv6 network, `::/0` too, has no IPv4 peers, unless it is one of mapped addresses, such as
    /// `::ffff:10.0.0.0/104`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNetwork`] with the first that is not understood.
    pub(crate) fn parse(
        networks: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, Error> {
        let networks = networks.into_iter().map(|text| {
            let text = text.as_ref().trim();
            network(text).ok_or_else(|| Error::InvalidNetwork {
                value: text.chars().take(MAX_SHOWN_CHARACTERS).collect(),
            })
        });
        Ok(Self(networks.collect::<Result<_, _>>()?))
    }

    /// Tells whether what this peer says is believed. A peer without an address, on a Unix socket, is not.
    pub(crate) fn trust(&self, peer: Option<IpAddr>) -> bool {
        let Some(peer) = peer else {
            return false;
        };
        // A socket for both families tells of an IPv4 peer as `::ffff:10.0.0.1`.
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }
}

fn network(text: &str) -> Option<IpNet> {
    // The addresses are read by the standard library, which refuses `010.0.0.0`: it is octal to some.
    let network = match text.split_once('/') {
        Some((address, prefix)) => IpNet::new(address.parse().ok()?, prefix.parse().ok()?).ok()?,
        None => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    let (address, prefix) = (network.addr(), network.prefix_len());
    if address.to_canonical() == address {
        return Some(network);
    }
    // A shorter prefix is a slip: `::ffff:10.0.0.0/8` would be all of `::/8`.
    IpNet::new(address.to_canonical(), prefix.checked_sub(MAPPED_PREFIX)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    fn trusts(networks: &[&str], peer: &str) -> bool {
        let peers = TrustedPeers::parse(networks).unwrap();
        peers.trust(Some(peer.parse().unwrap()))
    }

    #[test]
    fn nobody_is_trusted_without_a_network() {
        let nobody = TrustedPeers::default();
        for peer in ["127.0.0.1", "::1", "::ffff:10.0.0.1"] {
            assert!(!nobody.trust(Some(peer.parse().unwrap())), "{peer}");
            assert!(!trusts(&[], peer), "{peer}");
        }
    }

    #[test]
    fn a_peer_without_an_address_is_not_trusted() {
        let everybody = TrustedPeers::parse(["0.0.0.0/0", "::/0"]).unwrap();
        assert!(!everybody.trust(None));
    }

    #[test]
    fn a_network_trusts_its_first_and_last_address_and_not_their_neighbours() {
        for (peer, expected) in [
            ("9.255.255.255", false),
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("fcff:ffff::1", false),
            ("fd00::", true),
            ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("fe00::", false),
        ] {
            let networks = ["10.0.0.0/8", "fd00::/8"];
            assert_eq!(trusts(&networks, peer), expected, "{peer}");
        }
    }

    #[test]
    fn a_bare_address_is_a_network_of_one() {
        assert!(trusts(&["192.0.2.7"], "192.0.2.7"));
        assert!(!trusts(&["192.0.2.7"], "192.0.2.6"));
        assert!(trusts(&["2001:db8::7"], "2001:db8::7"));
        assert!(!trusts(&["2001:db8::7"], "2001:db8::6"));
    }

    #[test]
    fn blanks_around_a_network_do_not_matter() {
        assert!(trusts(&[" 10.0.0.0/8\t", "\n::1 "], "10.1.2.3"));
        assert!(trusts(&[" 10.0.0.0/8\t", "\n::1 "], "::1"));
    }

    #[test]
    fn a_network_may_be_named_by_any_of_its_addresses() {
        assert!(trusts(&["10.1.2.3/8"], "10.200.0.1"));
    }

    #[test]
    fn a_mapped_peer_is_the_ipv4_peer_that_it_is() {
        assert!(trusts(&["10.0.0.0/8"], "::ffff:10.0.0.1"));
        assert!(!trusts(&["10.0.0.0/8"], "::ffff:11.0.0.1"));
        assert!(!trusts(&["10.0.0.0/8"], "::10.0.0.1"));
    }

    #[test]
    fn a_mapped_network_is_the_ipv4_network_that_it_is() {
        for network in ["::ffff:10.0.0.0/104", "::ffff:10.0.0.1"] {
            assert!(trusts(&[network], "10.0.0.1"), "{network}");
            assert!(trusts(&[network], "::ffff:10.0.0.1"), "{network}");
            assert!(!trusts(&[network], "11.0.0.1"), "{network}");
        }
        assert!(trusts(&["::ffff:0:0/96"], "11.0.0.1"));
    }

    #[test]
    fn an_ipv6_network_has_no_ipv4_peers() {
        assert!(trusts(&["::/0"], "2001:db8::7"));
        assert!(!trusts(&["::/0"], "10.0.0.1"));
        assert!(!trusts(&["::/0"], "::ffff:10.0.0.1"));
        assert!(!trusts(&["0.0.0.0/0"], "2001:db8::7"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/-1",
            "10.0.0.0/",
            "10.0.0.0/8/8",
            "10.0.0.0 /8",
            "10.0.0",
            "010.0.0.0/8",
            "10.0.0.1:80",
            "[::1]",
            "fe80::1%eth0",
            "10.0.0.0/8,::1",
            "::ffff:10.0.0.0/8",
            "::ffff:10.0.0.0/95",
        ] {
            let error = TrustedPeers::parse(["::1", text]).unwrap_err();
            let Error::InvalidNetwork { value } = error else {
                panic!("{error}");
            };
            assert_eq!(value, text);
        }
    }

    #[test]
    fn the_error_shows_the_beginning_of_the_value_and_says_what_to_write() {
        let error = TrustedPeers::parse([format!(" {}", "\u{e9}".repeat(65))]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` is no network; write it as an address or in CIDR notation, \
                 such as 10.0.0.0/8 or fd00::/8",
                "\u{e9}".repeat(64)
            )
        );
    }

    proptest! {
        #[test]
        fn an_ipv4_network_is_as_wide_as_its_prefix(address: u32, other: u32, prefix in 0_u32..=32) {
            let text = format!("{}/{prefix}", Ipv4Addr::from_bits(address));
            let peers = TrustedPeers::parse([text]).unwrap();
            // Equal in `prefix` bits, or with a chance of half in one more or one less.
            let near = address ^ (other.checked_shr(prefix.saturating_sub(1)).unwrap_or(0));
            for peer in [near, other].map(Ipv4Addr::from_bits) {
                let is_within = (address ^ peer.to_bits()).leading_zeros() >= prefix;
                prop_assert_eq!(peers.trust(Some(peer.into())), is_within);
                prop_assert_eq!(peers.trust(Some(peer.to_ipv6_mapped().into())), is_within);
            }
        }

        #[test]
        fn an_ipv6_network_is_as_wide_as_its_prefix(low: u128, other: u128, prefix in 0_u32..=128) {
            // Not among the mapped addresses.
            let address = low | 1 << 127;
            let text = format!("{}/{prefix}", Ipv6Addr::from_bits(address));
            let peers = TrustedPeers::parse([text]).unwrap();
            let near = address ^ (other.checked_shr(prefix.saturating_sub(1)).unwrap_or(0));
            for peer in [near, other | 1 << 126].map(Ipv6Addr::from_bits) {
                let is_within = (address ^ peer.to_bits()).leading_zeros() >= prefix;
                prop_assert_eq!(peers.trust(Some(peer.into())), is_within);
            }
        }

        #[test]
        fn every_address_is_a_network_of_itself(bits: u128) {
            let ipv4 = Ipv4Addr::from_bits(bits as u32);
            let addresses: [IpAddr; 3] =
                [Ipv6Addr::from_bits(bits).into(), ipv4.into(), ipv4.to_ipv6_mapped().into()];
            for address in addresses {
                let peers = TrustedPeers::parse([address.to_string()]).unwrap();
                prop_assert!(peers.trust(Some(address)));
            }
        }
    }
}
