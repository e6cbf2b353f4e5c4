//! Conditions, failures, connections, triggers, resources, and what is given to a run.

use super::super::code::Example;
use super::{CRM, HTTP, codes};

/// A workflow that is called: it reads a step that there is not.
const BROKEN: &str = r#"{ "flov7": 1, "name": "billing",
  "steps": [ { "id": "total", "data": { "set": 10 } }, { "id": "twice", "data": { "set": "${ steps.totl * 2 }" } } ] }"#;

/// The same, sound.
const SOUND: &str = r#"{ "flov7": 1, "name": "billing",
  "steps": [ { "id": "total", "data": { "set": 10 } }, { "id": "twice", "data": { "set": "${ steps.total * 2 }" } } ] }"#;

/// The same, changed later.
const NEWER: &str = r#"{ "flov7": 1, "name": "billing",
  "steps": [ { "id": "total", "data": { "set": 12 } }, { "id": "twice", "data": { "set": "${ steps.total * 2 }" } } ] }"#;

/// A catalogue with one event.
const EVENTS: &str = r#"{ "flov7_catalog": 1, "events": [
  { "name": "order.received", "title": "An order arrives",
    "payload": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] } } ] }"#;

codes! {
    FILTER_PLACE = "filter-place", Error, Validate {
        title: "a filter has no meaning here",
        why: "A filter ends what it stands in when its answer is false: the execution at the top level, the item inside \
              for_each. Inside if, switch, parallel and loop it is not clear what should end; use an if around the steps \
              that follow.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "${ input.total > 5 }",
    "then": [ { "id": "is_big", "condition": { "filter": "${ input.total > 500 }" } } ] } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "is_big", "condition": { "filter": "${ input.total > 500 }" } },
    { "id": "note", "data": { "set": "big" } } ] }"#),
    }
    RETRY_PLACE = "retry-place", Error, Validate {
        title: "only the call of a handler can be repeated",
        why: "retry and attempt_timeout belong to actions that call a handler. A data step gives the same answer again, a \
              core action is not called, and repeating a condition would repeat effects that have succeeded: polling is a \
              loop, and retry stands on the action that fails.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "check", "retry": { "attempts": 3 }, "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }",
    "then": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "check", "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }",
    "then": [ { "id": "invoice", "retry": { "attempts": 3 }, "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] } } ] }"#)
            .catalog(CRM),
    }
    UNDO_PLACE = "undo-place", Error, Validate {
        title: "this takes nothing back",
        why: "undo names the action that takes the effect of the step back: one of the application, or core.emit, which \
              tells others of it. The other core actions wait, ask, fail or start work, and none of that takes anything back.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "undo": { "use": "core.wait", "with": { "for": "1h" } } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "undo": { "use": "core.emit", "with": { "event": "invoice.wrong", "payload": { "id": "${ steps.invoice.id }" } } } } ] }"#)
            .catalog(CRM),
    }
    UNSOUND_WORKFLOW = "unsound-workflow", Error, Validate {
        title: "the workflow that is called cannot be called",
        why: "A workflow that core.call runs goes into the bundle of the caller, so it must validate as well, and at most 64 \
              may hang together. Validate it by itself: its own findings stand there with their places.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "monthly",
  "steps": [ { "id": "each", "action": { "use": "core.call", "with": { "workflow": "billing" } } } ] }"#)
            .workflow(BROKEN),
        mended: Example::json(
r#"{ "flov7": 1, "name": "monthly",
  "steps": [ { "id": "each", "action": { "use": "core.call", "with": { "workflow": "billing" } } } ] }"#)
            .workflow(SOUND),
    }
    VALUE_WITH_FAIL = "value-with-fail", Warning, Validate {
        title: "a step that fails has no value",
        why: "An entry of on_error gives a value so that the block can go on with it. With \"then\": \"fail\" the block does \
              not go on, and nobody would ever read it.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "value": { "id": "none" }, "then": "fail" } ] } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "value": { "id": "none" }, "then": "continue" } ] } ] }"#)
            .catalog(CRM),
    }
    UNCATCHABLE = "uncatchable", Warning, Validate {
        title: "this cannot be caught",
        why: "A cancellation, the limits of the whole execution (limit.time, limit.steps, limit.memory, limit.tokens, \
              limit.money) and a blocked execution are not failures of a step, so no on_error sees them. A step's own \
              timeout is caught as timeout.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "codes": ["limit.time"], "then": "continue" } ] } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "on_error": [ { "codes": ["timeout"], "then": "continue" } ] } ] }"#)
            .catalog(CRM),
    }
    CONSTANT_CONDITION = "constant-condition", Warning, Validate {
        title: "the answer is always the same",
        why: "The condition depends on nothing that can change, or the types of what it compares decide it. One side of it \
              never runs; that is rarely what was meant.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "${ 2 > 1 }", "then": [ { "id": "note", "data": { "set": "big" } } ] } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "${ input.total > 1 }", "then": [ { "id": "note", "data": { "set": "big" } } ] } } ] }"#),
    }
    UNREACHABLE_STEP = "unreachable-step", Warning, Validate {
        title: "this step never runs",
        why: "Something before it always ends the block, or the condition it stands in never chooses it. Remove the step, or \
              correct what keeps it from running.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "stop",
  "steps": [ { "id": "stop", "action": { "use": "core.fail", "with": { "code": "closed", "message": "we are closed" } } },
    { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "stop",
  "steps": [ { "id": "greet", "data": { "set": "hi" } },
    { "id": "stop", "action": { "use": "core.fail", "with": { "code": "closed", "message": "we are closed" } } } ] }"#),
    }
    UNUSED_SIGNAL = "unused-signal", Warning, Validate {
        title: "no step waits for this signal",
        why: "The signal is declared, so senders will be told that it was accepted, and nothing will ever read it.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "order", "signals": { "paid": { "type": "object" }, "shipped": { "type": "object" } },
  "steps": [ { "id": "payment", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "order", "signals": { "paid": { "type": "object" } },
  "steps": [ { "id": "payment", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } } ] }"#),
    }
    UNSIGNED_WEBHOOK = "unsigned-webhook", Warning, Validate {
        title: "anybody can start this workflow",
        why: "A webhook that is not signed accepts requests from whoever finds its address. The signing secrets belong to the \
              binding of its connection; without \"unsigned\" a request with a bad signature starts nothing.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "orders", "connections": [ { "id": "shop", "connector": "webhook" } ],
  "triggers": [ { "id": "received", "use": "webhook", "connection": "shop", "with": { "path": "orders", "unsigned": true } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "orders", "connections": [ { "id": "shop", "connector": "webhook" } ],
  "triggers": [ { "id": "received", "use": "webhook", "connection": "shop", "with": { "path": "orders" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    TRIGGER_IDLE = "trigger-idle", Warning, Validate {
        title: "nothing fires this trigger yet",
        why: "A trigger is a declaration, and no host of this release fires this kind. The workflow is sound and can be \
              started by hand with \"flov7 run\".",
        failing: Example::json(
r#"{ "flov7": 1, "name": "nightly",
  "triggers": [ { "id": "night", "use": "schedule", "with": { "every": "1d" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "nightly",
  "triggers": [ { "id": "by_hand", "use": "manual" } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    TRIGGER_INPUT = "trigger-input", Error, Validate {
        title: "the trigger does not give the input that the workflow needs",
        why: "Every trigger fills the required members of the workflow's input, from what arrived. What cannot be proven to fit \
              is checked when the trigger fires.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "triggers": [ { "id": "received", "use": "event", "with": { "name": "order.received" } } ],
  "steps": [ { "id": "double", "data": { "set": "${ input.total * 2 }" } } ] }"#)
            .catalog(EVENTS),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "triggers": [ { "id": "received", "use": "event", "with": { "name": "order.received" },
    "input": { "total": "${ trigger.payload.total }" } } ],
  "steps": [ { "id": "double", "data": { "set": "${ input.total * 2 }" } } ] }"#)
            .catalog(EVENTS),
    }
    BAD_SCHEDULE = "bad-schedule", Error, Validate {
        title: "this schedule cannot be kept",
        why: "A schedule is one of cron (five fields), every (a duration above zero) and at (an instant, or several). The \
              expression cannot be read, the instant does not exist, the zone is not known, or no instant ever matches, as \
              for the 31st of February.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "yearly",
  "triggers": [ { "id": "once", "use": "schedule", "with": { "at": "2027-02-30T09:00:00Z" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "yearly",
  "triggers": [ { "id": "once", "use": "schedule", "with": { "at": "2027-02-28T09:00:00Z" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    DUPLICATE_PATH = "duplicate-path", Error, Validate {
        title: "two webhooks have the same address",
        why: "A request with this method and path could start either. Give one of them another path, or let one trigger start \
              the workflow and decide inside.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "orders", "connections": [ { "id": "shop", "connector": "webhook" } ],
  "triggers": [ { "id": "created", "use": "webhook", "connection": "shop", "with": { "path": "orders" } },
    { "id": "changed", "use": "webhook", "connection": "shop", "with": { "path": "orders" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "orders", "connections": [ { "id": "shop", "connector": "webhook" } ],
  "triggers": [ { "id": "created", "use": "webhook", "connection": "shop", "with": { "path": "orders" } },
    { "id": "changed", "use": "webhook", "connection": "shop", "with": { "path": "orders/changed" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    PATH_LENGTH = "path-length", Error, Validate {
        title: "the path to this step is too long",
        why: "A step is addressed by the path through all that it stands in, with the index of each iteration (counted as five \
              digits). That path has at most 512 bytes, on every engine. Shorten the ids around it, or take the inner steps \
              out into a workflow that core.call runs.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "is_this_a_big_order", "condition": { "if": "${ input.total > 5 }",
    "then": [ { "id": "note_that_it_is", "data": { "set": "big" } } ] } } ] }"#)
            .limits(r#"{ "path_bytes": 24 }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "${ input.total > 5 }",
    "then": [ { "id": "note", "data": { "set": "big" } } ] } } ] }"#)
            .limits(r#"{ "path_bytes": 24 }"#),
    }
    CONNECTION_MISSING = "connection-missing", Error, Validate {
        title: "a connection is needed here",
        why: "The action or trigger works through a connection and none is named. Declare one in \"connections\" with the \
              connector that is needed, and name its id here.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "orders",
  "triggers": [ { "id": "received", "use": "webhook", "with": { "path": "orders" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "orders", "connections": [ { "id": "shop", "connector": "webhook" } ],
  "triggers": [ { "id": "received", "use": "webhook", "connection": "shop", "with": { "path": "orders" } } ],
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    CONNECTION_UNBOUND = "connection-unbound", Error, Run {
        title: "nobody has said what this connection connects to",
        why: "A document names connections, and the operator's bindings say for each namespace where they lead and which \
              secrets they use. A run needs a binding for every connection that the workflow uses (--bindings FILE).",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP)
            .input("{}")
            .bindings(r#"{ "flov7_bindings": 1, "connections": {} }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP)
            .input("{}")
            .bindings(
                r#"{ "flov7_bindings": 1, "connections": { "crm": { "connector": "http", "base_url": "https://crm.example/api" } } }"#,
            ),
    }
    PATH_OR_URL = "path-or-url", Error, Validate {
        title: "a request takes a path with a connection, and a url without one",
        why: "With a connection the binding decides which host is called and which credentials go with it, so a document gives \
              a path that starts with / and never a host. Without one it gives a whole url, and no credentials are sent.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "url": "https://crm.example/invoices" } } } ] }"#)
            .catalog(HTTP),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/invoices" } } } ] }"#)
            .catalog(HTTP),
    }
    BAD_HEADER = "bad-header", Error, Validate {
        title: "a request cannot have this header",
        why: "Headers that frame the message, route it or say how its answer is encoded are made by the client, and one that \
              carries credentials goes only to the hosts of a connection. Names may be written in upper or lower case, and \
              each is there once; a value is one line of ASCII.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm",
    "with": { "path": "/invoices", "headers": { "Host": "crm.example" } } } } ] }"#)
            .catalog(HTTP),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill", "connections": [ { "id": "crm", "connector": "http" } ],
  "steps": [ { "id": "fetch", "action": { "use": "http.request", "connection": "crm",
    "with": { "path": "/invoices", "headers": { "Accept": "application/json" } } } } ] }"#)
            .catalog(HTTP),
    }
    TIMEOUT_SHORT = "timeout-short", Hint, Validate {
        title: "the timeout ends the step before its attempts are used up",
        why: "timeout counts from the moment the step is ready to the moment it settles, with all attempts and the delays \
              between them. Here they can take longer, so the last ones may never be made.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "attempt_timeout": "30s", "retry": { "attempts": 5 }, "timeout": "1m" } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } },
    "attempt_timeout": "30s", "retry": { "attempts": 5 }, "timeout": "10m" } ] }"#)
            .catalog(CRM),
    }
    MOCK_MISSING = "mock-missing", Error, DryRun {
        title: "the dry run reached an action that no mock answers for",
        why: "A dry run never calls anything. Say in the mocks file what the action answers, under the path of the step or the \
              id of the action, or let --sample invent the smallest value that its schema allows.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM)
            .input("{}")
            .mocks("{}"),
        mended: Example::json(
r#"{ "flov7": 1, "name": "bill",
  "steps": [ { "id": "invoice", "action": { "use": "crm.create_invoice", "with": { "amount": 10 } } } ] }"#)
            .catalog(CRM)
            .input("{}")
            .mocks(r#"{ "crm.create_invoice": { "output": { "id": "i-1" } } }"#),
    }
    CALLEE_CHANGED = "callee-changed", Hint, Save {
        title: "a workflow that is called has changed since",
        why: "A saved workflow holds those that it calls as they were then, and its executions run those for life. When it is \
              saved again it takes them as they are now: whoever saves it sees which of them are others. Nothing happens to \
              executions that live.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "monthly",
  "steps": [ { "id": "each", "action": { "use": "core.call", "with": { "workflow": "billing" } } } ] }"#)
            .workflow(NEWER),
        mended: Example::json(
r#"{ "flov7": 1, "name": "monthly",
  "steps": [ { "id": "each", "action": { "use": "core.call", "with": { "workflow": "billing" } } } ] }"#)
            .workflow(SOUND),
    }
    INPUT_INVALID = "input-invalid", Error, DryRun {
        title: "the input is not what the workflow takes",
        why: "The input of a run or a dry run is held against the workflow's \"input\" schema before anything starts. A workflow \
              without one takes exactly {}.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "double",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "double", "data": { "set": "${ input.total * 2 }" } } ] }"#)
            .input(r#"{ "total": "ten" }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "double",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "double", "data": { "set": "${ input.total * 2 }" } } ] }"#)
            .input(r#"{ "total": 10 }"#),
    }
}
