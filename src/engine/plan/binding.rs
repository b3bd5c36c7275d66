//! From a chain of operators to the stages of a plan.

mod rebatch;

use std::sync::Arc;

use crate::data::calendar::Calendar;
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::engine::event::by_time::ByTime;
use crate::error::{Error, Result};
use crate::expr::{Context, Expr};
use crate::operators::{Aggregate, Filter, Operator, Over, REGISTRY, Rebatch, Side, Work};
use crate::state::Window;

use super::inputs::bind_inputs;
use super::sides::Spans;
use super::wrong::{times_of_ever, times_of_session, within_all};
use super::{Across, End, Explained, Inputs, Outlets, Place, Plan, PlanAlarm, PlanInput, Stage, Step, TIMES, named};

/// Binds the operators of a chain to columns, from the inputs to the sinks. `calendar`: where batches end, if they have an
/// interval, so that the end of a batch is known while it is open. `event`: what tells the time of a record, if batches are cut
/// by it.
pub fn plan(
    inputs: &Inputs,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    calendar: Option<&Calendar>,
    event: Option<&Expr>,
    context: &Context,
) -> Result<Plan> {
    let mut wishes = Wishes { hold: false, end: Live::all(), tees: Vec::new(), event };
    // What is made of the rows tells what the outlets print of them, and that tells which columns are needed.
    let first = bind(inputs, chain, outlets, &wishes, calendar, context)?;
    let needs = |at: &usize| first.outlets[*at].needs.clone();
    let end = first.chain().last().map_or(&[][..], |stage| match &stage.end {
        End::Output(outlets) => outlets,
        _ => &[],
    });
    let all = |outlets: &[usize]| outlets.iter().map(needs).fold(Live::default(), |all, live| all.with(&live));
    let tee = |step: &Step| if let Step::Tee(outlet, _) = step { Some(all(&[*outlet])) } else { None };
    let tees = first.stages.iter().flat_map(|stage| &stage.steps).filter_map(tee).collect();
    let times = first.stages[0].steps.iter().any(|step| matches!(step, Step::Times));
    let named = first.outlets.iter().any(|outlet| outlet.stage == 0 && outlet.names_end);
    wishes = Wishes { hold: calendar.is_none() && (times || named), end: all(end), tees, event };
    bind(inputs, chain, outlets, &wishes, calendar, context)
}

/// What is known only when a chain has been bound once.
struct Wishes<'a> {
    /// Rows wait for the end of the batch.
    hold: bool,
    /// What the outlets at the end of the chain print.
    end: Live,
    /// What each outlet in mid-chain prints.
    tees: Vec<Live>,
    /// What tells the time of a record: then rows that are written wait for the end of their batch.
    event: Option<&'a Expr>,
}

