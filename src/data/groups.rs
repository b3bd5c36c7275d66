//! Keys to groups: a hash table that numbers keys densely and keeps one whole number for each, a block at a time.
//!
//! Each shard has its own; they come together by [`Groups::ship`] and [`Groups::take`]. A slot is half a cache line: a
//! key of up to 16 bytes, its group and its value stand in it, so that one miss is all that a key costs; rows are
//! hashed and prefetched in runs, so that these misses overlap. Longer keys lie in an arena.

use super::block::Text;
use super::fast::{HugeVec, prefetch};
use super::slot::{HASHER, Hasher, Key, Slot, shard_of};
use removal::Removal;
use stretches::{fetch, stretches, taken};

mod combine;
mod layer;
pub mod partitions;
mod parts;
pub mod ranges;
mod removal;
mod spare;
mod staying;
mod stretches;

/// How many rows are hashed and prefetched before they are looked up.
const RUN: usize = 256;
/// What [`Groups::find`] says where there is no group.
pub const NONE: u32 = u32::MAX;
/// The smallest table, in slots.
const SMALLEST: usize = 1024;
/// A table larger than this, in slots, is made smaller when it is cleared and was mostly empty.
const LARGE: usize = 1 << 16;

/// Groups taken out of a table, to be merged into another one.
#[derive(Default)]
pub struct Parcel {
    entries: HugeVec<Slot>,
    arena: Vec<u8>,
}

impl Parcel {
    /// How many groups.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its keys (`None`: null), each with the group number that it had and its value.
    pub fn for_each(&self, mut give: impl FnMut(Option<&[u8]>, u32, i64)) {
        self.entries.iter().for_each(|slot| slot.with_key(&self.arena, |key| give(key, slot.group, slot.value)));
    }

    /// The group numbers that its entries had in the table they come from.
    pub fn groups(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|slot| slot.group)
    }

    #[inline]
    fn push(&mut self, mut slot: Slot, arena: &[u8]) {
        if slot.is_long() {
            let key = slot.long_key(arena);
            slot.high = self.arena.len() as u64;
            self.arena.extend_from_slice(key);
        }
        self.entries.push(slot);
    }
}

/// Keys, each with a group number (0, 1, 2 … in the order in which they came up, unless keys are removed) and a value (0 at
/// first).
pub struct Groups {
    /// As many as a power of two, or none.
    slots: HugeVec<Slot>,
    len: usize,
    arena: Vec<u8>,
    hasher: Hasher,
    /// What [`Groups::ship`] has cut and not yet given away; the table itself is empty then.
    cut: Vec<Parcel>,
    /// Memory of parcels that were merged in, for the next ones that are cut: fetching it from the system anew in each batch costs
    /// more than filling it.
    spare: Vec<HugeVec<Slot>>,
    /// Only what belongs to this shard of so many counts, see [`Groups::cut_others`].
    staying: Option<(usize, usize)>,
    /// What it takes to remove keys, if that was asked for.
    removal: Option<Box<Removal>>,
}

impl Default for Groups {
    fn default() -> Self {
        Groups::new()
    }
}

impl Groups {
    /// No groups, and no memory taken.
    pub fn new() -> Self {
        let (slots, arena, cut) = (HugeVec::new(), Vec::new(), Vec::new());
        Groups { slots, len: 0, arena, hasher: HASHER.clone(), cut, spare: Vec::new(), staying: None, removal: None }
    }

