//! The generator's own types: what it believes every value can be.
//!
//! They are kept apart from the types of flov7 on purpose: what flov7 proves is held against what this module says,
//! and neither side may borrow the other's mistakes.

mod join;
mod random;
mod schema;
mod value;

use serde_json::Value;

pub use schema::Names;
pub use value::is_normal;

/// A type. Upper bounds: every value that can come is one of the type.
#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Only null.
    Null,
    /// True or false.
    Bool,
    /// Numbers.
    Number(Range),
    /// Texts.
    Text(Texts),
    /// Lists.
    List(Box<List>),
    /// Objects.
    Object(Box<Object>),
    /// One of several, of different kinds.
    Either(Vec<Ty>),
    /// The values of a type for which a further schema holds, of which nothing but values can tell.
    Such(Box<Such>),
    /// Anything at all.
    Any,
}

/// Numbers from `min` to `max`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// Without a fraction.
    pub whole: bool,
    /// The least.
    pub min: Option<i64>,
    /// The greatest.
    pub max: Option<i64>,
}

/// Texts of some lengths in code points, or one of a few.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    /// All of them, where they are few.
    pub values: Option<Vec<String>>,
    /// The fewest code points.
    pub min: u64,
    /// The most code points.
    pub max: Option<u64>,
}

/// Lists of one type of items.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// What each item is.
    pub item: Ty,
    /// The fewest items.
    pub min: u64,
    /// The most items.
    pub max: Option<u64>,
}

/// Objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The members that are declared.
    pub members: Vec<Member>,
    /// What other members may be there.
    pub rest: Rest,
}

/// A member that is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is, if it is there.
    pub ty: Ty,
    /// Whether it always is.
    pub required: bool,
}

/// What members besides the declared ones an object may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Rest {
    /// None.
    Closed,
    /// Any: the schema is silent.
    Open,
    /// Those of a type.
    Of(Box<Ty>),
}

/// Values with a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Such {
    /// What they are.
    pub of: Ty,
    /// The further schema.
    pub extra: Value,
    /// A value for which it holds.
    pub example: Value,
}

impl Ty {
    /// Any whole number.
    #[must_use]
    pub fn int() -> Ty {
        Ty::Number(Range { whole: true, ..Range::default() })
    }

    /// A whole number within limits.
    #[must_use]
    pub fn int_between(min: i64, max: i64) -> Ty {
        Ty::Number(Range { whole: true, min: Some(min), max: Some(max) })
    }

    /// Any number.
    #[must_use]
    pub fn num() -> Ty {
        Ty::Number(Range::default())
    }

    /// Any text.
    #[must_use]
    pub fn text() -> Ty {
        Ty::Text(Texts::default())
    }

    /// One of a few texts.
    #[must_use]
    pub fn texts(values: &[&str]) -> Ty {
        Ty::Text(Texts {
            values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            ..Texts::default()
        })
    }

    /// Any list of such items.
    #[must_use]
    pub fn list(item: Ty) -> Ty {
        Ty::List(Box::new(List { item, min: 0, max: None }))
    }

    /// An object with these members.
    #[must_use]
    pub fn object(members: Vec<Member>, rest: Rest) -> Ty {
        Ty::Object(Box::new(Object { members, rest }))
    }

    /// The type or null.
    #[must_use]
    pub fn or_null(self) -> Ty {
        match self {
            Ty::Null | Ty::Any => self,
            Ty::Either(mut of) => {
                if !of.contains(&Ty::Null) {
                    of.push(Ty::Null);
                }
                Ty::Either(of)
            }
            other => Ty::Either(vec![other, Ty::Null]),
        }
    }

    /// Whether it holds whole numbers alone.
    #[must_use]
    pub fn is_int(&self) -> bool {
        matches!(self, Ty::Number(Range { whole: true, .. }))
    }

