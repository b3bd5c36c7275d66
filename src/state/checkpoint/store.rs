//! The snapshots and logs of a checkpoint. A snapshot is a byte string that is the whole state; records are appended to a log
//! behind it, and are on the disk when [`Store::append`] returns. When the log has outgrown the snapshot, the next generation
//! begins with a snapshot of its own.
//!
//! A generation begins with its log, still empty, under its name; then the snapshot is written beside and renamed: that is the
//! moment it counts. So a snapshot without its log, or a log with records but without its snapshot, is damage and no crash.

mod loading;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

use super::chain::Chain;
use super::checksum::xxh64;
use super::codec::{Read, Reader, Writer};
use super::folder::Folder;
use super::frame::{self, Count, Kind, LEAD};
use super::lock::{self, Holder, Lock};
use crate::error::{Error, Result};
use crate::failpoint;

/// A log is let grow up to so many bytes, however small the snapshot is: below that a snapshot is no quicker than a record.
const SMALL: u64 = 1 << 20;

/// What a checkpoint held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The last snapshot that can be used; empty if none was taken yet.
    pub snapshot: Vec<u8>,
    /// What was appended since.
    pub records: Vec<Vec<u8>>,
    /// What was damaged, and what is used instead: for people, a line each.
    pub notes: Vec<String>,
}

/// The directory of a checkpoint, held by this run until it is dropped.
#[derive(Debug)]
pub struct Store {
    folder: Folder,
    dir: PathBuf,
    chain: Chain,
    id: String,
    seeds: [u64; 4],
    /// The generation whose snapshot was loaded or written last.
    base: u64,
    /// That of the log.
    generation: u64,
    log: Log,
    /// Something could not be used: a new snapshot makes all good.
    damaged: bool,
    /// The bytes of the last snapshot, of the logs between it and the last one, and of everything that is older.
    sizes: Sizes,
    _lock: Lock,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sizes {
    snapshot: u64,
    between: u64,
    older: u64,
}

/// The log that is appended to.
#[derive(Debug)]
struct Log {
    file: File,
    /// Up to here it is whole.
    len: u64,
    count: Count,
    records: u64,
    /// There may be something behind that, which could not be cut off.
    untidy: bool,
}

/// The first part of a snapshot or a log.
#[derive(Debug, Clone, Default, PartialEq)]
struct Head {
    id: String,
    generation: u64,
    /// Of a log: how many records are in the one before it; none where it does not continue that.
    follows: Option<u64>,
    /// Of a snapshot.
    seeds: [u64; 4],
    chain: Chain,
}

impl Head {
    fn write(&self, kind: Kind) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.str(&self.id);
        writer.u64(self.generation);
        if kind == Kind::Log {
            writer.bool(self.follows.is_some());
            writer.u64(self.follows.unwrap_or(0));
        } else {
            self.seeds.iter().for_each(|&seed| writer.fixed(seed));
            self.chain.write(&mut writer);
        }
        writer.into_bytes()
    }

    fn read(bytes: &[u8], kind: Kind) -> Read<Self> {
        let mut reader = Reader::new(bytes);
        let mut head = Head { id: reader.str()?.to_string(), generation: reader.u64()?, ..Head::default() };
        if kind == Kind::Log {
            let follows = reader.bool()?;
            head.follows = Some(reader.u64()?).filter(|_| follows);
        } else {
            for seed in &mut head.seeds {
                *seed = reader.fixed()?;
            }
            head.chain = Chain::read(&mut reader)?;
        }
        reader.end()?;
        Ok(head)
    }
}

fn snapshot_name(generation: u64) -> String {
    format!("snapshot-{generation}")
}

fn log_name(generation: u64) -> String {
    format!("log-{generation}")
}

/// A number that nobody foresees.
fn random(which: u64) -> u64 {
    std::hash::RandomState::new().hash_one(which)
}

