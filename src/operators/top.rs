//! `top N KEY [--by K]`: the greatest rows of each batch, or of each group in it. Folded on the shards; with `--by` every
//! shard then owns its share of the groups, else one shard brings the parts together.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};

use super::support::computed;
use super::support::keys::{self as sort_keys, Key};
use super::{Accumulator, Aggregate, Bound, Built, Entry, Example, Operator, Spread, Work};
use crate::data::best::{Best, Wanted};
use crate::data::order::SortKey;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;
use crate::expr::by::By;

/// `top`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "top",
    command,
    build,
    examples: &[
        Example {
            what: "the two most frequent words",
            command: "streamer wordcount then top 2 count",
            input: "c a b a b a\n",
            output: "a\t3\nb\t2\n",
        },
        Example {
            what: "the line with the smallest second field of each user",
            command: "streamer top 1 '$2:asc' --by '$1'",
            input: "eve 10\nbob 7\neve 9\n",
            output: "bob 7\neve 9\n",
        },
    ],
};

fn command() -> Command {
    Command::new("top")
        .about("the greatest rows of each batch, or of each group in it")
        .long_about(
            "The N rows of each batch that come first in descending order of the KEYs (:asc for the smallest), in that \
             order; of rows with equal keys those that came first in the input. Numbers go by value and are less than \
             text, what is missing is less than both. With --by, N rows of each group, in order of the groups.",
        )
        .arg(Arg::new("count").value_name("N").required(true).help("How many rows"))
        .arg(
            Arg::new("keys")
                .value_name("KEY[:asc|:desc],…")
                .required(true)
                .help("By what: a column, a field ('$2') or an expression. Greatest first unless :asc"),
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("N rows for each value of this column or expression, or of these: 'a, b'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map_or("", String::as_str);
    let count = sort_keys::count("top", text("count"), "top 10 count")?;
    let by = args.get_one::<String>("by").map(|list| By::parse("--by", list)).transpose()?;
    Ok(Built::Operator(Box::new(Top { count, keys: sort_keys::parse("top", text("keys"), true)?, by })))
}

struct Top {
    count: usize,
    keys: Vec<Key>,
    by: Option<By>,
}

impl Operator for Top {
    fn name(&self) -> &'static str {
        "top"
    }

    fn live(&self, output: &Live) -> Live {
        sort_keys::live(&self.keys, output).and(self.by.iter().flat_map(By::live))
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let mut schema = input.clone();
        let (keys, computed) = sort_keys::bind(&self.keys, &mut schema, context)?;
        let (by, made) = computed::columns(self.by.iter().flat_map(By::exprs), &mut schema, context)?;
        let wanted = Wanted { keys, latest: false, count: self.count, by };
        let greatest = Work::Aggregate(Box::new(Greatest { wanted, any_order: false }));
        Ok(Bound { schema, work: computed.into_iter().chain(made).chain([greatest]).collect() })
    }

    fn keeps(&self) -> String {
        match &self.by {
            None => format!("{} rows of the batch", self.count),
            Some(by) => format!("{} rows for each value of {}", self.count, by.names().collect::<Vec<_>>().join(",")),
        }
    }
}

struct Greatest {
    wanted: Wanted,
    /// The keys tell any two rows apart.
    any_order: bool,
}

impl Aggregate for Greatest {
    fn spread(&self) -> Spread {
        if self.wanted.by.is_empty() { Spread::Whole } else { Spread::ByKey }
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Best::new(self.wanted.clone()))
    }

    fn order(&self) -> Vec<SortKey> {
        let groups = self.wanted.by.iter().map(|&column| SortKey { column, descending: false, bytes: true });
        groups.chain(self.wanted.keys.iter().copied()).collect()
    }

    fn tells_apart(&self) -> bool {
        self.any_order
    }

    fn for_any_order(&self, keys: &[SortKey]) -> Option<Arc<dyn Aggregate>> {
        let keys = [&self.wanted.keys, keys].concat();
        Some(Arc::new(Greatest { wanted: Wanted { keys, ..self.wanted.clone() }, any_order: true }))
    }

    fn takes_any_order(&self) -> bool {
        self.any_order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{built, run};

    #[test]
    fn the_greatest_rows_in_descending_order_and_ties_in_that_of_the_input() {
        let blocks: [&[&str]; 2] = [&["a 1", "b 10", "c 2"], &["d 10", "e 9"]];
        assert_eq!(run(&*built(&ENTRY, &["3", "$2"]), &blocks), ["b 10", "d 10", "e 9"]);
        assert_eq!(run(&*built(&ENTRY, &["2", "$2:asc"]), &blocks), ["a 1", "c 2"]);
        assert_eq!(run(&*built(&ENTRY, &["1", "$2,$1"]), &blocks), ["d 10"]);
        assert_eq!(run(&*built(&ENTRY, &["0", "$2"]), &blocks), [""; 0]);
    }

    #[test]
    fn so_many_rows_of_each_group_in_order_of_the_groups() {
        let blocks: [&[&str]; 2] = [&["x 1", "a 5", "x 3"], &["a 5", "a 7", "x 2", "b 0"]];
        assert_eq!(run(&*built(&ENTRY, &["2", "$2", "--by", "$1"]), &blocks), ["a 7", "a 5", "b 0", "x 3", "x 2"]);
    }

    #[test]
    fn keys_and_groups_are_needed_and_must_be_there() {
        let top = built(&ENTRY, &["2", "a", "--by", "b"]);
        assert_eq!(top.live(&Live::default()), Live::only(["a", "b"]));
        assert_eq!(top.bind(&Schema::default(), &Live::all(), &Context::default()).err().unwrap().exit_status(), 2);
        assert_eq!(top.keeps(), "2 rows for each value of b");
    }

    #[test]
    fn the_number_stands_first() {
        let args = command().try_get_matches_from(["top", "count", "10"]).unwrap();
        let error = build(&args).err().unwrap();
        assert!(error.to_string().contains("not `count`: `top 10 count`"), "{error}");
    }
}
