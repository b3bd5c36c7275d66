//! Signals, and what becomes of a thread that panics.
//!
//! The first SIGINT, SIGTERM or SIGHUP ends the input: the open batch is finished and printed. A second one ends the process
//! at once, unless it comes together with the first. SIGUSR1 asks for the statistics. Signals that were ignored at the start
//! (`nohup`) stay ignored.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::{Handle, Signals};

use crate::error::{Error, Result};

use super::core::Core;
use super::message::Message;

/// What comes so soon after the first signal is the same wish: `timeout` signals its child and then its whole group.
const TOGETHER: Duration = Duration::from_millis(250);

/// The thread that waits for signals.
pub struct Watch {
    handle: Handle,
    thread: JoinHandle<()>,
    first: Arc<AtomicI32>,
}

impl Watch {
    /// Handles signals from now on.
    pub fn start(core: &Arc<Core>) -> Result<Self> {
        let ignored = ignored();
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXFSZ].into_iter().filter(|s| ignored & (1 << (s - 1)) == 0);
        let mut signals = Signals::new(wanted).map_err(|e| Error::io("cannot handle signals", &e))?;
        let handle = signals.handle();
        let first = Arc::new(AtomicI32::new(0));
        let (core, noted) = (Arc::clone(core), Arc::clone(&first));
        let wait = move || {
            let mut told = Duration::MAX;
            for signal in signals.forever() {
                if signal == SIGXFSZ {
                    // Heard, it is an error of the write, which says what to do.
                    continue;
                }
                if signal == SIGUSR1 {
                    let _ = core.output.send(Message::Report);
                } else if noted.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                    told = core.clock.monotonic();
                    core.stop.tell();
                    core.wake();
                } else if core.clock.monotonic().saturating_sub(told) >= TOGETHER {
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".into()).spawn(wait);
        Ok(Watch { handle, thread: thread.map_err(|e| Error::io("cannot start a thread", &e))?, first })
    }

    /// Ends the thread; the signal that ended the run, if one did.
    pub fn end(self) -> Option<i32> {
        self.handle.close();
        let _ = self.thread.join();
        let signal = self.first.load(Ordering::SeqCst);
        (signal != 0).then_some(signal)
    }
}

/// The signals that are ignored, a bit for each: asked of the system where it tells.
fn ignored() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

thread_local! {
    /// Where this thread panicked.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic (which is a bug) prints nothing by itself: [`caught`] makes an error of it.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        PLACE.with(|to| to.replace(place));
    }));
}

/// Does `work`; a panic in it becomes an error.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let what = what.unwrap_or("no reason was given");
        let place = PLACE.with(|place| place.take());
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("unnamed");
        Error::failed(format!("internal error in thread {name}{place}: {what}; please report it as a bug"))
    })
}

/// Runs a thread's work; a panic in it ends the run with a message instead of hanging it.
pub fn guard(core: &Core, work: impl FnOnce()) {
    if let Err(error) = caught(work) {
        core.abort(error);
        let _ = core.output.send(Message::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a person sees of a bug is one line that says where.
    #[test]
    fn a_panic_becomes_an_error() {
        let error = caught(|| panic!("two and two")).unwrap_err().to_string();
        assert!(error.starts_with("internal error in thread ") && error.contains("two and two"), "{error}");
        assert_eq!(caught(|| 4).unwrap(), 4);
    }
}
