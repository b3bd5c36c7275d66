//! `rate:N`: N rows a second, `timestamp` and `value` from 0, for trials.
//!
//! Row i is due i/N seconds after the start. Between cuts the receiver thread hands over what is due; at a cut the batcher
//! takes the rows due before the end of the batch that are still missing, so that a batch holds just those of its interval.
//! A position tells the number of its row, since all times are of one length; so a later run goes on with the numbers, and
//! gives rows again with the times that they had.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::support::marks::{Reader, header, not_understood, put, put_signed};
use super::support::spelling::Spelling;
use super::{Chunk, Control, Entry, Feed, Intake, Kept, Lane, Setup, Source, Step, Wanted};
use crate::clock::{Bell, Clock};
use crate::data::buffer::{BLOCK, Buffer, Quota};
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::error::Result;
use crate::formats;
use crate::stop::Stop;

pub(super) const ENTRY: Entry = Entry {
    scheme: "rate",
    form: "rate:N",
    about: "N rows a second with the columns timestamp and value, for trials. With a checkpoint the values go on from run to run, \
            none missing and none twice; the times are those of the run, and nothing is made up for the time between",
    parse: |spelling| Ok(Box::new(Rate::parse(spelling)?)),
};

/// The most that may be asked for, in rows a second.
const FASTEST: u64 = 1_000_000_000;
/// The receiver hands over rows so often, in nanoseconds ...
const PERIOD: u128 = 10_000_000;
/// ... and only in this part of each such period of the wall time: cuts fall on its border, and rows must not be on their way
/// to the batcher at that moment.
const CALM: std::ops::Range<u128> = 2_000_000..9_000_000;
/// A cut hands over rows that are due so much later, in nanoseconds: the wall time of the start has only milliseconds.
const ROUNDING: u128 = 1_000_000;

struct Rate {
    rows: u64,
}

impl Rate {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&[])?;
        match spelling.rest.parse() {
            Ok(rows @ 1..=FASTEST) => Ok(Rate { rows }),
            _ => Err(spelling.wrong(format!("rows a second are a whole number from 1 to {FASTEST}, such as rate:100"))),
        }
    }
}

impl Source for Rate {
    fn name(&self) -> String {
        format!("rate:{}", self.rows)
    }

    fn cannot_tick(&self) -> Option<&'static str> {
        Some("its rows come by the clock")
    }

    fn cannot_freeze(&self) -> Option<&'static str> {
        Some("it never ends")
    }

    fn format(&self) -> Wanted {
        Wanted { own: Some(formats::tabbed_input(&["timestamp", "value"])), ..Wanted::default() }
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        Ok(vec![self.lane(setup, Next::default(), None)])
    }

    fn resume(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        let Some(kept) = kept.first().filter(|kept| kept.redo.is_some() || !kept.marks.is_empty()) else {
            return self.open(setup, framing);
        };
        let row = |position| row_at(position).ok_or_else(|| not_understood(kept));
        let next = Next { row: row(kept.position)?, position: kept.position };
        let mut again = None;
        for mark in kept.marks.iter().chain(kept.redo.iter().map(|(_, mark)| mark)) {
            again = Some(Epoch::decode(kept, mark)?);
        }
        let until = kept.redo.as_ref().map(|(until, _)| row(*until)).transpose()?.unwrap_or(0);
        let again = again.filter(|epoch| until > next.row && epoch.first <= next.row).map(|epoch| (until, epoch));
        if until > next.row && again.is_none() {
            return Err(not_understood(kept));
        }
        Ok(vec![Lane { resumes: Some(0), ..self.lane(setup, next, again) }])
    }
}

