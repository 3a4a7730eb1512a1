//! What becomes of each field of Istio's traffic kinds: evaluated, told in the answer, or not modelled.
//! A test holds the table to the types, so that a field cannot be added without an entry.

use super::Kind;

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It decides what becomes of requests.
    Evaluated,
    /// It changes neither route nor backend, and is told in the answer.
    Told,
    /// No answer depends on it; of a VirtualService a finding says so.
    NotModelled,
}

impl Treatment {
    /// As the table writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Evaluated => "evaluated",
            Self::Told => "told",
            Self::NotModelled => "not modelled",
        }
    }
}

/// One field.
pub(crate) struct Field {
    /// The kind.
    pub(crate) kind: Kind,
    /// Below `spec`; `[]` is an entry of a list, `*` one of a map.
    pub(crate) path: &'static str,
    /// What becomes of it.
    pub(crate) treatment: Treatment,
    /// What is to be known.
    pub(crate) note: &'static str,
}

const fn row(kind: Kind, path: &'static str, treatment: Treatment, note: &'static str) -> Field {
    Field {
        kind,
        path,
        treatment,
        note,
    }
}

use Kind::{DestinationRule, IstioGateway, VirtualService};
use Treatment::{Evaluated, NotModelled, Told};

/// Every field.
#[rustfmt::skip]
pub(crate) const FIELDS: &[Field] = &[
    row(VirtualService, "hosts[]", Evaluated, "a name without dots is completed with the namespace"),
    row(VirtualService, "gateways[]", Evaluated, "`mesh` is every waypoint"),
    row(VirtualService, "exportTo[]", Evaluated, ""),
    row(VirtualService, "http[].name", Told, "names the route in Envoy's log"),
    row(VirtualService, "http[].match[].name", Told, "names the route in Envoy's log"),
    row(VirtualService, "http[].match[].statPrefix", NotModelled, "names statistics"),
    row(VirtualService, "http[].match[].uri", Evaluated, "a prefix is any text"),
    row(VirtualService, "http[].match[].ignoreUriCase", Evaluated, "not of regular expressions"),
    row(VirtualService, "http[].match[].scheme", Evaluated, ""),
    row(VirtualService, "http[].match[].method", Evaluated, ""),
    row(VirtualService, "http[].match[].authority", Evaluated, "the Host header with its port"),
    row(VirtualService, "http[].match[].headers.*", Evaluated, "claims of a token too, at gateways"),
    row(VirtualService, "http[].match[].withoutHeaders.*", Evaluated, "an absent header counts as empty"),
    row(VirtualService, "http[].match[].queryParams.*", Evaluated, "the first of equal names"),
    row(VirtualService, "http[].match[].port", Evaluated, ""),
    row(VirtualService, "http[].match[].gateways[]", Evaluated, ""),
    row(VirtualService, "http[].match[].sourceLabels.*", Evaluated, "a waypoint drops the match (WP0403)"),
    row(VirtualService, "http[].match[].sourceNamespace", Evaluated, "a waypoint compares its own namespace (WP0403)"),
    row(VirtualService, "http[].route[].destination.host", Evaluated, ""),
    row(VirtualService, "http[].route[].destination.subset", Evaluated, "503 where no DestinationRule defines it (WP0404)"),
    row(VirtualService, "http[].route[].destination.port", Evaluated, ""),
    row(VirtualService, "http[].route[].weight", Evaluated, "of a single destination it does not count"),
    row(VirtualService, "http[].route[].headers", Evaluated, "shown where there is one destination"),
    row(VirtualService, "http[].redirect.uri", Evaluated, ""),
    row(VirtualService, "http[].redirect.prefixRewrite", Evaluated, ""),
    row(VirtualService, "http[].redirect.authority", Evaluated, ""),
    row(VirtualService, "http[].redirect.port", Evaluated, ""),
    row(VirtualService, "http[].redirect.derivePort", Evaluated, ""),
    row(VirtualService, "http[].redirect.scheme", Evaluated, ""),
    row(VirtualService, "http[].redirect.redirectCode", Evaluated, "301 unless said otherwise"),
    row(VirtualService, "http[].directResponse.status", Evaluated, ""),
    row(VirtualService, "http[].directResponse.body", NotModelled, ""),
    row(VirtualService, "http[].delegate.name", Evaluated, ""),
    row(VirtualService, "http[].delegate.namespace", Evaluated, ""),
    row(VirtualService, "http[].rewrite.uri", Evaluated, ""),
    row(VirtualService, "http[].rewrite.authority", Evaluated, ""),
    row(VirtualService, "http[].rewrite.uriRegexRewrite.match", Evaluated, ""),
    row(VirtualService, "http[].rewrite.uriRegexRewrite.rewrite", Evaluated, ""),
    row(VirtualService, "http[].timeout", Told, ""),
    row(VirtualService, "http[].retries.attempts", Told, ""),
    row(VirtualService, "http[].retries.perTryTimeout", Told, ""),
    row(VirtualService, "http[].retries.retryOn", Told, ""),
    row(VirtualService, "http[].retries.retryRemoteLocalities", NotModelled, ""),
    row(VirtualService, "http[].retries.retryIgnorePreviousHosts", NotModelled, ""),
    row(VirtualService, "http[].retries.backoff", NotModelled, ""),
    row(VirtualService, "http[].fault.delay.percentage", Told, ""),
    row(VirtualService, "http[].fault.delay.percent", Told, ""),
    row(VirtualService, "http[].fault.delay.fixedDelay", Told, ""),
    row(VirtualService, "http[].fault.delay.exponentialDelay", NotModelled, "Istio does not implement it"),
    row(VirtualService, "http[].fault.abort.percentage", Evaluated, "of all requests it is the answer, else it is told"),
    row(VirtualService, "http[].fault.abort.httpStatus", Evaluated, ""),
    row(VirtualService, "http[].fault.abort.grpcStatus", Evaluated, ""),
    row(VirtualService, "http[].fault.abort.http2Error", NotModelled, "Istio does not implement it"),
    row(VirtualService, "http[].mirror.host", Evaluated, ""),
    row(VirtualService, "http[].mirror.subset", Evaluated, ""),
    row(VirtualService, "http[].mirror.port", Evaluated, ""),
    row(VirtualService, "http[].mirrorPercent", Evaluated, ""),
    row(VirtualService, "http[].mirrorPercentage", Evaluated, ""),
    row(VirtualService, "http[].mirrors[].destination.host", Evaluated, ""),
    row(VirtualService, "http[].mirrors[].destination.subset", Evaluated, ""),
    row(VirtualService, "http[].mirrors[].destination.port", Evaluated, ""),
    row(VirtualService, "http[].mirrors[].percentage", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.allowOrigin[]", Evaluated, "superseded by `allowOrigins`"),
    row(VirtualService, "http[].corsPolicy.allowOrigins[]", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.allowMethods[]", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.allowHeaders[]", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.exposeHeaders[]", NotModelled, "on answers of backends only"),
    row(VirtualService, "http[].corsPolicy.maxAge", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.allowCredentials", Evaluated, ""),
    row(VirtualService, "http[].corsPolicy.unmatchedPreflights", Evaluated, ""),
    row(VirtualService, "http[].headers", Evaluated, "of answers where the proxy makes them"),
    row(VirtualService, "tls[].match[].sniHosts[]", Evaluated, "a waypoint takes the Service's own name only"),
    row(VirtualService, "tls[].match[].destinationSubnets[]", NotModelled, ""),
    row(VirtualService, "tls[].match[].port", Evaluated, ""),
    row(VirtualService, "tls[].match[].sourceSubnet", NotModelled, "Istio does not implement it"),
    row(VirtualService, "tls[].match[].sourceLabels.*", Evaluated, "at a waypoint it never holds"),
    row(VirtualService, "tls[].match[].gateways[]", Evaluated, ""),
    row(VirtualService, "tls[].match[].sourceNamespace", Evaluated, "at a waypoint it never holds"),
    row(VirtualService, "tls[].route[].destination.host", Evaluated, ""),
    row(VirtualService, "tls[].route[].destination.subset", Evaluated, ""),
    row(VirtualService, "tls[].route[].destination.port", Evaluated, ""),
    row(VirtualService, "tls[].route[].weight", Evaluated, ""),
    row(VirtualService, "tls[].route[].headers", NotModelled, "the API has none here"),
    row(VirtualService, "tcp[].match[].sniHosts[]", NotModelled, "the API has none here"),
    row(VirtualService, "tcp[].match[].destinationSubnets[]", NotModelled, ""),
    row(VirtualService, "tcp[].match[].port", Evaluated, ""),
    row(VirtualService, "tcp[].match[].sourceSubnet", NotModelled, "Istio does not implement it"),
    row(VirtualService, "tcp[].match[].sourceLabels.*", Evaluated, "at a waypoint it never holds"),
    row(VirtualService, "tcp[].match[].gateways[]", Evaluated, ""),
    row(VirtualService, "tcp[].match[].sourceNamespace", Evaluated, "at a waypoint it never holds"),
    row(VirtualService, "tcp[].route[].destination.host", Evaluated, ""),
    row(VirtualService, "tcp[].route[].destination.subset", Evaluated, ""),
    row(VirtualService, "tcp[].route[].destination.port", Evaluated, ""),
    row(VirtualService, "tcp[].route[].weight", Evaluated, ""),
    row(VirtualService, "tcp[].route[].headers", NotModelled, "the API has none here"),
    row(DestinationRule, "host", Evaluated, ""),
    row(DestinationRule, "exportTo[]", Evaluated, ""),
    row(DestinationRule, "subsets[].name", Evaluated, ""),
    row(DestinationRule, "subsets[].labels.*", Evaluated, ""),
    row(DestinationRule, "subsets[].trafficPolicy", NotModelled, "changes no route"),
    row(DestinationRule, "trafficPolicy", NotModelled, "changes no route"),
    row(DestinationRule, "workloadSelector", Evaluated, "such a rule is none of a waypoint's"),
    row(IstioGateway, "selector.*", Evaluated, ""),
    row(IstioGateway, "servers[].port.number", Evaluated, ""),
    row(IstioGateway, "servers[].port.protocol", Evaluated, ""),
    row(IstioGateway, "servers[].port.name", NotModelled, ""),
    row(IstioGateway, "servers[].port.targetPort", NotModelled, ""),
    row(IstioGateway, "servers[].hosts[]", Evaluated, ""),
    row(IstioGateway, "servers[].tls.mode", Evaluated, "`AUTO_PASSTHROUGH` as `PASSTHROUGH`"),
    row(IstioGateway, "servers[].tls.httpsRedirect", Evaluated, ""),
    row(IstioGateway, "servers[].tls.serverCertificate", NotModelled, "certificates are not looked at"),
    row(IstioGateway, "servers[].tls.privateKey", NotModelled, ""),
    row(IstioGateway, "servers[].tls.caCertificates", NotModelled, ""),
    row(IstioGateway, "servers[].tls.credentialName", NotModelled, ""),
    row(IstioGateway, "servers[].tls.credentialNames", NotModelled, ""),
    row(IstioGateway, "servers[].tls.subjectAltNames", NotModelled, ""),
    row(IstioGateway, "servers[].tls.verifyCertificateSpki", NotModelled, ""),
    row(IstioGateway, "servers[].tls.verifyCertificateHash", NotModelled, ""),
    row(IstioGateway, "servers[].tls.minProtocolVersion", NotModelled, ""),
    row(IstioGateway, "servers[].tls.maxProtocolVersion", NotModelled, ""),
    row(IstioGateway, "servers[].tls.cipherSuites", NotModelled, ""),
    row(IstioGateway, "servers[].tls.caCrl", NotModelled, ""),
    row(IstioGateway, "servers[].tls.caCertCredentialName", NotModelled, ""),
    row(IstioGateway, "servers[].tls.tlsCertificates", NotModelled, ""),
    row(IstioGateway, "servers[].name", NotModelled, ""),
    row(IstioGateway, "servers[].bind", NotModelled, ""),
    row(IstioGateway, "servers[].defaultEndpoint", NotModelled, ""),
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::decode::{self, Decode};

    /// A value with nothing in it but one field.
    fn with(path: &str) -> Value {
        if let Some(rest) = path.strip_prefix("[]") {
            return json!([with(rest)]);
        }
        let path = path.strip_prefix('.').unwrap_or(path);
        if path.is_empty() {
            return json!({});
        }
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (key, rest) = path.split_at(end);
        json!({ key: with(rest) })
    }

    /// Every field of the types that lie on the way to the table's fields has an entry, or lies above one.
    fn check<T: Decode>(kind: Kind) {
        let table = || FIELDS.iter().filter(|field| field.kind == kind);
        for field in table() {
            let (known, unknown) = decode::fields::<T>(&with(field.path));
            assert!(unknown.is_empty(), "{}: surplus {unknown:?}", kind.name());
            for known in known.iter().map(|known| known.replace("[0]", "[]")) {
                let listed = table().any(|field| {
                    let at_or_below = field.path.strip_prefix(&known);
                    let whole = known.strip_prefix(field.path);
                    at_or_below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                        || whole.is_some_and(|rest| rest.starts_with(['.', '[']))
                });
                assert!(listed, "{}: missing {known}", kind.name());
            }
        }
    }

    #[test]
    fn the_table_has_every_field_of_the_types_and_no_other() {
        check::<super::super::VirtualService>(VirtualService);
        check::<super::super::DestinationRule>(DestinationRule);
        check::<super::super::IstioGateway>(IstioGateway);
    }
}
