//! Files that were lanes of an earlier run: which of those that are there now they are, and where they are gone on with.
//!
//! A file is the one that was kept if its identity and its fingerprint agree, whatever it is called now; or, with another
//! identity, if it stands at the same path, begins alike and is at least as long (it was copied back).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decompress::method;
use super::fingerprint::{Identity, head};
use super::marks::{Kind, Mark, Piece, otherwise};
use super::regular::{FileStream, cannot_read, missing, open};
use super::seam::Seam;
use crate::data::framing::Framing;
use crate::error::Result;
use crate::sources::{Kept, Lane, Setup};

/// A regular file that is there.
pub struct There {
    /// Where.
    pub path: PathBuf,
    /// Which.
    pub identity: Identity,
    /// Its length.
    pub size: u64,
}

/// A file as the checkpoint has kept it.
pub struct Before {
    /// Of which lane.
    pub index: usize,
    /// What it was.
    pub piece: Piece,
    /// Up to which of its decompressed bytes it is done with ...
    pub from: u64,
    /// ... and up to which of them it has to be given again.
    pub until: Option<u64>,
}

impl Before {
    /// What was kept of one lane of one file; nothing if nothing was.
    pub fn of(index: usize, kept: &Kept) -> Result<Option<Self>> {
        let last = kept.marks.last().map(|mark| Mark::decode(kept, Kind::Files, mark)).transpose()?;
        let redo = match &kept.redo {
            Some((until, mark)) => Some((*until, Mark::decode(kept, Kind::Files, mark)?)),
            None => None,
        };
        let until = redo.as_ref().map(|(until, _)| *until).filter(|until| *until > kept.position);
        let Some(mark) = redo.map(|(_, mark)| mark).or(last) else { return Ok(None) };
        if until.is_some() && mark.pieces.len() != 1 {
            return Err(otherwise(kept));
        }
        let Some(piece) = mark.pieces.into_iter().next_back() else { return Ok(None) };
        let (from, until) = (piece.offset(kept.position), until.map(|until| piece.offset(until)));
        Ok(Some(Before { index, piece, from, until }))
    }

    /// Of what it may at least be expected to hold.
    fn needed(&self) -> u64 {
        self.until.unwrap_or(0).max(self.from)
    }

    /// Whether anything of it was read.
    pub fn matters(&self) -> bool {
        self.from > 0 || self.until.is_some() || self.piece.fingerprint.len > 0
    }

    /// What makes a file another one, or too short, if anything does. Of a compressed one the length tells nothing.
    pub fn differs(&self, head: &[u8], size: u64) -> Option<String> {
        let needed = self.needed();
        if method(head).is_none() && size < needed {
            return Some(format!(
                "has {size} bytes, and {needed} were read of it before (it was truncated or replaced)"
            ));
        }
        let differs = !self.piece.fingerprint.agrees(head);
        differs.then(|| "begins otherwise than when it was read before (it was replaced)".into())
    }

    /// The file to be read on.
    pub fn stream(
        &self,
        file: FileStream,
        name: Arc<str>,
        compressed: bool,
        setup: &Setup,
        framing: Framing,
    ) -> FileStream {
        file.from(&self.piece, self.from, compressed, Seam::new(name, self.until, setup, framing))
    }
}

/// The files that are there as lanes: those that were kept go on.
pub fn lanes(there: Vec<There>, kept: &[Kept], setup: &Setup, framing: Framing) -> Result<Vec<Lane>> {
    let mut before = Vec::with_capacity(kept.len());
    for (index, kept) in kept.iter().enumerate() {
        before.extend(Before::of(index, kept)?);
    }
    let (known, heads) = same(&there, &before)?;
    let mut left: HashMap<PathBuf, &Before> = before.iter().map(|before| (before.piece.path.clone(), before)).collect();
    for at in known.iter().flatten() {
        left.remove(&before[*at].piece.path);
    }
    let mut lanes = Vec::with_capacity(there.len());
    for ((file, known), head) in there.into_iter().zip(known).zip(heads) {
        let stream =
            FileStream::new(file.path.clone(), (file.identity, file.size), setup.once, Arc::clone(&setup.stop));
        let Some(before) = known.map(|at| &before[at]) else {
            if let Some(before) = left.remove(&file.path).filter(|before| before.needed() > 0) {
                anew(before, &file, &head, setup)?;
            }
            lanes.push(stream.lane());
            continue;
        };
        let compressed = method(&head).is_some();
        let name = file.path.display().to_string().into();
        let stream = before.stream(stream, name, compressed, setup, framing);
        let ended = before.piece.end.is_some() && before.piece.size == file.size;
        let nothing = before.until.is_none() && if compressed { ended } else { setup.once && file.size == before.from };
        let lane = if nothing { stream.done() } else { stream }.lane();
        lanes.push(Lane { resumes: Some(before.index), ..lane });
    }
    match left.into_values().filter(|before| before.until.is_some()).min_by_key(|before| before.index) {
        Some(gone) => Err(missing(&gone.piece.path, "is gone, and the batch that was being written needs it")),
        None => Ok(lanes),
    }
}

/// A file that stands where another one did, or has lost what was read of it, begins anew; not if that is needed.
fn anew(before: &Before, file: &There, head: &[u8], setup: &Setup) -> Result<()> {
    let found = before.differs(head, file.size).unwrap_or_else(|| "is another file".into());
    if before.until.is_some() {
        return Err(missing(&file.path, &format!("{found}; the batch that was being written needs it")));
    }
    setup.messages.note(&format!("{} {found}: reading it from its start, as a new one", file.path.display()));
    Ok(())
}

/// For each file, which of those before it is.
type Known = Vec<Option<usize>>;
/// For each file, its first bytes.
type Heads = Vec<Vec<u8>>;

/// Which of those before each file is, and how it begins, of those that could be one.
fn same(there: &[There], before: &[Before]) -> Result<(Known, Heads)> {
    let (mut inodes, mut paths): (HashMap<u64, Vec<usize>>, HashMap<&Path, usize>) = Default::default();
    for (at, before) in before.iter().enumerate() {
        inodes.entry(before.piece.identity.inode).or_default().push(at);
        paths.insert(&before.piece.path, at);
    }
    let none = Vec::new();
    let mut heads = Vec::with_capacity(there.len());
    for file in there {
        let inodes = inodes.get(&file.identity.inode).into_iter().flatten();
        let matters = |at: &usize| before[*at].matters();
        let could = inodes.chain(paths.get(&*file.path)).any(matters);
        let read = || head(&open(&file.path)?).map_err(|e| cannot_read(&file.path, &e));
        heads.push(if could { read()? } else { Vec::new() });
    }
    let (mut known, mut used) = (vec![None; there.len()], vec![false; before.len()]);
    // The same file under the same name, then under another one (also of two links), then what was copied back.
    for round in 0..3 {
        for (at, file) in there.iter().enumerate().filter(|(at, _)| !heads[*at].is_empty()) {
            if known[at].is_some() {
                continue;
            }
            let by_path = paths.get(&*file.path).copied();
            let mut by_inode = inodes.get(&file.identity.inode).unwrap_or(&none).iter().copied();
            let fits = |candidate: &usize| {
                let before = &before[*candidate];
                !used[*candidate]
                    && (round == 2 || before.piece.identity.is(&file.identity))
                    && before.differs(&heads[at], file.size).is_none()
            };
            let found = if round == 1 { by_inode.find(fits) } else { by_path.filter(fits) };
            if let Some(candidate) = found {
                (known[at], used[candidate]) = (Some(candidate), true);
            }
        }
    }
    Ok((known, heads))
}
