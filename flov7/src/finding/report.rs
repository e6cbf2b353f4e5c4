//! Findings, residuals, and the report that holds them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::code::Code;
use super::nearest::{nearest, slip};
use crate::json::{Document, PatchOp, canonical_size, escape, tokens};

/// How severe a finding is. Only errors stop validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It certainly fails when reached, cannot be typed, reads what may be absent, has an unknown shape, or is
    /// no member of the format.
    Error,
    /// It runs, and probably not as meant.
    Warning,
    /// It could be better.
    Hint,
}

impl Severity {
    /// The word: `error`, `warning`, `hint`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place in the text of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// One thing that was found.
///
/// Serialised as the command line prints it: `step` and `help` are null where there is none, every other
/// optional member is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// How severe it is.
    pub severity: Severity,
    /// The JSON Pointer of the value it is about, in the document.
    pub pointer: String,
    /// The id of the step it is in, if it is in one.
    pub step: Option<String>,
    /// What is wrong, as a lower-case sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it stands in the text, once the report was held against it ([`Report::locate`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Which bytes of the string at `pointer` (unescaped, marks included) are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expr_span: Option<[usize; 2]>,
    /// What was found there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// What is allowed there: the nearest names, a schema, a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Value>,
    /// The finding that this one follows from, by its index in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<usize>,
    /// The change that certainly mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Vec<PatchOp>>,
    /// Whether the name of the member at `pointer` is meant, and not its value.
    #[serde(skip)]
    pub(super) names_member: bool,
}

impl Finding {
    /// A finding of `code` about the value at `pointer`, as severe as its code is.
    #[must_use]
    pub fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            code,
            severity: code.severity(),
            pointer: pointer.into(),
            step: None,
            message: message.into(),
            help: None,
            span: None,
            expr_span: None,
            found: None,
            allowed: None,
            cause: None,
            fix: None,
            names_member: false,
        }
    }

    /// As severe as that, whatever the code says.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }

    /// In the step of that id.
    #[must_use]
    pub fn with_step(mut self, step: impl Into<String>) -> Finding {
        self.step = Some(step.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }

    /// About these bytes of the string at `pointer`, unescaped.
    #[must_use]
    pub fn with_expr_span(mut self, start: usize, end: usize) -> Finding {
        self.expr_span = Some([start, end]);
        self
    }

    /// With what was found; nothing where that is larger than 4 KiB: it stands in the document, and a report is to be
    /// read.
    #[must_use]
    pub fn with_found(mut self, found: impl Into<Value>) -> Finding {
        const BYTES: usize = 4 << 10;
        self.found = Some(found.into()).filter(|found| canonical_size(found) <= BYTES);
        self
    }

    /// With what is allowed. Of a list the first 64 are kept.
    #[must_use]
    pub fn with_allowed(mut self, allowed: impl Into<Value>) -> Finding {
        const ITEMS: usize = 64;
        let mut allowed = allowed.into();
        if let Value::Array(items) = &mut allowed {
            items.truncate(ITEMS);
        }
        self.allowed = Some(allowed);
        self
    }

    /// Following from the finding at `cause` in the list that [`Report::new`] gets.
    #[must_use]
    pub fn with_cause(mut self, cause: usize) -> Finding {
        self.cause = Some(cause);
        self
    }

    /// With the change that certainly mends it.
    #[must_use]
    pub fn with_fix(mut self, fix: Vec<PatchOp>) -> Finding {
        self.fix = Some(fix);
        self
    }

    /// With the nearest of some names that would do here: as help, as what is allowed, and as the fix where it is a slip
    /// for exactly one of them.
    #[must_use]
    pub(crate) fn with_names<'c, I>(self, found: &str, candidates: I, what: Misnamed) -> Finding
    where
        I: IntoIterator<Item = &'c str>,
    {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let near = nearest(found, candidates.iter().copied());
        let meant = slip(found, candidates);
        let Some(first) = meant.as_ref().or(near.first()) else { return self };
        let strange = found.chars().find(|c| !c.is_ascii()).map(crate::id::named);
        let strange =
            strange.map(|strange| format!(" {strange} is among what is written")).unwrap_or_default();
        let mut finding = self.with_help(format!("did you mean `{first}`?{strange}"));
        if what == Misnamed::Value {
            finding = finding.with_allowed(near);
        }
        if let Some(meant) = meant {
            let path = finding.pointer.clone();
            finding.fix = Some(vec![match what {
                Misnamed::Value => PatchOp::Replace { path, value: meant.into() },
                Misnamed::Member => {
                    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
                    PatchOp::Move { path: format!("{parent}/{}", escape(&meant)), from: path }
                }
            }]);
        }
        finding
    }

    /// About the name of the member at `pointer` and not its value: that is what a picture of it underlines.
    #[must_use]
    pub fn about_name(mut self) -> Finding {
        self.names_member = true;
        self
    }
}

