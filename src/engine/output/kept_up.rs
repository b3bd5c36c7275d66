//! The side of the output thread that there is for a checkpoint: what is logged before a batch is written, and after.

use crate::engine::checkpoint::Checkpoint;
use crate::engine::checkpoint::ledger::Ledger;
use crate::engine::checkpoint::record::Stand;
use crate::engine::message::Finished;
use crate::error::Result;
use crate::sources::Range;

use super::lanes::Waiting;
use super::{Output, SinkState};

/// What the files of records that were left out are called where sinks are named.
const LEFT_OUT: &str = "left out";

impl Output {
    /// Keeps a checkpoint, and goes on where it says: with these alarms, and so many lines of the files of the lanes.
    pub fn go_on(&mut self, checkpoint: Checkpoint) -> Result<()> {
        self.batch = checkpoint.next();
        self.alarms.go_on(&checkpoint.progress.alarms);
        for (lane, kept) in self.lanes.iter_mut().zip(&checkpoint.progress.lanes) {
            (lane.file, lane.lines) = kept.lines;
        }
        // What a run before this one has left is settled with the first batch, also where that writes nothing.
        let lasts = checkpoint.begun().is_none();
        self.sinks.iter_mut().for_each(|sink| sink.lasts = lasts);
        if let Some(stand) = checkpoint.begun().as_ref().and_then(|begun| begun.stand_of(LEFT_OUT)) {
            self.left_out.take_back(&self.report, stand)?;
        }
        self.ledger = Some(Ledger::new(checkpoint));
        Ok(())
    }

    /// Whether anything of the batch at hand may be written: under a checkpoint that is logged first. `cut`: it is cut.
    pub(super) fn may_write(&mut self, cut: bool) -> Result<bool> {
        let Some(ledger) = &mut self.ledger else { return Ok(true) };
        let waiting = match self.lanes.get(self.lane) {
            Some(lane) if !cut => lane.waiting.values().map(Waiting::size).sum(),
            _ => usize::MAX,
        };
        let (sinks, left_out) = (&mut self.sinks, &mut self.left_out);
        let stands = || {
            let stand = |sink: &mut SinkState| Ok(Stand { sink: sink.name.clone(), stand: sink.sink.stand()? });
            let stands = sinks.iter_mut().map(stand).collect::<Result<Vec<_>>>()?;
            let left_out = Stand { sink: LEFT_OUT.to_string(), stand: left_out.stand()? };
            Ok(stands.into_iter().chain([left_out]).collect())
        };
        ledger.may_write(&self.core, self.batch, waiting, stands)
    }

    /// Under a checkpoint: the batch is complete once its output lasts and that is logged.
    pub(super) fn complete(&mut self, finished: &mut Finished) -> Result<()> {
        let (Some(ledger), Some(state)) = (&mut self.ledger, finished.state.take()) else { return Ok(()) };
        if self.sinks.iter().any(|sink| !sink.lasts && sink.sink.commits()) {
            ledger.intend(&self.core, finished.info.id)?;
        }
        for sink in self.sinks.iter_mut().filter(|sink| !sink.lasts) {
            sink.sink.sync()?;
        }
        self.left_out.sync()?;
        let line = |(at, _): &(usize, Range)| (*at, (self.lanes[*at].file, self.lanes[*at].lines));
        let lines = finished.lanes.iter().map(line).collect();
        ledger.complete(&self.core, finished, state, lines, self.alarms.standings())?;
        self.core.want_whole(ledger.wants_whole());
        for sink in self.sinks.iter_mut().filter(|sink| !sink.lasts) {
            sink.sink.committed()?;
            sink.lasts = true;
        }
        Ok(())
    }
}
