//! What would have to change in policies for a request to be judged otherwise. Each change is made to the rules, and
//! listed only if the policies that they then make give the other verdict.

use serde_json::{Value, json};

use crate::authz::{Effect, Lever, Near};
use crate::eval::{self, HopOutcome, Outcome};
use crate::flow::Flow;
use crate::model::Model;
use crate::resource::authorization_policy::{RuleFrom, Source};
use crate::resource::{Action, AuthorizationPolicy, ObjectIndex, Resource, Rule};
use crate::sorted;
use crate::trace::{Log, Step, Truth, children};
use crate::wire::{self, Cause, HopVerdict, PolicyChange, Verdict};

/// How many changes are tried for a request.
const MAX_TRIED: usize = 8;

/// The smallest changes of policies that give the other verdict.
pub(crate) fn changes(
    model: &Model,
    request: &wire::Request,
    outcome: &Outcome<'_, Log>,
) -> Vec<PolicyChange> {
    let proposals = match outcome.verdict {
        Verdict::Deny => permitting(model, outcome),
        Verdict::Allow => refusing(model, outcome),
        Verdict::Unknown => Vec::new(),
    };
    let wanted = match outcome.verdict {
        Verdict::Allow => Verdict::Deny,
        Verdict::Deny | Verdict::Unknown => Verdict::Allow,
    };
    let tried: Vec<Proposal> = proposals.into_iter().take(MAX_TRIED).collect();
    let mut alone = tried.iter();
    let found = alone.find_map(|proposal| verified(model, request, proposal, wanted));
    let found = found.or_else(|| {
        // Where one change is not enough, what refuses next changes too.
        let mut first = tried.iter().filter(|_| wanted == Verdict::Allow);
        first.find_map(|first| with_another(model, request, first))
    });
    found.into_iter().collect()
}

/// The change together with one of what then refuses the request.
fn with_another(model: &Model, request: &wire::Request, first: &Proposal) -> Option<PolicyChange> {
    let changed = model.with_rules(&first.policies);
    let call = eval::resolve(&changed, request).ok()?;
    let outcome = eval::evaluate::<Log>(&changed, &call);
    let is_other = |second: &Proposal| {
        let mut objects = second.policies.iter().map(|(object, _)| object);
        objects.all(|object| first.policies.iter().all(|(known, _)| known != object))
    };
    let further = permitting(&changed, &outcome).into_iter().filter(is_other);
    further.take(MAX_TRIED).find_map(|second| {
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
        verified(model, request, &both, Verdict::Allow)
    })
}

/// Whether any policy has a say about the request at a proxy that it reached.
pub(crate) fn is_enforced(model: &Model, outcome: &Outcome<'_, Log>) -> bool {
    let reached = outcome
        .hops
        .iter()
        .filter(|hop| hop.verdict != HopVerdict::Skipped);
    reached.filter_map(|hop| policies(model, hop)).any(|list| {
        let mut list = list.into_iter();
        list.any(|policy| policy.action != Action::Audit && !policy.dry_run && !policy.is_inert)
    })
}

/// A policy that was evaluated at a hop.
struct Evaluated {
    object: ObjectIndex,
    action: Action,
    dry_run: bool,
    cause: Cause,
    /// The proxy keeps nothing of it that could refuse or allow anything.
    is_inert: bool,
    /// The rules that match, by their places in the policy as written.
    matching: Vec<u32>,
}

fn policies(model: &Model, hop: &HopOutcome<'_, Log>) -> Option<Vec<Evaluated>> {
    let (_, table) = model.policies.of(hop.chain?, hop.flow.http.is_some())?;
    let entries = children(hop.policies.entries(), 0);
    let evaluated = entries.filter_map(|(entry, rules, offset)| {
        let Step::Policy(place) = entry.step else {
            return None;
        };
        let policy = table.get(usize::try_from(place).ok()?)?;
        let matching = children(rules, offset).filter_map(|(rule, _, _)| match rule.step {
            Step::Rule(index) if rule.truth == Truth::Yes => Some(index),
            _ => None,
        });
        Some(Evaluated {
            object: policy.object,
            action: policy.action,
            dry_run: policy.dry_run,
            cause: policy.cause,
            is_inert: policy.effect() == Effect::Nothing,
            matching: matching.collect(),
        })
    });
    Some(evaluated.collect())
}

/// What is done to the policies.
struct Proposal {
    summary: String,
    policies: Vec<(ObjectIndex, AuthorizationPolicy)>,
    set: sorted::Map<String, Value>,
}

