//! The only unsafe code: the splitters of words and of fields, prefetching, memory on huge pages, the allocator, and mapped files.
//! Called on the shards, a block at a time.
//!
//! Every function here is safe to call with any argument. What a processor can do is asked at run time, and each vector
//! kernel has a portable twin against which it is tested. `benches/kernels.rs` shows what they are worth.

#![allow(unsafe_code)]

mod classes;
mod fields;
mod huge;
mod mapped;
mod memory;
mod needle;
mod split;

pub use classes::{not_digits, plain, specials};
pub use fields::{Fields, Step};
pub use huge::{HUGE, HugeVec, Zeroable};
pub use mapped::{Mapped, WINDOW};
pub use memory::Telling;
pub use needle::Needle;
pub use split::{Kernel, words, words_with};

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
