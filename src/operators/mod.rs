//! Operators: what a chain is made of. Every file but this one is one operator, in a fixed order: its help with examples,
//! its arguments, what it does, its tests. To add one: a file, its `mod` line and its line in [`REGISTRY`].
//!
//! An operator is immutable; whatever changes is an [`Accumulator`] that the engine owns. This makes sharding free.

mod agg;
mod alarm;
mod count;
mod distinct;
mod filter;
mod flatmap;
mod grep;
mod head;
mod join;
mod map;
mod parse;
mod pipe;
mod reduce;
mod running;
mod sample;
mod session;
mod set;
mod sort;
mod sql;
mod support;
mod tables;
mod tail;
mod tee;
#[cfg(test)]
pub(crate) mod testing;
mod top;
mod whole;
mod window;
mod wordcount;
mod words;

use std::any::Any;
use std::ffi::OsString;
use std::sync::Arc;

use clap::{ArgMatches, Command};

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Span};
use crate::data::order::SortKey;
use crate::data::order::dealing::Deals;
use crate::data::rows::Rows;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;
use crate::expr::by::By;

pub use running::{Over, Rebatch, Running, Saved};
pub use tables::{Records, Right, Side, Table, Tables, Version};
pub use whole::{Join, LookUp, Totals, WholeBatch};

/// An operator as the command line knows it.
pub struct Entry {
    /// The word that stands in the chain.
    pub name: &'static str,
    /// Its clap command: arguments, help, long help.
    pub command: fn() -> Command,
    /// From what was written to the operator.
    pub build: fn(&ArgMatches) -> Result<Built>,
    /// Shown in the help, and run as tests.
    pub examples: &'static [Example],
}

/// Every operator, in the order of the help.
pub static REGISTRY: &[Entry] = &[
    wordcount::ENTRY,
    words::ENTRY,
    filter::ENTRY,
    grep::ENTRY,
    map::ENTRY,
    set::ENTRY,
    flatmap::ENTRY,
    parse::ENTRY,
    sample::ENTRY,
    count::ENTRY,
    agg::ENTRY,
    reduce::ENTRY,
    distinct::ENTRY,
    sort::ENTRY,
    top::ENTRY,
    head::ENTRY,
    tail::ENTRY,
    join::ENTRY,
    window::ENTRY,
    session::ENTRY,
    tee::ENTRY,
    alarm::ENTRY,
    pipe::ENTRY,
    sql::ENTRY,
];

/// What an operator's words stand for.
pub enum Built {
    /// An operator.
    Operator(Box<dyn Operator>),
    /// A macro: the words of the chain that it stands for.
    Chain(Vec<String>),
}

/// One runnable example of a help text: the test pipes `input` into `command` and expects `output`.
pub struct Example {
    /// What it shows, in a few words.
    pub what: &'static str,
    /// As typed at a shell, beginning with `streamer`.
    pub command: &'static str,
    /// Standard input.
    pub input: &'static str,
    /// Expected standard output.
    pub output: &'static str,
}

/// One operator of a chain, with its arguments.
pub trait Operator: Send + Sync {
    /// The word that stands in the chain.
    fn name(&self) -> &'static str;

    /// Asks for what it joins with, before anything is settled.
    fn open(&mut self, tables: &dyn Tables) -> Result<()> {
        let _ = tables;
        Ok(())
    }

    /// Which columns it must be given, if those of `output` are needed of its result.
    fn live(&self, output: &Live) -> Live;

    /// Settles names to columns: the work to be done and the columns that come out, of which `output` is needed. An unknown
    /// name is a usage error.
    fn bind(&self, input: &Schema, output: &Live, context: &Context) -> Result<Bound>;

    /// The sink that a copy of the rows goes to.
    fn tees(&self) -> Option<&str> {
        None
    }

    /// Asks for [`Origins::numbers`](crate::data::block::Origins).
    fn wants_numbers(&self) -> bool {
        false
    }

    /// What it keeps in memory, for `--explain`; empty if nothing beyond the block at hand.
    fn keeps(&self) -> String {
        String::new()
    }

    /// Whether what it does with a row depends on the batch that the row is in: then it is not done before a window that stands
    /// before it.
    fn follows_batches(&self) -> bool {
        self.tees().is_some()
    }

