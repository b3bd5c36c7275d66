//! Finishes a batch: the parts that the shards have combined come together.
//!
//! Each part is cut by key hash and parcel i of all parts is merged by shard i, which so owns those keys: no shared table,
//! no lock. What was merged is sorted where it is, cut into ranges of the order, and each range is put through the
//! next stage by one shard again. So the rows of every result have one order, whatever the number of shards.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::order::{self, Comparator, Entry, SortKey};
use crate::data::packed::Packed;
use crate::data::rows::{Rows, gather_all};
use crate::data::sequence::{self, Sequence};
use crate::error::Result;
use crate::operators::{Accumulator, Aggregate, Map, Spread};

use super::batcher::Cut;
use super::core::Core;
use super::message::{Finished, Message, Rendered};
use super::plan::End;
use super::shard;
use super::shares;

/// Fewer rows than this are not worth a second shard.
const SMALL: usize = 8 * 1024;
/// A share of the work of a stage is at most about so many rows: what is made of them stays in the second-level cache and in
/// memory that the next share uses again, and what is rendered can be written meanwhile.
const SHARE_ROWS: usize = 16 * 1024;
/// Accumulators that a stage keeps for its next batches.
const SPARE: usize = 64;

/// The accumulator with which a shard begins its part of a batch.
pub fn start(core: &Core, stage: usize) -> Box<dyn Accumulator> {
    let spare = core.spare[stage].lock().unwrap_or_else(|e| e.into_inner()).pop();
    spare.unwrap_or_else(|| match &core.plan.stages[stage].end {
        End::Aggregate(aggregate) => aggregate.start(),
        End::Totals(aggregate, _) => Box::new(Both { rows: Sequence::default(), combined: aggregate.start() }),
        End::WholeBatch(_) | End::Hold | End::Output(_) => Box::new(Sequence::default()),
    })
}

fn keep(core: &Core, stage: usize, accumulator: Box<dyn Accumulator>) {
    // What is left there is only a part of what the stage begins with.
    if matches!(core.plan.stages[stage].end, End::Totals(..)) {
        return;
    }
    let mut spare = core.spare[stage].lock().unwrap_or_else(|e| e.into_inner());
    if spare.len() < SPARE {
        spare.push(accumulator);
    }
}

/// Finishes a batch, all of whose blocks are done. What fails ends the run.
pub fn finish(core: &Arc<Core>, cut: Cut) {
    if let Err(error) = put_through(core, cut) {
        core.abort(error);
    }
    core.finished();
}

/// Puts a batch through the stages behind the first, up to the output.
fn put_through(core: &Arc<Core>, cut: Cut) -> Result<()> {
    let began = core.clock.monotonic();
    let parts = cut.batch.parts.iter().filter_map(|p| p.lock().unwrap_or_else(|e| e.into_inner()).take());
    let mut parts: Vec<_> = parts.collect();
    for (at, stage) in core.plan.stages.iter().enumerate() {
        let blocks = match &stage.end {
            End::Output(_) => break,
            End::Aggregate(aggregate) => Feed::Ordered(combine(core, at, || start(core, at), &**aggregate, parts)),
            End::Hold => Feed::Kept(whole(core, at, parts), None),
            End::Totals(aggregate, totals) => {
                let (rows, parts): (Vec<_>, Vec<_>) = parts.into_iter().map(Both::apart).unzip();
                let combined = combine(core, at, || aggregate.start(), &**aggregate, parts);
                let range = combined.runs.iter().map(|run| 0..run.len()).collect();
                let totals = totals.look_up(combined.blocks(range, 0, 0, false))?;
                Feed::Kept(sequence::in_order(rows), Some(totals))
            }
            End::WholeBatch(operator) => {
                let blocks = whole(core, at, parts).into_iter().map(Packed::unpacked).collect();
                let mut kept = core.kept[at].lock().unwrap_or_else(|e| e.into_inner());
                Feed::Blocks(operator.run(blocks, &cut.info, &mut kept)?)
            }
        };
        parts = feed(core, at + 1, blocks, cut.info)?;
        if core.is_aborted() {
            return Ok(());
        }
    }
    let ended = core.clock.monotonic();
    let relaxed = Ordering::Relaxed;
    let _ = core.output.send(Message::Finished(Finished {
        info: cut.info,
        records: cut.batch.records.load(relaxed),
        bad: cut.batch.bad.load(relaxed),
        late: cut.batch.late.load(relaxed),
        taken: cut.taken(),
        bytes: cut.batch.bytes.load(relaxed),
        blocks: cut.blocks,
        lanes: cut.lanes.into_iter().map(|(lane, (_, range))| (lane, range)).collect(),
        cut: cut.at,
        began,
        ended,
    }));
    Ok(())
}

/// Rows in order: sorted runs over the blocks of `rows`.
#[derive(Default)]
struct Ordered {
    rows: Rows,
    runs: Vec<Vec<Entry>>,
    keys: Vec<SortKey>,
}

/// What goes into a stage.
enum Feed {
    Ordered(Ordered),
    Blocks(Vec<Block>),
    /// With what is done to each before anything else.
    Kept(Vec<Packed>, Option<Box<dyn Map>>),
}

