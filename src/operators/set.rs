//! `set 'NAME = EXPR, …' [--by K]`: columns added or replaced. Row-wise, unless aggregates stand in it: then the rows of the
//! batch are kept until the aggregates are known, and look them up.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};

use super::support::combined::{Calls, Combined};
use super::support::named;
use super::{Bound, Built, Entry, Example, Map, Operator, Totals, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::builder::Builder;
use crate::data::column::Column;
use crate::data::groups::{Groups, NONE};
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::aggregates::Plan;
use crate::expr::by::By;
use crate::expr::{Context, Named, Node, parse_assignments};

/// `set 'NAME = EXPR, …' [--by K]`.
pub const ENTRY: Entry = Entry { name: "set", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "a column more",
        command: "streamer --in csv set 'seconds = ms / 1000' --out csv",
        input: "path,ms\n/a,1500\n/b,20\n",
        output: "path,ms,seconds\n/a,1500,1.5\n/b,20,0.02\n",
    },
    Example {
        what: "the share that each click has of its user's clicks",
        command: "streamer --in csv --batch all set 'rate = clicks / sum(clicks)' --by user",
        input: "user,clicks\nbob,1\neve,5\nbob,3\n",
        output: "bob\t1\t0.25\neve\t5\t1\nbob\t3\t0.75\n",
    },
    Example {
        what: "a JSON object keeps its other members",
        command: "streamer --in json --out json set 'ms = round(ms)'",
        input: "{\"ms\":1.7,\"tags\":[1]}\n",
        output: "{\"tags\":[1],\"ms\":2}\n",
    },
];

fn command() -> Command {
    Command::new("set")
        .about("columns added or replaced")
        .long_about(
            "Gives each row with columns added, or replaced where there is one of that name. All expressions see the columns as \
             they were before.\n\nAn aggregate inside (sum(clicks), max(ms); see agg) is taken over the batch, or with --by \
             over the rows of the same key, and given to each row; the rows wait for the end of the batch then, in memory. \
             `streamer help expressions` has the operators, `streamer help functions` the functions.",
        )
        .arg(
            Arg::new("assignments")
                .value_name("NAME = EXPR, …")
                .required(true)
                .allow_hyphen_values(true)
                .help("The columns, in one argument: 'rate = clicks / sum(clicks), c = upper(country)'"),
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("Take aggregates over the rows of the same value of this column or expression, or of these: 'a, b'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let by = args.get_one::<String>("by").map(|text| By::parse("--by", text)).transpose()?;
    let list = parse_assignments(args.get_one::<String>("assignments").map_or("", String::as_str))?;
    named::once_each(&list)?;
    let mut calls = Calls::default();
    let taken = list.iter().map(|named| calls.take(&named.expr)).collect::<Result<Vec<_>>>()?;
    if by.is_some() && calls.is_empty() {
        return Err(Error::usage(
            "set: --by makes groups for aggregates, but no aggregate stands in the assignments: leave it out",
        ));
    }
    let list = list.into_iter().zip(taken).map(|(named, expr)| Named { expr, ..named }).collect();
    Ok(Built::Operator(Box::new(Set { list, calls, by })))
}

struct Set {
    /// With a column for each call of an aggregate.
    list: Vec<Named>,
    calls: Calls,
    by: Option<By>,
}

impl Operator for Set {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        let mut before = output.clone();
        for named in &self.list {
            before = before.without(&named.name);
        }
        let own = self.list.iter().flat_map(|named| named.expr.columns());
        let own = own.filter(|name| !super::support::combined::is_call(name));
        before.and(own).and(self.calls.live()).and(self.by.iter().flat_map(By::live))
    }

    fn bind(&self, input: &Schema, output: &Live, context: &Context) -> Result<Bound> {
        let mut columns = input.clone();
        let by = self.by.as_ref().map(|by| by.bind(input, context)).transpose()?;
        let mut first = None;
        let width = input.fields.len();
        if !self.calls.is_empty() {
            let keys = by.as_ref().map_or(0, |by| by.width());
            let (plan, combined) = self.calls.bind(by, input, context)?;
            columns.fields.extend(combined.fields.into_iter().skip(keys));
            let totals = Box::new(LookUp { plan: Arc::clone(&plan), keys });
            first = Some(Work::Totals(Box::new(Combined { plan }), totals));
        }
        let mut schema = Schema { records: false, ..input.clone() };
        let mut made = Vec::new();
        for named in &self.list {
            let node = named.expr.bind(&columns, context)?;
            let known = schema.fields.iter().position(|field| field.name == named.name);
            // What nobody looks at is checked, but not computed.
            if !output.needs(&named.name) && known.is_none() && schema.json.is_none() {
                continue;
            }
            let field = named.expr.field(&named.name, node.kind.clone(), &columns);
            let at = known.unwrap_or(schema.fields.len());
            if at < schema.fields.len() {
                schema.fields[at] = field;
            } else {
                schema.fields.push(field);
            }
            made.push((at, node));
        }
        if let Some(changed) = &mut schema.json {
            changed.extend(self.list.iter().map(|named| named.name.clone()));
        }
        // A row whose record was replaced is no longer made of it.
        if self.list.iter().any(|named| named.name == "line") {
            schema.json = None;
        }
        let set = Work::Map(Box::new(Assigned { made, width }));
        Ok(Bound { schema, work: first.into_iter().chain([set]).collect() })
    }

    fn keeps(&self) -> String {
        match (&self.by, self.calls.is_empty()) {
            (_, true) => String::new(),
            (None, _) => format!("all rows of the batch, and their {}", self.calls.names().join(", ")),
            (Some(_), _) => format!("all rows of the batch, and each key with its {}", self.calls.names().join(", ")),
        }
    }
}

struct Assigned {
    /// Where each column goes, and what gives its values.
    made: Vec<(usize, Node)>,
    /// How many columns there are, but for the results of aggregates behind them.
    width: usize,
}

impl Map for Assigned {
    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        let made: Vec<Column> = self.made.iter().map(|(_, node)| node.eval(&block).into_owned()).collect();
        block.columns.truncate(self.width);
        for ((at, _), column) in self.made.iter().zip(made) {
            if *at < block.columns.len() {
                block.columns[*at] = column;
            } else {
                block.columns.push(column);
            }
        }
        Ok(block)
    }
}

