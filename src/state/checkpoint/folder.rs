//! The directory of a checkpoint, as far as its files are changed: everything that a crash or a full disk may come between
//! goes through here, so that tests can put one anywhere.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

#[cfg(test)]
pub mod fuse;

/// A directory.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// That of this path, which is made if it is not there.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !path.is_dir() {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            match DirBuilder::new().mode(0o700).create(path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
                made => made?,
            }
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(Folder { path: path.to_path_buf() })
    }

    /// The path of one of its files.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Its files that have names of plain text, in order.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = entries.collect::<io::Result<Vec<String>>>()?;
        names.sort();
        Ok(names)
    }

    /// All of a file.
    pub fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.at(name))
    }

    /// How long a file is.
    pub fn len(&self, name: &str) -> io::Result<u64> {
        Ok(std::fs::metadata(self.at(name))?.len())
    }

    /// An empty file of this name.
    pub fn create(&self, name: &str) -> io::Result<File> {
        step()?;
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.at(name))
    }

    /// A file that is there, to be written.
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.at(name))
    }

    /// Writes these pieces behind one another, from `at` on.
    pub fn write(&self, file: &File, at: u64, pieces: &[&[u8]]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(result) = fuse::write(file, at, pieces) {
            return result;
        }
        write_all(file, at, pieces)
    }

    /// Cuts a file to a length.
    pub fn cut(&self, file: &File, len: u64) -> io::Result<()> {
        step()?;
        file.set_len(len)
    }

    /// What was written to a file outlasts a failure of the machine.
    pub fn sync(&self, file: &File) -> io::Result<()> {
        step()?;
        file.sync_data()
    }

    /// Files that were made, renamed and removed stay so.
    pub fn sync_names(&self) -> io::Result<()> {
        step()?;
        File::open(&self.path)?.sync_all()
    }

    /// Gives a file another name, in place of the file that had it.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        step()?;
        std::fs::rename(self.at(from), self.at(to))
    }

    /// Gives a file that cannot be used another name, which is returned.
    pub fn move_aside(&self, name: &str) -> io::Result<String> {
        let broken = format!("broken-{name}");
        self.rename(name, &broken)?;
        Ok(broken)
    }

    /// Gives a damaged file that is about to be replaced a second name, which is returned.
    pub fn keep_aside(&self, name: &str) -> io::Result<String> {
        let broken = format!("broken-{name}");
        self.remove(&broken)?;
        step()?;
        std::fs::hard_link(self.at(name), self.at(&broken))?;
        Ok(broken)
    }

    /// Replaces a damaged file by its start; all of it stays under the name that is returned.
    pub fn cut_aside(&self, name: &str, start: &[u8]) -> io::Result<String> {
        let broken = self.keep_aside(name)?;
        let new = format!("{name}.new");
        let file = self.create(&new)?;
        self.write(&file, 0, &[start])?;
        self.sync(&file)?;
        self.rename(&new, name)?;
        Ok(broken)
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        step()?;
        match std::fs::remove_file(self.at(name)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }
}

/// Anything but writing bytes: done, or not done at all.
#[inline(always)]
fn step() -> io::Result<()> {
    #[cfg(test)]
    fuse::step()?;
    Ok(())
}

fn write_all(file: &File, mut at: u64, pieces: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = &mut slices[..];
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match rustix::io::pwritev(file, rest, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                at += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
