//! Values inside an evaluation: borrowed where they can be, computed where they must.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::expr::number::Num;
use crate::expr::time::{Duration, Timestamp};

/// A value. Lists and maps of the outside are only borrowed; computed ones are shared, so that a clone is cheap.
///
/// An [`Val::Items`] equals the [`Val::List`] with the same members, and so on: which of two spellings a value
/// has is never visible to an expression.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Num(Num),
    /// A text of the outside or of the expression.
    Str(&'a str),
    /// A computed text.
    Text(Rc<String>),
    /// A list of the outside.
    Items(&'a [Value]),
    /// A computed list.
    List(Rc<Vec<Val<'a>>>),
    /// A map of the outside.
    Object(&'a Map<String, Value>),
    /// A computed map.
    Map(Rc<BTreeMap<Key<'a>, Val<'a>>>),
    Timestamp(Timestamp),
    Duration(Duration),
    Optional(Option<Rc<Val<'a>>>),
}

/// A key of a computed map; ordered by code point.
#[derive(Debug, Clone)]
pub(crate) enum Key<'a> {
    Str(&'a str),
    Text(Rc<String>),
}

impl Key<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Key::Str(text) => text,
            Key::Text(text) => text,
        }
    }
}

impl<'a> From<Key<'a>> for Val<'a> {
    fn from(key: Key<'a>) -> Val<'a> {
        match key {
            Key::Str(text) => Val::Str(text),
            Key::Text(text) => Val::Text(text),
        }
    }
}

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The order of UTF-8 bytes is the order of code points.
        self.as_str().cmp(other.as_str())
    }
}

/// The kinds that `type(x)` tells apart, and an optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Map,
    Timestamp,
    Duration,
    Optional,
}

impl Kind {
    /// What `type(x)` says.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::Timestamp => "timestamp",
            Kind::Duration => "duration",
            Kind::Optional => "optional",
        }
    }

    /// In a sentence.
    pub(crate) fn phrase(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "true or false",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::List => "a list",
            Kind::Map => "a map",
            Kind::Timestamp => "a timestamp",
            Kind::Duration => "a duration",
            Kind::Optional => "an optional",
        }
    }
}

impl<'a> Val<'a> {
    /// A value of the outside, borrowed.
    pub(crate) fn of(value: &'a Value) -> Val<'a> {
        match value {
            Value::Null => Val::Null,
            Value::Bool(b) => Val::Bool(*b),
            Value::Number(n) => Val::Num(Num::from(n)),
            Value::String(s) => Val::Str(s),
            Value::Array(items) => Val::Items(items),
            Value::Object(members) => Val::Object(members),
        }
    }

    pub(crate) fn none() -> Val<'a> {
        Val::Optional(None)
    }

    pub(crate) fn some(value: Val<'a>) -> Val<'a> {
        Val::Optional(Some(Rc::new(value)))
    }

    pub(crate) fn int(n: usize) -> Val<'a> {
        Val::Num(i64::try_from(n).map_or(Num::Int(i64::MAX), Num::Int))
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Val::Null => Kind::Null,
            Val::Bool(_) => Kind::Bool,
            Val::Num(_) => Kind::Number,
            Val::Str(_) | Val::Text(_) => Kind::Text,
            Val::Items(_) | Val::List(_) => Kind::List,
            Val::Object(_) | Val::Map(_) => Kind::Map,
            Val::Timestamp(_) => Kind::Timestamp,
            Val::Duration(_) => Kind::Duration,
            Val::Optional(_) => Kind::Optional,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Val::Str(text) => Some(text),
            Val::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as the key of a map.
    pub(crate) fn into_key(self) -> Option<Key<'a>> {
        match self {
            Val::Str(text) => Some(Key::Str(text)),
            Val::Text(text) => Some(Key::Text(text)),
            _ => None,
        }
    }

    /// The members, if it is a list.
    pub(crate) fn list(&self) -> Option<Members<'_, 'a>> {
        match self {
            Val::Items(items) => Some(Members::Items(items)),
            Val::List(list) => Some(Members::List(list)),
            _ => None,
        }
    }

    /// The keys in sorted order, if it is a map.
    pub(crate) fn keys(&self) -> Option<Vec<Key<'a>>> {
        match self {
            Val::Object(members) => Some(sorted(members).into_iter().map(|(key, _)| Key::Str(key)).collect()),
            Val::Map(map) => Some(map.keys().cloned().collect()),
            _ => None,
        }
    }

    /// The member of a map; `None` when it is no map.
    pub(crate) fn member(&self, key: &str) -> Option<Option<Val<'a>>> {
        match self {
            Val::Object(members) => Some(members.get(key).map(Val::of)),
            Val::Map(map) => Some(map.get(key).cloned()),
            _ => None,
        }
    }

    /// How many members a list or map has, how many bytes a text.
    pub(crate) fn len(&self) -> usize {
        match self {
            Val::Str(text) => text.len(),
            Val::Text(text) => text.len(),
            Val::Items(items) => items.len(),
            Val::List(list) => list.len(),
            Val::Object(members) => members.len(),
            Val::Map(map) => map.len(),
            _ => 0,
        }
    }
}

/// The members of a map of the outside, sorted by code point, also where another crate turned on ordered maps.
pub(crate) fn sorted(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut entries: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value)).collect();
    if !entries.is_sorted_by_key(|(key, _)| *key) {
        entries.sort_unstable_by_key(|(key, _)| *key);
    }
    entries
}

/// The members of a list of either spelling.
#[derive(Clone, Copy)]
pub(crate) enum Members<'l, 'a> {
    Items(&'a [Value]),
    List(&'l [Val<'a>]),
}

impl<'a> Members<'_, 'a> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Members::Items(items) => items.len(),
            Members::List(list) => list.len(),
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<Val<'a>> {
        match self {
            Members::Items(items) => items.get(index).map(Val::of),
            Members::List(list) => list.get(index).cloned(),
        }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Val<'a>> {
        (0..self.len()).filter_map(move |index| self.get(index))
    }

    pub(crate) fn to_vec(self) -> Vec<Val<'a>> {
        self.iter().collect()
    }
}
