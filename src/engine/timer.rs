//! The timer thread: cuts at each border of the calendar, with the *scheduled* time as the batch's time.
//!
//! The wall clock gives the labels, the monotonic clock the pace. A wall clock that leaps ahead (a resumed laptop) makes
//! every batch in between come at once, in order; one that steps back by more than the wait would bear is not followed.

use std::time::Duration;

use crate::clock::{Bell, Clock};
use crate::data::time::Time;

/// Wake at least so often, because a suspended machine's monotonic clock stands still.
const LOOK: Duration = Duration::from_secs(1);

/// Calls `tick` at each border that `border` says is next, until the bell is rung or `tick` says that it is over.
pub fn run(clock: &dyn Clock, bell: &Bell, border: impl Fn() -> Time, mut tick: impl FnMut() -> bool) {
    // What the wall clock is ahead of the monotonic one, in milliseconds.
    let ahead = || clock.wall().0 - clock.monotonic().as_millis() as i64;
    let mut offset = ahead();
    loop {
        let border = border().0;
        loop {
            let found = ahead();
            // A small step back is waited for; a large one would stop the batches.
            if found > offset || offset - found < LOOK.as_millis() as i64 {
                offset = found;
            }
            let now = clock.monotonic();
            let wait = border - (now.as_millis() as i64 + offset);
            let due = Duration::from_millis((now.as_millis() as i64 + wait.max(0)) as u64);
            // Also without any wait the bell is heard: who is late must still stop.
            if !clock.wait(bell, due.min(now + LOOK)) {
                return;
            }
            if wait <= 0 {
                break;
            }
        }
        if !tick() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::clock::ManualClock;

    /// Runs the timer, with borders every second, on a clock that stands at `wall`, over at most `most` ticks.
    fn ticks(clock: &ManualClock, most: usize, after: impl Fn(usize, &Bell)) -> Vec<i64> {
        let (bell, ticked) = (clock.bell(), RefCell::new(Vec::new()));
        let border = || Time(1000 * (ticked.borrow().len() as i64 + 1));
        run(clock, &bell, border, || {
            let next = border().0;
            ticked.borrow_mut().push(next);
            after(ticked.borrow().len(), &bell);
            ticked.borrow().len() < most
        });
        ticked.into_inner()
    }

    /// After a leap of the clock every border is ticked, in order and at once.
    #[test]
    fn borders_that_were_missed_come_in_order() {
        assert_eq!(ticks(&ManualClock::at(Time(4000)), 4, |_, _| {}), [1000, 2000, 3000, 4000]);
    }

    /// A timer that is a day behind stops when it is told to, not when it has caught up.
    #[test]
    fn a_late_timer_hears_the_bell() {
        let ring = |ticks: usize, bell: &Bell| {
            if ticks == 2 {
                bell.ring()
            }
        };
        assert_eq!(ticks(&ManualClock::at(Time(86_400_000)), usize::MAX, ring), [1000, 2000]);
    }
}
