//! `session --gap G --by K`: the aggregate behind it is made of each session, the rows of a key with no longer pause among them. What
//! is kept of sessions is [`sessions`](super::support::sessions)' and the engine's.

use clap::{Arg, ArgMatches, Command};

use super::support::duration::millis;
use super::{Bound, Built, Entry, Example, Operator, Over, Rebatch, Work};
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;
use crate::expr::by::By;

/// `session --gap G --by K`.
pub const ENTRY: Entry = Entry { name: "session", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "how many lines each user wrote without a pause of more than 2 seconds; a line of dashes is a second here",
        command: "streamer --tick ^-- session --gap 2s --by '$1 AS user' then count",
        input: "ann 1\nbob 2\n--\nann 3\n--\n--\n--\n--\nann 4\n",
        output: "1970-01-01T00:00:04.000Z\tbob\t1\n1970-01-01T00:00:05.000Z\tann\t2\n1970-01-01T00:00:09.000Z\tann\t1\n",
    },
    Example {
        what: "from when to when, and what was seen first",
        command: "streamer --tick ^-- session --gap 1s --by '$1' then agg 'window_start AS since, window_end AS until, first($2)' --time none",
        input: "ann 1\n--\nann 2\n",
        output: "ann\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:03.000Z\t1\n",
    },
];

fn command() -> Command {
    Command::new("session")
        .about("rows of a key without a longer pause, given when the pause is over")
        .long_about(
            "Stands directly before one aggregate (count, agg, reduce), which is made of each session: the rows of one key whose \
             times are no more than GAP apart. The aggregate's --by is the same, or left out. Operators that look at one row at \
             a time go before session.\n\nThe time of a row is its event time under --event-time; else, and behind operators \
             that combine rows, the end of its batch. A session closes in the first batch that ends more than GAP after its \
             last row, when no row can join it any more, and only then there is a row for it; sessions of one key that close in \
             the same batch stand in the order of time. At the end of the input all close, each at its own time. It needs \
             batches that end at fixed times.\n\nwindow_start and window_end are the session's, in the aggregate's expressions \
             (outside of aggregates) and behind it: the time of its first row, and that of its last one plus GAP. The \
             window_end that leads printed rows is the end of the batch in which it closed.\n\nWhat is combined of each open \
             session is kept, not its rows; a batch costs the keys that it touches and the sessions that close.",
        )
        .arg(
            Arg::new("gap")
                .long("gap")
                .value_name("GAP")
                .required(true)
                .allow_hyphen_values(true)
                .help("The longest pause in a session: 30m"),
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .required(true)
                .help("Whose sessions: this column or expression, or these: 'a, b'. Quote '$1', or the shell replaces it"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map_or("", String::as_str);
    let gap = millis("--gap", text("gap"))?;
    let by = By::parse("--by", text("by"))?;
    Ok(Built::Operator(Box::new(Session { gap, by })))
}

struct Session {
    /// In milliseconds.
    gap: i64,
    by: By,
}

impl Operator for Session {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        output.clone().and(self.by.live())
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        // The aggregate will bind its own; what is wrong with these was written here.
        self.by.bind(input, context)?;
        Ok(Bound::new(input.clone(), Work::Rebatch(Rebatch::Over(Over::Session { gap: self.gap }))))
    }

    fn sessions(&self) -> Option<&By> {
        Some(&self.by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_that_make_no_sense_are_refused_with_what_to_write() {
        let refused = |gap: &str| {
            let args = command().try_get_matches_from(["session", "--gap", gap, "--by", "a"]).unwrap();
            build(&args).err().unwrap().to_string()
        };
        assert!(refused("30").contains("30s"));
        assert!(refused("0s").starts_with("--gap `0s`"));
        assert!(refused("-5s").starts_with("--gap `-5s`"));
        assert!(refused("1month").starts_with("--gap `1month`"));
    }
}
