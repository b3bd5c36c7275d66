//! What a run leaves in the directory of `--checkpoint` for the next one, and goes on with itself.
//!
//! [`Checkpoint`] is what was found there when the run began, [`ledger`] writes on during the run (the output thread does), and
//! [`replay`] puts back what the stages kept. The order of things for a batch: what it holds is logged; its output is written;
//! what it has changed is logged, and with that it is complete.

pub mod ledger;
pub mod record;
pub mod replay;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::data::seeds;
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::sources::{Kept, Lane};
use crate::state::changes::{StageChanges, StageWhole};
use crate::state::checkpoint::codec::{Read, Reader, Writer};
use crate::state::checkpoint::journal::{Entry, Journal};
use crate::state::checkpoint::{Chain, Holder, Store};

use self::record::{Coded, LaneKept, Pending, Progress, Record, Stand};
use super::batcher::{Batcher, Redo};
use super::core::{Core, KeptUp, Unmarked};
use super::shutdown;

/// A directory that a run goes on with, or has just made.
pub struct Checkpoint {
    store: Store,
    journal: Option<Arc<Journal>>,
    /// How far the runs before this one have come; once [`Checkpoint::settle`] was called, in the lanes of this one.
    pub progress: Progress,
    /// What their stages kept ...
    pub(super) whole: Vec<StageWhole>,
    /// ... and what batches have changed in it since.
    pub(super) changes: Vec<StageChanges>,
    /// What cannot be read again and was not complete, by the numbers of the lanes.
    entries: BTreeMap<u64, VecDeque<Entry>>,
    /// What is to be said.
    notes: Vec<String>,
}

impl Checkpoint {
    /// What there is in the directory, which is made if there is none. `chain`: what must be as it was. The names of the hash
    /// functions are those of the directory from then on, so nothing may have been hashed before.
    pub fn open(dir: &Path, chain: &Chain, holder: &Holder, journal: bool) -> Result<Self> {
        let (mut store, loaded) = Store::open(dir, chain, holder, seeds::now)?;
        let attempted = || format!("cannot go on with the checkpoint {}", dir.display());
        let other = || {
            Error::failed(format!(
                "{}: this machine or this build of streamer hashes keys in another way than the one that made it; begin anew \
                 with another directory",
                attempted()
            ))
        };
        if !seeds::set(store.seeds()) {
            return Err(other());
        }
        let (mut progress, mut whole, mut changes, mut notes) =
            (Progress::default(), Vec::new(), Vec::new(), Vec::new());
        match loaded {
            None => store.snapshot(&snapshot(&progress, &whole))?,
            Some(loaded) if loaded.snapshot.is_empty() => store.snapshot(&snapshot(&progress, &whole))?,
            Some(loaded) => {
                let mut reader = Reader::new(&loaded.snapshot);
                if reader.fixed().map_err(|e| e.of(attempted()))? != seeds::probe() {
                    return Err(other());
                }
                let mut read = || -> Read<_> { Ok((Progress::read(&mut reader)?, Coded::read(&mut reader)?)) };
                (progress, whole) = read().map_err(|e| e.of(attempted()))?;
                for record in &loaded.records {
                    let mut reader = Reader::new(record);
                    let mut read = || -> Read<_> { Ok((Record::read(&mut reader)?, Vec::read(&mut reader)?)) };
                    let (record, mut changed) = read().map_err(|e| e.of(attempted()))?;
                    progress.apply(record);
                    changes.append(&mut changed);
                }
                notes = loaded.notes;
            }
        }
        let mut entries = BTreeMap::<u64, VecDeque<Entry>>::new();
        let journal = match journal {
            false => None,
            true => {
                let (journal, kept) = Journal::open(dir, store.id())?;
                notes.extend(kept.notes);
                for entry in kept.entries {
                    let lane = progress.lanes.iter().find(|lane| lane.number == u64::from(entry.lane));
                    if lane.is_some_and(|lane| entry.until > lane.position) {
                        entries.entry(u64::from(entry.lane)).or_default().push_back(entry);
                    }
                }
                Some(Arc::new(journal))
            }
        };
        Ok(Checkpoint { store, journal, progress, whole, changes, entries, notes })
    }

    /// The columns of what stages keep. Gives what they were, if they have changed.
    pub fn columns(&mut self, columns: &[String]) -> Option<String> {
        let changed = self.goes_on() && self.progress.columns != columns;
        let had = changed.then(|| self.progress.columns.join("; "));
        self.progress.columns = columns.to_vec();
        had
    }

    /// What was begun and not completed, and is begun again.
    pub fn begun(&self) -> Option<Begun> {
        self.progress.pending.as_ref().map(|pending| Begun { stands: pending.stands.clone() })
    }

    /// The end of the batch that is given again, if it is known.
    pub fn redo_end(&self) -> Option<Time> {
        Some(self.progress.pending.as_ref()?.intent.as_ref()?.info.end)
    }

