//! Groups against a hash map, alone and shipped between several.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::block::Span;
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
    groups.for_each(|key, _, value| assert!(all.insert(key.map(<[u8]>::to_vec), value).is_none(), "a key came twice"));
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
    fn shipped_parcels_come_together_to_the_whole(keys in keys(), shards in 1usize..9) {
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
    fn nothing_is_lost_between_shipping_some_parcels_and_going_on(keys in keys(), again in keys()) {
        let mut groups = Groups::new();
        groups.add(&text(&keys), None);
        let mut other = Groups::new();
        other.take(&groups.ship(1, 3));
        let both: Model = content(&groups).into_iter().chain(content(&other)).collect();
        prop_assert_eq!(both, model(&keys));
        groups.add(&text(&again), None);
        for shard in 0..2 {
            other.take(&groups.ship(shard, 2));
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