/// What of a value is a name that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misnamed {
    /// The text at the pointer.
    Value,
    /// The name of the member at the pointer.
    Member,
}

/// What only the run can tell: a failure code at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum ResidualKind {
    /// `data.overflow`.
    #[serde(rename = "data.overflow")]
    Overflow,
    /// `data.division`.
    #[serde(rename = "data.division")]
    Division,
    /// `data.index`.
    #[serde(rename = "data.index")]
    Index,
    /// `data.conversion`.
    #[serde(rename = "data.conversion")]
    Conversion,
    /// `data.key`.
    #[serde(rename = "data.key")]
    Key,
    /// `data.size`.
    #[serde(rename = "data.size")]
    Size,
    /// `contract.input`.
    #[serde(rename = "contract.input")]
    ContractInput,
    /// `contract.output`.
    #[serde(rename = "contract.output")]
    ContractOutput,
    /// `contract.signal`.
    #[serde(rename = "contract.signal")]
    ContractSignal,
    /// `contract.data`.
    #[serde(rename = "contract.data")]
    ContractData,
    /// `contract.link`.
    #[serde(rename = "contract.link")]
    ContractLink,
}

impl ResidualKind {
    /// All kinds, in their order.
    pub const ALL: &[ResidualKind] = &[
        ResidualKind::Overflow,
        ResidualKind::Division,
        ResidualKind::Index,
        ResidualKind::Conversion,
        ResidualKind::Key,
        ResidualKind::Size,
        ResidualKind::ContractInput,
        ResidualKind::ContractOutput,
        ResidualKind::ContractSignal,
        ResidualKind::ContractData,
        ResidualKind::ContractLink,
    ];

    /// The failure code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ResidualKind::Overflow => "data.overflow",
            ResidualKind::Division => "data.division",
            ResidualKind::Index => "data.index",
            ResidualKind::Conversion => "data.conversion",
            ResidualKind::Key => "data.key",
            ResidualKind::Size => "data.size",
            ResidualKind::ContractInput => "contract.input",
            ResidualKind::ContractOutput => "contract.output",
            ResidualKind::ContractSignal => "contract.signal",
            ResidualKind::ContractData => "contract.data",
            ResidualKind::ContractLink => "contract.link",
        }
    }

    /// The kind of that failure code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<ResidualKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == code)
    }
}

impl fmt::Display for ResidualKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place where a failure remains possible that no check can rule out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Residual {
    /// The id of the step it is in; none in the workflow's output.
    pub step: Option<String>,
    /// The JSON Pointer of the value that can fail.
    pub pointer: String,
    /// How it can fail.
    pub kind: ResidualKind,
}

impl Residual {
    /// A residual outside any step.
    #[must_use]
    pub fn new(kind: ResidualKind, pointer: impl Into<String>) -> Residual {
        Residual { step: None, pointer: pointer.into(), kind }
    }

