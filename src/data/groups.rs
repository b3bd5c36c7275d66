//! Keys to groups: a hash table that numbers keys densely and keeps one whole number for each, a block at a time.
//!
//! Each shard has its own; they come together by [`Groups::ship`] and [`Groups::take`]. A slot is half a cache line: a
//! key of up to [`SHORT`] bytes, its group and its value stand in it, so that one miss is all that a key costs; rows are
//! hashed and prefetched in runs, so that these misses overlap. Longer keys lie in an arena.

use std::sync::LazyLock;

use ahash::RandomState;

use super::block::{Span, Text};
use super::fast::{HugeVec, prefetch};

/// The longest key, in bytes, that lies in the slot itself.
pub const SHORT: usize = 16;
/// How many rows are hashed and prefetched before they are looked up.
const RUN: usize = 256;
/// The smallest table, in slots.
const SMALLEST: usize = 1024;
/// A table larger than this, in slots, is made smaller when it is cleared and was mostly empty.
const LARGE: usize = 1 << 16;
/// Slots are visited in stretches of so many.
const STRETCH: usize = 64;

/// One place of the table.
#[repr(C, align(32))]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    /// The key, zeros behind it; of a long key its hash, and where it lies in the arena; of null its hash, and ones.
    low: u64,
    high: u64,
    /// See [`tag`]; 0: the slot is empty.
    tag: u32,
    group: u32,
    value: i64,
}

/// The length of a key in a form that tells an empty slot (0), null (1) and an empty text (2) apart.
fn tag(span: Span) -> u32 {
    span.len.wrapping_add(2)
}

const NULL: u32 = 1;
/// Greater tags are of long keys.
const SHORT_TAG: u32 = SHORT as u32 + 2;

impl Slot {
    fn is_short(&self) -> bool {
        self.tag.wrapping_sub(2) <= SHORT as u32
    }

    #[inline(always)]
    fn holds(&self, key: &Key) -> bool {
        (self.low ^ key.low) | (self.high ^ key.high) | u64::from(self.tag ^ key.tag) == 0
    }

    fn is_long(&self) -> bool {
        self.tag > SHORT_TAG
    }

    /// The key. `arena`: where its table keeps long keys.
    fn with_key<R>(&self, arena: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> R) -> R {
        if self.tag == NULL {
            use_it(None)
        } else if self.is_long() {
            use_it(Some(self.long_key(arena)))
        } else {
            let bytes = (u128::from(self.low) | u128::from(self.high) << 64).to_le_bytes();
            use_it(Some(&bytes[..self.tag as usize - 2]))
        }
    }

    fn long_key<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.high as usize..][..self.tag as usize - 2]
    }
}

/// A key to be looked up, as in its slot; but of a long key `high` is what no slot has.
#[derive(Clone, Copy, Default)]
struct Key {
    low: u64,
    high: u64,
    hash: u64,
    tag: u32,
}

/// The hash functions of this process. Seeded, so that nobody can choose keys that collide; the same for all tables, so
/// that shards agree on who owns a key.
#[derive(Clone)]
struct Hasher {
    low: u64,
    high: u64,
    long: RandomState,
}

static HASHER: LazyLock<Hasher> = LazyLock::new(|| {
    let long = RandomState::new();
    Hasher { low: long.hash_one(1), high: long.hash_one(2), long }
});

/// Masks that keep the first bytes of two words.
static FIRST: [[u64; 2]; SHORT + 1] = {
    let mut masks = [[0; 2]; SHORT + 1];
    let mut len = 1;
    while len <= SHORT {
        let mask = u128::MAX >> (128 - 8 * len);
        masks[len] = [mask as u64, (mask >> 64) as u64];
        len += 1;
    }
    masks
};

impl Hasher {
    #[inline(always)]
    fn short(&self, low: u64, high: u64) -> u64 {
        let product = u128::from(low ^ self.low) * u128::from(high ^ self.high);
        product as u64 ^ (product >> 64) as u64
    }

    #[inline(always)]
    fn key(&self, padded: &[u8], span: Span) -> Key {
        if span.len as usize > SHORT {
            let hash = self.unusual(padded, span);
            return Key { low: hash, high: u64::MAX, hash, tag: tag(span) };
        }
        let bytes = padded[span.start as usize..].first_chunk::<SHORT>().expect("text is padded");
        let both = u128::from_le_bytes(*bytes);
        let mask = FIRST[span.len as usize];
        let (low, high) = (both as u64 & mask[0], (both >> 64) as u64 & mask[1]);
        Key { low, high, hash: self.short(low, high), tag: tag(span) }
    }

