//! What a chain's connection manager does to a request before its filters see it.

use serde_json::{Value, json};

use crate::wire::{PathNormalization, Settings};

/// `istio/istio: pilot/pkg/networking/core/listener_builder.go` (buildHTTPConnectionManager).
pub(super) fn options(settings: &Settings) -> Value {
    let (normalize, merge, slashes) = match settings.path_normalization {
        PathNormalization::None => (false, false, "KEEP_UNCHANGED"),
        PathNormalization::Base => (true, false, "KEEP_UNCHANGED"),
        PathNormalization::MergeSlashes => (true, true, "KEEP_UNCHANGED"),
        PathNormalization::DecodeAndMergeSlashes => (true, true, "UNESCAPE_AND_FORWARD"),
    };
    json!({
        "normalize_path": normalize,
        "merge_slashes": merge,
        "path_with_escaped_slashes_action": slashes,
        "use_remote_address": false,
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "stream_idle_timeout": "0s",
    })
}
