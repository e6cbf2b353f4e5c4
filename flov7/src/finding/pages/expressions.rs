//! Whether expressions can be read, and always have an answer.

use super::super::code::Example;
use super::{CRM, codes};

codes! {
    EXPRESSION_SYNTAX = "expression-syntax", Error, Validate {
        title: "this is no expression",
        why: "Between ${ and } stands an expression of CEL (cel.dev). The place is where it stops making sense. A text \
              that should contain the two characters ${ itself is written with $${.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "sum",
  "steps": [ { "id": "one", "data": { "set": "${ 1 + }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "sum",
  "steps": [ { "id": "one", "data": { "set": "${ 1 + 1 }" } } ] }"#),
    }
    EXPRESSION_MARKS = "expression-marks", Error, Validate {
        title: "an expression stands between ${ and }",
        why: "if, when, while, filter and items take an expression, and a string is one only if it is exactly one ${ … }. \
              Without the marks it would be a text, which is neither true nor false. The fix adds them.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "input.total > 500", "then": [ { "id": "note", "data": { "set": "big" } } ] } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "big",
  "input": { "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] },
  "steps": [ { "id": "check", "condition": { "if": "${ input.total > 500 }", "then": [ { "id": "note", "data": { "set": "big" } } ] } } ] }"#),
    }
    EXPRESSION_SIZE = "expression-size", Error, Validate {
        title: "the expression is too large",
        why: "An expression has at most 8 KiB, 1,000 parts, 64 levels and macros nested 4 deep, and all expressions of a \
              document together 1 MiB. Name parts of it as data steps, or work on items with for_each.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "cube",
  "steps": [ { "id": "all", "data": { "set":
    "${ [1].map(a, [1].map(b, [1].map(c, [1].map(d, [1].map(e, a + b + c + d + e))))) }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "cube",
  "steps": [ { "id": "all", "data": { "set": "${ [1].map(a, [1].map(b, a + b)) }" } } ] }"#),
    }
    UNKNOWN_ROOT = "unknown-root", Error, Validate {
        title: "expressions do not know this name",
        why: "An expression starts from input, steps, now or execution; from item and index inside for_each, state and index \
              inside loop, error inside on_error, trigger inside that trigger, and a name given with as. Secrets are not \
              among them: they never leave the connection that uses them.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ name }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ input.name }" } } ] }"#),
    }
    UNKNOWN_FUNCTION = "unknown-function", Error, Validate {
        title: "there is no such function",
        why: "Expressions know the functions that the guide lists, and no others; an application cannot add any, because an \
              expression must mean the same on every engine. Work beyond them belongs into an action.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "shout",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "shout", "data": { "set": "${ input.name.toUpper() }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "shout",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "shout", "data": { "set": "${ input.name.upper() }" } } ] }"#),
    }
    WRONG_ARGUMENTS = "wrong-arguments", Error, Validate {
        title: "the function takes other arguments",
        why: "The finding says how many arguments the function takes and how it is written: some are called on a value, as \
              text.split(\",\"), some stand alone, as math.round(x, 2), and functions over lists both ways.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "length",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "length", "data": { "set": "${ size(input.name, 2) }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "length",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "length", "data": { "set": "${ size(input.name) }" } } ] }"#),
    }
    WRONG_TYPE = "wrong-type", Error, Validate {
        title: "a value of another type belongs here",
        why: "The types of input, of outputs and of signals come from their schemas, and the type of everything else follows \
              from them. An operator or function that does not work on that type would certainly fail. Comparing two types \
              that can never be equal is a warning: the answer is always false.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "double",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "double", "data": { "set": "${ input.name * 2 }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "double",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "double", "data": { "set": "${ size(input.name) * 2 }" } } ] }"#),
    }
    NO_SUCH_MEMBER = "no-such-member", Error, Validate {
        title: "the value has no such member",
        why: "The schema of the value does not mention this member. If it can be there, add it to the schema; if the name is \
              a slip, the finding lists the nearest ones.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"], "additionalProperties": false },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ input.nmae }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"], "additionalProperties": false },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ input.name }" } } ] }"#),
    }
    MAYBE_ABSENT = "maybe-absent", Error, Validate {
        title: "this may not be there",
        why: "The member is not required by its schema, or the step may have been skipped or have failed. Ask first, with \
              has(input.email) in when, if or ? :, or say what to use instead: input.?email.orValue(\"none\"). If it is \
              always there, say so with \"required\" in the schema.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": "string" } } },
  "steps": [ { "id": "to", "data": { "set": "${ input.email }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": "string" } } },
  "steps": [ { "id": "to", "data": { "set": "${ input.?email.orValue('nobody') }" } } ] }"#),
    }
    MAYBE_NULL = "maybe-null", Error, Validate {
        title: "this may be null",
        why: "The schema allows null, and what is done here does not work on null. Ask first, with input.email != null in \
              when, if or ? :. A member that is absent and one that is null are different things: has() is true for null.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": ["string", "null"] } }, "required": ["email"] },
  "steps": [ { "id": "to", "data": { "set": "${ input.email.lower() }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": ["string", "null"] } }, "required": ["email"] },
  "steps": [ { "id": "to", "data": { "set": "${ input.email != null ? input.email.lower() : 'nobody' }" } } ] }"#),
    }
    UNTYPED_READ = "untyped-read", Error, Validate {
        title: "nobody said what this value looks like",
        why: "The value comes from an action that does not describe its output, so nothing in it can be checked. Say with \
              \"expect\" what you rely on: it gives the value its type, and is held against what really comes. The fix \
              proposes the expect that your expressions imply.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "lookup",
  "steps": [ { "id": "customer", "action": { "use": "crm.find", "with": { "email": "ann@crm.example" } } },
    { "id": "number", "data": { "set": "${ steps.customer.id }" } } ] }"#)
            .catalog(CRM),
        mended: Example::json(
r#"{ "flov7": 1, "name": "lookup",
  "steps": [ { "id": "customer", "action": { "use": "crm.find", "with": { "email": "ann@crm.example" },
      "expect": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] } } },
    { "id": "number", "data": { "set": "${ steps.customer.id }" } } ] }"#)
            .catalog(CRM),
    }
    OPTIONAL_SYNTAX = "optional-syntax", Error, Validate {
        title: "optional access is written with the dot first",
        why: "CEL writes the access to a member that may be absent as input.?email, and to an item as items[?0]. The result \
              is an optional: .orValue(x) says what to use instead. Other languages write ?. and ??, which CEL does not \
              know.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": "string" } } },
  "steps": [ { "id": "to", "data": { "set": "${ input?.email.orValue('nobody') }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "mail",
  "input": { "type": "object", "properties": { "email": { "type": "string" } } },
  "steps": [ { "id": "to", "data": { "set": "${ input.?email.orValue('nobody') }" } } ] }"#),
    }
    BAD_PATTERN = "bad-pattern", Error, Validate {
        title: "this is no regular expression that can be used",
        why: "The pattern of matches is a literal, so that it is checked once and compiled once, and it is of the kind that \
              always ends in time proportional to the text: no look-around and no back-references.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "shape",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "fits", "data": { "set": "${ input.name.matches('[a-z') }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "shape",
  "input": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
  "steps": [ { "id": "fits", "data": { "set": "${ input.name.matches('[a-z]') }" } } ] }"#),
    }
    NOT_TEXT = "not-text", Error, Validate {
        title: "this has no text to put into a string",
        why: "A string with more than one ${ … } around it is put together from texts, numbers, true and false, times and \
              durations. A list, an object or null has no obvious text: choose a member of it, or write toJson(x).",
        failing: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "names": { "type": "array", "items": { "type": "string" } } }, "required": ["names"] },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ input.names }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "greet",
  "input": { "type": "object", "properties": { "names": { "type": "array", "items": { "type": "string" } } }, "required": ["names"] },
  "steps": [ { "id": "greet", "data": { "set": "Hello ${ input.names.join(', ') }" } } ] }"#),
    }
    ZONE_NAME = "zone-name", Error, Validate {
        title: "times are asked with a fixed offset here, not with a zone",
        why: "What a zone's name means changes with its government's decisions, and a replay must give the same answer as the \
              first run. Until the table of zones is part of the rules, accessors such as getHours take a fixed offset or \
              none, which is UTC. A schedule trigger takes a zone.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hour",
  "steps": [ { "id": "hour", "data": { "set": "${ now.getHours('Europe/Berlin') }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hour",
  "steps": [ { "id": "hour", "data": { "set": "${ now.getHours('+01:00') }" } } ] }"#),
    }
    INEXACT_EQUALITY = "inexact-equality", Hint, Validate {
        title: "two computed fractions are compared for equality",
        why: "Numbers with a fraction are doubles, and a sum such as 0.1 + 0.2 is not exactly 0.3. Amounts of money are best \
              kept in whole cents, or rounded before they are compared: math.round(x, 2).",
        failing: Example::json(
r#"{ "flov7": 1, "name": "tax",
  "input": { "type": "object", "properties": { "net": { "type": "number" }, "gross": { "type": "number" } }, "required": ["net", "gross"] },
  "steps": [ { "id": "fits", "data": { "set": "${ input.net * 1.19 == input.gross }" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "tax",
  "input": { "type": "object", "properties": { "net": { "type": "number" }, "gross": { "type": "number" } }, "required": ["net", "gross"] },
  "steps": [ { "id": "fits", "data": { "set": "${ math.round(input.net * 1.19, 2) == math.round(input.gross, 2) }" } } ] }"#),
    }
}
