//! The bytes of [`Control::mark`](crate::sources::Control::mark): which pieces of files stand at which positions of a lane.
//!
//! | bytes | |
//! |---|---|
//! | `1` | version |
//! | `f`, `d` or `r` | pieces of one file behind the other; the same of a directory; the rows of `rate:` |
//! | `0` or `1` | the changes since the mark before, or all |
//! | number, then each piece | path, identity, fingerprint, size, begin, end + 1 or 0 |
//! | number, then each identity | what has been taken of a directory |
//!
//! Numbers are LEB128, signed ones zigzag before; a path is its length and its bytes; a hash has eight bytes, little endian.
//! Marks come back from a disk: nothing that stands in them is trusted.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::fingerprint::{Fingerprint, HEAD, Identity};
use crate::error::{Error, Result};
use crate::sources::Kept;

const VERSION: u8 = 1;

/// A file, or a part of it, as it stands in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it was called.
    pub path: PathBuf,
    /// Which file.
    pub identity: Identity,
    /// How it begins, as far as that was read.
    pub fingerprint: Fingerprint,
    /// How long it was when it was begun, or (of a file that is a lane of its own) when its end was reached; before decompression.
    pub size: u64,
    /// The position of its first byte, also where that was read by an earlier run: before the position that one began at.
    pub begin: i64,
    /// The position behind its last byte, if that was reached.
    pub end: Option<u64>,
}

impl Piece {
    /// How far into its decompressed bytes a position is.
    pub fn offset(&self, position: u64) -> u64 {
        u64::try_from((i128::from(position) - i128::from(self.begin)).max(0)).unwrap_or(u64::MAX)
    }
}

/// The position of the first byte of a file, of which this offset stands at this position.
pub fn begin(position: u64, offset: u64) -> i64 {
    i64::try_from(i128::from(position) - i128::from(offset)).unwrap_or(i64::MAX)
}

/// Of what a mark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file behind the other: the last piece is the one in which the position stands.
    Files,
    /// The files of a directory.
    Directory,
}

/// What has to be stored of a lane of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Of what.
    pub kind: Kind,
    /// All that there is to say; else it adds to the marks before.
    pub whole: bool,
    /// The pieces of what was read since the mark before, in their order.
    pub pieces: Vec<Piece>,
    /// What has been taken beside them.
    pub taken: Vec<Identity>,
}

impl Mark {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = header(if self.kind == Kind::Files { b'f' } else { b'd' });
        out.push(u8::from(self.whole));
        put(&mut out, self.pieces.len() as u64);
        for piece in &self.pieces {
            let path = piece.path.as_os_str().as_bytes();
            put(&mut out, path.len() as u64);
            out.extend_from_slice(path);
            identity(&mut out, &piece.identity);
            put(&mut out, u64::from(piece.fingerprint.len));
            out.extend_from_slice(&piece.fingerprint.hash.to_le_bytes());
            put(&mut out, piece.size);
            put_signed(&mut out, piece.begin);
            put(&mut out, piece.end.map_or(0, |end| end + 1));
        }
        put(&mut out, self.taken.len() as u64);
        self.taken.iter().for_each(|taken| identity(&mut out, taken));
        out
    }

    /// From bytes.
    pub fn decode(kept: &Kept, kind: Kind, bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(kept, bytes, if kind == Kind::Files { b'f' } else { b'd' })?;
        Mark::read(&mut reader, kind).filter(|_| reader.is_at_end()).ok_or_else(|| reader.not_understood())
    }

    fn read(reader: &mut Reader<'_>, kind: Kind) -> Option<Self> {
        let whole = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (mut pieces, mut taken) = (Vec::new(), Vec::new());
        for _ in 0..reader.number()? {
            let len = usize::try_from(reader.number()?).ok()?;
            let path = PathBuf::from(OsStr::from_bytes(reader.bytes(len)?));
            let identity = reader.identity()?;
            let len = u16::try_from(reader.number()?).ok().filter(|len| usize::from(*len) <= HEAD)?;
            let hash = u64::from_le_bytes(reader.bytes(8)?.try_into().ok()?);
            let fingerprint = Fingerprint { len, hash };
            let (size, begin, end) = (reader.number()?, reader.signed()?, reader.number()?.checked_sub(1));
            pieces.push(Piece { path, identity, fingerprint, size, begin, end });
        }
        for _ in 0..reader.number()? {
            taken.push(reader.identity()?);
        }
        Some(Mark { kind, whole, pieces, taken })
    }
}

/// How a mark of this kind begins.
pub fn header(kind: u8) -> Vec<u8> {
    vec![VERSION, kind]
}

/// A number.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number that may be less than 0.
pub fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

fn identity(out: &mut Vec<u8>, identity: &Identity) {
    put(out, identity.device);
    put(out, identity.inode);
    out.push(u8::from(identity.made.is_some()));
    identity.made.iter().for_each(|made| put_signed(out, *made));
}

/// What is said of a mark that cannot be read.
pub fn not_understood(kept: &Kept) -> Error {
    Error::failed(format!(
        "cannot go on with {}: what the checkpoint has kept of it cannot be understood; begin anew with another directory for \
         the checkpoint",
        kept.name
    ))
}

/// What is said of a mark of another kind of lane.
pub fn otherwise(kept: &Kept) -> Error {
    Error::failed(format!(
        "cannot go on with {}: the checkpoint was made by a run that read it in another way (with or without --once or \
         --follow); run it as before, or begin anew with another directory for the checkpoint",
        kept.name
    ))
}

