//! `sample FRACTION`: some of the rows, chosen by a hash of where they come from. Runs on the shards; the same rows pass
//! on every run, however the input is cut into blocks.

use clap::{Arg, ArgMatches, Command};

use super::{Bound, Built, Entry, Example, Filter, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;

/// `sample`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "sample",
    command,
    build,
    examples: &[
        Example {
            what: "about half of the lines, the same on every run",
            command: "streamer sample 0.5",
            input: "a\nb\nc\nd\ne\nf\n",
            output: "a\nd\nf\n",
        },
        Example {
            what: "another choice",
            command: "streamer sample 0.5 --seed 2",
            input: "a\nb\nc\nd\ne\nf\n",
            output: "b\nc\ne\nf\n",
        },
    ],
};

fn command() -> Command {
    Command::new("sample")
        .about("some of the rows, the same ones on every run")
        .long_about(
            "Each row passes with the probability FRACTION, decided by a hash of the seed, the source and the number of \
             the record that it came from: the same rows on every run, with any number of shards. Rows that were made \
             of many records (behind count, say) go by their place in the result.",
        )
        .arg(
            Arg::new("fraction")
                .value_name("FRACTION")
                .required(true)
                .allow_negative_numbers(true)
                .help("How much passes: from 0 (nothing) to 1 (everything)"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(|text: &str| {
                    text.parse::<u64>().map_err(|_| "a seed is a whole number, such as --seed 7".to_string())
                })
                .default_value("0")
                .help("Another seed chooses other rows"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let written = args.get_one::<String>("fraction").map_or("", String::as_str);
    let fraction = written.parse().ok().filter(|fraction| (0.0..=1.0).contains(fraction)).ok_or_else(|| {
        Error::usage(format!(
            "sample needs a fraction from 0 to 1, not `{written}`: `sample 0.1` passes a tenth of the rows"
        ))
    })?;
    Ok(Built::Operator(Box::new(Sample { fraction, seed: args.get_one("seed").copied().unwrap_or(0) })))
}

struct Sample {
    fraction: f64,
    seed: u64,
}

impl Operator for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn live(&self, output: &Live) -> Live {
        output.clone()
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        // 2^64 is a float without loss, and as a hash is always less than it, a fraction of 1 passes everything.
        let below = (self.fraction * 18_446_744_073_709_551_616.0) as u128;
        let work = Work::Filter(Box::new(Choice { below, seed: self.seed }));
        Ok(Bound::new(input.clone(), work))
    }

    fn wants_numbers(&self) -> bool {
        true
    }
}

struct Choice {
    /// What hashes must be less than.
    below: u128,
    seed: u64,
}

impl Filter for Choice {
    fn select(&self, block: &Block, _: &BatchInfo, passed: &mut Vec<u32>) -> Result<()> {
        let start = mix(mix(self.seed) ^ u64::from(block.input));
        let passes = |number: u64, ordinal: u64| u128::from(mix(mix(start ^ number) ^ ordinal)) < self.below;
        let Some(numbers) = &block.origins.numbers else {
            passed.extend((0..block.rows as u32).filter(|&row| passes(block.order, row.into())));
            return Ok(());
        };
        // A record that has become several rows: they stand together.
        let (mut last, mut ordinal) = (None, 0);
        for (row, &number) in (0..).zip(numbers) {
            ordinal = if last == Some(number) { ordinal + 1 } else { 0 };
            last = Some(number);
            if passes(number, ordinal) {
                passed.push(row);
            }
        }
        Ok(())
    }
}

/// One step of splitmix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of `value`.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Origins;
    use crate::operators::testing::BATCH;

    fn choice(args: &[&str]) -> Result<Box<dyn Filter>> {
        let args = command().try_get_matches_from(std::iter::once(&"sample").chain(args)).unwrap();
        let Built::Operator(sample) = build(&args)? else { panic!("no operator") };
        let Work::Filter(filter) = sample.bind(&Schema::default(), &Live::all(), &Context::default())?.work.remove(0)
        else {
            panic!("no filter")
        };
        Ok(filter)
    }

    fn passed(args: &[&str], numbers: &[u64]) -> Vec<u64> {
        let mut passed = Vec::new();
        let block = Block { rows: numbers.len(), origins: Origins::numbered(numbers.to_vec()), ..Block::default() };
        choice(args).unwrap().select(&block, &BATCH, &mut passed).unwrap();
        passed.iter().map(|&row| numbers[row as usize]).collect()
    }

    #[test]
    fn the_hash_is_splitmix64() {
        // The first outputs of the published generator seeded with 0.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn nothing_a_part_or_everything_passes() {
        let numbers: Vec<u64> = (0..100_000).collect();
        assert_eq!(passed(&["0"], &numbers).len(), 0);
        assert_eq!(passed(&["1"], &numbers).len(), 100_000);
        let tenth = passed(&["0.1"], &numbers).len();
        assert!((9_700..10_300).contains(&tenth), "{tenth}");
        assert_ne!(passed(&["0.1"], &numbers), passed(&["0.1", "--seed", "1"], &numbers));
    }

    #[test]
    fn cutting_the_input_elsewhere_changes_nothing() {
        let numbers: Vec<u64> = (0..3000).map(|n| n / 3).collect();
        let whole = passed(&["0.3"], &numbers);
        for size in [3, 30, 999] {
            let pieces: Vec<u64> = numbers.chunks(size).flat_map(|piece| passed(&["0.3"], piece)).collect();
            assert_eq!(pieces, whole, "records of three rows, blocks of {size}");
        }
    }

    #[test]
    fn rows_of_one_record_are_chosen_one_by_one() {
        let hits = passed(&["0.5"], &[5; 1000]).len();
        assert!((400..600).contains(&hits), "{hits}");
    }

    #[test]
    fn what_is_no_fraction_is_a_usage_error() {
        for wrong in ["10%", "1.5", "-1", "NaN", "x"] {
            let error = choice(&[wrong]).err().unwrap();
            assert_eq!(error.exit_status(), 2);
            assert!(error.to_string().contains(wrong), "{error}");
        }
    }
}
