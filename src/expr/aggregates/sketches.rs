//! `approx_count_distinct`: a HyperLogLog sketch for each group, read by the estimator that does not depend on the order of
//! what came in.

use datasketches::hll::{HllSketch, HllType, HllUnion};
use jiff::tz::TimeZone;

use super::state::{Folded, Held, Known, State, reset, resize, texts};
use crate::data::column::{Cell, Column};
use crate::data::write;
use crate::expr::node::TextBuilder;

/// A sketch for each group that has a value.
pub struct Sketches {
    /// The binary logarithm of the number of registers.
    size: u8,
    sketches: Vec<Option<HllSketch>>,
    /// About how many bytes each takes, and all; only of those that were imported.
    bytes: Vec<u32>,
    all_bytes: usize,
}

/// Sizes that the sketches have.
const SIZES: std::ops::RangeInclusive<u8> = 4..=21;
/// What a sketch takes beside its registers, in bytes.
const OVERHEAD: u32 = 40;
/// The relative standard deviation of an estimate unless another is asked for.
pub const DEVIATION: f64 = 0.016;

impl Sketches {
    /// Of no values; estimates will be off by this much, as a relative standard deviation.
    pub fn new(deviation: f64) -> Self {
        let registers =
            (1.04 / deviation).powi(2).log2().ceil().clamp(f64::from(*SIZES.start()), f64::from(*SIZES.end()));
        Sketches { size: registers as u8, sketches: Vec::new(), bytes: Vec::new(), all_bytes: 0 }
    }

    fn sketch(&mut self, group: usize) -> Option<&mut HllSketch> {
        let sketch = &mut self.sketches[group];
        if sketch.is_none() {
            *sketch = HllSketch::new(self.size, HllType::Hll8).ok();
        }
        sketch.as_mut()
    }

    fn merge(&mut self, group: usize, other: HllSketch) {
        let sketch = &mut self.sketches[group];
        let Some(mine) = sketch.take() else {
            *sketch = Some(other);
            return;
        };
        if let Ok(mut union) = HllUnion::new(self.size) {
            union.update(&mine);
            union.update(&other);
            *sketch = Some(union.to_sketch(HllType::Hll8));
        }
    }
}

impl Known for Sketches {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let mut text = TextBuilder::with_capacity(groups.len());
        for group in groups {
            let sketch = self.sketches.get(*group as usize).and_then(Option::as_ref);
            text.push(sketch.map(HllSketch::serialize).as_deref());
        }
        vec![text.finish()]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        resize(&mut self.sketches, count);
        resize(&mut self.bytes, count);
        for (bytes, group) in texts(columns.first()).zip(groups) {
            if let Some(Ok(sketch)) = bytes.map(HllSketch::deserialize) {
                self.merge(*group as usize, sketch);
                let known = &mut self.bytes[*group as usize];
                let sum = (*known + bytes.map_or(0, <[u8]>::len) as u32).min(OVERHEAD + (1 << self.size));
                self.all_bytes += (sum - *known) as usize;
                *known = sum;
            }
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let estimate = |group: &u32| {
            let sketch = self.sketches.get(*group as usize).and_then(Option::as_ref);
            sketch.map_or(0, |sketch| sketch.composite_estimate().round() as i64)
        };
        vec![Column::ints(groups.iter().map(estimate).collect())]
    }

    fn weight(&self) -> usize {
        self.sketches.len() << self.size
    }
}

impl State for Sketches {
    fn fold(&mut self, rows: &Folded<'_>) {
        resize(&mut self.sketches, rows.count);
        let Some(column) = rows.args.first() else { return };
        let mut text = Vec::new();
        rows.each(|row, group| {
            let Some(sketch) = self.sketch(group) else { return };
            match column.cell(row) {
                Cell::Text(bytes) => sketch.update(bytes),
                cell => {
                    text.clear();
                    write::cell(cell, &TimeZone::UTC, &mut text);
                    sketch.update(&text[..]);
                }
            }
        });
    }

    fn clear(&mut self) {
        self.sketches.clear();
        self.bytes.clear();
        self.all_bytes = 0;
    }
}

impl Held for Sketches {
    fn reset(&mut self, groups: &[u32]) {
        reset(&mut self.sketches, groups);
        let known = |group: &u32| self.bytes.get(*group as usize).map_or(0, |bytes| *bytes as usize);
        self.all_bytes -= groups.iter().map(known).sum::<usize>();
        reset(&mut self.bytes, groups);
    }

    fn bytes(&self) -> usize {
        self.all_bytes + size_of_val(&self.sketches[..]) + size_of_val(&self.bytes[..])
    }
}
