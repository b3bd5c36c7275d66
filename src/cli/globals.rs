//! The global options: their definitions, what was given for them anywhere in the chain, and the values that this comes to.
//!
//! They are ordinary arguments of the root command and of every operator's. What each of these has parsed is put together in
//! [`Given`], in the order of the command line, and [`Given::settle`] makes [`Globals`] of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ValueHint};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use jiff::tz::TimeZone;

use super::chain::Place;
use super::checkpoint;
use super::event::{self, EventTime};
use super::values;
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::formats::{self, OUTPUTS, Reading, Stamp};
use crate::io::Color;

/// How the input is cut into batches (SPEC 1, `--batch`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// At each multiple of the interval.
    Interval(Duration),
    /// After so many records.
    Lines(u64),
    /// Whichever comes first.
    Both {
        /// The interval.
        interval: Duration,
        /// The number of records.
        lines: u64,
    },
    /// At the end of the input.
    All,
}

/// The global options, validated, each as it was written: defaults that depend on anything else are up to the reader.
#[derive(Debug, Clone)]
pub struct Globals {
    /// Sources, in order; empty if none was named (then `-`).
    pub from: Vec<String>,
    /// Sinks, in order; empty if none was named (then `-`).
    pub to: Vec<String>,
    /// How batches are cut, if written.
    pub batch: Option<Cut>,
    /// End after so many batches, at least 1.
    pub batches: Option<u64>,
    /// Process what is there now, then end.
    pub once: bool,
    /// Go on with what is appended to files.
    pub follow: bool,
    /// The zone of alignment and of printed times.
    pub zone: TimeZone,
    /// What a line matches that moves time on.
    pub tick: Option<RegexMatcher>,
    /// Where time stands at the beginning, with `tick`.
    pub start: Option<Time>,
    /// Batches are cut by the records' own time.
    pub event_time: Option<EventTime>,
    /// Records end in NUL.
    pub null: bool,
    /// The format of the input, if written; one that exists.
    pub input: Option<String>,
    /// The names of the columns of csv and tsv, as one row, if written.
    pub header: Option<String>,
    /// Where bad records are kept.
    pub bad: Option<PathBuf>,
    /// The longest record, in bytes.
    pub max_record: usize,
    /// At most so many records a second and source.
    pub max_rate: Option<u64>,
    /// The name of the output format, if written; one that exists.
    pub out: Option<String>,
    /// Which times lead each row, if written.
    pub time: Option<Stamp>,
    /// Rows of a batch that `--out spark` prints.
    pub limit: usize,
    /// Parallel workers, if written.
    pub shards: Option<usize>,
    /// Where the statistics of each batch go.
    pub stats: Option<PathBuf>,
    /// Where the run is kept, so that another one goes on with it.
    pub checkpoint: Option<PathBuf>,
    /// What cannot be read again is kept there, too.
    pub journal: bool,
    /// What of all options another run must have in common to go on with that: names, and what was written.
    pub identity: Vec<(String, String)>,
    /// A bad record ends the run.
    pub strict: bool,
    /// Only errors on standard error.
    pub quiet: bool,
    /// A line for each batch on standard error.
    pub verbose: bool,
    /// When to use colours.
    pub color: Color,
    /// Print the plan and run nothing.
    pub explain: bool,
}

/// The longest record unless `--max-record` says otherwise, in bytes.
const MAX_RECORD: usize = 16 << 20;
/// Spark's `print` shows so many rows.
const SPARK_ROWS: usize = 10;

