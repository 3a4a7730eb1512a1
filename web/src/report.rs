//! What only an open panel shows: a question with its topic, answered by a worker of its own, so that no verdict waits
//! for it. Every topic has the same shape, so that the page has to know one.

use std::sync::Arc;

use ambient_core::decode::{Decode, json_block};
use ambient_core::{Workspace, sorted, wire};
use serde::Serialize;
use serde_json::Value;

use crate::worker;

/// What is asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Decode)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Topic {
    /// Requests that get around policies.
    #[default]
    WaysAround,
    /// What istiod would write on objects.
    Status,
    /// What waypoints are told.
    Envoy,
    /// VirtualServices as routes.
    Migration,
    /// The graph as a Mermaid flowchart.
    Mermaid,
    /// The graph as a Graphviz digraph.
    Dot,
    /// The graph as a drawing.
    Svg,
    /// The graph as nodes and edges.
    Json,
}

impl Topic {
    /// Whether it is for the clipboard, not for a panel.
    pub(crate) fn is_export(self) -> bool {
        matches!(self, Self::Mermaid | Self::Dot | Self::Svg | Self::Json)
    }
}

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Serialize, Decode)]
pub(crate) struct Question {
    /// The number of the evaluation that it belongs to.
    pub(crate) sequence: u32,
    /// What about.
    pub(crate) topic: Topic,
    /// The first text.
    pub(crate) manifests: String,
    /// The second text, for the settings beside the requests.
    pub(crate) requests: String,
    /// Answer as Istio's documentation says.
    pub(crate) documented: bool,
    /// The selected object: what is about it comes first.
    pub(crate) selected: Option<String>,
}

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode)]
pub(crate) struct Report {
    /// Of the question.
    pub(crate) sequence: u32,
    /// Of the question.
    pub(crate) topic: Topic,
    /// A text as a whole: converted manifests, an export.
    pub(crate) text: String,
    /// How many requests a conversion was checked with.
    pub(crate) checked: usize,
    /// What to know, at its line.
    pub(crate) notes: Vec<Arc<wire::Diagnostic>>,
    /// The parts, those about the selected object first.
    pub(crate) sheets: Vec<Sheet>,
}

/// One part of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Decode)]
pub(crate) struct Sheet {
    /// The id of the object that it is about.
    pub(crate) object: String,
    /// What distinguishes it from others about the same object.
    pub(crate) title: String,
    /// It is about the selected object.
    pub(crate) selected: bool,
    /// Its text, YAML.
    pub(crate) text: String,
    /// A sample request that shows it.
    pub(crate) request: Option<Value>,
    /// What becomes of that request in the two forms, where they differ: what, before, after.
    pub(crate) differences: Vec<Difference>,
}

/// Where two treatments of a request differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Decode)]
pub(crate) struct Difference {
    /// The field.
    pub(crate) field: String,
    /// Its value for the one form.
    pub(crate) before: String,
    /// Its value for the other.
    pub(crate) after: String,
}

/// Asks the engine.
pub(crate) fn report(question: Question) -> Report {
    let Question {
        sequence,
        topic,
        selected,
        ..
    } = question;
    let selected = selected.as_deref();
    let input = worker::input(question.manifests, question.requests, question.documented);
    let mut report = match topic {
        Topic::Migration => migration(&input),
        Topic::Envoy => envoy(&Workspace::load(&input), selected),
        Topic::WaysAround => ways_around(&Workspace::load(&input)),
        Topic::Status => status(&Workspace::load(&input)),
        Topic::Mermaid => exported(&input, wire::GraphFormat::Mermaid, ["%% ", ""]),
        Topic::Dot => exported(&input, wire::GraphFormat::Dot, ["// ", ""]),
        Topic::Svg => exported(&input, wire::GraphFormat::Svg, ["<!-- ", " -->"]),
        Topic::Json => json(&input),
    };
    for sheet in &mut report.sheets {
        sheet.selected |= selected == Some(sheet.object.as_str());
    }
    report.sheets.sort_by_key(|sheet| !sheet.selected);
    Report {
        sequence,
        topic,
        ..report
    }
}

fn sheets(sheets: impl Iterator<Item = Sheet>) -> Report {
    Report {
        sheets: sheets.collect(),
        ..Report::default()
    }
}

fn value<T: Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn yaml(value: Value) -> String {
    ambient_core::yaml(&[value])
}

