//! A condition variable that costs nothing while nobody waits: waking is a system call, and many a batch is tiny.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, MutexGuard};
use std::time::Duration;

/// Threads that wait for a change of what one mutex guards. Who changed it has held that mutex before it wakes them.
#[derive(Default)]
pub struct Waiting {
    condvar: Condvar,
    /// How many there are, changed while the mutex is held.
    threads: AtomicUsize,
}

impl Waiting {
    /// Waits until woken (or for no reason).
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.threads.fetch_add(1, Ordering::SeqCst);
        let guard = self.condvar.wait(guard).unwrap_or_else(|e| e.into_inner());
        self.threads.fetch_sub(1, Ordering::SeqCst);
        guard
    }

    /// The same, but no longer than this.
    pub fn wait_for<'a, T>(&self, guard: MutexGuard<'a, T>, most: Duration) -> MutexGuard<'a, T> {
        self.threads.fetch_add(1, Ordering::SeqCst);
        let guard = self.condvar.wait_timeout(guard, most).unwrap_or_else(|e| e.into_inner()).0;
        self.threads.fetch_sub(1, Ordering::SeqCst);
        guard
    }

    /// Wakes one of them.
    pub fn notify_one(&self) {
        if self.threads.load(Ordering::SeqCst) > 0 {
            self.condvar.notify_one();
        }
    }

    /// Wakes all of them.
    pub fn notify_all(&self) {
        if self.threads.load(Ordering::SeqCst) > 0 {
            self.condvar.notify_all();
        }
    }
}
