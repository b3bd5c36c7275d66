//! Which file it is, whatever its name is now.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

/// The number of a file, with what tells it from another one that got the same number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// When it was made, in nanoseconds since the epoch; 0 where the file system does not know.
    made: u64,
}

/// Its bytes, as a checkpoint keeps it.
pub const LENGTH: usize = 24;

impl Identity {
    /// That of the file.
    pub fn of(file: &Metadata) -> Self {
        let made = file.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
        Identity { device: file.dev(), inode: file.ino(), made: made.map_or(0, |made| made.as_nanos() as u64) }
    }

    /// Whether it is the same file. The number of a device may be another one after a restart of the machine, so it counts only
    /// where nothing better is known.
    pub fn is(&self, other: &Self) -> bool {
        let known = self.made != 0 && other.made != 0;
        self.inode == other.inode && if known { self.made == other.made } else { self.device == other.device }
    }

    /// To be kept.
    pub fn bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        for (to, number) in bytes.chunks_exact_mut(8).zip([self.device, self.inode, self.made]) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// What was kept.
    pub fn read(bytes: &[u8; LENGTH]) -> Self {
        let number = |at: usize| bytes[at..at + 8].iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
        Identity { device: number(0), inode: number(8), made: number(16) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_itself_under_another_name_and_no_other_one_with_its_number() {
        let dir = tempfile::tempdir().expect("a directory");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        std::fs::write(&a, "a").expect("written");
        let before = Identity::of(&a.metadata().expect("a file"));
        std::fs::rename(&a, &b).expect("renamed");
        std::fs::write(&b, "more").expect("written");
        let after = Identity::of(&b.metadata().expect("a file"));
        assert!(before.is(&after) && Identity::read(&before.bytes()) == before);
        let other = |device, made| Identity { device, made, ..before };
        assert!(other(7, 1).is(&other(8, 1)), "after a restart of the machine");
        assert!(!other(7, 1).is(&other(7, 2)), "the number was given to a new file");
        assert!(other(7, 0).is(&other(7, 2)) && !other(7, 0).is(&other(8, 2)), "nothing better is known");
    }
}
