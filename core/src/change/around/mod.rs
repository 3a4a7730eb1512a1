//! Ways around a policy: requests that its author would expect it to stop, and that get through. Each is made from the
//! rules as written, taken as if every proxy read all of them, and listed only if the evaluator allows it and it reaches
//! what the policy protects.

mod detours;
mod entrances;
mod protected;
mod stopped;
mod straight;

use crate::authz::{self, Enforcer, Policy};
use crate::eval::{self, Outcome};
use crate::flow::{Flow, Http, Principal};
use crate::model::{Chain, Model};
use crate::resource::{Action, AuthorizationPolicy, Kind, ObjectIndex, Resource};
use crate::sorted;
use crate::trace::{Log, NoTrace, Truth};
use crate::wire::{self, Request, Verdict, Way};
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
    let mut found = Vec::new();
    for protected in protected::of(model, index) {
        let question = Question {
            model,
            meant: &meant,
            protected,
        };
        let mut known = sorted::Set::new();
        for base in stopped::requests(model, &meant, written, protected) {
            for trial in question.ways(&base) {
                if known.insert(trial.way) {
                    found.push(wire::WayAround {
                        policy: object.id.to_wire(),
                        way: trial.way,
                        summary: trial.summary,
                        request: trial.request,
                        verdict: Verdict::Allow,
                    });
                }
            }
            // Where the straight way is open, there is no more to tell.
            if known.iter().any(|way| straight::is(*way)) {
                break;
            }
        }
    }
    found
}

/// What is asked of each request: whether it gets around one policy, to one thing that the policy protects.
struct Question<'a> {
    model: &'a Model,
    /// The policy as a proxy that sees everything would enforce it.
    meant: &'a Policy,
    protected: Protected,
}

impl Question<'_> {
    /// The ways of a request that the policy is there to stop: straight on, or else by detours.
    fn ways(&self, base: &Request) -> Vec<Trial> {
        let Some(seen) = flow(self.model, base) else {
            return Vec::new();
        };
        let straight = Trial {
            way: Way::NotEnforced,
            request: base.clone(),
            peer: seen.peer.clone(),
            summary: String::new(),
        };
        if self.gets_through(&seen, &straight) {
            return vec![straight::explain(self, straight)];
        }
        let mut open: Vec<Trial> = Vec::new();
        for trial in detours::of(self.model, self.protected, base, &seen) {
            // What anyone can do outside the mesh, those whom the policy names can do as well.
            let is_told = trial.way == Way::IdentityUnseen
                && open.iter().any(|known| known.way == Way::OutsideTheMesh);
            if !is_told && self.gets_through(&seen, &trial) {
                open.push(trial);
            }
        }
        open
    }

    /// The policy, fully read, would stop the request; the proxies do not, and it gets to what the policy protects.
    fn gets_through(&self, seen: &Flow, trial: &Trial) -> bool {
        let Ok(call) = eval::resolve(self.model, &trial.request) else {
            return false;
        };
        let outcome = eval::evaluate::<Log>(self.model, &call);
        if outcome.verdict != Verdict::Allow
            || !self.protected.is_reached_by(self.model, &outcome)
            || self.is_read(&outcome)
        {
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
        stops(self.meant, &flow)
    }

    /// Whether a proxy on the way reads all of the policy and lets the request pass for what it sees of it, or because
    /// the policy's external authorizer says so.
    fn is_read(&self, outcome: &Outcome<'_, Log>) -> bool {
        outcome.hops.iter().any(|hop| {
            let http = hop.flow.http.is_some();
            let Some(chain) = hop
                .chain
                .filter(|chain| !matches!(chain, Chain::Ztunnel(_)))
            else {
                return false;
            };
            let policies = self.model.policies.of(chain, http);
            policies.is_some_and(|(set, policies)| {
                let mut of_action = set.of(self.meant.action, policies);
                of_action
                    .any(|policy| policy.object == self.meant.object && policy.losses.is_empty())
            })
        })
    }
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
