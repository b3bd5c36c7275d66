//! `count`: how many rows there are, of each key or in all: `agg 'count(*) AS count'` in a word.

use clap::{Arg, ArgMatches, Command};

use super::support::combined::Calls;
use super::support::fill::{self, Fill};
use super::support::sessions;
use super::{Bound, Built, Entry, Example, Operator, Work};
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::error::Result;
use crate::expr::by::By;
use crate::expr::{Context, Expr};

/// `count [--by K]`.
pub const ENTRY: Entry = Entry { name: "count", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example { what: "how many lines", command: "streamer count --batch all", input: "a\nb\n\n", output: "3\n" },
    Example {
        what: "how many lines begin with which word",
        command: "streamer count --by '$1' --batch all",
        input: "GET /a\nPUT /b\nGET /c\n",
        output: "GET\t2\nPUT\t1\n",
    },
    Example {
        what: "every 3 lines; a word that is missing later is counted as 0",
        command: "streamer count --by line --fill --batch 3lines",
        input: "a\nb\na\nb\nb\nb\n",
        output: "a\t2\nb\t1\na\t0\nb\t3\n",
    },
    Example {
        what: "how many words come up how often",
        command: "streamer words then count --by word then count --by count --batch all",
        input: "to be or not to be\n",
        output: "1\t2\n2\t2\n",
    },
];

fn command() -> Command {
    Command::new("count")
        .about("how many rows, in all or of each key")
        .long_about(
            "Counts the rows of the batch.\n\nWithout --by the result is one row with the column `count`, which is 0 \
             for an empty batch. With --by it is a row for each key: the columns of the key, then `count`, in order of \
             the keys (nulls, then numbers by value, then text by bytes). Keys are equal by bytes: 7 is not 07; nulls \
             are one key. A key that is itself named `count` keeps its name, and the new column is `count_2`.",
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("Count each value of this column or expression apart, or of these: 'a, b'. Quote '$1', or the shell replaces it"),
        )
        .arg(fill::option())
}

fn build(args: &ArgMatches) -> Result<Built> {
    let by = args.get_one::<String>("by").map(|list| By::parse("--by", list)).transpose()?;
    Ok(Built::Operator(Box::new(Count { by, fill: args.get_flag("fill") })))
}

struct Count {
    by: Option<By>,
    /// Keys of earlier batches are given again.
    fill: bool,
}

