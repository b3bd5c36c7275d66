//! Very many keys, each with a value: cut by their hash into partitions, and not looked up when they come but merged later, part
//! by part, in a table that stays in the caches. A look-up among many millions of keys would be a cache miss.
//!
//! A key may stand there several times. A run of a partition is merged where it is when it has grown to twice the keys that it
//! had after the last time, or that another one had, for hashing makes all alike: so memory goes with the keys. All is merged at
//! the end, a run at a time, and its memory is given back. What goes to another shard changes hands as it is.

use super::super::block::Text;
use super::super::fast::HugeVec;
use super::super::slot::{HASHER, Hasher, Key, Slot, Tally, fits, shard_of};
use super::layer::{Layer, RUNS};
use super::{Groups, Parcel};

/// How many partitions: the memory of each is given back at once.
const PARTITIONS: usize = 32;
/// How many runs in all.
const WAYS: usize = PARTITIONS * RUNS;
/// How many tallies of a run are put there together.
const BUFFER: usize = 32;
/// A run with fewer tallies is not worth merging.
pub const WORTH_MERGING: usize = 32 * 1024;

/// What the values of one key make together, if it can be said.
pub type Combine = fn(i64, i64) -> Option<i64>;

/// Keys with their values, in partitions.
pub struct Partitions {
    /// Of each what came here (the first) and what was taken from others.
    layers: Vec<Vec<Layer>>,
    /// Tallies on their way into the first layers: room for [`BUFFER`] of each run, or none at all.
    buffers: HugeVec<Tally>,
    filled: [u8; WAYS],
    len: usize,
    hasher: Hasher,
    combine: Combine,
    worth: usize,
    /// A run may grow to this before it is merged, for it is like one that was merged already.
    alike: usize,
    /// Runs are merged here.
    scratch: Groups,
}

impl Partitions {
    /// None yet. `combine` adds up the values of a key, of which 0 changes nothing; a run with fewer than `worth` keys is not
    /// merged before the end.
    pub fn new(combine: Combine, worth: usize) -> Self {
        Partitions {
            layers: (0..PARTITIONS).map(|_| Vec::new()).collect(),
            buffers: HugeVec::new(),
            filled: [0; WAYS],
            len: 0,
            hasher: HASHER.clone(),
            combine,
            worth: worth.max(BUFFER),
            alike: 0,
            scratch: Groups::new(),
        }
    }

    /// Whether such a value can be kept here.
    #[inline(always)]
    pub fn fits(value: i64) -> bool {
        fits(value)
    }

    /// At least as many as there are keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds to the value of each row's key what `value` gives, which [fits](Partitions::fits).
    #[inline(always)]
    pub fn add(&mut self, keys: &Text, value: impl Fn(usize) -> i64) {
        self.open();
        let padded = keys.data.padded();
        for (row, span) in keys.spans.iter().enumerate() {
            let key = self.hasher.key(padded, *span);
            let mut tally = Tally::new(&key, value(row));
            if key.is_long() {
                tally.put_key(span.of(padded).unwrap_or_default(), self.arena(key.hash));
            }
            self.put(key.hash, tally);
        }
    }

    /// Moves everything from a table here, or nothing if not all values [fit](Partitions::fits).
    pub fn take_groups(&mut self, groups: &mut Groups) -> bool {
        groups.settle();
        groups.purge();
        let fit = groups.slots.iter().all(|slot| fits(slot.value));
        if fit {
            self.open();
            for slot in groups.slots.iter().filter(|slot| slot.tag != 0) {
                self.put_slot(slot, &groups.arena);
            }
            if !groups.is_empty() {
                *groups = Groups::new();
            }
        }
        fit
    }

    /// Copies everything from a parcel here, or nothing if not all values fit.
    pub fn take_parcel(&mut self, parcel: &Parcel) -> bool {
        let fit = parcel.entries.iter().all(|slot| fits(slot.value));
        if fit {
            self.open();
            parcel.entries.iter().for_each(|slot| self.put_slot(slot, &parcel.arena));
        }
        fit
    }

    /// Takes in all of another.
    pub fn take(&mut self, mut other: Partitions) {
        other.flush();
        self.len += other.len;
        for (mine, theirs) in self.layers.iter_mut().zip(other.layers) {
            mine.extend(theirs);
        }
    }

