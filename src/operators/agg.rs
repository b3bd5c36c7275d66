//! `agg`: expressions over aggregates, of each key or of all rows. Each shard combines what it gets in a
//! [`Table`]; the tables come together by key; what the expressions make of the aggregates is computed on the result.

use std::collections::BTreeSet;

use clap::{Arg, ArgMatches, Command};

use super::support::combined::{Calls, column, is_call};
use super::support::fill::{self, Fill};
use super::support::sessions::{self, TIMES};
use super::{Bound, Built, Entry, Example, Map, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::by::By;
use crate::expr::{Context, Expr, Named, Node, parse_list};

/// `agg 'EXPR AS NAME, …' [--by K]`.
pub const ENTRY: Entry = Entry { name: "agg", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "how many clicks each user made, and at most at once",
        command: "streamer agg 'sum($2) AS clicks, max($2) AS most' --by '$1 AS user'",
        input: "ann 3\nbob 1\nann 4\n",
        output: "ann\t7\t4\nbob\t1\t1\n",
    },
    Example {
        what: "a rate of all rows: an expression over aggregates",
        command: "streamer agg 'count(*) FILTER (WHERE $1 >= 500) / count(*) AS failed'",
        input: "200\n503\n200\n404\n",
        output: "0.25\n",
    },
    Example {
        what: "the median and the 90th percentile of each path",
        command: "streamer agg 'median($2), p90($2), count(*)' --by '$1'",
        input: "/a 10\n/a 20\n/b 5\n/a 90\n",
        output: "/a\t20\t76\t3\n/b\t5\t5\t1\n",
    },
    Example {
        what: "what was seen, in order",
        command: "streamer agg 'count(DISTINCT $2) AS kinds, collect_set($2) AS seen, first($2), last($2)' --by '$1'",
        input: "x b\nx a\nx b\ny a\n",
        output: "x\t2\t[\"b\",\"a\"]\tb\tb\ny\t1\t[\"a\"]\ta\ta\n",
    },
];

fn command() -> Command {
    Command::new("agg")
        .about("sums, averages, percentiles …, in all or of each key")
        .long_about(
            "Combines the rows of the batch: a row for each key, in order of the keys, with the columns of the keys and then \
             those of the list; without --by one row always, as in SQL (counts are 0 and all else is null for an empty \
             batch).\n\nIn the list stand expressions over aggregates: count(*) count(x) count(DISTINCT x, y) count_if sum \
             avg (mean) min max stddev (stddev_samp) stddev_pop variance (var_samp) var_pop median percentile(x, 0.9) p50 \
             p90 p95 p99 p999 approx_percentile(x, 0.9) approx_count_distinct first (any_value) last collect_list \
             collect_set bool_and (every) bool_or (some). Each may be followed by FILTER (WHERE …), and take DISTINCT.\n\n\
             Nulls are skipped by all of them. Sums are exact and rounded once, of floats too, so that no order of the rows \
             can be seen in them; avg, variance and stddev are made of such sums. A sum of whole numbers that does not fit \
             64 bits is a float. min and max go by the order of keys (numbers by value, then text by bytes) and give the \
             value as it was written. first, last and the lists go by the order of the records. Percentiles are exact and \
             interpolated; approx_percentile gives one of the values while a key has up to 10000 of them, and is a \
             thousandth off at most beyond.",
        )
        .arg(
            Arg::new("list")
                .value_name("EXPR [AS NAME], …")
                .required(true)
                .help("What is computed: 'sum(clicks) / count(*) AS rate, max(ms)'. Quote it"),
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("A row for each value of this column or expression, or of these: 'a, b'. Quote '$1'"),
        )
        .arg(fill::option())
}

fn build(args: &ArgMatches) -> Result<Built> {
    let by = args.get_one::<String>("by").map(|text| By::parse("--by", text)).transpose()?;
    let list = parse_list(args.get_one::<String>("list").map_or("", String::as_str))?;
    let fill = args.get_flag("fill");
    Ok(Built::Operator(Box::new(Agg { fill, ..Agg::new(list, by, false)? })))
}

struct Agg {
    by: Option<By>,
    /// As it was written.
    written: Vec<Named>,
    /// The calls of aggregates, each once.
    calls: Calls,
    /// The list, with a column of the name [`column`] for each call.
    list: Vec<Named>,
    /// What is wrong with the list, unless a session before gives it keys.
    wrong: Option<Error>,
    /// Keys of earlier batches are given again.
    fill: bool,
}