    /// How many groups.
    pub fn len(&self) -> usize {
        self.len + self.cut.iter().map(Parcel::len).sum::<usize>()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds to the value of each row's key its weight, or 1. A sum stops at the ends of an `i64`.
    pub fn add(&mut self, keys: &Text, weights: Option<&[i64]>) {
        match weights {
            None => {
                let more = |count: &mut i64| *count = count.saturating_add(1);
                self.combine(keys, |_| (), |count, ()| count.overflowing_add(1), |_, _, count, ()| more(count));
            }
            Some(weights) => self.each_text(keys, |row, slot| slot.value = slot.value.saturating_add(weights[row])),
        }
    }

    /// Pushes the group number of each row's key. New groups are numbered in the order of the rows.
    pub fn number(&mut self, keys: &Text, numbers: &mut Vec<u32>) {
        numbers.reserve(keys.spans.len());
        self.each_text(keys, |_, slot| numbers.push(slot.group));
    }

    /// Gives each row, in order, with its group number and the value of its group, to be changed.
    #[inline]
    pub fn update(&mut self, keys: &Text, mut each: impl FnMut(usize, u32, &mut i64)) {
        self.each_text(keys, |row, slot| each(row, slot.group, &mut slot.value));
    }

    /// Pushes the group number of each row's key, [`NONE`] for null and for a key that is not there.
    pub fn find(&self, keys: &Text, numbers: &mut Vec<u32>) {
        let (padded, spans) = (keys.data.padded(), &keys.spans[..]);
        if self.slots.is_empty() {
            return numbers.resize(numbers.len() + spans.len(), NONE);
        }
        let mask = self.slots.len() - 1;
        numbers.reserve(spans.len());
        let mut found = [Key::default(); RUN];
        for run in spans.chunks(RUN) {
            for (to, span) in found.iter_mut().zip(run) {
                *to = self.hasher.key(padded, *span);
                prefetch(&self.slots[..], to.hash as usize & mask);
            }
            for (key, span) in found.iter().zip(run) {
                numbers.push(span.of(padded).map_or(NONE, |bytes| self.group_of(key, bytes)));
            }
        }
    }

    /// The group of one key, whose bytes count if it is long. The table is not empty.
    fn group_of(&self, key: &Key, bytes: &[u8]) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = key.hash as usize & mask;
        loop {
            let slot = &self.slots[at];
            if slot.tag == 0 {
                return NONE;
            }
            if slot.tag == key.tag && slot.low == key.low {
                let same = if slot.is_long() { slot.long_key(&self.arena) == bytes } else { slot.high == key.high };
                if same {
                    return slot.group;
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// Pushes row and group number of each row that may be the first of its key, if all rows stand at `place` (counted
    /// from 1) of some order: all but those of a key that was given before with a smaller place. The value in the slot
    /// tells, without a look at what is kept for the group.
    pub fn early(&mut self, keys: &Text, place: i64, rows: &mut Vec<(u32, u32)>) {
        self.each_text(keys, |row, slot| {
            if slot.value == 0 || slot.value >= place {
                slot.value = place;
                rows.push((row as u32, slot.group));
            }
        });
    }

    /// Cuts everything into a parcel for each of so many shards, by key hash; the table is empty then, and numbers begin anew.
    pub fn cut(&mut self, shards: usize) -> Vec<Parcel> {
        self.settle();
        self.purge();
        let expected = self.expected(shards);
        let mut parcels: Vec<Parcel> = (0..shards).map(|_| self.empty_parcel(expected)).collect();
        let hasher = self.hasher.clone();
        self.drain(|slot, arena| parcels[shard_of(hasher.of_slot(slot), shards)].push(*slot, arena));
        parcels
    }

    /// Gives each slot that is taken, and where its key is if it is long; the table is empty then.
    fn drain(&mut self, mut give: impl FnMut(&Slot, &[u8])) {
        for (stretch, later) in stretches(self.slots.len()) {
            fetch(&self.slots, later);
            let slots = &mut self.slots[stretch];
            let (taken, count) = taken(slots);
            for at in &taken[..count] {
                let slot = &mut slots[usize::from(*at)];
                give(slot, &self.arena);
                *slot = Slot::default();
            }
        }
        self.forget();
    }

    /// Takes out the parcel of shard `shard` of `shards` (by key hash). Made to be called for several shards in a row: the table is
    /// gone through only the first time. Group numbers do not outlast it.
    pub fn ship(&mut self, shard: usize, shards: usize) -> Parcel {
        if self.cut.len() != shards {
            self.cut = self.cut(shards);
        }
        std::mem::take(&mut self.cut[shard])
    }

    /// Merges groups in: values are added up.
    pub fn take(&mut self, parcel: &Parcel) {
        self.settle();
        self.add_all(parcel);
    }

    /// Merges groups in by other means than adding up: `merge` is given the group number, the value here (0 if the group is
    /// new) and the value there of each entry, in their order.
    pub fn merge(&mut self, parcel: &Parcel, mut merge: impl FnMut(u32, &mut i64, i64)) {
        self.settle();
        let entries = &parcel.entries[..];
        let key = |hasher: &Hasher, at: usize| hasher.key_of(&entries[at]);
        let each = |at: usize, slot: &mut Slot| merge(slot.group, &mut slot.value, entries[at].value);
        self.each_key(entries.len(), key, |at| entries[at].long_key(&parcel.arena), each);
    }

    /// Gives each key (`None`: null), its group number and its value, in no particular order.
    pub fn for_each(&self, mut give: impl FnMut(Option<&[u8]>, u32, i64)) {
        for (stretch, later) in stretches(self.slots.len()) {
            fetch(&self.slots, later);
            let slots = &self.slots[stretch];
            let (mut taken, mut count) = taken(slots);
            if let Some((me, shards)) = self.staying {
                count = self.only(slots, &mut taken[..count], |shard| shard == me, shards);
            }
            for slot in taken[..count].iter().map(|at| &slots[usize::from(*at)]) {
                slot.with_key(&self.arena, |key| give(key, slot.group, slot.value));
            }
        }
        self.cut.iter().for_each(|parcel| parcel.for_each(&mut give));
    }

    /// Forgets everything. The memory stays for the next time, but a table much larger than what was in it shrinks, so
    /// that one large batch does not make every later one slow.
    pub fn clear(&mut self) {
        let needed = slots_for(self.len());
        self.cut.clear();
        if self.slots.len() > LARGE && self.slots.len() > 8 * needed {
            self.slots = HugeVec::zeroed(needed.max(self.slots.len() / 8));
            (self.arena, self.spare) = (Vec::new(), Vec::new());
        } else if self.len > 0 {
            self.slots.fill(Slot::default());
        }
        self.forget();
    }

    /// Numbers begin anew: the slots are empty.
    fn forget(&mut self) {
        self.arena.clear();
        (self.len, self.staying) = (0, None);
        if let Some(removal) = &mut self.removal {
            removal.clear();
        }
    }

    /// Puts back what was cut and not shipped.
    fn settle(&mut self) {
        for parcel in std::mem::take(&mut self.cut) {
            self.add_all(&parcel);
            self.spare(parcel);
        }
    }

    #[inline(always)]
    fn each_text(&mut self, keys: &Text, each: impl FnMut(usize, &mut Slot)) {
        self.settle();
        let (padded, spans) = (keys.data.padded(), &keys.spans[..]);
        let key = |hasher: &Hasher, row: usize| hasher.key(padded, spans[row]);
        self.each_key(spans.len(), key, |row| spans[row].of(padded).unwrap_or_default(), each);
    }

    fn add_all(&mut self, parcel: &Parcel) {
        let entries = &parcel.entries[..];
        let key = |hasher: &Hasher, at: usize| hasher.key_of(&entries[at]);
        let add = |at: usize, slot: &mut Slot| slot.value = slot.value.saturating_add(entries[at].value);
        self.each_key(entries.len(), key, |at| entries[at].long_key(&parcel.arena), add);
    }

    /// Looks up `count` keys in order, adds those that are new, and gives the slot of each. `key` makes the key,
    /// `long` gives the bytes of a long one.
    #[inline(always)]
    fn each_key<'k>(
        &mut self,
        count: usize,
        key: impl Fn(&Hasher, usize) -> Key,
        long: impl Fn(usize) -> &'k [u8],
        mut each: impl FnMut(usize, &mut Slot),
    ) {
        let mut keys = [Key::default(); RUN];
        for first in (0..count).step_by(RUN) {
            let keys = &mut keys[..RUN.min(count - first)];
            self.reserve(keys.len());
            let mask = self.slots.len() - 1;
            let (slots, hasher) = (&self.slots[..], &self.hasher);
            for (at, to) in keys.iter_mut().enumerate() {
                let key = key(hasher, first + at);
                prefetch(slots, key.hash as usize & mask);
                *to = key;
            }
            for (at, key) in keys.iter().enumerate() {
                let slots = &mut self.slots[..];
                let mut place = key.hash as usize & mask;
                while !slots[place].holds(key) {
                    if slots[place].tag == 0 || key.is_long() {
                        let bytes = if key.is_long() { long(first + at) } else { &[] };
                        place = self.search(key, place, bytes);
                        break;
                    }
                    place = (place + 1) & mask;
                }
                each(first + at, &mut self.slots[place]);
            }
        }
    }

    /// Where the key is, beyond its first slot or with a long key; a new key is put there. There is room.
    #[inline(never)]
    fn search(&mut self, key: &Key, from: usize, long: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = from;
        loop {
            let slot = &self.slots[at];
            if slot.tag == 0 {
                break;
            }
            if slot.tag == key.tag && slot.low == key.low {
                let same = if slot.is_long() { slot.long_key(&self.arena) == long } else { slot.high == key.high };
                if same {
                    return at;
                }
            }
            at = (at + 1) & mask;
        }
        let high = if key.is_long() { self.arena.len() as u64 } else { key.high };
        self.arena.extend_from_slice(long);
        let group = match &mut self.removal {
            None => self.len as u32,
            Some(removal) => removal.number(key),
        };
        self.slots[at] = Slot { low: key.low, high, tag: key.tag, group, value: 0 };
        self.len += 1;
        at
    }

    /// Makes room for so many more.
    fn reserve(&mut self, more: usize) {
        if self.slots.is_empty() || self.len + more > limit(self.slots.len()) {
            self.grow(slots_for(self.len + more));
        }
    }

    #[inline(never)]
    fn grow(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, HugeVec::zeroed(slots));
        // In order: neighbours stay neighbours, so that the old and the new table are both gone through from end to end.
        for slot in old.iter().filter(|slot| slot.tag != 0) {
            let mut at = self.hasher.of_slot(slot) as usize & (slots - 1);
            while self.slots[at].tag != 0 {
                at = (at + 1) & (slots - 1);
            }
            self.slots[at] = *slot;
        }
    }
}

/// How many of so many slots may be taken.
fn limit(slots: usize) -> usize {
    slots / 2 + slots / 8
}

/// How many slots so many groups need.
fn slots_for(groups: usize) -> usize {
    (groups * 8).div_ceil(5).next_power_of_two().max(SMALLEST)
}

#[cfg(test)]
mod tests;
