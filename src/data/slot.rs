//! What a table of keys is made of: slots, keys as they are looked up, and the hash functions. See
//! [`Groups`](super::groups::Groups).

use std::sync::LazyLock;

use ahash::RandomState;

use super::block::Span;
use super::seeds;

/// The longest key, in bytes, that lies in the slot itself.
const SHORT: usize = 16;

/// One place of the table.
#[repr(C, align(32))]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    /// The key, zeros behind it; of a long key its hash, and where it lies in the arena; of null its hash, and ones.
    pub(super) low: u64,
    pub(super) high: u64,
    /// See [`tag`]; 0: the slot is empty.
    pub(super) tag: u32,
    pub(super) group: u32,
    pub(super) value: i64,
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
    pub(super) fn holds(&self, key: &Key) -> bool {
        (self.low ^ key.low) | (self.high ^ key.high) | u64::from(self.tag ^ key.tag) == 0
    }

    pub(super) fn is_long(&self) -> bool {
        self.tag > SHORT_TAG
    }

    /// The key. `arena`: where its table keeps long keys.
    pub(super) fn with_key<R>(&self, arena: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> R) -> R {
        if self.tag == NULL {
            use_it(None)
        } else if self.is_long() {
            use_it(Some(self.long_key(arena)))
        } else {
            let bytes = (u128::from(self.low) | u128::from(self.high) << 64).to_le_bytes();
            use_it(Some(&bytes[..self.tag as usize - 2]))
        }
    }

    pub(super) fn long_key<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        &arena[self.high as usize..][..self.tag as usize - 2]
    }
}

/// A key to be looked up, as in its slot; but of a long key `high` is what no slot has.
#[derive(Clone, Copy, Default)]
pub(super) struct Key {
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) hash: u64,
    pub(super) tag: u32,
}

impl Key {
    #[inline(always)]
    pub(super) fn is_long(&self) -> bool {
        self.tag > SHORT_TAG
    }
}

/// A key with a value in 24 bytes, as it is kept where it is not looked up.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// As in a [`Slot`]; a long key has its length before it in the arena.
    low: u64,
    high: u64,
    /// The tag in the lowest byte ([`LONG`] for any that is greater), the value above it.
    rest: u64,
}

/// What a tally of a long key has for its tag.
const LONG: u32 = SHORT_TAG + 1;
/// How many bits the tag takes.
const TAG_BITS: u32 = 8;

/// Whether a value fits a tally. Those near 0 do and those near the least `i64`, for the highest bit may be a mark.
#[inline(always)]
pub(super) fn fits(value: i64) -> bool {
    let turned = value.rotate_left(1);
    (turned << TAG_BITS) >> TAG_BITS == turned
}

impl Tally {
    /// Of a value that [`fits`]. A long key is to be [put](Tally::put_key) into an arena.
    #[inline(always)]
    pub(super) fn new(key: &Key, value: i64) -> Self {
        let rest = (value.rotate_left(1) << TAG_BITS) as u64 | u64::from(key.tag.min(LONG));
        Tally { low: key.low, high: key.high, rest }
    }

    /// What stands in a slot, if it fits: a long key is still in the arena of the slot.
    pub(super) fn of_slot(slot: &Slot) -> Self {
        Tally::new(&Key { low: slot.low, high: slot.high, hash: 0, tag: slot.tag }, slot.value)
    }

    pub(super) fn value(&self) -> i64 {
        (self.rest as i64 >> TAG_BITS).rotate_right(1)
    }

    pub(super) fn is_long(&self) -> bool {
        self.tag() == LONG
    }

    /// The key as two words and its length, if it is a short text.
    #[inline(always)]
    pub(super) fn short(&self) -> Option<(u64, u64, usize)> {
        let len = self.tag().wrapping_sub(2) as usize;
        (len <= SHORT).then_some((self.low, self.high, len))
    }

    fn tag(&self) -> u32 {
        self.rest as u32 & ((1 << TAG_BITS) - 1)
    }

