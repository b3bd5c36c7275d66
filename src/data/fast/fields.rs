//! Where fields and records end in delimited text (csv, tsv), 64 bytes at a step: what stands in quotes is left out by the
//! parity of the quotes before it. That is right as long as quotes open at the begin of a field only, which is checked.

use super::split::{CHUNK, Kernel, LANES, positions_portable};

/// The masks of a chunk: quotes, separators, delimiters, carriage returns.
type Masks = (u64, u64, u64, u64);

/// Goes through text that begins at a record, step by step.
pub struct Fields {
    kernel: Kernel,
    separator: u8,
    delimiter: u8,
    /// All bits where separators are wanted too.
    wanted: u64,
    /// All bits while the next byte stands in quotes.
    inside: u64,
    /// 1 if a quote may stand next: at the begin of a field, or doubled.
    before: u64,
}

/// What a step has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// How many positions.
    pub found: usize,
    /// How many of the marks were delimiters.
    pub ends: usize,
    /// There were quotes.
    pub quotes: bool,
    /// There were carriage returns.
    pub returns: bool,
    /// A quote opened in mid-field: what was found is worth nothing, nor is what would be found from here on.
    pub odd: bool,
}

impl Fields {
    /// So much more room than bytes is needed for positions.
    pub const ROOM: usize = CHUNK;

    /// Finds separators and delimiters outside of quotes.
    pub fn new(separator: u8, delimiter: u8) -> Self {
        Self::with(Kernel::best(), separator, delimiter)
    }

    /// By this kernel, or by the portable one where the processor lacks it.
    pub fn with(kernel: Kernel, separator: u8, delimiter: u8) -> Self {
        let kernel = if kernel.is_available() { kernel } else { Kernel::Portable };
        Fields { kernel, separator, delimiter, wanted: u64::MAX, inside: 0, before: 1 }
    }

    /// Finds the delimiters only.
    #[must_use]
    pub fn ends_only(self) -> Self {
        Fields { wanted: 0, ..self }
    }

    /// Whether the next byte stands in quotes.
    pub fn is_inside(&self) -> bool {
        self.inside != 0
    }

