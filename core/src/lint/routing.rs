//! Lints about rules of routes: each reads the tables that proxies search.

use super::{Row, row};
use crate::model::Model;
use crate::resource::{Kind, ObjectIndex, Resource, Treatment, fields};
use crate::route::{self, Entry, Invalid, Section};
use crate::sorted;
use crate::source::{Diagnostics, FieldPath, Lint, Node, Origin, Value, lint};

lint!(RULE_NEVER_TAKEN = "WP0401", "rule-never-taken", Warning);
lint!(
    RULE_WITHOUT_BACKEND = "WP0402",
    "rule-without-backend",
    Warning
);
lint!(SOURCE_AT_WAYPOINT = "WP0403", "source-at-waypoint", Warning);
lint!(
    DESTINATION_NOT_THERE = "WP0404",
    "destination-not-there",
    Error
);
lint!(REWRITE_OF_ROOT = "WP0405", "rewrite-of-root", Warning);
lint!(FIELD_NOT_EVALUATED = "WP0406", "field-not-evaluated", Info);

pub(super) static CHECKS: &[Row] = &[
    row(&RULE_NEVER_TAKEN, rule_never_taken),
    row(&RULE_WITHOUT_BACKEND, rule_without_backend),
    row(&SOURCE_AT_WAYPOINT, source_at_waypoint),
    row(&DESTINATION_NOT_THERE, destination_not_there),
    row(&REWRITE_OF_ROOT, rewrite_of_root),
    row(&FIELD_NOT_EVALUATED, field_not_evaluated),
];

/// A rule, or one of its matches, by its place.
type Place = (ObjectIndex, Section, usize, Option<usize>);

fn place(entry: &Entry) -> Place {
    (entry.route, entry.section, entry.rule, entry.match_index)
}

/// Where a rule stands.
fn rule_path((_, section, rule, _): Place) -> FieldPath {
    FieldPath::new().key("spec").key(section.name()).index(rule)
}

fn report(
    model: &Model,
    lint: &'static Lint,
    out: &mut Diagnostics,
    (object, path): (ObjectIndex, FieldPath),
    (message, help): (String, &str),
) {
    if let Some(at) = model.mesh.object(object) {
        let origin = Origin {
            document: at.document,
            path,
        };
        out.report(lint, origin, message)
            .resource(&at.id)
            .help(help);
    }
}

fn rule_never_taken(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    // What is hidden at one port or proxy may be taken at another.
    let mut hidden: sorted::Map<Place, Option<&Entry>> = sorted::Map::new();
    for table in model.routes.http_tables() {
        let shadowed = route::shadowed(table);
        for (entry, by) in &shadowed {
            hidden.entry(place(entry)).or_insert(Some(by));
        }
        let places: sorted::Set<*const Entry> = shadowed
            .iter()
            .map(|(entry, _)| std::ptr::from_ref(*entry))
            .collect();
        for entry in table.entries() {
            if !places.contains(&std::ptr::from_ref(entry)) {
                hidden.insert(place(entry), None);
            }
        }
    }
    for (place, by) in hidden {
        let Some(by) = by else { continue };
        let Some(other) = model.mesh.object(by.route).map(|object| &object.id) else {
            continue;
        };
        let path = written_match(model, place).unwrap_or_else(|| rule_path(place));
        let message = format!(
            "no request gets here: rule {} of {} `{}` is tried before and takes all of them",
            by.rule,
            other.kind.name(),
            other.qualified_name()
        );
        let help =
            "put it before that rule, or make it more specific, as its kind of route wants it";
        report(model, lint, out, (place.0, path), (message, help));
    }
}

/// The match, if the rule has any written.
fn written_match(model: &Model, place: Place) -> Option<FieldPath> {
    let (object, section, rule, position) = place;
    let (field, count) = match (&model.mesh.object(object)?.resource, section) {
        (Resource::HttpRoute(route), Section::Rules) => {
            ("matches", route.rules.as_ref()?.get(rule)?.matches.len())
        }
        (Resource::GrpcRoute(route), Section::Rules) => {
            ("matches", route.rules.get(rule)?.matches.len())
        }
        (Resource::VirtualService(service), Section::Http) => {
            ("match", service.http.get(rule)?.matches.len())
        }
        _ => return None,
    };
    // A rule with one match is marked as a whole.
    let position = position?;
    (count > 1 && position < count).then(|| rule_path(place).key(field).index(position))
}

/// One entry for each rule of the tables.
fn rules(model: &Model) -> sorted::Map<(ObjectIndex, Section, usize), &Entry> {
    let tables = model.routes.http_tables();
    tables
        .flat_map(|table| table.entries().iter().chain(table.unreachable()))
        .map(|entry| ((entry.route, entry.section, entry.rule), entry))
        .collect()
}

