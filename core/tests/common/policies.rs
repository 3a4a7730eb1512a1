//! A Service with many policies, as large meshes have them: most name a caller and a path, some only a path or a
//! namespace, one in ten denies.

use ambient_core::wire;
use serde_json::json;

use super::shop::SHOP;

/// What becomes of the request.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "each test uses a part of it")]
pub(crate) enum Asked {
    /// The last policy that can allows it.
    Allowed,
    /// No policy allows its caller.
    DeniedByDefault,
    /// A `DENY` rule is about it.
    DeniedByRule,
}

/// The mesh with so many policies, and one request, which the last of them allows.
pub(crate) fn input(size: usize) -> wire::Input {
    asked(size, Asked::Allowed)
}

/// The mesh with so many policies, and one request.
pub(crate) fn asked(size: usize, asked: Asked) -> wire::Input {
    let mut manifests = SHOP.to_owned();
    for index in 0..size {
        let action = if index % 10 == 0 { "DENY" } else { "ALLOW" };
        let from = match index % 3 {
            0 => json!({ "namespaces": [format!("team-{index}")] }),
            _ => json!({ "principals": [format!("cluster.local/ns/team-{index}/sa/app")] }),
        };
        let to = match index % 2 {
            0 => json!({ "paths": [format!("/api/{index}")] }),
            _ => json!({ "paths": [format!("/api/{index}/*")], "methods": ["GET"] }),
        };
        let mut rule = json!({ "to": [{ "operation": to }] });
        if index % 7 != 0 {
            rule["from"] = json!([{ "source": from }]);
        }
        let policy = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": { "name": format!("p{index:05}"), "namespace": "shop" },
            "spec": {
                "targetRefs": [{ "group": "", "kind": "Service", "name": "cart" }],
                "action": action,
                "rules": [rule],
            },
        });
        manifests.push_str(&format!("---\n{policy}\n"));
    }
    let last = (0..size)
        .rev()
        .find(|index| index % 10 != 0 && index % 3 != 0 && index % 2 == 1);
    let last = last.unwrap_or_default();
    let (caller, path) = match asked {
        Asked::Allowed => (format!("team-{last}/app"), format!("/api/{last}/x")),
        Asked::DeniedByDefault => ("stranger/app".to_owned(), format!("/api/{last}/x")),
        Asked::DeniedByRule => ("team-0/app".to_owned(), "/api/0".to_owned()),
    };
    let request = json!({
        "from": { "serviceAccount": caller },
        "to": { "service": "shop/cart", "port": 80 },
        "http": { "method": "GET", "path": path, "host": "cart" },
    });
    wire::Input {
        manifests: wire::Manifests::Text(manifests),
        requests: wire::Requests::List(vec![request]),
        ..wire::Input::default()
    }
}
