//! Groups that belong together by a part of their keys: shards own them by that.

use super::super::slot::shard_of;
use super::{Groups, Parcel};

impl Groups {
    /// As [`Groups::cut`], but which shard a group belongs to is told by the part that `part` gives of its key.
    pub fn cut_by(&mut self, shards: usize, part: impl Fn(&[u8]) -> Option<&[u8]>) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = (0..shards).map(|_| Parcel::default()).collect();
        for all in self.cut(1) {
            for slot in all.entries.iter() {
                let hash = slot.with_key(&all.arena, |key| self.hasher.of_bytes(key.and_then(&part)));
                parcels[shard_of(hash, shards)].push(*slot, &all.arena);
            }
        }
        parcels
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

    proptest! {
        /// Keys that begin alike go to one shard, whichever table they come from, and none is lost.
        #[test]
        fn what_belongs_together_stays_together(keys in prop::collection::vec("[ab]{2}[a-c]{0,20}", 0..80), shards in 1usize..9) {
            let mut owners = BTreeMap::new();
            let mut all = BTreeMap::new();
            for keys in keys.chunks(30) {
                let mut groups = Groups::new();
                let data = Arc::new(Buffer::from_vec(keys.concat().into_bytes()));
                let mut start = 0;
                let span = |key: &String| {
                    start += key.len();
                    Span::range(start - key.len(), start)
                };
                groups.add(&Text { data, spans: keys.iter().map(span).collect() }, None);
                let parcels = groups.cut_by(shards, |key| Some(&key[..2]));
                prop_assert!(groups.is_empty() && parcels.len() == shards);
                for (shard, parcel) in parcels.iter().enumerate() {
                    parcel.for_each(|key, _, count| {
                        let key = String::from_utf8(key.unwrap().to_vec()).unwrap();
                        assert_eq!(*owners.entry(key[..2].to_string()).or_insert(shard), shard);
                        *all.entry(key).or_insert(0) += count;
                    });
                }
            }
            let mut expected = BTreeMap::new();
            keys.into_iter().for_each(|key| *expected.entry(key).or_insert(0) += 1);
            prop_assert_eq!(all, expected);
        }
    }
}
