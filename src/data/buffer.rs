//! Buffers of bytes that columns point into, and the pool that bounds how many there are.
//!
//! A receiver takes a [`Vec`] from its source's [`Quota`], fills it and freezes it into a [`Buffer`]; when the last
//! block that points into it is dropped, the bytes go back to the pool and the quota is free for the next read. This is
//! the back-pressure: whoever reads waits here, and nothing is dropped.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How many readable zero bytes stand behind the last byte of every buffer, so that vector code may load past the end.
pub const PAD: usize = 64;

/// What the system copies to is best aligned to so many bytes: that saves an eighth of the time of a read.
pub const ALIGNED: usize = 64;

/// What a reader asks for at once, in bytes: what is cut from so much stays in the second-level cache.
pub const BLOCK: usize = 256 * 1024;

/// Bytes that columns point into. Shared as `Arc<Buffer>` and never changed once frozen.
pub struct Buffer {
    bytes: Vec<u8>,
    /// Where its bytes begin in these.
    start: usize,
    len: usize,
    lease: Option<Lease>,
}

impl Buffer {
    /// A buffer of its own, outside any quota: for rows that operators keep.
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self::frozen(bytes, None)
    }

    /// Freezes bytes that were taken from a quota; they go back to its pool when the buffer is dropped.
    pub fn leased(bytes: Vec<u8>, lease: Lease) -> Self {
        Self::frozen(bytes, Some(lease))
    }

    /// Freezes this range of a [`Quota::space`].
    pub fn filled(mut bytes: Vec<u8>, range: Range<usize>, lease: Lease) -> Self {
        let Range { start, end } = range;
        if bytes.len() < end + PAD {
            bytes.resize(end + PAD, 0);
        }
        bytes[end..end + PAD].fill(0);
        Buffer { bytes, start, len: end - start, lease: Some(lease) }
    }

    fn frozen(mut bytes: Vec<u8>, lease: Option<Lease>) -> Self {
        let len = bytes.len();
        bytes.resize(len + PAD, 0);
        Buffer { bytes, start: 0, len, lease }
    }

    /// The bytes, without the padding.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }

    /// The bytes and the [`PAD`] zero bytes behind them.
    pub fn padded(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len + PAD]
    }

    /// How many bytes, without the padding.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.quota.pool.give_back(std::mem::take(&mut self.bytes));
        }
    }
}

/// Buffers that wait for their next use.
#[derive(Default)]
pub struct Pool {
    free: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// How many unused buffers are kept; more are freed.
    const KEPT: usize = 64;

    fn take(&self) -> Vec<u8> {
        let kept = self.free.lock().unwrap_or_else(|e| e.into_inner()).pop();
        kept.unwrap_or_else(|| Vec::with_capacity(BLOCK + BLOCK / 8))
    }

    fn give_back(&self, bytes: Vec<u8>) {
        // A buffer that one giant record has stretched is not worth keeping.
        if bytes.capacity() > 4 * BLOCK {
            return;
        }
        let mut free = self.free.lock().unwrap_or_else(|e| e.into_inner());
        if free.len() < Self::KEPT {
            free.push(bytes);
        }
    }
}

/// How many bytes of a lane may be on their way at once, and of its source, which may have other lanes.
pub struct Quota {
    pool: Arc<Pool>,
    limit: usize,
    lane: AtomicUsize,
    source: Arc<AtomicUsize>,
    /// Rung each time bytes come back, so that who waits looks again.
    freed: Freed,
}

/// Told that bytes came back.
pub type Freed = Arc<dyn Fn() + Send + Sync>;

impl Quota {
    /// A lane of a source, which may have `limit` bytes of `pool`; `freed` is called after each return.
    pub fn new(pool: Arc<Pool>, limit: usize, freed: Freed) -> Arc<Self> {
        Arc::new(Quota { pool, limit, lane: AtomicUsize::new(0), source: Arc::default(), freed })
    }

    /// Another lane of the same source.
    pub fn beside(&self) -> Arc<Self> {
        let (pool, source, freed) = (Arc::clone(&self.pool), Arc::clone(&self.source), Arc::clone(&self.freed));
        Arc::new(Quota { pool, limit: self.limit, lane: AtomicUsize::new(0), source, freed })
    }

    /// Whether another read may start now, in view of all lanes of the source.
    pub fn has_room(&self) -> bool {
        self.source.load(Ordering::SeqCst) < self.limit
    }

    /// The same, whatever the other lanes hold: for the lane whose rows those of the others wait for.
    pub fn has_room_alone(&self) -> bool {
        self.lane.load(Ordering::SeqCst) < self.limit
    }

    /// Room for `bytes`, beyond the limit if need be: for who has asked for room before, or must not wait.
    pub fn lease(self: &Arc<Self>, bytes: usize) -> Lease {
        self.lane.fetch_add(bytes, Ordering::SeqCst);
        self.source.fetch_add(bytes, Ordering::SeqCst);
        Lease { quota: Arc::clone(self), bytes }
    }

    /// An empty vector to collect records in.
    pub fn vec(&self) -> Vec<u8> {
        let mut bytes = self.pool.take();
        bytes.clear();
        bytes
    }

    /// A vector to read into, an eighth longer than [`BLOCK`], with whatever it held before: what is used again need
    /// not be cleared.
    pub fn space(&self) -> Vec<u8> {
        let mut bytes = self.pool.take();
        if bytes.len() < BLOCK + BLOCK / 8 {
            bytes.resize(BLOCK + BLOCK / 8, 0);
        }
        bytes
    }

    /// A vector that was not needed after all.
    pub fn unused(&self, bytes: Vec<u8>) {
        self.pool.give_back(bytes);
    }
}

/// Bytes of a quota that are on their way; dropping it gives them back.
pub struct Lease {
    quota: Arc<Quota>,
    bytes: usize,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.quota.lane.fetch_sub(self.bytes, Ordering::SeqCst);
        self.quota.source.fetch_sub(self.bytes, Ordering::SeqCst);
        (self.quota.freed)();
    }
}
