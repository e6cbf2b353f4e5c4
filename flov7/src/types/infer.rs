//! The `expect` that expressions imply: what they read from an untyped value, as a schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::lattice::{Kind, Kinds};
use super::narrow::Segment;

/// One read from an untyped value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The way from the untyped value; empty where the value itself is used.
    pub path: Vec<Segment>,
    /// The kinds that the place where it is used can work with; none where any value will do.
    pub wanted: Kinds,
    /// Whether the read is guarded, so that what it reads may be absent.
    pub guarded: bool,
}

#[derive(Default)]
struct Shape {
    members: BTreeMap<String, (Shape, bool)>,
    items: Option<Box<Shape>>,
    wanted: Option<Kinds>,
}

/// Levels of an inferred schema.
const MAX_DEPTH: usize = 64;

/// Makes the schema that the reads imply: objects with the members that are read, lists with what is read from their
/// items, and a `type` wherever the use leaves only some kinds. It says no more than the reads need, so it is a
/// certain fix: what does not conform would have failed anyway.
///
/// ```
/// use flov7::types::{Kind, Kinds, Segment, Usage, infer_expect};
/// use serde_json::json;
///
/// let path = vec![Segment::Member("body".into()), Segment::Member("id".into())];
/// let usage = Usage { path, wanted: Kinds::only(Kind::Text), guarded: false };
/// assert_eq!(
///     infer_expect(&[usage]),
///     json!({ "type": "object", "required": ["body"], "properties": { "body":
///         { "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } } } })
/// );
/// ```
#[must_use]
pub fn infer_expect(uses: &[Usage]) -> Value {
    let mut root = Shape::default();
    // What is asked for with `has` anywhere need not be there: whoever reads it may have asked.
    let asked: BTreeSet<&[Segment]> =
        uses.iter().filter(|usage| usage.guarded).map(|usage| usage.path.as_slice()).collect();
    for usage in uses {
        let mut shape = &mut root;
        for (at, segment) in usage.path.iter().take(MAX_DEPTH).enumerate() {
            shape = match segment {
                Segment::Member(name) => {
                    let (member, required) = shape.members.entry(name.to_string()).or_default();
                    *required |= !usage.path.get(..=at).is_some_and(|path| asked.contains(path));
                    member
                }
                Segment::Index(_) => shape.items.get_or_insert_default(),
            };
        }
        if !usage.wanted.is_empty() {
            let before = shape.wanted.unwrap_or(Kinds::JSON);
            let both = before.common(usage.wanted);
            // Uses that contradict each other cannot be mended by a schema; the first one is kept.
            shape.wanted = Some(if both.is_empty() { before } else { both });
        }
    }
    schema(&root)
}

fn schema(shape: &Shape) -> Value {
    let mut said = Map::new();
    if !shape.members.is_empty() {
        said.insert("type".to_owned(), json!("object"));
        let required: Vec<&String> =
            shape.members.iter().filter(|(_, (_, required))| *required).map(|(name, _)| name).collect();
        if !required.is_empty() {
            said.insert("required".to_owned(), json!(required));
        }
        let members = shape.members.iter().map(|(name, (member, _))| (name.clone(), schema(member)));
        said.insert("properties".to_owned(), Value::Object(members.collect()));
        return Value::Object(said);
    }
    if let Some(items) = &shape.items {
        said.insert("type".to_owned(), json!("array"));
        let items = schema(items);
        if items.as_object().is_some_and(|items| !items.is_empty()) {
            said.insert("items".to_owned(), items);
        }
        return Value::Object(said);
    }
    let names: Vec<&str> = shape.wanted.into_iter().flat_map(Kinds::iter).filter_map(type_name).collect();
    match names.as_slice() {
        [] => {}
        [one] => {
            said.insert("type".to_owned(), json!(one));
        }
        some => {
            said.insert("type".to_owned(), json!(some));
        }
    }
    Value::Object(said)
}

fn type_name(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Null => "null",
        Kind::Bool => "boolean",
        Kind::Number => "number",
        Kind::Text => "string",
        Kind::List => "array",
        Kind::Map => "object",
        Kind::Timestamp | Kind::Duration => return None,
    })
}
