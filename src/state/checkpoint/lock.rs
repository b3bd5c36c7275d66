//! One run at a time uses a checkpoint. The system gives the lock back when its holder ends, however that happens; what stands
//! in the file only says who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{Error, Result};

/// The name of the file.
pub const NAME: &str = "lock";

/// Of a command line so many characters are shown.
const SHOWN: usize = 200;

/// Who uses a checkpoint: this process, and what others should know of it.
#[derive(Debug, Clone, Default)]
pub struct Holder {
    /// Since when, for people.
    pub since: String,
    /// Its command line.
    pub command: String,
}

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a directory that is there, or says who has it.
    pub fn take(dir: &Path, holder: &Holder) -> Result<Self> {
        let path = dir.join(NAME);
        let failed = |e: &std::io::Error| Error::io(format!("cannot lock the checkpoint {}", dir.display()), e);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = open.map_err(|e| failed(&e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::failed(told(dir, &mut file))),
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
        }
        let text = format!("{}\n{}\n{}\n", std::process::id(), plain(&holder.since), plain(&holder.command));
        // A full disk is no reason not to run: the lock holds without its text.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        Ok(Lock { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A child that is being started has the file, too, until it becomes another program: closing it is not enough.
        let _ = self.file.unlock();
    }
}

/// On one line, and nothing that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn told(dir: &Path, file: &mut File) -> String {
    let mut bytes = Vec::new();
    let _ = file.take(64 * 1024).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().map(plain);
    let mut next = || lines.next().filter(|line| !line.is_empty());
    let (pid, since, command) = (next(), next(), next());
    let mut who = pid.map_or("another process".to_string(), |pid| format!("process {pid}"));
    if let Some(command) = command {
        let cut = command.char_indices().nth(SHOWN).map(|(at, _)| format!("{}…", &command[..at]));
        who += &format!(" (`{}`)", cut.unwrap_or(command));
    }
    let since = since.map_or("is using it".to_string(), |since| format!("has been using it since {since}"));
    format!("cannot use {}: {who} {since}; each run needs a checkpoint of its own", dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(command: &str) -> Holder {
        Holder { since: "2026-11-20T09:00:00.000Z".into(), command: command.into() }
    }

    #[test]
    fn who_holds_it_is_told_to_the_second() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::take(dir.path(), &holder("streamer\ncount\x1b[2J")).unwrap();
        let error = Lock::take(dir.path(), &holder("streamer words")).unwrap_err().to_string();
        let expected = format!(
            "cannot use {}: process {} (`streamer count [2J`) has been using it since 2026-11-20T09:00:00.000Z; \
             each run needs a checkpoint of its own",
            dir.path().display(),
            std::process::id()
        );
        assert_eq!(error, expected);
        drop(first);
        Lock::take(dir.path(), &holder("streamer words")).unwrap();
    }

    #[test]
    fn a_lock_without_its_text_holds_too() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Lock::take(dir.path(), &holder("streamer")).unwrap();
        for (text, who) in [("", "another process is using it"), ("12\n", "process 12 is using it")] {
            std::fs::write(dir.path().join(NAME), text).unwrap();
            let error = Lock::take(dir.path(), &holder("streamer words")).unwrap_err().to_string();
            assert!(error.contains(who), "{error}");
        }
        std::fs::write(dir.path().join(NAME), format!("12\nnow\n{}\n", "é".repeat(300))).unwrap();
        let error = Lock::take(dir.path(), &holder("")).unwrap_err().to_string();
        assert!(error.contains(&format!("(`{}…`)", "é".repeat(200))), "{error}");
    }

    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let _lock = Lock::take(dir.path(), &holder("streamer")).unwrap();
        let mode = std::fs::metadata(dir.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
