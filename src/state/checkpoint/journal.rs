//! What was read of sources that cannot be read again (pipes, sockets), until it is committed. Receivers append to it from
//! several threads, as they read; it is on the disk when [`Journal::sync`] returns. Segments of a bounded size are removed when all
//! that is in them is committed. The directory is that of a [`Store`](super::Store), which must be held meanwhile.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::checksum::xxh64;
use super::codec::{Read, Reader, Writer};
use super::folder::Folder;
use super::frame::{self, Count, Fault, Kind, LEAD, Parts};
use crate::error::{Error, Result, describe};

/// A segment takes no more once it has so many bytes.
const SEGMENT: u64 = 64 << 20;

/// Some bytes that a lane gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part<'a> {
    /// Which lane.
    pub lane: u32,
    /// The position of the first byte ...
    pub from: u64,
    /// ... and that behind the last.
    pub until: u64,
    /// The name of what begins with them.
    pub begins: Option<&'a str>,
    /// What stands before them in what they are part of, and is no record (a csv header).
    pub head: &'a [u8],
    /// The bytes.
    pub bytes: &'a [u8],
}

/// A [`Part`] that was read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Which lane.
    pub lane: u32,
    /// The position of the first byte ...
    pub from: u64,
    /// ... and that behind the last.
    pub until: u64,
    /// The name of what begins with them.
    pub begins: Option<String>,
    /// See [`Part::head`].
    pub head: Vec<u8>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a journal held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journalled {
    /// In the order in which they were appended. What was committed meanwhile may be among them.
    pub entries: Vec<Entry>,
    /// What was damaged: for people, a line each.
    pub notes: Vec<String>,
}

/// Appended to by several threads.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    dir: PathBuf,
    id: String,
    segment: u64,
    state: Mutex<State>,
    /// Held while what was written is brought to the disk, so that nobody takes the work of another for done.
    syncing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Those before the current one.
    full: Vec<Segment>,
    current: Option<Current>,
    /// The number of the next segment.
    next: u64,
    /// Written to, but perhaps not on the disk.
    written: Vec<Arc<File>>,
    /// There are files whose names may not be on the disk.
    named: bool,
    /// Why not all that was written is on the disk.
    failed: Option<String>,
}

/// A file of the journal.
#[derive(Debug, Default)]
struct Segment {
    number: u64,
    /// Up to where it has the bytes of each lane.
    lanes: HashMap<u32, u64>,
}

/// The segment that is appended to.
#[derive(Debug)]
struct Current {
    segment: Segment,
    file: Arc<File>,
    len: u64,
    count: Count,
    /// There may be something behind its end, which could not be cut off.
    untidy: bool,
    /// Whether it is among [`State::written`].
    noted: bool,
}

fn name(number: u64) -> String {
    format!("journal-{number}")
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("journal-")?;
    digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
}

impl Part<'_> {
    /// All but the bytes.
    fn lead(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.u64(u64::from(self.lane));
        writer.u64(self.from);
        writer.u64(self.until);
        writer.bool(self.begins.is_some());
        writer.str(self.begins.unwrap_or_default());
        writer.bytes(self.head);
        writer.into_bytes()
    }
}

impl Entry {
    fn read(lead: &[u8], bytes: &[u8]) -> Read<Self> {
        let mut reader = Reader::new(lead);
        let (lane, from, until) = (reader.number()?, reader.u64()?, reader.u64()?);
        let begins = reader.bool()?;
        let begins = Some(reader.str()?.to_string()).filter(|_| begins);
        let head = reader.bytes()?.to_vec();
        reader.end()?;
        Ok(Entry { lane, from, until, begins, head, bytes: bytes.to_vec() })
    }
}

impl Journal {
    /// Reads what is there, to append behind it. `id`: that of the checkpoint.
    pub fn open(dir: &Path, id: &str) -> Result<(Journal, Journalled)> {
        Self::with_segments(dir, id, SEGMENT)
    }

