//! Time and randomness, as an engine is given them.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one place where the clock is read"
)]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::id::Timestamp;

/// What time it is.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, in milliseconds since 1970 UTC.
    fn now(&self) -> Timestamp;

    /// Returns at or after the instant, never before it by this clock.
    async fn sleep_until(&self, at: Timestamp);
}

/// Where ids and seeds come from.
pub trait Entropy: Send + Sync {
    /// 128 fresh random bits.
    fn bits(&self) -> u128;
}

/// The operating system's randomness, by way of the standard library's keyed hasher: a crate for it alone would bring
/// three. One key for the process, and each number is SHA-256 of that key, a counter and the time.
#[derive(Debug, Default)]
pub struct SystemEntropy;

/// Each `RandomState` differs by a counter from keys that the system gave its thread; the HMAC spreads both.
fn process_key() -> [u8; 32] {
    let mut key = [0u8; 32];
    for chunk in key.chunks_exact_mut(8) {
        chunk.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
    }
    hmac_sha256::HMAC::mac(nanos().to_le_bytes(), key)
}

fn nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // The lower half differs between any two readings that matter.
    u64::try_from(since & u128::from(u64::MAX)).unwrap_or(0)
}

impl Entropy for SystemEntropy {
    fn bits(&self) -> u128 {
        static KEY: OnceLock<[u8; 32]> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // One block of the hash: 48 bytes.
        let mut text = [0u8; 48];
        text[..32].copy_from_slice(KEY.get_or_init(process_key));
        text[32..40].copy_from_slice(&COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        text[40..].copy_from_slice(&nanos().to_le_bytes());
        let hash = hmac_sha256::Hash::hash(&text);
        let mut out = [0u8; 16];
        out.copy_from_slice(&hash[..16]);
        u128::from_le_bytes(out)
    }
}

/// The system's wall clock. Its `sleep_until` needs tokio's timer.
#[cfg(feature = "embedded")]
#[derive(Debug, Default)]
pub struct SystemClock;

#[cfg(feature = "embedded")]
#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
        Timestamp::from_ms(i64::try_from(since).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, at: Timestamp) {
        // In slices: a wall clock that is set back or forward must not leave a sleeper wrong for long.
        loop {
            let left = at.ms().saturating_sub(self.now().ms());
            if left <= 0 {
                return;
            }
            let slice = u64::try_from(left.min(60_000)).unwrap_or(0);
            tokio::time::sleep(std::time::Duration::from_millis(slice)).await;
        }
    }
}
