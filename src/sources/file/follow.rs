//! A file that is followed, as `tail -F` does: from its start to its end, then on with what is appended, across rotation,
//! truncation and absence.
//!
//! Runs on the receiver thread of its lane. At the end of the file it looks again and again: whether there is more, whether it
//! has become shorter, whether the path leads to another file. The positions of the lane grow on from file to file. At the stop
//! a record without its end is one, if all that is there has been read.

mod again;

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::support::decompress::method_of;
use super::super::support::fingerprint::{Fingerprint, Identity};
use super::super::support::marks::{Kind, Mark, Piece, begin};
use super::super::support::regular::{cannot_read, missing};
use super::super::support::seam::Seam;
use super::super::support::trail::{Trail, lock};
use super::super::{Control, Feed, Got, Lane, Setup, Stream};
use crate::clock::{Bell, Clock};
use crate::error::{Error, Result, describe};
use crate::messages::Messages;
use crate::stop::Stop;

pub use again::resume;

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
    /// Come, one after the other, when the one that is open has been read to its end, or as far as is wanted.
    next: VecDeque<Opened>,
    /// The first file has to be told as another one than that of an earlier run.
    other: bool,
    /// Nothing follows behind what is known now.
    frozen: bool,
    /// A file has been opened before.
    begun: bool,
    /// The monotonic time of the next look.
    due: Duration,
    /// Since when there is nothing to be read at the path, and whether that was said.
    missing: Option<(Duration, bool)>,
    trail: Arc<Mutex<Trail>>,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    bell: Arc<Bell>,
    messages: Arc<Messages>,
}

struct Opened {
    file: File,
    identity: Identity,
    size: u64,
    /// Where it was found.
    path: PathBuf,
    /// How it began when it was read before.
    fingerprint: Fingerprint,
    /// How far it has been read.
    at: u64,
    /// It is read no further.
    limit: Option<u64>,
    seam: Option<Seam>,
}

impl Opened {
    fn new(path: &Path, file: File) -> std::io::Result<(Self, Metadata)> {
        let seen = file.metadata()?;
        let (identity, fingerprint) = (Identity::of(&seen), Fingerprint::default());
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let opened = Opened { file, identity, size: seen.len(), path, fingerprint, at: 0, limit: None, seam: None };
        Ok((opened, seen))
    }

    /// Where it ends for this run.
    fn wanted(&self) -> Option<u64> {
        let until = self.seam.as_ref().and_then(Seam::until);
        self.limit.into_iter().chain(until).min()
    }
}

impl Followed {
    /// A path to a file that is open.
    pub fn opened(path: PathBuf, file: File, setup: &Setup) -> Result<Self> {
        let (open, _) = Opened::new(&path, file).map_err(|e| cannot_read(&path, &e))?;
        let mut followed = Self::closed(path, setup);
        followed.start(open);
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
        let trail = Arc::new(Mutex::new(Trail::at(0)));
        let (open, next, missing) = (None, VecDeque::new(), None);
        let (other, frozen, begun) = (false, false, false);
        Followed { path, open, next, other, frozen, begun, due, missing, trail, clock, stop, bell, messages }
    }

    /// As a lane with a thread of its own.
    pub fn lane(self) -> Lane {
        let (name, control) = (self.path.display().to_string(), Arc::new(Way(Arc::clone(&self.trail))));
        Lane { name, feed: Feed::Bytes(Box::new(self)), pull: false, size: None, control, resumes: None }
    }

    /// Goes over to a file.
    fn start(&mut self, open: Opened) {
        let mut trail = lock(&self.trail);
        let Opened { identity, size, fingerprint, .. } = open;
        let (path, begin) = (open.path.clone(), begin(trail.position, open.at));
        trail.begin(Piece { path, identity, fingerprint, size, begin, end: None });
        drop(trail);
        (self.open, self.begun) = (Some(open), true);
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
        let ends = |open: &Opened| match open.wanted() {
            Some(wanted) => wanted <= open.at,
            None => open.file.metadata().is_ok_and(|seen| seen.len() <= open.at),
        };
        self.next.is_empty() && self.open.as_ref().is_none_or(ends)
    }