/// Changes after which a denied request may pass.
fn permitting(model: &Model, outcome: &Outcome<'_, Log>) -> Vec<Proposal> {
    let Some(hop) = super::refusing(outcome) else {
        return Vec::new();
    };
    let chain = hop.chain;
    let compiled = chain.and_then(|chain| model.policies.of(chain, hop.flow.http.is_some()));
    let (Some((set, policies)), Some(decided)) = (compiled, outcome.decided) else {
        return Vec::new();
    };
    match (decided.by.policy, decided.by.rule) {
        // A rule refuses: it has to except the request.
        (Some(object), Some(rule)) => {
            let policy = policies.iter().find(|policy| policy.object == object);
            let levers = policy.map(|policy| policy.holding(rule, &hop.flow));
            let excepted = levers.iter().flatten().filter_map(|lever| {
                let near = Near {
                    policy: object,
                    rule,
                    levers: vec![*lever],
                };
                proposal(model, &near, &hop.flow, exception)
            });
            excepted.chain(without_rule(model, object, rule)).collect()
        }
        // No rule allows: the one that lacks least has to take the request in.
        _ => {
            let mut near: Vec<Near<'_>> = set.missing(policies, &hop.flow).collect();
            near.sort_by_key(|near| near.levers.len());
            let widened = near.iter();
            let widened = widened.filter_map(|near| proposal(model, near, &hop.flow, widening));
            let allowing = set
                .of(Action::Allow, policies)
                .filter(|policy| !policy.dry_run);
            let added = allowing.filter_map(|policy| with_rule(model, policy.object, &hop.flow));
            widened.chain(added).collect()
        }
    }
}

/// The rule goes; with the last one its policy does.
fn without_rule(model: &Model, object: ObjectIndex, rule: u32) -> Option<Proposal> {
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
        policies: vec![(object, written)],
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
        policies: vec![(object, written)],
        set: sorted::Map::from([(path, json!({ "from": [{ "source": { field: [value] } }] }))]),
    })
}

/// The one change after which an allowed request is refused: at one hop, no rule that allows it is left.
fn refusing(model: &Model, outcome: &Outcome<'_, Log>) -> Vec<Proposal> {
    let hops = outcome.hops.iter().filter_map(|hop| {
        let allowing = policies(model, hop)?.into_iter().filter(|policy| {
            policy.action == Action::Allow
                && policy.cause == Cause::Authorization
                && !policy.dry_run
                && !policy.matching.is_empty()
        });
        let mut proposal = Proposal {
            summary: String::new(),
            policies: Vec::new(),
            set: sorted::Map::new(),
        };
        let mut rules = Vec::new();
        for policy in allowing {
            let (name, mut written) = written(model, policy.object)?;
            for index in &policy.matching {
                // A rule that is null matches nothing, and the others keep their places.
                *written.rules.get_mut(usize::try_from(*index).ok()?)? = None;
                rules.push(format!("rule {index} of {name}"));
                let path = format!("spec.rules[{index}]");
                proposal.set.insert(path, Value::Null);
            }
            proposal.policies.push((policy.object, written));
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
    });
    hops.collect()
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

/// Changes every clause that has to turn; `None`: one of them cannot.
fn proposal(
    model: &Model,
    near: &Near<'_>,
    flow: &Flow,
    place: fn(&Lever<'_>) -> Option<(String, bool)>,
) -> Option<Proposal> {
    let (name, mut written) = written(model, near.policy)?;
    let slot = written
        .rules
        .get_mut(usize::try_from(near.rule).ok()?)?
        .as_mut()?;
    let mut phrases = Vec::new();
    let mut set = sorted::Map::new();
    for lever in &near.levers {
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
        set.insert(format!("spec.rules[{}].{path}", near.rule), values);
    }
    (!phrases.is_empty()).then(|| Proposal {
        summary: format!("{} in rule {} of {name}", phrases.join(" and "), near.rule),
        policies: vec![(near.policy, written)],
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

/// The change, if the request then gets the verdict.
fn verified(
    model: &Model,
    request: &wire::Request,
    proposal: &Proposal,
    wanted: Verdict,
) -> Option<PolicyChange> {
    let ids = proposal.policies.iter();
    let ids = ids.filter_map(|(index, _)| Some(model.mesh.object(*index)?.id.to_wire()));
    let policies = ids.collect();
    let changed = model.with_rules(&proposal.policies);
    let call = eval::resolve(&changed, request).ok()?;
    let verdict = eval::evaluate::<Log>(&changed, &call).verdict;
    (verdict == wanted).then_some(PolicyChange {
        summary: proposal.summary.clone(),
        policies,
        set: proposal.set.clone(),
        verdict,
    })
}