    /// A name that no other checkpoint has.
    pub fn id(&self) -> &str {
        self.store.id()
    }

    /// What is to be said before anything runs.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Whether runs before this one have completed a batch.
    pub fn goes_on(&self) -> bool {
        self.progress.last.is_some() || self.progress.pending.is_some()
    }

    /// What was kept of the lanes of an input that can be read again.
    pub fn kept(&self, input: usize) -> Vec<Kept> {
        self.marked(input).map(|at| self.kept_of(at)).collect()
    }

    fn marked(&self, input: usize) -> impl Iterator<Item = usize> {
        let lanes = self.progress.lanes.iter().enumerate();
        lanes.filter(move |(_, lane)| lane.input == input && !lane.marks.is_empty()).map(|(at, _)| at)
    }

    fn kept_of(&self, at: usize) -> Kept {
        let LaneKept { name, position, mut marks, .. } = self.progress.lanes[at].clone();
        let intent = self.progress.pending.as_ref().and_then(|pending| pending.intent.as_ref());
        // A file that had not been opened when its lane was marked is known by what its first batch says of it.
        if let Some(intent) = intent.filter(|intent| intent.event.is_some() && position == 0) {
            marks.extend(intent.lanes.iter().find(|lane| lane.lane == at).and_then(|lane| lane.mark.clone()));
        }
        // By the times of their records lanes are read from wherever the oldest open batch begins.
        let again = intent.filter(|intent| intent.event.is_none()).into_iter().flat_map(|intent| &intent.lanes);
        let redo = again.filter(|lane| lane.lane == at).find_map(|lane| Some((lane.position, lane.mark.clone()?)));
        Kept { name, position, marks, redo }
    }

    /// These are the lanes of this run, by input: finds what was kept of each, and logs that the run has begun.
    pub fn settle(&mut self, lanes: &[Vec<Lane>]) -> Result<()> {
        let before = std::mem::take(&mut self.progress.lanes);
        self.progress.lanes.clone_from(&before);
        let mut is_now = BTreeMap::new();
        let mut settled = Vec::new();
        for (input, lanes) in lanes.iter().enumerate() {
            let marked: Vec<usize> = self.marked(input).collect();
            for lane in lanes {
                let unmarked = || {
                    let is_it = |at: &usize| {
                        let kept = &before[*at];
                        kept.input == input
                            && kept.marks.is_empty()
                            && kept.name == lane.name
                            && !is_now.contains_key(at)
                    };
                    (0..before.len()).find(is_it)
                };
                let at = lane.resumes.and_then(|at| marked.get(at).copied()).or_else(unmarked);
                let mut kept = at.map_or_else(LaneKept::default, |at| before[at].clone());
                match at {
                    Some(at) => _ = is_now.insert(at, settled.len()),
                    None => {
                        kept.number = self.progress.next_lane;
                        self.progress.next_lane += 1;
                    }
                }
                (kept.input, kept.name) = (input, lane.name.clone());
                // The first mark is that of a lane of which nothing has been taken.
                if kept.marks.is_empty() {
                    kept.marks.extend(lane.control.mark(kept.position, true)?);
                }
                settled.push(kept);
            }
        }
        self.progress.lanes = settled;
        self.settle_redo(&before, &is_now);
        let event = self.progress.event.take();
        self.progress.event = event.map(|event| event.with_lanes(&is_now, self.progress.lanes.len()));
        self.store.append(&record(&Record::Started(self.progress.clone()), &Vec::new()))
    }

    /// The batch that was begun is given again in the lanes of this run, if all of it can be.
    fn settle_redo(&mut self, before: &[LaneKept], is_now: &BTreeMap<usize, usize>) {
        let Some(Pending { intent: Some(intent), .. }) = &mut self.progress.pending else { return };
        let lanes = self.progress.lanes.len();
        let there = |lane: &record::LaneIntent| {
            let kept = &before[lane.lane];
            let journal = self.entries.get(&kept.number).and_then(|entries| entries.back());
            let has_it = journal.is_some_and(|last| last.until >= lane.position) || lane.position <= kept.position;
            is_now.contains_key(&lane.lane) && (lane.mark.is_some() || has_it)
        };
        let gone = intent.lanes.iter().filter(|lane| lane.position > before[lane.lane].position && !there(lane));
        let gone: Vec<&str> = gone.map(|lane| before[lane.lane].name.as_str()).collect();
        if !gone.is_empty() || intent.closing {
            if !intent.closing {
                let names = gone.join(", ");
                self.notes.push(format!(
                    "the run before ended while it wrote a batch, and what {names} gave to it cannot be read again: what was \
                     not written of it is lost; --journal would have kept it"
                ));
                self.progress.last = Some((intent.info.id, intent.info.end));
                self.progress.pending = None;
            } else if let Some(pending) = &mut self.progress.pending {
                // What was still open then is open again.
                pending.intent = None;
            }
            return;
        }
        intent.lanes.retain_mut(|lane| is_now.get(&lane.lane).map(|now| lane.lane = *now).is_some());
        intent.event = intent.event.take().map(|event| event.with_lanes(is_now, lanes));
    }

