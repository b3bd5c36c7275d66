//! Sorting, merging and cutting of entries. Most rows differ in their prefix; only runs of the same prefix are looked at
//! again, eight bytes or one key further on, so that rows are fetched from memory once and not at each comparison.

use std::ops::{Deref, Range};

use super::radix::sort_by_prefix;
use super::{Comparator, Entry, HELD, SortKey, compare_cells, is_text, of_number, prefix, prefix_of, word};
use crate::data::column::{Cell, Column, Numbers};
use crate::data::fast::{HugeVec, prefetch};
use crate::data::rows::Rows;

/// The rows of one run in order.
pub fn sorted(rows: &Rows, keys: &[SortKey]) -> HugeVec<Entry> {
    let mut entries = entries(rows, keys);
    // Ties stay as the rows stand in memory, which is how they are looked at again.
    sort_by_prefix(&mut entries);
    sort_ties(&Comparator::new(rows, keys), &mut entries, Level::BEGIN);
    entries
}

/// What entries are sorted by at the moment: the prefix of a key, or what of its text follows the prefix.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Level {
    key: usize,
    further: bool,
}

impl Level {
    const BEGIN: Level = Level { key: 0, further: false };

    fn code(self, by: &Comparator<'_>, entry: &Entry) -> u64 {
        let key = by.keys[self.key];
        let cell = cell(by, entry, self.key);
        let code = match cell {
            Cell::Text(text) if self.further => word(text.get(HELD..).unwrap_or_default()),
            _ => prefix(cell),
        };
        if key.descending { !code } else { code }
    }
}

fn cell<'a>(by: &Comparator<'a>, entry: &Entry, key: usize) -> Cell<'a> {
    match by.texts[entry.block as usize] {
        Some((spans, bytes)) if key == 0 => spans[entry.row as usize].of(bytes).map_or(Cell::Null, Cell::Text),
        _ => by.rows.blocks[entry.block as usize].columns[by.keys[key].column].cell(entry.row as usize),
    }
}

/// How many entries are fetched from memory together, so that their cache misses overlap.
const BATCH: usize = 256;

/// Goes on sorting entries that are in the order of their prefixes, which are what `level` gives, and that are the same in all
/// before it.
fn sort_ties(by: &Comparator<'_>, mut entries: &mut [Entry], level: Level) {
    while !entries.is_empty() {
        let batch = BATCH.min(entries.len());
        let last = entries[batch - 1].prefix;
        let ties = entries[batch..].iter().take_while(|entry| entry.prefix == last).count();
        let (batch, rest) = entries.split_at_mut(batch + ties);
        if level == Level::BEGIN {
            fetch_ties(by, batch);
        }
        for run in batch.chunk_by_mut(|a, b| a.prefix == b.prefix) {
            if run.len() > 1 {
                sort_run(by, run, level);
            }
        }
        entries = rest;
    }
}

/// Fetches the first keys of those entries that will be looked at again.
fn fetch_ties(by: &Comparator<'_>, batch: &[Entry]) {
    let tied = || batch.chunk_by(|a, b| a.prefix == b.prefix).filter(|run| run.len() > 1).flatten();
    let text = |entry: &Entry| by.texts[entry.block as usize];
    for entry in tied() {
        if let Some((spans, _)) = text(entry) {
            prefetch(spans, entry.row as usize);
        }
    }
    for entry in tied() {
        if let Some((spans, bytes)) = text(entry) {
            prefetch(bytes, spans[entry.row as usize].start as usize);
        }
    }
}

/// Sorts entries that are the same up to and with `level`.
fn sort_run(by: &Comparator<'_>, run: &mut [Entry], level: Level) {
    if let [a, b] = run {
        let begin = level == Level::BEGIN;
        let order = if begin { by.compare_further(a, b) } else { by.compare_from(level.key, a, b) };
        if order.is_gt() {
            std::mem::swap(a, b);
        }
        return;
    }
    let same = run[0].prefix;
    let ascending = |key: &SortKey| if key.descending { !same } else { same };
    let text = by.keys.get(level.key).is_some_and(|key| !level.further && is_text(ascending(key)));
    let next = if text { Level { further: true, ..level } } else { Level { key: level.key + 1, further: false } };
    if !text && level.key < by.keys.len() {
        let first = cell(by, &run[0], level.key);
        // Only if they are the same to the end does the next key decide.
        let bytes = by.keys[level.key].bytes;
        let differs = |cell: Cell<'_>| cell != first && compare_cells(cell, first, bytes).is_ne();
        if run.iter().any(|entry| differs(cell(by, entry, level.key))) {
            run.sort_unstable_by(|a, b| by.compare_from(level.key, a, b));
            return;
        }
    }
    if next.key >= by.keys.len() {
        if !run.is_sorted_by_key(|entry| by.order(entry)) {
            run.sort_unstable_by_key(|entry| by.order(entry));
        }
        return;
    }
    for entry in &mut *run {
        entry.prefix = next.code(by, entry);
    }
    run.sort_unstable_by_key(|entry| entry.prefix);
    sort_ties(by, run, next);
    for entry in run {
        entry.prefix = same;
    }
}

