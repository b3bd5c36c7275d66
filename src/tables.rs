//! What operators join with. Tables are files: opened before the plan is made, so that their columns are known; looked at and
//! read again by whichever shard needs them. All else is one more input of the run, which is opened with the others.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::data::buffer::Buffer;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::formats::Input;
use crate::messages::Messages;
use crate::operators::{Records, Right, Side, Table, Tables, Version};
use crate::sources::{self, Feed, Got, Lane, Said, Setup, Source, Stream};
use crate::stop::Stop;

/// About how many bytes are cut at once: their columns are copied while they are still in the cache.
const CHUNK: usize = 1 << 20;
/// A record must end within so many bytes, whatever `--max-record` says: columns point into a buffer with 32 bits.
const LONGEST: usize = 1 << 30;

/// What the operators of a run join with.
pub struct Files {
    said: Said,
    setup: Arc<Setup>,
    sides: Mutex<Vec<Asked>>,
}

/// A source that is to be read for a join.
pub type Asked = (Box<dyn Source>, Arc<Side>);

impl Files {
    /// Tables whose format is `said` where they do not say it themselves; `--header` is not for them.
    pub fn new(said: &Said, max_record: usize, clock: &Arc<dyn Clock>, messages: &Arc<Messages>) -> Result<Self> {
        let setup = Setup {
            clock: Arc::clone(clock),
            max_record: max_record.min(LONGEST),
            // What is appended while a table is read is for the next look at it.
            once: true,
            poll: None,
            checkpoint: None,
            // A table is read to its end for the last batch, too.
            stop: Stop::new()?,
            stdin: Mutex::new(None),
            messages: Arc::clone(messages),
        };
        let said = Said { header: None, ..said.clone() };
        Ok(Files { said, setup: Arc::new(setup), sides: Mutex::default() })
    }

    /// The sources that are no tables, in the order in which they were asked for.
    pub fn into_sides(self) -> Vec<Asked> {
        self.sides.into_inner().unwrap_or_else(|e| e.into_inner())
    }
}

impl Tables for Files {
    fn right(&self, spec: &str) -> Result<Right> {
        let said = |error| match error {
            Error::Usage(text) => Error::Usage(text.strip_prefix("--from ").unwrap_or(&text).to_string()),
            other => other,
        };
        let source = sources::parse(spec).map_err(said)?;
        let format = sources::format_of(&*source, &self.said).map_err(said)?;
        if source.files()?.is_none() {
            let side = Side::new(source.name(), format);
            self.sides.lock().unwrap_or_else(|e| e.into_inner()).push((source, Arc::clone(&side)));
            return Ok(Right::Side(side));
        }
        let mut table = FilesTable { source, format, by_head: false, setup: Arc::clone(&self.setup) };
        table.version()?;
        if let Some(first) = table.lanes()?.into_iter().next() {
            let (name, format) = (first.name.clone(), Arc::clone(&table.format));
            let tell = |record: &[u8], _| format.head(record).map_err(|error| in_file(&name, &error));
            let (_, seen) = first.peek(format.framing(), self.setup.max_record, tell)?;
            table.by_head = seen.is_some();
            table.format = seen.unwrap_or(table.format);
        }
        if table.format.schema(&Live::all()).map_err(|error| table.named(error))?.open {
            return Err(Error::failed(format!(
                "cannot join with {}: nothing tells its columns, because it is empty; give it a header or a first record",
                table.name()
            )));
        }
        Ok(Right::Table(Arc::new(table)))
    }
}

struct FilesTable {
    source: Box<dyn Source>,
    format: Arc<dyn Input>,
    /// Only the head of the first file has told which columns there are.
    by_head: bool,
    setup: Arc<Setup>,
}

impl FilesTable {
    fn paths(&self) -> Result<Vec<PathBuf>> {
        let paths = self.source.files()?;
        paths.ok_or_else(|| Error::failed(format!("cannot read {} again: it is no regular file any more", self.name())))
    }

    fn lanes(&self) -> Result<Vec<Lane>> {
        self.source.open(&self.setup, self.format.framing())
    }

