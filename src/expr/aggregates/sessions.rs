//! What one shard keeps of an aggregate over sessions: of each key the session that is open. A batch comes combined by key and by
//! bucket, so short a stretch of time that all its rows are of one session; in the order of time a bucket joins the open session
//! or, behind a longer pause, closes it and begins the next one. A batch costs the keys that it touches and the sessions that
//! close, however many are open.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::keyed::{Keyed, Piece};
use super::plan::Plan;
use super::table::Shipped;
use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Column, Span, Text};
use crate::data::keys;
use crate::data::rows::Rows;
use crate::data::time::Time;

/// An aggregate over sessions. The last two of its calls are the least and the greatest time of the rows, in microseconds.
pub struct Sessions {
    keyed: Keyed,
    /// The longest pause, in microseconds.
    gap: i64,
    /// The time of the last row of each group, [`NEVER`] of those that are not there.
    last: Vec<i64>,
    /// Each open session once, with a time at which it had a row: perhaps not the last, but that of the first one here is.
    waiting: BinaryHeap<Reverse<(i64, u32)>>,
    /// Sessions that were closed by the next one of their keys, and not given yet.
    closed: Rows,
}

const NEVER: i64 = i64::MIN;
/// What is saved: the open sessions ...
const OPEN: u8 = 1;
/// ... and those that were not given yet.
const CLOSED: u8 = 2;

/// What came in of one key and bucket.
#[derive(Clone, Copy)]
struct Bucket {
    group: u32,
    from: i64,
    until: i64,
    /// Where what was combined of it stands.
    piece: u32,
    row: u32,
}

impl Sessions {
    /// None yet. The keys of the plan are those of the sessions, without the bucket.
    pub fn new(plan: &Arc<Plan>, gap: i64) -> Self {
        let (waiting, closed) = (BinaryHeap::new(), Rows::default());
        Sessions { keyed: Keyed::new(plan, true), gap, last: Vec::new(), waiting, closed }
    }

    /// What a table has shipped comes in, whose keys are ours and the bucket. Its times are not before those that came in before,
    /// but for such as are no more than the gap before.
    pub fn enter(&mut self, shipped: Shipped) {
        let pieces = self.admitted(shipped);
        let mut buckets = self.buckets(&pieces);
        self.last.resize(self.keyed.count(), NEVER);
        buckets.sort_unstable_by_key(|bucket| (bucket.group, bucket.from));
        // What joins the open sessions comes in first, then what of each key is in its next session, and so on.
        let mut rounds: Vec<Round> = Vec::new();
        for of_key in buckets.chunk_by(|a, b| a.group == b.group) {
            let (group, mut round) = (of_key[0].group, 0);
            let mut last = self.last[group as usize];
            if last == NEVER {
                self.waiting.push(Reverse((of_key[0].until, group)));
            }
            for bucket in of_key {
                if last != NEVER && bucket.from.saturating_sub(last) > self.gap {
                    reach(&mut rounds, round).closes.push(group);
                    (round, last) = (round + 1, NEVER);
                }
                reach(&mut rounds, round).joins.push(*bucket);
                last = last.max(bucket.until);
            }
            self.last[group as usize] = last;
        }
        for Round { mut joins, closes } in rounds {
            joins.sort_unstable_by_key(|bucket| (bucket.piece, bucket.row));
            for of_piece in joins.chunk_by(|a, b| a.piece == b.piece) {
                self.import(&pieces[of_piece[0].piece as usize], of_piece);
            }
            self.close(&closes);
            self.keyed.reset(&closes);
        }
        self.settle();
    }

    /// Numbers the keys of what a table has shipped, which end in a bucket there.
    fn admitted(&mut self, shipped: Shipped) -> Vec<Piece> {
        let Some(by) = &self.keyed.plan.by else { return Vec::new() };
        let (width, rows) = (by.width(), shipped.parcel.len());
        let (mut data, mut spans, mut values) = (Vec::new(), Vec::with_capacity(rows), Vec::with_capacity(rows));
        shipped.parcel.for_each(|key, _, value| {
            let key = key.and_then(|key| keys::leading(key, width));
            spans.push(key.map_or(Span::NULL, |key| Span::range(data.len(), data.len() + key.len())));
            data.extend_from_slice(key.unwrap_or_default());
            values.push(value);
        });
        let mut groups = Vec::with_capacity(rows);
        self.keyed.groups.number(&Text { data: Arc::new(Buffer::from_vec(data)), spans }, &mut groups);
        self.keyed.pieces(groups, &values, shipped.pieces)
    }

    /// What came in of each key and bucket.
    fn buckets(&self, pieces: &[Piece]) -> Vec<Bucket> {
        let outputs = &self.keyed.plan.outputs;
        let mut buckets = Vec::new();
        for (piece, at) in pieces.iter().zip(0..) {
            let times = |back: usize| {
                let (family, output) = outputs[outputs.len() - back];
                piece.columns[family].get(output).and_then(Column::as_ints).unwrap_or_default()
            };
            let times = times(2).iter().zip(times(1));
            let rows = piece.groups.iter().zip(times).zip(0..);
            buckets.extend(rows.map(|((group, (from, until)), row)| Bucket {
                group: *group,
                from: *from,
                until: *until,
                piece: at,
                row,
            }));
        }
        buckets
    }

