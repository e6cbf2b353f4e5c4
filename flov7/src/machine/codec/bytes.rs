//! Bytes out and in: varints, texts, options.

use crate::error::{Error, ErrorKind};

/// Why bytes could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// They are not what we wrote: what is wrong, and where.
    Corrupt(&'static str, usize),
    /// A newer release wrote them: what this one does not know.
    Newer(String),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        match fault {
            Fault::Corrupt(what, at) => Error::new(ErrorKind::Corrupt, format!("{what} at byte {at}")),
            Fault::Newer(what) => Error::new(ErrorKind::Newer, format!("written by a newer flov7: {what}")),
        }
    }
}

/// Bytes being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Out {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.0.push(u8::from(flag));
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            // The low seven bits, and more to come.
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn count(&mut self, count: usize) {
        // A usize has at most 64 bits on every target we build for.
        self.number(count as u64);
    }

    pub(crate) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    /// Eight bytes, little-endian: for hashes, which no varint shortens.
    pub(crate) fn word(&mut self, word: u64) {
        self.0.extend_from_slice(&word.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    pub(crate) fn option<T>(&mut self, option: Option<T>, write: impl FnOnce(&mut Out, T)) {
        match option {
            None => self.byte(0),
            Some(value) => {
                self.byte(1);
                write(self, value);
            }
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Out, T),
    ) {
        self.count(items.len());
        for item in items {
            write(self, item);
        }
    }
}

/// Bytes being read.
#[derive(Clone, Debug)]
pub(crate) struct In<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> In<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> In<'a> {
        In { bytes, at: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// The fault that what stands here is `what`.
    pub(crate) fn corrupt<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault::Corrupt(what, self.at))
    }

    /// How many bytes are left: no honest count is greater.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Fault> {
        let Some(byte) = self.bytes.get(self.at) else { return self.corrupt("the bytes end early") };
        self.at += 1;
        Ok(*byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Fault> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.corrupt("a flag is neither 0 nor 1"),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return self.corrupt("a number has more than 64 bits");
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        self.corrupt("a number has more than 64 bits")
    }

    pub(crate) fn number32(&mut self) -> Result<u32, Fault> {
        let number = self.number()?;
        u32::try_from(number).or_else(|_| self.corrupt("a number has more than 32 bits"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Fault> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// A count of things that take at least a byte each.
    pub(crate) fn count(&mut self) -> Result<usize, Fault> {
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() => Ok(count),
            _ => self.corrupt("a count is greater than the bytes that are left"),
        }
    }

    pub(crate) fn word(&mut self) -> Result<u64, Fault> {
        let bytes = self.bytes(8)?;
        // `bytes` gave exactly eight.
        Ok(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let Some(bytes) = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end)) else {
            return self.corrupt("the bytes end early");
        };
        self.at += count;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Fault> {
        let count = self.count()?;
        self.text_of(count)
    }

    pub(crate) fn text_of(&mut self, count: usize) -> Result<&'a str, Fault> {
        let bytes = self.bytes(count)?;
        std::str::from_utf8(bytes).or_else(|_| self.corrupt("a text is not UTF-8"))
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut In<'a>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut In<'a>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let count = self.count()?;
        // The count is bounded by the bytes that are left; what one item takes in memory is not, so the list grows.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }
}
