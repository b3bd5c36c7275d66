//! Whole records of a regular file that are still to be read, by whichever shard works on them. Where a range of a file ends is
//! found with a look at its last bytes: so shards read side by side, and hold each other up for that look only.
//!
//! Only for what the system holds in memory. What comes from a disk is quickest in order, which the system reads ahead.
//!
//! Who only searches them may look at them where the system holds them, a window of the file at a time ([`Unread::mapped`]). That
//! takes half the time of reading if the file lies on huge pages there, and longer than reading if not: so it is tried now and then.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memchr::memrchr;
use rustix::io::{ReadWriteFlags, preadv2};

use crate::data::buffer::{ALIGNED, BLOCK, Buffer, Quota};
use crate::data::fast::{HUGE, Mapped, WINDOW};
use crate::error::{Error, Result};

/// How many bytes are looked at for the end of a record.
const LOOK: usize = 4096;
/// Less is not worth a window.
const LEAST: usize = 4 * BLOCK;
/// A window that met more page faults than that for each MiB cost more than reading it.
const FAULTS: usize = 8;
/// So many ranges are read before a window is tried again; twice as many each time that it is none again, up to the most.
const READS: usize = 16;
const MOST_READS: usize = 1024;

/// Whether to map the next range of a file, as far as can be told from the last ones.
#[derive(Default)]
pub struct Mapping {
    /// Ranges to be read before.
    reads: AtomicUsize,
    /// How often in a row a window was no good.
    failed: AtomicUsize,
}

impl Mapping {
    fn is_due(&self) -> bool {
        let one_less = |reads: usize| reads.checked_sub(1);
        self.reads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
    }

    fn tried(&self, was_good: bool) {
        if was_good {
            self.failed.store(0, Ordering::Relaxed);
        } else {
            let before = self.failed.fetch_add(1, Ordering::Relaxed).min(16);
            self.reads.store((READS << before).min(MOST_READS), Ordering::Relaxed);
        }
    }
}

/// A range of a file that begins and ends with a record.
#[derive(Clone)]
pub struct Unread {
    /// What is said where it cannot be read.
    failed: Arc<str>,
    file: Arc<File>,
    at: u64,
    len: usize,
    /// It is a window, to be mapped.
    mapping: Option<Arc<Mapping>>,
}

