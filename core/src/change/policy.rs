//! What would have to change in policies for a request to be judged otherwise. Each change is made to the rules, and
//! listed only if the policies that they then make give the other verdict.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::authz::{Effect, Lever, Policy};
use crate::eval::{self, Call, HopOutcome, Outcome, Refusal};
use crate::flow::Flow;
use crate::model::Model;
use crate::resource::authorization_policy::{RuleFrom, Source};
use crate::resource::{Action, AuthorizationPolicy, ObjectIndex, Resource, Rule};
use crate::sorted;
use crate::trace::{Entry, Log, NoTrace, Step, Truth, children};
use crate::wire::{Cause, HopVerdict, PolicyChange, Verdict};

/// How many changes are tried for a request.
const MAX_TRIED: usize = 8;

/// The smallest changes of policies that give the other verdict.
pub(crate) fn changes(
    model: &Model,
    call: &Call,
    outcome: &Outcome<'_, Log>,
    refusal: Option<&Refusal<'_>>,
) -> Vec<PolicyChange> {
    let (wanted, proposals) = match outcome.verdict {
        Verdict::Deny => (Verdict::Allow, permitting(model, refusal)),
        Verdict::Allow => (Verdict::Deny, refusing(model, outcome)),
        Verdict::Unknown => return Vec::new(),
    };
    let mut proposals = proposals.take(MAX_TRIED);
    let mut tried = Vec::new();
    for proposal in &mut proposals {
        let changed = model.with_rules(&proposal.policies);
        let then = eval::evaluate::<NoTrace>(&changed, call);
        if then.verdict == wanted {
            return vec![proposal.into_change(model, wanted)];
        }
        let is_met = refusal.is_some_and(|refusal| is_met(refusal, &then));
        let by = refusal.and_then(|refusal| refusal.then_by(&then));
        tried.push((proposal, changed, by));
        if is_met {
            break;
        }
    }
    if wanted == Verdict::Deny {
        return Vec::new();
    }
    // Where one change is not enough, what refuses next changes too.
    let rest = proposals.map(|proposal| {
        let changed = model.with_rules(&proposal.policies);
        (proposal, changed, None)
    });
    let mut first = tried.into_iter().chain(rest);
    let found = first.find_map(|(first, changed, by)| {
        let outcome;
        let then = match refusal.zip(by) {
            Some((refusal, by)) => Some(refusal.then(by)),
            None => {
                outcome = eval::evaluate::<Log>(&changed, call);
                Refusal::of(&changed, &outcome)
            }
        };
        with_another(model, call, &first, &changed, then.as_ref())
    });
    found.into_iter().collect()
}

/// Whether what refuses after a change refuses whatever becomes of the rules that are proposed to change, so that no
/// other change of them alone helps: it is no other place where these rules stand.
fn is_met(refusal: &Refusal<'_>, then: &Outcome<'_, NoTrace>) -> bool {
    then.decided.is_some_and(|decided| match refusal.rule() {
        Some((object, _)) => decided.by.policy != Some(object),
        None => decided.by.cause != Cause::Default,
    })
}

fn verdict(changed: &Model, call: &Call) -> Verdict {
    eval::evaluate::<NoTrace>(changed, call).verdict
}

/// The change, which has led to another model, together with one of what refuses the request there.
fn with_another(
    model: &Model,
    call: &Call,
    first: &Proposal,
    changed: &Model,
    refusal: Option<&Refusal<'_>>,
) -> Option<PolicyChange> {
    let is_other = |second: &Proposal| {
        let mut objects = second.policies.iter().map(|(object, _)| object);
        objects.all(|object| first.policies.iter().all(|(known, _)| known != object))
    };
    let mut further = permitting(changed, refusal)
        .filter(is_other)
        .take(MAX_TRIED);
    let second = further.find(|second| {
        let both = changed.with_rules(&second.policies);
        verdict(&both, call) == Verdict::Allow
    })?;
    let both = Proposal {
        summary: format!("{}, and {}", first.summary, second.summary),
        policies: first
            .policies
            .iter()
            .cloned()
            .chain(second.policies)
            .collect(),
        set: sorted::Map::new(),
    };
    Some(both.into_change(model, Verdict::Allow))
}

