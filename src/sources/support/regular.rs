//! A regular file as a stream of bytes, decompressed where need be. It has a descriptor only while it is being read.
//!
//! Runs on whatever thread reads the lane, normally a shard. What is known of the file by then is shared with the thread that
//! marks the ends of batches.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::decompress::{Content, Raw};
use super::fingerprint::{Fingerprint, Identity};
use super::marks::{Kind, Mark, Piece};
use super::seam::Seam;
use super::trail::lock;
use super::unread::Unread;
use crate::error::{Error, Result, describe};
use crate::sources::{Control, Feed, Got, Lane, Stream};
use crate::stop::Stop;

/// A regular file.
pub struct FileStream {
    path: PathBuf,
    /// What is said where it cannot be read.
    failed: Arc<str>,
    size: u64,
    once: bool,
    stop: Arc<Stop>,
    /// How far it has been handed over, in decompressed bytes.
    given: u64,
    /// How many bytes of the file were read by an earlier run, and are no progress of this one.
    before: u64,
    seam: Option<Seam>,
    known: Arc<Mutex<Known>>,
    /// Nothing will be added to its fingerprint.
    settled: bool,
    state: State,
}

enum State {
    Unopened,
    Open(Content),
    /// After so many bytes of the file.
    Done(u64),
}

/// What is known of a file.
pub struct Known {
    /// Which it is.
    pub identity: Identity,
    /// How it begins, as far as that was read.
    pub fingerprint: Fingerprint,
    /// Of how many decompressed bytes its end is, and how long the file was then.
    pub ended: Option<(u64, u64)>,
    /// The position of its first byte in the lane.
    pub begin: i64,
}

impl FileStream {
    /// A file that has `size` bytes now, and is opened when it is read; with `once` no further than that.
    pub fn new(path: PathBuf, (identity, size): (Identity, u64), once: bool, stop: Arc<Stop>) -> Self {
        let known = Known { identity, fingerprint: Fingerprint::default(), ended: None, begin: 0 };
        FileStream {
            failed: unreadable(&path).into(),
            path,
            size,
            once,
            stop,
            given: 0,
            before: 0,
            seam: None,
            known: Arc::new(Mutex::new(known)),
            settled: false,
            state: State::Unopened,
        }
    }

    /// A file that is open: what it holds now.
    pub fn opened(path: PathBuf, file: File, (identity, size): (Identity, u64), stop: Arc<Stop>) -> Result<Self> {
        let content = Content::of(Raw::new(file, size, true)).map_err(|e| cannot_read(&path, &e))?;
        Ok(FileStream { state: State::Open(content), ..FileStream::new(path, (identity, size), true, stop) })
    }

    /// From this offset of its decompressed bytes on, up to which an earlier run has read it, with the borders of that one; it
    /// began as `piece` says.
    #[must_use]
    pub fn from(mut self, piece: &Piece, from: u64, compressed: bool, seam: Seam) -> Self {
        (self.given, self.seam) = (from, Some(seam));
        self.before = if compressed { 0 } else { from };
        let mut known = lock(&self.known);
        (known.fingerprint, known.begin) = (piece.fingerprint, piece.begin);
        drop(known);
        self
    }

    /// All of it has been read before, and nothing has come since.
    #[must_use]
    pub fn done(mut self) -> Self {
        lock(&self.known).ended = Some((self.given, self.size));
        (self.before, self.state) = (self.size, State::Done(self.size));
        self
    }

    /// As a lane that shards may read.
    pub fn lane(self) -> Lane {
        let (name, size) = (self.path.display().to_string(), Some(self.size.saturating_sub(self.before)));
        let control = Arc::new(Marked { path: self.path.clone(), size: self.size, known: Arc::clone(&self.known) });
        Lane { name, feed: Feed::Bytes(Box::new(self)), pull: true, size, control, resumes: None }
    }

    /// How the file begins, as far as that was read.
    pub fn fingerprint(&self) -> Fingerprint {
        lock(&self.known).fingerprint
    }

    fn explain(&self, method: Option<&str>, error: &std::io::Error) -> Error {
        let Some(method) = method else { return cannot_read(&self.path, error) };
        let what = match error.kind() {
            ErrorKind::UnexpectedEof => "it is cut off".into(),
            _ => describe(error),
        };
        let (path, at) = (self.path.display(), self.given);
        Error::failed(format!("cannot decompress {path} ({method}): {what}, at decompressed byte {at}"))
    }

    /// Opens it, at the place where it is to be read on; nothing if the run stops meanwhile.
    fn open(&mut self) -> Result<Option<Content>> {
        let failed = |e: &std::io::Error| cannot_read(&self.path, e);
        let file = open(&self.path)?;
        let identity = Identity::of(&file.metadata().map_err(|e| failed(&e))?);
        let was = std::mem::replace(&mut lock(&self.known).identity, identity);
        if self.seam.is_some() && !was.is(&identity) {
            return Err(failed(&std::io::Error::other("it was replaced by another file since the run began")));
        }
        let mut content = Content::of(Raw::new(file, self.size, self.once)).map_err(|e| failed(&e))?;
        if self.given == 0 {
            return Ok(Some(content));
        }
        let last = match content.go_to(self.given).map_err(|e| failed(&e))? {
            Some(last) => last,
            None => match self.skip(&mut content)? {
                Some(last) => last,
                None => return Ok(None),
            },
        };
        self.seam.iter_mut().for_each(|seam| seam.behind(last));
        Ok(Some(content))
    }

