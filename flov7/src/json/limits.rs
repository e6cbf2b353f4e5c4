//! How large a text may be, and how its numbers are taken.

use super::MAX_DEPTH;

/// How large a text may be and how its numbers are taken. Start from [`ReadLimits::default`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadLimits {
    /// The longest text in bytes. Default 4 MiB.
    pub bytes: usize,
    /// The deepest nesting of lists and objects. Default [`MAX_DEPTH`], for what comes from outside. At most
    /// [`MAX_STORED_DEPTH`](super::MAX_STORED_DEPTH), for what flov7 has written itself: more is taken as that.
    pub depth: usize,
    /// How many values a text may hold: scalars, lists and objects together. Default 1,000,000.
    pub values: usize,
    /// What becomes of numbers outside the range. Default: a fault.
    pub big_numbers: BigNumbers,
}

/// What becomes of a number that is an integer outside -2^63 … 2^64-1, or a magnitude that no double holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BigNumbers {
    /// The fault `number-range`.
    Error,
    /// A string with the digits as they stand in the text.
    String,
}

impl Default for ReadLimits {
    fn default() -> ReadLimits {
        ReadLimits { bytes: 4 << 20, depth: MAX_DEPTH, values: 1_000_000, big_numbers: BigNumbers::Error }
    }
}

impl ReadLimits {
    /// With another limit of bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> ReadLimits {
        self.bytes = bytes;
        self
    }

    /// With another limit of depth.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> ReadLimits {
        self.depth = depth;
        self
    }

    /// With another limit of values.
    #[must_use]
    pub fn with_values(mut self, values: usize) -> ReadLimits {
        self.values = values;
        self
    }

    /// With another way to take numbers outside the range.
    #[must_use]
    pub fn with_big_numbers(mut self, big_numbers: BigNumbers) -> ReadLimits {
        self.big_numbers = big_numbers;
        self
    }
}
