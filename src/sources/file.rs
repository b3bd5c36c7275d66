//! `PATH`, `'GLOB'`, `file:PATH?in=text`: regular files in order of name, compressed or not.
//!
//! Each file is a lane of its own, which the shards read; it is looked at when the run begins and opened when its turn has
//! come. A path to something else (a fifo, `/dev/fd/63`) is read like standard input.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use super::support::decompress::{Content, Raw};
use super::support::glob;
use super::support::polled::{Polled, enlarge};
use super::{Entry, Feed, Got, Lane, NoControl, Setup, Source, Stream, Wanted};
use crate::data::framing::Framing;
use crate::error::{Error, Result, describe};
use crate::stop::Stop;

pub(super) const ENTRY: Entry = Entry {
    scheme: "",
    form: "PATH",
    about: "a file, or by a quoted glob ('logs/*.gz') files in order of name; gzip and zstd are known by content",
    parse: |spelling| Ok(Box::new(Files { pattern: spelling.rest.clone(), format: Wanted::default() })),
};

pub(super) const WITH_OPTIONS: Entry = Entry {
    scheme: "file",
    form: "file:PATH?in=FORMAT",
    about: "the same with options",
    parse: |spelling| {
        spelling.allow(&["in", "header"])?;
        Ok(Box::new(Files { pattern: spelling.decoded_rest()?, format: spelling.format()? }))
    },
};

struct Files {
    pattern: String,
    format: Wanted,
}

impl Files {
    /// The files that are meant. An existing file of that very name wins over a glob.
    fn list(&self) -> Result<Vec<PathBuf>> {
        let pattern = &self.pattern;
        if pattern.is_empty() {
            return Err(Error::usage("--from: there is no name of a file; standard input is -"));
        }
        if Path::new(pattern).symlink_metadata().is_ok() || !glob::is_glob(pattern) {
            return Ok(vec![pattern.into()]);
        }
        let paths = glob::expand(pattern)?;
        if paths.is_empty() {
            let options = ["?in=", "?header="].iter().find_map(|option| pattern.find(option));
            let hint = match options.map(|at| &pattern[..at]) {
                Some(path) if Path::new(path).exists() => format!("; a path with options is written file:{pattern}"),
                _ => String::new(),
            };
            return Err(Error::failed(format!("no file matches {pattern}{hint}")));
        }
        Ok(paths)
    }

    /// The path whose extension tells the format: of a pattern without one, a file that it matches.
    fn extension(&self) -> String {
        let named = self.pattern.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.ends_with('*'));
        let listed = || self.list().ok()?.first().map(|path| path.display().to_string());
        if named { self.pattern.clone() } else { listed().unwrap_or_else(|| self.pattern.clone()) }
    }

    fn lane(&self, path: PathBuf, setup: &Setup) -> Result<Lane> {
        let name = path.display().to_string();
        let seen = look_at(&path)?;
        let stop = Arc::clone(&setup.stop);
        let size = seen.is_file().then_some(seen.len());
        let feed: Box<dyn Stream> = if let Some(size) = size {
            open(&path)?;
            Box::new(FileStream { path, size, once: setup.once, stop, given: 0, state: State::Unopened })
        } else {
            // Without waiting here for someone to open the other end of a fifo.
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
            let fd =
                OpenOptions::new().read(true).custom_flags(flags).open(&path).map_err(|e| cannot_read(&path, &e))?;
            enlarge(&fd);
            Box::new(Polled { fd, name: name.clone(), stop })
        };
        let control = Arc::new(NoControl);
        Ok(Lane { name, feed: Feed::Bytes(feed), pull: size.is_some(), size, control })
    }
}

impl Source for Files {
    fn name(&self) -> String {
        self.pattern.clone()
    }

    fn format(&self) -> Wanted {
        Wanted { path: Some(self.extension()), ..self.format.clone() }
    }

    fn is_files(&self) -> bool {
        // What cannot be listed is an error when it is opened, whatever is said here.
        self.list().map_or(true, |paths| paths.iter().all(|p| p.metadata().map_or(true, |m| m.is_file())))
    }

    fn files(&self) -> Result<Option<Vec<PathBuf>>> {
        let paths = self.list()?;
        let again = |path: &PathBuf| path.metadata().map_or(true, |seen| seen.is_file() || seen.is_dir());
        Ok(paths.iter().all(again).then_some(paths))
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        self.list()?.into_iter().map(|path| self.lane(path, setup)).collect()
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Error {
    Error::io(format_args!("cannot read {}", path.display()), error)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|e| cannot_read(path, &e))
}

/// What a path leads to, unless that is a directory.
fn look_at(path: &Path) -> Result<Metadata> {
    let seen = path.metadata().map_err(|e| cannot_read(path, &e))?;
    if seen.is_dir() {
        let (path, inside) = (path.display(), path.join("*"));
        let inside = inside.display();
        return Err(Error::failed(format!(
            "cannot read {path}: it is a directory, not a file; to read the files in it: --from '{inside}'"
        )));
    }
    Ok(seen)
}

/// A regular file. It has a descriptor only while it is being read.
struct FileStream {
    path: PathBuf,
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

    fn progress(&self) -> u64 {
        match &self.state {
            State::Unopened => 0,
            State::Open(content) => content.progress(),
            State::Done(at) => *at,
        }
    }
}

#[cfg(test)]
mod tests;