/// Reads a mark.
pub struct Reader<'a> {
    kept: &'a Kept,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of what a mark of this kind says.
    pub fn new(kept: &'a Kept, bytes: &'a [u8], kind: u8) -> Result<Self> {
        let mut reader = Reader { kept, rest: bytes };
        let name = &kept.name;
        match (reader.byte(), reader.byte()) {
            (Some(VERSION), Some(found)) if found == kind => Ok(reader),
            (Some(VERSION), Some(b'f' | b'd' | b'r')) => Err(otherwise(kept)),
            (Some(version), Some(_)) if version > VERSION => Err(Error::failed(format!(
                "cannot go on with {name}: what the checkpoint has kept of it is of version {version}, and this is a \
                 streamer that knows up to {VERSION}; use the one that made it"
            ))),
            _ => Err(reader.not_understood()),
        }
    }

    /// What is said of a mark that cannot be read.
    pub fn not_understood(&self) -> Error {
        not_understood(self.kept)
    }

    /// Whether that was all.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// So many bytes.
    pub fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number that may be less than 0.
    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn identity(&mut self) -> Option<Identity> {
        let (device, inode) = (self.number()?, self.number()?);
        let made = match self.byte()? {
            0 => None,
            1 => Some(self.signed()?),
            _ => return None,
        };
        Some(Identity { device, inode, made })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept() -> Kept {
        Kept { name: "a.log".into(), ..Kept::default() }
    }

    fn decode(kind: Kind, bytes: &[u8]) -> std::result::Result<Mark, String> {
        Mark::decode(&kept(), kind, bytes).map_err(|error| error.to_string())
    }

    fn identities() -> impl Strategy<Value = Identity> {
        any::<(u64, u64, Option<i64>)>().prop_map(|(device, inode, made)| Identity { device, inode, made })
    }

    fn marks() -> impl Strategy<Value = Mark> {
        let piece = (
            prop::collection::vec(1u8.., 0..20),
            identities(),
            (0..=HEAD as u16, any::<u64>()),
            any::<(u64, i64)>(),
            prop::option::of(0..u64::MAX),
        )
            .prop_map(|(path, identity, (len, hash), (size, begin), end)| Piece {
                path: OsStr::from_bytes(&path).into(),
                identity,
                fingerprint: Fingerprint { len, hash },
                size,
                begin,
                end,
            });
        let lists = (prop::collection::vec(piece, 0..4), prop::collection::vec(identities(), 0..4));
        (lists, any::<[bool; 2]>()).prop_map(|((pieces, taken), [files, whole])| {
            let kind = if files { Kind::Files } else { Kind::Directory };
            Mark { kind, whole, pieces, taken }
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(mark in marks()) {
            prop_assert_eq!(decode(mark.kind, &mark.encode()), Ok(mark));
        }

        /// Whatever stands there, it is understood or is an error, and what is cut off is one.
        #[test]
        fn any_bytes_are_understood_or_refused(mark in marks(), at: prop::sample::Index, byte: u8, noise in prop::collection::vec(any::<u8>(), 0..40)) {
            let bytes = mark.encode();
            let cut = at.index(bytes.len());
            prop_assert!(decode(mark.kind, &bytes[..cut]).is_err());
            let mut changed = bytes.clone();
            changed[cut] = byte;
            let _ = decode(mark.kind, &changed);
            prop_assert!(decode(mark.kind, &[&bytes[..], &[byte]].concat()).is_err());
            let _ = decode(mark.kind, &[&header(b'f')[..], &noise].concat());
            let _ = decode(Kind::Directory, &noise);
        }

        #[test]
        fn numbers_of_any_size(number: u64, signed: i64) {
            let mut out = header(b'r');
            put(&mut out, number);
            put_signed(&mut out, signed);
            let kept = kept();
            let mut reader = Reader::new(&kept, &out, b'r').unwrap();
            prop_assert_eq!((reader.number(), reader.signed(), reader.is_at_end()), (Some(number), Some(signed), true));
        }
    }

    #[test]
    fn errors_say_what_is_wrong() {
        assert!(
            decode(Kind::Files, b"").unwrap_err().contains("with a.log: what the checkpoint has kept of it cannot be")
        );
        assert!(decode(Kind::Files, &[1, b'x', 1, 0, 0]).unwrap_err().contains("cannot be understood"));
        assert!(
            decode(Kind::Files, &[1, b'd', 1, 0, 0])
                .unwrap_err()
                .contains("in another way (with or without --once or --follow)")
        );
        assert!(decode(Kind::Files, &[2, b'f', 1, 0, 0]).unwrap_err().contains("is of version 2"));
        let endless = [&header(b'f')[..], &[1], &[0xff; 9], &[0x01]].concat();
        assert!(
            decode(Kind::Files, &endless).unwrap_err().contains("cannot be understood"),
            "so many pieces are not there"
        );
    }

    #[test]
    fn offsets_are_from_the_first_byte_of_the_file() {
        let at = |begin, position| {
            let (path, identity) = ("f".into(), Identity { device: 1, inode: 2, made: None });
            Piece { path, identity, fingerprint: Fingerprint::default(), size: 0, begin, end: None }.offset(position)
        };
        assert_eq!((at(0, 5), at(3, 5), at(-10, 5), at(i64::MIN, u64::MAX) > 0), (5, 2, 15, true));
        assert_eq!((begin(5, 2), begin(5, 15)), (3, -10));
        assert_eq!(at(7, 5), 0, "a mark may say anything");
    }
}