impl Unread {
    /// As [`find`](Self::find), in a file of `size` bytes. If `most` is a [`WINDOW`], and mapping pays, as much as can be mapped.
    pub fn next(
        failed: &Arc<str>,
        (file, mapping): (&Arc<File>, &Arc<Mapping>),
        (at, size): (u64, u64),
        most: usize,
        delimiter: u8,
    ) -> Option<Self> {
        let left = usize::try_from(size.checked_sub(at)?).unwrap_or(usize::MAX);
        if most >= WINDOW && left >= LEAST && mapping.is_due() {
            // So that the next one begins, but for the record that is begun here, with a huge page.
            let over = ((at + LEAST as u64) % HUGE as u64) as usize;
            let window = left.min(WINDOW + LEAST - over);
            if let Some(unread) = Self::find(failed, file, at, window, delimiter) {
                return Some(Unread { mapping: Some(Arc::clone(mapping)), ..unread });
            }
        }
        let most = most.min(BLOCK);
        if most > left { None } else { Self::find(failed, file, at, most, delimiter) }
    }

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
        Some(Unread { failed: Arc::clone(failed), file: Arc::clone(file), at, len, mapping: None })
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What `look` makes of them where the system holds them; `None`, and then they are to be read, if they are no window, or if
    /// the file was cut off meanwhile, or if `look` makes nothing of them. For a look that takes them for nothing but bytes, which
    /// may change while it lasts.
    pub fn mapped<T>(&self, look: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        let mapping = self.mapping.as_ref()?;
        let Some(mapped) = Mapped::new(&self.file, self.at, self.len) else {
            mapping.reads.store(usize::MAX, Ordering::Relaxed);
            return None;
        };
        let seen = look(mapped.bytes());
        mapping.tried(seen.is_some() && mapped.faults() <= FAULTS * self.len.div_ceil(HUGE / 2));
        // What is behind the end of a file that was cut off is zero as far as the end of its last page, and no fault.
        let end = self.at + self.len as u64;
        let is_whole = !mapped.is_cut() && self.file.metadata().is_ok_and(|now| now.len() >= end);
        seen.filter(|_| is_whole)
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

    /// The ranges of a file that is searched, with what was made of each: true where it was a window.
    fn ranges(file: &Arc<File>, mapping: &Arc<Mapping>, size: u64) -> Vec<(Unread, bool)> {
        let mut at = 0;
        std::iter::from_fn(|| {
            let unread = Unread::next(&"cannot read f".into(), (file, mapping), (at, size), WINDOW, b'\n')?;
            at += unread.len() as u64;
            let is_window = unread.mapping.is_some();
            Some((unread, is_window))
        })
        .collect()
    }

    fn lines(size: usize) -> Vec<u8> {
        let mut text: Vec<u8> = (0..size / 8 + 1).flat_map(|n| format!("{n:07}\n").into_bytes()).collect();
        text.truncate(size);
        text
    }

    #[test]
    fn windows_are_what_reading_gives() {
        for size in [LEAST - 1, LEAST, LEAST + 4095, 2 * HUGE, 2 * HUGE + 1, 3 * WINDOW - 1, 3 * WINDOW + 4096 + 7] {
            let text = lines(size);
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&text, 0).unwrap();
            let (file, mapping) = (Arc::new(file), Arc::default());
            let (mut at, quota) = (0, quota());
            let ranges = ranges(&file, &mapping, size as u64);
            assert_eq!(ranges[0].1, size >= LEAST);
            for (unread, is_window) in ranges {
                let bytes = &text[at..at + unread.len()];
                assert!(unread.read(&quota).unwrap().bytes() == bytes);
                if cfg!(target_os = "linux") {
                    assert_eq!(unread.mapped(|mapped| Some(mapped == bytes)), is_window.then_some(true));
                }
                at += unread.len();
            }
            assert!(size - at < BLOCK, "{} bytes are left of {size}", size - at);
        }
    }

    #[test]
    fn a_window_of_a_file_that_is_cut_off_meanwhile_is_read() {
        // In the middle, and so near the end that no page goes.
        for left in [10_000, HUGE as u64, 2 * HUGE as u64 - 1] {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&b"1234567\n".repeat(2 * HUGE / 8), 0).unwrap();
            let (file, mapping) = (Arc::new(file), Arc::default());
            let (unread, _) = ranges(&file, &mapping, 2 * HUGE as u64).remove(0);
            let mut seen = 0;
            let found = unread.mapped(|bytes| {
                file.set_len(left).unwrap();
                seen = bytes.iter().map(|&byte| usize::from(byte)).sum();
                Some(seen)
            });
            assert_eq!(found, None, "{left} bytes are left");
            let error = unread.read(&quota()).err().unwrap().to_string();
            assert_eq!(error, "cannot read f: it has shrunk since it was first looked at");
        }
    }

    #[test]
    fn what_windows_are_no_good_for_is_read() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&lines(3 * WINDOW), 0).unwrap();
        let (file, mapping) = (Arc::new(file), Arc::default());
        let (unread, is_window) = ranges(&file, &mapping, 3 * WINDOW as u64).remove(0);
        assert!(is_window && unread.mapped(|_| None::<()>).is_none());
        let next = ranges(&file, &mapping, 3 * WINDOW as u64);
        assert!(next[..READS].iter().all(|(unread, is_window)| !is_window && unread.len() <= BLOCK));
        assert!(next[READS].1 && next[READS].0.mapped(|_| None::<()>).is_none());
        assert_eq!(mapping.reads.load(Ordering::Relaxed), 2 * READS, "twice as many");
        mapping.reads.store(2, Ordering::Relaxed);
        let again = ranges(&file, &mapping, 3 * WINDOW as u64);
        assert_eq!(again.iter().map(|range| range.1).take(4).collect::<Vec<_>>(), [false, false, true, true]);
    }
}