    /// Reads on; nothing at the end of the file.
    fn read_on(&mut self, into: &mut [u8]) -> Result<Option<Got>> {
        let Some(open) = &mut self.open else { return Ok(None) };
        if open.seam.as_mut().is_some_and(|seam| seam.breaks(open.at)) {
            return Ok(Some(Got::Break));
        }
        let (begins, wanted) = (open.at == 0, open.wanted());
        let room = wanted.map_or(usize::MAX, |end| usize::try_from(end - open.at.min(end)).unwrap_or(usize::MAX));
        let room = room.min(into.len());
        if room == 0 {
            return Ok(None);
        }
        loop {
            match open.file.read(&mut into[..room]) {
                Ok(0) => {
                    let gone = |wanted| format!("has shrunk to {} bytes, and {wanted} are to be read of it", open.at);
                    return wanted.map_or(Ok(None), |wanted| Err(missing(&open.path, &gone(wanted))));
                }
                Ok(n) => {
                    open.seam.iter_mut().for_each(|seam| seam.read(open.at, &into[..n]));
                    let mut trail = lock(&self.trail);
                    trail.position += n as u64;
                    trail.last().into_iter().for_each(|piece| piece.fingerprint.extend(open.at, &into[..n]));
                    drop(trail);
                    open.at += n as u64;
                    if begins {
                        self.check()?;
                    }
                    return Ok(Some(Got::Bytes(n)));
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
                self.messages.note(&format!("{} was truncated; reading it from its start again", self.path.display()));
                if let Some(open) = self.open.take() {
                    self.start(Opened { at: 0, fingerprint: Fingerprint::default(), seam: None, ..open });
                }
                return Ok(Some(Got::File));
            }
        }
        match self.find() {
            Ok(None) => self.missing = None,
            Ok(Some(found)) => {
                self.missing = None;
                if self.open.is_some() {
                    // Whoever wrote into the old file may have done so since its end was reached.
                    self.next.push_back(found);
                } else {
                    let other = self.begun;
                    self.start(found);
                    return Ok(other.then_some(Got::File));
                }
            }
            Err(error) => self.missed(&error),
        }
        Ok(None)
    }

    /// Another file at the path than the one that is open, if there is one to go on with.
    fn find(&self) -> std::io::Result<Option<Opened>> {
        let is_open = |seen: &Metadata| self.open.as_ref().is_some_and(|open| open.identity == Identity::of(seen));
        let seen = self.path.metadata()?;
        if !seen.is_file() {
            return Err(std::io::Error::other("it is no file any more"));
        }
        // As long as the new file is empty, its writer may still be busy with the old one.
        if is_open(&seen) || (self.open.is_some() && seen.len() == 0) {
            return Ok(None);
        }
        let (found, seen) = Opened::new(&self.path, File::open(&self.path)?)?;
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
            if std::mem::take(&mut self.other) {
                return Ok(Got::File);
            }
            if let Some(got) = self.read_on(into)? {
                return Ok(got);
            }
            if let Some(next) = self.next.pop_front() {
                self.start(next);
                return Ok(Got::File);
            }
            if self.frozen {
                return Ok(Got::End);
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

/// Tells which file the lane stands in, and the way that it took there since it was told before.
struct Way(Arc<Mutex<Trail>>);

impl Control for Way {
    fn mark(&self, until: u64, _: bool) -> Result<Option<Vec<u8>>> {
        let pieces = lock(&self.0).up_to(until, true);
        Ok(Some(Mark { kind: Kind::Files, whole: true, pieces, taken: Vec::new() }.encode()))
    }
}

#[cfg(test)]
mod tests;
