//! The splitter: words out of text, 64 bytes at a step, with the best instructions that the processor has.

use super::super::block::Span;
use super::super::buffer::PAD;

/// How many bytes a kernel looks at in one step.
pub(super) const CHUNK: usize = 64;
/// How many bytes are turned into positions before those become spans: the positions stay in the first-level cache.
const PIECE: usize = 32 * CHUNK;
/// Texts up to this length, in bytes, are split byte by byte.
const FIELD: usize = 128;
/// A chunk has at most so many starts (or ends) of words.
pub(super) const LANES: usize = CHUNK / 2;
/// Room for the positions of a piece: one word left open before it, and whole vectors written at the end.
const POSITIONS: usize = PIECE / 2 + 1 + LANES;

/// A way to split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Any processor.
    Portable,
    /// x86-64 with AVX2 and BMI.
    Avx2,
    /// x86-64 with AVX-512 and VBMI2.
    Avx512,
}

impl Kernel {
    /// All of them, the slowest first.
    pub const ALL: [Kernel; 3] = [Kernel::Portable, Kernel::Avx2, Kernel::Avx512];

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => x86::has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => x86::has_avx512(),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Avx2 | Kernel::Avx512 => false,
        }
    }

    /// The fastest that this processor has.
    pub(super) fn best() -> Kernel {
        if Kernel::Avx512.is_available() {
            Kernel::Avx512
        } else if Kernel::Avx2.is_available() {
            Kernel::Avx2
        } else {
            Kernel::Portable
        }
    }
}

/// Pushes a span for each run of bytes other than ASCII white space (space, `\t`, `\n`, `\x0b`, `\x0c`, `\r`) in
/// `padded[start..end]`. Behind `end` at least [`PAD`] bytes must be readable (of any value), and offsets must fit a `u32`.
pub fn words(padded: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    // The kernels begin by clearing their scratch space, for which a field of a record is too short.
    if end.saturating_sub(start) <= FIELD {
        check(padded, start, end);
        split_field(&padded[start..end], start, out);
    } else {
        words_with(Kernel::best(), padded, start, end, out);
    }
}

fn split_field(text: &[u8], mut start: usize, out: &mut Vec<Span>) {
    for run in text.split(|&byte| is_white(byte)) {
        if !run.is_empty() {
            out.push(Span::range(start, start + run.len()));
        }
        start += run.len() + 1;
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, 9..=13 | 32)
}

fn check(padded: &[u8], start: usize, end: usize) {
    assert!(
        start <= end && end + PAD <= padded.len() && end <= u32::MAX as usize,
        "words needs padding behind its text"
    );
}

