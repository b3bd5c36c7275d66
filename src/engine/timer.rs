//! The timer thread: cuts at each border of the calendar, with the *scheduled* time as the batch's time.
//!
//! The wall clock gives the labels, the monotonic clock the pace. A wall clock that leaps ahead (a resumed laptop) makes
//! every batch in between come at once, in order; one that steps back by more than the wait would bear is not followed.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Bell, Clock};

use super::core::Core;

/// Wake at least so often, because a suspended machine's monotonic clock stands still.
const LOOK: Duration = Duration::from_secs(1);

/// Cuts batches until the bell is rung.
pub fn run(core: &Core, bell: &Arc<Bell>) {
    let clock = &*core.clock;
    // What the wall clock is ahead of the monotonic one, in milliseconds.
    let ahead = |clock: &dyn Clock| clock.wall().0 - clock.monotonic().as_millis() as i64;
    let mut offset = ahead(clock);
    loop {
        let border = core.next_border().0;
        loop {
            let found = ahead(clock);
            // A small step back is waited for; a large one would stop the batches.
            if found > offset || offset - found < 1000 {
                offset = found;
            }
            let now = clock.monotonic();
            let wait = border - (now.as_millis() as i64 + offset);
            if wait <= 0 {
                break;
            }
            let due = Duration::from_millis((now.as_millis() as i64 + wait) as u64);
            if !clock.wait(bell, due.min(now + LOOK)) {
                return;
            }
        }
        core.tick();
        if core.is_over() {
            return;
        }
    }
}
