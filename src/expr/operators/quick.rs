//! Numbers from short text, eight characters at a time: most numbers of an input are that, and comparing them with a constant
//! is what most filters do.

use crate::data::buffer::Buffer;
use crate::data::column::{Number, Span};
use crate::expr::convert::number_of;

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// Up to eight characters from `start` on, at the high end, zeros before them. There must be eight readable bytes.
#[inline(always)]
fn characters(bytes: &[u8], start: usize, len: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*bytes.get(start..)?.first_chunk()?);
    let gap = 64 - 8 * len as u32;
    Some(if gap == 0 { word } else { word << gap | (ONES * 0x30) >> (64 - gap) })
}

/// The number that eight digits spell, if they are digits.
#[inline(always)]
fn digits(word: u64) -> Option<u64> {
    let digits = word.wrapping_sub(ONES * 0x30);
    if (word.wrapping_add(ONES * 0x46) | digits) & (ONES * 0x80) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

/// The number that up to eight digits at `start` spell, if they are digits. There must be eight readable bytes.
#[inline(always)]
fn eight(bytes: &[u8], start: usize, len: usize) -> Option<u64> {
    digits(characters(bytes, start, len)?)
}

/// The number that up to eight characters at `start` spell, if they are digits with a point between them.
#[inline]
fn decimal(bytes: &[u8], start: usize, len: usize) -> Option<f64> {
    /// Exact, as is the whole number above: so the quotient is the float that is nearest.
    const POWERS: [f64; 8] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];
    let word = characters(bytes, start, len)?;
    let others = word ^ (ONES * u64::from(b'.'));
    let points = others.wrapping_sub(ONES) & !others & (ONES * 0x80);
    let at = points.trailing_zeros() / 8;
    // One digit at least on either side.
    if at as usize <= 8 - len || at >= 7 {
        return None;
    }
    let before = word & ((1 << (8 * at)) - 1);
    let behind = word >> (8 * at + 8) << (8 * at + 8);
    let whole = digits(behind | before << 8 | 0x30)?;
    Some(whole as f64 / POWERS[7 - at as usize])
}

/// The number that a piece of text spells.
#[inline(always)]
pub fn number(data: &Buffer, span: Span) -> Number {
    short(data, span).map_or_else(|| long(data, span), Number::Int)
}

/// The same if it is up to 16 digits and nothing else; so it is never negative.
#[inline(always)]
pub fn short(data: &Buffer, span: Span) -> Option<i64> {
    let (start, len) = (span.start as usize, span.len as usize);
    let value = match len {
        1..=8 => eight(data.padded(), start, len)?,
        9..=16 => eight(data.padded(), start, len - 8)? * 100_000_000 + eight(data.padded(), start + len - 8, 8)?,
        _ => return None,
    };
    Some(value as i64)
}

/// The number that a piece of text spells, if it is none that [`short`] knows.
#[inline(never)]
pub fn long(data: &Buffer, span: Span) -> Number {
    if let 3..=8 = span.len
        && let Some(value) = decimal(data.padded(), span.start as usize, span.len as usize)
    {
        return Number::Float(value);
    }
    span.of(data.bytes()).map_or(Number::Null, number_of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_that_the_long_way_finds(
            text in "[0-9]{0,4}\\.[0-9]{0,5}|[0-9.]{1,9}|[+-]?[0-9]{0,20}(\\.[0-9]{1,3})?|[0-9 /:+x\u{b2}-]{0,18}|[0-9]{1,16}",
            before in "[0-9]{0,9}",
            behind in "[0-9]{0,9}",
        ) {
            let data = Buffer::from_vec(format!("{before}{text}{behind}").into_bytes());
            let span = Span::range(before.len(), before.len() + text.len());
            prop_assert_eq!(number(&data, span), number_of(text.as_bytes()));
        }
    }
}
