//! The plan: which inputs feed which stages, what each stage does with a block, and where its rows go.
//!
//! A chain is cut into stages behind each operator that combines rows. Inside a stage the row-wise operators work on one
//! block after the other; its end says where the rows are combined or written. Inputs and stages form a tree: an input
//! feeds a stage, a stage feeds the next.

use std::sync::Arc;

use crate::data::schema::{Field, Kind, Live, Schema};
use crate::error::{Error, Result};
use crate::expr::{Context, Expr};
use crate::formats::{Input, Output};
use crate::operators::{Aggregate, Filter, Map, Operator, REGISTRY, Spread, Totals, WholeBatch, Work};

use super::cutter::Cutter;
use super::event::by_time::{ByTime, held, waits};

/// What is to be run.
pub struct Plan {
    /// One for each `--from`.
    pub inputs: Vec<PlanInput>,
    /// The columns that records are cut into: those of all inputs together.
    pub entry: Schema,
    /// In the order in which a batch passes them.
    pub stages: Vec<Stage>,
    /// Where rows are written.
    pub outlets: Vec<Outlet>,
    /// Whether blocks carry record numbers.
    pub numbers: bool,
    /// What tells the time of a record, if batches are cut by it.
    pub event: Option<ByTime>,
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
        !self.stages.iter().any(|stage| matches!(stage.end, End::WholeBatch(_)))
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
    /// The stage that it feeds.
    pub feeds: usize,
    /// Which columns it shows is needed, and only its head tells.
    pub needs_head: bool,
}

/// Row-wise operators, and what happens to the rows behind them.
pub struct Stage {
    /// The columns that come in.
    pub schema: Schema,
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
    /// The times of the batch become columns, [`TIMES`].
    Times,
}

/// The attributes of a batch that are columns where they are named.
pub const TIMES: [&str; 2] = ["window_start", "window_end"];

/// Where a stage ends.
pub enum End {
    /// Rows are combined; the result feeds the next stage.
    Aggregate(Box<dyn Aggregate>),
    /// Rows are combined, and kept as well: they feed the next stage, where they look up the result.
    Totals(Box<dyn Aggregate>, Box<dyn Totals>),
    /// All rows of the batch go through one hand; the result feeds the next stage.
    WholeBatch(Box<dyn WholeBatch>),
    /// Rows wait for the end of the batch, because what is written names its time and no interval tells it before.
    Hold,
    /// Rows are written to the outlets of these numbers.
    Output(Vec<usize>),
}

impl End {
    /// How rows come together there.
    fn shuffle(&self) -> &'static str {
        match self {
            End::Aggregate(aggregate) => match aggregate.spread() {
                Spread::ByKey => {
                    "merged by key hash, each shard owns its share of the keys; then by ranges of the order"
                }
                Spread::Whole => "merged by one shard",
                Spread::Loose => "sorted by every shard, then merged by ranges of the order",
            },
            End::Totals(..) => "kept, until what is combined of them is known: all rows of the batch, in order",
            End::WholeBatch(_) | End::Hold => "brought together: all rows of the batch, in order",
            End::Output(_) => "written",
        }
    }
}

