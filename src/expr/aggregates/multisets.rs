//! `median`, `percentile`, `p99` and `approx_percentile` from batch to batch: the values of each group in order, so that one more
//! or one less costs little, however many there are.

use std::sync::Arc;

use ahash::AHashMap;

use super::histogram::Histogram;
use super::ordered::Ordered;
use super::percentiles::{FEW, percentile};
use super::state::{Held, Known, items, resize, texts};
use crate::data::column::{Column, Lists, Number, Numbers, Span};
use crate::expr::node::TextBuilder;

/// The values of each group, of those that [`Percentiles`](super::percentiles::Percentiles) exports.
pub struct Multisets {
    parts: Vec<f64>,
    approximate: bool,
    groups: Vec<Ordered>,
    /// Of the groups that had more than [`FEW`] values, if approximate results will do.
    histograms: AHashMap<u32, Histogram>,
    /// How many there are in `groups`.
    values: usize,
}

impl Multisets {
    /// Of no values; these parts of them are wanted.
    pub fn new(parts: &[f64], approximate: bool) -> Self {
        let (groups, histograms) = (Vec::new(), AHashMap::new());
        Multisets { parts: parts.to_vec(), approximate, groups, histograms, values: 0 }
    }

    fn add(&mut self, group: u32, value: f64) {
        if self.approximate {
            if let Some(histogram) = self.histograms.get_mut(&group) {
                return histogram.add(value);
            }
            if self.groups[group as usize].len() >= FEW as usize {
                return self.histogram(group).add(value);
            }
        }
        self.groups[group as usize].insert(value);
        self.values += 1;
    }

    /// That of a group, which takes over the values that it has.
    fn histogram(&mut self, group: u32) -> &mut Histogram {
        let values = std::mem::take(&mut self.groups[group as usize]);
        self.values -= values.len();
        let histogram = self.histograms.entry(group).or_default();
        let mut all = Vec::new();
        values.append_to(&mut all);
        all.iter().for_each(|value| histogram.add(*value));
        histogram
    }
}

/// Gives each value of a column of lists with its group.
fn each_value(column: Option<&Column>, groups: &[u32], mut give: impl FnMut(u32, f64)) {
    if let Some(column) = column
        && let (Column::Number(values), rows, of) = items(column, groups)
    {
        for (row, group) in rows.iter().zip(of) {
            if let Some(value) = values.get(*row as usize).float() {
                give(group, value);
            }
        }
    }
}

impl Known for Multisets {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let (mut values, mut histograms) = (Vec::new(), TextBuilder::with_capacity(groups.len()));
        let mut spans = Vec::with_capacity(groups.len());
        for group in groups {
            let start = values.len();
            if let Some(known) = self.groups.get(*group as usize) {
                known.append_to(&mut values);
            }
            spans.push(Span::range(start, values.len()));
            match self.histograms.get(group) {
                Some(histogram) => histograms.write(|out| histogram.write(out)),
                None => histograms.push(None),
            }
        }
        let items = Arc::new(Column::Number(Numbers::Floats(values)));
        vec![Column::List(Lists { items, spans }), histograms.finish()]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.groups, count);
        for (bytes, group) in texts(columns.get(1)).zip(groups) {
            if let Some(bytes) = bytes {
                self.histogram(*group).merge(&Histogram::read(bytes));
            }
        }
        each_value(columns.first(), groups, |group, value| self.add(group, value));
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let made = |part: f64, group: u32| match (self.histograms.get(&group), self.groups.get(group as usize)) {
            (Some(histogram), _) => Number::Float(histogram.quantile(part)),
            (None, Some(values)) if values.len() > 0 => {
                percentile(part, self.approximate, values.len(), |at| values.nth(at))
            }
            _ => Number::Null,
        };
        let column = |part: &f64| Column::Number(groups.iter().map(|group| made(*part, *group)).collect());
        self.parts.iter().map(column).collect()
    }

    fn weight(&self) -> usize {
        8 * self.values
    }
}

impl Held for Multisets {
    fn reset(&mut self, groups: &[u32]) {
        for group in groups {
            if let Some(values) = self.groups.get_mut(*group as usize) {
                self.values -= values.len();
                *values = Ordered::default();
            }
            self.histograms.remove(group);
        }
    }

    fn retracts(&self) -> bool {
        !self.approximate
    }

    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        each_value(columns.first(), groups, |group, value| {
            self.values -= usize::from(self.groups[group as usize].remove(value));
        });
    }

    fn bytes(&self) -> usize {
        let histograms: usize = self.histograms.values().map(Histogram::bytes).sum();
        size_of_val(&self.groups[..]) + 8 * self.values + histograms
    }
}
