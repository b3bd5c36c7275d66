//! Sums that lose nothing: of whole numbers and floats, and of their squares, rounded once at the end, so that neither the
//! order of the values nor their spread over shards can be seen in the result.
//!
//! A sum is a whole number of 128 bits times a power of two, which is enough for most data; what does not fit goes to a
//! `Wide` sum, limbs of 32 bits in 64, so that carries can wait.

mod integer;
mod moving;

use super::column::Number;
use integer::Integer;

pub use moving::Moving;

/// The sum of some numbers, exactly.
#[derive(Debug, Clone, Default)]
pub struct Exact {
    sum: i128,
    wide: Option<Box<Wide>>,
    /// The power of two that `sum` is counted in.
    low: i32,
    flags: u8,
}

/// There was a value.
const SEEN: u8 = 1;
/// There was a float.
const FLOAT: u8 = 2;
const NAN: u8 = 4;
const INFINITE: u8 = 8;
const MINUS_INFINITE: u8 = 16;
const SPECIAL: u8 = NAN | INFINITE | MINUS_INFINITE;
/// Only where it is written: limbs follow.
const WIDE: u8 = 32;

/// A sum of any reach.
#[derive(Debug, Clone, Default)]
struct Wide {
    /// Limb `n` counts in 2 to the power of `32 * (first + n)`.
    limbs: Vec<i64>,
    first: i32,
    /// How many numbers were added since carries were settled.
    adds: u32,
}

/// So many additions of 32 bits surely fit into a limb.
const ADDS: u32 = 1 << 30;

impl Exact {
    /// Whether there was no value.
    pub fn is_empty(&self) -> bool {
        self.flags == 0
    }

    /// Adds a number; null adds nothing.
    #[inline]
    pub fn add(&mut self, number: Number) {
        match number {
            Number::Null => {}
            Number::Int(value) => self.add_int(value),
            Number::Float(value) => self.add_float(value),
        }
    }

    /// Adds a whole number.
    #[inline]
    pub fn add_int(&mut self, value: i64) {
        self.add_ints(i128::from(value));
    }

    /// Adds the sum of at least one whole number.
    #[inline]
    pub fn add_ints(&mut self, sum: i128) {
        self.flags |= SEEN;
        self.push(sum, 0);
    }

    /// Adds a float.
    #[inline]
    pub fn add_float(&mut self, value: f64) {
        if let Some((mantissa, exponent)) = self.parts(value) {
            self.push(i128::from(mantissa), exponent);
        }
    }

    /// Adds the square of a number; null adds nothing.
    #[inline]
    pub fn add_square(&mut self, number: Number) {
        match number {
            Number::Null => {}
            Number::Int(value) => self.add_ints(i128::from(value) * i128::from(value)),
            Number::Float(value) => {
                if let Some((mantissa, exponent)) = self.parts(value) {
                    self.push(i128::from(mantissa) * i128::from(mantissa), 2 * exponent);
                }
            }
        }
    }

    /// Mantissa, odd or zero, and exponent; none if the value is not finite.
    #[inline]
    fn parts(&mut self, value: f64) -> Option<(i64, i32)> {
        self.flags |= SEEN | FLOAT;
        let bits = value.to_bits();
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
        if exponent == 0x7ff {
            self.flags |= match (fraction, bits >> 63) {
                (0, 0) => INFINITE,
                (0, _) => MINUS_INFINITE,
                _ => NAN,
            };
            return None;
        }
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        if mantissa == 0 {
            return Some((0, 0));
        }
        let zeros = mantissa.trailing_zeros();
        let mantissa = (mantissa >> zeros) as i64;
        Some((if bits >> 63 == 0 { mantissa } else { -mantissa }, exponent.max(1) - 1075 + zeros as i32))
    }

    #[inline]
    fn push(&mut self, value: i128, exponent: i32) {
        match self.sum.checked_add(value) {
            Some(sum) if exponent == self.low => self.sum = sum,
            _ => self.shifted(value, exponent),
        }
    }

