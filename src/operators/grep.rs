//! `grep PATTERN`: the rows whose `line` matches. Runs on the shards. At the head of a chain of text a whole buffer is
//! searched at once and lines are looked for around the hits only, so that lines without a hit cost nothing.

mod inner;

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use aho_corasick::AhoCorasick;
use clap::{Arg, ArgAction, ArgMatches, Command};
use grep_matcher::{LineMatchKind, Matcher};
use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};
use memchr::{memchr, memrchr};
use regex_syntax::hir::{HirKind, Literal};

use super::{Bound, Built, Entry, Example, Filter, Operator, Raw, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span};
use crate::data::fast::Needle;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;

/// `grep`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "grep",
    command,
    build,
    examples: &[
        Example {
            what: "the lines in which a text occurs",
            command: "streamer grep error",
            input: "all is well\nerror: disk full\n",
            output: "error: disk full\n",
        },
        Example {
            what: "those in which it does not, in upper or lower case",
            command: "streamer grep -v -i debug",
            input: "DEBUG a\nINFO b\ndebug c\n",
            output: "INFO b\n",
        },
        Example {
            what: "how many lines hold a text that is not a regular expression",
            command: "streamer grep -F '[warn]' then count",
            input: "[warn] a\nwarn b\n[warn] c\n",
            output: "2\n",
        },
    ],
};

fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).short(name.chars().next().unwrap_or('v')).action(ArgAction::SetTrue).help(help)
    };
    Command::new("grep")
        .about("the rows whose line matches a regular expression")
        .long_about(
            "The rows whose line matches a regular expression, in the syntax of Rust's regex crate (as in ripgrep: \
             Perl's without look-around and backreferences). It looks at the column `line`, the whole record; a match \
             lies within one record, and the carriage return of a CRLF line is part of it.",
        )
        .arg(flag("v", "The rows that do not match"))
        .arg(flag("i", "Upper and lower case are the same"))
        .arg(Arg::new("F").short('F').action(ArgAction::SetTrue).help("PATTERN is just these characters"))
        .arg(
            Arg::new("pattern")
                .value_name("PATTERN")
                .required(true)
                .allow_negative_numbers(true)
                .help("What to look for"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let written = args.get_one::<String>("pattern").map_or("", String::as_str);
    let pattern = Pattern::new(written, args.get_flag("i"), args.get_flag("F"))?;
    Ok(Built::Operator(Box::new(Grep { pattern: Arc::new(pattern), invert: args.get_flag("v") })))
}

struct Grep {
    pattern: Arc<Pattern>,
    invert: bool,
}

impl Operator for Grep {
    fn name(&self) -> &'static str {
        "grep"
    }

    fn live(&self, output: &Live) -> Live {
        output.clone().and(["line"])
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        let Some(column) = input.fields.iter().position(|field| field.name == "line") else {
            let names: Vec<&str> = input.fields.iter().filter(|f| !f.hidden).map(|f| f.name.as_str()).collect();
            return Err(Error::usage(format!(
                "it looks at the column `line`, but here the columns are: {}; put grep before what makes them (words, \
                 count …), where the rows are still whole lines and `$1` is their first field",
                names.join(", ")
            )));
        };
        let (pattern, own) = (Arc::clone(&self.pattern), Mutex::default());
        let work = Search { pattern, own, invert: self.invert, column };
        Ok(Bound::new(input.clone(), Work::Filter(Box::new(work))))
    }
}

/// A compiled pattern.
#[derive(Clone)]
struct Pattern {
    /// For a buffer of many lines.
    lines: RegexMatcher,
    /// For a buffer of many records that end in NUL; `None`: search them one by one.
    zeros: Option<RegexMatcher>,
    /// For one record.
    record: RegexMatcher,
    /// The same, if it is nothing but a text.
    literal: Option<Needle>,
    /// Texts of which one stands in every match.
    inner: Option<AhoCorasick>,
}

impl Pattern {
    fn new(pattern: &str, any_case: bool, literal: bool) -> Result<Self> {
        // The matcher puts groups around the pattern: what is wrong with it shows only as it was written.
        if !literal && let Err(error) = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern) {
            return Err(Error::usage(format!(
                "grep cannot read the pattern: {error}\nto look for just these characters: grep -F '{pattern}'"
            )));
        }
        let mut builder = RegexMatcherBuilder::new();
        builder.case_insensitive(any_case).fixed_strings(literal);
        let lines = builder.clone().multi_line(true).line_terminator(Some(b'\n')).build(pattern);
        let lines = lines.map_err(|e| explain(pattern, &e))?;
        // A line end may be inside a record that ends in NUL.
        builder.dot_matches_new_line(true);
        let record = builder.build(pattern).map_err(|e| explain(pattern, &e))?;
        // Flags within the pattern could give `^` the meaning that only line ends have.
        let plain = literal || !pattern.contains("(?");
        let zeros = if plain { builder.line_terminator(Some(0)).build(pattern).ok() } else { None };
        let inner = if literal || !plain { None } else { inner::finder(pattern, any_case) };
        let literal = literal_of(pattern, any_case, literal).and_then(|literal| Needle::new(&literal));
        Ok(Pattern { lines, zeros, record, literal, inner })
    }

    /// The matcher that may search many records at once, if there is one.
    fn for_many(&self, delimiter: u8) -> Option<&RegexMatcher> {
        let matcher =
            if delimiter == b'\n' { Some(&self.lines) } else { self.zeros.as_ref().filter(|_| delimiter == 0) };
        // It disowns its delimiter if the pattern has anchors that mean the whole text.
        matcher.filter(|matcher| matcher.line_terminator().is_some())
    }
}