impl Operator for Count {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, _output: &Live) -> Live {
        Live::only(self.by.iter().flat_map(By::live))
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let mut calls = Calls::default();
        calls.take(&Expr::parse("count(*)")?)?;
        let (mut work, combined) = calls.combine(self.by.as_ref(), input, context)?;
        let keys = combined.fields.len() - calls.len();
        let mut fields = combined.fields[..keys].to_vec();
        let mut name = String::from("count");
        for n in 2.. {
            if !fields.iter().any(|field| field.name == name) {
                break;
            }
            name = format!("count_{n}");
        }
        fields.push(Field::shown(name).of(Kind::Number));
        if self.fill {
            work.push(Work::WholeBatch(Box::new(Fill::new(keys, &fields, &calls.counts()))));
        }
        Ok(Bound { schema: Schema { fields, ..Schema::default() }, work })
    }

    fn keeps(&self) -> String {
        match (&self.by, self.fill) {
            (None, _) => "one number".to_string(),
            (Some(_), false) => "each key with its count".to_string(),
            (Some(_), true) => "each key with its count, and from batch to batch all keys that were seen".to_string(),
        }
    }

    fn fills(&self) -> bool {
        self.fill
    }

    fn aggregates(&self) -> bool {
        true
    }

    fn group(&mut self, by: &By) -> Result<()> {
        sessions::group(&mut self.by, by, self.fill)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::data::block::{Block, Cell, Column, Span, Text};
    use crate::data::buffer::Buffer;
    use crate::data::rows::Rows;
    use crate::operators::{Accumulator, Aggregate};

    fn counting(argv: &[&str], fields: &[&str]) -> Result<(Schema, Box<dyn Aggregate>)> {
        let args = command().get_matches_from(std::iter::once("count").chain(argv.iter().copied()));
        let schema =
            Schema { fields: fields.iter().map(|f| Field::shown(*f)).collect(), records: true, ..Schema::default() };
        let Built::Operator(operator) = build(&args)? else { unreachable!() };
        let mut bound = operator.bind(&schema, &Live::all(), &Context::default())?;
        match bound.work.remove(0) {
            Work::Aggregate(aggregate) => Ok((bound.schema, aggregate)),
            _ => unreachable!(),
        }
    }

    fn counts(argv: &[&str]) -> Box<dyn Aggregate> {
        counting(argv, &["word", "n"]).map(|c| c.1).unwrap_or_else(|e| unreachable!("{e}"))
    }

    /// Rows of a `word` (`None`: null) and a number `n`.
    fn block(rows: &[(Option<String>, i64)]) -> Block {
        let (mut data, mut spans) = (Vec::new(), Vec::new());
        for (word, _) in rows {
            let start = data.len();
            data.extend_from_slice(word.as_deref().unwrap_or_default().as_bytes());
            spans.push(if word.is_some() { Span::range(start, data.len()) } else { Span::NULL });
        }
        let text = Text { data: Arc::new(Buffer::from_vec(data)), spans };
        let columns = vec![Column::Text(text), Column::ints(rows.iter().map(|r| r.1).collect())];
        Block { rows: rows.len(), columns, ..Block::default() }
    }

    fn content(rows: &Rows) -> HashMap<String, i64> {
        let mut all = HashMap::new();
        for block in &rows.blocks {
            for row in 0..block.rows {
                let mut cells: Vec<String> = block.columns.iter().map(|c| format!("{:?}", c.cell(row))).collect();
                let Cell::Int(count) = block.columns[block.columns.len() - 1].cell(row) else { unreachable!() };
                cells.pop();
                assert_eq!(all.insert(cells.join(" "), count), None, "a key came twice");
            }
        }
        all
    }

    fn row() -> impl Strategy<Value = (Option<String>, i64)> {
        (prop::option::weighted(0.9, "[ab]{0,2}|[a-b]{17,18}"), 0i64..3)
    }

    /// Accumulators that have folded the blocks in turn, merged as shards do it: each sends every other its parcel.
    fn merged(aggregate: &dyn Aggregate, blocks: &[Block], shards: usize) -> HashMap<String, i64> {
        let mut parts: Vec<Box<dyn Accumulator>> = (0..shards).map(|_| aggregate.start()).collect();
        blocks.iter().enumerate().for_each(|(n, block)| parts[n % shards].fold(block));
        for from in 0..shards {
            for to in (0..shards).filter(|&to| to != from) {
                let parcel = parts[from].ship(to, shards);
                parts[to].take(parcel);
            }
        }
        let mut all = HashMap::new();
        for part in &mut parts {
            for (key, count) in content(&part.finish()) {
                assert_eq!(all.insert(key, count), None, "two shards own one key");
            }
            assert!(part.is_empty(), "the memory is ready for the next batch");
        }
        all
    }

    proptest! {
        #[test]
        fn by_key_it_is_what_a_hash_map_counts_however_it_is_spread(
            rows in prop::collection::vec(row(), 0..200), size in 1usize..50,
        ) {
            let blocks: Vec<Block> = rows.chunks(size).map(block).collect();
            for argv in [["--by", "word"], ["--by", "word,n"]] {
                let mut expected = HashMap::new();
                for (word, n) in &rows {
                    let word = word.as_ref().map_or(Cell::Null, |w| Cell::Text(w.as_bytes()));
                    let n = n.to_string();
                    let key = match argv[1] {
                        "word" => format!("{word:?}"),
                        _ => format!("{word:?} {:?}", Cell::Text(n.as_bytes())),
                    };
                    *expected.entry(key).or_insert(0) += 1;
                }
                let aggregate = counts(&argv);
                for shards in [1, 2, 8] {
                    prop_assert_eq!(&merged(&*aggregate, &blocks, shards), &expected);
                }
                let mut first = aggregate.start();
                blocks.iter().for_each(|block| first.fold(block));
                let mut second = aggregate.start();
                second.restore(first.save());
                prop_assert_eq!(content(&second.finish()), expected);
            }
        }

        #[test]
        fn in_all_parts_add_up(sizes in prop::collection::vec(0usize..5, 0..9)) {
            let mut parts: Vec<Box<dyn Accumulator>> = sizes.iter().map(|_| counts(&[]).start()).collect();
            let mut whole = counts(&[]).start();
            for (part, &rows) in parts.iter_mut().zip(&sizes) {
                part.fold(&Block { rows, ..Block::default() });
                whole.take(part.ship(0, 1));
            }
            let mut again = counts(&[]).start();
            again.restore(whole.save());
            let total = HashMap::from([(String::new(), sizes.iter().sum::<usize>() as i64)]);
            prop_assert_eq!(content(&again.finish()), total);
            prop_assert_eq!(content(&again.finish()), HashMap::from([(String::new(), 0)]), "one row of nothing");
        }
    }

    #[test]
    fn columns_are_named_after_the_keys() {
        let names = |argv: &[&str], fields: &[&str]| {
            counting(argv, fields).map(|(s, _)| s.fields.into_iter().map(|f| f.name).collect::<Vec<_>>()).ok()
        };
        assert_eq!(names(&["--by", "b, a"], &["a", "b"]), Some(vec!["b".into(), "a".into(), "count".into()]));
        assert_eq!(names(&["--by", "count"], &["count"]), Some(vec!["count".into(), "count_2".into()]));
        assert_eq!(names(&[], &[]), Some(vec!["count".into()]));
        assert_eq!(names(&["--by", "c"], &["a"]), None);
    }

    #[test]
    fn an_emptied_by_says_that_it_was_the_shell() {
        let error = counting(&["--by", ""], &["line"]).err();
        assert!(error.is_some_and(|e| e.exit_status() == 2 && e.to_string().contains("'$1'")));
    }
}