    /// Adds what is counted in another power of two, or does not fit.
    fn shifted(&mut self, value: i128, exponent: i32) {
        if value == 0 {
            return;
        }
        if self.sum == 0 {
            (self.sum, self.low) = (value, exponent);
            return;
        }
        let low = self.low.min(exponent);
        let sum = shift(self.sum, self.low - low).zip(shift(value, exponent - low)).and_then(|(a, b)| a.checked_add(b));
        if let Some(sum) = sum {
            (self.sum, self.low) = (sum, low);
            return;
        }
        self.wide.get_or_insert_default().add(self.sum, self.low);
        (self.sum, self.low) = (value, exponent);
    }

    /// Adds all that another sum holds.
    pub fn merge(&mut self, other: &Exact) {
        self.flags |= other.flags;
        self.push(other.sum, other.low);
        if let Some(wide) = &other.wide {
            let mine = self.wide.get_or_insert_default();
            for (limb, exponent) in wide.limbs.iter().zip(wide.first..) {
                mine.add(i128::from(*limb), 32 * exponent);
            }
        }
    }

    /// What the sum is if a value was not finite.
    fn special(&self) -> Option<f64> {
        match self.flags & SPECIAL {
            0 => None,
            INFINITE => Some(f64::INFINITY),
            MINUS_INFINITE => Some(f64::NEG_INFINITY),
            _ => Some(f64::NAN),
        }
    }

    fn integer(&self) -> Integer {
        match &self.wide {
            None => Integer::new(self.sum, self.low),
            Some(wide) => {
                let mut wide = wide.clone();
                wide.add(self.sum, self.low);
                Integer::of_limbs(&wide.limbs, 32 * wide.first)
            }
        }
    }

    /// The sum: null without values; whole if all values are and it fits; else the nearest float.
    pub fn total(&self) -> Number {
        if self.flags & SEEN == 0 {
            return Number::Null;
        }
        if self.flags & FLOAT == 0
            && self.wide.is_none()
            && self.low == 0
            && let Ok(sum) = i64::try_from(self.sum)
        {
            return Number::Int(sum);
        }
        let integer = self.integer();
        match integer.whole() {
            Some(whole) if self.flags & FLOAT == 0 => Number::Int(whole),
            _ => Number::Float(self.special().unwrap_or_else(|| integer.float())),
        }
    }

    /// The sum divided by a number of values, rounded once; null for none.
    pub fn mean(&self, count: u64) -> Number {
        /// What a float holds exactly.
        const EXACT: u64 = 1 << 53;
        let small = self.wide.is_none() && self.sum.unsigned_abs() <= u128::from(EXACT) && count <= EXACT;
        match count {
            0 => Number::Null,
            // A division of floats is rounded once, and a power of two moves only the point.
            _ if small && self.flags & SPECIAL == 0 && self.low.abs() < 900 => {
                Number::Float(self.sum as f64 / count as f64 * integer::power(self.low))
            }
            _ => Number::Float(self.special().unwrap_or_else(|| self.integer().divided(count).float())),
        }
    }

    /// The sum of the squared distances from the mean, divided by `divisor` and rounded once: `self` is the sum of `count`
    /// values, `squares` of their squares. No number if a value was not finite.
    pub fn variance(&self, squares: &Exact, count: u64, divisor: u64) -> f64 {
        if self.special().or(squares.special()).is_some() || count == 0 || divisor == 0 {
            return f64::NAN;
        }
        let sum = self.integer();
        let distances = squares.integer().times(&Integer::new(i128::from(count), 0)).minus(&sum.times(&sum));
        distances.divided(count).divided(divisor).float()
    }

