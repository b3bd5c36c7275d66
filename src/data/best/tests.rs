//! The laws of [`Best`]: whatever way the rows take through several of them, the wanted ones come out.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::data::block::Column;
use crate::data::rows::{in_order, sample_rows};

fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of("[0-9a]{0,2}".prop_map(String::into_bytes))
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let key = (0usize..2, any::<bool>(), any::<bool>()).prop_map(|(column, descending, bytes)| SortKey {
        column,
        descending,
        bytes,
    });
    let keys = proptest::collection::vec(key, 0..3);
    let by = prop_oneof![Just(vec![]), Just(vec![0]), Just(vec![1]), Just(vec![1, 0])];
    (keys, any::<bool>(), 0usize..12, by).prop_map(|(keys, latest, count, by)| Wanted { keys, latest, count, by })
}

/// What is wanted, the slow way: a full sort. As names of rows, in the order of the input.
fn expected(rows: &Rows, wanted: &Wanted) -> Vec<String> {
    let mut turned = rows.clone();
    turned.orders.iter_mut().flatten().for_each(|order| *order = wanted.turn(*order));
    let mut sorted: Vec<(Entry, Vec<String>)> = Vec::new();
    for &entry in crate::data::order::sorted(&turned, &wanted.keys).iter() {
        let block = &rows.blocks[entry.block as usize];
        sorted.push((
            entry,
            wanted.by.iter().map(|&at| format!("{:?}", block.columns[at].cell(entry.row as usize))).collect(),
        ));
    }
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    sorted.retain(|(_, key)| {
        let seen = seen.entry(key.clone()).or_default();
        *seen += 1;
        *seen <= wanted.count
    });
    sorted.sort_by_key(|(entry, _)| (entry.block, entry.row));
    let name = |entry: &Entry| format!("{:?}", rows.blocks[entry.block as usize].columns[2].cell(entry.row as usize));
    sorted.iter().map(|(entry, _)| name(entry)).collect()
}

fn names(rows: &Rows) -> Vec<String> {
    in_order(rows, &[]).into_iter().map(|mut cells| cells.remove(2)).collect()
}

proptest! {
    #[test]
    fn the_wanted_rows_come_out_whatever_way_they_took(
        rows in sample_rows(values(), 8), wanted in wanted(), ways: Vec<u8>, thin: Vec<bool>,
    ) {
        let mut parts: Vec<Best> = (0..3).map(|_| Best::new(wanted.clone())).collect();
        // Blocks in any order, on any part, thinned out at any time.
        let mut blocks: Vec<(u8, &Block)> = ways.iter().copied().chain(std::iter::repeat(7)).zip(&rows.blocks).collect();
        blocks.sort_by_key(|block| block.0);
        for (step, (way, block)) in blocks.into_iter().enumerate() {
            let part = &mut parts[way as usize % 3];
            part.fold(block);
            if thin.get(step) == Some(&true) && wanted.count > 0 {
                part.settle();
                part.thin_out();
            }
        }
        let saved = parts[1].save();
        parts[1] = Best::new(wanted.clone());
        parts[1].take(&saved);
        // Shards 0 and 1 come together on the parts of these numbers, the last part gives away everything.
        let mut parcels: Vec<(usize, Rows)> = Vec::new();
        for (me, part) in parts.iter_mut().enumerate() {
            parcels.extend((0..2).filter(|&to| to != me).map(|to| (to, part.ship(to, 2))));
        }
        prop_assert!(parts[2].is_empty());
        for (to, parcel) in parcels.into_iter().rev() {
            parts[to].take(&parcel);
        }
        let mut found = Rows::default();
        for part in &mut parts {
            let rows = part.finish();
            prop_assert!(part.is_empty());
            found.blocks.extend(rows.blocks);
            found.orders.extend(rows.orders);
        }
        prop_assert_eq!(names(&found), expected(&rows, &wanted));
    }

    #[test]
    fn shipping_everything_leaves_it_ready_for_the_next_batch(rows in sample_rows(values(), 4), wanted in wanted()) {
        let mut best = Best::new(wanted.clone());
        for _ in 0..2 {
            rows.blocks.iter().for_each(|block| best.fold(block));
            let mut other = Best::new(wanted.clone());
            other.take(&best.ship(0, 1));
            prop_assert!(best.is_empty());
            prop_assert_eq!(names(&other.finish()), expected(&rows, &wanted));
        }
    }
}

fn ascending(count: usize, by: Vec<usize>) -> Wanted {
    Wanted { keys: vec![SortKey { column: 0, descending: false, bytes: false }], count, by, ..Wanted::default() }
}

/// A block of the numbers of a range, each followed by `weight` zeros.
fn block(range: Range<i64>, order: u64, weight: usize) -> Block {
    let texts: Vec<Vec<u8>> = range.clone().map(|_| vec![b'0'; weight]).collect();
    let mut block = crate::data::rows::block_of(&[texts.iter().map(|text| Some(&text[..])).collect()]);
    block.columns.insert(0, Column::ints(range.collect()));
    block.order = order;
    block
}

#[test]
fn what_is_kept_is_bounded_in_rows_and_bytes() {
    for (wanted, weight) in [(ascending(10, vec![]), 1), (ascending(10, vec![1]), 1), (ascending(10, vec![]), 100_000)]
    {
        let mut best = Best::new(wanted);
        // Descending, so that every row is better than all before it.
        for order in 0..200 {
            best.fold(&block(-50 * order - 50..-50 * order, order as u64, weight));
            assert!(best.len() < 20 + 3 * HANDFUL);
            assert!(best.store.bytes() < 3 * SLACK + 20 * weight, "{}", best.store.bytes());
        }
        assert_eq!(best.finish().len(), 10);
    }
}

#[test]
fn rows_that_come_too_late_are_not_copied() {
    let mut best = Best::new(ascending(10, vec![]));
    best.fold(&block(0..3000, 0, 1));
    let before = best.len();
    best.fold(&block(10..5000, 1, 1));
    best.fold(&block(9..10, 2, 1));
    assert_eq!(best.len(), before, "the last of them is equal, but later");
    best.fold(&block(8..9, 3, 1));
    assert_eq!(best.len(), before + 1);
}

#[test]
fn the_first_rows_of_the_input_need_a_look_at_the_first_rows_of_a_block() {
    for latest in [false, true] {
        let mut best = Best::new(Wanted { latest, count: 3, ..Wanted::default() });
        best.fold(&block(0..2000, 5, 1));
        assert_eq!(best.len(), 3);
        let rows = best.finish();
        let found: Vec<u32> = rows.orders.concat().iter().map(|order| order.row).collect();
        assert_eq!(found, if latest { [1997, 1998, 1999] } else { [0, 1, 2] });
    }
}

#[test]
fn what_a_handful_tells_is_known_to_the_next_of_the_same_block() {
    let mut best = Best::new(ascending(10, vec![]));
    best.fold(&block(0..100_000, 0, 1));
    assert_eq!(best.len(), 10, "all behind the first two handfuls were turned away");
}