    /// Takes out what belongs to shard `shard` of `shards`, as [`Groups::ship`] does.
    pub fn ship(&mut self, shard: usize, shards: usize) -> Partitions {
        self.flush();
        let mut shipped = Partitions::new(self.combine, self.worth);
        for at in 0..PARTITIONS {
            let shift = u64::BITS - PARTITIONS.ilog2();
            let first = shard_of((at as u64) << shift, shards);
            let last = shard_of(((at as u64) << shift) | ((1 << shift) - 1), shards);
            if first == shard && last == shard {
                shipped.layers[at] = std::mem::take(&mut self.layers[at]);
            } else if (first..=last).contains(&shard) {
                self.split(at, shard, shards, &mut shipped);
            }
        }
        self.flush();
        shipped.flush();
        shipped.len = shipped.counted();
        self.len = self.counted();
        shipped
    }

    /// Moves what belongs to a shard out of a partition of several.
    fn split(&mut self, at: usize, shard: usize, shards: usize, shipped: &mut Partitions) {
        let layers = std::mem::take(&mut self.layers[at]);
        self.open();
        shipped.open();
        for layer in layers {
            for run in 0..RUNS {
                for tally in layer.pieces(run).flatten() {
                    let hash = self.hasher.of_tally(tally);
                    let to = if shard_of(hash, shards) == shard { &mut *shipped } else { &mut *self };
                    to.put_tally(hash, *tally, &layer.runs[run].arena);
                }
            }
        }
    }

    /// Takes everything out, the layers of a partition after those of the other.
    pub(super) fn into_layers(mut self) -> impl Iterator<Item = Layer> {
        self.flush();
        self.layers.into_iter().flatten()
    }

