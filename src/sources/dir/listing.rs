//! What files a directory holds, and which of them are new.
//!
//! A file is known by its device, its inode and, where the file system keeps it, the time at which it was made: an inode that
//! is used again is another file, even between two looks. What is no longer there is forgotten, so that the memory of a
//! directory through which files pass for months is that of the files in it.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::super::support::fingerprint::Identity;
use super::super::support::glob;
use crate::error::{Error, Result};

/// A file that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where.
    pub path: PathBuf,
    /// Which.
    pub identity: Identity,
    /// Its length.
    pub size: u64,
}

/// Which files are meant.
pub struct Wanted {
    /// A directory, or a glob of directories.
    pub pattern: String,
    /// Those in directories below as well.
    pub recursive: bool,
    /// Their names match this.
    pub names: Option<GlobMatcher>,
}

/// What was found at one look.
#[derive(Default)]
pub struct Listing {
    /// In order of path.
    pub files: Vec<Found>,
    /// The devices of the directories that were listed.
    devices: HashSet<u64>,
    /// What could not be listed, and why: the first of it.
    pub failed: Option<(PathBuf, std::io::Error)>,
}

impl Wanted {
    /// The directories that are meant. An existing one of that very name wins over a glob.
    pub fn directories(&self) -> Result<Vec<PathBuf>> {
        if Path::new(&self.pattern).symlink_metadata().is_ok() || !glob::is_glob(&self.pattern) {
            return Ok(vec![self.pattern.clone().into()]);
        }
        glob::directories(&self.pattern)
    }

    /// Looks what is there. What cannot be listed is left out and told.
    pub fn list(&self) -> Result<Listing> {
        let mut listing = Listing::default();
        for directory in self.directories()? {
            if let Err(error) = self.walk(&directory, &mut listing) {
                listing.failed.get_or_insert((directory, error));
            }
        }
        listing.files.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
        Ok(listing)
    }

    fn walk(&self, directory: &Path, listing: &mut Listing) -> std::io::Result<()> {
        let entries = std::fs::read_dir(directory)?;
        listing.devices.insert(directory.metadata()?.dev());
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if name.as_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            // Links to directories are not followed: they could lead in circles.
            if entry.file_type()?.is_dir() {
                if self.recursive
                    && let Err(error) = self.walk(&path, listing)
                    && error.kind() != ErrorKind::NotFound
                {
                    listing.failed.get_or_insert((path, error));
                }
                continue;
            }
            if self.names.as_ref().is_some_and(|names| !names.is_match(&name)) {
                continue;
            }
            // It may have gone again, and a link may lead nowhere.
            let Ok(seen) = path.metadata() else { continue };
            if seen.is_file() {
                listing.files.push(Found { path, identity: Identity::of(&seen), size: seen.len() });
            }
        }
        Ok(())
    }

    /// Looks at the start of the run, when all must be in order.
    pub fn first(&self) -> Result<Listing> {
        let directories = self.directories()?;
        if directories.is_empty() {
            return Err(Error::failed(format!("no directory matches {}", self.pattern)));
        }
        if let Some(file) = directories.iter().find(|path| path.is_file()) {
            let file = file.display();
            return Err(Error::failed(format!(
                "cannot list {file}: it is a file, not a directory; to read it: --from {file}"
            )));
        }
        let mut listing = self.list()?;
        match listing.failed.take() {
            Some((path, error)) => Err(Error::io(format_args!("cannot list {}", path.display()), &error)),
            None => Ok(listing),
        }
    }
}

/// The files that have been taken.
#[derive(Clone, Default)]
pub struct Taken(HashSet<Identity>);

impl Taken {
    /// These are taken; false if that is nothing new.
    pub fn insert(&mut self, identity: Identity) -> bool {
        self.0.insert(identity)
    }

    /// This one is not.
    pub fn remove(&mut self, identity: &Identity) {
        self.0.remove(identity);
    }