/// What a pattern looks for, if that is one text.
fn literal_of(pattern: &str, any_case: bool, literal: bool) -> Option<Vec<u8>> {
    if any_case {
        return None;
    }
    if literal {
        return Some(pattern.into());
    }
    match regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).ok()?.into_kind() {
        HirKind::Literal(Literal(bytes)) => Some(bytes.into()),
        _ => None,
    }
}

fn explain(pattern: &str, error: &grep_regex::Error) -> Error {
    match error.kind() {
        ErrorKind::NotAllowed(_) => Error::usage(format!(
            "grep cannot match the line end in {pattern:?}: it looks at each line by itself, without its end"
        )),
        _ => Error::usage(format!("grep cannot look for {pattern:?}: {error}")),
    }
}

struct Search {
    pattern: Arc<Pattern>,
    /// The clones of the threads that have searched: a matcher keeps its caches in one place, about which threads would
    /// quarrel at every hit.
    own: Mutex<Vec<(ThreadId, Arc<Pattern>)>>,
    invert: bool,
    column: usize,
}

impl Search {
    /// The pattern for this thread alone.
    fn own(&self) -> Arc<Pattern> {
        let me = thread::current().id();
        let mut own = self.own.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, pattern)) = own.iter().find(|(thread, _)| *thread == me) {
            return Arc::clone(pattern);
        }
        let pattern = Arc::new(Pattern::clone(&self.pattern));
        own.push((me, Arc::clone(&pattern)));
        pattern
    }

    fn passes(&self, pattern: &Pattern, record: &[u8]) -> bool {
        pattern.record.is_match(record).unwrap_or(false) != self.invert
    }
}

impl Filter for Search {
    fn select(&self, block: &Block, _: &BatchInfo, passed: &mut Vec<u32>) -> Result<()> {
        let Column::Text(lines) = &block.columns[self.column] else { return Ok(()) };
        let (pattern, bytes) = (self.own(), lines.data.bytes());
        let passes = |span: &Span| span.of(bytes).is_some_and(|line| self.passes(&pattern, line));
        passed.extend((0u32..).zip(&lines.spans).filter(|(_, span)| passes(span)).map(|(row, _)| row));
        Ok(())
    }

    fn searches(&self) -> bool {
        true
    }

    fn select_records(&self, raw: &Raw<'_>, passed: &mut Vec<Span>) -> Option<Option<u64>> {
        let bytes = &raw.padded[..raw.end];
        let holds = |needle: &&Needle| !needle.literal().contains(&raw.delimiter);
        if let Some(needle) = self.pattern.literal.as_ref().filter(holds).filter(|_| !self.invert) {
            return Some(Some(needle.records(bytes, raw.start, raw.delimiter, passed)));
        }
        let pattern = self.own();
        let Some(matcher) = pattern.for_many(raw.delimiter) else {
            let passes = |span: &Span| span.of(bytes).is_some_and(|record| self.passes(&pattern, record));
            passed.extend(records(bytes, raw.start, raw.delimiter).filter(passes));
            return Some(None);
        };
        let mut from = raw.start;
        while let Some(hit) = next_hit((matcher, pattern.inner.as_ref()), bytes, from, raw.delimiter) {
            if self.invert {
                passed.extend(records(&bytes[..hit.start as usize], from, raw.delimiter));
            } else {
                passed.push(hit);
            }
            from = hit.start as usize + hit.len as usize + 1;
        }
        if self.invert {
            passed.extend(records(bytes, from, raw.delimiter));
        }
        Some(None)
    }
}

/// The first record of `bytes` that matches, among those that begin at `from` or later. `inner`: see [`Pattern::inner`].
fn next_hit(
    (matcher, inner): (&RegexMatcher, Option<&AhoCorasick>),
    bytes: &[u8],
    mut from: usize,
    delimiter: u8,
) -> Option<Span> {
    while from < bytes.len() {
        let kind = match inner {
            Some(inner) => LineMatchKind::Candidate(inner.find(&bytes[from..])?.start()),
            None => matcher.find_candidate_line(&bytes[from..]).ok()??,
        };
        let (LineMatchKind::Confirmed(offset) | LineMatchKind::Candidate(offset)) = kind;
        let at = from + offset;
        let start = memrchr(delimiter, &bytes[from..at]).map_or(from, |place| from + place + 1);
        if start == bytes.len() {
            return None;
        }
        let end = memchr(delimiter, &bytes[at..]).map_or(bytes.len(), |place| at + place);
        let sure = matches!(kind, LineMatchKind::Confirmed(_));
        if sure || matcher.is_match(&bytes[start..end]).unwrap_or(false) {
            return Some(Span::range(start, end));
        }
        from = end + 1;
    }
    None
}

/// The records of `bytes` from `from` on, without their delimiters.
fn records(bytes: &[u8], mut from: usize, delimiter: u8) -> impl Iterator<Item = Span> {
    std::iter::from_fn(move || {
        let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
        let end = from + memchr(delimiter, rest).unwrap_or(rest.len());
        let span = Span::range(from, end);
        from = end + 1;
        Some(span)
    })
}

#[cfg(test)]
mod tests;
