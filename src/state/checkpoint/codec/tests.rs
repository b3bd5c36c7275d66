//! Everything that is written is read as it was; anything else is an error, at once.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::data::block::{Block, Order, Origins};
use crate::data::buffer::Buffer;
use crate::data::column::{Cell, Column, Lists, NO_TIME, Number, Numbers, Span, Text};
use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::operators::Saved;

/// Numbers near to borders, and any.
fn whole() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => -3i64..300,
        2 => 65_000i64..66_000,
        1 => (1i64 << 32) - 3..(1 << 32) + 3,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(NO_TIME)],
        1 => any::<i64>(),
    ]
}

/// Every bit pattern, also those that are no number.
fn bits() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), Just(-0.0), Just(f64::NAN), Just(0.1)]
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![Just(Number::Null), whole().prop_map(Number::Int), bits().prop_map(Number::Float)]
}

/// Spans into something of this length: anywhere, over each other, or null.
fn anywhere(rows: usize, len: usize) -> impl Strategy<Value = Vec<Span>> {
    let span = (0..=len, 0..=len).prop_map(|(a, b)| Span::range(a.min(b), a.max(b)));
    vec(prop_oneof![4 => span, 1 => Just(Span::NULL)], rows)
}

/// Spans behind one another, and the length of all.
fn behind(lengths: &[Option<usize>]) -> (Vec<Span>, usize) {
    let mut end = 0;
    let span = |length: &Option<usize>| match length {
        Some(length) => {
            end += length;
            Span::range(end - length, end)
        }
        None => Span::NULL,
    };
    (lengths.iter().map(span).collect(), end)
}

/// A column that a failing test can show.
#[derive(Clone)]
struct Shown(Column);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cells = (0..self.0.len()).map(|row| told(self.0.cell(row)));
        f.write_str(&kind(&self.0))?;
        f.debug_list().entries(cells).finish()
    }
}

fn text(rows: usize) -> impl Strategy<Value = Shown> {
    let column = |bytes: Vec<u8>, spans| Shown(Column::Text(Text { data: Arc::new(Buffer::from_vec(bytes)), spans }));
    let scattered = vec(any::<u8>(), 0..100)
        .prop_flat_map(move |bytes| (anywhere(rows, bytes.len()), Just(bytes)))
        .prop_map(move |(spans, bytes)| column(bytes, spans));
    let length = prop_oneof![8 => (0usize..20).prop_map(Some), 1 => (250usize..260).prop_map(Some), 1 => Just(None)];
    let dense = vec(length, rows).prop_map(move |lengths| {
        let (spans, end) = behind(&lengths);
        column((0..end).map(|at| at as u8).collect(), spans)
    });
    prop_oneof![scattered, dense]
}

fn column(rows: usize, depth: u32) -> BoxedStrategy<Shown> {
    let flat = prop_oneof![
        3 => text(rows),
        2 => vec(whole(), rows).prop_map(|values| Shown(Column::ints(values))),
        1 => vec(0i64..50, rows).prop_map(|values| Shown(Column::ints(values))),
        1 => vec(bits(), rows).prop_map(|values| Shown(Column::Number(Numbers::Floats(values)))),
        1 => vec(number(), rows).prop_map(|values| Shown(Column::Number(Numbers::Mixed(values)))),
        1 => vec(0u8..3, rows).prop_map(|values| Shown(Column::Bool(values))),
        1 => vec(whole(), rows).prop_map(|values| Shown(Column::Time(values))),
    ];
    if depth == 0 {
        return flat.boxed();
    }
    let lists =
        |(Shown(items), spans): (Shown, Vec<Span>)| Shown(Column::List(Lists { items: Arc::new(items), spans }));
    let scattered = (0usize..12).prop_flat_map(move |len| (column(len, depth - 1), anywhere(rows, len)));
    let length = prop_oneof![4 => (0usize..4).prop_map(Some), 1 => Just(None)];
    let dense = vec(length, rows).prop_flat_map(move |lengths| {
        let (spans, end) = behind(&lengths);
        (column(end, depth - 1), Just(spans))
    });
    prop_oneof![4 => flat, 1 => scattered.prop_map(lists), 1 => dense.prop_map(lists)].boxed()
}

fn optional<T: std::fmt::Debug + Clone + 'static>(
    of: impl Strategy<Value = T> + 'static,
    rows: usize,
) -> impl Strategy<Value = Option<Vec<T>>> {
    proptest::option::of(vec(of, rows))
}

