//! `alarm EXPR`: acts after the output of a batch in which a condition held for some row, so many batches running. The engine
//! counts the batches and acts; this is its spelling.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};

use super::support::{commands, condition};
use super::{Alarm, Bound, Built, Entry, Example, Operator, Work};
use crate::data::human::parse_duration;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::{Context, Expr};

/// `alarm EXPR`.
pub const ENTRY: Entry = Entry { name: "alarm", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "a command once there were more than 50 errors in 3 batches running, at most every 5 minutes",
        command: "streamer --batch 10s grep -i error then count then alarm 'count > 50' --for 3 --cooldown 5m \
                  --time none -- sh -c 'date'",
        input: "error\nok\n",
        output: "1\n",
    },
    Example {
        what: "end with the first batch of two lines; an empty line ends a batch here",
        command: "streamer --tick ^$ --time none count then alarm 'count >= 2' --exit 0",
        input: "a\n\nb\nc\n\nd\n",
        output: "1\n2\n",
    },
];

fn command() -> Command {
    Command::new("alarm")
        .about("acts after a batch in which a condition held")
        .long_about(
            "Passes the rows on, and acts after the output of a batch in which EXPR was true for some row: with COMMAND it \
             starts that, with --exit it ends the run, with neither it says so in a line on standard error, with -q too. A \
             batch without such a row, an empty one too, begins the counting of --for anew. Behind a window the batches are \
             those of the window. To look at what a batch adds up to, put count or agg before it.\n\nThe command is not waited \
             for while the run goes on, so that one that hangs stops nothing; at most 16 of an alarm run at once. At its end \
             the run waits for those that still run. Their stdin is empty, their stdout goes to standard error; \
             STREAMER_WINDOW_START, STREAMER_WINDOW_END and STREAMER_ALARM (the condition) are in their environment. One that \
             cannot be started or fails is said on standard error, and the run goes on. No shell stands between: write \
             `sh -c '…'` for one. Ctrl-C does not reach it.\n\nWith --exit everything up to this batch is written, and what \
             comes later is not; why the run ends is said on standard error. Without --cooldown it acts after each batch up to \
             which the condition held so many batches running.",
        )
        .arg(
            Arg::new("condition")
                .value_name("EXPR")
                .required(true)
                .allow_hyphen_values(true)
                .help("The condition, in one argument: 'count > 50'"),
        )
        .arg(
            Arg::new("for")
                .long("for")
                .value_name("N")
                .allow_hyphen_values(true)
                .value_parser(batches)
                .help("Act only if it held in so many batches running [default: 1]"),
        )
        .arg(
            Arg::new("cooldown")
                .long("cooldown")
                .value_name("DURATION")
                .allow_hyphen_values(true)
                .value_parser(parse_duration)
                .help("After it acted, do not act again for so long, by the times of the batches: 5m"),
        )
        .arg(
            Arg::new("exit")
                .long("exit")
                .value_name("N")
                .allow_hyphen_values(true)
                .value_parser(status)
                .help("End the run with this status, from 0 to 125; 1 and 2 also stand for failures and wrong words"),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .last(true)
                .num_args(1..)
                .value_parser(value_parser!(OsString))
                .value_hint(ValueHint::CommandWithArguments)
                .help("The command to start, and its arguments"),
        )
}

/// The number of `--for`.
fn batches(text: &str) -> std::result::Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 batch".into()),
        Ok(batches) => Ok(batches),
        Err(_) => Err("not a whole number of batches, write for example --for 3".into()),
    }
}

/// The status of `--exit`: those above it are what shells say of signals and of commands that they do not find.
fn status(text: &str) -> std::result::Result<u8, String> {
    let status = text.parse().ok().filter(|status| *status <= 125);
    status.ok_or_else(|| "not an exit status from 0 to 125, write for example --exit 3".into())
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = args.get_one::<String>("condition").map_or("", String::as_str);
    let condition = condition::parse_or(text, "put count or agg before it: count then alarm 'count > 5'")?;
    let cooldown = args.get_one::<Duration>("cooldown").map_or(0, |cooldown| cooldown.as_millis() as i64);
    let alarm = Alarm {
        condition: text.to_string(),
        batches: args.get_one("for").copied().unwrap_or(1),
        cooldown,
        exit: args.get_one("exit").copied(),
        command: args.get_many("command").into_iter().flatten().cloned().collect(),
    };
    Ok(Built::Operator(Box::new(Watching { condition, alarm })))
}

