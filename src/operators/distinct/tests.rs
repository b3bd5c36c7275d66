//! The first rows of keys, against their definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::block::{Block, Cell, Column, Order, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::rows::Rows;
use crate::data::schema::Field;
use crate::operators::{Accumulator, Aggregate};

fn first(argv: &[&str]) -> (Live, Schema, Box<dyn Aggregate>) {
    let args = command().get_matches_from(std::iter::once("distinct").chain(argv.iter().copied()));
    let Ok(Built::Operator(operator)) = build(&args) else { unreachable!() };
    let fields = vec![Field::shown("word"), Field::shown("n"), Field::hidden("$1")];
    match operator.bind(&Schema { fields, records: true, ..Schema::default() }, &Live::all(), &Context::default()) {
        Ok(Bound { schema, mut work }) => match work.remove(0) {
            Work::Aggregate(work) => (operator.live(&Live::only(["x"])), schema, work),
            _ => unreachable!(),
        },
        Err(error) => unreachable!("{error}"),
    }
}

type Row = (Option<String>, i64);

/// Rows of a `word` (`None`: null), a number `n`, and a number that is different in every row.
fn block(rows: &[Row], order: u64) -> Block {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for (word, _) in rows {
        let start = data.len();
        data.extend_from_slice(word.as_deref().unwrap_or_default().as_bytes());
        spans.push(if word.is_some() { Span::range(start, data.len()) } else { Span::NULL });
    }
    let text = Text { data: Arc::new(Buffer::from_vec(data)), spans };
    let serial = (0..rows.len()).map(|row| (order * 1000) as i64 + row as i64).collect();
    let columns = vec![Column::Text(text), Column::ints(rows.iter().map(|r| r.1).collect()), Column::ints(serial)];
    Block { rows: rows.len(), columns, order, ..Block::default() }
}

fn show(block: &Block, row: usize) -> String {
    block.columns.iter().map(|c| format!("{:?} ", c.cell(row))).collect()
}

/// The rows in record order.
fn content(rows: &Rows) -> BTreeMap<Order, String> {
    let mut all = BTreeMap::new();
    for (block, orders) in rows.blocks.iter().zip(&rows.orders) {
        assert_eq!(block.rows, orders.len());
        (0..block.rows).for_each(|row| assert_eq!(all.insert(orders[row], show(block, row)), None));
    }
    all
}

/// The definition: in record order, the rows whose key has not been seen.
fn model(blocks: &[Block], columns: &[usize]) -> BTreeMap<Order, String> {
    let mut seen = std::collections::HashSet::new();
    let mut all = BTreeMap::new();
    for block in blocks {
        for row in 0..block.rows {
            let bytes = |&column: &usize| match block.columns[column].cell(row) {
                Cell::Null => None,
                Cell::Text(text) => Some(text.to_vec()),
                other => Some(format!("{other:?}").into_bytes()),
            };
            if seen.insert(columns.iter().map(bytes).collect::<Vec<_>>()) {
                all.insert(block.order_of(row), show(block, row));
            }
        }
    }
    all
}

fn batches() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row = (prop::option::weighted(0.9, "[ab]{0,2}|[a-b]{17,18}"), 0i64..3);
    prop::collection::vec(prop::collection::vec(row, 0..30), 0..9)
}

fn blocks(rows: &[Vec<Row>]) -> Vec<Block> {
    rows.iter().enumerate().map(|(order, rows)| block(rows, order as u64)).collect()
}

proptest! {
    #[test]
    fn the_first_row_of_each_key_however_blocks_arrive_and_are_spread(
        (rows, arrival) in batches().prop_flat_map(|b| {
            let arrival: Vec<usize> = (0..b.len()).collect();
            (Just(b), Just(arrival).prop_shuffle())
        }),
    ) {
        let blocks = blocks(&rows);
        for (argv, columns) in [(&[][..], &[0, 1][..]), (&["--by", "word"], &[0]), (&["--by", "n,word"], &[1, 0])] {
            let expected = model(&blocks, columns);
            let (_, _, aggregate) = first(argv);
            for shards in [1, 2, 8] {
                let mut parts: Vec<Box<dyn Accumulator>> = (0..shards).map(|_| aggregate.start()).collect();
                arrival.iter().enumerate().for_each(|(n, &at)| parts[n % shards].fold(&blocks[at]));
                for from in 0..shards {
                    for to in (0..shards).filter(|&to| to != from) {
                        let parcel = parts[from].ship(to, shards);
                        parts[to].take(parcel);
                    }
                }
                let mut all = BTreeMap::new();
                for part in &mut parts {
                    let saved = content(&part.save());
                    let len = part.len();
                    let rows = content(&part.finish());
                    prop_assert_eq!(len, rows.len());
                    prop_assert_eq!(&saved, &rows);
                    prop_assert!(part.is_empty() && part.finish().is_empty());
                    all.extend(rows);
                }
                prop_assert_eq!(&all, &expected);
            }
        }
    }

    #[test]
    fn saved_and_restored_it_goes_on_as_before(rows in batches(), cut in 0usize..9) {
        let blocks = blocks(&rows);
        let (_, _, aggregate) = first(&["--by", "word"]);
        let (before, after) = blocks.split_at(cut.min(blocks.len()));
        // The later half comes first: what is restored must still know its orders.
        let mut one = aggregate.start();
        after.iter().for_each(|block| one.fold(block));
        let mut two = aggregate.start();
        two.restore(one.save());
        before.iter().for_each(|block| two.fold(block));
        prop_assert_eq!(content(&two.finish()), model(&blocks, &[0]));
    }
}

#[test]
fn rows_pass_whole_and_only_what_is_needed_is_asked_for() {
    let (live, schema, _) = first(&[]);
    assert!(live.shown && live.names.contains("x"));
    assert!(schema.records && schema.fields.len() == 3);
    assert_eq!(first(&["--by", "word"]).0, Live::only(["word", "x"]));
}
