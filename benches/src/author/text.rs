//! Expressions that give texts.

use super::literal::text_literal;
use super::scope::Scope;
use super::{Author, E};
use crate::ty::Ty;

impl Author {
    /// A text.
    pub(super) fn text(&mut self, s: &Scope, d: u32) -> E {
        if d == 0 || self.dice.chance(1, 4) {
            return self.plain_text(s);
        }
        let e = match self.dice.roll(28) {
            0 | 1 => {
                self.count("operator text + text");
                format!("({} + {})", self.text(s, d - 1).text, self.text(s, d - 1).text)
            }
            2 | 3 => {
                let name = *self.dice.one(&["lower", "upper", "lowerAscii", "upperAscii", "trim"]);
                self.count(name);
                format!("{}.{name}()", self.text(s, d - 1).text)
            }
            4 => {
                self.count("replace");
                let (of, old, new) = (self.text(s, d - 1).text, self.text(s, 0).text, self.text(s, 0).text);
                let limit = *self.dice.one(&["", ", 1", ", 3"]);
                format!("{of}.replace({old}, {new}{limit})")
            }
            5 => {
                self.count("substring");
                let (of, at) = (self.text(s, d - 1).text, self.number(s, true, 0).text);
                let end = self.dice.chance(1, 2).then(|| self.number(s, true, 0).text);
                format!("{of}.substring({at}{})", end.map_or(String::new(), |end| format!(", {end}")))
            }
            6 => {
                self.count("charAt");
                format!("{}.charAt({})", self.text(s, d - 1).text, self.number(s, true, 0).text)
            }
            7 => {
                self.count("join");
                let list = self.list(s, &Ty::text(), d - 1).text;
                let gap = if self.dice.chance(1, 2) { self.text(s, 0).text } else { String::new() };
                format!("{list}.join({gap})")
            }
            8 => {
                self.count("string");
                let of = match self.dice.roll(5) {
                    0 => self.truth(s, d - 1).text,
                    1 => self.time(s, d - 1),
                    2 => self.span(s, d - 1),
                    3 => self.text(s, d - 1).text,
                    _ => self.number(s, false, d - 1).text,
                };
                format!("string({of})")
            }
            9 => {
                self.count("toJson");
                format!("toJson({})", self.anything(s, d - 1))
            }
            10 => {
                self.count("type");
                format!("type({})", self.anything(s, d - 1))
            }
            11 => {
                let name = *self.dice.one(&["base64.encode", "url.encode"]);
                self.count(name);
                format!("{name}({})", self.text(s, d - 1).text)
            }
            12 => {
                let name = *self.dice.one(&["base64.decode", "url.decode"]);
                self.count(name);
                format!("{name}({})", self.text(s, d - 1).text)
            }
            13 => {
                self.count("reverse");
                format!("{}.reverse()", self.text(s, d - 1).text)
            }
            14 => {
                self.count("split");
                format!("{}.split(\",\").first()", self.text(s, d - 1).text)
            }
            15 => {
                let name = *self.dice.one(&["first", "last", "min", "max"]);
                self.count(name);
                format!("{}.{name}()", self.full_list(s, &Ty::text()))
            }
            16 => {
                self.count("index");
                return E::known(self.indexed(s, &Ty::text()), Ty::text());
            }
            17 | 18 => {
                return self.conditional(s, d, |author, s, d| author.text(s, d));
            }
            19 => match self.optional(s, &Ty::text()) {
                Some((optional, _)) => format!("{optional}.orValue({})", self.text(s, d - 1).text),
                None => return self.plain_text(s),
            },
            20 => {
                self.count("computed key");
                match s.dictionary(&mut self.dice) {
                    Some(read) => {
                        let key = self.text(s, d - 1).text;
                        let read = &read.path;
                        format!("(size({read}) > 3 ? toJson({read}[{key} + \"\"]) : toJson({read}))")
                    }
                    None => return self.plain_text(s),
                }
            }
            21 => {
                self.count("strings.quote");
                format!("strings.quote({})", self.text(s, d - 1).text)
            }
            22 | 23 => self.formatted(s, d - 1),
            24 => return self.bound(s, d, |author, s, d| author.text(s, d)),
            25 => match self.of_optional(s, d, |author, s, d| author.text(s, d).text) {
                Some(text) => text,
                None => return self.plain_text(s),
            },
            _ => match self.asked(s, |read| read.ty.is_within(&Ty::text())) {
                Some((read, otherwise)) => {
                    let other = self.text(&otherwise, d - 1).text;
                    return E::known(format!("({} ? {} : {other})", read.asks(), read.path), Ty::text());
                }
                None => return self.plain_text(s),
            },
        };
        E::computed(format!("({e})"), Ty::text())
    }

    /// Values written into a text: for each clause one that it can write, or that it can tell of only in a run.
    fn formatted(&mut self, s: &Scope, d: u32) -> String {
        self.count("format");
        let (mut text, mut values) = (String::new(), Vec::new());
        for _ in 0..self.dice.between(0, 3) {
            text.push_str(self.dice.one::<&str>(&["", "n: ", "100%% "]));
            let (clause, value) = match self.dice.roll(7) {
                0 => ("%d", self.number(s, true, d).text),
                1 => (*self.dice.one(&["%f", "%.2f"]), self.number(s, false, d).text),
                2 => (*self.dice.one(&["%e", "%.3e"]), self.number(s, false, d).text),
                3 => (
                    "%b",
                    if self.dice.chance(1, 2) { self.truth(s, d).text } else { self.number(s, true, d).text },
                ),
                4 => (*self.dice.one(&["%x", "%X"]), self.text(s, d).text),
                5 => (*self.dice.one(&["%o", "%x", "%X"]), self.number(s, true, d).text),
                _ => ("%s", self.anything(s, d)),
            };
            text.push_str(clause);
            values.push(value);
        }
        format!("{}.format([{}])", text_literal(&text), values.join(", "))
    }

    /// A text that is written or read.
    fn plain_text(&mut self, s: &Scope) -> E {
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty.is_within(&Ty::text()));
        match read.filter(|_| self.dice.chance(3, 4)) {
            Some(read) => E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed },
            None => {
                let text = *self.dice.one(&["", "a", ",", "abc", "é", "key two", "b-c", "x y"]);
                E::known(text_literal(text), Ty::texts(&[text]))
            }
        }
    }
}
