//! `--max-rate`: how many records a source may hand over by now.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Bell, Clock};
use crate::stop::Stop;

/// Lets through so many records a second, in steps of a tenth of a second or of one record.
pub struct Pace {
    rate: u64,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    bell: Arc<Bell>,
    /// When the next step begins ...
    next: Duration,
    /// ... and its number.
    step: u64,
    /// What is left of the present step.
    left: u64,
}

impl Pace {
    /// `rate` records a second, at least 1.
    pub fn new(rate: u64, clock: Arc<dyn Clock>, stop: Arc<Stop>) -> Self {
        let bell = stop.bell(&*clock);
        bell.rest();
        let next = clock.monotonic();
        Pace { rate: rate.max(1), clock, stop, bell, next, step: 0, left: 0 }
    }

    /// Waits until at least one record may pass, and says how many of `wanted` may; 0 if the run ends.
    pub fn take(&mut self, wanted: u64) -> u64 {
        while self.left == 0 {
            let now = self.clock.monotonic();
            if now < self.next {
                if !self.stop.sleep(&*self.clock, &self.bell, self.next) {
                    return 0;
                }
                self.bell.rest();
                continue;
            }
            // What was not used is not saved up.
            let until = |step: u64| self.rate * (step % 10) / 10;
            let millis = if self.rate >= 10 { 100 } else { 1000 / self.rate };
            self.left = if self.rate >= 10 { self.rate * (self.step % 10 + 1) / 10 - until(self.step) } else { 1 };
            self.step += 1;
            self.next =
                self.next.max(now.saturating_sub(Duration::from_millis(millis))) + Duration::from_millis(millis);
        }
        let taken = wanted.min(self.left);
        self.left -= taken;
        taken
    }
}
