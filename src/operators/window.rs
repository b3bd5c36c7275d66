//! `window LENGTH [--every SLIDE]`, `window all [--ttl D] [--emit changed]`: which batches the operators behind it see. What is
//! kept and when it is given is the engine's.

use clap::{Arg, ArgMatches, Command};

use super::support::duration::millis;
use super::{Bound, Built, Entry, Example, Operator, Over, Rebatch, Work};
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;

/// `window LENGTH [--every SLIDE]`.
pub const ENTRY: Entry = Entry { name: "window", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "the words of the last 3 seconds, each second; a line of dashes is a second here",
        command: "streamer --tick ^-- words then window 3s then count --by word --time none",
        input: "a b\n--\na\n--\n--\n--\n--\n",
        output: "a\t1\nb\t1\na\t2\nb\t1\na\t2\nb\t1\na\t1\n",
    },
    Example {
        what: "the same once in 2 seconds: the last one is given at the end",
        command: "streamer --tick ^-- window 2s --every 2s then count",
        input: "a\n--\nb\n--\nc\n",
        output: "1970-01-01T00:00:02.000Z\t2\n1970-01-01T00:00:04.000Z\t1\n",
    },
    Example {
        what: "running totals",
        command: "streamer --tick ^-- words then window all then count --by word --time none",
        input: "a b\n--\na\n--\n",
        output: "a\t1\nb\t1\na\t2\nb\t1\n",
    },
    Example {
        what: "... of them those that have changed; who did not come for more than a second begins anew",
        command: "streamer --tick ^-- words then window all --ttl 1s --emit changed then count --by word --time none",
        input: "a b\n--\na\n--\n--\n--\na b\n--\n",
        output: "a\t1\nb\t1\na\t2\na\t1\nb\t1\n",
    },
];

fn command() -> Command {
    Command::new("window")
        .about("batches of the last 5m, given every 10s; or of all since the start")
        .long_about(
            "From here on a batch is the last LENGTH of data, given every SLIDE: at T it holds the batches in (T - LENGTH, T]. \
             The first windows are partial, and are given. Both are multiples of --batch (or of the slide of a window before), \
             and aligned as batches are. Without --every it is given with each batch. At the end of the input a window that \
             has received a batch since it was last given is given once more, at its next time.\n\nOperators that look at one \
             row at a time may stand between it and an aggregate (count, agg, reduce): only what is combined of each pane is \
             kept, a pane being as long as LENGTH and SLIDE have in common, and a window costs what enters and leaves it. \
             Before any other operator, and before expressions that name window_start or window_end, the rows are kept, of \
             their columns those that are needed. --explain tells.\n\n`window all`: a batch is everything since the start, for \
             the aggregate behind it, which is kept up to date. --ttl drops a key in the first batch that is later than its \
             last record's batch by more than that; with --emit changed only the keys are given that the batch has touched.",
        )
        .arg(
            Arg::new("length")
                .value_name("LENGTH")
                .required(true)
                .allow_hyphen_values(true)
                .help("How much is looked at: 30s, 5m, 1h; or all"),
        )
        .arg(
            Arg::new("every")
                .long("every")
                .value_name("SLIDE")
                .allow_hyphen_values(true)
                .help("How often it is given [default: with each batch]"),
        )
        .arg(
            Arg::new("ttl")
                .long("ttl")
                .value_name("DURATION")
                .allow_hyphen_values(true)
                .help("With all: drop keys of which no row has come for longer than this"),
        )
        .arg(
            Arg::new("emit")
                .long("emit")
                .value_name("WHAT")
                .value_parser(["all", "changed"])
                .help("With all: give every key with each batch, or those that it has touched [default: all]"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map(String::as_str);
    let length = text("length").unwrap_or_default();
    let rebatch = if length == "all" {
        if let Some(every) = text("every") {
            return Err(Error::usage(format!(
                "`window all` is given with each batch: instead of --every {every} make the batches so long, --batch {every}"
            )));
        }
        let ttl = text("ttl").map(|ttl| millis("--ttl", ttl)).transpose()?;
        Rebatch::Over(Over::All { ttl, changed: text("emit") == Some("changed") })
    } else {
        if let Some(option) = ["ttl", "emit"].into_iter().find(|option| text(option).is_some()) {
            return Err(Error::usage(format!(
                "--{option} is for `window all`; from a window of {length} rows leave by themselves"
            )));
        }
        let slide = text("every").map(|every| millis("--every", every)).transpose()?;
        Rebatch::Window { length: millis("LENGTH", length)?, slide }
    };
    Ok(Built::Operator(Box::new(Window { rebatch })))
}

struct Window {
    rebatch: Rebatch,
}

impl Operator for Window {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        output.clone()
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        Ok(Bound::new(input.clone(), Work::Rebatch(self.rebatch)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(args: &[&str]) -> Result<Rebatch> {
        let args = command().try_get_matches_from([&["window"], args].concat()).unwrap();
        let Built::Operator(operator) = build(&args)? else { panic!("no operator") };
        let bound = operator.bind(&Schema::default(), &Live::all(), &Context::default())?;
        match bound.work[..] {
            [Work::Rebatch(rebatch)] => Ok(rebatch),
            _ => panic!("another kind of work"),
        }
    }

    #[test]
    fn lengths_and_options_are_what_was_written() {
        assert_eq!(built(&["5m"]).unwrap(), Rebatch::Window { length: 300_000, slide: None });
        assert_eq!(built(&["5m", "--every", "10s"]).unwrap(), Rebatch::Window { length: 300_000, slide: Some(10_000) });
        let all = |ttl, changed| Rebatch::Over(Over::All { ttl, changed });
        assert_eq!(built(&["all"]).unwrap(), all(None, false));
        assert_eq!(built(&["all", "--ttl", "1h", "--emit", "changed"]).unwrap(), all(Some(3_600_000), true));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_write() {
        let refused = |args: &[&str]| built(args).unwrap_err().to_string();
        assert!(refused(&["5"]).contains("5s"));
        assert!(refused(&["0s"]).starts_with("LENGTH `0s`"));
        assert!(refused(&["-5s"]).starts_with("LENGTH `-5s`"));
        assert!(refused(&["5m", "--every", "1month"]).starts_with("--every `1month`"));
        assert!(refused(&["all", "--every", "10s"]).contains("--batch 10s"));
        assert!(refused(&["5m", "--ttl", "1h"]).contains("window all"));
    }
}
