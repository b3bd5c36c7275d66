//! Going through all slots of a table, taken or not.

use std::ops::Range;

use super::super::fast::prefetch;
use super::super::slot::Slot;

/// Slots are visited in stretches of so many.
pub(super) const STRETCH: usize = 64;
/// ... which are fetched from memory so many before their turn.
const AHEAD: usize = 2;

/// All of so many slots (a power of two, or none), in stretches that jump about: whoever puts the keys into a smaller
/// table in this order fills it evenly, and not one end of it first. With each comes one that it is time to [`fetch`].
pub(super) fn stretches(slots: usize) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let count = slots / STRETCH;
    let stretch = move |n: usize| {
        let at = n.wrapping_mul(0x9E37_79B1) & (count - 1);
        at * STRETCH..(at + 1) * STRETCH
    };
    (0..count).map(move |n| (stretch(n), stretch(n + AHEAD)))
}

/// Which slots of a stretch are taken, and how many: no branch depends on what nobody can guess.
#[inline(always)]
pub(super) fn taken(slots: &[Slot]) -> ([u8; STRETCH], usize) {
    let (mut taken, mut count) = ([0; STRETCH], 0);
    for (slot, at) in slots.iter().zip(0..) {
        taken[count % STRETCH] = at;
        count += usize::from(slot.tag != 0);
    }
    (taken, count)
}

/// Fetches a stretch from memory: the processor does not guess where the next one is.
#[inline(always)]
pub(super) fn fetch(slots: &[Slot], stretch: Range<usize>) {
    stretch.step_by(64 / size_of::<Slot>()).for_each(|at| prefetch(slots, at));
}
