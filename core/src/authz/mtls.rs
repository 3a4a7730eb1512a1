//! Plaintext: what PeerAuthentications make of it in front of one workload, and which peers a handshake refuses.
//!
//! istiod turns PeerAuthentications into `DENY` policies for ztunnels: a static one that refuses peers without an
//! identity, or one made of the ports of a workload's own policy. Which of them a workload is told of, and what
//! becomes of them, is decided in two places upstream, which are followed here one by one because they do not always
//! agree: `istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go` (convertedSelectorPeerAuthentications,
//! convertPeerAuthentication).

use std::sync::{Arc, OnceLock};

use super::attribute::Attribute;
use super::clause::{Clause, ClauseId, Matcher, Values};
use super::policy::{ClauseOrigin, Order, Policy, Rule};
use crate::flow::Principal;
use crate::matcher::StringMatch;
use crate::resource::peer_authentication::{MutualTlsMode, PortKey};
use crate::resource::{Action, ObjectIndex, PeerAuthentication};
use crate::wire::{Behavior, Cause, Settings};

/// A PeerAuthentication that bears on a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    /// The object.
    pub(crate) object: ObjectIndex,
    /// Its name.
    pub(crate) name: &'a str,
    /// `metadata.creationTimestamp`
    pub(crate) created: Option<&'a str>,
    /// Its spec.
    pub(crate) spec: &'a PeerAuthentication,
}

/// All PeerAuthentications that bear on one workload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Levels<'a> {
    /// In the root namespace, for all workloads. Those with a selector count nowhere there.
    pub(crate) mesh: &'a [Candidate<'a>],
    /// In the workload's namespace, unless that is the root namespace, for all workloads.
    pub(crate) namespace: &'a [Candidate<'a>],
    /// In the same namespace, with a selector that selects the workload.
    pub(crate) workload: &'a [Candidate<'a>],
}

/// What they come to in front of the workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mtls {
    /// One more `DENY` policy of the ztunnel; without it, plaintext is taken. The paths of its clauses are relative to
    /// `spec`.
    pub(crate) policy: Option<Policy>,
    /// Where the outcome is not what the modes say.
    pub(crate) surprise: Option<Surprise>,
}

/// Where the outcome is not what the modes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Surprise {
    /// `DISABLE` is the only exception to a `STRICT` that is inherited: it does not count.
    DisableNotHonoured(ObjectIndex),
    /// The same, as the documentation has it: it counts.
    DisableAsDocumented(ObjectIndex),
    /// The workload is referred to a converted policy that is never made: it takes plaintext on every port.
    StrictLost(ObjectIndex),
}

impl Surprise {
    /// The PeerAuthentication that is to blame.
    pub(crate) fn object(self) -> ObjectIndex {
        match self {
            Self::DisableNotHonoured(object)
            | Self::DisableAsDocumented(object)
            | Self::StrictLost(object) => object,
        }
    }

    /// One plain sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::DisableNotHonoured(_) => {
                "ports with mode `DISABLE` refuse plaintext all the same, although the documentation says that they take it: under an inherited `STRICT` they count only beside a port with mode `PERMISSIVE`"
            }
            Self::DisableAsDocumented(_) => {
                "as documented, ports with mode `DISABLE` take plaintext; Istio's code keeps the inherited `STRICT` on them"
            }
            Self::StrictLost(_) => {
                "plaintext is accepted on every port: with a namespace policy of mode `UNSET` between them, istiod loses the mesh's `STRICT` when it makes the exception for the ports"
            }
        }
    }
}

/// The oldest counts; upstream leaves ties open, here the name decides.
fn oldest<'a>(candidates: &'a [Candidate<'a>]) -> Option<&'a Candidate<'a>> {
    candidates
        .iter()
        .min_by_key(|candidate| (candidate.created, candidate.name))
}

