//! Doubles for the outside world (feature `testing`): time that stands still, randomness that repeats.
//!
//! ```
//! use std::time::Duration;
//! use flov7::clock::{Clock, Entropy};
//! use flov7::id::Timestamp;
//! use flov7::testing::{ManualClock, SeededEntropy};
//!
//! let clock = ManualClock::new(Timestamp::from_ms(1_000));
//! clock.advance(Duration::from_secs(2));
//! assert_eq!(clock.now(), Timestamp::from_ms(3_000));
//! assert_eq!(SeededEntropy::new(7).bits(), SeededEntropy::new(7).bits());
//! ```

mod clock;
mod entropy;

pub use clock::ManualClock;
pub use entropy::SeededEntropy;
