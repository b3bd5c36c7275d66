//! From calls of aggregates to what computes them: which states there are, what they are given, and which of their results
//! each call is. Calls of the same arguments share a state where one can serve them all.

use std::borrow::Cow;

use super::chosen::{Ends, Extremes};
use super::counts::{Counted, Counts, Truths};
use super::items::{Collected, Distinct, Inner};
use super::moving::MovingSums;
use super::multisets::Multisets;
use super::percentiles::Percentiles;
use super::queues::Queues;
use super::sets::Sets;
use super::sketches::{DEVIATION, Sketches};
use super::state::{Held, State};
use super::sums::{Moment, Sums};
use crate::data::block::Block;
use crate::data::column::{Cell, Column, TRUE};
use crate::data::schema::{Kind, Schema};
use crate::error::Result;
use crate::expr::aggregate::{Aggregate, percentile_of};
use crate::expr::by::BoundBy;
use crate::expr::{Context, Expr, Node};

/// What computes some calls of aggregates, bound to columns.
pub struct Plan {
    /// The keys of the groups, if there are any.
    pub by: Option<BoundBy>,
    /// The kind of each result.
    pub kinds: Vec<Kind>,
    pub(super) families: Vec<Family>,
    /// Of each result its family, and which of its results it is.
    pub(super) outputs: Vec<(usize, usize)>,
    /// The family whose numbers can lie beside the keys.
    pub(super) quick: Option<usize>,
}

/// What one state serves.
pub(super) struct Family {
    pub(super) what: What,
    pub(super) args: Vec<Node>,
    filter: Option<Node>,
    pub(super) distinct: bool,
    moments: Vec<Moment>,
    parts: Vec<f64>,
    written: (Vec<Expr>, Option<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    Counts(Counted),
    Truths(bool),
    Sums,
    Extremes(bool),
    Ends(bool),
    Percentiles(bool),
    Sketches(f64),
    Collected,
}

/// What the name and the constants of a call ask for.
struct Asked {
    what: What,
    /// How many of the arguments are columns.
    args: std::ops::RangeInclusive<usize>,
    /// `DISTINCT` makes a difference, and is there.
    distinct: bool,
    moment: Option<Moment>,
    part: Option<f64>,
}

impl Plan {
    /// For calls in their order, over columns of this schema.
    pub fn bind(calls: &[Aggregate], by: Option<BoundBy>, schema: &Schema, context: &Context) -> Result<Plan> {
        let mut plan = Plan { by, kinds: Vec::new(), families: Vec::new(), outputs: Vec::new(), quick: None };
        for call in calls {
            plan.add(call, schema, context)?;
        }
        let quick = |family: &Family| match family.what {
            _ if family.distinct => false,
            What::Counts(_) => true,
            What::Sums => family.moments == [Moment::Sum] && family.filter.is_none(),
            _ => false,
        };
        plan.quick = plan.by.as_ref().and_then(|_| plan.families.iter().position(quick));
        Ok(plan)
    }

    /// The results in the order of the calls, of what each family gives.
    pub(super) fn results(&self, families: &[Vec<Column>]) -> Vec<Column> {
        let output = |&(family, output): &(usize, usize)| families[family].get(output).cloned();
        self.outputs.iter().filter_map(output).collect()
    }

    fn add(&mut self, call: &Aggregate, schema: &Schema, context: &Context) -> Result<()> {
        let asked = asked(call, schema, context)?;
        if !asked.args.contains(&call.args.len()) || (call.star && call.name != "count") {
            let usual = match (*asked.args.start(), *asked.args.end()) {
                (1, 1) => format!("takes one argument: {}(x)", call.name),
                (0, _) => format!("takes arguments or a star: {0}(x), {0}(*)", call.name),
                (2, _) => format!("takes a column and a part of one: {}(x, 0.9)", call.name),
                _ => "is given too many arguments, or none".to_string(),
            };
            return Err(call.call.wrong(&format!("{} {usual}", call.name)));
        }
        let columns = match asked.what {
            What::Counts(Counted::Valid) => call.args.len(),
            _ => 1,
        };
        let written = (call.args[..columns].to_vec(), call.filter.clone());
        let same = |family: &Family| {
            family.what == asked.what && family.distinct == asked.distinct && family.written == written
        };
        let at = match self.families.iter().position(same) {
            Some(at) => at,
            None => {
                let bind = |arg: &Expr| arguments(&asked, arg, call, schema, context);
                let args = written.0.iter().map(bind).collect::<Result<Vec<_>>>()?;
                let filter = call.filter.as_ref().map(|f| f.bind_condition(schema, context)).transpose()?;
                let (what, distinct) = (asked.what, asked.distinct);
                self.families.push(Family { what, args, filter, distinct, moments: vec![], parts: vec![], written });
                self.families.len() - 1
            }
        };
        let family = &mut self.families[at];
        let output = match (asked.moment, asked.part) {
            (Some(moment), _) => place(&mut family.moments, moment),
            (_, Some(part)) => place(&mut family.parts, part),
            _ => 0,
        };
        self.outputs.push((at, output));
        self.kinds.push(family.kind());
        Ok(())
    }
}

/// Where the value stands in the list; it is added if it does not.
fn place<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|known| *known == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}

