//! `filter EXPR`: the rows for which a condition holds. Row-wise: any shard, any order.

use clap::{Arg, ArgMatches, Command};

use super::support::condition;
use super::{Bound, Built, Entry, Example, Operator, Work};
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::{Context, Expr};

/// `filter EXPR`.
pub const ENTRY: Entry = Entry { name: "filter", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "lines whose second field is at least 500",
        command: "streamer filter '$2 >= 500'",
        input: "/a 200\n/b 503\n/c -\n",
        output: "/b 503\n",
    },
    Example {
        what: "rows of a csv; the header tells the names",
        command: "streamer --in csv filter \"city = 'Oslo' AND ms IS NOT NULL\"",
        input: "city,ms\nOslo,7\nRome,8\nOslo,\n",
        output: "Oslo,7\n",
    },
];

fn command() -> Command {
    Command::new("filter")
        .about("the rows for which a condition holds")
        .long_about(
            "Gives the rows for which the condition is true; a condition that is null, because a value is missing or is no \
             number, drops the row.\n\nText is compared with a \
             number as a number (null if it is none), with a quoted text by bytes; two columns of the input as numbers if \
             both are, else by bytes.",
        )
        .arg(
            Arg::new("condition")
                .value_name("EXPR")
                .required(true)
                .allow_hyphen_values(true)
                .help("The condition, in one argument: 'status >= 500 AND path LIKE \"/api/%\"'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let condition = condition::parse(args.get_one::<String>("condition").map_or("", String::as_str))?;
    Ok(Built::Operator(Box::new(Condition { condition })))
}

struct Condition {
    condition: Expr,
}

impl Operator for Condition {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        output.clone().and(self.condition.columns())
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        Ok(Bound::new(input.clone(), Work::Filter(condition::bind(&self.condition, input, context)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::operators::testing::{BATCH, built};

    fn passed(condition: &str) -> Vec<u32> {
        let schema = Schema { fields: vec![Field::shown("a"), Field::hidden("b")], ..Schema::default() };
        let filter = built(&ENTRY, &[condition]);
        let Work::Filter(filter) = filter.bind(&schema, &Live::all(), &Context::default()).unwrap().work.remove(0)
        else {
            panic!("no filter")
        };
        let block = block_of(&[vec![Some(b"1"), Some(b"x"), None], vec![Some(b"2"), Some(b"1"), Some(b"0")]]);
        let mut passed = Vec::new();
        filter.select(&block, &BATCH, &mut passed).unwrap();
        passed
    }

    #[test]
    fn a_condition_that_is_null_drops_the_row() {
        assert_eq!(passed("a < b"), [0]);
        assert_eq!(passed("a > 0 OR b > 0"), [0, 1]);
        assert_eq!(passed("a IS NULL"), [2]);
        assert_eq!(passed("-b < 0"), [0, 1]);
        assert_eq!(passed("NULL"), [0; 0]);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        let refused = |condition: &str| {
            let args = command().try_get_matches_from(["filter", condition]).unwrap();
            let schema = Schema { fields: vec![Field::shown("a")], ..Schema::default() };
            let bound = build(&args).and_then(|built| match built {
                Built::Operator(operator) => operator.bind(&schema, &Live::all(), &Context::default()),
                Built::Chain(_) => panic!("no operator"),
            });
            bound.err().unwrap().to_string()
        };
        assert!(refused("a + 1").contains("here a condition is wanted"));
        assert!(refused("sum(a) > 1").contains("agg"));
        assert!(refused("b > 1").contains("there is no column `b`"));
    }
}
