//! Very many rows of an aggregate in order: dealt into ranges, each of which is sorted only when its turn comes.

use std::sync::Arc;

use crate::data::block::Block;
use crate::data::order::dealing::{Borders, Deals, Ranges};
use crate::operators::Accumulator;

use super::super::core::Core;
use super::super::shares;
use super::{Parcels, SHARE_ROWS};

/// Rows in ranges of their order.
#[derive(Clone)]
pub(in crate::engine) struct InRanges {
    ranges: Arc<dyn Ranges>,
    /// How many ranges.
    pub(super) count: usize,
}

type Parts = Vec<Box<dyn Accumulator>>;
/// Parts and what each has still to take.
type Fed = Vec<(Box<dyn Accumulator>, Parcels)>;

/// Deals out what is in these parts and their parcels, which are empty then; gives them back if they are not to be sorted or
/// cannot be dealt.
pub(super) fn deal(core: &Core, mut parts: Fed, sort: bool) -> Result<(Parts, InRanges), Fed> {
    // Numbers of rows are known only when all of them are.
    if !sort || core.plan.numbers || !parts.iter_mut().all(|(part, _)| part.deals().is_some()) {
        return Err(parts);
    }
    let mut parts = shares::map(core, parts, |_, (mut part, parcels)| {
        parcels.into_iter().for_each(|parcel| part.take(parcel));
        part
    });
    let deals: Option<Vec<&dyn Deals>> = parts.iter_mut().map(|part| part.deals().map(|deals| &*deals)).collect();
    let Some(borders) = deals.and_then(|deals| Borders::of(&deals, SHARE_ROWS)) else {
        return Err(parts.into_iter().map(|part| (part, Vec::new())).collect());
    };
    let count = borders.ranges();
    let dealt = shares::map(core, parts, move |_, mut part| {
        let dealt = part.deals().map(|deals| deals.deal(&borders));
        (part, dealt)
    });
    let (parts, dealt): (Parts, Vec<_>) = dealt.into_iter().unzip();
    let join = |mut all: Box<dyn Ranges>, some| {
        all.join(some);
        all
    };
    let ranges = dealt.into_iter().flatten().reduce(join).expect("there is a part, and all of them deal");
    Ok((parts, InRanges { ranges: Arc::from(ranges), count }))
}

impl InRanges {
    /// The rows of one range as blocks, the first of which is block number `first`.
    pub(super) fn finish(&self, range: usize, first: u64) -> Vec<Block> {
        let blocks = self.ranges.finish(range).into_iter().zip(first..);
        blocks.map(|(block, order)| Block { order, ..block }).collect()
    }

    /// All rows.
    pub(super) fn all(&self) -> Vec<Block> {
        (0..self.count).flat_map(|range| self.ranges.finish(range)).collect()
    }
}
