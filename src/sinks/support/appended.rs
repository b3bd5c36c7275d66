//! A file that is appended to. What fails in the middle is cut back to what was delivered before it, and what a run that broke
//! off has left of a batch can be taken back by the next one.
//!
//! Both hold where nobody else writes to the file at the same time.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::disk::{self, Out};
use super::identity::{self, Identity};
use crate::error::{Error, Result, describe};
use crate::sinks::{BUFFER, directory_of};

/// The bytes of [`Appended::stand`]: whether it is a regular file, which one, and its length.
pub const STAND: usize = 1 + identity::LENGTH + 8;

/// A stand that says nothing: not of a regular file.
pub const NOWHERE: [u8; STAND] = [0; STAND];

/// A file that is appended to.
pub struct Appended {
    /// What is attempted here, as messages begin: `cannot write to out.csv`.
    attempted: String,
    path: PathBuf,
    file: Out,
    /// What stands once at its start.
    header: Vec<u8>,
    gathered: Vec<u8>,
    /// Of a regular file: its length when everything in it had been delivered.
    delivered: Option<u64>,
    /// Bytes that were written since.
    written: u64,
    /// Its name is known to outlast a failure of the machine ...
    named: bool,
    /// ... and all that was written.
    lasts: bool,
}

impl Appended {
    /// Opens the file, made if it is not there. `attempted`: how its messages begin.
    pub fn open(path: &Path, header: Vec<u8>, attempted: String) -> Result<Self> {
        let opened = disk::open_to_append(path).and_then(|file| Ok((file.metadata()?, file)));
        let (found, file) = opened.map_err(|e| Error::io(&attempted, &e))?;
        let delivered = found.is_file().then_some(found.len());
        let gathered = if delivered.is_some_and(|length| length > 0) { Vec::new() } else { header.clone() };
        let (path, file) = (path.to_path_buf(), Out(file));
        Ok(Appended { attempted, path, file, header, gathered, delivered, written: 0, named: false, lasts: true })
    }

    /// Appends something: to be delivered.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.gathered.len() + bytes.len() > BUFFER {
            return self.hand_over(bytes);
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    /// All that was appended is in the file and stays.
    pub fn deliver(&mut self) -> Result<()> {
        self.hand_over(&[])?;
        if let Some(delivered) = &mut self.delivered {
            *delivered += self.written;
        }
        self.written = 0;
        Ok(())
    }

    /// Writes what was gathered and `more` behind it.
    fn hand_over(&mut self, more: &[u8]) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)?;
        self.put(more)?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }

    fn put(&mut self, mut rest: &[u8]) -> Result<()> {
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return self.fail(&ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.lasts = false;
                    self.written += n as u64;
                    rest = &rest[n..];
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return self.fail(&e),
            }
        }
        Ok(())
    }

    fn fail(&mut self, found: &std::io::Error) -> Result<()> {
        let mut error = format!("{}: {}", self.attempted, describe(found));
        // If others append to the file too, the length is not ours to decide.
        if let Some(delivered) = self.delivered
            && self.written > 0
        {
            let ours = self.file.0.metadata().is_ok_and(|m| m.len() == delivered + self.written);
            error += match ours && disk::cut(&self.file.0, delivered).is_ok() {
                true => "; the unfinished batch was taken back",
                false => "; the unfinished batch stands at its end",
            };
        }
        self.written = 0;
        Err(Error::failed(error))
    }

    /// Which file it is and how long, between batches: what [`Appended::take_back`] needs.
    pub fn stand(&mut self) -> Result<[u8; STAND]> {
        let mut stand = NOWHERE;
        if self.delivered.is_none() {
            return Ok(stand);
        }
        let found = self.file.0.metadata().map_err(|e| Error::io(&self.attempted, &e))?;
        // Two files of a run may be the same one: what the other has written by now stays, too.
        self.delivered = Some(found.len());
        stand[0] = 1;
        stand[1..STAND - 8].copy_from_slice(&Identity::of(&found).bytes());
        stand[STAND - 8..].copy_from_slice(&found.len().to_le_bytes());
        Ok(stand)
    }

    /// Cuts the file back to where it stood. What is worth knowing if it is not as it was: it was replaced or cut meanwhile.
    pub fn take_back(&mut self, stand: &[u8]) -> Result<Option<String>> {
        let (identity, length) = match read(stand) {
            Some(Some(stood)) => stood,
            Some(None) => return Ok(None),
            None => {
                let path = self.path.display();
                return Err(Error::failed(format!("the checkpoint says of {path} what cannot be understood")));
            }
        };
        let failed = |e: std::io::Error| Error::io(&self.attempted, &e);
        let found = self.file.0.metadata().map_err(failed)?;
        let path = self.path.display();
        if !found.is_file() || !identity.is(&Identity::of(&found)) {
            return self.take_back_elsewhere(&identity, length).map_err(failed);
        }
        if found.len() < length {
            return Ok(Some(format!(
                "{path} has {} bytes where a checkpoint knows of {length}: somebody has cut it; nothing was taken back, it goes \
                 on at its end",
                found.len()
            )));
        }
        disk::cut(&self.file.0, length).map_err(failed)?;
        self.lasts = false;
        self.delivered = Some(length);
        self.gathered = if length == 0 { self.header.clone() } else { Vec::new() };
        Ok(None)
    }

    /// The file has been replaced by another one: it may stand beside it under a new name, as rotation leaves it.
    fn take_back_elsewhere(&self, identity: &Identity, length: u64) -> std::io::Result<Option<String>> {
        let path = self.path.display();
        for entry in std::fs::read_dir(directory_of(&self.path))? {
            let entry = entry?;
            // What is gone by now cannot be it.
            let Ok(found) = entry.metadata() else { continue };
            if !found.is_file() || !identity.is(&Identity::of(&found)) {
                continue;
            }
            let moved = entry.path();
            if found.len() > length {
                let file = OpenOptions::new().write(true).open(&moved)?;
                disk::cut(&file, length)?;
                disk::sync(&file)?;
                let moved = moved.display();
                return Ok(Some(format!("{path} is {moved} now: the unfinished batch was taken back there")));
            }
            let whole = found.len() == length;
            return Ok((!whole).then(|| {
                format!("{path} is {} now, and somebody has cut it; nothing was taken back", moved.display())
            }));
        }
        Ok(Some(format!(
            "{path} is not the file that a checkpoint knows of, and that one is not beside it; rows of the unfinished batch \
             may stand in it and come again here"
        )))
    }

    /// What was delivered outlasts a failure of the machine.
    pub fn sync(&mut self) -> Result<()> {
        if self.delivered.is_none() || self.lasts {
            return Ok(());
        }
        let directory = directory_of(&self.path);
        let synced =
            disk::sync(&self.file.0).and_then(|()| if self.named { Ok(()) } else { disk::sync_directory(directory) });
        synced.map_err(|e| Error::io(&self.attempted, &e))?;
        (self.named, self.lasts) = (true, true);
        Ok(())
    }
}

/// What a stand says, if anything; `None` if it is none.
fn read(stand: &[u8]) -> Option<Option<(Identity, u64)>> {
    let stand: &[u8; STAND] = stand.try_into().ok()?;
    if *stand == NOWHERE {
        return Some(None);
    }
    let (first, rest) = stand.split_first()?;
    let (identity, rest) = rest.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    (*first == 1).then(|| Some((Identity::read(identity), u64::from_le_bytes(*length))))
}

#[cfg(test)]
mod tests;