/// As the one block of rows, which tests can show.
fn block() -> impl Strategy<Value = Rows> {
    (0usize..20, 0usize..4).prop_flat_map(|(rows, columns)| {
        let known = (any::<u64>(), any::<u16>(), any::<u32>());
        let origins = (optional(any::<u64>(), rows), optional(whole(), rows));
        (vec(column(rows, 2), columns), known, origins).prop_map(move |(columns, (order, input, batch), origins)| {
            let (numbers, times) = origins;
            let columns = columns.into_iter().map(|Shown(column)| column).collect();
            let block = Block { rows, columns, order, input, batch, origins: Origins { numbers, times } };
            Rows { blocks: vec![block], orders: Vec::new() }
        })
    })
}

fn rows() -> impl Strategy<Value = Rows> {
    let order = (any::<u32>(), any::<u64>(), any::<u32>());
    let order = order.prop_map(|(batch, block, row)| Order { batch, block, row });
    (vec(block(), 0..4), vec(vec(order, 0..8), 0..4))
        .prop_map(|(rows, orders)| Rows { blocks: rows.into_iter().flat_map(|rows| rows.blocks).collect(), orders })
}

/// A value, told from any other of its kind.
fn told(cell: Cell<'_>) -> String {
    match cell {
        Cell::Float(value) => format!("float {:x}", value.to_bits()),
        Cell::List(list) => format!("{:?}", list.cells().map(told).collect::<Vec<_>>()),
        cell => format!("{cell:?}"),
    }
}

fn kind(column: &Column) -> String {
    match column {
        Column::Text(_) => "text".into(),
        Column::Number(Numbers::Ints(_)) => "ints".into(),
        Column::Number(Numbers::Floats(_)) => "floats".into(),
        Column::Number(Numbers::Mixed(_)) => "mixed".into(),
        Column::Bool(_) => "bool".into(),
        Column::Time(_) => "time".into(),
        Column::List(lists) => format!("list of {}", kind(&lists.items)),
    }
}

fn all_of(block: &Block) -> impl PartialEq + std::fmt::Debug + use<> {
    let cells =
        |column: &Column| (kind(column), (0..column.len()).map(|row| told(column.cell(row))).collect::<Vec<_>>());
    let columns: Vec<_> = block.columns.iter().map(cells).collect();
    (block.rows, block.order, block.input, block.batch, block.origins.clone(), columns)
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_bytes()
}

/// Reads these bytes as everything that they could be.
fn read_as_anything(bytes: &[u8]) {
    let reader = || Reader::new(bytes);
    let _ = (reader().u8(), reader().bool(), reader().u64(), reader().i64(), reader().f64(), reader().time());
    let _ = (reader().bytes(), reader().str(), reader().count(3), reader().number::<u16>());
    // A multiple of the input, however large the numbers in it are.
    let limit = 200 * bytes.len();
    assert!(reader().column().map_or(0, |column| column.bytes()) <= limit);
    let size = |rows: Rows| rows.blocks.iter().flat_map(|block| &block.columns).map(Column::bytes).sum::<usize>();
    assert!(reader().rows().map_or(0, size) <= limit);
    assert!(reader().orders().map_or(0, |orders| size_of_val(&orders[..])) <= limit);
    let _ = (reader().block().is_ok(), reader().saved().is_ok(), reader().packed().is_ok());
}

