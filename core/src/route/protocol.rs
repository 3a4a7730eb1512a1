//! Which protocol a Service port speaks, as far as a proxy must know before it reads any byte.
//! `istio/istio: pkg/config/kube/conversion.go` (ConvertProtocol), `pkg/config/protocol/instance.go`.

use crate::resource::ServicePort;

/// What a proxy makes of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    /// HTTP of any version: what is no HTTP is refused.
    Http,
    /// Bytes, TLS among them: what is HTTP is carried without being read.
    Tcp,
    /// The first bytes decide.
    Auto,
    /// No proxy takes it.
    Udp,
}

/// Ports on which the server speaks first, so that sniffing would wait for ever.
const SERVER_FIRST: &[u16] = &[25, 53, 3306, 27017];

impl Protocol {
    /// The protocol of a Service port: `appProtocol` instead of the name, where there is one.
    pub(crate) fn of(port: &ServicePort) -> Self {
        if port.protocol.as_deref() == Some("UDP") {
            return Self::Udp;
        }
        let named = match port.app_protocol.as_deref() {
            Some("kubernetes.io/h2c" | "kubernetes.io/ws") => Some(Self::Http),
            Some("kubernetes.io/wss") => Some(Self::Tcp),
            Some(protocol) => Self::named(protocol),
            None => port.name.as_deref().and_then(Self::named),
        };
        named.unwrap_or(if SERVER_FIRST.contains(&port.port) {
            Self::Tcp
        } else {
            Self::Auto
        })
    }

    /// Whether a port speaks TLS from the first byte on (IsTLS).
    pub(crate) fn is_tls(port: &ServicePort) -> bool {
        let says = |name: &str| {
            let first = name.split('-').next().unwrap_or_default();
            first.eq_ignore_ascii_case("tls") || first.eq_ignore_ascii_case("https")
        };
        let name = port.app_protocol.as_deref().or(port.name.as_deref());
        Self::of(port) == Self::Tcp
            && name.is_some_and(|name| name == "kubernetes.io/wss" || says(name))
    }

    /// What a port's name says, up to its first `-`.
    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name.starts_with("grpc-web") {
            return Some(Self::Http);
        }
        match name.split('-').next().unwrap_or_default() {
            "http" | "http2" | "grpc" | "http_proxy" => Some(Self::Http),
            "tcp" | "tls" | "https" | "mongo" | "redis" | "mysql" => Some(Self::Tcp),
            "udp" => Some(Self::Udp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_told_from_other_bytes() {
        for (name, app_protocol, expected) in [
            (Some("tls"), None, true),
            (Some("HTTPS-web"), None, true),
            (Some("tcp-tls"), None, false),
            (Some("tls"), Some("tcp"), false),
            (Some("http"), Some("kubernetes.io/wss"), true),
            (Some("web"), None, false),
        ] {
            let port = ServicePort {
                name: name.map(str::to_owned),
                app_protocol: app_protocol.map(str::to_owned),
                port: 9443,
                ..ServicePort::default()
            };
            assert_eq!(
                Protocol::is_tls(&port),
                expected,
                "{name:?} {app_protocol:?}"
            );
        }
    }

    #[test]
    fn name_and_app_protocol_decide() {
        for (name, app_protocol, number, expected) in [
            (Some("http"), None, 9080, Protocol::Http),
            (Some("HTTP-web"), None, 9080, Protocol::Http),
            (Some("httpx"), None, 9080, Protocol::Auto),
            (Some("grpc-web-api"), None, 9080, Protocol::Http),
            (Some("tcp-db"), None, 5432, Protocol::Tcp),
            (Some("https"), None, 443, Protocol::Tcp),
            (Some("web"), None, 80, Protocol::Auto),
            (Some("web"), None, 3306, Protocol::Tcp),
            (None, None, 9080, Protocol::Auto),
            (Some("tcp"), Some("http"), 9080, Protocol::Http),
            (Some("http"), Some("kubernetes.io/wss"), 9080, Protocol::Tcp),
            (Some("http"), Some("example.com/x"), 9080, Protocol::Auto),
        ] {
            let port = ServicePort {
                name: name.map(str::to_owned),
                app_protocol: app_protocol.map(str::to_owned),
                port: number,
                ..ServicePort::default()
            };
            assert_eq!(
                Protocol::of(&port),
                expected,
                "{name:?} {app_protocol:?} {number}"
            );
        }
        let udp = ServicePort {
            protocol: Some("UDP".to_owned()),
            name: Some("http".to_owned()),
            ..ServicePort::default()
        };
        assert_eq!(Protocol::of(&udp), Protocol::Udp);
    }
}
