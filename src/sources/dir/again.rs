//! What has to be known to go on with a directory, and going on with it.
//!
//! A mark lists the files since the mark before, each with its place in the lane and the length to which it was read, and
//! if it is a whole one, everything else that is taken as well: also what was there before the first start and was not wanted.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use super::super::support::decompress::method;
use super::super::support::fingerprint::{Fingerprint, Identity, head};
use super::super::support::marks::{Kind, Mark, Piece, not_understood};
use super::super::support::regular::{FileStream, cannot_read, missing, open};
use super::super::support::seam::Seam;
use super::super::support::trail::Trail;
use super::super::{Kept, Setup};
use super::listing::{Listing, Taken};
use crate::data::framing::Framing;
use crate::error::Result;

/// Shared by the thread that reads and the one that marks the ends of batches.
pub struct Memory {
    /// The files since the last mark.
    pub trail: Trail,
    /// What was taken before that mark.
    taken: Taken,
    /// A whole mark has been made.
    marked: bool,
}

impl Memory {
    /// At a position, where these files are going to be read on, or again: they have not been taken yet, but for the first, if
    /// the position stands in it.
    pub fn new(mut taken: Taken, again: &VecDeque<Again>, position: u64) -> Self {
        let mut trail = Trail::at(position);
        again.iter().for_each(|again| taken.remove(&again.piece.identity));
        if let Some(first) = again.front().filter(|first| !first.begins) {
            trail.begin(first.piece.clone());
        }
        Memory { trail, taken, marked: false }
    }

    /// So many bytes of the file were read, which begins so.
    pub fn read(&mut self, bytes: usize, fingerprint: Fingerprint) {
        self.trail.position += bytes as u64;
        self.trail.last().into_iter().for_each(|piece| piece.fingerprint = fingerprint);
    }

    /// What has gone is not remembered any more.
    pub fn forget(&mut self, listing: &Listing) {
        self.taken.forget(listing);
    }

    /// What has to be stored. The first mark of a run is a whole one.
    pub fn mark(&mut self, until: u64, whole: bool) -> Vec<u8> {
        let whole = whole || !std::mem::replace(&mut self.marked, true);
        let pieces = self.trail.up_to(until, false);
        let taken = if whole { self.taken.all().copied().collect() } else { Vec::new() };
        for piece in pieces.iter().filter(|piece| piece.end.is_some()) {
            self.taken.insert(piece.identity);
        }
        Mark { kind: Kind::Directory, whole, pieces, taken }.encode()
    }
}

/// A file to be read on, or again.
pub struct Again {
    /// Where it stands in the lane.
    pub piece: Piece,
    /// What is left of it, or wanted.
    pub stream: FileStream,
    /// It is read from its start.
    pub begins: bool,
}

/// What an earlier run has left behind.
pub struct Resumed {
    /// What has been taken, with what is to be read on or again.
    pub taken: Taken,
    /// The files to be read on or again, before all others.
    pub again: VecDeque<Again>,
    /// The position of the next byte.
    pub position: u64,
}

impl Resumed {
    /// From what was kept; nothing, if nothing was.
    pub fn of(kept: &Kept, listing: &Listing, setup: &Setup, framing: Framing) -> Result<Option<Self>> {
        let decode = |mark: &Vec<u8>| Mark::decode(kept, Kind::Directory, mark);
        let marks = kept.marks.iter().map(decode).collect::<Result<Vec<Mark>>>()?;
        let redo = kept.redo.as_ref().filter(|(until, _)| *until > kept.position);
        let redo = redo.map(|(until, mark)| Ok((*until, decode(mark)?))).transpose()?;
        if marks.is_empty() && redo.is_none() {
            return Ok(None);
        }
        let there = There::of(listing);
        let mut taken = Taken::default();
        for mark in marks.iter().chain(redo.iter().map(|(_, mark)| mark)) {
            if mark.whole {
                taken = Taken::default();
            }
            for identity in mark.taken.iter().chain(mark.pieces.iter().map(|piece| &piece.identity)) {
                taken.insert(there.now(identity));
            }
        }
        let last = marks.into_iter().next_back();
        let again = match redo {
            Some((until, mark)) => given_again(kept, until, mark, &there, setup, framing)?,
            None => left_over(kept, last, &there, setup, framing)?,
        };
        Ok(Some(Resumed { taken, again, position: kept.position }))
    }
}

