//! What looks random and is not: jitter and wait tokens, from the execution's seed.

/// 64 bits that differ by execution, step and attempt.
pub(super) fn chance(seed: &str, path: &str, attempt: u32) -> u64 {
    let mut mac = hmac_sha256::HMAC::new(seed);
    mac.update(b"jitter\0");
    mac.update(attempt.to_be_bytes());
    mac.update(path);
    let bytes = mac.finalize();
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(word)
}
