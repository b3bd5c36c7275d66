//! A file per batch in HDFS: `hdfs://NAMENODE:PORT/DIR/{end}.csv`. Written beside under a hidden name, closed, and renamed when the
//! batch is complete. An empty batch makes none. Under `--checkpoint` each stands there exactly once: see [`once`].
//!
//! A batch is held until it ends, or has grown large: so that it can be written anew when a DataNode fails meanwhile.

mod client;
mod files;
mod once;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use self::files::{Failure, Files, Out, Patient, Status};
use self::once::{Once, Written, free_names, text};
use super::support::names::{hidden_name, tag};
use super::support::placeholders::Placeholders;
use super::{Parsed, Setup, Sink, Spec, directory_of, format_of};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};
use crate::url::Url;

pub(super) const ABOUT: &str = "a file per batch in HDFS, with the names in braces of out/{end}.csv: renamed into place when it is \
    whole, none for an empty batch; the directory must be there. While a node is away it waits, and the input with it. NAMENODE \
    without a port is a name service of HADOOP_CONF_DIR; HADOOP_USER_NAME is who writes. Under --checkpoint each file is there \
    exactly once";

/// So much of a batch is held in memory, in bytes; a larger one is written while it comes.
const HELD: usize = 64 << 20;
/// So much of that is written at once.
const PIECE: usize = 1 << 20;

/// An address with placeholders.
struct Hdfs {
    spec: String,
    /// `hdfs://NAMENODE:PORT`.
    root: String,
    path: String,
    names: Placeholders,
}

pub(super) fn parse(spec: &str) -> Parsed {
    Some(Url::parse("hdfs", spec)?.and_then(|url| Hdfs::new(spec, &url)).map(|hdfs| Box::new(hdfs) as _))
}

impl Hdfs {
    fn new(spec: &str, url: &Url) -> Result<Self> {
        let form = "the form is hdfs://NAMENODE:PORT/DIR/{end}.csv";
        url.finish(&[])?;
        if url.authority.is_empty() || url.path.is_empty() || url.path.ends_with('/') {
            return Err(url.wrong(&format!("a NameNode and the name of a file are needed: {form}")));
        }
        let path = format!("/{}", url.path);
        let names = Placeholders::new(&path)
            .map_err(|what| url.wrong(&format!("{what}; there are {}", Placeholders::all())))?;
        if !path.contains('{') {
            return Err(url.wrong(
                "files of HDFS are not appended to here: put {end} into the name, as in hdfs://NAMENODE:PORT/DIR/{end}.csv, for \
                 a file per batch",
            ));
        }
        Ok(Hdfs { spec: spec.to_string(), root: format!("hdfs://{}", url.authority), path, names })
    }

    /// The sink over these files.
    fn over(&self, files: Arc<dyn Files>, setup: &Setup) -> Result<Box<dyn Sink>> {
        let directory = text(directory_of(Path::new(&self.path)));
        let attempted = format!("cannot write to {}", self.spec);
        // Who cannot be reached at the start may not be there at all.
        let found = files.status(&directory);
        let files = Patient::new(&self.root, files, setup);
        match found {
            Ok(Some(Status { is_directory: true, .. })) => {}
            Ok(Some(_)) => return Err(Error::failed(format!("{attempted}: {directory} is not a directory"))),
            Ok(None) | Err(Failure::Missing) => {
                return Err(Error::failed(format!("{attempted}: there is no directory {directory}, make it first")));
            }
            Err(failure) => return Err(files.failed(attempted.trim_start_matches("cannot "), &failure)),
        }
        let wall = setup.clock.wall().0;
        Ok(Box::new(Open {
            once: setup.checkpoint.as_deref().map(|id| Once::new(Path::new(&directory), tag(&self.spec, id))),
            // Others may write to the same directory from other machines.
            mark: format!("tmp-{}-{wall}", std::process::id()),
            next: 0,
            path: PathBuf::from(&self.path),
            names: self.names.clone(),
            header: setup.header.clone(),
            zone: setup.zone.clone(),
            files,
            held: Vec::new(),
            begun: None,
        }))
    }
}

impl Spec for Hdfs {
    fn name(&self) -> String {
        self.spec.clone()
    }

    fn format(&self) -> Option<&'static str> {
        format_of(&self.path)
    }

    fn by_batch(&self) -> bool {
        true
    }

    fn replaces(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        self.over(client::connect(&self.root)?, setup)
    }
}

struct Open {
    path: PathBuf,
    names: Placeholders,
    header: Vec<u8>,
    zone: TimeZone,
    files: Patient,
    /// What hidden names without a checkpoint end in before their number, and that.
    mark: String,
    next: u64,
    /// What of the present batch is not written.
    held: Vec<u8>,
    /// The file of a batch that is too large to be held.
    begun: Option<Begun>,
    /// Under `--checkpoint`.
    once: Option<Once>,
}

