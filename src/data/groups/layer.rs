//! Where tallies are kept that are not looked up: runs of chunks, which are cut from memory that is given back at once.

use super::super::fast::{HUGE, HugeVec, prefetch};
use super::super::slot::Tally;

/// How many tallies stand behind one another.
pub(super) const CHUNK: usize = 1024;
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

/// Where a tally is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    slab: u32,
    at: u32,
}

impl Place {
    /// The place behind it, `None` if it is that of the last of a chunk.
    #[inline(always)]
    pub(super) fn next(self) -> Option<Place> {
        let at = self.at + 1;
        if at.is_multiple_of(CHUNK as u32) { None } else { Some(Place { at, ..self }) }
    }
}

/// Runs and their memory.
pub(super) struct Layer {
    slabs: Vec<HugeVec<Tally>>,
    free: Vec<u32>,
    pub(super) runs: Vec<Run>,
}

impl Layer {
    /// With so many runs, all of them empty.
    pub(super) fn new(runs: usize) -> Self {
        Layer { slabs: Vec::new(), free: Vec::new(), runs: (0..runs).map(|_| Run::default()).collect() }
    }

    /// Takes the memory of another, with which that one is done.
    pub(super) fn take_memory(&mut self, other: Layer) {
        for slab in other.slabs {
            let first = (self.slabs.len() * CHUNKS) as u32;
            self.slabs.push(slab);
            self.free.extend((first..first + CHUNKS as u32).rev());
        }
    }

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

    /// Appends a chunk to a run, to be filled by [`Layer::slot`]: gives the place of its first tally.
    pub(super) fn append(&mut self, run: usize) -> Place {
        let chunk = self.free.pop().unwrap_or_else(|| more(&mut self.slabs, &mut self.free));
        let run = &mut self.runs[run];
        run.chunks.push(chunk);
        run.len += CHUNK;
        Place { slab: chunk / CHUNKS as u32, at: chunk % CHUNKS as u32 * CHUNK as u32 }
    }

    /// What is at a place.
    #[inline(always)]
    pub(super) fn slot(&mut self, place: Place) -> &mut Tally {
        &mut self.slabs[place.slab as usize][place.at as usize]
    }

    /// Asks for the memory at a place, which will be needed soon.
    #[inline(always)]
    pub(super) fn fetch(&self, place: Place) {
        prefetch(&self.slabs[place.slab as usize], place.at as usize);
    }

    /// The last chunk of a run was filled up to a place only.
    pub(super) fn end(&mut self, run: usize, place: Place) {
        self.runs[run].len -= CHUNK - place.at as usize % CHUNK;
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
