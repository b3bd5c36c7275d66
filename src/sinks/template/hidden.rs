//! A file that is being written, beside those it will stand among.

use std::io::{BufWriter, ErrorKind, Result};
use std::path::{Path, PathBuf};

use crate::sinks::BUFFER;
use crate::sinks::support::disk::{self, Out};
use crate::sinks::support::names::{hidden_name, numbered};

/// A hidden file that is gone when dropped, unless it got its name before.
pub struct Hidden {
    pub path: PathBuf,
    pub to: BufWriter<Out>,
}

impl Hidden {
    /// Makes `.NAME.MARK-NUMBER` beside `target`, with the first number from `number` on that is free.
    pub fn beside(target: &Path, mark: &str, number: &mut u64) -> Result<Self> {
        loop {
            let path = hidden_name(target, mark, *number);
            *number += 1;
            match disk::create_new(&path) {
                Ok(file) => return Ok(Hidden { path, to: BufWriter::with_capacity(BUFFER, Out(file)) }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives it the name, or if that is taken the first free one of `-2`, `-3` … before the extension.
    pub fn place(mut self, target: &Path, extension: &str) -> Result<()> {
        first_free(target, extension, |free| self.rename_new(free))
    }

    /// Gives it a name that is free.
    pub fn rename_new(&mut self, target: &Path) -> Result<()> {
        match disk::rename_new(&self.path, target) {
            // Then a second name is given, and the hidden one goes when this is dropped.
            Err(e) if e.kind() == ErrorKind::Unsupported => disk::link(&self.path, target),
            Ok(()) => {
                self.path = PathBuf::new();
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    /// Gives it another hidden name.
    pub fn rename(&mut self, path: PathBuf) -> Result<()> {
        disk::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// From now on it stays.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = disk::remove(&self.path);
        }
    }
}

/// Tries the name, then `-2`, `-3` … before its extension, until one is free.
pub fn first_free(target: &Path, extension: &str, mut give: impl FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut free = target.to_path_buf();
    for number in 2u64.. {
        match give(&free) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            done => return done,
        }
        free = numbered(target, extension, number);
    }
    Err(ErrorKind::AlreadyExists.into())
}