fn asked(call: &Aggregate, schema: &Schema, context: &Context) -> Result<Asked> {
    let of = |what: What| Asked { what, args: 1..=1, distinct: false, moment: None, part: None };
    let moment = |moment| Asked { moment: Some(moment), distinct: call.distinct, ..of(What::Sums) };
    let percentile = |part| Asked { part: Some(part), distinct: call.distinct, ..of(What::Percentiles(false)) };
    let constant = |at: usize, what: &str, good: fn(f64) -> bool| -> Result<Option<f64>> {
        let Some(arg) = call.args.get(at) else { return Ok(None) };
        let value = match arg.bind(schema, context)?.value() {
            Some(Cell::Int(value)) => value as f64,
            Some(Cell::Float(value)) => value,
            _ => f64::NAN,
        };
        if good(value) { Ok(Some(value)) } else { Err(arg.wrong(&format!("{} takes {what} here", call.name))) }
    };
    let part = |value: f64| (0.0..=1.0).contains(&value);
    Ok(match call.name.as_str() {
        "count" if call.distinct => Asked { args: 1..=64, distinct: true, ..of(What::Counts(Counted::Valid)) },
        "count" if call.star => Asked { args: 0..=0, ..of(What::Counts(Counted::Valid)) },
        "count" => Asked { args: 1..=64, ..of(What::Counts(Counted::Valid)) },
        "count_if" => Asked { distinct: call.distinct, ..of(What::Counts(Counted::True)) },
        "sum" => moment(Moment::Sum),
        "avg" | "mean" => moment(Moment::Mean),
        "stddev" | "stddev_samp" => moment(Moment::Deviation),
        "stddev_pop" => moment(Moment::PopulationDeviation),
        "variance" | "var_samp" => moment(Moment::Variance),
        "var_pop" => moment(Moment::PopulationVariance),
        // Of these the different values give the same as all.
        "min" => of(What::Extremes(true)),
        "max" => of(What::Extremes(false)),
        "first" | "any_value" => of(What::Ends(false)),
        "last" => Asked { distinct: call.distinct, ..of(What::Ends(true)) },
        "bool_and" | "every" => of(What::Truths(true)),
        "bool_or" | "some" | "any" => of(What::Truths(false)),
        "median" => percentile(0.5),
        "percentile" => {
            let q = constant(1, "a number from 0 to 1", part)?;
            Asked { args: 2..=2, ..percentile(q.unwrap_or(0.5)) }
        }
        "approx_percentile" | "percentile_approx" => {
            let q = constant(1, "a number from 0 to 1", part)?;
            constant(2, "a number of rows above 0", |accuracy| accuracy >= 1.0)?;
            Asked { what: What::Percentiles(true), args: 2..=3, ..percentile(q.unwrap_or(0.5)) }
        }
        "approx_count_distinct" => {
            let deviation = constant(1, "a relative deviation such as 0.05", |value| value > 0.0 && value < 1.0)?;
            Asked { args: 1..=2, ..of(What::Sketches(deviation.unwrap_or(DEVIATION))) }
        }
        "collect_set" => Asked { distinct: true, ..of(What::Collected) },
        "collect_list" => Asked { distinct: call.distinct, ..of(What::Collected) },
        name => match percentile_of(name) {
            Some(part) => percentile(part),
            None => return Err(call.call.wrong(&format!("{name} combines rows in a way that is not known here"))),
        },
    })
}

