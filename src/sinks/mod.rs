//! Sinks: where results go. Every file but this one is one sink. All of them are driven by the output thread, in order.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::data::batch::BatchInfo;
use crate::data::schema::nearest;
use crate::error::{Error, Result};
use crate::formats::{Output, Settings};
use crate::messages::Messages;
use crate::url;

mod exec;
mod file;
#[cfg(feature = "hbase")]
mod hbase;
#[cfg(feature = "hdfs")]
mod hdfs;
#[cfg(feature = "kafka")]
mod kafka;
mod stdout;
mod support;
mod template;

pub use support::appended;

/// A place for results.
pub trait Sink: Send {
    /// A batch begins. Rows of a batch with [`BatchInfo::redo`] replace what was written for it before.
    fn begin(&mut self, batch: &BatchInfo) -> Result<()>;

    /// Rendered rows of the batch, in order, in pieces of any size (whole rows).
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// The input has run dry: hand over what was written so far.
    fn flush(&mut self) -> Result<()>;

    /// The batch is complete: when this returns it is delivered.
    fn end(&mut self, batch: &BatchInfo) -> Result<()>;

    /// Whether what it has delivered is there for good at once, so that a batch has to be logged before it is synced.
    fn commits(&self) -> bool {
        false
    }

    /// Where it stands before a batch: what [`Sink::take_back`] will need. Only asked for under `--checkpoint`.
    fn stand(&mut self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// A run before this one ended while it wrote a batch, before which it stood there: takes back what is left of that. The
    /// batch comes again, or (where its records were not cut off yet) another one with what it held. Up to the next
    /// [`Sink::sync`] everything that comes is of that batch.
    fn take_back(&mut self, stand: &[u8]) -> Result<()> {
        let _ = stand;
        Ok(())
    }

    /// When this returns, what was delivered outlasts a failure of the machine. Only asked for under `--checkpoint`.
    fn sync(&mut self) -> Result<()> {
        Ok(())
    }

    /// All that was delivered so far is committed: it will not come again.
    fn committed(&mut self) -> Result<()> {
        Ok(())
    }

    /// No more batches.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What sinks are opened with.
#[derive(Clone)]
pub struct Setup {
    /// Standard output.
    pub stdout: SharedOutput,
    /// What stands once at the start of the output.
    pub header: Vec<u8>,
    /// The zone of times in file names and in the environment of commands.
    pub zone: TimeZone,
    /// Under `--checkpoint` a name of that which no other one has: letters and digits.
    pub checkpoint: Option<String>,
    /// Where it is said that something was not as a checkpoint has it, or that what is written to is away.
    pub messages: Arc<Messages>,
    /// What is waited by until that is back.
    pub clock: Arc<dyn Clock>,
}

/// Standard output, which several sinks may write to.
pub type SharedOutput = Arc<std::sync::Mutex<Box<dyn Write + Send>>>;

/// What is gathered before it is written, in bytes: for all but tiny results one write a batch, or many for long ones.
const BUFFER: usize = 64 * 1024;

/// A sink as `--to` spells it.
pub trait Spec: Send + Sync {
    /// As messages name it: `standard output`, `out/{end}.csv`.
    fn name(&self) -> String;

    /// The output format that its extension chooses, if any.
    fn format(&self) -> Option<&'static str> {
        None
    }

    /// How rows are rendered for it, if not in one of the formats alone: what it is given to [`Sink::write`] is of its own kind.
    /// `format`: what `--out` says.
    fn output(&self, format: Option<&str>, settings: &Settings) -> Option<Result<Box<dyn Output>>> {
        let _ = (format, settings);
        None
    }

    /// Whether it is standard output.
    fn is_stdout(&self) -> bool {
        false
    }

    /// Whether what becomes of a row depends on which batch it is in.
    fn by_batch(&self) -> bool {
        false
    }

    /// Whether a batch that is given again replaces what was there of it; else there will be both.
    fn replaces(&self) -> bool {
        false
    }

    /// Whether the end of a batch must be known when its first row is written.
    fn needs_end(&self) -> bool {
        false
    }

    /// Opens it, before anything runs.
    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>>;
}

/// A kind of sink as the command line knows it.
pub struct Entry {
    /// How it is spelled.
    pub form: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What a spelling stands for.
    pub parse: fn(&str) -> Parsed,
}

/// What a spelling stands for; `None` if it is of another kind.
pub type Parsed = Option<Result<Box<dyn Spec>>>;

/// Every kind of sink. The first that claims a spelling has it.
pub static REGISTRY: &[Entry] = &[
    Entry { form: "-", about: "standard output", parse: stdout::parse },
    Entry { form: "exec:COMMAND", about: exec::ABOUT, parse: exec::parse },
    #[cfg(feature = "kafka")]
    Entry { form: "kafka://BROKERS/TOPIC?key=COLUMN", about: kafka::ABOUT, parse: kafka::parse },
    #[cfg(feature = "hbase")]
    Entry { form: "hbase://HOST:PORT/TABLE?row=COLUMN&family=FAMILY", about: hbase::ABOUT, parse: hbase::parse },
    #[cfg(feature = "hdfs")]
    Entry { form: "hdfs://NAMENODE:PORT/DIR/{end}.csv", about: hdfs::ABOUT, parse: hdfs::parse },
    Entry { form: "out/{end}.csv", about: template::ABOUT, parse: template::parse },
    Entry { form: "PATH", about: file::ABOUT, parse: file::parse },
];

/// Other systems by the schemes of their addresses, and whether they are built in.
const SYSTEMS: &[(&str, bool)] =
    &[("kafka", cfg!(feature = "kafka")), ("hbase", cfg!(feature = "hbase")), ("hdfs", cfg!(feature = "hdfs"))];

/// What a spelling of `--to` or `tee` stands for. An unknown scheme or a mistake in it is a usage error.
pub fn parse(spec: &str) -> Result<Box<dyn Spec>> {
    if spec.is_empty() {
        return Err(Error::usage(format!("an empty name of a sink: it can be {}", forms())));
    }
    if let Some((scheme, _)) = spec.split_once("://")
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !["exec", "file"].contains(&scheme)
    {
        match SYSTEMS.iter().find(|(system, _)| *system == scheme) {
            Some((_, true)) => {}
            Some((_, false)) => return Err(url::left_out(scheme)),
            None => return Err(unknown_scheme(spec, scheme)),
        }
    }
    match REGISTRY.iter().find_map(|entry| (entry.parse)(spec)) {
        Some(parsed) => parsed,
        None => Err(Error::usage(format!("cannot write to `{spec}`: a sink can be {}", forms()))),
    }
}

/// The ways in which sinks are spelled.
fn forms() -> String {
    REGISTRY.iter().map(|entry| entry.form).collect::<Vec<_>>().join(", ")
}

fn unknown_scheme(spec: &str, scheme: &str) -> Error {
    let near = nearest(scheme, SYSTEMS.iter().map(|(system, _)| *system).chain(["exec", "file"]));
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}:?", near.join(": or ")) };
    let forms = forms();
    Error::usage(format!("cannot write to `{spec}`: no sink is called `{scheme}://`, it can be {forms}{hint}"))
}

