//! A realistic workflow of any size: orders are checked, priced, approved, invoiced and told about, in groups of ten
//! steps that read each other and the input.

use flov7::catalog::Catalog;
use flov7::json::PatchOp;
use serde_json::{Value, json};

/// What the workflow uses.
///
/// # Panics
/// Never: the catalogue is sound.
#[must_use]
pub fn catalog() -> Catalog {
    Catalog::read(&json!({ "flov7_catalog": 1, "actions": [
        { "id": "crm.find", "title": "Find a customer", "effect": "none",
          "input": { "type": "object", "required": ["email"], "additionalProperties": false,
              "properties": { "email": { "type": "string", "minLength": 3 } } },
          "output": { "type": "object", "required": ["id", "level"], "properties": { "id": { "type": "string" },
              "level": { "enum": ["new", "regular", "gold"] }, "discount": { "type": "number", "minimum": 0, "maximum": 1 } } },
          "errors": [{ "code": "crm.unknown" }] },
        { "id": "crm.invoice", "title": "Create an invoice", "effect": "keyed",
          "input": { "type": "object", "required": ["customer", "amount"], "additionalProperties": false, "properties": {
              "customer": { "type": "string" }, "amount": { "type": "number" }, "note": { "type": "string" } } },
          "output": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "due": { "type": "string" } } },
          "errors": [{ "code": "crm.conflict" }, { "code": "crm.busy", "retryable": true }] },
        { "id": "mail.send", "title": "Send a mail", "connector": { "required": "smtp" },
          "input": { "type": "object", "required": ["to", "subject", "text"], "additionalProperties": false, "properties": {
              "to": { "type": "string", "minLength": 3 }, "subject": { "type": "string" }, "text": { "type": "string" } } },
          "output": { "type": "null" } },
        { "id": "http.request", "title": "Send an HTTP request", "connector": { "optional": "http" },
          "effect": { "by": "/method", "GET": "none", "*": "once" },
          "input": { "type": "object", "additionalProperties": false, "properties": {
              "method": { "type": "string", "default": "GET" }, "path": { "type": "string" }, "url": { "type": "string" },
              "query": { "type": "object" }, "headers": { "type": "object" }, "body": true } },
          "output": { "type": "object", "required": ["status", "headers", "body"], "properties": {
              "status": { "type": "integer" }, "headers": { "type": "object", "additionalProperties": { "type": "string" } },
              "body": true } },
          "errors": [{ "code": "http.*" }] } ] }))
    .expect("the catalogue is sound")
}

/// Steps of the outermost block in each group.
const TOP_STEPS: usize = 8;

/// Edits of each step of group `n`, as somebody types: another spelling that fits as well, then the first one again.
#[must_use]
pub fn edits(n: usize) -> Vec<[PatchOp; 1]> {
    let line = |more: &str| format!("${{ line.article.{more}() + ' x ' + string(line.quantity) }}");
    let net = |more: &str| {
        format!("${{ math.round(steps.total_{n} * (1 - steps.customer_{n}.?discount.orValue(0)){more}, 2) }}")
    };
    let places: [(usize, &str, [String; 2]); 9] = [
        (
            0,
            "data/set",
            ["l.price * l.quantity", "l.quantity * l.price"]
                .map(|product| format!("${{ input.order.lines.map(l, {product}).sum() }}")),
        ),
        (1, "action/with/email", ["${ input.order.email }", "${ input['order'].email }"].map(str::to_owned)),
        (2, "data/set/net", [net(" * 1"), net("")]),
        (
            3,
            "condition/if",
            [501, 500].map(|limit| format!("${{ steps.price_{n}.net > {limit} && !steps.price_{n}.vip }}")),
        ),
        (
            3,
            "condition/then/0/action/with/title",
            ["above", "over"].map(|word| format!("Order {word} ${{ steps.price_{n}.net }}")),
        ),
        (4, "action/with/path", ["goods", "stock"].map(|word| format!("/{word}/${{ input.order.id }}"))),
        (5, "action/with/note", ["/", ""].map(|more| format!("${{ steps.price_{n}.label }}{more}"))),
        (6, "condition/for_each/steps/0/data/set", [line("lower"), line("upper")]),
        (
            7,
            "action/with/subject",
            ["Bill", "Invoice"].map(|word| format!("{word} ${{ steps.invoice_{n}.id }}")),
        ),
    ];
    let edit = |(step, below, values): &(usize, &str, [String; 2])| {
        let path = format!("/steps/{}/{below}", n * TOP_STEPS + step);
        values.clone().map(|value| [PatchOp::Replace { path: path.clone(), value: value.into() }])
    };
    places.iter().flat_map(edit).collect()
}

