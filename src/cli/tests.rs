//! A small registry whose operators only remember their arguments, and the grammar tried on it.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::*;
use crate::data::schema::{Live, Schema};
use crate::error::Error;
use crate::expr::Context;
use crate::formats::Stamp;
use crate::io::Color;
use crate::operators::{Bound, Built, Example, Work};

/// The operators of these tests.
pub static REGISTRY: &[Entry] = &[
    entry("words", || Command::new("words").about("Split lines into words").arg(Arg::new("COLUMN")), NO_EXAMPLES),
    entry(
        "grep",
        grep,
        &[Example {
            what: "Lines with an error",
            command: "streamer grep error",
            input: "ok\nan error\n",
            output: "an error\n",
        }],
    ),
    entry("sample", || Command::new("sample").about("Some of the rows").arg(needed("FRACTION")), NO_EXAMPLES),
    entry("count", || Command::new("count").about("Count rows").arg(Arg::new("by").long("by")), NO_EXAMPLES),
    entry("head", || Command::new("head").about("The first rows").arg(needed("N")), NO_EXAMPLES),
    entry("tail", || Command::new("tail").about("The last rows").arg(needed("N")), NO_EXAMPLES),
    entry(
        "pipe",
        || Command::new("pipe").about("Through a command").arg(needed("COMMAND").num_args(1..).last(true)),
        NO_EXAMPLES,
    ),
    Entry {
        name: "wordcount",
        command: || Command::new("wordcount").about("Count words"),
        build: |_| Ok(Built::Chain(["words", "then", "count", "--by", "word"].map(String::from).to_vec())),
        examples: NO_EXAMPLES,
    },
];

mod habits;

const NO_EXAMPLES: &[Example] = &[];

const fn entry(name: &'static str, command: fn() -> Command, examples: &'static [Example]) -> Entry {
    Entry { name, command, build, examples }
}

fn needed(name: &'static str) -> Arg {
    Arg::new(name).required(true)
}

fn grep() -> Command {
    let flag = |name: &'static str, short| Arg::new(name).short(short).long(name).action(ArgAction::SetTrue);
    let args = [flag("invert", 'v'), flag("ignore-case", 'i'), needed("PATTERN")];
    Command::new("grep").about("Lines that match").args(args)
}

/// An operator that remembers its values.
struct Fake(String);

fn build(matches: &ArgMatches) -> Result<Built> {
    let own = ["COLUMN", "invert", "ignore-case", "PATTERN", "FRACTION", "by", "N", "COMMAND"];
    let mut seen = Vec::new();
    for id in own {
        if let Ok(Some(values)) = matches.try_get_raw(id) {
            let values: Vec<_> = values.map(|v| v.to_string_lossy()).filter(|v| v != "false").collect();
            if !values.is_empty() {
                seen.push(format!("{id}={}", values.join(" ")));
            }
        }
    }
    if seen == ["FRACTION=-0.5"] {
        return Err(Error::usage("sample: a fraction is between 0 and 1"));
    }
    Ok(Built::Operator(Box::new(Fake(seen.join(",")))))
}

impl Operator for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn live(&self, output: &Live) -> Live {
        output.clone()
    }
    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        Ok(Bound::new(input.clone(), Work::Tee(String::new(), None)))
    }
    fn keeps(&self) -> String {
        self.0.clone()
    }
}

fn parsed(args: &[&str]) -> Result<Parsed> {
    let args: Vec<OsString> = std::iter::once(&"streamer").chain(args).map(OsString::from).collect();
    parse_with(REGISTRY, &args, &HashMap::new())
}

fn run(args: &[&str]) -> Invocation {
    match parsed(args) {
        Ok(Parsed::Run(invocation)) => *invocation,
        Ok(Parsed::Show(text)) => panic!("{args:?} shows {text}"),
        Err(error) => panic!("{args:?} is refused: {error}"),
    }
}

fn shown(args: &[&str]) -> String {
    match parsed(args) {
        Ok(Parsed::Show(text)) => text,
        Ok(Parsed::Run(_)) => panic!("{args:?} runs"),
        Err(error) => panic!("{args:?} is refused: {error}"),
    }
}

/// The text of a usage error.
#[track_caller]
fn refused(args: &[&str]) -> String {
    match parsed(args) {
        Err(Error::Usage(text)) => text,
        Err(other) => panic!("{args:?} fails otherwise: {other}"),
        Ok(_) => panic!("{args:?} is accepted"),
    }
}