/// An argument, of the kind that is asked for.
fn arguments(asked: &Asked, arg: &Expr, call: &Aggregate, schema: &Schema, context: &Context) -> Result<Node> {
    if matches!(asked.what, What::Truths(_) | What::Counts(Counted::True)) {
        return arg.bind_condition(schema, context);
    }
    let node = arg.bind(schema, context)?;
    let kind = match (&node.kind, asked.what) {
        (Kind::Input | Kind::Text | Kind::Number, What::Sums | What::Percentiles(_)) if !asked.distinct => {
            return Ok(node);
        }
        // Numbers that are equal are one value, whatever they are written like.
        (_, What::Sums | What::Percentiles(_)) => {
            return node.into_number().map_err(|found| arg.wrong(&format!("{} takes numbers, and {found}", call.name)));
        }
        (Kind::List(_), What::Extremes(_)) => "values that have an order, and this is a list",
        (Kind::List(_), What::Sketches(_)) => "values, and this is a list",
        _ => return Ok(node),
    };
    Err(arg.wrong(&format!("{} takes {kind}", call.name)))
}

impl Plan {
    /// Whether no result depends on which rows come first.
    pub fn takes_any_order(&self) -> bool {
        !self.families.iter().any(|family| matches!(family.what, What::Ends(_) | What::Collected))
    }
}

impl Family {
    fn kind(&self) -> Kind {
        let arg = || self.args.first().map_or(Kind::Input, |arg| arg.kind.clone());
        match self.what {
            What::Counts(_) | What::Sums | What::Percentiles(_) | What::Sketches(_) => Kind::Number,
            What::Truths(_) => Kind::Bool,
            What::Extremes(_) | What::Ends(_) => arg(),
            What::Collected => Kind::List(Box::new(arg())),
        }
    }

    /// What it makes of no rows from batch to batch; `stay`: nothing will be taken out again.
    pub(super) fn held(&self, stay: bool) -> Box<dyn Held> {
        let kinds: Vec<Kind> = self.args.iter().map(|arg| arg.kind.clone()).collect();
        if self.distinct {
            return Box::new(Sets::new(&kinds, self.plain(), self.what == What::Counts(Counted::Valid), stay));
        }
        let kind = kinds.first().unwrap_or(&Kind::Input);
        match self.what {
            What::Counts(counted) => Box::new(Counts::new(counted)),
            What::Truths(all) => Box::new(Truths::new(all)),
            What::Sums => Box::new(MovingSums::new(&self.moments)),
            What::Extremes(least) => Box::new(Extremes::new(least, kind)),
            What::Ends(last) => Box::new(Ends::new(last, kind)),
            What::Percentiles(approximate) => Box::new(Multisets::new(&self.parts, approximate)),
            What::Sketches(deviation) => Box::new(Sketches::new(deviation)),
            What::Collected => Box::new(Queues::new(kind, stay)),
        }
    }

    /// The state of no rows.
    pub(super) fn state(&self) -> Box<dyn State> {
        let plain = self.plain();
        if !self.distinct {
            return plain();
        }
        let kinds: Vec<Kind> = self.args.iter().map(|arg| arg.kind.clone()).collect();
        Box::new(Distinct::new(&kinds, plain))
    }

    /// Makes the state of no rows, all of which count.
    fn plain(&self) -> Inner {
        let kind = self.args.first().map_or(Kind::Input, |arg| arg.kind.clone());
        let (what, moments, parts) = (self.what, self.moments.clone(), self.parts.clone());
        Box::new(move || match what {
            What::Counts(counted) => Box::new(Counts::new(counted)),
            What::Truths(all) => Box::new(Truths::new(all)),
            What::Sums => Box::new(Sums::new(&moments)),
            What::Extremes(least) => Box::new(Extremes::new(least, &kind)),
            What::Ends(last) => Box::new(Ends::new(last, &kind)),
            What::Percentiles(approximate) => Box::new(Percentiles::new(&parts, approximate)),
            What::Sketches(deviation) => Box::new(Sketches::new(deviation)),
            What::Collected => Box::new(Collected::new(&kind)),
        })
    }

    /// The rows that the filter passes, if there is one.
    pub(super) fn passed(&self, block: &Block) -> Option<Vec<u32>> {
        let column = self.filter.as_ref()?.eval(block);
        let Column::Bool(values) = &*column else { return Some(Vec::new()) };
        Some(values.iter().zip(0..).filter(|(value, _)| **value == TRUE).map(|(_, row)| row).collect())
    }

    /// The arguments of these rows, or of all.
    pub(super) fn args<'a>(&'a self, block: &'a Block, rows: Option<&[u32]>) -> Vec<Cow<'a, Column>> {
        let kept = |node: &'a Node| match rows {
            None => node.eval(block),
            Some(rows) => {
                let mut column = node.eval(block).into_owned();
                column.keep(rows);
                Cow::Owned(column)
            }
        };
        self.args.iter().map(kept).collect()
    }
}
