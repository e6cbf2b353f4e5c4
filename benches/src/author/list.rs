//! Expressions that give lists, and what takes something out of them.

use super::scope::Scope;
use super::{Author, E};
use crate::ty::{List, Ty};

impl Author {
    /// A list of such items, whose limits are not asked for.
    pub(super) fn list(&mut self, s: &Scope, item: &Ty, d: u32) -> E {
        let item = item.shape();
        if d == 0 || self.dice.chance(1, 3) {
            return self.plain_list(s, &item);
        }
        let text_or_number = matches!(item, Ty::Text(_) | Ty::Number(_));
        let list = match self.dice.roll(18) {
            0..=2 => {
                self.count("map");
                let of = if self.dice.chance(1, 2) { Ty::num() } else { Ty::text() };
                let list = self.any_list(s, &of, d - 1);
                let (name, inner) = self.bind(s, &list);
                let filter = self.dice.chance(1, 4).then(|| self.mute(&inner, d - 1));
                let made = self.fill(&inner, &item, d - 1);
                let filter = filter.map_or(String::new(), |filter| format!("{filter}, "));
                let text = format!("{}.map({name}, {filter}{})", list.text, made.text);
                return self.computed_list(text, Some(&made.ty), &list.ty);
            }
            3 | 4 => {
                self.count("filter");
                let list = self.list(s, &item, d - 1);
                let (name, inner) = self.bind(s, &list);
                let keep = self.mute(&inner, d - 1);
                return self.computed_list(format!("{}.filter({name}, {keep})", list.text), None, &list.ty);
            }
            5 if text_or_number => {
                self.count("sort");
                let list = self.list(s, &item, d - 1);
                return self.computed_list(format!("{}.sort()", list.text), None, &list.ty);
            }
            6 => {
                self.count("sortBy");
                let list = self.list(s, &item, d - 1);
                let (name, inner) = self.bind(s, &list);
                let key = self.number(&inner, false, d - 1).text;
                return self.computed_list(format!("{}.sortBy({name}, {key})", list.text), None, &list.ty);
            }
            7 => {
                let name = *self.dice.one(&["reverse", "distinct"]);
                self.count(name);
                let list = self.list(s, &item, d - 1);
                return self.computed_list(format!("{}.{name}()", list.text), None, &list.ty);
            }
            8 => {
                self.count("flatten");
                let (a, b) = (self.list(s, &item, d - 1), self.list(s, &item, 0));
                if matches!(item, Ty::Any | Ty::Either(_) | Ty::List(_)) {
                    return a;
                }
                return self.computed_list(
                    format!("[{}, {}].flatten()", a.text, b.text),
                    None,
                    &a.ty.join(&b.ty),
                );
            }
            9 => {
                self.count("slice");
                let list = self.list(s, &item, d - 1);
                let end = self.dice.between(1, 3);
                return self.computed_list(format!("{}.slice(0, {end})", list.text), None, &list.ty);
            }
            10 => {
                self.count("operator list + list");
                let (a, b) = (self.list(s, &item, d - 1), self.list(s, &item, d - 1));
                return self.computed_list(format!("({} + {})", a.text, b.text), None, &a.ty.join(&b.ty));
            }
            11 if item.is_int() => {
                self.count("range");
                let end = match s.any_number(&mut self.dice, true) {
                    Some(read) if self.dice.chance(1, 3) => read.path.clone(),
                    _ => self.dice.between(1, 5).to_string(),
                };
                format!("range({end})")
            }
            12 if item == Ty::text() => {
                self.count("split");
                let limit = *self.dice.one(&["", ", 2"]);
                format!("{}.split({}{limit})", self.text(s, d - 1).text, self.text(s, 0).text)
            }
            13 if item == Ty::text() => match s.dictionary(&mut self.dice) {
                Some(read) => {
                    self.count("walk over keys");
                    let key = self.variable();
                    format!("{0}.map({key}, {key} + toJson({0}[{key}]))", read.path)
                }
                None => return self.plain_list(s, &item),
            },
            14 => {
                self.count("chunk");
                let list = self.list(s, &item, d - 1);
                if matches!(item, Ty::Any | Ty::Either(_) | Ty::List(_)) {
                    return list;
                }
                let size = match s.any_number(&mut self.dice, true) {
                    Some(read) if self.dice.chance(1, 3) => read.path.clone(),
                    _ => self.dice.between(1, 3).to_string(),
                };
                let text = format!("{}.chunk({size}).flatten()", list.text);
                return self.computed_list(text, None, &list.ty);
            }
            15 => return self.transformed_list(s, &item, d),
            16 if item == Ty::text() => {
                self.count("walk over made keys");
                let (object, _) = self.made_object(s, d - 1);
                let key = self.variable();
                format!("{object}.map({key}, {key})")
            }
            _ => {
                return self.conditional(s, d, |author, s, d| author.list(s, &item, d));
            }
        };
        E::computed(format!("({list})"), Ty::list(item))
    }