/// The definitions, in the order of the help.
pub fn options() -> Vec<Arg> {
    let input = [
        value("from", "SOURCE", "Read from here (repeatable) [default: -, standard input]")
            .long_help(
                "Read from here: see Sources below. Repeatable: the union of them all, in this order. \
                 The default is -, standard input",
            )
            .value_hint(ValueHint::AnyPath),
        flag("follow", "Go on with what is appended to the files of --from, as tail -F").long_help(
            "Go on with what is appended to the files of --from, as tail -F does: from the start of each to its end and then \
             further, across rotation (a file that is renamed is read to its end, then the new one of that name), truncation \
             and absence. The files of a glob are those that are there at the start. A record without its end waits for the \
             rest. file:PATH?follow=true says it of one source",
        ),
        value("in", "FORMAT", "The format of the records: text, csv, json … [default: by extension, else text]")
            .long_help(
                "The format of the records: see Input formats below. It holds for every source that has no extension that \
                 tells its format (under .gz and .zst too), and no ?in= of its own. The default is text",
            ),
        value("header", "NAMES", "The columns of csv and tsv without a header line: a,b,c"),
        flag("null", "Records end in NUL instead of a newline").short('0'),
        value("max-record", "SIZE", "A longer record is a bad record [default: 16MiB]"),
        value("max-rate", "N", "Read at most N records a second from each source"),
        value("bad", "FILE", "Keep bad records: append them to this file, as they came").value_hint(ValueHint::FilePath),
        flag("strict", "A bad record ends the run with status 1, instead of being counted and left out"),
    ];
    let batches = [
        value("batch", "CUT", "Cut batches at each 1s, 200ms, 5m; or 10000lines; or all")
            .long_help(
                "Where to cut: 1s, 200ms, 5m: at each multiple of the interval, also when nothing arrives. 10000lines: \
                 after so many records. 1s,10000lines: whichever comes first. all: at the end of the input. The \
                 default is all if every source is a regular file or --once is given, else 1s",
            ),
        value("batches", "N", "End after N batches"),
        flag("once", "Process what is there now, then end")
            .long_help("Process what is there now, as far as files reach at the start, then end: also with dir: (all files that are in it) \
                 and --follow"),
        value("tz", "ZONE", "The time zone of intervals and of printed times [default: UTC]")
            .long_help(
                "The time zone in which times are printed and to which intervals are aligned, so that 1d cuts at \
                 midnight there: Europe/Berlin, local, UTC. The default is UTC",
            ),
        value("tick", "REGEX", "The input is the clock: each line that matches moves time on by one interval")
            .long_help(
                "The input is the clock: time stands still but for the lines that match, each of which ends a batch and \
                 is dropped. For replays and tests: the same output on every run. The interval is --batch, or 1s",
            ),
        value("start", "TIME", "Where time stands at first, with --tick: 2026-11-20T00:00:00Z [default: the epoch]"),
    ];
    let batches: Vec<Arg> = batches.into_iter().chain(event::options()).collect();
    let output = [
        value("to", "SINK", "Write to here (repeatable) [default: -, standard output]")
            .long_help(
                "Write to here: see Sinks below. Repeatable: every row goes to each. The extension of a path (csv, tsv, \
                 json, jsonl, ndjson, txt) chooses its format, before --out. The default is -, standard output",
            )
            .value_hint(ValueHint::AnyPath),
        value("out", "FORMAT", "text, csv, tsv, json, table or spark")
            .long_help("The format of the rows: see Output formats below. The default is table on a terminal, else text")
            .value_parser(PossibleValuesParser::new(OUTPUTS.iter().map(|o| o.name))),
        value("time", "WHICH", "Which times of the batch lead each row: start, end, both, none")
            .long_help(
                "Which times of the batch lead each row: start, end, both, none. The default is end if the chain counts \
                 and --tick, --event-time or a duration in --batch is written, else none",
            )
            .value_parser(["start", "end", "both", "none"]),
        value("limit", "N", "Rows of each batch that --out spark prints [default: 10]"),
        value("color", "WHEN", "Use colours: auto, always, never [default: auto]").value_parser(["auto", "always", "never"]),
    ];
    let running = [
        value("chain", "FILE", "Read the chain from a file: one operator a line, quoted as in a shell")
            .long_help(
                "Read the chain from a file instead: one operator a line, quoted as in a shell; a # at the start of a \
                 line makes it a comment. Global options may stand there too",
            )
            .value_hint(ValueHint::FilePath),
        flag("explain", "Print what would be done, and do nothing"),
        value("shards", "N", "Parallel workers; the result is the same for any number [default: the processors]"),
        value("stats", "FILE", "Write a JSON object for each batch: rows, rates, delays")
            .value_hint(ValueHint::FilePath),
        flag("quiet", "Print nothing but errors on standard error").short('q'),
        flag("verbose", "Print a line for each batch on standard error"),
    ];
    let running: Vec<Arg> = checkpoint::options().into_iter().chain(running).collect();
    let groups = [("Input", &input[..]), ("Batches", &batches[..]), ("Output", &output[..]), ("Running", &running[..])];
    groups.iter().flat_map(|(heading, args)| args.iter().map(|a| a.clone().help_heading(*heading))).collect()
}