/// [`words`] by this kernel, or by the portable one where the processor lacks it.
pub fn words_with(kernel: Kernel, padded: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    check(padded, start, end);
    match kernel {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the features of `x86::split_avx512`.
        Kernel::Avx512 if kernel.is_available() => unsafe { x86::split_avx512(padded, start, end, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the features of `x86::split_avx2`.
        Kernel::Avx2 if kernel.is_available() => unsafe { x86::split_avx2(padded, start, end, out) },
        _ => split_portable(padded, start, end, out),
    }
}

// A macro and not a generic function: what takes a kernel as a closure loses the processor features of its caller.
// `$solid` gives the mask of the bytes of a chunk that are no white space, `$positions` writes the positions of the set
// bits (at most `LANES` of them) and gives their number; it may write beyond them.
macro_rules! splitter {
    ($(#[$attribute:meta])* $name:ident, $solid:path, $positions:path) => {
        $(#[$attribute])*
        pub(super) fn $name(padded: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
            let mut starts = [0u32; POSITIONS];
            let mut ends = [0u32; POSITIONS];
            let mut spans = [Span::NULL; POSITIONS];
            let mut open = 0;
            let mut inside = 0u64;
            for piece in (start..end).step_by(PIECE) {
                let mut closed = 0;
                for at in (piece..end.min(piece + PIECE)).step_by(CHUNK) {
                    let chunk = padded[at..].first_chunk::<CHUNK>().expect("the padding is there");
                    let mask = $solid(chunk) & if end - at < CHUNK { (1 << (end - at)) - 1 } else { u64::MAX };
                    let before = mask << 1 | inside;
                    inside = mask >> (CHUNK - 1);
                    let room = "there is room for a piece";
                    open += $positions(mask & !before, at as u32, starts[open..].first_chunk_mut().expect(room));
                    closed += $positions(!mask & before, at as u32, ends[closed..].first_chunk_mut().expect(room));
                }
                for ((span, &start), &end) in spans.iter_mut().zip(&starts[..closed]).zip(&ends[..closed]) {
                    *span = Span { start, len: end.wrapping_sub(start) };
                }
                out.extend_from_slice(&spans[..closed]);
                starts[0] = starts[closed];
                open -= closed;
            }
            if open == 1 {
                out.push(Span::range(starts[0] as usize, end));
            }
        }
    };
}

splitter!(split_portable, solid_portable, positions_portable);

fn solid_portable(chunk: &[u8; CHUNK]) -> u64 {
    let bit = |mask: u64, (at, byte): (usize, &u8)| mask | u64::from(!is_white(*byte)) << at;
    chunk.iter().enumerate().fold(0, bit)
}

pub(super) fn positions_portable(mut bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
    let count = bits.count_ones() as usize;
    for lane in &mut into[..count] {
        *lane = at + bits.trailing_zeros();
        bits &= bits - 1;
    }
    count
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::*;

    use super::*;

    pub(super) fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
    }

    pub(super) fn has_avx512() -> bool {
        has_avx2()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vbmi2")
    }

    splitter!(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
        split_avx2,
        solid_avx2,
        positions_avx2
    );
    splitter!(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]
        split_avx512,
        solid_avx512,
        positions_avx512
    );

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    #[inline]
    fn solid_avx2(chunk: &[u8; CHUNK]) -> u64 {
        let (low, high) = chunk.split_at(32);
        !(u64::from(white_avx2(low)) | u64::from(white_avx2(high)) << 32)
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    #[inline]
    fn white_avx2(half: &[u8]) -> u32 {
        let half: &[u8; 32] = half.first_chunk().expect("half a chunk");
        // SAFETY: reads exactly the 32 bytes of `half`; the load needs no alignment.
        let bytes = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
        let control = _mm256_sub_epi8(bytes, _mm256_set1_epi8(9));
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(control, _mm256_set1_epi8(4)), control);
        let space = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(32));
        _mm256_movemask_epi8(_mm256_or_si256(control, space)) as u32
    }

    /// Eight at a time, without a branch for each bit; beyond the last bit it writes positions that nobody reads.
    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    #[inline]
    pub(in super::super) fn positions_avx2(mut bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
        let count = bits.count_ones() as usize;
        for eight in into.as_chunks_mut::<8>().0 {
            if bits == 0 {
                break;
            }
            for lane in eight {
                *lane = at.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
        }
        count
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]
    #[inline]
    fn solid_avx512(chunk: &[u8; CHUNK]) -> u64 {
        // SAFETY: reads exactly the 64 bytes of `chunk`; the load needs no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let control = _mm512_sub_epi8(bytes, _mm512_set1_epi8(9));
        _mm512_cmpneq_epi8_mask(bytes, _mm512_set1_epi8(32)) & _mm512_cmpgt_epu8_mask(control, _mm512_set1_epi8(4))
    }

    static LANE_NUMBERS: [u8; CHUNK] = {
        let mut numbers = [0; CHUNK];
        let mut at = 0;
        while at < CHUNK {
            numbers[at] = at as u8;
            at += 1;
        }
        numbers
    };

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]
    #[inline]
    pub(in super::super) fn positions_avx512(bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
        let count = bits.count_ones() as usize;
        let (low, high) = into.split_at_mut(16);
        // SAFETY: reads the 64 bytes of the table, writes at most the 16 + 16 numbers of `into`; no alignment needed.
        unsafe {
            let lanes = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(LANE_NUMBERS.as_ptr().cast()));
            let base = _mm512_set1_epi32(at.cast_signed());
            let first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(lanes));
            _mm512_storeu_si512(low.as_mut_ptr().cast(), _mm512_add_epi32(base, first));
            if count > 16 {
                let second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(lanes));
                _mm512_storeu_si512(high.as_mut_ptr().cast(), _mm512_add_epi32(base, second));
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition.
    fn model(text: &[u8], mut start: usize, end: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        for run in text[start..end].split(|byte| b" \t\n\x0b\x0c\r".contains(byte)) {
            if !run.is_empty() {
                spans.push(Span::range(start, start + run.len()));
            }
            start += run.len() + 1;
        }
        spans
    }

    fn compare(text: &[u8], start: usize, end: usize, padding: u8) {
        let mut padded = text.to_vec();
        padded.resize(text.len() + PAD, padding);
        let mut spans = Vec::new();
        words(&padded, start, end, &mut spans);
        assert_eq!(spans, model(text, start, end));
        for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
            let mut spans = vec![Span::NULL];
            words_with(kernel, &padded, start, end, &mut spans);
            assert_eq!(spans[0], Span::NULL, "what was in the vector stays");
            assert_eq!(spans[1..], model(text, start, end), "{kernel:?}");
        }
    }

    proptest! {
        #[test]
        fn every_kernel_is_its_twin(
            text in prop::collection::vec(prop_oneof![Just(b' '), 8u8..15, any::<u8>(), Just(b'x')], 0..9000),
            cuts in any::<(usize, usize)>(),
            padding in any::<u8>(),
        ) {
            let (a, b) = (cuts.0 % (text.len() + 1), cuts.1 % (text.len() + 1));
            compare(&text, a.min(b), a.max(b), padding);
            compare(&text, a.min(b), (a.min(b) + FIELD).min(a.max(b)), padding);
        }

        #[test]
        fn long_words_over_many_pieces(gaps in prop::collection::vec(1usize..5000, 1..6), padding in any::<u8>()) {
            let text: Vec<u8> = gaps.iter().flat_map(|&n| std::iter::repeat_n(b'w', n).chain([b' '])).collect();
            compare(&text, 0, text.len(), padding);
            compare(&text, 0, text.len() - 1, padding);
        }
    }

    #[test]
    fn all_words_as_dense_as_can_be() {
        compare(&b"x ".repeat(5000), 0, 10_000, b' ');
        compare(&b" x".repeat(5000), 0, 10_000, b'x');
        compare(b"", 0, 0, b'x');
    }

    #[test]
    #[should_panic(expected = "padding")]
    fn text_without_padding_is_refused() {
        words(&[b'x'; PAD], 0, 1, &mut Vec::new());
    }
}
