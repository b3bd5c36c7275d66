//! The tokens of JSON: where strings, numbers and words end. Looks at 16 and 32 bytes at once; every text stands in a buffer
//! whose padding of zeros ends whatever does not end before.

use super::super::fast;

/// How many bytes [`specials`] looks at.
const WIDE: usize = 32;
/// How many bytes [`fast::not_digits`] looks at.
const NARROW: u32 = 16;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where, in the buffer.
    pub at: usize,
    /// What was expected there.
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// This was expected.
    Expected(&'static str),
    /// Values are nested too deep.
    Deep,
    /// It is valid, but no object.
    NoObject,
}

/// What a token is, or what is wrong with it.
pub type Lexed<T> = Result<T, Fault>;

/// For `?`.
#[cold]
#[inline(never)]
pub fn expected<T>(at: usize, what: &'static str) -> Lexed<T> {
    Err(Fault { at, what: What::Expected(what) })
}

/// So many bytes from `at` on; zeros stand for those behind the end.
#[inline(always)]
fn bytes<const N: usize>(text: &[u8], at: usize) -> [u8; N] {
    match text.get(at..at.wrapping_add(N)) {
        Some(run) => {
            let mut bytes = [0; N];
            bytes.copy_from_slice(run);
            bytes
        }
        None => rest(text, at),
    }
}

#[cold]
fn rest<const N: usize>(text: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    let rest = text.get(at..).unwrap_or_default();
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}

/// 16 bytes as a number, the first one lowest.
#[inline(always)]
pub fn word(text: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(bytes(text, at))
}

/// One byte; zero behind the end.
#[inline(always)]
pub fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// Which of 32 bytes may not stand in a string as they are: quotes, backslashes, control characters.
#[inline(always)]
fn specials(text: &[u8], at: usize) -> u32 {
    fast::specials(word(text, at)) | fast::specials(word(text, at + 16)) << 16
}

/// A string that has begun before `at`: where its closing quote is, and whether it has escapes.
#[inline(always)]
pub fn string(text: &[u8], at: usize) -> Lexed<(usize, bool)> {
    let mask = specials(text, at);
    let end = at + mask.trailing_zeros() as usize;
    if mask != 0 && byte(text, end) == b'"' {
        return Ok((end, false));
    }
    long_string(text, at)
}

#[inline(never)]
fn long_string(text: &[u8], mut at: usize) -> Lexed<(usize, bool)> {
    let mut escaped = false;
    loop {
        let mask = specials(text, at);
        if mask == 0 {
            at += WIDE;
            continue;
        }
        at += mask.trailing_zeros() as usize;
        match byte(text, at) {
            b'"' => return Ok((at, escaped)),
            b'\\' => match byte(text, at + 1) {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' if (at + 2..at + 6).all(|at| byte(text, at).is_ascii_hexdigit()) => at += 6,
                _ => return expected(at + 1, "one of the escapes of JSON"),
            },
            _ => return expected(at, "a closing quote"),
        }
        escaped = true;
    }
}

/// Where the number ends that begins at `at` with a digit or a minus.
#[inline(always)]
pub fn number(text: &[u8], at: usize) -> Lexed<usize> {
    let start = at + usize::from(byte(text, at) == b'-');
    let others = fast::not_digits(word(text, start)) | 1 << NARROW;
    let whole = others.trailing_zeros();
    if whole == 0 || whole == NARROW || (whole > 1 && byte(text, start) == b'0') {
        return long_number(text, start);
    }
    match byte(text, start + whole as usize) {
        b'.' => {
            let end = (others & (others - 1) | 1 << NARROW).trailing_zeros();
            if end == NARROW || end == whole + 1 || byte(text, start + end as usize) | 0x20 == b'e' {
                return long_number(text, start);
            }
            Ok(start + end as usize)
        }
        b'e' | b'E' => long_number(text, start),
        _ => Ok(start + whole as usize),
    }
}

/// The same for any number, behind its minus.
#[inline(never)]
fn long_number(text: &[u8], start: usize) -> Lexed<usize> {
    let digits = |from: usize| {
        let mut at = from;
        while byte(text, at).is_ascii_digit() {
            at += 1;
        }
        if at == from { expected(at, "a digit") } else { Ok(at) }
    };
    let mut at = digits(start)?;
    if at > start + 1 && byte(text, start) == b'0' {
        return expected(start + 1, "no digit after a leading 0");
    }
    if byte(text, at) == b'.' {
        at = digits(at + 1)?;
    }
    if byte(text, at) | 0x20 == b'e' {
        at += 1;
        at = digits(at + usize::from(matches!(byte(text, at), b'+' | b'-')))?;
    }
    Ok(at)
}

/// Where `true`, `false` or `null` ends.
#[inline(always)]
pub fn literal(text: &[u8], at: usize) -> Lexed<usize> {
    match &bytes::<8>(text, at) {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => Ok(at + 4),
        [b'f', b'a', b'l', b's', b'e', ..] => Ok(at + 5),
        _ => expected(at, "a value"),
    }
}

/// The first byte from `at` on, and before `end`, that is no white space; `end` if there is none.
#[inline]
pub fn space(text: &[u8], mut at: usize, end: usize) -> usize {
    while at < end && matches!(byte(text, at), b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The quick way and the plain one, whatever the length.
        #[test]
        fn both_ways_to_read_numbers_agree(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?[ ,x]?") {
            let start = usize::from(text.starts_with('-'));
            let (quick, plain) = (number(text.as_bytes(), 0), long_number(text.as_bytes(), start));
            prop_assert_eq!(quick, plain);
        }
    }
}