/// An option with a value. All may be given more than once, so that it is [`Given`] which judges that.
pub(super) fn value(name: &'static str, placeholder: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name(placeholder).help(help);
    arg.action(ArgAction::Append).hide_possible_values(true)
}

pub(super) fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue).overrides_with(name)
}

/// Whether this is the id of a global option.
pub fn is_global(id: &str, options: &[Arg]) -> bool {
    options.iter().any(|a| a.get_id() == id)
}

/// What was written for the global options so far.
#[derive(Default)]
pub struct Given {
    options: Vec<Written>,
}

struct Written {
    name: String,
    /// Empty for a flag.
    value: String,
    place: Option<Place>,
}

impl Given {
    /// Adds what these matches hold of `options`. A value that differs from an earlier one is an error, but for sources and
    /// sinks, which add up.
    pub fn take(&mut self, matches: &ArgMatches, options: &[Arg], place: Option<&Place>) -> Result<()> {
        for option in options {
            let name = option.get_id().as_str();
            if matches.value_source(name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let values = match option.get_action() {
                ArgAction::SetTrue => vec![String::new()],
                _ => matches.get_many::<String>(name).into_iter().flatten().cloned().collect(),
            };
            for value in values {
                self.add(name, value, place)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: String, place: Option<&Place>) -> Result<()> {
        if name == "chain" && place.is_some() {
            return Err(Error::usage("a chain file cannot read another one: leave --chain out"));
        }
        if !["from", "to"].contains(&name)
            && let Some(earlier) = self.options.iter().find(|w| w.name == name)
        {
            if earlier.value == value {
                return Ok(());
            }
            return Err(Error::usage(format!(
                "`--{name}` is given twice, as `{}` and as `{value}`: leave one of them out",
                earlier.value
            )));
        }
        self.options.push(Written { name: name.to_string(), value, place: place.cloned() });
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|w| w.name == name)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.options.iter().filter(|w| w.name == name).map(|w| w.value.clone()).collect()
    }

    fn named(&self, name: &str) -> impl Iterator<Item = (String, String)> {
        self.all(name).into_iter().map(move |value| (format!("--{name}"), value))
    }

    /// The value of an option that has one.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|w| w.name == name).map(|w| w.value.as_str())
    }

    /// The value of an option, parsed.
    pub(super) fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let Some(written) = self.options.iter().find(|w| w.name == name) else { return Ok(None) };
        parse(&written.value).map(Some).map_err(|reason| {
            let error = Error::usage(format!("`--{name} {}`: {reason}", written.value));
            Place::prefix(written.place.as_ref(), error)
        })
    }

