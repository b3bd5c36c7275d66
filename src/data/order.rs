//! The order of values and of rows (SPEC 3): nulls, then numbers by value, then text by bytes; numbers that are equal but
//! not the same bytes, by bytes. Rows are sorted as [`Entry`]s of 16 bytes, most of which differ in their prefix.

use std::cmp::Ordering;

use super::block::{Block, Cell, Column, Order};
use super::number;
use super::rows::Rows;

/// A column to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// Which column of the block.
    pub column: usize,
    /// Greatest first.
    pub descending: bool,
}

/// A row of [`Rows`], with as much of its first key as 64 bits can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Two rows whose prefixes differ are in the order of their prefixes.
    pub prefix: u64,
    /// Which block.
    pub block: u32,
    /// Which row of the block.
    pub row: u32,
}

/// The order of two values, ascending.
pub fn compare_cells(a: Cell<'_>, b: Cell<'_>) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Less,
        (_, Cell::Null) => Ordering::Greater,
        (Cell::Int(a), Cell::Int(b)) => a.cmp(&b),
        (Cell::Int(a), Cell::Text(b)) => compare_texts(itoa::Buffer::new().format(a).as_bytes(), b),
        (Cell::Text(a), Cell::Int(b)) => compare_texts(a, itoa::Buffer::new().format(b).as_bytes()),
        (Cell::Text(a), Cell::Text(b)) => compare_texts(a, b),
    }
}

fn compare_texts(a: &[u8], b: &[u8]) -> Ordering {
    match (number::parse(a), number::parse(b)) {
        (Some(x), Some(y)) => number::compare(&x, &y).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// What of an ascending value fits 64 bits: 0 is null, then 63 bits of a number's `f64`, then, behind the highest bit, 63
/// bits of text. Never out of order, but values that differ may have it in common.
pub fn prefix(cell: Cell<'_>) -> u64 {
    match cell {
        Cell::Null => 0,
        Cell::Int(value) => of_number(value as f64),
        Cell::Text(text) => match number::parse(text) {
            Some(number) => of_number(number.value()),
            None => {
                let mut first = [0; 8];
                let length = text.len().min(8);
                first[..length].copy_from_slice(&text[..length]);
                1 << 63 | u64::from_be_bytes(first) >> 1
            }
        },
    }
}

/// The order of floats as one of whole numbers: above zero the bits grow with the value, below they shrink.
fn of_number(value: f64) -> u64 {
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    (if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }) >> 1
}

/// [`Entry::prefix`] of a row that stands at `order`, if it has one. Rows without keys are ordered by that.
pub fn prefix_of(keys: &[SortKey], block: &Block, row: usize, order: Option<Order>) -> u64 {
    match keys.first() {
        Some(key) => {
            let prefix = prefix(block.columns[key.column].cell(row));
            if key.descending { !prefix } else { prefix }
        }
        None => order.map_or(0, |order| order.block),
    }
}

/// The order of two rows of any blocks by their keys alone.
pub fn compare_keys(keys: &[SortKey], a: (&Block, usize), b: (&Block, usize)) -> Ordering {
    for key in keys {
        let order = compare_cells(a.0.columns[key.column].cell(a.1), b.0.columns[key.column].cell(b.1));
        if order.is_ne() {
            return if key.descending { order.reverse() } else { order };
        }
    }
    Ordering::Equal
}

/// Compares entries of the same rows.
#[derive(Clone, Copy)]
pub struct Comparator<'a> {
    rows: &'a Rows,
    keys: &'a [SortKey],
}

impl<'a> Comparator<'a> {
    /// For entries of `rows`, ordered by `keys`; ties fall to [`Rows::orders`].
    pub fn new(rows: &'a Rows, keys: &'a [SortKey]) -> Self {
        Comparator { rows, keys }
    }

    /// By prefix, by all keys, by the order of the rows. Rows without an order that have the same keys are equal.
    #[inline]
    pub fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| self.compare_in_full(a, b))
    }

    fn compare_in_full(&self, a: &Entry, b: &Entry) -> Ordering {
        let place = |entry: &Entry| (&self.rows.blocks[entry.block as usize], entry.row as usize);
        let order = |entry: &Entry| self.rows.order_of(entry.block as usize, entry.row as usize);
        compare_keys(self.keys, place(a), place(b)).then_with(|| order(a).cmp(&order(b)))
    }
}

