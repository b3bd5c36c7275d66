//! Very many keys in the order of their values as text, each once: dealt out of [`Partitions`] into ranges of the order, which are
//! sorted one at a time, within the caches. Equal keys come together only there.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::block::{Span, Text};
use super::super::buffer::{Buffer, PAD};
use super::super::column::Cell;
use super::super::order::dealing::Borders;
use super::super::order::{SortKey, compare_cells, prefix};
use super::super::rows::{BLOCK_BYTES, BLOCK_ROWS};
use super::super::slot::Tally;
use super::layer::{CHUNK, Layer, Place};
use super::partitions::Partitions;

/// So many keys are looked at before they are put to where they belong: cache misses overlap.
const BATCH: usize = 64;
/// Fewer keys than this are sorted by comparing them.
const FEW: usize = 512;
/// A pass of sorting tells so many bits apart ...
const DIGIT: u32 = 11;
/// ... and there are so many passes.
const PASSES: usize = 3;

/// Keys with their values in ranges of their order, perhaps a key several times.
pub struct Dealt {
    layer: Layer,
}

/// A piece of a range, and where its long keys lie.
type Piece<'a> = (&'a [Tally], &'a [u8]);

impl Partitions {
    /// The [`prefix`]es of about so many of the keys.
    pub fn sample(&self, count: usize) -> Vec<u64> {
        let step = self.len().div_ceil(count.max(1)).max(1);
        let mut skip = step / 2;
        let mut sample = Vec::with_capacity(count);
        for layer in self.layers() {
            for (run, arena) in layer.runs.iter().map(|run| &run.arena).enumerate() {
                for piece in layer.pieces(run) {
                    sample.extend(piece.iter().skip(skip).step_by(step).map(|tally| prefix_of(tally, arena)));
                    let left = piece.len().saturating_sub(skip);
                    skip = skip.max(piece.len()) - piece.len() + left.div_ceil(step) * step - left;
                }
            }
        }
        sample
    }

    /// Takes everything out into the ranges that the borders make. The memory of what is dealt serves for what comes of it.
    pub fn deal(self, borders: &Borders) -> Dealt {
        let mut dealing = Dealing::new(borders.ranges());
        for mut layer in self.into_layers() {
            for run in 0..layer.runs.len() {
                for piece in layer.pieces(run) {
                    dealing.put(piece, &layer.runs[run].arena, borders);
                }
                layer.runs[run].arena = Vec::new();
            }
            dealing.layer.take_memory(layer);
        }
        dealing.finish()
    }
}

/// Keys on their way into ranges.
struct Dealing {
    layer: Layer,
    /// Where the next tally of each range is put.
    next: Vec<Place>,
}

impl Dealing {
    fn new(ranges: usize) -> Self {
        let mut layer = Layer::new(ranges);
        let next = (0..ranges).map(|range| layer.append(range)).collect();
        Dealing { layer, next }
    }

    fn put(&mut self, tallies: &[Tally], arena: &[u8], borders: &Borders) {
        let mut ranges = [0; BATCH];
        for tallies in tallies.chunks(BATCH) {
            for (to, tally) in ranges.iter_mut().zip(tallies) {
                *to = borders.range(prefix_of(tally, arena));
                self.layer.fetch(self.next[*to]);
            }
            for (range, tally) in ranges.iter().zip(tallies) {
                let mut tally = *tally;
                if tally.is_long() {
                    tally.put_key(tally.long_key(arena), &mut self.layer.runs[*range].arena);
                }
                let next = &mut self.next[*range];
                *self.layer.slot(*next) = tally;
                *next = next.next().unwrap_or_else(|| self.layer.append(*range));
            }
        }
    }

    fn finish(mut self) -> Dealt {
        for (range, next) in self.next.into_iter().enumerate() {
            self.layer.end(range, next);
        }
        Dealt { layer: self.layer }
    }
}

