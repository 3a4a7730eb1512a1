//! What becomes of each field of the kinds that decide about requests: evaluated, told in the answer, or not modelled.
//! A test holds the table to the types, so that a field cannot be added without an entry.

mod others;
mod routes;
mod traffic;

use super::Kind;

/// What becomes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It decides what becomes of requests.
    Evaluated,
    /// It changes neither route nor backend, and is told in the answer.
    Told,
    /// No answer depends on it; of what routes requests a finding says so.
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

/// The fields of what routes requests.
pub(crate) fn of_routing() -> impl Iterator<Item = &'static Field> {
    traffic::TRAFFIC.iter().chain(routes::ROUTES)
}

/// Every field.
pub(crate) fn all() -> impl Iterator<Item = &'static Field> {
    of_routing().chain(others::OTHERS)
}

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
        let table = || all().filter(|field| field.kind == kind);
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
        use super::super as resource;
        check::<resource::VirtualService>(Kind::VirtualService);
        check::<resource::DestinationRule>(Kind::DestinationRule);
        check::<resource::IstioGateway>(Kind::IstioGateway);
        check::<resource::HttpRoute>(Kind::HttpRoute);
        check::<resource::GrpcRoute>(Kind::GrpcRoute);
        check::<resource::TlsRoute>(Kind::TlsRoute);
        check::<resource::TcpRoute>(Kind::TcpRoute);
        check::<resource::GatewayClass>(Kind::GatewayClass);
        check::<resource::Gateway>(Kind::Gateway);
        check::<resource::ListenerSet>(Kind::ListenerSet);
        check::<resource::ReferenceGrant>(Kind::ReferenceGrant);
        check::<resource::AuthorizationPolicy>(Kind::AuthorizationPolicy);
        check::<resource::RequestAuthentication>(Kind::RequestAuthentication);
        check::<resource::PeerAuthentication>(Kind::PeerAuthentication);
        check::<resource::Service>(Kind::Service);
        check::<resource::ServiceEntry>(Kind::ServiceEntry);
        check::<resource::WorkloadEntry>(Kind::WorkloadEntry);
    }
}
