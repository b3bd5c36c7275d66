//! Each file exactly once, across runs that break off.
//!
//! The files of a batch are written under hidden names, `.NAME.tmp-TAG-NUMBER`, and get theirs once the batch is logged: what it
//! holds can then only come again just so. Before a file is renamed, an empty one beside it says so: `.NAME.put-TAG-NUMBER-MODIFIED-LENGTH`,
//! with what the file will be known by. While the hidden file with its number is there, nothing has happened; without it, NAME is
//! that file, and whoever finds another one there, or none, knows that somebody has taken it away: it was delivered. These marks go
//! when the batch is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::support::names::{hidden_name, number_of, numbered};
use super::files::{Patient, Status};
use crate::error::Result;

/// What is written and not committed.
pub struct Once {
    /// Where files go.
    directory: PathBuf,
    /// Of this sink only.
    tag: String,
    next: u64,
    /// Files of the batch that have no names yet.
    written: Vec<Written>,
    /// The marks of what was placed, by this run or by one before that wrote the same batch.
    placed: Vec<String>,
    /// Of a run that broke off: the name of a file that it has placed, and its mark; not done again so far.
    before: BTreeMap<PathBuf, Mark>,
    /// What runs before this one have left was looked at.
    tidy: bool,
}

/// A file under its hidden name.
pub struct Written {
    /// Its path, and the number in it.
    pub path: String,
    pub number: u64,
    /// What it is to be called, unless that is taken, and what of it is the extension.
    pub target: PathBuf,
    pub extension: String,
}

/// Says that a file was placed, or was about to be.
struct Mark {
    path: String,
    number: u64,
    modified: u64,
    length: u64,
}

impl Mark {
    fn is_of(&self, status: Option<Status>) -> bool {
        status.is_some_and(|s| !s.is_directory && (s.modified, s.length) == (self.modified, self.length))
    }
}

/// Hidden files: by their numbers those that were written, and the marks with the names that they tell of.
type Left = (BTreeMap<u64, String>, Vec<(PathBuf, Mark)>);

/// What stands between a name and the number in hidden ones.
const WRITTEN: &str = "tmp";
const PLACED: &str = "put";

impl Once {
    /// For files in this directory; nobody else uses the tag.
    pub fn new(directory: &Path, tag: String) -> Self {
        Once {
            directory: directory.to_path_buf(),
            tag,
            next: 0,
            written: Vec::new(),
            placed: Vec::new(),
            before: BTreeMap::new(),
            tidy: false,
        }
    }

    /// The hidden name of the next file.
    pub fn hidden(&mut self, name: &Path) -> (String, u64) {
        self.next += 1;
        let path = hidden_name(name, &format!("{WRITTEN}-{}", self.tag), self.next - 1);
        (path.to_string_lossy().into_owned(), self.next - 1)
    }

    /// A file of the batch is whole.
    pub fn add(&mut self, written: Written) {
        self.written.push(written);
    }

    /// Before the first batch: what stands here of earlier ones is committed, as nothing was to be taken back.
    pub fn tidy(&mut self, files: &mut Patient) -> Result<()> {
        if !std::mem::replace(&mut self.tidy, true) {
            let (written, marks) = self.left(files)?;
            // The marks first: a mark without its file says that this was placed.
            for (_, mark) in &marks {
                files.remove(&mark.path)?;
            }
            written.values().try_for_each(|path| files.remove(path))?;
        }
        Ok(())
    }

    /// Looks at what a run before this one has left of a batch: what it has placed will be replaced, the rest goes.
    pub fn take_back(&mut self, files: &mut Patient) -> Result<()> {
        self.tidy = true;
        let (written, marks) = self.left(files)?;
        let numbers = written.keys().copied().chain(marks.iter().map(|(_, mark)| mark.number));
        self.next = numbers.max().map_or(0, |last| last + 1);
        let mut placed: BTreeMap<PathBuf, Vec<Mark>> = BTreeMap::new();
        for (name, mark) in marks {
            match written.contains_key(&mark.number) {
                true => files.remove(&mark.path)?,
                false => placed.entry(name).or_default().push(mark),
            }
        }
        written.values().try_for_each(|path| files.remove(path))?;
        for (name, mut marks) in placed {
            let status = files.status(&text(&name))?;
            // Of a file that has replaced another one of the same batch; the mark of that one had no time to go.
            marks.sort_by_key(|mark| (mark.is_of(status), mark.number));
            if let Some(last) = marks.pop() {
                self.before.insert(name, last);
            }
            marks.iter().try_for_each(|mark| files.remove(&mark.path))?;
        }
        Ok(())
    }

