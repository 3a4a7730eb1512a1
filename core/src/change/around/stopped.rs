//! Requests that a policy is there to stop, on the straight way: of a client in the mesh, to what is protected.

use super::protected::Protected;
use super::{flow, stops};
use crate::authz::{Lever, Policy};
use crate::change::edit;
use crate::model::Model;
use crate::resource::{Action, AuthorizationPolicy, Rule, WrittenClause};
use crate::route::Protocol;
use crate::wire::{self, Request};

/// So many rules of each policy are tried.
const MAX_RULES: usize = 4;
/// So many choices of entries of each rule.
const MAX_CHOICES: usize = 6;
/// So many clauses are turned until no rule allows.
const MAX_TURNS: usize = 6;
/// A caller whom no policy names.
const STRANGER: &str = "somewhere-else/stranger";
/// What a workload without a Service is called on, unless a policy says otherwise.
const PORT: u16 = 80;

/// The requests, each of which the policy would stop if its proxy saw all of it.
pub(super) fn requests(
    model: &Model,
    meant: &Policy,
    written: &AuthorizationPolicy,
    protected: Protected,
) -> Vec<Request> {
    let Some(base) = base(model, protected) else {
        return Vec::new();
    };
    match meant.action {
        Action::Allow => Vec::from_iter(not_allowed(model, meant, base)),
        Action::Deny | Action::Audit | Action::Custom => {
            let rules = written.rules.iter().flatten().take(MAX_RULES);
            rules
                .flat_map(|rule| matching(model, &base, rule))
                .collect()
        }
    }
}

fn base(model: &Model, protected: Protected) -> Option<Request> {
    let object = model.mesh.object(protected.object(model)?)?;
    let name = Some(object.id.qualified_name());
    let to = match protected {
        Protected::Service(service) => {
            let info = model.mesh.service(service)?;
            let speaks_http = |port: &&crate::resource::ServicePort| {
                !matches!(Protocol::of(port), Protocol::Tcp | Protocol::Udp)
            };
            let port = info.ports.iter().find(speaks_http);
            wire::Destination {
                service: name,
                port: Some(port.or(info.ports.first())?.port),
                ..wire::Destination::default()
            }
        }
        Protected::Workload(_) => wire::Destination {
            workload: name,
            port: Some(PORT),
            ..wire::Destination::default()
        },
    };
    Some(Request {
        from: wire::Source {
            service_account: Some(STRANGER.to_owned()),
            ..wire::Source::default()
        },
        to,
        http: Some(wire::HttpRequest::default()),
        ..Request::default()
    })
}

/// The request, changed until no rule allows it; `None`: there is always one.
fn not_allowed(model: &Model, meant: &Policy, mut request: Request) -> Option<Request> {
    for _ in 0..MAX_TURNS {
        let seen = flow(model, &request)?;
        if stops(meant, &seen) {
            return Some(request);
        }
        let (_, rule) = meant.matches(&seen, &mut crate::trace::NoTrace);
        let levers = meant.holding(rule?, &seen);
        let turned = levers
            .iter()
            .flat_map(|lever| edit::of(&model.mesh, &request, lever))
            .map(|edit| {
                let mut turned = request.clone();
                edit.apply(&mut turned);
                turned
            })
            .find(|turned| {
                *turned != request
                    && flow(model, turned).is_some_and(|seen| {
                        meant.matches(&seen, &mut crate::trace::NoTrace).1 != rule
                    })
            });
        request = turned?;
    }
    None
}

/// The request, changed so that a rule matches: once for every choice of one entry of each of its parts.
fn matching(model: &Model, base: &Request, rule: &Rule) -> Vec<Request> {
    let mut requests = vec![base.clone()];
    for group in rule.groups() {
        requests = requests
            .iter()
            .flat_map(|request| {
                let entries = group.alternatives.iter();
                entries.map(|entry| with(model, request, &entry.clauses))
            })
            .take(MAX_CHOICES)
            .collect();
    }
    requests
}

/// The request, changed so that all clauses hold. What it is already, it stays: a stranger is in none of the namespaces
/// that are excepted.
fn with(model: &Model, request: &Request, clauses: &[WrittenClause<'_>]) -> Request {
    let mut request = request.clone();
    for clause in clauses.iter().filter(|clause| !clause.negated) {
        let Some(attribute) = &clause.attribute else {
            continue;
        };
        let lever = Lever {
            attribute,
            want: clause.values,
            path: &clause.path,
            match_one: true,
        };
        if let Some(edit) = edit::of(&model.mesh, &request, &lever).first() {
            edit.apply(&mut request);
        }
    }
    request
}
