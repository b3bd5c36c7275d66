//! The only unsafe code: the splitter, prefetching, and memory on huge pages. Called on the shards, a block at a time.
//!
//! Every function here is safe to call with any argument. What a processor can do is asked at run time, and each vector
//! kernel has a portable twin against which it is tested. PERFORMANCE.md says what each of the three is worth.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::block::Span;
use super::buffer::PAD;
use super::groups::Slot;

/// How many bytes a kernel looks at in one step.
const CHUNK: usize = 64;
/// How many bytes are turned into positions before those become spans: the positions stay in the first-level cache.
const PIECE: usize = 32 * CHUNK;
/// A chunk has at most so many starts (or ends) of words.
const LANES: usize = CHUNK / 2;
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
    fn best() -> Kernel {
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
    words_with(Kernel::best(), padded, start, end, out);
}

/// [`words`] by this kernel, or by the portable one where the processor lacks it.
pub fn words_with(kernel: Kernel, padded: &[u8], start: usize, end: usize, out: &mut Vec<Span>) {
    assert!(
        start <= end && end + PAD <= padded.len() && end <= u32::MAX as usize,
        "words needs padding behind its text"
    );
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
    let bit = |mask: u64, (at, byte): (usize, &u8)| mask | u64::from(!matches!(byte, 9..=13 | 32)) << at;
    chunk.iter().enumerate().fold(0, bit)
}

fn positions_portable(mut bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
    let count = bits.count_ones() as usize;
    for lane in &mut into[..count] {
        *lane = at + bits.trailing_zeros();
        bits &= bits - 1;
    }
    count
}

#[cfg(target_arch = "x86_64")]
mod x86 {
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
    fn positions_avx2(mut bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
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
    fn positions_avx512(bits: u64, at: u32, into: &mut [u32; LANES]) -> usize {
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

/// Asks for the cache line of an element that will be needed soon. Does nothing where there is no such instruction.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch accesses no memory as far as the program can tell, at whatever address; SSE is always there.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, at);
}

/// Values of which all bits zero is one.
///
/// # Safety
/// That must hold.
pub unsafe trait Zeroable: Copy {}

// SAFETY: made of whole numbers only.
unsafe impl Zeroable for Slot {}
// SAFETY: a whole number.
unsafe impl Zeroable for u64 {}

/// A vector for large tables: on huge pages from [`HUGE`] bytes on, where the system has them. New memory is zero.
pub struct HugeVec<T: Zeroable> {
    /// Room for `capacity` values, all of them initialized (zero at first); dangling if there is no room.
    at: NonNull<T>,
    capacity: usize,
    len: usize,
    /// The whole mapping that `at` lies in: address and bytes. `None`: from the allocator.
    mapping: Option<(NonNull<std::ffi::c_void>, usize)>,
    values: PhantomData<T>,
}

/// The size of a huge page, in bytes: also their alignment.
pub const HUGE: usize = 2 << 20;

// SAFETY: it owns its memory, as a `Vec` does.
unsafe impl<T: Zeroable + Send> Send for HugeVec<T> {}
// SAFETY: it gives out shared references only through `&self`, as a `Vec` does.
unsafe impl<T: Zeroable + Sync> Sync for HugeVec<T> {}

impl<T: Zeroable> HugeVec<T> {
    /// Empty, and takes no memory.
    pub const fn new() -> Self {
        assert!(size_of::<T>() > 0);
        HugeVec { at: NonNull::dangling(), capacity: 0, len: 0, mapping: None, values: PhantomData }
    }

    /// So many zeros.
    pub fn zeroed(len: usize) -> Self {
        let mut zeros = HugeVec::with_capacity(len);
        zeros.len = len;
        zeros
    }

    /// Empty, with room for so many.
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            return HugeVec::new();
        }
        let layout = Self::layout(capacity);
        if layout.size() >= HUGE
            && let Some((at, mapping)) = map_huge(layout.size())
        {
            return HugeVec { at: at.cast(), capacity, len: 0, mapping: Some(mapping), values: PhantomData };
        }
        // SAFETY: the size is not zero, for neither the capacity nor a value is.
        let at = unsafe { alloc_zeroed(layout) };
        let Some(at) = NonNull::new(at.cast()) else { handle_alloc_error(layout) };
        HugeVec { at, capacity, len: 0, mapping: None, values: PhantomData }
    }

    /// Appends a value.
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity {
            let mut larger = HugeVec::with_capacity((2 * self.capacity).max(64));
            larger.len = self.len;
            larger.copy_from_slice(self);
            *self = larger;
        }
        self.len += 1;
        let last = self.len - 1;
        self[last] = value;
    }

    fn layout(capacity: usize) -> Layout {
        Layout::array::<T>(capacity).expect("a table smaller than the address space")
    }
}

