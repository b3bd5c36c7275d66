//! Each file exactly once, across runs that break off.
//!
//! A file gets its name by a hard link, and keeps its hidden name until the batch is committed: so what a run has placed that
//! was not committed is known by its inode, and nobody else's file is ever replaced. The hidden name tells what the file is for:
//! `.NAME.tmp-TAG-NUMBER` may be placed as NAME, `.NAME.put-TAG-NUMBER` was. If NAME is another file then, or none, somebody
//! has taken it away: it was delivered.
//!
//! Without hard links a file is renamed, and a batch that is done again gets a file beside the one before.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Result};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::hidden::{Hidden, first_free};
use crate::sinks::directory_of;
use crate::sinks::support::disk;
use crate::sinks::support::names::{hidden_name, number_of, tag};

/// What was placed and is not committed.
pub struct Once {
    /// The template, as a path.
    spec: PathBuf,
    /// What hidden names end in before their number: of this sink only.
    tag: String,
    next: u64,
    /// Hidden names of what was placed, by this run or by one before that wrote the same batch.
    placed: Vec<PathBuf>,
    /// Of a run that broke off: the name, and the hidden one; not done again so far.
    before: BTreeMap<PathBuf, PathBuf>,
    /// What runs before this one have left was looked at.
    tidy: bool,
    /// Something was placed since the names were last synced.
    dirty: bool,
}

impl Once {
    /// For the sink that is spelled so, under the checkpoint of this name.
    pub fn new(spec: &str, id: &str) -> Self {
        Once {
            spec: PathBuf::from(spec),
            tag: tag(spec, id),
            next: 0,
            placed: Vec::new(),
            before: BTreeMap::new(),
            tidy: false,
            dirty: false,
        }
    }

    fn mark(&self, state: &str) -> String {
        format!("{state}-{}", self.tag)
    }

    /// A new hidden name of a file that is, or may be, placed under this one.
    fn hidden(&mut self, state: &str, name: &Path) -> PathBuf {
        self.next += 1;
        hidden_name(name, &self.mark(state), self.next - 1)
    }

    /// The directory that files go to, wherever the run was started.
    pub fn place_of(&self) -> Result<Vec<u8>> {
        Ok(directory_of(&self.spec).canonicalize()?.into_os_string().as_bytes().to_vec())
    }

    /// A file for a batch, whose name is not known yet.
    pub fn begin(&mut self) -> Result<Hidden> {
        Hidden::beside(&self.spec, &self.mark("tmp"), &mut self.next)
    }

    /// Places a file: over the one that a run before this one has placed for the same batch, else under a free name.
    pub fn place(&mut self, mut file: Hidden, target: &Path, extension: &str) -> Result<()> {
        disk::sync(&file.to.get_ref().0)?;
        self.dirty = true;
        let numbers = self.before.keys().filter_map(|name| Some((number_of(name, target, extension)?, name.clone())));
        if let Some((_, name)) = numbers.min()
            && let Some(hidden) = self.before.remove(&name)
        {
            return self.replace(file, name, hidden);
        }
        let mut name = PathBuf::new();
        first_free(target, extension, |free| {
            name = free.to_path_buf();
            file.rename(self.hidden("tmp", free))?;
            match disk::link(&file.path, free) {
                Err(e) if e.kind() == ErrorKind::Unsupported => file.rename_new(free),
                done => done,
            }
        })?;
        self.was_placed(file, &name)
    }

    /// The file has its name; from here on whoever takes that away has got it.
    fn was_placed(&mut self, file: Hidden, name: &Path) -> Result<()> {
        let tmp = file.keep();
        if tmp.as_os_str().is_empty() {
            return Ok(());
        }
        let put = self.hidden("put", name);
        disk::rename(&tmp, &put)?;
        self.placed.push(put);
        Ok(())
    }

