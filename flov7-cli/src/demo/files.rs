//! What the demo writes into its directory.

use flov7::connect::Bindings;
use serde_json::{Value, json};

use crate::failure::Failure;

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

/// The same as the verbs read them from the file.
pub(super) fn read(text: &str) -> Result<Bindings, Failure> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    flov7_connect::bindings::read(&value)
        .map_err(|faults| Failure::unreadable(format!("the demo's bindings do not hold: {faults:?}")))
}

/// What the mocked actions of the dry run give.
pub(super) fn mocks() -> Value {
    json!({
        "core.approve": { "output": { "by": "a manager", "at": "2026-01-01T09:00:00.000Z" } },
        "shop.invoice": { "output": { "id": "inv-mocked" } },
        "customer.tell": { "output": { "id": "msg-mocked" } }
    })
}
