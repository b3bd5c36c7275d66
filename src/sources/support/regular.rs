//! A regular file as a stream of bytes, decompressed where need be. It has a descriptor only while it is being read.
//!
//! Runs on whatever thread reads the lane, normally a shard.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decompress::{Content, Raw};
use super::unread::Unread;
use crate::error::{Error, Result, describe};
use crate::sources::{Feed, Got, Lane, NoControl, Stream};
use crate::stop::Stop;

/// A regular file.
pub struct FileStream {
    path: PathBuf,
    /// What is said where it cannot be read.
    failed: Arc<str>,
    size: u64,
    once: bool,
    stop: Arc<Stop>,
    /// Bytes handed over.
    given: u64,
    state: State,
}

enum State {
    Unopened,
    Open(Content),
    /// After so many bytes of the file.
    Done(u64),
}

impl FileStream {
    /// A file that has `size` bytes now, and is opened when it is read; with `once` no further than that.
    pub fn new(path: PathBuf, size: u64, once: bool, stop: Arc<Stop>) -> Self {
        FileStream { failed: unreadable(&path).into(), path, size, once, stop, given: 0, state: State::Unopened }
    }

    /// A file that is open: what it holds now.
    pub fn opened(path: PathBuf, file: File, size: u64, stop: Arc<Stop>) -> Result<Self> {
        let content = Content::of(Raw::new(file, size, true)).map_err(|e| cannot_read(&path, &e))?;
        Ok(FileStream {
            failed: unreadable(&path).into(),
            path,
            size,
            once: true,
            stop,
            given: 0,
            state: State::Open(content),
        })
    }

    /// As a lane that shards may read.
    pub fn lane(self) -> Lane {
        let (name, size) = (self.path.display().to_string(), Some(self.size));
        Lane { name, feed: Feed::Bytes(Box::new(self)), pull: true, size, control: Arc::new(NoControl), resumes: None }
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
}

/// What is said of a path that cannot be read.
pub fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    Error::io(unreadable(path), error)
}

fn unreadable(path: &Path) -> String {
    format!("cannot read {}", path.display())
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
            let raw = Raw::new(open(&self.path)?, self.size, self.once);
            self.state = State::Open(Content::of(raw).map_err(|e| cannot_read(&self.path, &e))?);
        }
        let State::Open(content) = &mut self.state else { return Ok(Got::End) };
        loop {
            match content.read(into) {
                Ok(0) => {
                    self.state = State::Done(content.progress());
                    return Ok(Got::End);
                }
                Ok(n) => {
                    self.given += n as u64;
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
        let unread = content.pass_over(&self.failed, back, most, delimiter)?;
        self.given = self.given - back as u64 + unread.len() as u64;
        Some(unread)
    }

    fn progress(&self) -> u64 {
        match &self.state {
            State::Unopened => 0,
            State::Open(content) => content.progress(),
            State::Done(at) => *at,
        }
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
        let mut file = FileStream::new(path, 3, false, Stop::new().unwrap());
        assert!(matches!(file.state, State::Unopened));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::Bytes(2));
        assert!(matches!(file.state, State::Open(_)));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::Bytes(1));
        assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::End);
        assert!(matches!(file.state, State::Done(3)));
        assert_eq!((file.read(&mut [0; 2], true).unwrap(), file.progress()), (Got::End, 3));
    }
}