impl Ordered {
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

/// Brings the parts of an aggregate together.
fn combine(
    core: &Arc<Core>,
    stage: usize,
    start: impl Fn() -> Box<dyn Accumulator>,
    aggregate: &dyn Aggregate,
    parts: Vec<Box<dyn Accumulator>>,
) -> Ordered {
    let mut parts = parts;
    if parts.is_empty() {
        parts.push(start());
    }
    let total: usize = parts.iter().map(|p| p.len()).sum();
    let keys = aggregate.order();
    let merged = match aggregate.spread() {
        Spread::Loose => return order_parts(core, stage, parts.into_iter().map(|p| (p, Vec::new())).collect(), keys),
        Spread::ByKey if total >= SMALL && parts.len() > 1 => {
            let shards = parts.len();
            let shipped = shares::map(core, parts, move |me, mut part| {
                let foreign = (0..shards).map(|to| (to != me).then(|| part.ship(to, shards)));
                let foreign: Vec<_> = foreign.collect();
                (part, foreign)
            });
            let mut merged: Vec<_> = Vec::new();
            let mut foreign: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
            for (part, parcels) in shipped {
                merged.push(part);
                for (to, parcel) in parcels.into_iter().enumerate() {
                    foreign[to].extend(parcel);
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
    order_parts(core, stage, merged, keys)
}

/// All rows of a batch, in record order.
fn whole(core: &Arc<Core>, stage: usize, parts: Vec<Box<dyn Accumulator>>) -> Vec<Packed> {
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

/// Rows that are kept, and what is combined of them.
struct Both {
    rows: Sequence,
    combined: Box<dyn Accumulator>,
}

impl Both {
    /// The blocks, and the part of the aggregate.
    fn apart(mut part: Box<dyn Accumulator>) -> (Vec<Packed>, Box<dyn Accumulator>) {
        *part.ship(0, 1).downcast().expect("both parts are shipped together")
    }
}

impl Accumulator for Both {
    fn fold(&mut self, block: &Block) {
        self.rows.fold(block);
        self.combined.fold(block);
    }

    /// Everything, as it is: a stage takes it apart before it combines.
    fn ship(&mut self, _: usize, _: usize) -> Box<dyn std::any::Any + Send> {
        let nothing: Box<dyn Accumulator> = Box::new(Sequence::default());
        Box::new((self.rows.give(), std::mem::replace(&mut self.combined, nothing)))
    }

    fn take(&mut self, parcel: Box<dyn std::any::Any + Send>) {
        self.rows.take(blocks_of(parcel));
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Rows {
        Accumulator::finish(&mut self.rows)
    }

    fn save(&self) -> Rows {
        self.rows.save()
    }

    fn restore(&mut self, rows: Rows) {
        for block in &rows.blocks {
            self.combined.fold(block);
        }
        self.rows.restore(rows);
    }
}

type Parcels = Vec<Box<dyn std::any::Any + Send>>;

/// Merges parcels into their parts and sorts what each part gives.
fn order_parts(
    core: &Arc<Core>,
    stage: usize,
    parts: Vec<(Box<dyn Accumulator>, Parcels)>,
    keys: Vec<SortKey>,
) -> Ordered {
    let sort_keys = keys.clone();
    let finished = shares::map(core, parts, move |_, (mut part, parcels)| {
        for parcel in parcels {
            part.take(parcel);
        }
        let rows = part.finish();
        let entries = order::sorted(&rows, &sort_keys, 0);
        (part, rows, entries)
    });
    let mut ordered = Ordered { rows: Rows::default(), runs: Vec::new(), keys };
    for (part, rows, mut entries) in finished {
        keep(core, stage, part);
        let first = ordered.rows.blocks.len() as u32;
        for entry in &mut entries {
            entry.block += first;
        }
        ordered.rows.blocks.extend(rows.blocks);
        ordered.rows.orders.extend(rows.orders);
        ordered.runs.push(entries);
    }
    ordered
}

/// A share of the work of a stage.
enum Share {
    /// A range of the order: of each run the entries, and the numbers of its first block and row.
    Range(Vec<Range<usize>>, u64, u64),
    /// A block, and the number of its first row.
    Block(Block, u64),
    /// A block that was kept, its place, and the number of its first row.
    Kept(Packed, u64, u64),
}

/// Cuts rows into shares of the work of the next stage.
fn shares(core: &Core, rows: Feed) -> (Ordered, Vec<Share>) {
    let mut row = 0;
    match rows {
        Feed::Ordered(ordered) => {
            let total: usize = ordered.runs.iter().map(Vec::len).sum();
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
        Feed::Blocks(blocks) => {
            let share = |(mut block, at): (Block, u64)| {
                let first = row;
                row += block.rows as u64;
                block.order = at;
                Share::Block(block, first)
            };
            (Ordered::default(), blocks.into_iter().zip(0..).map(share).collect())
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

/// Puts rows through a stage: gives the parts of its end, or sends what is to be written to the output.
fn feed(core: &Arc<Core>, at: usize, rows: Feed, info: BatchInfo) -> Result<Vec<Box<dyn Accumulator>>> {
    let (rows, first) = match rows {
        Feed::Kept(blocks, first) => (Feed::Kept(blocks, None), first),
        others => (others, None),
    };
    let (ordered, shares) = shares(core, rows);
    let shared = Arc::clone(core);
    let work = move |_: usize, share| {
        let stage = &shared.plan.stages[at];
        let numbers = |block: &Block, first: u64| shared.plan.numbers.then(|| (first..).take(block.rows).collect());
        let blocks = match share {
            Share::Range(range, block, row) => ordered.blocks(range, block, row, shared.plan.numbers),
            Share::Block(mut block, first) => {
                block.origins.numbers = numbers(&block, first);
                vec![block]
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
                let _ = core.output.send(Message::Result(info, rendered));
            }
            parts.extend(part);
        }
        Err(error) => failed = failed.take().or(Some(error)),
    });
    failed.map_or(Ok(parts), Err)
}
