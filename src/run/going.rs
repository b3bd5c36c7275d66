//! Going on with a checkpoint: what must be as it was, sources behind what was complete, sinks before what was not.

use std::sync::Arc;

use crate::cli::{Globals, quoted};
use crate::clock::Clock;
use crate::data::time::Time;
use crate::engine::checkpoint::{Begun, Checkpoint};
use crate::engine::plan::{Plan, PlanInput};
use crate::error::{Error, Result};
use crate::io::Io;
use crate::messages::Messages;
use crate::sinks::{Sink, Spec};
use crate::sources::{Lane, Setup, Source};
use crate::state::checkpoint::{Chain, Holder};

/// The checkpoint that is asked for, if one is.
pub fn open(
    globals: &Globals,
    sources: &[Box<dyn Source>],
    words: &[String],
    clock: &Arc<dyn Clock>,
) -> Result<Option<Checkpoint>> {
    let Some(dir) = &globals.checkpoint else { return Ok(None) };
    let words = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let mut sources = sources.iter();
    let identity = globals.identity.iter().map(|(name, written)| {
        let source = if name == "--from" { sources.next() } else { None };
        (name.clone(), source.map_or(written.clone(), |source| source.identity(written)))
    });
    let chain = Chain::new(identity.chain([("the chain".to_string(), words.clone())]));
    let holder = Holder { since: clock.wall().rfc3339(&globals.zone), command: format!("streamer {words}") };
    Checkpoint::open(dir, &chain, &holder, globals.journal).map(Some)
}

/// What stages keep are rows of the columns that there were.
pub fn check(checkpoint: &mut Checkpoint, plan: &Plan) -> Result<()> {
    let columns = |fields: &[crate::data::schema::Field]| {
        let columns = fields.iter().map(|field| format!("{} {:?}", field.name, field.kind));
        columns.collect::<Vec<_>>().join(", ")
    };
    let keeping = plan.stages.iter().filter(|stage| stage.end.keeps());
    let columns: Vec<String> = keeping.map(|stage| columns(&stage.schema.fields)).collect();
    if let Some(had) = checkpoint.columns(&columns) {
        return Err(Error::failed(format!(
            "cannot go on with the checkpoint: it was made of rows with the columns {had}, and now they are {}; begin anew with \
             another directory",
            columns.join("; ")
        )));
    }
    Ok(())
}

/// Opens the sources where the checkpoint has left them. Those that are open, and cannot go on elsewhere, stay so: their heads
/// have been read.
pub fn resume(
    sources: &[Box<dyn Source>],
    inputs: &[PlanInput],
    setup: &Setup,
    checkpoint: &Checkpoint,
    open: Option<Vec<Vec<Lane>>>,
) -> Result<Vec<Vec<Lane>>> {
    let mut open = open.unwrap_or_default().into_iter();
    let resumed = sources.iter().zip(inputs).enumerate().map(|(at, (source, input))| {
        let (kept, open) = (checkpoint.kept(at), open.next());
        match open.filter(|_| kept.is_empty()) {
            Some(lanes) => Ok(lanes),
            None => source.resume(setup, input.cutter.format.framing(), &kept),
        }
    });
    resumed.collect()
}

/// What the run goes on with, in its lanes; says what is to be said of that. Gives what was begun and not completed.
pub fn settle(checkpoint: &mut Checkpoint, lanes: &[Vec<Lane>], globals: &Globals, io: &Io) -> Result<Stands> {
    checkpoint.settle(lanes)?;
    let begun = checkpoint.begun();
    checkpoint.notes().iter().for_each(|note| io.stderr.note(note));
    let unmarked = checkpoint.progress.lanes.iter().find(|lane| lane.marks.is_empty());
    if let (false, Some(lane)) = (globals.journal, unmarked) {
        io.stderr.note(&format!(
            "{} cannot be read again: what comes from there and is in no complete batch is lost if the run is killed; \
             --journal keeps it",
            lane.name
        ));
    }
    Ok(Stands { begun, end: checkpoint.redo_end(), zone: globals.zone.clone() })
}

/// Where the sinks stood before the batch that was begun and not completed.
pub struct Stands {
    begun: Option<Begun>,
    /// The end of it, if that is known.
    end: Option<Time>,
    zone: jiff::tz::TimeZone,
}

impl Stands {
    /// Takes back what a sink has of it. Where that cannot be done it is said that the batch comes again.
    pub fn take_back(&self, name: &str, spec: &dyn Spec, sink: &mut dyn Sink, messages: &Messages) -> Result<()> {
        let Some(stand) = self.begun.as_ref().and_then(|begun| begun.stand_of(name)) else { return Ok(()) };
        sink.take_back(stand)?;
        if !spec.replaces() {
            let which = match self.end {
                Some(end) => format!("the batch {}", end.rfc3339(&self.zone)),
                None => "a batch".to_string(),
            };
            let name = spec.name();
            messages.note(&format!("{which} comes again to {name}: the run before ended while writing it"));
        }
        Ok(())
    }
}
