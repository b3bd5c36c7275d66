//! Work that is cut into pieces, of which every idle shard takes some.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::core::Core;

/// Work that others may help with.
pub trait Pieces: Send + Sync {
    /// Works on pieces until none is left to take.
    fn help(&self);
}

struct Work<T, R, F> {
    items: Vec<Mutex<Option<T>>>,
    results: Mutex<(Vec<Option<R>>, usize)>,
    all: Condvar,
    next: AtomicUsize,
    work: F,
}

impl<T: Send, R: Send, F: Fn(usize, T) -> R + Send + Sync> Pieces for Work<T, R, F> {
    fn help(&self) {
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(at) else { return };
            let Some(item) = item.lock().unwrap_or_else(|e| e.into_inner()).take() else { continue };
            let result = (self.work)(at, item);
            let mut results = self.results.lock().unwrap_or_else(|e| e.into_inner());
            results.0[at] = Some(result);
            results.1 += 1;
            if results.1 == self.items.len() {
                self.all.notify_all();
            }
        }
    }
}

/// `work` on each item, by this shard and all that are idle; the results in the order of the items.
pub fn map<T, R, F>(core: &Core, items: Vec<T>, work: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(usize, T) -> R + Send + Sync + 'static,
{
    if items.len() <= 1 {
        return items.into_iter().enumerate().map(|(at, item)| work(at, item)).collect();
    }
    let count = items.len();
    let shared = Arc::new(Work {
        items: items.into_iter().map(|item| Mutex::new(Some(item))).collect(),
        results: Mutex::new(((0..count).map(|_| None).collect(), 0)),
        all: Condvar::new(),
        next: AtomicUsize::new(0),
        work,
    });
    let offered: Arc<dyn Pieces> = Arc::clone(&shared) as Arc<dyn Pieces>;
    core.offer(Arc::clone(&offered));
    shared.help();
    core.withdraw(&offered);
    let mut results = shared.results.lock().unwrap_or_else(|e| e.into_inner());
    while results.1 < count && !core.is_aborted() {
        // A shard that broke down (a bug) gives no result: look now and then whether the run still goes on.
        let waited = shared.all.wait_timeout(results, Duration::from_millis(100));
        results = waited.unwrap_or_else(|e| e.into_inner()).0;
    }
    std::mem::take(&mut results.0).into_iter().flatten().collect()
}
