//! What one shard keeps of an aggregate over everything since the start: of each key what came in, until none has come for too
//! long. A batch costs the keys that it touches, however many are held; but a result of all keys goes through all of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::keyed::Keyed;
use super::plan::Plan;
use super::table::Shipped;
use crate::data::column::Column;
use crate::data::rows::Rows;
use crate::data::time::Time;

/// An aggregate over all that has come in.
pub struct Growing {
    keyed: Keyed,
    /// A key goes in the first batch that ends more than so many milliseconds after the last that it had a row in.
    ttl: Option<i64>,
    /// A result holds only the keys that its batch has touched.
    changed: bool,
    /// The end of the last batch that had a row of each group, [`NEVER`] of those that are not there; only with `ttl`.
    last: Vec<i64>,
    /// By the end of a batch groups that had a row in it, and perhaps in later ones: each group once. Only with `ttl`.
    waiting: VecDeque<(i64, Vec<u32>)>,
    /// The groups that the batch of this end has touched; only with `changed`.
    touched: (Time, Vec<u32>),
}

const NEVER: i64 = i64::MIN;
/// What is saved: all keys.
const KEYS: u8 = 1;

impl Growing {
    /// Of no rows.
    pub fn new(plan: &Arc<Plan>, ttl: Option<i64>, changed: bool) -> Self {
        let (keyed, touched) = (Keyed::new(plan, true), (Time(NEVER), Vec::new()));
        Growing { keyed, ttl, changed, last: Vec::new(), waiting: VecDeque::new(), touched }
    }

    /// What a table has shipped comes in, with a batch that ends then: not before those before it.
    pub fn enter(&mut self, shipped: Shipped, end: Time) {
        // A key whose time is over begins anew, also if it has rows in this batch.
        self.expire(end);
        let pieces = self.keyed.admit(shipped);
        pieces.iter().for_each(|piece| self.keyed.import(piece));
        let groups = || pieces.iter().flat_map(|piece| &piece.groups);
        if self.changed {
            let again = self.touched.0 == end;
            if !again {
                self.touched = (end, Vec::new());
            }
            self.touched.1.extend(groups());
            if again {
                self.touched.1.sort_unstable();
                self.touched.1.dedup();
            }
        }
        if self.ttl.is_none() || groups().next().is_none() {
            return;
        }
        if self.last.len() < self.keyed.count() {
            self.last.resize(self.keyed.count(), NEVER);
        }
        if self.waiting.back().is_none_or(|(last, _)| *last != end.0) {
            self.waiting.push_back((end.0, Vec::new()));
        }
        for &group in groups() {
            let last = std::mem::replace(&mut self.last[group as usize], end.0);
            if let (NEVER, Some((_, waiting))) = (last, self.waiting.back_mut()) {
                waiting.push(group);
            }
        }
    }

    /// Drops the keys whose time is over in a batch that ends then.
    pub fn expire(&mut self, end: Time) {
        let Some(ttl) = self.ttl else { return };
        let mut gone = Vec::new();
        while let Some((then, groups)) = self.waiting.pop_front_if(|(then, _)| end.0.saturating_sub(*then) > ttl) {
            for group in groups {
                let last = self.last[group as usize];
                if last == then {
                    self.last[group as usize] = NEVER;
                    gone.push(group);
                } else {
                    // It had rows in a later batch, and waits with those of that one.
                    let at = self.waiting.partition_point(|(then, _)| *then < last);
                    self.waiting[at].1.push(group);
                }
            }
        }
        self.keyed.remove(&gone);
    }

    /// The rows of the result of the batch that ends then: the columns of the keys, then the results.
    pub fn finish(&mut self, end: Time) -> Rows {
        self.expire(end);
        match self.touched.0 == end {
            _ if !self.changed => self.keyed.finish(None),
            true => self.keyed.finish(Some(&self.touched.1)),
            false => self.keyed.finish(Some(&[])),
        }
    }

    /// How many rows a result of all keys has.
    pub fn len(&self) -> usize {
        self.keyed.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let waiting: usize = self.waiting.iter().map(|(_, groups)| 32 + size_of_val(&groups[..])).sum();
        self.keyed.bytes() + size_of_val(&self.last[..]) + waiting + size_of_val(&self.touched.1[..])
    }

    /// All that it holds, in parts: what each is, a time that belongs to it, and its rows.
    pub fn save(&self) -> Vec<(u8, Time, Rows)> {
        let all: Vec<usize> = (0..self.keyed.states.len()).collect();
        let mut touched = vec![0; self.keyed.count()];
        for group in &self.touched.1 {
            if let Some(mark) = touched.get_mut(*group as usize) {
                *mark = 1;
            }
        }
        let last = |group: &u32| self.last.get(*group as usize).copied().unwrap_or(NEVER);
        let more = |groups: &[u32]| {
            let touched = groups.iter().map(|group| touched[*group as usize]).collect();
            vec![Column::ints(groups.iter().map(last).collect()), Column::ints(touched)]
        };
        vec![(KEYS, self.touched.0, self.keyed.save(&all, more))]
    }

    /// Takes over what [`Growing::save`] gave; nothing has come in yet.
    pub fn restore(&mut self, saved: Vec<(u8, Time, Rows)>) {
        let all: Vec<usize> = (0..self.keyed.states.len()).collect();
        let mut waiting = BTreeMap::<i64, Vec<u32>>::new();
        for (_, end, rows) in saved.into_iter().filter(|(what, ..)| *what == KEYS) {
            self.touched = (end, Vec::new());
            let (last, touched) = (&mut self.last, &mut self.touched.1);
            self.keyed.restore(&rows, &all, |_, groups, more| {
                let [of_last, marks] = more else { return };
                let values = |column: &'_ Column| column.as_ints().unwrap_or_default().to_vec();
                for ((group, then), mark) in groups.iter().zip(values(of_last)).zip(values(marks)) {
                    if mark == 1 {
                        touched.push(*group);
                    }
                    if then != NEVER {
                        last.resize(last.len().max(*group as usize + 1), NEVER);
                        last[*group as usize] = then;
                        waiting.entry(then).or_default().push(*group);
                    }
                }
            });
        }
        self.waiting = waiting.into_iter().collect();
    }
}

#[cfg(test)]
mod tests;
