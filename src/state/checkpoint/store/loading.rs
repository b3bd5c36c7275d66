//! Reads a checkpoint: the newest snapshot that is whole, the log behind it, and the logs behind that which continue it. Says what
//! is damaged, and leaves the directory such that the last of these logs can be appended to.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{Head, Loaded, Log, Sizes, is_ours, log_name, random, snapshot_name, write_snapshot};
use crate::error::{Error, Result, describe};
use crate::state::checkpoint::chain::Chain;
use crate::state::checkpoint::folder::Folder;
use crate::state::checkpoint::frame::{Count, Fault, Kind, Parts};

/// A checkpoint that was read, and can be gone on with.
pub struct Found {
    pub id: String,
    pub seeds: [u64; 4],
    pub base: u64,
    pub generation: u64,
    pub log: Log,
    pub sizes: Sizes,
    pub loaded: Loaded,
}

/// The number in the name of a snapshot or a log.
pub fn generation(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("snapshot-").or_else(|| name.strip_prefix("log-"))?;
    digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
}

/// A directory of other people's files is left alone.
pub fn refuse_strangers(folder: &Folder, dir: &Path) -> Result<()> {
    let names = folder.names().map_err(|e| Error::io(format!("cannot read {}", dir.display()), &e))?;
    match names.iter().find(|name| !is_ours(name)) {
        Some(stranger) if !names.iter().any(|name| generation(name).is_some()) => Err(Error::failed(format!(
            "cannot use {} for the checkpoint: it is not empty and holds no checkpoint (but {}); name a directory of its own",
            dir.display(),
            stranger.escape_debug()
        ))),
        _ => Ok(()),
    }
}

/// A checkpoint in which nothing was stored yet.
pub fn begin(folder: &Folder, chain: &Chain, seeds: [u64; 4]) -> io::Result<Found> {
    let id = (0..16).map(|at| char::from_digit((random(at) % 36) as u32, 36).unwrap_or('0')).collect();
    let head = Head { id, generation: 0, follows: None, seeds, chain: chain.clone() };
    let log = Log::start(folder, &head)?;
    let name = snapshot_name(0);
    let new = format!("{name}.new");
    let snapshot = write_snapshot(folder, &new, &head, &[])?;
    folder.rename(&new, &name)?;
    folder.sync_names()?;
    let sizes = Sizes { snapshot, ..Sizes::default() };
    Ok(Found { id: head.id, seeds, base: 0, generation: 0, log, sizes, loaded: Loaded::default() })
}

/// Removes the generations before this one.
pub fn remove_before(folder: &Folder, first: u64) -> io::Result<()> {
    let names = folder.names()?;
    let mut old = names.iter().filter(|name| generation(name).is_some_and(|number| number < first));
    old.try_for_each(|name| folder.remove(name))
}

/// A log that was read.
struct LogRead {
    head: Head,
    bytes: Vec<u8>,
    records: Vec<Vec<u8>>,
    /// Where its last whole record ends, and what numbers those behind it.
    end: usize,
    count: Count,
    /// What stands behind that.
    fault: Option<Fault>,
}

/// The generation of a snapshot, its head, the state, and the length of its file.
type Newest = (u64, Head, Vec<u8>, u64);

struct Loading<'a> {
    folder: &'a Folder,
    dir: &'a Path,
    snapshots: Vec<u64>,
    logs: Vec<u64>,
    notes: Vec<String>,
    /// Snapshots that cannot be used.
    broken: Vec<u64>,
    /// The log of a generation that did not begin.
    abandoned: Option<u64>,
}

/// What is there; nothing, where nothing was stored yet.
pub fn load(folder: &Folder, dir: &Path, chain: &Chain) -> Result<Option<Found>> {
    let failed = |e: &io::Error| Error::io(attempted(dir), e);
    let names = folder.names().map_err(|e| failed(&e))?;
    for name in names.iter().filter(|name| name.ends_with(".new") && is_ours(name)) {
        folder.remove(name).map_err(|e| failed(&e))?;
    }
    let numbers = |prefix: &str| {
        let ours = names.iter().filter(|name| name.starts_with(prefix));
        let mut numbers: Vec<u64> = ours.filter_map(|name| generation(name)).collect();
        numbers.sort_unstable();
        numbers
    };
    let (snapshots, logs) = (numbers("snapshot-"), numbers("log-"));
    let mut loading = Loading { folder, dir, snapshots, logs, notes: Vec::new(), broken: Vec::new(), abandoned: None };
    let Some((base, head, snapshot, snapshot_len)) = loading.newest_snapshot(chain)? else {
        return if loading.is_unborn()? { Ok(None) } else { Err(loading.hopeless()) };
    };
    let mut logs = Vec::new();
    for number in base.. {
        match loading.next_log(number, base, &head, logs.last())? {
            Some(log) => logs.push(log),
            None => break,
        }
    }
    let log = loading.settle(base, &head, &logs).map_err(|e| failed(&e))?;
    let generation = logs.last().map_or(base, |log| log.head.generation);
    let between = logs.iter().rev().skip(1).map(|log| log.end as u64).sum();
    let records = logs.into_iter().flat_map(|log| log.records).collect();
    Ok(Some(Found {
        id: head.id,
        seeds: head.seeds,
        base,
        generation,
        log,
        sizes: Sizes { snapshot: snapshot_len, between, older: 0 },
        loaded: Loaded { snapshot, records, notes: loading.notes },
    }))
}