impl Rate {
    /// From the next row on, behind those that are given again up to a row.
    fn lane(&self, setup: &Setup, next: Next, again: Option<(u64, Epoch)>) -> Lane {
        let clock = Arc::clone(&setup.clock);
        let first = again.map_or(next.row, |(until, _)| until);
        let shared = Arc::new(Shared {
            rows: self.rows,
            start: clock.monotonic(),
            epoch: Epoch { first, wall: clock.wall().0 },
            again,
            next: Mutex::new(next),
            clock,
        });
        let bell = setup.stop.bell(&*setup.clock);
        let intake = Paced { shared: Arc::clone(&shared), goal: 0, bell, stop: Arc::clone(&setup.stop) };
        Lane {
            name: self.name(),
            feed: Feed::Records(Box::new(intake)),
            pull: false,
            size: None,
            control: shared,
            resumes: None,
        }
    }
}

/// The length of a row but for the digits of its number.
const BESIDE: u64 = "1970-01-01T00:00:00.000Z\t\n".len() as u64;

/// The number of the row that begins at a position, if one does.
fn row_at(position: u64) -> Option<u64> {
    let (mut first, mut rest) = (0, position);
    for digits in 1..=19 {
        let (end, len) = (10_u64.pow(digits), BESIDE + u64::from(digits));
        let rows = end - first;
        if u128::from(rest) < u128::from(rows) * u128::from(len) {
            return (rest % len == 0).then(|| first + rest / len);
        }
        (first, rest) = (end, rest - rows * len);
    }
    None
}

struct Shared {
    rows: u64,
    /// Monotonic time of the first row of this run.
    start: Duration,
    epoch: Epoch,
    /// Up to which row they are given again, with the times that they had.
    again: Option<(u64, Epoch)>,
    next: Mutex<Next>,
    clock: Arc<dyn Clock>,
}

/// Since when a run counts.
#[derive(Clone, Copy)]
struct Epoch {
    /// Its first row.
    first: u64,
    /// Wall time of that row, in milliseconds.
    wall: i64,
}

impl Epoch {
    fn encode(self) -> Vec<u8> {
        let mut out = header(b'r');
        put(&mut out, self.first);
        put_signed(&mut out, self.wall);
        out
    }

    fn decode(kept: &Kept, mark: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(kept, mark, b'r')?;
        let read = (reader.number(), reader.signed());
        match read {
            (Some(first), Some(wall)) if reader.is_at_end() && Time(wall).rfc3339(&TimeZone::UTC).len() == 24 => {
                Ok(Epoch { first, wall })
            }
            _ => Err(reader.not_understood()),
        }
    }
}

/// The first row that was not handed over yet.
#[derive(Default)]
struct Next {
    row: u64,
    position: u64,
}

impl Shared {
    fn next(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Up to which row they are given again.
    fn again(&self) -> u64 {
        self.again.map_or(0, |(until, _)| until)
    }

    /// Nanoseconds since the first row.
    fn elapsed(&self) -> u128 {
        (self.clock.monotonic() - self.start).as_nanos()
    }

    /// How many rows are due earlier than so many nanoseconds after the first.
    fn due_within(&self, nanos: u128) -> u64 {
        (nanos * u128::from(self.rows)).div_ceil(1_000_000_000) as u64
    }

    /// Which row is the next to be due after all those.
    fn due_before(&self, nanos: u128) -> u64 {
        self.epoch.first + self.due_within(nanos)
    }

    /// Hands over rows up to `until`, or as many as a block holds.
    fn chunk(&self, next: &mut Next, until: u64, quota: &Arc<Quota>) -> Chunk {
        let (mut out, mut digits) = (quota.vec(), itoa::Buffer::new());
        let (until, Epoch { first, wall }) = match self.again {
            Some((again, epoch)) if next.row < again => (until.min(again), epoch),
            _ => (until, self.epoch),
        };
        while next.row < until && out.len() < BLOCK {
            let milli = u128::from(next.row - first) * 1000 / u128::from(self.rows);
            // All rows of one millisecond begin alike.
            let last = until.min(first + self.due_within((milli + 1) * 1_000_000));
            let stamp = Time(wall.saturating_add(milli as i64)).rfc3339(&TimeZone::UTC);
            while next.row < last && out.len() < BLOCK {
                out.extend_from_slice(stamp.as_bytes());
                out.push(b'\t');
                out.extend_from_slice(digits.format(next.row).as_bytes());
                out.push(b'\n');
                next.row += 1;
            }
        }
        let from = next.position;
        next.position += out.len() as u64;
        let lease = quota.lease(out.capacity());
        Chunk { buffer: Buffer::leased(out, lease), from, until: next.position, begins: None, too_long: Vec::new() }
    }
}

impl Control for Shared {
    fn cut(&self, end: Time, quota: &Arc<Quota>) -> Vec<Chunk> {
        let mut next = self.next();
        let by_wall = u128::try_from(end.0.saturating_sub(self.epoch.wall)).unwrap_or(0) * 1_000_000;
        let until = self.due_before(by_wall.min(self.elapsed() + ROUNDING));
        let mut chunks = Vec::new();
        while next.row < self.again() {
            chunks.push(self.chunk(&mut next, self.again(), quota));
        }
        // When the results are taken too slowly, rows come late: there is no room for all that are due.
        while next.row < until && (chunks.is_empty() || quota.has_room()) {
            chunks.push(self.chunk(&mut next, until, quota));
        }
        chunks
    }