impl Plan {
    /// If the first so many rows of a batch are all that anyone asks for.
    pub fn enough(&self) -> Option<u64> {
        let first = &self.stages[0];
        match &first.end {
            End::Aggregate(aggregate) if !first.steps.iter().any(|s| matches!(s, Step::Tee(..))) => aggregate.enough(),
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
    /// Its rows name the end of the batch.
    pub names_end: bool,
    /// Which columns it prints.
    pub needs: Live,
    /// Its sink asks for the end of the batch with the first row, and it is known with the last one only.
    pub late: bool,
}

/// What is asked of whoever makes outlets: a sink for `spec` (`None`: those of `--to`) and rows of these columns, in which
/// an aggregate came before or not.
pub trait Outlets {
    /// The numbers of the outlets, in [`Plan::outlets`].
    fn make(&mut self, spec: Option<&str>, schema: &Schema, aggregated: bool, stage: usize) -> Result<Vec<usize>>;
    /// Takes out all that were made.
    fn take(&mut self) -> Vec<Outlet>;
}

/// The inputs of a plan: how messages name them, and their formats.
pub type Inputs = Vec<(String, Arc<dyn Input>)>;

/// Binds the operators of a chain to columns, from the inputs to the sinks. `known`: the end of a batch is known while it
/// is open, because it has an interval. `event`: what tells the time of a record, if batches are cut by it.
pub fn plan(
    inputs: &Inputs,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    known: bool,
    event: Option<&Expr>,
    context: &Context,
) -> Result<Plan> {
    let mut wishes = Wishes { hold: false, end: Live::all(), tees: Vec::new(), event: event.cloned() };
    // What is made of the rows tells what the outlets print of them, and that tells which columns are needed.
    let first = bind(inputs, chain, outlets, &wishes, context)?;
    let needs = |at: &usize| first.outlets[*at].needs.clone();
    let end = first.stages.last().map_or(&[][..], |stage| match &stage.end {
        End::Output(outlets) => outlets,
        _ => &[],
    });
    let all = |outlets: &[usize]| outlets.iter().map(needs).fold(Live::default(), |all, live| all.with(&live));
    let tee = |step: &Step| if let Step::Tee(outlet, _) = step { Some(all(&[*outlet])) } else { None };
    let tees = first.stages.iter().flat_map(|stage| &stage.steps).filter_map(tee).collect();
    let times = first.stages[0].steps.iter().any(|step| matches!(step, Step::Times));
    let named = first.outlets.iter().any(|outlet| outlet.stage == 0 && outlet.names_end);
    wishes = Wishes { hold: !known && (times || named), end: all(end), tees, ..wishes };
    bind(inputs, chain, outlets, &wishes, context)
}

/// What is known only when a chain has been bound once.
struct Wishes {
    /// Rows wait for the end of the batch.
    hold: bool,
    /// What the outlets at the end of the chain print.
    end: Live,
    /// What each outlet in mid-chain prints.
    tees: Vec<Live>,
    /// What tells the time of a record: then rows that are written wait for the end of their batch.
    event: Option<Expr>,
}

fn bind(
    inputs: &Inputs,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    wishes: &Wishes,
    context: &Context,
) -> Result<Plan> {
    let mut live = live(chain, wishes);
    if let Some(event) = &wishes.event {
        live[0].names.extend(event.columns());
    }
    let first = chain.first().map(|operator| own(&**operator)).unwrap_or_default();
    let (mut schema, mut inputs) = bind_inputs(inputs, &live[0], &first).map_err(|(name, error)| {
        // The operator that asks for it.
        let asks = chain.iter().find(|o| own(&***o).contains(&name));
        let error = match error {
            Error::Usage(text) if REGISTRY.iter().any(|entry| entry.name == name) => {
                Error::Usage(format!("{text}; to go on with the operator of that name: then {name}"))
            }
            other => other,
        };
        let by_time = || wishes.event.as_ref().is_some_and(|event| event.columns().contains(&name));
        match asks {
            Some(operator) => named(operator.name(), error),
            None if by_time() => named("--event-time", error),
            None => error,
        }
    })?;
    let numbers = chain.iter().any(|o| o.wants_numbers());
    let mut stages: Vec<Stage> = Vec::new();
    let mut steps = Vec::new();
    let union = schema.clone();
    let mut entry = schema.clone();
    let event = wishes.event.as_ref().map(|event| ByTime::bind(event, &union, context)).transpose()?;
    let mut aggregated = false;
    let mut explained = Vec::new();
    if wishes.hold {
        let keeps = "the rows of the batch: they name its end, which no interval tells before".to_string();
        let shuffle = Some("held: all rows of the batch, in order");
        explained.push(Explained { name: "(hold)", stage: 0, live: live[0].clone(), keeps, shuffle });
        stages.push(Stage { schema: schema.clone(), steps: Vec::new(), end: End::Hold });
    }
    for (operator, live) in chain.iter().zip(&live[1..]) {
        let unknown = |name: &&&str| !schema.fields.iter().any(|field| field.name == ***name);
        if TIMES.iter().filter(unknown).any(|time| own(&**operator).iter().any(|name| name == time)) {
            schema.fields.retain(|field| !TIMES.contains(&field.name.as_str()));
            schema.fields.extend(TIMES.map(|name| Field::hidden(name).of(Kind::Time)));
            steps.push(Step::Times);
        }
        let bound = operator.bind(&schema, live, context).map_err(|e| named(operator.name(), e))?;
        aggregated |= operator.aggregates();
        let (name, keeps) = (operator.name(), operator.keeps());
        explained.push(Explained { name, stage: stages.len(), live: live.clone(), keeps, shuffle: None });
        for work in bound.work {
            let end = match work {
                Work::Filter(filter) => {
                    steps.push(Step::Filter(filter));
                    continue;
                }
                Work::Map(map) => {
                    steps.push(Step::Map(map));
                    continue;
                }
                Work::Tee(spec, filter) => {
                    if event.is_some() && stages.is_empty() {
                        stages.push(held(&mut entry, &schema, &mut steps));
                        explained.insert(explained.len() - 1, waits(live));
                        explained.last_mut().into_iter().for_each(|tee| tee.stage = 1);
                    }
                    let filter: Option<Arc<dyn Filter>> = filter.map(Arc::from);
                    let made = outlets.make(Some(&spec), &schema, aggregated, stages.len())?;
                    steps.extend(made.into_iter().map(|outlet| Step::Tee(outlet, filter.clone())));
                    continue;
                }
                Work::Aggregate(aggregate) => End::Aggregate(aggregate),
                Work::Totals(aggregate, totals) => End::Totals(aggregate, totals),
                Work::WholeBatch(whole) => End::WholeBatch(whole),
            };
            if let Some(explained) = explained.last_mut() {
                explained.shuffle = explained.shuffle.or(Some(end.shuffle()));
            }
            let schema = std::mem::replace(&mut entry, bound.schema.clone());
            stages.push(Stage { schema, steps: std::mem::take(&mut steps), end });
        }
        schema = bound.schema;
    }
    if event.is_some() && stages.is_empty() {
        stages.push(held(&mut entry, &schema, &mut steps));
        explained.push(waits(&wishes.end));
    }
    let end = End::Output(outlets.make(None, &schema, aggregated, stages.len())?);
    stages.push(Stage { schema: entry, steps, end });
    // Records that a filter drops have moved the time on, too.
    if event.is_some() || !matches!(stages[0].steps.first(), Some(Step::Filter(_))) {
        for input in &mut inputs {
            input.first.clear();
            input.cutter.without_filter();
        }
    }
    let (fills, times) = (chain.iter().any(|operator| operator.fills()), false);
    Ok(Plan { inputs, entry: union, stages, outlets: outlets.take(), numbers, event, times, fills, explained })
}

/// The columns that an operator itself looks at.
fn own(operator: &dyn Operator) -> Vec<String> {
    operator.live(&Live::default()).names.into_iter().collect()
}

/// Before each operator, and behind the last: the columns that are needed from there on.
fn live(chain: &[Box<dyn Operator>], wishes: &Wishes) -> Vec<Live> {
    let mut live = vec![wishes.end.clone()];
    let mut tees = wishes.tees.iter().rev();
    for operator in chain.iter().rev() {
        let behind = &live[live.len() - 1];
        let before = operator.live(behind);
        live.push(if operator.tees() { before.with(tees.next().unwrap_or(&Live::all())) } else { before });
    }
    live.reverse();
    live
}

/// The columns of the first stage are those of all inputs together, matched by name. `first`: those that a leading filter
/// looks at. An error comes with the name of the column that is unknown.
fn bind_inputs(
    inputs: &Inputs,
    live: &Live,
    first: &[String],
) -> std::result::Result<(Schema, Vec<PlanInput>), (String, Error)> {
    let knows = |format: &Arc<dyn Input>, name: &String| format.schema(&Live::only([name])).is_ok();
    let is_time = |name: &String| TIMES.contains(&name.as_str());
    // Whether a format has a column of such a name is certain only if it knows all its columns.
    let has_time = |format: &Arc<dyn Input>, name: &String| {
        knows(format, name) && !format.schema(&Live::all()).is_ok_and(|schema| schema.open)
    };
    let has = |format: &Arc<dyn Input>, name: &String| {
        if is_time(name) { has_time(format, name) } else { knows(format, name) }
    };
    let unknown =
        live.names.iter().filter(|name| !is_time(name)).find(|name| !inputs.iter().any(|i| knows(&i.1, name)));
    if let Some(unknown) = unknown {
        for (_, format) in inputs {
            format.schema(&Live::only([unknown])).map_err(|e| (unknown.clone(), e))?;
        }
    }
    let live_of = |format: &Arc<dyn Input>, live: &Live| Live {
        shown: live.shown,
        names: live.names.iter().filter(|n| has(format, n)).cloned().collect(),
    };
    let schema_of =
        |format: &Arc<dyn Input>, live: &Live| format.schema(&live_of(format, live)).map_err(|e| (String::new(), e));
    // A column that one input shows is wanted of all that have it, also where they do not show it.
    let mut wanted = live.clone();
    for (_, format) in inputs {
        wanted = wanted.and(schema_of(format, live)?.fields.iter().map(|f| &f.name));
    }
    let json = inputs.iter().all(|i| i.1.is_json()).then(Vec::new);
    let mut union = Schema { json, ..Schema::default() };
    let mut bound = Vec::new();
    for (_, format) in inputs {
        let schema = schema_of(format, &wanted)?;
        for field in &schema.fields {
            match union.fields.iter_mut().find(|f| f.name == field.name) {
                Some(known) => {
                    known.hidden &= field.hidden;
                    known.json &= field.json;
                }
                None => union.fields.push(field.clone()),
            }
        }
        union.records |= schema.records;
        union.open |= schema.open;
    }
    for (name, format) in inputs {
        let live = live_of(format, &wanted);
        let cutter = Cutter::new(Arc::clone(format), &live, &union, first).map_err(|e| (String::new(), e))?;
        let needs_head = cutter.schema.open && (live.shown || wanted.names.iter().any(is_time));
        bound.push(PlanInput { name: name.clone(), cutter, live, first: first.to_vec(), feeds: 0, needs_head });
    }
    Ok((union, bound))
}

/// A usage error says which operator it is about.
pub fn named(operator: &str, error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::Usage(format!("{operator}: {text}")),
        other => other,
    }
}
