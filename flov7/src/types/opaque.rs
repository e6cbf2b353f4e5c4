//! Conditions that the lattice has no words for, kept as the keywords that state them.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::json;
use crate::planted::{Bug, planted};

use super::check::{SchemaChecker, Violation};
use super::lattice::{Repr, Type};
use super::profile::{child, sorted};
use super::scope::{Named, Target};

/// Rules applied to decide one condition for one value of a search, which tries thousands.
const FUEL: u64 = 10_000;
/// Rules applied to decide one condition for a value that somebody asks about.
const FULL: u64 = 4_000_000;

/// Some keywords of a schema, taken together: `pattern`, `not`, `if` with `then` and `else`, an inexact `anyOf`.
///
/// The lattice cannot compare two of them, except for being the same; but each decides single values, so types with
/// finitely many values and witnesses are never in doubt.
#[derive(Debug)]
pub(crate) struct Opaque {
    /// The schema that holds the keywords.
    target: Target,
    keywords: Vec<Box<str>>,
    checker: OnceLock<Option<SchemaChecker>>,
}

impl Opaque {
    /// Whether the value meets the condition; `None` where it costs too much to tell, or the condition does not
    /// compile (its fault is reported by lowering).
    fn verdict(&self, value: &Value, mut fuel: u64) -> Option<bool> {
        let checker =
            self.checker.get_or_init(|| SchemaChecker::of_keywords(&self.target, &self.keywords).ok());
        checker.as_ref()?.verdict(value, &mut fuel)
    }

    /// Whether the value surely meets the condition, and that is soon told.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        self.verdict(value, FUEL) == Some(true)
    }

    /// What is wrong with a value that does not meet it.
    pub(crate) fn violation(&self, value: &Value) -> Option<Violation> {
        let checker = SchemaChecker::of_keywords(&self.target, &self.keywords).ok()?;
        checker.check(value).err()?.into_iter().next()
    }

    /// The pattern, where that is the condition.
    pub(crate) fn pattern(&self) -> Option<&str> {
        match self.keywords.as_slice() {
            [only] if &**only == "pattern" => self.member("pattern")?.as_str(),
            _ => None,
        }
    }

    /// The keywords, in the order of their names.
    pub(crate) fn keywords(&self) -> Vec<&str> {
        self.keywords.iter().map(AsRef::as_ref).collect()
    }

    /// The schema under a keyword, as a type that is lowered when it is looked into.
    pub(crate) fn schema(&self, keyword: &str) -> Option<Type> {
        self.member(keyword)?;
        Some(self.below(&[keyword]))
    }

    /// The schemas of a list under a keyword.
    pub(crate) fn schemas(&self, keyword: &str) -> Vec<Type> {
        let count = self.member(keyword).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).map(|at| self.below(&[keyword, &at.to_string()])).collect()
    }

    /// The schemas of an object under a keyword, with their names.
    pub(crate) fn named(&self, keyword: &str) -> Vec<(&str, Type)> {
        let Some(Value::Object(members)) = self.member(keyword) else { return Vec::new() };
        let members = sorted(members).into_iter();
        members.map(|(name, _)| (name.as_str(), self.below(&[keyword, name]))).collect()
    }

    /// What a `$ref` leads to.
    pub(crate) fn referred(&self) -> Option<Type> {
        let target = self.target.scope.resolve(self.member("$ref")?.as_str()?).ok()?;
        Some(Type(Repr::Named(Named::new(target))))
    }

    fn below(&self, tokens: &[&str]) -> Type {
        let pointer = tokens.iter().fold(self.target.pointer.to_string(), |at, token| child(&at, token));
        let target = Target { scope: self.target.scope.clone(), pointer: Arc::from(pointer) };
        Type(Repr::Named(Named::new(target)))
    }

    /// The value of a keyword.
    pub(crate) fn member(&self, keyword: &str) -> Option<&Value> {
        self.target.schema()?.get(keyword)
    }

    /// Whether both state the same condition in the same words.
    fn same(&self, other: &Opaque) -> bool {
        if self.keywords != other.keywords {
            return false;
        }
        let same_scope = Arc::ptr_eq(&self.target.scope.root, &other.target.scope.root);
        if same_scope && self.target.pointer == other.target.pointer {
            return true;
        }
        self.keywords.iter().all(|keyword| match (self.member(keyword), other.member(keyword)) {
            (Some(a), Some(b)) => json::equal(a, b) && (same_scope || !has_reference(a)),
            (None, None) => true,
            _ => false,
        })
    }
}

