//! Work that is cut into shares, of which every idle shard takes some.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::core::Core;

/// Work that others may help with.
pub trait Shares: Send + Sync {
    /// Works on shares until none is left to take.
    fn help(&self);
}

struct Work<T, R, F> {
    items: Vec<Mutex<Option<T>>>,
    /// What came of each item, until it is fetched.
    results: Mutex<Vec<Option<R>>>,
    done: Condvar,
    next: AtomicUsize,
    work: F,
}

impl<T: Send, R: Send, F: Fn(usize, T) -> R + Send + Sync> Work<T, R, F> {
    /// Works on one share; false if none is left to take.
    fn one(&self) -> bool {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(item) = self.items.get(at) else { return false };
        if let Some(item) = item.lock().unwrap_or_else(|e| e.into_inner()).take() {
            let result = (self.work)(at, item);
            self.results.lock().unwrap_or_else(|e| e.into_inner())[at] = Some(result);
            self.done.notify_all();
        }
        true
    }
}

impl<T: Send, R: Send, F: Fn(usize, T) -> R + Send + Sync> Shares for Work<T, R, F> {
    fn help(&self) {
        while self.one() {}
    }
}

/// `work` on each item, by this shard and all that are idle; `give` gets the results in the order of the items, as soon as
/// their turn comes.
pub fn each<T, R, F>(core: &Core, items: Vec<T>, work: F, mut give: impl FnMut(R))
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(usize, T) -> R + Send + Sync + 'static,
{
    if items.len() <= 1 {
        return items.into_iter().for_each(|item| give(work(0, item)));
    }
    let count = items.len();
    let shared = Arc::new(Work {
        items: items.into_iter().map(|item| Mutex::new(Some(item))).collect(),
        results: Mutex::new((0..count).map(|_| None).collect()),
        done: Condvar::new(),
        next: AtomicUsize::new(0),
        work,
    });
    let offered: Arc<dyn Shares> = Arc::clone(&shared) as Arc<dyn Shares>;
    core.offer(Arc::clone(&offered));
    let mut given = 0;
    while given < count && !core.is_aborted() {
        let left = shared.one();
        if !left {
            core.withdraw(&offered);
        }
        let mut results = shared.results.lock().unwrap_or_else(|e| e.into_inner());
        if !left && results[given].is_none() {
            // A shard that broke down (a bug) gives no result: look now and then whether the run still goes on.
            let waited = shared.done.wait_timeout(results, Duration::from_millis(100));
            results = waited.unwrap_or_else(|e| e.into_inner()).0;
        }
        while let Some(result) = results.get_mut(given).and_then(Option::take) {
            drop(results);
            given += 1;
            give(result);
            results = shared.results.lock().unwrap_or_else(|e| e.into_inner());
        }
    }
    core.withdraw(&offered);
}

/// The results of `work` on each item, by this shard and all that are idle.
pub fn map<T, R, F>(core: &Core, items: Vec<T>, work: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(usize, T) -> R + Send + Sync + 'static,
{
    let mut results = Vec::with_capacity(items.len());
    each(core, items, work, |result| results.push(result));
    results
}
