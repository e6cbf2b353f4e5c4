//! The profile of JSON Schema 2020-12 that is read, and what is wrong with a schema.
//!
//! Read: all of the applicator, validation and meta-data vocabularies but `$dynamicRef` and the `unevaluated…`
//! keywords, which are refused with a sentence. `format` is an annotation, as 2020-12 has it by default. Unknown
//! keywords are allowed and constrain nothing; because a later vocabulary may give them a meaning, lowering does not
//! count a schema that has one as exact (members that start with `x-` are ours and others' annotations).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::json;

use super::lattice::Kind;
use super::lower::MAX_DEPTH;
use super::number::Num;
use super::pattern::Pattern;
use super::scope::{Defs, RefFault, Scope, Target};

/// What is wrong with a schema, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFault {
    /// Which finding it is.
    pub kind: SchemaFaultKind,
    /// JSON Pointer from the schema's root to the offending part.
    pub pointer: String,
    /// A sentence for a person: lower case, no full stop.
    pub message: String,
}

/// The finding that a schema fault becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaFaultKind {
    /// `bad-schema`: not a schema of the profile.
    Bad,
    /// `remote-schema`: it refers to something outside of the document.
    Remote,
    /// `unknown-type`: `#/types/NAME` names no type.
    UnknownType,
}

impl SchemaFaultKind {
    /// The finding's code (FORMAT 2).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            SchemaFaultKind::Bad => "bad-schema",
            SchemaFaultKind::Remote => "remote-schema",
            SchemaFaultKind::UnknownType => "unknown-type",
        }
    }
}

/// What stands under a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    Type,
    AnyValue,
    Values,
    Schema,
    Schemas,
    NamedSchemas,
    /// Named schemas whose names are patterns.
    PatternSchemas,
    Number,
    PositiveNumber,
    Count,
    Flag,
    Text,
    Pattern,
    Names,
    NamedNames,
    Reference,
    /// Says something to people only.
    Note,
    /// Known, and not part of the profile.
    Refused(&'static str),
    Unknown,
}

pub(crate) fn keyword(name: &str) -> Keyword {
    match name {
        "type" => Keyword::Type,
        "const" => Keyword::AnyValue,
        "enum" => Keyword::Values,
        "items" | "contains" | "not" | "if" | "then" | "else" | "additionalProperties" | "propertyNames" => {
            Keyword::Schema
        }
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Keyword::Schemas,
        "properties" | "dependentSchemas" | "$defs" | "definitions" => Keyword::NamedSchemas,
        "patternProperties" => Keyword::PatternSchemas,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Keyword::Number,
        "multipleOf" => Keyword::PositiveNumber,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minContains" | "maxContains"
        | "minProperties" | "maxProperties" => Keyword::Count,
        "uniqueItems" => Keyword::Flag,
        "format" => Keyword::Text,
        "pattern" => Keyword::Pattern,
        "required" => Keyword::Names,
        "dependentRequired" => Keyword::NamedNames,
        "$ref" => Keyword::Reference,
        "title" | "description" | "default" | "examples" | "$comment" | "deprecated" | "readOnly"
        | "writeOnly" | "$schema" | "$anchor" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
            Keyword::Note
        }
        "$id" => Keyword::Refused("`$id` would move where references start; leave it out"),
        "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$recursiveAnchor" => {
            Keyword::Refused("dynamic references are not read; use `$ref`")
        }
        "$vocabulary" => Keyword::Refused("other vocabularies are not read"),
        "unevaluatedProperties" => {
            Keyword::Refused("`unevaluatedProperties` is not read; use `additionalProperties`")
        }
        "unevaluatedItems" => {
            Keyword::Refused("`unevaluatedItems` is not read; use `items` after `prefixItems`")
        }
        _ if name.starts_with("x-") => Keyword::Note,
        _ => Keyword::Unknown,
    }
}

/// Whether a schema below one of that depth says nothing but one kind, as most do: nothing can be wrong with it.
fn is_plain(schema: &Value, depth: usize) -> bool {
    let Some(members) = schema.as_object().filter(|members| members.len() == 1) else { return false };
    let kind = members.get("type").and_then(Value::as_str).and_then(kind_of_type);
    kind.is_some() && depth < MAX_DEPTH
}

/// The kind that a `type` names; `integer` is a number.
pub(crate) fn kind_of_type(name: &str) -> Option<Kind> {
    Some(match name {
        "null" => Kind::Null,
        "boolean" => Kind::Bool,
        "number" | "integer" => Kind::Number,
        "string" => Kind::Text,
        "array" => Kind::List,
        "object" => Kind::Map,
        _ => return None,
    })
}