fn bind(
    inputs: &Inputs,
    chain: &[Box<dyn Operator>],
    outlets: &mut dyn Outlets,
    wishes: &Wishes<'_>,
    calendar: Option<&Calendar>,
    context: &Context,
) -> Result<Plan> {
    let mut live = live(chain, wishes);
    live[0].names.extend(wishes.event.iter().flat_map(|event| event.columns()));
    let first = chain.first().map(|operator| own(&**operator)).unwrap_or_default();
    let (schema, mut inputs) = bind_inputs(inputs, &live[0], &first).map_err(|(name, error)| {
        // The operator that asks for it.
        let asks = chain.iter().find(|o| own(&***o).contains(&name));
        let error = match error {
            Error::Usage(text) if REGISTRY.iter().any(|entry| entry.name == name) => {
                Error::Usage(format!("{text}; to go on with the operator of that name: then {name}"))
            }
            other => other,
        };
        let by_time = wishes.event.is_some_and(|event| event.columns().contains(&name));
        match asks {
            Some(operator) => named(operator.name(), error),
            None if by_time => named("--event-time", error),
            None => error,
        }
    })?;
    let mut event = Vec::new();
    if let Some(by) = wishes.event {
        event.push(ByTime::bind(by, &schema, context)?);
    }
    let mut binder = Binder {
        outlets,
        context,
        unit: calendar.map(Calendar::interval),
        entry: schema.clone(),
        schema,
        stages: Vec::new(),
        steps: Vec::new(),
        alarms: Vec::new(),
        explained: Vec::new(),
        by_time: wishes.event,
        aggregated: false,
        windowed: false,
        level: 0,
        pending: None,
        spans: Spans::Batch,
        sides: Vec::new(),
    };
    if wishes.hold {
        binder.hold(0, &live[0]);
    }
    for (operator, live) in chain.iter().zip(&live[1..]) {
        binder.operator(&**operator, live).map_err(|error| named(operator.name(), error))?;
    }
    let alarms = std::mem::take(&mut binder.alarms);
    let (mut stages, sides, explained) = binder.end(&wishes.end)?;
    // Records that a filter drops have moved the time on, too.
    if !event.is_empty() || !matches!(stages[0].steps.first(), Some(Step::Filter(_))) {
        for input in &mut inputs {
            input.first.clear();
            input.cutter.without_filter();
        }
    }
    let numbers = chain.iter().any(|operator| operator.wants_numbers());
    let fills = chain.iter().any(|operator| operator.fills());
    let times = chain.iter().any(|operator| operator.sessions().is_some());
    let (outlets, number) = (outlets.take(), sides.len());
    for (input, side) in sides {
        if let Some(by) = wishes.event {
            event.push(ByTime::bind(by, &side.schema, context).map_err(|error| of_side(&input.name, error))?);
        }
        inputs.push(input);
        stages.push(side);
    }
    Ok(Plan { inputs, stages, sides: number, outlets, alarms, numbers, event, times, fills, explained })
}

/// What is wrong with `--event-time` for the records of the other stream of a join.
fn of_side(name: &str, error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::Usage(format!("{text}; it tells the time of the records of {name}, too")),
        other => other,
    }
}

/// An input, and the stage that it alone feeds.
type Fed = (PlanInput, Stage);

/// A chain, as far as it is bound.
struct Binder<'a> {
    outlets: &'a mut dyn Outlets,
    context: &'a Context,
    /// How far apart batches are, in milliseconds, if they have an interval.
    unit: Option<i64>,
    /// The columns that come into the stage at hand ...
    entry: Schema,
    /// ... and those that the next operator gets.
    schema: Schema,
    stages: Vec<Stage>,
    /// Those of the stage at hand.
    steps: Vec<Step>,
    alarms: Vec<PlanAlarm>,
    explained: Vec<Explained>,
    /// Batches are cut by the records' time: rows that are written wait for the end of their batch.
    by_time: Option<&'a Expr>,
    aggregated: bool,
    windowed: bool,
    level: usize,
    /// A window (or the like) that no operator has met yet which has to stand behind it.
    pending: Option<Pending>,
    /// What a batch stands for here.
    spans: Spans,
    /// What joins look up, so far.
    sides: Vec<Fed>,
}

/// Row-wise operators behind it are done before it, up to the first aggregate.
struct Pending {
    what: What,
    name: &'static str,
    /// Its place in what is explained.
    at: usize,
}

enum What {
    Window(Window),
    Over(Over),
}

