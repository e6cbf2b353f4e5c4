//! Whether names are well-formed, unique, and name something.

use super::super::code::Example;
use super::{CRM, EVENTS, HTTP, codes};

codes! {
    BAD_ID = "bad-id", Error, Validate {
        title: "this cannot be a name",
        why: "The names of steps, connections, triggers, signals, types, cases and branches start with a small letter and \
              go on with small letters, digits and _ (at most 48), so that expressions can say them as steps.greet. Words \
              that expressions reserve (such as in, true, if) and the roots they start from (such as input, steps, item) \
              cannot be names. Names of workflows may also hold - and . and be 128 characters long.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "Greet Ann", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet_ann", "data": { "set": "hi" } } ] }"#),
    }
    DUPLICATE_ID = "duplicate-id", Error, Validate {
        title: "this name is taken",
        why: "The id of a step is unique in the whole document, wherever the step stands, because steps.greet must mean one \
              step. Connections, triggers, cases and branches are unique among themselves.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } }, { "id": "greet", "data": { "set": "bye" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } }, { "id": "part", "data": { "set": "bye" } } ] }"#),
    }
    UNKNOWN_STEP = "unknown-step", Error, Validate {
        title: "no step has this name",
        why: "An expression, an after, or a list of steps in on_error names a step that the document does not have, or one \
              that cannot be seen from here: what runs inside for_each and loop is visible within its iteration only.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } }, { "id": "show", "data": { "set": "${ steps.gret }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } }, { "id": "show", "data": { "set": "${ steps.greet }" } } ] }"#),
    }
    UNKNOWN_ACTION = "unknown-action", Error, Validate {
        title: "the catalogue has no such action",
        why: "What an action may be is decided by the catalogue that the document is checked against: the built-in actions \
              and those that the application offers. \"flov7 actions WORD\" searches it. A catalogue file is given with \
              --catalog, or lies beside the document as flov7.catalog.json.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoce", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM),
    }
    UNKNOWN_WORKFLOW = "unknown-workflow", Error, Validate {
        title: "there is no such workflow to call",
        why: "A workflow that core.call runs is named literally and found when the caller is saved: among the workflows of \
              the application, or, on the command line, as NAME.json or NAME.yaml beside the caller or in the directory \
              that --workflows names. A workflow may call itself.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "countdown",
  "input": { "type": "object", "properties": { "from": { "type": "integer" } }, "required": ["from"] },
  "steps": [ { "id": "more", "condition": { "if": "${ input.from > 0 }", "then": [
    { "id": "next", "action": { "use": "core.call", "with": { "workflow": "countdwn", "input": { "from": "${ input.from - 1 }" } } } } ] } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "countdown",
  "input": { "type": "object", "properties": { "from": { "type": "integer" } }, "required": ["from"] },
  "steps": [ { "id": "more", "condition": { "if": "${ input.from > 0 }", "then": [
    { "id": "next", "action": { "use": "core.call", "with": { "workflow": "countdown", "input": { "from": "${ input.from - 1 }" } } } } ] } } ] }"#),
    }
    UNKNOWN_EVENT = "unknown-event", Warning, Validate {
        title: "the catalogue declares no such event",
        why: "An event that the catalogue declares has a schema, and a payload that does not fit is found here and not by \
              whoever receives it. One that it does not declare is emitted all the same, unchecked; where the catalogue \
              declares others, that is usually a slip.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "tell", "action": { "use": "core.emit", "with": { "event": "order.invoced", "payload": { "id": "7" } } } } ] }"#)
            .catalog(EVENTS),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "tell", "action": { "use": "core.emit", "with": { "event": "order.invoiced", "payload": { "id": "7" } } } } ] }"#)
            .catalog(EVENTS),
    }
    UNKNOWN_CONNECTION = "unknown-connection", Error, Validate {
        title: "the document declares no such connection",
        why: "A connection that an action or a trigger uses is declared in \"connections\" with an id and a connector. What \
              it connects to is for the operator's binding to say.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "cmr", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP),
    }
    UNKNOWN_CONNECTOR = "unknown-connector", Error, Validate {
        title: "there is no such connector, or another one is needed here",
        why: "A connector makes connections of one kind usable, such as http or webhook. The application decides which there \
              are, and an action or a trigger decides which of them it works with.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "htpp" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP),
    }
    UNKNOWN_SIGNAL = "unknown-signal", Error, Validate {
        title: "the document declares no such signal",
        why: "A signal that core.wait_for waits for is declared in \"signals\" with the schema of its payload, so that what \
              is sent can be refused at the door when it does not fit.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "order", "signals": { "paid": { "type": "object" } },
  "steps": [ { "id": "payment", "action": { "use": "core.wait_for", "with": { "signal": "payed" } } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "order", "signals": { "paid": { "type": "object" } },
  "steps": [ { "id": "payment", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } } ] }"#),
    }
    UNKNOWN_TYPE = "unknown-type", Error, Validate {
        title: "the document declares no such type",
        why: "A \"$ref\" in a schema names a type of the document as #/types/NAME, and such a type must stand in \"types\".",
        failing: Example::json(
r##"{ "flov7": 1, "name": "order", "types": { "order": { "type": "object" } },
  "input": { "type": "object", "properties": { "order": { "$ref": "#/types/oder" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"##),
        mended: Example::json(
r##"{ "flov7": 1, "name": "order", "types": { "order": { "type": "object" } },
  "input": { "type": "object", "properties": { "order": { "$ref": "#/types/order" } } },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"##),
    }
    UNKNOWN_CODE = "unknown-code", Warning, Validate {
        title: "nothing here fails with this code",
        why: "An entry of on_error names codes that the step can fail with: those that its action declares, and our own such \
              as timeout, contract.output or data.overflow. One that cannot occur never matches, which is usually a slip. \
              A family is written with a star: http.*.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "codes": ["crm.conflct"], "then": "continue" } ] } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "codes": ["crm.conflict"], "then": "continue" } ] } ] }"#)
            .catalog(CRM),
    }
}
