//! The schemas of a document and of the actions that it uses, lowered once.

use std::sync::Arc;

use serde_json::Value;

use super::Pass;
use crate::finding::{Code, Finding, Misnamed, code, meter};
use crate::json::{self, PatchOp};
use crate::types::{Defs, Lowered, SchemaFault, SchemaFaultKind, lower_shared};
use crate::workflow::Schema;

/// Schemas by where they stand; none for one that cannot be used, of which nothing is asked again.
pub(super) struct Schemas {
    pub(super) defs: Defs,
    /// A named type is of no use: what refers to one is not relied on.
    broken: bool,
    /// Schemas that were lowered last: steps that look alike expect the same.
    last: Vec<(Arc<Value>, Lowered)>,
}

impl Schemas {
    /// Lowers the named types, and notes what is wrong with them.
    pub(super) fn new(pass: &mut Pass<'_>) -> Schemas {
        let types = &pass.workflow.types;
        let defs = Defs::new(types.iter().map(|(name, schema)| (name.as_str(), schema.0.clone())));
        let mut broken =
            pass.poisoned.iter().any(|pointer| pointer.is_empty() || pointer.starts_with("/types"));
        let mut findings = Vec::new();
        for (name, schema) in types {
            if meter::is_spent() {
                broken = true;
                break;
            }
            if let Err(faults) = lower_shared(&schema.0, &defs) {
                broken = true;
                let place = format!("/types/{}", json::escape(name));
                findings.extend(faults.iter().map(|fault| finding(fault, &place, &schema.0, &defs)));
            }
        }
        pass.findings.append(&mut findings);
        Schemas { defs, broken, last: Vec::new() }
    }

    /// A schema of the document, and what is wrong with it.
    pub(super) fn of(
        &mut self,
        schema: &Schema,
        place: &str,
        step: Option<&str>,
    ) -> Result<Lowered, Vec<Finding>> {
        if meter::is_spent() || self.broken && mentions_types(&schema.0) {
            return Err(Vec::new());
        }
        if let Some((_, lowered)) =
            self.last.iter().find(|(known, _)| Arc::ptr_eq(known, &schema.0) || *known == schema.0)
        {
            return Ok(lowered.clone());
        }
        let lowered = lower_shared(&schema.0, &self.defs).map_err(|faults| {
            let note = |fault: &SchemaFault| {
                let finding = finding(fault, place, &schema.0, &self.defs);
                match step {
                    Some(step) => finding.with_step(step),
                    None => finding,
                }
            };
            faults.iter().map(note).collect::<Vec<Finding>>()
        })?;
        if self.last.len() == LAST {
            self.last.remove(0);
        }
        self.last.push((schema.0.clone(), lowered.clone()));
        Ok(lowered)
    }
}

/// How many are kept.
const LAST: usize = 8;

/// What is wrong with a schema at `place`.
fn finding(fault: &SchemaFault, place: &str, schema: &Value, defs: &Defs) -> Finding {
    // Every kind of fault is named after its finding.
    let code = code(fault.kind.code()).unwrap_or(Code::BAD_SCHEMA);
    let finding = Finding::new(code, format!("{place}{}", fault.pointer), &fault.message);
    if fault.kind != SchemaFaultKind::UnknownType {
        return finding;
    }
    let wanted = json::get(schema, &fault.pointer).and_then(Value::as_str).unwrap_or_default();
    let wanted = wanted.strip_prefix("#/types/").unwrap_or(wanted);
    let mut finding = finding.with_names(wanted, defs.names(), Misnamed::Value).with_found(wanted);
    // The names stand without the `#/types/` that a reference has.
    finding.help = Some(match finding.help {
        Some(help) => help.replacen('`', "`#/types/", 1),
        None => "describe it under `types`".to_owned(),
    });
    if let Some([PatchOp::Replace { value: Value::String(name), .. }]) = finding.fix.as_deref_mut() {
        name.insert_str(0, "#/types/");
    }
    finding
}

/// Whether a reference to a named type stands anywhere in a schema.
fn mentions_types(schema: &Value) -> bool {
    let mut stack = vec![schema];
    while let Some(value) = stack.pop() {
        match value {
            Value::Array(items) => stack.extend(items),
            Value::Object(members) => {
                let refers = |target: &Value| target.as_str().is_some_and(|text| text.starts_with("#/types"));
                if members.get("$ref").is_some_and(refers) {
                    return true;
                }
                stack.extend(members.values());
            }
            _ => {}
        }
    }
    false
}