    /// Puts a long key into the arena.
    pub(super) fn put_key(&mut self, key: &[u8], arena: &mut Vec<u8>) {
        self.high = arena.len() as u64;
        arena.extend_from_slice(&(key.len() as u32).to_le_bytes());
        arena.extend_from_slice(key);
    }

    pub(super) fn long_key<'a>(&self, arena: &'a [u8]) -> &'a [u8] {
        let rest = &arena[self.high as usize..];
        let (len, rest) = rest.split_first_chunk().expect("the length stands before a key");
        &rest[..u32::from_le_bytes(*len) as usize]
    }

    pub(super) fn with_key<R>(&self, arena: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> R) -> R {
        if self.is_long() {
            return use_it(Some(self.long_key(arena)));
        }
        Slot { low: self.low, high: self.high, tag: self.tag(), group: 0, value: 0 }.with_key(&[], use_it)
    }
}

/// The hash functions of this process. Seeded, so that nobody can choose keys that collide; the same for all tables, so
/// that shards agree on who owns a key.
#[derive(Clone)]
pub(super) struct Hasher {
    low: u64,
    high: u64,
    long: RandomState,
}

pub(super) static HASHER: LazyLock<Hasher> = LazyLock::new(|| {
    let [a, b, c, d] = seeds::now();
    let long = RandomState::with_seeds(a, b, c, d);
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
    /// A hash of each kind, of something that is always the same.
    pub(super) fn probe(&self) -> u64 {
        self.short(1, 2) ^ self.long.hash_one(&b"longer than sixteen bytes"[..])
    }

    #[inline(always)]
    fn short(&self, low: u64, high: u64) -> u64 {
        let product = u128::from(low ^ self.low) * u128::from(high ^ self.high);
        product as u64 ^ (product >> 64) as u64
    }

    #[inline(always)]
    pub(super) fn key(&self, padded: &[u8], span: Span) -> Key {
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
        self.of_bytes(span.of(padded))
    }

    /// The hash of these bytes, whatever their length, or of null.
    pub(super) fn of_bytes(&self, bytes: Option<&[u8]>) -> u64 {
        bytes.map_or(self.low, |bytes| self.long.hash_one(bytes))
    }

    pub(super) fn key_of(&self, slot: &Slot) -> Key {
        let high = if slot.is_short() { slot.high } else { u64::MAX };
        Key { low: slot.low, high, hash: self.of_slot(slot), tag: slot.tag }
    }

    #[inline(always)]
    pub(super) fn key_of_tally(&self, tally: &Tally, arena: &[u8]) -> Key {
        let Tally { low, high, .. } = *tally;
        match tally.tag() {
            NULL => Key { low, high, hash: low, tag: NULL },
            LONG => Key { low, high: u64::MAX, hash: low, tag: tally.long_key(arena).len() as u32 + 2 },
            tag => Key { low, high, hash: self.short(low, high), tag },
        }
    }

    pub(super) fn of_tally(&self, tally: &Tally) -> u64 {
        if matches!(tally.tag(), NULL | LONG) { tally.low } else { self.short(tally.low, tally.high) }
    }

    pub(super) fn of_slot(&self, slot: &Slot) -> u64 {
        if slot.is_short() { self.short(slot.low, slot.high) } else { slot.low }
    }
}

/// Which shard a key of this hash belongs to: by high bits, for the low ones choose the slot.
pub(super) fn shard_of(hash: u64, shards: usize) -> usize {
    (((hash >> 32) * shards as u64) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tally_gives_back_every_value_that_fits(value: i64, shift in 0u32..64, mark: bool) {
            let value = (value >> shift) ^ if mark { i64::MIN } else { 0 };
            let tally = Tally::new(&Key { tag: 5, ..Key::default() }, value);
            prop_assert_eq!(tally.value() == value, fits(value));
            prop_assert_eq!(tally.tag(), 5);
            prop_assert!(fits(value) || shift < 9, "small ones fit");
        }
    }
}