    /// In the step of that id.
    #[must_use]
    pub fn with_step(mut self, step: impl Into<String>) -> Residual {
        self.step = Some(step.into());
        self
    }
}

/// Everything that was found in a document, in order and without repeats.
///
/// Serialised as `{"valid", "findings", "residuals"}`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
pub struct Report {
    findings: Vec<Finding>,
    #[serde(default)]
    residuals: Arc<Vec<Residual>>,
}

impl Report {
    /// A report of `findings`, whose causes are indices into that list.
    ///
    /// Of findings with the same code, pointer, bytes and message the first is kept. What follows from another
    /// finding comes after all that do not; within that, the order is that of the document: by place in the text
    /// where the findings have one, else by pointer (items by number, top-level members as format 1 lists them).
    /// A cause that does not exist is dropped, and a circle of causes cut.
    #[must_use]
    pub fn new(findings: Vec<Finding>, mut residuals: Vec<Residual>) -> Report {
        sort_residuals(&mut residuals);
        residuals.dedup();
        Report { findings: ordered(findings), residuals: Arc::new(residuals) }
    }

    /// The findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The places where only the run can tell.
    #[must_use]
    pub fn residuals(&self) -> &[Residual] {
        &self.residuals
    }

    /// The same list, shared.
    pub(crate) fn shared_residuals(&self) -> Arc<Vec<Residual>> {
        Arc::clone(&self.residuals)
    }

    /// Both lists.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Finding>, Vec<Residual>) {
        (self.findings, Arc::unwrap_or_clone(self.residuals))
    }

    /// Whether there is no error. Warnings and hints do not stop a workflow.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// How many findings have that severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Gives every finding its place in the text that `document` was read from, and puts the findings into the
    /// order of that text. A value that does not exist (a missing member) is shown at the innermost value around
    /// it that does. Cost: one walk over the text, and a little for each finding.
    #[must_use]
    pub fn locate(mut self, document: &Document, text: &str) -> Report {
        super::locate::locate(&mut self.findings, document, text);
        self.findings = ordered(self.findings);
        self
    }

    /// Puts what was found at a place and inside of it in the stead of what was found there before. Neither follows from
    /// anything, and no finding has a place in a text.
    pub(crate) fn replace_within(
        &mut self,
        pointer: &str,
        findings: Vec<Finding>,
        mut residuals: Vec<Residual>,
    ) {
        let within = |other: &str| {
            other.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        sort_residuals(&mut residuals);
        residuals.dedup();
        // Sorted by pointer, so that those of one place are neighbours.
        let start = self.residuals.partition_point(|other| {
            !within(&other.pointer) && compare_pointers(&other.pointer, pointer).is_lt()
        });
        let end = start + self.residuals[start..].iter().take_while(|other| within(&other.pointer)).count();
        Arc::make_mut(&mut self.residuals).splice(start..end, residuals);
        let had = self.findings.iter().any(|finding| within(&finding.pointer));
        if had || !findings.is_empty() {
            let mut all = std::mem::take(&mut self.findings);
            all.retain(|finding| !within(&finding.pointer));
            all.extend(findings);
            self.findings = ordered(all);
        }
    }

    /// `{"valid", "findings", "residuals"}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Strings, numbers and lists of them: nothing in a report fails to serialise.
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 3)?;
        report.serialize_field("valid", &self.is_valid())?;
        report.serialize_field("findings", &self.findings)?;
        report.serialize_field("residuals", &*self.residuals)?;
        report.end()
    }
}

