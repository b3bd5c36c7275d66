//! `grep PATTERN`: the rows whose `line` matches. Runs on the shards. At the head of a chain of text a whole buffer is
//! searched at once and lines are looked for around the hits only, so that lines without a hit cost nothing.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use clap::{Arg, ArgAction, ArgMatches, Command};
use grep_matcher::{LineMatchKind, Matcher};
use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};
use memchr::{memchr, memrchr};

use super::{Bound, Built, Entry, Example, Filter, Operator, Raw, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span};
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
        Ok(Pattern { lines, zeros, record })
    }

    /// The matcher that may search many records at once, if there is one.
    fn for_many(&self, delimiter: u8) -> Option<&RegexMatcher> {
        let matcher =
            if delimiter == b'\n' { Some(&self.lines) } else { self.zeros.as_ref().filter(|_| delimiter == 0) };
        // It disowns its delimiter if the pattern has anchors that mean the whole text.
        matcher.filter(|matcher| matcher.line_terminator().is_some())
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

    fn select_records(&self, raw: &Raw<'_>, passed: &mut Vec<Span>) -> Option<()> {
        let bytes = &raw.padded[..raw.end];
        let pattern = self.own();
        let Some(matcher) = pattern.for_many(raw.delimiter) else {
            let passes = |span: &Span| span.of(bytes).is_some_and(|record| self.passes(&pattern, record));
            passed.extend(records(bytes, raw.start, raw.delimiter).filter(passes));
            return Some(());
        };
        let mut from = raw.start;
        while let Some(hit) = next_hit(matcher, bytes, from, raw.delimiter) {
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
        Some(())
    }
}

/// The first record of `bytes` that matches, among those that begin at `from` or later.
fn next_hit(matcher: &RegexMatcher, bytes: &[u8], mut from: usize, delimiter: u8) -> Option<Span> {
    while from < bytes.len() {
        let kind = matcher.find_candidate_line(&bytes[from..]).ok()??;
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
mod tests {
    use super::*;
    use crate::data::buffer::PAD;
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::operators::testing::BATCH;
    use proptest::prelude::*;

    fn search(args: &[&str]) -> Box<dyn Filter> {
        let args = command().try_get_matches_from(std::iter::once(&"grep").chain(args)).unwrap();
        let Ok(Built::Operator(grep)) = build(&args) else { panic!("no operator") };
        let schema = Schema { fields: vec![Field::shown("line")], records: true, ..Schema::default() };
        match grep.bind(&schema, &Live::all(), &Context::default()).unwrap().work.remove(0) {
            Work::Filter(filter) => filter,
            _ => panic!("no filter"),
        }
    }

    /// What passes of a text at the head of a chain. Other records stand before and behind it in the buffer.
    fn pass_records(args: &[&str], text: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
        let mut padded = b"before error\n".to_vec();
        padded[12] = delimiter;
        let start = padded.len();
        padded.extend_from_slice(text);
        let end = padded.len();
        padded.extend_from_slice(&[b'x'; PAD]);
        let mut passed = Vec::new();
        search(args).select_records(&Raw { padded: &padded, start, end, delimiter }, &mut passed).unwrap();
        passed.iter().map(|span| span.of(&padded).unwrap().to_vec()).collect()
    }

    /// What passes of the same records, one by one.
    fn pass_rows(args: &[&str], text: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
        let lines = text.strip_suffix(&[delimiter]).unwrap_or(text);
        let lines: Vec<Option<&[u8]>> =
            if text.is_empty() { Vec::new() } else { lines.split(|&b| b == delimiter).map(Some).collect() };
        let mut passed = Vec::new();
        search(args).select(&block_of(std::slice::from_ref(&lines)), &BATCH, &mut passed).unwrap();
        passed.iter().map(|&row| lines[row as usize].unwrap().to_vec()).collect()
    }

    fn pass(args: &[&str], text: &str) -> Vec<String> {
        let found = pass_records(args, text.as_bytes(), b'\n');
        assert_eq!(found, pass_rows(args, text.as_bytes(), b'\n'), "the two ways differ");
        found.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }

    #[test]
    fn lines_around_the_hits_pass() {
        assert_eq!(pass(&["b"], "abc\nx\n\nb\nxyz\ncb"), ["abc", "b", "cb"]);
        assert_eq!(pass(&["-v", "b"], "abc\nx\n\nb\nxyz\ncb"), ["x", "", "xyz"]);
        assert_eq!(pass(&["-v", "b"], "b\nb\n"), [""; 0]);
        assert_eq!(pass(&["-i", "ERROR"], "Error\nerr\n"), ["Error"]);
    }

    #[test]
    fn the_empty_pattern_passes_everything() {
        assert_eq!(pass(&[""], "a\n\n\nb\r\n\0\nlast"), ["a", "", "", "b\r", "\0", "last"]);
        assert_eq!(pass(&["-v", ""], "a\n\nb"), [""; 0]);
        assert_eq!(pass(&[""], ""), [""; 0]);
    }

    #[test]
    fn anchors_mean_the_line() {
        assert_eq!(pass(&["^b"], "ab\nb\nbc"), ["b", "bc"]);
        assert_eq!(pass(&["^$"], "a\n\nb\n\n"), ["", ""]);
        assert_eq!(pass(&[r"\Ab\z"], "ab\nb\nbc"), ["b"]);
        assert_eq!(pass(&["(?-m)^b"], "ab\nb\nbc"), ["b", "bc"]);
        assert_eq!(pass(&["c$"], "c\r\nc\n"), ["c"], "the carriage return is part of the line");
    }

    #[test]
    fn a_match_never_reaches_into_the_next_line() {
        assert_eq!(pass(&[r"a\s*b"], "a\nb\na b"), ["a b"]);
        assert_eq!(pass(&["a[^x]b"], "a\nb\nayb"), ["ayb"]);
        assert_eq!(pass(&[r"\w+foo\w+"], "foo\nafoo\nafoob\n"), ["afoob"]);
    }

    #[test]
    fn a_literal_has_no_syntax() {
        assert_eq!(pass(&["-F", "a.b(["], "axb([\na.b([\n"), ["a.b(["]);
        assert_eq!(pass(&["-F", "-i", "A.B"], "axb\na.b\n"), ["a.b"]);
        assert_eq!(pass(&["-5"], "-5\n5\n"), ["-5"]);
    }

    #[test]
    fn bytes_that_are_not_text_pass() {
        let found = pass_records(&["b"], b"\xff\xfeb\n\0b\0\n", b'\n');
        assert_eq!(found, [b"\xff\xfeb".to_vec(), b"\0b\0".to_vec()]);
    }

    #[test]
    fn records_that_end_in_nul_may_hold_lines() {
        let text = b"a\nb\0b\na\0c";
        for (pattern, expected) in
            [("^a", vec![&b"a\nb"[..]]), ("a.b", vec![b"a\nb"]), ("c", vec![b"c"]), ("(?m)^a", vec![b"a\nb", b"b\na"])]
        {
            assert_eq!(pass_records(&[pattern], text, 0), expected, "{pattern}");
            assert_eq!(pass_rows(&[pattern], text, 0), expected, "{pattern}");
        }
    }

    #[test]
    fn wrong_patterns_are_explained() {
        let error = |pattern: &str| Pattern::new(pattern, false, false).err().unwrap().to_string();
        let unclosed = error("a(b");
        assert!(unclosed.contains("    a(b\n     ^\n") && unclosed.contains("grep -F 'a(b'"), "{unclosed}");
        assert!(error("a)|(b").contains("unopened"), "{}", error("a)|(b"));
        assert!(error(r"a\nb").contains("line end"), "{}", error(r"a\nb"));
        assert!(Pattern::new("a\nb", false, true).err().unwrap().to_string().contains("line end"));
    }

    #[test]
    fn rows_without_a_line_are_a_usage_error() {
        let pattern = Arc::new(Pattern::new("x", false, false).unwrap());
        let schema = Schema { fields: vec![Field::shown("word")], ..Schema::default() };
        let error = Grep { pattern, invert: false }.bind(&schema, &Live::all(), &Context::default()).err().unwrap();
        assert_eq!(error.exit_status(), 2);
        assert!(error.to_string().contains("the columns are: word"), "{error}");
    }

    proptest! {
        #[test]
        fn many_records_at_once_are_records_one_by_one(
            text in "[ab \\n\\x00é]{0,60}",
            pattern in r"(\^|\\b|)(a|b|\.|é|ab|a\||\[\^a\]|\\s|\\w|){1,3}(\*|\+|)(\\B|\$|)",
            invert: bool, any_case: bool, zero: bool,
        ) {
            let mut args = vec!["--", &pattern];
            if invert { args.insert(0, "-v"); }
            if any_case { args.insert(0, "-i"); }
            prop_assume!(Pattern::new(&pattern, any_case, false).is_ok());
            let delimiter = if zero { 0 } else { b'\n' };
            prop_assert_eq!(
                pass_records(&args, text.as_bytes(), delimiter), pass_rows(&args, text.as_bytes(), delimiter)
            );
        }
    }
}