    /// The values that it comes to, or what contradicts.
    pub fn settle(&self) -> Result<Globals> {
        let tick = self.parsed("tick", |text| {
            // `^` and `$` are the ends of each record, as in grep.
            let end = if self.has("null") { 0 } else { b'\n' };
            // The parser alone shows the pattern as it was written.
            let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(text).map(|_| ());
            let built = RegexMatcherBuilder::new().multi_line(true).line_terminator(Some(end)).build(text);
            let reason = |e: String| format!("not a regular expression: {e}");
            parsed.map_err(|e| reason(e.to_string())).and(built.map_err(|e| reason(e.to_string())))
        })?;
        let batch = self.parsed("batch", values::cut)?;
        let globals = Globals {
            from: self.all("from"),
            to: self.all("to"),
            batch,
            batches: self.parsed("batches", values::count)?,
            once: self.has("once"),
            follow: self.has("follow"),
            zone: self.parsed("tz", values::zone)?.unwrap_or(TimeZone::UTC),
            tick,
            start: self.parsed("start", Time::parse)?,
            event_time: self.event_time()?,
            null: self.has("null"),
            input: self.one("in").map(str::to_string),
            header: self.one("header").map(str::to_string),
            bad: self.one("bad").map(PathBuf::from),
            max_record: self.parsed("max-record", values::size)?.unwrap_or(MAX_RECORD),
            max_rate: self.parsed("max-rate", values::count)?,
            out: self.one("out").map(str::to_string),
            time: self.one("time").map(|which| match which {
                "start" => Stamp::Start,
                "end" => Stamp::End,
                "both" => Stamp::Both,
                _ => Stamp::None,
            }),
            limit: self
                .parsed("limit", values::count)?
                .map_or(SPARK_ROWS, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            shards: self.parsed("shards", values::shards)?,
            stats: self.one("stats").map(PathBuf::from),
            checkpoint: self.one("checkpoint").map(PathBuf::from),
            journal: self.has("journal"),
            identity: checkpoint::IDENTITY.iter().flat_map(|name| self.named(name)).collect(),
            strict: self.has("strict"),
            quiet: self.has("quiet"),
            verbose: self.has("verbose"),
            color: match self.one("color") {
                Some("always") => Color::Always,
                Some("never") => Color::Never,
                _ => Color::Auto,
            },
            explain: self.has("explain"),
        };
        if let Some(format) = &globals.input {
            formats::input(format, &Reading { delimiter: b'\n', header: None, argument: None })?;
        }
        if let Some(header) = &globals.header {
            formats::header(header)?;
        }
        self.contradictions(&globals)?;
        Ok(globals)
    }

    fn contradictions(&self, globals: &Globals) -> Result<()> {
        let timeless = !matches!(globals.batch, None | Some(Cut::Interval(_)));
        let batch = self.one("batch").unwrap_or_default();
        let message = if let Some(message) = self.against_event_time(globals) {
            message
        } else if globals.start.is_some() && globals.tick.is_none() {
            "`--start` sets the clock of `--tick REGEX`, which is not given: add it, or leave --start out".to_string()
        } else if globals.tick.is_some() && timeless {
            format!(
                "`--tick` ends each batch by a line of the input: `--batch {batch}` can only say how far it moves time on, such as --batch 1s"
            )
        } else if self.has("limit") && globals.out.as_deref() != Some("spark") {
            "`--limit` belongs to `--out spark`; for the first rows of each batch append: then head N".to_string()
        } else if globals.journal && globals.checkpoint.is_none() {
            "`--journal` keeps what was read in the directory of `--checkpoint DIR`, which is not given: add it"
                .to_string()
        } else if globals.quiet && globals.verbose {
            "`--quiet` and `--verbose` contradict each other: leave one of them out".to_string()
        } else if let Some(name) = ["from", "to", "stats", "tick", "bad", "event-time", "late-to", "checkpoint"]
            .iter()
            .find(|n| self.all(n).iter().any(String::is_empty))
        {
            format!("`--{name} ''`: the value is empty; was it a variable of the shell that is not set?")
        } else if self.one("stats") == Some("-") {
            "`--stats -`: statistics go into a file; to see them on standard error: --stats /dev/stderr".to_string()
        } else {
            return Ok(());
        };
        Err(Error::Usage(message))
    }
}