/// Whether any policy has a say about the request at a proxy that it reached.
pub(crate) fn is_enforced(model: &Model, outcome: &Outcome<'_, Log>) -> bool {
    let reached = outcome
        .hops
        .iter()
        .filter(|hop| hop.verdict != HopVerdict::Skipped);
    reached
        .flat_map(|hop| evaluated(model, hop))
        .any(|(policy, ..)| {
            let is_inert = policy.effect() == Effect::Nothing;
            policy.action != Action::Audit && !policy.dry_run && !is_inert
        })
}

/// The policies that were evaluated at a hop, as [`Table::logged`](crate::authz::Table::logged) has them.
fn evaluated<'o>(
    model: &'o Model,
    hop: &'o HopOutcome<'_, Log>,
) -> impl Iterator<Item = (&'o Policy, Entry, &'o [Entry], usize)> {
    let chain = hop.chain.into_iter();
    let table = chain.filter_map(|chain| model.policies.of(chain, hop.flow.http.is_some()));
    table.flat_map(|(_, table)| table.logged(&hop.policies))
}

/// What is done to the policies.
struct Proposal {
    summary: String,
    policies: Vec<(ObjectIndex, Arc<AuthorizationPolicy>)>,
    set: sorted::Map<String, Value>,
}

impl Proposal {
    fn into_change(self, model: &Model, verdict: Verdict) -> PolicyChange {
        let ids = self.policies.iter();
        let ids = ids.filter_map(|(index, _)| Some(model.mesh.object(*index)?.id.to_wire()));
        PolicyChange {
            policies: ids.collect(),
            summary: self.summary,
            set: self.set,
            verdict,
        }
    }
}

/// Proposals, made as they are asked for.
type Proposals<'a> = Box<dyn Iterator<Item = Proposal> + 'a>;

/// Changes after which a denied request may pass.
fn permitting<'a>(model: &'a Model, refusal: Option<&'a Refusal<'a>>) -> Proposals<'a> {
    let Some(refusal) = refusal else {
        return Box::new(std::iter::empty());
    };
    let flow = refusal.flow;
    match refusal.rule() {
        // A rule refuses: it has to except the request.
        Some(place) => {
            let levers = refusal.holding(place).into_iter();
            let excepted =
                levers.filter_map(move |lever| proposal(model, place, &[lever], flow, exception));
            Box::new(excepted.chain(without_rule(model, place)))
        }
        // No rule allows: the one that lacks least has to take the request in.
        None => {
            let widened = refusal.nearest().filter_map(move |near| {
                let place = (near.policy.object, near.rule());
                proposal(model, place, &near.levers(), flow, widening)
            });
            let allowing = refusal.set.of(Action::Allow, refusal.table);
            let allowing = allowing.filter(|policy| !policy.dry_run);
            let added = allowing.filter_map(|policy| with_rule(model, policy.object, flow));
            Box::new(widened.chain(added))
        }
    }
}

/// The rule goes; with the last one its policy does.
fn without_rule(model: &Model, (object, rule): (ObjectIndex, u32)) -> Option<Proposal> {
    let (name, mut written) = written(model, object)?;
    let is_last = written.rules.len() == 1;
    // A rule that is null matches nothing, and the others keep their places.
    *written.rules.get_mut(usize::try_from(rule).ok()?)? = None;
    let mut set = sorted::Map::new();
    if !is_last {
        set.insert(format!("spec.rules[{rule}]"), Value::Null);
    }
    Some(Proposal {
        summary: match is_last {
            true => format!("no {name}"),
            false => format!("no rule {rule} in {name}"),
        },
        policies: vec![(object, Arc::new(written))],
        set,
    })
}

