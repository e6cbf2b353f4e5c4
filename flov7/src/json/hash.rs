//! Fast 64-bit hashes: of a value, and of a sequence of small things.
//!
//! Both are part of the journal's format and pinned by golden vectors. Neither resists an adversary: they find
//! differences between replays, and a bundle is named by SHA-256 ([`super::digest`]).

use serde_json::{Map, Value};

use super::{MAX_DEPTH, Numeric, canonical};

/// A structural hash of a value: equal for values that read the same, whatever the order of members and the
/// features of `serde_json`.
///
/// A value becomes a sequence of 64-bit words: a tag, then what it holds (members sorted by key, each as key and
/// value; text as its length and its bytes in words, little-endian, the last filled with zeros). Each word is
/// multiplied into the state: `fold((state ^ word) * K)`, where `fold` is the high half of the 128-bit product
/// xor its low half. Numbers count as they are normalised ([`Numeric::of`]). Below [`MAX_DEPTH`] levels, which
/// no value that passed our reader has, the canonical text counts instead.
#[must_use]
pub fn hash64(value: &Value) -> u64 {
    let mut state = State(SEED);
    state.value(value, 0);
    state.word(TAG_END);
    state.0
}

const SEED: u64 = 0x243F_6A88_85A3_08D3; // the digits of pi, as are the next two
const K: u64 = 0x9E37_79B9_7F4A_7C15; // 2^64 / golden ratio, odd
const TAG_NULL: u64 = 1;
const TAG_FALSE: u64 = 2;
const TAG_TRUE: u64 = 3;
const TAG_INTEGER: u64 = 4;
const TAG_NATURAL: u64 = 5;
const TAG_DOUBLE: u64 = 6;
const TAG_STRING: u64 = 7;
const TAG_LIST: u64 = 8;
const TAG_OBJECT: u64 = 9;
const TAG_DEEP: u64 = 10;
const TAG_END: u64 = 11;

struct State(u64);

impl State {
    #[inline]
    fn word(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * u128::from(K);
        // The two halves; a zero state is left by the added constant.
        self.0 = ((product >> 64) as u64 ^ product as u64).wrapping_add(0x1319_8A2E_0370_7344);
    }

    #[inline]
    fn text(&mut self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        self.word(text.len() as u64);
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(last));
        }
    }

    /// Recursion is bounded by the depth: deeper values go through their text.
    fn value(&mut self, value: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            self.word(TAG_DEEP);
            return self.text(&canonical(value));
        }
        match value {
            Value::Null => self.word(TAG_NULL),
            Value::Bool(false) => self.word(TAG_FALSE),
            Value::Bool(true) => self.word(TAG_TRUE),
            Value::Number(number) => match Numeric::of(number) {
                Numeric::Integer(integer) => match i64::try_from(integer) {
                    Ok(integer) => {
                        self.word(TAG_INTEGER);
                        self.word(integer.cast_unsigned());
                    }
                    Err(_) => {
                        self.word(TAG_NATURAL);
                        // A Number's integer that is no i64 is a u64.
                        self.word(u64::try_from(integer).unwrap_or_default());
                    }
                },
                Numeric::Double(double) => {
                    self.word(TAG_DOUBLE);
                    self.word(double.to_bits());
                }
            },
            Value::String(text) => {
                self.word(TAG_STRING);
                self.text(text);
            }
            Value::Array(items) => {
                self.word(TAG_LIST);
                self.word(items.len() as u64);
                items.iter().for_each(|item| self.value(item, depth + 1));
            }
            Value::Object(members) => {
                self.word(TAG_OBJECT);
                self.word(members.len() as u64);
                self.members(members, depth);
            }
        }
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize) {
        let mut member = |(key, value): (&String, &Value)| {
            self.text(key);
            self.value(value, depth + 1);
        };
        // Sorted already unless another crate turned on `preserve_order`. Asked before anything is hashed: to
        // begin again half-way would double the work with every level.
        if members.keys().is_sorted() {
            members.iter().for_each(&mut member);
        } else {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            sorted.into_iter().for_each(&mut member);
        }
    }
}

/// FNV-1a with 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>), byte by byte: the running hash of what
/// a machine decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fnv64(u64);

impl Fnv64 {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Fnv64 {
        Fnv64(0xCBF2_9CE4_8422_2325)
    }

    /// Goes on from a hash that was stored.
    #[must_use]
    pub const fn resume(state: u64) -> Fnv64 {
        Fnv64(state)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// Adds a text: its length in bytes as four bytes, big-endian (texts of 4 GiB and more count as that long),
    /// then its bytes, so that neighbours cannot run together.
    pub fn text(&mut self, text: &str) {
        self.bytes(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes(text.as_bytes());
    }

    /// Adds a number as eight bytes, big-endian.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    /// The hash of everything added so far.
    #[must_use]
    pub const fn finish(self) -> u64 {
        self.0
    }
}

impl Default for Fnv64 {
    fn default() -> Fnv64 {
        Fnv64::new()
    }
}

/// The FNV-1a hash of `bytes`.
#[must_use]
pub fn fnv1a64(bytes: &[u8]) -> u64 {
    let mut hash = Fnv64::new();
    hash.bytes(bytes);
    hash.finish()
}