    /// Looks through `text[from..to]`, which goes on where the step before has ended, and writes the positions of what it
    /// finds to `out`: it needs room for as many as there are bytes, and [`Fields::ROOM`] more, of which any may be changed.
    pub fn step(&mut self, text: &[u8], from: usize, to: usize, out: &mut [u32]) -> Step {
        assert!(from <= to && to <= text.len() && to <= u32::MAX as usize, "the step lies in the text");
        assert!(out.len() >= to - from + Self::ROOM, "there is room for the positions");
        match self.kernel {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `with` has made sure that the processor has the features of `x86::step_avx512`.
            Kernel::Avx512 => unsafe { x86::step_avx512(self, text, from, to, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `with` has made sure that the processor has the features of `x86::step_avx2`.
            Kernel::Avx2 => unsafe { x86::step_avx2(self, text, from, to, out) },
            _ => step_portable(self, text, from, to, out),
        }
    }
}

/// The same 64 bytes, the last ones of a text filled up.
#[inline]
fn chunk_at(text: &[u8], at: usize) -> [u8; CHUNK] {
    match text[at..].first_chunk::<CHUNK>() {
        Some(chunk) => *chunk,
        None => {
            let mut chunk = [0; CHUNK];
            chunk[..text.len() - at].copy_from_slice(&text[at..]);
            chunk
        }
    }
}

/// Bit i is the parity of the bits up to i.
#[inline]
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

// A macro for the same reason as in `split.rs`.
macro_rules! stepper {
    ($(#[$attribute:meta])* $name:ident, $masks:path, $positions:path) => {
        $(#[$attribute])*
        pub(super) fn $name(fields: &mut Fields, text: &[u8], from: usize, to: usize, out: &mut [u32]) -> Step {
            let (mut found, mut ends) = (0, 0);
            let (mut quotes, mut returns, mut odd) = (0, 0, 0);
            let (mut inside, mut before) = (fields.inside, fields.before);
            for at in (from..to).step_by(CHUNK) {
                let length = (to - at).min(CHUNK);
                let valid = u64::MAX >> (CHUNK - length);
                let (quote, separator, delimiter, cr) = $masks(&chunk_at(text, at), fields.separator, fields.delimiter);
                let (quote, mut marks) = (quote & valid, (separator | delimiter) & valid);
                let mut ended = marks;
                quotes |= quote;
                returns |= cr & valid;
                if quote | inside != 0 {
                    let within = parity(quote) ^ inside;
                    marks &= !within;
                    ended = marks | quote & !within;
                    odd |= quote & within & !(ended << 1 | before);
                    inside = 0u64.wrapping_sub(within >> (length - 1) & 1);
                }
                before = ended >> (length - 1) & 1;
                let delimiters = marks & delimiter;
                marks = marks & separator & fields.wanted | delimiters;
                ends += delimiters.count_ones() as usize;
                let room = "there is room for a chunk";
                let (low, high) = (marks & u64::from(u32::MAX), marks >> LANES);
                found += $positions(low, at as u32, out[found..].first_chunk_mut().expect(room));
                if high != 0 {
                    let at = at.wrapping_add(LANES) as u32;
                    found += $positions(high, at, out[found..].first_chunk_mut().expect(room));
                }
            }
            (fields.inside, fields.before) = (inside, before);
            Step { found, ends, quotes: quotes != 0, returns: returns != 0, odd: odd != 0 }
        }
    };
}

stepper!(step_portable, masks_portable, positions_portable);

#[inline]
fn masks_portable(chunk: &[u8; CHUNK], separator: u8, delimiter: u8) -> Masks {
    let mask = |sought: u8| {
        // Eight bytes are gathered by one multiplication: bit 7k goes to bit 49 + k and up, none of them meet.
        let mut bits = 0;
        for (at, eight) in chunk.as_chunks::<8>().0.iter().enumerate() {
            let equal = eight.map(|byte| u8::from(byte == sought));
            let packed = u64::from_le_bytes(equal).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            bits |= packed << (8 * at);
        }
        bits
    };
    (mask(b'"'), mask(separator), mask(delimiter), mask(b'\r'))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::split::x86::{positions_avx2, positions_avx512};
    use super::*;

    stepper!(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
        step_avx2,
        masks_avx2,
        positions_avx2
    );
    stepper!(
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]
        step_avx512,
        masks_avx512,
        positions_avx512
    );

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    #[inline]
    fn masks_avx2(chunk: &[u8; CHUNK], separator: u8, delimiter: u8) -> Masks {
        // SAFETY: reads exactly the 2 x 32 bytes of `chunk`; the loads need no alignment.
        let (low, high) = unsafe {
            let low = chunk.as_ptr();
            (_mm256_loadu_si256(low.cast()), _mm256_loadu_si256(low.add(32).cast()))
        };
        (
            equal_avx2(low, high, b'"'),
            equal_avx2(low, high, separator),
            equal_avx2(low, high, delimiter),
            equal_avx2(low, high, b'\r'),
        )
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
    #[inline]
    fn equal_avx2(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let sought = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, sought)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, sought)).cast_unsigned();
        u64::from(low) | u64::from(high) << 32
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,avx512f,avx512bw,avx512vl,avx512vbmi2")]
    #[inline]
    fn masks_avx512(chunk: &[u8; CHUNK], separator: u8, delimiter: u8) -> Masks {
        // SAFETY: reads exactly the 64 bytes of `chunk`; the load needs no alignment.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        (
            _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'"'.cast_signed())),
            _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(separator.cast_signed())),
            _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(delimiter.cast_signed())),
            _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b'\r'.cast_signed())),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a walk byte by byte gives: positions, delimiters, whether a quote is odd.
    fn model(text: &[u8], ends_only: bool) -> (Vec<u32>, usize, bool, bool) {
        let (mut found, mut ends, mut odd) = (Vec::new(), 0, false);
        let (mut inside, mut may_open) = (false, true);
        for (at, &byte) in text.iter().enumerate() {
            if byte == b'"' {
                odd |= !inside && !may_open;
                inside = !inside;
                may_open = true;
            } else {
                let mark = !inside && matches!(byte, b',' | b'\n');
                ends += usize::from(mark && byte == b'\n');
                if mark && (byte == b'\n' || !ends_only) {
                    found.push(at as u32);
                }
                may_open = mark;
            }
        }
        (found, ends, odd, inside)
    }

    proptest! {
        /// Every kernel, in steps of any size, finds what a walk over the bytes finds.
        #[test]
        fn every_kernel_is_its_twin(
            text in prop_oneof![
                prop::collection::vec(prop::sample::select(b"ab,\"\n\r".to_vec()), 0..300),
                "([a-c]{0,9}|\"([a-c,\n]|\"\"){0,20}\"|,|\n){0,60}".prop_map(String::into_bytes),
                prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), any::<u8>()], 0..900),
            ],
            step in 1..400usize,
            ends_only: bool,
        ) {
            let (expected, ends, odd, inside) = model(&text, ends_only);
            for kernel in Kernel::ALL.into_iter().filter(|k| k.is_available()) {
                let mut fields = Fields::with(kernel, b',', b'\n');
                fields.wanted = if ends_only { 0 } else { u64::MAX };
                let (mut found, mut all) = (Vec::new(), Step::default());
                for from in (0..text.len()).step_by(step) {
                    let to = text.len().min(from + step);
                    let mut out = vec![7; to - from + Fields::ROOM];
                    let one = fields.step(&text, from, to, &mut out);
                    found.extend_from_slice(&out[..one.found]);
                    prop_assert_eq!(one.quotes, text[from..to].contains(&b'"'));
                    prop_assert_eq!(one.returns, text[from..to].contains(&b'\r'));
                    all.ends += one.ends;
                    all.odd |= one.odd;
                }
                prop_assert_eq!(all.odd, odd, "{:?}", kernel);
                prop_assert_eq!(&found, &expected, "{:?}", kernel);
                prop_assert_eq!((all.ends, fields.is_inside()), (ends, inside), "{:?}", kernel);
            }
        }
    }

    #[test]
    fn every_byte_may_be_a_mark() {
        for kernel in Kernel::ALL {
            let mut out = vec![0; 1000 + Fields::ROOM];
            let step = Fields::with(kernel, b',', b'\n').step(&[b','; 1000], 0, 1000, &mut out);
            assert_eq!((step.found, step.ends), (1000, 0));
            assert!(out[..1000].iter().enumerate().all(|(at, &found)| found == at as u32));
        }
    }
}
