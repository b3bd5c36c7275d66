//! `median`, `percentile`, `p99` from all values of a group, and `approx_percentile` from all while they are few, from a
//! [`Histogram`] of many.

use std::sync::Arc;

use ahash::AHashMap;

use super::histogram::{Histogram, rank};
use super::state::{Folded, Known, State, items, texts};
use crate::data::column::{Column, Lists, Number, Numbers, Span};
use crate::expr::node::TextBuilder;

/// So many values of a group are kept for an approximate percentile.
pub const FEW: u32 = 10_000;

/// The values of each group.
pub struct Percentiles {
    /// Which parts of the values are wanted.
    parts: Vec<f64>,
    /// An approximate one will do.
    approximate: bool,
    groups: Vec<u32>,
    values: Vec<f64>,
    /// How many values of each group are in `values`; only for approximate ones.
    counts: Vec<u32>,
    /// Of groups that had more than [`FEW`] values; some of these may still be in `values`.
    histograms: AHashMap<u32, Histogram>,
    /// How many of `values` are about to go to a histogram.
    leaving: usize,
}

/// The values of some groups, one group after the other.
struct Sorted {
    values: Vec<f64>,
    spans: Vec<Span>,
}

impl Percentiles {
    /// Of no values.
    pub fn new(parts: &[f64], approximate: bool) -> Self {
        let (groups, values, counts) = (Vec::new(), Vec::new(), Vec::new());
        let histograms = AHashMap::new();
        Percentiles { parts: parts.to_vec(), approximate, groups, values, counts, histograms, leaving: 0 }
    }

    fn push(&mut self, group: usize, value: f64) {
        // All that is no number is the same, and greater than any.
        let value = if value.is_nan() { f64::NAN } else { value };
        if self.approximate {
            if self.counts.len() <= group {
                self.counts.resize(group + 1, 0);
            }
            if self.counts[group] > FEW
                && let Some(histogram) = self.histograms.get_mut(&(group as u32))
            {
                histogram.add(value);
                return;
            }
            self.counts[group] += 1;
        }
        self.groups.push(group as u32);
        self.values.push(value);
        if self.approximate && self.counts[group] > FEW {
            self.histograms.entry(group as u32).or_default();
            self.leaving += self.counts[group] as usize;
            self.thin_out();
        }
    }

    /// Groups of too many values give them to their histogram, when that are most of all values.
    fn thin_out(&mut self) {
        if self.leaving < self.values.len() / 2 {
            return;
        }
        let mut kept = 0;
        for at in 0..self.values.len() {
            let (group, value) = (self.groups[at], self.values[at]);
            match self.histograms.get_mut(&group) {
                Some(histogram) => histogram.add(value),
                None => {
                    (self.groups[kept], self.values[kept]) = (group, value);
                    kept += 1;
                }
            }
        }
        self.groups.truncate(kept);
        self.values.truncate(kept);
        self.leaving = 0;
    }

    fn sorted(&self, groups: &[u32]) -> Sorted {
        let last = groups.iter().max().map_or(0, |last| *last as usize + 1);
        let mut index = vec![u32::MAX; last];
        groups.iter().zip(0..).for_each(|(group, at)| index[*group as usize] = at);
        let index = |group: u32| index.get(group as usize).copied().filter(|at| *at != u32::MAX);
        let mut spans = vec![Span { start: 0, len: 0 }; groups.len()];
        self.groups.iter().filter_map(|group| index(*group)).for_each(|at| spans[at as usize].len += 1);
        let mut start = 0;
        for span in &mut spans {
            span.start = start;
            start += span.len;
            span.len = 0;
        }
        let mut values = vec![0.0; start as usize];
        for (group, value) in self.groups.iter().zip(&self.values) {
            if let Some(at) = index(*group) {
                let span = &mut spans[at as usize];
                values[(span.start + span.len) as usize] = *value;
                span.len += 1;
            }
        }
        for span in &spans {
            values[span.start as usize..][..span.len as usize].sort_unstable_by(f64::total_cmp);
        }
        Sorted { values, spans }
    }

    fn percentile(&self, part: f64, group: u32, values: &[f64]) -> Number {
        if let Some(histogram) = self.histograms.get(&group) {
            let mut histogram = histogram.clone();
            values.iter().for_each(|value| histogram.add(*value));
            return Number::Float(histogram.quantile(part));
        }
        if values.is_empty() {
            return Number::Null;
        }
        percentile(part, self.approximate, values.len(), |at| values[at])
    }
}

/// Which value stands where so large a part of so many values (at least one) in order lies before it; an exact one may lie
/// between two.
pub(super) fn percentile(part: f64, approximate: bool, count: usize, nth: impl Fn(usize) -> f64) -> Number {
    if approximate {
        return Number::Float(nth(rank(part, count as u64) as usize));
    }
    let place = (count - 1) as f64 * part;
    let (below, above) = (place.floor(), place.ceil());
    let (low, high) = (nth(below as usize), nth(above as usize));
    Number::Float(if low == high { low } else { (above - place) * low + (place - below) * high })
}

impl Known for Percentiles {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let Sorted { values, spans } = self.sorted(groups);
        let mut histograms = TextBuilder::with_capacity(groups.len());
        for group in groups {
            match self.histograms.get(group) {
                Some(histogram) => histograms.write(|out| histogram.write(out)),
                None => histograms.push(None),
            }
        }
        let items = Arc::new(Column::Number(Numbers::Floats(values)));
        vec![Column::List(Lists { items, spans }), histograms.finish()]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        for (bytes, group) in texts(columns.get(1)).zip(groups) {
            let Some(bytes) = bytes else { continue };
            let histogram = Histogram::read(bytes);
            self.histograms.entry(*group).and_modify(|mine| mine.merge(&histogram)).or_insert(histogram);
            if self.counts.len() < count {
                self.counts.resize(count, 0);
            }
            let known = &mut self.counts[*group as usize];
            if *known <= FEW {
                self.leaving += *known as usize;
                *known = FEW + 1;
                self.thin_out();
            }
        }
        if let Some(column) = columns.first()
            && let (Column::Number(values), rows, of) = items(column, groups)
        {
            for (row, group) in rows.iter().zip(of) {
                if let Some(value) = values.get(*row as usize).float() {
                    self.push(group as usize, value);
                }
            }
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let sorted = self.sorted(groups);
        let column = |part: &f64| {
            let each = groups.iter().zip(&sorted.spans);
            let values = |span: &Span| &sorted.values[span.start as usize..][..span.len as usize];
            Column::Number(each.map(|(group, span)| self.percentile(*part, *group, values(span))).collect())
        };
        self.parts.iter().map(column).collect()
    }

    fn weight(&self) -> usize {
        8 * self.values.len()
    }
}

impl State for Percentiles {
    fn fold(&mut self, rows: &Folded<'_>) {
        rows.numbers(|group, number| {
            if let Some(value) = number.float() {
                self.push(group, value);
            }
        });
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.values.clear();
        self.counts.clear();
        self.histograms.clear();
        self.leaving = 0;
    }
}
