//! What lowering a schema may cost, so that a hostile one costs no more than a large honest one.

/// Schemas looked at for one named schema. What lies beyond is left as a condition that only values can decide.
const SCHEMAS: u32 = 10_000;
/// Types visited by one merge, or by all merges of one lowering, before it settles for a coarser answer.
const MERGES: u32 = 100_000;
/// Names opened within each other while one schema is lowered: merging two descriptions of a member looks into both,
/// and a recursive schema would go on for ever.
pub(super) const MAX_LEVELS: usize = 4;

/// What is left to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Schemas to look at.
    pub(super) schemas: u32,
    /// Types to merge.
    pub(super) merges: u32,
}

impl Work {
    /// All that one lowering, or one merge, may cost.
    pub(super) fn full() -> Work {
        Work { schemas: SCHEMAS, merges: MERGES }
    }

    /// Schemas looked at and types merged since there was all.
    pub(super) fn spent(self) -> u32 {
        let full = Work::full();
        full.schemas.saturating_sub(self.schemas).saturating_add(full.merges.saturating_sub(self.merges))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::types::lower::open_at_cost;
    use crate::types::scope::{Defs, Scope, Target};

    /// What opening the schema costs.
    fn cost(schema: Value) -> u32 {
        let scope = Scope::new(Arc::new(schema), Defs::none());
        open_at_cost(&Target { scope, pointer: Arc::from("") }).1
    }

    fn levels(count: usize, level: impl Fn(&Value) -> Value) -> Value {
        let mut defs = serde_json::Map::new();
        for at in 0..count {
            let next = json!({ "$ref": format!("#/$defs/d{}", at + 1) });
            defs.insert(format!("d{at}"), level(&next));
        }
        defs.insert(format!("d{count}"), json!({ "type": "string" }));
        json!({ "allOf": [{ "$ref": "#/$defs/d0" }, true], "$defs": defs })
    }

    /// Each of these would take for ever, or the whole stack, without the bounds.
    #[test]
    fn lowering_costs_no_more_than_its_fuel() {
        let most = SCHEMAS + MERGES;
        let twice = |next: &Value| json!({ "allOf": [next, { "allOf": [next, { "minLength": 1 }] }] });
        let products = |next: &Value| json!({ "allOf": [{ "anyOf": [next, { "required": ["a"] }] }, { "anyOf": [{ "required": ["b"] }, next] }] });
        let members = |next: &Value| json!({ "allOf": [{ "properties": { "a": next, "b": next } }, { "properties": { "a": { "minLength": 1 }, "b": next } }] });
        let recursive = json!({ "allOf": [{ "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#" } } },
            { "properties": { "a": { "required": ["x"] }, "b": { "required": ["y"] } } }] });
        let patterns = json!({ "patternProperties": { "^a": { "$ref": "#" }, "^b": { "type": "integer" } }, "additionalProperties": false });
        let nested = (0..200).fold(json!({}), |inner, _| json!({ "a": inner }));
        let constant = json!({ "properties": { "a": { "$ref": "#" } }, "const": nested });
        for (name, schema) in [
            ("twice", levels(50, twice)),
            ("products", levels(30, products)),
            ("members", levels(60, members)),
            ("recursive", recursive),
            ("patterns", patterns),
            ("constant", constant),
        ] {
            let cost = cost(schema);
            assert!(cost <= most, "{name} costs {cost}");
        }
    }

    /// What people write costs what they wrote.
    #[test]
    fn an_honest_schema_costs_one_step_for_each_schema() {
        let members: serde_json::Map<String, Value> =
            (0..50).map(|at| (format!("m{at}"), json!({ "type": "string" }))).collect();
        assert_eq!(cost(json!({ "type": "object", "properties": members })), 51);
    }
}