/// The rows of one run in order. `first_block` is added to the number of each block, so that entries of several runs can
/// be compared once their rows are put behind one another.
pub fn sorted(rows: &Rows, keys: &[SortKey], first_block: u32) -> Vec<Entry> {
    let mut entries = entries(rows, keys);
    entries.sort_unstable_by_key(|entry| entry.prefix);
    let comparator = Comparator::new(rows, keys);
    for same in entries.chunk_by_mut(|a, b| a.prefix == b.prefix) {
        if same.len() > 1 {
            same.sort_unstable_by(|a, b| comparator.compare_in_full(a, b));
        }
    }
    if first_block > 0 {
        for entry in &mut entries {
            entry.block += first_block;
        }
    }
    entries
}

/// An entry for each row, in the order of the blocks.
fn entries(rows: &Rows, keys: &[SortKey]) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(rows.len());
    for (number, block) in rows.blocks.iter().enumerate() {
        let entry = |row: usize, prefix| Entry { prefix, block: number as u32, row: row as u32 };
        // A column of whole numbers needs no look at each cell's kind.
        match keys.first().map(|key| (&block.columns[key.column], key.descending)) {
            Some((Column::Int(values), descending)) => {
                let flip = if descending { u64::MAX } else { 0 };
                let made = values.iter().enumerate().map(|(row, &v)| entry(row, of_number(v as f64) ^ flip));
                entries.extend(made);
            }
            _ => entries
                .extend((0..block.rows).map(|row| entry(row, prefix_of(keys, block, row, rows.order_of(number, row))))),
        }
    }
    entries
}

/// Sorted runs as one. Equal rows come in the order of their runs.
pub fn merge(comparator: &Comparator<'_>, runs: &[&[Entry]]) -> Vec<Entry> {
    match runs {
        [] => Vec::new(),
        [run] => run.to_vec(),
        [a, b] => merge_two(comparator, a, b),
        _ => {
            let (front, back) = runs.split_at(runs.len() / 2);
            merge_two(comparator, &merge(comparator, front), &merge(comparator, back))
        }
    }
}

fn merge_two(comparator: &Comparator<'_>, mut a: &[Entry], mut b: &[Entry]) -> Vec<Entry> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        if comparator.compare(first, second).is_le() {
            merged.push(*first);
            a = a_rest;
        } else {
            merged.push(*second);
            b = b_rest;
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
    merged
}

/// How many rows of each part are looked at to find where to cut.
const SAMPLES: usize = 64;

