//! Where Istio's documentation and its code differ: one table, with both sources. `settings.behavior` chooses between
//! the two where a row says so; everywhere a finding tells at the place.

/// One difference.
#[derive(Debug)]
pub(crate) struct Difference {
    /// What it is about.
    pub(crate) topic: &'static str,
    /// What the documentation says.
    pub(crate) documented: &'static str,
    /// Where it says so.
    pub(crate) documentation: &'static str,
    /// What the code does.
    pub(crate) implemented: &'static str,
    /// Where it does so.
    pub(crate) code: &'static str,
    /// Whether `behavior: documented` answers as the documentation says.
    pub(crate) switched: bool,
    /// The finding that tells at the place.
    pub(crate) lint: &'static str,
}

const L7_FEATURES: &str = "istio/istio.io: content/en/docs/ambient/usage/l7-features/index.md";
const AUTHORIZATION: &str = "istio/istio: pilot/pkg/serviceregistry/ambient/authorization.go";
const WAYPOINT_LISTENER: &str = "istio/istio: pilot/pkg/networking/core/listener_waypoint.go";
const AUTHORIZATION_POLICY: &str = "istio/api: security/v1beta1/authorization_policy.proto";
const STATUS: &str = "the condition that istiod writes";

/// Every difference that is known, by topic.
pub(crate) static DIFFERENCES: &[Difference] = &[
    Difference {
        topic: "A route whose parent is a waypoint",
        documented: "It is for all traffic of the waypoint.",
        documentation: L7_FEATURES,
        implemented: "It gets no status and has no effect.",
        code: "istio/istio: pilot/pkg/config/kube/gateway/gateway_collection.go (GatewayCollection)",
        switched: true,
        lint: "WP0207",
    },
    Difference {
        topic: "A DENY policy with HTTP attributes that ztunnels enforce",
        documented: "It fails safe: everything in its scope is denied.",
        documentation: L7_FEATURES,
        implemented: "The HTTP attributes are dropped; a rule of which nothing is left denies nothing.",
        code: AUTHORIZATION,
        switched: true,
        lint: "WP0209",
    },
    Difference {
        topic: "An ALLOW policy of which some rules have HTTP attributes, at ztunnels",
        documented: "Everything in its scope is denied.",
        documentation: L7_FEATURES,
        implemented: "The rules without HTTP attributes still allow.",
        code: AUTHORIZATION,
        switched: true,
        lint: "WP0209",
    },
    Difference {
        topic: "A VirtualService beside a Gateway API route for the same Service",
        documented: "The route applies and the VirtualService does not.",
        documentation: L7_FEATURES,
        implemented: "Routes come first; what none of them matches falls to the VirtualService.",
        code: WAYPOINT_LISTENER,
        switched: true,
        lint: "WP0238",
    },
    Difference {
        topic: "Two VirtualServices for one host",
        documented: "Only one can be used.",
        documentation: L7_FEATURES,
        implemented: "Both are used, the older before the younger.",
        code: "istio/istio: pilot/pkg/model/push_context.go (VirtualServicesForGateway)",
        switched: true,
        lint: "WP0240",
    },
    Difference {
        topic: "A PeerAuthentication that disables mutual TLS for a port below STRICT",
        documented: "The port takes plaintext.",
        documentation: "istio/istio.io: content/en/docs/reference/config/security/peer_authentication/index.html",
        implemented: "The port stays STRICT.",
        code: AUTHORIZATION,
        switched: true,
        lint: "WP0301",
    },
    Difference {
        topic: "A path template that ends in `{**}/`",
        documented: "`/foo/{**}/` matches `/foo/bar/baz.txt`.",
        documentation: AUTHORIZATION_POLICY,
        implemented: "Envoy wants the slash at the end.",
        code: "istio/istio: pilot/pkg/security/authz/matcher/template.go (PathTemplateMatcher)",
        switched: true,
        lint: "WP0303",
    },
    Difference {
        topic: "Trust domains in policies that ztunnels enforce",
        documented: "`cluster.local`, aliases and `trustDomains` mean what they mean everywhere.",
        documentation: AUTHORIZATION_POLICY,
        implemented: "Principals are compared as they are written; ztunnels are never told of `trustDomains`.",
        code: AUTHORIZATION,
        switched: true,
        lint: "WP0303",
    },
    Difference {
        topic: "A jwtRule without `audiences`",
        documented: "The name of the Service must be among the audiences of a token.",
        documentation: "istio/api: security/v1beta1/request_authentication.proto",
        implemented: "Any audience will do.",
        code: "istio/istio: pilot/pkg/security/authn/policy_applier.go (convertToEnvoyJwtConfig)",
        switched: false,
        lint: "WP0303",
    },
    Difference {
        topic: "An EnvoyFilter that targets a waypoint",
        documented: "It is not supported.",
        documentation: L7_FEATURES,
        implemented: "It is applied.",
        code: "istio/istio: pilot/pkg/networking/core/listener_builder.go (patchListeners)",
        switched: false,
        lint: "WP0249",
    },
    Difference {
        topic: "An EnvoyFilter that targets a Service",
        documented: "It is for the Service's traffic.",
        documentation: "istio/api: networking/v1alpha3/envoy_filter.proto",
        implemented: "No proxy looks for it there.",
        code: "istio/istio: pilot/pkg/model/push_context.go (getMatchedEnvoyFilters)",
        switched: false,
        lint: "WP0250",
    },
    Difference {
        topic: "`Accepted` on a route for a Service without a waypoint",
        documented: "The route is accepted.",
        documentation: STATUS,
        implemented: "Nothing reads it.",
        code: WAYPOINT_LISTENER,
        switched: false,
        lint: "WP0277",
    },
    Difference {
        topic: "`WaypointBound` for a Gateway that is no waypoint",
        documented: "The Service is bound.",
        documentation: STATUS,
        implemented: "ztunnel finds no port there, and connections fail.",
        code: "istio/ztunnel: src/state.rs (fetch_waypoint)",
        switched: false,
        lint: "WP0213",
    },
    Difference {
        topic: "`WaypointAccepted` for a GatewayClass of an own name",
        documented: "The policy is accepted.",
        documentation: STATUS,
        implemented: "Waypoints compare with the name `istio-waypoint` only.",
        code: "istio/istio: pilot/pkg/model/policyattachment.go (ShouldAttachPolicy)",
        switched: false,
        lint: "WP0283",
    },
    Difference {
        topic: "TLSRoute and TCPRoute",
        documented: "They are in Gateway API's experimental channel.",
        documentation: L7_FEATURES,
        implemented: "They are in its standard channel, as `v1`.",
        code: "istio/istio: pkg/config/schema/gatewayapi/minimumversions.go",
        switched: false,
        lint: "WP0109",
    },
];
