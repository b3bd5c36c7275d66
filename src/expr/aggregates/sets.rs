//! Whatever is `DISTINCT`, from batch to batch: each value of a group with the places where it came in, so that it leaves with
//! the last of them.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::chunks::{Chunks, Place};
use super::items::{Inner, Sorted, flat, pairs};
use super::state::{Folded, Held, Known, Orders, resize};
use crate::data::block::Text;
use crate::data::column::Column;
use crate::data::groups::{Groups, NONE};
use crate::data::schema::Kind;

/// The different values of each group, of those that [`Distinct`](super::items::Distinct) exports.
pub struct Sets {
    /// Group and value together are a key; its number is that of the pair.
    pairs: Groups,
    places: Vec<Pair>,
    /// The pairs of each group.
    groups: Vec<Vec<u32>>,
    chunks: Chunks,
    inner: Inner,
    /// Only how many there are is asked for.
    counts: bool,
    /// They stay: their first place is enough. Else they leave as they came.
    stay: bool,
}

/// A value of a group.
#[derive(Clone, Default)]
struct Pair {
    group: u32,
    /// Where it stands among the pairs of its group.
    at: u32,
    /// In the order in which they came in.
    places: VecDeque<Place>,
}

impl Sets {
    /// Of values of these kinds, for the state that `inner` makes; `counts` if that is a count.
    pub(super) fn new(kinds: &[Kind], inner: Inner, counts: bool, stay: bool) -> Self {
        let (places, groups, chunks) = (Vec::new(), Vec::new(), Chunks::new(kinds));
        Sets { pairs: Groups::removable(), places, groups, chunks, inner, counts, stay }
    }

    fn sorted(&self, groups: &[u32]) -> Sorted {
        let mut firsts: Vec<(u32, Place)> = Vec::new();
        for (group, at) in groups.iter().zip(0..) {
            let pairs = self.groups.get(*group as usize).map_or(&[][..], |pairs| pairs);
            firsts.extend(pairs.iter().filter_map(|pair| Some((at, *self.places[*pair as usize].places.front()?))));
        }
        self.chunks.sorted(firsts.into_iter())
    }

    /// One more place of a pair.
    fn add(&mut self, number: u32, group: u32, place: Place) {
        resize(&mut self.places, number as usize + 1);
        let pair = &mut self.places[number as usize];
        match pair.places.front().copied() {
            None => {
                let pairs = &mut self.groups[group as usize];
                (pair.group, pair.at) = (group, pairs.len() as u32);
                pairs.push(number);
            }
            Some(first) if self.stay => {
                if self.chunks.order(first) <= self.chunks.order(place) {
                    return;
                }
                pair.places.clear();
                pair.places.push_back(place);
                // In this order: both may be in the chunk that is just coming in, and it must not go.
                self.chunks.keep(place);
                return self.chunks.leave(first);
            }
            Some(_) => {}
        }
        pair.places.push_back(place);
        self.chunks.keep(place);
    }

    /// A pair without places leaves its group.
    fn unlist(&mut self, number: u32) {
        let pair = std::mem::take(&mut self.places[number as usize]);
        let pairs = &mut self.groups[pair.group as usize];
        pairs.swap_remove(pair.at as usize);
        match pairs.get(pair.at as usize) {
            Some(moved) => self.places[*moved as usize].at = pair.at,
            None if pairs.is_empty() => *pairs = Vec::new(),
            None => {}
        }
    }
}

/// Group and values of each row of what [`flat`] gave.
fn keys_of(of: &[u32], columns: &[Column]) -> Text {
    let args: Vec<Cow<'_, Column>> = columns.iter().skip(2).map(Cow::Borrowed).collect();
    let orders = Orders::Each(&[]);
    let rows = Folded { rows: of.len(), count: 0, groups: Some(of), args: &args, orders };
    pairs(&rows, &(0..of.len() as u32).collect::<Vec<_>>())
}

impl Known for Sets {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        self.sorted(groups).export(groups.len())
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.groups, count);
        let (of, columns) = flat(columns, groups);
        let mut numbers = Vec::new();
        self.pairs.number(&keys_of(&of, &columns), &mut numbers);
        let chunk = self.chunks.push(columns);
        for ((number, group), row) in numbers.into_iter().zip(of).zip(0..) {
            self.add(number, group, Place { chunk, row });
        }
        self.chunks.settle(chunk);
        if self.stay && self.chunks.is_loose() {
            self.chunks.pack(self.places.iter_mut().flat_map(|pair| &mut pair.places));
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        if self.counts {
            let count = |group: &u32| self.groups.get(*group as usize).map_or(0, |pairs| pairs.len() as i64);
            return vec![Column::ints(groups.iter().map(count).collect())];
        }
        self.sorted(groups).distinct(&self.inner, groups.len())
    }

    fn weight(&self) -> usize {
        self.chunks.weight()
    }
}

impl Held for Sets {
    fn reset(&mut self, groups: &[u32]) {
        let mut gone = Vec::new();
        for group in groups {
            gone.append(&mut self.groups.get_mut(*group as usize).map(std::mem::take).unwrap_or_default());
        }
        for number in &gone {
            let pair = std::mem::take(&mut self.places[*number as usize]);
            pair.places.into_iter().for_each(|place| self.chunks.leave(place));
        }
        self.pairs.remove(&gone);
    }

    fn retracts(&self) -> bool {
        !self.stay
    }

    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        let (of, columns) = flat(columns, groups);
        let (mut numbers, mut gone) = (Vec::new(), Vec::new());
        self.pairs.find(&keys_of(&of, &columns), &mut numbers);
        for number in numbers.into_iter().filter(|number| *number != NONE) {
            let places = &mut self.places[number as usize].places;
            let first = places.pop_front();
            let last = places.is_empty();
            first.into_iter().for_each(|place| self.chunks.leave(place));
            if last {
                self.unlist(number);
                gone.push(number);
            }
        }
        self.pairs.remove(&gone);
    }

    fn bytes(&self) -> usize {
        let lists = size_of_val(&self.groups[..]) + (size_of::<Pair>() + 4) * self.places.len();
        self.pairs.bytes() + lists + self.chunks.bytes()
    }
}