    /// The hash of a long key, or of null.
    #[cold]
    #[inline(never)]
    fn unusual(&self, padded: &[u8], span: Span) -> u64 {
        span.of(padded).map_or(self.low, |bytes| self.long.hash_one(bytes))
    }

    fn key_of(&self, slot: &Slot) -> Key {
        let high = if slot.is_short() { slot.high } else { u64::MAX };
        Key { low: slot.low, high, hash: self.of_slot(slot), tag: slot.tag }
    }

    fn of_slot(&self, slot: &Slot) -> u64 {
        if slot.is_short() { self.short(slot.low, slot.high) } else { slot.low }
    }
}

/// Which piece a key of this hash belongs to: by high bits, for the low ones choose the slot.
fn piece_of(hash: u64, pieces: usize) -> usize {
    (((hash >> 32) * pieces as u64) >> 32) as usize
}

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

    /// The group numbers that its entries had in the table they come from.
    pub fn groups(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().map(|slot| slot.group)
    }

    fn push(&mut self, mut slot: Slot, arena: &[u8]) {
        if slot.is_long() {
            let key = slot.long_key(arena);
            slot.high = self.arena.len() as u64;
            self.arena.extend_from_slice(key);
        }
        self.entries.push(slot);
    }
}

/// Keys, each with a group number (0, 1, 2 … in the order in which they came up) and a value (0 at first).
pub struct Groups {
    /// As many as a power of two, or none.
    slots: HugeVec<Slot>,
    len: usize,
    arena: Vec<u8>,
    hasher: Hasher,
    /// What [`Groups::ship`] has cut and not yet given away; the table itself is empty then.
    cut: Vec<Parcel>,
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
        Groups { slots, len: 0, arena, hasher: HASHER.clone(), cut }
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
            None => self.each_text(keys, |_, slot| slot.value = slot.value.saturating_add(1)),
            Some(weights) => self.each_text(keys, |row, slot| slot.value = slot.value.saturating_add(weights[row])),
        }
    }

    /// Pushes the group number of each row's key. New groups are numbered in the order of the rows.
    pub fn number(&mut self, keys: &Text, numbers: &mut Vec<u32>) {
        numbers.reserve(keys.spans.len());
        self.each_text(keys, |_, slot| numbers.push(slot.group));
    }

    /// Cuts everything into so many pieces by key hash; the table is empty then, and numbers begin anew.
    pub fn cut(&mut self, pieces: usize) -> Vec<Parcel> {
        self.settle();
        let expected = self.len / pieces + self.len / pieces / 16 + STRETCH;
        let entries = || HugeVec::with_capacity(expected.min(self.len));
        let mut parcels: Vec<Parcel> = (0..pieces).map(|_| Parcel { entries: entries(), arena: Vec::new() }).collect();
        for stretch in stretches(self.slots.len()) {
            for slot in &mut self.slots[stretch] {
                if slot.tag != 0 {
                    let piece = piece_of(self.hasher.of_slot(slot), pieces);
                    parcels[piece].push(*slot, &self.arena);
                    *slot = Slot::default();
                }
            }
        }
        self.len = 0;
        self.arena.clear();
        parcels
    }

    /// Takes out piece `piece` of `pieces` (by key hash). Made to be called for several pieces in a row: the table is
    /// gone through only the first time. Group numbers do not outlast it.
    pub fn ship(&mut self, piece: usize, pieces: usize) -> Parcel {
        if self.cut.len() != pieces {
            self.cut = self.cut(pieces);
        }
        std::mem::take(&mut self.cut[piece])
    }

    /// Merges groups in: values are added up.
    pub fn take(&mut self, parcel: &Parcel) {
        self.settle();
        self.each_entry(parcel, |_| ());
    }

    /// [`Groups::take`], and pushes the group number that each entry of the parcel has here.
    pub fn take_numbered(&mut self, parcel: &Parcel, numbers: &mut Vec<u32>) {
        self.settle();
        self.each_entry(parcel, |slot| numbers.push(slot.group));
    }

    /// Gives each key (`None`: null), its group number and its value, in no particular order.
    pub fn for_each(&self, mut give: impl FnMut(Option<&[u8]>, u32, i64)) {
        for stretch in stretches(self.slots.len()) {
            for slot in self.slots[stretch].iter().filter(|slot| slot.tag != 0) {
                slot.with_key(&self.arena, |key| give(key, slot.group, slot.value));
            }
        }
        for parcel in &self.cut {
            for slot in parcel.entries.iter() {
                slot.with_key(&parcel.arena, |key| give(key, slot.group, slot.value));
            }
        }
    }

    /// Forgets everything. The memory stays for the next time, but a table much larger than what was in it shrinks, so
    /// that one large batch does not make every later one slow.
    pub fn clear(&mut self) {
        let needed = slots_for(self.len());
        self.cut.clear();
        if self.slots.len() > LARGE && self.slots.len() > 8 * needed {
            self.slots = HugeVec::zeroed(needed.max(self.slots.len() / 8));
            self.arena = Vec::new();
        } else if self.len > 0 {
            self.slots.fill(Slot::default());
        }
        self.arena.clear();
        self.len = 0;
    }

    /// Puts back what was cut and not shipped.
    fn settle(&mut self) {
        for parcel in std::mem::take(&mut self.cut) {
            self.each_entry(&parcel, |_| ());
        }
    }

    #[inline(always)]
    fn each_text(&mut self, keys: &Text, each: impl FnMut(usize, &mut Slot)) {
        self.settle();
        let (padded, spans) = (keys.data.padded(), &keys.spans[..]);
        let key = |hasher: &Hasher, row: usize| hasher.key(padded, spans[row]);
        self.each_key(spans.len(), key, |row| spans[row].of(padded).unwrap_or_default(), each);
    }

    fn each_entry(&mut self, parcel: &Parcel, mut each: impl FnMut(&Slot)) {
        // Entries come roughly in the order of their hashes: a table that grew on the way would be crowded in places.
        self.reserve(parcel.len());
        let entries = &parcel.entries[..];
        let key = |hasher: &Hasher, at: usize| hasher.key_of(&entries[at]);
        let add = |at: usize, slot: &mut Slot| {
            slot.value = slot.value.saturating_add(entries[at].value);
            each(slot);
        };
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
                    if slots[place].tag == 0 || key.tag > SHORT_TAG {
                        let bytes = if key.tag > SHORT_TAG { long(first + at) } else { &[] };
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
        let high = if key.tag > SHORT_TAG { self.arena.len() as u64 } else { key.high };
        self.arena.extend_from_slice(long);
        self.slots[at] = Slot { low: key.low, high, tag: key.tag, group: self.len as u32, value: 0 };
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

/// All of so many slots (a power of two, or none), in stretches that jump about: whoever puts the keys into a smaller
/// table in this order fills it evenly, and not one end of it first.
fn stretches(slots: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let count = slots / STRETCH;
    (0..count).map(move |n| n.wrapping_mul(0x9E37_79B1) & (count - 1)).map(|n| n * STRETCH..(n + 1) * STRETCH)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::data::buffer::Buffer;

    type Keys = Vec<Option<Vec<u8>>>;
    type Model = HashMap<Option<Vec<u8>>, i64>;

    fn text(keys: &[Option<Vec<u8>>]) -> Text {
        let mut data = Vec::new();
        let mut spans = Vec::new();
        for key in keys {
            let start = data.len();
            data.extend_from_slice(key.as_deref().unwrap_or_default());
            spans.push(if key.is_some() { Span::range(start, data.len()) } else { Span::NULL });
        }
        Text { data: Arc::new(Buffer::from_vec(data)), spans }
    }

    fn content(groups: &Groups) -> Model {
        let mut all = Model::new();
        groups.for_each(|key, _, value| {
            assert!(all.insert(key.map(<[u8]>::to_vec), value).is_none(), "a key came twice")
        });
        assert_eq!(all.len(), groups.len());
        all
    }

    fn model(keys: &[Option<Vec<u8>>]) -> Model {
        let mut all = Model::new();
        keys.iter().for_each(|key| *all.entry(key.clone()).or_default() += 1);
        all
    }

    /// Keys of all the lengths at which something changes, and such as differ only in zeros at their end.
    fn keys() -> impl Strategy<Value = Keys> {
        let few = prop::collection::vec(prop_oneof![Just(0u8), Just(b'a'), Just(b'b')], 0..3);
        let long = (14usize..40, any::<u8>()).prop_map(|(n, last)| [vec![b'x'; n], vec![last]].concat());
        let many = any::<u16>().prop_map(|n| n.to_string().into_bytes());
        prop::collection::vec(prop::option::weighted(0.95, prop_oneof![few, long, many]), 0..3000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sums_as_a_hash_map_does(keys in keys(), weights in prop::collection::vec(-9i64..9, 3000)) {
            let mut groups = Groups::new();
            groups.add(&text(&keys), None);
            prop_assert_eq!(content(&groups), model(&keys));
            groups.add(&text(&keys), Some(&weights[..keys.len()]));
            let mut expected = model(&keys);
            keys.iter().zip(&weights).for_each(|(key, w)| *expected.entry(key.clone()).or_default() += w);
            prop_assert_eq!(content(&groups), expected);
            groups.clear();
            prop_assert_eq!(content(&groups), Model::new());
            groups.add(&text(&keys), None);
            prop_assert_eq!(content(&groups), model(&keys));
        }

        #[test]
        fn numbers_are_dense_and_in_the_order_of_the_rows(keys in keys(), cut in 0usize..3000) {
            let (first, second) = keys.split_at(cut.min(keys.len()));
            let (mut groups, mut numbers) = (Groups::new(), Vec::new());
            groups.number(&text(first), &mut numbers);
            groups.number(&text(second), &mut numbers);
            let mut seen = HashMap::new();
            for (key, number) in keys.iter().zip(&numbers) {
                let next = seen.len() as u32;
                prop_assert_eq!(*seen.entry(key).or_insert(next), *number);
            }
            groups.for_each(|key, number, _| assert_eq!(seen[&key.map(<[u8]>::to_vec)], number));
        }

        #[test]
        fn shipped_pieces_come_together_to_the_whole(keys in keys(), shards in 1usize..9) {
            let mut parts: Vec<Groups> = (0..shards).map(|_| Groups::new()).collect();
            for (n, some) in keys.chunks(100).enumerate() {
                parts[n % shards].add(&text(some), None);
            }
            for from in 0..shards {
                for to in (0..shards).filter(|&to| to != from) {
                    let parcel = parts[from].ship(to, shards);
                    parts[to].take(&parcel);
                }
            }
            let mut all = Model::new();
            for part in &parts {
                for (key, count) in content(part) {
                    prop_assert!(all.insert(key, count).is_none(), "two shards own one key");
                }
            }
            prop_assert_eq!(all, model(&keys));
        }

        #[test]
        fn nothing_is_lost_between_shipping_some_pieces_and_going_on(keys in keys(), again in keys()) {
            let mut groups = Groups::new();
            groups.add(&text(&keys), None);
            let mut other = Groups::new();
            other.take(&groups.ship(1, 3));
            let both: Model = content(&groups).into_iter().chain(content(&other)).collect();
            prop_assert_eq!(both, model(&keys));
            groups.add(&text(&again), None);
            let mut numbers = Vec::new();
            for piece in 0..2 {
                other.take_numbered(&groups.ship(piece, 2), &mut numbers);
            }
            prop_assert!(groups.is_empty());
            prop_assert_eq!(content(&other), model(&[keys, again].concat()));
        }
    }

    #[test]
    fn a_new_table_takes_no_memory_and_an_empty_one_gives_nothing() {
        let mut groups = Groups::new();
        assert_eq!(groups.slots.len(), 0);
        assert!(groups.ship(0, 2).is_empty());
        groups.clear();
        assert_eq!((groups.slots.len(), groups.len()), (0, 0));
    }

    #[test]
    fn tables_stay_below_their_limit_and_shrink_step_by_step_after_a_large_batch() {
        let many: Keys = (0..300_000u32).map(|n| Some(n.to_string().into_bytes())).collect();
        let mut groups = Groups::new();
        groups.add(&text(&many), None);
        assert!(groups.len() <= limit(groups.slots.len()) && groups.slots.len() <= 1 << 19);
        groups.clear();
        assert_eq!(groups.slots.len(), 1 << 19, "it may be as large again");
        let sizes = [(); 3].map(|()| {
            groups.add(&text(&many[..10]), None);
            groups.clear();
            groups.slots.len()
        });
        assert_eq!(sizes, [1 << 16, 1 << 16, 1 << 16]);
        groups.add(&text(&many[..10]), None);
        assert_eq!(content(&groups), model(&many[..10]));
    }

    #[test]
    fn sums_stop_at_the_ends() {
        let mut groups = Groups::new();
        let key = text(&[Some(b"k".to_vec())]);
        groups.add(&key, Some(&[i64::MAX]));
        groups.add(&key, None);
        groups.for_each(|_, _, value| assert_eq!(value, i64::MAX));
    }

    #[test]
    fn keys_given_by_one_table_do_not_crowd_a_smaller_one() {
        // In slot order they would fill one end of the growing table: its longest stretch of taken slots would be
        // thousands long.
        let many: Keys = (0..150_000u32).map(|n| Some(n.to_string().into_bytes())).collect();
        let mut groups = Groups::new();
        groups.add(&text(&many), None);
        let mut given = Keys::new();
        groups.for_each(|key, _, _| given.push(key.map(<[u8]>::to_vec)));
        let mut other = Groups::new();
        for some in given.chunks(5000).take(16) {
            other.add(&text(some), None);
        }
        let longest = other.slots.split(|slot| slot.tag == 0).map(<[Slot]>::len).max();
        assert!(longest < Some(400), "{longest:?}");
    }
}
