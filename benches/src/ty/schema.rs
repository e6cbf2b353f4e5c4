//! A type as a JSON Schema, spelt in one of several ways.

use serde_json::{Map, Value, json};

use super::{List, Object, Range, Rest, Such, Texts, Ty};
use crate::dice::Dice;

/// The named types of a document: what a schema may refer to.
pub type Names = [(String, Ty)];

impl Ty {
    /// A schema of exactly these values. What stands in `names` may be referred to.
    #[must_use]
    pub fn schema(&self, dice: &mut Dice, names: &Names) -> Value {
        let schema = self.part(dice, names);
        // A reference into the schema itself starts at its root.
        if dice.chance(1, 16) { json!({ "$ref": "#/$defs/it", "$defs": { "it": schema } }) } else { schema }
    }

    /// A schema inside of another.
    #[must_use]
    pub fn part(&self, dice: &mut Dice, names: &Names) -> Value {
        match names.iter().find(|(_, ty)| ty == self) {
            Some((name, _)) if dice.chance(4, 5) => json!({ "$ref": format!("#/types/{name}") }),
            _ => self.written(dice, names),
        }
    }

    /// As [`Ty::schema`], but written out: what a named type itself says.
    #[must_use]
    pub fn written(&self, dice: &mut Dice, names: &Names) -> Value {
        let plain = match self {
            Ty::Null => {
                pick(dice, [json!({ "type": "null" }), json!({ "const": null }), json!({ "enum": [null] })])
            }
            Ty::Bool => pick(
                dice,
                [
                    json!({ "type": "boolean" }),
                    json!({ "enum": [true, false] }),
                    json!({ "type": ["boolean"] }),
                ],
            ),
            Ty::Number(range) => number(range, dice),
            Ty::Text(texts) => text(texts, dice),
            Ty::List(list) => list_of(list, dice, names),
            Ty::Object(object) => object_of(object, dice, names),
            Ty::Either(of) => either(of, dice, names),
            Ty::Such(such) => return such_that(such, dice, names),
            Ty::Any => return pick(dice, [json!(true), json!({})]),
        };
        match dice.roll(12) {
            0 => json!({ "allOf": [plain] }),
            1 => json!({ "anyOf": [plain] }),
            2 => json!({ "description": "a value", "allOf": [true, plain] }),
            _ => plain,
        }
    }
}

fn pick<const N: usize>(dice: &mut Dice, of: [Value; N]) -> Value {
    of[dice.at(N)].clone()
}

fn number(range: &Range, dice: &mut Dice) -> Value {
    if let (Some(min), Some(max), true) = (range.min, range.max, range.whole)
        && min == max
    {
        return pick(dice, [json!({ "const": min }), json!({ "enum": [min] })]);
    }
    let mut schema = match (range.whole, dice.chance(1, 4)) {
        (true, false) => json!({ "type": "integer" }),
        (true, true) => json!({ "type": "number", "multipleOf": 1 }),
        (false, _) => json!({ "type": "number" }),
    };
    if let Some(min) = range.min {
        if range.whole && min > i64::MIN && dice.chance(1, 4) {
            schema["exclusiveMinimum"] = json!(min - 1);
        } else {
            schema["minimum"] = json!(min);
        }
    }
    if let Some(max) = range.max {
        if range.whole && max < i64::MAX && dice.chance(1, 4) {
            schema["exclusiveMaximum"] = json!(max + 1);
        } else {
            schema["maximum"] = json!(max);
        }
    }
    schema
}

fn text(texts: &Texts, dice: &mut Dice) -> Value {
    if let Some(values) = &texts.values {
        return match (values.as_slice(), dice.roll(3)) {
            ([one], _) => json!({ "const": one }),
            (all, 0) => json!({ "oneOf": all.iter().map(|one| json!({ "const": one })).collect::<Vec<_>>() }),
            (all, 1) => json!({ "type": "string", "enum": all }),
            (all, _) => json!({ "enum": all }),
        };
    }
    let mut schema = json!({ "type": "string" });
    if texts.min > 0 {
        schema["minLength"] = json!(texts.min);
    }
    if let Some(max) = texts.max {
        schema["maxLength"] = json!(max);
    }
    schema
}