/// A document of `steps` steps, rounded up to whole groups of ten, as an editor would show it.
#[must_use]
pub fn document(steps: usize) -> String {
    let groups = steps.div_ceil(10);
    let steps: Vec<Value> = (0..groups).flat_map(group).collect();
    let document = json!({
        "flov7": 1, "name": "orders", "description": "Prices, approves and invoices orders, and tells everybody.",
        "input": { "type": "object", "required": ["order"], "properties": { "order": { "$ref": "#/types/order" } } },
        "types": { "order": { "type": "object", "required": ["id", "email", "lines"], "properties": {
            "id": { "type": "string" }, "email": { "type": "string", "minLength": 3 }, "note": { "type": "string" },
            "lines": { "type": "array", "items": { "$ref": "#/types/line" } } } },
            "line": { "type": "object", "required": ["article", "quantity", "price"], "properties": {
                "article": { "type": "string" }, "quantity": { "type": "integer", "minimum": 1, "maximum": 1000 },
                "price": { "type": "number", "minimum": 0, "maximum": 100000 } } } },
        "connections": [{ "id": "shop", "connector": "http" }, { "id": "post", "connector": "smtp" }],
        "steps": steps,
        "output": { "invoice": "${ steps.invoice_0.id }", "total": "${ steps.total_0 }" }
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// Ten steps, two of them inside of conditions.
fn group(n: usize) -> Vec<Value> {
    vec![
        json!({ "id": format!("total_{n}"), "note": "What the order costs before discounts.",
            "data": { "set": "${ input.order.lines.map(l, l.quantity * l.price).sum() }" } }),
        json!({ "id": format!("customer_{n}"),
            "action": { "use": "crm.find", "with": { "email": "${ input.order.email }" } },
            "retry": { "attempts": 3, "first": "1s", "max": "10s" }, "timeout": "10m" }),
        json!({ "id": format!("price_{n}"), "data": { "set": {
            "net": format!("${{ math.round(steps.total_{n} * (1 - steps.customer_{n}.?discount.orValue(0)), 2) }}"),
            "vip": format!("${{ steps.customer_{n}.level == 'gold' }}"),
            "label": format!("Order ${{ input.order.id }} of ${{ steps.customer_{n}.id }}") } } }),
        json!({ "id": format!("check_{n}"), "condition": { "if": format!("${{ steps.price_{n}.net > 500 && !steps.price_{n}.vip }}"),
            "then": [{ "id": format!("approve_{n}"), "action": { "use": "core.approve",
                "with": { "title": format!("Order over ${{ steps.price_{n}.net }}"), "to": "manager" } }, "timeout": "24h" }] } }),
        json!({ "id": format!("stock_{n}"), "action": { "use": "http.request", "connection": "shop",
            "with": { "path": "/stock/${ input.order.id }" },
            "expect": { "type": "object", "properties": { "body": { "type": "object", "required": ["free"],
                "properties": { "free": { "type": "integer" } } } } } }, "attempt_timeout": "20s" }),
        json!({ "id": format!("invoice_{n}"), "action": { "use": "crm.invoice", "with": {
            "customer": format!("${{ steps.customer_{n}.id }}"), "amount": format!("${{ steps.price_{n}.net }}"),
            "note": format!("${{ steps.price_{n}.label }}") } },
            "on_error": [{ "codes": ["crm.conflict"], "then": "fail" }] }),
        json!({ "id": format!("lines_{n}"), "condition": { "for_each": { "items": "${ input.order.lines }", "as": "line",
            "steps": [{ "id": format!("line_{n}"), "data": { "set": "${ line.article.upper() + ' x ' + string(line.quantity) }" } }],
            "output": format!("${{ steps.line_{n} }}") } } }),
        json!({ "id": format!("tell_{n}"), "after": [format!("invoice_{n}"), format!("lines_{n}"), format!("stock_{n}")],
            "when": format!("${{ steps.stock_{n}.body.free > 0 }}"),
            "action": { "use": "mail.send", "connection": "post", "with": { "to": "${ input.order.email }",
                "subject": format!("Invoice ${{ steps.invoice_{n}.id }}"), "text": format!("${{ steps.lines_{n}.join(', ') }}") } } }),
    ]
}