    /// The word that `type(x)` gives, where it is the same for all values.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Ty::Null => "null",
            Ty::Bool => "bool",
            Ty::Number(_) => "number",
            Ty::Text(_) => "string",
            Ty::List(_) => "list",
            Ty::Object(_) => "map",
            Ty::Such(such) => return such.of.kind(),
            Ty::Either(_) | Ty::Any => return None,
        })
    }

    /// The same kinds and members without limits: all that is known of what an expression computes.
    #[must_use]
    pub fn shape(&self) -> Ty {
        match self {
            Ty::Number(range) => Ty::Number(Range { whole: range.whole, min: None, max: None }),
            Ty::Text(_) => Ty::text(),
            // A list that is always empty stays one: nothing may be taken out of it.
            Ty::List(list) => {
                let max = list.max.filter(|max| *max == 0);
                Ty::List(Box::new(List { item: list.item.shape(), min: 0, max }))
            }
            Ty::Object(object) => {
                let member = |member: &Member| Member { ty: member.ty.shape(), ..member.clone() };
                let rest = match &object.rest {
                    Rest::Of(ty) => Rest::Of(Box::new(ty.shape())),
                    other => other.clone(),
                };
                Ty::object(object.members.iter().map(member).collect(), rest)
            }
            Ty::Either(of) => Ty::Either(of.iter().map(Ty::shape).collect()),
            Ty::Such(such) => such.of.shape(),
            Ty::Null | Ty::Bool | Ty::Any => self.clone(),
        }
    }

    /// Whether every value of this type is surely one of `other`.
    #[must_use]
    pub fn is_within(&self, other: &Ty) -> bool {
        if matches!(other, Ty::Any) || self == other {
            return true;
        }
        match (self, other) {
            (Ty::Either(of), _) => of.iter().all(|one| one.is_within(other)),
            (_, Ty::Either(of)) => of.iter().any(|one| self.is_within(one)),
            (Ty::Such(such), _) => such.of.is_within(other),
            (Ty::Number(own), Ty::Number(wide)) => {
                (own.whole || !wide.whole)
                    && wide.min.is_none_or(|least| own.min.is_some_and(|min| min >= least))
                    && wide.max.is_none_or(|most| own.max.is_some_and(|max| max <= most))
            }
            (Ty::Text(own), Ty::Text(wide)) => own.is_within(wide),
            (Ty::List(own), Ty::List(wide)) => {
                own.min >= wide.min
                    && wide.max.is_none_or(|most| own.max.is_some_and(|max| max <= most))
                    && (own.max == Some(0) || own.item.is_within(&wide.item))
            }
            (Ty::Object(own), Ty::Object(wide)) => own.is_within(wide),
            _ => false,
        }
    }
}

impl Texts {
    fn is_within(&self, wide: &Texts) -> bool {
        let fits = |length: u64| length >= wide.min && wide.max.is_none_or(|most| length <= most);
        match (&self.values, &wide.values) {
            (Some(own), Some(wide)) => own.iter().all(|text| wide.contains(text)),
            (Some(own), None) => own.iter().all(|text| fits(text.chars().count() as u64)),
            (None, Some(_)) => false,
            (None, None) => {
                self.min >= wide.min && wide.max.is_none_or(|most| self.max.is_some_and(|max| max <= most))
            }
        }
    }
}

impl Object {
    /// The member of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    fn is_within(&self, wide: &Object) -> bool {
        let declared = wide.members.iter().all(|wanted| match self.member(&wanted.name) {
            Some(own) => (own.required || !wanted.required) && own.ty.is_within(&wanted.ty),
            None => {
                !wanted.required
                    && match &self.rest {
                        Rest::Closed => true,
                        Rest::Open => wanted.ty == Ty::Any,
                        Rest::Of(ty) => ty.is_within(&wanted.ty),
                    }
            }
        });
        let further = self.members.iter().filter(|own| wide.member(&own.name).is_none());
        declared
            && match (&self.rest, &wide.rest) {
                (_, Rest::Open) => true,
                (Rest::Closed, Rest::Closed) => further.count() == 0,
                (_, Rest::Closed) | (Rest::Open, Rest::Of(_)) => false,
                (Rest::Closed, Rest::Of(ty)) => further.into_iter().all(|own| own.ty.is_within(ty)),
                (Rest::Of(own), Rest::Of(ty)) => {
                    own.is_within(ty) && further.into_iter().all(|own| own.ty.is_within(ty))
                }
            }
    }
}
