//! Identifiers of 128 bits, written as 26 characters of Crockford's base32 in lower case
//! (<https://www.crockford.com/base32.html>): no `i`, `l`, `o`, `u`, and text order is number order.

use std::sync::Arc;

use schemars::json_schema;

use super::{IdError, text_id};

/// The id of an execution: 48 bits of milliseconds since 1970 and 80 random bits, so that ids sort by the time
/// at which they were made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(Arc<str>);

impl ExecutionId {
    /// The id made at `ms` milliseconds since 1970 (more than 48 bits, the year 10889, are cut to the last
    /// instant that fits) with 80 bits of `random`.
    #[must_use]
    pub fn new(ms: u64, random: [u8; 10]) -> ExecutionId {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&ms.min((1 << 48) - 1).to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        ExecutionId(encode(u128::from_be_bytes(bytes)))
    }

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When it is not 26 characters of lower-case Crockford base32, or stands for more than 128 bits.
    pub fn parse(text: &str) -> Result<ExecutionId, IdError> {
        match decode(text) {
            Some(_) => Ok(ExecutionId(text.into())),
            None => Err(IdError::of(text, "is not an execution id: 26 characters of lower-case base32")),
        }
    }

    /// When the id was made, in milliseconds since 1970. Always below 2^48.
    #[must_use]
    pub fn created_ms(&self) -> i64 {
        // Every constructor checked the text; 48 bits fit.
        decode(&self.0).and_then(|bits| i64::try_from(bits >> 80).ok()).unwrap_or_default()
    }
}

text_id!(ExecutionId, json_schema!({ "type": "string", "pattern": "^[0-7][0-9a-hjkmnp-tv-z]{25}$" }));

/// The address of one wait (a signal, an approval, a question). No credential: whoever may post to the
/// namespace may answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitToken(Arc<str>);

impl WaitToken {
    /// The token of 128 bits.
    #[must_use]
    pub fn new(bits: [u8; 16]) -> WaitToken {
        WaitToken(encode(u128::from_be_bytes(bits)))
    }

    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// When it is not 26 characters of lower-case Crockford base32, or stands for more than 128 bits.
    pub fn parse(text: &str) -> Result<WaitToken, IdError> {
        match decode(text) {
            Some(_) => Ok(WaitToken(text.into())),
            None => Err(IdError::of(text, "is not a wait token: 26 characters of lower-case base32")),
        }
    }
}

text_id!(WaitToken, json_schema!({ "type": "string", "pattern": "^[0-7][0-9a-hjkmnp-tv-z]{25}$" }));

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// 26 digits of five bits, the first of which holds only three.
fn encode(mut bits: u128) -> Arc<str> {
    let mut digits = [0; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::from(bits.to_le_bytes()[0] & 31)];
        bits >>= 5;
    }
    digits.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0u128, |bits, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        Some(bits << 5 | u128::try_from(digit).ok()?)
    })
}
