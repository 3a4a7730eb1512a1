//! What Istio's webhook refuses in a VirtualService. `istio/istio: pkg/config/validation/virtualservice.go`
//! (validateHTTPRoute, validateHTTPRouteConflict), `pkg/config/validation/validation.go` (ValidateVirtualService).

use super::violation::Violations;
use super::{
    HttpMatchRequest, HttpRouteDestination, Percent, StringMatch, VirtualService,
    VirtualServiceHttpRoute,
};
use crate::matcher;

/// Reports what is refused.
pub(super) fn validate(service: &VirtualService, out: &mut Violations) {
    let delegate = service.is_delegate();
    if delegate {
        for (field, is_there) in [
            ("gateways", !service.gateways.is_empty()),
            ("tls", !service.tls.is_empty()),
            ("tcp", !service.tcp.is_empty()),
        ] {
            if is_there {
                out.error(
                    format!("spec.{field}"),
                    format!("a VirtualService without hosts, which others delegate to, takes no `{field}`"),
                );
            }
        }
    }
    if service.http.is_empty() && service.tls.is_empty() && service.tcp.is_empty() {
        out.error("spec", "none of `http`, `tls`, `tcp` is there");
    }
    hosts(service, out);
    let for_gateways = service.gateways.iter().any(|gateway| gateway != "mesh");
    for (index, rule) in service.http.iter().enumerate() {
        let at = format!("spec.http[{index}]");
        together(rule, delegate, &at, out);
        for (position, written) in rule.matches.iter().enumerate() {
            match_of(
                written,
                for_gateways || delegate,
                &format!("{at}.match[{position}]"),
                out,
            );
        }
        destinations(&rule.route, &format!("{at}.route"), out);
        shares(rule, &at, out);
    }
    for (field, rules) in [("tls", &service.tls), ("tcp", &service.tcp)] {
        for (index, rule) in rules.iter().enumerate() {
            let at = format!("spec.{field}[{index}]");
            if rule.route.is_empty() {
                out.error(
                    format!("{at}.route"),
                    "a rule for connections needs destinations",
                );
            }
            destinations(&rule.route, &format!("{at}.route"), out);
            let without_names = rule.matches.iter().any(|one| one.sni_hosts.is_empty());
            if field == "tls" && (rule.matches.is_empty() || without_names) {
                out.error(
                    format!("{at}.match"),
                    "a rule for TLS needs `sniHosts` in each match",
                );
            }
        }
    }
}

fn hosts(service: &VirtualService, out: &mut Violations) {
    for (index, host) in service.hosts.iter().enumerate() {
        let at = format!("spec.hosts[{index}]");
        let mesh_only = service.gateways.iter().all(|gateway| gateway == "mesh");
        if host == "*" && mesh_only {
            out.error(at, "the host `*` is for gateways only");
        } else if let Some(other) = service
            .hosts
            .iter()
            .take(index)
            .find(|other| matcher::hosts_intersect(other, host))
        {
            out.error(
                at,
                format!("`{host}` is a part of `{other}`, or the other way round"),
            );
        }
    }
}

/// What does not go together in one rule.
fn together(rule: &VirtualServiceHttpRoute, delegate: bool, at: &str, out: &mut Violations) {
    if rule.delegate.is_some() {
        for (field, is_there) in [
            ("redirect", rule.redirect.is_some()),
            ("route", !rule.route.is_empty()),
        ] {
            if is_there {
                out.error(
                    format!("{at}.{field}"),
                    format!("a rule that delegates takes no `{field}`"),
                );
            }
        }
        if delegate {
            out.error(
                format!("{at}.delegate"),
                "what is delegated to does not delegate again",
            );
        }
        return;
    }
    let answers = [
        ("redirect", rule.redirect.is_some()),
        ("directResponse", rule.direct_response.is_some()),
    ];
    for (field, is_there) in answers {
        for (other, both) in [
            ("route", !rule.route.is_empty()),
            ("fault", rule.fault.is_some()),
            ("rewrite", rule.rewrite.is_some()),
        ] {
            if is_there && both {
                out.error(
                    format!("{at}.{other}"),
                    format!("`{other}` does not go with `{field}`"),
                );
            }
        }
    }
    match (answers[0].1, answers[1].1, rule.route.is_empty()) {
        (true, true, _) => out.error(
            format!("{at}.directResponse"),
            "`directResponse` does not go with `redirect`",
        ),
        (false, false, true) => out.error(
            at,
            "a rule needs one of `route`, `redirect`, `directResponse`, `delegate`",
        ),
        _ => {}
    }
    if rule.mirror.is_some() && !rule.mirrors.is_empty() {
        out.error(
            format!("{at}.mirrors"),
            "`mirrors` does not go with `mirror`",
        );
    }
    if let Some(redirect) = &rule.redirect
        && !matches!(
            redirect.redirect_code,
            None | Some(0 | 301 | 302 | 303 | 307 | 308)
        )
    {
        out.error(
            format!("{at}.redirect.redirectCode"),
            "a redirect has the status 301, 302, 303, 307 or 308",
        );
    }
}

fn match_of(written: &HttpMatchRequest, claims: bool, at: &str, out: &mut Violations) {
    let named = |field: &str, name: &str| format!("{at}.{field}.{name}");
    let texts = [
        ("uri", &written.uri),
        ("scheme", &written.scheme),
        ("method", &written.method),
        ("authority", &written.authority),
    ];
    for (field, text) in texts {
        regex(text.as_ref(), format!("{at}.{field}"), out);
    }
    for (field, values) in [
        ("headers", &written.headers),
        ("withoutHeaders", &written.without_headers),
        ("queryParams", &written.query_params),
    ] {
        for (name, text) in values {
            regex(text.as_ref(), named(field, name), out);
            let is_claim = name.starts_with("@request.auth.claims") && field != "queryParams";
            if is_claim && !claims {
                out.error_with_help(
                    named(field, name),
                    "claims of a token are matched at gateways only",
                    "name a gateway in `gateways`, or use an AuthorizationPolicy with `when`",
                );
            }
        }
    }
}

