//! Lints about Istio's own traffic API beside waypoints: what works, what does not, and what to write instead.

use super::{Row, blamed, row, say};
use crate::attach::{self, Reason};
use crate::eval;
use crate::model::{Model, servers_of_pods};
use crate::resource::{DestinationRule, Kind, ObjectId, ObjectIndex, Resource};
use crate::sorted;
use crate::source::{Diagnostics, Lint, lint};
use crate::wire::{Behavior, Via};

lint!(
    MIXED_WITH_ROUTES = "WP0238",
    "virtualservice-mixed-with-routes",
    Warning
);
lint!(ON_WAYPOINT = "WP0239", "virtualservice-on-waypoint", Info);
lint!(
    DUPLICATE_HOST = "WP0240",
    "virtualservice-duplicate-host",
    Warning
);
lint!(
    GATEWAY_MISSING = "WP0241",
    "virtualservice-gateway-missing",
    Error
);
lint!(
    GATEWAY_API_GATEWAY = "WP0242",
    "virtualservice-on-gateway-api-gateway",
    Error
);
lint!(UNUSED_SUBSET = "WP0243", "unused-subset", Info);
lint!(
    SUBSET_SELECTS_NOTHING = "WP0244",
    "subset-selects-nothing",
    Error
);
lint!(
    WITHOUT_WAYPOINT = "WP0245",
    "destinationrule-without-waypoint",
    Warning
);
lint!(
    DESTINATION_RULE_HOST_UNKNOWN = "WP0246",
    "destinationrule-host-unknown",
    Warning
);
lint!(
    VIRTUAL_SERVICE_HOST_UNKNOWN = "WP0285",
    "virtualservice-host-unknown",
    Warning
);
lint!(
    GATEWAY_SELECTS_NOTHING = "WP0253",
    "gateway-selects-nothing",
    Error
);
lint!(SERVER_LEFT_OUT = "WP0289", "server-left-out", Error);
lint!(
    VIRTUAL_SERVICE_IGNORED = "WP0260",
    "virtualservice-ignored",
    Warning
);

pub(super) static CHECKS: &[Row] = &[
    row(&MIXED_WITH_ROUTES, mixed_with_routes),
    row(&ON_WAYPOINT, on_waypoint),
    row(&DUPLICATE_HOST, duplicate_host),
    row(&GATEWAY_MISSING, gateway_missing),
    row(&GATEWAY_API_GATEWAY, gateway_api_gateway),
    row(&UNUSED_SUBSET, unused_subset),
    row(&SUBSET_SELECTS_NOTHING, subset_selects_nothing),
    row(&WITHOUT_WAYPOINT, without_waypoint),
    row(
        &DESTINATION_RULE_HOST_UNKNOWN,
        destination_rule_host_unknown,
    ),
    row(&VIRTUAL_SERVICE_HOST_UNKNOWN, virtual_service_host_unknown),
    row(&GATEWAY_SELECTS_NOTHING, gateway_selects_nothing),
    row(&SERVER_LEFT_OUT, server_left_out),
    row(&VIRTUAL_SERVICE_IGNORED, virtual_service_ignored),
];

/// The edges of one sort that objects of one kind have.
fn rows(model: &Model, kind: Kind, via: Via) -> impl Iterator<Item = (&attach::Row, &ObjectId)> {
    model.attachments.rows().iter().filter_map(move |row| {
        let id = &model.mesh.object(row.from)?.id;
        (row.via == via && id.kind == kind).then_some((row, id))
    })
}

/// Reports every edge of a sort, in the sentence of its reason.
fn tell(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    (kind, via, help): (Kind, Via, &str),
    is_about: impl Fn(&attach::Row) -> bool,
) {
    for (row, id) in rows(model, kind, via).filter(|(row, _)| is_about(row)) {
        let sentence = row.reason.sentence(row.via, id, &row.to);
        out.report(lint, blamed(model, row, row.reason), sentence)
            .resource(id)
            .help(help);
    }
}

fn mixed_with_routes(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let routed: sorted::Set<&ObjectId> = [Kind::HttpRoute, Kind::GrpcRoute]
        .into_iter()
        .flat_map(|kind| rows(model, kind, Via::ParentRef))
        .filter(|(row, _)| row.is_attached())
        .map(|(row, _)| &row.to)
        .collect();
    for (row, id) in rows(model, Kind::VirtualService, Via::Host) {
        let what = match row.reason {
            Reason::ShadowedByRoute if model.mesh.settings().behavior == Behavior::Documented => {
                "as documented, it does not apply; Istio's code lets it have what none of them matches"
            }
            Reason::ShadowedByRoute => "they take every request first",
            Reason::Accepted if routed.contains(&row.to) => {
                "they come first, and it gets what none of them matches; the documentation says that it gets nothing"
            }
            _ => continue,
        };
        let message = format!(
            "Gateway API routes are for {} `{}` too: {what}",
            row.to.kind_name(),
            row.to.qualified_name()
        );
        out.report(lint, row.origin.clone(), message)
            .resource(id)
            .help("say everything about the Service in Gateway API routes, and remove it from `hosts`");
    }
}

