//! `head N`: the first rows of each batch, in the order of the input. Folded on the shards, brought together on one.

use clap::{Arg, ArgMatches, Command};

use super::support::keys;
use super::{Accumulator, Aggregate, Bound, Built, Entry, Example, Operator, Spread, Work};
use crate::data::best::{Best, Wanted};
use crate::data::order::SortKey;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;

/// `head`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "head",
    command,
    build,
    examples: &[
        Example { what: "the first two lines", command: "streamer head 2", input: "a\nb\nc\n", output: "a\nb\n" },
        Example {
            what: "the first word in alphabetical order",
            command: "streamer words then sort word then head 1",
            input: "to be or not\n",
            output: "be\n",
        },
    ],
};

fn command() -> Command {
    Command::new("head")
        .about("the first rows of each batch")
        .long_about(
            "The first N rows of each batch, in the order of the input, or in that of the operator before. The input is \
             read to the end of the batch all the same; but with --batch all (the default for files) a run ends once \
             it has them, if nothing before head sorts, counts or copies the rows.",
        )
        .arg(Arg::new("count").value_name("N").required(true).help("How many rows"))
}

fn build(args: &ArgMatches) -> Result<Built> {
    let written = args.get_one::<String>("count").map_or("", String::as_str);
    Ok(Built::Operator(Box::new(Head { count: keys::count("head", written, "head 10")? })))
}

struct Head {
    count: usize,
}

impl Operator for Head {
    fn name(&self) -> &'static str {
        "head"
    }

    fn live(&self, output: &Live) -> Live {
        output.clone()
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        let work = Work::Aggregate(Box::new(First { count: self.count }));
        Ok(Bound::new(input.clone(), work))
    }

    fn keeps(&self) -> String {
        format!("the first {} rows of the batch", self.count)
    }
}

struct First {
    count: usize,
}

impl Aggregate for First {
    fn spread(&self) -> Spread {
        Spread::Whole
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Best::new(Wanted { count: self.count, ..Wanted::default() }))
    }

    fn order(&self) -> Vec<SortKey> {
        Vec::new()
    }

    fn enough(&self) -> Option<u64> {
        Some(self.count as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{built, run};

    #[test]
    fn the_first_rows_in_input_order_whatever_block_came_first() {
        assert_eq!(run(&*built(&ENTRY, &["3"]), &[&["a", "b"], &["c", "d"]]), ["a", "b", "c"]);
        assert_eq!(run(&*built(&ENTRY, &["0"]), &[&["a"]]), [""; 0]);
        assert_eq!(run(&*built(&ENTRY, &["9"]), &[&["a"], &[], &["b"]]), ["a", "b"]);
    }

    #[test]
    fn it_adds_no_columns() {
        assert_eq!(built(&ENTRY, &["1"]).live(&Live::only(["a"])), Live::only(["a"]));
    }
}
