//! Which of 16 bytes are of a class, as a bit each: what readers of JSON ask for every string and number.

/// Bytes that may not stand in a JSON string as they are: quotes, backslashes, control characters. The first byte is the
/// lowest.
#[inline(always)]
pub fn specials(word: u128) -> u32 {
    #[cfg(target_arch = "x86_64")]
    return sse2::specials(word);
    #[cfg(not(target_arch = "x86_64"))]
    return plain::specials(word);
}

/// Bytes that are no ASCII digits.
#[inline(always)]
pub fn not_digits(word: u128) -> u32 {
    #[cfg(target_arch = "x86_64")]
    return sse2::not_digits(word);
    #[cfg(not(target_arch = "x86_64"))]
    return plain::not_digits(word);
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_max_epu8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8, _mm_sub_epi8,
    };

    #[inline(always)]
    fn load(word: u128) -> __m128i {
        // SAFETY: SSE2 is part of every processor of this kind; no memory is accessed.
        unsafe { _mm_set_epi64x((word >> 64) as i64, word as i64) }
    }

    #[inline(always)]
    pub fn specials(word: u128) -> u32 {
        let run = load(word);
        // SAFETY: as above.
        unsafe {
            let quote = _mm_cmpeq_epi8(run, _mm_set1_epi8(b'"' as i8));
            let escape = _mm_cmpeq_epi8(run, _mm_set1_epi8(b'\\' as i8));
            let control = _mm_cmpeq_epi8(_mm_min_epu8(run, _mm_set1_epi8(0x1f)), run);
            _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), control)) as u32
        }
    }

    #[inline(always)]
    pub fn not_digits(word: u128) -> u32 {
        // SAFETY: as above.
        unsafe {
            let run = _mm_sub_epi8(load(word), _mm_set1_epi8(b'0' as i8));
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(run, _mm_set1_epi8(10)), run)) as u32
        }
    }
}

/// The same for any processor.
pub mod plain {
    #[inline(always)]
    fn mask(word: u128, is: impl Fn(u8) -> bool) -> u32 {
        let set = |mask, (at, &byte): (usize, &u8)| mask | u32::from(is(byte)) << at;
        word.to_le_bytes().iter().enumerate().fold(0, set)
    }

    /// See [`super::specials`].
    #[inline(always)]
    pub fn specials(word: u128) -> u32 {
        mask(word, |b| (b == b'"') | (b == b'\\') | (b < 0x20))
    }

    /// See [`super::not_digits`].
    #[inline(always)]
    pub fn not_digits(word: u128) -> u32 {
        mask(word, |b| !b.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn vectors_agree_with_their_plain_twins(bytes: [u8; 16], near in prop::collection::vec(0x1eu8..0x3c, 16)) {
            for bytes in [bytes, near.try_into().expect("16 bytes")] {
                let word = u128::from_le_bytes(bytes);
                prop_assert_eq!(specials(word), plain::specials(word));
                prop_assert_eq!(not_digits(word), plain::not_digits(word));
            }
        }
    }
}
