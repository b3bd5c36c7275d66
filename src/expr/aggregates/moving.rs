//! `sum`, `avg`, `variance`, `stddev` from batch to batch: what was added can be taken out again.

use super::beside::NO_SUM;
use super::state::{Held, Known, ints, reset, resize, texts};
use super::sums::{Moment, moment, written};
use crate::data::column::{Column, Number};
use crate::data::exact::{Exact, Moving};
use crate::data::fast::prefetch;

/// How many groups ahead sums are fetched from memory.
const AHEAD: usize = 16;

/// Sums for each group, of those that [`Sums`](super::sums::Sums) exports; or of whole numbers as they lie beside keys.
pub struct MovingSums {
    moments: Vec<Moment>,
    sums: Values,
    counts: Option<Vec<i64>>,
    squares: Option<Values>,
}

/// Sums, and how many bytes they take beyond their own size.
#[derive(Default)]
struct Values {
    sums: Vec<Moving>,
    more: usize,
}

impl Values {
    /// Changes the sum of each group by what the column has for it.
    fn each(&mut self, column: Option<&Column>, groups: &[u32], change: impl Fn(&mut Moving, &Exact)) {
        let Values { sums, more } = self;
        let mut one = |group: u32, other: &Exact| {
            let sum = &mut sums[group as usize];
            let before = sum.more_bytes();
            change(sum, other);
            *more = *more + sum.more_bytes() - before;
        };
        let beside = ints(column).iter().zip(groups).filter(|(value, _)| **value != NO_SUM);
        beside.for_each(|(value, group)| one(*group, &Exact::from(*value ^ i64::MIN)));
        for (bytes, group) in texts(column).zip(groups) {
            if let Some(bytes) = bytes {
                one(*group, &Exact::read(bytes));
            }
        }
    }

    /// Begins to load the sum of a group.
    fn fetch(&self, group: u32) {
        prefetch(&self.sums, group as usize);
    }

    fn known(&self, group: u32) -> Option<&Exact> {
        self.sums.get(group as usize).map(Moving::sum)
    }

    fn reset(&mut self, groups: &[u32]) {
        let known = groups.iter().filter_map(|group| self.sums.get(*group as usize));
        self.more -= known.map(Moving::more_bytes).sum::<usize>();
        reset(&mut self.sums, groups);
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.sums[..]) + self.more
    }
}

impl MovingSums {
    /// Sums of nothing, of which these moments are wanted.
    pub fn new(moments: &[Moment]) -> Self {
        MovingSums {
            moments: moments.to_vec(),
            sums: Values::default(),
            counts: moments.iter().any(|moment| moment.counts()).then(Vec::new),
            squares: moments.iter().any(|moment| moment.squares()).then(Values::default),
        }
    }

    fn change(&mut self, columns: &[Column], groups: &[u32], sign: i64, change: impl Fn(&mut Moving, &Exact) + Copy) {
        self.sums.each(columns.first(), groups, change);
        if let Some(counts) = &mut self.counts {
            let more = ints(columns.get(1)).iter().zip(groups);
            more.for_each(|(more, group)| counts[*group as usize] += sign * more);
        }
        if let Some(squares) = &mut self.squares {
            squares.each(columns.get(2), groups, change);
        }
    }
}

impl Known for MovingSums {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let all = |values: &Values| written(groups.iter().map(|group| values.known(*group)));
        let count = |counts: &Vec<i64>| {
            Column::ints(groups.iter().map(|group| counts.get(*group as usize).copied().unwrap_or(0)).collect())
        };
        [all(&self.sums)]
            .into_iter()
            .chain(self.counts.as_ref().map(count))
            .chain(self.squares.as_ref().map(all))
            .collect()
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.sums.sums, count);
        self.counts.iter_mut().for_each(|counts| resize(counts, count));
        self.squares.iter_mut().for_each(|squares| resize(&mut squares.sums, count));
        self.change(columns, groups, 1, Moving::merge);
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let made = |wanted: Moment, at: usize| {
            if let Some(later) = groups.get(at + AHEAD) {
                self.sums.fetch(*later);
                self.squares.iter().for_each(|squares| squares.fetch(*later));
            }
            let group = groups[at];
            let count = self.counts.as_ref().and_then(|counts| counts.get(group as usize)).map_or(0, |n| *n as u64);
            let squares = self.squares.as_ref().and_then(|squares| squares.known(group));
            self.sums.known(group).map_or(Number::Null, |sum| moment(wanted, sum, squares, count))
        };
        let column = |wanted: &Moment| (0..groups.len()).map(|at| made(*wanted, at)).collect();
        self.moments.iter().map(|moment| Column::Number(column(moment))).collect()
    }
}

impl Held for MovingSums {
    fn reset(&mut self, groups: &[u32]) {
        self.sums.reset(groups);
        self.counts.iter_mut().for_each(|counts| reset(counts, groups));
        self.squares.iter_mut().for_each(|squares| squares.reset(groups));
    }

    fn retracts(&self) -> bool {
        true
    }

    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        self.change(columns, groups, -1, Moving::retract);
    }

    fn bytes(&self) -> usize {
        let counts = self.counts.as_ref().map_or(0, |counts| size_of_val(&counts[..]));
        self.sums.bytes() + counts + self.squares.as_ref().map_or(0, Values::bytes)
    }
}