    /// What only the files show to be wrong is no usage error.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::Usage(text) if self.by_head => Error::failed(format!("{}: {text}", self.name())),
            Error::Usage(text) => Error::usage(format!("{}: {text}", self.name())),
            other => other,
        }
    }
}

impl Table for FilesTable {
    fn name(&self) -> String {
        self.source.name()
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        self.format.schema(live).map_err(|error| self.named(error))
    }

    fn version(&self) -> Result<Version> {
        let mut version = String::new();
        for path in self.paths()? {
            let name = path.display();
            let seen = path.metadata().map_err(|e| Error::io(format_args!("cannot read {name}"), &e))?;
            if seen.is_dir() {
                let inside = path.join("*");
                return Err(Error::failed(format!(
                    "cannot read {name}: it is a directory, not a file; to join with the files in it: '{}'",
                    inside.display()
                )));
            }
            let (device, inode, size) = (seen.dev(), seen.ino(), seen.size());
            let _ = writeln!(version, "{name} {device} {inode} {size} {}.{}", seen.mtime(), seen.mtime_nsec());
        }
        Ok(Version(version))
    }

    fn read(&self, give: &mut dyn FnMut(&Records) -> Result<()>) -> Result<()> {
        for lane in self.lanes()? {
            if let Feed::Bytes(mut stream) = lane.feed {
                let max_record = self.setup.max_record;
                let mut reading = Reading { file: lane.name, format: Arc::clone(&self.format), line: 1, max_record };
                reading.read(&mut *stream, give)?;
            }
        }
        Ok(())
    }
}

fn in_file(name: &str, error: &Error) -> Error {
    Error::failed(format!("{name}: {error}"))
}

/// A file that is being read.
struct Reading {
    file: String,
    format: Arc<dyn Input>,
    line: u64,
    max_record: usize,
}

impl Reading {
    fn read(&mut self, stream: &mut dyn Stream, give: &mut dyn FnMut(&Records) -> Result<()>) -> Result<()> {
        let framing = self.format.framing();
        let mut bytes = Vec::new();
        let (mut filled, mut wanted, mut begun, mut ended) = (0, CHUNK, false, false);
        while !ended {
            bytes.resize(wanted, 0);
            while filled < wanted && !ended {
                match stream.read(&mut bytes[filled..], true)? {
                    Got::Bytes(count) => filled += count,
                    Got::Later => {}
                    Got::Break | Got::File | Got::Done | Got::End | Got::Stop => ended = true,
                }
            }
            bytes.truncate(filled);
            let whole = if ended { Some(filled) } else { framing.last_end(&bytes) };
            let Some(whole) = whole else {
                if filled > self.max_record {
                    return Err(self.too_long(self.line));
                }
                wanted = 2 * filled;
                continue;
            };
            let rest = bytes.split_off(whole);
            self.give(std::mem::replace(&mut bytes, rest), &mut begun, give)?;
            filled = bytes.len();
            wanted = filled + CHUNK;
        }
        Ok(())
    }

