//! The first rows of keys, against their definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell, Column, Order, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::rows::Rows;
use crate::data::schema::Field;
use crate::data::time::Time;
use crate::operators::{Accumulator, Aggregate, Running};

fn first(argv: &[&str]) -> (Live, Schema, Box<dyn Aggregate>) {
    let args = command().get_matches_from(std::iter::once("distinct").chain(argv.iter().copied()));
    let Ok(Built::Operator(operator)) = build(&args) else { unreachable!() };
    let fields = vec![Field::shown("word"), Field::shown("n"), Field::hidden("$1")];
    match operator.bind(&Schema { fields, records: true, ..Schema::default() }, &Live::all(), &Context::default()) {
        Ok(Bound { schema, mut work }) => match work.pop() {
            Some(Work::Aggregate(work)) => (operator.live(&Live::only(["x"])), schema, work),
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

/// What passes of batches with these ends by definition: the rows of a key that is not held back, in record order.
fn held_back(batches: &[(i64, Vec<Block>)], columns: &[usize], millis: i64) -> Vec<BTreeMap<Order, String>> {
    let mut passed = BTreeMap::<String, i64>::new();
    let mut all = Vec::new();
    for (end, blocks) in batches {
        let firsts = model(blocks, columns);
        let row = |order: &Order| blocks.iter().find(|block| block.order == order.block).unwrap();
        let key = |order: &Order| {
            let cell = |column: &usize| format!("{:?}", row(order).columns[*column].cell(order.row as usize));
            columns.iter().map(cell).collect::<Vec<_>>().join(" ")
        };
        let news = firsts.into_iter().filter(|(order, _)| match passed.get(&key(order)) {
            Some(then) => *end >= then + millis,
            None => true,
        });
        let news: BTreeMap<Order, String> = news.collect();
        passed.extend(news.keys().map(|order| (key(order), *end)));
        all.push(news);
    }
    all
}

proptest! {
    /// The law of `--within`: on any number of shards, saved and restored in between, also where batches are left out or have
    /// the same end.
    #[test]
    fn a_key_passes_again_when_its_time_is_over(
        steps in prop::collection::vec((batches(), 0i64..3), 1..12), millis in 1i64..6, saved in 0usize..12,
    ) {
        let mut end = -5;
        let batch = |(rows, pause): &(Vec<Vec<Row>>, i64)| {
            end += pause;
            (end, blocks(rows))
        };
        let batches: Vec<(i64, Vec<Block>)> = steps.iter().map(batch).collect();
        let within = format!("{millis}ms");
        for (by, columns) in [("word", &[0][..]), ("n,word", &[1, 0])] {
            let expected = held_back(&batches, columns, millis);
            let (_, _, aggregate) = first(&["--by", by, "--within", &within]);
            for shards in [1, 2, 8] {
                let owner = |_| aggregate.running(Over::Within { millis }).unwrap();
                let mut owners: Vec<Box<dyn Running>> = (0..shards).map(owner).collect();
                for (at, (end, blocks)) in batches.iter().enumerate() {
                    let info = BatchInfo { id: 0, start: Time(end - 1), end: Time(*end), redo: false };
                    let mut parts: Vec<Box<dyn Accumulator>> = (0..shards).map(|_| aggregate.start()).collect();
                    blocks.iter().enumerate().rev().for_each(|(n, block)| parts[n % shards].fold(block));
                    let mut found = BTreeMap::new();
                    for (me, running) in owners.iter_mut().enumerate() {
                        let mut mine = aggregate.start();
                        parts.iter_mut().for_each(|part| mine.take(part.ship(me, shards)));
                        running.enter(&mut *mine, &info);
                        prop_assert!(mine.is_empty());
                        found.extend(content(&running.finish(&info)));
                        if at == saved {
                            let mut restored = owner(0);
                            restored.restore(running.save());
                            prop_assert_eq!(restored.len(), running.len());
                            *running = restored;
                        }
                    }
                    prop_assert_eq!(&found, &expected[at]);
                }
                let late = BatchInfo { id: 0, start: Time(0), end: Time(end + millis), redo: false };
                owners.iter_mut().for_each(|running| drop(running.finish(&late)));
                prop_assert!(owners.iter().all(|running| running.is_empty() && running.save().is_empty()));
            }
        }
    }
}
