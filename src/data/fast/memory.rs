//! The allocator of the program: the system's, but where it gives nothing the process ends with a sentence and status 1, not with
//! an abort. Nothing that is complete is lost by that: it is as if the process had been killed.

use std::alloc::{GlobalAlloc, Layout, System};

/// See above; for `#[global_allocator]`.
pub struct Telling;

// SAFETY: all is done by the system's allocator; a null that it gives never comes back from here.
unsafe impl GlobalAlloc for Telling {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller has promised.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller has promised.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller has promised.
        given(unsafe { System.realloc(at, layout, size) }, size)
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller has promised.
        unsafe { System.dealloc(at, layout) }
    }
}

#[inline]
fn given(at: *mut u8, size: usize) -> *mut u8 {
    if at.is_null() {
        out_of_memory(size);
    }
    at
}

/// Says that so many bytes could not be had, and ends the process.
#[cold]
pub fn out_of_memory(size: usize) -> ! {
    let (mut text, mut len) = ([0; 256], 0);
    let mut put = |piece: &[u8]| {
        let end = text.len().min(len + piece.len());
        text[len..end].copy_from_slice(&piece[..end - len]);
        len = end;
    };
    put(b"streamer: out of memory: the system gives no further ");
    put(itoa::Buffer::new().format(size).as_bytes());
    put(b" bytes (ulimit -v, a container's limit, or there is no more); fewer keys, a shorter window or --ttl need less. What a ");
    put(b"checkpoint has as complete is kept\n");
    // SAFETY: the bytes are ours. Nothing else is touched: other threads may be anywhere, and what they hold is lost anyway.
    unsafe {
        libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), len);
        libc::_exit(1)
    }
}