    /// Places a file over the one that a run before this one has placed, `hidden` beside it.
    fn replace(&mut self, mut file: Hidden, name: PathBuf, hidden: PathBuf) -> Result<()> {
        if !same(&name, &hidden)? {
            self.placed.push(hidden);
            return Ok(());
        }
        file.rename(self.hidden("tmp", &name))?;
        let second = self.hidden("tmp", &name);
        disk::link(&file.path, &second)?;
        if let Err(e) = disk::rename(&second, &name) {
            let _ = disk::remove(&second);
            return Err(e);
        }
        self.was_placed(file, &name)?;
        disk::remove(&hidden)
    }

    /// Before the first batch: what stands here of earlier ones is committed, as nothing was to be taken back.
    pub fn tidy(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.tidy, true) {
            for left in self.left()? {
                disk::remove(&left.hidden)?;
            }
        }
        Ok(())
    }

    /// Looks at what a run before this one has left of a batch: what it has placed will be replaced, the rest goes.
    pub fn take_back(&mut self) -> Result<()> {
        self.tidy = true;
        let mut names: BTreeMap<PathBuf, Vec<(bool, Left)>> = BTreeMap::new();
        for left in self.left()? {
            self.next = self.next.max(left.number + 1);
            names.entry(left.name.clone()).or_default().push((same(&left.name, &left.hidden)?, left));
        }
        for (name, mut left) in names {
            // A file that was about to be replaced is not the one that was taken away.
            left.sort_by_key(|(same, left)| (!same, !left.put, left.number));
            let mut left = left.into_iter().peekable();
            if let Some((same, mut kept)) = left.next_if(|(same, left)| *same || left.put) {
                if same && !kept.put {
                    let put = self.hidden("put", &name);
                    disk::rename(&kept.hidden, &put)?;
                    kept.hidden = put;
                }
                self.before.insert(name, kept.hidden);
            }
            left.try_for_each(|(_, left)| disk::remove(&left.hidden))?;
        }
        Ok(())
    }

    /// The batch was given: what a run before this one has made of it and this one has not goes. The names of the files outlast a
    /// failure of the machine; what is in them does before they are placed.
    pub fn sync(&mut self) -> Result<()> {
        for (name, hidden) in std::mem::take(&mut self.before) {
            // The batch was done again without it.
            if same(&name, &hidden)? {
                disk::remove(&name)?;
                self.dirty = true;
            }
            self.placed.push(hidden);
        }
        if std::mem::take(&mut self.dirty) {
            disk::sync_directory(directory_of(&self.spec))?;
        }
        Ok(())
    }

    /// What was placed stays.
    pub fn committed(&mut self) -> Result<()> {
        self.placed.drain(..).try_for_each(|hidden| disk::remove(&hidden))
    }

    /// The hidden files of this sink.
    fn left(&self) -> Result<Vec<Left>> {
        let directory = directory_of(&self.spec);
        let marks = [("tmp", false), ("put", true)].map(|(state, put)| (format!(".{}-", self.mark(state)), put));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let name = entry?.file_name();
            let Some(shown) = name.to_str().and_then(|name| name.strip_prefix('.')) else { continue };
            let parsed = marks.iter().find_map(|(mark, put)| {
                let (name, number) = shown.rsplit_once(mark.as_str())?;
                Some((name, number.parse().ok()?, *put))
            });
            if let Some((name, number, put)) = parsed {
                let (name, hidden) = (directory.join(name), directory.join(format!(".{shown}")));
                found.push(Left { name, hidden, number, put });
            }
        }
        Ok(found)
    }
}

/// A hidden file that was left here.
struct Left {
    /// What it may be placed as.
    name: PathBuf,
    hidden: PathBuf,
    number: u64,
    /// It was placed.
    put: bool,
}

/// Whether both are names of one file.
fn same(one: &Path, other: &Path) -> Result<bool> {
    let identity = |path: &Path| match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(Some((found.dev(), found.ino()))),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    };
    Ok(identity(one)?.is_some_and(|one| identity(other).is_ok_and(|other| other == Some(one))))
}