/// `pointer` with one more token.
pub(crate) fn child(pointer: &str, token: &str) -> String {
    json::child(pointer, token)
}

/// The members of an object in the order of their names, whatever order its map keeps.
pub(crate) fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    sorted
}

/// A scope with its own copy of the schema; refused where it nests deeper than anything that was read.
pub(crate) fn scope(schema: &Value, defs: &Defs) -> Result<Scope, Vec<SchemaFault>> {
    shallow(schema)?;
    Ok(Scope::new(Arc::new(schema.clone()), defs.clone()))
}

/// As [`scope`], without a copy.
pub(crate) fn scope_shared(schema: &Arc<Value>, defs: &Defs) -> Result<Scope, Vec<SchemaFault>> {
    shallow(schema)?;
    Ok(Scope::new(Arc::clone(schema), defs.clone()))
}

/// Refuses what nests deeper than anything that was read.
fn shallow(schema: &Value) -> Result<(), Vec<SchemaFault>> {
    let mut open = vec![(schema, 1)];
    while let Some((value, depth)) = open.pop() {
        if depth > json::MAX_DEPTH {
            let message = format!("the schema is nested deeper than {} levels", json::MAX_DEPTH);
            return Err(vec![SchemaFault { kind: SchemaFaultKind::Bad, pointer: String::new(), message }]);
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(members) => open.extend(members.values().map(|member| (member, depth + 1))),
            _ => {}
        }
    }
    Ok(())
}

/// Everything wrong with a schema, in the order of its text (members by name). Named types are looked into only as
/// far as an endless reference goes through them: each is held to the profile on its own.
pub(crate) fn faults(scope: &Scope) -> Vec<SchemaFault> {
    let mut walk = Walk { scope, faults: Vec::new(), references: Vec::new(), targets: Vec::new() };
    walk.run();
    let mut faults = walk.faults;
    if faults.is_empty() {
        faults = endless(scope, &walk.references);
    }
    faults
}

struct Walk<'a> {
    scope: &'a Scope,
    faults: Vec<SchemaFault>,
    /// Pointers of the schemas that hold a `$ref`.
    references: Vec<String>,
    /// Where references inside of this schema lead to: perhaps to a place where no keyword says that a schema stands.
    targets: Vec<String>,
}