impl Store {
    /// Makes or takes the directory, and reads what is there; nothing if nothing was stored yet. `seeds`: those that a directory
    /// is made with.
    pub fn open(
        dir: &Path,
        chain: &Chain,
        holder: &Holder,
        seeds: impl FnOnce() -> [u64; 4],
    ) -> Result<(Store, Option<Loaded>)> {
        let failed = |e: &std::io::Error| Error::io(format!("cannot use {} for the checkpoint", dir.display()), e);
        let folder = Folder::open(dir).map_err(|e| failed(&e))?;
        loading::refuse_strangers(&folder, dir)?;
        let lock = Lock::take(dir, holder)?;
        let found = loading::load(&folder, dir, chain)?;
        let fresh = found.is_none();
        let found = match found {
            Some(found) => found,
            None => loading::begin(&folder, chain, seeds()).map_err(|e| failed(&e))?,
        };
        let mut store = Store {
            folder,
            dir: dir.to_path_buf(),
            chain: chain.clone(),
            id: found.id,
            seeds: found.seeds,
            base: found.base,
            generation: found.generation,
            log: found.log,
            damaged: !found.loaded.notes.is_empty(),
            sizes: found.sizes,
            _lock: lock,
        };
        store.sizes.older = store.older().map_err(|e| failed(&e))?;
        let untouched = fresh || (store.generation == 0 && found.loaded == Loaded::default());
        Ok((store, Some(found.loaded).filter(|_| !untouched)))
    }

    /// What tells this checkpoint from any other: letters and digits, the same as long as the directory lives.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Random numbers, the same as long as the directory lives: for hashes that must be the same in every run.
    pub fn seeds(&self) -> [u64; 4] {
        self.seeds
    }

    /// Adds a record. When this returns it outlasts a failure of the machine; after an error it is not there, what was there before
    /// is, and it may be tried again.
    pub fn append(&mut self, payload: &[u8]) -> Result<()> {
        let name = log_name(self.generation);
        self.add(payload).map_err(|e| {
            let path = self.dir.join(&name);
            Error::io(format!("cannot write the checkpoint {} (what was committed before stays)", path.display()), &e)
        })
    }

    fn add(&mut self, payload: &[u8]) -> std::io::Result<()> {
        failpoint::pass("append-before");
        let (folder, log) = (&self.folder, &mut self.log);
        log.tidy(folder)?;
        let mut count = log.count;
        let lead = count.lead(payload.len(), xxh64(payload, 0));
        if failpoint::is_due("append-half") {
            let record = [&lead, payload].concat();
            let _ = folder.write(&log.file, log.len, &[&record[..record.len() / 2]]);
            failpoint::die();
        }
        log.untidy = true;
        let written = folder.write(&log.file, log.len, &[&lead, payload]).and_then(|()| folder.sync(&log.file));
        if let Err(e) = written {
            // Tried again before the next record, if it fails.
            let _ = log.tidy(folder);
            return Err(e);
        }
        log.untidy = false;
        log.count = count;
        log.len += (LEAD + payload.len()) as u64;
        log.records += 1;
        failpoint::pass("append-after");
        Ok(())
    }

    /// Begins a new generation with this state, that behind the last record. After an error the one before goes on.
    pub fn snapshot(&mut self, payload: &[u8]) -> Result<()> {
        let next = self.generation + 1;
        self.renew(next, payload).map_err(|e| {
            let path = self.dir.join(snapshot_name(next));
            Error::io(format!("cannot write the checkpoint {} (what was committed before stays)", path.display()), &e)
        })
    }

