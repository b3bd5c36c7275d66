//! Combining rows with what lies beside their keys, where no one asks for groups and the order of the rows does not matter.
//!
//! Nearly every key is found in its first slot; which are not, no processor can guess, and a wrong guess costs more than a
//! look-up. So all first slots of a run are tried without a branch, and only what was not found there is looked for.

use std::hint::select_unpredictable;

use super::super::block::Text;
use super::super::fast::prefetch;
use super::super::slot::Key;
use super::{Groups, RUN};

impl Groups {
    /// Combines each row, of which `made` makes what there is to combine, with the value of its key, in any order: `quick`
    /// tells what becomes of the value, and whether that cannot be told (or is not all); then `each` is given the row, its
    /// group and the value, to be changed. `quick` is also asked about values that have nothing to do with the row. New
    /// groups are numbered in the order of the rows.
    #[inline(always)]
    pub fn combine<V: Copy + Default>(
        &mut self,
        keys: &Text,
        made: impl Fn(usize) -> V,
        quick: impl Fn(i64, V) -> (i64, bool),
        mut each: impl FnMut(usize, u32, &mut i64, V),
    ) {
        self.settle();
        let padded = keys.data.padded();
        let (mut found, mut values, mut missed) = ([Key::default(); RUN], [V::default(); RUN], [0u16; RUN]);
        for (run, first) in keys.spans.chunks(RUN).zip((0..).step_by(RUN)) {
            self.reserve(run.len());
            let mask = self.slots.len() - 1;
            for (to, span) in found.iter_mut().zip(run) {
                *to = self.hasher.key(padded, *span);
                prefetch(&self.slots[..], to.hash as usize & mask);
            }
            for (at, value) in values[..run.len()].iter_mut().enumerate() {
                *value = made(first + at);
            }
            let (slots, mut misses) = (&mut self.slots[..], 0);
            for (at, (key, value)) in found[..run.len()].iter().zip(&values).enumerate() {
                let slot = &mut slots[key.hash as usize & mask];
                let (combined, unknown) = quick(slot.value, *value);
                let done = slot.holds(key) & !unknown;
                slot.value = select_unpredictable(done, combined, slot.value);
                missed[misses] = at as u16;
                misses += usize::from(!done);
            }
            for at in missed[..misses].iter().map(|at| usize::from(*at)) {
                let key = &found[at];
                let bytes = if key.is_long() { run[at].of(padded).unwrap_or_default() } else { &[] };
                let place = self.search(key, key.hash as usize & mask, bytes);
                let slot = &mut self.slots[place];
                each(first + at, slot.group, &mut slot.value, values[at]);
            }
        }
    }
}
