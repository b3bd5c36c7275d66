//! What stays in a table while the rest of it goes to other shards: it is not moved. The rest stands there, too, and is passed
//! over until the table is cleared.

use super::super::slot::{Slot, shard_of};
use super::stretches::{STRETCH, fetch, stretches, taken};
use super::{Groups, Parcel};

impl Groups {
    /// As [`Groups::cut`], but only for the other shards: what belongs to shard `me` stays. Until the table is cleared nothing may
    /// come in but what belongs to that shard, and [`Groups::len`] is too much.
    pub fn cut_others(&mut self, me: usize, shards: usize) -> Vec<Parcel> {
        self.settle();
        self.purge();
        let expected = self.expected(shards);
        let mut parcels: Vec<Parcel> = (0..shards)
            .map(|shard| if shard == me { Parcel::default() } else { self.empty_parcel(expected) })
            .collect();
        for (stretch, later) in stretches(self.slots.len()) {
            fetch(&self.slots, later);
            let slots = &self.slots[stretch];
            let (mut taken, count) = taken(slots);
            let count = self.only(slots, &mut taken[..count], |shard| shard != me, shards);
            for slot in taken[..count].iter().map(|at| &slots[usize::from(*at)]) {
                parcels[shard_of(self.hasher.of_slot(slot), shards)].push(*slot, &self.arena);
            }
        }
        self.staying = Some((me, shards));
        parcels.remove(me);
        parcels
    }

    /// Puts those of the `taken` slots first whose shard is wanted: how many these are.
    #[inline(always)]
    pub(super) fn only(
        &self,
        slots: &[Slot],
        taken: &mut [u8],
        wanted: impl Fn(usize) -> bool,
        shards: usize,
    ) -> usize {
        let mut count = 0;
        for at in 0..taken.len() {
            let slot = taken[at];
            taken[count] = slot;
            count += usize::from(wanted(shard_of(self.hasher.of_slot(&slots[usize::from(slot)]), shards)));
        }
        count
    }

    /// Takes out what is passed over; numbers begin anew.
    pub(super) fn purge(&mut self) {
        if let Some((me, shards)) = self.staying.take() {
            let parcel = self.cut(shards).swap_remove(me);
            self.add_all(&parcel);
        }
    }

    /// How many groups go to one of so many shards, a few more than is likely.
    pub(super) fn expected(&self, shards: usize) -> usize {
        self.len / shards + self.len / shards / 16 + STRETCH
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::data::block::{Span, Text};
    use crate::data::buffer::Buffer;

    fn fold(groups: &mut Groups, keys: &[String]) {
        let mut start = 0;
        let span = |key: &String| {
            start += key.len();
            Span::range(start - key.len(), start)
        };
        let spans = keys.iter().map(span).collect();
        groups.add(&Text { data: Arc::new(Buffer::from_vec(keys.concat().into_bytes())), spans }, None);
    }

    fn content(groups: &Groups) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        groups.for_each(|key, _, count| {
            let key = String::from_utf8(key.unwrap().to_vec()).unwrap();
            assert_eq!(all.insert(key, count), None, "a key stands there once");
        });
        all
    }

    proptest! {
        /// Tables that send each other what is not theirs hold each key once, with the count of all; also in the next batch.
        #[test]
        fn what_stays_and_what_comes_is_all(
            batches in prop::collection::vec(prop::collection::vec("[ab]{0,3}|[a-c]{16,18}", 0..200), 1..4),
            shards in 1usize..5, purged: bool,
        ) {
            let mut tables: Vec<Groups> = (0..shards).map(|_| Groups::new()).collect();
            for keys in batches {
                let mut expected = BTreeMap::new();
                keys.iter().for_each(|key| *expected.entry(key.clone()).or_insert(0) += 1);
                keys.chunks(7).enumerate().for_each(|(at, keys)| fold(&mut tables[at % shards], keys));
                let mut sent: Vec<Vec<Parcel>> = (0..shards).map(|_| Vec::new()).collect();
                for (from, table) in tables.iter_mut().enumerate() {
                    let parcels = table.cut_others(from, shards);
                    prop_assert_eq!(parcels.len(), shards - 1);
                    for (to, parcel) in (0..shards).filter(|to| *to != from).zip(parcels) {
                        sent[to].push(parcel);
                    }
                }
                let mut found = BTreeMap::new();
                for (table, parcels) in tables.iter_mut().zip(sent) {
                    if purged {
                        table.purge();
                    }
                    for parcel in parcels {
                        table.take(&parcel);
                        table.spare(parcel);
                    }
                    for (key, count) in content(table) {
                        prop_assert_eq!(found.insert(key, count), None);
                    }
                    table.clear();
                    prop_assert!(table.is_empty() && content(table).is_empty());
                }
                prop_assert_eq!(found, expected);
            }
        }
    }
}