fn words(args: &[&str]) -> String {
    run(args).words.join(" ")
}

fn operators(args: &[&str]) -> Vec<String> {
    run(args).chain.iter().map(|o| o.keeps()).collect()
}

#[test]
fn only_the_word_then_separates_operators() {
    assert_eq!(operators(&["words", "then", "head", "5"]), ["", "N=5"]);
    assert_eq!(operators(&["grep", "then x", "then", "grep", "Then"]), ["PATTERN=then x", "PATTERN=Then"]);
    assert_eq!(operators(&["pipe", "--", "sort", "-r", "then", "words"]), ["COMMAND=sort -r", ""]);
}

#[test]
fn global_options_stand_anywhere() {
    for args in [
        &["--batch", "2s", "-q", "words", "then", "head", "5"][..],
        &["words", "--batch", "2s", "then", "-q", "head", "5"],
        &["words", "then", "--batch=2s", "head", "-q", "5"],
        &["words", "then", "head", "5", "-q", "--batch", "2s"],
    ] {
        let run = run(args);
        assert_eq!(run.globals.batch, Some(Cut::Interval(Duration::from_secs(2))), "{args:?}");
        assert!(run.globals.quiet, "{args:?}");
        assert_eq!(run.words.join(" "), "words then head 5", "{args:?}");
    }
}

#[test]
fn sources_and_sinks_add_up_in_order() {
    let run = run(&["--from", "a", "words", "--from=b", "--to", "x", "then", "--from", "-", "head", "1", "--to", "-"]);
    assert_eq!(run.globals.from, ["a", "b", "-"]);
    assert_eq!(run.globals.to, ["x", "-"]);
}

#[test]
fn another_global_given_twice_must_agree() {
    let twice = refused(&["--batch", "1s", "words", "--batch", "2s"]);
    assert!(twice.contains("`1s`") && twice.contains("`2s`"), "{twice}");
    assert!(refused(&["words", "--out", "csv", "--out", "json"]).contains("`json`"));
    assert!(run(&["-0", "-0", "--batch", "1s", "words", "--null", "--batch", "1s"]).globals.null);
}

