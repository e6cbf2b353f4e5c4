//! Whether schemas can be used, and values fit them.

use super::super::code::Example;
use super::{CRM, codes};

codes! {
    BAD_SCHEMA = "bad-schema", Error, Validate {
        title: "this is no JSON Schema that can be used",
        why: "Schemas are JSON Schema 2020-12. A keyword has a value of the wrong kind, a type is none of the seven, a bound \
              contradicts another, or a reference goes round in a circle.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "strng" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "string" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    REMOTE_SCHEMA = "remote-schema", Error, Validate {
        title: "a schema refers to something outside the document",
        why: "A document means the same everywhere and forever, so its schemas are never fetched: neither from the network \
              nor from a file. Put the schema into \"types\" and refer to it as #/types/NAME.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "order",
  "input": { "type": "object", "properties": { "order": { "$ref": "https://shop.example/order.json" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r##"{ "flov7": 1, "name": "order", "types": { "order": { "type": "object" } },
  "input": { "type": "object", "properties": { "order": { "$ref": "#/types/order" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"##),
    }
    NOT_ASSIGNABLE = "not-assignable", Error, Validate {
        title: "this value never fits where it goes",
        why: "What is given here can be a value that the schema on the other side refuses; the finding shows one. Convert it, \
              narrow it, or correct the schema. What can be neither proven nor refuted is checked when it happens, and \
              listed as contract.link.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": "ten" } } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM),
    }
    MISSING_ARGUMENT = "missing-argument", Error, Validate {
        title: "the action needs an argument that is not given",
        why: "The input schema of the action requires this member, and \"with\" does not give it. \"flov7 actions WORD\" shows \
              what an action takes.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice" } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM),
    }
    UNKNOWN_ARGUMENT = "unknown-argument", Error, Validate {
        title: "the action takes no such argument",
        why: "The input schema of the action is closed and does not have this member. \"flov7 actions WORD\" shows what an \
              action takes.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10, "amout": 10 } } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM),
    }
    LOOP_STATE_TYPE = "loop-state-type", Error, Validate {
        title: "the next state of the loop is not what a state is",
        why: "The state of a loop has one type: that of \"schema\", or else that of the first state with its literals widened \
              to their kinds. \"next\" must give a value of it. A first state that is an empty list or null says too little, \
              and needs \"schema\".",
        failing: Example::json(
r#"{ "flov7": 1, "name": "count",
  "steps": [ { "id": "count", "condition": { "loop":
    { "state": 0, "while": "${ state < 3 }", "max": 10, "steps": [], "next": "${ string(state + 1) }" } } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "count",
  "steps": [ { "id": "count", "condition": { "loop":
    { "state": 0, "while": "${ state < 3 }", "max": 10, "steps": [], "next": "${ state + 1 }" } } } ] }"#),
    }
}