fn on_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (row, id) in rows(model, Kind::VirtualService, Via::Host) {
        if !row.is_attached() {
            continue;
        }
        let Some(Resource::VirtualService(written)) =
            model.mesh.object(row.from).map(|object| &object.resource)
        else {
            continue;
        };
        let special = written
            .http
            .iter()
            .any(|route| route.fault.is_some() || route.direct_response.is_some());
        let help = if special {
            "Gateway API has no faults and no direct responses: keep this host free of Gateway API routes"
        } else {
            "write an HTTPRoute whose parent is the Service; it does the same and is Stable"
        };
        let message = format!(
            "a VirtualService at a waypoint is Alpha, and will go no further; it applies to {} `{}`",
            row.to.kind_name(),
            row.to.qualified_name()
        );
        out.report(lint, row.origin.clone(), message)
            .resource(id)
            .help(help);
    }
}

fn duplicate_host(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut first: sorted::Map<&ObjectId, &ObjectId> = sorted::Map::new();
    for (row, id) in rows(model, Kind::VirtualService, Via::Host) {
        if !row.is_attached() && row.reason != Reason::ShadowedByOlder {
            continue;
        }
        let other = *first.entry(&row.to).or_insert(id);
        if other != id {
            let message = format!(
                "VirtualService `{}` is for the same host; both are used, the older one first, although the documentation says that only one counts",
                other.qualified_name()
            );
            out.report(lint, row.origin.clone(), message)
                .resource(id)
                .help("write one VirtualService for each host");
        }
    }
}

fn gateway_missing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "create the Istio Gateway, or correct `namespace/name`";
    let about = (Kind::VirtualService, Via::Gateways, help);
    tell(model, lint, out, about, |row| {
        row.reason == Reason::ReferencedResourceNotFound
    });
}

fn gateway_api_gateway(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "write an HTTPRoute with the Gateway as its parent, or an Istio Gateway";
    let about = (Kind::VirtualService, Via::Gateways, help);
    tell(model, lint, out, about, |row| {
        row.reason == Reason::UnsupportedParent
    });
}

/// Each DestinationRule with the objects that it is for.
fn rules(model: &Model) -> sorted::Map<ObjectIndex, (&DestinationRule, Vec<&ObjectId>)> {
    let mut rules: sorted::Map<ObjectIndex, (&DestinationRule, Vec<&ObjectId>)> =
        sorted::Map::new();
    for (row, _) in rows(model, Kind::DestinationRule, Via::Host) {
        if let Some(Resource::DestinationRule(rule)) =
            model.mesh.object(row.from).map(|object| &object.resource)
        {
            rules
                .entry(row.from)
                .or_insert((rule, Vec::new()))
                .1
                .push(&row.to);
        }
    }
    rules
}

fn unused_subset(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mut named: sorted::Set<&str> = sorted::Set::new();
    for (_, object) in model.mesh.live(Kind::VirtualService) {
        if let Resource::VirtualService(service) = &object.resource {
            let destinations = service.destinations();
            named.extend(
                destinations
                    .into_iter()
                    .filter_map(|(_, destination)| destination.subset.as_deref()),
            );
        }
    }
    for (index, (rule, _)) in rules(model) {
        for (position, subset) in rule.subsets.iter().enumerate() {
            if !named.contains(subset.name.as_str()) {
                let message = format!("nothing names the subset `{}`", subset.name);
                let path = format!("spec.subsets[{position}]");
                let help = "Gateway API's routes cannot name subsets: define a Service with these labels in its selector";
                say(model, lint, out, (index, &path), message, help);
            }
        }
    }
}

