//! The type of a value, and the type of one of two.

use serde_json::Value;

use super::{List, Member, Object, Range, Rest, Texts, Ty};

impl Ty {
    /// The type of exactly that value, as far as types can say it.
    #[must_use]
    pub fn of_value(value: &Value) -> Ty {
        match value {
            Value::Null => Ty::Null,
            Value::Bool(_) => Ty::Bool,
            Value::Number(number) => match number.as_i64() {
                Some(at) => Ty::int_between(at, at),
                None => Ty::Number(around(number.as_f64().unwrap_or(0.0), number.is_u64())),
            },
            Value::String(text) => Ty::texts(&[text]),
            Value::Array(items) => {
                let item = items.iter().map(Ty::of_value).reduce(|a, b| a.join(&b)).unwrap_or(Ty::Null);
                let count = items.len() as u64;
                Ty::List(Box::new(List { item, min: count, max: Some(count) }))
            }
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| Member {
                    name: name.clone(),
                    ty: Ty::of_value(value),
                    required: true,
                };
                Ty::object(members.iter().map(member).collect(), Rest::Closed)
            }
        }
    }

    /// The values of both.
    #[must_use]
    pub fn join(&self, other: &Ty) -> Ty {
        if other.is_within(self) {
            return self.clone();
        }
        if self.is_within(other) {
            return other.clone();
        }
        match (self, other) {
            (Ty::Such(such), other) | (other, Ty::Such(such)) => such.of.join(other),
            (Ty::Either(of), other) | (other, Ty::Either(of)) => {
                let parts = match other {
                    Ty::Either(more) => more.clone(),
                    one => vec![one.clone()],
                };
                parts.iter().fold(Ty::Either(of.clone()), |all, part| all.with_part(part))
            }
            (Ty::Number(a), Ty::Number(b)) => Ty::Number(Range {
                whole: a.whole && b.whole,
                min: a.min.zip(b.min).map(|(a, b)| a.min(b)),
                max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
            }),
            (Ty::Text(a), Ty::Text(b)) => Ty::Text(a.join(b)),
            (Ty::List(a), Ty::List(b)) => {
                let item = match (a.max, b.max) {
                    (Some(0), _) => b.item.clone(),
                    (_, Some(0)) => a.item.clone(),
                    _ => a.item.join(&b.item),
                };
                let max = a.max.zip(b.max).map(|(a, b)| a.max(b));
                Ty::List(Box::new(List { item, min: a.min.min(b.min), max }))
            }
            (Ty::Object(a), Ty::Object(b)) => Ty::Object(Box::new(a.join(b))),
            _ => Ty::Either(vec![self.clone(), other.clone()]),
        }
    }

    /// Several kinds and one more.
    fn with_part(&self, part: &Ty) -> Ty {
        let Ty::Either(of) = self else { return self.join(part) };
        let mut parts = of.clone();
        match parts.iter_mut().find(|own| own.kind() == part.kind()) {
            Some(own) => *own = own.join(part),
            None => parts.push(part.clone()),
        }
        Ty::Either(parts)
    }
}

/// The whole numbers around a number that is none, or is too great to be one of 64 bits.
fn around(at: f64, whole: bool) -> Range {
    // Casts keep to the ends of the range.
    let (low, high) = (at.floor() as i64, at.ceil() as i64);
    Range { whole, min: (low > i64::MIN).then_some(low), max: (high < i64::MAX).then_some(high) }
}

impl Texts {
    fn join(&self, other: &Texts) -> Texts {
        if let (Some(a), Some(b)) = (&self.values, &other.values)
            && a.len() + b.len() <= 16
        {
            let mut all = a.clone();
            all.extend(b.iter().filter(|text| !a.contains(text)).cloned());
            return Texts { values: Some(all), ..Texts::default() };
        }
        let ((low, high), (min, max)) = (self.lengths(), other.lengths());
        Texts { values: None, min: low.min(min), max: high.zip(max).map(|(a, b)| a.max(b)) }
    }

    fn lengths(&self) -> (u64, Option<u64>) {
        let Some(values) = &self.values else { return (self.min, self.max) };
        let lengths = || values.iter().map(|text| text.chars().count() as u64);
        (lengths().min().unwrap_or(0), lengths().max())
    }
}

impl Object {
    /// A member that one of them does not declare need not be there.
    fn join(&self, other: &Object) -> Object {
        let mut members = Vec::new();
        for own in &self.members {
            members.push(match other.member(&own.name) {
                Some(member) => Member {
                    name: own.name.clone(),
                    ty: own.ty.join(&member.ty),
                    required: own.required && member.required,
                },
                None => other.undeclared(own),
            });
        }
        for member in other.members.iter().filter(|member| self.member(&member.name).is_none()) {
            members.push(self.undeclared(member));
        }
        let rest = match (&self.rest, &other.rest) {
            (Rest::Open, _) | (_, Rest::Open) => Rest::Open,
            (Rest::Closed, rest) | (rest, Rest::Closed) => rest.clone(),
            (Rest::Of(a), Rest::Of(b)) => Rest::Of(Box::new(a.join(b))),
        };
        Object { members, rest }
    }

    /// What a member is where this object may stand in for the one that declares it.
    fn undeclared(&self, member: &Member) -> Member {
        let ty = match &self.rest {
            Rest::Closed => member.ty.clone(),
            Rest::Open => Ty::Any,
            Rest::Of(ty) => member.ty.join(ty),
        };
        Member { name: member.name.clone(), ty, required: false }
    }
}
