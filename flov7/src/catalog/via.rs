//! Whether an action's `via` can run: what it reads is there, and its path is one.

use serde_json::Value;

use super::request::{filled, path_fault};
use super::{Via, ViaHttp};
use crate::expr::{Limits, Template, TypeEnv};
use crate::finding::{Code, Finding, Severity, code};
use crate::types::{Defs, Type, lower};
use crate::workflow::Schema;
use crate::workflow::read::Reader;

/// Notes what is wrong with it, as a finding about the action that the reader stands at.
pub(super) fn check(reader: &mut Reader, input: &Schema, via: &Via) {
    let Via::Http(ViaHttp { path, body, result, .. }) = via;
    // A schema that is wrong was noted where it stands.
    let Ok(lowered) = lower(&input.0, &Defs::none()) else { return };
    let input = TypeEnv::new().with_root("input", lowered.upper().clone());
    // What comes back is not described, so only its name is checked.
    let response = TypeEnv::new().with_root("response", Type::untyped());
    reader.within("via", |reader| {
        reader.within("http", |reader| {
            reader.within("path", |reader| {
                let text = Value::from(path.as_str());
                if let Some(fault) = filled(path).and_then(|path| path_fault(&path.text))
                    && Template::parse(&text, &Limits::default()).is_ok()
                {
                    reader.fault(Code::PATH_OR_URL, fault);
                }
                template(reader, &text, &input);
            });
            for (name, member, env) in [("body", body, &input), ("result", result, &response)] {
                if let Some(member) = member {
                    reader.within(name, |reader| template(reader, &member.0, env));
                }
            }
        });
    });
}

fn template(reader: &mut Reader, value: &Value, env: &TypeEnv) {
    let at = |pointer: &str| format!("{}{pointer}", reader.pointer.as_str());
    let mut findings = Vec::new();
    match Template::parse(value, &Limits::default()) {
        Err(faults) => findings.extend(faults.into_iter().map(|fault| {
            // Every fault of an expression is named after its finding.
            let code = code(fault.error.code).unwrap_or(Code::EXPRESSION_SYNTAX);
            let finding = Finding::new(code, at(&fault.pointer), fault.error.message.clone());
            match &fault.error.help {
                Some(help) => finding.with_help(help.clone()),
                None => finding,
            }
        })),
        Ok(template) => {
            let found = template.check(env).findings.into_iter();
            // What nobody described may be there.
            let certain = found.filter(|placed| {
                placed.finding.severity == Severity::Error && placed.finding.code != Code::UNTYPED_READ
            });
            findings.extend(certain.map(|placed| placed.finding.at(at(&placed.pointer))));
        }
    }
    for finding in findings {
        reader.note(finding);
    }
}
