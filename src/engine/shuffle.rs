//! Brings the parts of a batch together that the shards have combined, and puts rows through a stage.
//!
//! Each part is cut by key hash and parcel i of all parts is merged by shard i, which so owns those keys: no shared table,
//! no lock. What was merged is sorted where it is, cut into ranges of the order, and each range is put through the
//! next stage by one shard again. So the rows of every result have one order, whatever the number of shards.

use std::ops::Range;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::fast::HugeVec;
use crate::data::order::{self, Comparator, Entry, SortKey};
use crate::data::packed::Packed;
use crate::data::rows::{Rows, gather_all};
use crate::data::sequence::{self, Sequence};
use crate::error::Result;
use crate::operators::{Accumulator, Aggregate, Map, Spread};

use super::core::Core;
use super::message::{Made, Message, Rendered};
use super::plan::End;
use super::shard;
use super::shares;

mod both;
mod dealt;

pub(super) use both::Both;
use dealt::InRanges;

/// Fewer rows than this are not worth a second shard.
pub(super) const SMALL: usize = 8 * 1024;
/// A share of the work of a stage is at most about so many rows: what is made of them stays in the second-level cache and in
/// memory that the next share uses again, and what is rendered can be written meanwhile.
const SHARE_ROWS: usize = 16 * 1024;
/// Accumulators that a stage keeps for its next batches.
const SPARE: usize = 64;

/// The accumulator with which a shard begins its part of a batch.
pub fn start(core: &Core, stage: usize) -> Box<dyn Accumulator> {
    let spare = core.spare[stage].lock().unwrap_or_else(|e| e.into_inner()).pop();
    spare.unwrap_or_else(|| match &core.plan.stages[stage].end {
        End::Aggregate(aggregate, _) => aggregate.start(),
        End::Totals(aggregate, _) => Box::new(Both { rows: Sequence::default(), combined: aggregate.start() }),
        End::Join(..) | End::Side(_) | End::WholeBatch(_) | End::Window(_) | End::Hold | End::Output(_) => {
            Box::new(Sequence::default())
        }
    })
}

pub(super) fn keep(core: &Core, stage: usize, accumulator: Box<dyn Accumulator>) {
    // What is left there is only a part of what the stage begins with.
    if matches!(core.plan.stages[stage].end, End::Totals(..)) {
        return;
    }
    let mut spare = core.spare[stage].lock().unwrap_or_else(|e| e.into_inner());
    if spare.len() < SPARE {
        spare.push(accumulator);
    }
}

/// Rows in order: sorted runs over the blocks of `rows`.
#[derive(Default)]
pub(super) struct Ordered {
    rows: Rows,
    runs: Vec<HugeVec<Entry>>,
    keys: Vec<SortKey>,
}

/// What the parts of an aggregate come to.
pub(super) struct Combined {
    ordered: Ordered,
    /// What is not finished yet, because it need not be sorted.
    parcels: Parcels,
    /// Everything, if there is so much that it is sorted range by range.
    ranges: Option<InRanges>,
}

/// What goes into a stage.
pub(super) enum Feed {
    Ordered(Ordered),
    Ranges(InRanges),
    /// Behind rows of the same batch that have gone in before.
    Blocks(Vec<Block>, Behind),
    /// What accumulators of the stage before have taken apart, and blocks.
    Parcels(Parcels, Vec<Block>),
    /// With what is done to each before anything else.
    Kept(Vec<Packed>, Option<Arc<dyn Map>>),
}

/// What of a batch has gone into a stage.
#[derive(Clone, Copy, Default)]
pub(super) struct Behind {
    /// Blocks ...
    pub blocks: u64,
    /// ... and rows.
    pub rows: u64,
}

impl Ordered {
    /// No rows yet, to be ordered so.
    pub(super) fn of(keys: Vec<SortKey>) -> Self {
        Ordered { keys, ..Ordered::default() }
    }