/// Sorts, drops repeats, and makes `cause` count in the new order.
fn ordered(findings: Vec<Finding>) -> Vec<Finding> {
    let levels = levels(&findings);
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by(|&a, &b| {
        let (x, y) = (&findings[a], &findings[b]);
        levels[a].cmp(&levels[b]).then_with(|| compare(x, y)).then(a.cmp(&b))
    });
    let mut positions = vec![0; findings.len()];
    let mut kept: Vec<usize> = Vec::with_capacity(order.len());
    for at in order {
        // Equal findings are neighbours now, unless one follows from something and the other does not.
        match kept.last() {
            Some(&last) if same(&findings[last], &findings[at]) => {}
            _ => kept.push(at),
        }
        positions[at] = kept.len() - 1;
    }
    let mut slots: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    let taken = kept.into_iter().filter_map(|at| Some((at, slots[at].take()?)));
    taken
        .enumerate()
        .map(|(position, (at, mut finding))| {
            let cause = finding.cause.filter(|_| levels[at] > 0).map(|cause| positions[cause]);
            finding.cause = cause.filter(|cause| *cause != position);
            finding
        })
        .collect()
}

/// How many findings each one follows from, one after the other; 0 for roots. A circle is cut where it closes.
fn levels(findings: &[Finding]) -> Vec<usize> {
    #[derive(Clone, Copy)]
    enum Level {
        New,
        /// On the chain that is being followed.
        Open,
        Known(usize),
    }
    let mut levels = vec![Level::New; findings.len()];
    for start in 0..findings.len() {
        // Up to a finding whose level is known, then back down: each is visited once.
        let mut chain = Vec::new();
        let mut next = Some(start);
        let mut level = loop {
            let Some(at) = next else { break 0 };
            match levels[at] {
                Level::Known(level) => break level + 1,
                Level::Open => break 0,
                Level::New => {}
            }
            levels[at] = Level::Open;
            chain.push(at);
            next = findings[at].cause.filter(|cause| *cause < findings.len());
        };
        while let Some(at) = chain.pop() {
            levels[at] = Level::Known(level);
            level += 1;
        }
    }
    let known = |level| if let Level::Known(level) = level { level } else { 0 };
    levels.into_iter().map(known).collect()
}

/// Sorts, and leaves equals in their order. Validation walks a document in its order, so that hardly anything is out of
/// place: each residual goes down to where it belongs, which is not far, unless that turns out to be too far.
fn sort_residuals(residuals: &mut [Residual]) {
    /// Places that one residual may go down on average.
    const FEW: usize = 8;
    let mut moves = residuals.len() * FEW;
    for end in 1..residuals.len() {
        let mut at = end;
        while at > 0 && compare_residuals(&residuals[at - 1], &residuals[at]).is_gt() {
            if moves == 0 {
                return residuals.sort_by(compare_residuals);
            }
            moves -= 1;
            residuals.swap(at - 1, at);
            at -= 1;
        }
    }
}

fn compare_residuals(a: &Residual, b: &Residual) -> Ordering {
    compare_pointers(&a.pointer, &b.pointer).then(a.kind.cmp(&b.kind))
}