fn ways_around(workspace: &Workspace) -> Report {
    sheets(workspace.ways_around().ways.into_iter().map(|way| {
        let request = wire::Request {
            name: Some(format!("around {}: {}", way.policy.name, way.summary)),
            ..way.request
        };
        let request = value(&request);
        Sheet {
            object: way.policy.id(),
            title: way.summary,
            text: yaml(request.clone()),
            request: Some(request),
            ..Sheet::default()
        }
    }))
}

fn status(workspace: &Workspace) -> Report {
    sheets(workspace.status().results.into_iter().map(|result| Sheet {
        object: result.object,
        text: yaml(serde_json::json!({ "status": value(&result.status) })),
        ..Sheet::default()
    }))
}

fn envoy(workspace: &Workspace, selected: Option<&str>) -> Report {
    // A policy is about the chains of what it affects; a Service or waypoint about its own.
    let affected: sorted::Set<String> = selected
        .and_then(|id| workspace.effective(Some(id)).results.pop())
        .map(|effective| {
            effective
                .affects
                .into_iter()
                .map(|one| one.object)
                .collect()
        })
        .unwrap_or_default();
    sheets(workspace.envoy(None).into_iter().map(|chain| {
        let about = |id: &String| Some(id.as_str()) == selected || affected.contains(id);
        let (proxy, service) = (chain.proxy.clone(), chain.service.clone());
        let mut text = value(&chain);
        if let Some(text) = text.as_object_mut() {
            text.remove("proxy");
            text.remove("service");
        }
        Sheet {
            selected: match &service {
                Some(service) => about(service) || Some(proxy.as_str()) == selected,
                None => about(&proxy),
            },
            title: service.unwrap_or_else(|| "workloads, addressed themselves".to_owned()),
            object: proxy,
            text: yaml(text),
            ..Sheet::default()
        }
    }))
}

fn migration(input: &wire::Input) -> Report {
    let migration = ambient_core::migrate(input);
    let differences = migration.differences.into_iter().map(|difference| {
        let (before, after) = (value(&difference.before), value(&difference.after));
        let title = title(&difference.request);
        let request = wire::Request {
            name: Some(format!("differs once migrated: {title}")),
            ..difference.request
        };
        let request = value(&request);
        Sheet {
            title,
            text: yaml(request.clone()),
            request: Some(request),
            differences: differing(&before, &after),
            ..Sheet::default()
        }
    });
    Report {
        text: migration.manifests,
        checked: migration.checked,
        notes: migration.notes,
        ..sheets(differences)
    }
}

/// A request in a few words.
fn title(request: &wire::Request) -> String {
    let mut to = request.to.host.clone().unwrap_or_default();
    if let Some(port) = request.to.port.filter(|_| request.from.gateway.is_some()) {
        to = format!("{to}:{port}");
    }
    let (what, headers) = match (&request.http, &request.tls) {
        (Some(http), _) => {
            let names: Vec<&str> = http.headers.keys().map(String::as_str).collect();
            (format!("{} {}", http.method, http.path), names.join(", "))
        }
        (None, Some(_)) => ("TLS".to_owned(), String::new()),
        (None, None) => ("TCP".to_owned(), String::new()),
    };
    let mut title = format!("{what} to {to}");
    let gateway = request.from.gateway.clone().unwrap_or_default();
    for (word, part) in [("through", gateway), ("with", headers)] {
        if !part.is_empty() {
            title = format!("{title} {word} {part}");
        }
    }
    title
}

/// The fields, of either, that the two do not have alike.
fn differing(before: &Value, after: &Value) -> Vec<Difference> {
    let fields = |of: &Value| of.as_object().cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names: sorted::Set<&String> = before.keys().chain(after.keys()).collect();
    let of = |fields: &serde_json::Map<String, Value>, name: &String| match fields.get(name) {
        Some(value) => yaml(value.clone()).trim_end().to_owned(),
        None => "–".to_owned(),
    };
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            field: name.clone(),
            before: of(&before, name),
            after: of(&after, name),
        })
        .collect()
}

/// The engine, and what it follows.
pub(crate) fn versions() -> String {
    format!(
        "Engine {} · Istio {} · Gateway API {}",
        ambient_core::VERSION,
        ambient_core::ISTIO,
        ambient_core::GATEWAY_API
    )
}

/// The graph as a text, below a comment that says what made it.
fn exported(input: &wire::Input, format: wire::GraphFormat, comment: [&str; 2]) -> Report {
    let graph = ambient_core::graph(input);
    let [open, close] = comment;
    Report {
        text: format!(
            "{open}Ambient Playground: {}{close}\n{}",
            versions(),
            ambient_core::export(&graph, format)
        ),
        ..Report::default()
    }
}