impl Agg {
    /// `session`: of each session, whose times can be named.
    fn new(list: Vec<Named>, by: Option<By>, session: bool) -> Result<Self> {
        let (written, mut wrong) = (list.clone(), None);
        let mut calls = Calls::default();
        let mut made = Vec::new();
        let mut names: BTreeSet<String> = by.iter().flat_map(By::names).map(String::from).collect();
        for named in list {
            if !names.insert(named.name.clone()) {
                let hint = "there would be two columns of this name: the columns of --by come first in the result, and each \
                            other one may be given a name with AS";
                return Err(named.expr.wrong(hint));
            }
            let key = by.as_ref().and_then(|by| by.name_of(&named.expr));
            let expr = match key {
                Some(key) => Expr::column(key),
                None => calls.take(&named.expr)?,
            };
            let known = |name: &String| {
                let time = session && TIMES.contains(&name.as_str());
                time || is_call(name) || by.iter().flat_map(By::names).any(|key| key == name)
            };
            if let Some(name) = expr.columns().into_iter().find(|name| !known(name)) {
                named.expr.check_calls()?;
                let message = format!(
                    "`{name}` stands outside of an aggregate, but a row of the result is made of many rows: take one of its \
                     values, first({name}), or group by it, --by '{name}'"
                );
                wrong.get_or_insert(named.expr.wrong(&message));
            }
            made.push(Named { expr, ..named });
        }
        Ok(Agg { by, written, calls, list: made, wrong, fill: false })
    }
}

impl Operator for Agg {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, _output: &Live) -> Live {
        Live::only(self.by.iter().flat_map(By::live).chain(self.calls.live()))
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let (mut work, combined) = self.calls.combine(self.by.as_ref(), input, context)?;
        let before = combined.fields.len() - self.calls.len();
        let keys = self.by.as_ref().map_or(0, |by| by.names().count());
        let mut fields = combined.fields[..keys].to_vec();
        let mut nodes = Vec::new();
        for named in &self.list {
            let node = named.expr.bind(&combined, context)?;
            fields.push(named.expr.field(&named.name, node.kind.clone(), &combined));
            nodes.push(node);
        }
        // The times of a session, for whoever names them behind it.
        for (at, field) in combined.fields.iter().enumerate().take(before).skip(keys) {
            fields.push(field.clone());
            nodes.push(Node::column(at, field.kind.clone()));
        }
        if self.fill {
            work.push(Work::WholeBatch(Box::new(Fill::new(keys, &combined.fields, &self.calls.counts()))));
        }
        let plain = |(at, named): (usize, &Named)| named.expr.as_column() == Some(column(at));
        if self.list.len() != self.calls.len() || before > keys || !self.list.iter().enumerate().all(plain) {
            work.push(Work::Map(Box::new(Made { keys, nodes })));
        }
        Ok(Bound { schema: Schema { fields, ..Schema::default() }, work })
    }

    fn keeps(&self) -> String {
        let names = self.calls.names();
        match &self.by {
            Some(_) if self.fill => {
                format!("each key with its {}, and from batch to batch all keys that were seen", names.join(", "))
            }
            Some(_) => format!("each key with its {}", names.join(", ")),
            None => format!("{} of all rows", names.join(", ")),
        }
    }

    fn fills(&self) -> bool {
        self.fill
    }

    fn aggregates(&self) -> bool {
        true
    }

    fn group(&mut self, by: &By) -> Result<()> {
        let mut own = self.by.take();
        sessions::group(&mut own, by, self.fill)?;
        *self = Agg::new(std::mem::take(&mut self.written), own, true)?;
        self.wrong.take().map_or(Ok(()), Err)
    }
}

/// What the list makes of the aggregates.
struct Made {
    /// How many columns the keys have.
    keys: usize,
    nodes: Vec<Node>,
}

impl Map for Made {
    fn leaves(&self) -> usize {
        self.keys
    }

    fn map(&self, block: Block, _: &BatchInfo) -> Result<Block> {
        let made: Vec<_> = self.nodes.iter().map(|node| node.eval(&block).into_owned()).collect();
        let mut block = block;
        block.columns.truncate(self.keys);
        block.columns.extend(made);
        Ok(block)
    }
}
