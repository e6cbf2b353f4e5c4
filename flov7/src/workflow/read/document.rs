//! The members of the document itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reader::{Members, Reader, Zero, as_name, describe, excerpt, shorten};
use super::step::steps;
use crate::finding::Code;
use crate::id::WorkflowName;
use crate::json::PatchOp;
use crate::workflow::{
    Concurrency, ConcurrencyPolicy, Connection, FORMAT, Limits, Money, Schema, Template, Trigger, Workflow,
};

const MEMBERS: &[&str] = &[
    "flov7",
    "$schema",
    "name",
    "description",
    "input",
    "types",
    "connections",
    "signals",
    "triggers",
    "steps",
    "output",
    "timeout",
    "limits",
    "concurrency",
    "note",
];

/// The document, as far as it can be read; none if it is no object or is written in another format.
pub(super) fn document(reader: &mut Reader, value: &Value) -> Option<Workflow> {
    let Some(members) = value.as_object() else {
        reader.wrong_kind("a workflow (an object)", value);
        return None;
    };
    // What another format means cannot be judged by this one's rules.
    if !format(reader, members) {
        return None;
    }
    reader.unknown_members(members, "a workflow", MEMBERS);
    Some(Workflow {
        flov7: FORMAT,
        schema: reader.optional(members, "$schema", Reader::text),
        name: reader.required(members, "a workflow", "name", name).unwrap_or_default(),
        description: reader.optional(members, "description", Reader::text),
        input: reader.optional(members, "input", Reader::schema),
        types: reader.optional(members, "types", schemas).unwrap_or_default(),
        connections: reader
            .optional(members, "connections", |reader, value| {
                reader.list(value, "a list of connections", connection)
            })
            .unwrap_or_default(),
        signals: reader.optional(members, "signals", schemas).unwrap_or_default(),
        triggers: reader
            .optional(members, "triggers", |reader, value| reader.list(value, "a list of triggers", trigger))
            .unwrap_or_default(),
        steps: reader.required(members, "a workflow", "steps", first_steps).unwrap_or_default(),
        output: reader.optional(members, "output", Reader::template),
        timeout: reader.optional(members, "timeout", |reader, value| reader.duration(value, Zero::Refused)),
        limits: reader.optional(members, "limits", limits),
        concurrency: reader.optional(members, "concurrency", concurrency),
        note: reader.optional(members, "note", Reader::text),
    })
}

fn format(reader: &mut Reader, members: &Members) -> bool {
    match members.get("flov7") {
        Some(value) if value.as_u64() == Some(FORMAT.into()) => true,
        Some(value) => {
            let newer = value.as_u64().is_some_and(|version| version > FORMAT.into());
            reader.within("flov7", |reader| {
                let message = format!("this release reads format {FORMAT}, found {}", describe(value));
                let mut finding = reader
                    .about(Code::FORMAT_VERSION, message)
                    .with_found(excerpt(value))
                    .with_allowed(FORMAT);
                if value.as_str() == Some("1") {
                    let path = reader.pointer.as_str().to_owned();
                    finding = finding
                        .with_help("write the number")
                        .with_fix(vec![PatchOp::Replace { path, value: FORMAT.into() }]);
                } else if newer {
                    finding = finding.with_help("the document was written for a newer flov7");
                }
                reader.note(finding);
            });
            false
        }
        None => {
            let fix = PatchOp::Add { path: "/flov7".to_owned(), value: FORMAT.into() };
            let message = "a workflow says its format: `\"flov7\": 1`";
            let finding = reader.about(Code::MISSING_MEMBER, message).with_fix(vec![fix]);
            reader.note(finding);
            true
        }
    }
}

fn name(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    if let Err(error) = WorkflowName::parse(&text) {
        let mut finding = reader.about(Code::BAD_ID, error.to_string()).with_found(shorten(&text));
        finding.help = as_name(&text).map(|near| format!("`{near}` would do"));
        reader.note(finding);
    }
    Some(text)
}

/// The outermost block, which is not empty.
fn first_steps(reader: &mut Reader, value: &Value) -> Option<Vec<crate::workflow::Step>> {
    if value.as_array().is_some_and(Vec::is_empty) {
        reader.fault(Code::MISSING_MEMBER, "`steps` is empty: a workflow has at least one step");
    }
    steps(reader, value)
}

