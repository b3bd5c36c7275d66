//! Characters of bytes that may be UTF-8 or not: a valid sequence is a character, and so is each byte that is part of none.

/// How many bytes the first character of `bytes` has; there must be one.
#[inline]
pub fn width(bytes: &[u8]) -> usize {
    if bytes[0] < 0x80 { 1 } else { wide(bytes) }
}

fn wide(bytes: &[u8]) -> usize {
    let width = match bytes[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return 1,
    };
    match bytes.get(..width) {
        Some(sequence) if std::str::from_utf8(sequence).is_ok() => width,
        _ => 1,
    }
}

/// How many bytes the last character of `bytes` has; there must be one.
#[inline]
pub fn last_width(bytes: &[u8]) -> usize {
    let len = bytes.len();
    if bytes[len - 1] < 0x80 {
        return 1;
    }
    // A valid sequence has no lead inside, so it is the same one that reading forward finds.
    (2..=len.min(4)).find(|&back| width(&bytes[len - back..]) == back).unwrap_or(1)
}

/// How many characters there are.
#[inline]
pub fn count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { count_wide(bytes) }
}

fn count_wide(bytes: &[u8]) -> usize {
    let chunks = bytes.utf8_chunks();
    chunks.map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}

/// The offset behind the first `n` characters, or the end.
#[inline]
pub fn offset(bytes: &[u8], n: usize) -> usize {
    let head = &bytes[..n.min(bytes.len())];
    if head.is_ascii() {
        return head.len();
    }
    let mut at = 0;
    for _ in 0..n {
        if at == bytes.len() {
            break;
        }
        at += width(&bytes[at..]);
    }
    at
}

/// The offset of the `n`th character from the end, or the start; and how many characters were passed.
#[inline]
pub fn back(bytes: &[u8], n: usize) -> (usize, usize) {
    let start = bytes.len() - n.min(bytes.len());
    if bytes[start..].is_ascii() {
        return (start, bytes.len() - start);
    }
    let (mut at, mut passed) = (bytes.len(), 0);
    while passed < n && at > 0 {
        at -= last_width(&bytes[..at]);
        passed += 1;
    }
    (at, passed)
}

/// The characters, in order.
pub fn each(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (char, behind) = rest.split_at_checked(width(rest.first().map(|_| rest)?))?;
        rest = behind;
        Some(char)
    })
}

/// Whether no character reaches over this offset.
#[inline]
pub fn is_border(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(0x80..=0xBF) => (1..=at.min(3)).all(|back| width(&bytes[at - back..]) <= back),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expr::functions::text::testing::{bytes, characters};

    proptest! {
        /// Against a decoder that takes the text apart once, from the front: all ways to walk find the same characters.
        #[test]
        fn characters_are_those_of_the_standard_library(text in bytes(), n in 0usize..9) {
            let expected = characters(&text);
            prop_assert_eq!(each(&text).collect::<Vec<_>>(), expected.clone());
            prop_assert_eq!(count(&text), expected.len());
            prop_assert_eq!(offset(&text, n), expected.iter().take(n).map(|c| c.len()).sum::<usize>());
            let last: usize = expected.iter().rev().take(n).map(|c| c.len()).sum();
            prop_assert_eq!(back(&text, n), (text.len() - last, n.min(expected.len())));
            let mut borders = vec![0];
            expected.iter().for_each(|c| borders.push(borders[borders.len() - 1] + c.len()));
            for at in 0..=text.len() {
                prop_assert_eq!(is_border(&text, at), borders.contains(&at), "{}", at);
            }
        }
    }
}
