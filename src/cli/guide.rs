//! What `--help` and the man page say beside the options: the model, sources, sinks, exit status, examples.

use crate::formats::{INPUTS, OUTPUTS};
use crate::operators::Example;
use crate::{sinks, sources};

/// How it is called.
pub const USAGE: &str = "streamer [OPTIONS] OPERATOR [ARGS] [then OPERATOR [ARGS]]...";

/// In a line.
pub const ABOUT: &str = "Spark Streaming for the shell: runs operators on each timed batch of its input";

/// The model. Paragraphs are wrapped to the page.
pub const MODEL: &str = "\
Spark Streaming for the shell: cuts its input into timed batches and runs a chain of operators on each.

A record is one unit of the input: a line, a row of csv, a JSON object. A batch is every record received in one interval; \
batches end at multiples of the interval since the epoch, and the time of a batch is its end. Every batch is produced, in \
order, the empty ones too. Operators, separated by the word `then`, turn the rows of a batch into other rows. What comes out \
of the last one is written at the end of each batch, or at once where each row stands for itself, and flushed then and \
whenever the input runs dry. At the end of the input, or on a signal, the last batch is printed.

The work is done on all processors. The result is the same, byte for byte, for any --shards, any size of read and any timing \
inside the batch: whatever depends on an order uses that of the records (by source, then position).

Columns are named: `line` is the whole record, `$1 ... $N` are its fields, which white space separates in text (write them in \
single quotes, or the shell takes them); formats with named columns have those, and operators add others, such as `word` and \
`count`. Options may stand anywhere in the chain. `--` ends the options of an operator.";

/// Behind the input formats.
const READING: &str = "\
--in FORMAT holds for every source whose file extension says nothing else; ?in=FORMAT behind a source (file:PATH?in=csv) is for that \
source alone. `line` is always the whole record, and $1 ... $N are its fields. Only the columns that the chain names are cut out of \
a record. Where csv and tsv have no header line, --header a,b,c names the columns; ?header=a,b,c those of one source.

A record that does not fit its format is left out and counted: the first three are shown on standard error with source and line \
number, the others as one total at the end. --bad FILE keeps them as they came, --strict makes the first one an error.";

/// A name, and what it means.
type Row = (&'static str, &'static str);

const STATUS: &[Row] = &[
    ("0", "it ran, also if there were no rows, and if the reader of standard output went away"),
    ("1", "it failed: a source, a sink, or a bad record with --strict"),
    ("2", "the command line is wrong"),
    ("N", "alarm --exit N ended it"),
];

const SIGNALS: &[Row] = &[
    (
        "INT, TERM, HUP",
        "stop reading, print the open batch, end by the signal (130, 143, 129 in a shell); a second one ends at once (within a quarter of a second it counts as the same)",
    ),
    ("USR1", "print the statistics on standard error"),
];

const ENVIRONMENT: &[Row] = &[
    ("NO_COLOR", "if set and not empty: no colours"),
    ("CLICOLOR_FORCE", "colours even where there is no terminal"),
    (
        "COMPLETE",
        "bash, zsh or fish: print the script of completions for that shell, to be used so: source <(COMPLETE=bash streamer)",
    ),
];

/// The sections behind the options: heading, and text that is laid out already.
pub fn sections() -> Vec<(&'static str, String)> {
    let sources: Vec<Row> = sources::REGISTRY.iter().map(|s| (s.form, s.about)).collect();
    let sinks: Vec<Row> = sinks::REGISTRY.iter().map(|s| (s.form, s.about)).collect();
    let inputs: Vec<Row> = INPUTS.iter().map(|f| (f.name, f.about)).collect();
    let formats: Vec<Row> = OUTPUTS.iter().map(|f| (f.name, f.about)).collect();
    let sections = [
        ("Sources", &sources[..]),
        ("Input formats", &inputs),
        ("Sinks", &sinks),
        ("Output formats", &formats),
        ("Exit status", STATUS),
        ("Signals", SIGNALS),
        ("Environment", ENVIRONMENT),
    ];
    let behind = |heading| if heading == "Input formats" { paragraphs(READING) } else { String::new() };
    sections.into_iter().map(|(heading, rows)| (heading, table(rows) + &behind(heading))).collect()
}

/// Text, each paragraph under an empty line and wrapped.
fn paragraphs(text: &str) -> String {
    text.split("\n\n").map(|paragraph| format!("\n{}", wrapped(String::new(), 0, paragraph))).collect()
}

/// How wide text is laid out.
const WIDTH: usize = 76;

/// Rows in two columns, the right one wrapped.
fn table(rows: &[Row]) -> String {
    const LEFT: usize = 21;
    rows.iter().map(|(name, meaning)| wrapped(format!("{name:LEFT$}"), LEFT, meaning)).collect()
}

/// Words behind what the first line begins with, in lines that begin with so many blanks (and one more, if any).
pub(super) fn wrapped(mut line: String, left: usize, words: &str) -> String {
    let mut text = String::new();
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(left);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// Examples of whole commands, run as tests.
pub static EXAMPLES: &[Example] = &[
    Example {
        what: "count the words of a text",
        command: "streamer wordcount",
        input: "to be or not to be\n",
        output: "be\t2\nnot\t1\nor\t1\nto\t2\n",
    },
    Example {
        what: "the two most frequent words",
        command: "streamer words then count --by word then top 2 count",
        input: "a b a\nc a b\n",
        output: "a\t3\nb\t2\n",
    },
    Example {
        what: "how many lines mention an error, in whatever case",
        command: "streamer grep -i error then count",
        input: "ok\nan error\nERROR 7\n",
        output: "2\n",
    },
    Example {
        what: "one CSV row for each first field",
        command: "streamer count --by '$1' --out csv",
        input: "GET /a\nPUT /b\nGET /c\n",
        output: "$1,count\nGET,2\nPUT,1\n",
    },
    Example {
        what: "a replay: an empty line ends each second",
        command: "streamer wordcount --tick '^$'",
        input: "a b\n\nb\n",
        output: "1970-01-01T00:00:01.000Z\ta\t1\n1970-01-01T00:00:01.000Z\tb\t1\n1970-01-01T00:00:02.000Z\tb\t1\n",
    },
];

/// Commands to begin with, for the short help: they read live input, so no test runs them.
pub const SHORT_EXAMPLES: &str = "  nc -lk 9999 | streamer wordcount --batch 1s
  streamer --from 'logs/*.gz' words then count --by word then top 10 count";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_their_columns() {
        let long = "word word word word word word word word word word word word word word";
        let text = table(&[("a", "b"), ("c", long)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("a{}b", " ".repeat(21)));
        assert!(lines.len() == 3 && lines[2].starts_with(&" ".repeat(22)), "{text}");
        assert!(lines.iter().all(|l| l.len() <= 76), "{text}");
    }

    /// Every input format is explained, and so is what becomes of records that do not fit.
    #[test]
    fn input_formats_are_explained() {
        let sections = sections();
        let (_, text) = sections.iter().find(|(heading, _)| *heading == "Input formats").unwrap();
        for format in INPUTS {
            assert!(text.lines().any(|line| line.split(' ').next() == Some(format.name)), "{}", format.name);
        }
        for word in ["--header", "--bad", "--strict", "?in="] {
            assert!(text.contains(word), "{word}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH) && text.contains("\n\nA record"), "{text}");
    }
}
