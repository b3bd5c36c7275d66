//! Bytes that a checkpoint is made of, written and read again: numbers, texts, and (in [`columns`]) rows of every kind. What is
//! read may be anything, so reading never panics, never recurses without end, and allocates no more than a fixed multiple of
//! what it was given.

pub mod columns;
mod reading;
#[cfg(test)]
mod tests;

use crate::data::time::Time;
use crate::error::Error;

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They end too early.
    #[error("it is cut off")]
    CutOff,
    /// They are not what a writer writes.
    #[error("it is not understood")]
    NotUnderstood,
}

impl Unreadable {
    /// As the error of what was attempted: `cannot go on with state/`.
    pub fn of(self, attempted: impl std::fmt::Display) -> Error {
        Error::failed(format!("{attempted}: {self}"))
    }
}

/// The result of reading.
pub type Read<T> = Result<T, Unreadable>;

/// Appends values to bytes.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what was written, and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Yes or no, as one byte.
    pub fn bool(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    /// A number, seven bits a byte from the lowest on: small ones are short.
    pub fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number of either sign; those near to 0 are short.
    pub fn i64(&mut self, value: i64) {
        self.u64((value << 1 ^ value >> 63) as u64);
    }

    /// A number as its eight bytes: random ones are shorter like that.
    pub fn fixed(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A float, every bit of it.
    pub fn f64(&mut self, value: f64) {
        self.fixed(value.to_bits());
    }

    /// Bytes, led by their number.
    pub fn bytes(&mut self, value: &[u8]) {
        self.u64(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// A text.
    pub fn str(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// A time.
    pub fn time(&mut self, value: Time) {
        self.i64(value.0);
    }
}

/// Reads what a [`Writer`] wrote, in the same order.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// At the start of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether all has been read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing may stand behind what was read.
    pub fn end(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Unreadable::NotUnderstood) }
    }

    /// So many bytes as they are.
    pub fn take(&mut self, len: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Unreadable::CutOff)?;
        self.rest = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Read<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(Unreadable::CutOff)?;
        self.rest = rest;
        Ok(byte)
    }

    /// Yes or no.
    pub fn bool(&mut self) -> Read<bool> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unreadable::NotUnderstood),
        }
    }

    /// See [`Writer::u64`].
    pub fn u64(&mut self) -> Read<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            // Of the tenth byte one bit is left.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Unreadable::NotUnderstood)
    }

    /// A number that fits the type that is wanted.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Read<T> {
        T::try_from(self.u64()?).map_err(|_| Unreadable::NotUnderstood)
    }

    /// How many items follow, each of which takes at least `each` bytes.
    pub fn count(&mut self, each: usize) -> Read<usize> {
        let count: usize = self.number()?;
        match count.checked_mul(each) {
            Some(bytes) if bytes <= self.rest.len() => Ok(count),
            _ => Err(Unreadable::CutOff),
        }
    }

    /// See [`Writer::i64`].
    pub fn i64(&mut self) -> Read<i64> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// See [`Writer::fixed`].
    pub fn fixed(&mut self) -> Read<u64> {
        let (value, rest) = self.rest.split_first_chunk().ok_or(Unreadable::CutOff)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*value))
    }

    /// A float.
    pub fn f64(&mut self) -> Read<f64> {
        Ok(f64::from_bits(self.fixed()?))
    }

    /// Bytes that are led by their number.
    pub fn bytes(&mut self) -> Read<&'a [u8]> {
        let len = self.count(1)?;
        self.take(len)
    }

    /// A text.
    pub fn str(&mut self) -> Read<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Unreadable::NotUnderstood)
    }

    /// A time.
    pub fn time(&mut self) -> Read<Time> {
        self.i64().map(Time)
    }
}
