//! The addresses that are not public, from the registries of IANA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that no request may reach unasked, and what they are. From the IANA IPv4 Special-Purpose Address
/// Registry (<https://www.iana.org/assignments/iana-ipv4-special-registry>) and the multicast and reserved blocks.
/// Blocks that the registry calls globally reachable (AS112, AMT) are public. One address is here for what it does:
/// 168.63.129.16 answers inside every Azure machine and nowhere else.
const IPV4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this network (0.0.0.0/8)"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address (10.0.0.0/8)"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a shared address behind a carrier (100.64.0.0/10)"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address (127.0.0.0/8)"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud platform's own address (168.63.129.16)"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address (169.254.0.0/16)"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address (172.16.0.0/12)"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an address of protocol assignments (192.0.0.0/24)"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a documentation address (192.0.2.0/24)"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay address (192.88.99.0/24)"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address (192.168.0.0/16)"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a benchmarking address (198.18.0.0/15)"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a documentation address (198.51.100.0/24)"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a documentation address (203.0.113.0/24)"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address (224.0.0.0/4)"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address (240.0.0.0/4)"),
];

/// Blocks of IPv6, from the IANA IPv6 Special-Purpose Address Registry
/// (<https://www.iana.org/assignments/iana-ipv6-special-registry>). What lies outside 2000::/3, the only block from
/// which global unicast addresses are assigned, is refused whether it stands here or not: these lines say why.
const IPV6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address (::)"),
    (Ipv6Addr::LOCALHOST, 128, "the loopback address (::1)"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a local translation address (64:ff9b:1::/48)"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "a discard address (100::/64)"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "a Teredo address (2001::/32)"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an address of protocol assignments (2001::/23)"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a documentation address (2001:db8::/32)"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address (2002::/16)"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a documentation address (3fff::/20)"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "a segment routing address (5f00::/16)"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a unique local address (fc00::/7)"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local address (fe80::/10)"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a site-local address (fec0::/10)"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address (ff00::/8)"),
];

/// What an address is, if it is not public; nothing for a public one.
///
/// An address that only carries an IPv4 address (`::ffff:a.b.c.d`, and the well-known translation prefix
/// `64:ff9b::a.b.c.d`) is what it carries. The tunnels 6to4 and Teredo are refused whatever they carry; a network's
/// own translation prefix cannot be recognised.
///
/// ```
/// use flov7_connect::special_use;
///
/// assert_eq!(special_use("127.0.0.1".parse()?), Some("a loopback address (127.0.0.0/8)"));
/// assert_eq!(special_use("::ffff:10.1.2.3".parse()?), Some("a private address (10.0.0.0/8)"));
/// assert_eq!(special_use("1.1.1.1".parse()?), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn special_use(address: IpAddr) -> Option<&'static str> {
    match carried(address) {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// The address that packets go to: the IPv4 address inside a mapped or translated one, else the address itself.
pub(crate) fn carried(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        _ => address,
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    IPV4.iter()
        .find(|(block, length, _)| (bits ^ u32::from(*block)) >> (32 - length) == 0)
        .map(|(_, _, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = u128::from(address);
    IPV6.iter()
        .find(|(block, length, _)| (bits ^ u128::from(*block)) >> (128 - length) == 0)
        .map(|(_, _, what)| *what)
        .or_else(|| (bits >> 125 != 1).then_some("an address outside the public block (2000::/3)"))
}
