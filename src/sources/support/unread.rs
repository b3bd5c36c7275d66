//! Whole records of a regular file that are still to be read, by whichever shard works on them. Where a range of a file ends is
//! found with a look at its last bytes: so shards read side by side, and hold each other up for that look only.
//!
//! Only for what the system holds in memory. What comes from a disk is quickest in order, which the system reads ahead.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use memchr::memrchr;
use rustix::io::{ReadWriteFlags, preadv2};

use crate::data::buffer::{ALIGNED, Buffer, Quota};
use crate::error::{Error, Result};

/// How many bytes are looked at for the end of a record.
const LOOK: usize = 4096;

/// A range of a file that begins and ends with a record.
#[derive(Clone)]
pub struct Unread {
    /// What is said where it cannot be read.
    failed: Arc<str>,
    file: Arc<File>,
    at: u64,
    len: usize,
}

impl Unread {
    /// The whole records among the next `most` bytes of a file behind `at`, where a record begins and nothing is quoted.
    /// `None`, and then they are to be read in order, if there are not so many, or not in memory, or if no record ends among
    /// the last of them.
    pub fn find(failed: &Arc<str>, file: &Arc<File>, at: u64, most: usize, delimiter: u8) -> Option<Self> {
        let before = most.checked_sub(LOOK)?;
        let mut last = [0; LOOK];
        let look = &mut [IoSliceMut::new(&mut last)];
        let seen = preadv2(file, look, at + before as u64, ReadWriteFlags::NOWAIT).ok()?;
        if seen < LOOK {
            return None;
        }
        let len = before + memrchr(delimiter, &last)? + 1;
        Some(Unread { failed: Arc::clone(failed), file: Arc::clone(file), at, len })
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Reads them.
    pub fn read(&self, quota: &Arc<Quota>) -> Result<Buffer> {
        let mut bytes = quota.space();
        if bytes.len() < self.len + ALIGNED {
            bytes.resize(self.len + ALIGNED, 0);
        }
        let start = bytes.as_ptr().align_offset(ALIGNED).min(ALIGNED);
        let range = start..start + self.len;
        let lease = quota.lease(bytes.len());
        match self.file.read_exact_at(&mut bytes[range.clone()], self.at) {
            Ok(()) => Ok(Buffer::filled(bytes, range, lease)),
            Err(error) => {
                let gone = || IoError::other("it has shrunk since it was first looked at");
                let error = if error.kind() == ErrorKind::UnexpectedEof { gone() } else { error };
                quota.unused(bytes);
                Err(Error::io(&self.failed, &error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::buffer::{BLOCK, PAD, Pool};

    /// The file, and what is found in it, where a record begins at `at`. Nothing was forced out of memory, so that it is there.
    fn unread(text: &[u8], at: u64, most: usize) -> (Arc<File>, Option<Unread>) {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(text, 0).unwrap();
        let file = Arc::new(file);
        (Arc::clone(&file), Unread::find(&"cannot read f".into(), &file, at, most, b'\n'))
    }

    fn quota() -> Arc<Quota> {
        Quota::new(Arc::new(Pool::default()), BLOCK, Arc::new(|| ()))
    }

    #[test]
    fn it_ends_with_the_last_record_of_the_range() {
        let text = b"first\n".iter().chain(b"some\nthing".repeat(2000).iter()).copied().collect::<Vec<u8>>();
        let found = unread(&text, 6, 10_003).1.unwrap();
        assert_eq!(found.len(), 10_000 - 5);
        let quota = quota();
        // Also where the memory has been used before.
        for _ in 0..2 {
            quota.unused(vec![b'x'; 2 * BLOCK]);
            let buffer = found.read(&quota).unwrap();
            assert_eq!(buffer.bytes(), &text[6..6 + 9_995]);
            assert_eq!(buffer.padded(), [&text[6..6 + 9_995], &[0; PAD]].concat());
            assert_eq!(buffer.bytes().as_ptr().align_offset(ALIGNED), 0);
        }
        assert!(unread(&text, 6, text.len()).1.is_none(), "so many bytes are not there");
        assert!(unread(&text, 6, 100).1.is_none(), "too short to look at");
        let long = [b"a\n".repeat(100), vec![b'x'; 2 * LOOK]].concat();
        assert!(unread(&long, 0, long.len()).1.is_none(), "a record that begins before the last bytes");
    }

    #[test]
    fn a_file_that_has_shrunk_is_an_error() {
        let (file, found) = unread(&b"some\n".repeat(4000), 0, 20_000);
        file.set_len(19_999).unwrap();
        let error = found.unwrap().read(&quota()).err().unwrap().to_string();
        assert_eq!(error, "cannot read f: it has shrunk since it was first looked at");
    }
}