/// Cuts sorted runs into `parts` consecutive ranges of the order, of about equal size: `cut(…)[part][run]` is what of the
/// run belongs to the part. Equal rows are in the same part.
pub fn cut(comparator: &Comparator<'_>, runs: &[Vec<Entry>], parts: usize) -> Vec<Vec<std::ops::Range<usize>>> {
    let parts = parts.max(1);
    let total: usize = runs.iter().map(Vec::len).sum();
    let step = (total / (parts * SAMPLES)).max(1);
    let mut samples: Vec<Entry> =
        runs.iter().flat_map(|run| run.iter().skip(step / 2).step_by(step)).copied().collect();
    samples.sort_unstable_by(|a, b| comparator.compare(a, b));
    let mut begins = vec![0; runs.len()];
    let mut cut = Vec::with_capacity(parts);
    for part in 1..=parts {
        let border = if part < parts { samples.get(part * samples.len() / parts) } else { None };
        let ranges = runs.iter().zip(&mut begins).map(|(run, begin)| {
            let end = match border {
                Some(border) => *begin + run[*begin..].partition_point(|e| comparator.compare(e, border).is_lt()),
                None if part < parts => *begin,
                None => run.len(),
            };
            std::mem::replace(begin, end)..end
        });
        cut.push(ranges.collect());
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::rows::{block_of, sample_rows};
    use proptest::prelude::*;

    const ASCENDING: SortKey = SortKey { column: 0, descending: false };
    const DESCENDING: SortKey = SortKey { column: 0, descending: true };

    fn cell() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop_oneof![
            Just(None),
            "[-+]?[0-9]{1,3}(\\.[0-9])?(e[-+]?[0-9]{1,3})?".prop_map(|s| Some(s.into_bytes())),
            "[0-9]{15,25}".prop_map(|s| Some(s.into_bytes())),
            "[a-c]{0,10}".prop_map(|s| Some(s.into_bytes())),
            proptest::collection::vec(any::<u8>(), 0..10).prop_map(Some),
        ]
    }

    fn as_cell(text: &Option<Vec<u8>>) -> Cell<'_> {
        text.as_deref().map_or(Cell::Null, Cell::Text)
    }

    #[test]
    fn nulls_then_numbers_by_value_then_text_by_bytes() {
        let texts =
            ["-1e9", "-1", "+0", "-0", "0", "0.5", "07", "7", "7.0", "10", "1e400", "1e401", "", "-", "B", "a", "aa"];
        let mut cells = vec![Cell::Null];
        cells.extend(texts.iter().map(|t| Cell::Text(t.as_bytes())));
        for pair in cells.windows(2) {
            assert_eq!(compare_cells(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn whole_numbers_stand_among_texts_as_they_are_printed() {
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"7")), Ordering::Equal);
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"07")), Ordering::Greater);
        assert_eq!(compare_cells(Cell::Text(b"6.9"), Cell::Int(7)), Ordering::Less);
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"a")), Ordering::Less);
        assert_eq!(compare_cells(Cell::Int(i64::MIN), Cell::Null), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn prefixes_are_never_out_of_order(a in cell(), b in cell(), x: i64, y: i64) {
            for (a, b) in [(as_cell(&a), as_cell(&b)), (Cell::Int(x), as_cell(&b)), (Cell::Int(x), Cell::Int(y))] {
                let by_prefix = prefix(a).cmp(&prefix(b));
                prop_assert!(by_prefix.is_eq() || by_prefix == compare_cells(a, b), "{:?} {:?}", a, b);
            }
        }

        #[test]
        fn the_order_is_total(a in cell(), b in cell(), c in cell()) {
            let (a, b, c) = (as_cell(&a), as_cell(&b), as_cell(&c));
            prop_assert_eq!(compare_cells(a, b), compare_cells(b, a).reverse());
            if compare_cells(a, b).is_le() && compare_cells(b, c).is_le() {
                prop_assert!(compare_cells(a, c).is_le());
            }
        }

        #[test]
        fn sorting_is_that_of_the_comparison(rows in sample_rows(cell(), 3), keys in keys()) {
            let comparator = Comparator::new(&rows, &keys);
            let entries = sorted(&rows, &keys, 0);
            prop_assert_eq!(entries.len(), rows.len());
            for pair in entries.windows(2) {
                // Orders make every two rows different.
                prop_assert_eq!(comparator.compare_in_full(&pair[0], &pair[1]), Ordering::Less);
                prop_assert_eq!(comparator.compare(&pair[0], &pair[1]), Ordering::Less);
            }
        }

        #[test]
        fn runs_cut_and_merged_are_the_whole(rows in sample_rows(cell(), 6), keys in keys(), parts in 1usize..5) {
            let whole = sorted(&rows, &keys, 0);
            let runs: Vec<Vec<Entry>> = (0..rows.blocks.len()).map(|n| {
                let run = Rows { blocks: vec![rows.blocks[n].clone()], orders: vec![rows.orders[n].clone()] };
                sorted(&run, &keys, n as u32)
            }).collect();
            let comparator = Comparator::new(&rows, &keys);
            let mut merged = Vec::new();
            let pieces = cut(&comparator, &runs, parts);
            prop_assert_eq!(pieces.len(), parts);
            for ranges in pieces {
                let slices: Vec<&[Entry]> = runs.iter().zip(ranges).map(|(run, range)| &run[range]).collect();
                merged.extend(merge(&comparator, &slices));
            }
            prop_assert_eq!(merged, whole);
        }
    }

    fn keys() -> impl Strategy<Value = Vec<SortKey>> {
        let key = (0usize..2, any::<bool>()).prop_map(|(column, descending)| SortKey { column, descending });
        proptest::collection::vec(key, 0..3)
    }

    #[test]
    fn parts_are_of_about_equal_size() {
        let texts: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        let block = block_of(&[texts.iter().map(|t| Some(t.as_bytes())).collect()]);
        let rows = Rows { blocks: vec![block], orders: Vec::new() };
        let run = sorted(&rows, &[DESCENDING], 0);
        let runs = [run[..5000].to_vec(), run[5000..].to_vec()];
        for ranges in cut(&Comparator::new(&rows, &[DESCENDING]), &runs, 4) {
            let size: usize = ranges.iter().map(|r| r.len()).sum();
            assert!((2000..3000).contains(&size), "{size}");
        }
    }

    #[test]
    fn rows_that_cannot_be_told_apart_stay_together() {
        let rows = Rows { blocks: vec![block_of(&[vec![Some(b"x"); 100]])], orders: Vec::new() };
        let run = sorted(&rows, &[ASCENDING], 0);
        let pieces = cut(&Comparator::new(&rows, &[ASCENDING]), &[run[..50].to_vec(), run[50..].to_vec()], 3);
        let sizes: Vec<usize> = pieces.iter().map(|ranges| ranges.iter().map(|r| r.len()).sum()).collect();
        assert_eq!(sizes.iter().filter(|&&size| size == 100).count(), 1, "{sizes:?}");
    }
}
