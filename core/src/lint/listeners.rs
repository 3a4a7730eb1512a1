//! Lints about listeners: what a Gateway or ListenerSet does not serve although it says so.

use super::{Row, at, row, say};
use crate::attach::Reason;
use crate::mesh::Role;
use crate::model::Model;
use crate::resource::{Kind, Listener, Resource};
use crate::source::{Change, Diagnostics, Lint, lint};

lint!(LISTENER_CONFLICT = "WP0254", "listener-conflict", Error);
lint!(
    LISTENER_UNSUPPORTED_PROTOCOL = "WP0255",
    "listener-unsupported-protocol",
    Error
);
lint!(
    LISTENER_INVALID_KINDS = "WP0256",
    "listener-invalid-kinds",
    Error
);
lint!(
    LISTENER_CERTIFICATE = "WP0262",
    "listener-certificate",
    Error
);

pub(super) static CHECKS: &[Row] = &[
    row(&LISTENER_CONFLICT, listener_conflict),
    row(
        &LISTENER_UNSUPPORTED_PROTOCOL,
        listener_unsupported_protocol,
    ),
    row(&LISTENER_INVALID_KINDS, listener_invalid_kinds),
    row(&LISTENER_CERTIFICATE, listener_certificate),
];

fn listener_conflict(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "give it another port or hostname, or remove it; the first one counts";
    problems(model, lint, out, ("", help), &|reason| {
        matches!(reason, Reason::HostnameConflict | Reason::ProtocolConflict)
    });
}

fn listener_unsupported_protocol(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "gateways speak `HTTP`, `HTTPS`, `TLS`, `TCP`, in capitals; waypoints `HBONE` on port 15008";
    problems(model, lint, out, (".protocol", help), &|reason| {
        reason == Reason::UnsupportedProtocol
    });
}

fn listener_invalid_kinds(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help =
        "HTTP and HTTPS take HTTPRoute and GRPCRoute, TLS takes TLSRoute, TCP takes TCPRoute";
    problems(
        model,
        lint,
        out,
        (".allowedRoutes.kinds", help),
        &|reason| reason == Reason::InvalidRouteKinds,
    );
}

fn listener_certificate(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "name a Secret of the same namespace, or add a ReferenceGrant in the Secret's";
    problems(
        model,
        lint,
        out,
        (".tls.certificateRefs", help),
        &|reason| {
            matches!(
                reason,
                Reason::InvalidCertificateRef | Reason::RefNotPermitted
            )
        },
    );
    let help = "name one ConfigMap or Secret in `spec.tls.frontend` of the Gateway";
    problems(model, lint, out, (".tls", help), &|reason| {
        matches!(
            reason,
            Reason::InvalidCaCertificateRef | Reason::InvalidCaCertificateKind
        )
    });
}

/// Reports every problem of a sort, at a field of its listener.
fn problems(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    (field, help): (&str, &str),
    is_about: &dyn Fn(Reason) -> bool,
) {
    let holders = model
        .mesh
        .live(Kind::Gateway)
        .chain(model.mesh.live(Kind::ListenerSet));
    for (index, object) in holders {
        let gateway = model
            .mesh
            .gateway_of(index)
            .and_then(|gateway| model.mesh.gateway(gateway));
        // A waypoint whose only listener is wrong has a finding of its own; of others' Gateways Istio says nothing.
        let is_told_elsewhere = gateway.is_some_and(|gateway| match gateway.role {
            Role::Waypoint => model.mesh.hbone_listener(gateway).is_none(),
            Role::Remote | Role::EastWest | Role::Foreign => true,
            Role::Ingress | Role::Sandwich => false,
        });
        if is_told_elsewhere {
            continue;
        }
        for state in model.attachments.listeners().of(index) {
            for &reason in state.problems.iter().filter(|&&reason| is_about(reason)) {
                let path = format!("spec.listeners[{}]{field}", state.position);
                let message = reason.sentence(crate::wire::Via::ParentRef, &object.id, &object.id);
                let capitals = listener(&object.resource, state.position)
                    .filter(|_| reason == Reason::UnsupportedProtocol)
                    .map(|listener| listener.protocol.to_ascii_uppercase())
                    .filter(|name| matches!(name.as_str(), "HTTP" | "HTTPS" | "TLS" | "TCP"));
                let finding = say(model, lint, out, (index, &path), message, help);
                if let (Some(finding), Some(capitals)) = (finding, capitals) {
                    let change = at(model, index, &path)
                        .map(|origin| Change::Replace(origin, capitals.clone()));
                    finding.fix(format!("Write `{capitals}`"), change.into_iter().collect());
                }
            }
        }
    }
}

fn listener(resource: &Resource, position: usize) -> Option<&Listener> {
    match resource {
        Resource::Gateway(gateway) => gateway.listeners.get(position),
        Resource::ListenerSet(set) => set.listeners.get(position),
        _ => None,
    }
}
