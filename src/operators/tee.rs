//! `tee SINK`: a copy of the rows goes to another sink as well. The engine does the work; this is its spelling.

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::support::condition;
use super::{Bound, Built, Entry, Example, Operator, Work};
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::{Context, Expr};

/// `tee`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "tee",
    command,
    build,
    examples: &[
        Example {
            what: "the lines, and behind them how many there were",
            command: "streamer tee - then count",
            input: "a\nb\n",
            output: "a\nb\n2\n",
        },
        Example {
            what: "how many requests there are, and those that failed as well",
            command: "streamer tee - --if '$2 >= 500' then count",
            input: "/a 200\n/b 503\n",
            output: "/b 503\n2\n",
        },
    ],
};

fn command() -> Command {
    Command::new("tee")
        .about("a copy of the rows goes to another sink as well")
        .long_about(
            "Passes the rows on and writes a copy of them to SINK, which is spelled as for --to: `-`, a path, a path \
             with {end} for one file a batch, exec:COMMAND. A path's extension chooses the format. Where the rows \
             of the chain go to the same SINK, those of a batch stand behind its copies, and wait for them.",
        )
        .arg(
            Arg::new("sink")
                .value_name("SINK")
                .required(true)
                .value_hint(ValueHint::AnyPath)
                .help("Where the copy goes, as for --to"),
        )
        .arg(
            Arg::new("if")
                .long("if")
                .value_name("EXPR")
                .allow_hyphen_values(true)
                .help("Copy only the rows for which this condition is true: 'status >= 500'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let sink = args.get_one::<String>("sink").cloned().unwrap_or_default();
    let condition = args.get_one::<String>("if").map(|text| condition::parse(text)).transpose()?;
    Ok(Built::Operator(Box::new(Tee { sink, condition })))
}

struct Tee {
    sink: String,
    condition: Option<Expr>,
}

impl Operator for Tee {
    fn name(&self) -> &'static str {
        "tee"
    }

    /// What the sink prints is added by the plan.
    fn live(&self, output: &Live) -> Live {
        output.clone().and(self.condition.iter().flat_map(Expr::columns))
    }

    fn tees(&self) -> Option<&str> {
        Some(&self.sink)
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let filter = self.condition.as_ref().map(|condition| condition::bind(condition, input, context)).transpose()?;
        Ok(Bound::new(input.clone(), Work::Tee(self.sink.clone(), filter)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::schema::Field;

    #[test]
    fn rows_pass_and_the_copy_has_all_that_is_printed() {
        let args = command().try_get_matches_from(["tee", "out/{end}.csv"]).unwrap();
        let Ok(Built::Operator(tee)) = build(&args) else { panic!("no operator") };
        let schema =
            Schema { fields: vec![Field::shown("line"), Field::hidden("$2")], records: true, ..Schema::default() };
        let bound = tee.bind(&schema, &Live::all(), &Context::default()).unwrap();
        assert_eq!(bound.schema, schema);
        assert!(matches!(&bound.work[..], [Work::Tee(sink, None)] if sink == "out/{end}.csv"));
        assert_eq!(tee.live(&Live::only(["$2"])), Live::only(["$2"]));
        assert_eq!(tee.tees(), Some("out/{end}.csv"), "the plan adds what the sink prints");
    }
}