/// A file that is written while its batch comes.
struct Begun {
    out: Box<dyn Out>,
    path: String,
    number: u64,
    length: usize,
}

impl Open {
    /// A new hidden name.
    fn hidden(&mut self, name: &Path) -> (String, u64) {
        if let Some(once) = &mut self.once {
            return once.hidden(name);
        }
        self.next += 1;
        (text(&hidden_name(name, &self.mark, self.next - 1)), self.next - 1)
    }

    /// Writes what is held behind what was written: from here on the batch cannot be written anew.
    fn write_on(&mut self) -> Result<()> {
        let Some(begun) = &mut self.begun else { return self.begin_file() };
        let written = self.held.chunks(PIECE).try_for_each(|piece| begun.out.write(piece));
        begun.length += self.held.len();
        self.held.clear();
        written.map_err(|failure| self.broken_off(&failure))
    }

    fn begin_file(&mut self) -> Result<()> {
        let (path, number) = self.hidden(&self.path.clone());
        let held = std::mem::take(&mut self.held);
        let out = self.files.surely(&format!("write {}{path}", self.files.name), |files| {
            let mut out = files.create(&path, true)?;
            held.chunks(PIECE).try_for_each(|piece| out.write(piece))?;
            Ok(out)
        })?;
        self.begun = Some(Begun { out, path, number, length: held.len() });
        Ok(())
    }

    fn broken_off(&mut self, failure: &Failure) -> Error {
        self.files.broken = true;
        let length = self.begun.as_ref().map_or(0, |begun| begun.length);
        let error = self.files.failed(&format!("write to {}{}", self.files.name, text(&self.path)), failure);
        Error::failed(format!(
            "{error}; it broke off after {length} bytes of a batch, more than are held to be written again: start it again, with \
             --checkpoint from that batch on, or make batches smaller"
        ))
    }

    /// The file of the batch under its hidden name, whole.
    fn finish(&mut self, target: &Path) -> Result<(String, u64)> {
        if self.begun.is_some() {
            self.write_on()?;
            let closed = self.begun.as_mut().map_or(Ok(()), |begun| begun.out.close());
            closed.map_err(|failure| self.broken_off(&failure))?;
            return Ok(self.begun.take().map_or_else(Default::default, |begun| (begun.path, begun.number)));
        }
        let held = std::mem::take(&mut self.held);
        loop {
            let (path, number) = self.hidden(target);
            if self.files.put(&path, &held, self.once.is_some())? {
                // The next batch may need as much.
                self.held = held;
                self.held.clear();
                self.held.shrink_to(PIECE);
                return Ok((path, number));
            }
        }
    }
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        self.held.clear();
        self.begun = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.held.is_empty() && self.begun.is_none() {
            self.held.extend_from_slice(&self.header);
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() >= if self.begun.is_some() { PIECE } else { HELD } {
            self.write_on()?;
        }
        Ok(())
    }

    /// Nobody may see a part of a batch.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, batch: &BatchInfo) -> Result<()> {
        if self.held.is_empty() && self.begun.is_none() {
            return Ok(());
        }
        let target = self.names.path(batch, &self.zone);
        let (path, number) = self.finish(&target)?;
        let extension = self.names.extension().to_string();
        if let Some(once) = &mut self.once {
            once.add(Written { path, number, target, extension });
            return Ok(());
        }
        let Some(status) = self.files.status(&path)? else {
            let attempted = format!("rename {}{path}", self.files.name);
            return Err(self.files.failed(&attempted, &Failure::Missing));
        };
        for name in free_names(&target, &extension) {
            if self.files.rename(&path, &text(&name), status, false)? {
                break;
            }
        }
        Ok(())
    }

    /// A file that has its name is seen by everybody.
    fn commits(&self) -> bool {
        self.once.is_some()
    }

    fn stand(&mut self) -> Result<Vec<u8>> {
        self.once.as_mut().map_or(Ok(()), |once| once.tidy(&mut self.files))?;
        Ok(Vec::new())
    }

    fn take_back(&mut self, _: &[u8]) -> Result<()> {
        self.once.as_mut().map_or(Ok(()), |once| once.take_back(&mut self.files))
    }

    fn sync(&mut self) -> Result<()> {
        self.once.as_mut().map_or(Ok(()), |once| once.sync(&mut self.files))
    }

    fn committed(&mut self) -> Result<()> {
        self.once.as_mut().map_or(Ok(()), |once| once.committed(&mut self.files))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take().filter(|_| !self.files.broken) {
            drop(begun.out);
            let _ = self.files.files.remove(&begun.path);
        }
    }
}

#[cfg(test)]
mod tests;