    /// All layers. What waits in a buffer is not in them.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().flatten()
    }

    /// Takes everything out, a partition after the other.
    pub fn drain(mut self) -> impl Iterator<Item = Drained> {
        self.flush();
        self.layers.into_iter().filter(|layers| !layers.is_empty()).map(Drained)
    }

    /// Gives each key (`None`: null) with its value, perhaps a key several times.
    pub fn for_each(&self, mut give: impl FnMut(Option<&[u8]>, i64)) {
        for (at, layers) in self.layers.iter().enumerate() {
            for (n, layer) in layers.iter().enumerate() {
                for run in 0..RUNS {
                    let way = at * RUNS + run;
                    let waiting = if n == 0 { self.waiting(way) } else { &[] };
                    for tally in layer.pieces(run).flatten().chain(waiting) {
                        tally.with_key(&layer.runs[run].arena, |key| give(key, tally.value()));
                    }
                }
            }
        }
    }

    fn counted(&self) -> usize {
        self.layers.iter().flatten().map(Layer::len).sum()
    }

    /// Makes ready to take tallies in.
    fn open(&mut self) {
        if self.buffers.is_empty() {
            self.buffers = HugeVec::zeroed(WAYS * BUFFER);
        }
        for layers in self.layers.iter_mut().filter(|layers| layers.is_empty()) {
            layers.push(Layer::new(RUNS));
        }
    }

    fn put_slot(&mut self, slot: &Slot, arena: &[u8]) {
        let mut tally = Tally::of_slot(slot);
        let hash = self.hasher.of_slot(slot);
        if slot.is_long() {
            tally.put_key(slot.long_key(arena), self.arena(hash));
        }
        self.put(hash, tally);
    }

    fn put_tally(&mut self, hash: u64, mut tally: Tally, arena: &[u8]) {
        if tally.is_long() {
            tally.put_key(tally.long_key(arena), self.arena(hash));
        }
        self.put(hash, tally);
    }

    /// Where the long keys of the run are kept that a key of this hash belongs to.
    #[cold]
    fn arena(&mut self, hash: u64) -> &mut Vec<u8> {
        let way = way_of(hash);
        &mut self.layers[way / RUNS][0].runs[way % RUNS].arena
    }

    #[inline(always)]
    fn put(&mut self, hash: u64, tally: Tally) {
        let way = way_of(hash);
        let filled = usize::from(self.filled[way]);
        self.buffers[way * BUFFER + filled] = tally;
        self.filled[way] += 1;
        self.len += 1;
        if filled + 1 == BUFFER {
            self.flush_way(way);
        }
    }

    /// What of a run is in its buffer.
    fn waiting(&self, way: usize) -> &[Tally] {
        let filled = usize::from(self.filled[way]);
        if filled == 0 { &[] } else { &self.buffers[way * BUFFER..][..filled] }
    }

    fn flush(&mut self) {
        (0..WAYS)
            .filter(|way| self.filled[*way] > 0)
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|way| self.flush_way(way));
    }

    #[inline(never)]
    fn flush_way(&mut self, way: usize) {
        let filled = usize::from(std::mem::take(&mut self.filled[way]));
        let layer = &mut self.layers[way / RUNS][0];
        let len = layer.push(way % RUNS, &self.buffers[way * BUFFER..][..filled]);
        if len >= layer.runs[way % RUNS].limit.max(self.worth).max(self.alike) {
            self.merge(way);
        }
    }

    /// Merges a run of the first layer, so that each key stands there once, or a few times if its values cannot be combined.
    fn merge(&mut self, way: usize) {
        let (layer, run, combine) = (&mut self.layers[way / RUNS][0], way % RUNS, self.combine);
        let mut apart = Vec::new();
        let mut before = 0;
        for piece in layer.pieces(run) {
            before += piece.len();
            self.scratch.merge_tallies(piece, &layer.runs[run].arena, |at, _, mine, theirs| {
                match combine(*mine, theirs).filter(|value| fits(*value)) {
                    Some(value) => *mine = value,
                    None => apart.push(piece[at]),
                }
            });
        }
        let arena = layer.clear(run);
        let (mut made, mut kept) = (Vec::with_capacity(BUFFER), Vec::new());
        let mut after = 0;
        let mut put = |mut tally: Tally, key: Option<&[u8]>| {
            if let Some(key) = key {
                tally.put_key(key, &mut kept);
            }
            made.push(tally);
            if made.len() == BUFFER {
                after = layer.push(run, &made);
                made.clear();
            }
        };
        self.scratch.drain(|slot, arena| put(Tally::of_slot(slot), slot.is_long().then(|| slot.long_key(arena))));
        apart.into_iter().for_each(|tally| put(tally, tally.is_long().then(|| tally.long_key(&arena))));
        after = layer.push(run, &made).max(after);
        let run = &mut layer.runs[run];
        (run.arena, run.limit) = (kept, 2 * after);
        self.alike = 2 * after;
        self.len -= before - after;
    }
}

/// One partition, taken out.
pub struct Drained(Vec<Layer>);

impl Drained {
    /// How many pieces it has, none of which has a key of another.
    pub const PIECES: usize = RUNS;

    /// Merges a piece into a table, as [`Groups::merge`] does.
    pub fn merge_into(&self, piece: usize, groups: &mut Groups, mut merge: impl FnMut(u32, &mut i64, i64)) {
        for layer in &self.0 {
            for tallies in layer.pieces(piece) {
                let each = |_: usize, group: u32, mine: &mut i64, theirs: i64| merge(group, mine, theirs);
                groups.merge_tallies(tallies, &layer.runs[piece].arena, each);
            }
        }
    }
}

/// Which run a key of this hash belongs to: by the highest bits, as its shard.
#[inline(always)]
fn way_of(hash: u64) -> usize {
    (hash >> (u64::BITS - WAYS.ilog2())) as usize
}

impl Groups {
    /// Merges tallies in; `merge` is given the place of each, the group number, the value here and the value there.
    #[inline(always)]
    fn merge_tallies(&mut self, tallies: &[Tally], arena: &[u8], mut merge: impl FnMut(usize, u32, &mut i64, i64)) {
        let key = |hasher: &Hasher, at: usize| -> Key { hasher.key_of_tally(&tallies[at], arena) };
        let each = |at: usize, slot: &mut Slot| merge(at, slot.group, &mut slot.value, tallies[at].value());
        self.each_key(tallies.len(), key, |at| tallies[at].long_key(arena), each);
    }
}

#[cfg(test)]
mod tests;