#[test]
fn the_values_of_all_globals_arrive() {
    let globals = run(&[
        "words",
        "--batches",
        "3",
        "--once",
        "--tz",
        "Europe/Berlin",
        "--tick",
        "^-",
        "--start",
        "1970-01-01T00:00:01Z",
        "--in",
        "text",
        "--max-record",
        "1KiB",
        "--max-rate",
        "9",
        "--out",
        "spark",
        "--time",
        "both",
        "--limit",
        "7",
        "--shards",
        "2",
        "--stats",
        "s.json",
        "--strict",
        "--verbose",
        "--color",
        "never",
        "--explain",
    ])
    .globals;
    assert_eq!((globals.batches, globals.max_record, globals.max_rate), (Some(3), 1024, Some(9)));
    assert_eq!((globals.limit, globals.shards, globals.color), (7, Some(2), Color::Never));
    assert_eq!(globals.start.map(|t| t.0), Some(1000));
    assert_eq!(globals.zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!((globals.out.as_deref(), globals.time), (Some("spark"), Some(Stamp::Both)));
    assert!(globals.once && globals.strict && globals.verbose && globals.explain && globals.tick.is_some());
    assert_eq!(globals.stats.unwrap().to_str(), Some("s.json"));
}

#[test]
fn wrong_values_of_globals_are_named_with_the_fix() {
    assert!(refused(&["words", "--batch", "5"]).contains("durations need a unit, for example --batch 5s"));
    assert!(refused(&["words", "--batch", "-5s"]).starts_with("`--batch -5s`"));
    assert!(refused(&["words", "--max-record", "5"]).contains("5MiB"));
    assert!(refused(&["words", "--in", "jsn"]).contains("there is no format `jsn`"));
    assert!(refused(&["words", "--out", "jsn"]).contains("did you mean `json`"));
    assert!(refused(&["words", "--tick", "("]).contains("not a regular expression"));
    assert!(refused(&["words", "--stats", ""]).contains("empty"));
    assert!(refused(&["words", "--batch"]).contains("`--batch` needs a value"));
    assert!(refused(&["words", "--batch", "--once"]).contains("`--once` follows"));
}

#[test]
fn globals_that_contradict_each_other_are_refused() {
    assert!(refused(&["words", "--start", "1970-01-01T00:00:00Z"]).contains("--tick"));
    for batch in ["all", "5lines", "1s,5lines"] {
        assert!(refused(&["words", "--tick", "x", "--batch", batch]).contains(&format!("`--batch {batch}`")));
    }
    assert!(refused(&["words", "--limit", "3"]).contains("then head N"));
    assert!(refused(&["words", "-q", "--verbose"]).contains("contradict"));
}

#[test]
fn values_may_begin_with_a_hyphen_but_options_may_not_be_unknown() {
    assert_eq!(operators(&["grep", "-x"]), ["PATTERN=-x"]);
    assert_eq!(operators(&["grep", "-vi", "-x"]), ["invert=true,ignore-case=true,PATTERN=-x"]);
    assert_eq!(operators(&["grep", "--", "--x"]), ["PATTERN=--x"]);
    assert_eq!(operators(&["grep", "--x > 3"]), ["PATTERN=--x > 3"]);
    assert_eq!(operators(&["count", "--by", "-x AS y"]), ["by=-x AS y"]);
    assert!(refused(&["sample", "-0.5"]).contains("a fraction is between"));
    assert!(refused(&["grep", "--ignore-cas", "x"]).contains("did you mean `--ignore-case`"));
    assert!(refused(&["grep", "-x", "y"]).contains("`-x` is no option here"));
    assert!(refused(&["--bach", "1s", "words"]).contains("`--batch`"));
    assert!(refused(&["-x", "words"]).contains("`-x`"));
    assert!(refused(&["words", "--by", "x"]).contains("it belongs to `count`"));
}

#[test]
fn two_hyphens_end_the_options() {
    assert_eq!(operators(&["--", "grep", "-x"]), ["PATTERN=-x"]);
    let run = run(&["pipe", "--", "sort", "--batch", "1s", "--help"]);
    assert_eq!(run.chain[0].keeps(), "COMMAND=sort --batch 1s --help");
    assert_eq!(run.globals.batch, None);
    assert_eq!(run.words.join(" "), "pipe -- sort --batch 1s --help");
}

#[test]
fn macros_are_expanded() {
    assert_eq!(words(&["wordcount", "--batch", "1s", "then", "head", "3"]), "words then count --by word then head 3");
    assert_eq!(operators(&["wordcount"]), ["", "by=word"]);
}

#[test]
fn a_trailing_file_name_is_told_where_it_belongs() {
    assert!(refused(&["wordcount", "f.txt"]).contains("unexpected argument `f.txt`. to read a file: --from f.txt"));
    assert!(refused(&["grep", "x", "my file"]).contains("--from 'my file'"));
    assert!(refused(&["f.txt", "wordcount"]).contains("--from f.txt"));
    assert!(refused(&["wordcount", "-f", "x"]).contains("--from"));
    assert!(!refused(&["head", "5", "6"]).contains("--from"));
    assert!(refused(&["wordcount", "head"]).contains("wordcount then head"));
}

#[test]
fn habits_get_a_hint() {
    assert!(refused(&["head", "-5"]).contains("write: head 5"));
    assert!(refused(&["tail", "-n", "5"]).contains("write: tail 5"));
    assert!(refused(&["tail", "-n5"]).contains("write: tail 5"));
    assert!(refused(&["grep", "then"]).contains("grep '[t]hen'"));
    assert!(refused(&["grep", "-v", "then", "then", "words"]).contains("grep '[t]hen'"));
    assert!(refused(&["count", "--by", "then", "words"]).contains("single quotes"));
    assert!(refused(&["count", "--by", "--once"]).contains("single quotes"));
    assert!(refused(&["wc"]).contains("`count`"));
    assert!(refused(&["pipe", "sort", "-r"]).contains("pipe -- sort"));
    assert!(refused(&["wrods"]).contains("`words`"));
    assert!(refused(&["words", "then", "zzz"]).contains("the operators are words, grep"));
}

#[test]
fn missing_parts_are_named() {
    assert!(refused(&[]).contains("there is no operator"));
    assert!(refused(&["--batch", "1s"]).contains("usage: streamer"));
    assert!(refused(&["head"]).contains("N is missing"));
    for args in [&["then"][..], &["words", "then"], &["then", "words"], &["words", "then", "then", "words"]] {
        assert!(refused(args).contains("beside a `then`"), "{args:?}");
    }
    assert!(refused(&["--once", "then", "words"]).contains("beside a `then`"));
}

#[test]
fn errors_point_to_the_help_of_the_operator() {
    assert!(refused(&["head"]).ends_with("see: streamer head --help"));
    assert!(refused(&["sample", "-0.5"]).ends_with("see: streamer sample --help"));
    for global in [&["words", "--in", "x"][..], &["words", "--batch"], &["words", "--out"]] {
        assert!(!refused(global).contains("words"), "a global option is none of the operator's");
    }
    assert_eq!(pointing_to_help("x"), "x\nsee: streamer --help");
    assert_eq!(pointing_to_help("x --help"), "x --help");
}

#[test]
fn an_argument_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let args = ["streamer".into(), "grep".into(), OsString::from_vec(vec![0xff])];
    let error = parse_with(REGISTRY, &args, &HashMap::new()).err().unwrap();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
}

