//! A path that an earlier run has followed: the file in which that one stood is looked for, at the path or beside it, and read
//! on, then what has come to the path since.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirEntryExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use super::super::super::support::fingerprint::head;
use super::super::super::support::marks::{Kind, Mark, Piece, not_understood};
use super::super::super::support::regular::{cannot_read, missing};
use super::super::super::support::seam::Seam;
use super::super::super::support::trail::Trail;
use super::super::super::{Kept, Lane, Setup};
use super::{Followed, Opened};
use crate::data::framing::Framing;
use crate::error::Result;

/// A part of a file: from here, and up to there if it has to be given again.
struct Part {
    piece: Piece,
    from: u64,
    to: Option<u64>,
}

/// What has become of a file.
enum Found {
    /// It is there, or beside.
    There(Opened),
    /// It stands at its path, but does not hold what was read of it.
    Truncated,
    /// Nobody knows where.
    Gone,
}

/// The lane of a path that goes on with what was kept of it; nothing if it begins anew.
pub fn resume(path: &Path, index: usize, kept: &Kept, setup: &Setup, framing: Framing) -> Result<Option<Lane>> {
    let Some(parts) = parts(kept)? else { return Ok(None) };
    let redo = parts.iter().any(|part| part.to.is_some());
    let trail = Arc::new(Mutex::new(Trail::at(kept.position)));
    let mut followed = Followed { trail, begun: kept.position > 0, ..Followed::closed(path.into(), setup) };
    let name: Arc<str> = path.display().to_string().into();
    let seam = |until| Seam::new(Arc::clone(&name), until, setup, framing);
    let mut opened = if redo { again(path, &parts, seam)? } else { followed.on(parts)? };
    if setup.once {
        followed.freeze(&mut opened)?;
    }
    for open in &mut opened {
        let seam = open.seam.get_or_insert_with(|| seam(None));
        if open.at > 0 {
            let mut last = [0];
            let read = open.file.read_exact_at(&mut last, open.at - 1);
            read.and_then(|()| open.file.seek(SeekFrom::Start(open.at))).map_err(|e| cannot_read(&open.path, &e))?;
            seam.behind(last[0]);
        }
    }
    let mut opened = opened.into_iter();
    if let Some(first) = opened.next() {
        followed.other = first.at == 0 && kept.position > 0;
        followed.start(first);
    }
    followed.next = opened.collect();
    followed.check()?;
    Ok(Some(Lane { resumes: (kept.position > 0 || redo).then_some(index), ..followed.lane() }))
}

/// The parts of files that the lane goes on with: the one it stands in, behind those that have to be given again.
fn parts(kept: &Kept) -> Result<Option<Vec<Part>>> {
    let position = kept.position;
    let last = kept.marks.last().map(|mark| Mark::decode(kept, Kind::Files, mark)).transpose()?;
    let redo = match &kept.redo {
        Some((until, mark)) => Some((*until, Mark::decode(kept, Kind::Files, mark)?)),
        None => None,
    };
    let Some((until, mark)) = redo.filter(|(until, _)| *until > position) else {
        let Some(piece) = last.and_then(|mark| mark.pieces.into_iter().next_back()) else { return Ok(None) };
        if i128::from(piece.begin) > i128::from(position) {
            return Err(not_understood(kept));
        }
        return Ok(Some(vec![Part { from: piece.offset(position), piece, to: None }]));
    };
    let pieces = mark.pieces.into_iter().filter(|piece| piece.end.is_none_or(|end| end > position));
    let part = |piece: Piece| {
        let end = piece.end.unwrap_or(until).min(until);
        Part { from: piece.offset(position), to: Some(piece.offset(end)), piece }
    };
    let parts: Vec<Part> = pieces.map(part).collect();
    // They follow one on the other, or this is not what was written.
    let mut at = i128::from(position);
    for part in &parts {
        if i128::from(part.piece.begin) + i128::from(part.from) != at {
            return Err(not_understood(kept));
        }
        at += i128::from(part.to.unwrap_or(0).saturating_sub(part.from));
    }
    if at == i128::from(until) { Ok(Some(parts)) } else { Err(not_understood(kept)) }
}

/// The files whose parts have to be given again.
fn again(path: &Path, parts: &[Part], seam: impl Fn(Option<u64>) -> Seam) -> Result<Vec<Opened>> {
    const NEEDED: &str = "and the batch that was being written needs what was read of it";
    let (mut opened, last) = (Vec::new(), parts.len().saturating_sub(1));
    for (at, part) in parts.iter().enumerate() {
        let (from, to) = (part.from, part.to.unwrap_or(0));
        let overwritten = parts[at + 1..].iter().any(|later| later.piece.identity.is(&part.piece.identity));
        let found = if overwritten { Found::Truncated } else { find(path, &part.piece, to)? };
        match found {
            Found::There(open) => {
                let [limit, until] = [at < last, at == last && from < to].map(|on| on.then_some(to));
                opened.push(Opened { at: from, limit, seam: Some(seam(until)), ..open });
            }
            // Nothing of it is given again, and what has come to the path is found at its time.
            _ if from == to => {}
            Found::Truncated => return Err(missing(path, &format!("was truncated, {NEEDED}"))),
            Found::Gone => {
                let (was, path) = (&part.piece.path, path.display());
                return Err(missing(was, &format!("is not found (nor under another name beside {path}), {NEEDED}")));
            }
        }
    }
    Ok(opened)
}

