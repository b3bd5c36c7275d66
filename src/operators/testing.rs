//! For the tests of operators that combine rows: runs one on lines, as the engine would, on two shards.

use super::{Built, Entry, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::{Cell, Column};
use crate::data::order::{Comparator, Entry as Row, sorted};
use crate::data::rows::{Rows, block_of, gather};
use crate::data::schema::{Field, Live, Schema};
use crate::data::time::Time;
use crate::expr::Context;

/// Some batch.
pub(crate) const BATCH: BatchInfo = BatchInfo { id: 0, start: Time(0), end: Time(1000), redo: false };

/// The operator that these arguments stand for.
pub(crate) fn built(entry: &Entry, args: &[&str]) -> Box<dyn Operator> {
    let args = (entry.command)().try_get_matches_from([&[entry.name], args].concat()).unwrap();
    let Ok(Built::Operator(operator)) = (entry.build)(&args) else { panic!("no operator") };
    operator
}

/// The lines that come of blocks of lines, whose fields are `$1` and `$2`. The last block comes first.
pub(crate) fn run(operator: &dyn Operator, blocks: &[&[&str]]) -> Vec<String> {
    let fields = vec![Field::shown("line"), Field::hidden("$1"), Field::hidden("$2")];
    let schema = Schema { fields, records: true, ..Schema::default() };
    let mut bound = operator.bind(&schema, &Live::all(), &Context::default()).unwrap();
    assert_eq!(bound.schema, schema);
    let Work::Aggregate(aggregate) = bound.work.remove(0) else { panic!("another kind of work") };
    let mut shards = [aggregate.start(), aggregate.start()];
    for (number, lines) in blocks.iter().enumerate().rev() {
        let field = |at| lines.iter().map(|line| line.split(' ').nth(at).map(str::as_bytes)).collect();
        let mut block = block_of(&[lines.iter().map(|line| Some(line.as_bytes())).collect(), field(0), field(1)]);
        block.order = number as u64;
        shards[number % 2].fold(&block);
    }
    let [mut first, mut second] = shards;
    first.take(second.ship(0, 1));
    assert!(second.is_empty());
    let rows = first.finish();
    let keys = aggregate.order();
    let in_order = sorted(&rows, &keys);
    assert!(in_order.is_sorted_by(|a, b| Comparator::new(&rows, &keys).compare(a, b).is_lt()));
    lines(&rows, &in_order)
}

fn lines(rows: &Rows, entries: &[Row]) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let block = gather(rows, entries);
    let text = |cell| if let Cell::Text(text) = cell { String::from_utf8_lossy(text).into_owned() } else { "?".into() };
    let lines: &Column = &block.columns[0];
    (0..block.rows).map(|row| text(lines.cell(row))).collect()
}
