//! What is written to the checkpoint while a run goes on, by the output thread: what a batch holds before anything of it is
//! written, and that it is complete afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::engine::alarms::Standing;
use crate::engine::batch::Logged;
use crate::engine::core::{Core, LaneHead};
use crate::engine::cutting::Cutting;
use crate::engine::message::Finished;
use crate::error::Result;
use crate::failpoint;
use crate::state::changes::StateOf;
use crate::state::checkpoint::Store;
use crate::state::checkpoint::journal::Journal;

use super::record::{Commit, HeadKept, Intent, LaneIntent, Progress, Record, Stand};
use super::{Checkpoint, record, snapshot};

/// Rows of a batch that is not cut yet wait for that, up to so many bytes.
const WAITING: usize = 1 << 20;

/// The checkpoint of a run that has begun.
pub struct Ledger {
    store: Store,
    journal: Option<Arc<Journal>>,
    progress: Progress,
    /// Batches that are cut and not complete.
    cuts: BTreeMap<u64, Cut>,
    /// The batch of which anything may be written.
    open: Option<u64>,
    /// What that holds is logged.
    intended: bool,
}

/// A batch that is cut: its number and interval, what has to be known of it, whether no other batch of this end will come, and
/// whether it is there for what windows still hold at the end.
type Cut = (BatchInfo, Logged, (bool, bool));

impl Ledger {
    /// Goes on with a checkpoint.
    pub fn new(checkpoint: Checkpoint) -> Self {
        let Checkpoint { store, journal, mut progress, .. } = checkpoint;
        // What the run before has begun is begun again, or was taken back.
        progress.pending = None;
        Ledger { store, journal, progress, cuts: BTreeMap::new(), open: None, intended: false }
    }

    /// A batch was cut.
    pub fn cut(&mut self, info: BatchInfo, logged: Logged, kind: (bool, bool)) {
        self.cuts.insert(info.id, (info, logged, kind));
    }

    /// What a batch holds whose turn has come. Sources are asked for their marks batch by batch, and not before: one of a batch
    /// tells nothing of those behind it.
    fn intent(core: &Core, (info, logged, (complete, closing)): Cut) -> Result<Intent> {
        let mut lanes = Vec::with_capacity(logged.lanes.len());
        for lane in logged.lanes {
            let mark = core.controls[lane.lane].mark(lane.position, false)?;
            let (position, records) = (lane.position, lane.records);
            let head = lane.head.as_deref().and_then(head_kept);
            lanes.push(LaneIntent { lane: lane.lane, position, records, mark, head });
        }
        Ok(Intent { info, complete, closing, lanes, event: logged.event })
    }

    /// Whether anything of a batch may be written whose rows wait, so many bytes of them: once it is logged where the sinks
    /// stand, and what it holds (or that this is not known yet, if the rows cannot wait for that).
    pub fn may_write(
        &mut self,
        core: &Core,
        batch: u64,
        waiting: usize,
        stands: impl FnOnce() -> Result<Vec<Stand>>,
    ) -> Result<bool> {
        if self.open == Some(batch) {
            return Ok(true);
        }
        let waits = matches!(core.cutting, Cutting::Time) && waiting < WAITING && !core.stop.is_told();
        match self.cuts.remove(&batch) {
            Some(cut) => {
                let intent = Self::intent(core, cut)?;
                self.sync_journal()?;
                failpoint::pass("intent-before");
                self.log(&Record::Intended(intent, stands()?))?;
                failpoint::pass("intent-after");
                self.intended = true;
            }
            None if waits => return Ok(false),
            None => {
                self.log(&Record::Begun(stands()?))?;
                failpoint::pass("begun-after");
            }
        }
        self.open = Some(batch);
        Ok(true)
    }

    /// Logs what a batch holds of which anything was written, unless that is logged: from here on it is given again just so.
    pub fn intend(&mut self, core: &Core, batch: u64) -> Result<()> {
        if self.open == Some(batch)
            && let Some(cut) = self.cuts.remove(&batch)
        {
            let intent = Self::intent(core, cut)?;
            self.sync_journal()?;
            self.log(&Record::Intended(intent, Vec::new()))?;
            self.intended = true;
        }
        Ok(())
    }

    /// The output of a batch is out, for good: it is complete. `lines`: of the lanes that gave something to it.
    pub fn complete(
        &mut self,
        core: &Core,
        finished: &Finished,
        state: StateOf,
        lines: Vec<(usize, (u64, u64))>,
        alarms: Vec<Standing>,
    ) -> Result<()> {
        let written = self.open.take().is_some();
        let intended = std::mem::take(&mut self.intended);
        let intent = self.cuts.remove(&finished.info.id).map(|cut| Self::intent(core, cut)).transpose()?;
        let changed = match &state {
            StateOf::Changes(changes) => !changes.is_empty(),
            StateOf::Whole(_) => true,
        };
        // An empty batch that nobody will ever know of.
        let is_nothing = |intent: &Intent| intent.lanes.is_empty() && intent.event.is_none();
        if !written && !changed && intent.as_ref().is_none_or(is_nothing) {
            return Ok(());
        }
        if !intended {
            self.sync_journal()?;
        }
        failpoint::pass("commit-before");
        let committed = Record::Committed(intent, Commit { lines, alarms });
        match state {
            StateOf::Whole(whole) => {
                self.progress.apply(committed);
                for (lane, kept) in
                    self.progress.lanes.iter_mut().enumerate().filter(|(_, kept)| !kept.marks.is_empty())
                {
                    kept.marks = core.controls[lane].mark(kept.position, true)?.into_iter().collect();
                }
                self.store.snapshot(&snapshot(&self.progress, &whole))?;
            }
            StateOf::Changes(changes) => {
                self.store.append(&record(&committed, &changes))?;
                self.progress.apply(committed);
            }
        }
        failpoint::pass("commit-after");
        if let Some(journal) = &self.journal {
            let lanes = self.progress.lanes.iter();
            journal.forget(&lanes.map(|lane| (lane.number as u32, lane.position)).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Whether the log has grown so long that all of the state should be written anew.
    pub fn wants_whole(&self) -> bool {
        self.store.outgrown()
    }

    fn log(&mut self, logged: &Record) -> Result<()> {
        self.store.append(&record(logged, &Vec::new()))?;
        self.progress.apply(logged.clone());
        Ok(())
    }

    /// What is logged as held by a batch must be there.
    fn sync_journal(&self) -> Result<()> {
        self.journal.as_ref().map_or(Ok(()), |journal| journal.sync())
    }
}

/// What is kept of a head that was read.
fn head_kept(head: &LaneHead) -> Option<HeadKept> {
    let file = head.file.as_deref().map(String::from);
    head.is_read.then(|| HeadKept { bytes: head.bytes.to_vec(), file, number: head.number })
}