impl Followed {
    /// The file in which the lane stands, from there on, or the one that has taken its place.
    fn on(&mut self, parts: Vec<Part>) -> Result<Vec<Opened>> {
        let Some(Part { piece, from, .. }) = parts.into_iter().next_back() else { return Ok(Vec::new()) };
        let now = stands(&self.path)?.map(|(open, _)| open);
        let path = self.path.display();
        match find(&self.path, &piece, from)? {
            Found::There(open) => {
                if let Some(now) = now.filter(|now| now.identity != open.identity) {
                    self.between(&open, &now);
                }
                Ok(vec![Opened { at: from, ..open }])
            }
            Found::Truncated => {
                if from > 0 {
                    self.messages.note(&format!(
                        "{path} does not hold what was read of it before (it was truncated or written anew); reading it from \
                         its start again"
                    ));
                }
                Ok(now.into_iter().collect())
            }
            Found::Gone => {
                self.messages.note(&format!(
                    "{path} was replaced while nothing ran, and the file that was there is not found beside it (compressed or \
                     removed?): if it held more than the {from} bytes that were read, the rest is lost"
                ));
                Ok(now.into_iter().collect())
            }
        }
    }

    /// Says which files came and went between two of them: they have never been seen at the path.
    fn between(&self, old: &Opened, now: &Opened) {
        let (Some(parent), Some(name)) = (now.path.parent(), self.path.file_name()) else { return };
        let changed = |seen: &Metadata| seen.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let Ok(since) = old.file.metadata().map(|seen| changed(&seen)) else { return };
        let Ok(entries) = parent.read_dir() else { return };
        let rotated = |found: &OsStr| {
            found
                .as_bytes()
                .strip_prefix(name.as_bytes())
                .is_some_and(|rest| rest.starts_with(b".") || rest.starts_with(b"-"))
        };
        let files = entries.flatten().filter(|entry| rotated(&entry.file_name()));
        let seen = files.filter_map(|entry| Some((entry.metadata().ok()?, entry.path())));
        let later = seen.filter(|(seen, path)| {
            seen.is_file() && seen.len() > 0 && changed(seen) > since && *path != old.path && *path != now.path
        });
        let mut names: Vec<String> = later.map(|(_, path)| path.display().to_string()).collect();
        names.sort();
        if !names.is_empty() {
            let (path, names) = (self.path.display(), names.join(", "));
            self.messages.note(&format!(
                "{path} seems to have been rotated more than once while nothing ran; what was never seen under this name is \
                 not read: {names}"
            ));
        }
    }

    /// With `--once` what is there now is read, and no more.
    fn freeze(&mut self, opened: &mut Vec<Opened>) -> Result<()> {
        let current = stands(&self.path)?.map(|(open, _)| open);
        if let Some(open) =
            current.filter(|now| now.size > 0 && opened.last().is_none_or(|last| last.identity != now.identity))
        {
            opened.push(open);
        }
        for open in opened {
            open.limit.get_or_insert(open.size);
        }
        self.frozen = true;
        Ok(())
    }
}

/// The regular file to which a path leads.
fn stands(path: &Path) -> Result<Option<(Opened, Vec<u8>)>> {
    if !path.metadata().is_ok_and(|seen| seen.is_file()) {
        return Ok(None);
    }
    let opened = File::open(path).and_then(|file| {
        let (open, _) = Opened::new(path, file)?;
        let head = head(&open.file)?;
        Ok((open, head))
    });
    match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some).map_err(|e| cannot_read(path, &e)),
    }
}

/// Looks for a file of which so much was read.
fn find(path: &Path, piece: &Piece, needed: u64) -> Result<Found> {
    let holds = |open: &Opened, head: &[u8]| piece.fingerprint.agrees(head) && open.size >= needed;
    let there = |open: Opened| Ok(Found::There(Opened { fingerprint: piece.fingerprint, ..open }));
    let now = stands(path)?;
    let now = match now {
        Some((open, head)) if open.identity.is(&piece.identity) => {
            return if holds(&open, &head) { there(open) } else { Ok(Found::Truncated) };
        }
        now => now,
    };
    let folders: Vec<PathBuf> = [path, &*piece.path].iter().filter_map(|path| path.parent().map(folder)).collect();
    for folder in folders {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.flatten().filter(|entry| entry.ino() == piece.identity.inode) {
            let Ok(Some((open, head))) = stands(&entry.path()) else { continue };
            if open.identity.is(&piece.identity) && holds(&open, &head) {
                return there(open);
            }
        }
    }
    // It was copied back, or the file system has got another number.
    let alike = |open: &Opened| piece.fingerprint.is_full() || open.identity.inode == piece.identity.inode;
    match now {
        Some((open, head)) if piece.fingerprint.len > 0 && alike(&open) && holds(&open, &head) => there(open),
        _ => Ok(Found::Gone),
    }
}

/// A folder as it can be listed.
fn folder(parent: &Path) -> PathBuf {
    if parent.as_os_str().is_empty() { ".".into() } else { parent.into() }
}