    fn with_segments(dir: &Path, id: &str, segment: u64) -> Result<(Journal, Journalled)> {
        let failed = |e: &io::Error| Error::io(format!("cannot go on with the journal in {}", dir.display()), e);
        let folder = Folder::open(dir).map_err(|e| failed(&e))?;
        let mut journalled = Journalled::default();
        let state = load(&folder, id, &mut journalled).map_err(|e| failed(&e))?;
        let (dir, id) = (dir.to_path_buf(), id.to_string());
        Ok((Journal { folder, dir, id, segment, state: Mutex::new(state), syncing: Mutex::default() }, journalled))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn failed(&self, e: &dyn std::fmt::Display) -> Error {
        Error::failed(format!("cannot write the journal in {} (what was in it stays): {e}", self.dir.display()))
    }

    /// Appends this. After an error it is not there, and what was there before is.
    pub fn append(&self, part: &Part<'_>) -> Result<()> {
        let lead = part.lead();
        let checks = (xxh64(&lead, 0), xxh64(part.bytes, 0));
        let mut state = self.state();
        self.write(&mut state, part, &lead, checks).map_err(|e| self.failed(&describe(&e)))
    }

    fn write(&self, state: &mut State, part: &Part<'_>, lead: &[u8], checks: (u64, u64)) -> io::Result<()> {
        let current = self.current(state)?;
        let mut count = current.count;
        let first = count.lead(lead.len(), checks.0);
        let second = count.lead(part.bytes.len(), checks.1);
        current.untidy = true;
        if let Err(e) = self.folder.write(&current.file, current.len, &[&first, lead, &second, part.bytes]) {
            // Tried again before the next one, if it fails.
            let _ = current.tidy(&self.folder);
            return Err(e);
        }
        current.untidy = false;
        current.count = count;
        current.len += (2 * LEAD + lead.len() + part.bytes.len()) as u64;
        current.segment.reaches(part.lane, part.until);
        if !std::mem::replace(&mut current.noted, true) {
            let file = Arc::clone(&current.file);
            state.written.push(file);
        }
        Ok(())
    }

    /// The segment to append to: a new one if there is none, or it is full.
    fn current<'a>(&self, state: &'a mut State) -> io::Result<&'a mut Current> {
        let is_full = match &mut state.current {
            Some(current) => {
                current.tidy(&self.folder)?;
                current.len >= self.segment
            }
            None => true,
        };
        if is_full {
            let new = Current::start(&self.folder, &self.id, state.next)?;
            state.next += 1;
            state.named = true;
            state.full.extend(state.current.replace(new).map(|current| current.segment));
        }
        state.current.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// When this returns, what was appended before outlasts a failure of the machine.
    pub fn sync(&self) -> Result<()> {
        let _one = self.syncing.lock().unwrap_or_else(|e| e.into_inner());
        let mut state = self.state();
        if let Some(failed) = &state.failed {
            return Err(self.failed(failed));
        }
        let (written, named) = (std::mem::take(&mut state.written), std::mem::take(&mut state.named));
        if let Some(current) = &mut state.current {
            current.noted = false;
        }
        drop(state);
        let mut done = written.iter().try_for_each(|file| self.folder.sync(file));
        if named {
            done = done.and_then(|()| self.folder.sync_names());
        }
        done.map_err(|e| {
            // The system tells it once, and may have dropped what it could not write.
            let what = describe(&e);
            self.state().failed = Some(what.clone());
            self.failed(&what)
        })
    }

    /// All that stands before these positions of lanes is committed, and need not be kept.
    pub fn forget(&self, committed: &[(u32, u64)]) -> Result<()> {
        let committed: HashMap<u32, u64> = committed.iter().copied().collect();
        let is_done = |(lane, until): (&u32, &u64)| committed.get(lane).is_some_and(|position| position >= until);
        let mut failed = None;
        self.state().full.retain(|segment| {
            if !segment.lanes.iter().all(is_done) {
                return true;
            }
            match self.folder.remove(&name(segment.number)) {
                Ok(()) => false,
                Err(e) => {
                    failed = Some(e);
                    true
                }
            }
        });
        match failed {
            Some(e) => Err(Error::io(format!("cannot remove what is committed from {}", self.dir.display()), &e)),
            None => Ok(()),
        }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        let state = self.state();
        state.full.len() + usize::from(state.current.is_some())
    }
}

