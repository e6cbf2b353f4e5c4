//! Whether what is read has been made by then.

use super::super::code::Example;
use super::codes;

codes! {
    NOT_ORDERED = "not-ordered", Error, Validate {
        title: "this step does not wait for the step that it reads",
        why: "A step with after waits for exactly the steps it names, and for what those wait for. Reading the value of \
              another step would be a race. References never imply order: name the step in after, or leave after out, \
              which waits for every earlier step of the block.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "sum",
  "steps": [ { "id": "one", "data": { "set": 1 } },
    { "id": "two", "after": [], "data": { "set": "${ steps.one + 1 }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "sum",
  "steps": [ { "id": "one", "data": { "set": 1 } },
    { "id": "two", "after": ["one"], "data": { "set": "${ steps.one + 1 }" } } ] }"#),
    }
    BAD_AFTER = "bad-after", Error, Validate {
        title: "after can name only earlier steps of the same block",
        why: "A block is a list that is read from top to bottom, so that nothing in it can wait for itself by luck or \
              mistake. Move the step behind the one it waits for. A step inside a condition is waited for by waiting for \
              the condition.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "count",
  "steps": [ { "id": "two", "after": ["one"], "data": { "set": 2 } }, { "id": "one", "data": { "set": 1 } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "count",
  "steps": [ { "id": "one", "data": { "set": 1 } }, { "id": "two", "after": ["one"], "data": { "set": 2 } } ] }"#),
    }
    NO_VALUE = "no-value", Error, Validate {
        title: "this step has no value",
        why: "A filter decides whether the block goes on, and gives nothing that could be read. Read what it looked at.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "is_big", "condition": { "filter": "${ input.total > 500 }" } },
    { "id": "show", "data": { "set": "${ steps.is_big }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "is_big", "condition": { "filter": "${ input.total > 500 }" } },
    { "id": "show", "data": { "set": "${ input.total }" } } ] }"#),
    }
}
