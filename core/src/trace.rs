//! Three-valued truth, and the observer of an evaluation. An evaluator is generic over [`Trace`]: with [`NoTrace`]
//! it stops as soon as a result is settled, with [`Log`] it goes on, so that every clause gets its line.
//! A trace is told every step and returns nothing, so it cannot change a verdict.

/// The truth of a clause, rule or policy. Ordered: "all" is the minimum, "any" the maximum, so that
/// `Unknown` survives only where it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It does not hold.
    No,
    /// Nobody here can tell.
    Unknown,
    /// It holds.
    Yes,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A place in a compiled policy, rule or route table; the numbers index the tables of the compiled model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A policy as one kind of proxy enforces it.
    Policy(u32),
    /// One of its rules, by its place in that policy.
    Rule(u32),
    /// One field of a rule.
    Clause(u32),
    /// A candidate route entry, by its place in the table that is searched.
    Route(u32),
    /// One condition of a route entry.
    Condition(u32),
}

/// Watches one evaluation.
pub(crate) trait Trace {
    /// Go on when the result is settled, so that every clause gets its line.
    const EXHAUSTIVE: bool;
    /// A step begins.
    fn enter(&mut self, step: Step);
    /// The innermost open step ends.
    fn leave(&mut self, truth: Truth);
    /// A step that has none inside it, begun and ended.
    fn leaf(&mut self, step: Step, truth: Truth);
    /// So many steps are about to come, or fewer.
    fn expect(&mut self, steps: usize);
}

/// Watches nothing; compiles to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoTrace;

impl Trace for NoTrace {
    const EXHAUSTIVE: bool = false;
    fn enter(&mut self, _: Step) {}
    fn leave(&mut self, _: Truth) {}
    fn leaf(&mut self, _: Step, _: Truth) {}
    fn expect(&mut self, _: usize) {}
}

/// One step of a [`Log`], with all that happened inside it behind it, up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The step.
    pub(crate) step: Step,
    /// How it ended.
    pub(crate) truth: Truth,
    /// Index behind its last inner entry; while the step is open, what [`Log::open`] was before it.
    end: u32,
}

/// Keeps every step, flat and in order: ids and truths only. `explain` makes trees and sentences of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    /// The number of entries up to and with the innermost open step; 0: none is open. Those around it are chained through
    /// their `end`, so that a log costs one list.
    open: u32,
}

impl Log {
    /// The entries so far; [`children`] walks them as a tree.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn end(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }
}

/// The outermost entries of a slice of a log, each with what happened inside it. `offset` is the index of the
/// slice's first entry in the whole log.
pub(crate) fn children(
    entries: &[Entry],
    offset: usize,
) -> impl Iterator<Item = (Entry, &[Entry], usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let entry = *entries.get(next)?;
        let end = index(entry.end).saturating_sub(offset).max(next + 1);
        let inner = entries.get(next + 1..end).unwrap_or_default();
        let inner_offset = offset + next + 1;
        next = end;
        Some((entry, inner, inner_offset))
    })
}

impl Trace for Log {
    const EXHAUSTIVE: bool = true;

    fn enter(&mut self, step: Step) {
        self.entries.push(Entry {
            step,
            truth: Truth::Unknown,
            end: self.open,
        });
        self.open = self.end();
    }

    fn leave(&mut self, truth: Truth) {
        let end = self.end();
        let innermost = index(self.open).wrapping_sub(1);
        if let Some(entry) = self.entries.get_mut(innermost) {
            self.open = entry.end;
            entry.truth = truth;
            entry.end = end;
        }
    }

    fn leaf(&mut self, step: Step, truth: Truth) {
        let end = self.end().saturating_add(1);
        self.entries.push(Entry { step, truth, end });
    }

    fn expect(&mut self, steps: usize) {
        self.entries.reserve(steps);
    }
}

/// Four thousand million steps are more than a mesh has.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Evaluates one step under watch.
pub(crate) fn step<T: Trace>(
    trace: &mut T,
    step: Step,
    evaluate: impl FnOnce(&mut T) -> Truth,
) -> Truth {
    trace.enter(step);
    let truth = evaluate(trace);
    trace.leave(truth);
    truth
}

/// Whether all items hold; of nothing: `Yes`. One of the two places where evaluation may stop early.
pub(crate) fn all<T: Trace, I: IntoIterator>(
    trace: &mut T,
    items: I,
    mut holds: impl FnMut(&mut T, I::Item) -> Truth,
) -> Truth {
    let mut result = Truth::Yes;
    for item in items {
        match holds(trace, item) {
            Truth::No if !T::EXHAUSTIVE => return Truth::No,
            truth => result = result.min(truth),
        }
    }
    result
}

/// Whether any item holds; of nothing: `No`. The mirror of [`all`].
pub(crate) fn any<T: Trace, I: IntoIterator>(
    trace: &mut T,
    items: I,
    mut holds: impl FnMut(&mut T, I::Item) -> Truth,
) -> Truth {
    let mut result = Truth::No;
    for item in items {
        match holds(trace, item) {
            Truth::Yes if !T::EXHAUSTIVE => return Truth::Yes,
            truth => result = result.max(truth),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [Truth; 3] = [Truth::No, Truth::Unknown, Truth::Yes];

    #[test]
    fn unknown_survives_only_where_it_decides() {
        for (left, right, both, either) in [
            (Truth::Yes, Truth::Unknown, Truth::Unknown, Truth::Yes),
            (Truth::No, Truth::Unknown, Truth::No, Truth::Unknown),
            (Truth::Yes, Truth::No, Truth::No, Truth::Yes),
        ] {
            assert_eq!(all(&mut NoTrace, [left, right], |_, truth| truth), both);
            assert_eq!(any(&mut NoTrace, [left, right], |_, truth| truth), either);
        }
    }

    #[test]
    fn a_log_changes_no_result() {
        for a in VALUES {
            for b in VALUES {
                for c in VALUES {
                    let items = [a, b, c];
                    let mut log = Log::default();
                    assert_eq!(
                        all(&mut log, items, |_, t| t),
                        all(&mut NoTrace, items, |_, t| t)
                    );
                    assert_eq!(
                        any(&mut log, items, |_, t| t),
                        any(&mut NoTrace, items, |_, t| t)
                    );
                }
            }
        }
    }

    #[test]
    fn a_log_is_a_tree() {
        let mut log = Log::default();
        step(&mut log, Step::Policy(0), |log| {
            any(log, [Truth::No, Truth::Yes], |log, truth| {
                step(log, Step::Rule(1), |log| {
                    log.leaf(Step::Clause(2), truth);
                    truth
                })
            })
        });
        let roots: Vec<_> = children(log.entries(), 0).collect();
        assert_eq!(roots.len(), 1);
        let (root, inner, offset) = roots[0];
        assert_eq!(root.truth, Truth::Yes);
        let rules: Vec<_> = children(inner, offset)
            .map(|(rule, clauses, _)| (rule.truth, clauses.len()))
            .collect();
        assert_eq!(rules, [(Truth::No, 1), (Truth::Yes, 1)]);
    }
}