fn rule_without_backend(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for entry in rules(model).into_values() {
        let is_written = match model
            .mesh
            .object(entry.route)
            .map(|object| &object.resource)
        {
            Some(Resource::HttpRoute(route)) => route.rules.is_some(),
            Some(Resource::GrpcRoute(_)) => true,
            _ => false,
        };
        if is_written && entry.action.lacks_backends() {
            let message = "no backend of this rule has any weight, so every request gets 500";
            let help = "name the Service itself to send requests straight on";
            let at = (entry.route, rule_path(place(entry)));
            report(model, lint, out, at, (message.to_owned(), help));
        }
    }
}

fn source_at_waypoint(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for object in model.routes.virtual_services_at_waypoints() {
        let Some(Resource::VirtualService(service)) =
            model.mesh.object(object).map(|object| &object.resource)
        else {
            continue;
        };
        for (rule, written) in service.http.iter().enumerate() {
            for (position, one) in written.matches.iter().enumerate() {
                let path = FieldPath::new()
                    .key("spec")
                    .key("http")
                    .index(rule)
                    .key("match")
                    .index(position);
                let (field, message) = if !one.source_labels.is_empty() {
                    (
                        "sourceLabels",
                        "a waypoint drops a match with `sourceLabels`: it never holds",
                    )
                } else if one
                    .source_namespace
                    .as_ref()
                    .is_some_and(|name| !name.is_empty())
                {
                    (
                        "sourceNamespace",
                        "a waypoint compares `sourceNamespace` with its own namespace, not with the client's",
                    )
                } else {
                    continue;
                };
                let help =
                    "use an AuthorizationPolicy to tell clients apart, or a header that they send";
                report(
                    model,
                    lint,
                    out,
                    (object, path.key(field)),
                    (message.to_owned(), help),
                );
            }
        }
    }
}

fn destination_not_there(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for entry in rules(model)
        .into_values()
        .filter(|entry| entry.section == Section::Http)
    {
        for backend in entry.action.backends() {
            let name = &backend.object.name;
            let message = match (backend.invalid, &backend.subset) {
                (Some(Invalid::NoSuchSubset), Some(subset)) => format!(
                    "no DestinationRule that this proxy reads defines the subset `{}` of `{name}`, so its share gets 503",
                    subset.name
                ),
                (Some(Invalid::NoSuchPort), _) => format!(
                    "`{name}` has no port `{}`, so its share gets 503",
                    backend.port.unwrap_or_default()
                ),
                (Some(Invalid::NoCluster), _) => format!(
                    "istiod tells the waypoint nothing of `{name}`, which another proxy serves, because no route and no VirtualService with the whole name of a host sends requests there; its share gets 503"
                ),
                _ => continue,
            };
            let help = "define the subset in a DestinationRule for the host, or correct the name or the port";
            let at = (entry.route, rule_path(place(entry)));
            report(model, lint, out, at, (message, help));
        }
    }
}

fn rewrite_of_root(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    for entry in rules(model).into_values() {
        let is_gateway_api = entry.section == Section::Rules;
        if let Some(example) = entry
            .action
            .rewritten_root(entry.path())
            .filter(|_| is_gateway_api)
        {
            let message = format!(
                "the prefix `/` is replaced as one byte: `/path` becomes `{example}`, without a slash between"
            );
            let help = "match the prefixes that are to be replaced, one rule for each";
            let at = (entry.route, rule_path(place(entry)));
            report(model, lint, out, at, (message, help));
        }
    }
}

fn field_not_evaluated(model: &Model, lint: &'static Lint, out: &mut Diagnostics) {
    let roots: sorted::Map<_, &Node> = model.documents.iter().collect();
    let kinds = [Kind::VirtualService, Kind::HttpRoute, Kind::GrpcRoute];
    for (index, object) in kinds.into_iter().flat_map(|kind| model.mesh.live(kind)) {
        let Some(spec) = roots
            .get(&object.document)
            .and_then(|root| root.get("spec"))
        else {
            continue;
        };
        let fields = fields::of_routing().filter(|field| {
            field.kind == object.id.kind && field.treatment == Treatment::NotModelled
        });
        for field in fields {
            let steps: Vec<&str> = field.path.split('.').collect();
            let mut found = Vec::new();
            written(spec, &steps, &FieldPath::new().key("spec"), &mut found);
            for path in found {
                let message = format!("no answer depends on `{path}`: it is not evaluated");
                let help = "the table of fields says what becomes of each";
                report(model, lint, out, (index, path), (message, help));
            }
        }
    }
}

/// The places of a field that are written, below a node.
fn written(node: &Node, steps: &[&'static str], at: &FieldPath, found: &mut Vec<FieldPath>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(at.clone());
        return;
    };
    let name = step.trim_end_matches("[]");
    let Some(inner) = node.get(name) else { return };
    let at = at.clone().key(name);
    match &inner.value {
        Value::List(items) if step.ends_with("[]") && !rest.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                written(item, rest, &at.clone().index(index), found);
            }
        }
        _ if rest.is_empty() => found.push(at),
        _ => written(inner, rest, &at, found),
    }
}