/// What the PeerAuthentications of one workload come to.
pub(crate) fn compile(levels: Levels<'_>, behavior: Behavior) -> Mtls {
    let mesh = oldest(levels.mesh);
    let namespace = oldest(levels.namespace);
    let workload = oldest(levels.workload);
    let inherited = strict_of_parents(mesh, namespace);

    let Some(workload) = workload else {
        return Mtls {
            policy: inherited.map(refuse_plaintext),
            surprise: None,
        };
    };
    let strict = match workload.spec.mode() {
        MutualTlsMode::Unset => inherited,
        MutualTlsMode::Strict => Some(workload),
        MutualTlsMode::Permissive | MutualTlsMode::Disable => None,
    };
    let has = |wanted: &[MutualTlsMode]| ports(workload).any(|(_, mode)| wanted.contains(&mode));
    use MutualTlsMode::{Disable, Permissive, Strict};
    let exceptions: &[MutualTlsMode] = match strict {
        None => &[Strict],
        Some(_) if workload.spec.mode() == Strict => &[Permissive, Disable],
        Some(_) if behavior == Behavior::Documented => &[Permissive, Disable],
        Some(_) => &[Permissive],
    };
    if has(exceptions) {
        let policy = convert(workload, mesh, namespace);
        let inherits = strict.is_some() && workload.spec.mode() != Strict;
        let surprise = if policy.is_none() && strict.is_some() {
            Some(Surprise::StrictLost(workload.object))
        } else if inherits && !has(&[Permissive]) {
            Some(Surprise::DisableAsDocumented(workload.object))
        } else {
            None
        };
        Mtls { policy, surprise }
    } else {
        let not_honoured = strict.is_some() && has(&[Disable]);
        Mtls {
            policy: strict.map(refuse_plaintext),
            surprise: not_honoured.then_some(Surprise::DisableNotHonoured(workload.object)),
        }
    }
}

/// The policy that makes the levels above the workload strict, if they are.
fn strict_of_parents<'a>(
    mesh: Option<&'a Candidate<'a>>,
    namespace: Option<&'a Candidate<'a>>,
) -> Option<&'a Candidate<'a>> {
    let set = |candidate: &&Candidate<'_>| candidate.spec.mode() != MutualTlsMode::Unset;
    let strict = |candidate: &&Candidate<'_>| candidate.spec.mode() == MutualTlsMode::Strict;
    namespace.filter(set).or(mesh).filter(strict)
}

fn ports<'a>(workload: &Candidate<'a>) -> impl Iterator<Item = (PortKey, MutualTlsMode)> + 'a {
    let ports = workload.spec.port_level_mtls.iter().flatten();
    ports.map(|(port, mtls)| (*port, mtls.mode))
}

/// The static policy: peers without an identity are refused.
fn refuse_plaintext(candidate: &Candidate<'_>) -> Policy {
    let mut builder = Builder::new(candidate);
    let clause = builder.no_identity("mtls.mode".to_owned());
    builder.rule(vec![clause]);
    builder.policy()
}

/// The policy made of a workload's ports; `None`: nothing is left to deny.
fn convert(
    workload: &Candidate<'_>,
    mesh: Option<&Candidate<'_>>,
    namespace: Option<&Candidate<'_>>,
) -> Option<Policy> {
    use MutualTlsMode::{Disable, Permissive, Strict, Unset};
    let mode = workload.spec.mode();
    let mode_of =
        |candidate: Option<&Candidate<'_>>| candidate.map(|candidate| candidate.spec.mode());
    let inherits_strict = strict_of_parents(mesh, namespace).is_some();
    // Not the same question as `inherits_strict`: here a namespace policy counts even if it is `UNSET`.
    let exceptions_count = match mode {
        Strict => true,
        Unset => mode_of(namespace).or(mode_of(mesh)) == Some(Strict),
        Permissive | Disable => false,
    };
    let strict_already = mode == Strict || (mode == Unset && inherits_strict);

    let mut builder = Builder::new(workload);
    let mut exceptions = Vec::new();
    for (PortKey(port), port_mode) in ports(workload) {
        let Ok(port) = u16::try_from(port) else {
            continue;
        };
        match port_mode {
            Strict if !strict_already => {
                let path = format!("portLevelMtls.{port}.mode");
                let clauses = vec![
                    builder.no_identity(path),
                    builder.port(port, port_mode, false),
                ];
                builder.rule(clauses);
            }
            Permissive | Disable if exceptions_count => {
                exceptions.push(builder.port(port, port_mode, true));
            }
            Strict | Permissive | Disable | Unset => {}
        }
    }
    if !exceptions.is_empty() {
        exceptions.insert(0, builder.no_identity("mtls.mode".to_owned()));
        builder.rule(exceptions);
    }
    (!builder.rules.is_empty()).then(|| builder.policy())
}

