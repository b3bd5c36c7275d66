//! streamer: Spark Streaming for the shell.

pub mod cli;
pub mod clock;
pub mod data;
pub mod engine;
pub mod error;
pub mod formats;
pub mod io;
pub mod operators;
pub mod progress;
pub mod run;
pub mod sinks;
pub mod sources;
pub mod stats;
pub mod stop;

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use crate::cli::Parsed;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::io::Io;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The exit status (SPEC 6).
    pub status: u8,
    /// The signal that ended it: the process is to end by it.
    pub signal: Option<i32>,
}

/// Reads the arguments (the program's name first), runs to the end, and says on standard error what went wrong.
pub fn run(args: &[OsString], io: Io, clock: Arc<dyn Clock>) -> Ended {
    let messages = Arc::clone(&io.stderr);
    match start(args, io, clock) {
        Ok(signal) => Ended { status: 0, signal },
        Err(error) => {
            match &error {
                Error::Usage(text) => messages.error(&cli::pointing_to_help(text)),
                Error::Failed(text) => messages.error(text),
                Error::Closed => {}
            }
            Ended { status: error.exit_status(), signal: None }
        }
    }
}

fn start(args: &[OsString], io: Io, clock: Arc<dyn Clock>) -> Result<Option<i32>> {
    let invocation = match cli::parse(args, &io.env)? {
        Parsed::Run(invocation) => *invocation,
        Parsed::Show(text) => return show(&io, &text).map(|()| None),
    };
    if invocation.globals.quiet {
        io.stderr.silence();
    }
    let explain = invocation.globals.explain;
    let words = invocation.words.clone();
    let prepared = run::prepare(invocation, &io)?;
    if explain {
        return show(&io, &cli::explain::explain(&prepared, &words)).map(|()| None);
    }
    prepared.run(io, clock)
}

fn show(io: &Io, text: &str) -> Result<()> {
    let mut stdout = io.stdout.lock().unwrap_or_else(|e| e.into_inner());
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Err(Error::Closed),
        other => other.map_err(|e| Error::io("cannot write to standard output", &e)),
    }
}
pub struct NoAcc;
impl operators::Accumulator for NoAcc {
    fn fold(&mut self, _: &data::block::Block) {}
    fn ship(&mut self, _: usize, _: usize) -> Box<dyn std::any::Any + Send> {
        Box::new(())
    }
    fn take(&mut self, _: Box<dyn std::any::Any + Send>) {}
    fn len(&self) -> usize {
        0
    }
    fn finish(&mut self) -> data::rows::Rows {
        Default::default()
    }
    fn save(&self) -> data::rows::Rows {
        Default::default()
    }
    fn restore(&mut self, _: data::rows::Rows) {}
}
