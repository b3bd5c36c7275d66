//! The sides of joins: rows of other inputs, which wait for what looks them up. Touched by whoever finishes a batch.
//!
//! What a side has received lies there with the end of its batch: for as long as the window that stands before the join can
//! ask for it, or (without one) until the same batch comes to the join.

use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::packed::Packed;
use crate::data::time::Time;
use crate::error::Result;
use crate::operators::{Accumulator, Join, LookUp, Map};

use super::batch::Batch;
use super::core::Core;
use super::plan::End;
use super::shuffle::{self, Behind, Feed};

type Parts = Vec<Box<dyn Accumulator>>;

/// What the sides have received with a batch of this end.
pub(super) fn receive(core: &Arc<Core>, batch: &Batch, end: Time) {
    for feeds in 1..=core.plan.sides {
        let at = core.plan.fed(feeds);
        let rows = shuffle::whole(core, at, batch.take(feeds));
        let wanted = match &core.plan.stages[at].end {
            // What slides over without being given is not kept.
            End::Side(Some(window)) => end > window.start(window.next(end)),
            _ => true,
        };
        if wanted {
            core.kept(at).hold(end, rows);
        }
    }
}

/// Puts the rows of a batch through the next stage, each beside its matches, and behind them what is to be given of the others.
pub(super) fn join(
    core: &Arc<Core>,
    at: usize,
    join: &dyn Join,
    side: Option<usize>,
    parts: Parts,
    info: BatchInfo,
    batch: u64,
) -> Result<Parts> {
    let left = shuffle::whole(core, at, parts);
    let look_up = match side {
        Some(feeds) => beside(core, feeds, join, &info)?,
        None => join.look_up(&mut std::iter::empty(), &info)?,
    };
    let behind = Behind { blocks: left.len() as u64, rows: left.iter().map(|block| block.rows() as u64).sum() };
    let map = Arc::clone(&look_up) as Arc<dyn Map>;
    let mut made = shuffle::feed(core, at + 1, Feed::Kept(left, Some(map)), info, batch)?;
    if !core.is_aborted() {
        made.extend(shuffle::feed(core, at + 1, Feed::Blocks(look_up.rest(), behind), info, batch)?);
    }
    Ok(made)
}

/// What a side has received in the interval of a batch, to be looked up. What no later batch will ask for is no longer kept.
fn beside(core: &Core, feeds: usize, join: &dyn Join, info: &BatchInfo) -> Result<Arc<dyn LookUp>> {
    let at = core.plan.fed(feeds);
    let mut kept = core.kept(at);
    let mut last = Vec::new();
    // Without a window all that is there came in with the very batch.
    let (mut from, mut until, mut gone) = (Time(i64::MIN), Time(i64::MAX), Time(i64::MAX));
    if let End::Side(Some(window)) = &core.plan.stages[at].end {
        let next = window.start(window.next(Time(info.end.0 + 1)));
        (from, until, gone) = (info.start, info.end, next.min(info.end));
    }
    while let Some((end, block)) = kept.blocks.pop_front_if(|(end, _)| *end <= gone) {
        if end > from {
            last.push(block);
        }
    }
    let stay = kept.blocks.iter().take_while(|(end, _)| *end <= until).map(|(_, block)| block.clone());
    join.look_up(&mut last.into_iter().chain(stay).map(Packed::unpacked), info)
}
