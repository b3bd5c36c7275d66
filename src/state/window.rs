//! Which batches a window holds and when it gives them. A window is cut into panes, each as long as the greatest common divisor
//! of its length and its slide: whatever enters or leaves is a whole number of them. Panes and slides are aligned as batches
//! are.

use jiff::tz::TimeZone;

use crate::data::calendar::Calendar;
use crate::data::time::Time;

/// The window at T holds the batches in (T - length, T], and is given at each multiple of its slide.
#[derive(Clone)]
pub struct Window {
    pane: Calendar,
    slide: Calendar,
    /// So many panes are its length.
    panes: u64,
}

impl Window {
    /// Both in milliseconds, above 0.
    pub fn new(length: i64, slide: i64, zone: &TimeZone) -> Self {
        let pane = common_divisor(length, slide);
        let calendar = |interval| Calendar::new(interval, zone.clone());
        Window { pane: calendar(pane), slide: calendar(slide), panes: (length / pane) as u64 }
    }

    /// Where it begins that ends there.
    pub fn start(&self, end: Time) -> Time {
        self.pane.back(end, self.panes)
    }

    /// The end of the pane that a batch of this end is part of.
    pub fn pane(&self, end: Time) -> Time {
        self.pane.at_or_after(end)
    }

    /// The first time from `time` on at which it is given.
    pub fn next(&self, time: Time) -> Time {
        self.slide.at_or_after(time)
    }

    /// Whether it is one pane, so that nothing outlasts it.
    pub fn is_tumbling(&self) -> bool {
        self.panes == 1
    }

    /// How many panes it holds at once.
    pub fn panes(&self) -> u64 {
        self.panes
    }
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// How far a window has come.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// The end of the pane that is open, if it holds anything.
    pub open: Option<Time>,
    /// The end of the first batch since the window was last given.
    first: Option<Time>,
    /// The end of the last batch.
    last: Option<Time>,
    /// When the window was last given.
    given: Option<Time>,
}

impl Timeline {
    /// All that it knows, to be written out.
    pub fn parts(&self) -> [Option<Time>; 4] {
        [self.open, self.first, self.last, self.given]
    }

    /// What [`Timeline::parts`] gave.
    pub fn of_parts([open, first, last, given]: [Option<Time>; 4]) -> Self {
        Timeline { open, first, last, given }
    }

    /// A batch of this end has come.
    pub fn received(&mut self, end: Time) {
        self.first.get_or_insert(end);
        self.last = Some(end);
    }

    /// The window of this end was given.
    pub fn given(&mut self, end: Time) {
        self.first = None;
        self.given = Some(end);
    }

    /// When the window is to be given next, if no batch comes by then: as long as it holds one.
    pub fn due(&self, window: &Window) -> Option<Time> {
        let from = self.first.or(self.given.map(|given| Time(given.0 + 1)))?;
        let next = window.next(from);
        self.last.filter(|last| *last > window.start(next)).map(|_| next)
    }

    /// When it is to be given once more because nothing more will come.
    pub fn rest(&self, window: &Window) -> Option<Time> {
        self.first.map(|_| window.next(self.last.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(length: i64, slide: i64) -> Window {
        Window::new(length, slide, &TimeZone::UTC)
    }

    #[test]
    fn panes_are_what_length_and_slide_have_in_common() {
        let uneven = window(3000, 2000);
        assert_eq!((uneven.panes(), uneven.pane(Time(1500)), uneven.pane(Time(2000))), (3, Time(2000), Time(2000)));
        assert_eq!(
            (uneven.start(Time(4000)), uneven.next(Time(4000)), uneven.next(Time(4001))),
            (Time(1000), Time(4000), Time(6000))
        );
        assert!(
            window(5000, 5000).is_tumbling() && window(2000, 6000).is_tumbling() && !window(5000, 1000).is_tumbling()
        );
        assert_eq!(window(2000, 1000).start(Time(0)), Time(-2000), "also before the epoch");
    }

    #[test]
    fn days_begin_at_midnight_whatever_the_clocks_do() {
        let at = |text: &str| Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let (day, hour) = (86_400_000, 3_600_000);
        // 2026-10-25 has 25 hours.
        let days = Window::new(7 * day, day, &berlin);
        assert_eq!(days.start(at("2026-10-28T23:00:00Z")), at("2026-10-21T22:00:00Z"));
        let hours = Window::new(6 * hour, hour, &berlin);
        assert_eq!(hours.start(at("2026-10-25T03:00:00Z")), at("2026-10-24T21:00:00Z"));
    }

    #[test]
    fn without_batches_a_window_is_due_as_long_as_it_holds_one() {
        let window = window(4000, 2000);
        let mut time = Timeline::default();
        assert_eq!(time.due(&window), None);
        time.received(Time(1000));
        assert_eq!((time.due(&window), time.rest(&window)), (Some(Time(2000)), Some(Time(2000))));
        time.given(Time(2000));
        assert_eq!((time.due(&window), time.rest(&window)), (Some(Time(4000)), None));
        time.given(Time(4000));
        assert_eq!(time.due(&window), None, "at 6 s it would hold what came after 2 s");
        time.received(Time(11_000));
        time.received(Time(12_500));
        assert_eq!((time.due(&window), time.rest(&window)), (Some(Time(12_000)), Some(Time(14_000))));
    }
}
