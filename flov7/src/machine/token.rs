//! What looks random and is not: jitter and wait tokens, from the execution's seed.

use crate::id::{ExecutionId, Timestamp, WaitToken};

/// 64 bits that differ by execution, step and attempt.
pub(super) fn chance(seed: &str, path: &str, attempt: u32) -> u64 {
    let bytes = derive(seed, b"jitter", attempt, path);
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(word)
}

/// Where the answer to a wait goes: differs by execution and path, and a path is activated once.
pub(super) fn wait_token(seed: &str, path: &str) -> WaitToken {
    let bytes = derive(seed, b"wait", 0, path);
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    WaitToken::new(half)
}

/// The id of the execution that a step calls: its commit creates it once, whoever repeats that.
pub(super) fn child_id(seed: &str, path: &str, at: Timestamp) -> ExecutionId {
    let bytes = derive(seed, b"child", 0, path);
    let mut tail = [0; 10];
    tail.copy_from_slice(&bytes[..10]);
    ExecutionId::new(u64::try_from(at.ms()).unwrap_or(0), tail)
}

/// HMAC-SHA-256 under the seed, of a word for the purpose, a number and a path.
fn derive(seed: &str, purpose: &[u8], number: u32, path: &str) -> [u8; 32] {
    let mut mac = hmac_sha256::HMAC::new(seed);
    mac.update(purpose);
    mac.update([0]);
    mac.update(number.to_be_bytes());
    mac.update(path);
    mac.finalize()
}
