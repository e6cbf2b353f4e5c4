//! Documents with exactly one fault, planted into sound ones, and what must be found.

mod document;
mod expression;
mod site;
mod step;
mod value;

use serde_json::Value;

use crate::author::Case;
use crate::dice::Dice;
use site::Site;

/// A way to break a sound document.
pub struct Fault {
    /// What it is called.
    pub name: &'static str,
    /// The code of the finding that it must lead to.
    pub code: &'static str,
    /// Plants it, and gives the pointer of that finding; nothing where the document has no place for it.
    plant: fn(&mut Site<'_>) -> Option<String>,
}

/// A document with one fault.
#[derive(Clone, Debug)]
pub struct Mutated {
    /// What was planted.
    pub name: &'static str,
    /// The code that must be found.
    pub code: &'static str,
    /// Where it must be found.
    pub pointer: String,
    /// The document.
    pub document: Value,
}

/// All faults.
pub fn faults() -> impl Iterator<Item = &'static Fault> {
    [document::FAULTS, step::FAULTS, expression::FAULTS, value::FAULTS].into_iter().flatten()
}

/// One fault in a sound document: the first that it has a place for, from a random one on.
#[must_use]
pub fn mutate(case: &Case, dice: &mut Dice) -> Option<Mutated> {
    let all: Vec<&Fault> = faults().collect();
    let start = dice.at(all.len());
    (0..all.len()).map(|at| all[(start + at) % all.len()]).find_map(|fault| planted(fault, case, dice))
}

/// That very fault, if the document has a place for it.
pub fn planted(fault: &Fault, case: &Case, dice: &mut Dice) -> Option<Mutated> {
    let mut site = Site { document: case.document.clone(), case, dice };
    let pointer = (fault.plant)(&mut site)?;
    Some(Mutated { name: fault.name, code: fault.code, pointer, document: site.document })
}