    /// Appends all that it holds, for [`Exact::read`]: of a small sum a few bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (low, sum) = ((self.low as i16).to_le_bytes(), self.sum.to_le_bytes());
        out.push(self.flags | if self.wide.is_some() { WIDE } else { 0 });
        out.extend_from_slice(&low);
        match &self.wide {
            None => {
                // The bits that matter, and one for the sign.
                let bits = 129 - (self.sum ^ (self.sum >> 127)).leading_zeros() as usize;
                out.extend_from_slice(&sum[..if self.sum == 0 { 0 } else { bits.div_ceil(8) }]);
            }
            Some(wide) => {
                out.extend_from_slice(&sum);
                out.extend_from_slice(&wide.first.to_le_bytes());
                wide.limbs.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
            }
        }
    }

    /// What was written; of anything else the sum of nothing.
    pub fn read(bytes: &[u8]) -> Self {
        Self::try_read(bytes).unwrap_or_default()
    }

    fn try_read(bytes: &[u8]) -> Option<Self> {
        let (&flags, rest) = bytes.split_first()?;
        let (low, rest) = rest.split_first_chunk()?;
        let (flags, low, is_wide) = (flags & !WIDE, i32::from(i16::from_le_bytes(*low)), flags & WIDE != 0);
        if !is_wide {
            let mut sum = [if rest.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 }; 16];
            sum.get_mut(..rest.len())?.copy_from_slice(rest);
            return Some(Exact { sum: i128::from_le_bytes(sum), wide: None, low, flags });
        }
        let (sum, rest) = rest.split_first_chunk()?;
        let (first, limbs) = rest.split_first_chunk()?;
        let limbs = limbs.chunks_exact(8).filter_map(|limb| Some(i64::from_le_bytes(*limb.first_chunk()?)));
        // How many numbers are in them is not known, so that carries are settled with the next one.
        let wide = Wide { limbs: limbs.collect(), first: i32::from_le_bytes(*first), adds: ADDS };
        Some(Exact { sum: i128::from_le_bytes(*sum), wide: Some(Box::new(wide)), low, flags })
    }
}

/// The value in a smaller unit, if it fits.
#[inline]
fn shift(value: i128, bits: i32) -> Option<i128> {
    (bits == 0 || value.unsigned_abs().leading_zeros() as i32 > bits + 1).then(|| value << bits)
}

impl Wide {
    fn add(&mut self, value: i128, exponent: i32) {
        let (first, bits) = (exponent.div_euclid(32), exponent.rem_euclid(32));
        self.reach(first);
        if self.adds >= ADDS {
            self.settle();
        }
        self.adds += 1;
        let size = value.unsigned_abs();
        for limb in 0..5 {
            // The limb's bits of the value, which begins `bits` above the border of a limb.
            let piece = match 32 * limb - bits {
                below @ ..0 => size << -below,
                above @ 0..128 => size >> above,
                _ => 0,
            };
            let piece = i64::from(piece as u32);
            self.limbs[(first - self.first + limb) as usize] += if value < 0 { -piece } else { piece };
        }
    }

    /// Makes room for a value that begins in this limb.
    fn reach(&mut self, first: i32) {
        if self.limbs.is_empty() {
            self.first = first;
        }
        if first < self.first {
            let more = (self.first - first) as usize;
            self.limbs.splice(..0, std::iter::repeat_n(0, more));
            self.first = first;
        }
        // Five limbs, and one for their carry.
        let needed = (first - self.first) as usize + 6;
        if self.limbs.len() < needed {
            self.limbs.resize(needed, 0);
        }
    }

    /// Hands all carries on: every limb but the last is less than 32 bits then.
    fn settle(&mut self) {
        self.adds = 0;
        let mut carry = 0;
        for limb in &mut self.limbs {
            let sum = *limb + carry;
            *limb = sum & 0xffff_ffff;
            carry = sum >> 32;
        }
        if carry != 0 {
            self.limbs.push(carry);
        }
    }
}

#[cfg(test)]
mod tests;
