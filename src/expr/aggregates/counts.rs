//! `count`, `count_if`, `bool_and` and `bool_or`: a small number for each group.

use super::state::{Folded, Held, Known, State, all_valid, ints, reset, resize};
use crate::data::column::{Column, FALSE, TRUE, UNKNOWN};

/// Which rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Those that have a value in every argument; all, if there is no argument.
    Valid,
    /// Those for which the argument is true.
    True,
}

/// A count for each group.
pub struct Counts {
    counted: Counted,
    counts: Vec<i64>,
}

impl Counts {
    /// Nothing counted.
    pub fn new(counted: Counted) -> Self {
        Counts { counted, counts: Vec::new() }
    }
}

impl Known for Counts {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let count = |group: &u32| self.counts.get(*group as usize).copied().unwrap_or(0);
        vec![Column::ints(groups.iter().map(count).collect())]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.counts, count);
        for (more, group) in ints(columns.first()).iter().zip(groups) {
            self.counts[*group as usize] += more;
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        self.export(groups)
    }
}

impl State for Counts {
    fn fold(&mut self, rows: &Folded<'_>) {
        resize(&mut self.counts, rows.count);
        let mask = match (self.counted, rows.args.first().map(|column| &**column)) {
            (Counted::True, Some(Column::Bool(values))) => Some(values.iter().map(|value| *value == TRUE).collect()),
            _ => all_valid(rows.args),
        };
        let counts = &mut self.counts;
        match (rows.groups, mask) {
            (None, None) => counts[0] += rows.rows as i64,
            (None, Some(mask)) => counts[0] += mask.iter().filter(|counted| **counted).count() as i64,
            (Some(groups), None) => groups.iter().for_each(|group| counts[*group as usize] += 1),
            (Some(groups), Some(mask)) => {
                groups.iter().zip(mask).for_each(|(group, counted)| counts[*group as usize] += i64::from(counted));
            }
        }
    }

    fn clear(&mut self) {
        self.counts.clear();
    }
}

impl Held for Counts {
    fn reset(&mut self, groups: &[u32]) {
        reset(&mut self.counts, groups);
    }

    fn retracts(&self) -> bool {
        true
    }

    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        for (less, group) in ints(columns.first()).iter().zip(groups) {
            self.counts[*group as usize] -= less;
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.counts[..])
    }
}

/// Whether all, or some, of the conditions of each group hold; nulls do not count.
pub struct Truths {
    /// What one condition of it settles.
    settled_by: u8,
    truths: Vec<u8>,
}

impl Truths {
    /// `bool_and`, else `bool_or`.
    pub fn new(all: bool) -> Self {
        Truths { settled_by: if all { FALSE } else { TRUE }, truths: Vec::new() }
    }

    fn add(&mut self, group: usize, value: u8) {
        let truth = &mut self.truths[group];
        if value != UNKNOWN && *truth != self.settled_by {
            *truth = value;
        }
    }

    fn reach(&mut self, count: usize) {
        if self.truths.len() < count {
            self.truths.resize(count, UNKNOWN);
        }
    }
}

impl Known for Truths {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let truth = |group: &u32| self.truths.get(*group as usize).copied().unwrap_or(UNKNOWN);
        vec![Column::Bool(groups.iter().map(truth).collect())]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        self.reach(count);
        if let Some(Column::Bool(values)) = columns.first() {
            values.iter().zip(groups).for_each(|(value, group)| self.add(*group as usize, *value));
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        self.export(groups)
    }
}

impl State for Truths {
    fn fold(&mut self, rows: &Folded<'_>) {
        self.reach(rows.count);
        if let Some(Column::Bool(values)) = rows.args.first().map(|column| &**column) {
            values.iter().enumerate().for_each(|(row, value)| self.add(rows.group(row), *value));
        }
    }

    fn clear(&mut self) {
        self.truths.clear();
    }
}

impl Held for Truths {
    fn reset(&mut self, groups: &[u32]) {
        for group in groups {
            if let Some(truth) = self.truths.get_mut(*group as usize) {
                *truth = UNKNOWN;
            }
        }
    }

    fn bytes(&self) -> usize {
        self.truths.len()
    }
}
