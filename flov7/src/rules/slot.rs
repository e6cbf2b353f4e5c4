//! What an action's input is filled with: quoted text, numbers and addresses of the clause, members of the event, or
//! an answer.

use serde_json::{Map, Value, json};

use super::build::Builder;
use super::compare::Member;
use super::number::number;
use super::text::{Token, TokenKind, stem};
use crate::catalog::ActionDescriptor;

/// Fills an action's input; asks for what is required and cannot be found. Takes the tokens that it used out of
/// `left`.
pub(super) fn fill(
    builder: &mut Builder<'_>,
    action: &ActionDescriptor,
    step: &str,
    left: &mut Vec<Token>,
) -> Value {
    let mut input = Map::new();
    let empty = Map::new();
    let properties = action.input.0.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = match action.input.0.get("required").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let names: std::collections::BTreeSet<&String> = properties.keys().collect();
    // Required members first: a single quoted text belongs to what must be there.
    let (needed, extra): (Vec<&String>, Vec<&String>) =
        names.into_iter().partition(|name| required.contains(&name.as_str()));
    for name in needed {
        let schema = &properties[name];
        let id = format!("{step}.{name}");
        let found = said(name, schema, left).or_else(|| carried(builder, name, schema));
        match found.or_else(|| answered(builder, &id, name, schema)) {
            Some(value) => {
                input.insert(name.clone(), value);
            }
            None => ask(builder, action, &id, name, schema),
        }
    }
    for name in extra {
        let schema = &properties[name];
        let id = format!("{step}.{name}");
        match said(name, schema, left).or_else(|| answered(builder, &id, name, schema)) {
            Some(value) => {
                input.insert(name.clone(), value);
            }
            // What need not be there is not asked for, but an answer that does not do is not passed over.
            None if builder.answer(&id).is_some() => ask(builder, action, &id, name, schema),
            None => {}
        }
    }
    Value::Object(input)
}

fn ask(builder: &mut Builder<'_>, action: &ActionDescriptor, id: &str, name: &str, schema: &Value) {
    let text = format!("What is “{name}” in “{}”?", action.title);
    let form = match (choices(schema), kind(schema)) {
        (Some(_), _) => "one of its values",
        (None, "number") => "a number",
        (None, "integer") => "a whole number",
        (None, "boolean") => "yes or no",
        (None, "string") if is_email(name, schema) => "an e-mail address",
        (None, "string") => "some text",
        _ => "something that what started it carries",
    };
    builder.ask(id, text, form, suggestions(builder, schema));
}

fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("enum").and_then(Value::as_array)
}

fn kind(schema: &Value) -> &str {
    schema.get("type").and_then(Value::as_str).unwrap_or("")
}

fn is_email(name: &str, schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("email")
        || matches!(name, "email" | "to" | "recipient")
}

/// A value that the clause itself holds.
fn said(name: &str, schema: &Value, left: &mut Vec<Token>) -> Option<Value> {
    let choices = choices(schema);
    let fits = |token: &Token| -> Option<Value> {
        if let Some(choices) = choices {
            return choices
                .iter()
                .find(|c| c.as_str().is_some_and(|c| c.eq_ignore_ascii_case(&token.text)))
                .cloned();
        }
        match (token.kind, kind(schema)) {
            (TokenKind::Number, "number") => number(&token.text).map(Value::Number),
            (TokenKind::Number, "integer") => number(&token.text).filter(|n| !n.is_f64()).map(Value::Number),
            (TokenKind::Address, "string") if token.text.contains("://") => {
                (!is_email(name, schema)).then(|| json!(token.text))
            }
            (TokenKind::Address, "string") => is_email(name, schema).then(|| json!(token.text)),
            (TokenKind::Quoted, "string") => (!is_email(name, schema)).then(|| literal(&token.text)),
            _ => None,
        }
    };
    let mut fitting = left.iter().enumerate().filter_map(|(at, token)| Some((at, fits(token)?)));
    let (at, value) = fitting.next()?;
    // Two values that would do are no answer.
    if fitting.next().is_some() {
        return None;
    }
    left.remove(at);
    Some(value)
}

/// Text that is text: an expression's marks in it are escaped.
fn literal(text: &str) -> Value {
    Value::String(text.replace("${", "$${"))
}

/// A value that what started it carries: a member with the same name and kind, the thing's `id` where the member is
/// named as the thing, or its only e-mail address.
fn carried(builder: &Builder<'_>, name: &str, schema: &Value) -> Option<Value> {
    let subject = &builder.subject;
    let suits = |member: &&Member| member.is_sure() && same_kind(schema, member);
    let same_name = subject.members.iter().filter(suits).find(|member| member.path == [name]);
    let of_thing = || {
        let named = name == subject.noun || name == format!("{}_id", subject.noun);
        subject.members.iter().filter(suits).find(|member| named && member.path == ["id"])
    };
    let mail = || {
        let mut addresses = subject.members.iter().filter(suits).filter(|member| {
            let last = member.path.last().map_or("", String::as_str);
            is_email(name, schema) && is_email(last, &member.schema)
        });
        let first = addresses.next()?;
        addresses.next().is_none().then_some(first)
    };
    let member = same_name.or_else(of_thing).or_else(mail)?;
    Some(json!(format!("${{ {} }}", member.source(&subject.root()))))
}

fn same_kind(schema: &Value, member: &Member) -> bool {
    match kind(schema) {
        "number" => member.is_numeric(),
        "string" => member.is_text(),
        other => !other.is_empty() && kind(&member.schema) == other,
    }
}

/// An answer: a member of what started it by its path, else a literal of the member's kind. Nothing for one that does
/// not fit.
fn answered(builder: &mut Builder<'_>, id: &str, name: &str, schema: &Value) -> Option<Value> {
    let answer = builder.answer(id)?.trim();
    let root = builder.subject.root();
    let is_meant =
        |m: &&Member| m.is_sure() && (m.source(&root) == answer || m.source(&builder.subject.noun) == answer);
    if let Some(member) = builder.subject.members.iter().find(is_meant) {
        return Some(json!(format!("${{ {} }}", member.source(&root))));
    }
    if let Some(choices) = choices(schema) {
        return choices.iter().find(|c| c.as_str().is_some_and(|c| c.eq_ignore_ascii_case(answer))).cloned();
    }
    match kind(schema) {
        "number" => number(answer).map(Value::Number),
        "integer" => number(answer).filter(|n| !n.is_f64()).map(Value::Number),
        "boolean" => match answer.to_lowercase().as_str() {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        // A recipient without a domain may still be one that the application knows: only the declared format is held.
        "string"
            if schema.get("format").and_then(Value::as_str) == Some("email") && !answer.contains('@') =>
        {
            None
        }
        "string" if answer.is_empty() && is_email(name, schema) => None,
        "string" | "" => Some(literal(answer)),
        _ => None,
    }
}

fn suggestions(builder: &Builder<'_>, schema: &Value) -> Vec<String> {
    if let Some(choices) = choices(schema) {
        return choices.iter().filter_map(Value::as_str).take(3).map(str::to_owned).collect();
    }
    let members =
        builder.subject.members.iter().filter(|member| member.is_sure() && same_kind(schema, member));
    members.take(3).map(|member| member.source(&builder.subject.root())).collect()
}

/// Whether a word names a member of an action's input: such a word needs no other account.
pub(super) fn names_member(action: &ActionDescriptor, word: &str) -> bool {
    let properties = action.input.0.get("properties").and_then(Value::as_object);
    properties.is_some_and(|p| p.keys().any(|name| name.split('_').any(|part| stem(part) == stem(word))))
}