    /// One more run: sorted entries of these rows.
    pub(super) fn push(&mut self, rows: Rows, mut entries: HugeVec<Entry>) {
        let first = self.rows.blocks.len() as u32;
        for entry in entries.iter_mut() {
            entry.block += first;
        }
        self.rows.blocks.extend(rows.blocks);
        self.rows.orders.extend(rows.orders);
        self.runs.push(entries);
    }

    /// For the next stage, if rows were sorted for it as [`sorts_for_next`] says.
    pub(super) fn feed(self, sorted: bool) -> Feed {
        if sorted { Feed::Ordered(self) } else { Feed::Blocks(self.rows.blocks, Behind::default()) }
    }

    /// All rows.
    fn all(&self) -> Vec<Block> {
        self.blocks(self.runs.iter().map(|run| 0..run.len()).collect(), 0, 0, false)
    }

    /// The rows of one range of the order as blocks, the first of which is block number `block` and row number `row`.
    fn blocks(&self, range: Vec<Range<usize>>, block: u64, row: u64, numbers: bool) -> Vec<Block> {
        let comparator = Comparator::new(&self.rows, &self.keys);
        let runs: Vec<&[Entry]> = self.runs.iter().zip(range).map(|(run, range)| &run[range]).collect();
        let merged = order::merge(&comparator, &runs);
        let mut blocks = gather_all(&self.rows, &merged);
        let mut first = row;
        for (gathered, order) in blocks.iter_mut().zip(block..) {
            gathered.order = order;
            gathered.origins.numbers = numbers.then(|| (first..).take(gathered.rows).collect());
            first += gathered.rows as u64;
        }
        blocks
    }
}

impl Combined {
    /// As [`Ordered::feed`].
    pub(super) fn feed(self, sorted: bool) -> Feed {
        match (self.ranges, self.parcels.is_empty()) {
            (Some(ranges), _) => Feed::Ranges(ranges),
            (None, true) => self.ordered.feed(sorted),
            (None, false) => Feed::Parcels(self.parcels, self.ordered.rows.blocks),
        }
    }

    /// All rows, if they were to be sorted.
    pub(super) fn all(&self) -> Vec<Block> {
        self.ranges.as_ref().map_or_else(|| self.ordered.all(), InRanges::all)
    }
}

/// Whether the result of this stage has to be sorted for the next.
pub(super) fn sorts_for_next(core: &Core, stage: usize) -> bool {
    core.plan.numbers || !core.plan.stages[stage + 1].takes_any_order()
}

/// Brings the parts of an aggregate together; they are in order if `sort` says so.
pub(super) fn combine(
    core: &Arc<Core>,
    stage: usize,
    start: impl Fn() -> Box<dyn Accumulator>,
    aggregate: &dyn Aggregate,
    parts: Vec<Box<dyn Accumulator>>,
    sort: bool,
) -> Combined {
    let mut parts = parts;
    if parts.is_empty() {
        parts.push(start());
    }
    let total: usize = parts.iter().map(|p| p.len()).sum();
    let keys = aggregate.order();
    let merged = match aggregate.spread() {
        Spread::Loose => {
            return order_parts(core, stage, parts.into_iter().map(|p| (p, Vec::new())).collect(), keys, sort);
        }
        Spread::ByKey if total >= SMALL && parts.len() > 1 => {
            let shards = parts.len();
            let shipped = shares::map(core, parts, move |me, mut part| {
                let foreign = part.ship_others(me, shards);
                (part, foreign)
            });
            let mut merged: Vec<_> = Vec::new();
            let mut foreign: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
            for (me, (part, parcels)) in shipped.into_iter().enumerate() {
                merged.push(part);
                for (to, parcel) in (0..shards).filter(|to| *to != me).zip(parcels) {
                    foreign[to].push(parcel);
                }
            }
            merged.into_iter().zip(foreign).collect()
        }
        Spread::ByKey | Spread::Whole => {
            // The largest takes in the others.
            let largest = (0..parts.len()).max_by_key(|at| parts[*at].len()).unwrap_or(0);
            let first = parts.swap_remove(largest);
            let mut parcels = Vec::new();
            for mut part in parts {
                parcels.push(part.ship(0, 1));
                keep(core, stage, part);
            }
            vec![(first, parcels)]
        }
    };
    order_parts(core, stage, merged, keys, sort)
}