    /// Reads what an earlier run has read of a compressed file, and gives the last byte of it.
    fn skip(&mut self, content: &mut Content) -> Result<Option<u8>> {
        let (from, mut dropped) = (std::mem::take(&mut self.given), vec![0; 128 * 1024]);
        let mut last = 0;
        while self.given < from && !self.stop.is_told() {
            let most = usize::try_from(from - self.given).unwrap_or(usize::MAX).min(dropped.len());
            match content.read(&mut dropped[..most]) {
                Ok(0) => return Err(missing(&self.path, &self.shorter(from))),
                Ok(n) => {
                    self.given += n as u64;
                    last = dropped[n - 1];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let method = content.method();
                    return Err(self.explain(method, &error));
                }
            }
        }
        let whole = self.given == from;
        self.given = from;
        Ok(whole.then_some(last))
    }

    fn shorter(&self, wanted: u64) -> String {
        format!("ends at byte {} of its content, and {wanted} were read of it before", self.given)
    }

    /// Tells who marks what has been learned.
    fn publish(&mut self) {
        let State::Open(content) = &self.state else { return };
        let Some(fingerprint) = content.fingerprint() else { return };
        let mut known = lock(&self.known);
        // What was read from its middle on tells nothing of its start.
        if fingerprint.len > known.fingerprint.len {
            known.fingerprint = fingerprint;
        }
        self.settled = known.fingerprint.is_full();
    }
}

/// What is said of a path that cannot be read.
pub fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    Error::io(unreadable(path), error)
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

/// What is said where a checkpoint needs what a file does not hold any more.
pub fn missing(path: &Path, what: &str) -> Error {
    Error::failed(format!(
        "cannot go on from the checkpoint: {} {what}; put it back as it was, or begin anew with another directory for the \
         checkpoint",
        path.display()
    ))
}

/// Opens a file.
pub fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| cannot_read(path, &e))
}

impl Stream for FileStream {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        if self.stop.is_told() {
            return Ok(Got::Stop);
        }
        if let State::Unopened = self.state {
            let Some(content) = self.open()? else { return Ok(Got::Stop) };
            self.state = State::Open(content);
        }
        let State::Open(content) = &mut self.state else { return Ok(Got::End) };
        if self.seam.as_mut().is_some_and(|seam| seam.breaks(self.given)) {
            return Ok(Got::Break);
        }
        let room = self.seam.as_ref().map_or(into.len(), |seam| seam.room(self.given, into.len()));
        loop {
            match content.read(&mut into[..room]) {
                Ok(0) => {
                    if let Some(until) = self.seam.as_ref().and_then(Seam::until) {
                        return Err(missing(&self.path, &self.shorter(until)));
                    }
                    let size = content.progress();
                    lock(&self.known).ended = Some((self.given, size));
                    self.state = State::Done(size);
                    return Ok(Got::End);
                }
                Ok(n) => {
                    self.seam.iter_mut().for_each(|seam| seam.read(self.given, &into[..n]));
                    self.given += n as u64;
                    if !self.settled {
                        self.publish();
                    }
                    return Ok(Got::Bytes(n));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let method = content.method();
                    return Err(self.explain(method, &error));
                }
            }
        }
    }

    fn pass_over(&mut self, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let State::Open(content) = &mut self.state else { return None };
        if self.stop.is_told() {
            return None;
        }
        let to = (self.given - back as u64).saturating_add(most as u64);
        if self.seam.as_ref().is_some_and(|seam| !seam.may_pass(to)) {
            return None;
        }
        let unread = content.pass_over(&self.failed, back, most, delimiter)?;
        self.given = self.given - back as u64 + unread.len() as u64;
        self.seam.iter_mut().for_each(Seam::passed);
        Some(unread)
    }

    fn progress(&self) -> u64 {
        let at = match &self.state {
            State::Unopened => 0,
            State::Open(content) => content.progress(),
            State::Done(at) => *at,
        };
        at.saturating_sub(self.before)
    }
}

/// Tells what has to be known of a file to read it on.
struct Marked {
    path: PathBuf,
    size: u64,
    known: Arc<Mutex<Known>>,
}

impl Control for Marked {
    fn mark(&self, until: u64, _: bool) -> Result<Option<Vec<u8>>> {
        let known = lock(&self.known);
        let Known { identity, fingerprint, begin, .. } = *known;
        let mut piece = Piece { path: self.path.clone(), identity, fingerprint, size: self.size, begin, end: None };
        if let Some((_, size)) = known.ended.filter(|(offset, _)| piece.offset(until) == *offset) {
            (piece.size, piece.end) = (size, Some(until));
        }
        Ok(Some(Mark { kind: Kind::Files, whole: true, pieces: vec![piece], taken: Vec::new() }.encode()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_descriptor_only_while_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, b"abc").unwrap();
        let identity = Identity::of(&path.metadata().unwrap());
        let mut file = FileStream::new(path, (identity, 3), false, Stop::new().unwrap());
        assert!(matches!(file.state, State::Unopened));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::Bytes(2));
        assert!(matches!(file.state, State::Open(_)));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::Bytes(1));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::End);
        assert!(matches!(file.state, State::Done(3)));
        assert_eq!((file.read(&mut [0; 2], true).unwrap(), file.progress()), (Got::End, 3));
    }
}