    fn mark(&self, until: u64, _: bool) -> Result<Option<Vec<u8>>> {
        let again = self.again.filter(|(again, _)| row_at(until).is_some_and(|row| row <= *again));
        Ok(Some(again.map_or(self.epoch, |(_, epoch)| epoch).encode()))
    }
}

/// Hands over what is due, on the receiver thread.
struct Paced {
    shared: Arc<Shared>,
    /// Up to which row it hands over before it sleeps again.
    goal: u64,
    bell: Arc<Bell>,
    stop: Arc<Stop>,
}

impl Intake for Paced {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        let shared = &*self.shared;
        let phase = |nanos: u128| (shared.epoch.wall.rem_euclid(10) as u128 * 1_000_000 + nanos) % PERIOD;
        while !self.stop.is_told() {
            let elapsed = shared.elapsed();
            let row = {
                let mut next = shared.next();
                if next.row < shared.again() {
                    return Ok(Step::Records(shared.chunk(&mut next, shared.again(), quota)));
                }
                if next.row < self.goal && CALM.contains(&phase(elapsed)) {
                    return Ok(Step::Records(shared.chunk(&mut next, self.goal, quota)));
                }
                next.row
            };
            let due = u128::from(row - shared.epoch.first) * 1_000_000_000 / u128::from(shared.rows);
            let after = due.max(elapsed) + 1;
            let wake = after + (PERIOD + CALM.start - phase(after)) % PERIOD;
            let deadline = shared.start + Duration::from_nanos(u64::try_from(wake).unwrap_or(u64::MAX));
            self.stop.sleep(&*shared.clock, &self.bell, deadline);
            self.goal = shared.due_before(shared.elapsed());
        }
        Ok(Step::End)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::super::support::testing::{LeapingClock, PLAIN, quota, setup_on};
    use super::*;
    use crate::clock::ManualClock;
    use crate::error::Error;

    fn open(spec: &str, clock: Arc<dyn Clock>) -> (Lane, Setup) {
        let setup = setup_on(clock);
        (parse(spec).unwrap().open(&setup, PLAIN).unwrap().pop().unwrap(), setup)
    }

    fn intake(lane: &mut Lane) -> &mut dyn Intake {
        match &mut lane.feed {
            Feed::Records(intake) => &mut **intake,
            Feed::Bytes(_) => panic!("records were expected"),
        }
    }

    fn text(chunks: &[Chunk]) -> String {
        chunks.iter().map(|c| std::str::from_utf8(c.buffer.bytes()).unwrap()).collect()
    }

    /// The rows due before the end of each batch and no others, however late the cut comes.
    #[test]
    fn cuts_are_exact() {
        let clock = Arc::new(LeapingClock::default());
        clock.leap(Duration::from_secs(1));
        let (lane, _setup) = open("rate:4", Arc::clone(&clock) as Arc<dyn Clock>);
        let quota = quota();
        let cut = |end| text(&lane.control.cut(Time(end), &quota));
        assert_eq!(cut(1_000), "");
        clock.leap(Duration::from_secs(5));
        assert_eq!(cut(1_500), "1970-01-01T00:00:01.000Z\t0\n1970-01-01T00:00:01.250Z\t1\n");
        assert_eq!(cut(1_501), "1970-01-01T00:00:01.500Z\t2\n");
        assert_eq!(cut(1_501), "");
        assert_eq!(cut(2_500).lines().count(), 3);
    }