    /// Combines these rows of a piece with what is known of their groups.
    fn import(&mut self, piece: &Piece, rows: &[Bucket]) {
        if rows.len() == piece.groups.len() {
            return self.keyed.import(piece);
        }
        let numbers: Vec<u32> = rows.iter().map(|bucket| bucket.row).collect();
        let picked = |columns: &Vec<Column>| columns.iter().map(|column| column.pick(&numbers)).collect();
        let groups = rows.iter().map(|bucket| bucket.group).collect();
        self.keyed.import(&Piece { groups, columns: piece.columns.iter().map(picked).collect() });
    }

    /// The sessions of these groups are complete.
    fn close(&mut self, groups: &[u32]) {
        if groups.is_empty() {
            return;
        }
        let width = self.keyed.plan.by.as_ref().map_or(0, |by| by.width());
        for mut block in self.keyed.finish(Some(groups)).blocks {
            let times = block.columns.split_off(block.columns.len() - 2);
            let time = |at: usize, more: i64| {
                let times = times[at].as_ints().unwrap_or_default();
                Column::Time(times.iter().map(|time| time.saturating_add(more)).collect())
            };
            block.columns.splice(width..width, [time(0, 0), time(1, self.gap)]);
            self.closed.blocks.push(block);
        }
    }

    /// The sessions that are closed in the batch that ends then, or were before: the columns of the keys, when each began and when
    /// it ended, then the results.
    pub fn finish(&mut self, end: Time) -> Rows {
        let mut groups = Vec::new();
        while let Some(group) = self.first().filter(|(last, _)| self.over(*last) < end).map(|(_, group)| group) {
            self.waiting.pop();
            self.last[group as usize] = NEVER;
            groups.push(group);
            self.settle();
        }
        self.close(&groups);
        self.keyed.remove(&groups);
        std::mem::take(&mut self.closed)
    }

    /// The session that closes first: the time of its last row, and its group.
    fn first(&self) -> Option<(i64, u32)> {
        self.waiting.peek().map(|Reverse(first)| *first)
    }

    /// Puts the session first that closes first. What that costs was saved up by the rows that came in since they were put there.
    fn settle(&mut self) {
        while let Some(mut first) = self.waiting.peek_mut() {
            let Reverse((time, group)) = *first;
            let last = self.last[group as usize];
            if last == time {
                return;
            }
            *first = Reverse((last, group));
        }
    }

    /// A batch that ends later than this closes a session whose last row is of that time.
    fn over(&self, last: i64) -> Time {
        Time(last.saturating_add(self.gap).div_euclid(1000))
    }

    /// A batch that ends later than this closes a session.
    pub fn due(&self) -> Option<Time> {
        self.first().map(|(last, _)| self.over(last))
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        self.keyed.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let closed: usize = self.closed.blocks.iter().flat_map(|block: &Block| &block.columns).map(Column::bytes).sum();
        self.keyed.bytes() + size_of_val(&self.last[..]) + 16 * self.waiting.len() + closed
    }

    /// All that it holds, in parts: what each is, and its rows.
    pub fn save(&self) -> Vec<(u8, Rows)> {
        let all: Vec<usize> = (0..self.keyed.states.len()).collect();
        let last = |groups: &[u32]| vec![Column::ints(groups.iter().map(|group| self.last[*group as usize]).collect())];
        vec![(OPEN, self.keyed.save(&all, last)), (CLOSED, self.closed.clone())]
    }

    /// Takes over what [`Sessions::save`] gave; nothing has come in yet.
    pub fn restore(&mut self, saved: Vec<(u8, Rows)>) {
        let all: Vec<usize> = (0..self.keyed.states.len()).collect();
        for (what, rows) in saved {
            if what == CLOSED {
                self.closed = rows;
                continue;
            }
            let (last, waiting) = (&mut self.last, &mut self.waiting);
            self.keyed.restore(&rows, &all, |_, groups, more| {
                let times = more.first().and_then(Column::as_ints).unwrap_or_default();
                for (group, time) in groups.iter().zip(times) {
                    last.resize(last.len().max(*group as usize + 1), NEVER);
                    last[*group as usize] = *time;
                    waiting.push(Reverse((*time, *group)));
                }
            });
        }
    }
}

/// What comes in one after the other of the keys that have more than one session in a batch.
#[derive(Default)]
struct Round {
    joins: Vec<Bucket>,
    /// The groups whose session is complete then.
    closes: Vec<u32>,
}

fn reach(rounds: &mut Vec<Round>, round: usize) -> &mut Round {
    if rounds.len() <= round {
        rounds.resize_with(round + 1, Round::default);
    }
    &mut rounds[round]
}

#[cfg(test)]
mod tests;