fn attempted(dir: &Path) -> String {
    format!("cannot go on with the checkpoint in {}", dir.display())
}

impl Loading<'_> {
    /// The last snapshot that is whole.
    fn newest_snapshot(&mut self, chain: &Chain) -> Result<Option<Newest>> {
        let mut wrong = Vec::new();
        for &number in self.snapshots.iter().rev() {
            let name = snapshot_name(number);
            match self.read(&name)?.and_then(|bytes| snapshot(bytes, number)) {
                Ok((head, payload, len)) => {
                    if let Some(difference) = head.chain.difference(chain) {
                        return Err(Error::failed(format!(
                            "{}: {difference}; run what it was made with, name another directory, or remove it to begin anew",
                            attempted(self.dir)
                        )));
                    }
                    let instead = format!("{name} and the logs from log-{number} on are used");
                    self.notes.extend(wrong.into_iter().map(|text: String| format!("{text}; {instead}")));
                    return Ok(Some((number, head, payload, len)));
                }
                Err(fault) => {
                    wrong.push(self.told(&name, fault)?);
                    self.broken.push(number);
                }
            }
        }
        self.notes = wrong;
        Ok(None)
    }

    /// The log of this generation, if it goes on where the one before it ends.
    fn next_log(&mut self, number: u64, base: u64, head: &Head, before: Option<&LogRead>) -> Result<Option<LogRead>> {
        let name = log_name(number);
        let has_snapshot = self.snapshots.contains(&number);
        if !self.logs.contains(&number) {
            if has_snapshot {
                let path = self.folder.at(&name);
                self.notes.push(format!("{} is missing: what was in it is lost", path.display()));
            }
            return Ok(None);
        }
        let log = match self.read(&name)?.and_then(|bytes| log(bytes, number)) {
            Ok(log) => log,
            Err(fault) => {
                let told = self.told(&name, fault)?;
                self.notes.push(format!("{told}; what was in it is lost"));
                return Ok(None);
            }
        };
        let is_damaged = matches!(log.fault, Some(Fault::Damaged(_)));
        if !has_snapshot && log.records.is_empty() && !is_damaged {
            // A generation that a crash kept from beginning.
            self.abandoned = Some(number);
            return Ok(None);
        }
        let path = self.folder.at(&name);
        let path = path.display();
        if log.head.id != head.id {
            self.notes.push(format!("{path} is of another checkpoint: it is not used"));
            return Ok(None);
        }
        if let Some(before) = before {
            if log.head.follows != Some(before.records.len() as u64) {
                self.notes.push(format!("{path} does not begin where {} ends: it is not used", log_name(number - 1)));
                return Ok(None);
            }
            if !has_snapshot {
                let (missing, used) = (self.folder.at(&snapshot_name(number)), snapshot_name(base));
                self.notes.push(format!("{} is missing; {used} and the logs behind it are used", missing.display()));
            }
        }
        Ok(Some(log))
    }

    /// Says that the end of a log is lost, if it is.
    fn lost(&mut self, log: &LogRead) {
        if let Some(Fault::Damaged(what)) = &log.fault {
            let (path, records) = (self.folder.at(&log_name(log.head.generation)), log.records.len());
            self.notes.push(format!(
                "{} is damaged ({what}): of its records the first {records} are used, the others are lost",
                path.display()
            ));
        }
    }

    /// Makes the last log one that can be appended to, and moves what is not used out of the way.
    fn settle(&mut self, base: u64, head: &Head, logs: &[LogRead]) -> io::Result<Log> {
        let generation = base + logs.len().saturating_sub(1) as u64;
        let name = log_name(generation);
        let mut aside = Vec::new();
        let log = match logs.last() {
            Some(last) => {
                self.lost(last);
                if let Some(Fault::Damaged(_)) = last.fault {
                    aside.push(self.folder.cut_aside(&name, &last.bytes[..last.end])?);
                }
                let (len, records) = (last.end as u64, last.records.len() as u64);
                let untidy = last.fault == Some(Fault::Torn);
                let mut log = Log { file: self.folder.open_file(&name)?, len, count: last.count, records, untidy };
                log.tidy(self.folder)?;
                log
            }
            None => {
                if self.logs.contains(&base) {
                    aside.push(self.folder.keep_aside(&name)?);
                }
                Log::start(self.folder, &Head { generation, follows: None, ..head.clone() })?
            }
        };
        let unused = self.logs.iter().filter(|&&number| number > generation && Some(number) != self.abandoned);
        let unused =
            unused.map(|&number| log_name(number)).chain(self.broken.iter().map(|&number| snapshot_name(number)));
        for name in unused {
            aside.push(self.folder.move_aside(&name)?);
        }
        if let Some(number) = self.abandoned {
            self.folder.remove(&log_name(number))?;
        }
        if !aside.is_empty() {
            self.folder.sync_names()?;
            self.notes.push(format!("what cannot be used is kept in {} as {}", self.dir.display(), aside.join(", ")));
        }
        Ok(log)
    }

    /// Whether there is no snapshot because the first one was about to be made.
    fn is_unborn(&self) -> Result<bool> {
        if !self.snapshots.is_empty() || self.logs.iter().any(|&number| number > 0) {
            return Ok(false);
        }
        if self.logs.is_empty() {
            return Ok(true);
        }
        let log = self.read(&log_name(0))?.and_then(|bytes| log(bytes, 0));
        Ok(log.is_ok_and(|log| log.records.is_empty() && log.fault.is_none()))
    }

    fn hopeless(self) -> Error {
        let mut found = self.notes;
        if found.is_empty() {
            found.push("it has logs, but no snapshot".to_string());
        }
        Error::failed(format!(
            "{}: {}; put back a copy of it, or remove it to begin anew, from the start of the input",
            attempted(self.dir),
            found.join("; ")
        ))
    }

    /// A file; what the disk does not give is damage, too.
    fn read(&self, name: &str) -> Result<std::result::Result<Vec<u8>, Fault>> {
        match self.folder.read(name) {
            Ok(bytes) => Ok(Ok(bytes)),
            Err(e) if [ErrorKind::PermissionDenied, ErrorKind::OutOfMemory].contains(&e.kind()) => {
                Err(Error::io(format!("{}: cannot read {name}", attempted(self.dir)), &e))
            }
            Err(e) => Ok(Err(Fault::Damaged(describe(&e)))),
        }
    }

    /// What is wrong with a file; one of a newer version ends it all.
    fn told(&self, name: &str, fault: Fault) -> Result<String> {
        if let Fault::Newer(_) = fault {
            return Err(Error::failed(format!(
                "{}: {name}: {}; run the newer one, name another directory, or remove it to begin anew",
                attempted(self.dir),
                fault.told()
            )));
        }
        Ok(format!("{} is damaged ({})", self.folder.at(name).display(), fault.told()))
    }
}

