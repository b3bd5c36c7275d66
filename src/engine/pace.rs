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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::data::time::Time;

    fn pace(rate: u64) -> (Pace, ManualClock) {
        let clock = ManualClock::at(Time(0));
        (Pace::new(rate, Arc::new(clock.clone()), Stop::new().expect("a pipe")), clock)
    }

    /// What passes in each of `steps` steps of this length.
    fn passed(rate: u64, step: Duration, steps: usize) -> Vec<u64> {
        let (mut pace, clock) = pace(rate);
        let mut taken = Vec::new();
        for _ in 0..steps {
            taken.push(pace.take(1000));
            assert!(clock.advance(step, Duration::from_secs(60)));
        }
        taken
    }

    #[test]
    fn each_second_just_the_rate_passes() {
        let tenth = Duration::from_millis(100);
        assert_eq!(passed(25, tenth, 20).iter().sum::<u64>(), 50);
        assert_eq!(passed(1007, tenth, 10).iter().sum::<u64>(), 1007);
        assert_eq!(passed(4, Duration::from_millis(250), 8), [1; 8]);
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        assert_eq!(passed(100, Duration::from_secs(60), 3), [10; 3]);
    }

    #[test]
    fn a_step_may_be_used_in_parts() {
        let (mut pace, _clock) = pace(100);
        assert_eq!([pace.take(3), pace.take(3), pace.take(30)], [3, 3, 4]);
    }

    #[test]
    fn at_the_stop_nobody_waits() {
        let (mut pace, _clock) = pace(10);
        assert_eq!(pace.take(5), 1);
        pace.stop.tell();
        assert_eq!(pace.take(5), 0);
    }
}