/// Gathers rules, clauses and their origins.
struct Builder {
    object: ObjectIndex,
    rules: Vec<Rule>,
    origins: Vec<ClauseOrigin>,
}

impl Builder {
    fn new(candidate: &Candidate<'_>) -> Self {
        Self {
            object: candidate.object,
            rules: Vec::new(),
            origins: Vec::new(),
        }
    }

    fn policy(self) -> Policy {
        Policy {
            object: self.object,
            action: Action::Deny,
            dry_run: false,
            cause: Cause::Mtls,
            provider: None,
            losses: Arc::default(),
            rules: self.rules.into(),
            origins: self.origins.into(),
            order: Order::default(),
        }
    }

    fn clause(&mut self, origin: ClauseOrigin, negated: bool, value: Matcher) -> Clause {
        let id = ClauseId(u32::try_from(self.origins.len()).unwrap_or(u32::MAX));
        let attribute = origin.attribute.clone();
        self.origins.push(origin);
        Clause {
            id,
            attribute,
            negated,
            values: Values::One(value),
        }
    }

    fn origin(&self, path: String, mode: MutualTlsMode, attribute: Attribute) -> ClauseOrigin {
        ClauseOrigin {
            rule: u32::try_from(self.rules.len()).unwrap_or(u32::MAX),
            path: path.into(),
            want: [mode.name().to_owned()].into(),
            attribute,
            field: OnceLock::new(),
        }
    }

    fn no_identity(&mut self, path: String) -> Clause {
        let origin = self.origin(path, MutualTlsMode::Strict, Attribute::SourcePrincipal);
        self.clause(origin, true, Matcher::Principal(StringMatch::NotEmpty))
    }

    fn port(&mut self, port: u16, mode: MutualTlsMode, negated: bool) -> Clause {
        let path = format!("portLevelMtls.{port}.mode");
        let origin = self.origin(path, mode, Attribute::DestinationPort);
        self.clause(origin, negated, Matcher::Port(port))
    }

    fn rule(&mut self, clauses: Vec<Clause>) {
        let index = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let groups = clauses.into_iter().map(|clause| vec![vec![clause]]);
        self.rules.push(Rule::new(index, groups));
    }
}

/// Whether a ztunnel lets a peer finish the handshake: only one of its own trust domain; aliases do not count.
/// `istio/ztunnel: src/tls/workload.rs` (TrustDomainVerifier).
pub(crate) fn ztunnel_trusts(peer: &Principal, settings: &Settings) -> bool {
    peer.trust_domain() == settings.trust_domain
}

/// Whether a waypoint lets a peer finish the handshake: one of the mesh's trust domain or its aliases.
/// `istio/istio: pilot/pkg/networking/core/listener_waypoint.go` (buildCommonConnectTLSContext).
pub(crate) fn waypoint_trusts(peer: &Principal, settings: &Settings) -> bool {
    let domain = peer.trust_domain();
    settings.trust_domain == domain
        || settings
            .trust_domain_aliases
            .iter()
            .any(|alias| alias == domain)
}