/// Whether a `$ref` stands anywhere inside: then equal words may mean different things in different scopes.
fn has_reference(value: &Value) -> bool {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if members.contains_key("$ref") {
                    return true;
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    false
}

/// A set of conditions, all of which hold. Hardly any type has one, and every type has room for them: it is small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opaques(Option<Arc<Vec<Arc<Opaque>>>>);

impl Opaques {
    pub(crate) fn none() -> Opaques {
        Opaques(None)
    }

    fn made_of(all: Vec<Arc<Opaque>>) -> Opaques {
        Opaques((!all.is_empty()).then(|| Arc::new(all)))
    }

    fn all(&self) -> &[Arc<Opaque>] {
        self.0.as_ref().map_or(&[], |all| all.as_slice())
    }

    /// One condition: these keywords of the schema at `target`.
    pub(crate) fn of(target: &Target, keywords: &[&str]) -> Opaques {
        let keywords = keywords.iter().map(|keyword| Box::from(*keyword)).collect();
        Opaques::made_of(vec![Arc::new(Opaque {
            target: target.clone(),
            keywords,
            checker: OnceLock::new(),
        })])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Opaque> {
        self.all().iter().map(AsRef::as_ref)
    }

    /// Whether the value meets all conditions, as the checker of a whole schema would say.
    pub(crate) fn contain(&self, value: &Value) -> bool {
        self.verdict(value, FULL) == Some(true)
    }

    /// Whether the value meets all conditions, and that is soon told: for searches.
    pub(crate) fn hold(&self, value: &Value) -> bool {
        self.verdict(value, FUEL) == Some(true)
    }

    /// Whether the value meets all conditions; `None` where that cannot be told.
    fn verdict(&self, value: &Value, fuel: u64) -> Option<bool> {
        let mut told = Some(true);
        for opaque in self.all() {
            match opaque.verdict(value, fuel) {
                Some(false) => return Some(false),
                Some(true) => {}
                None => told = None,
            }
        }
        told
    }

    /// The values that meet all conditions; `None` where that cannot be told of one.
    pub(crate) fn all_of(&self, mut values: Vec<Value>) -> Option<Vec<Value>> {
        if self.is_empty() {
            return Some(values);
        }
        let mut told = true;
        values.retain(|value| {
            let verdict = self.verdict(value, FUEL);
            told &= verdict.is_some();
            verdict == Some(true)
        });
        told.then_some(values)
    }

    /// The conditions of both.
    pub(crate) fn and(&self, other: &Opaques) -> Opaques {
        if other.is_empty() {
            return self.clone();
        }
        let mut all = self.all().to_vec();
        for opaque in other.all() {
            if !all.iter().any(|own| is_same(own, opaque)) {
                all.push(Arc::clone(opaque));
            }
        }
        Opaques::made_of(all)
    }

    /// The conditions in both.
    pub(crate) fn common(&self, other: &Opaques) -> Opaques {
        Opaques::made_of(self.all().iter().filter(|opaque| other.contains(opaque)).cloned().collect())
    }

    /// All but one of the conditions.
    pub(crate) fn without(&self, one: &Opaque) -> Opaques {
        Opaques::made_of(self.all().iter().filter(|own| !std::ptr::eq(own.as_ref(), one)).cloned().collect())
    }

    /// The conditions of `other` that are not among these.
    pub(crate) fn lacking<'a>(&self, other: &'a Opaques) -> Vec<&'a Opaque> {
        other.all().iter().filter(|opaque| !self.contains(opaque)).map(AsRef::as_ref).collect()
    }

    /// Whether the condition is among these.
    pub(crate) fn has(&self, condition: &Opaque) -> bool {
        self.all().iter().any(|own| std::ptr::eq(own.as_ref(), condition) || own.same(condition))
    }

    /// The conditions that are not among those of `other`.
    pub(crate) fn beyond(&self, other: &Opaques) -> Opaques {
        Opaques::made_of(self.all().iter().filter(|own| !other.contains(own)).cloned().collect())
    }

    /// Whether every condition of `other` is among these.
    pub(crate) fn imply(&self, other: &Opaques) -> bool {
        planted(Bug::LinkIgnoresConditions) || other.all().iter().all(|opaque| self.contains(opaque))
    }

    fn contains(&self, opaque: &Arc<Opaque>) -> bool {
        self.all().iter().any(|own| is_same(own, opaque))
    }
}

fn is_same(own: &Arc<Opaque>, other: &Arc<Opaque>) -> bool {
    Arc::ptr_eq(own, other) || own.same(other)
}

impl PartialEq for Opaques {
    fn eq(&self, other: &Opaques) -> bool {
        self.is_empty() && other.is_empty() || self.imply(other) && other.imply(self)
    }
}
