//! The plan: which inputs feed which stages, what each stage does with a block, and where its rows go.
//!
//! A chain is cut into stages behind each operator that combines rows. Inside a stage the row-wise operators work on one
//! block after the other; its end says where the rows are combined or written. Inputs and stages form a tree: an input
//! feeds a stage, a stage feeds the next; what a join looks up is fed to a stage of its own, a side.

mod binding;
mod inputs;
mod sides;
mod wrong;

use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::calendar::Calendar;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::formats::{Input, Output};
use crate::operators::{Aggregate, Alarm, Filter, Join, Map, Over, Spread, Totals, WholeBatch};
use crate::state::Window;

use super::cutter::Cutter;
use super::event::by_time::ByTime;

pub use binding::plan;

/// What is to be run.
pub struct Plan {
    /// One for each `--from`, then one for each side.
    pub inputs: Vec<PlanInput>,
    /// In the order in which a batch passes them, then the sides.
    pub stages: Vec<Stage>,
    /// How many of them are sides.
    pub sides: usize,
    /// Where rows are written.
    pub outlets: Vec<Outlet>,
    /// The alarms, in the order of the chain.
    pub alarms: Vec<PlanAlarm>,
    /// Whether blocks carry record numbers.
    pub numbers: bool,
    /// What tells the time of a record, for each of the stages that inputs feed; none unless batches are cut by it.
    pub event: Vec<ByTime>,
    /// Whether blocks carry these times.
    pub times: bool,
    /// Whether batches without records are wanted as well (`--fill`), where they are cut by the records' time.
    pub fills: bool,
    /// What each operator does, for `--explain`.
    pub explained: Vec<Explained>,
}

impl Plan {
    /// Whether a batch without records is finished in no time: no operator takes the batch out of the house, as `pipe` does.
    pub fn is_quick(&self) -> bool {
        !self.rebatches() && !self.stages.iter().any(|stage| matches!(stage.end, End::WholeBatch(_)))
    }

    /// Whether blocks of records never bring about anything at the output, now or when enough of them have come: only what
    /// is made of whole batches is written.
    pub fn is_silent(&self) -> bool {
        let speaks = |step: &Step| matches!(step, Step::Tee(..) | Step::Alarm(..));
        let fed = (0..=self.sides).map(|feeds| &self.stages[self.fed(feeds)]);
        self.enough().is_none()
            && fed.into_iter().all(|stage| !matches!(stage.end, End::Output(_)) && !stage.steps.iter().any(speaks))
    }

    /// Whether rows of several batches come together.
    pub fn rebatches(&self) -> bool {
        self.stages.iter().any(|stage| stage.end.rebatches())
    }

    /// Whether the records of an input are only searched, as [`Cutter::search`] does, and no column of theirs is looked at.
    pub fn searches(&self, input: usize) -> bool {
        let input = &self.inputs[input];
        let counted = !input.live.shown && input.live.names.iter().all(|name| name == "line");
        counted && input.cutter.searches(&self.stages[self.fed(input.feeds)])
    }

    /// Whether something is kept from batch to batch.
    pub fn keeps(&self) -> bool {
        self.stages.iter().any(|stage| stage.end.keeps())
    }

    /// The stages that a batch passes.
    pub fn chain(&self) -> &[Stage] {
        &self.stages[..self.stages.len() - self.sides]
    }

    /// The number of the stage that inputs feed: see [`PlanInput::feeds`].
    pub fn fed(&self, feeds: usize) -> usize {
        if feeds == 0 { 0 } else { self.chain().len() + feeds - 1 }
    }
}

/// What an operator of the plan does.
pub struct Explained {
    /// Its name.
    pub name: &'static str,
    /// The stage that it belongs to.
    pub stage: usize,
    /// The columns that are needed of its result.
    pub live: Live,
    /// What it keeps in memory; empty if only the block at hand.
    pub keeps: String,
    /// How rows come together behind it, if they do.
    pub shuffle: Option<&'static str>,
}

/// A source's place in the plan.
pub struct PlanInput {
    /// As messages name it.
    pub name: String,
    /// How its records are cut, unless the begin of a lane says otherwise.
    pub cutter: Cutter,
    /// What is needed of its columns.
    pub live: Live,
    /// The columns that a leading filter looks at.
    pub first: Vec<String>,
    /// What it feeds: 0 the first stage, 1 the first side.
    pub feeds: usize,
    /// Which columns it shows is needed, and only its head tells.
    pub needs_head: bool,
}

/// Row-wise operators, and what happens to the rows behind them.
pub struct Stage {
    /// The columns that come in.
    pub schema: Schema,
    /// How many windows (and other operators that give other batches than they get) stand before it.
    pub level: usize,
    /// Where the batches behind it end, if they have an interval.
    pub calendar: Option<Calendar>,
    /// One after the other on each block.
    pub steps: Vec<Step>,
    /// Behind the last step.
    pub end: End,
}

/// A row-wise operator that knows its columns.
pub enum Step {
    /// Drops rows.
    Filter(Box<dyn Filter>),
    /// New rows from each row.
    Map(Box<dyn Map>),
    /// A copy to the outlet of this number; of the rows that pass, if there is a filter.
    Tee(usize, Option<Arc<dyn Filter>>),
    /// The alarm of this number is told of a batch in which any row passes.
    Alarm(usize, Box<dyn Filter>),
    /// The times of the batch become columns, [`TIMES`].
    Times,
}

impl Step {
    /// No more blocks of this batch will come.
    pub fn done(&self, batch: &BatchInfo) {
        if let Step::Map(map) = self {
            map.done(batch);
        }
    }
}

