//! Where a `$ref` leads: the schema it stands in, and the document's named types.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::finding::meter;
use crate::json;

use super::lattice::Type;
use super::lower;

/// The schemas that `#/types/NAME` leads to. Cheap to clone.
///
/// Inside a named type, other local references (`#/$defs/…`) start at that type's own schema, as they do in any
/// schema: a schema can be moved between documents without a change.
#[derive(Clone, Debug, Default)]
pub struct Defs {
    types: Arc<BTreeMap<Arc<str>, Arc<Value>>>,
}

impl Defs {
    /// No named types: what a catalogue's schemas see.
    #[must_use]
    pub fn none() -> Defs {
        Defs::default()
    }

    /// The named types of a document, `types` of FORMAT 1.
    #[must_use]
    pub fn new<N: Into<Arc<str>>, S: Into<Arc<Value>>>(types: impl IntoIterator<Item = (N, S)>) -> Defs {
        let types = types.into_iter().map(|(name, schema)| (name.into(), schema.into()));
        Defs { types: Arc::new(types.collect()) }
    }

    /// The schema of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Value>> {
        self.types.get(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(AsRef::as_ref)
    }
}

/// One schema with what its references can reach.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The schema in which `#` is the root.
    pub(crate) root: Arc<Value>,
    pub(crate) defs: Defs,
    /// The name under which the root is known, if it is a named type.
    pub(crate) name: Option<Arc<str>>,
}

/// A place in a scope.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) scope: Scope,
    /// JSON Pointer from the scope's root.
    pub(crate) pointer: Arc<str>,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefFault {
    /// It names something outside of the document.
    Remote,
    /// `#/types/NAME` without such a name.
    UnknownType(String),
    /// Nothing stands at that pointer, or it is an anchor.
    Dangling,
}

impl Scope {
    pub(crate) fn new(root: Arc<Value>, defs: Defs) -> Scope {
        Scope { root, defs, name: None }
    }

    /// Where `reference`, the text of a `$ref` in this scope, leads.
    pub(crate) fn resolve(&self, reference: &str) -> Result<Target, RefFault> {
        meter::spend(10);
        let Some(fragment) = reference.strip_prefix('#') else { return Err(RefFault::Remote) };
        let pointer = percent_decoded(fragment).ok_or(RefFault::Dangling)?;
        if let Some(name) = pointer.strip_prefix("/types/") {
            let name = json::unescape(name);
            return match self.defs.types.get_key_value(name.as_ref()) {
                Some((name, root)) => Ok(Target {
                    scope: Scope {
                        root: Arc::clone(root),
                        defs: self.defs.clone(),
                        name: Some(name.clone()),
                    },
                    pointer: Arc::from(""),
                }),
                None => Err(RefFault::UnknownType(name.into_owned())),
            };
        }
        let target = Target { scope: self.clone(), pointer: Arc::from(pointer) };
        match target.schema() {
            Some(_) if target.pointer.is_empty() || target.pointer.starts_with('/') => Ok(target),
            _ => Err(RefFault::Dangling),
        }
    }
}

impl Target {
    pub(crate) fn schema(&self) -> Option<&Value> {
        json::get(&self.scope.root, &self.pointer)
    }
}

/// Percent-decoding of a URI fragment (RFC 3986 §2.1); `None` where it does not decode to text.
fn percent_decoded(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// A schema by the place where it stands; opened when it is first looked into. What it opens to holds names of its
/// own, so a recursive schema is a tree that grows as it is walked, never a circle.
#[derive(Clone, Debug)]
pub(crate) struct Named(Arc<NamedSchema>);

#[derive(Debug)]
struct NamedSchema {
    target: Target,
    /// The type, and what it cost to make it.
    opened: OnceLock<(Type, u32)>,
}

impl Named {
    pub(crate) fn new(target: Target) -> Named {
        Named(Arc::new(NamedSchema { target, opened: OnceLock::new() }))
    }

    pub(crate) fn target(&self) -> &Target {
        &self.0.target
    }

    /// The type one level down; names inside stay names.
    pub(crate) fn open(&self) -> &Type {
        &self.opened().0
    }

    /// What opening it cost, in schemas looked at and types merged; whoever walks into names pays that.
    pub(crate) fn cost(&self) -> u32 {
        self.opened().1
    }

    fn opened(&self) -> &(Type, u32) {
        let opened = self.0.opened.get_or_init(|| meter::apart(|| lower::open_at_cost(&self.0.target)));
        // Each name of a document is opened once and asked often.
        meter::spend(1 + u64::from(opened.1) / 16);
        opened
    }

    /// How a person knows it: the last part of the name.
    pub(crate) fn label(&self) -> String {
        let target = self.target();
        match (target.pointer.rsplit('/').next(), &target.scope.name) {
            (Some(last), _) if !last.is_empty() => json::unescape(last).into_owned(),
            (_, Some(name)) => name.to_string(),
            _ => "this".to_owned(),
        }
    }

    /// Whether both are the same schema; addresses are compared, never ordered.
    pub(crate) fn same(&self, other: &Named) -> bool {
        let (own, theirs) = (self.target(), other.target());
        Arc::ptr_eq(&self.0, &other.0)
            || (own.pointer == theirs.pointer
                && Arc::ptr_eq(&own.scope.root, &theirs.scope.root)
                && Arc::ptr_eq(&own.scope.defs.types, &theirs.scope.defs.types))
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        self.same(other)
    }
}
