//! One fault of shape, before it becomes a finding.

use crate::finding::Finding;
use crate::json::PatchOp;

/// What is wrong at one place of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) pointer: String,
    pub(crate) step: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) found: Option<String>,
    pub(crate) allowed: Vec<String>,
    pub(crate) fix: Option<Vec<PatchOp>>,
}

impl Fault {
    pub(crate) fn new(code: &'static str, pointer: &str, message: impl Into<String>) -> Fault {
        Fault {
            code,
            pointer: pointer.to_owned(),
            step: None,
            message: message.into(),
            help: None,
            found: None,
            allowed: Vec::new(),
            fix: None,
        }
    }

    pub(crate) fn in_step(mut self, step: Option<&str>) -> Fault {
        self.step = step.map(str::to_owned);
        self
    }
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Finding {
        Finding { code: fault.code.to_owned() }
    }
}

/// The candidate that a person most likely meant by `text`: at most a third of its letters are wrong, where a
/// wrong, missing, extra or swapped letter counts one. The first of several equally near ones.
pub(crate) fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let wanted: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len() > LONGEST {
            continue;
        }
        let letters: Vec<char> = candidate.chars().map(|c| c.to_ascii_lowercase()).collect();
        let far = distance(&wanted, &letters);
        if far <= allowed && far < letters.len() && best.is_none_or(|(best, _)| far < best) {
            best = Some((far, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}