proptest! {
    #[test]
    fn numbers_and_texts_come_back(
        values in vec((any::<u64>(), whole(), bits(), vec(any::<u8>(), 0..10), ".{0,8}", any::<bool>()), 0..10),
        shift in 0..64,
    ) {
        let bytes = written(|writer| for (a, b, c, d, e, f) in &values {
            writer.u64(a >> shift);
            writer.i64(*b);
            writer.f64(*c);
            writer.bytes(d);
            writer.str(e);
            writer.bool(*f);
            writer.time(Time(*b));
            writer.fixed(*a);
            writer.u8(*a as u8);
        });
        let mut reader = Reader::new(&bytes);
        for (a, b, c, d, e, f) in &values {
            prop_assert_eq!(reader.u64(), Ok(a >> shift));
            prop_assert_eq!(reader.i64(), Ok(*b));
            prop_assert_eq!(reader.f64().map(f64::to_bits), Ok(c.to_bits()));
            prop_assert_eq!(reader.bytes(), Ok(&d[..]));
            prop_assert_eq!(reader.str(), Ok(&e[..]));
            prop_assert_eq!(reader.bool(), Ok(*f));
            prop_assert_eq!(reader.time(), Ok(Time(*b)));
            prop_assert_eq!(reader.fixed(), Ok(*a));
            prop_assert_eq!(reader.u8(), Ok(*a as u8));
        }
        prop_assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn rows_come_back(rows in rows(), what: u8, time in whole()) {
        let bytes = written(|writer| {
            writer.rows(&rows);
            writer.saved(&[Saved { what, time: Time(time), rows: rows.clone() }, Saved::default()]);
        });
        let mut reader = Reader::new(&bytes);
        let back = reader.rows().unwrap();
        let saved = reader.saved().unwrap();
        prop_assert!(reader.is_at_end());
        prop_assert_eq!((saved[0].what, saved[0].time, saved.len()), (what, Time(time), 2));
        for back in [&back, &saved[0].rows] {
            prop_assert_eq!(&back.orders, &rows.orders);
            prop_assert_eq!(back.blocks.iter().map(all_of).collect::<Vec<_>>(), rows.blocks.iter().map(all_of).collect::<Vec<_>>());
        }
    }

    #[test]
    fn packed_blocks_come_back(block in block()) {
        let packed = Packed::of(&block.blocks[0]);
        let bytes = written(|writer| writer.packed(&packed));
        let back = Reader::new(&bytes).packed().unwrap().unpacked();
        prop_assert_eq!(all_of(&back), all_of(&packed.unpacked()));
    }

    #[test]
    fn what_is_cut_off_is_an_error(rows in rows(), cut: usize) {
        let bytes = written(|writer| writer.rows(&rows));
        let cut = cut % bytes.len();
        prop_assert!(Reader::new(&bytes[..cut]).rows().is_err());
    }

    #[test]
    fn changed_bytes_are_read_or_refused(rows in rows(), changes in vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut columns = rows.blocks.iter().flat_map(|block| &block.columns);
        let column = columns.next().cloned().unwrap_or_else(|| Column::ints(vec![7]));
        for mut bytes in [written(|w| w.rows(&rows)), written(|w| w.column(&column)), written(|w| w.saved(&[]))] {
            for (at, byte) in &changes {
                let at = at % bytes.len();
                bytes[at] = *byte;
            }
            read_as_anything(&bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(prop_oneof![0u8..10, any::<u8>()], 0..60)) {
        read_as_anything(&bytes);
    }
}

#[test]
fn numbers_take_no_more_room_than_they_need() {
    let size = |value: i64| written(|writer| writer.i64(value)).len();
    assert_eq!([size(0), size(-64), size(63), size(64), size(i64::MIN), size(i64::MAX)], [1, 1, 1, 2, 10, 10]);
    let sizes = |values: &[i64]| written(|writer| writer.ints(values.iter().copied())).len();
    assert_eq!(sizes(&[0; 100]), 103);
    assert_eq!(sizes(&[1_000_000, 1_000_255]), 2 + 3 + 2);
    assert_eq!(sizes(&[i64::MIN, i64::MAX]), 2 + 10 + 16);
}

#[test]
fn a_number_of_too_many_bits_is_not_understood() {
    let most = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
    assert_eq!(Reader::new(&most).u64(), Ok(u64::MAX));
    assert_eq!(Reader::new(&[0xFF; 9]).u64(), Err(Unreadable::CutOff));
    let mut more = most;
    more[9] = 2;
    assert_eq!(Reader::new(&more).u64(), Err(Unreadable::NotUnderstood));
    assert_eq!(Reader::new(&[0xFF; 30]).u64(), Err(Unreadable::NotUnderstood));
}

#[test]
fn counts_beyond_the_input_are_refused_before_there_is_room_for_them() {
    for tag in 0..9 {
        let bytes = written(|writer| {
            writer.u8(tag);
            writer.u64(1 << 60);
            writer.bytes(&[8; 100]);
        });
        assert!(Reader::new(&bytes).column().is_err(), "{tag}");
    }
    assert!(Reader::new(&written(|writer| writer.u64(u64::MAX))).rows().is_err());
    let nested = [7, 0].repeat(100_000);
    assert!(Reader::new(&nested).column().is_err(), "lists in lists do not run out of stack");
}

/// Blocks of which rows were dropped point into much more than they need.
#[test]
fn what_no_row_needs_is_not_written() {
    let column = Column::Text(Text {
        data: Arc::new(Buffer::from_vec(vec![b'x'; 10_000])),
        spans: vec![Span::range(5000, 5003), Span::range(10, 12)],
    });
    assert_eq!(written(|writer| writer.column(&column)).len(), 1 + 1 + 1 + 1 + 2 + 5);
    let lists = Column::List(Lists { items: Arc::new(column.clone()), spans: vec![Span::range(1, 2)] });
    assert!(written(|writer| writer.column(&lists)).len() < 20);
    // ... and what many rows share is written once.
    let shared = Column::Text(Text {
        data: Arc::new(Buffer::from_vec(vec![b'x'; 10_000])),
        spans: vec![Span::range(0, 10_000); 1000],
    });
    assert!(written(|writer| writer.column(&shared)).len() < 13_000);
}
