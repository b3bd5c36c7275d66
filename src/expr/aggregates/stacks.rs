//! For aggregates of a window that cannot take out again what came in: two stacks of panes, for all keys at once, without a look
//! at keys that neither enter nor leave.
//!
//! The panes of a window, the oldest first, are `front | middle | back`. A pane in front has, instead of what came in with it, what
//! came in with all panes behind it up to the middle: its *rest*. So when it leaves, what is left of each of its groups is its
//! rest, the middle, and the back: three to be combined, however many panes there are. The middle is what will be in front next: it
//! is turned while panes leave the front, a few for each that leaves, from its newest to its oldest; what enters meanwhile is the
//! back. So no pane costs much more than another.

use std::collections::VecDeque;
use std::ops::Range;

use super::keyed::{Keyed, Piece};
use super::plan::Plan;
use super::sliding::Pane;
use super::state::Held;
use crate::data::block::Block;

/// Of how many panes the remains of the last turn are wiped away for each that leaves.
const WIPED: usize = 2;

/// Two stacks, for some families of a plan.
pub(super) struct Stacks {
    pub(super) families: Vec<usize>,
    /// What each family knows of the panes of the middle, of those of the back, and of those that were turned so far.
    middle: Vec<Box<dyn Held>>,
    back: Vec<Box<dyn Held>>,
    turned: Vec<Box<dyn Held>>,
    /// Panes up to here are in front; up to `end` in the middle, of which those from `next` on are turned.
    front: usize,
    next: usize,
    end: usize,
    /// `middle` and `turned` still hold something of the groups of so many panes, which are in front now.
    stale: usize,
}

impl Stacks {
    /// For these families of a plan.
    pub(super) fn new(plan: &Plan, families: Vec<usize>) -> Self {
        let states = || families.iter().map(|at| plan.families[*at].held(false)).collect();
        let (middle, back, turned) = (states(), states(), states());
        Stacks { families, middle, back, turned, front: 0, next: 0, end: 0, stale: 0 }
    }

    /// A piece of a new pane.
    pub(super) fn enter(&mut self, piece: &Piece, count: usize) {
        import(&mut self.back, &self.families, piece, count);
    }

    /// The first of these panes leaves: what is left of its groups is put into the states of `keyed`.
    pub(super) fn leave(&mut self, panes: &mut VecDeque<Pane>, keyed: &mut Keyed) {
        let count = keyed.count();
        self.advance(panes, count);
        let has_middle = self.end > self.front;
        for piece in panes.front().into_iter().flat_map(|pane| &pane.pieces) {
            let groups = &piece.groups[..];
            for (at, &family) in self.families.iter().enumerate() {
                let state = &mut keyed.states[family];
                state.reset(groups);
                state.import(&piece.columns[family], groups, count);
                if has_middle {
                    state.import(&self.middle[at].export(groups), groups, count);
                }
                state.import(&self.back[at].export(groups), groups, count);
            }
        }
        if self.stale > 0 {
            self.wipe(panes, 0..1);
        }
        for place in [&mut self.front, &mut self.next, &mut self.end, &mut self.stale] {
            *place = place.saturating_sub(1);
        }
    }

    /// Does what has to be done before the first pane, which is in front then, can leave, and some of what the next ones need.
    fn advance(&mut self, panes: &mut VecDeque<Pane>, count: usize) {
        let enough = panes.len() - self.front >= self.front;
        if self.stale > 0 {
            let first = self.stale.saturating_sub(WIPED);
            self.wipe(panes, first..self.stale);
            self.stale = first;
        } else if self.end == self.front && enough {
            std::mem::swap(&mut self.middle, &mut self.back);
            (self.next, self.end) = (panes.len(), panes.len());
        }
        // All must be turned when the front is empty.
        for _ in 0..(self.next - self.front).div_ceil(self.front.max(1)) {
            self.next -= 1;
            self.turn(&mut panes[self.next], count);
        }
        if self.front == 0 {
            (self.front, self.next, self.stale) = (self.end, self.end, self.end);
        }
    }

    /// Gives a pane its rest, instead of what came in with it.
    fn turn(&mut self, pane: &mut Pane, count: usize) {
        for piece in &mut pane.pieces {
            for (at, &family) in self.families.iter().enumerate() {
                let rest = self.turned[at].export(&piece.groups);
                self.turned[at].import(&piece.columns[family], &piece.groups, count);
                piece.columns[family] = rest;
            }
        }
        pane.weigh();
    }

    /// Forgets what the middle was, as far as the groups of these panes go.
    fn wipe(&mut self, panes: &VecDeque<Pane>, which: Range<usize>) {
        for piece in panes.range(which).flat_map(|pane| &pane.pieces) {
            let states = self.middle.iter_mut().chain(&mut self.turned);
            states.for_each(|state| state.reset(&piece.groups));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        [&self.middle, &self.back, &self.turned].into_iter().flatten().map(|state| state.bytes()).sum()
    }

    /// Where the parts of the window begin and end.
    pub(super) fn places(&self) -> Vec<i64> {
        [self.front, self.next, self.end].map(|place| place as i64).to_vec()
    }

    /// What is known of the panes of the middle, and of those that were turned so far, as blocks of a column of groups and what
    /// each family exports.
    pub(super) fn save(&self, panes: &VecDeque<Pane>) -> [Vec<Block>; 2] {
        let of = |states: &[Box<dyn Held>], which: Range<usize>| {
            // A group is in many panes: it is saved with the first.
            let mut seen = std::collections::HashSet::new();
            let blocks = panes.range(which).flat_map(|pane| &pane.pieces).filter_map(|piece| {
                let groups: Vec<u32> = piece.groups.iter().copied().filter(|group| seen.insert(*group)).collect();
                let columns = states.iter().map(|state| state.export(&groups)).collect();
                (!groups.is_empty()).then(|| Piece { groups, columns }.block())
            });
            blocks.collect::<Vec<_>>()
        };
        [of(&self.middle, self.front..self.end), of(&self.turned, self.next..self.end)]
    }

    /// Takes over what [`Stacks::places`] and [`Stacks::save`] gave, with groups as they are numbered now.
    pub(super) fn restore(&mut self, places: &[i64], saved: [Vec<Piece>; 2], panes: &VecDeque<Pane>, count: usize) {
        if let [front, next, end] = *places {
            (self.front, self.next, self.end) = (front as usize, next as usize, end as usize);
        }
        for (states, pieces) in [&mut self.middle, &mut self.turned].into_iter().zip(saved) {
            for piece in pieces {
                let columns = states.iter_mut().zip(&piece.columns);
                columns.for_each(|(state, columns)| state.import(columns, &piece.groups, count));
            }
        }
        let behind = panes.range(self.end..).flat_map(|pane| &pane.pieces);
        behind.for_each(|piece| import(&mut self.back, &self.families, piece, count));
    }
}

fn import(states: &mut [Box<dyn Held>], families: &[usize], piece: &Piece, count: usize) {
    for (state, &family) in states.iter_mut().zip(families) {
        state.import(&piece.columns[family], &piece.groups, count);
    }
}
