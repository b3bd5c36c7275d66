//! `collect_list` from batch to batch: the values of each group in the order in which they came in, so that they leave at the
//! front.

use std::collections::VecDeque;

use super::chunks::{Chunks, Place};
use super::items::{Sorted, flat};
use super::state::{Held, Known, resize};
use crate::data::column::{Column, Lists, Span};
use crate::data::schema::Kind;

/// The values of each group, of those that [`Collected`](super::items::Collected) exports.
pub struct Queues {
    groups: Vec<VecDeque<Place>>,
    chunks: Chunks,
    /// They stay; else they leave as they came.
    stay: bool,
}

impl Queues {
    /// Of values of this kind.
    pub fn new(kind: &Kind, stay: bool) -> Self {
        Queues { groups: Vec::new(), chunks: Chunks::new(std::slice::from_ref(kind)), stay }
    }

    fn sorted(&self, groups: &[u32]) -> Sorted {
        let known = (0..).zip(groups).filter_map(|(at, group)| Some((at, self.groups.get(*group as usize)?)));
        self.chunks.sorted(known.flat_map(|(at, places)| places.iter().map(move |place| (at, *place))))
    }
}

impl Known for Queues {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        self.sorted(groups).export(groups.len())
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.groups, count);
        let (of, columns) = flat(columns, groups);
        let chunk = self.chunks.push(columns);
        for (group, row) in of.iter().zip(0..) {
            let place = Place { chunk, row };
            self.chunks.keep(place);
            self.groups[*group as usize].push_back(place);
        }
        self.chunks.settle(chunk);
        if self.stay && self.chunks.is_loose() {
            self.chunks.pack(self.groups.iter_mut().flatten());
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let mut sorted = self.sorted(groups);
        let values = std::mem::take(&mut sorted.columns);
        values.into_iter().map(|column| sorted.lists(groups.len(), column)).collect()
    }

    fn weight(&self) -> usize {
        self.chunks.weight()
    }
}

impl Held for Queues {
    fn reset(&mut self, groups: &[u32]) {
        for group in groups {
            let places = self.groups.get_mut(*group as usize).map(std::mem::take).unwrap_or_default();
            places.into_iter().for_each(|place| self.chunks.leave(place));
        }
    }

    fn retracts(&self) -> bool {
        !self.stay
    }

    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        let Some(Column::List(Lists { spans, .. })) = columns.first() else { return };
        for (span, group) in spans.iter().zip(groups).filter(|(span, _)| **span != Span::NULL) {
            let places = &mut self.groups[*group as usize];
            places.drain(..(span.len as usize).min(places.len())).for_each(|place| self.chunks.leave(place));
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(&self.groups[..]) + self.chunks.bytes()
    }
}