fn compare(a: &Finding, b: &Finding) -> Ordering {
    let place = |finding: &Finding| finding.span.map(|span| (span.start, span.end));
    let by_text = match (place(a), place(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        // Findings without a place (of another file) follow.
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    by_text
        .then_with(|| compare_pointers(&a.pointer, &b.pointer))
        .then_with(|| a.expr_span.cmp(&b.expr_span))
        .then_with(|| a.severity.cmp(&b.severity))
        .then_with(|| a.code.cmp(&b.code))
        .then_with(|| a.message.cmp(&b.message))
}

fn same(a: &Finding, b: &Finding) -> bool {
    a.code == b.code && a.pointer == b.pointer && a.expr_span == b.expr_span && a.message == b.message
}

/// How many bytes two texts begin with alike.
fn shared(a: &[u8], b: &[u8]) -> usize {
    const WIDE: usize = 8;
    let wide = |at: usize| a.get(at..at + WIDE).zip(b.get(at..at + WIDE)).is_some_and(|(a, b)| a == b);
    let mut same = 0;
    while wide(same) {
        same += WIDE;
    }
    same + std::iter::zip(&a[same..], &b[same..]).take_while(|(a, b)| a == b).count()
}

/// The order of two tokens that begin at `start` and differ at `at`, where both are the position of an item, or both are
/// names and nothing is escaped around there: what most come to. Nothing where one pointer ends and the other goes on.
fn compare_plain(a: &[u8], b: &[u8], start: usize, at: usize) -> Option<Ordering> {
    if let (Some(x), Some(y)) = (digits(a, start), digits(b, start)) {
        return Some(x.cmp(&y)).filter(|order| order.is_ne());
    }
    let is_name = |pointer: &[u8]| pointer.get(start).is_some_and(u8::is_ascii_alphabetic);
    let (x, y) = (a.get(at), b.get(at));
    let escaped = a.get(at - 1) == Some(&b'~') || x == Some(&b'~') || y == Some(&b'~');
    if !is_name(a) || !is_name(b) || escaped {
        return None;
    }
    // Bytes of UTF-8 are in the order of what they stand for; none is where the name ends.
    let inside = |byte: Option<&u8>| byte.copied().filter(|byte| *byte != b'/');
    Some(inside(x).cmp(&inside(y))).filter(|order| order.is_ne())
}

/// The position that begins at `start`: digits without a zero before them, and not too many.
fn digits(pointer: &[u8], start: usize) -> Option<u64> {
    /// All numbers of so many digits fit.
    const MOST: usize = 18;
    let rest = pointer.get(start..)?;
    let mut number = 0;
    for (place, byte) in rest.iter().enumerate() {
        match byte {
            b'/' if place > 0 => return Some(number),
            b'0' if place == 0 && rest.get(1).is_some_and(u8::is_ascii_digit) => return None,
            b'0'..=b'9' if place < MOST => number = number * 10 + u64::from(byte - b'0'),
            _ => return None,
        }
    }
    (!rest.is_empty()).then_some(number)
}

/// Numbers by their size, before all other names; those by their bytes. A name that merely begins with a digit is none:
/// else `9`, `10` and `1a` would stand in a circle.
fn compare_tokens(a: &str, b: &str) -> Ordering {
    let letter = |token: &str| token.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    if letter(a) && letter(b) {
        return a.cmp(b);
    }
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

/// The order of pointers in a document that nobody has the text of: items by number, top-level members as
/// format 1 lists them, other members by name; what holds a value comes before it.
fn compare_pointers(a: &str, b: &str) -> Ordering {
    const TOP: &[&str] = &[
        "flov7",
        "$schema",
        "name",
        "description",
        "input",
        "types",
        "connections",
        "signals",
        "triggers",
        "steps",
        "output",
    ];
    // What both begin with decides nothing: they are compared from the first token that differs.
    let same = shared(a.as_bytes(), b.as_bytes());
    if same == a.len() && same == b.len() {
        return Ordering::Equal;
    }
    // What holds a value comes before it.
    let goes_on = |whole: &str, longer: &str| {
        whole.len() == same && longer.starts_with('/') && longer.as_bytes()[same] == b'/'
    };
    if goes_on(a, b) {
        return Ordering::Less;
    }
    if goes_on(b, a) {
        return Ordering::Greater;
    }
    let start = a.as_bytes()[..same].iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let mut top = start == 0;
    if !top && let Some(order) = compare_plain(a.as_bytes(), b.as_bytes(), start + 1, same) {
        return order;
    }
    let rank = |token: &str| TOP.iter().position(|member| *member == token).unwrap_or(TOP.len());
    let (a, b) = (a.get(start..).unwrap_or(a), b.get(start..).unwrap_or(b));
    let (mut a, mut b) = (tokens(a), tokens(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => {
                let by_rank = if top { rank(&a).cmp(&rank(&b)) } else { Ordering::Equal };
                by_rank.then_with(|| compare_tokens(&a, &b))
            }
        };
        if order.is_ne() {
            return order;
        }
        top = false;
    }
}