/// What is left of the file in which the earlier run stopped, or was killed, with only a part of it in its batches.
fn left_over(
    kept: &Kept,
    mark: Option<Mark>,
    there: &There<'_>,
    setup: &Setup,
    framing: Framing,
) -> Result<VecDeque<Again>> {
    let last = mark.and_then(|mark| mark.pieces.into_iter().next_back());
    let Some(piece) = last.filter(|piece| piece.end.is_none()) else { return Ok(VecDeque::new()) };
    if i128::from(piece.begin) > i128::from(kept.position) {
        return Err(not_understood(kept));
    }
    let (path, offset) = (piece.path.clone(), piece.offset(kept.position));
    match there.find(piece, kept.position, None, setup, framing)? {
        Ok(again) => Ok(VecDeque::from([again])),
        Err(what) => {
            let path = path.display();
            setup.messages.note(&format!("{path} {what}: what it held behind byte {offset} is lost"));
            Ok(VecDeque::new())
        }
    }
}

/// The files of the batch that was being written, as it had them.
fn given_again(
    kept: &Kept,
    until: u64,
    mark: Mark,
    there: &There<'_>,
    setup: &Setup,
    framing: Framing,
) -> Result<VecDeque<Again>> {
    let (mut again, mut at) = (VecDeque::new(), i128::from(kept.position));
    for piece in mark.pieces.into_iter().filter(|piece| piece.end.is_none_or(|end| end > kept.position)) {
        // They follow one on the other, or this is not what was written.
        let (begin, end) = (i128::from(piece.begin), piece.end);
        if begin > at || (begin < at && at > i128::from(kept.position)) {
            return Err(not_understood(kept));
        }
        at = i128::from(end.unwrap_or(until));
        let path = piece.path.clone();
        let border = end.is_none().then_some(until);
        let found = there.find(piece, kept.position, border, setup, framing)?;
        let needed = |what: String| missing(&path, &format!("{what}, and the batch that was being written needs it"));
        again.push_back(found.map_err(needed)?);
    }
    if at == i128::from(until) { Ok(again) } else { Err(not_understood(kept)) }
}

/// What is listed now, by what does not change when devices are given other numbers.
struct There<'a>(HashMap<u64, Vec<(&'a Path, Identity, u64)>>);

impl<'a> There<'a> {
    fn of(listing: &'a Listing) -> Self {
        let mut there: HashMap<u64, Vec<_>> = HashMap::new();
        for file in &listing.files {
            there.entry(file.identity.inode).or_default().push((&*file.path, file.identity, file.size));
        }
        There(there)
    }

    fn known(&self, identity: &Identity) -> Option<&(&'a Path, Identity, u64)> {
        self.0.get(&identity.inode)?.iter().find(|(_, now, _)| now.is(identity))
    }

    /// A file as it is known now.
    fn now(&self, identity: &Identity) -> Identity {
        self.known(identity).map_or(*identity, |(_, now, _)| *now)
    }

    /// A file to be read from where the lane stands, if it is there and holds what it held; else what is wrong.
    fn find(
        &self,
        piece: Piece,
        position: u64,
        border: Option<u64>,
        setup: &Setup,
        framing: Framing,
    ) -> Result<std::result::Result<Again, String>> {
        let Some((path, identity, size)) = self.known(&piece.identity).copied() else {
            return Ok(Err("is gone".into()));
        };
        if size < piece.size {
            return Ok(Err(format!("has shrunk from {} to {size} bytes", piece.size)));
        }
        let head = head(&open(path)?).map_err(|e| cannot_read(path, &e))?;
        if !piece.fingerprint.agrees(&head) {
            return Ok(Err("begins otherwise than when it was read before".into()));
        }
        let from = if i128::from(piece.begin) < i128::from(position) { piece.offset(position) } else { 0 };
        let seam = Seam::new(path.display().to_string().into(), border.map(|at| piece.offset(at)), setup, framing);
        let stream = FileStream::new(path.to_path_buf(), (identity, piece.size), true, Arc::clone(&setup.stop));
        let stream = stream.from(&piece, from, method(&head).is_some(), seam);
        Ok(Ok(Again { piece: Piece { path: path.into(), identity, ..piece }, stream, begins: from == 0 }))
    }
}
