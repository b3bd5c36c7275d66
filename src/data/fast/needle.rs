//! Looks for the records that hold a literal and counts all of them in one pass: memory is no faster than one core looks it through
//! for one of the two.

use memchr::arch::all::packedpair::Pair;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

use super::super::block::Span;
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

    /// Pushes the records of a text, from `from` on, that hold it, and gives how many there are in all. They end in `delimiter`, which
    /// the literal does not hold.
    pub fn records(&self, text: &[u8], from: usize, delimiter: u8, found: &mut Vec<Span>) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it.
            return unsafe { x86::records(self, text, from, delimiter, found) };
        }
        self.records_portable(text, from, delimiter, found)
    }

    /// The same on any processor.
    pub fn records_portable(&self, text: &[u8], from: usize, delimiter: u8, found: &mut Vec<Span>) -> u64 {
        self.find_on(text, from, from, delimiter, found);
        scan::count(delimiter, &text[from..]) as u64 + is_open(text, from, delimiter)
    }

    /// Pushes the records that hold it from `at` on, the first of which begins at `record` or behind that.
    fn find_on(&self, text: &[u8], mut at: usize, mut record: usize, delimiter: u8, found: &mut Vec<Span>) {
        while let Some(hit) = self.finder.find(text.get(at..).unwrap_or_default()) {
            record = push(text, record, at + hit, delimiter, found);
            at = record;
        }
    }
}

/// Pushes the record around a hit, which begins at `record` or behind that. Gives where the next one begins.
fn push(text: &[u8], record: usize, hit: usize, delimiter: u8, found: &mut Vec<Span>) -> usize {
    let start = memrchr(delimiter, &text[record..hit]).map_or(record, |place| record + place + 1);
    let end = memchr(delimiter, &text[hit..]).map_or(text.len(), |place| hit + place);
    found.push(Span::range(start, end));
    end + 1
}