/// An entry for each row, in the order of the blocks.
fn entries(rows: &Rows, keys: &[SortKey]) -> HugeVec<Entry> {
    let mut entries = HugeVec::with_capacity(rows.len());
    for (number, block) in rows.blocks.iter().enumerate() {
        let entry = |row: usize, prefix| Entry { prefix, block: number as u32, row: row as u32 };
        // A column of whole numbers needs no look at each cell's kind.
        match keys.first().map(|key| (&block.columns[key.column], key.descending)) {
            Some((Column::Number(Numbers::Ints(values)), descending)) => {
                let flip = if descending { u64::MAX } else { 0 };
                let made = values.iter().enumerate().map(|(row, &v)| entry(row, of_number(v as f64) ^ flip));
                made.for_each(|entry| entries.push(entry));
            }
            _ => (0..block.rows)
                .map(|row| entry(row, prefix_of(keys, block, row, rows.order_of(number, row))))
                .for_each(|entry| entries.push(entry)),
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

/// How many entries ahead of the merging their texts are fetched from memory.
const AHEAD: usize = 16;

/// Fetches what will soon be compared of a run, if it is text so long that its prefix may not decide.
fn fetch_ahead(by: &Comparator<'_>, run: &[Entry]) {
    let text = |at: usize| {
        let entry = run.get(at).filter(|entry| entry.prefix & 0x7f != 0)?;
        by.texts[entry.block as usize].map(|(spans, bytes)| (spans, bytes, entry.row as usize))
    };
    if let Some((spans, _, row)) = text(2 * AHEAD) {
        prefetch(spans, row);
    }
    if let Some((spans, bytes, row)) = text(AHEAD) {
        prefetch(bytes, spans[row].start as usize);
    }
}

fn merge_two(comparator: &Comparator<'_>, mut a: &[Entry], mut b: &[Entry]) -> Vec<Entry> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        let ties = |run: &[Entry]| run.iter().take_while(|entry| entry.prefix == first.prefix).count();
        let many = |run: &[Entry]| run.get(MANY).is_some_and(|entry| entry.prefix == first.prefix);
        if first.prefix == second.prefix && (many(a) || many(b)) {
            let (a_ties, b_ties) = (a.split_off(..ties(a)), b.split_off(..ties(b)));
            merge_ties(comparator, a_ties.unwrap_or_default(), b_ties.unwrap_or_default(), &mut merged);
        } else if comparator.compare(first, second).is_le() {
            merged.push(*first);
            fetch_ahead(comparator, a);
            a = a_rest;
        } else {
            merged.push(*second);
            fetch_ahead(comparator, b);
            b = b_rest;
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
    merged
}

/// More rows of one prefix than this are looked at for whether they are all the same.
const MANY: usize = 16;

/// Merges rows of one prefix, of which both runs have some.
fn merge_ties(by: &Comparator<'_>, mut a: &[Entry], mut b: &[Entry], merged: &mut Vec<Entry>) {
    // A run whose first and last keys are the same holds nothing else: then no text need be fetched for each of its rows.
    let ends = [a.first(), a.last(), b.first(), b.last()].into_iter().flatten();
    let same = by.keys.first().is_some_and(|key| {
        let first = cell(by, &a[0], 0);
        ends.skip(1).all(|entry| compare_cells(cell(by, entry, 0), first, key.bytes).is_eq())
    });
    if same && by.keys.len() == 1 {
        // Only the order of the rows is left, and each is looked up once.
        let order = |run: &[Entry]| run.first().map(|entry| by.order(entry));
        let (mut x, mut y) = (order(a), order(b));
        while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
            if x <= y {
                merged.push(*first);
                a = a_rest;
                x = order(a);
            } else {
                merged.push(*second);
                b = b_rest;
                y = order(b);
            }
        }
    }
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        let order = if same { by.compare_from(1, first, second) } else { by.compare(first, second) };
        if order.is_le() {
            merged.push(*first);
            a = a_rest;
        } else {
            merged.push(*second);
            b = b_rest;
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
}

/// How many rows of each part are looked at to find where to cut.
const SAMPLES: usize = 64;

/// Cuts sorted runs into `parts` consecutive ranges of the order, of about equal size: `cut(…)[part][run]` is what of the
/// run belongs to the part. Equal rows are in the same part.
pub fn cut<R>(comparator: &Comparator<'_>, runs: &[R], parts: usize) -> Vec<Vec<Range<usize>>>
where
    R: Deref<Target = [Entry]>,
{
    let parts = parts.max(1);
    let total: usize = runs.iter().map(|run| run.len()).sum();
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
    use super::super::tests::cell;
    use super::*;
    use crate::data::rows::{block_of, sample_rows};
    use proptest::prelude::*;
    use std::cmp::Ordering;

    const ASCENDING: SortKey = SortKey { column: 0, descending: false, bytes: true };
    const DESCENDING: SortKey = SortKey { column: 0, descending: true, bytes: true };

    fn keys() -> impl Strategy<Value = Vec<SortKey>> {
        let key = (0usize..2, any::<bool>(), any::<bool>()).prop_map(|(column, descending, bytes)| SortKey {
            column,
            descending,
            bytes,
        });
        proptest::collection::vec(key, 0..3)
    }

    proptest! {
        #[test]
        fn sorting_is_that_of_the_comparison(rows in sample_rows(cell(), 3), keys in keys()) {
            let comparator = Comparator::new(&rows, &keys);
            let entries = sorted(&rows, &keys);
            prop_assert_eq!(entries.len(), rows.len());
            for pair in entries.windows(2) {
                // Orders make every two rows different.
                prop_assert_eq!(comparator.compare_from(0, &pair[0], &pair[1]), Ordering::Less);
                prop_assert_eq!(comparator.compare(&pair[0], &pair[1]), Ordering::Less);
            }
        }

        #[test]
        fn runs_cut_and_merged_are_the_whole(rows in sample_rows(cell(), 6), keys in keys(), parts in 1usize..5) {
            let whole = sorted(&rows, &keys);
            let runs: Vec<HugeVec<Entry>> = (0..rows.blocks.len()).map(|n| {
                let run = Rows { blocks: vec![rows.blocks[n].clone()], orders: vec![rows.orders[n].clone()] };
                let mut run = sorted(&run, &keys);
                run.iter_mut().for_each(|entry| entry.block = n as u32);
                run
            }).collect();
            let comparator = Comparator::new(&rows, &keys);
            let mut merged = Vec::new();
            let pieces = cut(&comparator, &runs, parts);
            prop_assert_eq!(pieces.len(), parts);
            for ranges in pieces {
                let slices: Vec<&[Entry]> = runs.iter().zip(ranges).map(|(run, range)| &run[range]).collect();
                merged.extend(merge(&comparator, &slices));
            }
            prop_assert_eq!(&merged[..], &whole[..]);
        }
    }

    /// A few values, of which some have one prefix, and each many times.
    fn few() -> impl Strategy<Value = Option<Vec<u8>>> {
        proptest::sample::select(vec!["x", "x\0", "longer than a", "longer than b", "1", "1.0", "2"])
            .prop_map(|text| Some(text.as_bytes().to_vec()))
    }

    proptest! {
        #[test]
        fn many_ties_are_merged_as_they_are_sorted(rows in sample_rows(few(), 40), keys in keys(), each in any::<bool>()) {
            let whole = sorted(&rows, &keys);
            let mut runs = [Vec::new(), Vec::new()];
            // One after the other, or all of the first before all of the second.
            let run = |entry: &Entry| if each { entry.block as usize % 2 } else { usize::from(entry.block >= 20) };
            whole.iter().for_each(|entry| runs[run(entry)].push(*entry));
            prop_assert_eq!(&merge(&Comparator::new(&rows, &keys), &[&runs[0], &runs[1]])[..], &whole[..]);
        }
    }

    #[test]
    fn parts_are_of_about_equal_size() {
        let texts: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        let block = block_of(&[texts.iter().map(|t| Some(t.as_bytes())).collect()]);
        let rows = Rows { blocks: vec![block], orders: Vec::new() };
        let run = sorted(&rows, &[DESCENDING]);
        let runs = [run[..5000].to_vec(), run[5000..].to_vec()];
        for ranges in cut(&Comparator::new(&rows, &[DESCENDING]), &runs, 4) {
            let size: usize = ranges.iter().map(|r| r.len()).sum();
            assert!((2000..3000).contains(&size), "{size}");
        }
    }

    #[test]
    fn rows_that_cannot_be_told_apart_stay_together() {
        let rows = Rows { blocks: vec![block_of(&[vec![Some(b"x"); 100]])], orders: Vec::new() };
        let run = sorted(&rows, &[ASCENDING]);
        let pieces = cut(&Comparator::new(&rows, &[ASCENDING]), &[run[..50].to_vec(), run[50..].to_vec()], 3);
        let sizes: Vec<usize> = pieces.iter().map(|ranges| ranges.iter().map(|r| r.len()).sum()).collect();
        assert_eq!(sizes.iter().filter(|&&size| size == 100).count(), 1, "{sizes:?}");
    }
}
