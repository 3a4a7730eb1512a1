//! Whatever comes in.

use crate::support::*;
use proptest::prelude::*;

/// Texts that are almost what the service reads: parts of it, out of order.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        "  ",
        "- ",
        "---\n",
        "null",
        "1",
        "-1e999",
        "|\n",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "manifests",
        "\"manifests\": ",
        "requests: ",
        "\"settings\"",
        "from: ",
        "to: ",
        "http: ",
        "workload: ",
        "default/sleep",
        "apiVersion: v1\n",
        "kind: Service\n",
        "metadata: ",
        "name: ",
        "\\ud800",
        "\u{feff}",
        "😀",
        "\0",
    ]);
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

/// An example with a few bytes changed, so that the engine gets to see damage, too.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let example = prop::sample::select(examples()).prop_map(|(_, bytes)| bytes);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    (example, changes).prop_map(|(mut bytes, changes)| {
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes in, the service neither fails nor leaves its one shape of errors.
    #[test]
    fn no_body_makes_the_service_fail(
        endpoint in prop::sample::select(endpoints()),
        content_type in prop_oneof![
            6 => prop::sample::select(vec![JSON, YAML, "text/yaml", "application/x+json"]).prop_map(String::from),
            1 => "[ -~]{0,20}",
        ],
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), almost(), damaged()],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let reply = runtime.block_on(post(&endpoint, &content_type, body));
        prop_assert!(!reply.status.is_server_error(), "{}", reply.status);
        if reply.status.is_client_error() {
            prop_assert_eq!(reply.header(header::CONTENT_TYPE), "application/problem+json");
        } else {
            prop_assert_eq!(reply.header(header::CONTENT_TYPE), JSON);
            reply.json();
        }
    }
}
