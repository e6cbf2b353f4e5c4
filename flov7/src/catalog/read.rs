//! Catalogue files (FORMAT 3): read by our own reader, every fault at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    ActionDescriptor, CORE_PREFIX, Catalog, ConnectorUse, Effect, EffectBy, EffectOf, ErrorDescriptor,
    EventDescriptor, Via, ViaHttp,
};
use crate::finding::{Code, Finding, Report, code};
use crate::id::Digest;
use crate::types::{Defs, Kind, Lowered, MemberLookup, lower};
use crate::workflow::read::{Members, Reader, Zero, excerpt, read_value, shorten};
use crate::workflow::{DocumentLimits, Schema, Syntax};

/// The version of catalogue files that this release reads: the value of the member `flov7_catalog`.
pub const CATALOG_FORMAT: u32 = 1;

/// The longest id of an action or name of an event, in bytes.
const LONGEST_ID: usize = 128;

impl Catalog {
    /// Reads a catalogue file that is JSON already. The built-in actions are part of every catalogue.
    ///
    /// ```
    /// use flov7::catalog::Catalog;
    ///
    /// let file = serde_json::json!({ "flov7_catalog": 1, "actions": [
    ///     { "id": "mail.send", "title": "Send a mail", "input": { "type": "object" } } ] });
    /// let catalog = Catalog::read(&file).unwrap();
    /// assert!(catalog.action("mail.send").is_some() && catalog.action("core.wait").is_some());
    /// ```
    ///
    /// # Errors
    /// Every fault of it: `wrong-kind`, `unknown-member`, `missing-member`, `number-range`, `bad-id`,
    /// `duplicate-id`, `format-version`, and what schemas and templates add (`bad-schema`, `remote-schema`,
    /// `expression-syntax` and its kin); what a `via` reads and is not there (`no-such-member`, `unknown-root`,
    /// `maybe-absent`), and a path that would be refused (`path-or-url`).
    pub fn read(value: &Value) -> Result<Catalog, Vec<Finding>> {
        let (catalog, findings) = examine(value);
        if findings.is_empty() { Ok(catalog) } else { Err(Report::new(findings, Vec::new()).into_parts().0) }
    }

    /// Reads the text of a catalogue file, and says where in it each finding stands.
    ///
    /// # Errors
    /// As [`Catalog::read`], and what is wrong with the text itself.
    pub fn read_text(text: &str, syntax: Syntax) -> Result<Catalog, Vec<Finding>> {
        let (document, mut findings) = read_value(text, syntax, &DocumentLimits::default());
        let Some(document) = document else { return Err(findings) };
        let (catalog, more) = examine(&document.value);
        findings.extend(more);
        if findings.is_empty() {
            return Ok(catalog);
        }
        Err(Report::new(findings, Vec::new()).locate(&document, text).into_parts().0)
    }
}

fn examine(value: &Value) -> (Catalog, Vec<Finding>) {
    let mut reader = Reader::new(DocumentLimits::default());
    let catalog = file(&mut reader, value).unwrap_or_default();
    let (findings, _) = reader.finish();
    (catalog, findings)
}

fn file(reader: &mut Reader, value: &Value) -> Option<Catalog> {
    let what = "a catalogue";
    if value.as_object().is_some_and(|members| !format(reader, members)) {
        return None;
    }
    let members = reader.object(value, what, &["flov7_catalog", "actions", "events", "people"])?;
    let mut catalog = Catalog::new();
    let mut ids = BTreeSet::new();
    reader.optional(members, "actions", |reader, value| {
        reader.list(value, "a list of actions", |reader, value| {
            let action = action(reader, value)?;
            unique(reader, &mut ids, "id", &action.id);
            catalog.actions.insert(action.id.clone(), action.into());
            Some(())
        })
    });
    let mut names = BTreeSet::new();
    reader.optional(members, "events", |reader, value| {
        reader.list(value, "a list of events", |reader, value| {
            let event = event(reader, value)?;
            unique(reader, &mut names, "name", &event.name);
            catalog.events.insert(event.name.clone(), event);
            Some(())
        })
    });
    let people = reader.optional(members, "people", Reader::texts);
    for person in people.unwrap_or_default() {
        if !catalog.people.contains(&person) {
            catalog.people.push(person);
        }
    }
    Some(catalog)
}

