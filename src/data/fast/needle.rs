//! Looks for a literal and counts line ends in one pass: memory is no faster than one core looks it through for one of them.

use memchr::arch::all::packedpair::Pair;
use memchr::memmem::Finder;

use super::super::scan;

/// A literal that is looked for.
#[derive(Debug, Clone)]
pub struct Needle {
    finder: Finder<'static>,
    /// Where two bytes of it are that are rare in most texts, the first of them first.
    pair: (usize, usize),
}

impl Needle {
    /// How long one may be: where its two bytes are not rare, all of it is compared often.
    const MOST: usize = 64;

    /// A literal of two bytes or more, but not too many.
    pub fn new(literal: &[u8]) -> Option<Self> {
        let pair = Pair::new(literal).filter(|_| literal.len() <= Self::MOST)?;
        let (one, other) = (usize::from(pair.index1()), usize::from(pair.index2()));
        Some(Needle { finder: Finder::new(literal).into_owned(), pair: (one.min(other), one.max(other)) })
    }

    /// What is looked for.
    pub fn literal(&self) -> &[u8] {
        self.finder.needle()
    }

    /// Where it first stands in a text.
    pub fn first(&self, text: &[u8]) -> Option<usize> {
        self.finder.find(text)
    }

    /// Where it first stands in a text, and how often `byte`, which it does not hold, stands before (without a hit: in all of it).
    pub fn find(&self, text: &[u8], byte: u8) -> (Option<usize>, usize) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it.
            return unsafe { x86::find(self, text, byte) };
        }
        self.find_portable(text, byte)
    }

    /// The same on any processor.
    pub fn find_portable(&self, text: &[u8], byte: u8) -> (Option<usize>, usize) {
        let hit = self.finder.find(text);
        (hit, scan::count(byte, &text[..hit.unwrap_or(text.len())]))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_extract_epi64, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_sub_epi8,
    };

    use super::{Needle, scan};

    const LANES: usize = 32;
    /// So many bytes at a step.
    const STEP: usize = 2 * LANES;

    #[target_feature(enable = "avx2")]
    pub fn find(needle: &Needle, text: &[u8], byte: u8) -> (Option<usize>, usize) {
        let (literal, (one, other)) = (needle.literal(), needle.pair);
        // Of `STEP` places from `at` on, so many bytes are looked at.
        let Some(last) = text.len().checked_sub(other + STEP) else { return needle.find_portable(text, byte) };
        let of = |byte: u8| _mm256_set1_epi8(byte as i8);
        let (first, second, counted) = (of(literal[one]), of(literal[other]), of(byte));
        // The bytes that stand where the first of the pair may be are counted as well: those before that place are not.
        let mut count = scan::count(byte, &text[..one]);
        // The count as far as `end`, of that as far as `counted`. Where the bytes change meanwhile it is wrong, but a count.
        let to = |end: usize, counted: usize, count: usize| {
            if end < counted {
                count.saturating_sub(scan::count(byte, &text[end..counted]))
            } else {
                count + scan::count(byte, &text[counted..end])
            }
        };
        let mut at = 0;
        while at <= last {
            let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            // So many, and a sum still fits a byte.
            let end = last.min(at + (usize::from(u8::MAX) - 1) * STEP);
            let mut found = 0u64;
            while at <= end {
                let load = |at: usize| {
                    // SAFETY: `at` is at most `last + other + LANES`, behind which there are `LANES` bytes.
                    unsafe { _mm256_loadu_si256(text.as_ptr().add(at).cast::<__m256i>()) }
                };
                let (low, high) = (load(at + one), load(at + one + LANES));
                let (next, last) = (load(at + other), load(at + other + LANES));
                let is_low = _mm256_and_si256(_mm256_cmpeq_epi8(low, first), _mm256_cmpeq_epi8(next, second));
                let is_high = _mm256_and_si256(_mm256_cmpeq_epi8(high, first), _mm256_cmpeq_epi8(last, second));
                if _mm256_movemask_epi8(_mm256_or_si256(is_low, is_high)) != 0 {
                    let mask = |is: __m256i| u64::from(_mm256_movemask_epi8(is) as u32);
                    found = mask(is_low) | mask(is_high) << LANES;
                    break;
                }
                even = _mm256_sub_epi8(even, _mm256_cmpeq_epi8(low, counted));
                odd = _mm256_sub_epi8(odd, _mm256_cmpeq_epi8(high, counted));
                at += STEP;
            }
            let zero = _mm256_setzero_si256();
            let sums = _mm256_add_epi64(_mm256_sad_epu8(even, zero), _mm256_sad_epu8(odd, zero));
            count += _mm256_extract_epi64::<0>(sums) as usize
                + _mm256_extract_epi64::<1>(sums) as usize
                + _mm256_extract_epi64::<2>(sums) as usize
                + _mm256_extract_epi64::<3>(sums) as usize;
            if found == 0 {
                continue;
            }
            // Here, so that the loop above calls nothing, which would cost it its registers.
            while found != 0 {
                let hit = at + found.trailing_zeros() as usize;
                if text[hit..].starts_with(literal) {
                    return (Some(hit), to(hit, at + one, count));
                }
                found &= found - 1;
            }
            count += scan::count(byte, &text[at + one..at + one + STEP]);
            at += STEP;
        }
        let hit = needle.finder.find(&text[at..]).map(|hit| at + hit);
        (hit, to(hit.unwrap_or(text.len()), at + one, count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_found_as_byte_by_byte(
            text in "[ab\\n]{0,400}", times in 1usize..60, literal in "[ab]{2,6}|[ab]{20}", plant in any::<prop::sample::Index>(), from in 0usize..70,
        ) {
            let mut text = text.replace(&literal, "\n").repeat(times).into_bytes();
            let literal = literal.as_bytes();
            for planted in [false, true] {
                if planted {
                    let at = plant.index(text.len() + 1);
                    text.splice(at..at, literal.iter().copied());
                }
                let text = &text[from.min(text.len())..];
                let hit = text.windows(literal.len()).position(|window| window == literal);
                let count = text[..hit.unwrap_or(text.len())].iter().filter(|&&byte| byte == b'\n').count();
                let needle = Needle::new(literal).unwrap();
                prop_assert_eq!(needle.find(text, b'\n'), (hit, count));
                prop_assert_eq!(needle.find_portable(text, b'\n'), (hit, count));
            }
        }
    }

    #[test]
    fn counts_of_one_byte_do_not_overflow() {
        let needle = Needle::new(b"ab").unwrap();
        for len in [64 * 254 + 1, 64 * 255 + 1, 64 * 256 + 3, 1 << 20] {
            assert_eq!(needle.find(&vec![b'\n'; len], b'\n'), (None, len));
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_none() {
        assert!(Needle::new(b"").is_none() && Needle::new(b"a").is_none());
        assert!(Needle::new(&[b'a'; 64]).is_some() && Needle::new(&[b'a'; 65]).is_none());
    }
}