    /// Forgets those that have gone, unless it is their whole directory that cannot be seen at the moment.
    pub fn forget(&mut self, listing: &Listing) {
        if listing.failed.is_none() {
            let there: HashSet<Identity> = listing.files.iter().map(|file| file.identity).collect();
            self.0.retain(|known| there.contains(known) || !listing.devices.contains(&known.device));
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Identity> {
        self.0.iter()
    }

    /// What of a listing is new. An empty file is left for later, when it holds something.
    pub fn new_of(&mut self, listing: &Listing) -> Vec<Found> {
        self.forget(listing);
        let is_new = |file: &&Found| file.size > 0 && !self.0.contains(&file.identity);
        listing.files.iter().filter(is_new).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn wanted(dir: &Path) -> Wanted {
        Wanted { pattern: dir.display().to_string(), recursive: false, names: None }
    }

    /// Takes what is new: the names, in order.
    fn take(taken: &mut Taken, wanted: &Wanted) -> Vec<String> {
        let found = taken.new_of(&wanted.list().unwrap());
        let name = |file: &Found| file.path.file_name().unwrap().to_str().unwrap().to_string();
        found.iter().filter(|file| taken.insert(file.identity)).map(name).collect()
    }

    #[test]
    fn a_file_is_taken_once_whatever_it_is_called_and_in_order_of_name() {
        let dir = tempfile::tempdir().unwrap();
        let (mut taken, wanted) = (Taken::default(), wanted(dir.path()));
        for name in ["b", "a10", "a2", ".hidden", "B"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        fs::write(dir.path().join("empty"), "").unwrap();
        fs::create_dir(dir.path().join("below")).unwrap();
        assert_eq!(take(&mut taken, &wanted), ["B", "a10", "a2", "b"]);
        fs::rename(dir.path().join("b"), dir.path().join("c")).unwrap();
        fs::hard_link(dir.path().join("c"), dir.path().join("d")).unwrap();
        fs::write(dir.path().join("c"), "more than before").unwrap();
        assert!(take(&mut taken, &wanted).is_empty());
        fs::rename(dir.path().join(".hidden"), dir.path().join("shown")).unwrap();
        fs::write(dir.path().join("empty"), "no more").unwrap();
        assert_eq!(take(&mut taken, &wanted), ["empty", "shown"]);
    }

    /// Two names of one file are one file.
    #[test]
    fn of_two_links_the_first_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b"), "x").unwrap();
        fs::hard_link(dir.path().join("b"), dir.path().join("a")).unwrap();
        std::os::unix::fs::symlink("b", dir.path().join("c")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("d")).unwrap();
        assert_eq!(take(&mut Taken::default(), &wanted(dir.path())), ["a"]);
    }

    #[test]
    fn what_has_gone_is_forgotten_but_not_because_its_directory_cannot_be_seen() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, away) = (dir.path().join("in"), dir.path().join("away"));
        fs::create_dir(&inside).unwrap();
        let (mut taken, wanted) = (Taken::default(), wanted(&inside));
        fs::write(inside.join("a"), "x").unwrap();
        fs::write(inside.join("b"), "x").unwrap();
        assert_eq!(take(&mut taken, &wanted), ["a", "b"]);
        fs::rename(&inside, &away).unwrap();
        assert!(take(&mut taken, &wanted).is_empty());
        assert_eq!(wanted.list().unwrap().failed.unwrap().1.kind(), ErrorKind::NotFound);
        assert_eq!(taken.0.len(), 2);
        fs::rename(&away, &inside).unwrap();
        assert!(take(&mut taken, &wanted).is_empty(), "they are the same files still");
        fs::remove_file(inside.join("a")).unwrap();
        assert!(take(&mut taken, &wanted).is_empty());
        assert_eq!(taken.0.len(), 1, "what has gone is forgotten");
    }

    /// The inode of a file that has gone is that of another one now: at once, or after a look.
    #[test]
    fn an_inode_that_is_used_again_is_another_file() {
        let file = |made: i64| {
            let made = Some(made);
            Found { path: "a".into(), identity: Identity { device: 1, inode: 7, made }, size: 1 }
        };
        let listing = |files: Vec<Found>| Listing { files, devices: HashSet::from([1]), failed: None };
        let mut taken = Taken::default();
        for made in [1, 2] {
            let found = taken.new_of(&listing(vec![file(made)]));
            assert_eq!(found.len(), 1, "made at {made}");
            taken.insert(found[0].identity);
            assert!(taken.new_of(&listing(vec![file(made)])).is_empty());
        }
        assert!(taken.new_of(&listing(vec![])).is_empty());
        assert_eq!(taken.new_of(&listing(vec![file(2)])).len(), 1, "it had gone, and was made in the same moment");
        taken.insert(file(2).identity);
        let elsewhere = Listing { devices: HashSet::from([2]), ..Listing::default() };
        taken.new_of(&elsewhere);
        assert!(taken.new_of(&listing(vec![file(2)])).is_empty(), "its file system was not mounted for a while");
    }

    #[test]
    fn globs_of_directories_names_and_depth() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["x1/a.csv", "x1/below/b.csv", "x1/.git/c.csv", "x2/a.txt", "x2/d.csv", "y/e.csv", "x3"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let pattern = format!("{}/x*", dir.path().display());
        let list = |recursive, names: Option<&str>| {
            let names = names.map(|names| glob::matcher(&pattern, names).unwrap());
            let listing = Wanted { pattern: pattern.clone(), recursive, names }.first().unwrap();
            let name = |file: &Found| file.path.strip_prefix(dir.path()).unwrap().display().to_string();
            listing.files.iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(list(false, None), ["x1/a.csv", "x2/a.txt", "x2/d.csv"]);
        assert_eq!(list(true, Some("*.csv")), ["x1/a.csv", "x1/below/b.csv", "x2/d.csv"]);
    }

    #[test]
    fn at_the_start_all_must_be_in_order() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        let first = |name: &str| {
            let pattern = dir.path().join(name).display().to_string();
            let found = Wanted { pattern, recursive: false, names: None }.first();
            found.err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(first("none").ends_with("/none: no such file or directory"), "{}", first("none"));
        assert!(first("n*").starts_with("no directory matches "));
        assert!(first("file").contains("it is a file, not a directory; to read it: --from "));
        assert_eq!(first("."), "");
    }
}
