//! Keys in ranges against a sorted map.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

type Keys = Vec<(Option<Vec<u8>>, i64)>;

fn text(keys: &[(Option<Vec<u8>>, i64)]) -> Text {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for (key, _) in keys {
        let start = data.len();
        data.extend_from_slice(key.as_deref().unwrap_or_default());
        spans.push(if key.is_some() { Span::range(start, data.len()) } else { Span::NULL });
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

fn key() -> impl Strategy<Value = Option<Vec<u8>>> {
    let odd = prop::collection::vec(any::<u8>(), 0..20);
    let texts = prop_oneof![
        4 => "[0-9]{1,4}",
        2 => "[-+]?[0-9]{1,20}(\\.[0-9]{1,2})?(e[-+]?[0-9]{1,3})?",
        4 => "[0-9a-f]{1,3}",
        2 => "[0-9a-fE.+-]{6,17}",
        2 => "the same[a-c]{0,12}",
        1 => "é[a-c]\u{0}{0,2}",
    ];
    prop::option::weighted(0.97, prop_oneof![6 => texts.prop_map(String::into_bytes), 1 => odd])
}

fn keys() -> impl Strategy<Value = Keys> {
    prop::collection::vec((key(), -9i64..9), 0..1500)
}

fn order(a: &Option<Vec<u8>>, b: &Option<Vec<u8>>) -> Ordering {
    compare_cells(cell(a.as_deref()), cell(b.as_deref()), ORDER.bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of several shards, of which one merges its runs all the time and has taken from another.
    #[test]
    fn all_ranges_are_the_whole_in_order(shards in prop::collection::vec(keys(), 1..4), ranges in 2usize..60, ship: bool) {
        let mut model: HashMap<Option<Vec<u8>>, i64> = HashMap::new();
        let mut all: Vec<Partitions> = Vec::new();
        for (at, keys) in shards.iter().enumerate() {
            let mut partitions = Partitions::new(i64::checked_add, [0, 1 << 20][at % 2]);
            partitions.add(&text(keys), |row| keys[row].1);
            keys.iter().for_each(|(key, value)| *model.entry(key.clone()).or_default() += value);
            all.push(partitions);
        }
        if ship && all.len() > 1 {
            let shipped = all[0].ship(1, 2);
            all[1].take(shipped);
        }
        let known = model.keys().map(|key| prefix(cell(key.as_deref()))).collect();
        let Some(borders) = Borders::between(known, ranges) else { return Ok(()) };
        let dealt: Vec<Dealt> = all.into_iter().map(|partitions| partitions.deal(&borders)).collect();
        let mut expected: Vec<_> = model.into_iter().collect();
        expected.sort_by(|a, b| order(&a.0, &b.0));
        let mut found = Vec::new();
        for range in 0..borders.ranges() {
            let first = found.len();
            let merge = |number, value: &mut i64, more| {
                assert!((number as usize) < expected.len() - first);
                *value += more;
            };
            for (keys, values) in sorted(&dealt, range, merge) {
                prop_assert_eq!(keys.spans.len(), values.len());
                let key = |span: &Span| span.of(keys.data.padded()).map(<[u8]>::to_vec);
                found.extend(keys.spans.iter().map(key).zip(values));
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_prefix_is_found_without_reading_the_key(key in key()) {
        let keys = vec![(key, 1)];
        let expected = prefix(cell(keys[0].0.as_deref()));
        let mut partitions = Partitions::new(i64::checked_add, 0);
        partitions.add(&text(&keys), |_| 1);
        prop_assert_eq!(partitions.ship(0, 1).sample(1), [expected]);
    }
}

proptest! {
    #[test]
    fn numbers_are_sorted(numbers in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..1 << 40], 0..2000), shift in 0u32..64) {
        let mut codes: Vec<u64> = numbers.iter().map(|number| number << shift).collect();
        let mut expected = codes.clone();
        expected.sort_unstable();
        sort(&mut codes);
        prop_assert_eq!(codes, expected);
    }
}

#[test]
fn a_sample_is_of_about_the_size_that_was_asked_for() {
    let keys: Keys = (0..50_000).map(|n| (Some(format!("{n:x}").into_bytes()), 1)).collect();
    let mut partitions = Partitions::new(i64::checked_add, 1 << 20);
    partitions.add(&text(&keys), |_| 1);
    let partitions = partitions.ship(0, 1);
    assert_eq!(partitions.sample(1 << 20).len(), 50_000);
    assert!((900..=1000).contains(&partitions.sample(1000).len()));
}

#[test]
fn a_long_range_comes_in_pieces_and_its_keys_have_numbers() {
    let keys: Keys = (0..200_000).map(|n| (Some(format!("{:06}x", n / 2).into_bytes()), 1)).collect();
    let mut partitions = Partitions::new(i64::checked_add, 1 << 20);
    partitions.add(&text(&keys), |_| 1);
    let borders = Borders::between(vec![u64::MAX - 1, u64::MAX], 2).expect("there are two");
    let mut merged = Vec::new();
    let pieces = sorted(&[partitions.deal(&borders)], 0, |number, value, more| {
        merged.push(number);
        *value += more;
    });
    assert_eq!(pieces.iter().map(|piece| piece.1.len()).collect::<Vec<_>>(), [BLOCK_ROWS, 100_000 - BLOCK_ROWS]);
    assert_eq!(merged, (0..100_000).collect::<Vec<_>>());
    assert!(pieces.iter().all(|piece| piece.1.iter().all(|value| *value == 2)));
}
