//! Policies about how a Service is reached. `istio/istio: pilot/pkg/config/kube/gateway/backend_policies.go`.

use super::{Reason, Row, origin};
use crate::mesh::Mesh;
use crate::resource::{
    BackendPolicyTarget, CertificateValidation, ISTIO_NETWORKING, Kind, Object, ObjectId,
    ObjectIndex, Resource,
};
use crate::sorted;
use crate::source::FieldPath;
use crate::wire::Via;

/// By which an object asks Istio to leave it alone.
const IGNORE: &str = "istio.io/ignore-policy-attachment";

/// One edge for each targetRef. Of several policies for one port of one Service the oldest counts.
pub(super) fn rows(mesh: &Mesh, rows: &mut Vec<Row>) {
    let mut policies: Vec<(ObjectIndex, &Object)> = mesh
        .drawn()
        .filter(|(_, object)| {
            matches!(
                object.id.kind,
                Kind::BackendTlsPolicy | Kind::BackendTrafficPolicy
            )
        })
        .collect();
    policies.sort_by_key(|(_, object)| {
        let created = object.metadata.creation_timestamp.as_deref();
        (created, &object.id)
    });
    let mut taken: sorted::Set<(ObjectId, Option<&str>)> = sorted::Set::new();
    for (index, object) in policies {
        let (Resource::BackendTlsPolicy(policy) | Resource::BackendTrafficPolicy(policy)) =
            &object.resource
        else {
            continue;
        };
        for (position, target) in policy.target_refs.iter().enumerate() {
            let namespace = &object.id.namespace;
            let to = ObjectId::of_reference(&target.group, &target.kind, namespace, &target.name);
            let reason = resolve(mesh, object, target, &to);
            let section = target.section_name.as_deref();
            let reason = match reason {
                Reason::Accepted if !taken.insert((to.clone(), section)) => Reason::Conflicted,
                Reason::Accepted => authority(&policy.validation),
                reason => reason,
            };
            let path = FieldPath::new()
                .key("spec")
                .key("targetRefs")
                .index(position);
            let mut row = Row::new(index, to, Via::TargetRef, reason, origin(object, path));
            row.section_name.clone_from(&target.section_name);
            rows.push(row);
        }
    }
}

/// Whether an authority can be had to judge certificates by. ConfigMaps count as there; of several references only the
/// first is looked at (getBackendTLSCredentialName).
pub(crate) fn authority(validation: &CertificateValidation) -> Reason {
    let known = validation.well_known_ca_certificates.as_deref();
    match (known, validation.ca_certificate_refs.first()) {
        (Some("System"), _) | (None, None) => Reason::Accepted,
        (Some(_), _) => Reason::Invalid,
        (None, Some(first)) if (&*first.group, &*first.kind) == ("", "ConfigMap") => {
            Reason::Accepted
        }
        (None, Some(_)) => Reason::NoValidCaCertificate,
    }
}

fn resolve(mesh: &Mesh, object: &Object, target: &BackendPolicyTarget, to: &ObjectId) -> Reason {
    let ignored = object.metadata.annotations.get(IGNORE);
    let known = matches!(
        (target.group.as_str(), to.kind),
        ("", Kind::Service) | (ISTIO_NETWORKING, Kind::ServiceEntry)
    );
    let service = mesh
        .service_of(to)
        .and_then(|service| mesh.service(service));
    if object.refused {
        Reason::Invalid
    } else if object.id.kind == Kind::BackendTrafficPolicy {
        // PILOT_ENABLE_ALPHA_GATEWAY_API is off by default.
        Reason::UnsupportedKind
    } else if ignored.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        Reason::IgnoredByIstio
    } else if !known {
        Reason::TargetNotFound
    } else {
        let port = |name: &str| {
            service.is_some_and(|service| {
                service
                    .ports
                    .iter()
                    .any(|port| port.name.as_deref() == Some(name))
            })
        };
        match target.section_name.as_deref() {
            _ if service.is_none() => Reason::TargetNotFound,
            Some(name) if !port(name) => Reason::TargetNotFound,
            _ => Reason::Accepted,
        }
    }
}
