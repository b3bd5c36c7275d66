//! Partitions against a hash map: filled, shipped, taken and merged, with runs so short that they are merged all the time.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::block::Span;
use crate::data::buffer::Buffer;

type Keys = Vec<(Option<Vec<u8>>, i64)>;
type Model = HashMap<Option<Vec<u8>>, i64>;

fn text(keys: &Keys) -> Text {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for (key, _) in keys {
        let start = data.len();
        data.extend_from_slice(key.as_deref().unwrap_or_default());
        spans.push(if key.is_some() { Span::range(start, data.len()) } else { Span::NULL });
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

fn keys() -> impl Strategy<Value = Keys> {
    let few = prop::collection::vec(prop_oneof![Just(0u8), Just(b'a'), Just(b'b')], 0..3);
    let long = (14usize..40, any::<u8>()).prop_map(|(n, last)| [vec![b'x'; n], vec![last]].concat());
    let many = any::<u16>().prop_map(|n| n.to_string().into_bytes());
    let key = prop::option::weighted(0.95, prop_oneof![few, long, many]);
    prop::collection::vec((key, -9i64..9), 0..4000)
}

fn add_to(model: &mut Model, keys: &Keys) {
    keys.iter().for_each(|(key, value)| *model.entry(key.clone()).or_default() += value);
}

/// What the partitions hold as it is given, several values of a key added up, and as it is merged: there each key comes once.
fn content(partitions: Partitions) -> (Model, Model) {
    let (mut given, mut merged) = (Model::new(), Model::new());
    let mut count = 0;
    partitions.for_each(|key, value| {
        count += 1;
        *given.entry(key.map(<[u8]>::to_vec)).or_default() += value;
    });
    assert_eq!(count, partitions.len());
    for drained in partitions.drain() {
        for piece in 0..Drained::PIECES {
            let mut groups = Groups::new();
            drained.merge_into(piece, &mut groups, |_, mine, theirs| *mine += theirs);
            groups.for_each(|key, _, value| {
                assert!(merged.insert(key.map(<[u8]>::to_vec), value).is_none(), "a key in two pieces");
            });
        }
    }
    (given, merged)
}

fn owner(key: &Option<Vec<u8>>, shards: usize) -> usize {
    let mut groups = Groups::new();
    groups.add(&text(&vec![(key.clone(), 1)]), None);
    (0..shards).find(|shard| !groups.ship(*shard, shards).is_empty()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn they_add_up_as_a_hash_map_does(blocks in prop::collection::vec(keys(), 0..4), worth in 0usize..200) {
        let (mut partitions, mut model) = (Partitions::new(i64::checked_add, worth), Model::new());
        for keys in &blocks {
            partitions.add(&text(keys), |row| keys[row].1);
            add_to(&mut model, keys);
            prop_assert!(partitions.len() >= model.len());
        }
        let (given, merged) = content(partitions);
        prop_assert_eq!(&given, &model);
        prop_assert_eq!(&merged, &model);
    }

    /// Whatever the number of shards, also one that does not divide the partitions: each key goes to the shard to which a plain
    /// table ships it, from several parts, and nothing is lost if something is added between.
    #[test]
    fn shipped_partitions_come_together(blocks in prop::collection::vec(keys(), 1..4), shards in 1usize..70, late in keys()) {
        let mut model = Model::new();
        let mut owners: Vec<Partitions> = (0..shards).map(|_| Partitions::new(i64::checked_add, 50)).collect();
        for keys in &blocks {
            let mut part = Partitions::new(i64::checked_add, 50);
            part.add(&text(keys), |row| keys[row].1);
            add_to(&mut model, keys);
            for (to, owner) in owners.iter_mut().enumerate() {
                owner.take(part.ship(to, shards));
                if to == 0 {
                    let late = late.iter().filter(|(key, _)| self::owner(key, shards) > 0).take(50).cloned().collect();
                    part.add(&text(&late), |row| late[row].1);
                    add_to(&mut model, &late);
                }
            }
            prop_assert_eq!(part.len(), 0);
        }
        let mut all = Model::new();
        for (at, partitions) in owners.into_iter().enumerate() {
            for (key, value) in content(partitions).1 {
                prop_assert_eq!(owner(&key, shards), at);
                prop_assert!(all.insert(key, value).is_none(), "two shards own one key");
            }
        }
        prop_assert_eq!(all, model);
    }

    #[test]
    fn tables_and_parcels_move_in(keys in keys(), more in keys(), parcel in keys()) {
        let (mut partitions, mut model) = (Partitions::new(i64::checked_add, 50), Model::new());
        for keys in [&keys, &more, &parcel] {
            add_to(&mut model, keys);
        }
        let weights = |keys: &Keys| keys.iter().map(|(_, value)| *value).collect::<Vec<_>>();
        let mut groups = Groups::new();
        groups.add(&text(&keys), Some(&weights(&keys)));
        prop_assert!(partitions.take_groups(&mut groups) && groups.is_empty());
        partitions.add(&text(&more), |row| more[row].1);
        groups.add(&text(&parcel), Some(&weights(&parcel)));
        prop_assert!(partitions.take_parcel(&groups.ship(0, 1)));
        prop_assert_eq!(content(partitions).1, model);
    }
}

#[test]
fn what_does_not_fit_stays_out_and_what_cannot_be_combined_stays_apart() {
    let key: Keys = vec![(Some(b"a key that is long enough".to_vec()), 1), (Some(b"k".to_vec()), 1)];
    let mut groups = Groups::new();
    groups.add(&text(&key), Some(&[1, i64::MAX / 2]));
    let mut partitions = Partitions::new(i64::checked_add, 1);
    assert!(!partitions.take_groups(&mut groups) && groups.len() == 2);
    assert!(!partitions.take_parcel(&groups.ship(0, 1)) && partitions.is_empty());
    // Quarters of what does not fit: only three of them are put together.
    let quarter = (1i64 << 54) / 4;
    assert!(fits(3 * quarter) && !fits(4 * quarter));
    for _ in 0..100 {
        partitions.add(&text(&key), |_| quarter);
    }
    assert!(partitions.len() > 2 && partitions.len() < 200, "merged as far as it goes: {}", partitions.len());
    let (given, _) = content(partitions);
    assert!(key.iter().all(|(key, _)| given[key] == 100 * quarter));
}

#[test]
fn memory_goes_with_the_keys() {
    let mut partitions = Partitions::new(i64::checked_add, 100);
    let keys = |from: u32| (from..from + 1000).map(|n| (Some(format!("key number {n} of many").into_bytes()), 1));
    for round in 0..200 {
        let keys: Keys = keys(round % 20 * 1000).collect();
        partitions.add(&text(&keys), |_| 1);
    }
    let most = (2 * 20_000).max(WAYS * 100) + WAYS * BUFFER;
    assert!(partitions.len() <= most, "{} of {most}", partitions.len());
    let arenas: usize = partitions.layers.iter().flatten().flat_map(|l| &l.runs).map(|run| run.arena.len()).sum();
    assert!(arenas <= most * 32, "{arenas}");
    let slabs: usize = partitions.layers.iter().flatten().map(Layer::slabs).sum();
    assert_eq!(slabs, PARTITIONS, "chunks are used again");
    assert_eq!(content(partitions).1.len(), 20_000);
}
