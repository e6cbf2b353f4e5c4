//! Making mutants: a copy of the document with one change, and the places where a finding about it is right.

use flov7::catalog::Catalog;
use flov7::json::escape;
use serde_json::{Value, json};

use super::Mutant;
use crate::walk;

/// A reference workflow that is mutated.
pub(super) struct Site<'a> {
    pub(super) document: &'a Value,
    pub(super) catalog: &'a Catalog,
    pub(super) mutants: Vec<Mutant>,
}

impl Site<'_> {
    pub(super) fn at(&self, pointer: &str) -> &Value {
        walk::at(self.document, pointer)
    }

    pub(super) fn has(&self, pointer: &str) -> bool {
        self.document.pointer(pointer).is_some()
    }

    pub(super) fn steps(&self) -> Vec<String> {
        walk::steps(self.document)
    }

    /// Strings with expressions, anywhere but in schemas and triggers.
    pub(super) fn strings(&self) -> Vec<(String, String)> {
        let mut all = walk::strings(self.document, "/steps");
        all.extend(walk::strings(self.document, "/output"));
        all
    }

    /// One more mutant.
    pub(super) fn mutant(
        &mut self,
        kind: &'static str,
        places: Vec<String>,
        change: impl FnOnce(&mut Value) -> Option<()>,
    ) {
        let mut document = self.document.clone();
        if change(&mut document).is_some() && document != *self.document {
            self.mutants.push(Mutant { kind, document, places });
        }
    }

    /// Another value at a pointer, which is the place as well.
    pub(super) fn set(&mut self, kind: &'static str, pointer: &str, value: Value) {
        self.mutant(kind, vec![pointer.to_owned()], |document| {
            *document.pointer_mut(pointer)? = value;
            Some(())
        });
    }

    /// Another or one more member of an object; the member is the place.
    pub(super) fn put(&mut self, kind: &'static str, object: &str, name: &str, value: Value) {
        let place = format!("{object}/{}", escape(name));
        self.mutant(kind, vec![place], |document| {
            document.pointer_mut(object)?.as_object_mut()?.insert(name.to_owned(), value);
            Some(())
        });
    }

    /// An object without a member.
    pub(super) fn remove(&mut self, kind: &'static str, object: &str, name: &str, places: Vec<String>) {
        self.mutant(kind, places, |document| {
            document.pointer_mut(object)?.as_object_mut()?.remove(name).map(drop)
        });
    }

    /// One more step at the end of a block that computes something; that is the place.
    pub(super) fn compute(&mut self, kind: &'static str, block: &str, template: &str) {
        let Some(count) = self.at(block).as_array().map(Vec::len) else { return };
        let step = json!({ "id": "planted", "data": { "set": template } });
        self.mutant(kind, vec![format!("{block}/{count}/data/set")], |document| {
            document.pointer_mut(block)?.as_array_mut()?.push(step);
            Some(())
        });
    }

    /// Where a step is read.
    pub(super) fn readers(&self, id: &str) -> Vec<String> {
        self.strings()
            .into_iter()
            .filter(|(_, text)| walk::reads(text, id))
            .map(|(pointer, _)| pointer)
            .collect()
    }
}
