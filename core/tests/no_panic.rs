//! Any bytes at all as manifests or requests: never a panic, and every range lies within its text.

use ambient_core::wire;
use proptest::prelude::*;

/// Texts that look enough like manifests to reach the later stages.
fn text() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "apiVersion: v1\n",
        "kind: Service\n",
        "metadata:\n",
        "  name: a\n",
        "  labels:\n",
        "spec:\n",
        "---\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "\n",
        "  ",
        "\t",
        "\"",
        "'",
        "|",
        ">",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "# ",
        "😀",
        "kind: AuthorizationPolicy\n",
        "apiVersion: security.istio.io/v1\n",
        "  rules: [{}]\n",
        "0x",
        "-1",
        "\u{0}",
        "kind: List\nitems:\n",
        "from: { outside: true }\n",
        "to: { service: a/b }\n",
        "requests:\n",
        "%YAML 1.2\n",
        "...\n",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(fragment, 0..60).prop_map(|parts| parts.concat())
    ]
}

fn lies_within(range: wire::Range, text: &str) -> bool {
    let lines = u32::try_from(text.split('\n').count()).unwrap_or(u32::MAX);
    let in_text = |line: u32, column: u32| {
        let line = usize::try_from(line)
            .ok()
            .and_then(|line| line.checked_sub(1));
        let width = line
            .and_then(|line| text.split('\n').nth(line))
            .map(|line| line.encode_utf16().count());
        width.is_some_and(|width| column >= 1 && column as usize <= width + 1)
    };
    range.end_line <= lines
        && in_text(range.start_line, range.start_column)
        && in_text(range.end_line, range.end_column)
        && (range.start_line, range.start_column) <= (range.end_line, range.end_column)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(manifests in text(), requests in text()) {
        let input = wire::Input {
            manifests: wire::Manifests::Text(manifests.clone()),
            requests: wire::Requests::Text(requests.clone()),
            ..wire::Input::default()
        };
        let evaluation = ambient_core::evaluate(&input);
        let graph = ambient_core::graph(&input);
        // The reader leaves a byte order mark out.
        let strip = |text: &str| text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let (manifests, requests) = (strip(&manifests), strip(&requests));
        for diagnostic in evaluation.diagnostics.iter().chain(&graph.diagnostics) {
            let text = if diagnostic.file.as_deref() == Some("requests") { &requests } else { &manifests };
            if let Some(range) = diagnostic.range {
                prop_assert!(lies_within(range, text), "{diagnostic:?} in {text:?}");
            }
        }
    }
}
