//! Addresses and CIDR blocks as policies write them.

use std::net::IpAddr;

use ipnet::IpNet;

/// Reads an address or a CIDR block. Bits behind the prefix do not count, and a block of one family contains no
/// address of the other. `istio/istio: pkg/config/security/security.go` (ValidateIPs).
pub(crate) fn parse_ip_block(text: &str) -> Option<IpNet> {
    if text.contains('/') {
        text.parse().ok()
    } else {
        text.parse::<IpAddr>().ok().map(IpNet::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_single_addresses() {
        for (block, address, expected) in [
            ("10.1.2.3", "10.1.2.3", Some(true)),
            ("10.1.2.3", "10.1.2.4", Some(false)),
            ("10.1.2.3/8", "10.255.255.255", Some(true)),
            ("10.1.2.3/8", "11.0.0.0", Some(false)),
            ("0.0.0.0/0", "255.255.255.255", Some(true)),
            ("0.0.0.0/0", "::1", Some(false)),
            ("::/0", "10.0.0.1", Some(false)),
            ("fd00::/8", "fd12::1", Some(true)),
            ("10.0.0.0/33", "10.0.0.0", None),
            ("10.0.0", "10.0.0.0", None),
            ("010.0.0.1", "10.0.0.1", None),
            ("", "10.0.0.1", None),
            ("/", "10.0.0.1", None),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(
                parse_ip_block(block).map(|block| block.contains(&address)),
                expected,
                "{block} ~ {address}"
            );
        }
    }
}
