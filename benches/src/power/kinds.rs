//! The kinds of defects that people write, each at every place of a workflow that has one for it.

mod actions;
mod around;
mod expressions;
mod steps;

use flov7::catalog::Catalog;
use serde_json::Value;

use super::Mutant;
use super::site::Site;

/// All mutants of a workflow.
pub(super) fn mutants(document: &Value, catalog: &Catalog) -> Vec<Mutant> {
    let mut site = Site { document, catalog, mutants: Vec::new() };
    around::mutate(&mut site);
    steps::mutate(&mut site);
    actions::mutate(&mut site);
    expressions::mutate(&mut site);
    site.mutants
}
