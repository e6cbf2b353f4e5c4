//! Applying all certain fixes of a JSON text, one after the other, until none is left.

use std::collections::BTreeSet;

use super::{Validated, validate_text};
use crate::catalog::Catalog;
use crate::finding::{Finding, Stage};
use crate::json::{below, edit};
use crate::workflow::{DocumentLimits, Syntax};

/// At most so many fixes are applied, and so many texts are tried.
const MOST: usize = 200;

/// A text after its certain fixes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Mended {
    /// The text. Whatever no fix names is byte for byte as it was.
    pub text: String,
    /// What was mended, in the order in which it was. Places are those of the text at that time.
    pub fixed: Vec<Finding>,
    /// What is found in the text now.
    pub validated: Validated,
}

/// Applies every certain fix of what is found in a JSON text, then those of what is found then, and so on: at most 200.
///
/// Each fix is held against what validation says afterwards: one that does not remove its finding, or adds another, is
/// not applied, so that the text never gets worse. A fix of the shape of a document is kept although what could not be
/// read before shows its own faults now.
///
/// Cost: one validation for each fix, where they can be applied together fewer. YAML is not edited: the text comes back
/// as it is, with its report.
///
/// ```
/// use flov7::catalog::Catalog;
/// use flov7::validate::mend;
/// use flov7::workflow::{DocumentLimits, Syntax};
///
/// let text = r#"{ "flov7": 1, "name": "x", "steps": [ { "id": "total", "data": { "set": 1 } },
///   { "id": "show", "data": { "sett": "${ steps.totla }" } } ] }"#;
/// let mended = mend(text, Syntax::Json, &Catalog::new(), &DocumentLimits::default());
/// assert!(mended.text.contains(r#"{ "set": "${ steps.total }" }"#));
/// assert_eq!(mended.fixed.len(), 2);
/// assert!(mended.validated.valid.is_some());
/// ```
#[must_use]
pub fn mend(text: &str, syntax: Syntax, catalog: &Catalog, limits: &DocumentLimits) -> Mended {
    let check = |text: &str| validate_text(text, syntax, catalog, limits);
    let mut mended = Mended { text: text.to_owned(), fixed: Vec::new(), validated: check(text) };
    if syntax != Syntax::Json {
        return mended;
    }
    let mut refused: BTreeSet<(&'static str, String, String)> = BTreeSet::new();
    let mut tries = 0;
    while tries < MOST && mended.fixed.len() < MOST {
        let open = |finding: &Finding| finding.fix.is_some() && !refused.contains(&key(finding));
        let fixes: Vec<Finding> =
            mended.validated.report.findings().iter().filter(|finding| open(finding)).cloned().collect();
        if fixes.is_empty() {
            break;
        }
        // All at once is the usual case; what that does not bear is tried one by one.
        tries += 1;
        if fixes.len() > 1 && mended.fixed.len() + fixes.len() <= MOST && mended.apply(apart(&fixes), &check)
        {
            continue;
        }
        for finding in fixes {
            tries += 1;
            let identity = key(&finding);
            if mended.apply(vec![finding], &check) {
                // Places have moved.
                break;
            }
            refused.insert(identity);
            if tries >= MOST {
                break;
            }
        }
    }
    mended
}

impl Mended {
    /// Applies some fixes, if the text is better for it.
    fn apply(&mut self, fixes: Vec<Finding>, check: &dyn Fn(&str) -> Validated) -> bool {
        let mut text = self.text.clone();
        for patch in fixes.iter().filter_map(|finding| finding.fix.as_deref()) {
            match edit(&text, patch) {
                Ok(edited) => text = edited,
                Err(_) => return false,
            }
        }
        let validated = check(&text);
        let mut before: Vec<&Finding> = self.validated.report.findings().iter().collect();
        for fixed in &fixes {
            if let Some(at) = before.iter().position(|finding| key(finding) == key(fixed)) {
                before.remove(at);
            }
        }
        // What could not be read may hide what it holds.
        let shape = fixes.iter().all(is_shape);
        for finding in validated.report.findings() {
            match before
                .iter()
                .position(|known| known.code == finding.code && known.message == finding.message)
            {
                Some(at) => drop(before.remove(at)),
                None if shape && fixes.iter().all(|fixed| key(fixed) != key(finding)) => {}
                None => return false,
            }
        }
        self.text = text;
        self.validated = validated;
        self.fixed.extend(fixes);
        true
    }
}

/// What makes a finding the same one in another report.
fn key(finding: &Finding) -> (&'static str, String, String) {
    (finding.code.name(), finding.pointer.clone(), finding.message.clone())
}

/// Whether a finding says that something could not be read, and so was not looked at.
fn is_shape(finding: &Finding) -> bool {
    const SHAPE: &[&str] = &[
        "unknown-member",
        "wrong-kind",
        "missing-member",
        "format-version",
        "expression-marks",
        "expression-syntax",
        "optional-syntax",
        "unknown-function",
        "unknown-action",
        "unknown-step",
        "unknown-root",
        "no-such-member",
        "unknown-type",
        "untyped-read",
    ];
    finding.code.stage() == Stage::Read || SHAPE.contains(&finding.code.name())
}

/// Those fixes that do not touch each other's places, from the last place to the first, so that none moves another.
fn apart(fixes: &[Finding]) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in fixes.iter().rev() {
        let clash = kept.iter().any(|other| places(other).any(|a| places(finding).any(|b| touch(a, b))));
        if !clash {
            kept.push(finding.clone());
        }
    }
    kept
}

fn places(finding: &Finding) -> impl Iterator<Item = &str> {
    use crate::json::PatchOp;
    finding.fix.iter().flatten().flat_map(|operation| match operation {
        PatchOp::Move { from, path } => vec![from.as_str(), path.as_str()],
        PatchOp::Add { path, .. }
        | PatchOp::Replace { path, .. }
        | PatchOp::Remove { path }
        | PatchOp::Test { path, .. } => vec![path.as_str()],
    })
}

/// Whether one place is the other, is inside of it, or stands in the same list or object.
fn touch(a: &str, b: &str) -> bool {
    let parent = |path: &str| path.rsplit_once('/').map_or(String::new(), |(parent, _)| below(parent, "/"));
    let inside = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('/'));
    inside(a, b) || inside(b, a) || parent(a) == parent(b)
}