/// The output format that the extension of a path chooses.
fn format_of(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" => Some("csv"),
        "tsv" => Some("tsv"),
        "json" | "jsonl" | "ndjson" => Some("json"),
        "txt" => Some("text"),
        _ => None,
    }
}

/// The directory that a path lies in.
fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An error if the directory that `path` lies in is not there.
fn check_directory(path: &Path) -> Result<()> {
    let directory = directory_of(path);
    let attempted = || format!("cannot write to {}", path.display());
    match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::failed(format!("{}: {} is not a directory", attempted(), directory.display()))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let directory = directory.display();
            Err(Error::failed(format!("{}: there is no directory {directory}, make it first", attempted())))
        }
        Err(e) => Err(Error::io(attempted(), &e)),
    }
}

#[cfg(test)]
mod tests {
    mod crashes;

    use super::*;
    use crate::clock::SystemClock;
    use crate::data::time::Time;

    /// The `id`th second since the epoch.
    pub fn batch(id: u64) -> BatchInfo {
        let end = 1000 * (id as i64 + 1);
        BatchInfo { id, start: Time(end - 1000), end: Time(end), redo: false }
    }

    /// With standard output going into the vector.
    pub fn setup(header: &str) -> (Setup, Arc<std::sync::Mutex<Vec<u8>>>) {
        let written = Arc::new(std::sync::Mutex::new(Vec::new()));
        (setup_to(header, Box::new(Shared(Arc::clone(&written)))), written)
    }

