//! A file that is followed, as `tail -F` does: from its start to its end, then on with what is appended, across rotation,
//! truncation and absence.
//!
//! Runs on the receiver thread of its lane. At the end of the file it looks again and again: whether there is more, whether it
//! has become shorter, whether the path leads to another file. The positions of the lane grow on from file to file. At the stop
//! a record without its end is one, if all that is there has been read.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::support::decompress::method_of;
use super::super::support::regular::cannot_read;
use super::super::{Got, Setup, Stream};
use crate::clock::{Bell, Clock};
use crate::error::{Error, Result, describe};
use crate::messages::Messages;
use crate::stop::Stop;

/// Between two looks at the end of a file.
const LOOK: Duration = Duration::from_millis(100);
/// A file that is away for so long is missed: between a rename and the next file there may be a moment.
const MISSED: Duration = Duration::from_secs(1);

/// Of a file that may grow: what there is of it, the last record only if it has ended.
pub struct Begun(pub Box<dyn Stream>);

impl Stream for Begun {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        Ok(match self.0.read(into, wait)? {
            Got::End => Got::Stop,
            got => got,
        })
    }
}

/// A path that is followed.
pub struct Followed {
    path: PathBuf,
    /// What is being read.
    open: Option<Opened>,
    /// Comes when the one that is open has been read to its end.
    next: Option<Opened>,
    /// A file has been opened before.
    begun: bool,
    /// The monotonic time of the next look.
    due: Duration,
    /// Since when there is nothing to be read at the path, and whether that was said.
    missing: Option<(Duration, bool)>,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    bell: Arc<Bell>,
    messages: Arc<Messages>,
}

struct Opened {
    file: File,
    /// Device and inode.
    identity: (u64, u64),
    /// How far it has been read.
    at: u64,
}

impl Opened {
    fn new(file: File) -> std::io::Result<(Self, Metadata)> {
        let seen = file.metadata()?;
        Ok((Opened { file, identity: identity(&seen), at: 0 }, seen))
    }
}

fn identity(seen: &Metadata) -> (u64, u64) {
    (seen.dev(), seen.ino())
}

impl Followed {
    /// A path to a file that is open.
    pub fn opened(path: PathBuf, file: File, setup: &Setup) -> Result<Self> {
        let (open, _) = Opened::new(file).map_err(|e| cannot_read(&path, &e))?;
        let followed = Followed { open: Some(open), begun: true, ..Self::closed(path, setup) };
        followed.check()?;
        Ok(followed)
    }

    /// A path at which there is nothing yet, which is said.
    pub fn absent(path: PathBuf, setup: &Setup) -> Self {
        let what = if setup.once { "it is left out" } else { "waiting for it" };
        setup.messages.note(&format!("{} is not there; {what}", path.display()));
        Followed { missing: Some((setup.clock.monotonic(), true)), ..Self::closed(path, setup) }
    }

    fn closed(path: PathBuf, setup: &Setup) -> Self {
        let (clock, stop, messages) = (Arc::clone(&setup.clock), Arc::clone(&setup.stop), Arc::clone(&setup.messages));
        let (bell, due) = (stop.bell(&*clock), clock.monotonic());
        Followed { path, open: None, next: None, begun: false, due, missing: None, clock, stop, bell, messages }
    }

    /// What is compressed has no end to which anything could be appended.
    fn check(&self) -> Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        match method_of(&open.file).map_err(|e| cannot_read(&self.path, &e))? {
            None => Ok(()),
            Some(method) => Err(Error::failed(format!(
                "cannot follow {}: it is compressed ({method}); without --follow it is read to its end",
                self.path.display()
            ))),
        }
    }

    /// Whether there is nothing more to be read at this moment.
    fn is_at_end(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.file.metadata().is_ok_and(|seen| seen.len() <= open.at))
    }

    /// Reads on; nothing at the end of the file.
    fn read_on(&mut self, into: &mut [u8]) -> Result<usize> {
        let Some(open) = &mut self.open else { return Ok(0) };
        let begins = open.at == 0;
        loop {
            match open.file.read(into) {
                Ok(n) => {
                    open.at += n as u64;
                    if begins && n > 0 {
                        self.check()?;
                    }
                    return Ok(n);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(cannot_read(&self.path, &error)),
            }
        }
    }

    /// Looks what has become of the file, whose end was reached.
    fn look(&mut self) -> Result<Option<Got>> {
        self.due = self.clock.monotonic() + LOOK;
        if let Some(open) = &mut self.open {
            let seen = open.file.metadata().map_err(|e| cannot_read(&self.path, &e))?;
            if seen.len() < open.at {
                open.file.seek(SeekFrom::Start(0)).map_err(|e| cannot_read(&self.path, &e))?;
                open.at = 0;
                self.messages.note(&format!("{} was truncated; reading it from its start again", self.path.display()));
                return Ok(Some(Got::File));
            }
        }
        match self.find() {
            Ok(None) => self.missing = None,
            Ok(Some(found)) => {
                self.missing = None;
                if self.open.is_some() {
                    // Whoever wrote into the old file may have done so since its end was reached.
                    self.next = Some(found);
                } else {
                    self.open = Some(found);
                    return Ok(std::mem::replace(&mut self.begun, true).then_some(Got::File));
                }
            }
            Err(error) => self.missed(&error),
        }
        Ok(None)
    }

    /// Another file at the path than the one that is open, if there is one to go on with.
    fn find(&self) -> std::io::Result<Option<Opened>> {
        let is_open = |seen: &Metadata| self.open.as_ref().is_some_and(|open| open.identity == identity(seen));
        let seen = self.path.metadata()?;
        if !seen.is_file() {
            return Err(std::io::Error::other("it is no file any more"));
        }
        // As long as the new file is empty, its writer may still be busy with the old one.
        if is_open(&seen) || (self.open.is_some() && seen.len() == 0) {
            return Ok(None);
        }
        let (found, seen) = Opened::new(File::open(&self.path)?)?;
        Ok((seen.is_file() && !is_open(&seen)).then_some(found))
    }

    /// There is nothing at the path, or nothing that can be read.
    fn missed(&mut self, error: &std::io::Error) {
        let now = self.clock.monotonic();
        let (since, said) = self.missing.get_or_insert((now, false));
        if !*said && now.saturating_sub(*since) >= MISSED {
            *said = true;
            let (path, found) = (self.path.display(), describe(error));
            self.messages.note(&format!("cannot read on in {path}: {found}; waiting for it"));
        }
    }
}

impl Stream for Followed {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        loop {
            if self.stop.is_told() {
                return Ok(if self.is_at_end() { Got::End } else { Got::Stop });
            }
            match self.read_on(into)? {
                0 => {}
                n => return Ok(Got::Bytes(n)),
            }
            if let Some(next) = self.next.take() {
                self.open = Some(next);
                return Ok(Got::File);
            }
            if !wait {
                return Ok(Got::Later);
            }
            if self.clock.monotonic() < self.due {
                self.stop.sleep(&*self.clock, &self.bell, self.due);
            } else if let Some(got) = self.look()? {
                return Ok(got);
            }
        }
    }

    fn file(&self) -> Arc<str> {
        self.path.display().to_string().into()
    }
}

#[cfg(test)]
mod tests;
