//! Tells everyone who waits for input that the run ends: pollers through a pipe, sleepers through their bells.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::clock::{Bell, Clock};
use crate::error::{Error, Result};

/// Asked by sources whether to go on, told by the engine to end.
pub struct Stop {
    told: AtomicBool,
    /// Its writing end is closed to wake whoever polls the reading end.
    pipe: OwnedFd,
    held: Mutex<Option<OwnedFd>>,
    /// Those that someone still holds: a bell that is kept alive here would look like a thread that is awake.
    bells: Mutex<Vec<Weak<Bell>>>,
}

impl Stop {
    /// Not stopped.
    pub fn new() -> Result<Arc<Self>> {
        let (pipe, held) = pipe_with(PipeFlags::CLOEXEC).map_err(|e| Error::io("cannot make a pipe", &e.into()))?;
        let (told, bells) = (AtomicBool::new(false), Mutex::default());
        Ok(Arc::new(Stop { told, pipe, held: Mutex::new(Some(held)), bells }))
    }

    /// Ends all waiting for input, now and later.
    pub fn tell(&self) {
        self.told.store(true, Ordering::SeqCst);
        self.held.lock().unwrap_or_else(|e| e.into_inner()).take();
        for bell in self.bells.lock().unwrap_or_else(|e| e.into_inner()).iter().filter_map(Weak::upgrade) {
            bell.ring();
        }
    }

    /// Whether the run ends.
    pub fn is_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }

    /// Readable once the run ends: to be polled beside other descriptors.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// Waits until `fd` is ready for `events` (an error or a hang-up is ready too); false if the run ends instead.
    /// Without `wait` it only looks, and false may also say that it is not ready yet.
    pub fn ready(&self, fd: BorrowedFd<'_>, events: PollFlags, wait: bool) -> bool {
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            if self.is_told() {
                return false;
            }
            let mut fds = [PollFd::from_borrowed_fd(fd, events), PollFd::new(&self.pipe, PollFlags::IN)];
            match poll(&mut fds, if wait { None } else { Some(&now) }) {
                Ok(_) if !fds[0].revents().is_empty() => return !self.is_told(),
                Ok(_) if !wait => return false,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                // Cannot be polled: then reading will say what is wrong.
                Err(_) => return true,
            }
        }
    }

    /// A bell that is rung at the stop.
    pub fn bell(&self, clock: &dyn Clock) -> Arc<Bell> {
        let bell = clock.bell();
        {
            let mut bells = self.bells.lock().unwrap_or_else(|e| e.into_inner());
            bells.retain(|b| b.strong_count() > 0);
            bells.push(Arc::downgrade(&bell));
        }
        if self.is_told() {
            bell.ring();
        }
        bell
    }

    /// Sleeps until the monotonic time is `deadline`; false if the run ends before.
    pub fn sleep(&self, clock: &dyn Clock, bell: &Bell, deadline: Duration) -> bool {
        !self.is_told() && clock.wait(bell, deadline) && !self.is_told()
    }

    /// Sleeps for so long, on a bell of its own that is gone afterwards; false if the run ends before.
    pub fn pause(&self, clock: &dyn Clock, length: Duration) -> bool {
        let bell = self.bell(clock);
        self.sleep(clock, &bell, clock.monotonic() + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    /// A bell that the stop kept alive would look like a thread that is awake, and a manual clock would never move.
    #[test]
    fn a_bell_is_gone_with_who_held_it() {
        let (clock, stop) = (ManualClock::default(), Stop::new().unwrap());
        let bell = stop.bell(&clock);
        assert!(!clock.settle(Duration::ZERO), "its thread is awake");
        drop(bell);
        assert!(clock.settle(Duration::ZERO));
    }

    #[test]
    fn telling_wakes_who_pauses_now_and_later() {
        let (clock, stop) = (ManualClock::default(), Stop::new().unwrap());
        let (in_clock, in_stop) = (clock.clone(), Arc::clone(&stop));
        let pausing = std::thread::spawn(move || in_stop.pause(&in_clock, Duration::from_secs(1)));
        stop.tell();
        assert!(!pausing.join().unwrap());
        assert!(!stop.pause(&clock, Duration::ZERO));
    }
}