/// An id of the document: what is wrong with it is noted, and the text taken all the same.
pub(super) fn id(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    reader.check_name(&text);
    Some(text)
}

/// Schemas by name.
fn schemas(reader: &mut Reader, value: &Value) -> Option<BTreeMap<String, Schema>> {
    let Some(members) = value.as_object() else {
        reader.wrong_kind("schemas by name (an object)", value);
        return None;
    };
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    let mut result = BTreeMap::new();
    for (name, value) in sorted {
        reader.within(name, |reader| {
            reader.check_name(name);
            if let Some(schema) = reader.schema(value) {
                result.insert(name.clone(), schema);
            }
        });
    }
    Some(result)
}

fn connection(reader: &mut Reader, value: &Value) -> Option<Connection> {
    reader.owned(|reader| {
        let what = "a connection";
        let known = ["id", "connector", "note"];
        let Some(members) = reader.object(value, what, &known) else { return Some(Connection::default()) };
        Some(Connection {
            id: reader.required(members, what, "id", id).unwrap_or_default(),
            connector: reader.required(members, what, "connector", Reader::text).unwrap_or_default(),
            note: reader.optional(members, "note", Reader::text),
        })
    })
}

fn trigger(reader: &mut Reader, value: &Value) -> Option<Trigger> {
    reader.owned(|reader| {
        let what = "a trigger";
        let known = ["id", "use", "with", "connection", "expect", "input", "note"];
        let Some(members) = reader.object(value, what, &known) else { return Some(Trigger::default()) };
        Some(Trigger {
            id: reader.required(members, what, "id", id).unwrap_or_default(),
            uses: reader.required(members, what, "use", Reader::text).unwrap_or_default(),
            with: reader.optional(members, "with", Reader::template),
            connection: reader.optional(members, "connection", Reader::text),
            expect: reader.optional(members, "expect", Reader::schema),
            input: reader.optional(members, "input", trigger_input),
            note: reader.optional(members, "note", Reader::text),
        })
    })
}

/// An object, or one expression that gives one.
fn trigger_input(reader: &mut Reader, value: &Value) -> Option<Template> {
    match value {
        Value::Object(_) => Some(Template(value.clone())),
        Value::String(text) if text.starts_with("${") => Some(Template(value.clone())),
        _ => {
            reader.wrong_kind("the execution's input (an object)", value);
            None
        }
    }
}

fn limits(reader: &mut Reader, value: &Value) -> Option<Limits> {
    let members = reader.object(value, "`limits`", &["steps", "tokens", "money"])?;
    Some(Limits {
        steps: reader.optional(members, "steps", |reader, value| reader.whole(value, 1, u64::MAX)),
        tokens: reader.optional(members, "tokens", |reader, value| reader.whole(value, 0, u64::MAX)),
        money: reader.optional(members, "money", money),
    })
}

fn money(reader: &mut Reader, value: &Value) -> Option<Money> {
    let what = "a sum of money";
    let members = reader.object(value, what, &["amount", "currency"])?;
    let amount = reader.required(members, what, "amount", |reader, value| {
        let fits = value.as_str().is_some_and(is_decimal);
        if !fits {
            reader.wrong_kind("a decimal text such as \"5.00\"", value);
        }
        value.as_str().map(str::to_owned)
    });
    let currency = reader.required(members, what, "currency", |reader, value| {
        let fits = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if !value.as_str().is_some_and(fits) {
            reader.wrong_kind("a currency code such as \"EUR\"", value);
        }
        value.as_str().map(str::to_owned)
    });
    Some(Money { amount: amount?, currency: currency? })
}

/// Up to 12 digits, and up to 6 after a point.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    match text.split_once('.') {
        None => digits(text, 12),
        Some((whole, fraction)) => digits(whole, 12) && digits(fraction, 6),
    }
}

fn concurrency(reader: &mut Reader, value: &Value) -> Option<Concurrency> {
    let what = "`concurrency`";
    let members = reader.object(value, what, &["key", "policy"])?;
    let key = reader.required(members, what, "key", Reader::template);
    let policy = reader.required(members, what, "policy", |reader, value| {
        reader.word(
            value,
            &[
                ("queue", ConcurrencyPolicy::Queue),
                ("reject", ConcurrencyPolicy::Reject),
                ("replace", ConcurrencyPolicy::Replace),
            ],
        )
    });
    Some(Concurrency { key: key?, policy: policy? })
}