fn format(reader: &mut Reader, members: &Members) -> bool {
    match members.get("flov7_catalog") {
        Some(version) if version.as_u64() == Some(CATALOG_FORMAT.into()) => true,
        Some(version) => {
            reader.within("flov7_catalog", |reader| {
                let message = format!("this release reads catalogues of version {CATALOG_FORMAT}");
                let finding = reader
                    .about(Code::FORMAT_VERSION, message)
                    .with_found(excerpt(version))
                    .with_allowed(CATALOG_FORMAT);
                reader.note(finding);
            });
            false
        }
        None => {
            reader.missing("a catalogue", "flov7_catalog");
            true
        }
    }
}

/// Notes an id that was there before.
fn unique(reader: &mut Reader, seen: &mut BTreeSet<String>, member: &str, id: &str) {
    if !seen.insert(id.to_owned()) {
        reader.within(member, |reader| {
            let finding = reader
                .about(Code::DUPLICATE_ID, format!("`{}` is there already", shorten(id)))
                .with_found(shorten(id));
            reader.note(finding);
        });
    }
}

fn action(reader: &mut Reader, value: &Value) -> Option<ActionDescriptor> {
    let what = "an action";
    let known = [
        "id",
        "title",
        "description",
        "phrases",
        "input",
        "output",
        "connector",
        "effect",
        "errors",
        "attempt_timeout",
        "records",
        "compatible",
        "via",
    ];
    let members = reader.object(value, what, &known)?;
    let id = reader.required(members, what, "id", action_id);
    let title = reader.required(members, what, "title", Reader::text);
    let input = reader.required(members, what, "input", object_schema);
    let mut action =
        ActionDescriptor::new(id.unwrap_or_default(), title.unwrap_or_default(), true.into(), true.into());
    if let Some(input) = input {
        action.input = input;
    }
    if let Some(output) = reader.optional(members, "output", schema) {
        action.output = output;
    }
    action.description = reader.optional(members, "description", Reader::text).unwrap_or_default();
    action.phrases = reader.optional(members, "phrases", Reader::texts).unwrap_or_default();
    action.connector = reader.optional(members, "connector", connector);
    action.effect = reader.optional(members, "effect", effect).unwrap_or_default();
    action.errors = reader
        .optional(members, "errors", |reader, value| reader.list(value, "a list of errors", error))
        .unwrap_or_default();
    action.attempt_timeout =
        reader.optional(members, "attempt_timeout", |reader, value| reader.duration(value, Zero::Refused));
    action.records = reader.optional(members, "records", Reader::boolean).unwrap_or_default();
    action.compatible = reader
        .optional(members, "compatible", |reader, value| reader.list(value, "a list of digests", digest))
        .unwrap_or_default();
    action.via = reader.optional(members, "via", via);
    if let Some(via) = &action.via {
        super::via::check(reader, &action.input, via);
    }
    Some(action)
}

/// `[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+`, and none of ours.
fn action_id(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    if !is_dotted(&text) {
        let message = "the id of an action is words with dots between them, such as `crm.create_invoice`";
        let finding = reader.about(Code::BAD_ID, message).with_found(shorten(&text));
        reader.note(finding);
    } else if text.starts_with(CORE_PREFIX) {
        let message = "ids that start with `core.` are those of the built-in actions";
        let finding = reader.about(Code::BAD_ID, message).with_found(shorten(&text));
        reader.note(finding);
    }
    Some(text)
}

