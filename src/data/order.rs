//! The order of values and of rows (SPEC 3): nulls, then numbers by value, then text by bytes; keys of groups that are equal
//! numbers but not the same bytes, by bytes. Rows are sorted as [`Entry`]s of 16 bytes, most of which differ in their prefix.

use std::cmp::Ordering;

use super::block::{Block, Order};
use super::column::{Cell, Column, Span};
use super::number;
use super::rows::Rows;
use super::write;

pub mod dealing;
mod radix;
mod sorting;

pub use sorting::{cut, merge, sorted};

/// A column to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// Which column of the block.
    pub column: usize,
    /// Greatest first.
    pub descending: bool,
    /// Numbers of one value are told apart by their bytes, as the keys of groups are; else they are a tie.
    pub bytes: bool,
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

/// The order of two values, ascending; `bytes` as in [`SortKey::bytes`].
pub fn compare_cells(a: Cell<'_>, b: Cell<'_>, bytes: bool) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Less,
        (_, Cell::Null) => Ordering::Greater,
        (Cell::List(a), Cell::List(b)) => {
            let unequal = a.cells().zip(b.cells()).map(|(a, b)| compare_cells(a, b, bytes)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Cell::List(_), _) => Ordering::Greater,
        (_, Cell::List(_)) => Ordering::Less,
        (Cell::Text(a), Cell::Text(b)) => compare_texts(a, b, bytes),
        (Cell::Text(a), b) => compare_texts(a, &text_of(b), bytes),
        (a, Cell::Text(b)) => compare_texts(&text_of(a), b, bytes),
        (Cell::Float(a), Cell::Float(b)) => compare_floats(a, b),
        (Cell::Float(a), _) if !a.is_finite() => compare_floats(a, 0.0),
        (_, Cell::Float(b)) if !b.is_finite() => compare_floats(0.0, b),
        (Cell::Float(_), b) => compare_texts(&text_of(a), &text_of(b), false),
        (a, Cell::Float(_)) => compare_texts(&text_of(a), &text_of(b), false),
        (a, b) => whole(a).cmp(&whole(b)),
    }
}

/// The order of floats by value; the two zeros are equal, and what is no number is greater than any.
pub fn compare_floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// What stands for a number, a truth value or a time among whole numbers.
fn whole(cell: Cell<'_>) -> i64 {
    match cell {
        Cell::Int(value) | Cell::Time(value) => value,
        Cell::Bool(value) => i64::from(value),
        Cell::Null | Cell::Text(_) | Cell::Float(_) | Cell::List(_) => 0,
    }
}

/// A number as text, so that it can be compared with one that is written.
fn text_of(cell: Cell<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    match cell {
        Cell::Float(value) => write::float(value, &mut text),
        other => write::int(whole(other), &mut text),
    }
    text
}

fn compare_texts(a: &[u8], b: &[u8], bytes: bool) -> Ordering {
    match (number::parse(a), number::parse(b)) {
        (Some(x), Some(y)) if bytes => number::compare(&x, &y).then_with(|| a.cmp(b)),
        (Some(x), Some(y)) => number::compare(&x, &y),
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
        Cell::Int(_) | Cell::Time(_) | Cell::Bool(_) => of_number(whole(cell) as f64),
        Cell::Float(value) => of_number(value),
        Cell::List(_) => u64::MAX,
        Cell::Text(text) => match number::parse(text) {
            Some(number) => of_number(number.value()),
            None => 1 << 63 | word(text) >> 1,
        },
    }
}

/// The first eight bytes, zeros behind them, in the order of the text.
fn word(text: &[u8]) -> u64 {
    // Loads of fixed length, which may overlap, instead of a copy of any length.
    match (text.first_chunk(), text.first_chunk(), text.last_chunk()) {
        (Some(all), ..) => u64::from_be_bytes(*all),
        (_, Some(front), Some(back)) => {
            let back = u64::from(u32::from_be_bytes(*back)) << (64 - 8 * text.len());
            u64::from(u32::from_be_bytes(*front)) << 32 | back
        }
        _ => text.iter().rev().fold(0, |word, &byte| word >> 8 | u64::from(byte) << 56),
    }
}

/// Bytes of text that a prefix surely holds.
const HELD: usize = 7;

/// The order of two texts of the same prefix: most differ in the next eight bytes.
#[inline]
fn compare_behind_prefix(a: &[u8], b: &[u8]) -> Ordering {
    let next = |text: &[u8]| word(text.get(HELD..).unwrap_or_default());
    next(a).cmp(&next(b)).then_with(|| a.cmp(b))
}

/// Whether a value of this prefix is text that is no number.
fn is_text(prefix: u64) -> bool {
    prefix >> 63 == 1
}

/// The order of floats as one of whole numbers: above zero the bits grow with the value, below they shrink.
fn of_number(value: f64) -> u64 {
    let bits = if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    };
    (if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }) >> 1
}

/// [`Entry::prefix`] of a row that stands at `order`, if it has one. Rows without keys are ordered by that.
pub fn prefix_of(keys: &[SortKey], block: &Block, row: usize, order: Option<Order>) -> u64 {
    match keys.first() {
        Some(key) => {
            let prefix = prefix(block.columns[key.column].cell(row));
            if key.descending { !prefix } else { prefix }
        }
        None => order.map_or(0, prefix_of_order),
    }
}