#[test]
fn help_is_answered_wherever_it_stands() {
    assert!(shown(&["-h"]).len() < shown(&["--help"]).len());
    assert!(shown(&["--batch", "1s", "--help"]).contains("Exit status"));
    assert!(shown(&["grep", "--help"]).contains("Usage: streamer grep"));
    assert!(shown(&["words", "then", "grep", "-h"]).contains("Usage: streamer grep"));
    assert!(shown(&["head", "then", "grep", "-h"]).contains("Usage: streamer grep"), "though head lacks its number");
    assert!(shown(&["help"]).contains("Exit status"));
    assert!(shown(&["help", "grep"]).contains("Usage: streamer grep"));
    assert!(refused(&["help", "gerp"]).contains("`grep`"));
    assert!(shown(&["help", "functions"]).contains("substring(text"));
    assert!(shown(&["help", "functions", "substring"]).starts_with("substring(text"));
    assert!(refused(&["help", "functions", "substrin"]).contains("`substring`"));
    assert_eq!(shown(&["--version"]).lines().count(), 1);
    assert_eq!(shown(&["-V"]), shown(&["--version"]));
}

/// A chain file of these bytes.
fn file(text: &[u8]) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.chain");
    std::fs::write(&path, text).unwrap();
    (directory, path.to_str().unwrap().to_string())
}

#[test]
fn a_chain_file_holds_an_operator_a_line() {
    let text = b"# count\n\n--batch 2s\nwords\r\n  # indented\ngrep 'a #b' --from #x\nwordcount --from y then head 5\n";
    let (_directory, path) = file(text);
    let run = run(&["--chain", &path, "--from", "w"]);
    assert_eq!(run.words.join("|"), "words|then|grep|a #b|then|words|then|count|--by|word|then|head|5");
    assert_eq!(run.globals.batch, Some(Cut::Interval(Duration::from_secs(2))));
    assert_eq!(run.globals.from, ["w", "#x", "y"]);
}

#[test]
fn what_is_wrong_in_a_chain_file_is_named_with_its_line() {
    for (text, line, says) in [
        (&b"words\nhaed 5\n"[..], 2, "`head`"),
        (b"\n\ngrep 'x\n", 3, "a quote is not closed"),
        (b"words\n\nhead\n", 3, "N is missing"),
        (b"words then\n", 1, "beside a `then`"),
        (b"words\n--batch 5\n", 2, "need a unit"),
        (b"--chain x\nwords\n", 1, "leave --chain out"),
        (b"words --once\n--batch 1s\n--batch 2s", 3, "given twice"),
    ] {
        let (_directory, path) = file(text);
        let error = refused(&["--chain", &path]);
        assert!(error.starts_with(&format!("{path}, line {line}: ")), "{error}");
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_chain_file_stands_alone_and_is_not_empty() {
    let (_directory, path) = file(b"words\n");
    assert!(refused(&["--chain", &path, "head", "5"]).contains("`head`"));
    let (_directory, path) = file(b"# nothing\n--once\n");
    assert!(refused(&["--chain", &path]).contains("no operator in it"));
    let error = parsed(&["--chain", "/nowhere/x"]).err().unwrap();
    assert_eq!(error.exit_status(), 1);
    assert!(error.to_string().contains("`/nowhere/x`: no such file"), "{error}");
}
