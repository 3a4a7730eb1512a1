//! Values that proxies read otherwise than the documentation says: what answers follow, and what they do not.

use super::{Row, row};
use crate::authz::{Attribute, is_widened};
use crate::matcher::PathTemplate;
use crate::model::Model;
use crate::resource::{AuthorizationPolicy, Kind, Object, ObjectIndex, Resource};
use crate::source::{Diagnostics, FieldPath, Lint, Origin, lint};
use crate::wire::{Behavior, Via};

lint!(
    DOCUMENTED_OTHERWISE = "WP0303",
    "documented-otherwise",
    Info
);

pub(super) static CHECKS: &[Row] = &[row(&DOCUMENTED_OTHERWISE, documented_otherwise)];

fn documented_otherwise(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let documented = model.mesh.settings().behavior == Behavior::Documented;
    let kinds = [Kind::AuthorizationPolicy, Kind::RequestAuthentication].into_iter();
    for (index, object) in kinds.flat_map(|kind| model.mesh.live(kind)) {
        match &object.resource {
            Resource::AuthorizationPolicy(policy) => {
                values(model, lint, out, (index, object, policy));
            }
            Resource::RequestAuthentication(policy) if documented => {
                for (place, rule) in policy.jwt_rules.iter().enumerate() {
                    if rule.audiences.is_empty() {
                        let path = FieldPath::new().key("spec").key("jwtRules").index(place);
                        let message = "as documented, the name of the Service must be among the audiences of a token; here any audience will do, as in Istio's code";
                        report(lint, out, (object, path), message.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
}

fn values(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    (index, object, policy): (ObjectIndex, &Object, &AuthorizationPolicy),
) {
    let settings = model.mesh.settings();
    let documented = settings.behavior == Behavior::Documented;
    let attached = || model.attachments.of(index).filter(|row| row.is_attached());
    let by_envoy =
        attached().any(|row| row.via == Via::TargetRef || model.mesh.is_at_gateway(&row.to));
    let by_ztunnel = attached().any(|row| row.via != Via::TargetRef);
    for (place, rule) in policy.rules.iter().enumerate() {
        let groups = rule.iter().flat_map(crate::resource::Rule::groups);
        let alternatives = groups.flat_map(|group| group.alternatives);
        for clause in alternatives.flat_map(|alternative| alternative.clauses) {
            for (number, value) in clause.values.iter().enumerate() {
                let message = match &clause.attribute {
                    Some(Attribute::Path)
                        if by_envoy
                            && PathTemplate::is_template(value)
                            && value.ends_with("{**}/") =>
                    {
                        match documented {
                            true => format!(
                                "as documented, `{value}` matches without the slash at the end too; Istio's code wants it"
                            ),
                            false => format!(
                                "`{value}` matches only what ends in a slash, although the documentation says otherwise"
                            ),
                        }
                    }
                    Some(Attribute::SourcePrincipal)
                        if by_ztunnel && is_widened(settings, value) =>
                    {
                        match documented {
                            true => format!(
                                "as documented, `{value}` stands for all trust domains of the mesh; Istio's code lets ztunnel compare it as it is written"
                            ),
                            false => format!(
                                "ztunnel compares `{value}` as it is written, although the documentation says that it stands for all trust domains of the mesh"
                            ),
                        }
                    }
                    Some(Attribute::SourceTrustDomain) if by_ztunnel && documented => format!(
                        "as documented, ztunnel compares the trust domain `{value}`; Istio's code never tells it of any"
                    ),
                    _ => continue,
                };
                let rule = FieldPath::new().key("spec").key("rules").index(place);
                let path = rule.join(&FieldPath::parse(&clause.path)).index(number);
                report(lint, out, (object, path), message);
            }
        }
    }
}

fn report(
    lint: &'static Lint,
    out: &mut Diagnostics,
    (object, path): (&Object, FieldPath),
    message: String,
) {
    let origin = Origin {
        document: object.document,
        path,
    };
    out.report(lint, origin, message)
        .resource(&object.id)
        .help("write it so that both readings mean the same");
}
