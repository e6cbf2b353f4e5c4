//! Seeded random expressions of a wanted kind.

/// What an expression gives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Real,
    Text,
    Bool,
    Wholes,
    Texts,
}

/// A source of expressions: the same seed, the same expression.
pub(crate) struct Random {
    state: u64,
    /// The variables in sight, with what they are.
    scope: Vec<(String, Kind)>,
    named: u32,
}

const DEPTH: u32 = 4;

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        // Spread, so that neighbours have nothing in common.
        let state = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Random { state, scope: Vec::new(), named: 0 }
    }

    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from((self.state >> 16) % most as u64).expect("below a usize")
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let at = self.below(of.len());
        of[at]
    }

    pub(crate) fn expression(&mut self) -> String {
        let kinds = [Kind::Whole, Kind::Real, Kind::Text, Kind::Bool, Kind::Bool, Kind::Wholes, Kind::Texts];
        let at = self.below(kinds.len());
        self.of(kinds[at], DEPTH)
    }

    fn of(&mut self, kind: Kind, depth: u32) -> String {
        let known: Vec<String> =
            self.scope.iter().filter(|(_, own)| *own == kind).map(|(name, _)| name.clone()).collect();
        if !known.is_empty() && self.below(3) == 0 {
            let at = self.below(known.len());
            return known[at].clone();
        }
        if depth == 0 || self.below(6) == 0 {
            return self.leaf(kind);
        }
        let depth = depth - 1;
        if self.below(8) == 0 {
            let (condition, then, otherwise) =
                (self.of(Kind::Bool, depth), self.of(kind, depth), self.of(kind, depth));
            return format!("({condition} ? {then} : {otherwise})");
        }
        match kind {
            Kind::Whole => self.whole(depth),
            Kind::Real => {
                let sign = self.one(&["+", "-", "*"]);
                let (a, b) = (self.of(Kind::Real, depth), self.of(Kind::Real, depth));
                format!("({a} {sign} {b})")
            }
            Kind::Text => self.text(depth),
            Kind::Bool => self.truth(depth),
            Kind::Wholes | Kind::Texts => self.list(kind, depth),
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Whole => {
                self.one(&["0", "1", "2", "9", "-5", "input.n", "input.zero", "input.minus", "input.map.a"])
            }
            // Literals keep a fraction: a whole one is a whole number to us.
            Kind::Real => self.one(&["0.5", "-1.5", "2.25", "input.half", "input.third", "input.reals[1]"]),
            Kind::Text => self.one(&[
                "\"\"",
                "'a'",
                "\"b,c\"",
                "input.name",
                "input.empty",
                "input.text",
                "input.rows[0].k",
            ]),
            Kind::Bool => {
                self.one(&["true", "false", "input.yes", "input.no", "has(input.name)", "has(input.nope)"])
            }
            Kind::Wholes => self.one(&["[]", "[1]", "[2, 2]", "input.list", "input.none"]),
            Kind::Texts => self.one(&["['a']", "input.texts", "[\"x\", 'y']"]),
        }
        .to_owned()
    }

    fn whole(&mut self, depth: u32) -> String {
        match self.below(8) {
            0..4 => {
                let sign = self.one(&["+", "-", "*"]);
                let (a, b) = (self.of(Kind::Whole, depth), self.of(Kind::Whole, depth));
                format!("({a} {sign} {b})")
            }
            4 => {
                let kind = [Kind::Text, Kind::Wholes, Kind::Texts][self.below(3)];
                format!("size({})", self.of(kind, depth))
            }
            5 => format!("(-({}))", self.of(Kind::Whole, depth)),
            6 => {
                let (list, at) = (self.of(Kind::Wholes, depth), self.one(&["0", "1", "2"]));
                format!("{list}[{at}]")
            }
            _ => format!("int({})", self.one(&["\"12\"", "'-3'", "\"x\"", "2.5", "-0.5"])),
        }
    }

    fn text(&mut self, depth: u32) -> String {
        match self.below(4) {
            0 | 1 => {
                let (a, b) = (self.of(Kind::Text, depth), self.of(Kind::Text, depth));
                format!("({a} + {b})")
            }
            2 => format!("string({})", self.of(Kind::Whole, depth)),
            _ => {
                let (list, at) = (self.of(Kind::Texts, depth), self.one(&["0", "1", "5"]));
                format!("{list}[{at}]")
            }
        }
    }

    fn truth(&mut self, depth: u32) -> String {
        match self.below(10) {
            0 | 1 => {
                let kind = [Kind::Whole, Kind::Real, Kind::Text][self.below(3)];
                let sign = self.one(&["<", "<=", ">", ">=", "==", "!="]);
                let (a, b) = (self.of(kind, depth), self.of(kind, depth));
                format!("({a} {sign} {b})")
            }
            2 => {
                let kind = [Kind::Wholes, Kind::Texts, Kind::Bool][self.below(3)];
                let sign = self.one(&["==", "!="]);
                let (a, b) = (self.of(kind, depth), self.of(kind, depth));
                format!("({a} {sign} {b})")
            }
            3 | 4 => {
                let sign = self.one(&["&&", "||"]);
                let (a, b) = (self.of(Kind::Bool, depth), self.of(Kind::Bool, depth));
                format!("({a} {sign} {b})")
            }
            5 => format!("!({})", self.of(Kind::Bool, depth)),
            6 => {
                let (one, many) =
                    if self.below(2) == 0 { (Kind::Whole, Kind::Wholes) } else { (Kind::Text, Kind::Texts) };
                let (one, many) = (self.of(one, depth), self.of(many, depth));
                format!("({one} in {many})")
            }
            7 => {
                let function = self.one(&["contains", "startsWith", "endsWith"]);
                let (a, b) = (self.of(Kind::Text, depth), self.of(Kind::Text, depth));
                format!("{a}.{function}({b})")
            }
            8 => {
                let pattern = self.one(&["^a", "[a-c]+$", "b,?c", "", "A.a"]);
                format!("{}.matches(\"{pattern}\")", self.of(Kind::Text, depth))
            }
            _ => {
                let name = self.one(&["all", "exists", "exists_one"]);
                let kind = [Kind::Wholes, Kind::Texts][self.below(2)];
                self.walk(kind, name, Kind::Bool, depth)
            }
        }
    }

    fn list(&mut self, kind: Kind, depth: u32) -> String {
        let item = if kind == Kind::Wholes { Kind::Whole } else { Kind::Text };
        match self.below(5) {
            0 => {
                let (a, b) = (self.of(item, depth), self.of(item, depth));
                format!("[{a}, {b}]")
            }
            1 => {
                let (a, b) = (self.of(kind, depth), self.of(kind, depth));
                format!("({a} + {b})")
            }
            2 => self.walk(kind, "filter", Kind::Bool, depth),
            _ => {
                let from = [Kind::Wholes, Kind::Texts][self.below(2)];
                self.walk(from, "map", item, depth)
            }
        }
    }

    /// A macro over a list, with a variable that the body may read.
    fn walk(&mut self, list: Kind, name: &str, body: Kind, depth: u32) -> String {
        let range = self.of(list, depth);
        if self.scope.len() >= 3 {
            return if name == "map" || name == "filter" { range } else { "true".to_owned() };
        }
        self.named += 1;
        let variable = format!("v{}", self.named);
        let item = if list == Kind::Wholes { Kind::Whole } else { Kind::Text };
        self.scope.push((variable.clone(), item));
        let body = self.of(body, depth);
        self.scope.pop();
        format!("{range}.{name}({variable}, {body})")
    }
}
