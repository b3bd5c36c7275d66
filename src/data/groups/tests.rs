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

    /// Rows are combined as one by one, whether that is quick, or has to be done the long way, as for some of the values; new
    /// groups have the numbers that they would have, and what is asked about other keys' values changes nothing.
    #[test]
    fn rows_are_combined_as_one_by_one(keys in keys(), values in prop::collection::vec(-9i64..9, 3000), cut in 0usize..3000) {
        let (mut groups, mut by_row, mut numbers) = (Groups::new(), Groups::new(), Vec::new());
        let mut start = 0;
        for some in keys.chunks(cut.max(1)) {
            let values = &values[start..];
            let quick = |sum: i64, value: i64| (if value < -3 { 777 } else { sum + value }, value < -3);
            groups.combine(&text(some), |row| values[row], quick, |row, _, sum, value| {
                assert_eq!(value, values[row]);
                *sum += value;
            });
            by_row.number(&text(some), &mut numbers);
            start += some.len();
        }
        let mut expected = Model::new();
        keys.iter().zip(&values).for_each(|(key, value)| *expected.entry(key.clone()).or_default() += value);
        prop_assert_eq!(content(&groups), expected);
        let numbered = |groups: &Groups| {
            let mut all = HashMap::new();
            groups.for_each(|key, number, _| assert!(all.insert(key.map(<[u8]>::to_vec), number).is_none()));
            all
        };
        prop_assert_eq!(numbered(&groups), numbered(&by_row));
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

/// What is done to a table that keys leave again.
#[derive(Debug, Clone)]
enum Step {
    Number(Keys),
    /// Adds to the values.
    Add(Keys),
    /// Removes the keys that are there whose number, times this, has its low bit set in some place.
    Remove(u32),
    Clear,
    Cut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => keys().prop_map(Step::Number),
        2 => keys().prop_map(Step::Add),
        6 => any::<u32>().prop_map(|n| Step::Remove(n | 1)),
        1 => Just(Step::Clear),
        1 => Just(Step::Cut),
    ];
    prop::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Keys come and go: those that are there have the value and the number that they were given, no number is of two keys,
    /// and there are no more numbers than there were keys at once.
    #[test]
    fn keys_leave_as_they_leave_a_hash_map(steps in steps()) {
        let mut groups = Groups::removable();
        let mut model: HashMap<Option<Vec<u8>>, (u32, i64)> = HashMap::new();
        let mut most = 0;
        for step in steps {
            match step {
                Step::Number(keys) => {
                    let mut numbers = Vec::new();
                    groups.number(&text(&keys), &mut numbers);
                    for (key, number) in keys.into_iter().zip(numbers) {
                        prop_assert_eq!(model.entry(key).or_insert((number, 0)).0, number);
                    }
                }
                Step::Add(keys) => {
                    groups.update(&text(&keys), |row, number, value| {
                        *value += 1;
                        model.entry(keys[row].clone()).or_insert((number, 0)).1 += 1;
                    });
                }
                Step::Remove(seed) => {
                    let leaves = |number: u32| number.wrapping_mul(seed) & 0b101_0000 != 0;
                    let gone: Vec<u32> = model.values().map(|entry| entry.0).filter(|n| leaves(*n)).collect();
                    model.retain(|_, entry| !leaves(entry.0));
                    groups.remove(&gone);
                }
                Step::Clear => {
                    groups.clear();
                    model.clear();
                    most = 0;
                }
                Step::Cut => {
                    let parcels = groups.cut(3);
                    prop_assert_eq!(parcels.iter().map(Parcel::len).sum::<usize>(), model.len());
                    prop_assert!(groups.is_empty());
                    model.clear();
                    most = 0;
                    for parcel in &parcels {
                        groups.merge(parcel, |_, mine, theirs| *mine += theirs);
                    }
                    groups.for_each(|key, number, value| {
                        model.insert(key.map(<[u8]>::to_vec), (number, value));
                    });
                }
            }
            most = if model.is_empty() { 0 } else { most.max(model.len()) };
            prop_assert_eq!(groups.len(), model.len());
            let mut found = HashMap::new();
            groups.for_each(|key, number, value| {
                assert!(found.insert(key.map(<[u8]>::to_vec), (number, value)).is_none(), "a key came twice");
            });
            prop_assert_eq!(&found, &model);
            let numbers: Vec<u32> = model.values().map(|entry| entry.0).collect();
            let different: std::collections::HashSet<u32> = numbers.iter().copied().collect();
            prop_assert_eq!(different.len(), numbers.len());
            prop_assert!(numbers.iter().all(|number| (*number as usize) < groups.reach()));
            prop_assert!(groups.reach() <= most.max(groups.len()), "{} {}", groups.reach(), most);
            let (known, mut looked_up): (Vec<_>, _) = (model.keys().cloned().collect(), Vec::new());
            groups.find(&text(&known), &mut looked_up);
            // Nothing is looked up by null, though it is a key.
            known.iter().zip(&mut looked_up).filter(|(key, _)| key.is_none()).for_each(|(_, n)| *n = model[&None].0);
            prop_assert!(known.iter().zip(&looked_up).all(|(key, number)| model[key].0 == *number));
            let mut named = Vec::new();
            groups.keys_of(&looked_up, |key, _| named.push(key.map(<[u8]>::to_vec)));
            prop_assert_eq!(named, known);
        }
    }
}

#[test]
fn memory_goes_with_the_keys() {
    let many: Keys = (0..200_000u32).map(|n| Some(format!("a key that is long: {n}").into_bytes())).collect();
    let (mut groups, mut numbers) = (Groups::removable(), Vec::new());
    groups.number(&text(&many), &mut numbers);
    let full = groups.bytes();
    groups.remove(&numbers[1000..]);
    assert_eq!(content(&groups).len(), 1000);
    assert!(
        groups.slots.len() <= 1 << 13 && groups.arena.len() < 1 << 16,
        "{} {}",
        groups.slots.len(),
        groups.arena.len()
    );
    assert!(groups.bytes() < full / 5);
    // A few keys that come and go beside many that stay: what they leave in the arena is bounded.
    let (mut groups, stay): (_, Keys) = (Groups::removable(), many[..50_000].to_vec());
    groups.number(&text(&stay), &mut Vec::new());
    let before = groups.arena.len();
    for key in &many[100_000..200_000] {
        numbers.clear();
        groups.number(&text(std::slice::from_ref(key)), &mut numbers);
        groups.remove(&numbers);
    }
    assert_eq!(groups.len(), stay.len());
    assert!(groups.arena.len() <= 2 * before + groups.slots.len() + 64, "{} {before}", groups.arena.len());
    assert_eq!(groups.reach(), stay.len() + 1);
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
