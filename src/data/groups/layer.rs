//! Where tallies are kept that are not looked up: runs of chunks, which are cut from memory that is given back at once.

use super::super::fast::{HUGE, HugeVec};
use super::super::slot::Tally;

/// How many tallies stand behind one another.
const CHUNK: usize = 1024;
/// How many there is room for in what is asked of the system at once: just above a huge page, so that it is one.
const SLAB: usize = HUGE.div_ceil(size_of::<Tally>());
/// ... and how many chunks.
const CHUNKS: usize = SLAB / CHUNK;
/// How many runs share their memory.
pub(super) const RUNS: usize = 8;

/// Tallies in the order in which they came.
#[derive(Default)]
pub(super) struct Run {
    /// All but the last are full.
    chunks: Vec<u32>,
    len: usize,
    /// Its long keys.
    pub(super) arena: Vec<u8>,
    /// So many tallies are to be merged.
    pub(super) limit: usize,
}

/// Runs and their memory.
#[derive(Default)]
pub(super) struct Layer {
    slabs: Vec<HugeVec<Tally>>,
    free: Vec<u32>,
    pub(super) runs: [Run; RUNS],
}

impl Layer {
    /// Appends to a run; gives how long it is now.
    pub(super) fn push(&mut self, run: usize, mut tallies: &[Tally]) -> usize {
        let Layer { slabs, free, runs } = self;
        let run = &mut runs[run];
        while !tallies.is_empty() {
            let filled = run.len % CHUNK;
            if filled == 0 {
                run.chunks.push(free.pop().unwrap_or_else(|| more(slabs, free)));
            }
            let (some, rest) = tallies.split_at(tallies.len().min(CHUNK - filled));
            let chunk = run.chunks[run.len / CHUNK] as usize;
            let first = chunk % CHUNKS * CHUNK + filled;
            slabs[chunk / CHUNKS][first..first + some.len()].copy_from_slice(some);
            run.len += some.len();
            tallies = rest;
        }
        run.len
    }

    /// The tallies of a run, in pieces.
    pub(super) fn pieces(&self, run: usize) -> impl Iterator<Item = &[Tally]> {
        let run = &self.runs[run];
        run.chunks.iter().enumerate().map(|(at, chunk)| {
            let first = *chunk as usize % CHUNKS * CHUNK;
            &self.slabs[*chunk as usize / CHUNKS][first..first + CHUNK.min(run.len - at * CHUNK)]
        })
    }

    /// Empties a run; gives its arena.
    pub(super) fn clear(&mut self, run: usize) -> Vec<u8> {
        let run = std::mem::take(&mut self.runs[run]);
        self.free.extend(run.chunks.into_iter().rev());
        run.arena
    }

    /// How often memory was asked for.
    #[cfg(test)]
    pub(super) fn slabs(&self) -> usize {
        self.slabs.len()
    }

    /// How many tallies.
    pub(super) fn len(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }
}

/// Asks for more memory: gives one of its chunks, the others are free.
#[cold]
fn more(slabs: &mut Vec<HugeVec<Tally>>, free: &mut Vec<u32>) -> u32 {
    let first = (slabs.len() * CHUNKS) as u32;
    slabs.push(HugeVec::zeroed(SLAB));
    free.extend((first + 1..first + CHUNKS as u32).rev());
    first
}
