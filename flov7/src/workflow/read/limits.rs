//! How large a document may be (FORMAT 1, Size).

/// Bytes of a document's text.
pub(crate) const MAX_BYTES: usize = 4 << 20;
/// Steps of a document.
pub(crate) const MAX_STEPS: usize = 10_000;
/// Blocks inside blocks, the outermost included.
pub(crate) const MAX_BLOCKS: usize = 32;
