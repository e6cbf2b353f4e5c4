//! Whether the text is a document of format 1 at all.

use super::super::code::Example;
use super::codes;

codes! {
    JSON_SYNTAX = "json-syntax", Error, Read {
        title: "the text is not JSON",
        why: "The document is read as JSON (RFC 8259): double quotes, no comments, no comma before a closing bracket. \
              The place is where the text stops making sense; the slip may stand just before it. A file that ends in \
              .yaml or .yml is read as YAML instead.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } }, ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    YAML_SYNTAX = "yaml-syntax", Error, Read {
        title: "the text is not YAML that a document can be written in",
        why: "Documents may be written in YAML 1.2 with its core schema: one document per file, text as member names, \
              and no tags but the core ones. Aliases are followed, and what they expand to counts towards the size of \
              the document.",
        failing: Example::yaml(
"flov7: 1
name: hello
steps:
  - id: greet
    data: { set: hi
"),
        mended: Example::yaml(
"flov7: 1
name: hello
steps:
  - id: greet
    data: { set: hi }
"),
    }
    DUPLICATE_MEMBER = "duplicate-member", Error, Read {
        title: "an object has the same member twice",
        why: "JSON readers differ in which of two equal names they keep, so a document that has both means two things. \
              Remove one; the finding names both places.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" }, "data": { "set": "hello" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hello" } } ] }"#),
    }
    UNKNOWN_MEMBER = "unknown-member", Error, Validate {
        title: "format 1 has no such member here",
        why: "A member that is not known would be ignored, and a misspelt one would silently lose its meaning; so it is \
              an error. Notes for people belong into \"note\", which every part of a document may have.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello", "descripton": "Says hi.",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello", "description": "Says hi.",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    MISSING_MEMBER = "missing-member", Error, Validate {
        title: "a member that is needed here is missing",
        why: "The finding names the member and the object that lacks it. A step needs an id, and exactly one of action, \
              data and condition, which says what it does.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    WRONG_KIND = "wrong-kind", Error, Validate {
        title: "a value of another kind belongs here",
        why: "A list stands where an object is wanted, a number where a text is wanted, two members that exclude each \
              other stand side by side, or a word is none of those that are allowed. The finding says what was found \
              and what is allowed.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": { "id": "greet", "data": { "set": "hi" } } }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    NUMBER_RANGE = "number-range", Error, Read {
        title: "a number is larger than numbers are",
        why: "Whole numbers lie between -2^63 and 2^64-1, and other numbers are doubles. A larger one would have to be \
              rounded, and nobody would notice; so it is refused. Identifiers are best written as text. A whole number \
              that may be rounded is written with an exponent, such as 1e20.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "order", "data": { "set": 18446744073709551616 } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "order", "data": { "set": "18446744073709551616" } } ] }"#),
    }
    FORMAT_VERSION = "format-version", Error, Validate {
        title: "this release does not read that format",
        why: "\"flov7\" names the version of the format that the document is written in. This release reads version 1. \
              A document of a later version needs a later release.",
        failing: Example::json(
r#"{ "flov7": 2, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
    DOCUMENT_SIZE = "document-size", Error, Read {
        title: "the document is too large",
        why: "A document may have 4 MiB of text and 1,000,000 values; an operator may allow less. Validation visits its parts \
              at most 20,000,000 times, types and what is known at each place included: very large types that are read in very \
              many places go beyond that. Data that a workflow works on belongs into its input, and a part that stands on \
              its own into a workflow that core.call runs.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello", "description": "Says hi, and at more length than anybody asked for.",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#)
            .limits(r#"{ "document_bytes": 120 }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#)
            .limits(r#"{ "document_bytes": 120 }"#),
    }
    DOCUMENT_DEPTH = "document-depth", Error, Read {
        title: "the document nests too deeply",
        why: "Lists and objects nest at most 256 levels deep, and blocks of steps at most 32; an operator may allow \
              less. Nobody can follow such a document: take steps out into a workflow that core.call runs.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "nest", "data": { "set": [ [ [ [ "deep" ] ] ] ] } } ] }"#)
            .limits(r#"{ "depth": 6 }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "nest", "data": { "set": [ "flat" ] } } ] }"#)
            .limits(r#"{ "depth": 6 }"#),
    }
    TOO_MANY_STEPS = "too-many-steps", Error, Validate {
        title: "the document has too many steps",
        why: "A document holds at most 10,000 steps, those inside conditions included; an operator may allow less. Work \
              that repeats is a for_each or a loop, and a part that stands on its own a workflow that core.call runs.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "one", "data": { "set": 1 } }, { "id": "two", "data": { "set": 2 } } ] }"#)
            .limits(r#"{ "steps": 1 }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello",
  "steps": [ { "id": "both", "data": { "set": [1, 2] } } ] }"#)
            .limits(r#"{ "steps": 1 }"#),
    }
    NOT_BUILT_YET = "not-built-yet", Error, Validate {
        title: "format 1 has this, but this release cannot run it yet",
        why: "The format is complete from its first release, the engine is not. What it cannot run it refuses here and \
              never later, so that nothing fails half-way. The changelog says which release brings what.",
        failing: Example::json(
r#"{ "flov7": 1, "name": "hello", "limits": { "tokens": 1000 },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
        mended: Example::json(
r#"{ "flov7": 1, "name": "hello", "limits": { "steps": 1000 },
  "steps": [ { "id": "greet", "data": { "set": "hi" } } ] }"#),
    }
}
