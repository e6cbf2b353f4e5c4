//! Comparisons in words: "above 500", "whose tier is gold".

use serde_json::Value;

use super::number::number;
use super::text::{Token, TokenKind, stem};

/// Something compared with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comparison {
    /// The operator in CEL.
    pub(super) operator: &'static str,
    /// What is compared with.
    pub(super) value: Value,
    /// The words as they stand, comparator and value.
    pub(super) words: Vec<Token>,
}

const COMPARATORS: &[(&[&str], &str)] = &[
    (&["more", "than"], ">"),
    (&["greater", "than"], ">"),
    (&["larger", "than"], ">"),
    (&["bigger", "than"], ">"),
    (&["higher", "than"], ">"),
    (&["above"], ">"),
    (&["over"], ">"),
    (&["exceeding"], ">"),
    (&["exceeds"], ">"),
    (&["at", "least"], ">="),
    (&["less", "than"], "<"),
    (&["fewer", "than"], "<"),
    (&["smaller", "than"], "<"),
    (&["lower", "than"], "<"),
    (&["below"], "<"),
    (&["under"], "<"),
    (&["at", "most"], "<="),
    (&["up", "to"], "<="),
    (&["exactly"], "=="),
    (&["equal", "to"], "=="),
    (&["equals"], "=="),
];

/// Takes the first comparison with a number out of some words; gives it and the other words.
pub(super) fn numeric(tokens: &[Token]) -> (Option<Comparison>, Vec<Token>) {
    for at in 0..tokens.len() {
        for (phrase, operator) in COMPARATORS {
            let after = at + phrase.len();
            let here = tokens.get(at..after);
            let same = here.is_some_and(|here| here.iter().zip(*phrase).all(|(t, w)| t.text == *w));
            let Some(value) = tokens.get(after).filter(|_| same).filter(|t| t.kind == TokenKind::Number)
            else {
                continue;
            };
            let Some(value) = number(&value.text) else { continue };
            let end = after + 1;
            return (
                Some(comparison(operator, Value::Number(value), &tokens[at..end])),
                without(tokens, at, end),
            );
        }
        // "500 or more"
        let postfix = match (
            tokens.get(at + 1).map(|t| t.text.as_str()),
            tokens.get(at + 2).map(|t| t.text.as_str()),
        ) {
            (Some("or"), Some("more")) => ">=",
            (Some("or"), Some("less" | "fewer")) => "<=",
            _ => continue,
        };
        if let Some(value) =
            Some(&tokens[at]).filter(|t| t.kind == TokenKind::Number).and_then(|t| number(&t.text))
        {
            let words = &tokens[at..at + 3];
            return (Some(comparison(postfix, Value::Number(value), words)), without(tokens, at, at + 3));
        }
    }
    (None, tokens.to_vec())
}

fn comparison(operator: &'static str, value: Value, words: &[Token]) -> Comparison {
    Comparison { operator, value, words: words.to_vec() }
}

fn without(tokens: &[Token], from: usize, to: usize) -> Vec<Token> {
    [&tokens[..from], &tokens[to..]].concat()
}

/// A member of a payload that can be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    /// The names that lead to it.
    pub(super) path: Vec<String>,
    /// Its schema.
    pub(super) schema: Value,
    /// Whether each name on the way is required.
    pub(super) required: Vec<bool>,
}

impl Member {
    /// Its place below a root as CEL source.
    pub(super) fn source(&self, root: &str) -> String {
        format!("{root}.{}", self.path.join("."))
    }

    /// An expression over it that is false where it may be absent.
    pub(super) fn guarded(&self, root: &str, expression: &str) -> String {
        let mut guards = String::new();
        for (depth, _) in self.required.iter().enumerate().filter(|(_, required)| !**required) {
            guards.push_str(&format!("has({root}.{}) && ", self.path[..=depth].join(".")));
        }
        format!("{guards}{expression}")
    }

    /// Whether it always is there.
    pub(super) fn is_sure(&self) -> bool {
        self.required.iter().all(|required| *required)
    }

    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.schema.get("type").and_then(Value::as_str), Some("number" | "integer"))
    }

    pub(super) fn is_text(&self) -> bool {
        self.schema.get("type").and_then(Value::as_str) == Some("string") || self.choices().is_some()
    }

    fn is_flag(&self) -> bool {
        self.schema.get("type").and_then(Value::as_str) == Some("boolean")
    }

    fn choices(&self) -> Option<&Vec<Value>> {
        self.schema.get("enum").and_then(Value::as_array)
    }

    fn is_named(&self, word: &str) -> bool {
        self.path.last().is_some_and(|name| name.split('_').map(stem).eq(std::iter::once(stem(word))))
    }
}

/// The scalar members of a schema, three names deep at most, in name order.
pub(super) fn members(schema: &Value) -> Vec<Member> {
    let mut found = Vec::new();
    let mut open = vec![Member { path: Vec::new(), schema: schema.clone(), required: Vec::new() }];
    while let Some(member) = open.pop() {
        let Some(properties) = member.schema.get("properties").and_then(Value::as_object) else {
            if !member.path.is_empty() && found.len() < 200 {
                found.push(member);
            }
            continue;
        };
        if member.path.len() == 3 {
            continue;
        }
        let required = member.schema.get("required").and_then(Value::as_array);
        for (name, schema) in properties {
            let is_required = required.is_some_and(|names| names.iter().any(|n| n.as_str() == Some(name)));
            let mut inner = Member {
                path: member.path.clone(),
                schema: schema.clone(),
                required: member.required.clone(),
            };
            inner.path.push(name.clone());
            inner.required.push(is_required);
            open.push(inner);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The one member that a word names.
pub(super) fn named<'a>(members: &'a [Member], tokens: &[Token]) -> Option<(&'a Member, Token)> {
    let mut found = tokens.iter().filter(|t| t.kind == TokenKind::Word).flat_map(|token| {
        members
            .iter()
            .filter(|member| member.is_named(&token.text))
            .map(move |member| (member, token.clone()))
    });
    let first = found.next()?;
    if found.all(|(member, _)| member == first.0) { Some(first) } else { None }
}

/// A comparison of a text or a flag: "the tier is gold", "the order is paid". Gives CEL source below a root, and the
/// words that it took.
pub(super) fn stated(tokens: &[Token], members: &[Member], root: &str) -> Option<(String, Vec<Token>)> {
    let verb = tokens.iter().position(|t| matches!(t.text.as_str(), "is" | "equals" | "are"))?;
    let negated = tokens.get(verb + 1).is_some_and(|t| t.text == "not");
    let value = tokens.get(verb + 1 + usize::from(negated))?;
    let mut words = vec![tokens[verb].clone(), value.clone()];
    if negated {
        words.push(tokens[verb + 1].clone());
    }
    if let Some((member, token)) = named(members, &tokens[..verb]).filter(|(member, _)| member.is_text()) {
        let text = match member.choices() {
            Some(choices) => {
                choices.iter().filter_map(Value::as_str).find(|c| c.eq_ignore_ascii_case(&value.text))?
            }
            None if value.kind == TokenKind::Quoted => value.text.as_str(),
            None => return None,
        };
        words.push(token);
        let operator = if negated { "!=" } else { "==" };
        let text = Value::String(text.to_owned());
        return Some((member.guarded(root, &format!("{} {operator} {text}", member.source(root))), words));
    }
    let member = members.iter().find(|member| member.is_flag() && member.is_named(&value.text))?;
    let not = if negated { "!" } else { "" };
    Some((member.guarded(root, &format!("{not}{}", member.source(root))), words))
}