    #[test]
    fn stamps_and_positions_of_uneven_rates() {
        let clock = Arc::new(LeapingClock::default());
        let (lane, _setup) = open("rate:3", Arc::clone(&clock) as Arc<dyn Clock>);
        clock.leap(Duration::from_secs(60));
        let chunks = lane.control.cut(Time(60_000), &quota());
        let text = text(&chunks);
        let stamps: Vec<&str> = text.lines().take(4).map(|l| &l[17..23]).collect();
        assert_eq!(stamps, ["00.000", "00.333", "00.666", "01.000"]);
        assert_eq!(text.lines().count(), 180);
        assert!(text.lines().enumerate().all(|(i, l)| l.ends_with(&format!("Z\t{i}"))));
        assert_eq!((chunks[0].from, chunks.last().unwrap().until), (0, text.len() as u64));
    }

    /// Between cuts the receiver hands over what is due, a period at a time, each row once.
    #[test]
    fn the_receiver_hands_over_what_is_due() {
        let clock = Arc::new(LeapingClock::default());
        let (mut lane, _setup) = open("rate:1000", Arc::clone(&clock) as Arc<dyn Clock>);
        let quota = quota();
        let (mut values, mut chunks, mut position) = (Vec::new(), 0, 0);
        while values.len() < 500 {
            let Step::Records(chunk) = intake(&mut lane).next(&quota).unwrap() else { panic!("it ended") };
            assert_eq!(chunk.from, position);
            position = chunk.until;
            chunks += 1;
            let text = text(&[chunk]);
            values.extend(text.lines().map(|l| l.rsplit('\t').next().unwrap().parse::<u64>().unwrap()));
        }
        assert!(values.iter().copied().eq(0..values.len() as u64));
        assert!((50..=51).contains(&chunks), "ten rows a period, not {} chunks", chunks);
        assert!(u128::from(values.last().unwrap() * 1_000_000) < clock.monotonic().as_nanos(), "no row is early");
    }

    /// Huge rates come in blocks, none of them much larger than a block.
    #[test]
    fn a_huge_rate_comes_in_blocks() {
        let (mut lane, _setup) = open("rate:10000000", Arc::new(LeapingClock::default()));
        let quota = quota();
        for n in 0..20 {
            let Step::Records(chunk) = intake(&mut lane).next(&quota).unwrap() else { panic!("it ended") };
            assert!(chunk.buffer.len() < BLOCK + 64 && (n == 0 || chunk.buffer.len() > 1000));
        }
    }

    /// Neither a wall clock set far ahead nor an end before the border of the batch brings rows of the time to come.
    #[test]
    fn no_row_comes_before_its_time() {
        let clock = ManualClock::default();
        let (lane, _setup) = open("rate:10", Arc::new(clock.clone()));
        assert_eq!(text(&lane.control.cut(Time(1_000), &quota())).lines().count(), 1);
        clock.jump(3_600_000);
        assert_eq!(text(&lane.control.cut(Time(3_600_000), &quota())), "");
    }

    #[test]
    fn a_stop_ends_the_waiting() {
        let (mut lane, setup) = open("rate:1", Arc::new(ManualClock::default()));
        let waiting = std::thread::spawn(move || matches!(intake(&mut lane).next(&quota()), Ok(Step::End)));
        setup.stop.tell();
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn the_number_is_checked() {
        for spec in ["rate:", "rate:0", "rate:-1", "rate:x", "rate:1.5", "rate:9999999999", "rate:5?x=1"] {
            assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
        }
        assert!(parse("rate:5").unwrap().cannot_tick().is_some());
    }
}
