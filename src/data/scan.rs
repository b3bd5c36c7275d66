//! Looks for bytes in plain Rust that the compiler turns into vectors: for rare ones in short texts, as every value that is
//! written is looked at, and counts them in long ones, as every block that is read is looked through.

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

/// How often a byte stands in a text, as every block is asked. Sums in bytes are twice as fast as `memchr`, which counts bits.
pub fn count(byte: u8, text: &[u8]) -> usize {
    const LANES: usize = 64;
    let (runs, rest) = text.as_chunks::<LANES>();
    let is = |other: &u8| u8::from(*other == byte);
    let mut all: usize = rest.iter().map(|other| usize::from(is(other))).sum();
    // So many, and a sum still fits a byte.
    for runs in runs.chunks(usize::from(u8::MAX)) {
        let mut sums = [0u8; LANES];
        for run in runs {
            sums.iter_mut().zip(run).for_each(|(sum, other)| *sum += is(other));
        }
        all += sums.iter().map(|sum| usize::from(*sum)).sum::<usize>();
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn counts_of_one_byte_do_not_overflow() {
        for len in [64 * 255 - 1, 64 * 255, 64 * 256 + 3, 1 << 20] {
            assert_eq!(super::count(b'a', &vec![b'a'; len]), len);
        }
    }

    proptest! {
        #[test]
        fn all_of_a_byte_are_counted(text in prop::collection::vec(0u8..3, 0..300), times in 1usize..200) {
            let text = text.repeat(times);
            prop_assert_eq!(super::count(1, &text), text.iter().filter(|&&byte| byte == 1).count());
        }

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
