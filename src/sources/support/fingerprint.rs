//! By what a file is known again: its device, its inode and the time at which it was made; and by how it begins.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::UNIX_EPOCH;

/// A fingerprint is of so many bytes, if the file has them.
pub const HEAD: usize = 1024;

/// A file, whatever it is called at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its device, which may have another number after the system was started anew.
    pub device: u64,
    /// Its inode, which may be that of another file later.
    pub inode: u64,
    /// When it was made, in nanoseconds since the epoch, where the file system keeps that.
    pub made: Option<i64>,
}

impl Identity {
    /// Of what was looked at.
    pub fn of(seen: &Metadata) -> Self {
        let made = seen.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        let made = made.and_then(|made| i64::try_from(made.as_nanos()).ok());
        Identity { device: seen.dev(), inode: seen.ino(), made }
    }

    /// Whether they are of one file, looked at in two runs. An inode made at the same moment is the same, whatever number its
    /// device has by now.
    pub fn is(&self, other: &Identity) -> bool {
        let same = match (self.made, other.made) {
            (Some(one), Some(other)) => one == other,
            _ => self.device == other.device,
        };
        same && self.inode == other.inode
    }
}

/// Of the first bytes of a file: how many, at most [`HEAD`], and their FNV-1a hash of 64 bits. It stands in checkpoints, so that it
/// must never become another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of how many bytes.
    pub len: u16,
    /// Their hash.
    pub hash: u64,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Fingerprint { len: 0, hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Fingerprint {
    /// These bytes stand in the file from `at` on: what of them the fingerprint lacks is added to it.
    pub fn extend(&mut self, at: u64, bytes: &[u8]) {
        let len = usize::from(self.len);
        let Some(known) = usize::try_from(at).ok().and_then(|at| len.checked_sub(at)) else { return };
        let more = bytes.get(known..).unwrap_or_default();
        let more = &more[..more.len().min(HEAD - len)];
        for byte in more {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.len += more.len() as u16;
    }

    /// Whether it is of as many bytes as there can be.
    pub fn is_full(&self) -> bool {
        usize::from(self.len) == HEAD
    }

    /// Whether a file that begins with these bytes could be the one that it was taken of.
    pub fn agrees(&self, head: &[u8]) -> bool {
        let mut of = Fingerprint::default();
        head.get(..usize::from(self.len)).is_some_and(|head| {
            of.extend(0, head);
            of == *self
        })
    }
}

/// The first bytes of a file: [`HEAD`] of them, or all.
pub fn head(file: &File) -> std::io::Result<Vec<u8>> {
    let (mut head, mut filled) = (vec![0; HEAD], 0);
    while filled < HEAD {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(filled);
    Ok(head)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        fingerprint.extend(0, bytes);
        fingerprint
    }

    /// The vectors of the authors of the hash.
    #[test]
    fn it_is_fnv_1a() {
        assert_eq!(of(b"").hash, 0xcbf2_9ce4_8422_2325);
        assert_eq!(of(b"a"), Fingerprint { len: 1, hash: 0xaf63_dc4c_8601_ec8c });
        assert_eq!(of(b"foobar"), Fingerprint { len: 6, hash: 0x8594_4171_f739_67e8 });
    }

    #[test]
    fn a_device_may_get_another_number_and_an_inode_another_file() {
        let identity = |device, inode, made| Identity { device, inode, made };
        assert!(identity(1, 7, Some(5)).is(&identity(2, 7, Some(5))));
        assert!(!identity(1, 7, Some(5)).is(&identity(1, 7, Some(6))));
        assert!(!identity(1, 7, Some(5)).is(&identity(1, 8, Some(5))));
        assert!(identity(1, 7, None).is(&identity(1, 7, Some(5))));
        assert!(!identity(1, 7, None).is(&identity(2, 7, None)));
    }

    proptest! {
        /// However the first bytes come, also from the middle of what is known already: of a file that has grown it still is the
        /// fingerprint, of one that begins in another way it is not.
        #[test]
        fn it_grows_with_what_is_read(bytes in prop::collection::vec(any::<u8>(), 1..3000), reads in prop::collection::vec((0..3000usize, 0..1500usize), 0..20), other: prop::sample::Index) {
            let mut grown = Fingerprint::default();
            for (at, len) in reads {
                let at = at.min(bytes.len());
                grown.extend(at as u64, &bytes[at..(at + len).min(bytes.len())]);
            }
            prop_assert_eq!(grown, of(&bytes[..usize::from(grown.len)]));
            grown.extend(0, &bytes);
            prop_assert_eq!(grown, of(&bytes));
            prop_assert_eq!(usize::from(grown.len), bytes.len().min(HEAD));
            prop_assert!(grown.agrees(&bytes) && grown.agrees(&[&bytes[..], b"more"].concat()));
            let at = other.index(bytes.len().min(HEAD));
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            prop_assert!(!grown.agrees(&changed));
            prop_assert!(!grown.agrees(&bytes[..at]));
        }
    }
}
