//! `-`: standard input, whatever it is. A pipe or a terminal is read on its receiver thread; a regular file by the shards.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use rustix::fs::{FileType, SeekFrom, fstat, seek};
use rustix::io::Errno;
use rustix::stdio::stdin;

use super::support::fingerprint::{Fingerprint, Identity, head};
use super::support::marks::{Kind, Mark, Piece, begin};
use super::support::polled::{Polled, enlarge};
use super::support::regular::missing;
use super::support::resume::Before;
use super::support::seam::Seam;
use super::support::spelling::Spelling;
use super::support::trail::lock;
use super::support::unread::Mapping;
use super::{Control, Entry, Feed, Got, Kept, Lane, NoControl, Setup, Source, Stream, Unread};
use crate::data::framing::Framing;
use crate::error::{Error, Result};
use crate::stop::Stop;

pub(super) const ENTRY: Entry = Entry {
    scheme: "-",
    form: "-",
    about: "standard input, whatever it is; with a checkpoint a regular file (`< file`) goes on where it was left",
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
        if let Some(given) = setup.stdin.lock().unwrap_or_else(|e| e.into_inner()).take() {
            return Ok(vec![live(given)]);
        }
        let kind = match fstat(stdin()) {
            Ok(stat) => FileType::from_raw_mode(stat.st_mode),
            Err(Errno::BADF) => return Ok(vec![live(Box::new(Closed))]),
            Err(error) => return Err(failed(&error.into())),
        };
        match kind {
            FileType::Directory => Err(Error::failed(
                "cannot read standard input: it is a directory, not a file; to read the files in it: --from 'DIR/*'",
            )),
            FileType::RegularFile => Ok(vec![Regular::new(own()?, 0, setup)?.lane()]),
            _ => {
                enlarge(stdin());
                let stop = Arc::clone(&setup.stop);
                Ok(vec![live(Box::new(Polled { fd: stdin(), name: NAME.into(), stop }))])
            }
        }
    }

    fn resume(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        let before = kept.first().map(|kept| Before::of(0, kept)).transpose()?.flatten();
        let Some(before) = before.filter(Before::matters) else { return self.open(setup, framing) };
        if self.is_files() && lock(&setup.stdin).is_none() {
            return Ok(vec![Regular::resumed(own()?, &before, kept[0].position, setup, framing)?]);
        }
        anew(&before, "is no regular file any more", setup)?;
        self.open(setup, framing)
    }
}

/// A lane that cannot be read again.
fn live(stream: Box<dyn Stream>) -> Lane {
    let (pull, size, control, resumes) = (false, None, Arc::new(NoControl), None);
    Lane { name: NAME.into(), feed: Feed::Bytes(stream), pull, size, control, resumes }
}

fn failed(error: &std::io::Error) -> Error {
    Error::io("cannot read standard input", error)
}

/// A descriptor of its own.
fn own() -> Result<File> {
    rustix::io::fcntl_dupfd_cloexec(stdin(), 0).map(File::from).map_err(|e| failed(&e.into()))
}

/// It is not what was read before; not if that is needed.
fn anew(before: &Before, found: &str, setup: &Setup) -> Result<()> {
    if before.until.is_some() {
        return Err(missing(NAME.as_ref(), &format!("{found}, and the batch that was being written needs it")));
    }
    setup.messages.note(&format!("{NAME} {found}: reading it as a new one"));
    Ok(())
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
    seam: Option<Seam>,
    control: Arc<Marked>,
}

impl Regular {
    /// A file from where it stands, where the lane is at this position.
    fn new(file: File, position: u64, setup: &Setup) -> Result<Self> {
        let at = seek(&file, SeekFrom::Current(0)).map_err(|e| failed(&e.into()))?;
        let seen = file.metadata().map_err(|e| failed(&e))?;
        let size = seen.len().saturating_sub(at);
        let (file, stop, once) = (Arc::new(file), Arc::clone(&setup.stop), setup.once && size > 0);
        let control = Arc::new(Marked {
            file: Arc::clone(&file),
            identity: Identity::of(&seen),
            size: seen.len(),
            begin: begin(position, at),
            fingerprint: Mutex::default(),
        });
        control.look()?;
        Ok(Regular {
            file,
            stop,
            begin: at,
            read: 0,
            passed: false,
            mapping: Arc::default(),
            size,
            once,
            seam: None,
            control,
        })
    }