/// What opens a file of this generation.
fn head(bytes: &[u8], kind: Kind, number: u64) -> std::result::Result<Head, Fault> {
    let head = Head::read(bytes, kind).map_err(|e| Fault::Damaged(e.to_string()))?;
    if head.generation == number {
        Ok(head)
    } else {
        Err(Fault::Damaged(format!("it is of generation {}", head.generation)))
    }
}

/// Its head, the state, and how long the file is.
fn snapshot(mut bytes: Vec<u8>, number: u64) -> std::result::Result<(Head, Vec<u8>, u64), Fault> {
    let (mut parts, first) = Parts::of(&bytes, Kind::Snapshot)?;
    let head = head(first, Kind::Snapshot, number)?;
    let len = parts.next()?.ok_or(Fault::Torn)?.len();
    if parts.next()?.is_some() {
        return Err(Fault::Damaged("there is more behind it".into()));
    }
    let all = bytes.len();
    bytes.drain(..all - len);
    Ok((head, bytes, all as u64))
}

fn log(bytes: Vec<u8>, number: u64) -> std::result::Result<LogRead, Fault> {
    let (mut parts, first) = Parts::of(&bytes, Kind::Log)?;
    let head = head(first, Kind::Log, number)?;
    let mut records = Vec::new();
    let fault = loop {
        match parts.next() {
            Ok(Some(record)) => records.push(record.to_vec()),
            Ok(None) => break None,
            Err(fault) => break Some(fault),
        }
    };
    let (end, count) = (parts.end(), parts.count());
    Ok(LogRead { head, bytes, records, end, count, fault })
}
