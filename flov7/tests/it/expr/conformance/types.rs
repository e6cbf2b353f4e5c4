//! The types of the fixtures, in cel-go's words, and whether ours fit them.

use flov7::types::{Additional, Kind, Type};

/// `name(part, …)`, taken apart.
fn split(text: &str) -> (&str, Vec<&str>) {
    let Some((name, rest)) = text.split_once('(') else { return (text, Vec::new()) };
    let inner = rest.strip_suffix(')').unwrap();
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, sign) in inner.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner[start..].trim());
    (name, parts)
}

/// Our type for a name of that type.
pub(super) fn ours(text: &str) -> Type {
    let (name, parts) = split(text);
    match name {
        "int" => Type::integer(),
        "double" | "uint" => Type::number(),
        "string" => Type::text(),
        "bool" => Type::boolean(),
        "null" => Type::null(),
        "timestamp" => Type::timestamp(),
        "duration" => Type::duration(),
        "list" => Type::list(ours(parts[0])),
        "map" => Type::map::<&str>([], Additional::Of(ours(parts[1]))),
        "optional_type" => Type::optional(ours(parts[0])),
        "wrapper" => ours(parts[0]).union(&Type::null()),
        _ => Type::untyped(),
    }
}

/// Whether a type that has left an expression says no less than the expected one.
pub(super) fn fits(expected: &str, found: &Type) -> bool {
    let (name, parts) = split(expected);
    if found.is_never() {
        return true;
    }
    match name {
        "int" | "uint" | "double" => found.is_only(Kind::Number),
        // Types are texts here, and times leave as texts.
        "string" | "type" | "timestamp" | "duration" => found.is_only(Kind::Text),
        "bool" => found.is_only(Kind::Bool),
        "null" => found.is_only(Kind::Null),
        "list" => found.is_only(Kind::List) && found.element().is_some_and(|item| fits(parts[0], &item)),
        "map" => found.is_only(Kind::Map) && fits(parts[1], &found.any_member()),
        "optional_type" => found.optional_inner().is_some_and(|inner| fits(parts[0], &inner)),
        "wrapper" => fits(parts[0], &found.without_null()),
        "dyn" | "any" => true,
        // Bytes, and kinds of cel-go that JSON has none of.
        "bytes" | "tuple" | "set" => false,
        other => panic!("no such type: {other}"),
    }
}