    /// A file that was read before, if it still is that one; else as a new one.
    fn resumed(file: File, before: &Before, position: u64, setup: &Setup, framing: Framing) -> Result<Lane> {
        let seen = file.metadata().map_err(|e| failed(&e))?;
        let (now, piece) = (Identity::of(&seen), &before.piece);
        let differs = match before.differs(&head(&file).map_err(|e| failed(&e))?, seen.len()) {
            // Of a copy that was put back only all of the fingerprint tells.
            None if !now.is(&piece.identity) && !piece.fingerprint.is_full() => Some("is another file".to_string()),
            differs => differs,
        };
        if let Some(found) = differs {
            anew(before, &found, setup)?;
            return Ok(Regular::new(file, 0, setup)?.lane());
        }
        seek(&file, SeekFrom::Start(before.from)).map_err(|e| failed(&e.into()))?;
        let mut regular = Regular::new(file, position, setup)?;
        let mut seam = Seam::new(NAME.into(), before.until, setup, framing);
        let mut last = [0];
        if before.from > 0 {
            regular.file.read_exact_at(&mut last, before.from - 1).map_err(|e| failed(&e))?;
            seam.behind(last[0]);
        }
        regular.seam = Some(seam);
        Ok(Lane { resumes: Some(before.index), ..regular.lane() })
    }

    fn lane(self) -> Lane {
        let (size, control) = (Some(self.size), Arc::clone(&self.control));
        Lane { name: NAME.into(), feed: Feed::Bytes(Box::new(self)), pull: true, size, control, resumes: None }
    }
}

/// Tells what has to be known of the file to read it on.
struct Marked {
    file: Arc<File>,
    identity: Identity,
    size: u64,
    /// The position of its first byte.
    begin: i64,
    fingerprint: Mutex<Fingerprint>,
}

impl Marked {
    /// Takes the fingerprint, or what it has grown by.
    fn look(&self) -> Result<Fingerprint> {
        let mut fingerprint = lock(&self.fingerprint);
        if !fingerprint.is_full() {
            let head = head(&self.file).map_err(|e| failed(&e))?;
            if fingerprint.agrees(&head) {
                fingerprint.extend(0, &head);
            }
        }
        Ok(*fingerprint)
    }
}

impl Control for Marked {
    fn mark(&self, _: u64, _: bool) -> Result<Option<Vec<u8>>> {
        let (fingerprint, path) = (self.look()?, NAME.into());
        let Marked { identity, size, begin, .. } = *self;
        let pieces = vec![Piece { path, identity, fingerprint, size, begin, end: None }];
        Ok(Some(Mark { kind: Kind::Files, whole: true, pieces, taken: Vec::new() }.encode()))
    }
}

impl Stream for Regular {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        if self.stop.is_told() {
            return Ok(Got::Stop);
        }
        let at = self.begin + self.read;
        if self.seam.as_mut().is_some_and(|seam| seam.breaks(at)) {
            return Ok(Got::Break);
        }
        let left = if self.once { usize::try_from(self.size - self.read).unwrap_or(usize::MAX) } else { usize::MAX };
        let most = self.seam.as_ref().map_or(into.len(), |seam| seam.room(at, into.len())).min(left);
        if most == 0 {
            return Ok(Got::End);
        }
        if std::mem::take(&mut self.passed) {
            seek(&self.file, SeekFrom::Start(at)).map_err(|e| failed(&e.into()))?;
        }
        loop {
            match std::io::Read::read(&mut &*self.file, &mut into[..most]) {
                Ok(0) => {
                    let Some(until) = self.seam.as_ref().and_then(Seam::until) else { return Ok(Got::End) };
                    let found = format!("ends at byte {at}, and {until} were read of it before");
                    return Err(missing(NAME.as_ref(), &found));
                }
                Ok(n) => {
                    self.seam.iter_mut().for_each(|seam| seam.read(at, &into[..n]));
                    self.read += n as u64;
                    return Ok(Got::Bytes(n));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&error)),
            }
        }
    }

    fn pass_over(&mut self, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let read = self.read.checked_sub(back as u64)?;
        if self.stop.is_told() {
            return None;
        }
        let at = self.begin + read;
        if self.seam.as_ref().is_some_and(|seam| !seam.may_pass(at.saturating_add(most as u64))) {
            return None;
        }
        let (failed, range) = ("cannot read standard input".into(), (at, self.begin + self.size));
        let unread = Unread::next(&failed, (&self.file, &self.mapping), range, most, delimiter)?;
        (self.read, self.passed) = (read + unread.len() as u64, true);
        self.seam.iter_mut().for_each(Seam::passed);
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
        let mut regular = Regular::new(file, 0, &setup()).unwrap();
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
            let mut regular = Regular::new(File::open(named.path()).unwrap(), 0, &setup).unwrap();
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
        let mut regular = Regular::new(file, 0, &setup).unwrap();
        setup.stop.tell();
        assert_eq!(regular.read(&mut [0; 4], true).unwrap(), Got::Stop);
    }
}
