//! Sinks: where results go. Every file but this one is one sink. All of them are driven by the output thread, in order.

use std::io::Write;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::error::Result;

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
}

/// Standard output, which several sinks may write to.
pub type SharedOutput = Arc<std::sync::Mutex<Box<dyn Write + Send>>>;
