//! Executions in a process that is killed, and a ledger in one that is not.
//!
//! Time runs two thousand times as fast as it is: what a workflow waits a minute for comes in thirty milliseconds.

mod child;
mod parent;

pub use child::child;
pub use parent::{Totals, parent};

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use flov7::clock::Clock;
use flov7::id::Timestamp;

/// How much faster time runs.
const SPEED: i64 = 2_000;

/// How many executions one file holds.
const EXECUTIONS: u64 = 3;

/// Time that runs faster, the same in every process that knows when it began.
struct Fast {
    /// In real milliseconds since 1970.
    origin: i64,
}

fn real_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        let micros = i64::try_from(since).unwrap_or(0) - self.origin * 1_000;
        Timestamp::from_ms(1_767_225_600_000 + micros * SPEED / 1_000)
    }

    async fn sleep_until(&self, at: Timestamp) {
        while self.now() < at {
            let left = (at.ms() - self.now().ms()).max(0) / SPEED + 1;
            tokio::time::sleep(std::time::Duration::from_millis(
                u64::try_from(left.min(60_000)).unwrap_or(1),
            ))
            .await;
        }
    }
}