    /// The keys by whose sessions the operator behind it combines rows.
    fn sessions(&self) -> Option<&By> {
        None
    }

    /// It stands behind a session of these keys, and is to combine rows by them.
    fn group(&mut self, by: &By) -> Result<()> {
        let _ = by;
        Err(Error::usage(
            "directly behind session stands the aggregate that is made of each session, count, agg or reduce: session --gap 30m \
             --by ip then agg 'count(*) AS hits'; what looks at one row at a time goes before session, or behind the aggregate",
        ))
    }

    /// Whether it has something to say of a batch without records (`--fill`).
    fn fills(&self) -> bool {
        false
    }

    /// Whether its result is of the kind that is led by `window_end` (SPEC 5: count, agg, reduce).
    fn aggregates(&self) -> bool {
        false
    }
}

/// An operator that knows its columns.
pub struct Bound {
    /// The columns that come out.
    pub schema: Schema,
    /// What is to be done, one after the other.
    pub work: Vec<Work>,
}

impl Bound {
    /// One thing is to be done.
    pub fn new(schema: Schema, work: Work) -> Self {
        Bound { schema, work: vec![work] }
    }
}

/// The kinds of operators.
pub enum Work {
    /// Row-wise: drops rows. Any shard, any order.
    Filter(Box<dyn Filter>),
    /// Row-wise: new rows from each row. Any shard, any order.
    Map(Box<dyn Map>),
    /// Combines rows.
    Aggregate(Box<dyn Aggregate>),
    /// Needs all rows of the batch in order, in one place.
    WholeBatch(Box<dyn WholeBatch>),
    /// Each row looks up what was combined of all rows of the batch.
    Totals(Box<dyn Aggregate>, Box<dyn Totals>),
    /// Each row looks up those that stand beside the batch: of another input these columns.
    Join(Box<dyn Join>, Option<(Arc<Side>, Live)>),
    /// Which batches the operators behind it see.
    Rebatch(Rebatch),
    /// Row-wise: a copy of the rows, of those that pass if there is a filter, goes to the sink of this spelling as well.
    Tee(String, Option<Box<dyn Filter>>),
    /// Row-wise: the rows pass; whether any row of a batch passes the filter is told to the alarm.
    Alarm(Box<dyn Filter>, Alarm),
}

/// When an alarm acts, and what it does then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its condition, as it was written.
    pub condition: String,
    /// In so many batches running the condition has to hold; at least 1.
    pub batches: u64,
    /// For so many milliseconds of the batches' times behind one after which it acted it does not act again.
    pub cooldown: i64,
    /// The status with which it ends the run, if it does.
    pub exit: Option<u8>,
    /// The command that it starts, and its arguments; empty if there is none.
    pub command: Vec<OsString>,
}

/// Drops rows.
pub trait Filter: Send + Sync {
    /// Pushes the numbers of the rows of `block` that pass, in ascending order.
    fn select(&self, block: &Block, batch: &BatchInfo, passed: &mut Vec<u32>) -> Result<()>;

    /// The quick way at the head of a chain of text: pushes the spans of those whole records of `raw` that pass
    /// (without their delimiter), and gives how many records there are, if it came to know. `None` if there is no quick way,
    /// and records are cut first.
    fn select_records(&self, raw: &Raw<'_>, passed: &mut Vec<Span>) -> Option<Option<u64>> {
        let _ = (raw, passed);
        None
    }

    /// Whether there always is one: for bytes that change meanwhile too (their rows count for nothing), with none behind them.
    fn searches(&self) -> bool {
        false
    }
}

/// New rows from each row.
pub trait Map: Send + Sync {
    /// The rows that come of `block`, in its order. `order`, `batch` and `input` are kept by the engine; `origins` must
    /// be carried over ([`Origins::pick`](crate::data::block::Origins::pick)).
    fn map(&self, block: Block, batch: &BatchInfo) -> Result<Block>;

    /// So many of the first columns come out as they go in, where they were.
    fn leaves(&self) -> usize {
        0
    }

    /// No more blocks of this batch will come.
    fn done(&self, batch: &BatchInfo) {
        let _ = batch;
    }

    /// The quick way at the head of a chain of text: pushes the spans of `raw` that are the one text column of the
    /// result. `None` if there is no quick way, and records are cut first.
    fn map_records(&self, raw: &Raw<'_>, made: &mut Vec<Span>) -> Option<()> {
        let _ = (raw, made);
        None
    }
}

