//! What one shard keeps of an aggregate over a sliding window: of each pane what came in with it, of each key what is in the
//! window. A slide costs what enters and what leaves, however long the window is and however many keys are in it: what can be
//! taken out again is taken out, for the rest there are [two stacks](super::stacks).

use std::collections::VecDeque;
use std::sync::Arc;

use super::keyed::{Keyed, Piece, numbers};
use super::plan::Plan;
use super::stacks::Stacks;
use super::state::resize;
use super::table::Shipped;
use crate::data::block::Block;
use crate::data::column::Column;
use crate::data::rows::Rows;
use crate::data::time::Time;

/// An aggregate over the panes that have entered and not left. Panes leave in the order in which they entered.
pub struct Sliding {
    keyed: Keyed,
    panes: VecDeque<Pane>,
    /// In how many panes each group is. A key goes with its last pane, whatever its values.
    in_panes: Vec<u32>,
    /// The families that take out again what came in; all others are in the stacks.
    retracting: Vec<usize>,
    stacks: Stacks,
}

/// What came in together.
pub(super) struct Pane {
    end: Time,
    pub(super) pieces: Vec<Piece>,
    bytes: usize,
}

impl Pane {
    fn new(end: Time, pieces: Vec<Piece>) -> Self {
        let mut pane = Pane { end, pieces, bytes: 0 };
        pane.weigh();
        pane
    }

    /// Finds out how many bytes it takes.
    pub(super) fn weigh(&mut self) {
        self.bytes = size_of::<Pane>() + self.pieces.iter().map(Piece::bytes).sum::<usize>();
    }
}

/// What is saved: all keys, with what the families of the stacks know of them ...
const KEYS: u8 = 1;
/// ... a pane, in their order ...
const PANE: u8 = 2;
/// ... where the parts of the stacks begin ...
const PLACES: u8 = 3;
/// ... and what they know of the middle and of what was turned of it.
const MIDDLE: u8 = 4;
const TURNED: u8 = 5;

impl Sliding {
    /// Of no panes.
    pub fn new(plan: &Arc<Plan>) -> Self {
        let keyed = Keyed::new(plan, false);
        let (retracting, others) = (0..keyed.states.len()).partition(|at| keyed.states[*at].retracts());
        let stacks = Stacks::new(plan, others);
        Sliding { keyed, panes: VecDeque::new(), in_panes: Vec::new(), retracting, stacks }
    }

    /// What a table has shipped comes in, as a pane that ends then: later than those before it.
    pub fn enter(&mut self, shipped: Shipped, end: Time) {
        let pieces = self.keyed.admit(shipped);
        if pieces.iter().any(|piece| !piece.groups.is_empty()) {
            let pane = Pane::new(end, pieces);
            pane.pieces.iter().for_each(|piece| self.keyed.import(piece));
            self.add(&pane);
            let count = self.keyed.count();
            pane.pieces.iter().for_each(|piece| self.stacks.enter(piece, count));
            self.panes.push_back(pane);
        }
    }

    /// The groups of a pane are in one pane more.
    fn add(&mut self, pane: &Pane) {
        resize(&mut self.in_panes, self.keyed.count());
        let groups = pane.pieces.iter().flat_map(|piece| &piece.groups);
        groups.for_each(|group| self.in_panes[*group as usize] += 1);
    }

    /// The panes that end then or before leave.
    pub fn leave(&mut self, until: Time) {
        let mut gone = Vec::new();
        while self.panes.front().is_some_and(|pane| pane.end <= until) {
            if !self.stacks.families.is_empty() {
                self.stacks.leave(&mut self.panes, &mut self.keyed);
            }
            for piece in self.panes.pop_front().into_iter().flat_map(|pane| pane.pieces) {
                for &family in &self.retracting {
                    self.keyed.states[family].retract(&piece.columns[family], &piece.groups);
                }
                for group in piece.groups {
                    let panes = &mut self.in_panes[group as usize];
                    *panes -= 1;
                    if *panes == 0 {
                        gone.push(group);
                    }
                }
            }
            self.keyed.remove(&gone);
            gone.clear();
        }
    }