    pub fn setup_to(header: &str, stdout: Box<dyn Write + Send>) -> Setup {
        let stdout: SharedOutput = Arc::new(std::sync::Mutex::new(stdout));
        Setup {
            stdout,
            header: header.into(),
            zone: TimeZone::UTC,
            checkpoint: None,
            messages: Messages::new(Box::new(std::io::sink())),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// A clock on which each look takes a second and each wait none.
    #[cfg(any(feature = "hbase", feature = "kafka"))]
    #[derive(Default)]
    pub struct Hasty {
        looks: std::sync::atomic::AtomicU64,
    }

    #[cfg(any(feature = "hbase", feature = "kafka"))]
    impl Clock for Hasty {
        fn wall(&self) -> Time {
            Time(0)
        }

        fn monotonic(&self) -> std::time::Duration {
            let looks = self.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::time::Duration::from_secs(looks)
        }

        fn bell(&self) -> Arc<crate::clock::Bell> {
            SystemClock::new().bell()
        }

        fn wait(&self, _: &crate::clock::Bell, _: std::time::Duration) -> bool {
            true
        }
    }

    /// With that clock, and what is said to people going into the vector.
    #[cfg(any(feature = "hbase", feature = "kafka"))]
    pub fn hasty(header: &[u8]) -> (Setup, Arc<std::sync::Mutex<Vec<u8>>>) {
        let said = Arc::new(std::sync::Mutex::new(Vec::new()));
        let messages = Messages::new(Box::new(Shared(Arc::clone(&said))));
        let setup = Setup { header: header.to_vec(), clock: Arc::new(Hasty::default()), messages, ..setup("").0 };
        (setup, said)
    }

    pub struct Shared(pub Arc<std::sync::Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Gives a sink one whole batch.
    pub fn give(sink: &mut dyn Sink, batch: &BatchInfo, rows: &str) -> Result<()> {
        sink.begin(batch)?;
        sink.write(rows.as_bytes())?;
        sink.end(batch)
    }

    #[test]
    fn each_spelling_finds_its_kind() {
        let kinds =
            [("-", None), ("out.csv", Some("csv")), ("a/{end}.ndjson", Some("json")), ("exec:cat -n > x.csv", None)];
        for (spec, format) in kinds {
            let parsed = parse(spec).expect(spec);
            assert_eq!((parsed.format(), parsed.is_stdout()), (format, spec == "-"), "{spec}");
        }
        assert!(parse("exec:curl http://localhost/").is_ok(), "an address inside a command is no scheme");
        assert!(parse("a/b://c").is_ok(), "a path is no scheme");
    }

    #[test]
    fn an_unknown_scheme_is_a_usage_error_with_the_nearest_name() {
        for (spec, hint) in [
            ("redis://b/t", "exec:COMMAND, "),
            ("kafak://b/t", "did you mean kafka:?"),
            ("exce://x", "did you mean exec:?"),
            ("", "exec:COMMAND"),
        ] {
            let error = parse(spec).err().expect(spec);
            assert_eq!(error.exit_status(), 2);
            assert!(error.to_string().contains(hint), "{error}");
        }
        assert!(parse("redis://b/{end}").err().expect("unknown").to_string().contains("`redis://`"));
    }

    /// What is built in is known; what is not says how to get it.
    #[test]
    fn a_system_that_is_left_out_says_how_to_get_it() {
        for (system, built_in) in SYSTEMS {
            let parsed = parse(&format!("{system}://h:1/t?row=a&family=f&key=a")).map(drop);
            let error = parsed.expect_err("never all of these options");
            assert_eq!(error.exit_status(), 2);
            let hint = format!("this streamer was built without {system}: cargo install streamer --features {system}");
            assert_eq!(error.to_string() == hint, !built_in, "{error}");
        }
    }

    #[test]
    fn extensions_choose_formats() {
        let formats = ["a.csv", "a.TSV", "a.b/c", ".csv", "a.txt", "a.jsonl", "a.csv.gz"].map(format_of);
        assert_eq!(formats, [Some("csv"), Some("tsv"), None, Some("csv"), Some("text"), Some("json"), None]);
    }
}
