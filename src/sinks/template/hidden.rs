//! A file that is being written, beside those it will stand among.

use std::ffi::OsString;
use std::io::{BufWriter, ErrorKind, Result};
use std::path::{Path, PathBuf};

use crate::sinks::support::disk::{self, Out};
use crate::sinks::{BUFFER, directory_of};

/// A hidden file that is gone when dropped, unless it got its name before.
pub struct Hidden {
    pub path: PathBuf,
    pub to: BufWriter<Out>,
}

impl Hidden {
    /// Makes `.NAME.MARK-NUMBER` beside `target`, with the first number from `number` on that is free.
    pub fn beside(target: &Path, mark: &str, number: &mut u64) -> Result<Self> {
        loop {
            let path = hidden_name(target, mark, *number);
            *number += 1;
            match disk::create_new(&path) {
                Ok(file) => return Ok(Hidden { path, to: BufWriter::with_capacity(BUFFER, Out(file)) }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives it the name, or if that is taken the first free one of `-2`, `-3` … before the extension.
    pub fn place(mut self, target: &Path, extension: &str) -> Result<()> {
        first_free(target, extension, |free| self.rename_new(free))
    }

    /// Gives it a name that is free.
    pub fn rename_new(&mut self, target: &Path) -> Result<()> {
        match disk::rename_new(&self.path, target) {
            // Then a second name is given, and the hidden one goes when this is dropped.
            Err(e) if e.kind() == ErrorKind::Unsupported => disk::link(&self.path, target),
            Ok(()) => {
                self.path = PathBuf::new();
                Ok(())
            }
            Err(e) => Err(e),
        }
    }

    /// Gives it another hidden name.
    pub fn rename(&mut self, path: PathBuf) -> Result<()> {
        disk::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// From now on it stays.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = disk::remove(&self.path);
        }
    }
}

/// `.NAME.MARK-NUMBER` beside the file.
pub fn hidden_name(file: &Path, mark: &str, number: u64) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{mark}-{number}"));
    directory_of(file).join(name)
}

/// Tries the name, then `-2`, `-3` … before its extension, until one is free.
pub fn first_free(target: &Path, extension: &str, mut give: impl FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut free = target.to_path_buf();
    for number in 2u64.. {
        match give(&free) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            done => return done,
        }
        free = numbered(target, extension, number);
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// `out/a.csv` as `out/a-2.csv`.
fn numbered(target: &Path, extension: &str, number: u64) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(extension).unwrap_or(&name);
    target.with_file_name(format!("{stem}-{number}{extension}"))
}

/// The number that [`first_free`] gave: 1 for the name itself; `None` if `name` is of another target.
pub fn number_of(name: &Path, target: &Path, extension: &str) -> Option<u64> {
    if name == target {
        return Some(1);
    }
    let text = |path: &Path| Some(path.file_name()?.to_str()?.strip_suffix(extension)?.to_string());
    let number: u64 = text(name)?.strip_prefix(&text(target)?)?.strip_prefix('-')?.parse().ok()?;
    (number >= 2 && name == numbered(target, extension, number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_given() {
        let target = Path::new("out/a.csv");
        for number in [2, 3, 10, 4711] {
            assert_eq!(number_of(&numbered(target, ".csv", number), target, ".csv"), Some(number));
        }
        assert_eq!(number_of(target, target, ".csv"), Some(1));
        for other in ["out/a-1.csv", "out/a-02.csv", "out/a-x.csv", "out/a2.csv", "out/b-2.csv", "out/a-2", "x/a-2.csv"]
        {
            assert_eq!(number_of(Path::new(other), target, ".csv"), None, "{other}");
        }
        assert_eq!(number_of(Path::new("19700101T000001.000Z-2"), Path::new("19700101T000001.000Z"), ""), Some(2));
    }
}