/// All rows of a batch, in record order.
pub(super) fn whole(core: &Arc<Core>, stage: usize, parts: Vec<Box<dyn Accumulator>>) -> Vec<Packed> {
    let blocks = parts.into_iter().map(|mut part| {
        let blocks = blocks_of(part.ship(0, 1));
        keep(core, stage, part);
        blocks
    });
    sequence::in_order(blocks)
}

fn blocks_of(parcel: Box<dyn std::any::Any + Send>) -> Vec<Packed> {
    *parcel.downcast().expect("a sequence ships its blocks")
}

type Parcels = Vec<Box<dyn std::any::Any + Send>>;

/// Merges parcels into their parts and sorts what each part gives, if that is asked for.
fn order_parts(
    core: &Arc<Core>,
    stage: usize,
    parts: Vec<(Box<dyn Accumulator>, Parcels)>,
    keys: Vec<SortKey>,
    sort: bool,
) -> Combined {
    let parts = match dealt::deal(core, parts, sort) {
        Ok((emptied, ranges)) => {
            emptied.into_iter().for_each(|part| keep(core, stage, part));
            return Combined { ordered: Ordered::of(keys), parcels: Vec::new(), ranges: Some(ranges) };
        }
        Err(parts) => parts,
    };
    let sort_keys = keys.clone();
    let finished = shares::map(core, parts, move |_, (mut part, parcels)| {
        for parcel in parcels {
            part.take(parcel);
        }
        let parcels = if sort { Vec::new() } else { part.apart() };
        let rows = part.finish();
        let entries = if sort { order::sorted(&rows, &sort_keys) } else { HugeVec::new() };
        (part, rows, entries, parcels)
    });
    let mut combined = Combined { ordered: Ordered::of(keys), parcels: Vec::new(), ranges: None };
    for (part, rows, entries, parcels) in finished {
        keep(core, stage, part);
        combined.parcels.extend(parcels);
        combined.ordered.push(rows, entries);
    }
    combined
}

/// A share of the work of a stage.
enum Share {
    /// A range of the order: of each run the entries, and the numbers of its first block and row.
    Range(Vec<Range<usize>>, u64, u64),
    /// One of the ranges that rows were dealt into, and the number of its first block.
    Dealt(InRanges, usize, u64),
    /// A block, and the number of its first row.
    Block(Block, u64),
    /// What is to be finished first, and the number of its first block.
    Parcel(Box<dyn std::any::Any + Send>, u64),
    /// A block that was kept, its place, and the number of its first row.
    Kept(Packed, u64, u64),
}