/// `*` is no regular expression, and stands for presence.
fn regex(text: Option<&StringMatch>, at: String, out: &mut Violations) {
    let Some(regex) = text.and_then(|text| text.regex.as_deref()) else {
        return;
    };
    if regex != "*" && !regex.is_empty() && regex_lite::Regex::new(regex).is_err() {
        out.error(at, format!("`{regex}` is no regular expression"));
    }
}

fn destinations(all: &[HttpRouteDestination], at: &str, out: &mut Violations) {
    for (index, one) in all.iter().enumerate() {
        if one.destination.host.is_empty() {
            out.error(
                format!("{at}[{index}].destination.host"),
                "a destination needs a host",
            );
        } else if one.destination.host == "*" {
            out.error(
                format!("{at}[{index}].destination.host"),
                "the host of a destination is no wildcard",
            );
        }
    }
    let total: u64 = all
        .iter()
        .map(|one| u64::from(one.weight.unwrap_or(0)))
        .sum();
    if all.len() > 1 && total == 0 {
        out.error(at, "the weights of several destinations come to 0");
    }
}

fn shares(rule: &VirtualServiceHttpRoute, at: &str, out: &mut Violations) {
    let delay = rule.fault.as_ref().and_then(|fault| fault.delay.as_ref());
    let abort = rule.fault.as_ref().and_then(|fault| fault.abort.as_ref());
    let shares = [
        (
            "fault.delay.percentage",
            delay.and_then(|delay| delay.percentage),
        ),
        (
            "fault.abort.percentage",
            abort.and_then(|abort| abort.percentage),
        ),
        ("mirrorPercentage", rule.mirror_percentage),
    ];
    let is_share = |share: Percent| (0.0..=100.0).contains(&share.value);
    for (field, share) in shares {
        if share.is_some_and(|share| !is_share(share)) {
            out.error(format!("{at}.{field}"), "a share is from 0 to 100 percent");
        }
    }
    if abort.is_some_and(|abort| abort.http_status.is_none() && abort.grpc_status.is_none()) {
        out.error(
            format!("{at}.fault.abort"),
            "an abort needs `httpStatus` or `grpcStatus`",
        );
    }
    if delay.is_some_and(|delay| delay.fixed_delay.is_none()) {
        out.error(format!("{at}.fault.delay"), "a delay needs `fixedDelay`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(spec: &str) -> Vec<String> {
        let service = crate::source::from_yaml(spec);
        let mut out = Violations::default();
        validate(&service, &mut out);
        out.errors.into_iter().map(|error| error.path).collect()
    }

    #[test]
    fn refused() {
        let to = "route: [{ destination: { host: a } }]";
        for (spec, path) in [
            (format!("{{ http: [{{ {to} }}], gateways: [g] }}"), "spec.gateways"),
            ("{ hosts: [a] }".to_owned(), "spec"),
            (format!("{{ hosts: ['*'], http: [{{ {to} }}] }}"), "spec.hosts[0]"),
            (format!("{{ hosts: [a.b, '*.b'], http: [{{ {to} }}] }}"), "spec.hosts[1]"),
            ("{ hosts: [a], http: [{}] }".to_owned(), "spec.http[0]"),
            (format!("{{ hosts: [a], http: [{{ {to}, redirect: {{ uri: / }} }}] }}"), "spec.http[0].route"),
            (format!("{{ hosts: [a], http: [{{ {to}, delegate: {{ name: d }} }}] }}"), "spec.http[0].route"),
            (format!("{{ hosts: [a], http: [{{ {to}, mirror: {{ host: b }}, mirrors: [{{ destination: {{ host: b }} }}] }}] }}"), "spec.http[0].mirrors"),
            (format!("{{ hosts: [a], http: [{{ {to}, match: [{{ uri: {{ regex: '(' }} }}] }}] }}"), "spec.http[0].match[0].uri"),
            (format!("{{ hosts: [a], http: [{{ {to}, match: [{{ headers: {{ '@request.auth.claims.sub': {{ exact: me }} }} }}] }}] }}"), "spec.http[0].match[0].headers.@request.auth.claims.sub"),
            ("{ hosts: [a], http: [{ route: [{ destination: { host: a } }, { destination: { host: b } }] }] }".to_owned(), "spec.http[0].route"),
            (format!("{{ hosts: [a], http: [{{ {to}, fault: {{ abort: {{ httpStatus: 500, percentage: {{ value: 101 }} }} }} }}] }}"), "spec.http[0].fault.abort.percentage"),
            (format!("{{ hosts: [a], tls: [{{ {to} }}] }}"), "spec.tls[0].match"),
        ] {
            let found = errors(&spec);
            assert!(found.contains(&path.to_owned()), "{spec}: {found:?}");
        }
    }

    #[test]
    fn taken() {
        for spec in [
            "{ hosts: [a], http: [{ route: [{ destination: { host: a } }] }] }",
            "{ http: [{ route: [{ destination: { host: a } }] }] }",
            "{ hosts: ['*'], gateways: [g], http: [{ match: [{ headers: { '@request.auth.claims.sub': { regex: '*' } } }], redirect: { uri: / } }] }",
            "{ hosts: [a], http: [{ delegate: { name: d } }, { directResponse: { status: 200 } }] }",
            "{ hosts: [a], tcp: [{ route: [{ destination: { host: a } }] }] }",
        ] {
            assert_eq!(errors(spec), Vec::<String>::new(), "{spec}");
        }
    }
}
