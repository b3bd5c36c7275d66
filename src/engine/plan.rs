//! The plan: which inputs feed which stages, what each stage does with a block, and where its rows go.
//!
//! A chain is cut into stages behind each operator that combines rows. Inside a stage the row-wise operators work on one
//! block after the other; its end says where the rows are combined or written. Inputs and stages form a tree: an input
//! feeds a stage, a stage feeds the next.

use std::sync::Arc;

use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::formats::{Input, Output};
use crate::operators::{Aggregate, Filter, Map, Operator, REGISTRY, Spread, WholeBatch, Work};

/// What is to be run.
pub struct Plan {
    /// One for each `--from`.
    pub inputs: Vec<PlanInput>,
    /// In the order in which a batch passes them.
    pub stages: Vec<Stage>,
    /// Where rows are written.
    pub outlets: Vec<Outlet>,
    /// Whether blocks carry record numbers.
    pub numbers: bool,
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
    /// How its records are cut.
    pub format: Arc<dyn Input>,
    /// The columns that are cut out of its records.
    pub schema: Schema,
    /// For each column of the stage that it feeds, which of its own columns that is; it may have none of that name.
    pub columns: Vec<Option<usize>>,
    /// The stage that it feeds.
    pub feeds: usize,
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
    /// A copy to the outlet of this number.
    Tee(usize),
}

/// Where a stage ends.
pub enum End {
    /// Rows are combined; the result feeds the next stage.
    Aggregate(Box<dyn Aggregate>),
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
            End::Aggregate(aggregate) if !first.steps.iter().any(|s| matches!(s, Step::Tee(_))) => aggregate.enough(),
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

/// Binds the operators of a chain to columns, from the inputs to the sinks. `known`: the end of a batch is known while it
/// is open, because it has an interval.
pub fn plan(
    inputs: Vec<(String, Arc<dyn Input>)>,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    known: bool,
) -> Result<Plan> {
    let plan = bind(inputs.clone(), chain, outlets, false)?;
    if known || !plan.outlets.iter().any(|outlet| outlet.stage == 0 && outlet.names_end) {
        return Ok(plan);
    }
    bind(inputs, chain, outlets, true)
}

fn bind(
    inputs: Vec<(String, Arc<dyn Input>)>,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    hold: bool,
) -> Result<Plan> {
    let live = live(chain);
    let (mut schema, inputs) = bind_inputs(inputs, &live[0]).map_err(|(name, error)| {
        // The operator that asks for it.
        let asks = chain.iter().find(|o| o.live(&Live::default()).names.contains(&name));
        let error = match error {
            Error::Usage(text) if REGISTRY.iter().any(|entry| entry.name == name) => {
                Error::Usage(format!("{text}; to go on with the operator of that name: then {name}"))
            }
            other => other,
        };
        asks.map_or(error.clone(), |operator| named(operator.name(), error))
    })?;
    let numbers = chain.iter().any(|o| o.wants_numbers());
    let mut stages: Vec<Stage> = Vec::new();
    let mut steps = Vec::new();
    let mut entry = schema.clone();
    let mut aggregated = false;
    let mut explained = Vec::new();
    if hold {
        let keeps = "the rows of the batch: they name its end, which no interval tells before".to_string();
        let shuffle = Some("held: all rows of the batch, in order");
        explained.push(Explained { name: "(hold)", stage: 0, live: live[0].clone(), keeps, shuffle });
        stages.push(Stage { schema: schema.clone(), steps: Vec::new(), end: End::Hold });
    }
    for (operator, live) in chain.iter().zip(&live[1..]) {
        let bound = operator.bind(&schema, live).map_err(|e| named(operator.name(), e))?;
        aggregated |= operator.aggregates();
        let end = match bound.work {
            Work::Filter(filter) => {
                steps.push(Step::Filter(filter));
                None
            }
            Work::Map(map) => {
                steps.push(Step::Map(map));
                None
            }
            Work::Tee(spec) => {
                let made = outlets.make(Some(&spec), &schema, aggregated, stages.len())?;
                steps.extend(made.into_iter().map(Step::Tee));
                None
            }
            Work::Aggregate(aggregate) => Some(End::Aggregate(aggregate)),
            Work::WholeBatch(whole) => Some(End::WholeBatch(whole)),
        };
        let shuffle = end.as_ref().map(End::shuffle);
        let (name, keeps) = (operator.name(), operator.keeps());
        explained.push(Explained { name, stage: stages.len(), live: live.clone(), keeps, shuffle });
        schema = bound.schema;
        if let Some(end) = end {
            let schema = std::mem::replace(&mut entry, schema.clone());
            stages.push(Stage { schema, steps: std::mem::take(&mut steps), end });
        }
    }
    let end = End::Output(outlets.make(None, &schema, aggregated, stages.len())?);
    stages.push(Stage { schema: entry, steps, end });
    Ok(Plan { inputs, stages, outlets: outlets.take(), numbers, explained })
}

/// Before each operator, and behind the last: the columns that are needed from there on.
fn live(chain: &[Box<dyn Operator>]) -> Vec<Live> {
    let mut live = vec![Live::all()];
    for operator in chain.iter().rev() {
        let before = operator.live(&live[live.len() - 1]);
        live.push(before);
    }
    live.reverse();
    live
}

/// The columns of the first stage are those of all inputs together, matched by name.
/// An error comes with the name of the column that is unknown.
fn bind_inputs(
    inputs: Vec<(String, Arc<dyn Input>)>,
    live: &Live,
) -> std::result::Result<(Schema, Vec<PlanInput>), (String, Error)> {
    let knows = |format: &Arc<dyn Input>, name: &String| format.schema(&Live::only([name])).is_ok();
    if let Some(unknown) = live.names.iter().find(|name| !inputs.iter().any(|i| knows(&i.1, name))) {
        for (_, format) in &inputs {
            format.schema(&Live::only([unknown])).map_err(|e| (unknown.clone(), e))?;
        }
    }
    let schema_of = |format: &Arc<dyn Input>, live: &Live| {
        let known = live.names.iter().filter(|n| knows(format, n)).cloned().collect();
        format.schema(&Live { shown: live.shown, names: known }).map_err(|e| (String::new(), e))
    };
    // A column that one input shows is wanted of all that have it, also where they do not show it.
    let mut wanted = live.clone();
    for (_, format) in &inputs {
        wanted = wanted.and(schema_of(format, live)?.fields.iter().map(|f| &f.name));
    }
    let mut union = Schema { records: true, ..Schema::default() };
    let mut bound = Vec::new();
    for (name, format) in inputs {
        let schema = schema_of(&format, &wanted)?;
        for field in &schema.fields {
            match union.fields.iter_mut().find(|f| f.name == field.name) {
                Some(known) => known.hidden &= field.hidden,
                None => union.fields.push(field.clone()),
            }
        }
        bound.push(PlanInput { name, format, schema, columns: Vec::new(), feeds: 0 });
    }
    for input in &mut bound {
        let at = |name: &str| input.schema.fields.iter().position(|f| f.name == name);
        input.columns = union.fields.iter().map(|f| at(&f.name)).collect();
    }
    Ok((union, bound))
}

fn named(operator: &str, error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::Usage(format!("{operator}: {text}")),
        other => other,
    }
}