    fn give(&mut self, bytes: Vec<u8>, begun: &mut bool, give: &mut dyn FnMut(&Records) -> Result<()>) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut head = 0;
        if !std::mem::replace(begun, true) {
            let (skipped, own) = self.format.begin(&bytes).map_err(|error| in_file(&self.file, &error))?;
            head = skipped;
            self.format = own.unwrap_or_else(|| Arc::clone(&self.format));
        }
        let lines = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (line, all) = (self.line + lines(&bytes[..head]), lines(&bytes));
        let (file, format) = (self.file.clone(), Arc::clone(&self.format));
        let (range, buffer) = (head..bytes.len(), Arc::new(Buffer::from_vec(bytes)));
        give(&Records { file, format, buffer, range, line, max_record: self.max_record })?;
        self.line += all;
        Ok(())
    }

    fn too_long(&self, line: u64) -> Error {
        Error::failed(format!(
            "{}, line {line}: a record is longer than --max-record ({} bytes); a table must fit",
            self.file, self.max_record
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn files(max_record: usize) -> Files {
        let said = Said { format: None, header: None, delimiter: b'\n' };
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        Files::new(&said, max_record, &clock, &Messages::new(Box::new(std::io::sink()))).unwrap()
    }

    fn table(files: &Files, spec: &str) -> Result<Arc<dyn Table>> {
        match files.right(spec)? {
            Right::Table(table) => Ok(table),
            Right::Side(side) => panic!("{} is no table", side.name()),
        }
    }

    fn records(table: &dyn Table) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        table.read(&mut |records| {
            let mut line = records.line;
            let bytes = records.buffer.bytes();
            records.format.framing().each(bytes, records.range.start, records.range.end, |span| {
                found.push((String::from_utf8_lossy(span.of(bytes).unwrap()).into_owned(), line));
                line += 1;
            });
            Ok(())
        })?;
        Ok(found)
    }

    /// However long the records are and wherever the reads end: every record once, in order, with its line.
    #[test]
    fn all_records_of_all_files_come_in_order_with_their_lines() {
        let dir = tempfile::tempdir().unwrap();
        let long = "x".repeat(CHUNK / 3 + 7);
        let mut lines: Vec<String> = (0..10).map(|n| format!("{n}{long}")).collect();
        lines.insert(4, String::new());
        lines.insert(7, "y".repeat(3 * CHUNK));
        std::fs::write(dir.path().join("a.txt"), lines.join("\n")).unwrap();
        std::fs::write(dir.path().join("b.txt"), "last\n").unwrap();
        let table = table(&files(16 << 20), &dir.path().join("*.txt").display().to_string()).unwrap();
        let mut expected: Vec<(String, u64)> = lines.into_iter().zip(1..).collect();
        expected.push(("last".into(), 1));
        assert!(records(&*table).unwrap() == expected);
    }

    #[test]
    fn a_version_changes_with_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let glob = dir.path().join("*").display().to_string();
        std::fs::write(dir.path().join("a"), "1\n").unwrap();
        let table = table(&files(100), &glob).unwrap();
        let mut seen = vec![table.version().unwrap()];
        assert_eq!(table.version().unwrap(), seen[0]);
        std::fs::write(dir.path().join("b"), "1\n").unwrap();
        seen.push(table.version().unwrap());
        std::fs::write(dir.path().join("b"), "12\n").unwrap();
        seen.push(table.version().unwrap());
        std::fs::write(dir.path().join("c"), "12\n").unwrap();
        std::fs::rename(dir.path().join("c"), dir.path().join("b")).unwrap();
        seen.push(table.version().unwrap());
        assert!((0..seen.len()).all(|at| !seen[..at].contains(&seen[at])), "{seen:?}");
        std::fs::remove_file(dir.path().join("a")).unwrap();
        std::fs::remove_file(dir.path().join("b")).unwrap();
        assert!(table.version().unwrap_err().to_string().contains("no file matches"));
    }

    #[test]
    fn what_is_no_file_is_an_input_of_the_run() {
        let files = files(100);
        let specs = ["-", "tcp://localhost:9", "exec:true", "rate:1", "/dev/null"];
        for spec in specs {
            assert!(matches!(files.right(spec), Ok(Right::Side(_))), "{spec}");
        }
        let names: Vec<String> = files.into_sides().into_iter().map(|(source, _)| source.name()).collect();
        assert_eq!(names, ["standard input", "tcp://localhost:9", "exec:true", "rate:1", "/dev/null"]);
    }

    #[test]
    fn what_is_no_file_or_does_not_fit_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let error = |spec: &str| table(&files(100), spec).err().unwrap();
        assert_eq!(error("fiel:a").exit_status(), 2);
        assert!(error(&dir.path().display().to_string()).to_string().contains("/*'"));
        let missing = error(&dir.path().join("none").display().to_string());
        assert_eq!((missing.exit_status(), missing.to_string().ends_with("no such file or directory")), (1, true));
        let path = dir.path().join("long");
        std::fs::write(&path, format!("ok\n{}", "x".repeat(3 * CHUNK))).unwrap();
        let table = table(&files(CHUNK), &path.display().to_string()).unwrap();
        assert!(records(&*table).unwrap_err().to_string().contains("long, line 2: a record is longer"));
    }
}
