//! The few calls of a file system that files per batch are made with, and what may come of one.

use std::sync::Arc;

use super::super::support::patience::Patience;
use crate::error::{Error, Result};
use crate::sinks::Setup;

/// Why a call did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answers, or not at this moment: it may have happened all the same.
    Away(String),
    /// A file of that name is there.
    Exists,
    /// There is no such file.
    Missing,
    /// It will never do that.
    Refused(String),
}

/// The result of a call.
pub type Done<T> = std::result::Result<T, Failure>;

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// It is a directory.
    pub is_directory: bool,
    /// How many bytes it holds.
    pub length: u64,
    /// When it was last closed, in milliseconds since the epoch.
    pub modified: u64,
}

/// A file system. Paths begin with `/`.
pub trait Files: Send + Sync {
    /// Makes a file; with `over` also where one of that name is.
    fn create(&self, path: &str, over: bool) -> Done<Box<dyn Out>>;
    /// What is known of a file.
    fn status(&self, path: &str) -> Done<Option<Status>>;
    /// The names in a directory.
    fn list(&self, path: &str) -> Done<Vec<String>>;
    /// Renames a file; with `over` also where one of the new name is.
    fn rename(&self, from: &str, to: &str, over: bool) -> Done<()>;
    /// Removes a file; one that is not there is as good.
    fn remove(&self, path: &str) -> Done<()>;
}

/// A file that is written. What was written is there for good once it is closed.
pub trait Out: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Done<()>;
    /// No more bytes.
    fn close(&mut self) -> Done<()>;
}

/// The same for who waits until the file system is back.
pub struct Patient {
    /// As messages name it.
    pub name: String,
    /// The file system itself.
    pub files: Arc<dyn Files>,
    patience: Patience,
    /// The last call was not answered.
    pub broken: bool,
}

impl Patient {
    /// Files that messages call so.
    pub fn new(name: &str, files: Arc<dyn Files>, setup: &Setup) -> Self {
        Patient { name: name.to_string(), files, patience: Patience::new(name, setup), broken: false }
    }

    /// Does something until it is done, or refused: then `Err` is what was found. An error if it stays away.
    pub fn until<T>(&mut self, attempted: &str, mut does: impl FnMut(&dyn Files) -> Done<T>) -> Result<Done<T>> {
        loop {
            let done = does(&*self.files);
            self.broken = matches!(done, Err(Failure::Away(_)));
            match done {
                Err(Failure::Away(what)) => {
                    if !self.patience.wait(&what) {
                        return Err(self.failed(attempted, &Failure::Away(what)));
                    }
                }
                done => {
                    self.patience.worked();
                    return Ok(done);
                }
            }
        }
    }

    /// The same where anything but success is an error.
    pub fn surely<T>(&mut self, attempted: &str, does: impl FnMut(&dyn Files) -> Done<T>) -> Result<T> {
        self.until(attempted, does)?.map_err(|failure| self.failed(attempted, &failure))
    }

    /// What to say of a failure.
    pub fn failed(&self, attempted: &str, failure: &Failure) -> Error {
        let what = match failure {
            Failure::Away(what) | Failure::Refused(what) => what,
            Failure::Exists => "a file of that name is there",
            Failure::Missing => "there is no such file",
        };
        Error::failed(format!("cannot {attempted}: {what}"))
    }

    /// Writes a whole file, from its begin with every attempt. False if there is one of that name, unless `over`.
    pub fn put(&mut self, path: &str, bytes: &[u8], mut over: bool) -> Result<bool> {
        let done = self.until(&format!("write {}{path}", self.name), |files| {
            let mut out = files.create(path, std::mem::replace(&mut over, true))?;
            if !bytes.is_empty() {
                out.write(bytes)?;
            }
            out.close()
        })?;
        match done {
            Ok(()) => Ok(true),
            Err(Failure::Exists) => Ok(false),
            Err(failure) => {
                let _ = self.files.remove(path);
                Err(self.failed(&format!("write {}{path}", self.name), &failure))
            }
        }
    }

    /// Renames a file, whose status is known. False if there is one of that name, unless `over`.
    pub fn rename(&mut self, from: &str, to: &str, status: Status, over: bool) -> Result<bool> {
        let attempted = format!("rename {}{from} to {to}", self.name);
        let done = self.until(&attempted, |files| match files.rename(from, to, over) {
            // An attempt before this one did it, and nobody could say so.
            Err(Failure::Missing) if files.status(to)? == Some(status) => Ok(()),
            done => done,
        })?;
        match done {
            Err(Failure::Exists) => Ok(false),
            done => done.map(|()| true).map_err(|failure| self.failed(&attempted, &failure)),
        }
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.surely(&format!("remove {}{path}", self.name), |files| files.remove(path))
    }

    /// What is known of a file.
    pub fn status(&mut self, path: &str) -> Result<Option<Status>> {
        self.surely(&format!("look at {}{path}", self.name), |files| files.status(path))
    }
}