    /// The batch is logged: its files get their names, and what a run before this one has made of it and this one has not goes.
    pub fn sync(&mut self, files: &mut Patient) -> Result<()> {
        for written in std::mem::take(&mut self.written) {
            let Some(status) = files.status(&written.path)? else {
                let attempted = format!("go on with {}{}", files.name, written.path);
                return Err(files.failed(&attempted, &super::files::Failure::Missing));
            };
            let target = (written.target.as_path(), written.extension.as_str());
            let numbers =
                self.before.keys().filter_map(|name| Some((number_of(name, target.0, target.1)?, name.clone())));
            match numbers.min() {
                Some((_, name)) => self.replace(files, &written, status, &name)?,
                None => self.place(files, &written, status)?,
            }
        }
        for (name, mark) in std::mem::take(&mut self.before) {
            // The batch was done again without it.
            if mark.is_of(files.status(&text(&name))?) {
                files.remove(&text(&name))?;
            }
            self.placed.push(mark.path);
        }
        Ok(())
    }

    /// Gives a file the first name that is free.
    fn place(&mut self, files: &mut Patient, written: &Written, status: Status) -> Result<()> {
        for name in free_names(&written.target, &written.extension) {
            if files.status(&text(&name))?.is_some() {
                continue;
            }
            let mark = self.mark(files, written, status, &name)?;
            if files.rename(&written.path, &text(&name), status, false)? {
                self.placed.push(mark);
                return Ok(());
            }
            files.remove(&mark)?;
        }
        Ok(())
    }

    /// Puts a file in the place of the one that a run before this one has placed there.
    fn replace(&mut self, files: &mut Patient, written: &Written, status: Status, name: &Path) -> Result<()> {
        let Some(before) = self.before.remove(name) else { return Ok(()) };
        if !before.is_of(files.status(&text(name))?) {
            self.placed.push(before.path);
            return files.remove(&written.path);
        }
        let mark = self.mark(files, written, status, name)?;
        files.rename(&written.path, &text(name), status, true)?;
        self.placed.push(mark);
        files.remove(&before.path)
    }

    fn mark(&self, files: &mut Patient, written: &Written, status: Status, name: &Path) -> Result<String> {
        let Status { modified, length, .. } = status;
        let mark = text(&hidden_name(name, &format!("{PLACED}-{}", self.tag), written.number));
        let mark = format!("{mark}-{modified}-{length}");
        files.put(&mark, b"", true)?;
        Ok(mark)
    }

    /// What was placed stays.
    pub fn committed(&mut self, files: &mut Patient) -> Result<()> {
        self.placed.drain(..).try_for_each(|mark| files.remove(&mark))
    }

    /// The hidden files of this sink.
    fn left(&self, files: &mut Patient) -> Result<Left> {
        let directory = text(&self.directory);
        let names = files.surely(&format!("list {}{directory}", files.name), |files| files.list(&directory))?;
        let (mut written, mut marks) = (BTreeMap::new(), Vec::new());
        let behind = |name: &str, state: &str| {
            let (name, behind) = name.strip_prefix('.')?.rsplit_once(&format!(".{state}-{}-", self.tag))?;
            Some((self.directory.join(name), behind.to_string()))
        };
        for name in names {
            let path = text(&self.directory.join(&name));
            if let Some((_, number)) = behind(&name, WRITTEN) {
                number.parse().ok().map(|number| written.insert(number, path));
            } else if let Some((of, numbers)) = behind(&name, PLACED) {
                let numbers: Vec<u64> = numbers.split('-').filter_map(|number| number.parse().ok()).collect();
                if let [number, modified, length] = numbers[..] {
                    marks.push((of, Mark { path, number, modified, length }));
                }
            }
        }
        Ok((written, marks))
    }
}

/// The name, then `-2`, `-3` … before its extension.
pub fn free_names<'a>(target: &'a Path, extension: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let more = (2..).map(|number| numbered(target, extension, number));
    std::iter::once(target.to_path_buf()).chain(more)
}

/// A path as the file system takes it. What it is made of is text.
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
