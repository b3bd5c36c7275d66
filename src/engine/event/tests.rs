//! Lanes are let in whatever the order in which their pieces come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::Event;
use super::admission::Admission;
use super::blocks::Parsed;
use super::sorting::sort;
use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::calendar::Calendar;

const SECOND: i64 = 1_000_000;

fn event(late: i64) -> Event {
    Event { calendar: Calendar::new(10_000, TimeZone::UTC), late: late * SECOND, idle: Duration::from_secs(30) }
}

/// A piece of records of these times, in seconds.
fn piece(event: &Event, seq: u64, times: &[i64]) -> Parsed {
    let times: Vec<i64> = times.iter().map(|time| time * SECOND).collect();
    Parsed {
        seq,
        until: seq + 1,
        head: Arc::default(),
        buffer: Arc::new(Buffer::from_vec(Vec::new())),
        range: 0..0,
        block: Block { rows: times.len(), ..Block::default() },
        sorted: sort(&times, &event.calendar, event.late),
        kept: None,
        records: times.len() as u64,
        lines: 0,
        bad: Vec::new(),
        newest: None,
        times,
    }
}

/// Lane, piece and row of a record.
type Place = (usize, usize, u32);
/// The records of each batch, by its end.
type Batches = BTreeMap<i64, Vec<Place>>;

/// What was found so far.
#[derive(Default)]
struct Found {
    /// What was let in to batches that are not cut.
    open: Batches,
    cut: Vec<(i64, Vec<Place>)>,
    late: Vec<Place>,
}

impl Found {
    fn hand_in(&mut self, admission: &mut Admission, lane: usize, parsed: Parsed, left: &mut u64) {
        for admitted in admission.admit(lane, parsed, Duration::ZERO, false) {
            let seq = admitted.parsed.seq as usize;
            for (batch, rows) in admitted.pieces {
                let rows = rows.unwrap_or_else(|| (0..admitted.parsed.block.rows as u32).collect());
                self.open
                    .entry(batch.info.end.0 / 1000)
                    .or_default()
                    .extend(rows.into_iter().map(|row| (lane, seq, row)));
            }
            self.late.extend(admitted.late.into_iter().map(|row| (lane, seq, row)));
        }
        self.cuts(admission, left);
    }

    fn cuts(&mut self, admission: &mut Admission, left: &mut u64) {
        for cut in admission.cut(Duration::ZERO, false, left) {
            let end = cut.info.end.0 / 1000;
            assert_eq!(cut.info.id, self.cut.len() as u64);
            let mut records = self.open.remove(&end).expect("it holds something");
            records.sort_unstable();
            self.cut.push((end, records));
        }
    }
}

proptest! {
    /// Whatever comes first: each record is in its batch or late by those before it in its lane, and no batch is cut too early.
    #[test]
    fn the_order_in_which_pieces_come_does_not_show(
        lanes in prop::collection::vec(prop::collection::vec(prop::collection::vec(0i64..200, 0..4), 0..5), 1..4),
        late in 0i64..40,
        order in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 40),
    ) {
        let event = event(late);
        let mut expected = (Batches::new(), Vec::new());
        for (lane, pieces) in lanes.iter().enumerate() {
            let mut newest = i64::MIN / 2;
            for (seq, row, time) in pieces.iter().enumerate().flat_map(|(seq, times)| (0..).zip(times).map(move |(row, time)| (seq, row, *time))) {
                let end = time / 10 * 10 + 10;
                match end <= newest - late {
                    true => expected.1.push((lane, seq, row)),
                    false => expected.0.entry(end).or_default().push((lane, seq, row)),
                }
                newest = newest.max(time);
            }
        }
        let mut admission = Admission::new(event.clone(), false, (2, 1), vec![false; lanes.len()], Duration::ZERO);
        let (mut found, mut left) = (Found::default(), u64::MAX);
        // Pieces that were brought, in the order of their lane, and those that are being cut.
        let mut next = vec![0; lanes.len()];
        let mut cutting: Vec<(usize, usize)> = Vec::new();
        for (lane, which) in order {
            let lane = lane.index(lanes.len());
            if next[lane] < lanes[lane].len() {
                admission.brought(lane);
                cutting.push((lane, next[lane]));
                next[lane] += 1;
            }
            if cutting.len() > 2 {
                let (lane, seq) = cutting.remove(which.index(cutting.len()));
                found.hand_in(&mut admission, lane, piece(&event, seq as u64, &lanes[lane][seq]), &mut left);
            }
        }
        for (lane, pieces) in lanes.iter().enumerate() {
            for seq in next[lane]..pieces.len() {
                admission.brought(lane);
                cutting.push((lane, seq));
            }
            admission.ended(lane);
        }
        for (lane, seq) in cutting.into_iter().rev() {
            found.hand_in(&mut admission, lane, piece(&event, seq as u64, &lanes[lane][seq]), &mut left);
        }
        found.cuts(&mut admission, &mut left);
        prop_assert!(admission.is_done() && found.open.is_empty());
        found.late.sort_unstable();
        prop_assert_eq!(found.late, expected.1);
        prop_assert_eq!(found.cut, expected.0.into_iter().collect::<Vec<_>>());
    }
}

/// A lane that is far ahead waits for the others; files wait sooner than live lanes.
#[test]
fn leaders_wait() {
    let event = event(5);
    let mut admission = Admission::new(event.clone(), false, (2, 1), vec![true, true, false], Duration::ZERO);
    let may_read = |admission: &Admission| [0, 1, 2].map(|lane| admission.may_read(lane, &admission.horizon()));
    for (lane, time) in [(0, 10), (1, 10)] {
        admission.brought(lane);
        admission.admit(lane, piece(&event, 0, &[time]), Duration::ZERO, false);
    }
    assert_eq!(may_read(&admission), [true; 3]);
    admission.brought(0);
    admission.admit(0, piece(&event, 1, &[36]), Duration::ZERO, false);
    assert_eq!(may_read(&admission), [false, true, true], "two batches and --late are the most");
    assert!(admission.rank(2) < admission.rank(1) && admission.rank(1) < admission.rank(0));
    admission.ended(1);
    assert_eq!(may_read(&admission), [true; 3]);
}

/// A silent lane is waited for as long as pieces of it are on their way, or while nobody reads it.
#[test]
fn only_a_lane_that_could_have_spoken_is_silent() {
    let event = event(0);
    let mut admission = Admission::new(event.clone(), false, (2, 1), vec![false, false], Duration::ZERO);
    let second = Duration::from_secs;
    let cut = |admission: &mut Admission, now: u64| {
        admission.find_idle(second(now));
        let ends: Vec<i64> = admission.cut(second(now), false, &mut 9).iter().map(|cut| cut.info.end.0).collect();
        ends
    };
    (0..2).for_each(|lane| admission.hold(lane, false, second(0)));
    admission.brought(0);
    admission.brought(1);
    admission.admit(0, piece(&event, 0, &[25]), second(20), false);
    assert_eq!(cut(&mut admission, 40), [0; 0], "its piece is on its way");
    admission.admit(1, piece(&event, 0, &[1]), second(40), false);
    admission.hold(1, true, second(41));
    assert_eq!(cut(&mut admission, 49), [0; 0]);
    assert_eq!(cut(&mut admission, 90), [0; 0], "nobody reads it");
    admission.hold(1, false, second(90));
    assert_eq!(cut(&mut admission, 119), [0; 0]);
    assert_eq!(cut(&mut admission, 120), [10_000], "both are silent: what came farthest leads");
}