/// Cuts rows into shares of the work of the next stage.
fn shares(core: &Core, rows: Feed) -> (Ordered, Vec<Share>) {
    let mut row = 0;
    match rows {
        Feed::Ordered(ordered) => {
            let total: usize = ordered.runs.iter().map(|run| run.len()).sum();
            let ways = if total < SMALL { 1 } else { (core.shards * 4).max(total / SHARE_ROWS) };
            let comparator = Comparator::new(&ordered.rows, &ordered.keys);
            let ranges = order::cut(&comparator, &ordered.runs, ways).into_iter().zip(0..);
            let share = |(range, way): (Vec<Range<usize>>, u64)| {
                let first = row;
                row += range.iter().map(|r| r.len() as u64).sum::<u64>();
                Share::Range(range, way << 32, first)
            };
            let shares = ranges.map(share).collect();
            (ordered, shares)
        }
        Feed::Ranges(ranges) => {
            let share = |(range, way): (usize, u64)| Share::Dealt(ranges.clone(), range, way << 32);
            (Ordered::default(), (0..ranges.count).zip(0..).map(share).collect())
        }
        Feed::Blocks(blocks, behind) => {
            row = behind.rows;
            let share = |(mut block, at): (Block, u64)| {
                let first = row;
                row += block.rows as u64;
                block.order = at;
                Share::Block(block, first)
            };
            (Ordered::default(), blocks.into_iter().zip(behind.blocks..).map(share).collect())
        }
        // Whoever takes rows in any order asks for no row numbers.
        Feed::Parcels(parcels, blocks) => {
            let behind = (parcels.len() as u64) << 32;
            let blocks =
                blocks.into_iter().zip(behind..).map(|(block, order)| Share::Block(Block { order, ..block }, 0));
            let parcels = parcels.into_iter().zip(0..).map(|(parcel, way): (_, u64)| Share::Parcel(parcel, way << 32));
            (Ordered::default(), parcels.chain(blocks).collect())
        }
        Feed::Kept(blocks, _) => {
            let share = |(block, at): (Packed, u64)| {
                let first = row;
                row += block.rows() as u64;
                Share::Kept(block, at, first)
            };
            (Ordered::default(), blocks.into_iter().zip(0..).map(share).collect())
        }
    }
}

/// Puts rows through a stage: gives the parts of its end, or sends what is to be written to the output, as part of the batch
/// number `batch` of those that were received.
pub(super) fn feed(
    core: &Arc<Core>,
    at: usize,
    rows: Feed,
    info: BatchInfo,
    batch: u64,
) -> Result<Vec<Box<dyn Accumulator>>> {
    let (rows, first) = match rows {
        Feed::Kept(blocks, first) => (Feed::Kept(blocks, None), first),
        others => (others, None),
    };
    let (ordered, shares) = shares(core, rows);
    let shared = Arc::clone(core);
    let number = core.number_of(core.plan.stages[at].level, &info);
    let work = move |_: usize, share| {
        let stage = &shared.plan.stages[at];
        let numbers = |block: &Block, first: u64| shared.plan.numbers.then(|| (first..).take(block.rows).collect());
        let blocks = match share {
            Share::Range(range, block, row) => ordered.blocks(range, block, row, shared.plan.numbers),
            Share::Dealt(ranges, range, first) => ranges.finish(range, first),
            Share::Block(mut block, first) => {
                block.origins.numbers = numbers(&block, first);
                vec![block]
            }
            Share::Parcel(parcel, first) => {
                let mut before = start(&shared, at - 1);
                before.take(parcel);
                let blocks = before.finish().blocks;
                keep(&shared, at - 1, before);
                blocks.into_iter().zip(first..).map(|(block, order)| Block { order, ..block }).collect()
            }
            Share::Kept(packed, at, first) => {
                let mut block = packed.unpacked();
                block.origins.numbers = numbers(&block, first);
                vec![Block { order: at, ..block }]
            }
        };
        let mut rendered: Vec<Rendered> = Vec::new();
        let mut part = None;
        for mut block in blocks {
            if let Some(first) = &first {
                let order = block.order;
                block = first.map(block, &info)?;
                block.order = order;
            }
            block.batch = number;
            let block = shard::run(&shared, stage, 0, block, &info, &mut rendered)?;
            if !matches!(stage.end, End::Output(_)) && block.rows > 0 {
                part.get_or_insert_with(|| start(&shared, at)).fold(&block);
            }
        }
        Ok((rendered, part))
    };
    let mut parts = Vec::new();
    let mut failed = None;
    shares::each(core, shares, work, |made| match made {
        Ok((rendered, part)) => {
            if !rendered.is_empty() {
                let _ = core.output.send(Message::Result(batch, Made::Rows(info, rendered)));
            }
            parts.extend(part);
        }
        Err(error) => failed = failed.take().or(Some(error)),
    });
    failed.map_or(Ok(parts), Err)
}
