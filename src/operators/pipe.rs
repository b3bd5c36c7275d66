//! `pipe -- COMMAND ARG…`: a batch through a child's stdin and stdout. One child a batch, fed by a thread of its own while
//! the calling thread reads what it answers, so that full pipes hold nobody up; it is reaped before the batch goes on.

use std::ffi::OsString;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::Arc;

use clap::{Arg, ArgMatches, Command, value_parser};
use memchr::memrchr;

use super::support::commands;
use super::{Bound, Built, Entry, Example, Operator, WholeBatch, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::rows::Rows;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result, describe_end};
use crate::expr::Context;
use crate::formats::{self, Input, Output};

/// `pipe`, as the command line knows it.
pub const ENTRY: Entry = Entry {
    name: "pipe",
    command,
    build,
    examples: &[
        Example {
            what: "each batch through another command",
            command: "streamer pipe -- tr a-z A-Z",
            input: "one\ntwo\n",
            output: "ONE\nTWO\n",
        },
        Example {
            what: "several commands, by a shell",
            command: "streamer words then pipe -- sh -c 'sort -r | head -n 2'",
            input: "a c b\n",
            output: "c\nb\n",
        },
    ],
};

fn command() -> Command {
    Command::new("pipe")
        .about("each batch through a command's stdin and stdout")
        .long_about(
            "Runs COMMAND once for each batch, an empty one too. It gets the rows on stdin, as `--out text` prints them: \
             columns joined by a tab, null as nothing. Each line that it writes is a row of the one column `line`. No \
             shell stands between: write `sh -c '…'` for one. It need not read everything; if it fails, the run ends \
             with status 1. Ctrl-C does not reach it, so that the open batch is finished.",
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .required(true)
                .last(true)
                .num_args(1..)
                .value_parser(value_parser!(OsString))
                .help("The command and its arguments"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let words = args.get_many::<OsString>("command").into_iter().flatten().cloned().collect();
    Ok(Built::Operator(Box::new(Pipe { words })))
}

struct Pipe {
    words: Vec<OsString>,
}

impl Operator for Pipe {
    fn name(&self) -> &'static str {
        "pipe"
    }

    fn live(&self, _: &Live) -> Live {
        Live::all()
    }

    fn bind(&self, input: &Schema, output: &Live, _: &Context) -> Result<Bound> {
        let [command, args @ ..] = &self.words[..] else {
            return Err(Error::usage("pipe needs a command: `pipe -- sort -u`"));
        };
        commands::find(self.name(), command)?;
        let rows = formats::text_output(input);
        let answer = formats::text_input(b'\n');
        let schema = Schema { records: false, ..answer.schema(output)? };
        let work = Run { command: command.clone(), args: args.to_vec(), rows, answer, schema: schema.clone() };
        Ok(Bound::new(schema, Work::WholeBatch(Box::new(work))))
    }

    fn keeps(&self) -> String {
        "the rows of the batch, and what the command answers".into()
    }
}

struct Run {
    command: OsString,
    args: Vec<OsString>,
    /// How rows are printed.
    rows: Box<dyn Output>,
    /// How the answer is cut ...
    answer: Arc<dyn Input>,
    /// ... and into which columns.
    schema: Schema,
}

impl WholeBatch for Run {
    fn run(&self, blocks: Vec<Block>, batch: &BatchInfo, _: &mut Rows) -> Result<Vec<Block>> {
        let mut command = std::process::Command::new(&self.command);
        // A process group of its own: an interrupt typed at the terminal is ours to handle.
        command.args(&self.args).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let child = command.spawn().map_err(|e| self.error("cannot run", &e))?;
        let mut child = Reaped(child);
        let (stdin, stdout) = (child.0.stdin.take(), child.0.stdout.take());
        let answer = std::thread::scope(|scope| {
            let feed = move || stdin.map_or(Ok(()), |stdin| self.feed(&blocks, batch, stdin));
            let feeder = std::thread::Builder::new().name("pipe".into()).spawn_scoped(scope, feed);
            let feeder = feeder.map_err(|e| self.error("cannot start a thread to feed", &e))?;
            let answer = stdout.map_or(Ok(Vec::new()), |stdout| self.read(stdout));
            if answer.is_err() {
                // It may go on reading for ever, and the feeder with it.
                let _ = child.0.kill();
            }
            let fed = feeder.join().unwrap_or(Ok(()));
            answer.and_then(|answer| fed.map_err(|e| self.error("cannot write to", &e)).map(|()| answer))
        })?;
        let status = child.0.wait().map_err(|e| self.error("cannot wait for", &e))?;
        if status.success() {
            return Ok(answer);
        }
        Err(Error::failed(format!("pipe: the command `{}` {}", self.command.display(), describe_end(status))))
    }
}

/// Kills the child and waits for it if it is left in any way but by its own end.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Of about how many bytes a block of the answer is made.
const CHUNK: usize = 256 * 1024;

impl Run {
    fn error(&self, attempted: &str, found: &std::io::Error) -> Error {
        Error::io(format!("pipe {attempted} `{}`", self.command.display()), found)
    }

    /// Writes the rows. A child that stops reading has had enough: that is no error.
    fn feed(&self, blocks: &[Block], batch: &BatchInfo, mut to: impl Write) -> std::io::Result<()> {
        let mut text = Vec::new();
        for block in blocks {
            text.clear();
            self.rows.rows(block, batch, &mut text);
            match to.write_all(&text) {
                Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
        Ok(())
    }

    fn read(&self, mut from: impl Read) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        let mut bytes = Vec::new();
        loop {
            let length = bytes.len();
            let read = from
                .by_ref()
                .take(CHUNK as u64)
                .read_to_end(&mut bytes)
                .map_err(|e| self.error("cannot read from", &e))?;
            if read == 0 {
                break;
            }
            if let Some(end) = memrchr(b'\n', &bytes[length..]) {
                let rest = bytes.split_off(length + end + 1);
                blocks.push(self.lines(std::mem::replace(&mut bytes, rest), blocks.len()));
            } else if bytes.len() > u32::MAX as usize / 2 {
                let message = format!("pipe: the command `{}` wrote a line of over 2 GiB", self.command.display());
                return Err(Error::failed(message));
            }
        }
        if !bytes.is_empty() {
            blocks.push(self.lines(bytes, blocks.len()));
        }
        Ok(blocks)
    }

    /// The block of the lines of `bytes`, the last of them ended or not.
    fn lines(&self, bytes: Vec<u8>, order: usize) -> Block {
        let data = Arc::new(Buffer::from_vec(bytes));
        let mut records = Vec::new();
        self.answer.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        let rows = records.len();
        let columns = self.answer.cut(&data, records, &self.schema).columns;
        Block { rows, columns, order: order as u64, ..Block::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::{Cell, Column};
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::data::time::Time;

    const BATCH: BatchInfo = BatchInfo { id: 0, start: Time(0), end: Time(1000), redo: false };

    fn pipe(command: &[&str]) -> Pipe {
        let args = self::command().try_get_matches_from([&["pipe", "--"], command].concat()).unwrap();
        Pipe { words: args.get_many::<OsString>("command").unwrap().cloned().collect() }
    }

    fn run_with(command: &[&str], schema: &Schema, blocks: Vec<Block>) -> Result<Vec<String>> {
        let bound = pipe(command).bind(schema, &Live::all(), &Context::default())?;
        assert_eq!(bound.schema, Schema { fields: vec![Field::shown("line")], ..Schema::default() });
        let mut bound = bound;
        let Work::WholeBatch(work) = bound.work.remove(0) else { panic!("another kind of work") };
        let blocks = work.run(blocks, &BATCH, &mut Rows::default())?;
        assert!(blocks.is_sorted_by_key(|block| block.order));
        let texts = blocks.iter().flat_map(|block| (0..block.rows).map(|row| block.columns[0].cell(row)));
        let text =
            |cell| if let Cell::Text(text) = cell { String::from_utf8_lossy(text).into_owned() } else { "?".into() };
        Ok(texts.map(text).collect())
    }

    fn run(command: &[&str], rows: &[&str]) -> Result<Vec<String>> {
        let schema = Schema { fields: vec![Field::shown("line")], records: true, ..Schema::default() };
        let block = block_of(&[rows.iter().map(|row| Some(row.as_bytes())).collect()]);
        run_with(command, &schema, vec![block.clone(), block])
    }

    #[test]
    fn lines_go_through_in_order() {
        assert_eq!(run(&["cat"], &["a", "", "b\r"]).unwrap(), ["a", "", "b\r", "a", "", "b\r"]);
        assert_eq!(
            run(&["printf", "%s", "a\n\nb"], &[]).unwrap(),
            ["a", "", "b"],
            "a last line without its end counts"
        );
        assert_eq!(run(&["sh", "-c", "wc -l | tr -d ' '"], &[]).unwrap(), ["0"], "an empty batch is a batch");
    }

    #[test]
    fn columns_are_joined_by_a_tab_as_text_output_does() {
        let mut block = block_of(&[vec![Some(b"a"), None], vec![Some(b"x"), Some(b"y")]]);
        block.columns.push(Column::ints(vec![1, -2]));
        let fields = vec![Field::shown("word"), Field::hidden("$2"), Field::shown("count")];
        let schema = Schema { fields: fields.clone(), ..Schema::default() };
        assert_eq!(run_with(&["cat"], &schema, vec![block]).unwrap(), ["a\t1", "\t-2"]);
        let columns = vec![vec![Some(&b"1"[..])], vec![Some(b"whole line")]];
        let schema =
            Schema { fields: vec![Field::shown("a"), Field::shown("line")], records: true, ..Schema::default() };
        assert_eq!(run_with(&["cat"], &schema, vec![block_of(&columns)]).unwrap(), ["whole line"]);
    }

    #[test]
    fn more_than_the_pipes_hold_goes_through() {
        let line = "x".repeat(999);
        let rows = vec![line.as_str(); 3000];
        assert_eq!(run(&["cat"], &rows).unwrap(), [&rows[..], &rows[..]].concat());
    }

    #[test]
    fn a_command_that_reads_only_the_beginning_is_no_failure() {
        let rows = vec!["a line of some length"; 50_000];
        assert_eq!(run(&["head", "-n", "1"], &rows).unwrap(), ["a line of some length"]);
        assert_eq!(run(&["true"], &rows).unwrap(), [""; 0]);
    }

    #[test]
    fn a_command_that_fails_ends_the_run() {
        let error = run(&["sh", "-c", "exit 3"], &["a"]).unwrap_err();
        assert_eq!(error.exit_status(), 1);
        assert!(error.to_string().contains("`sh` failed with exit status 3"), "{error}");
        let error = run(&["sh", "-c", "kill -9 $$"], &["a"]).unwrap_err();
        assert!(error.to_string().contains("SIGKILL"), "{error}");
    }

    #[test]
    fn a_command_that_is_not_there_is_told_before_anything_runs() {
        let bound = pipe(&["no-such-command-here"]).bind(&Schema::default(), &Live::all(), &Context::default());
        assert!(bound.err().unwrap().to_string().contains("no such command in PATH"));
    }

    #[test]
    fn a_command_stands_behind_two_dashes() {
        assert!(command().try_get_matches_from(["pipe", "sort"]).is_err());
        assert!(command().try_get_matches_from(["pipe", "--"]).is_err());
        assert_eq!(pipe(&["sort", "-r", "--", "-x"]).words, ["sort", "-r", "--", "-x"]);
    }
}