    /// Where the positions of what cannot be read again go on.
    fn base(&self, lane: usize) -> u64 {
        let kept = &self.progress.lanes[lane];
        let journal = self.entries.get(&kept.number).and_then(|entries| entries.back()).map_or(0, |last| last.until);
        let known = self.progress.event.as_ref().map_or(0, |event| event.known[lane]);
        kept.position.max(journal).max(known)
    }

    /// The position that a lane goes on from, and how many records stand before it.
    pub(super) fn place(&self, lane: usize) -> (u64, u64) {
        let kept = &self.progress.lanes[lane];
        let position = if self.entries.contains_key(&kept.number) || !kept.marks.is_empty() {
            kept.position
        } else {
            self.base(lane)
        };
        (position, kept.records)
    }

    /// By lane: the position that it goes on from, and what the journal has of it from there on.
    pub(super) fn replayed(&mut self) -> Vec<(u64, VecDeque<Entry>)> {
        let entries = |lane: &LaneKept| (lane.position, self.entries.remove(&lane.number).unwrap_or_default());
        self.progress.lanes.iter().map(entries).collect()
    }

    /// What is different in this run from one without a checkpoint.
    pub(super) fn kept_up(&self, once: bool) -> KeptUp {
        let unmarked = |(at, lane): (usize, &LaneKept)| {
            let (number, base, is_new) = (lane.number as u32, self.base(at), AtomicBool::new(true));
            lane.marks.is_empty().then_some(Unmarked { number, base, is_new })
        };
        KeptUp {
            whole: AtomicBool::new(false),
            unmarked: self.progress.lanes.iter().enumerate().map(unmarked).collect(),
            once,
            journal: self.journal.clone(),
        }
    }

    /// The batches of this run come behind those of the runs before it.
    pub(super) fn go_on(&mut self, batcher: &mut Batcher, now: Time, ticks: bool) {
        batcher.logs = true;
        if let Some(event) = &mut batcher.event {
            event.logs = true;
        }
        let Some((id, end)) = self.progress.last else { return };
        batcher.go_on(id + 1, end, now, ticks);
        if let Some(event) = &mut batcher.event {
            let mut logged = self.progress.event.clone().unwrap_or_default();
            for (at, place) in logged.places.iter_mut().enumerate() {
                place.position = self.place(at).0;
            }
            event.go_on(logged, (end, id));
        }
    }

    /// Puts back what the stages kept and what stood at the begin of the lanes.
    pub(super) fn restore(&mut self, core: &Arc<Core>) -> Result<()> {
        for (lane, kept) in self.progress.lanes.iter().enumerate() {
            if let Some(head) = &kept.head {
                core.put_back_head(lane, head)?;
            }
        }
        let (whole, changes) = (std::mem::take(&mut self.whole), std::mem::take(&mut self.changes));
        // What has its checksum and was written by this build fits; whatever does not is found out where it is used.
        shutdown::caught(|| replay::restore(core, whole, changes)).map_err(|_| {
            Error::failed(
                "cannot go on with the checkpoint: what it keeps of the operators does not fit them, so it is damaged; begin anew \
                 with another directory",
            )
        })
    }

    /// The number of the first batch of this run.
    pub(super) fn next(&self) -> u64 {
        let again = self.progress.pending.as_ref().and_then(|pending| pending.intent.as_ref());
        again.map_or_else(|| self.progress.last.map_or(0, |(id, _)| id + 1), |intent| intent.info.id)
    }

    /// The batch that is to be given again, if there is one.
    pub(super) fn redo(&self) -> Option<Redo> {
        let intent = self.progress.pending.as_ref()?.intent.as_ref()?;
        let until = match &intent.event {
            Some(event) => event.known.iter().copied().enumerate().collect(),
            None => intent.lanes.iter().map(|lane| (lane.lane, lane.position)).collect(),
        };
        Some(Redo { info: intent.info, until, complete: intent.complete })
    }
}

/// Where sinks stood before the batch that was not completed.
pub struct Begun {
    stands: Vec<Stand>,
}

impl Begun {
    /// Where this one stood, in its own words.
    pub fn stand_of(&self, sink: &str) -> Option<&[u8]> {
        self.stands.iter().find(|stand| stand.sink == sink).map(|stand| stand.stand.as_slice())
    }
}

/// What is logged.
fn record(record: &Record, changes: &Vec<StageChanges>) -> Vec<u8> {
    let mut to = Writer::new();
    record.write(&mut to);
    changes.write(&mut to);
    to.into_bytes()
}

/// What a snapshot holds.
fn snapshot(progress: &Progress, whole: &Vec<StageWhole>) -> Vec<u8> {
    let mut to = Writer::new();
    to.fixed(seeds::probe());
    progress.write(&mut to);
    whole.write(&mut to);
    to.into_bytes()
}
