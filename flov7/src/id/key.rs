//! The key under which the other side of a call recognises a repeat.

use super::{ExecutionId, Namespace, StepPath};

/// The idempotency key of a step: the same for all its attempts, on every engine, and another for its undo.
///
/// The first 26 characters (130 bits) of the lower-case base32 text (RFC 4648 §6, without padding) of the
/// SHA-256 over namespace, execution and path (with `/undo` appended for the undo), each preceded by its length
/// in bytes as four bytes, big-endian. Pinned by golden vectors: a change would repeat effects.
#[must_use]
pub fn idempotency_key(
    namespace: &Namespace,
    execution: &ExecutionId,
    path: &StepPath,
    undo: bool,
) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let suffix = if undo { "/undo" } else { "" };
    let mut hash = hmac_sha256::Hash::new();
    for (text, suffix) in [(namespace.as_str(), ""), (execution.as_str(), ""), (path.as_str(), suffix)] {
        // The types cap their texts far below 2^32 bytes.
        let length = u32::try_from(text.len() + suffix.len()).unwrap_or(u32::MAX);
        hash.update(length.to_be_bytes());
        hash.update(text);
        hash.update(suffix);
    }
    let digest = hash.finalize();
    let bit = |at: usize| digest[at / 8] >> (7 - at % 8) & 1;
    (0..26)
        .map(|i| char::from(DIGITS[usize::from((0..5).fold(0, |digit, j| digit << 1 | bit(i * 5 + j)))]))
        .collect()
}
