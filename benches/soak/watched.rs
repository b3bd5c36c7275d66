//! What the system says of a process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// Looks at the memory of a process once a second.
pub struct Watched {
    seen: Arc<Mutex<Vec<(f64, f64)>>>,
    done: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watched {
    /// From now on.
    pub fn new(process: u32) -> Self {
        let (seen, done) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (into, until) = (Arc::clone(&seen), Arc::clone(&done));
        let began = Instant::now();
        let thread = spawn(move || {
            while !until.load(Ordering::Relaxed) {
                if let Some(megabytes) = resident(process) {
                    into.lock().expect("no panic").push((began.elapsed().as_secs_f64(), megabytes));
                }
                sleep(Duration::from_secs(1));
            }
        });
        Watched { seen, done, thread }
    }

    /// The seconds since the begin, and the megabytes that were resident then.
    pub fn end(self) -> Vec<(f64, f64)> {
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic");
        std::mem::take(&mut self.seen.lock().expect("no panic"))
    }
}

/// The megabytes of a process that are resident; nothing if it has ended.
fn resident(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// The greatest of some numbers; 0 of none.
pub fn most(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, f64::max)
}

/// The middle of some numbers; 0 of none.
pub fn middle(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