struct Watching {
    condition: Expr,
    alarm: Alarm,
}

impl Operator for Watching {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        output.clone().and(self.condition.columns())
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        if let Some(command) = self.alarm.command.first() {
            commands::find(self.name(), command)?;
        }
        let held = condition::bind(&self.condition, input, context)?;
        Ok(Bound::new(input.clone(), Work::Alarm(held, self.alarm.clone())))
    }

    fn keeps(&self) -> String {
        "in how many batches running it held, and when it acted last".to_string()
    }

    fn follows_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::batch::BatchInfo;
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::data::time::Time;

    fn built(words: &[&str]) -> Result<Box<dyn Operator>> {
        let args = command().try_get_matches_from([&["alarm"], words].concat()).unwrap();
        build(&args).map(|built| if let Built::Operator(alarm) = built { alarm } else { panic!("a macro") })
    }

    fn bound(words: &[&str]) -> Result<(Box<dyn super::super::Filter>, Alarm)> {
        let schema = Schema { fields: vec![Field::shown("n"), Field::shown("m")], ..Schema::default() };
        let mut bound = built(words)?.bind(&schema, &Live::all(), &Context::default())?;
        assert_eq!(bound.schema, schema, "the rows pass");
        let Work::Alarm(filter, alarm) = bound.work.remove(0) else { panic!("another kind of work") };
        Ok((filter, alarm))
    }

    #[test]
    fn all_of_it_is_read() {
        let words = ["n > 1", "--for", "3", "--cooldown", "5m", "--exit", "0", "--", "sh", "-c", "--for"];
        let (filter, alarm) = bound(&words).unwrap();
        let command = ["sh", "-c", "--for"].map(OsString::from).to_vec();
        let (condition, cooldown) = ("n > 1".to_string(), 300_000);
        assert_eq!(alarm, Alarm { condition, batches: 3, cooldown, exit: Some(0), command });
        let block = block_of(&[vec![Some(b"1"), Some(b"2"), None], vec![None, None, None]]);
        let mut held = Vec::new();
        let batch = BatchInfo { id: 0, start: Time(0), end: Time(1), redo: false };
        filter.select(&block, &batch, &mut held).unwrap();
        assert_eq!(held, [1], "null does not hold");
        let (_, alarm) = bound(&["n > 1"]).unwrap();
        assert_eq!((alarm.batches, alarm.cooldown, alarm.exit, alarm.command.len()), (1, 0, None, 0));
    }

    #[test]
    fn what_is_needed_is_what_comes_behind_and_what_it_looks_at() {
        let alarm = built(&["n > 1 AND window_end IS NOT NULL"]).unwrap();
        assert_eq!(alarm.live(&Live::only(["m"])), Live::only(["m", "n", "window_end"]));
        assert!(alarm.follows_batches(), "it is not done before a window that stands before it");
    }

    #[test]
    fn mistakes_are_told_before_anything_runs() {
        let wrong = |words: &[&str]| bound(words).err().unwrap().to_string();
        assert!(wrong(&["count(*) > 5"]).contains("put count or agg before it"));
        assert!(wrong(&["n > 1", "--", "/no/such"]).starts_with("alarm cannot run `/no/such`"));
        assert!(wrong(&["n + 1"]).contains("compare it"));
        for (option, value) in [("--for", "0"), ("--for", "-1"), ("--for", "x"), ("--exit", "126"), ("--exit", "-1")] {
            assert!(command().try_get_matches_from(["alarm", "n > 1", option, value]).is_err(), "{option} {value}");
        }
        assert!(command().try_get_matches_from(["alarm", "n > 1", "--cooldown", "5"]).is_err());
        assert!(command().try_get_matches_from(["alarm"]).is_err());
    }
}