/// Finds the results of the aggregates for each row.
struct LookUp {
    plan: Arc<Plan>,
    /// How many columns of a result are keys.
    keys: usize,
}

impl Totals for LookUp {
    fn look_up(&self, totals: Vec<Block>) -> Result<Box<dyn Map>> {
        let mut groups = Groups::new();
        let mut builder = Builder::default();
        let mut null = NONE;
        let mut numbers = Vec::new();
        for block in &totals {
            if let Some(by) = &self.plan.by {
                let keys = by.keys_of_result(block);
                let first = numbers.len();
                groups.number(&keys, &mut numbers);
                let missing = keys.spans.iter().position(|span| span.is_null());
                null = missing.map_or(null, |row| numbers[first + row]);
            }
            builder.extend(block, 0..block.rows);
        }
        let columns = builder.finish().columns.split_off(self.keys.min(totals.first().map_or(0, |t| t.columns.len())));
        Ok(Box::new(Found { plan: Arc::clone(&self.plan), groups, null, columns }))
    }
}

/// Adds the results of the aggregates behind the columns of each row.
struct Found {
    plan: Arc<Plan>,
    /// Numbers the rows of the result.
    groups: Groups,
    /// The row of the key that is null.
    null: u32,
    columns: Vec<Column>,
}

impl Map for Found {
    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        let mut numbers = Vec::new();
        match &self.plan.by {
            Some(by) => {
                let keys = by.keys(&block);
                self.groups.find(&keys, &mut numbers);
                for (number, _) in numbers.iter_mut().zip(&keys.spans).filter(|(_, span)| span.is_null()) {
                    *number = self.null;
                }
            }
            None => numbers.resize(block.rows, 0),
        }
        for column in &self.columns {
            block.columns.push(column.pick(&numbers));
        }
        Ok(block)
    }
}