    fn renew(&mut self, next: u64, payload: &[u8]) -> std::io::Result<()> {
        let folder = self.folder.clone();
        let name = snapshot_name(next);
        let new = format!("{name}.new");
        // Appended to or not, the log that the new one follows is to end where its records do.
        let made = self.log.tidy(&folder).and_then(|()| self.write_snapshot(next, &new, payload)).and_then(|len| {
            failpoint::pass("snapshot-written");
            let head = Head { id: self.id.clone(), generation: next, ..Head::default() };
            let log = Log::start(&folder, &Head { follows: Some(self.log.records), ..head })?;
            folder.sync_names()?;
            failpoint::pass("log-started");
            folder.rename(&new, &name)?;
            Ok((len, log))
        });
        let (len, log) = match made {
            Ok(made) => made,
            Err(e) => {
                // What cannot be removed now is, when the directory is opened again.
                let _ = folder.remove(&new).and_then(|()| folder.remove(&log_name(next)));
                return Err(e);
            }
        };
        // From here on the new generation is the one that is loaded.
        let before = std::mem::replace(&mut self.base, next);
        self.generation = next;
        self.log = log;
        self.damaged = false;
        self.sizes = Sizes { snapshot: len, ..Sizes::default() };
        folder.sync_names()?;
        failpoint::pass("snapshot-renamed");
        // What cannot be removed now is, with the next generation.
        let _ = loading::remove_before(&folder, before);
        failpoint::pass("old-removed");
        self.sizes.older = self.older().unwrap_or(0);
        Ok(())
    }

    /// Tells how long it is.
    fn write_snapshot(&self, generation: u64, name: &str, payload: &[u8]) -> std::io::Result<u64> {
        let head =
            Head { id: self.id.clone(), generation, follows: None, seeds: self.seeds, chain: self.chain.clone() };
        write_snapshot(&self.folder, name, &head, payload)
    }

    /// Whether it is time for a snapshot: the log is longer than the last one, or something is damaged.
    pub fn outgrown(&self) -> bool {
        self.damaged || self.sizes.between + self.log.len > self.sizes.snapshot.max(SMALL)
    }

    /// How many bytes its files have.
    pub fn disk_bytes(&self) -> u64 {
        let Sizes { snapshot, between, older } = self.sizes;
        snapshot + between + older + self.log.len
    }

    /// The bytes of the generations before the last snapshot.
    fn older(&self) -> std::io::Result<u64> {
        let names = self.folder.names()?;
        let old = names.iter().filter(|name| loading::generation(name).is_some_and(|number| number < self.base));
        old.map(|name| self.folder.len(name)).sum()
    }
}

/// A snapshot under this name, on the disk; and how long it is.
fn write_snapshot(folder: &Folder, name: &str, head: &Head, payload: &[u8]) -> std::io::Result<u64> {
    let (start, mut count) = frame::opening(Kind::Snapshot, &head.write(Kind::Snapshot));
    let lead = count.lead(payload.len(), xxh64(payload, 0));
    let file = folder.create(name)?;
    folder.write(&file, 0, &[&start, &lead, payload])?;
    folder.sync(&file)?;
    Ok((start.len() + lead.len() + payload.len()) as u64)
}

impl Log {
    /// One without records, on the disk under its name.
    fn start(folder: &Folder, head: &Head) -> std::io::Result<Self> {
        let name = log_name(head.generation);
        let new = format!("{name}.new");
        let (start, count) = frame::opening(Kind::Log, &head.write(Kind::Log));
        let file = folder.create(&new)?;
        folder.write(&file, 0, &[&start])?;
        folder.sync(&file)?;
        folder.rename(&new, &name)?;
        Ok(Log { file, len: start.len() as u64, count, records: 0, untidy: false })
    }

    /// Cuts off what may stand behind its last record.
    fn tidy(&mut self, folder: &Folder) -> std::io::Result<()> {
        if self.untidy {
            folder.cut(&self.file, self.len)?;
            folder.sync(&self.file)?;
            self.untidy = false;
        }
        Ok(())
    }
}

/// Whether a directory may hold this file beside a checkpoint.
fn is_ours(name: &str) -> bool {
    let name = name.strip_prefix("broken-").unwrap_or(name);
    let name = name.strip_suffix(".new").unwrap_or(name);
    let journal = name.strip_prefix("journal-").is_some_and(|number| number.parse::<u64>().is_ok());
    name == lock::NAME || journal || loading::generation(name).is_some()
}
