//! Memory for large tables, on huge pages where there are any.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::super::order::Entry;
use super::super::slot::{Slot, Tally};

/// Values of which all bits zero is one.
///
/// # Safety
/// That must hold.
pub unsafe trait Zeroable: Copy {}

// SAFETY: made of whole numbers only.
unsafe impl Zeroable for Slot {}
// SAFETY: made of whole numbers only.
unsafe impl Zeroable for Tally {}
// SAFETY: made of whole numbers only.
unsafe impl Zeroable for Entry {}
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

    /// Forgets all values; the memory stays.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// For how many values there is room.
    pub fn capacity(&self) -> usize {
        self.capacity
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

    proptest! {
        #[test]
        fn a_huge_vec_is_a_vec(values in prop::collection::vec(any::<u64>(), 0..3000)) {
            let mut vec = HugeVec::new();
            values.iter().for_each(|&v| vec.push(v));
            assert_eq!(&vec[..], &values[..]);
        }
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
