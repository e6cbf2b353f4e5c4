//! Macros that name two variables, objects that macros make, and macros that name one value.

use super::scope::Scope;
use super::{Author, E};
use crate::ty::{Rest, Ty};

impl Author {
    /// What is made of each position and member of a list, or of each key and member of an object.
    pub(super) fn transformed_list(&mut self, s: &Scope, item: &Ty, d: u32) -> E {
        self.count("transformList");
        let (range, key, member) = match self.dice.roll(3) {
            0 => {
                let (text, member) = self.made_object(s, d - 1);
                (E::computed(text, Ty::Any), Ty::text(), Some(member))
            }
            1 => {
                let list = self.list(s, &Ty::text(), d - 1);
                let member = items(&list);
                (list, Ty::int(), member)
            }
            _ => {
                let list = self.list(s, &Ty::num(), d - 1);
                let member = items(&list);
                (list, Ty::int(), member)
            }
        };
        let (names, inner) = self.bind_two(s, key, member);
        let filter = self.kept(&inner, d - 1);
        let made = self.fill(&inner, item, d - 1);
        let text = format!("{}.transformList({names}, {filter}{})", range.text, made.text);
        self.computed_list(text, Some(&made.ty), &range.ty)
    }

    /// An object that a macro makes, and what its members are.
    pub(super) fn made_object(&mut self, s: &Scope, d: u32) -> (String, Ty) {
        let of = if self.dice.chance(1, 2) { Ty::text() } else { Ty::num() };
        if d == 0 {
            let (a, b) = (self.fill(s, &of, 0).text, self.fill(s, &of, 0).text);
            return (format!("{{\"a\": {a}, \"b c\": {b}}}"), of);
        }
        match self.dice.roll(3) {
            0 => {
                self.count("transformMapEntry");
                let list = self.list(s, &of, d - 1);
                let (names, inner) = self.bind_two(s, Ty::int(), items(&list));
                let filter = self.kept(&inner, d - 1);
                // Keys that come twice are for the run to tell.
                let key = match self.dice.roll(3) {
                    0 => self.text(&inner, d - 1).text,
                    1 => "\"one\"".to_owned(),
                    _ => format!("string({})", names.split(',').next().unwrap_or("0")),
                };
                let made = self.fill(&inner, &of, d - 1).text;
                (format!("{}.transformMapEntry({names}, {filter}{{({key}): {made}}})", list.text), of)
            }
            1 => {
                self.count("groupBy");
                let list = self.list(s, &of, d - 1);
                let (name, inner) = self.bind(s, &list);
                let key = self.text(&inner, d - 1).text;
                (format!("{}.groupBy({name}, {key})", list.text), Ty::list(of))
            }
            _ => {
                self.count("transformMap");
                let (range, member) = match s.dictionary(&mut self.dice) {
                    Some(read) => match &read.ty {
                        Ty::Object(object) if object.members.is_empty() => match &object.rest {
                            Rest::Of(ty) => (read.path.clone(), (**ty).clone()),
                            _ => (read.path.clone(), Ty::Any),
                        },
                        _ => (read.path.clone(), Ty::Any),
                    },
                    None => self.made_object(s, d - 1),
                };
                let (names, inner) = self.bind_two(s, Ty::text(), Some(member));
                let filter = self.kept(&inner, d - 1);
                let made = self.fill(&inner, &of, d - 1).text;
                (format!("{range}.transformMap({names}, {filter}{made})"), of)
            }
        }
    }

    /// Whether something holds for all, some or one of the positions and members of a list.
    pub(super) fn decided_by_two(&mut self, s: &Scope, d: u32) -> String {
        let name = *self.dice.one(&["all", "exists", "existsOne"]);
        self.count("all, exists, existsOne of two variables");
        let of = if self.dice.chance(1, 2) { Ty::text() } else { Ty::num() };
        let list = self.list(s, &of, d - 1);
        let (names, inner) = self.bind_two(s, Ty::int(), items(&list));
        format!("{}.{name}({names}, {})", list.text, self.truth(&inner, d - 1).text)
    }

    /// Something made of a value that has been given a name. What is only read or written is still that.
    pub(super) fn bound(
        &mut self,
        s: &Scope,
        d: u32,
        mut make: impl FnMut(&mut Author, &Scope, u32) -> E,
    ) -> E {
        self.count("cel.bind");
        let value = match self.dice.roll(3) {
            0 => self.text(s, d - 1),
            1 => self.list(s, &Ty::num(), d - 1),
            _ => self.number(s, false, d - 1),
        };
        let name = self.variable();
        let mut inner = s.clone();
        inner.add_made(&name, &value.ty, value.computed, &[]);
        let body = make(self, &inner, d - 1);
        E { text: format!("cel.bind({name}, {}, {})", value.text, body.text), ..body }
    }

    /// Something made of what an optional holds, with another where it holds nothing.
    pub(super) fn of_optional(
        &mut self,
        s: &Scope,
        d: u32,
        mut make: impl FnMut(&mut Author, &Scope, u32) -> String,
    ) -> Option<String> {
        let (optional, ty) = self.optional(s, &Ty::Any)?;
        let name = self.variable();
        let mut inner = s.clone();
        inner.add_made(&name, &ty.shape(), true, &[]);
        let (made, otherwise) = (make(self, &inner, d - 1), make(self, s, d - 1));
        Some(if self.dice.chance(1, 2) {
            self.count("optMap");
            format!("{optional}.optMap({name}, {made}).orValue({otherwise})")
        } else {
            self.count("optFlatMap");
            format!("{optional}.optFlatMap({name}, optional.of({made})).orValue({otherwise})")
        })
    }

    /// Two variables, and the scope inside of the macro. Without a member nothing is ever walked.
    fn bind_two(&mut self, s: &Scope, key: Ty, member: Option<Ty>) -> (String, Scope) {
        let (first, second) = (self.variable(), self.variable());
        let mut inner = s.clone();
        if let Some(member) = member {
            inner.add_made(&first, &key, true, &[]);
            inner.add_made(&second, &member.shape(), true, &[]);
        }
        (format!("{first}, {second}"), inner)
    }

    /// A condition before what is made, with its comma, or nothing.
    fn kept(&mut self, inner: &Scope, d: u32) -> String {
        if self.dice.chance(1, 4) { format!("{}, ", self.mute(inner, d)) } else { String::new() }
    }
}

/// What the items of a list are; nothing where it is always empty.
fn items(list: &E) -> Option<Ty> {
    match &list.ty {
        Ty::List(list) if list.max != Some(0) => Some(list.item.clone()),
        _ => None,
    }
}
