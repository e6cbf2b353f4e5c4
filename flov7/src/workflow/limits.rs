//! How large a document may be.

use crate::id::StepPath;
use crate::json::{MAX_DEPTH, ReadLimits};

/// How large a document may be (FORMAT 1, Size). Each limit can be lowered, none raised: what an engine relies on
/// stays true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentLimits {
    /// Bytes of the text. 4 MiB.
    pub document_bytes: usize,
    /// Lists and objects inside of each other. 256.
    pub depth: usize,
    /// Steps, those inside conditions included. 10,000.
    pub steps: usize,
    /// Blocks of steps inside of each other, below the steps of the document itself: so many conditions nest. 32.
    pub blocks: usize,
    /// Bytes of the longest path that a step can have, the indices of iterations counted as five digits. 512.
    pub path_bytes: usize,
    /// Bytes of all expressions together. 1 MiB.
    pub expression_bytes: usize,
    /// What one validation may look at: parts of types and of expressions, and what is known at each place, every visit
    /// counted. 20,000,000, which no document comes near that was not made for it.
    pub visits: u64,
}

impl Default for DocumentLimits {
    fn default() -> DocumentLimits {
        DocumentLimits {
            document_bytes: ReadLimits::default().bytes,
            depth: MAX_DEPTH,
            steps: 10_000,
            blocks: 32,
            path_bytes: StepPath::MAX_BYTES,
            expression_bytes: 1 << 20,
            visits: 20_000_000,
        }
    }
}

impl DocumentLimits {
    /// With at most so many bytes of text.
    #[must_use]
    pub fn with_document_bytes(mut self, bytes: usize) -> Self {
        self.document_bytes = bytes.min(self.document_bytes);
        self
    }

    /// With at most so many levels of lists and objects.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth.min(self.depth);
        self
    }

    /// With at most so many steps.
    #[must_use]
    pub fn with_steps(mut self, steps: usize) -> Self {
        self.steps = steps.min(self.steps);
        self
    }

    /// With at most so many blocks inside of each other.
    #[must_use]
    pub fn with_blocks(mut self, blocks: usize) -> Self {
        self.blocks = blocks.min(self.blocks);
        self
    }

    /// With paths of at most so many bytes.
    #[must_use]
    pub fn with_path_bytes(mut self, bytes: usize) -> Self {
        self.path_bytes = bytes.min(self.path_bytes);
        self
    }

    /// With at most so many bytes of expressions.
    #[must_use]
    pub fn with_expression_bytes(mut self, bytes: usize) -> Self {
        self.expression_bytes = bytes.min(self.expression_bytes);
        self
    }

    /// With at most so many visits.
    #[must_use]
    pub fn with_visits(mut self, visits: u64) -> Self {
        self.visits = visits.min(self.visits);
        self
    }

    /// What holds for the text.
    pub(crate) fn read_limits(&self) -> ReadLimits {
        ReadLimits::default().with_bytes(self.document_bytes).with_depth(self.depth)
    }
}
