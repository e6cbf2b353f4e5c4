//! What is drawn over a node: what became of its step, or how it differs between two revisions.

/// What is said of a node beyond what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// What it says; a picture has a colour and a sign for it.
    pub kind: MarkKind,
    /// The same in words, with what belongs to it: `done, 2 attempts`. One short line.
    pub words: String,
}

/// The kinds of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MarkKind {
    /// The step has its value.
    Done,
    /// It failed.
    Failed,
    /// It is being worked on.
    Running,
    /// It waits for someone or something outside.
    Waiting,
    /// It was passed by.
    Skipped,
    /// It was cancelled.
    Cancelled,
    /// Nobody knows whether it happened.
    Unknown,
    /// It is in the newer revision alone.
    Added,
    /// It is in the older revision alone.
    Removed,
    /// It is in both, and not the same.
    Changed,
    /// It is the same in both, elsewhere.
    Moved,
}

impl MarkKind {
    /// All kinds, in their order.
    pub const ALL: [MarkKind; 11] = [
        MarkKind::Done,
        MarkKind::Failed,
        MarkKind::Running,
        MarkKind::Waiting,
        MarkKind::Skipped,
        MarkKind::Cancelled,
        MarkKind::Unknown,
        MarkKind::Added,
        MarkKind::Removed,
        MarkKind::Changed,
        MarkKind::Moved,
    ];

    /// The kind's name, as pictures have it for a class.
    pub fn as_str(self) -> &'static str {
        match self {
            MarkKind::Done => "done",
            MarkKind::Failed => "failed",
            MarkKind::Running => "running",
            MarkKind::Waiting => "waiting",
            MarkKind::Skipped => "skipped",
            MarkKind::Cancelled => "cancelled",
            MarkKind::Unknown => "unknown",
            MarkKind::Added => "added",
            MarkKind::Removed => "removed",
            MarkKind::Changed => "changed",
            MarkKind::Moved => "moved",
        }
    }

    /// A sign for those who do not see the colour.
    pub fn sign(self) -> char {
        match self {
            MarkKind::Done => '✓',
            MarkKind::Failed => '✗',
            MarkKind::Running => '▶',
            MarkKind::Waiting => '◷',
            MarkKind::Skipped => '»',
            MarkKind::Cancelled => '⊘',
            MarkKind::Unknown => '?',
            MarkKind::Added => '+',
            MarkKind::Removed => '−',
            MarkKind::Changed => '≠',
            MarkKind::Moved => '↕',
        }
    }
}

impl Mark {
    /// A mark with its words.
    pub fn new(kind: MarkKind, words: impl Into<String>) -> Mark {
        Mark { kind, words: words.into() }
    }

    /// Its line in a picture: the sign, then the words.
    pub fn line(&self) -> String {
        format!("{} {}", self.kind.sign(), self.words)
    }
}
