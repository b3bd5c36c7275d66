//! Looks for rare bytes in short texts, as every value that is written is looked at.

/// How many bytes are looked at together: enough for the compiler to take them into vectors.
pub const TOGETHER: usize = 16;

/// Where the first byte is for which `is` holds. Made for bytes that are rare, and for an `is` without branches.
#[inline]
pub fn position(text: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let (runs, rest) = text.as_chunks::<TOGETHER>();
    let any = |run: &[u8; TOGETHER]| run.iter().fold(false, |any, &byte| any | is(byte));
    let from = runs.iter().position(any).unwrap_or(runs.len()) * TOGETHER;
    let place = if from < text.len() - rest.len() { &text[from..from + TOGETHER] } else { rest };
    place.iter().position(|&byte| is(byte)).map(|at| from + at)
}

/// Whether `is` holds for one of the first bytes, `len` of them. As [`position`], for text that has others behind it.
#[inline]
pub fn holds(bytes: &[u8; TOGETHER], len: usize, is: impl Fn(u8) -> bool) -> bool {
    let len = len as u8;
    bytes.iter().zip(0u8..).fold(false, |any, (&byte, at)| any | (is(byte) & (at < len)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_first_of_any(text in prop::collection::vec(0u8..40, 0..80), sought in 0u8..40) {
            let expected = text.iter().position(|&b| b == sought);
            prop_assert_eq!(super::position(&text, |b| b == sought), expected);
            if let Some(chunk) = text.first_chunk() {
                for len in 0..=super::TOGETHER {
                    prop_assert_eq!(super::holds(chunk, len, |b| b == sought), expected.is_some_and(|at| at < len));
                }
            }
        }
    }
}