impl Binder<'_> {
    /// All rows of a batch wait for its end.
    fn hold(&mut self, at: usize, live: &Live) {
        let keeps = match self.by_time.is_some() {
            true => "the rows of the batches that are open: they are written in the order of time",
            false => "the rows of the batch: they name its end, which no interval tells before",
        };
        let keeps = keeps.to_string();
        let shuffle = Some("held: all rows of the batch, in order");
        self.explained.insert(at, Explained { name: "(hold)", stage: 0, live: live.clone(), keeps, shuffle });
        self.explained[at + 1..].iter_mut().for_each(|later| later.stage = 1);
        self.stage(End::Hold);
    }

    fn stage(&mut self, end: End) {
        let rebatches = end.rebatches();
        let (schema, steps) =
            (std::mem::replace(&mut self.entry, self.schema.clone()), std::mem::take(&mut self.steps));
        let calendar = self.unit.map(|unit| Calendar::new(unit, self.context.zone.clone()));
        self.stages.push(Stage { schema, level: self.level, calendar, steps, end });
        self.level += usize::from(rebatches);
    }

    fn operator(&mut self, operator: &dyn Operator, live: &Live) -> Result<()> {
        let unknown = |name: &&&str| !self.schema.fields.iter().any(|field| field.name == ***name);
        let times = TIMES.iter().filter(unknown).any(|time| own(operator).iter().any(|name| name == time));
        let session = match &self.pending {
            Some(Pending { what: What::Over(Over::Session { gap }), .. }) => Some(*gap),
            _ => None,
        };
        let over = self.pending.as_ref().map(|pending| &pending.what);
        match over {
            Some(What::Over(Over::Session { .. })) if times => return Err(times_of_session()),
            Some(What::Over(Over::All { .. })) if times => return Err(times_of_ever()),
            _ => {}
        }
        if times || operator.follows_batches() {
            self.settle()?;
        }
        if times {
            // Both become columns; one that the rows have by this name already is not meant.
            let known = TIMES.map(|name| self.schema.fields.iter().any(|field| field.name == name));
            let times =
                TIMES.iter().zip(known).map(|(name, known)| if known { nameless(name) } else { name.to_string() });
            self.schema.fields.extend(times.map(|name| Field::hidden(name).of(Kind::Time)));
            self.steps.push(Step::Times);
        }
        let context = Context { session, ..self.context.clone() };
        let bound = operator.bind(&self.schema, live, &context)?;
        self.aggregated |= operator.aggregates();
        let (name, keeps) = (operator.name(), operator.keeps());
        let at = self.explained.len();
        self.explained.push(Explained { name, stage: self.stages.len(), live: live.clone(), keeps, shuffle: None });
        let mut schema = bound.schema;
        if bound.work.iter().any(|work| matches!(work, Work::Rebatch(_) | Work::Join(..))) {
            forget_times(&mut schema);
        }
        for work in bound.work {
            let end = match work {
                Work::Filter(filter) => {
                    self.steps.push(Step::Filter(filter));
                    continue;
                }
                Work::Map(map) => {
                    self.steps.push(Step::Map(map));
                    continue;
                }
                Work::Tee(spec, filter) => {
                    if self.by_time.is_some() && self.stages.is_empty() {
                        self.hold(at, live);
                    }
                    let filter: Option<Arc<dyn Filter>> = filter.map(Arc::from);
                    let made = self.outlets.make(Some(&spec), &self.schema, self.place())?;
                    self.steps.extend(made.into_iter().map(|outlet| Step::Tee(outlet, filter.clone())));
                    continue;
                }
                Work::Alarm(held, alarm) => {
                    if self.by_time.is_some() && self.stages.is_empty() {
                        self.hold(at, live);
                    }
                    self.steps.push(Step::Alarm(self.alarms.len(), held));
                    let borders = self.unit.map(|unit| Calendar::new(unit, self.context.zone.clone()));
                    self.alarms.push(PlanAlarm { alarm, level: self.level, borders });
                    continue;
                }
                Work::Rebatch(rebatch) => {
                    let behind = self.pending.as_ref().map(|pending| &pending.what);
                    if let (Some(What::Over(Over::All { .. })), Rebatch::Over(Over::Within { .. })) = (behind, rebatch)
                    {
                        return Err(within_all());
                    }
                    self.settle()?;
                    self.rebatch(rebatch, name, at)?;
                    continue;
                }
                Work::Aggregate(aggregate) => {
                    let aggregate: Arc<dyn Aggregate> = Arc::from(aggregate);
                    let across = self.across(&*aggregate, name)?;
                    End::Aggregate(self.for_any_order(aggregate, &across), across)
                }
                Work::Totals(aggregate, totals) => {
                    self.settle()?;
                    End::Totals(aggregate, totals)
                }
                Work::Join(join, side) => {
                    self.settle()?;
                    let number = side.map(|(side, live)| self.side(&side, live, at)).transpose()?;
                    End::Join(join, number)
                }
                Work::WholeBatch(whole) => {
                    self.settle()?;
                    End::WholeBatch(whole)
                }
            };
            let stage = self.stages.len();
            if let Some(explained) = self.explained.get_mut(at) {
                explained.stage = stage;
                explained.shuffle = explained.shuffle.or(Some(end.shuffle()));
            }
            self.schema = schema.clone();
            self.stage(end);
        }
        self.schema = schema;
        Ok(())
    }

    /// The same without a need of sorted rows, if it can do without.
    fn for_any_order(&self, aggregate: Arc<dyn Aggregate>, across: &Across) -> Arc<dyn Aggregate> {
        let (Across::Batch, Some(Stage { end: End::Aggregate(before, _), .. })) = (across, self.stages.last()) else {
            return aggregate;
        };
        let leaves = |step: &Step| match step {
            Step::Map(map) => map.leaves(),
            Step::Filter(_) | Step::Times | Step::Alarm(..) => usize::MAX,
            Step::Tee(..) => 0,
        };
        let (keys, left) = (before.order(), self.steps.iter().map(leaves).min().unwrap_or(usize::MAX));
        let there = before.tells_apart() && keys.iter().all(|key| key.column < left);
        if there { aggregate.for_any_order(&keys).unwrap_or(aggregate) } else { aggregate }
    }

    fn place(&self) -> Place {
        let Binder { aggregated, windowed, level, .. } = *self;
        Place { aggregated, windowed, level, stage: self.stages.len() }
    }

    /// What a join looks up that stands here: which of the [`PlanInput::feeds`].
    fn side(&mut self, side: &Side, live: Live, at: usize) -> Result<usize> {
        let (input, stage, keeps) =
            self.spans.bind(side, live.and(self.by_time.iter().flat_map(|by| by.columns())), self.sides.len())?;
        let feeds = input.feeds;
        self.explained[at].keeps = keeps;
        self.sides.push((input, stage));
        Ok(feeds)
    }

    /// The stages, the sides, and what there is to say about the operators. `shown`: what is printed.
    fn end(mut self, shown: &Live) -> Result<(Vec<Stage>, Vec<Fed>, Vec<Explained>)> {
        let name = self.pending.as_ref().map(|pending| pending.name);
        self.settle().map_err(|error| name.map_or(error.clone(), |name| named(name, error)))?;
        if self.by_time.is_some() && self.stages.is_empty() {
            self.hold(self.explained.len(), shown);
        }
        let end = End::Output(self.outlets.make(None, &self.schema, self.place())?);
        self.stage(end);
        Ok((self.stages, self.sides, self.explained))
    }
}

/// The rows go on without the times of their batch: in other batches, or beside rows that came from elsewhere.
fn forget_times(schema: &mut Schema) {
    for field in schema.fields.iter_mut().filter(|f| f.hidden && TIMES.contains(&f.name.as_str())) {
        field.name = nameless(&field.name);
    }
}

/// The name of a column that no text can name any more.
fn nameless(name: &str) -> String {
    format!("\u{1}{name}")
}

/// The columns that an operator itself looks at.
fn own(operator: &dyn Operator) -> Vec<String> {
    operator.live(&Live::default()).names.into_iter().collect()
}

/// Before each operator, and behind the last: the columns that are needed from there on.
fn live(chain: &[Box<dyn Operator>], wishes: &Wishes<'_>) -> Vec<Live> {
    let mut live = vec![wishes.end.clone()];
    let mut tees = wishes.tees.iter().rev();
    for operator in chain.iter().rev() {
        let behind = &live[live.len() - 1];
        let before = operator.live(behind);
        live.push(if operator.tees().is_some() { before.with(tees.next().unwrap_or(&Live::all())) } else { before });
    }
    live.reverse();
    live
}