impl<'a> Walk<'a> {
    fn run(&mut self) {
        let root: &'a Value = &self.scope.root;
        let mut seen: BTreeSet<String> = BTreeSet::new();
        // Looked at, and put into order only where a reference asks.
        let mut done: Vec<String> = Vec::new();
        let mut open: Vec<(String, &'a Value, usize)> = vec![(String::new(), root, 0)];
        while let Some((pointer, schema, depth)) =
            open.pop().or_else(|| self.referred(root, &mut seen, &mut done))
        {
            if depth > MAX_DEPTH {
                self.bad(pointer.clone(), format!("schemas are nested deeper than {MAX_DEPTH}"));
                done.push(pointer);
                continue;
            }
            let members = match schema {
                Value::Bool(_) => {
                    done.push(pointer);
                    continue;
                }
                Value::Object(members) => members,
                other => {
                    let message = format!("a schema is an object, true or false, not {}", a_kind(other));
                    self.bad(pointer.clone(), message);
                    done.push(pointer);
                    continue;
                }
            };
            let from = open.len();
            for (name, value) in sorted(members) {
                self.keyword(&pointer, name, value, depth, &mut open);
            }
            // The stack gives back the last first: keep the order of the text.
            open[from..].reverse();
            done.push(pointer);
        }
    }

    /// A schema that only a reference leads to.
    fn referred(
        &mut self,
        root: &'a Value,
        seen: &mut BTreeSet<String>,
        done: &mut Vec<String>,
    ) -> Option<(String, &'a Value, usize)> {
        if !self.targets.is_empty() {
            seen.extend(done.drain(..));
        }
        while let Some(target) = self.targets.pop() {
            if !seen.contains(&target) {
                let schema = json::get(root, &target)?;
                return Some((target, schema, 0));
            }
        }
        None
    }

    fn bad(&mut self, pointer: String, message: impl Into<String>) {
        self.faults.push(SchemaFault { kind: SchemaFaultKind::Bad, pointer, message: message.into() });
    }

    fn keyword(
        &mut self,
        pointer: &str,
        name: &str,
        value: &'a Value,
        depth: usize,
        open: &mut Vec<(String, &'a Value, usize)>,
    ) {
        let here = || child(pointer, name);
        match keyword(name) {
            Keyword::Note | Keyword::Unknown | Keyword::AnyValue => {}
            Keyword::Refused(why) => {
                // An identifier of the whole schema is harmless: nothing is ever fetched by it.
                if !(name == "$id" && pointer.is_empty()) {
                    self.bad(here(), why);
                }
            }
            Keyword::Type => self.type_names(&here, value),
            Keyword::Values => match value.as_array() {
                Some(values) if !values.is_empty() => {}
                _ => self.bad(here(), format!("`{name}` is a list of at least one value")),
            },
            Keyword::Schema if name == "items" && value.is_array() => {
                self.bad(here(), "`items` is one schema; a list of schemas is `prefixItems`");
            }
            Keyword::Schema if is_plain(value, depth) => {}
            Keyword::Schema => open.push((here(), value, depth + 1)),
            Keyword::Schemas => match value.as_array() {
                Some(schemas) if !schemas.is_empty() => {
                    let schemas = schemas.iter().enumerate();
                    open.extend(
                        schemas.map(|(at, schema)| (child(&here(), &at.to_string()), schema, depth + 1)),
                    );
                }
                _ => self.bad(here(), format!("`{name}` is a list of at least one schema")),
            },
            Keyword::NamedSchemas | Keyword::PatternSchemas => match value.as_object() {
                Some(schemas) => {
                    let here = here();
                    for (key, schema) in sorted(schemas) {
                        if keyword(name) == Keyword::PatternSchemas {
                            self.pattern(child(&here, key), key);
                        }
                        if !is_plain(schema, depth) {
                            open.push((child(&here, key), schema, depth + 1));
                        }
                    }
                }
                None => self.bad(here(), format!("`{name}` is an object of schemas")),
            },
            Keyword::Number | Keyword::PositiveNumber => self.number(&here, name, value),
            Keyword::Count => {
                let whole = value.as_number().and_then(Num::read);
                if !whole.is_some_and(|count| count.is_whole() && count >= Num::int(0)) {
                    self.bad(here(), format!("`{name}` is a whole number of at least 0"));
                }
            }
            Keyword::Flag => {
                if !value.is_boolean() {
                    self.bad(here(), format!("`{name}` is true or false"));
                }
            }
            Keyword::Text => {
                if !value.is_string() {
                    self.bad(here(), format!("`{name}` is text"));
                }
            }
            Keyword::Pattern => match value.as_str() {
                Some(pattern) => self.pattern(here(), pattern),
                None => self.bad(here(), format!("`{name}` is text")),
            },
            Keyword::Names => self.names(&here, name, value),
            Keyword::NamedNames => match value.as_object() {
                Some(members) => {
                    for (key, names) in sorted(members) {
                        self.names(&|| child(&here(), key), name, names);
                    }
                }
                None => self.bad(here(), format!("`{name}` is an object of lists of names")),
            },
            Keyword::Reference => self.reference(pointer, &here, value),
        }
    }

    fn type_names(&mut self, here: &dyn Fn() -> String, value: &Value) {
        let names: &[Value] = match value {
            Value::Array(names) if !names.is_empty() => names,
            Value::Array(_) => {
                self.bad(here(), "`type` names at least one type");
                return;
            }
            one => std::slice::from_ref(one),
        };
        for (at, name) in names.iter().enumerate() {
            if name.as_str().and_then(kind_of_type).is_none() {
                let place = if value.is_array() { child(&here(), &at.to_string()) } else { here() };
                let said = match name {
                    Value::String(name) => format!("`{name}` is no type"),
                    other => format!("a type is named by text, not by {}", a_kind(other)),
                };
                let all = "null, boolean, number, integer, string, array, object";
                self.bad(place, format!("{said}; the types are {all}"));
            }
        }
    }

    fn number(&mut self, here: &dyn Fn() -> String, name: &str, value: &Value) {
        match value.as_number().and_then(Num::read) {
            Some(number) if name == "multipleOf" && number <= Num::int(0) => {
                self.bad(here(), "`multipleOf` is greater than 0");
            }
            Some(_) => {}
            None => self.bad(here(), format!("`{name}` is a number")),
        }
    }

    fn pattern(&mut self, here: String, pattern: &str) {
        if let Err(why) = Pattern::compile(pattern) {
            self.bad(here, format!("the pattern cannot be used: {why}"));
        }
    }

    fn names(&mut self, here: &dyn Fn() -> String, name: &str, value: &Value) {
        if !value.as_array().is_some_and(|names| names.iter().all(Value::is_string)) {
            self.bad(here(), format!("`{name}` is a list of names"));
        }
    }

    fn reference(&mut self, pointer: &str, here: &dyn Fn() -> String, value: &Value) {
        let Some(reference) = value.as_str() else {
            self.bad(here(), "`$ref` is text");
            return;
        };
        let (kind, message) = match self.scope.resolve(reference) {
            Ok(target) => {
                self.references.push(pointer.to_owned());
                if Arc::ptr_eq(&target.scope.root, &self.scope.root) {
                    self.targets.push(target.pointer.to_string());
                }
                return;
            }
            Err(RefFault::Remote) => (
                SchemaFaultKind::Remote,
                format!(
                    "`{reference}` is outside of the document; nothing is fetched: copy the schema into `types`"
                ),
            ),
            Err(RefFault::UnknownType(name)) => {
                (SchemaFaultKind::UnknownType, format!("there is no type `{name}`"))
            }
            Err(RefFault::Dangling) => (
                SchemaFaultKind::Bad,
                format!("`{reference}` leads nowhere; references are `#/types/NAME` and `#/$defs/NAME`"),
            ),
        };
        self.faults.push(SchemaFault { kind, pointer: here(), message });
    }
}

fn a_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// References that come back to themselves without passing into a member or an item (no value could ever be held
/// against them), and those that lead on to too many others. A depth-first walk over the schemas that apply in place;
/// each is visited once.
fn endless(scope: &Scope, references: &[String]) -> Vec<SchemaFault> {
    type Key = (Option<Arc<str>>, Arc<str>);
    let key = |target: &Target| -> Key { (target.scope.name.clone(), Arc::clone(&target.pointer)) };
    // How many references lead on to each other from a schema, plus one; 0 while the walk is inside of it.
    let mut heights: BTreeMap<Key, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for pointer in references {
        let start = Target { scope: scope.clone(), pointer: Arc::from(pointer.as_str()) };
        if heights.contains_key(&key(&start)) {
            continue;
        }
        heights.insert(key(&start), 0);
        let mut path = vec![InPlace::at(start, 0)];
        while let Some(here) = path.last_mut() {
            let fault = match here.rest.pop() {
                None => {
                    let (height, step) = (here.height, here.step);
                    heights.insert(key(&here.target), height);
                    path.pop();
                    if let Some(outer) = path.last_mut() {
                        outer.height = outer.height.max(height + step);
                    }
                    (height > MAX_DEPTH)
                        .then(|| format!("more than {MAX_DEPTH} references lead on to each other"))
                }
                Some((next, step)) => match heights.get(&key(&next)) {
                    Some(0) => Some(
                        "the reference comes back to itself without passing into a member or an item"
                            .to_owned(),
                    ),
                    Some(height) => {
                        here.height = here.height.max(height + step);
                        None
                    }
                    None => {
                        heights.insert(key(&next), 0);
                        path.push(InPlace::at(next, step));
                        None
                    }
                },
            };
            if let Some(message) = fault {
                let pointer = child(pointer, "$ref");
                faults.push(SchemaFault { kind: SchemaFaultKind::Bad, pointer, message });
                // What is still open counts as seen: one finding per circle is enough.
                for open in path.drain(..) {
                    heights.insert(key(&open.target), 1);
                }
            }
        }
    }
    faults
}

/// A schema on the way of a walk over those that are held against the same value.
struct InPlace {
    target: Target,
    /// What is still to be walked: the schema, and 1 where a reference leads there.
    rest: Vec<(Target, usize)>,
    height: usize,
    step: usize,
}

impl InPlace {
    fn at(target: Target, step: usize) -> InPlace {
        InPlace { rest: in_place(&target), target, height: 1, step }
    }
}

/// The schemas that are held against the same value as the one at `target`, each with 1 where a reference leads there.
fn in_place(target: &Target) -> Vec<(Target, usize)> {
    let Some(Value::Object(members)) = target.schema() else { return Vec::new() };
    let mut found = Vec::new();
    let below = |pointer: String| (Target { scope: target.scope.clone(), pointer: Arc::from(pointer) }, 0);
    for (name, value) in sorted(members) {
        let here = || child(&target.pointer, name);
        match (name.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                found.extend(target.scope.resolve(reference).map(|target| (target, 1)));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                found.extend((0..schemas.len()).map(|at| below(child(&here(), &at.to_string()))));
            }
            ("not" | "if" | "then" | "else", _) => found.push(below(here())),
            ("dependentSchemas", Value::Object(schemas)) => {
                found.extend(sorted(schemas).into_iter().map(|(key, _)| below(child(&here(), key))));
            }
            _ => {}
        }
    }
    found
}
