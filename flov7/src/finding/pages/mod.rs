//! The table of codes, one file per group. Each code stands beside its page and its two examples.
//!
//! The examples are tested: the failing one has the code, the mended one has not.

mod expressions;
mod ids;
mod order;
mod rest;
mod shape;
mod types;

use super::code::Code;

/// All codes, in the order of the documentation.
pub(super) const ALL: &[Code] = &{
    const GROUPS: [&[Code]; 6] =
        [shape::CODES, ids::CODES, order::CODES, expressions::CODES, types::CODES, rest::CODES];
    const COUNT: usize = {
        let mut count = 0;
        let mut group = 0;
        while group < GROUPS.len() {
            count += GROUPS[group].len();
            group += 1;
        }
        count
    };
    let mut all = [GROUPS[0][0]; COUNT];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut member = 0;
        while member < GROUPS[group].len() {
            all[at] = GROUPS[group][member];
            at += 1;
            member += 1;
        }
        group += 1;
    }
    all
};

/// Declares codes. A code without a title, a reason, a failing and a mended example does not compile.
macro_rules! codes {
    ($($constant:ident = $name:literal, $severity:ident, $stage:ident {
        title: $title:literal,
        why: $why:literal,
        failing: $failing:expr,
        mended: $mended:expr,
    })+) => {
        impl $crate::finding::Code {
            $(
                #[doc = concat!("`", $name, "`: ", $title, ".")]
                pub const $constant: $crate::finding::Code =
                    $crate::finding::Code::new(&$crate::finding::code::Page {
                        name: $name,
                        severity: $crate::finding::Severity::$severity,
                        stage: $crate::finding::Stage::$stage,
                        title: $title,
                        why: $why,
                        failing: $failing,
                        mended: $mended,
                    });
            )+
        }

        pub(super) const CODES: &[$crate::finding::Code] = &[$($crate::finding::Code::$constant),+];
    };
}
use codes;

/// A catalogue with actions of an invented customer system. `crm.find` says nothing about its output.
const CRM: &str = r#"{ "flov7_catalog": 1, "actions": [
  { "id": "crm.create_invoice", "title": "Create an invoice", "effect": "keyed",
    "input": { "type": "object", "properties": { "amount": { "type": "number" } },
      "required": ["amount"], "additionalProperties": false },
    "output": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
    "errors": [ { "code": "crm.conflict", "retryable": false, "description": "There is such an invoice." } ] },
  { "id": "crm.find", "title": "Find a customer", "effect": "none",
    "input": { "type": "object", "properties": { "email": { "type": "string" } }, "required": ["email"] },
    "output": true } ] }"#;

/// A catalogue with one event.
const EVENTS: &str = r#"{ "flov7_catalog": 1, "events": [
  { "name": "order.invoiced", "title": "An order was invoiced",
    "payload": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] } } ] }"#;

/// A catalogue that describes `http.request` as flov7-connect offers it.
const HTTP: &str = r#"{ "flov7_catalog": 1, "actions": [
  { "id": "http.request", "title": "Send an HTTP request", "connector": { "optional": "http" },
    "effect": { "by": "/method", "GET": "none", "HEAD": "none", "PUT": "idempotent", "DELETE": "idempotent", "*": "once" },
    "input": { "type": "object", "additionalProperties": false, "properties": {
      "method": { "type": "string", "default": "GET" }, "path": { "type": "string" }, "url": { "type": "string" },
      "query": { "type": "object" }, "headers": { "type": "object" }, "body": true,
      "ok_statuses": { "type": "array", "items": { "type": "integer" } } } },
    "output": { "type": "object", "required": ["status", "headers", "body"], "properties": {
      "status": { "type": "integer" }, "headers": { "type": "object", "additionalProperties": { "type": "string" } },
      "body": true } },
    "errors": [ { "code": "http.*", "retryable": false, "description": "The other side refused." } ] } ] }"#;
