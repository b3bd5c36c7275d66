//! Keys that leave a table again. Their slots are closed by moving back those behind them, so that nothing of them stays; their
//! numbers are given to the keys that come next.

use super::super::fast::prefetch;
use super::super::slot::{Key, Slot};
use super::{Groups, RUN, SMALLEST, slots_for};

/// A table with fewer keys than this part of its slots is made smaller.
const SPARSE: usize = 16;

/// What it takes to find the slot of a group, and to give numbers again.
#[derive(Default)]
pub(super) struct Removal {
    /// Of each group number that was ever given the low bits of its key's hash.
    homes: Vec<u32>,
    /// Numbers that no key has.
    free: Vec<u32>,
    /// How many bytes of the arena are of no key any more.
    dead: usize,
}

impl Removal {
    /// The number of a new key.
    pub(super) fn number(&mut self, key: &Key) -> u32 {
        let home = key.hash as u32;
        match self.free.pop() {
            Some(group) => {
                self.homes[group as usize] = home;
                group
            }
            None => {
                self.homes.push(home);
                self.homes.len() as u32 - 1
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Removal::default();
    }
}

impl Groups {
    /// No groups; keys can be removed.
    pub fn removable() -> Self {
        Groups { removal: Some(Box::default()), ..Groups::new() }
    }

    /// All group numbers are less than this: as many as there were keys at once.
    pub fn reach(&self) -> usize {
        self.removal.as_ref().map_or(self.len, |removal| removal.homes.len())
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let removal = self.removal.as_ref().map_or(0, |removal| 4 * (removal.homes.len() + removal.free.len()));
        size_of_val(&self.slots[..]) + self.arena.len() + removal
    }

    /// Gives the key (`None`: null) of each of these groups, in their order.
    pub fn keys_of(&self, groups: &[u32], mut give: impl FnMut(Option<&[u8]>, u32)) {
        for run in groups.chunks(RUN) {
            self.fetch(run);
            for &group in run {
                if let Some(at) = self.slot_of(group) {
                    self.slots[at].with_key(&self.arena, |key| give(key, group));
                }
            }
        }
    }

    /// Removes the keys of these groups. The numbers will be given to others. Only of a table made by [`Groups::removable`].
    pub fn remove(&mut self, groups: &[u32]) {
        for run in groups.chunks(RUN) {
            self.fetch(run);
            for &group in run {
                if let Some(at) = self.slot_of(group) {
                    self.close(at);
                }
            }
        }
        self.tidy();
    }

    /// Begins to load the slots of these groups.
    fn fetch(&self, groups: &[u32]) {
        if let Some(removal) = self.removal.as_ref().filter(|_| !self.slots.is_empty()) {
            let mask = self.slots.len() - 1;
            let homes = groups.iter().filter_map(|group| removal.homes.get(*group as usize));
            homes.for_each(|home| prefetch(&self.slots[..], *home as usize & mask));
        }
    }

    /// Where the key of a group is.
    fn slot_of(&self, group: u32) -> Option<usize> {
        let home = *self.removal.as_ref()?.homes.get(group as usize)?;
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = home as usize & mask;
        while self.slots[at].tag != 0 {
            if self.slots[at].group == group {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Empties a slot, and moves into it what would not be found behind an empty one.
    fn close(&mut self, mut hole: usize) {
        let Some(removal) = &mut self.removal else { return };
        let gone = self.slots[hole];
        removal.free.push(gone.group);
        removal.dead += if gone.is_long() { gone.long_key(&self.arena).len() } else { 0 };
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut at = (hole + 1) & mask;
        while self.slots[at].tag != 0 {
            let home = self.hasher.of_slot(&self.slots[at]) as usize & mask;
            // How far it stands from its first slot, and how far the hole is behind it.
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.slots[hole] = Slot::default();
    }

    /// Gives back memory that only keys of the past needed. What this costs was saved up by their removal.
    fn tidy(&mut self) {
        if self.slots.len() > SMALLEST && self.len < self.slots.len() / SPARSE {
            self.grow(slots_for(2 * self.len));
        }
        let Some(removal) = &mut self.removal else { return };
        if self.len == 0 {
            self.arena = Vec::new();
            removal.clear();
        } else if removal.dead > self.arena.len() / 2 && removal.dead >= self.slots.len() {
            let mut arena = Vec::with_capacity(self.arena.len() - removal.dead);
            for slot in self.slots.iter_mut().filter(|slot| slot.is_long()) {
                let start = arena.len() as u64;
                arena.extend_from_slice(slot.long_key(&self.arena));
                slot.high = start;
            }
            self.arena = arena;
            removal.dead = 0;
        }
    }
}