impl<T: Zeroable> Default for HugeVec<T> {
    fn default() -> Self {
        HugeVec::new()
    }
}

impl<T: Zeroable> Deref for HugeVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` is at most `capacity`, so many values are initialized; dangling is aligned and good for none.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }
}

impl<T: Zeroable> DerefMut for HugeVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and `&mut self` makes it the only access.
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}

impl<T: Zeroable> Drop for HugeVec<T> {
    fn drop(&mut self) {
        if let Some((at, bytes)) = self.mapping {
            unmap(at, bytes);
        } else if self.capacity > 0 {
            // SAFETY: this is what `with_capacity` got from the allocator, with the same layout.
            unsafe { dealloc(self.at.as_ptr().cast(), Self::layout(self.capacity)) }
        }
    }
}

type Mapped = (NonNull<u8>, (NonNull<std::ffi::c_void>, usize));

/// Zeroed memory of so many bytes that begins at a huge page, and the mapping that it lies in.
#[cfg(target_os = "linux")]
fn map_huge(bytes: usize) -> Option<Mapped> {
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

    let whole = bytes.checked_add(HUGE)?;
    let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE);
    // SAFETY: new memory at an address that the kernel chooses touches nothing that is in use.
    let mapping = unsafe { mmap_anonymous(std::ptr::null_mut(), whole, access, flags) }.ok()?;
    let mapping = NonNull::new(mapping)?;
    let skip = mapping.cast::<u8>().align_offset(HUGE);
    // SAFETY: an alignment is reached within `HUGE` bytes, by which the mapping is larger than what is asked for.
    let at = unsafe { mapping.cast::<u8>().add(skip) };
    // SAFETY: this advice changes no content. Without huge pages it fails, and small ones do as well.
    let _ = unsafe { madvise(at.as_ptr().cast(), bytes, Advice::LinuxHugepage) };
    Some((at, (mapping, whole)))
}

#[cfg(not(target_os = "linux"))]
fn map_huge(_bytes: usize) -> Option<Mapped> {
    None
}

#[cfg(target_os = "linux")]
fn unmap(at: NonNull<std::ffi::c_void>, bytes: usize) {
    // SAFETY: the whole of a mapping that `map_huge` made and that its only owner drops.
    let _ = unsafe { rustix::mm::munmap(at.as_ptr(), bytes) };
}

#[cfg(not(target_os = "linux"))]
fn unmap(_at: NonNull<std::ffi::c_void>, _bytes: usize) {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, byte by byte.
    fn model(text: &[u8], start: usize, end: usize) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut from = start;
        for at in start..=end {
            if at == end || matches!(text[at], b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r') {
                if at > from {
                    spans.push(Span::range(from, at));
                }
                from = at + 1;
            }
        }
        spans
    }

    fn check(text: &[u8], start: usize, end: usize, padding: u8) {
        let mut padded = text.to_vec();
        padded.resize(text.len() + PAD, padding);
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
            check(&text, a.min(b), a.max(b), padding);
        }

        #[test]
        fn long_words_over_many_pieces(gaps in prop::collection::vec(1usize..5000, 1..6), padding in any::<u8>()) {
            let text: Vec<u8> = gaps.iter().flat_map(|&n| std::iter::repeat_n(b'w', n).chain([b' '])).collect();
            check(&text, 0, text.len(), padding);
            check(&text, 0, text.len() - 1, padding);
        }

        #[test]
        fn a_huge_vec_is_a_vec(values in prop::collection::vec(any::<u64>(), 0..3000)) {
            let mut vec = HugeVec::new();
            values.iter().for_each(|&v| vec.push(v));
            assert_eq!(&vec[..], &values[..]);
        }
    }

    #[test]
    fn all_words_as_dense_as_can_be() {
        check(&b"x ".repeat(5000), 0, 10_000, b' ');
        check(&b" x".repeat(5000), 0, 10_000, b'x');
        check(b"", 0, 0, b'x');
    }

    #[test]
    #[should_panic(expected = "padding")]
    fn text_without_padding_is_refused() {
        words(&[b'x'; PAD], 0, 1, &mut Vec::new());
    }

    #[test]
    fn large_tables_are_zero_and_aligned() {
        let mut table = HugeVec::<u64>::zeroed(HUGE / 8 + 7);
        assert_eq!(table.len(), HUGE / 8 + 7);
        assert!(table.iter().all(|&v| v == 0));
        if cfg!(target_os = "linux") {
            assert_eq!(table.as_ptr() as usize % HUGE, 0);
        }
        // Growing over the border between the allocator and a mapping keeps what is there.
        table.iter_mut().for_each(|v| *v = 7);
        for _ in 0..HUGE / 8 {
            table.push(7);
        }
        assert!(table.iter().all(|&v| v == 7));
    }
}
