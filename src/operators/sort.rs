//! `sort KEY,…`: all rows of each batch in order. The shards collect; the engine sorts, merges and cuts the result.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};

use super::support::keys::{self, Key};
use super::{Accumulator, Aggregate, Bound, Built, Entry, Example, Operator, Spread, Work};
use crate::data::kept::All;
use crate::data::order::SortKey;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;

/// `sort`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "sort",
    command,
    build,
    examples: &[
        Example {
            what: "the most frequent words first, words of one frequency in alphabetical order",
            command: "streamer wordcount then sort count:desc,word",
            input: "b a c b\n",
            output: "b\t2\na\t1\nc\t1\n",
        },
        Example {
            what: "the longest lines first",
            command: "streamer sort 'length(line):desc'",
            input: "a\nccc\nbb\nddd\n",
            output: "ccc\nddd\nbb\na\n",
        },
        Example {
            what: "lines by their second field, which is a number",
            command: "streamer sort '$2'",
            input: "a 10\nb 9\nc -1\n",
            output: "c -1\nb 9\na 10\n",
        },
    ],
};

fn command() -> Command {
    Command::new("sort")
        .about("the rows of each batch in order")
        .long_about(
            "The rows of each batch in order of the KEYs, each a column, a field ($1 … $N) or an expression. First what is missing, \
             then numbers by value, then text by bytes; :desc turns this round. Rows with equal keys stay in the order \
             of the input.",
        )
        .arg(
            Arg::new("keys")
                .value_name("KEY[:asc|:desc],…")
                .required(true)
                .help("By what: count:desc,word. Smallest first unless :desc"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let written = args.get_one::<String>("keys").map_or("", String::as_str);
    Ok(Built::Operator(Box::new(Sort { keys: keys::parse("sort", written, false)? })))
}

struct Sort {
    keys: Vec<Key>,
}

impl Operator for Sort {
    fn name(&self) -> &'static str {
        "sort"
    }

    fn live(&self, output: &Live) -> Live {
        keys::live(&self.keys, output)
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let mut schema = input.clone();
        let (keys, computed) = keys::bind(&self.keys, &mut schema, context)?;
        let sorted = Work::Aggregate(Box::new(Sorted { keys, any_order: false }));
        Ok(Bound { schema, work: computed.into_iter().chain([sorted]).collect() })
    }

    fn keeps(&self) -> String {
        "all rows of the batch".into()
    }
}

struct Sorted {
    keys: Vec<SortKey>,
    /// The keys tell any two rows apart.
    any_order: bool,
}

impl Aggregate for Sorted {
    fn spread(&self) -> Spread {
        Spread::Loose
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(All::default())
    }

    fn order(&self) -> Vec<SortKey> {
        self.keys.clone()
    }

    fn tells_apart(&self) -> bool {
        self.any_order
    }

    fn for_any_order(&self, keys: &[SortKey]) -> Option<Arc<dyn Aggregate>> {
        Some(Arc::new(Sorted { keys: [&self.keys, keys].concat(), any_order: true }))
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
    fn rows_come_in_order_of_the_keys_and_ties_in_that_of_the_input() {
        let blocks: [&[&str]; 3] = [&["b", "10"], &["9", "a", "b"], &["a"]];
        assert_eq!(run(&*built(&ENTRY, &["line"]), &blocks), ["9", "10", "a", "a", "b", "b"]);
        assert_eq!(run(&*built(&ENTRY, &["line:desc"]), &blocks), ["b", "b", "a", "a", "10", "9"]);
        assert_eq!(run(&*built(&ENTRY, &["$1:desc,line"]), &[&["1 b", "2"], &["1 a"]]), ["2", "1 a", "1 b"]);
        assert_eq!(run(&*built(&ENTRY, &["$1"]), &[&["1 b", "2"], &["1 a"]]), ["1 b", "1 a", "2"]);
    }

    #[test]
    fn the_keys_are_needed_and_must_be_there() {
        let sort = built(&ENTRY, &["a:desc,b"]);
        assert_eq!(sort.live(&Live::all()), Live::all().and(["a", "b"]));
        assert_eq!(sort.bind(&Schema::default(), &Live::all(), &Context::default()).err().unwrap().exit_status(), 2);
    }
}