/// One more rule, for whom the proxy sees.
fn with_rule(model: &Model, object: ObjectIndex, flow: &Flow) -> Option<Proposal> {
    let (name, mut written) = written(model, object)?;
    let mut source = Source::default();
    let (field, value) = match (&flow.peer, flow.source_ip) {
        (Some(peer), _) => ("principals", peer.without_scheme().to_owned()),
        (None, Some(ip)) => ("ipBlocks", ip.to_string()),
        (None, None) => return None,
    };
    match field {
        "principals" => source.principals.push(value.clone()),
        _ => source.ip_blocks.push(value.clone()),
    }
    let rule = Rule {
        from: Some(vec![RuleFrom {
            source: Some(source),
        }]),
        ..Rule::default()
    };
    let path = format!("spec.rules[{}]", written.rules.len());
    written.rules.push(Some(rule));
    Some(Proposal {
        summary: format!("one more rule, for `{value}` among `{field}`, in {name}"),
        policies: vec![(object, Arc::new(written))],
        set: sorted::Map::from([(path, json!({ "from": [{ "source": { field: [value] } }] }))]),
    })
}

/// The one change after which an allowed request is refused: at one hop, no rule that allows it is left.
fn refusing<'a>(model: &'a Model, outcome: &'a Outcome<'_, Log>) -> Proposals<'a> {
    Box::new(outcome.hops.iter().filter_map(move |hop| {
        let allowing = evaluated(model, hop).filter(|(policy, entry, ..)| {
            policy.action == Action::Allow
                && policy.cause == Cause::Authorization
                && !policy.dry_run
                && entry.truth == Truth::Yes
        });
        let mut proposal = Proposal {
            summary: String::new(),
            policies: Vec::new(),
            set: sorted::Map::new(),
        };
        let mut rules = Vec::new();
        for (policy, _, steps, offset) in allowing {
            let (name, mut written) = written(model, policy.object)?;
            for (rule, ..) in children(steps, offset) {
                let (Step::Rule(index), Truth::Yes) = (rule.step, rule.truth) else {
                    continue;
                };
                // A rule that is null matches nothing, and the others keep their places.
                *written.rules.get_mut(usize::try_from(index).ok()?)? = None;
                rules.push(format!("rule {index} of {name}"));
                let path = format!("spec.rules[{index}]");
                proposal.set.insert(path, Value::Null);
            }
            let changed = Arc::new(written);
            proposal.policies.push((policy.object, changed));
        }
        proposal.summary = match rules.as_slice() {
            [] => return None,
            [only] => format!("{only} would have to match no more"),
            _ => format!("{} would all have to match no more", rules.join(", ")),
        };
        if proposal.policies.len() > 1 {
            proposal.set = sorted::Map::new();
        }
        Some(proposal)
    }))
}

/// The policy as written, with its name for sentences.
fn written(model: &Model, object: ObjectIndex) -> Option<(String, AuthorizationPolicy)> {
    let object = model.mesh.object(object)?;
    let Resource::AuthorizationPolicy(policy) = &object.resource else {
        return None;
    };
    let name = format!("`AuthorizationPolicy {}`", object.id.qualified_name());
    Some((name, policy.clone()))
}

