//! `-`: standard input, whatever it is. A pipe or a terminal is read on its receiver thread; a regular file by the shards.

use std::fs::File;
use std::sync::Arc;

use rustix::fs::{FileType, SeekFrom, fstat, seek};
use rustix::io::Errno;
use rustix::stdio::stdin;

use super::support::polled::{Polled, enlarge};
use super::support::spelling::Spelling;
use super::support::unread::Mapping;
use super::{Entry, Feed, Got, Lane, NoControl, Setup, Source, Stream, Unread};
use crate::data::framing::Framing;
use crate::error::{Error, Result};
use crate::stop::Stop;

pub(super) const ENTRY: Entry = Entry {
    scheme: "-",
    form: "-",
    about: "standard input, whatever it is",
    parse: |_: &Spelling| Ok(Box::new(Stdin)),
};

const NAME: &str = "standard input";

struct Stdin;

impl Source for Stdin {
    fn name(&self) -> String {
        NAME.into()
    }

    fn is_stdin(&self) -> bool {
        true
    }

    fn is_files(&self) -> bool {
        fstat(stdin()).is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::RegularFile)
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        let lane = |feed, size: Option<u64>| Lane {
            name: NAME.into(),
            feed: Feed::Bytes(feed),
            pull: size.is_some(),
            size,
            control: Arc::new(NoControl),
        };
        if let Some(given) = setup.stdin.lock().unwrap_or_else(|e| e.into_inner()).take() {
            return Ok(vec![lane(given, None)]);
        }
        let kind = match fstat(stdin()) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode),
            Err(Errno::BADF) => return Ok(vec![lane(Box::new(Closed), None)]),
            Err(error) => return Err(Error::io("cannot read standard input", &error.into())),
        };
        match kind {
            FileType::Directory => Err(Error::failed(
                "cannot read standard input: it is a directory, not a file; to read the files in it: --from 'DIR/*'",
            )),
            FileType::RegularFile => {
                let own = rustix::io::fcntl_dupfd_cloexec(stdin(), 0);
                let file = own.map_err(|e| Error::io("cannot read standard input", &e.into()))?;
                let stream = Regular::new(file.into(), setup)?;
                let size = stream.size;
                Ok(vec![lane(Box::new(stream), Some(size))])
            }
            _ => {
                enlarge(stdin());
                let stop = Arc::clone(&setup.stop);
                Ok(vec![lane(Box::new(Polled { fd: stdin(), name: NAME.into(), stop }), None)])
            }
        }
    }
}

/// A closed standard input (`<&-`) is an empty one.
struct Closed;

impl Stream for Closed {
    fn read(&mut self, _: &mut [u8], _: bool) -> Result<Got> {
        Ok(Got::End)
    }
}

/// A regular file that was opened by someone else, from where that one stood.
struct Regular {
    file: Arc<File>,
    stop: Arc<Stop>,
    /// Where it stood.
    begin: u64,
    read: u64,
    /// Records were passed over: the descriptor stands elsewhere.
    passed: bool,
    mapping: Arc<Mapping>,
    size: u64,
    /// Read no further than `size`; not where it is 0, as files of the kernel (`/proc`) say of themselves.
    once: bool,
}

impl Regular {
    fn new(file: File, setup: &Setup) -> Result<Self> {
        let failed = |e: std::io::Error| Error::io("cannot read standard input", &e);
        let at = seek(&file, SeekFrom::Current(0)).map_err(|e| failed(e.into()))?;
        let size = file.metadata().map_err(failed)?.len().saturating_sub(at);
        let (file, stop, once) = (Arc::new(file), Arc::clone(&setup.stop), setup.once && size > 0);
        Ok(Regular { file, stop, begin: at, read: 0, passed: false, mapping: Arc::default(), size, once })
    }
}

impl Stream for Regular {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        if self.stop.is_told() {
            return Ok(Got::Stop);
        }
        let left = if self.once { usize::try_from(self.size - self.read).unwrap_or(usize::MAX) } else { usize::MAX };
        let most = into.len().min(left);
        if most == 0 {
            return Ok(Got::End);
        }
        if std::mem::take(&mut self.passed) {
            let to = seek(&self.file, SeekFrom::Start(self.begin + self.read));
            to.map_err(|e| Error::io("cannot read standard input", &e.into()))?;
        }
        loop {
            match std::io::Read::read(&mut &*self.file, &mut into[..most]) {
                Ok(0) => return Ok(Got::End),
                Ok(n) => {
                    self.read += n as u64;
                    return Ok(Got::Bytes(n));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("cannot read standard input", &error)),
            }
        }
    }

    fn pass_over(&mut self, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let read = self.read.checked_sub(back as u64)?;
        if self.stop.is_told() {
            return None;
        }
        let (failed, range) = ("cannot read standard input".into(), (self.begin + read, self.begin + self.size));
        let unread = Unread::next(&failed, (&self.file, &self.mapping), range, most, delimiter)?;
        (self.read, self.passed) = (read + unread.len() as u64, true);
        Some(unread)
    }

    fn progress(&self) -> u64 {
        self.read
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::super::support::testing::{PLAIN, drain, setup, stream};
    use super::*;

    struct Given(&'static [u8]);

    impl Stream for Given {
        fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
            let n = std::io::Read::read(&mut self.0, into).unwrap();
            Ok(if n == 0 { Got::End } else { Got::Bytes(n) })
        }
    }

    #[test]
    fn a_stream_that_stands_for_it_wins() {
        let setup = setup();
        *setup.stdin.lock().unwrap() = Some(Box::new(Given(b"a\nb")));
        let mut lanes = super::super::parse("-").unwrap().open(&setup, PLAIN).unwrap();
        let lane = lanes.pop().unwrap();
        assert!(lanes.is_empty() && !lane.pull && lane.name == "standard input");
        assert_eq!(drain(&mut *stream(lane), &[7]).unwrap(), b"a\nb");
    }

    #[test]
    fn a_file_is_read_from_where_it_stands_and_its_size_counts_from_there() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"first\nsecond\n").unwrap();
        file.seek(std::io::SeekFrom::Start(6)).unwrap();
        let mut regular = Regular::new(file, &setup()).unwrap();
        assert_eq!(regular.size, 7);
        assert_eq!(drain(&mut regular, &[4]).unwrap(), b"second\n");
        assert_eq!(regular.progress(), 7);
    }

    #[test]
    fn once_reads_no_further_than_the_size_at_the_start() {
        for (once, expected) in [(true, b"a\n".as_slice()), (false, b"a\nb\n")] {
            let named = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(named.path(), "a\n").unwrap();
            let setup = Setup { once, ..setup() };
            let mut regular = Regular::new(File::open(named.path()).unwrap(), &setup).unwrap();
            std::fs::write(named.path(), "a\nb\n").unwrap();
            assert_eq!(drain(&mut regular, &[64]).unwrap(), expected);
        }
    }

    #[test]
    fn a_stop_ends_it() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"x").unwrap();
        file.rewind().unwrap();
        let setup = setup();
        let mut regular = Regular::new(file, &setup).unwrap();
        setup.stop.tell();
        assert_eq!(regular.read(&mut [0; 4], true).unwrap(), Got::Stop);
    }
}
