//! What would change a verdict: requests that differ in as little as possible and are allowed. Each is proposed from
//! the clauses that stand in the way, and listed only if the evaluator allows it.

mod around;
mod edit;
mod policy;

pub(crate) use around::ways;
pub(crate) use policy::{changes as policies, is_enforced};

use crate::authz::{Clause, Lever, Near};
use crate::eval::{self, Outcome, Refusal};
use crate::model::Model;
use crate::trace::{Log, NoTrace};
use crate::wire;
use edit::Edit;

/// How many changes are listed for a request.
const MAX_LISTED: usize = 3;
/// How many requests are evaluated for them.
const MAX_TRIED: usize = 60;
/// How many first steps are taken where one is not enough, and how many second ones from each.
const MAX_FIRST_STEPS: usize = 6;

/// The smallest changes of a denied request that make it allowed.
pub(crate) fn requests(
    model: &Model,
    request: &wire::Request,
    outcome: &Outcome<'_, Log>,
    refusal: Option<&Refusal<'_>>,
) -> Vec<wire::Change> {
    let nearest = || refusal.into_iter().flat_map(Refusal::nearest);
    let alone = proposals(model, request, outcome, refusal, nearest()).take(MAX_TRIED);
    let changes = listed(&mut alone.filter_map(|edits| verified(model, request, &edits)));
    if !changes.is_empty() {
        return changes;
    }
    // Where one step is not enough, what refuses next is met too.
    let first = proposals(model, request, outcome, refusal, nearest()).take(MAX_FIRST_STEPS);
    let further = first.flat_map(|first| with_another(model, request, &first));
    let mut further: Vec<wire::Change> = further.collect();
    further.sort_by_key(|change| change.set.len());
    listed(&mut further.into_iter())
}

/// The first few, each once.
fn listed(found: &mut dyn Iterator<Item = wire::Change>) -> Vec<wire::Change> {
    let mut changes: Vec<wire::Change> = Vec::new();
    for change in found {
        // Who needs to change two things is not helped by a list of all that may come third.
        let fewest = changes.first().map_or(usize::MAX, |first| first.set.len());
        let is_new = changes.iter().all(|known| known.summary != change.summary);
        if change.set.len() <= fewest && is_new {
            changes.push(change);
        }
        if changes.len() == MAX_LISTED {
            break;
        }
    }
    changes
}

/// The edits together with those that meet what then refuses the request.
fn with_another(model: &Model, request: &wire::Request, first: &[Edit]) -> Vec<wire::Change> {
    let changed = edited(request, first);
    let Ok(call) = eval::resolve(model, &changed) else {
        return Vec::new();
    };
    let outcome = eval::evaluate::<NoTrace>(model, &call);
    // What the first edits set stays as they set it.
    let is_set = |clause: &Clause| {
        let field = edit::field(&clause.attribute);
        field.is_some_and(|field| first.iter().any(|edit| edit.path == field))
    };
    let mut log = Log::default();
    let refusal = Refusal::of_unlogged(model, &outcome, &is_set, &mut log);
    let is_free = |near: &&Near<'_>| !near.any(is_set);
    let near = refusal.iter().flat_map(|refusal| &refusal.near);
    let near = near.filter(is_free);
    let further = proposals(model, &changed, &outcome, refusal.as_ref(), near);
    let further = further.filter(|second| {
        let mut paths = second.iter().map(|edit| &edit.path);
        paths.all(|path| first.iter().all(|edit| edit.path != *path))
    });
    further
        .take(MAX_FIRST_STEPS)
        .filter_map(|second| {
            let both: Vec<Edit> = first.iter().cloned().chain(second).collect();
            verified(model, request, &both)
        })
        .collect()
}

/// Sets of edits, each of which turns every clause that it has to; made as they are asked for.
fn proposals<'a, T>(
    model: &'a Model,
    request: &'a wire::Request,
    outcome: &Outcome<'_, T>,
    refusal: Option<&'a Refusal<'a>>,
    near: impl Iterator<Item = &'a Near<'a>> + 'a,
) -> Box<dyn Iterator<Item = Vec<Edit>> + 'a> {
    let by_token = outcome
        .decided
        .is_some_and(|decided| decided.by.cause == wire::Cause::Authentication);
    if by_token && outcome.verdict == wire::Verdict::Deny {
        let edit = edit::no_token(request);
        return Box::new(edit.map(|edit| vec![edit]).into_iter());
    }
    let Some(refusal) = refusal else {
        return Box::new(std::iter::empty());
    };
    let edits = |lever: &Lever<'_>| edit::of(&model.mesh, request, lever);
    match refusal.rule() {
        // A rule refuses: one clause of it must fail.
        Some(rule) => {
            let levers = refusal.holding(rule).into_iter();
            Box::new(
                levers
                    .flat_map(move |lever| edits(&lever))
                    .map(|edit| vec![edit]),
            )
        }
        // No rule allows: all clauses that one lacks must hold.
        None => Box::new(near.flat_map(move |near| {
            let levers = near.levers();
            combined(levers.iter().map(edits)).unwrap_or_default()
        })),
    }
}

/// One edit for each clause: the first of each, and, where one clause is all there is, each of its own.
fn combined(levers: impl Iterator<Item = Vec<Edit>>) -> Option<Vec<Vec<Edit>>> {
    let mut choices: Vec<Vec<Edit>> = levers.collect();
    if let [only] = choices.as_mut_slice() {
        return Some(
            std::mem::take(only)
                .into_iter()
                .map(|edit| vec![edit])
                .collect(),
        );
    }
    let firsts = choices
        .into_iter()
        .map(|choice| choice.into_iter().next())
        .collect::<Option<Vec<Edit>>>()?;
    Some(vec![firsts])
}

fn edited(request: &wire::Request, edits: &[Edit]) -> wire::Request {
    let mut changed = request.clone();
    for edit in edits {
        edit.apply(&mut changed);
    }
    changed
}

/// The change, if the changed request is allowed.
fn verified(model: &Model, request: &wire::Request, edits: &[Edit]) -> Option<wire::Change> {
    let changed = edited(request, edits);
    let call = eval::resolve(model, &changed).ok()?;
    let verdict = eval::evaluate::<NoTrace>(model, &call).verdict;
    let phrases: Vec<&str> = edits.iter().map(|edit| edit.summary.as_str()).collect();
    (verdict == wire::Verdict::Allow && !edits.is_empty()).then(|| wire::Change {
        summary: phrases.join(", and "),
        set: edits
            .iter()
            .map(|edit| (edit.path.clone(), edit.value.clone()))
            .collect(),
        verdict,
    })
}