    /// A list of what is made of the items of another, or of those items themselves.
    pub(super) fn computed_list(&self, text: String, made: Option<&Ty>, from: &Ty) -> E {
        let (item, max) = match from {
            Ty::List(list) => (list.item.clone(), list.max.filter(|max| *max == 0)),
            _ => (Ty::Any, None),
        };
        let item = made.cloned().unwrap_or(item).shape();
        E::computed(text, Ty::List(Box::new(List { item, min: 0, max })))
    }

    /// A list of something, for whoever does not mind of what.
    fn any_list(&mut self, s: &Scope, usual: &Ty, d: u32) -> E {
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && matches!(read.ty, Ty::List(_)));
        match read {
            Some(read) if self.dice.chance(2, 3) => {
                E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed }
            }
            _ => self.list(s, usual, d),
        }
    }

    /// A list that is written or read.
    fn plain_list(&mut self, s: &Scope, item: &Ty) -> E {
        let ty = Ty::list(item.clone());
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty.is_within(&ty));
        if let Some(read) = read.filter(|_| self.dice.chance(3, 4)) {
            return E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed };
        }
        let count = self.dice.roll(4);
        let items: Vec<E> = (0..count).map(|_| self.fill(s, item, 0)).collect();
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        let ty = items.iter().map(|item| item.ty.clone()).reduce(|a, b| a.join(&b)).unwrap_or(Ty::Null);
        let computed = items.iter().any(|item| item.computed);
        let list = List { item: ty, min: count, max: Some(count) };
        E { text: format!("[{}]", texts.join(", ")), ty: Ty::List(Box::new(list)), computed }
    }

    /// A list that is not always empty, though it may be in a run.
    pub(super) fn full_list(&mut self, s: &Scope, item: &Ty) -> String {
        let ty = Ty::list(item.clone());
        let read = s.pick(&mut self.dice, |read| {
            let some = matches!(&read.ty, Ty::List(list) if list.max != Some(0));
            read.is_described() && some && read.ty.is_within(&ty)
        });
        match read {
            Some(read) if self.dice.chance(3, 4) => read.path.clone(),
            _ => format!("[{}, {}]", self.fill(s, item, 0).text, self.fill(s, item, 0).text),
        }
    }

    /// One of a list by its position, which may not be there in a run.
    pub(super) fn indexed(&mut self, s: &Scope, item: &Ty) -> String {
        let ty = Ty::list(item.clone());
        let list = s.pick(&mut self.dice, |read| {
            let some = matches!(&read.ty, Ty::List(list) if list.max.is_none_or(|max| max > 2));
            read.is_described() && some && read.ty.is_within(&ty)
        });
        let Some(list) = list.map(|read| read.path.clone()) else {
            let (a, b) = (self.fill(s, item, 0).text, self.fill(s, item, 0).text);
            return format!("[{a}, {b}][{}]", self.dice.roll(2));
        };
        let at = s.any_number(&mut self.dice, false);
        match (at, self.dice.roll(4)) {
            (Some(read), 0 | 1) => format!("{list}[{}]", read.path),
            (_, 2) => format!("{list}[size({list}) - 1]"),
            (_, 3) => format!("{list}[?1].orValue({list}[0])"),
            _ => format!("{list}[{}]", self.dice.roll(2)),
        }
    }

    /// Something that has a size.
    pub(super) fn sizeable(&mut self, s: &Scope, d: u32) -> String {
        let read = s.pick(&mut self.dice, |read| {
            read.guard.is_empty() && matches!(read.ty, Ty::List(_) | Ty::Text(_) | Ty::Object(_))
        });
        match (read, self.dice.roll(3)) {
            (Some(read), 0 | 1) => read.path.clone(),
            (_, 0) => self.list(s, &Ty::int(), d).text,
            _ => self.text(s, d).text,
        }
    }

    /// A variable over a list, and the scope inside of the macro.
    pub(super) fn bind(&mut self, s: &Scope, list: &E) -> (String, Scope) {
        let name = self.variable();
        let mut inner = s.clone();
        // The items of a list that is always empty have no type.
        if let Ty::List(items) = &list.ty
            && items.max != Some(0)
        {
            inner.add_made(&name, &items.item, true, &[]);
        }
        (name, inner)
    }
}
