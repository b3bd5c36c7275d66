//! `--bad FILE`, `--late-to FILE`: records that were left out, as they came, for another try. Written by the output thread.

use std::path::Path;

use crate::error::Result;
use crate::sinks::appended::{Appended, STAND};

/// A file that records are appended to.
pub struct KeptFile {
    file: Appended,
    /// What ends a record.
    delimiter: u8,
}

impl KeptFile {
    /// Opens the file, made if it is not there. `what` is wrong with the records: `bad`, `late`.
    pub fn open(path: &Path, delimiter: u8, what: &'static str) -> Result<Self> {
        let attempted = format!("cannot keep {what} records in {}", path.display());
        Ok(KeptFile { file: Appended::open(path, Vec::new(), attempted)?, delimiter })
    }

    /// Appends a record.
    pub fn write(&mut self, record: &[u8]) -> Result<()> {
        self.file.write(record)?;
        self.file.write(&[self.delimiter])
    }

    /// Everything so far is in the file.
    pub fn flush(&mut self) -> Result<()> {
        self.file.deliver()
    }

    /// Where it stands before a batch, with everything so far in the file.
    pub fn stand(&mut self) -> Result<[u8; STAND]> {
        self.flush()?;
        self.file.stand()
    }

    /// A run before this one broke off while it wrote a batch, before which it stood there: takes back what is left of that. What
    /// is worth knowing about it.
    pub fn take_back(&mut self, stand: &[u8]) -> Result<Option<String>> {
        self.file.take_back(stand)
    }

    /// What was flushed outlasts a failure of the machine.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync()
    }
}
