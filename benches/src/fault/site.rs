//! A document that is about to be broken: places in it, and changes to what stands there.

use flov7::json::escape;
use serde_json::{Map, Value, json};

use crate::author::Case;
use crate::dice::Dice;
use crate::ty::{Member, Ty};
use crate::walk;

/// A document that is about to be broken.
pub(super) struct Site<'a> {
    pub(super) document: Value,
    pub(super) case: &'a Case,
    pub(super) dice: &'a mut Dice,
}

impl Site<'_> {
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn set(&mut self, pointer: &str, value: Value) -> Option<()> {
        *self.document.pointer_mut(pointer)? = value;
        Some(())
    }

    /// Sets or adds a member, and gives its pointer.
    pub(super) fn put(&mut self, object: &str, name: &str, value: Value) -> Option<String> {
        self.members(object)?.insert(name.to_owned(), value);
        Some(format!("{object}/{}", escape(name)))
    }

    pub(super) fn members(&mut self, object: &str) -> Option<&mut Map<String, Value>> {
        self.document.pointer_mut(object)?.as_object_mut()
    }

    pub(super) fn blocks(&self) -> Vec<String> {
        walk::blocks(&self.document)
    }

    pub(super) fn steps(&self) -> Vec<String> {
        walk::steps(&self.document)
    }

    /// One step for which something holds.
    pub(super) fn step(&mut self, will_do: impl Fn(&Value) -> bool) -> Option<String> {
        let fitting: Vec<String> = self.steps().into_iter().filter(|step| will_do(self.at(step))).collect();
        (!fitting.is_empty()).then(|| self.dice.one(&fitting).clone())
    }

    pub(super) fn strings(&self, below: &str) -> Vec<(String, String)> {
        walk::strings(&self.document, below)
    }

    /// One string with an expression that contains something.
    pub(super) fn string(&mut self, holds: impl Fn(&str) -> bool) -> Option<(String, String)> {
        let mut fitting: Vec<(String, String)> =
            self.strings("/steps").into_iter().filter(|(_, text)| holds(text)).collect();
        if fitting.is_empty() {
            return None;
        }
        let at = self.dice.at(fitting.len());
        Some(fitting.swap_remove(at))
    }

    /// Puts a step that is nothing but this computation at the end of a block; the pointer of what it computes.
    pub(super) fn compute(&mut self, block: &str, template: Value) -> Option<String> {
        let steps = self.document.pointer_mut(block)?.as_array_mut()?;
        steps.push(json!({ "id": "planted", "data": { "set": template } }));
        let at = steps.len() - 1;
        Some(format!("{block}/{at}/data/set"))
    }

    /// The same in any block.
    pub(super) fn compute_somewhere(&mut self, template: Value) -> Option<String> {
        let blocks = self.blocks();
        let block = self.dice.one(&blocks).clone();
        self.compute(&block, template)
    }

    /// A step that is nothing but this computation before all others, where no question was asked yet.
    pub(super) fn compute_first(&mut self, template: Value) -> Option<String> {
        let steps = self.document.pointer_mut("/steps")?.as_array_mut()?;
        steps.insert(0, json!({ "id": "planted", "data": { "set": template } }));
        Some("/steps/0/data/set".to_owned())
    }

    /// A member of the input.
    pub(super) fn input(&mut self, will_do: impl Fn(&Member) -> bool) -> Option<Member> {
        let Some(Ty::Object(input)) = &self.case.world.input else { return None };
        let fitting: Vec<&Member> = input.members.iter().filter(|member| will_do(member)).collect();
        (!fitting.is_empty()).then(|| (*self.dice.one(&fitting)).clone())
    }
}