/// The keys of a range of all that was dealt, in order, and the value of each, in pieces of bounded size. `merge` is given the
/// number that a key has in the range, its value so far and the next one.
pub fn sorted(dealt: &[Dealt], range: usize, mut merge: impl FnMut(u32, &mut i64, i64)) -> Vec<(Text, Vec<i64>)> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for Dealt { layer } in dealt {
        pieces.extend(layer.pieces(range).map(|piece| (piece, &layer.runs[range].arena[..])));
    }
    let places = in_order(&pieces);
    let at = |code: u64| {
        let place = (code & places.mask) as usize;
        let (tallies, arena) = pieces[place / CHUNK];
        (&tallies[place % CHUNK], arena)
    };
    let mut made = Making::new(places.codes.len());
    let mut codes = places.codes;
    for run in codes.chunk_by_mut(|a, b| (a ^ b) <= places.mask) {
        if run.len() > 1 {
            run.sort_unstable_by(|a, b| compare(at(*a), at(*b)));
        }
        let mut before = None;
        for key @ (tally, arena) in run.iter().map(|code| at(*code)) {
            if before.is_some_and(|before| same(before, key)) {
                made.again(|number, value| merge(number, value, tally.value()));
            } else {
                made.push(tally, arena);
            }
            before = Some(key);
        }
    }
    made.finish()
}

/// Where the keys of a range are, in the order of their prefixes as far as these fit a code.
struct Places {
    /// What of the prefix is told apart, above [`mask`](Places::mask), and the place.
    codes: Vec<u64>,
    mask: u64,
}

fn in_order(pieces: &[Piece<'_>]) -> Places {
    let mut codes = Vec::with_capacity(pieces.iter().map(|piece| piece.0.len()).sum());
    for (tallies, arena) in pieces {
        codes.extend(tallies.iter().map(|tally| prefix_of(tally, arena)));
    }
    let (least, most) = codes.iter().fold((u64::MAX, 0), |(least, most), code| (least.min(*code), most.max(*code)));
    let left = most.saturating_sub(least).leading_zeros().min(u64::BITS - 1);
    let mask = (pieces.len() * CHUNK).next_power_of_two() as u64 - 1;
    let mut rest = &mut codes[..];
    for (number, (tallies, _)) in pieces.iter().enumerate() {
        let (some, more) = rest.split_at_mut(tallies.len());
        for (at, code) in (number * CHUNK..).zip(some) {
            *code = (*code - least) << left & !mask | at as u64;
        }
        rest = more;
    }
    sort(&mut codes);
    Places { codes, mask }
}

/// Sorts numbers, most of which differ in their highest bits.
fn sort(codes: &mut Vec<u64>) {
    if codes.len() < FEW {
        return codes.sort_unstable();
    }
    let digit = |code: u64, pass: usize| (code >> (u64::BITS - DIGIT * (PASSES - pass) as u32)) as usize % (1 << DIGIT);
    let mut counts = [[0u32; 1 << DIGIT]; PASSES];
    for code in &*codes {
        counts.iter_mut().enumerate().for_each(|(pass, counts)| counts[digit(*code, pass)] += 1);
    }
    let mut other = vec![0; codes.len()];
    for (pass, places) in counts.iter_mut().enumerate() {
        let mut next = 0;
        for place in places.iter_mut() {
            next += std::mem::replace(place, next);
        }
        for code in &*codes {
            let place = &mut places[digit(*code, pass)];
            other[*place as usize] = *code;
            *place += 1;
        }
        std::mem::swap(codes, &mut other);
    }
    const LEFT: u32 = u64::BITS - DIGIT * PASSES as u32;
    codes.chunk_by_mut(|a, b| a >> LEFT == b >> LEFT).filter(|run| run.len() > 1).for_each(<[u64]>::sort_unstable);
}

type Key<'a> = (&'a Tally, &'a [u8]);

fn same(a: Key<'_>, b: Key<'_>) -> bool {
    match (a.0.short(), b.0.short()) {
        (Some(a), Some(b)) => a == b,
        _ => a.0.with_key(a.1, |a_key| b.0.with_key(b.1, |b_key| a_key == b_key)),
    }
}

/// The order of two keys.
fn compare(a: Key<'_>, b: Key<'_>) -> Ordering {
    if same(a, b) {
        return Ordering::Equal;
    }
    prefix_of(a.0, a.1)
        .cmp(&prefix_of(b.0, b.1))
        .then_with(|| a.0.with_key(a.1, |a| b.0.with_key(b.1, |b| compare_cells(cell(a), cell(b), ORDER.bytes))))
}

/// How the keys are ordered: as those of groups are.
pub const ORDER: SortKey = SortKey { column: 0, descending: false, bytes: true };

fn cell(key: Option<&[u8]>) -> Cell<'_> {
    key.map_or(Cell::Null, Cell::Text)
}