fn json(input: &wire::Input) -> Report {
    let mut graph = value(&ambient_core::graph(input));
    if let Some(fields) = graph.as_object_mut() {
        fields.remove("diagnostics");
        fields.insert("madeBy".to_owned(), versions().into());
    }
    Report {
        text: json_block(&graph) + "\n",
        ..Report::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;

    fn about(example: &str, topic: Topic, selected: Option<&str>) -> Report {
        let example = examples::find(example).expect("the example is there");
        report(Question {
            sequence: 7,
            topic,
            manifests: example.manifests,
            requests: example.requests,
            documented: false,
            selected: selected.map(str::to_owned),
        })
    }

    #[test]
    fn what_is_about_the_selected_object_comes_first() {
        let all = about("bookinfo", Topic::Status, None);
        let last = all.sheets.last().map(|sheet| sheet.object.clone());
        let first = about("bookinfo", Topic::Status, last.as_deref());
        assert_eq!(
            first.sheets.first().map(|sheet| &sheet.object),
            last.as_ref()
        );
        assert!(first.sheets.first().is_some_and(|sheet| sheet.selected));
        assert!(first.sheets.iter().skip(1).all(|sheet| !sheet.selected));
        assert_eq!((first.sequence, first.topic), (7, Topic::Status));
    }

    #[test]
    fn the_chains_that_a_route_or_a_service_is_in_are_about_it() {
        for selected in ["Service/default/reviews", "HTTPRoute/default/reviews"] {
            let report = about("bookinfo", Topic::Envoy, Some(selected));
            let first = report.sheets.first().expect("a chain");
            assert_eq!(first.title, "Service/default/reviews", "{selected}");
            assert!(
                first.selected && first.text.contains("reviews-v1"),
                "{selected}"
            );
            assert!(
                !report.sheets.iter().all(|sheet| sheet.selected),
                "{selected}"
            );
        }
    }

    #[test]
    fn a_way_around_is_a_request_as_the_second_tab_wants_it() {
        let report = about("bookinfo", Topic::WaysAround, None);
        let way = report.sheets.first().expect("a way");
        assert_eq!(way.object, "AuthorizationPolicy/default/view-only");
        let evaluation = ambient_core::evaluate(&wire::Input {
            manifests: wire::Manifests::Text(
                examples::find("bookinfo").expect("it is there").manifests,
            ),
            requests: wire::Requests::List(way.request.clone().into_iter().collect()),
            ..wire::Input::default()
        });
        assert_eq!(evaluation.results[0].verdict, wire::Verdict::Allow);
    }

    #[test]
    fn a_migration_tells_what_differs_before_and_after() {
        let report = about("virtual-service", Topic::Migration, None);
        assert!(report.text.contains("kind: HTTPRoute") && report.checked > 0);
        assert!(!report.notes.is_empty(), "a fault cannot be expressed");
        let status = report.sheets.iter().flat_map(|sheet| &sheet.differences);
        let status: Vec<_> = status.filter(|one| one.field == "status").collect();
        assert!(
            status
                .iter()
                .all(|one| one.before == "503" && one.after == "–")
        );
        assert!(!status.is_empty());
    }

    #[test]
    fn a_request_of_a_migration_says_what_is_sent_and_through_which_gateway() {
        let gateway = serde_json::json!({ "gateway": "shop/public" });
        for (request, expected) in [
            (
                serde_json::json!({ "from": { "serviceAccount": "a/b" }, "to": { "host": "reviews", "port": 80 }, "http": { "path": "/x", "headers": { "x-a": "1" } } }),
                "GET /x to reviews with x-a",
            ),
            (
                serde_json::json!({ "from": gateway, "to": { "host": "a.example", "port": 443 }, "tls": { "sni": "a.example" } }),
                "TLS to a.example:443 through shop/public",
            ),
            (
                serde_json::json!({ "from": gateway, "to": { "host": "a.example", "port": 9000 } }),
                "TCP to a.example:9000 through shop/public",
            ),
        ] {
            let request: wire::Request = serde_json::from_value(request).unwrap();
            assert_eq!(title(&request), expected);
        }
    }

    #[test]
    fn every_export_names_what_made_it() {
        for (topic, start) in [
            (Topic::Mermaid, "%% Ambient Playground: "),
            (Topic::Dot, "// Ambient Playground: "),
            (Topic::Svg, "<!-- Ambient Playground: "),
            (Topic::Json, "{\n"),
        ] {
            let text = about("bookinfo", topic, None).text;
            assert!(
                text.starts_with(start) && text.contains(ambient_core::ISTIO),
                "{text}"
            );
        }
    }
}
