//! Ways around a policy: requests that its author would expect it to stop, and that get through. Each is made from the
//! rules as written, taken as if every proxy read all of them, and listed only if the evaluator allows it and it reaches
//! what the policy protects.

mod detours;
mod entrances;
mod protected;
mod stopped;

use std::collections::BTreeSet;

use crate::authz::{self, Effect, Enforcer, Policy};
use crate::eval::{self, Outcome};
use crate::flow::{Flow, Http, Principal};
use crate::model::Model;
use crate::resource::{Action, AuthorizationPolicy, Kind, ObjectIndex, Resource};
use crate::trace::{Log, NoTrace, Truth};
use crate::wire::{self, Request, Verdict, Via, Way};
use protected::Protected;

/// For so many policies ways are looked for.
const MAX_POLICIES: usize = 200;

/// The ways around all policies.
pub(crate) fn ways(model: &Model) -> Vec<wire::WayAround> {
    let policies = model.mesh.live(Kind::AuthorizationPolicy);
    policies
        .take(MAX_POLICIES)
        .filter_map(|(index, object)| match &object.resource {
            Resource::AuthorizationPolicy(policy) => Some((index, policy)),
            _ => None,
        })
        .flat_map(|(index, policy)| of_policy(model, index, policy))
        .collect()
}

/// A request that takes another way, and what the policy would see of it if it stood there.
struct Trial {
    way: Way,
    request: Request,
    /// The caller as the author of the policy thinks of it.
    peer: Option<Principal>,
    /// One plain sentence.
    summary: String,
}

fn of_policy(
    model: &Model,
    index: ObjectIndex,
    written: &AuthorizationPolicy,
) -> Vec<wire::WayAround> {
    let Some(object) = model.mesh.object(index) else {
        return Vec::new();
    };
    let context = authz::Context {
        object: index,
        namespace: &object.id.namespace,
        name: &object.id.name,
        annotations: &object.metadata.annotations,
        settings: model.mesh.settings(),
    };
    let meant = authz::compile(written, context, Enforcer::Http);
    if meant.dry_run || meant.action == Action::Audit {
        return Vec::new();
    }
    let mut found: Vec<wire::WayAround> = Vec::new();
    for protected in protected::of(model, index) {
        let mut known = BTreeSet::new();
        for base in stopped::requests(model, &meant, written, &protected) {
            let Some(seen) = flow(model, &base) else {
                continue;
            };
            let mut through = |trial: Trial| {
                if known.contains(&trial.way)
                    || !gets_through(model, &meant, &protected, &seen, &trial)
                {
                    return false;
                }
                known.insert(trial.way);
                found.push(wire::WayAround {
                    policy: object.id.to_wire(),
                    way: trial.way,
                    summary: trial.summary,
                    request: trial.request,
                    verdict: Verdict::Allow,
                });
                true
            };
            let straight = Trial {
                way: Way::NotEnforced,
                request: base.clone(),
                peer: seen.peer.clone(),
                summary: not_enforced(model, index, &protected),
            };
            // Where the straight way is open, all others are no news.
            if through(straight) {
                break;
            }
            for trial in detours::of(model, &protected, &base, &seen) {
                through(trial);
            }
        }
    }
    found
}

/// The policy, fully read, would stop the request; the proxies do not, and it gets to what the policy protects.
fn gets_through(
    model: &Model,
    meant: &Policy,
    protected: &Protected,
    seen: &Flow,
    trial: &Trial,
) -> bool {
    let Ok(call) = eval::resolve(model, &trial.request) else {
        return false;
    };
    let outcome = eval::evaluate::<Log>(model, &call);
    if outcome.verdict != Verdict::Allow || !protected.is_reached_by(model, &outcome) {
        return false;
    }
    let mut flow = Flow {
        peer: trial.peer.clone(),
        ..seen.clone()
    };
    // A gateway in front may have changed what the policy's proxy would get to see.
    if let (Way::Ingress | Way::OtherService, Some(delivered)) = (trial.way, &outcome.request) {
        flow.http = Some(Http {
            authority: flow.http.map(|http| http.authority).unwrap_or_default(),
            ..delivered.clone()
        });
    }
    stops(meant, &flow) && !is_asked(model, meant, &outcome)
}

/// Whether the policy, fully read, is there to stop what it would see.
fn stops(meant: &Policy, flow: &Flow) -> bool {
    let (truth, _) = meant.matches(flow, &mut NoTrace);
    match meant.action {
        Action::Allow => truth == Truth::No,
        Action::Deny | Action::Custom => truth == Truth::Yes,
        Action::Audit => false,
    }
}

/// Whether an external authorizer is asked on the policy's behalf, which then lets the request pass.
fn is_asked(model: &Model, meant: &Policy, outcome: &Outcome<'_, Log>) -> bool {
    let mut hops = outcome.hops.iter();
    meant.action == Action::Custom
        && hops.any(|hop| {
            super::policy::matching(model, hop)
                .is_some_and(|policies| policies.contains(&meant.object))
        })
}

/// What a proxy that sees everything would see of a request that takes the straight way.
fn flow(model: &Model, request: &Request) -> Option<Flow> {
    let call = eval::resolve(model, request).ok()?;
    let token = request.jwt.first();
    Some(Flow {
        peer: call.client.principal,
        source_ip: call.client.ip,
        remote_ip: call.client.ip,
        destination_ip: call.destination_ip,
        destination_port: call.port,
        sni: None,
        http: match call.traffic {
            eval::Traffic::Http(http) => Some(http),
            eval::Traffic::Tls(_) | eval::Traffic::Tcp => None,
        },
        claims: token.map(|token| {
            let mut claims = token.claims.clone();
            let issuer = token.issuer.clone().unwrap_or_default();
            claims.insert("iss".to_owned(), issuer.into());
            claims
        }),
    })
}

/// Why nobody enforces what the policy says.
fn not_enforced(model: &Model, policy: ObjectIndex, protected: &Protected) -> String {
    let name = protected.name(model);
    match model.policies.at_ztunnel(policy).map(Policy::effect) {
        Some(Effect::Nothing) => {
            "only ztunnels enforce the policy, and they know nothing of HTTP: nothing of it is left"
                .to_owned()
        }
        Some(_) => format!("no ztunnel in front of {name} enforces what the policy says"),
        None => {
            // A label that leads nowhere.
            let label = protected
                .object(model)
                .into_iter()
                .flat_map(|object| model.attachments.of(object))
                .find(|row| row.via == Via::UseWaypoint && !row.is_attached());
            let why = label.and_then(|row| {
                let from = &model.mesh.object(row.from)?.id;
                Some(row.reason.sentence(row.via, from, &row.to))
            });
            match why {
                Some(why) => format!("no waypoint in front of {name} enforces the policy: {why}"),
                None => format!("no waypoint in front of {name} enforces the policy"),
            }
        }
    }
}
