//! Reads from values that nobody described, and the `expect` that they imply (RULES, types.read).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Flow, Place};
use crate::catalog::CORE_PREFIX;
use crate::expr::{RootName, UntypedRead};
use crate::finding::Finding;
use crate::json::{PatchOp, below};
use crate::types::{Kind, Usage, infer_expect};
use crate::workflow::Data;

/// One read, from the root or step where it starts.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    pub(super) root: RootName,
    pub(super) usage: Usage,
}

impl From<&UntypedRead> for Unread {
    fn from(read: &UntypedRead) -> Unread {
        let mut usage = read.usage.clone();
        usage.path = read.at.iter().chain(&read.usage.path).cloned().collect();
        Unread { root: read.root.clone(), usage }
    }
}

/// Everything that was read from values that nobody described.
#[derive(Debug, Default)]
pub(super) struct Untyped {
    /// What is read, and by which trigger, if by one.
    pub(super) uses: Vec<(Unread, Option<usize>)>,
    /// Findings, by index, with where their value comes from.
    pub(super) found: Vec<(usize, RootName, Option<usize>)>,
}

impl Place {
    /// The trigger that an expression stands in: `trigger` is another thing in each.
    pub(super) fn source_trigger(&self) -> Option<usize> {
        self.trigger
    }
}

impl Flow<'_, '_> {
    /// Notes a read of a value that nobody described.
    pub(super) fn unread(&mut self, place: &Place, finding: Finding, read: Option<Unread>) {
        if let Some(read) = read {
            self.untyped.found.push((self.pass.findings.len(), read.root.clone(), place.trigger));
            self.untyped.uses.push((read, place.trigger));
        }
        self.note(finding, place.step);
    }

    /// Gives each such finding its fix: all that the document reads from the value, as one `expect`.
    pub(super) fn expects(&mut self) {
        let mut uses: BTreeMap<(RootName, Option<usize>), Vec<Usage>> = BTreeMap::new();
        let key = |root: &RootName, trigger: Option<usize>| match root {
            // Steps are the same wherever they are read.
            RootName::Step(_) => (root.clone(), None),
            RootName::Root(_) => (root.clone(), trigger),
        };
        for (read, trigger) in std::mem::take(&mut self.untyped.uses) {
            uses.entry(key(&read.root, trigger)).or_default().push(read.usage);
        }
        let mut fixes: BTreeMap<(RootName, Option<usize>), Option<Vec<PatchOp>>> = BTreeMap::new();
        for (index, root, trigger) in std::mem::take(&mut self.untyped.found) {
            let key = key(&root, trigger);
            let Some(uses) = uses.get(&key) else { continue };
            let fix = fixes.entry(key.clone()).or_insert_with(|| self.fix(&key.0, key.1, uses)).clone();
            if let Some(finding) = self.pass.findings.get_mut(index) {
                finding.fix = fix;
            }
        }
    }

    /// Where the value comes from, and what should be said there.
    fn fix(&self, root: &RootName, trigger: Option<usize>, uses: &[Usage]) -> Option<Vec<PatchOp>> {
        let (path, there) = match root {
            RootName::Step(id) => {
                let at = self.pass.outline.step(self.pass.outline.find(id)?);
                match (&at.step.action, &at.step.data) {
                    (Some(action), _)
                        if !action.uses.starts_with(CORE_PREFIX) || action.uses == "core.ask" =>
                    {
                        (below(&at.pointer, "/action/expect"), action.expect.as_ref().map(|expect| &expect.0))
                    }
                    (_, Some(Data::Parse(parse))) => (
                        below(&at.pointer, "/data/parse/schema"),
                        parse.schema.as_ref().map(|schema| &schema.0),
                    ),
                    _ => return None,
                }
            }
            RootName::Root(name) if &**name == "trigger" => {
                let trigger = trigger?;
                let expect = self.pass.workflow.triggers.get(trigger)?.expect.as_ref();
                (format!("/triggers/{trigger}/expect"), expect.map(|expect| &expect.0))
            }
            RootName::Root(_) => return None,
        };
        // A sum of two values that nobody described may be one of numbers, of texts or of lists.
        let several = |usage: &Usage| {
            let wanted = usage.wanted;
            wanted.has(Kind::Number)
                && wanted.has(Kind::Text)
                && wanted.has(Kind::List)
                && !wanted.has(Kind::Map)
        };
        if uses.iter().any(several) {
            return None;
        }
        let inferred = infer_expect(uses);
        let value = match there {
            Some(there) => merged(there, inferred, 0),
            None => inferred,
        };
        Some(vec![PatchOp::Add { path, value }])
    }
}

/// What is said already, and what the reads add to it. Where both speak of the same, what a person wrote stays.
fn merged(written: &Value, inferred: Value, depth: usize) -> Value {
    const LEVELS: usize = 64;
    let (Value::Object(written), Value::Object(inferred)) = (written, &inferred) else {
        return if written.is_object() || written == &Value::Bool(false) {
            written.clone()
        } else {
            inferred
        };
    };
    let mut both = written.clone();
    for (name, value) in inferred {
        let merged = match (name.as_str(), both.get(name)) {
            (_, None) => value.clone(),
            ("properties", Some(Value::Object(own))) if depth < LEVELS => {
                let mut properties: Map<String, Value> = own.clone();
                for (member, schema) in value.as_object().into_iter().flatten() {
                    let all = match own.get(member) {
                        Some(own) => merged(own, schema.clone(), depth + 1),
                        None => schema.clone(),
                    };
                    properties.insert(member.clone(), all);
                }
                Value::Object(properties)
            }
            ("items", Some(own)) if depth < LEVELS => merged(own, value.clone(), depth + 1),
            ("required", Some(Value::Array(own))) => {
                let mut names = own.clone();
                names.extend(
                    value.as_array().into_iter().flatten().filter(|name| !own.contains(name)).cloned(),
                );
                Value::Array(names)
            }
            (_, Some(own)) => own.clone(),
        };
        both.insert(name.clone(), merged);
    }
    Value::Object(both)
}
