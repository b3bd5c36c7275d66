//! `--bad FILE`: the records that did not fit, as they came, for another try. Written by the output thread.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The file that bad records are appended to.
pub struct BadFile {
    path: PathBuf,
    file: BufWriter<File>,
    /// What ends a record.
    delimiter: u8,
}

impl BadFile {
    /// Opens the file, made if it is not there.
    pub fn open(path: &Path, delimiter: u8) -> Result<Self> {
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let file = opened.map_err(|e| cannot(path, &e))?;
        Ok(BadFile { path: path.to_path_buf(), file: BufWriter::new(file), delimiter })
    }

    /// Appends a record.
    pub fn write(&mut self, record: &[u8]) -> Result<()> {
        let written = self.file.write_all(record).and_then(|()| self.file.write_all(&[self.delimiter]));
        written.map_err(|e| cannot(&self.path, &e))
    }

    /// Everything so far is in the file.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|e| cannot(&self.path, &e))
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> Error {
    Error::io(format_args!("cannot keep bad records in {}", path.display()), error)
}
