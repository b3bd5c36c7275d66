//! `--bad FILE`, `--late-to FILE`: records that were left out, as they came, for another try. Written by the output thread.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file that records are appended to.
pub struct KeptFile {
    path: PathBuf,
    file: BufWriter<File>,
    /// What ends a record.
    delimiter: u8,
    /// What is wrong with the records: `bad`, `late`.
    what: &'static str,
}

impl KeptFile {
    /// Opens the file, made if it is not there. `what` is wrong with the records.
    pub fn open(path: &Path, delimiter: u8, what: &'static str) -> Result<Self> {
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let file = opened.map_err(|e| cannot(what, path, &e))?;
        Ok(KeptFile { path: path.to_path_buf(), file: BufWriter::new(file), delimiter, what })
    }

    /// Appends a record.
    pub fn write(&mut self, record: &[u8]) -> Result<()> {
        let written = self.file.write_all(record).and_then(|()| self.file.write_all(&[self.delimiter]));
        written.map_err(|e| cannot(self.what, &self.path, &e))
    }

    /// Everything so far is in the file.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|e| cannot(self.what, &self.path, &e))
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(format_args!("cannot keep {what} records in {}", path.display()), error)
}