/// Whole records of text in a buffer, not yet cut.
#[derive(Clone, Copy)]
pub struct Raw<'a> {
    /// The buffer from its start to the end of the last record, and behind that at least
    /// [`PAD`](crate::data::buffer::PAD) readable bytes (of the next records, or zero).
    pub padded: &'a [u8],
    /// Where the first record begins.
    pub start: usize,
    /// Where the last one ends (its delimiter included, unless the input ended without one).
    pub end: usize,
    /// What ends a record: `\n`, or NUL with `-0`.
    pub delimiter: u8,
}

/// How the parts of an aggregate that the shards computed come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Cut by key hash: every shard merges and owns its share of the keys.
    ByKey,
    /// Small: one shard merges everything.
    Whole,
    /// Parts need no merging, each gives its own rows and the order brings them together.
    Loose,
}

/// Combines rows. Immutable: what was combined is in its accumulators. Must be associative and commutative (orders travel
/// with the rows), with the accumulator of no rows as neutral element.
pub trait Aggregate: Send + Sync {
    /// How parts come together.
    fn spread(&self) -> Spread;

    /// Nothing combined yet. Cheap: an empty batch makes one.
    fn start(&self) -> Box<dyn Accumulator>;

    /// How the rows of the result are ordered; ties fall to [`Rows::orders`].
    fn order(&self) -> Vec<SortKey>;

    /// Whether [`Aggregate::order`] tells any two rows of a result apart.
    fn tells_apart(&self) -> bool {
        false
    }

    /// What does the same with rows that come in any order as this one does if they come in the order of `keys`, which tell
    /// any two of them apart. None if there is no such thing.
    fn for_any_order(&self, keys: &[SortKey]) -> Option<Arc<dyn Aggregate>> {
        let _ = keys;
        None
    }

    /// Whether its result is the same in whatever order rows come and whatever [`Block::order_of`] says: then they need not be
    /// sorted for it.
    fn takes_any_order(&self) -> bool {
        false
    }

    /// What one shard keeps of it from batch to batch, of no rows yet; none if it has no way of its own, and rows or parts are
    /// kept and combined anew.
    fn running(&self, over: Over) -> Option<Box<dyn Running>> {
        let _ = over;
        None
    }

    /// If so many rows, the first in record order, are all that counts (`head`).
    fn enough(&self) -> Option<u64> {
        None
    }
}

/// What was combined so far, on one shard. It owns its bytes.
pub trait Accumulator: Send {
    /// Combines the rows of a block, whose [`Block::order_of`] is the order of each.
    fn fold(&mut self, block: &Block);

    /// Takes out what belongs to shard `shard` of `shards` (by key hash), to be [`Accumulator::take`]n by another.
    fn ship(&mut self, shard: usize, shards: usize) -> Box<dyn Any + Send>;

    /// Takes out what belongs to all shards but `me`, whose groups stay. Nothing is folded before [`Accumulator::finish`].
    fn ship_others(&mut self, me: usize, shards: usize) -> Vec<Box<dyn Any + Send>> {
        (0..shards).filter(|to| *to != me).map(|to| self.ship(to, shards)).collect()
    }

    /// Merges what another accumulator of the same aggregate has shipped.
    fn take(&mut self, parcel: Box<dyn Any + Send>);

    /// Takes everything out as parcels that share no group, if there is so much that it should be finished one after the other.
    fn apart(&mut self) -> Vec<Box<dyn Any + Send>> {
        Vec::new()
    }

    /// What deals everything out into ranges of the order, if there is so much that they should be finished one after the other.
    fn deals(&mut self) -> Option<&mut dyn Deals> {
        None
    }

    /// How many groups or rows it holds, or a few more: decides whether sharing the work pays.
    fn len(&self) -> usize;

    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of the result, in any order, each with its order where the keys do not settle it; the accumulator is empty
    /// again, and its memory ready for the next batch.
    fn finish(&mut self) -> Rows;

    /// All that it holds, to be written out; [`Accumulator::restore`] of it into an empty accumulator gives the same again.
    fn save(&self) -> Rows;

    /// Takes over what [`Accumulator::save`] gave.
    fn restore(&mut self, rows: Rows);
}