/// Grows with the order; rows of one batch are told apart by it.
fn prefix_of_order(order: Order) -> u64 {
    match order.batch {
        0 => order.block.min(u64::MAX >> 1),
        batch => 1 << 63 | u64::from(batch) << 31 | order.block >> 33,
    }
}

/// The order of two rows of any blocks by their keys alone.
pub fn compare_keys(keys: &[SortKey], a: (&Block, usize), b: (&Block, usize)) -> Ordering {
    for key in keys {
        let order = compare_cells(a.0.columns[key.column].cell(a.1), b.0.columns[key.column].cell(b.1), key.bytes);
        if order.is_ne() {
            return if key.descending { order.reverse() } else { order };
        }
    }
    Ordering::Equal
}

/// Compares entries of the same rows.
pub struct Comparator<'a> {
    rows: &'a Rows,
    keys: &'a [SortKey],
    /// Of each block the column of the first key, if it is text.
    texts: Vec<Option<(&'a [Span], &'a [u8])>>,
}

impl<'a> Comparator<'a> {
    /// For entries of `rows`, ordered by `keys`; ties fall to [`Rows::orders`].
    pub fn new(rows: &'a Rows, keys: &'a [SortKey]) -> Self {
        let text = |block: &'a Block| match &block.columns[keys.first()?.column] {
            Column::Text(text) => Some((&text.spans[..], text.data.bytes())),
            _ => None,
        };
        Comparator { rows, keys, texts: rows.blocks.iter().map(text).collect() }
    }

    /// By prefix, by all keys, by the order of the rows. Rows without an order that have the same keys are equal.
    #[inline]
    pub fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| self.compare_further(a, b))
    }

    /// The order of entries of the same prefix.
    fn compare_further(&self, a: &Entry, b: &Entry) -> Ordering {
        let (first, key) = match (self.text(a), self.text(b)) {
            (Some(x), Some(y)) if self.keys[0].descending => (compare_behind_prefix(y, x), 1),
            (Some(x), Some(y)) => (compare_behind_prefix(x, y), 1),
            _ => (Ordering::Equal, 0),
        };
        first.then_with(|| self.compare_from(key, a, b))
    }

    /// The order of entries that are the same in all keys before number `key`.
    fn compare_from(&self, key: usize, a: &Entry, b: &Entry) -> Ordering {
        let place = |entry: &Entry| (&self.rows.blocks[entry.block as usize], entry.row as usize);
        compare_keys(&self.keys[key..], place(a), place(b)).then_with(|| self.order(a).cmp(&self.order(b)))
    }

    /// The first key, if its prefix says that it is text and no number.
    fn text(&self, entry: &Entry) -> Option<&'a [u8]> {
        let prefix = if self.keys.first()?.descending { !entry.prefix } else { entry.prefix };
        if !is_text(prefix) {
            return None;
        }
        let (spans, bytes) = self.texts[entry.block as usize]?;
        spans[entry.row as usize].of(bytes)
    }

    fn order(&self, entry: &Entry) -> Option<Order> {
        self.rows.order_of(entry.block as usize, entry.row as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn cell() -> impl Strategy<Value = Option<Vec<u8>>> {
        prop_oneof![
            Just(None),
            "[-+]?[0-9]{1,3}(\\.[0-9])?(e[-+]?[0-9]{1,3})?".prop_map(|s| Some(s.into_bytes())),
            "[0-9]{15,25}".prop_map(|s| Some(s.into_bytes())),
            "[a-c]{0,10}".prop_map(|s| Some(s.into_bytes())),
            "(longer than 64|and than 128) [ab\\x00]{0,3}".prop_map(|s| Some(s.into_bytes())),
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
            assert_eq!(compare_cells(pair[0], pair[1], true), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn whole_numbers_stand_among_texts_as_they_are_printed() {
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"7"), true), Ordering::Equal);
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"07"), true), Ordering::Greater);
        assert_eq!(compare_cells(Cell::Text(b"6.9"), Cell::Int(7), true), Ordering::Less);
        assert_eq!(compare_cells(Cell::Int(7), Cell::Text(b"a"), true), Ordering::Less);
        assert_eq!(compare_cells(Cell::Int(i64::MIN), Cell::Null, true), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn prefixes_are_never_out_of_order(a in cell(), b in cell(), x: i64, y: i64, bytes: bool) {
            for (a, b) in [(as_cell(&a), as_cell(&b)), (Cell::Int(x), as_cell(&b)), (Cell::Int(x), Cell::Int(y))] {
                let by_prefix = prefix(a).cmp(&prefix(b));
                prop_assert!(by_prefix.is_eq() || compare_cells(a, b, bytes) == by_prefix, "{:?} {:?}", a, b);
            }
        }

        #[test]
        fn the_order_is_total(a in cell(), b in cell(), c in cell(), bytes: bool) {
            let (a, b, c) = (as_cell(&a), as_cell(&b), as_cell(&c));
            prop_assert_eq!(compare_cells(a, b, bytes), compare_cells(b, a, bytes).reverse());
            if compare_cells(a, b, bytes).is_le() && compare_cells(b, c, bytes).is_le() {
                prop_assert!(compare_cells(a, c, bytes).is_le());
            }
        }


    }
}