    /// The rows of the result: the columns of the keys, then the results.
    pub fn finish(&self) -> Rows {
        self.keyed.finish(None)
    }

    /// How many rows that is.
    pub fn len(&self) -> usize {
        self.keyed.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let panes: usize = self.panes.iter().map(|pane| pane.bytes).sum();
        panes + self.keyed.bytes() + size_of_val(&self.in_panes[..]) + self.stacks.bytes()
    }

    /// All that it holds, in parts: what each is, a time that belongs to it, and its rows.
    pub fn save(&self) -> Vec<(u8, Time, Rows)> {
        let rows = |blocks: Vec<Block>| Rows { blocks, orders: Vec::new() };
        let mut saved = vec![(KEYS, Time(0), self.keyed.save(&self.stacks.families, |_| Vec::new()))];
        for pane in &self.panes {
            saved.push((PANE, pane.end, rows(pane.pieces.iter().map(Piece::block).collect())));
        }
        if !self.stacks.families.is_empty() {
            let places = self.stacks.places();
            let places = Block { rows: places.len(), columns: vec![Column::ints(places)], ..Block::default() };
            let [middle, turned] = self.stacks.save(&self.panes);
            saved.push((PLACES, Time(0), rows(vec![places])));
            saved.extend([(MIDDLE, Time(0), rows(middle)), (TURNED, Time(0), rows(turned))]);
        }
        saved
    }

    /// Takes over what [`Sliding::save`] gave, in the same order; nothing has come in yet.
    pub fn restore(&mut self, saved: Vec<(u8, Time, Rows)>) {
        let (mut now, mut places, mut middle, mut turned) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let widths: Vec<usize> = self.keyed.states.iter().map(|state| state.export(&[]).len()).collect();
        let stacked: Vec<usize> = self.stacks.families.iter().map(|family| widths[*family]).collect();
        for (what, end, rows) in saved {
            let pieces = |widths: &[usize]| rows.blocks.iter().filter_map(|block| piece(block, widths, &now)).collect();
            match what {
                KEYS => self.keyed.restore(&rows, &self.stacks.families, |were, are, _| {
                    resize(&mut now, were.iter().max().map_or(0, |last| *last as usize + 1));
                    were.iter().zip(are).for_each(|(was, is)| now[*was as usize] = *is);
                }),
                PANE => {
                    let pane = Pane::new(end, pieces(&widths));
                    self.add(&pane);
                    let count = self.keyed.count();
                    for piece in &pane.pieces {
                        for &family in &self.retracting {
                            self.keyed.states[family].import(&piece.columns[family], &piece.groups, count);
                        }
                    }
                    self.panes.push_back(pane);
                }
                PLACES => {
                    places =
                        rows.blocks.iter().flat_map(|block| block.columns[0].as_ints()).flatten().copied().collect()
                }
                MIDDLE => middle = pieces(&stacked),
                TURNED => turned = pieces(&stacked),
                _ => {}
            }
        }
        self.stacks.restore(&places, [middle, turned], &self.panes, self.keyed.count());
    }
}

/// What [`Piece::block`] made a block of, if each family has so many columns; `now`: the number that each group has now.
fn piece(block: &Block, widths: &[usize], now: &[u32]) -> Option<Piece> {
    let (groups, mut rest) = block.columns.split_first()?;
    let groups = numbers(groups).iter().map(|group| now[*group as usize]).collect();
    let mut columns = Vec::with_capacity(widths.len());
    for width in widths {
        let (mine, others) = rest.split_at_checked(*width)?;
        columns.push(mine.to_vec());
        rest = others;
    }
    Some(Piece { groups, columns })
}

#[cfg(test)]
pub(super) mod tests;
