//! The policies of a proxy in an answer. What is said of them whatever becomes of a request is kept once, for all answers;
//! an answer holds one truth a step, and what the request has.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{Matched, ObjectRef, Range};
use crate::decode::{Decode, Reader};

/// The policies that a proxy enforces, in evaluation order.
#[derive(Clone, Default)]
pub struct PolicyAnswers {
    texts: Arc<[PolicyText]>,
    /// Of each policy, each of its rules and each clause of these, in the order of the texts.
    truths: Vec<Matched>,
    /// What the request has, by [`ClauseText::got`].
    got: Vec<serde_json::Value>,
    /// Clauses that would have to turn: the place of the rule among all rules, and that of the clause in the rule.
    missing: Vec<(usize, usize)>,
}

/// All that is said of a policy whatever becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyText {
    pub(crate) caption: PolicyCaption,
    pub(crate) rules: Box<[RuleText]>,
}

/// The same of one of its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleText {
    /// Its index in the policy.
    pub(crate) index: usize,
    pub(crate) clauses: Box<[ClauseText]>,
}

/// The same of one of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClauseText {
    pub(crate) field: Arc<ClauseField>,
    /// Which of the things that a request has it asks about.
    pub(crate) got: usize,
}

/// One policy's part in a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAnswer<'a> {
    /// What is the same in every answer.
    #[serde(flatten)]
    pub caption: &'a PolicyCaption,
    /// Whether one of its rules matches.
    pub matched: Matched,
    /// Its rules.
    pub rules: Vec<RuleAnswer<'a>>,
}

/// What is said of a policy whatever becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyCaption {
    /// The policy.
    pub policy: ObjectRef,
    /// Its action: `ALLOW`, `DENY`, `AUDIT`, `CUSTOM`; of a PeerAuthentication `DENY`.
    pub action: Cow<'static, str>,
    /// Why it is here: the object it is attached to, or namespace, mesh, selector.
    pub scope: String,
    /// It is evaluated for the report only and does not count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// What this proxy cannot see of it, and what follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<String>,
}

impl Deref for PolicyAnswer<'_> {
    type Target = PolicyCaption;

    fn deref(&self) -> &PolicyCaption {
        self.caption
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleAnswer<'a> {
    /// Its index in the policy.
    pub index: usize,
    /// Whether all of its clauses match.
    pub matched: Matched,
    /// Where no `ALLOW` rule matches and the request is refused for it: the paths of the fewest clauses that would have
    /// to turn for this one to match. The fewer, the nearer it was. Of the entries of `from` or `to` the one that lacks
    /// least counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'a str>,
    /// Its fields.
    pub clauses: Vec<ClauseAnswer<'a>>,
}

/// One field of a rule, and what a request has of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClauseAnswer<'a> {
    /// What is the same in every answer.
    #[serde(flatten)]
    pub field: &'a ClauseField,
    /// What the request has; `null`: nothing. A list where the request carries several.
    pub got: &'a serde_json::Value,
    /// Whether it matches.
    pub matched: Matched,
}

/// One field of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Decode, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClauseField {
    /// The field, relative to the rule: `from[0].source.namespaces`.
    pub path: Arc<str>,
    /// What the policy wants, as written.
    pub want: Arc<[String]>,
    /// Name of the file; absent for a single unnamed text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// Where the field stands in the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
}

impl Deref for ClauseAnswer<'_> {
    type Target = ClauseField;

    fn deref(&self) -> &ClauseField {
        self.field
    }
}

impl PolicyAnswers {
    /// `truths` and `missing` are in the order of the texts.
    pub(crate) fn new(
        texts: Arc<[PolicyText]>,
        truths: Vec<Matched>,
        got: Vec<serde_json::Value>,
        missing: Vec<(usize, usize)>,
    ) -> Self {
        Self {
            texts,
            truths,
            got,
            missing,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Each, with its rules and their fields.
    pub fn iter(&self) -> impl Iterator<Item = PolicyAnswer<'_>> {
        let mut truths = self.truths.iter().copied();
        let mut missing = self.missing.iter().copied().peekable();
        let mut place = 0;
        self.texts.iter().map(move |text| {
            let mut matched = || truths.next().unwrap_or(Matched::Unknown);
            PolicyAnswer {
                caption: &text.caption,
                matched: matched(),
                rules: text
                    .rules
                    .iter()
                    .map(|rule| {
                        let matched_rule = matched();
                        let mut lacks = Vec::new();
                        while let Some((_, clause)) = missing.next_if(|(of, _)| *of == place) {
                            let clause = rule.clauses.get(clause);
                            lacks.extend(clause.map(|clause| &*clause.field.path));
                        }
                        place += 1;
                        let clauses = rule.clauses.iter().map(|clause| ClauseAnswer {
                            field: &clause.field,
                            got: self.got.get(clause.got).unwrap_or(&NOTHING),
                            matched: matched(),
                        });
                        RuleAnswer {
                            index: rule.index,
                            matched: matched_rule,
                            missing: lacks,
                            clauses: clauses.collect(),
                        }
                    })
                    .collect(),
            }
        })
    }
}

/// What a request has that has nothing.
static NOTHING: serde_json::Value = serde_json::Value::Null;

impl PartialEq for PolicyAnswers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for PolicyAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for PolicyAnswers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// A policy as an answer has it in JSON.
#[derive(Decode)]
struct WrittenPolicy {
    #[serde(flatten)]
    caption: PolicyCaption,
    matched: Matched,
    rules: Vec<WrittenRule>,
}

#[derive(Decode)]
struct WrittenRule {
    index: usize,
    matched: Matched,
    #[serde(default)]
    missing: Vec<String>,
    clauses: Vec<WrittenClause>,
}

#[derive(Decode)]
struct WrittenClause {
    #[serde(flatten)]
    field: ClauseField,
    got: serde_json::Value,
    matched: Matched,
}

impl Decode for PolicyAnswers {
    fn decode(reader: &Reader<'_>) -> Self {
        let mut answers = Self::default();
        let mut rules = 0;
        let mut texts = Vec::new();
        for policy in Vec::<WrittenPolicy>::decode(reader) {
            answers.truths.push(policy.matched);
            let own = policy.rules.into_iter().map(|rule| {
                let text = answers.read(rules, rule);
                rules += 1;
                text
            });
            texts.push(PolicyText {
                rules: own.collect(),
                caption: policy.caption,
            });
        }
        answers.texts = texts.into();
        answers
    }
}

impl PolicyAnswers {
    /// Takes over a rule, by its place among all.
    fn read(&mut self, place: usize, rule: WrittenRule) -> RuleText {
        self.truths.push(rule.matched);
        let clauses = rule.clauses.into_iter().enumerate();
        let clauses = clauses.map(|(own, clause)| {
            if rule.missing.iter().any(|path| **path == *clause.field.path) {
                self.missing.push((place, own));
            }
            self.truths.push(clause.matched);
            self.got.push(clause.got);
            ClauseText {
                field: Arc::new(clause.field),
                got: self.got.len() - 1,
            }
        });
        RuleText {
            clauses: clauses.collect(),
            index: rule.index,
        }
    }
}
