//! `distinct`: the first row of each key, of the batch ([`firsts`]) or of the time since the key last passed ([`within`]).

mod firsts;
mod within;

use clap::{Arg, ArgMatches, Command};

use self::firsts::First;
use super::support::{computed, duration};
use super::{Bound, Built, Entry, Example, Operator, Over, Rebatch, Work};
use crate::data::human::written;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::Context;
use crate::expr::by::By;

/// `distinct [--by K] [--within D]`.
pub const ENTRY: Entry = Entry { name: "distinct", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example { what: "each line once", command: "streamer distinct --batch all", input: "b\nb\na\n", output: "b\na\n" },
    Example {
        what: "the first line of each user",
        command: "streamer distinct --by '$1' --batch all",
        input: "ann login\nbob login\nann logout\n",
        output: "ann login\nbob login\n",
    },
    Example {
        what: "how many different words",
        command: "streamer words then distinct then count --batch all",
        input: "to be or not to be\n",
        output: "4\n",
    },
    Example {
        what: "a line again only when it has not passed for 2 seconds; a line of dashes is a second here",
        command: "streamer --tick ^-- distinct --within 2s --time none",
        input: "a\n--\na\nb\n--\na\nb\n",
        output: "a\nb\na\n",
    },
];

fn command() -> Command {
    Command::new("distinct")
        .about("the first row of each key")
        .long_about(
            "Keeps of all rows of the batch that have the same key the first one, whole and in the order of the \
             records.\n\nThe key is the whole row, or the columns of --by. Keys are equal by bytes: 7 is not 07; nulls \
             are one key.\n\nWith --within a key that passed in the batch that ends at T is held back in the batches that end before \
             T + DURATION, and passes again in the first that does not: rows that are held back do not make it wait longer. It \
             needs batches that end at fixed times. Behind a window the batches are those that the window gives.",
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("The key is this column or expression, or these: 'a, b'. Quote '$1', or the shell replaces it"),
        )
        .arg(
            Arg::new("within")
                .long("within")
                .value_name("DURATION")
                .allow_hyphen_values(true)
                .help("Hold a key back until it has not passed for so long: 10m"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let by = args.get_one::<String>("by").map(|list| By::parse("--by", list)).transpose()?;
    let within = args.get_one::<String>("within").map(|text| duration::millis("--within", text)).transpose()?;
    Ok(Built::Operator(Box::new(Distinct { by, within })))
}

struct Distinct {
    by: Option<By>,
    /// In milliseconds.
    within: Option<i64>,
}

impl Operator for Distinct {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        match &self.by {
            Some(by) => output.clone().and(by.live()),
            None => Live { shown: true, names: output.names.clone() },
        }
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let mut schema = input.clone();
        let (columns, computed) = match &self.by {
            Some(by) => computed::columns(by.exprs(), &mut schema, context)?,
            None => ((0..input.fields.len()).filter(|&column| !input.fields[column].hidden).collect(), None),
        };
        let first = Work::Aggregate(Box::new(First { columns }));
        let within = self.within.map(|millis| Work::Rebatch(Rebatch::Over(Over::Within { millis })));
        Ok(Bound { schema, work: within.into_iter().chain(computed).chain([first]).collect() })
    }

    fn keeps(&self) -> String {
        match self.within {
            None => "the first row of each key".to_string(),
            Some(millis) => format!("each key that has passed, for {}", written(millis)),
        }
    }
}

#[cfg(test)]
mod tests;
