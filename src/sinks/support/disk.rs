//! What sinks change on disk, step by step: in tests a process can die before any of them.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::failpoint;

/// Everyone may read what is made here, hidden or not; the umask may take from it.
const MODE: u32 = 0o644;

/// Opens a file to append to, made if it is not there.
pub fn open_to_append(path: &Path) -> Result<File> {
    step()?;
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

/// Makes a file that was not there.
pub fn create_new(path: &Path) -> Result<File> {
    step()?;
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

/// An open file to write to.
pub struct Out(pub File);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        #[cfg(test)]
        if testing::dies_now() {
            let _ = self.0.write_all(&bytes[..bytes.len() / 2]);
        }
        if failpoint::is_due("sink-half") {
            let _ = self.0.write_all(&bytes[..bytes.len() / 2]);
            failpoint::die();
        }
        step()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Cuts an open file down to a length.
pub fn cut(file: &File, length: u64) -> Result<()> {
    step()?;
    file.set_len(length)
}

/// What was written to the file outlasts a failure of the machine.
pub fn sync(file: &File) -> Result<()> {
    step()?;
    #[cfg(test)]
    if testing::counts() {
        return Ok(());
    }
    file.sync_data()
}

/// The names in a directory outlast a failure of the machine.
pub fn sync_directory(path: &Path) -> Result<()> {
    step()?;
    #[cfg(test)]
    if testing::counts() {
        return Ok(());
    }
    match File::open(path)?.sync_all() {
        // Some file systems have no such thing.
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

/// Gives a file a second name; one that exists is an error. [`ErrorKind::Unsupported`] where files have one name only.
pub fn link(from: &Path, to: &Path) -> Result<()> {
    step()?;
    #[cfg(test)]
    if testing::has_no_links() {
        return Err(ErrorKind::Unsupported.into());
    }
    std::fs::hard_link(from, to).map_err(|e| match Errno::from_io_error(&e) {
        Some(Errno::PERM | Errno::NOSYS | Errno::NOTSUP | Errno::MLINK | Errno::INVAL) => ErrorKind::Unsupported.into(),
        _ => e,
    })
}

/// Renames a file, over one that exists.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    step()?;
    std::fs::rename(from, to)
}

/// Renames a file; one that exists is an error, even if it appeared just now. [`ErrorKind::Unsupported`] where that cannot be had.
pub fn rename_new(from: &Path, to: &Path) -> Result<()> {
    step()?;
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(|e| match e {
        Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => ErrorKind::Unsupported.into(),
        _ => e.into(),
    })
}

/// Removes a name; one that is not there is as good.
pub fn remove(path: &Path) -> Result<()> {
    step()?;
    match std::fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(not(test))]
fn step() -> Result<()> {
    failpoint::pass("sink");
    Ok(())
}

#[cfg(test)]
use testing::step;

/// A process that dies: after some steps no other one happens, as with `kill -9`.
#[cfg(test)]
pub mod testing {
    use std::cell::Cell;

    thread_local! {
        static STEPS: Cell<Option<usize>> = const { Cell::new(None) };
        static NO_LINKS: Cell<bool> = const { Cell::new(false) };
    }

    /// On this thread files have one name only, as on FAT.
    pub fn without_links(without: bool) {
        NO_LINKS.set(without);
    }

    pub(super) fn has_no_links() -> bool {
        NO_LINKS.get()
    }

    /// So many more steps happen on this thread, and the machine does not fail: nothing is synced. `None`: all, as they are.
    pub fn lives_for(steps: Option<usize>) {
        STEPS.set(steps);
    }

    /// Steps are counted.
    pub(super) fn counts() -> bool {
        STEPS.get().is_some()
    }

    /// No step happens any more.
    pub fn dies_now() -> bool {
        STEPS.get() == Some(0)
    }

    pub(super) fn step() -> std::io::Result<()> {
        match STEPS.get() {
            Some(0) => return Err(std::io::Error::other("the process is dead")),
            Some(left) => STEPS.set(Some(left - 1)),
            None => {}
        }
        Ok(())
    }
}