/// The [`prefix`] of a key.
#[inline(always)]
fn prefix_of(tally: &Tally, arena: &[u8]) -> u64 {
    match tally.short() {
        Some((low, high, _)) if no_number(low) || no_number(high) => 1 << 63 | low.swap_bytes() >> 1,
        _ => other_prefix(tally, arena),
    }
}

#[inline(never)]
fn other_prefix(tally: &Tally, arena: &[u8]) -> u64 {
    tally.with_key(arena, |key| prefix(cell(key)))
}

/// Whether one of the bytes is beyond `@` and no `e`, so that they belong to no number.
#[inline(always)]
fn no_number(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const SMALL: u64 = ONES * 0x20;
    const HIGHEST: u64 = ONES * 0x80;
    let off = (word | SMALL) ^ (ONES * b'e' as u64);
    // The highest bit of each byte in which something is off.
    let off = ((off & !HIGHEST) + !HIGHEST) | off;
    (word << 1) & off & HIGHEST != 0
}

/// Columns in the making.
struct Making {
    data: Vec<u8>,
    spans: Vec<Span>,
    values: Vec<i64>,
    /// How many keys are in the pieces that are done.
    before: u32,
    done: Vec<(Text, Vec<i64>)>,
}

impl Making {
    fn new(rows: usize) -> Self {
        let rows = rows.min(BLOCK_ROWS);
        let (spans, values) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        Making { data: Vec::with_capacity(16 * rows + PAD), spans, values, before: 0, done: Vec::new() }
    }

    /// One more value of the last key.
    fn again(&mut self, merge: impl FnOnce(u32, &mut i64)) {
        let number = self.before + self.values.len() as u32 - 1;
        if let Some(value) = self.values.last_mut() {
            merge(number, value);
        }
    }

    #[inline(always)]
    fn push(&mut self, tally: &Tally, arena: &[u8]) {
        if self.values.len() == BLOCK_ROWS || self.data.len() > BLOCK_BYTES {
            self.cut();
        }
        let start = self.data.len();
        match tally.short() {
            Some((low, high, len)) => {
                // Of fixed length, which is quicker than a copy of any.
                self.data.extend_from_slice(&(u128::from(low) | u128::from(high) << 64).to_le_bytes());
                self.data.truncate(start + len);
                self.spans.push(Span::range(start, start + len));
            }
            None => tally.with_key(arena, |key| {
                self.data.extend_from_slice(key.unwrap_or_default());
                self.spans.push(if key.is_some() { Span::range(start, self.data.len()) } else { Span::NULL });
            }),
        }
        self.values.push(tally.value());
    }

    fn cut(&mut self) {
        self.before += self.values.len() as u32;
        let data = Arc::new(Buffer::from_vec(std::mem::take(&mut self.data)));
        let text = Text { data, spans: std::mem::take(&mut self.spans) };
        self.done.push((text, std::mem::take(&mut self.values)));
    }

    fn finish(mut self) -> Vec<(Text, Vec<i64>)> {
        if !self.values.is_empty() {
            self.cut();
        }
        self.done
    }
}

#[cfg(test)]
mod tests;
