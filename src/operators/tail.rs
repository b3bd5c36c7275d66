//! `tail N`: the last rows of each batch, in the order of the input. Folded on the shards, brought together on one.

use clap::{Arg, ArgMatches, Command};

use super::support::keys;
use super::{Accumulator, Aggregate, Bound, Built, Entry, Example, Operator, Spread, Work};
use crate::data::best::{Best, Wanted};
use crate::data::order::SortKey;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;

/// `tail`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "tail",
    command,
    build,
    examples: &[
        Example { what: "the last two lines", command: "streamer tail 2", input: "a\nb\nc\n", output: "b\nc\n" },
        Example {
            what: "the last word in alphabetical order",
            command: "streamer words then sort word then tail 1",
            input: "to be or not\n",
            output: "to\n",
        },
    ],
};

fn command() -> Command {
    Command::new("tail")
        .about("the last rows of each batch")
        .long_about("The last N rows of each batch, in the order of the input, or in that of the operator before.")
        .arg(Arg::new("count").value_name("N").required(true).help("How many rows"))
}

fn build(args: &ArgMatches) -> Result<Built> {
    let written = args.get_one::<String>("count").map_or("", String::as_str);
    Ok(Built::Operator(Box::new(Tail { count: keys::count("tail", written, "tail 10")? })))
}

struct Tail {
    count: usize,
}

impl Operator for Tail {
    fn name(&self) -> &'static str {
        "tail"
    }

    fn live(&self, output: &Live) -> Live {
        output.clone()
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        let work = Work::Aggregate(Box::new(Last { count: self.count }));
        Ok(Bound::new(input.clone(), work))
    }

    fn keeps(&self) -> String {
        format!("the last {} rows of the batch", self.count)
    }
}

struct Last {
    count: usize,
}

impl Aggregate for Last {
    fn spread(&self) -> Spread {
        Spread::Whole
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Best::new(Wanted { latest: true, count: self.count, ..Wanted::default() }))
    }

    fn order(&self) -> Vec<SortKey> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{built, run};

    #[test]
    fn the_last_rows_in_input_order_whatever_block_came_first() {
        assert_eq!(run(&*built(&ENTRY, &["3"]), &[&["a", "b"], &["c", "d"]]), ["b", "c", "d"]);
        assert_eq!(run(&*built(&ENTRY, &["0"]), &[&["a"]]), [""; 0]);
        assert_eq!(run(&*built(&ENTRY, &["9"]), &[&["a"], &[], &["b"]]), ["a", "b"]);
    }

    #[test]
    fn it_adds_no_columns() {
        assert_eq!(built(&ENTRY, &["1"]).live(&Live::only(["a"])), Live::only(["a"]));
    }
}
