//! What the demo writes into its directory.

use serde_json::{Value, json};

/// What the demo makes a workflow from.
pub(super) const SENTENCE: &str = "When an order above 500 arrives, ask a manager to approve it, then create an \
    invoice and tell the customer; otherwise just tell the customer";

/// What the demo's application offers.
pub(super) const CATALOG: &str = include_str!("catalog.json");

/// The binding of the demo's one connection: the service that this process serves, on a port that the system chose.
pub(super) fn bindings(address: &str) -> String {
    let bindings = json!({
        "flov7_bindings": 1,
        "connections": { "shop": {
            "connector": "http",
            "base_url": format!("http://{address}"),
            "allow_internal": [address],
            "idempotency_header": super::service::KEY_HEADER
        } }
    });
    format!("{bindings:#}\n")
}

/// What the mocked actions of the dry run give.
pub(super) fn mocks() -> Value {
    json!({
        "core.approve": { "output": { "by": "a manager", "at": "2026-01-01T09:00:00.000Z" } },
        "shop.invoice": { "output": { "id": "inv-mocked" } },
        "customer.tell": { "output": { "id": "msg-mocked" } }
    })
}