fn list_of(list: &List, dice: &mut Dice, names: &Names) -> Value {
    let item = list.item.part(dice, names);
    let mut schema = match list.max {
        // The same item in each place, said place by place.
        Some(max @ 1..=3) if dice.chance(1, 4) => {
            json!({ "type": "array", "prefixItems": vec![item; max as usize], "items": false })
        }
        _ => json!({ "type": "array", "items": item }),
    };
    if list.min > 0 {
        schema["minItems"] = json!(list.min);
    }
    if let Some(max) = list.max
        && schema.get("prefixItems").is_none()
    {
        schema["maxItems"] = json!(max);
    }
    schema
}

fn object_of(object: &Object, dice: &mut Dice, names: &Names) -> Value {
    let mut parts = vec![Map::new(), Map::new()];
    // The members of one object, in one schema or in two that both hold; a closed one must know them all.
    let split = object.rest == Rest::Open && dice.chance(1, 8);
    let mut required = Vec::new();
    for member in &object.members {
        let part = if split && dice.chance(1, 2) { 1 } else { 0 };
        parts[part].insert(member.name.clone(), member.ty.part(dice, names));
        if member.required {
            required.push(json!(member.name));
        }
    }
    let mut schema = json!({ "type": "object" });
    let second = parts.pop().unwrap_or_default();
    let first = parts.pop().unwrap_or_default();
    if !first.is_empty() {
        schema["properties"] = Value::Object(first);
    }
    if !required.is_empty() {
        schema["required"] = Value::Array(required);
    }
    match &object.rest {
        Rest::Closed => schema["additionalProperties"] = json!(false),
        Rest::Of(ty) => schema["additionalProperties"] = ty.part(dice, names),
        Rest::Open if dice.chance(1, 6) => schema["additionalProperties"] = json!(true),
        Rest::Open => {}
    }
    if second.is_empty() { schema } else { json!({ "allOf": [schema, { "properties": second }] }) }
}

fn either(of: &[Ty], dice: &mut Dice, names: &Names) -> Value {
    let parts: Vec<Value> = of.iter().map(|ty| ty.part(dice, names)).collect();
    // Where each part says its kind and limits of its kind alone, they can stand side by side.
    if dice.chance(1, 3)
        && let Some(merged) = side_by_side(&parts)
    {
        return merged;
    }
    if dice.chance(1, 2) { json!({ "anyOf": parts }) } else { json!({ "oneOf": parts }) }
}

/// `{"type": ["string", "null"], "maxLength": 5}`.
fn side_by_side(parts: &[Value]) -> Option<Value> {
    let mut all = Map::new();
    let mut kinds = Vec::new();
    for part in parts {
        for (key, value) in part.as_object()? {
            match key.as_str() {
                "type" => kinds
                    .push(value.as_str().filter(|kind| *kind != "number" && *kind != "integer")?.to_owned()),
                "minLength"
                | "maxLength"
                | "items"
                | "minItems"
                | "maxItems"
                | "properties"
                | "required"
                | "additionalProperties" => {
                    all.insert(key.clone(), value.clone());
                }
                _ => return None,
            }
        }
    }
    all.insert("type".to_owned(), json!(kinds));
    (kinds_of(&all) == parts.len()).then_some(Value::Object(all))
}

fn kinds_of(schema: &Map<String, Value>) -> usize {
    schema.get("type").and_then(Value::as_array).map_or(0, Vec::len)
}

fn such_that(such: &Such, dice: &mut Dice, names: &Names) -> Value {
    match (such.of.part(dice, names), &such.extra) {
        (Value::Object(mut of), Value::Object(extra))
            if dice.chance(1, 2)
                && !of.contains_key("$ref")
                && extra.keys().all(|key| !of.contains_key(key)) =>
        {
            of.extend(extra.clone());
            Value::Object(of)
        }
        (of, extra) => json!({ "allOf": [of, extra] }),
    }
}
