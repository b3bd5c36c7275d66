//! The rows that come first under an order, so many of all rows or of each group: what `head`, `tail` and `top` keep. Each
//! shard has its own [`Best`]. Rows that cannot be among the first are turned away as soon as that many are known; the
//! others are copied, and thinned out when they have become about twice as many.

use std::ops::Range;

use super::block::{Block, Order};
use super::groups::Groups;
use super::kept::{Store, rows_of};
use super::keys;
use super::order::{Comparator, Entry, SortKey, compare_keys, prefix_of};
use super::rows::Rows;

/// How many rows are copied before they are looked at together.
const HANDFUL: usize = 1024;
/// How many bytes more than needed are kept.
const SLACK: usize = 4 << 20;

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By what they are ordered; ties, and rows without keys, go by their order in the input.
    pub keys: Vec<SortKey>,
    /// The last in the input come first.
    pub latest: bool,
    /// How many.
    pub count: usize,
    /// So many of each group that these columns make; of all rows if there are none.
    pub by: Vec<usize>,
}

impl Wanted {
    /// The order of a row as rows are compared here, and back.
    fn turn(&self, order: Order) -> Order {
        if self.latest { Order { batch: !order.batch, block: !order.block, row: !order.row } } else { order }
    }
}

/// The wanted ones of the rows that it was given, and for a while some more.
pub struct Best {
    wanted: Wanted,
    groups: Groups,
    /// The rows, with orders as [`Wanted::turn`] makes them.
    store: Store,
    /// The rows of the store that stand in blocks.
    candidates: Vec<Candidate>,
    /// Group and prefix of the others.
    pending: Vec<(u32, u64)>,
    /// Of each group the last of the wanted rows, once there are enough: what does not come before it is turned away.
    worst: Vec<Option<Entry>>,
    /// How many rows and bytes there were after the last thinning out.
    base: (usize, usize),
    /// What [`Best::ship`] has cut and not yet given away; there are no candidates then.
    cut: Vec<Vec<Entry>>,
    numbers: Vec<u32>,
    chosen: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Candidate {
    group: u32,
    entry: Entry,
}

impl Best {
    /// Of no rows.
    pub fn new(wanted: Wanted) -> Self {
        Best {
            wanted,
            groups: Groups::new(),
            store: Store::default(),
            candidates: Vec::new(),
            pending: Vec::new(),
            worst: Vec::new(),
            base: (0, 0),
            cut: Vec::new(),
            numbers: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// How many rows are kept.
    pub fn len(&self) -> usize {
        self.candidates.len() + self.pending.len() + self.cut.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks at the rows of a block, which stand where [`Block::order_of`] says.
    pub fn fold(&mut self, block: &Block) {
        let count = self.wanted.count.min(block.rows);
        let in_input_order = self.wanted.keys.is_empty() && !self.grouped();
        let rows = match (in_input_order, self.wanted.latest) {
            (false, _) => 0..block.rows,
            (true, false) => 0..count,
            (true, true) => block.rows - count..block.rows,
        };
        self.admit(block, rows, |row| block.order_of(row));
    }

    /// Takes out what belongs to shard `shard` of `shards`: by key hash, and without groups everything belongs to shard 0.
    pub fn ship(&mut self, shard: usize, shards: usize) -> Rows {
        if self.cut.len() != shards {
            self.settle();
            self.thin_out();
            self.cut(shards);
        }
        let entries = std::mem::take(&mut self.cut[shard]);
        let shipped = self.turned(rows_of(&self.store.rows, &entries));
        if self.is_empty() {
            self.clear();
        }
        shipped
    }

    fn cut(&mut self, shards: usize) {
        let mut shard_of = vec![0; self.groups.len().max(1)];
        for (shard, parcel) in self.groups.cut(shards).iter().enumerate() {
            parcel.groups().for_each(|group| shard_of[group as usize] = shard);
        }
        self.cut = vec![Vec::new(); shards];
        for candidate in self.candidates.drain(..) {
            self.cut[shard_of[candidate.group as usize]].push(candidate.entry);
        }
    }

    /// Merges what another one has shipped or saved.
    pub fn take(&mut self, rows: &Rows) {
        for (number, block) in rows.blocks.iter().enumerate() {
            let order = |row| rows.order_of(number, row).unwrap_or_else(|| block.order_of(row));
            self.admit(block, 0..block.rows, order);
        }
    }

    /// The wanted rows; nothing is kept then.
    pub fn finish(&mut self) -> Rows {
        self.settle();
        self.thin_out();
        let store = std::mem::take(&mut self.store);
        self.clear();
        self.turned(store.rows)
    }

    /// All rows that are kept.
    pub fn save(&self) -> Rows {
        let mut entries: Vec<Entry> = self.candidates.iter().map(|candidate| candidate.entry).collect();
        entries.extend(self.cut.iter().flatten());
        let mut rows = rows_of(&self.store.rows, &entries);
        self.store.append_unsettled(&mut rows);
        self.turned(rows)
    }

    fn grouped(&self) -> bool {
        !self.wanted.by.is_empty()
    }

    fn turned(&self, mut rows: Rows) -> Rows {
        if self.wanted.latest {
            rows.orders.iter_mut().flatten().for_each(|order| *order = self.wanted.turn(*order));
        }
        rows
    }

    fn admit(&mut self, block: &Block, rows: Range<usize>, order: impl Fn(usize) -> Order) {
        if self.wanted.count == 0 || rows.is_empty() {
            return;
        }
        self.unite();
        self.numbers.clear();
        if self.grouped() {
            self.groups.number(&keys::encode(block, &self.wanted.by), &mut self.numbers);
        }
        // What is turned away is known better after each handful.
        for first in rows.clone().step_by(HANDFUL) {
            self.admit_some(block, first..rows.end.min(first + HANDFUL), &order);
        }
    }

    /// The same of at most a handful, whose groups are known.
    fn admit_some(&mut self, block: &Block, rows: Range<usize>, order: &impl Fn(usize) -> Order) {
        self.chosen.clear();
        for row in rows {
            let group = self.numbers.get(row).copied().unwrap_or(0);
            let order = self.wanted.turn(order(row));
            let prefix = prefix_of(&self.wanted.keys, block, row, Some(order));
            if self.may_be_wanted(group, prefix, (block, row), order) {
                self.chosen.push(row);
                self.pending.push((group, prefix));
            }
        }
        self.store.extend(block, self.chosen.iter().copied(), |row| self.wanted.turn(order(row)));
        if self.store.unsettled() >= HANDFUL || self.store.is_full() {
            self.settle();
            let floor = if self.grouped() { self.base.0 } else { self.wanted.count };
            let many = self.candidates.len() > floor.saturating_mul(2).saturating_add(HANDFUL);
            if many || self.candidates.len() > floor && self.store.bytes() > 2 * self.base.1 + SLACK {
                self.thin_out();
            }
        }
    }

    fn may_be_wanted(&self, group: u32, prefix: u64, place: (&Block, usize), order: Order) -> bool {
        let Some(Some(worst)) = self.worst.get(group as usize) else { return true };
        let rows = &self.store.rows;
        let in_full = || {
            let block = &rows.blocks[worst.block as usize];
            let by_keys = compare_keys(&self.wanted.keys, place, (block, worst.row as usize));
            by_keys.then_with(|| Some(order).cmp(&rows.order_of(worst.block as usize, worst.row as usize)))
        };
        prefix.cmp(&worst.prefix).then_with(in_full).is_lt()
    }

    /// Makes candidates of all rows.
    fn settle(&mut self) {
        self.unite();
        let block = self.store.rows.blocks.len() as u32;
        self.store.settle();
        let made = (0..).zip(self.pending.drain(..));
        let made = made.map(|(row, (group, prefix))| Candidate { group, entry: Entry { prefix, block, row } });
        self.candidates.extend(made);
    }

    /// Puts back what was cut and not shipped.
    fn unite(&mut self) {
        if !self.cut.is_empty() {
            let entries = std::mem::take(&mut self.cut).concat();
            let rows = self.turned(rows_of(&self.store.rows, &entries));
            self.clear();
            self.take(&rows);
        }
    }

    /// Drops what is not wanted. All rows are settled.
    fn thin_out(&mut self) {
        let count = self.wanted.count;
        if !self.grouped() && self.candidates.len() <= count {
            return;
        }
        let comparator = Comparator::new(&self.store.rows, &self.wanted.keys);
        self.candidates
            .sort_unstable_by(|a, b| a.group.cmp(&b.group).then_with(|| comparator.compare(&a.entry, &b.entry)));
        let groups = self.candidates.chunk_by(|a, b| a.group == b.group);
        let mut kept: Vec<Candidate> = groups.flat_map(|group| &group[..count.min(group.len())]).copied().collect();
        let entries: Vec<Entry> = kept.iter().map(|candidate| candidate.entry).collect();
        self.store = Store::from(rows_of(&self.store.rows, &entries));
        // The rows stand one behind the other now.
        let places = (0..)
            .zip(&self.store.rows.blocks)
            .flat_map(|(number, block)| (0..block.rows).map(move |row| (number, row)));
        for (candidate, (block, row)) in kept.iter_mut().zip(places) {
            candidate.entry = Entry { block, row: row as u32, ..candidate.entry };
        }
        self.worst.clear();
        self.worst.resize(self.groups.len().max(1), None);
        for group in kept.chunk_by(|a, b| a.group == b.group) {
            if let Some(last) = group.get(count - 1) {
                self.worst[last.group as usize] = Some(last.entry);
            }
        }
        self.candidates = kept;
        self.base = (self.candidates.len(), self.store.bytes());
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.store = Store::default();
        self.candidates.clear();
        self.pending.clear();
        self.worst.clear();
        self.base = (0, 0);
        self.cut.clear();
    }
}

#[cfg(test)]
mod tests;
