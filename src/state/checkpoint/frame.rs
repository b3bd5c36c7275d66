//! What the files of a checkpoint have in common: how they begin, and parts that are whole or known not to be. The format
//! stands in [`checkpoint`](super).

use super::checksum::xxh64;

/// The version that is written, and the newest that is understood.
pub const VERSION: u16 = 1;
const MAGIC: &[u8; 8] = b"STREAMER";

/// How many bytes lead a file ...
pub const START: usize = 16;
/// ... and a part.
pub const LEAD: usize = 24;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Snapshot = b'S' as isize,
    Log = b'L' as isize,
    Journal = b'J' as isize,
}

/// Why a file, or the rest of it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It ends in the middle of a part: so it does if whoever wrote it was ended.
    Torn,
    /// It is of a version that is not known here.
    Newer(u16),
    /// Something else is wrong; in words.
    Damaged(String),
}

impl Fault {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            Fault::Torn => "it is cut off".to_string(),
            Fault::Newer(version) => format!("it has format {version}, this streamer knows none above {VERSION}"),
            Fault::Damaged(what) => what.clone(),
        }
    }
}

/// The first bytes of a file.
pub fn start(kind: Kind) -> [u8; START] {
    let mut bytes = [0; START];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes[10] = kind as u8;
    let check = xxh64(&bytes[..12], 0) as u32;
    bytes[12..].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// Numbers the parts of a file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    salt: u64,
    number: u64,
}

impl Count {
    /// Behind a first part of this checksum.
    pub fn behind(first: u64) -> Self {
        Count { salt: first, number: 1 }
    }

    /// What leads the next part, which has this length and checksum.
    pub fn lead(&mut self, len: usize, check: u64) -> [u8; LEAD] {
        let mut bytes = [0; LEAD];
        bytes[..8].copy_from_slice(&(len as u64).to_le_bytes());
        bytes[8..16].copy_from_slice(&check.to_le_bytes());
        let own = xxh64(&bytes[..16], self.salt.wrapping_add(self.number));
        bytes[16..].copy_from_slice(&own.to_le_bytes());
        self.number += 1;
        bytes
    }
}

/// The start of a file of this kind, with its first part, and what numbers the others.
pub fn opening(kind: Kind, first: &[u8]) -> (Vec<u8>, Count) {
    let check = xxh64(first, 0);
    let mut bytes = start(kind).to_vec();
    bytes.extend_from_slice(&Count::default().lead(first.len(), check));
    bytes.extend_from_slice(first);
    (bytes, Count::behind(check))
}

/// The parts of a file, one after the other.
pub struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    count: Count,
}

impl<'a> Parts<'a> {
    /// Of a file of this kind; and its first part.
    pub fn of(bytes: &'a [u8], kind: Kind) -> Result<(Self, &'a [u8]), Fault> {
        let damaged = |what: &str| Fault::Damaged(what.to_string());
        let (start, _) = bytes.split_first_chunk::<START>().ok_or(Fault::Torn)?;
        if &start[..8] != MAGIC || start[12..] != (xxh64(&start[..12], 0) as u32).to_le_bytes() {
            return Err(damaged("it does not begin as a file of a checkpoint"));
        }
        match u16::from_le_bytes([start[8], start[9]]) {
            VERSION => {}
            0 => return Err(damaged("its version is 0")),
            newer => return Err(Fault::Newer(newer)),
        }
        if start[10] != kind as u8 || start[11] != 0 {
            return Err(damaged("it is a file of another kind"));
        }
        let mut parts = Parts { bytes, at: START, count: Count::default() };
        let first = parts.next()?.ok_or(Fault::Torn)?;
        parts.count = Count::behind(xxh64(first, 0));
        Ok((parts, first))
    }

    /// The next part; none at the end.
    pub fn next(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() {
            return Ok(None);
        }
        let (lead, behind) = rest.split_first_chunk::<LEAD>().ok_or(Fault::Torn)?;
        let number = |at: usize| lead[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let (len, check) = (number(0), number(8));
        let at = self.at;
        let damaged = |what: &str| Fault::Damaged(format!("{what} at byte {at}"));
        let mut count = self.count;
        if count.lead(len as usize, check) != *lead {
            return Err(damaged("no part begins"));
        }
        let held = usize::try_from(len).ok().and_then(|len| behind.get(..len)).ok_or(Fault::Torn)?;
        if xxh64(held, 0) != check {
            return Err(damaged("the checksum is wrong of what begins"));
        }
        self.count = count;
        self.at += LEAD + held.len();
        Ok(Some(held))
    }

    /// Where the parts that were read end.
    pub fn end(&self) -> usize {
        self.at
    }

    /// Numbers what is written behind them.
    pub fn count(&self) -> Count {
        self.count
    }
}