/// Changes every clause of a rule that has to turn; `None`: one of them cannot.
fn proposal(
    model: &Model,
    (object, rule): (ObjectIndex, u32),
    levers: &[Lever<'_>],
    flow: &Flow,
    place: fn(&Lever<'_>) -> Option<(String, bool)>,
) -> Option<Proposal> {
    let (name, mut written) = written(model, object)?;
    let slot = written
        .rules
        .get_mut(usize::try_from(rule).ok()?)?
        .as_mut()?;
    let mut phrases = Vec::new();
    let mut set = sorted::Map::new();
    for lever in levers {
        let (path, add) = place(lever)?;
        let values = values(slot, &path)?;
        let field = path.rsplit('.').next().unwrap_or_default();
        if add {
            let value = observed(lever, flow)?;
            phrases.push(format!("`{value}` among `{field}`"));
            values.push(value);
        } else {
            phrases.push(format!("no `{field}`"));
            values.clear();
        }
        let values = match values.is_empty() {
            true => Value::Null,
            false => values.clone().into(),
        };
        set.insert(format!("spec.rules[{rule}].{path}"), values);
    }
    (!phrases.is_empty()).then(|| Proposal {
        summary: format!("{} in rule {rule} of {name}", phrases.join(" and ")),
        policies: vec![(object, Arc::new(written))],
        set,
    })
}

/// Where the request's value goes for a clause to hold, and whether it goes there or the values go.
fn widening(lever: &Lever<'_>) -> Option<(String, bool)> {
    // Which of several values that are excluded stands in the way, the field alone does not tell.
    (lever.match_one || lever.want.len() == 1).then(|| (lever.path.to_owned(), lever.match_one))
}

/// Where the request's value goes for a clause that holds, or its twin, to fail.
fn exception(lever: &Lever<'_>) -> Option<(String, bool)> {
    if lever.match_one {
        return Some((lever.path.to_owned(), true));
    }
    let (parent, field) = lever.path.rsplit_once('.')?;
    let (head, tail) = field.split_at_checked(1)?;
    Some((
        format!("{parent}.not{}{tail}", head.to_ascii_uppercase()),
        true,
    ))
}

/// What the request has, as a value of a policy.
fn observed(lever: &Lever<'_>, flow: &Flow) -> Option<String> {
    match lever.attribute.observe(flow).to_value() {
        Value::String(text) => Some(text),
        Value::Array(list) => list.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// The values at `from[0].source.namespaces`.
fn values<'r>(rule: &'r mut Rule, path: &str) -> Option<&'r mut Vec<String>> {
    let (entry, field) = path.split_once('.')?;
    let (list, index) = entry.strip_suffix(']')?.split_once('[')?;
    let index: usize = index.parse().ok()?;
    if list == "when" {
        let condition = rule.when.get_mut(index)?;
        return match field {
            "values" => Some(&mut condition.values),
            "notValues" => Some(&mut condition.not_values),
            _ => None,
        };
    }
    if let Some(field) = field.strip_prefix("source.") {
        let from = rule.from.as_mut()?.get_mut(index)?;
        let source = from.source.as_mut()?;
        return match field {
            "principals" => Some(&mut source.principals),
            "notPrincipals" => Some(&mut source.not_principals),
            "requestPrincipals" => Some(&mut source.request_principals),
            "notRequestPrincipals" => Some(&mut source.not_request_principals),
            "namespaces" => Some(&mut source.namespaces),
            "notNamespaces" => Some(&mut source.not_namespaces),
            "serviceAccounts" => Some(&mut source.service_accounts),
            "notServiceAccounts" => Some(&mut source.not_service_accounts),
            "trustDomains" => Some(&mut source.trust_domains),
            "notTrustDomains" => Some(&mut source.not_trust_domains),
            "ipBlocks" => Some(&mut source.ip_blocks),
            "notIpBlocks" => Some(&mut source.not_ip_blocks),
            "remoteIpBlocks" => Some(&mut source.remote_ip_blocks),
            "notRemoteIpBlocks" => Some(&mut source.not_remote_ip_blocks),
            _ => None,
        };
    }
    let field = field.strip_prefix("operation.")?;
    let to = rule.to.as_mut()?.get_mut(index)?;
    let operation = to.operation.as_mut()?;
    match field {
        "hosts" => Some(&mut operation.hosts),
        "notHosts" => Some(&mut operation.not_hosts),
        "ports" => Some(&mut operation.ports),
        "notPorts" => Some(&mut operation.not_ports),
        "methods" => Some(&mut operation.methods),
        "notMethods" => Some(&mut operation.not_methods),
        "paths" => Some(&mut operation.paths),
        "notPaths" => Some(&mut operation.not_paths),
        _ => None,
    }
}
