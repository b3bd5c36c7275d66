//! `distinct`: the first row of each key. An aggregate: each shard keeps the first row of each key that it has seen, and
//! the first of those is kept where the key belongs. First by record order, whenever a shard sees them.

use std::any::Any;

use clap::{Arg, ArgMatches, Command};

use super::support::computed;
use super::{Accumulator, Aggregate, Bound, Built, Entry, Example, Operator, Spread, Work};
use crate::data::block::{Block, Order};
use crate::data::builder::Builder;
use crate::data::groups::{Groups, Parcel};
use crate::data::keys;
use crate::data::order::SortKey;
use crate::data::rows::Rows;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;
use crate::expr::by::By;

/// `distinct [--by K]`.
pub const ENTRY: Entry = Entry { name: "distinct", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example { what: "each line once", command: "streamer distinct --batch all", input: "b\nb\na\n", output: "b\na\n" },
    Example {
        what: "the first line of each user",
        command: "streamer distinct --by '$1' --batch all",
        input: "ann login\nbob login\nann logout\n",
        output: "ann login\nbob login\n",
    },
    Example {
        what: "how many different words",
        command: "streamer words then distinct then count --batch all",
        input: "to be or not to be\n",
        output: "4\n",
    },
];

fn command() -> Command {
    Command::new("distinct")
        .about("the first row of each key")
        .long_about(
            "Keeps of all rows of the batch that have the same key the first one, whole and in the order of the \
             records.\n\nThe key is the whole row, or the columns of --by. Keys are equal by bytes: 7 is not 07; nulls \
             are one key.",
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("The key is this column or expression, or these: 'a, b'. Quote '$1', or the shell replaces it"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let by = args.get_one::<String>("by").map(|list| By::parse("--by", list)).transpose()?;
    Ok(Built::Operator(Box::new(Distinct { by })))
}

struct Distinct {
    by: Option<By>,
}

impl Operator for Distinct {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        match &self.by {
            Some(by) => output.clone().and(by.live()),
            None => Live { shown: true, names: output.names.clone() },
        }
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let mut schema = input.clone();
        let (columns, computed) = match &self.by {
            Some(by) => computed::columns(by.exprs(), &mut schema, context)?,
            None => ((0..input.fields.len()).filter(|&column| !input.fields[column].hidden).collect(), None),
        };
        let first = Work::Aggregate(Box::new(First { columns }));
        Ok(Bound { schema, work: computed.into_iter().chain([first]).collect() })
    }

    fn keeps(&self) -> String {
        "the first row of each key".to_string()
    }
}

/// The first row of each key.
struct First {
    columns: Vec<usize>,
}

impl Aggregate for First {
    fn spread(&self) -> Spread {
        Spread::ByKey
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Firsts { columns: self.columns.clone(), ..Firsts::default() })
    }

    fn order(&self) -> Vec<SortKey> {
        Vec::new()
    }
}

#[derive(Default)]
struct Firsts {
    columns: Vec<usize>,
    groups: Groups,
    /// By group number.
    firsts: Vec<Kept>,
    /// The rows that were first when they came, some of them not any more; `open` are the rows of the next block.
    blocks: Vec<Block>,
    open: Builder,
    /// What is to be shipped and was not yet; `groups` is empty then, and the numbers are those of before.
    cut: Vec<Parcel>,
    /// Empty between blocks.
    early: Vec<(u32, u32)>,
}

/// A row that is kept.
#[derive(Debug, Clone, Copy)]
struct Kept {
    block: u32,
    row: u32,
    order: Order,
}

impl Firsts {
    /// Keeps those rows of the block, given with their groups, that are the first of their group so far.
    fn keep(&mut self, rows: impl Iterator<Item = (usize, u32)>, block: &Block, order: impl Fn(usize) -> Order) {
        for (row, group) in rows {
            let order = order(row);
            if self.firsts.get(group as usize).is_some_and(|first| first.order <= order) {
                continue;
            }
            let kept = Kept { block: self.blocks.len() as u32, row: self.open.len() as u32, order };
            match self.firsts.get_mut(group as usize) {
                Some(first) => *first = kept,
                None => self.firsts.push(kept),
            }
            self.open.push(block, row);
            if self.open.is_full() {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.blocks.push(self.open.finish());
        }
    }

    /// Goes on with what was cut and not shipped.
    fn settle(&mut self) {
        if self.cut.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.firsts);
        for parcel in std::mem::take(&mut self.cut) {
            self.groups.take(&parcel);
            self.firsts.extend(parcel.groups().map(|group| before[group as usize]));
        }
    }

    /// The rows that are first of their keys.
    fn current(&self) -> Vec<Kept> {
        if self.cut.is_empty() {
            return self.firsts.clone();
        }
        self.cut.iter().flat_map(Parcel::groups).map(|group| self.firsts[group as usize]).collect()
    }
}

/// These rows out of the blocks, in the order in which they stand there. Their bytes are shared, not copied.
fn gather(blocks: &[Block], mut kept: Vec<Kept>) -> Rows {
    kept.sort_unstable_by_key(|k| (k.block, k.row));
    let mut rows = Rows::default();
    for some in kept.chunk_by(|a, b| a.block == b.block) {
        let mut block = blocks[some[0].block as usize].clone();
        block.keep(&some.iter().map(|k| k.row).collect::<Vec<_>>());
        rows.blocks.push(block);
        rows.orders.push(some.iter().map(|k| k.order).collect());
    }
    rows
}

impl Accumulator for Firsts {
    fn fold(&mut self, block: &Block) {
        self.settle();
        let keys = keys::encode(block, &self.columns);
        let mut early = std::mem::take(&mut self.early);
        self.groups.early(&keys, block.order as i64 + 1, &mut early);
        let rows = early.drain(..).map(|(row, group)| (row as usize, group));
        self.keep(rows, block, |row| block.order_of(row));
        self.early = early;
    }

    fn ship(&mut self, shard: usize, shards: usize) -> Box<dyn Any + Send> {
        if self.cut.len() != shards {
            self.settle();
            self.cut = self.groups.cut(shards);
        }
        self.close();
        let keys = std::mem::take(&mut self.cut[shard]);
        let kept = keys.groups().map(|group| self.firsts[group as usize]).collect();
        Box::new(gather(&self.blocks, kept))
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        self.restore(*parcel.downcast::<Rows>().expect("the parcel of another distinct"));
    }

    fn len(&self) -> usize {
        self.groups.len() + self.cut.iter().map(Parcel::len).sum::<usize>()
    }

    fn finish(&mut self) -> Rows {
        self.close();
        let rows = gather(&self.blocks, self.current());
        self.groups.clear();
        self.firsts.clear();
        self.blocks.clear();
        self.cut.clear();
        rows
    }

    fn save(&self) -> Rows {
        let mut blocks = self.blocks.clone();
        blocks.push(self.open.clone().finish());
        gather(&blocks, self.current())
    }

    fn restore(&mut self, rows: Rows) {
        for (block, orders) in rows.blocks.iter().zip(&rows.orders) {
            self.settle();
            let mut numbers = Vec::new();
            self.groups.number(&keys::encode(block, &self.columns), &mut numbers);
            self.keep(numbers.into_iter().enumerate(), block, |row| orders[row]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::data::block::{Cell, Column, Span, Text};
    use crate::data::buffer::Buffer;
    use crate::data::schema::Field;

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
}