fn subset_selects_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (index, (rule, targets)) in rules(model) {
        let services: Vec<_> = targets
            .iter()
            .filter_map(|to| model.mesh.service_of(to))
            .collect();
        let through_waypoint = services
            .iter()
            .any(|service| eval::gateways_use_waypoint(model, *service));
        let workloads: Vec<_> = services
            .iter()
            .filter_map(|service| model.mesh.service(*service))
            .flat_map(|service| &service.workloads)
            .filter_map(|&workload| model.mesh.workload(workload))
            .collect();
        for (position, subset) in rule.subsets.iter().enumerate() {
            let matches = workloads.iter().any(|workload| {
                subset
                    .labels
                    .iter()
                    .all(|(key, value)| workload.labels.get(key) == Some(value))
            });
            if !workloads.is_empty() && !matches {
                let mut message = format!(
                    "no workload behind `{}` has the labels of subset `{}`: ",
                    rule.host, subset.name
                );
                message.push_str(&if through_waypoint {
                    format!("the waypoint answers requests for it with 503; a gateway sends them to the waypoint, which has all of `{}`", rule.host)
                } else {
                    "requests for it are answered with 503".to_owned()
                });
                let path = format!("spec.subsets[{position}].labels");
                let help = "correct the labels; they are those of the pods";
                say(model, lint, out, (index, &path), message, help);
            }
        }
    }
}

fn without_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for (row, id) in rows(model, Kind::DestinationRule, Via::Host) {
        if row.is_attached() || row.reason == Reason::ReferencedResourceNotFound {
            continue;
        }
        let message = format!(
            "no waypoint and no gateway reads {} `{}` for {} `{}`: ztunnels know no DestinationRules",
            id.kind_name(),
            id.qualified_name(),
            row.to.kind_name(),
            row.to.qualified_name()
        );
        out.report(lint, row.origin.clone(), message)
            .resource(id)
            .help("enrol the Service in a waypoint, and keep the rule in its namespace");
    }
}

const NAME_A_HOST: &str =
    "name a Service or a host of a ServiceEntry; a name without dots is one of the own namespace";

fn destination_rule_host_unknown(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let about = (Kind::DestinationRule, Via::Host, NAME_A_HOST);
    tell(model, lint, out, about, |row| {
        row.reason == Reason::ReferencedResourceNotFound
    });
}

fn virtual_service_host_unknown(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let about = (Kind::VirtualService, Via::Host, NAME_A_HOST);
    tell(model, lint, out, about, |row| {
        row.reason == Reason::ReferencedResourceNotFound
    });
    let about = (Kind::VirtualService, Via::BackendRef, NAME_A_HOST);
    tell(model, lint, out, about, |row| {
        row.reason == Reason::BackendNotFound
    });
}

/// Told only where the manifests hold workloads at all: else they simply were not pasted.
fn gateway_selects_nothing(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let selecting: sorted::Set<ObjectIndex> = rows(model, Kind::IstioGateway, Via::Selector)
        .map(|(row, _)| row.from)
        .collect();
    if model.mesh.workloads().next().is_none() {
        return;
    }
    for (index, object) in model.mesh.live(Kind::IstioGateway) {
        if !selecting.contains(&index) {
            let message = format!(
                "no workload has the labels that Istio Gateway `{}` selects, so nothing serves it",
                object.id.qualified_name()
            );
            let help = "correct the labels, or add the gateway's workload";
            say(model, lint, out, (index, "spec.selector"), message, help);
        }
    }
}

fn server_left_out(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let mesh = &model.mesh;
    for (index, _) in mesh.live(Kind::IstioGateway) {
        let Some(ingress) = mesh.ingress(index) else {
            continue;
        };
        let placed = servers_of_pods(mesh, ingress);
        for server in placed.iter().filter(|server| server.gateway == index) {
            let Some(rival) = &server.loses_to else {
                continue;
            };
            let Some(other) = mesh.object(rival.gateway) else {
                continue;
            };
            let first = format!(
                "server {} of `{}`",
                rival.position,
                other.id.qualified_name()
            );
            let port = server.written.port.number;
            let (why, help) = match &rival.host {
                Some(host) => (
                    format!(
                        "{first} has the host `{host}` on port {port} before, and both say something of TLS"
                    ),
                    "give it hosts of its own, or the other port; the older Gateway comes first, then the lesser name",
                ),
                None => (
                    format!(
                        "{first} takes connections without TLS on port {port} before, and {} does not go with it",
                        server.written.port.protocol
                    ),
                    "give it a port of its own; the older Gateway comes first, then the lesser name",
                ),
            };
            let path = format!("spec.servers[{}]", server.position);
            let message = format!("Istio leaves this server out, with all of its hosts: {why}");
            say(model, lint, out, (index, &path), message, help);
        }
    }
}

fn virtual_service_ignored(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let help = "enrol the Service in a waypoint, and keep the VirtualService in its namespace, exported to the waypoint's";
    let about = (Kind::VirtualService, Via::Host, help);
    tell(model, lint, out, about, |row| {
        !row.is_attached()
            && !matches!(
                row.reason,
                Reason::ShadowedByRoute
                    | Reason::ShadowedByOlder
                    | Reason::ReferencedResourceNotFound
                    | Reason::Invalid
            )
    });
}