/// A last record without a delimiter, from `from` on.
fn is_open(text: &[u8], from: usize, delimiter: u8) -> u64 {
    u64::from(from < text.len() && text.last() != Some(&delimiter))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_extract_epi64, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_or_si256, _mm256_sad_epu8, _mm256_set1_epi8, _mm256_setzero_si256,
        _mm256_sub_epi8,
    };

    use super::{Needle, Span, is_open, push, scan};

    const LANES: usize = 32;
    /// So many bytes at a step.
    const STEP: usize = 2 * LANES;
    /// So many steps, and a sum still fits a byte.
    const MOST: usize = u8::MAX as usize;

    /// Whether the literal stands at this place; `head`: its first four bytes. Most places where the pair stands are found wrong by them,
    /// without a call.
    #[inline]
    fn stands(text: &[u8], at: usize, literal: &[u8], head: Option<u32>) -> bool {
        let Some(head) = head else { return text[at..].starts_with(literal) };
        let Some(bytes) = text.get(at..at + 4).and_then(<[u8]>::first_chunk) else { return false };
        u32::from_le_bytes(*bytes) == head && (literal.len() == 4 || text[at..].starts_with(literal))
    }

    #[target_feature(enable = "avx2")]
    pub fn records(needle: &Needle, text: &[u8], from: usize, delimiter: u8, found: &mut Vec<Span>) -> u64 {
        let (literal, (one, other)) = (needle.literal(), needle.pair);
        // Of `STEP` places from `at` on, so many bytes are looked at.
        let Some(last) = text.len().checked_sub(other + STEP).filter(|last| from <= *last) else {
            return needle.records_portable(text, from, delimiter, found);
        };
        let of = |byte: u8| _mm256_set1_epi8(byte as i8);
        let (first, second, end) = (of(literal[one]), of(literal[other]), of(delimiter));
        // Bytes are counted where the first of the pair may stand: those before that place are not.
        let (mut at, mut count) = (from, scan::count(delimiter, &text[from..from + one]));
        let head = literal.first_chunk().map(|head| u32::from_le_bytes(*head));
        // The record that is looked at begins here, or behind it.
        let mut record = from;
        while at <= last {
            let (mut even, mut odd) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            let stop = last.min(at + (MOST - 1) * STEP);
            while at <= stop {
                let mut hits = 0;
                // It calls nothing, which would cost it its registers.
                while at <= stop && hits == 0 {
                    let load = |at: usize| {
                        // SAFETY: `at` is at most `last + other + LANES`, behind which there are `LANES` bytes.
                        unsafe { _mm256_loadu_si256(text.as_ptr().add(at).cast::<__m256i>()) }
                    };
                    let is = |place: usize, byte: __m256i| _mm256_cmpeq_epi8(load(at + place), byte);
                    let (low, high) = (load(at + one), load(at + one + LANES));
                    let is_low = _mm256_and_si256(_mm256_cmpeq_epi8(low, first), is(other, second));
                    let is_high = _mm256_and_si256(_mm256_cmpeq_epi8(high, first), is(other + LANES, second));
                    even = _mm256_sub_epi8(even, _mm256_cmpeq_epi8(low, end));
                    odd = _mm256_sub_epi8(odd, _mm256_cmpeq_epi8(high, end));
                    if _mm256_movemask_epi8(_mm256_or_si256(is_low, is_high)) != 0 {
                        let mask = |is: __m256i| u64::from(_mm256_movemask_epi8(is) as u32);
                        hits = mask(is_low) | mask(is_high) << LANES;
                    }
                    at += STEP;
                }
                while hits != 0 {
                    let hit = at - STEP + hits.trailing_zeros() as usize;
                    if hit >= record && stands(text, hit, literal, head) {
                        record = push(text, record, hit, delimiter, found);
                    }
                    hits &= hits - 1;
                }
            }
            let zero = _mm256_setzero_si256();
            let sums = _mm256_add_epi64(_mm256_sad_epu8(even, zero), _mm256_sad_epu8(odd, zero));
            count += _mm256_extract_epi64::<0>(sums) as usize
                + _mm256_extract_epi64::<1>(sums) as usize
                + _mm256_extract_epi64::<2>(sums) as usize
                + _mm256_extract_epi64::<3>(sums) as usize;
        }
        needle.find_on(text, at.max(record), record, delimiter, found);
        (count + scan::count(delimiter, &text[at + one..])) as u64 + is_open(text, from, delimiter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_are_found_as_one_by_one(
            text in "[ab\\n]{0,400}", times in 1usize..60, literal in "[ab]{2,6}|[ab]{20}", plants in proptest::collection::vec(any::<prop::sample::Index>(), 0..9), from in 0usize..70,
        ) {
            let mut text = text.replace(&literal, "\n").repeat(times).into_bytes();
            let literal = literal.as_bytes();
            for plant in plants {
                let at = plant.index(text.len() + 1);
                text.splice(at..at, literal.iter().copied());
            }
            let from = from.min(text.len());
            let mut all: Vec<&[u8]> = text[from..].split(|&byte| byte == b'\n').collect();
            if all.last() == Some(&&b""[..]) {
                all.pop();
            }
            let holds = |record: &&&[u8]| record.windows(literal.len()).any(|window| window == literal);
            let expected: Vec<&[u8]> = all.iter().filter(holds).copied().collect();
            let needle = Needle::new(literal).unwrap();
            for portable in [false, true] {
                let mut found = Vec::new();
                let records = match portable {
                    false => needle.records(&text, from, b'\n', &mut found),
                    true => needle.records_portable(&text, from, b'\n', &mut found),
                };
                let found: Vec<&[u8]> = found.iter().map(|span| span.of(&text).unwrap()).collect();
                prop_assert_eq!((records, &found), (all.len() as u64, &expected));
            }
        }
    }

    #[test]
    fn counts_of_one_byte_do_not_overflow() {
        let needle = Needle::new(b"ab").unwrap();
        for len in [64 * 254 + 1, 64 * 255 + 1, 64 * 256 + 3, 1 << 20] {
            assert_eq!(needle.records(&vec![b'\n'; len], 0, b'\n', &mut Vec::new()), len as u64);
        }
    }

    #[test]
    fn what_is_too_short_or_too_long_is_none() {
        assert!(Needle::new(b"").is_none() && Needle::new(b"a").is_none());
        assert!(Needle::new(&[b'a'; 64]).is_some() && Needle::new(&[b'a'; 65]).is_none());
    }
}