/// Whether a text is `[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+`.
pub(crate) fn is_dotted(text: &str) -> bool {
    let word = |word: &str| {
        word.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.len() <= LONGEST_ID && text.contains('.') && text.split('.').all(word)
}

/// A schema of a catalogue: it stands alone, so no named types are there to refer to.
fn schema(reader: &mut Reader, value: &Value) -> Option<Schema> {
    let schema = reader.schema(value)?;
    if let Err(faults) = lower(value, &Defs::none()) {
        for fault in faults {
            // Every kind of fault is named after its finding.
            let code = code(fault.kind.code()).unwrap_or(Code::BAD_SCHEMA);
            let place = format!("{}{}", reader.pointer.as_str(), fault.pointer);
            reader.note(Finding::new(code, place, fault.message));
        }
    }
    Some(schema)
}

/// A schema that objects conform to: what an action takes are named arguments.
fn object_schema(reader: &mut Reader, value: &Value) -> Option<Schema> {
    let schema = schema(reader, value)?;
    let is_object = |lowered: Lowered| lowered.upper().kinds().has(Kind::Map);
    if value.is_boolean() || !lower(value, &Defs::none()).map_or(true, is_object) {
        reader.wrong_kind("the schema of an object", value);
    }
    Some(schema)
}

fn connector(reader: &mut Reader, value: &Value) -> Option<ConnectorUse> {
    let members = reader.object(value, "`connector`", &["optional", "required"])?;
    if members.len() > 1 {
        reader.wrong_kind("one of `optional` and `required`", value);
        return None;
    }
    let optional = reader.optional(members, "optional", Reader::text).map(ConnectorUse::Optional);
    let required = reader.optional(members, "required", Reader::text).map(ConnectorUse::Required);
    if members.is_empty() {
        reader.fault(Code::MISSING_MEMBER, "`connector` has one of `optional` and `required`");
    }
    optional.or(required)
}

const EFFECTS: &[(&str, Effect)] = &[
    ("none", Effect::None),
    ("idempotent", Effect::Idempotent),
    ("keyed", Effect::Keyed),
    ("once", Effect::Once),
];

fn effect(reader: &mut Reader, value: &Value) -> Option<EffectOf> {
    let Some(members) = value.as_object() else {
        return reader.word(value, EFFECTS).map(EffectOf::Kind);
    };
    let by = reader.required(members, "an effect that depends on the input", "by", pointer);
    let mut kinds = BTreeMap::new();
    for (text, kind) in members.iter().filter(|(text, _)| *text != "by") {
        let kind = reader.within(text, |reader| reader.word(kind, EFFECTS));
        kinds.extend(kind.map(|kind| (text.clone(), kind)));
    }
    Some(EffectOf::By(EffectBy { by: by?, kinds }))
}

fn pointer(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| text.starts_with('/'));
    if text.is_none() {
        reader.wrong_kind("a JSON Pointer such as \"/total\"", value);
    }
    text.map(str::to_owned)
}

fn error(reader: &mut Reader, value: &Value) -> Option<ErrorDescriptor> {
    let what = "an error";
    let members = reader.object(value, what, &["code", "retryable", "description"])?;
    let code = reader.required(members, what, "code", error_code);
    let retryable = reader.optional(members, "retryable", Reader::boolean).unwrap_or_default();
    let description = reader.optional(members, "description", Reader::text).unwrap_or_default();
    Some(ErrorDescriptor { code: code?, retryable, description })
}

/// Prefixes of failure codes that are ours (RULES, fail.class).
const OUR_FAMILIES: [&str; 4] = ["contract.", "data.", "limit.", "defect."];

/// A host's code has a dot; `crm.*` declares a family.
fn error_code(reader: &mut Reader, value: &Value) -> Option<String> {
    let text = reader.text(value)?;
    let plain = text.strip_suffix(".*").map(|family| format!("{family}.all"));
    if !is_code(plain.as_deref().unwrap_or(&text)) {
        let message = "a failure code has a dot, such as `crm.conflict`, or is a family, such as `crm.*`";
        let finding = reader.about(Code::BAD_ID, message).with_found(shorten(&text));
        reader.note(finding);
    } else if OUR_FAMILIES.iter().any(|family| text.starts_with(family)) {
        let message = format!("codes that start with `{}` are ours", OUR_FAMILIES.join("`, `"));
        let finding = reader.about(Code::BAD_ID, message).with_found(shorten(&text));
        reader.note(finding);
    }
    Some(text)
}

