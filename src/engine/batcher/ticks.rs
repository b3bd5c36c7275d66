//! Cuts where the input is the clock.

use std::time::Duration;

use crate::data::time::Time;

use super::{Batcher, Made};

impl Batcher {
    /// Cuts as often as some input has ticked and every other one, too, or has ended.
    pub(super) fn ticked(&mut self, now: (Time, Duration), made: &mut Made) {
        while self.left > 0
            && self.ticks.iter().any(|(ticks, _)| *ticks > self.info.id)
            && self.ticks.iter().all(|(ticks, ended)| *ended || *ticks > self.info.id)
        {
            self.cut(now.0, now.1, true, made);
            self.step();
        }
    }

    /// An input has no more ticks.
    pub fn input_ended(&mut self, input: usize, now: (Time, Duration), made: &mut Made) {
        self.ticks[input].1 = true;
        self.ticked(now, made);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::calendar::Calendar;

    #[test]
    fn a_tick_counts_also_if_its_source_ends_before_the_others() {
        let calendar = Calendar::new(1000, jiff::tz::TimeZone::UTC);
        let mut batcher = Batcher::new(Some(calendar), Time(0), 1, 2, None, false);
        let (now, mut made) = ((Time(0), Duration::ZERO), Made::default());
        batcher.ticks[0].0 = 1;
        batcher.input_ended(0, now, &mut made);
        assert_eq!(made.cuts.len(), 0);
        batcher.input_ended(1, now, &mut made);
        assert_eq!(made.cuts.iter().map(|cut| cut.info.end).collect::<Vec<_>>(), [Time(1000)]);
    }
}