impl Stage {
    /// Whether what it gives is the same in whatever order rows come.
    pub fn takes_any_order(&self) -> bool {
        let row_wise = |step: &Step| matches!(step, Step::Filter(_) | Step::Map(_) | Step::Times | Step::Alarm(..));
        match &self.end {
            End::Aggregate(aggregate, _) => aggregate.takes_any_order() && self.steps.iter().all(row_wise),
            _ => false,
        }
    }
}

/// An alarm's place in the plan.
pub struct PlanAlarm {
    /// When it acts, and what it does.
    pub alarm: Alarm,
    /// See [`Stage::level`]: which batches it looks at.
    pub level: usize,
    /// Where these end, if they have an interval.
    pub borders: Option<Calendar>,
}

/// The attributes of a batch that are columns where they are named.
pub const TIMES: [&str; 2] = ["window_start", "window_end"];

/// Where a stage ends.
pub enum End {
    /// Rows are combined, of one batch or of more; the result feeds the next stage.
    Aggregate(Arc<dyn Aggregate>, Across),
    /// Rows are kept as long as the window holds them; all of them feed the next stage whenever it is given.
    Window(Window),
    /// Rows are combined, and kept as well: they feed the next stage, where they look up the result.
    Totals(Box<dyn Aggregate>, Box<dyn Totals>),
    /// Rows are kept; once all are there they feed the next stage, where they look up what stands beside them: in a side, if
    /// there is one, see [`PlanInput::feeds`].
    Join(Box<dyn Join>, Option<usize>),
    /// Rows are kept for a join that looks them up: those of the batch, or of the window that stands before it.
    Side(Option<Window>),
    /// All rows of the batch go through one hand; the result feeds the next stage.
    WholeBatch(Box<dyn WholeBatch>),
    /// Rows wait for the end of the batch, because what is written names its time and no interval tells it before.
    Hold,
    /// Rows are written to the outlets of these numbers.
    Output(Vec<usize>),
}

/// Which batches an aggregate combines.
#[derive(Clone)]
pub enum Across {
    /// Each one by itself.
    Batch,
    /// Those of a window.
    Window(Window),
    /// Whatever the aggregate keeps.
    All(Over),
}

impl End {
    /// Whether the next stage gets other batches than this one.
    pub fn rebatches(&self) -> bool {
        match self {
            End::Aggregate(_, across) => !matches!(across, Across::Batch | Across::All(Over::Within { .. })),
            End::Window(_) => true,
            End::Totals(..) | End::Join(..) | End::Side(_) | End::WholeBatch(_) | End::Hold | End::Output(_) => false,
        }
    }

    /// Whether something outlasts the batch there.
    pub fn keeps(&self) -> bool {
        self.rebatches() || matches!(self, End::Aggregate(_, Across::All(..)))
    }

    /// How rows come together there.
    fn shuffle(&self) -> &'static str {
        match self {
            End::Aggregate(aggregate, _) => match aggregate.spread() {
                Spread::ByKey => {
                    "merged by key hash, each shard owns its share of the keys; then by ranges of the order"
                }
                Spread::Whole => "merged by one shard",
                Spread::Loose => "sorted by every shard, then merged by ranges of the order",
            },
            End::Totals(..) => "kept, until what is combined of them is known: all rows of the batch, in order",
            End::Join(..) => "kept, until what it is joined with is complete: all rows of the batch, in order",
            End::WholeBatch(_) | End::Hold | End::Window(_) | End::Side(_) => {
                "brought together: all rows of the batch, in order"
            }
            End::Output(_) => "written",
        }
    }
}

impl Plan {
    /// If the first so many rows of a batch are all that anyone asks for.
    pub fn enough(&self) -> Option<u64> {
        let first = &self.stages[0];
        let looks_at_all = |step: &Step| matches!(step, Step::Tee(..) | Step::Alarm(..));
        match &first.end {
            // What else is joined counts as well.
            _ if self.sides > 0 => None,
            End::Aggregate(aggregate, Across::Batch) if !first.steps.iter().any(looks_at_all) => aggregate.enough(),
            _ => None,
        }
    }
}

/// Where rows are written.
pub struct Outlet {
    /// How rows become bytes.
    pub output: Arc<dyn Output>,
    /// Which sink the bytes go to.
    pub sink: usize,
    /// The stage whose rows they are.
    pub stage: usize,
    /// See [`Stage::level`].
    pub level: usize,
    /// Its rows name the end of the batch.
    pub names_end: bool,
    /// Which columns it prints.
    pub needs: Live,
    /// Its sink asks for the end of the batch with the first row, and it is known with the last one only.
    pub late: bool,
}

/// Where in the chain rows are written.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// An aggregate came before.
    pub aggregated: bool,
    /// A duration was written in a window before, or there are sessions.
    pub windowed: bool,
    /// The stage.
    pub stage: usize,
    /// See [`Stage::level`].
    pub level: usize,
}

/// What is asked of whoever makes outlets: a sink for `spec` (`None`: those of `--to`) and rows of these columns.
pub trait Outlets {
    /// The numbers of the outlets, in [`Plan::outlets`].
    fn make(&mut self, spec: Option<&str>, schema: &Schema, place: Place) -> Result<Vec<usize>>;
    /// Takes out all that were made.
    fn take(&mut self) -> Vec<Outlet>;
}

/// The inputs of a plan: how messages name them, and their formats.
pub type Inputs = Vec<(String, Arc<dyn Input>)>;

/// A usage error says which operator it is about.
pub fn named(operator: &str, error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::Usage(format!("{operator}: {text}")),
        other => other,
    }
}