/// A dotted code; parts after the first may start with a digit (`http.404`).
fn is_code(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.len() <= LONGEST_ID
        && text.contains('.')
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && text.split('.').all(part)
}

fn digest(reader: &mut Reader, value: &Value) -> Option<Digest> {
    let digest = value.as_str().and_then(|text| Digest::parse(text).ok());
    if digest.is_none() {
        reader.wrong_kind("a digest (64 lower-case hexadecimal digits)", value);
    }
    digest
}

fn via(reader: &mut Reader, value: &Value) -> Option<Via> {
    let what = "`via`";
    let members = reader.object(value, what, &["http"])?;
    reader.required(members, what, "http", |reader, value| {
        let what = "`via` by HTTP";
        let members = reader.object(value, what, &["connection", "method", "path", "body", "result"])?;
        let connection = reader.required(members, what, "connection", |reader, value| {
            let text = reader.text(value)?;
            reader.check_name(&text);
            Some(text)
        });
        let method = reader.required(members, what, "method", |reader, value| {
            let token = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
            let method = value.as_str().filter(token);
            if method.is_none() {
                reader.wrong_kind("a method such as \"POST\"", value);
            }
            method.map(str::to_owned)
        });
        let path = reader.required(members, what, "path", |reader, value| {
            let path = value.as_str().filter(|path| path.starts_with('/'));
            if path.is_none() {
                reader.wrong_kind("a path such as \"/invoices\"", value);
            }
            path.map(str::to_owned)
        });
        let body = reader.optional(members, "body", Reader::template);
        let result = reader.optional(members, "result", Reader::template);
        Some(Via::Http(ViaHttp { connection: connection?, method: method?, path: path?, body, result }))
    })
}

fn event(reader: &mut Reader, value: &Value) -> Option<EventDescriptor> {
    let what = "an event";
    let members = reader.object(value, what, &["name", "title", "phrases", "payload", "measure"])?;
    let name = reader.required(members, what, "name", |reader, value| {
        let text = reader.text(value)?;
        if !is_dotted(&text) {
            let message = "the name of an event is words with dots between them, such as `order.received`";
            let finding = reader.about(Code::BAD_ID, message).with_found(shorten(&text));
            reader.note(finding);
        }
        Some(text)
    });
    let title = reader.required(members, what, "title", Reader::text);
    let phrases = reader.optional(members, "phrases", Reader::texts).unwrap_or_default();
    let payload = reader.required(members, what, "payload", schema);
    let measure = reader.optional(members, "measure", pointer);
    if let (Some(payload), Some(measure)) = (&payload, &measure) {
        check_measure(reader, payload, measure);
    }
    Some(EventDescriptor { name: name?, title: title?, phrases, payload: payload?, measure })
}

/// Notes a measure that leads to no member of the payload.
fn check_measure(reader: &mut Reader, payload: &Schema, measure: &str) {
    let Ok(lowered) = lower(&payload.0, &Defs::none()) else { return };
    let mut ty = lowered.upper().clone();
    for name in crate::json::tokens(measure) {
        match ty.member(&name) {
            MemberLookup::Required(member) | MemberLookup::Optional(member) => ty = member,
            MemberLookup::Missing | MemberLookup::Undeclared => {
                reader.within("measure", |reader| {
                    let message = format!("the payload has no member `{}`", shorten(&name));
                    let finding = reader.about(Code::NO_SUCH_MEMBER, message).with_found(measure);
                    reader.note(finding);
                });
                return;
            }
            _ => return,
        }
    }
}