impl Segment {
    fn reaches(&mut self, lane: u32, until: u64) {
        let reached = self.lanes.entry(lane).or_default();
        *reached = (*reached).max(until);
    }
}

impl Current {
    fn start(folder: &Folder, id: &str, number: u64) -> io::Result<Self> {
        let mut writer = Writer::new();
        writer.str(id);
        writer.u64(number);
        let (start, count) = frame::opening(Kind::Journal, writer.as_bytes());
        let name = name(number);
        let file = folder.create(&name)?;
        if let Err(e) = folder.write(&file, 0, &[&start]) {
            // If it stays it is taken for one that a crash kept from beginning, and tried again.
            let _ = folder.remove(&name);
            return Err(e);
        }
        let segment = Segment { number, lanes: HashMap::new() };
        Ok(Current { segment, file: Arc::new(file), len: start.len() as u64, count, untidy: false, noted: false })
    }

    /// Cuts off what may stand behind its end.
    fn tidy(&mut self, folder: &Folder) -> io::Result<()> {
        if self.untidy {
            folder.cut(&self.file, self.len)?;
            self.untidy = false;
        }
        Ok(())
    }
}

/// Reads all segments. What is behind damage is lost: it must not be taken for what follows the last that is whole.
fn load(folder: &Folder, id: &str, journalled: &mut Journalled) -> io::Result<State> {
    let mut numbers: Vec<u64> = folder.names()?.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    let mut state = State { next: numbers.last().map_or(0, |last| last + 1), ..State::default() };
    let mut aside: Vec<String> = Vec::new();
    for &number in &numbers {
        let name = name(number);
        if !aside.is_empty() {
            aside.push(folder.move_aside(&name)?);
            continue;
        }
        let bytes = folder.read(&name)?;
        let before = journalled.entries.len();
        let (end, fault) = segment(&bytes, id, number, &mut journalled.entries);
        match fault {
            Some(Fault::Torn) if Some(&number) == numbers.last() && end == 0 => {
                folder.remove(&name)?;
                continue;
            }
            Some(Fault::Torn) if Some(&number) == numbers.last() => {
                let file = folder.open_file(&name)?;
                folder.cut(&file, end as u64)?;
                folder.sync(&file)?;
            }
            Some(fault @ Fault::Newer(_)) => return Err(io::Error::other(fault.told())),
            Some(fault) => {
                journalled.notes.push(format!(
                    "{} is damaged ({}): what it holds behind the first {} reads, {} bytes, and what was read later is lost",
                    folder.at(&name).display(),
                    fault.told(),
                    journalled.entries.len() - before,
                    bytes.len() - end
                ));
                if end == 0 {
                    aside.push(folder.move_aside(&name)?);
                    continue;
                }
                aside.push(folder.cut_aside(&name, &bytes[..end])?);
            }
            None => {}
        }
        let mut segment = Segment { number, lanes: HashMap::new() };
        journalled.entries[before..].iter().for_each(|entry| segment.reaches(entry.lane, entry.until));
        state.full.push(segment);
    }
    if !aside.is_empty() {
        folder.sync_names()?;
        journalled.notes.push(format!("what cannot be used of the journal is kept as {}", aside.join(", ")));
    }
    Ok(state)
}

/// Reads one segment: where the last whole entry ends, and what is wrong behind that.
fn segment(bytes: &[u8], id: &str, number: u64, entries: &mut Vec<Entry>) -> (usize, Option<Fault>) {
    let mut end = 0;
    let mut read = || -> std::result::Result<(), Fault> {
        let (mut parts, first) = Parts::of(bytes, Kind::Journal)?;
        let mut reader = Reader::new(first);
        if reader.str() != Ok(id) || reader.u64() != Ok(number) {
            return Err(Fault::Damaged("it is of another checkpoint".into()));
        }
        end = parts.end();
        while let Some(lead) = parts.next()? {
            let held = parts.next()?.ok_or(Fault::Torn)?;
            entries.push(Entry::read(lead, held).map_err(|e| Fault::Damaged(e.to_string()))?);
            end = parts.end();
        }
        Ok(())
    };
    let fault = read().err();
    (end, fault)
}
